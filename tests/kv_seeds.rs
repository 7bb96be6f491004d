//! The key-value store in bulk: small clusters under a mixed load of faults, joins and leaves, with
//! every invariant watched. Once the network is mended and nobody writes any more, all replicas
//! come to hold the same. A run that fails prints its scenario.
#![cfg(not(target_arch = "wasm32"))]

#[path = "kv/storm.rs"]
mod storm;

use serde_json::Value;
use std::collections::BTreeMap;
use storm::storm;
use synod::scenario::{BUDGET, Report, Scenario, Verdict, run};

const SEEDS: u64 = 2_000;

/// Runs a generated scenario; on an error it says which.
fn report(document: &Value) -> Report {
    let scenario = Scenario::read(document.clone()).unwrap_or_else(|error| panic!("{error}"));
    run(&scenario, BUDGET).unwrap_or_else(|error| panic!("{error}\n{document}"))
}

/// What keeps the nodes from being of one mind in the end, if anything does.
fn apart(report: &Report) -> Option<String> {
    let views: Vec<&Value> = report.final_nodes.iter().map(|node| &node.view).collect();
    let of = |view: &Value, at: &str| view.pointer(at).cloned().unwrap_or_default();
    let ring = of(views[0], "/members");
    // All may have left at the same time, each thinking that others stay.
    if ring == serde_json::json!([]) {
        return None;
    }
    let mut held: BTreeMap<String, Vec<(usize, String)>> = BTreeMap::new();
    let mut replicas: BTreeMap<String, Value> = BTreeMap::new();
    for (node, view) in views.iter().enumerate() {
        // Nobody may have been there to let it in.
        if of(view, "/role") == "newcomer" {
            continue;
        }
        if of(view, "/members") != ring {
            return Some(format!("node {node} sees another ring than node 0"));
        }
        for key in of(view, "/keys").as_array().into_iter().flatten() {
            let name = of(key, "/key").to_string();
            if of(key, "/owed") != serde_json::json!([]) {
                return Some(format!("node {node} has {name} still to hand over"));
            }
            let state = format!("{} {}", of(key, "/clock"), of(key, "/versions"));
            held.entry(name.clone()).or_default().push((node, state));
            replicas.insert(name, of(key, "/replicas"));
        }
    }
    for (name, held) in held {
        let keepers = replicas[&name].as_array().map_or(0, Vec::len);
        let all_dead = held
            .iter()
            .all(|(_, state)| !state.contains("\"value\":\"") && state.contains("\"value\":null"));
        // A tombstone may be forgotten by some of them before others.
        if held.len() != keepers && !all_dead {
            return Some(format!(
                "{name} is at {} nodes, not {keepers}: {held:?}",
                held.len()
            ));
        }
        if held.iter().any(|(_, state)| *state != held[0].1) {
            return Some(format!("{name} differs: {held:?}"));
        }
    }
    None
}

#[test]
fn no_invariant_is_violated_under_faults_and_replicas_converge() {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    let mut answered = 0;
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
    }
    println!("{answered} answers, {sums:#?}");
    // The load must have teeth, and the store must live through it.
    assert!(answered > 20 * SEEDS, "only {answered} answers");
    for (what, each) in [
        ("conflict", 2),
        ("hinted", 1),
        ("handed_over", 1),
        ("repaired", 1),
    ] {
        let found = sums.get(what).copied().unwrap_or_default();
        assert!(found > each * SEEDS, "{what}: only {found}");
    }
    for (what, least) in [
        ("synced", 1_000),
        ("reaped", 1_000),
        ("reborn", 500),
        ("emptied", 100),
        ("stale reads", 500),
        ("own writes missed", 100),
        ("reads gone back", 100),
        ("writes lost with a disk", 20),
        ("writes lost to a later timestamp", 500),
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
        ("overwrite_on_merge", "exactness of siblings"),
        ("drop_concurrent", "exactness of siblings"),
        ("keep_dominated", "exactness of siblings"),
        ("early_reap", "finality of deletion"),
        ("reused_replica_id", "exactness of siblings"),
        ("early_hint_drop", "acknowledged is never lost"),
        ("acks_not_ackers", "quorum intersection"),
        ("take_old_messages", "finality of deletion"),
        ("no_handover", "acknowledged is never lost"),
    ] {
        let found = caught(mutant, invariant);
        println!("{mutant}: {found:?}");
        assert!(found.is_some(), "{mutant} is not found");
    }
}
