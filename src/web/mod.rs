//! The face of the wasm module.

use wasm_bindgen::prelude::wasm_bindgen;

/// The version of Synod this module was built from.
#[wasm_bindgen]
#[must_use]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").into()
}
