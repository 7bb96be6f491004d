//! Snapshots (section 7).

use super::desk::{Desk, Letter, Message, append, at, entries, put};
use synod::base::{Core, Micros};
use synod::protocol::machine::KvOutput;
use synod::protocol::raft::{Options, Reply, Timer};

/// Section 7: a follower that lacks compacted entries gets the snapshot, and old ones change nothing.
#[test]
fn a_snapshot_brings_a_follower_up_to_date() {
    let mut desk = Desk::new(
        3,
        Options {
            snapshot_every: 4,
            ..Options::default()
        },
    );
    desk.elect(0);
    for n in 1..=12 {
        desk.ask(0, 4, n, put("x", n as i64));
        desk.deliver(|(from, to, _)| from.index() == 2 || to.index() == 2);
    }
    assert!(desk.cores[0].log().base().index > 4, "its log is compacted");
    let mut old = None;
    for _ in 0..20 {
        desk.fire(0, Timer::Heartbeat);
        let snapshot = |letter: &&Letter| matches!(letter.2, Message::InstallSnapshot { .. });
        old = old.or_else(|| desk.letters.iter().find(snapshot).cloned());
        desk.deliver_all();
        desk.now += Micros::from_ms(400);
    }
    assert_eq!(desk.cores[2].commit(), desk.cores[0].commit());
    assert_eq!(desk.cores[2].machine(), desk.cores[0].machine());
    let before = desk.cores[2].clone();
    let (from, to, message) = old.expect("a snapshot was sent");
    desk.hand(from.index(), to.index(), message);
    assert_eq!(
        desk.cores[2].commit(),
        before.commit(),
        "it goes no step back"
    );
    assert_eq!(desk.cores[2].machine(), before.machine());
}

/// A cluster whose node 2 has had nothing since the first command, which was client 4's.
fn lagging() -> Desk {
    let mut desk = Desk::new(
        3,
        Options {
            snapshot_every: 4,
            ..Options::default()
        },
    );
    desk.elect(0);
    desk.ask(0, 4, 1, put("x", 1));
    desk.deliver(|(_, to, _)| to.index() == 2);
    for serial in 1..=6 {
        desk.ask(0, 5, serial, put("x", 9));
        desk.deliver(|(_, to, _)| to.index() == 2);
    }
    desk
}

/// Section 7: "if instead the follower receives a snapshot that describes a prefix of its log,
/// then log entries covered by the snapshot are deleted but entries following the snapshot are
/// still valid and must be retained". They may be acknowledged already.
#[test]
fn a_snapshot_leaves_what_follows_it_in_the_log() {
    for (log, kept) in [(&[1, 1, 1, 1, 1, 1], 6), (&[1, 1, 1, 2, 2, 2], 4)] {
        let mut desk = Desk::new(
            3,
            Options {
                snapshot_every: 4,
                ..Options::default()
            },
        );
        desk.hand(0, 1, append(1, at(0, 0), 4, &entries(&[1; 4])));
        let disk = desk.cores[1].clone().into_disk();
        let snapshot = disk.snapshot.expect("four entries are committed");
        desk.give_log(2, 0, log);
        desk.hand(0, 2, Message::InstallSnapshot { term: 3, snapshot });
        let node = &desk.cores[2];
        assert_eq!((node.commit(), node.log().base().index), (4, 4));
        assert_eq!(node.log().last_index(), kept, "{log:?}");
    }
}

/// Section 8 and thesis, section 6.3: sessions are a part of the state, hence of the snapshot.
#[test]
fn a_snapshot_holds_the_sessions_of_clients() {
    let mut desk = lagging();
    for _ in 0..20 {
        desk.fire(0, Timer::Heartbeat);
        desk.deliver_all();
        desk.now += Micros::from_ms(400);
    }
    assert!(desk.cores[2].log().base().index > 2, "it got the snapshot");
    desk.elect(2);
    let before = desk.cores[2].machine().clone();
    desk.replies.clear();
    desk.ask(2, 4, 1, put("x", 1));
    desk.deliver_all();
    assert_eq!(desk.answers(4), [&Reply::Done(KvOutput::Ok)]);
    assert_eq!(desk.cores[2].machine(), &before, "it is done already");
}
