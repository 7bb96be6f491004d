//! Changes made elsewhere: applied as soon as what they build on is known, held back until then,
//! ignored when known already.

use super::content;
use super::encode::{self, Change, Update};
use super::id::Id;
use super::oplog::{self, Log, Op};
use super::tree::{Count, Span};
use super::{Error, Extent, Omission, Patch, Replica};
use std::collections::BTreeMap;

/// Changes that came early: by the operation that they wait for, and by their own first one, so that
/// what comes again is kept once.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    waiting: BTreeMap<Id, BTreeMap<Id, Early>>,
}

/// A change that came early. Its names are this replica's numbers.
#[derive(Clone, Debug)]
struct Early {
    id: Id,
    len: u32,
    op: Op,
    text: String,
}

impl Held {
    fn keep(&mut self, missing: Id, change: &Change<'_>) {
        let waiting = self.waiting.entry(missing).or_default();
        if waiting
            .get(&change.id)
            .is_none_or(|kept| kept.len < change.len)
        {
            let early = Early {
                id: change.id,
                len: change.len,
                op: change.op,
                text: change.text.to_owned(),
            };
            waiting.insert(change.id, early);
        }
    }

    /// The changes that waited for `agent`'s operations below `next`.
    fn release(&mut self, agent: u32, next: u32, into: &mut Vec<Early>) {
        let first = Id { agent, seq: 0 };
        let end = Id { agent, seq: next };
        while let Some((&key, _)) = self.waiting.range(first..end).next() {
            into.extend(
                self.waiting
                    .remove(&key)
                    .into_iter()
                    .flatten()
                    .map(|kept| kept.1),
            );
        }
    }
}

/// What became of a change.
enum Outcome {
    Applied,
    Known,
    /// It needs this operation first.
    Missing(Id),
}

impl Replica {
    /// Applies changes made elsewhere, from [`changes_since`](Replica::changes_since),
    /// [`take_changes`](Replica::take_changes) or [`encode`](Replica::encode). They may come in any
    /// order and any number of times. Returns how the visible text changed.
    pub fn apply(&mut self, bytes: &[u8]) -> Result<Vec<Patch>, Error> {
        if encode::is_document(bytes) {
            let other = Replica::decode(bytes, self.name())?;
            return Ok(if self.is_untouched() {
                self.become_copy(other)
            } else {
                self.merge(&other)
            });
        }
        self.take_in(encode::read(encode::UPDATE, bytes)?)
    }

    /// Applies a message that was read, or nothing of it.
    pub(super) fn take_in(&mut self, update: Update<'_>) -> Result<Vec<Patch>, Error> {
        let numbers: Vec<u32> = update.names.iter().map(|&n| self.log.intern(n)).collect();
        let mut changes = update.changes;
        for change in &mut changes {
            change.renumber(&numbers);
        }
        check(&self.log, &changes)?;
        Ok(self.apply_all(&changes))
    }

    /// Takes in everything that another replica knows.
    pub fn merge(&mut self, other: &Replica) -> Vec<Patch> {
        let bytes = if self.is_untouched() {
            other.encode()
        } else {
            other.news_since(&self.version())
        };
        self.apply(&bytes).unwrap_or_default()
    }

    /// Whether nothing was done here, and nothing came.
    fn is_untouched(&self) -> bool {
        self.log.arrivals.is_empty() && self.held.waiting.is_empty()
    }

    /// Takes over what another replica knows, where nothing is known yet.
    fn become_copy(&mut self, other: Replica) -> Vec<Patch> {
        let omitted = self.log.omitted;
        self.log = other.log;
        self.log.omitted = omitted;
        self.tree = other.tree;
        self.taken = other.taken;
        let mut patches = Vec::new();
        if !self.is_empty() {
            note_insert(&mut patches, Extent::default(), &self.text());
        }
        patches
    }

    /// How many changes wait for others that they build on.
    pub fn held_back(&self) -> usize {
        self.held.waiting.values().map(BTreeMap::len).sum()
    }

    /// Applies changes, grouped by replica, each as soon as another group lets it.
    fn apply_all(&mut self, changes: &[Change<'_>]) -> Vec<Patch> {
        let mut patches = Vec::new();
        let mut groups: Vec<&[Change<'_>]> =
            changes.chunk_by(|a, b| a.id.agent == b.id.agent).collect();
        let mut stuck = false;
        while !stuck {
            stuck = true;
            for group in &mut groups {
                while let Some((change, rest)) = group.split_first() {
                    if let Outcome::Missing(_) = self.apply_one(change, &mut patches) {
                        break;
                    }
                    *group = rest;
                    stuck = false;
                    self.wake(change.id.agent, &mut patches);
                }
            }
            groups.retain(|group| !group.is_empty());
            stuck |= groups.is_empty();
        }
        for change in groups.into_iter().flatten() {
            if let Some(missing) = self.missing(change) {
                self.held.keep(missing, change);
            }
        }
        patches
    }

    /// Applies what waited for `agent`, and what waited for that.
    fn wake(&mut self, agent: u32, patches: &mut Vec<Patch>) {
        if self.held.waiting.is_empty() {
            return;
        }
        let mut ready = Vec::new();
        self.held.release(agent, self.log.next(agent), &mut ready);
        while let Some(early) = ready.pop() {
            let change = Change {
                id: early.id,
                len: early.len,
                op: early.op,
                text: &early.text,
            };
            match self.apply_one(&change, patches) {
                Outcome::Missing(missing) => self.held.keep(missing, &change),
                Outcome::Known => {}
                Outcome::Applied => {
                    let agent = change.id.agent;
                    self.held.release(agent, self.log.next(agent), &mut ready);
                }
            }
        }
    }

    /// The first operation that a change needs and that is not known.
    fn missing(&self, change: &Change<'_>) -> Option<Id> {
        let unknown = |id: Id| (!self.log.knows(id)).then_some(id);
        let id = change.id;
        if id.seq > self.log.next(id.agent) {
            return unknown(Id {
                seq: id.seq - 1,
                ..id
            });
        }
        // Operations are delivered in causal order (Shapiro et al., "Conflict-free Replicated Data
        // Types", 2011, on objects that are replicated by their operations).
        if self.log.omits(Omission::Waiting) {
            return None;
        }
        match change.op {
            Op::Insert { left, right, .. } => unknown(left).or_else(|| unknown(right)),
            Op::Delete { target } => unknown(target.plus(change.len - 1)),
            Op::Backspace { target } => unknown(target),
            Op::Restore { .. } => None,
        }
    }

    /// What can be made of a change, from its `skip`-th operation on, that nothing waits for: what is
    /// not known is no neighbour, and a deletion of it does nothing (it is noted as taking back
    /// itself).
    fn as_far_as_known(&self, op: Op, change: &Change<'_>, skip: u32) -> Op {
        let known = |id: Id| if self.log.knows(id) { id } else { Id::EDGE };
        let last = match op {
            Op::Insert { left, right, text } => {
                let (left, right) = (known(left), known(right));
                return Op::Insert { left, right, text };
            }
            Op::Restore { .. } => return op,
            Op::Delete { target } => target.plus(change.len - skip - 1),
            Op::Backspace { target } => target,
        };
        let seq = change.id.seq + skip;
        if self.log.knows(last) {
            op
        } else {
            Op::Restore { seq }
        }
    }

    fn apply_one(&mut self, change: &Change<'_>, patches: &mut Vec<Patch>) -> Outcome {
        let known = self.log.next(change.id.agent);
        if change.id.seq + change.len <= known {
            return Outcome::Known;
        }
        if let Some(missing) = self.missing(change) {
            return Outcome::Missing(missing);
        }
        let skip = known - change.id.seq;
        let text = skip_chars(change.text, skip);
        let op = match self.log.omits(Omission::Waiting) {
            false => change.op.skip(skip, change.id),
            true => self.as_far_as_known(change.op.skip(skip, change.id), change, skip),
        };
        self.execute(change.id.agent, change.len - skip, op, text, patches);
        Outcome::Applied
    }

    /// Carries out the next `len` operations of `agent`, whose origins and targets are known.
    pub(super) fn execute(
        &mut self,
        agent: u32,
        len: u32,
        op: Op,
        text: &str,
        patches: &mut Vec<Patch>,
    ) {
        match op {
            Op::Insert { left, right, .. } => {
                self.insert_there(agent, len, (left, right), text, patches);
            }
            Op::Delete { target } => {
                self.log_deletion(agent, len, op);
                self.mark_all(target, len, 1, patches);
            }
            Op::Backspace { target } => {
                self.log_deletion(agent, len, op);
                let first = Id {
                    seq: target.seq - (len - 1),
                    ..target
                };
                self.mark_all(first, len, 1, patches);
            }
            Op::Restore { seq } => {
                self.log.push(agent, len, op);
                self.restore(agent, seq, len, patches);
            }
        }
    }

    /// Adds a deletion to the log. What it deletes is no element where bad changes were held back:
    /// there it is noted as taking back itself, which does nothing.
    fn log_deletion(&mut self, agent: u32, len: u32, op: Op) {
        let mut rest = len;
        while rest > 0 {
            let me = Id {
                agent,
                seq: self.log.next(agent),
            };
            let op = op.skip(len - rest, me);
            let (Op::Delete { target } | Op::Backspace { target }) = op else {
                return;
            };
            let owner = &self.log.agents[target.agent as usize];
            let index = owner.run_at(target.seq);
            let run = owner.runs[index];
            let same = match op {
                Op::Delete { .. } => owner.run_end(index) - target.seq,
                _ => target.seq - run.seq + 1,
            };
            let n = same.min(rest);
            let is_element = matches!(run.op, Op::Insert { .. });
            let nothing = Op::Restore { seq: me.seq };
            self.log
                .push(agent, n, if is_element { op } else { nothing });
            rest -= n;
        }
    }

    fn insert_there(
        &mut self,
        agent: u32,
        len: u32,
        (left, right): (Id, Id),
        text: &str,
        patches: &mut Vec<Patch>,
    ) {
        let seq = self.log.next(agent);
        let new = Id { agent, seq };
        let (left, right) = super::order::possible(&mut self.tree, &self.log, left, right);
        let behind = super::order::integrate(&mut self.tree, &self.log, new, left, right);
        let content = &mut self.log.agents[agent as usize].content;
        let at = content.len();
        content.push(text, len);
        let wide = if text.len() == len as usize {
            0
        } else {
            content::wide(text)
        };
        let op = Op::Insert {
            left,
            right,
            text: at,
        };
        self.log.push(agent, len, op);
        let span = Span {
            agent,
            seq,
            len,
            dels: 0,
            wide,
            text: at,
        };
        let place = self.tree.insert(behind, span, &self.log.agents);
        let before = self.tree.before(place, &self.log.agents);
        note_insert(patches, before.into(), text);
    }

    /// Adds `delta` deletions to `len` elements from `first` on; what is no element is left out.
    fn mark_all(&mut self, first: Id, len: u32, delta: i32, patches: &mut Vec<Patch>) {
        let (mut id, end) = (first, first.seq + len);
        while id.seq < end {
            let Some(place) = self.tree.locate(id) else {
                let agent = &self.log.agents[id.agent as usize];
                let run = agent.run_at(id.seq);
                id.seq = match agent.runs[run].op {
                    Op::Insert { .. } => id.seq + 1, // An element that was forgotten.
                    _ => agent.run_end(run),
                };
                continue;
            };
            let span = *self.tree.span(place);
            let n = (end - id.seq).min(span.len - place.offset);
            let seen = span.dels == 0 || (span.dels == 1 && delta < 0);
            let before = if seen {
                self.tree.before(place, &self.log.agents)
            } else {
                Count::default()
            };
            let count = self.tree.mark(place, n, delta, &self.log.agents);
            if seen && delta > 0 {
                note_delete(patches, before.into(), count.into());
            } else if seen {
                let content = &self.log.agents[span.agent as usize].content;
                let text = content.slice(span.text + place.offset, n);
                note_insert(patches, before.into(), text);
            }
            id.seq += n;
        }
    }

    /// Takes back deletions `seq..seq + len` of `agent`; what is no deletion is left out.
    fn restore(&mut self, agent: u32, seq: u32, len: u32, patches: &mut Vec<Patch>) {
        let mut ranges: Vec<(Id, u32)> = Vec::new();
        let entry = &mut self.log.agents[agent as usize];
        let mut fresh: Vec<(u32, u32)> = Vec::new();
        oplog::restore(&mut entry.restored, seq, seq + len, |from, to| {
            fresh.push((from, to));
        });
        for (from, to) in fresh {
            ranges.extend(entry.pieces(agent, from, to).filter_map(|p| p.targets()));
        }
        for (first, n) in ranges {
            self.mark_all(first, n, -1, patches);
        }
    }
}

/// Whether what the changes refer to are elements, as far as that is known here or told by the
/// changes themselves. What is told later and proves wrong is read as the edge of the document, the
/// same everywhere.
fn check(log: &Log, changes: &[Change<'_>]) -> Result<(), Error> {
    let mut told: Vec<&Change<'_>> = changes.iter().collect();
    told.sort_by_key(|change| change.id);
    for change in changes {
        let fine = match change.op {
            Op::Insert { left, right, .. } => {
                let mut origins = [left, right].into_iter().filter(|id| !id.is_edge());
                origins.all(|id| are_elements(log, &told, id, 1))
            }
            Op::Delete { target } => are_elements(log, &told, target, change.len),
            Op::Backspace { target } => {
                let first = Id {
                    seq: target.seq - (change.len - 1),
                    ..target
                };
                are_elements(log, &told, first, change.len)
            }
            Op::Restore { .. } => true,
        };
        if !fine {
            return Err(Error::Corrupt("a reference to what is no element"));
        }
    }
    Ok(())
}

/// Whether `len` operations from `first` on all insert, as far as they are known.
fn are_elements(log: &Log, told: &[&Change<'_>], first: Id, len: u32) -> bool {
    let (mut id, end) = (first, first.seq + len);
    while id.seq < end {
        let (inserts, stop) = if log.knows(id) {
            let agent = &log.agents[id.agent as usize];
            let run = agent.run_at(id.seq);
            let inserts = matches!(agent.runs[run].op, Op::Insert { .. });
            (inserts, agent.run_end(run))
        } else {
            let at = told.partition_point(|change| change.id <= id);
            let Some(change) = at.checked_sub(1).map(|at| told[at]) else {
                return true;
            };
            let stop = change.id.seq + change.len;
            if change.id.agent != id.agent || stop <= id.seq {
                return true;
            }
            (matches!(change.op, Op::Insert { .. }), stop)
        };
        if !inserts {
            return false;
        }
        id.seq = stop;
    }
    true
}

/// `text` without its first `n` scalars.
fn skip_chars(text: &str, n: u32) -> &str {
    if n == 0 {
        return text;
    }
    let start = text.char_indices().nth(n as usize);
    start.map_or("", |(at, _)| &text[at..])
}

/// A patch of more bytes is not added to.
const LONG: usize = 1024;

/// Adds an insertion to a list of patches, to the last of them where it goes on.
fn note_insert(patches: &mut Vec<Patch>, at: Extent, text: &str) {
    if let Some(last) = patches.last_mut()
        && last.deleted.chars == 0
        && last.text.len() < LONG
        && at.utf16 == last.at.utf16 + last.text.encode_utf16_len()
    {
        last.text.push_str(text);
        return;
    }
    patches.push(Patch {
        at,
        deleted: Extent::default(),
        text: text.to_owned(),
    });
}

/// Adds a deletion to a list of patches, to the last of them where it goes on.
fn note_delete(patches: &mut Vec<Patch>, at: Extent, deleted: Extent) {
    if let Some(last) = patches.last_mut()
        && last.text.is_empty()
        && last.at == at
    {
        last.deleted.chars += deleted.chars;
        last.deleted.utf16 += deleted.utf16;
        return;
    }
    patches.push(Patch {
        at,
        deleted,
        text: String::new(),
    });
}

/// A text's length in UTF-16 units, without walking over plain ASCII twice.
trait Utf16Len {
    fn encode_utf16_len(&self) -> usize;
}

impl Utf16Len for String {
    fn encode_utf16_len(&self) -> usize {
        if self.is_ascii() {
            return self.len();
        }
        self.encode_utf16().count()
    }
}
