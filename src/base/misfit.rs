//! What does not fit, in words for people: where it stands, what was found and what was expected.
//! Readers made by serde speak of types; here their messages are put into plain words.

use serde::de::{self, DeserializeOwned};
use serde_json::Value;
use std::fmt;

/// Something that does not fit its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The JSON path, such as `script[3].node`; empty for the value itself.
    pub path: String,
    /// What was found there.
    pub found: String,
    /// What was expected.
    pub expected: String,
}

impl Misfit {
    /// At `path` stands `found` where `expected` was expected.
    pub fn new(
        path: impl Into<String>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Misfit {
        Misfit {
            path: path.into(),
            found: found.into(),
            expected: expected.into(),
        }
    }

    /// The same, where the value stands at `parent`.
    pub fn under(mut self, parent: &str) -> Misfit {
        self.path = join(parent, &self.path);
        self
    }

    /// Reads a `T`.
    ///
    /// # Errors
    /// Where and how the value is none.
    pub fn read<T: DeserializeOwned>(value: Value) -> Result<T, Misfit> {
        serde_path_to_error::deserialize(value).map_err(|error| {
            let path = match error.path().to_string() {
                path if path == "." || path == "?" => String::new(),
                path => path,
            };
            explain(path, &error.into_inner().to_string())
        })
    }

    /// Reads a `T` inside of another reader, which has looked at the value first. The place is
    /// kept in the error's text, where [`Misfit::read`] finds it.
    ///
    /// # Errors
    /// As [`Misfit::read`].
    pub fn read_within<T: DeserializeOwned, E: de::Error>(value: Value) -> Result<T, E> {
        Misfit::read(value).map_err(|misfit| E::custom(misfit.packed()))
    }

    fn packed(&self) -> String {
        let Misfit {
            path,
            found,
            expected,
        } = self;
        format!("{PACKED}{path}{PACKED}{found}{PACKED}{expected}")
    }
}

/// Parts a packed misfit; in no JSON path and no message of a reader.
const PACKED: char = '\u{1f}';

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Misfit {
            path,
            found,
            expected,
        } = self;
        write!(f, "{path}: found {found}, expected {expected}")
    }
}

/// Puts `inner` behind `parent` in a JSON path.
pub fn join(parent: &str, inner: &str) -> String {
    match (parent, inner) {
        (parent, "") => parent.to_owned(),
        ("", inner) => inner.to_owned(),
        (parent, inner) if inner.starts_with('[') => format!("{parent}{inner}"),
        (parent, inner) => format!("{parent}.{inner}"),
    }
}

/// Takes a reader's message apart into what was found and what was expected.
fn explain(path: String, message: &str) -> Misfit {
    if let Some(packed) = message.strip_prefix(PACKED)
        && let [inner, found, expected] = packed.splitn(3, PACKED).collect::<Vec<_>>()[..]
    {
        return Misfit::new(join(&path, inner), found, expected);
    }
    let quoted = |text: &str| text.split('`').nth(1).unwrap_or_default().to_owned();
    for start in ["invalid type: ", "invalid value: ", "invalid length "] {
        if let Some((found, expected)) = message
            .strip_prefix(start)
            .and_then(|rest| rest.rsplit_once(", expected "))
        {
            let (found, expected) = match (start, found) {
                ("invalid length ", _) => (format!("a list of {found}"), wish(expected)),
                (_, "unit variant") => {
                    let expected = "an object with this name and what belongs to it";
                    ("the name alone".into(), expected.into())
                }
                // An empty list is read as nothing; null itself would not come as far as this.
                (_, "null") if expected.starts_with("tuple variant ") => {
                    ("a list of 0".into(), "a list that is not empty".into())
                }
                _ => (thing(found), wish(expected)),
            };
            return Misfit::new(path, found, expected);
        }
    }
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let name = quoted(rest);
        let expected = rest
            .split_once(", ")
            .map_or("no such field", |(_, expected)| expected);
        let path = if path.ends_with(&name) {
            path
        } else {
            join(&path, &name)
        };
        let expected = expected.strip_prefix("expected ").unwrap_or(expected);
        return Misfit::new(path, format!("an unknown field `{name}`"), expected);
    }
    if let Some(rest) = message.strip_prefix("unknown variant ") {
        let expected = rest
            .split_once(", expected ")
            .map_or("", |(_, expected)| expected);
        return Misfit::new(path, format!("`{}`", quoted(rest)), expected);
    }
    if let Some(rest) = message.strip_prefix("missing field ") {
        return Misfit::new(join(&path, &quoted(rest)), "nothing", "this field");
    }
    Misfit::new(path, "something else", message)
}

/// What a reader found, in plain words.
fn thing(found: &str) -> String {
    for kind in ["integer `", "floating point `", "boolean `", "character `"] {
        if let Some(value) = found.strip_prefix(kind) {
            return value.trim_end_matches('`').to_owned();
        }
    }
    match found {
        "map" | "newtype variant" | "tuple variant" | "struct variant" => "an object".into(),
        "sequence" => "a list".into(),
        "null" | "unit value" | "Option value" => "null".into(),
        other => other.strip_prefix("string ").unwrap_or(other).to_owned(),
    }
}

/// What a reader wished for, in plain words.
fn wish(expected: &str) -> String {
    let whole = |low: &dyn fmt::Display, high: &dyn fmt::Display| {
        format!("a whole number from {low} to {high}")
    };
    match expected {
        "u8" => whole(&u8::MIN, &u8::MAX),
        "u16" => whole(&u16::MIN, &u16::MAX),
        "u32" => whole(&u32::MIN, &u32::MAX),
        "u64" | "usize" => whole(&u64::MIN, &u64::MAX),
        "i32" => whole(&i32::MIN, &i32::MAX),
        "i64" => whole(&i64::MIN, &i64::MAX),
        "f32" | "f64" => "a number".into(),
        "a boolean" => "true or false".into(),
        "a string" | "a borrowed string" | "str" => "a text".into(),
        "a sequence" => "a list".into(),
        "a map" => "an object".into(),
        "unit" => "null".into(),
        "string or map" => "a name, or an object with one field".into(),
        "map with a single key" => "an object with one field".into(),
        "tuple variant" => "a list".into(),
        "fewer elements in array" => "fewer".into(),
        "struct variant" => "an object".into(),
        "unit variant" => "the name alone".into(),
        other => composed(other),
    }
}

fn composed(expected: &str) -> String {
    let length = expected
        .strip_prefix("an array of length ")
        .or_else(|| expected.strip_prefix("a tuple of size "))
        .or_else(|| {
            let rest = expected
                .strip_prefix("tuple variant ")
                .or_else(|| expected.strip_prefix("tuple struct "))?;
            let (_, rest) = rest.split_once(" with ").unwrap_or(("", ""));
            Some(rest.split(' ').next().unwrap_or_default())
        });
    match length {
        Some("") => "a list".into(),
        Some(length) => format!("a list of {length}"),
        None if expected.starts_with("struct ") => "an object".into(),
        None => expected.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Thing {
        small: u16,
        #[serde(default)]
        pair: [f64; 2],
        #[serde(default)]
        list: Vec<bool>,
        #[serde(default)]
        act: Option<Act>,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    enum Act {
        Put(String, i64),
        Rest,
    }

    #[test]
    fn what_is_wrong_is_said_in_plain_words() {
        for (value, said) in [
            (json!(5), ": found 5, expected an object"),
            (json!({}), "small: found nothing, expected this field"),
            (
                json!({ "small": 70_000 }),
                "small: found 70000, expected a whole number from 0 to 65535",
            ),
            (
                json!({ "small": "x" }),
                "small: found \"x\", expected a whole number from 0 to 65535",
            ),
            (
                json!({ "small": 1, "pair": [1.0] }),
                "pair: found a list of 1, expected a list of 2",
            ),
            (
                json!({ "small": 1, "pair": { "a": 1 } }),
                "pair: found an object, expected a list of 2",
            ),
            (
                json!({ "small": 1, "list": 3 }),
                "list: found 3, expected a list",
            ),
            (
                json!({ "small": 1, "list": [null] }),
                "list[0]: found null, expected true or false",
            ),
            (
                json!({ "small": 1, "act": { "Put": 4 } }),
                "act.Put: found 4, expected a list",
            ),
            (
                json!({ "small": 1, "act": { "Put": ["x"] } }),
                "act.Put: found a list of 1, expected a list of 2",
            ),
            (
                json!({ "small": 1, "act": { "Put": [] } }),
                "act.Put: found a list of 0, expected a list that is not empty",
            ),
            (
                json!({ "small": 1, "act": { "Put": null } }),
                "act.Put: found null, expected a list",
            ),
            (
                json!({ "small": 1, "act": { "Put": ["x", 1, 2] } }),
                "act.Put: found a list of 3, expected fewer",
            ),
            (
                json!({ "small": 1, "act": { "Put": ["x", 0.5] } }),
                "act.Put[1]: found 0.5, expected a whole number from -9223372036854775808 to 9223372036854775807",
            ),
            (
                json!({ "small": 1, "act": "Put" }),
                "act.Put: found the name alone, expected an object with this name and what belongs to it",
            ),
            (
                json!({ "small": 1, "act": "Nap" }),
                "act: found `Nap`, expected `Put` or `Rest`",
            ),
            (
                json!({ "small": 1, "act": 4 }),
                "act: found 4, expected a name, or an object with one field",
            ),
        ] {
            let misfit = Misfit::read::<Thing>(value).expect_err(said);
            assert_eq!(misfit.to_string(), said);
        }
    }

    #[test]
    fn a_reader_within_a_reader_keeps_the_place() {
        let error = Misfit::read_within::<Thing, serde_json::Error>(json!({ "small": [] }));
        let text = error.expect_err("a list is no number").to_string();
        let misfit = explain("op".into(), &text);
        assert_eq!(
            misfit.to_string(),
            "op.small: found a list, expected a whole number from 0 to 65535"
        );
    }
}
