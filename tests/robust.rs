//! Scenarios gone wrong: thousands of random mutations of sound ones. Each is refused with its
//! place, or runs to an end within its budget; none panics or hangs.
#![cfg(not(target_arch = "wasm32"))]

#[path = "common/mutate.rs"]
mod mutate;

use mutate::{gallery, mutation};
use serde_json::{Map, Value, json};
use synod::scenario::{Scenario, protocols, run};

/// Events and messages a mutated run may have.
const BUDGET: u32 = 15_000;

#[test]
fn mutated_scenarios_neither_panic_nor_hang() {
    for protocol in protocols() {
        let gallery = gallery(protocol);
        let mutations = if protocol == "raft" { 10_000 } else { 4_000 };
        let (mut refused, mut ended, mut stopped) = (0, 0, 0);
        for n in 0..mutations {
            let mut document = mutation(n, &gallery);
            // Signatures would take most of the time.
            if protocol == "pbft"
                && let Some(options) = document.get_mut("options").and_then(Value::as_object_mut)
            {
                options.entry("auth").or_insert_with(|| json!("macs"));
            }
            match Scenario::read(document.clone()).and_then(|scenario| run(&scenario, BUDGET)) {
                Ok(_) => ended += 1,
                Err(error) if error.path == "until_ms" && error.expected.contains("events") => {
                    stopped += 1;
                }
                Err(error) => {
                    assert!(
                        !error.found.is_empty() && !error.expected.is_empty(),
                        "{error:?}\n{document}"
                    );
                    refused += 1;
                }
            }
        }
        println!("{protocol}: {refused} refused, {ended} ended, {stopped} out of budget");
        let tenth = mutations / 10;
        assert!(refused > tenth, "{protocol}: {refused} refused");
        assert!(ended > tenth, "{protocol}: {ended} ended");
        assert!(stopped > 0, "{protocol}: none was stopped by the budget");
    }
}

#[test]
fn garbage_is_dropped_with_a_reason_wherever_it_arrives() {
    let mut script = Vec::new();
    for n in 0..2_000u64 {
        let from = if n % 3 == 0 { 77 } else { (n + 1) % 5 };
        script.push(json!({ "at_ms": 400 + n / 2, "do": "garbage", "node": n % 5, "from": from }));
    }
    let with = json!({ "protocol": "raft", "clients": { "count": 2 }, "script": script, "until_ms": 3000 });
    let scenario = Scenario::read(with).expect("it is sound");
    let report = run(&scenario, 1_000_000).expect("within budget");
    assert!(
        report.violations.is_empty(),
        "{:?}",
        report.violations.first()
    );
    let dropped: u32 = report.counts.ignored.values().sum();
    assert!(dropped >= 2_000, "{:?}", report.counts.ignored);
    let elections = report
        .milestones
        .iter()
        .filter(|fact| fact.kind == "elected")
        .count();
    assert_eq!(elections, 1, "garbage moves nobody");
}

#[test]
fn text_that_is_no_scenario_is_refused() {
    for text in [
        "",
        "null",
        "[]",
        "5",
        "{",
        "{\"protocol\":",
        "{\"protocol\":7}",
        "{\"protocol\":\"x\"}",
    ] {
        let error = Scenario::parse(text).and_then(|scenario| run(&scenario, BUDGET));
        let error = error.expect_err(text);
        assert!(
            !error.found.is_empty() && !error.expected.is_empty(),
            "{text}: {error:?}"
        );
    }
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(Scenario::parse(&deep).is_err());
    let many: Map<String, Value> = (0..10_000).map(|n| (format!("k{n}"), json!(n))).collect();
    assert!(Scenario::read(Value::Object(many)).is_err());
}
