//! Changing the tree: new spans, deletions, splits, and the counts above them.

use super::super::id::{Id, NONE};
use super::super::oplog::Agent;
use super::{Count, FAN, LEAF, Leaf, Node, Place, Span, Tree};
use std::collections::BTreeMap;

impl Leaf {
    pub(super) fn new(parent: u32) -> Leaf {
        Leaf {
            spans: [Span::default(); LEAF],
            len: 0,
            parent,
            next: NONE,
        }
    }

    pub(super) fn spans(&self) -> &[Span] {
        &self.spans[..self.len]
    }

    fn insert(&mut self, index: usize, span: Span) {
        self.spans.copy_within(index..self.len, index + 1);
        self.spans[index] = span;
        self.len += 1;
    }

    fn remove(&mut self, index: usize) {
        self.spans.copy_within(index + 1..self.len, index);
        self.len -= 1;
    }
}

impl Node {
    pub(super) fn new(parent: u32) -> Node {
        Node {
            kids: [NONE; FAN],
            counts: [Count::default(); FAN],
            len: 0,
            parent,
        }
    }

    pub(super) fn slot(&self, kid: u32) -> usize {
        let found = self.kids[..self.len].iter().position(|&k| k == kid);
        found.expect("a parent knows its children")
    }

    pub(super) fn total(&self) -> Count {
        let mut total = Count::default();
        for &count in &self.counts[..self.len] {
            total += count;
        }
        total
    }

    pub(super) fn insert(&mut self, slot: usize, kid: u32, count: Count) {
        self.kids.copy_within(slot..self.len, slot + 1);
        self.counts.copy_within(slot..self.len, slot + 1);
        self.kids[slot] = kid;
        self.counts[slot] = count;
        self.len += 1;
    }
}

// Changing.
impl Tree {
    /// Puts a new span right behind `left`, or first of all, and returns its place.
    pub fn insert(&mut self, left: Option<Place>, span: Span, agents: &[Agent]) -> Place {
        self.total += span.shown();
        if self.homes.len() < agents.len() {
            self.homes.resize_with(agents.len(), BTreeMap::new);
            self.ends.resize(agents.len(), 0);
        }
        let Some(left) = left else {
            return self.insert_span(0, 0, span);
        };
        let before = self.span(left);
        if left.offset + 1 == before.len {
            if before.continues_in(&span) {
                return self.extend(left, &span);
            }
            return self.insert_span(left.leaf, left.index as usize + 1, span);
        }
        let at = self.split(left.leaf, left.index as usize, left.offset + 1, agents);
        self.insert_span(at.0, at.1, span)
    }

    /// Lets the span at a place grow by `span`, which goes on where it ends.
    fn extend(&mut self, place: Place, span: &Span) -> Place {
        let grown = &mut self.leaves[place.leaf as usize].spans[place.index as usize];
        grown.len += span.len;
        grown.wide += span.wide;
        let end = &mut self.ends[span.agent as usize];
        *end = (*end).max(span.seq + span.len);
        self.keep_near(place.leaf, place.index as usize);
        self.owe(place.leaf, span.shown());
        Place {
            offset: place.offset + 1,
            ..place
        }
    }

    /// Adds `delta` deletions to `len` elements from a place on, all in one span.
    /// Returns how much text went out of sight, or came back.
    pub fn mark(&mut self, place: Place, len: u32, delta: i32, agents: &[Agent]) -> Count {
        let (leaf, index) = (place.leaf, place.index as usize);
        let span = *self.span(place);
        let from = place.offset;
        if from > 0 && from + len < span.len {
            let (leaf, index) = self.split(leaf, index, from, agents);
            let place = Place {
                leaf,
                index: index as u32,
                offset: 0,
            };
            return self.mark(place, len, delta, agents);
        }
        let was = Span {
            seq: span.seq + from,
            len,
            wide: span.wide_in(from, len, agents),
            text: span.text + from,
            ..span
        };
        let part = Span {
            dels: span.dels.saturating_add_signed(delta),
            ..was
        };
        let change = part.shown() - was.shown();
        self.total += change;
        self.owe(leaf, change);
        self.keep_near(leaf, index);
        if len == span.len {
            self.mark_whole(leaf as usize, index, part);
        } else if from == 0 {
            self.mark_head(leaf as usize, index, part);
        } else {
            self.mark_tail(leaf as usize, index, part);
        }
        match (was.dels == 0, part.dels == 0) {
            (true, false) => was.shown(),
            (false, true) => part.shown(),
            _ => Count::default(),
        }
    }

    fn mark_whole(&mut self, leaf: usize, index: usize, part: Span) {
        let number = leaf as u32;
        let leaf = &mut self.leaves[leaf];
        leaf.spans[index] = part;
        if index + 1 < leaf.len && part.continues_in(&leaf.spans[index + 1]) {
            leaf.spans[index].len += leaf.spans[index + 1].len;
            leaf.spans[index].wide += leaf.spans[index + 1].wide;
            leaf.remove(index + 1);
        }
        if index > 0 && leaf.spans[index - 1].continues_in(&leaf.spans[index]) {
            leaf.spans[index - 1].len += leaf.spans[index].len;
            leaf.spans[index - 1].wide += leaf.spans[index].wide;
            leaf.remove(index);
            self.near = match self.near {
                Some((_, at, start)) if at as usize == index && part.dels > 0 => {
                    Some((number, at - 1, start))
                }
                Some((_, at, _)) if at as usize == index => None,
                near => near,
            };
        }
    }

    fn mark_head(&mut self, leaf: usize, index: usize, part: Span) {
        let entry = &mut self.leaves[leaf];
        let span = &mut entry.spans[index];
        span.seq += part.len;
        span.text += part.len;
        span.len -= part.len;
        span.wide -= part.wide;
        if index > 0 && entry.spans[index - 1].continues_in(&part) {
            entry.spans[index - 1].len += part.len;
            entry.spans[index - 1].wide += part.wide;
            if part.dels == 0 {
                self.near = None;
            }
            return;
        }
        self.put(leaf as u32, index, part);
    }

    fn mark_tail(&mut self, leaf: usize, index: usize, part: Span) {
        let entry = &mut self.leaves[leaf];
        entry.spans[index].len -= part.len;
        entry.spans[index].wide -= part.wide;
        if index + 1 < entry.len && part.continues_in(&entry.spans[index + 1]) {
            let next = &mut entry.spans[index + 1];
            next.seq = part.seq;
            next.text = part.text;
            next.len += part.len;
            next.wide += part.wide;
            return;
        }
        self.put(leaf as u32, index + 1, part);
    }

    /// Cuts a span in two at `offset`; returns where its second half is.
    fn split(&mut self, leaf: u32, index: usize, offset: u32, agents: &[Agent]) -> (u32, usize) {
        let span = &mut self.leaves[leaf as usize].spans[index];
        let tail = Span {
            seq: span.seq + offset,
            len: span.len - offset,
            wide: span.wide_in(offset, span.len - offset, agents),
            text: span.text + offset,
            ..*span
        };
        span.len = offset;
        span.wide -= tail.wide;
        self.keep_near(leaf, index);
        self.put(leaf, index + 1, tail)
    }

    /// Puts a span into a leaf whose count holds it already.
    fn put(&mut self, leaf: u32, index: usize, span: Span) -> (u32, usize) {
        let (at, index) = self.room(leaf, index);
        self.leaves[at as usize].insert(index, span);
        if at != leaf {
            self.owe(leaf, Count::default() - span.shown());
            self.owe(at, span.shown());
            self.house(span.id(0), span.len, at);
        }
        (at, index)
    }

    /// Puts a new span into a leaf.
    fn insert_span(&mut self, leaf: u32, index: usize, span: Span) -> Place {
        let (leaf, index) = self.room(leaf, index);
        self.leaves[leaf as usize].insert(index, span);
        self.owe(leaf, span.shown());
        let end = &mut self.ends[span.agent as usize];
        *end = (*end).max(span.seq + span.len);
        self.house(span.id(0), span.len, leaf);
        self.keep_near(leaf, index);
        Place {
            leaf,
            index: index as u32,
            offset: 0,
        }
    }
}

// What the changes rest on.
impl Tree {
    /// Notes where the next look-up by position is likely to fall: a span before which `start`
    /// scalars are visible.
    pub fn remember(&mut self, place: Place, start: u32) {
        self.near = Some((place.leaf, place.index, start));
    }

    /// A change at a span leaves what is known of that place, and of those before it, true.
    fn keep_near(&mut self, leaf: u32, index: usize) {
        if let Some((near, at, _)) = self.near
            && (near != leaf || at as usize > index)
        {
            self.near = None;
        }
    }

    /// Notes that what is visible in a leaf changed; the nodes above are told when it matters.
    fn owe(&mut self, leaf: u32, change: Count) {
        if self.owed.0 != leaf {
            self.settle();
            self.owed.0 = leaf;
        }
        self.owed.1 += change;
    }

    /// Tells the nodes above what they have not been told yet.
    pub(super) fn settle(&mut self) {
        let (leaf, change) = self.owed;
        if change == Count::default() {
            return;
        }
        self.owed.1 = Count::default();
        let (mut kid, mut parent) = (leaf, self.leaves[leaf as usize].parent);
        while parent != NONE {
            let node = &mut self.nodes[parent as usize];
            let slot = node.slot(kid);
            node.counts[slot] += change;
            (kid, parent) = (parent, node.parent);
        }
    }

    /// Makes room for one more span at `index` of a leaf; returns where that now is.
    fn room(&mut self, leaf: u32, index: usize) -> (u32, usize) {
        if self.leaves[leaf as usize].len < LEAF {
            return (leaf, index);
        }
        // Text that grows at the end of a leaf leaves full leaves behind.
        let cut = if index == LEAF { LEAF } else { LEAF / 2 };
        let new = self.append_leaf(leaf);
        let old = &mut self.leaves[leaf as usize];
        let moved: Vec<Span> = old.spans[cut..old.len].to_vec();
        old.len = cut;
        let right = &mut self.leaves[new as usize];
        right.spans[..moved.len()].copy_from_slice(&moved);
        right.len = moved.len();
        let mut count = Count::default();
        for span in &moved {
            count += span.shown();
            self.house(span.id(0), span.len, new);
        }
        self.owe(leaf, Count::default() - count);
        self.owe(new, count);
        self.near = None;
        if index < cut || (index == cut && cut < LEAF) {
            (leaf, index)
        } else {
            (new, index - cut)
        }
    }

    /// Adds an empty leaf right behind another one.
    fn append_leaf(&mut self, leaf: u32) -> u32 {
        let new = self.leaves.len() as u32;
        let old = &mut self.leaves[leaf as usize];
        let mut fresh = Leaf::new(old.parent);
        fresh.next = old.next;
        old.next = new;
        let parent = old.parent;
        self.leaves.push(fresh);
        self.settle();
        self.adopt(parent, leaf, new, true);
        new
    }

    /// Puts `new` behind `kid` among the children of `parent`, splitting nodes as needed.
    fn adopt(&mut self, parent: u32, kid: u32, new: u32, leaves: bool) {
        let mut parent = parent;
        let mut slot = self.nodes[parent as usize].slot(kid) + 1;
        if self.nodes[parent as usize].len == FAN {
            let right = self.split_node(parent, leaves, slot);
            let kept = self.nodes[parent as usize].len;
            if slot > kept {
                slot -= kept;
                parent = right;
            }
        }
        let count = if leaves {
            Count::default()
        } else {
            let node = &self.nodes[new as usize];
            node.total()
        };
        self.nodes[parent as usize].insert(slot, new, count);
        if leaves {
            self.leaves[new as usize].parent = parent;
        } else {
            self.nodes[parent as usize].counts[slot - 1] =
                self.nodes[self.nodes[parent as usize].kids[slot - 1] as usize].total();
            self.nodes[new as usize].parent = parent;
        }
    }

    /// Moves the right half of a full node into a new one right behind it.
    fn split_node(&mut self, node: u32, leaves: bool, slot: usize) -> u32 {
        if self.nodes[node as usize].parent == NONE {
            let root = self.nodes.len() as u32;
            let mut fresh = Node::new(NONE);
            fresh.insert(0, node, self.nodes[node as usize].total());
            self.nodes.push(fresh);
            self.nodes[node as usize].parent = root;
            self.root = root;
            self.height += 1;
        }
        let cut = if slot == FAN { FAN - 1 } else { FAN / 2 };
        let new = self.nodes.len() as u32;
        let old = &mut self.nodes[node as usize];
        let mut fresh = Node::new(old.parent);
        for at in cut..FAN {
            fresh.insert(at - cut, old.kids[at], old.counts[at]);
        }
        old.len = cut;
        let parent = old.parent;
        for &kid in &fresh.kids[..fresh.len] {
            if leaves {
                self.leaves[kid as usize].parent = new;
            } else {
                self.nodes[kid as usize].parent = new;
            }
        }
        self.nodes.push(fresh);
        self.adopt(parent, node, new, false);
        new
    }

    /// Notes that `len` elements from `id` on are in this leaf.
    fn house(&mut self, id: Id, len: u32, leaf: u32) {
        if !self.mapped {
            return;
        }
        let homes = &mut self.homes[id.agent as usize];
        let (start, end) = (id.seq, id.seq + len);
        let goes_on = end < self.ends[id.agent as usize];
        if let Some((&from, &last)) = homes.last_key_value()
            && from <= start
        {
            if last != leaf {
                homes.insert(start, leaf);
                if goes_on {
                    homes.insert(end, last);
                }
            }
            return;
        }
        let tail = homes.range(..=end).next_back().map(|(_, &leaf)| leaf);
        let within: Vec<u32> = homes.range(start..end).map(|(&from, _)| from).collect();
        for from in within {
            homes.remove(&from);
        }
        if let Some(tail) = tail
            && goes_on
        {
            homes.entry(end).or_insert(tail);
        }
        homes.insert(start, leaf);
    }

    /// Makes the map from elements to leaves, which nothing needs until somebody else's edit comes.
    pub(super) fn map(&mut self) {
        if self.mapped {
            return;
        }
        self.mapped = true;
        let mut all: Vec<(u32, u32, u32)> = Vec::new();
        let mut leaf = 0;
        while leaf != NONE {
            let entry = &self.leaves[leaf as usize];
            all.extend(entry.spans().iter().map(|s| (s.agent, s.seq, leaf)));
            leaf = entry.next;
        }
        all.sort_unstable();
        all.dedup_by(|b, a| a.0 == b.0 && a.2 == b.2);
        let mut start = 0;
        for (agent, homes) in self.homes.iter_mut().enumerate() {
            let n = all[start..].partition_point(|entry| entry.0 as usize == agent);
            let own = &all[start..start + n];
            *homes = own.iter().map(|&(_, seq, leaf)| (seq, leaf)).collect();
            start += n;
        }
    }
}
