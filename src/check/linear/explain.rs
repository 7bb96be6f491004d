//! Who is to blame where a part of a history has no order.

use super::{Cut, Hunt, Search};
use crate::check::model::Model;
use crate::check::walk::Walk;
use std::collections::BTreeSet;

/// How often it is tried to find fewer answers to blame.
const TRIES: u32 = 200;

/// With how many steps it is tried to find fewer of the answers that tell what changed the object.
const FACTS_STEPS: u64 = 200_000;

/// See [`Blame`](super::Blame).
pub(super) struct Explained<S> {
    pub(super) against: Vec<usize>,
    pub(super) needed: bool,
    pub(super) states: Vec<S>,
}

impl<M: Model> Hunt<'_, M> {
    /// The fewest answers beside the last that leave no order, as far as they can be found: first of
    /// those that only look, where all that changed the object is as it was answered; then of all.
    pub(super) fn explain(&mut self, among: &[usize], cut: Cut) -> Explained<M::State> {
        let says = |place: &usize| {
            let call = &self.history[*place];
            let answer = call.returned.as_ref();
            let answer = answer.filter(|(at, _)| (*at, *place) <= cut);
            *place != cut.1 && answer.is_some() && !self.model.is_silent(&call.op)
        };
        let looks = |place: &usize| {
            let call = &self.history[*place];
            let answer = call.returned.as_ref().map(|(_, outcome)| outcome);
            self.model.looks(&call.op, answer)
        };
        let told: Vec<usize> = among.iter().copied().filter(says).collect();
        let (seen, facts): (Vec<usize>, Vec<usize>) = told.iter().partition(|place| looks(place));
        let reads_alone = facts.is_empty()
            && seen
                .iter()
                .all(|place| self.model.is_read(&self.history[*place].op));
        let is_seen: BTreeSet<usize> = seen.iter().copied().collect();
        let mut tries = TRIES;
        let (against, needed) = fewest(seen.clone(), |answers| {
            let kept: BTreeSet<usize> = answers.iter().copied().collect();
            let kept = |place: &&usize| !is_seen.contains(place) || kept.contains(place);
            let kept: Vec<usize> = among.iter().filter(kept).copied().collect();
            tries = tries.checked_sub(1)?;
            self.fails(&kept, cut, &BTreeSet::new())
        });
        if !reads_alone {
            let freeing = |answers: &[usize]| -> BTreeSet<usize> {
                let kept: BTreeSet<usize> = answers.iter().copied().collect();
                let free = told.iter().filter(|place| !kept.contains(place));
                free.copied().collect()
            };
            let kept = self.left.saturating_sub(FACTS_STEPS);
            self.left -= kept;
            let found = [against.as_slice(), &facts].concat();
            // What is left out of a search altogether is freer than what may be answered otherwise.
            let enough = self.fails(among, cut, &freeing(&found)) == Some(true);
            let (fewer, all_needed) =
                fewest(if enough { found } else { told.clone() }, |answers| {
                    tries = tries.checked_sub(1)?;
                    self.fails(among, cut, &freeing(answers))
                });
            self.left += kept;
            if all_needed {
                let states = match fewer.is_empty() {
                    true => self.states(among, cut, &freeing(&[])),
                    false => Vec::new(),
                };
                return Explained {
                    against: fewer,
                    needed: true,
                    states,
                };
            }
        }
        let states = match against.is_empty() {
            true => self.states(among, cut, &is_seen),
            false => Vec::new(),
        };
        Explained {
            against,
            needed: needed && reads_alone,
            states,
        }
    }

    /// Whether a prefix has no order where any answer will do of those that are `freed`; nothing where
    /// the search for one comes to its limits.
    fn fails(&mut self, places: &[usize], cut: Cut, freed: &BTreeSet<usize>) -> Option<bool> {
        match self.order_without(places, cut, freed) {
            Search::None(_) => Some(true),
            Search::Found(_) => Some(false),
            Search::OutOfBudget => None,
        }
    }

    /// The states that the object can have been in while the last operation was under way, whatever
    /// those that are `freed` were answered, if it fits none; none too where there are many.
    fn states(&mut self, among: &[usize], cut: Cut, freed: &BTreeSet<usize>) -> Vec<M::State> {
        let (places, asked) = self.prefix(among, cut, freed);
        let Some(number) = places.iter().position(|place| *place == cut.1) else {
            return Vec::new();
        };
        let mut walk = Walk::new(self.model, &asked, false);
        walk.observe(number);
        let mut walks = [walk];
        let ends = matches!(self.search(&mut walks, &places), Search::None(_));
        match walks.into_iter().find_map(|walk| walk.watch) {
            Some(watch) if ends && !watch.placed && !watch.more => Vec::from_iter(watch.states),
            _ => Vec::new(),
        }
    }
}

/// The fewest of some answers that fail, where all of them do, as far as `fails` can tell; and whether it
/// could always tell, so that each of them is needed (Zeller and Hildebrandt 2002).
fn fewest(
    mut answers: Vec<usize>,
    mut fails: impl FnMut(&[usize]) -> Option<bool>,
) -> (Vec<usize>, bool) {
    let mut certain = true;
    let mut fails_with = |answers: &[usize]| {
        let fails = fails(answers);
        certain &= fails.is_some();
        fails == Some(true)
    };
    if fails_with(&[]) {
        answers.clear();
    }
    let mut size = answers.len().div_ceil(2);
    while size > 0 && answers.len() > 1 {
        let mut at = 0;
        while at < answers.len() {
            let end = (at + size).min(answers.len());
            let rest = [&answers[..at], &answers[end..]].concat();
            if fails_with(&rest) {
                answers = rest;
            } else {
                at = end;
            }
        }
        size /= 2;
    }
    (answers, certain)
}
