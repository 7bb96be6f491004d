//! What replaces what: contexts, siblings, resolvers, and what plain vectors get wrong.

use super::desk::{Desk, blind, delete, knowing, put, strict, text};
use synod::base::Micros;
use synod::protocol::kv::{Clocks, Milestone, Options, Reply, Resolver, Value};

/// The exercise's own example: two stores that have not talked take two themes for one key; once
/// they have synchronised, both show the conflict. Whoever resolves it replaces both.
#[test]
fn two_themes_are_a_conflict_until_somebody_resolves_it() {
    let mut desk = Desk::new(2, strict(2, 1, 1));
    let theme = |name: &str| Value::Record([("theme".into(), text(name))].into());
    desk.ask(0, 1, put("config", theme("dark")));
    desk.ask(1, 2, put("config", theme("light")));
    desk.letters.clear();
    for (id, theme) in [(0, "dark"), (1, "light")] {
        assert_eq!(desk.values(id, "config"), [format!("theme {theme}")]);
    }
    desk.compare(0, 1);
    for id in [0, 1] {
        let found = desk.read(id, 3, "config");
        assert!(found.conflict);
        assert_eq!(found.values[..], [theme("dark"), theme("light")]);
        assert_eq!(found.to_string(), "conflict: theme dark | theme light");
    }
    desk.ask(1, 3, put("config", theme("dim")));
    desk.deliver_all();
    for id in [0, 1] {
        assert_eq!(desk.values(id, "config"), ["theme dim"]);
    }
}

/// Dynamo, section 4.4: what a write has read goes, what it has not read stays.
#[test]
fn a_write_replaces_what_its_client_has_read() {
    let mut desk = Desk::new(1, strict(1, 1, 1));
    desk.ask(0, 1, blind("x", text("a")));
    desk.read(0, 2, "x");
    desk.ask(0, 1, blind("x", text("b")));
    assert_eq!(
        desk.values(0, "x"),
        ["a", "b"],
        "the second writer had read nothing"
    );
    desk.ask(0, 2, put("x", text("c")));
    assert_eq!(desk.values(0, "x"), ["b", "c"], "it had read a, and not b");
    desk.read(0, 3, "x");
    desk.ask(0, 3, put("x", text("d")));
    assert_eq!(desk.values(0, "x"), ["d"]);
}

/// A client's own write is part of what it knows, where a vector can say so; and where it cannot,
/// the client does not claim what it has not read.
#[test]
fn a_client_builds_on_its_own_writes() {
    let mut desk = Desk::new(1, strict(1, 1, 1));
    desk.ask(0, 1, put("x", text("a")));
    desk.ask(0, 1, put("x", text("b")));
    assert_eq!(desk.values(0, "x"), ["b"], "it knew of a");
    desk.ask(0, 2, blind("x", text("c")));
    desk.ask(0, 2, put("x", text("d")));
    assert!(
        desk.values(0, "x").contains(&"b".to_owned()),
        "client 2 has never read b: {:?}",
        desk.values(0, "x")
    );
}

/// A deletion is a version like any other: it replaces what was read, and nothing else.
#[test]
fn a_deletion_replaces_what_was_read() {
    let mut desk = Desk::new(1, strict(1, 1, 1));
    desk.ask(0, 1, blind("x", text("a")));
    desk.read(0, 2, "x");
    desk.ask(0, 1, blind("x", text("b")));
    desk.ask(0, 2, delete("x"));
    let found = desk.read(0, 3, "x");
    assert_eq!(
        (found.values.len(), found.versions.len()),
        (1, 2),
        "b, and a tombstone"
    );
    assert!(!found.conflict, "a tombstone contradicts nobody");
    desk.ask(0, 3, delete("x"));
    let found = desk.read(0, 4, "x");
    assert!(found.values.is_empty() && found.versions.len() == 1);
}

/// The context of a read may be brought along by somebody else: that is how what a resolver has
/// returned is written.
#[test]
fn a_context_can_be_handed_on() {
    let mut desk = Desk::new(1, strict(1, 1, 1));
    desk.ask(0, 1, blind("x", text("a")));
    desk.ask(0, 1, blind("x", text("b")));
    let found = desk.read(0, 2, "x");
    let written = desk.ask(0, 77, knowing("x", text("a+b"), &found.context));
    assert!(matches!(desk.reply(written), Some(Reply::Stored(_))));
    assert_eq!(desk.values(0, "x"), ["a+b"]);
    // As JSON, as a script has it.
    let json = serde_json::to_value(&*found.context).expect("JSON");
    let again = serde_json::from_value(json).expect("a context");
    assert_eq!(*found.context, again);
}

/// Two clients that write by turns, each one step behind the other. With dots there are never more
/// than two versions; under one vector of the replica's counters there is one more with every write
/// ("sibling explosion": Preguiça et al. 2010, Almeida et al. 2014).
#[test]
fn siblings_stay_at_two_with_dots_and_grow_without() {
    let by_turns = |clocks: Clocks, writes: usize| {
        let mut desk = Desk::new(
            1,
            Options {
                clocks,
                ..strict(1, 1, 1)
            },
        );
        let mut counts = Vec::new();
        let (mut contexts, mut n) = ([None, None], 0i64);
        for turn in 0..writes {
            // One reads; the other, who has read before that, writes.
            let (reader, writer) = (turn % 2, (turn + 1) % 2);
            let found = desk.read(0, 5, "x");
            contexts[reader] = Some(std::sync::Arc::clone(&found.context));
            n += 1;
            let op = match &contexts[writer] {
                Some(context) => knowing("x", Value::Number(n), context),
                None => blind("x", Value::Number(n)),
            };
            desk.ask(0, 6, op);
            counts.push(
                desk.cores[0]
                    .item("x")
                    .map_or(0, |item| item.siblings().len()),
            );
        }
        counts
    };
    let dotted = by_turns(Clocks::Dvv, 200);
    assert!(dotted.iter().all(|count| *count <= 2), "{dotted:?}");
    assert!(dotted[10..].iter().all(|count| *count == 2), "{dotted:?}");
    let plain = by_turns(Clocks::ServerVv, 200);
    let linear: Vec<usize> = (1..=200).collect();
    assert_eq!(plain, linear, "one more with every write");
}

/// Plain vectors of clients' counters: a client that does not know of its own last write counts
/// the next one under the same number, and a replica that has the first throws the second away.
#[test]
fn a_client_that_forgets_its_own_write_loses_one() {
    let kept = |clocks: Clocks| {
        let mut desk = Desk::new(
            1,
            Options {
                clocks,
                ..strict(1, 1, 1)
            },
        );
        desk.ask(0, 1, blind("x", text("a")));
        desk.ask(0, 1, blind("x", text("b")));
        desk.values(0, "x")
    };
    assert_eq!(kept(Clocks::Dvv), ["a", "b"]);
    assert_eq!(
        kept(Clocks::ClientVv),
        ["a"],
        "b was acknowledged, and is gone"
    );
}

/// Section 4.4: vectors that are cut to a length take versions for concurrent that are not.
#[test]
fn truncated_vectors_make_false_siblings() {
    let versions = |vector_limit| {
        let mut desk = Desk::new(
            1,
            Options {
                clocks: Clocks::ClientVv,
                vector_limit,
                ..strict(1, 1, 1)
            },
        );
        for client in 0..12 {
            desk.read(0, client, "x");
            desk.ask(0, client, put("x", Value::Number(i64::from(client))));
        }
        desk.values(0, "x").len()
    };
    assert_eq!(versions(0), 1, "each had read all before it");
    assert!(versions(4) > 1);
}

fn told(desk: &Desk) -> Vec<&Milestone> {
    let overtaken = |fact: &&Milestone| matches!(fact, Milestone::Overtaken { .. });
    desk.facts
        .iter()
        .map(|(_, fact)| fact)
        .filter(overtaken)
        .collect()
}

/// The last writer wins by timestamp: by the clock of the node that took the write, whatever that
/// clock is worth. What is lost is told.
#[test]
fn the_last_writer_wins_by_its_nodes_clock() {
    let mut desk = Desk::new(
        2,
        Options {
            resolver: Resolver::Lww,
            ..strict(2, 1, 1)
        },
    );
    desk.clocks = vec![Micros::from_ms(5_000), Micros::from_ms(1_000)];
    desk.ask(0, 1, put("x", text("early, by a fast clock")));
    desk.deliver_all();
    // Client 2 has read the first value, and writes later: by a slow clock.
    desk.read(1, 2, "x");
    let late = desk.ask(1, 2, put("x", text("late, by a slow clock")));
    desk.deliver_all();
    assert!(
        matches!(desk.reply(late), Some(Reply::Stored(_))),
        "it was acknowledged"
    );
    for id in [0, 1] {
        assert_eq!(desk.values(id, "x"), ["early, by a fast clock"]);
    }
    assert_eq!(told(&desk).len(), 1, "and its loss is told once");
    desk.clocks[1] = Micros::from_ms(6_000);
    desk.ask(1, 2, put("x", text("last")));
    desk.deliver_all();
    for id in [0, 1] {
        assert_eq!(desk.values(id, "x"), ["last"]);
    }
}

/// Replicas come to the same last writer in whatever order they hear of the writes.
#[test]
fn the_last_writer_is_the_same_everywhere() {
    let mut desk = Desk::new(
        3,
        Options {
            resolver: Resolver::Lww,
            ..strict(3, 1, 1)
        },
    );
    for (id, ms) in [(0, 30), (1, 20), (2, 10)] {
        desk.clocks[id] = Micros::from_ms(ms);
        desk.ask(id, id as u32, put("x", Value::Number(ms as i64)));
    }
    let mut letters: Vec<_> = desk.hold(|_| true);
    letters.reverse();
    desk.letters = letters.into();
    desk.deliver_all();
    for id in 0..3 {
        assert_eq!(desk.values(id, "x"), ["30"]);
    }
}

/// Union and maximum are taken at each read; the versions stay until somebody writes.
#[test]
fn union_and_maximum_are_taken_by_reads() {
    let set = |items: &[&str]| Value::set(items.iter().map(|item| text(item)));
    for (resolver, values, expected) in [
        (
            Resolver::Union,
            [set(&["milk", "eggs"]), set(&["eggs", "tea"])],
            set(&["eggs", "milk", "tea"]),
        ),
        (
            Resolver::Union,
            [text("milk"), set(&["tea"])],
            set(&["milk", "tea"]),
        ),
        (
            Resolver::Max,
            [Value::Number(7), Value::Number(-3)],
            Value::Number(7),
        ),
        (
            Resolver::Max,
            [Value::Number(7), text("zebra")],
            Value::Number(7),
        ),
    ] {
        let mut desk = Desk::new(
            1,
            Options {
                resolver,
                ..strict(1, 1, 1)
            },
        );
        for value in values {
            desk.ask(0, 1, blind("x", value));
        }
        let found = desk.read(0, 2, "x");
        assert_eq!(
            (&found.values[..], found.conflict),
            (&[expected.clone()][..], false)
        );
        assert_eq!(
            desk.cores[0]
                .item("x")
                .map_or(0, |item| item.siblings().len()),
            2
        );
        desk.ask(0, 2, put("x", expected.clone()));
        assert_eq!(desk.values(0, "x"), [expected.to_string()]);
    }
}
