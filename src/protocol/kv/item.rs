//! What a replica holds of a key: the versions that nobody has replaced, with the clocks that say so.

use super::options::Clocks;
use super::siblings::Siblings;
use super::value::{Key, Value};
use super::version::{COUNTER_MAX, Dot, VersionVector};
use crate::base::{Digest, Micros, NodeId, RequestId};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeStruct};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Which write it is, beyond all clocks: for people and for checkers. Ordered by its timestamp,
/// as the last writer wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteId {
    /// What the clock of the node that took it showed.
    pub at: Micros,
    /// The node that took it.
    pub node: NodeId,
    /// The client's request.
    pub request: RequestId,
}

impl fmt::Display for WriteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WriteId { at, node, request } = self;
        write!(f, "{request}@{node}/{at}")
    }
}

impl fmt::Debug for WriteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl WriteId {
    /// Reads `c0#1@2/12.345`.
    fn read(text: &str) -> Option<WriteId> {
        let (request, place) = text.strip_prefix('c')?.split_once('@')?;
        let (client, serial) = request.split_once('#')?;
        let (node, at) = place.split_once('/')?;
        Some(WriteId {
            at: Micros::try_from_ms(at.parse().ok()?)?,
            node: NodeId(node.parse().ok()?),
            request: RequestId {
                client: client.parse().ok()?,
                serial: serial.parse().ok()?,
            },
        })
    }
}

impl Serialize for WriteId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WriteId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<WriteId, D::Error> {
        let text = String::deserialize(deserializer)?;
        WriteId::read(&text).ok_or_else(|| {
            let expected = "a write as in c0#1@2/12.345: request, node, milliseconds";
            de::Error::invalid_value(de::Unexpected::Str(&text), &expected)
        })
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for WriteId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "WriteId".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Which write: its request, the node that took it, and that node's clock \
                            in milliseconds, as in `c0#1@2/12.345`.",
            "type": "string"
        })
    }
}

/// What one write made of a value.
#[derive(Debug, PartialEq, Eq)]
pub struct Version {
    id: WriteId,
    value: Option<Value>,
    /// The versions that its writer had read. No decision rests on it: clocks decide.
    read: Box<[WriteId]>,
    pub(super) digest: u64,
}

impl Version {
    /// The version that write `id` made, or a tombstone where there is no value.
    pub fn new(id: WriteId, value: Option<Value>, read: Box<[WriteId]>) -> Version {
        let digest = Digest::of(&(id, &value));
        Version {
            id,
            value,
            read,
            digest,
        }
    }

    /// Which write made it.
    pub fn id(&self) -> WriteId {
        self.id
    }

    /// Its value; nothing where it is the tombstone of a deletion.
    pub fn value(&self) -> Option<&Value> {
        self.value.as_ref()
    }

    /// Whether it says that the value was deleted.
    pub fn is_tombstone(&self) -> bool {
        self.value.is_none()
    }

    /// The versions that its writer had read.
    pub fn read(&self) -> &[WriteId] {
        &self.read
    }
}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.id, self.digest).hash(state);
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("Version", 3)?;
        record.serialize_field("id", &self.id)?;
        record.serialize_field("value", &self.value)?;
        record.serialize_field("read", &self.read)?;
        record.end()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => fmt::Display::fmt(value, f),
            None => f.write_str("deleted"),
        }
    }
}

/// What a reader knows of a key, and takes along when it writes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvContext"))]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// The key that it is of.
    pub key: Key,
    /// The writes that are known.
    #[serde(default)]
    pub clock: VersionVector,
    /// The versions that were read, for checkers; they may be left out.
    #[serde(default)]
    pub read: Vec<WriteId>,
}

/// A key with its versions, as it is stored, sent and compared: all in one shared piece.
#[derive(Debug)]
pub struct Item {
    position: u64,
    key: Key,
    siblings: Siblings,
    digest: u64,
}

impl Item {
    /// The versions of `key`.
    pub fn new(key: Key, siblings: Siblings) -> Item {
        Item {
            position: position_of(&key),
            digest: siblings.digest(),
            key,
            siblings,
        }
    }

    /// Where the key stands on the ring.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Its versions.
    pub fn siblings(&self) -> &Siblings {
        &self.siblings
    }

    /// A digest of key, clocks and values: equal for equal items.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// The writes whose versions stand.
    pub fn heads(&self) -> impl ExactSizeIterator<Item = WriteId> {
        self.siblings.iter().map(|version| version.id)
    }

    /// Whether all that is left of it is that it was deleted.
    pub fn is_deleted(&self) -> bool {
        !self.siblings.is_empty() && self.siblings.iter().all(|version| version.is_tombstone())
    }

    /// The values that stand, tombstones aside; equal ones once.
    pub fn values(&self) -> Vec<&Value> {
        let mut values = Vec::with_capacity(self.siblings.len());
        let each = self.siblings.iter().filter_map(|version| version.value());
        each.for_each(|value| super::value::keep(&mut values, value));
        values
    }

    /// Whether it holds values that contradict each other.
    pub fn is_conflict(&self) -> bool {
        self.siblings.len() > 1 && self.values().len() > 1
    }

    /// What a reader of it takes along.
    pub fn context(&self) -> Context {
        Context {
            key: Arc::clone(&self.key),
            clock: self.siblings.clock(),
            read: self.heads().collect(),
        }
    }

    /// Why no correct node can have sent it, if that is so.
    pub(super) fn fault(&self, clocks: Clocks) -> Option<&'static str> {
        if !self.siblings.fits(clocks) {
            return Some("versions under another kind of clock");
        }
        if self.key.is_empty() || self.key.len() > super::value::KEY_MAX {
            return Some("a key that is empty or too long");
        }
        if self.position != position_of(&self.key) {
            return Some("a key that stands elsewhere on the ring");
        }
        (!self.siblings.is_sound()).then_some("versions whose clocks cannot be")
    }

    /// An item as its parts say, sound or not.
    pub(super) fn from_raw(position: u64, key: Key, siblings: Siblings) -> Item {
        let digest = siblings.digest();
        Item {
            position,
            key,
            siblings,
            digest,
        }
    }
}

impl PartialEq for Item {
    fn eq(&self, other: &Item) -> bool {
        self.digest == other.digest && self.key == other.key && self.siblings == other.siblings
    }
}

impl Eq for Item {}

impl Hash for Item {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // The digest covers clocks and values.
        (self.position, self.digest).hash(state);
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=", self.key)?;
        for (place, version) in self.siblings.iter().enumerate() {
            f.write_str(if place == 0 { "" } else { "|" })?;
            fmt::Display::fmt(version, f)?;
            if let Some(dot) = self.siblings.dot(place) {
                write!(f, "@{dot}")?;
            }
        }
        write!(f, " {}", self.siblings.clock())
    }
}

/// A version among its siblings, as it is shown.
#[derive(Serialize)]
struct Shown<'a> {
    id: WriteId,
    value: Option<&'a Value>,
    dot: Option<Dot>,
    clock: Option<&'a VersionVector>,
    read: &'a [WriteId],
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("Item", 4)?;
        record.serialize_field("key", &self.key)?;
        record.serialize_field("clock", &self.siblings.clock())?;
        let shown = self
            .siblings
            .iter()
            .enumerate()
            .map(|(place, version)| Shown {
                id: version.id,
                value: version.value(),
                dot: self.siblings.dot(place),
                clock: self.siblings.vector(place),
                read: version.read(),
            });
        record.serialize_field("versions", &shown.collect::<Vec<_>>())?;
        record.serialize_field("conflict", &self.is_conflict())?;
        record.end()
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for Item {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "StoredItem".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let vector = generator.subschema_for::<VersionVector>();
        let id = generator.subschema_for::<WriteId>();
        let value = generator.subschema_for::<Option<Value>>();
        schemars::json_schema!({
            "description": "A key with the versions that stand. A version without a value is a \
                            tombstone; it has a dot, or a clock of its own, or neither, as the \
                            option `clocks` says.",
            "type": "object",
            "properties": {
                "key": { "type": "string" },
                "clock": vector.clone(),
                "versions": { "type": "array", "items": {
                    "type": "object",
                    "properties": {
                        "id": id.clone(), "value": value,
                        "dot": { "type": ["string", "null"] },
                        "clock": { "anyOf": [vector, { "type": "null" }] },
                        "read": { "type": "array", "items": id }
                    },
                    "required": ["id", "value", "dot", "clock", "read"]
                } },
                "conflict": { "type": "boolean" }
            },
            "required": ["key", "clock", "versions", "conflict"]
        })
    }
}

/// Where a key stands on the ring.
pub fn position_of(key: &str) -> u64 {
    let mut digest = Digest::default();
    for chunk in key.as_bytes().chunks(8) {
        let mut word = [0u8; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        digest.write_u64(u64::from_le_bytes(word));
    }
    digest.write_u64(key.len() as u64);
    super::ring::spread(digest.finish())
}

/// A counter that no node has reached, for messages that nobody sends.
pub(super) const BEYOND: u64 = COUNTER_MAX + 1;
