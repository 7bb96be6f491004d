//! Whatever arrives and whenever a node crashes: nothing panics, nothing is violated.

use super::desk::{Desk, ballot, node, put, put_value, single, text};
use serde_json::{Value, json};
use synod::base::{Chance, Context, Core, Draws, Effect, Effects, Input, Micros, NodeId, Wire};
use synod::protocol::paxos::{Accept, Message, Options, Paxos, Promise, Report, Timer, Values};
use synod::scenario::{BUDGET, Scenario, build};
use synod::sim::{Action, Simulation};

/// Garbage changes nothing but the list of reasons.
#[test]
fn garbage_is_dropped_with_a_reason() {
    for options in [single(), Options::default()] {
        let multi = !options.is_single();
        let mut desk = Desk::new(3, options);
        if multi {
            desk.elect(0);
        } else {
            desk.propose(0, 1, "A");
        }
        desk.letters.clear();
        let before = desk.cores[0].clone();
        let mut luck = Draws::new(Chance::from_seed(9));
        for n in 0..5_000 {
            let message = Message::garbage(&mut luck);
            let text = message.to_string();
            desk.ignored.clear();
            let answer = desk.hand([1, 2, 77][n % 3], 0, message);
            assert!(
                !desk.ignored.is_empty() && answer.is_empty(),
                "{text} was taken: {answer:?}"
            );
        }
        assert_eq!(desk.cores[0], before);
    }
}

fn number(luck: &mut Draws) -> u64 {
    match luck.between(0, 5) {
        0 => u64::MAX - luck.between(0, 2),
        1 => luck.between(0, 1 << 40),
        _ => luck.between(0, 6),
    }
}

/// A message such as somebody could have sent, or could not.
fn anything(luck: &mut Draws, single: bool) -> Message {
    let ballot = ballot(number(luck) as u32 % 12, luck.between(0, 4) as usize);
    let slot = if single { 1 } else { number(luck) };
    let value = |luck: &mut Draws| match single {
        true => text(["A", "B"][luck.between(0, 1) as usize]),
        false => put_value(luck.between(0, 2) as u32, number(luck), number(luck) as i64),
    };
    let values: Values = (0..luck.between(0, if single { 1 } else { 3 }))
        .map(|_| value(luck))
        .collect();
    let n = number(luck);
    match luck.between(0, 9) {
        0 => Message::Prepare { ballot, from: slot },
        1 => Message::Promise(Promise {
            ballot,
            reports: (0..luck.between(0, 3))
                .map(|k| Report {
                    slot: slot.saturating_add(k),
                    ballot: super::desk::ballot(number(luck) as u32 % 12, 1),
                    value: value(luck),
                    chosen: luck.between(0, 1) == 0,
                })
                .collect(),
            snapshot: None,
        }),
        2 | 3 => Message::Accept(Accept {
            ballot,
            slot,
            values,
            chosen: n,
        }),
        4 => Message::Accepted {
            ballot,
            slot,
            values,
        },
        5 => Message::Refuse {
            ballot,
            promised: super::desk::ballot(number(luck) as u32, 2),
        },
        6 => Message::Chosen { slot, values },
        7 => Message::Heartbeat {
            ballot,
            chosen: n,
            lease: slot,
        },
        8 => Message::HeartbeatReply { ballot, lease: n },
        _ => Message::Ask { from: slot },
    }
}

/// Whatever arrives, and in whatever order, nothing panics.
#[test]
fn nothing_that_arrives_makes_a_node_panic() {
    for options in [
        single(),
        Options {
            snapshot_every: 3,
            reads: synod::protocol::paxos::Reads::Lease,
            ..Options::default()
        },
        Options {
            acceptors: 2,
            back_off: false,
            ..Options::default()
        },
    ] {
        let alone = options.is_single();
        let mut desk = Desk::new(3, options);
        let mut luck = Draws::new(Chance::from_seed(4));
        for _ in 0..60_000 {
            let (to, from) = (luck.between(0, 2) as usize, luck.between(0, 4) as usize);
            match luck.between(0, 9) {
                0 => {
                    let timer = desk.timers[to].keys().next().copied();
                    if let Some(timer) = timer {
                        desk.fire(to, timer);
                    }
                }
                1 => desk.ask(to, from as u32, number(&mut luck), put(1)),
                2 => desk.restart(to),
                3..=5 => {
                    if let Some((from, to, message)) = desk.letters.pop_front() {
                        desk.hand(from.index(), to.index(), message);
                    }
                }
                _ => {
                    let message = anything(&mut luck, alone);
                    desk.hand(from, to, message);
                }
            }
            desk.letters.truncate(50);
            desk.facts.clear();
            desk.ignored.clear();
            let _ = desk.cores[to].view();
        }
    }
}

/// The same input in the same state gives the same effects, for a clone too.
#[test]
fn a_core_is_a_function() {
    let mut desk = Desk::new(3, Options::default());
    desk.elect(0);
    let effects = |core: &Paxos| {
        let mut core = core.clone();
        let mut out: Effects<Paxos> = Effects::default();
        let members = [node(0), node(1), node(2)];
        let mut luck = Draws::new(Chance::from_seed(2));
        let mut ctx = Context::new(node(0), Micros::from_ms(5), &members, &mut luck);
        core.handle(Input::Timer(Timer::Heartbeat), &mut ctx, &mut out);
        let sends = |effect: &Effect<Paxos>| matches!(effect, Effect::Send { .. });
        assert_eq!(out.list.iter().filter(|effect| sends(effect)).count(), 2);
        format!("{:?} {core:?}", out.list)
    };
    assert_eq!(effects(&desk.cores[0]), effects(&desk.cores[0]));
}

/// Runs a scenario, lets a node crash after so many events and start again soon, and gives the run
/// at its end; nothing when it has fewer events.
fn crashed_after(document: &Value, events: u32, victim: NodeId) -> Option<Box<dyn Simulation>> {
    let scenario = Scenario::read(document.clone()).expect("it is sound");
    let mut run = build(&scenario, BUDGET).expect("it fits");
    while run.position() < events {
        if !run.step().expect("within budget") || run.now() > Micros::from_ms(400) {
            return None;
        }
    }
    run.apply(Action::Crash { node: victim }).expect("it is up");
    let back = run.now() + Micros::from_ms(20);
    run.advance(back).expect("within budget");
    run.apply(Action::Restart { node: victim })
        .expect("it is down");
    run.advance(Micros::from_ms(4_000)).expect("within budget");
    Some(run)
}

/// Crashes each node at every step of a run there is, with two proposers at work.
#[test]
fn single_decree_lives_through_a_crash_at_every_step() {
    let document = json!({
        "protocol": "paxos", "nodes": 3, "options": { "mode": "single" },
        "clients": { "count": 0, "timeout_ms": 300 },
        "script": [
            { "at_ms": 1, "do": "request", "node": 0, "op": { "propose": "A" } },
            { "at_ms": 9, "do": "request", "node": 2, "op": { "propose": "B" } }
        ],
        "until_ms": 4000
    });
    let mut tried = 0;
    for victim in NodeId::first(3) {
        for events in 4.. {
            let Some(run) = crashed_after(&document, events, victim) else {
                break;
            };
            tried += 1;
            assert!(
                run.violations().is_empty(),
                "after {events} events, node {victim}"
            );
            let value = |id| run.node(id).expect("it is there").view["decided"].clone();
            let first = value(NodeId(0));
            assert!(first == json!("A") || first == json!("B"), "{first}");
            for id in NodeId::first(3) {
                assert_eq!(value(id), first, "after {events} events, node {victim}");
            }
            let answered = run.history().iter().all(|asked| asked.returned.is_some());
            assert!(answered, "after {events} events, node {victim}");
        }
    }
    assert!(tried > 150, "only {tried} crashes");
}

/// The same for Multi-Paxos at work: whoever crashes, the log goes on, and its state is back.
#[test]
fn multi_paxos_lives_through_a_crash_at_every_step() {
    let document = json!({
        "protocol": "paxos", "nodes": 3, "seed": 3, "options": { "snapshot_every": 4 },
        "clients": { "count": 2, "think_ms": [5, 20], "timeout_ms": 200 },
        "until_ms": 4000
    });
    let mut tried = 0;
    for victim in NodeId::first(3) {
        for events in (4..).step_by(3) {
            let Some(run) = crashed_after(&document, events, victim) else {
                break;
            };
            tried += 1;
            assert!(
                run.violations().is_empty(),
                "after {events} events, node {victim}"
            );
            let last = Micros::from_ms(3_500);
            let history = run.history();
            let late = history
                .iter()
                .filter(|it| it.returned.is_some_and(|at| at > last));
            assert!(late.count() > 5, "after {events} events, node {victim}");
            let executed = |id| run.node(id).expect("it is there").view["executed"].clone();
            let (own, other) = (executed(victim), executed(NodeId((victim.0 + 1) % 3)));
            let apart = own.as_i64().zip(other.as_i64()).map(|(a, b)| (a - b).abs());
            assert!(apart.is_some_and(|apart| apart < 10), "{own} and {other}");
        }
    }
    assert!(tried > 150, "only {tried} crashes");
}

/// Going back and forth, and making the same run in steps, gives the same run.
#[test]
fn a_run_can_be_gone_through_in_any_order() {
    for seed in 0..40 {
        for document in [super::made_up::single(seed), super::made_up::multi(seed)] {
            let scenario = Scenario::read(document).expect("it is sound");
            let mut straight = build(&scenario, BUDGET).expect("it fits");
            straight.advance(scenario.until).expect("within budget");
            let hash = straight.trace_hash();
            let mut luck = Draws::new(Chance::from_seed(seed));
            for _ in 0..4 {
                let there = Micros(luck.between(0, scenario.until.0));
                straight.seek(there).expect("within budget");
                let mut other = build(&scenario, BUDGET).expect("it fits");
                other.advance(there).expect("within budget");
                assert_eq!(
                    straight.trace_hash(),
                    other.trace_hash(),
                    "seed {seed}, {there}"
                );
                for id in NodeId::first(straight.nodes()) {
                    let view = |run: &dyn Simulation| run.node(id).map(|node| node.view);
                    assert_eq!(view(&*straight), view(&*other), "seed {seed}, node {id}");
                }
            }
            straight.seek(scenario.until).expect("within budget");
            assert_eq!(straight.trace_hash(), hash, "seed {seed}");
        }
    }
}
