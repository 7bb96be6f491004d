//! Seeds in bulk: small clusters under a mixed load of faults, with every invariant watched and the
//! clients' history judged. A run that fails prints its scenario.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use common::{CALM_MS, scenario};
use serde_json::Value;
use synod::scenario::{BUDGET, Report, Scenario, Verdict, run};

const SEEDS: u64 = 2_000;
/// Runs a generated scenario; on a panic or an error it says which.
fn report(document: &Value) -> Report {
    let scenario = Scenario::read(document.clone()).unwrap_or_else(|error| panic!("{error}"));
    run(&scenario, BUDGET).unwrap_or_else(|error| panic!("{error}\n{document}"))
}

#[test]
fn no_invariant_is_violated_under_faults() {
    let (mut elected, mut answered, mut recovered) = (0, 0, 0);
    for seed in 0..SEEDS {
        let document = scenario(seed);
        let report = report(&document);
        let first = report.violations.first().map(|violation| &violation.text);
        assert_eq!(
            report.verdict,
            Verdict::Ok,
            "{first:?} {:?}\n{document}",
            report.blame
        );
        elected += report
            .milestones
            .iter()
            .filter(|fact| fact.kind == "elected")
            .count();
        answered += report.availability.answered;
        let late = |ms: Option<f64>| ms.is_some_and(|ms| ms > (CALM_MS + 1_500) as f64);
        let returned = report
            .history
            .iter()
            .map(|o| o.returned.map(|at| at.as_ms()));
        recovered += u64::from(returned.clone().any(late));
    }
    // The load must have teeth, and the clusters must live through it.
    assert!(elected as u64 > 2 * SEEDS, "only {elected} elections");
    assert!(answered as u64 > 20 * SEEDS, "only {answered} answers");
    // Where members left for good, there may be nobody to answer; elsewhere there always is.
    assert!(
        recovered > SEEDS * 9 / 10,
        "only {recovered} clusters came back"
    );
}

#[test]
fn a_cluster_with_its_members_answers_once_it_is_mended() {
    // Without a no-op, reads wait for the first write of the term (thesis, section 6.4).
    for seed in (0..SEEDS).filter(|seed| {
        let document = scenario(*seed);
        let script = document["script"].as_array().cloned().unwrap_or_default();
        let changes = |entry: &Value| matches!(entry["do"].as_str(), Some("join" | "leave"));
        document["options"]["no_op"] == true && !script.iter().any(changes)
    }) {
        let document = scenario(seed);
        let report = report(&document);
        let back = report.history.iter().any(|operation| {
            operation
                .returned
                .is_some_and(|at| at.as_ms() > (CALM_MS + 1_500) as f64)
        });
        assert!(back, "nobody is answered any more\n{document}");
    }
}
