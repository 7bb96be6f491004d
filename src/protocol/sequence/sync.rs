//! What nodes do among each other: edits are taken in as they come, and what was lost on the way is
//! found by comparing version vectors (Demers et al. 1987, anti-entropy by push and pull).

use super::message::{Message, Summary};
use super::milestone::{Change, Milestone, Way};
use super::options::Mutant;
use super::state::{Sequence, Timer};
use crate::base::{Effects, NodeId};
use crate::text::{Edit, Version};
use std::sync::Arc;

impl Sequence {
    pub(super) fn on_message(
        &mut self,
        from: NodeId,
        message: Message,
        out: &mut Effects<Sequence>,
    ) {
        if !self.others.iter().any(|other| other.node == from) {
            return out.ignore("a message from a stranger");
        }
        if !message.edits().iter().all(Edit::is_sound) {
            return out.ignore("an edit that nobody can have made");
        }
        match message {
            Message::Edits(edits) => self.take_in(from, Way::Push, &edits, out),
            Message::Repair(edits) => self.take_in(from, Way::Repair, &edits, out),
            Message::Summary(version) => {
                self.hears(from, &version);
                let edits = self.lacking(&version);
                let version = self.known.clone();
                let summary = Summary { version, edits };
                out.send(from, Message::SummaryReply(Arc::new(summary)));
            }
            Message::SummaryReply(summary) => {
                let Summary { version, edits } = &*summary;
                if !edits.is_empty() {
                    self.take_in(from, Way::Repair, edits, out);
                }
                if self.is(Mutant::VersionOverwritten) && !edits.is_empty() {
                    // Mattern 1988: vectors merge entry by entry, the greater of two.
                    self.known.clone_from(version);
                }
                if self.hears(from, version) {
                    let edits = self.document.history_len();
                    out.milestone(Milestone::Even { with: from, edits });
                }
                let lacking = self.lacking(version);
                if !lacking.is_empty() {
                    out.send(from, Message::Repair(lacking.into()));
                }
            }
        }
    }

    /// It is time to compare with the next of the others.
    pub(super) fn on_comparison_due(&mut self, out: &mut Effects<Sequence>) {
        out.set_timer(Timer::AntiEntropy, self.options.anti_entropy);
        if self.others.is_empty() {
            return;
        }
        let next = self.others[self.compared % self.others.len()].node;
        self.compared += 1;
        out.send(next, Message::Summary(Arc::new(self.known.clone())));
    }

    /// What a node with this version lacks of what this one knows.
    fn lacking(&self, version: &Version) -> Vec<Edit> {
        if version.covers(&self.known) {
            return Vec::new();
        }
        self.document.edits_since(version)
    }

    /// Another node has said what it knows. Returns whether that is what this one knows, and was not
    /// before.
    fn hears(&mut self, from: NodeId, version: &Version) -> bool {
        let even = *version == self.known;
        let Some(other) = self.others.iter_mut().find(|other| other.node == from) else {
            return false;
        };
        other.version = Some(version.clone());
        even && !std::mem::replace(&mut other.even, even)
    }

    fn take_in(&mut self, from: NodeId, way: Way, edits: &[Edit], out: &mut Effects<Sequence>) {
        let counted: Vec<Edit>;
        let mut taken = edits;
        if self.is(Mutant::AppliedTwice) {
            // Shapiro et al. 2011: each operation takes effect exactly once. An edit that comes
            // again is told by its number.
            counted = self.as_new(edits);
            taken = &counted;
        }
        let is_known = |edit: &Edit| {
            let end = edit.id.seq.saturating_add(edit.len);
            end <= self.known.of(edit.id.replica)
        };
        if taken.iter().all(is_known) {
            return out.milestone(Milestone::Knew { from });
        }
        let before = self.document.history_len();
        let held = self.document.held_back();
        let Ok(patches) = Arc::make_mut(&mut self.document).apply_edits(taken) else {
            return out.ignore("an edit of what is no letter");
        };
        let now_held = self.document.held_back();
        let news = self.document.history_len() - before;
        let waiting = now_held as u32;
        if news == 0 {
            return out.milestone(match now_held > held {
                true => Milestone::Waits { from, waiting },
                false => Milestone::Knew { from },
            });
        }
        self.grow();
        out.milestone(Milestone::Took {
            from,
            way,
            edits: news as u32,
            changes: patches.iter().map(Change::of).collect(),
            waiting,
        });
    }

    /// The edits as the next ones of their authors that this node counts.
    fn as_new(&self, edits: &[Edit]) -> Vec<Edit> {
        let mut counts = self.known.clone();
        let mut renumbered = edits.to_vec();
        for edit in &mut renumbered {
            let author = edit.id.replica;
            edit.id.seq = edit.id.seq.max(counts.of(author));
            let next = edit.id.seq.saturating_add(edit.len);
            counts.set(author, next);
        }
        renumbered
    }
}
