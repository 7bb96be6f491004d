//! What is chosen: a text in single-decree Paxos, a command of the machine in Multi-Paxos.

use crate::base::{Digest, RequestId};
use crate::protocol::machine::KvOp;
use serde::{Serialize, Serializer};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// What a value says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Nothing: what fills a gap (Simple, section 3).
    Noop,
    /// What single-decree Paxos decides on.
    Text(Arc<str>),
    /// A client's operation on the replicated machine.
    Machine {
        /// Whose, and which.
        id: RequestId,
        /// What is to be done.
        op: KvOp,
    },
}

#[derive(Debug)]
struct Body {
    digest: u64,
    command: Command,
}

/// A value that can be proposed. Equal values have equal digests; a clone is the same one.
#[derive(Clone, Debug)]
pub struct Value(Arc<Body>);

impl Value {
    /// The value that says `command`.
    pub fn new(command: Command) -> Value {
        let digest = Digest::of(&command);
        Value(Arc::new(Body { digest, command }))
    }

    /// The value that says nothing.
    pub fn noop() -> Value {
        Value::new(Command::Noop)
    }

    /// What it says.
    pub fn command(&self) -> &Command {
        &self.0.command
    }

    /// Its digest.
    pub fn digest(&self) -> u64 {
        self.0.digest
    }

    /// Whether it says nothing.
    pub fn is_noop(&self) -> bool {
        self.0.command == Command::Noop
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        self.0.digest == other.0.digest
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.digest.hash(state);
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.command() {
            Command::Noop => f.write_str("no-op"),
            Command::Text(text) => f.write_str(text),
            Command::Machine { op, .. } => fmt::Display::fmt(op, f),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for Value {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PaxosValue".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}

/// Values of slots that follow each other; several messages share them. There is one at least.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Values(Arc<[Value]>);

impl Values {
    /// The values in order.
    pub fn as_slice(&self) -> &[Value] {
        &self.0
    }

    /// The values with their slots, from `slot` on.
    pub fn slots_from(&self, slot: u64) -> impl Iterator<Item = (u64, &Value)> {
        (slot..).zip(self.0.iter())
    }
}

impl FromIterator<Value> for Values {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Values {
        Values(values.into_iter().collect())
    }
}

impl From<Value> for Values {
    fn from(value: Value) -> Values {
        Values(Arc::new([value]))
    }
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// More values than this are counted, not told.
        const TOLD: usize = 4;
        f.write_str("[")?;
        for (place, value) in self.0.iter().take(TOLD).enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{value}")?;
        }
        match self.0.len().saturating_sub(TOLD) {
            0 => f.write_str("]"),
            more => write!(f, ", {more} more]"),
        }
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter())
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for Values {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PaxosValues".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Vec::<String>::json_schema(generator)
    }
}
