//! What nodes send each other: the four messages of a ballot, and what helps them along.

use super::ballot::Ballot;
use super::learner::Snapshot;
use super::value::{Value, Values};
use crate::base::{Draws, NodeId, Wire};
use serde::{Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// Slots beyond this are not believed: sums of a few never overflow, and JSON can hold each one
/// exactly.
const SLOT_MAX: u64 = (1 << 53) - 1;

/// The most slots that a message may speak of.
pub(super) const SLOTS_MAX: usize = 1 << 20;

/// A message between nodes. Kept small: what is big is shared.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "PaxosMessage"))]
#[serde(untagged)]
pub enum Message {
    /// Phase 1 (a): promise me this ballot, for all slots from one on (Simple, sections 2.2, 3).
    Prepare {
        /// The proposer's ballot.
        ballot: Ballot,
        /// The first slot that it does not know to be chosen.
        from: u64,
    },
    /// Phase 1 (b): I take nothing of an earlier ballot, and this is what I have accepted.
    Promise(Promise),
    /// Phase 2 (a): accept these values.
    Accept(Accept),
    /// Phase 2 (b): I have accepted them.
    Accepted {
        /// The ballot.
        ballot: Ballot,
        /// The slot of the first value.
        slot: u64,
        /// The values.
        values: Values,
    },
    /// I have promised a later ballot (Simple, 2.2: "it should probably inform the proposer").
    Refuse {
        /// The ballot that is refused.
        ballot: Ballot,
        /// The ballot that was promised.
        promised: Ballot,
    },
    /// These values are chosen (Simple, section 2.3).
    Chosen {
        /// The slot of the first one.
        slot: u64,
        /// The values.
        values: Values,
    },
    /// A leader is still there, and so much is chosen.
    Heartbeat {
        /// The leader's ballot.
        ballot: Ballot,
        /// Up to where the leader knows every slot to be chosen.
        chosen: u64,
        /// The number of its present request for a lease; 0 where there are none.
        lease: u64,
    },
    /// The lease that was asked for is granted.
    HeartbeatReply {
        /// The leader's ballot.
        ballot: Ballot,
        /// The number of the request.
        lease: u64,
    },
    /// What is chosen from this slot on?
    Ask {
        /// The slot.
        from: u64,
    },
    /// Take this state in place of the slots up to its own (Live, section 5.5).
    Install {
        /// The whole snapshot.
        snapshot: Arc<Snapshot>,
    },
}

/// An acceptor's promise, with all that it has to say of the slots that were asked about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "PaxosPromise"))]
pub struct Promise {
    /// The ballot that is promised.
    pub ballot: Ballot,
    /// What was accepted there, or is known to be chosen, by slot. Slots that are not named are
    /// free as far as this acceptor is concerned.
    pub reports: Reports,
    /// What stands for the slots up to its own, where they are gone from the acceptor's log.
    pub snapshot: Option<Arc<Snapshot>>,
}

/// Reports, shared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reports(Option<Arc<[Report]>>);

impl Reports {
    /// The reports in order of their slots.
    pub fn as_slice(&self) -> &[Report] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl FromIterator<Report> for Reports {
    fn from_iter<I: IntoIterator<Item = Report>>(reports: I) -> Reports {
        let reports: Arc<[Report]> = reports.into_iter().collect();
        Reports((!reports.is_empty()).then_some(reports))
    }
}

impl Serialize for Reports {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.as_slice())
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for Reports {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PaxosReports".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Vec::<Report>::json_schema(generator)
    }
}

/// What an acceptor says of a slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "PaxosReport"))]
pub struct Report {
    /// The slot.
    pub slot: u64,
    /// The ballot in which the value was accepted; none if it was only learnt.
    pub ballot: Ballot,
    /// The value.
    pub value: Value,
    /// Whether the node knows it to be chosen.
    pub chosen: bool,
}

/// A proposer's values for slots that follow each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "PaxosAccept"))]
pub struct Accept {
    /// The ballot.
    pub ballot: Ballot,
    /// The slot of the first value.
    pub slot: u64,
    /// The values.
    pub values: Values,
    /// Up to where the proposer knows every slot to be chosen.
    pub chosen: u64,
}

impl Message {
    /// The ballot that the message speaks of, if it speaks of one.
    pub fn ballot(&self) -> Ballot {
        match self {
            Message::Prepare { ballot, .. }
            | Message::Promise(Promise { ballot, .. })
            | Message::Accept(Accept { ballot, .. })
            | Message::Accepted { ballot, .. }
            | Message::Refuse { ballot, .. }
            | Message::Heartbeat { ballot, .. }
            | Message::HeartbeatReply { ballot, .. } => *ballot,
            Message::Chosen { .. } | Message::Ask { .. } | Message::Install { .. } => Ballot::NONE,
        }
    }

    /// Why no correct node can have sent this message, if that is so. Everything that can be
    /// told from the message alone is told here, before a node looks at it.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let ballot = self.ballot();
        let speaks_of_none = matches!(
            self,
            Message::Chosen { .. } | Message::Ask { .. } | Message::Install { .. }
        );
        if ballot.is_none() && !speaks_of_none {
            return Some("a message of no ballot");
        }
        if ballot.round > Ballot::ROUND_MAX {
            return Some("a ballot beyond belief");
        }
        match self {
            Message::Prepare { from: slot, .. } | Message::Ask { from: slot } => {
                (!(1..=SLOT_MAX).contains(slot)).then_some("a slot beyond belief")
            }
            Message::Promise(promise) => promise.fault(),
            Message::Accept(accept) if accept.chosen > SLOT_MAX => Some("a slot beyond belief"),
            Message::Accept(Accept { slot, values, .. })
            | Message::Accepted { slot, values, .. }
            | Message::Chosen { slot, values } => values.fault(*slot),
            Message::Refuse { ballot, promised } => {
                if promised.round > Ballot::ROUND_MAX {
                    return Some("a ballot beyond belief");
                }
                (promised < ballot).then_some("a refusal for the sake of an earlier ballot")
            }
            Message::Heartbeat { chosen: n, .. } | Message::HeartbeatReply { lease: n, .. } => {
                (*n > SLOT_MAX).then_some("a count beyond belief")
            }
            Message::Install { snapshot } => snapshot.fault(),
        }
    }
}

impl Values {
    fn fault(&self, slot: u64) -> Option<&'static str> {
        let count = self.as_slice().len();
        if !(1..=SLOT_MAX).contains(&slot) || count > SLOTS_MAX {
            return Some("a slot beyond belief");
        }
        (count == 0).then_some("no value")
    }
}

impl Promise {
    fn fault(&self) -> Option<&'static str> {
        let reports = self.reports.as_slice();
        if !reports.is_sorted_by(|a, b| a.slot < b.slot) {
            return Some("reports out of order");
        }
        if reports.len() > SLOTS_MAX {
            return Some("a count beyond belief");
        }
        for report in reports {
            if !(1..=SLOT_MAX).contains(&report.slot) {
                return Some("a slot beyond belief");
            }
            // An acceptor promises no less than what it has accepted already (P1a).
            if report.ballot > self.ballot {
                return Some("something accepted beyond the ballot that is promised");
            }
            if report.ballot.is_none() && !report.chosen {
                return Some("something accepted in no ballot");
            }
        }
        self.snapshot.as_ref().and_then(|snapshot| snapshot.fault())
    }
}

impl Snapshot {
    fn fault(&self) -> Option<&'static str> {
        (!(1..=SLOT_MAX).contains(&self.slot)).then_some("a snapshot of nothing")
    }
}

impl Wire for Message {
    const KINDS: &'static [&'static str] = &[
        "Prepare",
        "Promise",
        "Accept",
        "Accepted",
        "Refuse",
        "Chosen",
        "Heartbeat",
        "HeartbeatReply",
        "Ask",
        "Install",
    ];

    fn kind(&self) -> usize {
        match self {
            Message::Prepare { .. } => 0,
            Message::Promise(_) => 1,
            Message::Accept(_) => 2,
            Message::Accepted { .. } => 3,
            Message::Refuse { .. } => 4,
            Message::Chosen { .. } => 5,
            Message::Heartbeat { .. } => 6,
            Message::HeartbeatReply { .. } => 7,
            Message::Ask { .. } => 8,
            Message::Install { .. } => 9,
        }
    }

    fn is_reply(&self) -> bool {
        matches!(
            self,
            Message::Promise(_)
                | Message::Accepted { .. }
                | Message::Refuse { .. }
                | Message::HeartbeatReply { .. }
        )
    }

    fn epoch(&self) -> u64 {
        match self {
            Message::Refuse { promised, .. } => promised.epoch(),
            _ => self.ballot().epoch(),
        }
    }

    fn is_heartbeat(&self) -> bool {
        matches!(self, Message::Heartbeat { .. })
    }

    fn garbage(luck: &mut Draws) -> Message {
        garbage(luck)
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Message::KINDS[self.kind()])?;
        if let Some(ballot) = self.ballot().some() {
            write!(f, " ballot={ballot}")?;
        }
        match self {
            Message::Prepare { from, .. } | Message::Ask { from } => write!(f, " from={from}"),
            Message::Promise(promise) => promise.fmt_fields(f),
            Message::Accept(Accept {
                slot,
                values,
                chosen,
                ..
            }) => write!(f, " slot={slot} values={values} chosen={chosen}"),
            Message::Accepted { slot, values, .. } | Message::Chosen { slot, values } => {
                write!(f, " slot={slot} values={values}")
            }
            Message::Refuse { promised, .. } => write!(f, " promised={promised}"),
            Message::Heartbeat { chosen, lease, .. } => {
                write!(f, " chosen={chosen}")?;
                fmt_lease(*lease, f)
            }
            Message::HeartbeatReply { lease, .. } => fmt_lease(*lease, f),
            Message::Install { snapshot } => write!(f, " slot={}", snapshot.slot),
        }
    }
}

fn fmt_lease(lease: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match lease {
        0 => Ok(()),
        lease => write!(f, " lease={lease}"),
    }
}

impl Promise {
    fn fmt_fields(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// More reports than this are counted, not told.
        const TOLD: usize = 3;
        if let Some(snapshot) = &self.snapshot {
            write!(f, " snapshot={}", snapshot.slot)?;
        }
        f.write_str(" accepted=[")?;
        let reports = self.reports.as_slice();
        for (place, report) in reports.iter().take(TOLD).enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{report}")?;
        }
        match reports.len().saturating_sub(TOLD) {
            0 => f.write_str("]"),
            more => write!(f, ", {more} more]"),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.slot, self.value)?;
        if let Some(ballot) = self.ballot.some() {
            write!(f, "@{ballot}")?;
        }
        f.write_str(if self.chosen { " chosen" } else { "" })
    }
}

/// A message that no correct node sends: each breaks one rule of [`Message::fault`], the rest
/// of it as it might well be.
fn garbage(luck: &mut Draws) -> Message {
    let node = NodeId(luck.between(0, 4) as u16);
    let round = luck.between(1, 9) as u32;
    let at = |round| Ballot { round, node };
    let (ballot, far) = (at(round), at(Ballot::ROUND_MAX + round));
    let (slot, huge) = (luck.between(1, 40), luck.between(SLOT_MAX + 1, u64::MAX));
    let none = Ballot::NONE;
    match luck.between(0, 15) {
        0 => Message::Prepare {
            ballot: none,
            from: slot,
        },
        1 => Message::Prepare {
            ballot: far,
            from: slot,
        },
        2 => Message::Prepare { ballot, from: huge },
        3..=7 => bad_promise(luck, ballot, far, slot),
        8 => accept_of(ballot, 0, slot),
        9 => accept_of(none, slot, slot),
        10 => accept_of(ballot, slot, huge),
        11 => Message::Accepted {
            ballot,
            slot: huge,
            values: Value::noop().into(),
        },
        12 => Message::Refuse {
            ballot,
            promised: none,
        },
        13 => Message::Heartbeat {
            ballot,
            chosen: huge,
            lease: 0,
        },
        14 if slot % 3 == 0 => Message::HeartbeatReply {
            ballot: none,
            lease: slot,
        },
        14 if slot % 3 == 1 => Message::Ask { from: 0 },
        14 => Message::Install {
            snapshot: Arc::default(),
        },
        _ => Message::Chosen {
            slot,
            values: Values::from_iter([]),
        },
    }
}

fn accept_of(ballot: Ballot, slot: u64, chosen: u64) -> Message {
    Message::Accept(Accept {
        ballot,
        slot,
        values: Value::noop().into(),
        chosen,
    })
}

/// A promise that no acceptor makes.
fn bad_promise(luck: &mut Draws, ballot: Ballot, far: Ballot, slot: u64) -> Message {
    let (reports, with_snapshot): (&[(u64, Ballot, bool)], bool) = match luck.between(0, 4) {
        0 => (&[(slot, far, false)], false),
        1 => (&[(slot + 1, ballot, false), (slot, ballot, true)], false),
        2 => (&[(slot, Ballot::NONE, false)], false),
        3 => (&[(SLOT_MAX + slot, ballot, true)], true),
        _ => (&[], true),
    };
    let report = |(slot, ballot, chosen): &(u64, Ballot, bool)| Report {
        slot: *slot,
        ballot: *ballot,
        value: Value::noop(),
        chosen: *chosen,
    };
    Message::Promise(Promise {
        ballot,
        reports: reports.iter().map(report).collect(),
        snapshot: with_snapshot.then(Arc::default),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Chance, RequestId};
    use crate::protocol::machine::KvOp;
    use crate::protocol::paxos::Command;
    use std::collections::BTreeSet;

    #[test]
    fn messages_are_small_and_read_well() {
        assert!(size_of::<Message>() <= 56);
        let ballot = Ballot {
            round: 4,
            node: NodeId(2),
        };
        let put = Value::new(Command::Machine {
            id: RequestId::default(),
            op: KvOp::Put("x".into(), 1),
        });
        let accept = |values: Values| {
            Message::Accept(Accept {
                ballot,
                slot: 7,
                values,
                chosen: 6,
            })
        };
        assert_eq!(
            accept(put.clone().into()).to_string(),
            "Accept ballot=4.2 slot=7 values=[put x 1] chosen=6"
        );
        let many = accept((0..9).map(|_| Value::noop()).collect());
        assert!(many.to_string().contains("no-op, 5 more]"), "{many}");
        let report = |slot, ballot, chosen| Report {
            slot,
            ballot,
            value: put.clone(),
            chosen,
        };
        let promise = Message::Promise(Promise {
            ballot,
            reports: [report(7, ballot, false), report(8, Ballot::NONE, true)]
                .into_iter()
                .collect(),
            snapshot: None,
        });
        assert_eq!(
            promise.to_string(),
            "Promise ballot=4.2 accepted=[7 put x 1@4.2, 8 put x 1 chosen]"
        );
        assert_eq!(promise.fault(), None);
    }

    #[test]
    fn all_garbage_has_a_fault_of_its_own() {
        let mut luck = Draws::new(Chance::from_seed(1));
        let mut faults = BTreeSet::new();
        let mut kinds = BTreeSet::new();
        for _ in 0..10_000 {
            let message = Message::garbage(&mut luck);
            let _ = message.to_string();
            kinds.insert(message.kind());
            faults.insert(
                message
                    .fault()
                    .unwrap_or_else(|| panic!("{message} is fine")),
            );
        }
        assert_eq!((kinds.len(), faults.len() >= 9), (10, true), "{faults:?}");
    }
}
