//! Linearizability: is there an order of the operations, each between its call and its return,
//! in which a single copy of the object would have answered the same?
//!
//! Each part of the object is judged by itself. The search is in [`super::walk`]; this is what is asked
//! of it: an order, the shortest prefix that has none, and who is to blame for that.

use self::explain::Explained;
use super::model::Model;
use super::walk::{Asked, Walk};
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

/// A history of calls to a model.
pub type History<M> = [Call<<M as Model>::Op, <M as Model>::Outcome>];

/// What a search may take before it ends without a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Steps, over all parts.
    pub steps: u64,
    /// Bytes that are remembered at one time, roughly.
    pub bytes: usize,
}

impl Limits {
    /// So many steps, and 256 MiB.
    pub const fn steps(steps: u64) -> Limits {
        let bytes = 256 << 20;
        Limits { steps, bytes }
    }
}

/// What a search took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Steps.
    pub steps: u64,
    /// Configurations remembered at one time, at most.
    pub configurations: usize,
    /// Bytes remembered at one time, at most, roughly.
    pub bytes: usize,
}

/// What one part of a history comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartVerdict<S> {
    /// The part.
    pub part: String,
    /// Its operations' places in the history, in order.
    pub places: Vec<usize>,
    /// Whether they have an order.
    pub finding: Finding<S>,
}

/// Whether the operations of a part have an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding<S> {
    /// They have: their places in the history. An operation that never returned and is not among
    /// them need not have taken effect.
    Ordered(Vec<usize>),
    /// They have none.
    Broken(Blame<S>),
    /// The search came to its limits.
    Unknown,
}

/// Where a part of a history stops having an order, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blame<S> {
    /// The place in the history of the operation whose return completes the shortest prefix that
    /// has no order.
    pub operation: usize,
    /// Whether it is known to be the shortest: the search for that can come to its limits when it is
    /// certain already that there is no order.
    pub shortest: bool,
    /// The operations of that part that had begun by then.
    pub among: Vec<usize>,
    /// An order of what came before that return.
    pub order: Vec<usize>,
    /// The answers that cannot all be right with that of `operation`, as few as were found. Empty: its
    /// answer fits no order of what changed the object, whatever the others were answered.
    pub against: Vec<usize>,
    /// Whether each of `against` is known to be needed: without it there is an order that gives the
    /// others and the answer of `operation`, whatever else was answered. The search for fewer can
    /// come to its limits.
    pub needed: bool,
    /// The states that the object can have been in while `operation` was under way, where `against`
    /// is empty and none of them fits.
    pub states: Vec<S>,
}

/// What a history comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<S> {
    /// There is such an order: for each part, the operations' places in the history.
    Linearizable(Vec<Vec<usize>>),
    /// There is none for the part of this name.
    Violated(String, Blame<S>),
    /// The search came to its limits.
    Unknown,
}

/// What a history comes to, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Brief {
    /// Every part has an order.
    Linearizable,
    /// The part of this name has none, from the return of the operation at this place on.
    Violated(String, usize),
    /// The search came to its limits.
    Unknown,
}

/// Judges a history against a model, up to the first part that has no order, and explains nothing.
pub fn check_briefly<M: Model>(model: &M, history: &History<M>, limits: Limits) -> Brief {
    let (parts, _) = judge(model, history, limits, true, |hunt, places, furthest| {
        hunt.name(places, furthest)
    });
    let broken = parts.iter().find_map(|part| match &part.finding {
        Finding::Broken(blame) => Some((&part.part, blame.operation)),
        _ => None,
    });
    match broken {
        Some((part, operation)) => Brief::Violated(part.clone(), operation),
        None if parts.iter().any(|part| part.finding == Finding::Unknown) => Brief::Unknown,
        None => Brief::Linearizable,
    }
}

/// Judges a history against a model, up to the first part that has no order.
pub fn check<M: Model>(model: &M, history: &History<M>, limits: Limits) -> Verdict<M::State> {
    let (parts, _) = judge(model, history, limits, true, |hunt, places, furthest| {
        hunt.blame(places, furthest)
    });
    let mut orders = Vec::with_capacity(parts.len());
    let mut unknown = false;
    for PartVerdict { part, finding, .. } in parts {
        match finding {
            Finding::Ordered(order) => orders.push(order),
            Finding::Broken(blame) => return Verdict::Violated(part, blame),
            Finding::Unknown => unknown = true,
        }
    }
    if unknown {
        return Verdict::Unknown;
    }
    Verdict::Linearizable(orders)
}

/// Judges each part of a history against a model.
pub fn check_parts<M: Model>(
    model: &M,
    history: &History<M>,
    limits: Limits,
) -> (Vec<PartVerdict<M::State>>, Work) {
    judge(model, history, limits, false, |hunt, places, furthest| {
        hunt.blame(places, furthest)
    })
}

/// Judges the parts, each with its share of the steps that are left; then those again that would have
/// needed more.
fn judge<M: Model>(
    model: &M,
    history: &History<M>,
    limits: Limits,
    first_only: bool,
    blame: Blaming<M>,
) -> (Vec<PartVerdict<M::State>>, Work) {
    let mut by_part: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, call) in history.iter().enumerate() {
        by_part.entry(model.part(&call.op)).or_default().push(place);
    }
    let mut hunt = Hunt {
        model,
        history,
        left: limits.steps,
        bytes: limits.bytes,
        work: Work::default(),
    };
    let count = by_part.len() as u64;
    let mut parts = Vec::with_capacity(by_part.len());
    for (n, (part, places)) in (0..).zip(by_part) {
        let finding = hunt.part(&places, count - n, blame);
        let broken = matches!(finding, Finding::Broken(_));
        parts.push(PartVerdict {
            part: part.to_owned(),
            places,
            finding,
        });
        if broken && first_only {
            return (parts, hunt.work);
        }
    }
    let unknown = |part: &&mut PartVerdict<M::State>| part.finding == Finding::Unknown;
    let mut rest = parts
        .iter()
        .filter(|part| part.finding == Finding::Unknown)
        .count() as u64;
    for part in parts.iter_mut().filter(unknown) {
        part.finding = hunt.part(&part.places, rest, blame);
        rest -= 1;
        if matches!(part.finding, Finding::Broken(_)) && first_only {
            break;
        }
    }
    (parts, hunt.work)
}

/// Says who is to blame in a part of which no search got past so many returns.
type Blaming<M> = fn(&mut Hunt<'_, M>, &[usize], usize) -> Finding<<M as Model>::State>;

/// The searches of one history.
struct Hunt<'a, M: Model> {
    model: &'a M,
    history: &'a History<M>,
    /// Steps that are left.
    left: u64,
    bytes: usize,
    work: Work,
}

enum Search {
    Found(Vec<usize>),
    /// None was found; so many returns, in order, were passed at most.
    None(u32),
    OutOfBudget,
}

/// The end of a prefix: a return's moment, and its operation's place.
type Cut = (Micros, usize);

/// What is known of the shortest prefix without an order.
struct Shortest {
    /// The end of the shortest that is known to have none.
    cut: Cut,
    /// The end of the longest that is known to have one, if that is not empty.
    before: Option<Cut>,
    /// Whether no prefix lies between the two.
    certain: bool,
}

const WHOLE: Cut = (Micros::NEVER, usize::MAX);

/// How many steps a search makes before the other takes its turn.
const TURN: u32 = 256;

/// With how many steps it is looked for who is to blame; with how many where one answer is seen to be
/// wrong by itself.
const EXPLAIN_STEPS: u64 = 2_000_000;
const GLANCE_STEPS: u64 = 20_000;

impl<'a, M: Model> Hunt<'a, M> {
    /// Judges a part; `share` parts share the steps that are left.
    fn part(&mut self, places: &[usize], share: u64, blame: Blaming<M>) -> Finding<M::State> {
        let share = share.max(1);
        let kept = self.left - self.left / share;
        self.left -= kept;
        let finding = match self.order(places, WHOLE) {
            Search::Found(order) => Finding::Ordered(order),
            Search::OutOfBudget => Finding::Unknown,
            Search::None(furthest) => blame(self, places, furthest as usize),
        };
        self.left += kept;
        finding
    }

    /// What of a part a prefix holds. Of those that are `freed` any answer will do.
    fn prefix(
        &self,
        places: &[usize],
        until: Cut,
        freed: &BTreeSet<usize>,
    ) -> (Vec<usize>, Vec<Asked<'a, M>>) {
        let begun = |place: &usize| {
            let call = &self.history[*place];
            let answer = call.returned.as_ref();
            let answer = answer.filter(|(at, _)| (*at, *place) <= until);
            let told = answer.filter(|_| !freed.contains(place));
            let counts = told.is_some() || !self.model.is_read(&call.op);
            (call.called <= until.0 && counts).then(|| {
                let asked = Asked {
                    op: &call.op,
                    outcome: told.map(|(_, outcome)| outcome),
                    span: (call.called, answer.map(|(at, _)| *at)),
                };
                (*place, asked)
            })
        };
        places.iter().filter_map(begun).unzip()
    }

    /// Whether some answer needs a state that nobody had begun to leave behind when it came. That is
    /// seen at a glance, and a search would have to try all that it may have been instead.
    fn is_from_nowhere(&self, asked: &[Asked<'_, M>]) -> bool {
        let mut left = BTreeMap::from([(self.model.init(), Micros::ZERO)]);
        for Asked { op, span, .. } in asked {
            if let Some(state) = self.model.leaves(op) {
                let first = left.entry(state).or_insert(span.0);
                *first = span.0.min(*first);
            }
        }
        asked.iter().any(|Asked { op, outcome, span }| {
            let needed = outcome.and_then(|outcome| self.model.needs(op, outcome));
            needed.is_some_and(|state| {
                let first = left.get(&state);
                first.is_none_or(|first| span.1.is_some_and(|end| *first > end))
            })
        })
    }

    /// Searches for an order of what a prefix holds.
    fn order(&mut self, places: &[usize], until: Cut) -> Search {
        self.order_without(places, until, &BTreeSet::new())
    }

    /// The same, where any answer will do of those that are `freed`.
    fn order_without(&mut self, places: &[usize], until: Cut, freed: &BTreeSet<usize>) -> Search {
        let (places, asked) = self.prefix(places, until, freed);
        if self.is_from_nowhere(&asked) {
            return Search::None(0);
        }
        let mut walks = vec![Walk::new(self.model, &asked, false)];
        if walks[0].has_opens() {
            walks.push(Walk::new(self.model, &asked, true));
        }
        self.search(&mut walks, &places)
    }

    fn search(&mut self, walks: &mut [Walk<'_, M>], places: &[usize]) -> Search {
        let found = self.turns(walks, places);
        self.weigh(walks);
        found
    }

    /// Notes what is remembered now, and gives the bytes of it.
    fn weigh(&mut self, walks: &[Walk<'_, M>]) -> usize {
        let configurations = walks.iter().map(|walk| walk.configurations()).sum();
        let bytes = walks.iter().map(|walk| walk.bytes()).sum();
        self.work.configurations = self.work.configurations.max(configurations);
        self.work.bytes = self.work.bytes.max(bytes);
        bytes
    }

    fn turns(&mut self, walks: &mut [Walk<'_, M>], places: &[usize]) -> Search {
        loop {
            for walk in walks.iter_mut() {
                for _ in 0..TURN {
                    if walk.waiting == 0 {
                        let order = walk.order().into_iter().map(|number| places[number]);
                        return Search::Found(order.collect());
                    }
                    let Some(rest) = self.left.checked_sub(walk.cost()) else {
                        return Search::OutOfBudget;
                    };
                    self.left = rest;
                    self.work.steps += 1;
                    if !walk.step() {
                        return Search::None(walk.furthest);
                    }
                }
            }
            if self.weigh(walks) > self.bytes {
                return Search::OutOfBudget;
            }
        }
    }

    /// Finds the end of the shortest prefix without an order, and that of the longest before it that is
    /// known to have one; nothing where nobody was answered. The prefix before the return that no search
    /// got past has an order, and all prefixes of what has one have one; so it is looked for from there,
    /// in steps that grow, and then by halving.
    fn shortest(&mut self, places: &[usize], furthest: usize) -> Option<Shortest> {
        let ended = |place: &usize| {
            let returned = self.history[*place].returned.as_ref();
            returned.map(|(at, _)| (*at, *place))
        };
        let mut returns: Vec<Cut> = places.iter().filter_map(ended).collect();
        returns.sort_unstable();
        let mut bad = returns.len().checked_sub(1)?;
        let mut good = furthest.min(bad);
        let mut stride = 1;
        let mut probe = good;
        while good < bad {
            match self.order(places, returns[probe]) {
                Search::None(_) => bad = probe,
                Search::Found(_) => good = probe + 1,
                Search::OutOfBudget => break,
            }
            let halved = (good + bad) / 2;
            probe = halved.min(good + stride);
            stride *= 2;
        }
        Some(Shortest {
            cut: returns[bad],
            before: good.checked_sub(1).map(|last| returns[last]),
            certain: good == bad,
        })
    }

    /// Names the operation that completes the shortest prefix without an order.
    fn name(&mut self, places: &[usize], furthest: usize) -> Finding<M::State> {
        match self.shortest(places, furthest) {
            None => Finding::Unknown,
            Some(Shortest { cut, certain, .. }) => Finding::Broken(Blame {
                operation: cut.1,
                shortest: certain,
                among: Vec::new(),
                order: Vec::new(),
                against: Vec::new(),
                needed: true,
                states: Vec::new(),
            }),
        }
    }

    /// Finds the shortest prefix without an order, and who is to blame.
    fn blame(&mut self, places: &[usize], furthest: usize) -> Finding<M::State> {
        let Some(Shortest {
            cut,
            before,
            certain,
        }) = self.shortest(places, furthest)
        else {
            return Finding::Unknown;
        };
        let order = match before.map(|before| self.order(places, before)) {
            Some(Search::Found(order)) => order,
            _ => Vec::new(),
        };
        let (among, asked) = self.prefix(places, cut, &BTreeSet::new());
        // What is seen at a glance needs no long search for what it may have been instead.
        let most = match self.is_from_nowhere(&asked) {
            true => GLANCE_STEPS,
            false => EXPLAIN_STEPS,
        };
        let kept = self.left.saturating_sub(most);
        self.left -= kept;
        let Explained {
            against,
            needed,
            states,
        } = self.explain(&among, cut);
        self.left += kept;
        Finding::Broken(Blame {
            operation: cut.1,
            shortest: certain,
            among,
            order,
            against,
            needed,
            states,
        })
    }
}

mod explain;
#[cfg(test)]
mod tests;
