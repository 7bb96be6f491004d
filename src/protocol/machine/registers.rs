//! The default state machine: registers by name, each holding a whole number or nothing.

use super::{Answer, NoFact, StateMachine, Step};
use crate::base::{ClientId, Draws, Micros, RequestId};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// An operation on one register.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum KvOp {
    /// Writes a value.
    Put(Arc<str>, i64),
    /// Reads the value.
    Get(Arc<str>),
    /// Writes the last value if the register holds the first (`null`: nothing).
    Cas(Arc<str>, Option<i64>, i64),
    /// Empties the register.
    Delete(Arc<str>),
}

impl fmt::Display for KvOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KvOp::Put(key, value) => write!(f, "put {key} {value}"),
            KvOp::Get(key) => write!(f, "get {key}"),
            KvOp::Cas(key, Some(old), new) => write!(f, "cas {key} {old} {new}"),
            KvOp::Cas(key, None, new) => write!(f, "cas {key} nothing {new}"),
            KvOp::Delete(key) => write!(f, "delete {key}"),
        }
    }
}

/// What an operation on a register answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KvOutput {
    /// The write or the deletion is done. In JSON `"ok"`.
    Ok,
    /// What a read found; in JSON the number, or `null` for nothing.
    Value(Option<i64>),
    /// Whether a compare-and-swap found what it expected. In JSON a truth value.
    Swapped(bool),
}

impl fmt::Display for KvOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KvOutput::Ok => f.write_str("ok"),
            KvOutput::Value(Some(value)) => write!(f, "{value}"),
            KvOutput::Value(None) => f.write_str("nothing"),
            KvOutput::Swapped(true) => f.write_str("swapped"),
            KvOutput::Swapped(false) => f.write_str("not swapped"),
        }
    }
}

impl Serialize for KvOutput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            KvOutput::Ok => serializer.serialize_str("ok"),
            KvOutput::Value(value) => value.serialize(serializer),
            KvOutput::Swapped(done) => serializer.serialize_bool(*done),
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for KvOutput {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "KvOutput".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "`\"ok\"` of a write; the value or null of a read; whether a \
                            compare-and-swap was done.",
            "anyOf": [{ "const": "ok" }, { "type": ["integer", "null"] }, { "type": "boolean" }]
        })
    }
}

/// Registers by name. A clone shares them until one of the two is changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct KvMachine {
    registers: Arc<BTreeMap<Arc<str>, i64>>,
}

impl KvMachine {
    /// What the register `key` holds.
    pub fn value(&self, key: &str) -> Option<i64> {
        self.registers.get(key).copied()
    }

    /// Carries out an operation.
    pub fn carry_out(&mut self, op: &KvOp) -> KvOutput {
        match op {
            KvOp::Put(key, value) => self.set(key, *value),
            KvOp::Cas(key, expected, value) => {
                let fits = self.value(key) == *expected;
                if fits {
                    self.set(key, *value);
                }
                return KvOutput::Swapped(fits);
            }
            KvOp::Delete(key) => {
                if self.registers.contains_key(key) {
                    Arc::make_mut(&mut self.registers).remove(key);
                }
            }
            KvOp::Get(_) => return self.query(op),
        }
        KvOutput::Ok
    }

    fn set(&mut self, key: &Arc<str>, value: i64) {
        let registers = Arc::make_mut(&mut self.registers);
        match registers.get_mut(key) {
            Some(held) => *held = value,
            None => {
                registers.insert(Arc::clone(key), value);
            }
        }
    }
}

impl StateMachine for KvMachine {
    type Op = KvOp;
    type Output = KvOutput;
    type Options = ();
    type Fact = NoFact;
    type Watch = ();
    type Clocks = ();
    type Dials = ();
    type Memory = ();
    type Stamp = ();

    const MODEL: Option<&'static str> = Some("key_value");

    const WORKLOADS: &'static [&'static str] = &["register", "registers", "writes", "reads"];

    fn apply(
        &mut self,
        _step: &mut Step<'_, KvMachine>,
        _id: RequestId,
        op: &KvOp,
    ) -> Answer<KvOutput> {
        Answer::Now(self.carry_out(op))
    }

    fn is_read(op: &KvOp) -> bool {
        matches!(op, KvOp::Get(_))
    }

    fn query(&self, op: &KvOp) -> KvOutput {
        match op {
            KvOp::Get(key) => KvOutput::Value(self.value(key)),
            KvOp::Cas(key, expected, _) => KvOutput::Swapped(self.value(key) == *expected),
            KvOp::Put(..) | KvOp::Delete(_) => KvOutput::Ok,
        }
    }

    /// `register`: reads, writes and swaps of `x`; `registers`: of five names; `writes`: writes
    /// only; `reads`: nine reads to one write. Written values are never written twice, so that a
    /// read tells which write it saw.
    fn workload(workload: usize, (): &(), client: ClientId, n: u64, luck: &mut Draws) -> KvOp {
        const NAMES: [&str; 5] = ["x", "y", "z", "u", "v"];
        let name = match workload {
            1 => NAMES[luck.between(0, 4) as usize],
            _ => "x",
        };
        let key: Arc<str> = Arc::from(name);
        let fresh = (n as i64)
            .saturating_mul(1_000)
            .saturating_add(i64::from(client % 1_000))
            .saturating_add(1_000);
        let part = luck.between(0, 99);
        match (workload, part) {
            (2, _) | (3, 0..10) => KvOp::Put(key, fresh),
            (3, _) => KvOp::Get(key),
            (_, 0..45) => KvOp::Put(key, fresh),
            (_, 45..90) => KvOp::Get(key),
            // What it expects is a guess at a recent value, so that some swaps find it.
            (_, 90..95) => KvOp::Cas(key, None, fresh),
            _ => KvOp::Cas(key, Some(fresh - 1_000), fresh),
        }
    }

    fn dials(&self, (): &(), (): &(), _: Micros) {}

    fn stamp((): &(), _: Option<&KvOp>) {}

    fn weight(&self) -> usize {
        size_of::<Self>() + self.registers.len() * 48
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_hold_what_was_written() {
        let key: Arc<str> = "x".into();
        let mut kv = KvMachine::default();
        let mut told = Vec::new();
        for op in [
            KvOp::Get(key.clone()),
            KvOp::Cas(key.clone(), None, 1),
            KvOp::Cas(key.clone(), None, 2),
            KvOp::Put(key.clone(), 3),
            KvOp::Get(key.clone()),
            KvOp::Delete(key.clone()),
            KvOp::Get(key),
        ] {
            told.push(kv.carry_out(&op).to_string());
        }
        let expected = [
            "nothing",
            "swapped",
            "not swapped",
            "ok",
            "3",
            "ok",
            "nothing",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn the_json_of_operations_is_short() {
        let op: KvOp = serde_json::from_str(r#"{ "cas": ["x", null, 4] }"#).expect("an operation");
        assert_eq!(op.to_string(), "cas x nothing 4");
        assert!(serde_json::from_str::<KvOp>(r#"{ "put": ["x", 1.5] }"#).is_err());
    }

    #[test]
    fn a_clone_is_a_snapshot() {
        let mut kv = KvMachine::default();
        kv.carry_out(&KvOp::Put("x".into(), 1));
        let kept = kv.clone();
        kv.carry_out(&KvOp::Put("x".into(), 2));
        assert_eq!((kept.value("x"), kv.value("x")), (Some(1), Some(2)));
    }
}
