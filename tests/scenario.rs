//! Scenarios, read and run natively.
#![cfg(not(target_arch = "wasm32"))]

use synod::scenario::{BUDGET, Scenario, Verdict, run};

fn raft(extra: &str) -> Result<Scenario, synod::scenario::ScenarioError> {
    Scenario::parse(&format!(
        r#"{{ "protocol": "raft", "clients": {{ "count": 2 }}{extra} }}"#
    ))
}

#[test]
fn a_leader_crash_is_survived() {
    let script = r#", "script": [{ "at_ms": 1000, "do": "crash", "node": 0 },
        { "at_ms": 1500, "do": "restart", "node": 0 }]"#;
    let scenario = raft(script).expect("it is well formed");
    let report = run(&scenario, BUDGET).expect("it fits its budget");
    assert_eq!(report.verdict, Verdict::Ok);
    assert!(
        report.milestones.iter().any(|m| m.kind == "elected"),
        "{:?}",
        report.milestones
    );
    assert!(
        report.availability.answered > 50,
        "{:?}",
        report.availability
    );
    assert_eq!(
        report.trace_hash,
        run(&scenario, BUDGET).expect("again").trace_hash
    );
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (extra, path) in [
        (r#", "nodes": 0"#, "nodes"),
        (r#", "colour": 1"#, "colour"),
        (
            r#", "options": { "heartbeat_ms": "x" }"#,
            "options.heartbeat_ms",
        ),
        (r#", "network": { "loss": 2 }"#, "network.loss"),
        (r#", "script": [{ "do": "heal" }]"#, "script[0].at_ms"),
        (
            r#", "script": [{ "at_ms": -1, "do": "heal" }]"#,
            "script[0].at_ms",
        ),
        (
            r#", "script": [{ "at_ms": 1, "do": "explode" }]"#,
            "script[0].do",
        ),
        (
            r#", "script": [{ "at_ms": 1, "do": "crash", "node": 5 }]"#,
            "script[0].node",
        ),
        (
            r#", "script": [{ "at_ms": 1, "do": "crash", "node": "x" }]"#,
            "script[0].node",
        ),
        (
            r#", "script": [{ "at_ms": 1, "do": "crash" }]"#,
            "script[0].node",
        ),
        (
            r#", "script": [{ "at_ms": 1, "do": "crash", "node": 1, "x": 1 }]"#,
            "script[0].x",
        ),
    ] {
        let error = match raft(extra) {
            Err(error) => error,
            Ok(scenario) => run(&scenario, BUDGET).expect_err(extra),
        };
        assert_eq!(error.path, path, "{error}");
        assert!(
            !error.found.is_empty() && !error.expected.is_empty(),
            "{error:?}"
        );
    }
}
