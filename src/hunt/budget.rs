//! What is hunted, and what may befall it.

use crate::base::{Draws, Ground, Pace};
use crate::scenario::{Scenario, ScenarioError, describe, ground};
use crate::sim::Action;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What may befall a cluster in a hunt. What the protocol makes no claim about never does, whatever
/// is allowed here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Budget {
    /// The most faults in one run.
    pub faults: u16,
    /// Nodes crash and start again.
    pub crashes: bool,
    /// Links are cut, one way or both, and mended.
    pub cuts: bool,
    /// Messages are lost, doubled, late, and overtake each other.
    pub network: bool,
    /// Nodes and clients stand still for a while.
    pub pauses: bool,
    /// Clocks drift and jump.
    pub clocks: bool,
    /// Timers go off early.
    pub timers: bool,
    /// Nodes lose their disks, where the protocol says that it withstands that.
    pub disks: bool,
    /// Nodes misbehave, as many as the protocol says that it withstands.
    pub liars: bool,
    /// Nodes join and leave.
    pub members: bool,
}

impl Default for Budget {
    /// All of it, and sixteen faults at the most.
    fn default() -> Budget {
        Budget {
            faults: 16,
            crashes: true,
            cuts: true,
            network: true,
            pauses: true,
            clocks: true,
            timers: true,
            disks: true,
            liars: true,
            members: true,
        }
    }
}

impl Budget {
    /// Whether timers may go off before they are due. Strategies by hand do not count how often they
    /// do, so that none does where there are to be no faults.
    pub(super) fn early(&self) -> bool {
        self.timers && self.any()
    }

    /// Whether there may be any fault; what holds for a whole run, a liar or a network that loses, is
    /// not counted either.
    pub(super) fn any(&self) -> bool {
        self.faults > 0
    }

    /// Whether anybody may lie.
    fn lies(&self) -> bool {
        self.liars && self.any()
    }

    /// Whether no more befalls `scenario` than may: what mends is no fault, nor is a timer or a liar.
    pub(super) fn covers(&self, scenario: &Scenario) -> bool {
        use Action::{
            Conduct, Deliver, Heal, Manual, Mend, Request, Restart, Resume, ResumeClient, Timeout,
        };
        let actions = scenario.script.iter().map(|entry| &entry.0.action);
        let faults = actions.filter(|action| {
            !matches!(
                action,
                Conduct { .. }
                    | Deliver(_)
                    | Heal {}
                    | Manual { .. }
                    | Mend { .. }
                    | Request { .. }
                    | Restart { .. }
                    | Resume { .. }
                    | ResumeClient { .. }
                    | Timeout { .. }
            )
        });
        faults.count() <= usize::from(self.faults)
    }
}

/// What is hunted.
#[derive(Clone, Debug, PartialEq)]
pub struct Quarry {
    /// The protocol's name.
    pub protocol: String,
    /// The rule that is left out; none for the protocol as it should be.
    pub mutant: Option<String>,
    /// What may befall it.
    pub budget: Budget,
    /// The ways in which its nodes can misbehave.
    pub(super) conducts: Vec<String>,
}

impl Quarry {
    /// Something to hunt.
    ///
    /// # Errors
    /// When there is no such protocol, or no such mutant of it.
    pub fn new(
        protocol: &str,
        mutant: Option<&str>,
        budget: Budget,
    ) -> Result<Quarry, ScenarioError> {
        let info = describe(protocol)?;
        if let Some(mutant) = mutant
            && !info.mutants.iter().any(|known| known == mutant)
        {
            let expected = format!("one of {}", info.mutants.join(", "));
            return Err(ScenarioError::new(
                "mutant",
                format!("{mutant:?}"),
                expected,
            ));
        }
        Ok(Quarry {
            protocol: protocol.to_owned(),
            mutant: mutant.map(str::to_owned),
            budget,
            conducts: info.conducts,
        })
    }

    /// How many nodes misbehave: where a rule is left out most often as many as may be, since many a
    /// rule is there against them.
    pub(super) fn liars(&self, ground: &Ground, luck: &mut Draws) -> u64 {
        let most = u64::from(ground.hardships.liars);
        match self.mutant.is_some() && luck.between(0, 3) > 0 {
            true => most,
            false => luck.between(0, most),
        }
    }

    /// What one of those that misbehave does: most often what the rule is there against, where that
    /// is known; nothing where nobody may.
    pub(super) fn ways(&self, own: &[&str], luck: &mut Draws) -> Vec<String> {
        if !self.budget.lies() || self.conducts.is_empty() {
            return Vec::new();
        }
        let mut ways: Vec<String> = match !own.is_empty() && luck.between(0, 3) > 0 {
            true => own.iter().map(|&way| way.to_owned()).collect(),
            false => (0..luck.between(1, 4))
                .map(|_| luck.one(&self.conducts))
                .collect(),
        };
        ways.sort();
        ways.dedup();
        ways
    }

    /// One draw of the circumstances, with the mutant in its place among the options.
    pub(super) fn ground(&self, pace: Pace, luck: &mut Draws) -> Ground {
        let mutant = self.mutant.as_deref();
        // The protocol is known: `new` has asked for it.
        let mut ground = ground(&self.protocol, mutant, pace, luck).unwrap_or_default();
        if !self.budget.lies()
            && let Some((option, nodes)) = ground.lying.take()
        {
            ground.options.remove(option);
            ground.nodes -= nodes;
        }
        if let Some(mutant) = mutant {
            ground.set("mutant", Value::from(mutant));
        }
        ground
    }
}
