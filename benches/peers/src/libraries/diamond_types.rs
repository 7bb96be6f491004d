use super::Library;
use crate::traces::Edit;
use diamond_types::list::ListCRDT;
use diamond_types::list::encoding::{ENCODE_FULL, ENCODE_PATCH};
use diamond_types::{AgentId, LocalVersion};

pub struct DiamondTypes {
    doc: ListCRDT,
    agent: AgentId,
    /// The version before what is not yet sent.
    before: Option<LocalVersion>,
    send: bool,
}

impl DiamondTypes {
    fn named(mut doc: ListCRDT, person: u64, send: bool) -> Self {
        let agent = doc.get_or_create_agent_id(&format!("person {person}"));
        let before = None;
        DiamondTypes {
            doc,
            agent,
            before,
            send,
        }
    }
}

impl Library for DiamondTypes {
    type Update = Vec<u8>;

    fn new(person: u64, send: bool) -> Self {
        DiamondTypes::named(ListCRDT::new(), person, send)
    }
    fn edit(&mut self, edits: &[Edit]) {
        if self.send && self.before.is_none() {
            self.before = Some(self.doc.oplog.local_version());
        }
        for Edit { at, deleted, text } in edits {
            if *deleted > 0 {
                // Its `delete` would copy the deleted text into the operation, at fifty times the cost.
                let range = *at..at + deleted;
                self.doc.delete_without_content(self.agent, range);
            }
            if !text.is_empty() {
                self.doc.insert(self.agent, *at, text);
            }
        }
    }
    fn take(&mut self) -> Vec<u8> {
        let before = self.before.take().unwrap_or_default();
        self.doc.oplog.encode_from(ENCODE_PATCH, &before)
    }
    fn apply(&mut self, update: &Vec<u8>) {
        self.doc.merge_data_and_ff(update).expect("sound bytes");
    }
    fn size(update: &Vec<u8>) -> usize {
        update.len()
    }
    fn text(&self) -> String {
        self.doc.branch.content().to_string()
    }
    fn save(&self) -> Vec<u8> {
        self.doc.oplog.encode(ENCODE_FULL)
    }
    fn open(bytes: &[u8]) -> Self {
        let doc = ListCRDT::load_from(bytes).expect("sound bytes");
        DiamondTypes::named(doc, 99, false)
    }
}
