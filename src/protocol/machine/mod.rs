//! What protocols replicate: a deterministic state machine, and what surrounds it in the replicated
//! state: the clients' sessions. [`KvMachine`] is the one with named registers.

mod registers;

pub use registers::{KvMachine, KvOp, KvOutput};

use crate::base::{ClientId, Draws, Micros, RequestId};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::sync::Arc;

/// Has a JSON Schema, where schemas are made: natively.
#[cfg(not(target_arch = "wasm32"))]
pub trait Described: schemars::JsonSchema {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: schemars::JsonSchema> Described for T {}

/// Has a JSON Schema, where schemas are made: natively. In the browser there is nothing to it.
#[cfg(target_arch = "wasm32")]
pub trait Described {}
#[cfg(target_arch = "wasm32")]
impl<T> Described for T {}

/// A deterministic state machine: the same operations in the same order give the same state
/// and outputs on every node. A clone is a snapshot, so it should share what is big.
pub trait StateMachine:
    Clone + Default + PartialEq + Eq + Hash + Debug + Serialize + Described + 'static
{
    /// What a client asks of it. Cloned often: keys and the like are shared, not copied.
    type Op: Clone
        + PartialEq
        + Eq
        + Hash
        + Debug
        + Display
        + Serialize
        + DeserializeOwned
        + Described
        + 'static;
    /// What it answers.
    type Output: Clone + PartialEq + Eq + Hash + Debug + Display + Serialize + Described + 'static;
    /// What a leader alone keeps, by its own clock, to see what is due. It is not replicated and
    /// starts empty with each leader, so that a new leader waits a full span before it acts.
    type Clocks: Clone + Default + PartialEq + Eq + Hash + Debug + 'static;

    /// The name of the sequential model that its clients' history is held against.
    const MODEL: Option<&'static str>;

    /// Names of the built-in client workloads; the first is the default.
    const WORKLOADS: &'static [&'static str];

    /// Carries out `op`, which stands at `index` of the log and came as `id`. An operation that
    /// the leader proposed by itself has [`StateMachine::due`]'s id, [`INTERNAL`].
    fn apply(&mut self, index: u64, id: RequestId, op: &Self::Op) -> Self::Output;

    /// Whether `op` changes nothing, so that it can be answered without a log entry.
    fn is_read(op: &Self::Op) -> bool;

    /// Answers a read. For an operation that is none, what it would answer without doing it.
    fn query(&self, op: &Self::Op) -> Self::Output;

    /// The operations that a leader should propose now by its own clock, such as the end of a
    /// lease. Asked at each heartbeat of a leader with a committed entry of its own term.
    fn due(&self, _clocks: &mut Self::Clocks, _now: Micros) -> Vec<Self::Op> {
        Vec::new()
    }

    /// The `n`-th operation of `client` under `WORKLOADS[workload]`.
    fn workload(workload: usize, client: ClientId, n: u64, luck: &mut Draws) -> Self::Op;

    /// Roughly how many bytes a clone takes that it does not share.
    fn weight(&self) -> usize {
        size_of::<Self>()
    }
}

/// The id of operations that no client sent. They have no session and get no reply.
pub const INTERNAL: RequestId = RequestId {
    client: ClientId::MAX,
    serial: 0,
};

/// What a client's session keeps: its newest operation and the answer to it (section 8).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Session<O> {
    /// The client.
    pub client: ClientId,
    /// The serial number of its newest applied operation.
    pub serial: u64,
    /// What that operation was answered.
    pub output: O,
}

/// All that is replicated: the machine, and the sessions by which retries are recognised.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Replicated<M: StateMachine> {
    /// The machine.
    pub machine: M,
    /// The sessions, by client number. A client of Synod never ends.
    pub sessions: Arc<Vec<Session<M::Output>>>,
}

impl<M: StateMachine> Default for Replicated<M> {
    fn default() -> Replicated<M> {
        Replicated {
            machine: M::default(),
            sessions: Arc::default(),
        }
    }
}

/// What became of a command that was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<O> {
    /// It was carried out.
    New(O),
    /// It had been carried out before; this is the answer of then.
    Repeated(O),
    /// A newer operation of the same client was carried out before, so nobody waits for it.
    Stale,
}

impl<M: StateMachine> Replicated<M> {
    /// The session of `client`.
    pub fn session(&self, client: ClientId) -> Option<&Session<M::Output>> {
        let place = self.place(client).ok()?;
        self.sessions.get(place)
    }

    fn place(&self, client: ClientId) -> Result<usize, usize> {
        // Clients are numbered from 0, so that most often the number is the place.
        match self.sessions.get(client as usize) {
            Some(session) if session.client == client => Ok(client as usize),
            _ => self
                .sessions
                .binary_search_by_key(&client, |session| session.client),
        }
    }

    /// Applies the command at `index`: at most once by the client's serial number (section 8).
    pub fn apply(
        &mut self,
        index: u64,
        id: RequestId,
        op: &M::Op,
        once: bool,
    ) -> Outcome<M::Output> {
        if id == INTERNAL {
            return Outcome::New(self.machine.apply(index, id, op));
        }
        let place = self.place(id.client);
        if let (true, Ok(place)) = (once, place) {
            let session = &self.sessions[place];
            if id.serial == session.serial {
                return Outcome::Repeated(session.output.clone());
            }
            if id.serial < session.serial {
                return Outcome::Stale;
            }
        }
        let output = self.machine.apply(index, id, op);
        let sessions = Arc::make_mut(&mut self.sessions);
        match place {
            Ok(place) => {
                sessions[place].serial = id.serial;
                sessions[place].output = output.clone();
            }
            Err(place) => sessions.insert(
                place,
                Session {
                    client: id.client,
                    serial: id.serial,
                    output: output.clone(),
                },
            ),
        }
        Outcome::New(output)
    }
}
