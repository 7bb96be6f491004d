use super::Library;
use crate::traces::Edit;
use yrs::updates::decoder::Decode;
use yrs::{
    ClientID, Doc, GetString, OffsetKind, Options, ReadTxn, StateVector, Text, TextRef, Transact,
    Update,
};

pub struct Yrs {
    doc: Doc,
    text: TextRef,
    last: Vec<u8>,
    send: bool,
}

impl Library for Yrs {
    type Update = Vec<u8>;

    fn new(person: u64, send: bool) -> Self {
        // In no recording is a letter that takes two units, so these are scalars.
        let options = Options {
            client_id: ClientID::new(person),
            offset_kind: OffsetKind::Utf16,
            ..Options::default()
        };
        let doc = Doc::with_options(options);
        let text = doc.get_or_insert_text("text");
        let last = Vec::new();
        Yrs {
            doc,
            text,
            last,
            send,
        }
    }
    fn edit(&mut self, edits: &[Edit]) {
        let mut transaction = self.doc.transact_mut();
        for Edit { at, deleted, text } in edits {
            if *deleted > 0 {
                let (at, deleted) = (*at as u32, *deleted as u32);
                self.text.remove_range(&mut transaction, at, deleted);
            }
            if !text.is_empty() {
                self.text.insert(&mut transaction, *at as u32, text);
            }
        }
        if self.send {
            self.last = transaction.encode_update_v1();
        }
    }
    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.last)
    }
    fn apply(&mut self, update: &Vec<u8>) {
        let update = Update::decode_v1(update).expect("sound bytes");
        let mut transaction = self.doc.transact_mut();
        transaction.apply_update(update).expect("sound bytes");
    }
    fn size(update: &Vec<u8>) -> usize {
        update.len()
    }
    fn text(&self) -> String {
        self.text.get_string(&self.doc.transact())
    }
    fn save(&self) -> Vec<u8> {
        let transaction = self.doc.transact();
        transaction.encode_state_as_update_v1(&StateVector::default())
    }
    fn open(bytes: &[u8]) -> Self {
        let mut made = Yrs::new(99, false);
        made.apply(&bytes.to_vec());
        made
    }
}
