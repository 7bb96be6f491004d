//! The wasm face, in a real browser.
#![cfg(target_arch = "wasm32")]

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn says_its_version() {
    assert_eq!(synod::web::version(), env!("CARGO_PKG_VERSION"));
}
