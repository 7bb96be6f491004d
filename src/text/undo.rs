//! Undo and redo of one's own edits, and of nobody else's.
//!
//! A step is a stretch of our own operations. Undoing deletes what it inserted and takes back its
//! deletions; what others typed in between stays, and what others deleted as well stays deleted. What undoing does is again a stretch of operations, and redoing undoes that.

use super::id::Id;
use super::oplog::{Log, Op, Piece};
use super::{ME, Patch, Replica};

/// The steps that can be undone and redone, each from one of our operations up to another.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps {
    undo: Vec<(u32, u32)>,
    redo: Vec<(u32, u32)>,
    /// The next edit starts a step of its own.
    sealed: bool,
    /// The next edit belongs to the last step.
    joined: bool,
}

impl Steps {
    /// Notes the operations from `start` on as a step, or as more of the last one: typing on is one
    /// step until it is sealed.
    pub fn record(&mut self, log: &Log, start: u32) {
        let agent = &log.agents[ME as usize];
        if agent.next == start {
            return;
        }
        self.redo.clear();
        let goes_on = agent.runs.last().is_some_and(|run| run.seq < start);
        let (sealed, joined) = (self.sealed, self.joined);
        (self.sealed, self.joined) = (false, false);
        if let Some(last) = self.undo.last_mut()
            && last.1 == start
            && (joined || (goes_on && !sealed))
        {
            last.1 = agent.next;
            return;
        }
        self.undo.push((start, agent.next));
    }
}

impl Replica {
    /// Takes back the last step of our own that still shows. Returns how the text changed; nothing
    /// if there was no such step.
    pub fn undo(&mut self) -> Vec<Patch> {
        let mut patches = Vec::new();
        while patches.is_empty()
            && let Some(step) = self.steps.undo.pop()
        {
            let inverse = self.invert(step, &mut patches);
            self.steps.redo.push(inverse);
        }
        patches
    }

    /// Does again what was undone last.
    pub fn redo(&mut self) -> Vec<Patch> {
        let mut patches = Vec::new();
        while patches.is_empty()
            && let Some(step) = self.steps.redo.pop()
        {
            let inverse = self.invert(step, &mut patches);
            self.steps.undo.push(inverse);
        }
        patches
    }

    /// Whether there is a step to undo.
    pub fn can_undo(&self) -> bool {
        !self.steps.undo.is_empty()
    }

    /// Whether there is a step to redo.
    pub fn can_redo(&self) -> bool {
        !self.steps.redo.is_empty()
    }

    /// Ends the step that typing on would continue: after a pause, say.
    pub fn seal_step(&mut self) {
        self.steps.sealed = true;
    }

    /// Makes the next edit part of the last step: the second cursor's, say.
    pub fn join_step(&mut self) {
        self.steps.joined = true;
    }

    /// Undoes a stretch of our own operations by new ones, and returns these.
    fn invert(&mut self, (start, end): (u32, u32), patches: &mut Vec<Patch>) -> (u32, u32) {
        self.steps.sealed = true;
        let first = self.log.next(ME);
        let agent = &self.log.agents[ME as usize];
        let pieces: Vec<Piece> = agent.pieces(ME, start, end).collect();
        for piece in pieces.into_iter().rev() {
            match piece.op {
                Op::Insert { .. } => {
                    let target = Id {
                        agent: ME,
                        seq: piece.seq,
                    };
                    self.execute(ME, piece.len, Op::Delete { target }, "", patches);
                }
                Op::Delete { .. } | Op::Backspace { .. } => {
                    let op = Op::Restore { seq: piece.seq };
                    self.execute(ME, piece.len, op, "", patches);
                }
                Op::Restore { seq } => self.delete_again(seq, piece.len, patches),
            }
        }
        (first, self.log.next(ME))
    }

    /// Deletes anew what our deletions from `seq` on deleted.
    fn delete_again(&mut self, seq: u32, len: u32, patches: &mut Vec<Patch>) {
        let agent = &self.log.agents[ME as usize];
        let pieces = agent.pieces(ME, seq, seq + len);
        let targets: Vec<(Id, u32)> = pieces.filter_map(|piece| piece.targets()).collect();
        for (target, n) in targets {
            self.execute(ME, n, Op::Delete { target }, "", patches);
        }
    }
}
