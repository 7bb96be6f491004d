//! PBFT's scenarios gone wrong: each is refused with its place, or runs to an end within its budget.
#![cfg(not(target_arch = "wasm32"))]

#[path = "common/mutate.rs"]
mod mutate;

use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use synod::scenario::{Scenario, run};

const MUTATIONS: u64 = 4_000;
/// Events and messages a mutated run may have.
const BUDGET: u32 = 10_000;

#[test]
fn mutated_scenarios_neither_panic_nor_hang() {
    assert!(!mutate::gallery().is_empty());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/lessons/pbft");
    let index = fs::read_to_string(folder.join("index.json")).expect("the gallery is there");
    let names: Vec<String> = serde_json::from_str(&index).expect("a list of names");
    let gallery: Vec<Value> = names
        .iter()
        .map(|name| fs::read_to_string(folder.join(format!("{name}.json"))).expect("a scenario"))
        .map(|text| serde_json::from_str(&text).expect("it is JSON"))
        .collect();
    let (mut refused, mut ended) = (0, 0);
    for n in 0..MUTATIONS {
        let mut document = mutate::mutation(n, &gallery);
        // Signatures would take most of the time.
        if let Some(options) = document.get_mut("options").and_then(Value::as_object_mut) {
            options.entry("auth").or_insert_with(|| json!("macs"));
        }
        match Scenario::read(document.clone()).and_then(|scenario| run(&scenario, BUDGET)) {
            Ok(_) => ended += 1,
            Err(error) if error.expected.contains("events") => ended += 1,
            Err(error) => {
                assert!(!error.found.is_empty(), "{error:?}\n{document}");
                refused += 1;
            }
        }
    }
    assert!(refused > 400 && ended > 400, "{refused} {ended}");
}

#[test]
fn garbage_is_dropped_with_a_reason_wherever_it_arrives() {
    let mut script = Vec::new();
    for n in 0..1_000u64 {
        let from = if n % 3 == 0 { 77 } else { (n + 1) % 4 };
        script.push(json!({ "at_ms": 100 + n / 2, "do": "garbage", "node": n % 4, "from": from }));
    }
    let document = json!({
        "protocol": "pbft", "nodes": 4, "options": { "auth": "macs" }, "clients": { "count": 2 },
        "script": script, "until_ms": 1500,
    });
    let scenario = Scenario::read(document).expect("it is sound");
    let report = run(&scenario, 1_000_000).expect("within budget");
    assert!(
        report.violations.is_empty(),
        "{:?}",
        report.violations.first()
    );
    let dropped: u32 = report.counts.ignored.values().sum();
    assert!(dropped >= 1_000, "{:?}", report.counts.ignored);
    let kinds = report
        .milestones
        .iter()
        .filter(|fact| fact.kind == "view_change_started");
    assert_eq!(kinds.count(), 0, "garbage moves nobody");
    assert!(report.availability.answered > 20);
}
