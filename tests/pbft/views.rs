//! View changes (sections 4.4 and 4.5.2).

use crate::desk::{Desk, id, is, kind, macs, node, put};
use std::sync::Arc;
use synod::base::Micros;
use synod::protocol::pbft::{Message, Milestone, NewView, Options, Sealed, Timer, Way};

fn both() -> [Options; 2] {
    [Options::default(), macs()]
}

fn views(desk: &Desk) -> Vec<(u64, bool)> {
    let cores = desk.cores.iter();
    cores
        .map(|core| (core.view_number(), core.is_active()))
        .collect()
}

/// The digests that a new view begins with, by number.
fn chosen(desk: &Desk, view: u64) -> Vec<(u64, bool)> {
    let found = desk.letters.iter().find_map(|letter| match &letter.2 {
        Message::NewView(sealed) if sealed.body().view == view => Some(Arc::clone(sealed)),
        _ => None,
    });
    let sealed = found.expect("a new view is under way");
    let orders = sealed.body().pre_prepares.iter().map(|order| order.body());
    orders
        .map(|order| (order.seq, order.request.is_some()))
        .collect()
}

/// Section 4.4: a silent primary is left by those who wait for it, and the next one goes on.
#[test]
fn a_silent_primary_is_replaced() {
    for options in both() {
        for replicas in [2, 4, 5, 7, 10] {
            let mut desk = Desk::new(replicas, options.clone());
            desk.conduct(0, &[Way::Silent]);
            for replica in 0..replicas {
                desk.ask(replica, 0, 1, put("x", 1));
            }
            desk.deliver_all();
            assert_eq!(desk.executed(), vec![0; replicas]);
            for replica in 1..replicas {
                if desk.timers[replica].contains_key(&Timer::ViewChange) {
                    desk.fire(replica, Timer::ViewChange);
                }
            }
            desk.deliver_all();
            if replicas == 2 {
                // Two replicas bear no fault.
                assert_eq!(desk.executed(), [0, 0]);
                continue;
            }
            assert_eq!(desk.executed()[1..], vec![1; replicas - 1], "{replicas}");
            assert!(
                views(&desk).iter().all(|view| *view == (1, true)),
                "{replicas}"
            );
        }
    }
}

/// Section 4.4: "a backup starts a timer when it receives a request and the timer is not already
/// running. It stops the timer when it is no longer waiting to execute the request, but restarts it
/// if at that point it is waiting to execute some other request". The primary has none.
#[test]
fn the_timer_runs_for_one_request_at_a_time() {
    let mut desk = Desk::new(4, macs());
    let runs = |desk: &Desk, id: usize| desk.timers[id].contains_key(&Timer::ViewChange);
    desk.ask(2, 0, 1, put("x", 1));
    assert!(runs(&desk, 2));
    desk.ask(2, 1, 1, put("y", 1));
    let (first, second): (Vec<_>, Vec<_>) =
        desk.hold(|_| true)
            .into_iter()
            .partition(|letter| match &letter.2 {
                Message::Relay(request) => request.id().client == 0,
                _ => false,
            });
    // The second is done first: the timer goes on for the one that it was set for.
    desk.timers[2].insert(Timer::ViewChange, Micros(1));
    desk.letters.extend(second);
    desk.deliver_all();
    assert_eq!(desk.timers[2].get(&Timer::ViewChange), Some(&Micros(1)));
    desk.letters.extend(first);
    desk.deliver_all();
    assert_eq!(desk.executed(), [2; 4]);
    assert!((0..4).all(|id| !runs(&desk, id)));
    desk.ask(0, 0, 2, put("x", 2));
    assert!(!runs(&desk, 0));
}

/// Section 4.5.2: time-outs double from view to view until a request is executed; the timer for a
/// view to begin runs once 2f + 1 want it.
#[test]
fn time_outs_double() {
    let mut desk = Desk::new(4, macs());
    let patience = |desk: &Desk, id: usize| desk.timers[id].get(&Timer::ViewChange).copied();
    let first = desk.options.view_timeout;
    for id in 1..4 {
        desk.ask(id, 0, 1, put("x", 1));
        assert_eq!(patience(&desk, id), Some(first));
    }
    desk.letters.clear();
    for (times, doubled) in [1, 2, 4, 8, 16].into_iter().enumerate() {
        for id in 1..4 {
            desk.fire(id, Timer::ViewChange);
        }
        assert_eq!(
            patience(&desk, 1),
            None,
            "not before others want the view too"
        );
        // No new view ever begins.
        desk.deliver(|letter| is(letter, &["NewView"]) || letter.0 == node(0));
        if desk.cores[(times + 1) % 4].is_active() {
            assert_eq!(views(&desk)[(times + 1) % 4], (times as u64 + 1, true));
        }
        let waits = (1..4).filter(|id| !desk.cores[*id].is_active());
        for id in waits {
            assert_eq!(
                patience(&desk, id),
                Some(Micros(first.0 * doubled)),
                "{times} {id}"
            );
        }
        // The primary of the view that nobody hears of gives up too.
        for id in 1..4 {
            desk.timers[id]
                .entry(Timer::ViewChange)
                .or_insert(Micros(0));
        }
        if desk
            .cores
            .iter()
            .any(|core| core.is_active() && core.view_number() > 0)
        {
            break;
        }
    }
    // Once something is done patience is what it was.
    let mut desk = Desk::new(4, macs());
    desk.conduct(0, &[Way::Silent]);
    for id in 0..4 {
        desk.ask(id, 0, 1, put("x", 1));
    }
    desk.deliver_all();
    (1..4).for_each(|id| desk.fire(id, Timer::ViewChange));
    desk.deliver_all();
    desk.ask(2, 0, 2, put("x", 2));
    assert_eq!(patience(&desk, 2), Some(first));
}

/// Section 4.5.2: f + 1 who want later views are joined, at the smallest view that they want; f are
/// not.
#[test]
fn f_plus_one_others_are_joined() {
    for options in both() {
        let mut desk = Desk::new(7, options);
        for id in [4, 5, 6] {
            desk.ask(id, 0, 1, put("x", 1));
            desk.fire(id, Timer::ViewChange);
        }
        let first: Vec<_> = desk.hold(|letter| letter.1 == node(2) && is(letter, &["ViewChange"]));
        let [a, b, c] = &first[..] else {
            panic!("three view changes to node 2");
        };
        for (letter, expected) in [(a, (0, true)), (b, (0, true)), (c, (1, false))] {
            desk.hand(2, letter.2.clone());
            assert_eq!(views(&desk)[2], expected);
        }
    }
}

/// Section 4.4: what may have been executed keeps its number; a number between that nobody
/// prepared gets the null request, which does nothing.
#[test]
fn a_new_view_keeps_what_was_prepared() {
    for options in both() {
        let mut desk = Desk::new(4, options);
        for client in 0..3 {
            desk.ask(0, client, 1, put("x", i64::from(client)));
        }
        // Numbers 1 and 3 are prepared, number 2 is heard of by nobody.
        desk.deliver(|letter| match &letter.2 {
            Message::PrePrepare(sealed) => sealed.body().seq == 2,
            _ => is(letter, &["Commit"]),
        });
        assert_eq!(desk.executed(), [0; 4]);
        (1..4).for_each(|id| desk.fire(id, Timer::ViewChange));
        while !desk.letters.iter().any(|letter| is(letter, &["NewView"])) {
            let (from, to, message) = desk.letters.pop_front().expect("a new view comes");
            desk.input(to.index(), synod::base::Input::Message { from, message });
        }
        assert_eq!(chosen(&desk, 1), [(1, true), (2, false), (3, true)]);
        desk.deliver_all();
        // The request that lost its number is passed on by the old primary, and gets the next.
        assert_eq!(desk.executed(), [4; 4]);
        let mut values = desk.cores.iter().map(|core| core.machine().value("x"));
        assert!(values.all(|value| value == Some(1)));
    }
}

/// Section 4.4: a new view starts from the newest stable checkpoint among its view changes, and a
/// backup that has not come so far asks for the state.
#[test]
fn a_new_view_starts_from_the_newest_checkpoint() {
    for options in both() {
        let options = Options {
            checkpoint_interval: 2,
            window: 4,
            ..options
        };
        let mut desk = Desk::new(4, options);
        for serial in 1..=5 {
            desk.ask(0, 0, serial, put("x", serial as i64));
            desk.deliver(|letter| letter.1 == node(3));
        }
        assert_eq!(
            (desk.executed(), desk.cores[2].low()),
            (vec![5, 5, 5, 0], 4)
        );
        for id in 1..4 {
            desk.ask(id, 1, 1, put("y", 1));
        }
        desk.letters.clear();
        (1..4).for_each(|id| desk.fire(id, Timer::ViewChange));
        desk.deliver_all();
        assert!(views(&desk).iter().all(|view| *view == (1, true)));
        assert_eq!(desk.said(3, "state_fetched"), 1);
        assert_eq!(
            desk.executed(),
            [6; 4],
            "number 5 is agreed on again, and done once"
        );
        assert_eq!(desk.cores[3].machine(), desk.cores[1].machine());
    }
}

/// Section 4.4: a backup computes the set O itself and enters no view that drops what was prepared.
#[test]
fn backups_compute_the_new_view_again() {
    for options in both() {
        let mut desk = Desk::new(4, options);
        desk.conduct(1, &[Way::LieViewChange]);
        desk.ask(0, 0, 1, put("x", 1));
        desk.deliver(|letter| is(letter, &["Commit"]));
        [1, 2, 3]
            .into_iter()
            .for_each(|id| desk.fire(id, Timer::ViewChange));
        desk.deliver_all();
        assert_eq!(desk.said(2, "new_view_refused"), 1);
        assert!(!desk.cores[2].is_active() && !desk.cores[3].is_active());
        // The next primary does better.
        [0, 2, 3]
            .into_iter()
            .for_each(|id| desk.fire(id, Timer::ViewChange));
        desk.deliver_all();
        assert_eq!(
            (desk.cores[2].view_number(), desk.cores[2].executed()),
            (2, 1)
        );
        assert_eq!(desk.cores[2].machine().value("x"), Some(1));
    }
}

/// Section 4.4: with signatures a view change has to prove what it says. One that does not is of no
/// use, and makes nobody ignore those that do (as in concord-bft, pull request 50).
#[test]
fn view_changes_prove_what_they_say() {
    let mut desk = Desk::new(4, Options::default());
    desk.ask(3, 1, 1, put("x", 2));
    desk.letters.clear();
    desk.conduct(3, &[Way::LieViewChange, Way::Forge]);
    desk.ask(0, 0, 1, put("x", 1));
    desk.deliver(|letter| is(letter, &["Commit"]));
    (1..4).for_each(|id| desk.fire(id, Timer::ViewChange));
    desk.deliver_all();
    assert!(
        desk.ignored
            .contains(&"a view change whose proofs do not hold")
    );
    assert_eq!(desk.cores[1].view_number(), 1);
    let first = desk.facts.iter().find_map(|(who, fact)| match fact {
        Milestone::Executed(done) if *who == node(1) => Some((done.seq, done.request)),
        _ => None,
    });
    assert_eq!(
        first,
        Some((1, Some(id(0, 1)))),
        "the others' view changes count"
    );
}

/// A new view needs view changes of a quorum of different replicas, and its own primary.
#[test]
fn a_new_view_needs_a_quorum_and_its_primary() {
    for options in both() {
        let mut desk = Desk::new(4, options);
        for id in 1..4 {
            desk.ask(id, 0, 1, put("x", 1));
        }
        desk.letters.clear();
        (1..4).for_each(|id| desk.fire(id, Timer::ViewChange));
        desk.deliver(|letter| is(letter, &["NewView"]));
        let of = |desk: &Desk, signer: usize, count: usize, twice: bool| {
            let mut changes: Vec<_> = Vec::new();
            for id in 1..=count {
                changes.push(
                    desk.cores[id]
                        .own_view_change()
                        .expect("it has left view 0"),
                );
            }
            if twice {
                changes.push(Arc::clone(&changes[0]));
            }
            let new_view = NewView {
                view: 1,
                changes,
                pre_prepares: Vec::new(),
            };
            Message::NewView(Arc::new(Sealed::to_all(
                &desk.keys(),
                node(signer),
                new_view,
            )))
        };
        for (message, active) in [
            (of(&desk, 2, 3, false), false),
            (of(&desk, 1, 2, false), false),
            (of(&desk, 1, 2, true), false),
            (of(&desk, 1, 3, false), true),
        ] {
            desk.hand(3, message);
            assert_eq!(desk.cores[3].is_active(), active);
        }
    }
}

/// With MACs (Castro and Liskov 2002): a view change whose code holds for some alone is used once
/// enough of the others say that they have had it, and a backup for which it does not hold asks
/// them.
#[test]
fn with_macs_others_vouch_for_view_changes() {
    let mut desk = Desk::new(4, macs());
    for id in 1..4 {
        desk.ask(id, 0, 1, put("x", 1));
    }
    desk.letters.clear();
    (1..4).for_each(|id| desk.fire(id, Timer::ViewChange));
    let acks = |desk: &Desk| {
        desk.letters
            .iter()
            .filter(|letter| kind(&letter.2) == "ViewChangeAck")
            .count()
    };
    // Node 2 hears nothing of node 3's view change, as if its code did not hold there.
    desk.deliver(|letter| {
        let of_three = letter.0 == node(3) && is(letter, &["ViewChange"]);
        (of_three && letter.1 == node(2)) || is(letter, &["ViewChangeAck"])
    });
    assert!(
        !desk.cores[1].is_active(),
        "nobody vouches for any of them yet"
    );
    // They say it again when they are asked.
    desk.fire(1, Timer::Status);
    desk.fire(1, Timer::Status);
    desk.deliver(|letter| {
        is(letter, &["ViewChange"]) && letter.1 == node(2) && letter.0 == node(3)
    });
    assert_eq!(acks(&desk), 0);
    assert!(
        desk.cores[1].is_active(),
        "node 0 vouches for node 3's, and both for the rest"
    );
    assert!(
        desk.cores[2].is_active(),
        "f + 1 have told it that they had node 3's"
    );
    desk.deliver_all();
    assert_eq!(desk.cores[2].executed(), 1);
}
