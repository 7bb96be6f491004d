//! Facts worth teaching and checking.

use super::edits::shown;
use crate::base::{Class, NodeId, RequestId, counted};
use crate::text::{Edit, Patch};
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// A fact that a node states.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Milestone {
    /// It edits its text for a client.
    Wrote {
        /// The request.
        request: RequestId,
        /// In which way.
        how: How,
        /// How its text has changed.
        changes: Arc<[Change]>,
        /// What it tells the others.
        #[serde(serialize_with = "shown")]
        edits: Arc<[Edit]>,
    },
    /// It takes in edits that it did not know.
    Took {
        /// From whom.
        from: NodeId,
        /// On what occasion.
        way: Way,
        /// How many operations are new: one a letter.
        edits: u32,
        /// How its text has changed.
        changes: Arc<[Change]>,
        /// How many edits still wait for others that they build on.
        waiting: u32,
    },
    /// Edits have come before others that they build on, and wait.
    Waits {
        /// From whom.
        from: NodeId,
        /// How many wait by now.
        waiting: u32,
    },
    /// It and another node have found that they know the same edits.
    Even {
        /// The other.
        with: NodeId,
        /// How many operations that is.
        edits: u64,
    },
    /// It starts with an empty disk, under a new name.
    Reborn {
        /// The name.
        name: String,
    },
    /// It is sent edits that it knows.
    Knew {
        /// By whom.
        from: NodeId,
    },
}

/// In which way a client edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It inserts.
    Insert,
    /// It deletes.
    Delete,
    /// It takes an edit back.
    Undo,
}

/// On what occasion a node takes edits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// They were made just now.
    Push,
    /// Comparing has shown that they were lacking.
    Repair,
}

/// One change of a visible text: at index `at`, `deleted` letters give way to `text`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "SequenceChange"))]
pub struct Change {
    /// Where: an index in letters, into the text after the changes before this one.
    pub at: u32,
    /// How many letters are removed there.
    pub deleted: u32,
    /// What is put there instead.
    pub text: Arc<str>,
}

impl Change {
    pub(super) fn of(patch: &Patch) -> Change {
        Change {
            at: patch.at.chars as u32,
            deleted: patch.deleted.chars as u32,
            text: patch.text.as_str().into(),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.deleted, self.text.is_empty()) {
            (0, _) => write!(f, "“{}” at {}", self.text, self.at),
            (n, true) => write!(f, "{} gone at {}", counted(n, "letter"), self.at),
            (n, false) => write!(f, "{n} at {} become “{}”", self.at, self.text),
        }
    }
}

/// A few changes in words.
fn list(changes: &[Change]) -> String {
    const SHOWN: usize = 3;
    let mut words: Vec<String> = changes.iter().take(SHOWN).map(Change::to_string).collect();
    let rest = changes.len().saturating_sub(SHOWN);
    if rest > 0 {
        words.push(format!("and {rest} more"));
    }
    if words.is_empty() {
        return "its text stays the same".to_owned();
    }
    words.join(", ")
}

impl crate::base::Milestone for Milestone {
    fn kind(&self) -> &'static str {
        match self {
            Milestone::Wrote { .. } => "wrote",
            Milestone::Took { .. } => "took",
            Milestone::Waits { .. } => "waits",
            Milestone::Even { .. } => "even",
            Milestone::Reborn { .. } => "reborn",
            Milestone::Knew { .. } => "knew",
        }
    }

    fn class(&self) -> Class {
        match self {
            Milestone::Wrote { .. } => Class::Decision,
            Milestone::Reborn { .. } => Class::Change,
            Milestone::Took { .. } | Milestone::Waits { .. } | Milestone::Even { .. } => {
                Class::Step
            }
            Milestone::Knew { .. } => Class::Quiet,
        }
    }

    fn sentence(&self, node: NodeId) -> String {
        match self {
            Milestone::Wrote { how, changes, .. } => match (how, &changes[..]) {
                (How::Insert, [change]) => {
                    format!("Node {node} writes “{}” at {}", change.text, change.at)
                }
                (How::Delete, [change]) => {
                    let letters = counted(change.deleted, "letter");
                    format!("Node {node} deletes {letters} at {}", change.at)
                }
                _ => format!("Node {node} takes an edit back: {}", list(changes)),
            },
            Milestone::Took {
                from,
                way,
                edits,
                changes,
                waiting,
            } => {
                let edits = counted(*edits, "edit");
                let found = match way {
                    Way::Push => "from",
                    Way::Repair => "that it lacked from",
                };
                let waits = match waiting {
                    0 => String::new(),
                    1 => "; 1 edit still waits".to_owned(),
                    n => format!("; {n} edits still wait"),
                };
                let list = list(changes);
                format!("Node {node} takes in {edits} {found} node {from}: {list}{waits}")
            }
            Milestone::Waits { from, waiting } => format!(
                "Node {node} is told by node {from} of what builds on edits that it does not know: {} {}",
                counted(*waiting, "edit"),
                if *waiting == 1 { "waits" } else { "wait" }
            ),
            Milestone::Even { with, edits } => format!(
                "Node {node} and node {with} know the same {}",
                counted(*edits, "edit")
            ),
            Milestone::Reborn { name } => {
                format!("Node {node} starts with an empty disk and edits under the name {name}")
            }
            Milestone::Knew { from } => {
                format!("Node {node} is sent edits by node {from} that it knows")
            }
        }
    }
}
