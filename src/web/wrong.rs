//! What is wrong, as it is thrown.

use wasm_bindgen::prelude::{JsError, JsValue};

/// Something wrong, as a JavaScript `Error` with its parts beside its message.
pub(super) trait Wrong: ToString {
    fn parts(&self) -> (&str, &str, String, String);
}

pub(super) fn thrown(wrong: &impl Wrong) -> JsValue {
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
