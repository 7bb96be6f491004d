//! Handing leadership over, leases, and protecting a leader that works (thesis, 3.10, 4.2.3, 6.2, 6.4).

use super::desk::{Desk, Letter, Message, ask_vote, at, get, granted, node, put};
use synod::base::Micros;
use synod::protocol::machine::KvOutput;
use synod::protocol::raft::{Admin, Ask, Op, Options, Reads, Reply, Timer};

/// Thesis, section 3.10: leadership is handed over within a few messages.
#[test]
fn leadership_is_handed_over() {
    let mut desk = Desk::new(
        3,
        Options {
            check_quorum: true,
            ..Options::default()
        },
    );
    desk.elect(0);
    desk.ask(0, 9, 1, Op::Admin(Admin::Transfer(node(2))));
    desk.deliver_all();
    assert!(desk.cores[2].is_leader() && !desk.cores[0].is_leader());
}

/// A cluster whose leader 0 has told node 2 to take over; that letter is held back.
fn handing_over(options: Options) -> (Desk, Letter) {
    let mut desk = Desk::new(3, options);
    desk.elect(0);
    desk.ask(0, 9, 1, Op::Admin(Admin::Transfer(node(2))));
    let mut told = desk.hold(|letter| matches!(letter.2, Message::TimeoutNow { .. }));
    let told = told.pop().expect("its log is the leader's already");
    desk.deliver_all();
    (desk, told)
}

/// Thesis, section 3.10: a transfer is done when the node that was asked for leads, and not
/// whenever the leader stops leading.
#[test]
fn a_transfer_is_done_when_the_node_leads_that_was_asked_for() {
    let check_quorum = Options {
        check_quorum: true,
        ..Options::default()
    };
    // Somebody else stands for election.
    let (mut desk, _) = handing_over(Options::default());
    desk.hand(1, 0, ask_vote(2, at(0, 0)));
    assert!(!desk.cores[0].is_leader());
    let ask_there = Reply::NotLeader(Some(node(2)));
    assert_eq!(desk.answers(9), [&ask_there]);
    // The leader is alone.
    let (mut desk, _) = handing_over(check_quorum);
    for _ in 0..2 {
        desk.fire(0, Timer::Quorum);
    }
    assert!(!desk.cores[0].is_leader());
    assert_eq!(desk.answers(9), [&ask_there]);
    // The node lags behind, so that it has not been told.
    let mut desk = Desk::new(3, Options::default());
    desk.elect(0);
    desk.ask(0, 1, 1, put("x", 1));
    desk.ask(0, 9, 1, Op::Admin(Admin::Transfer(node(2))));
    desk.hand(1, 0, ask_vote(2, at(0, 0)));
    assert_eq!(desk.answers(9), [&Reply::NotLeader(None)]);
    // It succeeds; the client asks there, as it is told to.
    let (mut desk, told) = handing_over(Options::default());
    desk.letters.push_back(told);
    desk.deliver_all();
    assert_eq!(desk.answers(9), [&ask_there]);
    desk.ask(2, 9, 1, Op::Admin(Admin::Transfer(node(2))));
    assert_eq!(desk.answers(9)[1], &Reply::Changed);
}

/// Thesis, sections 6.4.1 and 3.10: every voter lets the election through that a TimeoutNow asks
/// for, and that may arrive long after the transfer was given up.
#[test]
fn there_is_no_lease_once_somebody_was_told_to_take_over() {
    let lease = Options {
        reads: Reads::Lease,
        ..Options::default()
    };
    let (mut desk, told) = handing_over(lease.clone());
    desk.fire(0, Timer::Transfer);
    assert!(matches!(desk.answers(9)[..], [Reply::Refused(_)]));
    desk.fire(0, Timer::Heartbeat);
    desk.deliver_all();
    // All in the same moment, by perfect clocks.
    let campaign = desk.hand(0, 2, told.2);
    desk.letters.extend(campaign);
    let cut_off = |(from, to, _): &Letter| from.index() == 0 || to.index() == 0;
    desk.deliver(cut_off);
    assert!(desk.cores[2].is_leader() && desk.cores[0].is_leader());
    desk.ask(2, 4, 1, put("x", 5));
    desk.deliver(cut_off);
    assert_eq!(desk.answers(4).len(), 1);
    desk.ask(0, 5, 1, get("x"));
    assert_eq!(desk.answers(5), [&Reply::Done(KvOutput::Value(None)); 0]);
    // A transfer that is given up before that is harmless.
    let mut desk = Desk::new(3, lease);
    desk.elect(0);
    desk.ask(0, 1, 1, put("x", 1));
    desk.letters.clear();
    desk.ask(0, 9, 1, Op::Admin(Admin::Transfer(node(2))));
    desk.fire(0, Timer::Transfer);
    desk.fire(0, Timer::Heartbeat);
    desk.deliver_all();
    desk.ask(0, 5, 1, get("x"));
    assert_eq!(desk.answers(5), [&Reply::Done(KvOutput::Value(Some(1)))]);
}

/// Thesis, section 4.2.3: nobody helps to depose a leader that was heard within the least election
/// timeout, unless that leader has asked for it.
#[test]
fn a_leader_that_is_heard_is_protected() {
    let protecting = [
        Options {
            check_quorum: true,
            ..Options::default()
        },
        Options {
            reads: Reads::Lease,
            ..Options::default()
        },
    ];
    for options in protecting {
        let least = options.election_timeout[0];
        let mut desk = Desk::new(3, options);
        desk.elect(0);
        let last = desk.cores[1].log().last();
        for id in [0, 1] {
            assert!(desk.hand(2, id, ask_vote(7, last)).is_empty());
            assert_eq!(desk.cores[id].term(), 1, "not even the term is taken");
        }
        let asked_for = Message::RequestVote(Ask {
            term: 2,
            last,
            transfer: true,
        });
        assert!(granted(&desk.hand(2, 1, asked_for)));
        desk.now += least;
        assert!(granted(&desk.hand(2, 1, ask_vote(7, last))));
    }
    let mut desk = Desk::new(3, Options::default());
    desk.elect(0);
    let last = desk.cores[1].log().last();
    assert!(granted(&desk.hand(2, 1, ask_vote(7, last))), "an option");
}

/// Thesis, section 6.4.1: a lease may rest on what a voter has forgotten by a crash, so it waits as
/// if it had just heard from that leader.
#[test]
fn a_lease_that_was_forgotten_is_waited_out() {
    let lease = Options {
        reads: Reads::Lease,
        ..Options::default()
    };
    let least = lease.election_timeout[0];
    let mut desk = Desk::new(3, lease);
    desk.elect(0);
    desk.restart(1);
    let last = desk.cores[1].log().last();
    assert!(desk.hand(2, 1, ask_vote(2, last)).is_empty());
    assert_eq!(desk.cores[1].term(), 1);
    desk.now += least;
    assert!(granted(&desk.hand(2, 1, ask_vote(2, last))));
}

/// Thesis, section 9.6: a pre-vote looks at the candidate's log as a vote does.
#[test]
fn pre_votes_go_to_logs_that_are_up_to_date() {
    for (last, expected) in [
        (at(1, 1), false),
        (at(1, 9), false),
        (at(2, 1), false),
        (at(2, 2), true),
        (at(3, 1), true),
    ] {
        let mut desk = Desk::new(
            3,
            Options {
                pre_vote: true,
                ..Options::default()
            },
        );
        desk.give_log(1, 2, &[1, 2]);
        desk.now += Micros::from_ms(400);
        let ask = Message::PreVote(Ask {
            term: 5,
            last,
            transfer: false,
        });
        let answer = desk.hand(0, 1, ask);
        let vote = match &answer[..] {
            [(_, _, Message::PreVoteReply(vote))] => vote.granted,
            other => panic!("one answer was expected: {other:?}"),
        };
        assert_eq!(vote, expected, "candidate's {last:?}");
        assert_eq!(desk.cores[1].term(), 2, "no term is raised");
    }
}
