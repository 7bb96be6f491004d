//! Where Paxos is hunted: small clusters, single-decree and multi, with quorums that fit each other.

use super::Mutant;
use crate::base::{Draws, Ground, Hardships, Micros, Pace, named};

/// How much clocks may gain or lose at most in a hunt, in parts per million: what leases allow for.
const DRIFT_PPM: u32 = 100_000;
/// The workloads by their places in the list of the core.
const REGISTER: usize = 0;
const PROPOSALS: usize = 4;

/// One draw of where Paxos is hunted.
pub(super) fn ground(mutant: Option<&str>, pace: Pace, luck: &mut Draws) -> Ground {
    let own = named(&Mutant::ALL, mutant);
    let single = match own {
        Some(
            Mutant::GapsUnasked
            | Mutant::SkipsHoles
            | Mutant::LeaseNotHonoured
            | Mutant::LeaseFromAnswer,
        ) => false,
        Some(_) => true,
        None => luck.coin(),
    };
    let mut ground = if single {
        single_decree(own, pace, luck)
    } else {
        multi(own, luck)
    };
    if pace == Pace::ByHand {
        ground.set("ballot_timeout_ms", 100_000);
        ground.set("back_off_ms", vec![100_000, 100_000]);
        ground.set("ask_ms", 0);
        ground.set("election_timeout_ms", vec![100_000, 120_000]);
        ground.set("heartbeat_ms", 90_000);
        ground.patience = Micros::ZERO;
    }
    ground
}

/// Acceptors and quorums that fit each other.
fn quorums(ground: &mut Ground, luck: &mut Draws) {
    let acceptors = if luck.between(0, 3) == 0 {
        3
    } else {
        ground.nodes
    };
    ground.set("acceptors", acceptors);
    if luck.coin() {
        let first = luck.between(1, u64::from(acceptors)) as u16;
        ground.set("phase1_quorum", first);
        ground.set("phase2_quorum", acceptors + 1 - first);
    }
}

fn single_decree(own: Option<Mutant>, pace: Pace, luck: &mut Draws) -> Ground {
    let sizes: &[u16] = match (own, pace) {
        (Some(Mutant::HalfQuorum), _) => &[4],
        (Some(Mutant::RoundNotPersisted), Pace::ByHand) => &[4],
        (Some(Mutant::MostFrequent | Mutant::VotesNotVoters), Pace::ByHand) => &[5],
        (_, Pace::ByHand) => &[3],
        _ => &[3, 4, 5],
    };
    let mut ground = Ground {
        nodes: luck.one(sizes),
        workload: PROPOSALS,
        hardships: Hardships {
            jumps: true,
            drift_ppm: DRIFT_PPM,
            timers: true,
            ..Hardships::default()
        },
        ..Ground::default()
    };
    ground.set("mode", "single");
    let learners = match own {
        Some(Mutant::CountsValues) => "everybody",
        _ => luck.one(&["proposer", "proposer", "everybody"]),
    };
    ground.set("learners", learners);
    match (own, pace) {
        (Some(Mutant::RoundNotPersisted), Pace::ByHand) => {
            ground.set("acceptors", 3);
            // Two proposals under one ballot need a promise each from others.
            if luck.coin() {
                ground.set("phase1_quorum", 1);
                ground.set("phase2_quorum", 3);
            }
        }
        (_, Pace::ByHand) => {}
        _ => {
            // Half of four are two only where a majority is asked for.
            if own != Some(Mutant::HalfQuorum) {
                quorums(&mut ground, luck);
            }
            ground.set("repromise", luck.coin());
            ground.set("ballot_timeout_ms", luck.one(&[30, 100]));
            if luck.between(0, 3) == 0 {
                patient(&mut ground, luck);
            }
        }
    }
    ground
}

fn multi(own: Option<Mutant>, luck: &mut Draws) -> Ground {
    let lease = matches!(
        own,
        Some(Mutant::LeaseNotHonoured | Mutant::LeaseFromAnswer)
    );
    let reads = if lease {
        "lease"
    } else {
        luck.one(&["log", "lease"])
    };
    let mut ground = Ground {
        nodes: if lease { 3 } else { luck.one(&[3, 4, 5]) },
        workload: REGISTER,
        hardships: Hardships {
            jumps: reads != "lease",
            drift_ppm: DRIFT_PPM,
            timers: true,
            ..Hardships::default()
        },
        ..Ground::default()
    };
    ground.of_time = lease;
    if !lease {
        quorums(&mut ground, luck);
    }
    ground.set("repromise", luck.coin());
    ground.set("learners", luck.one(&["proposer", "everybody"]));
    ground.set("reads", reads);
    ground.set("lease_drift_ppm", DRIFT_PPM);
    ground.set("snapshot_every", luck.one(&[0, 3, 20]));
    if luck.between(0, 3) == 0 {
        patient(&mut ground, luck);
    }
    ground
}

/// Whoever asks when all is well has an answer within five seconds, where messages take no longer
/// than a fraction of an election timeout.
fn patient(ground: &mut Ground, luck: &mut Draws) {
    ground.patience = Micros::from_ms(5_000);
    ground.latency = Some(luck.one(&[[1, 3], [5, 15], [10, 10]]));
}
