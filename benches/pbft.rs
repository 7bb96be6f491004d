//! How fast the world delivers messages between PBFT replicas, natively, on one core, with
//! message authentication codes and with signatures. Prints counts and ratios; decides nothing.
#![allow(clippy::disallowed_types)] // this is where real time is measured

use std::time::Instant;
use synod::base::Micros;
use synod::scenario::{Scenario, build};

const EVENTS: u32 = 400_000;

fn scenario(nodes: usize, clients: usize, auth: &str, invariants: bool) -> Scenario {
    let text = format!(
        r#"{{ "protocol": "pbft", "nodes": {nodes}, "seed": {clients}, "invariants": {invariants},
            "options": {{ "auth": "{auth}", "checkpoint_interval": 100, "window": 200 }},
            "clients": {{ "count": {clients}, "think_ms": [0, 2], "timeout_ms": 1000 }} }}"#
    );
    Scenario::parse(&text).expect("it is well formed")
}

/// Delivered messages a second over a run of `events` events.
fn measure(nodes: usize, clients: usize, auth: &str, invariants: bool, events: u32) -> f64 {
    let scenario = scenario(nodes, clients, auth, invariants);
    let mut run = build(&scenario, u32::MAX).expect("it fits");
    let warm = Micros::from_ms(500);
    run.advance(warm).expect("no budget");
    let (before, from) = (run.counts().delivered, run.position());
    let mut to = warm;
    let start = Instant::now();
    while run.position() < from + events {
        to += Micros::from_ms(50);
        run.advance(to).expect("no budget");
    }
    let seconds = start.elapsed().as_secs_f64();
    assert!(run.violations().is_empty());
    f64::from(run.counts().delivered - before) / seconds
}

/// Real milliseconds from one request of a rested cluster to its answer, all traffic included. Each
/// seed has keys of its own, so that no signature is known from before.
fn one_request(nodes: usize, auth: &str, seed: u64) -> (f64, u32) {
    let text = format!(
        r#"{{ "protocol": "pbft", "nodes": {nodes}, "seed": {seed}, "options": {{ "auth": "{auth}" }},
            "script": [{{ "at_ms": 10, "do": "request", "op": {{ "put": ["x", 1] }} }}] }}"#
    );
    let scenario = Scenario::parse(&text).expect("it is well formed");
    let mut run = build(&scenario, u32::MAX).expect("it fits");
    run.advance(Micros::from_ms(9)).expect("no budget");
    let start = Instant::now();
    run.advance(Micros::from_ms(100)).expect("no budget");
    let took = start.elapsed().as_secs_f64() * 1e3;
    assert!(run.history()[0].returned.is_some());
    (took, run.counts().delivered)
}

fn main() {
    let asked: Vec<usize> = std::env::args()
        .filter_map(|arg| arg.parse().ok())
        .collect();
    let sizes = if asked.is_empty() {
        vec![4, 7, 10, 31]
    } else {
        asked
    };
    measure(4, 2, "macs", false, EVENTS / 4); // warms up
    println!("delivered messages a second on one core, trace recorded");
    for &nodes in &sizes {
        for clients in [2, 16] {
            let macs = measure(nodes, clients, "macs", false, EVENTS);
            let watched = measure(nodes, clients, "macs", true, EVENTS);
            let signed = measure(nodes, clients, "signatures", false, EVENTS / 10);
            println!(
                "{nodes:>4} replicas, {clients:>2} clients: MACs {:.0} k, with every invariant {:.0} k ({:.2}), signatures {:.0} k",
                macs / 1e3,
                watched / 1e3,
                watched / macs,
                signed / 1e3,
            );
        }
    }
    println!("one request, from being asked to the last message that it leads to");
    for &nodes in &sizes {
        let best = |auth| {
            let times = (0..5).map(|seed| one_request(nodes, auth, seed));
            times.min_by(|a, b| a.0.total_cmp(&b.0)).expect("five")
        };
        let ((macs, delivered), (signed, _)) = (best("macs"), best("signatures"));
        println!(
            "{nodes:>4} replicas: {macs:.2} ms with MACs, {signed:.2} ms with signatures, {delivered} messages"
        );
    }
}
