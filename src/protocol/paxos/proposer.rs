//! The proposer: phase 1, and what phase 2 must propose (Simple, section 2.2).

use super::acceptor::Proposed;
use super::ballot::{Ballot, Voters};
use super::leader::Lease;
use super::message::{Accept, Message, Promise, Report, SLOTS_MAX};
use super::milestone::Milestone;
use super::options::Mutant;
use super::reply::{Op, Reply};
use super::state::{Paxos, Timer};
use super::value::{Command, Value, Values};
use crate::base::{Context, Effects, Micros, NodeId, RequestId};
use std::collections::BTreeMap;

/// How often the wait after a refusal doubles at most.
const DOUBLINGS_MAX: u32 = 4;

/// What a proposer is at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    /// Nothing.
    Idle,
    /// Phase 1: it gathers promises.
    Preparing(Box<Preparing>),
    /// Phase 2: it has proposed. In Multi-Paxos it leads.
    Proposing(Box<Proposing>),
}

/// Phase 1.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Preparing {
    pub ballot: Ballot,
    pub promised: Voters,
    pub refused: Voters,
    /// For each slot what binds the proposer: the reported proposal of the highest ballot.
    pub bound: BTreeMap<u64, Bound>,
    /// How often each value was reported: what the mutant that goes by numbers looks at.
    often: BTreeMap<(u64, u64), usize>,
}

/// What an acceptor reported of a slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Bound {
    pub ballot: Ballot,
    pub value: Value,
    pub acceptor: NodeId,
}

/// Phase 2.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Proposing {
    pub ballot: Ballot,
    /// Who promised the ballot.
    pub promised: Voters,
    pub refused: Voters,
    /// Single-decree: what it proposes, and the proposal that binds it to that.
    pub proposal: Option<(Value, Option<(Ballot, NodeId)>)>,
    /// The first slot that it has proposed nothing for.
    pub next: u64,
    /// The last slot of those that it found in phase 1.
    pub recovered: u64,
    /// What `next` was at the last heartbeat: slots before it have waited long enough.
    pub waited: u64,
    pub lease: Lease,
}

impl Preparing {
    fn new(ballot: Ballot) -> Preparing {
        Preparing {
            ballot,
            promised: Voters::default(),
            refused: Voters::default(),
            bound: BTreeMap::new(),
            often: BTreeMap::new(),
        }
    }

    /// P2c (Simple, 2.2): the proposer is bound to "the value of the highest-numbered proposal
    /// among the responses".
    fn hear(&mut self, acceptor: NodeId, report: &Report, mutant: Option<Mutant>) {
        let Report {
            slot,
            ballot,
            ref value,
            ..
        } = *report;
        let often = |of: &BTreeMap<(u64, u64), usize>, value: &Value| {
            of.get(&(slot, value.digest())).copied().unwrap_or(0)
        };
        if mutant == Some(Mutant::MostFrequent) {
            *self.often.entry((slot, value.digest())).or_default() += 1;
        }
        let binds = self.bound.get(&slot).is_none_or(|bound| match mutant {
            Some(Mutant::LowestAccepted) => ballot < bound.ballot,
            Some(Mutant::MostFrequent) => {
                let (new, old) = (often(&self.often, value), often(&self.often, &bound.value));
                (new, ballot) > (old, bound.ballot)
            }
            _ => ballot > bound.ballot,
        });
        if binds {
            let value = value.clone();
            self.bound.insert(
                slot,
                Bound {
                    ballot,
                    value,
                    acceptor,
                },
            );
        }
    }
}

impl Paxos {
    /// Single-decree: a client proposes a text. The node proposes the first one that it was asked
    /// to, and tells everybody who asked what is chosen.
    pub(super) fn on_proposal(
        &mut self,
        id: RequestId,
        op: &Op,
        ctx: &mut Context,
        out: &mut Effects<Paxos>,
    ) {
        if let Some(chosen) = self.chosen(1) {
            return out.reply(id, Reply::Chosen(chosen.clone()));
        }
        let value = Value::new(Command::Text(op.text()));
        let digest = value.digest();
        out.milestone(Milestone::Asked {
            request: id,
            digest,
        });
        if !self.waiting.contains(&id) {
            self.waiting.push(id);
        }
        self.wish.get_or_insert(value);
        if matches!(self.phase, Phase::Idle) {
            self.failures = 0;
            self.prepare(ctx, out);
        }
    }

    /// Phase 1 (a) (Simple, 2.2): "a proposer selects a proposal number n and sends a prepare
    /// request with number n".
    pub(super) fn prepare(&mut self, ctx: &mut Context, out: &mut Effects<Paxos>) {
        // Simple, 2.5: "each proposer remembers (in stable storage) the highest-numbered proposal
        // it has tried to issue and begins phase 1 with a higher proposal number than any it has
        // already used".
        let round = self.disk.round.max(self.heard.round) + 1;
        if round > Ballot::ROUND_MAX || self.acceptors == 0 {
            return;
        }
        self.disk.round = round;
        // Parliament, 2.2: the number and the name together, so that no two proposers share one.
        let node = if self.is(Mutant::SharedBallots) {
            NodeId(0)
        } else {
            self.id
        };
        let ballot = Ballot { round, node };
        self.heard = self.heard.max(ballot);
        self.backs_off = false;
        let from = self.learner.next();
        self.phase = Phase::Preparing(Box::new(Preparing::new(ballot)));
        out.milestone(Milestone::Prepared { ballot });
        if self.options.is_single() {
            self.arm_ballot(ctx, out);
        } else {
            self.arm_election(ctx, out);
        }
        let question = Message::Prepare { ballot, from };
        self.send_to_first(self.acceptors, question, ctx, out);
    }

    /// An acceptor has promised.
    pub(super) fn on_promise(
        &mut self,
        from: NodeId,
        promise: &Promise,
        ctx: &mut Context,
        out: &mut Effects<Paxos>,
    ) {
        if from.0 >= self.acceptors {
            return out.ignore("a promise of a node that is no acceptor");
        }
        let mutant = self.options.mutant;
        let reports = promise.reports.as_slice();
        let held = promise.snapshot.as_ref().map_or(0, |it| it.slot);
        let known = held.max(self.learner.next());
        if reports
            .last()
            .is_some_and(|last| last.slot > known + SLOTS_MAX as u64)
        {
            return out.ignore("a slot too far ahead");
        }
        if matches!(&self.phase, Phase::Proposing(it) if it.ballot == promise.ballot) {
            return out.ignore("a promise beyond the quorum");
        }
        let Phase::Preparing(preparing) = &mut self.phase else {
            return out.ignore("a promise for a ballot that is over");
        };
        // A promise is for one ballot: since it was made, the acceptor may have accepted something
        // of a ballot in between.
        let is_for_this = promise.ballot == preparing.ballot;
        let counts_older = mutant == Some(Mutant::StalePromises)
            && promise.ballot < preparing.ballot
            && promise.ballot.node == preparing.ballot.node;
        if !is_for_this && !counts_older {
            return out.ignore("a promise for a ballot that is over");
        }
        if !preparing.promised.insert(from) {
            return out.ignore("a promise that was counted already");
        }
        for report in reports.iter().filter(|report| !report.ballot.is_none()) {
            preparing.hear(from, report, mutant);
        }
        let gathered = preparing.promised.len();
        if let Some(snapshot) = &promise.snapshot {
            self.install(snapshot, out);
        }
        for report in reports.iter().filter(|report| report.chosen) {
            self.learn(report.slot, &report.value, out);
            self.execute(out);
        }
        let [needed, _] = self.own_quorums();
        if gathered >= needed
            && let Phase::Preparing(preparing) = &mut self.phase
        {
            let preparing = std::mem::replace(&mut **preparing, Preparing::new(Ballot::NONE));
            if self.options.is_single() {
                self.propose_one(preparing, ctx, out);
            } else {
                self.lead(preparing, ctx, out);
            }
        }
    }

    /// Phase 2 (a) (Simple, 2.2): "it sends an accept request [...] with value v, where v is the
    /// value of the highest-numbered proposal among the responses, or is any value if the
    /// responses reported no proposals".
    fn propose_one(
        &mut self,
        mut preparing: Preparing,
        ctx: &mut Context,
        out: &mut Effects<Paxos>,
    ) {
        let ballot = preparing.ballot;
        let bound = match &self.wish {
            Some(_) if self.is(Mutant::KeepsOwnValue) => None,
            _ => preparing.bound.remove(&1),
        };
        let by = bound.as_ref().map(|bound| (bound.ballot, bound.acceptor));
        let Some(value) = bound.map(|bound| bound.value).or(self.wish.clone()) else {
            self.phase = Phase::Idle;
            return;
        };
        let proposed = Proposed {
            value: value.clone(),
            bound: by,
            quorum: preparing.promised,
        };
        self.disk.acceptor.record.proposed(ballot, proposed);
        out.milestone(Milestone::Proposed {
            ballot,
            value: value.clone(),
            bound: by,
        });
        self.phase = Phase::Proposing(Box::new(Proposing {
            ballot,
            promised: preparing.promised,
            refused: preparing.refused,
            proposal: Some((value.clone(), by)),
            next: 2,
            recovered: 0,
            waited: 0,
            lease: Lease::default(),
        }));
        if !self.backs_off {
            self.arm_ballot(ctx, out);
        }
        self.propose(1, value.into(), ctx, out);
    }

    /// Sends values to the acceptors, for slots from one on.
    pub(super) fn propose(
        &mut self,
        slot: u64,
        values: Values,
        ctx: &mut Context,
        out: &mut Effects<Paxos>,
    ) {
        let Phase::Proposing(proposing) = &self.phase else {
            return;
        };
        let ballot = proposing.ballot;
        for (slot, value) in values.slots_from(slot) {
            self.learner.open(slot, ballot, value);
        }
        let accept = Accept {
            ballot,
            slot,
            values,
            chosen: self.learner.executed,
        };
        self.send_to_first(self.acceptors, Message::Accept(accept), ctx, out);
    }

    /// An acceptor has promised a later ballot to somebody.
    pub(super) fn on_refuse(
        &mut self,
        from: NodeId,
        (ballot, promised): (Ballot, Ballot),
        ctx: &mut Context,
        out: &mut Effects<Paxos>,
    ) {
        self.heard = self.heard.max(promised);
        let refused = match &mut self.phase {
            Phase::Preparing(it) if it.ballot == ballot => &mut it.refused,
            Phase::Proposing(it) if it.ballot == ballot => &mut it.refused,
            _ => return out.ignore("a refusal of a ballot that is over"),
        };
        refused.insert(from);
        if self.options.is_single() {
            self.give_way(promised, ctx, out);
        } else {
            self.yield_to(promised, ctx, out);
        }
    }

    /// Single-decree: a later ballot is about. "It's probably a good idea to abandon a proposal if
    /// some proposer has begun trying to issue a higher-numbered one" (Simple, 2.2); but then "two
    /// proposers each keep issuing a sequence of proposals with increasing numbers, none of which
    /// are ever chosen" (2.4). Whoever waits a random while first lets the other finish. What the
    /// ballot has under way still counts.
    pub(super) fn give_way(&mut self, later: Ballot, ctx: &mut Context, out: &mut Effects<Paxos>) {
        let Some(ballot) = self.own_ballot() else {
            return;
        };
        if later <= ballot || self.backs_off {
            return;
        }
        if !self.options.back_off {
            return self.prepare(ctx, out);
        }
        self.backs_off = true;
        let wait = self.back_off(ctx);
        out.milestone(Milestone::BackedOff { ballot, wait });
        out.set_timer(Timer::Ballot, wait);
    }

    /// The wait after a refusal.
    fn back_off(&mut self, ctx: &mut Context) -> Micros {
        let [low, high] = self.options.back_off_span.map(|span| self.grown(span));
        self.failures = self.failures.saturating_add(1);
        ctx.between(low, high)
    }

    /// A span that doubles with each ballot in a row that came to nothing, up to a bound.
    fn grown(&self, span: Micros) -> Micros {
        Micros(span.0 << self.failures.min(DOUBLINGS_MAX))
    }

    /// Single-decree: a ballot gets so much time; more after each that came to nothing, as the
    /// network may be slower than was thought. A part of it is chance, so that two proposers do
    /// not go on in step.
    fn arm_ballot(&mut self, ctx: &mut Context, out: &mut Effects<Paxos>) {
        let timeout = self.options.ballot_timeout;
        if !self.options.back_off {
            return out.set_timer(Timer::Ballot, timeout);
        }
        let spread = ctx.between(Micros::ZERO, self.options.back_off_span[1]);
        out.set_timer(Timer::Ballot, self.grown(timeout) + spread);
    }

    /// Single-decree: the ballot has come to nothing, or the wait is over.
    pub(super) fn on_ballot_timeout(&mut self, ctx: &mut Context, out: &mut Effects<Paxos>) {
        if matches!(self.phase, Phase::Idle) {
            return;
        }
        if !self.backs_off {
            self.failures = self.failures.saturating_add(1);
        }
        self.prepare(ctx, out);
    }
}
