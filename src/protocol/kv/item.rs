//! What a replica holds of a key: the versions that nobody has replaced, under one of three kinds
//! of clocks.

use super::options::Clocks;
use super::value::{Key, Value};
use super::version::{Actor, COUNTER_MAX, Causality, Dot, DvvSet, VersionVector};
use crate::base::{Digest, Micros, NodeId, RequestId};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeStruct};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The most versions of one key that a replica keeps beside each other.
pub const SIBLINGS_MAX: usize = 512;

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
    digest: u64,
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

/// The versions of a key that stand beside each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Siblings {
    /// Each version has a dot, under one vector: the default.
    Dotted(DvvSet<Arc<Version>>),
    /// One vector of replicas' counters for all of them, as in Riak before dotted vectors. A
    /// write by somebody who knows less than all of them replaces none: versions that were
    /// replaced stay, and look concurrent.
    Server(ServerSet),
    /// Each version has a vector of clients' counters. A client that does not know its own last
    /// write counts the next one under the same number, and one of the two is lost.
    Client(ClientSet),
}

/// Versions under one plain vector of replicas' counters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerSet {
    clock: VersionVector,
    /// Sorted by write.
    versions: Vec<Arc<Version>>,
}

/// Versions each with a plain vector of clients' counters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientSet {
    /// Sorted by write.
    versions: Vec<(VersionVector, Arc<Version>)>,
}

/// How a write is counted.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    /// The replica that takes it.
    pub replica: Actor,
    /// Its number there.
    pub counter: u64,
    /// The most entries that a plain vector may have; 0 for any number.
    pub limit: usize,
}

impl Siblings {
    /// No versions.
    pub fn none(clocks: Clocks) -> Siblings {
        match clocks {
            Clocks::Dvv => Siblings::Dotted(DvvSet::default()),
            Clocks::ServerVv => Siblings::Server(ServerSet::default()),
            Clocks::ClientVv => Siblings::Client(ClientSet::default()),
        }
    }

    /// How many versions there are.
    pub fn len(&self) -> usize {
        match self {
            Siblings::Dotted(set) => set.versions().len(),
            Siblings::Server(set) => set.versions.len(),
            Siblings::Client(set) => set.versions.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn at(&self, place: usize) -> &Arc<Version> {
        match self {
            Siblings::Dotted(set) => &set.versions()[place].1,
            Siblings::Server(set) => &set.versions[place],
            Siblings::Client(set) => &set.versions[place].1,
        }
    }

    /// The versions.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<Version>> {
        (0..self.len()).map(|place| self.at(place))
    }

    /// The dot of the version at `place`, where versions have one.
    pub fn dot(&self, place: usize) -> Option<Dot> {
        match self {
            Siblings::Dotted(set) => set.versions().get(place).map(|(dot, _)| *dot),
            _ => None,
        }
    }

    /// The vector of the version at `place`, where each has its own.
    pub fn vector(&self, place: usize) -> Option<&VersionVector> {
        match self {
            Siblings::Client(set) => set.versions.get(place).map(|(vector, _)| vector),
            _ => None,
        }
    }

    /// All that is known here: the context of a reader.
    pub fn clock(&self) -> VersionVector {
        match self {
            Siblings::Dotted(set) => set.clock().clone(),
            Siblings::Server(set) => set.clock.clone(),
            Siblings::Client(set) => {
                let mut clock = VersionVector::new();
                for (vector, _) in &set.versions {
                    clock.merge(vector);
                }
                clock
            }
        }
    }

    /// Takes a write that knows `context`: what it knows goes, what it does not know stays beside
    /// it. Returns what its writer knows from now on, if a vector can say so: where the replica
    /// has counted other writes in between that the writer has not read, none can, and the writer
    /// has to read again.
    pub fn update(
        &mut self,
        context: &VersionVector,
        count: Count,
        version: Arc<Version>,
    ) -> Option<VersionVector> {
        let client = Actor::client(version.id.request.client);
        let Count {
            replica: actor,
            counter,
            limit,
        } = count;
        let mut knows = context.clone();
        match self {
            Siblings::Dotted(set) => {
                let gapless = context.get(actor) >= set.clock().get(actor);
                set.update(context, Dot { actor, counter }, version);
                knows.raise(actor, counter);
                gapless.then_some(knows)
            }
            Siblings::Server(set) => {
                set.update(context, count, version);
                None
            }
            Siblings::Client(set) => {
                knows.increment(client);
                if limit > 0 {
                    knows.truncate(limit);
                }
                set.add(knows.clone(), version);
                Some(knows)
            }
        }
    }

    /// Takes a write whose place in time its timestamp alone tells: nothing goes for what it knows,
    /// and the last one by timestamp stays ("last writer wins"). Dotted versions only.
    pub fn update_last(&mut self, count: Count, version: Arc<Version>) {
        if let Siblings::Dotted(set) = self {
            let dot = Dot {
                actor: count.replica,
                counter: count.counter,
            };
            set.add(dot, version);
        }
        self.settle();
    }

    /// What follows from these and `other` together.
    pub fn sync(&self, other: &Siblings) -> Siblings {
        match (self, other) {
            (Siblings::Dotted(own), Siblings::Dotted(told)) => Siblings::Dotted(own.sync(told)),
            (Siblings::Server(own), Siblings::Server(told)) => Siblings::Server(own.sync(told)),
            (Siblings::Client(own), Siblings::Client(told)) => Siblings::Client(own.sync(told)),
            // Nodes of one run have one kind of clock; anything else was refused at the door.
            _ => self.clone(),
        }
    }

    /// Keeps the version with the greatest timestamp alone. The clock goes on to know the others,
    /// so that they are gone wherever this set arrives.
    pub fn settle(&mut self) {
        let last = self.iter().map(|version| version.id).max();
        if let Siblings::Dotted(set) = self {
            set.retain(|_, version| Some(version.id) == last);
        }
    }

    /// Whether `self` and `other` are of one kind of clock.
    pub fn fits(&self, clocks: Clocks) -> bool {
        matches!(
            (self, clocks),
            (Siblings::Dotted(_), Clocks::Dvv)
                | (Siblings::Server(_), Clocks::ServerVv)
                | (Siblings::Client(_), Clocks::ClientVv)
        )
    }

    fn is_sound(&self) -> bool {
        self.len() <= 2 * SIBLINGS_MAX
            && match self {
                Siblings::Dotted(set) => set.is_sound(),
                Siblings::Server(set) => set.clock.is_sound(),
                Siblings::Client(set) => set.versions.iter().all(|(vector, _)| vector.is_sound()),
            }
    }

    fn digest(&self) -> u64 {
        let mut digest = Digest::default();
        let clock = |clock: &VersionVector, digest: &mut Digest| {
            for (actor, counter) in clock.iter() {
                (actor, counter).hash(digest);
            }
        };
        match self {
            Siblings::Dotted(set) => {
                clock(set.clock(), &mut digest);
                for (dot, version) in set.versions() {
                    (dot, version.digest).hash(&mut digest);
                }
            }
            Siblings::Server(set) => {
                clock(&set.clock, &mut digest);
                for version in &set.versions {
                    digest.write_u64(version.digest);
                }
            }
            Siblings::Client(set) => {
                for (vector, version) in &set.versions {
                    clock(vector, &mut digest);
                    digest.write_u64(version.digest);
                }
            }
        }
        digest.finish()
    }
}

impl ServerSet {
    fn update(&mut self, context: &VersionVector, count: Count, version: Arc<Version>) {
        // The vector says how much is known of all siblings together. Who knows less knows
        // nothing about any single one of them.
        if context.descends(&self.clock) {
            self.versions.clear();
        }
        self.clock.merge(context);
        self.clock.raise(count.replica, count.counter);
        if count.limit > 0 {
            self.clock.truncate(count.limit);
        }
        insert(&mut self.versions, version);
    }

    fn sync(&self, other: &ServerSet) -> ServerSet {
        match self.clock.compare(&other.clock) {
            Causality::Before => return other.clone(),
            Causality::After => return self.clone(),
            Causality::Equal | Causality::Concurrent => {}
        }
        let mut both = self.clone();
        both.clock.merge(&other.clock);
        for version in &other.versions {
            insert(&mut both.versions, Arc::clone(version));
        }
        both
    }
}

fn insert(versions: &mut Vec<Arc<Version>>, version: Arc<Version>) {
    if let Err(place) = versions.binary_search_by_key(&version.id, |known| known.id) {
        versions.insert(place, version);
    }
}

impl ClientSet {
    /// Adds a version unless one of those there is the same or knows it; those that it knows go.
    fn add(&mut self, vector: VersionVector, version: Arc<Version>) {
        if self
            .versions
            .iter()
            .any(|(known, _)| known.descends(&vector))
        {
            return;
        }
        self.versions.retain(|(known, _)| !vector.descends(known));
        let place = self
            .versions
            .partition_point(|(_, known)| known.id < version.id);
        self.versions.insert(place, (vector, version));
    }

    fn sync(&self, other: &ClientSet) -> ClientSet {
        // Two versions under one vector are taken for one; the same one stays wherever they meet,
        // as they are taken in order.
        let mut both = ClientSet::default();
        let (mut own, mut told) = (self.versions.iter(), other.versions.iter());
        let (mut a, mut b) = (own.next(), told.next());
        loop {
            let from_own = match (a, b) {
                (Some((_, a)), Some((_, b))) => a.id <= b.id,
                (a, _) => a.is_some(),
            };
            let (next, rest) = if from_own {
                (&mut a, &mut own)
            } else {
                (&mut b, &mut told)
            };
            let Some((vector, version)) = next else {
                return both;
            };
            both.add(vector.clone(), Arc::clone(version));
            *next = rest.next();
        }
    }
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
