//! Clients' requests, and what replicas answer.

use super::digest::Digest;
use super::keys::{Keys, Party, Seal, content_of};
use super::message::{Body, Sealed};
use crate::base::{NodeId, RequestId};
use crate::protocol::machine::{KvOp, KvOutput};
use serde::{Serialize, Serializer, ser::SerializeStruct};
use std::fmt::{self, Display};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// REQUEST (section 4.1): an operation, its timestamp, the client, and the client's proof. The
/// client's serial number is the timestamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    id: RequestId,
    op: KvOp,
    seal: Stamp,
}

/// The client's proof that it asked for something.
pub type Stamp = Arc<Seal>;

const REQUEST: u8 = 8;

fn request_digest(id: RequestId, op: &KvOp) -> Digest {
    content_of(REQUEST, Party::Client(id.client), &|sha| {
        (id.serial, op).hash(sha)
    })
}

/// The digest that stands for a request, or for the null request.
pub(super) fn digest_of(request: Option<&Request>) -> Digest {
    request.map_or(Digest::NULL, Request::digest)
}

impl Request {
    /// What a client asks.
    pub fn new(id: RequestId, op: KvOp, seal: Stamp) -> Request {
        Request { id, op, seal }
    }

    /// What the client of `id` sends along with `op`.
    pub fn stamp(keys: &Arc<Keys>, id: RequestId, op: &KvOp) -> Stamp {
        let client = Party::Client(id.client);
        let content = request_digest(id, op);
        let proof = keys.prove(client, &content);
        Arc::new(Seal::new(client, content, proof, Some(Arc::clone(keys))))
    }

    /// What no client asked: a request in the name of a client that `signer` makes up.
    pub fn forged(keys: &Arc<Keys>, signer: NodeId, id: RequestId, op: KvOp) -> Request {
        let content = request_digest(id, &op);
        let proof = keys.prove(Party::Replica(signer), &content);
        let client = Party::Client(id.client);
        let seal = Arc::new(Seal::new(client, content, proof, Some(Arc::clone(keys))));
        Request { id, op, seal }
    }

    /// Who asks, and the timestamp.
    pub fn id(&self) -> RequestId {
        self.id
    }

    /// What is asked.
    pub fn op(&self) -> &KvOp {
        &self.op
    }

    /// The digest d of section 4.2. It is computed anew each time.
    pub fn digest(&self) -> Digest {
        request_digest(self.id, &self.op)
    }

    /// Whether `receiver` can be sure that the client asked for it.
    pub(super) fn holds(&self, keys: &Keys, receiver: Party) -> bool {
        let client = Party::Client(self.id.client);
        self.seal.sender == client && keys.holds(client, receiver, &self.digest(), &self.seal.proof)
    }

    /// Why no client can have asked that, if so.
    pub(super) fn fault(&self) -> Option<&'static str> {
        (self.id.serial == 0 || self.id.serial > super::wire::MAX)
            .then_some("a timestamp that cannot be")
    }
}

impl Hash for Request {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.id, &self.op).hash(state);
        self.seal.hash(state);
    }
}

impl Serialize for Request {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("Request", 4)?;
        record.serialize_field("client", &self.id.client)?;
        record.serialize_field("timestamp", &self.id.serial)?;
        record.serialize_field("op", &self.op)?;
        record.serialize_field("auth", &*self.seal)?;
        record.end()
    }
}

/// REPLY (section 4.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The replica's view, by which the client follows the primary.
    pub view: u64,
    /// The request that is answered.
    #[serde(skip)]
    pub id: RequestId,
    /// What the operation gave.
    pub result: KvOutput,
    /// It was read from the state as it was, without an order among requests (section 5.1).
    #[serde(skip_serializing_if = "is_false")]
    pub read_only: bool,
}

fn is_false(truth: &bool) -> bool {
    !truth
}

impl Body for Answer {
    const KIND: u8 = 9;
}

impl Hash for Answer {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.view, self.id.client, self.id.serial).hash(state);
        (self.result, self.read_only).hash(state);
    }
}

/// A reply as its client gets it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reply(pub Arc<Sealed<Answer>>);

impl Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0.body().result, f)
    }
}

impl Serialize for Reply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
