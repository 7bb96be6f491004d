//! Running a scenario and judging it, without the cost of a report.

use super::seen::{LOOKS, Seen};
use crate::base::Micros;
use crate::scenario::{Scenario, ScenarioError, build_walk, contradicts};
use crate::sim::{Action, Walk};
use serde::{Deserialize, Serialize};

/// The events and messages that a run of a hunt may have; one that would have more ends there.
pub(super) const EVENTS_MAX: u32 = 400_000;

/// What is wrong with a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breach {
    /// A safety property is violated, the one of that name first.
    Invariant(String),
    /// No order of the clients' operations explains what they were answered.
    History,
    /// Everybody is up and the network whole, and yet the last request is never answered.
    Silence,
}

/// What became of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// What is wrong with it, if something is.
    pub breach: Option<Breach>,
    /// When that was found; the end of the run where nothing is wrong.
    pub at: Micros,
    /// How many events it had.
    pub events: u32,
    /// How much in it was new to the hunt.
    pub new: usize,
}

/// Runs `scenario` until something is wrong, or to its end. `patience` is the span within which
/// the last request of the script has to be answered if all is well when it is asked; zero where
/// that is not looked at.
///
/// # Errors
/// Where the scenario is wrong.
pub fn try_out(
    scenario: &Scenario,
    patience: Micros,
    mut seen: Option<&mut Seen>,
) -> Result<Trial, ScenarioError> {
    let mut run = build_walk(scenario, EVENTS_MAX)?;
    let slice = Micros((scenario.until.0 / LOOKS).max(1_000));
    let (mut new, mut looked) = (0, 0);
    let trial = |run: &dyn Walk, breach, new| Trial {
        breach,
        at: run.now(),
        events: run.position(),
        new,
    };
    let trusted = asked_when_well(scenario, patience);
    let mut asked_for = None;
    while run.now() < scenario.until {
        let mut to = (run.now() + slice).min(scenario.until);
        if let Some(asked) = trusted
            && run.now() < asked
        {
            to = to.min(asked);
        }
        let over = run.advance(to).is_err();
        if let Some(name) = run.breach() {
            let breach = Breach::Invariant(name.to_owned());
            return Ok(trial(run.as_ref(), Some(breach), new));
        }
        if trusted == Some(run.now()) {
            let request = run.requests().checked_sub(1);
            asked_for = request.filter(|_| run.is_well());
        }
        if let Some(seen) = seen.as_deref_mut() {
            new += seen.look(run.as_ref(), looked);
            looked = run.position();
        }
        if over {
            return Ok(trial(run.as_ref(), None, new));
        }
    }
    if contradicts(run.as_ref()) {
        return Ok(trial(run.as_ref(), Some(Breach::History), new));
    }
    if asked_for.is_some_and(|request| !run.is_answered(request)) {
        return Ok(trial(run.as_ref(), Some(Breach::Silence), new));
    }
    Ok(trial(run.as_ref(), None, new))
}

/// When the last entry of the script is asked, if it is a request with nothing after it and the
/// run goes on for long enough.
fn asked_when_well(scenario: &Scenario, patience: Micros) -> Option<Micros> {
    let last = &scenario.script.last()?.0;
    let asks = matches!(last.action, Action::Request { .. });
    let long_enough = last.at + patience <= scenario.until;
    (patience > Micros::ZERO && asks && long_enough).then_some(last.at)
}
