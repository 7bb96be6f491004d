//! Messages and delays, against the closed forms: in a run without faults they agree exactly.

use serde_json::{Value, json};
use synod::scenario::{BUDGET, Report, Scenario, run};

/// One request to a rested cluster in which every message takes 10 ms.
fn one_request(nodes: u64, auth: &str, options: Value, op: Value) -> Report {
    let mut document = json!({
        "protocol": "pbft",
        "nodes": nodes,
        "options": { "auth": auth },
        "network": { "latency_ms": [10, 10] },
        "clients": { "latency_ms": [10, 10] },
        "script": [{ "at_ms": 100, "do": "request", "op": op }],
        "until_ms": 2000,
    });
    for (key, value) in options.as_object().into_iter().flatten() {
        document["options"][key] = value.clone();
    }
    let scenario = Scenario::read(document).expect("it is sound");
    run(&scenario, BUDGET).expect("within budget")
}

fn delay(report: &Report) -> f64 {
    let operation = &report.history[0];
    operation.returned.expect("it is answered").as_ms() - operation.call.as_ms()
}

/// (n - 1) pre-prepares, (n - 1)^2 prepares and n (n - 1) commits: 2 n (n - 1) in all; and five
/// message delays: request, pre-prepare, prepare, commit, reply.
#[test]
fn a_decision_takes_2n_n_minus_1_messages_and_five_delays() {
    for nodes in (4..=31u64).step_by(3) {
        for auth in ["macs", "signatures"] {
            if auth == "signatures" && nodes > 13 {
                continue;
            }
            let report = one_request(nodes, auth, json!({}), json!({ "put": ["x", 1] }));
            let kinds = &report.counts.kinds;
            let count = |kind: &str| u64::from(kinds.get(kind).copied().unwrap_or(0));
            assert_eq!(count("PrePrepare"), nodes - 1);
            assert_eq!(count("Prepare"), (nodes - 1) * (nodes - 1));
            assert_eq!(count("Commit"), nodes * (nodes - 1));
            let all: u64 = kinds.values().map(|count| u64::from(*count)).sum();
            assert_eq!(all, 2 * nodes * (nodes - 1), "{nodes} replicas: {kinds:?}");
            assert_eq!(delay(&report), 50.0, "{nodes} replicas");
            // The request and the replies of all.
            assert_eq!(u64::from(report.counts.delivered), all + 1 + nodes);
        }
    }
}

/// The numbers of the table: 24, 84, 180.
#[test]
fn the_first_of_them_are_24_84_and_180() {
    let sum = |nodes| -> u32 {
        let report = one_request(nodes, "macs", json!({}), json!({ "get": "x" }));
        report.counts.kinds.values().sum()
    };
    assert_eq!([4, 7, 10].map(sum), [24, 84, 180]);
}

/// A read that is answered at once takes two delays, and no message between replicas.
#[test]
fn a_read_at_once_takes_two_delays() {
    let report = one_request(
        4,
        "macs",
        json!({ "read_only": true }),
        json!({ "get": "x" }),
    );
    assert_eq!((delay(&report), report.counts.kinds.len()), (20.0, 0));
}
