//! Clients: they ask, wait, follow redirections, ask again with the same serial number when
//! nothing comes, and give up in the end.

use super::agenda::Due;
use super::clock::Clock;
use super::flying::Flying;
use super::network::Loss;
use super::trace::{Body, EventKind, Flight, NONE, Peer, Place, Reply, Request, Trace};
use super::world::World;
use crate::base::{
    Chance, ClientId, Core, Draws, Judgement, Membership, Micros, Monitor, NodeId, RequestId,
    Target,
};
use std::sync::Arc;

/// The greatest number of clients, those of the script and the hand included.
pub const CLIENTS_MAX: u32 = 10_000;

/// How long a client waits before it tries another node after a refusal without a hint, as a
/// part of its patience.
const BACKOFF_PARTS: u64 = 16;

/// How many redirections use up as much of a client's goodwill as one unanswered attempt.
const HOPS_PER_ATTEMPT: u32 = 32;

#[derive(Clone, Debug)]
pub(super) struct Client<C: Core> {
    luck: Draws,
    memory: C::Memory,
    latency: Chance,
    sent: u64,
    serial: u64,
    /// When its alarm rings; those set before do not.
    alarm: Micros,
    /// The node that answered last.
    favourite: Option<NodeId>,
    asking: Option<Asking<C>>,
    /// Asked for by script or hand: it does not go on by itself.
    scripted: bool,
    clock: Clock,
    /// What came while it stood still, by its places in the slab; none while it goes on.
    paused: Option<Vec<u32>>,
}

#[derive(Clone, Debug)]
struct Asking<C: Core> {
    id: RequestId,
    /// Number of the request in the trace.
    request: u32,
    target: NodeId,
    attempt: u32,
    hops: u32,
    replies: Vec<(NodeId, C::Reply)>,
    /// Waiting for a moment to pass before asking the next node, rather than for an answer.
    backing_off: bool,
    /// The event in which it was last sent at the client's own motion.
    sent_by: u32,
}

impl<C: Core> Client<C> {
    fn new(seed: u64, number: ClientId, scripted: bool) -> Client<C> {
        let chance = Chance::from_seed(seed)
            .of(0x636c_6965)
            .of(u64::from(number));
        Client {
            luck: Draws::new(chance.of(0)),
            memory: C::Memory::default(),
            latency: chance.of(1),
            sent: 0,
            serial: 0,
            alarm: Micros::NEVER,
            favourite: None,
            asking: None,
            scripted,
            clock: Clock::TRUE,
            paused: None,
        }
    }
}

impl<C: Core> Client<C> {
    /// From now on its chance falls otherwise.
    pub(super) fn reseed(&mut self, seed: u64, number: ClientId) {
        let Client { luck, latency, .. } = Client::<C>::new(seed, number, self.scripted);
        (self.luck, self.latency) = (luck, latency);
    }

    /// Where what arrives has to wait, while it stands still.
    pub(super) fn inbox(&mut self) -> Option<&mut Vec<u32>> {
        self.paused.as_mut()
    }
}

impl<C: Core> World<C> {
    /// Starts the built-in clients; each begins after a pause of its own.
    pub(super) fn start_clients(&mut self) {
        for number in 0..u32::from(self.setup.clients.count) {
            self.clients
                .push(Client::new(self.setup.seed, number, false));
            self.let_think(number);
        }
    }

    /// A built-in client asks nothing for a while.
    fn let_think(&mut self, number: ClientId) {
        let [low, high] = self.setup.clients.think;
        let span = Micros(self.clients[number as usize].luck.between(low.0, high.0));
        self.set_client_alarm(number, span);
    }

    fn set_client_alarm(&mut self, number: ClientId, span: Micros) {
        let at = self.now + span;
        self.clients[number as usize].alarm = at;
        self.agenda.enter(at, Due::Client(number));
    }

    /// Why `client` cannot be given an operation now, if it cannot.
    pub(super) fn client_busy(&self, client: Option<ClientId>) -> Option<String> {
        let Some(number) = client else {
            let none_left = self.idle_scripted_client() >= CLIENTS_MAX;
            return none_left.then(|| format!("{CLIENTS_MAX} clients, all of them waiting"));
        };
        let client = self.clients.get(number as usize)?;
        if client.paused.is_some() {
            return Some(format!("client {number}, which stands still"));
        }
        let asking = client.asking.as_ref()?;
        Some(format!(
            "client {number}, which is still waiting for {}",
            asking.id
        ))
    }

    /// A client asks for `op`, as told by `cause`.
    pub(super) fn ask_by_script(
        &mut self,
        client: Option<ClientId>,
        node: Option<NodeId>,
        op: C::Op,
        cause: u32,
        trace: &mut Trace<C>,
    ) {
        let number = client.unwrap_or_else(|| self.idle_scripted_client());
        while self.clients.len() <= number as usize {
            let next = self.clients.len() as u32;
            self.clients.push(Client::new(self.setup.seed, next, true));
        }
        self.ask(number, node, op, cause, trace);
    }

    /// The first client that has nothing to do but what scripts and hands tell it.
    fn idle_scripted_client(&self) -> ClientId {
        let idle = |client: &Client<C>| {
            client.scripted && client.asking.is_none() && client.paused.is_none()
        };
        self.clients
            .iter()
            .position(idle)
            .unwrap_or(self.clients.len()) as u32
    }

    /// A new node asks the members to take it in, or a member is asked to leave.
    pub(super) fn ask_for_membership(
        &mut self,
        change: Membership,
        cause: u32,
        trace: &mut Trace<C>,
    ) {
        if let Some(op) = C::membership(change) {
            self.ask_by_script(None, None, op, cause, trace);
        }
    }

    fn ask(
        &mut self,
        number: ClientId,
        node: Option<NodeId>,
        op: C::Op,
        cause: u32,
        trace: &mut Trace<C>,
    ) {
        let members = self.setup.members.len() as u64;
        self.look_at_clock(number, true);
        let client = &mut self.clients[number as usize];
        client.serial += 1;
        let id = RequestId {
            client: number,
            serial: client.serial,
        };
        let any = NodeId(client.luck.between(0, members - 1) as u16);
        let asks = C::asks(&self.setup.options, &client.memory, &op, self.nodes.len());
        let (first, all) = match (node, asks) {
            (None, Target::Node(first)) if first.index() < self.nodes.len() => (Some(first), false),
            (None, Target::All) => (None, true),
            _ => (node, false),
        };
        let target = first.or(client.favourite).unwrap_or(any);
        let stamp = C::stamp(&self.setup.options, &client.memory, id, &op);
        if self.setup.watch {
            self.monitor.asked(id, &op, &stamp);
        }
        let request = trace.request(&mut self.mark, Request { id, op, stamp });
        let place = Place::Client(number as u16);
        let event = self.event(trace, place, cause, EventKind::Request(request));
        self.clients[number as usize].asking = Some(Asking {
            id,
            request,
            target,
            attempt: 1,
            hops: 0,
            replies: Vec::new(),
            backing_off: false,
            sent_by: event,
        });
        if all {
            self.send_request_to_all(number, event, trace);
        } else {
            self.send_request(number, target, event, trace);
        }
        self.set_client_alarm(number, self.setup.clients.timeout);
    }

    fn send_request_to_all(&mut self, number: ClientId, cause: u32, trace: &mut Trace<C>) {
        let nodes = self.nodes.len();
        NodeId::first(nodes).for_each(|node| self.send_request(number, node, cause, trace));
    }

    /// A client's alarm rings: its pause is over, or its patience.
    pub(super) fn client_alarm(&mut self, number: ClientId, trace: &mut Trace<C>) {
        let client = &mut self.clients[number as usize];
        if client.alarm != self.now || client.paused.is_some() {
            return;
        }
        client.alarm = Micros::NEVER;
        let Some(asking) = &mut client.asking else {
            if client.scripted {
                return;
            }
            self.look_at_clock(number, true);
            let client = &mut self.clients[number as usize];
            let n = client.serial;
            let Client { memory, luck, .. } = client;
            let op = C::workload(self.setup.workload, memory, number, n, luck);
            return self.ask(number, None, op, NONE, trace);
        };
        let place = Place::Client(number as u16);
        let cause = asking.sent_by;
        let attempts = self.setup.clients.attempts;
        if asking.backing_off {
            asking.backing_off = false;
        } else {
            asking.attempt += 1;
            asking.replies.clear();
        }
        if asking.attempt > attempts || asking.hops > attempts.saturating_mul(HOPS_PER_ATTEMPT) {
            let request = asking.request;
            client.favourite = None;
            client.asking = None;
            self.event(trace, place, cause, EventKind::GiveUp(request));
            return self.client_goes_on(number);
        }
        let nodes = self.nodes.len() as u16;
        asking.target = NodeId((asking.target.0 + 1) % nodes);
        let (request, target) = (asking.request, asking.target);
        let event = self.event(trace, place, cause, EventKind::Retry(request));
        if let Some(asking) = &mut self.clients[number as usize].asking {
            asking.sent_by = event;
        }
        if C::RETRY_TO_ALL {
            self.send_request_to_all(number, event, trace);
        } else {
            self.send_request(number, target, event, trace);
        }
        self.set_client_alarm(number, self.setup.clients.timeout);
    }

    fn client_goes_on(&mut self, number: ClientId) {
        if !self.clients[number as usize].scripted {
            self.let_think(number);
        }
    }

    /// Why nobody can make `client` stand still, or go on, if that is so.
    pub(super) fn client_state(&self, client: ClientId, paused: bool) -> Option<&'static str> {
        match self.clients.get(client as usize) {
            None => Some("nobody"),
            Some(client) if client.paused.is_some() == paused => None,
            Some(_) if paused => Some("a client that goes on"),
            Some(_) => Some("a client that stands still"),
        }
    }

    /// A client stands still, as in a long garbage collection: its clock goes on, what arrives
    /// waits, and it asks nothing.
    pub(super) fn pause_client(&mut self, number: ClientId) {
        self.clients[number as usize].paused.get_or_insert_default();
    }

    /// A client goes on: it takes what has waited, then finds its alarm overdue.
    pub(super) fn resume_client(&mut self, number: ClientId) {
        let now = self.now;
        let client = &mut self.clients[number as usize];
        for place in client.paused.take().unwrap_or_default() {
            self.send_on(place, now);
        }
        let alarm = self.clients[number as usize].alarm;
        if alarm <= now {
            self.set_client_alarm(number, Micros::ZERO);
        }
    }

    /// Sets a client's clock ahead, and how fast it drifts.
    pub(super) fn skew_client(&mut self, number: ClientId, ahead: Micros, drift_ppm: i32) {
        let now = self.now;
        let client = &mut self.clients[number as usize];
        client.clock.skew(now, ahead, drift_ppm);
    }

    /// A client looks at its own clock.
    fn look_at_clock(&mut self, number: ClientId, asks: bool) {
        let client = &mut self.clients[number as usize];
        let shows = client.clock.shows(self.now);
        C::client_clock(&self.setup.options, &mut client.memory, shows, asks);
    }

    fn send_request(&mut self, number: ClientId, to: NodeId, cause: u32, trace: &mut Trace<C>) {
        let Some(asking) = &self.clients[number as usize].asking else {
            return;
        };
        let body = Body::Request(asking.request);
        let (from, to) = (Peer::Client(number), Peer::Node(to));
        self.send_by_client(number, (from, to), body, cause, trace);
    }

    /// A node's answer sets out to the client it is for.
    pub(super) fn send_reply(
        &mut self,
        from: NodeId,
        id: RequestId,
        reply: C::Reply,
        cause: u32,
        trace: &mut Trace<C>,
    ) {
        if id.client as usize >= self.clients.len() {
            return;
        }
        let asking = self.clients[id.client as usize].asking.as_ref();
        let asked = asking.filter(|asking| asking.id == id);
        let record = Reply {
            id,
            request: asked.map_or(NONE, |asking| asking.request),
            node: from,
            reply,
        };
        let number = trace.reply(&mut self.mark, record);
        let ends = (Peer::Node(from), Peer::Client(id.client));
        self.send_by_client(id.client, ends, Body::Reply(number), cause, trace);
    }

    /// Client links have latency and the network's loss, but are never cut and keep no order.
    fn send_by_client(
        &mut self,
        number: ClientId,
        (from, to): (Peer, Peer),
        body: Body<C>,
        sent_by: u32,
        trace: &mut Trace<C>,
    ) {
        let loss = self.network.client_loss;
        let client = &mut self.clients[number as usize];
        let n = client.sent * 2;
        client.sent += 1;
        let [low, high] = self.setup.clients.latency;
        let travel = client.latency.between(n, low.0, high.0);
        let lost = client.latency.happens(n + 1, loss).then_some(Loss::Chance);
        let travel = if lost.is_some() { travel / 2 } else { travel };
        let flight = trace.flight(&mut self.mark, || Flight {
            source: from.into(),
            target: to.into(),
            sent_by,
            ended: NONE,
            copy: false,
            body,
        });
        let due = self.now + Micros(travel);
        self.launch(Flying::new(flight, due, lost));
    }

    /// Sends a second copy of what a client or a node said to the other. Its latency is drawn from
    /// the message's own number, so that the luck of later ones stays as it is.
    pub(super) fn duplicate_of_client(&mut self, number: u32, event: u32, trace: &mut Trace<C>) {
        let original = &trace.flights[number as usize];
        let client = match original.ends() {
            (Peer::Client(client), _) | (_, Peer::Client(client)) => client,
            _ => return,
        };
        let copy = Flight {
            sent_by: event,
            ended: NONE,
            copy: true,
            ..original.clone()
        };
        let [low, high] = self.setup.clients.latency;
        let chance = self.clients[client as usize].latency.of(u64::from(number));
        let due = self.now + Micros(chance.between(0, low.0, high.0));
        let flight = trace.flight(&mut self.mark, || copy);
        self.launch(Flying::new(flight, due, None));
    }

    /// A reply arrives at a client.
    pub(super) fn client_hears(
        &mut self,
        number: ClientId,
        reply_number: u32,
        cause: u32,
        trace: &mut Trace<C>,
    ) {
        let Reply {
            id,
            node: from,
            reply,
            ..
        } = trace.replies[reply_number as usize].clone();
        let (nodes, setup) = (self.nodes.len(), Arc::clone(&self.setup));
        self.look_at_clock(number, false);
        let client = &mut self.clients[number as usize];
        let Some(asking) = client.asking.as_mut().filter(|asking| asking.id == id) else {
            return;
        };
        asking.replies.push((from, reply));
        let place = Place::Client(number as u16);
        let memory = &mut client.memory;
        match C::judge(&setup.options, memory, id, &asking.replies, nodes) {
            Judgement::Wait => {}
            Judgement::Done => {
                client.favourite = Some(from);
                client.asking = None;
                let event = self.event(trace, place, cause, EventKind::Answer(reply_number));
                self.judge_answer(id, reply_number, event, trace);
                self.client_goes_on(number);
            }
            Judgement::Refused(_) => {
                client.asking = None;
                self.event(trace, place, cause, EventKind::Refused(reply_number));
                self.client_goes_on(number);
            }
            Judgement::Redirect(hint) => {
                asking.replies.clear();
                asking.hops += 1;
                let known = hint.filter(|node| node.index() < nodes && asking.hops % 4 != 0);
                if let Some(node) = known {
                    asking.target = node;
                    self.send_request(number, node, cause, trace);
                } else {
                    asking.backing_off = true;
                    let span = Micros(self.setup.clients.timeout.0 / BACKOFF_PARTS + 1);
                    self.set_client_alarm(number, span);
                }
            }
        }
    }

    /// Lets the monitor judge what a client has taken for its answer.
    fn judge_answer(&mut self, id: RequestId, reply: u32, event: u32, trace: &mut Trace<C>) {
        if self.setup.watch {
            let reply = &trace.replies[reply as usize].reply;
            self.monitor.answered(id, reply, &mut self.found);
            self.record_violations(Place::Client(id.client as u16), event, trace);
        }
    }

    /// How many clients there are, those of script and hand included.
    pub(super) fn client_count(&self) -> usize {
        self.clients.len()
    }
}
