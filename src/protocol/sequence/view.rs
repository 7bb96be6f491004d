//! A node as the outside sees it: in full for the inspector, in few numbers for the stage.

use super::edits::{Entry, entries, node_of, shown_name};
use super::state::Sequence;
use crate::base::NodeId;
use crate::text::Element;
use serde::Serialize;

/// The most letters, deleted ones included, that a view shows one by one.
const LETTERS_SHOWN: usize = 4_000;

/// A node in full.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "SequenceView"))]
pub struct View {
    /// Its role's name.
    pub role: &'static str,
    /// The name under which it edits.
    pub name: String,
    /// Its text.
    pub text: String,
    /// How many letters that is.
    pub length: u32,
    /// How many letters were deleted that it still keeps.
    pub deleted: u32,
    /// How many operations it knows: one for each letter inserted or deleted.
    pub edits: u64,
    /// The document in order, deleted letters included: its first 4,000.
    pub runs: Vec<Run>,
    /// How many letters, deleted ones included, are left out there.
    pub left_out: u32,
    /// How many operations it says it knows of each replica.
    pub version: Vec<Entry>,
    /// What it has heard of the others.
    pub peers: Vec<Peer>,
    /// How many edits wait for others that they build on.
    pub waiting: u32,
    /// Where its clients' cursors are.
    pub carets: Vec<Caret>,
    /// Whether there is an edit of its own to take back.
    pub can_undo: bool,
}

/// Letters side by side of one author, all deleted or none, known to the same nodes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "SequenceRun"))]
pub struct Run {
    /// The identity of its first letter: the author's name and a number.
    pub id: String,
    /// The node that inserted it.
    pub node: NodeId,
    /// The letters.
    pub text: String,
    /// Whether they were deleted.
    pub deleted: bool,
    /// The nodes of which this one has not heard that they know of the letters. (Of their deletion
    /// nothing is said.)
    pub unknown_to: Vec<NodeId>,
}

/// What a node has heard of another.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "SequencePeer"))]
pub struct Peer {
    /// The other.
    pub node: NodeId,
    /// What it said last that it knows; null before it has said anything.
    pub version: Option<Vec<Entry>>,
    /// How many operations it lacked then of those known here.
    pub lacks: u64,
    /// How many it knew that are not known here.
    pub ahead: u64,
}

/// A client's cursor.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "SequenceCaret"))]
pub struct Caret {
    /// The client.
    pub client: u32,
    /// Before which letter of the text it stands.
    pub at: u32,
}

/// Names of the roles, in order: whether a node knows that there are edits which it lacks.
pub(super) const ROLES: &[&str] = &["replica", "behind"];

fn role(node: &Sequence) -> usize {
    usize::from(node.document.held_back() > 0 || ahead(node) > 0)
}

/// How many operations this node has heard of at the most and does not know.
fn ahead(node: &Sequence) -> u64 {
    let heard = node
        .others
        .iter()
        .filter_map(|other| other.version.as_ref());
    heard
        .map(|version| node.known.behind(version))
        .max()
        .unwrap_or(0)
}

impl View {
    pub(super) fn of(node: &Sequence) -> View {
        let document = &node.document;
        let mut runs: Vec<Run> = Vec::new();
        let mut last: Option<Element> = None;
        let (mut letters, mut deleted) = (0, 0);
        for element in document.elements() {
            letters += 1;
            deleted += u32::from(!element.visible);
            if letters > LETTERS_SHOWN {
                continue;
            }
            let unknown_to = unknown_to(node, &element);
            if let (Some(run), Some(last)) = (runs.last_mut(), last)
                && last.id.replica == element.id.replica
                && last.visible == element.visible
                && run.unknown_to == unknown_to
            {
                run.text.push(element.letter);
            } else {
                let id = element.id;
                runs.push(Run {
                    id: format!("{}:{}", shown_name(id.replica), id.seq),
                    node: node_of(id.replica),
                    text: element.letter.to_string(),
                    deleted: !element.visible,
                    unknown_to,
                });
            }
            last = Some(element);
        }
        let mut scratch = node.clone();
        let clients: Vec<u32> = node.cursors.keys().copied().collect();
        let carets = clients.into_iter().map(|client| Caret {
            client,
            at: scratch.cursor(client),
        });
        View {
            role: ROLES[role(node)],
            name: shown_name(document.name()),
            text: document.text(),
            length: document.len() as u32,
            deleted,
            edits: document.history_len(),
            runs,
            left_out: letters.saturating_sub(LETTERS_SHOWN) as u32,
            version: entries(&node.known).collect(),
            peers: node.others.iter().map(|other| peer(node, other)).collect(),
            waiting: document.held_back() as u32,
            carets: carets.collect(),
            can_undo: document.can_undo(),
        }
    }
}

/// The nodes that have not said that they know of a letter.
fn unknown_to(node: &Sequence, element: &Element) -> Vec<NodeId> {
    let id = element.id;
    let author = node_of(id.replica);
    let unknown = node.others.iter().filter(|other| {
        let known = other.version.as_ref().map_or(0, |v| v.of(id.replica));
        // Whoever has made it knew it then.
        known <= id.seq && other.node != author
    });
    unknown.map(|other| other.node).collect()
}

fn peer(node: &Sequence, other: &super::state::Heard) -> Peer {
    let nothing = crate::text::Version::new();
    let version = other.version.as_ref();
    Peer {
        node: other.node,
        version: version.map(|version| entries(version).collect()),
        lacks: version.unwrap_or(&nothing).behind(&node.known),
        ahead: version.map_or(0, |version| node.known.behind(version)),
    }
}

/// What [`glance`] writes, in order. The epoch tells texts apart: nodes with the same text have the
/// same one.
pub(super) const GLANCE: &[&str] = &[
    "role", "epoch", "length", "edits", "waiting", "ahead", "lacking",
];

pub(super) fn glance(node: &Sequence, out: &mut Vec<f64>) {
    let lacking = node.others.iter().filter(|other| {
        let version = other.version.as_ref();
        !version.is_some_and(|version| version.covers(&node.known))
    });
    out.extend([
        role(node) as f64,
        f64::from(print(&node.document.text())),
        node.document.len() as f64,
        node.document.history_len() as f64,
        node.document.held_back() as f64,
        ahead(node) as f64,
        lacking.count() as f64,
    ]);
}

/// A number for a text (FNV-1a); 0 for the empty one.
fn print(text: &str) -> u32 {
    const BASIS: u32 = 0x811c_9dc5;
    let step = |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    text.bytes().fold(BASIS, step) ^ BASIS
}

/// What a clone does not share, once either of the two is edited.
pub(super) fn weight(node: &Sequence) -> usize {
    let document = 4_096 + node.document.history_len() as usize * 4;
    size_of::<Sequence>() + document + node.others.len() * 64 + node.sessions.len() * 64
}
