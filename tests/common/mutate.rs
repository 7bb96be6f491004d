//! Sound scenarios, and what becomes of them when somebody changes a place at random.

use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use synod::base::{Chance, Draws};

/// The ready scenarios of a protocol, as documents.
pub fn gallery(protocol: &str) -> Vec<Value> {
    let lessons = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/lessons");
    let folder = lessons.join(protocol);
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

/// The `n`-th mutation of the gallery's scenarios.
pub fn mutation(n: u64, gallery: &[Value]) -> Value {
    let mut luck = Draws::new(Chance::from_seed(n).of(0x6d75_7461));
    let mut document = gallery[(n % gallery.len() as u64) as usize].clone();
    for _ in 0..luck.between(1, 3) {
        mutate(&mut document, &mut luck);
    }
    document
}
