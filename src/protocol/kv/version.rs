//! Versions of a value and what came before what: version vectors, and dotted version vectors.
//!
//! A version vector counts, for each actor, how many of its writes are known (Parker et al. 1983;
//! Fidge 1988 and Mattern 1989 for events). A *dot* names one single write. A plain vector can say
//! only "this actor's first n writes"; a dotted one says "these writes, and that one write beside
//! them", which is what a write made by somebody who has not read everything needs (Preguiça,
//! Baquero, Almeida, Fonte and Gonçalves, *Dotted Version Vectors: Logical Clocks for Optimistic
//! Replication*, 2010).
//!
//! Everything here is pure: no options, no nodes, no time.

use crate::base::{ClientId, Micros, NodeId};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap};
use std::collections::BTreeMap;
use std::fmt;

/// Counters beyond this are not believed: sums of a few never overflow, and JSON can hold each
/// one exactly.
pub const COUNTER_MAX: u64 = (1 << 53) - 1;

/// Who counts in a vector: a replica in one of its lives, or a client.
///
/// A replica that has lost its disk starts a new life under a new name: its old name may still
/// count writes that it no longer knows of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor(u64);

impl Actor {
    const LIFE_BITS: u32 = 48;
    const CLIENTS: u64 = 0xffff;

    /// The replica at `node` whose present disk was empty when its own clock showed `born`.
    pub const fn replica(node: NodeId, born: Micros) -> Actor {
        let life = born.0 & ((1 << Actor::LIFE_BITS) - 1);
        Actor((node.0 as u64) << Actor::LIFE_BITS | life)
    }

    /// A client, where clients count for themselves.
    pub const fn client(client: ClientId) -> Actor {
        Actor(Actor::CLIENTS << Actor::LIFE_BITS | client as u64)
    }

    /// The node of a replica.
    pub const fn node(self) -> Option<NodeId> {
        let node = self.0 >> Actor::LIFE_BITS;
        if node == Actor::CLIENTS {
            None
        } else {
            Some(NodeId(node as u16))
        }
    }

    /// What an actor is called in JSON, if `text` is such a name.
    fn read(text: &str) -> Option<Actor> {
        if let Some(client) = text.strip_prefix('c') {
            return client.parse().ok().map(Actor::client);
        }
        let (node, life) = text.split_once('@').unwrap_or((text, "0"));
        let node: u16 = node.parse().ok()?;
        let born = Micros::try_from_ms(life.parse().ok()?)?;
        (u64::from(node) != Actor::CLIENTS).then(|| Actor::replica(NodeId(node), born))
    }
}

impl fmt::Display for Actor {
    /// `2`; `2@1200.500` after its disk was lost and it started anew at that moment; `c7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let life = self.0 & ((1 << Actor::LIFE_BITS) - 1);
        match self.node() {
            None => write!(f, "c{life}"),
            Some(node) if life == 0 => write!(f, "{node}"),
            Some(node) => write!(f, "{node}@{}", Micros(life)),
        }
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One single write: the actor that counted it, and its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dot {
    /// Who counted it.
    pub actor: Actor,
    /// Its number, from 1.
    pub counter: u64,
}

impl fmt::Display for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.actor, self.counter)
    }
}

impl fmt::Debug for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Dot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How two versions are related (Lamport 1978: happened before, or neither).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Causality {
    /// The first happened before the second.
    Before,
    /// The second happened before the first.
    After,
    /// They are one and the same.
    Equal,
    /// Neither knew of the other.
    Concurrent,
}

/// For each actor, how many of its writes are known. An actor without an entry counts 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct VersionVector {
    /// Sorted by actor; no counter is 0.
    entries: Vec<(Actor, u64)>,
}

impl VersionVector {
    /// The empty vector: nothing is known.
    pub const fn new() -> VersionVector {
        VersionVector {
            entries: Vec::new(),
        }
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many actors have an entry.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entries, by actor.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Actor, u64)> + '_ {
        self.entries.iter().copied()
    }

    fn place(&self, actor: Actor) -> Result<usize, usize> {
        // Vectors are short: a walk is quicker than halving.
        match self.entries.iter().position(|(known, _)| *known >= actor) {
            Some(place) if self.entries[place].0 == actor => Ok(place),
            Some(place) => Err(place),
            None => Err(self.entries.len()),
        }
    }

    /// How many of `actor`'s writes are known.
    pub fn get(&self, actor: Actor) -> u64 {
        self.place(actor).map_or(0, |place| self.entries[place].1)
    }

    /// Whether `dot` is known.
    pub fn covers(&self, dot: Dot) -> bool {
        self.get(dot.actor) >= dot.counter
    }

    /// Raises the entry of `actor` to `counter`, if it is lower.
    pub fn raise(&mut self, actor: Actor, counter: u64) {
        match self.place(actor) {
            Ok(place) => self.entries[place].1 = self.entries[place].1.max(counter),
            Err(_) if counter == 0 => {}
            Err(place) => self.entries.insert(place, (actor, counter)),
        }
    }

    /// Counts one more write of `actor`, and names it.
    pub fn increment(&mut self, actor: Actor) -> Dot {
        let counter = self.get(actor).saturating_add(1);
        self.raise(actor, counter);
        Dot { actor, counter }
    }

    /// Takes in all that `other` knows: the greater of each two counters. Merging is commutative,
    /// associative and idempotent, so that messages may come in any order, and twice.
    pub fn merge(&mut self, other: &VersionVector) {
        if other.entries.len() > self.entries.len() || !self.merge_in_place(other) {
            *self = self.joined(other);
        }
    }

    /// All that either knows: what [`VersionVector::merge`] makes, as a vector of its own.
    pub fn joined(&self, other: &VersionVector) -> VersionVector {
        let mut merged = Vec::with_capacity(self.entries.len() + other.entries.len());
        let (mut a, mut b) = (0, 0);
        while let (Some(own), Some(told)) = (self.entries.get(a), other.entries.get(b)) {
            if own.0 == told.0 {
                merged.push((own.0, own.1.max(told.1)));
                (a, b) = (a + 1, b + 1);
            } else if own.0 < told.0 {
                merged.push(*own);
                a += 1;
            } else {
                merged.push(*told);
                b += 1;
            }
        }
        merged.extend_from_slice(&self.entries[a..]);
        merged.extend_from_slice(&other.entries[b..]);
        VersionVector { entries: merged }
    }

    /// Merges where every actor of `other` has an entry already; false, with nothing lost, where
    /// one has none.
    fn merge_in_place(&mut self, other: &VersionVector) -> bool {
        let mut place = 0;
        for (actor, counter) in &other.entries {
            while self.entries.get(place).is_some_and(|own| own.0 < *actor) {
                place += 1;
            }
            match self.entries.get_mut(place) {
                Some(own) if own.0 == *actor => own.1 = own.1.max(*counter),
                _ => return false,
            }
        }
        true
    }

    /// How this vector is related to `other`: one walk along both.
    pub fn compare(&self, other: &VersionVector) -> Causality {
        let (mut less, mut more) = (false, false);
        let (mut a, mut b) = (0, 0);
        while let (Some(own), Some(told)) = (self.entries.get(a), other.entries.get(b)) {
            if own.0 == told.0 {
                less |= own.1 < told.1;
                more |= own.1 > told.1;
                (a, b) = (a + 1, b + 1);
            } else if own.0 < told.0 {
                more = true;
                a += 1;
            } else {
                less = true;
                b += 1;
            }
        }
        less |= b < other.entries.len();
        more |= a < self.entries.len();
        match (less, more) {
            (false, false) => Causality::Equal,
            (true, false) => Causality::Before,
            (false, true) => Causality::After,
            (true, true) => Causality::Concurrent,
        }
    }

    /// Whether this vector knows all that `other` knows.
    pub fn descends(&self, other: &VersionVector) -> bool {
        matches!(self.compare(other), Causality::After | Causality::Equal)
    }

    /// Forgets entries, the lowest counters first, until `most` are left. This is what keeps
    /// vectors short in Dynamo (section 4.4), and what makes versions look concurrent that are not.
    pub fn truncate(&mut self, most: usize) {
        while self.entries.len() > most {
            let least = self.entries.iter().enumerate().min_by_key(|(_, e)| e.1);
            let Some((place, _)) = least else { return };
            self.entries.remove(place);
        }
    }

    /// Whether it is one that a correct node makes.
    pub(super) fn is_sound(&self) -> bool {
        let counters = |(_, counter): &(Actor, u64)| (1..=COUNTER_MAX).contains(counter);
        self.entries.is_sorted_by(|a, b| a.0 < b.0) && self.entries.iter().all(counters)
    }

    /// A vector with its entries as they stand, sound or not.
    pub(super) fn from_raw(entries: Vec<(Actor, u64)>) -> VersionVector {
        VersionVector { entries }
    }
}

impl FromIterator<(Actor, u64)> for VersionVector {
    fn from_iter<I: IntoIterator<Item = (Actor, u64)>>(entries: I) -> VersionVector {
        let mut vector = VersionVector::new();
        for (actor, counter) in entries {
            vector.raise(actor, counter);
        }
        vector
    }
}

impl fmt::Display for VersionVector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (place, (actor, counter)) in self.entries.iter().enumerate() {
            let comma = if place == 0 { "" } else { " " };
            write!(f, "{comma}{actor}:{counter}")?;
        }
        f.write_str("}")
    }
}

impl Serialize for VersionVector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.entries.len()))?;
        for (actor, counter) in &self.entries {
            map.serialize_entry(&actor.to_string(), counter)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for VersionVector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<VersionVector, D::Error> {
        let map = BTreeMap::<String, u64>::deserialize(deserializer)?;
        let mut vector = VersionVector::new();
        for (name, counter) in map {
            let Some(actor) = Actor::read(&name) else {
                let expected = "the number of a node, or c and that of a client";
                return Err(de::Error::invalid_value(
                    de::Unexpected::Str(&name),
                    &expected,
                ));
            };
            if counter > COUNTER_MAX {
                let expected = "a whole number up to 2^53 - 1";
                return Err(de::Error::invalid_value(
                    de::Unexpected::Unsigned(counter),
                    &expected,
                ));
            }
            vector.raise(actor, counter);
        }
        Ok(vector)
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for VersionVector {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "VersionVector".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "How many writes of each actor are known. An actor is a node, \
                            `node@born_ms` after it lost its disk, or `c` and a client's number.",
            "type": "object",
            "additionalProperties": { "type": "integer", "minimum": 0, "maximum": COUNTER_MAX }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Chance, Draws};

    fn actor(node: u16) -> Actor {
        Actor::replica(NodeId(node), Micros::ZERO)
    }

    fn vector(counters: &[u64]) -> VersionVector {
        let entries = (0..).map(actor).zip(counters.iter().copied());
        entries.collect()
    }

    fn random(luck: &mut Draws) -> VersionVector {
        let counters: Vec<u64> = (0..4).map(|_| luck.between(0, 3)).collect();
        vector(&counters)
    }

    #[test]
    fn the_four_cases() {
        for (a, b, expected) in [
            (&[][..], &[][..], Causality::Equal),
            (&[1], &[1], Causality::Equal),
            (&[0, 1], &[1, 1], Causality::Before),
            (&[2, 1], &[2], Causality::After),
            (&[1, 0], &[0, 1], Causality::Concurrent),
            (&[2, 0, 1], &[1, 0, 2], Causality::Concurrent),
            (&[], &[0, 0, 4], Causality::Before),
        ] {
            assert_eq!(vector(a).compare(&vector(b)), expected, "{a:?} {b:?}");
        }
    }

    #[test]
    fn merging_is_commutative_associative_and_idempotent() {
        let merged = |a: &VersionVector, b: &VersionVector| {
            let mut merged = a.clone();
            merged.merge(b);
            merged
        };
        let mut luck = Draws::new(Chance::from_seed(1));
        for _ in 0..20_000 {
            let [a, b, c] = [(); 3].map(|()| random(&mut luck));
            let ab = merged(&a, &b);
            assert_eq!(ab, merged(&b, &a));
            assert_eq!(ab, a.joined(&b));
            assert_eq!(merged(&ab, &c), merged(&a, &merged(&b, &c)));
            assert_eq!(merged(&ab, &ab), ab);
            assert!(ab.descends(&a) && ab.descends(&b) && ab.is_sound());
            // It is the least that knows both.
            if c.descends(&a) && c.descends(&b) {
                assert!(c.descends(&ab));
            }
        }
    }

    #[test]
    fn comparing_is_an_order_and_agrees_with_counting() {
        let mut luck = Draws::new(Chance::from_seed(2));
        for _ in 0..20_000 {
            let [a, b, c] = [(); 3].map(|()| random(&mut luck));
            let knows = |a: &VersionVector, b: &VersionVector| {
                (0..4).all(|n| a.get(actor(n)) >= b.get(actor(n)))
            };
            let expected = match (knows(&b, &a), knows(&a, &b)) {
                (true, true) => Causality::Equal,
                (true, false) => Causality::Before,
                (false, true) => Causality::After,
                (false, false) => Causality::Concurrent,
            };
            assert_eq!(a.compare(&b), expected, "{a} {b}");
            let turned = match expected {
                Causality::Before => Causality::After,
                Causality::After => Causality::Before,
                same => same,
            };
            assert_eq!(b.compare(&a), turned);
            if c.descends(&b) && b.descends(&a) {
                assert!(c.descends(&a));
            }
        }
    }

    #[test]
    fn an_increment_is_strictly_newer() {
        let mut luck = Draws::new(Chance::from_seed(3));
        for _ in 0..5_000 {
            let before = random(&mut luck);
            let mut after = before.clone();
            let dot = after.increment(actor(luck.between(0, 5) as u16));
            assert_eq!(before.compare(&after), Causality::Before);
            assert!(after.covers(dot) && !before.covers(dot));
        }
    }

    #[test]
    fn json_gives_back_what_went_in() {
        let mut vector = vector(&[3, 0, 1]);
        vector.raise(Actor::replica(NodeId(2), Micros(1_200_500)), 7);
        vector.raise(Actor::client(12), 2);
        let text = serde_json::to_string(&vector).expect("JSON");
        assert_eq!(text, r#"{"0":3,"2":1,"2@1200.500":7,"c12":2}"#);
        assert_eq!(
            serde_json::from_str::<VersionVector>(&text).expect("a vector"),
            vector
        );
        for bad in [
            r#"{"x":1}"#,
            r#"{"c":1}"#,
            r#"{"65535":1}"#,
            r#"{"0":-1}"#,
            r#"{"0":9007199254740992}"#,
            r#"{"0@-1":1}"#,
        ] {
            assert!(serde_json::from_str::<VersionVector>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn truncation_makes_related_versions_look_concurrent() {
        let old = vector(&[1, 5, 5]);
        let mut new = vector(&[1, 5, 5, 5]);
        new.truncate(3);
        assert_eq!((new.len(), old.compare(&new)), (3, Causality::Concurrent));
    }
}
