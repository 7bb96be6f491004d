//! Every library, seen in the same way.

mod cola;
mod diamond_types;
mod loro;
mod rope;
mod synod;
mod yrs;

pub use cola::Cola;
pub use diamond_types::DiamondTypes;
pub use loro::Loro;
pub use rope::{Buffered, Rope};
pub use synod::Synod;
pub use yrs::Yrs;

use crate::traces::Edit;

/// One copy of a document, under whatever library. Indexes are Unicode scalars.
pub trait Library {
    /// Whether it holds a text that can be compared.
    const HAS_TEXT: bool = true;
    /// Whether it can be followed, saved and opened.
    const TRAVELS: bool = true;

    /// What goes from one copy to another.
    type Update;

    /// An empty document, edited by number `person`, who is to `send` changes or not.
    fn new(person: u64, send: bool) -> Self;
    /// One transaction.
    fn edit(&mut self, edits: &[Edit]);
    /// What was done here since this was last asked.
    fn take(&mut self) -> Self::Update;
    fn apply(&mut self, update: &Self::Update);
    fn size(update: &Self::Update) -> usize;
    fn text(&self) -> String;
    /// Everything, as it would be kept on a disk.
    fn save(&self) -> Vec<u8>;
    fn open(bytes: &[u8]) -> Self;
}
