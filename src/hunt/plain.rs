//! Making plain what else is out of the ordinary in a scenario, beside the length of its script.

use super::changes::{less_misbehaved, with_less_said, without_node};
use super::played::{BEAT, at_beat};
use super::shrink::Work;
use super::trial::Breach;
use crate::base::{Micros, Ratio};
use crate::scenario::{Network, Scenario, least_nodes};
use serde_json::Value;

impl Work<'_> {
    /// Leaves out the last node, or any other by giving its number to the last, as long as there are
    /// so many that the protocol claims anything.
    pub(super) fn fewer_nodes(&mut self, best: &mut Scenario) {
        'again: while usize::from(best.nodes) > least_nodes(best) && !self.is_over() {
            for gone in (0..best.nodes).rev() {
                if let Some(changed) = without_node(best, gone)
                    && self.take(best, changed)
                {
                    continue 'again;
                }
            }
            return;
        }
    }

    pub(super) fn plain_network(&mut self, best: &mut Scenario) {
        let plain = Network {
            manual: best.network.manual,
            ..Network::default()
        };
        let mut changed = best.clone();
        changed.network = plain;
        // Where the plain network does not do, as much of it as does.
        if best.network != plain && !self.take(best, changed) {
            let changes: [fn(&mut Network); 4] = [
                |network| network.loss = Ratio::ZERO,
                |network| network.duplicate = Ratio::ZERO,
                |network| network.reorder = Ratio::ZERO,
                |network| network.latency = [Micros::from_ms(10); 2],
            ];
            for change in changes {
                let mut changed = best.clone();
                change(&mut changed.network);
                self.take(best, changed);
            }
        }
        for seed in 1..=3 {
            if best.seed > seed {
                let mut changed = best.clone();
                changed.seed = seed;
                self.take(best, changed);
            }
        }
    }

    /// Leaves each option to its default where that comes to the same.
    pub(super) fn plain_options(&mut self, best: &mut Scenario) {
        let Value::Object(options) = best.options.clone() else {
            return;
        };
        for name in options.keys().filter(|name| *name != "mutant") {
            let mut changed = best.clone();
            if let Value::Object(options) = &mut changed.options {
                options.remove(name);
            }
            self.take(best, changed);
        }
        let plain = crate::sim::Clients {
            count: best.clients.count,
            workload: best.clients.workload.clone(),
            ..crate::sim::Clients::default()
        };
        // Whoever gave up would not be answered either.
        if !matches!(self.breach, Breach::Silence) {
            let mut changed = best.clone();
            changed.clients = plain;
            self.take(best, changed);
        }
        if best.clients.count == 0 {
            let mut changed = best.clone();
            changed.clients.workload = None;
            self.take(best, changed);
        }
    }

    /// Leaves out of operations what their protocol has a default for, from the end on: what is not
    /// named was not needed, such as a token that nobody was granted.
    pub(super) fn plain_operations(&mut self, best: &mut Scenario) {
        for place in 0..best.script.len() {
            while !self.is_over()
                && let Some(changed) = with_less_said(best, place)
                && self.take(best, changed)
            {}
        }
    }

    /// Puts the script's moments on whole tens, or whole milliseconds.
    pub(super) fn tidy_times(&mut self, best: &mut Scenario) {
        if best.network.manual {
            let mut changed = best.clone();
            let actions = best.script.iter().map(|entry| entry.0.action.clone());
            changed.script = actions.zip(1..).map(|(a, beat)| at_beat(a, beat)).collect();
            changed.until = Micros(BEAT.0 * (changed.script.len() as u64 + 1));
            self.take(best, changed);
            return;
        }
        for grain in [10_000, 1_000] {
            let mut changed = best.clone();
            for entry in &mut changed.script {
                entry.0.at = Micros((entry.0.at.0 + grain / 2) / grain * grain);
                entry.0.after = 0;
            }
            changed.until = Micros(changed.until.0.div_ceil(grain) * grain);
            if self.take(best, changed) {
                return;
            }
        }
    }

    /// Has those who misbehave do so in as few ways as do.
    pub(super) fn fewer_ways(&mut self, best: &mut Scenario) {
        let mut place = 0;
        while place < best.script.len() && !self.is_over() {
            let less = less_misbehaved(best, place);
            if !less.into_iter().any(|changed| self.take(best, changed)) {
                place += 1;
            }
        }
    }
}
