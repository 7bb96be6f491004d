//! What a node is: figure 2's state, grouped by how long it lives.

use super::config::Config;
use super::leader::Leader;
use super::log::{Log, Payload};
use super::message::Snapshot;
use super::milestone::{Milestone, StepDown};
use super::options::{Mutant, Options};
use crate::base::{Context, Effects, Micros, NodeId};
use crate::protocol::machine::{Replicated, StateMachine};
use std::sync::Arc;

/// What survives a crash (figure 2, "persistent state on all servers"; section 7).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Disk<M: StateMachine> {
    /// The latest term this node has seen.
    pub term: u64,
    /// Who has this node's vote in that term.
    pub vote: Option<NodeId>,
    /// The log.
    pub log: Log<M::Op>,
    /// What stands for the front of the log.
    pub snapshot: Option<Arc<Snapshot<M>>>,
}

impl<M: StateMachine> Default for Disk<M> {
    fn default() -> Disk<M> {
        Disk {
            term: 0,
            vote: None,
            log: Log::default(),
            snapshot: None,
        }
    }
}

/// A node's alarm clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// No leader was heard: stand for election (section 5.2).
    Election,
    /// The leader speaks to its followers (section 5.2).
    Heartbeat,
    /// The leader looks whether it has heard a majority (thesis, 6.2).
    Quorum,
    /// The leader gives up handing over (thesis, 3.10).
    Transfer,
}

impl Timer {
    /// Every timer.
    pub const ALL: &'static [Timer] = &[
        Timer::Election,
        Timer::Heartbeat,
        Timer::Quorum,
        Timer::Transfer,
    ];
}

/// Votes in an election, or the promise of votes in a pre-election.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Ballot {
    /// Who said yes, in the order of arrival; itself first.
    pub granted: Vec<NodeId>,
    /// Who said no.
    pub refused: Vec<NodeId>,
}

/// A node's role, with what it keeps only in that role.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role<M: StateMachine> {
    Follower,
    PreCandidate(Box<Ballot>),
    Candidate(Box<Ballot>),
    Leader(Box<Leader<M>>),
}

/// A node's role, for the outside. A learner is a follower without a vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoleName {
    /// It follows a leader, or waits for one.
    Follower,
    /// It asks whether it could win an election.
    PreCandidate,
    /// It stands for election.
    Candidate,
    /// It leads.
    Leader,
    /// It follows and has no vote.
    Learner,
}

impl RoleName {
    /// Names of the roles, in order.
    pub const NAMES: &'static [&'static str] = &[
        "follower",
        "pre-candidate",
        "candidate",
        "leader",
        "learner",
    ];
}

/// One node of Raft, replicating a state machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Raft<M: StateMachine> {
    pub(super) id: NodeId,
    pub(super) options: Arc<Options<M::Options>>,
    pub(super) disk: Disk<M>,
    pub(super) role: Role<M>,
    /// The leader of the present term, once it is known.
    pub(super) leader: Option<NodeId>,
    /// When a leader was heard last, by the node's own clock.
    pub(super) heard: Option<Micros>,
    /// The node's own clock at its last input.
    pub(super) now: Micros,
    /// Figure 2's commitIndex.
    pub(super) commit: u64,
    /// Figure 2's lastApplied.
    pub(super) applied: u64,
    /// The configurations of the log and where they stand; first the one that the log begins
    /// with. The last one is in effect, committed or not (section 6).
    pub(super) configs: Vec<(u64, Arc<Config>)>,
    pub(super) state: Replicated<M>,
}

impl<M: StateMachine> Raft<M> {
    pub(super) fn start(
        options: &Arc<Options<M::Options>>,
        disk: Disk<M>,
        ctx: &mut Context,
        out: &mut Effects<Raft<M>>,
    ) -> Raft<M> {
        let base = disk.log.base().index;
        let (state, config) = match &disk.snapshot {
            Some(snapshot) => (
                snapshot.restored(&options.machine),
                Arc::clone(&snapshot.config),
            ),
            // A node that joins later begins without a configuration: it learns who it belongs to
            // from the log that it is sent.
            None => (Replicated::default(), Arc::new(Config::of(ctx.members))),
        };
        let mut raft = Raft {
            id: ctx.id,
            options: Arc::clone(options),
            role: Role::Follower,
            leader: None,
            heard: None,
            now: ctx.now,
            commit: base,
            applied: base,
            configs: vec![(base, config)],
            state,
            disk,
        };
        for index in raft.disk.log.first_index()..=raft.disk.log.last_index() {
            raft.note_config(index);
        }
        // A leader's lease may rest on what this node forgot, so it waits as if it had just
        // heard from that leader (thesis, 6.4.1).
        if options.sticky() && raft.disk.term > 0 {
            raft.heard = Some(ctx.now);
        }
        raft.arm_election(ctx, out);
        raft
    }

    /// What a crash leaves.
    pub(super) fn remains(mut self) -> Disk<M> {
        if self.options.is(Mutant::VoteNotPersisted) {
            self.disk.vote = None;
        }
        if self.options.is(Mutant::AcknowledgeBeforeDurable) {
            self.disk.log.truncate(self.commit.saturating_add(1));
        }
        self.disk
    }

    /// The node's own number.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// Its term.
    pub fn term(&self) -> u64 {
        self.disk.term
    }

    /// Who has its vote in this term.
    pub fn vote(&self) -> Option<NodeId> {
        self.disk.vote
    }

    /// Its log.
    pub fn log(&self) -> &Log<M::Op> {
        &self.disk.log
    }

    /// Up to where it knows the log to be committed.
    pub fn commit(&self) -> u64 {
        self.commit
    }

    /// Up to where it has applied the log.
    pub fn applied(&self) -> u64 {
        self.applied
    }

    /// Its copy of the replicated machine.
    pub fn machine(&self) -> &M {
        &self.state.machine
    }

    /// The digest of its log up to `index`, as far as it is known.
    pub fn chain_at(&self, index: u64) -> Option<u64> {
        self.disk.log.chain_at(index)
    }

    /// The leader it believes in.
    pub fn leader(&self) -> Option<NodeId> {
        self.leader
    }

    /// Whether it believes to be the leader.
    pub fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    /// What its own clock showed at its last input, and what it keeps by it for the machine; a
    /// leader alone does.
    pub fn clocks(&self) -> Option<(Micros, &M::Clocks)> {
        match &self.role {
            Role::Leader(leader) => Some((self.now, &leader.clocks)),
            _ => None,
        }
    }

    /// The configuration in effect: the last one in the log (section 6).
    pub fn config(&self) -> &Arc<Config> {
        // There always is the one that the log begins with.
        &self.configs[self.configs.len() - 1].1
    }

    /// Where the configuration in effect stands.
    pub(super) fn config_index(&self) -> u64 {
        self.configs[self.configs.len() - 1].0
    }

    /// Its role.
    pub fn role(&self) -> RoleName {
        match &self.role {
            Role::Leader(_) => RoleName::Leader,
            Role::Candidate(_) => RoleName::Candidate,
            Role::PreCandidate(_) => RoleName::PreCandidate,
            Role::Follower if self.config().votes(self.id) => RoleName::Follower,
            Role::Follower => RoleName::Learner,
        }
    }

    pub(super) fn is(&self, mutant: Mutant) -> bool {
        self.options.mutant == Some(mutant)
    }

    /// Sets the election timer to a timeout drawn anew (section 5.2). A node without a vote never
    /// stands for election, so it has none.
    pub(super) fn arm_election(&mut self, ctx: &mut Context, out: &mut Effects<Raft<M>>) {
        if !self.config().votes(self.id) {
            return;
        }
        let [low, high] = self.options.election_timeout;
        let high = if self.is(Mutant::NoRandomTimeout) {
            low
        } else {
            high
        };
        out.set_timer(Timer::Election, ctx.between(low, high));
    }

    /// Whether a leader was heard within the least election timeout. A leader hears itself.
    pub(super) fn hears_leader(&self) -> bool {
        let least = self.options.election_timeout[0];
        let heard = |heard: Micros| self.now.since(heard) < least;
        self.is_leader() || self.heard.is_some_and(heard)
    }

    /// Takes a later term (section 5.1: "if one server's current term is smaller than the
    /// other's, then it updates its current term to the larger value").
    pub(super) fn adopt(&mut self, term: u64, ctx: &mut Context, out: &mut Effects<Raft<M>>) {
        let led = self.disk.term;
        self.disk.term = term;
        self.disk.vote = None;
        if self.is_leader() && self.is(Mutant::KeepsLeading) {
            return;
        }
        self.leader = None;
        self.follow(led, StepDown::LaterTerm(term), ctx, out);
    }

    /// Becomes a follower (section 5.1: "if a candidate or leader discovers that its term is out
    /// of date, it immediately reverts to follower state"). `led` is the term of a leadership
    /// that ends by this.
    pub(super) fn follow(
        &mut self,
        led: u64,
        reason: StepDown,
        ctx: &mut Context,
        out: &mut Effects<Raft<M>>,
    ) {
        let Role::Leader(leader) = std::mem::replace(&mut self.role, Role::Follower) else {
            return;
        };
        out.milestone(Milestone::SteppedDown { term: led, reason });
        out.cancel_timer(Timer::Heartbeat);
        out.cancel_timer(Timer::Quorum);
        out.cancel_timer(Timer::Transfer);
        leader.resign(self.leader, out);
        // As a leader it had no election timer. Without one it would never stand again, and a
        // cluster of such nodes would fall silent.
        if !self.is(Mutant::NoRearm) {
            self.arm_election(ctx, out);
        }
    }

    /// Puts the configuration in effect that entry `index` holds, if it holds one: "a server
    /// always uses the latest configuration in its log, regardless of whether the entry is
    /// committed" (section 6).
    pub(super) fn note_config(&mut self, index: u64) {
        if let Some(entry) = self.disk.log.entry(index)
            && let Payload::Config(config) = entry.payload()
        {
            self.configs.push((index, Arc::clone(config)));
        }
    }
}
