//! Where a new element goes among those that others put there at the same time: FugueMax.
//!
//! The rule is Weidner and Kleppmann's ("The Art of the Fugue: Minimizing Interleaving in
//! Collaborative Text Editing", IEEE TPDS 36(11), 2025; arXiv 2305.00583). Each element remembers
//! its left origin `L`, the visible element it was typed behind, and its right origin `R`, the
//! element that stood right behind `L` then, deleted ones included. That makes a tree. The element
//! is a left child of `R` if `L` had a right child already, which is so exactly if the left origin
//! of `R` is `L`; otherwise it is a right child of `L`. The document is the tree read in order: left
//! children, the element, right children. Left siblings stand by identity, lowest first; right
//! siblings by their right origins, the *later* one first, then by identity. (Plain Fugue sorts them
//! by identity alone.) This is what makes the order maximally non-interleaving:
//!
//! 1. the first element with left origin `A` directly follows `A`;
//! 2. the last element with right origin `B` directly precedes `B`, where (1) allows it;
//! 3. with both origins equal, the lower identity comes first.
//!
//! The tree is not built. Its order is found by looking at what stands between `L` and `R`, which is
//! nothing unless others typed at the same place at the same time. `tests/text/oracle.rs`
//! builds the tree in the plainest way, and the tests compare the two.

use super::Omission;
use super::id::Id;
use super::oplog::Log;
use super::tree::{Place, Tree};

/// The order of two elements' identities, which is that of their replicas' names.
fn lower(log: &Log, a: Id, b: Id) -> bool {
    (log.name(a.agent), a.seq) < (log.name(b.agent), b.seq)
}

/// The origins themselves if they can be ones. What is no element is read as the edge, and a right
/// origin that cannot have stood right behind the left one as that one's own. What can be is the same
/// in every replica, so that bad messages cannot drive replicas apart.
pub(super) fn possible(tree: &mut Tree, log: &Log, left: Id, right: Id) -> (Id, Id) {
    let at_left = tree.locate(left);
    let left = if at_left.is_some() { left } else { Id::EDGE };
    let next = match at_left {
        Some(place) => tree.after(place),
        None => tree.first(),
    };
    let stands_next = next.map_or(Id::EDGE, |place| tree.id(place)) == right;
    if stands_next || can_follow(tree, log, at_left, left, right) {
        return (left, right);
    }
    let own = log.origins(left).map_or(Id::EDGE, |(_, right)| right);
    (left, own)
}

/// Whether `right` can have stood right behind `left`: it is behind it, but what it was typed behind
/// is not, and it is not behind the right origin of `left`. (Either would have stood between them.)
fn can_follow(tree: &Tree, log: &Log, at_left: Option<Place>, left: Id, right: Id) -> bool {
    let bound = log.origins(left).map_or(Id::EDGE, |(_, bound)| bound);
    if right == bound {
        return true;
    }
    let Some(at) = tree.locate_mapped(right) else {
        return false;
    };
    let origin = log.origins(right);
    let origin = origin.and_then(|(origin, _)| tree.locate_mapped(origin));
    let is_behind = match (at_left, origin) {
        (None, origin) => origin.is_none(),
        (Some(l), None) => tree.precedes(l, at),
        (Some(l), Some(o)) => tree.precedes(l, at) && !tree.precedes(l, o),
    };
    let bound = tree.locate_mapped(bound);
    is_behind && bound.is_none_or(|bound| tree.precedes(at, bound))
}

/// Finds the place behind which a new element goes, given its origins, which are known.
/// `None` means: before everything.
pub(super) fn integrate(tree: &mut Tree, log: &Log, new: Id, left: Id, right: Id) -> Option<Place> {
    let at_left = tree.locate(left);
    let next = match at_left {
        Some(place) => tree.after(place),
        None => tree.first(),
    };
    // Nobody typed here at the same time: what stands behind the left origin is the right one.
    if next.is_none_or(|place| tree.id(place) == right) {
        return at_left;
    }
    let at_right = tree.locate(right);
    if let Some(place) = at_right
        && !log.omits(Omission::RightOrigins)
        && only_left_child(tree, log, left, right, place)
    {
        return tree.previous(place);
    }
    Scan {
        tree,
        log,
        new,
        left,
        right,
        at_left,
        at_right,
    }
    .run(next)
}

/// Whether the new element is a left child of `right`, and the first to be one: then it goes right
/// before it, whatever else was typed between. Typing backwards, each letter in front of the last,
/// is a chain of these.
fn only_left_child(tree: &mut Tree, log: &Log, left: Id, right: Id, at: Place) -> bool {
    let Some((origin, _)) = log.origins(right) else {
        return false;
    };
    // Had `right` left children, the last element below them would stand right before it and have
    // it as right origin.
    origin == left
        && tree.previous(at).is_some_and(|place| {
            let before = tree.id(place);
            log.origins(before).is_some_and(|(_, r)| r != right)
        })
}

/// The search between the two origins.
struct Scan<'a> {
    tree: &'a Tree,
    log: &'a Log,
    new: Id,
    left: Id,
    right: Id,
    at_left: Option<Place>,
    at_right: Option<Place>,
}

impl Scan<'_> {
    /// Walks over the elements between the origins, run by run: only a run's first element can be
    /// a rival, each other one follows its own predecessor.
    fn run(&self, next: Option<Place>) -> Option<Place> {
        let mut behind = self.at_left;
        // Set while what we passed goes behind us, unless something later is before us after all.
        let mut undecided = false;
        let mut at = next;
        while let Some(place) = at {
            if self.at_right == Some(place) {
                break;
            }
            let other = self.tree.id(place);
            let Some((left, right)) = self.log.origins(other) else {
                break;
            };
            if left == self.left {
                match self.compare_right(right) {
                    std::cmp::Ordering::Less => undecided = true,
                    std::cmp::Ordering::Equal if self.goes_first(other) => break,
                    _ => undecided = false,
                }
            } else if self.is_outside(left) {
                break;
            }
            let last = self.last_of_run(place, other);
            if !undecided {
                behind = Some(last);
            }
            at = self.tree.after(last);
        }
        behind
    }

    /// The last element behind this one that is of the same run and stands right behind it. (A span
    /// may go further, if bad changes put runs side by side.)
    fn last_of_run(&self, place: Place, id: Id) -> Place {
        let agent = &self.log.agents[id.agent as usize];
        let rest = agent.run_end(agent.run_at(id.seq)) - id.seq;
        let stop = self.tree.span(place).len.min(place.offset + rest);
        Place {
            offset: stop - 1,
            ..place
        }
    }

    /// Whether the new element goes before a rival with the same origins: rule 3, without which the
    /// one that came later stands first, wherever it came later.
    fn goes_first(&self, other: Id) -> bool {
        self.log.omits(Omission::Ties) || lower(self.log, self.new, other)
    }

    /// Where the other's right origin stands, compared with the new element's.
    fn compare_right(&self, right: Id) -> std::cmp::Ordering {
        use std::cmp::Ordering::{Equal, Greater, Less};
        if self.log.omits(Omission::RightOrigins)
            && let Some(order) = self.by_name_alone(right)
        {
            return order;
        }
        let other = self.tree.locate_mapped(right);
        match (other, self.at_right) {
            (a, b) if a == b => Equal,
            (None, _) => Greater,
            (_, None) => Less,
            (Some(a), Some(b)) if self.tree.precedes(a, b) => Less,
            _ => Greater,
        }
    }

    /// The same where right siblings stand by identity alone: plain Fugue, as the paper has it before
    /// FugueMax. Left children are no rivals of theirs; nothing is said of two of these.
    #[cold]
    fn by_name_alone(&self, right: Id) -> Option<std::cmp::Ordering> {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let hangs_left = |right: Id| {
            let origins = self.log.origins(right);
            origins.is_some_and(|(origin, _)| origin == self.left)
        };
        if right == self.right {
            return None;
        }
        match (hangs_left(right), hangs_left(self.right)) {
            (true, false) => Some(Less),
            (false, true) => Some(Greater),
            (false, false) => Some(Equal),
            (true, true) => None,
        }
    }

    /// Whether a left origin lies before the new element's: then what has it is no longer ours to
    /// pass.
    fn is_outside(&self, left: Id) -> bool {
        match (self.tree.locate_mapped(left), self.at_left) {
            (Some(a), Some(b)) => self.tree.precedes(a, b),
            (None, Some(_)) => true,
            (_, None) => false,
        }
    }
}
