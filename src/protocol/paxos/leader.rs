//! Multi-Paxos: a proposer that has done phase 1 for all slots at once, and stays (Simple,
//! section 3). It needs phase 2 alone for each command.

use super::ballot::{Ballot, Voters};
use super::learner::Tally;
use super::message::{Accept, Message};
use super::milestone::Milestone;
use super::options::{Mutant, Reads};
use super::proposer::{Phase, Preparing, Proposing};
use super::reply::{Op, Reply};
use super::state::{Paxos, Timer};
use super::value::{Command, Value, Values};
use crate::base::{Context, Effects, Micros, NodeId, RequestId};
use crate::protocol::machine::{KvMachine, KvOp, StateMachine};

/// The most values that one message proposes.
const PROPOSED_AT_ONCE: u64 = 256;

/// A leader's lease (Live, 5.2): while it runs, so many acceptors turn rivals away that no rival
/// can have finished phase 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Lease {
    /// The number of the present request, when it was made first, and whether it is not granted
    /// yet.
    request: u64,
    asked: Micros,
    open: bool,
    granted: Voters,
    /// Until when no rival can have finished phase 1, by the leader's own clock.
    pub until: Option<Micros>,
}

impl Paxos {
    /// Whether it leads. When a leader says up to where every slot is chosen, whoever accepted
    /// something from it there takes that for the value. So what a leader knows to be chosen must
    /// be what it proposed: it takes no other's word, and none of a later ballot.
    pub(super) fn leads(&self) -> bool {
        !self.options.is_single() && matches!(self.phase, Phase::Proposing(_))
    }

    /// The ballot that it works on as proposer.
    pub(super) fn own_ballot(&self) -> Option<Ballot> {
        match &self.phase {
            Phase::Idle => None,
            Phase::Preparing(it) => Some(it.ballot),
            Phase::Proposing(it) => Some(it.ballot),
        }
    }

    /// Sets the election timer to a time drawn anew.
    pub(super) fn arm_election(&mut self, ctx: &mut Context, out: &mut Effects<Paxos>) {
        let [low, high] = self.options.election_timeout;
        out.set_timer(Timer::Election, ctx.between(low, high));
    }

    /// No leader was heard, or phase 1 found no quorum: the node tries a ballot of its own.
    pub(super) fn on_election_timeout(&mut self, ctx: &mut Context, out: &mut Effects<Paxos>) {
        if !self.leads() {
            self.leader = None;
            self.prepare(ctx, out);
        }
    }

    /// Phase 1 is done for all slots: the node leads. It finishes what its predecessors began.
    pub(super) fn lead(
        &mut self,
        preparing: Preparing,
        ctx: &mut Context,
        out: &mut Effects<Paxos>,
    ) {
        let ballot = preparing.ballot;
        let next = self.learner.next();
        let reported = preparing
            .bound
            .last_key_value()
            .map_or(0, |(slot, _)| *slot);
        let last = reported.max(self.disk.ledger.end() - 1).max(next - 1);
        self.phase = Phase::Proposing(Box::new(Proposing {
            ballot,
            promised: preparing.promised,
            refused: preparing.refused,
            proposal: None,
            next: last + 1,
            recovered: last,
            waited: next,
            lease: Lease::default(),
        }));
        (self.leader, self.leads_by) = (Some(self.id), ballot);
        self.failures = 0;
        out.cancel_timer(Timer::Election);
        out.milestone(Milestone::Elected {
            ballot,
            promised: preparing.promised,
            first: next,
            last,
        });
        self.beat(out);
        let mut first = next;
        while first <= last {
            let to = last.min(first + PROPOSED_AT_ONCE - 1);
            let value = |slot| self.recovered(slot, last, &preparing, out);
            let values: Values = (first..=to).map(value).collect();
            self.propose(first, values, ctx, out);
            first = to + 1;
        }
    }

    /// What a new leader proposes for a slot of its predecessors: what binds it, or, where no
    /// acceptor of its quorum has accepted anything, "a special no-op command that leaves the
    /// state unchanged" (Simple, section 3), so that those after it can be carried out.
    fn recovered(
        &self,
        slot: u64,
        last: u64,
        preparing: &Preparing,
        out: &mut Effects<Paxos>,
    ) -> Value {
        if let Some(chosen) = self.chosen(slot) {
            return chosen.clone();
        }
        let unasked = self.is(Mutant::GapsUnasked) && slot < last;
        let bound = match unasked {
            true => self.accepted(slot).map(|proposal| &proposal.value),
            false => preparing.bound.get(&slot).map(|bound| &bound.value),
        };
        bound.cloned().unwrap_or_else(|| {
            out.milestone(Milestone::GapFilled { slot });
            Value::noop()
        })
    }

    /// A leader speaks to everybody, and once more to those from whom an answer is missing.
    pub(super) fn on_heartbeat_timer(&mut self, out: &mut Effects<Paxos>) {
        self.beat(out);
        self.repeat(out);
    }

    fn beat(&mut self, out: &mut Effects<Paxos>) {
        let leases = self.options.reads == Reads::Lease;
        let chosen = self.learner.executed;
        let Phase::Proposing(proposing) = &mut self.phase else {
            return;
        };
        out.set_timer(Timer::Heartbeat, self.options.heartbeat);
        let lease = &mut proposing.lease;
        // A request is repeated until it is granted: it counts from when it was made first.
        if leases && !lease.open {
            lease.request += 1;
            lease.asked = self.now;
            lease.open = true;
            lease.granted = Voters::default();
        }
        let beat = Message::Heartbeat {
            ballot: proposing.ballot,
            chosen,
            lease: lease.request,
        };
        for node in NodeId::first(usize::from(self.nodes)) {
            if node != self.id {
                out.send(node, beat.clone());
            }
        }
        let request = lease.request;
        if leases && self.accepts() {
            self.guard = Some((Some(self.id), self.now + self.options.election_timeout[0]));
            self.granted(self.id, request);
        }
    }

    /// Proposes again what has been open since the last heartbeat, to those who have not accepted
    /// all of it.
    fn repeat(&mut self, out: &mut Effects<Paxos>) {
        let Phase::Proposing(proposing) = &mut self.phase else {
            return;
        };
        let ballot = proposing.ballot;
        let end = std::mem::replace(&mut proposing.waited, proposing.next);
        let mut slot = self.learner.next();
        let end = end.min(slot + PROPOSED_AT_ONCE);
        while slot < end {
            let own = |slot| self.own_open(slot, ballot).and_then(|it| it.value.clone());
            let values: Values = (slot..end).map_while(own).collect();
            let count = values.as_slice().len() as u64;
            if count > 0 {
                self.propose_again(slot, values, ballot, out);
            }
            slot += count + 1;
        }
    }

    /// The count for what it proposed itself for a slot, while nothing is known to be chosen there.
    /// A count for another ballot is not its own: in one ballot a slot has one value.
    fn own_open(&self, slot: u64, ballot: Ballot) -> Option<&Tally> {
        let tally = self.learner.tally(slot)?;
        (tally.ballot == ballot && self.chosen(slot).is_none()).then_some(tally)
    }

    fn propose_again(&self, slot: u64, values: Values, ballot: Ballot, out: &mut Effects<Paxos>) {
        let end = slot + values.as_slice().len() as u64;
        for node in NodeId::first(usize::from(self.acceptors)) {
            let lacks = |slot| {
                let tally = self.learner.tally(slot);
                tally.is_none_or(|tally| !tally.voters.contains(node))
            };
            if node != self.id && (slot..end).any(lacks) {
                let accept = Accept {
                    ballot,
                    slot,
                    values: values.clone(),
                    chosen: self.learner.executed,
                };
                out.send(node, Message::Accept(accept));
            }
        }
    }

    /// Hears the leader of a ballot that is not below what it knows.
    pub(super) fn follow(
        &mut self,
        from: NodeId,
        ballot: Ballot,
        ctx: &mut Context,
        out: &mut Effects<Paxos>,
    ) {
        if !matches!(self.phase, Phase::Idle) {
            self.yield_to(ballot, ctx, out);
        }
        if ballot >= self.leads_by && !self.leads() {
            (self.leader, self.leads_by) = (Some(from), ballot);
            self.arm_election(ctx, out);
        }
    }

    /// A later ballot is about: what the node was doing with its own has no future.
    pub(super) fn yield_to(&mut self, ballot: Ballot, ctx: &mut Context, out: &mut Effects<Paxos>) {
        let Some(own) = self.own_ballot() else {
            return self.arm_election(ctx, out);
        };
        if ballot <= own {
            return;
        }
        let led = self.leads();
        self.phase = Phase::Idle;
        if led {
            self.leader = None;
            // Its own lease binds nobody any more.
            if self
                .guard
                .is_some_and(|(holder, _)| holder == Some(self.id))
            {
                self.guard = None;
            }
            out.cancel_timer(Timer::Heartbeat);
            out.milestone(Milestone::SteppedDown {
                ballot: own,
                later: ballot,
            });
        }
        // Without random waits two that want to lead can keep deposing each other (Simple, 2.4).
        if self.options.back_off {
            self.arm_election(ctx, out);
        } else {
            self.prepare(ctx, out);
        }
    }

    pub(super) fn on_heartbeat(
        &mut self,
        from: NodeId,
        (ballot, chosen, lease): (Ballot, u64, u64),
        ctx: &mut Context,
        out: &mut Effects<Paxos>,
    ) {
        let known = self.leads_by.max(self.disk.acceptor.promised);
        if ballot < known {
            out.ignore("a leader whose ballot is over");
            let promised = known;
            return out.send(from, Message::Refuse { ballot, promised });
        }
        if self.accepts() {
            self.disk.acceptor.promised = ballot;
        }
        self.learn_up_to(ballot, chosen, out);
        let next = self.learner.next();
        if next <= chosen {
            out.send(from, Message::Ask { from: next });
        }
        if lease > 0 && self.accepts() {
            self.guard = Some((Some(from), self.now + self.options.election_timeout[0]));
            out.send(from, Message::HeartbeatReply { ballot, lease });
        }
        // Last of all, since it may begin a ballot of its own, which is a promise.
        self.follow(from, ballot, ctx, out);
    }

    /// Live, 5.2: while a lease runs, an acceptor helps nobody else to lead.
    pub(super) fn guards_against(&self, from: NodeId) -> bool {
        let holds = |(holder, until)| holder != Some(from) && self.now < until;
        self.guard.is_some_and(holds) && !self.is(Mutant::LeaseNotHonoured)
    }

    /// An acceptor has granted the lease.
    pub(super) fn on_heartbeat_reply(
        &mut self,
        from: NodeId,
        (ballot, lease): (Ballot, u64),
        out: &mut Effects<Paxos>,
    ) {
        match &self.phase {
            Phase::Proposing(it) if it.ballot == ballot && from.0 < self.acceptors => {
                self.granted(from, lease);
            }
            _ => out.ignore("a lease that nobody holds any more"),
        }
    }

    /// A lease holds once each quorum of phase 1 has an acceptor that granted it.
    fn granted(&mut self, from: NodeId, request: u64) {
        let [first, _] = self.own_quorums();
        let needed = usize::from(self.acceptors).saturating_sub(first) + 1;
        let from_answer = self.is(Mutant::LeaseFromAnswer);
        let (now, span) = (self.now, self.options.lease());
        let Phase::Proposing(proposing) = &mut self.phase else {
            return;
        };
        let lease = &mut proposing.lease;
        if !lease.open || request != lease.request {
            return;
        }
        lease.granted.insert(from);
        if lease.granted.len() >= needed {
            lease.open = false;
            // Counted from when it was asked for: whoever granted it did so later, and holds to
            // it for as long by its own clock.
            let since = if from_answer { now } else { lease.asked };
            lease.until = Some(since + span);
        }
    }

    /// A client's request: a leader gives it a slot, others say who leads.
    pub(super) fn on_command(
        &mut self,
        id: RequestId,
        op: Op,
        ctx: &mut Context,
        out: &mut Effects<Paxos>,
    ) {
        let Op::Machine(op) = op else {
            return out.reply(id, Reply::Refused("many values are decided here, not one"));
        };
        if !self.leads() {
            return out.reply(id, Reply::NotLeader(self.leader));
        }
        if self.answers_by_lease(id, &op, out) {
            return;
        }
        if let Some(session) = self.learner.state.session(id.client) {
            if session.serial == id.serial
                && let Some(output) = session.output
            {
                return out.reply(id, Reply::Done(output));
            }
            if session.serial > id.serial {
                return out.ignore("an operation older than the client's newest");
            }
        }
        let Phase::Proposing(proposing) = &mut self.phase else {
            return;
        };
        let slot = proposing.next;
        proposing.next += 1;
        let value = Value::new(Command::Machine { id, op });
        let digest = value.digest();
        out.milestone(Milestone::Asked {
            request: id,
            digest,
        });
        self.propose(slot, value.into(), ctx, out);
    }

    /// Answers a read at once where a lease allows it: nobody else can have had anything chosen
    /// since, and all that was before is carried out.
    fn answers_by_lease(&self, id: RequestId, op: &KvOp, out: &mut Effects<Paxos>) -> bool {
        let Phase::Proposing(proposing) = &self.phase else {
            return false;
        };
        let holds = proposing.lease.until.is_some_and(|until| self.now < until);
        let slot = self.learner.executed;
        let may = KvMachine::is_read(op) && holds && slot >= proposing.recovered;
        if may {
            out.milestone(Milestone::ReadServed { slot });
            let output = self.learner.state.machine.query(op);
            out.reply(id, Reply::Done(output));
        }
        may
    }
}
