//! Raft's safety properties (figure 3), watched milestone by milestone.
//!
//! Each property is one comparison a milestone, since every slot of a log carries a digest of the
//! whole log up to it: "the same up to here" is "the same digest here".

use super::milestone::Milestone;
use super::reply::{Op, Reply};
use super::state::Raft;
use crate::base::{Monitor, NodeId, RequestId, Seq, Violation};
use crate::protocol::machine::{StateMachine, Watch};
use std::collections::BTreeMap;
use std::marker::PhantomData;

const ELECTION_SAFETY: usize = 0;
const LEADER_APPEND_ONLY: usize = 1;
const LOG_MATCHING: usize = 2;
const LEADER_COMPLETENESS: usize = 3;
const STATE_MACHINE_SAFETY: usize = 4;
const NOTHING_LOST: usize = 5;

/// What is known of one index of the logs of all nodes.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// The first term in which an entry was seen here; 0 for none.
    term: u64,
    /// Digest of the log up to that entry.
    chain: u64,
    /// Digest of the log up to the entry that was applied here first.
    applied: u64,
    /// The node that applied it.
    applied_by: NodeId,
    /// Whether some node has applied an entry here.
    is_applied: bool,
}

/// The newest entry that is known to be decided.
#[derive(Clone, Copy, Debug, Default)]
struct Decided {
    index: u64,
    /// The term of the leader that decided it: an entry of an older term is decided in that one too.
    term: u64,
    chain: u64,
}

/// What of a leader's log was not known to be committed when it was elected.
#[derive(Clone, Debug)]
struct Elected {
    node: NodeId,
    /// The index of the first of `chains`.
    first: u64,
    /// Digests of its log up to each entry.
    chains: Vec<u64>,
}

/// Of so many leaders it is remembered what they had.
const ELECTED_MOST: usize = 64;

/// How many properties are Raft's own; those of the machine come after them.
const OWN: usize = 6;

/// The most properties that there can be, Raft's and a machine's together.
const MOST: usize = 32;

/// The names of Raft's properties, then those of a machine's.
struct Names<M>(PhantomData<M>);

impl<M: StateMachine> Names<M> {
    const JOINED: &'static [&'static str; MOST] = &{
        let mut joined = [""; MOST];
        let own = [
            "election safety",
            "leader append-only",
            "log matching",
            "leader completeness",
            "state machine safety",
            "acknowledged is never lost",
        ];
        let mut place = 0;
        while place < OWN {
            joined[place] = own[place];
            place += 1;
        }
        while place < OWN + M::Watch::NAMES.len() {
            joined[place] = M::Watch::NAMES[place - OWN];
            place += 1;
        }
        joined
    };
    const ALL: &'static [&'static str] = Self::JOINED.split_at(OWN + M::Watch::NAMES.len()).0;
}

/// The watch over a whole run, and `W` over what the machine states.
#[derive(Clone, Debug, Default)]
pub struct Invariants<W = ()> {
    log: LogWatch,
    machine: W,
}

/// The watch over elections and logs.
#[derive(Clone, Debug, Default)]
struct LogWatch {
    /// Who led each term.
    leaders: BTreeMap<u64, NodeId>,
    /// The newest of them, at hand.
    newest: Option<(u64, NodeId)>,
    known: Seq<Known>,
    /// Entries of other terms seen at an index: only where logs parted.
    others: BTreeMap<(u64, u64), u64>,
    /// The newest entry that was committed in each term.
    committed: BTreeMap<u64, Decided>,
    /// The same of what was acknowledged.
    acknowledged: BTreeMap<u64, (RequestId, Decided)>,
    /// The leaders of the highest terms.
    elected: BTreeMap<u64, Elected>,
    /// Up to where each node has applied its log since it started.
    applied: Vec<u64>,
}

impl<M: StateMachine> Monitor<Raft<M>> for Invariants<M::Watch> {
    const NAMES: &'static [&'static str] = Names::<M>::ALL;

    fn observe(
        &mut self,
        node: NodeId,
        core: &Raft<M>,
        milestone: &Milestone<M::Fact>,
        found: &mut Vec<Violation>,
    ) {
        let before = found.len();
        match milestone {
            Milestone::Machine { index, fact, .. } => {
                self.machine.observe(node, *index, fact, found);
            }
            Milestone::Applied { index, .. } => self.machine.applied(node, *index, found),
            Milestone::Appended { index, term, .. } if *term == core.term() => {
                if let Some((now, clocks)) = core.clocks() {
                    self.machine.proposed(node, *term, *index, now, clocks);
                }
            }
            Milestone::SnapshotInstalled { index, .. } => self.machine.goes_on_from(node, *index),
            _ => {}
        }
        renumber(&mut found[before..]);
        self.log.observe(node, core, milestone, found);
    }

    fn asked(&mut self, id: RequestId, op: &Op<M::Op>, stamp: &M::Stamp) {
        if let Op::Machine(op) = op {
            self.machine.asked(id, op, stamp);
        }
    }

    fn answered(&mut self, id: RequestId, reply: &Reply<M::Output>, found: &mut Vec<Violation>) {
        if let Reply::Done(output) = reply {
            let before = found.len();
            self.machine.answered(id, output, found);
            renumber(&mut found[before..]);
        }
    }

    fn weight(&self) -> usize {
        self.log.weight() + self.machine.weight()
    }

    fn crashed(&mut self, node: NodeId, _disk_lost: bool) {
        // It applies its log again from its snapshot, which is no going back.
        if let Some(applied) = self.log.applied.get_mut(node.index()) {
            *applied = 0;
        }
        self.machine.crashed(node);
    }
}

/// The machine counts its properties from its own first one.
fn renumber(of_machine: &mut [Violation]) {
    for violation in of_machine {
        violation.invariant += OWN;
    }
}

impl LogWatch {
    fn observe<M: StateMachine>(
        &mut self,
        node: NodeId,
        core: &Raft<M>,
        milestone: &Milestone<M::Fact>,
        found: &mut Vec<Violation>,
    ) {
        match milestone {
            Milestone::Appended { index, term, chain } => {
                // Only a leader makes entries of its term: one that should lead no more is found
                // by what it makes.
                if core.is_leader() && *term == core.term() {
                    self.leads(node, *term, found);
                }
                self.matches(node, *index, *term, *chain, found);
            }
            Milestone::Applied { index, term, chain } => {
                self.applies(node, *index, *term, *chain, found);
            }
            Milestone::Acknowledged {
                request,
                index,
                chain,
            } => {
                let (index, term, chain) = (*index, core.term(), *chain);
                self.acknowledges(node, *request, Decided { index, term, chain }, found);
            }
            Milestone::Elected { term, .. } => {
                self.leads(node, *term, found);
                self.has_what_is_decided(node, *term, core, found);
                self.is_elected(node, *term, core);
            }
            Milestone::Committed { index, .. } => {
                if let Some(chain) = core.chain_at(*index) {
                    let (index, term) = (*index, core.term());
                    self.commits(node, Decided { index, term, chain }, found);
                }
            }
            Milestone::Truncated { from, .. } | Milestone::CutShort { from, .. }
                if core.is_leader() =>
            {
                let text = format!("Node {node} removes entry {from} of its log while it leads");
                report(found, LEADER_APPEND_ONLY, &[node], text);
            }
            Milestone::SnapshotInstalled { index, term, chain } => {
                self.goes_on_from(node, *index, *term, *chain, found);
            }
            _ => {}
        }
    }

    fn weight(&self) -> usize {
        let ends = self.known.len() % 256 * size_of::<Known>() + self.known.len() / 256 * 8;
        size_of::<Self>() + ends + self.others.len() * 32 + self.leaders.len() * 96
    }

    /// Election safety: at most one leader in a term.
    fn leads(&mut self, node: NodeId, term: u64, found: &mut Vec<Violation>) {
        if self.newest == Some((term, node)) {
            return;
        }
        let first = *self.leaders.entry(term).or_insert(node);
        if first != node {
            let text = format!("Nodes {first} and {node} both lead term {term}");
            report(found, ELECTION_SAFETY, &[first, node], text);
        } else if self.newest.is_none_or(|(newest, _)| newest < term) {
            self.newest = Some((term, node));
        }
    }

    fn known_at(&mut self, index: u64) -> Option<&mut Known> {
        // Logs grow one by one, so that an index far beyond what is known is no entry.
        if index > self.known.end().saturating_add(1 << 20) {
            return None;
        }
        while self.known.end() <= index {
            self.known.push(Known::default());
        }
        self.known.at_mut(index)
    }

    /// Log matching: two entries of the same index and term have the same log before them.
    fn matches(
        &mut self,
        node: NodeId,
        index: u64,
        term: u64,
        chain: u64,
        found: &mut Vec<Violation>,
    ) {
        let Some(known) = self.known_at(index) else {
            return;
        };
        if known.term == 0 {
            (known.term, known.chain) = (term, chain);
        }
        let first = if known.term == term {
            known.chain
        } else {
            *self.others.entry((index, term)).or_insert(chain)
        };
        if first != chain {
            let text = format!(
                "Node {node} has another log up to entry {index} of term {term} than a node \
                 before it"
            );
            report(found, LOG_MATCHING, &[node], text);
        }
    }

    /// State machine safety: no two nodes apply different entries at one index.
    fn applies(
        &mut self,
        node: NodeId,
        index: u64,
        term: u64,
        chain: u64,
        found: &mut Vec<Violation>,
    ) {
        if let Some(applied) = self.applied_mut(node) {
            *applied = index;
        }
        self.agrees(node, index, term, chain, found);
    }

    fn applied_mut(&mut self, node: NodeId) -> Option<&mut u64> {
        if self.applied.len() <= node.index() {
            self.applied.resize(node.index() + 1, 0);
        }
        self.applied.get_mut(node.index())
    }

    fn agrees(
        &mut self,
        node: NodeId,
        index: u64,
        term: u64,
        chain: u64,
        found: &mut Vec<Violation>,
    ) {
        let Some(known) = self.known_at(index) else {
            return;
        };
        if !known.is_applied {
            known.is_applied = true;
            known.applied = chain;
            known.applied_by = node;
        } else if known.applied != chain {
            let first = known.applied_by;
            let text = format!(
                "Nodes {first} and {node} apply different logs up to entry {index} (node {node}: \
                 of term {term})"
            );
            report(found, STATE_MACHINE_SAFETY, &[first, node], text);
        }
    }

    /// A node that takes a snapshot has applied all that it stands for, and goes no step back.
    fn goes_on_from(
        &mut self,
        node: NodeId,
        index: u64,
        term: u64,
        chain: u64,
        found: &mut Vec<Violation>,
    ) {
        if let Some(applied) = self.applied_mut(node) {
            let before = std::mem::replace(applied, index);
            if index < before {
                let text = format!(
                    "Node {node} goes back from entry {before} to a snapshot up to entry {index}"
                );
                report(found, STATE_MACHINE_SAFETY, &[node], text);
            }
        }
        self.agrees(node, index, term, chain, found);
    }

    /// Leader completeness: what is committed in a term is in the logs of the leaders of all higher
    /// ones. And so is what a client was told. A leader of a lower term may be elected late, as far as a
    /// clock outside can tell.
    fn has_what_is_decided<M: StateMachine>(
        &mut self,
        node: NodeId,
        term: u64,
        core: &Raft<M>,
        found: &mut Vec<Violation>,
    ) {
        let lacks = |decided: &Decided| {
            decided.index >= core.log().base().index
                && core.chain_at(decided.index) != Some(decided.chain)
        };
        let lower = self.committed.range(..term);
        if let Some((_, committed)) = lower.rev().find(|(_, decided)| lacks(decided)) {
            let Decided {
                index, term: of, ..
            } = committed;
            // Where it has another one, it does not lack an entry of that number.
            let text = match core.chain_at(*index) {
                None => format!(
                    "Node {node} leads term {term} without entry {index}, which was committed in term {of}"
                ),
                Some(_) => format!(
                    "Node {node} leads term {term} with another entry {index} than was committed in term {of}"
                ),
            };
            report(
                found,
                LEADER_COMPLETENESS,
                &self.with_leader(node, *of),
                text,
            );
        }
        let lower = self.acknowledged.range(..term);
        if let Some((of, (request, decided))) = lower.rev().find(|(_, (_, told))| lacks(told)) {
            let text = format!(
                "Node {node} leads term {term}, and its entry {} is not operation {} of client {}, which \
                 was told that it is done",
                decided.index, request.serial, request.client
            );
            report(found, NOTHING_LOST, &self.with_leader(node, *of), text);
        }
    }

    /// A node, and the one that led `term`, by whom what it lacks was decided.
    fn with_leader(&self, node: NodeId, term: u64) -> Vec<NodeId> {
        let leader = self.leaders.get(&term).copied();
        let other = leader.filter(|leader| *leader != node);
        [node].into_iter().chain(other).collect()
    }

    /// Remembers what a leader had in its log, so that it can be held against what is committed later
    /// in a lower term.
    fn is_elected<M: StateMachine>(&mut self, node: NodeId, term: u64, core: &Raft<M>) {
        let known = self.committed.values().map(|decided| decided.index).max();
        let first = known.unwrap_or(0).max(core.log().base().index) + 1;
        let chains = (first..).map_while(|index| core.chain_at(index)).collect();
        self.elected.insert(
            term,
            Elected {
                node,
                first,
                chains,
            },
        );
        if self.elected.len() > ELECTED_MOST {
            self.elected.pop_first();
        }
    }

    /// Leader completeness again: the leader of a higher term may be elected already.
    fn commits(&mut self, node: NodeId, decided: Decided, found: &mut Vec<Violation>) {
        let Decided { index, term, chain } = decided;
        for (higher, leader) in self.elected.range(term + 1..) {
            let Some(place) = index.checked_sub(leader.first) else {
                continue;
            };
            if leader.chains.get(place as usize) != Some(&chain) {
                let text = format!(
                    "Node {node} commits entry {index} in term {term}, and node {}, which was \
                     elected leader of term {higher}, had not got it",
                    leader.node
                );
                report(found, LEADER_COMPLETENESS, &[leader.node, node], text);
                break;
            }
        }
        let newest = self.committed.entry(term).or_insert(decided);
        if newest.index < index {
            *newest = decided;
        }
    }

    /// What a client is told is done stands where all nodes have it.
    fn acknowledges(
        &mut self,
        node: NodeId,
        request: RequestId,
        told: Decided,
        found: &mut Vec<Violation>,
    ) {
        let Decided { index, chain, .. } = told;
        let Some(known) = self.known_at(index) else {
            return;
        };
        if known.is_applied && known.applied != chain {
            let other = known.applied_by;
            let text = format!(
                "Node {node} tells client {} that its operation {} is done as entry {index}, \
                 where node {other} has applied another",
                request.client, request.serial
            );
            report(found, NOTHING_LOST, &[node, other], text);
        }
        let newest = self
            .acknowledged
            .entry(told.term)
            .or_insert((request, told));
        if newest.1.index < index {
            *newest = (request, told);
        }
    }
}

fn report(found: &mut Vec<Violation>, invariant: usize, nodes: &[NodeId], text: String) {
    found.push(Violation {
        invariant,
        nodes: nodes.to_vec(),
        text,
    });
}
