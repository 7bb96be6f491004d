//! A node as the outside sees it: in full for the inspector, in few numbers for the stage.

use super::config::{Config, quorum};
use super::leader::Mode;
use super::options::Mutant;
use super::state::{Raft, Role, RoleName};
use crate::base::{Micros, NodeId};
use crate::protocol::machine::StateMachine;
use serde::Serialize;

/// The newest entries that a view shows.
const ENTRIES_SHOWN: u64 = 64;

/// A node in full.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(
    not(target_arch = "wasm32"),
    schemars(
        rename = "RaftView",
        bound = "M: StateMachine",
        transform = super::options::without_nulls
    )
)]
#[serde(bound = "")]
pub struct View<M: StateMachine> {
    /// Its role's name.
    pub role: &'static str,
    /// Its term.
    pub term: u64,
    /// Who has its vote in this term.
    pub voted_for: Option<NodeId>,
    /// The leader it believes in.
    pub leader: Option<NodeId>,
    /// Up to where it knows the log to be committed.
    pub commit: u64,
    /// Up to where it has applied the log.
    pub applied: u64,
    /// Its log.
    pub log: LogView,
    /// The election that it stands in.
    pub election: Option<ElectionView>,
    /// What it knows of the others as leader.
    pub peers: Option<Vec<PeerView>>,
    /// Who belongs to the cluster.
    pub config: Config,
    /// The replicated machine.
    pub machine: M,
    /// The newest operation of each client.
    pub sessions: Vec<SessionView>,
    /// How many reads wait for a round.
    pub reads_waiting: usize,
    /// Until when its lease holds, in milliseconds of its own clock.
    #[serde(rename = "lease_until_ms")]
    pub lease_until: Option<Micros>,
    /// To whom it hands over.
    pub transfer_to: Option<NodeId>,
    /// What it sees by its clock as leader of what is due in the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dials: Option<M::Dials>,
}

/// A node's log.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct LogView {
    /// Index of the first entry held.
    pub first: u64,
    /// Index of the last entry.
    pub last: u64,
    /// Term of the last entry.
    pub last_term: u64,
    /// What stands for the front of the log.
    pub snapshot: Option<super::log::Position>,
    /// The last 64 entries at most.
    pub entries: Vec<EntryView>,
}

/// An entry of a log.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct EntryView {
    /// Its index.
    pub index: u64,
    /// Its term.
    pub term: u64,
    /// What it says.
    pub text: String,
    /// `noop`, `command` or `config`.
    pub kind: &'static str,
}

/// An election, or the question whether one could be won.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ElectionView {
    /// Who said yes.
    pub granted: Vec<NodeId>,
    /// Who said no.
    pub refused: Vec<NodeId>,
    /// How many it needs.
    pub needed: usize,
}

/// What a leader knows of another node.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct PeerView {
    /// The node.
    pub node: NodeId,
    /// The next entry to send.
    pub next: u64,
    /// Up to where its log is known to match.
    #[serde(rename = "match")]
    pub matched: u64,
    /// How many appends with entries are under way to it.
    pub in_flight: usize,
    /// `probe`, `replicate` or `snapshot`.
    pub mode: &'static str,
    /// How long ago it was heard, in milliseconds.
    #[serde(rename = "heard_ms")]
    pub heard: Option<Micros>,
}

/// A client's newest operation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct SessionView {
    /// The client.
    pub client: u32,
    /// Its newest operation that was applied.
    pub serial: u64,
}

impl<M: StateMachine> View<M> {
    pub(super) fn of(raft: &Raft<M>) -> View<M> {
        let leader = match &raft.role {
            Role::Leader(leader) => Some(leader),
            _ => None,
        };
        let session = |session: &crate::protocol::machine::Session<M::Output>| SessionView {
            client: session.client,
            serial: session.serial,
        };
        View {
            role: RoleName::NAMES[raft.role() as usize],
            term: raft.term(),
            voted_for: raft.vote(),
            leader: raft.leader,
            commit: raft.commit,
            applied: raft.applied,
            log: log_view(raft),
            election: match &raft.role {
                Role::PreCandidate(ballot) | Role::Candidate(ballot) => Some(ElectionView {
                    granted: ballot.granted.clone(),
                    refused: ballot.refused.clone(),
                    needed: needed(raft),
                }),
                _ => None,
            },
            peers: leader.map(|leader| {
                let peers = leader.peers.iter();
                peers.map(|peer| peer_view(peer, raft.now)).collect()
            }),
            config: (**raft.config()).clone(),
            machine: raft.state.machine.clone(),
            sessions: raft.state.sessions.iter().map(session).collect(),
            reads_waiting: leader.map_or(0, |leader| leader.rounds.reads.len()),
            lease_until: leader
                .filter(|_| raft.options.reads == super::options::Reads::Lease)
                .and_then(|leader| leader.rounds.lease_until()),
            transfer_to: leader.and_then(|leader| leader.transfer.map(|transfer| transfer.to)),
            dials: leader.filter(|_| size_of::<M::Dials>() > 0).map(|leader| {
                let machine = &raft.state.machine;
                machine.dials(&raft.options.machine, &leader.clocks, raft.now)
            }),
        }
    }
}

fn log_view<M: StateMachine>(raft: &Raft<M>) -> LogView {
    let log = raft.log();
    let last = log.last();
    let from = log
        .first_index()
        .max((last.index + 1).saturating_sub(ENTRIES_SHOWN));
    let entries = log.entries(from, last.index).zip(from..);
    LogView {
        first: log.first_index(),
        last: last.index,
        last_term: last.term,
        snapshot: raft.disk.snapshot.as_ref().map(|snapshot| snapshot.last),
        entries: entries
            .map(|(entry, index)| EntryView {
                index,
                term: entry.term(),
                text: entry.to_string(),
                kind: entry.kind(),
            })
            .collect(),
    }
}

fn peer_view(peer: &super::leader::Peer, now: Micros) -> PeerView {
    PeerView {
        node: peer.node,
        next: peer.next,
        matched: peer.matched,
        in_flight: peer.in_flight.len(),
        mode: match peer.mode {
            Mode::Probe { .. } => "probe",
            Mode::Replicate => "replicate",
            Mode::Snapshot { .. } => "snapshot",
        },
        heard: peer.heard.map(|heard| now.since(heard)),
    }
}

/// How many votes make a majority of the voters.
fn needed<M: StateMachine>(raft: &Raft<M>) -> usize {
    quorum(raft.config().voters.len(), raft.is(Mutant::HalfQuorum))
}

/// What [`glance`] writes, in order. Nobody is -1.
pub(super) const GLANCE: &[&str] = &[
    "role",
    "epoch",
    "votes",
    "needed",
    "commit",
    "last",
    "voted_for",
    "leader",
];

pub(super) fn glance<M: StateMachine>(raft: &Raft<M>, out: &mut Vec<f64>) {
    let node = |node: Option<NodeId>| node.map_or(-1.0, |node| f64::from(node.0));
    let votes = match &raft.role {
        Role::PreCandidate(ballot) | Role::Candidate(ballot) => ballot.granted.len(),
        _ => 0,
    };
    out.extend([
        f64::from(raft.role() as u8),
        raft.term() as f64,
        votes as f64,
        needed(raft) as f64,
        raft.commit as f64,
        raft.log().last_index() as f64,
        node(raft.vote()),
        node(raft.leader),
    ]);
}

/// What a clone does not share: the open end of the log, the list of its sealed parts, and what
/// a leader keeps.
pub(super) fn weight<M: StateMachine>(raft: &Raft<M>) -> usize {
    let log = raft.log();
    let held = (log.last_index() + 1 - log.first_index()) as usize;
    let role = match &raft.role {
        Role::Leader(leader) => 256 + leader.peers.len() * 160 + leader.rounds.reads.len() * 64,
        _ => 0,
    };
    size_of::<Raft<M>>() + (held % 256) * 24 + held / 256 * 8 + role
}
