//! How fast the world delivers messages between Raft nodes, natively, on one core.
//! Prints counts and ratios; decides nothing.
#![allow(clippy::disallowed_types)] // this is where real time is measured

use std::time::Instant;
use synod::scenario::{Scenario, build};

/// What RaftScope's own model delivers a second, run headless in Node on such a machine.
const RAFTSCOPE: f64 = 115_000.0;
const EVENTS: u32 = 1_000_000;

fn scenario(nodes: usize, clients: usize, invariants: bool) -> Scenario {
    let text = format!(
        r#"{{ "protocol": "raft", "nodes": {nodes}, "invariants": {invariants},
            "clients": {{ "count": {clients}, "think_ms": [0, 2], "timeout_ms": 1000 }} }}"#
    );
    Scenario::parse(&text).expect("it is well formed")
}

/// Delivered messages a second over a run of `events` events.
fn measure(nodes: usize, clients: usize, invariants: bool, events: u32) -> f64 {
    let mut run = build(&scenario(nodes, clients, invariants), u32::MAX).expect("it fits");
    let warm = synod::base::Micros::from_ms(1_000);
    run.advance(warm).expect("no budget");
    let before = run.counts().delivered;
    let mut to = warm;
    let start = Instant::now();
    while run.position() < events {
        to += synod::base::Micros::from_ms(100);
        run.advance(to).expect("no budget");
    }
    let seconds = start.elapsed().as_secs_f64();
    assert!(run.violations().is_empty());
    f64::from(run.counts().delivered - before) / seconds
}

fn main() {
    let asked: Vec<usize> = std::env::args()
        .filter_map(|arg| arg.parse().ok())
        .collect();
    let sizes = if asked.is_empty() {
        vec![3, 5, 7, 15, 31, 101]
    } else {
        asked
    };
    measure(5, 2, false, EVENTS / 4); // warms up
    println!("delivered messages a second on one core, trace recorded");
    for nodes in sizes {
        for clients in [2, 16] {
            let plain = measure(nodes, clients, false, EVENTS);
            let watched = measure(nodes, clients, true, EVENTS);
            println!(
                "{nodes:>4} nodes, {clients:>2} clients: {:.2} M ({:.1} x RaftScope), with every invariant {:.2} M ({:.2})",
                plain / 1e6,
                plain / RAFTSCOPE,
                watched / 1e6,
                watched / plain,
            );
        }
    }
}
