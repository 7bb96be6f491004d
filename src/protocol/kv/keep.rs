//! A replica's side: taking in versions, telling what it has, handing over, forgetting.

use super::item::Item;
use super::member::Beat;
use super::message::{LIST_MAX, Message, Parcel, Store};
use super::milestone::{Milestone, Way};
use super::options::Mutant;
use super::options::Resolver;
use super::state::{Disk, Kv, Owed};
use super::value::Key;
use crate::base::{Effects, Micros, NodeId};
use std::sync::Arc;

/// After how many beats something that was not confirmed is handed over again.
const AGAIN: u64 = 4;

impl Kv {
    /// Why a message with data of `key` cannot be taken now, if so: it may be from before this
    /// node forgot a tombstone. The sender names the newest beat of this node's heart that it had
    /// heard of; so this node can tell by its own heart alone, whatever the clocks of others show,
    /// that a message is not older than so many beats.
    fn too_old(&self, key: &Key, heard: Beat) -> bool {
        if self.is(Mutant::TakeOldMessages) {
            return false;
        }
        let born = self.disk.born.unwrap_or_default();
        let age = self.disk.beat.saturating_sub(heard.count);
        let barred = self
            .disk
            .bars
            .get(key)
            .is_some_and(|bar| heard.count <= *bar);
        heard.born != born || age > self.options.grace_beats() || barred
    }

    fn beat(&self) -> Beat {
        Beat {
            born: self.disk.born.unwrap_or_default(),
            count: self.disk.beat,
        }
    }

    /// Whether a parcel may be opened; says what is wrong with it if not.
    pub(super) fn may_take(
        &mut self,
        from: NodeId,
        call: u64,
        heard: Beat,
        key: &Key,
        out: &mut Effects<Kv>,
    ) -> bool {
        if self.is_emptied() {
            out.ignore("it has left the ring");
            return false;
        }
        if self.too_old(key, heard) {
            out.ignore("a message that may be from long ago");
            let beat = self.beat();
            out.send(from, Message::TooOld { call, beat });
            return false;
        }
        true
    }

    pub(super) fn on_store(&mut self, from: NodeId, store: &Store, out: &mut Effects<Kv>) {
        let Store {
            call,
            heard,
            hint,
            item,
        } = store;
        if !self.may_take(from, *call, *heard, item.key(), out) {
            return;
        }
        self.take(from, Way::Store, item, out);
        if !self.keeps(item.position()) {
            self.stand_in(item, *hint, out);
        }
        out.send(from, Message::Stored { call: *call });
    }

    pub(super) fn on_parcel(
        &mut self,
        from: NodeId,
        way: Way,
        parcel: &Parcel,
        out: &mut Effects<Kv>,
    ) {
        let Parcel { heard, item } = parcel;
        // Two nodes that see different rings must not hand a key to each other, and each of them
        // then forget it: only who keeps a key takes it for good.
        if !self.keeps(item.position()) {
            return out.ignore("a key that it does not keep");
        }
        if !self.may_take(from, 0, *heard, item.key(), out) {
            return;
        }
        self.take(from, way, item, out);
        if way == Way::Handoff {
            let key = Arc::clone(item.key());
            let digest = super::message::Bits(item.digest());
            out.send(from, Message::HandedOff { key, digest });
        }
    }

    /// Keeps something for others: for the one that it stands in for, or, where the two see
    /// different rings, for all who keep it.
    pub(super) fn stand_in(&mut self, item: &Item, hint: Option<NodeId>, out: &mut Effects<Kv>) {
        let replicas = self.replicas(item.position());
        let for_one = hint.filter(|owner| replicas.contains(owner));
        let to = match for_one {
            Some(owner) => vec![owner],
            None => replicas.to_vec(),
        };
        let owed = Arc::make_mut(&mut self.disk.owed);
        let known = owed.entry(Arc::clone(item.key())).or_insert(Owed {
            to: Vec::new(),
            sent: 0,
        });
        let before = known.to.len();
        for node in to {
            if !known.to.contains(&node) {
                known.to.push(node);
            }
        }
        known.sent = 0;
        if let (Some(owner), true) = (for_one, known.to.len() > before) {
            let key = Arc::clone(item.key());
            out.milestone(Milestone::Hinted { key, owner });
        }
    }

    /// Takes in versions: what either side does not know of stays, what one of them has replaced
    /// goes.
    pub(super) fn take(&mut self, from: NodeId, way: Way, sent: &Arc<Item>, out: &mut Effects<Kv>) {
        let own = self.disk.store.get(sent.position(), sent.key());
        let Some(own) = own.map(Arc::clone) else {
            return self.took(from, way, Arc::clone(sent), sent, None, out);
        };
        if own.digest() == sent.digest() {
            return out.milestone(Milestone::Knew {
                item: own,
                sent: Arc::clone(sent),
            });
        }
        // Preguiça et al. 2010: "sync" keeps the greater of each two counters, and the versions
        // that the other side does not know of.
        let mut siblings = if self.is(Mutant::OverwriteOnMerge) {
            sent.siblings().clone()
        } else {
            own.siblings().sync(sent.siblings())
        };
        if self.options.resolver == Resolver::Lww {
            self.tell_overtaken(own.key(), &siblings, out);
            siblings.settle();
        }
        let merged = Item::new(Arc::clone(own.key()), siblings);
        if merged.digest() == own.digest() {
            return out.milestone(Milestone::Knew {
                item: own,
                sent: Arc::clone(sent),
            });
        }
        let merged = if merged.digest() == sent.digest() {
            Arc::clone(sent)
        } else {
            Arc::new(merged)
        };
        self.took(from, way, merged, sent, Some(&own), out);
    }

    fn took(
        &mut self,
        from: NodeId,
        way: Way,
        item: Arc<Item>,
        sent: &Arc<Item>,
        before: Option<&Arc<Item>>,
        out: &mut Effects<Kv>,
    ) {
        self.put(Arc::clone(&item));
        out.milestone(Milestone::Took {
            from,
            way,
            item: Arc::clone(&item),
            sent: Arc::clone(sent),
        });
        self.tell_conflict(before, &item, out);
    }

    /// Says that a key is in conflict, when it was not before.
    pub(super) fn tell_conflict(
        &self,
        before: Option<&Arc<Item>>,
        item: &Arc<Item>,
        out: &mut Effects<Kv>,
    ) {
        if item.is_conflict() && before.is_none_or(|before| !before.is_conflict()) {
            let item = Arc::clone(item);
            out.milestone(Milestone::Conflict { item });
        }
    }

    /// Says which versions go for their timestamps, before they do.
    pub(super) fn tell_overtaken(
        &self,
        key: &Key,
        siblings: &super::siblings::Siblings,
        out: &mut Effects<Kv>,
    ) {
        let ids = || siblings.iter().map(|version| version.id());
        let Some(winner) = ids().max() else { return };
        for lost in ids().filter(|id| *id != winner) {
            out.milestone(Milestone::Overtaken {
                key: Arc::clone(key),
                lost,
                winner,
            });
        }
    }

    /// Stores an item, and notes whether it is in conflict, and whether only tombstones are left.
    pub(super) fn put(&mut self, item: Arc<Item>) {
        if item.is_conflict() != self.disk.conflicts.contains(item.key()) {
            let conflicts = Arc::make_mut(&mut self.disk.conflicts);
            if !conflicts.remove(item.key()) {
                conflicts.insert(Arc::clone(item.key()));
            }
        }
        let known = self.disk.graves.contains_key(item.key());
        if item.is_deleted() != known {
            let graves = Arc::make_mut(&mut self.disk.graves);
            if known {
                graves.remove(item.key());
            } else {
                graves.insert(Arc::clone(item.key()), self.disk.beat);
            }
        }
        self.disk.store.insert(item);
    }

    /// Takes a key off all lists.
    pub(super) fn unlist(&mut self, key: &Key) {
        let Disk {
            graves,
            owed,
            conflicts,
            ..
        } = &mut self.disk;
        if graves.contains_key(key) {
            Arc::make_mut(graves).remove(key);
        }
        if owed.contains_key(key) {
            Arc::make_mut(owed).remove(key);
        }
        if conflicts.contains(key) {
            Arc::make_mut(conflicts).remove(key);
        }
    }

    /// Keeps an item no longer, since others do.
    pub(super) fn drop_item(&mut self, item: &Arc<Item>, out: &mut Effects<Kv>) {
        // Whatever it counts from now on would look as if it knew what it has counted of this key
        // before, and it does not any more. So it goes on under a new name, as after the loss of
        // its disk.
        if item.siblings().counted(self.actor()) > 0 {
            self.take_new_name();
        }
        self.unlist(item.key());
        self.disk.store.remove(item.position(), item.key());
        out.milestone(Milestone::Dropped {
            item: Arc::clone(item),
        });
    }

    /// Counts on under a name that this node has never had.
    pub(super) fn take_new_name(&mut self) {
        if !self.is(Mutant::ReusedReplicaId) {
            self.disk.named = self.now.max(self.disk.named + Micros(1));
        }
    }

    /// Sends what others should have to those of them who seem to be up (Dynamo, section 4.6).
    pub(super) fn hand_over(&mut self, out: &mut Effects<Kv>) {
        if self.disk.owed.is_empty() {
            return;
        }
        let beat = self.disk.beat;
        let due = |owed: &Owed| owed.sent == 0 || beat >= owed.sent + AGAIN;
        let ready: Vec<(Key, Vec<NodeId>)> = self
            .disk
            .owed
            .iter()
            .filter(|(_, owed)| due(owed))
            .map(|(key, owed)| {
                let up = owed.to.iter().filter(|node| !self.is_suspect(**node));
                (Arc::clone(key), up.copied().collect())
            })
            .filter(|(_, up): &(Key, Vec<NodeId>)| !up.is_empty())
            .take(LIST_MAX)
            .collect();
        for (key, up) in ready {
            let Some(item) = self.item(&key).map(Arc::clone) else {
                Arc::make_mut(&mut self.disk.owed).remove(&key);
                continue;
            };
            for node in up {
                let heard = self.beat_of(node);
                let item = Arc::clone(&item);
                out.send(node, Message::Handoff(Parcel { heard, item }));
            }
            // Section 4.6: the local copy may be deleted "once the transfer succeeds".
            if self.is(Mutant::EarlyHintDrop) {
                self.drop_item(&item, out);
            } else if let Some(owed) = Arc::make_mut(&mut self.disk.owed).get_mut(&key) {
                owed.sent = beat;
            }
        }
    }

    pub(super) fn on_handed_off(
        &mut self,
        from: NodeId,
        key: &Key,
        digest: u64,
        out: &mut Effects<Kv>,
    ) {
        let Some(item) = self.item(key).map(Arc::clone) else {
            return;
        };
        // What was handed over may no longer be all that there is.
        if item.digest() != digest || !self.disk.owed.contains_key(key) {
            return;
        }
        let owed = Arc::make_mut(&mut self.disk.owed);
        let Some(known) = owed.get_mut(key) else {
            return;
        };
        let before = known.to.len();
        known.to.retain(|node| *node != from);
        if known.to.len() == before {
            return;
        }
        let empty = known.to.is_empty();
        out.milestone(Milestone::HandedOver {
            key: Arc::clone(key),
            to: from,
        });
        if empty {
            owed.remove(key);
            if !self.keeps(item.position()) {
                self.drop_item(&item, out);
            }
        }
    }

    pub(super) fn on_fetch(&mut self, from: NodeId, call: u64, key: &Key, out: &mut Effects<Kv>) {
        let item = self.item(key).map(Arc::clone);
        out.send(from, Message::Fetched { call, item });
    }

    pub(super) fn on_too_old(
        &mut self,
        from: NodeId,
        call: u64,
        beat: Beat,
        out: &mut Effects<Kv>,
    ) {
        let known = self.beat_of(from);
        self.note_beat(from, beat);
        // A second copy of the complaint calls for no second copy of the answer.
        if beat > known {
            self.send_again(from, call, out);
        }
    }
}
