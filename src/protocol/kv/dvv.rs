//! Dotted version vector sets: the concurrent versions of a value under one vector.

use super::version::{Dot, VersionVector};

/// The concurrent versions of one value, each named by its dot, under one vector that knows them
/// and all that they have replaced: a dotted version vector set (Preguiça et al. 2010; Almeida,
/// Baquero, Gonçalves, Preguiça and Fonte, *Scalable and Accurate Causality Tracking for
/// Eventually Consistent Stores*, 2014).
///
/// A version whose dot the vector of another set covers, and which that set does not hold, has
/// been replaced there. So no version needs a vector of its own. Where Riak's `dvvset` lets the
/// values of an actor stand in a row below its counter, each carries its number here, since a
/// replica numbers its writes over all keys, which leaves gaps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DvvSet<V> {
    clock: VersionVector,
    /// Sorted by dot.
    versions: Vec<(Dot, V)>,
}

impl<V> Default for DvvSet<V> {
    fn default() -> DvvSet<V> {
        DvvSet {
            clock: VersionVector::new(),
            versions: Vec::new(),
        }
    }
}

impl<V: Clone> DvvSet<V> {
    /// All that the set knows: the context that a reader takes along ("join").
    pub fn clock(&self) -> &VersionVector {
        &self.clock
    }

    /// The versions with their dots, in order of the dots.
    pub fn versions(&self) -> &[(Dot, V)] {
        &self.versions
    }

    /// A write that knows `context` and is counted as `dot`: it replaces the versions that the
    /// context covers, and stands beside the others ("discard" and "event").
    pub fn update(&mut self, context: &VersionVector, dot: Dot, value: V) {
        self.discard(context);
        self.add(dot, value);
    }

    /// Removes the versions that `context` covers, and knows all that it knows.
    pub fn discard(&mut self, context: &VersionVector) {
        self.versions.retain(|(dot, _)| !context.covers(*dot));
        self.clock.merge(context);
    }

    /// Adds a version.
    pub fn add(&mut self, dot: Dot, value: V) {
        self.clock.raise(dot.actor, dot.counter);
        let place = self.versions.partition_point(|(known, _)| *known < dot);
        self.versions.insert(place, (dot, value));
    }

    /// What follows from this set and `other` together ("sync"): a version of one stays if the
    /// other holds it too, or does not know of it. Commutative, associative and idempotent.
    pub fn sync(&self, other: &DvvSet<V>) -> DvvSet<V> {
        let mut versions = Vec::with_capacity(self.versions.len().max(other.versions.len()));
        let (mut a, mut b) = (0, 0);
        loop {
            let (own, told) = (self.versions.get(a), other.versions.get(b));
            let (from, held, knows) = match (own, told) {
                (None, None) => break,
                (Some(own), Some(told)) if own.0 == told.0 => {
                    versions.push(own.clone());
                    (a, b) = (a + 1, b + 1);
                    continue;
                }
                (Some(own), Some(told)) if told.0 < own.0 => (&mut b, told, &self.clock),
                (Some(own), _) => (&mut a, own, &other.clock),
                (None, Some(told)) => (&mut b, told, &self.clock),
            };
            *from += 1;
            if !knows.covers(held.0) {
                versions.push(held.clone());
            }
        }
        let clock = self.clock.joined(&other.clock);
        DvvSet { clock, versions }
    }

    /// Keeps the versions of which `keep` says so; the others count as replaced.
    pub fn retain(&mut self, mut keep: impl FnMut(Dot, &V) -> bool) {
        self.versions.retain(|(dot, value)| keep(*dot, value));
    }

    /// Whether it is one that a correct node makes.
    pub(super) fn is_sound(&self) -> bool {
        let dots = || self.versions.iter().map(|(dot, _)| *dot);
        self.clock.is_sound()
            && dots().is_sorted_by(|a, b| a < b)
            && dots().all(|dot| dot.counter > 0 && self.clock.covers(dot))
    }

    pub(super) fn from_raw(clock: VersionVector, versions: Vec<(Dot, V)>) -> DvvSet<V> {
        DvvSet { clock, versions }
    }
}

#[cfg(test)]
mod tests {
    use super::super::version::{Actor, Causality};
    use super::*;
    use crate::base::{Chance, Draws, Micros, NodeId};

    fn actor(node: u16) -> Actor {
        Actor::replica(NodeId(node), Micros::ZERO)
    }

    /// What a set means, told the slow way: every write that is known, and those not replaced.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    struct Slow {
        known: Vec<Dot>,
        live: Vec<Dot>,
    }

    impl Slow {
        fn sync(&self, other: &Slow) -> Slow {
            let stays =
                |dot: &&Dot, other: &Slow| other.live.contains(dot) || !other.known.contains(dot);
            let own = self.live.iter().filter(|dot| stays(dot, other));
            let told = other.live.iter().filter(|dot| stays(dot, self));
            let mut live: Vec<Dot> = own.chain(told).copied().collect();
            let mut known = [&self.known[..], &other.known].concat();
            live.sort_unstable();
            live.dedup();
            known.sort_unstable();
            known.dedup();
            Slow { known, live }
        }
    }

    /// Some replicas of one key, and clients that read and write at them in any order.
    struct Crowd {
        sets: Vec<DvvSet<Dot>>,
        slow: Vec<Slow>,
        contexts: Vec<(VersionVector, Vec<Dot>)>,
        counters: Vec<u64>,
    }

    impl Crowd {
        fn new() -> Crowd {
            Crowd {
                sets: vec![DvvSet::default(); 4],
                slow: vec![Slow::default(); 4],
                contexts: vec![(VersionVector::new(), Vec::new()); 3],
                counters: vec![0; 4],
            }
        }

        fn step(&mut self, luck: &mut Draws) {
            let replica = luck.between(0, 3) as usize;
            let client = luck.between(0, 2) as usize;
            match luck.between(0, 3) {
                0 => {
                    let known = self.slow[replica].known.clone();
                    self.contexts[client] = (self.sets[replica].clock().clone(), known);
                }
                1 => {
                    // A replica numbers its writes over all keys, so that numbers leave gaps.
                    self.counters[replica] += luck.between(1, 3);
                    let dot = Dot {
                        actor: actor(replica as u16),
                        counter: self.counters[replica],
                    };
                    let (context, seen) = &self.contexts[client];
                    self.sets[replica].update(context, dot, dot);
                    let slow = &mut self.slow[replica];
                    slow.live.retain(|live| !seen.contains(live));
                    slow.live.push(dot);
                    slow.known.extend(seen.iter().copied().chain([dot]));
                    *slow = slow.sync(&Slow::default());
                }
                _ => {
                    let other = luck.between(0, 3) as usize;
                    let synced = self.sets[replica].sync(&self.sets[other]);
                    assert_eq!(synced, self.sets[other].sync(&self.sets[replica]));
                    assert_eq!(synced, synced.sync(&synced));
                    assert_eq!(synced, synced.sync(&self.sets[other]));
                    self.slow[replica] = self.slow[replica].sync(&self.slow[other]);
                    self.sets[replica] = synced;
                }
            }
        }
    }

    #[test]
    fn a_set_holds_exactly_what_nobody_has_replaced() {
        for seed in 0..300 {
            let mut luck = Draws::new(Chance::from_seed(seed));
            let mut crowd = Crowd::new();
            for _ in 0..60 {
                crowd.step(&mut luck);
                for (set, slow) in crowd.sets.iter().zip(&crowd.slow) {
                    let held: Vec<Dot> = set.versions().iter().map(|(dot, _)| *dot).collect();
                    assert_eq!(held, slow.live, "seed {seed}");
                    assert!(set.is_sound());
                }
                let [a, b, c] = [0, 1, 2].map(|n| &crowd.sets[n]);
                assert_eq!(a.sync(b).sync(c), a.sync(&b.sync(c)), "seed {seed}");
            }
        }
    }

    #[test]
    fn a_write_is_strictly_newer_than_its_context() {
        let mut set = DvvSet::default();
        let dot = |counter| Dot {
            actor: actor(0),
            counter,
        };
        set.update(&VersionVector::new(), dot(1), "dark");
        set.update(&VersionVector::new(), dot(2), "light");
        let values = |set: &DvvSet<&'static str>| -> Vec<&str> {
            set.versions().iter().map(|(_, value)| *value).collect()
        };
        assert_eq!(values(&set), ["dark", "light"], "nothing known: siblings");
        let read_first: VersionVector = [(actor(0), 1)].into_iter().collect();
        let mut one_behind = set.clone();
        one_behind.update(&read_first, dot(3), "dim");
        assert_eq!(values(&one_behind), ["light", "dim"], "what was read goes");
        let context = set.clock().clone();
        set.update(&context, dot(4), "auto");
        assert_eq!(values(&set), ["auto"]);
        assert_eq!(set.clock().compare(&context), Causality::After);
    }
}
