//! What replicas say to each other, under the names of sections 4.2 to 4.4, and what they say
//! besides to mend what the network lost.

use super::digest::Digest;
use super::keys::{Keys, Party, Seal, content_of};
use super::request::{Request, digest_of};
use crate::base::{NodeId, RequestId};
use crate::protocol::machine::{KvMachine, Replicated};
use serde::{Serialize, Serializer, ser::SerializeMap, ser::SerializeStruct};
use std::fmt::{self, Display};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// What can be sealed: told apart by a number of its own, so that no seal of one kind of thing is
/// one of another.
pub trait Body: Hash {
    /// The kind's number, below 128.
    const KIND: u8;
}

/// Something said by a replica, with the proof of who said it. Its parts cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed<T> {
    body: T,
    seal: Seal,
}

impl<T: Body> Sealed<T> {
    /// `signer` says `body` to all replicas.
    pub fn to_all(keys: &Arc<Keys>, signer: NodeId, body: T) -> Sealed<T> {
        Sealed::forged(keys, signer, signer, body)
    }

    /// `signer` says `body` to one party.
    pub fn to_one(keys: &Arc<Keys>, signer: NodeId, to: Party, body: T) -> Sealed<T> {
        let sender = Party::Replica(signer);
        let content = content(sender, &body);
        let proof = keys.prove_to(to, sender, &content);
        let seal = Seal::new(sender, content, proof, Some(Arc::clone(keys)));
        Sealed { body, seal }
    }

    /// `signer` says `body` to all replicas, and claims to be `sender`: unless it is, a liar's work.
    pub fn forged(keys: &Arc<Keys>, signer: NodeId, sender: NodeId, body: T) -> Sealed<T> {
        let sender = Party::Replica(sender);
        let content = content(sender, &body);
        let proof = keys.prove(Party::Replica(signer), &content);
        let seal = Seal::new(sender, content, proof, Some(Arc::clone(keys)));
        Sealed { body, seal }
    }

    /// The same with a proof that does not hold: a liar's work.
    pub fn spoilt(&self) -> Sealed<T>
    where
        T: Clone,
    {
        let mut sealed = self.clone();
        sealed.seal.proof = sealed.seal.proof.spoilt();
        sealed
    }

    /// Something said with no proof at all.
    pub(super) fn bare(sender: NodeId, body: T) -> Sealed<T> {
        let sender = Party::Replica(sender);
        let content = content(sender, &body);
        let seal = Seal::new(sender, content, super::keys::Proof::None, None);
        Sealed { body, seal }
    }

    /// Whether `receiver` can be sure that the sender said it. The digest is computed anew from
    /// what was said.
    pub fn holds(&self, keys: &Keys, receiver: Party) -> bool {
        let content = content(self.seal.sender, &self.body);
        keys.holds(self.seal.sender, receiver, &content, &self.seal.proof)
    }
}

fn content<T: Body>(sender: Party, body: &T) -> Digest {
    content_of(T::KIND, sender, &|sha| body.hash(sha))
}

impl<T> Sealed<T> {
    /// What was said.
    pub fn body(&self) -> &T {
        &self.body
    }

    /// Which replica is said to have said it: the only sender that counts.
    pub fn sender(&self) -> NodeId {
        match self.seal.sender {
            Party::Replica(id) => id,
            Party::Client(_) => NodeId(u16::MAX),
        }
    }

    /// The digest that is sealed.
    pub fn content(&self) -> Digest {
        self.seal.content
    }
}

impl<T> Hash for Sealed<T> {
    /// The seal runs over all of the body.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.seal.hash(state);
    }
}

impl<T: Serialize> Serialize for Sealed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown<'a, T> {
            #[serde(flatten)]
            body: &'a T,
            auth: &'a Seal,
        }
        let Sealed { body, seal } = self;
        Shown { body, auth: seal }.serialize(serializer)
    }
}

/// Number `seq` of view `view` belongs to a request (section 4.2). Sealed without the request
/// itself, which its digest stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrePrepare {
    /// The view.
    pub view: u64,
    /// The number given to the request.
    pub seq: u64,
    /// The request's digest; [`Digest::NULL`] for the null request.
    pub digest: Digest,
    /// The request; none is the null request, which does nothing (section 4.4).
    pub request: Option<Arc<Request>>,
}

impl PrePrepare {
    /// Whether the digest is the request's.
    pub(super) fn fits(&self) -> bool {
        digest_of(self.request.as_deref()) == self.digest
    }
}

impl Body for PrePrepare {
    const KIND: u8 = 1;
}

impl Hash for PrePrepare {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.view, self.seq, self.digest).hash(state);
    }
}

impl Serialize for PrePrepare {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("PrePrepare", 4)?;
        record.serialize_field("view", &self.view)?;
        record.serialize_field("seq", &self.seq)?;
        record.serialize_field("digest", &self.digest)?;
        record.serialize_field("request", &self.request.as_deref())?;
        record.end()
    }
}

/// The two phases in which replicas vote (section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// A backup has taken the pre-prepare.
    Prepare,
    /// A replica has prepared the request.
    Commit,
}

/// PREPARE or COMMIT (section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Vote {
    /// Which of the two.
    #[serde(skip)]
    pub phase: Phase,
    /// The view.
    pub view: u64,
    /// The number.
    pub seq: u64,
    /// The digest of the request that the sender has there.
    pub digest: Digest,
}

impl Body for Vote {
    const KIND: u8 = 2;
}

impl Hash for Vote {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let phase = self.phase as u8;
        (phase, self.view, self.seq, self.digest).hash(state);
    }
}

/// The state after number `seq` has this digest (section 4.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Checkpoint {
    /// The last number that the state holds.
    pub seq: u64,
    /// The digest of the state.
    pub digest: Digest,
}

impl Body for Checkpoint {
    const KIND: u8 = 3;
}

/// What makes a request prepared at a replica: the pre-prepare, and matching prepares of other
/// replicas than the primary (section 4.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Certificate {
    /// The pre-prepare.
    pub pre_prepare: Arc<Sealed<PrePrepare>>,
    /// The prepares: a quorum less one, the primary's pre-prepare counting for it.
    pub prepares: Vec<Arc<Sealed<Vote>>>,
}

/// What a replica says in a view change of one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The number.
    pub seq: u64,
    /// The last view in which the request was prepared there, or pre-prepared.
    pub view: u64,
    /// The request's digest.
    pub digest: Digest,
    /// The request.
    pub request: Option<Arc<Request>>,
    /// The proof, where there are signatures.
    pub proof: Option<Arc<Certificate>>,
}

impl Hash for Claim {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.seq, self.view, self.digest).hash(state);
        if let Some(proof) = &self.proof {
            proof.hash(state);
        }
    }
}

impl Serialize for Claim {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let prepares = self.proof.as_ref().map(|proof| proof.prepares.len());
        let mut record = serializer.serialize_struct("Claim", 5)?;
        record.serialize_field("seq", &self.seq)?;
        record.serialize_field("view", &self.view)?;
        record.serialize_field("digest", &self.digest)?;
        record.serialize_field("request", &Says(self.request.as_deref()))?;
        if let Some(prepares) = prepares {
            record.serialize_field("prepares", &prepares)?;
        }
        record.end()
    }
}

/// A replica wants another view, and says what it knows (section 4.4; with MACs as in Castro and
/// Liskov 2002).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ViewChange {
    /// The view it wants.
    pub view: u64,
    /// Its last stable checkpoint: the number is n of section 4.4, h of the later paper.
    pub stable: Checkpoint,
    /// With signatures: the checkpoint's proof, C of section 4.4.
    pub proof: Vec<Arc<Sealed<Checkpoint>>>,
    /// With MACs: the checkpoints whose states it has; C of the later paper.
    pub checkpoints: Vec<Checkpoint>,
    /// For each later number the request that it prepared last: P.
    pub prepared: Vec<Claim>,
    /// With MACs: for each later number the requests that it pre-prepared: Q.
    pub pre_prepared: Vec<Claim>,
}

impl Body for ViewChange {
    const KIND: u8 = 4;
}

impl Serialize for ViewChange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("view", &self.view)?;
        map.serialize_entry("stable", &self.stable)?;
        if self.checkpoints.is_empty() && self.pre_prepared.is_empty() {
            map.serialize_entry("proof", &self.proof.len())?;
        } else {
            map.serialize_entry("checkpoints", &self.checkpoints)?;
            map.serialize_entry("pre_prepared", &self.pre_prepared)?;
        }
        map.serialize_entry("prepared", &self.prepared)?;
        map.end()
    }
}

/// The new primary begins a view (section 4.4).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NewView {
    /// The view.
    pub view: u64,
    /// The view changes that it rests on: V.
    pub changes: Vec<Arc<Sealed<ViewChange>>>,
    /// The pre-prepares that follow from them: O.
    pub pre_prepares: Vec<Arc<Sealed<PrePrepare>>>,
}

impl Body for NewView {
    const KIND: u8 = 5;
}

impl Serialize for NewView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Chosen<'a> {
            seq: u64,
            digest: Digest,
            request: Says<'a>,
        }
        let of: Vec<NodeId> = self.changes.iter().map(|change| change.sender()).collect();
        let chosen = self.pre_prepares.iter().map(|sealed| {
            let PrePrepare {
                seq,
                digest,
                request,
                ..
            } = sealed.body();
            Chosen {
                seq: *seq,
                digest: *digest,
                request: Says(request.as_deref()),
            }
        });
        let mut record = serializer.serialize_struct("NewView", 3)?;
        record.serialize_field("view", &self.view)?;
        record.serialize_field("view_changes_of", &of)?;
        record.serialize_field("pre_prepares", &chosen.collect::<Vec<_>>())?;
        record.end()
    }
}

/// The state after a checkpoint, for a replica that is behind. It is believed for its digest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The checkpoint.
    pub seq: u64,
    /// The machine and the clients' last replies.
    pub state: Replicated<KvMachine>,
}

impl Body for State {
    const KIND: u8 = 6;
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("State", 3)?;
        record.serialize_field("seq", &self.seq)?;
        record.serialize_field("machine", &self.state.machine)?;
        record.serialize_field("sessions", &self.state.sessions.len())?;
        record.end()
    }
}

/// Short things that replicas say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum Note {
    /// With MACs: a view change has come and its authenticator holds.
    Ack {
        /// The view that is wanted.
        view: u64,
        /// Whose view change it is.
        of: NodeId,
        /// Its digest.
        digest: Digest,
    },
    /// With MACs: who has had this view change, which comes with a new view, from its sender?
    Query {
        /// The view that is wanted.
        view: u64,
        /// Whose view change it is.
        of: NodeId,
        /// Its digest.
        digest: Digest,
    },
    /// What the sender has; whoever has more sends what it lacks.
    Status {
        /// The view.
        view: u64,
        /// Whether the view has begun for it.
        active: bool,
        /// Its last stable checkpoint.
        stable: u64,
        /// The last number that it has executed.
        executed: u64,
    },
    /// Send the state after this checkpoint.
    Fetch {
        /// The checkpoint.
        seq: u64,
    },
    /// A liar looks for others to collude with, and gives them its key.
    Whisper {
        /// It answers a whisper.
        back: bool,
    },
}

impl Body for Note {
    const KIND: u8 = 7;
}

/// A message between replicas. Kept small: all that it says is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A backup passes a client's request on to the primary (section 4.4).
    Relay(Arc<Request>),
    /// A request gets its number.
    PrePrepare(Arc<Sealed<PrePrepare>>),
    /// PREPARE or COMMIT.
    Vote(Arc<Sealed<Vote>>),
    /// The state at a checkpoint.
    Checkpoint(Arc<Sealed<Checkpoint>>),
    /// A replica wants another view.
    ViewChange(Arc<Sealed<ViewChange>>),
    /// A view begins.
    NewView(Arc<Sealed<NewView>>),
    /// The state of a checkpoint.
    State(Arc<Sealed<State>>),
    /// Something short.
    Note(Arc<Sealed<Note>>),
}

impl Message {
    /// Who is said to have said it; nobody for a relayed request, which its client vouches for.
    pub(super) fn sender(&self) -> Option<NodeId> {
        match self {
            Message::Relay(_) => None,
            Message::PrePrepare(sealed) => Some(sealed.sender()),
            Message::Vote(sealed) => Some(sealed.sender()),
            Message::Checkpoint(sealed) => Some(sealed.sender()),
            Message::ViewChange(sealed) => Some(sealed.sender()),
            Message::NewView(sealed) => Some(sealed.sender()),
            Message::State(sealed) => Some(sealed.sender()),
            Message::Note(sealed) => Some(sealed.sender()),
        }
    }

    /// Whether `receiver` can be sure who said it.
    pub(super) fn holds(&self, keys: &Keys, receiver: NodeId) -> bool {
        let receiver = Party::Replica(receiver);
        match self {
            Message::Relay(request) => request.holds(keys, receiver),
            Message::PrePrepare(sealed) => sealed.holds(keys, receiver),
            Message::Vote(sealed) => sealed.holds(keys, receiver),
            Message::Checkpoint(sealed) => sealed.holds(keys, receiver),
            Message::ViewChange(sealed) => sealed.holds(keys, receiver),
            Message::NewView(sealed) => sealed.holds(keys, receiver),
            Message::State(sealed) => sealed.holds(keys, receiver),
            Message::Note(sealed) => sealed.holds(keys, receiver),
        }
    }

    /// The same with a proof that does not hold.
    pub(super) fn spoilt(&self) -> Message {
        match self {
            Message::Relay(_) => self.clone(),
            Message::PrePrepare(sealed) => Message::PrePrepare(Arc::new(sealed.spoilt())),
            Message::Vote(sealed) => Message::Vote(Arc::new(sealed.spoilt())),
            Message::Checkpoint(sealed) => Message::Checkpoint(Arc::new(sealed.spoilt())),
            Message::ViewChange(sealed) => Message::ViewChange(Arc::new(sealed.spoilt())),
            Message::NewView(sealed) => Message::NewView(Arc::new(sealed.spoilt())),
            Message::State(sealed) => Message::State(Arc::new(sealed.spoilt())),
            Message::Note(sealed) => Message::Note(Arc::new(sealed.spoilt())),
        }
    }
}

/// A request in words, or the null request.
pub(super) struct Says<'a>(pub Option<&'a Request>);

impl Display for Says<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(request) => {
                let RequestId { client, serial } = request.id();
                write!(f, "{} (c{client}#{serial})", request.op())
            }
            None => f.write_str("nothing"),
        }
    }
}

impl Serialize for Says<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
