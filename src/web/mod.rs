//! The face of the wasm module: it translates between JavaScript values and the floors below,
//! and decides nothing.

mod lab;
mod plain;
mod simulation;
mod text;

use crate::scenario::{self, BUDGET, Scenario, ScenarioError};
use crate::sim::{ActionError, OverBudget};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};

pub use lab::{WebTextLab, lab_algorithms};
pub use simulation::WebSimulation;
pub use text::WebTextReplica;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"import type { Action, MessageDetail, NodeDetail, ProtocolInfo, Report, Scenario, Tally, TraceEvent, ViolationRecord } from "./types";"#;

/// Makes a panic print its message and place on the console.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

/// The version of Synod that this module was built from.
#[wasm_bindgen]
#[must_use]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").into()
}

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

fn read_scenario(scenario: JsValue) -> Result<Scenario, JsValue> {
    plain::read(scenario, "plain objects, lists and values")
        .and_then(Scenario::read)
        .map_err(|error| thrown(&error))
}

/// A value as plain JavaScript objects.
fn to_js<T: Serialize>(value: &T) -> Result<JsValue, JsValue> {
    value
        .serialize(&Serializer::json_compatible())
        .map_err(JsValue::from)
}

/// What always crosses: numbers, strings, lists and plain structs.
fn shown<T: Serialize>(value: &T) -> JsValue {
    to_js(value).unwrap_or(JsValue::UNDEFINED)
}

/// Something wrong, as a JavaScript `Error` with its parts beside its message.
trait Wrong: ToString {
    fn parts(&self) -> (&str, &str, String, String);
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

fn thrown(wrong: &impl Wrong) -> JsValue {
    let error = JsValue::from(JsError::new(&wrong.to_string()));
    let (name, path, found, expected) = wrong.parts();
    for (key, text) in [
        ("name", name),
        ("path", path),
        ("found", &found),
        ("expected", &expected),
    ] {
        // An Error is an ordinary object: setting a field of it cannot fail.
        let _ = js_sys::Reflect::set(&error, &key.into(), &text.into());
    }
    error
}
