//! A node as the outside sees it: in full for the inspector, in few numbers for the stage.

use super::ballot::{Ballot, Voters};
use super::options::{Mode, Reads};
use super::proposer::Phase;
use super::state::{Paxos, RoleName};
use super::value::Value;
use crate::base::{Micros, NodeId};
use crate::protocol::machine::KvMachine;
use serde::Serialize;

/// The newest slots that a view shows.
const SLOTS_SHOWN: u64 = 64;

/// A node in full.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "PaxosView"))]
pub struct View {
    /// Whether one value is decided, or many.
    pub mode: Mode,
    /// What it is doing.
    pub role: &'static str,
    /// Whether it is an acceptor.
    pub acceptor: bool,
    /// How many acceptors there are.
    pub acceptors: u16,
    /// How many have to promise, and how many have to accept.
    pub quorums: [usize; 2],
    /// As acceptor: the latest ballot that it has promised.
    pub promised: Ballot,
    /// As acceptor of single-decree Paxos: the proposal of the latest ballot that it accepted.
    pub accepted: Option<VoteView>,
    /// As proposer: what it is at.
    pub proposer: Option<ProposerView>,
    /// As proposer: the highest round that it has used.
    pub round: u32,
    /// As proposer of single-decree Paxos: the value that a client asked it to propose.
    pub wish: Option<Value>,
    /// How many clients wait to hear what is chosen.
    pub waiting: usize,
    /// Single-decree: what it did in each ballot.
    pub ballots: Vec<BallotView>,
    /// As learner of single-decree Paxos: what is chosen.
    pub decided: Option<Value>,
    /// Up to where every slot is chosen and carried out.
    pub executed: u64,
    /// The last slot that it knows anything of.
    pub last: u64,
    /// Its slots in Multi-Paxos, the last 64 at most.
    pub slots: Vec<SlotView>,
    /// The last slot that its snapshot stands for; 0 for none.
    pub snapshot: u64,
    /// The leader it believes in.
    pub leader: Option<NodeId>,
    /// The replicated machine.
    pub machine: KvMachine,
    /// Until when its lease holds, in milliseconds of its own clock.
    #[serde(rename = "lease_until_ms")]
    pub lease_until: Option<Micros>,
    /// Until when it turns rivals of the leader away, in milliseconds of its own clock.
    #[serde(rename = "guards_until_ms")]
    pub guards_until: Option<Micros>,
}

/// A value that was accepted.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "PaxosVoteView"))]
pub struct VoteView {
    /// In which ballot.
    pub ballot: Ballot,
    /// The value.
    pub value: Value,
}

/// A proposer at work.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "PaxosProposerView"))]
pub struct ProposerView {
    /// 1 or 2.
    pub phase: u8,
    /// Its ballot.
    pub ballot: Ballot,
    /// Who has promised the ballot.
    pub promised: Voters,
    /// Who has refused it.
    pub refused: Voters,
    /// In phase 2: who has accepted, of the first slot that is not carried out yet.
    pub accepted: Voters,
    /// How many are needed in this phase.
    pub needed: usize,
    /// It was refused and waits before it tries again.
    pub backs_off: bool,
    /// Single-decree, phase 2: what it proposes.
    pub value: Option<Value>,
    /// Single-decree: what binds it, as far as it has heard.
    pub must: Option<MustView>,
}

/// What binds a proposer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "PaxosMustView"))]
pub struct MustView {
    /// What it must propose.
    pub value: Value,
    /// The highest ballot that was reported.
    pub ballot: Ballot,
    /// Who reported it.
    pub acceptor: NodeId,
}

/// What a node did in a ballot.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "PaxosBallotView"))]
pub struct BallotView {
    /// The ballot.
    pub ballot: Ballot,
    /// As acceptor it promised it.
    pub promised: bool,
    /// As acceptor it refused something of it.
    pub refused: bool,
    /// As acceptor it accepted this value in it.
    pub accepted: Option<Value>,
    /// As its proposer: what it proposed.
    pub proposed: Option<Value>,
    /// As its proposer: what bound it to that.
    pub must: Option<MustView>,
    /// As its proposer: who had promised when it proposed.
    pub quorum: Voters,
}

/// A slot of Multi-Paxos.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "PaxosSlotView"))]
pub struct SlotView {
    /// Its number.
    pub slot: u64,
    /// The ballot in which a value was accepted here.
    pub ballot: Ballot,
    /// The value: the chosen one if that is known, else the accepted one.
    pub value: Value,
    /// Whether it says nothing.
    pub noop: bool,
    /// Whether the node knows it to be chosen.
    pub chosen: bool,
    /// As leader: who has accepted it, while it is not chosen.
    pub voters: Voters,
}

impl View {
    pub(super) fn of(paxos: &Paxos) -> View {
        let single = paxos.options.is_single();
        let lease = match &paxos.phase {
            Phase::Proposing(proposing) => proposing.lease.until,
            _ => None,
        };
        View {
            mode: paxos.options.mode,
            role: RoleName::NAMES[paxos.role() as usize],
            acceptor: paxos.accepts(),
            acceptors: paxos.acceptors,
            quorums: paxos.own_quorums(),
            promised: paxos.promised(),
            accepted: paxos.accepted(1).filter(|_| single).map(|vote| VoteView {
                ballot: vote.ballot,
                value: vote.value.clone(),
            }),
            proposer: proposer_view(paxos),
            round: paxos.disk.round,
            wish: paxos.wish.clone(),
            waiting: paxos.waiting.len(),
            ballots: ballots(paxos),
            decided: paxos.chosen(1).filter(|_| single).cloned(),
            executed: paxos.learner.executed,
            last: last(paxos),
            slots: if single { Vec::new() } else { slots(paxos) },
            snapshot: paxos
                .disk
                .ledger
                .snapshot
                .as_ref()
                .map_or(0, |snapshot| snapshot.slot),
            leader: paxos.leader,
            machine: paxos.learner.state.machine.clone(),
            lease_until: lease,
            guards_until: paxos
                .guard
                .filter(|_| paxos.options.reads == Reads::Lease)
                .map(|(_, until)| until),
        }
    }
}

/// The last slot that a node knows anything of.
fn last(paxos: &Paxos) -> u64 {
    let accepted = paxos.disk.acceptor.accepted.end();
    accepted.max(paxos.disk.ledger.end()) - 1
}

fn proposer_view(paxos: &Paxos) -> Option<ProposerView> {
    let [first, second] = paxos.own_quorums();
    let single = paxos.options.is_single();
    let backs_off = paxos.backs_off;
    Some(match &paxos.phase {
        Phase::Idle => return None,
        Phase::Preparing(it) => ProposerView {
            phase: 1,
            ballot: it.ballot,
            promised: it.promised,
            refused: it.refused,
            accepted: Voters::default(),
            needed: first,
            backs_off,
            value: None,
            must: it.bound.get(&1).filter(|_| single).map(|bound| MustView {
                value: bound.value.clone(),
                ballot: bound.ballot,
                acceptor: bound.acceptor,
            }),
        },
        Phase::Proposing(it) => {
            let tally = paxos.learner.tally(paxos.learner.next());
            let open = tally.filter(|tally| tally.ballot == it.ballot);
            let (value, bound) = it.proposal.clone().unzip();
            ProposerView {
                phase: 2,
                ballot: it.ballot,
                promised: it.promised,
                refused: it.refused,
                accepted: open.map_or(Voters::default(), |tally| tally.voters),
                needed: second,
                backs_off,
                must: must(value.as_ref(), bound.flatten()),
                value,
            }
        }
    })
}

fn must(value: Option<&Value>, bound: Option<(Ballot, NodeId)>) -> Option<MustView> {
    let (ballot, acceptor) = bound?;
    Some(MustView {
        value: value?.clone(),
        ballot,
        acceptor,
    })
}

fn ballots(paxos: &Paxos) -> Vec<BallotView> {
    let votes = paxos.disk.acceptor.record.votes();
    votes
        .iter()
        .map(|vote| {
            let by = vote.proposed.as_ref();
            BallotView {
                ballot: vote.ballot,
                promised: vote.promised,
                refused: vote.refused,
                accepted: vote.accepted.clone(),
                proposed: by.map(|by| by.value.clone()),
                must: by.and_then(|by| must(Some(&by.value), by.bound)),
                quorum: by.map_or(Voters::default(), |by| by.quorum),
            }
        })
        .collect()
}

fn slots(paxos: &Paxos) -> Vec<SlotView> {
    let last = last(paxos);
    let ledger = &paxos.disk.ledger;
    let first = ledger.start().max((last + 1).saturating_sub(SLOTS_SHOWN));
    let view = |slot| {
        let accepted = paxos.accepted(slot);
        let chosen = paxos.chosen(slot);
        let value = chosen.or(accepted.map(|vote| &vote.value))?;
        let tally = paxos.learner.tally(slot).filter(|_| chosen.is_none());
        Some(SlotView {
            slot,
            ballot: accepted.map_or(Ballot::NONE, |vote| vote.ballot),
            value: value.clone(),
            noop: value.is_noop(),
            chosen: chosen.is_some(),
            voters: tally.map_or(Voters::default(), |tally| tally.voters),
        })
    };
    (first..=last).filter_map(view).collect()
}

/// What [`glance`] writes, in order. Nobody is -1; no ballot has round 0.
pub(super) const GLANCE: &[&str] = &[
    "role",
    "epoch",
    "round",
    "of",
    "votes",
    "needed",
    "accepted_round",
    "accepted_of",
    "executed",
    "last",
    "leader",
    "backs_off",
    "single",
];

/// The epoch is that of the ballot the node works for: its own as proposer, else the one that it
/// has promised.
pub(super) fn glance(paxos: &Paxos, out: &mut Vec<f64>) {
    let [first, second] = paxos.own_quorums();
    let next = paxos.learner.next();
    let (ballot, votes, needed) = match &paxos.phase {
        Phase::Idle => (paxos.promised().max(paxos.leads_by), 0, second),
        Phase::Preparing(it) => (it.ballot, it.promised.len(), first),
        Phase::Proposing(it) => {
            let tally = paxos.learner.tally(next);
            let open = tally.filter(|tally| tally.ballot == it.ballot);
            (
                it.ballot,
                open.map_or(0, |tally| tally.voters.len()),
                second,
            )
        }
    };
    let accepted = paxos
        .accepted(if paxos.options.is_single() { 1 } else { next })
        .map_or(Ballot::NONE, |vote| vote.ballot);
    out.extend([
        f64::from(paxos.role() as u8),
        ballot.epoch() as f64,
        f64::from(ballot.round),
        f64::from(ballot.node.0),
        votes as f64,
        needed as f64,
        f64::from(accepted.round),
        f64::from(accepted.node.0),
        paxos.learner.executed as f64,
        last(paxos) as f64,
        paxos.leader.map_or(-1.0, |node| f64::from(node.0)),
        f64::from(u8::from(paxos.backs_off)),
        f64::from(u8::from(paxos.options.is_single())),
    ]);
}

/// What a clone does not share: the open ends of the logs, the lists of their sealed parts, and
/// what a proposer and a learner keep.
pub(super) fn weight(paxos: &Paxos) -> usize {
    let held = |end: u64, start: u64| (end - start) as usize;
    let accepted = &paxos.disk.acceptor.accepted;
    let ledger = &paxos.disk.ledger;
    let logs = held(accepted.end(), accepted.start()) + held(ledger.end(), ledger.start());
    let role = match &paxos.phase {
        Phase::Idle => 0,
        Phase::Preparing(it) => 256 + it.bound.len() * 64,
        Phase::Proposing(_) => 256,
    };
    let counts = paxos.learner.tallies.len() * 64;
    size_of::<Paxos>() + (logs % 512) * 16 + logs / 256 * 8 + role + counts
}
