//! Messages on the wire: what no correct replica can have sent, their kinds, and their lines.

use super::digest::Digest;
use super::message::{
    Checkpoint, Claim, Message, NewView, Note, Phase, PrePrepare, Says, ViewChange, Vote,
};
use crate::base::Wire;
use serde::{Serialize, Serializer};
use std::fmt::{self, Display};
use std::hash::{Hash, Hasher};

/// Views and numbers beyond this are not believed: sums of a few never overflow, and JSON can
/// hold each one exactly.
pub(super) const MAX: u64 = (1 << 53) - 1;

impl Message {
    /// Why no correct replica of `replicas` can have sent this, with a window of that many
    /// numbers, if that is so. What can be told from the message alone is told here.
    pub(super) fn fault(&self, replicas: usize, window: u64) -> Option<&'static str> {
        if self
            .sender()
            .is_some_and(|sender| sender.index() >= replicas)
        {
            return Some("a sender that is no replica");
        }
        match self {
            Message::Relay(request) => request.fault(),
            Message::PrePrepare(sealed) => sealed.body().fault(),
            Message::Vote(sealed) => fault_of(sealed.body().view, sealed.body().seq),
            Message::Checkpoint(sealed) => fault_of(0, sealed.body().seq),
            Message::ViewChange(sealed) => sealed.body().fault(window),
            Message::NewView(sealed) => {
                let NewView {
                    view,
                    changes,
                    pre_prepares,
                } = sealed.body();
                if *view == 0 || *view > MAX {
                    return Some("a view that cannot be");
                }
                if changes.len() > replicas || pre_prepares.len() as u64 > 2 * window {
                    return Some("a list that is too long");
                }
                let changes = changes
                    .iter()
                    .find_map(|change| change.body().fault(window));
                changes.or_else(|| pre_prepares.iter().find_map(|each| each.body().fault()))
            }
            Message::State(sealed) => fault_of(0, sealed.body().seq),
            Message::Note(sealed) => match *sealed.body() {
                Note::Ack { view, of, .. } | Note::Query { view, of, .. } => {
                    if of.index() >= replicas {
                        return Some("a view change of no replica");
                    }
                    fault_of(view, 1)
                }
                Note::Status {
                    view,
                    stable,
                    executed,
                    ..
                } => fault_of(view, stable.max(executed).max(1)),
                Note::Fetch { seq } => fault_of(0, seq),
                Note::Whisper { .. } => None,
            },
        }
    }
}

/// Why no view or number can be like that, if so.
fn fault_of(view: u64, seq: u64) -> Option<&'static str> {
    if view > MAX {
        return Some("a view that cannot be");
    }
    (seq == 0 || seq > MAX).then_some("a number that cannot be")
}

impl PrePrepare {
    fn fault(&self) -> Option<&'static str> {
        let request = self.request.as_ref().and_then(|request| request.fault());
        request.or_else(|| fault_of(self.view, self.seq))
    }
}

impl ViewChange {
    fn fault(&self, window: u64) -> Option<&'static str> {
        if self.view == 0 || self.view > MAX {
            return Some("a view that cannot be");
        }
        if self.stable.seq > MAX {
            return Some("a number that cannot be");
        }
        // Of each number one request was prepared last; one of each view was pre-prepared.
        if self.prepared.len() as u64 > window
            || self.pre_prepared.len() as u64 > window.saturating_mul(Claim::VIEWS_KEPT)
            || self.checkpoints.len() as u64 > window + 1
            || self.proof.len() > super::options::REPLICAS_MAX
        {
            return Some("a list that is too long");
        }
        for claim in self.prepared.iter().chain(&self.pre_prepared) {
            if claim.view >= self.view {
                return Some("a claim of a view that has not begun");
            }
            if claim.seq <= self.stable.seq || claim.seq > self.stable.seq + window {
                return Some("a claim outside the window");
            }
        }
        let mut prepared = self.prepared.iter().zip(self.prepared.iter().skip(1));
        if prepared.any(|(one, next)| one.seq >= next.seq) {
            return Some("claims that are out of order");
        }
        None
    }
}

impl Claim {
    /// Of so many views a replica remembers at the most what it pre-prepared at one number. The
    /// oldest are forgotten first, as if they had never come: later ones outrank them.
    pub(super) const VIEWS_KEPT: u64 = 8;
}

impl Wire for Message {
    const KINDS: &'static [&'static str] = &[
        "Relay",
        "PrePrepare",
        "Prepare",
        "Commit",
        "Checkpoint",
        "ViewChange",
        "ViewChangeAck",
        "ViewChangeQuery",
        "NewView",
        "Status",
        "Fetch",
        "State",
        "Whisper",
    ];

    fn kind(&self) -> usize {
        match self {
            Message::Relay(_) => 0,
            Message::PrePrepare(_) => 1,
            Message::Vote(sealed) => match sealed.body().phase {
                Phase::Prepare => 2,
                Phase::Commit => 3,
            },
            Message::Checkpoint(_) => 4,
            Message::ViewChange(_) => 5,
            Message::NewView(_) => 8,
            Message::State(_) => 11,
            Message::Note(sealed) => match sealed.body() {
                Note::Ack { .. } => 6,
                Note::Query { .. } => 7,
                Note::Status { .. } => 9,
                Note::Fetch { .. } => 10,
                Note::Whisper { .. } => 12,
            },
        }
    }

    fn is_reply(&self) -> bool {
        matches!(self.kind(), 6 | 11)
    }

    /// The view plus one: views count from 0, and 0 is for what speaks of none.
    fn epoch(&self) -> u64 {
        match self {
            Message::PrePrepare(sealed) => sealed.body().view.saturating_add(1),
            Message::Vote(sealed) => sealed.body().view.saturating_add(1),
            Message::ViewChange(sealed) => sealed.body().view.saturating_add(1),
            Message::NewView(sealed) => sealed.body().view.saturating_add(1),
            Message::Note(sealed) => match *sealed.body() {
                Note::Ack { view, .. } | Note::Query { view, .. } | Note::Status { view, .. } => {
                    view.saturating_add(1)
                }
                Note::Fetch { .. } | Note::Whisper { .. } => 0,
            },
            Message::Relay(_) | Message::Checkpoint(_) | Message::State(_) => 0,
        }
    }

    fn is_heartbeat(&self) -> bool {
        matches!(self, Message::Note(sealed) if matches!(sealed.body(), Note::Status { .. }))
    }

    fn garbage(luck: &mut crate::base::Draws) -> Message {
        super::garbage::garbage(luck)
    }
}

impl Hash for Message {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kind().hash(state);
        match self {
            Message::Relay(request) => request.hash(state),
            Message::PrePrepare(sealed) => {
                sealed.hash(state);
                sealed.body().request.hash(state);
            }
            Message::Vote(sealed) => sealed.hash(state),
            Message::Checkpoint(sealed) => sealed.hash(state),
            Message::ViewChange(sealed) => sealed.hash(state),
            Message::NewView(sealed) => sealed.hash(state),
            Message::State(sealed) => sealed.hash(state),
            Message::Note(sealed) => sealed.hash(state),
        }
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Message::Relay(request) => request.serialize(serializer),
            Message::PrePrepare(sealed) => sealed.serialize(serializer),
            Message::Vote(sealed) => sealed.serialize(serializer),
            Message::Checkpoint(sealed) => sealed.serialize(serializer),
            Message::ViewChange(sealed) => sealed.serialize(serializer),
            Message::NewView(sealed) => sealed.serialize(serializer),
            Message::State(sealed) => sealed.serialize(serializer),
            Message::Note(sealed) => sealed.serialize(serializer),
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for Message {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PbftMessage".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let auth = generator.subschema_for::<super::keys::Seal>();
        schemars::json_schema!({
            "description": "What a message says, by its kind, and who is said to have sent it.",
            "type": "object",
            "properties": { "auth": auth },
            "required": ["auth"]
        })
    }
}

impl Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::KINDS[self.kind()])?;
        if let Some(sender) = self.sender() {
            write!(f, " by={sender}")?;
        }
        match self {
            Message::Relay(request) => write!(f, " {}", Says(Some(request))),
            Message::PrePrepare(sealed) => {
                let PrePrepare {
                    view,
                    seq,
                    digest,
                    request,
                } = sealed.body();
                let says = Says(request.as_deref());
                write!(f, " v={view} n={seq} d={digest} {says}")
            }
            Message::Vote(sealed) => {
                let Vote {
                    view, seq, digest, ..
                } = sealed.body();
                write!(f, " v={view} n={seq} d={digest}")
            }
            Message::Checkpoint(sealed) => {
                let Checkpoint { seq, digest } = sealed.body();
                write!(f, " n={seq} d={digest}")
            }
            Message::ViewChange(sealed) => {
                let change = sealed.body();
                write!(
                    f,
                    " v={} stable={} prepared=[",
                    change.view, change.stable.seq
                )?;
                list(
                    f,
                    change
                        .prepared
                        .iter()
                        .map(|claim| (claim.seq, claim.digest)),
                )
            }
            Message::NewView(sealed) => {
                let new = sealed.body();
                write!(f, " v={} chosen=[", new.view)?;
                let chosen = new.pre_prepares.iter().map(|sealed| sealed.body());
                list(f, chosen.map(|chosen| (chosen.seq, chosen.digest)))
            }
            Message::State(sealed) => write!(f, " n={}", sealed.body().seq),
            Message::Note(sealed) => match *sealed.body() {
                Note::Ack { view, of, digest } | Note::Query { view, of, digest } => {
                    write!(f, " v={view} of={of} d={digest}")
                }
                Note::Status {
                    view,
                    active,
                    stable,
                    executed,
                } => {
                    let begun = if active { "" } else { " not begun" };
                    write!(f, " v={view}{begun} stable={stable} executed={executed}")
                }
                Note::Fetch { seq } => write!(f, " n={seq}"),
                Note::Whisper { back } => f.write_str(if back { " back" } else { "" }),
            },
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, items: impl Iterator<Item = (u64, Digest)>) -> fmt::Result {
    for (place, (seq, digest)) in items.enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        write!(f, "{comma}{seq}:{digest}")?;
    }
    f.write_str("]")
}
