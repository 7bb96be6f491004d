//! PBFT's replicas under messages that no correct one sends.
#![cfg(not(target_arch = "wasm32"))]

use serde_json::json;
use synod::scenario::{Scenario, run};

#[test]
fn garbage_is_dropped_with_a_reason_wherever_it_arrives() {
    let mut script = Vec::new();
    for n in 0..1_000u64 {
        let from = if n % 3 == 0 { 77 } else { (n + 1) % 4 };
        script.push(json!({ "at_ms": 100 + n / 2, "do": "garbage", "node": n % 4, "from": from }));
    }
    let document = json!({
        "protocol": "pbft", "nodes": 4, "options": { "auth": "macs" }, "clients": { "count": 2 },
        "script": script, "until_ms": 1500,
    });
    let scenario = Scenario::read(document).expect("it is sound");
    let report = run(&scenario, 1_000_000).expect("within budget");
    assert!(
        report.violations.is_empty(),
        "{:?}",
        report.violations.first()
    );
    let dropped: u32 = report.counts.ignored.values().sum();
    assert!(dropped >= 1_000, "{:?}", report.counts.ignored);
    let kinds = report
        .milestones
        .iter()
        .filter(|fact| fact.kind == "view_change_started");
    assert_eq!(kinds.count(), 0, "garbage moves nobody");
    assert!(report.availability.answered > 20);
}
