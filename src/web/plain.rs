//! Reading plain JavaScript values, without trusting their depth: each level takes room on the
//! stack of the wasm module, and one that has overflowed is of no use ever after.

use crate::scenario::ScenarioError;
use js_sys::{Array, Map, Object, Symbol};
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};

/// How deep lists and objects may stand within each other. A scenario needs eight levels.
const DEPTH_MAX: u32 = 64;

/// Reads a `T` that JavaScript gave.
pub(super) fn read<T: DeserializeOwned>(
    value: JsValue,
    expected: &str,
) -> Result<T, ScenarioError> {
    if let Some(path) = too_deep_at(&value) {
        let found = format!("more than {DEPTH_MAX} lists and objects within each other");
        let expected = format!("{DEPTH_MAX} at the most");
        return Err(ScenarioError::new(path, found, expected));
    }
    serde_wasm_bindgen::from_value(value)
        .map_err(|error| ScenarioError::new("", error.to_string(), expected))
}

/// The field of `value` that is nested too deeply, if one is.
fn too_deep_at(value: &JsValue) -> Option<String> {
    let parts = parts(value)?;
    let place = parts
        .iter()
        .position(|part| is_deep(&part, DEPTH_MAX - 1))?;
    if Array::is_array(value) {
        return Some(format!("[{place}]"));
    }
    let names = Object::keys(value.unchecked_ref::<Object>());
    Some(names.get(place as u32).as_string().unwrap_or_default())
}

fn is_deep(value: &JsValue, room: u32) -> bool {
    parts(value).is_some_and(|parts| room == 0 || parts.iter().any(|part| is_deep(&part, room - 1)))
}

/// What a list or an object holds, as far as it is read; `None` for other values.
fn parts(value: &JsValue) -> Option<Array> {
    if Array::is_array(value) {
        return Some(value.clone().unchecked_into());
    }
    if !value.is_object() {
        return None;
    }
    if let Some(map) = value.dyn_ref::<Map>() {
        return Some(Array::from(&map.values()));
    }
    let is_plain = !Symbol::iterator().js_in(value);
    is_plain.then(|| Object::values(value.unchecked_ref::<Object>()))
}
