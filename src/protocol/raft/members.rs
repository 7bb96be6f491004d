//! Changes of the cluster's members by joint consensus (section 6).
//!
//! A newcomer first learns the log without a vote. Then C_old,new is written, in which decisions
//! take a majority of both sets; once it is committed, C_new is written; once that is committed,
//! the change is done, and a leader that is not in it steps down.

use super::config::Config;
use super::log::Payload;
use super::milestone::{Milestone, StepDown};
use super::options::Mutant;
use super::reply::{Admin, Reply};
use super::state::{Raft, Role};
use crate::base::{Context, Effects, NodeId, RequestId};
use crate::protocol::machine::StateMachine;
use std::sync::Arc;

/// What a client that waits for a change of the members wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Wish {
    pub request: RequestId,
    node: NodeId,
    /// It shall vote; otherwise it shall be no member.
    votes: bool,
}

impl Wish {
    fn is_met(&self, config: &Config) -> bool {
        if self.votes {
            config.voters.contains(&self.node)
        } else {
            !config.knows(self.node)
        }
    }

    /// Whether the last step of the change that `config` belongs to will meet it.
    fn will_be_met(&self, config: &Config) -> bool {
        let stays = config.voters.contains(&self.node) || config.learners.contains(&self.node);
        stays == self.votes
    }
}

impl<M: StateMachine> Raft<M> {
    /// A client asks the leader to change the cluster.
    pub(super) fn on_admin(
        &mut self,
        id: RequestId,
        admin: Admin,
        ctx: &mut Context,
        out: &mut Effects<Self>,
    ) {
        let Role::Leader(leader) = &self.role else {
            return out.reply(id, Reply::NotLeader(self.leader));
        };
        let transferring = leader.transfer.is_some();
        match admin {
            Admin::Transfer(to) => self.on_transfer(id, to, out),
            _ if transferring => out.reply(id, Reply::NotLeader(None)),
            Admin::Add(node) => self.on_change(id, node, true, ctx, out),
            Admin::Remove(node) => self.on_change(id, node, false, ctx, out),
        }
    }

    fn on_change(
        &mut self,
        id: RequestId,
        node: NodeId,
        votes: bool,
        ctx: &mut Context,
        out: &mut Effects<Self>,
    ) {
        let config = Arc::clone(self.config());
        let settled = self.config_index() <= self.commit && !config.is_joint();
        let wish = Wish {
            request: id,
            node,
            votes,
        };
        if self.is(Mutant::EarlySingleChange) && settled && config.votes(node) != votes {
            self.note_wish(wish, out);
            return self.write_config(config.with_voter(node, votes), ctx, out);
        }
        if settled && wish.is_met(&config) {
            return out.reply(id, Reply::Changed);
        }
        // Part of the change under way, perhaps asked again: answered when that is done. In a
        // joint configuration every old voter is in `outgoing`; only who is in `outgoing` alone
        // is on its way out.
        if wish.will_be_met(&config) {
            return self.note_wish(wish, out);
        }
        if !settled || !config.learners.is_empty() && votes {
            return out.reply(id, Reply::Refused("another change of members is under way"));
        }
        // Without a committed entry of its own term the leader may not know of a change that its
        // predecessor has committed (the flaw found in 2015).
        if !self.knows_commit() {
            return out.reply(id, Reply::NotLeader(None));
        }
        let next = config.with_voter(node, votes);
        if votes && config.everybody().len() >= 512 || next.voters.is_empty() {
            return out.reply(
                id,
                Reply::Refused("the cluster would be too large or empty"),
            );
        }
        self.note_wish(wish, out);
        if votes {
            // Thesis 4.2.1: a newcomer that has to learn the log first would hold up commitment.
            self.write_config(config.with_learner(node), ctx, out);
        } else if config.votes(node) {
            self.write_config(config.joint_with(next), ctx, out);
        } else {
            self.write_config(next, ctx, out);
        }
    }

    /// Keeps a wish until it is met. One that it takes back is refused: a learner may be removed
    /// before it gets its vote.
    fn note_wish(&mut self, wish: Wish, out: &mut Effects<Self>) {
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let taken_back = |known: &mut Wish| known.node == wish.node && known.votes != wish.votes;
        for known in leader.wishes.extract_if(.., taken_back) {
            out.reply(
                known.request,
                Reply::Refused("the change was taken back by another"),
            );
        }
        if !leader.wishes.contains(&wish) {
            leader.wishes.push(wish);
        }
    }

    /// Answers the clients whose wishes the configuration, now committed, meets.
    fn answer_wishes(&mut self, config: &Config, out: &mut Effects<Self>) {
        if let Role::Leader(leader) = &mut self.role {
            for wish in leader.wishes.extract_if(.., |wish| wish.is_met(config)) {
                out.reply(wish.request, Reply::Changed);
            }
        }
    }

    /// Writes a configuration into the log; it is in effect at once (section 6).
    fn write_config(&mut self, config: Config, ctx: &mut Context, out: &mut Effects<Self>) {
        let config = Arc::new(config);
        let before = self.disk.log.last_index();
        let index = self.write(Payload::Config(Arc::clone(&config)), out);
        self.note_config(index);
        out.milestone(Milestone::ConfigAppended {
            index,
            config: Arc::clone(&config),
        });
        let own = self.id;
        if let Role::Leader(leader) = &mut self.role {
            leader.regroup(own, &config, before);
        }
        self.speak_to_all(false, out);
        self.advance_commit(ctx, out);
    }

    /// A learner whose log reaches up to the commit index gets its vote by way of C_old,new.
    pub(super) fn promote_if_caught_up(
        &mut self,
        node: NodeId,
        ctx: &mut Context,
        out: &mut Effects<Self>,
    ) {
        let config = self.config();
        if !config.learners.contains(&node)
            || config.is_joint()
            || self.config_index() > self.commit
            || !self.knows_commit()
        {
            return;
        }
        let Role::Leader(leader) = &self.role else {
            return;
        };
        let caught_up = |matched: u64| matched >= self.commit;
        let matched = leader.peer(node).map_or(0, |peer| peer.matched);
        if leader.transfer.is_none() && caught_up(matched) {
            let next = config.joint_with(config.with_voter(node, true));
            self.write_config(next, ctx, out);
        }
    }

    /// Goes on with a change of members once its last step is committed. A new leader goes on
    /// with its predecessor's change, when an entry of its own term is committed.
    pub(super) fn continue_change(&mut self, ctx: &mut Context, out: &mut Effects<Self>) {
        if self.config_index() > self.commit || !self.knows_commit() || !self.is_leader() {
            return;
        }
        let config = Arc::clone(self.config());
        if config.is_joint() {
            return self.write_config(config.without_outgoing(), ctx, out);
        }
        self.answer_wishes(&config, out);
        if !config.votes(self.id) {
            // Section 6: "the leader steps down once it has committed the C_new log entry". It
            // first lets the others know that it is committed. A newcomer that still learns is its
            // successor's affair.
            self.speak_to_all(true, out);
            self.leader = None;
            return self.follow(self.disk.term, StepDown::Removed, ctx, out);
        }
        if let Some(node) = config.learners.first().copied() {
            self.promote_if_caught_up(node, ctx, out);
        }
    }
}
