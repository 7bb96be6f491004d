//! The lock manager's safety properties, held against what its copies state.
//!
//! Facts are stated by every copy, in the order of the log. The first copy to state one is believed,
//! and what it says goes into a second account ([`Oracle`]); the others have to say the same.

use super::client::Stamp;
use super::clocks::Clocks;
use super::fact::Fact;
use super::op::LockOp;
use super::oracle::{AGREE, Broken, ENDS, LEASE_LASTS, NAMES, Oracle};
use super::patience::Patience;
use super::table::LockTable;
use crate::base::{Digest, Micros, NodeId, RequestId, Seq, Violation};
use crate::protocol::machine::Watch;

/// A fact as the first copy stated it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stated {
    index: u64,
    digest: u64,
}

/// How far a copy has come in what is stated.
#[derive(Clone, Copy, Debug, Default)]
enum Reader {
    /// It starts, or starts again, at the entry that it applies next.
    #[default]
    Anywhere,
    /// The place of the fact that it has to state next.
    At(u64),
    /// It has stated something else.
    Parted,
}

/// The watch over the copies of the table.
#[derive(Clone, Debug, Default)]
pub struct LockWatch {
    stated: Seq<Stated>,
    readers: Vec<Reader>,
    /// The newest entry that was applied, and the node that did so first.
    index: u64,
    first: NodeId,
    oracle: Oracle,
    patience: Patience,
    broken: Vec<Broken>,
}

impl LockWatch {
    fn reader(&mut self, node: NodeId) -> &mut Reader {
        if self.readers.len() <= node.index() {
            self.readers.resize(node.index() + 1, Reader::Anywhere);
        }
        &mut self.readers[node.index()]
    }

    /// The place of the first fact of entry `index` or a later one.
    fn first_of(&self, index: u64) -> u64 {
        let (mut low, mut high) = (self.stated.start(), self.stated.end());
        while low < high {
            let middle = low.midpoint(high);
            if self
                .stated
                .at(middle)
                .is_some_and(|stated| stated.index < index)
            {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn part(&mut self, node: NodeId, text: String) {
        *self.reader(node) = Reader::Parted;
        self.broken.push((AGREE, text));
    }

    fn report(&mut self, node: NodeId, found: &mut Vec<Violation>) {
        found.extend(self.broken.drain(..).map(|(invariant, text)| Violation {
            invariant,
            nodes: vec![node],
            text,
        }));
    }

    /// A node sets about an entry. What the first to apply the newest one had to state of it has
    /// been said when another node speaks, or the next entry comes.
    fn turn_to(&mut self, node: NodeId, index: u64) {
        if index > self.index || node != self.first {
            self.oracle.settle(&mut self.broken);
        }
        if index > self.index {
            (self.index, self.first) = (index, node);
        }
    }
}

impl Watch<LockTable> for LockWatch {
    const NAMES: &'static [&'static str] = NAMES;

    fn applied(&mut self, node: NodeId, index: u64, found: &mut Vec<Violation>) {
        match *self.reader(node) {
            Reader::Anywhere => *self.reader(node) = Reader::At(self.first_of(index)),
            Reader::At(place) => {
                if let Some(stated) = self.stated.at(place)
                    && stated.index < index
                {
                    let text = format!(
                        "Node {node} lets entry {} have less effect than another node did",
                        stated.index
                    );
                    self.part(node, text);
                }
            }
            Reader::Parted => {}
        }
        self.turn_to(node, index);
        for (RequestId { client, serial }, timeout) in self.patience.overdue(node, index) {
            if let Some(lock) = self.oracle.waits_for(client, serial) {
                let text = format!(
                    "Client {client} still waits for lock {lock}: it wanted to wait for {} ms at \
                     the most, and they are over by the clock of node {node}, which leads",
                    timeout.as_ms()
                );
                self.broken.push((ENDS, text));
            }
        }
        if !self.broken.is_empty() {
            self.report(node, found);
        }
    }

    fn observe(&mut self, node: NodeId, index: u64, fact: &Fact, found: &mut Vec<Violation>) {
        let Reader::At(place) = *self.reader(node) else {
            return;
        };
        let digest = Digest::of(fact);
        let stated = Stated { index, digest };
        match self.stated.at(place) {
            Some(first) if *first == stated => *self.reader(node) = Reader::At(place + 1),
            Some(_) => {
                let text =
                    format!("Node {node} lets entry {index} have another effect than others did");
                self.part(node, text);
            }
            None => {
                self.stated.push(stated);
                *self.reader(node) = Reader::At(place + 1);
                self.oracle.take(fact, &mut self.broken);
                self.patience.take(fact);
            }
        }
        if !self.broken.is_empty() {
            self.report(node, found);
        }
    }

    fn goes_on_from(&mut self, node: NodeId, index: u64) {
        *self.reader(node) = Reader::At(self.first_of(index + 1));
    }

    fn crashed(&mut self, node: NodeId) {
        *self.reader(node) = Reader::Anywhere;
    }

    fn proposed(&mut self, node: NodeId, term: u64, index: u64, now: Micros, clocks: &Clocks) {
        self.patience
            .proposed((term, node), index, now, clocks.looked());
    }

    fn asked(&mut self, id: RequestId, op: &LockOp, stamp: &Stamp) {
        self.patience.asked(id, op);
        if let Some((token, _)) = stamp.trusts
            && self.oracle.has_lost(id.client, token)
        {
            let text = format!(
                "Client {} trusts its lease under token {token}, which the service has ended, and \
                 asks: {op}",
                id.client
            );
            self.broken.push((LEASE_LASTS, text));
        }
    }

    fn weight(&self) -> usize {
        let ends = self.stated.len() % 256 * size_of::<Stated>() + self.stated.len() / 256 * 8;
        size_of::<Self>() + ends + self.oracle.weight() + self.patience.weight()
    }
}
