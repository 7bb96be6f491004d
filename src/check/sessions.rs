//! The four session guarantees of Terry and others (*Session Guarantees for Weakly Consistent Replicated
//! Data*, 1994), held against what a store told its clients: each read carries a version vector of all
//! that it rests on, and the answer to a write, or the reads that show its version, tell its dot.
//!
//! A session is a client's dealings with one key, since that is as far as the store's vectors go. A
//! guarantee is about all that was done in a session before, not about the last of it alone. What nobody
//! was told of does not count.

use super::linear::Limits;
use crate::base::{ClientId, Micros};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

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

/// A write's number among those of an actor.
pub(super) type Dot = (String, u64);

/// A version of a key: the name of its write, and its dot where versions have one.
#[derive(Clone, Debug)]
pub(super) struct Version {
    pub name: String,
    pub dot: Option<Dot>,
}

/// Of what a visit told.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// It read these versions, resting on all that the clock covers.
    Read(Clock, Vec<Version>),
    /// It wrote the version of this name, whose dot is known where the answer tells it.
    Write(String, Option<Dot>),
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
    fn breaks(&mut self, breach: Breach) {
        self.broken += 1;
        if self.breaches.len() < BREACHES {
            self.breaches.push(breach);
        }
    }
}

/// What a client had read and written of a key by some time.
#[derive(Clone, Debug, Default)]
struct Past {
    /// All that its reads rest on, joined.
    read: Rc<Clock>,
    /// The dots of its writes, joined.
    written: Rc<Clock>,
    /// How many of its session's visits those are.
    visits: usize,
}

/// What a client did with a key, in order.
#[derive(Clone, Debug, Default)]
struct Session<'a> {
    /// As places.
    visits: Vec<usize>,
    past: Past,
    /// Which of its visits was the first to show a version.
    first_shown: BTreeMap<&'a str, usize>,
}

/// Counts how often each guarantee was kept, in the order of [`Guarantee::ALL`]; `None` where that would
/// take more steps than are allowed.
pub(super) fn sessions(visits: &[Visit], limits: Limits) -> Option<[Kept; 4]> {
    let mut order: Vec<usize> = (0..visits.len()).collect();
    order.sort_by_key(|place| visits[*place].returned);
    let mut judge = Judge {
        visits,
        dots: BTreeMap::new(),
        sessions: BTreeMap::new(),
        writes: BTreeMap::new(),
        pasts: vec![Past::default(); visits.len()],
        kept: Default::default(),
        left: limits.steps,
    };
    judge.look_round(&order)?;
    for place in order {
        if let Deed::Read(clock, shown) = &visits[place].deed {
            judge.read(place, clock, shown)?;
        }
    }
    Some(judge.kept)
}

struct Judge<'a> {
    visits: &'a [Visit],
    /// The dots of each write: more than one where a request that came again was taken by two nodes.
    dots: BTreeMap<&'a str, BTreeSet<(&'a str, u64)>>,
    sessions: BTreeMap<(ClientId, &'a str), Session<'a>>,
    /// The writes by their names.
    writes: BTreeMap<&'a str, usize>,
    /// What each visit's client had done before.
    pasts: Vec<Past>,
    kept: [Kept; 4],
    /// How many steps may still be taken.
    left: u64,
}

impl<'a> Judge<'a> {
    fn spend(&mut self, steps: usize) -> Option<()> {
        self.left = self.left.checked_sub(1 + steps as u64)?;
        Some(())
    }

    /// Notes all versions and all that was done before each visit. A client does one thing after the
    /// other, so that what it did before has returned before.
    fn look_round(&mut self, order: &[usize]) -> Option<()> {
        for visit in self.visits {
            match &visit.deed {
                Deed::Write(name, dot) => {
                    let dots = self.dots.entry(name).or_default();
                    dots.extend(dot.iter().map(|(actor, count)| (actor.as_str(), *count)));
                }
                Deed::Read(_, shown) => {
                    for version in shown {
                        let dots = self.dots.entry(&version.name).or_default();
                        let dot = version.dot.iter();
                        dots.extend(dot.map(|(actor, count)| (actor.as_str(), *count)));
                    }
                }
            }
        }
        for place in order {
            let visit = &self.visits[*place];
            let session = self.sessions.entry((visit.client, &visit.key));
            let session = session.or_default();
            self.pasts[*place] = session.past.clone();
            let steps = match &visit.deed {
                Deed::Write(name, _) => {
                    self.writes.insert(name, *place);
                    let dots = self.dots.get(name.as_str()).into_iter().flatten();
                    for (actor, count) in dots {
                        raise(&mut session.past.written, actor, *count);
                    }
                    session.past.written.len()
                }
                Deed::Read(clock, shown) => {
                    for version in shown {
                        let name = version.name.as_str();
                        let first = session.first_shown.entry(name);
                        first.or_insert(session.visits.len());
                    }
                    for (actor, count) in clock {
                        raise(&mut session.past.read, actor, *count);
                    }
                    session.past.read.len() + shown.len()
                }
            };
            session.visits.push(*place);
            session.past.visits = session.visits.len();
            self.spend(steps)?;
        }
        Some(())
    }

    /// Whether a read knows a write; nothing where that cannot be told.
    fn knows(&self, clock: &Clock, live: &BTreeSet<&str>, name: &str) -> Option<bool> {
        if live.contains(name) {
            return Some(true);
        }
        let dots = self.dots.get(name).filter(|dots| !dots.is_empty());
        let mut dots = dots?.iter();
        Some(dots.any(|(actor, count)| clock.get(*actor).is_some_and(|known| known >= count)))
    }

    /// The last of what was done before `visit` in its session that fits.
    fn last_before(
        &mut self,
        visit: usize,
        fits: impl Fn(&Self, &'a Deed) -> bool,
    ) -> Option<Option<usize>> {
        let all = self.visits;
        let key = (all[visit].client, all[visit].key.as_str());
        for n in (0..self.pasts[visit].visits).rev() {
            let place = self.sessions.get(&key)?.visits[n];
            self.spend(0)?;
            if fits(self, &all[place].deed) {
                return Some(Some(place));
            }
        }
        Some(None)
    }

    /// Holds a read against all that `visit`'s client had written before that. The write that it
    /// misses; `None` within where it misses none.
    fn missed_write(
        &mut self,
        visit: usize,
        clock: &Clock,
        live: &BTreeSet<&str>,
    ) -> Option<Option<usize>> {
        if covers(clock, &self.pasts[visit].written) {
            return Some(None);
        }
        self.last_before(visit, |judge, deed| match deed {
            Deed::Write(name, _) => judge.knows(clock, live, name) == Some(false),
            Deed::Read(..) => false,
        })
    }

    /// Holds a read against all that `visit`'s client had read before that.
    fn missed_read(&mut self, visit: usize, clock: &Clock) -> Option<Option<usize>> {
        if covers(clock, &self.pasts[visit].read) {
            return Some(None);
        }
        self.last_before(visit, |_, deed| match deed {
            Deed::Read(before, _) => !covers(clock, before),
            Deed::Write(..) => false,
        })
    }

    fn count(
        &mut self,
        guarantee: Guarantee,
        read: usize,
        missed: Option<usize>,
        write: Option<usize>,
    ) {
        let kept = &mut self.kept[guarantee as usize];
        match missed {
            None => kept.held += 1,
            Some(missed) => kept.breaks(Breach {
                read,
                missed,
                write,
            }),
        }
    }

    fn read(&mut self, read: usize, clock: &Clock, shown: &'a [Version]) -> Option<()> {
        self.spend(clock.len() + shown.len())?;
        let live: BTreeSet<&str> = shown.iter().map(|version| version.name.as_str()).collect();
        if !self.pasts[read].written.is_empty() {
            let missed = self.missed_write(read, clock, &live)?;
            self.count(Guarantee::ReadYourWrites, read, missed, None);
        }
        if !self.pasts[read].read.is_empty() {
            let missed = self.missed_read(read, clock)?;
            self.count(Guarantee::MonotonicReads, read, missed, None);
        }
        let writes: Vec<usize> = live
            .iter()
            .filter_map(|name| self.writes.get(name).copied())
            .collect();
        // What stands beside a later write has not come before it: of each client the first of its
        // writes that are shown, and the first of its reads that showed what is shown.
        let mut first_written: BTreeMap<ClientId, usize> = BTreeMap::new();
        let mut first_read: BTreeMap<ClientId, usize> = BTreeMap::new();
        for write in &writes {
            let visit = &self.visits[*write];
            let visits = self.pasts[*write].visits;
            let first = first_written.entry(visit.client).or_insert(visits);
            *first = visits.min(*first);
        }
        for client in first_written.keys() {
            let key = self.visits[read].key.as_str();
            self.spend(live.len())?;
            let session = self.sessions.get(&(*client, key));
            let shown = live
                .iter()
                .filter_map(|name| session?.first_shown.get(name));
            first_read.extend(shown.min().map(|first| (*client, *first)));
        }
        for write in writes {
            let Visit { client, key, .. } = &self.visits[write];
            let past = self.pasts[write].clone();
            let beside = |judge: &Self, first: &BTreeMap<ClientId, usize>| {
                let first = first.get(client).filter(|first| **first < past.visits)?;
                let session = judge.sessions.get(&(*client, key.as_str()))?;
                session.visits.get(*first).copied()
            };
            let stands = beside(self, &first_written);
            if stands.is_some() || !past.written.is_empty() {
                let missed = match stands {
                    Some(_) => stands,
                    None => self.missed_write(write, clock, &live)?,
                };
                self.count(Guarantee::MonotonicWrites, read, missed, Some(write));
            }
            let stands = beside(self, &first_read);
            if stands.is_some() || !past.read.is_empty() {
                let missed = match stands {
                    Some(_) => stands,
                    None => self.missed_read(write, clock)?,
                };
                self.count(Guarantee::WritesFollowReads, read, missed, Some(write));
            }
        }
        Some(())
    }
}

/// Has a clock know so many writes of an actor.
fn raise(clock: &mut Rc<Clock>, actor: &str, count: u64) {
    if clock.get(actor).is_none_or(|known| *known < count) {
        Rc::make_mut(clock).insert(actor.to_owned(), count);
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
        visit(n, client, Deed::Write(name.into(), None))
    }

    /// A write whose answer tells its dot.
    fn counted(n: u64, client: ClientId, name: &str, dot: (&str, u64)) -> Visit {
        let dot = (dot.0.to_owned(), dot.1);
        visit(n, client, Deed::Write(name.into(), Some(dot)))
    }

    /// Versions are given as the name of a write and its dot.
    fn read(n: u64, client: ClientId, clock: &[(&str, u64)], shown: &[(&str, &str, u64)]) -> Visit {
        let clock = clock
            .iter()
            .map(|(actor, count)| ((*actor).to_owned(), *count));
        let shown = shown.iter().map(|(name, actor, count)| Version {
            name: (*name).to_owned(),
            dot: Some(((*actor).to_owned(), *count)),
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

    #[test]
    fn a_write_counts_that_nobody_shows_where_its_answer_tells_its_dot() {
        let wrote = || counted(0, 1, "w1", ("a", 1));
        assert_eq!(counts(&[wrote(), read(1, 1, &[], &[])])[0], (0, 1));
        assert_eq!(counts(&[wrote(), read(1, 1, &BOTH, &[B1])])[0], (1, 0));
    }

    #[test]
    fn all_that_was_done_before_counts_and_not_the_last_alone() {
        let two = || [counted(0, 1, "w1", ("a", 1)), counted(1, 1, "w2", ("b", 1))];
        let [first, second] = two();
        let late = [first, second, read(2, 1, &[("b", 1)], &[B1])];
        assert_eq!(counts(&late)[0], (0, 1), "it misses the first of two");
        let kept = sessions(&late, Limits::steps(1_000)).expect("few steps");
        assert_eq!(kept[0].breaches[0].missed, 0);
        // Once back, it stays back.
        let back = [
            read(0, 1, &[("a", 2)], &[]),
            read(1, 1, &[("a", 1)], &[]),
            read(2, 1, &[], &[]),
            read(3, 1, &[("a", 1)], &[]),
        ];
        assert_eq!(counts(&back)[1], (0, 3));
        // What was read at any time before a write stands before it.
        let follows = [
            read(0, 1, &[("a", 1)], &[A1]),
            read(1, 1, &[], &[]),
            counted(2, 1, "w2", ("b", 1)),
            read(3, 2, &[("b", 1)], &[B1]),
        ];
        assert_eq!(counts(&follows)[3], (0, 1));
        let beside = [
            read(0, 1, &[("a", 1)], &[A1]),
            read(1, 1, &[("a", 1)], &[]),
            counted(2, 1, "w2", ("b", 1)),
            read(3, 2, &BOTH, &[A1, B1]),
        ];
        assert_eq!(counts(&beside)[3], (0, 1), "side by side");
    }

    #[test]
    fn a_write_that_two_nodes_took_is_known_by_either() {
        let again = ("w1", "b", 1);
        let wrote = || counted(0, 1, "w1", ("a", 1));
        let shows = |seen: &[(&str, u64)]| {
            let looks = read(1, 1, seen, &[]);
            counts(&[wrote(), looks, read(9, 3, &[("b", 1)], &[again])])[0]
        };
        assert_eq!(shows(&[("b", 1)]), (1, 0));
        assert_eq!(shows(&[("a", 1)]), (1, 0));
        assert_eq!(shows(&[("c", 1)]), (0, 1));
    }
}
