//! Scenarios made up from a number: small Paxos clusters under a mixed load of faults.

#[path = "../common/luck.rs"]
mod luck;

use luck::{one, trouble};
use serde_json::{Value, json};
use synod::base::{Chance, Draws};

/// Faults come until then; then everything is mended.
pub const CALM_MS: u64 = 2_500;
const UNTIL_MS: u64 = 5_000;
/// How much clocks may gain or lose at most, in parts per million.
const DRIFT_PPM: u64 = 100_000;

fn yes(luck: &mut Draws) -> bool {
    luck.between(0, 1) == 0
}

/// A fault, a mend or a request between `from` and `to`.
fn entry(luck: &mut Draws, nodes: u64, (from, to): (u64, u64), jumps: bool) -> Value {
    let at = luck.between(from, to);
    let node = luck.between(0, nodes - 1);
    let other = (node + luck.between(1, nodes - 1)) % nodes;
    let mut action = match luck.between(0, 14) {
        kind @ 0..=11 => trouble(kind, node, other, luck),
        12 => trouble(11, node, other, luck),
        13 => {
            // A lease rests on clocks that drift within a bound, and do not jump.
            let ahead = luck.between(0, 300) * u64::from(jumps);
            let drift = luck.between(0, 2 * DRIFT_PPM) as i64 - DRIFT_PPM as i64;
            json!({ "do": "skew", "node": node, "ahead_ms": ahead, "drift_ppm": drift })
        }
        _ => json!({ "do": "garbage", "node": node, "from": other }),
    };
    action["at_ms"] = at.into();
    action
}

/// A storm: many links fail at once in one direction, and are mended some time later.
fn storm(luck: &mut Draws, nodes: u64, from: u64) -> Vec<Value> {
    let mut script = Vec::new();
    for a in 0..nodes {
        for b in 0..nodes {
            if a != b && luck.between(0, 9) < 4 {
                script.push(
                    json!({ "at_ms": from, "do": "cut", "from": a, "to": b, "one_way": true }),
                );
            }
        }
    }
    let to = (from + luck.between(50, 700)).min(CALM_MS - 1);
    script.push(json!({ "at_ms": to, "do": "heal" }));
    script
}

/// Puts a script in order, and mends everything at its end.
fn finished(mut script: Vec<Value>, nodes: u64) -> Vec<Value> {
    script.sort_by_key(|entry| entry["at_ms"].as_u64());
    script.push(json!({ "at_ms": CALM_MS, "do": "heal" }));
    script.push(json!({ "at_ms": CALM_MS, "do": "link", "loss": 0, "duplicate": 0 }));
    for node in 0..nodes {
        script.push(json!({ "at_ms": CALM_MS, "do": "restart", "node": node }));
        script.push(json!({ "at_ms": CALM_MS, "do": "resume", "node": node }));
    }
    script
}

/// Acceptors and quorums that fit each other.
fn quorums(luck: &mut Draws, nodes: u64) -> [u64; 3] {
    let acceptors = if luck.between(0, 3) == 0 { 3 } else { nodes };
    if yes(luck) {
        return [acceptors, 0, 0];
    }
    let first = luck.between(1, acceptors);
    [acceptors, first, acceptors + 1 - first]
}

fn network(luck: &mut Draws) -> Value {
    let bad = one(luck, &[0.0, 0.02, 0.15, 0.3]);
    json!({
        "latency_ms": one(luck, &[[1, 3], [5, 15], [1, 60]]),
        "loss": bad,
        "duplicate": bad,
        "reorder": one(luck, &[0.0, 0.3]),
    })
}

/// Single-decree Paxos: some propose early, some late, and somebody after all is mended. Faults
/// come while ballots are under way.
pub fn single(seed: u64) -> Value {
    let mut luck = Draws::new(Chance::from_seed(seed).of(0x7369_6e67));
    let nodes = one(&mut luck, &[3, 4, 5]);
    let [acceptors, first, second] = quorums(&mut luck, nodes);
    let count = luck.between(4, 24);
    let busy = one(&mut luck, &[60, 250, 1_500]);
    let mut script: Vec<Value> = (0..count)
        .map(|_| entry(&mut luck, nodes, (1, busy), true))
        .collect();
    for (text, latest) in [("A", 5), ("B", 40), ("C", busy)] {
        let node = luck.between(0, nodes - 1);
        let at = luck.between(0, latest);
        let op = json!({ "propose": text });
        script.push(json!({ "at_ms": at, "do": "request", "node": node, "op": op }));
    }
    let mut script = finished(script, nodes);
    let op = json!({ "propose": "late" });
    let at = CALM_MS + 1_501;
    script.push(
        json!({ "at_ms": at, "do": "request", "node": luck.between(0, nodes - 1), "op": op }),
    );
    json!({
        "protocol": "paxos",
        "nodes": nodes,
        "seed": seed,
        "options": {
            "mode": "single",
            "acceptors": acceptors,
            "phase1_quorum": first,
            "phase2_quorum": second,
            "repromise": yes(&mut luck),
            "learners": one(&mut luck, &["proposer", "everybody"]),
            "ballot_timeout_ms": one(&mut luck, &[30, 100]),
            // Of a log alone: here it must do nothing.
            "snapshot_every": seed % 3,
        },
        "network": network(&mut luck),
        "clients": {
            "count": luck.between(0, 2),
            "workload": "proposals",
            "think_ms": [5, 400],
            "timeout_ms": 250
        },
        "script": script,
        "until_ms": UNTIL_MS,
    })
}

/// Multi-Paxos: clients write and read while faults come.
pub fn multi(seed: u64) -> Value {
    let mut luck = Draws::new(Chance::from_seed(seed).of(0x6d75_6c74));
    let nodes = one(&mut luck, &[3, 4, 5]);
    let [acceptors, first, second] = quorums(&mut luck, nodes);
    let reads = one(&mut luck, &["log", "lease"]);
    let count = luck.between(3, 16);
    let mut script: Vec<Value> = (0..count)
        .map(|_| entry(&mut luck, nodes, (100, CALM_MS - 1), reads == "log"))
        .collect();
    for _ in 0..luck.between(0, 3) {
        let from = luck.between(100, CALM_MS - 100);
        script.extend(storm(&mut luck, nodes, from));
    }
    json!({
        "protocol": "paxos",
        "nodes": nodes,
        "seed": seed,
        "options": {
            "acceptors": acceptors,
            "phase1_quorum": first,
            "phase2_quorum": second,
            "repromise": yes(&mut luck),
            "learners": one(&mut luck, &["proposer", "everybody"]),
            "reads": reads,
            "lease_drift_ppm": DRIFT_PPM,
            "snapshot_every": one(&mut luck, &[0, 3, 20]),
        },
        "network": network(&mut luck),
        "clients": { "count": luck.between(1, 8), "think_ms": [1, 60], "timeout_ms": 250 },
        "script": finished(script, nodes),
        "until_ms": UNTIL_MS,
    })
}

/// Multi-Paxos with leases, where they matter: the leader is cut off, wholly or in one direction, another
/// node is told to take over soon after, and both are asked.
pub fn lease(seed: u64) -> Value {
    let mut luck = Draws::new(Chance::from_seed(seed).of(0x6c65_6173));
    let slow = luck.between(2, 140);
    let cut_at = luck.between(100, 250);
    let rival_at = cut_at + luck.between(1, 200);
    let drift = luck.between(0, 2 * DRIFT_PPM) as i64 - DRIFT_PPM as i64;
    let mut script = vec![
        json!({ "at_ms": 0, "do": "skew", "node": 0, "drift_ppm": drift }),
        json!({ "at_ms": 5, "do": "timeout", "node": 0, "timer": "election" }),
        json!({ "at_ms": 60, "do": "request", "node": 0, "op": { "put": ["x", 1] } }),
    ];
    // Who has granted the lease may forget it in a crash, while the third has granted none of late.
    let forgets = luck.between(0, 3) == 0;
    for other in [1, 2] {
        let latency = [slow, slow + 5];
        let cut_at = match (forgets, other) {
            (true, 2) => 70,
            (true, _) => rival_at - luck.between(2, 40),
            _ => cut_at,
        };
        script.push(json!({ "at_ms": cut_at.max(45) - 40, "do": "link", "from": other, "to": 0, "latency_ms": latency }));
        let one_way = !forgets && luck.between(0, 2) > 0;
        script.push(
            json!({ "at_ms": cut_at, "do": "cut", "from": 0, "to": other, "one_way": one_way }),
        );
    }
    if forgets {
        script.push(json!({ "at_ms": rival_at - 1, "do": "crash", "node": 1 }));
        script.push(json!({ "at_ms": rival_at - 1, "do": "restart", "node": 1 }));
    }
    script.push(json!({ "at_ms": rival_at, "do": "timeout", "node": 1, "timer": "election" }));
    for k in 0..5 {
        let at = rival_at + 25 * k;
        let op = json!({ "put": ["x", 10 + k] });
        script.push(json!({ "at_ms": at, "do": "request", "node": 1, "op": op }));
        script.push(json!({ "at_ms": at + 7, "do": "request", "node": 0, "op": { "get": "x" } }));
    }
    script.sort_by_key(|entry| entry["at_ms"].as_u64());
    json!({
        "protocol": "paxos",
        "nodes": 3,
        "seed": seed,
        "options": { "reads": "lease", "lease_drift_ppm": DRIFT_PPM },
        "network": { "latency_ms": [5, 10] },
        "clients": { "count": 0, "timeout_ms": 3_000 },
        "script": script,
        "until_ms": 900,
    })
}
