//! Seeds in bulk: small clusters with a lock manager and busy clients under a mixed load of faults, pauses
//! of clients among them, with every invariant watched. A run that fails prints its scenario.
#![cfg(not(target_arch = "wasm32"))]

#[path = "common/luck.rs"]
mod luck;

use luck::{one, trouble};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use synod::base::{Chance, Draws};
use synod::scenario::{BUDGET, Report, Scenario, Verdict, describe, run};

const SEEDS: u64 = 2_000;
/// Faults come until then; then everything is mended.
const CALM_MS: u64 = 2_500;
const UNTIL_MS: u64 = 6_500;
/// How much clocks may gain or lose at most, in parts per million.
const DRIFT_PPM: u64 = 100_000;
/// Within so many seeds each mutant is found.
const PATIENCE: u64 = 400;

fn drift(luck: &mut Draws) -> i64 {
    luck.between(0, 2 * DRIFT_PPM) as i64 - DRIFT_PPM as i64
}

/// What a hand asks for, right or wrong.
fn request(luck: &mut Draws, clients: u64) -> Value {
    let lock = one(luck, &["a", "b", "c"]);
    let token = luck.between(1, 30);
    let op = match luck.between(0, 9) {
        0 => json!({ "acquire": [lock, { "timeout_ms": luck.between(0, 600) }] }),
        1 => json!({ "acquire": [lock, { "mode": "shared", "ttl_ms": luck.between(200, 900) }] }),
        2 => json!({ "try_acquire": [lock] }),
        3 => json!({ "release": [lock] }),
        4 => json!({ "release": [lock, token] }),
        5 => json!("renew"),
        6 => json!({ "write": [lock, token, 7] }),
        7 => json!({ "read": lock }),
        8 => json!({ "acquire": [lock] }),
        _ => json!({ "inspect": lock }),
    };
    json!({ "do": "request", "op": op, "client": clients + luck.between(0, 2) })
}

/// A fault, a mend or a request at some moment.
fn entry(luck: &mut Draws, nodes: u64, clients: u64) -> Value {
    let node = luck.between(0, nodes - 1);
    let other = (node + luck.between(1, nodes - 1)) % nodes;
    let client = luck.between(0, clients - 1);
    let mut action = match luck.between(0, 19) {
        kind @ 0..=11 => trouble(kind, node, other, luck),
        // Leases rest on clocks that drift within a bound, and do not jump.
        12 => json!({ "do": "skew", "node": node, "drift_ppm": drift(luck) }),
        13 => json!({ "do": "skew_client", "client": client, "drift_ppm": drift(luck) }),
        14 => json!({ "do": "garbage", "node": node, "from": other }),
        15 | 16 => json!({ "do": "pause_client", "client": client }),
        17 => json!({ "do": "resume_client", "client": client }),
        _ => request(luck, clients),
    };
    action["at_ms"] = luck.between(100, CALM_MS - 1).into();
    action
}

/// The scenario of that number.
fn scenario(seed: u64) -> Value {
    let mut luck = Draws::new(Chance::from_seed(seed).of(0x6c6f_636b));
    let nodes = one(&mut luck, &[3, 3, 5]);
    let clients = luck.between(2, 8);
    let count = luck.between(3, 18);
    let mut script: Vec<Value> = (0..count)
        .map(|_| entry(&mut luck, nodes, clients))
        .collect();
    script.sort_by_key(|entry| entry["at_ms"].as_u64());
    script.push(json!({ "at_ms": CALM_MS, "do": "heal" }));
    script.push(json!({ "at_ms": CALM_MS, "do": "link", "loss": 0, "duplicate": 0 }));
    for node in 0..nodes {
        script.push(json!({ "at_ms": CALM_MS, "do": "restart", "node": node }));
        script.push(json!({ "at_ms": CALM_MS, "do": "resume", "node": node }));
    }
    for client in 0..clients {
        script.push(json!({ "at_ms": CALM_MS, "do": "resume_client", "client": client }));
    }
    let bad = one(&mut luck, &[0.0, 0.02, 0.15]);
    let workload = one(
        &mut luck,
        &[
            "handover",
            "herd",
            "transfer",
            "reentrant",
            "readers_and_writers",
            "idle_holder",
            "impatient",
        ],
    );
    json!({
        "protocol": "locks",
        "nodes": nodes,
        "seed": seed,
        "options": {
            "pre_vote": luck.between(0, 1) == 0,
            "check_quorum": luck.between(0, 1) == 0,
            "reads": one(&mut luck, &["read_index", "log", "lease"]),
            "lease_drift_ppm": DRIFT_PPM,
            "batch": one(&mut luck, &[1, 4, 64]),
            "snapshot_every": one(&mut luck, &[0, 3, 20]),
            "machine": {
                "ttl_ms": one(&mut luck, &[300, 800, 1_500]),
                "victim": one(&mut luck, &["youngest", "fewest_locks", "requester"]),
            },
        },
        "network": {
            "latency_ms": one(&mut luck, &[[1, 3], [5, 15], [1, 60]]),
            "loss": bad,
            "duplicate": bad,
            "reorder": one(&mut luck, &[0.0, 0.3]),
        },
        "clients": {
            "count": clients,
            "think_ms": one(&mut luck, &[[5, 60], [5, 60], [100, 400]]),
            "timeout_ms": one(&mut luck, &[150, 250, 1_000]),
            "attempts": 30,
            "workload": workload,
        },
        "script": script,
        "until_ms": UNTIL_MS,
    })
}

fn report(document: &Value) -> Report {
    let scenario = Scenario::read(document.clone()).unwrap_or_else(|error| panic!("{error}"));
    run(&scenario, BUDGET).unwrap_or_else(|error| panic!("{error}\n{document}"))
}

#[test]
fn no_invariant_is_violated_under_faults() {
    let (mut granted, mut written, mut recovered) = (0, 0, 0);
    let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
    for seed in 0..SEEDS {
        let document = scenario(seed);
        let report = report(&document);
        let first = report.violations.first().map(|violation| &violation.text);
        assert_eq!(report.verdict, Verdict::Ok, "{first:?}\n{document}");
        for fact in &report.milestones {
            *kinds.entry(fact.kind.clone()).or_default() += 1;
            granted += u64::from(fact.kind == "granted");
            written += u64::from(fact.kind == "written");
        }
        let late = |ms: f64| ms > (CALM_MS + 2_500) as f64;
        let of_grant = |fact: &&synod::sim::MilestoneRecord| fact.kind == "granted";
        let mut grants = report.milestones.iter().filter(of_grant);
        // One that holds on to its lock lets nobody else have it.
        let workload = document["clients"]["workload"].as_str();
        let holds_on = matches!(workload, Some("idle_holder" | "impatient"));
        let serves = holds_on || grants.any(|fact| late(fact.at.as_ms()));
        recovered += u64::from(serves);
    }
    println!("{kinds:?}");
    // The load must have teeth, and the clusters must live through it.
    for kind in [
        "queued",
        "granted",
        "reentered",
        "released",
        "wait_ended",
        "deadlock",
        "expired",
        "written",
        "write_refused",
        "elected",
        "snapshot_installed",
    ] {
        let count = kinds.get(kind).copied().unwrap_or(0);
        assert!(count > SEEDS / 20, "{kind}: {count}");
    }
    assert!(
        granted > 20 * SEEDS && written > 10 * SEEDS,
        "{granted} {written}"
    );
    assert!(recovered > SEEDS * 95 / 100, "only {recovered} came back");
}

/// Which invariants a mutant may break, found by its seeds.
fn found(mutant: &str) -> BTreeSet<String> {
    for seed in 0..PATIENCE {
        let mut document = scenario(seed);
        document["options"]["mutant"] = mutant.into();
        let report = report(&document);
        if !report.violations.is_empty() {
            println!("{mutant}: seed {seed}");
            return report
                .violations
                .into_iter()
                .map(|it| it.invariant)
                .collect();
        }
    }
    BTreeSet::new()
}

#[test]
fn every_mutant_is_found() {
    let names = describe("locks").expect("it is registered").mutants;
    assert_eq!(names.len(), 13);
    let missed: Vec<_> = names
        .into_iter()
        .filter(|name| found(name).is_empty())
        .collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
}

#[test]
fn every_wait_with_an_end_ends() {
    let mut waits = 0;
    for seed in 0..200 {
        let mut document = scenario(seed);
        // Hands ask, each for a lock that somebody holds on to, and want to wait for so long.
        let script = document["script"].as_array_mut().expect("a list");
        for n in 0..6 {
            let terms = json!({ "timeout_ms": 50 * n });
            let op = json!({ "acquire": ["a", terms] });
            script.push(
                json!({ "at_ms": CALM_MS + 100 * n, "do": "request", "client": 100 + n, "op": op }),
            );
        }
        let report = report(&document);
        for asked in report.history.iter().filter(|asked| asked.client >= 100) {
            assert!(asked.returned.is_some(), "{}\n{document}", asked.op);
            waits += u64::from(asked.result.get("refused").is_some());
        }
    }
    assert!(waits > 200, "{waits}");
}
