//! What is stored: whole numbers, texts, sets of those, and records of those.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value as Json;
use std::fmt;
use std::sync::Arc;

/// The most bytes that a value may take, as text.
pub const VALUE_MAX: usize = 4_096;

/// The most bytes that a key may take.
pub const KEY_MAX: usize = 128;

/// The name of a value.
pub type Key = Arc<str>;

/// A value. A list in JSON is a set: its items are sorted, and each is there once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// A whole number.
    Number(i64),
    /// A text.
    Text(Arc<str>),
    /// A set of numbers and texts.
    Set(Arc<[Value]>),
    /// Fields by name, each a number or a text, in order of their names.
    Record(Arc<[(Arc<str>, Value)]>),
}

impl Value {
    /// The set of `items`.
    pub fn set(items: impl IntoIterator<Item = Value>) -> Value {
        let mut sorted = Vec::new();
        items.into_iter().for_each(|item| keep(&mut sorted, item));
        Value::Set(sorted.into())
    }

    /// Roughly how many bytes it takes, as text.
    pub fn size(&self) -> usize {
        match self {
            Value::Number(_) => 8,
            Value::Text(text) => text.len(),
            Value::Set(items) => items.iter().map(|item| 2 + item.size()).sum(),
            Value::Record(fields) => fields
                .iter()
                .map(|(name, value)| 4 + name.len() + value.size())
                .sum(),
        }
    }

    /// The members that it has as a set: a value that is no set is a set of itself.
    pub fn members(&self) -> impl Iterator<Item = &Value> {
        match self {
            Value::Set(items) => items.iter(),
            single => std::slice::from_ref(single).iter(),
        }
    }

    fn of(json: &Json) -> Result<Value, &Json> {
        match json {
            Json::Array(items) => {
                let items: Result<Vec<Value>, &Json> = items.iter().map(Value::plain).collect();
                items.map(Value::set)
            }
            Json::Object(fields) => {
                // The reader of JSON has put them in order of their names.
                let fields = fields.iter().map(|(name, value)| {
                    let value = Value::plain(value)?;
                    Ok((Arc::from(name.as_str()), value))
                });
                let fields: Result<Vec<_>, &Json> = fields.collect();
                fields.map(|fields| Value::Record(fields.into()))
            }
            plain => Value::plain(plain),
        }
    }

    fn plain(json: &Json) -> Result<Value, &Json> {
        match json {
            Json::Number(number) => number.as_i64().map(Value::Number).ok_or(json),
            Json::String(text) => Ok(Value::Text(text.as_str().into())),
            _ => Err(json),
        }
    }
}

/// Puts an item into its place in a short sorted list, unless it is there.
pub(super) fn keep<T: Ord>(sorted: &mut Vec<T>, item: T) {
    let place = sorted.partition_point(|known| *known < item);
    if sorted.get(place) != Some(&item) {
        sorted.insert(place, item);
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) => write!(f, "{number}"),
            Value::Text(text) => f.write_str(text),
            Value::Set(items) => {
                f.write_str("[")?;
                for (place, item) in items.iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    write!(f, "{comma}{item}")?;
                }
                f.write_str("]")
            }
            Value::Record(fields) => {
                for (place, (name, value)) in fields.iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    write!(f, "{comma}{name} {value}")?;
                }
                Ok(())
            }
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Number(number) => serializer.serialize_i64(*number),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Set(items) => serializer.collect_seq(items.iter()),
            Value::Record(fields) => {
                let fields = fields.iter().map(|(name, value)| (&**name, value));
                serializer.collect_map(fields)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        let json = Json::deserialize(deserializer)?;
        Value::of(&json).map_err(|wrong| {
            let found = match wrong {
                Json::Null => de::Unexpected::Unit,
                Json::Bool(truth) => de::Unexpected::Bool(*truth),
                Json::Number(number) => de::Unexpected::Float(number.as_f64().unwrap_or_default()),
                Json::String(text) => de::Unexpected::Str(text),
                Json::Array(_) => de::Unexpected::Seq,
                Json::Object(_) => de::Unexpected::Map,
            };
            let expected = "a whole number, a text, or a list or an object of those";
            de::Error::invalid_type(found, &expected)
        })
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for Value {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "StoredValue".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let plain = serde_json::json!({ "type": ["integer", "string"] });
        schemars::json_schema!({
            "description": "A whole number, a text, a set of those (a list), or a record of those.",
            "anyOf": [
                { "type": "integer" }, { "type": "string" },
                { "type": "array", "items": plain.clone() },
                { "type": "object", "additionalProperties": plain }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_written_in_json() {
        for (text, written, said) in [
            ("5", "5", "5"),
            (r#""dark""#, r#""dark""#, "dark"),
            (
                r#"["milk","eggs","milk"]"#,
                r#"["eggs","milk"]"#,
                "[eggs, milk]",
            ),
            (r#"{"theme":"dark"}"#, r#"{"theme":"dark"}"#, "theme dark"),
            ("[]", "[]", "[]"),
        ] {
            let value: Value = serde_json::from_str(text).expect("a value");
            assert_eq!(serde_json::to_string(&value).expect("JSON"), written);
            assert_eq!(value.to_string(), said);
        }
        for bad in ["null", "true", "1.5", "[[1]]", r#"{"a":[1]}"#] {
            assert!(serde_json::from_str::<Value>(bad).is_err(), "{bad}");
        }
    }
}
