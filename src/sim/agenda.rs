//! What is due, in order of (time, sequence number).

use crate::base::{ClientId, Micros, NodeId};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What comes due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// A message arrives, or is lost on its way: the one in that place of the world's slab, if
    /// that one is due now.
    Flight(u32),
    /// A node looks at its timers, if it is to be woken now.
    Wake(NodeId),
    /// A client's pause or patience ends, if that is now.
    Client(ClientId),
}

impl Due {
    const KIND_BITS: u32 = 30;

    fn pack(self) -> u32 {
        match self {
            Due::Flight(place) => place,
            Due::Wake(node) => 1 << Self::KIND_BITS | u32::from(node.0),
            Due::Client(client) => 2 << Self::KIND_BITS | client,
        }
    }

    fn unpack(code: u32) -> Due {
        let number = code & ((1 << Self::KIND_BITS) - 1);
        match code >> Self::KIND_BITS {
            0 => Due::Flight(number),
            1 => Due::Wake(NodeId(number as u16)),
            _ => Due::Client(number),
        }
    }
}

/// An ordered queue. Entries are never removed early: whoever takes one out checks whether it
/// still holds.
///
/// An entry is one integer, of time, sequence number and [`Due`] from its high bits to its low
/// ones: every message passes through here, and moving entries is what the queue costs.
#[derive(Clone, Debug, Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<u128>>,
    entered: u32,
    taken: u32,
    /// When something was taken out last.
    taken_at: Option<Micros>,
}

impl Agenda {
    pub(super) fn enter(&mut self, at: Micros, due: Due) {
        let order = u64::from(self.entered) << 32 | u64::from(due.pack());
        let entry = u128::from(at.0) << 64 | u128::from(order);
        self.heap.push(Reverse(entry));
        self.entered = self.entered.wrapping_add(1);
    }

    pub(super) fn next_at(&self) -> Micros {
        self.heap
            .peek()
            .map_or(Micros::NEVER, |Reverse(entry)| Micros((entry >> 64) as u64))
    }

    pub(super) fn take(&mut self) -> Option<(Micros, Due)> {
        let Reverse(entry) = self.heap.pop()?;
        let at = Micros((entry >> 64) as u64);
        self.taken = self.taken.wrapping_add(1);
        self.taken_at = Some(at);
        Some((at, Due::unpack(entry as u32)))
    }

    /// How many entries have been taken out, those included that came to nothing.
    pub(super) fn taken(&self) -> u32 {
        self.taken
    }

    /// Whether an entry of the moment `at` has been taken out.
    pub(super) fn has_begun(&self, at: Micros) -> bool {
        self.taken_at == Some(at)
    }

    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_comes_in_order_of_time_and_entry() {
        let mut agenda = Agenda::default();
        let entries = [
            (5, Due::Client(9_999)),
            (3, Due::Wake(NodeId(100))),
            (5, Due::Flight(1 << 29)),
            (0, Due::Flight(0)),
            (3, Due::Client(0)),
        ];
        for (at, due) in entries {
            agenda.enter(Micros(at), due);
        }
        let mut sorted = entries;
        sorted.sort_by_key(|(at, _)| *at);
        for (at, due) in sorted {
            assert_eq!(agenda.next_at(), Micros(at));
            assert_eq!(agenda.take(), Some((Micros(at), due)));
        }
        assert_eq!((agenda.next_at(), agenda.take()), (Micros::NEVER, None));
    }
}
