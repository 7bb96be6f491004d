//! Any past version of the text, and who wrote what.

use super::id::{Id, ReplicaId, Version};
use super::oplog::{Op, restore};
use super::{Extent, Replica};
use std::collections::BTreeMap;

/// A stretch of text that one replica wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Author {
    /// Who.
    pub replica: ReplicaId,
    /// How much.
    pub len: Extent,
}

/// The text as it was, and who wrote it, from its start to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The text.
    pub text: String,
    /// Its authors, neighbours being different.
    pub authors: Vec<Author>,
}

impl Snapshot {
    fn add(&mut self, replica: ReplicaId, text: &str) {
        self.text.push_str(text);
        let len = Extent {
            chars: text.chars().count(),
            utf16: text.encode_utf16().count(),
        };
        match self.authors.last_mut() {
            Some(last) if last.replica == replica => {
                last.len.chars += len.chars;
                last.len.utf16 += len.utf16;
            }
            _ => self.authors.push(Author { replica, len }),
        }
    }
}

impl Replica {
    /// Who wrote the text as it is now.
    pub fn attribution(&self) -> Vec<Author> {
        let mut snapshot = Snapshot::default();
        for span in self.tree.spans().filter(|span| span.dels == 0) {
            snapshot.add(self.log.name(span.agent), self.slice(span));
        }
        snapshot.authors
    }

    /// The text as it was when exactly the operations in `version` had been made.
    pub fn at(&self, version: &Version) -> Snapshot {
        let limit = |name| version.of(name);
        let deleted = self.deleted(&limit);
        let mut snapshot = Snapshot::default();
        for span in self.tree.spans() {
            let agent = &self.log.agents[span.agent as usize];
            let end = limit(agent.name).min(span.seq + span.len);
            let gone = &deleted[span.agent as usize];
            let mut next = gone.partition_point(|stretch| stretch.1 <= span.seq);
            let mut at = span.seq;
            while at < end {
                let (from, to) = gone.get(next).copied().unwrap_or((end, end));
                if from > at {
                    let text = span.text + (at - span.seq);
                    let len = from.min(end) - at;
                    snapshot.add(agent.name, agent.content.slice(text, len));
                }
                at = to.max(at);
                next += 1;
            }
        }
        snapshot
    }

    /// Of every replica, which stretches of its elements are deleted by operations below `limit`.
    fn deleted(&self, limit: &impl Fn(ReplicaId) -> u32) -> Vec<Vec<(u32, u32)>> {
        let agents = &self.log.agents;
        // First where the number of deletions in force changes, then where it is not zero.
        let mut changes: Vec<Vec<(u32, i32)>> = vec![Vec::new(); agents.len()];
        let mut count = |(target, len): (Id, u32), delta: i32| {
            let own = &mut changes[target.agent as usize];
            own.push((target.seq, delta));
            own.push((target.seq + len, -delta));
        };
        for (number, agent) in agents.iter().enumerate() {
            let number = number as u32;
            let mut restored = BTreeMap::new();
            for piece in agent.pieces(number, 0, limit(agent.name).min(agent.next)) {
                if let Some(targets) = piece.targets() {
                    count(targets, 1);
                }
                let Op::Restore { seq } = piece.op else {
                    continue;
                };
                restore(&mut restored, seq, seq + piece.len, |from, to| {
                    let pieces = agent.pieces(number, from, to);
                    for targets in pieces.filter_map(|p| p.targets()) {
                        count(targets, -1);
                    }
                });
            }
        }
        changes.into_iter().map(stretches).collect()
    }

    /// How many operations are known: the number of past versions that a history shows.
    pub fn history_len(&self) -> u64 {
        self.log.agents.iter().map(|a| u64::from(a.next)).sum()
    }

    /// The version after the first `n` operations, in the order in which they came here.
    pub fn version_after(&self, n: u64) -> Version {
        let mut version = Version::new();
        let mut rest = n;
        for &(agent, upto) in &self.log.arrivals {
            let name = self.log.name(agent);
            let known = version.of(name);
            let step = u64::from(upto - known).min(rest);
            version.set(name, known + step as u32);
            rest -= step;
            if rest == 0 {
                break;
            }
        }
        version
    }
}

/// Where a number that starts at zero, and changes so, is not zero.
fn stretches(mut changes: Vec<(u32, i32)>) -> Vec<(u32, u32)> {
    changes.sort_unstable();
    let mut found: Vec<(u32, u32)> = Vec::new();
    let (mut sum, mut start) = (0, 0);
    for same in changes.chunk_by(|a, b| a.0 == b.0) {
        let was = sum;
        sum += same.iter().map(|change| change.1).sum::<i32>();
        match (was, sum) {
            (0, 0) => {}
            (0, _) => start = same[0].0,
            (_, 0) => found.push((start, same[0].0)),
            _ => {}
        }
    }
    found
}
