//! What is kept of a client: its session, what it holds and what it waits for.

use super::op::Mode;
use crate::base::{ClientId, Micros};
use std::sync::Arc;

/// A client's session. It begins when the client first acquires something, and ends when nothing was
/// heard of the client for its time to live; then all that it holds is free again (Burrows,
/// *Chubby*, 2006, section 2.8).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Session {
    /// How long it outlives the client's last sign of life.
    pub ttl: Micros,
    /// The entry that opened it.
    pub opened: u64,
    /// The entry that renewed it last.
    pub renewed: u64,
    /// It has ended.
    pub expired: bool,
    /// The locks that the client holds, in the order in which it was granted them.
    pub holds: Vec<Arc<str>>,
    /// What it waits for.
    pub wait: Option<Wait>,
    /// When the copy heard of it last, by its own clock: for the mutant that goes by that.
    pub(super) seen: Micros,
}

/// A wait for a lock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wait {
    /// The lock.
    pub lock: Arc<str>,
    /// Where in its queue.
    pub place: Place,
    /// In which way the client wants it.
    pub mode: Mode,
    /// The request that waits.
    pub serial: u64,
    /// How long the client wants to wait at most.
    pub timeout: Option<Micros>,
}

/// A place in a queue: first those that hold the lock already and want it alone, then in order of
/// the entries by which they asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// It does not hold the lock.
    pub newcomer: bool,
    /// The entry by which it asked.
    pub index: u64,
}

/// A client in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Waiter {
    /// Who.
    pub client: ClientId,
    /// By which of its requests.
    pub serial: u64,
    /// In which way.
    pub mode: Mode,
}

/// A client that holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hold {
    /// Who.
    pub client: ClientId,
    /// In which way.
    pub mode: Mode,
    /// How often it has acquired it.
    pub count: u32,
    /// The fencing token of its grant.
    pub token: u64,
}
