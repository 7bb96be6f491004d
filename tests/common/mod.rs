//! Scenarios made up from a number: small Raft clusters under a mixed load of faults.

mod luck;

use luck::{one, trouble};
use serde_json::{Value, json};
use synod::base::{Chance, Draws};

/// Faults come until then; then everything is mended.
pub const CALM_MS: u64 = 2_500;
const UNTIL_MS: u64 = 5_000;
/// How much clocks may gain or lose at most, in parts per million.
const DRIFT_PPM: u64 = 100_000;

/// A fault, a mend or a request at some moment.
fn entry(luck: &mut Draws, nodes: u64, fixed_members: bool, reads: &str) -> Value {
    let at = luck.between(100, CALM_MS - 1);
    let node = luck.between(0, nodes - 1);
    let other = (node + luck.between(1, nodes - 1)) % nodes;
    let mut action = match luck.between(0, if fixed_members { 14 } else { 17 }) {
        kind @ 0..=11 => trouble(kind, node, other, luck),
        12 => {
            // A lease rests on clocks that drift within a bound, and do not jump.
            let ahead = luck.between(0, 300) * u64::from(reads != "lease");
            let drift = luck.between(0, 2 * DRIFT_PPM) as i64 - DRIFT_PPM as i64;
            json!({ "do": "skew", "node": node, "ahead_ms": ahead, "drift_ppm": drift })
        }
        13 => json!({ "do": "request", "op": { "transfer": node } }),
        14 => json!({ "do": "garbage", "node": node, "from": other }),
        15 => json!({ "do": "join" }),
        _ => json!({ "do": "leave", "node": node }),
    };
    action["at_ms"] = at.into();
    action
}

/// The scenario of that number.
pub fn scenario(seed: u64) -> Value {
    let mut luck = Draws::new(Chance::from_seed(seed).of(0x7365_6564));
    let nodes = one(&mut luck, &[3, 4, 5]);
    let fixed_members = luck.between(0, 1) == 0;
    let reads = one(&mut luck, &["read_index", "log", "lease"]);
    let count = luck.between(3, 16);
    let mut script: Vec<Value> = (0..count)
        .map(|_| entry(&mut luck, nodes, fixed_members, reads))
        .collect();
    script.sort_by_key(|entry| entry["at_ms"].as_u64());
    script.push(json!({ "at_ms": CALM_MS, "do": "heal" }));
    script.push(json!({ "at_ms": CALM_MS, "do": "link", "loss": 0, "duplicate": 0 }));
    for node in 0..nodes {
        script.push(json!({ "at_ms": CALM_MS, "do": "restart", "node": node }));
        script.push(json!({ "at_ms": CALM_MS, "do": "resume", "node": node }));
    }
    let bad = one(&mut luck, &[0.0, 0.02, 0.15]);
    json!({
        "protocol": "raft",
        "nodes": nodes,
        "seed": seed,
        "options": {
            "pre_vote": luck.between(0, 1) == 0,
            "check_quorum": luck.between(0, 1) == 0,
            "no_op": luck.between(0, 4) > 0,
            "reads": reads,
            "lease_drift_ppm": DRIFT_PPM,
            "batch": one(&mut luck, &[1, 4, 64]),
            "window": one(&mut luck, &[1, 2, 8]),
            "fast_backtrack": luck.between(0, 1) == 0,
            "snapshot_every": one(&mut luck, &[0, 3, 20]),
        },
        "network": {
            "latency_ms": one(&mut luck, &[[1, 3], [5, 15], [1, 60]]),
            "loss": bad,
            "duplicate": bad,
            "reorder": one(&mut luck, &[0.0, 0.3]),
        },
        "clients": { "count": luck.between(1, 4), "think_ms": [5, 60], "timeout_ms": 250 },
        "script": script,
        "until_ms": UNTIL_MS,
    })
}
