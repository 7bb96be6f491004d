//! Facts worth teaching and checking.

use super::config::Config;
use crate::base::{Class, NodeId, RequestId};
use crate::protocol::machine::{Fact, NoFact};
use serde::Serialize;
use std::fmt::Write;
use std::sync::Arc;

/// A fact that a node states. The first group is for people, the last for checkers alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(bound = "F: Fact"))]
#[serde(rename_all = "snake_case", bound = "F: Fact")]
pub enum Milestone<F = NoFact> {
    /// It asks whether it could win an election, without raising its term (thesis, 9.6).
    PreCampaigned {
        /// The term it would campaign in.
        term: u64,
    },
    /// It stands for election (section 5.2).
    Campaigned {
        /// The term it stands in.
        term: u64,
        /// The leader asked it to (thesis, 3.10).
        transfer: bool,
    },
    /// It votes for another node (section 5.2).
    Voted {
        /// The term.
        term: u64,
        /// Who gets the vote.
        candidate: NodeId,
    },
    /// It leads (section 5.2).
    Elected {
        /// The term it leads.
        term: u64,
        /// Whose votes it has, in the order of their arrival.
        votes: Arc<[NodeId]>,
    },
    /// It leads no more.
    SteppedDown {
        /// The term that it led.
        term: u64,
        /// Why.
        reason: StepDown,
    },
    /// As leader it commits all entries up to one (sections 5.3 and 5.4).
    Committed {
        /// The last entry committed.
        index: u64,
        /// Its term.
        term: u64,
        /// The first entry that this commits.
        first: u64,
    },
    /// Its log parts from the leader's: the rest is removed (section 5.3).
    Truncated {
        /// The first entry removed.
        from: u64,
        /// The last entry removed.
        to: u64,
    },
    /// It replaces the front of its log by a snapshot (section 7).
    SnapshotTaken {
        /// The last entry that the snapshot stands for.
        index: u64,
    },
    /// It takes over the leader's snapshot (section 7).
    SnapshotInstalled {
        /// The last entry that the snapshot stands for.
        index: u64,
        /// That entry's term.
        term: u64,
        /// Digest of the log up to there.
        chain: u64,
    },
    /// As leader it puts a new configuration into the log; it is in effect at once (section 6).
    ConfigAppended {
        /// Where.
        index: u64,
        /// Who belongs to the cluster from here on.
        config: Arc<Config>,
    },
    /// As leader it has committed a configuration (section 6).
    ConfigCommitted {
        /// Where.
        index: u64,
        /// The configuration.
        config: Arc<Config>,
    },
    /// It answers reads without a log entry.
    ReadsServed {
        /// How many.
        count: u32,
        /// The last entry that its state holds.
        index: u64,
        /// By what right.
        right: ReadRight,
    },
    /// As leader it hands over (thesis, 3.10).
    TransferStarted {
        /// To whom.
        to: NodeId,
    },
    /// It gives up handing over (thesis, 3.10).
    TransferAborted {
        /// To whom it wanted to.
        to: NodeId,
    },
    /// It finds that a command was carried out before, and leaves it at that (section 8).
    DuplicateSkipped {
        /// The command.
        request: RequestId,
        /// Where its copy stands.
        index: u64,
    },
    /// It has added an entry to its log.
    Appended {
        /// Where.
        index: u64,
        /// The entry's term.
        term: u64,
        /// Digest of the log up to there.
        chain: u64,
    },
    /// It has applied an entry to its state.
    Applied {
        /// Where.
        index: u64,
        /// The entry's term.
        term: u64,
        /// Digest of the log up to there.
        chain: u64,
    },
    /// It tells a client that its command is carried out.
    Acknowledged {
        /// The command.
        request: RequestId,
        /// Where it stands.
        index: u64,
        /// Digest of the log up to there.
        chain: u64,
    },
    /// Its copy of the machine states a fact. The leader states it for people.
    Machine {
        /// The entry that it comes of.
        index: u64,
        /// What.
        fact: F,
        /// Whether it is for people too.
        told: bool,
    },
    /// It removes entries that the leader has sent nothing against: a mutant's doing.
    CutShort {
        /// The first entry removed.
        from: u64,
        /// The last entry removed.
        to: u64,
    },
}

/// Why a leader stepped down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StepDown {
    /// It heard of a later term (section 5.1).
    LaterTerm(u64),
    /// It heard no majority for an election timeout (thesis, 6.2).
    NoQuorum,
    /// The committed configuration is without it (section 6).
    Removed,
}

/// By what right a read is answered without a log entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReadRight {
    /// A majority has confirmed the leader since the reads arrived (thesis, 6.4).
    Round,
    /// Nobody else can lead yet, by the clock (thesis, 6.4.1).
    Lease,
    /// None: it just answers.
    Local,
}

impl<F: Fact> crate::base::Milestone for Milestone<F> {
    fn kind(&self) -> &'static str {
        match self {
            Milestone::PreCampaigned { .. } => "pre_campaigned",
            Milestone::Campaigned { .. } => "campaigned",
            Milestone::Voted { .. } => "voted",
            Milestone::Elected { .. } => "elected",
            Milestone::SteppedDown { .. } => "stepped_down",
            Milestone::Committed { .. } => "committed",
            Milestone::Truncated { .. } | Milestone::CutShort { .. } => "truncated",
            Milestone::SnapshotTaken { .. } => "snapshot_taken",
            Milestone::SnapshotInstalled { .. } => "snapshot_installed",
            Milestone::ConfigAppended { .. } => "config_appended",
            Milestone::ConfigCommitted { .. } => "config_committed",
            Milestone::ReadsServed { .. } => "reads_served",
            Milestone::TransferStarted { .. } => "transfer_started",
            Milestone::TransferAborted { .. } => "transfer_aborted",
            Milestone::DuplicateSkipped { .. } => "duplicate_skipped",
            Milestone::Appended { .. } => "appended",
            Milestone::Applied { .. } => "applied",
            Milestone::Acknowledged { .. } => "acknowledged",
            Milestone::Machine { fact, .. } => fact.kind(),
        }
    }

    fn class(&self) -> Class {
        match self {
            Milestone::PreCampaigned { .. }
            | Milestone::Campaigned { .. }
            | Milestone::Elected { .. }
            | Milestone::SteppedDown { .. }
            | Milestone::TransferStarted { .. }
            | Milestone::TransferAborted { .. } => Class::Leadership,
            Milestone::Committed { .. } => Class::Decision,
            Milestone::SnapshotTaken { .. }
            | Milestone::SnapshotInstalled { .. }
            | Milestone::ConfigAppended { .. }
            | Milestone::ConfigCommitted { .. } => Class::Change,
            Milestone::Voted { .. }
            | Milestone::Truncated { .. }
            | Milestone::CutShort { .. }
            | Milestone::ReadsServed { .. }
            | Milestone::DuplicateSkipped { .. } => Class::Step,
            Milestone::Appended { .. }
            | Milestone::Applied { .. }
            | Milestone::Acknowledged { .. }
            | Milestone::Machine { told: false, .. } => Class::Quiet,
            Milestone::Machine { fact, .. } => fact.class(),
        }
    }

    #[allow(clippy::too_many_lines)] // one arm a fact, each a sentence
    fn sentence(&self, node: NodeId) -> String {
        match self {
            Milestone::PreCampaigned { term } => {
                format!("Node {node} asks whether it could win term {term}")
            }
            Milestone::Campaigned { term, transfer } => {
                let why = if *transfer {
                    ", as the leader told it to"
                } else {
                    ""
                };
                format!("Node {node} asks for votes in term {term}{why}")
            }
            Milestone::Voted { term, candidate } => {
                format!("Node {node} grants its vote in term {term} to node {candidate}")
            }
            Milestone::Elected { term, votes } => format!(
                "Node {node} is elected leader of term {term} with {}",
                votes_of(votes, node)
            ),
            Milestone::SteppedDown { term, reason } => {
                format!(
                    "Node {node} steps down as leader of term {term}{}",
                    reason.text()
                )
            }
            Milestone::Committed { index, first, .. } if index == first => {
                format!("Entry {index} is committed")
            }
            Milestone::Committed { index, first, .. } => {
                format!("Entries {first} to {index} are committed")
            }
            Milestone::Truncated { from, to } if from == to => {
                format!("Node {node} removes entry {from}, which conflicts with the leader's")
            }
            Milestone::Truncated { from, to } => format!(
                "Node {node} removes entries {from} to {to}, which conflict with the leader's"
            ),
            Milestone::CutShort { from, to } if from == to => {
                format!("Node {node} removes entry {from}, which conflicts with nothing")
            }
            Milestone::CutShort { from, to } => {
                format!("Node {node} removes entries {from} to {to}, which conflict with nothing")
            }
            Milestone::SnapshotTaken { index } => {
                format!("Node {node} replaces its log up to entry {index} by a snapshot")
            }
            Milestone::SnapshotInstalled { index, .. } => {
                format!("Node {node} takes over the leader's snapshot up to entry {index}")
            }
            Milestone::ConfigAppended { index, config } => {
                format!("Node {node} puts a new configuration into entry {index}: {config}")
            }
            Milestone::ConfigCommitted { config, .. } => {
                format!("The new configuration is committed: {config}")
            }
            Milestone::ReadsServed {
                count,
                index,
                right,
            } => {
                let reads = match count {
                    1 => "a read".to_owned(),
                    count => format!("{count} reads"),
                };
                format!(
                    "Node {node} answers {reads} as of entry {index}{}",
                    right.text()
                )
            }
            Milestone::TransferStarted { to } => {
                format!("Node {node} hands its leadership over to node {to}")
            }
            Milestone::TransferAborted { to } => {
                format!("Node {node} gives up handing over to node {to}")
            }
            Milestone::DuplicateSkipped { request, index } => format!(
                "Node {node} skips entry {index}: operation {} of client {} was done before",
                request.serial, request.client
            ),
            Milestone::Appended { index, term, .. } => {
                format!("Node {node} adds entry {index} of term {term} to its log")
            }
            Milestone::Applied { index, .. } => format!("Node {node} applies entry {index}"),
            Milestone::Acknowledged { request, index, .. } => format!(
                "Node {node} tells client {} that entry {index} is done",
                request.client
            ),
            Milestone::Machine { fact, .. } => fact.sentence(),
        }
    }
}

impl StepDown {
    fn text(self) -> String {
        match self {
            StepDown::LaterTerm(term) => format!(": it has heard of term {term}"),
            StepDown::NoQuorum => ": it has heard no majority for an election timeout".into(),
            StepDown::Removed => ": it is no longer a member".into(),
        }
    }
}

impl ReadRight {
    fn text(self) -> &'static str {
        match self {
            ReadRight::Round => ", as a majority confirms it as leader",
            ReadRight::Lease => ", as its lease still holds",
            ReadRight::Local => " without asking anybody",
        }
    }
}

/// "its own vote", "votes from 2, 1 and 4".
fn votes_of(votes: &[NodeId], own: NodeId) -> String {
    match votes {
        [only] if *only == own => "its own vote".into(),
        [] => "no vote".into(),
        [only] => format!("a vote from {only}"),
        [rest @ .., last] => {
            let mut text = String::from("votes from ");
            for (place, node) in rest.iter().enumerate() {
                let comma = if place == 0 { "" } else { ", " };
                let _ = write!(text, "{comma}{node}");
            }
            let _ = write!(text, " and {last}");
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Milestone as _;

    #[test]
    fn facts_are_told_in_plain_sentences() {
        let nodes = |numbers: &[u16]| numbers.iter().map(|n| NodeId(*n)).collect::<Arc<[_]>>();
        let told = |milestone: Milestone| milestone.sentence(NodeId(2));
        let elected = |votes| told(Milestone::Elected { term: 3, votes });
        assert_eq!(
            elected(nodes(&[2, 1, 4])),
            "Node 2 is elected leader of term 3 with votes from 2, 1 and 4"
        );
        assert_eq!(
            elected(nodes(&[2])),
            "Node 2 is elected leader of term 3 with its own vote"
        );
        let committed = |first| Milestone::<NoFact>::Committed {
            index: 7,
            term: 3,
            first,
        };
        assert_eq!(told(committed(7)), "Entry 7 is committed");
        assert_eq!(told(committed(5)), "Entries 5 to 7 are committed");
        assert!(size_of::<Milestone>() <= 48);
    }
}
