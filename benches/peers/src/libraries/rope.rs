//! A text that is edited and remembers nothing: as fast as anything could be.

use super::Library;
use crate::traces::Edit;
use jumprope::{JumpRope, JumpRopeBuf};

pub struct Rope(JumpRope);
/// The same, which puts neighbouring edits together before it carries them out.
pub struct Buffered(JumpRopeBuf);

macro_rules! rope {
    ($name:ident, $rope:ident) => {
        impl Library for $name {
            const TRAVELS: bool = false;

            type Update = ();

            fn new(_person: u64, _send: bool) -> Self {
                $name($rope::new())
            }
            fn edit(&mut self, edits: &[Edit]) {
                for Edit { at, deleted, text } in edits {
                    if *deleted > 0 {
                        self.0.remove(*at..at + deleted);
                    }
                    if !text.is_empty() {
                        self.0.insert(*at, text);
                    }
                }
            }
            fn take(&mut self) {}
            fn apply(&mut self, _update: &()) {}
            fn size(_update: &()) -> usize {
                0
            }
            fn text(&self) -> String {
                self.0.to_string()
            }
            fn save(&self) -> Vec<u8> {
                Vec::new()
            }
            fn open(_bytes: &[u8]) -> Self {
                $name($rope::new())
            }
        }
    };
}

rope!(Rope, JumpRope);
rope!(Buffered, JumpRopeBuf);
