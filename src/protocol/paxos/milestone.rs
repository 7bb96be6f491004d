//! Facts worth teaching and checking.

use super::ballot::{Ballot, Voters};
use super::message::Promise;
use super::state::Paxos;
use super::value::Value;
use crate::base::{Class, Micros, NodeId, RequestId};
use serde::Serialize;

/// A fact that a node states. The first group is for people, the last for checkers alone; some
/// are for people in single-decree Paxos, where each is one of few.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "PaxosMilestone"))]
#[serde(rename_all = "snake_case")]
pub enum Milestone {
    /// As proposer it begins phase 1 of a ballot (Simple, 2.2).
    Prepared {
        /// The ballot.
        ballot: Ballot,
    },
    /// As acceptor it promises a ballot (Simple, 2.2).
    Promised {
        /// The ballot.
        ballot: Ballot,
        /// Of how many slots it reports something.
        slots: usize,
        /// Single-decree: what it reports, and in which ballot it has accepted that: none when it
        /// knows it to be chosen.
        report: Option<(Ballot, Value)>,
    },
    /// As acceptor it refuses a ballot (Simple, 2.2).
    Refused {
        /// The ballot.
        ballot: Ballot,
        /// The later one that it has promised.
        promised: Ballot,
    },
    /// As proposer of single-decree Paxos it begins phase 2 of a ballot (Simple, 2.2).
    Proposed {
        /// The ballot.
        ballot: Ballot,
        /// What it proposes.
        value: Value,
        /// The ballot in which an acceptor accepted that, so that it must be proposed, and which
        /// acceptor; nothing when it is its own value.
        bound: Option<(Ballot, NodeId)>,
    },
    /// As proposer it has heard of a later ballot, and waits before it tries again (Simple, 2.4).
    BackedOff {
        /// Its own ballot.
        ballot: Ballot,
        /// How long it waits.
        wait: Micros,
    },
    /// As acceptor it accepts a proposal (Simple, 2.2).
    Accepted {
        /// The slot.
        slot: u64,
        /// The ballot.
        ballot: Ballot,
        /// The value.
        value: Value,
        /// Whether it is the only slot there is, so that it is a fact for people.
        alone: bool,
    },
    /// As learner of single-decree Paxos it has counted a quorum (Simple, 2.3).
    ValueChosen {
        /// The ballot.
        ballot: Ballot,
        /// The value.
        value: Value,
        /// Who has accepted it.
        voters: Voters,
    },
    /// As learner of Multi-Paxos it has counted a quorum for some slots (Simple, 2.3).
    Chosen {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
        /// The ballot.
        ballot: Ballot,
    },
    /// As learner it knows what is chosen for a slot.
    Learned {
        /// The slot.
        slot: u64,
        /// The value.
        value: Value,
        /// Whether it is the only slot there is, so that it is a fact for people.
        alone: bool,
    },
    /// It has done phase 1 for all slots, and leads (Simple, section 3).
    Elected {
        /// Its ballot.
        ballot: Ballot,
        /// Who has promised it.
        promised: Voters,
        /// The first slot that is not known to be chosen.
        first: u64,
        /// The last slot that its predecessors may have used; before `first` if there is none.
        last: u64,
    },
    /// It leads no more.
    SteppedDown {
        /// The ballot that it led with.
        ballot: Ballot,
        /// The later one that it has heard of.
        later: Ballot,
    },
    /// As new leader it fills a slot with nothing (Simple, section 3).
    GapFilled {
        /// The slot.
        slot: u64,
    },
    /// It answers a read by its lease (Live, 5.2).
    ReadServed {
        /// The last slot that its state holds.
        slot: u64,
    },
    /// It finds that a command was carried out before, and leaves it at that.
    DuplicateSkipped {
        /// The command.
        request: RequestId,
        /// Where its copy stands.
        slot: u64,
    },
    /// It replaces the front of its log by a snapshot (Live, 5.5).
    SnapshotTaken {
        /// The last slot that the snapshot stands for.
        slot: u64,
    },
    /// It takes over another's snapshot (Live, 5.5).
    SnapshotInstalled {
        /// The last slot that the snapshot stands for.
        slot: u64,
        /// Digest of what was carried out up to there.
        chain: u64,
    },
    /// A client asks it for something that it is going to propose.
    Asked {
        /// The request.
        request: RequestId,
        /// Digest of the value.
        digest: u64,
    },
    /// It has carried out a slot.
    Executed {
        /// The slot.
        slot: u64,
        /// Digest of what was carried out up to there.
        chain: u64,
    },
    /// It tells a client that its command is carried out.
    Acknowledged {
        /// The command.
        request: RequestId,
        /// Where it stands.
        slot: u64,
        /// Digest of the value there.
        digest: u64,
    },
}

impl Milestone {
    /// That a node makes `promise`.
    pub(super) fn promised(node: &Paxos, promise: &Promise) -> Milestone {
        let reports = promise.reports.as_slice();
        let report = reports.first().filter(|_| node.options.is_single());
        let of = |report: &super::message::Report| {
            let ballot = if report.chosen {
                Ballot::NONE
            } else {
                report.ballot
            };
            (ballot, report.value.clone())
        };
        Milestone::Promised {
            ballot: promise.ballot,
            slots: reports.len(),
            report: report.map(of),
        }
    }
}

impl crate::base::Milestone for Milestone {
    fn kind(&self) -> &'static str {
        match self {
            Milestone::Prepared { .. } => "prepared",
            Milestone::Promised { .. } => "promised",
            Milestone::Refused { .. } => "refused",
            Milestone::Proposed { .. } => "proposed",
            Milestone::BackedOff { .. } => "backed_off",
            Milestone::Accepted { .. } => "accepted",
            Milestone::ValueChosen { .. } | Milestone::Chosen { .. } => "chosen",
            Milestone::Learned { .. } => "learned",
            Milestone::Elected { .. } => "elected",
            Milestone::SteppedDown { .. } => "stepped_down",
            Milestone::GapFilled { .. } => "gap_filled",
            Milestone::ReadServed { .. } => "read_served",
            Milestone::DuplicateSkipped { .. } => "duplicate_skipped",
            Milestone::SnapshotTaken { .. } => "snapshot_taken",
            Milestone::SnapshotInstalled { .. } => "snapshot_installed",
            Milestone::Asked { .. } => "asked",
            Milestone::Executed { .. } => "executed",
            Milestone::Acknowledged { .. } => "acknowledged",
        }
    }

    fn class(&self) -> Class {
        match self {
            Milestone::Prepared { .. }
            | Milestone::Elected { .. }
            | Milestone::SteppedDown { .. } => Class::Leadership,
            Milestone::ValueChosen { .. } | Milestone::Chosen { .. } => Class::Decision,
            Milestone::SnapshotTaken { .. } | Milestone::SnapshotInstalled { .. } => Class::Change,
            Milestone::Accepted { alone: false, .. }
            | Milestone::Learned { alone: false, .. }
            | Milestone::Asked { .. }
            | Milestone::Executed { .. }
            | Milestone::Acknowledged { .. } => Class::Quiet,
            Milestone::Promised { .. }
            | Milestone::Refused { .. }
            | Milestone::Proposed { .. }
            | Milestone::BackedOff { .. }
            | Milestone::Accepted { .. }
            | Milestone::Learned { .. }
            | Milestone::GapFilled { .. }
            | Milestone::ReadServed { .. }
            | Milestone::DuplicateSkipped { .. } => Class::Step,
        }
    }

    #[allow(clippy::too_many_lines)] // one arm a fact, each a sentence
    fn sentence(&self, node: NodeId) -> String {
        match self {
            Milestone::Prepared { ballot } => format!("Node {node} prepares ballot {ballot}"),
            Milestone::Promised {
                ballot,
                slots,
                report,
            } => format!(
                "Node {node} promises ballot {ballot} and reports {}",
                reported(*slots, report.as_ref())
            ),
            Milestone::Refused { ballot, promised } => {
                format!("Node {node} refuses ballot {ballot}: it has promised ballot {promised}")
            }
            Milestone::Proposed {
                ballot,
                value,
                bound: None,
            } => format!(
                "Node {node} proposes {value}, its own value, in ballot {ballot}: nothing binds it"
            ),
            Milestone::Proposed {
                ballot,
                value,
                bound: Some((at, acceptor)),
            } => format!(
                "Node {node} must adopt {value} in ballot {ballot}: acceptor {acceptor} accepted \
                 it in ballot {at}"
            ),
            Milestone::BackedOff { ballot, wait } => format!(
                "Node {node} gives way with ballot {ballot}: it waits {:.1} ms before it tries again",
                wait.as_ms()
            ),
            Milestone::Accepted { ballot, value, .. } => {
                format!("Node {node} accepts {value} in ballot {ballot}")
            }
            Milestone::ValueChosen {
                ballot,
                value,
                voters,
            } => {
                let have = if voters.len() == 1 { "has" } else { "have" };
                format!(
                    "{value} is chosen: {} {have} accepted it in ballot {ballot}",
                    voters.words()
                )
            }
            Milestone::Chosen { first, last, .. } => {
                let is = if first == last { "is" } else { "are" };
                capital(&format!("{} {is} chosen", slots(*first, *last)))
            }
            Milestone::Learned { value, .. } => {
                format!("Node {node} learns that {value} is chosen")
            }
            Milestone::Elected {
                ballot,
                promised,
                first,
                last,
            } => format!(
                "Node {node} leads with ballot {ballot}, promised by {}{}",
                promised.words(),
                again(*first, *last)
            ),
            Milestone::SteppedDown { ballot, later } => format!(
                "Node {node} stops leading with ballot {ballot}: it has heard of ballot {later}"
            ),
            Milestone::GapFilled { slot } => {
                format!("Node {node} fills the gap at slot {slot} with a no-op")
            }
            Milestone::ReadServed { slot } => {
                format!("Node {node} answers a read as of slot {slot}, as its lease still holds")
            }
            Milestone::DuplicateSkipped { request, slot } => format!(
                "Node {node} skips slot {slot}: operation {} of client {} was done before",
                request.serial, request.client
            ),
            Milestone::SnapshotTaken { slot } => {
                format!("Node {node} replaces its log up to slot {slot} by a snapshot")
            }
            Milestone::SnapshotInstalled { slot, .. } => {
                format!("Node {node} takes over a snapshot up to slot {slot}")
            }
            Milestone::Asked { request, .. } => {
                format!("Node {node} is asked by client {}", request.client)
            }
            Milestone::Executed { slot, .. } => format!("Node {node} carries out slot {slot}"),
            Milestone::Acknowledged { request, slot, .. } => format!(
                "Node {node} tells client {} that slot {slot} is done",
                request.client
            ),
        }
    }
}

fn reported(slots: usize, report: Option<&(Ballot, Value)>) -> String {
    match (slots, report) {
        (_, Some((ballot, value))) if ballot.is_none() => format!("that {value} is chosen"),
        (_, Some((ballot, value))) => format!("{value}, accepted in ballot {ballot}"),
        (0, None) => "nothing accepted".into(),
        (1, None) => "one slot".into(),
        (slots, None) => format!("{slots} slots"),
    }
}

fn again(first: u64, last: u64) -> String {
    if last < first {
        return String::new();
    }
    format!("; it finishes {}", slots(first, last))
}

/// "slot 3", "slots 3 and 4", "slots 3 to 7".
fn slots(first: u64, last: u64) -> String {
    match last.saturating_sub(first) {
        0 => format!("slot {first}"),
        1 => format!("slots {first} and {last}"),
        _ => format!("slots {first} to {last}"),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Milestone as _;
    use crate::protocol::paxos::Command;

    #[test]
    fn facts_are_told_in_plain_sentences() {
        let told = |milestone: Milestone| milestone.sentence(NodeId(2));
        let ballot = |round, node| Ballot {
            round,
            node: NodeId(node),
        };
        let value = Value::new(Command::Text("B".into()));
        let proposed = |bound| Milestone::Proposed {
            ballot: ballot(5, 2),
            value: value.clone(),
            bound,
        };
        assert_eq!(
            told(proposed(Some((ballot(4, 2), NodeId(3))))),
            "Node 2 must adopt B in ballot 5.2: acceptor 3 accepted it in ballot 4.2"
        );
        let promised = |report, slots| Milestone::Promised {
            ballot: ballot(5, 2),
            slots,
            report,
        };
        for (report, slots, end) in [
            (None, 0, "nothing accepted"),
            (
                Some((ballot(1, 0), value.clone())),
                1,
                "B, accepted in ballot 1.0",
            ),
            (Some((Ballot::NONE, value.clone())), 1, "that B is chosen"),
            (None, 3, "3 slots"),
        ] {
            let text = told(promised(report, slots));
            assert_eq!(
                text,
                format!("Node 2 promises ballot 5.2 and reports {end}")
            );
        }
        let elected = |first, last| Milestone::Elected {
            ballot: ballot(5, 2),
            promised: [NodeId(0), NodeId(2)].into_iter().collect(),
            first,
            last,
        };
        assert_eq!(
            told(elected(4, 6)),
            "Node 2 leads with ballot 5.2, promised by nodes 0 and 2; it finishes slots 4 to 6"
        );
        assert!(told(elected(4, 3)).ends_with("nodes 0 and 2"));
        assert!(size_of::<Milestone>() <= 64);
    }
}
