//! Sequential consistency (Lamport 1979): is there one order of all operations, in which each client's
//! own stand as it asked them, and a single copy of the object would have answered the same? Real time
//! does not count. An operation that nobody heard the end of may stand anywhere behind what its client
//! did before it, or nowhere; it does not hold back what its client did later.
//!
//! Parts cannot be judged apart: each may have an order, and all together none (Attiya and Welch 1994).
//! Whoever has no order for one part has none at all, though; so the parts are tried first, each by
//! itself. The search is by choice of the client that comes next, with a memory of configurations. What
//! only looks is taken as soon as it fits, and what somebody waits to see is tried first; a write that
//! came to the head of its client before the last write of its part may count as overwritten by it.

use super::linear::{Call, History, Limits, Work};
use super::model::Model;
use std::collections::{BTreeMap, BTreeSet};

/// What a search came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sequential {
    /// There is an order: the operations' places.
    Ordered(Vec<usize>),
    /// There is none: for this part alone, or for all parts together.
    Broken(Option<String>),
    /// The search came to its limits.
    Unknown,
}

/// Judges a history against a model. `orders`: an order of each part, where every part is known to be
/// linearizable: then together they are an order of all.
pub fn check_sequential<M: Model>(
    model: &M,
    history: &History<M>,
    orders: Option<&[&[usize]]>,
    limits: Limits,
) -> (Sequential, Work) {
    if let Some(orders) = orders {
        let order = merged(history, orders);
        return (Sequential::Ordered(order), Work::default());
    }
    let mut work = Work::default();
    let mut left = limits.steps;
    let mut by_part: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, call) in history.iter().enumerate() {
        by_part.entry(model.part(&call.op)).or_default().push(place);
    }
    // What nobody leaves behind at any time can be in no order: that is seen without a search.
    for (part, places) in &by_part {
        let left = places
            .iter()
            .filter_map(|place| model.leaves(&history[*place].op));
        let left: BTreeSet<M::State> = left.chain([model.init()]).collect();
        let from_nowhere = places.iter().any(|place| {
            let Call { op, returned, .. } = &history[*place];
            let outcome = returned.as_ref().map(|(_, outcome)| outcome);
            let needed = outcome.and_then(|outcome| model.needs(op, outcome));
            needed.is_some_and(|state| !left.contains(&state))
        });
        if from_nowhere {
            return (Sequential::Broken(Some((*part).to_owned())), work);
        }
    }
    let mut unknown = false;
    let parts = by_part.len() as u64;
    for (n, (part, places)) in (0..).zip(&by_part) {
        // Half for the parts, half for all together.
        let share = if parts == 1 {
            left
        } else {
            left / (2 * (parts - n))
        };
        let mut weave = Weave::new(model, history, places);
        let found = weave.search(share, limits.bytes);
        left = left.saturating_sub(weave.work.steps);
        add(&mut work, weave.work);
        match found {
            Some(None) => return (Sequential::Broken(Some((*part).to_owned())), work),
            Some(Some(order)) if parts == 1 => return (Sequential::Ordered(order), work),
            Some(Some(_)) => {}
            None => unknown = true,
        }
    }
    if parts == 0 {
        return (Sequential::Ordered(Vec::new()), work);
    }
    if unknown {
        return (Sequential::Unknown, work);
    }
    let all: Vec<usize> = (0..history.len()).collect();
    let mut weave = Weave::new(model, history, &all);
    let found = weave.search(left, limits.bytes);
    add(&mut work, weave.work);
    let found = match found {
        Some(Some(order)) => Sequential::Ordered(order),
        Some(None) => Sequential::Broken(None),
        None => Sequential::Unknown,
    };
    (found, work)
}

fn add(sum: &mut Work, work: Work) {
    sum.steps += work.steps;
    sum.configurations = sum.configurations.max(work.configurations);
    sum.bytes = sum.bytes.max(work.bytes);
}

/// One order of all from orders of parts that each keep real time (Herlihy and Wing 1990, theorem 1):
/// the part of whatever returns first gives its next operation.
fn merged<O, R>(history: &[Call<O, R>], orders: &[&[usize]]) -> Vec<usize> {
    let mut returns = BTreeSet::new();
    let mut part_of = BTreeMap::new();
    for (part, order) in orders.iter().enumerate() {
        for place in *order {
            part_of.insert(*place, part);
            if let Some((at, _)) = &history[*place].returned {
                returns.insert((*at, *place));
            }
        }
    }
    let mut heads = vec![0; orders.len()];
    let mut all = Vec::with_capacity(part_of.len());
    while let Some((_, first)) = returns.first() {
        let part = part_of[first];
        let Some(next) = orders[part].get(heads[part]) else {
            break;
        };
        heads[part] += 1;
        all.push(*next);
        if let Some((at, _)) = &history[*next].returned {
            returns.remove(&(*at, *next));
        }
    }
    all
}

/// The configurations met: how far each client is, which operations that never returned are done and
/// whose next writes may count as overwritten, and the states.
type Seen<S> = BTreeSet<(Box<[u32]>, Box<[u64]>, Box<[S]>)>;

/// What a client did, one after the other; or a single operation that never returned.
struct Strand {
    places: Vec<usize>,
    /// For a single one: the strand and how much of it must be done before.
    after: Option<(usize, u32)>,
}

/// A choice, and what was before it.
struct Choice<S> {
    /// The strand, and whether its operation counts as overwritten.
    strand: usize,
    absorbed: bool,
    /// The part that it changed, and its state and last write before.
    part: usize,
    state: S,
    wrote: u64,
    /// When its strand had come to it.
    since: u64,
    /// The strands whose looks followed, with when they had come to them.
    followed: Vec<(usize, u64)>,
    /// What else can be chosen, best last.
    rest: Vec<(usize, bool)>,
}

/// A search under way.
struct Weave<'a, M: Model> {
    model: &'a M,
    history: &'a History<M>,
    strands: Vec<Strand>,
    /// How many strands are of clients; the others are of operations that never returned.
    clients: usize,
    parts: BTreeMap<&'a str, usize>,
    states: Vec<M::State>,
    done: Vec<u32>,
    /// When each strand came to its next operation, and when each part was overwritten last, counted in
    /// operations done.
    since: Vec<u64>,
    wrote: Vec<u64>,
    time: u64,
    waiting: usize,
    taken: Vec<Choice<M::State>>,
    seen: Seen<M::State>,
    work: Work,
}

impl<'a, M: Model> Weave<'a, M> {
    fn new(model: &'a M, history: &'a History<M>, places: &[usize]) -> Self {
        let mut sorted: Vec<usize> = places.to_vec();
        sorted.sort_by_key(|place| (history[*place].called, *place));
        let mut by_client: BTreeMap<u32, usize> = BTreeMap::new();
        let mut strands: Vec<Strand> = Vec::new();
        let mut opens = Vec::new();
        let mut parts = BTreeMap::new();
        for place in sorted {
            let call = &history[place];
            let count = parts.len();
            parts.entry(model.part(&call.op)).or_insert(count);
            let strand = *by_client.entry(call.client).or_insert_with(|| {
                strands.push(Strand {
                    places: Vec::new(),
                    after: None,
                });
                strands.len() - 1
            });
            if call.returned.is_some() {
                strands[strand].places.push(place);
            } else if !model.is_read(&call.op) {
                let after = Some((strand, strands[strand].places.len() as u32));
                opens.push(Strand {
                    places: vec![place],
                    after,
                });
            }
        }
        let clients = strands.len();
        let waiting = strands.iter().map(|strand| strand.places.len()).sum();
        strands.extend(opens);
        Weave {
            model,
            history,
            clients,
            states: vec![model.init(); parts.len()],
            wrote: vec![0; parts.len()],
            parts,
            done: vec![0; strands.len()],
            since: vec![0; strands.len()],
            strands,
            time: 0,
            waiting,
            taken: Vec::new(),
            seen: BTreeSet::new(),
            work: Work::default(),
        }
    }

    /// An order, or that there is none; nothing when the limits were met.
    fn search(&mut self, steps: u64, bytes: usize) -> Option<Option<Vec<usize>>> {
        let first = self.close();
        let mut rest = self.choices();
        let size = 64 + 4 * self.done.len() + size_of::<M::State>() * self.states.len();
        while self.waiting > 0 {
            self.work.steps += 1;
            if self.work.steps > steps || self.work.bytes > bytes {
                return None;
            }
            let Some((strand, absorbed)) = rest.pop() else {
                match self.go_back() {
                    Some(before) => rest = before,
                    None => return Some(None),
                }
                continue;
            };
            if !self.choose(strand, absorbed, &mut rest) {
                continue;
            }
            if self.is_new() {
                self.work.configurations = self.seen.len();
                let heap = self.states.iter().map(|state| self.model.weight(state));
                self.work.bytes += size + heap.sum::<usize>();
                rest = self.choices();
            } else if let Some(before) = self.go_back() {
                rest = before;
            }
        }
        Some(Some(self.order(&first)))
    }

    fn is_new(&mut self) -> bool {
        let clients = &self.done[..self.clients];
        let mut bits = vec![0u64; self.done.len().div_ceil(64)];
        for strand in 0..self.done.len() {
            let set = match self.head(strand) {
                _ if strand >= self.clients => self.done[strand] > 0,
                Some(place) => self.overwritten(strand, place, self.part(place)),
                None => false,
            };
            bits[strand / 64] |= u64::from(set) << (strand % 64);
        }
        let states = self.states.clone().into();
        self.seen.insert((clients.into(), bits.into(), states))
    }

    /// The operation that a strand comes to next.
    fn head(&self, strand: usize) -> Option<usize> {
        let Strand { places, after } = &self.strands[strand];
        let may = after.is_none_or(|(client, count)| self.done[client] >= count);
        let next = places.get(self.done[strand] as usize).copied();
        next.filter(|_| may)
    }

    fn part(&self, place: usize) -> usize {
        let part = self.model.part(&self.history[place].op);
        self.parts.get(part).copied().unwrap_or_default()
    }

    /// The state of its part after an operation.
    fn after(&self, place: usize) -> Option<M::State> {
        let Call { op, returned, .. } = &self.history[place];
        let outcome = returned.as_ref().map(|(_, outcome)| outcome);
        self.model.step(&self.states[self.part(place)], op, outcome)
    }

    fn looks(&self, place: usize) -> bool {
        let Call { op, returned, .. } = &self.history[place];
        returned
            .as_ref()
            .is_some_and(|(_, outcome)| self.model.looks(op, Some(outcome)))
    }

    /// Goes on to a strand's next operation. Gives when it had come to this one.
    fn advance(&mut self, strand: usize) -> u64 {
        self.done[strand] += 1;
        self.time += 1;
        self.waiting -= usize::from(strand < self.clients);
        std::mem::replace(&mut self.since[strand], self.time)
    }

    fn retreat(&mut self, strand: usize, since: u64) {
        self.done[strand] -= 1;
        self.since[strand] = since;
        self.waiting += usize::from(strand < self.clients);
    }

    /// Whether a strand's next operation, a write to `part`, may count as overwritten.
    fn overwritten(&self, strand: usize, place: usize, part: usize) -> bool {
        let Call { op, returned, .. } = &self.history[place];
        let came_before = self.since[strand] < self.wrote[part];
        came_before && returned.is_some() && self.model.is_blind(op)
    }

    /// Takes what only looks and fits.
    fn close(&mut self) -> Vec<(usize, u64)> {
        let mut followed = Vec::new();
        let mut idle = 0;
        let mut strand = 0;
        while idle < self.clients {
            let fits = |place: &usize| self.looks(*place) && self.after(*place).is_some();
            if self.head(strand).filter(fits).is_some() {
                followed.push((strand, self.advance(strand)));
                idle = 0;
            } else {
                idle += 1;
                strand = (strand + 1) % self.clients;
            }
        }
        followed
    }

    /// What can be chosen, best last: what a look waits for, then what depends on what was before, then
    /// other writes; of those the one called first.
    fn choices(&self) -> Vec<(usize, bool)> {
        let heads: Vec<(usize, usize)> = (0..self.strands.len())
            .filter_map(|strand| Some((strand, self.head(strand)?)))
            .collect();
        let mut waits = vec![Vec::new(); self.states.len()];
        for (_, place) in heads.iter().filter(|(_, place)| self.looks(*place)) {
            waits[self.part(*place)].push(*place);
        }
        let mut choices = Vec::new();
        for (strand, place) in heads {
            if self.looks(place) {
                continue;
            }
            let Some(after) = self.after(place) else {
                continue;
            };
            let (call, part) = (&self.history[place], self.part(place));
            let changes = after != self.states[part];
            if call.returned.is_none() && !changes {
                continue;
            }
            let sees = |look: &usize| {
                let Call { op, returned, .. } = &self.history[*look];
                let outcome = returned.as_ref().map(|(_, outcome)| outcome);
                self.model.step(&after, op, outcome).is_some()
            };
            let next = self.strands[strand]
                .places
                .get(self.done[strand] as usize + 1);
            let next = next.filter(|next| self.looks(**next) && self.part(**next) == part);
            let blind = self.model.is_blind(&call.op);
            let rank = match waits[part].iter().chain(next).any(sees) {
                true => 0,
                false if !blind => 1,
                false => 2,
            };
            choices.push((rank, call.called, strand, false));
            if self.overwritten(strand, place, part) {
                choices.push((1, call.called, strand, true));
            }
        }
        choices.sort_unstable_by(|one, other| other.cmp(one));
        choices
            .into_iter()
            .map(|(_, _, strand, absorbed)| (strand, absorbed))
            .collect()
    }

    /// Does a strand's next operation, and what follows. `rest`, what else could be chosen, is kept for
    /// when the search comes back.
    fn choose(&mut self, strand: usize, absorbed: bool, rest: &mut Vec<(usize, bool)>) -> bool {
        let Some(place) = self.head(strand) else {
            return false;
        };
        let part = self.part(place);
        let after = match absorbed {
            true => Some(self.states[part].clone()),
            false => self.after(place),
        };
        let Some(after) = after else { return false };
        let state = std::mem::replace(&mut self.states[part], after);
        let wrote = self.wrote[part];
        let since = self.advance(strand);
        if !absorbed && self.model.is_blind(&self.history[place].op) {
            self.wrote[part] = self.time;
        }
        let followed = self.close();
        self.taken.push(Choice {
            strand,
            absorbed,
            part,
            state,
            wrote,
            since,
            followed,
            rest: std::mem::take(rest),
        });
        true
    }

    /// Takes back the last choice. Gives what else could be chosen there.
    fn go_back(&mut self) -> Option<Vec<(usize, bool)>> {
        let choice = self.taken.pop()?;
        for (strand, since) in choice.followed.iter().rev() {
            self.retreat(*strand, *since);
        }
        self.retreat(choice.strand, choice.since);
        self.states[choice.part] = choice.state;
        self.wrote[choice.part] = choice.wrote;
        Some(choice.rest)
    }

    /// The order found. What was overwritten stands right before what overwrote it.
    fn order(&self, first: &[(usize, u64)]) -> Vec<usize> {
        let mut done = vec![0; self.strands.len()];
        let mut next = |strand: usize| {
            done[strand] += 1;
            self.strands[strand].places[done[strand] - 1]
        };
        let mut order: Vec<usize> = first.iter().map(|(strand, _)| next(*strand)).collect();
        let mut last_write: Vec<Option<usize>> = vec![None; self.states.len()];
        for choice in &self.taken {
            let place = next(choice.strand);
            let over = last_write[choice.part].filter(|_| choice.absorbed);
            let at = over.and_then(|write| order.iter().rposition(|known| *known == write));
            order.insert(at.unwrap_or(order.len()), place);
            if !choice.absorbed && self.model.is_blind(&self.history[place].op) {
                last_write[choice.part] = Some(place);
            }
            order.extend(choice.followed.iter().map(|(strand, _)| next(*strand)));
        }
        order
    }
}
