//! What is wrong with a scenario, and where.

use crate::base::{Misfit, join};
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

impl From<Misfit> for ScenarioError {
    fn from(misfit: Misfit) -> ScenarioError {
        ScenarioError::new(misfit.path, misfit.found, misfit.expected)
    }
}

/// Reads a `T` from `value`, which stands at `parent` in the scenario.
pub(super) fn read<T: DeserializeOwned>(parent: &str, value: Value) -> Result<T, ScenarioError> {
    Misfit::read(value).map_err(|misfit| misfit.under(parent).into())
}
