//! What nodes send each other.

use super::edits::{Line, Vector, node_of, shown, shown_version};
use crate::base::{Draws, Wire};
use crate::text::{Edit, Version};
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// A message between nodes. Kept small: what is big is shared.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "SequenceMessage"))]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// This was done here just now.
    Edits(
        #[serde(serialize_with = "shown")]
        #[cfg_attr(
            not(target_arch = "wasm32"),
            schemars(with = "Vec<super::edits::EditView>")
        )]
        Arc<[Edit]>,
    ),
    /// This is what I know: what do I lack (Demers et al. 1987, anti-entropy by push and pull)?
    Summary(
        #[serde(serialize_with = "shown_version")]
        #[cfg_attr(
            not(target_arch = "wasm32"),
            schemars(with = "Vec<super::edits::Entry>")
        )]
        Arc<Version>,
    ),
    /// The answer: what you lack, and what I know.
    SummaryReply(Arc<Summary>),
    /// What you lack by your answer.
    Repair(
        #[serde(serialize_with = "shown")]
        #[cfg_attr(
            not(target_arch = "wasm32"),
            schemars(with = "Vec<super::edits::EditView>")
        )]
        Arc<[Edit]>,
    ),
}

/// What a node knows, and what the receiver lacks of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "SequenceSummary"))]
pub struct Summary {
    /// What the sender knows.
    #[serde(serialize_with = "shown_version")]
    #[cfg_attr(
        not(target_arch = "wasm32"),
        schemars(with = "Vec<super::edits::Entry>")
    )]
    pub version: Version,
    /// What the receiver lacks.
    #[serde(serialize_with = "shown")]
    #[cfg_attr(
        not(target_arch = "wasm32"),
        schemars(with = "Vec<super::edits::EditView>")
    )]
    pub edits: Vec<Edit>,
}

impl Message {
    /// The edits that it carries.
    pub fn edits(&self) -> &[Edit] {
        match self {
            Message::Edits(edits) | Message::Repair(edits) => edits,
            Message::Summary(_) => &[],
            Message::SummaryReply(summary) => &summary.edits,
        }
    }
}

impl Wire for Message {
    const KINDS: &'static [&'static str] = &["Edits", "Summary", "SummaryReply", "Repair"];

    fn kind(&self) -> usize {
        match self {
            Message::Edits(_) => 0,
            Message::Summary(_) => 1,
            Message::SummaryReply(_) => 2,
            Message::Repair(_) => 3,
        }
    }

    fn is_reply(&self) -> bool {
        matches!(self, Message::SummaryReply(_))
    }

    /// One more than the node that made the first of the edits carried; 0 where there are none.
    fn epoch(&self) -> u64 {
        let first = self.edits().first();
        first.map_or(0, |edit| u64::from(node_of(edit.id.replica).0) + 1)
    }

    fn garbage(luck: &mut Draws) -> Message {
        super::garbage::garbage(luck)
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Message::KINDS[self.kind()])?;
        match self {
            Message::Edits(edits) | Message::Repair(edits) => write!(f, "{}", Line(edits)),
            Message::Summary(version) => write!(f, " {}", Vector(version)),
            Message::SummaryReply(summary) => {
                write!(f, " {}{}", Vector(&summary.version), Line(&summary.edits))
            }
        }
    }
}
