//! Where PBFT is hunted: four to seven replicas, of which up to f lie, forget, or run twice.

use super::Mutant;
use crate::base::{Draws, Ground, Hardships, Micros, Pace, named};

/// One draw of where PBFT is hunted.
pub(super) fn ground(mutant: Option<&str>, pace: Pace, luck: &mut Draws) -> Ground {
    let own = named(&Mutant::ALL, mutant);
    let replicas: u16 = match (own, pace) {
        (None, Pace::Natural) => luck.one(&[4, 4, 4, 5, 6, 7]),
        _ => 4,
    };
    let faults = (replicas - 1) / 3;
    // Two copies of one replica, under one key, are one faulty replica (Twins, 2021).
    let of_honest = matches!(
        own,
        None | Some(Mutant::DropsPrepared | Mutant::LowestViewWins | Mutant::SmallCommitQuorum)
    );
    let twins: Vec<u16> = match luck.between(0, 3) {
        0 if of_honest => vec![luck.between(0, u64::from(replicas) - 1) as u16],
        _ => Vec::new(),
    };
    let conducts: &[&str] = match own {
        Some(Mutant::ProofsUnchecked) => &["forge", "lie_view_change"],
        Some(Mutant::NewViewUnchecked) => &["lie_view_change"],
        _ => &[],
    };
    // Two certificates for one number last as long as no checkpoint is stable.
    let intervals: &[u32] = match own {
        Some(Mutant::LowestViewWins) => &[10],
        _ => &[2, 5, 10],
    };
    let interval = luck.one(intervals);
    let mut ground = Ground {
        nodes: replicas + twins.len() as u16,
        hardships: Hardships {
            jumps: true,
            drift_ppm: 100_000,
            timers: true,
            liars: faults - (twins.len() as u16).min(faults),
            ..Hardships::default()
        },
        lying: (!twins.is_empty()).then_some(("twins", twins.len() as u16)),
        conducts,
        ..Ground::default()
    };
    // Signatures take twenty times as long, and carry the proofs that a view change rests on.
    let signed = match own {
        Some(Mutant::ProofsUnchecked) => true,
        Some(Mutant::LowestViewWins) => false,
        _ => luck.between(0, 7) == 0,
    };
    ground.set("auth", if signed { "signatures" } else { "macs" });
    ground.set("checkpoint_interval", interval);
    ground.set("window", interval * luck.one(&[1, 2, 3]));
    ground.set("read_only", luck.between(0, 3) == 0);
    ground.set("twins", twins);
    match (own, pace) {
        (_, Pace::ByHand) => {
            ground.set("view_timeout_ms", 100_000);
            ground.set("status_ms", 100_000);
        }
        (Some(Mutant::NoDoubling), _) => {
            ground.set("view_timeout_ms", 120);
            ground.set("status_ms", 1_000);
            ground.set("read_only", false);
            ground.latency = Some(luck.one(&[[150, 150], [100, 160], [5, 15]]));
            ground.patience = Micros::from_ms(6_000);
        }
        (Some(Mutant::NoJoin), _) => {
            ground.set("view_timeout_ms", luck.one(&[120, 200]));
            ground.set("read_only", false);
            ground.patience = Micros::from_ms(4_000);
        }
        _ => {
            ground.set("view_timeout_ms", luck.one(&[120, 200]));
            ground.set("status_ms", 80);
        }
    }
    ground
}
