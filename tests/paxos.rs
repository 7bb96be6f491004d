//! The rules of Paxos, a test each: Lamport's 'Paxos Made Simple' ("Simple") and 'The Part-Time
//! Parliament' ("Parliament"), 'Flexible Paxos' ("Flexible") and 'Paxos Made Live' ("Live").
#![cfg(not(target_arch = "wasm32"))]

#[path = "paxos/desk.rs"]
mod desk;
#[path = "paxos/log.rs"]
mod log;
#[path = "paxos/made_up.rs"]
#[allow(dead_code)] // the seeds in bulk use all of it
mod made_up;
#[path = "paxos/robust.rs"]
mod robust;

use desk::{Desk, accept, accepted, ballot, node, prepare, promise, report, single, text};
use synod::protocol::paxos::{Learning, Message, Mutant, Op, Options, Reply, Timer};

/// The one answer to a message, in words.
fn answer(sent: &[Message]) -> String {
    match sent {
        [one] => one.to_string(),
        other => panic!("one answer was expected: {other:?}"),
    }
}

/// Simple, 2.2, P1a: an acceptor promises a ballot that is later than its promise, and accepts
/// unless it has promised a later one. Each step: a message, and what becomes of the acceptor.
#[test]
fn an_acceptor_keeps_its_promise() {
    let (early, late, later) = (ballot(1, 0), ballot(2, 2), ballot(3, 0));
    let vote = |ballot, value| accept(ballot, 1, text(value));
    let mut desk = Desk::new(3, single());
    for (from, message, says, is) in [
        (0, prepare(early), "Promise ballot=1.0 accepted=[]", "1.0"),
        (0, prepare(early), "Promise ballot=1.0 accepted=[]", "1.0"),
        (2, prepare(late), "Promise ballot=2.2 accepted=[]", "2.2"),
        (0, prepare(early), "Refuse ballot=1.0 promised=2.2", "2.2"),
        (0, vote(early, "A"), "Refuse ballot=1.0 promised=2.2", "2.2"),
        (
            2,
            vote(late, "B"),
            "Accepted ballot=2.2 slot=1 values=[B]",
            "2.2 B@2.2",
        ),
        (
            2,
            vote(late, "B"),
            "Accepted ballot=2.2 slot=1 values=[B]",
            "2.2 B@2.2",
        ),
        (
            0,
            prepare(later),
            "Promise ballot=3.0 accepted=[1 B@2.2]",
            "3.0 B@2.2",
        ),
        (
            2,
            vote(late, "B"),
            "Refuse ballot=2.2 promised=3.0",
            "3.0 B@2.2",
        ),
        (
            0,
            vote(later, "B"),
            "Accepted ballot=3.0 slot=1 values=[B]",
            "3.0 B@3.0",
        ),
    ] {
        let words = message.to_string();
        assert_eq!(answer(&desk.hand(from, 1, message)), says, "to {words}");
        let has = desk.accepted(1, 1).unwrap_or_default();
        let state = format!("{} {has}", desk.promised(1));
        assert_eq!(state.trim_end(), is, "after {words}");
    }
}

/// An acceptor that accepts without having been asked to promise is bound by the ballot as well.
#[test]
fn accepting_is_promising() {
    let mut desk = Desk::new(3, single());
    desk.hand(2, 1, accept(ballot(4, 2), 1, text("B")));
    assert_eq!(desk.promised(1), "4.2");
    let refused = desk.hand(0, 1, accept(ballot(4, 0), 1, text("A")));
    assert_eq!(answer(&refused), "Refuse ballot=4.0 promised=4.2");
}

/// Parliament, 2.2: ballots are pairs. Of two with the same round that of the greater node is later.
#[test]
fn ballots_of_one_round_are_told_apart() {
    let mut desk = Desk::new(3, single());
    desk.hand(0, 1, prepare(ballot(1, 0)));
    assert_eq!(
        answer(&desk.hand(2, 1, prepare(ballot(1, 2)))),
        "Promise ballot=1.2 accepted=[]"
    );
    assert_eq!(
        answer(&desk.hand(0, 1, accept(ballot(1, 0), 1, text("A")))),
        "Refuse ballot=1.0 promised=1.2"
    );
}

/// Simple, 2.5: promise and what was accepted are in stable storage.
#[test]
fn an_acceptor_remembers_over_a_crash() {
    let mut desk = Desk::new(3, single());
    desk.hand(2, 1, prepare(ballot(2, 2)));
    desk.restart(1);
    assert_eq!(
        answer(&desk.hand(0, 1, accept(ballot(1, 0), 1, text("A")))),
        "Refuse ballot=1.0 promised=2.2"
    );
    desk.hand(2, 1, accept(ballot(2, 2), 1, text("B")));
    desk.restart(1);
    assert_eq!(
        answer(&desk.hand(0, 1, prepare(ballot(3, 0)))),
        "Promise ballot=3.0 accepted=[1 B@2.2]"
    );
}

/// Simple, 2.2: a quorum of promises lets the proposer go on, and none less; the same of votes.
#[test]
fn quorums_decide_both_phases() {
    for nodes in 1..=7usize {
        for (first, second) in [(0, 0), (1, nodes as u16), (nodes as u16, 1)] {
            let options = Options {
                phase1_quorum: first,
                phase2_quorum: second,
                ..single()
            };
            let [promises, votes] = options.quorums(nodes as u16);
            for helpers in 0..nodes {
                let mut desk = Desk::new(nodes, options.clone());
                desk.propose(0, 1, "A");
                let alone = desk.cores[0].accepted(1).is_some();
                assert_eq!(alone, promises == 1, "its own promise is one");
                desk.letters.clear();
                for helper in 1..=helpers {
                    desk.hand(helper, 0, promise(ballot(1, 0), &[]));
                }
                let proposes = desk.accepted(0, 1).is_some();
                assert_eq!(proposes, helpers + 1 >= promises, "{helpers} of {nodes}");
                if helpers + 1 != nodes {
                    continue;
                }
                for voter in 1..nodes {
                    let knows = desk.chosen(0, 1).is_some();
                    assert_eq!(knows, voter >= votes, "{voter} votes of {nodes}");
                    desk.hand(voter, 0, accepted(ballot(1, 0), 1, text("A")));
                }
                assert_eq!(desk.chosen(0, 1).as_deref(), Some("A"));
            }
        }
    }
}

/// Simple, 2.2, P2c: what the acceptors of the quorum report decides what must be proposed.
#[test]
fn the_value_of_the_highest_ballot_must_be_proposed() {
    type Reports<'a> = &'a [Option<(u32, usize, &'a str)>];
    let cases: &[(Reports, &str)] = &[
        (&[None, None], "own"),
        (&[Some((1, 1, "B")), None], "B"),
        (&[None, Some((1, 1, "B"))], "B"),
        (&[Some((1, 1, "B")), Some((2, 2, "C"))], "C"),
        (&[Some((2, 2, "C")), Some((1, 1, "B"))], "C"),
        (&[Some((2, 2, "C")), Some((2, 3, "D"))], "D"),
        (&[Some((3, 1, "B")), Some((2, 4, "C"))], "B"),
        (&[Some((2, 1, "B")), Some((2, 1, "B"))], "B"),
    ];
    for (reports, expected) in cases {
        let mut desk = Desk::new(5, single());
        // It has heard of round 4, so that its own ballot is 5.0.
        desk.hand(4, 0, prepare(ballot(4, 4)));
        desk.propose(0, 1, "own");
        desk.letters.clear();
        for (acceptor, said) in reports.iter().enumerate() {
            let told = said.map(|(round, of, value)| report(1, ballot(round, of), text(value)));
            let told: Vec<_> = told.into_iter().collect();
            desk.hand(acceptor + 1, 0, promise(ballot(5, 0), &told));
        }
        let proposed = desk.accepted(0, 1);
        assert_eq!(proposed, Some(format!("{expected}@5.0")), "{reports:?}");
    }
}

/// The same message twice is one promise, and one vote.
#[test]
fn doubled_messages_count_once() {
    let mut desk = Desk::new(5, single());
    desk.propose(0, 1, "A");
    for _ in 0..3 {
        desk.hand(1, 0, promise(ballot(1, 0), &[]));
    }
    assert_eq!(desk.accepted(0, 1), None, "two promises of three");
    desk.hand(2, 0, promise(ballot(1, 0), &[]));
    assert_eq!(desk.accepted(0, 1).as_deref(), Some("A@1.0"));
    for _ in 0..3 {
        desk.hand(1, 0, accepted(ballot(1, 0), 1, text("A")));
    }
    assert_eq!(desk.chosen(0, 1), None, "two votes of three");
    desk.hand(3, 0, accepted(ballot(1, 0), 1, text("A")));
    assert_eq!(desk.chosen(0, 1).as_deref(), Some("A"));
}

/// A promise is for one ballot: those to earlier ballots do not help a later one.
#[test]
fn promises_of_an_earlier_ballot_do_not_count() {
    let mut desk = Desk::new(3, single());
    desk.propose(0, 1, "A");
    desk.fire(0, Timer::Ballot);
    assert_eq!(desk.promised(0), "2.0");
    desk.hand(1, 0, promise(ballot(1, 0), &[]));
    assert_eq!(desk.accepted(0, 1), None);
    desk.hand(1, 0, promise(ballot(2, 0), &[]));
    assert_eq!(desk.accepted(0, 1).as_deref(), Some("A@2.0"));
}

/// Parliament, 2.1: votes of different ballots do not add up, even for the same value.
#[test]
fn a_learner_counts_each_ballot_by_itself() {
    let options = Options {
        learners: Learning::Everybody,
        ..single()
    };
    let mut desk = Desk::new(5, options);
    for (voter, round, value) in [
        (0, 1, "x"),
        (1, 1, "x"),
        (2, 3, "x"),
        (1, 4, "y"),
        (3, 4, "y"),
    ] {
        desk.hand(voter, 4, accepted(ballot(round, 0), 1, text(value)));
        assert_eq!(desk.chosen(4, 1), None, "no ballot has three votes");
    }
    desk.hand(4, 4, accepted(ballot(1, 0), 1, text("x")));
    desk.hand(0, 4, accepted(ballot(4, 0), 1, text("y")));
    assert_eq!(desk.chosen(4, 1).as_deref(), Some("y"));
}

/// Simple, 2.5: a proposer never uses a ballot twice, not even over a crash.
#[test]
fn a_proposer_remembers_its_rounds_over_a_crash() {
    // Node 3 proposes and accepts nothing, so that no promise of its own reminds it.
    let options = Options {
        acceptors: 3,
        ..single()
    };
    for (mutant, round) in [(None, 2), (Some(Mutant::RoundNotPersisted), 1)] {
        let mut desk = Desk::new(
            4,
            Options {
                mutant,
                ..options.clone()
            },
        );
        desk.propose(3, 1, "A");
        desk.restart(3);
        desk.letters.clear();
        desk.propose(3, 2, "B");
        let (_, _, question) = &desk.letters[0];
        assert_eq!(*question, prepare(ballot(round, 3)), "{mutant:?}");
    }
}

/// Simple, 2.4: who is refused tries a ballot beyond the one it was refused for; with back-off
/// after a while, otherwise at once.
#[test]
fn a_refused_proposer_tries_a_higher_ballot() {
    for back_off in [true, false] {
        let mut desk = Desk::new(
            3,
            Options {
                back_off,
                ..single()
            },
        );
        desk.propose(0, 1, "A");
        desk.letters.clear();
        let refusal = Message::Refuse {
            ballot: ballot(1, 0),
            promised: ballot(7, 2),
        };
        let sent = desk.hand(1, 0, refusal.clone());
        assert_eq!(sent.len(), if back_off { 0 } else { 2 });
        if back_off {
            let wait = desk.timers[0][&Timer::Ballot].as_ms();
            assert!((10.0..=60.0).contains(&wait), "{wait}");
            assert_eq!(desk.hand(2, 0, refusal), [], "it waits already");
            desk.fire(0, Timer::Ballot);
            // The second wait is drawn from twice the span.
            let refusal = Message::Refuse {
                ballot: ballot(8, 0),
                promised: ballot(9, 2),
            };
            desk.hand(1, 0, refusal);
            let wait = desk.timers[0][&Timer::Ballot].as_ms();
            assert!((20.0..=120.0).contains(&wait), "{wait}");
        }
        assert_eq!(desk.promised(0), "8.0");
    }
}

/// A refusal is advice: with a quorum beside it the ballot goes on.
#[test]
fn one_refusal_does_not_end_a_ballot() {
    let mut desk = Desk::new(3, single());
    desk.propose(0, 1, "A");
    desk.letters.clear();
    let refusal = Message::Refuse {
        ballot: ballot(1, 0),
        promised: ballot(7, 2),
    };
    desk.hand(2, 0, refusal);
    desk.hand(1, 0, promise(ballot(1, 0), &[]));
    desk.hand(1, 0, accepted(ballot(1, 0), 1, text("A")));
    assert_eq!(desk.chosen(0, 1).as_deref(), Some("A"));
}

/// Whoever is asked proposes, and every client hears the one value that is chosen.
#[test]
fn every_client_learns_the_chosen_value() {
    let mut desk = Desk::new(5, single());
    desk.propose(0, 10, "A");
    desk.propose(0, 11, "B");
    desk.propose(3, 12, "C");
    desk.deliver_all();
    for timer in [0, 3] {
        if desk.timers[timer].contains_key(&Timer::Ballot) {
            desk.fire(timer, Timer::Ballot);
            desk.deliver_all();
        }
    }
    desk.propose(4, 13, "D");
    let first = desk.replies[0].1.clone();
    assert!(matches!(&first, Reply::Chosen(value) if ["A", "C"].contains(&&*value.to_string())));
    for client in 10..=13 {
        assert_eq!(desk.answers(client), [&first], "client {client}");
    }
    for id in 0..5 {
        assert!(desk.chosen(id, 1).is_some(), "node {id} has been told");
    }
}

/// An operation of the machine is a text like any other to single-decree Paxos.
#[test]
fn any_operation_can_be_decided_on() {
    let mut desk = Desk::new(3, single());
    desk.ask(1, 1, 1, desk::put(7));
    desk.deliver_all();
    assert_eq!(desk.chosen(2, 1).as_deref(), Some("put x 7"));
    let mut desk = Desk::new(3, Options::default());
    desk.elect(0);
    desk.ask(0, 1, 1, Op::propose("A"));
    assert!(matches!(desk.answers(1)[..], [Reply::Refused(_)]));
}

/// Simple, 2.3: a learner that was not told asks; what a node has only accepted counts as a vote.
#[test]
fn a_late_learner_asks() {
    let mut desk = Desk::new(5, single());
    desk.propose(0, 1, "A");
    desk.deliver(|(_, to, message)| *to == node(4) || matches!(message, Message::Chosen { .. }));
    assert_eq!(desk.chosen(0, 1).as_deref(), Some("A"));
    assert_eq!((desk.chosen(1, 1), desk.chosen(4, 1)), (None, None));
    // Without the proposer: three votes, heard one after the other.
    for helper in 0..3 {
        assert_eq!(desk.chosen(4, 1), None, "after {helper} answers");
        desk.fire(4, Timer::Ask);
        let Some((_, to, question)) = desk.letters.pop_front() else {
            panic!("it asks somebody");
        };
        // Node 0 has learnt it and would say so; here it is down.
        if to == node(0) {
            desk.fire(4, Timer::Ask);
            desk.deliver_all();
        } else {
            desk.hand(4, to.index(), question);
            let vote = accepted(ballot(1, 0), 1, text("A"));
            desk.hand(to.index(), 4, vote);
        }
    }
    assert_eq!(desk.chosen(4, 1).as_deref(), Some("A"));
    assert!(!desk.timers[4].contains_key(&Timer::Ask), "it knows enough");
    // Of one who knows, one answer is enough, also after a crash.
    desk.restart(0);
    let told = desk.hand(2, 0, Message::Ask { from: 1 });
    assert_eq!(answer(&told), "Chosen slot=1 values=[A]");
    desk.hand(0, 2, told[0].clone());
    assert_eq!(desk.chosen(2, 1).as_deref(), Some("A"));
}

/// A proposer that has begun a later ballot when the votes of its earlier one arrive tells the others
/// all the same: nobody else might.
#[test]
fn a_proposer_tells_of_an_earlier_ballot_too() {
    let mut desk = Desk::new(3, single());
    desk.propose(0, 1, "A");
    for (from, to) in [(0, 1), (1, 0), (0, 1)] {
        desk.pass(from, to);
    }
    desk.fire(0, Timer::Ballot);
    assert_eq!(desk.chosen(0, 1), None, "the vote of node 1 is under way");
    desk.pass(1, 0);
    assert_eq!(desk.chosen(0, 1).as_deref(), Some("A"));
    let told = desk.letters.iter();
    let told = told.filter(|(_, _, message)| matches!(message, Message::Chosen { .. }));
    let told: Vec<usize> = told.map(|(_, to, _)| to.index()).collect();
    assert_eq!(told, [1, 2]);
}

/// A decision is kept for good, whatever is said of snapshots of a log.
#[test]
fn a_single_decision_is_never_replaced_by_a_snapshot() {
    let options = Options {
        snapshot_every: 1,
        ..single()
    };
    let mut desk = Desk::new(3, options);
    desk.propose(0, 1, "A");
    desk.deliver_all();
    let chosen = Message::Chosen {
        slot: 1,
        values: text("A").into(),
    };
    for id in [0, 2] {
        desk.hand(1, id, chosen.clone());
        assert_eq!(desk.chosen(id, 1).as_deref(), Some("A"));
        assert_eq!(desk.accepted(id, 1).as_deref(), Some("A@1.0"));
    }
    desk.propose(2, 2, "B");
    assert!(matches!(desk.answers(2)[..], [Reply::Chosen(value)] if *value == text("A")));
}

/// Acceptors that know what is chosen say so in their promise, and the proposer is done.
#[test]
fn a_late_proposer_finds_what_is_chosen() {
    let mut desk = Desk::new(3, single());
    desk.propose(0, 1, "A");
    desk.deliver(|(_, to, _)| *to == node(2));
    desk.propose(2, 2, "B");
    desk.deliver_all();
    assert!(matches!(desk.answers(2)[..], [Reply::Chosen(value)] if *value == text("A")));
    assert_eq!(desk.chosen(2, 1).as_deref(), Some("A"));
}

/// Simple, 2.3: when acceptors tell everybody, everybody learns with the last vote.
#[test]
fn acceptors_may_tell_everybody() {
    let options = Options {
        learners: Learning::Everybody,
        ..single()
    };
    let mut desk = Desk::new(5, options);
    desk.propose(0, 1, "A");
    desk.deliver(|(_, _, message)| matches!(message, Message::Chosen { .. }));
    for id in 0..5 {
        assert_eq!(desk.chosen(id, 1).as_deref(), Some("A"), "node {id}");
    }
}

/// Roles: the first nodes are acceptors, and the others propose and learn all the same.
#[test]
fn a_proposer_need_not_be_an_acceptor() {
    let options = Options {
        acceptors: 3,
        ..single()
    };
    let mut desk = Desk::new(5, options);
    desk.propose(4, 1, "A");
    assert_eq!(desk.letters.len(), 3, "only acceptors are asked");
    desk.deliver_all();
    for id in 0..5 {
        assert_eq!(desk.chosen(id, 1).as_deref(), Some("A"), "node {id}");
    }
    assert_eq!(desk.accepted(3, 1), None);
    desk.ignored.clear();
    assert_eq!(desk.hand(0, 3, prepare(ballot(9, 0))), []);
    assert_eq!(desk.ignored, ["a question for an acceptor"]);
    desk.ignored.clear();
    desk.hand(3, 0, accepted(ballot(9, 0), 1, text("B")));
    assert_eq!(desk.ignored, ["a vote of a node that is no acceptor"]);
}

/// Two proposers that share a ballot: where an acceptor promises it to both, both go on with their
/// own values; where it promises it once, the second is refused, and no harm is done.
#[test]
fn shared_ballots_disagree_or_block() {
    for (repromise, values) in [(true, ["A", "B"]), (false, ["A", "A"])] {
        let options = Options {
            repromise,
            mutant: Some(Mutant::SharedBallots),
            ..single()
        };
        let mut desk = Desk::new(3, options);
        desk.propose(0, 1, "A");
        desk.propose(1, 2, "B");
        desk.deliver_all();
        for id in [0, 1] {
            if desk.timers[id].contains_key(&Timer::Ballot) {
                desk.fire(id, Timer::Ballot);
                desk.deliver_all();
            }
        }
        let learnt = [0, 1].map(|id| desk.chosen(id, 1).expect("both are answered"));
        assert_eq!(learnt, values, "promising again: {repromise}");
    }
}
