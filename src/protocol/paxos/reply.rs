//! What clients ask and are answered.

use super::value::Value;
use crate::base::{Misfit, NodeId};
use crate::protocol::machine::{KvOp, KvOutput};
use serde::de::{self, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "PaxosOp"))]
#[serde(untagged)]
pub enum Op {
    /// Single-decree: propose this text, and say what is chosen.
    Propose(Propose),
    /// An operation of the replicated machine. Single-decree Paxos takes it for a text.
    Machine(KvOp),
}

/// A text to be decided on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "PaxosPropose"))]
#[serde(deny_unknown_fields)]
pub struct Propose {
    /// The text.
    #[serde(deserialize_with = "text")]
    pub propose: Arc<str>,
}

/// The longest text that can be proposed, in bytes.
const TEXT_MAX: usize = 200;

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() || text.len() > TEXT_MAX {
        let expected = format!("a text of 1 to {TEXT_MAX} bytes");
        let found = Unexpected::Str(&text);
        return Err(de::Error::invalid_value(found, &expected.as_str()));
    }
    Ok(text.into())
}

impl Op {
    /// The operation that proposes `text`.
    pub fn propose(text: &str) -> Op {
        let propose = text.into();
        Op::Propose(Propose { propose })
    }

    /// What single-decree Paxos takes it for.
    pub(super) fn text(&self) -> Arc<str> {
        match self {
            Op::Propose(op) => Arc::clone(&op.propose),
            Op::Machine(op) => op.to_string().into(),
        }
    }
}

impl<'de> Deserialize<'de> for Op {
    /// Told apart by the name, so that what is wrong with an operation is said in its own words.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Op, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        if value.get("propose").is_none() {
            return Misfit::read_within(value).map(Op::Machine);
        }
        Misfit::read_within(value).map(Op::Propose)
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Op::Propose(op) => write!(f, "propose {}", op.propose),
            Op::Machine(op) => fmt::Display::fmt(op, f),
        }
    }
}

/// What a node answers to a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// Single-decree: what is chosen. In JSON its text.
    Chosen(Value),
    /// The machine's output. In JSON just that.
    Done(KvOutput),
    /// Ask another node: the leader, if one is known. In JSON `{ "not_leader": number or null }`.
    NotLeader(Option<NodeId>),
    /// It cannot be done. In JSON `{ "refused": "why" }`.
    Refused(&'static str),
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Chosen(value) => fmt::Display::fmt(value, f),
            Reply::Done(output) => fmt::Display::fmt(output, f),
            Reply::NotLeader(Some(leader)) => write!(f, "ask node {leader}"),
            Reply::NotLeader(None) => f.write_str("ask another node"),
            Reply::Refused(why) => write!(f, "refused: {why}"),
        }
    }
}

impl Serialize for Reply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "snake_case")]
        enum Other {
            NotLeader(Option<NodeId>),
            Refused(&'static str),
        }
        match self {
            Reply::Chosen(value) => value.serialize(serializer),
            Reply::Done(output) => output.serialize(serializer),
            Reply::NotLeader(leader) => Other::NotLeader(*leader).serialize(serializer),
            Reply::Refused(why) => Other::Refused(why).serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_told_apart_by_name() {
        let op = |text: &str| serde_json::from_str::<Op>(text);
        let propose = op(r#"{ "propose": "A" }"#).expect("a proposal");
        assert_eq!(
            (propose.to_string(), &propose),
            ("propose A".into(), &Op::propose("A"))
        );
        assert_eq!(
            serde_json::to_string(&propose).expect("JSON"),
            r#"{"propose":"A"}"#
        );
        let put = op(r#"{ "put": ["x", 1] }"#).expect("a put");
        assert_eq!(put.to_string(), "put x 1");
        for wrong in [
            r#"{ "propose": "" }"#,
            r#"{ "propose": 7 }"#,
            r#"{ "propose": "A", "put": ["x", 1] }"#,
            r#"{ "suggest": "A" }"#,
        ] {
            assert!(op(wrong).is_err(), "{wrong}");
        }
    }
}
