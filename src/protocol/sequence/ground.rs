//! Under which circumstances the replicated text promises what it does: any, as long as disks are
//! not made up.

use super::op::{Delete, Insert, Op};
use super::options::Mutant;
use crate::base::{ClientId, Draws, Ground, Hardships, Micros, Pace, named};

/// More than a minute: no comparison by itself.
const NEVER_MS: u64 = 120_000;

pub(super) fn ground(mutant: Option<&str>, pace: Pace, luck: &mut Draws) -> Ground {
    let own = named(&Mutant::ALL, mutant);
    let nodes: u16 = match (pace, own) {
        // Who hears of one and not of the other is a third.
        (Pace::Natural, Some(Mutant::RightOriginIgnored)) => luck.one(&[3, 4, 5]),
        (Pace::Natural, _) => luck.one(&[2, 3, 3, 4, 5]),
        (Pace::ByHand, Some(Mutant::RightOriginIgnored | Mutant::NoCausalDelivery)) => 3,
        (Pace::ByHand, _) => luck.one(&[2, 3]),
    };
    let mut ground = Ground {
        nodes,
        workload: match own {
            Some(Mutant::RightOriginIgnored) => 1,
            _ => luck.one(&[0, 1, 1, 2]),
        },
        hardships: Hardships {
            disk_loss: own == Some(Mutant::ReusedName) || luck.coin(),
            jumps: true,
            drift_ppm: 100_000,
            timers: true,
            ..Hardships::default()
        },
        tail: Micros::from_ms(400),
        ..Ground::default()
    };
    let compares_ms = match pace {
        Pace::Natural => luck.one(&[40, 100, 300]),
        Pace::ByHand => NEVER_MS,
    };
    ground.set("anti_entropy_ms", compares_ms);
    ground.set("push", luck.between(0, 3) > 0);
    ground
}

/// Few letters near the start, so that edits meet.
pub(super) fn sample(client: ClientId, n: u64, luck: &mut Draws) -> Op {
    const LETTERS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
    let letter = (u64::from(client) * 2 + n) % LETTERS.len() as u64;
    let at = Some(luck.one(&[0, 0, 1, 1, 1, 2]));
    match luck.between(0, 9) {
        0..=5 => Op::Insert(Insert {
            at,
            text: LETTERS[letter as usize].into(),
        }),
        6 | 7 => Op::Delete(Delete {
            at,
            len: luck.between(1, 2) as u32,
        }),
        8 => Op::Insert(Insert {
            at: None,
            text: LETTERS[letter as usize].into(),
        }),
        _ => Op::Undo,
    }
}
