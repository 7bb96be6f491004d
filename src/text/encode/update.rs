//! Changes as bytes: the runs of each replica that has news.
//!
//! `0xA1`, the names that are mentioned (eight bytes each), then for each replica with news its
//! index among the names, the first operation's number, and the runs. A run starts with its length
//! and a tag: its kind, and for an insertion how its origins are told. The inserted text follows
//! behind all runs in one piece.

use super::super::Error;
use super::super::id::{Id, ReplicaId};
use super::super::oplog::{Log, Op};
use super::bytes::{Reader, put, put_signed, seal, unseal};
use std::collections::BTreeMap;

/// A change as it is read. Its ids count among the names of the message until renumbered.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Change<'a> {
    pub id: Id,
    pub len: u32,
    pub op: Op,
    pub text: &'a str,
}

impl Change<'_> {
    /// Puts the reader's own numbers in the place of the message's.
    pub fn renumber(&mut self, numbers: &[u32]) {
        let number = |id: &mut Id| {
            if !id.is_edge() {
                id.agent = numbers[id.agent as usize];
            }
        };
        number(&mut self.id);
        match &mut self.op {
            Op::Insert { left, right, .. } => {
                number(left);
                number(right);
            }
            Op::Delete { target } | Op::Backspace { target } => number(target),
            Op::Restore { .. } => {}
        }
    }
}

/// A message as it is read.
pub(in super::super) struct Update<'a> {
    pub names: Vec<ReplicaId>,
    pub changes: Vec<Change<'a>>,
}

const INSERT: u64 = 0;
const DELETE: u64 = 1;
const BACKSPACE: u64 = 2;
const RESTORE: u64 = 3;

/// How an origin is told: not at all, as the element before (left) or the same as in the run before
/// (right), or in full.
const EDGE: u64 = 0;
const IMPLIED: u64 = 1;
const FULL: u64 = 2;

/// Writes what whoever knows `known` operations of each replica lacks.
pub(super) fn write(format: u8, log: &Log, known: &dyn Fn(u32) -> u32) -> Vec<u8> {
    let mut writer = Writer::default();
    let mut groups = 0;
    let mut numbers: Vec<u32> = (0..log.agents.len() as u32).collect();
    numbers.sort_by_key(|&number| log.name(number));
    for number in numbers {
        let start = known(number);
        if start < log.next(number) {
            groups += 1;
            writer.group(log, number, start);
        }
    }
    let mut out = Vec::with_capacity(writer.runs.len() + writer.text.len() + 32);
    out.push(format);
    put(&mut out, writer.names.len() as u64);
    for &agent in &writer.names {
        out.extend(log.name(agent).0.to_le_bytes());
    }
    put(&mut out, groups);
    out.extend(&writer.runs);
    out.extend(writer.text.as_bytes());
    seal(&mut out);
    out
}

#[derive(Default)]
struct Writer {
    names: Vec<u32>,
    indexes: BTreeMap<u32, u64>,
    runs: Vec<u8>,
    text: String,
}

impl Writer {
    fn index(&mut self, agent: u32) -> u64 {
        if self.names.last() == Some(&agent) {
            return self.names.len() as u64 - 1;
        }
        let fresh = self.names.len() as u64;
        let index = *self.indexes.entry(agent).or_insert(fresh);
        if index == fresh {
            self.names.push(agent);
        }
        index
    }

    fn group(&mut self, log: &Log, number: u32, start: u32) {
        let agent = &log.agents[number as usize];
        let index = self.index(number);
        put(&mut self.runs, index);
        put(&mut self.runs, start.into());
        let first = agent.run_at(start);
        put(&mut self.runs, (agent.runs.len() - first) as u64);
        let mut before = Id::EDGE;
        for piece in agent.pieces(number, start, agent.next) {
            let me = Id {
                agent: number,
                seq: piece.seq,
            };
            let head = u64::from(piece.len) << 6;
            match piece.op {
                Op::Insert { left, right, text } => {
                    let l = match left {
                        _ if left.is_edge() => EDGE,
                        _ if left.agent == number && left.seq + 1 == me.seq => IMPLIED,
                        _ => FULL,
                    };
                    let r = match right {
                        _ if right.is_edge() => EDGE,
                        _ if right == before => IMPLIED,
                        _ => FULL,
                    };
                    put(&mut self.runs, head | r << 4 | l << 2 | INSERT);
                    if l == FULL {
                        self.id(left, me);
                    }
                    if r == FULL {
                        self.id(right, me);
                    }
                    before = right;
                    self.text.push_str(agent.content.slice(text, piece.len));
                }
                Op::Delete { target } => {
                    put(&mut self.runs, head | DELETE);
                    self.id(target, me);
                }
                Op::Backspace { target } => {
                    put(&mut self.runs, head | BACKSPACE);
                    self.id(target, me);
                }
                Op::Restore { seq } => {
                    put(&mut self.runs, head | RESTORE);
                    put(&mut self.runs, (me.seq - seq).into());
                }
            }
        }
    }

    /// One of our own ids as a distance, another's in full.
    fn id(&mut self, id: Id, me: Id) {
        let index = self.index(id.agent);
        put(&mut self.runs, index);
        let from = if id.agent == me.agent { me.seq } else { 0 };
        put_signed(&mut self.runs, i64::from(id.seq) - i64::from(from));
    }
}

/// Reads a message; all of it is checked that can be checked without the document.
pub(in super::super) fn read(format: u8, bytes: &[u8]) -> Result<Update<'_>, Error> {
    match bytes.first() {
        None => return Err(Error::Truncated),
        Some(&first) if first == format => {}
        Some(_) => return Err(Error::UnknownFormat),
    }
    let mut reader = Reader(&unseal(bytes)?[1..]);
    let names = (0..reader.count(8)?)
        .map(|_| reader.word().map(ReplicaId))
        .collect::<Result<Vec<_>, _>>()?;
    let mut changes = Vec::new();
    let groups = reader.count(3)?;
    for _ in 0..groups {
        read_group(&mut reader, names.len() as u32, &mut changes)?;
    }
    let text = std::str::from_utf8(reader.0);
    hand_out(
        text.map_err(|_| Error::Corrupt("text that is not UTF-8"))?,
        &mut changes,
    )?;
    Ok(Update { names, changes })
}

/// Gives each insertion its part of the text.
fn hand_out<'a>(text: &'a str, changes: &mut [Change<'a>]) -> Result<(), Error> {
    let mut rest = text;
    let ascii = text.is_ascii();
    for change in changes {
        if !matches!(change.op, Op::Insert { .. }) {
            continue;
        }
        let n = change.len as usize;
        let end = if ascii {
            n
        } else {
            let mut starts = rest.char_indices().map(|(at, _)| at);
            starts.nth(n).unwrap_or(rest.len())
        };
        if end > rest.len() || (!ascii && rest[..end].chars().count() != n) {
            return Err(Error::Truncated);
        }
        (change.text, rest) = rest.split_at(end);
    }
    if rest.is_empty() {
        Ok(())
    } else {
        Err(Error::Corrupt("text that nobody inserts"))
    }
}

fn read_group(
    reader: &mut Reader<'_>,
    names: u32,
    changes: &mut Vec<Change<'_>>,
) -> Result<(), Error> {
    let agent = reader.short()?;
    if agent >= names {
        return Err(Error::Corrupt("a replica without a name"));
    }
    let mut me = Id {
        agent,
        seq: reader.short()?,
    };
    let runs = reader.count(1)?;
    let mut before = Id::EDGE;
    for _ in 0..runs {
        let head = reader.number()?;
        let len = u32::try_from(head >> 6).unwrap_or(u32::MAX);
        if len == 0 || me.seq.checked_add(len).is_none_or(|end| end == u32::MAX) {
            return Err(Error::Corrupt("the length of a run"));
        }
        let kind = head & 3;
        if kind != INSERT && head & 0b11_1100 != 0 {
            return Err(Error::Corrupt("the kind of a run"));
        }
        let op = match kind {
            INSERT => {
                let left = match head >> 2 & 3 {
                    EDGE => Id::EDGE,
                    IMPLIED if me.seq > 0 => Id {
                        seq: me.seq - 1,
                        ..me
                    },
                    FULL => read_id(reader, names, me)?,
                    _ => return Err(Error::Corrupt("the left origin of a run")),
                };
                let right = match head >> 4 & 3 {
                    EDGE => Id::EDGE,
                    IMPLIED => before,
                    FULL => read_id(reader, names, me)?,
                    _ => return Err(Error::Corrupt("the right origin of a run")),
                };
                before = right;
                Op::Insert {
                    left,
                    right,
                    text: 0,
                }
            }
            DELETE => Op::Delete {
                target: checked_targets(read_id(reader, names, me)?, len, false, me)?,
            },
            BACKSPACE => Op::Backspace {
                target: checked_targets(read_id(reader, names, me)?, len, true, me)?,
            },
            _ => read_restore(reader, me)?,
        };
        changes.push(Change {
            id: me,
            len,
            op,
            text: "",
        });
        me.seq += len;
    }
    Ok(())
}

fn read_restore(reader: &mut Reader<'_>, me: Id) -> Result<Op, Error> {
    let back = reader.short()?;
    match me.seq.checked_sub(back) {
        Some(seq) => Ok(Op::Restore { seq }),
        None => Err(Error::Corrupt("a deletion that is yet to be made")),
    }
}

/// One of the replica's own earlier operations, or any of another's.
fn read_id(reader: &mut Reader<'_>, names: u32, me: Id) -> Result<Id, Error> {
    let agent = reader.short()?;
    if agent >= names {
        return Err(Error::Corrupt("a replica without a name"));
    }
    let from = if agent == me.agent { me.seq } else { 0 };
    let seq = reader.signed()?.checked_add(from.into());
    let seq = seq.and_then(|seq| u32::try_from(seq).ok());
    match seq {
        Some(seq) if seq < u32::MAX && (agent != me.agent || seq < me.seq) => Ok(Id { agent, seq }),
        _ => Err(Error::Corrupt("an operation that cannot be")),
    }
}

/// Whether a deletion's targets are all possible, and its own replica's are earlier ones.
fn checked_targets(target: Id, len: u32, backwards: bool, me: Id) -> Result<Id, Error> {
    let possible = if backwards {
        target.seq >= len - 1
    } else {
        let limit = if target.agent == me.agent {
            me.seq
        } else {
            u32::MAX - 1
        };
        target.seq.checked_add(len).is_some_and(|end| end <= limit)
    };
    if possible {
        Ok(target)
    } else {
        Err(Error::Corrupt("a deletion of what cannot be"))
    }
}
