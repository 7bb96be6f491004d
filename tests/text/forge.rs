//! Bytes that nobody wrote: damaged ones, and sound ones that say the oddest things.

use crate::pair::Luck;

/// The checksum that messages end with, written again from its description.
fn checksum(bytes: &[u8]) -> u32 {
    const ODD: u64 = 0xd6e8_feb8_6659_fd93;
    fn mix(sum: u64, word: &[u8]) -> u64 {
        let word = word.iter().rfold(0, |n, &byte| n << 8 | u64::from(byte));
        let sum = (sum ^ word).wrapping_mul(ODD);
        sum ^ (sum >> 32)
    }
    let whole = bytes.len() / 32 * 32;
    let mut lanes = [1, 2, 3, 4];
    for (at, word) in bytes[..whole].chunks(8).enumerate() {
        lanes[at % 4] = mix(lanes[at % 4], word);
    }
    let mut sum = 0x9e37_79b9_7f4a_7c15 ^ bytes.len() as u64;
    for lane in lanes {
        sum = mix(sum, &lane.to_le_bytes());
    }
    let words = bytes[whole..].len() / 8 * 8 + whole;
    for word in bytes[whole..words].chunks(8) {
        sum = mix(sum, word);
    }
    (mix(sum, &bytes[words..]).wrapping_mul(ODD) >> 32) as u32
}

/// Puts the right checksum at the end.
pub fn fix(bytes: &mut [u8]) {
    if let Some(at) = bytes.len().checked_sub(4) {
        let sum = checksum(&bytes[..at]);
        bytes[at..].copy_from_slice(&sum.to_le_bytes());
    }
}

/// Changes a few bytes, or cuts, doubles or mixes in a piece of another message.
pub fn damage(bytes: &mut Vec<u8>, other: &[u8], luck: &mut Luck) {
    for _ in 0..=luck.below(3) {
        if bytes.len() < 2 {
            return;
        }
        let at = luck.below(bytes.len());
        let end = at + luck.below((bytes.len() - at).min(12)) + 1;
        match luck.below(8) {
            0 | 1 => bytes[at] ^= 1 << luck.below(8),
            2 => bytes[at] = luck.below(256) as u8,
            3 => bytes[at] = bytes[at].wrapping_add(1),
            4 => bytes[at] = bytes[at].wrapping_sub(1),
            5 => drop(bytes.drain(at..end)),
            6 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            _ => {
                let from = luck.below(other.len());
                let to = from + luck.below((other.len() - from).min(12)) + 1;
                bytes.splice(at..end, other[from..to].iter().copied());
            }
        }
    }
}

fn put(out: &mut Vec<u8>, mut n: usize) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// A distance of either sign.
fn put_distance(out: &mut Vec<u8>, from: usize, to: usize) {
    let distance = to as i64 - from as i64;
    put(out, ((distance << 1) ^ (distance >> 63)) as usize);
}

/// A document in the right form whose replicas refer to any elements there are.
pub fn document(luck: &mut Luck) -> Vec<u8> {
    let names = 1 + luck.below(3);
    let turns = 1 + luck.below(8);
    let mut out = vec![0xD2];
    put(&mut out, names);
    put(&mut out, turns);
    for name in 0..names {
        out.extend((name as u64 * 7919 % 11).to_le_bytes());
    }
    let (mut entries, mut elements) = (Vec::new(), 0);
    let mut cursors = [0; 3];
    let choices = (names - 1).max(1);
    let mut author = names - 1;
    for _ in 0..turns {
        let (count, skipped) = (1 + luck.below(3), luck.below(choices));
        author = (author + 1 + skipped) % names;
        put(&mut out, count * choices + skipped);
        for _ in 0..count {
            let cursor = &mut cursors[author];
            elements += entry(&mut entries, elements, cursor, luck);
        }
    }
    out.extend(entries);
    put(&mut out, elements);
    put_text(&mut out, elements);
    out.extend([0; 4]);
    fix(&mut out);
    out
}

/// An entry of any kind. Returns how many elements it inserts.
fn entry(out: &mut Vec<u8>, elements: usize, cursor: &mut usize, luck: &mut Luck) -> usize {
    let kind = match luck.below(12) {
        _ if elements == 0 => 1,
        1 | 2 => 1,
        3..=6 => 3,
        7 => 4,
        8 => 6,
        9 => 7,
        rest => [0, 2, 5][rest % 3],
    };
    let len = if kind < 4 { luck.below(3) } else { 0 };
    put(out, len << 3 | kind);
    let place = match kind {
        4 | 6 => 1 + luck.below(elements),
        _ => luck.below(elements + 1),
    };
    match kind {
        0 | 5 => {}
        4 => put_distance(out, *cursor + 1, place),
        7 => put(out, luck.below(3)),
        _ => put_distance(out, *cursor, place),
    }
    if kind == 3 {
        let right = match luck.below(3) {
            0 => 0,
            _ => luck.below(elements + 1),
        };
        put(out, elements + 1 - right);
    }
    match kind {
        0..4 => *cursor = elements + len + 1,
        4 | 6 => *cursor = place - 1,
        5 => *cursor = cursor.saturating_sub(1),
        _ => {}
    }
    if kind < 4 { len + 1 } else { 0 }
}

/// The first operations of one of three replicas, in the right form, which refer to any operations
/// of theirs: known, unknown, or no elements at all.
pub fn update(author: usize, luck: &mut Luck) -> Vec<u8> {
    let mut out = vec![0xA1];
    put(&mut out, 3);
    for name in 0..3 {
        out.extend((name * 17 % 5_u64 + 1000).to_le_bytes());
    }
    let runs = 1 + luck.below(4);
    put(&mut out, 1);
    put(&mut out, author);
    put(&mut out, 0);
    put(&mut out, runs);
    let (mut seq, mut text) = (0, String::new());
    for _ in 0..runs {
        let len = 1 + luck.below(3);
        match luck.below(8) {
            0 if seq > 0 => {
                put(&mut out, len << 6 | 3);
                put(&mut out, luck.below(seq) + 1);
            }
            1 | 2 => {
                put(&mut out, 1 << 6 | 1);
                put_id(&mut out, author, seq, luck);
                seq += 1;
                continue;
            }
            _ => {
                let (left, right) = (luck.below(4).min(2), luck.below(4).min(2));
                let left = if seq == 0 && left == 1 { 0 } else { left };
                put(&mut out, len << 6 | right << 4 | left << 2);
                for _ in [left, right].into_iter().filter(|&told| told == 2) {
                    put_id(&mut out, author, seq, luck);
                }
                text.extend((0..len).map(|at| (b'a' + at as u8) as char));
            }
        }
        seq += len;
    }
    out.extend(text.as_bytes());
    out.extend([0; 4]);
    fix(&mut out);
    out
}

/// An operation of the author that is earlier than `seq`, or any of another's.
fn put_id(out: &mut Vec<u8>, author: usize, seq: usize, luck: &mut Luck) {
    let agent = match luck.below(3) {
        own if own == author && seq == 0 => (author + 1) % 3,
        agent => agent,
    };
    put(out, agent);
    if agent == author {
        put_distance(out, seq, luck.below(seq));
    } else {
        put_distance(out, 0, luck.below(6));
    }
}

/// So many letters as a squeezed block, in which nothing is squeezed.
fn put_text(out: &mut Vec<u8>, len: usize) {
    out.push((len.min(15) << 4) as u8);
    if let Some(mut rest) = len.checked_sub(15) {
        while rest >= 255 {
            out.push(255);
            rest -= 255;
        }
        out.push(rest as u8);
    }
    out.extend((0..len).map(|at| b'a' + (at % 26) as u8));
}
