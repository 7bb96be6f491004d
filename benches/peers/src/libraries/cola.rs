use super::Library;
use crate::traces::Edit;
use cola::{Deletion, Insertion, Replica};

/// Positions only: it holds no text, and what it sends is not even bytes.
pub struct Cola {
    replica: Replica,
    sent: Vec<Done>,
    send: bool,
}

pub enum Done {
    Inserted(Insertion),
    Deleted(Deletion),
}

impl Library for Cola {
    const HAS_TEXT: bool = false;

    type Update = Vec<Done>;

    fn new(person: u64, send: bool) -> Self {
        // It knows no document that begins empty in several places, but by a copy of the first.
        let first = Replica::new(1, 0);
        let replica = if person == 1 {
            first
        } else {
            first.fork(person)
        };
        let sent = Vec::new();
        Cola {
            replica,
            sent,
            send,
        }
    }
    fn edit(&mut self, edits: &[Edit]) {
        for Edit { at, deleted, text } in edits {
            if *deleted > 0 {
                let done = self.replica.deleted(*at..at + deleted);
                if self.send {
                    self.sent.push(Done::Deleted(done));
                }
            }
            if !text.is_empty() {
                let done = self.replica.inserted(*at, text.chars().count());
                if self.send {
                    self.sent.push(Done::Inserted(done));
                }
            }
        }
    }
    fn take(&mut self) -> Vec<Done> {
        std::mem::take(&mut self.sent)
    }
    fn apply(&mut self, update: &Vec<Done>) {
        for done in update {
            match done {
                Done::Inserted(insertion) => drop(self.replica.integrate_insertion(insertion)),
                Done::Deleted(deletion) => drop(self.replica.integrate_deletion(deletion)),
            }
        }
    }
    fn size(_update: &Vec<Done>) -> usize {
        0
    }
    fn text(&self) -> String {
        " ".repeat(self.replica.len())
    }
    fn save(&self) -> Vec<u8> {
        Vec::new()
    }
    fn open(_bytes: &[u8]) -> Self {
        Cola::new(99, false)
    }
}
