//! Forgetting tombstones, safely: only once nobody can have what they stand for.
//!
//! A tombstone that goes too early lets a node that was away give the value back to all. So a
//! replica asks everybody, twice. Who has nothing of the key but this tombstone says yes. When all
//! have said yes in the first round, nobody can send what was deleted any more; only messages that
//! are under way can still carry it. Who says yes in the second round takes no message about the
//! key from then on that names a beat of its heart from before: so none that is under way. When
//! all have said yes again, the tombstone goes.

use super::message::{Bits, Grave, LIST_MAX, Message};
use super::milestone::Milestone;
use super::options::Mutant;
use super::state::{Inquest, Kv};
use super::value::Key;
use crate::base::{Effects, NodeId};
use std::sync::Arc;

/// After how many beats those that have not answered are asked again.
const AGAIN: u64 = 4;

impl Kv {
    /// Looks which tombstones are old enough to ask about.
    pub(super) fn hold_inquests(&mut self, out: &mut Effects<Kv>) {
        if self.disk.graves.is_empty() {
            return;
        }
        let (beat, grace) = (self.disk.beat, self.options.grace_beats());
        let old = |since: &u64| beat.saturating_sub(*since) > grace;
        let ripe: Vec<(Key, u64)> = self
            .disk
            .graves
            .iter()
            .filter(|(_, since)| old(since))
            .take(LIST_MAX)
            .map(|(key, since)| (Arc::clone(key), *since))
            .collect();
        for (key, since) in ripe {
            if self.is(Mutant::EarlyReap) {
                self.forget(&key, out);
                continue;
            }
            // One of them need ask; the others do if it does not.
            let position = super::item::position_of(&key);
            let first = self.replicas(position).first() == Some(&self.id);
            let late = beat.saturating_sub(since) > 2 * grace;
            if self.keeps(position) && (first || late) {
                self.inquire(&key, out);
            }
        }
    }

    /// Asks those who have not said yes yet.
    fn inquire(&mut self, key: &Key, out: &mut Effects<Kv>) {
        let Some(digest) = self.item(key).map(|item| item.digest()) else {
            return;
        };
        let beat = self.disk.beat;
        let known = self.inquests.get(key);
        if known.is_some_and(|known| known.digest == digest && beat < known.asked + AGAIN) {
            return;
        }
        let kept = self.inquests.remove(key);
        let mut inquest = match kept.filter(|known| known.digest == digest) {
            Some(known) => known,
            None => Inquest {
                round: 1,
                digest,
                agreed: Vec::new(),
                asked: beat,
            },
        };
        inquest.asked = beat;
        self.ask(key, inquest, out);
    }

    fn ask(&mut self, key: &Key, mut inquest: Inquest, out: &mut Effects<Kv>) {
        let grave = Grave {
            ring: self.ring_identity(),
            round: inquest.round,
            key: Arc::clone(key),
            digest: Bits(inquest.digest),
        };
        if !inquest.agreed.contains(&self.id) {
            if !self.agrees(&grave) {
                return;
            }
            inquest.agreed.push(self.id);
        }
        let keepers: Vec<NodeId> = self.disk.table.keepers().collect();
        for node in keepers {
            if !inquest.agreed.contains(&node) {
                out.send(node, Message::AskReap(grave.clone()));
            }
        }
        self.conclude(key, inquest, out);
    }

    /// Goes on to the next round, or to the end, once everybody has said yes.
    fn conclude(&mut self, key: &Key, mut inquest: Inquest, out: &mut Effects<Kv>) {
        let agreed = |node: NodeId| inquest.agreed.contains(&node);
        let everybody = self.disk.table.keepers().all(agreed);
        if !everybody {
            self.inquests.insert(Arc::clone(key), inquest);
            return;
        }
        if inquest.round == 1 {
            inquest.round = 2;
            inquest.agreed.clear();
            return self.ask(key, inquest, out);
        }
        let grave = Grave {
            ring: self.ring_identity(),
            round: inquest.round,
            key: Arc::clone(key),
            digest: Bits(inquest.digest),
        };
        for node in inquest.agreed.iter().filter(|node| **node != self.id) {
            out.send(*node, Message::Reap(grave.clone()));
        }
        self.forget(key, out);
    }

    /// Whether this node has nothing of the key but that tombstone, nor will have: then it says
    /// so, and in the second round bars itself against messages from before now.
    fn agrees(&mut self, grave: &Grave) -> bool {
        let busy = self.calls.iter().any(|call| call.key == grave.key);
        let owes = self.disk.owed.contains_key(&grave.key);
        let item = self.item(&grave.key);
        let position = super::item::position_of(&grave.key);
        let same = item.is_none_or(|item| item.digest() == grave.digest.0 && item.is_deleted());
        if grave.ring != self.ring_identity() || busy || owes || !same {
            return false;
        }
        if grave.round > 1 {
            let bars = Arc::make_mut(&mut self.disk.bars);
            bars.insert(Arc::clone(&grave.key), self.disk.beat);
            // What all are about to forget is not passed on to those who have forgotten it.
            self.disk.store.hide(position, &grave.key, true);
        }
        true
    }

    pub(super) fn on_ask_reap(&mut self, from: NodeId, grave: &Grave, out: &mut Effects<Kv>) {
        let yes = self.agrees(grave);
        let grave = grave.clone();
        out.send(from, Message::ReapAnswer { grave, yes });
    }

    pub(super) fn on_reap_answer(
        &mut self,
        from: NodeId,
        grave: &Grave,
        yes: bool,
        out: &mut Effects<Kv>,
    ) {
        let fits = |inquest: &Inquest| {
            inquest.round == grave.round && Bits(inquest.digest) == grave.digest
        };
        if grave.ring != self.ring_identity() || !self.inquests.get(&grave.key).is_some_and(fits) {
            return;
        }
        let Some(mut inquest) = self.inquests.remove(&grave.key) else {
            return;
        };
        let item = self.item(&grave.key);
        if !yes || item.is_none_or(|item| Bits(item.digest()) != grave.digest) {
            // All over again, after a while.
            inquest.round = 1;
            inquest.agreed.clear();
            self.inquests.insert(Arc::clone(&grave.key), inquest);
            return;
        }
        if !inquest.agreed.contains(&from) {
            inquest.agreed.push(from);
        }
        self.conclude(&grave.key, inquest, out);
    }

    pub(super) fn on_reap(&mut self, grave: &Grave, out: &mut Effects<Kv>) {
        let item = self.item(&grave.key);
        let same =
            item.is_some_and(|item| Bits(item.digest()) == grave.digest && item.is_deleted());
        if same && self.disk.bars.contains_key(&grave.key) {
            self.forget(&grave.key, out);
        }
    }

    fn forget(&mut self, key: &Key, out: &mut Effects<Kv>) {
        let position = super::item::position_of(key);
        if let Some(item) = self.disk.store.remove(position, key) {
            self.unlist(key);
            out.milestone(Milestone::Reaped { item });
        }
    }

    /// A bar is needed only until every message from before it is too old by its age alone.
    pub(super) fn lift_bars(&mut self) {
        if self.disk.bars.is_empty() {
            return;
        }
        let (beat, grace) = (self.disk.beat, self.options.grace_beats());
        let over: Vec<Key> = self
            .disk
            .bars
            .iter()
            .filter(|(_, bar)| beat.saturating_sub(**bar) > grace)
            .map(|(key, _)| Arc::clone(key))
            .collect();
        for key in over {
            Arc::make_mut(&mut self.disk.bars).remove(&key);
            let position = super::item::position_of(&key);
            self.disk.store.hide(position, &key, false);
        }
    }
}
