//! The world: nodes, network, clients and agenda, wired together. It carries out what cores ask
//! for and knows no protocol.

use super::agenda::{Agenda, Due};
use super::client::Client;
use super::flying::{Flying, Slab};
use super::network::{Loss, Network};
use super::node::{Life, Slot};
use super::setup::Setup;
use super::trace::{Body, Event, EventKind, Flight, Mark, NONE, Peer, Place, Request, Trace};
use crate::base::{
    Chance, Class, Context, Core, Draws, Effect, Effects, Input, Micros, Milestone, Monitor,
    NodeId, Violation, Wire,
};
use std::sync::Arc;

/// Everything that is so at one moment of a run. A clone of it is a keyframe.
#[derive(Clone)]
pub(super) struct World<C: Core> {
    pub setup: Arc<Setup<C>>,
    pub now: Micros,
    pub agenda: Agenda,
    pub flying: Slab,
    pub nodes: Vec<Slot<C>>,
    pub network: Network,
    pub clients: Vec<Client<C>>,
    pub monitor: C::Invariants,
    pub mark: Mark,
    /// How many entries of the script have been done.
    pub script_done: usize,
    /// Whether the next event is the first of a step.
    pub begins_step: bool,
    /// Reused between inputs; empty in between.
    effects: Effects<C>,
    pub(super) found: Vec<Violation>,
}

impl<C: Core> World<C> {
    /// A world at time zero with every member started.
    pub(super) fn new(setup: Arc<Setup<C>>, trace: &mut Trace<C>) -> World<C> {
        let count = setup.members.len();
        let mut world = World {
            now: Micros::ZERO,
            agenda: Agenda::default(),
            flying: Slab::default(),
            nodes: NodeId::first(count)
                .map(|id| Slot::new(setup.seed, id, true))
                .collect(),
            network: Network::new(setup.seed, count, setup.conditions, setup.manual),
            clients: Vec::new(),
            monitor: C::Invariants::default(),
            mark: Mark::default(),
            script_done: 0,
            begins_step: true,
            effects: Effects::default(),
            found: Vec::new(),
            setup,
        };
        NodeId::first(count).for_each(|id| world.boot(id, NONE, trace));
        world.start_clients();
        world
    }

    /// Records an event that happens now.
    pub(super) fn event(
        &mut self,
        trace: &mut Trace<C>,
        place: Place,
        cause: u32,
        kind: EventKind<C::Timer>,
    ) -> u32 {
        let begins_step = std::mem::take(&mut self.begins_step);
        let event = Event {
            at: self.now,
            cause,
            spot: place.into(),
            begins_step,
            kind,
        };
        trace.event(&mut self.mark, event)
    }

    /// Does the next thing that is due. False when nothing is.
    pub(super) fn step(&mut self, trace: &mut Trace<C>) -> bool {
        let Some((at, due)) = self.agenda.take() else {
            return false;
        };
        debug_assert!(at >= self.now, "time goes back from {} to {at}", self.now);
        self.now = at;
        match due {
            Due::Flight(place) => {
                if self.flying.at(place).is_some_and(|flying| flying.due == at) {
                    self.arrive(place, trace);
                }
            }
            Due::Wake(node) => self.wake(node, trace),
            Due::Client(client) => self.client_alarm(client, trace),
        }
        true
    }

    /// Starts a node from its disk.
    pub(super) fn boot(&mut self, id: NodeId, cause: u32, trace: &mut Trace<C>) {
        let slot = &mut self.nodes[id.index()];
        let Life::Down(disk) = &mut slot.life else {
            return;
        };
        let disk = std::mem::take(disk);
        slot.paused = false;
        let event = self.event(trace, Place::Node(id.0), cause, EventKind::Boot);
        let mut out = std::mem::take(&mut self.effects);
        let World {
            nodes, setup, now, ..
        } = self;
        let slot = &mut nodes[id.index()];
        let members = if slot.founder {
            &setup.members[..]
        } else {
            &[]
        };
        let mut ctx = Context::new(id, slot.clock.shows(*now), members, &mut slot.luck);
        let core = C::boot(&setup.options, disk, &mut ctx, &mut out);
        slot.life = Life::Up(core);
        let conduct = slot.conduct;
        self.carry_out(id, event, out, trace);
        if !conduct.is_honest() {
            self.input(id, Input::Conduct(conduct), event, trace);
        }
    }

    /// Hands an input to a node that is up, and carries out what it asks for.
    pub(super) fn input(&mut self, id: NodeId, input: Input<C>, event: u32, trace: &mut Trace<C>) {
        let World {
            nodes,
            setup,
            now,
            effects,
            ..
        } = self;
        let slot = &mut nodes[id.index()];
        let Life::Up(core) = &mut slot.life else {
            return;
        };
        let members = if slot.founder {
            &setup.members[..]
        } else {
            &[]
        };
        let mut ctx = Context::new(id, slot.clock.shows(*now), members, &mut slot.luck);
        let mut out = std::mem::take(effects);
        core.handle(input, &mut ctx, &mut out);
        self.carry_out(id, event, out, trace);
    }

    fn carry_out(&mut self, id: NodeId, event: u32, mut out: Effects<C>, trace: &mut Trace<C>) {
        let place = Place::Node(id.0);
        let mut timers = false;
        for effect in out.list.drain(..) {
            match effect {
                Effect::Send { to, message } => self.send(id, to, message, event, trace),
                Effect::SetTimer { timer, after } => {
                    self.nodes[id.index()].set_alarm(timer, after, self.now, event);
                    timers = true;
                }
                Effect::CancelTimer(timer) => self.nodes[id.index()].cancel_alarm(timer),
                Effect::Reply { id: request, reply } => {
                    self.send_reply(id, request, reply, event, trace);
                }
                Effect::Milestone(fact) => self.state(id, fact, event, trace),
                Effect::Ignore(reason) => {
                    let reason = trace.reason(reason);
                    self.event(trace, place, event, EventKind::Ignore(reason));
                }
            }
        }
        self.effects = out;
        if timers {
            self.schedule_wake(id);
        }
    }

    /// Records a fact and lets the monitor judge it.
    fn state(&mut self, id: NodeId, fact: C::Milestone, event: u32, trace: &mut Trace<C>) {
        let place = Place::Node(id.0);
        if self.setup.watch
            && let Some(core) = self.nodes[id.index()].core()
        {
            self.monitor.observe(id, core, &fact, &mut self.found);
        }
        let mut cause = event;
        if fact.class() != Class::Quiet {
            let fact = trace.milestone(&mut self.mark, fact);
            cause = self.event(trace, place, event, EventKind::Milestone(fact));
        }
        self.record_violations(place, cause, trace);
    }

    /// Records what the monitor has found.
    pub(super) fn record_violations(&mut self, place: Place, cause: u32, trace: &mut Trace<C>) {
        if !self.found.is_empty() {
            for violation in std::mem::take(&mut self.found) {
                let violation = trace.violation(&mut self.mark, violation);
                self.event(trace, place, cause, EventKind::Violation(violation));
            }
        }
    }

    fn send(
        &mut self,
        from: NodeId,
        to: NodeId,
        message: C::Message,
        event: u32,
        trace: &mut Trace<C>,
    ) {
        if to == from || to.index() >= self.nodes.len() {
            let reason = trace.reason("message to itself or to nobody");
            self.event(trace, Place::Node(from.0), event, EventKind::Ignore(reason));
            return;
        }
        let fate = self.network.fate(from, to, self.now);
        if let Some(due) = fate.copy_due {
            self.launch_message(from, to, message.clone(), (due, None), true, event, trace);
        }
        self.launch_message(
            from,
            to,
            message,
            (fate.due, fate.lost),
            false,
            event,
            trace,
        );
    }

    /// Puts a message on its way.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn launch_message(
        &mut self,
        from: NodeId,
        to: NodeId,
        message: C::Message,
        (due, lost): (Micros, Option<Loss>),
        copy: bool,
        sent_by: u32,
        trace: &mut Trace<C>,
    ) -> u32 {
        if self.setup.watch {
            self.monitor.sent(&message);
        }
        let flight = trace.flight(&mut self.mark, || Flight {
            source: Peer::Node(from).into(),
            target: Peer::Node(to).into(),
            sent_by,
            ended: NONE,
            copy,
            body: Body::Message(message),
        });
        self.launch(Flying::new(flight, due, lost))
    }

    /// Enters a message in the slab and, unless it waits, in the agenda.
    pub(super) fn launch(&mut self, flying: Flying) -> u32 {
        let due = flying.due;
        let place = self.flying.put(flying);
        if due < Micros::NEVER {
            self.agenda.enter(due, Due::Flight(place));
        }
        place
    }

    /// A message arrives now, or is lost, or waits for a paused node.
    pub(super) fn arrive(&mut self, place: u32, trace: &mut Trace<C>) {
        let Some(flying) = self.flying.at_mut(place) else {
            return;
        };
        let flight = &trace.flights[flying.flight as usize];
        let mut lost = flying.lost;
        if let (None, Peer::Node(to)) = (lost, flight.to()) {
            // What has waited at its receiver is past the link already.
            let cut = match flight.from() {
                Peer::Node(from) => !flying.arrived && self.network.is_cut(from, to),
                Peer::Client(_) => false,
            };
            match self.nodes.get_mut(to.index()) {
                None => lost = Some(Loss::Nobody),
                _ if cut => lost = Some(Loss::Cut),
                Some(slot) if !slot.is_up() => lost = Some(Loss::Down),
                Some(slot) if slot.paused => {
                    slot.inbox.push(place);
                    (flying.due, flying.arrived) = (Micros::NEVER, true);
                    return;
                }
                Some(_) => {}
            }
        }
        let (flight, sent_by, to) = (flying.flight, flight.sent_by, flight.to());
        if let (None, Peer::Client(client)) = (lost, to)
            && let Some(inbox) = self
                .clients
                .get_mut(client as usize)
                .and_then(Client::inbox)
        {
            inbox.push(place);
            (flying.due, flying.arrived) = (Micros::NEVER, true);
            return;
        }
        self.flying.take(place);
        match lost {
            Some(why) => self.lose(flight, why, sent_by, trace),
            None => self.deliver(flight, trace),
        }
    }

    /// Records that a message is lost.
    pub(super) fn lose(&mut self, number: u32, why: Loss, cause: u32, trace: &mut Trace<C>) {
        let place = place_of(trace.flights[number as usize].to());
        let event = self.event(trace, place, cause, EventKind::Lose(number, why));
        trace.flights[number as usize].ended = event;
        self.message_ended(number, event, trace);
    }

    /// Lets the monitor judge what has changed, now that a message is under way no longer.
    fn message_ended(&mut self, number: u32, event: u32, trace: &mut Trace<C>) {
        let flight = &trace.flights[number as usize];
        if let (true, Peer::Node(to), Body::Message(message)) =
            (self.setup.watch, flight.to(), &flight.body)
        {
            self.monitor.ended(to, message, &mut self.found);
            self.record_violations(Place::Node(to.0), event, trace);
        }
    }

    fn deliver(&mut self, number: u32, trace: &mut Trace<C>) {
        let flight = &trace.flights[number as usize];
        let (from, to) = (flight.from(), flight.to());
        let (body, sent_by) = (flight.body.clone(), flight.sent_by);
        let event = self.event(trace, place_of(to), sent_by, EventKind::Deliver(number));
        trace.flights[number as usize].ended = event;
        match (from, to, body) {
            (Peer::Node(from), Peer::Node(to), Body::Message(message)) => {
                self.input(to, Input::Message { from, message }, event, trace);
                self.message_ended(number, event, trace);
            }
            (_, Peer::Node(to), Body::Request(number)) => {
                let Request { id, op, stamp } = trace.requests[number as usize].clone();
                self.input(to, Input::Request { id, op, stamp }, event, trace);
            }
            (_, Peer::Client(client), Body::Reply(number)) => {
                self.client_hears(client, number, event, trace);
            }
            _ => {}
        }
    }

    /// Makes sure that the agenda wakes a node no later than its next timer.
    pub(super) fn schedule_wake(&mut self, id: NodeId) {
        let slot = &mut self.nodes[id.index()];
        let Some(due) = slot.next_alarm().map(|alarm| alarm.due) else {
            return;
        };
        // The timers of a node that was paused may be overdue.
        let due = due.max(self.now);
        if due < slot.wake {
            slot.wake = due;
            self.agenda.enter(due, Due::Wake(id));
        }
    }

    /// A node looks at its timers. A timer that was set anew since costs one look, not an entry
    /// in the agenda each time.
    fn wake(&mut self, id: NodeId, trace: &mut Trace<C>) {
        let slot = &mut self.nodes[id.index()];
        if slot.wake != self.now {
            return;
        }
        slot.wake = Micros::NEVER;
        if slot.paused || !slot.is_up() {
            return;
        }
        match slot.next_alarm().copied() {
            Some(alarm) if alarm.due <= self.now => self.fire(id, alarm.timer, alarm.cause, trace),
            _ => {}
        }
        self.schedule_wake(id);
    }

    /// A timer goes off.
    pub(super) fn fire(&mut self, id: NodeId, timer: C::Timer, cause: u32, trace: &mut Trace<C>) {
        self.nodes[id.index()].cancel_alarm(timer);
        let event = self.event(trace, Place::Node(id.0), cause, EventKind::Fire(timer));
        self.input(id, Input::Timer(timer), event, trace);
    }

    /// Puts a malformed message on a node's doorstep.
    pub(super) fn garbage(&mut self, to: NodeId, from: NodeId, cause: u32, trace: &mut Trace<C>) {
        let chance = Chance::from_seed(self.setup.seed)
            .of(0x6761_7262)
            .of(u64::from(cause));
        let message = C::Message::garbage(&mut Draws::new(chance));
        let fate = (Micros::NEVER, None);
        let place = self.launch_message(from, to, message, fate, false, cause, trace);
        self.arrive(place, trace);
    }

    /// Roughly how many bytes a clone of this world takes of its own.
    pub(super) fn weight(&self) -> usize {
        self.agenda.len() * 32
            + self.flying.len() * size_of::<Flying>()
            + self.network.weight()
            + self.clients.len() * size_of::<Client<C>>()
            + self
                .nodes
                .iter()
                .map(|slot| slot.core().map_or(1024, Core::weight))
                .sum::<usize>()
            + self.monitor.weight()
    }
}

/// Where what happens to a message's receiver happens.
pub(super) fn place_of(peer: Peer) -> Place {
    match peer {
        Peer::Node(node) => Place::Node(node.0),
        Peer::Client(client) => Place::Client(client as u16),
    }
}
