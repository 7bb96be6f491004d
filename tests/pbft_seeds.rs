//! Seeds in bulk: small PBFT clusters under a mixed load of faults, with up to f replicas that lie,
//! forget, or run twice, with every invariant watched and the clients' history judged. A run that
//! fails prints its scenario. With one liar more, a violation is to be found.
#![cfg(not(target_arch = "wasm32"))]

#[path = "common/luck.rs"]
mod luck;

use luck::{one, trouble};
use serde_json::{Value, json};
use synod::base::{Chance, Draws};
use synod::scenario::{BUDGET, Report, Scenario, Verdict, describe, run};

const SEEDS: u64 = 2_000;
/// Faults come until then; then everything is mended, but for the liars, who go on.
const CALM_MS: u64 = 1_800;
/// What is asked between these moments has to be answered.
const TRIAL_MS: [u64; 2] = [4_500, 6_000];
const UNTIL_MS: u64 = 8_000;

/// A fault or a mend at some moment, such as may befall anybody.
fn entry(luck: &mut Draws, nodes: u64) -> Value {
    let node = luck.between(0, nodes - 1);
    let other = (node + luck.between(1, nodes - 1)) % nodes;
    let mut action = match luck.between(0, 13) {
        kind @ 0..=11 => trouble(kind, node, other, luck),
        12 => {
            let (ahead, drift) = (
                luck.between(0, 300),
                luck.between(0, 200_000) as i64 - 100_000,
            );
            json!({ "do": "skew", "node": node, "ahead_ms": ahead, "drift_ppm": drift })
        }
        _ => json!({ "do": "garbage", "node": node, "from": other }),
    };
    action["at_ms"] = luck.between(100, CALM_MS - 1).into();
    action
}

/// Some of the ways to misbehave.
fn ways(luck: &mut Draws, known: &[String]) -> Vec<String> {
    let mut ways: Vec<String> = (0..luck.between(1, 3)).map(|_| one(luck, known)).collect();
    ways.sort();
    ways.dedup();
    ways
}

/// The scenario of that number.
fn scenario(seed: u64, known: &[String]) -> Value {
    let mut luck = Draws::new(Chance::from_seed(seed).of(0x7062_6674));
    let replicas = one(&mut luck, &[4, 4, 4, 5, 6, 7]);
    let faults = (replicas - 1) / 3;
    let (mut script, mut twins) = (Vec::new(), Vec::new());
    let first = luck.between(0, replicas - 1);
    for faulty in (0..luck.between(0, faults)).map(|k| (first + k) % replicas) {
        match luck.between(0, 9) {
            0 => script.push(
                json!({ "at_ms": luck.between(300, CALM_MS), "do": "disk_loss", "node": faulty }),
            ),
            1 | 2 => twins.push(faulty),
            _ => {
                for _ in 0..luck.between(1, 3) {
                    let (at, ways) = (luck.between(0, CALM_MS), ways(&mut luck, known));
                    script.push(
                        json!({ "at_ms": at, "do": "conduct", "node": faulty, "ways": ways }),
                    );
                }
            }
        }
    }
    let nodes = replicas + twins.len() as u64;
    script.extend((0..luck.between(0, 12)).map(|_| entry(&mut luck, nodes)));
    script.sort_by_key(|entry| entry["at_ms"].as_u64());
    script.push(json!({ "at_ms": CALM_MS, "do": "heal" }));
    script.push(json!({ "at_ms": CALM_MS, "do": "link", "loss": 0, "duplicate": 0 }));
    for node in 0..nodes {
        script.push(json!({ "at_ms": CALM_MS, "do": "restart", "node": node }));
        script.push(json!({ "at_ms": CALM_MS, "do": "resume", "node": node }));
    }
    let bad = one(&mut luck, &[0.0, 0.02, 0.1]);
    let interval = one(&mut luck, &[2, 5, 10]);
    json!({
        "protocol": "pbft",
        "nodes": nodes,
        "seed": seed,
        "options": {
            // Signatures take twenty times as long.
            "auth": if seed.is_multiple_of(8) { "signatures" } else { "macs" },
            "checkpoint_interval": interval,
            "window": interval * one(&mut luck, &[1, 2, 3]),
            "view_timeout_ms": one(&mut luck, &[120, 200]),
            "status_ms": 80,
            "read_only": luck.between(0, 3) == 0,
            "twins": twins,
        },
        "network": {
            "latency_ms": one(&mut luck, &[[1, 3], [3, 9], [1, 20]]),
            "loss": bad,
            "duplicate": bad,
            "reorder": one(&mut luck, &[0.0, 0.3]),
        },
        "clients": { "count": luck.between(1, 3), "think_ms": [20, 120], "timeout_ms": 200 },
        "script": script,
        "until_ms": UNTIL_MS,
    })
}

/// Runs a generated scenario; on a panic or an error it says which.
fn report(document: &Value) -> Report {
    let scenario = Scenario::read(document.clone()).unwrap_or_else(|error| panic!("{error}"));
    run(&scenario, BUDGET).unwrap_or_else(|error| panic!("{error}\n{document}"))
}

fn conducts() -> Vec<String> {
    describe("pbft").expect("it is registered").conducts
}

#[test]
fn no_invariant_is_violated_with_up_to_f_liars() {
    let known = conducts();
    let only: Option<u64> = std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let from: u64 = std::env::var("FROM")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(0);
    let (mut entered, mut answered, mut fetched) = (0, 0, 0);
    for seed in only.map_or(from..SEEDS, |seed| seed..seed + 1) {
        let document = scenario(seed, &known);
        let report = report(&document);
        let first = report.violations.first().map(|violation| &violation.text);
        let blame = &report.blame;
        assert_eq!(
            report.verdict,
            Verdict::Ok,
            "{seed}: {first:?} {blame:?}\n{document}"
        );
        let kinds = |kind| {
            report
                .milestones
                .iter()
                .filter(move |fact| fact.kind == kind)
                .count()
        };
        entered += kinds("view_entered");
        fetched += kinds("state_fetched");
        answered += report.availability.answered;
        // Once the network is calm, what is asked is answered (section 3: liveness). Reads that
        // are answered at once need all honest replicas, and some may lag: see the option.
        let in_trial = |at: f64| TRIAL_MS[0] as f64 <= at && at < TRIAL_MS[1] as f64;
        let late = report
            .history
            .iter()
            .find(|o| in_trial(o.call.as_ms()) && o.returned.is_none());
        let at_once = document["options"]["read_only"] == true;
        if let Some(late) = late.filter(|_| !at_once) {
            panic!("{seed}: {late:?} is not answered\n{document}");
        }
    }
    // The load must have teeth, and the clusters must live through it.
    println!("{entered} {answered} {fetched}");
    if only.is_none() {
        assert!(entered as u64 > 2 * SEEDS, "only {entered} views entered");
        assert!(answered as u64 > 20 * SEEDS, "only {answered} answers");
        assert!(
            fetched > SEEDS as usize / 20,
            "only {fetched} states fetched"
        );
    }
}

/// With f + 1 liars a violation is found, though not in every run: chance has to make the primary
/// one of them, and to give them ways that go together.
#[test]
fn a_violation_is_found_with_one_liar_more() {
    let known = conducts();
    let mut found = Vec::new();
    let most = 400;
    for seed in 0..most {
        let mut luck = Draws::new(Chance::from_seed(seed).of(0x6c69_6172));
        let nodes = one(&mut luck, &[4, 6, 7]);
        let liars = (nodes - 1) / 3 + 1;
        let first = luck.between(0, nodes - 1);
        let mut ways = ways(&mut luck, &known);
        ways.push("collude".into());
        let conduct = |k: u64| json!({ "at_ms": 1, "do": "conduct", "node": (first + k) % nodes, "ways": ways });
        let document = json!({
            "protocol": "pbft",
            "nodes": nodes,
            "seed": seed,
            "options": { "auth": "macs", "checkpoint_interval": 4, "window": 8, "view_timeout_ms": 200 },
            "clients": { "count": 2, "timeout_ms": 250 },
            "script": (0..liars).map(conduct).collect::<Vec<_>>(),
            "until_ms": 2000,
        });
        if report(&document).verdict == Verdict::Violated {
            found.push(seed);
        }
    }
    println!(
        "{} of {most}, the first with seed {:?}",
        found.len(),
        found.first()
    );
    assert!(found.len() as u64 > most / 20, "{} of {most}", found.len());
}
