//! JSON as one says it.

use serde_json::Value;

/// An operation or an answer as one says it: `put x 1`, not `{"put":["x",1]}`.
#[must_use]
pub fn plain_words(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(plain_words).collect();
            items.join(" ")
        }
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(verb, of)| format!("{verb} {}", plain_words(of)));
            fields.collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}
