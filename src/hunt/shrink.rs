//! Making a scenario that violates something as small as it goes: delta debugging (Zeller and
//! Hildebrandt, *Simplifying and isolating failure-inducing input*, 2002) over the script, then over
//! nodes, clients, network, options, time and luck.
//!
//! What is small is first the number of entries in the script, then how little else is out of the
//! ordinary. Chance is keyed by what it is for ([`Chance`](crate::base::Chance)), so that taking one
//! entry out leaves the luck of all the others as it was.

use super::changes::{
    calm, counted_down, flowing_from, in_phases, next_choice, size, sound, undelivered,
};
use super::played::{by_hand, in_time};
use super::session::{Hunt, Order, Strategy};
use super::space::shorter;
use super::trial::{Breach, EVENTS_MAX, try_out};
use crate::base::{Chance, Draws, Micros};
use crate::scenario::{Scenario, ScriptEntry, build_walk};
use crate::sim::{Action, Entry};
use serde::Serialize;

/// What was made of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shrunk {
    /// The scenario.
    pub scenario: Scenario,
    /// How many scenarios were tried on the way.
    pub tried: usize,
    /// Whether it was seen that no single entry of the script can be left out.
    pub minimal: bool,
}

/// How far the work of shrinking is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The fewest entries that a script has had by now.
    pub entries: usize,
    /// How many scenarios were tried.
    pub tried: usize,
    /// Whether the find itself is as small as it goes, and other runs with the same violation are
    /// looked for.
    pub again: bool,
}

/// Hears how far the work is, and where that is new the smallest scenario by now; says whether to go on.
pub type Tell<'a> = dyn FnMut(Progress, Option<&Scenario>) -> bool + 'a;

/// The work of shrinking one scenario.
pub(super) struct Work<'a> {
    pub(super) breach: &'a Breach,
    patience: Micros,
    most: usize,
    /// How many events there were in all that was tried.
    events: u64,
    /// Says whether to go on.
    tell: &'a mut Tell<'a>,
    progress: Progress,
    /// How small the smallest is that was told of.
    smallest: (usize, u16, u16),
    /// Whether timers may go off before they are due.
    early: bool,
    stopped: bool,
}

/// Makes `scenario`, which ends in `breach`, smaller, by at most `most` tries. `patience` is that of
/// [`try_out`]. With `order`, that of the hunt which found it, the same violation is hunted again,
/// for a while: what takes away alone ends where nothing can be spared, and from another run it may
/// end lower. `tell` hears how far the work is; where it says no, the work ends but for seeing
/// whether any single entry can go.
pub fn shrink(
    scenario: &Scenario,
    breach: &Breach,
    patience: Micros,
    order: Option<&Order>,
    most: usize,
    tell: &mut Tell<'_>,
) -> Shrunk {
    let mut work = Work {
        breach,
        patience,
        most,
        events: 0,
        tell,
        progress: Progress {
            entries: scenario.script.len(),
            tried: 0,
            again: false,
        },
        smallest: size(scenario),
        early: order.is_none_or(|order| order.budget.early()),
        stopped: false,
    };
    let mut best = work.small(scenario);
    work.search_around(&mut best);
    if let Some(order) = order {
        work.wander_from(order, &mut best);
        work.offer(&best);
        if work.hunt_again(order, &mut best) {
            work.search_around(&mut best);
            work.wander_from(order, &mut best);
            work.offer(&best);
        }
    }
    if work.luck_instead(&mut best) {
        best = work.squeezed(best);
    }
    let minimal = work.is_minimal(&best);
    Shrunk {
        scenario: best,
        tried: work.progress.tried,
        minimal,
    }
}

/// How many other runs with the same violation are made small at the most; and for each entry of the
/// smallest, up to [`AGAIN_LONG`], how many of them one after the other without coming lower, and
/// within how many events, those of trying included.
const AGAIN_MOST: u32 = 48;
const AGAIN_VAIN: u32 = 2;
const AGAIN_EVENTS: u64 = 2_500_000;
const AGAIN_LONG: usize = 8;

/// How long the smallest is at the least where it is also looked beside other runs that are longer.
const WORTH_WANDERING: usize = 4;

/// How they are hunted, in turn: what happens by itself in natural time becomes shorter scripts, and not
/// everything happens in it.
const AGAIN_BY: [Strategy; 2] = [Strategy::Mixed, Strategy::Swarm];

/// The longest scripts in which every two and every three entries are tried without.
const PAIRS_LONGEST: usize = 24;
const TRIPLES_LONGEST: usize = 20;

/// How many ways of having messages travel by themselves are tried.
const PHASES: u32 = 2_000;

/// After how many tries elsewhere in turn it is asked whether to go on.
pub(super) const ASKS: u32 = 64;

/// The longest script for which another seed is tried in the place of an entry, and how many are.
const LUCK_LONGEST: usize = 30;
const LUCK_SEEDS: u64 = 32;

impl Work<'_> {
    /// Whether `scenario` comes to the same, and is none when its mutant is taken out.
    fn holds(&mut self, scenario: &Scenario) -> bool {
        if self.is_over() {
            return false;
        }
        self.progress.tried += 1;
        self.ends_in(scenario).as_ref() == Some(self.breach)
            && sound(scenario).is_none_or(|whole| self.ends_in(&whole).is_none())
    }

    /// What is wrong with a run of `scenario`, if something is.
    fn ends_in(&mut self, scenario: &Scenario) -> Option<Breach> {
        let trial = try_out(scenario, self.patience, None).ok()?;
        self.events += u64::from(trial.events);
        trial.breach
    }

    /// Takes `changed` for `best` if it comes to the same.
    pub(super) fn take(&mut self, best: &mut Scenario, changed: Scenario) -> bool {
        if changed == *best || !self.holds(&changed) {
            return false;
        }
        *best = changed;
        // While others are made small, theirs are not the smallest, and may never be.
        let own = !self.progress.again;
        if own {
            self.smallest = size(best);
            self.progress.entries = best.script.len();
        }
        self.tell(own.then_some(&*best));
        true
    }

    /// Whether another than the find comes to the same: what bounds the tries bounds the work on the
    /// find alone.
    pub(super) fn holds_elsewhere(&mut self, scenario: &Scenario) -> bool {
        self.most += usize::from(!self.is_over());
        self.holds(scenario)
    }

    /// Tells of a scenario where it is smaller than all before it.
    pub(super) fn offer(&mut self, scenario: &Scenario) {
        if size(scenario) < self.smallest {
            self.smallest = size(scenario);
            self.progress.entries = scenario.script.len();
            self.tell(Some(scenario));
        }
    }

    /// Whether to go on while others than the find are looked at.
    pub(super) fn goes_on_elsewhere(&mut self) -> bool {
        self.progress.again = true;
        self.tell(None);
        !self.stopped
    }

    fn tell(&mut self, best: Option<&Scenario>) {
        self.stopped |= !(self.tell)(self.progress, best);
    }

    /// How many events there were in all that was tried.
    pub(super) fn events(&self) -> u64 {
        self.events
    }

    /// Whether no more may be tried.
    pub(super) fn is_over(&self) -> bool {
        self.stopped || self.progress.tried >= self.most
    }

    /// As small as taking away makes `scenario`, and the same run by hand.
    fn small(&mut self, scenario: &Scenario) -> Scenario {
        // Messages that are named by number are others as soon as one entry goes: a run by hand is
        // taken by what its messages are.
        let symbolic = match scenario.network.manual {
            true => self.played_by_hand(scenario, true),
            false => None,
        };
        let again = symbolic.is_none() && !matches!(self.breach, Breach::Silence);
        let mut best = self.squeezed(symbolic.unwrap_or_else(|| scenario.clone()));
        if again {
            for quiet in [true, false] {
                if let Some(other) = self.played_by_hand(scenario, quiet) {
                    let other = self.squeezed(other);
                    if size(&other) < size(&best) {
                        best = other;
                    }
                }
            }
        }
        best
    }

    /// Takes what a search of every order finds that is smaller still.
    fn search_around(&mut self, best: &mut Scenario) {
        if let Some(other) = self.searched(best) {
            let other = self.squeezed(other);
            if size(&other) < size(best) {
                *best = other;
            }
        }
    }

    /// Takes what is a few changes away and smaller, as small as it goes.
    fn wander_from(&mut self, order: &Order, best: &mut Scenario) {
        let Ok(quarry) = order.quarry() else {
            return;
        };
        // Without a rule left out nothing tells a fault that is withstood from one that is not, and a
        // silence is one only where all is well at its end.
        if sound(best).is_none() || matches!(self.breach, Breach::Silence) {
            return;
        }
        let mut other = match best.network.manual {
            // Who hears whom is then a matter of cuts.
            true if order.budget.cuts && order.budget.any() => self.flowing(best),
            true => None,
            false => Some(best.clone()),
        };
        if let Some(other) = &mut other
            && (self.wander(&quarry, other) || best.network.manual)
        {
            let other = self.squeezed(other.clone());
            // The cuts that it brings in are faults too.
            let may = order.budget.covers(&other) || !order.budget.covers(best);
            if size(&other) < size(best) && may {
                *best = other;
            }
        }
    }

    /// What is by hand, with messages that travel by themselves.
    fn flowing(&mut self, best: &Scenario) -> Option<Scenario> {
        let mut luck = Draws::new(Chance::from_seed(best.seed).of(0x666c_6f77));
        for n in 0..PHASES {
            if n.is_multiple_of(ASKS) && !self.goes_on_elsewhere() {
                return None;
            }
            let flowing = in_phases(best, &mut luck);
            if self.holds_elsewhere(&flowing) {
                return Some(flowing);
            }
        }
        None
    }

    /// Hunts for the same violation anew, and takes what becomes smaller than `best`; whether
    /// anything did.
    fn hunt_again(&mut self, order: &Order, best: &mut Scenario) -> bool {
        self.progress.again = true;
        // What is left is for seeing that the smallest can spare nothing.
        let kept = self.most / 8;
        self.most -= kept;
        let (mut others, mut vain, mut better) = (0, 0, false);
        let (before, mut hunted) = (self.events, 0);
        let mut hunts: [Option<Hunt>; AGAIN_BY.len()] = Default::default();
        let mut turns = (0..AGAIN_BY.len()).cycle();
        let long = |best: &Scenario| size(best).0.min(AGAIN_LONG) as u32;
        while others < AGAIN_MOST
            && vain < AGAIN_VAIN * long(best)
            && hunted + self.events - before < AGAIN_EVENTS * u64::from(long(best))
            && !self.is_over()
        {
            self.tell(None);
            let turn = turns.next().unwrap_or_default();
            let (hunt, by) = (&mut hunts[turn], AGAIN_BY[turn]);
            let faults = size(best).0;
            let Some(hunting) = hunt
                .take()
                .or_else(|| lesser_hunt(order, by, faults, others))
            else {
                break;
            };
            let hunting = hunt.insert(hunting);
            let so_far = hunting.events();
            let Ok(found) = hunting.run(&mut |_| true) else {
                break;
            };
            hunted += hunting.events() - so_far;
            let Some(found) = found.filter(|found| found.breach == *self.breach) else {
                continue;
            };
            others += 1;
            vain += 1;
            let mut other = self.small(&found.scenario);
            if size(&other) >= size(best) && size(best).0 >= WORTH_WANDERING {
                self.wander_from(order, &mut other);
            }
            if size(&other) < size(best) && !self.is_over() {
                *best = other;
                (vain, better) = (0, true);
                self.offer(best);
                hunts = Default::default();
            }
        }
        self.most += kept;
        better
    }

    /// All passes, until none changes anything.
    fn squeezed(&mut self, mut best: Scenario) -> Scenario {
        self.shorten(&mut best);
        self.spell_out_requests(&mut best);
        loop {
            let before = best.clone();
            self.thin_script(&mut best);
            self.fewer_clients(&mut best);
            self.fewer_nodes(&mut best);
            self.fewer_ways(&mut best);
            self.plain_network(&mut best);
            self.plain_options(&mut best);
            self.plain_operations(&mut best);
            self.oldest_messages(&mut best);
            self.let_go(&mut best);
            self.shorten(&mut best);
            if self.is_over() || (best == before && !self.thin_together(&mut best)) {
                break;
            }
        }
        self.tidy_times(&mut best);
        self.thin_script(&mut best);
        best
    }

    /// Ends the run where it is found, or a little later.
    fn shorten(&mut self, best: &mut Scenario) {
        if matches!(self.breach, Breach::Silence) {
            if let Some(last) = best.script.last().map(|entry| entry.0.at) {
                let mut changed = best.clone();
                changed.until = last + self.patience;
                self.take(best, changed);
            }
            return;
        }
        let mut changed = best.clone();
        if let Ok(trial) = try_out(best, self.patience, None) {
            // To the next whole millisecond, so that the violation is in it.
            changed.until = Micros((trial.at.0 / 1_000 + 1) * 1_000).min(best.until);
            changed.script.retain(|entry| entry.0.at <= changed.until);
            self.take(best, changed);
        }
    }

    /// Has the clients' operations asked by the script, so that those that do not matter can go.
    fn spell_out_requests(&mut self, best: &mut Scenario) {
        if best.clients.count == 0 {
            return;
        }
        let Ok(mut run) = build_walk(best, EVENTS_MAX) else {
            return;
        };
        let _ = run.advance(best.until);
        let mut changed = best.clone();
        changed.clients.count = 0;
        // All of them with who asks, since without clients of their own numbers whoever is idle differs.
        let asks = |entry: &ScriptEntry| matches!(entry.0.action, Action::Request { .. });
        changed.script.retain(|entry| !asks(entry));
        for (at, action) in run.asked() {
            let after = 0;
            changed
                .script
                .push(ScriptEntry(Entry { at, after, action }));
        }
        changed.script.sort_by_key(|entry| entry.0.at);
        self.take(best, changed);
    }

    /// Takes out chunks of the script, from large to single entries, until none can go.
    fn thin_script(&mut self, best: &mut Scenario) {
        let mut chunk = best.script.len().div_ceil(2).max(1);
        loop {
            let mut start = 0;
            let mut went = false;
            while start < best.script.len() && !self.is_over() {
                let end = (start + chunk).min(best.script.len());
                let mut changed = best.clone();
                changed.script.drain(start..end);
                let counted = counted_down(&changed, start, end - start);
                let passed = (end == start + 1)
                    .then(|| undelivered(best, start))
                    .flatten();
                let others = counted.into_iter().chain(passed.into_iter().flatten());
                let mut tried = std::iter::once(changed).chain(others);
                if tried.any(|changed| self.take(best, changed)) {
                    went = true;
                } else {
                    start = end;
                }
            }
            if self.is_over() || (chunk == 1 && !went) {
                return;
            }
            if !went {
                chunk = chunk.div_ceil(2).max(1);
            }
        }
    }

    /// Takes out two entries at once, or three: what crashes is restarted, what is cut is healed, and
    /// neither can go alone. Whether any went.
    fn thin_together(&mut self, best: &mut Scenario) -> bool {
        let mut went = false;
        for (together, longest) in [(2, PAIRS_LONGEST), (3, TRIPLES_LONGEST)] {
            let mut places: Vec<usize> = (0..together).collect();
            while best.script.len() <= longest && !self.is_over() {
                if places[together - 1] >= best.script.len() {
                    break;
                }
                let mut changed = best.clone();
                for place in places.iter().rev() {
                    changed.script.remove(*place);
                }
                if self.take(best, changed) {
                    went = true;
                    places = (0..together).collect();
                } else if !next_choice(&mut places, best.script.len()) {
                    break;
                }
            }
        }
        went
    }

    /// Has chance do what an entry does, where messages travel by themselves and few entries are
    /// left. Whether any went.
    fn luck_instead(&mut self, best: &mut Scenario) -> bool {
        let before = best.script.len();
        let few = |best: &Scenario| (1..=LUCK_LONGEST).contains(&best.script.len());
        'again: while few(best) && !best.network.manual && !self.is_over() {
            for seed in 1..=LUCK_SEEDS {
                for place in 0..best.script.len() {
                    let mut changed = best.clone();
                    changed.seed = seed;
                    changed.script.remove(place);
                    if self.take(best, changed) {
                        continue 'again;
                    }
                }
            }
            break;
        }
        best.script.len() < before
    }

    /// Has each delivery take the oldest message that fits, where that comes to the same.
    fn oldest_messages(&mut self, best: &mut Scenario) {
        for place in 0..best.script.len() {
            let mut changed = best.clone();
            let (Action::Deliver(pick) | Action::Duplicate(pick)) =
                &mut changed.script[place].0.action
            else {
                continue;
            };
            if pick.skip > 0 {
                pick.skip = 0;
                self.take(best, changed);
            }
        }
    }

    /// Has messages travel by themselves from some entry on, the earliest that does, so that no entry
    /// delivers them.
    fn let_go(&mut self, best: &mut Scenario) {
        let lets_go = |entry: &ScriptEntry| matches!(entry.0.action, Action::Manual { .. });
        if !best.network.manual || best.script.iter().any(lets_go) {
            return;
        }
        for place in 0..best.script.len().saturating_sub(1) {
            let changed = flowing_from(best, place);
            if size(&changed) < size(best) && self.take(best, changed) {
                return;
            }
        }
    }

    fn fewer_clients(&mut self, best: &mut Scenario) {
        while best.clients.count > 0 {
            let mut changed = best.clone();
            changed.clients.count -= 1;
            if !self.take(best, changed) {
                return;
            }
        }
    }

    /// The same run with each delivery and timer in the script; with `quiet`, under options with
    /// which no timer goes off by itself.
    fn played_by_hand(&mut self, scenario: &Scenario, quiet: bool) -> Option<Scenario> {
        let mut run = build_walk(scenario, EVENTS_MAX).ok()?;
        let until = try_out(scenario, self.patience, None).ok()?.at;
        let _ = run.advance(until);
        if !self.early {
            let made = in_time(scenario, run.as_played());
            return self.holds(&made).then_some(made);
        }
        let actions: Vec<Action> = run.as_played().into_iter().map(|(_, a)| a).collect();
        if actions.len() > 2_000 {
            return None;
        }
        let mut base = scenario.clone();
        if quiet {
            calm(&mut base);
        }
        let mut made = by_hand(&base, actions);
        if !quiet {
            // So close together that no timer comes between them.
            for (entry, n) in made.script.iter_mut().zip(1..) {
                entry.0.at = Micros(1_500 * n);
            }
            made.until = Micros(1_500 * (made.script.len() as u64 + 1));
        }
        self.holds(&made).then_some(made)
    }

    /// What comes to the same in fewer steps, where every order of as little as happens can be
    /// searched: taking away alone ends at what can spare nothing, which need not be the shortest.
    fn searched(&mut self, best: &Scenario) -> Option<Scenario> {
        let Breach::Invariant(property) = self.breach else {
            return None;
        };
        let (tell, progress, stopped) = (&mut *self.tell, self.progress, &mut self.stopped);
        let mut looked = 0_u32;
        let found = shorter(best, property, &mut |_| {
            looked += 1;
            *stopped |= looked.is_multiple_of(256) && !tell(progress, None);
            !*stopped
        })?;
        self.played_by_hand(&found, true)
            .or_else(|| self.holds(&found).then_some(found))
    }

    /// Whether it was seen that no single entry can go.
    fn is_minimal(&mut self, best: &Scenario) -> bool {
        self.stopped = false;
        let goes = (0..best.script.len()).any(|place| {
            let mut changed = best.clone();
            changed.script.remove(place);
            self.holds(&changed)
        });
        !goes && !self.is_over()
    }
}

/// A hunt like that of `order`, with another seed for each `n`, in runs with at most so many faults.
fn lesser_hunt(order: &Order, strategy: Strategy, faults: usize, n: u32) -> Option<Hunt> {
    let luck = Chance::from_seed(order.seed).of(0x6167_6169);
    let mut order = Order {
        strategy,
        seed: luck.draw(u64::from(n)),
        ..order.clone()
    };
    let faults = faults.try_into().unwrap_or(u16::MAX);
    order.budget.faults = order.budget.faults.min(faults);
    Hunt::new(&order).ok()
}
