//! How fast the world delivers messages between Raft nodes, natively, on one core.
//! Prints counts and ratios; decides nothing.
#![allow(clippy::disallowed_types)] // this is where real time is measured

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;
use synod::base::{Context, Core, Draws, Effect, Effects, Input, Micros, NodeId, RequestId};
use synod::protocol::machine::KvOp;
use synod::protocol::raft::{KvRaft, Op, Options, Timer};
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
    let warm = Micros::from_ms(1_000);
    run.advance(warm).expect("no budget");
    let before = run.counts().delivered;
    let mut to = warm;
    let start = Instant::now();
    while run.position() < events {
        to += Micros::from_ms(100);
        run.advance(to).expect("no budget");
    }
    let seconds = start.elapsed().as_secs_f64();
    assert!(run.violations().is_empty());
    f64::from(run.counts().delivered - before) / seconds
}

/// Messages a second through the cores alone: a leader and four followers, each append answered at
/// once, without network, clock, trace or clients. What the world adds is the rest.
fn cores_alone(rounds: u32) -> f64 {
    let options = Arc::new(Options::default());
    let members: Vec<NodeId> = NodeId::first(5).collect();
    let mut lucks: Vec<Draws> = members.iter().map(|id| Context::luck_of(1, *id)).collect();
    let mut out = Effects::<KvRaft>::default();
    let mut nodes: Vec<KvRaft> = members
        .iter()
        .map(|id| {
            let luck = &mut lucks[id.index()];
            let mut ctx = Context::new(*id, Micros::ZERO, &members, luck);
            KvRaft::boot(&options, Default::default(), &mut ctx, &mut out)
        })
        .collect();
    out.list.clear();
    let mut queue = VecDeque::new();
    let mut handed = 0u32;
    let mut hand = |to: NodeId, input: Input<KvRaft>| {
        let mut work = VecDeque::from([(to, input)]);
        while let Some((to, input)) = work.pop_front() {
            let mut ctx = Context::new(to, Micros::ZERO, &members, &mut lucks[to.index()]);
            nodes[to.index()].handle(input, &mut ctx, &mut out);
            for effect in out.list.drain(..) {
                if let Effect::Send { to: next, message } = effect {
                    handed += 1;
                    queue.push_back((next, Input::Message { from: to, message }));
                }
            }
            work.append(&mut queue);
        }
    };
    hand(NodeId(0), Input::Timer(Timer::Election));
    let start = Instant::now();
    for serial in 1..=u64::from(rounds) {
        let op = Op::Machine(KvOp::Put("x".into(), serial as i64));
        let id = RequestId { client: 0, serial };
        hand(NodeId(0), Input::Request { id, op, stamp: () });
    }
    let seconds = start.elapsed().as_secs_f64();
    f64::from(handed) / seconds
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
    let cores = cores_alone(200_000);
    let whole = measure(5, 2, false, EVENTS);
    let (of_cores, of_all) = (1e9 / cores, 1e9 / whole);
    println!(
        "a message between five nodes takes {of_all:.0} ns: {of_cores:.0} in the cores, the rest in the world \
         (agenda, network, trace, clients)"
    );
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
