//! The replicated text in bulk: small groups of replicas under a mixed load of faults, with every
//! invariant watched. Once the network is mended and nobody types any more, all replicas show the same
//! text. A run that fails prints its scenario.
#![cfg(not(target_arch = "wasm32"))]

#[path = "common/luck.rs"]
mod luck;

use luck::{one, trouble};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use synod::base::{Chance, Draws};
use synod::hunt::{Hunt, Order};
use synod::scenario::{BUDGET, Report, Scenario, Verdict, describe, run};

const SEEDS: u64 = 2_000;

/// Faults come until then; then everything is mended.
const CALM_MS: u64 = 2_000;
/// Built-in clients are paused from then on, so that replicas can come to rest.
const QUIET_MS: u64 = 2_400;
const UNTIL_MS: u64 = 5_000;

/// A fault, a mend or a request at some moment.
fn entry(luck: &mut Draws, nodes: u64) -> Value {
    let at = luck.between(50, CALM_MS - 1);
    let node = luck.between(0, nodes - 1);
    let other = (node + luck.between(1, nodes - 1)) % nodes;
    let letters = one(luck, &["x", "yy", "zé😀", "words "]);
    let mut action = match luck.between(0, 19) {
        kind @ 0..=11 => trouble(kind, node, other, luck),
        12 | 13 => json!({ "do": "disk_loss", "node": node }),
        14 => json!({ "do": "garbage", "node": node, "from": other }),
        15 => json!({ "do": "skew", "node": node, "drift_ppm": 50_000 }),
        16 => json!({ "do": "request", "node": node, "op": "undo" }),
        17 => json!({ "do": "request", "node": node, "op": { "delete": { "at": 0, "len": 2 } } }),
        _ => {
            json!({ "do": "request", "node": node, "op": { "insert": { "at": 0, "text": letters } } })
        }
    };
    action["at_ms"] = at.into();
    action
}

/// The scenario of that number.
fn storm(seed: u64) -> Value {
    let mut luck = Draws::new(Chance::from_seed(seed).of(0x7478_7473));
    let nodes = one(&mut luck, &[2, 3, 4, 5]);
    let count = luck.between(4, 20);
    let mut script: Vec<Value> = (0..count).map(|_| entry(&mut luck, nodes)).collect();
    script.sort_by_key(|entry| entry["at_ms"].as_u64());
    script.push(json!({ "at_ms": CALM_MS, "do": "heal" }));
    script.push(json!({ "at_ms": CALM_MS, "do": "link", "loss": 0, "duplicate": 0 }));
    for node in 0..nodes {
        script.push(json!({ "at_ms": CALM_MS, "do": "restart", "node": node }));
        script.push(json!({ "at_ms": CALM_MS, "do": "resume", "node": node }));
    }
    let clients = luck.between(1, 4);
    for client in 0..clients {
        script.push(json!({ "at_ms": QUIET_MS, "do": "pause_client", "client": client }));
    }
    let bad = one(&mut luck, &[0.0, 0.05, 0.25]);
    json!({
        "protocol": "sequence",
        "nodes": nodes,
        "seed": seed,
        "options": {
            "push": luck.between(0, 4) > 0,
            "anti_entropy_ms": one(&mut luck, &[40, 100, 250]),
        },
        "network": {
            "latency_ms": one(&mut luck, &[[1, 3], [5, 15], [1, 60]]),
            "loss": bad,
            "duplicate": bad,
            "reorder": one(&mut luck, &[0.0, 0.3]),
        },
        "clients": {
            "count": clients,
            "think_ms": [5, 60],
            "timeout_ms": 250,
            "workload": one(&mut luck, &["typing", "one_place", "revising"]),
        },
        "script": script,
        "until_ms": UNTIL_MS,
    })
}

/// Runs a generated scenario; on an error it says which.
fn report(document: &Value) -> Report {
    let scenario = Scenario::read(document.clone()).unwrap_or_else(|error| panic!("{error}"));
    run(&scenario, BUDGET).unwrap_or_else(|error| panic!("{error}\n{document}"))
}

/// What keeps the nodes from being of one mind in the end, if anything does.
fn apart(report: &Report) -> Option<String> {
    let of = |node: usize, at: &str| report.final_nodes[node].view.pointer(at).cloned();
    for node in 1..report.final_nodes.len() {
        for at in ["/text", "/version", "/length", "/deleted"] {
            if of(node, at) != of(0, at) {
                let (first, here) = (of(0, at), of(node, at));
                return Some(format!(
                    "{at} of node {node} is {here:?}, of node 0 {first:?}"
                ));
            }
        }
    }
    None
}

#[test]
fn no_invariant_is_violated_under_faults_and_replicas_converge() {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    let (mut answered, mut letters) = (0, 0);
    for seed in 0..SEEDS {
        let document = storm(seed);
        let report = report(&document);
        let first = report.violations.first().map(|violation| &violation.text);
        assert_eq!(report.verdict, Verdict::Ok, "{first:?}\n{document}");
        if let Some(apart) = apart(&report) {
            panic!("{apart}\n{document}");
        }
        for fact in &report.milestones {
            *sums.entry(fact.kind.clone()).or_default() += 1;
        }
        for tally in &report.tallies {
            *sums.entry(tally.name.clone()).or_default() += tally.count;
        }
        answered += report.availability.answered as u64;
        let length = report.final_nodes[0].view.pointer("/length");
        letters += length.and_then(Value::as_u64).unwrap_or_default();
    }
    println!("{answered} answers, {letters} letters, {sums:#?}");
    // The load must have teeth, and people must get on with their text.
    assert!(answered > 50 * SEEDS, "only {answered} answers");
    assert!(letters > 100 * SEEDS, "only {letters} letters");
    for (what, least) in [
        ("wrote", 40 * SEEDS),
        ("took", 60 * SEEDS),
        ("even", 10 * SEEDS),
        ("waits", SEEDS),
        ("reborn", SEEDS / 2),
        ("edits that came early", SEEDS),
        ("edits that came again", 5 * SEEDS),
    ] {
        let found = sums.get(what).copied().unwrap_or_default();
        assert!(found > least, "{what}: only {found}");
    }
}

/// The first seed in which a mutant violates an invariant.
fn caught(mutant: &str, invariant: &str) -> Option<u64> {
    (0..2 * SEEDS).find(|seed| {
        let mut document = storm(*seed);
        document["options"]["mutant"] = mutant.into();
        let violations = report(&document).violations;
        violations.iter().any(|found| found.invariant == invariant)
    })
}

#[test]
fn the_storm_finds_every_rule_that_is_left_out() {
    for (mutant, invariant) in [
        ("ties_by_arrival", "strong eventual consistency"),
        ("right_origin_ignored", "maximal non-interleaving"),
        ("no_causal_delivery", "intention of deletions"),
        ("tombstones_dropped", "intention of insertions"),
        ("reused_name", "uniqueness of names"),
        ("applied_twice", "exactness of versions"),
        ("version_overwritten", "exactness of versions"),
    ] {
        let found = caught(mutant, invariant);
        println!("{mutant}: {found:?}");
        assert!(found.is_some(), "{mutant} is not found");
    }
}

/// How many runs it takes a hunt to find something; none if it finds nothing in so many.
fn hunted(mutant: Option<&str>, most: u64) -> Option<(u64, String)> {
    let order = json!({ "protocol": "sequence", "mutant": mutant, "seed": 1 });
    let order: Order = serde_json::from_value(order).expect("an order");
    let mut hunt = Hunt::new(&order).expect("it is known");
    (0..most).find_map(|_| {
        let caught = hunt.run(&mut |_| true).expect("what it makes is sound");
        caught.map(|it| (it.run, format!("{:?}", it.breach)))
    })
}

#[test]
fn the_hunt_finds_every_rule_that_is_left_out_and_nothing_else() {
    for mutant in describe("sequence").expect("it is registered").mutants {
        let found = hunted(Some(&mutant), 40_000);
        println!("{mutant}: {found:?}");
        assert!(found.is_some(), "{mutant} is not found");
    }
    assert_eq!(hunted(None, 2_000), None);
}
