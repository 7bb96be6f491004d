//! How fast the lock manager is, natively, on one core: the table alone, the detector of deadlocks, and
//! pairs of acquire and release through a simulated cluster. Prints; decides nothing.
#![allow(clippy::disallowed_types)] // this is where real time is measured

use std::sync::Arc;
use std::time::Instant;
use synod::base::{ClientId, Micros, RequestId};
use synod::protocol::locks::{LockOp, LockTable, Mode, Options, Terms};
use synod::protocol::machine::{Answer, Replicated, StateMachine, Step};
use synod::scenario::{Scenario, build};
use synod::sim::Simulation;

const CLIENTS: u64 = 1_000;

fn names(count: usize) -> Vec<Arc<str>> {
    (0..count).map(|n| Arc::from(format!("lock-{n}"))).collect()
}

/// Commands a second that a table of `held` locks carries out, acquiring and releasing others.
fn table_alone(held: usize, sessions: bool) -> f64 {
    const COMMANDS: u64 = 2_000_000;
    let options = Options::default();
    let mut state = Replicated::<LockTable>::default();
    let (names, mut index) = (names(held), 0);
    let mut apply = |id: RequestId, op: &LockOp| {
        index += 1;
        let mut step = Step::new(&options, index, Micros::ZERO);
        if sessions {
            state.apply(&mut step, id, op, true);
        } else {
            let answer = state.machine.apply(&mut step, id, op);
            assert!(matches!(answer, Answer::Now(_)));
        }
    };
    // Half of the locks are held throughout, the others come and go.
    for (n, name) in names.iter().enumerate().filter(|(n, _)| n % 2 == 0) {
        let id = RequestId {
            client: 100_000 + (n % 997) as ClientId,
            serial: n as u64 / 997 + 1,
        };
        apply(id, &LockOp::Acquire(Arc::clone(name), Terms::default()));
    }
    let free: Vec<&Arc<str>> = names.iter().skip(1).step_by(2).collect();
    let lock =
        |n: u64| Arc::clone(free[(n.wrapping_mul(0x9e37_79b9) % free.len() as u64) as usize]);
    let start = Instant::now();
    for n in 0..COMMANDS / 2 {
        let id = |serial| RequestId {
            client: (n % CLIENTS) as ClientId,
            serial,
        };
        let terms = Terms::default();
        apply(id(2 * n + 1), &LockOp::Acquire(lock(n), terms));
        apply(id(2 * n + 2), &LockOp::Release(lock(n), None));
    }
    COMMANDS as f64 / start.elapsed().as_secs_f64()
}

/// A table in which client n holds lock n, and what it takes to let clients wait.
struct Waits {
    table: LockTable,
    options: Options,
    index: u64,
}

impl Waits {
    fn new(clients: u32) -> Waits {
        let mut waits = Waits {
            table: LockTable::default(),
            options: Options::default(),
            index: 0,
        };
        for client in 0..clients {
            waits.ask(client, 1, client);
        }
        waits
    }

    fn ask(&mut self, client: ClientId, serial: u64, lock: u32) -> bool {
        self.index += 1;
        let mut step = Step::new(&self.options, self.index, Micros::ZERO);
        let terms = Terms {
            mode: Mode::Exclusive,
            ..Terms::default()
        };
        let op = LockOp::Acquire(format!("lock-{lock}").into(), terms);
        let id = RequestId { client, serial };
        matches!(self.table.apply(&mut step, id, &op), Answer::Later { .. })
    }

    /// The median and the greatest time in microseconds that the check of one of these clients takes.
    fn check(&self, clients: impl Iterator<Item = ClientId>) -> (f64, f64) {
        let mut times: Vec<f64> = clients
            .map(|client| {
                let start = Instant::now();
                let cycle = self.table.cycle_from(client);
                let time = start.elapsed().as_secs_f64() * 1e6;
                assert!(cycle.is_none());
                time
            })
            .collect();
        times.sort_by(f64::total_cmp);
        (times[times.len() / 2], times[times.len() - 1])
    }
}

/// The times that each client's joining the end of a chain takes, its check included.
fn joins(waiters: u32) -> (f64, f64) {
    let mut chain = Waits::new(waiters + 1);
    let mut times: Vec<f64> = (1..=waiters)
        .map(|client| {
            let start = Instant::now();
            assert!(chain.ask(client, 2, client - 1));
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[times.len() / 2], times[times.len() - 1])
}

fn detector() {
    const WAITERS: u32 = 10_000;
    let say = |what: &str, (median, most): (f64, f64)| {
        println!("  {what}: median {median:.2} us, greatest {most:.1} us");
    };
    println!("a check for deadlocks with {WAITERS} clients that wait");
    let mut queue = Waits::new(WAITERS + 1);
    (1..=WAITERS).for_each(|client| assert!(queue.ask(client, 2, 0)));
    say("one queue", queue.check(1..=WAITERS));
    let mut chain = Waits::new(WAITERS + 1);
    (1..=WAITERS).for_each(|client| assert!(chain.ask(client, 2, client - 1)));
    say("a chain, as each joins its end", joins(WAITERS));
    say("a chain, from anywhere in it", chain.check(1..=WAITERS));
    say(
        "a chain, through all of it",
        chain.check(std::iter::repeat_n(WAITERS - 1, 101)),
    );
    let start = Instant::now();
    assert!(chain.ask(0, 2, WAITERS));
    let closed = start.elapsed().as_secs_f64() * 1e6;
    println!("  a circle of all of them, found, named and broken: {closed:.0} us");
    let mut tree = Waits::new(WAITERS + 1);
    (1..=WAITERS).for_each(|client| assert!(tree.ask(client, 2, client / 10)));
    say("a tree of queues of ten", tree.check(1..=WAITERS));
}

fn token(run: &dyn Simulation) -> f64 {
    let node = run.node(synod::base::NodeId(0)).expect("it is there");
    node.view["machine"]["token"].as_f64().expect("a number")
}

/// Pairs of acquire and release a second through three nodes, in the world, with the trace recorded.
fn cluster(clients: usize, batch: usize, window: usize) -> f64 {
    let text = format!(
        r#"{{ "protocol": "locks", "nodes": 3, "invariants": false,
            "options": {{ "batch": {batch}, "window": {window}, "snapshot_every": 5000,
                          "machine": {{ "ttl_ms": 60000 }} }},
            "clients": {{ "count": {clients}, "workload": "own_lock", "think_ms": [0, 2], "timeout_ms": 5000 }},
            "script": [{{ "at_ms": 10, "do": "timeout", "node": 0, "timer": "election" }}] }}"#
    );
    let scenario = Scenario::parse(&text).expect("it is well formed");
    let mut run = build(&scenario, u32::MAX).expect("it fits");
    let mut to = Micros::from_ms(1_000);
    run.advance(to).expect("no budget");
    let before = token(run.as_ref());
    let start = Instant::now();
    while run.position() < 3_000_000 {
        to += Micros::from_ms(50);
        run.advance(to).expect("no budget");
    }
    let seconds = start.elapsed().as_secs_f64();
    (token(run.as_ref()) - before) / seconds
}

fn main() {
    table_alone(1_000, false); // warms up
    println!("the table alone, commands a second");
    for held in [10, 100, 1_000, 10_000, 100_000] {
        let (table, sessions) = (table_alone(held, false), table_alone(held, true));
        println!(
            "  {held:>7} locks: {:.2} M, with the clients' sessions {:.2} M",
            table / 1e6,
            sessions / 1e6
        );
    }
    detector();
    println!("acquire and release through three nodes, pairs a second");
    for clients in [10, 100, 1_000] {
        println!("  {clients:>6} clients: {:.0}", cluster(clients, 1_000, 4));
    }
}
