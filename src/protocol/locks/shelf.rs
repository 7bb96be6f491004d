//! A map whose clone is one pointer: a trie over the hash of its keys, whose parts two copies share
//! until one of them changes a part (Bagwell, *Ideal Hash Trees*, 2001). Snapshots and keyframes
//! clone the whole table of locks, and most of it is the same from one to the next.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// How many ways a branch has, as a power of two.
const BITS: u32 = 4;
const WAYS: usize = 1 << BITS;
/// A leaf with more items than this becomes a branch.
const LEAF_MAX: usize = 8;

/// What a shelf is ordered by: the same on every machine.
pub trait Label: Eq {
    /// Well-mixed bits.
    fn code(&self) -> u64;
}

const fn mixed(word: u64) -> u64 {
    let word = (word ^ (word >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    word ^ (word >> 29)
}

impl Label for u32 {
    fn code(&self) -> u64 {
        mixed(u64::from(*self).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

impl Label for str {
    fn code(&self) -> u64 {
        let start = 0xcbf2_9ce4_8422_2325 ^ self.len() as u64;
        let word = |part: &[u8]| part.iter().fold(0, |all, byte| all << 8 | u64::from(*byte));
        let parts = self.as_bytes().chunks(8);
        parts.fold(start, |code, part| {
            mixed((code.rotate_left(23) ^ word(part)).wrapping_mul(0x517c_c1b7_2722_0a95))
        })
    }
}

impl Label for Arc<str> {
    fn code(&self) -> u64 {
        (**self).code()
    }
}

/// What is found one step further, if there is anything.
type Link<K, V> = Option<Arc<Part<K, V>>>;

#[derive(Clone, Debug)]
enum Part<K, V> {
    Leaf(Vec<(K, V)>),
    Branch(Box<[Link<K, V>; WAYS]>),
}

/// The map.
#[derive(Clone, Debug)]
pub struct Shelf<K, V> {
    root: Arc<Part<K, V>>,
    len: usize,
}

impl<K, V> Default for Shelf<K, V> {
    fn default() -> Shelf<K, V> {
        Shelf {
            root: Arc::new(Part::Leaf(Vec::new())),
            len: 0,
        }
    }
}

const fn way(code: u64, depth: u32) -> usize {
    (code >> (depth * BITS)) as usize % WAYS
}

impl<K: Label, V> Shelf<K, V> {
    /// How many items there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// What stands under `key`.
    pub fn get<Q: Label + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let (mut part, code) = (&self.root, key.code());
        for depth in 0.. {
            match &**part {
                Part::Leaf(items) => {
                    let found = items.iter().find(|(held, _)| held.borrow() == key);
                    return found.map(|(_, value)| value);
                }
                Part::Branch(ways) => part = ways[way(code, depth)].as_ref()?,
            }
        }
        None
    }

    /// All items, in an order that is the same on every machine but means nothing.
    pub fn iter(&self) -> Items<'_, K, V> {
        Items {
            parts: vec![&self.root],
            items: [].iter(),
        }
    }
}

impl<K: Label + Clone, V: Clone> Shelf<K, V> {
    /// What stands under `key`, to be changed.
    pub fn get_mut<Q: Label + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let items = Self::leaf(&mut self.root, key.code(), 0)?;
        let found = items.iter_mut().find(|(held, _)| held.borrow() == key);
        found.map(|(_, value)| value)
    }

    fn leaf(part: &mut Arc<Part<K, V>>, code: u64, depth: u32) -> Option<&mut Vec<(K, V)>> {
        match Arc::make_mut(part) {
            Part::Leaf(items) => Some(items),
            Part::Branch(ways) => Self::leaf(ways[way(code, depth)].as_mut()?, code, depth + 1),
        }
    }

    /// What stands under `key`, put there first where nothing does.
    pub fn entry(&mut self, key: &K, fresh: impl FnOnce() -> V) -> &mut V {
        Self::put(&mut self.root, key, key.code(), 0, fresh, &mut self.len)
    }

    fn put<'a>(
        part: &'a mut Arc<Part<K, V>>,
        key: &K,
        code: u64,
        depth: u32,
        fresh: impl FnOnce() -> V,
        len: &mut usize,
    ) -> &'a mut V {
        let whole = Arc::make_mut(part);
        if let Part::Leaf(items) = whole
            && items.len() >= LEAF_MAX
            && (depth + 1) * BITS < u64::BITS
            && !items.iter().any(|(held, _)| held == key)
        {
            let mut ways: Box<[Link<K, V>; WAYS]> = Box::default();
            for item in std::mem::take(items) {
                let place = way(item.0.code(), depth);
                let empty = || Arc::new(Part::Leaf(Vec::new()));
                let below = ways[place].get_or_insert_with(empty);
                if let Part::Leaf(items) = Arc::make_mut(below) {
                    items.push(item);
                }
            }
            *whole = Part::Branch(ways);
        }
        match whole {
            Part::Leaf(items) => {
                let found = items.iter().position(|(held, _)| held == key);
                let place = found.unwrap_or_else(|| {
                    items.push((key.clone(), fresh()));
                    *len += 1;
                    items.len() - 1
                });
                &mut items[place].1
            }
            Part::Branch(ways) => {
                let empty = || Arc::new(Part::Leaf(Vec::new()));
                let below = ways[way(code, depth)].get_or_insert_with(empty);
                Self::put(below, key, code, depth + 1, fresh, len)
            }
        }
    }

    /// Takes away what stands under `key`.
    pub fn remove<Q: Label + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let items = Self::leaf(&mut self.root, key.code(), 0)?;
        let place = items.iter().position(|(held, _)| held.borrow() == key)?;
        self.len -= 1;
        Some(items.swap_remove(place).1)
    }
}

/// The items of a shelf.
#[derive(Debug)]
pub struct Items<'a, K, V> {
    parts: Vec<&'a Part<K, V>>,
    items: std::slice::Iter<'a, (K, V)>,
}

impl<'a, K, V> Iterator for Items<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<(&'a K, &'a V)> {
        loop {
            if let Some((key, value)) = self.items.next() {
                return Some((key, value));
            }
            match self.parts.pop()? {
                Part::Leaf(items) => self.items = items.iter(),
                Part::Branch(ways) => self
                    .parts
                    .extend(ways.iter().rev().flatten().map(|it| &**it)),
            }
        }
    }
}

// Two shelves are the same when the same stands on them, however they came to be.

impl<K: Label, V: PartialEq> PartialEq for Shelf<K, V> {
    fn eq(&self, other: &Shelf<K, V>) -> bool {
        let same = |(key, value): (&K, &V)| other.get(key) == Some(value);
        Arc::ptr_eq(&self.root, &other.root) || self.len == other.len && self.iter().all(same)
    }
}

impl<K: Label, V: Eq> Eq for Shelf<K, V> {}

impl<K: Label, V: Hash> Hash for Shelf<K, V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let digest = |(key, value): (&K, &V)| crate::base::Digest::of(&(key.code(), value));
        let all = self.iter().map(digest).fold(0, u64::wrapping_add);
        (self.len, all).hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Chance, Draws};
    use std::collections::BTreeMap;

    #[test]
    fn behaves_like_an_ordered_map_and_clones_stay_as_they_were() {
        let mut luck = Draws::new(Chance::from_seed(3));
        let (mut shelf, mut model) = (Shelf::<u32, u64>::default(), BTreeMap::new());
        let mut kept = Vec::new();
        for n in 0..30_000 {
            let key = luck.between(0, 3_000) as u32;
            if luck.between(0, 2) == 0 {
                assert_eq!(shelf.remove(&key), model.remove(&key));
            } else {
                *shelf.entry(&key, || n) += 1;
                *model.entry(key).or_insert(n) += 1;
            }
            assert_eq!(shelf.get(&key), model.get(&key));
            assert_eq!(shelf.len(), model.len());
            if n % 3_000 == 0 {
                kept.push((shelf.clone(), model.clone()));
            }
        }
        for (shelf, model) in kept {
            let items: BTreeMap<u32, u64> = shelf.iter().map(|(k, v)| (*k, *v)).collect();
            assert_eq!(items, model);
            let mut again = Shelf::default();
            for (key, value) in model.iter().rev() {
                again.entry(key, || *value);
            }
            assert_eq!(again, shelf);
            assert_eq!(
                crate::base::Digest::of(&again),
                crate::base::Digest::of(&shelf)
            );
        }
    }
}
