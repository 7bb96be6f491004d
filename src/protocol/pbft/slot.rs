//! What a replica has of one number: the pre-prepare, the votes, and what they prove.

use super::digest::Digest;
use super::message::{Certificate, Claim, Phase, PrePrepare, Sealed, Vote};
use crate::base::NodeId;
use std::sync::Arc;

/// A set of replicas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Replicas(u32);

impl Replicas {
    /// Adds one; whether it was not there.
    pub fn add(&mut self, id: NodeId) -> bool {
        let bit = 1u32.checked_shl(u32::from(id.0)).unwrap_or(0);
        let new = self.0 & bit == 0;
        self.0 |= bit;
        new
    }

    /// Takes one out.
    pub fn remove(&mut self, id: NodeId) {
        self.0 &= !1u32.checked_shl(u32::from(id.0)).unwrap_or(0);
    }

    /// Whether one is in it.
    pub fn has(self, id: NodeId) -> bool {
        self.0 & 1u32.checked_shl(u32::from(id.0)).unwrap_or(0) != 0
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In order.
    pub fn iter(self) -> impl Iterator<Item = NodeId> {
        (0..32).map(NodeId).filter(move |id| self.has(*id))
    }
}

impl FromIterator<NodeId> for Replicas {
    fn from_iter<I: IntoIterator<Item = NodeId>>(ids: I) -> Replicas {
        let mut set = Replicas::default();
        ids.into_iter().for_each(|id| {
            set.add(id);
        });
        set
    }
}

/// The votes of one phase, one of each replica: the first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Votes {
    pub list: Vec<Arc<Sealed<Vote>>>,
    senders: Replicas,
    /// How many name the digest of the pre-prepare; zero while there is none.
    pub matching: usize,
}

impl Votes {
    /// Whether `sender` has voted.
    pub fn has(&self, sender: NodeId) -> bool {
        self.senders.has(sender)
    }

    /// The votes that name `digest`.
    pub fn of(&self, digest: Digest) -> impl Iterator<Item = &Arc<Sealed<Vote>>> {
        self.list
            .iter()
            .filter(move |vote| vote.body().digest == digest)
    }

    fn add(&mut self, vote: Arc<Sealed<Vote>>, counts: bool) {
        if self.senders.add(vote.sender()) {
            self.matching += usize::from(counts);
            self.list.push(vote);
        }
    }
}

/// One number of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Slot {
    /// The pre-prepare taken in the present view.
    pub pre_prepare: Option<Arc<Sealed<PrePrepare>>>,
    pub prepares: Votes,
    pub commits: Votes,
    /// `prepared` of section 4.2, in the present view.
    pub prepared: bool,
    /// `committed-local` of section 4.2, in the present view.
    pub committed: bool,
    /// Some replica was found to have another request here.
    pub conflict: bool,
    /// What proves that a request was prepared here, of the last view in which one was: its
    /// share in P of section 4.4.
    pub certificate: Option<Arc<Certificate>>,
    /// With MACs: what was pre-prepared here, the last view for each request: its share in Q.
    pub pre_prepared: Vec<Claim>,
}

impl Slot {
    pub fn digest(&self) -> Option<Digest> {
        self.pre_prepare.as_ref().map(|sealed| sealed.body().digest)
    }

    pub fn votes(&self, phase: Phase) -> &Votes {
        match phase {
            Phase::Prepare => &self.prepares,
            Phase::Commit => &self.commits,
        }
    }

    /// Takes a vote; `any` counts it whatever digest it names.
    pub fn vote(&mut self, vote: Arc<Sealed<Vote>>, any: bool) {
        let counts = self
            .digest()
            .is_some_and(|digest| any || digest == vote.body().digest);
        match vote.body().phase {
            Phase::Prepare => self.prepares.add(vote, counts),
            Phase::Commit => self.commits.add(vote, counts),
        }
    }

    /// Takes a pre-prepare, and counts the votes that were there before it.
    pub fn take(&mut self, sealed: Arc<Sealed<PrePrepare>>, any: bool) {
        let digest = sealed.body().digest;
        for votes in [&mut self.prepares, &mut self.commits] {
            votes.matching = if any {
                votes.list.len()
            } else {
                votes
                    .list
                    .iter()
                    .filter(|vote| vote.body().digest == digest)
                    .count()
            };
        }
        self.pre_prepare = Some(sealed);
    }

    /// Forgets what belongs to the view that is left, but not what was proven in it.
    pub fn leave_view(&mut self) {
        self.pre_prepare = None;
        self.prepares = Votes::default();
        self.commits = Votes::default();
        (self.prepared, self.committed, self.conflict) = (false, false, false);
    }

    /// Remembers that the request of `sealed` was pre-prepared.
    pub fn note_pre_prepared(&mut self, sealed: &PrePrepare) {
        let PrePrepare {
            view,
            seq,
            digest,
            ref request,
        } = *sealed;
        match self
            .pre_prepared
            .iter_mut()
            .find(|claim| claim.digest == digest)
        {
            Some(claim) => claim.view = claim.view.max(view),
            None => self.pre_prepared.push(Claim {
                seq,
                view,
                digest,
                request: request.clone(),
                proof: None,
            }),
        }
        if self.pre_prepared.len() as u64 > Claim::VIEWS_KEPT {
            let oldest = self
                .pre_prepared
                .iter()
                .enumerate()
                .min_by_key(|(_, claim)| claim.view);
            if let Some((place, _)) = oldest {
                self.pre_prepared.remove(place);
            }
        }
    }
}
