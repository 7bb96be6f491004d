//! Events in words: one sentence for people, one canonical line for golden files.

use super::act::timer_name;
use super::run::Run;
use super::trace::{Event, EventKind, NONE, Peer, Place};
use crate::base::{Core, Milestone, Monitor, NodeId, plain_words};
use serde::Deserialize;
use serde_json::Value;

impl<C: Core> Run<C> {
    /// An event's kind, the name of what it is about, and a sentence.
    pub(super) fn words(&self, event: &Event<C::Timer>) -> (&'static str, String, String) {
        let trace = &self.trace;
        let who = match event.place() {
            Place::Node(node) => format!("Node {node}"),
            Place::Client(client) => format!("Client {client}"),
            Place::World => "The world".to_owned(),
        };
        match event.kind {
            EventKind::Boot => ("boot", "boot".into(), format!("{who} starts from its disk")),
            EventKind::Deliver(number) => {
                let flight = &trace.flights[number as usize];
                let (kind, ..) = trace.describe(&flight.body);
                let copy = if flight.copy { "a second copy of " } else { "" };
                let text = format!(
                    "{who} receives {copy}{kind} from {}",
                    peer_name(flight.from())
                );
                ("deliver", kind.to_owned(), text)
            }
            EventKind::Lose(number, why) => {
                let flight = &trace.flights[number as usize];
                let (kind, ..) = trace.describe(&flight.body);
                let (from, to) = (peer_name(flight.from()), peer_name(flight.to()));
                let text = format!("{kind} from {from} to {to} is lost: {}", why.name());
                ("lose", kind.to_owned(), text)
            }
            EventKind::Fire(timer) => {
                let name = timer_name(&timer);
                let text = format!("{who}: the {} timer goes off", name.replace('_', " "));
                ("fire", name, text)
            }
            EventKind::Request(_)
            | EventKind::Retry(_)
            | EventKind::Answer(_)
            | EventKind::Refused(_)
            | EventKind::GiveUp(_) => self.client_words(&who, event.kind),
            EventKind::Milestone(number) => {
                let fact = &trace.milestones[number as usize];
                let node = match event.place() {
                    Place::Node(node) => NodeId(node),
                    _ => NodeId(0),
                };
                ("milestone", fact.kind().to_owned(), fact.sentence(node))
            }
            EventKind::Ignore(reason) => {
                let reason = trace.reasons[usize::from(reason)];
                (
                    "ignore",
                    reason.to_owned(),
                    format!("{who} ignores it: {reason}"),
                )
            }
            EventKind::Action(number, done) => {
                let action = &trace.actions[number as usize];
                let effect = if done { "" } else { " (without effect)" };
                let says = action.sentence(self.world.nodes.len(), &op_words::<C>);
                (
                    "action",
                    action.name().to_owned(),
                    format!("{says}{effect}"),
                )
            }
            EventKind::Violation(number) => {
                let violation = &trace.violations[number as usize];
                let name = C::Invariants::NAMES[violation.invariant].to_owned();
                ("violation", name, violation.text.clone())
            }
        }
    }

    /// The same for what a client does.
    fn client_words(&self, who: &str, kind: EventKind<C::Timer>) -> (&'static str, String, String) {
        let trace = &self.trace;
        let op = |number: u32| trace.requests[number as usize].op.to_string();
        match kind {
            EventKind::Request(number) => {
                let op = op(number);
                ("request", op.clone(), format!("{who} asks for {op}"))
            }
            EventKind::Retry(number) => {
                let op = op(number);
                ("retry", op.clone(), format!("{who} asks again for {op}"))
            }
            EventKind::Answer(reply) => {
                let reply = &trace.replies[reply as usize];
                let number = reply.request;
                let op = op(number);
                let text = format!("{who} is answered: {op} → {}", reply.reply);
                ("answer", op, text)
            }
            EventKind::Refused(reply) => {
                let reply = &trace.replies[reply as usize];
                let number = reply.request;
                let op = op(number);
                (
                    "refused",
                    op.clone(),
                    format!("{who} is refused {op}: {}", reply.reply),
                )
            }
            EventKind::GiveUp(number) => {
                let op = op(number);
                let text = format!("{who} gives up on {op}; it may still take effect");
                ("give_up", op, text)
            }
            _ => ("", String::new(), String::new()),
        }
    }

    /// The canonical line of an event: time, number, cause, and the fields that the trace hash
    /// runs over.
    pub fn line(&self, id: u32) -> String {
        let event = &self.trace.events[id as usize];
        let cause = match event.cause {
            NONE => String::new(),
            cause => format!(" <#{cause}"),
        };
        let place = match event.place() {
            Place::Node(node) => format!("n{node}"),
            Place::Client(client) => format!("c{client}"),
            Place::World => "--".to_owned(),
        };
        let (kind, name, text) = self.words(event);
        let what = match event.kind {
            EventKind::Deliver(number) | EventKind::Lose(number, _) => {
                let flight = &self.trace.flights[number as usize];
                let (_, line, _) = self.trace.describe(&flight.body);
                let copy = if flight.copy { " (copy)" } else { "" };
                let why = match event.kind {
                    EventKind::Lose(_, why) => format!(" lost ({})", why.name()),
                    _ => String::new(),
                };
                format!("<- {}{why} {line}{copy}", short_peer(flight.from()))
            }
            EventKind::Boot => "boot".to_owned(),
            EventKind::Fire(_) | EventKind::Ignore(_) => format!("{kind} {name}"),
            _ => format!("{kind} {text}"),
        };
        format!("{:>12} #{id}{cause} {place} {what}", event.at.to_string())
    }
}

fn peer_name(peer: Peer) -> String {
    match peer {
        Peer::Node(node) => format!("node {node}"),
        Peer::Client(client) => format!("client {client}"),
    }
}

fn short_peer(peer: Peer) -> String {
    match peer {
        Peer::Node(node) => format!("n{node}"),
        Peer::Client(client) => format!("c{client}"),
    }
}

/// An operation of the script as the clients' own events have it.
fn op_words<C: Core>(op: &Value) -> String {
    match C::Op::deserialize(op) {
        Ok(op) => op.to_string(),
        Err(_) => plain_words(op),
    }
}
