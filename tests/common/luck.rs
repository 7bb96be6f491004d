//! What loads made up from a number have in common.

use serde_json::{Value, json};
use synod::base::Draws;

/// One of `choices`.
pub fn one<T: Clone>(luck: &mut Draws, choices: &[T]) -> T {
    choices[luck.between(0, choices.len() as u64 - 1) as usize].clone()
}

/// The `kind`-th trouble, from 0 to 11, that may befall nodes of any protocol, or its mending.
pub fn trouble(kind: u64, node: u64, other: u64, luck: &mut Draws) -> Value {
    match kind {
        0 | 1 => json!({ "do": "crash", "node": node }),
        2 | 3 => json!({ "do": "restart", "node": node }),
        4 => json!({ "do": "isolate", "node": node }),
        5 => json!({ "do": "partition", "groups": [[node, other]] }),
        6 => json!({ "do": "cut", "from": node, "to": other, "one_way": luck.between(0, 1) == 0 }),
        7 | 8 => json!({ "do": "heal" }),
        9 => json!({ "do": "pause", "node": node }),
        10 => json!({ "do": "resume", "node": node }),
        _ => json!({ "do": "timeout", "node": node }),
    }
}
