//! What a node is: the state of its three roles, grouped by how long it lives.

use super::acceptor::Acceptor;
use super::ballot::Ballot;
use super::learner::{Learner, Ledger};
use super::message::Message;
use super::options::{Mutant, Options, Reads};
use super::proposer::Phase;
use super::value::Value;
use crate::base::{Context, Effects, Micros, NodeId, RequestId};
use std::sync::Arc;

/// What survives a crash (Simple, section 2.5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Disk {
    /// As proposer: the highest round that it has used.
    pub round: u32,
    /// As acceptor: its promise, and what it has accepted.
    pub acceptor: Acceptor,
    /// As learner: what is chosen (Parliament, 2.1: the ledger, written with indelible ink).
    pub ledger: Ledger,
}

/// A node's alarm clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Single-decree: a ballot came to nothing, or the wait after a refusal is over: try a higher
    /// one.
    Ballot,
    /// Single-decree: ask another node whether it has learnt the value.
    Ask,
    /// Multi-Paxos: no leader was heard: prepare a ballot.
    Election,
    /// Multi-Paxos: the leader speaks to everybody.
    Heartbeat,
}

impl Timer {
    /// Every timer.
    pub const ALL: &'static [Timer] =
        &[Timer::Ballot, Timer::Ask, Timer::Election, Timer::Heartbeat];
}

/// What a node is doing, for the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoleName {
    /// It proposes nothing.
    Acceptor,
    /// It proposes nothing and is no acceptor.
    Learner,
    /// It is in phase 1.
    Preparing,
    /// Single-decree: it is in phase 2.
    Proposing,
    /// Single-decree: it knows what is chosen.
    Decided,
    /// Multi-Paxos: it has done phase 1 for all slots, and leads.
    Leader,
}

impl RoleName {
    /// Names of the roles, in order.
    pub const NAMES: &'static [&'static str] = &[
        "acceptor",
        "learner",
        "preparing",
        "proposing",
        "decided",
        "leader",
    ];
}

/// One node of Paxos.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Paxos {
    pub(super) id: NodeId,
    pub(super) options: Arc<Options>,
    /// How many nodes there are; the first `acceptors` of them accept.
    pub(super) nodes: u16,
    pub(super) acceptors: u16,
    pub(super) disk: Disk,
    /// As proposer: what it is at.
    pub(super) phase: Phase,
    /// As learner: what it counts, and the state that follows from the ledger.
    pub(super) learner: Learner,
    /// The highest ballot that it has heard of.
    pub(super) heard: Ballot,
    /// The leader that it has heard last, and its ballot.
    pub(super) leader: Option<NodeId>,
    pub(super) leads_by: Ballot,
    /// Until when it turns everybody away but the leader named, itself included (reads by lease).
    pub(super) guard: Option<(Option<NodeId>, Micros)>,
    /// The node's own clock at its last input.
    pub(super) now: Micros,
    /// Single-decree: the value that it would propose, and who waits to hear what is chosen.
    pub(super) wish: Option<Value>,
    pub(super) waiting: Vec<RequestId>,
    /// How many of its ballots in a row came to nothing, and whether it waits after a refusal.
    pub(super) failures: u32,
    pub(super) backs_off: bool,
    /// Single-decree: whom it asked last.
    pub(super) asked: u16,
}

impl Paxos {
    pub(super) fn start(
        options: &Arc<Options>,
        disk: Disk,
        ctx: &mut Context,
        out: &mut Effects<Paxos>,
    ) -> Paxos {
        let nodes = ctx.members.len() as u16;
        let mut paxos = Paxos {
            id: ctx.id,
            options: Arc::clone(options),
            nodes,
            acceptors: options.acceptors_of(nodes),
            phase: Phase::Idle,
            learner: Learner::from(&disk.ledger),
            heard: disk.acceptor.promised,
            leader: None,
            leads_by: Ballot::NONE,
            guard: None,
            now: ctx.now,
            wish: None,
            waiting: Vec::new(),
            failures: 0,
            backs_off: false,
            asked: ctx.id.0,
            disk,
        };
        paxos.execute(out);
        if options.is_single() {
            paxos.arm_ask(out);
        } else {
            // It may have granted a lease and forgotten whose, so it turns everybody away for as
            // long as one lasts (Live, 5.2).
            if options.reads == Reads::Lease && !paxos.disk.acceptor.promised.is_none() {
                paxos.guard = Some((None, ctx.now + options.election_timeout[0]));
            }
            paxos.arm_election(ctx, out);
        }
        paxos
    }

    /// What a crash leaves.
    pub(super) fn remains(mut self) -> Disk {
        let acceptor = &mut self.disk.acceptor;
        match self.options.mutant {
            Some(Mutant::PromiseNotPersisted) => acceptor.promised = Ballot::NONE,
            Some(Mutant::AcceptorForgets) => *acceptor = Acceptor::default(),
            Some(Mutant::RoundNotPersisted) => self.disk.round = 0,
            _ => {}
        }
        self.disk
    }

    /// The node's own number.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// As acceptor: the latest ballot that it has promised.
    pub fn promised(&self) -> Ballot {
        self.disk.acceptor.promised
    }

    /// As acceptor: what it has accepted for a slot, as far as it still has that.
    pub fn accepted(&self, slot: u64) -> Option<&super::acceptor::Proposal> {
        self.disk.acceptor.accepted.at(slot)?.as_ref()
    }

    /// As learner: the value that it knows to be chosen for a slot, as far as it still has that.
    pub fn chosen(&self, slot: u64) -> Option<&Value> {
        self.disk.ledger.value(slot)
    }

    /// Up to where it has carried out every slot.
    pub fn executed(&self) -> u64 {
        self.learner.executed
    }

    /// Digest of all that it has carried out.
    pub fn chain(&self) -> u64 {
        self.learner.chain
    }

    /// Its copy of the replicated machine.
    pub fn machine(&self) -> &crate::protocol::machine::KvMachine {
        &self.learner.state.machine
    }

    /// The leader it believes in (Multi-Paxos).
    pub fn leader(&self) -> Option<NodeId> {
        self.leader
    }

    /// How many acceptors have to promise, and how many have to accept.
    pub fn quorums(&self) -> [usize; 2] {
        self.options.quorums(self.acceptors)
    }

    /// The same as this node goes by.
    pub(super) fn own_quorums(&self) -> [usize; 2] {
        if self.is(Mutant::HalfQuorum) {
            return [(usize::from(self.acceptors) / 2).max(1); 2];
        }
        self.quorums()
    }

    /// What it is doing.
    pub fn role(&self) -> RoleName {
        match &self.phase {
            Phase::Preparing(_) => RoleName::Preparing,
            Phase::Proposing(_) if self.options.is_single() => RoleName::Proposing,
            Phase::Proposing(_) => RoleName::Leader,
            Phase::Idle if self.options.is_single() && self.learner.next() > 1 => RoleName::Decided,
            Phase::Idle if self.accepts() => RoleName::Acceptor,
            Phase::Idle => RoleName::Learner,
        }
    }

    pub(super) fn is(&self, mutant: Mutant) -> bool {
        self.options.is(mutant)
    }

    /// Whether it is an acceptor.
    pub(super) fn accepts(&self) -> bool {
        self.id.0 < self.acceptors
    }

    /// Sends to the first `count` nodes; what it says to itself arrives at once, after the rest
    /// is on its way.
    pub(super) fn send_to_first(
        &mut self,
        count: u16,
        message: Message,
        ctx: &mut Context,
        out: &mut Effects<Paxos>,
    ) {
        for node in NodeId::first(usize::from(count)) {
            if node != self.id {
                out.send(node, message.clone());
            }
        }
        if self.id.0 < count {
            self.take(self.id, message, ctx, out);
        }
    }

    /// Sends to a node that may be itself.
    pub(super) fn send(
        &mut self,
        to: NodeId,
        message: Message,
        ctx: &mut Context,
        out: &mut Effects<Paxos>,
    ) {
        if to == self.id {
            self.take(to, message, ctx, out);
        } else {
            out.send(to, message);
        }
    }
}
