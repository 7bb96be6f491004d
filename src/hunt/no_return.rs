//! The point of no return: how likely a violation is when a run is left at some event and goes on
//! at random from there.

use super::played::is_by_hand;
use super::trial::{Breach, EVENTS_MAX};
use crate::base::{Chance, Draws, Micros};
use crate::scenario::{Scenario, ScenarioError, build_walk, contradicts};
use crate::sim::{Action, Entry, Walk};
use serde::Serialize;

/// How likely the violation is from one event on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Fate {
    /// The event after which the run was left.
    pub event: u32,
    /// Its moment, in milliseconds.
    #[serde(rename = "at_ms")]
    pub at: Micros,
    /// How many continuations were tried.
    pub tried: u32,
    /// How many of them came to the violation.
    pub violated: u32,
}

/// Leaves the run of `scenario`, which ends in `breach`, after event `event`, and goes on `tries`
/// times at random: chance falls otherwise from there on, messages that waited for a hand travel by
/// themselves, and what the script would still have done is done at a random moment or not at all.
///
/// # Errors
/// Where the scenario is wrong.
pub fn no_return(
    scenario: &Scenario,
    breach: &Breach,
    event: u32,
    tries: u32,
    seed: u64,
) -> Result<Fate, ScenarioError> {
    let mut run = build_walk(scenario, EVENTS_MAX)?;
    while run.position() <= event && run.now() <= scenario.until {
        // One that would be too long ends there.
        if !run.step().unwrap_or(false) {
            break;
        }
    }
    let at = run.now();
    // Else it would all come at its moment, whatever chance makes of it.
    let rest = run.end_script();
    // As long again as what is left, so that what comes late comes at all.
    let left = scenario.until.since(at);
    let span = Micros((2 * left.0).max(1_000_000));
    let mut violated = 0;
    for n in 0..tries {
        let luck = Draws::new(
            Chance::from_seed(seed)
                .of(u64::from(event))
                .of(u64::from(n)),
        );
        let mut branch = run.fork();
        violated += u32::from(goes_wrong(branch.as_mut(), breach, &rest, span, luck));
    }
    Ok(Fate {
        event,
        at,
        tried: tries,
        violated,
    })
}

fn goes_wrong(
    run: &mut dyn Walk,
    breach: &Breach,
    rest: &[Entry],
    span: Micros,
    mut luck: Draws,
) -> bool {
    let wrong = |run: &dyn Walk| match breach {
        Breach::Invariant(name) => run.breach() == Some(name),
        Breach::History => false,
        Breach::Silence => false,
    };
    if wrong(run) {
        return true;
    }
    let seed = luck.between(0, u64::from(u32::MAX));
    let start = run.now();
    let mut coming: Vec<(Micros, &Action)> = Vec::new();
    for entry in rest {
        if !is_by_hand(&entry.action) && luck.coin() {
            let at = start + Micros(luck.between(0, span.0 / 2));
            coming.push((at, &entry.action));
        }
    }
    coming.sort_by_key(|(at, _)| *at);
    // What cannot be done at its new moment is passed over, as a script's is.
    let _ = run.apply(Action::Reseed { seed });
    let _ = run.apply(Action::Manual { on: false });
    for (at, action) in coming {
        if run.advance(at).is_err() || wrong(run) {
            break;
        }
        let _ = run.apply(action.clone());
    }
    let _ = run.advance(start + span);
    match breach {
        Breach::History => contradicts(run),
        Breach::Silence => run
            .requests()
            .checked_sub(1)
            .is_some_and(|last| !run.is_answered(last)),
        Breach::Invariant(_) => wrong(run),
    }
}
