//! Checkpoints, watermarks and the transfer of states (section 4.3).

use crate::desk::{Desk, is, macs, node, put};
use std::sync::Arc;
use synod::protocol::pbft::{
    Checkpoint, Digest, Message, Milestone, Note, Options, Phase, Sealed, Timer, Way,
};

fn small(options: Options) -> Options {
    Options {
        checkpoint_interval: 2,
        window: 4,
        ..options
    }
}

fn checkpoint(desk: &Desk, sender: usize, seq: u64, digest: Digest) -> Message {
    let checkpoint = Checkpoint { seq, digest };
    Message::Checkpoint(Arc::new(Sealed::to_all(
        &desk.keys(),
        node(sender),
        checkpoint,
    )))
}

/// The primary gives out no number beyond the high watermark, and goes on once it moves.
#[test]
fn numbers_stay_in_the_window() {
    let mut desk = Desk::new(4, small(macs()));
    for client in 0..7 {
        desk.ask(0, client, 1, put("x", 1));
    }
    let ordered = |desk: &Desk| desk.said(0, "ordered");
    assert_eq!(
        ordered(&desk),
        4,
        "L numbers after the last stable checkpoint"
    );
    desk.deliver_all();
    assert_eq!((ordered(&desk), desk.executed()), (7, vec![7; 4]));
    assert_eq!(desk.cores[2].low(), 6);
}

/// Section 4.3: a checkpoint is stable with 2f + 1 equal announcements of different replicas.
#[test]
fn a_checkpoint_is_stable_with_a_quorum() {
    for options in [Options::default(), macs()] {
        let mut desk = Desk::new(4, small(options));
        for serial in 1..=2 {
            desk.ask(0, 0, serial, put("x", serial as i64));
            desk.deliver(|letter| is(letter, &["Checkpoint"]));
        }
        assert_eq!(desk.executed(), [2; 4]);
        let own = desk.facts.iter().find_map(|(who, fact)| match fact {
            Milestone::CheckpointTaken { seq: 2, digest } => (*who == node(3)).then_some(*digest),
            _ => None,
        });
        let digest = own.expect("node 3 has taken one");
        let other = Digest::of(&"another state");
        for (sender, digest, low) in [
            (1, digest, 0),
            (1, digest, 0),
            (2, other, 0),
            (0, digest, 2),
        ] {
            let message = checkpoint(&desk, sender, 2, digest);
            desk.hand(3, message);
            assert_eq!(desk.cores[3].low(), low, "{sender}");
        }
        // What lies below is let go.
        let request = desk.request(0, 1, put("x", 1));
        let late = desk.vote(1, Phase::Commit, 0, 2, &request);
        desk.hand(3, late);
        assert!(desk.dropped("a number outside the window"));
        let odd = checkpoint(&desk, 1, 3, digest);
        desk.hand(3, odd);
        assert!(desk.dropped("a checkpoint at a number that has none"));
    }
}

/// A replica that is behind takes over a state that others vouch for, if it is that state.
#[test]
fn a_replica_left_behind_takes_over_a_state() {
    for options in [Options::default(), macs()] {
        let mut desk = Desk::new(4, small(options));
        for serial in 1..=9 {
            desk.ask(0, 0, serial, put("x", serial as i64));
            desk.deliver(|letter| letter.1 == node(3));
        }
        assert_eq!(desk.executed(), [9, 9, 9, 0]);
        desk.conduct(1, &[Way::FalseCheckpoint]);
        // It hears of number 10 and sees how far the others are.
        desk.ask(0, 0, 10, put("x", 10));
        desk.deliver_all();
        assert!(
            desk.ignored.contains(&"a state that its digest belies")
                || desk.cores[3].executed() == 10
        );
        for _ in 0..4 {
            if desk.timers[3].contains_key(&Timer::Status) {
                desk.fire(3, Timer::Status);
                desk.deliver_all();
            }
        }
        assert_eq!(desk.executed(), [10; 4]);
        assert_eq!(desk.said(3, "state_fetched"), 1);
        assert_eq!(desk.cores[3].machine(), desk.cores[0].machine());
        // It answers like the others what was asked before.
        desk.replies.clear();
        desk.ask(3, 0, 10, put("x", 10));
        assert_eq!(desk.replies.len(), 1);
    }
}

/// A state that nobody vouches for is not taken over.
#[test]
fn a_false_state_is_refused() {
    let mut desk = Desk::new(4, small(macs()));
    desk.conduct(1, &[Way::FalseCheckpoint]);
    for serial in 1..=4 {
        desk.ask(0, 0, serial, put("x", serial as i64));
        desk.deliver(|letter| letter.1 == node(3));
    }
    // Node 1 is asked first, as it vouched for the truth before it lied.
    let digest = desk.facts.iter().find_map(|(who, fact)| match fact {
        Milestone::CheckpointTaken { seq: 4, digest } => (*who == node(0)).then_some(*digest),
        _ => None,
    });
    let digest = digest.expect("node 0 has taken one");
    for sender in [1, 2] {
        let message = checkpoint(&desk, sender, 4, digest);
        let said = desk.hand(3, message);
        desk.letters.extend(said);
    }
    desk.fire(3, Timer::Status);
    assert!(
        desk.letters
            .iter()
            .any(|letter| is(letter, &["Fetch"]) && letter.1 == node(1))
    );
    desk.deliver_all();
    assert!(desk.ignored.contains(&"a state that its digest belies"));
    assert_eq!(
        (desk.cores[3].executed(), desk.cores[3].machine().value("x")),
        (4, Some(4))
    );
}

/// A replica that has proof of a checkpoint but not its state speaks for it to nobody: with MACs
/// others would count its word for one that has the state.
#[test]
fn nobody_speaks_for_a_state_that_it_lacks() {
    let mut desk = Desk::new(4, small(macs()));
    for serial in 1..=4 {
        desk.ask(0, 0, serial, put("x", serial as i64));
        desk.deliver(|letter| letter.1 == node(3));
    }
    let taken = |desk: &Desk, id: usize| {
        desk.facts.iter().find_map(|(who, fact)| match fact {
            Milestone::CheckpointTaken { seq: 4, digest } => (*who == node(id)).then_some(*digest),
            _ => None,
        })
    };
    let digest = taken(&desk, 0).expect("node 0 has taken one");
    let mut asks = Vec::new();
    for sender in [0, 1, 2] {
        let message = checkpoint(&desk, sender, 4, digest);
        asks.extend(desk.hand(3, message));
    }
    assert_eq!((desk.cores[3].low(), desk.cores[3].executed()), (4, 0));
    let status = |desk: &Desk| {
        let status = Note::Status {
            view: 0,
            active: true,
            stable: 0,
            executed: 0,
        };
        Message::Note(Arc::new(Sealed::to_all(&desk.keys(), node(1), status)))
    };
    let question = status(&desk);
    assert_eq!(desk.hand(3, question), []);
    // Once it has the state it does.
    desk.letters.extend(asks);
    desk.deliver_all();
    assert_eq!(taken(&desk, 3), Some(digest));
    let question = status(&desk);
    let told = desk.hand(3, question);
    assert!(told.iter().any(|letter| is(letter, &["Checkpoint"])));
}
