//! Linearizability: is there an order of the operations, each between its call and its return,
//! in which a single copy of the object would have answered the same?
//!
//! The search is Wing and Gong's (1993) with Lowe's memory of configurations (2017), part by part.
//! An operation that never returned may take effect at any moment after its call, or never. Such
//! operations would double the search each, but for three rules. They are tried where they change
//! something. Of two that ask the same the one called first is tried, as it may be wherever the
//! other may. And a configuration is given up where one was met before that had the same operations
//! done and the same state, but had used none of the others that this one has not: all that can be
//! done from here could have been done from there. What is best tried first nobody knows: where
//! clients gave up on a slow store, most of it has come to pass, and where the store was down, most
//! has not. So two searches take turns, one that takes such operations as they come, and one that
//! takes them when nothing else is left.

use super::done::{Done, Key, SetId};
use super::model::Model;
use crate::base::{ClientId, Micros};
use std::collections::BTreeMap;

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
    let counts =
        |call: &Call<M::Op, M::Outcome>| call.returned.is_some() || !model.is_read(&call.op);
    for (place, call) in history.iter().enumerate().filter(|(_, call)| counts(call)) {
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
    /// The calls that have no return, in order.
    opens: Vec<usize>,
    /// They do not stand in the list.
    apart: bool,
    /// Whether an operation is lifted.
    lifted: Vec<bool>,
}

const END: usize = usize::MAX;

/// How many of the calls before one are looked through for one that asks the same.
const TWINS: usize = 256;

impl Timeline {
    /// The list up to `until`, a call before a return of the same moment. Entry 0 is its head.
    /// `apart`: the calls without a return are left out of it.
    fn new<O, R>(history: &[Call<O, R>], places: &[usize], until: Micros, apart: bool) -> Timeline {
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
            opens: Vec::new(),
            apart,
            lifted: vec![false; places.len()],
        };
        timeline.next[count - 1] = END;
        for (entry, (_, is_return, number)) in moments.into_iter().enumerate() {
            timeline.entries.push((number, !is_return));
            timeline.return_of[number] = entry + 1;
        }
        let mut returned = 0;
        for entry in 1..count {
            let (number, is_call) = timeline.entries[entry];
            if timeline.return_of[number] != entry {
                continue;
            }
            if is_call {
                timeline.rank[number] = timeline.opens.len() as u32;
                timeline.opens.push(entry);
                if apart {
                    timeline.unlink(entry);
                }
            } else {
                timeline.rank[number] = returned;
                returned += 1;
            }
        }
        timeline
    }

    /// Of the first `count` calls without a return the last one that is not lifted, or the end.
    fn open_among(&self, count: usize) -> usize {
        let mut opens = self.opens[..count].iter().rev();
        let waits = |entry: &&usize| !self.lifted[self.entries[**entry].0];
        opens.find(waits).copied().unwrap_or(END)
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
        let number = self.entries[call].0;
        self.lifted[number] = true;
        let end = self.return_of[number];
        if end != call || !self.apart {
            self.unlink(call);
        }
        if end != call {
            self.unlink(end);
        }
    }

    /// Puts back what was lifted last.
    fn unlift(&mut self, call: usize) {
        let number = self.entries[call].0;
        self.lifted[number] = false;
        let end = self.return_of[number];
        if end != call {
            self.relink(end);
        }
        if end != call || !self.apart {
            self.relink(call);
        }
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
    let mut walks = vec![Walk::new(model, history, places, until, false)];
    if !walks[0].timeline.opens.is_empty() {
        walks.push(Walk::new(model, history, places, until, true));
    }
    loop {
        for walk in &mut walks {
            for _ in 0..TURN {
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
    }
}

/// How many steps a search makes before the other takes its turn.
const TURN: u32 = 256;

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
    /// The configurations met: by the operations done of those that returned, and the state, the
    /// sets of the others that were done, none within another.
    seen: BTreeMap<(Key, M::State), Vec<SetId>>,
    /// For an operation that never returned, the one that asked the same and was called before it.
    twin: Vec<Option<usize>>,
    taken: Vec<Taken<M::State>>,
    /// Whether those that never returned are looked at, where they are after the others.
    opens: bool,
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
        apart: bool,
    ) -> Self {
        let timeline = Timeline::new(history, places, until, apart);
        let returns = timeline.entries.iter().filter(|(_, is_call)| !is_call);
        let opens = timeline
            .opens
            .iter()
            .map(|entry| timeline.entries[*entry].0);
        let opens: Vec<usize> = opens.collect();
        let mut twin = vec![None; places.len()];
        for (before, number) in opens.iter().enumerate() {
            let asks = |number: usize| &history[places[number]].op;
            let recent = opens[before.saturating_sub(TWINS)..before].iter().rev();
            let mut same = recent.filter(|other| asks(**other) == asks(*number));
            twin[*number] = same.next().copied();
        }
        Walk {
            model,
            history,
            places,
            waiting: returns.count(),
            state: model.init(),
            done: Done::default(),
            seen: BTreeMap::new(),
            twin,
            taken: Vec::new(),
            opens: false,
            at: timeline.next[0],
            timeline,
        }
    }

    /// Tries the operation that is looked at, or goes back. False when nothing is left to try.
    fn step(&mut self) -> bool {
        let stuck = self.at == END || !self.timeline.entries[self.at].1;
        if stuck && (self.opens || !self.timeline.apart) {
            return self.go_back();
        }
        if stuck {
            let first_return = self.at;
            let opens = &self.timeline.opens;
            let count = opens.partition_point(|entry| *entry < first_return);
            self.opens = true;
            self.at = self.timeline.open_among(count);
            return true;
        }
        let number = self.timeline.entries[self.at].0;
        let returns = self.timeline.return_of[number] != self.at;
        if self.twin[number].is_some_and(|twin| !self.timeline.lifted[twin]) {
            self.go_on();
            return true;
        }
        let call = &self.history[self.places[number]];
        let outcome = call.returned.as_ref().filter(|_| returns);
        let outcome = outcome.map(|(_, outcome)| outcome);
        let after = self.model.step(&self.state, &call.op, outcome);
        if let Some(after) = after.filter(|after| returns || *after != self.state) {
            let open = self.add(number, returns);
            if self.is_new(&after) {
                self.waiting -= usize::from(returns);
                self.timeline.lift(self.at);
                let state = std::mem::replace(&mut self.state, after);
                let call = self.at;
                self.taken.push(Taken { call, state, open });
                self.opens = false;
                self.at = self.timeline.next[0];
                return true;
            }
            self.remove(number, open);
        }
        self.go_on();
        true
    }

    /// Looks at what comes after what is looked at: of those that never returned, what was called
    /// before it, as what was called last is most likely what somebody has seen.
    fn go_on(&mut self) {
        self.at = if self.opens {
            let number = self.timeline.entries[self.at].0;
            self.timeline
                .open_among(self.timeline.rank[number] as usize)
        } else {
            self.timeline.next[self.at]
        };
    }

    /// Whether there is something to find from what is done now, in that state, that could not have
    /// been found from where the search has been.
    fn is_new(&mut self, after: &M::State) -> bool {
        let (done, open) = (&self.done, self.done.open());
        let met = self.seen.entry((done.key(), after.clone())).or_default();
        if met.iter().any(|known| done.is_within(*known, open)) {
            return false;
        }
        met.retain(|known| !done.is_within(open, *known));
        met.push(open);
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
        self.opens = self.timeline.apart && open.is_some();
        self.at = call;
        self.go_on();
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
        let key = |(((_, ahead), _), sets): (&(Key, M::State), &Vec<SetId>)| {
            let key = size_of::<(Key, M::State, Vec<SetId>)>() + size_of_val::<[u32]>(ahead);
            key + sets.capacity() * 4
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
                    assert_order(&history, &orders.concat());
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
                let heard = |place: &usize| history[*place].returned.is_some();
                let is_read = |place: &usize| KeyValue.is_read(&history[*place].op);
                let places = 0..history.len();
                let places: Vec<usize> = places.filter(|p| heard(p) || !is_read(p)).collect();
                let mut walk = Walk::new(&KeyValue, &history, &places, Micros::NEVER, false);
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
