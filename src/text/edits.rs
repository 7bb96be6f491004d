//! What replicas tell each other, in the open: the same changes that `encode` writes as bytes, as
//! values that can be shown, looked through and made up. And the rules that a replica can be told
//! to leave out.

use super::encode::{Change, Update};
use super::id::{ElementId, Id, ReplicaId, Version};
use super::oplog::{Op, Piece};
use super::tree::{Span, Tree};
use super::{Error, ME, Patch, Replica};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One stretch of one replica's operations, of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Edit {
    /// The first operation.
    pub id: ElementId,
    /// How many there are.
    pub len: u32,
    /// What they do.
    pub what: What,
}

/// What a stretch of operations does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// Inserts scalars, one an operation: the first behind `left`, each other behind the one before.
    Insert {
        /// What stood before the first of them; none is the start of the document.
        left: Option<ElementId>,
        /// What stood right behind that, deleted or not; none is the end of the document.
        right: Option<ElementId>,
        /// The scalars.
        text: Arc<str>,
    },
    /// Deletes elements, one an operation.
    Delete {
        /// The first that is deleted.
        target: ElementId,
        /// Whether each other is the element before by number, as a backspace goes, not the next.
        backwards: bool,
    },
    /// Takes back the same replica's deletions, one an operation, from this number on.
    Restore {
        /// The number.
        seq: u32,
    },
}

/// A rule that a replica leaves out, so that one can see what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Omission {
    /// Insertions with the same neighbours stand by their authors' names. Without: the later they
    /// came, the further in front.
    Ties,
    /// Insertions behind one element stand by what was behind it then. Without: by their authors'
    /// names alone.
    RightOrigins,
    /// A change waits for what it builds on. Without: what is not there yet counts as nothing.
    Waiting,
}

impl Edit {
    /// Whether a replica can have done this, as far as it can be told from the edit alone.
    pub fn is_sound(&self) -> bool {
        let id = self.id;
        let end = id.seq.checked_add(self.len);
        if self.len == 0 || end.is_none_or(|end| end == u32::MAX) {
            return false;
        }
        let came_before = |other: ElementId| {
            other.seq < u32::MAX - 1 && (other.replica != id.replica || other.seq < id.seq)
        };
        match &self.what {
            What::Insert { left, right, text } => {
                [left, right]
                    .into_iter()
                    .flatten()
                    .all(|id| came_before(*id))
                    && text.chars().count() == self.len as usize
            }
            What::Delete { target, backwards } => {
                let far = self.len - 1;
                let last = match backwards {
                    true => target.seq.checked_sub(far),
                    false => target.seq.checked_add(far),
                };
                last.is_some_and(|seq| came_before(ElementId { seq, ..*target }))
                    && came_before(*target)
            }
            // What takes back itself does nothing.
            What::Restore { seq } => *seq <= id.seq,
        }
    }

    /// The edit as a change whose replicas have the numbers that `number` gives them.
    fn change(&self, number: &mut impl FnMut(ReplicaId) -> u32) -> Change<'_> {
        let mut local = |id: ElementId| Id {
            agent: number(id.replica),
            seq: id.seq,
        };
        let mut text = "";
        let op = match &self.what {
            What::Insert {
                left,
                right,
                text: told,
            } => {
                text = told;
                Op::Insert {
                    left: left.map_or(Id::EDGE, &mut local),
                    right: right.map_or(Id::EDGE, &mut local),
                    text: 0,
                }
            }
            What::Delete { target, backwards } => {
                let target = local(*target);
                match backwards {
                    true => Op::Backspace { target },
                    false => Op::Delete { target },
                }
            }
            What::Restore { seq } => Op::Restore { seq: *seq },
        };
        Change {
            id: local(self.id),
            len: self.len,
            op,
            text,
        }
    }
}

impl Replica {
    /// Everything that who has `version` does not know yet: what
    /// [`changes_since`](Replica::changes_since) writes as bytes.
    pub fn edits_since(&self, version: &Version) -> Vec<Edit> {
        let mut edits = Vec::new();
        for (agent, number) in self.log.agents.iter().zip(0..) {
            let known = version.of(agent.name);
            self.edits_of(number, known, &mut edits);
        }
        edits
    }

    /// Our own edits since this or [`take_changes`](Replica::take_changes) was last called.
    pub fn take_edits(&mut self) -> Vec<Edit> {
        let taken = std::mem::replace(&mut self.taken, self.log.next(ME));
        let mut edits = Vec::new();
        self.edits_of(ME, taken, &mut edits);
        edits
    }

    /// Applies edits made elsewhere, as [`apply`](Replica::apply) does, or none of them.
    pub fn apply_edits(&mut self, edits: &[Edit]) -> Result<Vec<Patch>, Error> {
        if !edits.iter().all(Edit::is_sound) {
            return Err(Error::Corrupt("an edit that nobody can have made"));
        }
        let mut names: Vec<ReplicaId> = Vec::new();
        let mut numbers: BTreeMap<ReplicaId, u32> = BTreeMap::new();
        let mut number = |name: ReplicaId| {
            *numbers.entry(name).or_insert_with(|| {
                names.push(name);
                names.len() as u32 - 1
            })
        };
        let changes = edits.iter().map(|edit| edit.change(&mut number)).collect();
        self.take_in(Update { names, changes })
    }

    /// Leaves a rule out from now on, or none.
    pub fn leave_out(&mut self, rule: Option<Omission>) {
        self.log.omitted = rule;
    }

    /// Forgets all deleted elements, so that whoever names one as a neighbour names nobody. Replicas
    /// that do so come apart: it is there to show that.
    pub fn forget_deleted(&mut self) {
        let shown = self.tree.spans().filter(|span| span.dels == 0);
        let mut shown: Vec<Span> = shown.copied().collect();
        shown.reverse();
        self.tree = Tree::of(&shown, self.log.agents.len());
    }

    /// The operations of a replica from number `start` on, in runs.
    fn edits_of(&self, number: u32, start: u32, into: &mut Vec<Edit>) {
        let agent = &self.log.agents[number as usize];
        let pieces = agent.pieces(number, start, agent.next);
        into.extend(pieces.map(|piece| self.edit(number, piece)));
    }

    fn edit(&self, number: u32, piece: Piece) -> Edit {
        let name = |id: Id| ElementId {
            replica: self.log.name(id.agent),
            seq: id.seq,
        };
        let origin = |id: Id| (!id.is_edge()).then(|| name(id));
        let what = match piece.op {
            Op::Insert { left, right, text } => {
                let content = &self.log.agents[number as usize].content;
                What::Insert {
                    left: origin(left),
                    right: origin(right),
                    text: content.slice(text, piece.len).into(),
                }
            }
            Op::Delete { target } => What::Delete {
                target: name(target),
                backwards: false,
            },
            Op::Backspace { target } => What::Delete {
                target: name(target),
                backwards: true,
            },
            Op::Restore { seq } => What::Restore { seq },
        };
        Edit {
            id: name(Id {
                agent: number,
                seq: piece.seq,
            }),
            len: piece.len,
            what,
        }
    }
}
