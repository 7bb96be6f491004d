//! Anti-entropy: two nodes compare what both of them keep, and bring each other up to date
//! (Dynamo, section 4.7).
//!
//! They begin with one number over all of it. Where numbers differ, they go down the tree, one
//! step a message, until only a few keys are left; of these they compare digests, and exchange the
//! versions that differ. Nothing is remembered between messages: each carries the ring by which it
//! was made, and one made by another ring is dropped.

use super::item::Item;
use super::merkle::{DEPTH_MAX, FAN, Part};
use super::message::{Bits, Branch, Branches, Entries, LIST_MAX, Leaf, Leaves, Message};
use super::milestone::{Milestone, Way};
use super::state::{Kv, Timer};
use crate::base::{Effects, NodeId};
use std::sync::Arc;

/// A part with no more items than this is told item by item.
const FEW: usize = 6;

type Ranges = Arc<[(u64, u64)]>;

impl Kv {
    pub(super) fn on_comparison_due(&mut self, out: &mut Effects<Kv>) {
        if let Some(peer) = self.next_peer() {
            self.compare_with(peer, out);
        }
        out.set_timer(Timer::AntiEntropy, self.options.anti_entropy);
    }

    /// The others take turns, those that seem to be down left out.
    fn next_peer(&mut self) -> Option<NodeId> {
        let up = |node: &&NodeId| **node != self.id && !self.is_suspect(**node);
        let others = self.ring.members().iter().filter(up);
        let count = others.clone().count() as u64;
        let turn = self.compared.checked_rem(count)?;
        let peer = others.copied().nth(turn as usize);
        self.compared += 1;
        peer
    }

    /// Asks a node whether the two hold the same.
    pub(super) fn compare_with(&self, peer: NodeId, out: &mut Effects<Kv>) {
        let ranges = self.ring.common(self.id, peer);
        if ranges.is_empty() {
            return;
        }
        let (sum, _) = self.disk.store.sum(Part::WHOLE, &ranges);
        let ring = self.ring_identity();
        let sum = Bits(sum);
        out.send(peer, Message::Compare { ring, sum });
    }

    pub(super) fn ring_identity(&self) -> Bits {
        Bits(self.disk.table.identity())
    }

    /// What both keep; nothing, with a reason told, where the two see different rings.
    fn shared(&self, from: NodeId, ring: Bits, out: &mut Effects<Kv>) -> Option<Ranges> {
        if ring != self.ring_identity() {
            out.ignore("a comparison by another ring");
            return None;
        }
        Some(self.ring.common(self.id, from))
    }

    pub(super) fn on_compare(&self, from: NodeId, ring: Bits, sum: Bits, out: &mut Effects<Kv>) {
        let Some(ranges) = self.shared(from, ring, out) else {
            return;
        };
        if self.disk.store.sum(Part::WHOLE, &ranges).0 != sum.0 {
            self.go_down(from, &[Part::WHOLE], &ranges, out);
        }
    }

    /// Tells of each part what lies below it: the items where they are few, sums otherwise.
    fn go_down(&self, to: NodeId, parts: &[Part], ranges: &Ranges, out: &mut Effects<Kv>) {
        let ring = self.ring_identity();
        let (mut leaves, mut branches) = (Vec::new(), Vec::new());
        for part in parts.iter().take(LIST_MAX).copied() {
            let (_, count) = self.disk.store.sum(part, ranges);
            if count <= FEW || part.depth >= DEPTH_MAX {
                let mut held: Vec<(Bits, Bits)> = self
                    .disk
                    .store
                    .within(part, ranges)
                    .iter()
                    .map(|item| (Bits(item.position()), Bits(item.digest())))
                    .collect();
                held.truncate(LIST_MAX);
                leaves.push(Leaf { part, held });
            } else {
                let sums = self.disk.store.sums(part, ranges).map(Bits);
                branches.push(Branch { part, sums });
            }
        }
        if !branches.is_empty() {
            let list = branches;
            out.send(to, Message::Branches(Arc::new(Branches { ring, list })));
        }
        if !leaves.is_empty() {
            let list = leaves;
            out.send(to, Message::Leaves(Arc::new(Leaves { ring, list })));
        }
    }

    pub(super) fn on_branches(&self, from: NodeId, told: &Branches, out: &mut Effects<Kv>) {
        let Some(ranges) = self.shared(from, told.ring, out) else {
            return;
        };
        let mut differ = Vec::new();
        for Branch { part, sums } in &told.list {
            let own = self.disk.store.sums(*part, &ranges);
            let kids = (0..FAN).filter(|n| own[*n] != sums[*n].0);
            differ.extend(kids.filter_map(|n| part.kid(n)));
        }
        self.go_down(from, &differ, &ranges, out);
    }

    pub(super) fn on_leaves(&self, from: NodeId, told: &Leaves, out: &mut Effects<Kv>) {
        let Some(ranges) = self.shared(from, told.ring, out) else {
            return;
        };
        let (mut items, mut want): (Vec<Arc<Item>>, Vec<Bits>) = (Vec::new(), Vec::new());
        for Leaf { part, held } in &told.list {
            let own = self.disk.store.within(*part, &ranges);
            let same = |item: &Item, (at, digest): &(Bits, Bits)| {
                item.position() == at.0 && item.digest() == digest.0
            };
            let lacks = own
                .iter()
                .filter(|item| !held.iter().any(|told| same(item, told)));
            items.extend(lacks.map(|item| Arc::clone(item)));
            let unknown = held
                .iter()
                .filter(|told| !own.iter().any(|item| same(item, told)));
            want.extend(unknown.map(|(at, _)| *at));
        }
        items.truncate(LIST_MAX);
        want.truncate(LIST_MAX);
        if !items.is_empty() || !want.is_empty() {
            self.send_entries(from, items, want, out);
        }
    }

    fn send_entries(
        &self,
        to: NodeId,
        items: Vec<Arc<Item>>,
        want: Vec<Bits>,
        out: &mut Effects<Kv>,
    ) {
        let heard = self.beat_of(to);
        let entries = Entries { heard, items, want };
        out.send(to, Message::Entries(Arc::new(entries)));
    }

    pub(super) fn on_entries(&mut self, from: NodeId, entries: &Entries, out: &mut Effects<Kv>) {
        let Entries { heard, items, want } = entries;
        let mut keys = 0;
        for item in items {
            if !self.keeps(item.position()) {
                continue;
            }
            if !self.may_take(from, 0, *heard, item.key(), out) {
                break;
            }
            let before = self.item(item.key()).map(|item| item.digest());
            self.take(from, Way::Sync, item, out);
            keys += u32::from(self.item(item.key()).map(|item| item.digest()) != before);
        }
        if keys > 0 {
            out.milestone(Milestone::Synced { with: from, keys });
        }
        let whole = [(0, u64::MAX)];
        let at = |position: &Bits| {
            let part = Part {
                from: position.0,
                depth: DEPTH_MAX,
            };
            self.disk.store.within(part, &whole)
        };
        let mut wanted: Vec<Arc<Item>> = want.iter().flat_map(at).map(Arc::clone).collect();
        wanted.truncate(LIST_MAX);
        if !wanted.is_empty() {
            self.send_entries(from, wanted, Vec::new(), out);
        }
    }
}
