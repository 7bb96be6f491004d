//! What a replica is, grouped by how long it lives.

use super::byzantine::Liar;
use super::digest::Digest;
use super::keys::{Keys, Party};
use super::message::{Body, Checkpoint, Message, NewView, Note, Sealed, ViewChange};
use super::options::{Mutant, Options};
use super::request::Request;
use super::slot::{Replicas, Slot};
use crate::base::quorum::{byzantine_faults, byzantine_quorum};
use crate::base::{Context, Effects, Micros, NodeId, RequestId};
use crate::protocol::machine::{KvMachine, Replicated};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What survives a crash. The paper's replicas keep all this in memory and count one that forgets
/// it as faulty; here it is on disk, so that a crash alone makes nobody a liar.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// The view, or the one that is wanted.
    pub view: u64,
    /// Another view is wanted and has not begun.
    pub changing: bool,
    /// Low watermark: the last stable checkpoint (section 4.3). The log begins after it.
    pub(super) stable: Checkpoint,
    /// With signatures, what proves that checkpoint to others.
    pub(super) stable_proof: Vec<Arc<Sealed<Checkpoint>>>,
    /// The log: the slot of number n lies at n - stable - 1.
    pub(super) slots: VecDeque<Arc<Slot>>,
    /// The last number executed.
    pub executed: u64,
    /// The machine and the clients' last replies, after that number.
    pub(super) state: Replicated<KvMachine>,
    /// The states after the last stable checkpoint and those that are not yet stable.
    pub(super) checkpoints: BTreeMap<u64, (Digest, Replicated<KvMachine>)>,
    /// As primary: the last number given out in this view.
    pub(super) last_given: u64,
    /// What this replica said to leave the view before.
    pub(super) view_change: Option<Arc<Sealed<ViewChange>>>,
    /// What began this view.
    pub(super) new_view: Option<Arc<Sealed<NewView>>>,
    /// It has misbehaved at some time: whatever it does, nothing is expected of it any more.
    pub(super) faulty: bool,
}

/// A replica's alarm clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// A request has waited too long, or a view to begin: ask for another (section 4.4).
    ViewChange,
    /// Nothing has moved: tell the others what is here.
    Status,
    /// A liar's message has been held back long enough.
    Late,
}

impl Timer {
    /// Every timer.
    pub const ALL: &'static [Timer] = &[Timer::ViewChange, Timer::Status, Timer::Late];
}

/// A replica's part in its view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoleName {
    /// It gives requests their numbers.
    Primary,
    /// It follows the primary, and watches it.
    Backup,
    /// It has left a view, and waits for the next to begin.
    Changing,
}

impl RoleName {
    /// Names of the roles, in order.
    pub const NAMES: &'static [&'static str] = &["primary", "backup", "changing view"];
}

/// A state that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fetching {
    pub checkpoint: Checkpoint,
    /// Who can be asked: those who vouch for it.
    pub from: Replicas,
    /// Who was asked last.
    pub asked: NodeId,
}

/// One node of PBFT.
#[derive(Clone, Debug)]
pub struct Pbft {
    /// The node.
    pub(super) id: NodeId,
    /// The replica that it is: itself, but for a twin.
    pub(super) me: NodeId,
    /// How many replicas there are: n.
    pub(super) replicas: usize,
    /// The other nodes: all but those that are this replica.
    pub(super) others: Arc<[NodeId]>,
    pub(super) options: Arc<Options>,
    pub(super) keys: Arc<Keys>,
    pub(super) disk: Disk,
    /// The requests that it knows and has not executed, in the order in which it heard of them;
    /// one of each client, the newest.
    pub(super) waiting: VecDeque<Arc<Request>>,
    /// The one for which its timer runs (section 4.4).
    pub(super) awaited: Option<RequestId>,
    /// View changes since it last had reason to trust a primary: each doubles the time-out.
    pub(super) impatience: u32,
    /// Checkpoints that others and it have announced.
    pub(super) announced: BTreeMap<u64, Vec<Arc<Sealed<Checkpoint>>>>,
    /// The newest view change of each replica.
    pub(super) changes: Vec<Option<Arc<Sealed<ViewChange>>>>,
    /// With MACs: who acknowledges which view change, by its sender and digest.
    pub(super) acks: BTreeMap<(NodeId, Digest), Replicas>,
    /// With MACs: a new view that rests on view changes which others have to vouch for.
    pub(super) unproven: Option<Arc<Sealed<NewView>>>,
    /// The timer runs for the view to begin.
    pub(super) awaits_view: bool,
    /// Messages of the view that has yet to begin here.
    pub(super) early: Vec<Message>,
    pub(super) fetching: Option<Fetching>,
    pub(super) status_runs: bool,
    /// Where it stood when the status timer was set.
    pub(super) status_mark: (u64, bool, u64),
    /// The last read of each client that was answered without order.
    pub(super) reads: BTreeMap<u32, u64>,
    pub(super) liar: Option<Box<Liar>>,
    /// The node's own clock at its last input.
    pub(super) now: Micros,
}

impl Pbft {
    pub(super) fn start(
        options: &Arc<Options>,
        disk: Disk,
        ctx: &mut Context,
        out: &mut Effects<Pbft>,
    ) -> Pbft {
        let nodes = ctx.members.len().max(1);
        let replicas = options.replicas(nodes);
        let me = options.identity(ctx.id, replicas);
        let others = NodeId::first(nodes).filter(|id| options.identity(*id, replicas) != me);
        let mut pbft = Pbft {
            id: ctx.id,
            me,
            replicas,
            others: others.collect(),
            keys: options.keys(nodes),
            options: Arc::clone(options),
            waiting: VecDeque::new(),
            awaited: None,
            impatience: 0,
            announced: BTreeMap::new(),
            changes: vec![None; replicas],
            acks: BTreeMap::new(),
            unproven: None,
            awaits_view: false,
            early: Vec::new(),
            fetching: None,
            status_runs: false,
            status_mark: (0, false, 0),
            reads: BTreeMap::new(),
            liar: None,
            now: ctx.now,
            disk,
        };
        if let Some(change) = &pbft.disk.view_change {
            pbft.changes[me.index()] = Some(Arc::clone(change));
        }
        pbft.resume(out);
        pbft
    }

    /// After a crash: what is on the disk may be behind, and what was said may have been lost.
    fn resume(&mut self, out: &mut Effects<Pbft>) {
        let slots = self.disk.slots.iter();
        let requests: Vec<Arc<Request>> = slots
            .filter_map(|slot| slot.pre_prepare.as_ref()?.body().request.clone())
            .collect();
        requests
            .iter()
            .for_each(|request| self.expect(request, out));
        let checkpoints: Vec<Checkpoint> = self
            .disk
            .checkpoints
            .iter()
            .filter(|(seq, _)| **seq > self.disk.stable.seq)
            .map(|(seq, (digest, _))| Checkpoint {
                seq: *seq,
                digest: *digest,
            })
            .collect();
        for checkpoint in checkpoints {
            let own = Sealed::to_all(&self.keys, self.me, checkpoint);
            self.announced
                .entry(checkpoint.seq)
                .or_default()
                .push(Arc::new(own));
        }
        if self.disk.executed > 0 || self.disk.view > 0 || !self.disk.slots.is_empty() {
            self.run_status(out);
        }
    }

    /// The node's own number.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// The replica that it is: its own number, but for a twin.
    pub fn replica(&self) -> NodeId {
        self.me
    }

    /// How many replicas there are: n.
    pub fn replicas(&self) -> usize {
        self.replicas
    }

    /// Its view, or the one that it wants.
    pub fn view_number(&self) -> u64 {
        self.disk.view
    }

    /// Whether that view has begun for it.
    pub fn is_active(&self) -> bool {
        !self.disk.changing
    }

    /// The last number that it has executed.
    pub fn executed(&self) -> u64 {
        self.disk.executed
    }

    /// The low watermark: its last stable checkpoint.
    pub fn low(&self) -> u64 {
        self.disk.stable.seq
    }

    /// The high watermark: the last number that may be given out.
    pub fn high(&self) -> u64 {
        self.disk.stable.seq + u64::from(self.options.window)
    }

    /// Its copy of the machine.
    pub fn machine(&self) -> &KvMachine {
        &self.disk.state.machine
    }

    /// What it said when it left the view before, if it has left one.
    pub fn own_view_change(&self) -> Option<Arc<Sealed<ViewChange>>> {
        self.disk.view_change.clone()
    }

    /// Whether it has ever misbehaved, or shares its key with a twin: nothing is expected of it.
    pub fn is_faulty(&self) -> bool {
        self.disk.faulty || self.has_twin()
    }

    /// Whether another node runs as the same replica.
    pub fn has_twin(&self) -> bool {
        self.options.twins.contains(&self.me)
    }

    /// f: how many faulty replicas there may be.
    pub fn faults(&self) -> usize {
        byzantine_faults(self.replicas)
    }

    /// How many replicas make a certificate: 2f + 1 when n = 3f + 1.
    pub fn quorum(&self) -> usize {
        byzantine_quorum(self.replicas)
    }

    /// How many prepares make a pre-prepare prepared: the primary needs none (section 4.2).
    pub(super) fn prepare_quorum(&self) -> usize {
        let missing = 1 + usize::from(self.is(Mutant::SmallPreparedQuorum));
        self.quorum().saturating_sub(missing)
    }

    /// How many commits make a prepared request committed here (section 4.2).
    pub(super) fn commit_quorum(&self) -> usize {
        self.quorum() - usize::from(self.is(Mutant::SmallCommitQuorum)).min(self.quorum() - 1)
    }

    /// The primary of a view: v mod n (section 4).
    pub fn primary_of(&self, view: u64) -> NodeId {
        NodeId((view % self.replicas as u64) as u16)
    }

    /// The primary of its view.
    pub fn primary(&self) -> NodeId {
        self.primary_of(self.disk.view)
    }

    /// Whether it is the primary of its view.
    pub fn is_primary(&self) -> bool {
        self.primary() == self.me
    }

    /// Its part in its view.
    pub fn role(&self) -> RoleName {
        match (self.disk.changing, self.is_primary()) {
            (true, _) => RoleName::Changing,
            (false, true) => RoleName::Primary,
            (false, false) => RoleName::Backup,
        }
    }

    pub(super) fn is(&self, mutant: Mutant) -> bool {
        self.options.is(mutant)
    }

    /// Whether a number lies between the watermarks (section 4.2).
    pub(super) fn in_window(&self, seq: u64) -> bool {
        self.low() < seq && seq <= self.high()
    }

    fn place(&self, seq: u64) -> Option<usize> {
        let place = seq.checked_sub(self.low() + 1)?;
        (place < u64::from(self.options.window)).then_some(place as usize)
    }

    pub(super) fn slot(&self, seq: u64) -> Option<&Slot> {
        self.disk.slots.get(self.place(seq)?).map(|slot| &**slot)
    }

    /// The slot of a number between the watermarks, made if need be.
    pub(super) fn slot_mut(&mut self, seq: u64) -> Option<&mut Slot> {
        let place = self.place(seq)?;
        while self.disk.slots.len() <= place {
            self.disk.slots.push_back(Arc::default());
        }
        self.disk.slots.get_mut(place).map(Arc::make_mut)
    }

    /// The number of the last slot that there is.
    pub(super) fn last_slot(&self) -> u64 {
        self.low() + self.disk.slots.len() as u64
    }

    /// How long a request may wait, or a view to begin, by now (section 4.5.2).
    pub(super) fn patience(&self) -> Micros {
        let doublings = match self.is(Mutant::NoDoubling) {
            true => 0,
            false => self.impatience.saturating_sub(1).min(16),
        };
        Micros(self.options.view_timeout.0.saturating_mul(1 << doublings))
    }

    // What it says. A liar's words take another way: see byzantine.rs.

    /// Says something to all other replicas.
    pub(super) fn broadcast(&mut self, message: &Message, out: &mut Effects<Pbft>) {
        if self.liar.is_some() {
            return self.lie_to_all(message, out);
        }
        for to in self.others.iter() {
            out.send(*to, message.clone());
        }
    }

    /// Says something to one replica, and to its twins.
    pub(super) fn send(&mut self, to: NodeId, message: &Message, out: &mut Effects<Pbft>) {
        let others = Arc::clone(&self.others);
        for node in others.iter() {
            if self.options.identity(*node, self.replicas) == to {
                self.send_to_node(*node, message, out);
            }
        }
    }

    fn send_to_node(&mut self, node: NodeId, message: &Message, out: &mut Effects<Pbft>) {
        if self.liar.is_some() {
            return self.lie_to(node, message, out);
        }
        out.send(node, message.clone());
    }

    /// Says something short to all.
    pub(super) fn note_all(&mut self, note: Note, out: &mut Effects<Pbft>) {
        let note = Arc::new(self.seal(note));
        self.broadcast(&Message::Note(note), out);
    }

    /// Says something short to one.
    pub(super) fn note(&mut self, to: NodeId, note: Note, out: &mut Effects<Pbft>) {
        let sealed = Sealed::to_one(&self.keys, self.me, Party::Replica(to), note);
        self.send(to, &Message::Note(Arc::new(sealed)), out);
    }

    /// Seals something for all.
    pub(super) fn seal<T: Body>(&self, body: T) -> Sealed<T> {
        Sealed::to_all(&self.keys, self.me, body)
    }
}
