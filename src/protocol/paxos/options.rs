//! What a scenario may switch, and the mutants: Paxos with one rule left out.

use crate::base::{Micros, Misfit, quorum::majority};
use serde::{Deserialize, Serialize};

/// The switches of Paxos, with the defaults of a small cluster on a local network.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "PaxosOptions"))]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Whether one value is decided, or a log of commands.
    pub mode: Mode,
    /// How many of the nodes are acceptors: the first ones; 0 for all. The others propose and
    /// learn.
    pub acceptors: u16,
    /// How many acceptors have to promise (phase 1); 0 for a majority.
    pub phase1_quorum: u16,
    /// How many acceptors have to accept (phase 2); 0 for a majority.
    pub phase2_quorum: u16,
    /// Takes quorums of the two phases that need not share an acceptor, to see what breaks.
    pub unsafe_quorums: bool,
    /// An acceptor promises the ballot that it has promised last once more when it is asked
    /// again, so that a promise that was lost or doubled does no harm (Parliament, 2.3).
    pub repromise: bool,
    /// Whom acceptors tell what they have accepted (Simple, section 2.3).
    pub learners: Learning,
    /// Single-decree: how long a proposer waits for a quorum before it tries a higher ballot.
    #[serde(rename = "ballot_timeout_ms")]
    pub ballot_timeout: Micros,
    /// A proposer that was refused waits a random while before it tries again, longer each time;
    /// otherwise it tries again at once, and two of them can go on like that for ever (Simple,
    /// section 2.4).
    pub back_off: bool,
    /// Least and greatest wait after the first refusal; it doubles with each further one, up to
    /// sixteen times.
    #[serde(rename = "back_off_ms")]
    pub back_off_span: [Micros; 2],
    /// Single-decree: how often a node that has not learnt the value asks another; 0 for never.
    #[serde(rename = "ask_ms")]
    pub ask: Micros,
    /// Multi-Paxos: least and greatest time without a leader after which a node prepares a ballot
    /// of its own; each is drawn anew from this range.
    #[serde(rename = "election_timeout_ms")]
    pub election_timeout: [Micros; 2],
    /// Multi-Paxos: how often a leader speaks to every node at the least.
    #[serde(rename = "heartbeat_ms")]
    pub heartbeat: Micros,
    /// Multi-Paxos: how reads are answered.
    pub reads: Reads,
    /// By how much clocks are assumed to gain or lose at most, in parts per million, where a
    /// lease rests on them.
    pub lease_drift_ppm: u32,
    /// Multi-Paxos: how many slots lie between two snapshots of a node; 0 for none at all.
    pub snapshot_every: u32,
    /// Leaves one rule out, to show what it is for.
    pub mutant: Option<Mutant>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            mode: Mode::Multi,
            acceptors: 0,
            phase1_quorum: 0,
            phase2_quorum: 0,
            unsafe_quorums: false,
            repromise: true,
            learners: Learning::Proposer,
            ballot_timeout: Micros::from_ms(100),
            back_off: true,
            back_off_span: [Micros::from_ms(10), Micros::from_ms(60)],
            ask: Micros::from_ms(300),
            election_timeout: [Micros::from_ms(150), Micros::from_ms(300)],
            heartbeat: Micros::from_ms(50),
            reads: Reads::Log,
            lease_drift_ppm: 0,
            snapshot_every: 0,
            mutant: None,
        }
    }
}

impl Options {
    /// Whether `mutant` is the one that is switched on.
    pub fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// Whether a single value is decided.
    pub fn is_single(&self) -> bool {
        self.mode == Mode::Single
    }

    /// How many of `nodes` are acceptors.
    pub fn acceptors_of(&self, nodes: u16) -> u16 {
        match self.acceptors {
            0 => nodes,
            some => some.min(nodes),
        }
    }

    /// How many of so many acceptors have to promise, and how many have to accept.
    pub fn quorums(&self, acceptors: u16) -> [usize; 2] {
        [self.phase1_quorum, self.phase2_quorum].map(|quorum| match quorum {
            0 => majority(usize::from(acceptors)),
            some => usize::from(some),
        })
    }

    /// How long a lease lasts from the moment the leader asked for it: the least election
    /// timeout, shortened so that it has ended by any clock within the assumed drift (Live, 5.2).
    pub(super) fn lease(&self) -> Micros {
        let ppm = u64::from(self.lease_drift_ppm.min(999_999));
        let span = u128::from(self.election_timeout[0].0);
        Micros((span * u128::from(1_000_000 - ppm) / u128::from(1_000_000 + ppm)) as u64)
    }

    /// The first option that makes no sense for a cluster of `nodes`.
    pub(super) fn fault(&self, nodes: usize) -> Option<Misfit> {
        let nodes = u16::try_from(nodes).unwrap_or(u16::MAX);
        let n = u32::from(self.acceptors_of(nodes));
        for (option, value, [least, greatest]) in [
            ("nodes", u32::from(nodes), [1, 101]),
            (
                "acceptors",
                u32::from(self.acceptors),
                [0, u32::from(nodes)],
            ),
            ("phase1_quorum", u32::from(self.phase1_quorum), [0, n]),
            ("phase2_quorum", u32::from(self.phase2_quorum), [0, n]),
            ("lease_drift_ppm", self.lease_drift_ppm, [0, 500_000]),
        ] {
            if !(least..=greatest).contains(&value) {
                let expected = format!("a whole number from {least} to {greatest}");
                return Some(Misfit::new(option, value.to_string(), expected));
            }
        }
        self.times_misfit().or_else(|| self.quorums_misfit(n))
    }

    fn times_misfit(&self) -> Option<Misfit> {
        for (option, [low, high]) in [
            ("back_off_ms", self.back_off_span),
            ("election_timeout_ms", self.election_timeout),
        ] {
            if low > high {
                let found = format!("[{}, {}]", low.as_ms(), high.as_ms());
                return Some(Misfit::new(
                    option,
                    found,
                    "the least first, then the greatest",
                ));
            }
        }
        for (option, span) in [
            ("ballot_timeout_ms", self.ballot_timeout),
            ("heartbeat_ms", self.heartbeat),
        ] {
            if span == Micros::ZERO {
                return Some(Misfit::new(option, "0", "more than 0"));
            }
        }
        let (least, heartbeat) = (self.election_timeout[0], self.heartbeat.as_ms());
        (least <= self.heartbeat).then(|| {
            let found = format!("{} at the least", least.as_ms());
            let expected = format!("more than the heartbeat of {heartbeat}");
            Misfit::new("election_timeout_ms", found, expected)
        })
    }

    /// Flexible, section 3: it is enough, and needed, that each quorum of phase 1 shares an
    /// acceptor with each of phase 2.
    fn quorums_misfit(&self, n: u32) -> Option<Misfit> {
        let [first, second] = self.quorums(n as u16).map(|quorum| quorum as u32);
        if first + second > n || self.unsafe_quorums {
            return None;
        }
        let found = format!("{second} of {n} acceptors, with {first} for phase 1");
        let expected = format!(
            "{} at the least, so that every two quorums of the two phases share an acceptor \
             (or unsafe_quorums, to see what breaks)",
            n + 1 - first
        );
        Some(Misfit::new("phase2_quorum", found, expected))
    }
}

/// What is decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "PaxosMode"))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// One value, once: what any client proposes (Simple, section 2).
    Single,
    /// A command for each slot of a log, on which a replicated machine runs (Simple, section 3).
    #[default]
    Multi,
}

/// Whom acceptors tell what they have accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "PaxosLearning"))]
#[serde(rename_all = "snake_case")]
pub enum Learning {
    /// The proposer of the ballot, who tells the others: few messages, one delay more.
    #[default]
    Proposer,
    /// Every node: each counts for itself, for as many messages as acceptors times nodes.
    Everybody,
}

/// How a read is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "PaxosReads"))]
#[serde(rename_all = "snake_case")]
pub enum Reads {
    /// A read takes a slot of the log, like a write.
    #[default]
    Log,
    /// The leader answers at once while so many acceptors turn every rival away that no rival can
    /// have finished phase 1; this rests on clocks (Live, 5.2).
    Lease,
}

/// Paxos with one rule left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "PaxosMutant"))]
#[serde(rename_all = "snake_case")]
pub enum Mutant {
    /// Leaves the node out of ballot numbers (Parliament, 2.2), so that proposers that all count
    /// 1, 2, 3 share ballots: two of them propose two values in one.
    SharedBallots,
    /// Takes n/2 acceptors for a quorum (Parliament, 2.1): what half of them have accepted passes for
    /// chosen, though the other half may accept another value.
    HalfQuorum,
    /// A proposer proposes its own value whatever the acceptors report (P2c; Simple, 2.2): it
    /// overrules a value that is chosen.
    KeepsOwnValue,
    /// A proposer adopts the value of the lowest reported ballot, not the highest (P2c).
    LowestAccepted,
    /// A proposer adopts the value that most acceptors report, not that of the highest ballot.
    MostFrequent,
    /// An acceptor accepts below its promise (P1a): a late ballot gets its quorum beside a newer.
    AcceptBelowPromise,
    /// An acceptor does not write its promise to disk (Simple, 2.5): after a crash it accepts what
    /// it had promised not to.
    PromiseNotPersisted,
    /// An acceptor writes neither promise nor what it accepted to disk (Simple, 2.5): after a crash
    /// it accepts what it had promised not to, and reports nothing of a value that may be chosen.
    AcceptorForgets,
    /// A proposer does not write its round to disk (Simple, 2.5: "each proposer remembers (in
    /// stable storage) the highest-numbered proposal it has tried to issue"): after a crash it
    /// proposes another value in the same ballot.
    RoundNotPersisted,
    /// A proposer counts promises that were made to its earlier ballots (Simple, 2.2): who made
    /// one may have accepted something since.
    StalePromises,
    /// A learner counts who accepted a value, in whatever ballots, not who accepted it in one
    /// (Parliament, 2.1): it learns a value that was never chosen.
    CountsValues,
    /// Counts messages, not acceptors: a doubled message is a second vote.
    VotesNotVoters,
    /// A new leader fills the gaps of its own log with no-ops, without regard to what the
    /// acceptors report of them (Simple, section 3): it overrules chosen commands.
    GapsUnasked,
    /// A learner carries out what it learns at once, over the holes before it (Simple, section 3): it
    /// carries commands out in another order than the others.
    SkipsHoles,
    /// Acceptors promise a rival's ballot while a leader's lease runs (Live, 5.2): the old leader
    /// goes on answering reads while the new one takes writes.
    LeaseNotHonoured,
    /// A leader counts its lease from when it was granted, not from when it asked for it (Live,
    /// 5.2): a slow answer lets it outlast what the acceptors granted.
    LeaseFromAnswer,
}

impl Mutant {
    /// Every mutant.
    pub const ALL: [Mutant; 16] = [
        Mutant::SharedBallots,
        Mutant::HalfQuorum,
        Mutant::KeepsOwnValue,
        Mutant::LowestAccepted,
        Mutant::MostFrequent,
        Mutant::AcceptBelowPromise,
        Mutant::PromiseNotPersisted,
        Mutant::AcceptorForgets,
        Mutant::RoundNotPersisted,
        Mutant::StalePromises,
        Mutant::CountsValues,
        Mutant::VotesNotVoters,
        Mutant::GapsUnasked,
        Mutant::SkipsHoles,
        Mutant::LeaseNotHonoured,
        Mutant::LeaseFromAnswer,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quorums_that_can_miss_each_other_are_refused() {
        let with = |phase1_quorum, phase2_quorum, unsafe_quorums| Options {
            phase1_quorum,
            phase2_quorum,
            unsafe_quorums,
            ..Options::default()
        };
        for (first, second, fits) in [
            (0, 0, true),
            (4, 2, true),
            (2, 4, true),
            (5, 1, true),
            (0, 2, false),
            (2, 3, false),
            (3, 2, false),
            (4, 1, false),
        ] {
            let misfit = with(first, second, false).fault(5);
            assert_eq!(misfit.is_none(), fits, "{first} and {second}: {misfit:?}");
            assert_eq!(with(first, second, true).fault(5), None);
        }
        let misfit = with(2, 2, false)
            .fault(5)
            .expect("they can miss each other");
        assert_eq!(misfit.path, "phase2_quorum");
        assert!(misfit.expected.starts_with("4 at the least"), "{misfit}");
        assert!(with(6, 0, true).fault(5).is_some(), "there are five");
    }
}
