//! The ready scenarios of every protocol: what their runs come to, and that it does not matter how
//! they are walked.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use synod::base::Micros;
use synod::scenario::{BUDGET, Scenario, build, protocols, run};

fn path(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(of)
}

/// The ready scenarios of a protocol, by name, in the order in which the page lists them.
fn gallery(protocol: &str) -> Vec<(String, Scenario)> {
    let folder = path("www/lessons").join(protocol);
    let index = fs::read_to_string(folder.join("index.json")).expect("the gallery is there");
    let names: Vec<String> = serde_json::from_str(&index).expect("a list of names");
    let read = |name: String| {
        let text = fs::read_to_string(folder.join(format!("{name}.json"))).expect("a scenario");
        let scenario = Scenario::parse(&text).expect("it is sound");
        (name, scenario)
    };
    names.into_iter().map(read).collect()
}

/// The same here and in Node (tests/js). `UPDATE=1` writes tests/gallery-hashes.json anew.
#[test]
fn runs_have_the_hashes_that_were_written_down() {
    let hash = |(name, scenario): (String, Scenario)| {
        let report = run(&scenario, BUDGET).expect("within budget");
        (name, report.trace_hash)
    };
    let of = |protocol: &str| gallery(protocol).into_iter().map(hash).collect();
    let found: BTreeMap<String, BTreeMap<String, String>> = protocols()
        .map(|protocol| (protocol.to_owned(), of(protocol)))
        .collect();
    let path = path("tests/gallery-hashes.json");
    if std::env::var_os("UPDATE").is_some() {
        let text = serde_json::to_string_pretty(&found).expect("JSON");
        fs::write(&path, format!("{text}\n")).expect("it can be written");
    }
    let text = fs::read_to_string(&path).expect("tests/gallery-hashes.json is there");
    let written: BTreeMap<String, BTreeMap<String, String>> =
        serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(
        found, written,
        "a run has changed; if that is meant, run with UPDATE=1"
    );
}

#[test]
fn walking_back_and_forth_changes_nothing() {
    for (name, scenario) in protocols().flat_map(gallery) {
        let mut straight = build(&scenario, BUDGET).expect("it fits");
        straight.advance(scenario.until).expect("within budget");
        let mut walked = build(&scenario, BUDGET).expect("it fits");
        for hundredths in [40, 10, 90, 55, 0, 100] {
            let to = Micros(scenario.until.0 * hundredths / 100);
            walked.seek(to).expect("within budget");
        }
        assert_eq!(walked.trace_hash(), straight.trace_hash(), "{name}");
        assert_eq!(walked.counts(), straight.counts(), "{name}");
    }
}
