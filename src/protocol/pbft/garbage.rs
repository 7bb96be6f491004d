//! Messages that no correct replica sends, for tests of what is refused.

use super::digest::Digest;
use super::keys::{Party, Proof, Seal};
use super::message::{
    Checkpoint, Claim, Message, NewView, Note, Phase, PrePrepare, Sealed, ViewChange, Vote,
};
use super::request::Request;
use super::wire::MAX;
use crate::base::{Draws, NodeId, RequestId};
use crate::protocol::machine::KvOp;
use std::sync::Arc;

/// A message that breaks a rule which can be told from it alone, or that nothing vouches for.
#[allow(clippy::too_many_lines)] // one arm a fault
pub(super) fn garbage(luck: &mut Draws) -> Message {
    let view = luck.between(0, 5);
    let seq = luck.between(1, 30);
    let huge = luck.between(MAX + 1, u64::MAX);
    let sender = NodeId(luck.between(0, 2) as u16);
    let digest = Digest::of(&luck.bits());
    let vote = |sender, phase, view, seq| {
        let vote = Vote {
            phase,
            view,
            seq,
            digest,
        };
        Message::Vote(Arc::new(Sealed::bare(sender, vote)))
    };
    let order = |view, seq| {
        let order = PrePrepare {
            view,
            seq,
            digest,
            request: None,
        };
        Arc::new(Sealed::bare(sender, order))
    };
    let change = |view, claims: &[(u64, u64)]| {
        let claim = |&(view, seq): &(u64, u64)| Claim {
            seq,
            view,
            digest,
            request: None,
            proof: None,
        };
        let change = ViewChange {
            view,
            stable: Checkpoint::default(),
            proof: Vec::new(),
            checkpoints: Vec::new(),
            prepared: claims.iter().map(claim).collect(),
            pre_prepared: Vec::new(),
        };
        Arc::new(Sealed::bare(sender, change))
    };
    let note = |note| Message::Note(Arc::new(Sealed::bare(sender, note)));
    match luck.between(0, 13) {
        0 => vote(NodeId(200), Phase::Prepare, view, seq),
        1 => vote(sender, Phase::Prepare, huge, seq),
        2 => vote(sender, Phase::Commit, view, 0),
        3 => vote(sender, Phase::Commit, view, seq),
        4 => Message::PrePrepare(order(view, huge)),
        5 => Message::PrePrepare(order(view, seq)),
        6 => Message::ViewChange(change(0, &[])),
        7 => Message::ViewChange(change(view + 1, &[(view + 1, seq)])),
        8 => Message::ViewChange(change(9, &[(1, 4), (1, 3)])),
        9 => Message::NewView(Arc::new(Sealed::bare(
            sender,
            NewView {
                view: view + 1,
                changes: vec![change(view + 1, &[]); 200],
                pre_prepares: vec![order(view + 1, seq)],
            },
        ))),
        10 => Message::Checkpoint(Arc::new(Sealed::bare(
            sender,
            Checkpoint { seq: 0, digest },
        ))),
        11 => note(Note::Ack {
            view,
            of: NodeId(99),
            digest,
        }),
        12 => note(Note::Fetch { seq }),
        _ => {
            let id = RequestId {
                client: 0,
                serial: huge,
            };
            let seal = Seal::new(Party::Client(0), digest, Proof::None, None);
            let request = Request::new(id, KvOp::Get("x".into()), Arc::new(seal));
            Message::Relay(Arc::new(request))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Chance, Wire};
    use crate::protocol::pbft::keys::Keys;
    use crate::protocol::pbft::options::Authentication;
    use std::collections::BTreeSet;

    #[test]
    fn all_garbage_is_refused() {
        let mut luck = Draws::new(Chance::from_seed(1));
        let keys = Keys::of(1, 4, Authentication::Macs);
        let (mut faults, mut kinds) = (BTreeSet::new(), BTreeSet::new());
        for _ in 0..10_000 {
            let message = Message::garbage(&mut luck);
            assert!(!message.to_string().is_empty() && serde_json::to_value(&message).is_ok());
            kinds.insert(message.kind());
            let fault = message.fault(4, 20);
            let refused = fault.is_some() || !message.holds(&keys, NodeId(3));
            assert!(refused, "{message} is fine");
            faults.insert(fault);
        }
        assert!(
            kinds.len() >= 9 && faults.len() >= 8,
            "{kinds:?} {faults:?}"
        );
    }
}
