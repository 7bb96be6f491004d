//! How a replica tells two stories: to one half of the others it says one thing of a number, to the
//! other half another.

use super::conduct::Way;
use super::digest::Digest;
use super::message::{Message, Phase, PrePrepare, Sealed, Vote};
use super::state::Pbft;
use crate::base::{Effects, NodeId};
use std::sync::Arc;

/// Two stories about one number.
#[derive(Clone, Debug)]
pub(super) struct Fork {
    pub view: u64,
    /// To whom the first is told, and to whom the second.
    pub digests: [Digest; 2],
}

/// To which story a replica belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    First,
    Second,
    /// An ally, who is told everything.
    Within,
}

/// How many numbers of the past two stories are remembered about.
const FORKS_KEPT: usize = 64;

impl Pbft {
    /// Which story a replica is told: of those that are neither allies nor the primary the lower
    /// half is told the first.
    fn side(&self, node: NodeId) -> Side {
        let who = self.options.identity(node, self.replicas);
        let (allies, primary) = (self.allies(), self.primary());
        if allies.has(who) {
            return Side::Within;
        }
        let counts = |id: &NodeId| *id != self.me && *id != primary && !allies.has(*id);
        let deceived = NodeId::first(self.replicas).filter(counts);
        let (all, before) = (
            deceived.clone().count(),
            deceived.filter(|id| *id < who).count(),
        );
        match before < all / 2 {
            true => Side::First,
            false => Side::Second,
        }
    }

    /// As primary it tells two stories of two numbers in a row: once it has two requests, one half
    /// gets them in their order and the other half swapped. What the other half is told; nothing
    /// if this message begins no such story.
    pub(super) fn fork(&mut self, message: &Message) -> Vec<Message> {
        let Message::PrePrepare(sealed) = message else {
            return Vec::new();
        };
        if !self.does(Way::Equivocate) || sealed.sender() != self.me {
            return Vec::new();
        }
        let PrePrepare {
            view,
            seq,
            digest,
            request,
        } = sealed.body().clone();
        let before = self.slot(seq - 1).and_then(|slot| slot.pre_prepare.clone());
        let Some(before) = before.filter(|before| before.body().request.is_some()) else {
            return Vec::new();
        };
        let PrePrepare {
            digest: first,
            request: first_request,
            ..
        } = before.body().clone();
        let Some(liar) = &mut self.liar else {
            return Vec::new();
        };
        if liar
            .forks
            .get(&(seq - 1))
            .is_some_and(|fork| fork.view == view)
        {
            return Vec::new();
        }
        let at = |seq, digests| (seq, Fork { view, digests });
        liar.forks
            .extend([at(seq - 1, [first, digest]), at(seq, [digest, first])]);
        while liar.forks.len() > FORKS_KEPT {
            liar.forks.pop_first();
        }
        let swapped = [(seq - 1, digest, request), (seq, first, first_request)];
        let swapped = swapped.map(|(seq, digest, request)| {
            Message::PrePrepare(Arc::new(self.seal(PrePrepare {
                view,
                seq,
                digest,
                request,
            })))
        });
        swapped.into()
    }

    /// What one node is told in place of a message.
    pub(super) fn told(&self, node: NodeId, message: &Message, forked: &[Message]) -> Vec<Message> {
        if !self.does(Way::Equivocate) {
            return vec![message.clone()];
        }
        let side = self.side(node);
        match message {
            Message::PrePrepare(sealed) if sealed.sender() == self.me => match side {
                Side::First => vec![message.clone()],
                // Until there is a second request there is no second story to be told.
                Side::Second => forked.to_vec(),
                Side::Within => [std::slice::from_ref(message), forked].concat(),
            },
            Message::Vote(sealed) if sealed.sender() == self.me => {
                self.other_vote(sealed, side).into_iter().collect()
            }
            _ => vec![message.clone()],
        }
    }

    /// A vote as one side is to have it; none while its story is not known yet.
    fn other_vote(&self, sealed: &Arc<Sealed<Vote>>, side: Side) -> Option<Message> {
        let mut vote = *sealed.body();
        let fork = self
            .liar
            .as_ref()
            .and_then(|liar| liar.forks.get(&vote.seq));
        let fork = fork.filter(|fork| fork.view == vote.view);
        vote.digest = match (fork, side) {
            (Some(fork), Side::First) => fork.digests[0],
            (Some(fork), Side::Second) => fork.digests[1],
            (None, Side::Second) if self.allies().has(self.primary()) => return None,
            (None, Side::Second) if !self.is_primary() => vote.digest.false_one(),
            _ => return Some(Message::Vote(Arc::clone(sealed))),
        };
        Some(Message::Vote(Arc::new(self.seal(vote))))
    }

    /// Votes for both stories at once, to each side for its own.
    pub(super) fn press(&mut self, seq: u64, out: &mut Effects<Pbft>) {
        let fork = self.liar.as_ref().and_then(|liar| liar.forks.get(&seq));
        let Some(Fork { view, digests }) = fork.cloned() else {
            return;
        };
        let phases = match self.is_primary() {
            true => &[Phase::Commit][..],
            false => &[Phase::Prepare, Phase::Commit],
        };
        for node in Arc::clone(&self.others).iter() {
            let digest = match self.side(*node) {
                Side::First => digests[0],
                Side::Second => digests[1],
                Side::Within => continue,
            };
            for &phase in phases {
                let vote = Vote {
                    phase,
                    view,
                    seq,
                    digest,
                };
                self.emit(*node, Message::Vote(Arc::new(self.seal(vote))), out);
            }
        }
    }
}
