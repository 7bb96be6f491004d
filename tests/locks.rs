//! The lock manager's rules, one by one, on a table of locks without a cluster around it.
#![cfg(not(target_arch = "wasm32"))]

#[path = "locks/desk.rs"]
mod desk;
#[path = "locks/detector.rs"]
mod detector;

use desk::{Desk, json, op};
use synod::base::{ClientId, Micros, RequestId};
use synod::protocol::locks::{COUNT_MAX, LockOp, LockOutput, Mode, Options};
use synod::protocol::machine::{Outcome, StateMachine};

const SHARE: &str = r#"{"acquire": ["a", {"mode": "shared"}]}"#;
const ALONE: &str = r#"{"acquire": ["a"]}"#;
const RELEASE: &str = r#"{"release": ["a"]}"#;

fn desk() -> Desk {
    Desk::new(Options::default())
}

fn holders(desk: &Desk, name: &str) -> Vec<ClientId> {
    let lock = desk.table().lock(name);
    let holds = lock.iter().flat_map(|lock| &lock.holders);
    holds.map(|hold| hold.client).collect()
}

fn queue(desk: &Desk, name: &str) -> Vec<ClientId> {
    let lock = desk.table().lock(name);
    let waiters = lock.iter().flat_map(|lock| lock.queue.values());
    waiters.map(|waiter| waiter.client).collect()
}

#[test]
fn one_holds_it_alone_or_many_share_it() {
    let mut desk = desk();
    desk.granted(0, SHARE);
    desk.granted(1, SHARE);
    assert_eq!(desk.told(2, ALONE), "waits");
    assert_eq!(holders(&desk, "a"), [0, 1]);
    desk.ask(0, RELEASE);
    assert_eq!(desk.served(), []);
    desk.ask(1, RELEASE);
    assert_eq!(desk.served(), [(2, 3)]);
    assert_eq!(desk.told(0, SHARE), "waits");
    desk.ask(2, RELEASE);
    assert_eq!(holders(&desk, "a"), [0]);
    desk.ask(0, RELEASE);
    assert!(
        desk.table().lock("a").is_none(),
        "a lock that nobody holds is forgotten"
    );
}

#[test]
fn who_comes_first_is_served_first_and_nobody_overtakes() {
    let mut desk = desk();
    desk.granted(0, SHARE);
    for (client, how) in [(1, ALONE), (2, SHARE), (3, SHARE), (4, ALONE), (5, SHARE)] {
        assert_eq!(desk.told(client, how), "waits", "client {client}");
    }
    assert_eq!(queue(&desk, "a"), [1, 2, 3, 4, 5]);
    desk.ask(0, RELEASE);
    assert_eq!(desk.served(), [(1, 2)]);
    desk.ask(1, RELEASE);
    assert_eq!(desk.served(), [(2, 3), (3, 4)], "two share it at once");
    desk.ask(3, RELEASE);
    assert_eq!(desk.served(), []);
    desk.ask(2, RELEASE);
    assert_eq!(desk.served(), [(4, 5)]);
    desk.ask(4, RELEASE);
    assert_eq!(desk.served(), [(5, 6)]);
}

#[test]
fn what_is_acquired_twice_is_released_twice() {
    let mut desk = desk();
    let token = desk.granted(0, ALONE);
    assert_eq!(desk.told(1, ALONE), "waits");
    for count in 2..=3 {
        let expected = format!(
            r#"{{"granted":{{"lock":"a","mode":"exclusive","token":{token},"count":{count},"ttl_ms":1000.0,"session":1}}}}"#
        );
        assert_eq!(
            desk.told(0, ALONE),
            expected,
            "the same grant, past the queue"
        );
    }
    for left in [2, 1] {
        let expected = format!(r#"{{"released":{{"lock":"a","left":{left}}}}}"#);
        assert_eq!(desk.told(0, RELEASE), expected);
        assert_eq!(desk.served(), []);
    }
    desk.ask(0, RELEASE);
    assert_eq!(desk.served(), [(1, 2)]);
    for _ in 1..COUNT_MAX {
        desk.granted(1, ALONE);
    }
    assert_eq!(desk.told(1, ALONE), r#"{"refused":"too_deep"}"#);
}

#[test]
fn one_that_shares_it_may_want_it_alone() {
    let mut desk = desk();
    desk.granted(0, SHARE);
    assert_eq!(
        desk.granted(0, ALONE),
        2,
        "a sole holder, at once and under a new token"
    );
    desk.ask(0, RELEASE);
    desk.ask(0, RELEASE);
    desk.granted(0, SHARE);
    desk.granted(1, SHARE);
    assert_eq!(
        desk.told(2, SHARE.replace("shared", "exclusive").as_str()),
        "waits"
    );
    assert_eq!(desk.told(0, ALONE), "waits");
    assert_eq!(
        queue(&desk, "a"),
        [0, 2],
        "before those that do not hold it"
    );
    assert_eq!(
        desk.granted(1, SHARE),
        4,
        "one that shares it already does not wait to share it"
    );
    desk.ask(1, RELEASE);
    desk.ask(1, RELEASE);
    assert_eq!(desk.served(), [(0, 5)]);
    let hold = *desk
        .table()
        .lock("a")
        .and_then(|lock| lock.hold_of(0))
        .expect("it holds it");
    assert_eq!((hold.mode, hold.count), (Mode::Exclusive, 2));
}

#[test]
fn tokens_grow_over_all_locks() {
    let mut desk = desk();
    let tokens: Vec<u64> = ["a", "b", "a", "c", "a"]
        .iter()
        .map(|name| {
            let token = desk.granted(0, &format!(r#"{{"acquire": ["{name}"]}}"#));
            desk.ask(0, &format!(r#"{{"release": ["{name}", {token}]}}"#));
            token
        })
        .collect();
    assert_eq!(tokens, [1, 2, 3, 4, 5]);
}

#[test]
fn a_wait_ends_when_its_time_is_up_and_only_that_one() {
    let mut desk = desk();
    desk.granted(0, ALONE);
    assert_eq!(
        desk.told(1, r#"{"acquire": ["a", {"timeout_ms": 100}]}"#),
        "waits"
    );
    assert_eq!(desk.told(2, ALONE), "waits");
    desk.propose(&LockOp::EndWait {
        client: 1,
        serial: 7,
    });
    assert_eq!(queue(&desk, "a"), [1, 2], "of another request");
    desk.propose(&LockOp::EndWait {
        client: 1,
        serial: 1,
    });
    assert_eq!(queue(&desk, "a"), [2]);
    assert_eq!(json(&desk.answers[0].1), r#"{"refused":"timed_out"}"#);
    desk.propose(&LockOp::EndWait {
        client: 1,
        serial: 1,
    });
    assert_eq!(desk.answers.len(), 1, "it is over already");
    // One that waits behind somebody whose wait ends may be next.
    assert_eq!(
        desk.told(0, RELEASE),
        r#"{"released":{"lock":"a","left":0}}"#
    );
    desk.answers.clear();
    desk.ask(2, RELEASE);
    desk.granted(0, SHARE);
    assert_eq!(desk.told(1, ALONE), "waits");
    assert_eq!(desk.told(2, SHARE), "waits");
    desk.propose(&LockOp::EndWait {
        client: 1,
        serial: 2,
    });
    assert_eq!(holders(&desk, "a"), [0, 2]);
}

#[test]
fn a_session_ends_with_all_that_it_held() {
    let mut desk = desk();
    desk.granted(0, ALONE);
    desk.granted(0, r#"{"acquire": ["b"]}"#);
    assert_eq!(desk.told(1, ALONE), "waits");
    assert_eq!(desk.told(2, r#"{"acquire": ["b"]}"#), "waits");
    let old = desk.table().session(0).map_or(0, |session| session.renewed);
    desk.ask(0, r#""renew""#);
    desk.propose(&LockOp::Expire {
        client: 0,
        renewed: old,
    });
    assert_eq!(holders(&desk, "a"), [0], "it was renewed since");
    desk.expire(0);
    assert_eq!(
        desk.served(),
        [(1, 3), (2, 4)],
        "in the order in which they were granted"
    );
    for text in [RELEASE, r#""renew""#, r#"{"release": ["b", 2]}"#] {
        assert_eq!(desk.told(0, text), r#"{"refused":"expired"}"#, "{text}");
    }
    assert_eq!(desk.told(0, ALONE), "waits");
    let session = desk.table().session(0).expect("a new one");
    assert!(!session.expired && session.holds.is_empty());
    // What waits goes with the session, too.
    desk.expire(0);
    assert!(queue(&desk, "a").is_empty());
    assert_eq!(json(&desk.answers[0].1), r#"{"refused":"expired"}"#);
}

#[test]
fn a_request_is_done_once_however_often_it_is_asked() {
    let mut desk = desk();
    let id = |client, serial| RequestId { client, serial };
    desk.granted(0, ALONE);
    let token = |outcome: Outcome<LockOutput>| match outcome {
        Outcome::Repeated(LockOutput::Granted { token, count, .. }) => (token, count),
        other => panic!("{other:?}"),
    };
    assert_eq!(token(desk.apply(id(0, 1), &op(ALONE))), (1, 1));
    assert_eq!(desk.told(1, ALONE), "waits");
    let again = desk.apply(id(1, 1), &op(ALONE));
    assert_eq!(again, Outcome::Later { again: true });
    assert_eq!(queue(&desk, "a"), [1], "one place in the queue");
    desk.ask(0, RELEASE);
    assert_eq!(desk.served(), [(1, 2)]);
    assert_eq!(
        token(desk.apply(id(1, 1), &op(ALONE))),
        (2, 1),
        "the answer is kept"
    );
    // A release that comes late, again, frees nothing of what was granted since.
    desk.ask(1, RELEASE);
    desk.granted(2, ALONE);
    let late = desk.apply(id(0, 2), &op(RELEASE));
    assert!(
        matches!(late, Outcome::Repeated(LockOutput::Released { .. })),
        "{late:?}"
    );
    assert_eq!(holders(&desk, "a"), [2]);
}

#[test]
fn one_that_asks_for_something_else_waits_no_more() {
    let mut desk = desk();
    desk.granted(0, ALONE);
    assert_eq!(desk.told(1, ALONE), "waits");
    assert_eq!(
        desk.told(1, r#"{"read": "x"}"#),
        r#"{"value":{"value":null,"token":0}}"#
    );
    assert!(queue(&desk, "a").is_empty());
    desk.ask(0, RELEASE);
    assert!(desk.answers.is_empty() && desk.table().lock("a").is_none());
}

/// Who asks what, when clients 0 and 1 hold a and b and the session of client 2 is over, and why it is
/// refused.
fn refusals() -> Vec<(ClientId, String, &'static str)> {
    let long = "n".repeat(65);
    vec![
        (9, RELEASE.to_owned(), r#"{"not_holder":{"holder":0}}"#),
        (1, RELEASE.to_owned(), r#"{"not_holder":{"holder":0}}"#),
        (0, r#"{"release": ["zzz"]}"#.to_owned(), r#""not_held""#),
        (
            0,
            r#"{"release": ["a", 99]}"#.to_owned(),
            r#"{"other_token":{"token":1}}"#,
        ),
        (9, r#""renew""#.to_owned(), r#""no_session""#),
        (2, r#""renew""#.to_owned(), r#""expired""#),
        (2, r#"{"release": ["c"]}"#.to_owned(), r#""expired""#),
        (
            0,
            r#"{"write": ["r", 1, 10]}"#.to_owned(),
            r#"{"old_token":{"newest":2}}"#,
        ),
        (0, r#"{"write": ["r", 0, 10]}"#.to_owned(), r#""no_token""#),
        (
            0,
            r#"{"acquire": [""]}"#.to_owned(),
            r#"{"bad_name":{"bytes":0}}"#,
        ),
        (
            0,
            format!(r#"{{"acquire": ["{long}"]}}"#),
            r#"{"bad_name":{"bytes":65}}"#,
        ),
        (
            0,
            format!(r#"{{"write": ["{long}", 1, 1]}}"#),
            r#"{"bad_name":{"bytes":65}}"#,
        ),
        (
            0,
            r#"{"acquire": ["x", {"ttl_ms": 0}]}"#.to_owned(),
            r#"{"bad_ttl":{"ttl_ms":0.0}}"#,
        ),
        (
            0,
            r#"{"acquire": ["x", {"ttl_ms": 3600001}]}"#.to_owned(),
            r#"{"bad_ttl":{"ttl_ms":3600001.0}}"#,
        ),
    ]
}

#[test]
fn what_cannot_be_done_is_refused_in_words_and_changes_nothing() {
    let mut desk = desk();
    desk.granted(0, ALONE);
    desk.granted(1, r#"{"acquire": ["b"]}"#);
    desk.ask(1, r#"{"write": ["r", 2, 20]}"#);
    desk.ask(2, r#"{"acquire": ["c"]}"#);
    desk.expire(2);
    for (client, text, expected) in refusals() {
        let before = desk.table().clone();
        let told = desk.told(client, &text);
        assert_eq!(
            told,
            format!(r#"{{"refused":{expected}}}"#),
            "client {client}: {text}"
        );
        assert_eq!(*desk.table(), before, "client {client}: {text}");
    }
}

#[test]
fn what_nobody_may_ask_is_refused() {
    let mut desk = desk();
    desk.granted(0, ALONE);
    assert_eq!(
        desk.told(3, r#"{"try_acquire": ["a"]}"#),
        r#"{"refused":"busy"}"#
    );
    assert!(queue(&desk, "a").is_empty());
    for operation in [
        LockOp::Expire {
            client: 0,
            renewed: 1,
        },
        LockOp::EndWait {
            client: 0,
            serial: 1,
        },
    ] {
        let id = RequestId {
            client: 7,
            serial: desk.index,
        };
        let outcome = desk.apply(id, &operation);
        let Outcome::New(output) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(json(&output), r#"{"refused":"not_for_clients"}"#);
    }
    for text in [
        r#"{"expire": {"client": 0, "renewed": 1}}"#,
        r#"{"acquire": "a"}"#,
        r#"{"acquire": ["a", {"mode": "greedy"}]}"#,
        r#"{"acquire": ["a", {"ttl": 5}]}"#,
        r#"{"acquire": ["a", {"ttl_ms": -1}]}"#,
        r#"{"write": ["a", -1, 5]}"#,
        r#"{"grab": ["a"]}"#,
    ] {
        assert!(serde_json::from_str::<LockOp>(text).is_err(), "{text}");
    }
}

#[test]
fn the_fence_looks_at_the_token_alone() {
    for fencing in [true, false] {
        let mut desk = Desk::new(Options {
            fencing,
            ..Options::default()
        });
        desk.granted(0, ALONE);
        desk.expire(0);
        desk.granted(1, ALONE);
        // Nobody has written under the newer token yet: the resource cannot know of it.
        assert_eq!(
            desk.told(0, r#"{"write": ["r", 1, 10]}"#),
            r#"{"written":{"token":1}}"#
        );
        assert_eq!(
            desk.told(1, r#"{"write": ["r", 2, 20]}"#),
            r#"{"written":{"token":2}}"#
        );
        let late = desk.told(0, r#"{"write": ["r", 1, 11]}"#);
        let (expected, value) = if fencing {
            (r#"{"refused":{"old_token":{"newest":2}}}"#, 20)
        } else {
            (r#"{"written":{"token":1}}"#, 11)
        };
        assert_eq!(late, expected);
        let read = format!(r#"{{"value":{{"value":{value},"token":2}}}}"#);
        assert_eq!(desk.told(1, r#"{"read": "r"}"#), read);
    }
}

#[test]
fn a_leader_counts_from_when_it_sees_and_says_so_once() {
    let mut desk = desk();
    desk.granted(0, ALONE);
    assert_eq!(
        desk.told(1, r#"{"acquire": ["a", {"timeout_ms": 300}]}"#),
        "waits"
    );
    let mut clocks = Default::default();
    assert_eq!(
        desk.due(&mut clocks, 5_000),
        [""; 0],
        "a new leader has seen nothing yet"
    );
    assert_eq!(desk.due(&mut clocks, 5_299), [""; 0]);
    assert_eq!(desk.due(&mut clocks, 5_300), ["end wait of c1"]);
    assert_eq!(desk.due(&mut clocks, 5_350), [""; 0], "that is in the log");
    desk.table().hear(&mut clocks, 1, Micros::from_ms(5_900));
    desk.ask(0, r#""renew""#);
    assert_eq!(desk.due(&mut clocks, 5_999), [""; 0]);
    assert_eq!(
        desk.due(&mut clocks, 6_898),
        [""; 0],
        "client 0 was renewed, client 1 was heard"
    );
    assert_eq!(desk.due(&mut clocks, 6_900), ["expire c1"]);
    assert_eq!(desk.due(&mut clocks, 6_999), ["expire c0"]);
    let mut next = Default::default();
    assert_eq!(
        desk.due(&mut next, 9_000),
        [""; 0],
        "the next leader begins anew"
    );
    assert_eq!(desk.due(&mut next, 9_300), ["end wait of c1"]);
    assert_eq!(desk.due(&mut next, 9_999), [""; 0]);
    assert_eq!(desk.due(&mut next, 10_000), ["expire c0", "expire c1"]);
}

#[test]
fn a_clone_is_a_snapshot() {
    let mut desk = desk();
    for client in 0..200 {
        desk.granted(client, &format!(r#"{{"acquire": ["l{client}"]}}"#));
    }
    let kept = desk.table().clone();
    let written = serde_json::to_value(&kept).expect("JSON");
    for client in 0..200 {
        desk.ask(client, &format!(r#"{{"release": ["l{client}"]}}"#));
        desk.ask(client, &format!(r#"{{"acquire": ["m{client}"]}}"#));
    }
    assert_ne!(*desk.table(), kept);
    assert_eq!(serde_json::to_value(&kept).expect("JSON"), written);
    assert_eq!(kept.lock_count(), 200);
}
