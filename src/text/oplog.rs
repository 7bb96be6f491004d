//! What every replica did, in runs: the history that versions, undo and saving read.
//!
//! Each replica's operations are numbered without gaps. A run is a stretch of them of one kind:
//! scalars typed one behind the other, deletions that walk through consecutive elements (forwards,
//! or backwards as a backspace does), or deletions taken back.

use super::Omission;
use super::content::Content;
use super::id::{Id, ReplicaId};
use std::collections::BTreeMap;

/// What one run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// Inserts scalars: the first behind `left`, each other behind its predecessor, all before
    /// `right`. `text` is where they lie in the replica's content.
    Insert { left: Id, right: Id, text: u32 },
    /// Deletes `target`, then the element after it by sequence number, and so on.
    Delete { target: Id },
    /// Deletes `target`, then the element before it by sequence number, and so on.
    Backspace { target: Id },
    /// Takes back the same replica's deletions from number `seq` on. What takes back itself does
    /// nothing.
    Restore { seq: u32 },
}

impl Op {
    /// What is left of the run behind its first `n` operations; `me` is its first operation.
    pub fn skip(self, n: u32, me: Id) -> Op {
        match self {
            _ if n == 0 => self,
            Op::Insert { right, text, .. } => Op::Insert {
                left: me.plus(n - 1),
                right,
                text: text + n,
            },
            Op::Delete { target } => Op::Delete {
                target: target.plus(n),
            },
            Op::Backspace { target } => Op::Backspace {
                target: Id {
                    seq: target.seq - n,
                    ..target
                },
            },
            Op::Restore { seq } => Op::Restore { seq: seq + n },
        }
    }
}

/// A run: its first sequence number and what it does. It ends where the next one starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub seq: u32,
    pub op: Op,
}

/// One replica, as this replica knows it.
#[derive(Clone, Debug)]
pub(super) struct Agent {
    pub name: ReplicaId,
    /// Operations known: the next one's sequence number.
    pub next: u32,
    pub runs: Vec<Run>,
    pub content: Content,
    /// Which of its deletions it has taken back: disjoint stretches, start to end.
    pub restored: BTreeMap<u32, u32>,
}

impl Agent {
    /// The index of the run that holds operation `seq`, which is known.
    pub fn run_at(&self, seq: u32) -> usize {
        self.runs.partition_point(|run| run.seq <= seq) - 1
    }

    /// The end of the run with this index.
    pub fn run_end(&self, index: usize) -> u32 {
        self.runs.get(index + 1).map_or(self.next, |run| run.seq)
    }

    /// Adds `n` operations at the end, into the last run where they continue it.
    pub fn push(&mut self, me: u32, n: u32, op: Op) {
        let seq = self.next;
        self.next += n;
        if let Some(last) = self.runs.last_mut() {
            let len = seq - last.seq;
            match (last.op, op) {
                (Op::Insert { right, .. }, Op::Insert { left, right: r, .. })
                    if left.agent == me && left.seq + 1 == seq && right == r =>
                {
                    return;
                }
                (Op::Delete { target }, Op::Delete { target: t }) if target.plus(len) == t => {
                    return;
                }
                (Op::Delete { target } | Op::Backspace { target }, Op::Delete { target: t })
                    if n == 1
                        && target.agent == t.agent
                        && target.seq == t.seq.wrapping_add(len)
                        && (len == 1 || matches!(last.op, Op::Backspace { .. })) =>
                {
                    last.op = Op::Backspace { target };
                    return;
                }
                (Op::Backspace { target }, Op::Backspace { target: t })
                    if target.agent == t.agent && target.seq == t.seq.wrapping_add(len) =>
                {
                    return;
                }
                (Op::Restore { seq }, Op::Restore { seq: s }) if seq + len == s => return,
                _ => {}
            }
        }
        self.runs.push(Run { seq, op });
    }

    /// Calls `f` with each stretch of `[start, end)` and the operation it starts with.
    pub fn pieces(&self, me: u32, start: u32, end: u32) -> Pieces<'_> {
        let index = if start < end { self.run_at(start) } else { 0 };
        Pieces {
            agent: self,
            me,
            index,
            at: start,
            end: end.min(self.next),
        }
    }
}

/// Marks `[start, end)` as taken back; calls `f` with each stretch that was not yet.
pub(super) fn restore(
    restored: &mut BTreeMap<u32, u32>,
    start: u32,
    end: u32,
    mut f: impl FnMut(u32, u32),
) {
    if start == end {
        return;
    }
    // What was taken back there already becomes one stretch with it.
    let (mut first, mut at) = (start, start);
    if let Some((&from, &to)) = restored.range(..start).next_back()
        && to >= start
    {
        (first, at) = (from, to);
        restored.remove(&from);
    }
    while let Some((&from, &to)) = restored.range(start..=end).next() {
        if at < from {
            f(at, from);
        }
        at = at.max(to);
        restored.remove(&from);
    }
    if at < end {
        f(at, end);
    }
    restored.insert(first, at.max(end));
}

/// A piece of a run: `len` operations from `seq` on, of which `op` is the first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub seq: u32,
    pub len: u32,
    pub op: Op,
}

impl Piece {
    /// The elements it deletes: the first by sequence number, and how many.
    pub fn targets(&self) -> Option<(Id, u32)> {
        match self.op {
            Op::Delete { target } => Some((target, self.len)),
            Op::Backspace { target } => {
                let seq = target.seq - (self.len - 1);
                Some((Id { seq, ..target }, self.len))
            }
            Op::Insert { .. } | Op::Restore { .. } => None,
        }
    }
}

/// Iterates over the runs within a stretch of one replica's operations, cut to the stretch.
pub(super) struct Pieces<'a> {
    agent: &'a Agent,
    me: u32,
    index: usize,
    at: u32,
    end: u32,
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        if self.at >= self.end {
            return None;
        }
        let run = self.agent.runs[self.index];
        let stop = self.agent.run_end(self.index).min(self.end);
        let first = Id {
            agent: self.me,
            seq: run.seq,
        };
        let piece = Piece {
            seq: self.at,
            len: stop - self.at,
            op: run.op.skip(self.at - run.seq, first),
        };
        self.at = stop;
        self.index += 1;
        Some(piece)
    }
}

/// All replicas known here, and the order in which their operations came.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    pub agents: Vec<Agent>,
    by_name: BTreeMap<ReplicaId, u32>,
    /// Whose operations came, and up to which number: the order of history as seen from here.
    pub arrivals: Vec<(u32, u32)>,
    /// The rule that is left out, if one is.
    pub omitted: Option<Omission>,
}

impl Log {
    /// Whether a rule is left out.
    pub fn omits(&self, rule: Omission) -> bool {
        self.omitted == Some(rule)
    }

    /// The number of the replica called `name`, if it has one yet.
    pub fn find(&self, name: ReplicaId) -> Option<u32> {
        if let Some(agent) = self.agents.first()
            && agent.name == name
        {
            return Some(0);
        }
        self.by_name.get(&name).copied()
    }

    /// The number of the replica called `name`, given to it now if it has none.
    pub fn intern(&mut self, name: ReplicaId) -> u32 {
        if let Some(found) = self.find(name) {
            return found;
        }
        let number = self.agents.len() as u32;
        self.by_name.insert(name, number);
        self.agents.push(Agent {
            name,
            next: 0,
            runs: Vec::new(),
            content: Content::new(),
            restored: BTreeMap::new(),
        });
        number
    }

    pub fn name(&self, agent: u32) -> ReplicaId {
        self.agents[agent as usize].name
    }

    pub fn next(&self, agent: u32) -> u32 {
        self.agents[agent as usize].next
    }

    /// Whether the operation is known; the edge always is.
    pub fn knows(&self, id: Id) -> bool {
        id.is_edge() || id.seq < self.next(id.agent)
    }

    /// Adds `n` operations of `agent`.
    pub fn push(&mut self, agent: u32, n: u32, op: Op) {
        let entry = &mut self.agents[agent as usize];
        entry.push(agent, n, op);
        self.arrive(agent);
    }

    /// Notes that the last operations of `agent` came.
    pub fn arrive(&mut self, agent: u32) {
        let next = self.next(agent);
        match self.arrivals.last_mut() {
            Some(last) if last.0 == agent => last.1 = next,
            _ => self.arrivals.push((agent, next)),
        }
    }

    /// The left and right origins of an inserted element; `None` if it is no insertion.
    pub fn origins(&self, id: Id) -> Option<(Id, Id)> {
        let agent = self.agents.get(id.agent as usize)?;
        let run = agent.runs[agent.run_at(id.seq)];
        let Op::Insert { left, right, .. } = run.op else {
            return None;
        };
        let left = if id.seq == run.seq {
            left
        } else {
            Id {
                seq: id.seq - 1,
                ..id
            }
        };
        Some((left, right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_deletion_is_taken_back_once() {
        let (mut restored, mut known) = (BTreeMap::new(), BTreeSet::new());
        for i in 0..500_u32 {
            let start = i * 7919 % 1009;
            let end = start + i % 13 * (i % 5);
            let mut fresh = BTreeSet::new();
            restore(&mut restored, start, end, |from, to| {
                assert!(from < to);
                fresh.extend(from..to);
            });
            let expected: BTreeSet<u32> = (start..end).filter(|n| !known.contains(n)).collect();
            assert_eq!(fresh, expected);
            known.extend(fresh);
        }
        assert!(restored.len() < 100, "neighbours become one");
    }
}
