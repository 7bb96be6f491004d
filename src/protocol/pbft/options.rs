//! What a scenario may switch, and the mutants: PBFT with one rule left out.

use super::keys::{KeyRing, Keys};
use crate::base::{Micros, Misfit, NodeId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The most replicas: sets of them are bits of a word.
pub(super) const REPLICAS_MAX: usize = 31;

/// The switches of PBFT, with the defaults of a small cluster on a local network.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "PbftOptions"))]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// What proves who said something.
    pub auth: Authentication,
    /// A checkpoint is taken at every number that this divides: K of section 4.3.
    pub checkpoint_interval: u32,
    /// How many numbers beyond the last stable checkpoint may be given out: L of section 4.3.
    pub window: u32,
    /// How long a backup waits for a request to be executed before it asks for another view;
    /// twice as long with each view that does not get it done (section 4.5.2).
    #[serde(rename = "view_timeout_ms")]
    pub view_timeout: Micros,
    /// How long a replica that waits for something lets pass without progress before it tells
    /// the others what it has, so that they send what it lacks (Castro and Liskov 2002, on
    /// retransmission).
    #[serde(rename = "status_ms")]
    pub status: Micros,
    /// Clients' reads are answered at once from the state that each replica has, and taken when
    /// a quorum answers the same; writes then need a quorum of answers too (section 5.1). It has
    /// a price: where a liar answers wrongly and an honest replica lags, a client may wait for a
    /// quorum in vain (Berger, Reiser and Bessani, *Making Reads in BFT State Machine Replication
    /// Fast, Linearizable, and Live*, 2021).
    pub read_only: bool,
    /// One node more for each replica named here, which runs as that replica too, with its key:
    /// the two together are one faulty replica (Bano et al., *Twins*, 2021).
    pub twins: Vec<NodeId>,
    /// Leaves one rule out, to show what it is for.
    pub mutant: Option<Mutant>,
    /// The keys of the run, which follow from its seed.
    #[serde(skip)]
    pub keys: KeyRing,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            auth: Authentication::Signatures,
            checkpoint_interval: 10,
            window: 20,
            view_timeout: Micros::from_ms(300),
            status: Micros::from_ms(150),
            read_only: false,
            twins: Vec::new(),
            mutant: None,
            keys: KeyRing::default(),
        }
    }
}

impl Options {
    /// Whether `mutant` is the one that is switched on.
    pub fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// How many replicas `nodes` nodes are: all but the twins.
    pub(super) fn replicas(&self, nodes: usize) -> usize {
        nodes.saturating_sub(self.twins.len()).max(1)
    }

    /// As which of `replicas` replicas a node runs.
    pub(super) fn identity(&self, node: NodeId, replicas: usize) -> NodeId {
        match node.index().checked_sub(replicas) {
            None => node,
            Some(place) => self.twins.get(place).copied().unwrap_or(node),
        }
    }

    /// Makes the keys of a run.
    pub(super) fn make_keys(&mut self, seed: u64, nodes: usize) {
        self.keys = KeyRing(Some(Keys::of(seed, self.replicas(nodes), self.auth)));
    }

    /// The keys of the run; of another one where none were made.
    pub fn keys(&self, nodes: usize) -> Arc<Keys> {
        match &self.keys.0 {
            Some(keys) => Arc::clone(keys),
            None => Keys::of(0, self.replicas(nodes), self.auth),
        }
    }

    /// The first option that makes no sense for a cluster of `nodes`.
    pub(super) fn fault(&self, nodes: usize) -> Option<Misfit> {
        let replicas = nodes.saturating_sub(self.twins.len());
        if !(1..=REPLICAS_MAX).contains(&replicas) {
            let found = format!("{replicas} of them, twins not counted");
            let expected = format!("1 to {REPLICAS_MAX} replicas");
            return Some(Misfit::new("nodes", found, expected));
        }
        for (place, twin) in self.twins.iter().enumerate() {
            if twin.index() >= replicas {
                let expected = format!("a replica from 0 to {}", replicas - 1);
                return Some(Misfit::new(
                    format!("twins[{place}]"),
                    twin.to_string(),
                    expected,
                ));
            }
        }
        let k = self.checkpoint_interval;
        for (option, value, [least, greatest]) in [
            ("checkpoint_interval", k, [1, 1_000]),
            ("window", self.window, [k, 2_000]),
        ] {
            if !(least..=greatest).contains(&value) {
                let expected = format!("a whole number from {least} to {greatest}");
                return Some(Misfit::new(option, value.to_string(), expected));
            }
        }
        for (option, value) in [
            ("view_timeout_ms", self.view_timeout),
            ("status_ms", self.status),
        ] {
            if value < Micros::from_ms(1) {
                return Some(Misfit::new(
                    option,
                    value.as_ms().to_string(),
                    "1 at the least",
                ));
            }
        }
        None
    }
}

/// What proves who said something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Authentication {
    /// Ed25519 on every message (Castro and Liskov 1999): proofs can be shown to others.
    #[default]
    Signatures,
    /// HMAC-SHA256 under keys that two share (Castro and Liskov 2002): far quicker, but what
    /// convinces one replica convinces no other, so that views are changed in another way.
    Macs,
}

/// PBFT with one rule left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Mutant {
    /// Takes 2f commits for enough, not 2f + 1 (section 4.2): a request is executed of which a
    /// later view need not hear.
    SmallCommitQuorum,
    /// Takes a request for prepared with 2f - 1 prepares, not 2f (section 4.2): two requests are
    /// prepared for one number of one view.
    SmallPreparedQuorum,
    /// Counts prepares and commits of one number together whatever digest they name (section
    /// 4.2): replicas that were sent different requests help each other to execute them.
    DigestUnchecked,
    /// A new primary leaves out what its view changes show to be prepared, and nobody minds
    /// (section 4.4): a request that was executed loses its number. It needs no liar.
    DropsPrepared,
    /// Backups take a new view's pre-prepares as they come, without computing them again
    /// (section 4.4): a lying primary drops what was executed.
    NewViewUnchecked,
    /// Believes a view change without its proofs (section 4.4): a request that was never
    /// prepared outranks one that was executed.
    ProofsUnchecked,
    /// Of two certificates for one number takes the one of the lower view (section 4.4), which a
    /// later view has overtaken.
    LowestViewWins,
    /// Takes a second pre-prepare for a number it has one for (section 4.2): the primary changes
    /// its mind, and another request takes the place of one that may be prepared already.
    SecondPrePrepare,
    /// Believes what a message says of its sender (section 3): one liar speaks for all.
    NoAuthentication,
    /// A client takes the first reply, not f + 1 equal ones (section 4.1).
    FirstReply,
    /// Takes a checkpoint for stable on the word of one replica, be it its own (section 4.3): it
    /// lets go of a log that others may need, or takes over a state that perhaps nobody else has.
    SingleCheckpoint,
    /// Executes what stands in the log whatever its timestamp (section 4.1): a primary that
    /// orders a request again has it done again.
    ExecutesTwice,
    /// Time-outs do not double (section 4.5.2): where a view takes longer to begin than they
    /// last, none ever begins.
    NoDoubling,
    /// Does not join f + 1 others that ask for a later view (section 4.5.2): where a replica
    /// sees no reason of its own, the others wait for it for ever.
    NoJoin,
}

impl Mutant {
    /// Every mutant.
    pub const ALL: [Mutant; 14] = [
        Mutant::SmallCommitQuorum,
        Mutant::SmallPreparedQuorum,
        Mutant::DigestUnchecked,
        Mutant::DropsPrepared,
        Mutant::NewViewUnchecked,
        Mutant::ProofsUnchecked,
        Mutant::LowestViewWins,
        Mutant::SecondPrePrepare,
        Mutant::NoAuthentication,
        Mutant::FirstReply,
        Mutant::SingleCheckpoint,
        Mutant::ExecutesTwice,
        Mutant::NoDoubling,
        Mutant::NoJoin,
    ];
}
