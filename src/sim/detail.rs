//! Runs through their protocol-neutral face: frames, details and records.

use super::act::{ActionError, timer_name};
use super::action::{Action, Entry};
use super::flying::Flying;
use super::network::Loss;
use super::node::{Life, Slot};
use super::run::{OverBudget, Run};
use super::simulation::{
    Counts, MarkCode, MessageDetail, MessageFate, MilestoneRecord, NodeDetail, Operation,
    PeerRecord, Simulation, Status, Tally, TimerRecord, TraceEvent, ViolationRecord,
};
use super::trace::{Body, Event, EventKind, Flight, NONE, Peer, Place};
use crate::base::{Class, Context, Core, Effects, Micros, Milestone, Monitor, NodeId, Wire};
use serde::Serialize;
use serde_json::Value;

/// A frame's header, in numbers.
const HEADER: usize = 8;

impl<C: Core> Simulation for Run<C> {
    fn now(&self) -> Micros {
        Run::now(self)
    }
    fn end(&self) -> Micros {
        Run::end(self)
    }
    fn position(&self) -> u32 {
        Run::position(self)
    }
    fn length(&self) -> u32 {
        self.trace.events.len() as u32
    }
    fn nodes(&self) -> usize {
        self.world.nodes.len()
    }
    fn advance(&mut self, to: Micros) -> Result<(), OverBudget> {
        Run::advance(self, to)
    }
    fn step(&mut self) -> Result<bool, OverBudget> {
        Run::step(self)
    }
    fn step_back(&mut self) -> bool {
        Run::step_back(self)
    }
    fn seek(&mut self, to: Micros) -> Result<(), OverBudget> {
        Run::seek(self, to)
    }
    fn seek_event(&mut self, id: u32) {
        Run::seek_event(self, id);
    }
    fn apply(&mut self, action: Action) -> Result<bool, ActionError> {
        Run::apply(self, action)
    }
    fn check(&self, action: &Action) -> Result<(), ActionError> {
        Run::check(self, action)
    }
    fn model(&self) -> Option<&'static str> {
        C::model(&self.world.setup.options)
    }
    fn script(&self) -> &[Entry] {
        &self.script
    }
    fn trace_hash(&self) -> u64 {
        self.trace.hash(self.position())
    }
    fn weight(&self) -> usize {
        Run::weight(self)
    }
    fn options(&self) -> Value {
        C::write_options(&self.world.setup.options)
    }

    fn frame(&self, out: &mut Vec<f64>) {
        out.clear();
        let world = &self.world;
        let flights = world.flying.len() as f64;
        let clients = world.client_count() as f64;
        let (nodes, width) = (world.nodes.len() as f64, C::GLANCE.len() as f64);
        let (now, events) = (world.now.as_ms(), f64::from(self.position()));
        out.extend([
            now,
            events,
            nodes,
            width,
            flights,
            clients,
            self.version as f64,
            0.0,
        ]);
        debug_assert_eq!(out.len(), HEADER);
        for slot in &world.nodes {
            let status = if !slot.is_up() {
                1.0
            } else {
                f64::from(u8::from(slot.paused) * 2)
            };
            let alarm = slot
                .next_alarm()
                .map(|alarm| (alarm.set.as_ms(), alarm.due.as_ms()));
            let (set, due) = alarm.unwrap_or((-1.0, -1.0));
            out.extend([status, set, due, slot.inbox.len() as f64]);
            let start = out.len();
            match slot.core() {
                Some(core) => core.glance(out),
                None => out.extend_from_slice(&slot.last_glance),
            }
            out.resize(start + C::GLANCE.len(), 0.0);
        }
        world
            .flying
            .iter()
            .for_each(|(_, flying)| out.extend(self.flight_record(flying)));
        let before = out.len();
        for (from, to) in world.network.cut_links() {
            out.extend([f64::from(from.0), f64::from(to.0)]);
        }
        out[HEADER - 1] = ((out.len() - before) / 2) as f64;
    }

    fn node(&self, id: NodeId) -> Option<NodeDetail> {
        let slot = self.world.nodes.get(id.index())?;
        let mut timers: Vec<_> = slot
            .alarms
            .iter()
            .map(|alarm| TimerRecord {
                timer: timer_name(&alarm.timer),
                set: alarm.set,
                due: alarm.due,
            })
            .collect();
        timers.sort_by(|a, b| (a.due, &a.timer).cmp(&(b.due, &b.timer)));
        let status = match (slot.is_up(), slot.paused) {
            (false, _) => Status::Crashed,
            (true, true) => Status::Paused,
            (true, false) => Status::Up,
        };
        Some(NodeDetail {
            id,
            status,
            clock: slot.clock.shows(self.world.now),
            drift_ppm: slot.clock.drift_ppm(),
            conduct: slot.conduct.names(C::CONDUCTS).map(str::to_owned).collect(),
            waiting: slot.inbox.len(),
            timers,
            view: self.view_of(id, slot),
        })
    }

    fn message(&self, id: u32) -> Option<MessageDetail> {
        let flight = self.trace.flights.get(id as usize)?;
        let under_way = self
            .world
            .flying
            .iter()
            .map(|(_, f)| f)
            .find(|f| f.flight == id);
        let ended = Some(flight.ended).filter(|event| *event < self.position());
        let ending = ended.map(|event| &self.trace.events[event as usize]);
        let lost = match ending.map(|event| &event.kind) {
            Some(EventKind::Lose(_, why)) => Some(*why),
            _ => under_way.and_then(|flying| flying.lost),
        };
        let fate = match (ending.map(|event| &event.kind), under_way) {
            (Some(EventKind::Lose(..)), _) => MessageFate::Lost,
            (Some(_), _) => MessageFate::Delivered,
            (None, Some(flying)) if flying.due == Micros::NEVER => MessageFate::Waiting,
            (None, _) => MessageFate::Flying,
        };
        let due = ending
            .map(|event| event.at)
            .or(under_way.map(|flying| flying.due));
        let (kind, text, epoch) = self.trace.describe(&flight.body);
        Some(MessageDetail {
            id,
            from: peer(flight.from()),
            to: peer(flight.to()),
            kind: kind.to_owned(),
            reply: is_reply(flight),
            epoch,
            text,
            body: self.body_value(flight),
            sent: self.sent_at(flight),
            due: due.filter(|due| *due < Micros::NEVER),
            sent_by: flight.sent_by,
            fate,
            why: lost.map(|why| why.name().to_owned()),
            lost_for: self.lost_for(flight),
            event: ended,
            led_to: ended.map_or(Vec::new(), |event| self.led_to(event)),
            copy: flight.copy,
        })
    }

    fn events(&self, from: u32, to: u32) -> Vec<TraceEvent> {
        let to = to.min(self.trace.events.len() as u32);
        (from.min(to)..to)
            .map(|id| self.describe_event(id))
            .collect()
    }

    fn marks(&self, from: u32, out: &mut Vec<f64>) {
        out.clear();
        let from = (from as usize).min(self.trace.events.len());
        for (offset, event) in self.trace.events[from..].iter().enumerate() {
            if let Some(code) = self.mark_of(event) {
                out.extend([
                    (from + offset) as f64,
                    event.at.as_ms(),
                    f64::from(code as u8),
                ]);
            }
        }
    }

    fn window(&self, from: Micros, to: Micros, most: u32, out: &mut Vec<f64>) {
        self.window_of(from, to, most, out);
    }
    fn bins(&mut self, from: Micros, width: Micros, count: u32, quiet: bool, out: &mut Vec<f64>) {
        self.bins_of((from, width, count), quiet, out);
    }
    fn lives(&self, from: u32, out: &mut Vec<f64>) {
        self.lives_of(from, out);
    }

    fn violations(&self) -> Vec<ViolationRecord> {
        let mut records = Vec::with_capacity(self.trace.violations.len());
        if self.trace.violations.is_empty() {
            return records;
        }
        for (id, event) in self.trace.events.iter().enumerate() {
            if let EventKind::Violation(number) = event.kind {
                let violation = &self.trace.violations[number as usize];
                records.push(ViolationRecord {
                    invariant: C::Invariants::NAMES[violation.invariant].to_owned(),
                    at: event.at,
                    nodes: violation.nodes.clone(),
                    event: id as u32,
                    text: violation.text.clone(),
                });
            }
        }
        records
    }

    fn tallies(&self) -> Vec<Tally> {
        let names = C::Invariants::TALLIES.iter().copied();
        names
            .zip(self.world.monitor.tallies())
            .map(|(name, count)| Tally {
                name: name.to_owned(),
                count,
            })
            .collect()
    }

    fn milestones(&self) -> Vec<MilestoneRecord> {
        let events = self.trace.events[..self.position() as usize]
            .iter()
            .enumerate();
        events
            .filter_map(|(id, event)| match (event.kind, event.place()) {
                (EventKind::Milestone(number), Place::Node(node)) => {
                    let fact = &self.trace.milestones[number as usize];
                    Some(MilestoneRecord {
                        at: event.at,
                        node: NodeId(node),
                        kind: fact.kind().to_owned(),
                        text: fact.sentence(NodeId(node)),
                        event: id as u32,
                    })
                }
                _ => None,
            })
            .collect()
    }

    fn history(&self) -> Vec<Operation> {
        let mut history: Vec<Operation> = Vec::new();
        for event in &self.trace.events[..self.position() as usize] {
            match event.kind {
                EventKind::Request(number) => {
                    let request = &self.trace.requests[number as usize];
                    history.push(Operation {
                        client: request.id.client,
                        id: request.id.serial,
                        op: to_value(&request.op),
                        call: event.at,
                        returned: None,
                        result: Value::Null,
                        error: None,
                    });
                }
                EventKind::Answer(reply) => {
                    let reply = &self.trace.replies[reply as usize];
                    let number = reply.request;
                    let operation = &mut history[number as usize];
                    operation.returned = Some(event.at);
                    operation.result = C::result(&reply.reply);
                }
                EventKind::Refused(reply) => {
                    let reply = &self.trace.replies[reply as usize];
                    let number = reply.request;
                    let operation = &mut history[number as usize];
                    operation.returned = Some(event.at);
                    operation.error = Some(reply.reply.to_string());
                }
                EventKind::GiveUp(number) => {
                    history[number as usize].error = Some("gave up without an answer".to_owned());
                }
                _ => {}
            }
        }
        history
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts {
            events: self.position(),
            sent: self.world.mark.flights,
            ..Counts::default()
        };
        let mut lost = [0u32; Loss::ALL.len()];
        let mut ignored = vec![0u32; self.trace.reasons.len()];
        let mut kinds = vec![0u32; C::Message::KINDS.len()];
        for event in &self.trace.events[..self.position() as usize] {
            match event.kind {
                EventKind::Deliver(flight) => {
                    counts.delivered += 1;
                    if let Body::Message(message) = &self.trace.flights[flight as usize].body {
                        kinds[message.kind()] += 1;
                    }
                }
                EventKind::Lose(_, why) => lost[why as usize] += 1,
                EventKind::Ignore(reason) => ignored[usize::from(reason)] += 1,
                _ => {}
            }
        }
        let named = |names: &mut dyn Iterator<Item = (&'static str, u32)>| {
            names
                .filter(|(_, n)| *n > 0)
                .map(|(name, n)| (name.to_owned(), n))
                .collect()
        };
        counts.lost = named(&mut Loss::ALL.iter().map(|why| why.name()).zip(lost));
        counts.ignored = named(&mut self.trace.reasons.iter().copied().zip(ignored));
        counts.kinds = named(&mut C::Message::KINDS.iter().copied().zip(kinds));
        counts
    }
}

impl<C: Core> Run<C> {
    /// A node's view; of one that is down, what it would be when started from its disk.
    fn view_of(&self, id: NodeId, slot: &Slot<C>) -> Value {
        match &slot.life {
            Life::Up(core) => to_value(&core.view()),
            Life::Down(disk) => {
                let setup = &self.world.setup;
                let mut luck = slot.luck;
                let members = if slot.founder {
                    &setup.members[..]
                } else {
                    &[]
                };
                let now = slot.clock.shows(self.world.now);
                let mut ctx = Context::new(id, now, members, &mut luck);
                let mut unheard = Effects::default();
                let core = C::boot(&setup.options, disk.clone(), &mut ctx, &mut unheard);
                to_value(&core.view())
            }
        }
    }

    fn body_value(&self, flight: &Flight<C>) -> Value {
        match &flight.body {
            Body::Message(message) => to_value(message),
            Body::Request(number) => {
                let request = &self.trace.requests[*number as usize];
                match C::show_stamp(&request.stamp) {
                    Value::Null => to_value(&request.op),
                    stamp => serde_json::json!({ "op": to_value(&request.op), "with": stamp }),
                }
            }
            Body::Reply(number) => to_value(&self.trace.replies[*number as usize].reply),
        }
    }

    /// A message under way as eight numbers.
    fn flight_record(&self, flying: &Flying) -> [f64; 8] {
        let flight = &self.trace.flights[flying.flight as usize];
        let end = |peer| match peer {
            Peer::Node(node) => f64::from(node.0),
            Peer::Client(client) => -f64::from(client) - 1.0,
        };
        let (kind, epoch) = match &flight.body {
            Body::Message(message) => (message.kind() as f64, message.epoch() as f64),
            Body::Request(_) => (-1.0, 0.0),
            Body::Reply(_) => (-2.0, 0.0),
        };
        let waits = flying.due == Micros::NEVER;
        let flags = u8::from(is_reply(flight))
            + 2 * u8::from(flying.lost.is_some())
            + 4 * u8::from(flight.copy)
            + 8 * u8::from(waits);
        let due = if waits { -1.0 } else { flying.due.as_ms() };
        [
            f64::from(flying.flight),
            end(flight.from()),
            end(flight.to()),
            self.sent_at(flight).as_ms(),
            due,
            kind,
            epoch,
            f64::from(flags),
        ]
    }

    /// When a message was sent.
    fn sent_at(&self, flight: &Flight<C>) -> Micros {
        let sent_by = self.trace.events.get(flight.sent_by as usize);
        sent_by.map_or(Micros::ZERO, |event| event.at)
    }

    /// The events up to now that `event` is the cause of: they follow it at once, or after the
    /// flight of a message or the span of a timer.
    fn led_to(&self, event: u32) -> Vec<u32> {
        (event + 1..self.position())
            .filter(|id| self.trace.events[*id as usize].cause == event)
            .take(64)
            .collect()
    }

    pub(super) fn mark_of(&self, event: &Event<C::Timer>) -> Option<MarkCode> {
        match event.kind {
            EventKind::Milestone(number) => match self.trace.milestones[number as usize].class() {
                Class::Leadership => Some(MarkCode::Leadership),
                Class::Decision => Some(MarkCode::Decision),
                Class::Change => Some(MarkCode::Change),
                Class::Quiet | Class::Step => None,
            },
            EventKind::Action(number, true) => mark_of_action(&self.trace.actions[number as usize]),
            EventKind::Violation(_) => Some(MarkCode::Violation),
            _ => None,
        }
    }

    fn describe_event(&self, id: u32) -> TraceEvent {
        let event = &self.trace.events[id as usize];
        let (kind, name, text) = self.words(event);
        let (node, client) = match event.place() {
            Place::Node(node) => (Some(NodeId(node)), None),
            Place::Client(client) => (None, Some(u32::from(client))),
            Place::World => (None, None),
        };
        let fact = match event.kind {
            EventKind::Milestone(fact) => Some(&self.trace.milestones[fact as usize]),
            _ => None,
        };
        let message = match event.kind {
            EventKind::Deliver(flight) | EventKind::Lose(flight, _) => Some(flight),
            _ => None,
        };
        TraceEvent {
            id,
            at: event.at,
            node,
            client,
            cause: (event.cause != NONE).then_some(event.cause),
            kind: kind.to_owned(),
            name,
            class: fact.map(Milestone::class),
            message,
            fact: fact.map_or(Value::Null, to_value),
            text,
            line: self.line(id),
        }
    }
}

fn to_value<T: Serialize>(value: &T) -> Value {
    // A view that cannot be written as JSON is a defect of its type, and shown as such.
    let value = serde_json::to_value(value);
    exact(value.unwrap_or_else(|error| Value::String(error.to_string())))
}

/// A value with numbers that every reader of JSON keeps as they are: what JavaScript would round,
/// such as a hash, is given by its sixteen hexadecimal digits.
fn exact(value: Value) -> Value {
    const GREATEST: u64 = (1 << 53) - 1;
    match value {
        Value::Number(number) => match number.as_u64() {
            Some(whole) if whole > GREATEST => Value::String(format!("{whole:016x}")),
            _ => Value::Number(number),
        },
        Value::Array(list) => list.into_iter().map(exact).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, exact(value)))
            .collect(),
        other => other,
    }
}

fn peer(peer: Peer) -> PeerRecord {
    match peer {
        Peer::Node(node) => PeerRecord::Node(node),
        Peer::Client(client) => PeerRecord::Client(client),
    }
}

fn is_reply<C: Core>(flight: &Flight<C>) -> bool {
    match &flight.body {
        Body::Message(message) => message.is_reply(),
        Body::Request(_) => false,
        Body::Reply(_) => true,
    }
}

fn mark_of_action(action: &Action) -> Option<MarkCode> {
    use Action::*;
    match action {
        Crash { .. } | DiskLoss { .. } => Some(MarkCode::Crash),
        Restart { .. } => Some(MarkCode::Restart),
        Pause { .. }
        | PauseClient { .. }
        | Skew { .. }
        | SkewClient { .. }
        | Cut { .. }
        | Isolate { .. }
        | Partition { .. }
        | Link { .. }
        | Drop(_)
        | Garbage { .. }
        | Conduct { .. } => Some(MarkCode::Fault),
        Resume { .. } | ResumeClient { .. } | Mend { .. } | Heal {} => Some(MarkCode::Mend),
        Request { .. } => Some(MarkCode::Request),
        Join {} | Leave { .. } => Some(MarkCode::Change),
        Manual { .. }
        | Deliver(_)
        | Duplicate(_)
        | Delay { .. }
        | Timeout { .. }
        | Reseed { .. } => None,
    }
}
