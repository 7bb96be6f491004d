//! Runs without their walking: the protocols there are, a scenario run to its end, and what is
//! thrown where one is wrong.

use super::wrong::{Wrong, thrown};
use super::{plain, to_js};
use crate::scenario::{self, BUDGET, Scenario, ScenarioError};
use crate::sim::{ActionError, OverBudget};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"import type { Action, MessageDetail, NodeDetail, ProtocolInfo, Report, Scenario, Tally, TraceEvent, ViolationRecord } from "./types";"#;

/// The names of the protocols.
#[wasm_bindgen]
#[must_use]
pub fn protocols() -> Vec<String> {
    scenario::protocols().map(str::to_owned).collect()
}

/// What there is to know of a protocol before a run.
///
/// # Errors
/// When there is no protocol of that name.
#[wasm_bindgen(unchecked_return_type = "ProtocolInfo")]
pub fn describe(protocol: &str) -> Result<JsValue, JsValue> {
    to_js(&scenario::describe(protocol).map_err(|error| thrown(&error))?)
}

/// Runs a scenario to its end.
///
/// # Errors
/// An `Error` whose `path`, `found` and `expected` say where the scenario is wrong.
#[wasm_bindgen]
pub fn run(
    #[wasm_bindgen(unchecked_param_type = "Partial<Scenario>")] scenario: JsValue,
) -> Result<JsReport, JsValue> {
    let scenario = read_scenario(scenario)?;
    let report = scenario::run(&scenario, BUDGET).map_err(|error| thrown(&error))?;
    Ok(to_js(&report)?.into())
}

/// Panics, as a defect would: the page's way of going on after one is tried with it.
#[wasm_bindgen]
pub fn panic_for_test() {
    panic!("a panic asked for by a test");
}

#[wasm_bindgen]
extern "C" {
    /// A report, as TypeScript knows it.
    #[wasm_bindgen(typescript_type = "Report")]
    pub type JsReport;
}

pub(super) fn read_scenario(scenario: JsValue) -> Result<Scenario, JsValue> {
    plain::read(scenario, "plain objects, lists and values")
        .and_then(Scenario::read)
        .map_err(|error| thrown(&error))
}

impl Wrong for ScenarioError {
    fn parts(&self) -> (&str, &str, String, String) {
        (
            "ScenarioError",
            &self.path,
            self.found.clone(),
            self.expected.clone(),
        )
    }
}

impl Wrong for ActionError {
    fn parts(&self) -> (&str, &str, String, String) {
        (
            "ActionError",
            &self.path,
            self.found.clone(),
            self.expected.clone(),
        )
    }
}

impl Wrong for OverBudget {
    fn parts(&self) -> (&str, &str, String, String) {
        let expected = format!("at most {} events and messages", self.budget);
        ("BudgetError", "", "a longer run".into(), expected)
    }
}
