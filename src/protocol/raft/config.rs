//! Who belongs to the cluster, and what makes a majority of it (section 6).

use crate::base::{NodeId, quorum::majority};
use serde::Serialize;
use std::fmt;

/// A configuration. While members change there are two sets of voters, and every decision takes
/// a majority of each (joint consensus, section 6).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Config {
    /// Who votes. While the configuration is joint: who will vote (C_new).
    pub voters: Vec<NodeId>,
    /// While the configuration is joint: who voted before (C_old). Empty otherwise.
    pub outgoing: Vec<NodeId>,
    /// Who gets the log but has no vote yet (section 6, thesis 4.2.1).
    pub learners: Vec<NodeId>,
}

impl Config {
    /// A configuration of `voters` alone.
    pub fn of(voters: &[NodeId]) -> Config {
        let mut voters = voters.to_vec();
        voters.sort_unstable();
        voters.dedup();
        Config {
            voters,
            ..Config::default()
        }
    }

    /// Whether two sets of voters have to agree.
    pub fn is_joint(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Whether `node` has a vote.
    pub fn votes(&self, node: NodeId) -> bool {
        self.voters.contains(&node) || self.outgoing.contains(&node)
    }

    /// Whether `node` belongs to the cluster in any way.
    pub fn knows(&self, node: NodeId) -> bool {
        self.votes(node) || self.learners.contains(&node)
    }

    /// Everybody in it, each once, in order.
    pub fn everybody(&self) -> Vec<NodeId> {
        let mut all = [&self.voters[..], &self.outgoing, &self.learners].concat();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether it is one that a correct leader makes: sorted sets, nobody both voter and learner.
    pub(super) fn is_sound(&self) -> bool {
        let sorted = |set: &[NodeId]| set.is_sorted_by(|a, b| a < b);
        !self.voters.is_empty()
            && [&self.voters, &self.outgoing, &self.learners]
                .iter()
                .all(|set| set.len() <= 512 && sorted(set))
            && !self.learners.iter().any(|node| self.votes(*node))
    }

    /// This configuration with `node` as a learner.
    pub(super) fn with_learner(&self, node: NodeId) -> Config {
        let mut next = self.clone();
        insert(&mut next.learners, node);
        next
    }

    /// The configuration that `node` votes in, or does not.
    pub(super) fn with_voter(&self, node: NodeId, votes: bool) -> Config {
        let mut next = self.clone();
        next.learners.retain(|learner| *learner != node);
        next.voters.retain(|voter| *voter != node);
        if votes {
            insert(&mut next.voters, node);
        }
        next
    }

    /// C_old,new: this configuration's voters and those of `next` have to agree.
    pub(super) fn joint_with(&self, next: Config) -> Config {
        Config {
            outgoing: self.voters.clone(),
            ..next
        }
    }

    /// C_new of a joint configuration.
    pub(super) fn without_outgoing(&self) -> Config {
        Config {
            outgoing: Vec::new(),
            ..self.clone()
        }
    }
}

fn insert(set: &mut Vec<NodeId>, node: NodeId) {
    if let Err(place) = set.binary_search(&node) {
        set.insert(place, node);
    }
}

impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "members {}", Numbers(&self.voters))?;
        if self.is_joint() {
            write!(f, " joint with {}", Numbers(&self.outgoing))?;
        }
        if !self.learners.is_empty() {
            write!(f, ", learning {}", Numbers(&self.learners))?;
        }
        Ok(())
    }
}

/// Node numbers in a row: `1,2,3`.
struct Numbers<'a>(&'a [NodeId]);

impl fmt::Display for Numbers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, node) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{node}")?;
        }
        Ok(())
    }
}

/// How many of `n` voters decide. The `half_quorum` mutant takes half of them.
pub(super) fn quorum(n: usize, half: bool) -> usize {
    if half { (n / 2).max(1) } else { majority(n) }
}

/// The greatest value that a quorum of `values` reaches.
pub(super) fn reached_by_quorum(values: &mut [u64], half: bool) -> u64 {
    let needed = quorum(values.len(), half);
    if values.len() < needed {
        return 0;
    }
    let place = values.len() - needed;
    *values.select_nth_unstable(place).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Chance, Draws};

    fn nodes(numbers: &[u16]) -> Vec<NodeId> {
        numbers.iter().copied().map(NodeId).collect()
    }

    #[test]
    fn the_value_of_a_quorum_is_that_of_counting() {
        let mut luck = Draws::new(Chance::from_seed(5));
        for _ in 0..20_000 {
            let n = luck.between(1, 9) as usize;
            let mut values: Vec<u64> = (0..n).map(|_| luck.between(0, 6)).collect();
            let reached = |index| values.iter().filter(|value| **value >= index).count();
            let slow = (0..=6).rev().find(|index| reached(*index) >= majority(n));
            assert_eq!(Some(reached_by_quorum(&mut values, false)), slow);
        }
    }

    #[test]
    fn a_change_goes_through_a_joint_configuration() {
        let old = Config::of(&nodes(&[2, 0, 1]));
        let learning = old.with_learner(NodeId(3));
        let joint = learning.joint_with(learning.with_voter(NodeId(3), true));
        assert_eq!(joint.to_string(), "members 0,1,2,3 joint with 0,1,2");
        let new = joint.without_outgoing();
        assert_eq!(
            (new.to_string(), new.is_joint()),
            ("members 0,1,2,3".into(), false)
        );
        assert!(joint.is_sound() && new.is_sound() && !Config::default().is_sound());
        let left = new.joint_with(new.with_voter(NodeId(0), false));
        assert_eq!(left.everybody(), nodes(&[0, 1, 2, 3]));
        assert!(left.votes(NodeId(0)) && !left.without_outgoing().knows(NodeId(0)));
    }
}
