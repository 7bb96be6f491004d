//! What a decision costs when nothing fails, from 3 to 31 nodes: messages and message delays, exactly as
//! the closed forms have them.
#![cfg(not(target_arch = "wasm32"))]

use serde_json::{Value, json};
use synod::scenario::{BUDGET, Report, Scenario, run};

/// Every message takes this long, so that time counts delays.
const DELAY_MS: u64 = 10;
/// When what is counted begins, and how far apart commands are.
const BEGIN_MS: u64 = 1_000;
const APART_MS: u64 = 200;

fn report(nodes: u64, options: Value, script: Vec<Value>, until_ms: u64) -> Report {
    let document = json!({
        "protocol": "paxos", "nodes": nodes, "options": options, "script": script,
        "network": { "latency_ms": [DELAY_MS, DELAY_MS] },
        "clients": { "count": 0, "latency_ms": [DELAY_MS, DELAY_MS], "timeout_ms": 100_000 },
        "until_ms": until_ms,
    });
    run(&Scenario::read(document).expect("it is sound"), BUDGET).expect("within budget")
}

/// How many messages of these kinds went between nodes.
fn sent(report: &Report, kinds: &[&str]) -> u64 {
    let count = |kind: &&str| report.counts.kinds.get(*kind).copied().unwrap_or(0);
    kinds.iter().map(|kind| u64::from(count(kind))).sum()
}

/// The delays between each request and its answer.
fn delays(report: &Report) -> Vec<f64> {
    let history = report.history.iter();
    history
        .map(|asked| {
            let returned = asked.returned.expect("it is answered");
            returned.since(asked.call).as_ms() / DELAY_MS as f64
        })
        .collect()
}

/// When each node learnt the value, in delays after the proposer was asked.
fn learnt(report: &Report) -> Vec<f64> {
    let asked = BEGIN_MS + DELAY_MS;
    let facts = report
        .milestones
        .iter()
        .filter(|fact| fact.kind == "learned");
    facts
        .map(|fact| (fact.at.as_ms() - asked as f64) / DELAY_MS as f64)
        .collect()
}

fn propose(node: u64) -> Vec<Value> {
    vec![json!({ "at_ms": BEGIN_MS, "do": "request", "node": node, "op": { "propose": "A" } })]
}

/// A single decision by a proposer that is an acceptor itself: 4(n - 1) messages, and n - 1 to tell the
/// others. Four delays decide it; the client's request and its answer are two more.
#[test]
fn a_single_decree_takes_four_messages_to_each_other_node_and_one_to_tell() {
    let phases = ["Prepare", "Promise", "Accept", "Accepted"];
    for n in 3..=31 {
        let options = json!({ "mode": "single", "ask_ms": 0 });
        let report = report(n, options, propose(n / 2), BEGIN_MS + 500);
        for kind in phases {
            assert_eq!(sent(&report, &[kind]), n - 1, "{kind} among {n}");
        }
        assert_eq!(sent(&report, &phases), 4 * (n - 1), "{n} nodes");
        assert_eq!(sent(&report, &["Chosen"]), n - 1, "{n} nodes");
        let all: u32 = report.counts.kinds.values().sum();
        assert_eq!(u64::from(all), 5 * (n - 1), "and no other");
        assert_eq!(delays(&report), [6.0]);
        let learnt = learnt(&report);
        assert_eq!((learnt[0], learnt.len() as u64), (4.0, n));
        assert!(
            learnt[1..].iter().all(|delays| *delays == 5.0),
            "{learnt:?}"
        );
    }
}

/// The same when acceptors tell everybody: n(n - 1) votes in place of the n - 1 and the telling, and
/// nobody is a delay behind the proposer.
#[test]
fn telling_everybody_saves_a_delay_for_n_times_the_votes() {
    for n in 3..=31 {
        let options = json!({ "mode": "single", "ask_ms": 0, "learners": "everybody" });
        let report = report(n, options, propose(n - 1), BEGIN_MS + 500);
        assert_eq!(
            sent(&report, &["Prepare", "Promise", "Accept"]),
            3 * (n - 1)
        );
        assert_eq!(sent(&report, &["Accepted"]), n * (n - 1), "{n} nodes");
        assert_eq!(sent(&report, &["Chosen"]), 0);
        assert_eq!(delays(&report), [6.0]);
        // With three acceptors the proposer's vote and a helper's own are two, which one of them has
        // a delay before the proposer.
        let learnt = learnt(&report);
        assert!(
            learnt.iter().all(|delays| *delays <= 4.0),
            "{n} nodes: {learnt:?}"
        );
    }
}

/// Proposers that are not acceptors: four messages for each acceptor.
#[test]
fn a_proposer_apart_takes_four_messages_to_each_acceptor() {
    for (n, acceptors) in [(5, 3), (8, 3), (9, 5), (31, 7)] {
        let options = json!({ "mode": "single", "ask_ms": 0, "acceptors": acceptors });
        let report = report(n, options, propose(n - 1), BEGIN_MS + 500);
        let phases = ["Prepare", "Promise", "Accept", "Accepted"];
        assert_eq!(sent(&report, &phases), 4 * acceptors, "{acceptors} of {n}");
        assert_eq!(sent(&report, &["Chosen"]), n - 1);
        assert_eq!(delays(&report), [6.0]);
    }
}

/// Multi-Paxos once somebody leads: 2(n - 1) messages a command, and four delays from the client's
/// request to its answer.
#[test]
fn a_command_takes_two_messages_to_each_other_node() {
    const COMMANDS: u64 = 10;
    for n in 3..=31 {
        let mut script =
            vec![json!({ "at_ms": 10, "do": "timeout", "node": 0, "timer": "election" })];
        for k in 0..COMMANDS {
            let op = json!({ "put": ["x", k] });
            let at_ms = BEGIN_MS + k * APART_MS;
            script.push(json!({ "at_ms": at_ms, "do": "request", "node": 0, "op": op }));
        }
        let until = BEGIN_MS + COMMANDS * APART_MS;
        let report = report(n, json!({}), script, until);
        assert_eq!(sent(&report, &["Accept"]), COMMANDS * (n - 1), "{n} nodes");
        assert_eq!(
            sent(&report, &["Accept", "Accepted"]),
            COMMANDS * 2 * (n - 1)
        );
        assert_eq!(sent(&report, &["Chosen", "Ask", "Refuse"]), 0, "{n} nodes");
        // Phase 1 was done once, before.
        assert_eq!(sent(&report, &["Prepare", "Promise"]), 2 * (n - 1));
        assert_eq!(delays(&report), [4.0; COMMANDS as usize]);
    }
}

/// A read under a lease takes no message between nodes and two delays.
#[test]
fn a_read_under_a_lease_takes_no_message_at_all() {
    let script = vec![
        json!({ "at_ms": 10, "do": "timeout", "node": 0, "timer": "election" }),
        json!({ "at_ms": BEGIN_MS, "do": "request", "node": 0, "op": { "get": "x" } }),
    ];
    let report = report(5, json!({ "reads": "lease" }), script, BEGIN_MS + 500);
    assert_eq!(sent(&report, &["Accept", "Accepted"]), 0);
    assert_eq!(delays(&report), [2.0]);
}
