//! Looking among runs that are as small for one that can spare something: where taking away ends, a
//! change that neither helps nor harms may open the way, as on the plateaus of a search by hill
//! climbing.

use super::budget::Quarry;
use super::changes::{size, sound};
use super::shrink::Work;
use super::swarm;
use super::trial::Breach;
use crate::base::{Chance, Draws, Micros, NodeId};
use crate::scenario::{Network, Scenario, ScriptEntry};
use crate::sim::Action;

/// Within how many events what is as small is looked at; and how many of them, and of the tries for each
/// entry that there is, may come to nothing smaller.
const EVENTS: u64 = 8_000_000;
const VAIN_EVENTS: u64 = 4_000_000;
const VAIN_TRIES: u64 = 1_000;

/// After how many tries in turn it is asked whether to go on.
const ASKS: u64 = 64;

/// The shortest and the longest scripts for which it is done.
const SHORTEST: usize = 1;
const LONGEST: usize = 40;

/// How much later the violation may come than it does.
const LATER: Micros = Micros::from_ms(500);

impl Work<'_> {
    /// Takes for `best` what is smaller and a few changes away. Whether anything was.
    pub(super) fn wander(&mut self, quarry: &Quarry, best: &mut Scenario) -> bool {
        let long = (SHORTEST..=LONGEST).contains(&best.script.len());
        // Without a rule left out nothing tells a fault that is withstood from one that is not, and a
        // silence is one only where all is well at its end.
        let silent = matches!(self.breach, Breach::Silence);
        if !long || best.network.manual || silent || sound(best).is_none() {
            return false;
        }
        let before = size(best);
        let mut luck = Draws::new(Chance::from_seed(best.seed).of(0x7761_6e64));
        let mut here = best.clone();
        here.until += LATER;
        let start = self.events();
        let (mut smaller, mut n) = ((start, 0), 0);
        while self.events() - start < EVENTS
            && self.events() - smaller.0 < VAIN_EVENTS
            && n - smaller.1 < VAIN_TRIES * size(best).0 as u64
            && !self.is_over()
        {
            n += 1;
            if n % ASKS == 0 && !self.goes_on_elsewhere() {
                break;
            }
            let fresh = swarm::draft(quarry, best.seed, n).scenario;
            let mut changed = here.clone();
            change(&mut changed, &fresh, &mut luck);
            while luck.coin() {
                change(&mut changed, &fresh, &mut luck);
            }
            changed.script.sort_by_key(|entry| entry.0.at);
            if size(&changed) > size(&here) || changed == here || !self.holds_elsewhere(&changed) {
                continue;
            }
            here = changed;
            if size(&here) < size(best) {
                *best = here.clone();
                smaller = (self.events(), n);
                self.is_smaller(best);
            }
        }
        size(best) < before
    }
}

fn change(scenario: &mut Scenario, fresh: &Scenario, luck: &mut Draws) {
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
            let fits = |entry: &&ScriptEntry| fits(&entry.0.action, scenario.nodes);
            let fitting: Vec<&ScriptEntry> = fresh.script.iter().filter(fits).collect();
            if !fitting.is_empty() {
                script[place] = luck.one(&fitting).clone();
                script[place].0.at = at;
            }
        }
        9 => scenario.seed = luck.between(1, 1_000),
        11 => fewer_clients(scenario, fresh, luck),
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
fn fewer_clients(scenario: &mut Scenario, fresh: &Scenario, luck: &mut Draws) {
    let clients = scenario.clients.count;
    let fewer = luck.between(0, u64::from(clients));
    let freed = u64::from(clients) - fewer;
    scenario.clients.count = fewer as u16;
    let asks = |entry: &&ScriptEntry| matches!(entry.0.action, Action::Request { .. });
    let fitting = fresh.script.iter().filter(asks);
    for entry in fitting.take(luck.between(0, 3 * freed) as usize) {
        if fits(&entry.0.action, scenario.nodes) {
            let mut entry = entry.clone();
            entry.0.at = Micros::from_ms(luck.between(1, scenario.until.0 / 1_000));
            scenario.script.push(entry);
        }
    }
}

/// A moment not far from `at`.
fn near(at: Micros, until: u64, luck: &mut Draws) -> Micros {
    let span = luck.one(&[2_000, 20_000, 200_000]);
    let at = (at.0 + luck.between(0, 2 * span)).saturating_sub(span);
    Micros(at.clamp(1_000, until) / 1_000 * 1_000)
}

/// Whether an action of another draft can go into a run of so many nodes: the two may differ in what
/// they claim to withstand, and in who misbehaves.
fn fits(action: &Action, nodes: u16) -> bool {
    let harmless = !matches!(action, Action::Conduct { .. } | Action::DiskLoss { .. });
    let mut there = |_: &str, node: NodeId| if node.0 < nodes { Ok(()) } else { Err(()) };
    harmless && action.each_node(&mut there).is_ok()
}
