//! The lock manager's switches, and its mutants: the lock manager with one rule left out.

use super::op::TTL_MAX;
use crate::base::{Micros, Misfit, names_of};
use crate::protocol::machine::Switches;
use serde::{Deserialize, Serialize};

/// The switches of the lock manager; in a scenario they stand under `machine` in `options`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "LockOptions"))]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// How long a session outlives its client's last sign of life, where the client says nothing
    /// of it.
    #[serde(rename = "ttl_ms")]
    pub ttl: Micros,
    /// Guarded resources refuse a token that is smaller than one that they have seen.
    pub fencing: bool,
    /// Each new wait is looked at: does it close a circle?
    pub detect: bool,
    /// Whose wait ends when it does.
    pub victim: Victim,
    /// Clients look at their clock before they use a lock: not once the lease may have ended.
    pub check_lease: bool,
    /// Leaves one rule out, to show what it is for. In a scenario it stands in `options` itself.
    #[serde(skip_serializing)]
    pub mutant: Option<Mutant>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            ttl: Micros::from_ms(1_000),
            fencing: true,
            detect: true,
            victim: Victim::Youngest,
            check_lease: true,
            mutant: None,
        }
    }
}

impl Options {
    /// Whether `mutant` is the one that is switched on.
    pub fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }
}

impl Switches for Options {
    fn mutants() -> Vec<String> {
        names_of(&Mutant::ALL)
    }

    fn mutant(&self) -> Option<String> {
        names_of(self.mutant.as_slice()).pop()
    }

    fn fault(&self) -> Option<Misfit> {
        if self.ttl == Micros::ZERO || self.ttl > TTL_MAX {
            let expected = format!("more than 0, and {} at the most", TTL_MAX.as_ms());
            return Some(Misfit::new(
                "ttl_ms",
                self.ttl.as_ms().to_string(),
                expected,
            ));
        }
        None
    }
}

/// Whose wait ends where several wait for each other in a circle. Each keeps what it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Victim {
    /// The one whose session is the youngest.
    #[default]
    Youngest,
    /// The one that holds the fewest locks; of those the youngest.
    FewestLocks,
    /// The one whose request closes the circle.
    Requester,
}

/// The lock manager with one rule left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "LockMutant"))]
#[serde(rename_all = "snake_case")]
pub enum Mutant {
    /// The resource does not look at tokens (Kleppmann, *How to do distributed locking*, 2016): a
    /// client that stood still past its lease writes over what the next one wrote.
    NoFencingCheck,
    /// A client counts its lease from the moment the answer comes, not from when it asked (Gray and
    /// Cheriton, *Leases*, 1989, section 2): it trusts it for longer than the service does.
    LeaseFromAnswer,
    /// A new leader takes every session that it has not heard of for expired (Burrows, *The Chubby
    /// lock service*, 2006, section 2.9, and etcd extend leases instead): live leases end.
    ExpiresAtOnce,
    /// The end of a lease takes effect even if the session was renewed before it was committed
    /// (Burrows, *The Chubby lock service*, 2006, section 2.8): a lease ends that its holder trusts.
    ExpiresDespiteRenewal,
    /// Every copy ends leases by its own clock, and not by an entry of the log (Schneider,
    /// *Implementing fault-tolerant services*, 1990, on agreement of inputs): the copies part.
    ExpiresByOwnClock,
    /// A snapshot does not hold the counter of tokens (Raft, section 7: it holds all of the state): a
    /// copy that goes on from one counts tokens anew. It parts from the others, and where all do,
    /// tokens are granted a second time.
    ForgetsTokens,
    /// Whoever releases a lock is not asked whether it holds it (Burrows 2006, section 2.4, on late
    /// requests): a late or a wrong release frees what somebody else holds.
    ReleaseUnchecked,
    /// A retry of a request that waits is taken for another request (Raft, section 8): the client
    /// stands in the queue twice, and is granted a lock that it does not know of.
    QueuedTwice,
    /// The detector still sees waits that have ended (Knapp, *Deadlock detection in distributed
    /// databases*, 1987, on phantoms): it finds circles that are none, and somebody is refused for
    /// nothing.
    StaleEdges,
    /// The detector looks for pairs alone (Holt, *Some deadlock properties of computer systems*, 1972:
    /// circles of any length): a circle of three waits for ever.
    PairsOnly,
    /// A request to share a lock that is shared is granted at once, whoever waits (Gray and Reuter,
    /// *Transaction Processing*, 1993, section 7.8.2): a stream of readers starves a writer.
    ReadersOvertake,
    /// The queue keeps a client whose session has expired (Burrows 2006, section 2.8): it waits on
    /// though it is gone, and is granted the lock when its turn comes.
    ExpiredKeepsWaiting,
    /// A new leader starts no clock for those that waited before it came (Burrows, *The Chubby lock
    /// service*, 2006, section 2.9, on what a new master takes over): their waits never time out.
    ForgetsWaits,
}

impl Mutant {
    /// Every mutant.
    pub const ALL: [Mutant; 13] = [
        Mutant::NoFencingCheck,
        Mutant::LeaseFromAnswer,
        Mutant::ExpiresAtOnce,
        Mutant::ExpiresDespiteRenewal,
        Mutant::ExpiresByOwnClock,
        Mutant::ForgetsTokens,
        Mutant::ReleaseUnchecked,
        Mutant::QueuedTwice,
        Mutant::StaleEdges,
        Mutant::PairsOnly,
        Mutant::ReadersOvertake,
        Mutant::ExpiredKeepsWaiting,
        Mutant::ForgetsWaits,
    ];
}
