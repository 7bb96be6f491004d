//! What a hunt has seen so far: the measure by which one run is more interesting than another.

use crate::sim::Walk;
use std::collections::BTreeSet;

/// The moments between which a run is looked at: so many to a run.
pub(super) const LOOKS: u64 = 48;

/// The most distinct things that are remembered, so that memory stays bounded.
const MOST: usize = 400_000;

/// Distinct states and facts that came up in any run.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    states: BTreeSet<u64>,
    facts: BTreeSet<u64>,
    buffer: Vec<u64>,
}

impl Seen {
    /// How many distinct states: who is ahead of whom in each number that a glance shows.
    pub fn states(&self) -> usize {
        self.states.len()
    }

    /// How many distinct kinds of facts, and pairs of them that followed each other at one node.
    pub fn facts(&self) -> usize {
        self.facts.len()
    }

    /// Looks at a run, whose events before `from` it has seen. Returns how much was new.
    pub(super) fn look(&mut self, run: &dyn Walk, from: u32) -> usize {
        let mut new = 0;
        if self.states.len() < MOST {
            new += usize::from(self.states.insert(run.outline()));
        }
        self.buffer.clear();
        run.facts(from, &mut self.buffer);
        for fact in &self.buffer {
            // A new pair of facts is rarer, and worth more, than a new state.
            new += 4 * usize::from(self.facts.insert(*fact));
        }
        new
    }
}
