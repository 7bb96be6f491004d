//! Messages that no correct node sends, for tests of what a node refuses.

use super::dvv::DvvSet;
use super::item::{BEYOND, Item, Version, WriteId, position_of};
use super::member::{Beat, Member, Table};
use super::merkle::{FAN, Part};
use super::message::{
    Bits, Branch, Branches, Entries, Forward, Grave, HOPS_MAX, LIST_MAX, Leaf, Leaves, Message,
    Parcel, Store,
};
use super::op::Op;
use super::siblings::Siblings;
use super::value::{KEY_MAX, Key};
use super::version::{Actor, Dot, VersionVector};
use crate::base::{Draws, Micros, NodeId, RequestId};
use std::sync::Arc;

/// A message that breaks one rule of `Message::fault`, the rest of it as it might well be.
pub(super) fn garbage(luck: &mut Draws) -> Message {
    let digest = Bits(luck.bits());
    match luck.between(0, 17) {
        0 => Message::Forward(Arc::new(Forward {
            id: RequestId::default(),
            op: Op::Get("x".into()),
            context: None,
            hops: HOPS_MAX + 1,
        })),
        1 => Message::Gossip(Arc::new(table(luck))),
        2 => Message::GossipReply(Arc::new(table(luck))),
        3 => Message::Branches(Arc::new(Branches {
            ring: digest,
            list: vec![Branch {
                part: Part {
                    from: luck.bits() | 1,
                    depth: luck.between(0, 15) as u8,
                },
                sums: [digest; FAN],
            }],
        })),
        4 => Message::Leaves(Arc::new(Leaves {
            ring: digest,
            list: vec![Leaf {
                part: Part::WHOLE,
                held: vec![(Bits(9), digest), (Bits(3), digest)],
            }],
        })),
        5 => Message::TooOld {
            call: luck.between(0, 9),
            beat: beat(luck.between(BEYOND, u64::MAX)),
        },
        6..10 => about_a_key(luck, digest),
        _ => with_data(luck),
    }
}

fn beat(count: u64) -> Beat {
    Beat {
        born: Micros::ZERO,
        count,
    }
}

/// About a key that is none.
fn about_a_key(luck: &mut Draws, digest: Bits) -> Message {
    let key: Key = if luck.between(0, 1) == 0 {
        "".into()
    } else {
        "k".repeat(KEY_MAX + 1).into()
    };
    let call = luck.between(0, 9);
    let grave = Grave {
        ring: digest,
        round: call,
        key: Arc::clone(&key),
        digest,
    };
    match luck.between(0, 4) {
        0 => Message::Fetch { call, key },
        1 => Message::HandedOff { key, digest },
        2 => Message::AskReap(grave),
        3 => Message::ReapAnswer { grave, yes: true },
        _ => Message::Reap(grave),
    }
}

/// With versions that cannot be.
fn with_data(luck: &mut Draws) -> Message {
    let call = luck.between(0, 9);
    let heard = beat(luck.between(0, 9));
    let item = item(luck);
    match luck.between(0, 6) {
        0 => Message::Store(Store {
            call,
            heard,
            hint: None,
            item,
        }),
        1 => Message::Store(Store {
            call,
            heard: beat(luck.between(BEYOND, u64::MAX)),
            hint: Some(NodeId(1)),
            item,
        }),
        2 => Message::Fetched {
            call,
            item: Some(item),
        },
        3 => Message::Repair(Parcel { heard, item }),
        4 => Message::Handoff(Parcel { heard, item }),
        5 => Message::Entries(Arc::new(Entries {
            heard,
            items: vec![item],
            want: Vec::new(),
        })),
        _ => Message::Entries(Arc::new(Entries {
            heard,
            items: Vec::new(),
            want: vec![Bits(call); LIST_MAX + 1],
        })),
    }
}

fn table(luck: &mut Draws) -> Table {
    let member = |node, turn, count| Member {
        node: NodeId(node),
        turn,
        emptied: false,
        beat: beat(count),
    };
    Table::from_raw(match luck.between(0, 2) {
        0 => vec![member(1, 1, 4), member(1, 1, 5)],
        1 => vec![member(0, u32::MAX, 4)],
        _ => vec![member(0, 1, BEYOND)],
    })
}

/// Versions whose clocks cannot be, or a key in the wrong place.
fn item(luck: &mut Draws) -> Arc<Item> {
    let actor = Actor::replica(NodeId(luck.between(0, 3) as u16), Micros::ZERO);
    let position = position_of("x");
    let clock = VersionVector::from_raw;
    let version = |counter| {
        let id = WriteId {
            at: Micros(7),
            node: NodeId(0),
            request: RequestId::default(),
        };
        let version = Version::new(id, None, Box::default());
        (Dot { actor, counter }, Arc::new(version))
    };
    let dotted = |clock, versions| Siblings::Dotted(DvvSet::from_raw(clock, versions));
    let siblings = match luck.between(0, 4) {
        0 => dotted(clock(vec![(actor, 0)]), Vec::new()),
        1 => dotted(clock(vec![(actor, 2), (actor, 1)]), Vec::new()),
        2 => dotted(clock(vec![(actor, BEYOND)]), Vec::new()),
        3 => dotted(clock(vec![(actor, 1)]), vec![version(2)]),
        _ => {
            let sound = dotted(clock(vec![(actor, 1)]), vec![version(1)]);
            return Arc::new(Item::from_raw(position ^ 1, "x".into(), sound));
        }
    };
    Arc::new(Item::from_raw(position, "x".into(), siblings))
}
