//! The door: every input comes in here, and every message passes section 5.1's rule on terms.

use super::invariants::Invariants;
use super::message::{Ask, Message};
use super::milestone::Milestone;
use super::options::{Mutant, Options};
use super::reply::{Admin, Op, Reply};
use super::state::{Disk, Raft, RoleName, Timer};
use super::view::{self, View};
use crate::base::{
    ClientId, Context, Core, Draws, Effects, Ground, Input, Judgement, Membership, Micros, Misfit,
    NodeId, Pace, RequestId, names_of,
};
use crate::protocol::machine::{StateMachine, Switches};
use serde_json::Value;
use std::cmp::Ordering;
use std::sync::Arc;

impl<M: StateMachine> Core for Raft<M> {
    type Options = Options<M::Options>;
    type Disk = Disk<M>;
    type Message = Message<M>;
    type Timer = Timer;
    type Op = Op<M::Op>;
    type Reply = Reply<M::Output>;
    type Memory = M::Memory;
    type Stamp = M::Stamp;
    type Milestone = Milestone<M::Fact>;
    type View = View<M>;
    type Invariants = Invariants<M::Watch>;

    const GLANCE: &'static [&'static str] = view::GLANCE;
    const ROLES: &'static [&'static str] = RoleName::NAMES;
    const WORKLOADS: &'static [&'static str] = M::WORKLOADS;

    const TIMERS: &'static [Timer] = Timer::ALL;

    fn read_options(options: Value) -> Result<Self::Options, Misfit> {
        Options::read(options)
    }

    fn write_options(options: &Self::Options) -> Value {
        options.written()
    }

    fn check_options(options: &Self::Options, nodes: usize) -> Result<(), Misfit> {
        options.fault(nodes).map_or(Ok(()), Err)
    }

    fn boot(
        options: &Arc<Self::Options>,
        disk: Disk<M>,
        ctx: &mut Context,
        out: &mut Effects<Self>,
    ) -> Self {
        Raft::start(options, disk, ctx, out)
    }

    fn handle(&mut self, input: Input<Self>, ctx: &mut Context, out: &mut Effects<Self>) {
        self.now = ctx.now;
        match input {
            Input::Message { from, message } => self.on_message(from, message, ctx, out),
            Input::Timer(Timer::Election) => self.on_election_timeout(ctx, out),
            Input::Timer(Timer::Heartbeat) => self.on_heartbeat(ctx, out),
            Input::Timer(Timer::Quorum) => self.on_quorum_check(ctx, out),
            Input::Timer(Timer::Transfer) => self.on_transfer_timeout(out),
            Input::Request { id, op, .. } => self.on_request(id, op, ctx, out),
            // Raft knows no ways to misbehave.
            Input::Conduct(_) => {}
        }
    }

    fn into_disk(self) -> Disk<M> {
        self.remains()
    }

    fn view(&self) -> View<M> {
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
        memory: &M::Memory,
        client: ClientId,
        n: u64,
        luck: &mut Draws,
    ) -> Self::Op {
        Op::Machine(M::workload(workload, memory, client, n, luck))
    }

    fn client_clock(options: &Self::Options, memory: &mut M::Memory, now: Micros, asks: bool) {
        let drift_ppm = options.lease_drift_ppm;
        M::client_clock(&options.machine, memory, now, asks, drift_ppm);
    }

    fn stamp(_: &Self::Options, memory: &M::Memory, _: RequestId, op: &Self::Op) -> M::Stamp {
        M::stamp(memory, op.of_machine())
    }

    fn show_stamp(stamp: &M::Stamp) -> Value {
        M::show_stamp(stamp)
    }

    fn judge(
        _: &Self::Options,
        memory: &mut M::Memory,
        _: RequestId,
        replies: &[(NodeId, Self::Reply)],
        _nodes: usize,
    ) -> Judgement {
        match replies.last() {
            None => Judgement::Wait,
            Some((_, Reply::Done(output))) => {
                M::told(memory, output);
                Judgement::Done
            }
            Some((_, Reply::Changed)) => Judgement::Done,
            Some((_, Reply::NotLeader(leader))) => Judgement::Redirect(*leader),
            Some((_, Reply::Refused(why))) => Judgement::Refused((*why).to_owned()),
        }
    }

    fn ground(mutant: Option<&str>, pace: Pace, luck: &mut Draws) -> Ground {
        super::ground::ground::<M>(mutant, pace, luck)
    }

    fn mutants() -> Vec<String> {
        match M::Options::mutants() {
            none if none.is_empty() => names_of(&Mutant::ALL),
            of_machine => of_machine,
        }
    }

    fn model(_: &Self::Options) -> Option<&'static str> {
        M::MODEL
    }

    fn membership(change: Membership) -> Option<Self::Op> {
        Some(Op::Admin(match change {
            Membership::Join(node) => Admin::Add(node),
            Membership::Leave(node) => Admin::Remove(node),
        }))
    }

    fn takes_in(op: &Self::Op) -> Option<NodeId> {
        match op {
            Op::Admin(Admin::Add(node)) => Some(*node),
            _ => None,
        }
    }
}

impl<M: StateMachine> Raft<M> {
    fn on_message(
        &mut self,
        from: NodeId,
        message: Message<M>,
        ctx: &mut Context,
        out: &mut Effects<Self>,
    ) {
        if from == self.id {
            return out.ignore("a message from itself");
        }
        if let Some(fault) = message.fault() {
            return out.ignore(fault);
        }
        match message.term().cmp(&self.disk.term) {
            Ordering::Greater => match &message {
                // Thesis 9.6: neither asking nor agreeing raises a term.
                Message::PreVote(_) => {}
                Message::PreVoteReply(vote) if vote.granted => {}
                Message::RequestVote(ask) if self.protects_leader(ask) => {
                    return out.ignore("a leader was heard within the least election timeout");
                }
                _ => self.adopt(message.term(), ctx, out),
            },
            Ordering::Less => match &message {
                Message::RequestVoteReply(_)
                | Message::AppendEntriesReply(_)
                | Message::InstallSnapshotReply { .. } => {
                    return out.ignore("an answer of an older term");
                }
                _ => {}
            },
            Ordering::Equal => {}
        }
        match message {
            Message::PreVote(ask) => self.on_pre_vote(from, ask, out),
            Message::PreVoteReply(vote) => self.on_vote(from, vote, true, ctx, out),
            Message::RequestVote(ask) => self.on_request_vote(from, ask, ctx, out),
            Message::RequestVoteReply(vote) => self.on_vote(from, vote, false, ctx, out),
            Message::AppendEntries(append) => self.on_append(from, &append, ctx, out),
            Message::AppendEntriesReply(reply) => self.on_append_reply(from, reply, ctx, out),
            Message::InstallSnapshot { term, snapshot } => {
                self.on_snapshot(from, term, &snapshot, ctx, out);
            }
            Message::InstallSnapshotReply { matched, .. } => {
                self.on_snapshot_reply(from, matched, ctx, out);
            }
            Message::TimeoutNow { term } => self.on_timeout_now(from, term, ctx, out),
        }
    }

    /// Thesis 4.2.3: "if a server receives a RequestVote request within the minimum election
    /// timeout of hearing from a current leader, it does not update its term or grant its vote",
    /// unless the leader itself asked for the election.
    fn protects_leader(&self, ask: &Ask) -> bool {
        self.options.sticky() && !ask.transfer && self.hears_leader()
    }
}
