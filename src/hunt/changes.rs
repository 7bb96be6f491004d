//! Single changes to a scenario that may leave its violation as it is.

use super::played::{BEAT, is_by_hand};
use crate::base::{Chance, Draws, Micros, Pace};
use crate::scenario::{Scenario, ScriptEntry, ground};
use crate::sim::{Action, Entry};
use serde_json::Value;

/// How far apart the entries of a script are where messages travel by themselves: they arrive, and
/// are answered, in between.
const PAUSE: Micros = Micros::from_ms(100);

/// How long a run goes on after the last of them.
const AFTERMATH: Micros = Micros::from_ms(2_000);

/// The scenario, by hand up to the entry at `place`, from which on messages travel by themselves.
pub(super) fn flowing_from(scenario: &Scenario, place: usize) -> Scenario {
    let mut changed = scenario.clone();
    let rest = changed.script.split_off(place);
    let mut at = changed.script.last().map_or(Micros::ZERO, |last| last.0.at);
    let mut put = |script: &mut Vec<ScriptEntry>, after: Micros, action| {
        at += after;
        let after = 0;
        script.push(ScriptEntry(Entry { at, after, action }));
    };
    match place {
        0 => changed.network.manual = false,
        _ => put(&mut changed.script, BEAT, Action::Manual { on: false }),
    }
    for entry in rest {
        if !is_by_hand(&entry.0.action) {
            put(&mut changed.script, PAUSE, entry.0.action);
        }
    }
    changed.until = at + AFTERMATH;
    changed
}

/// The scenario with its rule back in, if one is left out.
pub(super) fn sound(scenario: &Scenario) -> Option<Scenario> {
    let mut whole = scenario.clone();
    let Value::Object(options) = &mut whole.options else {
        return None;
    };
    options
        .remove("mutant")
        .filter(|mutant| !mutant.is_null())?;
    Some(whole)
}

/// Takes over from the protocol's ground for hands whatever has to do with time.
pub(super) fn calm(scenario: &mut Scenario) {
    let Value::Object(options) = &mut scenario.options else {
        return;
    };
    let mutant = options.get("mutant").and_then(Value::as_str);
    let mutant = mutant.map(str::to_owned);
    let mut luck = Draws::new(Chance::from_seed(0));
    let name = &scenario.protocol;
    if let Ok(ground) = ground(name, mutant.as_deref(), Pace::ByHand, &mut luck) {
        let times = ground.options.into_iter();
        options.extend(times.filter(|(name, _)| name.ends_with("_ms")));
    }
}

/// The scenario without one of its nodes; those after it move up by one. `None` where the script
/// does something to it.
pub(super) fn without_node(scenario: &Scenario, gone: u16) -> Option<Scenario> {
    let mut changed = scenario.clone();
    changed.nodes -= 1;
    let mut document = serde_json::to_value(&changed.script).ok()?;
    let entries = document.as_array_mut()?;
    for entry in entries.iter_mut() {
        let object = entry.as_object_mut()?;
        for field in ["node", "from", "to"] {
            if let Some(number) = object.get_mut(field).filter(|it| it.is_u64()) {
                *number = moved(number, gone)?;
            }
        }
        if let Some(groups) = object.get_mut("groups").and_then(Value::as_array_mut) {
            for group in groups.iter_mut().filter_map(Value::as_array_mut) {
                group.retain(|node| node.as_u64() != Some(u64::from(gone)));
                for node in group.iter_mut() {
                    *node = moved(node, gone)?;
                }
            }
        }
    }
    let mut whole = serde_json::to_value(&changed).ok()?;
    whole["script"] = document;
    Scenario::read(whole).ok()
}

fn moved(number: &Value, gone: u16) -> Option<Value> {
    let node = number.as_u64()?;
    let gone = u64::from(gone);
    (node != gone).then(|| Value::from(node - u64::from(node > gone)))
}

/// The largest number in an operation that may be one that the protocol gave.
const COUNTED_MAX: u64 = 99;

/// The scenario with the numbers in operations from the entry at `place` on less by `gone`: where so
/// many entries before them are left out, a protocol that counts (tokens, versions) gives lower ones.
/// `None` where there are none.
pub(super) fn counted_down(scenario: &Scenario, place: usize, gone: usize) -> Option<Scenario> {
    let gone = u64::try_from(gone).ok()?;
    let mut changed = scenario.clone();
    let mut any = false;
    for entry in changed.script.iter_mut().skip(place) {
        if let Action::Request { op, .. } = &mut entry.0.action {
            any |= count_down(op, gone);
        }
    }
    any.then_some(changed)
}

fn count_down(op: &mut Value, gone: u64) -> bool {
    match op {
        Value::Array(all) => all
            .iter_mut()
            .fold(false, |any, it| count_down(it, gone) | any),
        Value::Object(all) => all
            .values_mut()
            .fold(false, |any, it| count_down(it, gone) | any),
        Value::Number(number) => match number
            .as_u64()
            .filter(|n| (gone + 1..=COUNTED_MAX).contains(n))
        {
            Some(n) => {
                *op = Value::from(n - gone);
                true
            }
            None => false,
        },
        _ => false,
    }
}

/// Smaller is better.
pub(super) fn size(scenario: &Scenario) -> (usize, u16, u16) {
    let Scenario {
        script,
        nodes,
        clients,
        ..
    } = scenario;
    // Clients that ask by themselves do more than an entry each.
    let asking = 3 * usize::from(clients.count);
    (script.len() + asking, clients.count, *nodes)
}

/// Moves `places`, which ascend below `end`, to the next choice of as many; whether there is one.
pub(super) fn next_choice(places: &mut [usize], end: usize) -> bool {
    let many = places.len();
    for which in (0..many).rev() {
        if places[which] + many - which < end {
            let first = places[which] + 1;
            for (place, value) in places[which..].iter_mut().zip(first..) {
                *place = value;
            }
            return true;
        }
    }
    false
}
