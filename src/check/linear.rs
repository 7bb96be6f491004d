//! Linearizability: is there an order of the operations, each between its call and its return,
//! in which a single copy of the object would have answered the same?
//!
//! The search is Wing and Gong's (1993) with Lowe's memory of configurations (2017), part by part.
//! An operation that never returned may take effect at any moment after its call, or never.

use super::done::{Done, Key, SetId};
use super::model::Model;
use crate::base::{ClientId, Micros};
use std::collections::{BTreeMap, BTreeSet};

/// An operation as its client saw it.
#[derive(Clone, Debug)]
pub struct Call<O, R> {
    /// Who asked.
    pub client: ClientId,
    /// What was asked.
    pub op: O,
    /// When.
    pub called: Micros,
    /// When the answer came, and what it was. `None`: it may still take effect, or never.
    pub returned: Option<(Micros, R)>,
}

/// What a history comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is such an order: for each part, the operations' places in the history.
    Linearizable(Vec<Vec<usize>>),
    /// There is none.
    Violated(Blame),
    /// The search ran out of its budget.
    Unknown,
}

/// Where a history stops being linearizable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blame {
    /// The part of the object that is concerned.
    pub part: String,
    /// The place in the history of the operation whose return completes the shortest prefix that
    /// has no order.
    pub operation: usize,
    /// The operations of that part that had begun by then.
    pub among: Vec<usize>,
}

/// Judges a history against a model. `budget` bounds the steps of the search over all parts.
pub fn check<M: Model>(model: &M, history: &[Call<M::Op, M::Outcome>], budget: u64) -> Verdict {
    let mut parts: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, call) in history.iter().enumerate() {
        parts.entry(model.part(&call.op)).or_default().push(place);
    }
    let mut left = budget;
    let mut orders = Vec::with_capacity(parts.len());
    for (part, places) in parts {
        match order(model, history, &places, Micros::NEVER, &mut left) {
            Search::Found(order) => orders.push(order),
            Search::OutOfBudget => return Verdict::Unknown,
            Search::None => return blame(model, history, part, &places, left),
        }
    }
    Verdict::Linearizable(orders)
}

/// Finds the shortest prefix without an order: prefixes of a linearizable history are
/// linearizable, so halving finds it.
fn blame<M: Model>(
    model: &M,
    history: &[Call<M::Op, M::Outcome>],
    part: &str,
    places: &[usize],
    mut left: u64,
) -> Verdict {
    let ended = |place: &usize| {
        history[*place]
            .returned
            .as_ref()
            .map(|(at, _)| (*at, *place))
    };
    let mut returns: Vec<(Micros, usize)> = places.iter().filter_map(ended).collect();
    returns.sort_unstable();
    let (mut good, mut bad) = (0, returns.len() - 1);
    while good < bad {
        let middle = (good + bad) / 2;
        match order(model, history, places, returns[middle].0, &mut left) {
            Search::None => bad = middle,
            Search::Found(_) => good = middle + 1,
            Search::OutOfBudget => return Verdict::Unknown,
        }
    }
    let (until, operation) = returns[bad];
    let among = places
        .iter()
        .copied()
        .filter(|place| history[*place].called <= until)
        .collect();
    Verdict::Violated(Blame {
        part: part.to_owned(),
        operation,
        among,
    })
}

enum Search {
    Found(Vec<usize>),
    None,
    OutOfBudget,
}

/// Calls and returns of one part in order of time, as a list from which operations are lifted.
struct Timeline {
    /// For each entry the operation, and whether it is the call.
    entries: Vec<(usize, bool)>,
    next: Vec<usize>,
    before: Vec<usize>,
    /// Where an operation's return stands; its own call where it has none.
    return_of: Vec<usize>,
    /// An operation's number among those that returned, in order of the returns, or among those
    /// that did not.
    rank: Vec<u32>,
}

const END: usize = usize::MAX;

impl Timeline {
    /// The list up to `until`, a call before a return of the same moment. Entry 0 is its head.
    fn new<O, R>(history: &[Call<O, R>], places: &[usize], until: Micros) -> Timeline {
        let mut moments = Vec::new();
        for (number, place) in places.iter().enumerate() {
            let call = &history[*place];
            if call.called <= until {
                moments.push((call.called, false, number));
                if let Some((at, _)) = &call.returned
                    && *at <= until
                {
                    moments.push((*at, true, number));
                }
            }
        }
        moments.sort_unstable();
        let count = moments.len() + 1;
        let mut timeline = Timeline {
            entries: vec![(END, true)],
            next: (1..=count).collect(),
            before: (0..count).map(|entry| entry.saturating_sub(1)).collect(),
            return_of: vec![0; places.len()],
            rank: vec![0; places.len()],
        };
        timeline.next[count - 1] = END;
        for (entry, (_, is_return, number)) in moments.into_iter().enumerate() {
            timeline.entries.push((number, !is_return));
            timeline.return_of[number] = entry + 1;
        }
        let (mut returned, mut open) = (0, 0);
        for (entry, (number, is_call)) in timeline.entries.iter().enumerate().skip(1) {
            let ends = timeline.return_of[*number] == entry;
            let count = if *is_call { &mut open } else { &mut returned };
            if ends {
                timeline.rank[*number] = *count;
                *count += 1;
            }
        }
        timeline
    }

    fn unlink(&mut self, entry: usize) {
        let (before, next) = (self.before[entry], self.next[entry]);
        self.next[before] = next;
        if next != END {
            self.before[next] = before;
        }
    }

    fn relink(&mut self, entry: usize) {
        let (before, next) = (self.before[entry], self.next[entry]);
        self.next[before] = entry;
        if next != END {
            self.before[next] = entry;
        }
    }

    /// Takes an operation's call and return out.
    fn lift(&mut self, call: usize) {
        let end = self.return_of[self.entries[call].0];
        self.unlink(call);
        if end != call {
            self.unlink(end);
        }
    }

    /// Puts back what was lifted last.
    fn unlift(&mut self, call: usize) {
        let end = self.return_of[self.entries[call].0];
        if end != call {
            self.relink(end);
        }
        self.relink(call);
    }
}

/// Searches for an order of one part's operations up to `until`.
fn order<M: Model>(
    model: &M,
    history: &[Call<M::Op, M::Outcome>],
    places: &[usize],
    until: Micros,
    left: &mut u64,
) -> Search {
    let mut walk = Walk::new(model, history, places, until);
    loop {
        if walk.waiting == 0 {
            return Search::Found(walk.order());
        }
        let Some(rest) = left.checked_sub(walk.done.cost()) else {
            return Search::OutOfBudget;
        };
        *left = rest;
        if !walk.step() {
            return Search::None;
        }
    }
}

/// A search under way.
struct Walk<'a, M: Model> {
    model: &'a M,
    history: &'a [Call<M::Op, M::Outcome>],
    places: &'a [usize],
    timeline: Timeline,
    /// How many operations that returned have no place in the order yet.
    waiting: usize,
    state: M::State,
    done: Done,
    seen: BTreeSet<(Key, M::State)>,
    taken: Vec<Taken<M::State>>,
    /// The entry of the timeline that is looked at.
    at: usize,
}

/// An operation in the order, and what was before it.
struct Taken<S> {
    call: usize,
    state: S,
    open: Option<SetId>,
}

impl<'a, M: Model> Walk<'a, M> {
    fn new(
        model: &'a M,
        history: &'a [Call<M::Op, M::Outcome>],
        places: &'a [usize],
        until: Micros,
    ) -> Self {
        let timeline = Timeline::new(history, places, until);
        let returns = timeline.entries.iter().filter(|(_, is_call)| !is_call);
        Walk {
            model,
            history,
            places,
            waiting: returns.count(),
            state: model.init(),
            done: Done::default(),
            seen: BTreeSet::new(),
            taken: Vec::new(),
            at: timeline.next[0],
            timeline,
        }
    }

    /// Tries the operation that is looked at, or goes back. False when nothing is left to try.
    fn step(&mut self) -> bool {
        let stuck = self.at == END || !self.timeline.entries[self.at].1;
        if stuck {
            return self.go_back();
        }
        let number = self.timeline.entries[self.at].0;
        let call = &self.history[self.places[number]];
        let returns = self.timeline.return_of[number] != self.at;
        let outcome = call
            .returned
            .as_ref()
            .filter(|_| returns)
            .map(|(_, outcome)| outcome);
        if let Some(after) = self.model.step(&self.state, &call.op, outcome) {
            let open = self.add(number, returns);
            if self.seen.insert((self.done.key(), after.clone())) {
                self.waiting -= usize::from(returns);
                self.timeline.lift(self.at);
                let state = std::mem::replace(&mut self.state, after);
                let call = self.at;
                self.taken.push(Taken { call, state, open });
                self.at = self.timeline.next[0];
                return true;
            }
            self.remove(number, open);
        }
        self.at = self.timeline.next[self.at];
        true
    }

    fn go_back(&mut self) -> bool {
        let Some(Taken { call, state, open }) = self.taken.pop() else {
            return false;
        };
        let number = self.timeline.entries[call].0;
        self.remove(number, open);
        self.waiting += usize::from(open.is_none());
        self.timeline.unlift(call);
        self.state = state;
        self.at = self.timeline.next[call];
        true
    }

    fn add(&mut self, number: usize, returns: bool) -> Option<SetId> {
        let rank = self.timeline.rank[number];
        if returns {
            self.done.add(rank);
            return None;
        }
        Some(self.done.add_open(rank))
    }

    fn remove(&mut self, number: usize, open: Option<SetId>) {
        match open {
            Some(before) => self.done.reopen(before),
            None => self.done.remove(self.timeline.rank[number]),
        }
    }

    fn order(&self) -> Vec<usize> {
        let taken = self.taken.iter();
        taken
            .map(|taken| self.places[self.timeline.entries[taken.call].0])
            .collect()
    }

    /// Roughly how many bytes the memory of configurations takes.
    #[cfg(test)]
    fn bytes(&self) -> usize {
        let key = |((_, ahead, _), _): &(Key, M::State)| {
            size_of::<(Key, M::State)>() + size_of_val::<[u32]>(ahead)
        };
        self.seen.iter().map(key).sum::<usize>() + self.done.shared_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::{KeyValue, KvCall, KvResult};
    use super::*;
    use crate::base::{Chance, Draws};

    type KvHistory = Vec<Call<KvCall, KvResult>>;

    /// Every order that respects real time, one after the other.
    fn by_hand(history: &KvHistory, state: Option<i64>, done: u32) -> bool {
        let left = |place: usize| done & (1 << place) == 0;
        let ended =
            |call: &Call<KvCall, KvResult>| call.returned.map_or(Micros::NEVER, |(at, _)| at);
        let first = (0..history.len())
            .filter(|p| left(*p))
            .map(|p| ended(&history[p]))
            .min();
        let Some(first) = first.filter(|first| *first < Micros::NEVER) else {
            return true;
        };
        (0..history.len())
            .filter(|p| left(*p) && history[*p].called <= first)
            .any(|place| {
                let call = &history[place];
                let outcome = call.returned.as_ref().map(|(_, outcome)| outcome);
                let after = KeyValue.step(&state, &call.op, outcome);
                after.is_some_and(|after| by_hand(history, after, done | 1 << place))
            })
    }

    /// A small history on one register: sound, or with answers as they come.
    fn random(luck: &mut Draws) -> KvHistory {
        let count = luck.between(1, 7);
        let mut state = None;
        (0..count)
            .map(|n| {
                let value = luck.between(0, 2) as i64;
                let op = match luck.between(0, 3) {
                    0 => KvCall::Put("k".into(), value),
                    1 => KvCall::Cas("k".into(), Some(value), luck.between(0, 2) as i64),
                    2 => KvCall::Delete("k".into()),
                    _ => KvCall::Get("k".into()),
                };
                let guess = match &op {
                    KvCall::Get(_) if luck.between(0, 3) > 0 => KvResult::Value(state),
                    KvCall::Get(_) => KvResult::Value(Some(value)),
                    KvCall::Cas(_, old, _) => KvResult::Swapped(*old == state),
                    _ => KvResult::Ok,
                };
                state = KeyValue.step(&state, &op, None).flatten();
                let called = Micros(n * 10 + luck.between(0, 25));
                let returned = called + Micros(luck.between(0, 40));
                let pending = luck.between(0, 5) == 0;
                let returned = (!pending).then_some((returned, guess));
                Call {
                    client: n as u32,
                    op,
                    called,
                    returned,
                }
            })
            .collect()
    }

    #[test]
    fn agrees_with_trying_every_order() {
        let mut luck = Draws::new(Chance::from_seed(77));
        let mut verdicts = [0; 2];
        for _ in 0..20_000 {
            let history = random(&mut luck);
            let expected = by_hand(&history, None, 0);
            verdicts[usize::from(expected)] += 1;
            match check(&KeyValue, &history, u64::MAX) {
                Verdict::Linearizable(orders) => {
                    assert!(expected, "{history:?}");
                    assert_order(&history, &orders[0]);
                }
                Verdict::Violated(blame) => {
                    assert!(!expected, "{history:?}");
                    assert!(blame.among.contains(&blame.operation));
                }
                Verdict::Unknown => panic!("there was no bound"),
            }
        }
        assert!(verdicts.iter().all(|count| *count > 2_000), "{verdicts:?}");
    }

    /// An order must keep real time, give every answer, and hold all that returned.
    fn assert_order(history: &KvHistory, order: &[usize]) {
        let mut state = None;
        for (n, place) in order.iter().enumerate() {
            let call = &history[*place];
            let later = &order[n + 1..];
            assert!(later.iter().all(|other| {
                history[*other]
                    .returned
                    .is_none_or(|(at, _)| at >= call.called)
            }));
            let outcome = call.returned.as_ref().map(|(_, outcome)| outcome);
            state = KeyValue
                .step(&state, &call.op, outcome)
                .expect("the answer fits");
        }
        let returned = (0..history.len()).filter(|place| history[*place].returned.is_some());
        assert!(returned.into_iter().all(|place| order.contains(&place)));
    }

    /// A long history: `clients` write and read one register at a time, and each `every`-th
    /// operation is never answered.
    fn long(count: u64, clients: u64, every: u64) -> KvHistory {
        let mut state = None;
        (0..count)
            .map(|n| {
                let write = n % 3 > 0;
                let op = match write {
                    true => KvCall::Put("k".into(), n as i64),
                    false => KvCall::Get("k".into()),
                };
                let lost = n % every == every - 1;
                if write {
                    state = Some(n as i64);
                }
                let outcome = if write {
                    KvResult::Ok
                } else {
                    KvResult::Value(state)
                };
                let at = Micros(n * 10 + 9 * clients + n % 7);
                Call {
                    client: (n % clients) as u32,
                    op,
                    called: Micros(n * 10),
                    returned: (!lost).then_some((at, outcome)),
                }
            })
            .collect()
    }

    /// The memory of a search is in proportion to the history, also where clients gave up.
    #[test]
    fn long_histories_take_little_memory() {
        for (clients, every) in [(2, u64::MAX), (8, u64::MAX), (3, 11)] {
            for count in [15_000, 120_000] {
                let history = long(count, clients, every);
                let places: Vec<usize> = (0..history.len()).collect();
                let mut walk = Walk::new(&KeyValue, &history, &places, Micros::NEVER);
                let mut steps = 0u64;
                while walk.waiting > 0 {
                    assert!(walk.step(), "it is linearizable");
                    steps += 1;
                }
                assert!(steps < 40 * count, "{steps} steps");
                let each = walk.bytes() as u64 / count;
                assert!(each < 500, "{each} bytes an operation of {count}");
            }
        }
    }

    #[test]
    fn a_budget_ends_in_unknown() {
        let mut luck = Draws::new(Chance::from_seed(3));
        let history = random(&mut luck);
        assert_eq!(check(&KeyValue, &history, 0), Verdict::Unknown);
    }

    #[test]
    fn the_first_operation_that_cannot_be_ordered_is_blamed() {
        let call = |n: u64, op, outcome| Call {
            client: 0,
            op,
            called: Micros(n * 10),
            returned: Some((Micros(n * 10 + 5), outcome)),
        };
        let history = vec![
            call(0, KvCall::Put("x".into(), 1), KvResult::Ok),
            call(1, KvCall::Put("y".into(), 7), KvResult::Ok),
            call(2, KvCall::Put("x".into(), 2), KvResult::Ok),
            call(3, KvCall::Get("x".into()), KvResult::Value(Some(1))),
            call(4, KvCall::Get("x".into()), KvResult::Value(Some(9))),
        ];
        let Verdict::Violated(blame) = check(&KeyValue, &history, 10_000) else {
            panic!("the read is stale");
        };
        assert_eq!((blame.part.as_str(), blame.operation), ("x", 3));
        assert_eq!(blame.among, [0, 2, 3]);
    }
}
