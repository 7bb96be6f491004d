//! Scenarios made up from a number: small clusters of the key-value store under a mixed load of
//! faults, then a while in which everything is mended and clients go on, then a while in which
//! clients are not heard any more.

#[path = "../common/luck.rs"]
mod luck;

use luck::{one, trouble};
use serde_json::{Value, json};
use synod::base::{Chance, Draws};

/// Faults come until then; then everything is mended.
pub const CALM_MS: u64 = 2_500;
/// From then on no client is heard.
pub const QUIET_MS: u64 = 3_000;
const UNTIL_MS: u64 = 6_500;

/// A fault, a mend or a request at some moment.
fn entry(luck: &mut Draws, nodes: u64, fixed_members: bool, sound_disks: bool) -> Value {
    let at = luck.between(100, CALM_MS - 1);
    let node = luck.between(0, nodes - 1);
    let other = (node + luck.between(1, nodes - 1)) % nodes;
    let mut action = match luck.between(0, if fixed_members { 16 } else { 20 }) {
        kind @ 0..=9 => trouble(kind, node, other, luck),
        kind @ 10..=12 => trouble(kind - 1, node, other, luck),
        13 => {
            let ahead = luck.between(0, 2_000);
            let drift = luck.between(0, 200_000) as i64 - 100_000;
            json!({ "do": "skew", "node": node, "ahead_ms": ahead, "drift_ppm": drift })
        }
        14 => json!({ "do": "garbage", "node": node, "from": other }),
        15 if sound_disks => json!({ "do": "crash", "node": node }),
        15 => json!({ "do": "disk_loss", "node": node }),
        16 => {
            let slow = luck.between(1, 3_000);
            json!({ "do": "link", "from": node, "to": other, "latency_ms": [1, slow], "reorder": 1 })
        }
        17 | 18 => json!({ "do": "join" }),
        _ => json!({ "do": "leave", "node": node }),
    };
    action["at_ms"] = at.into();
    action
}

/// Writes whose contexts somebody has made up: they may claim what nobody has read, or what is
/// still to come. The store takes them at their word.
fn claims(seed: u64, nodes: u64) -> Vec<Value> {
    let mut luck = Draws::new(Chance::from_seed(seed).of(0x636c));
    // Few: what they forge is not judged.
    let count = luck.between(0, 12).saturating_sub(9);
    let claim = |_| {
        let key = one(&mut luck, &["cart", "x", "y", "z"]);
        let (node, of) = (luck.between(0, nodes - 1), luck.between(0, nodes - 1));
        let clock = json!({ of.to_string(): luck.between(1, 30) });
        let context = json!({ "key": key, "clock": clock });
        let op = if luck.between(0, 5) == 0 {
            json!({ "delete": [key, context] })
        } else {
            json!({ "put": [key, luck.between(0, 99), context] })
        };
        let at = luck.between(100, CALM_MS - 1);
        json!({ "at_ms": at, "do": "request", "node": node, "op": op })
    };
    (0..count).map(claim).collect()
}

/// The scenario of that number.
pub fn storm(seed: u64) -> Value {
    let mut luck = Draws::new(Chance::from_seed(seed).of(0x6b76));
    let nodes = one(&mut luck, &[2, 3, 4, 5, 6]);
    let [fixed_members, sound_disks] = [(); 2].map(|()| luck.between(0, 1) == 0);
    let n = luck.between(1, nodes.min(3));
    let latency = one(&mut luck, &[[1, 3], [5, 15], [1, 60]]);
    let bad = one(&mut luck, &[0.0, 0.02, 0.15]);
    let mut script: Vec<Value> = (0..luck.between(3, 18))
        .map(|_| entry(&mut luck, nodes, fixed_members, sound_disks))
        .collect();
    for key in 0..luck.between(0, 4) {
        let put = luck.between(50, 1_200);
        let delete = put + luck.between(20, 1_200);
        let (node, key) = (luck.between(0, nodes - 1), format!("t{key}"));
        let op = json!({ "put": [key, 1] });
        script.push(json!({ "at_ms": put, "do": "request", "node": node, "op": op }));
        let op = json!({ "delete": [key] });
        script.push(json!({ "at_ms": delete, "do": "request", "node": node, "op": op }));
    }
    script.extend(claims(seed, nodes));
    script.sort_by_key(|entry| entry["at_ms"].as_u64());
    script.push(json!({ "at_ms": CALM_MS, "do": "heal" }));
    script.push(
        json!({ "at_ms": CALM_MS, "do": "link", "loss": 0, "duplicate": 0, "latency_ms": latency }),
    );
    let joined = script.iter().filter(|entry| entry["do"] == "join").count() as u64;
    for node in 0..nodes + joined {
        script.push(json!({ "at_ms": CALM_MS, "do": "restart", "node": node }));
        script.push(json!({ "at_ms": CALM_MS, "do": "resume", "node": node }));
    }
    script.push(json!({ "at_ms": QUIET_MS, "do": "link", "loss": 1 }));
    for node in 0..nodes + joined {
        script.push(json!({ "at_ms": QUIET_MS, "do": "link", "from": node, "loss": 0 }));
    }
    json!({
        "protocol": "kv",
        "nodes": nodes,
        "seed": seed,
        "options": {
            "n": n,
            "r": luck.between(1, n),
            "w": luck.between(1, n),
            "sloppy": luck.between(0, 1) == 0,
            "virtual_nodes": one(&mut luck, &[1, 4, 8]),
            "resolver": one(&mut luck, &["siblings", "siblings", "siblings", "lww", "union", "max"]),
            "read_repair": luck.between(0, 2) > 0,
            "anti_entropy_ms": one(&mut luck, &[60, 150]),
            "gossip_ms": 40,
            "suspect_ms": one(&mut luck, &[150, 400]),
            "patience_ms": one(&mut luck, &[80, 160]),
            "grace_ms": one(&mut luck, &[300, 600]),
        },
        "network": {
            "latency_ms": latency,
            "loss": bad,
            "duplicate": 2.0 * bad,
            "reorder": one(&mut luck, &[0.0, 0.3]),
        },
        "clients": {
            "count": luck.between(2, 5),
            "think_ms": [5, 60],
            "timeout_ms": 250,
            "workload": one(&mut luck, &["mixed", "mixed", "cart", "blind", "reads"]),
        },
        "script": script,
        "until_ms": UNTIL_MS,
    })
}
