//! The contract between a protocol core and the world that runs it.
//!
//! A core is a deterministic state machine without clock, socket, thread or random source.
//! The world hands it one [`Input`] at a time with a [`Context`], and carries out what it wrote
//! into [`Effects`]. What a core keeps in its [`Core::Disk`] survives a crash; nothing else does.

use super::chance::{Chance, Draws};
use super::conduct::Conduct;
use super::ground::{Ground, Pace};
use super::misfit::Misfit;
use super::monitor::Monitor;
use super::time::Micros;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::sync::Arc;

/// The number of a node, from 0.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct NodeId(pub u16);

impl NodeId {
    /// This number as an index into a list of nodes.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The node ids from 0 to `count - 1`.
    pub fn first(count: usize) -> impl DoubleEndedIterator<Item = NodeId> + Clone {
        (0..count as u16).map(NodeId)
    }
}

impl Display for NodeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Display::fmt(&self.0, f)
    }
}

/// The number of a client, from 0.
pub type ClientId = u32;

/// A client's request: the client's number and the serial number it gave the operation.
/// A retry carries the same id.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct RequestId {
    /// Who asks.
    pub client: ClientId,
    /// The client's serial number, from 1, growing by one with each new operation.
    pub serial: u64,
}

impl Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "c{}#{}", self.client, self.serial)
    }
}

/// A protocol core: what one node is and does.
pub trait Core: Clone + Sized + 'static {
    /// The protocol's switches, as a scenario's `options` give them; defaults fill the rest.
    type Options: Clone + Debug + Default + Serialize + DeserializeOwned;
    /// What survives a crash. The default is an empty disk.
    type Disk: Clone + Default;
    /// What nodes send each other.
    type Message: Wire;
    /// A node's alarm clocks: one deadline for each value; setting it again replaces it.
    type Timer: Copy + Ord + Hash + Debug;
    /// What a client asks, administration included.
    type Op: Clone + Hash + Debug + Display + Serialize + DeserializeOwned;
    /// What a node answers to a client.
    type Reply: Clone + Hash + Debug + Display + Serialize;
    /// What a client keeps from one request to the next, such as the context of its last read.
    type Memory: Clone + Default;
    /// What a client sends along with an operation: a signature, a causal context, or nothing.
    type Stamp: Clone + Hash + Debug;
    /// Facts worth teaching and checking.
    type Milestone: Milestone;
    /// All that the outside may know of a node, for people: see [`Core::view`].
    type View: Serialize;
    /// The protocol's safety properties.
    type Invariants: Monitor<Self>;

    /// Names of the numbers that [`Core::glance`] writes, in order. `role` and `epoch` come first.
    const GLANCE: &'static [&'static str];
    /// Names of the roles, indexed by the glance's `role`.
    const ROLES: &'static [&'static str];
    /// Names of the built-in client workloads; the first is the default.
    const WORKLOADS: &'static [&'static str];

    /// Every timer that a script may name.
    const TIMERS: &'static [Self::Timer];

    /// Names of the ways in which a script may have a node misbehave, 32 at most: see
    /// [`Input::Conduct`]. None where the protocol knows crashes alone.
    const CONDUCTS: &'static [&'static str] = &[];

    /// Reads the options that a scenario gives.
    ///
    /// # Errors
    /// Where and how they are none.
    fn read_options(options: serde_json::Value) -> Result<Self::Options, Misfit> {
        Misfit::read(options)
    }

    /// The options as a scenario gives them: what [`Core::read_options`] reads again as the same.
    fn write_options(options: &Self::Options) -> serde_json::Value {
        serde_json::to_value(options).unwrap_or_default()
    }

    /// Whether `options` make sense for a cluster of `nodes`; if not, which one does not and why.
    fn check_options(options: &Self::Options, nodes: usize) -> Result<(), Misfit>;

    /// Puts into the options what all nodes and clients of one run share and no scenario says,
    /// such as the keys that follow from the seed. Called once a run, before any node starts.
    fn prepare(_options: &mut Self::Options, _seed: u64, _nodes: usize) {}

    /// Starts a node from what its disk kept: at the beginning of a run with an empty disk, and
    /// after each crash. A node that joins later starts with empty [`Context::members`].
    fn boot(
        options: &Arc<Self::Options>,
        disk: Self::Disk,
        ctx: &mut Context,
        out: &mut Effects<Self>,
    ) -> Self;

    /// Takes one input to its end. Never panics, whatever arrives.
    fn handle(&mut self, input: Input<Self>, ctx: &mut Context, out: &mut Effects<Self>);

    /// What is left of the node when it crashes.
    fn into_disk(self) -> Self::Disk;

    /// The node in full, for the inspector and the report's `final`.
    fn view(&self) -> Self::View;

    /// The node in the few numbers that [`Core::GLANCE`] names, for drawing many nodes a frame.
    fn glance(&self, out: &mut Vec<f64>);

    /// Roughly how many bytes a clone of the node takes that it does not share: the budget of
    /// keyframes is kept by it.
    fn weight(&self) -> usize {
        size_of::<Self>()
    }

    /// The `n`-th operation of `client` under the workload `WORKLOADS[workload]`.
    fn workload(
        workload: usize,
        memory: &Self::Memory,
        client: ClientId,
        n: u64,
        luck: &mut Draws,
    ) -> Self::Op;

    /// A client looks at its own clock: when it sets about an operation (`asks`), before
    /// [`Core::workload`] and [`Core::stamp`], and when a reply comes, before [`Core::judge`].
    fn client_clock(_: &Self::Options, _: &mut Self::Memory, _now: Micros, _asks: bool) {}

    /// Whom a client asks first for `op`, unless it was told whom to ask.
    fn asks(
        _options: &Self::Options,
        _memory: &Self::Memory,
        _op: &Self::Op,
        _nodes: usize,
    ) -> Target {
        Target::Any
    }

    /// What the client sends along with `op`. Asked once a request: a retry carries the same.
    fn stamp(
        options: &Self::Options,
        memory: &Self::Memory,
        id: RequestId,
        op: &Self::Op,
    ) -> Self::Stamp;

    /// What goes along with an operation, for people; null where that is nothing.
    fn show_stamp(_: &Self::Stamp) -> serde_json::Value {
        serde_json::Value::Null
    }

    /// What a client makes of the replies it has had to its present attempt at request `id`, in
    /// order of arrival; asked at each. A client of a crash-fault protocol looks at the last alone.
    fn judge(
        options: &Self::Options,
        memory: &mut Self::Memory,
        id: RequestId,
        replies: &[(NodeId, Self::Reply)],
        nodes: usize,
    ) -> Judgement;

    /// What of a reply is the result of the operation: what stands in the client's history.
    fn result(reply: &Self::Reply) -> serde_json::Value {
        serde_json::to_value(reply).unwrap_or_default()
    }

    /// The names of the protocol's mutants, as the option `mutant` takes them: each is the
    /// protocol with one rule left out.
    fn mutants() -> Vec<String> {
        Vec::new()
    }

    /// The name of the sequential model that the clients' history is held against, if the
    /// protocol promises linearizability under these options.
    fn model(_options: &Self::Options) -> Option<&'static str> {
        None
    }

    /// The operation that asks the cluster to take in or let go of a node, if the protocol
    /// can change its members.
    fn membership(change: Membership) -> Option<Self::Op>;

    /// The node that an operation takes into the cluster, if it does so: one has to be there.
    fn takes_in(_op: &Self::Op) -> Option<NodeId> {
        None
    }

    /// One draw of the circumstances under which the protocol claims that nothing is violated, for
    /// a hunt. With a `mutant` named, circumstances in which its rule is in force.
    fn ground(_mutant: Option<&str>, _pace: Pace, _luck: &mut Draws) -> Ground {
        Ground::default()
    }

    /// With how many nodes at the least the protocol claims anything, under these options: a hunt
    /// makes no find smaller.
    fn least_nodes(_options: &Self::Options) -> usize {
        1
    }

    /// An operation that somebody asks by hand in a hunt, the `n`-th of `client`.
    fn sample(workload: usize, client: ClientId, n: u64, luck: &mut Draws) -> Self::Op {
        Self::workload(workload, &Self::Memory::default(), client, n, luck)
    }

    /// Whether a client that hears nothing turns to all nodes at once instead of to the next one.
    const RETRY_TO_ALL: bool = false;
}

/// The names by which the values of a plain enum are written in JSON.
pub fn names_of<T: Serialize>(values: &[T]) -> Vec<String> {
    let name = |value| {
        serde_json::to_value(value)
            .ok()?
            .as_str()
            .map(str::to_owned)
    };
    values.iter().filter_map(name).collect()
}

/// The one of `values` that is written so in JSON; none where no name is given, or an unknown one.
pub fn named<T: Serialize + Copy>(values: &[T], name: Option<&str>) -> Option<T> {
    let place = names_of(values)
        .iter()
        .position(|known| Some(known.as_str()) == name)?;
    values.get(place).copied()
}

/// What a client concludes from the replies so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// More replies are needed.
    Wait,
    /// The operation has ended with the last reply's result.
    Done,
    /// Ask that node instead, or any other when none is named.
    Redirect(Option<NodeId>),
    /// The operation was refused for good and has had no effect.
    Refused(String),
}

/// Whom a client asks first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The node that answered it last, or any.
    Any,
    /// That node.
    Node(NodeId),
    /// All nodes at once.
    All,
}

/// A change of the cluster's members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// The node is to become a member.
    Join(NodeId),
    /// The node is to be a member no longer.
    Leave(NodeId),
}

/// What happens to a node.
#[derive(Clone, Debug)]
pub enum Input<C: Core> {
    /// A message arrived.
    Message {
        /// Who the network says sent it.
        from: NodeId,
        /// What it says.
        message: C::Message,
    },
    /// An alarm clock went off; it is no longer set.
    Timer(C::Timer),
    /// A client asks for something.
    Request {
        /// Who asks, and the serial number.
        id: RequestId,
        /// What is asked.
        op: C::Op,
        /// What the client sent along.
        stamp: C::Stamp,
    },
    /// From now on the node behaves like this, by the will of a script or a hand. It outlasts
    /// crashes: a node that misbehaved when it went down hears it again after it has booted.
    Conduct(Conduct),
}

/// What a node may know beyond its own state.
#[derive(Debug)]
pub struct Context<'a> {
    /// The node's own number.
    pub id: NodeId,
    /// The node's own clock, which may be off and may drift.
    pub now: Micros,
    /// The members the cluster began with; empty for a node that joins later.
    pub members: &'a [NodeId],
    luck: &'a mut Draws,
}

impl<'a> Context<'a> {
    /// A context for one input. `luck` is the node's own and outlives its crashes.
    pub fn new(id: NodeId, now: Micros, members: &'a [NodeId], luck: &'a mut Draws) -> Context<'a> {
        Context {
            id,
            now,
            members,
            luck,
        }
    }

    /// A random span in `low..=high`, from the node's own luck.
    pub fn between(&mut self, low: Micros, high: Micros) -> Micros {
        Micros(self.luck.between(low.0, high.0))
    }

    /// The luck of node `id` in a run with this seed.
    pub fn luck_of(seed: u64, id: NodeId) -> Draws {
        Draws::new(Chance::from_seed(seed).of(0x6e6f_6465).of(u64::from(id.0)))
    }
}

/// One thing a core wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect<C: Core> {
    /// Send a message. A message to the node itself or to an unknown one is dropped.
    Send {
        /// The receiver.
        to: NodeId,
        /// What is sent.
        message: C::Message,
    },
    /// Set (or set anew) an alarm clock.
    SetTimer {
        /// Which one.
        timer: C::Timer,
        /// The span after which it goes off, by the node's own clock.
        after: Micros,
    },
    /// Stop an alarm clock.
    CancelTimer(C::Timer),
    /// Answer a client.
    Reply {
        /// The request that is answered.
        id: RequestId,
        /// The answer.
        reply: C::Reply,
    },
    /// State a fact.
    Milestone(C::Milestone),
    /// Say why an input was dropped.
    Ignore(&'static str),
}

/// The effects of one input, in order. What the core changed in its disk counts as durable
/// before any of them is carried out.
#[derive(Clone, Debug)]
pub struct Effects<C: Core> {
    /// What was asked for.
    pub list: Vec<Effect<C>>,
}

impl<C: Core> Default for Effects<C> {
    fn default() -> Effects<C> {
        Effects { list: Vec::new() }
    }
}

impl<C: Core> Effects<C> {
    /// Sends `message` to `to`.
    pub fn send(&mut self, to: NodeId, message: C::Message) {
        self.list.push(Effect::Send { to, message });
    }

    /// Sets `timer` to go off `after` from now, replacing its former deadline.
    pub fn set_timer(&mut self, timer: C::Timer, after: Micros) {
        self.list.push(Effect::SetTimer { timer, after });
    }

    /// Stops `timer` if it is set.
    pub fn cancel_timer(&mut self, timer: C::Timer) {
        self.list.push(Effect::CancelTimer(timer));
    }

    /// Answers the request `id`.
    pub fn reply(&mut self, id: RequestId, reply: C::Reply) {
        self.list.push(Effect::Reply { id, reply });
    }

    /// States a fact.
    pub fn milestone(&mut self, milestone: C::Milestone) {
        self.list.push(Effect::Milestone(milestone));
    }

    /// Says why the input is dropped.
    pub fn ignore(&mut self, reason: &'static str) {
        self.list.push(Effect::Ignore(reason));
    }
}

/// A protocol's message. `Display` gives its canonical line: the kind, then the fields that
/// tell it apart, as in `AppendEntries term=3 prev=4/2 commit=3 entries=[5/3]`.
pub trait Wire: Clone + Hash + Debug + Display + PartialEq + Serialize {
    /// Names of the kinds, in the paper's words.
    const KINDS: &'static [&'static str];

    /// Which of [`Wire::KINDS`] this message is.
    fn kind(&self) -> usize;

    /// Whether it answers another message.
    fn is_reply(&self) -> bool;

    /// The term, ballot round or view it speaks for: its colour on the stage.
    fn epoch(&self) -> u64;

    /// Whether it does no more than tell that its sender is there, as things stand: a picture of a
    /// run may leave such messages out, with their answers, where nothing comes of them.
    fn is_heartbeat(&self) -> bool {
        false
    }

    /// A malformed message such as no correct sender makes, for tests of what a node refuses.
    fn garbage(luck: &mut Draws) -> Self;
}

/// A protocol fact worth teaching and checking.
pub trait Milestone: Clone + Hash + Debug + Serialize {
    /// The fact's kind, as it stands in reports: `elected`, `committed`, ...
    fn kind(&self) -> &'static str;

    /// What it is to a person who follows the run.
    fn class(&self) -> Class;

    /// The fact in one plain sentence about `node`, without its final stop:
    /// "Node 2 is elected leader of term 3".
    fn sentence(&self, node: NodeId) -> String;
}

/// How a milestone is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// For the checkers alone: not put into the trace.
    Quiet,
    /// A step on the way: in the trace and the event list, no mark on the scrubber.
    Step,
    /// Leadership is sought, won or lost.
    Leadership,
    /// Something is decided: committed, chosen, granted.
    Decision,
    /// The cluster itself changes: members, snapshots.
    Change,
}
