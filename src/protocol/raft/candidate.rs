//! Elections (section 5.2), with PreVote (thesis, section 9.6).

use super::config::{Config, quorum};
use super::message::{Ask, MAX, Message, Vote};
use super::milestone::Milestone;
use super::options::Mutant;
use super::state::{Ballot, Raft, Role};
use crate::base::{Context, Effects, NodeId};
use crate::protocol::machine::StateMachine;

impl Ballot {
    fn own(id: NodeId) -> Ballot {
        Ballot {
            granted: vec![id],
            refused: Vec::new(),
        }
    }

    /// Whether the votes are a majority of the voters: of both sets while the configuration is
    /// joint (section 6).
    pub(super) fn wins(&self, config: &Config, half: bool) -> bool {
        let enough = |voters: &[NodeId]| {
            let votes = self
                .granted
                .iter()
                .filter(|node| voters.binary_search(node).is_ok());
            votes.count() >= quorum(voters.len(), half)
        };
        enough(&config.voters) && (!config.is_joint() || enough(&config.outgoing))
    }
}

impl<M: StateMachine> Raft<M> {
    /// The election timer: no leader was heard, and no vote granted, for an election timeout.
    pub(super) fn on_election_timeout(&mut self, ctx: &mut Context, out: &mut Effects<Self>) {
        if self.is_leader() {
            return;
        }
        if self.options.pre_vote {
            self.pre_campaign(ctx, out);
        } else {
            self.campaign(false, ctx, out);
        }
    }

    /// TimeoutNow (thesis, 3.10): as if the election timer had gone off.
    pub(super) fn on_timeout_now(
        &mut self,
        from: NodeId,
        term: u64,
        ctx: &mut Context,
        out: &mut Effects<Self>,
    ) {
        if term < self.disk.term {
            return out.ignore("a transfer of an older term");
        }
        if self.is_leader() || self.leader.is_some_and(|leader| leader != from) {
            return out.ignore("a transfer by a node that does not lead");
        }
        self.campaign(true, ctx, out);
    }

    /// Thesis, 9.6: asks whether an election could be won, before the term is raised.
    fn pre_campaign(&mut self, ctx: &mut Context, out: &mut Effects<Self>) {
        if !self.may_stand() {
            return;
        }
        self.leader = None;
        self.role = Role::PreCandidate(Box::new(Ballot::own(self.id)));
        self.arm_election(ctx, out);
        let term = self.disk.term + 1;
        out.milestone(Milestone::PreCampaigned { term });
        self.ask_voters(Message::PreVote, term, false, out);
        self.count_votes(ctx, out);
    }

    /// Section 5.2: "to begin an election, a follower increments its current term and transitions
    /// to candidate state. It then votes for itself and issues RequestVote RPCs in parallel".
    pub(super) fn campaign(&mut self, transfer: bool, ctx: &mut Context, out: &mut Effects<Self>) {
        if !self.may_stand() {
            return;
        }
        self.disk.term += 1;
        self.disk.vote = Some(self.id);
        self.leader = None;
        self.role = Role::Candidate(Box::new(Ballot::own(self.id)));
        self.arm_election(ctx, out);
        let term = self.disk.term;
        out.milestone(Milestone::Campaigned { term, transfer });
        self.ask_voters(Message::RequestVote, term, transfer, out);
        self.count_votes(ctx, out);
    }

    /// A learner, or a node that was removed, does not disturb the cluster (section 6).
    fn may_stand(&self) -> bool {
        self.config().votes(self.id) && self.disk.term < MAX
    }

    fn ask_voters(
        &self,
        question: impl Fn(Ask) -> Message<M>,
        term: u64,
        transfer: bool,
        out: &mut Effects<Self>,
    ) {
        let ask = Ask {
            term,
            last: self.disk.log.last(),
            transfer,
        };
        let config = self.config();
        for node in config.everybody() {
            if node != self.id && config.votes(node) {
                out.send(node, question(ask));
            }
        }
    }

    pub(super) fn on_vote(
        &mut self,
        from: NodeId,
        vote: Vote,
        pre: bool,
        ctx: &mut Context,
        out: &mut Effects<Self>,
    ) {
        let repeats = self.is(Mutant::VotesNotVoters);
        let knows = self.config().votes(from);
        let ballot = match &mut self.role {
            // A granted PreVote bears the term that was asked for, a refused one the voter's.
            Role::PreCandidate(ballot)
                if pre && (!vote.granted || vote.term == self.disk.term + 1) =>
            {
                ballot
            }
            Role::Candidate(ballot) if !pre => ballot,
            _ => return out.ignore("a vote in an election that is over"),
        };
        if !knows {
            return out.ignore("a vote of a node that has none");
        }
        let side = if vote.granted {
            &mut ballot.granted
        } else {
            &mut ballot.refused
        };
        // Section 5.2: votes "from a majority of the servers": a voter that is heard twice is one.
        if side.contains(&from) && !repeats {
            return out.ignore("a vote that was counted already");
        }
        side.push(from);
        self.count_votes(ctx, out);
    }

    fn count_votes(&mut self, ctx: &mut Context, out: &mut Effects<Self>) {
        let half = self.is(Mutant::HalfQuorum);
        let config = self.config();
        match &self.role {
            Role::Candidate(ballot) if ballot.wins(config, half) => {
                let votes = ballot.granted.clone();
                self.lead(votes, ctx, out);
            }
            Role::PreCandidate(ballot) if ballot.wins(config, half) => {
                self.campaign(false, ctx, out);
            }
            _ => {}
        }
    }
}
