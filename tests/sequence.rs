//! The replicated text, rule by rule, on a desk where every message is in sight.
#![cfg(not(target_arch = "wasm32"))]

#[path = "sequence/desk.rs"]
mod desk;

use desk::Desk;
use synod::base::{Chance, Core, Draws, Micros, NodeId, RequestId, Wire};
use synod::protocol::sequence::{
    Delete, Insert, Message, Milestone, Mutant, Op, Options, Refusal, Reply, Sequence, Way,
    name_of, node_of, shown_name,
};

fn typed(text: &str) -> Op {
    Op::Insert(Insert {
        at: None,
        text: text.into(),
    })
}

fn erased(len: u32) -> Op {
    Op::Delete(Delete { at: None, len })
}

fn done(len: u32, cursor: u32) -> Reply {
    Reply::Done { len, cursor }
}

fn without(mutant: Mutant) -> Options {
    Options {
        mutant: Some(mutant),
        ..Options::default()
    }
}

#[test]
fn an_edit_is_made_at_once_and_told_to_all() {
    let mut desk = Desk::new(3, Options::default());
    desk.insert(0, 0, "Hi");
    assert_eq!(desk.text(0), "Hi");
    assert_eq!(desk.letters.len(), 2, "one to each other");
    assert_eq!(desk.letters[0].2.to_string(), "Edits +“Hi”@0:0");
    assert_eq!(desk.letters[0].2.epoch(), 1, "the author's colour");
    desk.deliver_all();
    assert_eq!([desk.text(1), desk.text(2)], ["Hi", "Hi"]);
    assert!(desk.letters.is_empty(), "what was told is not passed on");
    assert_eq!(desk.found, []);
}

#[test]
fn without_push_edits_travel_by_comparing_alone() {
    let options = Options {
        push: false,
        ..Options::default()
    };
    let mut desk = Desk::new(2, options);
    desk.insert(0, 0, "Hi");
    assert!(desk.letters.is_empty());
    // Whichever of the two asks: what is lacking is pulled, or pushed.
    desk.compare(1);
    desk.deliver_all();
    assert_eq!(desk.text(1), "Hi");
    desk.insert(1, 2, "!");
    desk.compare(1);
    desk.deliver_all();
    assert_eq!(desk.text(0), "Hi!");
    let took = |(_, fact): &(usize, Milestone)| {
        matches!(
            fact,
            Milestone::Took {
                way: Way::Repair,
                ..
            }
        )
    };
    assert_eq!(desk.facts.iter().filter(|fact| took(fact)).count(), 2);
    assert_eq!(desk.found, []);
}

#[test]
fn comparing_sends_exactly_what_is_lacking() {
    let mut desk = Desk::new(2, Options::default());
    desk.insert(0, 0, "abc");
    desk.deliver_all();
    desk.insert(0, 3, "def");
    desk.insert(1, 0, "x");
    desk.letters.clear();
    desk.compare(0);
    let (from, to, message) = desk.letters.pop_front().expect("a question");
    assert_eq!((from, to), (0, 1));
    assert_eq!(message.to_string(), "Summary {0:6}");
    desk.hand(0, 1, message);
    let (_, _, answer) = desk.letters.pop_front().expect("an answer");
    assert_eq!(answer.to_string(), "SummaryReply {0:3, 1:1} +“x”@1:0");
    desk.hand(1, 0, answer);
    let (_, _, rest) = desk.letters.pop_front().expect("the rest");
    assert_eq!(rest.to_string(), "Repair +“def”@0:3");
    desk.hand(0, 1, rest);
    assert!(desk.letters.is_empty());
    assert_eq!([desk.text(0), desk.text(1)], ["xabcdef", "xabcdef"]);
    // Who knows the same is told so, once.
    desk.compare(0);
    desk.deliver_all();
    desk.compare(0);
    desk.deliver_all();
    assert_eq!(
        desk.kinds(0).iter().filter(|kind| **kind == "even").count(),
        1
    );
}

#[test]
fn what_comes_early_waits_and_what_comes_again_is_dropped() {
    let mut desk = Desk::new(3, Options::default());
    desk.insert(0, 0, "e");
    let late = desk.letters.remove(1).expect("to node 2");
    desk.deliver_all();
    desk.delete(1, 0, 1);
    desk.deliver_all();
    assert_eq!(desk.kinds(2), ["waits"]);
    assert_eq!(desk.nodes[2].document().held_back(), 1);
    assert!(!desk.nodes[2].known().covers(desk.nodes[1].known()));
    for _ in 0..2 {
        desk.hand(late.0, late.1, late.2.clone());
    }
    assert_eq!(desk.kinds(2), ["waits", "took", "knew"]);
    assert_eq!([desk.text(0), desk.text(1), desk.text(2)], ["", "", ""]);
    assert_eq!(desk.nodes[2].known(), desk.nodes[1].known());
    assert_eq!(desk.found, []);
}

#[test]
fn cursors_hold_on_to_letters() {
    let mut desk = Desk::new(2, Options::default());
    assert_eq!(desk.ask(0, 7, typed("world")), done(5, 5));
    assert_eq!(
        desk.ask(0, 7, Op::Move(99)),
        done(5, 5),
        "the end at the most"
    );
    assert_eq!(desk.ask(0, 7, Op::Move(2)), done(5, 2));
    desk.deliver_all();
    desk.insert(1, 0, "hello ");
    desk.deliver_all();
    assert_eq!(desk.ask(0, 7, typed("_")), done(12, 9));
    assert_eq!(desk.text(0), "hello wo_rld");
    assert_eq!(desk.ask(0, 7, erased(2)), done(10, 7));
    assert_eq!(desk.text(0), "hello wrld");
    // Another client's cursor was never moved: it is at the end. Erasing stops at the start.
    assert_eq!(desk.ask(0, 8, typed("!")), done(11, 11));
    assert_eq!(desk.ask(0, 8, erased(400)), done(0, 0));
    let letters = desk.letters.len();
    assert_eq!(desk.ask(0, 8, erased(1)), done(0, 0), "nothing to erase");
    assert_eq!(desk.letters.len(), letters, "and nothing to tell");
    assert_eq!(desk.found, []);
}

#[test]
fn what_reaches_beyond_the_text_is_refused() {
    let mut desk = Desk::new(1, Options::default());
    desk.insert(0, 0, "abc");
    let at = Some(4);
    let refused = |end| Reply::Refused(Refusal::BeyondEnd { end, len: 3 });
    let text = "x".into();
    assert_eq!(desk.ask(0, 1, Op::Insert(Insert { at, text })), refused(4));
    let (at, len) = (Some(1), u32::MAX);
    assert_eq!(
        desk.ask(0, 1, Op::Delete(Delete { at, len })),
        refused(4_294_967_296)
    );
    assert_eq!(desk.text(0), "abc");
    assert_eq!(desk.ask(0, 1, Op::Read), Reply::Text("abc".into()));
}

#[test]
fn a_retry_is_answered_and_not_carried_out_again() {
    let mut desk = Desk::new(1, Options::default());
    let id = |serial| RequestId { client: 5, serial };
    let first = desk.ask_as(0, id(1), typed("ab"));
    assert_eq!(desk.ask_as(0, id(1), typed("ab")), first);
    // After a crash too: what was answered is on the disk.
    desk.restart(0, false);
    assert_eq!(desk.ask_as(0, id(1), typed("ab")), first);
    assert_eq!(desk.text(0), "ab");
    desk.ask_as(0, id(2), typed("c"));
    let ignored = desk.ignored.len();
    desk.replies.push(done(0, 0));
    assert_eq!(
        desk.ask_as(0, id(1), typed("ab")),
        done(0, 0),
        "nobody answers"
    );
    assert_eq!(desk.ignored.len(), ignored + 1);
    assert_eq!(desk.text(0), "abc");
}

#[test]
fn undo_takes_back_ones_own_and_leaves_others_deletions() {
    let mut desk = Desk::new(2, Options::default());
    desk.insert(1, 0, "a very long day");
    desk.deliver_all();
    desk.delete(0, 2, 5);
    desk.delete(1, 2, 5);
    desk.deliver_all();
    desk.ask(0, 1, Op::Undo);
    desk.deliver_all();
    assert_eq!([desk.text(0), desk.text(1)], ["a long day", "a long day"]);
    desk.ask(1, 1, Op::Undo);
    desk.deliver_all();
    assert_eq!(desk.text(0), "a very long day");
    assert_eq!(desk.found, []);
}

#[test]
fn a_crash_keeps_document_and_name_and_a_lost_disk_neither() {
    let mut desk = Desk::new(2, Options::default());
    desk.insert(0, 0, "abc");
    desk.now = Micros::from_ms(700);
    desk.restart(0, false);
    assert_eq!(desk.text(0), "abc");
    let name = desk.nodes[0].document().name();
    assert_eq!(
        (name, shown_name(name)),
        (name_of(NodeId(0), Micros::ZERO), "0".into())
    );
    assert!(!desk.kinds(0).contains(&"reborn"));
    desk.deliver_all();
    desk.restart(0, true);
    assert_eq!(desk.text(0), "");
    let name = desk.nodes[0].document().name();
    assert_eq!(
        (node_of(name), shown_name(name)),
        (NodeId(0), "0@700.000".into())
    );
    desk.insert(0, 0, "x");
    desk.compare(0);
    desk.deliver_all();
    assert_eq!(desk.text(0), desk.text(1));
    assert_eq!(desk.text(0).len(), 4);
    assert_eq!(desk.found, []);
}

#[test]
fn garbage_and_strangers_change_nothing() {
    let mut desk = Desk::new(3, Options::default());
    desk.insert(0, 0, "abc");
    desk.deliver_all();
    let before = desk.nodes[1].known().clone();
    let mut luck = Draws::new(Chance::from_seed(3));
    for n in 0..2_000 {
        desk.hand(
            if n % 2 == 0 { 0 } else { 9 },
            1,
            Message::garbage(&mut luck),
        );
    }
    assert_eq!(desk.ignored.len(), 2_000);
    assert_eq!(
        (desk.text(1).as_str(), desk.nodes[1].known()),
        ("abc", &before)
    );
    assert!(desk.letters.is_empty());
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let path =
        |options: &Options| Sequence::check_options(options, 3).map_err(|misfit| misfit.path);
    assert_eq!(path(&Options::default()), Ok(()));
    let mut options = Options {
        anti_entropy: Micros(500),
        ..Options::default()
    };
    assert_eq!(path(&options), Err("anti_entropy_ms".into()));
    options.anti_entropy = Micros::ZERO;
    assert_eq!(path(&options), Ok(()));
    options.push = false;
    assert_eq!(path(&options), Err("push".into()));
}

#[test]
fn an_operation_that_is_none_is_refused_with_its_place() {
    for (op, path) in [
        (r#"{ "insert": { "at": 0, "text": "" } }"#, "insert.text"),
        (r#"{ "insert": { "at": -1, "text": "a" } }"#, "insert.at"),
        (r#"{ "delete": { "at": 0, "len": 0 } }"#, "delete.len"),
        (r#"{ "delete": { "at": 0 } }"#, "delete"),
        (r#"{ "erase": 1 }"#, ""),
    ] {
        let text = format!(
            r#"{{ "protocol": "sequence", "script": [{{ "at_ms": 1, "do": "request", "node": 0, "op": {op} }}] }}"#
        );
        let read = synod::scenario::Scenario::parse(&text);
        let error = read.expect_err(op);
        let place = format!("script[0].op.{path}");
        assert!(
            error.path.starts_with(place.trim_end_matches('.')),
            "{error:?}"
        );
        assert!(
            !error.found.is_empty() && !error.expected.is_empty(),
            "{error:?}"
        );
    }
}

/// What each mutant does to the smallest case that its rule is for; with the rule, nothing is found.
#[test]
fn each_rule_left_out_breaks_its_own_invariant() {
    type Case = fn(&mut Desk);
    let together: Case = |desk| {
        desk.insert(0, 0, "a");
        desk.insert(1, 0, "b");
        desk.deliver_all();
    };
    let cases: [(Mutant, &str, Case); 5] = [
        (
            Mutant::TiesByArrival,
            "strong eventual consistency",
            together,
        ),
        (
            Mutant::VersionOverwritten,
            "exactness of versions",
            |desk| {
                desk.insert(0, 0, "a");
                desk.insert(1, 0, "b");
                desk.letters.clear();
                desk.compare(0);
                desk.deliver_all();
            },
        ),
        (Mutant::AppliedTwice, "exactness of versions", |desk| {
            desk.insert(0, 0, "a");
            let letter = desk.letters[0].clone();
            desk.letters.push_back(letter);
            desk.deliver_all();
        }),
        (Mutant::ReusedName, "uniqueness of names", |desk| {
            desk.insert(0, 0, "a");
            desk.now = Micros::from_ms(1);
            desk.restart(0, true);
            desk.insert(0, 0, "b");
        }),
        (
            Mutant::TombstonesDropped,
            "intention of insertions",
            |desk| {
                desk.insert(1, 0, "ab");
                desk.deliver_all();
                desk.delete(1, 1, 1);
                desk.insert(0, 2, "c");
                desk.deliver_all();
            },
        ),
    ];
    for (mutant, invariant, case) in cases {
        let mut desk = Desk::new(2, without(mutant));
        case(&mut desk);
        let names = <<Sequence as Core>::Invariants as synod::base::Monitor<Sequence>>::NAMES;
        let found = desk.found.iter().map(|found| names[found.invariant]);
        assert!(
            found.clone().any(|name| name == invariant),
            "{mutant:?}: {:?}",
            desk.found
        );
        let mut whole = Desk::new(2, Options::default());
        case(&mut whole);
        assert_eq!(whole.found, [], "{mutant:?}");
    }
}
