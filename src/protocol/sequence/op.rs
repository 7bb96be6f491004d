//! What clients ask and are answered.

use crate::base::counted;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;
use std::sync::Arc;

/// The most scalars that one request inserts.
pub const TEXT_MAX: usize = 256;

/// The most letters, deleted ones included, with which a document still takes an insertion.
pub(super) const DOCUMENT_MAX: usize = 100_000;

/// What a client asks of the node where it edits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "SequenceOp"))]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Inserts a text.
    Insert(Insert),
    /// Deletes letters.
    Delete(Delete),
    /// Puts the client's cursor before the letter with this index, or at the end.
    Move(u32),
    /// Takes back the last edit made at the node that still shows.
    Undo,
    /// Reads the whole text.
    Read,
}

/// An insertion.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "SequenceInsert"))]
#[serde(deny_unknown_fields)]
pub struct Insert {
    /// Before the letter with which index, from 0; the text's length for the end. Left out: at the
    /// client's cursor, which is at the end before it was first moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u32>,
    /// What: from 1 to 256 letters.
    #[serde(deserialize_with = "short_text")]
    #[cfg_attr(
        not(target_arch = "wasm32"),
        schemars(with = "String", length(min = 1, max = 256))
    )]
    pub text: Arc<str>,
}

/// A deletion.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "SequenceDelete"))]
#[serde(deny_unknown_fields)]
pub struct Delete {
    /// From the letter with which index on. Left out: those before the client's cursor, as many as
    /// there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u32>,
    /// How many letters, at least 1.
    #[serde(deserialize_with = "at_least_one")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(range(min = 1)))]
    pub len: u32,
}

fn short_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let expected = &"a text of 1 to 256 letters";
    match text.chars().count() {
        1..=TEXT_MAX => Ok(text.into()),
        0 => Err(de::Error::invalid_value(de::Unexpected::Str(""), expected)),
        length => Err(de::Error::invalid_length(length, expected)),
    }
}

fn at_least_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        0 => Err(de::Error::invalid_value(
            de::Unexpected::Unsigned(0),
            &"a whole number of at least 1",
        )),
        len => Ok(len),
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Op::Insert(Insert { at: None, text }) => write!(f, "type “{text}”"),
            Op::Insert(Insert { at: Some(at), text }) => write!(f, "insert “{text}” at {at}"),
            Op::Delete(Delete { at: None, len }) => write!(f, "erase {len}"),
            Op::Delete(Delete { at: Some(at), len }) => write!(f, "delete {len} at {at}"),
            Op::Move(to) => write!(f, "move to {to}"),
            Op::Undo => f.write_str("undo"),
            Op::Read => f.write_str("read"),
        }
    }
}

/// What a node answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "SequenceReply"))]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It is done.
    Done {
        /// How long the node's text is now.
        len: u32,
        /// Before which letter of it the client's cursor stands.
        cursor: u32,
    },
    /// The text.
    Text(Arc<str>),
    /// It is not done, for good.
    Refused(Refusal),
}

/// Why an operation is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "SequenceRefusal"))]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// It reaches beyond the text.
    BeyondEnd {
        /// Up to where it reaches.
        end: u64,
        /// How long the text is.
        len: u32,
    },
    /// The document holds as much as it may.
    Full,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::BeyondEnd { end, len } => {
                write!(f, "the edit reaches to {end}, but the text ends at {len}")
            }
            Refusal::Full => write!(f, "the document holds as much as it may"),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Done { len, cursor } => {
                write!(f, "done: {}, cursor at {cursor}", counted(*len, "letter"))
            }
            Reply::Text(text) => write!(f, "“{text}”"),
            Reply::Refused(why) => write!(f, "refused: {why}"),
        }
    }
}
