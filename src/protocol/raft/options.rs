//! What a scenario may switch, and the mutants: Raft with one rule left out.

use crate::base::{Micros, Misfit};
use crate::protocol::machine::Switches;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The switches of Raft, with the defaults of a small cluster on a local network.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(
    not(target_arch = "wasm32"),
    schemars(rename = "RaftOptions", bound = "O: Switches", transform = without_nulls)
)]
#[serde(default, deny_unknown_fields, bound = "O: Switches")]
pub struct Options<O = ()> {
    /// Least and greatest election timeout; each is drawn anew from this range (section 5.2).
    #[serde(rename = "election_timeout_ms")]
    pub election_timeout: [Micros; 2],
    /// How often a leader speaks to each follower at the least.
    #[serde(rename = "heartbeat_ms")]
    pub heartbeat: Micros,
    /// Asks whether an election could be won before starting one (thesis, section 9.6).
    pub pre_vote: bool,
    /// A leader that hears no majority for an election timeout steps down, and nobody votes
    /// within the least election timeout of hearing a leader (thesis, sections 6.2 and 4.2.3).
    pub check_quorum: bool,
    /// Keeps each client's last reply in the replicated state, so that an operation that is
    /// asked twice is done once (section 8).
    pub sessions: bool,
    /// A new leader begins its term with an entry that does nothing (section 8).
    pub no_op: bool,
    /// How reads are answered.
    pub reads: Reads,
    /// By how much clocks are assumed to gain or lose at most, in parts per million, where a
    /// lease rests on them (thesis, section 6.4.1).
    pub lease_drift_ppm: u32,
    /// The most entries that one AppendEntries carries.
    pub batch: u32,
    /// How many AppendEntries may be under way to one follower (thesis, section 10.2.1).
    pub window: u32,
    /// A follower that refuses tells where its log parts, so that the leader steps back by whole
    /// terms (end of section 5.3).
    pub fast_backtrack: bool,
    /// How many entries lie between two snapshots of a node; 0 for none at all (section 7).
    pub snapshot_every: u32,
    /// Leaves one rule out, to show what it is for.
    pub mutant: Option<Mutant>,
    /// The switches of the replicated machine, if it has any.
    #[serde(skip_serializing_if = "is_nothing")]
    pub machine: O,
}

/// Whether a value has nothing to say.
fn is_nothing<T>(_: &T) -> bool {
    size_of::<T>() == 0
}

/// Takes out of an object's schema the fields that can only be null: those of a machine that has
/// nothing of the kind.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn without_nulls(schema: &mut schemars::Schema) {
    let fields = schema
        .get_mut("properties")
        .and_then(|it| it.as_object_mut());
    if let Some(fields) = fields {
        fields.retain(|_, field| field["type"] != "null");
    }
}

impl<O: Switches> Default for Options<O> {
    fn default() -> Options<O> {
        Options {
            election_timeout: [Micros::from_ms(150), Micros::from_ms(300)],
            heartbeat: Micros::from_ms(50),
            pre_vote: false,
            check_quorum: false,
            sessions: true,
            no_op: true,
            reads: Reads::ReadIndex,
            lease_drift_ppm: 0,
            batch: 64,
            window: 8,
            fast_backtrack: true,
            snapshot_every: 0,
            mutant: None,
            machine: O::default(),
        }
    }
}

impl<O: Switches> Options<O> {
    /// Reads options. Where the machine has mutants, the option `mutant` names one of those.
    pub(super) fn read(mut options: Value) -> Result<Options<O>, Misfit> {
        if !O::mutants().is_empty()
            && let Value::Object(fields) = &mut options
            && let Some(mutant) = fields.remove("mutant")
        {
            let machine = fields.entry("machine").or_insert_with(|| json!({}));
            if let Value::Object(machine) = machine {
                machine.insert("mutant".to_owned(), mutant);
            }
        }
        Misfit::read(options).map_err(|misfit| match misfit.path.as_str() {
            "machine.mutant" => Misfit {
                path: "mutant".to_owned(),
                ..misfit
            },
            _ => misfit,
        })
    }

    /// The options as [`Options::read`] reads them.
    pub(super) fn written(&self) -> Value {
        let mut options = serde_json::to_value(self).unwrap_or_default();
        if let Some(mutant) = self.machine.mutant() {
            options["mutant"] = mutant.into();
        }
        options
    }

    /// Whether `mutant` is the one that is switched on.
    pub fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// Whether voters turn a candidate away within the least election timeout of hearing a
    /// leader (section 6, thesis 4.2.3). Leases rest on it too (thesis 6.4.1).
    pub(super) fn sticky(&self) -> bool {
        self.check_quorum || self.reads == Reads::Lease
    }

    /// How long a lease lasts from the moment its round was sent: the least election timeout,
    /// shortened so that it has ended by any clock within the assumed drift (thesis 6.4.1).
    pub(super) fn lease(&self) -> Micros {
        let ppm = u64::from(self.lease_drift_ppm.min(999_999));
        let span = u128::from(self.election_timeout[0].0);
        Micros((span * u128::from(1_000_000 - ppm) / u128::from(1_000_000 + ppm)) as u64)
    }

    /// The first option that makes no sense for a cluster of `nodes`.
    pub(super) fn fault(&self, nodes: usize) -> Option<Misfit> {
        let [low, high] = self.election_timeout.map(Micros::as_ms);
        if low > high {
            let found = format!("[{low}, {high}]");
            let expected = "the least first, then the greatest";
            return Some(Misfit::new("election_timeout_ms", found, expected));
        }
        let heartbeat = self.heartbeat.as_ms();
        if self.heartbeat == Micros::ZERO {
            return Some(Misfit::new("heartbeat_ms", "0", "more than 0"));
        }
        if low <= heartbeat {
            let found = format!("{low} at the least");
            let expected = format!("more than the heartbeat of {heartbeat}");
            return Some(Misfit::new("election_timeout_ms", found, expected));
        }
        let nodes = u32::try_from(nodes).unwrap_or(u32::MAX);
        for (option, value, [least, greatest]) in [
            ("batch", self.batch, [1, 10_000]),
            ("window", self.window, [1, 1_000]),
            ("lease_drift_ppm", self.lease_drift_ppm, [0, 500_000]),
            ("nodes", nodes, [1, 101]),
        ] {
            if !(least..=greatest).contains(&value) {
                let expected = format!("a whole number from {least} to {greatest}");
                return Some(Misfit::new(option, value.to_string(), expected));
            }
        }
        self.machine.fault().map(|misfit| misfit.under("machine"))
    }
}

/// How a read is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reads {
    /// The leader notes its commit index, makes sure by a round of messages that it still
    /// leads, and answers from its state (thesis, section 6.4).
    #[default]
    ReadIndex,
    /// The leader answers at once while its last round of heartbeats is young enough that
    /// nobody can have elected another; this rests on clocks (thesis, section 6.4.1).
    Lease,
    /// A read goes through the log like a write.
    Log,
    /// Any node answers from what it has. Not linearizable: shown for what goes wrong.
    Local,
}

/// Raft with one rule left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Mutant {
    /// Leaves out section 5.4.2: a leader counts replicas of entries of older terms. An entry on
    /// a majority is then reported committed and overwritten by a later leader (figure 8).
    OldTermCommit,
    /// Leaves out "votedFor is on stable storage" (figure 2): a node that restarts votes a second
    /// time in one term, and two leaders are elected.
    VoteNotPersisted,
    /// Leaves out the voter's look at the candidate's log (section 5.4.1): a node without the
    /// committed entries is elected and overwrites them.
    NoLogCheck,
    /// Compares logs by length alone, not by the last term first (section 5.4.1): a long log of
    /// an old term beats a committed entry of a newer one.
    LengthOnlyCheck,
    /// Takes n/2 voters for a majority (section 5.2): two halves elect two leaders of one term.
    HalfQuorum,
    /// Leaves out "reply false if term < currentTerm" of AppendEntries (figure 2): a deposed
    /// leader's late message cuts committed entries out of a follower's log.
    NoTermCheck,
    /// Cuts the log after `prev` at each append, not from the first conflict only (section 5.3):
    /// a late, shorter append takes back entries that were acknowledged.
    TruncateAlways,
    /// A follower commits up to its own last entry, not min(leaderCommit, last new entry)
    /// (figure 2): it applies a stale tail.
    CommitOwnLast,
    /// A follower acknowledges its own last index, not the last entry of the append (section
    /// 5.3): the leader counts entries that the follower does not have.
    MatchOwnLast,
    /// A leader that learns of a higher term takes the term but does not step down (section
    /// 5.1): two leaders of one term.
    KeepsLeading,
    /// Serves a read before an entry of the leader's own term is committed (thesis, section 6.4):
    /// a new leader may not know yet how far the log is committed.
    ReadBeforeCommit,
    /// Confirms a read by answers to any earlier message, as a round that reuses its token does
    /// (thesis, section 6.4; etcd issue 20418): a deposed leader serves stale data.
    ReusedReadToken,
    /// Changes members one at a time, in one step, as first published (thesis, section 4.1): a new
    /// leader does so before an entry of its own term is committed (Ongaro, 2015, on raft-dev), and
    /// two majorities do not meet.
    EarlySingleChange,
    /// Counts votes, not voters (section 5.2): a duplicated message is a second vote.
    VotesNotVoters,
    /// A follower acknowledges entries that reach its disk only when they are committed
    /// (figure 2): a crash takes acknowledged entries away.
    AcknowledgeBeforeDurable,
    /// Installs a snapshot older than what is committed already (section 7): the state goes back.
    OldSnapshot,
    /// Draws no random election timeouts (section 5.2): the nodes split the vote again and again.
    NoRandomTimeout,
    /// A deposed leader does not set its election timer again: with the others down it waits
    /// for ever (section 5.2).
    NoRearm,
}

impl Mutant {
    /// Every mutant.
    pub const ALL: [Mutant; 18] = [
        Mutant::OldTermCommit,
        Mutant::VoteNotPersisted,
        Mutant::NoLogCheck,
        Mutant::LengthOnlyCheck,
        Mutant::HalfQuorum,
        Mutant::NoTermCheck,
        Mutant::TruncateAlways,
        Mutant::CommitOwnLast,
        Mutant::MatchOwnLast,
        Mutant::KeepsLeading,
        Mutant::ReadBeforeCommit,
        Mutant::ReusedReadToken,
        Mutant::EarlySingleChange,
        Mutant::VotesNotVoters,
        Mutant::AcknowledgeBeforeDurable,
        Mutant::OldSnapshot,
        Mutant::NoRandomTimeout,
        Mutant::NoRearm,
    ];
}
