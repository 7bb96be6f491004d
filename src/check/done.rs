//! Which operations a search has put in order, in a form that takes little room: the search
//! remembers every configuration that it has been in, and a bit for each operation in each of them
//! would make its memory quadratic.
//!
//! The operations that returned are numbered in the order of their returns. All up to some number
//! are done, and beyond it only such as ran at the same time; so those are kept as a number and a
//! short list. Operations that never returned may be done at any later time: which of them are is
//! kept as a tree whose parts are shared by all configurations.

use std::collections::BTreeMap;

/// A set of operations that never returned, by its number: equal sets have equal numbers.
pub(super) type SetId = u32;

/// Which of the operations that returned are done, as a key: equal for equal sets of one timeline.
pub(super) type Key = (u32, Box<[u32]>);

/// What is done.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Of the operations that returned, all before this one are done; it is not.
    low: u32,
    /// Those after `low` that are done, in order.
    ahead: Vec<u32>,
    open: SetId,
    sets: Sets,
}

impl Done {
    /// Those that returned as a key.
    pub(super) fn key(&self) -> Key {
        (self.low, self.ahead.as_slice().into())
    }

    /// How many of those that returned are done before the first that is not.
    pub(super) fn low(&self) -> u32 {
        self.low
    }

    /// Those that never returned.
    pub(super) fn open(&self) -> SetId {
        self.open
    }

    /// Whether all of one set of operations that never returned are in another.
    pub(super) fn is_within(&self, small: SetId, large: SetId) -> bool {
        self.sets.is_within(LEVELS, small, large)
    }

    /// Adds an operation that returned as the `rank`-th.
    pub(super) fn add(&mut self, rank: u32) {
        if rank != self.low {
            if let Err(place) = self.ahead.binary_search(&rank) {
                self.ahead.insert(place, rank);
            }
            return;
        }
        let next = |(place, ahead): &(usize, &u32)| **ahead == rank + 1 + *place as u32;
        let joined = self.ahead.iter().enumerate().take_while(next).count();
        self.ahead.drain(..joined);
        self.low = rank + 1 + joined as u32;
    }

    /// Takes back what was added last.
    pub(super) fn remove(&mut self, rank: u32) {
        if rank > self.low {
            self.ahead.retain(|ahead| *ahead != rank);
        } else {
            self.ahead.splice(0..0, rank + 1..self.low);
            self.low = rank;
        }
    }

    /// Adds the `n`-th operation that never returned. Gives what [`Done::reopen`] takes it back by.
    pub(super) fn add_open(&mut self, n: u32) -> SetId {
        let before = self.open;
        self.open = self.sets.with(before, n);
        before
    }

    /// Goes back to an earlier set of operations that never returned.
    pub(super) fn reopen(&mut self, before: SetId) {
        self.open = before;
    }

    /// How many steps of a search remembering this set is worth: what bounds the steps bounds
    /// the memory too.
    pub(super) fn cost(&self) -> u64 {
        1 + self.ahead.len() as u64 / 8
    }

    /// Roughly how many bytes the shared sets take.
    pub(super) fn shared_bytes(&self) -> usize {
        self.sets.known.len() * (size_of::<(u8, u64, u64)>() + 4) + self.sets.parts.len() * 16
    }
}

/// Sets of numbers as binary trees with 64 numbers a leaf. Equal trees are one: a set is known by
/// the number of its root, and adding to it makes new parts along one path alone.
#[derive(Debug)]
struct Sets {
    /// By level and content the number of each part: a leaf's bits, or a node's two halves.
    known: BTreeMap<(u8, u64, u64), u32>,
    parts: Vec<(u64, u64)>,
}

/// Levels above the leaves: enough for 2^32 numbers.
const LEVELS: u8 = 26;

impl Default for Sets {
    /// Part 0 is the empty set on every level.
    fn default() -> Sets {
        Sets {
            known: BTreeMap::new(),
            parts: vec![(0, 0)],
        }
    }
}

impl Sets {
    fn with(&mut self, set: SetId, n: u32) -> SetId {
        self.with_at(LEVELS, set, n)
    }

    fn is_within(&self, level: u8, small: u32, large: u32) -> bool {
        if small == 0 || small == large {
            return true;
        }
        let ((a, b), (c, d)) = (self.parts[small as usize], self.parts[large as usize]);
        if level == 0 {
            return a & !c == 0;
        }
        let deeper = |small, large| self.is_within(level - 1, small as u32, large as u32);
        deeper(a, c) && deeper(b, d)
    }

    fn with_at(&mut self, level: u8, part: u32, n: u32) -> u32 {
        let (mut left, mut right) = self.parts[part as usize];
        if level == 0 {
            left |= 1 << (n % 64);
        } else if n >> (level + 5) & 1 == 0 {
            left = u64::from(self.with_at(level - 1, left as u32, n));
        } else {
            right = u64::from(self.with_at(level - 1, right as u32, n));
        }
        let next = self.parts.len() as u32;
        let number = *self.known.entry((level, left, right)).or_insert(next);
        if number == next {
            self.parts.push((left, right));
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Chance, Draws};
    use std::collections::BTreeSet;

    #[test]
    fn keys_are_equal_when_the_sets_are() {
        let mut luck = Draws::new(Chance::from_seed(8));
        let mut by_key: BTreeMap<(Key, SetId), (BTreeSet<u32>, BTreeSet<u32>)> = BTreeMap::new();
        let mut by_set = BTreeMap::new();
        let mut done = Done::default();
        let mut stack: Vec<(u32, Option<SetId>)> = Vec::new();
        let (mut returned, mut open) = (BTreeSet::new(), BTreeSet::new());
        let mut last = (done.open(), (BTreeSet::new(), BTreeSet::new()));
        for _ in 0..50_000 {
            let far = if luck.between(0, 9) == 0 { u32::MAX } else { 0 };
            match luck.between(0, 4) {
                0 | 1 => {
                    let rank = done.low + luck.between(0, 3) as u32;
                    if returned.insert(rank) {
                        done.add(rank);
                        stack.push((rank, None));
                    }
                }
                2 => {
                    let n = far - luck.between(0, 200) as u32 * u32::from(far > 0)
                        + luck.between(0, 200) as u32 * u32::from(far == 0);
                    if open.insert(n) {
                        stack.push((n, Some(done.add_open(n))));
                    }
                }
                _ => match stack.pop() {
                    Some((n, Some(before))) => {
                        open.remove(&n);
                        done.reopen(before);
                    }
                    Some((rank, None)) => {
                        returned.remove(&rank);
                        done.remove(rank);
                    }
                    None => {}
                },
            }
            let sets = (returned.clone(), open.clone());
            let key = (done.key(), done.open());
            let (earlier, (_, subset)) = &last;
            assert_eq!(
                done.is_within(*earlier, done.open()),
                subset.is_subset(&open)
            );
            if luck.between(0, 2) == 0 {
                last = (done.open(), sets.clone());
            }
            assert_eq!(by_key.entry(key.clone()).or_insert(sets.clone()), &sets);
            assert_eq!(by_set.entry(sets).or_insert(key.clone()), &key);
        }
        assert!(by_key.len() > 1_000, "{}", by_key.len());
    }
}
