//! Paxos under seeds in bulk: small clusters, single-decree and multi, under a mixed load of faults,
//! with every invariant watched and the clients' history judged. A run that fails prints its scenario.
#![cfg(not(target_arch = "wasm32"))]

#[path = "paxos/made_up.rs"]
mod made_up;

use made_up::{CALM_MS, lease, multi, single};
use serde_json::Value;
use synod::scenario::{BUDGET, Report, Scenario, Verdict, run};

const SEEDS: u64 = 2_000;

/// Runs a generated scenario, in which nothing may go wrong.
fn sound(document: &Value) -> Report {
    let scenario = Scenario::read(document.clone()).unwrap_or_else(|error| panic!("{error}"));
    let report = run(&scenario, BUDGET).unwrap_or_else(|error| panic!("{error}\n{document}"));
    let first = report.violations.first().map(|violation| &violation.text);
    assert_eq!(
        report.verdict,
        Verdict::Ok,
        "{first:?} {:?}\n{document}",
        report.blame
    );
    report
}

fn count(report: &Report, kind: &str) -> u64 {
    let facts = report.milestones.iter();
    facts.filter(|fact| fact.kind == kind).count() as u64
}

/// Whether some client was answered so long after everything was mended that it was asked since.
fn came_back(report: &Report) -> bool {
    let late = |ms: f64| ms > (CALM_MS + 1_500) as f64;
    let mut returned = report.history.iter().filter_map(|asked| asked.returned);
    returned.any(|at| late(at.as_ms()))
}

#[test]
fn one_value_is_chosen_whatever_happens() {
    let (mut chosen, mut ballots, mut adopted, mut refused) = (0, 0, 0, 0);
    for seed in 0..SEEDS {
        let document = single(seed);
        let report = sound(&document);
        chosen += u64::from(count(&report, "chosen") > 0);
        ballots += count(&report, "prepared");
        refused += count(&report, "refused");
        let adopts = |text: &String| text.contains("must adopt");
        adopted += report
            .milestones
            .iter()
            .filter(|fact| adopts(&fact.text))
            .count() as u64;
        // Everybody is back and the network is calm: whoever asks is told, and everybody learns.
        assert!(
            came_back(&report),
            "nobody is answered any more\n{document}"
        );
        for node in &report.final_nodes {
            assert!(
                !node.view["decided"].is_null(),
                "a node has not learnt\n{document}"
            );
        }
    }
    // The load must have teeth.
    assert_eq!(chosen, SEEDS, "in the end there is a value");
    assert!(ballots > 3 * SEEDS, "only {ballots} ballots");
    assert!(adopted > SEEDS / 4, "only {adopted} values adopted");
    assert!(refused > SEEDS, "only {refused} refusals");
}

#[test]
fn no_invariant_of_the_log_is_violated() {
    let (mut elected, mut answered, mut gaps, mut snapshots) = (0, 0, 0, 0);
    for seed in 0..SEEDS {
        let document = multi(seed);
        let report = sound(&document);
        elected += count(&report, "elected");
        gaps += count(&report, "gap_filled");
        snapshots += count(&report, "snapshot_installed");
        answered += report.availability.answered as u64;
        assert!(
            came_back(&report),
            "nobody is answered any more\n{document}"
        );
    }
    println!(
        "{elected} elected, {answered} answered, {gaps} gaps, {snapshots} snapshots taken over"
    );
    assert!(elected > 2 * SEEDS, "only {elected} leaders");
    assert!(answered > 20 * SEEDS, "only {answered} answers");
    assert!(gaps > 20, "only {gaps} gaps filled");
    assert!(snapshots > SEEDS / 20, "only {snapshots} snapshots");
}

#[test]
fn a_lease_never_lets_an_old_leader_answer_late() {
    let mut served = 0;
    for seed in 0..SEEDS {
        served += count(&sound(&lease(seed)), "read_served");
    }
    assert!(served > SEEDS, "only {served} reads under a lease");
}

/// What the same load makes of each rule that is left out: the load is worth something only if it
/// finds it. The two mutants that are missing need schedules of many steps; they have scenario files.
#[test]
fn what_is_left_out_is_found_out() {
    type MadeUp = fn(u64) -> Value;
    let cases: &[(&str, MadeUp)] = &[
        ("shared_ballots", single),
        ("half_quorum", single),
        ("keeps_own_value", single),
        ("lowest_accepted", single),
        ("accept_below_promise", single),
        ("promise_not_persisted", single),
        ("acceptor_forgets", single),
        ("stale_promises", single),
        ("counts_values", single),
        ("votes_not_voters", single),
        ("gaps_unasked", multi),
        ("skips_holes", multi),
        ("lease_not_honoured", lease),
        ("lease_from_answer", lease),
    ];
    for (mutant, made_up) in cases {
        let violates = |seed: &u64| {
            let mut document = made_up(*seed);
            document["options"]["mutant"] = (*mutant).into();
            let scenario = Scenario::read(document).expect("it is sound");
            run(&scenario, BUDGET).expect("within budget").verdict == Verdict::Violated
        };
        let first = (0..SEEDS).find(violates);
        println!("{mutant}: found with seed {first:?}");
        assert!(first.is_some(), "{mutant} is not found out");
    }
}
