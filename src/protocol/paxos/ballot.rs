//! Ballots, and sets of acceptors.

use crate::base::NodeId;
use serde::{Serialize, Serializer};
use std::fmt;

/// The number of a ballot: a round, and the node whose ballot it is, compared as a pair. So no two
/// proposers ever share one (Parliament, 2.2: "a ballot number is a pair consisting of an integer
/// and a priest's name, using a lexicographical ordering").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ballot {
    /// The round, from 1; 0 in [`Ballot::NONE`] alone.
    pub round: u32,
    /// Whose ballot it is.
    pub node: NodeId,
}

impl Ballot {
    /// Less than every ballot there is.
    pub const NONE: Ballot = Ballot {
        round: 0,
        node: NodeId(0),
    };

    /// Rounds beyond this are not believed, so that there always is a next one.
    pub(super) const ROUND_MAX: u32 = 1 << 30;

    /// Whether it is no ballot at all.
    pub fn is_none(self) -> bool {
        self.round == 0
    }

    /// The ballot, if it is one.
    pub fn some(self) -> Option<Ballot> {
        (!self.is_none()).then_some(self)
    }

    /// The ballot as one number that is ordered as ballots are, 0 for none. A round counts for a
    /// multiple of the tones that a page has, so that a tone is a proposer's.
    pub fn epoch(self) -> u64 {
        if self.is_none() {
            return 0;
        }
        u64::from(self.round) * 1_002 + u64::from(self.node.0) + 1
    }
}

impl fmt::Display for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.round, self.node)
    }
}

impl Serialize for Ballot {
    /// `"4.2"`, or null for none.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.some() {
            Some(ballot) => serializer.collect_str(&ballot),
            None => serializer.serialize_none(),
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for Ballot {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PaxosBallot".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A ballot's round and node, `\"4.2\"`; null for none.",
            "type": ["string", "null"],
            "pattern": "^[1-9][0-9]*\\.[0-9]+$"
        })
    }
}

/// A set of nodes: who promised, who accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Voters(u128);

impl Voters {
    /// Adds a node; whether it is new. Beyond the largest cluster there is nobody.
    pub fn insert(&mut self, node: NodeId) -> bool {
        let bit = 1u128.checked_shl(u32::from(node.0)).unwrap_or(0);
        let new = bit & !self.0;
        self.0 |= bit;
        new != 0
    }

    /// Whether a node is in it.
    pub fn contains(self, node: NodeId) -> bool {
        self.0 & 1u128.checked_shl(u32::from(node.0)).unwrap_or(0) != 0
    }

    /// How many are in it.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether nobody is.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Who is in it, in order.
    pub fn nodes(self) -> impl Iterator<Item = NodeId> {
        NodeId::first(128).filter(move |node| self.contains(*node))
    }

    /// "node 2", "nodes 0, 1 and 4".
    pub(super) fn words(self) -> String {
        let names: Vec<String> = self.nodes().map(|node| node.to_string()).collect();
        match &names[..] {
            [] => "nobody".into(),
            [only] => format!("node {only}"),
            [rest @ .., last] => format!("nodes {} and {last}", rest.join(", ")),
        }
    }
}

impl FromIterator<NodeId> for Voters {
    fn from_iter<I: IntoIterator<Item = NodeId>>(nodes: I) -> Voters {
        let mut voters = Voters::default();
        for node in nodes {
            voters.insert(node);
        }
        voters
    }
}

impl Serialize for Voters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.nodes())
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for Voters {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PaxosVoters".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Vec::<NodeId>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ballots_are_ordered_as_pairs() {
        let at = |round, node| Ballot {
            round,
            node: NodeId(node),
        };
        assert!(at(2, 0) > at(1, 9) && at(2, 1) > at(2, 0) && at(1, 0) > Ballot::NONE);
        assert!(at(2, 0).epoch() > at(1, 127).epoch());
        assert_eq!(at(4, 2).to_string(), "4.2");
        assert_eq!(serde_json::to_string(&at(4, 2)).expect("JSON"), "\"4.2\"");
        assert_eq!(serde_json::to_string(&Ballot::NONE).expect("JSON"), "null");
    }

    #[test]
    fn a_set_holds_each_node_once() {
        let mut voters = Voters::default();
        assert!(voters.is_empty() && voters.insert(NodeId(3)) && !voters.insert(NodeId(3)));
        assert!(voters.insert(NodeId(127)) && !voters.insert(NodeId(128)));
        assert!(!voters.insert(NodeId(65_535)) && !voters.contains(NodeId(65_535)));
        assert_eq!(voters.nodes().collect::<Vec<_>>(), [NodeId(3), NodeId(127)]);
        assert_eq!(voters.words(), "nodes 3 and 127");
    }
}
