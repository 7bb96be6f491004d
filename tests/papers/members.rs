//! Changes of the members (section 6; thesis, chapter 4).

use super::desk::{Desk, Letter, append, at, entries, node, put};
use synod::protocol::raft::{Admin, Milestone, Op, Options, Reply, Timer};

/// Two clusters whose leader 0 and node 1 have C_old,new in their logs, and nobody else has: one
/// grows from three nodes to four, where 0 and 1 are a majority of the old ones alone, and one
/// shrinks from four to three, where they are a majority of the new ones alone.
fn between_two_configurations() -> [Desk; 2] {
    let mut shrinking = Desk::new(4, Options::default());
    shrinking.elect(0);
    shrinking.ask(0, 9, 1, Op::Admin(Admin::Remove(node(3))));
    [growing(3), shrinking].map(|mut desk| {
        assert!(desk.cores[0].config().is_joint(), "in effect at once");
        desk.deliver(|(from, to, _)| from.index() >= 2 || to.index() >= 2);
        assert!(desk.cores[1].config().is_joint(), "for node 1 too");
        desk
    })
}

/// Section 6 and thesis, section 4.3: what is decided in between takes a majority of the old
/// members and one of the new.
#[test]
fn joint_consensus_needs_both_majorities_to_commit() {
    for mut desk in between_two_configurations() {
        let joint = desk.cores[0].log().last_index();
        desk.fire(0, Timer::Heartbeat);
        desk.deliver(|(from, to, _)| from.index() >= 2 || to.index() >= 2);
        assert!(desk.cores[0].commit() < joint, "two of three, and of four");
        assert!(desk.cores[0].config().is_joint());
        desk.fire(0, Timer::Heartbeat);
        desk.deliver(|(from, to, _)| from.index() == 2 || to.index() == 2);
        assert!(desk.cores[0].commit() > joint, "three of four");
        assert!(!desk.cores[0].config().is_joint());
        assert_eq!(desk.answers(9), [&Reply::Changed]);
    }
}

/// The same for an election.
#[test]
fn joint_consensus_needs_both_majorities_to_elect() {
    for mut desk in between_two_configurations() {
        desk.fire(1, Timer::Election);
        desk.deliver(|(_, to, _)| [0, 3].contains(&to.index()));
        assert!(!desk.cores[1].is_leader(), "two of three, and of four");
        desk.fire(1, Timer::Election);
        desk.deliver(|(_, to, _)| to.index() == 0);
        assert!(desk.cores[1].is_leader(), "three of four");
    }
}

/// The flaw of 2015: without a committed entry of its own term, a leader may not know of a change
/// that its predecessor has committed.
#[test]
fn members_change_once_the_leader_knows_what_is_committed() {
    let mut desk = Desk::new(
        3,
        Options {
            no_op: false,
            ..Options::default()
        },
    );
    desk.elect(0);
    desk.ask(0, 9, 1, Op::Admin(Admin::Remove(node(2))));
    assert_eq!(desk.answers(9), [&Reply::NotLeader(None)]);
    assert!(!desk.cores[0].config().is_joint());
    desk.ask(0, 1, 1, put("x", 1));
    desk.deliver_all();
    desk.ask(0, 9, 1, Op::Admin(Admin::Remove(node(2))));
    assert!(desk.cores[0].config().is_joint());
}

/// Section 6: a configuration that is cut out of the log is in effect no more.
#[test]
fn a_configuration_that_is_cut_off_is_taken_back() {
    let [mut desk, _] = between_two_configurations();
    let before = desk.cores[2].config().clone();
    let at_joint = desk.cores[1].log().last_index();
    // Node 2 leads term 2; its log ends before C_old,new.
    let prev = at(1, at_joint - 1);
    desk.hand(2, 1, append(2, prev, 0, &entries(&[2])));
    assert_eq!(desk.terms(1).last(), Some(&2), "C_old,new is overwritten");
    assert_eq!(desk.cores[1].config(), &before);
    desk.fire(1, Timer::Election);
    desk.deliver(|(_, to, _)| to.index() == 0);
    assert!(desk.cores[1].is_leader(), "with one more vote than its own");
}

/// Section 6: a leader that is not in the new configuration steps down once that is committed.
#[test]
fn a_leader_can_remove_itself() {
    let mut desk = Desk::new(3, Options::default());
    desk.elect(0);
    desk.ask(0, 9, 1, Op::Admin(Admin::Remove(node(0))));
    desk.deliver_all();
    assert!(!desk.cores[0].is_leader());
    assert!(
        desk.facts
            .iter()
            .any(|(_, fact)| matches!(fact, Milestone::ConfigCommitted { .. }))
    );
    let others = [1, 2].map(|id| desk.cores[id].config().voters.clone());
    assert_eq!(others[0], [node(1), node(2)]);
}

/// One change at a time (thesis, section 4.1).
#[test]
fn members_change_one_after_the_other() {
    let mut desk = Desk::new(4, Options::default());
    desk.elect(0);
    desk.ask(0, 9, 1, Op::Admin(Admin::Remove(node(3))));
    desk.ask(0, 8, 1, Op::Admin(Admin::Remove(node(2))));
    let joint = desk.cores[0].config().clone();
    assert_eq!(
        joint.voters.len(),
        3,
        "the second change is refused: {joint:?}"
    );
    assert!(matches!(desk.answers(8)[..], [Reply::Refused(_)]));
    desk.deliver_all();
    assert_eq!(desk.answers(9), [&Reply::Changed]);
}

/// A cluster in the middle of taking one more node in, at the moment when C_old,new is in the log
/// of its leader 0 alone. Client 9 has asked for it.
fn growing(founders: usize) -> Desk {
    let mut desk = Desk::new(founders, Options::default());
    let newcomer = desk.join();
    desk.elect(0);
    desk.ask(0, 9, 1, Op::Admin(Admin::Add(node(newcomer))));
    desk.deliver_until(|desk| desk.cores[0].config().is_joint());
    desk
}

/// Section 6: while members are added, every old voter is in C_old; that does not make a wish to
/// remove one of them a part of the change.
#[test]
fn a_removal_is_no_part_of_an_addition() {
    let mut desk = growing(4);
    desk.ask(0, 8, 1, Op::Admin(Admin::Remove(node(2))));
    assert!(matches!(desk.answers(8)[..], [Reply::Refused(_)]));
    desk.deliver_all();
    assert_eq!(desk.answers(9), [&Reply::Changed], "the addition is done");
    let config = desk.cores[0].config();
    assert!(config.votes(node(2)) && config.votes(node(4)) && !config.is_joint());
}

/// What is part of the change under way is answered when that is done, whoever else waits for it.
#[test]
fn everybody_who_waits_for_a_change_is_answered() {
    let mut desk = growing(4);
    desk.ask(0, 7, 1, Op::Admin(Admin::Add(node(4))));
    desk.ask(0, 8, 1, Op::Admin(Admin::Add(node(1))));
    assert!(desk.replies.is_empty(), "nothing is settled yet");
    desk.deliver_all();
    for client in [7, 8, 9] {
        assert_eq!(desk.answers(client), [&Reply::Changed], "client {client}");
    }
}

/// A learner may be sent away before it gets its vote; who wished for it hears so.
#[test]
fn an_addition_can_be_taken_back() {
    let mut desk = Desk::new(3, Options::default());
    let newcomer = desk.join();
    desk.elect(0);
    let dead = |letter: &Letter| letter.1 == node(newcomer);
    desk.ask(0, 9, 1, Op::Admin(Admin::Add(node(newcomer))));
    desk.deliver(dead);
    desk.ask(0, 8, 1, Op::Admin(Admin::Remove(node(newcomer))));
    desk.deliver(dead);
    assert!(matches!(desk.answers(9)[..], [Reply::Refused(_)]));
    assert_eq!(desk.answers(8), [&Reply::Changed]);
    assert!(!desk.cores[0].config().knows(node(newcomer)));
}

/// Section 6: a leader that is not in C_new steps down once that is committed, even if somebody
/// still learns the log who never answers.
#[test]
fn a_learner_does_not_keep_a_removed_leader_in_office() {
    let mut desk = Desk::new(3, Options::default());
    let newcomer = desk.join();
    desk.elect(0);
    let dead = |letter: &Letter| letter.1 == node(newcomer);
    desk.ask(0, 9, 1, Op::Admin(Admin::Add(node(newcomer))));
    desk.deliver(dead);
    desk.ask(0, 8, 1, Op::Admin(Admin::Remove(node(0))));
    desk.deliver(dead);
    assert!(!desk.cores[0].is_leader(), "C_new is committed without it");
    assert_eq!(desk.answers(8), [&Reply::Changed]);
    assert_eq!(desk.cores[1].config().voters, [node(1), node(2)]);
    desk.elect(1);
    desk.fire(1, Timer::Heartbeat);
    desk.deliver_all();
    let voters = &desk.cores[1].config().voters;
    assert_eq!(
        voters[..],
        [node(1), node(2), node(3)],
        "its successor goes on"
    );
}

/// Section 6: a configuration is in effect as soon as it is in the log, and with it the newcomer's
/// duty to stand for election (section 5.2). Here nobody else can win: C_new is on 0, 1 and 4, and
/// 0 and 1 are gone.
#[test]
fn a_learner_that_becomes_a_voter_stands_for_election() {
    let mut desk = growing(4);
    let mut lost = 0;
    while desk.cores[0].config().is_joint() {
        // What is sent to it of C_old,new is lost, so that it gets both in one append.
        lost += desk.hold(|letter| letter.1 == node(4)).len();
        let (from, to, message) = desk
            .letters
            .pop_front()
            .expect("a majority of both answers");
        let answers = desk.hand(from.index(), to.index(), message);
        desk.letters.extend(answers);
    }
    assert!(lost > 0);
    desk.hold(|letter| [2, 3].contains(&letter.1.index()));
    desk.deliver_until(|desk| desk.cores[4].config().voters.len() == 5);
    desk.letters.clear();
    assert_eq!(desk.cores[4].config().voters.len(), 5);
    assert_eq!(
        desk.cores[2].config().outgoing.len(),
        4,
        "it has C_old,new at the most"
    );
    desk.fire(4, Timer::Election);
    desk.deliver(|(_, to, _)| to.index() < 2);
    assert!(desk.cores[4].is_leader());
}
