//! How a replica misbehaves. It runs the whole protocol and lies in what it says; what it signs
//! with is its own key, and those of allies that whispered theirs to it.

use super::conduct::Way;
use super::digest::Digest;
use super::keys::Party;
use super::message::{
    Certificate, Checkpoint, Claim, Message, Note, Phase, PrePrepare, Sealed, State, ViewChange,
    Vote,
};
use super::milestone::Milestone;
use super::new_view::Plan;
use super::options::Authentication;
use super::request::{Answer, Reply, Request};
use super::slot::Replicas;
use super::state::{Pbft, Timer};
use super::stories::Fork;
use crate::base::{Conduct, Effects, Micros, NodeId, RequestId};
use crate::protocol::machine::{KvMachine, KvOp, KvOutput, Replicated, StateMachine};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What a replica keeps only while it misbehaves.
#[derive(Clone, Debug, Default)]
pub struct Liar {
    conduct: Conduct,
    /// Those whose keys it has.
    allies: Replicas,
    /// What is held back, and until when.
    held: VecDeque<(Micros, Late)>,
    /// What was said, to be said again.
    heard: VecDeque<Message>,
    /// Where two stories are told: what one half and what the other is told at a number.
    pub(super) forks: BTreeMap<u64, Fork>,
}

/// What is held back.
#[derive(Clone, Debug)]
enum Late {
    Message(NodeId, Message),
    Reply(RequestId, Reply),
}

/// How much is kept to be said again.
const HEARD_KEPT: usize = 64;

impl Pbft {
    /// Whether it misbehaves in this way.
    pub(super) fn does(&self, way: Way) -> bool {
        self.liar
            .as_ref()
            .is_some_and(|liar| way.is_in(liar.conduct))
    }

    /// How it behaves.
    pub fn conduct(&self) -> Conduct {
        self.liar
            .as_ref()
            .map_or(Conduct::HONEST, |liar| liar.conduct)
    }

    /// Those it colludes with.
    pub(super) fn allies(&self) -> Replicas {
        let liar = self.liar.as_ref().filter(|_| self.does(Way::Collude));
        liar.map_or(Replicas::default(), |liar| liar.allies)
    }

    pub(super) fn on_conduct(&mut self, conduct: Conduct, out: &mut Effects<Pbft>) {
        if conduct.is_honest() {
            let held = self.liar.take().map(|liar| liar.held).unwrap_or_default();
            held.into_iter().for_each(|(_, late)| let_go(late, out));
            return out.cancel_timer(Timer::Late);
        }
        self.disk.faulty = true;
        self.liar.get_or_insert_default().conduct = conduct;
        out.milestone(Milestone::Misbehaves);
        if self.does(Way::Collude) {
            let whisper = Arc::new(self.seal(Note::Whisper { back: false }));
            for to in self.others.iter() {
                out.send(*to, Message::Note(Arc::clone(&whisper)));
            }
        }
    }

    /// A whisper: among liars the sender becomes an ally.
    pub(super) fn on_whisper(&mut self, from: NodeId, back: bool, out: &mut Effects<Pbft>) {
        if !self.does(Way::Collude) {
            return out.ignore("a whisper among liars");
        }
        if let Some(liar) = &mut self.liar {
            liar.allies.add(from);
        }
        if !back {
            let note = Note::Whisper { back: true };
            let sealed = Sealed::to_one(&self.keys, self.me, Party::Replica(from), note);
            let sealed = Arc::new(sealed);
            for node in self.others.iter() {
                if self.options.identity(*node, self.replicas) == from {
                    out.send(*node, Message::Note(Arc::clone(&sealed)));
                }
            }
        }
    }

    // What it says.

    pub(super) fn lie_to_all(&mut self, message: &Message, out: &mut Effects<Pbft>) {
        let twisted = self.twisted(message);
        self.remember(message.clone());
        let forked = self.fork(&twisted);
        // Whom it speaks to in the names of all is to hear nothing else of the primary.
        let is_order = matches!(message, Message::PrePrepare(_));
        let victim = self.victim().filter(|_| is_order);
        for node in Arc::clone(&self.others).iter() {
            if victim == Some(self.options.identity(*node, self.replicas)) {
                continue;
            }
            for told in self.told(*node, &twisted, &forked) {
                self.emit(*node, told, out);
            }
        }
        if let Message::PrePrepare(sealed) = message {
            if !forked.is_empty() {
                self.press(sealed.body().seq, out);
                self.press(sealed.body().seq - 1, out);
            }
            self.impersonate(sealed.body(), out);
        }
        if self.does(Way::Replay)
            && let Some(old) = self.liar.as_mut().and_then(|liar| liar.heard.pop_front())
        {
            for node in Arc::clone(&self.others).iter() {
                self.emit(*node, old.clone(), out);
            }
        }
    }

    pub(super) fn lie_to(&mut self, node: NodeId, message: &Message, out: &mut Effects<Pbft>) {
        let twisted = self.twisted(message);
        for told in self.told(node, &twisted, &[]) {
            self.emit(node, told, out);
        }
    }

    fn remember(&mut self, message: Message) {
        if !self.does(Way::Replay) {
            return;
        }
        if let Some(liar) = &mut self.liar {
            liar.heard.push_back(message);
            if liar.heard.len() > HEARD_KEPT {
                liar.heard.pop_front();
            }
        }
    }

    /// What it says instead, to whomever it speaks.
    pub(super) fn twisted(&self, message: &Message) -> Message {
        match message {
            Message::PrePrepare(sealed) if sealed.sender() == self.me => {
                let mut ordered = sealed.body().clone();
                if self.does(Way::Forge)
                    && let Some(request) = &ordered.request
                {
                    let made_up = self.made_up(request);
                    ordered.digest = made_up.digest();
                    ordered.request = Some(Arc::new(made_up));
                }
                if self.does(Way::WrongDigest) {
                    ordered.digest = ordered.digest.false_one();
                }
                Message::PrePrepare(Arc::new(self.seal(ordered)))
            }
            Message::Vote(sealed) if self.does(Way::WrongDigest) => {
                let mut vote = *sealed.body();
                vote.digest = vote.digest.false_one();
                Message::Vote(Arc::new(self.seal(vote)))
            }
            Message::Checkpoint(sealed) if self.does(Way::FalseCheckpoint) => {
                let seq = sealed.body().seq;
                let held = self.disk.checkpoints.get(&seq);
                let digest = match held {
                    Some((_, state)) => Digest::of(&false_state(state)),
                    None => sealed.body().digest.false_one(),
                };
                Message::Checkpoint(Arc::new(self.seal(Checkpoint { seq, digest })))
            }
            Message::State(sealed) if self.does(Way::FalseCheckpoint) => {
                let State { seq, state } = sealed.body();
                let state = false_state(state);
                Message::State(Arc::new(self.seal(State { seq: *seq, state })))
            }
            _ => message.clone(),
        }
    }

    /// An operation that no client asked for, in the name of the client that asked for another.
    fn made_up(&self, request: &Request) -> Request {
        let id = request.id();
        let key = match request.op() {
            KvOp::Put(key, _) | KvOp::Get(key) | KvOp::Cas(key, ..) | KvOp::Delete(key) => key,
        };
        let op = KvOp::Put(Arc::clone(key), -(id.serial.min(1 << 50) as i64));
        Request::forged(&self.keys, self.me, id, op)
    }

    /// Sends one message, unless it keeps silent towards that node, and late if it is slow.
    pub(super) fn emit(&mut self, node: NodeId, message: Message, out: &mut Effects<Pbft>) {
        if self.does(Way::Silent) || (self.does(Way::Selective) && !self.favours(node)) {
            return;
        }
        let spoils = matches!(message, Message::Vote(_) | Message::Checkpoint(_));
        let message = match self.does(Way::Forge) && spoils {
            true => message.spoilt(),
            false => message,
        };
        match self.does(Way::Slow) {
            true => self.hold(Late::Message(node, message), out),
            false => out.send(node, message),
        }
    }

    /// Half of the others, the larger one: those that follow it in the ring of replicas.
    fn favours(&self, node: NodeId) -> bool {
        let who = self.options.identity(node, self.replicas);
        let after = (who.index() + self.replicas - self.me.index()) % self.replicas;
        after <= self.replicas / 2
    }

    fn hold(&mut self, late: Late, out: &mut Effects<Pbft>) {
        let after = Micros(self.options.view_timeout.0 / 2);
        let until = self.now + after;
        if let Some(liar) = &mut self.liar {
            if liar.held.is_empty() {
                out.set_timer(Timer::Late, after);
            }
            liar.held.push_back((until, late));
        }
    }

    pub(super) fn on_late(&mut self, out: &mut Effects<Pbft>) {
        let now = self.now;
        let Some(liar) = &mut self.liar else {
            return;
        };
        while let Some((until, _)) = liar.held.front()
            && *until <= now
        {
            if let Some((_, late)) = liar.held.pop_front() {
                let_go(late, out);
            }
        }
        if let Some((until, _)) = liar.held.front() {
            out.set_timer(Timer::Late, until.since(now));
        }
    }

    // What it hears.

    /// Listens in on what comes, before it is acted on.
    pub(super) fn overhear(&mut self, message: &Message, out: &mut Effects<Pbft>) {
        self.remember(message.clone());
        let Message::PrePrepare(sealed) = message else {
            return;
        };
        let ordered = sealed.body();
        if ordered.view != self.disk.view || sealed.sender() != self.primary() {
            return;
        }
        if let Some(request) = &ordered.request {
            self.tempt(request, out);
        }
        self.impersonate(ordered, out);
        // An ally's second story is backed.
        let first = self.slot(ordered.seq).and_then(|slot| slot.digest());
        let allied = self.allies().has(sealed.sender());
        if let Some(first) = first
            && allied
            && first != ordered.digest
            && self.does(Way::Equivocate)
        {
            let (view, digests) = (ordered.view, [first, ordered.digest]);
            if let Some(liar) = &mut self.liar {
                liar.forks.insert(ordered.seq, Fork { view, digests });
            }
            self.press(ordered.seq, out);
        }
    }

    /// With whose key it can sign in the name of `sender`: an ally's is as good as its own.
    fn signer(&self, sender: NodeId) -> NodeId {
        match self.allies().has(sender) {
            true => sender,
            false => self.me,
        }
    }

    /// To whom it speaks in the names of all: the last replica that is neither an ally nor the
    /// primary.
    fn victim(&self) -> Option<NodeId> {
        let (allies, primary) = (self.allies(), self.primary());
        let deceived = |id: &NodeId| *id != self.me && *id != primary && !allies.has(*id);
        let mut all = NodeId::first(self.replicas)
            .rev()
            .filter(|_| self.does(Way::Impersonate));
        all.find(deceived)
    }

    /// Speaks to one replica in the names of all: it is to take a made-up request for prepared
    /// and committed. Votes of allies carry their true signatures.
    fn impersonate(&mut self, ordered: &PrePrepare, out: &mut Effects<Pbft>) {
        let Some(request) = ordered
            .request
            .as_ref()
            .filter(|_| self.does(Way::Impersonate))
        else {
            return;
        };
        let &PrePrepare { view, seq, .. } = ordered;
        let primary = self.primary();
        let Some(victim) = self.victim() else {
            return;
        };
        let request = self.made_up(request);
        let digest = request.digest();
        let false_order = PrePrepare {
            view,
            seq,
            digest,
            request: Some(Arc::new(request)),
        };
        let keys = Arc::clone(&self.keys);
        let sealed = Sealed::forged(&keys, self.signer(primary), primary, false_order);
        let mut said = vec![Message::PrePrepare(Arc::new(sealed))];
        for phase in [Phase::Prepare, Phase::Commit] {
            for sender in NodeId::first(self.replicas) {
                if sender == victim || (phase == Phase::Prepare && sender == primary) {
                    continue;
                }
                let vote = Vote {
                    phase,
                    view,
                    seq,
                    digest,
                };
                let sealed = Sealed::forged(&keys, self.signer(sender), sender, vote);
                said.push(Message::Vote(Arc::new(sealed)));
            }
        }
        for node in Arc::clone(&self.others).iter() {
            if self.options.identity(*node, self.replicas) == victim {
                said.iter()
                    .for_each(|message| self.emit(*node, message.clone(), out));
            }
        }
    }

    /// As primary it orders again what it ordered before: the request before this one.
    pub(super) fn order_again(&self, after: RequestId) -> Option<Arc<Request>> {
        if !self.does(Way::Replay) {
            return None;
        }
        let slots = self.disk.slots.iter().rev();
        let mut requests = slots.filter_map(|slot| {
            let sealed = slot.pre_prepare.as_ref()?;
            sealed.body().request.clone()
        });
        requests.find(|request| request.id() != after)
    }

    // View changes.

    /// A view change that says nothing of what was prepared; with forgery it claims that another
    /// request was, in the view just before.
    pub(super) fn lie_about_what_it_knows(&mut self, change: &mut ViewChange) {
        if !self.does(Way::LieViewChange) {
            return;
        }
        let hidden = std::mem::take(&mut change.prepared);
        change.pre_prepared.clear();
        if !self.does(Way::Forge) {
            return;
        }
        let seq = change.stable.seq + 1;
        let truth = hidden
            .iter()
            .find(|claim| claim.seq == seq)
            .map(|claim| claim.digest);
        let other = self
            .waiting
            .iter()
            .find(|request| Some(request.digest()) != truth);
        let Some(request) = other.map(Arc::clone) else {
            return;
        };
        let (view, digest) = (change.view - 1, request.digest());
        let primary = self.primary_of(view);
        let order = PrePrepare {
            view,
            seq,
            digest,
            request: Some(Arc::clone(&request)),
        };
        let vote = Vote {
            phase: Phase::Prepare,
            view,
            seq,
            digest,
        };
        let keys = &self.keys;
        let forged = |sender| Arc::new(Sealed::forged(keys, self.signer(sender), sender, vote));
        let backups = NodeId::first(self.replicas).filter(|id| *id != primary);
        let order = Sealed::forged(keys, self.signer(primary), primary, order);
        let proof = Arc::new(Certificate {
            pre_prepare: Arc::new(order),
            prepares: backups.take(self.prepare_quorum()).map(forged).collect(),
        });
        let macs = self.options.auth == Authentication::Macs;
        let claim = Claim {
            seq,
            view,
            digest,
            request: Some(request),
            proof: (!macs).then_some(proof),
        };
        if macs {
            change.pre_prepared.push(claim.clone());
        }
        change.prepared.push(claim);
    }

    /// A new view that leaves out what its view changes show.
    pub(super) fn lie_about_plan(&mut self, plan: &mut Plan) {
        if !self.does(Way::LieViewChange) {
            return;
        }
        if plan.chosen.is_empty() {
            plan.chosen.push((Digest::NULL, None));
        }
        plan.chosen
            .iter_mut()
            .for_each(|chosen| *chosen = (Digest::NULL, None));
    }

    // Clients.

    /// Answers a client before anything is agreed on.
    pub(super) fn tempt(&mut self, request: &Request, out: &mut Effects<Pbft>) {
        if self.does(Way::WrongReply) {
            let answer = Answer {
                view: self.disk.view,
                id: request.id(),
                result: self.machine().query(request.op()),
                read_only: false,
            };
            self.lie_to_client(answer, out);
        }
    }

    pub(super) fn lie_to_client(&mut self, mut answer: Answer, out: &mut Effects<Pbft>) {
        if self.does(Way::Silent) {
            return;
        }
        if self.does(Way::WrongReply) {
            answer.result = wrong(answer.result);
        }
        let id = answer.id;
        let to = Party::Client(id.client);
        let mut sealed = Sealed::to_one(&self.keys, self.me, to, answer);
        if self.does(Way::Forge) {
            sealed = sealed.spoilt();
        }
        let reply = Reply(Arc::new(sealed));
        match self.does(Way::Slow) {
            true => self.hold(Late::Reply(id, reply), out),
            false => out.reply(id, reply),
        }
    }
}

fn let_go(late: Late, out: &mut Effects<Pbft>) {
    match late {
        Late::Message(node, message) => out.send(node, message),
        Late::Reply(id, reply) => out.reply(id, reply),
    }
}

/// A result that is not this one. All liars make the same of it.
fn wrong(result: KvOutput) -> KvOutput {
    match result {
        KvOutput::Ok => KvOutput::Swapped(false),
        KvOutput::Value(value) => {
            KvOutput::Value(Some(value.map_or(666, |value| value.wrapping_add(1))))
        }
        KvOutput::Swapped(done) => KvOutput::Swapped(!done),
    }
}

/// A state that nobody has: one register holds something else. All liars make the same of it.
fn false_state(state: &Replicated<KvMachine>) -> Replicated<KvMachine> {
    let mut state = state.clone();
    let op = KvOp::Put("x".into(), 666);
    state.machine.carry_out(&op);
    state
}
