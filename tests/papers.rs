//! The rules of Ongaro and Ousterhout's Figure 2, and of Ongaro's thesis, a test each.
#![cfg(not(target_arch = "wasm32"))]

#[path = "papers/desk.rs"]
mod desk;
#[path = "papers/leadership.rs"]
mod leadership;
#[path = "papers/members.rs"]
mod members;
#[path = "papers/snapshots.rs"]
mod snapshots;

use desk::{Desk, Letter, Message, append, ask_vote, at, entries, get, granted, node, put};
use synod::base::{Chance, Context, Core, Draws, Effect, Effects, Input, Micros, Wire};
use synod::protocol::machine::KvOutput;
use synod::protocol::raft::{AppendResult, Ask, KvRaft, Options, Reads, Reply, Timer};

fn result(letters: &[Letter]) -> AppendResult {
    match letters {
        [(_, _, Message::AppendEntriesReply(reply))] => reply.result,
        other => panic!("one answer was expected: {other:?}"),
    }
}

/// RequestVote, receiver 2, and section 5.4.1: at least as up to date as the voter's log, by the
/// last term first and by length then.
#[test]
fn votes_go_to_logs_that_are_up_to_date() {
    for (own, last, expected) in [
        (&[][..], at(0, 0), true),
        (&[][..], at(1, 1), true),
        (&[1], at(0, 0), false),
        (&[1], at(1, 1), true),
        (&[1], at(1, 2), true),
        (&[1, 1], at(1, 1), false),
        (&[1, 1, 1], at(2, 1), true),
        (&[1, 2], at(1, 9), false),
        (&[2], at(3, 1), true),
        (&[1, 3], at(2, 7), false),
        (&[1, 3], at(3, 2), true),
    ] {
        let mut desk = Desk::new(3, Options::default());
        desk.give_log(1, 2, own);
        let answer = desk.hand(0, 1, ask_vote(5, last));
        assert_eq!(
            granted(&answer),
            expected,
            "log {own:?}, candidate's {last:?}"
        );
        assert_eq!(
            desk.cores[1].term(),
            5,
            "a higher term is taken either way (section 5.1)"
        );
    }
}

/// RequestVote, receiver 1 and 2: one vote a term, first come first served, kept over a restart.
#[test]
fn a_vote_is_given_once_a_term() {
    let mut desk = Desk::new(5, Options::default());
    assert!(granted(&desk.hand(0, 4, ask_vote(2, at(0, 0)))));
    assert!(
        granted(&desk.hand(0, 4, ask_vote(2, at(0, 0)))),
        "the same candidate may ask again"
    );
    assert!(!granted(&desk.hand(1, 4, ask_vote(2, at(0, 0)))));
    desk.restart(4);
    assert!(
        !granted(&desk.hand(1, 4, ask_vote(2, at(0, 0)))),
        "the vote is on the disk"
    );
    assert!(
        !granted(&desk.hand(1, 4, ask_vote(1, at(9, 9)))),
        "the term is old"
    );
    assert!(granted(&desk.hand(1, 4, ask_vote(3, at(0, 0)))));
}

/// Candidates, section 5.2: votes from a majority make a leader.
#[test]
fn elections_are_won_by_a_majority() {
    for nodes in 1..=7usize {
        for votes in 1..=nodes {
            let mut desk = Desk::new(nodes, Options::default());
            desk.fire(0, Timer::Election);
            desk.deliver(|(_, to, _)| to.index() >= votes);
            assert_eq!(
                desk.cores[0].is_leader(),
                votes > nodes / 2,
                "{votes} of {nodes}"
            );
        }
    }
}

/// The same answer twice is one vote.
#[test]
fn a_doubled_vote_counts_once() {
    let mut desk = Desk::new(5, Options::default());
    desk.fire(0, Timer::Election);
    let ask = ask_vote(1, at(0, 0));
    let vote = desk.hand(0, 1, ask).remove(0).2;
    for _ in 0..3 {
        desk.hand(1, 0, vote.clone());
    }
    assert!(!desk.cores[0].is_leader(), "two voters of five");
}

/// AppendEntries, receiver 1 to 5, and section 5.3.
#[test]
fn appends_are_taken_or_refused_as_figure_2_says() {
    let taken = |matched| Some(matched);
    for (own, term, prev, new, after, expected) in [
        (&[][..], 1, at(0, 0), &[1, 1][..], &[1, 1][..], taken(2)),
        (&[], 1, at(1, 1), &[1], &[], None),
        (&[1, 1], 2, at(1, 2), &[2], &[1, 1, 2], taken(3)),
        (&[1, 1], 2, at(2, 2), &[2], &[1, 1], None),
        (&[1, 1, 1], 2, at(1, 1), &[2], &[1, 2], taken(2)),
        (&[1, 1, 1], 1, at(1, 1), &[1], &[1, 1, 1], taken(2)),
        (&[1, 1, 1], 1, at(0, 0), &[], &[1, 1, 1], taken(0)),
        (&[1, 1, 2], 3, at(1, 1), &[1, 3, 3], &[1, 1, 3, 3], taken(4)),
        (&[4], 3, at(0, 0), &[3], &[4], None),
        (&[1], 1, at(1, 5), &[1], &[1], None),
    ] {
        let mut desk = Desk::new(3, Options::default());
        desk.give_log(1, 0, own);
        let answer = desk.hand(0, 1, append(term, prev, 0, &entries(new)));
        let found = match result(&answer) {
            AppendResult::Accepted { matched } => Some(matched),
            AppendResult::Refused { .. } => None,
        };
        assert_eq!(
            found, expected,
            "log {own:?}, term {term}, {prev:?} {new:?}"
        );
        assert_eq!(
            desk.terms(1),
            after,
            "log {own:?}, term {term}, {prev:?} {new:?}"
        );
    }
}

/// AppendEntries, receiver 5: commit up to the last new entry at most.
#[test]
fn followers_commit_what_they_have_been_sent() {
    let mut desk = Desk::new(3, Options::default());
    desk.give_log(1, 0, &[1, 1, 1]);
    desk.hand(2, 1, append(2, at(1, 1), 9, &[]));
    assert_eq!(
        desk.cores[1].commit(),
        1,
        "the rest of its log may not be the leader's"
    );
    desk.hand(2, 1, append(2, at(1, 1), 9, &entries(&[2])));
    assert_eq!((desk.cores[1].commit(), desk.terms(1)), (2, vec![1, 2]));
}

/// Figure 7: a leader of term 8 brings six logs into line, whatever they hold.
#[test]
fn the_six_logs_of_figure_7_are_repaired() {
    let leader = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
    let followers: [&[u64]; 6] = [
        &[1, 1, 1, 4, 4, 5, 5, 6, 6],
        &[1, 1, 1, 4],
        &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
        &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
        &[1, 1, 1, 4, 4, 4, 4],
        &[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
    ];
    for fast_backtrack in [true, false] {
        let mut desk = Desk::new(
            7,
            Options {
                fast_backtrack,
                ..Options::default()
            },
        );
        desk.give_log(0, 1, &leader);
        for (place, log) in followers.iter().enumerate() {
            desk.give_log(place + 1, 0, log);
        }
        // The candidate of the figure has seen term 7 and stands in term 8.
        desk.hand(1, 0, append(7, at(6, 10), 0, &[]));
        desk.fire(0, Timer::Election);
        desk.deliver_all();
        assert!(desk.cores[0].is_leader(), "a, b, e and f vote for it");
        let repaired: Vec<u64> = leader.iter().copied().chain([8]).collect();
        for id in 0..7 {
            assert_eq!(desk.terms(id), repaired, "node {id}, fast {fast_backtrack}");
        }
    }
}

/// Section 5.4.2 and Figure 8: entries of earlier terms are not committed by counting copies.
#[test]
fn only_entries_of_the_own_term_are_committed_by_counting() {
    let mut desk = Desk::new(
        3,
        Options {
            no_op: false,
            ..Options::default()
        },
    );
    desk.give_log(0, 1, &[1]);
    desk.elect(0);
    desk.fire(0, Timer::Heartbeat);
    desk.deliver_all();
    assert_eq!(desk.terms(1), [1], "the old entry is on every node");
    assert_eq!(desk.cores[0].commit(), 0, "and not committed");
    desk.ask(0, 1, 1, put("x", 1));
    desk.deliver_all();
    assert_eq!(
        desk.cores[0].commit(),
        2,
        "one of its own term commits both"
    );
}

/// All servers, section 5.1: a higher term makes a follower, and an old one is refused.
#[test]
fn a_higher_term_deposes() {
    let mut desk = Desk::new(3, Options::default());
    desk.elect(0);
    desk.hand(1, 0, ask_vote(7, at(1, 1)));
    assert!(!desk.cores[0].is_leader());
    assert_eq!(desk.cores[0].term(), 7);
    assert!(
        desk.timers[0].contains(&Timer::Election),
        "it can stand again"
    );
    let answer = desk.hand(1, 0, append(3, at(0, 0), 0, &[]));
    assert!(matches!(result(&answer), AppendResult::Refused { .. }));
}

/// Thesis, section 9.6: who asks with PreVote raises no term, and nobody helps it who hears a leader.
#[test]
fn pre_vote_keeps_a_returner_quiet() {
    let mut desk = Desk::new(
        3,
        Options {
            pre_vote: true,
            ..Options::default()
        },
    );
    desk.elect(0);
    for _ in 0..5 {
        desk.fire(2, Timer::Election);
        desk.letters.clear();
    }
    assert_eq!(
        desk.cores[2].term(),
        desk.cores[0].term(),
        "it was alone, and raised nothing"
    );
    desk.fire(2, Timer::Election);
    desk.deliver_all();
    assert!(desk.cores[0].is_leader() && !desk.cores[2].is_leader());
    // Without PreVote the same node deposes the leader.
    let mut desk = Desk::new(3, Options::default());
    desk.elect(0);
    for _ in 0..3 {
        desk.fire(2, Timer::Election);
        desk.letters.clear();
    }
    desk.fire(2, Timer::Election);
    desk.deliver_all();
    assert!(!desk.cores[0].is_leader());
}

/// Thesis, section 6.2: a leader that hears no majority steps down.
#[test]
fn check_quorum_makes_a_lonely_leader_step_down() {
    let mut desk = Desk::new(
        3,
        Options {
            check_quorum: true,
            ..Options::default()
        },
    );
    desk.elect(0);
    desk.fire(0, Timer::Quorum);
    assert!(desk.cores[0].is_leader(), "it has just heard everybody");
    desk.letters.clear();
    desk.fire(0, Timer::Quorum);
    assert!(!desk.cores[0].is_leader(), "since then it has heard nobody");
}

/// Section 8 and thesis, section 6.3: a command that is sent again is done once.
#[test]
fn sessions_do_a_repeated_command_once() {
    for (sessions, length) in [(true, 2), (false, 3)] {
        let mut desk = Desk::new(
            3,
            Options {
                sessions,
                ..Options::default()
            },
        );
        desk.elect(0);
        for _ in 0..2 {
            desk.ask(0, 4, 1, put("x", 5));
            desk.deliver_all();
        }
        assert_eq!(desk.replies.len(), 2);
        assert_eq!(
            desk.cores[0].log().last_index(),
            length,
            "sessions: {sessions}"
        );
    }
}

/// Section 8: who does not lead says who does.
#[test]
fn followers_send_clients_to_the_leader() {
    let mut desk = Desk::new(3, Options::default());
    desk.elect(1);
    desk.ask(0, 4, 1, put("x", 5));
    assert!(matches!(desk.replies[..], [(_, Reply::NotLeader(Some(leader)))] if leader == node(1)));
}

/// Thesis, section 6.4: a read waits for a round of heartbeats, and answers what is committed.
#[test]
fn reads_wait_until_the_leader_knows_that_it_leads() {
    let mut desk = Desk::new(3, Options::default());
    desk.elect(0);
    desk.ask(0, 4, 1, put("x", 5));
    desk.deliver_all();
    desk.replies.clear();
    desk.ask(0, 4, 2, get("x"));
    assert!(desk.replies.is_empty(), "nobody has confirmed it yet");
    desk.deliver_all();
    let answer = (
        synod::base::RequestId {
            client: 4,
            serial: 2,
        },
        Reply::Done(KvOutput::Value(Some(5))),
    );
    assert_eq!(desk.replies, [answer]);
    // Cut off, it never answers.
    desk.replies.clear();
    desk.ask(0, 4, 3, get("x"));
    desk.letters.clear();
    desk.fire(0, Timer::Heartbeat);
    desk.deliver(|_| true);
    assert!(desk.replies.is_empty());
    // With local reads it answers at once, and may be wrong.
    let mut desk = Desk::new(
        3,
        Options {
            reads: Reads::Local,
            ..Options::default()
        },
    );
    desk.elect(0);
    desk.ask(0, 4, 1, get("x"));
    assert_eq!(desk.replies.len(), 1);
}

/// Clusters of one and of a hundred and one.
#[test]
fn a_cluster_can_be_small_or_large() {
    let mut alone = Desk::new(1, Options::default());
    alone.elect(0);
    alone.ask(0, 1, 1, put("x", 1));
    assert_eq!(alone.replies.len(), 1, "nobody else need agree");
    let mut many = Desk::new(101, Options::default());
    many.elect(7);
    many.ask(7, 1, 1, put("x", 1));
    many.deliver(|(_, to, _)| to.index() > 57);
    assert_eq!(many.replies.len(), 1, "51 of 101 agree");
}

/// Garbage changes nothing but the list of reasons.
#[test]
fn garbage_is_dropped_with_a_reason() {
    for leads in [false, true] {
        let mut desk = Desk::new(3, Options::default());
        desk.elect(usize::from(!leads));
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

/// Whatever arrives, and in whatever order, nothing panics.
#[test]
fn nothing_that_arrives_makes_a_node_panic() {
    let options = Options {
        pre_vote: true,
        check_quorum: true,
        snapshot_every: 3,
        ..Options::default()
    };
    let mut desk = Desk::new(3, options);
    let mut luck = Draws::new(Chance::from_seed(4));
    let number = |luck: &mut Draws| match luck.between(0, 5) {
        0 => u64::MAX - luck.between(0, 2),
        1 => luck.between(0, 1 << 40),
        _ => luck.between(0, 6),
    };
    for _ in 0..100_000 {
        let (to, from) = (luck.between(0, 2) as usize, luck.between(0, 4) as usize);
        let (term, last) = (number(&mut luck), at(number(&mut luck), number(&mut luck)));
        let terms: Vec<u64> = (0..luck.between(0, 3)).map(|_| number(&mut luck)).collect();
        match luck.between(0, 7) {
            0 => drop(desk.hand(from, to, ask_vote(term, last))),
            1 => drop(desk.hand(
                from,
                to,
                Message::PreVote(Ask {
                    term,
                    last,
                    transfer: false,
                }),
            )),
            2 => drop(desk.hand(
                from,
                to,
                append(term, last, number(&mut luck), &entries(&terms)),
            )),
            3 => drop(desk.hand(from, to, Message::TimeoutNow { term })),
            4 => drop(desk.hand(
                from,
                to,
                Message::InstallSnapshotReply {
                    term,
                    matched: last.index,
                },
            )),
            5 => desk.ask(
                to,
                luck.between(0, 3) as u32,
                number(&mut luck),
                put("x", 1),
            ),
            6 if !desk.timers[to].is_empty() => {
                let timer = *desk.timers[to].iter().next().expect("one is set");
                desk.fire(to, timer);
            }
            _ => {
                if let Some((from, to, message)) = desk.letters.pop_front() {
                    desk.hand(from.index(), to.index(), message);
                }
            }
        }
        desk.letters.truncate(50);
    }
}

/// The same input in the same state gives the same effects, for a clone too.
#[test]
fn a_core_is_a_function() {
    let mut desk = Desk::new(3, Options::default());
    desk.elect(0);
    let effects = |core: &KvRaft| {
        let mut core = core.clone();
        let mut out: Effects<KvRaft> = Effects::default();
        let members = [node(0), node(1), node(2)];
        let mut luck = Draws::new(Chance::from_seed(2));
        let mut ctx = Context::new(node(0), Micros::from_ms(5), &members, &mut luck);
        core.handle(Input::Timer(Timer::Heartbeat), &mut ctx, &mut out);
        let sends = |effect: &Effect<KvRaft>| matches!(effect, Effect::Send { .. });
        assert_eq!(out.list.iter().filter(|effect| sends(effect)).count(), 2);
        format!("{:?} {core:?}", out.list)
    };
    assert_eq!(effects(&desk.cores[0]), effects(&desk.cores[0]));
}
