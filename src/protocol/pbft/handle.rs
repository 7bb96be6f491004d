//! The door: every input comes in here. What a message says of its sender is checked before
//! anything that it says is looked at.

use super::client;
use super::conduct::CONDUCTS;
use super::invariants::Invariants;
use super::message::{Message, Note, Phase};
use super::milestone::Milestone;
use super::options::{Authentication, Mutant, Options};
use super::request::{Reply, Request, Stamp};
use super::state::{Disk, Pbft, RoleName, Timer};
use super::view::{self, View};
use crate::base::{
    ClientId, Context, Core, Draws, Effects, Ground, Input, Judgement, Membership, Misfit, NodeId,
    Pace, RequestId, names_of,
};
use crate::protocol::machine::{KvMachine, KvOp, StateMachine};
use std::sync::Arc;

impl Core for Pbft {
    type Options = Options;
    type Disk = Disk;
    type Message = Message;
    type Timer = Timer;
    type Op = KvOp;
    type Reply = Reply;
    type Memory = client::Memory;
    type Stamp = Stamp;
    type Milestone = Milestone;
    type View = View;
    type Invariants = Invariants;

    const GLANCE: &'static [&'static str] = view::GLANCE;
    const ROLES: &'static [&'static str] = RoleName::NAMES;
    const WORKLOADS: &'static [&'static str] = KvMachine::WORKLOADS;
    const TIMERS: &'static [Timer] = Timer::ALL;
    const CONDUCTS: &'static [&'static str] = CONDUCTS;
    /// "The client broadcasts the request to all replicas" (section 4.1).
    const RETRY_TO_ALL: bool = true;

    fn check_options(options: &Options, nodes: usize) -> Result<(), Misfit> {
        options.fault(nodes).map_or(Ok(()), Err)
    }

    fn prepare(options: &mut Options, seed: u64, nodes: usize) {
        options.make_keys(seed, nodes);
    }

    fn boot(
        options: &Arc<Options>,
        disk: Disk,
        ctx: &mut Context,
        out: &mut Effects<Self>,
    ) -> Self {
        Pbft::start(options, disk, ctx, out)
    }

    fn handle(&mut self, input: Input<Self>, ctx: &mut Context, out: &mut Effects<Self>) {
        self.now = ctx.now;
        match input {
            Input::Message { message, .. } => self.on_message(message, out),
            Input::Timer(Timer::ViewChange) => self.on_impatience(out),
            Input::Timer(Timer::Status) => self.on_status_timer(out),
            Input::Timer(Timer::Late) => self.on_late(out),
            Input::Request { id, op, stamp } => {
                self.on_request(Arc::new(Request::new(id, op, stamp)), out);
            }
            Input::Conduct(conduct) => self.on_conduct(conduct, out),
        }
    }

    fn into_disk(self) -> Disk {
        self.disk
    }

    fn view(&self) -> View {
        View::of(self)
    }

    fn glance(&self, out: &mut Vec<f64>) {
        view::glance(self, out);
    }

    fn weight(&self) -> usize {
        view::weight(self)
    }

    fn workload(
        workload: usize,
        _: &client::Memory,
        client: ClientId,
        n: u64,
        luck: &mut Draws,
    ) -> KvOp {
        KvMachine::workload(workload, &(), client, n, luck)
    }

    fn asks(
        options: &Options,
        memory: &client::Memory,
        op: &KvOp,
        nodes: usize,
    ) -> crate::base::Target {
        client::asks(options, memory, op, nodes)
    }

    fn stamp(options: &Options, _: &client::Memory, id: RequestId, op: &KvOp) -> Stamp {
        // Where no keys were made there is nobody to check them either.
        Request::stamp(&options.keys(1), id, op)
    }

    fn show_stamp(stamp: &Stamp) -> serde_json::Value {
        serde_json::to_value(&**stamp).unwrap_or_default()
    }

    fn judge(
        options: &Options,
        memory: &mut client::Memory,
        id: RequestId,
        replies: &[(NodeId, Reply)],
        nodes: usize,
    ) -> Judgement {
        client::judge(options, memory, id, replies, nodes)
    }

    fn result(reply: &Reply) -> serde_json::Value {
        serde_json::to_value(reply.0.body().result).unwrap_or_default()
    }

    fn ground(mutant: Option<&str>, pace: Pace, luck: &mut Draws) -> Ground {
        super::ground::ground(mutant, pace, luck)
    }

    /// 3f + 1 where one may be faulty, and a node for each second copy of a replica.
    fn least_nodes(options: &Options) -> usize {
        4 + options.twins.len()
    }

    fn mutants() -> Vec<String> {
        names_of(&Mutant::ALL)
    }

    fn model(_: &Options) -> Option<&'static str> {
        KvMachine::MODEL
    }

    fn membership(_: Membership) -> Option<KvOp> {
        None
    }
}

impl Pbft {
    /// A message has come, from whomever the network says: only its seal tells who sent it.
    pub(super) fn on_message(&mut self, message: Message, out: &mut Effects<Pbft>) {
        let window = u64::from(self.options.window);
        if let Some(fault) = message.fault(self.replicas, window) {
            return out.ignore(fault);
        }
        if message.sender() == Some(self.me) {
            return out.ignore("a message in its own name");
        }
        if !self.is(Mutant::NoAuthentication) && !message.holds(&self.keys, self.me) {
            return out.ignore(match (&message, self.options.auth) {
                (Message::Relay(_), _) => "a request that its client did not sign",
                (_, Authentication::Signatures) => "a signature that does not hold",
                (_, Authentication::Macs) => "an authenticator that does not hold",
            });
        }
        if self.liar.is_some() {
            self.overhear(&message, out);
        }
        match message {
            Message::Relay(request) => self.on_relay(request, out),
            Message::PrePrepare(sealed) => self.on_pre_prepare(sealed, out),
            Message::Vote(sealed) => match sealed.body().phase {
                Phase::Prepare => self.on_prepare(sealed, out),
                Phase::Commit => self.on_commit(sealed, out),
            },
            Message::Checkpoint(sealed) => self.on_checkpoint(sealed, out),
            Message::ViewChange(sealed) => self.on_view_change(sealed, out),
            Message::NewView(sealed) => self.on_new_view(sealed, out),
            Message::State(sealed) => self.on_state(&sealed, out),
            Message::Note(sealed) => self.on_note(sealed.sender(), *sealed.body(), out),
        }
    }

    fn on_note(&mut self, from: NodeId, note: Note, out: &mut Effects<Pbft>) {
        match note {
            Note::Ack { view, of, digest } => self.on_ack(from, view, of, digest, out),
            Note::Query { view, of, digest } => self.on_query(from, view, of, digest, out),
            Note::Status {
                view,
                active,
                stable,
                executed,
            } => self.on_status(from, (view, active, stable, executed), out),
            Note::Fetch { seq } => self.on_fetch(from, seq, out),
            Note::Whisper { back } => self.on_whisper(from, back, out),
        }
    }
}
