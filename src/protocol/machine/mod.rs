//! What protocols replicate: a deterministic state machine, and what surrounds it in the replicated
//! state: the clients' sessions. [`KvMachine`] is the one with named registers.

mod registers;

pub use registers::{KvMachine, KvOp, KvOutput};

use crate::base::{
    Class, ClientId, Draws, Ground, Micros, Misfit, NodeId, Pace, RequestId, Violation,
};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::{Debug, Display};
use std::hash::{Hash, Hasher};
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
    /// Its switches: the same on every node and for every client of a run.
    type Options: Switches;
    /// What it states of what it does, for people and for its watch; see [`Step::state`].
    type Fact: Fact;
    /// Its own safety properties, held against its facts.
    type Watch: Watch<Self>;
    /// What a leader alone keeps, by its own clock, to see what is due. It is not replicated and
    /// starts empty with each leader, so that a new leader waits a full span before it acts.
    type Clocks: Clone + Default + PartialEq + Eq + Hash + Debug + 'static;
    /// What a view shows of a leader's clocks; null for nothing.
    type Dials: Clone + Debug + PartialEq + Serialize + Described + 'static;
    /// What a client keeps from one operation to the next.
    type Memory: Clone + Default;
    /// What a client sends along with an operation. A machine does not see it; its watch does.
    type Stamp: Clone + Hash + Debug;

    /// The name of the sequential model that its clients' history is held against.
    const MODEL: Option<&'static str>;

    /// Names of the built-in client workloads; the first is the default.
    const WORKLOADS: &'static [&'static str];

    /// Carries out `op`, which came as `id`. An operation that the leader proposed by itself has
    /// [`StateMachine::due`]'s id, [`INTERNAL`].
    fn apply(
        &mut self,
        step: &mut Step<'_, Self>,
        id: RequestId,
        op: &Self::Op,
    ) -> Answer<Self::Output>;

    /// Whether `op` changes nothing, so that it can be answered without a log entry.
    fn is_read(op: &Self::Op) -> bool;

    /// Answers a read. For an operation that is none, what it would answer without doing it.
    fn query(&self, op: &Self::Op) -> Self::Output;

    /// Is put in the place of the present state, from a snapshot.
    fn restored(&mut self, _options: &Self::Options) {}

    /// What a leader's clocks show as it takes office, when `last` is the last entry of its log.
    fn take_office(_last: u64) -> Self::Clocks {
        Self::Clocks::default()
    }

    /// The operations that a leader should propose now by its own clock, such as the end of a
    /// lease. Asked at each heartbeat of a leader with a committed entry of its own term.
    fn due(
        &self,
        _options: &Self::Options,
        _clocks: &mut Self::Clocks,
        _now: Micros,
    ) -> Vec<Self::Op> {
        Vec::new()
    }

    /// The leader hears again from a `client` whose request waits: a sign of life that comes into
    /// no log.
    fn hear(&self, _clocks: &mut Self::Clocks, _client: ClientId, _now: Micros) {}

    /// What a view shows of a leader's clocks.
    fn dials(&self, options: &Self::Options, clocks: &Self::Clocks, now: Micros) -> Self::Dials;

    /// Changes the ground on which a protocol that carries the machine is hunted into the machine's
    /// own: see [`Core::ground`](crate::base::Core::ground).
    fn ground(_mutant: Option<&str>, _pace: Pace, _luck: &mut Draws, _ground: &mut Ground) {}

    /// The `n`-th operation of `client` under `WORKLOADS[workload]`.
    fn workload(
        workload: usize,
        memory: &Self::Memory,
        client: ClientId,
        n: u64,
        luck: &mut Draws,
    ) -> Self::Op;

    /// What a client sends along with `op`; none is given where it asks for something else than
    /// an operation of the machine.
    fn stamp(memory: &Self::Memory, op: Option<&Self::Op>) -> Self::Stamp;

    /// What goes along with an operation, for people; null where that is nothing.
    fn show_stamp(_: &Self::Stamp) -> serde_json::Value {
        serde_json::Value::Null
    }

    /// A client looks at its own clock: when it sets about an operation (`asks`), and when a
    /// reply comes. `drift_ppm` is by how much clocks are assumed to be off at most.
    fn client_clock(
        _options: &Self::Options,
        _memory: &mut Self::Memory,
        _now: Micros,
        _asks: bool,
        _drift_ppm: u32,
    ) {
    }

    /// A client is given the answer to its operation.
    fn told(_memory: &mut Self::Memory, _output: &Self::Output) {}

    /// Roughly how many bytes a clone takes that it does not share.
    fn weight(&self) -> usize {
        size_of::<Self>()
    }
}

/// The switches of a machine.
pub trait Switches:
    Clone + Debug + Default + PartialEq + Eq + Hash + Serialize + DeserializeOwned + Described + 'static
{
    /// The names of the machine's mutants, as the option `mutant` takes them. A machine that has
    /// none leaves that option to the protocol that carries it.
    fn mutants() -> Vec<String> {
        Vec::new()
    }

    /// The name of the one that is switched on, if one is.
    fn mutant(&self) -> Option<String> {
        None
    }

    /// The first switch that makes no sense.
    fn fault(&self) -> Option<Misfit> {
        None
    }
}

impl Switches for () {}

/// Something that a machine states of what it does.
pub trait Fact: Clone + PartialEq + Eq + Hash + Debug + Serialize + Described + 'static {
    /// Its kind, as it stands in reports.
    fn kind(&self) -> &'static str;

    /// What it is to a person who follows the run.
    fn class(&self) -> Class;

    /// The fact in one plain sentence, without its final stop.
    fn sentence(&self) -> String;
}

/// The facts of a machine that states none.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum NoFact {}

impl Fact for NoFact {
    fn kind(&self) -> &'static str {
        match *self {}
    }
    fn class(&self) -> Class {
        match *self {}
    }
    fn sentence(&self) -> String {
        match *self {}
    }
}

/// Watches the copies of a machine for violations of its own safety properties.
pub trait Watch<M: StateMachine>: Clone + Default {
    /// The properties watched.
    const NAMES: &'static [&'static str] = &[];

    /// Hears that `node` has applied the entries up to `index`, which is its next one; what it
    /// states of that entry comes after this.
    fn applied(&mut self, _node: NodeId, _index: u64, _found: &mut Vec<Violation>) {}

    /// Hears that `node`, the leader of `term`, has put entry `index` into its log, when its own
    /// clock showed `now`; and what it keeps by that clock.
    fn proposed(
        &mut self,
        _node: NodeId,
        _term: u64,
        _index: u64,
        _now: Micros,
        _clocks: &M::Clocks,
    ) {
    }

    /// Hears what `node` states of entry `index`, which it has just applied.
    fn observe(
        &mut self,
        _node: NodeId,
        _index: u64,
        _fact: &M::Fact,
        _found: &mut Vec<Violation>,
    ) {
    }

    /// Hears that `node` goes on from a snapshot up to entry `index`.
    fn goes_on_from(&mut self, _node: NodeId, _index: u64) {}

    /// Hears that `node` has crashed: it will apply its log again, from its snapshot on.
    fn crashed(&mut self, _node: NodeId) {}

    /// Hears that a client asks for `op`, for the first time.
    fn asked(&mut self, _id: RequestId, _op: &M::Op, _stamp: &M::Stamp) {}

    /// Hears that a client takes `output` for the answer to its request.
    fn answered(&mut self, _id: RequestId, _output: &M::Output, _found: &mut Vec<Violation>) {}

    /// Roughly how many bytes a clone takes that it does not share.
    fn weight(&self) -> usize {
        size_of::<Self>()
    }
}

impl<M: StateMachine> Watch<M> for () {}

/// What a machine answers when it applies an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<O> {
    /// This.
    Now(O),
    /// The request waits; a later step answers it by [`Step::answer`]. A session that is told so
    /// (`noted`) knows a retry of it for one.
    Later {
        /// Whether the session is told.
        noted: bool,
    },
}

/// One operation's being carried out: what there is to know of it, and what comes of it.
#[derive(Clone, Debug)]
pub struct Step<'a, M: StateMachine> {
    /// The machine's switches.
    pub options: &'a M::Options,
    /// Where the operation stands in the log.
    pub index: u64,
    /// The node's own clock. Copies of a machine that goes by it part from each other.
    pub now: Micros,
    /// Answers to requests that have waited until now.
    pub answers: Vec<(RequestId, M::Output)>,
    /// What is stated.
    pub facts: Vec<M::Fact>,
}

impl<'a, M: StateMachine> Step<'a, M> {
    /// The operation at `index`, carried out by a node whose clock shows `now`.
    pub fn new(options: &'a M::Options, index: u64, now: Micros) -> Step<'a, M> {
        Step {
            options,
            index,
            now,
            answers: Vec::new(),
            facts: Vec::new(),
        }
    }

    /// Answers a request that has waited.
    pub fn answer(&mut self, id: RequestId, output: M::Output) {
        self.answers.push((id, output));
    }

    /// States a fact.
    pub fn state(&mut self, fact: M::Fact) {
        self.facts.push(fact);
    }
}

/// The id of operations that no client sent. They have no session and get no reply.
pub const INTERNAL: RequestId = RequestId {
    client: ClientId::MAX,
    serial: 0,
};

/// What a client's session keeps: its newest operation and the answer to it (section 8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Session<O> {
    /// The client.
    pub client: ClientId,
    /// The serial number of its newest applied operation.
    pub serial: u64,
    /// What that operation was answered; nothing while it waits for that.
    pub output: Option<O>,
}

impl<O: Hash> Hash for Session<O> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.client, self.serial).hash(state);
        if let Some(output) = &self.output {
            output.hash(state);
        }
    }
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
    /// It waits for its answer, or did so already.
    Later {
        /// It had been asked before.
        again: bool,
    },
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

    /// Applies a command: at most once by the client's serial number (section 8). What it answers
    /// to requests that have waited is kept in their sessions, and left in `step` for them.
    pub fn apply(
        &mut self,
        step: &mut Step<'_, M>,
        id: RequestId,
        op: &M::Op,
        once: bool,
    ) -> Outcome<M::Output> {
        if id == INTERNAL {
            let answer = self.machine.apply(step, id, op);
            self.keep_answers(step);
            return match answer {
                Answer::Now(output) => Outcome::New(output),
                Answer::Later { .. } => Outcome::Later { again: false },
            };
        }
        let place = self.place(id.client);
        if let (true, Ok(place)) = (once, place) {
            let session = &self.sessions[place];
            if id.serial == session.serial {
                let told = session.output.clone();
                return told.map_or(Outcome::Later { again: true }, Outcome::Repeated);
            }
            if id.serial < session.serial {
                return Outcome::Stale;
            }
        }
        let outcome = match self.machine.apply(step, id, op) {
            Answer::Now(output) => {
                self.note(place, id, Some(output.clone()));
                Outcome::New(output)
            }
            Answer::Later { noted } => {
                if noted {
                    self.note(place, id, None);
                }
                Outcome::Later { again: false }
            }
        };
        self.keep_answers(step);
        outcome
    }

    fn note(&mut self, place: Result<usize, usize>, id: RequestId, output: Option<M::Output>) {
        let RequestId { client, serial } = id;
        let sessions = Arc::make_mut(&mut self.sessions);
        match place {
            Ok(place) => {
                sessions[place].serial = serial;
                sessions[place].output = output;
            }
            Err(place) => sessions.insert(
                place,
                Session {
                    client,
                    serial,
                    output,
                },
            ),
        }
    }

    /// The sessions remember what those that have waited are answered. Who has asked for something
    /// else since waits for it no longer.
    fn keep_answers(&mut self, step: &Step<'_, M>) {
        for (id, output) in &step.answers {
            let place = self.place(id.client);
            let newer = place.is_ok_and(|place| self.sessions[place].serial > id.serial);
            if !newer {
                self.note(place, *id, Some(output.clone()));
            }
        }
    }
}
