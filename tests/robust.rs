//! Scenarios gone wrong: thousands of random mutations of sound ones. Each is refused with its
//! place, or runs to an end within its budget; none panics or hangs.
#![cfg(not(target_arch = "wasm32"))]

use serde_json::{Map, Value, json};
use std::fs;
use std::path::Path;
use synod::base::{Chance, Draws};
use synod::scenario::{Scenario, run};

const MUTATIONS: u64 = 10_000;
/// Events and messages a mutated run may have.
const BUDGET: u32 = 20_000;

/// The gallery's scenarios, as documents.
fn gallery() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/lessons/raft");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("the gallery is there")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| !path.ends_with("index.json"))
        .collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| fs::read_to_string(path).expect("it can be read");
    paths
        .iter()
        .map(|path| serde_json::from_str(&read(path)).expect("it is JSON"))
        .collect()
}

/// A value such as nobody should write.
fn odd(luck: &mut Draws) -> Value {
    match luck.between(0, 15) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(0),
        4 => json!(1),
        5 => json!(0.000_001),
        6 => json!(1e300),
        7 => json!(u64::MAX),
        8 => json!(i64::MIN),
        9 => json!(65_536),
        10 => json!(""),
        11 => json!("leader"),
        12 => json!([]),
        13 => json!([[0, 1], [2]]),
        14 => json!({}),
        _ => json!(luck.between(0, 1_000)),
    }
}

/// Changes one place of a document, chosen at random.
fn mutate(value: &mut Value, luck: &mut Draws) {
    match value {
        Value::Object(object) if !object.is_empty() && luck.between(0, 9) > 0 => {
            let place = luck.between(0, object.len() as u64 - 1) as usize;
            let key = object.keys().nth(place).cloned().unwrap_or_default();
            match luck.between(0, 39) {
                0 => {
                    object.remove(&key);
                }
                1 => {
                    let held = object.remove(&key).unwrap_or_default();
                    object.insert(format!("{key}x"), held);
                }
                _ => mutate(object.entry(key).or_insert(Value::Null), luck),
            }
        }
        Value::Array(items) if !items.is_empty() && luck.between(0, 9) > 0 => {
            let place = luck.between(0, items.len() as u64 - 1) as usize;
            match luck.between(0, 9) {
                0 => {
                    items.remove(place);
                }
                1 => items.push(items[place].clone()),
                2 => items.push(odd(luck)),
                _ => mutate(&mut items[place], luck),
            }
        }
        Value::Number(number) if luck.between(0, 7) > 0 => {
            let times = [0.0, 0.001, 0.1, 0.5, 2.0, 3.0, 20.0, 1000.0][luck.between(0, 7) as usize];
            let scaled = number.as_f64().unwrap_or(0.0) * times;
            *value = if scaled.fract() == 0.0 {
                json!(scaled as i64)
            } else {
                json!(scaled)
            };
        }
        other => *other = odd(luck),
    }
}

#[test]
fn mutated_scenarios_neither_panic_nor_hang() {
    let gallery = gallery();
    let (mut refused, mut ended, mut stopped) = (0, 0, 0);
    for n in 0..MUTATIONS {
        let mut luck = Draws::new(Chance::from_seed(n).of(0x6d75_7461));
        let mut document = gallery[(n % gallery.len() as u64) as usize].clone();
        for _ in 0..luck.between(1, 3) {
            mutate(&mut document, &mut luck);
        }
        match Scenario::read(document.clone()).and_then(|scenario| run(&scenario, BUDGET)) {
            Ok(_) => ended += 1,
            Err(error) if error.path == "until_ms" && error.expected.contains("events") => {
                stopped += 1;
            }
            Err(error) => {
                assert!(
                    !error.found.is_empty() && !error.expected.is_empty(),
                    "{error:?}\n{document}"
                );
                refused += 1;
            }
        }
    }
    println!("{refused} refused, {ended} ran to their end, {stopped} were stopped by the budget");
    let tenth = MUTATIONS / 10;
    assert!(
        refused > tenth && ended > tenth && stopped > 50,
        "{refused} {ended} {stopped}"
    );
}

#[test]
fn garbage_is_dropped_with_a_reason_wherever_it_arrives() {
    let mut script = Vec::new();
    for n in 0..2_000u64 {
        let from = if n % 3 == 0 { 77 } else { (n + 1) % 5 };
        script.push(json!({ "at_ms": 400 + n / 2, "do": "garbage", "node": n % 5, "from": from }));
    }
    let with = json!({ "protocol": "raft", "clients": { "count": 2 }, "script": script, "until_ms": 3000 });
    let scenario = Scenario::read(with).expect("it is sound");
    let report = run(&scenario, 1_000_000).expect("within budget");
    assert!(
        report.violations.is_empty(),
        "{:?}",
        report.violations.first()
    );
    let dropped: u32 = report.counts.ignored.values().sum();
    assert!(dropped >= 2_000, "{:?}", report.counts.ignored);
    let elections = report
        .milestones
        .iter()
        .filter(|fact| fact.kind == "elected")
        .count();
    assert_eq!(elections, 1, "garbage moves nobody");
}

#[test]
fn text_that_is_no_scenario_is_refused() {
    for text in [
        "",
        "null",
        "[]",
        "5",
        "{",
        "{\"protocol\":",
        "{\"protocol\":7}",
        "{\"protocol\":\"x\"}",
    ] {
        let error = Scenario::parse(text).and_then(|scenario| run(&scenario, BUDGET));
        let error = error.expect_err(text);
        assert!(
            !error.found.is_empty() && !error.expected.is_empty(),
            "{text}: {error:?}"
        );
    }
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(Scenario::parse(&deep).is_err());
    let many: Map<String, Value> = (0..10_000).map(|n| (format!("k{n}"), json!(n))).collect();
    assert!(Scenario::read(Value::Object(many)).is_err());
}
