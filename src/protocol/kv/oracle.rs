//! What truly came before what: every write of a run with what its client had read.
//!
//! The oracle knows nothing of vectors. A write's past is what its client had read, and the past of
//! that; so it can tell what any clock should have said.

use super::item::WriteId;
use super::sessions::Session;
use super::version::{Dot, VersionVector};
use crate::base::Seq;
use std::sync::Arc;

/// The number of a write, in the order in which they were taken.
pub(super) type Number = u32;

#[derive(Clone, Debug)]
pub(super) struct Write {
    pub id: WriteId,
    /// The same when it was taken last; mostly it is taken once.
    last: WriteId,
    /// A digest of its key.
    key: u64,
    /// How the store counted it: for contexts that name no writes.
    dot: Dot,
    /// What its client had read.
    read: Arc<[Number]>,
    /// Its coordinator has said that it is stored.
    pub acknowledged: bool,
    /// It is told of already that it was lost.
    pub lost: bool,
    /// What its client had been told of the key before it asked, once it is told of this write.
    pub behind: Option<Arc<Session>>,
}

/// The writes of a run. A clone shares them.
#[derive(Clone, Debug, Default)]
pub(super) struct Oracle {
    writes: Seq<Write>,
    /// For each node, the numbers of the writes that it took: their timestamps never fall.
    by_node: Vec<Seq<(WriteId, Number)>>,
    /// The dots of replicas that were given already.
    given: VersionVector,
}

impl Oracle {
    pub(super) fn write(&self, number: Number) -> Option<&Write> {
        self.writes.at(u64::from(number))
    }

    pub(super) fn id(&self, number: Number) -> WriteId {
        match self.write(number) {
            Some(write) => write.id,
            None => WriteId {
                at: crate::base::Micros::ZERO,
                node: crate::base::NodeId(0),
                request: crate::base::RequestId::default(),
            },
        }
    }

    pub(super) fn mark_lost(&mut self, number: Number) {
        if let Some(write) = self.writes.at_mut(u64::from(number)) {
            write.lost = true;
        }
    }

    pub(super) fn mark_acknowledged(&mut self, number: Number) {
        if let Some(write) = self.writes.at_mut(u64::from(number)) {
            write.acknowledged = true;
        }
    }

    /// Keeps what a write's client had been told before.
    pub(super) fn set_behind(&mut self, number: Number, session: Session) {
        if let Some(write) = self.writes.at_mut(u64::from(number)) {
            write.behind = Some(Arc::new(session));
        }
    }

    /// The number of the write that is taken in next.
    pub(super) fn next(&self) -> Number {
        self.writes.end() as Number
    }

    /// Takes in a write, and gives it a number: that of before, where its node has taken the same
    /// request for the same write already. A replica that counts on under its old name does so when
    /// it is asked again; since a request never changes its value, nobody can tell the two apart.
    pub(super) fn take(&mut self, id: WriteId, key: u64, dot: Dot, read: Vec<Number>) -> Number {
        let before = self.taken_before(id, dot, &read);
        let number = before.unwrap_or_else(|| self.next());
        if let Some(write) = before.and_then(|number| self.writes.at_mut(u64::from(number))) {
            (write.last, write.lost) = (id, false);
        } else {
            self.writes.push(Write {
                id,
                last: id,
                key,
                dot,
                read: read.into(),
                acknowledged: false,
                lost: false,
                behind: None,
            });
        }
        if dot.actor.node().is_some() {
            self.given.raise(dot.actor, dot.counter);
        }
        let node = id.node.index();
        if self.by_node.len() <= node {
            self.by_node.resize_with(node + 1, Seq::default);
        }
        self.by_node[node].push((id, number));
        number
    }

    /// The write that a node has made of the same request, under the same dot, in the same context.
    fn taken_before(&self, id: WriteId, dot: Dot, read: &[Number]) -> Option<Number> {
        // A dot is given twice only where a rule was left out, so that this is seldom a long search.
        if !self.given.covers(dot) {
            return None;
        }
        let same = |number: &Number| {
            let write = self.write(*number);
            write.is_some_and(|write| write.dot == dot && *write.read == *read)
        };
        let mut taken = self.by_node.get(id.node.index())?.iter();
        let of_request = |(known, number): &(WriteId, Number)| {
            (known.request == id.request && same(number)).then_some(*number)
        };
        taken.find_map(of_request)
    }

    /// Whether `later` has, or has had, no older timestamp than `earlier`.
    pub(super) fn is_later(&self, later: Number, earlier: Number) -> bool {
        let last = self.write(later).map(|write| write.last);
        last.is_some_and(|last| last >= self.id(earlier))
    }

    /// The number of a write.
    pub(super) fn number(&self, id: WriteId) -> Option<Number> {
        let taken = self.by_node.get(id.node.index())?;
        let (mut low, mut high) = (0, taken.end());
        while low < high {
            let middle = low + (high - low) / 2;
            if taken.at(middle)?.0.at < id.at {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let same = taken.range(low, taken.end());
        let mut same = same.take_while(|(known, _)| known.at == id.at);
        same.find(|(known, _)| *known == id)
            .map(|(_, number)| *number)
    }

    /// The writes to a key that a clock covers, where a context names none itself.
    pub(super) fn covered(&self, key: u64, clock: &VersionVector) -> Vec<Number> {
        let numbered = (0..).zip(self.writes.iter());
        let covered = numbered.filter(|(_, write)| write.key == key && clock.covers(write.dot));
        covered.map(|(number, _)| number).collect()
    }

    /// Whether a clock covers only such writes to a key as have been made.
    pub(super) fn has_made(&self, key: u64, clock: &VersionVector) -> bool {
        let mut made = VersionVector::default();
        for write in self.writes.iter().filter(|write| write.key == key) {
            made.raise(write.dot.actor, write.dot.counter);
        }
        made.descends(clock)
    }

    /// Whether `later` is `earlier`, or was made by somebody who knew of it.
    pub(super) fn knows(&self, later: Number, earlier: Number) -> bool {
        if later <= earlier {
            return later == earlier;
        }
        // What was read has a lower number than what was written then, so that nothing below
        // `earlier` can lead to it.
        let mut met = vec![false; (later - earlier) as usize + 1];
        let mut rest = vec![later];
        while let Some(number) = rest.pop() {
            let Some(write) = self.write(number) else {
                continue;
            };
            for read in write.read.iter().copied().filter(|read| *read >= earlier) {
                if read == earlier {
                    return true;
                }
                let met = &mut met[(read - earlier) as usize];
                if !std::mem::replace(met, true) {
                    rest.push(read);
                }
            }
        }
        false
    }

    /// Roughly how many bytes a clone takes that it does not share.
    pub(super) fn weight(&self) -> usize {
        let ends = self.writes.len() % 256 * size_of::<Write>() + self.writes.len() / 256 * 8;
        let given = self.given.len() * size_of::<Dot>();
        ends + given + self.by_node.len() * 256 * size_of::<(WriteId, Number)>()
    }
}
