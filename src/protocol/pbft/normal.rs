//! The normal case (sections 4.1 and 4.2): a request gets its number, is prepared, committed and
//! executed.

use super::keys::Party;
use super::message::{Certificate, Message, Phase, PrePrepare, Sealed, Vote};
use super::milestone::{Execution, Milestone};
use super::options::{Authentication, Mutant};
use super::request::{Answer, Reply, Request, digest_of};
use super::state::{Pbft, Timer};
use crate::base::{Effects, NodeId, RequestId};
use crate::protocol::machine::{KvMachine, KvOutput, Outcome, StateMachine, Step};
use std::sync::Arc;

impl Pbft {
    /// REQUEST, from its client.
    pub(super) fn on_request(&mut self, request: Arc<Request>, out: &mut Effects<Pbft>) {
        if let Some(fault) = request.fault() {
            return out.ignore(fault);
        }
        if !self.client_vouches(&request) {
            return out.ignore("a request that its client did not sign");
        }
        self.tempt(&request, out);
        if self.was_executed(&request, out) || self.reads_at_once(&request, out) {
            return;
        }
        self.expect(&request, out);
        if self.disk.changing {
            return;
        }
        if self.is_primary() {
            self.order_waiting(out);
        } else {
            // Section 4.4: "if the replica is not the primary, it relays the request to the
            // primary. If the primary does not multicast the request to the group, it will
            // eventually be suspected to be faulty".
            self.send(self.primary(), &Message::Relay(request), out);
        }
    }

    /// A request that a backup passes on.
    pub(super) fn on_relay(&mut self, request: Arc<Request>, out: &mut Effects<Pbft>) {
        if !self.is_primary() {
            return out.ignore("a relayed request, where the primary is another");
        }
        self.tempt(&request, out);
        if self.was_executed(&request, out) {
            return;
        }
        self.expect(&request, out);
        if !self.disk.changing {
            self.order_waiting(out);
        }
    }

    pub(super) fn client_vouches(&self, request: &Request) -> bool {
        self.is(Mutant::NoAuthentication) || request.holds(&self.keys, Party::Replica(self.me))
    }

    /// Section 4.1: a request with a timestamp not later than the client's last reply was
    /// executed; "if the request has already been processed, the replicas simply re-send the
    /// reply". Whether that is so.
    fn was_executed(&mut self, request: &Request, out: &mut Effects<Pbft>) -> bool {
        let id = request.id();
        let Some(session) = self.disk.state.session(id.client) else {
            return false;
        };
        let (last, result) = (session.serial, session.output);
        if last == id.serial {
            if let Some(result) = result {
                self.answer(id, result, false, out);
            }
        } else if last > id.serial {
            out.ignore("a request older than the client's last");
        }
        last >= id.serial
    }

    /// Section 5.1: a read is answered at once, "in its tentative state", that is here in the
    /// state after the last number executed. Asked again, it takes the long way. Whether it was.
    fn reads_at_once(&mut self, request: &Request, out: &mut Effects<Pbft>) -> bool {
        let RequestId { client, serial } = request.id();
        if !self.options.read_only || !KvMachine::is_read(request.op()) {
            return false;
        }
        if self.reads.get(&client).is_some_and(|last| *last >= serial) {
            return false;
        }
        self.reads.insert(client, serial);
        let result = self.machine().query(request.op());
        self.answer(request.id(), result, true, out);
        true
    }

    /// REPLY.
    pub(super) fn answer(
        &mut self,
        id: RequestId,
        result: KvOutput,
        read_only: bool,
        out: &mut Effects<Pbft>,
    ) {
        let answer = Answer {
            view: self.disk.view,
            id,
            result,
            read_only,
        };
        if self.liar.is_some() {
            return self.lie_to_client(answer, out);
        }
        let to = Party::Client(id.client);
        let sealed = Sealed::to_one(&self.keys, self.me, to, answer);
        out.reply(id, Reply(Arc::new(sealed)));
    }

    /// A request is known that is not executed: it must be, before time runs out.
    pub(super) fn expect(&mut self, request: &Arc<Request>, out: &mut Effects<Pbft>) {
        let id = request.id();
        if self.is_done(id) {
            return;
        }
        let known = self
            .waiting
            .iter()
            .position(|known| known.id().client == id.client);
        match known {
            Some(place) if self.waiting[place].id().serial >= id.serial => return,
            Some(place) => drop(self.waiting.remove(place)),
            None => {}
        }
        self.waiting.push_back(Arc::clone(request));
        self.watch_primary(out);
        self.run_status(out);
    }

    /// Section 4.4: "a backup starts a timer when it receives a request and the timer is not
    /// already running. It stops the timer when it is no longer waiting to execute the request,
    /// but restarts it if at that point it is waiting to execute some other request."
    pub(super) fn watch_primary(&mut self, out: &mut Effects<Pbft>) {
        if self.disk.changing {
            return;
        }
        let waits = |id: &RequestId| self.waiting.iter().any(|request| request.id() == *id);
        if self.awaited.as_ref().is_some_and(waits) {
            return;
        }
        self.awaited = None;
        match self.waiting.front() {
            Some(request) if !self.is_primary() => {
                self.awaited = Some(request.id());
                out.set_timer(Timer::ViewChange, self.patience());
            }
            _ => out.cancel_timer(Timer::ViewChange),
        }
    }

    /// The primary gives numbers to the requests that have none, as far as the window goes.
    pub(super) fn order_waiting(&mut self, out: &mut Effects<Pbft>) {
        if self.disk.changing || !self.is_primary() {
            return;
        }
        for place in 0..self.waiting.len() {
            if self.disk.last_given >= self.high() {
                return;
            }
            let Some(request) = self.waiting.get(place).map(Arc::clone) else {
                return;
            };
            if !self.has_number(request.id()) {
                let id = request.id();
                self.order(request, out);
                if let Some(again) = self.order_again(id) {
                    self.order(again, out);
                }
            }
        }
    }

    pub(super) fn has_number(&self, id: RequestId) -> bool {
        self.disk.slots.iter().any(|slot| {
            let sealed = slot.pre_prepare.as_ref();
            let request = sealed.and_then(|sealed| sealed.body().request.as_ref());
            request.is_some_and(|request| request.id() == id)
        })
    }

    /// Gives the next number to a request (section 4.2).
    fn order(&mut self, request: Arc<Request>, out: &mut Effects<Pbft>) {
        self.disk.last_given = self.disk.last_given.max(self.low()) + 1;
        let (view, seq) = (self.disk.view, self.disk.last_given);
        out.milestone(Milestone::Ordered {
            view,
            seq,
            request: request.id(),
        });
        let sealed = Arc::new(self.seal(PrePrepare {
            view,
            seq,
            digest: request.digest(),
            request: Some(request),
        }));
        self.broadcast(&Message::PrePrepare(Arc::clone(&sealed)), out);
        self.take(sealed, out);
    }

    /// PRE-PREPARE (section 4.2): taken if the signatures hold, the digest is the request's, it
    /// is in view v, no other digest was taken for v and n, and n lies between the watermarks.
    pub(super) fn on_pre_prepare(
        &mut self,
        sealed: Arc<Sealed<PrePrepare>>,
        out: &mut Effects<Pbft>,
    ) {
        let &PrePrepare {
            view, seq, digest, ..
        } = sealed.body();
        if sealed.sender() != self.primary_of(view) {
            return out.ignore("a pre-prepare that is not the primary's");
        }
        if self.is_too_early(view) {
            return self.keep_early(Message::PrePrepare(sealed), out);
        }
        if view != self.disk.view || self.disk.changing {
            return out.ignore("a message of another view");
        }
        if !self.in_window(seq) {
            return out.ignore("a number outside the window");
        }
        if !sealed.body().fits() {
            return out.ignore("a digest that is not the request's");
        }
        let Some(request) = &sealed.body().request else {
            return out.ignore("a null request that no new view asks for");
        };
        if !self.client_vouches(request) {
            return out.ignore("a request that its client did not sign");
        }
        let taken = self.slot(seq).and_then(|slot| slot.digest());
        if taken == Some(digest) {
            return out.ignore("a pre-prepare that it has");
        }
        if taken.is_some() {
            self.note_conflict(seq, sealed.sender(), out);
            if !self.is(Mutant::SecondPrePrepare) {
                return out.ignore("a second request for a number that one has");
            }
        }
        self.take(sealed, out);
    }

    /// Somebody has another request at a number of this view.
    fn note_conflict(&mut self, seq: u64, by: NodeId, out: &mut Effects<Pbft>) {
        let view = self.disk.view;
        if let Some(slot) = self.slot_mut(seq)
            && !std::mem::replace(&mut slot.conflict, true)
        {
            out.milestone(Milestone::Conflict { view, seq, by });
        }
    }

    /// Takes a pre-prepare into the log; a backup says so by PREPARE (section 4.2).
    pub(super) fn take(&mut self, sealed: Arc<Sealed<PrePrepare>>, out: &mut Effects<Pbft>) {
        let &PrePrepare {
            view, seq, digest, ..
        } = sealed.body();
        let any = self.is(Mutant::DigestUnchecked);
        let second = self.is(Mutant::SecondPrePrepare);
        let macs = self.options.auth == Authentication::Macs;
        let Some(slot) = self.slot_mut(seq) else {
            return;
        };
        if second && slot.pre_prepare.is_some() {
            // The mutant starts over with this number.
            slot.prepares = Default::default();
            slot.commits = Default::default();
            (slot.prepared, slot.committed) = (false, false);
        }
        if macs {
            slot.note_pre_prepared(sealed.body());
        }
        let request = sealed.body().request.clone();
        slot.take(sealed, any);
        if let Some(request) = request {
            self.expect(&request, out);
        }
        self.run_status(out);
        let conflicts = self.slot(seq).map(|slot| {
            let all = slot.prepares.list.iter().chain(&slot.commits.list);
            all.filter(|vote| vote.body().digest != digest)
                .map(|vote| vote.sender())
                .next()
        });
        if let Some(Some(by)) = conflicts {
            self.note_conflict(seq, by, out);
        }
        if !self.is_primary() {
            self.vote(Phase::Prepare, view, seq, out);
        }
        self.check_prepared(seq, out);
    }

    /// Votes for the request that it has at a number.
    fn vote(&mut self, phase: Phase, view: u64, seq: u64, out: &mut Effects<Pbft>) {
        let Some(digest) = self.slot(seq).and_then(|slot| slot.digest()) else {
            return;
        };
        let vote = Arc::new(self.seal(Vote {
            phase,
            view,
            seq,
            digest,
        }));
        self.broadcast(&Message::Vote(Arc::clone(&vote)), out);
        let any = self.is(Mutant::DigestUnchecked);
        if let Some(slot) = self.slot_mut(seq) {
            slot.vote(vote, any);
        }
    }

    /// PREPARE (section 4.2).
    pub(super) fn on_prepare(&mut self, sealed: Arc<Sealed<Vote>>, out: &mut Effects<Pbft>) {
        let Vote { view, seq, .. } = *sealed.body();
        if sealed.sender() == self.primary_of(view) {
            return out.ignore("a prepare of the primary");
        }
        if self.take_vote(sealed, out) {
            self.check_prepared(seq, out);
        }
    }

    /// COMMIT (section 4.2).
    pub(super) fn on_commit(&mut self, sealed: Arc<Sealed<Vote>>, out: &mut Effects<Pbft>) {
        let seq = sealed.body().seq;
        if self.take_vote(sealed, out) {
            self.check_committed(seq, out);
        }
    }

    /// Puts a vote into the log, if it belongs there. Whether it did.
    fn take_vote(&mut self, sealed: Arc<Sealed<Vote>>, out: &mut Effects<Pbft>) -> bool {
        let Vote {
            phase,
            view,
            seq,
            digest,
        } = *sealed.body();
        if self.is_too_early(view) {
            self.keep_early(Message::Vote(sealed), out);
            return false;
        }
        if view != self.disk.view || self.disk.changing {
            out.ignore("a message of another view");
            return false;
        }
        if !self.in_window(seq) {
            out.ignore("a number outside the window");
            return false;
        }
        let any = self.is(Mutant::DigestUnchecked);
        let sender = sealed.sender();
        let Some(slot) = self.slot_mut(seq) else {
            return false;
        };
        if slot.votes(phase).has(sender) {
            out.ignore("a vote that it has");
            return false;
        }
        let conflicts = slot.digest().is_some_and(|own| own != digest);
        slot.vote(sealed, any);
        if conflicts {
            self.note_conflict(seq, sender, out);
        }
        true
    }

    /// `prepared(m, v, n, i)` of section 4.2: the request, a pre-prepare for it, and 2f prepares
    /// of different backups that match it. Then it says COMMIT.
    pub(super) fn check_prepared(&mut self, seq: u64, out: &mut Effects<Pbft>) {
        let needed = self.prepare_quorum();
        let any = self.is(Mutant::DigestUnchecked);
        let Some(slot) = self.slot_mut(seq) else {
            return;
        };
        let Some(pre_prepare) = &slot.pre_prepare else {
            return;
        };
        if slot.prepared || slot.prepares.matching < needed {
            return;
        }
        let PrePrepare { view, digest, .. } = *pre_prepare.body();
        let prepares = match any {
            true => slot
                .prepares
                .list
                .iter()
                .take(needed)
                .map(Arc::clone)
                .collect(),
            false => slot
                .prepares
                .of(digest)
                .take(needed)
                .map(Arc::clone)
                .collect(),
        };
        slot.certificate = Some(Arc::new(Certificate {
            pre_prepare: Arc::clone(pre_prepare),
            prepares,
        }));
        slot.prepared = true;
        out.milestone(Milestone::Prepared { view, seq, digest });
        self.vote(Phase::Commit, view, seq, out);
        self.check_committed(seq, out);
    }

    /// `committed-local(m, v, n, i)` of section 4.2: prepared, and 2f + 1 commits that match.
    pub(super) fn check_committed(&mut self, seq: u64, out: &mut Effects<Pbft>) {
        let needed = self.commit_quorum();
        let primary = self.is_primary();
        let view = self.disk.view;
        let Some(slot) = self.slot_mut(seq) else {
            return;
        };
        if !slot.prepared || slot.committed || slot.commits.matching < needed {
            return;
        }
        slot.committed = true;
        let digest = slot.digest().unwrap_or_default();
        out.milestone(Milestone::Committed {
            view,
            seq,
            digest,
            primary,
        });
        self.execute_committed(out);
    }

    /// Section 4.2: "each replica executes the operation requested by m after committed-local is
    /// true and its state reflects the sequential execution of all requests with lower numbers".
    pub(super) fn execute_committed(&mut self, out: &mut Effects<Pbft>) {
        loop {
            let seq = self.disk.executed + 1;
            let slot = self.slot(seq).filter(|slot| slot.committed);
            let Some(sealed) = slot.and_then(|slot| slot.pre_prepare.clone()) else {
                break;
            };
            self.disk.executed = seq;
            self.execute(sealed.body(), out);
            if seq.is_multiple_of(u64::from(self.options.checkpoint_interval)) {
                self.take_checkpoint(seq, out);
            }
        }
        self.watch_primary(out);
    }

    fn execute(&mut self, ordered: &PrePrepare, out: &mut Effects<Pbft>) {
        // Of the request itself: where a mutant has taken what does not fit, the pre-prepare names
        // another.
        let (seq, digest) = (ordered.seq, digest_of(ordered.request.as_deref()));
        let Some(request) = &ordered.request else {
            // The null request: "a no-op" (section 4.4).
            return out.milestone(Milestone::Executed(Arc::new(Execution {
                seq,
                digest,
                request: None,
                result: None,
            })));
        };
        // Section 4.1: timestamps make sure that a request is executed once.
        let once = !self.is(Mutant::ExecutesTwice);
        let id = request.id();
        let mut step = Step::new(&(), seq, self.now);
        let outcome = self.disk.state.apply(&mut step, id, request.op(), once);
        let result = match &outcome {
            Outcome::New(result) => Some(*result),
            Outcome::Repeated(_) | Outcome::Later { .. } | Outcome::Stale => None,
        };
        out.milestone(Milestone::Executed(Arc::new(Execution {
            seq,
            digest,
            request: Some(id),
            result,
        })));
        match outcome {
            Outcome::New(result) => {
                // What it waited for in this view was done: it trusts again.
                self.impatience = 0;
                self.answer(id, result, false, out);
            }
            Outcome::Repeated(result) => {
                out.milestone(Milestone::DuplicateSkipped { request: id, seq });
                self.answer(id, result, false, out);
            }
            // Registers answer at once, so that nobody waits.
            Outcome::Later { .. } | Outcome::Stale => {
                out.milestone(Milestone::DuplicateSkipped { request: id, seq });
            }
        }
        self.forget_waiting(id);
    }

    /// A request is done, and with it those that its client asked before.
    fn forget_waiting(&mut self, done: RequestId) {
        let past = |id: RequestId| id.client == done.client && id.serial <= done.serial;
        self.waiting.retain(|request| !past(request.id()));
    }

    /// What a state that was taken over has done need not be waited for.
    pub(super) fn forget_done(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|request| !self.is_done(request.id()));
        self.waiting = waiting;
    }

    /// Whether this request, or a later one of its client, was executed.
    fn is_done(&self, id: RequestId) -> bool {
        let session = self.disk.state.session(id.client);
        session.is_some_and(|session| session.serial >= id.serial)
    }
}
