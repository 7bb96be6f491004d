//! The trace: what happened, when, where and because of what. Append-only; from it alone a
//! space-time diagram can be drawn and the history of the clients read.

use super::action::Action;
use super::network::Loss;
use crate::base::{ClientId, Core, Digest, Micros, NodeId, RequestId, Violation, Wire};
use std::hash::{Hash, Hasher};

/// No event, no flight.
pub const NONE: u32 = u32::MAX;

/// One end of a message: a node or a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Peer {
    /// A node.
    Node(NodeId),
    /// A client.
    Client(ClientId),
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Event<T> {
    /// When, in true virtual time.
    pub at: Micros,
    /// The event that led to this one, or [`NONE`].
    pub cause: u32,
    /// Where: see [`Event::place`].
    pub spot: Spot,
    /// Whether it is the first event of a step, rather than what followed from one at once.
    pub begins_step: bool,
    /// What.
    pub kind: EventKind<T>,
}

impl<T> Event<T> {
    /// Where it happened.
    pub fn place(&self) -> Place {
        match self.spot.0 {
            Spot::WORLD => Place::World,
            code if code >= Spot::CLIENTS => Place::Client(code - Spot::CLIENTS),
            code => Place::Node(code),
        }
    }
}

/// A node, a client or the world in two bytes: a trace holds millions of them, and touching
/// memory for the first time is what recording costs most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spot(u16);

impl Spot {
    const WORLD: u16 = u16::MAX;
    const CLIENTS: u16 = 0x8000;
}

impl From<Place> for Spot {
    fn from(place: Place) -> Spot {
        match place {
            Place::World => Spot(Spot::WORLD),
            Place::Node(node) => Spot(node & !Spot::CLIENTS),
            Place::Client(client) => Spot(Spot::CLIENTS | client),
        }
    }
}

impl From<Peer> for Spot {
    fn from(peer: Peer) -> Spot {
        match peer {
            Peer::Node(node) => Place::Node(node.0).into(),
            Peer::Client(client) => Place::Client(client as u16).into(),
        }
    }
}

impl From<Spot> for Peer {
    fn from(spot: Spot) -> Peer {
        match spot.0 {
            code if code >= Spot::CLIENTS => Peer::Client(u32::from(code - Spot::CLIENTS)),
            code => Peer::Node(NodeId(code)),
        }
    }
}

/// Where an event happened: a node, a client, or the world at large. Kept small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// At the world at large: an action.
    World,
    /// At a node.
    Node(u16),
    /// At a client.
    Client(u16),
}

/// What happened. Numbers point into the trace's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind<T> {
    /// A node started.
    Boot,
    /// A message arrived.
    Deliver(u32),
    /// A message was lost.
    Lose(u32, Loss),
    /// A timer went off.
    Fire(T),
    /// A client asked for the first time.
    Request(u32),
    /// A client's patience ended, and it asked again.
    Retry(u32),
    /// A client has its answer: the reply that settled it.
    Answer(u32),
    /// A client's request was refused for good.
    Refused(u32),
    /// A client gave up; its operation may still take effect.
    GiveUp(u32),
    /// A node stated a fact.
    Milestone(u32),
    /// A node dropped an input; the reason's number.
    Ignore(u16),
    /// Something was done from outside; with `false` it had no effect.
    Action(u32, bool),
    /// A safety property was found violated.
    Violation(u32),
}

/// What a message says.
#[derive(Clone, Debug)]
pub enum Body<C: Core> {
    /// Between nodes.
    Message(C::Message),
    /// From a client: the request's number.
    Request(u32),
    /// To a client: the reply's number.
    Reply(u32),
}

/// A message's way through the network.
#[derive(Clone, Debug)]
pub struct Flight<C: Core> {
    /// The sender: see [`Flight::from`].
    pub source: Spot,
    /// The receiver: see [`Flight::to`].
    pub target: Spot,
    /// The event in which it was sent.
    pub sent_by: u32,
    /// The event of its arrival or loss, or [`NONE`]. May lie in the recorded future.
    pub ended: u32,
    /// Whether it is a second copy.
    pub copy: bool,
    /// What it says.
    pub body: Body<C>,
}

impl<C: Core> Flight<C> {
    /// The sender.
    pub fn from(&self) -> Peer {
        self.source.into()
    }

    /// The receiver.
    pub fn to(&self) -> Peer {
        self.target.into()
    }

    /// The sender and the receiver.
    pub fn ends(&self) -> (Peer, Peer) {
        (self.from(), self.to())
    }
}

/// An operation as a client asked for it.
#[derive(Clone, Debug)]
pub struct Request<C: Core> {
    /// Who asked, and the serial number.
    pub id: RequestId,
    /// What was asked.
    pub op: C::Op,
    /// What was sent along.
    pub stamp: C::Stamp,
}

/// A node's answer to a client.
#[derive(Clone, Debug)]
pub struct Reply<C: Core> {
    /// The request that was answered.
    pub id: RequestId,
    /// The number of that request, or [`NONE`] when its client no longer waits for it.
    pub request: u32,
    /// Who answered.
    pub node: NodeId,
    /// The answer.
    pub reply: C::Reply,
}

/// How much of each table of the trace belongs to a moment of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Events.
    pub events: u32,
    /// Flights.
    pub flights: u32,
    /// Requests.
    pub requests: u32,
    /// Replies.
    pub replies: u32,
    /// Milestones.
    pub milestones: u32,
    /// Violations.
    pub violations: u32,
    /// Actions.
    pub actions: u32,
}

/// All that happened in a run.
#[derive(Clone, Debug)]
pub struct Trace<C: Core> {
    /// Events in order.
    pub events: Vec<Event<C::Timer>>,
    /// Messages in order of sending.
    pub flights: Vec<Flight<C>>,
    /// Operations in order of their call.
    pub requests: Vec<Request<C>>,
    /// Answers in order of sending.
    pub replies: Vec<Reply<C>>,
    /// Facts in order.
    pub milestones: Vec<C::Milestone>,
    /// Violations in order.
    pub violations: Vec<Violation>,
    /// Actions in order.
    pub actions: Vec<Action>,
    /// The reasons for which inputs were dropped, in order of their first use.
    pub reasons: Vec<&'static str>,
}

impl<C: Core> Default for Trace<C> {
    fn default() -> Trace<C> {
        Trace {
            events: Vec::new(),
            flights: Vec::new(),
            requests: Vec::new(),
            replies: Vec::new(),
            milestones: Vec::new(),
            violations: Vec::new(),
            actions: Vec::new(),
            reasons: Vec::new(),
        }
    }
}

/// Puts `item` at place `count` of `table` unless a replay finds it there; returns the place.
fn record<T>(table: &mut Vec<T>, count: &mut u32, item: impl FnOnce() -> T) -> u32 {
    let place = *count;
    if place as usize == table.len() {
        table.push(item());
    }
    *count += 1;
    place
}

impl<C: Core> Trace<C> {
    /// Records an event at `mark`; in a replay, which must repeat what is recorded, it only
    /// moves the mark on. Returns the event's number.
    pub(super) fn event(&mut self, mark: &mut Mark, event: Event<C::Timer>) -> u32 {
        debug_assert!(
            self.events
                .get(mark.events as usize)
                .is_none_or(|known| *known == event),
            "a replay differs from the run at event {}: {event:?}",
            mark.events,
        );
        record(&mut self.events, &mut mark.events, || event)
    }

    pub(super) fn flight(&mut self, mark: &mut Mark, flight: impl FnOnce() -> Flight<C>) -> u32 {
        record(&mut self.flights, &mut mark.flights, flight)
    }

    pub(super) fn request(&mut self, mark: &mut Mark, request: Request<C>) -> u32 {
        record(&mut self.requests, &mut mark.requests, || request)
    }

    pub(super) fn reply(&mut self, mark: &mut Mark, reply: Reply<C>) -> u32 {
        record(&mut self.replies, &mut mark.replies, || reply)
    }

    pub(super) fn milestone(&mut self, mark: &mut Mark, milestone: C::Milestone) -> u32 {
        record(&mut self.milestones, &mut mark.milestones, || milestone)
    }

    pub(super) fn violation(&mut self, mark: &mut Mark, violation: Violation) -> u32 {
        record(&mut self.violations, &mut mark.violations, || violation)
    }

    pub(super) fn action(&mut self, mark: &mut Mark, action: &Action) -> u32 {
        record(&mut self.actions, &mut mark.actions, || action.clone())
    }

    pub(super) fn reason(&mut self, reason: &'static str) -> u16 {
        let known = self.reasons.iter().position(|known| *known == reason);
        known.unwrap_or_else(|| {
            self.reasons.push(reason);
            self.reasons.len() - 1
        }) as u16
    }

    /// Forgets all that lies after `mark`.
    pub(super) fn cut(&mut self, mark: &Mark) {
        self.events.truncate(mark.events as usize);
        self.flights.truncate(mark.flights as usize);
        self.requests.truncate(mark.requests as usize);
        self.replies.truncate(mark.replies as usize);
        self.milestones.truncate(mark.milestones as usize);
        self.violations.truncate(mark.violations as usize);
        self.actions.truncate(mark.actions as usize);
        for flight in &mut self.flights {
            if flight.ended != NONE && flight.ended >= mark.events {
                flight.ended = NONE;
            }
        }
    }

    /// A 64-bit hash of the first `events` events with all they point to, messages and actions in
    /// full: equal for equal runs on every machine, different for different ones.
    pub fn hash(&self, events: u32) -> u64 {
        let mut digest = Digest::default();
        for event in &self.events[..events as usize] {
            (event.at, event.cause, event.spot).hash(&mut digest);
            self.hash_kind(&event.kind, &mut digest);
        }
        digest.finish()
    }

    fn hash_kind(&self, kind: &EventKind<C::Timer>, digest: &mut Digest) {
        match *kind {
            EventKind::Boot => 0u8.hash(digest),
            EventKind::Deliver(flight) => {
                1u8.hash(digest);
                self.hash_flight(flight, digest);
            }
            EventKind::Lose(flight, why) => {
                (2u8, why).hash(digest);
                self.hash_flight(flight, digest);
            }
            EventKind::Fire(timer) => (3u8, timer).hash(digest),
            EventKind::Request(request) => {
                let request = &self.requests[request as usize];
                (4u8, request.id, &request.op).hash(digest);
                request.stamp.hash(digest);
            }
            EventKind::Retry(request) => (5u8, request).hash(digest),
            EventKind::Answer(reply) => {
                (6u8, &self.replies[reply as usize].reply).hash(digest);
            }
            EventKind::Refused(reply) => {
                (7u8, &self.replies[reply as usize].reply).hash(digest);
            }
            EventKind::GiveUp(request) => (8u8, request).hash(digest),
            EventKind::Milestone(fact) => (9u8, &self.milestones[fact as usize]).hash(digest),
            EventKind::Ignore(reason) => {
                (10u8, self.reasons[usize::from(reason)]).hash(digest);
            }
            EventKind::Action(action, done) => {
                // As JSON, which is the same on every machine.
                let action = serde_json::to_string(&self.actions[action as usize]);
                (11u8, done, action.unwrap_or_default()).hash(digest);
            }
            EventKind::Violation(found) => (12u8, &self.violations[found as usize]).hash(digest),
        }
    }

    fn hash_flight(&self, flight: u32, digest: &mut Digest) {
        let flight = &self.flights[flight as usize];
        (flight.source, flight.target, flight.sent_by, flight.copy).hash(digest);
        match &flight.body {
            Body::Message(message) => message.hash(digest),
            Body::Request(request) => (1u8, request).hash(digest),
            Body::Reply(reply) => (2u8, &self.replies[*reply as usize].reply).hash(digest),
        }
    }

    /// Roughly how many bytes the trace takes, without what messages share by pointer.
    pub fn weight(&self) -> usize {
        self.events.capacity() * size_of::<Event<C::Timer>>()
            + self.flights.capacity() * size_of::<Flight<C>>()
            + self.requests.capacity() * size_of::<Request<C>>()
            + self.replies.capacity() * size_of::<Reply<C>>()
            + self.milestones.capacity() * size_of::<C::Milestone>()
    }

    /// The name of a message's kind, the text of its canonical line, and its epoch.
    pub fn describe(&self, body: &Body<C>) -> (&'static str, String, u64) {
        match body {
            Body::Message(message) => (
                C::Message::KINDS[message.kind()],
                message.to_string(),
                message.epoch(),
            ),
            Body::Request(request) => {
                let request = &self.requests[*request as usize];
                (
                    "Request",
                    format!("Request {} {}", request.id, request.op),
                    0,
                )
            }
            Body::Reply(reply) => {
                let reply = &self.replies[*reply as usize];
                ("Reply", format!("Reply {} {}", reply.id, reply.reply), 0)
            }
        }
    }
}
