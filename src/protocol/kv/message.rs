//! What nodes send each other.

use super::item::{Context, Item};
use super::member::{Beat, Table};
use super::merkle::{FAN, Part};
use super::op::Op;
use super::options::Clocks;
use super::value::{KEY_MAX, Key};
use super::version::COUNTER_MAX;
use crate::base::{Draws, NodeId, RequestId, Wire};
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// The most that a list in a message holds.
pub(super) const LIST_MAX: usize = 64;

/// How often a request may be handed on.
pub(super) const HOPS_MAX: u8 = 4;

/// A message between nodes. Kept small: what is big is shared.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvMessage"))]
#[serde(untagged)]
pub enum Message {
    /// A client's request, from a node that does not keep the key (Dynamo, section 4.5).
    Forward(Arc<Forward>),
    /// Store this, and say so.
    Store(Store),
    /// The answer to [`Message::Store`].
    Stored {
        /// The coordinator's number of the call.
        call: u64,
    },
    /// What do you have of this key?
    Fetch {
        /// The coordinator's number of the call.
        call: u64,
        /// The key.
        key: Key,
    },
    /// The answer to [`Message::Fetch`].
    Fetched {
        /// The number of the call.
        call: u64,
        /// What there is of the key.
        item: Option<Arc<Item>>,
    },
    /// You answered a read with less than this (Dynamo, section 5).
    Repair(Parcel),
    /// You keep this, and I have stood in for you (Dynamo, section 4.6), or have kept it myself.
    Handoff(Parcel),
    /// The answer to [`Message::Handoff`].
    HandedOff {
        /// The key.
        key: Key,
        /// The digest of what was handed over.
        digest: Bits,
    },
    /// What you sent may have been under way for too long: send it again.
    TooOld {
        /// The number of the call, if it was one.
        call: u64,
        /// How often the sender's heart has beaten.
        beat: Beat,
    },
    /// Who is there, as far as the sender knows (Dynamo, section 4.8.1).
    Gossip(Arc<Table>),
    /// The same, in answer.
    GossipReply(Arc<Table>),
    /// Do we hold the same (Dynamo, section 4.7)?
    Compare {
        /// The ring by which the two keep what they compare.
        ring: Bits,
        /// The sum over all that both keep.
        sum: Bits,
    },
    /// Where we differ, as far as I can see.
    Branches(Arc<Branches>),
    /// What I hold where we differ.
    Leaves(Arc<Leaves>),
    /// Versions that you lack, and a list of what I lack.
    Entries(Arc<Entries>),
    /// May this tombstone be forgotten?
    AskReap(Grave),
    /// The answer to [`Message::AskReap`].
    ReapAnswer {
        /// What was asked.
        grave: Grave,
        /// Whether it may.
        yes: bool,
    },
    /// Everybody agrees: forget this tombstone.
    Reap(Grave),
}

/// A client's request on its way to a node that keeps the key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvForward"))]
pub struct Forward {
    /// Who asks.
    pub id: RequestId,
    /// What is asked.
    pub op: Op,
    /// What the client knows of the key.
    pub context: Option<Arc<Context>>,
    /// How often it was handed on before.
    pub hops: u8,
}

/// Versions to be stored for a coordinator.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvStore"))]
pub struct Store {
    /// The coordinator's number of the call.
    pub call: u64,
    /// The newest beat of the receiver's heart that the sender has heard of.
    pub heard: Beat,
    /// For whom the receiver stands in.
    pub hint: Option<NodeId>,
    /// The versions.
    pub item: Arc<Item>,
}

/// Versions that nobody waits for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvParcel"))]
pub struct Parcel {
    /// The newest beat of the receiver's heart that the sender has heard of.
    pub heard: Beat,
    /// The versions.
    pub item: Arc<Item>,
}

/// Parts of the ring that two nodes compare further.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvBranches"))]
pub struct Branches {
    /// The ring by which the two keep what they compare.
    pub ring: Bits,
    /// Each part, with the sums of its sixteen parts.
    pub list: Vec<Branch>,
}

/// A part of the ring and the sums of its parts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvBranch"))]
pub struct Branch {
    /// The part.
    #[serde(serialize_with = "part_text")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    pub part: Part,
    /// The sums.
    pub sums: [Bits; FAN],
}

/// All that a node holds in parts of the ring.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvLeaves"))]
pub struct Leaves {
    /// The ring by which the two keep what they compare.
    pub ring: Bits,
    /// The parts.
    pub list: Vec<Leaf>,
}

/// What a node holds in a part of the ring: position and digest of each item.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvLeaf"))]
pub struct Leaf {
    /// The part.
    #[serde(serialize_with = "part_text")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    pub part: Part,
    /// Position and digest of each item, in order.
    pub held: Vec<(Bits, Bits)>,
}

/// Versions that the receiver lacks, and what the sender lacks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvEntries"))]
pub struct Entries {
    /// The newest beat of the receiver's heart that the sender has heard of.
    pub heard: Beat,
    /// The versions.
    pub items: Vec<Arc<Item>>,
    /// The positions of keys whose versions the sender wants to have.
    pub want: Vec<Bits>,
}

/// A tombstone that may perhaps be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvGrave"))]
pub struct Grave {
    /// The ring by which everybody is asked.
    pub ring: Bits,
    /// The round of asking: a tombstone is forgotten after two.
    pub round: u64,
    /// The key.
    pub key: Key,
    /// The digest of all that is left of it.
    pub digest: Bits,
}

/// Sixty-four bits that count nothing: a digest, a sum of digests, or a position on the ring. In
/// JSON they are sixteen hexadecimal digits, since not every number of that size is one there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bits(pub u64);

impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for Bits {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for Bits {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "KvBits".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A digest, a sum of digests or a position on the ring, in hexadecimal.",
            "type": "string"
        })
    }
}

fn part_text<S: serde::Serializer>(part: &Part, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Hex(part))
}

/// The bits that a part's positions begin with, in hexadecimal: `3f`; `-` for the whole ring.
struct Hex<'a>(&'a Part);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:016x}", self.0.from);
        match usize::from(self.0.depth).min(text.len()) {
            0 => f.write_str("-"),
            digits => f.write_str(&text[..digits]),
        }
    }
}

impl Message {
    /// The newest write among the versions that it carries: the colour on the stage.
    fn carried(&self) -> Option<&Arc<Item>> {
        match self {
            Message::Store(store) => Some(&store.item),
            Message::Repair(parcel) | Message::Handoff(parcel) => Some(&parcel.item),
            Message::Fetched { item, .. } => item.as_ref(),
            _ => None,
        }
    }

    /// Why no correct node can have sent this message, if that is so. Everything that can be told
    /// from the message alone is told here, before a node looks at it.
    pub(super) fn fault(&self, clocks: Clocks) -> Option<&'static str> {
        let key = |key: &Key| {
            let fits = !key.is_empty() && key.len() <= KEY_MAX;
            (!fits).then_some("a key that is empty or too long")
        };
        let beat = |beat: &Beat| (beat.count > COUNTER_MAX).then_some("a count beyond belief");
        match self {
            Message::Forward(forward) => {
                (forward.hops > HOPS_MAX).then_some("a request in circles")
            }
            Message::Store(store) => beat(&store.heard).or_else(|| store.item.fault(clocks)),
            Message::Repair(parcel) | Message::Handoff(parcel) => {
                beat(&parcel.heard).or_else(|| parcel.item.fault(clocks))
            }
            Message::Fetched { item, .. } => item.as_ref().and_then(|item| item.fault(clocks)),
            Message::Fetch { key: of, .. } | Message::HandedOff { key: of, .. } => key(of),
            Message::TooOld { beat: of, .. } => beat(of),
            Message::Gossip(table) | Message::GossipReply(table) => table.fault(),
            Message::Branches(branches) => {
                let sound = |branch: &Branch| branch.part.is_sound();
                let fits = branches.list.len() <= LIST_MAX && branches.list.iter().all(sound);
                (!fits).then_some("parts that are none")
            }
            Message::Leaves(leaves) => {
                let sound = |leaf: &Leaf| {
                    leaf.part.is_sound() && leaf.held.is_sorted() && leaf.held.len() <= LIST_MAX
                };
                let fits = leaves.list.len() <= LIST_MAX && leaves.list.iter().all(sound);
                (!fits).then_some("parts that are none")
            }
            Message::Entries(entries) => beat(&entries.heard)
                .or_else(|| {
                    let most = entries.items.len().max(entries.want.len());
                    (most > LIST_MAX).then_some("a list that is too long")
                })
                .or_else(|| entries.items.iter().find_map(|item| item.fault(clocks))),
            Message::AskReap(grave) | Message::Reap(grave) | Message::ReapAnswer { grave, .. } => {
                key(&grave.key)
            }
            Message::Stored { .. } | Message::Compare { .. } => None,
        }
    }
}

impl Wire for Message {
    const KINDS: &'static [&'static str] = &[
        "Forward",
        "Store",
        "Stored",
        "Fetch",
        "Fetched",
        "Repair",
        "Handoff",
        "HandedOff",
        "TooOld",
        "Gossip",
        "GossipReply",
        "Compare",
        "Branches",
        "Leaves",
        "Entries",
        "AskReap",
        "ReapAnswer",
        "Reap",
    ];

    fn kind(&self) -> usize {
        match self {
            Message::Forward(_) => 0,
            Message::Store(_) => 1,
            Message::Stored { .. } => 2,
            Message::Fetch { .. } => 3,
            Message::Fetched { .. } => 4,
            Message::Repair(_) => 5,
            Message::Handoff(_) => 6,
            Message::HandedOff { .. } => 7,
            Message::TooOld { .. } => 8,
            Message::Gossip(_) => 9,
            Message::GossipReply(_) => 10,
            Message::Compare { .. } => 11,
            Message::Branches(_) => 12,
            Message::Leaves(_) => 13,
            Message::Entries(_) => 14,
            Message::AskReap(_) => 15,
            Message::ReapAnswer { .. } => 16,
            Message::Reap(_) => 17,
        }
    }

    fn is_reply(&self) -> bool {
        matches!(self.kind(), 2 | 4 | 7 | 8 | 10 | 16)
    }

    /// One more than the node that took the newest of the versions carried; 0 where there are none.
    fn epoch(&self) -> u64 {
        let newest = self.carried().and_then(|item| item.heads().max());
        newest.map_or(0, |id| u64::from(id.node.0) + 1)
    }

    fn is_heartbeat(&self) -> bool {
        matches!(self, Message::Gossip(_))
    }

    fn garbage(luck: &mut Draws) -> Message {
        super::garbage::garbage(luck)
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Message::KINDS[self.kind()])?;
        match self {
            Message::Forward(forward) => write!(f, " {} {}", forward.id, forward.op),
            Message::Store(store) => {
                write!(f, " call={} {}", store.call, store.item)?;
                match store.hint {
                    Some(node) => write!(f, " for={node} heard={}", store.heard),
                    None => write!(f, " heard={}", store.heard),
                }
            }
            Message::Stored { call } => write!(f, " call={call}"),
            Message::Fetch { call, key } => write!(f, " call={call} {key}"),
            Message::Fetched { call, item } => match item {
                Some(item) => write!(f, " call={call} {item}"),
                None => write!(f, " call={call} nothing"),
            },
            Message::Repair(parcel) | Message::Handoff(parcel) => {
                write!(f, " {} heard={}", parcel.item, parcel.heard)
            }
            Message::HandedOff { key, digest } => write!(f, " {key} {digest}"),
            Message::TooOld { call, beat } => write!(f, " call={call} beat={beat}"),
            Message::Gossip(table) | Message::GossipReply(table) => {
                for member in table.members() {
                    let left = if member.is_in() { "" } else { "!" };
                    write!(f, " {left}{}={}", member.node, member.beat)?;
                }
                Ok(())
            }
            Message::Compare { ring, sum } => write!(f, " ring={ring} sum={sum}"),
            Message::Branches(branches) => {
                let parts = branches.list.iter().map(|branch| &branch.part);
                write_parts(f, parts)
            }
            Message::Leaves(leaves) => write_parts(f, leaves.list.iter().map(|leaf| &leaf.part)),
            Message::Entries(entries) => {
                for item in &entries.items {
                    write!(f, " {item}")?;
                }
                write!(f, " want={}", entries.want.len())
            }
            Message::AskReap(grave) | Message::Reap(grave) => {
                write!(f, " {} {} round={}", grave.key, grave.digest, grave.round)
            }
            Message::ReapAnswer { grave, yes } => {
                let word = if *yes { "yes" } else { "no" };
                write!(f, " {} round={} {word}", grave.key, grave.round)
            }
        }
    }
}

fn write_parts<'a>(
    f: &mut fmt::Formatter<'_>,
    parts: impl Iterator<Item = &'a Part>,
) -> fmt::Result {
    for part in parts {
        write!(f, " {}", Hex(part))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::dvv::DvvSet;
    use super::super::item::{Version, WriteId};
    use super::super::siblings::Siblings;
    use super::super::value::Value;
    use super::super::version::{Actor, Dot, VersionVector};
    use super::*;
    use crate::base::{Chance, Micros};

    #[test]
    fn messages_are_small_and_read_well() {
        assert!(size_of::<Message>() <= 64, "{}", size_of::<Message>());
        let mut clock = VersionVector::new();
        let actor = Actor::replica(NodeId(2), Micros::ZERO);
        clock.raise(actor, 3);
        let id = WriteId {
            at: Micros(7_000),
            node: NodeId(2),
            request: RequestId::default(),
        };
        let dark = Version::new(id, Some(Value::Text("dark".into())), Box::default());
        let dot = Dot { actor, counter: 3 };
        let set = DvvSet::from_raw(clock, vec![(dot, Arc::new(dark))]);
        let store = Message::Store(Store {
            call: 4,
            heard: Beat {
                born: Micros::ZERO,
                count: 6,
            },
            hint: Some(NodeId(1)),
            item: Arc::new(Item::new("theme".into(), Siblings::Dotted(set))),
        });
        assert_eq!(
            store.to_string(),
            "Store call=4 theme=dark@2:3 {2:3} for=1 heard=6"
        );
        assert_eq!((store.epoch(), store.fault(Clocks::Dvv)), (3, None));
        assert!(store.fault(Clocks::ServerVv).is_some());
    }

    #[test]
    fn all_garbage_has_a_fault_of_its_own() {
        let mut luck = Draws::new(Chance::from_seed(1));
        let mut faults = std::collections::BTreeSet::new();
        let mut kinds = std::collections::BTreeSet::new();
        for _ in 0..10_000 {
            let message = Message::garbage(&mut luck);
            let _ = message.to_string();
            kinds.insert(message.kind());
            let fault = message.fault(Clocks::Dvv);
            faults.insert(fault.unwrap_or_else(|| panic!("{message} is fine")));
        }
        assert_eq!((kinds.len(), faults.len() >= 8), (16, true), "{faults:?}");
    }
}
