//! What a node stores, as a Merkle tree over the ring (Merkle 1988; Dynamo, section 4.7).
//!
//! The tree parts the ring's positions into sixteen, each part again into sixteen, and so on; a
//! leaf holds a few keys. Each part knows the sum of its items' digests, so that two nodes can tell
//! from one number whether they hold the same, and find what differs by going down where the numbers
//! differ. Since sums can be taken over any stretch of the ring, two nodes compare just what both
//! of them keep, whatever else each of them keeps.
//!
//! A clone shares everything, and a change copies only the way down to it.

use super::item::Item;
use std::sync::Arc;

/// How many parts a part has.
pub const FAN: usize = 16;
/// Bits of a position that one step down takes.
const BITS: u32 = FAN.trailing_zeros();
/// How deep the tree can go: then positions are told apart to the last bit.
pub const DEPTH_MAX: u8 = (u64::BITS / BITS) as u8;
/// The most items in a leaf that can still be parted.
const LEAF_MAX: usize = 16;

/// A part of the ring: the positions that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Part {
    /// Its first position.
    pub from: u64,
    /// How often the ring was parted to come to it.
    pub depth: u8,
}

impl Part {
    /// The whole ring.
    pub const WHOLE: Part = Part { from: 0, depth: 0 };

    /// The bits that its positions do not share.
    fn rest(self) -> u64 {
        let shared = u32::from(self.depth) * BITS;
        u64::MAX.checked_shr(shared).unwrap_or(0)
    }

    /// Its last position.
    pub fn to(self) -> u64 {
        self.from | self.rest()
    }

    /// Its `n`-th part, if it can be parted.
    pub fn kid(self, n: usize) -> Option<Part> {
        if self.depth >= DEPTH_MAX || n >= FAN {
            return None;
        }
        let depth = self.depth + 1;
        let shift = u64::BITS - u32::from(depth) * BITS;
        Some(Part {
            from: self.from | (n as u64) << shift,
            depth,
        })
    }

    /// Whether it is one that parting the ring comes to.
    pub(super) fn is_sound(self) -> bool {
        self.depth <= DEPTH_MAX && self.from & self.rest() == 0
    }
}

/// What a node stores.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    root: Node,
}

#[derive(Clone, Debug)]
struct Node {
    /// Of the digests of the items below that are not hidden.
    sum: u64,
    /// How many items are below.
    count: usize,
    kids: Kids,
}

#[derive(Clone, Debug)]
enum Kids {
    /// Sorted by position and key.
    Leaf(Vec<Entry>),
    Branch(Box<[Option<Arc<Node>>; FAN]>),
}

#[derive(Clone, Debug)]
struct Entry {
    item: Arc<Item>,
    /// Not to be compared with other nodes.
    hidden: bool,
}

impl Entry {
    fn digest(&self) -> u64 {
        if self.hidden { 0 } else { self.item.digest() }
    }

    fn stands_at(&self) -> (u64, &str) {
        (self.item.position(), self.item.key())
    }
}

impl Default for Node {
    fn default() -> Node {
        Node {
            sum: 0,
            count: 0,
            kids: Kids::Leaf(Vec::new()),
        }
    }
}

/// What a change did to the numbers on the way down to it.
struct Change {
    sum: u64,
    before: Option<Arc<Item>>,
}

impl Tree {
    /// How many keys are stored.
    pub fn len(&self) -> usize {
        self.root.count
    }

    /// Whether none are.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item of `key`, which stands at `position`.
    pub fn get(&self, position: u64, key: &str) -> Option<&Arc<Item>> {
        let mut node = &self.root;
        let mut depth = 0;
        loop {
            match &node.kids {
                Kids::Leaf(entries) => {
                    let place =
                        entries.binary_search_by(|entry| entry.stands_at().cmp(&(position, key)));
                    return place.ok().map(|place| &entries[place].item);
                }
                Kids::Branch(kids) => node = kids[turn(position, depth)].as_deref()?,
            }
            depth += 1;
        }
    }

    /// Stores an item in place of the one of the same key, which is returned.
    pub fn insert(&mut self, item: Arc<Item>) -> Option<Arc<Item>> {
        let entry = Entry {
            item,
            hidden: false,
        };
        self.root.put(entry, 0).before
    }

    /// Leaves the item of a key out of what is compared, or takes it in again.
    pub fn hide(&mut self, position: u64, key: &str, hidden: bool) {
        if let Some(item) = self.get(position, key).map(Arc::clone) {
            self.root.put(Entry { item, hidden }, 0);
        }
    }

    /// Removes the item of a key, and returns it.
    pub fn remove(&mut self, position: u64, key: &str) -> Option<Arc<Item>> {
        self.get(position, key)?;
        self.root.take(position, key, 0).before
    }

    /// Every item, in order of position.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Item>> {
        let mut list = Vec::with_capacity(self.len());
        self.root.each(Part::WHOLE, 0, u64::MAX, &mut |entry| {
            list.push(&entry.item)
        });
        list.into_iter()
    }

    /// The items that are compared, at the positions that lie in `part` and in one of `ranges`,
    /// which are in order.
    pub fn within(&self, part: Part, ranges: &[(u64, u64)]) -> Vec<&Arc<Item>> {
        let mut list = Vec::new();
        for (from, to) in overlaps(part, ranges) {
            self.root.each(Part::WHOLE, from, to, &mut |entry| {
                if !entry.hidden {
                    list.push(&entry.item);
                }
            });
        }
        list
    }

    /// The sum of the digests, and the number, of what [`Tree::within`] gives.
    pub fn sum(&self, part: Part, ranges: &[(u64, u64)]) -> (u64, usize) {
        let (mut sum, mut count) = (0u64, 0);
        for (from, to) in overlaps(part, ranges) {
            let found = self.root.sum_of(Part::WHOLE, from, to);
            sum = sum.wrapping_add(found.0);
            count += found.1;
        }
        (sum, count)
    }

    /// The sums of the sixteen parts of `part`.
    pub fn sums(&self, part: Part, ranges: &[(u64, u64)]) -> [u64; FAN] {
        std::array::from_fn(|n| part.kid(n).map_or(0, |kid| self.sum(kid, ranges).0))
    }
}

/// Those of `ranges` that meet `part`, as far as they do.
fn overlaps(part: Part, ranges: &[(u64, u64)]) -> impl Iterator<Item = (u64, u64)> + '_ {
    let (low, high) = (part.from, part.to());
    let first = ranges.partition_point(|(_, to)| *to < low);
    let meet = ranges[first..]
        .iter()
        .take_while(move |(from, _)| *from <= high);
    meet.map(move |(from, to)| (low.max(*from), high.min(*to)))
}

/// Which of the sixteen parts of a part at `depth` a position is in.
fn turn(position: u64, depth: u8) -> usize {
    let shift = u64::BITS - (u32::from(depth) + 1) * BITS;
    (position >> shift) as usize & (FAN - 1)
}

impl Node {
    fn put(&mut self, entry: Entry, depth: u8) -> Change {
        let change = match &mut self.kids {
            Kids::Branch(kids) => {
                let kid = &mut kids[turn(entry.item.position(), depth)];
                Arc::make_mut(kid.get_or_insert_default()).put(entry, depth + 1)
            }
            Kids::Leaf(entries) => {
                let place =
                    entries.binary_search_by(|known| known.stands_at().cmp(&entry.stands_at()));
                let digest = entry.digest();
                match place {
                    Ok(place) => {
                        let before = std::mem::replace(&mut entries[place], entry);
                        Change {
                            sum: digest.wrapping_sub(before.digest()),
                            before: Some(before.item),
                        }
                    }
                    Err(place) => {
                        entries.insert(place, entry);
                        Change {
                            sum: digest,
                            before: None,
                        }
                    }
                }
            }
        };
        self.sum = self.sum.wrapping_add(change.sum);
        self.count += usize::from(change.before.is_none());
        self.part_leaf(depth);
        change
    }

    /// Parts a leaf that has become too long.
    fn part_leaf(&mut self, depth: u8) {
        let Kids::Leaf(entries) = &mut self.kids else {
            return;
        };
        if entries.len() <= LEAF_MAX || depth >= DEPTH_MAX {
            return;
        }
        let entries = std::mem::take(entries);
        let mut kids: Box<[Option<Arc<Node>>; FAN]> = Box::default();
        for entry in entries {
            let kid = &mut kids[turn(entry.item.position(), depth)];
            Arc::make_mut(kid.get_or_insert_default()).put(entry, depth + 1);
        }
        self.kids = Kids::Branch(kids);
    }

    /// Removes an entry that is there.
    fn take(&mut self, position: u64, key: &str, depth: u8) -> Change {
        let change = match &mut self.kids {
            Kids::Branch(kids) => {
                let kid = &mut kids[turn(position, depth)];
                let Some(node) = kid else {
                    return Change {
                        sum: 0,
                        before: None,
                    };
                };
                let change = Arc::make_mut(node).take(position, key, depth + 1);
                if node.count == 0 {
                    *kid = None;
                }
                change
            }
            Kids::Leaf(entries) => {
                let place =
                    entries.binary_search_by(|known| known.stands_at().cmp(&(position, key)));
                let gone = place.ok().map(|place| entries.remove(place));
                Change {
                    sum: 0u64.wrapping_sub(gone.as_ref().map_or(0, Entry::digest)),
                    before: gone.map(|entry| entry.item),
                }
            }
        };
        self.sum = self.sum.wrapping_add(change.sum);
        self.count -= usize::from(change.before.is_some());
        if self.count == 0 {
            self.kids = Kids::Leaf(Vec::new());
        }
        change
    }

    /// Calls `found` for the entries at `from..=to`; `part` is where this node stands.
    fn each<'a>(&'a self, part: Part, from: u64, to: u64, found: &mut impl FnMut(&'a Entry)) {
        match &self.kids {
            Kids::Leaf(entries) => {
                let first = entries.partition_point(|entry| entry.item.position() < from);
                let rest = entries[first..].iter();
                rest.take_while(|entry| entry.item.position() <= to)
                    .for_each(found);
            }
            Kids::Branch(kids) => {
                for (n, kid) in kids.iter().enumerate() {
                    if let (Some(kid), Some(part)) = (kid, part.kid(n))
                        && part.from <= to
                        && part.to() >= from
                    {
                        kid.each(part, from, to, found);
                    }
                }
            }
        }
    }

    fn sum_of(&self, part: Part, from: u64, to: u64) -> (u64, usize) {
        if from <= part.from && part.to() <= to {
            return (self.sum, self.count);
        }
        let (mut sum, mut count) = (0u64, 0);
        match &self.kids {
            Kids::Leaf(_) => self.each(part, from, to, &mut |entry| {
                sum = sum.wrapping_add(entry.digest());
                count += 1;
            }),
            Kids::Branch(kids) => {
                for (n, kid) in kids.iter().enumerate() {
                    if let (Some(kid), Some(part)) = (kid, part.kid(n))
                        && part.from <= to
                        && part.to() >= from
                    {
                        let found = kid.sum_of(part, from, to);
                        sum = sum.wrapping_add(found.0);
                        count += found.1;
                    }
                }
            }
        }
        (sum, count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Chance, Draws};
    use crate::protocol::kv::dvv::DvvSet;
    use crate::protocol::kv::options::Clocks;
    use crate::protocol::kv::siblings::Siblings;
    use crate::protocol::kv::version::{Actor, Dot};
    use std::collections::BTreeMap;

    fn item(key: &str, counter: u64) -> Arc<Item> {
        let actor = Actor::replica(crate::base::NodeId(0), crate::base::Micros::ZERO);
        let mut set = DvvSet::default();
        let version = crate::protocol::kv::item::Version::new(
            crate::protocol::kv::item::WriteId {
                at: crate::base::Micros(counter),
                node: crate::base::NodeId(0),
                request: crate::base::RequestId::default(),
            },
            None,
            Box::default(),
        );
        set.add(Dot { actor, counter }, Arc::new(version));
        assert!(Siblings::none(Clocks::Dvv).is_empty());
        Arc::new(Item::new(key.into(), Siblings::Dotted(set)))
    }

    /// Stretches of the ring, in order and apart.
    fn ranges(luck: &mut Draws) -> Vec<(u64, u64)> {
        let mut ends: Vec<u64> = (0..luck.between(0, 4) * 2).map(|_| luck.bits()).collect();
        ends.sort_unstable();
        ends.chunks_exact(2)
            .map(|pair| (pair[0], pair[1]))
            .collect()
    }

    #[test]
    fn behaves_like_a_map_and_its_sums_are_those_of_counting() {
        let mut luck = Draws::new(Chance::from_seed(4));
        let mut tree = Tree::default();
        let mut model: BTreeMap<(u64, String), (Arc<Item>, bool)> = BTreeMap::new();
        for n in 0..6_000u64 {
            let key = format!("k{}", luck.between(0, 700));
            let item = item(&key, n + 1);
            let at = (item.position(), key.clone());
            match luck.between(0, 5) {
                0 | 1 => {
                    let gone = tree.remove(item.position(), &key);
                    assert_eq!(gone, model.remove(&at).map(|(item, _)| item));
                }
                2 => {
                    let hidden = luck.between(0, 1) == 0;
                    tree.hide(item.position(), &key, hidden);
                    if let Some(known) = model.get_mut(&at) {
                        known.1 = hidden;
                    }
                }
                _ => {
                    let before = tree.insert(Arc::clone(&item));
                    let known = model.insert(at, (item, false));
                    assert_eq!(before, known.map(|(item, _)| item));
                }
            }
            assert_eq!(tree.len(), model.len());
            if n % 50 == 0 {
                agrees(&tree, &model, &mut luck);
            }
        }
    }

    fn agrees(tree: &Tree, model: &BTreeMap<(u64, String), (Arc<Item>, bool)>, luck: &mut Draws) {
        assert!(tree.iter().eq(model.values().map(|(item, _)| item)));
        let ranges = ranges(luck);
        let mut part = Part::WHOLE;
        for _ in 0..luck.between(0, 3) {
            part = part.kid(luck.between(0, 15) as usize).expect("not so deep");
        }
        let inside = |item: &Arc<Item>| {
            let at = item.position();
            (part.from..=part.to()).contains(&at)
                && ranges.iter().any(|(from, to)| (*from..=*to).contains(&at))
        };
        let expected: Vec<&Arc<Item>> = model
            .values()
            .filter(|(item, hidden)| inside(item) && !hidden)
            .map(|(item, _)| item)
            .collect();
        let sum = expected
            .iter()
            .fold(0u64, |sum, item| sum.wrapping_add(item.digest()));
        assert_eq!(tree.within(part, &ranges), expected);
        assert_eq!(tree.sum(part, &ranges).0, sum);
        let sums = tree.sums(part, &ranges);
        assert_eq!(sums.iter().fold(0u64, |a, b| a.wrapping_add(*b)), sum);
    }

    #[test]
    fn a_clone_is_a_snapshot() {
        let mut tree = Tree::default();
        for n in 0..500 {
            tree.insert(item(&format!("k{n}"), 1));
        }
        let kept = tree.clone();
        let whole = [(0, u64::MAX)];
        for n in 0..500 {
            tree.insert(item(&format!("k{n}"), 2));
        }
        assert_ne!(kept.sum(Part::WHOLE, &whole), tree.sum(Part::WHOLE, &whole));
        assert_eq!(
            kept.get(item("k7", 1).position(), "k7"),
            Some(&item("k7", 1))
        );
    }
}
