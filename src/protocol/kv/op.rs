//! What clients ask and are answered.

use super::item::{Context, WriteId};
use super::siblings::SIBLINGS_MAX;
use super::value::{KEY_MAX, Key, VALUE_MAX, Value};
use super::version::Dot;
use crate::base::{NodeId, counted};
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeSeq};
use std::fmt;
use std::sync::Arc;

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvStoreOp"))]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Writes a value: `[key, value]`, or `[key, value, context]`.
    Put(Put),
    /// Reads all versions of a key, and the context to write with.
    Get(Key),
    /// Deletes a value: `[key]`, or `[key, context]`.
    Delete(Delete),
    /// Takes a node into the ring.
    Join(NodeId),
    /// Lets a node go from the ring; it hands over what it keeps.
    Leave(NodeId),
}

/// A write.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Put {
    /// Where.
    pub key: Key,
    /// What.
    pub value: Value,
    /// Knowing what.
    pub basis: Basis,
}

/// A deletion.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Delete {
    /// Where.
    pub key: Key,
    /// Knowing what.
    pub basis: Basis,
}

/// What a write knows of the key that it writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Basis {
    /// What its client read last: nothing is said.
    #[default]
    LastRead,
    /// Nothing, whatever its client has read: `null`.
    Nothing,
    /// This.
    Context(Arc<Context>),
}

impl Serialize for Basis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Basis::Context(context) => context.serialize(serializer),
            Basis::LastRead | Basis::Nothing => serializer.serialize_none(),
        }
    }
}

impl Basis {
    fn given(context: Option<Context>) -> Basis {
        context.map_or(Basis::Nothing, |context| Basis::Context(Arc::new(context)))
    }
}

impl Serialize for Put {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        list.serialize_element(&self.key)?;
        list.serialize_element(&self.value)?;
        if self.basis != Basis::LastRead {
            list.serialize_element(&self.basis)?;
        }
        list.end()
    }
}

impl Serialize for Delete {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        list.serialize_element(&self.key)?;
        if self.basis != Basis::LastRead {
            list.serialize_element(&self.basis)?;
        }
        list.end()
    }
}

/// What the list of a put or a delete holds.
struct List {
    /// Whether a value stands behind the key.
    valued: bool,
}

impl<'de> Visitor<'de> for List {
    type Value = (Key, Option<Value>, Basis);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.valued {
            "a list of a key, a value and, if need be, a context"
        } else {
            "a list of a key and, if need be, a context"
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let short = |held| de::Error::invalid_length(held, &self);
        let key: Key = seq.next_element()?.ok_or_else(|| short(0))?;
        let value = if self.valued {
            Some(seq.next_element()?.ok_or_else(|| short(1))?)
        } else {
            None
        };
        let basis = match seq.next_element::<Option<Context>>()? {
            None => Basis::LastRead,
            Some(given) => Basis::given(given),
        };
        let held = 2 + usize::from(self.valued);
        if seq.next_element::<de::IgnoredAny>()?.is_some() {
            return Err(de::Error::invalid_length(held + 1, &self));
        }
        Ok((key, value, basis))
    }
}

impl<'de> Deserialize<'de> for Put {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Put, D::Error> {
        let list = List { valued: true };
        let (key, value, basis) = deserializer.deserialize_seq(list)?;
        let value = value.ok_or_else(|| de::Error::missing_field("value"))?;
        Ok(Put { key, value, basis })
    }
}

impl<'de> Deserialize<'de> for Delete {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Delete, D::Error> {
        let (key, _, basis) = deserializer.deserialize_seq(List { valued: false })?;
        Ok(Delete { key, basis })
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn list_schema(parts: Vec<schemars::Schema>, least: usize, about: &str) -> schemars::Schema {
    let most = parts.len();
    schemars::json_schema!({
        "description": about, "type": "array",
        "prefixItems": parts, "items": false, "minItems": least, "maxItems": most
    })
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for Put {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "StorePut".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let parts = vec![
            generator.subschema_for::<Key>(),
            generator.subschema_for::<Value>(),
            generator.subschema_for::<Option<Context>>(),
        ];
        list_schema(
            parts,
            2,
            "A key, a value, and what the write knows: left out, what its client read last; null, nothing.",
        )
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for Delete {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "StoreDelete".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let parts = vec![
            generator.subschema_for::<Key>(),
            generator.subschema_for::<Option<Context>>(),
        ];
        list_schema(
            parts,
            1,
            "A key, and what the deletion knows: left out, what its client read last; null, nothing.",
        )
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let basis = |f: &mut fmt::Formatter<'_>, basis: &Basis| match basis {
            Basis::LastRead => Ok(()),
            Basis::Nothing => f.write_str(" knowing nothing"),
            Basis::Context(context) => write!(f, " knowing {}", context.clock),
        };
        match self {
            Op::Put(put) => {
                write!(f, "put {} {}", put.key, put.value)?;
                basis(f, &put.basis)
            }
            Op::Get(key) => write!(f, "get {key}"),
            Op::Delete(delete) => {
                write!(f, "delete {}", delete.key)?;
                basis(f, &delete.basis)
            }
            Op::Join(node) => write!(f, "join node {node}"),
            Op::Leave(node) => write!(f, "leave node {node}"),
        }
    }
}

/// What a node answers to a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvReply"))]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The write is stored by as many replicas as it takes. What its client knows from now on.
    Stored(Arc<Context>),
    /// What a read found.
    Found(Arc<Found>),
    /// The ring is as it was asked to be.
    Changed,
    /// This node belongs to no ring that could answer: ask another.
    AskAnother,
    /// It cannot be done, and nothing was changed.
    Refused(Refusal),
}

/// What a read found.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvFound"))]
pub struct Found {
    /// The values: none where there is nothing or it was deleted, several where they conflict.
    pub values: Arc<[Value]>,
    /// The versions that they come from.
    pub versions: Vec<FoundVersion>,
    /// What a write has to bring along in order to replace them.
    pub context: Arc<Context>,
    /// Whether the values contradict each other.
    pub conflict: bool,
}

/// A version that a read found.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvFoundVersion"))]
pub struct FoundVersion {
    /// Which write made it.
    pub id: WriteId,
    /// Its value; null where it was a deletion.
    pub value: Option<Value>,
    /// Its dot, where versions have one.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub dot: Option<Dot>,
}

/// Why something cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvRefusal"))]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The key is empty.
    EmptyKey,
    /// The key is too long: how many bytes it has.
    KeyTooLong(usize),
    /// The value is too long: how many bytes it takes.
    ValueTooLong(usize),
    /// The context is one of another key.
    ForeignContext(Key),
    /// The context claims writes that this node has not made.
    UnknownContext,
    /// There is nothing to delete: its client has read nothing of the key, and this node knows
    /// nothing of it either.
    UnknownKey(Key),
    /// The key has as many versions as a replica keeps beside each other.
    TooManyVersions,
    /// The node is no member.
    NoMember(NodeId),
    /// So many members must stay for reads and writes to be possible.
    MustStay(u32),
    /// There are as many members as a table holds.
    TooManyMembers,
}

impl Refusal {
    /// Why a request cannot be taken by any node, if so.
    pub(super) fn of(
        key: &Key,
        value: Option<&Value>,
        context: Option<&Context>,
    ) -> Option<Refusal> {
        if key.is_empty() {
            return Some(Refusal::EmptyKey);
        }
        if key.len() > KEY_MAX {
            return Some(Refusal::KeyTooLong(key.len()));
        }
        if let Some(bytes) = value.map(Value::size).filter(|bytes| *bytes > VALUE_MAX) {
            return Some(Refusal::ValueTooLong(bytes));
        }
        let foreign = context.filter(|context| context.key != *key)?;
        Some(Refusal::ForeignContext(Arc::clone(&foreign.key)))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::EmptyKey => f.write_str("the key is empty"),
            Refusal::KeyTooLong(bytes) => {
                write!(f, "the key takes {bytes} bytes, and may take {KEY_MAX}")
            }
            Refusal::ValueTooLong(bytes) => {
                write!(f, "the value takes {bytes} bytes, and may take {VALUE_MAX}")
            }
            Refusal::ForeignContext(of) => write!(f, "the context is of another key, {of}"),
            Refusal::UnknownContext => {
                f.write_str("the context claims writes that this node has not made")
            }
            Refusal::UnknownKey(key) => write!(f, "nothing is known of a key {key}"),
            Refusal::TooManyVersions => {
                write!(
                    f,
                    "the key has {SIBLINGS_MAX} versions that nobody has resolved"
                )
            }
            Refusal::NoMember(node) => write!(f, "node {node} is no member"),
            Refusal::MustStay(count) => {
                write!(f, "at least {} must stay", counted(*count, "member"))
            }
            Refusal::TooManyMembers => f.write_str("there are too many members"),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Stored(_) | Reply::Changed => f.write_str("ok"),
            Reply::Found(found) => fmt::Display::fmt(&**found, f),
            Reply::AskAnother => f.write_str("ask another node"),
            Reply::Refused(why) => write!(f, "refused: {why}"),
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.conflict {
            f.write_str("conflict: ")?;
        }
        for (place, value) in self.values.iter().enumerate() {
            let between = if place == 0 { "" } else { " | " };
            write!(f, "{between}{value}")?;
        }
        if self.values.is_empty() {
            f.write_str("nothing")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Misfit;

    #[test]
    fn operations_are_read_and_written_in_json() {
        let with =
            r#"{"put":["cart",["milk"],{"key":"cart","clock":{"0":2},"read":["c0#1@2/12.345"]}]}"#;
        for (text, said) in [
            (r#"{"put":["theme","dark"]}"#, "put theme dark"),
            (r#"{"put":["theme",1,null]}"#, "put theme 1 knowing nothing"),
            (with, "put cart [milk] knowing {0:2}"),
            (r#"{"get":"theme"}"#, "get theme"),
            (r#"{"delete":["theme"]}"#, "delete theme"),
            (
                r#"{"delete":["theme",null]}"#,
                "delete theme knowing nothing",
            ),
            (r#"{"leave":3}"#, "leave node 3"),
        ] {
            let op: Op = serde_json::from_str(text).expect(text);
            assert_eq!(op.to_string(), said);
            assert_eq!(serde_json::to_string(&op).expect("JSON"), text);
        }
    }

    #[test]
    fn what_is_wrong_with_an_operation_is_said_with_its_place() {
        for (value, said) in [
            (
                serde_json::json!({ "put": ["x"] }),
                "put: found a list of 1, expected a list of a key, a value and, if need be, a context",
            ),
            (
                serde_json::json!({ "put": ["x", true] }),
                "put[1]: found true, expected a whole number, a text, or a list or an object of those",
            ),
            (
                serde_json::json!({ "put": ["x", 1, { "key": "x", "clock": { "q": 1 } }] }),
                "put[2].clock: found \"q\", expected the number of a node, or c and that of a client",
            ),
            (
                serde_json::json!({ "delete": ["x", null, 1] }),
                "delete: found a list of 3, expected a list of a key and, if need be, a context",
            ),
        ] {
            let misfit = Misfit::read::<Op>(value).expect_err(said);
            assert_eq!(misfit.to_string(), said);
        }
    }
}
