//! Clients that stand still, and clients whose clocks are wrong: whatever the protocol.
#![cfg(not(target_arch = "wasm32"))]

use serde_json::{Value, json};
use synod::base::Micros;
use synod::scenario::{BUDGET, Report, Scenario, build, run};
use synod::sim::Action;

fn document(script: &Value) -> Value {
    json!({
        "protocol": "raft", "nodes": 3, "until_ms": 3000, "script": script,
        "clients": { "count": 2, "think_ms": [10, 20] },
    })
}

fn report(script: &Value) -> Report {
    let scenario = Scenario::read(document(script)).expect("it is sound");
    run(&scenario, BUDGET).expect("within budget")
}

fn calls(report: &Report, client: u32) -> Vec<f64> {
    let of_client = report.history.iter().filter(|asked| asked.client == client);
    of_client.map(|asked| asked.call.as_ms()).collect()
}

#[test]
fn one_that_stands_still_asks_nothing_and_takes_later_what_came() {
    let script = json!([
        { "at_ms": 1000, "do": "pause_client", "client": 0 },
        { "at_ms": 2000, "do": "resume_client", "client": 0 },
    ]);
    let with = report(&script);
    let pause = |at: &f64| (1000.0..2000.0).contains(at);
    assert_eq!(calls(&with, 0).iter().filter(|at| pause(at)).count(), 0);
    assert!(calls(&with, 1).iter().filter(|at| pause(at)).count() > 10);
    assert!(calls(&with, 0).iter().any(|at| *at >= 2000.0), "it goes on");
    let under_way = with.history.iter().find(|asked| {
        let returned = asked.returned.map(Micros::as_ms);
        asked.client == 0 && asked.call.as_ms() < 1000.0 && returned.is_none_or(|at| at >= 1000.0)
    });
    let returned = under_way.and_then(|asked| asked.returned);
    assert_eq!(
        returned,
        Some(Micros::from_ms(2000)),
        "the answer has waited"
    );
    let without = report(&json!([]));
    let early = |report: &Report| {
        calls(report, 1)
            .into_iter()
            .filter(|at| *at < 1000.0)
            .count()
    };
    assert_eq!(early(&with), early(&without));
}

#[test]
fn a_pause_is_walked_back_and_forth_and_done_by_hand() {
    let script = json!([
        { "at_ms": 900, "do": "pause_client", "client": 1 },
        { "at_ms": 1500, "do": "drop", "kind": "Reply" },
        { "at_ms": 1700, "do": "resume_client", "client": 1 },
    ]);
    let scenario = Scenario::read(document(&script)).expect("it is sound");
    let mut straight = build(&scenario, BUDGET).expect("it fits");
    straight.advance(scenario.until).expect("within budget");
    let mut walked = build(&scenario, BUDGET).expect("it fits");
    for ms in [1200, 400, 2900, 1600, 0, 3000] {
        walked.seek(Micros::from_ms(ms)).expect("within budget");
    }
    assert_eq!(walked.trace_hash(), straight.trace_hash());
    let mut by_hand = build(&scenario, BUDGET).expect("it fits");
    by_hand
        .advance(Micros::from_ms(400))
        .expect("within budget");
    by_hand
        .apply(Action::PauseClient { client: 0 })
        .expect("it goes on");
    assert!(
        by_hand.apply(Action::PauseClient { client: 0 }).is_err(),
        "it stands still already"
    );
    assert!(
        by_hand.apply(Action::ResumeClient { client: 1 }).is_err(),
        "it goes on already"
    );
    assert!(
        by_hand.apply(Action::PauseClient { client: 7 }).is_err(),
        "there is none"
    );
    by_hand
        .apply(Action::ResumeClient { client: 0 })
        .expect("it stands still");
}

#[test]
fn what_can_never_be_done_is_refused_with_the_scenario() {
    for (entry, path) in [
        (
            json!({ "at_ms": 5, "do": "pause_client", "client": 10_000 }),
            "script[0].client",
        ),
        (
            json!({ "at_ms": 5, "do": "resume_client", "client": -1 }),
            "script[0].client",
        ),
        (
            json!({ "at_ms": 5, "do": "pause_client" }),
            "script[0].client",
        ),
        (
            json!({ "at_ms": 5, "do": "skew_client", "client": 0, "drift_ppm": 500_001 }),
            "script[0].drift_ppm",
        ),
    ] {
        let error = Scenario::read(document(&json!([entry])))
            .and_then(|scenario| build(&scenario, BUDGET).map(|_| ()))
            .expect_err("it makes no sense");
        assert_eq!(error.path, path, "{entry}: {error}");
    }
    // One that is impossible when its moment comes is without effect.
    let none = report(&json!([{ "at_ms": 500, "do": "resume_client", "client": 0 }]));
    assert_eq!(calls(&none, 0), calls(&report(&json!([])), 0));
}
