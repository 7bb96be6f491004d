//! The versions of one key that stand beside each other, under one of three kinds of clocks.

use super::dvv::DvvSet;
use super::item::Version;
use super::options::Clocks;
use super::version::{Actor, Causality, Dot, VersionVector};
use crate::base::Digest;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The most versions of one key that a replica keeps beside each other.
pub const SIBLINGS_MAX: usize = 512;

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

    /// How many writes of a replica are known here.
    pub fn counted(&self, replica: Actor) -> u64 {
        match self {
            Siblings::Dotted(set) => set.clock().get(replica),
            Siblings::Server(set) => set.clock.get(replica),
            Siblings::Client(_) => 0,
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
        let client = Actor::client(version.id().request.client);
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
        let last = self.iter().map(|version| version.id()).max();
        if let Siblings::Dotted(set) = self {
            set.retain(|_, version| Some(version.id()) == last);
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

    pub(super) fn is_sound(&self) -> bool {
        self.len() <= 2 * SIBLINGS_MAX
            && match self {
                Siblings::Dotted(set) => set.is_sound(),
                Siblings::Server(set) => set.clock.is_sound(),
                Siblings::Client(set) => set.versions.iter().all(|(vector, _)| vector.is_sound()),
            }
    }

    pub(super) fn digest(&self) -> u64 {
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
    if let Err(place) = versions.binary_search_by_key(&version.id(), |known| known.id()) {
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
            .partition_point(|(_, known)| known.id() < version.id());
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
                (Some((_, a)), Some((_, b))) => a.id() <= b.id(),
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
