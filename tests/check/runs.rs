//! Runs of Synod's own protocols, judged from their reports alone.

use serde_json::{Value, json};
use synod::check::{Answer, Budget, Judgement, judge_text};
use synod::scenario::{BUDGET, Report, Scenario, run};

fn report(scenario: Value) -> Report {
    let scenario = Scenario::read(scenario).expect("a scenario");
    run(&scenario, BUDGET).expect("it ends")
}

fn judged(report: &Report) -> Judgement {
    let text = serde_json::to_string(report).expect("JSON");
    judge_text(&text, Budget::default()).expect("a report is a history")
}

#[test]
fn reports_are_judged_as_the_runs_were() {
    for protocol in ["raft", "paxos", "pbft"] {
        let report = report(json!({
            "protocol": protocol, "nodes": 4, "clients": { "count": 4 },
            "script": [{ "at_ms": 700, "do": "crash", "node": 0 }],
            "until_ms": 4_000
        }));
        let judged = judged(&report);
        assert!(judged.operations.len() > 20);
        assert_eq!(judged.linearizable, Some(Answer::Yes), "{protocol}");
        assert_eq!(report.linearizable, Some(true));
        let sequential = judged.sequential.expect("there is a model");
        assert_eq!(sequential.verdict, Answer::Yes);
    }
}

#[test]
fn a_single_decision_is_a_consensus_object() {
    let report = report(json!({
        "protocol": "paxos", "options": { "mode": "single" }, "clients": { "count": 3 }, "until_ms": 2_000
    }));
    let judged = judged(&report);
    assert_eq!(
        (judged.model.as_str(), judged.linearizable),
        ("consensus", Some(Answer::Yes))
    );
}

fn judged_text(history: Value) -> Judgement {
    judge_text(&history.to_string(), Budget::default()).expect("a history")
}

/// A replicated text, whose clients are promised no single copy.
#[test]
fn what_promises_no_single_copy_is_not_judged_as_a_map() {
    let report = report(json!({
        "protocol": "sequence", "clients": { "count": 2 }, "until_ms": 1_000
    }));
    assert!(report.history.len() > 5);
    for text in [
        json!(report),
        json!(report.history),
        json!({ "history": report.history }),
    ] {
        let judged = judged_text(text);
        assert_eq!(judged.model, "nothing_promised");
        assert_eq!(judged.operations.len(), report.history.len());
        assert!(judged.keys.is_empty());
        assert_eq!((judged.linearizable, judged.sequential), (None, None));
        assert_eq!(judged.sessions, None);
    }
}

/// A report says what it was held against; operations alone are held against what they look like.
#[test]
fn what_a_report_says_of_its_model_counts() {
    let report = report(json!({
        "protocol": "raft", "clients": { "count": 2 }, "until_ms": 2_000
    }));
    let history = json!(report.history);
    assert_eq!(judged_text(history.clone()).model, "map");
    for (model, told) in [
        (json!("key_value"), "map"),
        (json!("consensus"), "consensus"),
        (Value::Null, "nothing_promised"),
    ] {
        let judged = judged_text(json!({ "history": history, "model": model }));
        assert_eq!(judged.model, told);
    }
    let named = json!({ "history": history, "model": "heap" }).to_string();
    let said = judge_text(&named, Budget::default()).expect_err("no such model");
    assert!(
        said.to_string()
            .starts_with("model: found \"heap\", expected key_value or consensus"),
        "{said}"
    );
}

/// Nothing in what was asked tells a store with siblings from a map before the first answer.
#[test]
fn a_store_with_siblings_that_nobody_heard_of_is_not_judged_as_a_map() {
    let report = report(json!({
        "protocol": "kv", "clients": { "count": 2 }, "until_ms": 2_000
    }));
    let mut history = json!(report.history);
    let heard = judged_text(json!({ "history": history, "model": null }));
    assert_eq!(heard.model, "siblings");
    for each in history.as_array_mut().expect("a list") {
        each["return_ms"] = Value::Null;
        each["result"] = Value::Null;
    }
    let unheard = judged_text(json!({ "history": history, "model": null }));
    assert_eq!(unheard.model, "nothing_promised");
}

#[test]
fn tokens_of_locks_grow_whatever_happens() {
    let mut granted = 0;
    for seed in 0..6 {
        let report = report(json!({
            "protocol": "locks", "seed": seed, "clients": { "count": 5 },
            "script": [
                { "at_ms": 800, "do": "crash", "node": 0 },
                { "at_ms": 1500, "do": "pause_client", "client": 1 },
                { "at_ms": 3500, "do": "resume_client", "client": 1 },
                { "at_ms": 2000, "do": "restart", "node": 0 }
            ],
            "until_ms": 6_000
        }));
        let judged = judged(&report);
        assert_eq!(judged.model, "fenced_locks");
        assert_eq!(judged.linearizable, Some(Answer::Yes), "{:?}", judged.keys);
        granted += judged
            .operations
            .iter()
            .filter(|o| o.op.starts_with("acquire"))
            .count();
    }
    assert!(granted > 30, "{granted}");
}

/// A store whose versions have no dots, and one that keeps the last writer alone.
#[test]
fn session_guarantees_are_judged_whatever_a_store_keeps() {
    let broken = |options: Value, workload: &str| {
        let report = report(json!({
            "protocol": "kv", "nodes": 5, "clients": { "count": 4, "workload": workload },
            "options": options,
            "script": [
                { "at_ms": 500, "do": "partition", "groups": [[0, 1], [2, 3, 4]] },
                { "at_ms": 1500, "do": "heal" }
            ],
            "until_ms": 3_000
        }));
        let guarantees = judged(&report).sessions.expect("a store with contexts");
        let count = |name: &str| {
            let kept = guarantees.iter().find(|kept| kept.name == name);
            kept.map(|kept| kept.broken).expect("one of four")
        };
        (count("read your writes"), count("monotonic writes"))
    };
    let (_, order) = broken(json!({ "clocks": "server_vv" }), "blind");
    assert!(
        order > 10,
        "replaced versions stand beside later ones: {order}"
    );
    let (missed, _) = broken(json!({ "resolver": "lww", "r": 1, "w": 1 }), "mixed");
    assert!(missed > 0, "a write that lost is shown to nobody");
}

#[test]
fn an_answer_that_is_none_is_refused_with_its_place() {
    let put = |stored: Value| {
        json!([{ "client": 0, "id": 1, "op": { "put": ["x", 1] }, "call_ms": 0, "return_ms": 5,
            "result": { "stored": stored } }])
    };
    let get = |found: Value| {
        json!([{ "client": 0, "id": 1, "op": { "get": "x" }, "call_ms": 0, "return_ms": 5,
            "result": { "found": found } }])
    };
    let context = json!({ "key": "x", "clock": { "0": 1 } });
    for (history, expected) in [
        (put(json!({ "key": "x" })), "history[0].result.stored"),
        (
            put(json!({ "key": "x", "clock": { "0": -1 } })),
            "history[0].result.stored.clock.0",
        ),
        (
            get(
                json!({ "context": context, "versions": [{ "id": "c0#1@0/2.000", "dot": "one" }] }),
            ),
            "history[0].result.found.versions[0].dot",
        ),
        (
            get(json!({ "context": context })),
            "history[0].result.found",
        ),
    ] {
        let text = json!({ "history": history }).to_string();
        let misfit = judge_text(&text, Budget::default()).expect_err("no answer");
        assert!(misfit.path.starts_with(expected), "{misfit}");
    }
    let sound = get(json!({ "context": context, "versions": [] }));
    let judged = judged_text(json!({ "history": sound }));
    assert!(judged.sessions.is_some());
}

/// The judge reads version vectors; the run counts by an oracle that knows nothing of them.
#[test]
fn session_guarantees_are_counted_alike_by_clocks_and_by_the_oracle() {
    let pairs = [
        ("read your writes", ("own writes seen", "own writes missed")),
        ("monotonic reads", ("reads gone on", "reads gone back")),
        (
            "monotonic writes",
            ("writes in their order", "writes out of order"),
        ),
        (
            "writes follow reads",
            ("writes after what was read", "writes before what was read"),
        ),
    ];
    let mut broken = [0; 4];
    for seed in 0..12 {
        let workload = ["mixed", "blind", "cart"][seed % 3];
        let report = report(json!({
            "protocol": "kv", "seed": seed, "nodes": 5, "clients": { "count": 4, "workload": workload },
            "options": { "r": 1, "w": 1 },
            "script": [
                { "at_ms": 500, "do": "partition", "groups": [[0, 1], [2, 3, 4]] },
                { "at_ms": 1500, "do": "heal" }
            ],
            "until_ms": 3_000
        }));
        let judged = judged(&report);
        let guarantees = judged.sessions.expect("a store with contexts");
        for (n, (name, (held, missed))) in pairs.iter().enumerate() {
            let tally = |name: &str| {
                let tally = report.tallies.iter().find(|tally| tally.name == name);
                tally.map(|tally| tally.count)
            };
            let kept = &guarantees[n];
            assert_eq!(kept.name, *name);
            let (held, missed) = (
                tally(held).expect("a tally"),
                tally(missed).expect("a tally"),
            );
            let at = format!(
                "{name}, seed {seed}, {workload}: {} and {}, {held} and {missed}",
                kept.held, kept.broken
            );
            // A write that no read shows counts for the oracle alone, and one that two nodes took is two
            // for it.
            let near = |one: u64, other: u64| one.abs_diff(other) * 8 <= one.max(other) + 80;
            assert!(near(kept.held, held) && near(kept.broken, missed), "{at}");
            assert_eq!(kept.breaches.len() as u64, kept.broken.min(100));
            broken[n] += kept.broken;
        }
    }
    assert!(broken.iter().all(|count| *count > 0), "{broken:?}");
}
