//! How fast the world delivers messages between nodes of Paxos, single-decree and multi, beside Raft in
//! the same run: natively, on one core. Prints counts and ratios; decides nothing.
#![allow(clippy::disallowed_types)] // this is where real time is measured

use std::time::Instant;
use synod::base::Micros;
use synod::scenario::{Scenario, build};

const EVENTS: u32 = 1_000_000;
/// Each is measured so often, in turns, and its best run counts: a busy machine tells less.
const ROUNDS: usize = 3;

/// A cluster under load. Single-decree Paxos decides once and is done, so there two proposers duel
/// without end: every ballot is refused, and another begun.
fn document(name: &str, nodes: usize, clients: usize) -> String {
    let asking = r#""think_ms": [0, 2], "timeout_ms": 1000"#;
    match name {
        "raft" | "paxos" => format!(
            r#"{{ "protocol": "{name}", "nodes": {nodes}, "invariants": false,
                "clients": {{ "count": {clients}, {asking} }} }}"#
        ),
        _ => format!(
            r#"{{ "protocol": "paxos", "nodes": {nodes}, "invariants": false,
                "options": {{ "mode": "single", "back_off": false, "ask_ms": 0 }},
                "network": {{ "latency_ms": [10, 10] }},
                "clients": {{ "count": 0, "timeout_ms": 1000000 }},
                "script": [
                    {{ "at_ms": 1, "do": "request", "node": 0, "op": {{ "propose": "A" }} }},
                    {{ "at_ms": 16, "do": "request", "node": 1, "op": {{ "propose": "B" }} }}
                ] }}"#
        ),
    }
}

/// Delivered messages a second over a run of so many events.
fn measure(document: &str, events: u32) -> f64 {
    let scenario = Scenario::parse(document).expect("it is well formed");
    let mut run = build(&scenario, u32::MAX).expect("it fits");
    let warm = Micros::from_ms(1_000);
    run.advance(warm).expect("no budget");
    let before = run.counts().delivered;
    let mut to = warm;
    let start = Instant::now();
    while run.position() < events {
        to += Micros::from_ms(100);
        run.advance(to).expect("no budget");
    }
    f64::from(run.counts().delivered - before) / start.elapsed().as_secs_f64()
}

fn main() {
    measure(&document("raft", 5, 2), EVENTS / 4); // warms up
    println!("delivered messages a second on one core, trace recorded, and as a part of Raft's");
    for (nodes, clients) in [(3, 2), (5, 2), (5, 16), (7, 2), (31, 16)] {
        let names = ["raft", "paxos", "single"];
        let mut best = [0f64; 3];
        for _ in 0..ROUNDS {
            for (name, best) in names.iter().zip(&mut best) {
                *best = best.max(measure(&document(name, nodes, clients), EVENTS));
            }
        }
        let [raft, multi, single] = best;
        println!(
            "{nodes:>4} nodes, {clients:>2} clients: Raft {:.2} M, Multi-Paxos {:.2} M ({:.2}), \
             single-decree {:.2} M ({:.2})",
            raft / 1e6,
            multi / 1e6,
            multi / raft,
            single / 1e6,
            single / raft
        );
    }
}
