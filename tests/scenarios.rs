//! Every scenario file, run: those of the gallery and those of `tests/scenarios`. Each is run
//! twice and must give the same trace, and what it expects must come true. A file named
//! `mutant-…` leaves a rule out; with the rule back in, it must violate nothing. Each mutant has one.
#![cfg(not(target_arch = "wasm32"))]

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use synod::scenario::{BUDGET, Expect, Report, Scenario, describe, protocols, run};

/// The scenario files below `folder`, in order of their names.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "json") && !path.ends_with("index.json")
        {
            found.push(path);
        }
    }
}

fn report(scenario: &Scenario, path: &Path) -> Report {
    run(scenario, BUDGET).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What is wrong with a mutant's scenario when the rule is back in: then it must violate nothing,
/// and not come to what it shows of the mutant.
fn without_mutant(
    name: &str,
    mutant: &str,
    mut scenario: Scenario,
    expect: &Expect,
    path: &Path,
) -> Vec<String> {
    let removed = match &mut scenario.options {
        Value::Object(options) => options.remove("mutant"),
        _ => None,
    };
    let mut failures = Vec::new();
    if removed != Some(Value::String(mutant.replace('-', "_"))) {
        failures.push(format!("{name} leaves out {removed:?}"));
    }
    let whole = report(&scenario, path);
    if let Some(first) = whole.violations.first() {
        failures.push(format!("{name} without its mutant: {}", first.text));
    }
    if whole.linearizable == Some(false) {
        failures.push(format!("{name} without its mutant: not linearizable"));
    }
    if expect.unmet(&whole, scenario.clients.count).is_empty() {
        failures.push(format!("{name} comes to the same without its mutant"));
    }
    failures
}

#[test]
fn scenarios_come_to_what_they_expect() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    files(&root.join("www/lessons"), &mut paths);
    files(&root.join("tests/scenarios"), &mut paths);
    let (mut failures, mut mutants) = (Vec::new(), Vec::new());
    for path in &paths {
        let name = path
            .strip_prefix(root)
            .unwrap_or(path)
            .display()
            .to_string();
        let text = fs::read_to_string(path).expect("it can be read");
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let once = report(&scenario, path);
        assert_eq!(
            once.trace_hash,
            report(&scenario, path).trace_hash,
            "{name} runs differently"
        );
        let Some(expect) = scenario.expect.clone() else {
            failures.push(format!("{name}: expects nothing"));
            continue;
        };
        let built_in = scenario.clients.count;
        failures.extend(
            expect
                .unmet(&once, built_in)
                .iter()
                .map(|unmet| format!("{name}: {unmet}")),
        );
        let stem = path.file_stem().map(|stem| stem.to_string_lossy());
        if let Some(mutant) = stem
            .as_deref()
            .and_then(|stem| stem.strip_prefix("mutant-"))
        {
            mutants.push((scenario.protocol.clone(), mutant.replace('-', "_")));
            failures.extend(without_mutant(&name, mutant, scenario, &expect, path));
        }
    }
    mutants.sort();
    let of = |protocol: &str| {
        let known = describe(protocol).expect("it is registered").mutants;
        let name = protocol.to_owned();
        known.into_iter().map(move |mutant| (name.clone(), mutant))
    };
    let mut all: Vec<(String, String)> = protocols().flat_map(of).collect();
    all.sort();
    assert_eq!(mutants, all, "a scenario for each mutant, named after it");
    assert!(
        paths.len() > 12,
        "only {} scenarios were found",
        paths.len()
    );
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

#[test]
fn the_gallery_lists_its_scenarios() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/lessons");
    for protocol in protocols() {
        let text = fs::read_to_string(folder.join(protocol).join("index.json")).expect("a list");
        let mut listed: Vec<String> = serde_json::from_str(&text).expect("a list of names");
        let mut paths = Vec::new();
        files(&folder.join(protocol), &mut paths);
        let stem = |path: &PathBuf| {
            path.file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
        };
        let mut present: Vec<String> = paths.iter().filter_map(stem).collect();
        listed.sort();
        present.sort();
        assert_eq!(listed, present);
        for path in paths {
            let scenario =
                Scenario::parse(&fs::read_to_string(&path).expect("a file")).expect("sound");
            let words = [&scenario.title, &scenario.about, &scenario.watch];
            assert!(
                words.iter().all(|words| words.is_some()),
                "{path:?} lacks words"
            );
        }
    }
}
