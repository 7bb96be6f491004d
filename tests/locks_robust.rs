//! The lock manager's scenarios gone wrong: each is refused with its place, or runs to an end within its
//! budget. And its options: what makes no sense is refused in plain words.
#![cfg(not(target_arch = "wasm32"))]

#[path = "common/mutate.rs"]
mod mutate;

use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use synod::scenario::{Scenario, build, describe, run};

const MUTATIONS: u64 = 4_000;
/// Events and messages a mutated run may have.
const BUDGET: u32 = 15_000;

#[test]
fn mutated_scenarios_neither_panic_nor_hang() {
    assert!(!mutate::gallery().is_empty());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/lessons/locks");
    let index = fs::read_to_string(folder.join("index.json")).expect("the gallery is there");
    let names: Vec<String> = serde_json::from_str(&index).expect("a list of names");
    let gallery: Vec<Value> = names
        .iter()
        .map(|name| fs::read_to_string(folder.join(format!("{name}.json"))).expect("a scenario"))
        .map(|text| serde_json::from_str(&text).expect("it is JSON"))
        .collect();
    let (mut refused, mut ended) = (0, 0);
    for n in 0..MUTATIONS {
        let document = mutate::mutation(n, &gallery);
        match Scenario::read(document.clone()).and_then(|scenario| run(&scenario, BUDGET)) {
            Ok(_) => ended += 1,
            Err(error) if error.expected.contains("events") => ended += 1,
            Err(error) => {
                assert!(!error.found.is_empty(), "{error:?}\n{document}");
                refused += 1;
            }
        }
    }
    let least = MUTATIONS / 10;
    assert!(refused > least && ended > least, "{refused} {ended}");
}

#[test]
fn options_that_make_no_sense_are_refused_where_they_stand() {
    let refused = |protocol: &str, options: Value| {
        let document = json!({ "protocol": protocol, "options": options });
        let scenario = Scenario::read(document);
        let error = scenario.and_then(|scenario| build(&scenario, BUDGET).map(|_| ()));
        error.expect_err("it makes no sense")
    };
    for (options, path, words) in [
        (
            json!({ "machine": { "ttl_ms": 0 } }),
            "options.machine.ttl_ms",
            "more than 0",
        ),
        (
            json!({ "machine": { "ttl_ms": 4e6 } }),
            "options.machine.ttl_ms",
            "at the most",
        ),
        (
            json!({ "machine": { "victim": "me" } }),
            "options.machine.victim",
            "youngest",
        ),
        (
            json!({ "machine": { "fence": true } }),
            "options.machine.fence",
            "fencing",
        ),
        (json!({ "machine": 5 }), "options.machine", ""),
        (
            json!({ "mutant": "half_quorum" }),
            "options.mutant",
            "no_fencing_check",
        ),
        (
            json!({ "heartbeat_ms": 0 }),
            "options.heartbeat_ms",
            "more than 0",
        ),
    ] {
        let error = refused("locks", options.clone());
        assert_eq!(error.path, path, "{options}: {error}");
        assert!(error.expected.contains(words), "{options}: {error}");
    }
    // Raft itself has nothing of the kind.
    let error = refused("raft", json!({ "machine": { "ttl_ms": 5 } }));
    assert_eq!(error.path, "options.machine");
    assert_eq!(
        refused("raft", json!({ "mutant": "stale_edges" })).path,
        "options.mutant"
    );
    let raft = describe("raft").expect("it is registered");
    assert!(raft.options.get("machine").is_none());
    let locks = describe("locks").expect("it is registered");
    assert_eq!(locks.options["machine"]["fencing"], true);
    assert_eq!(locks.options["mutant"], Value::Null);
}
