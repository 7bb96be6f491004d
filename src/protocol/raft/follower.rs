//! What every node does when it is asked: votes, takes entries, takes snapshots.

use super::log::{Log, Position};
use super::message::{Append, AppendReply, AppendResult, Ask, Message, Snapshot, Vote};
use super::milestone::Milestone;
use super::options::Mutant;
use super::state::{Raft, Role};
use crate::base::{Context, Effects, NodeId};
use crate::protocol::machine::StateMachine;
use std::sync::Arc;

impl<M: StateMachine> Raft<M> {
    /// Section 5.4.1: whether a log that ends at `last` is at least as new as this node's.
    fn up_to_date(&self, last: Position) -> bool {
        if self.is(Mutant::NoLogCheck) {
            return true;
        }
        if self.is(Mutant::LengthOnlyCheck) {
            return last.index >= self.disk.log.last_index();
        }
        last >= self.disk.log.last()
    }

    /// RequestVote (figure 2): "1. reply false if term < currentTerm; 2. if votedFor is null or
    /// candidateId, and candidate's log is at least as up-to-date as receiver's log, grant vote".
    pub(super) fn on_request_vote(
        &mut self,
        from: NodeId,
        ask: Ask,
        ctx: &mut Context,
        out: &mut Effects<Self>,
    ) {
        let free = self.disk.vote.is_none_or(|candidate| candidate == from);
        let granted =
            ask.term == self.disk.term && free && !self.is_leader() && self.up_to_date(ask.last);
        if granted {
            if self.disk.vote.is_none() {
                self.disk.vote = Some(from);
                out.milestone(Milestone::Voted {
                    term: ask.term,
                    candidate: from,
                });
            }
            // Figure 2, followers: an election begins "without [...] granting vote to candidate".
            self.arm_election(ctx, out);
        }
        let vote = Vote {
            term: self.disk.term,
            granted,
        };
        out.send(from, Message::RequestVoteReply(vote));
    }

    /// PreVote (thesis, 9.6): yes if the candidate's log is new enough and no leader was heard
    /// within the least election timeout. Neither term nor vote changes.
    pub(super) fn on_pre_vote(&mut self, from: NodeId, ask: Ask, out: &mut Effects<Self>) {
        let granted =
            ask.term > self.disk.term && !self.hears_leader() && self.up_to_date(ask.last);
        let vote = Vote {
            term: if granted { ask.term } else { self.disk.term },
            granted,
        };
        out.send(from, Message::PreVoteReply(vote));
    }

    /// AppendEntries (figure 2).
    pub(super) fn on_append(
        &mut self,
        from: NodeId,
        append: &Append<M::Op>,
        ctx: &mut Context,
        out: &mut Effects<Self>,
    ) {
        let late = append.term < self.disk.term;
        // 1. "Reply false if term < currentTerm." The answer tells the sender of the later term.
        if late && !self.is(Mutant::NoTermCheck) {
            out.ignore("entries of an older term");
            return self.refuse(from, append, Position::default(), out);
        }
        if !late && !self.hear_leader(from, ctx, out) {
            return;
        }
        // 2. "Reply false if log doesn't contain an entry at prevLogIndex whose term matches
        // prevLogTerm." What a snapshot stands for is committed, hence the leader's too.
        let log = &self.disk.log;
        let prev = append.prev;
        if prev.index >= log.base().index && log.term_at(prev.index) != Some(prev.term) {
            let conflict = conflict_at(log, prev.index, self.options.fast_backtrack);
            return self.refuse(from, append, conflict, out);
        }
        self.take(append, ctx, out);
        let mut matched = prev.index.saturating_add(append.entries.len() as u64);
        // 5. "If leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last
        // new entry)." What stands after that may be another leader's.
        let known = if self.is(Mutant::CommitOwnLast) {
            self.disk.log.last_index()
        } else {
            matched
        };
        let commit = append.commit.min(known);
        if commit > self.commit {
            self.commit = commit;
            self.apply_committed(out);
        }
        if self.is(Mutant::MatchOwnLast) {
            matched = self.disk.log.last_index();
        }
        let reply = AppendReply {
            term: append.term,
            round: append.round,
            result: AppendResult::Accepted { matched },
        };
        out.send(from, Message::AppendEntriesReply(reply));
    }

    /// Hears the leader of the present term. False if it cannot be that.
    fn hear_leader(&mut self, from: NodeId, ctx: &mut Context, out: &mut Effects<Self>) -> bool {
        if self.is_leader() || self.leader.is_some_and(|leader| leader != from) {
            out.ignore("a second leader of the same term");
            return false;
        }
        // Section 5.2: a candidate that hears of a leader of its term "returns to follower state".
        if !matches!(self.role, Role::Follower) {
            self.role = Role::Follower;
        }
        self.leader = Some(from);
        self.heard = Some(self.now);
        self.arm_election(ctx, out);
        true
    }

    fn refuse(
        &self,
        to: NodeId,
        append: &Append<M::Op>,
        conflict: Position,
        out: &mut Effects<Self>,
    ) {
        let reply = AppendReply {
            term: self.disk.term,
            round: append.round,
            result: AppendResult::Refused {
                prev: append.prev.index,
                last: self.disk.log.last_index(),
                conflict,
            },
        };
        out.send(to, Message::AppendEntriesReply(reply));
    }

    /// Rules 3 and 4 of AppendEntries.
    fn take(&mut self, append: &Append<M::Op>, ctx: &mut Context, out: &mut Effects<Self>) {
        let base = self.disk.log.base().index;
        let mut index = append.prev.index;
        let had_vote = self.config().votes(self.id);
        if self.is(Mutant::TruncateAlways) {
            let sent = append.entries.as_slice().iter().zip(index + 1..);
            let conflict = sent.into_iter().any(|(entry, at)| {
                let term = self.disk.log.term_at(at);
                term.is_some_and(|term| term != entry.term())
            });
            self.cut(index.max(base).saturating_add(1), conflict, ctx, out);
        }
        for entry in append.entries.as_slice() {
            index += 1;
            if index <= base {
                continue;
            }
            // 3. "If an existing entry conflicts with a new one (same index but different terms),
            // delete the existing entry and all that follow it." Only then: a late or doubled
            // append must not take back what was acknowledged since.
            match self.disk.log.term_at(index) {
                Some(term) if term == entry.term() => continue,
                Some(_) => self.cut(index, true, ctx, out),
                None => {}
            }
            // 4. "Append any new entries not already in the log."
            let (at, chain) = self.disk.log.push(Arc::clone(entry));
            out.milestone(Milestone::Appended {
                index: at,
                term: entry.term(),
                chain,
            });
            self.note_config(at);
        }
        // A configuration is in effect when it is in the log (section 6), and a learner has no
        // election timer: with its vote it has the duty to stand (section 5.2).
        if !had_vote && self.config().votes(self.id) {
            self.arm_election(ctx, out);
        }
    }

    /// Removes the entries from `from` on, and the configurations among them (section 6).
    fn cut(&mut self, from: u64, conflict: bool, ctx: &mut Context, out: &mut Effects<Self>) {
        let to = self.disk.log.last_index();
        if from > to {
            return;
        }
        self.disk.log.truncate(from);
        out.milestone(match conflict {
            true => Milestone::Truncated { from, to },
            false => Milestone::CutShort { from, to },
        });
        let known = self.configs.len();
        while self.configs.len() > 1 && self.config_index() >= from {
            self.configs.pop();
        }
        if self.configs.len() < known {
            // It may have its vote back, and with it the duty to stand for election.
            self.arm_election(ctx, out);
        }
    }

    /// InstallSnapshot (section 7), the whole snapshot in one message.
    pub(super) fn on_snapshot(
        &mut self,
        from: NodeId,
        term: u64,
        snapshot: &Arc<Snapshot<M>>,
        ctx: &mut Context,
        out: &mut Effects<Self>,
    ) {
        if term < self.disk.term {
            out.ignore("a snapshot of an older term");
            return self.answer_snapshot(from, 0, out);
        }
        if !self.hear_leader(from, ctx, out) {
            return;
        }
        // What it stands for is committed here already: the state must not go back.
        if snapshot.last.index <= self.commit && !self.is(Mutant::OldSnapshot) {
            return self.answer_snapshot(from, self.commit, out);
        }
        let Position { term, index } = snapshot.last;
        if self.disk.log.term_at(index) == Some(term) {
            // Section 7: "if instead the follower receives a snapshot that describes a prefix of
            // its log, then log entries following the snapshot are still valid and retained".
            self.disk.log.compact(index);
            self.configs.retain(|(at, _)| *at > index);
        } else {
            self.disk.log = Log::after(snapshot.last, snapshot.chain);
            self.configs.clear();
        }
        self.configs
            .insert(0, (index, Arc::clone(&snapshot.config)));
        self.disk.snapshot = Some(Arc::clone(snapshot));
        self.state = snapshot.restored(&self.options.machine);
        self.commit = index;
        self.applied = index;
        out.milestone(Milestone::SnapshotInstalled {
            index,
            term,
            chain: snapshot.chain,
        });
        self.arm_election(ctx, out);
        self.answer_snapshot(from, index, out);
    }

    fn answer_snapshot(&self, to: NodeId, matched: u64, out: &mut Effects<Self>) {
        let term = self.disk.term;
        out.send(to, Message::InstallSnapshotReply { term, matched });
    }
}

/// Where the log parts from the leader's, as far as it can tell: the first entry of the term that
/// stands at `index` (end of section 5.3).
fn conflict_at<O>(log: &Log<O>, index: u64, told: bool) -> Position {
    match log.term_at(index) {
        Some(term) if told && index > log.base().index => Position {
            term,
            index: log.start_of_term(index).max(log.base().index + 1),
        },
        _ => Position::default(),
    }
}
