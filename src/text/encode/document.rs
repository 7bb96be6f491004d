//! A whole document as bytes: every operation in the order in which it came here.
//!
//! `0xD2`, the replicas' names in the order in which they first did something (eight bytes each),
//! then the *turns*: whose operations come next, and how many entries they are. Then the *entries*,
//! each a stretch of operations of one kind, and last the text of all insertions in one piece,
//! squeezed.
//!
//! The elements are counted through as they were inserted, whoever did it. An entry starts with its
//! length and its kind. It tells places by how far they are from the replica's *cursor*, which is
//! where its last entry left off, so that most are told in a byte or not at all. Where an insertion
//! stands is told by its left origin; the right one mostly follows from it: see [`Kind`].
//!
//! What is referred to is always earlier, so that no document can be read whose operations do not
//! build on each other, and the order of the elements is not told at all: it follows (`weave`).

use super::super::id::{Id, NONE};
use super::super::oplog::{Log, Op, Piece};
use super::bytes::{put, put_signed, seal};
use super::squeeze::squeeze;
use std::collections::BTreeMap;

pub(in super::super) const DOCUMENT: u8 = 0xD2;

/// What an entry does, and how it tells where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// An insertion at the cursor; its right origin is the expected one: what the left one's entry
    /// has next, or behind its last element that entry's own right origin.
    InsertHere,
    /// The same away from the cursor.
    Insert,
    /// The right origin is the first element of the replica's last insertion, as it is when
    /// something is typed anew in front of what was just deleted.
    InsertBefore,
    /// The right origin is told.
    InsertBetween,
    /// A deletion forwards.
    Delete,
    /// A deletion backwards, from the cursor on.
    BackspaceHere,
    /// The same away from the cursor.
    Backspace,
    /// Deletions taken back.
    Restore,
}

impl Kind {
    pub const ALL: [Kind; 8] = [
        Kind::InsertHere,
        Kind::Insert,
        Kind::InsertBefore,
        Kind::InsertBetween,
        Kind::Delete,
        Kind::BackspaceHere,
        Kind::Backspace,
        Kind::Restore,
    ];
}

/// Where a replica's last entry left off. Places are one more than the element's number; zero is
/// the edge of the document.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cursor {
    /// Typing on would have this left origin.
    pub place: u32,
    /// The first element of the last insertion.
    pub last: u32,
}

/// Writes the whole document.
pub(in super::super) fn write(log: &Log) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.own.resize_with(log.agents.len(), Vec::new);
    writer
        .cursors
        .resize_with(log.agents.len(), Cursor::default);
    let mut known = vec![0; log.agents.len()];
    let mut turns: Vec<(u32, usize)> = Vec::with_capacity(log.arrivals.len());
    for &(number, upto) in &log.arrivals {
        let agent = &log.agents[number as usize];
        let before = writer.count;
        for piece in agent.pieces(number, known[number as usize], upto) {
            writer.piece(log, number, &piece);
        }
        known[number as usize] = upto;
        turns.push((number, writer.count - before));
    }
    let mut out = Vec::with_capacity(writer.entries.len() + writer.text.len() / 2 + 64);
    out.push(DOCUMENT);
    put_turns(&mut out, log, &turns);
    out.extend(&writer.entries);
    put(&mut out, writer.text.len() as u64);
    out.extend(squeeze(writer.text.as_bytes()));
    seal(&mut out);
    out
}

/// Names and turns. Whose turn it is is told by how many replicas are skipped from the last one to
/// the next: nothing, if there are two.
fn put_turns(out: &mut Vec<u8>, log: &Log, turns: &[(u32, usize)]) {
    let mut indexes = BTreeMap::new();
    for &(number, _) in turns {
        let fresh = indexes.len();
        indexes.entry(number).or_insert_with(|| {
            out.extend(log.name(number).0.to_le_bytes());
            fresh
        });
    }
    let names = indexes.len();
    let mut head = vec![DOCUMENT];
    put(&mut head, names as u64);
    put(&mut head, turns.len() as u64);
    out.splice(..1, head);
    let mut last = names.saturating_sub(1);
    for &(number, entries) in turns {
        let index = indexes[&number];
        let skipped = (index + names - last - 1) % names;
        let choices = names.saturating_sub(1).max(1);
        put(out, (entries * choices + skipped) as u64);
        last = index;
    }
}

/// An insertion that was written.
struct Written {
    seq: u32,
    len: u32,
    /// Its first element's number.
    start: u32,
    /// The right origin's place.
    right: u32,
}

#[derive(Default)]
struct Writer {
    entries: Vec<u8>,
    count: usize,
    text: String,
    /// How many elements there are.
    elements: u32,
    /// By replica.
    own: Vec<Vec<Written>>,
    cursors: Vec<Cursor>,
}

impl Writer {
    fn head(&mut self, len: u32, kind: Kind) {
        put(&mut self.entries, u64::from(len - 1) << 3 | kind as u64);
        self.count += 1;
    }

    /// The insertion that made an element.
    fn written(&self, id: Id) -> &Written {
        let own = &self.own[id.agent as usize];
        match own.last() {
            Some(last) if last.seq <= id.seq => last,
            _ => &own[own.partition_point(|w| w.seq <= id.seq) - 1],
        }
    }

    fn place(&self, id: Id) -> u32 {
        if id.is_edge() {
            return 0;
        }
        let written = self.written(id);
        written.start + (id.seq - written.seq) + 1
    }

    fn piece(&mut self, log: &Log, number: u32, piece: &Piece) {
        match piece.op {
            Op::Insert { left, right, text } => {
                self.insert(number, piece, left, right);
                let content = &log.agents[number as usize].content;
                self.text.push_str(content.slice(text, piece.len));
            }
            Op::Delete { target } => self.delete(number, target, piece.len),
            Op::Backspace { target } => self.backspace(number, target, piece.len),
            Op::Restore { seq } => {
                self.head(piece.len, Kind::Restore);
                put(&mut self.entries, (piece.seq - seq).into());
            }
        }
    }

    fn insert(&mut self, number: u32, piece: &Piece, left: Id, right: Id) {
        let (left_place, right_place) = (self.place(left), self.place(right));
        let expected = match left_place {
            0 => 0,
            _ => {
                let written = self.written(left);
                if left.seq + 1 < written.seq + written.len {
                    left_place + 1
                } else {
                    written.right
                }
            }
        };
        let cursor = self.cursors[number as usize];
        let kind = match right_place {
            _ if right_place == expected && left_place == cursor.place => Kind::InsertHere,
            _ if right_place == expected => Kind::Insert,
            _ if right_place == cursor.last => Kind::InsertBefore,
            _ => Kind::InsertBetween,
        };
        self.head(piece.len, kind);
        if kind != Kind::InsertHere {
            self.distance(cursor.place, left_place);
        }
        if kind == Kind::InsertBetween {
            put(&mut self.entries, (self.elements + 1 - right_place).into());
        }
        self.own[number as usize].push(Written {
            seq: piece.seq,
            len: piece.len,
            start: self.elements,
            right: right_place,
        });
        self.cursors[number as usize] = Cursor {
            place: self.elements + piece.len,
            last: self.elements + 1,
        };
        self.elements += piece.len;
    }

    fn distance(&mut self, from: u32, to: u32) {
        put_signed(&mut self.entries, i64::from(to) - i64::from(from));
    }

    /// Deletes forwards, an entry for each insertion that it takes from.
    fn delete(&mut self, number: u32, target: Id, len: u32) {
        let (mut id, end) = (target, target.seq + len);
        while id.seq < end {
            let written = self.written(id);
            let n = (written.seq + written.len).min(end) - id.seq;
            let place = self.place(id);
            self.head(n, Kind::Delete);
            let from = self.cursors[number as usize].place + 1;
            self.distance(from, place);
            self.cursors[number as usize].place = place - 1;
            id.seq += n;
        }
    }

    /// The same backwards.
    fn backspace(&mut self, number: u32, target: Id, len: u32) {
        let mut rest = len;
        while rest > 0 {
            let id = Id {
                seq: target.seq - (len - rest),
                ..target
            };
            let n = (id.seq - self.written(id).seq + 1).min(rest);
            let place = self.place(id);
            let from = self.cursors[number as usize].place;
            if from == place {
                self.head(n, Kind::BackspaceHere);
            } else {
                self.head(n, Kind::Backspace);
                self.distance(from, place);
            }
            self.cursors[number as usize].place = place - n;
            rest -= n;
        }
    }
}

/// An element by its place: its number, or none.
pub(super) fn element(place: u32) -> u32 {
    place.checked_sub(1).unwrap_or(NONE)
}
