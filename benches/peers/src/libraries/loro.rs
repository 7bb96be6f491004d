use super::Library;
use crate::traces::Edit;
use loro::{ExportMode, LoroDoc, LoroText, VersionVector};

pub struct Loro {
    doc: LoroDoc,
    text: LoroText,
    /// The version before what is not yet sent.
    before: Option<VersionVector>,
    send: bool,
}

impl Loro {
    fn of(doc: LoroDoc, send: bool) -> Self {
        let text = doc.get_text("text");
        let before = None;
        Loro {
            doc,
            text,
            before,
            send,
        }
    }
}

impl Library for Loro {
    type Update = Vec<u8>;

    fn new(person: u64, send: bool) -> Self {
        let doc = LoroDoc::new();
        doc.set_peer_id(person).expect("nothing is under way");
        Loro::of(doc, send)
    }
    fn edit(&mut self, edits: &[Edit]) {
        if self.send && self.before.is_none() {
            self.before = Some(self.doc.oplog_vv());
        }
        for Edit { at, deleted, text } in edits {
            if *deleted > 0 {
                self.text.delete(*at, *deleted).expect("inside");
            }
            if !text.is_empty() {
                self.text.insert(*at, text).expect("inside");
            }
        }
        self.doc.commit();
    }
    fn take(&mut self) -> Vec<u8> {
        let before = self.before.take().unwrap_or_default();
        let mode = ExportMode::updates(&before);
        self.doc.export(mode).expect("an update")
    }
    fn apply(&mut self, update: &Vec<u8>) {
        self.doc.import(update).expect("sound bytes");
    }
    fn size(update: &Vec<u8>) -> usize {
        update.len()
    }
    fn text(&self) -> String {
        self.text.to_string()
    }
    fn save(&self) -> Vec<u8> {
        self.doc.export(ExportMode::Snapshot).expect("a snapshot")
    }
    fn open(bytes: &[u8]) -> Self {
        Loro::of(LoroDoc::from_snapshot(bytes).expect("sound bytes"), false)
    }
}
