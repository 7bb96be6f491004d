//! What clients ask and are answered, administration included.

use crate::base::{Misfit, NodeId};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt::{self, Display};

/// What a client asks: an operation of the state machine, or a change of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "RaftOp"))]
#[serde(untagged)]
pub enum Op<O> {
    /// An operation of the replicated state machine.
    Machine(O),
    /// A change of the cluster.
    Admin(Admin),
}

impl<O> Op<O> {
    /// The operation of the machine, if it is one.
    pub fn of_machine(&self) -> Option<&O> {
        match self {
            Op::Machine(op) => Some(op),
            Op::Admin(_) => None,
        }
    }
}

/// A change of the cluster that a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Admin {
    /// The leader hands over to a node (thesis, 3.10).
    Transfer(NodeId),
    /// A node becomes a voter, after it has learnt the log (section 6).
    Add(NodeId),
    /// A node is a member no longer (section 6).
    Remove(NodeId),
}

impl<'de, O: de::DeserializeOwned> Deserialize<'de> for Op<O> {
    /// Told apart by the name, so that what is wrong with an operation is said in its own words.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Op<O>, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let is_admin = ["transfer", "add", "remove"]
            .iter()
            .any(|name| value.get(name).is_some());
        if is_admin {
            Misfit::read_within(value).map(Op::Admin)
        } else {
            Misfit::read_within(value).map(Op::Machine)
        }
    }
}

impl<O: Display> Display for Op<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Op::Machine(op) => Display::fmt(op, f),
            Op::Admin(Admin::Transfer(node)) => write!(f, "transfer to {node}"),
            Op::Admin(Admin::Add(node)) => write!(f, "add node {node}"),
            Op::Admin(Admin::Remove(node)) => write!(f, "remove node {node}"),
        }
    }
}

/// What a node answers to a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reply<T> {
    /// The machine's output. In JSON just that.
    Done(T),
    /// The cluster is as it was asked to be. In JSON `"ok"`.
    Changed,
    /// Ask another node: the leader, if one is known. In JSON `{ "not_leader": number or null }`.
    NotLeader(Option<NodeId>),
    /// It cannot be done. In JSON `{ "refused": "why" }`.
    Refused(&'static str),
}

impl<T: Display> Display for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Done(output) => Display::fmt(output, f),
            Reply::Changed => f.write_str("ok"),
            Reply::NotLeader(Some(leader)) => write!(f, "ask node {leader}"),
            Reply::NotLeader(None) => f.write_str("ask another node"),
            Reply::Refused(why) => write!(f, "refused: {why}"),
        }
    }
}

impl<T: Serialize> Serialize for Reply<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "snake_case")]
        enum Other {
            NotLeader(Option<NodeId>),
            Refused(&'static str),
        }
        match self {
            Reply::Done(output) => output.serialize(serializer),
            Reply::Changed => serializer.serialize_str("ok"),
            Reply::NotLeader(leader) => Other::NotLeader(*leader).serialize(serializer),
            Reply::Refused(why) => Other::Refused(why).serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::machine::{KvOp, KvOutput};

    #[test]
    fn operations_are_told_apart_by_name() {
        let op = |text: &str| serde_json::from_str::<Op<KvOp>>(text);
        assert_eq!(
            op(r#"{ "put": ["x", 1] }"#).expect("a put").to_string(),
            "put x 1"
        );
        assert_eq!(
            op(r#"{ "remove": 3 }"#).expect("a removal"),
            Op::Admin(Admin::Remove(NodeId(3)))
        );
        let wrong = op(r#"{ "putt": ["x", 1] }"#).expect_err("no such operation");
        assert!(wrong.to_string().contains("putt"), "{wrong}");
        let text = serde_json::to_string(&op(r#"{ "transfer": 2 }"#).expect("a transfer"));
        assert_eq!(text.expect("JSON"), r#"{"transfer":2}"#);
    }

    #[test]
    fn replies_are_short_in_json() {
        let json = |reply: Reply<KvOutput>| serde_json::to_string(&reply).expect("JSON");
        assert_eq!(json(Reply::Done(KvOutput::Value(None))), "null");
        assert_eq!(
            json(Reply::NotLeader(Some(NodeId(2)))),
            r#"{"not_leader":2}"#
        );
        assert_eq!(json(Reply::Refused("no")), r#"{"refused":"no"}"#);
    }
}
