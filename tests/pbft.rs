//! The rules of Castro and Liskov's papers, a test each.
#![cfg(not(target_arch = "wasm32"))]

#[path = "pbft/any_order.rs"]
mod any_order;
#[path = "pbft/clients.rs"]
mod clients;
#[path = "pbft/counts.rs"]
mod counts;
#[path = "pbft/desk.rs"]
mod desk;
#[path = "pbft/floods.rs"]
mod floods;
#[path = "pbft/liars.rs"]
mod liars;
#[path = "pbft/views.rs"]
mod views;
#[path = "pbft/windows.rs"]
mod windows;

use desk::{Desk, id, is, kinds, macs, node, put};
use std::sync::Arc;
use synod::base::quorum::{byzantine_faults, byzantine_quorum};
use synod::protocol::pbft::{
    Digest, Message, Options, Party, Phase, PrePrepare, Request, Sealed, Timer,
};

/// Section 4.2: a backup takes a pre-prepare if the signatures hold, the digest is the request's,
/// the view is its own, it has taken no other for the number, and the number lies between the
/// watermarks.
#[test]
fn pre_prepares_are_taken_as_section_4_2_says() {
    for options in [Options::default(), macs()] {
        let desk = || Desk::new(4, options.clone());
        let one = desk().request(0, 1, put("x", 1));
        let other = desk().request(1, 1, put("x", 2));
        let order = |sender, view, seq| desk().order(sender, view, seq, &one);
        let with = |digest: Digest, request: Option<&Arc<Request>>| {
            let order = PrePrepare {
                view: 0,
                seq: 1,
                digest,
                request: request.map(Arc::clone),
            };
            let sealed = Sealed::to_all(&desk().keys(), node(0), order);
            Message::PrePrepare(Arc::new(sealed))
        };
        let made_up = Request::forged(&desk().keys(), node(0), id(0, 1), put("x", 3));
        let made_up = Arc::new(made_up);
        for (message, dropped) in [
            (order(0, 0, 1), None),
            (order(0, 0, 20), None),
            (order(0, 0, 21), Some("a number outside the window")),
            (order(0, 0, 0), Some("a number that cannot be")),
            (
                order(2, 0, 1),
                Some("a pre-prepare that is not the primary's"),
            ),
            (order(3, 0, 1), Some("a message in its own name")),
            (
                with(other.digest(), Some(&one)),
                Some("a digest that is not the request's"),
            ),
            (
                with(made_up.digest(), Some(&made_up)),
                Some("a request that its client did not sign"),
            ),
            (
                with(Digest::NULL, None),
                Some("a null request that no new view asks for"),
            ),
        ] {
            let mut desk = desk();
            let said = desk.hand(3, message.clone());
            match dropped {
                None => assert_eq!(kinds(&said), ["Prepare"], "{message}"),
                Some(reason) => {
                    assert_eq!(said, [], "{message}");
                    assert!(desk.dropped(reason), "{message}: {:?}", desk.ignored);
                }
            }
        }
        // The same again changes nothing, another request is refused and told.
        let mut desk = desk();
        desk.hand(3, order(0, 0, 1));
        assert_eq!(desk.hand(3, order(0, 0, 1)), []);
        let second = desk.order(0, 0, 1, &other);
        assert_eq!(desk.hand(3, second), []);
        assert!(desk.dropped("a second request for a number that one has"));
        assert_eq!(desk.said(3, "conflict"), 1);
    }
}

/// Section 4.2: prepared needs the pre-prepare and 2f prepares of different backups that match,
/// the replica's own among them; committed-local 2f + 1 commits besides. For every n.
#[test]
fn certificates_need_their_quorums() {
    for replicas in 1..=31 {
        let quorum = byzantine_quorum(replicas);
        let mut desk = Desk::new(replicas, macs());
        let request = desk.request(0, 1, put("x", 1));
        let me = replicas - 1;
        if me == 0 {
            desk.ask(0, 0, 1, put("x", 1));
            assert_eq!(
                (desk.said(0, "committed"), desk.executed()),
                (1, vec![1]),
                "alone"
            );
            continue;
        }
        let order = desk.order(0, 0, 1, &request);
        desk.hand(me, order);
        // Its own prepare is one.
        for sender in 1..quorum - 1 {
            assert_eq!(desk.said(me, "prepared"), 0, "{sender} of {replicas}");
            let prepare = desk.vote(sender, Phase::Prepare, 0, 1, &request);
            desk.hand(me, prepare.clone());
            desk.hand(me, prepare);
        }
        assert_eq!(desk.said(me, "prepared"), 1, "{replicas}");
        // Its own commit is one.
        for sender in 0..quorum - 1 {
            assert_eq!(desk.said(me, "committed"), 0, "{sender} of {replicas}");
            let commit = desk.vote(sender, Phase::Commit, 0, 1, &request);
            desk.hand(me, commit.clone());
            desk.hand(me, commit);
        }
        assert_eq!(desk.said(me, "committed"), 1, "{replicas}");
        assert_eq!(desk.cores[me].executed(), 1);
        assert!(quorum > 2 * byzantine_faults(replicas));
    }
}

/// Votes for another digest, of the primary's own, or with a proof that does not hold count for
/// nothing; those that come before the pre-prepare count with it.
#[test]
fn votes_count_only_where_they_match() {
    for options in [Options::default(), macs()] {
        let mut desk = Desk::new(4, options);
        let request = desk.request(0, 1, put("x", 1));
        let other = desk.request(1, 1, put("x", 2));
        let early = desk.vote(2, Phase::Prepare, 0, 1, &request);
        desk.hand(3, early);
        let wrong = desk.vote(1, Phase::Prepare, 0, 1, &other);
        desk.hand(3, wrong);
        let of_primary = desk.vote(0, Phase::Prepare, 0, 1, &request);
        desk.hand(3, of_primary);
        assert!(desk.dropped("a prepare of the primary"));
        assert_eq!(desk.said(3, "prepared"), 0);
        let order = desk.order(0, 0, 1, &request);
        desk.hand(3, order);
        assert_eq!(
            desk.said(3, "prepared"),
            1,
            "node 2's prepare was there before"
        );
        assert_eq!(desk.said(3, "conflict"), 1, "node 1 has another request");
        for sender in [0, 1] {
            let Message::Vote(commit) = desk.vote(sender, Phase::Commit, 0, 1, &request) else {
                unreachable!("a vote");
            };
            desk.hand(3, Message::Vote(Arc::new(commit.spoilt())));
        }
        assert_eq!(desk.said(3, "committed"), 0, "their proofs do not hold");
        for sender in [0, 1] {
            let commit = desk.vote(sender, Phase::Commit, 0, 1, &request);
            desk.hand(3, commit);
        }
        assert_eq!(desk.said(3, "committed"), 1);
    }
}

/// Section 3: who sent a message is what its proof says, not what the network says. A replica's
/// signature holds for all; its code for one replica holds for that one alone.
#[test]
fn nobody_speaks_in_the_name_of_another() {
    for (options, reason) in [
        (Options::default(), "a signature that does not hold"),
        (macs(), "an authenticator that does not hold"),
    ] {
        let mut desk = Desk::new(4, options.clone());
        let request = desk.request(0, 1, put("x", 1));
        let vote = synod::protocol::pbft::Vote {
            phase: Phase::Prepare,
            view: 0,
            seq: 1,
            digest: request.digest(),
        };
        let forged = Sealed::forged(&desk.keys(), node(1), node(2), vote);
        desk.hand(3, Message::Vote(Arc::new(forged)));
        assert!(desk.dropped(reason));
        let keys = desk.keys();
        let to_two = Sealed::to_one(&keys, node(1), Party::Replica(node(2)), vote);
        assert!(to_two.holds(&keys, Party::Replica(node(2))));
        let signed = options == Options::default();
        assert_eq!(to_two.holds(&keys, Party::Replica(node(3))), signed);
        // What was said at one number is not said at another.
        let true_one = Sealed::to_all(&keys, node(1), vote);
        let other = Sealed::to_all(
            &keys,
            node(1),
            synod::protocol::pbft::Vote { seq: 2, ..vote },
        );
        assert_ne!(true_one.content(), other.content());
    }
}

/// Section 4.2: requests are executed in the order of their numbers, and the client is answered by
/// every replica.
#[test]
fn execution_follows_the_numbers() {
    let mut desk = Desk::new(4, macs());
    desk.ask(0, 0, 1, put("x", 1));
    desk.ask(0, 1, 1, put("x", 2));
    let first = desk.hold(|letter| match &letter.2 {
        Message::PrePrepare(sealed) => sealed.body().seq == 1,
        _ => false,
    });
    desk.deliver_all();
    assert_eq!(desk.executed(), [0; 4], "number 2 waits for number 1");
    assert_eq!(desk.said(3, "committed"), 1);
    desk.letters.extend(first);
    desk.deliver_all();
    assert_eq!(desk.executed(), [2; 4]);
    assert_eq!(desk.replies.len(), 8);
    assert!(
        desk.cores
            .iter()
            .all(|core| core.machine().value("x") == Some(2))
    );
}

/// A replica writes down what it says: after a crash it says nothing else.
#[test]
fn promises_outlive_a_crash() {
    let mut desk = Desk::new(4, Options::default());
    let request = desk.request(0, 1, put("x", 1));
    let other = desk.request(1, 1, put("x", 2));
    let order = desk.order(0, 0, 1, &request);
    desk.hand(3, order);
    desk.restart(3);
    let second = desk.order(0, 0, 1, &other);
    desk.hand(3, second);
    assert!(desk.dropped("a second request for a number that one has"));
    assert!(
        desk.timers[3].contains_key(&Timer::ViewChange),
        "it still waits for the request"
    );
    // The primary gives no number twice either.
    desk.ask(0, 0, 1, put("x", 1));
    desk.restart(0);
    desk.letters.clear();
    desk.ask(0, 1, 1, put("x", 2));
    let numbers = desk.letters.iter().filter_map(|letter| match &letter.2 {
        Message::PrePrepare(sealed) => Some(sealed.body().seq),
        _ => None,
    });
    assert!(numbers.clone().all(|seq| seq == 2) && numbers.count() == 3);
}

/// What gets lost is sent again on being asked, and where nothing is lost nobody asks.
#[test]
fn lost_messages_are_sent_again() {
    for lost in [
        &["PrePrepare"][..],
        &["Prepare"],
        &["Commit"],
        &["Prepare", "Commit"],
    ] {
        let mut desk = Desk::new(4, macs());
        desk.ask(0, 0, 1, put("x", 1));
        desk.deliver(|letter| letter.1 == node(3) && is(letter, lost));
        assert_eq!(desk.executed(), [1, 1, 1, 0], "{lost:?}");
        desk.ask(3, 0, 1, put("x", 1));
        assert!(desk.timers[3].contains_key(&Timer::Status));
        desk.fire(3, Timer::Status);
        desk.deliver_all();
        assert_eq!(desk.executed(), [1; 4], "{lost:?}");
    }
    let mut desk = Desk::new(4, macs());
    desk.work(1, 5);
    assert_eq!(desk.executed(), [5; 4]);
    for replica in 0..4 {
        if desk.timers[replica].contains_key(&Timer::Status) {
            desk.fire(replica, Timer::Status);
        }
        assert!(desk.letters.is_empty(), "node {replica} asks for nothing");
        assert!(!desk.timers[replica].contains_key(&Timer::Status));
    }
}
