//! Text made small: blocks in LZ4's format, which is read back faster than any other.
//!
//! `lz4_flex` reads them, for it meets bytes from outside. Writing them is done here, because that
//! library only looks at the last place where four bytes were seen: looking at a few more of them
//! makes typed prose a quarter smaller.

use super::super::Error;

/// A match is at least this long, the last one starts this far from the end, and as many bytes as
/// that behind it are told as they are. (The format's rules.)
const LEAST: usize = 4;
const LAST_START: usize = 12;
const LAST_BYTES: usize = 5;
/// How far back a match may be.
const REACH: usize = 0xFFFF;
/// How many earlier places are looked at for each one.
const TRIES: usize = 8;
/// A match as long as this is taken without looking for a longer one.
const LONG: usize = 48;
/// Log2 of the number of lists of places that may have four bytes in common.
const LISTS: u32 = 14;
/// The most by which a block can grow when it is read.
const GROWTH: usize = 255;

/// The bytes as a block.
pub(super) fn squeeze(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 2 + 16);
    let mut places = Places::new(bytes);
    let end = bytes.len().saturating_sub(LAST_START);
    let (mut told, mut at) = (0, 0);
    while at < end {
        let Some(mut found) = places.find(at, LEAST - 1) else {
            // What has found nothing for long is passed more quickly.
            at += 1 + ((at - told) >> 6);
            continue;
        };
        while found.len < LONG
            && at + 1 < end
            && let Some(better) = places.find(at + 1, found.len)
        {
            at += 1;
            found = better;
        }
        let back = found.before(bytes, at, told);
        put_sequence(
            &mut out,
            &bytes[told..at - back],
            Some((found.back, found.len + back)),
        );
        at += found.len;
        told = at;
    }
    put_sequence(&mut out, &bytes[told..], None);
    out
}

/// An earlier place that goes on in the same way.
struct Match {
    back: usize,
    len: usize,
}

impl Match {
    /// By how much it can start earlier.
    fn before(&self, bytes: &[u8], at: usize, told: usize) -> usize {
        let most = (at - told).min(at - self.back);
        let same = |&n: &usize| bytes[at - n] == bytes[at - n - self.back];
        (1..=most).take_while(same).count()
    }
}

/// Where each four bytes were seen, the last place first.
struct Places<'a> {
    bytes: &'a [u8],
    heads: Vec<u32>,
    /// By place: the one before it, as a distance; 0 if there is none within reach.
    before: Vec<u16>,
    /// Places below are in the lists.
    listed: usize,
}

impl Places<'_> {
    fn new(bytes: &[u8]) -> Places<'_> {
        Places {
            bytes,
            heads: vec![0; 1 << LISTS],
            before: vec![0; bytes.len()],
            listed: 0,
        }
    }

    fn word(&self, at: usize) -> u32 {
        let four = self
            .bytes
            .get(at..at + 4)
            .and_then(|four| four.first_chunk());
        u32::from_le_bytes(*four.unwrap_or(&[0; 4]))
    }

    fn list(&mut self, end: usize) {
        for at in self.listed..end {
            let list = self.word(at).wrapping_mul(0x9E37_79B1) >> (32 - LISTS);
            let head = &mut self.heads[list as usize];
            // Heads count from 1, so that 0 is none.
            let before = at + 1 - *head as usize;
            self.before[at] = if *head > 0 && before <= REACH {
                before as u16
            } else {
                0
            };
            *head = at as u32 + 1;
        }
        self.listed = self.listed.max(end);
    }

    /// The longest match for what starts at `at`, longer than `least`.
    fn find(&mut self, at: usize, least: usize) -> Option<Match> {
        self.list(at + 1);
        let limit = self.bytes.len() - LAST_BYTES;
        let mut best = Match {
            back: 0,
            len: least,
        };
        let mut back = 0;
        for _ in 0..TRIES {
            let step = self.before[at - back] as usize;
            back += step;
            if step == 0 || back > REACH {
                break;
            }
            let from = at - back;
            if at + best.len >= limit {
                break;
            }
            if self.bytes[from + best.len] != self.bytes[at + best.len]
                || self.word(from) != self.word(at)
            {
                continue;
            }
            let (here, there) = (&self.bytes[at..limit], &self.bytes[from..]);
            let len = here.iter().zip(there).take_while(|(a, b)| a == b).count();
            if len > best.len {
                best = Match { back, len };
            }
        }
        (best.back > 0).then_some(best)
    }
}

/// Bytes told as they are, then a match, which only the last sequence lacks.
fn put_sequence(out: &mut Vec<u8>, told: &[u8], found: Option<(usize, usize)>) {
    let extra = found.map_or(0, |(_, len)| len - LEAST);
    out.push((told.len().min(15) << 4 | extra.min(15)) as u8);
    put_rest(out, told.len());
    out.extend(told);
    if let Some((back, _)) = found {
        out.extend((back as u16).to_le_bytes());
        put_rest(out, extra);
    }
}

/// What of a length does not fit its four bits.
fn put_rest(out: &mut Vec<u8>, len: usize) {
    if let Some(mut rest) = len.checked_sub(15) {
        while rest >= 255 {
            out.push(255);
            rest -= 255;
        }
        out.push(rest as u8);
    }
}

/// The most that a block of so many bytes can hold.
pub(super) fn most_in(block: usize) -> usize {
    block.saturating_mul(GROWTH)
}

/// The `len` bytes that a block holds, and no others.
pub(super) fn expand(block: &[u8], len: usize) -> Result<Vec<u8>, Error> {
    if len > most_in(block.len()) {
        return Err(Error::Truncated);
    }
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| Error::Full)?;
    bytes.resize(len, 0);
    match lz4_flex::block::decompress_into(block, &mut bytes) {
        Ok(n) if n == len => Ok(bytes),
        _ => Err(Error::Corrupt("a squeezed text")),
    }
}
