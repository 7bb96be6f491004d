//! Facts worth teaching and checking.

use super::item::{Context, Item, Version, WriteId};
use super::value::{Key, Value};
use super::version::Dot;
use crate::base::{Class, NodeId, RequestId, counted};
use serde::Serialize;
use std::sync::Arc;

/// A fact that a node states. The first group is for people, the last for checkers alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Milestone {
    /// As coordinator it takes a write (Dynamo, section 4.5).
    Wrote {
        /// What it made of the write.
        version: Arc<Version>,
        /// Under what it is counted.
        dot: Dot,
        /// What its client had read.
        context: Option<Arc<Context>>,
        /// What it holds of the key from now on.
        item: Arc<Item>,
    },
    /// It takes in versions that it did not know.
    Took {
        /// From whom.
        from: NodeId,
        /// On what occasion.
        way: Way,
        /// What it holds of the key from now on.
        item: Arc<Item>,
        /// What it was sent.
        sent: Arc<Item>,
    },
    /// Versions of a key that it holds contradict each other, and did not before.
    Conflict {
        /// What it holds.
        item: Arc<Item>,
    },
    /// The last writer wins: an acknowledged or waiting write is gone for its timestamp.
    Overtaken {
        /// The key.
        key: Key,
        /// What is gone.
        lost: WriteId,
        /// What has the later timestamp.
        winner: WriteId,
    },
    /// As coordinator it tells a client that its write is stored.
    Acknowledged {
        /// The request.
        request: RequestId,
        /// The key.
        key: Key,
        /// Which write.
        write: WriteId,
        /// How many nodes have it by now, as far as the coordinator knows.
        copies: u32,
    },
    /// As coordinator it answers a read.
    Answered {
        /// The request.
        request: RequestId,
        /// The key.
        key: Key,
        /// What was found at the nodes that answered.
        item: Option<Arc<Item>>,
        /// The values that the client is told: one, where a resolver has made it of several.
        values: Arc<[Value]>,
        /// How many answered.
        copies: u32,
    },
    /// As coordinator it gives up waiting for enough answers.
    QuorumMissed {
        /// The request.
        request: RequestId,
        /// The key.
        key: Key,
        /// How many answered.
        have: u32,
        /// How many are needed.
        need: u32,
    },
    /// It sends what a read has brought together to a node that answered with less.
    Repaired {
        /// The key.
        key: Key,
        /// To whom.
        to: NodeId,
    },
    /// It stands in for another node (Dynamo, section 4.6).
    Hinted {
        /// The key.
        key: Key,
        /// For whom.
        owner: NodeId,
    },
    /// It has handed over what it kept for another node, or keeps no longer.
    HandedOver {
        /// The key.
        key: Key,
        /// To whom.
        to: NodeId,
    },
    /// It has compared what it keeps with another node, and got from it what it lacked.
    Synced {
        /// With whom.
        with: NodeId,
        /// How many keys it got.
        keys: u32,
    },
    /// It takes a node to be down.
    Suspected {
        /// Whom.
        node: NodeId,
    },
    /// It hears from a node again that it took to be down.
    Trusted {
        /// Whom.
        node: NodeId,
    },
    /// It learns that the ring has changed.
    RingChanged {
        /// Who belongs to it.
        members: Arc<[NodeId]>,
        /// How many keys it has to hand over.
        moving: u32,
    },
    /// It has left, and has handed over all that it had.
    Emptied,
    /// It starts with an empty disk, under a new name.
    Reborn {
        /// The name under which its writes count.
        name: String,
        /// Whether it has to ask to be let in: it is new, or knows of nobody any more.
        joins: bool,
    },
    /// It forgets a tombstone, since nobody can have what it stands for.
    Reaped {
        /// What it held.
        item: Arc<Item>,
    },
    /// As coordinator it begins a read.
    Asked {
        /// The request.
        request: RequestId,
        /// The key.
        key: Key,
    },
    /// It is sent versions that change nothing.
    Knew {
        /// What it holds.
        item: Arc<Item>,
        /// What it was sent.
        sent: Arc<Item>,
    },
    /// It no longer keeps a key that it has handed over.
    Dropped {
        /// What it held.
        item: Arc<Item>,
    },
}

/// On what occasion a node takes in versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A coordinator has it store a write.
    Store,
    /// As coordinator it is told by another replica.
    Read,
    /// A read found that it had less.
    Repair,
    /// A node that stood in for it, or keeps the key no longer, hands over.
    Handoff,
    /// Comparing trees.
    Sync,
}

impl Way {
    fn words(self) -> &'static str {
        match self {
            Way::Store => "stores",
            Way::Read => "reads",
            Way::Repair => "is brought up to date with",
            Way::Handoff => "is handed",
            Way::Sync => "gets by comparison",
        }
    }
}

impl crate::base::Milestone for Milestone {
    fn kind(&self) -> &'static str {
        match self {
            Milestone::Wrote { .. } => "wrote",
            Milestone::Took { .. } => "took",
            Milestone::Conflict { .. } => "conflict",
            Milestone::Overtaken { .. } => "overtaken",
            Milestone::Acknowledged { .. } => "acknowledged",
            Milestone::Answered { .. } => "answered",
            Milestone::QuorumMissed { .. } => "quorum_missed",
            Milestone::Repaired { .. } => "repaired",
            Milestone::Hinted { .. } => "hinted",
            Milestone::HandedOver { .. } => "handed_over",
            Milestone::Synced { .. } => "synced",
            Milestone::Suspected { .. } => "suspected",
            Milestone::Trusted { .. } => "trusted",
            Milestone::RingChanged { .. } => "ring_changed",
            Milestone::Emptied => "emptied",
            Milestone::Reborn { .. } => "reborn",
            Milestone::Reaped { .. } => "reaped",
            Milestone::Asked { .. } => "asked",
            Milestone::Knew { .. } => "knew",
            Milestone::Dropped { .. } => "dropped",
        }
    }

    fn class(&self) -> Class {
        match self {
            // What people quarrel about, and who has the say, is the nearest there is to this here.
            Milestone::Conflict { .. } => Class::Leadership,
            Milestone::Acknowledged { .. } => Class::Decision,
            Milestone::RingChanged { .. } | Milestone::Emptied | Milestone::Reborn { .. } => {
                Class::Change
            }
            Milestone::Wrote { .. }
            | Milestone::Took { .. }
            | Milestone::Overtaken { .. }
            | Milestone::Answered { .. }
            | Milestone::QuorumMissed { .. }
            | Milestone::Repaired { .. }
            | Milestone::Hinted { .. }
            | Milestone::HandedOver { .. }
            | Milestone::Synced { .. }
            | Milestone::Suspected { .. }
            | Milestone::Trusted { .. }
            | Milestone::Reaped { .. } => Class::Step,
            Milestone::Asked { .. } | Milestone::Knew { .. } | Milestone::Dropped { .. } => {
                Class::Quiet
            }
        }
    }

    #[allow(clippy::too_many_lines)] // one arm a fact, each a sentence
    fn sentence(&self, node: NodeId) -> String {
        match self {
            Milestone::Wrote {
                version, dot, item, ..
            } => match version.value() {
                Some(value) => format!("Node {node} writes {} = {value} as {dot}", item.key()),
                None => format!("Node {node} deletes {} as {dot}", item.key()),
            },
            Milestone::Took {
                from, way, item, ..
            } => format!(
                "Node {node} {} {} from node {from}: {}",
                way.words(),
                item.key(),
                held(item)
            ),
            Milestone::Conflict { item } => {
                format!(
                    "Node {node} holds {} in conflict: {}",
                    item.key(),
                    held(item)
                )
            }
            Milestone::Overtaken { key, lost, winner } => format!(
                "Node {node} drops the write {} to {key}, since the clock of node {} says {} and \
                 that of node {} said {}",
                lost.request, winner.node, winner.at, lost.node, lost.at
            ),
            Milestone::Acknowledged {
                request,
                key,
                copies,
                ..
            } => format!(
                "Node {node} acknowledges client {}'s write to {key}: {copies} {} it",
                request.client,
                if *copies == 1 {
                    "node has"
                } else {
                    "nodes have"
                }
            ),
            Milestone::Answered {
                request,
                key,
                item,
                values,
                copies,
            } => format!(
                "Node {node} answers client {}'s read of {key} from {}: {}",
                request.client,
                counted(*copies, "node"),
                match (item, &values[..]) {
                    (None, _) => "nothing".to_owned(),
                    // A resolver's value, which none of the versions need have.
                    (Some(item), [made]) if item.is_conflict() =>
                        format!("{made}, made of {}", held(item)),
                    (Some(item), _) => held(item),
                }
            ),
            Milestone::QuorumMissed {
                request,
                key,
                have,
                need,
            } => format!(
                "Node {node} has {have} of the {} that client {}'s request for {key} needs, and \
                 gives up",
                counted(*need, "answer"),
                request.client
            ),
            Milestone::Repaired { key, to } => {
                format!("Node {node} sends node {to} what it lacks of {key}")
            }
            Milestone::Hinted { key, owner } => {
                format!("Node {node} keeps {key} for node {owner}, which seems to be down")
            }
            Milestone::HandedOver { key, to } => {
                format!("Node {node} has handed {key} over to node {to}")
            }
            Milestone::Synced { with, keys } => format!(
                "Node {node} compares with node {with} and gets {} that differed",
                counted(*keys, "key")
            ),
            Milestone::Suspected { node: other } => {
                format!("Node {node} hears nothing from node {other} and takes it to be down")
            }
            Milestone::Trusted { node: other } => {
                format!("Node {node} hears from node {other} again")
            }
            Milestone::RingChanged { members, moving } => {
                let moves = match moving {
                    0 => String::new(),
                    n => format!(", and has {} to hand over", counted(*n, "key")),
                };
                format!(
                    "Node {node} learns that the ring is {}{moves}",
                    listed(members)
                )
            }
            Milestone::Emptied => {
                format!("Node {node} has handed over all that it kept, and is gone from the ring")
            }
            Milestone::Reborn { name, .. } => {
                format!("Node {node} starts with an empty disk, and counts its writes as {name}")
            }
            Milestone::Reaped { item } => {
                format!("Node {node} forgets that {} was deleted", item.key())
            }
            Milestone::Asked { request, key } => {
                format!(
                    "Node {node} begins client {}'s read of {key}",
                    request.client
                )
            }
            Milestone::Knew { item, .. } => {
                format!("Node {node} knew all that it was sent of {}", item.key())
            }
            Milestone::Dropped { item } => format!("Node {node} keeps {} no longer", item.key()),
        }
    }
}

/// What stands of a key, in words.
fn held(item: &Item) -> String {
    let mut text = String::new();
    for (place, version) in item.siblings().iter().enumerate() {
        if place > 0 {
            text += " | ";
        }
        text += &version.to_string();
    }
    if text.is_empty() {
        text += "nothing";
    }
    text
}

fn listed(nodes: &[NodeId]) -> String {
    let names: Vec<String> = nodes.iter().map(NodeId::to_string).collect();
    match names.as_slice() {
        [] => "empty".to_owned(),
        [one] => format!("node {one} alone"),
        [rest @ .., last] => format!("nodes {} and {last}", rest.join(", ")),
    }
}
