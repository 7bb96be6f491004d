//! The acceptor: it promises ballots, and accepts what does not break a promise (Simple, 2.2).

use super::ballot::{Ballot, Voters};
use super::message::{Accept, Message, Promise, Report};
use super::milestone::Milestone;
use super::options::{Learning, Mutant};
use super::state::Paxos;
use super::value::Value;
use crate::base::{Context, Effects, NodeId, Seq};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// How far beyond what it knows to be chosen an acceptor takes slots. A leader has no more open
/// than clients wait for.
pub(super) const AHEAD_MAX: u64 = 1 << 16;

/// A value that was accepted, and in which ballot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Proposal {
    /// The ballot.
    pub ballot: Ballot,
    /// The value.
    pub value: Value,
}

/// What an acceptor keeps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Acceptor {
    /// The latest ballot that it has promised: it takes nothing of an earlier one.
    pub promised: Ballot,
    /// For each slot the proposal of the latest ballot that it has accepted.
    pub accepted: Seq<Option<Proposal>>,
    /// What it did in the ballots before, for people.
    pub(super) record: Record,
}

impl Default for Acceptor {
    fn default() -> Acceptor {
        Acceptor {
            promised: Ballot::NONE,
            accepted: Seq::starting_at(1),
            record: Record::default(),
        }
    }
}

impl Acceptor {
    /// P1a (Simple, 2.2), as far as promises go: "if an acceptor receives a prepare request with
    /// number n greater than that of any prepare request to which it has already responded".
    fn may_promise(&self, ballot: Ballot, again: bool) -> bool {
        ballot > self.promised || (again && ballot == self.promised)
    }

    fn put(&mut self, slot: u64, ballot: Ballot, value: Value) {
        while self.accepted.end() <= slot {
            self.accepted.push(None);
        }
        if let Some(place) = self.accepted.at_mut(slot) {
            *place = Some(Proposal { ballot, value });
        }
    }

    /// Forgets the slots up to `slot`, which a snapshot stands for.
    pub(super) fn compact(&mut self, slot: u64) {
        if slot < self.accepted.end() {
            self.accepted.drop_before(slot + 1);
        } else {
            self.accepted = Seq::starting_at(slot + 1);
        }
    }
}

impl Paxos {
    /// Phase 1 (b): "it responds to the request with a promise not to accept any more proposals
    /// numbered less than n and with the highest-numbered proposal (if any) that it has accepted".
    pub(super) fn on_prepare(
        &mut self,
        from: NodeId,
        ballot: Ballot,
        first: u64,
        ctx: &mut Context,
        out: &mut Effects<Paxos>,
    ) {
        if !self.accepts() {
            return out.ignore("a question for an acceptor");
        }
        if self.guards_against(from) {
            return out.ignore("the lease of another leader runs");
        }
        let again = self.options.repromise;
        if !self.disk.acceptor.may_promise(ballot, again) {
            return self.refuse(from, ballot, ctx, out);
        }
        self.disk.acceptor.promised = ballot;
        let single = self.options.is_single();
        if single {
            self.disk.acceptor.record.promised(ballot);
        }
        let promise = Promise {
            ballot,
            reports: self.reports(first),
            snapshot: self.disk.ledger.snapshot_from(first).cloned(),
        };
        out.milestone(Milestone::promised(self, &promise));
        self.send(from, Message::Promise(promise), ctx, out);
        if from != self.id {
            // It has promised to help another.
            if single {
                self.give_way(ballot, ctx, out);
            } else {
                self.yield_to(ballot, ctx, out);
            }
        }
    }

    /// What it has accepted from a slot on, and what it knows to be chosen: "a promise lists every
    /// accepted proposal" for all slots at once (Simple, section 3).
    fn reports(&self, first: u64) -> super::message::Reports {
        let Acceptor { accepted, .. } = &self.disk.acceptor;
        let ledger = &self.disk.ledger;
        let first = first.max(accepted.start().min(ledger.start()));
        let end = accepted.end().max(ledger.end());
        let report = |slot| {
            let proposal = self.accepted(slot);
            let chosen = ledger.value(slot);
            let value = chosen.or(proposal.map(|proposal| &proposal.value))?;
            Some(Report {
                slot,
                ballot: proposal.map_or(Ballot::NONE, |proposal| proposal.ballot),
                value: value.clone(),
                chosen: chosen.is_some(),
            })
        };
        (first..end).filter_map(report).collect()
    }

    /// Phase 2 (b): "it accepts the proposal unless it has already responded to a prepare request
    /// having a number greater than n".
    pub(super) fn on_accept(
        &mut self,
        from: NodeId,
        accept: Accept,
        ctx: &mut Context,
        out: &mut Effects<Paxos>,
    ) {
        let ballot = accept.ballot;
        if !self.accepts() {
            return out.ignore("a question for an acceptor");
        }
        // P1a: "an acceptor can accept a proposal numbered n iff it has not responded to a prepare
        // request having a number greater than n".
        if ballot < self.disk.acceptor.promised && !self.is(Mutant::AcceptBelowPromise) {
            return self.refuse(from, ballot, ctx, out);
        }
        if accept.slot > self.learner.next() + AHEAD_MAX {
            return out.ignore("a slot too far ahead");
        }
        let single = self.options.is_single();
        let acceptor = &mut self.disk.acceptor;
        acceptor.promised = acceptor.promised.max(ballot);
        for (slot, value) in accept.values.slots_from(accept.slot) {
            // What a snapshot stands for is chosen, hence the same value.
            if slot < acceptor.accepted.start() {
                continue;
            }
            acceptor.put(slot, ballot, value.clone());
            if single {
                acceptor.record.accepted(ballot, value);
            }
            out.milestone(Milestone::Accepted {
                slot,
                ballot,
                value: value.clone(),
                alone: single,
            });
        }
        let told = Message::Accepted {
            ballot,
            slot: accept.slot,
            values: accept.values,
        };
        match self.options.learners {
            Learning::Proposer => self.send(from, told, ctx, out),
            Learning::Everybody => self.send_to_first(self.nodes, told, ctx, out),
        }
        // Last of all, since it may begin a ballot of its own, which is a promise.
        if !single && from != self.id {
            self.learn_up_to(ballot, accept.chosen, out);
            self.follow(from, ballot, ctx, out);
        }
    }

    fn refuse(&mut self, to: NodeId, ballot: Ballot, ctx: &mut Context, out: &mut Effects<Paxos>) {
        let promised = self.disk.acceptor.promised;
        if self.options.is_single() {
            self.disk.acceptor.record.refused(ballot);
        }
        out.milestone(Milestone::Refused { ballot, promised });
        self.send(to, Message::Refuse { ballot, promised }, ctx, out);
    }
}

/// What a node did in each ballot of single-decree Paxos: the back of its ledger (Parliament,
/// 2.2). No decision rests on it, so that two nodes that differ in it alone are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Record(Arc<Vec<Vote>>);

/// What a node did in a ballot.
#[derive(Clone, Debug)]
pub(super) struct Vote {
    pub ballot: Ballot,
    pub promised: bool,
    pub refused: bool,
    pub accepted: Option<Value>,
    /// As proposer of the ballot: what it proposed.
    pub proposed: Option<Proposed>,
}

/// What a proposer proposed, and why.
#[derive(Clone, Debug)]
pub(super) struct Proposed {
    pub value: Value,
    /// The vote that it was bound by.
    pub bound: Option<(Ballot, NodeId)>,
    /// Who had promised.
    pub quorum: Voters,
}

impl Record {
    /// The newest ballots that are remembered.
    const MOST: usize = 64;

    pub(super) fn votes(&self) -> &[Vote] {
        &self.0
    }

    fn of(&mut self, ballot: Ballot) -> &mut Vote {
        let votes = Arc::make_mut(&mut self.0);
        let place = match votes.binary_search_by_key(&ballot, |vote| vote.ballot) {
            Ok(place) => place,
            Err(place) => {
                let vote = Vote {
                    ballot,
                    promised: false,
                    refused: false,
                    accepted: None,
                    proposed: None,
                };
                votes.insert(place, vote);
                let oldest = votes.len() > Record::MOST && place > 0;
                if oldest {
                    votes.remove(0);
                }
                place - usize::from(oldest)
            }
        };
        &mut votes[place]
    }

    fn promised(&mut self, ballot: Ballot) {
        self.of(ballot).promised = true;
    }

    fn refused(&mut self, ballot: Ballot) {
        self.of(ballot).refused = true;
    }

    fn accepted(&mut self, ballot: Ballot, value: &Value) {
        self.of(ballot).accepted = Some(value.clone());
    }

    pub(super) fn proposed(&mut self, ballot: Ballot, proposed: Proposed) {
        self.of(ballot).proposed = Some(proposed);
    }
}

impl PartialEq for Record {
    fn eq(&self, _: &Record) -> bool {
        true
    }
}

impl Eq for Record {}

impl Hash for Record {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
