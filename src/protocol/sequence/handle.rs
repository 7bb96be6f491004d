//! The door: every input comes in here.

use super::client::{self, Memory};
use super::invariants::Invariants;
use super::message::Message;
use super::milestone::Milestone;
use super::op::{Op, Reply};
use super::options::{Mutant, Options};
use super::state::{Disk, Sequence, Timer};
use super::view::{self, View};
use crate::base::{
    ClientId, Context, Core, Draws, Effects, Ground, Input, Judgement, Membership, Misfit, NodeId,
    Pace, RequestId, names_of,
};
use std::sync::Arc;

impl Core for Sequence {
    type Options = Options;
    type Disk = Disk;
    type Message = Message;
    type Timer = Timer;
    type Op = Op;
    type Reply = Reply;
    type Memory = Memory;
    type Stamp = ();
    type Milestone = Milestone;
    type View = View;
    type Invariants = Invariants;

    const GLANCE: &'static [&'static str] = view::GLANCE;
    const ROLES: &'static [&'static str] = view::ROLES;
    const WORKLOADS: &'static [&'static str] = client::WORKLOADS;

    const TIMERS: &'static [Timer] = Timer::ALL;

    fn check_options(options: &Options, _nodes: usize) -> Result<(), Misfit> {
        options.fault().map_or(Ok(()), Err)
    }

    fn boot(
        options: &Arc<Options>,
        disk: Disk,
        ctx: &mut Context,
        out: &mut Effects<Self>,
    ) -> Self {
        Sequence::start(options, disk, ctx, out)
    }

    fn handle(&mut self, input: Input<Self>, _ctx: &mut Context, out: &mut Effects<Self>) {
        match input {
            Input::Message { from, message } => self.on_message(from, message, out),
            Input::Timer(Timer::AntiEntropy) => self.on_comparison_due(out),
            Input::Request { id, op, .. } => self.on_request(id, &op, out),
            // The replicated text knows no ways to misbehave.
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

    fn stamp(_: &Options, _: &Memory, _: RequestId, _: &Op) {}

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

    fn sample(_workload: usize, client: ClientId, n: u64, luck: &mut Draws) -> Op {
        super::ground::sample(client, n, luck)
    }

    fn mutants() -> Vec<String> {
        names_of(&Mutant::ALL)
    }

    fn membership(_: Membership) -> Option<Op> {
        None
    }
}
