//! What the table of locks states of what it does.

use super::op::{Mode, in_turn};
use crate::base::{Class, ClientId};
use crate::protocol::machine;
use serde::Serialize;
use std::sync::Arc;

/// A fact of the lock manager. Stated by every copy as it applies an entry, for people by the
/// leader alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "LockFact"))]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A client has a session from here on.
    Opened {
        /// Who.
        client: ClientId,
    },
    /// A client waits for a lock.
    Queued {
        /// Which lock.
        lock: Arc<str>,
        /// Who.
        client: ClientId,
        /// By which of its requests.
        serial: u64,
        /// In which way it wants it.
        mode: Mode,
        /// It shares the lock already, and waits before those that do not.
        upgrade: bool,
    },
    /// A client holds a lock from here on, or alone what it shared.
    Granted {
        /// Which lock.
        lock: Arc<str>,
        /// Who.
        client: ClientId,
        /// By which of its requests.
        serial: u64,
        /// The fencing token.
        token: u64,
        /// In which way.
        mode: Mode,
    },
    /// A client has acquired what it holds once more.
    Reentered {
        /// Which lock.
        lock: Arc<str>,
        /// Who.
        client: ClientId,
        /// How often it holds it now.
        count: u32,
    },
    /// A client holds a lock once less.
    Released {
        /// Which lock.
        lock: Arc<str>,
        /// Who held it.
        client: ClientId,
        /// How often it holds it still.
        left: u32,
        /// Who asked for that; nobody where the session has expired.
        by: Option<ClientId>,
    },
    /// A client waits no more, and has not got what it waited for.
    WaitEnded {
        /// For which lock.
        lock: Arc<str>,
        /// Who.
        client: ClientId,
        /// By which of its requests.
        serial: u64,
        /// Why.
        why: WaitEnd,
    },
    /// Each of these waits for the next, and the last for the first.
    Deadlock {
        /// The circle, from the one whose request closed it.
        cycle: Arc<[ClientId]>,
        /// Whose wait ends for that.
        victim: ClientId,
    },
    /// A session has ended: nothing was heard of the client for its time to live.
    Expired {
        /// Whose.
        client: ClientId,
    },
    /// A guarded resource has taken a value.
    Written {
        /// Which resource.
        resource: Arc<str>,
        /// Who wrote.
        client: ClientId,
        /// Under which token.
        token: u64,
        /// What.
        value: i64,
    },
    /// A guarded resource has refused a write.
    WriteRefused {
        /// Which resource.
        resource: Arc<str>,
        /// Who wanted to write.
        client: ClientId,
        /// Under which token.
        token: u64,
        /// The greatest that it has seen.
        newest: u64,
    },
}

/// Why a wait ended without a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WaitEnd {
    /// It was as long as the client wanted to wait.
    TimedOut,
    /// It closed a circle, and the client was the victim.
    Deadlock,
    /// The client's session expired.
    Expired,
    /// The client has asked for something else since.
    GivenUp,
}

impl machine::Fact for Fact {
    fn kind(&self) -> &'static str {
        match self {
            Fact::Opened { .. } => "session_opened",
            Fact::Queued { .. } => "queued",
            Fact::Granted { .. } => "granted",
            Fact::Reentered { .. } => "reentered",
            Fact::Released { .. } => "released",
            Fact::WaitEnded { .. } => "wait_ended",
            Fact::Deadlock { .. } => "deadlock",
            Fact::Expired { .. } => "expired",
            Fact::Written { .. } => "written",
            Fact::WriteRefused { .. } => "write_refused",
        }
    }

    fn class(&self) -> Class {
        match self {
            Fact::Granted { .. } => Class::Decision,
            Fact::Deadlock { .. } | Fact::Expired { .. } | Fact::WriteRefused { .. } => {
                Class::Change
            }
            Fact::Opened { .. } => Class::Quiet,
            Fact::Queued { .. }
            | Fact::Reentered { .. }
            | Fact::Released { .. }
            | Fact::WaitEnded { .. }
            | Fact::Written { .. } => Class::Step,
        }
    }

    #[allow(clippy::too_many_lines)] // one arm a fact, each a sentence
    fn sentence(&self) -> String {
        match self {
            Fact::Opened { client } => format!("Client {client} has a session"),
            Fact::Queued {
                lock,
                client,
                mode,
                upgrade,
                ..
            } => {
                let what = match (mode, upgrade) {
                    (_, true) => ", which it shares, for itself alone",
                    (Mode::Shared, false) => " to share it",
                    (Mode::Exclusive, false) => "",
                };
                format!("Client {client} waits for lock {lock}{what}")
            }
            Fact::Granted {
                lock,
                client,
                token,
                mode,
                ..
            } => {
                let how = match mode {
                    Mode::Exclusive => "",
                    Mode::Shared => " to share",
                };
                format!("Lock {lock} is granted to client {client}{how}, token {token}")
            }
            Fact::Reentered {
                lock,
                client,
                count,
            } => format!("Client {client} holds lock {lock} {count} times now"),
            Fact::Released {
                lock,
                client,
                left,
                by,
            } => released(lock, *client, *left, *by),
            Fact::WaitEnded {
                lock, client, why, ..
            } => {
                let why = match why {
                    WaitEnd::TimedOut => "its time is up",
                    WaitEnd::Deadlock => "it is the victim of a deadlock",
                    WaitEnd::Expired => "its session has expired",
                    WaitEnd::GivenUp => "it asks for something else",
                };
                format!("Client {client} waits no more for lock {lock}: {why}")
            }
            Fact::Deadlock { cycle, victim } => {
                let mut text = "Deadlock: ".to_owned();
                // Writing into a text cannot fail.
                let _ = in_turn(cycle, &mut text);
                format!("{text}. Victim: client {victim}")
            }
            Fact::Expired { client } => {
                format!("The session of client {client} has expired: nothing was heard of it")
            }
            Fact::Written {
                resource,
                client,
                token,
                value,
            } => format!("Client {client} writes {value} to {resource} under token {token}"),
            Fact::WriteRefused {
                resource,
                client,
                token,
                newest,
            } => format!(
                "Resource {resource} refuses the write of client {client}: its token {token} is \
                 older than {newest}"
            ),
        }
    }
}

fn released(lock: &str, client: ClientId, left: u32, by: Option<ClientId>) -> String {
    match (left, by) {
        (0, None) => format!("Client {client} loses lock {lock} with its session"),
        (0, Some(by)) if by == client => format!("Client {client} releases lock {lock}"),
        (0, Some(by)) => format!("Client {by} releases lock {lock}, which client {client} holds"),
        (left, _) => {
            let times = if left == 1 { "once" } else { "several times" };
            format!("Client {client} releases lock {lock} and holds it {times} still")
        }
    }
}
