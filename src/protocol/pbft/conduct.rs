//! The ways in which a replica can be told to misbehave.

use crate::base::Conduct;

/// A way to misbehave. Several go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It hears everything and says nothing.
    Silent,
    /// All that it says comes late, by half the view-change time-out.
    Slow,
    /// It tells one half of the others something else than the other half: as primary it swaps
    /// the numbers of two requests, as backup it votes for two digests.
    Equivocate,
    /// Its votes and checkpoints carry proofs that do not hold; as primary it makes up
    /// operations in the names of clients, and in a view change certificates.
    Forge,
    /// It speaks in the names of all others to one of them, to have it execute something that
    /// nobody agreed on.
    Impersonate,
    /// Its pre-prepares and votes name digests of nothing.
    WrongDigest,
    /// It says again what it or others said before; as primary it orders again what is done.
    Replay,
    /// It speaks to one half of the others only.
    Selective,
    /// In a view change it keeps to itself what it has prepared; as new primary it leaves out
    /// what the view changes show.
    LieViewChange,
    /// It announces checkpoints of a state that nobody else has, and hands that state out.
    FalseCheckpoint,
    /// It tells clients a wrong result, and before anything is agreed on.
    WrongReply,
    /// It looks for others that collude, shares keys with them, and backs their lies.
    Collude,
}

/// Their names in scenarios, in the same order.
pub(super) const CONDUCTS: &[&str] = &[
    "silent",
    "slow",
    "equivocate",
    "forge",
    "impersonate",
    "wrong_digest",
    "replay",
    "selective",
    "lie_view_change",
    "false_checkpoint",
    "wrong_reply",
    "collude",
];

impl Way {
    /// Whether it is among those of a conduct.
    pub fn is_in(self, conduct: Conduct) -> bool {
        conduct.has(self as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_stand_in_the_order_of_the_ways() {
        let name = format!("{:?}", Way::Collude).to_lowercase();
        assert_eq!(CONDUCTS.get(Way::Collude as usize), Some(&name.as_str()));
        assert_eq!(CONDUCTS[Way::LieViewChange as usize], "lie_view_change");
        assert_eq!(CONDUCTS.len(), Way::Collude as usize + 1);
    }
}
