//! The face of a run that a search needs: what could happen next, and what tells moments apart.

use super::act::timer_name;
use super::action::{Action, Entry, Pick};
use super::node::Life;
use super::run::Run;
use super::simulation::Simulation;
use super::trace::{Body, EventKind, Peer};
use crate::base::{Core, Digest, Micros, Monitor, NodeId, Wire};
use serde::Serialize;
use std::hash::{Hash, Hasher};
use std::io;

/// Something that a search could let happen now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Choice {
    /// A message between nodes that waits arrives.
    Deliver {
        /// Its number in the run.
        flight: u32,
        /// The sender.
        from: NodeId,
        /// The receiver.
        to: NodeId,
        /// Its kind, an index into [`Wire::KINDS`].
        kind: u16,
    },
    /// A timer that is set goes off.
    Fire {
        /// Whose.
        node: NodeId,
        /// Which: an index into [`Core::TIMERS`].
        timer: u16,
    },
}

/// A run that a search walks through. It is a [`Simulation`] with the means to branch cheaply; the
/// page's modules do without it.
pub trait Walk: Simulation {
    /// What could be let happen now: messages between nodes that wait, oldest first, then timers.
    fn choices(&self, out: &mut Vec<Choice>);
    /// The action that lets `choice` happen.
    fn action(&self, choice: Choice) -> Action;
    /// A digest of what can be told of this moment: the nodes in full, the timers that are set,
    /// the messages under way, and which facts and answers there were, in whatever order. Where
    /// time stands still, equal digests have equal futures.
    fn digest(&self) -> u64;
    /// A digest of who is ahead of whom in each of the numbers that a glance shows, for the
    /// measure of what a search has seen.
    fn outline(&self) -> u64;
    /// Writes a digest of each kind of fact, and of each pair of facts that followed each other at
    /// one node, that has come up since event `from`.
    fn facts(&self, from: u32, out: &mut Vec<u64>);
    /// The first property found violated by now.
    fn breach(&self) -> Option<&'static str>;
    /// Whether every node is up and goes on, no link is cut or loses anything, and no message
    /// waits for a hand.
    fn is_well(&self) -> bool;
    /// How many requests have been asked by now.
    fn requests(&self) -> u32;
    /// Whether the request of that number, in order of the calls, has been answered or refused.
    fn is_answered(&self, request: u32) -> bool;
    /// The run as actions that leave nothing to chance: each delivery, timer, request and fault up
    /// to now, in order, with the moment.
    fn as_played(&self) -> Vec<(Micros, Action)>;
    /// What clients asked up to now by themselves or by requests, in order, with the moment and the
    /// node that each asked first; no node where all were asked at once.
    fn asked(&self) -> Vec<(Micros, Action)>;
    /// A copy that goes its own way.
    fn fork(&self) -> Box<dyn Walk>;
    /// Takes out of the script what is still to come of it.
    fn end_script(&mut self) -> Vec<Entry>;
}

/// Hashes what is written to it.
struct Sink<'a>(&'a mut Digest);

impl io::Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for word in bytes.chunks(8) {
            let mut padded = [0; 8];
            padded[..word.len()].copy_from_slice(word);
            self.0.write_u64(u64::from_le_bytes(padded));
        }
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn hash_shown<T: Serialize>(value: &T, digest: &mut Digest) {
    // A view is made of plain values: writing it cannot fail.
    let _ = serde_json::to_writer(Sink(digest), value);
}

impl<C: Core> Run<C> {
    fn waits_by_hand(&self, place: u32, due: Micros, to: NodeId) -> bool {
        due == Micros::NEVER && !self.world.nodes[to.index()].inbox.contains(&place)
    }

    fn hash_nodes(&self, digest: &mut Digest) {
        for (slot, id) in self.world.nodes.iter().zip(NodeId::first(usize::MAX)) {
            slot.paused.hash(digest);
            match &slot.life {
                Life::Up(core) => hash_shown(&core.view(), digest),
                Life::Down(_) => hash_shown(&self.node(id).map(|node| node.view), digest),
            }
            let mut set: Vec<C::Timer> = slot.alarms.iter().map(|alarm| alarm.timer).collect();
            set.sort_unstable();
            set.hash(digest);
        }
    }

    /// The sum of digests, so that order does not matter.
    fn sum_of_facts(&self) -> u64 {
        let trace = &self.trace;
        let events = &trace.events[..self.world.mark.events as usize];
        let of = |event: &super::trace::Event<C::Timer>| match event.kind {
            EventKind::Milestone(fact) => {
                Digest::of(&(event.spot, &trace.milestones[fact as usize]))
            }
            EventKind::Request(number) => {
                let request = &trace.requests[number as usize];
                Digest::of(&(request.id, &request.op))
            }
            EventKind::Answer(reply) | EventKind::Refused(reply) => {
                let reply = &trace.replies[reply as usize];
                Digest::of(&(reply.id, &reply.reply))
            }
            EventKind::Action(..) | EventKind::GiveUp(_) => 1,
            _ => 0,
        };
        events
            .iter()
            .fold(0, |sum, event| sum.wrapping_add(of(event)))
    }
}

impl<C: Core> Run<C> {
    /// Adds the actions that stand for an event where nothing is left to chance.
    fn play(
        &self,
        event: &super::trace::Event<C::Timer>,
        id: u32,
        played: &mut Vec<(Micros, Action)>,
    ) {
        let action = match event.kind {
            EventKind::Deliver(number) => {
                let flight = &self.trace.flights[number as usize];
                match (flight.ends(), &flight.body) {
                    ((Peer::Node(..), Peer::Node(..)), Body::Message(_)) => {
                        let pick = self.pick_of(number, id);
                        if self.arrives_again(number, id) {
                            played.push((event.at, Action::Duplicate(pick.clone())));
                        }
                        Action::Deliver(pick)
                    }
                    ((Peer::Client(client), Peer::Node(to)), Body::Request(number)) => {
                        let request = &self.trace.requests[*number as usize];
                        Action::Request {
                            node: Some(to),
                            client: Some(client),
                            op: serde_json::to_value(&request.op).unwrap_or_default(),
                        }
                    }
                    _ => return,
                }
            }
            EventKind::Fire(timer) => match event.place() {
                super::trace::Place::Node(node) => Action::Timeout {
                    node: NodeId(node),
                    timer: Some(timer_name(&timer)),
                },
                _ => return,
            },
            EventKind::Action(number, true) => match &self.trace.actions[number as usize] {
                // Told by the deliveries and timers that they led to.
                Action::Deliver(_)
                | Action::Timeout { .. }
                | Action::Request { .. }
                | Action::Delay { .. }
                | Action::Link { .. }
                | Action::Manual { .. }
                | Action::Drop(_)
                | Action::Duplicate(_)
                | Action::Reseed { .. } => return,
                other => other.clone(),
            },
            _ => return,
        };
        played.push((event.at, action));
    }

    /// Names a message by its link, its kind and how many older ones of them wait at event `id`, if
    /// whatever was lost on its way waits too.
    fn pick_of(&self, number: u32, id: u32) -> Pick {
        let flights = &self.trace.flights;
        let this = &flights[number as usize];
        let kind_of = |body: &Body<C>| match body {
            Body::Message(message) => message.kind(),
            _ => usize::MAX,
        };
        let kind = kind_of(&this.body);
        let older = flights[..number as usize].iter().filter(|other| {
            let waits = other.ended >= id || self.is_lost(other.ended);
            other.ends() == this.ends() && kind_of(&other.body) == kind && waits && !other.copy
        });
        let node = |peer| match peer {
            Peer::Node(node) => Some(node),
            Peer::Client(_) => None,
        };
        Pick {
            message: None,
            from: node(this.from()),
            to: node(this.to()),
            kind: C::Message::KINDS.get(kind).map(|name| (*name).to_owned()),
            skip: older.count() as u32,
        }
    }

    fn is_lost(&self, event: u32) -> bool {
        let event = self.trace.events.get(event as usize);
        event.is_some_and(|event| matches!(event.kind, EventKind::Lose(..)))
    }

    /// Whether another message that says the same, sent in the same event, arrives after event `id`.
    fn arrives_again(&self, number: u32, id: u32) -> bool {
        let flights = &self.trace.flights;
        let this = &flights[number as usize];
        let Body::Message(said) = &this.body else {
            return false;
        };
        let end = self.world.mark.events;
        flights.iter().zip(0..).any(|(other, place)| {
            place != number
                && (other.copy || this.copy)
                && other.ends() == this.ends()
                && (id + 1..end).contains(&other.ended)
                && !self.is_lost(other.ended)
                && matches!(&other.body, Body::Message(same) if same == said)
        })
    }
}

impl<C: Core> Walk for Run<C> {
    fn choices(&self, out: &mut Vec<Choice>) {
        out.clear();
        for (place, flying) in self.world.flying.iter() {
            let flight = &self.trace.flights[flying.flight as usize];
            if let (Peer::Node(from), Peer::Node(to), Body::Message(message)) =
                (flight.from(), flight.to(), &flight.body)
                && self.waits_by_hand(place, flying.due, to)
            {
                let kind = message.kind() as u16;
                out.push(Choice::Deliver {
                    flight: flying.flight,
                    from,
                    to,
                    kind,
                });
            }
        }
        out.sort_unstable();
        for (slot, node) in self.world.nodes.iter().zip(NodeId::first(usize::MAX)) {
            if !slot.is_up() || slot.paused {
                continue;
            }
            for (timer, known) in C::TIMERS.iter().enumerate() {
                if slot.alarms.iter().any(|alarm| alarm.timer == *known) {
                    let timer = timer as u16;
                    out.push(Choice::Fire { node, timer });
                }
            }
        }
    }

    fn action(&self, choice: Choice) -> Action {
        match choice {
            Choice::Deliver { flight, .. } => Action::Deliver(Pick {
                message: Some(flight),
                ..Pick::default()
            }),
            Choice::Fire { node, timer } => Action::Timeout {
                node,
                timer: C::TIMERS.get(usize::from(timer)).map(timer_name),
            },
        }
    }

    fn digest(&self) -> u64 {
        let mut digest = Digest::default();
        self.hash_nodes(&mut digest);
        let under_way = self.world.flying.iter().map(|(_, flying)| {
            let flight = &self.trace.flights[flying.flight as usize];
            match &flight.body {
                Body::Message(message) => Digest::of(&(flight.source, flight.target, message)),
                _ => Digest::of(&(flight.source, flight.target)),
            }
        });
        let sum = under_way.fold(0u64, u64::wrapping_add);
        (sum, self.sum_of_facts()).hash(&mut digest);
        digest.finish()
    }

    fn outline(&self) -> u64 {
        let width = C::GLANCE.len();
        let mut columns = Vec::with_capacity(self.world.nodes.len() * width);
        for slot in &self.world.nodes {
            let start = columns.len();
            match slot.core() {
                Some(core) => core.glance(&mut columns),
                None => columns.extend_from_slice(&slot.last_glance),
            }
            columns.resize(start + width, 0.0);
        }
        let mut digest = Digest::default();
        let mut order: Vec<f64> = Vec::with_capacity(self.world.nodes.len());
        for column in 0..width {
            let of_column = || columns.iter().skip(column).step_by(width).copied();
            order.clear();
            order.extend(of_column());
            order.sort_unstable_by(f64::total_cmp);
            order.dedup();
            for value in of_column() {
                // A role is what it is; any other number counts by its rank among the nodes.
                let rank = order.partition_point(|other| *other < value) as u64;
                let shown = if column == 0 { value.to_bits() } else { rank };
                shown.hash(&mut digest);
            }
        }
        for slot in &self.world.nodes {
            (slot.is_up(), slot.paused).hash(&mut digest);
        }
        digest.finish()
    }

    fn facts(&self, from: u32, out: &mut Vec<u64>) {
        use crate::base::Milestone as _;
        let events = &self.trace.events[..self.world.mark.events as usize];
        let mut before = [0u64; 16];
        for event in events.iter().skip(from as usize) {
            let EventKind::Milestone(fact) = event.kind else {
                continue;
            };
            let kind = Digest::of(self.trace.milestones[fact as usize].kind());
            let spot = Digest::of(&event.spot) as usize % before.len();
            out.push(kind);
            out.push(Digest::of(&(before[spot], kind)));
            before[spot] = kind;
        }
    }

    fn breach(&self) -> Option<&'static str> {
        let found = self.trace.violations.first()?;
        (self.world.mark.violations > 0).then(|| C::Invariants::NAMES[found.invariant])
    }

    fn is_well(&self) -> bool {
        let up = self
            .world
            .nodes
            .iter()
            .all(|slot| slot.is_up() && !slot.paused);
        up && self.world.network.is_whole()
    }

    fn requests(&self) -> u32 {
        self.world.mark.requests
    }

    fn is_answered(&self, request: u32) -> bool {
        let events = &self.trace.events[..self.world.mark.events as usize];
        events.iter().rev().any(|event| match event.kind {
            EventKind::Answer(reply) | EventKind::Refused(reply) => {
                self.trace.replies[reply as usize].request == request
            }
            _ => false,
        })
    }

    fn as_played(&self) -> Vec<(Micros, Action)> {
        let mut played = Vec::new();
        let events = &self.trace.events[..self.world.mark.events as usize];
        for (event, id) in events.iter().zip(0..) {
            self.play(event, id, &mut played);
        }
        played
    }

    fn asked(&self) -> Vec<(Micros, Action)> {
        let events = &self.trace.events[..self.world.mark.events as usize];
        let asked = events.iter().zip(0..).filter_map(|(event, id)| {
            let EventKind::Request(number) = event.kind else {
                return None;
            };
            // Nodes that join or leave have it asked for them.
            let cause = events.get(event.cause as usize).map(|cause| cause.kind);
            if let Some(EventKind::Action(action, _)) = cause
                && !matches!(self.trace.actions[action as usize], Action::Request { .. })
            {
                return None;
            }
            let request = &self.trace.requests[number as usize];
            let sent = self.trace.flights.iter().filter(|it| it.sent_by == id);
            let mut nodes = sent.filter_map(|flight| match flight.to() {
                Peer::Node(node) => Some(node),
                Peer::Client(_) => None,
            });
            let node = match (nodes.next(), nodes.next()) {
                (Some(only), None) => Some(only),
                _ => None,
            };
            let client = Some(request.id.client);
            let op = serde_json::to_value(&request.op).unwrap_or_default();
            Some((event.at, Action::Request { node, client, op }))
        });
        asked.collect()
    }

    fn fork(&self) -> Box<dyn Walk> {
        Box::new(self.clone())
    }

    fn end_script(&mut self) -> Vec<Entry> {
        Run::end_script(self)
    }
}
