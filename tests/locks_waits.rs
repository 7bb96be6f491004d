//! What clocks end: waits and leases, in runs of a whole cluster.
#![cfg(not(target_arch = "wasm32"))]

use serde_json::{Value, json};
use synod::scenario::{BUDGET, Report, Scenario, run};

fn asks(at_ms: u64, client: u64, op: Value) -> Value {
    json!({ "at_ms": at_ms, "do": "request", "client": client, "op": op })
}

/// Three nodes, of which node 0 leads first, and what hands do.
fn runs(options: &Value, mut script: Vec<Value>) -> Report {
    script.push(json!({ "at_ms": 60, "do": "timeout", "node": 0, "timer": "election" }));
    script.sort_by_key(|entry| entry["at_ms"].as_u64());
    let document = json!({
        "protocol": "locks",
        "nodes": 3,
        "seed": 1,
        "options": options,
        "network": { "latency_ms": [4, 8] },
        "clients": { "count": 0, "timeout_ms": 200, "attempts": 20 },
        "script": script,
        "until_ms": 2_600,
    });
    let scenario = Scenario::read(document).unwrap_or_else(|error| panic!("{error}"));
    run(&scenario, BUDGET).expect("within budget")
}

fn broken(report: &Report) -> Vec<&str> {
    let violations = report.violations.iter();
    violations
        .map(|violation| violation.invariant.as_str())
        .collect()
}

/// Client 1 waits 600 ms at the most for what client 0 holds, and the leader crashes; client 2
/// keeps the log going.
fn a_wait_over_a_crash() -> Vec<Value> {
    let mut script = vec![
        asks(200, 0, json!({ "acquire": ["a", { "ttl_ms": 5_000 }] })),
        asks(300, 1, json!({ "acquire": ["a", { "timeout_ms": 600 }] })),
        json!({ "at_ms": 400, "do": "crash", "node": 0 }),
    ];
    script.extend((5..12).map(|n| asks(200 * n, 2, json!({ "try_acquire": ["b"] }))));
    script
}

#[test]
fn a_wait_that_a_new_leader_forgets_is_found() {
    let report = runs(&json!({ "mutant": "forgets_waits" }), a_wait_over_a_crash());
    assert_eq!(broken(&report), ["every waiter ends"]);
    let text = &report.violations[0].text;
    assert!(text.contains("Client 1 still waits for lock a"), "{text}");
    let report = runs(&json!({}), a_wait_over_a_crash());
    assert_eq!(broken(&report), [""; 0]);
    assert_eq!(report.history[1].result["refused"], "timed_out");
}

#[test]
fn a_client_that_wants_to_wait_longer_is_not_found() {
    let mut script = a_wait_over_a_crash();
    script[1]["op"]["acquire"][1]["timeout_ms"] = 60_000.into();
    let report = runs(&json!({ "mutant": "forgets_waits" }), script);
    assert_eq!(broken(&report), [""; 0]);
}

#[test]
fn a_leader_that_stands_still_is_no_reason() {
    let mut script = a_wait_over_a_crash();
    script[2] = json!({ "at_ms": 850, "do": "pause", "node": 0 });
    script.push(json!({ "at_ms": 1_010, "do": "resume", "node": 0 }));
    for at_ms in 860..870 {
        script.push(asks(at_ms, at_ms, json!({ "try_acquire": ["c"] })));
    }
    let report = runs(&json!({ "check_quorum": false }), script);
    assert_eq!(broken(&report), [""; 0]);
}

#[test]
fn a_lease_is_never_cut_short() {
    let script = vec![
        asks(200, 0, json!({ "acquire": ["a", { "ttl_ms": 2_000 }] })),
        asks(300, 0, json!({ "acquire": ["b", { "ttl_ms": 100 }] })),
        asks(1_000, 0, json!({ "write": ["a", 1, 7] })),
    ];
    let report = runs(&json!({}), script);
    assert_eq!(broken(&report), [""; 0]);
    assert_eq!(report.history[1].result["granted"]["ttl_ms"], 2_000.0);
    assert_eq!(report.history[2].result["written"]["token"], 1);
    // Who holds nothing begins anew.
    let script = vec![
        asks(200, 0, json!({ "acquire": ["a", { "ttl_ms": 2_000 }] })),
        asks(300, 0, json!({ "release": ["a"] })),
        asks(400, 0, json!({ "acquire": ["b", { "ttl_ms": 300 }] })),
        asks(1_200, 0, json!({ "write": ["b", 2, 7] })),
    ];
    let report = runs(&json!({}), script);
    assert_eq!(broken(&report), [""; 0]);
    assert_eq!(report.history[2].result["granted"]["ttl_ms"], 300.0);
}
