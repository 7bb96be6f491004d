//! What is wrong with a scenario, and where.

use crate::sim::ActionError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;

/// A scenario that cannot be run: where it is wrong, what was found there, and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ScenarioError {
    /// The JSON path, such as `script[3].node`; empty for the document itself.
    pub path: String,
    /// What was found.
    pub found: String,
    /// What was expected.
    pub expected: String,
}

impl ScenarioError {
    /// At `path` stands `found` where `expected` was expected.
    pub fn new(
        path: impl Into<String>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> ScenarioError {
        ScenarioError {
            path: path.into(),
            found: found.into(),
            expected: expected.into(),
        }
    }

    /// An action's error, placed under `parent`.
    pub(super) fn in_action(parent: &str, error: ActionError) -> ScenarioError {
        ScenarioError::new(join(parent, &error.path), error.found, error.expected)
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.path.is_empty() {
            "the scenario"
        } else {
            &self.path
        };
        write!(
            f,
            "{place}: found {}, expected {}",
            self.found, self.expected
        )
    }
}

impl std::error::Error for ScenarioError {}

/// Reads a `T` from `value`, which stands at `parent` in the scenario.
pub(super) fn read<T: DeserializeOwned>(parent: &str, value: Value) -> Result<T, ScenarioError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let inner = error.path().to_string();
        let inner = if inner == "." { String::new() } else { inner };
        explain(join(parent, &inner), &error.into_inner().to_string())
    })
}

/// Puts `inner` behind `parent` in a JSON path.
pub(super) fn join(parent: &str, inner: &str) -> String {
    match (parent, inner) {
        (parent, "") => parent.to_owned(),
        ("", inner) => inner.to_owned(),
        (parent, inner) if inner.starts_with('[') => format!("{parent}{inner}"),
        (parent, inner) => format!("{parent}.{inner}"),
    }
}

/// Takes a reader's message apart into what was found and what was expected.
fn explain(path: String, message: &str) -> ScenarioError {
    let quoted = |text: &str| text.split('`').nth(1).unwrap_or_default().to_owned();
    if let Some(rest) = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))
        .or_else(|| message.strip_prefix("invalid length "))
        && let Some((found, expected)) = rest.rsplit_once(", expected ")
    {
        return ScenarioError::new(path, found, expected);
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
        return ScenarioError::new(path, format!("an unknown field `{name}`"), expected);
    }
    if let Some(rest) = message.strip_prefix("unknown variant ") {
        let expected = rest
            .split_once(", expected ")
            .map_or("", |(_, expected)| expected);
        return ScenarioError::new(path, format!("`{}`", quoted(rest)), expected);
    }
    if let Some(rest) = message.strip_prefix("missing field ") {
        return ScenarioError::new(join(&path, &quoted(rest)), "nothing", "this field");
    }
    ScenarioError::new(path, "something else", message)
}
