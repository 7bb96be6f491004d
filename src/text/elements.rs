//! Every element with what decided its place: for who wants to look at the order itself.

use super::Replica;
use super::id::{ElementId, Id};

/// One scalar that was ever inserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its identity.
    pub id: ElementId,
    /// The scalar.
    pub letter: char,
    /// What it was typed behind; none is the start of the document.
    pub left: Option<ElementId>,
    /// What stood right behind that, deleted or not; none is the end of the document.
    pub right: Option<ElementId>,
    /// Whether it is in the text; if not, it was deleted.
    pub visible: bool,
}

impl Replica {
    /// All elements in document order, deleted ones included.
    pub fn elements(&self) -> impl Iterator<Item = Element> + '_ {
        let name = |id: Id| {
            (!id.is_edge()).then(|| ElementId {
                replica: self.log.name(id.agent),
                seq: id.seq,
            })
        };
        self.tree.spans().flat_map(move |span| {
            let letters = self.slice(span).chars().zip(0..);
            letters.filter_map(move |(letter, offset)| {
                let id = span.id(offset);
                let (left, right) = self.log.origins(id)?;
                Some(Element {
                    id: name(id)?,
                    letter,
                    left: name(left),
                    right: name(right),
                    visible: span.dels == 0,
                })
            })
        })
    }
}
