//! A node as the outside sees it: in full for the inspector, in few numbers for the stage.

use super::conduct::CONDUCTS;
use super::digest::Digest;
use super::message::{Phase, Says};
use super::slot::{Replicas, Slot};
use super::state::{Pbft, RoleName};
use crate::base::NodeId;
use crate::protocol::machine::KvMachine;
use serde::Serialize;

/// The numbers that a view shows at the most.
const NUMBERS_SHOWN: u64 = 24;

/// A node in full.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "PbftView"))]
pub struct View {
    /// Its role's name.
    pub role: &'static str,
    /// The replica that it is; another's number for a twin.
    pub replica: NodeId,
    /// Its view, or the one that it wants.
    pub view: u64,
    /// That view's primary.
    pub primary: NodeId,
    /// How many replicas there are.
    pub replicas: usize,
    /// How many faulty ones they can bear: f.
    pub faults: usize,
    /// How many make a certificate.
    pub quorum: usize,
    /// The low watermark: the last stable checkpoint.
    pub low: u64,
    /// The high watermark.
    pub high: u64,
    /// The last number executed.
    pub executed: u64,
    /// The checkpoints whose states it keeps.
    pub checkpoints: Vec<CheckpointView>,
    /// The newest numbers of its log.
    pub log: Vec<SlotView>,
    /// The requests that it knows and has not executed.
    pub waiting: Vec<String>,
    /// Who wants the view that it wants, while that has not begun.
    pub view_changes: Option<Vec<NodeId>>,
    /// How long it waits for its primary by now, in milliseconds.
    pub patience_ms: f64,
    /// The state that it asks the others for.
    pub fetching: Option<u64>,
    /// Whether it has ever misbehaved.
    pub faulty: bool,
    /// How it misbehaves now.
    pub conduct: Vec<&'static str>,
    /// Those it colludes with.
    pub allies: Vec<NodeId>,
    /// The replicated machine.
    pub machine: KvMachine,
    /// The newest operation of each client.
    pub sessions: Vec<SessionView>,
}

/// One number of a log.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct SlotView {
    /// The number.
    pub seq: u64,
    /// The digest in its pre-prepare, if it has one.
    pub digest: Option<Digest>,
    /// The request; `nothing` for the null request.
    pub text: String,
    /// Whose prepares match; the primary counts as one by its pre-prepare.
    pub prepares: Vec<NodeId>,
    /// Whose commits match.
    pub commits: Vec<NodeId>,
    /// Whose votes name another digest.
    pub against: Vec<NodeId>,
    /// Whether it is prepared.
    pub prepared: bool,
    /// Whether it is committed here.
    pub committed: bool,
    /// Whether it is executed.
    pub executed: bool,
    /// The last view in which it was prepared here.
    pub prepared_in: Option<u64>,
}

/// A checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct CheckpointView {
    /// The number.
    pub seq: u64,
    /// The digest of the state there.
    pub digest: Digest,
    /// Who announced the same.
    pub by: Vec<NodeId>,
    /// Whether it is stable.
    pub stable: bool,
}

/// A client's newest operation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "PbftSessionView"))]
pub struct SessionView {
    /// The client.
    pub client: u32,
    /// The timestamp of its newest operation that was executed.
    pub timestamp: u64,
    /// What it was answered.
    pub result: String,
}

impl View {
    pub(super) fn of(pbft: &Pbft) -> View {
        let disk = &pbft.disk;
        let wanted = pbft.changes.iter().flatten();
        let wanted = wanted.filter(|change| change.body().view == disk.view);
        View {
            role: RoleName::NAMES[pbft.role() as usize],
            replica: pbft.me,
            view: disk.view,
            primary: pbft.primary(),
            replicas: pbft.replicas,
            faults: pbft.faults(),
            quorum: pbft.quorum(),
            low: pbft.low(),
            high: pbft.high(),
            executed: disk.executed,
            checkpoints: checkpoints(pbft),
            log: log(pbft),
            waiting: pbft
                .waiting
                .iter()
                .map(|request| Says(Some(request)).to_string())
                .collect(),
            view_changes: disk
                .changing
                .then(|| wanted.map(|change| change.sender()).collect()),
            patience_ms: pbft.patience().as_ms(),
            fetching: pbft.fetching.map(|fetching| fetching.checkpoint.seq),
            faulty: pbft.is_faulty(),
            conduct: pbft.conduct().names(CONDUCTS).collect(),
            allies: pbft.allies().iter().collect(),
            machine: pbft.machine().clone(),
            sessions: disk
                .state
                .sessions
                .iter()
                .map(|session| SessionView {
                    client: session.client,
                    timestamp: session.serial,
                    result: session.output.map_or_else(String::new, |it| it.to_string()),
                })
                .collect(),
        }
    }
}

fn checkpoints(pbft: &Pbft) -> Vec<CheckpointView> {
    let announced = |seq: &u64, digest: &Digest| {
        let all = pbft.announced.get(seq).into_iter().flatten();
        let same = all.filter(|sealed| sealed.body().digest == *digest);
        same.map(|sealed| sealed.sender()).collect()
    };
    let kept = pbft.disk.checkpoints.iter();
    kept.map(|(seq, (digest, _))| CheckpointView {
        seq: *seq,
        digest: *digest,
        by: match pbft.disk.stable_proof.first() {
            Some(proof) if proof.body().seq == *seq => pbft
                .disk
                .stable_proof
                .iter()
                .map(|sealed| sealed.sender())
                .collect(),
            _ => announced(seq, digest),
        },
        stable: *seq <= pbft.low(),
    })
    .collect()
}

fn log(pbft: &Pbft) -> Vec<SlotView> {
    let last = pbft.last_slot();
    let first = (last + 1).saturating_sub(NUMBERS_SHOWN).max(pbft.low() + 1);
    let slots = (first..=last).filter_map(|seq| Some((seq, pbft.slot(seq)?)));
    slots
        .map(|(seq, slot)| slot_view(pbft, seq, slot))
        .collect()
}

fn slot_view(pbft: &Pbft, seq: u64, slot: &Slot) -> SlotView {
    let digest = slot.digest();
    let names = |phase, matching: bool| -> Vec<NodeId> {
        let votes = slot.votes(phase).list.iter();
        let votes = votes.filter(|vote| (Some(vote.body().digest) == digest) == matching);
        votes.map(|vote| vote.sender()).collect()
    };
    let ordered = slot.pre_prepare.as_ref();
    let mut prepares: Vec<NodeId> = ordered.map(|sealed| sealed.sender()).into_iter().collect();
    prepares.extend(names(Phase::Prepare, true));
    let mut against: Vec<NodeId> = names(Phase::Prepare, false);
    against.extend(names(Phase::Commit, false));
    against.sort();
    against.dedup();
    SlotView {
        seq,
        digest,
        text: match ordered {
            Some(sealed) => Says(sealed.body().request.as_deref()).to_string(),
            None => "unknown".to_owned(),
        },
        prepares,
        commits: names(Phase::Commit, true),
        against,
        prepared: slot.prepared,
        committed: slot.committed,
        executed: seq <= pbft.disk.executed,
        prepared_in: slot
            .certificate
            .as_ref()
            .map(|proof| proof.pre_prepare.body().view),
    }
}

/// What [`glance`] writes, in order. The epoch is the view plus one, as in messages.
pub(super) const GLANCE: &[&str] = &[
    "role",
    "epoch",
    "view",
    "replica",
    "quorum",
    "executed",
    "low",
    "high",
    "number",
    "prepares",
    "commits",
    "waiting",
    "view_changes",
    "conduct",
    "faulty",
    "twin",
];

/// The prepares and commits are those of the first number that is not executed, the primary's
/// pre-prepare counted with the prepares.
pub(super) fn glance(pbft: &Pbft, out: &mut Vec<f64>) {
    let open = pbft.disk.executed + 1;
    let slot = pbft.slot(open).filter(|slot| slot.pre_prepare.is_some());
    let prepares = slot.map_or(0, |slot| slot.prepares.matching + 1);
    let commits = slot.map_or(0, |slot| slot.commits.matching);
    let view = pbft.disk.view;
    let wanted: Replicas = match pbft.disk.changing {
        true => {
            let all = pbft
                .changes
                .iter()
                .flatten()
                .filter(|change| change.body().view == view);
            all.map(|change| change.sender()).collect()
        }
        false => Replicas::default(),
    };
    out.extend([
        f64::from(pbft.role() as u8),
        (view + 1) as f64,
        view as f64,
        f64::from(pbft.me.0),
        pbft.quorum() as f64,
        pbft.disk.executed as f64,
        pbft.low() as f64,
        pbft.high() as f64,
        if slot.is_some() { open as f64 } else { 0.0 },
        prepares as f64,
        commits as f64,
        pbft.waiting.len() as f64,
        wanted.len() as f64,
        f64::from(pbft.conduct().0),
        f64::from(u8::from(pbft.is_faulty())),
        f64::from(u8::from(pbft.has_twin())),
    ]);
}

/// What a clone does not share: lists of pointers for the most part.
pub(super) fn weight(pbft: &Pbft) -> usize {
    size_of::<Pbft>()
        + pbft.disk.slots.len() * 8
        + pbft.waiting.len() * 8
        + pbft.replicas * 8
        + pbft.early.len() * size_of::<super::message::Message>()
        + pbft.disk.checkpoints.len() * 96
        + pbft
            .announced
            .values()
            .map(|all| 40 + all.len() * 8)
            .sum::<usize>()
}
