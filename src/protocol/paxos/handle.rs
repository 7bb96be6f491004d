//! The door: every input comes in here, and every message is looked at before a role sees it.

use super::invariants::Invariants;
use super::message::Message;
use super::milestone::Milestone;
use super::options::{Mutant, Options};
use super::reply::{Op, Reply};
use super::state::{Disk, Paxos, RoleName, Timer};
use super::view::{self, View};
use crate::base::{
    ClientId, Context, Core, Draws, Effects, Ground, Input, Judgement, Membership, Misfit, NodeId,
    Pace, RequestId, names_of,
};
use crate::protocol::machine::{KvMachine, StateMachine};
use std::sync::Arc;

impl Core for Paxos {
    type Options = Options;
    type Disk = Disk;
    type Message = Message;
    type Timer = Timer;
    type Op = Op;
    type Reply = Reply;
    type Memory = ();
    type Stamp = ();
    type Milestone = Milestone;
    type View = View;
    type Invariants = Invariants;

    const GLANCE: &'static [&'static str] = view::GLANCE;
    const ROLES: &'static [&'static str] = RoleName::NAMES;
    /// The machine's workloads, for Multi-Paxos, and proposals of a text each.
    const WORKLOADS: &'static [&'static str] =
        &["register", "registers", "writes", "reads", "proposals"];

    const TIMERS: &'static [Timer] = Timer::ALL;

    fn check_options(options: &Options, nodes: usize) -> Result<(), Misfit> {
        options.fault(nodes).map_or(Ok(()), Err)
    }

    fn boot(
        options: &Arc<Options>,
        disk: Disk,
        ctx: &mut Context,
        out: &mut Effects<Self>,
    ) -> Self {
        Paxos::start(options, disk, ctx, out)
    }

    fn handle(&mut self, input: Input<Self>, ctx: &mut Context, out: &mut Effects<Self>) {
        self.now = ctx.now;
        match input {
            Input::Message { from, message } => self.on_message(from, message, ctx, out),
            Input::Timer(Timer::Ballot) => self.on_ballot_timeout(ctx, out),
            Input::Timer(Timer::Ask) => self.on_ask_timeout(out),
            Input::Timer(Timer::Election) => self.on_election_timeout(ctx, out),
            Input::Timer(Timer::Heartbeat) => self.on_heartbeat_timer(out),
            Input::Request { id, op, .. } if self.options.is_single() => {
                self.on_proposal(id, &op, ctx, out);
            }
            Input::Request { id, op, .. } => self.on_command(id, op, ctx, out),
            // Paxos knows no ways to misbehave.
            Input::Conduct(_) => {}
        }
    }

    fn into_disk(self) -> Disk {
        self.remains()
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

    fn workload(workload: usize, (): &(), client: ClientId, n: u64, luck: &mut Draws) -> Op {
        if workload < KvMachine::WORKLOADS.len() {
            return Op::Machine(KvMachine::workload(workload, &(), client, n, luck));
        }
        // A letter to each client, and a number to each of its proposals after the first.
        let letter = char::from(b'A' + (client % 26) as u8);
        match n {
            0 => Op::propose(&letter.to_string()),
            n => Op::propose(&format!("{letter}{}", n + 1)),
        }
    }

    fn stamp(_: &Options, (): &(), _: RequestId, _: &Op) {}

    fn judge(
        _: &Options,
        (): &mut (),
        _: RequestId,
        replies: &[(NodeId, Reply)],
        _nodes: usize,
    ) -> Judgement {
        match replies.last() {
            None => Judgement::Wait,
            Some((_, Reply::Chosen(_) | Reply::Done(_))) => Judgement::Done,
            Some((_, Reply::NotLeader(leader))) => Judgement::Redirect(*leader),
            Some((_, Reply::Refused(why))) => Judgement::Refused((*why).to_owned()),
        }
    }

    fn ground(mutant: Option<&str>, pace: Pace, luck: &mut Draws) -> Ground {
        super::ground::ground(mutant, pace, luck)
    }

    fn mutants() -> Vec<String> {
        names_of(&Mutant::ALL)
    }

    fn model(options: &Options) -> Option<&'static str> {
        if options.is_single() {
            return Some("consensus");
        }
        KvMachine::MODEL
    }

    /// The nodes are those that the run begins with.
    fn membership(_: Membership) -> Option<Op> {
        None
    }
}

impl Paxos {
    fn on_message(
        &mut self,
        from: NodeId,
        message: Message,
        ctx: &mut Context,
        out: &mut Effects<Self>,
    ) {
        if from == self.id {
            return out.ignore("a message from itself");
        }
        if from.0 >= self.nodes {
            return out.ignore("a message of a stranger");
        }
        if let Some(fault) = message.fault() {
            return out.ignore(fault);
        }
        if self.options.is_single() && message.speaks_beyond_the_first_slot() {
            return out.ignore("another slot than the one there is");
        }
        self.heard = self.heard.max(message.ballot());
        self.take(from, message, ctx, out);
    }

    /// Takes a message to its role. What a node says to itself comes in here at once.
    pub(super) fn take(
        &mut self,
        from: NodeId,
        message: Message,
        ctx: &mut Context,
        out: &mut Effects<Self>,
    ) {
        match message {
            Message::Prepare { ballot, from: slot } => {
                self.on_prepare(from, ballot, slot, ctx, out)
            }
            Message::Promise(promise) => self.on_promise(from, &promise, ctx, out),
            Message::Accept(accept) => self.on_accept(from, accept, ctx, out),
            Message::Accepted {
                ballot,
                slot,
                values,
            } => self.on_accepted(from, (ballot, slot, &values), ctx, out),
            Message::Refuse { ballot, promised } => {
                self.on_refuse(from, (ballot, promised), ctx, out);
            }
            Message::Chosen { slot, values } => self.on_chosen(from, slot, &values, ctx, out),
            Message::Heartbeat {
                ballot,
                chosen,
                lease,
            } => self.on_heartbeat(from, (ballot, chosen, lease), ctx, out),
            Message::HeartbeatReply { ballot, lease } => {
                self.on_heartbeat_reply(from, (ballot, lease), out);
            }
            Message::Ask { from: slot } => self.on_ask(from, slot, out),
            Message::Install { snapshot } => self.on_install(from, &snapshot, ctx, out),
        }
    }
}

impl Message {
    /// Whether it is about another slot than the only one of single-decree Paxos.
    fn speaks_beyond_the_first_slot(&self) -> bool {
        match self {
            Message::Prepare { from: slot, .. } | Message::Ask { from: slot } => *slot != 1,
            Message::Promise(promise) => {
                let reports = promise.reports.as_slice();
                promise.snapshot.is_some() || reports.iter().any(|report| report.slot != 1)
            }
            Message::Accept(super::message::Accept { slot, values, .. })
            | Message::Accepted { slot, values, .. }
            | Message::Chosen { slot, values } => *slot != 1 || values.as_slice().len() > 1,
            Message::Install { .. } | Message::Heartbeat { .. } => true,
            Message::Refuse { .. } | Message::HeartbeatReply { .. } => false,
        }
    }
}
