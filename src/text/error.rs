//! What can be wrong with an edit, or with bytes from outside.

use std::fmt;

/// Why an edit or some bytes were refused. The replica is as it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The edit reaches outside the text.
    OutOfRange {
        /// Where it would end.
        index: usize,
        /// How long the text is, in the same unit.
        len: usize,
    },
    /// The UTF-16 index lies between the two halves of a surrogate pair.
    SplitsPair {
        /// That index.
        index: usize,
    },
    /// The document cannot hold that many operations of one replica.
    Full,
    /// The bytes end too early.
    Truncated,
    /// The bytes are of no format, or of no version, that is known here.
    UnknownFormat,
    /// The checksum does not match: the bytes were damaged on the way.
    Checksum,
    /// The bytes are whole, but say something impossible.
    Corrupt(&'static str),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::OutOfRange { index, len } => {
                write!(f, "the edit reaches to {index}, but the text ends at {len}")
            }
            Error::SplitsPair { index } => {
                write!(f, "index {index} is inside a surrogate pair")
            }
            Error::Full => write!(f, "the document is full"),
            Error::Truncated => write!(f, "the bytes end too early"),
            Error::UnknownFormat => write!(f, "the bytes are of an unknown format or version"),
            Error::Checksum => write!(f, "the bytes are damaged: the checksum does not match"),
            Error::Corrupt(what) => write!(f, "the bytes say something impossible: {what}"),
        }
    }
}

impl std::error::Error for Error {}
