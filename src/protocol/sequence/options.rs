//! What a scenario may switch, and the mutants: the protocol with one rule left out.

use crate::base::{Micros, Misfit};
use crate::text::Omission;
use serde::{Deserialize, Serialize};

/// The switches of the replicated text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "SequenceOptions"))]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Whether a node sends each edit to all others as soon as it is made. Without, edits travel by
    /// anti-entropy alone.
    pub push: bool,
    /// How often a node compares what it knows with one of the others, each in its turn; 0 for
    /// never (Demers et al. 1987).
    #[serde(rename = "anti_entropy_ms")]
    pub anti_entropy: Micros,
    /// Leaves one rule out, to show what it is for.
    pub mutant: Option<Mutant>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            push: true,
            anti_entropy: Micros::from_ms(300),
            mutant: None,
        }
    }
}

impl Options {
    /// Whether `mutant` is the one that is switched on.
    pub fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// The rule that the document itself leaves out.
    pub(super) fn omission(&self) -> Option<Omission> {
        match self.mutant? {
            Mutant::TiesByArrival => Some(Omission::Ties),
            Mutant::RightOriginIgnored => Some(Omission::RightOrigins),
            Mutant::NoCausalDelivery => Some(Omission::Waiting),
            Mutant::TombstonesDropped
            | Mutant::ReusedName
            | Mutant::AppliedTwice
            | Mutant::VersionOverwritten => None,
        }
    }

    /// The first option that makes no sense.
    pub(super) fn fault(&self) -> Option<Misfit> {
        let span = self.anti_entropy;
        if span != Micros::ZERO && span < Micros::from_ms(1) {
            let found = span.as_ms().to_string();
            return Some(Misfit::new(
                "anti_entropy_ms",
                found,
                "0 for never, or at least 1",
            ));
        }
        if !self.push && span == Micros::ZERO {
            let expected = "true where anti_entropy_ms is 0, or no edit would ever travel";
            return Some(Misfit::new("push", "false", expected));
        }
        None
    }
}

/// The replicated text with one rule left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "SequenceMutant"))]
#[serde(rename_all = "snake_case")]
pub enum Mutant {
    /// What two people insert at one place at the same time stands in order of arrival, not by the
    /// names of their replicas (Fugue, the order of siblings): where it stands follows from how it
    /// came to a replica, not from the edits that the replica knows.
    TiesByArrival,
    /// What is inserted behind the same letter stands by names alone, whatever stood behind it (plain
    /// Fugue in place of FugueMax): replicas agree, but on an order in which words may interleave.
    RightOriginIgnored,
    /// An edit is applied as soon as it comes, though what it builds on has not come yet (Shapiro et
    /// al. 2011, causal delivery): a deletion that overtakes its insertion does nothing, and the
    /// letter stays.
    NoCausalDelivery,
    /// Deleted letters are forgotten at once (Oster et al. 2006, tombstones): what was typed beside
    /// one of them has lost its place and stands elsewhere, and no undo brings them back.
    TombstonesDropped,
    /// A node that has lost its disk goes on under its old name (Almeida et al. 2014): two edits
    /// have one identity, and whoever knows the first never takes the second.
    ReusedName,
    /// An edit is counted as it comes, not by its own number (Shapiro et al. 2011, delivery exactly
    /// once): what the network doubles stands in the text twice.
    AppliedTwice,
    /// A node takes the version vector of whom it compares with in place of its own, and does not
    /// merge the two (Mattern 1988): it no longer knows what it has, and never passes it on.
    VersionOverwritten,
}

impl Mutant {
    /// Every mutant.
    pub const ALL: [Mutant; 7] = [
        Mutant::TiesByArrival,
        Mutant::RightOriginIgnored,
        Mutant::NoCausalDelivery,
        Mutant::TombstonesDropped,
        Mutant::ReusedName,
        Mutant::AppliedTwice,
        Mutant::VersionOverwritten,
    ];
}
