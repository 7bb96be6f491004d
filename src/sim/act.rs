//! Carrying out actions, whoever they come from.

use super::action::{Action, Pick};
use super::agenda::Due;
use super::client::Client;
use super::flying::Flying;
use super::network::{Conditions, Loss};
use super::node::{Life, Slot};
use super::sense::{check_newcomer, check_sense};
use super::trace::{Body, EventKind, NONE, Peer, Place, Trace};
use super::world::World;
use crate::base::{
    self, ClientId, Context, Core, Input, Membership, Micros, Misfit, Monitor, NodeId, Wire,
};
use std::fmt;

/// The most nodes that a cluster can grow to.
pub const NODES_MAX: usize = 128;

/// The most copies of messages and clients that may be under way before duplicates are refused.
const UNDER_WAY_MAX: usize = 1_000_000;

/// Why an action cannot be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionError {
    /// The field of the action that is wrong, as it is written in JSON.
    pub path: String,
    /// What it says.
    pub found: String,
    /// What would have been right.
    pub expected: String,
}

impl ActionError {
    /// Field `path` says `found` where `expected` was expected.
    pub fn new(
        path: impl Into<String>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> ActionError {
        ActionError {
            path: path.into(),
            found: found.into(),
            expected: expected.into(),
        }
    }
}

impl fmt::Display for ActionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: found {}, expected {}",
            self.path, self.found, self.expected
        )
    }
}

impl std::error::Error for ActionError {}

impl<C: Core> World<C> {
    /// Does `action`, and whatever follows from it at once. What cannot be done is recorded as
    /// without effect: a script may be older than the run it meets.
    pub(super) fn act(&mut self, action: &Action, trace: &mut Trace<C>) {
        let possible = self.check(action, trace).is_ok();
        let number = trace.action(&mut self.mark, action);
        let place = match (action.node(), action.client()) {
            (Some(node), _) => Place::Node(node.0),
            (None, Some(client)) => Place::Client(client as u16),
            (None, None) => Place::World,
        };
        let event = self.event(trace, place, NONE, EventKind::Action(number, possible));
        if possible {
            self.perform(action, event, trace);
        }
    }

    /// Whether `action` can be done now; if not, why.
    pub(super) fn check(&self, action: &Action, trace: &Trace<C>) -> Result<(), ActionError> {
        use Action::*;
        check_sense::<C>(action)?;
        self.check_nodes(action)?;
        check_newcomer::<C>(action, self.nodes.len())?;
        match action {
            Restart { node } if self.slot(*node).is_up() => refuse("node", node, "up", "down"),
            Crash { node } | Pause { node } if !self.slot(*node).is_up() => {
                refuse("node", node, "down", "up")
            }
            Pause { node } if self.slot(*node).paused => refuse("node", node, "paused", "running"),
            Resume { node } if !self.slot(*node).paused => {
                refuse("node", node, "not paused", "paused")
            }
            PauseClient { client } => self.check_client(*client, false),
            ResumeClient { client } => self.check_client(*client, true),
            SkewClient { client, .. } if self.client_count() <= *client as usize => {
                self.check_client(*client, false)
            }
            Deliver(pick) | Drop(pick) | Duplicate(pick) => self.check_pick(pick, trace),
            Delay { message, .. } => self.check_pick(
                &Pick {
                    message: Some(*message),
                    ..Pick::default()
                },
                trace,
            ),
            Request { client, .. } => self.client_busy(*client).map_or(Ok(()), |busy| {
                Err(ActionError::new("client", busy, "a client that is free"))
            }),
            Timeout { node, timer } => self.check_timer(*node, timer.as_deref()),
            Join {} if self.nodes.len() >= NODES_MAX => {
                let found = format!("join, with {NODES_MAX} nodes there");
                Err(ActionError::new("do", found, "fewer nodes"))
            }
            _ => Ok(()),
        }
    }

    fn check_nodes(&self, action: &Action) -> Result<(), ActionError> {
        let count = self.nodes.len();
        action.each_node(&mut |path, node| {
            if node.index() < count {
                return Ok(());
            }
            let expected = format!("a node from 0 to {}", count - 1);
            Err(ActionError::new(path, node.to_string(), expected))
        })
    }

    fn check_pick(&self, pick: &Pick, trace: &Trace<C>) -> Result<(), ActionError> {
        match self.find(pick, trace) {
            Some(_) if self.flying.len() < UNDER_WAY_MAX => Ok(()),
            Some(_) => {
                let found = format!("{UNDER_WAY_MAX} messages under way");
                Err(ActionError::new("message", found, "fewer"))
            }
            None => Err(ActionError::new(
                "message",
                pick.to_string(),
                "a message under way",
            )),
        }
    }

    fn check_client(&self, client: ClientId, paused: bool) -> Result<(), ActionError> {
        let Some(other) = self.client_state(client, paused) else {
            return Ok(());
        };
        let expected = if paused {
            "a client that stands still"
        } else {
            "a client that goes on"
        };
        let found = format!("{client}, {other}");
        Err(ActionError::new("client", found, expected))
    }

    fn check_timer(&self, node: NodeId, timer: Option<&str>) -> Result<(), ActionError> {
        let slot = self.slot(node);
        if !slot.is_up() || slot.paused {
            let state = if slot.paused { "paused" } else { "down" };
            return refuse("node", &node, state, "running");
        }
        let set: Vec<String> = slot
            .alarms
            .iter()
            .map(|alarm| timer_name(&alarm.timer))
            .collect();
        match timer {
            None if set.is_empty() => Err(ActionError::new("timer", "no timer set", "a timer")),
            Some(name) if !set.iter().any(|known| known == name) => {
                let expected = format!("one that is set: {}", set.join(", "));
                Err(ActionError::new("timer", format!("{name:?}"), expected))
            }
            _ => Ok(()),
        }
    }

    fn slot(&self, node: NodeId) -> &Slot<C> {
        &self.nodes[node.index()]
    }

    fn perform(&mut self, action: &Action, event: u32, trace: &mut Trace<C>) {
        use Action::*;
        match action {
            Crash { node } => self.crash(*node, false, event, trace),
            DiskLoss { node } => self.crash(*node, true, event, trace),
            Restart { node } => self.boot(*node, event, trace),
            Pause { node } => self.nodes[node.index()].paused = true,
            Resume { node } => self.resume(*node),
            Skew { .. } | PauseClient { .. } | ResumeClient { .. } | SkewClient { .. } => {
                self.perform_on_time(action);
            }
            Cut { .. } | Mend { .. } | Isolate { .. } | Partition { .. } | Heal {} => {
                self.network.set_cuts(|from, to| action.cuts(from, to));
            }
            Link {
                from,
                to,
                latency,
                loss,
                duplicate,
                reorder,
            } => {
                let change = |conditions: &mut Conditions| {
                    conditions.latency = latency.unwrap_or(conditions.latency);
                    conditions.loss = loss.unwrap_or(conditions.loss);
                    conditions.duplicate = duplicate.unwrap_or(conditions.duplicate);
                    conditions.reorder = reorder.unwrap_or(conditions.reorder);
                };
                if let (None, None, Some(loss)) = (from, to, loss) {
                    self.network.client_loss = *loss;
                }
                self.network.set_conditions(change, |a, b| {
                    from.is_none_or(|from| from == a) && to.is_none_or(|to| to == b)
                });
            }
            Manual { on } => self.set_manual(*on, trace),
            Deliver(pick) => {
                if let Some(place) = self.find(pick, trace) {
                    self.deliver_now(place, trace);
                }
            }
            Drop(pick) => self.drop_now(pick, event, trace),
            Duplicate(pick) => self.duplicate(pick, event, trace),
            Delay { message, by } => self.delay(*message, *by, trace),
            Request { node, client, op } => {
                if let Ok(op) = decode::<C>(op) {
                    self.ask_by_script(*client, *node, op, event, trace);
                }
            }
            Timeout { node, timer } => {
                let slot = &self.nodes[node.index()];
                let named = |name: &String| {
                    slot.alarms
                        .iter()
                        .find(|alarm| timer_name(&alarm.timer) == *name)
                };
                let alarm = timer.as_ref().map_or_else(|| slot.next_alarm(), named);
                if let Some(alarm) = alarm.copied() {
                    self.fire(*node, alarm.timer, event, trace);
                    self.schedule_wake(*node);
                }
            }
            Join {} => self.join(event, trace),
            Leave { node } => self.ask_for_membership(Membership::Leave(*node), event, trace),
            Garbage { node, from } => self.garbage(*node, *from, event, trace),
            Reseed { seed } => self.reseed(*seed),
            Conduct { node, ways } => self.conduct(*node, ways, event, trace),
        }
    }

    /// What is done to a clock or to a client.
    fn perform_on_time(&mut self, action: &Action) {
        match action {
            Action::Skew {
                node,
                ahead,
                drift_ppm,
            } => self.skew(*node, *ahead, *drift_ppm),
            Action::PauseClient { client } => self.pause_client(*client),
            Action::ResumeClient { client } => self.resume_client(*client),
            Action::SkewClient {
                client,
                ahead,
                drift_ppm,
            } => self.skew_client(*client, *ahead, *drift_ppm),
            _ => {}
        }
    }

    fn crash(&mut self, node: NodeId, disk_lost: bool, event: u32, trace: &mut Trace<C>) {
        let slot = &mut self.nodes[node.index()];
        if let Life::Up(core) = &slot.life {
            slot.last_glance.clear();
            core.glance(&mut slot.last_glance);
            let nothing = Life::Down(C::Disk::default());
            if let Life::Up(core) = std::mem::replace(&mut slot.life, nothing) {
                slot.life = Life::Down(core.into_disk());
            }
        }
        if disk_lost {
            slot.life = Life::Down(C::Disk::default());
        }
        slot.paused = false;
        slot.alarms.clear();
        for place in std::mem::take(&mut slot.inbox) {
            if let Some(flying) = self.flying.take(place) {
                self.lose(flying.flight, Loss::Down, event, trace);
            }
        }
        self.monitor.crashed(node, disk_lost);
    }

    fn conduct(&mut self, node: NodeId, ways: &[String], event: u32, trace: &mut Trace<C>) {
        let conduct = base::Conduct::of(ways, C::CONDUCTS).unwrap_or_default();
        self.nodes[node.index()].conduct = conduct;
        self.input(node, Input::Conduct(conduct), event, trace);
    }

    /// What is under way stays as it is; what is drawn from now on follows from another seed.
    fn reseed(&mut self, seed: u64) {
        self.network.reseed(seed);
        for (slot, id) in self.nodes.iter_mut().zip(NodeId::first(usize::MAX)) {
            slot.luck = Context::luck_of(seed, id);
        }
        for (client, number) in self.clients.iter_mut().zip(0..) {
            client.reseed(seed, number);
        }
    }

    fn resume(&mut self, node: NodeId) {
        let slot = &mut self.nodes[node.index()];
        slot.paused = false;
        for place in std::mem::take(&mut slot.inbox) {
            self.send_on(place, self.now);
        }
        self.schedule_wake(node);
    }

    fn skew(&mut self, node: NodeId, ahead: Micros, drift_ppm: i32) {
        let slot = &mut self.nodes[node.index()];
        slot.clock.skew(self.now, ahead, drift_ppm);
        for alarm in &mut slot.alarms {
            alarm.due = slot.clock.when(alarm.local, self.now);
        }
        self.schedule_wake(node);
    }

    fn set_manual(&mut self, on: bool, trace: &Trace<C>) {
        self.network.manual = on;
        let held: Vec<(u32, NodeId, NodeId)> = self
            .flying
            .iter()
            .filter_map(
                |(place, flying)| match trace.flights[flying.flight as usize].ends() {
                    (Peer::Node(from), Peer::Node(to)) if flying.due == Micros::NEVER => {
                        (!self.nodes[to.index()].inbox.contains(&place))
                            .then_some((place, from, to))
                    }
                    _ => None,
                },
            )
            .collect();
        if !on {
            for (place, from, to) in held {
                let due = self.now + self.network.latency(from, to);
                self.send_on(place, due);
            }
        }
    }

    /// Sets a message under way for arrival at `due`.
    pub(super) fn send_on(&mut self, place: u32, due: Micros) {
        if let Some(flying) = self.flying.at_mut(place) {
            flying.due = due;
            self.agenda.enter(due, Due::Flight(place));
        }
    }

    fn deliver_now(&mut self, place: u32, trace: &mut Trace<C>) {
        if let Some(flying) = self.flying.at_mut(place) {
            flying.lost = None;
            flying.due = self.now;
        }
        self.forget_held(place);
        self.arrive(place, trace);
    }

    /// A message waits no longer for whom it is for to go on.
    fn forget_held(&mut self, place: u32) {
        let other = |held: &u32| *held != place;
        self.nodes
            .iter_mut()
            .for_each(|slot| slot.inbox.retain(other));
        let inboxes = self.clients.iter_mut().filter_map(Client::inbox);
        inboxes.for_each(|inbox| inbox.retain(other));
    }

    fn drop_now(&mut self, pick: &Pick, event: u32, trace: &mut Trace<C>) {
        let place = self.find(pick, trace);
        if let Some(flying) = place.and_then(|place| self.flying.take(place)) {
            place.iter().for_each(|place| self.forget_held(*place));
            self.lose(flying.flight, Loss::ByHand, event, trace);
        }
    }

    fn duplicate(&mut self, pick: &Pick, event: u32, trace: &mut Trace<C>) {
        let place = self.find(pick, trace);
        let Some(flying) = place.and_then(|place| self.flying.at(place)) else {
            return;
        };
        let number = flying.flight;
        let flight = &trace.flights[number as usize];
        let message = match (flight.ends(), &flight.body) {
            ((Peer::Node(from), Peer::Node(to)), Body::Message(message)) => {
                Some((from, to, message.clone()))
            }
            _ => None,
        };
        let Some((from, to, message)) = message else {
            return self.duplicate_of_client(number, event, trace);
        };
        let travel = self.network.latency(from, to);
        let due = if self.network.manual {
            Micros::NEVER
        } else {
            self.now + travel
        };
        self.launch_message(from, to, message, (due, None), true, event, trace);
    }

    fn delay(&mut self, message: u32, by: Micros, trace: &Trace<C>) {
        let pick = Pick {
            message: Some(message),
            ..Pick::default()
        };
        let Some(place) = self.find(&pick, trace) else {
            return;
        };
        let due = self
            .flying
            .at(place)
            .map_or(Micros::NEVER, |flying| flying.due);
        if due < Micros::NEVER {
            self.send_on(place, due + by);
        }
    }

    fn join(&mut self, event: u32, trace: &mut Trace<C>) {
        let id = NodeId(self.nodes.len() as u16);
        self.nodes.push(Slot::new(self.setup.seed, id, false));
        self.network.grow(self.nodes.len());
        self.boot(id, event, trace);
        self.ask_for_membership(Membership::Join(id), event, trace);
    }

    /// The place of the message that `pick` names: the oldest of those that fit.
    fn find(&self, pick: &Pick, trace: &Trace<C>) -> Option<u32> {
        let fits = |(_, flying): &(u32, &Flying)| {
            let flight = &trace.flights[flying.flight as usize];
            let end = |peer, node: Option<NodeId>| node.is_none_or(|node| peer == Peer::Node(node));
            let kind = |name: &String| match &flight.body {
                Body::Message(message) => C::Message::KINDS[message.kind()] == name,
                Body::Request(_) => name == "Request",
                Body::Reply(_) => name == "Reply",
            };
            pick.message.is_none_or(|number| number == flying.flight)
                && end(flight.from(), pick.from)
                && end(flight.to(), pick.to)
                && pick.kind.as_ref().is_none_or(kind)
                && (pick.message.is_some() || flying.lost.is_none())
        };
        let fitting = self.flying.iter().filter(fits);
        if pick.skip == 0 {
            let oldest = fitting.min_by_key(|(_, f)| f.flight);
            return oldest.map(|(place, _)| place);
        }
        let mut fitting: Vec<(u32, u32)> = fitting.map(|(place, f)| (f.flight, place)).collect();
        fitting.sort_unstable();
        fitting.get(pick.skip as usize).map(|(_, place)| *place)
    }
}

/// The name by which scripts call a timer: its own in lower case.
pub(super) fn timer_name<T: fmt::Debug>(timer: &T) -> String {
    let name = format!("{timer:?}");
    let mut snake = String::with_capacity(name.len() + 4);
    for (place, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && place > 0 {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// Reads a protocol's operation.
///
/// # Errors
/// Where and how it is wrong.
pub(super) fn decode<C: Core>(op: &serde_json::Value) -> Result<C::Op, ActionError> {
    Misfit::read(op.clone()).map_err(|misfit| {
        let Misfit {
            path,
            found,
            expected,
        } = misfit.under("op");
        ActionError::new(path, found, expected)
    })
}

fn refuse(path: &str, node: &NodeId, found: &str, expected: &str) -> Result<(), ActionError> {
    let found = format!("node {node}, which is {found}");
    Err(ActionError::new(
        path,
        found,
        format!("a node that is {expected}"),
    ))
}

impl fmt::Display for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(message) = self.message {
            return write!(f, "message {message}");
        }
        f.write_str(self.kind.as_deref().unwrap_or("a waiting message"))?;
        if let Some(from) = self.from {
            write!(f, " from node {from}")?;
        }
        if let Some(to) = self.to {
            write!(f, " to node {to}")?;
        }
        match self.skip {
            0 => Ok(()),
            1 => f.write_str(", the second oldest"),
            n => write!(f, ", after the {n} oldest"),
        }
    }
}
