//! The document: every element ever inserted, in order, as runs in the leaves of a B-tree whose
//! nodes count what is visible below them.
//!
//! It answers: which element is the n-th visible one, where does an element stand, and which of two
//! comes first; each in logarithmic time, and next to the last edit in constant time. Elements are
//! never removed, a deleted one is only counted as deleted.

mod build;
mod edit;

use super::id::{Id, NONE};
use super::oplog::Agent;
use std::collections::BTreeMap;

/// Spans in a leaf, and children of a node.
const LEAF: usize = 32;
const FAN: usize = 16;

/// A run of elements that stand side by side, made by one replica one after the other, and deleted
/// equally often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub agent: u32,
    pub seq: u32,
    pub len: u32,
    /// Deletions in force. The elements are visible if there are none.
    pub dels: u32,
    /// How many of the scalars take two UTF-16 units.
    pub wide: u32,
    /// Where the text starts in the agent's content.
    pub text: u32,
}

impl Span {
    /// What it adds to the visible text.
    pub fn shown(&self) -> Count {
        if self.dels > 0 {
            return Count::default();
        }
        Count {
            chars: self.len,
            wide: self.wide,
        }
    }

    /// The element `offset` places into it.
    pub fn id(&self, offset: u32) -> Id {
        Id {
            agent: self.agent,
            seq: self.seq + offset,
        }
    }

    pub fn holds(&self, id: Id) -> bool {
        self.agent == id.agent && id.seq.wrapping_sub(self.seq) < self.len
    }

    /// How many of `len` scalars from `offset` on take two UTF-16 units.
    pub fn wide_in(&self, offset: u32, len: u32, agents: &[Agent]) -> u32 {
        if self.wide == 0 || len == 0 {
            return 0;
        }
        let content = &agents[self.agent as usize].content;
        content.wide(self.text + offset, len)
    }

    /// Whether `next`, standing right behind, is the same run going on.
    fn continues_in(&self, next: &Span) -> bool {
        self.agent == next.agent && self.seq + self.len == next.seq && self.dels == next.dels
    }
}

/// A number of visible scalars, and how many of them take two UTF-16 units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub chars: u32,
    pub wide: u32,
}

impl Count {
    pub fn utf16(self) -> u32 {
        self.chars + self.wide
    }
}

impl std::ops::AddAssign for Count {
    fn add_assign(&mut self, other: Count) {
        self.chars = self.chars.wrapping_add(other.chars);
        self.wide = self.wide.wrapping_add(other.wide);
    }
}

impl std::ops::Sub for Count {
    type Output = Count;

    /// The difference; it wraps, since it is only ever added again.
    fn sub(self, other: Count) -> Count {
        Count {
            chars: self.chars.wrapping_sub(other.chars),
            wide: self.wide.wrapping_sub(other.wide),
        }
    }
}

/// A place in the tree: an element, `offset` places into a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub leaf: u32,
    pub index: u32,
    pub offset: u32,
}

#[derive(Clone, Debug)]
struct Leaf {
    spans: [Span; LEAF],
    len: usize,
    parent: u32,
    next: u32,
}

#[derive(Clone, Debug)]
struct Node {
    kids: [u32; FAN],
    counts: [Count; FAN],
    len: usize,
    parent: u32,
}

/// The tree. See the module's words.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    leaves: Vec<Leaf>,
    nodes: Vec<Node>,
    root: u32,
    /// Levels of nodes above the leaves, at least one.
    height: u32,
    total: Count,
    /// Per replica: from this sequence number on, its elements are in this leaf.
    homes: Vec<BTreeMap<u32, u32>>,
    /// Whether `homes` is kept yet.
    mapped: bool,
    /// Per replica: the end of its known elements.
    ends: Vec<u32>,
    /// The last place asked for by position: a span, and how many scalars are visible before it.
    near: Option<(u32, u32, u32)>,
    /// What the ancestors of one leaf have yet to be told.
    owed: (u32, Count),
}

impl Default for Tree {
    fn default() -> Tree {
        let mut tree = Tree {
            leaves: Vec::new(),
            nodes: Vec::new(),
            root: 0,
            height: 1,
            total: Count::default(),
            homes: Vec::new(),
            mapped: false,
            ends: Vec::new(),
            near: None,
            owed: (NONE, Count::default()),
        };
        tree.leaves.push(Leaf::new(0));
        tree.nodes.push(Node::new(NONE));
        tree.nodes[0].insert(0, 0, Count::default());
        tree
    }
}

// Reading.
impl Tree {
    /// What is visible in all.
    pub fn total(&self) -> Count {
        self.total
    }

    pub fn span(&self, place: Place) -> &Span {
        &self.leaves[place.leaf as usize].spans[place.index as usize]
    }

    /// The element at a place.
    pub fn id(&self, place: Place) -> Id {
        self.span(place).id(place.offset)
    }

    /// All spans in order.
    pub fn spans(&self) -> impl Iterator<Item = &Span> {
        self.spans_from(self.first_leaf(), 0)
    }

    /// All spans in order, from one on.
    pub fn spans_from(&self, leaf: u32, index: usize) -> impl Iterator<Item = &Span> {
        let rest = std::iter::successors(Some(leaf), |&leaf| {
            let next = self.leaves[leaf as usize].next;
            (next != NONE).then_some(next)
        });
        rest.flat_map(|leaf| self.leaves[leaf as usize].spans().iter())
            .skip(index)
    }

    fn first_leaf(&self) -> u32 {
        0 // A split makes the new leaf the right half, so the first one made stays the first.
    }

    /// The first element of the document.
    pub fn first(&self) -> Option<Place> {
        (self.leaves[0].len > 0).then_some(Place {
            leaf: 0,
            index: 0,
            offset: 0,
        })
    }

    /// The element right behind a place, deleted ones included.
    pub fn after(&self, place: Place) -> Option<Place> {
        if place.offset + 1 < self.span(place).len {
            return Some(Place {
                offset: place.offset + 1,
                ..place
            });
        }
        self.next_span(place)
    }

    /// The element right before a place, deleted ones included.
    pub fn previous(&self, place: Place) -> Option<Place> {
        if place.offset > 0 {
            return Some(Place {
                offset: place.offset - 1,
                ..place
            });
        }
        let (leaf, index) = match place.index.checked_sub(1) {
            Some(index) => (place.leaf, index),
            None => {
                let leaf = self.previous_leaf(place.leaf)?;
                (leaf, self.leaves[leaf as usize].len as u32 - 1)
            }
        };
        let span = &self.leaves[leaf as usize].spans[index as usize];
        Some(Place {
            leaf,
            index,
            offset: span.len - 1,
        })
    }

    fn previous_leaf(&self, leaf: u32) -> Option<u32> {
        let (mut kid, mut parent) = (leaf, self.leaves[leaf as usize].parent);
        let mut up = 0;
        while parent != NONE {
            let node = &self.nodes[parent as usize];
            let slot = node.slot(kid);
            if slot > 0 {
                let mut found = node.kids[slot - 1];
                for _ in 0..up {
                    let node = &self.nodes[found as usize];
                    found = node.kids[node.len - 1];
                }
                return Some(found);
            }
            up += 1;
            (kid, parent) = (parent, node.parent);
        }
        None
    }

    /// The first element of the span behind this one.
    pub fn next_span(&self, place: Place) -> Option<Place> {
        let leaf = &self.leaves[place.leaf as usize];
        if place.index as usize + 1 < leaf.len {
            return Some(Place {
                index: place.index + 1,
                offset: 0,
                ..place
            });
        }
        (leaf.next != NONE).then_some(Place {
            leaf: leaf.next,
            index: 0,
            offset: 0,
        })
    }

    /// Where an element stands; `None` if there is no such element.
    pub fn locate(&mut self, id: Id) -> Option<Place> {
        self.map();
        self.locate_mapped(id)
    }

    /// The same, once the map is kept.
    pub fn locate_mapped(&self, id: Id) -> Option<Place> {
        let homes = self.homes.get(id.agent as usize)?;
        let leaf = match homes.last_key_value() {
            Some((&from, &leaf)) if from <= id.seq => leaf,
            _ => *homes.range(..=id.seq).next_back()?.1,
        };
        let spans = self.leaves[leaf as usize].spans();
        let index = spans.iter().position(|span| span.holds(id))?;
        Some(Place {
            leaf,
            index: index as u32,
            offset: id.seq - spans[index].seq,
        })
    }

    /// What is visible before a place.
    pub fn before(&mut self, place: Place, agents: &[Agent]) -> Count {
        self.settle();
        let leaf = &self.leaves[place.leaf as usize];
        let mut count = Count::default();
        for span in &leaf.spans[..place.index as usize] {
            count += span.shown();
        }
        let span = &leaf.spans[place.index as usize];
        if span.dels == 0 {
            count += Count {
                chars: place.offset,
                wide: span.wide_in(0, place.offset, agents),
            };
        }
        let (mut kid, mut parent) = (place.leaf, leaf.parent);
        while parent != NONE {
            let node = &self.nodes[parent as usize];
            for &c in &node.counts[..node.slot(kid)] {
                count += c;
            }
            (kid, parent) = (parent, node.parent);
        }
        count
    }

    /// Whether one place is before another.
    pub fn precedes(&self, a: Place, b: Place) -> bool {
        if a.leaf == b.leaf {
            return (a.index, a.offset) < (b.index, b.offset);
        }
        let parent = |kid: &mut u32, up: u32| {
            let node = &self.nodes[up as usize];
            *kid = up;
            node.parent
        };
        let (mut x, mut y) = (a.leaf, b.leaf);
        let mut up_x = self.leaves[x as usize].parent;
        let mut up_y = self.leaves[y as usize].parent;
        while up_x != up_y {
            up_x = parent(&mut x, up_x);
            up_y = parent(&mut y, up_y);
        }
        let node = &self.nodes[up_x as usize];
        node.slot(x) < node.slot(y)
    }

    /// The `index`-th visible element, which exists.
    pub fn visible(&mut self, index: u32) -> Place {
        if let Some(place) = self.visible_near(index) {
            return place;
        }
        self.settle();
        let mut rest = index;
        let mut kid = self.root;
        for _ in 0..self.height {
            let node = &self.nodes[kid as usize];
            let mut slot = 0;
            while slot + 1 < node.len && rest >= node.counts[slot].chars {
                rest -= node.counts[slot].chars;
                slot += 1;
            }
            kid = node.kids[slot];
        }
        let leaf = &self.leaves[kid as usize];
        let mut at = 0;
        while at + 1 < leaf.len && rest >= leaf.spans[at].shown().chars {
            rest -= leaf.spans[at].shown().chars;
            at += 1;
        }
        self.near = Some((kid, at as u32, index - rest));
        Place {
            leaf: kid,
            index: at as u32,
            offset: rest,
        }
    }

    /// The same, if it is in the leaf last asked for.
    fn visible_near(&mut self, index: u32) -> Option<Place> {
        let (leaf, at, mut start) = self.near?;
        let spans = self.leaves[leaf as usize].spans();
        let mut at = at as usize;
        while index < start {
            at = at.checked_sub(1)?;
            start -= spans[at].shown().chars;
        }
        loop {
            let chars = spans.get(at)?.shown().chars;
            if index - start < chars {
                break;
            }
            start += chars;
            at += 1;
        }
        self.near = Some((leaf, at as u32, start));
        Some(Place {
            leaf,
            index: at as u32,
            offset: index - start,
        })
    }

    /// How many scalars are before UTF-16 unit `index`; `None` if that is inside a pair or outside.
    pub fn chars_at_utf16(&mut self, index: u32, agents: &[Agent]) -> Option<u32> {
        if self.total.wide == 0 || index >= self.total.utf16() {
            let chars = index.checked_sub(self.total.wide)?;
            return (index <= self.total.utf16()).then_some(chars);
        }
        self.settle();
        let mut before = Count::default();
        let mut kid = self.root;
        for _ in 0..self.height {
            let node = &self.nodes[kid as usize];
            let mut slot = 0;
            while slot + 1 < node.len && index >= before.utf16() + node.counts[slot].utf16() {
                before += node.counts[slot];
                slot += 1;
            }
            kid = node.kids[slot];
        }
        for span in self.leaves[kid as usize].spans() {
            if index >= before.utf16() + span.shown().utf16() {
                before += span.shown();
                continue;
            }
            let mut rest = index - before.utf16();
            if span.wide == 0 {
                return Some(before.chars + rest);
            }
            for c in agents[span.agent as usize]
                .content
                .slice(span.text, span.len)
                .chars()
            {
                if rest == 0 {
                    break;
                }
                rest = rest.checked_sub(c.len_utf16() as u32)?;
                before.chars += 1;
            }
            return Some(before.chars);
        }
        None
    }
}
