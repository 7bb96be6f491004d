//! SHA-256 digests of values, the same on every machine.

use serde::{Serialize, Serializer};
use sha2::Digest as _;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A SHA-256 digest. In JSON and in words it is told by its first eight hexadecimal digits.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// What stands for the null request, which does nothing (section 4.4): no request has it.
    pub const NULL: Digest = Digest([0; 32]);

    /// The digest of a value: of the fields that its `Hash` names, in their order, integers in
    /// little-endian bytes of their own width.
    pub fn of<T: Hash + ?Sized>(value: &T) -> Digest {
        let mut sha = Sha::default();
        value.hash(&mut sha);
        sha.end()
    }

    /// Another digest, which nothing is known to have: what a liar says.
    pub(super) fn false_one(mut self) -> Digest {
        self.0[0] ^= 0xff;
        self
    }
}

impl Hash for Digest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for part in self.0.as_chunks::<8>().0 {
            state.write_u64(u64::from_le_bytes(*part));
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Digest::NULL {
            return f.write_str("null");
        }
        self.0[..4]
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for Digest {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ShortDigest".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The first eight hexadecimal digits of a SHA-256 digest, or `null` for \
                            the null request.",
            "type": "string"
        })
    }
}

/// SHA-256 as a [`Hasher`], so that what a digest runs over is what `derive(Hash)` names.
#[derive(Clone, Default)]
pub(super) struct Sha(sha2::Sha256);

impl Sha {
    /// The digest of all that was written.
    pub(super) fn end(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl Hasher for Sha {
    /// Not what a `Sha` is for: [`Sha::end`] is.
    fn finish(&self) -> u64 {
        let Digest(bytes) = self.clone().end();
        bytes
            .first_chunk()
            .map_or(0, |word| u64::from_le_bytes(*word))
    }
    // Not inlined: it stands behind every field of everything that is hashed.
    #[inline(never)]
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
    fn write_u8(&mut self, n: u8) {
        self.write(&[n]);
    }
    fn write_u16(&mut self, n: u16) {
        self.write(&n.to_le_bytes());
    }
    fn write_u32(&mut self, n: u32) {
        self.write(&n.to_le_bytes());
    }
    fn write_u64(&mut self, n: u64) {
        self.write(&n.to_le_bytes());
    }
    fn write_u128(&mut self, n: u128) {
        self.write(&n.to_le_bytes());
    }
    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }
    fn write_i8(&mut self, n: i8) {
        self.write_u8(n as u8);
    }
    fn write_i16(&mut self, n: i16) {
        self.write_u16(n as u16);
    }
    fn write_i32(&mut self, n: i32) {
        self.write_u32(n as u32);
    }
    fn write_i64(&mut self, n: i64) {
        self.write_u64(n as u64);
    }
    fn write_i128(&mut self, n: i128) {
        self.write_u128(n as u128);
    }
    fn write_isize(&mut self, n: isize) {
        self.write_u64(n as i64 as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_sha_256_and_the_same_everywhere() {
        // "abc", as FIPS 180-4 has it: an array of bytes is written without its length.
        let mut sha = Sha::default();
        sha.write(b"abc");
        assert_eq!(sha.end().to_string(), "ba7816bf");
        assert_eq!(
            Digest::of(&(1u8, 2u64, "x", Some(-5i64))).to_string(),
            "3dddda8b"
        );
        assert_ne!(Digest::of(&1u64), Digest::of(&1u32));
    }
}
