//! How fast the key-value store is: one replica in its process, vectors, and anti-entropy. Prints
//! counts and ratios; decides nothing.
#![allow(clippy::disallowed_types)] // this is where real time is measured

use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;
use synod::base::{Context, Core, Draws, Effect, Effects, Input, Micros, NodeId, RequestId};
use synod::protocol::kv::{
    Actor, Basis, Key, Kv, Memory, Message, Op, Options, Put, Timer, Value, VersionVector,
};
use synod::scenario::{Scenario, build};

const KEYS: usize = 1_000;
const EVENTS: u32 = 1_000_000;

/// Nodes that talk without network or clock.
struct Cluster {
    nodes: Vec<Kv>,
    members: Vec<NodeId>,
    lucks: Vec<Draws>,
    out: Effects<Kv>,
}

impl Cluster {
    fn new(options: Options, count: usize) -> Cluster {
        let members: Vec<NodeId> = NodeId::first(count).collect();
        let mut lucks: Vec<Draws> = members.iter().map(|id| Context::luck_of(1, *id)).collect();
        let (options, mut out) = (Arc::new(options), Effects::default());
        let mut nodes = Vec::new();
        for id in &members {
            let mut ctx = Context::new(*id, Micros::ZERO, &members, &mut lucks[id.index()]);
            nodes.push(Kv::boot(&options, Default::default(), &mut ctx, &mut out));
        }
        out.list.clear();
        Cluster {
            nodes,
            members,
            lucks,
            out,
        }
    }

    fn hand(&mut self, to: usize, input: Input<Kv>) {
        let luck = &mut self.lucks[to];
        let mut ctx = Context::new(NodeId(to as u16), Micros(1), &self.members, luck);
        self.nodes[to].handle(input, &mut ctx, &mut self.out);
    }

    /// Hands an input to a node, and delivers all that follows from it. Counts the messages, the
    /// bytes that they would take as text, and the keys that they carry.
    fn settle(&mut self, to: usize, input: Input<Kv>) -> (u64, u64, u64) {
        let (mut messages, mut bytes, mut keys) = (0, 0, 0);
        let mut work = VecDeque::from([(to, input)]);
        while let Some((to, input)) = work.pop_front() {
            self.hand(to, input);
            for effect in std::mem::take(&mut self.out.list) {
                if let Effect::Send { to: next, message } = effect {
                    messages += 1;
                    bytes += serde_json::to_vec(&message).map_or(0, |json| json.len() as u64);
                    if let Message::Entries(entries) = &message {
                        keys += entries.items.len() as u64;
                    }
                    let from = NodeId(to as u16);
                    work.push_back((next.index(), Input::Message { from, message }));
                }
            }
        }
        (messages, bytes, keys)
    }
}

fn alone() -> Options {
    Options {
        n: 1,
        r: 1,
        w: 1,
        ..Options::default()
    }
}

fn put(key: &Key, value: i64) -> Op {
    Op::Put(Put {
        key: Arc::clone(key),
        value: Value::Number(value),
        basis: Basis::LastRead,
    })
}

fn request(serial: u64, op: Op, memory: &Memory, options: &Options) -> Input<Kv> {
    let id = RequestId { client: 0, serial };
    let stamp = Kv::stamp(options, memory, id, &op);
    Input::Request { id, op, stamp }
}

/// Operations a second through one replica: half of them reads, half writes that know what was read.
fn operations(count: u64) -> f64 {
    let options = alone();
    let mut cluster = Cluster::new(options.clone(), 1);
    let keys: Vec<Key> = (0..KEYS).map(|n| format!("key {n}").into()).collect();
    let mut memory = Memory::default();
    let start = Instant::now();
    for serial in 1..=count {
        let key = &keys[(serial / 2) as usize * 7 % KEYS];
        let op = if serial % 2 == 0 {
            Op::Get(Arc::clone(key))
        } else {
            put(key, serial as i64)
        };
        let input = request(serial, op, &memory, &options);
        cluster.hand(0, input);
        for effect in cluster.out.list.drain(..) {
            if let Effect::Reply { id, reply } = effect {
                let replies = [(NodeId(0), reply)];
                Kv::judge(&options, &mut memory, id, &replies, 1);
            }
        }
    }
    count as f64 / start.elapsed().as_secs_f64()
}

fn vector(entries: u16, counters: u64) -> VersionVector {
    let actor = |n| Actor::replica(NodeId(n), Micros::ZERO);
    (0..entries)
        .map(|n| (actor(n), counters + u64::from(n)))
        .collect()
}

/// Nanoseconds of one of many repetitions; the best of several rounds.
fn nanoseconds(mut once: impl FnMut()) -> f64 {
    const REPEATED: u32 = 1_000_000;
    let mut best = f64::MAX;
    for _ in 0..7 {
        let start = Instant::now();
        for _ in 0..REPEATED {
            once();
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(REPEATED));
    }
    best
}

fn vectors() {
    let (a, b) = (vector(16, 5), vector(16, 6));
    let other: VersionVector = {
        let actor = |n: u16| Actor::replica(NodeId(n + 8), Micros::ZERO);
        (0..16).map(|n| (actor(n), 9)).collect()
    };
    let compare = nanoseconds(|| {
        black_box(black_box(&a).compare(black_box(&b)));
    });
    let mut merged = a.clone();
    let merge = nanoseconds(|| merged.merge(black_box(&b)));
    let fresh = nanoseconds(|| {
        black_box(black_box(&a).joined(black_box(&other)));
    });
    println!(
        "vectors of 16 entries: compare {compare:.0} ns, merge {merge:.0} ns, a new one with 8 \
         actors more {fresh:.0} ns"
    );
}

/// Two nodes that keep the same keys but for some: what it takes them to find and exchange those.
fn anti_entropy(keys: usize, differing: usize) {
    let options = Options {
        n: 2,
        r: 1,
        w: 1,
        anti_entropy: Micros::from_ms(1),
        ..Options::default()
    };
    let mut cluster = Cluster::new(options.clone(), 2);
    let memory = Memory::default();
    for n in 0..keys {
        let key: Key = format!("key {n}").into();
        let input = request(n as u64 + 1, put(&key, 1), &memory, &options);
        let _ = cluster.settle(0, input);
    }
    for n in 0..differing {
        let key: Key = format!("key {}", n * (keys / differing)).into();
        let input = request((keys + n) as u64 + 1, put(&key, 2), &memory, &options);
        cluster.hand(0, input);
        cluster.out.list.clear();
    }
    let start = Instant::now();
    let (messages, bytes, carried) = cluster.settle(0, Input::Timer(Timer::AntiEntropy));
    let spent = start.elapsed().as_secs_f64() * 1e3;
    let whole = [(0, u64::MAX)];
    let part = synod::protocol::kv::Part::WHOLE;
    let [a, b] = [0, 1].map(|id| cluster.nodes[id].store().sum(part, &whole));
    println!(
        "anti-entropy, {differing:>4} of {keys} keys differ: {messages} messages, {carried} versions of keys sent, \
         {:.1} KiB as JSON, {spent:.2} ms, {}",
        bytes as f64 / 1024.0,
        if a == b { "in step" } else { "not yet in step" },
    );
}

/// Delivered messages a second in a whole world.
fn world(nodes: usize, clients: usize, invariants: bool) -> f64 {
    let text = format!(
        r#"{{ "protocol": "kv", "nodes": {nodes}, "invariants": {invariants},
            "clients": {{ "count": {clients}, "think_ms": [0, 2] }} }}"#
    );
    let scenario = Scenario::parse(&text).expect("it is well formed");
    let mut run = build(&scenario, u32::MAX).expect("it fits");
    let start = Instant::now();
    let mut to = Micros::ZERO;
    while run.position() < EVENTS {
        to += Micros::from_ms(100);
        run.advance(to).expect("no budget");
    }
    let seconds = start.elapsed().as_secs_f64();
    assert!(run.violations().is_empty());
    f64::from(run.counts().delivered) / seconds
}

fn main() {
    let _ = operations(200_000); // warms up
    let best = (0..5).map(|_| operations(1_000_000)).fold(0.0, f64::max);
    println!(
        "one replica, {KEYS} keys, reads and writes by turns: {:.2} M operations a second",
        best / 1e6
    );
    vectors();
    for (keys, differing) in [
        (1_000, 10),
        (10_000, 10),
        (100_000, 10),
        (100_000, 1),
        (100_000, 100),
    ] {
        anti_entropy(keys, differing);
    }
    for (nodes, clients) in [(3, 4), (5, 4), (5, 32)] {
        let (plain, watched) = (world(nodes, clients, false), world(nodes, clients, true));
        println!(
            "{nodes} nodes, {clients} clients: {:.2} M delivered messages a second, with every invariant {:.2} M",
            plain / 1e6,
            watched / 1e6,
        );
    }
}
