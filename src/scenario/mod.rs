//! Scenarios and reports: the public formats, and the one registry of protocols.
//!
//! A run is a value: [`run`] turns a scenario into its report, and [`build`] into a
//! [`Simulation`] to be walked by hand. docs/SCENARIO.md documents the
//! format.

use crate::sim::Simulation;

mod error;
mod expect;
mod format;
mod history;
mod registry;
mod report;

pub use error::ScenarioError;
pub use expect::{Expect, ExpectMilestone, ExpectNode, ExpectResult, ExpectTally};
pub use format::{FORMAT_VERSION, Network, Scenario, ScriptEntry, action_object, read_action};
#[cfg(feature = "hunt")]
pub use history::contradicts;
pub use registry::{ProtocolInfo, build, describe, protocols};
#[cfg(feature = "hunt")]
pub use registry::{build_walk, ground, least_nodes, sample_op};
pub use report::{Availability, Latency, Report, Verdict};

/// The events and messages that a run may have, unless told otherwise: some 250 MB of trace.
pub const BUDGET: u32 = 4_000_000;

/// Runs a scenario to its end.
///
/// # Errors
/// Where the scenario is wrong, or that its run is longer than `budget` events and messages.
pub fn run(scenario: &Scenario, budget: u32) -> Result<Report, ScenarioError> {
    let mut run = build(scenario, budget)?;
    run.advance(scenario.until).map_err(|over| {
        let expected = format!("a run of at most {} events and messages", over.budget);
        ScenarioError::new(
            "until_ms",
            format!("more than that by {} ms", over.at),
            expected,
        )
    })?;
    Ok(report(run.as_ref()))
}

/// Reports on a run up to the moment it shows.
pub fn report(run: &dyn Simulation) -> Report {
    Report::of(run)
}
