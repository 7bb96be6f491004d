//! Names of replicas and of the operations they make, and which of them a replica knows.

use super::Error;
use std::collections::BTreeMap;

/// The name of one replica for as long as it lives. It must be fresh for every page load and never
/// stored: two replicas under one name write different operations with one identity, and diverge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct ReplicaId(pub u64);

/// Marks the absence of an element: before the first, or behind the last.
pub(super) const NONE: u32 = u32::MAX;

/// An operation's local identity: the replica's number in this replica's table, and which of its
/// operations. An insertion of `n` scalars, and a deletion of `n`, both take `n` sequence numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id {
    pub agent: u32,
    pub seq: u32,
}

impl Id {
    /// No element at all: the edge of the document.
    pub const EDGE: Id = Id {
        agent: NONE,
        seq: NONE,
    };

    pub fn is_edge(self) -> bool {
        self.agent == NONE
    }

    pub fn plus(self, n: u32) -> Id {
        Id {
            agent: self.agent,
            seq: self.seq + n,
        }
    }
}

/// The identity of one element or operation, as replicas name it to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElementId {
    /// The replica that made it.
    pub replica: ReplicaId,
    /// Which of that replica's operations it is, from 0.
    pub seq: u32,
}

/// A version vector: of each replica, how many operations are known (they are known without gaps).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Version(BTreeMap<ReplicaId, u32>);

impl Version {
    /// The version of the empty document.
    pub fn new() -> Version {
        Version::default()
    }

    /// How many operations of `replica` are known.
    pub fn of(&self, replica: ReplicaId) -> u32 {
        self.0.get(&replica).copied().unwrap_or(0)
    }

    /// Notes that `count` operations of `replica` are known. Zero forgets the replica.
    pub fn set(&mut self, replica: ReplicaId, count: u32) {
        if count == 0 {
            self.0.remove(&replica);
        } else {
            self.0.insert(replica, count);
        }
    }

    /// Every replica with at least one known operation, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (ReplicaId, u32)> + '_ {
        self.0.iter().map(|(&replica, &count)| (replica, count))
    }

    /// Whether everything in `other` is known here too.
    pub fn covers(&self, other: &Version) -> bool {
        other.iter().all(|(replica, n)| self.of(replica) >= n)
    }

    /// How many operations of `other` are not known here.
    pub fn behind(&self, other: &Version) -> u64 {
        let missing = |(replica, n): (ReplicaId, u32)| n.saturating_sub(self.of(replica));
        other.iter().map(missing).map(u64::from).sum()
    }

    /// The version as bytes, to be told to others. Equal versions have equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(12 * self.0.len());
        for (replica, count) in self.iter() {
            bytes.extend(replica.0.to_le_bytes());
            bytes.extend(count.to_le_bytes());
        }
        bytes
    }

    /// Reads what [`to_bytes`](Version::to_bytes) wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Version, Error> {
        let (entries, rest) = bytes.as_chunks::<12>();
        if !rest.is_empty() {
            return Err(Error::Truncated);
        }
        let mut version = Version::new();
        for entry in entries {
            let (name, count) = entry.split_at(8);
            let name = name.iter().rfold(0, |n, &byte| n << 8 | u64::from(byte));
            let count = count.iter().rfold(0, |n, &byte| n << 8 | u32::from(byte));
            if count == 0 || version.of(ReplicaId(name)) > 0 {
                return Err(Error::Corrupt("a version vector"));
            }
            version.set(ReplicaId(name), count);
        }
        Ok(version)
    }

    /// Adds what `other` knows.
    pub fn join(&mut self, other: &Version) {
        for (replica, n) in other.iter() {
            self.set(replica, n.max(self.of(replica)));
        }
    }
}
