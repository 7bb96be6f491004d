//! The table of locks as people see it.

use super::op::Mode;
use super::session::Waiter;
use super::table::{Lock, LockTable};
use crate::base::{ClientId, Micros};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most locks, sessions and resources that are shown, each.
const SHOWN: usize = 256;

/// The table of locks.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct LockTableView {
    /// The newest fencing token.
    pub token: u64,
    /// The locks that somebody holds, by name; the first 256.
    pub locks: Vec<LockView>,
    /// How many there are.
    pub lock_count: usize,
    /// The clients' sessions, by number; the first 256.
    pub sessions: Vec<SessionView>,
    /// The guarded resources, by name; the first 256.
    pub resources: Vec<ResourceView>,
    /// Who waits for whom, directly: for those who hold the lock in a way that conflicts, and for
    /// the nearest before it in the queue whose request does.
    pub waits: Vec<WaitView>,
    /// A circle of clients each of which waits for the next, if there is one.
    pub deadlock: Option<Vec<ClientId>>,
}

/// A lock.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct LockView {
    /// Its name.
    pub name: Arc<str>,
    /// Who holds it, in the order of their tokens.
    pub holders: Vec<HolderView>,
    /// Who waits for it, in order; the first 256.
    pub queue: Vec<WaiterView>,
    /// How many wait.
    pub waiting: usize,
}

/// A client that holds a lock.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct HolderView {
    /// Who.
    pub client: ClientId,
    /// In which way.
    pub mode: Mode,
    /// How often it has acquired it.
    pub count: u32,
    /// The fencing token of its grant.
    pub token: u64,
}

/// A client in a queue.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct WaiterView {
    /// Who.
    pub client: ClientId,
    /// In which way it wants the lock.
    pub mode: Mode,
    /// It shares it already.
    pub upgrade: bool,
    /// The request that waits.
    pub serial: u64,
}

/// A client's session.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "LockSessionView"))]
pub struct SessionView {
    /// Whose.
    pub client: ClientId,
    /// How long it outlives the client's last sign of life.
    #[serde(rename = "ttl_ms")]
    pub ttl: Micros,
    /// It has ended, and there is no new one.
    pub expired: bool,
    /// The entry that renewed it last.
    pub renewed: u64,
    /// What the client holds.
    pub holds: Vec<Arc<str>>,
    /// What it waits for.
    pub waits_for: Option<Arc<str>>,
}

/// A guarded resource.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ResourceView {
    /// Its name.
    pub name: Arc<str>,
    /// What it holds.
    pub value: Option<i64>,
    /// The greatest token that it has seen.
    pub token: u64,
}

/// Somebody waits for somebody.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct WaitView {
    /// Who waits.
    pub from: ClientId,
    /// For whom.
    pub to: ClientId,
    /// At which lock.
    pub lock: Arc<str>,
    /// The other holds it; otherwise it is before the first in the queue.
    pub holds: bool,
}

fn by_name<'a, T>(items: impl Iterator<Item = (&'a Arc<str>, T)>) -> BTreeMap<&'a Arc<str>, T> {
    items.collect()
}

impl LockView {
    fn of(name: &Arc<str>, lock: &Lock) -> LockView {
        let mut holders: Vec<HolderView> = lock
            .holders
            .iter()
            .map(|hold| HolderView {
                client: hold.client,
                mode: hold.mode,
                count: hold.count,
                token: hold.token,
            })
            .collect();
        holders.sort_by_key(|hold| hold.token);
        let queue = lock
            .queue
            .iter()
            .take(SHOWN)
            .map(|(place, waiter)| WaiterView {
                client: waiter.client,
                mode: waiter.mode,
                upgrade: !place.newcomer,
                serial: waiter.serial,
            });
        LockView {
            name: Arc::clone(name),
            holders,
            queue: queue.collect(),
            waiting: lock.queue.len(),
        }
    }
}

/// Whom the `place`-th of a queue waits for.
fn waits_at(name: &Arc<str>, lock: &Lock, queue: &[&Waiter], place: usize) -> Vec<WaitView> {
    let waiter = queue[place];
    let edge = |to, holds| WaitView {
        from: waiter.client,
        to,
        lock: Arc::clone(name),
        holds,
    };
    let in_the_way =
        |other: ClientId, mode: Mode| other != waiter.client && waiter.mode.conflicts(mode);
    let holders = lock.holders.iter();
    let mut edges: Vec<WaitView> = holders
        .filter(|hold| in_the_way(hold.client, hold.mode))
        .map(|hold| edge(hold.client, true))
        .collect();
    let mut before = queue[..place].iter().rev();
    if let Some(nearest) = before.find(|other| in_the_way(other.client, other.mode)) {
        edges.push(edge(nearest.client, false));
    }
    edges
}

impl LockTableView {
    fn of(table: &LockTable) -> LockTableView {
        let named = by_name(table.locks());
        let mut waits = Vec::new();
        for (name, lock) in &named {
            let queue: Vec<&Waiter> = lock.queue.values().take(SHOWN).collect();
            let room = SHOWN.saturating_sub(waits.len());
            let edges = (0..queue.len()).flat_map(|place| waits_at(name, lock, &queue, place));
            waits.extend(edges.take(room));
        }
        let mut sessions: Vec<SessionView> = table
            .sessions()
            .map(|(client, session)| SessionView {
                client,
                ttl: session.ttl,
                expired: session.expired,
                renewed: session.renewed,
                holds: session.holds.clone(),
                waits_for: session.wait.as_ref().map(|wait| Arc::clone(&wait.lock)),
            })
            .collect();
        sessions.sort_by_key(|session| session.client);
        let mut waiting = sessions
            .iter()
            .filter(|session| session.waits_for.is_some());
        let deadlock = waiting.find_map(|session| table.cycle_from(session.client));
        sessions.truncate(SHOWN);
        let resource = |(name, resource): (&Arc<str>, &super::resource::Resource)| ResourceView {
            name: Arc::clone(name),
            value: resource.value,
            token: resource.token,
        };
        let resources = by_name(table.resources.iter());
        LockTableView {
            token: table.token(),
            lock_count: table.lock_count(),
            locks: named
                .iter()
                .take(SHOWN)
                .map(|(name, lock)| LockView::of(name, lock))
                .collect(),
            sessions,
            resources: resources.into_iter().take(SHOWN).map(resource).collect(),
            waits,
            deadlock,
        }
    }
}

impl Serialize for LockTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        LockTableView::of(self).serialize(serializer)
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for LockTable {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        LockTableView::schema_name()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        LockTableView::json_schema(generator)
    }
}
