//! What a scenario may switch, and the mutants: the store with one rule left out.

use crate::base::{Micros, Misfit};
use serde::{Deserialize, Serialize};

/// The switches of the store, with the defaults of a small cluster on a local network.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvOptions"))]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// How many nodes keep each key (Dynamo, section 4.3).
    pub n: u32,
    /// How many of them must answer a read (section 4.5).
    pub r: u32,
    /// How many of them must have stored a write before it is acknowledged (section 4.5).
    pub w: u32,
    /// Whether the next nodes on the ring stand in for replicas that seem to be down, and hand
    /// over to them later (section 4.6). Then `r + w > n` promises nothing.
    pub sloppy: bool,
    /// At how many positions each node stands on the ring (section 4.2).
    pub virtual_nodes: u32,
    /// How versions are told apart.
    pub clocks: Clocks,
    /// What becomes of versions that stand beside each other.
    pub resolver: Resolver,
    /// Whether a read brings the replicas up to date that answered it with less (section 5).
    pub read_repair: bool,
    /// How often a node compares what it keeps with one of the others; 0 for never (section 4.7).
    #[serde(rename = "anti_entropy_ms")]
    pub anti_entropy: Micros,
    /// How often a node tells another who is there (section 4.8.1).
    #[serde(rename = "gossip_ms")]
    pub gossip: Micros,
    /// After how much silence a node is taken to be down (section 4.8.3).
    #[serde(rename = "suspect_ms")]
    pub suspect: Micros,
    /// How long a coordinator waits for answers. After half of it, others stand in for those that
    /// are silent, if quorums are sloppy.
    #[serde(rename = "patience_ms")]
    pub patience: Micros,
    /// How old a message with data may be when it arrives, and how long a tombstone is kept at
    /// the least after everybody has it.
    #[serde(rename = "grace_ms")]
    pub grace: Micros,
    /// The most entries that a plain vector may have; 0 for any number (section 4.4).
    pub vector_limit: u32,
    /// Leaves one rule out, to show what it is for.
    pub mutant: Option<Mutant>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            n: 3,
            r: 2,
            w: 2,
            sloppy: true,
            virtual_nodes: 8,
            clocks: Clocks::Dvv,
            resolver: Resolver::Siblings,
            read_repair: true,
            anti_entropy: Micros::from_ms(400),
            gossip: Micros::from_ms(100),
            suspect: Micros::from_ms(500),
            patience: Micros::from_ms(200),
            grace: Micros::from_ms(2_000),
            vector_limit: 0,
            mutant: None,
        }
    }
}

impl Options {
    /// Whether `mutant` is the one that is switched on.
    pub fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// Whether every read must see every write that was acknowledged before it began: any R of a
    /// key's N replicas meet any W of them (section 4.5), as long as nobody stands in.
    pub fn quorums_meet(&self) -> bool {
        !self.sloppy && self.r + self.w > self.n
    }

    /// After how many beats of its own heart a node takes a message to be too old.
    pub(super) fn grace_beats(&self) -> u64 {
        self.grace.0.div_ceil(self.gossip.0.max(1))
    }

    /// The first option that makes no sense for a cluster of `nodes`.
    pub(super) fn fault(&self, nodes: usize) -> Option<Misfit> {
        let nodes = u32::try_from(nodes).unwrap_or(u32::MAX);
        for (option, value, [least, greatest]) in [
            ("n", self.n, [1, nodes]),
            ("r", self.r, [1, self.n]),
            ("w", self.w, [1, self.n]),
            ("virtual_nodes", self.virtual_nodes, [1, 128]),
            ("vector_limit", self.vector_limit, [0, 1_000]),
        ] {
            if !(least..=greatest).contains(&value) {
                let expected = format!("a whole number from {least} to {greatest}");
                return Some(Misfit::new(option, value.to_string(), expected));
            }
        }
        for (option, span, least) in [
            ("gossip_ms", self.gossip, Micros(1_000)),
            ("patience_ms", self.patience, Micros(1_000)),
            ("suspect_ms", self.suspect, self.gossip + self.gossip),
            // A coordinator may hold what it has read for as long as it waits.
            ("grace_ms", self.grace, self.patience + self.gossip),
            // Or never.
            ("anti_entropy_ms", self.anti_entropy, Micros(1_000)),
        ] {
            if span < least && (option, span) != ("anti_entropy_ms", Micros::ZERO) {
                let expected = format!("at least {}", least.as_ms());
                return Some(Misfit::new(option, span.as_ms().to_string(), expected));
            }
        }
        if self.resolver == Resolver::Lww && self.clocks != Clocks::Dvv {
            let expected = "dvv, since the last writer is told by its timestamp";
            return Some(Misfit::new("clocks", self.clocks.name(), expected));
        }
        None
    }
}

/// How versions are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvClocks"))]
#[serde(rename_all = "snake_case")]
pub enum Clocks {
    /// Dotted version vectors: each version is named by the replica that took it and its number
    /// there. Exact, and as long as a key has replicas.
    #[default]
    Dvv,
    /// One plain vector of replicas' counters for all versions of a key. Versions that were
    /// replaced look concurrent, and pile up.
    ServerVv,
    /// A plain vector of clients' counters for each version. As long as there are clients; and a
    /// client that does not know its own last write loses one of the two.
    ClientVv,
}

impl Clocks {
    fn name(self) -> &'static str {
        match self {
            Clocks::Dvv => "dvv",
            Clocks::ServerVv => "server_vv",
            Clocks::ClientVv => "client_vv",
        }
    }
}

/// What becomes of versions that stand beside each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvResolver"))]
#[serde(rename_all = "snake_case")]
pub enum Resolver {
    /// They are all kept and all returned. Nothing is lost, and whoever reads has to resolve.
    #[default]
    Siblings,
    /// The one with the greatest timestamp stays, by the clocks of the nodes that took them. The
    /// others are lost, acknowledged or not.
    Lww,
    /// They are all kept; a read returns the union of their members (Dynamo's shopping cart,
    /// section 4.4).
    Union,
    /// They are all kept; a read returns the greatest number.
    Max,
}

/// The store with one rule left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "KvMutant"))]
#[serde(rename_all = "snake_case")]
pub enum Mutant {
    /// A replica takes what it is sent in place of what it has, and does not merge the two
    /// (Preguiça et al. 2010, "sync"): what it alone had is lost.
    OverwriteOnMerge,
    /// A write replaces all versions at its coordinator, also those that it has not read
    /// (Dynamo, section 4.4): concurrent writes are lost.
    DropConcurrent,
    /// A write leaves the versions beside it that it has read (Dynamo, section 4.4): what is
    /// resolved comes back as a conflict.
    KeepDominated,
    /// A node removes a tombstone by itself, without asking the others (Wuu and Bernstein 1984: what
    /// is deleted may be forgotten once everybody is known to know it): one that was away and still
    /// has the value gives it back to everybody.
    EarlyReap,
    /// A replica that has lost its disk, or handed a key over, counts on under its old name
    /// (Almeida et al. 2014): its new writes look like old ones, and vanish.
    ReusedReplicaId,
    /// A node that stands in for another forgets what it keeps for it once it is sent, not once
    /// it has arrived (Dynamo, section 4.6): a lost message loses the write.
    EarlyHintDrop,
    /// A coordinator counts answers, not those who answered (Dynamo, section 4.5): a doubled
    /// message makes a quorum of fewer.
    AcksNotAckers,
    /// A node takes a message with data however long it was under way (Watson 1981, on bounding the
    /// lifetime of packets): one from before a deletion brings the value back after the tombstone is
    /// gone.
    TakeOldMessages,
    /// A node that keeps a key no longer drops it at once, and hands nothing over (Dynamo, section
    /// 4.9): what only it had is lost.
    NoHandover,
}

impl Mutant {
    /// Every mutant.
    pub const ALL: [Mutant; 9] = [
        Mutant::OverwriteOnMerge,
        Mutant::DropConcurrent,
        Mutant::KeepDominated,
        Mutant::EarlyReap,
        Mutant::ReusedReplicaId,
        Mutant::EarlyHintDrop,
        Mutant::AcksNotAckers,
        Mutant::TakeOldMessages,
        Mutant::NoHandover,
    ];
}
