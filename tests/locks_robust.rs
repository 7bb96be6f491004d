//! The lock manager's options: what makes no sense is refused in plain words.
#![cfg(not(target_arch = "wasm32"))]

use serde_json::{Value, json};
use synod::scenario::{BUDGET, Scenario, build, describe};

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
