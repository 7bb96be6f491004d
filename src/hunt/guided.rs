//! Changes to runs that showed something new, as in fuzzing guided by coverage (Zalewski, *afl*).

use super::budget::Quarry;
use super::swarm::{self, Draft};
use crate::base::{Chance, Draws, Micros, Ratio};
use crate::scenario::ScriptEntry;
use crate::sim::Action;

/// The most drafts that are kept.
const KEPT: usize = 64;

/// The drafts that showed most.
#[derive(Clone, Debug, Default)]
pub(super) struct Corpus {
    kept: Vec<(usize, Draft)>,
}

impl Corpus {
    /// Remembers a draft that showed `new` things.
    pub(super) fn learn(&mut self, draft: Draft, new: usize) {
        if new == 0 {
            return;
        }
        let place = self.kept.partition_point(|(held, _)| *held >= new);
        if place < KEPT {
            self.kept.insert(place, (new, draft));
            self.kept.truncate(KEPT);
        }
    }

    /// What was kept is worth less from run to run, so that the new comes in.
    pub(super) fn age(&mut self) {
        self.kept.iter_mut().for_each(|(new, _)| *new -= *new / 64);
    }
}

/// The `n`-th draft: one that showed something new, changed a little.
pub(super) fn draft(quarry: &Quarry, corpus: &Corpus, seed: u64, n: u64) -> Draft {
    let fresh = swarm::draft(quarry, seed ^ 0x6775_6964, n);
    let mut luck = Draws::new(Chance::from_seed(seed).of(0x6775_6964).of(n));
    let Some(last) = corpus.kept.len().checked_sub(1) else {
        return fresh;
    };
    if luck.between(0, 7) == 0 {
        return fresh;
    }
    // The better ones more often.
    let bound = luck.between(0, last as u64);
    let place = luck.between(0, bound) as usize;
    let mut draft = corpus.kept[place].1.clone();
    for _ in 0..luck.between(1, 4) {
        change(&mut draft, &fresh, &mut luck);
    }
    // What ends a run asks whether somebody still answers: it stays last.
    if draft.patience == Micros::ZERO {
        draft.scenario.script.sort_by_key(|entry| entry.0.at);
    }
    draft
}

/// Whether an action can go into any run of so many nodes: the two drafts may differ in what they claim
/// to withstand, and in who misbehaves.
pub(super) fn is_always_withstood(action: &Action, nodes: u16) -> bool {
    use Action::*;
    let harmless = matches!(
        action,
        Crash { .. }
            | Restart { .. }
            | Pause { .. }
            | Resume { .. }
            | Cut { .. }
            | Mend { .. }
            | Isolate { .. }
            | Partition { .. }
            | Heal {}
            | Link { .. }
    );
    let mut there =
        |_: &str, node: crate::base::NodeId| if node.0 < nodes { Ok(()) } else { Err(()) };
    harmless && action.each_node(&mut there).is_ok()
}

fn change(draft: &mut Draft, other: &Draft, luck: &mut Draws) {
    let script = &mut draft.scenario.script;
    let tail = usize::from(draft.patience > Micros::ZERO);
    let open = script.len().saturating_sub(tail);
    let place = (open > 0).then(|| luck.between(0, open as u64 - 1) as usize);
    match (luck.between(0, 7), place) {
        (0, Some(place)) => {
            script.remove(place);
        }
        (1 | 2, Some(place)) => {
            let span = luck.one(&[2_000, 20_000, 200_000]);
            let at = script[place].0.at.0 + luck.between(0, 2 * span);
            script[place].0.at = Micros(at.saturating_sub(span));
        }
        (3, Some(place)) => {
            let mut copy = script[place].clone();
            copy.0.at += Micros(luck.between(1, 300_000));
            script.insert(place + 1, copy);
        }
        (4, _) => draft.scenario.seed = luck.between(0, u64::from(u32::MAX)),
        (5, _) => {
            let network = &mut draft.scenario.network;
            let share = luck.one(&[0, 20_000, 150_000]);
            network.reorder = Ratio::from_millionths(share).unwrap_or_default();
        }
        _ => {
            let nodes = draft.scenario.nodes;
            let fits = |entry: &&ScriptEntry| is_always_withstood(&entry.0.action, nodes);
            let open = other.scenario.script.iter().filter(fits);
            let fitting: Vec<&ScriptEntry> = open.collect();
            if !fitting.is_empty() {
                let entry = luck.one(&fitting).clone();
                let place = script.partition_point(|held| held.0.at <= entry.0.at);
                let most = script.len().saturating_sub(tail);
                script.insert(place.min(most), entry);
            }
        }
    }
    script_in_order(draft);
}

/// Puts a script in order of time; with a last request at its end, that stays the last.
fn script_in_order(draft: &mut Draft) {
    let tail = usize::from(draft.patience > Micros::ZERO);
    let script = &mut draft.scenario.script;
    let open = script.len().saturating_sub(tail);
    script[..open].sort_by_key(|entry| entry.0.at);
    if let (Some(last), true) = (script.last().map(|entry| entry.0.at), tail > 0) {
        script[..open]
            .iter_mut()
            .for_each(|entry| entry.0.at = entry.0.at.min(last));
    }
}
