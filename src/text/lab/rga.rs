//! RGA, the replicated growable array (Roh, Jeon, Kim and Lee, "Replicated Abstract Data Types:
//! Building Blocks for Collaborative Applications", JPDC 71(3), 2011), told as a timestamped
//! insertion tree (Attiya, Burckhardt, Gotsman, Morrison, Yang and Zawirski, "Specification and
//! Complexity of Collaborative Text Editing", PODC 2016).
//!
//! Each letter has a Lamport timestamp, a counter and its site, and hangs from the letter that it
//! was typed behind: its left origin. The document is that tree read from the root, each letter
//! before what hangs from it, siblings newest first. An identifier in the lab reads `3@A`. Deleting
//! leaves a tombstone, for others may hang something from it yet.
//!
//! **Why it keeps forward runs apart.** Who types on hangs each letter from the one before: a word
//! is a chain, and a subtree is never torn apart.
//!
//! **Why it interleaves backward ones.** Who types each letter in front of the last hangs all of them
//! from the same letter. Two people who do so at once make siblings, and these are sorted by time:
//! their counters run alike, so the letters alternate.

use super::{Body, Change, Origin, Row, Sequence, Side, bytes_of, check_range, site_name};
use crate::text::{Error, ReplicaId};
use std::collections::BTreeMap;

/// A Lamport timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stamp {
    counter: u32,
    site: ReplicaId,
}

impl Stamp {
    fn plus(self, n: usize) -> Stamp {
        let counter = self.counter.saturating_add(n as u32);
        Stamp { counter, ..self }
    }
}

/// What replicas tell each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// Letters with timestamps from `first` on, the first of them behind `left`, each other behind
    /// the one before it.
    Insert {
        first: Stamp,
        left: Option<Stamp>,
        letters: Vec<char>,
    },
    Delete(Vec<Stamp>),
}

#[derive(Clone, Debug)]
struct Node {
    stamp: Stamp,
    left: Option<Stamp>,
    letter: char,
    deleted: bool,
}

/// A replica.
#[derive(Clone, Debug)]
pub struct Rga {
    site: ReplicaId,
    /// The largest counter seen.
    clock: u32,
    /// The tree, in the order in which it is read.
    nodes: Vec<Node>,
    early: Vec<Op>,
    outbox: Vec<Change>,
}

impl Rga {
    /// An empty text, edited at `site`.
    pub fn new(site: ReplicaId) -> Rga {
        Rga {
            site,
            clock: 0,
            nodes: Vec::new(),
            early: Vec::new(),
            outbox: Vec::new(),
        }
    }

    fn visible(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| !node.deleted)
    }

    fn find(&self, stamp: Stamp) -> Option<usize> {
        self.nodes.iter().position(|node| node.stamp == stamp)
    }

    /// Whether everything is known that the operation builds on.
    fn is_ready(&self, op: &Op) -> bool {
        match op {
            Op::Insert { left, .. } => left.is_none_or(|left| self.find(left).is_some()),
            Op::Delete(targets) => targets.iter().all(|&target| self.find(target).is_some()),
        }
    }

    /// Carries out what is ready.
    fn carry_out(&mut self, op: &Op) {
        match op {
            Op::Insert {
                first,
                left,
                letters,
            } => self.integrate(*first, *left, letters),
            Op::Delete(targets) => {
                for &target in targets {
                    if let Some(at) = self.find(target) {
                        self.nodes[at].deleted = true;
                    }
                }
            }
        }
    }

    /// Puts a run behind its left origin and behind what hangs from that and is newer.
    ///
    /// It suffices to pass what has a larger timestamp: what hangs from a newer sibling is newer
    /// still, and what hangs from nothing below `left` is older than `left`, and so than the run.
    fn integrate(&mut self, first: Stamp, left: Option<Stamp>, letters: &[char]) {
        if self.find(first).is_some() {
            return;
        }
        let behind = left.and_then(|left| self.find(left));
        let mut at = behind.map_or(0, |at| at + 1);
        while self.nodes.get(at).is_some_and(|node| node.stamp > first) {
            at += 1;
        }
        let run = letters.iter().enumerate().map(|(n, &letter)| Node {
            stamp: first.plus(n),
            left: n
                .checked_sub(1)
                .map_or(left, |before| Some(first.plus(before))),
            letter,
            deleted: false,
        });
        self.nodes.splice(at..at, run);
        let last = first.plus(letters.len().saturating_sub(1));
        self.clock = self.clock.max(last.counter);
    }

    /// Carries out what came early and is ready now, until nothing is.
    fn wake(&mut self) {
        while let Some(at) = self.early.iter().position(|op| self.is_ready(op)) {
            let op = self.early.remove(at);
            self.carry_out(&op);
        }
    }
}

impl Sequence for Rga {
    fn site(&self) -> ReplicaId {
        self.site
    }

    fn insert(&mut self, index: usize, text: &str) -> Result<(), Error> {
        check_range(index, 0, self.visible().count())?;
        let letters: Vec<char> = text.chars().collect();
        if letters.len() >= (u32::MAX - self.clock) as usize {
            return Err(Error::Full);
        }
        if !letters.is_empty() {
            let before = index.checked_sub(1).and_then(|at| self.visible().nth(at));
            let op = Op::Insert {
                first: Stamp {
                    counter: self.clock + 1,
                    site: self.site,
                },
                left: before.map(|node| node.stamp),
                letters,
            };
            self.carry_out(&op);
            let change = Change::insert(self.site, text, Body::Rga(op));
            self.outbox.push(change);
        }
        Ok(())
    }

    fn delete(&mut self, index: usize, len: usize) -> Result<(), Error> {
        check_range(index, len, self.visible().count())?;
        if len > 0 {
            let gone = self.visible().skip(index).take(len);
            let op = Op::Delete(gone.map(|node| node.stamp).collect());
            self.carry_out(&op);
            let change = Change::delete(self.site, len, Body::Rga(op));
            self.outbox.push(change);
        }
        Ok(())
    }

    fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.outbox)
    }

    fn apply(&mut self, change: &Change) {
        let Body::Rga(op) = &change.body else { return };
        if self.is_ready(op) {
            self.carry_out(op);
            self.wake();
        } else if !self.early.contains(op) {
            self.early.push(op.clone());
        }
    }

    fn held_back(&self) -> usize {
        self.early.len()
    }

    fn text(&self) -> String {
        self.visible().map(|node| node.letter).collect()
    }

    fn rows(&self) -> Vec<Row> {
        let stamps = self.nodes.iter().map(|node| node.stamp);
        let places: BTreeMap<Stamp, usize> = stamps.zip(0..).collect();
        let bytes = |stamp: Stamp| bytes_of(stamp.counter.into()) + bytes_of(stamp.site.0);
        let row = |node: &Node| {
            let left = node.left.and_then(|left| places.get(&left).copied());
            Row {
                letter: node.letter,
                site: node.stamp.site,
                id: format!("{}@{}", node.stamp.counter, site_name(node.stamp.site)),
                bytes: bytes(node.stamp) + node.left.map_or(1, bytes),
                levels: 1,
                visible: !node.deleted,
                origin: Some(Origin {
                    left,
                    right: None,
                    parent: left,
                    side: Side::Right,
                }),
            }
        };
        self.nodes.iter().map(row).collect()
    }
}
