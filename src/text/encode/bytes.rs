//! Numbers as bytes, and the checksum over them.

use super::super::Error;

/// Writes a number in groups of seven bits, lowest first.
pub(super) fn put(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Writes a signed number; small ones of either sign are short.
pub(super) fn put_signed(out: &mut Vec<u8>, n: i64) {
    put(out, zigzag(n));
}

pub(super) fn zigzag(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)) as u64
}

pub(super) fn unzigzag(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}

/// Reads what the functions above wrote, and never past the end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn byte(&mut self) -> Result<u8, Error> {
        let (&byte, rest) = self.0.split_first().ok_or(Error::Truncated)?;
        self.0 = rest;
        Ok(byte)
    }

    pub fn take(&mut self, n: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.0.split_at_checked(n).ok_or(Error::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    pub fn number(&mut self) -> Result<u64, Error> {
        if let Some((&byte, rest)) = self.0.split_first()
            && byte < 0x80
        {
            self.0 = rest;
            return Ok(byte.into());
        }
        let mut n = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            n |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(n);
            }
        }
        Err(Error::Corrupt("a number of more than 63 bits"))
    }

    pub fn signed(&mut self) -> Result<i64, Error> {
        self.number().map(unzigzag)
    }

    /// A number that fits 32 bits.
    pub fn short(&mut self) -> Result<u32, Error> {
        let n = self.number()?;
        u32::try_from(n).map_err(|_| Error::Corrupt("a number of more than 32 bits"))
    }

    /// A count of things of which each takes at least `least` more bytes.
    pub fn count(&mut self, least: usize) -> Result<usize, Error> {
        let n = self.number()?;
        let most = self.0.len() / least;
        match usize::try_from(n) {
            Ok(n) if n <= most => Ok(n),
            _ => Err(Error::Truncated),
        }
    }

    pub fn word(&mut self) -> Result<u64, Error> {
        let bytes = self.take(8)?;
        let bytes: [u8; 8] = bytes.try_into().map_err(|_| Error::Truncated)?;
        Ok(u64::from_le_bytes(bytes))
    }
}

/// A 32-bit checksum of words mixed one after the other; as long as there are many, in four lanes
/// side by side, which is as good and several times as fast.
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    const ODD: u64 = 0xd6e8_feb8_6659_fd93;
    let mix = |sum: u64, word: [u8; 8]| {
        let sum = (sum ^ u64::from_le_bytes(word)).wrapping_mul(ODD);
        sum ^ (sum >> 32)
    };
    let (blocks, rest) = bytes.as_chunks::<32>();
    let mut lanes = [1, 2, 3, 4];
    for block in blocks {
        for (lane, word) in lanes.iter_mut().zip(block.as_chunks().0) {
            *lane = mix(*lane, *word);
        }
    }
    let mut sum = 0x9e37_79b9_7f4a_7c15 ^ bytes.len() as u64;
    for lane in lanes {
        sum = mix(sum, lane.to_le_bytes());
    }
    let (words, rest) = rest.as_chunks();
    for word in words {
        sum = mix(sum, *word);
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    (mix(sum, last).wrapping_mul(ODD) >> 32) as u32
}

/// Ends a message with its checksum.
pub(super) fn seal(out: &mut Vec<u8>) {
    let sum = checksum(out);
    out.extend(sum.to_le_bytes());
}

/// The message without its checksum, which is right.
pub(super) fn unseal(bytes: &[u8]) -> Result<&[u8], Error> {
    let (body, sum) = bytes.split_last_chunk::<4>().ok_or(Error::Truncated)?;
    if checksum(body) != u32::from_le_bytes(*sum) {
        return Err(Error::Checksum);
    }
    Ok(body)
}
