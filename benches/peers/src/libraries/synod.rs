use super::Library;
use crate::traces::Edit;
use synod::text::{Replica, ReplicaId};

pub struct Synod(Replica);

impl Library for Synod {
    type Update = Vec<u8>;

    fn new(person: u64, _send: bool) -> Self {
        Synod(Replica::new(ReplicaId(person)))
    }
    fn edit(&mut self, edits: &[Edit]) {
        for Edit { at, deleted, text } in edits {
            self.0.replace(*at, *deleted, text).expect("inside");
        }
    }
    fn take(&mut self) -> Vec<u8> {
        self.0.take_changes()
    }
    fn apply(&mut self, update: &Vec<u8>) {
        self.0.apply(update).expect("sound bytes");
    }
    fn size(update: &Vec<u8>) -> usize {
        update.len()
    }
    fn text(&self) -> String {
        self.0.text()
    }
    fn save(&self) -> Vec<u8> {
        self.0.encode()
    }
    fn open(bytes: &[u8]) -> Self {
        Synod(Replica::decode(bytes, ReplicaId(99)).expect("sound bytes"))
    }
}
