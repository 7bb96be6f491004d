//! Where Raft is hunted: clusters of three to five with all combinations of its switches.

use super::Mutant;
use crate::base::{Draws, Ground, Hardships, Micros, Pace, named};
use crate::protocol::machine::{StateMachine, Switches};
use serde_json::Value;

/// How much clocks may gain or lose at most in a hunt, in parts per million: what leases allow for.
const DRIFT_PPM: u32 = 100_000;

/// One draw of where a Raft with the machine `M` is hunted.
pub(super) fn ground<M: StateMachine>(
    mutant: Option<&str>,
    pace: Pace,
    luck: &mut Draws,
) -> Ground {
    let own = named(&Mutant::ALL, mutant).filter(|_| M::Options::mutants().is_empty());
    let mut ground = switches(own, luck);
    match pace {
        Pace::Natural => {}
        Pace::ByHand => {
            ground.nodes = match own {
                Some(Mutant::HalfQuorum | Mutant::VotesNotVoters) => luck.one(&[4, 5]),
                Some(Mutant::EarlySingleChange) => 4,
                _ => 3,
            };
            ground.set("election_timeout_ms", vec![100_000, 120_000]);
            ground.set("heartbeat_ms", 90_000);
            // By hand every timer goes off before its time.
            let reads = ground.options.get("reads").and_then(Value::as_str);
            if reads == Some("lease") {
                ground.set("reads", "read_index");
                ground.hardships.timers = true;
            }
            // What only makes elections longer is there now and then.
            for option in ["pre_vote", "check_quorum"] {
                let on = luck.between(0, 3) == 0;
                ground.set(option, on);
            }
            ground.patience = Micros::ZERO;
        }
    }
    M::ground(mutant, pace, luck, &mut ground);
    ground
}

fn switches(own: Option<Mutant>, luck: &mut Draws) -> Ground {
    let reads = match own {
        Some(Mutant::ReadBeforeCommit | Mutant::ReusedReadToken) => "read_index",
        _ => luck.one(&["read_index", "log", "lease"]),
    };
    let no_op = match own {
        // The no-op travels with the old entries, and commits them (thesis, section 6.4).
        Some(Mutant::OldTermCommit | Mutant::ReadBeforeCommit | Mutant::MatchOwnLast) => false,
        // It keeps the old entry's majority until the change has spread.
        Some(Mutant::EarlySingleChange) => false,
        _ => luck.between(0, 4) > 0,
    };
    let membership = own == Some(Mutant::EarlySingleChange) || (own.is_none() && luck.coin());
    let snapshots: &[u32] = match own {
        Some(Mutant::OldSnapshot | Mutant::CommitOwnLast) => &[3, 20],
        _ => &[0, 3, 20],
    };
    let mut ground = Ground {
        nodes: luck.one(&[3, 3, 4, 5]),
        hardships: Hardships {
            // A follower that stands for election early breaks the promise that a lease rests on.
            timers: reads != "lease",
            jumps: reads != "lease",
            drift_ppm: DRIFT_PPM,
            membership,
            ..Hardships::default()
        },
        ..Ground::default()
    };
    ground.set("pre_vote", luck.coin());
    ground.set("check_quorum", luck.coin());
    ground.set("no_op", no_op);
    ground.set("reads", reads);
    ground.set("lease_drift_ppm", DRIFT_PPM);
    let batches: &[u32] = match own {
        Some(Mutant::OldTermCommit) => &[1],
        _ => &[1, 4, 64],
    };
    ground.set("batch", luck.one(batches));
    ground.set("window", luck.one(&[1, 2, 8]));
    ground.set("fast_backtrack", luck.coin());
    ground.set("snapshot_every", luck.one(snapshots));
    match own {
        // From an even number, two changes at once come to majorities that do not meet.
        Some(Mutant::EarlySingleChange) => {
            ground.nodes = 4;
            ground.of_members = true;
            // Where the hunt decides what is next, there are hardly two leaders and two changes.
            ground.of_time = true;
            ground.set("pre_vote", false);
            ground.set("check_quorum", false);
        }
        Some(Mutant::NoRandomTimeout | Mutant::NoRearm) => {
            ground.nodes = luck.one(&[2, 3, 4, 5]);
            ground.set("no_op", true);
            patient(&mut ground, luck);
        }
        // Without a no-op, reads wait for the first write of the term.
        _ if no_op && !membership && luck.between(0, 3) == 0 => {
            patient(&mut ground, luck);
        }
        _ => {}
    }
    ground
}

/// Whoever asks when all is well has an answer within five seconds, where messages take no longer
/// than a fraction of an election timeout. With an entry a message and a message at a time, requests
/// that are made again come faster than they are done, and no such claim is made.
fn patient(ground: &mut Ground, luck: &mut Draws) {
    ground.patience = Micros::from_ms(5_000);
    ground.set("batch", luck.one(&[4, 64]));
    ground.latency = Some(luck.one(&[[1, 3], [5, 15], [10, 10]]));
}
