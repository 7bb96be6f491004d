//! A run made by hand is its script: whatever was done at whatever moment, the script gives the
//! same run again.
#![cfg(not(target_arch = "wasm32"))]

use serde_json::{Value, json};
use synod::base::{Chance, Draws, Micros, NodeId};
use synod::scenario::{BUDGET, Scenario, ScriptEntry, build};
use synod::sim::{Action, Pick, Simulation};

/// Whole milliseconds everywhere, so that many things fall into one microsecond.
fn crowded(seed: u64) -> Scenario {
    Scenario::read(json!({
        "protocol": "raft",
        "nodes": 4,
        "seed": seed,
        "options": { "election_timeout_ms": [100, 101], "heartbeat_ms": 20 },
        "network": { "latency_ms": [10, 10], "duplicate": 0.2 },
        "clients": { "count": 2, "think_ms": [10, 10], "latency_ms": [5, 5], "timeout_ms": 40 },
    }))
    .expect("it is sound")
}

/// Something that a hand may do, possible or not.
fn act(luck: &mut Draws) -> Action {
    let node = NodeId(luck.between(0, 3) as u16);
    let to = NodeId((node.0 + 1) % 4);
    let any = Pick::default;
    match luck.between(0, 11) {
        0 => Action::Crash { node },
        1 | 2 => Action::Restart { node },
        3 | 4 => Action::Pause { node },
        5 | 6 => Action::Resume { node },
        7 => Action::Timeout { node, timer: None },
        8 => Action::Cut {
            from: node,
            to,
            one_way: false,
        },
        9 => Action::Heal {},
        10 => Action::Deliver(any()),
        _ => Action::Request {
            node: Some(node),
            client: None,
            op: json!({ "put": ["x", 1] }),
        },
    }
}

fn by_hand(seed: u64, luck: &mut Draws, run: &mut dyn Simulation) -> usize {
    let mut done = 0;
    for _ in 0..60 {
        match luck.between(0, 3) {
            0 => drop(run.step().expect("within budget")),
            1 => {}
            _ => {
                let to = run.now().0.div_ceil(1_000) * 1_000 + luck.between(0, 12) * 1_000;
                run.advance(Micros(to)).expect("within budget");
            }
        }
        done += usize::from(run.apply(act(luck)).is_ok());
        if luck.between(0, 30) == 0 {
            let back = Micros(run.now().0 * luck.between(50, 100) / 100 / 1_000 * 1_000);
            run.seek(back).expect("within budget");
        }
    }
    assert!(done > 10, "seed {seed}: only {done} acts");
    done
}

#[test]
fn a_run_made_by_hand_is_its_script() {
    let mut acts = 0;
    for seed in 0..300 {
        let mut luck = Draws::new(Chance::from_seed(seed).of(0x6861_6e64));
        let scenario = crowded(seed);
        let mut run = build(&scenario, BUDGET).expect("it fits");
        acts += by_hand(seed, &mut luck, run.as_mut());
        let end = run.now() + Micros::from_ms(500);
        run.advance(end).expect("within budget");
        let script = run.script().iter().cloned().map(ScriptEntry).collect();
        let written: Value = serde_json::to_value(Scenario { script, ..scenario }).expect("JSON");
        let read = Scenario::read(written).expect("what is written can be read");
        let mut again = build(&read, BUDGET).expect("it fits");
        again.advance(end).expect("within budget");
        assert_eq!(again.trace_hash(), run.trace_hash(), "seed {seed}");
        assert_eq!(again.counts(), run.counts(), "seed {seed}");
    }
    assert!(acts > 9_000, "only {acts} acts");
}
