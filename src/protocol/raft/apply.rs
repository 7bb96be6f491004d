//! From committed entries to the replicated state, answers to clients, and snapshots.

use super::log::Payload;
use super::message::Snapshot;
use super::milestone::Milestone;
use super::reply::Reply;
use super::state::Raft;
use crate::base::{Effects, RequestId};
use crate::protocol::machine::{INTERNAL, Outcome, Replicated, StateMachine, Step};
use std::sync::Arc;

impl<M: StateMachine> Snapshot<M> {
    /// The state to go on from.
    pub(super) fn restored(&self, options: &M::Options) -> Replicated<M> {
        let mut state = self.state.clone();
        state.machine.restored(options);
        state
    }
}

impl<M: StateMachine> Raft<M> {
    /// Applies what is committed, in order, each entry once (figure 2: "if commitIndex >
    /// lastApplied: increment lastApplied, apply log[lastApplied] to state machine").
    pub(super) fn apply_committed(&mut self, out: &mut Effects<Self>) {
        while self.applied < self.commit {
            let index = self.applied + 1;
            let Some(chain) = self.disk.log.chain_at(index) else {
                break;
            };
            let Some(entry) = self.disk.log.entry(index).map(Arc::clone) else {
                break;
            };
            self.applied = index;
            out.milestone(Milestone::Applied {
                index,
                term: entry.term(),
                chain,
            });
            match entry.payload() {
                Payload::Noop => {}
                Payload::Command { id, op } => self.apply_command(index, chain, *id, op, out),
                Payload::Config(config) => {
                    if self.is_leader() {
                        out.milestone(Milestone::ConfigCommitted {
                            index,
                            config: Arc::clone(config),
                        });
                    }
                }
            }
        }
        self.snapshot_if_due(out);
    }

    fn apply_command(
        &mut self,
        index: u64,
        chain: u64,
        id: RequestId,
        op: &M::Op,
        out: &mut Effects<Self>,
    ) {
        let once = self.options.sessions;
        let mut step = Step::new(&self.options.machine, index, self.now);
        let outcome = self.state.apply(&mut step, id, op, once);
        let Step { facts, answers, .. } = step;
        let leads = self.is_leader();
        for fact in facts {
            out.milestone(Milestone::Machine {
                index,
                fact,
                told: leads,
            });
        }
        if !leads {
            return;
        }
        // Whoever leads when a request is settled answers it, whoever took it.
        for (request, output) in answers {
            out.milestone(Milestone::Acknowledged {
                request,
                index,
                chain,
            });
            out.reply(request, Reply::Done(output));
        }
        if id == INTERNAL {
            return;
        }
        // Whoever leads answers, also for entries of its predecessors: the client may still wait.
        match outcome {
            Outcome::New(output) => {
                out.milestone(Milestone::Acknowledged {
                    request: id,
                    index,
                    chain,
                });
                out.reply(id, Reply::Done(output));
            }
            Outcome::Repeated(output) => {
                out.milestone(Milestone::DuplicateSkipped { request: id, index });
                out.reply(id, Reply::Done(output));
            }
            Outcome::Later { again: false } => {}
            Outcome::Later { again: true } | Outcome::Stale => {
                out.milestone(Milestone::DuplicateSkipped { request: id, index });
            }
        }
    }

    /// Section 7: "once a server completes writing a snapshot, it may delete all log entries up
    /// through the last included index". Each node does so by itself.
    fn snapshot_if_due(&mut self, out: &mut Effects<Self>) {
        let every = u64::from(self.options.snapshot_every);
        let base = self.disk.log.base().index;
        if every == 0 || self.applied.saturating_sub(base) < every {
            return;
        }
        let index = self.applied;
        self.disk.log.compact(index);
        if self.disk.log.base().index != index {
            return;
        }
        // The configuration as of that entry stays, the ones before it go with the log.
        let older = self.configs.iter().take_while(|(at, _)| *at <= index);
        let keep = older.count().saturating_sub(1);
        self.configs.drain(..keep);
        self.disk.snapshot = Some(Arc::new(Snapshot {
            last: self.disk.log.base(),
            chain: self.disk.log.chain_at(index).unwrap_or(0),
            config: Arc::clone(&self.configs[0].1),
            state: self.state.clone(),
        }));
        out.milestone(Milestone::SnapshotTaken { index });
    }
}
