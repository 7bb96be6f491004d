//! A node as the outside sees it: in full for the inspector, in few numbers for the stage.

use super::item::{Item, WriteId};
use super::options::Resolver;
use super::state::{CallKind, Kv};
use super::value::Value;
use super::version::VersionVector;
use crate::base::NodeId;
use serde::Serialize;

/// The most keys that a view shows.
const KEYS_SHOWN: usize = 48;
/// The most virtual nodes that a view shows.
const TOKENS_SHOWN: usize = 1_024;

/// A node in full.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvView"))]
pub struct View {
    /// Its role's name.
    pub role: &'static str,
    /// The name under which its writes count.
    pub name: String,
    /// How many writes it has counted under that name.
    pub writes: u64,
    /// How often its heart has beaten.
    pub beat: u64,
    /// How many nodes keep each key, must answer a read, and must have stored a write.
    pub quorums: [u32; 3],
    /// Whether others stand in for nodes that seem to be down.
    pub sloppy: bool,
    /// What becomes of versions that stand beside each other.
    pub resolver: Resolver,
    /// Who belongs to the ring, as far as it knows.
    pub members: Vec<NodeId>,
    /// Who seems to be down.
    pub suspects: Vec<NodeId>,
    /// The virtual nodes: where each stands on the ring, from 0 to 1, and whose it is.
    pub tokens: Vec<(f64, NodeId)>,
    /// How many keys it stores.
    pub key_count: usize,
    /// The keys that it stores, 48 at most, by name.
    pub keys: Vec<KeyView>,
    /// What it coordinates.
    pub calls: Vec<CallView>,
    /// The deleted keys of which it takes no old messages, since all are about to forget them.
    pub barred: Vec<String>,
}

/// A key as a node stores it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvKeyView"))]
pub struct KeyView {
    /// The key.
    pub key: String,
    /// Where it stands on the ring, from 0 to 1.
    pub position: f64,
    /// Who keeps it, as far as the node knows; the coordinator of choice first.
    pub replicas: Vec<NodeId>,
    /// To whom the node has to hand it over.
    pub owed: Vec<NodeId>,
    /// All writes that the node knows of.
    pub clock: VersionVector,
    /// The versions that stand.
    pub versions: Vec<VersionView>,
    /// The values that stand, each once.
    pub values: Vec<Value>,
    /// Whether they contradict each other.
    pub conflict: bool,
}

/// A version that stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvVersionView"))]
pub struct VersionView {
    /// Which write made it.
    pub id: WriteId,
    /// Its value; null where it was deleted.
    pub value: Option<Value>,
    /// Its dot, where versions have one.
    pub dot: Option<String>,
    /// Its vector, where versions have one each.
    pub clock: Option<VersionVector>,
    /// The node that took the write.
    pub node: NodeId,
    /// The client that asked for it.
    pub client: u32,
    /// When it was taken, by the node's clock, in milliseconds.
    pub at_ms: f64,
    /// The writes that its client had read.
    pub read: Vec<WriteId>,
}

/// A request that a node coordinates.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvCallView"))]
pub struct CallView {
    /// The client.
    pub client: u32,
    /// `read` or `write`.
    pub kind: &'static str,
    /// Of which key.
    pub key: String,
    /// Who has answered.
    pub heard: Vec<NodeId>,
    /// Whom it has asked.
    pub asked: Vec<NodeId>,
    /// How many answers it takes.
    pub needed: u32,
    /// Whether the client has its answer.
    pub done: bool,
}

/// Names of the roles, in order.
pub(super) const ROLES: &[&str] = &["member", "newcomer", "leaving", "left"];

fn role(kv: &Kv) -> usize {
    match kv.table().get(kv.id()) {
        Some(own) if own.is_in() => 0,
        Some(own) if own.turn > 0 && own.emptied => 3,
        Some(own) if own.turn > 0 => 2,
        _ => 1,
    }
}

/// A position as a share of the ring, for drawing alone.
fn share(position: u64) -> f64 {
    position as f64 / u64::MAX as f64
}

impl View {
    pub(super) fn of(kv: &Kv) -> View {
        // The first by name, without putting all of them in order.
        let mut items: Vec<&Item> = Vec::with_capacity(KEYS_SHOWN + 1);
        for item in kv.store().iter() {
            let place = items.partition_point(|known| known.key() < item.key());
            if place < KEYS_SHOWN {
                items.insert(place, item);
                items.truncate(KEYS_SHOWN);
            }
        }
        let options = kv.options();
        let tokens = kv.ring().tokens().iter().take(TOKENS_SHOWN);
        View {
            role: ROLES[role(kv)],
            name: kv.actor().to_string(),
            writes: kv.writes(),
            beat: kv.disk.beat,
            quorums: [options.n, options.r, options.w],
            sloppy: options.sloppy,
            resolver: options.resolver,
            members: kv.ring().members().to_vec(),
            suspects: kv.suspects().to_vec(),
            tokens: tokens.map(|(at, node)| (share(*at), *node)).collect(),
            key_count: kv.store().len(),
            keys: items.into_iter().map(|item| key_view(kv, item)).collect(),
            calls: kv.calls.iter().map(|call| call_view(kv, call)).collect(),
            barred: kv.disk.bars.keys().map(|key| key.to_string()).collect(),
        }
    }
}

fn key_view(kv: &Kv, item: &Item) -> KeyView {
    let siblings = item.siblings();
    let owed = kv.owed().get(item.key());
    let versions = siblings.iter().enumerate().map(|(place, version)| {
        let id = version.id();
        VersionView {
            id,
            value: version.value().cloned(),
            dot: siblings.dot(place).map(|dot| dot.to_string()),
            clock: siblings.vector(place).cloned(),
            node: id.node,
            client: id.request.client,
            at_ms: id.at.as_ms(),
            read: version.read().to_vec(),
        }
    });
    KeyView {
        key: item.key().to_string(),
        position: share(item.position()),
        replicas: kv.replicas(item.position()).to_vec(),
        owed: owed.map_or_else(Vec::new, |owed| owed.to.clone()),
        clock: siblings.clock(),
        versions: versions.collect(),
        values: item.values().into_iter().cloned().collect(),
        conflict: item.is_conflict(),
    }
}

fn call_view(kv: &Kv, call: &super::state::Call) -> CallView {
    let options = kv.options();
    let (kind, needed) = match call.kind {
        CallKind::Read { .. } => ("read", options.r),
        CallKind::Write { .. } => ("write", options.w),
    };
    CallView {
        client: call.id.client,
        kind,
        key: call.key.to_string(),
        heard: call.heard.clone(),
        asked: call.asked.iter().map(|(node, _)| *node).collect(),
        needed,
        done: call.done,
    }
}

/// What [`glance`] writes, in order. The epoch is how often the ring has changed.
pub(super) const GLANCE: &[&str] = &[
    "role",
    "epoch",
    "keys",
    "conflicts",
    "owed",
    "graves",
    "writes",
    "suspects",
    "calls",
];

pub(super) fn glance(kv: &Kv, out: &mut Vec<f64>) {
    out.extend([
        role(kv) as f64,
        kv.table().changes() as f64,
        kv.store().len() as f64,
        kv.disk.conflicts.len() as f64,
        kv.owed().len() as f64,
        kv.disk.graves.len() as f64,
        kv.writes() as f64,
        kv.suspects().len() as f64,
        kv.calls.len() as f64,
    ]);
}

/// What a clone does not share.
pub(super) fn weight(kv: &Kv) -> usize {
    size_of::<Kv>() + kv.heard.len() * 8 + kv.calls.len() * 256 + kv.inquests.len() * 128
}
