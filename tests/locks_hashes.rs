//! The gallery's runs of the lock manager have the trace hashes that were written down: here, and in Node
//! (tests/js). `UPDATE=1` writes tests/locks-hashes.json anew.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use synod::scenario::{BUDGET, Scenario, run};

#[test]
fn the_gallerys_runs_are_what_they_were() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("www/lessons/locks");
    let index = fs::read_to_string(folder.join("index.json")).expect("the gallery is there");
    let names: Vec<String> = serde_json::from_str(&index).expect("a list of names");
    let hash = |name: String| {
        let text = fs::read_to_string(folder.join(format!("{name}.json"))).expect("a scenario");
        let scenario = Scenario::parse(&text).expect("it is sound");
        let report = run(&scenario, BUDGET).expect("within budget");
        (name, report.trace_hash)
    };
    let found: BTreeMap<String, String> = names.into_iter().map(hash).collect();
    let path = root.join("tests/locks-hashes.json");
    if std::env::var_os("UPDATE").is_some() {
        let text = serde_json::to_string_pretty(&found).expect("JSON");
        fs::write(&path, format!("{text}\n")).expect("it can be written");
    }
    let text = fs::read_to_string(&path).expect("tests/locks-hashes.json is there");
    let written: BTreeMap<String, String> = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(
        found, written,
        "a run has changed; if that is meant, run with UPDATE=1"
    );
}
