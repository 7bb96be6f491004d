//! What is due, in order of (time, sequence number).

use crate::base::{ClientId, Micros, NodeId};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What comes due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// A message arrives, or is lost on its way: the one in that place of the world's slab, if
    /// it still is the one with that flight number and moment.
    Flight { place: u32, flight: u32 },
    /// A node looks at its timers.
    Wake { node: NodeId },
    /// A client's pause or patience ends, unless it has a new alarm since.
    Client { client: ClientId, alarm: u32 },
}

/// An ordered queue. Entries are never removed early: whoever takes one out checks whether it
/// still holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<(Micros, u64, Due)>>,
    entered: u64,
}

impl Agenda {
    pub(super) fn enter(&mut self, at: Micros, due: Due) {
        self.heap.push(Reverse((at, self.entered, due)));
        self.entered += 1;
    }

    pub(super) fn next_at(&self) -> Micros {
        self.heap
            .peek()
            .map_or(Micros::NEVER, |Reverse((at, ..))| *at)
    }

    pub(super) fn take(&mut self) -> Option<(Micros, Due)> {
        self.heap.pop().map(|Reverse((at, _, due))| (at, due))
    }

    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }
}
