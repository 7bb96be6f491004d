//! Scenarios, read and run natively.
#![cfg(not(target_arch = "wasm32"))]

use synod::scenario::{BUDGET, Scenario, Verdict, build, describe, protocols, run};

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
fn more_nodes_than_a_protocol_takes_are_told_at_their_place() {
    let scenario = Scenario::parse(r#"{ "protocol": "pbft", "nodes": 32 }"#).expect("well formed");
    let error = run(&scenario, BUDGET).expect_err("too many replicas");
    assert_eq!(error.path, "nodes");
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

/// What the script asks for is told as it is where clients ask by themselves.
#[test]
fn what_is_asked_by_hand_is_told_in_words() {
    let text = r#"{ "protocol": "locks", "nodes": 3, "script": [
        { "at_ms": 5, "do": "request", "client": 1, "node": 0, "op": { "write": ["a", 2, 3000] } },
        { "at_ms": 6, "do": "partition", "groups": [[1]] }], "until_ms": 10 }"#;
    let scenario = Scenario::parse(text).expect("it is sound");
    let mut run = build(&scenario, BUDGET).expect("it is sound");
    run.advance(scenario.until).expect("it fits its budget");
    let told: Vec<String> = run
        .events(0, run.length())
        .into_iter()
        .filter(|event| event.kind == "action")
        .map(|event| event.text)
        .collect();
    assert_eq!(
        told,
        [
            "Client 1 asks node 0: write a 3000 token 2",
            "The network is cut into {1} and {0, 2}"
        ]
    );
}

/// What is said to a person: nothing of Rust's types, and nothing twice.
#[test]
fn what_is_wrong_is_said_in_plain_words() {
    for (extra, said) in [
        (
            r#", "options": { "heartbeat_ms": 0 }"#,
            "options.heartbeat_ms: found 0, expected more than 0",
        ),
        (
            r#", "options": { "heartbeat_ms": 200 }"#,
            "options.election_timeout_ms: found 150 at the least, expected more than the heartbeat of 200",
        ),
        (
            r#", "options": { "election_timeout_ms": [300, 150.5] }"#,
            "options.election_timeout_ms: found [300, 150.5], expected the least first, then the greatest",
        ),
        (
            r#", "options": { "batch": 0 }"#,
            "options.batch: found 0, expected a whole number from 1 to 10000",
        ),
        (
            r#", "nodes": 70000"#,
            "nodes: found 70000, expected a whole number from 0 to 65535",
        ),
        (r#", "script": 7"#, "script: found 7, expected a list"),
        (
            r#", "script": [{ "at_ms": 1, "do": "request", "op": { "put": ["x", 1e20] } }]"#,
            "script[0].op.put[1]: found 1e+20, expected a whole number from -9223372036854775808 to 9223372036854775807",
        ),
        (
            r#", "script": [{ "at_ms": 1, "do": "request", "op": { "put": ["x"] } }]"#,
            "script[0].op.put: found a list of 1, expected a list of 2",
        ),
        (
            r#", "script": [{ "at_ms": 1, "do": "request", "op": { "put": "x" } }]"#,
            "script[0].op.put: found \"x\", expected a list",
        ),
        (
            r#", "script": [{ "at_ms": 1, "do": "request", "op": { "transfer": "x" } }]"#,
            "script[0].op.transfer: found \"x\", expected a whole number from 0 to 65535",
        ),
    ] {
        let error = match raft(extra) {
            Err(error) => error,
            Ok(scenario) => run(&scenario, BUDGET).expect_err(extra),
        };
        assert_eq!(error.to_string(), said);
    }
}

/// What can never be done is refused before the run; an entry is named by its place in the file.
#[test]
fn actions_that_can_never_be_done_are_refused() {
    for (entry, field) in [
        (
            r#""do": "skew", "node": 0, "drift_ppm": 600000"#,
            "drift_ppm",
        ),
        (
            r#""do": "request", "client": 20000, "op": { "get": "x" }"#,
            "client",
        ),
        (
            r#""do": "partition", "groups": [[0, 1], [2, 0]]"#,
            "groups[1][1]",
        ),
        (r#""do": "timeout", "node": 0, "timer": "tea""#, "timer"),
        (r#""do": "link", "latency_ms": [20, 5]"#, "latency_ms"),
        (r#""do": "drop", "kind": "Pigeon""#, "kind"),
        (r#""do": "request", "op": { "sing": 1 }"#, "op"),
        (r#""do": "crash", "node": 5"#, "node"),
    ] {
        let script =
            format!(r#", "script": [{{ "at_ms": 9, "do": "heal" }}, {{ "at_ms": 5, {entry} }}]"#);
        let error = raft(&script).expect_err(entry);
        assert_eq!(error.path, format!("script[1].{field}"), "{error}");
    }
}

/// A script is in order of time, in whatever order it is written down.
#[test]
fn nodes_are_there_from_the_moment_they_join() {
    let crash = r#"{ "at_ms": 2000, "do": "crash", "node": 5 }"#;
    let join = |at: u32| format!(r#"{{ "at_ms": {at}, "do": "join" }}"#);
    let sound = raft(&format!(r#", "script": [{crash}, {}]"#, join(1_000)));
    assert!(sound.is_ok(), "{sound:?}");
    let early = r#"{ "at_ms": 1000, "do": "crash", "node": 5 }"#;
    let error = raft(&format!(r#", "script": [{}, {early}]"#, join(2_000)));
    let error = error.expect_err("the node joins later");
    assert_eq!(error.path, "script[1].node");
    // None but a node that is there is taken in by a request.
    let add = r#"{ "at_ms": 1500, "do": "request", "op": { "add": 5 } }"#;
    let sound = raft(&format!(r#", "script": [{add}, {}]"#, join(1_000)));
    assert!(sound.is_ok(), "{sound:?}");
    let error = raft(&format!(r#", "script": [{}, {add}]"#, join(2_000)));
    let error = error.expect_err("the node joins later").to_string();
    assert_eq!(
        error,
        "script[1].op: found node 5, expected a node from 0 to 4"
    );
    let store = r#"{ "version": 1, "protocol": "kv",
        "script": [{ "at_ms": 5, "do": "request", "op": { "join": 9 } }] }"#;
    let error = Scenario::parse(store).expect_err("there is no node 9");
    assert_eq!(
        (error.path.as_str(), error.found.as_str()),
        ("script[0].op", "node 9")
    );
}

/// What is shared, saved and searched is the scenario as its run tells it: no option may be lost there.
#[test]
fn a_run_tells_the_options_that_it_was_given() {
    for protocol in protocols() {
        for mutant in describe(protocol).expect("it is there").mutants {
            let text =
                format!(r#"{{ "protocol": "{protocol}", "options": {{ "mutant": "{mutant}" }} }}"#);
            let scenario = Scenario::parse(&text).expect("it is sound");
            let told = build(&scenario, 10).expect("it is sound").options();
            assert_eq!(told["mutant"], mutant.as_str(), "{protocol}");
            let again = Scenario {
                options: told.clone(),
                ..scenario
            };
            let again = build(&again, 10).expect("what is told is read").options();
            assert_eq!(again, told, "{protocol} {mutant}");
        }
    }
}
