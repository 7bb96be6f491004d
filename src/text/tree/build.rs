//! A tree of spans that are known already, built from the leaves up.

use super::super::id::NONE;
use super::{Count, FAN, LEAF, Leaf, Node, Span, Tree};
use std::collections::BTreeMap;

/// How full the leaves and nodes are made: edits that come then find room.
const LEAF_FILL: usize = LEAF * 3 / 4;
const FAN_FILL: usize = FAN * 3 / 4;

impl Tree {
    /// The tree of these spans, told from the last to the first, by so many replicas.
    pub fn of(spans: &[Span], agents: usize) -> Tree {
        let mut tree = Tree::default();
        if spans.is_empty() {
            return tree;
        }
        tree.homes.resize_with(agents, BTreeMap::new);
        tree.ends.resize(agents, 0);
        tree.nodes.clear();
        let mut kids = tree.fill_leaves(spans);
        tree.height = 0;
        let mut leaves = true;
        while leaves || kids.len() > 1 {
            kids = tree.fill_nodes(&kids, leaves);
            tree.height += 1;
            leaves = false;
        }
        (tree.root, tree.total) = kids[0];
        tree
    }

    fn fill_leaves(&mut self, spans: &[Span]) -> Vec<(u32, Count)> {
        let count = spans.len().div_ceil(LEAF_FILL);
        self.leaves = Vec::with_capacity(count + count / 2);
        let mut kids = Vec::with_capacity(count);
        for chunk in spans.rchunks(LEAF_FILL) {
            let mut leaf = Leaf::new(NONE);
            let mut shown = Count::default();
            for (slot, span) in leaf.spans.iter_mut().zip(chunk.iter().rev()) {
                *slot = *span;
                shown += span.shown();
                let end = &mut self.ends[span.agent as usize];
                *end = (*end).max(span.seq + span.len);
            }
            leaf.len = chunk.len();
            let number = self.leaves.len() as u32;
            if kids.len() + 1 < count {
                leaf.next = number + 1;
            }
            self.leaves.push(leaf);
            kids.push((number, shown));
        }
        kids
    }

    /// Makes the nodes above these leaves or nodes.
    fn fill_nodes(&mut self, kids: &[(u32, Count)], leaves: bool) -> Vec<(u32, Count)> {
        let mut made = Vec::with_capacity(kids.len().div_ceil(FAN_FILL));
        for chunk in kids.chunks(FAN_FILL) {
            let number = self.nodes.len() as u32;
            let mut node = Node::new(NONE);
            for (slot, &(kid, count)) in chunk.iter().enumerate() {
                node.insert(slot, kid, count);
                if leaves {
                    self.leaves[kid as usize].parent = number;
                } else {
                    self.nodes[kid as usize].parent = number;
                }
            }
            made.push((number, node.total()));
            self.nodes.push(node);
        }
        made
    }
}
