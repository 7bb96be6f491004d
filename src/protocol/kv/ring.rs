//! The ring: which nodes keep which keys (DeCandia et al., *Dynamo: Amazon's Highly Available
//! Key-value Store*, 2007, section 4.2, "Dynamo" from here on).
//!
//! Keys and nodes stand on one circle of 2^64 positions. A node stands at several of them, its
//! *virtual nodes*, so that what it leaves behind is spread over many. A key is kept by the first
//! `n` different nodes clockwise from its position: its *preference list*.

use crate::base::{Digest, NodeId};
use std::sync::Arc;

/// The ring of some members. Every node that knows the same members makes the same one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ring {
    /// Sorted by position.
    tokens: Vec<(u64, NodeId)>,
    /// For each token, who keeps the keys from the token before it up to this one.
    replicas: Vec<Box<[NodeId]>>,
    members: Box<[NodeId]>,
}

/// A stretch of the ring whose keys have the same replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range<'a> {
    /// The first position.
    pub from: u64,
    /// The last position.
    pub to: u64,
    /// Who keeps it, the coordinator of choice first.
    pub replicas: &'a [NodeId],
}

impl Ring {
    /// The ring of `members`, each with so many virtual nodes, where `n` of them keep each key.
    pub fn new(members: &[NodeId], virtual_nodes: u32, n: usize) -> Ring {
        let mut tokens: Vec<(u64, NodeId)> = members
            .iter()
            .flat_map(|node| (0..virtual_nodes).map(|k| (token(*node, k), *node)))
            .collect();
        tokens.sort_unstable();
        tokens.dedup_by_key(|(position, _)| *position);
        let mut ring = Ring {
            tokens,
            replicas: Vec::new(),
            members: members.into(),
        };
        ring.replicas = (0..ring.tokens.len())
            .map(|place| ring.walk_from(place).take(n).collect())
            .collect();
        ring
    }

    /// Who belongs to it, in order.
    pub fn members(&self) -> &[NodeId] {
        &self.members
    }

    /// The virtual nodes, in order of position.
    pub fn tokens(&self) -> &[(u64, NodeId)] {
        &self.tokens
    }

    /// The place of the first token at or after `position`.
    fn place(&self, position: u64) -> usize {
        let place = self.tokens.partition_point(|(at, _)| *at < position);
        if place == self.tokens.len() { 0 } else { place }
    }

    /// Every member once, clockwise from the token at `place`.
    fn walk_from(&self, place: usize) -> impl Iterator<Item = NodeId> + '_ {
        let (after, before) = (&self.tokens[place..], &self.tokens[..place]);
        let mut met: Vec<NodeId> = Vec::new();
        after.iter().chain(before).filter_map(move |(_, node)| {
            if met.contains(node) {
                return None;
            }
            met.push(*node);
            Some(*node)
        })
    }

    /// Every member once, clockwise from `position`: the preference list, and who comes next when
    /// some of it cannot be reached.
    pub fn walk(&self, position: u64) -> impl Iterator<Item = NodeId> + '_ {
        let place = self.place(position);
        self.walk_from(place.min(self.tokens.len()))
    }

    /// Who keeps the keys at `position`, the coordinator of choice first.
    pub fn replicas(&self, position: u64) -> &[NodeId] {
        self.replicas
            .get(self.place(position))
            .map_or(&[], |list| list)
    }

    /// The ranges, in order of position. The one that goes through zero comes in two parts.
    pub fn ranges(&self) -> impl Iterator<Item = Range<'_>> {
        let starts = std::iter::once(0).chain(self.tokens.iter().map(|(at, _)| at.wrapping_add(1)));
        let ends = self.tokens.iter().map(|(at, _)| *at).chain([u64::MAX]);
        let count = self.tokens.len();
        let ranges = starts.zip(ends).enumerate();
        ranges.filter_map(move |(place, (from, to))| {
            let list = self.replicas.get(if place == count { 0 } else { place })?;
            let empty = place == count && from == 0;
            (!empty).then_some(Range {
                from,
                to,
                replicas: list,
            })
        })
    }

    /// The ranges that both `a` and `b` keep; neighbours are joined.
    pub fn common(&self, a: NodeId, b: NodeId) -> Arc<[(u64, u64)]> {
        let mut common: Vec<(u64, u64)> = Vec::new();
        for range in self.ranges() {
            if !range.replicas.contains(&a) || !range.replicas.contains(&b) {
                continue;
            }
            match common.last_mut() {
                Some((_, to)) if to.checked_add(1) == Some(range.from) => *to = range.to,
                _ => common.push((range.from, range.to)),
            }
        }
        common.into()
    }
}

/// The position of a node's `k`-th virtual node.
fn token(node: NodeId, k: u32) -> u64 {
    spread(Digest::of(&(0x746f_6b65_u32, node, k)))
}

/// Spreads the bits of a digest evenly: positions are compared from the highest bit on.
pub(super) const fn spread(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::kv::item::position_of;

    fn nodes(count: usize) -> Vec<NodeId> {
        NodeId::first(count).collect()
    }

    #[test]
    fn preference_lists_hold_different_nodes() {
        for members in 1..=9 {
            for n in 1..=members {
                let ring = Ring::new(&nodes(members), 8, n);
                for key in 0..200 {
                    let position = position_of(&format!("key {key}"));
                    let replicas = ring.replicas(position);
                    assert_eq!(replicas.len(), n);
                    let walk: Vec<NodeId> = ring.walk(position).collect();
                    assert_eq!((&walk[..n], walk.len()), (replicas, members));
                }
            }
        }
        let nobody = Ring::new(&[], 8, 3);
        assert!(nobody.replicas(7).is_empty() && nobody.walk(7).next().is_none());
        assert_eq!(nobody.ranges().count(), 0);
    }

    #[test]
    fn ranges_cover_the_ring_once() {
        let ring = Ring::new(&nodes(5), 8, 3);
        let mut next = Some(0);
        for range in ring.ranges() {
            assert_eq!(Some(range.from), next);
            next = range.to.checked_add(1);
            for position in [range.from, range.to] {
                assert_eq!(ring.replicas(position), range.replicas);
            }
        }
        assert_eq!(next, None);
        let (a, b) = (NodeId(1), NodeId(4));
        let both = |position: u64| {
            let replicas = ring.replicas(position);
            replicas.contains(&a) && replicas.contains(&b)
        };
        let common = ring.common(a, b);
        for key in 0..2_000 {
            let position = position_of(&format!("key {key}"));
            let within = |(from, to): &(u64, u64)| (*from..=*to).contains(&position);
            assert_eq!(common.iter().any(within), both(position));
        }
        assert_eq!(common, ring.common(b, a));
    }

    #[test]
    fn keys_are_spread_over_the_nodes() {
        let ring = Ring::new(&nodes(5), 64, 3);
        let mut kept = [0u32; 5];
        for key in 0..10_000 {
            for node in ring.replicas(position_of(&format!("key {key}"))) {
                kept[node.index()] += 1;
            }
        }
        assert!(
            kept.iter().all(|count| (4_200..7_800).contains(count)),
            "{kept:?}"
        );
    }

    #[test]
    fn a_newcomer_takes_its_share_and_moves_nothing_else() {
        let (before, after) = (Ring::new(&nodes(5), 32, 1), Ring::new(&nodes(6), 32, 1));
        let mut moved = 0;
        for key in 0..10_000 {
            let position = position_of(&format!("key {key}"));
            let (old, new) = (before.replicas(position)[0], after.replicas(position)[0]);
            if old != new {
                assert_eq!(new, NodeId(5), "only to the newcomer");
                moved += 1;
            }
        }
        assert!((800..2_700).contains(&moved), "{moved} of 10,000, a sixth");
    }
}
