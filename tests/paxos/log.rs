//! Multi-Paxos: one phase 1 for all slots, a leader, gaps, snapshots, leases (Simple, section 3; Live).

use super::desk::{
    Desk, accept, accepted, ballot, get, node, prepare, promise, put, put_value, report,
};
use std::collections::BTreeMap;
use synod::base::{Micros, NodeId};
use synod::protocol::machine::KvOutput;
use synod::protocol::paxos::{
    Accept, Learning, Message, Mutant, Options, Promise, Reads, Reply, Report, Timer, Value,
};

fn heartbeat(of: usize, round: u32, chosen: u64) -> Message {
    Message::Heartbeat {
        ballot: ballot(round, of),
        chosen,
        lease: 0,
    }
}

fn is_prepare(message: &Message) -> bool {
    matches!(message, Message::Prepare { .. })
}

/// Simple, section 3: phase 1 is done once, "for all instances"; a command then takes phase 2 alone.
#[test]
fn a_leader_needs_phase_2_alone() {
    let mut desk = Desk::new(5, Options::default());
    desk.elect(0);
    for serial in 1..=10 {
        desk.ask(0, 1, serial, put(serial as i64));
        let kinds = desk.letters.iter().map(|(_, _, message)| message);
        assert_eq!(
            kinds.clone().count(),
            4,
            "one message to each of the others"
        );
        assert!(!kinds.clone().any(is_prepare));
        desk.deliver_all();
    }
    assert_eq!(desk.answers(1).len(), 10);
    assert_eq!(desk.cores[0].executed(), 10);
    // The others know what is chosen with the next message of the leader.
    assert_eq!(desk.cores[1].executed(), 9);
    desk.fire(0, Timer::Heartbeat);
    desk.deliver_all();
    for id in 0..5 {
        assert_eq!(desk.cores[id].executed(), 10);
        assert_eq!(desk.cores[id].chain(), desk.cores[0].chain());
        assert_eq!(desk.cores[id].machine().value("x"), Some(10));
    }
}

/// Simple, section 3: what a new leader proposes, slot by slot, given what its quorum reports.
#[test]
fn a_new_leader_finishes_what_was_begun() {
    let value = |n| put_value(9, n as u64, n);
    type Reports<'a> = &'a [(u64, u32, i64)];
    type Expected<'a> = &'a [(u64, &'a str)];
    // Two acceptors report slot, round and value; node 4 has accepted nothing.
    let cases: &[([Reports; 2], Expected, u64)] = &[
        ([&[], &[]], &[], 1),
        ([&[(1, 1, 7)], &[]], &[(1, "put x 7")], 2),
        ([&[(1, 1, 7)], &[(1, 2, 8)]], &[(1, "put x 8")], 2),
        ([&[(1, 3, 7)], &[(1, 2, 8)]], &[(1, "put x 7")], 2),
        (
            [&[(1, 1, 7), (3, 1, 9)], &[]],
            &[(1, "put x 7"), (2, "no-op"), (3, "put x 9")],
            4,
        ),
        (
            [&[(4, 1, 9)], &[(2, 2, 8), (4, 2, 6)]],
            &[(1, "no-op"), (2, "put x 8"), (3, "no-op"), (4, "put x 6")],
            5,
        ),
    ];
    for (reports, expected, free) in cases {
        let mut desk = Desk::new(5, Options::default());
        desk.hand(3, 4, prepare(ballot(4, 3)));
        desk.fire(4, Timer::Election);
        desk.letters.clear();
        for (acceptor, reports) in reports.iter().enumerate() {
            let told = reports
                .iter()
                .map(|(slot, round, n)| report(*slot, ballot(*round, 0), value(*n)));
            let told: Vec<Report> = told.collect();
            let sent = Message::Promise(Promise {
                ballot: ballot(5, 4),
                reports: told.into_iter().collect(),
                snapshot: None,
            });
            let before = desk.letters.len();
            desk.input(
                4,
                synod::base::Input::Message {
                    from: node(acceptor),
                    message: sent,
                },
            );
            assert!(
                acceptor == 1 || desk.letters.len() == before,
                "two are not enough"
            );
        }
        let expected: BTreeMap<u64, String> = expected
            .iter()
            .map(|(slot, text)| (*slot, (*text).to_owned()))
            .collect();
        assert_eq!(desk.proposals(4), expected, "{reports:?}");
        desk.letters.clear();
        desk.ask(4, 1, 1, put(5));
        let next = BTreeMap::from([(*free, "put x 5".to_owned())]);
        assert_eq!(desk.proposals(4), next, "the first free slot, {reports:?}");
    }
}

/// Simple, section 3: a command is not carried out before those of the slots before it.
#[test]
fn nothing_is_carried_out_over_a_hole() {
    let mut desk = Desk::new(3, Options::default());
    desk.elect(0);
    desk.ask(0, 1, 1, put(1));
    desk.letters.clear();
    desk.ask(0, 2, 1, put(2));
    desk.deliver_all();
    assert_eq!(desk.chosen(0, 2).as_deref(), Some("put x 2"));
    assert_eq!((desk.cores[0].executed(), desk.replies.len()), (0, 0));
    // What was lost is sent again once it has been open for a heartbeat.
    desk.fire(0, Timer::Heartbeat);
    desk.deliver_all();
    desk.fire(0, Timer::Heartbeat);
    desk.deliver_all();
    assert_eq!((desk.cores[0].executed(), desk.replies.len()), (2, 2));
}

/// A follower believes that a slot is chosen with what it has accepted there only if that was in
/// the ballot of the leader who says so; for the rest it asks.
#[test]
fn a_follower_learns_what_it_accepted_from_the_leader() {
    let mut desk = Desk::new(3, Options::default());
    desk.hand(0, 1, accept(ballot(1, 0), 1, put_value(1, 1, 1)));
    desk.hand(2, 1, accept(ballot(2, 2), 2, put_value(2, 1, 2)));
    let sent = desk.hand(2, 1, heartbeat(2, 2, 2));
    assert_eq!(
        desk.cores[1].executed(),
        0,
        "slot 1 may hold something else"
    );
    assert_eq!(sent, [Message::Ask { from: 1 }]);
    let chosen = Message::Chosen {
        slot: 1,
        values: Value::noop().into(),
    };
    desk.hand(2, 1, chosen);
    desk.hand(2, 1, heartbeat(2, 2, 2));
    assert_eq!(desk.cores[1].executed(), 2);
    assert_eq!(desk.chosen(1, 1).as_deref(), Some("no-op"));
}

/// A leader that hears of a later ballot leads no more; what it had begun may still be chosen.
#[test]
fn a_later_ballot_deposes() {
    let mut desk = Desk::new(3, Options::default());
    desk.elect(0);
    let refusal = Message::Refuse {
        ballot: ballot(1, 0),
        promised: ballot(4, 2),
    };
    desk.hand(1, 0, refusal);
    assert_eq!(desk.cores[0].leader(), None);
    assert!(
        desk.timers[0].contains_key(&Timer::Election),
        "it can lead again"
    );
    assert!(!desk.timers[0].contains_key(&Timer::Heartbeat));
    desk.ask(0, 1, 1, put(1));
    assert!(matches!(desk.answers(1)[..], [Reply::NotLeader(None)]));
    // A late heartbeat of a deposed leader is answered with the ballot that deposed it.
    let mut desk = Desk::new(3, Options::default());
    desk.hand(2, 1, prepare(ballot(4, 2)));
    let sent = desk.hand(0, 1, heartbeat(0, 1, 0));
    let refusal = Message::Refuse {
        ballot: ballot(1, 0),
        promised: ballot(4, 2),
    };
    assert_eq!(sent, [refusal]);
}

/// Whoever does not lead says who does.
#[test]
fn followers_send_clients_to_the_leader() {
    let mut desk = Desk::new(3, Options::default());
    desk.elect(1);
    desk.ask(0, 4, 1, put(5));
    assert!(matches!(
        desk.answers(4)[..],
        [Reply::NotLeader(Some(NodeId(1)))]
    ));
}

/// A command that is asked again is carried out once, and answered as it was.
#[test]
fn a_repeated_command_is_done_once() {
    let mut desk = Desk::new(3, Options::default());
    desk.elect(0);
    desk.ask(0, 4, 1, put(5));
    desk.ask(0, 4, 1, put(5));
    desk.deliver_all();
    desk.ask(0, 4, 1, put(5));
    desk.deliver_all();
    assert_eq!(
        desk.cores[0].executed(),
        2,
        "the copy under way took a slot"
    );
    assert_eq!(desk.answers(4), [&Reply::Done(KvOutput::Ok); 3]);
}

/// Live, 5.5: slots that a snapshot stands for are gone; who needs them gets the snapshot.
#[test]
fn snapshots_stand_for_old_slots() {
    let options = Options {
        snapshot_every: 3,
        ..Options::default()
    };
    let mut desk = Desk::new(3, options);
    desk.elect(0);
    for serial in 1..=7 {
        desk.ask(0, 1, serial, put(serial as i64));
        desk.deliver(|(_, to, _)| *to == node(2));
    }
    assert_eq!((desk.chosen(0, 6), desk.accepted(0, 6)), (None, None));
    assert_eq!(desk.chosen(0, 7).as_deref(), Some("put x 7"));
    // A learner that slept asks, and asks on for what comes after the snapshot.
    desk.fire(0, Timer::Heartbeat);
    desk.deliver_all();
    assert_eq!(desk.cores[2].executed(), 7);
    assert_eq!(desk.cores[2].machine().value("x"), Some(7));
    assert_eq!(desk.cores[2].chain(), desk.cores[0].chain());
    // After a crash the state comes from the snapshot and what follows it on the disk.
    desk.restart(2);
    assert_eq!(
        (desk.cores[2].executed(), desk.cores[2].chain()),
        (7, desk.cores[0].chain())
    );
}

/// A new leader that slept gets the snapshot with the promises.
#[test]
fn a_promise_brings_a_lagging_leader_up_to_date() {
    let options = Options {
        snapshot_every: 3,
        ..Options::default()
    };
    let mut desk = Desk::new(3, options);
    desk.elect(0);
    for serial in 1..=8 {
        desk.ask(0, 1, serial, put(serial as i64));
        desk.deliver(|(_, to, _)| *to == node(2));
    }
    // Node 0 is down: node 1 knows seven slots to be chosen, and has accepted the eighth.
    desk.fire(2, Timer::Election);
    desk.deliver(|(from, to, _)| node(0) == *from || node(0) == *to);
    assert_eq!(desk.cores[2].leader(), Some(node(2)));
    assert_eq!(desk.cores[2].executed(), 8);
    assert_eq!(desk.cores[2].machine().value("x"), Some(8));
}

/// A snapshot older than what was carried out changes nothing.
#[test]
fn an_old_snapshot_is_left_alone() {
    let options = Options {
        snapshot_every: 2,
        ..Options::default()
    };
    let mut desk = Desk::new(3, options);
    desk.elect(0);
    desk.ask(0, 1, 1, put(1));
    desk.ask(0, 1, 2, put(2));
    desk.deliver_all();
    let old = desk.hand(2, 0, Message::Ask { from: 1 });
    assert!(matches!(old[..], [Message::Install { .. }]));
    desk.ask(0, 1, 3, put(3));
    desk.deliver_all();
    desk.fire(0, Timer::Heartbeat);
    desk.deliver_all();
    desk.hand(0, 1, old[0].clone());
    assert_eq!(desk.cores[1].machine().value("x"), Some(3));
    assert_eq!(desk.cores[1].executed(), 3);
}

fn leases(drift: u32, mutant: Option<Mutant>) -> Desk {
    let options = Options {
        reads: Reads::Lease,
        lease_drift_ppm: drift,
        mutant,
        ..Options::default()
    };
    let mut desk = Desk::new(3, options);
    desk.elect(0);
    desk.ask(0, 1, 1, put(5));
    desk.deliver_all();
    desk
}

fn ms(ms: u64) -> Micros {
    Micros::from_ms(ms)
}

/// Live, 5.2: while its lease runs a leader answers reads at once, and then through the log again.
/// The lease counts from when it was asked for, shortened by the drift that is assumed.
#[test]
fn a_lease_lets_the_leader_answer_reads() {
    for (drift, mutant, span) in [
        (0, None, 150),
        (100_000, None, 123),
        (0, Some(Mutant::LeaseFromAnswer), 190),
    ] {
        let mut desk = leases(drift, mutant);
        let asked = desk.now;
        desk.fire(0, Timer::Heartbeat);
        desk.now = asked + ms(40);
        desk.deliver_all();
        for (after, at_once) in [(span - 1, true), (span, false)] {
            desk.now = asked + ms(after);
            desk.letters.clear();
            let before = desk.replies.len();
            desk.ask(0, 7, after, get());
            assert_eq!(
                desk.letters.is_empty(),
                at_once,
                "{after} ms, drift {drift}"
            );
            assert_eq!(desk.replies.len() - before, usize::from(at_once));
        }
    }
}

/// Live, 5.2: who has granted a lease promises nobody else before it has run out, not even over a
/// crash.
#[test]
fn rivals_are_turned_away_while_a_lease_runs() {
    for (mutant, honoured) in [(None, true), (Some(Mutant::LeaseNotHonoured), false)] {
        let mut desk = leases(0, mutant);
        let from = desk.now;
        for (after, restarts, promises) in [
            (149, false, !honoured),
            (150, false, true),
            (160, true, !honoured),
        ] {
            desk.now = from + ms(after);
            if restarts {
                desk.restart(1);
                desk.now += ms(140);
            }
            let round = after as u32;
            let sent = desk.hand(2, 1, prepare(ballot(round, 2)));
            assert_eq!(!sent.is_empty(), promises, "after {after} ms, {mutant:?}");
        }
        // Not even itself, once it has forgotten whose lease it is.
        let mut desk = leases(0, mutant);
        desk.restart(1);
        let before = desk.cores[1].promised();
        desk.fire(1, Timer::Election);
        assert_eq!(desk.cores[1].promised() > before, !honoured, "{mutant:?}");
        // The holder of the lease itself is helped.
        let mut desk = leases(0, mutant);
        assert_eq!(desk.hand(0, 1, prepare(ballot(9, 0))).len(), 1);
    }
}

/// A lease needs a grant from each quorum of phase 1 there is.
#[test]
fn a_lease_needs_enough_grants_for_its_quorums() {
    for (first, second, grants) in [(2, 4, 4), (3, 3, 3), (4, 2, 2), (5, 1, 1)] {
        let options = Options {
            reads: Reads::Lease,
            phase1_quorum: first,
            phase2_quorum: second,
            ..Options::default()
        };
        let mut desk = Desk::new(5, options);
        desk.elect(0);
        desk.now += ms(1_000);
        desk.fire(0, Timer::Heartbeat);
        for granted in 1..=5 {
            desk.replies.clear();
            desk.ask(0, 7, granted as u64, get());
            let at_once = matches!(desk.replies[..], [(_, Reply::Done(_))]);
            // With a quorum of one for phase 2 the leader's own vote answers at once too.
            let holds = granted >= grants || second == 1;
            assert_eq!(
                at_once, holds,
                "{granted} grants, quorums {first} and {second}"
            );
            desk.pass(0, granted.min(4));
            desk.pass(granted.min(4), 0);
        }
    }
}

/// Acceptors that tell everybody let every node learn by itself, also in Multi-Paxos.
#[test]
fn everybody_can_count_for_itself() {
    let options = Options {
        learners: Learning::Everybody,
        ..Options::default()
    };
    let mut desk = Desk::new(5, options);
    desk.elect(0);
    desk.ask(0, 1, 1, put(1));
    desk.deliver_all();
    for id in 0..5 {
        assert_eq!(desk.cores[id].executed(), 1, "node {id}");
    }
}

/// A ballot has one value for a slot: what a leader sends again is what it proposed, also when it has
/// heard votes of a later ballot for something else, or that something else is chosen.
#[test]
fn a_leader_repeats_its_own_proposals_alone() {
    let options = Options {
        learners: Learning::Everybody,
        ..Options::default()
    };
    for chosen in [false, true] {
        let mut desk = Desk::new(5, options.clone());
        desk.elect(0);
        desk.ask(0, 1, 1, put(1));
        desk.ask(0, 2, 1, put(2));
        desk.letters.clear();
        let later = put_value(7, 1, 7);
        desk.hand(1, 0, accepted(ballot(1, 0), 2, put_value(2, 1, 2)));
        if chosen {
            let values = later.into();
            desk.hand(3, 0, Message::Chosen { slot: 1, values });
        } else {
            desk.hand(3, 0, accepted(ballot(2, 2), 1, later));
        }
        for _ in 0..3 {
            if desk.timers[0].contains_key(&Timer::Heartbeat) {
                desk.fire(0, Timer::Heartbeat);
            }
        }
        for (_, _, message) in &desk.letters {
            if let Message::Accept(accept) = message {
                let values = accept.values.slots_from(accept.slot);
                for (slot, value) in values {
                    assert_eq!(value.to_string(), format!("put x {slot}"), "{message}");
                }
            }
        }
    }
}

/// What a leader says is chosen is what it proposed itself: whoever accepted that believes it. So a
/// leader takes no other's word, and leads no more once it hears votes of a later ballot.
#[test]
fn a_leader_answers_for_its_own_proposals_alone() {
    let options = Options {
        learners: Learning::Everybody,
        ..Options::default()
    };
    let later = put_value(7, 1, 7);
    for votes in [true, false] {
        let mut desk = Desk::new(5, options.clone());
        desk.elect(0);
        desk.ask(0, 1, 1, put(1));
        // Node 4 alone accepts it, and the later ballot 2.2 never reaches node 0 or node 4.
        desk.deliver(|(_, to, _)| to.index() != 4);
        assert_eq!(desk.accepted(4, 1).as_deref(), Some("put x 1@1.0"));
        if votes {
            for voter in 1..=3 {
                desk.hand(voter, 0, accepted(ballot(2, 2), 1, later.clone()));
            }
        } else {
            let values = later.clone().into();
            desk.hand(2, 0, Message::Chosen { slot: 1, values });
        }
        if desk.timers[0].contains_key(&Timer::Heartbeat) {
            desk.fire(0, Timer::Heartbeat);
        }
        desk.pass(0, 4);
        assert_eq!(desk.chosen(4, 1), None, "votes: {votes}");
    }
}

/// Flexible: with a large quorum for phase 1 two votes of six are enough for a command, and a new
/// leader, which needs five promises, cannot miss them.
#[test]
fn flexible_quorums_trade_one_phase_for_the_other() {
    let options = Options {
        phase1_quorum: 5,
        phase2_quorum: 2,
        ..Options::default()
    };
    let mut desk = Desk::new(6, options);
    desk.elect(0);
    desk.ask(0, 1, 1, put(1));
    desk.deliver(|(_, to, _)| to.index() > 1);
    assert_eq!(desk.answers(1).len(), 1, "two are enough");
    desk.fire(5, Timer::Election);
    desk.deliver(|(_, to, message)| to.index() < 2 && is_prepare(message));
    assert_eq!(desk.cores[5].leader(), None, "four promises are not");
    desk.fire(5, Timer::Election);
    desk.deliver(|(_, to, message)| to.index() < 1 && is_prepare(message));
    assert_eq!(desk.cores[5].leader(), Some(node(5)));
    assert_eq!(desk.chosen(5, 1).as_deref(), Some("put x 1"));
}

/// Clusters of one and of a hundred and one.
#[test]
fn a_cluster_can_be_small_or_large() {
    let mut alone = Desk::new(1, Options::default());
    alone.elect(0);
    alone.ask(0, 1, 1, put(1));
    assert_eq!(alone.replies.len(), 1, "nobody else need agree");
    let mut many = Desk::new(101, Options::default());
    many.elect(7);
    many.ask(7, 1, 1, put(1));
    many.deliver(|(_, to, _)| to.index() > 57);
    assert_eq!(many.replies.len(), 1, "51 of 101 agree");
}

/// Many slots recovered at once go out in more than one message, and none is left out.
#[test]
fn a_long_log_is_recovered_whole() {
    let mut desk = Desk::new(3, Options::default());
    let reports: Vec<Report> = (1..=600)
        .filter(|slot| slot % 7 > 0)
        .map(|slot| report(slot, ballot(1, 0), put_value(1, slot, slot as i64)))
        .collect();
    desk.fire(2, Timer::Election);
    desk.letters.clear();
    desk.input(
        2,
        synod::base::Input::Message {
            from: node(1),
            message: promise(ballot(1, 2), &reports),
        },
    );
    let proposals = desk.proposals(2);
    assert_eq!(proposals.len(), 600);
    assert_eq!((&*proposals[&7], &*proposals[&600]), ("no-op", "put x 600"));
    desk.deliver_all();
    assert_eq!(desk.cores[2].executed(), 600);
}

/// A slot far beyond what is known makes no node fill its memory.
#[test]
fn slots_far_ahead_are_not_taken() {
    let mut desk = Desk::new(3, Options::default());
    let far = accept(ballot(1, 0), 1 << 40, Value::noop());
    assert_eq!(desk.hand(0, 1, far), []);
    assert_eq!(desk.ignored, ["a slot too far ahead"]);
    for message in [
        accepted(ballot(1, 0), 1 << 50, Value::noop()),
        Message::Chosen {
            slot: 1 << 50,
            values: Value::noop().into(),
        },
        Message::Accept(Accept {
            ballot: ballot(1, 0),
            slot: 1,
            values: Value::noop().into(),
            chosen: 1 << 50,
        }),
        heartbeat(0, 1, 1 << 50),
    ] {
        desk.hand(0, 1, message);
    }
    assert!(desk.cores[1].executed() <= 1);
    desk.fire(2, Timer::Election);
    let far = report(1 << 50, ballot(1, 0), Value::noop());
    desk.ignored.clear();
    desk.hand(1, 2, promise(desk.cores[2].promised(), &[far]));
    assert_eq!(desk.ignored, ["a slot too far ahead"]);
}
