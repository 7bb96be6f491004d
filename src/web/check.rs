//! The judge of histories.

use super::to_js;
use super::wrong::{Wrong, thrown};
use crate::base::Misfit;
use crate::check::{Budget, Limits, judge_text};
use serde::Deserialize;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"import type { Judgement } from "./types";
/** What judging may take: steps of each search, and megabytes. What is left out has a default. */
export interface CheckOptions { steps?: number; sequential_steps?: number; megabytes?: number }"#;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    steps: Option<u32>,
    sequential_steps: Option<u32>,
    megabytes: Option<u16>,
}

/// Judges a history, in any of the forms of docs/HISTORY.md.
///
/// # Errors
/// An `Error` whose `path`, `found` and `expected` say where the text is no history.
#[wasm_bindgen(unchecked_return_type = "Judgement")]
pub fn check(
    text: &str,
    #[wasm_bindgen(unchecked_optional_param_type = "CheckOptions")] options: JsValue,
) -> Result<JsValue, JsValue> {
    let options: Option<Options> = serde_wasm_bindgen::from_value(options).map_err(|error| {
        let expected = "steps, sequential_steps and megabytes as whole numbers";
        thrown(&Misfit::new("options", error.to_string(), expected))
    })?;
    let options = options.unwrap_or_default();
    let mut budget = Budget::default();
    let set = |limits: &mut Limits, steps: Option<u32>| {
        limits.steps = steps.map_or(limits.steps, u64::from);
        let bytes = options
            .megabytes
            .map(|megabytes| usize::from(megabytes) << 20);
        limits.bytes = bytes.unwrap_or(limits.bytes);
    };
    set(&mut budget.linear, options.steps);
    set(&mut budget.sequential, options.sequential_steps);
    to_js(&judge_text(text, budget).map_err(|misfit| thrown(&misfit))?)
}

impl Wrong for Misfit {
    fn parts(&self) -> (&str, &str, String, String) {
        let (found, expected) = (self.found.clone(), self.expected.clone());
        ("HistoryError", &self.path, found, expected)
    }
}
