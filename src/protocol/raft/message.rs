//! What nodes send each other: figure 2's three calls, PreVote and TimeoutNow of the thesis.

use super::config::Config;
use super::log::{Entry, Payload, Position};
use crate::base::{Draws, NodeId, Wire};
use crate::protocol::machine::{Replicated, StateMachine};
use serde::{Serialize, Serializer, ser::SerializeStruct};
use std::fmt::{self, Display};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Terms and indexes beyond this are not believed: sums of a few never overflow, and JSON can
/// hold each one exactly.
pub(super) const MAX: u64 = (1 << 53) - 1;

/// The most entries that a message may carry.
pub(super) const BATCH_MAX: usize = 10_000;

/// A message between nodes. Kept small: what is big is shared.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(
    not(target_arch = "wasm32"),
    schemars(rename = "RaftMessage", bound = "M: StateMachine")
)]
#[serde(untagged, bound = "")]
pub enum Message<M: StateMachine> {
    /// Would you vote for me? Asked before the term is raised (thesis, section 9.6).
    PreVote(Ask),
    /// The answer to [`Message::PreVote`].
    PreVoteReply(Vote),
    /// Vote for me (section 5.2).
    RequestVote(Ask),
    /// The answer to [`Message::RequestVote`].
    RequestVoteReply(Vote),
    /// Add these entries to your log; without any, a heartbeat (section 5.3).
    AppendEntries(Append<M::Op>),
    /// The answer to [`Message::AppendEntries`].
    AppendEntriesReply(AppendReply),
    /// Take this state in place of the log up to its end (section 7).
    InstallSnapshot {
        /// The leader's term.
        term: u64,
        /// The whole snapshot.
        snapshot: Arc<Snapshot<M>>,
    },
    /// The answer to [`Message::InstallSnapshot`].
    InstallSnapshotReply {
        /// The follower's term.
        term: u64,
        /// Up to where its log is now known to be the leader's.
        matched: u64,
    },
    /// Start an election at once: the leader hands over (thesis, section 3.10).
    TimeoutNow {
        /// The leader's term.
        term: u64,
    },
}

/// A candidate's question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Ask {
    /// The candidate's term; in a PreVote the one it would campaign in.
    pub term: u64,
    /// Where the candidate's log ends (section 5.4.1).
    pub last: Position,
    /// The leader itself asked for this election, so that nobody need protect it (thesis, 4.2.3).
    pub transfer: bool,
}

/// A voter's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Vote {
    /// The voter's term; in a granted PreVote the term that was asked for.
    pub term: u64,
    /// Whether the candidate has the vote.
    pub granted: bool,
}

/// A leader's entries, or its heartbeat.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(bound = ""))]
#[serde(bound = "O: Display")]
pub struct Append<O> {
    /// The leader's term.
    pub term: u64,
    /// The newest round of the leader's in which it makes sure that it still leads (thesis, 6.4).
    pub round: u64,
    /// The entry before the new ones, which the follower must have.
    pub prev: Position,
    /// Up to where the leader's log is committed.
    pub commit: u64,
    /// The entries.
    pub entries: Batch<O>,
}

/// A follower's answer to entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct AppendReply {
    /// The follower's term.
    pub term: u64,
    /// The round of the append that is answered.
    pub round: u64,
    /// Whether the entries were taken.
    pub result: AppendResult,
}

/// Whether entries were taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AppendResult {
    /// The follower's log is the leader's up to an index.
    Accepted {
        /// That index: the last entry of the append.
        matched: u64,
    },
    /// The term was old, or the entry before the new ones is not there.
    Refused {
        /// Index of the entry that was looked for.
        prev: u64,
        /// Where the follower's log ends.
        last: u64,
        /// The first entry of the term that stands at `prev` instead; 0/0 when there is none or
        /// it is not told (end of section 5.3).
        conflict: Position,
    },
}

/// Entries that several messages share.
pub struct Batch<O>(Option<Arc<[Arc<Entry<O>>]>>);

impl<O> Batch<O> {
    /// No entries: no allocation.
    pub const EMPTY: Batch<O> = Batch(None);

    /// The entries in order.
    pub fn as_slice(&self) -> &[Arc<Entry<O>>] {
        self.0.as_deref().unwrap_or_default()
    }

    /// How many entries.
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl<O> FromIterator<Arc<Entry<O>>> for Batch<O> {
    fn from_iter<I: IntoIterator<Item = Arc<Entry<O>>>>(entries: I) -> Batch<O> {
        let entries: Arc<[Arc<Entry<O>>]> = entries.into_iter().collect();
        Batch((!entries.is_empty()).then_some(entries))
    }
}

impl<O> Clone for Batch<O> {
    fn clone(&self) -> Batch<O> {
        Batch(self.0.clone())
    }
}

impl<O: PartialEq> PartialEq for Batch<O> {
    fn eq(&self, other: &Batch<O>) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<O: Eq> Eq for Batch<O> {}

impl<O: Hash> Hash for Batch<O> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}

impl<O: fmt::Debug> fmt::Debug for Batch<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}

impl<O: Display> Serialize for Batch<O> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.as_slice().iter().map(|entry| &**entry))
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl<O> schemars::JsonSchema for Batch<O> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Entries".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Vec::<Entry<O>>::json_schema(generator)
    }
}

/// The state in place of the log up to an index (section 7).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Snapshot<M: StateMachine> {
    /// The last entry that it stands for.
    pub last: Position,
    /// Digest of the log up to there.
    pub chain: u64,
    /// The configuration in effect there.
    pub config: Arc<Config>,
    /// The machine and the clients' sessions.
    pub state: Replicated<M>,
}

impl<M: StateMachine> Serialize for Snapshot<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("Snapshot", 4)?;
        record.serialize_field("last", &self.last)?;
        record.serialize_field("config", &*self.config)?;
        record.serialize_field("machine", &self.state.machine)?;
        record.serialize_field("sessions", &self.state.sessions.len())?;
        record.end()
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl<M: StateMachine> schemars::JsonSchema for Snapshot<M> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Snapshot".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let last = generator.subschema_for::<Position>();
        let config = generator.subschema_for::<Config>();
        let machine = generator.subschema_for::<M>();
        schemars::json_schema!({
            "description": "The state in place of the log up to `last`.",
            "type": "object",
            "properties": {
                "last": last, "config": config, "machine": machine,
                "sessions": { "type": "integer", "minimum": 0 }
            },
            "required": ["last", "config", "machine", "sessions"]
        })
    }
}

impl<M: StateMachine> Message<M> {
    /// The term that the message speaks of.
    pub fn term(&self) -> u64 {
        match self {
            Message::PreVote(ask) | Message::RequestVote(ask) => ask.term,
            Message::PreVoteReply(vote) | Message::RequestVoteReply(vote) => vote.term,
            Message::AppendEntries(append) => append.term,
            Message::AppendEntriesReply(reply) => reply.term,
            Message::InstallSnapshot { term, .. }
            | Message::InstallSnapshotReply { term, .. }
            | Message::TimeoutNow { term } => *term,
        }
    }

    /// Why no correct node can have sent this message, if that is so. Everything that can be
    /// told from the message alone is told here, before a node looks at it.
    pub(super) fn fault(&self) -> Option<&'static str> {
        match self.term() {
            0 => return Some("a message of term 0"),
            term if term > MAX => return Some("a term beyond belief"),
            _ => {}
        }
        match self {
            Message::PreVote(ask) | Message::RequestVote(ask) => ask.fault(),
            Message::AppendEntries(append) => append.fault(),
            Message::AppendEntriesReply(reply) => reply.fault(),
            Message::InstallSnapshot { term, snapshot } => snapshot.fault(*term),
            Message::InstallSnapshotReply { matched, .. } if *matched > MAX => {
                Some("an index beyond belief")
            }
            _ => None,
        }
    }
}

impl Position {
    fn fault(self) -> Option<&'static str> {
        if self.index > MAX || self.term > MAX {
            return Some("an index beyond belief");
        }
        ((self.index == 0) != (self.term == 0)).then_some("an entry with a term but no place")
    }
}

impl Ask {
    fn fault(&self) -> Option<&'static str> {
        if self.last.term >= self.term {
            return Some("a candidate with an entry of a term it has not reached");
        }
        self.last.fault()
    }
}

impl<O> Append<O> {
    fn fault(&self) -> Option<&'static str> {
        if let Some(fault) = self.prev.fault() {
            return Some(fault);
        }
        if self.commit > MAX || self.round > MAX || self.entries.len() > BATCH_MAX {
            return Some("a count beyond belief");
        }
        let mut term = self.prev.term;
        for entry in self.entries.as_slice() {
            if entry.term() < term.max(1) {
                return Some("entries whose terms fall");
            }
            term = entry.term();
            if let Payload::Config(config) = entry.payload()
                && !config.is_sound()
            {
                return Some("a configuration that cannot be");
            }
        }
        (term > self.term).then_some("an entry of a term later than the leader's")
    }
}

impl AppendReply {
    fn fault(&self) -> Option<&'static str> {
        let too_much = match self.result {
            AppendResult::Accepted { matched } => matched > MAX,
            AppendResult::Refused {
                prev,
                last,
                conflict,
            } => {
                if let Some(fault) = conflict.fault() {
                    return Some(fault);
                }
                if conflict.index > prev || conflict.term > self.term {
                    return Some("a conflict after the entry that was looked for");
                }
                prev > MAX || last > MAX
            }
        };
        (too_much || self.round > MAX).then_some("an index beyond belief")
    }
}

impl<M: StateMachine> Snapshot<M> {
    fn fault(&self, term: u64) -> Option<&'static str> {
        if let Some(fault) = self.last.fault() {
            return Some(fault);
        }
        if self.last.index == 0 {
            return Some("a snapshot of nothing");
        }
        if self.last.term > term {
            return Some("an entry of a term later than the leader's");
        }
        (!self.config.is_sound()).then_some("a configuration that cannot be")
    }
}

impl<M: StateMachine> Wire for Message<M> {
    const KINDS: &'static [&'static str] = &[
        "PreVote",
        "PreVoteReply",
        "RequestVote",
        "RequestVoteReply",
        "AppendEntries",
        "AppendEntriesReply",
        "InstallSnapshot",
        "InstallSnapshotReply",
        "TimeoutNow",
    ];

    fn kind(&self) -> usize {
        match self {
            Message::PreVote(_) => 0,
            Message::PreVoteReply(_) => 1,
            Message::RequestVote(_) => 2,
            Message::RequestVoteReply(_) => 3,
            Message::AppendEntries(_) => 4,
            Message::AppendEntriesReply(_) => 5,
            Message::InstallSnapshot { .. } => 6,
            Message::InstallSnapshotReply { .. } => 7,
            Message::TimeoutNow { .. } => 8,
        }
    }

    fn is_reply(&self) -> bool {
        matches!(self.kind(), 1 | 3 | 5 | 7)
    }

    fn epoch(&self) -> u64 {
        self.term()
    }

    fn is_heartbeat(&self) -> bool {
        matches!(self, Message::AppendEntries(append) if append.entries.is_empty())
    }

    fn garbage(luck: &mut Draws) -> Message<M> {
        garbage(luck)
    }
}

impl<M: StateMachine> Display for Message<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} term={}", Self::KINDS[self.kind()], self.term())?;
        match self {
            Message::PreVote(ask) | Message::RequestVote(ask) => {
                write!(f, " last={}", ask.last)?;
                f.write_str(if ask.transfer { " transfer" } else { "" })
            }
            Message::PreVoteReply(vote) | Message::RequestVoteReply(vote) => {
                f.write_str(if vote.granted { " granted" } else { " refused" })
            }
            Message::AppendEntries(append) => append.fmt_fields(f),
            Message::AppendEntriesReply(reply) => reply.fmt_fields(f),
            Message::InstallSnapshot { snapshot, .. } => write!(f, " last={}", snapshot.last),
            Message::InstallSnapshotReply { matched, .. } => write!(f, " matched={matched}"),
            Message::TimeoutNow { .. } => Ok(()),
        }
    }
}

impl<O: Display> Append<O> {
    fn fmt_fields(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// More entries than this are counted, not told.
        const TOLD: usize = 4;
        write!(f, " prev={} commit={} entries=[", self.prev, self.commit)?;
        let mut at = self.prev.index;
        for entry in self.entries.as_slice().iter().take(TOLD) {
            let comma = if at == self.prev.index { "" } else { ", " };
            at += 1;
            write!(f, "{comma}{at}/{} {entry}", entry.term())?;
        }
        match self.entries.len().saturating_sub(TOLD) {
            0 => f.write_str("]")?,
            more => write!(f, ", {more} more]")?,
        }
        match self.round {
            0 => Ok(()),
            round => write!(f, " round={round}"),
        }
    }
}

impl AppendReply {
    fn fmt_fields(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.result {
            AppendResult::Accepted { matched } => write!(f, " matched={matched}")?,
            AppendResult::Refused {
                prev,
                last,
                conflict,
            } => {
                write!(f, " refused prev={prev} last={last}")?;
                if conflict.index > 0 {
                    write!(f, " conflict={conflict}")?;
                }
            }
        }
        match self.round {
            0 => Ok(()),
            round => write!(f, " round={round}"),
        }
    }
}

/// A message that no correct node sends: each breaks one rule of [`Message::fault`], the rest
/// of it as it might well be.
fn garbage<M: StateMachine>(luck: &mut Draws) -> Message<M> {
    let term = luck.between(1, 9);
    let index = luck.between(1, 40);
    let huge = luck.between(MAX + 1, u64::MAX);
    let at = |term, index| Position { term, index };
    let ask = |term, last| Ask {
        term,
        last,
        transfer: index.is_multiple_of(2),
    };
    let append = |prev, terms: &[u64]| {
        let entry = |term: &u64| Arc::new(Entry::new(*term, Payload::Noop));
        Message::AppendEntries(Append {
            term,
            round: 0,
            prev,
            commit: index,
            entries: terms.iter().map(entry).collect(),
        })
    };
    let reply = |result| {
        Message::AppendEntriesReply(AppendReply {
            term,
            round: 0,
            result,
        })
    };
    match luck.between(0, 15) {
        0 => Message::RequestVote(ask(0, at(0, 0))),
        1 => Message::RequestVote(ask(huge, at(term, index))),
        2 => Message::RequestVote(ask(term, at(term + index, index))),
        3 => Message::PreVote(ask(term + 9, at(term, huge))),
        4 => Message::PreVoteReply(Vote {
            term: 0,
            granted: true,
        }),
        5 => Message::RequestVoteReply(Vote {
            term: huge,
            granted: true,
        }),
        6 => append(at(term + 1, index), &[]),
        7 => append(at(0, index), &[term]),
        8 => append(at(1, huge), &[term]),
        9 => append(at(term, index), &[term, term - 1]),
        10 => append(at(term, index), &[term + index]),
        11 => reply(AppendResult::Accepted { matched: huge }),
        12 => reply(AppendResult::Refused {
            prev: index,
            last: index,
            conflict: at(term, index + 1),
        }),
        13 => Message::InstallSnapshotReply {
            term,
            matched: huge,
        },
        14 => Message::TimeoutNow { term: 0 },
        _ => Message::InstallSnapshot {
            term,
            snapshot: Arc::new(Snapshot {
                last: at(term, index),
                chain: huge,
                config: Arc::new(Config {
                    voters: vec![NodeId(1), NodeId(1)],
                    ..Config::default()
                }),
                state: Replicated::default(),
            }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Chance, RequestId};
    use crate::protocol::machine::{KvMachine, KvOp};

    #[test]
    fn messages_are_small_and_read_well() {
        assert!(size_of::<Message<KvMachine>>() <= 64);
        let entry = |op| {
            let id = RequestId::default();
            Arc::new(Entry::new(3, Payload::Command { id, op }))
        };
        let append = |entries: Batch<KvOp>| {
            Message::<KvMachine>::AppendEntries(Append {
                term: 3,
                round: 0,
                prev: Position { term: 2, index: 4 },
                commit: 3,
                entries,
            })
        };
        let one = append([entry(KvOp::Put("x".into(), 1))].into_iter().collect());
        assert_eq!(
            one.to_string(),
            "AppendEntries term=3 prev=4/2 commit=3 entries=[5/3 put x 1]"
        );
        assert_eq!(
            append(Batch::EMPTY).to_string(),
            "AppendEntries term=3 prev=4/2 commit=3 entries=[]"
        );
        let many = append((0..9).map(|_| entry(KvOp::Get("x".into()))).collect());
        assert!(many.to_string().ends_with("8/3 get x, 5 more]"));
    }

    #[test]
    fn all_garbage_has_a_fault_of_its_own() {
        let mut luck = Draws::new(Chance::from_seed(1));
        let mut faults = std::collections::BTreeSet::new();
        let mut kinds = std::collections::BTreeSet::new();
        for _ in 0..10_000 {
            let message = Message::<KvMachine>::garbage(&mut luck);
            let _ = message.to_string();
            kinds.insert(message.kind());
            faults.insert(
                message
                    .fault()
                    .unwrap_or_else(|| panic!("{message} is fine")),
            );
        }
        assert_eq!((kinds.len(), faults.len() >= 8), (9, true), "{faults:?}");
    }
}
