//! Looking among runs that are as small for one that can spare something: where taking away ends, a
//! change that neither helps nor harms may open the way, as on the plateaus of a search by hill
//! climbing.

use super::budget::Quarry;
use super::changes::size;
use super::guided::is_always_withstood;
use super::shrink::{ASKS, Work};
use super::swarm;
use crate::base::{Chance, Draws, Micros, NodeId};
use crate::scenario::{Network, Scenario, ScriptEntry};
use crate::sim::Action;
use std::collections::BTreeSet;

/// Within how many events what is as small is looked at; and how many of them, and of the tries for each
/// entry that there is, may come to nothing smaller.
const EVENTS: u64 = 8_000_000;
const VAIN_EVENTS: u64 = 4_000_000;
const VAIN_TRIES: usize = 1_000;

/// The longest scripts for which it is done.
const LONGEST: usize = 40;

/// How much later the violation may come than it does.
const LATER: Micros = Micros::from_ms(500);

impl Work<'_> {
    /// Takes for `best` what is smaller and a few changes away. Whether anything was.
    pub(super) fn wander(&mut self, quarry: &Quarry, best: &mut Scenario) -> bool {
        if best.script.is_empty() || best.script.len() > LONGEST {
            return false;
        }
        let before = size(best);
        let mut luck = Draws::new(Chance::from_seed(best.seed).of(0x7761_6e64));
        let mut here = best.clone();
        here.until += LATER;
        let known = Known::of(best);
        let most = known.faults.max(usize::from(quarry.budget.faults));
        let start = self.events();
        let (mut smaller, mut n) = ((start, 0), 0_u32);
        while self.events() - start < EVENTS
            && self.events() - smaller.0 < VAIN_EVENTS
            && ((n - smaller.1) as usize) < VAIN_TRIES * size(best).0
            && !self.is_over()
        {
            n += 1;
            if n.is_multiple_of(ASKS) && !self.goes_on_elsewhere() {
                break;
            }
            let mut fresh = swarm::draft(quarry, best.seed, u64::from(n))
                .scenario
                .script;
            fresh.retain(|entry| known.allows(&entry.0.action, best.nodes));
            let mut changed = here.clone();
            change(&mut changed, &fresh, &mut luck);
            while luck.coin() {
                change(&mut changed, &fresh, &mut luck);
            }
            changed.script.sort_by_key(|entry| entry.0.at);
            let fits = size(&changed) <= size(&here) && Known::of(&changed).faults <= most;
            if !fits || changed == here || !self.holds_elsewhere(&changed) {
                continue;
            }
            here = changed;
            if size(&here) < size(best) {
                *best = here.clone();
                smaller = (self.events(), n);
                if quarry.budget.covers(best) {
                    self.offer(best);
                }
            }
        }
        size(best) < before
    }
}

/// What befalls a run by now.
struct Known {
    /// The kinds of its script's entries.
    kinds: BTreeSet<&'static str>,
    /// How many of them are faults.
    faults: usize,
}

impl Known {
    fn of(scenario: &Scenario) -> Known {
        let actions = scenario.script.iter().map(|entry| &entry.0.action);
        let asks = |action: &&Action| matches!(action, Action::Request { .. });
        Known {
            kinds: actions.clone().map(Action::name).collect(),
            faults: actions.filter(|action| !asks(action)).count(),
        }
    }

    /// Whether an entry of another draft can go in: the two may differ in what they claim to withstand,
    /// and in who misbehaves, but not where the same befalls both.
    fn allows(&self, action: &Action, nodes: u16) -> bool {
        use Action::{Conduct, DiskLoss, Request, Skew, SkewClient};
        let odd = matches!(
            action,
            Conduct { .. } | DiskLoss { .. } | Skew { .. } | SkewClient { .. }
        );
        let asks = matches!(action, Request { .. });
        let mut there = |_: &str, node: NodeId| if node.0 < nodes { Ok(()) } else { Err(()) };
        let is_there = action.each_node(&mut there).is_ok();
        let known = !odd && self.kinds.contains(action.name());
        is_there && (asks || known || is_always_withstood(action, nodes))
    }
}

fn change(scenario: &mut Scenario, fresh: &[ScriptEntry], luck: &mut Draws) {
    let until = scenario.until.0;
    let script = &mut scenario.script;
    if script.is_empty() {
        return;
    }
    let place = luck.between(0, script.len() as u64 - 1) as usize;
    match luck.between(0, 12) {
        0..=2 => {
            script.remove(place);
        }
        3..=5 => {
            let at = near(script[place].0.at, until, luck);
            script[place].0.at = at;
        }
        6..=8 => {
            let at = near(script[place].0.at, until, luck);
            if !fresh.is_empty() {
                script[place] = luck.one(fresh);
                script[place].0.at = at;
            }
        }
        9 => scenario.seed = luck.between(1, 1_000),
        10 => {
            let plain = Network::default();
            match luck.between(0, 2) {
                0 => scenario.network = plain,
                1 => {
                    let latency = scenario.network.latency;
                    scenario.network = Network { latency, ..plain };
                }
                _ => scenario.network.latency = plain.latency,
            }
        }
        11 => asked_instead(scenario, fresh, luck),
        _ => {
            let (from, to) = (script[place].0.at, near(script[place].0.at, until, luck));
            for entry in &mut script[place..] {
                entry.0.at = Micros((entry.0.at.0 + to.0).saturating_sub(from.0).min(until));
            }
        }
    }
}

/// Has requests of the script in the place of clients that ask by themselves, as many at the most as
/// those count for.
fn asked_instead(scenario: &mut Scenario, fresh: &[ScriptEntry], luck: &mut Draws) {
    let clients = scenario.clients.count;
    let fewer = luck.between(0, u64::from(clients));
    let freed = u64::from(clients) - fewer;
    scenario.clients.count = fewer as u16;
    let asks = |entry: &&ScriptEntry| matches!(entry.0.action, Action::Request { .. });
    let asked = fresh.iter().filter(asks);
    for entry in asked.take(luck.between(0, 3 * freed) as usize) {
        let mut entry = entry.clone();
        entry.0.at = Micros::from_ms(luck.between(1, scenario.until.0 / 1_000));
        scenario.script.push(entry);
    }
}

/// A moment not far from `at`.
fn near(at: Micros, until: u64, luck: &mut Draws) -> Micros {
    let span = luck.one(&[2_000, 20_000, 200_000]);
    let at = (at.0 + luck.between(0, 2 * span)).saturating_sub(span);
    Micros(at.clamp(1_000, until) / 1_000 * 1_000)
}
