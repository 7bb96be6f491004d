//! Histories whose verdicts nobody here made: `../shared/histories`. Where that folder is absent the
//! test says so.

use std::path::Path;
use synod::check::{
    KeyValue, Limits, TextStore, Verdict, check, read_register_log, read_text_store,
};

/// Steps of a search: far more than any of them needs.
const BUDGET: Limits = Limits::steps(10_000_000);

#[test]
fn verdicts_of_others_are_ours() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/histories");
    let Ok(readme) = std::fs::read_to_string(folder.join("README.md")) else {
        println!("SKIPPED: there is no {}", folder.display());
        return;
    };
    let mut judged = 0;
    for row in readme.lines() {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, file, count, _, expected @ ("yes" | "no"), _] = cells[..] else {
            continue;
        };
        let text = std::fs::read_to_string(folder.join(file)).expect("a file of the table");
        let (calls, verdict) = if file.ends_with(".log") {
            let calls = read_register_log(&text).expect("a log");
            (
                text.matches(":invoke").count(),
                holds(&check(&KeyValue::default(), &calls, BUDGET)),
            )
        } else {
            let calls = read_text_store(&text).expect("a history");
            (calls.len(), holds(&check(&TextStore, &calls, BUDGET)))
        };
        assert_eq!(calls.to_string(), count, "{file}");
        assert_eq!(verdict, Some(expected == "yes"), "{file}");
        judged += 1;
    }
    assert_eq!(judged, 13);
}

/// Whether a history has an order; nothing where the search came to its limits.
fn holds<S>(verdict: &Verdict<S>) -> Option<bool> {
    match verdict {
        Verdict::Linearizable(_) => Some(true),
        Verdict::Violated(..) => Some(false),
        Verdict::Unknown => None,
    }
}
