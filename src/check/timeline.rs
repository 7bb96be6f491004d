//! Calls and returns in order of time, as a list from which operations are lifted.

use crate::base::Micros;

/// The end of a list.
pub(super) const END: usize = usize::MAX;

/// When an operation was called, and when its answer came, if it did.
pub(super) type Span = (Micros, Option<Micros>);

/// Calls and returns of one part of a history.
#[derive(Debug)]
pub(super) struct Timeline {
    /// For each entry the operation, and whether it is the call. Entry 0 is the head.
    entries: Vec<(usize, bool)>,
    next: Vec<usize>,
    before: Vec<usize>,
    /// Where an operation is called.
    call_of: Vec<usize>,
    /// Where an operation's return stands; its own call where it has none.
    return_of: Vec<usize>,
    /// An operation's number among those that returned, in order of the returns, or among those
    /// that did not.
    rank: Vec<u32>,
    /// The calls that have no return, in order.
    pub opens: Vec<usize>,
    /// They do not stand in the list.
    pub apart: bool,
    lifted: Vec<bool>,
}

impl Timeline {
    /// The list of all spans, a call before a return of the same moment. `apart`: the calls without
    /// a return are left out of it.
    pub(super) fn new(spans: &[Span], apart: bool) -> Timeline {
        let mut moments = Vec::with_capacity(2 * spans.len());
        for (number, (called, returned)) in spans.iter().enumerate() {
            moments.push((*called, false, number));
            moments.extend(returned.map(|at| (at, true, number)));
        }
        moments.sort_unstable();
        let count = moments.len() + 1;
        let mut timeline = Timeline {
            entries: vec![(END, true)],
            next: (1..=count).collect(),
            before: (0..count).map(|entry| entry.saturating_sub(1)).collect(),
            call_of: vec![0; spans.len()],
            return_of: vec![0; spans.len()],
            rank: vec![0; spans.len()],
            opens: Vec::new(),
            apart,
            lifted: vec![false; spans.len()],
        };
        timeline.next[count - 1] = END;
        for (entry, (_, is_return, number)) in moments.into_iter().enumerate() {
            timeline.entries.push((number, !is_return));
            timeline.return_of[number] = entry + 1;
            if !is_return {
                timeline.call_of[number] = entry + 1;
            }
        }
        timeline.number_them();
        timeline
    }

    fn number_them(&mut self) {
        let mut returned = 0;
        for entry in 1..self.entries.len() {
            let (number, is_call) = self.entries[entry];
            if self.return_of[number] != entry {
                continue;
            }
            if is_call {
                self.rank[number] = self.opens.len() as u32;
                self.opens.push(entry);
                if self.apart {
                    self.unlink(entry);
                }
            } else {
                self.rank[number] = returned;
                returned += 1;
            }
        }
    }

    /// The first entry.
    pub(super) fn first(&self) -> usize {
        self.next[0]
    }

    /// The entry behind one that stands in the list.
    pub(super) fn after(&self, entry: usize) -> usize {
        self.next[entry]
    }

    /// Whether an entry is the call of an operation.
    pub(super) fn is_call(&self, entry: usize) -> bool {
        entry != END && self.entries[entry].1
    }

    /// The operation of an entry.
    pub(super) fn number(&self, entry: usize) -> usize {
        self.entries[entry].0
    }

    /// Where an operation is called.
    pub(super) fn call(&self, number: usize) -> usize {
        self.call_of[number]
    }

    /// Whether an operation returned.
    pub(super) fn returns(&self, number: usize) -> bool {
        self.return_of[number] != self.call_of[number]
    }

    /// An operation's number among those that returned, in order of the returns, or among those
    /// that did not.
    pub(super) fn rank(&self, number: usize) -> u32 {
        self.rank[number]
    }

    /// Whether an operation is lifted.
    pub(super) fn is_lifted(&self, number: usize) -> bool {
        self.lifted[number]
    }

    /// Of the first `count` calls without a return the last one that is not lifted, or the end.
    pub(super) fn open_among(&self, count: usize) -> usize {
        let mut opens = self.opens[..count].iter().rev();
        let waits = |entry: &&usize| !self.lifted[self.entries[**entry].0];
        opens.find(waits).copied().unwrap_or(END)
    }

    fn unlink(&mut self, entry: usize) {
        let (before, next) = (self.before[entry], self.next[entry]);
        self.next[before] = next;
        if next != END {
            self.before[next] = before;
        }
    }

    fn relink(&mut self, entry: usize) {
        let (before, next) = (self.before[entry], self.next[entry]);
        self.next[before] = entry;
        if next != END {
            self.before[next] = entry;
        }
    }

    /// Takes an operation's call and return out. Gives the entry that stood behind its call.
    pub(super) fn lift(&mut self, call: usize) -> usize {
        let number = self.entries[call].0;
        self.lifted[number] = true;
        let end = self.return_of[number];
        if end != call || !self.apart {
            self.unlink(call);
        }
        if end == call {
            return self.next[call];
        }
        self.unlink(end);
        match self.next[call] {
            next if next == end => self.next[end],
            next => next,
        }
    }

    /// Puts back what was lifted last.
    pub(super) fn unlift(&mut self, call: usize) {
        let number = self.entries[call].0;
        self.lifted[number] = false;
        let end = self.return_of[number];
        if end != call {
            self.relink(end);
        }
        if end != call || !self.apart {
            self.relink(call);
        }
    }
}
