//! The replicated log: entries from 1, the front cut off where a snapshot stands for it.
//!
//! Each slot holds a digest of the whole log up to it, so that "these two logs are the same up
//! to here" (the log matching property, section 5.3) is one comparison.

use super::config::Config;
use crate::base::{Digest, RequestId, Seq};
use crate::protocol::machine::INTERNAL;
use serde::{Serialize, Serializer, ser::SerializeStruct};
use std::fmt::{self, Display};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A place in a log: an entry's term and index. Ordered as section 5.4.1 orders logs by their
/// last entries: the later term first, then the longer log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Position {
    /// The term of the entry; 0 before the first one.
    pub term: u64,
    /// Its index; 0 before the first one.
    pub index: u64,
}

impl Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.term)
    }
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Payload<O> {
    /// Nothing: a new leader's first entry (section 8).
    Noop,
    /// A client's command.
    Command {
        /// Whose, and which.
        id: RequestId,
        /// What is to be done.
        op: O,
    },
    /// Who belongs to the cluster from here on (section 6).
    Config(Arc<Config>),
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<O> {
    term: u64,
    /// Digest of the payload, made once where the entry is made.
    digest: u64,
    payload: Payload<O>,
}

impl<O: Hash> Hash for Entry<O> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.term, self.digest).hash(state);
    }
}

impl<O: Hash> Entry<O> {
    /// An entry of `term`.
    pub fn new(term: u64, payload: Payload<O>) -> Entry<O> {
        Entry {
            term,
            digest: Digest::of(&payload),
            payload,
        }
    }
}

impl<O> Entry<O> {
    /// The term in which a leader made it.
    pub fn term(&self) -> u64 {
        self.term
    }

    /// What it says.
    pub fn payload(&self) -> &Payload<O> {
        &self.payload
    }

    /// Its kind in one word, for views.
    pub fn kind(&self) -> &'static str {
        match self.payload {
            Payload::Noop => "noop",
            Payload::Command { .. } => "command",
            Payload::Config(_) => "config",
        }
    }
}

impl<O: Display> Display for Entry<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.payload {
            Payload::Noop => f.write_str("no-op"),
            Payload::Command { op, .. } => Display::fmt(op, f),
            Payload::Config(config) => Display::fmt(config, f),
        }
    }
}

impl<O: Display> Serialize for Entry<O> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("Entry", 4)?;
        record.serialize_field("term", &self.term)?;
        record.serialize_field("kind", self.kind())?;
        record.serialize_field("text", &self.to_string())?;
        let request = match &self.payload {
            Payload::Command { id, .. } if *id != INTERNAL => Some(id),
            _ => None,
        };
        record.serialize_field("request", &request)?;
        record.end()
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl<O> schemars::JsonSchema for Entry<O> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Entry".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let request = generator.subschema_for::<Option<RequestId>>();
        schemars::json_schema!({
            "description": "An entry of the log: its term, its kind, what it says in words, and \
                            the client's request that it stands for.",
            "type": "object",
            "properties": {
                "term": { "type": "integer", "minimum": 1 },
                "kind": { "enum": ["noop", "command", "config"] },
                "text": { "type": "string" },
                "request": request
            },
            "required": ["term", "kind", "text", "request"]
        })
    }
}

/// An entry in its place.
#[derive(Debug)]
pub(super) struct Slot<O> {
    pub term: u64,
    /// Digest of the log up to and with this entry.
    pub chain: u64,
    pub entry: Arc<Entry<O>>,
}

impl<O> Clone for Slot<O> {
    fn clone(&self) -> Slot<O> {
        Slot {
            term: self.term,
            chain: self.chain,
            entry: Arc::clone(&self.entry),
        }
    }
}

impl<O> PartialEq for Slot<O> {
    fn eq(&self, other: &Slot<O>) -> bool {
        // The chain covers the entry's term and content and all before it.
        self.chain == other.chain
    }
}

impl<O> Eq for Slot<O> {}

impl<O> Hash for Slot<O> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.chain.hash(state);
    }
}

/// The log of one node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Log<O> {
    slots: Seq<Slot<O>>,
    /// The entry before the first one held: the snapshot's last, or 0/0.
    base: Position,
    base_chain: u64,
}

impl<O> Default for Log<O> {
    fn default() -> Log<O> {
        Log::after(Position::default(), 0)
    }
}

impl<O> Log<O> {
    /// An empty log that goes on after `base`, whose digest is `chain`.
    pub(super) fn after(base: Position, chain: u64) -> Log<O> {
        Log {
            slots: Seq::starting_at(base.index.saturating_add(1)),
            base,
            base_chain: chain,
        }
    }

    /// The index of the first entry held.
    pub fn first_index(&self) -> u64 {
        self.slots.start()
    }

    /// The index of the last entry; 0 when there never was one.
    pub fn last_index(&self) -> u64 {
        self.slots.end() - 1
    }

    /// Where the last entry stands.
    pub fn last(&self) -> Position {
        match self.slots.last() {
            Some(slot) if !self.slots.is_empty() => Position {
                term: slot.term,
                index: self.last_index(),
            },
            _ => self.base,
        }
    }

    /// The last entry that is not held any more: the snapshot's, or 0/0.
    pub fn base(&self) -> Position {
        self.base
    }

    /// The term of the entry at `index`, as far as it is known.
    pub fn term_at(&self, index: u64) -> Option<u64> {
        if index == self.base.index {
            return Some(self.base.term);
        }
        self.slots.at(index).map(|slot| slot.term)
    }

    /// The digest of the log up to `index`, as far as it is known.
    pub fn chain_at(&self, index: u64) -> Option<u64> {
        if index == self.base.index {
            return Some(self.base_chain);
        }
        self.slots.at(index).map(|slot| slot.chain)
    }

    /// The entry at `index`, if it is held.
    pub fn entry(&self, index: u64) -> Option<&Arc<Entry<O>>> {
        self.slots.at(index).map(|slot| &slot.entry)
    }

    /// The entries of `from..=to` that are held.
    pub fn entries(&self, from: u64, to: u64) -> impl Iterator<Item = &Arc<Entry<O>>> + '_ {
        self.slots
            .range(from, to.saturating_add(1))
            .map(|slot| &slot.entry)
    }

    /// Appends an entry; gives its index and the digest of the log up to it.
    pub(super) fn push(&mut self, entry: Arc<Entry<O>>) -> (u64, u64) {
        let before = match self.slots.last() {
            Some(slot) if !self.slots.is_empty() => slot.chain,
            _ => self.base_chain,
        };
        let chain = chain(before, entry.term, entry.digest);
        let index = self.slots.end();
        self.slots.push(Slot {
            term: entry.term,
            chain,
            entry,
        });
        (index, chain)
    }

    /// Drops the entries from `from` on.
    pub(super) fn truncate(&mut self, from: u64) {
        self.slots.truncate(from);
    }

    /// Drops the entries up to `to`, which a snapshot now stands for.
    pub(super) fn compact(&mut self, to: u64) {
        if let (Some(term), Some(chain)) = (self.term_at(to), self.chain_at(to))
            && to > self.base.index
        {
            self.slots.drop_before(to + 1);
            self.base = Position { term, index: to };
            self.base_chain = chain;
        }
    }

    /// The first index in `low..=high` whose term is at least `term`, or `high + 1`; terms never
    /// fall along a log, so halving finds it.
    fn first_with_term(&self, term: u64, low: u64, high: u64) -> u64 {
        let (mut low, mut high) = (low, high.saturating_add(1));
        while low < high {
            let middle = low + (high - low) / 2;
            if self.term_at(middle).is_some_and(|found| found >= term) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }

    /// The first index held of the term of the entry at `index`.
    pub(super) fn start_of_term(&self, index: u64) -> u64 {
        let term = self.term_at(index).unwrap_or(0);
        self.first_with_term(term, self.base.index, index)
    }

    /// The last index up to `high` whose term is at most `term`, if one is known.
    pub(super) fn last_up_to_term(&self, term: u64, high: u64) -> Option<u64> {
        let high = high.min(self.last_index());
        let next = self.first_with_term(term.saturating_add(1), self.base.index, high);
        next.checked_sub(1)
            .filter(|index| *index >= self.base.index)
    }
}

/// The digest of a log that ends in an entry, given that of the log before it.
fn chain(before: u64, term: u64, entry: u64) -> u64 {
    let mut digest = Digest::default();
    digest.write_u64(before);
    digest.write_u64(term);
    digest.write_u64(entry);
    digest.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(terms: &[u64]) -> Log<u8> {
        let mut log = Log::default();
        for term in terms {
            log.push(Arc::new(Entry::new(*term, Payload::Noop)));
        }
        log
    }

    #[test]
    fn equal_chains_mean_equal_prefixes() {
        let (a, b, c) = (log(&[1, 1, 2]), log(&[1, 1, 3]), log(&[1, 2, 2]));
        assert_eq!(a.chain_at(2), b.chain_at(2));
        assert_ne!(a.chain_at(3), b.chain_at(3));
        assert_ne!(a.chain_at(3), c.chain_at(3));
        assert_eq!(a.chain_at(4), None);
    }

    #[test]
    fn compaction_keeps_what_the_last_dropped_entry_was() {
        let mut log = log(&[1, 1, 2, 3]);
        let chain = log.chain_at(2);
        log.compact(2);
        assert_eq!((log.first_index(), log.last_index()), (3, 4));
        assert_eq!((log.term_at(2), log.chain_at(2)), (Some(1), chain));
        assert_eq!((log.term_at(1), log.term_at(0)), (None, None));
        log.compact(4);
        assert_eq!(log.last(), Position { term: 3, index: 4 });
        log.push(Arc::new(Entry::new(5, Payload::Noop)));
        assert_eq!(log.last(), Position { term: 5, index: 5 });
    }

    #[test]
    fn terms_are_found_by_halving() {
        let log = log(&[1, 1, 2, 2, 2, 5]);
        assert_eq!(log.start_of_term(5), 3);
        assert_eq!(log.start_of_term(6), 6);
        assert_eq!(log.last_up_to_term(2, 6), Some(5));
        assert_eq!(log.last_up_to_term(4, 6), Some(5));
        assert_eq!(log.last_up_to_term(1, 1), Some(1));
        assert_eq!(log.last_up_to_term(0, 6), Some(0));
        assert_eq!(log.last_up_to_term(9, 99), Some(6));
    }

    #[test]
    fn logs_are_ordered_by_last_term_then_length() {
        let at = |term, index| Position { term, index };
        assert!(at(2, 1) > at(1, 9) && at(2, 3) > at(2, 2));
    }
}
