//! What one liar may fill is its own share: it cannot have others' words forgotten.

use crate::desk::{Desk, is, macs, node, put};
use std::sync::Arc;
use synod::protocol::pbft::{
    Checkpoint, Digest, Message, Note, Options, Party, Phase, Sealed, Timer,
};

fn note(desk: &Desk, from: usize, to: usize, note: Note) -> Message {
    let to = Party::Replica(node(to));
    Message::Note(Arc::new(Sealed::to_one(&desk.keys(), node(from), to, note)))
}

/// Messages of views to come are kept, since others may have begun them. However many one replica
/// sends, those of others find place: a replica learns from them that it missed a view.
#[test]
fn early_messages_of_one_replica_take_no_place_of_others() {
    let mut desk = Desk::new(4, Options::default());
    let request = desk.request(0, 1, put("x", 1));
    for k in 0..2_000 {
        let vote = desk.vote(3, Phase::Commit, 7, 1 + k % 20, &request);
        desk.hand(1, vote);
    }
    let refused = "too many messages of a view that has not begun";
    assert!(
        desk.ignored.contains(&refused),
        "they are not kept without end"
    );
    assert!(!desk.timers[1].contains_key(&Timer::Status));
    desk.ignored.clear();
    let vote = desk.vote(2, Phase::Prepare, 1, 1, &request);
    desk.hand(1, vote);
    assert!(desk.ignored.is_empty(), "{:?}", desk.ignored);
    assert!(desk.timers[1].contains_key(&Timer::Status));
}

/// With MACs a view begins on acknowledgements; those that a liar makes up displace no true ones.
#[test]
fn made_up_acknowledgements_displace_no_others() {
    let mut desk = Desk::new(4, macs());
    (1..4).for_each(|id| desk.ask(id, 0, 1, put("x", 1)));
    desk.deliver(|letter| letter.1 == node(0));
    (1..4).for_each(|id| desk.fire(id, Timer::ViewChange));
    let changes = desk.hold(|letter| letter.1 == node(1) && is(letter, &["ViewChange"]));
    assert_eq!(changes.len(), 2);
    // Nodes 2 and 3 acknowledge each other's view change, and node 1 has that first.
    desk.deliver(|letter| letter.1 == node(0));
    for k in 0..200u64 {
        let (view, digest) = (1, Digest::of(&k));
        let of = node(2 + k as usize % 2);
        let ack = note(&desk, 0, 1, Note::Ack { view, of, digest });
        desk.hand(1, ack);
    }
    let mut said = Vec::new();
    for (_, _, change) in changes {
        said.extend(desk.hand(1, change));
    }
    assert!(said.iter().any(|letter| is(letter, &["NewView"])));
}

/// Who asks for what it lacks lacks nothing that it said itself.
#[test]
fn nobody_is_sent_its_own_pre_prepare() {
    let mut desk = Desk::new(4, Options::default());
    desk.ask(0, 0, 1, put("x", 1));
    desk.deliver_all();
    let status = Note::Status {
        view: 0,
        active: true,
        stable: 0,
        executed: 0,
    };
    for (asks, orders) in [(0, 0), (2, 1)] {
        let status = note(&desk, asks, 1, status);
        let said = desk.hand(1, status);
        assert!(said.iter().any(|letter| is(letter, &["Commit"])));
        let sent = said.iter().filter(|letter| is(letter, &["PrePrepare"]));
        assert_eq!(sent.count(), orders, "to node {asks}");
    }
}

/// Of checkpoints beyond the window each replica's newest counts, in whatever order they come.
#[test]
fn an_old_checkpoint_that_comes_late_displaces_no_newer_one() {
    let mut desk = Desk::new(4, Options::default());
    let announced = |desk: &Desk, sender: usize, seq: u64| {
        let digest = Digest::of(&seq);
        let checkpoint = Checkpoint { seq, digest };
        let sealed = Sealed::to_all(&desk.keys(), node(sender), checkpoint);
        Message::Checkpoint(Arc::new(sealed))
    };
    for seq in [110, 100] {
        let checkpoint = announced(&desk, 0, seq);
        assert!(desk.hand(1, checkpoint).is_empty());
    }
    let checkpoint = announced(&desk, 2, 110);
    let said = desk.hand(1, checkpoint);
    assert!(said.iter().any(|letter| is(letter, &["Fetch"])));
}
