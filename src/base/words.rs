//! JSON and numbers as one says them.

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

/// So many of what a word names: `1 letter`, `2 letters`.
#[must_use]
pub fn counted(count: impl TryInto<u64>, word: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {word}{end}")
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_no_plural() {
        let words = [0_u64, 1, 2].map(|count| counted(count, "letter"));
        assert_eq!(words, ["0 letters", "1 letter", "2 letters"]);
    }
}
