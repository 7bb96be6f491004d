//! PBFT's safety properties, watched milestone by milestone. What faulty replicas state is not
//! listened to: they may state anything.

use super::digest::Digest;
use super::milestone::{Execution, Milestone};
use super::request::{Reply, Request, Stamp};
use super::slot::Replicas;
use super::state::Pbft;
use crate::base::{Monitor, NodeId, RequestId, Seq, Violation};
use crate::protocol::machine::{KvOp, KvOutput};
use std::collections::BTreeMap;
use std::sync::Arc;

const AGREEMENT: usize = 0;
const SAME_STATE: usize = 1;
const ONLY_WHAT_WAS_ASKED: usize = 2;
const ONCE: usize = 3;
const CERTIFICATES: usize = 4;
const CLIENTS: usize = 5;

/// What honest replicas executed at a number.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    digest: Digest,
    by: NodeId,
    is_executed: bool,
}

/// What became of a client's operation.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    digest: Digest,
    /// The result that an honest replica came to first.
    result: Option<KvOutput>,
    /// What its client took for the result before that, and from whom.
    taken: Option<(KvOutput, NodeId)>,
}

/// Who prepared which request at one number of one view.
#[derive(Clone, Copy, Debug)]
struct PreparedBy {
    digest: Digest,
    first: NodeId,
    by: Replicas,
}

/// The watch over a whole run.
#[derive(Clone, Debug, Default)]
pub struct Invariants {
    /// Replicas that are faulty, or were at some time.
    faulty: Replicas,
    /// Nodes that have lost their disk, and with it what they promised.
    amnesiac: Vec<NodeId>,
    executed: Seq<Known>,
    /// By client, and there by serial number.
    asked: Vec<Seq<Asked>>,
    /// By number and view.
    prepared: BTreeMap<(u64, u64), PreparedBy>,
    /// The state at each checkpoint, who had it first, and all who had it.
    states: BTreeMap<u64, (Digest, NodeId, Replicas)>,
    /// The newest operation of each client that each node has carried out.
    done: BTreeMap<(NodeId, u32), u64>,
}

/// How many numbers back certificates and states are remembered.
const REMEMBERED: u64 = 4_000;

impl Monitor<Pbft> for Invariants {
    const NAMES: &'static [&'static str] = &[
        "agreement",
        "state agreement",
        "request authenticity",
        "at-most-once execution",
        "certificate validity",
        "reply correctness",
    ];

    fn observe(
        &mut self,
        node: NodeId,
        core: &Pbft,
        milestone: &Milestone,
        found: &mut Vec<Violation>,
    ) {
        if core.is_faulty() || self.amnesiac.contains(&node) {
            self.faulty.add(core.replica());
            return;
        }
        match milestone {
            Milestone::Executed(execution) => self.executes(node, execution, found),
            Milestone::Prepared { view, seq, digest } => {
                self.prepares(core.replica(), (*seq, *view), *digest, found);
            }
            Milestone::Committed {
                view, seq, digest, ..
            } => self.commits(core, (*seq, *view), *digest, found),
            Milestone::CheckpointTaken { seq, digest } => {
                self.holds_state(core.replica(), *seq, *digest, found);
            }
            Milestone::StateFetched { seq, digest, .. } => {
                self.holds_state(core.replica(), *seq, *digest, found);
            }
            Milestone::Stable { seq, digest, .. } => self.is_stable(core, *seq, *digest, found),
            _ => {}
        }
    }

    fn asked(&mut self, id: RequestId, op: &KvOp, stamp: &Stamp) {
        let client = id.client as usize;
        if self.asked.len() <= client {
            self.asked.resize_with(client + 1, || Seq::starting_at(1));
        }
        let request = Request::new(id, op.clone(), Arc::clone(stamp));
        let asked = &mut self.asked[client];
        while asked.end() < id.serial && asked.len() < REMEMBERED as usize {
            asked.push(Asked::default());
        }
        if asked.end() == id.serial {
            asked.push(Asked {
                digest: request.digest(),
                result: None,
                taken: None,
            });
        }
    }

    fn answered(&mut self, id: RequestId, reply: &Reply, found: &mut Vec<Violation>) {
        let answer = reply.0.body();
        if answer.read_only {
            // A read without an order is judged by the history alone.
            return;
        }
        let Some(asked) = self.asked_mut(id) else {
            return;
        };
        match asked.result {
            Some(known) => takes(id, (answer.result, reply.0.sender()), known, found),
            // Correct replicas may come to it yet.
            None => asked.taken = Some((answer.result, reply.0.sender())),
        }
    }

    fn weight(&self) -> usize {
        let asked: usize = self
            .asked
            .iter()
            .map(|seq| seq.len() % 256 * size_of::<Asked>())
            .sum();
        size_of::<Self>()
            + asked
            + self.executed.len() % 256 * size_of::<Known>()
            + self.prepared.len() * 80
            + self.states.len() * 64
            + self.done.len() * 24
    }

    fn crashed(&mut self, node: NodeId, disk_lost: bool) {
        if disk_lost && !self.amnesiac.contains(&node) {
            self.amnesiac.push(node);
        }
    }
}

impl Invariants {
    fn asked_at(&self, id: RequestId) -> Option<&Asked> {
        self.asked.get(id.client as usize)?.at(id.serial)
    }

    fn asked_mut(&mut self, id: RequestId) -> Option<&mut Asked> {
        self.asked.get_mut(id.client as usize)?.at_mut(id.serial)
    }

    /// Agreement: honest replicas execute the same at each number (section 4.5.1). What they
    /// execute was asked by a client, and is carried out once.
    fn executes(&mut self, node: NodeId, execution: &Execution, found: &mut Vec<Violation>) {
        let &Execution {
            seq,
            digest,
            request,
            result,
        } = execution;
        while self.executed.end() <= seq {
            self.executed.push(Known::default());
        }
        if let Some(known) = self.executed.at_mut(seq) {
            if !known.is_executed {
                (known.digest, known.by, known.is_executed) = (digest, node, true);
            } else if known.digest != digest {
                let (other, there) = (known.by, known.digest);
                let text = format!(
                    "Nodes {other} and {node} execute different requests at number {seq}: \
                     {there} and {digest}"
                );
                report(found, AGREEMENT, &[other, node], text);
            }
        }
        let Some(id) = request else {
            return;
        };
        if self.asked_at(id).is_none_or(|asked| asked.digest != digest) {
            let text = format!(
                "Node {node} executes at number {seq} an operation that client {} never asked for",
                id.client
            );
            report(found, ONLY_WHAT_WAS_ASKED, &[node], text);
        }
        let Some(result) = result else {
            return;
        };
        let last = self.done.entry((node, id.client)).or_insert(0);
        if *last >= id.serial {
            let text = format!(
                "Node {node} carries out operation {} of client {} a second time, at number {seq}",
                id.serial, id.client
            );
            report(found, ONCE, &[node], text);
        }
        *last = (*last).max(id.serial);
        if let Some(asked) = self.asked_mut(id)
            && asked.result.is_none()
        {
            asked.result = Some(result);
            if let Some(taken) = asked.taken {
                takes(id, taken, result, found);
            }
        }
    }

    /// "If prepared(m, v, n, i) is true then prepared(m', v, n, j) is false for any non-faulty
    /// replica j (including i = j) and any m' such that D(m') is not D(m)" (section 4.2).
    fn prepares(
        &mut self,
        who: NodeId,
        (seq, view): (u64, u64),
        digest: Digest,
        found: &mut Vec<Violation>,
    ) {
        let known = self.prepared.entry((seq, view)).or_insert(PreparedBy {
            digest,
            first: who,
            by: Replicas::default(),
        });
        if known.digest == digest {
            known.by.add(who);
        } else {
            let other = known.first;
            let text = format!(
                "Nodes {other} and {who} have prepared different requests for number {seq} of \
                 view {view}"
            );
            report(found, CERTIFICATES, &[other, who], text);
        }
        while let Some((&(oldest, _), _)) = self.prepared.first_key_value()
            && oldest + REMEMBERED < seq
        {
            self.prepared.pop_first();
        }
    }

    /// A request that is committed at an honest replica "will commit locally at f + 1 or more
    /// non-faulty replicas eventually", as so many have prepared it (section 4.2): enough that every
    /// quorum of a view change has one of them.
    fn commits(
        &self,
        core: &Pbft,
        (seq, view): (u64, u64),
        digest: Digest,
        found: &mut Vec<Violation>,
    ) {
        let known = self.prepared.get(&(seq, view));
        if known.is_some_and(|known| known.digest != digest) {
            // That was found when it was prepared.
            return;
        }
        let have = self.honest(known.map(|known| known.by).unwrap_or_default());
        let needed = in_every_quorum(core);
        if have < needed {
            let node = core.id();
            let text = format!(
                "Number {seq} of view {view} is committed at node {node}. Correct replicas at which it \
                 is prepared: {have}; it takes {needed}"
            );
            report(found, CERTIFICATES, &[node], text);
        }
    }

    /// Those of a set that have always been honest.
    fn honest(&self, by: Replicas) -> usize {
        by.iter().filter(|id| !self.faulty.has(*id)).count()
    }

    /// Honest replicas have the same state after the same number.
    fn holds_state(&mut self, who: NodeId, seq: u64, digest: Digest, found: &mut Vec<Violation>) {
        let (known, first, by) =
            self.states
                .entry(seq)
                .or_insert((digest, who, Replicas::default()));
        if *known == digest {
            by.add(who);
        } else {
            let first = *first;
            let text = format!("Nodes {first} and {who} have different states at number {seq}");
            report(found, SAME_STATE, &[first, who], text);
        }
        while let Some((&oldest, _)) = self.states.first_key_value()
            && oldest + REMEMBERED < seq
        {
            self.states.pop_first();
        }
    }

    /// A stable checkpoint is one that enough honest replicas have reached: every quorum has one that
    /// can give the state to the others (section 4.3).
    fn is_stable(&self, core: &Pbft, seq: u64, digest: Digest, found: &mut Vec<Violation>) {
        let known = self.states.get(&seq).filter(|(known, ..)| *known == digest);
        let have = self.honest(known.map(|(.., by)| *by).unwrap_or_default());
        let needed = in_every_quorum(core);
        if have < needed {
            let node = core.id();
            let text = format!(
                "Node {node} takes the checkpoint at number {seq} for stable. Correct replicas that \
                 have that state: {have}; it takes {needed}"
            );
            report(found, CERTIFICATES, &[node], text);
        }
    }
}

/// How many replicas it takes that every quorum has one of them: f + 1 of 3f + 1.
fn in_every_quorum(core: &Pbft) -> usize {
    (core.replicas() + 1).saturating_sub(core.quorum())
}

/// A client's result is that of correct replicas.
fn takes(
    RequestId { client, serial }: RequestId,
    (taken, from): (KvOutput, NodeId),
    known: KvOutput,
    found: &mut Vec<Violation>,
) {
    if taken != known {
        let text = format!(
            "Client {client} takes “{taken}” for the result of operation {serial}, which is \
             “{known}” at correct replicas"
        );
        report(found, CLIENTS, &[from], text);
    }
}

fn report(found: &mut Vec<Violation>, invariant: usize, nodes: &[NodeId], text: String) {
    found.push(Violation {
        invariant,
        nodes: nodes.to_vec(),
        text,
    });
}
