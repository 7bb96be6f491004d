//! The stored counterexamples are minimal: leave out any one entry of a script, and what it shows of its
//! mutant is not shown any more. With UPDATE=1, what can be left out is.
#![cfg(not(target_arch = "wasm32"))]

use serde_json::Value;
use std::fs;
use std::path::Path;
use synod::scenario::{BUDGET, Scenario, run};

/// Whether the scenario comes to what it stores of its mutant.
fn shows(document: &Value, wanted: &Value) -> bool {
    let Ok(scenario) = Scenario::read(document.clone()) else {
        return false;
    };
    let Ok(report) = run(&scenario, BUDGET) else {
        return false;
    };
    let Some(expect) = Scenario::read(wanted.clone()).ok().and_then(|it| it.expect) else {
        return false;
    };
    let violated = expect.violated.clone().unwrap_or_default();
    let asks_more = expect.linearizable.is_some() || !expect.results.is_empty();
    if !violated.is_empty() && !asks_more {
        // The same and more besides is still a counterexample.
        let found = |name: &String| report.violations.iter().any(|v| v.invariant == *name);
        return violated.iter().all(found);
    }
    // Otherwise all of it, and not where the rule is in its place.
    let mut whole = scenario.clone();
    if let Value::Object(options) = &mut whole.options {
        options.remove("mutant");
    }
    let count = scenario.clients.count;
    let sound = run(&whole, BUDGET).map(|report| expect.unmet(&report, count));
    expect.unmet(&report, count).is_empty() && sound.is_ok_and(|unmet| !unmet.is_empty())
}

fn without(document: &Value, place: usize) -> Value {
    let mut changed = document.clone();
    if let Some(script) = changed["script"].as_array_mut() {
        script.remove(place);
    }
    changed
}

/// The places of the entries that can be left out one by one, each after those before it.
fn spare(document: &Value) -> (Value, Vec<String>) {
    let (mut best, mut gone) = (document.clone(), Vec::new());
    let mut place = 0;
    while place < best["script"].as_array().map_or(0, Vec::len) {
        let changed = without(&best, place);
        if shows(&changed, document) {
            gone.push(best["script"][place].to_string());
            (best, place) = (changed, 0);
        } else {
            place += 1;
        }
    }
    (best, gone)
}

#[test]
fn no_entry_of_a_stored_counterexample_can_be_left_out() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let (mut wrong, mut count) = (Vec::new(), 0);
    for protocol in fs::read_dir(folder).expect("there are scenarios") {
        for file in fs::read_dir(protocol.expect("a folder").path()).expect("a folder") {
            let path = file.expect("a file").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !name.starts_with("mutant-") {
                continue;
            }
            count += 1;
            let text = fs::read_to_string(&path).expect("it can be read");
            let document: Value = serde_json::from_str(&text).expect("it is JSON");
            assert!(
                document["about"].is_string(),
                "{name} does not say what is left out and what breaks"
            );
            assert!(
                shows(&document, &document),
                "{name} does not come to what it stores"
            );
            let (best, gone) = spare(&document);
            if gone.is_empty() {
                continue;
            }
            if std::env::var_os("UPDATE").is_some() {
                let text = serde_json::to_string_pretty(&best).expect("it is JSON");
                fs::write(&path, text + "\n").expect("it can be written");
            } else {
                wrong.push(format!("{name} can do without {}", gone.join(", ")));
            }
        }
    }
    assert!(count >= 36, "only {count} counterexamples");
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
