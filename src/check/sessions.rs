//! The four session guarantees of Terry and others (*Session Guarantees for Weakly Consistent Replicated
//! Data*, 1994), held against what a store told its clients: each answer carries a version vector of all
//! that it rests on.
//!
//! A session is a client's dealings with one key, since that is as far as the store's vectors go. What
//! nobody was told of does not count.

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
    pub called: Micros,
    pub returned: Micros,
    /// What the answer rests on.
    pub clock: Clock,
    pub deed: Deed,
}

/// Of what a visit told.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// It read these versions, by their names.
    Read(Vec<String>),
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
    let mut left = limits.steps;
    let mut kept: [Kept; 4] = Default::default();
    let mut order: Vec<usize> = (0..visits.len()).collect();
    order.sort_by_key(|place| visits[*place].returned);
    let mut pasts: BTreeMap<(ClientId, &str), Past> = BTreeMap::new();
    // The writes by their names, with what their clients had done before.
    let mut writes: BTreeMap<&str, (usize, Past)> = BTreeMap::new();
    // A client does one thing after the other, so that what it did before has returned before.
    for place in &order {
        let visit = &visits[*place];
        let past = pasts.entry((visit.client, &visit.key)).or_default();
        if let Deed::Write(name) = &visit.deed {
            writes.insert(name, (*place, *past));
            past.written = Some(*place);
        } else {
            past.read = Some(*place);
        }
    }
    pasts.clear();
    for place in order {
        let visit = &visits[place];
        let past = pasts.entry((visit.client, &visit.key)).or_default();
        let Deed::Read(shown) = &visit.deed else {
            past.written = Some(place);
            continue;
        };
        left = left.checked_sub(1 + (visit.clock.len() + shown.len()) as u64)?;
        let knows = |other: usize| covers(&visit.clock, &visits[other].clock);
        let earlier = [
            (Guarantee::ReadYourWrites, past.written),
            (Guarantee::MonotonicReads, past.read),
        ];
        for (guarantee, missed) in earlier {
            let missed = missed.filter(|other| visits[*other].returned <= visit.called);
            if let Some(missed) = missed.filter(|other| !visits[*other].clock.is_empty()) {
                let (read, write) = (place, None);
                let breach = Breach {
                    read,
                    missed,
                    write,
                };
                kept[guarantee as usize].count(knows(missed), breach);
            }
        }
        let live: BTreeSet<&str> = shown.iter().map(String::as_str).collect();
        for (write, before) in shown.iter().filter_map(|name| writes.get(name.as_str())) {
            let earlier = [
                (Guarantee::MonotonicWrites, before.written),
                (Guarantee::WritesFollowReads, before.read),
            ];
            for (guarantee, missed) in earlier {
                let missed = missed.filter(|other| !visits[*other].clock.is_empty());
                let Some(missed) = missed else { continue };
                // What stands beside the later write has not come before it.
                let beside = match &visits[missed].deed {
                    Deed::Write(name) => live.contains(name.as_str()),
                    Deed::Read(names) => names.iter().any(|name| live.contains(name.as_str())),
                };
                let breach = Breach {
                    read: place,
                    missed,
                    write: Some(*write),
                };
                kept[guarantee as usize].count(knows(missed) && !beside, breach);
            }
        }
        past.read = Some(place);
    }
    Some(kept)
}

/// Whether all that one clock knows is known to another.
fn covers(large: &Clock, small: &Clock) -> bool {
    let known = |actor: &String| large.get(actor).copied().unwrap_or_default();
    small.iter().all(|(actor, count)| known(actor) >= *count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit(n: u64, client: ClientId, clock: &[(&str, u64)], deed: Deed) -> Visit {
        let clock = clock
            .iter()
            .map(|(actor, count)| ((*actor).to_owned(), *count));
        Visit {
            client,
            key: "x".into(),
            called: Micros(n * 10),
            returned: Micros(n * 10 + 5),
            clock: clock.collect(),
            deed,
        }
    }

    fn write(n: u64, client: ClientId, clock: &[(&str, u64)], name: &str) -> Visit {
        visit(n, client, clock, Deed::Write(name.into()))
    }

    fn read(n: u64, client: ClientId, clock: &[(&str, u64)], names: &[&str]) -> Visit {
        let names = names.iter().map(|name| (*name).to_owned());
        visit(n, client, clock, Deed::Read(names.collect()))
    }

    fn counts(visits: &[Visit]) -> [(u64, u64); 4] {
        let kept = sessions(visits, Limits::steps(1_000)).expect("few steps");
        kept.map(|kept| (kept.held, kept.broken))
    }

    #[test]
    fn who_misses_its_own_write_is_told() {
        let sees = [
            write(0, 1, &[("a", 1)], "w"),
            read(1, 1, &[("a", 1)], &["w"]),
        ];
        assert_eq!(counts(&sees), [(1, 0), (0, 0), (0, 0), (0, 0)]);
        let misses = [write(0, 1, &[("a", 1)], "w"), read(1, 1, &[], &[])];
        assert_eq!(counts(&misses), [(0, 1), (0, 0), (0, 0), (0, 0)]);
        let kept = sessions(&misses, Limits::steps(1_000)).expect("few steps");
        assert_eq!(kept[0].breaches[0].missed, 0);
        let others = [write(0, 2, &[("a", 1)], "w"), read(1, 1, &[], &[])];
        assert_eq!(counts(&others), [(0, 0); 4]);
    }

    #[test]
    fn a_read_that_goes_back_is_told() {
        let back = [
            read(0, 1, &[("a", 2)], &["w"]),
            read(1, 1, &[("a", 1), ("b", 3)], &["v"]),
        ];
        assert_eq!(counts(&back)[1], (0, 1));
        let on = [
            read(0, 1, &[("a", 2)], &["w"]),
            read(1, 1, &[("a", 2), ("b", 3)], &["v"]),
        ];
        assert_eq!(counts(&on)[1], (1, 0));
    }

    #[test]
    fn writes_have_their_order_or_have_it_not() {
        let two = |second: &[(&str, u64)], seen: Visit| {
            let first = write(0, 1, &[("a", 1)], "w1");
            counts(&[first, write(1, 1, second, "w2"), seen])[2]
        };
        let after = [("a", 1), ("b", 1)];
        assert_eq!(two(&after, read(2, 2, &after, &["w2"])), (1, 0));
        assert_eq!(
            two(&[("b", 1)], read(2, 2, &[("b", 1)], &["w2"])),
            (0, 1),
            "without the first"
        );
        assert_eq!(
            two(&[("b", 1)], read(2, 2, &after, &["w1", "w2"])),
            (0, 1),
            "side by side"
        );
        assert_eq!(
            two(&after, read(2, 2, &[("a", 1)], &["w1"])),
            (0, 0),
            "not seen"
        );
    }

    #[test]
    fn a_write_comes_after_what_its_client_had_read() {
        let follows = |clock: &[(&str, u64)], seen: Visit| {
            let other = write(0, 2, &[("a", 1)], "w1");
            let look = read(1, 1, &[("a", 1)], &["w1"]);
            counts(&[other, look, write(2, 1, clock, "w2"), seen])[3]
        };
        let after = [("a", 1), ("b", 1)];
        assert_eq!(follows(&after, read(3, 3, &after, &["w2"])), (1, 0));
        assert_eq!(
            follows(&[("b", 1)], read(3, 3, &[("b", 1)], &["w2"])),
            (0, 1)
        );
        assert_eq!(
            follows(&[("b", 1)], read(3, 3, &after, &["w1", "w2"])),
            (0, 1)
        );
    }
}
