//! The door: every input comes in here.

use super::client::{self, Memory};
use super::invariants::Invariants;
use super::item::Context;
use super::message::Message;
use super::milestone::{Milestone, Way};
use super::op::{Op, Reply};
use super::options::{Mutant, Options};
use super::state::{Disk, Kv, Timer};
use super::view::{self, View};
use crate::base::{
    ClientId, Context as NodeContext, Core, Draws, Effects, Ground, Input, Judgement, Membership,
    Misfit, NodeId, Pace, RequestId, names_of,
};
use std::sync::Arc;

impl Core for Kv {
    type Options = Options;
    type Disk = Disk;
    type Message = Message;
    type Timer = Timer;
    type Op = Op;
    type Reply = Reply;
    type Memory = Memory;
    type Stamp = Option<Arc<Context>>;
    type Milestone = Milestone;
    type View = View;
    type Invariants = Invariants;

    const GLANCE: &'static [&'static str] = view::GLANCE;
    const ROLES: &'static [&'static str] = view::ROLES;
    const WORKLOADS: &'static [&'static str] = client::WORKLOADS;

    const TIMERS: &'static [Timer] = Timer::ALL;

    fn check_options(options: &Options, nodes: usize) -> Result<(), Misfit> {
        options.fault(nodes).map_or(Ok(()), Err)
    }

    fn boot(
        options: &Arc<Options>,
        disk: Disk,
        ctx: &mut NodeContext,
        out: &mut Effects<Self>,
    ) -> Self {
        Kv::start(options, disk, ctx, out)
    }

    fn handle(&mut self, input: Input<Self>, ctx: &mut NodeContext, out: &mut Effects<Self>) {
        self.now = ctx.now;
        match input {
            Input::Message { from, message } => self.on_message(from, message, out),
            Input::Timer(Timer::Gossip) => self.on_heartbeat(ctx, out),
            Input::Timer(Timer::AntiEntropy) => self.on_comparison_due(out),
            Input::Timer(Timer::Patience) => self.on_patience(out),
            Input::Request { id, op, stamp } => self.on_request(id, op, stamp, out),
            // The store knows no ways to misbehave.
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

    fn workload(
        workload: usize,
        memory: &Memory,
        client: ClientId,
        n: u64,
        luck: &mut Draws,
    ) -> Op {
        client::workload(workload, memory, client, n, luck)
    }

    fn stamp(_: &Options, memory: &Memory, _: RequestId, op: &Op) -> Option<Arc<Context>> {
        memory.stamp(op)
    }

    fn judge(
        _: &Options,
        memory: &mut Memory,
        _: RequestId,
        replies: &[(NodeId, Reply)],
        _nodes: usize,
    ) -> Judgement {
        memory.judge(replies.last().map(|(_, reply)| reply))
    }

    fn ground(mutant: Option<&str>, pace: Pace, luck: &mut Draws) -> Ground {
        super::ground::ground(mutant, pace, luck)
    }

    fn sample(workload: usize, client: ClientId, n: u64, luck: &mut Draws) -> Op {
        super::ground::sample(workload, client, n, luck)
    }

    fn mutants() -> Vec<String> {
        names_of(&Mutant::ALL)
    }

    fn membership(change: Membership) -> Option<Op> {
        Some(match change {
            Membership::Join(node) => Op::Join(node),
            Membership::Leave(node) => Op::Leave(node),
        })
    }

    fn takes_in(op: &Op) -> Option<NodeId> {
        match op {
            Op::Join(node) => Some(*node),
            _ => None,
        }
    }
}

impl Kv {
    fn on_message(&mut self, from: NodeId, message: Message, out: &mut Effects<Kv>) {
        if from == self.id {
            return out.ignore("a message from itself");
        }
        if let Some(fault) = message.fault(self.options.clocks) {
            return out.ignore(fault);
        }
        if self.table().get(from).is_none() && !matches!(message, Message::Gossip(_)) {
            return out.ignore("a message from a stranger");
        }
        self.hear_of(from, out);
        match message {
            Message::Forward(forward) => self.coordinate(&forward, out),
            Message::Store(store) => self.on_store(from, &store, out),
            Message::Stored { call } => self.on_stored(from, call, out),
            Message::Fetch { call, key } => self.on_fetch(from, call, &key, out),
            Message::Fetched { call, item } => self.on_fetched(from, call, item, out),
            Message::Repair(parcel) => self.on_parcel(from, Way::Repair, &parcel, out),
            Message::Handoff(parcel) => self.on_parcel(from, Way::Handoff, &parcel, out),
            Message::HandedOff { key, digest } => self.on_handed_off(from, &key, digest.0, out),
            Message::TooOld { call, beat } => self.on_too_old(from, call, beat, out),
            Message::Gossip(table) => self.on_gossip(from, &table, false, out),
            Message::GossipReply(table) => self.on_gossip(from, &table, true, out),
            Message::Compare { ring, sum } => self.on_compare(from, ring, sum, out),
            Message::Branches(branches) => self.on_branches(from, &branches, out),
            Message::Leaves(leaves) => self.on_leaves(from, &leaves, out),
            Message::Entries(entries) => self.on_entries(from, &entries, out),
            Message::AskReap(grave) => self.on_ask_reap(from, &grave, out),
            Message::ReapAnswer { grave, yes } => self.on_reap_answer(from, &grave, yes, out),
            Message::Reap(grave) => self.on_reap(&grave, out),
        }
    }
}
