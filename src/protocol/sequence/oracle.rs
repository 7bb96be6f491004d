//! What a text must be: the order of FugueMax as the paper defines it, built letter by letter from
//! what authors did. It shares no code with [`crate::text`], knows all edits of a run, and tells for
//! any version the text that this version is.

use crate::text::{Edit, ElementId, ReplicaId, Version, What};
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

/// The root of the tree.
const ROOT: u32 = 0;

/// What one operation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Made {
    /// Inserted this letter.
    Letter(u32),
    /// Deleted that letter.
    Deleted(u32),
    /// Took back the same author's operation of that number.
    TookBack(u32),
    /// Nothing that is known here.
    Nothing,
}

/// A deletion of a letter.
#[derive(Clone, Copy, Debug)]
struct Deletion {
    id: ElementId,
    /// The author's operation that has taken it back.
    taken_back: Option<u32>,
}

/// A node of the tree.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub id: ElementId,
    pub letter: char,
    /// Behind what it was typed; the root for the start.
    pub left: u32,
    /// What stood behind that; none for the end.
    pub right: Option<u32>,
    /// Children to the left and to the right, each in order.
    children: [Vec<u32>; 2],
    deletions: Vec<Deletion>,
}

/// All edits of a run.
#[derive(Clone, Debug)]
pub(super) struct Oracle {
    /// By author, what each operation did.
    made: BTreeMap<ReplicaId, Vec<Made>>,
    letters: Vec<Letter>,
    /// The letters in order, without the root.
    order: Vec<u32>,
}

impl Default for Oracle {
    fn default() -> Oracle {
        let root = ElementId {
            replica: ReplicaId(u64::MAX),
            seq: u32::MAX,
        };
        Oracle {
            made: BTreeMap::new(),
            letters: vec![letter(root, ' ', ROOT, None)],
            order: Vec::new(),
        }
    }
}

fn letter(id: ElementId, letter: char, left: u32, right: Option<u32>) -> Letter {
    Letter {
        id,
        letter,
        left,
        right,
        children: [Vec::new(), Vec::new()],
        deletions: Vec::new(),
    }
}

impl Oracle {
    pub fn letter(&self, number: u32) -> &Letter {
        &self.letters[number as usize]
    }

    /// How many operations an author has made.
    pub fn count(&self, author: ReplicaId) -> u32 {
        self.made.get(&author).map_or(0, |made| made.len() as u32)
    }

    /// The letter with this identity.
    pub fn find(&self, id: ElementId) -> Option<u32> {
        match self.made.get(&id.replica)?.get(id.seq as usize)? {
            Made::Letter(number) => Some(*number),
            _ => None,
        }
    }

    /// Notes what an author who knew `version` did. Returns an operation whose identity was used for
    /// something else before.
    pub fn record(&mut self, edit: &Edit, version: &Version) -> Option<ElementId> {
        let mut twice = None;
        let mut letters = match &edit.what {
            What::Insert { text, .. } => text.chars(),
            _ => "".chars(),
        };
        for n in 0..edit.len {
            let id = ElementId {
                seq: edit.id.seq + n,
                ..edit.id
            };
            let scalar = letters.next().unwrap_or_default();
            let known = self.made.get(&id.replica);
            if let Some(before) = known.and_then(|made| made.get(id.seq as usize)) {
                let same = self.is_same(*before, edit, n, scalar);
                twice = twice.or((!same).then_some(id));
                continue;
            }
            let made = self.make(edit, n, id, scalar, version);
            let list = self.made.entry(id.replica).or_default();
            list.resize(id.seq as usize, Made::Nothing);
            list.push(made);
        }
        twice
    }

    /// Whether an operation did before what the `n`-th of `edit` does.
    fn is_same(&self, before: Made, edit: &Edit, n: u32, scalar: char) -> bool {
        match (before, &edit.what) {
            (Made::Letter(number), What::Insert { left, .. }) => {
                let known = self.letter(number);
                let behind = (known.left != ROOT).then(|| self.letter(known.left).id);
                known.letter == scalar && (n > 0 || behind == *left)
            }
            (Made::Deleted(number), What::Delete { target, backwards }) => {
                self.find(nth(*target, *backwards, n)) == Some(number)
            }
            (Made::TookBack(known), What::Restore { seq }) => known == seq + n,
            _ => false,
        }
    }

    fn make(
        &mut self,
        edit: &Edit,
        n: u32,
        id: ElementId,
        scalar: char,
        version: &Version,
    ) -> Made {
        match &edit.what {
            What::Insert { left, right, .. } => {
                let before = ElementId {
                    seq: id.seq.saturating_sub(1),
                    ..id
                };
                let left = if n > 0 { Some(before) } else { *left };
                let left = left.and_then(|id| self.find(id)).unwrap_or(ROOT);
                let right = right.and_then(|id| self.find(id));
                Made::Letter(self.hang(letter(id, scalar, left, right), version))
            }
            What::Delete { target, backwards } => {
                let Some(number) = self.find(nth(*target, *backwards, n)) else {
                    return Made::Nothing;
                };
                let deletion = Deletion {
                    id,
                    taken_back: None,
                };
                self.letters[number as usize].deletions.push(deletion);
                Made::Deleted(number)
            }
            What::Restore { seq } => {
                let seq = seq + n;
                let made = self.made.get(&id.replica);
                if let Some(Made::Deleted(number)) = made.and_then(|made| made.get(seq as usize)) {
                    let deletions = &mut self.letters[*number as usize].deletions;
                    let taken = deletions.iter_mut().find(|deletion| {
                        let theirs = deletion.id;
                        (theirs.replica, theirs.seq) == (id.replica, seq)
                    });
                    if let Some(deletion) = taken {
                        deletion.taken_back = deletion.taken_back.or(Some(id.seq));
                    }
                }
                Made::TookBack(seq)
            }
        }
    }

    /// Hangs a new letter into the tree (Fugue, the algorithm's `insert`): as right child of its left
    /// origin if that had none where it was typed, else as left child of its right origin.
    fn hang(&mut self, new: Letter, version: &Version) -> u32 {
        let number = self.letters.len() as u32;
        let known = |number: &u32| {
            let ElementId { replica, seq } = self.letter(*number).id;
            seq < version.of(replica) || (replica == new.id.replica && seq < new.id.seq)
        };
        let [_, right_children] = &self.letter(new.left).children;
        let is_right = !right_children.iter().any(known) || new.right.is_none();
        let parent = match new.right {
            Some(right) if !is_right => right,
            _ => new.left,
        };
        let side = usize::from(is_right);
        let siblings = &self.letter(parent).children[side];
        let at = siblings
            .iter()
            .position(|other| self.stands_before(&new, self.letter(*other), is_right))
            .unwrap_or(siblings.len());
        let place = self.place_of_child(parent, side, at);
        self.letters.push(new);
        self.letters[parent as usize].children[side].insert(at, number);
        self.order.insert(place, number);
        number
    }

    /// Whether one sibling stands before another: right ones by their right origins, the later one
    /// first (this is what FugueMax adds to Fugue); then by identity.
    fn stands_before(&self, new: &Letter, other: &Letter, is_right: bool) -> bool {
        let by_origin = match is_right && new.right != other.right {
            true => Reverse(self.place(new.right)).cmp(&Reverse(self.place(other.right))),
            false => Ordering::Equal,
        };
        by_origin.then(new.id.cmp(&other.id)) == Ordering::Less
    }

    /// Where a letter stands in the order; behind everything for the end.
    fn place(&self, number: Option<u32>) -> usize {
        let at = number.and_then(|number| self.order.iter().position(|n| *n == number));
        at.unwrap_or(usize::MAX)
    }

    /// Where the tree's walk comes to what would be the `at`-th child of `parent` on a side.
    fn place_of_child(&self, parent: u32, side: usize, at: usize) -> usize {
        let behind = |number: u32| match number {
            ROOT => 0,
            _ => self.place(Some(number)).saturating_add(1),
        };
        let siblings = &self.letter(parent).children[side];
        let found = match (side, at) {
            (1, 0) => behind(parent),
            (1, _) => behind(self.edge(siblings[at - 1], 1)),
            _ => match siblings.get(at) {
                Some(next) => self.place(Some(self.edge(*next, 0))),
                None => self.place(Some(parent)),
            },
        };
        found.min(self.order.len())
    }

    /// The first or the last letter of those that hang from one, itself included.
    fn edge(&self, mut number: u32, side: usize) -> u32 {
        loop {
            let children = &self.letter(number).children[side];
            let next = if side == 0 {
                children.first()
            } else {
                children.last()
            };
            match next {
                Some(next) => number = *next,
                None => return number,
            }
        }
    }

    /// The letters that whoever knows `version` sees, in order.
    pub fn visible<'a>(&'a self, version: &'a Version) -> impl Iterator<Item = u32> + 'a {
        let seen = |number: &u32| {
            let letter = self.letter(*number);
            knows(version, letter.id) && !is_deleted(letter, version)
        };
        self.order.iter().copied().filter(seen)
    }

    /// Whether a letter is deleted for whoever knows `version`.
    pub fn is_deleted(&self, number: u32, version: &Version) -> bool {
        is_deleted(self.letter(number), version)
    }

    /// The text that whoever knows `version` sees.
    pub fn text(&self, version: &Version) -> String {
        let letters = self.visible(version);
        letters.map(|number| self.letter(number).letter).collect()
    }

    /// Roughly how many bytes it takes.
    pub fn weight(&self) -> usize {
        self.letters.len() * (size_of::<Letter>() + 24)
    }
}

fn is_deleted(letter: &Letter, version: &Version) -> bool {
    let mut deletions = letter.deletions.iter();
    deletions.any(|deletion| {
        let known = version.of(deletion.id.replica);
        deletion.id.seq < known && deletion.taken_back.is_none_or(|seq| seq >= known)
    })
}

fn knows(version: &Version, id: ElementId) -> bool {
    id.seq < version.of(id.replica)
}

/// The `n`-th element that a deletion deletes.
pub(super) fn nth(target: ElementId, backwards: bool, n: u32) -> ElementId {
    let seq = match backwards {
        true => target.seq.saturating_sub(n),
        false => target.seq.saturating_add(n),
    };
    ElementId { seq, ..target }
}
