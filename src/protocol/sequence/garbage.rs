//! Messages that no correct node sends, for tests of what a node refuses.

use super::edits::name_of;
use super::message::{Message, Summary};
use crate::base::{Draws, Micros, NodeId};
use crate::text::{Edit, ElementId, Version, What};
use std::sync::Arc;

/// Edits of which one breaks a rule of [`Edit::is_sound`], the rest as they might well be.
pub(super) fn garbage(luck: &mut Draws) -> Message {
    let edits = vec![sound(), unsound(luck)];
    match luck.between(0, 2) {
        0 => Message::Edits(edits.into()),
        1 => Message::Repair(edits.into()),
        _ => Message::SummaryReply(Arc::new(Summary {
            version: Version::new(),
            edits,
        })),
    }
}

fn id(node: u16, seq: u32) -> ElementId {
    ElementId {
        replica: name_of(NodeId(node), Micros::ZERO),
        seq,
    }
}

fn insert(id: ElementId, len: u32, left: Option<ElementId>) -> Edit {
    Edit {
        id,
        len,
        what: What::Insert {
            left,
            right: None,
            text: "abc".into(),
        },
    }
}

fn sound() -> Edit {
    insert(id(0, 0), 3, None)
}

fn unsound(luck: &mut Draws) -> Edit {
    let node = luck.between(0, 3) as u16;
    let seq = luck.between(0, 9) as u32;
    let own = id(node, seq);
    let delete = |target, len, backwards| Edit {
        id: own,
        len,
        what: What::Delete { target, backwards },
    };
    match luck.between(0, 8) {
        0 => insert(own, 0, None),
        1 => insert(own, 4, None),
        2 => insert(id(node, u32::MAX - 2), 3, None),
        3 => insert(own, 3, Some(id(node, seq + 1))),
        4 => insert(own, 3, Some(id(node ^ 1, u32::MAX))),
        5 => delete(id(node, seq), 1, false),
        6 => delete(id(node ^ 1, 2), 4, true),
        7 => delete(id(node ^ 1, u32::MAX - 3), 8, false),
        _ => Edit {
            id: own,
            len: 1,
            what: What::Restore { seq: seq + 1 },
        },
    }
}
