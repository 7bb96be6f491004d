//! FugueMax: the editor's own [`Replica`], shown through the lab's trait. Source and rule of the
//! order: Weidner and Kleppmann, "The Art of the Fugue: Minimizing Interleaving in Collaborative
//! Text Editing", IEEE TPDS 36(11), 2025 (arXiv 2305.00583).
//!
//! Each letter remembers both neighbours that it was typed between, and hangs from one of them. An
//! identifier in the lab says which: `A5 right of A4`, or `A5 left of B2`. A5 is operation number 5 of
//! site A, counted from 0, deletions included.
//!
//! **Why it interleaves neither way.** Who types forwards hangs each letter right of the one before;
//! who types backwards hangs each letter left of the one before. Either way a word is a chain, and a
//! subtree is never torn apart. Siblings are sorted so that this also holds for three and more.

use super::{Body, Change, Origin, Row, Sequence, Side, bytes_of, site_name};
use crate::text::{Element, ElementId, Error, Replica, ReplicaId};
use std::collections::BTreeMap;

/// A replica.
#[derive(Clone, Debug)]
pub struct Fugue {
    replica: Replica,
    outbox: Vec<Change>,
}

impl Fugue {
    /// An empty text, edited at `site`.
    pub fn new(site: ReplicaId) -> Fugue {
        Fugue {
            replica: Replica::new(site),
            outbox: Vec::new(),
        }
    }

    /// What was done since this was last called, if anything.
    fn body(&mut self) -> Option<Body> {
        let bytes = self.replica.take_changes();
        (!bytes.is_empty()).then_some(Body::Fugue(bytes))
    }
}

impl Sequence for Fugue {
    fn site(&self) -> ReplicaId {
        self.replica.name()
    }

    fn insert(&mut self, index: usize, text: &str) -> Result<(), Error> {
        self.replica.insert(index, text)?;
        let body = self.body();
        let change = body.map(|body| Change::insert(self.site(), text, body));
        self.outbox.extend(change);
        Ok(())
    }

    fn delete(&mut self, index: usize, len: usize) -> Result<(), Error> {
        self.replica.delete(index, len)?;
        let body = self.body();
        let change = body.map(|body| Change::delete(self.site(), len, body));
        self.outbox.extend(change);
        Ok(())
    }

    fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.outbox)
    }

    fn apply(&mut self, change: &Change) {
        if let Body::Fugue(bytes) = &change.body {
            // A replica wrote them, so they are sound; were they not, nothing would change.
            let _ = self.replica.apply(bytes);
        }
    }

    fn held_back(&self) -> usize {
        self.replica.held_back()
    }

    fn text(&self) -> String {
        self.replica.text()
    }

    fn rows(&self) -> Vec<Row> {
        let elements: Vec<Element> = self.replica.elements().collect();
        let ids = elements.iter().map(|element| element.id);
        let places: BTreeMap<ElementId, usize> = ids.zip(0..).collect();
        let place = |id: Option<ElementId>| id.and_then(|id| places.get(&id).copied());
        let row = |element: &Element| {
            let (left, right) = (place(element.left), place(element.right));
            // What it was typed behind has a right child already exactly if `right` is behind the
            // same.
            let is_left = right.is_some_and(|right| elements[right].left == element.left);
            let (parent, side) = match is_left {
                true => (right, Side::Left),
                false => (left, Side::Right),
            };
            Row {
                letter: element.letter,
                site: element.id.replica,
                id: describe(element.id, parent.map(|at| elements[at].id), side),
                bytes: bytes(Some(element.id)) + bytes(element.left) + bytes(element.right),
                levels: 1,
                visible: element.visible,
                origin: Some(Origin {
                    left,
                    right,
                    parent,
                    side,
                }),
            }
        };
        elements.iter().map(row).collect()
    }
}

/// An identity's size; an edge of the document takes one byte.
fn bytes(id: Option<ElementId>) -> usize {
    id.map_or(1, |id| bytes_of(id.seq.into()) + bytes_of(id.replica.0))
}

fn describe(id: ElementId, parent: Option<ElementId>, side: Side) -> String {
    let name = |id: ElementId| format!("{}{}", site_name(id.replica), id.seq);
    let side = match side {
        Side::Left => "left",
        Side::Right => "right",
    };
    let parent = parent.map_or("the root".to_owned(), name);
    format!("{} {side} of {parent}", name(id))
}
