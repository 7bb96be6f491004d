//! What has to hold of a run of Paxos, watched milestone by milestone.
//!
//! The watch counts for itself what the acceptors accept, with the quorums that the options name,
//! so that it knows what is chosen whatever the nodes make of it.

use super::ballot::{Ballot, Voters};
use super::milestone::Milestone;
use super::state::Paxos;
use super::value::{Command, Value};
use crate::base::{ClientId, Monitor, NodeId, RequestId, Seq, Violation};
use std::collections::{BTreeMap, BTreeSet};

const ONLY_PROPOSED: usize = 0;
const ONE_VALUE: usize = 1;
const LEARNT_IS_CHOSEN: usize = 2;
const PROMISES: usize = 3;
const CHOSEN_STAYS: usize = 4;
const LEARNERS_AGREE: usize = 5;
const NOTHING_LOST: usize = 6;
const ONE_A_BALLOT: usize = 7;
const SAME_ORDER: usize = 8;

/// No ballot is above this one.
const HIGHEST: Ballot = Ballot {
    round: u32::MAX,
    node: NodeId(u16::MAX),
};

/// Who has accepted a value in a ballot.
#[derive(Clone, Copy, Debug, Default)]
struct Votes {
    ballot: Ballot,
    digest: u64,
    voters: Voters,
}

/// What is known of one slot.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The latest ballot in which something was accepted here.
    latest: Votes,
    /// The first value that a quorum accepted, and in which ballot.
    chosen: Option<(Ballot, Value)>,
    /// What was learnt here first, and by whom.
    learned: Option<(Value, NodeId)>,
    /// Digest of what was carried out up to here by the first node that came so far.
    chain: Option<(u64, NodeId)>,
    /// What a client was told stands here.
    told: Option<(u64, RequestId)>,
}

/// What a node has carried out since it started, and from where it would start again.
#[derive(Clone, Copy, Debug, Default)]
struct Carried {
    last: u64,
    snapshot: u64,
    /// It has come to another state than the others: what follows is no news.
    astray: bool,
}

/// The watch over a whole run.
#[derive(Clone, Debug, Default)]
pub struct Invariants {
    slots: Seq<Known>,
    /// Votes of a slot's other ballots and values.
    others: BTreeMap<(u64, Ballot, u64), Voters>,
    /// The latest ballot that each acceptor has promised.
    promised: Vec<Ballot>,
    carried: Vec<Carried>,
    /// The newest request of each client that was to be proposed; the texts that were.
    asked: BTreeMap<ClientId, u64>,
    texts: BTreeSet<u64>,
}

impl Monitor<Paxos> for Invariants {
    const NAMES: &'static [&'static str] = &[
        "only proposed values chosen",
        "at most one value chosen",
        "only chosen values learnt",
        "a promise is never broken",
        "a chosen value never changes",
        "learners agree",
        "acknowledged is never lost",
        "one value to a ballot",
        "the same commands in the same order",
    ];

    fn observe(
        &mut self,
        node: NodeId,
        core: &Paxos,
        milestone: &Milestone,
        found: &mut Vec<Violation>,
    ) {
        match milestone {
            Milestone::Asked { request, digest } => {
                if core.options.is_single() {
                    self.texts.insert(*digest);
                } else {
                    let newest = self.asked.entry(request.client).or_default();
                    *newest = request.serial.max(*newest);
                }
            }
            Milestone::Promised { ballot, .. } => {
                let promised = place_of(&mut self.promised, node);
                *promised = (*ballot).max(*promised);
            }
            Milestone::Accepted {
                slot,
                ballot,
                value,
                ..
            } => self.accepts(node, core, (*slot, *ballot, value), found),
            Milestone::Learned { slot, value, .. } => {
                self.learns(node, core, *slot, value, found);
            }
            Milestone::Executed { slot, chain } => self.executes(node, *slot, *chain, found),
            Milestone::SnapshotTaken { slot } => {
                place_of(&mut self.carried, node).snapshot = *slot;
            }
            Milestone::SnapshotInstalled { slot, chain } => {
                *place_of(&mut self.carried, node) = Carried {
                    last: *slot,
                    snapshot: *slot,
                    astray: false,
                };
                self.compares(node, *slot, *chain, found);
            }
            Milestone::Acknowledged {
                request,
                slot,
                digest,
            } => self.acknowledges(node, *request, (*slot, *digest), found),
            _ => {}
        }
    }

    fn weight(&self) -> usize {
        let slots = self.slots.len();
        let ends = slots % 256 * size_of::<Known>() + slots / 256 * 8;
        let maps = self.others.len() * 64 + self.asked.len() * 24 + self.texts.len() * 16;
        let nodes = self.promised.len() * 8 + self.carried.len() * size_of::<Carried>();
        size_of::<Self>() + ends + maps + nodes
    }

    fn crashed(&mut self, node: NodeId, disk_lost: bool) {
        let carried = place_of(&mut self.carried, node);
        let snapshot = if disk_lost { 0 } else { carried.snapshot };
        *carried = Carried {
            last: snapshot,
            snapshot,
            astray: false,
        };
        // Without its disk it is another acceptor, which has promised nothing.
        if disk_lost {
            *place_of(&mut self.promised, node) = Ballot::NONE;
        }
    }
}

impl Invariants {
    fn known(&mut self, slot: u64) -> Option<&mut Known> {
        // Slots are used one after the other, so that one far beyond what is known is none.
        if slot > self.slots.end().saturating_add(1 << 20) {
            return None;
        }
        while self.slots.end() <= slot {
            self.slots.push(Known::default());
        }
        self.slots.at_mut(slot)
    }

    fn accepts(
        &mut self,
        node: NodeId,
        core: &Paxos,
        (slot, ballot, value): (u64, Ballot, &Value),
        found: &mut Vec<Violation>,
    ) {
        // P1a (Simple, 2.2): "an acceptor can accept a proposal numbered n iff it has not responded
        // to a prepare request having a number greater than n". Nothing else breaks a promise:
        // to promise a lower ballot as well binds to less, and what was accepted unasked is none.
        let promised = *place_of(&mut self.promised, node);
        if ballot < promised {
            let text = format!(
                "Node {node} accepts {value} in ballot {ballot}{}, though it has promised ballot \
                 {promised}",
                place(core, slot)
            );
            report(found, PROMISES, &[node], text);
        }
        // Parliament, 2.1, B1: "each ballot in B has a unique ballot number", hence one decree.
        let differs = |(_, digest): (Ballot, u64)| digest != value.digest();
        if self.accepted(slot, ballot, ballot).any(differs) {
            let text = format!(
                "Node {node} accepts {value} in ballot {ballot}{}, in which another value was \
                 accepted before",
                place(core, slot)
            );
            report(found, ONE_A_BALLOT, &[node], text);
        }
        let Some(voters) = self.vote(node, (slot, ballot, value.digest())) else {
            return;
        };
        let [_, quorum] = core.quorums();
        let Some(known) = self.known(slot) else {
            return;
        };
        match &known.chosen {
            Some((_, chosen)) if chosen == value => {}
            Some((at, chosen)) if voters.len() >= quorum => {
                let text = format!(
                    "Two values are chosen{}: {chosen} in ballot {at}, and {value} in ballot \
                     {ballot}",
                    place(core, slot)
                );
                let nodes: Vec<NodeId> = voters.nodes().collect();
                report(found, ONE_VALUE, &nodes, text);
            }
            // P2b (Simple, 2.2): "if a proposal with value v is chosen, then every higher-numbered
            // proposal issued by any proposer has value v".
            Some((at, chosen)) if ballot > *at => {
                let text = format!(
                    "Node {node} accepts {value} in ballot {ballot}{}, though {chosen} was chosen \
                     in ballot {at}",
                    place(core, slot)
                );
                report(found, CHOSEN_STAYS, &[node], text);
            }
            None if voters.len() >= quorum => {
                known.chosen = Some((ballot, value.clone()));
                self.was_proposed(core, slot, value, found);
                // The same of what was accepted before the choice.
                let mut above = self.accepted(slot, ballot, HIGHEST);
                if let Some((other, _)) =
                    above.find(|(at, digest)| *at > ballot && differs((*at, *digest)))
                {
                    let text = format!(
                        "{value} is chosen in ballot {ballot}{}, though another value was accepted \
                         in ballot {other}",
                        place(core, slot)
                    );
                    let nodes: Vec<NodeId> = voters.nodes().collect();
                    report(found, CHOSEN_STAYS, &nodes, text);
                }
            }
            _ => {}
        }
    }

    /// What was accepted in a slot from one ballot to another: ballots with digests of values.
    fn accepted(&self, slot: u64, from: Ballot, to: Ballot) -> impl Iterator<Item = (Ballot, u64)> {
        let others = self.others.range((slot, from, 0)..=(slot, to, u64::MAX));
        let others = others.map(|(&(_, ballot, digest), _)| (ballot, digest));
        let latest = self.slots.at(slot).map(|known| known.latest);
        let latest = latest.filter(|latest| (from..=to).contains(&latest.ballot));
        others.chain(latest.map(|latest| (latest.ballot, latest.digest)))
    }

    /// Counts a vote; gives everybody who voted for that value in that ballot.
    fn vote(&mut self, node: NodeId, (slot, ballot, digest): (u64, Ballot, u64)) -> Option<Voters> {
        let latest = &mut self.known(slot)?.latest;
        if (latest.ballot, latest.digest) == (ballot, digest) {
            latest.voters.insert(node);
            return Some(latest.voters);
        }
        if ballot > latest.ballot {
            let new = Votes {
                ballot,
                digest,
                voters: [node].into_iter().collect(),
            };
            let old = std::mem::replace(latest, new);
            if !old.ballot.is_none() {
                let key = (slot, old.ballot, old.digest);
                self.others.insert(key, old.voters);
            }
            return Some(new.voters);
        }
        let voters = self.others.entry((slot, ballot, digest)).or_default();
        voters.insert(node);
        Some(*voters)
    }

    /// Only a value that some client asked for can be chosen, or nothing where a gap is.
    fn was_proposed(&self, core: &Paxos, slot: u64, value: &Value, found: &mut Vec<Violation>) {
        let proposed = match value.command() {
            Command::Noop => !core.options.is_single(),
            Command::Text(_) => self.texts.contains(&value.digest()),
            Command::Machine { id, .. } => {
                let newest = self.asked.get(&id.client);
                newest.is_some_and(|newest| id.serial <= *newest)
            }
        };
        if !proposed {
            let where_ = place(core, slot);
            let text = format!("{value} is chosen{where_}, and nobody asked for it");
            report(found, ONLY_PROPOSED, &[], text);
        }
    }

    fn learns(
        &mut self,
        node: NodeId,
        core: &Paxos,
        slot: u64,
        value: &Value,
        found: &mut Vec<Violation>,
    ) {
        let Some(known) = self.known(slot) else {
            return;
        };
        match &known.chosen {
            Some((_, chosen)) if chosen == value => {}
            Some((ballot, chosen)) => {
                let text = format!(
                    "Node {node} learns {value}{}, though {chosen} was chosen in ballot {ballot}",
                    place(core, slot)
                );
                report(found, LEARNT_IS_CHOSEN, &[node], text);
            }
            None => {
                let text = format!(
                    "Node {node} learns {value}{}, which no quorum has accepted in one ballot",
                    place(core, slot)
                );
                report(found, LEARNT_IS_CHOSEN, &[node], text);
            }
        }
        match &known.learned {
            Some((first, by)) if first != value => {
                let text = format!(
                    "Node {by} has learnt {first}{}, and node {node} learns {value}",
                    place(core, slot)
                );
                report(found, LEARNERS_AGREE, &[*by, node], text);
            }
            Some(_) => {}
            None => known.learned = Some((value.clone(), node)),
        }
        if let Some((told, request)) = known.told
            && told != value.digest()
        {
            lost(found, &[node], slot, request);
        }
    }

    /// Slots are carried out one after the other (Simple, section 3: a command is carried out when
    /// all before it were). A node that goes astray is told of once.
    fn executes(&mut self, node: NodeId, slot: u64, chain: u64, found: &mut Vec<Violation>) {
        let carried = place_of(&mut self.carried, node);
        if carried.astray {
            return;
        }
        let next = carried.last + 1;
        carried.last = slot;
        if slot == next {
            return self.compares(node, slot, chain, found);
        }
        carried.astray = true;
        let text = if slot > next {
            format!("Node {node} carries out slot {slot} before slot {next}")
        } else {
            format!("Node {node} carries out slot {slot} once more")
        };
        report(found, SAME_ORDER, &[node], text);
    }

    /// Whoever has carried out the same slots has carried out the same commands.
    fn compares(&mut self, node: NodeId, slot: u64, chain: u64, found: &mut Vec<Violation>) {
        let Some(known) = self.known(slot) else {
            return;
        };
        let (first, by) = *known.chain.get_or_insert((chain, node));
        if first == chain {
            return;
        }
        place_of(&mut self.carried, node).astray = true;
        let text = if by == node {
            format!("Node {node} has carried out other commands up to slot {slot} before")
        } else {
            format!("Nodes {by} and {node} have carried out different commands up to slot {slot}")
        };
        report(found, SAME_ORDER, &[by, node], text);
    }

    /// What a client is told is done stands where all nodes have it.
    fn acknowledges(
        &mut self,
        node: NodeId,
        request: RequestId,
        (slot, digest): (u64, u64),
        found: &mut Vec<Violation>,
    ) {
        let Some(known) = self.known(slot) else {
            return;
        };
        known.told.get_or_insert((digest, request));
        let differs = |value: &Value| value.digest() != digest;
        let learned = known.learned.as_ref().is_some_and(|(it, _)| differs(it));
        let chosen = known.chosen.as_ref().is_some_and(|(_, it)| differs(it));
        if learned || chosen {
            lost(found, &[node], slot, request);
        }
    }
}

/// What is known of one node.
fn place_of<T: Copy + Default>(nodes: &mut Vec<T>, node: NodeId) -> &mut T {
    if nodes.len() <= node.index() {
        nodes.resize(node.index() + 1, T::default());
    }
    &mut nodes[node.index()]
}

/// " for slot 7", where there is more than one.
fn place(core: &Paxos, slot: u64) -> String {
    if core.options.is_single() {
        return String::new();
    }
    format!(" for slot {slot}")
}

fn lost(found: &mut Vec<Violation>, nodes: &[NodeId], slot: u64, request: RequestId) {
    let text = format!(
        "Client {} was told that its operation {} is done as slot {slot}, where another value is \
         chosen or learnt",
        request.client, request.serial
    );
    report(found, NOTHING_LOST, nodes, text);
}

fn report(found: &mut Vec<Violation>, invariant: usize, nodes: &[NodeId], text: String) {
    found.push(Violation {
        invariant,
        nodes: nodes.to_vec(),
        text,
    });
}
