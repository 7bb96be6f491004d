//! Names of replicas, and edits as they are shown: those of [`crate::text`] know no JSON.

use crate::base::{Micros, NodeId};
use crate::text::{Edit, ElementId, ReplicaId, Version, What};
use serde::{Serialize, Serializer};
use std::fmt;

/// The bits of a name that tell the node.
const NODE_BITS: u32 = 16;

/// The name under which `node` edits that started with an empty disk when its clock showed `born`.
pub fn name_of(node: NodeId, born: Micros) -> ReplicaId {
    ReplicaId(born.0 << NODE_BITS | u64::from(node.0))
}

/// The node that edits, or edited, under a name.
pub fn node_of(name: ReplicaId) -> NodeId {
    NodeId(name.0 as u16)
}

/// A name for people: `2`; `2@1200.500` after its disk was lost and it started anew at that moment.
pub fn shown_name(name: ReplicaId) -> String {
    let born = name.0 >> NODE_BITS;
    match born {
        0 => node_of(name).to_string(),
        _ => format!("{}@{}", node_of(name), Micros(born)),
    }
}

fn shown_id(id: ElementId) -> String {
    format!("{}:{}", shown_name(id.replica), id.seq)
}

/// An edit as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "SequenceEdit"))]
pub struct EditView {
    /// Its first operation: the author's name and a number, as in `2:14`.
    pub id: String,
    /// How many operations it is: one a letter.
    pub len: u32,
    /// `insert`, `delete` or `restore`.
    pub kind: &'static str,
    /// What is inserted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Behind which letter; null for the start of the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<Option<String>>,
    /// Before which letter; null for its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<Option<String>>,
    /// The first letter that is deleted, or the first deletion that is taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Whether each further letter deleted is the one before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub backwards: bool,
}

impl EditView {
    /// The edit as it is shown.
    pub fn of(edit: &Edit) -> EditView {
        let mut view = EditView {
            id: shown_id(edit.id),
            len: edit.len,
            kind: "insert",
            text: None,
            left: None,
            right: None,
            target: None,
            backwards: false,
        };
        match &edit.what {
            What::Insert { left, right, text } => {
                view.text = Some(text.to_string());
                view.left = Some(left.map(shown_id));
                view.right = Some(right.map(shown_id));
            }
            What::Delete { target, backwards } => {
                view.kind = "delete";
                view.target = Some(shown_id(*target));
                view.backwards = *backwards;
            }
            What::Restore { seq } => {
                view.kind = "restore";
                let replica = edit.id.replica;
                view.target = Some(shown_id(ElementId { replica, seq: *seq }));
            }
        }
        view
    }
}

/// Writes edits as they are shown.
pub(super) fn shown<S: Serializer>(edits: &[Edit], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(edits.iter().map(EditView::of))
}

/// One entry of a version vector.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "SequenceEntry"))]
pub struct Entry {
    /// The replica's name.
    pub name: String,
    /// The node that it belongs to, or belonged to.
    pub node: NodeId,
    /// How many of its operations are known.
    pub count: u32,
}

/// The entries of a version vector, in order of the replicas' names.
pub(super) fn entries(version: &Version) -> impl Iterator<Item = Entry> + '_ {
    version.iter().map(|(name, count)| Entry {
        name: shown_name(name),
        node: node_of(name),
        count,
    })
}

/// Writes a version vector as its entries.
pub(super) fn shown_version<S: Serializer>(
    version: &Version,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(entries(version))
}

/// A version vector as people write it: `{0:4, 2:7}`.
pub(super) struct Vector<'a>(pub &'a Version);

impl fmt::Display for Vector<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, (name, count)) in self.0.iter().enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            write!(f, "{comma}{}:{count}", shown_name(name))?;
        }
        f.write_str("}")
    }
}

/// Edits in one line: `+“abc”@2:14 -3@0:7`.
pub(super) struct Line<'a>(pub &'a [Edit]);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 4;
        for edit in self.0.iter().take(SHOWN) {
            match &edit.what {
                What::Insert { text, .. } => write!(f, " +“{text}”@{}", shown_id(edit.id))?,
                What::Delete { target, .. } => {
                    write!(f, " -{}@{}", edit.len, shown_id(*target))?;
                }
                What::Restore { .. } => write!(f, " ~{}@{}", edit.len, shown_id(edit.id))?,
            }
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            rest => write!(f, " and {rest} more"),
        }
    }
}
