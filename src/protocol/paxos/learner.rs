//! The learner: it finds out what is chosen (Simple, section 2.3), and carries it out in order.

use super::acceptor::AHEAD_MAX;
use super::ballot::{Ballot, Voters};
use super::message::Message;
use super::milestone::Milestone;
use super::options::{Learning, Mutant};
use super::proposer::Phase;
use super::reply::Reply;
use super::state::{Paxos, Timer};
use super::value::{Command, Value, Values};
use crate::base::{Context, Digest, Effects, NodeId, RequestId, Seq};
use crate::protocol::machine::{KvMachine, KvOp, Outcome, Replicated, Step};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use std::collections::VecDeque;
use std::hash::Hasher;
use std::sync::Arc;

/// The most values that one answer to a learner carries.
const TOLD_AT_ONCE: u64 = 256;

/// The state in place of the slots up to its own (Live, section 5.5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Snapshot {
    /// The last slot that it stands for.
    pub slot: u64,
    /// Digest of what was carried out up to there.
    pub chain: u64,
    /// The machine and the clients' sessions.
    pub state: Replicated<KvMachine>,
}

impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("Snapshot", 3)?;
        record.serialize_field("slot", &self.slot)?;
        record.serialize_field("machine", &self.state.machine)?;
        record.serialize_field("sessions", &self.state.sessions.len())?;
        record.end()
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for Snapshot {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PaxosSnapshot".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let machine = generator.subschema_for::<KvMachine>();
        schemars::json_schema!({
            "description": "The state in place of the slots up to `slot`.",
            "type": "object",
            "properties": {
                "slot": { "type": "integer", "minimum": 1 },
                "machine": machine,
                "sessions": { "type": "integer", "minimum": 0 }
            },
            "required": ["slot", "machine", "sessions"]
        })
    }
}

/// What a learner knows to be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ledger {
    chosen: Seq<Option<Value>>,
    /// What stands for the slots before those.
    pub snapshot: Option<Arc<Snapshot>>,
}

impl Default for Ledger {
    fn default() -> Ledger {
        Ledger {
            chosen: Seq::starting_at(1),
            snapshot: None,
        }
    }
}

impl Ledger {
    /// The value chosen for a slot, if it is known and still held.
    pub fn value(&self, slot: u64) -> Option<&Value> {
        self.chosen.at(slot)?.as_ref()
    }

    /// The first slot that is held.
    pub fn start(&self) -> u64 {
        self.chosen.start()
    }

    /// One past the last slot that is held.
    pub fn end(&self) -> u64 {
        self.chosen.end()
    }

    /// The snapshot, for one who lacks a slot that it stands for.
    pub(super) fn snapshot_from(&self, slot: u64) -> Option<&Arc<Snapshot>> {
        let snapshot = self.snapshot.as_ref();
        snapshot.filter(|snapshot| slot <= snapshot.slot)
    }

    /// The values from a slot on, up to the first that is not known.
    fn from(&self, slot: u64) -> impl Iterator<Item = Value> + '_ {
        (slot..slot.saturating_add(TOLD_AT_ONCE)).map_while(|slot| self.value(slot).cloned())
    }

    fn put(&mut self, slot: u64, value: Value) {
        while self.chosen.end() <= slot {
            self.chosen.push(None);
        }
        if let Some(place) = self.chosen.at_mut(slot) {
            *place = Some(value);
        }
    }

    fn compact(&mut self, snapshot: Arc<Snapshot>) {
        let next = snapshot.slot + 1;
        if next <= self.chosen.end() {
            self.chosen.drop_before(next);
        } else {
            self.chosen = Seq::starting_at(next);
        }
        self.snapshot = Some(snapshot);
    }
}

/// Who has accepted what, in the latest ballot that was heard of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Tally {
    pub ballot: Ballot,
    pub value: Option<Value>,
    pub voters: Voters,
    /// Votes heard twice: what the mutant that counts messages adds.
    doubled: usize,
}

/// What a learner has in memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Learner {
    /// Up to where every slot was carried out.
    pub executed: u64,
    /// Digest of all that was carried out.
    pub chain: u64,
    pub state: Replicated<KvMachine>,
    /// Counts, for the slots from `next` on.
    pub tallies: VecDeque<Tally>,
    /// Up to where the leader said that every slot is chosen.
    pub told: u64,
}

impl Learner {
    /// The state as the snapshot has it.
    pub(super) fn from(ledger: &Ledger) -> Learner {
        let mut learner = Learner {
            executed: 0,
            chain: 0,
            state: Replicated::default(),
            tallies: VecDeque::new(),
            told: 0,
        };
        if let Some(snapshot) = &ledger.snapshot {
            learner.resume(snapshot);
        }
        learner
    }

    fn resume(&mut self, snapshot: &Snapshot) {
        let passed = snapshot.slot.saturating_sub(self.executed) as usize;
        self.tallies.drain(..passed.min(self.tallies.len()));
        self.executed = snapshot.slot;
        self.chain = snapshot.chain;
        self.state = snapshot.state.clone();
    }

    /// The first slot that is not known to be chosen.
    pub(super) fn next(&self) -> u64 {
        self.executed + 1
    }

    /// The count for a slot, if it is not carried out yet.
    pub(super) fn tally(&self, slot: u64) -> Option<&Tally> {
        let place = slot.checked_sub(self.next())?;
        self.tallies.get(usize::try_from(place).ok()?)
    }

    fn tally_mut(&mut self, slot: u64) -> Option<&mut Tally> {
        let place = slot.checked_sub(self.next())?;
        if place > AHEAD_MAX {
            return None;
        }
        let place = place as usize;
        if self.tallies.len() <= place {
            self.tallies.resize(place + 1, Tally::default());
        }
        self.tallies.get_mut(place)
    }

    /// Begins a count: a proposer sends out a value.
    pub(super) fn open(&mut self, slot: u64, ballot: Ballot, value: &Value) {
        if let Some(tally) = self.tally_mut(slot).filter(|it| it.ballot <= ballot) {
            *tally = Tally {
                ballot,
                value: Some(value.clone()),
                ..Tally::default()
            };
        }
    }
}

impl Paxos {
    /// An acceptor has accepted: a value is chosen once a quorum has, in one ballot.
    pub(super) fn on_accepted(
        &mut self,
        from: NodeId,
        (ballot, slot, values): (Ballot, u64, &Values),
        ctx: &mut Context,
        out: &mut Effects<Paxos>,
    ) {
        if from.0 >= self.acceptors {
            return out.ignore("a vote of a node that is no acceptor");
        }
        if !self.options.is_single() && self.own_ballot().is_some_and(|own| own < ballot) {
            self.yield_to(ballot, ctx, out);
        }
        let mut newly: Option<(u64, u64)> = None;
        for (slot, value) in values.slots_from(slot) {
            if self.count(from, slot, ballot, value) {
                if self.options.is_single() {
                    let voters = self.learner.tally(slot).map(|tally| tally.voters);
                    out.milestone(Milestone::ValueChosen {
                        ballot,
                        value: value.clone(),
                        voters: voters.unwrap_or_default(),
                    });
                }
                self.learn(slot, value, out);
                let first = newly.map_or(slot, |(first, _)| first);
                newly = Some((first, slot));
            }
        }
        let Some((first, last)) = newly else { return };
        if !self.options.is_single() {
            out.milestone(Milestone::Chosen {
                first,
                last,
                ballot,
            });
            return self.execute(out);
        }
        // Simple, 2.3: a distinguished learner "informs the other learners when a value has been
        // chosen". It is the ballot's proposer here, though it may work on a later one by now.
        let shared = matches!(&self.phase, Phase::Proposing(it) if it.ballot == ballot);
        if (ballot.node == self.id || shared) && self.options.learners == Learning::Proposer {
            let told = Message::Chosen {
                slot,
                values: values.clone(),
            };
            self.send_to_first(self.nodes, told, ctx, out);
        }
        self.execute(out);
    }

    /// Counts a vote; whether the slot's value is thereby known to be chosen.
    fn count(&mut self, from: NodeId, slot: u64, ballot: Ballot, value: &Value) -> bool {
        if self.chosen(slot).is_some() {
            return false;
        }
        let [_, needed] = self.own_quorums();
        let (by_value, by_message) = (
            self.is(Mutant::CountsValues),
            self.is(Mutant::VotesNotVoters),
        );
        let Some(tally) = self.learner.tally_mut(slot) else {
            return false;
        };
        // Parliament, 2.1: a decree is passed by a ballot in which every priest of a quorum voted:
        // votes of different ballots do not add up, though they are for the same value.
        let adds_up = if by_value {
            tally.value.as_ref() == Some(value)
        } else {
            ballot == tally.ballot
        };
        if !adds_up {
            if ballot < tally.ballot {
                return false;
            }
            *tally = Tally {
                ballot,
                value: Some(value.clone()),
                ..Tally::default()
            };
        }
        let new = tally.voters.insert(from);
        if by_message && !new {
            tally.doubled += 1;
        }
        tally.voters.len() + tally.doubled >= needed
    }

    /// Writes down that a value is chosen.
    pub(super) fn learn(&mut self, slot: u64, value: &Value, out: &mut Effects<Paxos>) {
        if self.chosen(slot).is_some()
            || slot < self.learner.next()
            || slot > self.learner.next() + AHEAD_MAX
        {
            return;
        }
        self.disk.ledger.put(slot, value.clone());
        out.milestone(Milestone::Learned {
            slot,
            value: value.clone(),
            alone: self.options.is_single(),
        });
        // Simple, section 3: a command is carried out when all before it were.
        if slot > self.learner.next() && self.is(Mutant::SkipsHoles) {
            self.apply(slot, value, out);
        }
    }

    /// Chosen, says another node.
    pub(super) fn on_chosen(
        &mut self,
        from: NodeId,
        slot: u64,
        values: &Values,
        ctx: &mut Context,
        out: &mut Effects<Paxos>,
    ) {
        if self.leads() {
            return out.ignore("what a leader finds out by itself");
        }
        let before = self.learner.next();
        for (slot, value) in values.slots_from(slot) {
            self.learn(slot, value, out);
            self.execute(out);
        }
        self.ask_on(from, before, ctx, out);
    }

    /// What the leader of `ballot` says is chosen up to a slot: what was accepted from it there
    /// is the value, since a leader proposes one value for a slot.
    pub(super) fn learn_up_to(&mut self, ballot: Ballot, slot: u64, out: &mut Effects<Paxos>) {
        self.learner.told = self.learner.told.max(slot);
        for slot in self.learner.next()..=slot {
            if self.chosen(slot).is_some() {
                continue;
            }
            let Some(value) = self
                .accepted(slot)
                .filter(|proposal| proposal.ballot == ballot)
                .map(|proposal| proposal.value.clone())
            else {
                break;
            };
            self.learn(slot, &value, out);
        }
        self.execute(out);
    }

    /// Carries out what is known to be chosen, in order and without holes (Simple, section 3).
    pub(super) fn execute(&mut self, out: &mut Effects<Paxos>) {
        while let Some(value) = self.disk.ledger.value(self.learner.next()).cloned() {
            let slot = self.learner.next();
            self.learner.executed = slot;
            self.learner.tallies.pop_front();
            self.apply(slot, &value, out);
            if self.options.is_single() {
                return self.decided(&value, out);
            }
        }
        self.snapshot_if_due(out);
    }

    fn apply(&mut self, slot: u64, value: &Value, out: &mut Effects<Paxos>) {
        let mut chain = Digest::default();
        chain.write_u64(self.learner.chain);
        chain.write_u64(value.digest());
        self.learner.chain = chain.finish();
        let chain = self.learner.chain;
        if !self.options.is_single() {
            out.milestone(Milestone::Executed { slot, chain });
        }
        if let Command::Machine { id, op } = value.command() {
            self.apply_command(slot, (*id, op), value.digest(), out);
        }
    }

    fn apply_command(
        &mut self,
        slot: u64,
        (id, op): (RequestId, &KvOp),
        digest: u64,
        out: &mut Effects<Paxos>,
    ) {
        let mut step = Step::new(&(), slot, self.now);
        let outcome = self.learner.state.apply(&mut step, id, op, true);
        if !matches!(self.phase, Phase::Proposing(_)) {
            return;
        }
        // Whoever leads answers, also for what others proposed: the client may still wait.
        match outcome {
            Outcome::New(output) => {
                out.milestone(Milestone::Acknowledged {
                    request: id,
                    slot,
                    digest,
                });
                out.reply(id, Reply::Done(output));
            }
            Outcome::Repeated(output) => {
                out.milestone(Milestone::DuplicateSkipped { request: id, slot });
                out.reply(id, Reply::Done(output));
            }
            // Registers answer at once, so that nobody waits.
            Outcome::Later { .. } | Outcome::Stale => {
                out.milestone(Milestone::DuplicateSkipped { request: id, slot });
            }
        }
    }

    /// Single-decree: the value is known, and there is nothing left to do but tell it.
    fn decided(&mut self, value: &Value, out: &mut Effects<Paxos>) {
        self.phase = Phase::Idle;
        self.backs_off = false;
        out.cancel_timer(Timer::Ballot);
        out.cancel_timer(Timer::Ask);
        for id in std::mem::take(&mut self.waiting) {
            out.reply(id, Reply::Chosen(value.clone()));
        }
    }

    /// Live, 5.5: a snapshot stands for the slots up to its own. Each node takes its own. There is
    /// none of a single decision: it is all that there is to remember.
    fn snapshot_if_due(&mut self, out: &mut Effects<Paxos>) {
        let every = u64::from(self.options.snapshot_every);
        let slot = self.learner.executed;
        if self.options.is_single()
            || every == 0
            || slot + 1 < self.disk.ledger.start().saturating_add(every)
        {
            return;
        }
        let snapshot = Snapshot {
            slot,
            chain: self.learner.chain,
            state: self.learner.state.clone(),
        };
        self.disk.ledger.compact(Arc::new(snapshot));
        self.disk.acceptor.compact(slot);
        out.milestone(Milestone::SnapshotTaken { slot });
    }

    /// Takes over another's state, unless its own is as new.
    pub(super) fn install(&mut self, snapshot: &Arc<Snapshot>, out: &mut Effects<Paxos>) {
        if snapshot.slot <= self.learner.executed || self.options.is_single() {
            return;
        }
        self.learner.resume(snapshot);
        self.disk.ledger.compact(Arc::clone(snapshot));
        self.disk.acceptor.compact(snapshot.slot);
        let (slot, chain) = (snapshot.slot, snapshot.chain);
        out.milestone(Milestone::SnapshotInstalled { slot, chain });
        self.execute(out);
    }

    pub(super) fn on_install(
        &mut self,
        from: NodeId,
        snapshot: &Arc<Snapshot>,
        ctx: &mut Context,
        out: &mut Effects<Paxos>,
    ) {
        if self.leads() {
            return out.ignore("what a leader finds out by itself");
        }
        let before = self.learner.next();
        self.install(snapshot, out);
        self.ask_on(from, before, ctx, out);
    }

    /// A learner that has come a step further asks for the rest.
    fn ask_on(&mut self, whom: NodeId, before: u64, ctx: &mut Context, out: &mut Effects<Paxos>) {
        let next = self.learner.next();
        if next > before && next <= self.learner.told {
            self.send(whom, Message::Ask { from: next }, ctx, out);
        }
    }

    /// A learner asks: what is chosen is told; what is only accepted here counts as a vote
    /// (Simple, 2.3: "the learner could ask the acceptors what proposals they have accepted").
    pub(super) fn on_ask(&mut self, from: NodeId, slot: u64, out: &mut Effects<Paxos>) {
        if let Some(snapshot) = self.disk.ledger.snapshot_from(slot) {
            let snapshot = Arc::clone(snapshot);
            return out.send(from, Message::Install { snapshot });
        }
        if self.chosen(slot).is_some() {
            let values = self.disk.ledger.from(slot).collect();
            return out.send(from, Message::Chosen { slot, values });
        }
        match self.accepted(slot) {
            Some(proposal) => {
                let (ballot, values) = (proposal.ballot, proposal.value.clone().into());
                let accepted = Message::Accepted {
                    ballot,
                    slot,
                    values,
                };
                out.send(from, accepted);
            }
            None => out.ignore("a question that it has no answer to"),
        }
    }

    /// Single-decree: a node that has not learnt the value asks the others for it, one at a time.
    pub(super) fn on_ask_timeout(&mut self, out: &mut Effects<Paxos>) {
        if self.learner.next() > 1 || self.nodes < 2 {
            return;
        }
        self.asked = (self.asked + 1) % self.nodes;
        if self.asked == self.id.0 {
            self.asked = (self.asked + 1) % self.nodes;
        }
        out.send(NodeId(self.asked), Message::Ask { from: 1 });
        self.arm_ask(out);
    }

    pub(super) fn arm_ask(&self, out: &mut Effects<Paxos>) {
        if self.options.ask > crate::base::Micros::ZERO && self.learner.next() == 1 {
            out.set_timer(Timer::Ask, self.options.ask);
        }
    }
}
