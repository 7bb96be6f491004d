//! Where the lock manager is hunted: Raft's grounds with busy clients that stand still now and then.

use super::Mutant;
use crate::base::{Draws, Ground, Micros, Pace, named};
use serde_json::json;

/// The workload of those that wait for a while only, by its place in the list of the machine.
const IMPATIENT: u64 = 7;

/// Changes Raft's ground into one of the lock manager.
pub(super) fn ground(mutant: Option<&str>, pace: Pace, luck: &mut Draws, ground: &mut Ground) {
    let own = named(&Mutant::ALL, mutant);
    let workload = match own {
        Some(Mutant::ForgetsWaits) => IMPATIENT,
        // Whoever writes under each grant, so that one may come too late.
        Some(Mutant::NoFencingCheck) => luck.one(&[0, 0, 3]),
        // Nobody ever waits where each has a lock of its own.
        _ => luck.one(&[0, 1, 2, 3, 4, 5, IMPATIENT]),
    };
    ground.workload = workload as usize;
    ground.nodes = if pace == Pace::ByHand {
        3
    } else {
        luck.one(&[3, 3, 5])
    };
    ground.hardships.clients = true;
    ground.hardships.membership = false;
    // Leases rest on clocks that drift within a bound, and do not jump.
    ground.hardships.jumps = false;
    // Whoever asks may have to wait for a holder.
    ground.patience = Micros::ZERO;
    // Sessions end, and whoever stood still wakes, after seconds.
    ground.of_time = true;
    ground.tail = Micros::from_ms(1_500);
    let ttl = match pace {
        // A lease that ends before an answer is waited for no more.
        Pace::Natural if own == Some(Mutant::NoFencingCheck) => luck.one(&[150, 300]),
        Pace::Natural => luck.one(&[300, 800, 1_500]),
        Pace::ByHand => 60_000,
    };
    let victim = luck.one(&["youngest", "fewest_locks", "requester"]);
    ground.set("machine", json!({ "ttl_ms": ttl, "victim": victim }));
}
