//! What clients ask of the lock manager and are answered.

use super::options::Options;
use crate::base::{ClientId, Micros, counted};
use serde::{Deserialize, Serialize};
use std::fmt::{self, Display};
use std::sync::Arc;

/// The longest name of a lock or a resource, in bytes.
pub const NAME_MAX: usize = 64;
/// The longest time to live that a lease may have: an hour.
pub const TTL_MAX: Micros = Micros::from_ms(3_600_000);
/// How often a client may acquire a lock that it holds.
pub const COUNT_MAX: u32 = 1_000;

/// In which way a lock is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "LockMode"))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// By one client alone.
    #[default]
    Exclusive,
    /// By any number of clients at once, none of which holds it exclusively.
    Shared,
}

impl Mode {
    /// Whether two clients cannot hold a lock in these ways at the same time.
    pub const fn conflicts(self, other: Mode) -> bool {
        matches!(self, Mode::Exclusive) || matches!(other, Mode::Exclusive)
    }
}

/// The terms on which a lock is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "LockTerms"))]
#[serde(default, deny_unknown_fields)]
pub struct Terms {
    /// In which way.
    pub mode: Mode,
    /// How long to wait for it at most; without end when left out.
    #[serde(rename = "timeout_ms", skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Micros>,
    /// How long the client's session outlives its last sign of life; the option `ttl_ms` when
    /// left out.
    #[serde(rename = "ttl_ms", skip_serializing_if = "Option::is_none")]
    pub ttl: Option<Micros>,
}

/// What a client asks, and what a leader proposes by its clock.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LockOp {
    /// Asks for a lock, and waits in its queue if need be: `{ "acquire": ["a", { … }] }`.
    Acquire(Arc<str>, #[serde(default)] Terms),
    /// Asks for a lock, and does not wait.
    TryAcquire(Arc<str>, #[serde(default)] Terms),
    /// Gives a lock back that was acquired once; with a token, only under that grant.
    Release(Arc<str>, #[serde(default)] Option<u64>),
    /// A sign of life, and nothing else.
    Renew,
    /// Writes a value to a guarded resource under a fencing token.
    Write(Arc<str>, u64, i64),
    /// Reads a guarded resource.
    Read(Arc<str>),
    /// Looks at a lock.
    Inspect(Arc<str>),
    /// The leader has heard nothing of a client for its time to live. Nothing comes of it if the
    /// session was renewed since.
    #[serde(skip_deserializing)]
    Expire {
        /// Whose session.
        client: ClientId,
        /// The entry that renewed it last, as far as the leader knew.
        renewed: u64,
    },
    /// A client has waited for as long as it wanted to.
    #[serde(skip_deserializing)]
    EndWait {
        /// Who.
        client: ClientId,
        /// The serial number of the request that waits.
        serial: u64,
    },
}

impl LockOp {
    /// What is wrong with it, whatever the state it meets.
    pub(super) fn fault(&self, options: &Options) -> Option<Error> {
        let name = match self {
            LockOp::Acquire(name, _)
            | LockOp::TryAcquire(name, _)
            | LockOp::Release(name, _)
            | LockOp::Write(name, ..)
            | LockOp::Read(name)
            | LockOp::Inspect(name) => name,
            LockOp::Renew | LockOp::Expire { .. } | LockOp::EndWait { .. } => return None,
        };
        if name.is_empty() || name.len() > NAME_MAX {
            return Some(Error::BadName {
                bytes: name.len() as u64,
            });
        }
        match self {
            LockOp::Acquire(_, terms) | LockOp::TryAcquire(_, terms) => {
                let ttl = terms.ttl.unwrap_or(options.ttl);
                let bad = ttl == Micros::ZERO || ttl > TTL_MAX;
                bad.then_some(Error::BadTtl { ttl })
            }
            LockOp::Write(_, 0, _) => Some(Error::NoToken),
            _ => None,
        }
    }
}

impl Display for LockOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asked = |f: &mut fmt::Formatter<'_>, verb: &str, name: &str, terms: &Terms| {
            write!(f, "{verb} {name}")?;
            if terms.mode == Mode::Shared {
                f.write_str(" shared")?;
            }
            match terms.timeout {
                Some(timeout) => write!(f, " within {} ms", timeout.as_ms()),
                None => Ok(()),
            }
        };
        match self {
            LockOp::Acquire(name, terms) => asked(f, "acquire", name, terms),
            LockOp::TryAcquire(name, terms) => asked(f, "try", name, terms),
            LockOp::Release(name, None) => write!(f, "release {name}"),
            LockOp::Release(name, Some(token)) => write!(f, "release {name} token {token}"),
            LockOp::Renew => f.write_str("renew"),
            LockOp::Write(name, token, value) => write!(f, "write {name} {value} token {token}"),
            LockOp::Read(name) => write!(f, "read {name}"),
            LockOp::Inspect(name) => write!(f, "inspect {name}"),
            LockOp::Expire { client, .. } => write!(f, "expire c{client}"),
            LockOp::EndWait { client, .. } => write!(f, "end wait of c{client}"),
        }
    }
}

/// Why the lock manager does not do what it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "LockError"))]
#[serde(rename_all = "snake_case")]
pub enum Error {
    /// Somebody else holds it, and the client did not want to wait.
    Busy,
    /// The client has waited for as long as it wanted to.
    TimedOut,
    /// The client would wait for ever: each of these waits for the next, and the last for the
    /// first. It keeps what it holds.
    Deadlock(Arc<[ClientId]>),
    /// The client's session has expired, and with it all that it held; acquiring opens a new one.
    Expired,
    /// The client has no session yet: it has acquired nothing.
    NoSession,
    /// Nobody holds a lock of that name.
    NotHeld,
    /// Somebody else holds it.
    NotHolder {
        /// Who, or one of them.
        holder: ClientId,
    },
    /// The client holds it under another token.
    OtherToken {
        /// That token.
        token: u64,
    },
    /// The resource has seen a greater token.
    OldToken {
        /// The greatest that it has seen.
        newest: u64,
    },
    /// A write without a token: tokens begin with 1.
    NoToken,
    /// It has acquired the lock too often already.
    TooDeep,
    /// A name must have 1 to 64 bytes.
    BadName {
        /// How many it has.
        bytes: u64,
    },
    /// A time to live must be more than nothing, and an hour at the most.
    BadTtl {
        /// What was asked for.
        #[serde(rename = "ttl_ms")]
        ttl: Micros,
    },
    /// Only a leader says so, by its clock.
    NotForClients,
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Busy => f.write_str("somebody else holds it"),
            Error::TimedOut => f.write_str("timed out"),
            Error::Deadlock(cycle) => {
                f.write_str("deadlock: ")?;
                in_turn(cycle, f)
            }
            Error::Expired => f.write_str("the session has expired"),
            Error::NoSession => f.write_str("there is no session"),
            Error::NotHeld => f.write_str("nobody holds it"),
            Error::NotHolder { holder } => write!(f, "client {holder} holds it"),
            Error::OtherToken { token } => write!(f, "it is held under token {token}"),
            Error::OldToken { newest } => write!(f, "token {newest} was seen already"),
            Error::NoToken => f.write_str("tokens begin with 1"),
            Error::TooDeep => write!(f, "it is held {COUNT_MAX} times already"),
            Error::BadName { bytes } => {
                write!(f, "a name of {bytes} bytes; 1 to {NAME_MAX} are allowed")
            }
            Error::BadTtl { ttl } => write!(f, "no lease lasts {} ms", ttl.as_ms()),
            Error::NotForClients => f.write_str("clients cannot ask that"),
        }
    }
}

/// "client 1 waits for 2, 2 for 3, 3 for 1".
pub(super) fn in_turn(cycle: &[ClientId], f: &mut dyn fmt::Write) -> fmt::Result {
    for (place, client) in cycle.iter().enumerate() {
        let next = cycle[(place + 1) % cycle.len()];
        match place {
            0 => write!(f, "client {client} waits for {next}")?,
            _ => write!(f, ", {client} for {next}")?,
        }
    }
    Ok(())
}

/// A lock as it is shown to a client that looks at it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "LockSeen"))]
pub struct Seen {
    /// Who holds it.
    pub holders: Vec<ClientId>,
    /// Who waits for it, in order.
    pub queue: Vec<ClientId>,
}

/// What the lock manager answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LockOutput {
    /// The client holds the lock.
    Granted {
        /// Which.
        lock: Arc<str>,
        /// In which way.
        mode: Mode,
        /// The fencing token: greater than that of every earlier grant.
        token: u64,
        /// How often the client holds it now.
        count: u32,
        /// How long its session outlives its last sign of life.
        #[serde(rename = "ttl_ms")]
        ttl: Micros,
        /// Which session of the client's that is: the entry that opened it. With an earlier one
        /// all that it held is lost.
        session: u64,
    },
    /// The client holds it once less.
    Released {
        /// Which.
        lock: Arc<str>,
        /// How often it holds it still.
        left: u32,
    },
    /// The session lives on.
    Renewed {
        /// How long, without another sign of life.
        #[serde(rename = "ttl_ms")]
        ttl: Micros,
        /// Which session.
        session: u64,
    },
    /// The resource has taken the value.
    Written {
        /// Under which token.
        token: u64,
    },
    /// What the resource holds.
    Value {
        /// The value; null for nothing.
        value: Option<i64>,
        /// The greatest token that it has seen.
        token: u64,
    },
    /// What there is to see of a lock.
    Lock(Arc<Seen>),
    /// It is not done.
    Refused(Error),
    /// To a leader's own entries, which nobody waits for.
    Noted,
}

impl Display for LockOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LockOutput::Granted {
                lock, token, count, ..
            } => {
                write!(f, "granted {lock}, token {token}")?;
                match count {
                    1 => Ok(()),
                    count => write!(f, ", {count} times"),
                }
            }
            LockOutput::Released { lock, left: 0 } => write!(f, "released {lock}"),
            LockOutput::Released { lock, left } => {
                write!(f, "released {lock}, held {}", counted(*left, "time"))
            }
            LockOutput::Renewed { ttl, .. } => write!(f, "renewed for {} ms", ttl.as_ms()),
            LockOutput::Written { token } => write!(f, "written under token {token}"),
            LockOutput::Value {
                value: Some(value),
                token,
            } => write!(f, "{value} (token {token})"),
            LockOutput::Value { value: None, .. } => f.write_str("nothing"),
            LockOutput::Lock(seen) => write!(
                f,
                "held by {}, {} waiting",
                seen.holders.len(),
                seen.queue.len()
            ),
            LockOutput::Refused(error) => write!(f, "refused: {error}"),
            LockOutput::Noted => f.write_str("noted"),
        }
    }
}
