//! Reads that write nothing to the log (thesis, section 6.4).
//!
//! A leader may have been deposed without knowing, so before it answers from its state it makes
//! sure by a *round*: a majority has to answer a message that it sent after the read arrived.
//! One round serves all reads that came before it began; those that come while one is under way
//! wait for the next.

use super::milestone::{Milestone, ReadRight};
use super::options::Mutant;
use super::reply::Reply;
use super::state::{Raft, Role};
use crate::base::{Effects, Micros, RequestId};
use crate::protocol::machine::StateMachine;
use std::collections::VecDeque;

/// A read that waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Read<O> {
    pub id: RequestId,
    op: O,
    /// The round that has to be confirmed; none yet while the leader does not know how far the
    /// log is committed.
    round: Option<u64>,
}

/// A leader's rounds, and what waits for them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Rounds<M: StateMachine> {
    /// How many rounds were begun.
    begun: u64,
    /// What messages of the present round carry. With the term it is unique: answers to older
    /// rounds confirm nothing.
    token: u64,
    /// The present round is not confirmed yet.
    open: bool,
    /// When the present round began.
    started: Micros,
    pub reads: VecDeque<Read<M::Op>>,
    /// Until when nobody else can have been elected, by the leader's clock (thesis, 6.4.1).
    lease_until: Option<Micros>,
    /// No lease is granted in this term any more.
    forsworn: bool,
}

impl<M: StateMachine> Default for Rounds<M> {
    fn default() -> Rounds<M> {
        Rounds {
            begun: 0,
            token: 0,
            open: false,
            started: Micros::ZERO,
            reads: VecDeque::new(),
            lease_until: None,
            forsworn: false,
        }
    }
}

impl<M: StateMachine> Rounds<M> {
    pub(super) fn token(&self) -> u64 {
        self.token
    }

    pub(super) fn lease_until(&self) -> Option<Micros> {
        self.lease_until
    }

    pub(super) fn end_lease(&mut self) {
        self.lease_until = None;
    }

    /// Ends the lease for the rest of the term.
    pub(super) fn forswear_lease(&mut self) {
        self.lease_until = None;
        self.forsworn = true;
    }
}

impl<M: StateMachine> Raft<M> {
    /// A leader's read: answered under its lease, or after the next round.
    pub(super) fn on_read(
        &mut self,
        id: RequestId,
        op: M::Op,
        by_lease: bool,
        out: &mut Effects<Self>,
    ) {
        let knows = self.knows_commit() || self.is(Mutant::ReadBeforeCommit);
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let holds = |until: Micros| self.now < until;
        if by_lease && knows && leader.rounds.lease_until.is_some_and(holds) {
            let output = self.state.machine.query(&op);
            out.milestone(Milestone::ReadsServed {
                count: 1,
                index: self.applied,
                right: ReadRight::Lease,
            });
            return out.reply(id, Reply::Done(output));
        }
        if leader.rounds.reads.iter().any(|read| read.id == id) {
            return out.ignore("a read that waits already");
        }
        // Thesis 6.4, step 1: without a committed entry of its own term the leader does not know
        // the newest commit index, so the read waits for one.
        let round = knows.then_some(leader.rounds.begun + 1);
        leader.rounds.reads.push_back(Read { id, op, round });
        self.begin_round_for_reads(out);
    }

    /// The leader now knows how far the log is committed: reads that waited for that can be
    /// confirmed.
    pub(super) fn admit_reads(&mut self, out: &mut Effects<Self>) {
        let knows = self.knows_commit();
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        if !knows || leader.rounds.reads.is_empty() {
            return;
        }
        let next = leader.rounds.begun + 1;
        for read in &mut leader.rounds.reads {
            read.round.get_or_insert(next);
        }
        self.begin_round_for_reads(out);
    }

    /// Thesis 6.4, step 3: "the leader issues a new round of heartbeats".
    fn begin_round_for_reads(&mut self, out: &mut Effects<Self>) {
        let Role::Leader(leader) = &self.role else {
            return;
        };
        let next = leader.rounds.begun + 1;
        let wanted = |read: &Read<M::Op>| read.round == Some(next);
        if !leader.rounds.open && leader.rounds.reads.iter().any(wanted) {
            self.begin_round();
            self.speak_to_all(true, out);
            self.count_round(out);
        }
    }

    /// Begins a round unless one is under way. What is sent from now on carries its token.
    pub(super) fn begin_round(&mut self) {
        let fresh = !self.is(Mutant::ReusedReadToken);
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        if leader.rounds.open {
            return;
        }
        leader.rounds.begun += 1;
        if fresh {
            leader.rounds.token = leader.rounds.begun;
        }
        leader.rounds.open = true;
        leader.rounds.started = self.now;
        for peer in &mut leader.peers {
            peer.confirmed = false;
        }
    }

    /// Looks whether a majority has answered the present round. If so the reads that came before
    /// it are answered: the state is applied up to the commit index of now, which is no less than
    /// that of when they came (thesis 6.4, steps 2 to 5).
    pub(super) fn count_round(&mut self, out: &mut Effects<Self>) {
        let half = self.is(Mutant::HalfQuorum);
        let lease = self.options.lease();
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        if !leader.rounds.open || !leader.majority(half, |peer| peer.confirmed) {
            return;
        }
        let rounds = &mut leader.rounds;
        rounds.open = false;
        if leader.transfer.is_none() && !rounds.forsworn {
            // Those who answered did so after `started`, and elect nobody for the least election
            // timeout from then on.
            rounds.lease_until = Some(rounds.started + lease);
        }
        let mut count = 0;
        let due = |read: &Read<M::Op>| read.round.is_some_and(|round| round <= rounds.begun);
        while rounds.reads.front().is_some_and(due) {
            if let Some(read) = rounds.reads.pop_front() {
                count += 1;
                out.reply(read.id, Reply::Done(self.state.machine.query(&read.op)));
            }
        }
        if count > 0 {
            out.milestone(Milestone::ReadsServed {
                count,
                index: self.applied,
                right: ReadRight::Round,
            });
        }
        self.begin_round_for_reads(out);
    }
}
