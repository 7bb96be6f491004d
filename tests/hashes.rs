//! Fifty scenarios and their trace hashes: the same natively here, in Node (tests/js) and in Chrome
//! (tests/web.rs). `UPDATE=1` writes tests/hashes.json anew.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use synod::base::Micros;
use synod::scenario::{BUDGET, Scenario, build, run};
use synod::sim::Simulation;

const COUNT: usize = 50;

/// The gallery, and made-up scenarios up to fifty.
fn fifty() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/lessons/raft");
    let index = fs::read_to_string(folder.join("index.json")).expect("the gallery is there");
    let names: Vec<String> = serde_json::from_str(&index).expect("a list of names");
    let gallery = names.iter().map(|name| {
        let text = fs::read_to_string(folder.join(format!("{name}.json"))).expect("a scenario");
        let mut document: Value = serde_json::from_str(&text).expect("it is JSON");
        for words in ["title", "about", "watch", "expect"] {
            document.as_object_mut().expect("an object").remove(words);
        }
        document
    });
    gallery
        .chain((900_000..).map(common::scenario))
        .take(COUNT)
        .collect()
}

#[test]
fn fifty_scenarios_have_the_hashes_that_were_written_down() {
    let found: Vec<Value> = fifty()
        .into_iter()
        .map(|document| {
            let scenario = Scenario::read(document.clone()).expect("it is sound");
            let report = run(&scenario, BUDGET).expect("within budget");
            json!({ "scenario": document, "trace_hash": report.trace_hash })
        })
        .collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hashes.json");
    if std::env::var_os("UPDATE").is_some() {
        let lines: Vec<String> = found.iter().map(Value::to_string).collect();
        fs::write(&path, format!("[\n{}\n]\n", lines.join(",\n"))).expect("it can be written");
    }
    let text = fs::read_to_string(&path).expect("tests/hashes.json is there");
    let written: Vec<Value> = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(found.len(), written.len());
    for (found, written) in found.iter().zip(&written) {
        assert_eq!(
            found, written,
            "a run has changed; if that is meant, run with UPDATE=1"
        );
    }
}

#[test]
fn walking_back_and_forth_changes_nothing() {
    for document in fifty() {
        let scenario = Scenario::read(document).expect("it is sound");
        let mut straight = build(&scenario, BUDGET).expect("it fits");
        straight.advance(scenario.until).expect("within budget");
        let mut walked = build(&scenario, BUDGET).expect("it fits");
        let part = |hundredths: u64| Micros(scenario.until.0 * hundredths / 100);
        for hundredths in [40, 10, 90, 55, 0, 100] {
            walked.seek(part(hundredths)).expect("within budget");
        }
        assert_eq!(walked.trace_hash(), straight.trace_hash());
        assert_eq!(walked.counts(), straight.counts());
        fork(walked.as_mut(), part(50), &scenario);
    }
}

/// Acting in the middle of a run gives the run that its script gives.
fn fork(run: &mut dyn Simulation, at: Micros, scenario: &Scenario) {
    run.seek(at).expect("within budget");
    run.step().expect("within budget");
    let heal = synod::sim::Action::Heal {};
    run.apply(heal).expect("links can always be mended");
    run.advance(scenario.until).expect("within budget");
    let script = run
        .script()
        .iter()
        .cloned()
        .map(synod::scenario::ScriptEntry)
        .collect();
    let forked = Scenario {
        script,
        ..scenario.clone()
    };
    let document = serde_json::to_value(&forked).expect("it can be written");
    let again = Scenario::read(document).expect("what is written can be read");
    let mut replay = build(&again, BUDGET).expect("it fits");
    replay.advance(scenario.until).expect("within budget");
    assert_eq!(replay.trace_hash(), run.trace_hash());
}
