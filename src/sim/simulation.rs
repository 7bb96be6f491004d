//! The face of a run that does not depend on its protocol, and the plain records it gives out.

use super::act::ActionError;
use super::action::{Action, Entry};
use super::run::OverBudget;
use crate::base::{Class, ClientId, Micros, NodeId};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A run of some protocol. `web`, `hunt` and `scenario` know runs by this face alone.
pub trait Simulation {
    /// The moment shown.
    fn now(&self) -> Micros;
    /// How far time has been simulated; never before [`Simulation::now`].
    fn end(&self) -> Micros;
    /// How many events have happened by now.
    fn position(&self) -> u32;
    /// How many events are recorded, the future beyond now included.
    fn length(&self) -> u32;
    /// How many nodes there are now.
    fn nodes(&self) -> usize;

    /// Goes on to the moment `to`, through all that happens until then and at it.
    ///
    /// # Errors
    /// When the event budget is used up; the run then stands at the moment that it reached.
    fn advance(&mut self, to: Micros) -> Result<(), OverBudget>;
    /// Goes on by one step; false when nothing is left to happen.
    ///
    /// # Errors
    /// When the event budget is used up.
    fn step(&mut self) -> Result<bool, OverBudget>;
    /// Goes back to just before the last step; false at the start.
    fn step_back(&mut self) -> bool;
    /// Goes to a moment, back or forward.
    ///
    /// # Errors
    /// When the event budget is used up on the way.
    fn seek(&mut self, to: Micros) -> Result<(), OverBudget>;
    /// Goes to just after the step that a recorded event belongs to.
    fn seek_event(&mut self, id: u32);

    /// Does `action` now and adds it to the script. Where there is a recorded future it is cut
    /// off first, with the rest of the script. Returns whether a future was cut.
    ///
    /// # Errors
    /// When the action cannot be done now; nothing is changed then.
    fn apply(&mut self, action: Action) -> Result<bool, ActionError>;
    /// Whether `action` could be done now.
    ///
    /// # Errors
    /// Why it could not.
    fn check(&self, action: &Action) -> Result<(), ActionError>;
    /// The sequential model that the clients' history is held against: see [`Core::model`].
    ///
    /// [`Core::model`]: crate::base::Core::model
    fn model(&self) -> Option<&'static str>;
    /// What was done and will be done from outside.
    fn script(&self) -> &[Entry];

    /// Writes what a picture of this moment needs; the layout is in docs/SCENARIO.md.
    fn frame(&self, out: &mut Vec<f64>);
    /// A node in full.
    fn node(&self, id: NodeId) -> Option<NodeDetail>;
    /// A message in full.
    fn message(&self, flight: u32) -> Option<MessageDetail>;
    /// The recorded events `from..to`.
    fn events(&self, from: u32, to: u32) -> Vec<TraceEvent>;
    /// Writes the marks that a scrubber shows for the recorded events from `from` on: triples of
    /// event, time in milliseconds and [`MarkCode`].
    fn marks(&self, from: u32, out: &mut Vec<f64>);
    /// Writes the events and messages of a stretch of time as numbers, unless there are more than
    /// `most` events in it; the layout is in docs/SCENARIO.md.
    fn window(&self, from: Micros, to: Micros, most: u32, out: &mut Vec<f64>);
    /// Writes how much happened at each place in `count` parts of time of a certain `width`, from
    /// `from` on; `quiet` leaves heartbeats out.
    fn bins(&mut self, from: Micros, width: Micros, count: u32, quiet: bool, out: &mut Vec<f64>);
    /// Writes when nodes and clients began, ceased, stood still and went on, by the recorded events
    /// from `from` on: event, time in milliseconds, place, and 1 to 4 in that order.
    fn lives(&self, from: u32, out: &mut Vec<f64>);
    /// The violations found in the recorded run.
    fn violations(&self) -> Vec<ViolationRecord>;
    /// What the protocol counts that is no violation, by name, up to now.
    fn tallies(&self) -> Vec<Tally>;
    /// The milestones up to now.
    fn milestones(&self) -> Vec<MilestoneRecord>;
    /// What the clients asked and were answered up to now.
    fn history(&self) -> Vec<Operation>;
    /// How much happened up to now.
    fn counts(&self) -> Counts;
    /// A hash of all that happened up to now.
    fn trace_hash(&self) -> u64;
    /// Roughly how many bytes the trace and the keyframes take.
    fn weight(&self) -> usize;
    /// The protocol's options of this run.
    fn options(&self) -> Value;
}

/// One end of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PeerRecord {
    /// A node's number.
    Node(NodeId),
    /// A client's number.
    Client(ClientId),
}

/// A node in full.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct NodeDetail {
    /// The node's number.
    pub id: NodeId,
    /// Whether it runs.
    pub status: Status,
    /// What its own clock shows, in milliseconds.
    #[serde(rename = "clock_ms")]
    pub clock: Micros,
    /// How much its clock gains, in parts per million.
    pub drift_ppm: i32,
    /// The ways in which it misbehaves, by the protocol's names for them.
    pub conduct: Vec<String>,
    /// How many messages wait for it while it is paused.
    pub waiting: usize,
    /// Its timers.
    pub timers: Vec<TimerRecord>,
    /// The protocol's own view of the node; of one that is down, what it would be when started
    /// from its disk.
    pub view: Value,
}

/// Whether a node runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It runs.
    Up,
    /// It is down; its disk is all that is left.
    Crashed,
    /// It stands still with its memory kept.
    Paused,
}

/// A timer that is set.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct TimerRecord {
    /// Its name.
    pub timer: String,
    /// When it was set, in milliseconds of true time.
    #[serde(rename = "set_ms")]
    pub set: Micros,
    /// When it goes off, in milliseconds of true time.
    #[serde(rename = "due_ms")]
    pub due: Micros,
}

/// A message in full.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct MessageDetail {
    /// Its number in the run.
    pub id: u32,
    /// The sender.
    pub from: PeerRecord,
    /// The receiver.
    pub to: PeerRecord,
    /// Its kind, in the protocol's words.
    pub kind: String,
    /// Whether it answers another message.
    pub reply: bool,
    /// The term, ballot or view it speaks for.
    pub epoch: u64,
    /// Its canonical line.
    pub text: String,
    /// All its fields.
    pub body: Value,
    /// When it was sent, in milliseconds.
    #[serde(rename = "sent_ms")]
    pub sent: Micros,
    /// When it arrived or will arrive, or is lost; null when it waits.
    #[serde(rename = "due_ms")]
    pub due: Option<Micros>,
    /// The event in which it was sent.
    pub sent_by: u32,
    /// What has become of it by now.
    pub fate: MessageFate,
    /// Why it is lost or will be, if so.
    pub why: Option<String>,
    /// The deed for which it was lost, as far as the run is recorded: what brought its receiver
    /// down, cut its link or set what is lost on it, or dropped it. Null where none was needed.
    pub lost_for: Option<u32>,
    /// The event of its arrival or loss, if that has happened.
    pub event: Option<u32>,
    /// What its arrival led to at once.
    pub led_to: Vec<u32>,
    /// Whether it is a second copy.
    pub copy: bool,
}

/// What has become of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MessageFate {
    /// It is under way.
    Flying,
    /// It waits for a hand, or for a paused node.
    Waiting,
    /// It has arrived.
    Delivered,
    /// It is lost.
    Lost,
}

/// An event, in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct TraceEvent {
    /// Its number.
    pub id: u32,
    /// When it happened, in milliseconds.
    #[serde(rename = "at_ms")]
    pub at: Micros,
    /// The node it happened at, if it was one.
    pub node: Option<NodeId>,
    /// The client it happened at, if it was one.
    pub client: Option<ClientId>,
    /// The event that led to it.
    pub cause: Option<u32>,
    /// What happened: boot, deliver, lose, fire, request, retry, answer, refused, give_up,
    /// milestone, ignore, action or violation.
    pub kind: String,
    /// The message's kind, the timer, the milestone's kind, the action or the invariant.
    pub name: String,
    /// What a milestone is to a person who follows the run.
    pub class: Option<Class>,
    /// The message that arrived or was lost.
    pub message: Option<u32>,
    /// What a milestone says, in the protocol's form; null for any other event.
    pub fact: Value,
    /// One plain sentence.
    pub text: String,
    /// The canonical line.
    pub line: String,
}

/// What a mark on the scrubber stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkCode {
    /// Leadership was sought, won or lost.
    Leadership = 1,
    /// Something was decided.
    Decision = 2,
    /// The cluster itself changed.
    Change = 3,
    /// A node crashed.
    Crash = 4,
    /// A node was started again.
    Restart = 5,
    /// Something else was broken: a cut, a pause, a skewed clock.
    Fault = 6,
    /// Something was mended.
    Mend = 7,
    /// Somebody asked for something by script or hand.
    Request = 8,
    /// A safety property was found violated.
    Violation = 9,
}

/// A safety property found violated.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ViolationRecord {
    /// The property.
    pub invariant: String,
    /// When, in milliseconds.
    #[serde(rename = "at_ms")]
    pub at: Micros,
    /// The nodes concerned.
    pub nodes: Vec<NodeId>,
    /// The event.
    pub event: u32,
    /// One plain sentence.
    pub text: String,
}

/// Something that is counted and is no violation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Tally {
    /// What.
    pub name: String,
    /// How often.
    pub count: u64,
}

/// A protocol fact.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct MilestoneRecord {
    /// When, in milliseconds.
    #[serde(rename = "at_ms")]
    pub at: Micros,
    /// The node.
    pub node: NodeId,
    /// The fact's kind.
    pub kind: String,
    /// One plain sentence.
    pub text: String,
    /// The event.
    pub event: u32,
}

/// A client's operation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Operation {
    /// Who asked.
    pub client: ClientId,
    /// The client's serial number for it.
    pub id: u64,
    /// What was asked, in the protocol's form.
    pub op: Value,
    /// When it was called, in milliseconds.
    #[serde(rename = "call_ms")]
    pub call: Micros,
    /// When the answer came, in milliseconds; null while there is none. An operation without an
    /// answer may have taken effect, and may still do so.
    #[serde(rename = "return_ms")]
    pub returned: Option<Micros>,
    /// The answer, in the protocol's form; null while there is none.
    pub result: Value,
    /// Why there is no result, if the client knows.
    pub error: Option<String>,
}

/// How much happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Counts {
    /// Events.
    pub events: u32,
    /// Messages sent, those of clients included.
    pub sent: u32,
    /// Messages that arrived.
    pub delivered: u32,
    /// Messages lost, by reason.
    pub lost: BTreeMap<String, u32>,
    /// Inputs that nodes dropped, by reason.
    pub ignored: BTreeMap<String, u32>,
    /// Messages between nodes that arrived, by kind.
    pub kinds: BTreeMap<String, u32>,
}
