//! The four session guarantees of Terry and others (*Session Guarantees for Weakly Consistent Replicated
//! Data*, 1994), held against what a store told its clients: each read carries a version vector of all
//! that it rests on, and the versions that it shows carry their dots.
//!
//! A session is a client's dealings with one key, since that is as far as the store's vectors go. What
//! nobody was told of does not count, and neither does a write that no read ever shows: nobody can tell
//! then what knows it.

use super::linear::Limits;
use crate::base::{ClientId, Micros};
use std::collections::{BTreeMap, BTreeSet};

/// For each actor how many of its writes are known.
pub(super) type Clock = BTreeMap<String, u64>;

/// What a client did and was told.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub client: ClientId,
    pub key: String,
    pub returned: Micros,
    pub deed: Deed,
}

/// A version of a key: the name of its write, and its number among an actor's writes.
#[derive(Clone, Debug)]
pub(super) struct Version {
    pub name: String,
    pub actor: String,
    pub count: u64,
}

/// Of what a visit told.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// It read these versions, resting on all that the clock covers.
    Read(Clock, Vec<Version>),
    /// It wrote the version of this name.
    Write(String),
}

/// A promise to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Guarantee {
    ReadYourWrites,
    MonotonicReads,
    MonotonicWrites,
    WritesFollowReads,
}

impl Guarantee {
    pub(super) const ALL: [Guarantee; 4] = [
        Guarantee::ReadYourWrites,
        Guarantee::MonotonicReads,
        Guarantee::MonotonicWrites,
        Guarantee::WritesFollowReads,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Guarantee::ReadYourWrites => "read your writes",
            Guarantee::MonotonicReads => "monotonic reads",
            Guarantee::MonotonicWrites => "monotonic writes",
            Guarantee::WritesFollowReads => "writes follow reads",
        }
    }
}

/// A guarantee that was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Breach {
    /// The read that shows it.
    pub read: usize,
    /// What it misses, or shows out of order.
    pub missed: usize,
    /// The write that should have come after that, where the guarantee is one of writes.
    pub write: Option<usize>,
}

/// How often a guarantee was kept, and where it was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    pub held: u64,
    pub broken: u64,
    /// The first breaches.
    pub breaches: Vec<Breach>,
}

/// So many breaches are told of each guarantee.
const BREACHES: usize = 100;

impl Kept {
    fn count(&mut self, held: bool, breach: Breach) {
        if held {
            self.held += 1;
            return;
        }
        self.broken += 1;
        if self.breaches.len() < BREACHES {
            self.breaches.push(breach);
        }
    }
}

/// What a client had read and written of a key by some time, as places.
#[derive(Clone, Copy, Debug, Default)]
struct Past {
    read: Option<usize>,
    written: Option<usize>,
}

/// Counts how often each guarantee was kept, in the order of [`Guarantee::ALL`]; `None` where that would
/// take more steps than are allowed.
pub(super) fn sessions(visits: &[Visit], limits: Limits) -> Option<[Kept; 4]> {
    let mut order: Vec<usize> = (0..visits.len()).collect();
    order.sort_by_key(|place| visits[*place].returned);
    let mut judge = Judge {
        visits,
        dots: BTreeMap::new(),
        writes: BTreeMap::new(),
        kept: Default::default(),
    };
    judge.look_round(&order);
    let mut left = limits.steps;
    let mut pasts: BTreeMap<(ClientId, &str), Past> = BTreeMap::new();
    for place in order {
        let visit = &visits[place];
        let past = pasts.entry((visit.client, &visit.key)).or_default();
        match &visit.deed {
            Deed::Write(_) => past.written = Some(place),
            Deed::Read(clock, shown) => {
                left = left.checked_sub(1 + (clock.len() + shown.len()) as u64)?;
                judge.read(place, clock, shown, *past);
                past.read = Some(place);
            }
        }
    }
    Some(judge.kept)
}

struct Judge<'a> {
    visits: &'a [Visit],
    /// The dot of each version that some read shows.
    dots: BTreeMap<&'a str, (&'a str, u64)>,
    /// The writes by their names, with what their clients had done before.
    writes: BTreeMap<&'a str, (usize, Past)>,
    kept: [Kept; 4],
}

impl Judge<'_> {
    /// Notes all versions and all writes. A client does one thing after the other, so that what it did
    /// before has returned before.
    fn look_round(&mut self, order: &[usize]) {
        let mut pasts: BTreeMap<(ClientId, &str), Past> = BTreeMap::new();
        for place in order {
            let visit = &self.visits[*place];
            let past = pasts.entry((visit.client, &visit.key)).or_default();
            match &visit.deed {
                Deed::Write(name) => {
                    self.writes.insert(name, (*place, *past));
                    past.written = Some(*place);
                }
                Deed::Read(_, shown) => {
                    past.read = Some(*place);
                    let dots = shown.iter().map(|version| {
                        (
                            version.name.as_str(),
                            (version.actor.as_str(), version.count),
                        )
                    });
                    self.dots.extend(dots);
                }
            }
        }
    }

    /// Whether a read knows what an earlier visit did or saw; nothing where that cannot be told, or
    /// where it saw nothing.
    fn knows(&self, clock: &Clock, earlier: usize) -> Option<bool> {
        match &self.visits[earlier].deed {
            Deed::Read(before, _) => (!before.is_empty()).then(|| covers(clock, before)),
            Deed::Write(name) => {
                let (actor, count) = self.dots.get(name.as_str())?;
                Some(clock.get(*actor).is_some_and(|known| known >= count))
            }
        }
    }

    fn read(&mut self, read: usize, clock: &Clock, shown: &[Version], past: Past) {
        let own = [
            (Guarantee::ReadYourWrites, past.written),
            (Guarantee::MonotonicReads, past.read),
        ];
        for (guarantee, missed) in own {
            let Some((missed, knows)) = missed.and_then(|m| Some((m, self.knows(clock, m)?)))
            else {
                continue;
            };
            let write = None;
            let breach = Breach {
                read,
                missed,
                write,
            };
            self.kept[guarantee as usize].count(knows, breach);
        }
        let live: BTreeSet<&str> = shown.iter().map(|version| version.name.as_str()).collect();
        let writes = live
            .iter()
            .filter_map(|name| self.writes.get(name).copied());
        let writes: Vec<(usize, Past)> = writes.collect();
        for (write, before) in writes {
            let earlier = [
                (Guarantee::MonotonicWrites, before.written),
                (Guarantee::WritesFollowReads, before.read),
            ];
            for (guarantee, missed) in earlier {
                let Some((missed, knows)) = missed.and_then(|m| Some((m, self.knows(clock, m)?)))
                else {
                    continue;
                };
                // What stands beside the later write has not come before it.
                let beside = match &self.visits[missed].deed {
                    Deed::Write(name) => live.contains(name.as_str()),
                    Deed::Read(_, seen) => {
                        seen.iter().any(|each| live.contains(each.name.as_str()))
                    }
                };
                let write = Some(write);
                let breach = Breach {
                    read,
                    missed,
                    write,
                };
                self.kept[guarantee as usize].count(knows && !beside, breach);
            }
        }
    }
}

/// Whether all that one clock knows is known to another.
fn covers(large: &Clock, small: &Clock) -> bool {
    let known = |actor: &String| large.get(actor).copied().unwrap_or_default();
    small.iter().all(|(actor, count)| known(actor) >= *count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit(n: u64, client: ClientId, deed: Deed) -> Visit {
        Visit {
            client,
            key: "x".into(),
            returned: Micros(n * 10 + 5),
            deed,
        }
    }

    fn write(n: u64, client: ClientId, name: &str) -> Visit {
        visit(n, client, Deed::Write(name.into()))
    }

    /// Versions are given as the name of a write and its dot.
    fn read(n: u64, client: ClientId, clock: &[(&str, u64)], shown: &[(&str, &str, u64)]) -> Visit {
        let clock = clock
            .iter()
            .map(|(actor, count)| ((*actor).to_owned(), *count));
        let shown = shown.iter().map(|(name, actor, count)| Version {
            name: (*name).to_owned(),
            actor: (*actor).to_owned(),
            count: *count,
        });
        visit(n, client, Deed::Read(clock.collect(), shown.collect()))
    }

    fn counts(visits: &[Visit]) -> [(u64, u64); 4] {
        let kept = sessions(visits, Limits::steps(1_000)).expect("few steps");
        kept.map(|kept| (kept.held, kept.broken))
    }

    const A1: (&str, &str, u64) = ("w1", "a", 1);
    const B1: (&str, &str, u64) = ("w2", "b", 1);
    const BOTH: [(&str, u64); 2] = [("a", 1), ("b", 1)];

    #[test]
    fn who_misses_its_own_write_is_told() {
        let seen = read(9, 3, &[("a", 1)], &[A1]);
        let looks = |client, look: Visit| counts(&[write(0, client, "w1"), look, seen.clone()])[0];
        assert_eq!(looks(1, read(1, 1, &[("a", 1)], &[A1])), (1, 0));
        assert_eq!(
            looks(1, read(1, 1, &BOTH, &[B1])),
            (1, 0),
            "it was overwritten"
        );
        assert_eq!(looks(1, read(1, 1, &[], &[])), (0, 1));
        assert_eq!(looks(2, read(1, 1, &[], &[])), (0, 0), "somebody else's");
        let never_shown = [write(0, 1, "w1"), read(1, 1, &[], &[])];
        assert_eq!(counts(&never_shown)[0], (0, 0), "nobody can tell");
        let misses = [write(0, 1, "w1"), read(1, 1, &[], &[]), seen];
        let kept = sessions(&misses, Limits::steps(1_000)).expect("few steps");
        let (read, missed, write) = (1, 0, None);
        assert_eq!(
            kept[0].breaches,
            [Breach {
                read,
                missed,
                write
            }]
        );
        assert_eq!(sessions(&misses, Limits::steps(1)), None);
    }

    #[test]
    fn a_read_that_goes_back_is_told() {
        let first = read(0, 1, &[("a", 2)], &[("w", "a", 2)]);
        let then = |clock: &[(&str, u64)]| counts(&[first.clone(), read(1, 1, clock, &[])])[1];
        assert_eq!(then(&[("a", 1), ("b", 3)]), (0, 1));
        assert_eq!(then(&[("a", 2), ("b", 3)]), (1, 0));
    }

    #[test]
    fn writes_have_their_order_or_have_it_not() {
        let two = |seen: Visit| {
            let shown = read(9, 3, &[("a", 1)], &[A1]);
            counts(&[write(0, 1, "w1"), write(1, 1, "w2"), seen, shown])[2]
        };
        assert_eq!(two(read(2, 2, &BOTH, &[B1])), (1, 0));
        assert_eq!(
            two(read(2, 2, &[("b", 1)], &[B1])),
            (0, 1),
            "without the first"
        );
        assert_eq!(two(read(2, 2, &BOTH, &[A1, B1])), (0, 1), "side by side");
        assert_eq!(two(read(2, 2, &[("a", 1)], &[A1])), (0, 0), "not seen");
    }

    #[test]
    fn a_write_comes_after_what_its_client_had_read() {
        let follows = |seen: Visit| {
            let look = read(1, 1, &[("a", 1)], &[A1]);
            counts(&[write(0, 2, "w1"), look, write(2, 1, "w2"), seen])[3]
        };
        assert_eq!(follows(read(3, 3, &BOTH, &[B1])), (1, 0));
        assert_eq!(follows(read(3, 3, &[("b", 1)], &[B1])), (0, 1));
        assert_eq!(follows(read(3, 3, &BOTH, &[A1, B1])), (0, 1));
    }
}
