//! Runs as actions that leave nothing to chance.

use crate::base::Micros;
use crate::scenario::{Scenario, ScriptEntry};
use crate::sim::{Action, Entry};

/// How far apart the actions of a run by hand are: far enough to be followed on the stage, near
/// enough that no timer goes off by itself.
pub(super) const BEAT: Micros = Micros::from_ms(10);

/// A scenario whose script is `actions`, a beat apart, with nobody else asking and every message
/// waiting for the script.
pub(super) fn by_hand(base: &Scenario, actions: impl IntoIterator<Item = Action>) -> Scenario {
    let mut scenario = base.clone();
    scenario.network = crate::scenario::Network {
        manual: true,
        ..Default::default()
    };
    scenario.clients.count = 0;
    scenario.clients.latency = [Micros::from_ms(1); 2];
    // Nobody turns to another node by himself.
    scenario.clients.timeout = Micros::from_ms(1_000_000);
    scenario.script = actions
        .into_iter()
        .zip(1..)
        .map(|(action, beat)| at_beat(action, beat))
        .collect();
    scenario.until = Micros(BEAT.0 * (scenario.script.len() as u64 + 1));
    scenario.open = None;
    scenario
}

/// A scenario in which what was done is at its own moment, but for timers: those go off by themselves.
pub(super) fn in_time(base: &Scenario, played: Vec<(Micros, Action)>) -> Scenario {
    let done = played
        .into_iter()
        .filter(|(_, action)| !matches!(action, Action::Timeout { .. }));
    let (moments, actions): (Vec<_>, Vec<_>) = done.unzip();
    let mut scenario = by_hand(base, actions);
    for (entry, at) in scenario.script.iter_mut().zip(moments) {
        entry.0.at = at;
    }
    scenario.until = base.until;
    scenario
}

pub(super) fn at_beat(action: Action, beat: u64) -> ScriptEntry {
    ScriptEntry(Entry {
        at: Micros(BEAT.0 * beat),
        after: 0,
        action,
    })
}

/// Whether an action says what becomes of messages, which matters only where they wait for it.
pub(super) fn is_by_hand(action: &Action) -> bool {
    matches!(
        action,
        Action::Deliver(_) | Action::Drop(_) | Action::Duplicate(_) | Action::Manual { .. }
    )
}
