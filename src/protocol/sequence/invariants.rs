//! What has to hold of the replicated text, watched edit by edit and held against the oracle.

use super::edits::{Vector, shown_name};
use super::milestone::{Change, How, Milestone};
use super::oracle::{Oracle, nth};
use super::state::Sequence;
use crate::base::{Monitor, NodeId, Violation, counted};
use crate::text::{Edit, Element, ElementId, Version, What};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const SAME: usize = 0;
const EXACT: usize = 1;
const DELETIONS: usize = 2;
const INSERTIONS: usize = 3;
const ORDER: usize = 4;
const NAMES_ONCE: usize = 5;
const TOLD: usize = 6;

/// What a node was last seen to hold.
#[derive(Clone, Debug, Default)]
struct Held {
    version: Version,
    text: String,
    /// Whether the text is not what the version says: then what is typed into it need not be either.
    wrong: bool,
}

/// The watch over a whole run.
#[derive(Clone, Debug, Default)]
pub struct Invariants {
    oracle: Arc<Oracle>,
    held: BTreeMap<NodeId, Arc<Held>>,
    /// An identity was used twice. From then on a version no longer tells which edits it means, so
    /// that there is nothing to hold a text against.
    ambiguous: bool,
    early: u64,
    again: u64,
    /// What was reported already of each node, so that it is reported once.
    reported: BTreeSet<(usize, NodeId)>,
}

impl Monitor<Sequence> for Invariants {
    const NAMES: &'static [&'static str] = &[
        "strong eventual consistency",
        "exactness of versions",
        "intention of deletions",
        "intention of insertions",
        "maximal non-interleaving",
        "uniqueness of names",
        "changes as told",
    ];

    const TALLIES: &'static [&'static str] = &["edits that came early", "edits that came again"];

    fn observe(
        &mut self,
        node: NodeId,
        core: &Sequence,
        milestone: &Milestone,
        found: &mut Vec<Violation>,
    ) {
        if self.ambiguous {
            return;
        }
        let before = self.held.get(&node).map(Arc::clone).unwrap_or_default();
        let mut watch = Watch {
            node,
            all: self,
            found,
        };
        match milestone {
            Milestone::Wrote {
                how,
                changes,
                edits,
                ..
            } => {
                watch.intends(*how, changes, edits, &before);
                watch.records(edits, &before.version);
                watch.holds(core, changes, &before);
            }
            Milestone::Took { changes, .. } => watch.holds(core, changes, &before),
            Milestone::Waits { .. } => self.early += 1,
            Milestone::Knew { .. } => self.again += 1,
            Milestone::Even { .. } | Milestone::Reborn { .. } => {}
        }
    }

    fn tallies(&self) -> Vec<u64> {
        vec![self.early, self.again]
    }

    fn weight(&self) -> usize {
        let held = self.held.values().map(|held| held.text.len() + 64);
        size_of::<Self>() + self.oracle.weight() + held.sum::<usize>()
    }

    fn crashed(&mut self, node: NodeId, disk_lost: bool) {
        if disk_lost {
            self.held.remove(&node);
        }
    }
}

/// The invariants, while they look at one milestone.
struct Watch<'a> {
    node: NodeId,
    all: &'a mut Invariants,
    found: &'a mut Vec<Violation>,
}

impl Watch<'_> {
    fn report(&mut self, invariant: usize, nodes: Vec<NodeId>, text: String) {
        if self.all.reported.insert((invariant, self.node)) {
            self.found.push(Violation {
                invariant,
                nodes,
                text,
            });
        }
    }

    fn report_here(&mut self, invariant: usize, text: String) {
        self.report(invariant, vec![self.node], text);
    }

    /// What its author tells the others is what he did: by identity, with neighbours that he saw.
    fn intends(&mut self, how: How, changes: &[Change], edits: &[Edit], before: &Held) {
        let ([change], false) = (changes, how == How::Undo || before.wrong) else {
            return;
        };
        let oracle = Arc::clone(&self.all.oracle);
        let at = change.at as usize;
        let id = |number: u32| oracle.letter(number).id;
        let mut seen = oracle.visible(&before.version).map(id);
        match how {
            How::Insert => {
                let left = at.checked_sub(1).and_then(|at| seen.nth(at));
                if told_place(edits, &before.version) != Some(left) {
                    let text = format!(
                        "Node {} writes “{}” at {at}, but tells the others of another place",
                        self.node, change.text
                    );
                    self.report_here(INSERTIONS, text);
                }
            }
            _ => {
                let seen: Vec<ElementId> = seen.skip(at).take(change.deleted as usize).collect();
                let targets = edits.iter().flat_map(|edit| {
                    let target = match &edit.what {
                        What::Delete { target, backwards } => Some((*target, *backwards)),
                        _ => None,
                    };
                    (known_of(edit, &before.version)..edit.len).filter_map(move |n| {
                        target.map(|(target, backwards)| nth(target, backwards, n))
                    })
                });
                let mut targets: Vec<ElementId> = targets.collect();
                let mut expected = seen;
                targets.sort();
                expected.sort();
                if targets != expected {
                    let text = format!(
                        "Node {} deletes {} at {at}, but tells the others to delete others",
                        self.node,
                        counted(change.deleted, "letter")
                    );
                    self.report_here(DELETIONS, text);
                }
            }
        }
    }

    /// An author has made edits. No identity is used for two.
    fn records(&mut self, edits: &[Edit], version: &Version) {
        let oracle = Arc::make_mut(&mut self.all.oracle);
        let mut twice = None;
        for edit in edits {
            twice = twice.or(oracle.record(edit, version));
        }
        if let Some(ElementId { replica, seq }) = twice {
            let name = shown_name(replica);
            let text = format!(
                "Node {} makes an edit under the identity {name}:{seq}, which another edit has \
                 already",
                self.node
            );
            self.report_here(NAMES_ONCE, text);
            self.all.ambiguous = true;
        }
    }

    /// The node's text has changed: it must be the one that its version says.
    fn holds(&mut self, core: &Sequence, changes: &[Change], before: &Held) {
        if self.all.ambiguous {
            return;
        }
        let (version, text) = (core.known().clone(), core.document().text());
        let expected = self.all.oracle.text(&version);
        let held = Arc::new(Held {
            wrong: expected != text || before.wrong,
            version,
            text,
        });
        if with(changes, &before.text).as_ref() != Some(&held.text) {
            let text = format!(
                "Node {} says of its changes what does not make “{}” of “{}”",
                self.node,
                short(&held.text),
                short(&before.text)
            );
            self.report_here(TOLD, text);
        }
        self.agrees(&held);
        if expected != held.text {
            self.explain(core, &held, &expected);
        } else {
            self.is_made(&held);
        }
        self.all.held.insert(self.node, held);
    }

    /// Nobody knows edits that were not made.
    fn is_made(&mut self, held: &Held) {
        let beyond = |(name, count): &(_, u32)| *count > self.all.oracle.count(*name);
        if let Some((name, count)) = held.version.iter().find(beyond) {
            let made = self.all.oracle.count(name);
            let text = format!(
                "Node {} says that it knows {} of replica {}, which has made {made}",
                self.node,
                counted(count, "operation"),
                shown_name(name)
            );
            self.report_here(EXACT, text);
        }
    }

    /// Who knows the same edits shows the same text.
    fn agrees(&mut self, held: &Held) {
        let differs = |(other, theirs): &(&NodeId, &Arc<Held>)| {
            **other != self.node && theirs.version == held.version && theirs.text != held.text
        };
        if let Some((other, theirs)) = self.all.held.iter().find(differs) {
            let text = format!(
                "Nodes {other} and {} say that they know the same edits, {}, and show “{}” and “{}”",
                self.node,
                Vector(&held.version),
                short(&theirs.text),
                short(&held.text)
            );
            self.report(SAME, vec![*other, self.node], text);
        }
    }

    /// Says which rule a text breaks that is not what its version says.
    fn explain(&mut self, core: &Sequence, held: &Held, expected: &str) {
        let shown: Vec<Element> = core.document().elements().collect();
        let wrong = self.what_is_wrong(&shown, &held.version);
        let (invariant, what) = wrong.unwrap_or((
            ORDER,
            "letters that were inserted at the same time stand in another order".to_owned(),
        ));
        let text = format!(
            "Node {} shows “{}”, but the edits that it says it knows make “{}”: {what}",
            self.node,
            short(&held.text),
            short(expected)
        );
        self.report_here(invariant, text);
    }

    fn what_is_wrong(&self, shown: &[Element], version: &Version) -> Option<(usize, String)> {
        let oracle = &self.all.oracle;
        let mut places: BTreeMap<ElementId, usize> = BTreeMap::new();
        for (place, element) in shown.iter().enumerate() {
            let known = oracle.find(element.id).filter(|number| {
                let ElementId { replica, seq } = element.id;
                seq < version.of(replica) && oracle.letter(*number).letter == element.letter
            });
            let Some(number) = known else {
                if !element.visible {
                    continue;
                }
                let what = format!("“{}” is none of them, or twice there", element.letter);
                return Some((EXACT, what));
            };
            places.insert(element.id, place);
            if element.visible == oracle.is_deleted(number, version) {
                let what = match element.visible {
                    true => format!("“{}” was deleted", element.letter),
                    false => format!("nobody has deleted “{}”", element.letter),
                };
                return Some((DELETIONS, what));
            }
        }
        for number in oracle.visible(version) {
            let letter = oracle.letter(number);
            let Some(place) = places.get(&letter.id) else {
                return Some((EXACT, format!("“{}” is missing", letter.letter)));
            };
            let of = |number: u32| places.get(&oracle.letter(number).id);
            let left = of(letter.left).is_some_and(|left| left > place);
            let right = letter.right.and_then(of).is_some_and(|right| right < place);
            // Where the neighbour is not there any more, what was typed next to it at the same time
            // still tells where it was.
            if left || right || self.is_astray(shown, number, *place) {
                let what = format!("“{}” does not stand where it was typed", letter.letter);
                return Some((INSERTIONS, what));
            }
        }
        None
    }

    /// Whether a letter whose left neighbour is gone stands before one that was before that.
    fn is_astray(&self, shown: &[Element], number: u32, place: usize) -> bool {
        let oracle = &self.all.oracle;
        let here = |number: u32| {
            let id = oracle.letter(number).id;
            shown.iter().position(|element| element.id == id)
        };
        let mut left = oracle.letter(number).left;
        while left != 0 {
            match here(left) {
                Some(at) => return at > place,
                None => left = oracle.letter(left).left,
            }
        }
        false
    }
}

/// How many operations of an edit are known to who knows `version`. A node that has learned its own
/// edits again after the loss of its disk tells them once more, in front of those that it makes.
fn known_of(edit: &Edit, version: &Version) -> u32 {
    let known = version.of(edit.id.replica).saturating_sub(edit.id.seq);
    known.min(edit.len)
}

/// Behind which letter the first of the edits that are new to who knows `version` inserts; nothing if
/// it does not insert.
fn told_place(edits: &[Edit], version: &Version) -> Option<Option<ElementId>> {
    let known = edits.iter().map(|edit| known_of(edit, version));
    let (edit, known) = edits
        .iter()
        .zip(known)
        .find(|(edit, known)| *known < edit.len)?;
    match &edit.what {
        What::Insert { left, .. } if known == 0 => Some(*left),
        // It goes on with what is known: each letter stands behind the one before it.
        What::Insert { .. } => Some(Some(nth(edit.id, false, known - 1))),
        _ => None,
    }
}

/// A text after changes; nothing if they do not fit it.
fn with(changes: &[Change], text: &str) -> Option<String> {
    let mut text = text.to_owned();
    for change in changes {
        let start = byte_of(&text, change.at as usize)?;
        let end = byte_of(&text, change.at as usize + change.deleted as usize)?;
        text.replace_range(start..end, &change.text);
    }
    Some(text)
}

/// The byte at which the `index`-th letter begins, or the text ends.
fn byte_of(text: &str, index: usize) -> Option<usize> {
    if text.is_ascii() {
        return (index <= text.len()).then_some(index);
    }
    let mut starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    starts.nth(index)
}

/// As much of a text as fits into a sentence.
fn short(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}
