//! Where the store is hunted: two to six nodes, all quorums, all resolvers.

use super::Mutant;
use super::op::{Basis, Delete, Op, Put};
use crate::base::{ClientId, Draws, Ground, Hardships, Micros, Pace, named};

/// What somebody asks by hand: most often of a few names that no client uses, so that they are
/// written, deleted and read by nobody else.
pub(super) fn sample(workload: usize, client: ClientId, n: u64, luck: &mut Draws) -> Op {
    let key: super::Key = format!("t{}", luck.between(0, 1)).as_str().into();
    match luck.between(0, 5) {
        0 | 1 => Op::Put(Put {
            key,
            value: super::Value::Number(n as i64),
            basis: Basis::LastRead,
        }),
        2 | 3 => Op::Delete(Delete {
            key,
            basis: Basis::LastRead,
        }),
        _ => super::client::workload(workload, &super::Memory::default(), client, n, luck),
    }
}

/// One draw of where the store is hunted.
pub(super) fn ground(mutant: Option<&str>, pace: Pace, luck: &mut Draws) -> Ground {
    let own = named(&Mutant::ALL, mutant);
    let nodes: u16 = match pace {
        Pace::Natural => luck.one(&[2, 3, 4, 5, 6]),
        Pace::ByHand => luck.one(&[2, 3]),
    };
    // Rules of quorums are in force where there are some to wait for, those of late messages where
    // every node is a replica.
    let wide = matches!(own, Some(Mutant::AcksNotAckers | Mutant::TakeOldMessages));
    let nodes = if wide { luck.one(&[2, 3, 3]) } else { nodes };
    let n = match wide {
        true => u64::from(nodes),
        false => luck.between(1, u64::from(nodes).min(3)),
    };
    let w = match own {
        Some(Mutant::AcksNotAckers) => n,
        _ => luck.between(1, n),
    };
    let mut ground = Ground {
        nodes,
        workload: luck.one(&[0, 0, 1, 2, 3]),
        hardships: Hardships {
            disk_loss: own == Some(Mutant::ReusedReplicaId) || luck.coin(),
            jumps: true,
            drift_ppm: 100_000,
            timers: true,
            membership: own == Some(Mutant::NoHandover) || luck.coin(),
            ..Hardships::default()
        },
        ..Ground::default()
    };
    // A tombstone goes, and what is late comes, after seconds.
    ground.of_time = matches!(
        own,
        Some(Mutant::EarlyReap | Mutant::TakeOldMessages | Mutant::EarlyHintDrop)
    );
    if ground.of_time || luck.between(0, 3) == 0 {
        ground.tail = Micros::from_ms(3_000);
    }
    let sloppy = own == Some(Mutant::EarlyHintDrop) || luck.coin();
    ground.set("n", n);
    ground.set("r", luck.between(1, n));
    ground.set("w", w);
    ground.set("sloppy", sloppy && own != Some(Mutant::AcksNotAckers));
    ground.set("virtual_nodes", luck.one(&[1, 4, 8]));
    let resolvers = ["siblings", "siblings", "siblings", "lww", "union", "max"];
    ground.set("resolver", luck.one(&resolvers));
    ground.set("read_repair", luck.between(0, 2) > 0);
    match pace {
        Pace::Natural => {
            ground.set("anti_entropy_ms", luck.one(&[60, 150]));
            ground.set("gossip_ms", 40);
            ground.set("suspect_ms", luck.one(&[150, 400]));
            ground.set("patience_ms", luck.one(&[80, 160]));
            ground.set("grace_ms", luck.one(&[300, 600]));
        }
        Pace::ByHand => {
            ground.set("anti_entropy_ms", 100_000);
            ground.set("gossip_ms", 100_000);
            ground.set("suspect_ms", 1_000_000);
            ground.set("patience_ms", 100_000);
            ground.set("grace_ms", 300_000);
        }
    }
    ground
}
