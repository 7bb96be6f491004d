//! Who is there: what every node knows of the others, and passes on by gossip (Dynamo, section
//! 4.8.1; van Renesse et al. 1998 for the beating hearts).

use crate::base::{Digest, Micros, NodeId};
use serde::Serialize;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The most nodes that a table names.
pub const MEMBERS_MAX: usize = 512;

/// How often a node's heart has beaten. A node counts its own; the others pass the number on, and
/// see by it that the node is alive. A message with data names the beat of its receiver that the
/// sender heard of last, by which the receiver can tell how old the message may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvBeat"))]
pub struct Beat {
    /// When the node's present disk was empty, by its own clock.
    #[serde(rename = "born_ms")]
    pub born: Micros,
    /// How often its heart has beaten since.
    pub count: u64,
}

impl fmt::Display for Beat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.count)?;
        if self.born > Micros::ZERO {
            write!(f, "@{}", self.born)?;
        }
        Ok(())
    }
}

/// What is known of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvMember"))]
pub struct Member {
    /// The node.
    pub node: NodeId,
    /// How often it has joined or left: odd while it belongs to the ring.
    pub turn: u32,
    /// Whether it has left and handed over all that it had.
    pub emptied: bool,
    /// Its newest beat that was heard of.
    pub beat: Beat,
}

impl Member {
    /// Whether it belongs to the ring.
    pub fn is_in(&self) -> bool {
        self.turn % 2 == 1
    }
}

/// What a node knows of all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvTable"))]
#[serde(transparent)]
pub struct Table {
    /// Sorted by node.
    members: Vec<Member>,
}

/// What taking in another table has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Somebody has joined or left.
    pub members: bool,
    /// Somebody has handed over all that it had.
    pub emptied: bool,
    /// Whose hearts have beaten on.
    pub beaten: Vec<NodeId>,
}

impl Table {
    /// The table of a cluster that begins with `members`.
    pub fn of(members: &[NodeId]) -> Table {
        let mut table = Table::default();
        for node in members {
            table.entry(*node).turn = 1;
        }
        table
    }

    /// What is known, node by node.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// What is known of `node`.
    pub fn get(&self, node: NodeId) -> Option<&Member> {
        let place = self.members.binary_search_by_key(&node, |m| m.node);
        place.ok().map(|place| &self.members[place])
    }

    /// What is known of `node`, for changing; a node that is new is not in the ring.
    pub fn entry(&mut self, node: NodeId) -> &mut Member {
        let place = match self.members.binary_search_by_key(&node, |m| m.node) {
            Ok(place) => place,
            Err(place) => {
                let stranger = Member {
                    node,
                    turn: 0,
                    emptied: false,
                    beat: Beat::default(),
                };
                self.members.insert(place, stranger);
                place
            }
        };
        &mut self.members[place]
    }

    /// Who belongs to the ring.
    pub fn ring(&self) -> Vec<NodeId> {
        let inside = self.members.iter().filter(|member| member.is_in());
        inside.map(|member| member.node).collect()
    }

    /// Those whose word counts when something is to be forgotten for good: who belongs to the
    /// ring, and who has left it but may still have something.
    pub fn keepers(&self) -> impl Iterator<Item = NodeId> + '_ {
        let keeps = |member: &&Member| member.is_in() || member.turn > 0 && !member.emptied;
        self.members.iter().filter(keeps).map(|member| member.node)
    }

    /// A digest of who belongs to the ring: nodes with the same one see the same ring.
    pub fn identity(&self) -> u64 {
        let mut digest = Digest::default();
        for member in &self.members {
            (member.node, member.turn, member.emptied).hash(&mut digest);
        }
        digest.finish()
    }

    /// How often the ring has changed.
    pub fn changes(&self) -> u64 {
        let turns = self.members.iter().map(|m| u64::from(m.turn));
        turns.sum()
    }

    /// Takes in what another table knows better. What `own` knows of itself, nobody knows better,
    /// but for whether it belongs to the ring.
    pub fn merge(&mut self, told: &Table, own: NodeId) -> News {
        let mut news = News::default();
        for told in &told.members {
            let known = self.entry(told.node);
            if told.turn > known.turn {
                (known.turn, known.emptied) = (told.turn, told.emptied && told.node != own);
                news.members = true;
            } else if told.turn == known.turn && told.emptied && !known.emptied {
                known.emptied = true;
                news.emptied = true;
            }
            if told.beat > known.beat && told.node != own {
                known.beat = told.beat;
                news.beaten.push(told.node);
            }
        }
        news
    }

    /// Why no correct node can have sent it, if that is so.
    pub(super) fn fault(&self) -> Option<&'static str> {
        if self.members.len() > MEMBERS_MAX || !self.members.is_sorted_by(|a, b| a.node < b.node) {
            return Some("a table of members out of order");
        }
        let believable = |member: &Member| {
            member.turn < 1 << 20 && member.beat.count <= super::version::COUNTER_MAX
        };
        (!self.members.iter().all(believable)).then_some("a count beyond belief")
    }

    /// A table with its entries as they stand, in order or not.
    pub(super) fn from_raw(members: Vec<Member>) -> Table {
        Table { members }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Chance, Draws};

    fn random(luck: &mut Draws) -> Table {
        let mut table = Table::default();
        for _ in 0..luck.between(0, 5) {
            let member = table.entry(NodeId(luck.between(0, 4) as u16));
            member.turn = luck.between(0, 3) as u32;
            member.emptied = member.turn == 2 && luck.between(0, 1) == 0;
            member.beat = Beat {
                born: Micros(luck.between(0, 1)),
                count: luck.between(0, 3),
            };
        }
        table
    }

    #[test]
    fn gossip_comes_to_the_same_in_any_order() {
        let outsider = NodeId(99);
        let merged = |a: &Table, b: &Table| {
            let mut merged = a.clone();
            merged.merge(b, outsider);
            merged
        };
        let mut luck = Draws::new(Chance::from_seed(6));
        for _ in 0..20_000 {
            let [a, b, c] = [(); 3].map(|()| random(&mut luck));
            let ab = merged(&a, &b);
            assert_eq!(ab, merged(&b, &a));
            assert_eq!(merged(&ab, &c), merged(&a, &merged(&b, &c)));
            assert_eq!(merged(&ab, &b), ab);
            assert!(ab.fault().is_none());
        }
    }

    #[test]
    fn a_node_knows_best_how_its_own_heart_beats() {
        let mut table = Table::of(&[NodeId(0), NodeId(1)]);
        let mut told = table.clone();
        for node in [0, 1] {
            told.entry(NodeId(node)).beat.count = 7;
        }
        let news = table.merge(&told, NodeId(0));
        assert_eq!(news.beaten, [NodeId(1)]);
        assert_eq!(table.get(NodeId(0)).map(|m| m.beat.count), Some(0));
        told.entry(NodeId(0)).turn = 2;
        assert!(
            table.merge(&told, NodeId(0)).members,
            "it was asked to leave"
        );
        assert_eq!((table.ring(), table.changes()), (vec![NodeId(1)], 3));
    }
}
