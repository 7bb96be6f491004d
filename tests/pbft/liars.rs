//! Liars: what each way to misbehave does, and that it does no harm while they are no more than f.

use serde_json::{Value, json};
use synod::scenario::{BUDGET, Report, Scenario, Verdict, describe, run};

fn report(document: Value) -> Report {
    let scenario = Scenario::read(document).expect("it is sound");
    run(&scenario, BUDGET).expect("within budget")
}

/// Two clients ask a cluster of which some misbehave from the start.
fn cluster(nodes: u64, liars: &[u64], ways: &[&str], auth: &str, seed: u64) -> Value {
    let conduct = |node: &u64| json!({ "at_ms": 1, "do": "conduct", "node": node, "ways": ways });
    json!({
        "protocol": "pbft",
        "nodes": nodes,
        "seed": seed,
        "options": { "auth": auth, "checkpoint_interval": 4, "window": 8, "view_timeout_ms": 200, "status_ms": 100 },
        "clients": { "count": 2, "timeout_ms": 250, "attempts": 30 },
        "script": liars.iter().map(conduct).collect::<Vec<_>>(),
        "until_ms": 3000,
    })
}

/// Each way alone, at the primary and at a backup, in both modes: nothing breaks, requests end.
#[test]
fn one_liar_of_four_does_no_harm() {
    for way in describe("pbft").expect("it is registered").conducts {
        for liar in [0, 2] {
            for auth in ["signatures", "macs"] {
                let report = report(cluster(4, &[liar], &[&way], auth, 3));
                let first = report.violations.first();
                assert_eq!(
                    report.verdict,
                    Verdict::Ok,
                    "{way} at {liar}, {auth}: {first:?}"
                );
                let last = report.history.iter().rev().nth(2).expect("they ask on");
                assert!(
                    report.availability.answered > 8 && last.returned.is_some(),
                    "{way} at {liar}, {auth}: {:?}",
                    report.availability
                );
            }
        }
    }
}

/// What is caught is dropped with its reason.
#[test]
fn lies_are_dropped_with_a_reason() {
    for (way, liar, reason) in [
        ("forge", 2, "a signature that does not hold"),
        ("forge", 0, "a request that its client did not sign"),
        ("impersonate", 2, "a signature that does not hold"),
        ("wrong_digest", 0, "a digest that is not the request's"),
        ("replay", 2, "a vote that it has"),
        ("collude", 2, "a whisper among liars"),
    ] {
        let report = report(cluster(4, &[liar], &[way], "signatures", 3));
        let ignored = &report.counts.ignored;
        assert!(ignored.contains_key(reason), "{way} at {liar}: {ignored:?}");
    }
}

/// A replica can lie for a while: it counts as faulty from then on, but works again.
#[test]
fn conduct_changes_while_it_runs() {
    let mut document = cluster(4, &[], &[], "macs", 5);
    document["script"] = json!([
        { "at_ms": 500, "do": "conduct", "node": 1, "ways": ["silent", "slow"] },
        { "at_ms": 1000, "do": "conduct", "node": 1, "ways": [] },
        { "at_ms": 1200, "do": "crash", "node": 3 },
    ]);
    let report = report(document);
    assert_eq!(report.verdict, Verdict::Ok);
    // With node 3 down the others need node 1.
    let late = report
        .history
        .iter()
        .filter(|o| o.returned.is_some_and(|at| at.as_ms() > 1_300.0));
    assert!(late.count() > 10);
    let view = &report.final_nodes[1].view;
    assert_eq!(
        (&view["faulty"], &view["conduct"]),
        (&json!(true), &json!([]))
    );
}

/// With f + 1 liars that collude, one the primary, agreement breaks; with f never.
#[test]
fn f_plus_one_liars_break_agreement() {
    let ways = ["equivocate", "collude"];
    for (nodes, liars) in [(4, vec![0, 3]), (6, vec![0, 5]), (7, vec![0, 5, 6])] {
        for auth in ["signatures", "macs"] {
            let broken = (0..5).find(|seed| {
                let report = report(cluster(nodes, &liars, &ways, auth, *seed));
                report
                    .violations
                    .iter()
                    .any(|found| found.invariant == "agreement")
            });
            assert!(broken.is_some(), "{nodes} replicas, {auth}");
            let few = &liars[..liars.len() - 1];
            for seed in 0..5 {
                let report = report(cluster(nodes, few, &ways, auth, seed));
                assert_eq!(
                    report.verdict,
                    Verdict::Ok,
                    "{nodes} replicas, {auth}, seed {seed}"
                );
            }
        }
    }
}

/// f + 1 that answer wrongly deceive a client; f do not.
#[test]
fn f_plus_one_liars_deceive_a_client() {
    let deceived = |liars: &[u64]| {
        let report = report(cluster(4, liars, &["wrong_reply"], "macs", 1));
        let invariant = "reply correctness";
        report
            .violations
            .iter()
            .any(|found| found.invariant == invariant)
    };
    assert!(!deceived(&[1]));
    assert!(deceived(&[1, 2]));
}

/// Twins (Bano et al. 2021): one key run by two honest nodes, with partitions between, is one
/// faulty replica, and does no harm; two such of four do.
#[test]
fn twins_are_one_faulty_replica() {
    let with = |twins: Value, seed: u64| {
        let nodes = 4 + twins.as_array().expect("a list").len() as u64;
        let both = nodes == 6;
        let groups = match both {
            // Nodes 4 and 5 run as replicas 0 and 1 for node 3, nodes 0 and 1 for node 2.
            true => json!([[0, 1, 2], [3, 4, 5]]),
            false => json!([[0, 1], [2, 3, 4]]),
        };
        let ask = |at: u64, node: u64, value: u64| json!({ "at_ms": at, "do": "request", "node": node, "op": { "put": ["x", value] } });
        report(json!({
            "protocol": "pbft",
            "nodes": nodes,
            "seed": seed,
            "options": { "auth": "macs", "twins": twins },
            "script": [
                { "at_ms": 10, "do": "partition", "groups": groups },
                ask(100, 0, 1), ask(101, 4, 2),
                { "at_ms": 700, "do": "heal" },
            ],
            "until_ms": 4000,
        }))
    };
    for seed in 0..20 {
        let one = with(json!([0]), seed);
        assert_eq!(one.verdict, Verdict::Ok);
        assert!(one.history.iter().all(|o| o.returned.is_some()), "{seed}");
        let two = with(json!([0, 1]), seed);
        assert!(
            two.violations
                .iter()
                .any(|found| found.invariant == "agreement"),
            "{seed}"
        );
    }
}
