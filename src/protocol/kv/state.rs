//! What a node is, grouped by how long it lives.

use super::item::Item;
use super::member::{Beat, Table};
use super::merkle::Tree;
use super::message::Message;
use super::milestone::Milestone;
use super::op::Op;
use super::options::{Mutant, Options};
use super::ring::Ring;
use super::value::Key;
use super::version::Actor;
use crate::base::{Context as NodeContext, Effects, Micros, NodeId, RequestId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// What survives a crash.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// When this disk was empty, by the node's own clock; nothing while it is.
    pub born: Option<Micros>,
    /// Since when the node counts its writes under the name that it has, by its own clock.
    pub named: Micros,
    /// How many writes the node has counted.
    pub writes: u64,
    /// How often its heart has beaten since.
    pub beat: u64,
    /// What it knows of the others.
    pub table: Arc<Table>,
    /// What it stores.
    pub store: Tree,
    /// What it stores for others, and to whom it has to hand it over.
    pub owed: Arc<BTreeMap<Key, Owed>>,
    /// The keys of which only tombstones are left, and the beat since when.
    pub graves: Arc<BTreeMap<Key, u64>>,
    /// The keys whose versions contradict each other.
    pub conflicts: Arc<BTreeSet<Key>>,
    /// The keys of which it takes no message that may be from before a beat.
    pub bars: Arc<BTreeMap<Key, u64>>,
}

/// A key that a node has to hand over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    /// To whom.
    pub to: Vec<NodeId>,
    /// The beat of the node's own heart when it was sent last; 0 before that.
    pub sent: u64,
}

/// A node's alarm clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Its heart beats: it tells another node who is there, and sees what there is to do.
    Gossip,
    /// It compares what it keeps with another node.
    AntiEntropy,
    /// A call that it makes as coordinator has waited for long enough.
    Patience,
}

impl Timer {
    /// Every timer.
    pub const ALL: &'static [Timer] = &[Timer::Gossip, Timer::AntiEntropy, Timer::Patience];
}

/// A request that a node coordinates.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub number: u64,
    pub id: RequestId,
    pub key: Key,
    pub position: u64,
    pub kind: CallKind,
    /// Whom it has asked, itself included, and for whom each stands in.
    pub asked: Vec<(NodeId, Option<NodeId>)>,
    /// Who has answered.
    pub heard: Vec<NodeId>,
    /// The client has its answer.
    pub done: bool,
    /// Others were asked to stand in for those that are silent.
    pub widened: bool,
    /// When something is to be done about those that are silent.
    pub due: Micros,
}

#[derive(Clone, Debug)]
pub(super) enum CallKind {
    Write {
        /// What to answer.
        context: Arc<super::item::Context>,
        write: super::item::WriteId,
    },
    Read {
        /// What each of those who have answered has, as its digest; 0 for nothing.
        digests: Vec<u64>,
        /// All that they have, together.
        merged: Option<Arc<Item>>,
    },
}

/// What a node has been answered to the question whether a tombstone may be forgotten.
#[derive(Clone, Debug)]
pub(super) struct Inquest {
    pub round: u64,
    pub digest: u64,
    /// Who has said yes in this round.
    pub agreed: Vec<NodeId>,
    /// The beat at which they were asked last.
    pub asked: u64,
}

/// One node of the store.
#[derive(Clone, Debug)]
pub struct Kv {
    pub(super) id: NodeId,
    pub(super) options: Arc<Options>,
    pub(super) disk: Disk,
    pub(super) ring: Arc<Ring>,
    /// The node's own clock at its last input.
    pub(super) now: Micros,
    /// When each node was heard of last, by its number.
    pub(super) heard: Vec<Micros>,
    /// Who seems to be down, in order.
    pub(super) suspects: Vec<NodeId>,
    pub(super) calls: VecDeque<Call>,
    pub(super) next_call: u64,
    /// When the patience timer is due, while it is set.
    pub(super) alarm: Option<Micros>,
    pub(super) inquests: BTreeMap<Key, Inquest>,
    /// With how many it has compared.
    pub(super) compared: u64,
}

impl Kv {
    pub(super) fn start(
        options: &Arc<Options>,
        mut disk: Disk,
        ctx: &mut NodeContext,
        out: &mut Effects<Kv>,
    ) -> Kv {
        let reborn = disk.born.is_none();
        if reborn {
            // A replica that has lost its disk does not know how far it has counted, so it counts
            // anew under a name that it has never had: its clock never shows the same time twice.
            // Its old counters are in the vectors of the others, and whatever it counted under its
            // old name up to there would look as if it were known (Almeida et al. 2014, on actors
            // that come back; Riak's vnode epochs). Its first life is at time zero.
            disk.born = Some(ctx.now);
            if !options.is(Mutant::ReusedReplicaId) {
                disk.named = ctx.now;
            }
            disk.table = Arc::new(Table::of(ctx.members));
        }
        let born = disk.born.unwrap_or_default();
        let own = Arc::make_mut(&mut disk.table).entry(ctx.id);
        own.beat = Beat {
            born,
            count: disk.beat,
        };
        let mut kv = Kv {
            id: ctx.id,
            options: Arc::clone(options),
            ring: Arc::new(Ring::new(&[], 1, 1)),
            now: ctx.now,
            heard: Vec::new(),
            suspects: Vec::new(),
            calls: VecDeque::new(),
            // Answers to calls of a life before this one must not be taken for answers to new
            // ones. The clock of a node never goes back.
            next_call: ctx.now.0,
            alarm: None,
            inquests: BTreeMap::new(),
            compared: 0,
            disk,
        };
        kv.ring = Arc::new(kv.ring_of_table());
        if reborn && ctx.now > Micros::ZERO {
            let name = kv.actor().to_string();
            let joins = !ctx.members.contains(&ctx.id);
            out.milestone(Milestone::Reborn { name, joins });
        }
        let span = options.gossip;
        out.set_timer(Timer::Gossip, ctx.between(Micros(1), span));
        if options.anti_entropy > Micros::ZERO {
            let span = options.anti_entropy;
            out.set_timer(Timer::AntiEntropy, ctx.between(Micros(1), span));
        }
        kv
    }

    /// The node's own number.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// The switches that it runs under.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The ring, as far as it knows.
    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    /// What it knows of the others.
    pub fn table(&self) -> &Table {
        &self.disk.table
    }

    /// What it stores.
    pub fn store(&self) -> &Tree {
        &self.disk.store
    }

    /// What it has of `key`.
    pub fn item(&self, key: &str) -> Option<&Arc<Item>> {
        self.disk.store.get(super::item::position_of(key), key)
    }

    /// Who seems to be down.
    pub fn suspects(&self) -> &[NodeId] {
        &self.suspects
    }

    /// The keys that it has to hand over.
    pub fn owed(&self) -> &BTreeMap<Key, Owed> {
        &self.disk.owed
    }

    /// How many writes it has counted.
    pub fn writes(&self) -> u64 {
        self.disk.writes
    }

    /// The name under which its writes count.
    pub fn actor(&self) -> Actor {
        Actor::replica(self.id, self.disk.named)
    }

    /// Whether it belongs to the ring.
    pub fn is_member(&self) -> bool {
        self.table().get(self.id).is_some_and(|own| own.is_in())
    }

    pub(super) fn is(&self, mutant: Mutant) -> bool {
        self.options.is(mutant)
    }

    pub(super) fn ring_of_table(&self) -> Ring {
        let Options {
            virtual_nodes, n, ..
        } = *self.options;
        Ring::new(&self.disk.table.ring(), virtual_nodes, n as usize)
    }

    /// Who keeps the keys at `position`.
    pub(super) fn replicas(&self, position: u64) -> &[NodeId] {
        self.ring.replicas(position)
    }

    /// Whether this node keeps the keys at `position`.
    pub(super) fn keeps(&self, position: u64) -> bool {
        self.replicas(position).contains(&self.id)
    }

    pub(super) fn is_suspect(&self, node: NodeId) -> bool {
        self.suspects.binary_search(&node).is_ok()
    }

    /// The newest beat of a node's heart that this one has heard of.
    pub(super) fn beat_of(&self, node: NodeId) -> Beat {
        let known = self.disk.table.get(node);
        known.map_or(Beat::default(), |member| member.beat)
    }

    /// What a crash leaves.
    pub(super) fn remains(self) -> Disk {
        self.disk
    }

    /// Takes a node into the ring, or lets it go from it.
    pub(super) fn on_membership(&mut self, id: RequestId, op: &Op, out: &mut Effects<Kv>) {
        use super::op::{Refusal, Reply};
        let (node, joins) = match op {
            Op::Join(node) => (*node, true),
            Op::Leave(node) => (*node, false),
            _ => return,
        };
        if self.ring.members().is_empty() {
            return out.reply(id, Reply::AskAnother);
        }
        let is_in = self.ring.members().contains(&node);
        let least = self.options.r.max(self.options.w);
        if is_in == joins {
            // Asked again, perhaps because the first answer was lost.
            let known = self.disk.table.get(node).is_some_and(|m| m.turn > 0);
            let refusal = Reply::Refused(Refusal::NoMember(node));
            return out.reply(
                id,
                if joins || known {
                    Reply::Changed
                } else {
                    refusal
                },
            );
        }
        if !joins && self.ring.members().len() <= least as usize {
            return out.reply(id, Reply::Refused(Refusal::MustStay(least)));
        }
        if joins && self.disk.table.members().len() >= super::member::MEMBERS_MAX {
            return out.reply(id, Reply::Refused(Refusal::TooManyMembers));
        }
        let member = Arc::make_mut(&mut self.disk.table).entry(node);
        member.turn += 1;
        member.emptied = false;
        self.members_changed(out);
        if node != self.id {
            let table = Arc::clone(&self.disk.table);
            out.send(node, Message::Gossip(table));
        }
        out.reply(id, Reply::Changed);
    }
}
