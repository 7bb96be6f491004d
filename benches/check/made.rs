//! Histories to be judged: made up from a number, and others' from `../shared/histories`.

use std::path::Path;
use synod::base::{Chance, Draws, Micros};
use synod::check::{
    Call, KeyValue, KvCall, KvResult, Model, TextCall, TextStore, read_register_log,
    read_text_store,
};

/// A history of one of the kinds that are measured.
pub enum History {
    Kv(KeyValue, Vec<Call<KvCall, KvResult>>),
    Text(TextStore, Vec<Call<TextCall, Option<String>>>),
}

/// What a history is like.
#[derive(Clone, Copy)]
pub struct Load {
    pub operations: u64,
    pub clients: u64,
    pub keys: u64,
    /// One operation in so many is never answered; none at 0.
    pub lost: u64,
    /// One read, at two thirds, is answered with what was overwritten long before.
    pub spoilt: bool,
}

/// Clients that are never idle read, write and swap registers. Each operation takes effect at a moment
/// chosen between its call and its return, so that there is an order; unless it is spoilt.
pub fn made_up(load: Load) -> History {
    let mut luck = Draws::new(Chance::from_seed(load.operations ^ load.clients << 32));
    let mut free = vec![0u64; load.clients as usize];
    // By moment of effect: client, call, return.
    let mut effects = Vec::new();
    for n in 0..load.operations {
        let client = (n % load.clients) as usize;
        let called = free[client] + luck.between(1, 20);
        let effect = called + luck.between(1, 1_000);
        let returned = effect + luck.between(1, 1_000);
        free[client] = returned;
        effects.push((effect, n, client, called, returned));
    }
    effects.sort_unstable();
    let mut held = vec![None; load.keys as usize];
    let mut calls = Vec::new();
    let spoil_at = load.operations * 2 / 3;
    let mut spoilt = !load.spoilt;
    for (place, (_, n, client, called, returned)) in (0..).zip(effects) {
        let key = luck.between(0, load.keys - 1) as usize;
        let name = format!("k{key}");
        let op = match luck.between(0, 9) {
            0..=4 => KvCall::Get(name),
            5..=7 => KvCall::Put(name, n as i64),
            8 => KvCall::Cas(name, held[key], n as i64),
            _ => KvCall::Cas(name, Some(-1), n as i64),
        };
        let state = held[key];
        let mut result = match &op {
            KvCall::Get(_) => KvResult::Value(state),
            KvCall::Cas(_, old, _) => KvResult::Swapped(*old == state),
            _ => KvResult::Ok,
        };
        held[key] = KeyValue::default().step(&state, &op, None).flatten();
        if !spoilt && place > spoil_at && matches!(op, KvCall::Get(_)) {
            result = KvResult::Value(Some(-2));
            spoilt = true;
        }
        let lost = load.lost > 0 && luck.between(1, load.lost) == 1;
        calls.push(Call {
            client: client as u32,
            op,
            called: Micros(called),
            returned: (!lost).then_some((Micros(returned), result)),
        });
    }
    History::Kv(KeyValue::default(), calls)
}

/// The histories whose verdicts nobody here made, with those; none where the folder is absent.
pub fn folder() -> Vec<(String, History, bool)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/histories");
    let Ok(readme) = std::fs::read_to_string(folder.join("README.md")) else {
        return Vec::new();
    };
    let rows = readme.lines().filter_map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, file, _, _, expected @ ("yes" | "no"), _] = cells[..] else {
            return None;
        };
        let text = std::fs::read_to_string(folder.join(file)).ok()?;
        let history = if file.ends_with(".log") {
            History::Kv(KeyValue::default(), read_register_log(&text).ok()?)
        } else {
            History::Text(TextStore, read_text_store(&text).ok()?)
        };
        Some((file.to_owned(), history, expected == "yes"))
    });
    rows.collect()
}
