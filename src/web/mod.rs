//! The face of the wasm modules: it translates between JavaScript values and the floors below,
//! and decides nothing.
//!
//! The page loads the texts, the judge of histories and each protocol apart, so each has a module of its own, built from the
//! same crate with the feature of that name. `runs` is what the protocols have in common.

#[cfg(feature = "check")]
mod check;
#[cfg(feature = "hunt")]
mod hunt;
#[cfg(feature = "text")]
mod lab;
#[cfg(feature = "runs")]
mod plain;
#[cfg(feature = "runs")]
mod runs;
#[cfg(feature = "runs")]
mod simulation;
#[cfg(feature = "text")]
mod text;
#[cfg(any(feature = "runs", feature = "check"))]
mod wrong;

use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

#[cfg(feature = "check")]
pub use check::check;
#[cfg(feature = "hunt")]
pub use hunt::{WebHunt, no_return, shrink};
#[cfg(feature = "text")]
pub use lab::{WebTextLab, lab_algorithms};
#[cfg(feature = "runs")]
pub use runs::{JsReport, describe, panic_for_test, protocols, run};
#[cfg(feature = "runs")]
pub use simulation::WebSimulation;
#[cfg(feature = "text")]
pub use text::WebTextReplica;

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

/// A value as plain JavaScript objects.
fn to_js<T: Serialize>(value: &T) -> Result<JsValue, JsValue> {
    value
        .serialize(&Serializer::json_compatible())
        .map_err(JsValue::from)
}

/// What always crosses: numbers, strings, lists and plain structs.
#[cfg(feature = "text")]
fn shown<T: Serialize>(value: &T) -> JsValue {
    to_js(value).unwrap_or(JsValue::UNDEFINED)
}
