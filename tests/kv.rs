//! The rules of the key-value store, a test each: versions, quorums, repair, ring, tombstones.
#![cfg(not(target_arch = "wasm32"))]

#[path = "kv/cluster.rs"]
mod cluster;
#[path = "kv/desk.rs"]
mod desk;
#[path = "kv/versions.rs"]
mod versions;

use desk::{Desk, blind, delete, get, knowing, put, strict, text};
use std::sync::Arc;
use synod::base::{Chance, Core, Draws, Wire};
use synod::protocol::kv::{
    Basis, Bits, Clocks, Context, Delete, Message, Milestone, Op, Options, Refusal, Reply,
    SIBLINGS_MAX, Timer, Value, VersionVector,
};

/// Dynamo, section 4.5: a write is acknowledged once W replicas have it, and not before.
#[test]
fn a_write_is_acknowledged_by_w_replicas() {
    for n in 1..=5u32 {
        for w in 1..=n {
            let mut desk = Desk::new(n as usize, strict(n, 1, w));
            let request = desk.ask(0, 1, put("theme", text("dark")));
            for answered in 1..=n {
                let done = desk.reply(request).is_some();
                assert_eq!(done, answered >= w, "N={n} W={w}, {answered} have it");
                if let Some((from, to, store)) = desk.letters.pop_front() {
                    let answer = desk.hand(from.index(), to.index(), store);
                    for (from, to, message) in answer {
                        desk.hand(from.index(), to.index(), message);
                    }
                }
            }
        }
    }
}

/// Dynamo, section 4.5: W different replicas. A doubled answer is one answer.
#[test]
fn a_doubled_answer_counts_once() {
    let mut desk = Desk::new(3, strict(3, 1, 3));
    let request = desk.ask(0, 1, put("theme", text("dark")));
    let stores = desk.hold(|_| true);
    let (_, to, store) = stores[0].clone();
    let answer = desk.hand(0, to.index(), store).remove(0).2;
    for _ in 0..3 {
        desk.hand(to.index(), 0, answer.clone());
    }
    assert!(
        desk.reply(request).is_none(),
        "the third replica has nothing"
    );
    let (_, to, store) = stores[1].clone();
    let answer = desk.hand(0, to.index(), store).remove(0).2;
    desk.hand(to.index(), 0, answer);
    assert!(matches!(desk.reply(request), Some(Reply::Stored(_))));
}

/// A read brings together what R replicas have, and whoever has less gets it (section 5).
#[test]
fn a_read_merges_and_repairs() {
    for read_repair in [true, false] {
        let mut desk = Desk::new(
            3,
            Options {
                read_repair,
                ..strict(3, 3, 1)
            },
        );
        desk.ask(0, 1, put("theme", text("dark")));
        desk.letters.clear();
        desk.ask(1, 2, put("theme", text("light")));
        desk.letters.clear();
        let found = desk.read(2, 3, "theme");
        assert!(found.conflict && found.values.len() == 2, "{found}");
        let repaired = if read_repair { 2 } else { 0 };
        assert_eq!(desk.values(2, "theme").len(), repaired);
        let told = desk
            .facts
            .iter()
            .filter(|(_, fact)| matches!(fact, Milestone::Repaired { .. }));
        assert_eq!(
            told.count(),
            if read_repair { 2 } else { 0 },
            "nodes 0 and 1"
        );
    }
}

/// Section 4.5: R answers are enough; the rest is waited for only in order to repair.
#[test]
fn a_read_is_answered_by_r_replicas() {
    let mut desk = Desk::new(3, strict(3, 2, 3));
    desk.ask(0, 1, put("theme", text("dark")));
    desk.deliver_all();
    let request = desk.ask(0, 2, get("theme"));
    assert!(desk.reply(request).is_none(), "its own copy is one");
    desk.deliver(|(_, to, _)| to.index() == 2);
    assert!(matches!(desk.reply(request), Some(Reply::Found(_))));
}

/// Too few answers: no answer to the client, and a fact that says so.
#[test]
fn a_missed_quorum_is_told() {
    let mut desk = Desk::new(3, strict(3, 2, 2));
    let request = desk.ask(0, 1, put("theme", text("dark")));
    desk.letters.clear();
    desk.clocks[0] += desk.options.patience;
    desk.fire(0, Timer::Patience);
    assert!(desk.reply(request).is_none());
    let missed = |fact: &Milestone| {
        matches!(
            fact,
            Milestone::QuorumMissed {
                have: 1,
                need: 2,
                ..
            }
        )
    };
    assert!(desk.facts.iter().any(|(_, fact)| missed(fact)));
    assert_eq!(desk.values(0, "theme"), ["dark"], "nobody takes it back");
}

/// A client that asks again is not served twice: neither by the coordinator it asked first, nor by
/// another one that has the write already.
#[test]
fn a_write_that_is_asked_again_is_made_once() {
    let mut desk = Desk::new(3, strict(3, 1, 2));
    let request = desk.ask(0, 1, put("theme", text("dark")));
    desk.ask_again(0, request, put("theme", text("dark")));
    desk.deliver_all();
    for id in [0, 1, 2] {
        desk.ask_again(id, request, put("theme", text("dark")));
        desk.deliver_all();
    }
    for core in &desk.cores {
        let item = core.item("theme").expect("it is there");
        assert_eq!(item.siblings().len(), 1);
    }
    assert_eq!(desk.cores.iter().map(|core| core.writes()).sum::<u64>(), 1);
    assert!(desk.replies.len() >= 4, "each time it was answered");
}

/// Everything that is wrong with a request is refused in its own words, and changes nothing.
#[test]
fn bad_requests_are_refused_and_change_nothing() {
    let mut desk = Desk::new(3, strict(3, 2, 2));
    desk.ask(0, 1, put("theme", text("dark")));
    desk.deliver_all();
    let context = |key: &str, counter| {
        let mut clock = VersionVector::new();
        clock.raise(desk.cores[0].actor(), counter);
        let (key, read) = (key.into(), Vec::new());
        Arc::new(Context { key, clock, read })
    };
    let (foreign, future) = (context("cart", 1), context("theme", 99));
    let long = "k".repeat(129);
    for (op, why) in [
        (put("", text("x")), Refusal::EmptyKey),
        (get(""), Refusal::EmptyKey),
        (put(&long, text("x")), Refusal::KeyTooLong(129)),
        (
            put("theme", text(&"v".repeat(4_097))),
            Refusal::ValueTooLong(4_097),
        ),
        (
            knowing("theme", text("x"), &foreign),
            Refusal::ForeignContext("cart".into()),
        ),
        (
            Op::Delete(Delete {
                key: "theme".into(),
                basis: Basis::Context(Arc::clone(&foreign)),
            }),
            Refusal::ForeignContext("cart".into()),
        ),
        (
            knowing("theme", text("x"), &future),
            Refusal::UnknownContext,
        ),
        (
            Op::Delete(Delete {
                key: "nothing".into(),
                basis: Basis::LastRead,
            }),
            Refusal::UnknownKey("nothing".into()),
        ),
        (Op::Leave(desk::node(7)), Refusal::NoMember(desk::node(7))),
    ] {
        let before = format!("{:?}", desk.cores);
        let request = desk.ask(0, 5, op.clone());
        desk.deliver_all();
        assert_eq!(desk.reply(request), Some(&Reply::Refused(why)), "{op}");
        assert_eq!(format!("{:?}", desk.cores), before, "{op}");
    }
    assert!(desk.read(1, 9, "nothing of the kind").values.is_empty());
}

/// A key that nobody resolves takes so many versions and no more.
#[test]
fn versions_that_nobody_resolves_come_to_an_end() {
    let mut desk = Desk::new(1, strict(1, 1, 1));
    for n in 0..SIBLINGS_MAX as i64 {
        desk.ask(0, 1, blind("x", Value::Number(n)));
    }
    let refused = desk.ask(0, 1, blind("x", Value::Number(-1)));
    let why = Reply::Refused(Refusal::TooManyVersions);
    assert_eq!(desk.reply(refused), Some(&why));
    desk.read(0, 2, "x");
    let resolved = desk.ask(0, 2, put("x", Value::Number(0)));
    assert!(matches!(desk.reply(resolved), Some(Reply::Stored(_))));
    assert_eq!(desk.values(0, "x"), ["0"]);
}

/// Garbage changes nothing but the list of reasons.
#[test]
fn garbage_is_dropped_with_a_reason() {
    for clocks in [Clocks::Dvv, Clocks::ServerVv, Clocks::ClientVv] {
        let mut desk = Desk::new(
            3,
            Options {
                clocks,
                ..strict(3, 2, 2)
            },
        );
        desk.ask(0, 1, put("x", text("a")));
        desk.deliver_all();
        let before = format!("{:?}", desk.cores[0].view());
        let mut luck = Draws::new(Chance::from_seed(9));
        for n in 0..5_000 {
            let message = Message::garbage(&mut luck);
            let words = message.to_string();
            desk.ignored.clear();
            let answer = desk.hand([1, 2, 77][n % 3], 0, message);
            assert!(
                !desk.ignored.is_empty() && answer.is_empty(),
                "{words} was taken: {answer:?}"
            );
        }
        assert_eq!(format!("{:?}", desk.cores[0].view()), before);
    }
}

/// Whatever arrives, and in whatever order, nothing panics.
#[test]
fn nothing_that_arrives_makes_a_node_panic() {
    let options = Options {
        grace: synod::base::Micros::from_ms(300),
        ..Options::default()
    };
    let mut desk = Desk::new(4, options);
    let mut luck = Draws::new(Chance::from_seed(4));
    let keys = ["x", "y", "z"];
    let mut kept: Vec<desk::Letter> = Vec::new();
    for n in 0..60_000u64 {
        let to = luck.between(0, 3) as usize;
        let from = luck.between(0, 5) as usize;
        let key = keys[luck.between(0, 2) as usize];
        let client = luck.between(0, 3) as u32;
        match luck.between(0, 11) {
            0 => drop(desk.ask(to, client, put(key, Value::Number(n as i64)))),
            1 => drop(desk.ask(to, client, blind(key, Value::Number(n as i64)))),
            2 => drop(desk.ask(to, client, get(key))),
            3 => drop(desk.ask(to, client, delete(key))),
            4 => drop(desk.hand(from, to, Message::garbage(&mut luck))),
            5 if luck.between(0, 20) == 0 => {
                let change = [Op::Join, Op::Leave][luck.between(0, 1) as usize];
                let op = change(desk::node(luck.between(0, 5) as usize));
                desk.ask(to, client, op);
            }
            6 if luck.between(0, 30) == 0 => desk.restart(to, luck.between(0, 1) == 0),
            7 => {
                desk.clocks[to] += synod::base::Micros(luck.between(0, 90_000));
                if let Some(timer) = desk.timers[to].iter().next().copied() {
                    desk.fire(to, timer);
                }
            }
            8 if !kept.is_empty() => {
                let place = luck.between(0, kept.len() as u64 - 1) as usize;
                let (from, _, message) = kept[place].clone();
                desk.hand(from.index(), to, message);
            }
            9 => {
                let number = [u64::MAX, 0, n][luck.between(0, 2) as usize];
                let call = Message::Fetched {
                    call: number,
                    item: None,
                };
                desk.hand(from, to, call);
                desk.hand(from, to, Message::Stored { call: number });
                let (ring, sum) = (Bits(number), Bits(n));
                desk.hand(from, to, Message::Compare { ring, sum });
            }
            _ => {
                for _ in 0..30 {
                    let next = desk.letters.pop_front();
                    let Some((from, to, message)) = next else {
                        break;
                    };
                    if luck.between(0, 9) == 0 && kept.len() < 500 {
                        kept.push((from, to, message.clone()));
                    }
                    if to.index() < desk.cores.len() {
                        let answers = desk.hand(from.index(), to.index(), message);
                        desk.letters.extend(answers);
                    }
                }
            }
        }
        if desk.letters.len() > 400 {
            desk.letters.clear();
        }
    }
    assert!(desk.replies.len() > 5_000, "{}", desk.replies.len());
}
