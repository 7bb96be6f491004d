//! Runs are functions of their scenarios: natively, in wasm, straight and by going back and forth.

use crate::desk::{Desk, macs, put};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use synod::base::{Chance, Draws, Input, Micros};
use synod::protocol::pbft::{Options, Pbft, Timer, Way};
use synod::scenario::{BUDGET, Scenario, build, run};

fn gallery() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/lessons/pbft");
    let index = fs::read_to_string(folder.join("index.json")).expect("the gallery is there");
    let names: Vec<String> = serde_json::from_str(&index).expect("a list of names");
    let read = |name: &String| {
        let text = fs::read_to_string(folder.join(format!("{name}.json"))).expect("a scenario");
        let mut document: Value = serde_json::from_str(&text).expect("it is JSON");
        for words in ["title", "about", "watch", "expect"] {
            document.as_object_mut().expect("an object").remove(words);
        }
        document
    };
    names.iter().map(read).collect()
}

/// The gallery's trace hashes, signatures and all: the same here and in Node (tests/js). `UPDATE=1`
/// writes tests/pbft-hashes.json anew.
#[test]
fn the_gallery_has_the_hashes_that_were_written_down() {
    let found: Vec<Value> = gallery()
        .into_iter()
        .map(|document| {
            let scenario = Scenario::read(document.clone()).expect("it is sound");
            let report = run(&scenario, BUDGET).expect("within budget");
            json!({ "scenario": document, "trace_hash": report.trace_hash })
        })
        .collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pbft-hashes.json");
    if std::env::var_os("UPDATE").is_some() {
        let lines: Vec<String> = found.iter().map(Value::to_string).collect();
        fs::write(&path, format!("[\n{}\n]\n", lines.join(",\n"))).expect("it can be written");
    }
    let text = fs::read_to_string(&path).expect("tests/pbft-hashes.json is there");
    let written: Vec<Value> = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(
        found, written,
        "a run has changed; if that is meant, run with UPDATE=1"
    );
}

#[test]
fn walking_back_and_forth_changes_nothing() {
    for document in gallery() {
        let scenario = Scenario::read(document).expect("it is sound");
        let mut straight = build(&scenario, BUDGET).expect("it fits");
        straight.advance(scenario.until).expect("within budget");
        let mut walked = build(&scenario, BUDGET).expect("it fits");
        for hundredths in [40, 10, 90, 55, 0, 100] {
            let to = Micros(scenario.until.0 * hundredths / 100);
            walked.seek(to).expect("within budget");
        }
        assert_eq!(walked.trace_hash(), straight.trace_hash());
        assert_eq!(walked.counts(), straight.counts());
    }
}

/// Replicas under whatever order of whatever messages, late ones and doubled ones among them, with
/// one of them a liar whose ways change: none panics, and no two honest ones differ.
#[test]
fn any_order_of_messages_is_borne() {
    for seed in 0..150u64 {
        let mut luck = Draws::new(Chance::from_seed(seed).of(0x6465_736b));
        let options = Options {
            checkpoint_interval: 2,
            window: 4,
            ..macs()
        };
        let mut desk = Desk::new(4, options);
        let mut old: Vec<(synod::base::NodeId, synod::protocol::pbft::Message)> = Vec::new();
        for step in 0..600u64 {
            match luck.between(0, 19) {
                0 => desk.ask(
                    luck.between(0, 3) as usize,
                    step as u32 % 3,
                    1 + step / 40,
                    put("x", step as i64),
                ),
                1 => {
                    let id = luck.between(0, 3) as usize;
                    let timer = [Timer::ViewChange, Timer::Status, Timer::Late]
                        [luck.between(0, 2) as usize];
                    if desk.timers[id].contains_key(&timer) {
                        desk.fire(id, timer);
                    }
                }
                2 if luck.between(0, 9) == 0 => {
                    let ways = [
                        Way::Equivocate,
                        Way::Forge,
                        Way::Impersonate,
                        Way::LieViewChange,
                        Way::Replay,
                        Way::WrongDigest,
                    ];
                    let way = ways[luck.between(0, 5) as usize];
                    desk.conduct(3, &[way, Way::FalseCheckpoint]);
                }
                3 if luck.between(0, 9) == 0 => desk.restart(luck.between(0, 3) as usize),
                4 if !old.is_empty() => {
                    let again = luck.between(0, old.len() as u64 - 1) as usize;
                    let (from, message) = old[again].clone();
                    desk.input(
                        luck.between(0, 3) as usize,
                        Input::Message { from, message },
                    );
                }
                _ if !desk.letters.is_empty() => {
                    let place = luck.between(0, desk.letters.len() as u64 - 1) as usize;
                    let (from, to, message) = desk.letters.remove(place).expect("it is there");
                    old.push((from, message.clone()));
                    desk.input(to.index(), Input::Message { from, message });
                }
                _ => {}
            }
        }
        let honest: Vec<&Pbft> = desk.cores.iter().take(3).collect();
        for (one, other) in [(0, 1), (0, 2), (1, 2)] {
            if honest[one].executed() == honest[other].executed() {
                assert_eq!(
                    honest[one].machine(),
                    honest[other].machine(),
                    "seed {seed}"
                );
            }
        }
    }
}
