//! Logoot and LSEQ: every letter has a [`Position`] of its own, and the text is the letters sorted
//! by position. See [`position`](super::position) for the sources.
//!
//! An identifier in the lab reads `4.A·7.B #12`: digit 4 of site A, below it digit 7 of site B, who
//! made it as its position number 12.
//!
//! **Why it interleaves.** Two people who type at one place at once pick their positions from the
//! same gap, without knowing of each other. Sorting puts a letter of one wherever it falls between
//! two letters of the other: nothing says that a word belongs together, forwards or backwards. (Of
//! 72 pairs of sites that type "Hello" and "World" at once, 53 mix the letters of words typed
//! forwards, and all those of words typed backwards.)
//!
//! Deleting removes the letter and its position. What stays is which counters of each site were seen
//! (as ranges, so a few numbers in all): a letter whose deletion came first, or that comes once more
//! after it was deleted, is thereby known and not put back. So nothing ever has to wait.
//!
//! # Growth
//!
//! Mean [bytes](super::Row::bytes) an element, and the most levels, when one person types so many
//! letters one by one:
//!
//! | where | letters | Logoot | LSEQ | RGA | FugueMax | Logoot levels | LSEQ levels |
//! |---|---|---|---|---|---|---|---|
//! | always at the end | 100 | 4 | 14 | 4 | 5 | 1 | 5 |
//! | | 1,000 | 16 | 30 | 6 | 7 | 6 | 9 |
//! | | 4,000 | 56 | 40 | 6 | 7 | 22 | 11 |
//! | always at the start | 100 | 52 | 14 | 3 | 5 | 33 | 6 |
//! | | 1,000 | 628 | 25 | 4 | 7 | 337 | 8 |
//! | | 4,000 | 2,666 | 33 | 4 | 7 | 1,360 | 10 |
//! | always in the middle | 100 | 44 | 62 | 4 | 6 | 29 | 32 |
//! | | 1,000 | 526 | 834 | 6 | 9 | 280 | 295 |
//! | | 4,000 | 2,249 | 3,460 | 6 | 9 | 1,151 | 1,172 |
//! | anywhere | 100 | 5 | 6 | 4 | 6 | 3 | 3 |
//! | | 1,000 | 10 | 11 | 5 | 8 | 6 | 7 |
//! | | 4,000 | 13 | 14 | 6 | 9 | 8 | 9 |
//!
//! So at the end Logoot's levels grow with the length of the text and LSEQ's with its logarithm,
//! but LSEQ's first levels are narrow and it takes some 2,600 letters until that pays. At
//! the start it pays at once. Where each letter goes between the last two, neither helps: both grow
//! with every third or fourth letter. The widths of levels were chosen for this lab; wider ones put
//! the growth off and make each step larger. RGA and FugueMax name one or two neighbours, and grow
//! only as numbers do; what they pay instead is tombstones.

use super::position::{Position, Strategy, generate_position_between};
use super::{Body, Change, Row, Sequence, check_range};
use crate::text::{ElementId, Error, ReplicaId};
use std::collections::BTreeMap;

/// A replica.
#[derive(Clone, Debug)]
pub struct Logoot {
    site: ReplicaId,
    strategy: Strategy,
    /// The number of our next position.
    count: u32,
    /// The text, sorted.
    letters: Vec<(Position, char)>,
    seen: Seen,
    outbox: Vec<Change>,
}

/// What replicas tell each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Insert(Vec<(Position, char)>),
    Delete(Vec<Position>),
}

impl Logoot {
    /// An empty text, edited at `site`.
    pub fn new(site: ReplicaId, strategy: Strategy) -> Logoot {
        Logoot {
            site,
            strategy,
            count: 0,
            letters: Vec::new(),
            seen: Seen::default(),
            outbox: Vec::new(),
        }
    }

    /// The positions in order.
    pub fn positions(&self) -> impl Iterator<Item = &Position> {
        self.letters.iter().map(|(position, _)| position)
    }

    /// Positions for a run before the `index`-th letter: each as if typed behind the one before it.
    fn allocate(&self, index: usize, text: &str) -> Result<Vec<(Position, char)>, Error> {
        let before = index.checked_sub(1).and_then(|at| self.letters.get(at));
        let right = self.letters.get(index).map(|(position, _)| position);
        let mut run: Vec<(Position, char)> = Vec::new();
        let mut seq = self.count;
        for letter in text.chars() {
            let left = run.last().or(before).map(|(position, _)| position);
            let author = ElementId {
                replica: self.site,
                seq,
            };
            let chance = scramble(author);
            let new = generate_position_between(left, right, author, self.strategy, chance);
            run.push((new.ok_or(Error::Full)?, letter));
            seq = seq.checked_add(1).ok_or(Error::Full)?;
        }
        Ok(run)
    }

    fn carry_out(&mut self, op: &Op) {
        match op {
            Op::Insert(run) => {
                for (position, letter) in run {
                    if self.note(position)
                        && let Err(at) = self.find(position)
                    {
                        self.letters.insert(at, (position.clone(), *letter));
                    }
                }
            }
            Op::Delete(positions) => {
                for position in positions {
                    self.note(position);
                    if let Ok(at) = self.find(position) {
                        self.letters.remove(at);
                    }
                }
            }
        }
    }

    /// Notes that a position was used. Returns whether that is news.
    fn note(&mut self, position: &Position) -> bool {
        let author = position.author();
        if author.replica == self.site {
            self.count = self.count.max(author.seq.saturating_add(1));
        }
        self.seen.add(author)
    }

    fn find(&self, position: &Position) -> Result<usize, usize> {
        self.letters.binary_search_by(|(p, _)| p.cmp(position))
    }
}

impl Sequence for Logoot {
    fn site(&self) -> ReplicaId {
        self.site
    }

    fn insert(&mut self, index: usize, text: &str) -> Result<(), Error> {
        check_range(index, 0, self.letters.len())?;
        let run = self.allocate(index, text)?;
        if !run.is_empty() {
            let op = Op::Insert(run);
            self.carry_out(&op);
            let change = Change::insert(self.site, text, Body::Logoot(op));
            self.outbox.push(change);
        }
        Ok(())
    }

    fn delete(&mut self, index: usize, len: usize) -> Result<(), Error> {
        check_range(index, len, self.letters.len())?;
        if len > 0 {
            let gone = self.letters[index..index + len].iter();
            let op = Op::Delete(gone.map(|(position, _)| position.clone()).collect());
            self.carry_out(&op);
            let change = Change::delete(self.site, len, Body::Logoot(op));
            self.outbox.push(change);
        }
        Ok(())
    }

    fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.outbox)
    }

    fn apply(&mut self, change: &Change) {
        if let Body::Logoot(op) = &change.body {
            self.carry_out(op);
        }
    }

    fn held_back(&self) -> usize {
        0
    }

    fn text(&self) -> String {
        self.letters.iter().map(|(_, letter)| letter).collect()
    }

    fn rows(&self) -> Vec<Row> {
        let row = |(position, letter): &(Position, char)| Row {
            letter: *letter,
            site: position.author().replica,
            id: position.to_string(),
            bytes: position.bytes(),
            levels: position.steps().len(),
            visible: true,
            origin: None,
        };
        self.letters.iter().map(row).collect()
    }
}

/// Which counters of each site were seen: start to end of each range, the end left out.
#[derive(Clone, Debug, Default)]
struct Seen(BTreeMap<ReplicaId, BTreeMap<u32, u32>>);

impl Seen {
    /// Returns whether it is news.
    fn add(&mut self, id: ElementId) -> bool {
        let ranges = self.0.entry(id.replica).or_default();
        let next = id.seq.saturating_add(1);
        let start = match ranges.range(..=id.seq).next_back() {
            Some((_, &end)) if end > id.seq => return false,
            Some((&start, &end)) if end == id.seq => start,
            _ => id.seq,
        };
        let end = ranges.remove(&next).unwrap_or(next);
        ranges.insert(start, end);
        true
    }
}

/// Chance that repeats: the finishing steps of SplitMix64, over who inserts what.
fn scramble(id: ElementId) -> u64 {
    let mut z = id.replica.0.rotate_left(32) ^ u64::from(id.seq);
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
