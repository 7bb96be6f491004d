//! Single changes to a scenario that may leave its violation as it is.

use super::played::{BEAT, is_by_hand};
use crate::base::{Chance, Draws, Micros, NodeId, Pace};
use crate::scenario::{Scenario, ScriptEntry, ground};
use crate::sim::{Action, Entry, Pick};
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

/// The scenario, by hand, as a run in which messages travel by themselves: before each entry, and now
/// and then between deliveries, the nodes are parted so that only those hear each other between which
/// something is delivered next. Those who retry do so in it where `luck` has it.
pub(super) fn in_phases(scenario: &Scenario, luck: &mut Draws) -> Scenario {
    let mut changed = scenario.clone();
    changed.network.manual = false;
    changed.script.clear();
    if let (Value::Object(options), true) = (&mut changed.options, luck.coin()) {
        options.retain(|name, _| !name.ends_with("_ms"));
    }
    changed.seed = luck.between(1, 1_000);
    let pause = Micros::from_ms(luck.one(&[40, 60, 100, 150]));
    let mut nodes = usize::from(scenario.nodes);
    let mut parted: Vec<Vec<NodeId>> = Vec::new();
    let mut at = Micros::ZERO;
    let mut put = |at, action| {
        let after = 0;
        changed
            .script
            .push(ScriptEntry(Entry { at, after, action }));
    };
    let mut rest = &scenario.script[..];
    let mut flows = false;
    while let Some((first, others)) = rest.split_first() {
        let own = others.iter().take_while(|it| is_by_hand(&it.0.action));
        let next = own.take_while(|_| luck.between(0, 7) > 0).count();
        let (own, later) = others.split_at(next);
        rest = later;
        at += pause;
        let by_hand = is_by_hand(&first.0.action);
        let deliveries = Some(first).filter(|_| by_hand).into_iter().chain(own);
        flows |= deliveries.clone().any(lets_go);
        let groups = match flows {
            true => Vec::new(),
            false => hearing(deliveries, nodes),
        };
        nodes += usize::from(matches!(first.0.action, Action::Join {}));
        if groups != parted {
            let action = match groups.is_empty() {
                true => Action::Heal {},
                false => Action::Partition {
                    groups: groups.clone(),
                },
            };
            put(at, action);
            parted = groups;
        }
        if !by_hand {
            put(at + BEAT, first.0.action.clone());
        }
    }
    changed.until = at + AFTERMATH;
    changed
}

/// Whether messages travel by themselves from an entry on.
fn lets_go(entry: &ScriptEntry) -> bool {
    matches!(entry.0.action, Action::Manual { on: false })
}

/// Who is to hear whom so that `deliveries` can be: all groups but the last, who are who is in none.
fn hearing<'a>(
    deliveries: impl Iterator<Item = &'a ScriptEntry>,
    nodes: usize,
) -> Vec<Vec<NodeId>> {
    let mut groups: Vec<Vec<NodeId>> = NodeId::first(nodes).map(|node| vec![node]).collect();
    for entry in deliveries {
        let Action::Deliver(Pick { from, to, .. }) = &entry.0.action else {
            continue;
        };
        let of = |node| groups.iter().position(|group| group.contains(node));
        let both = (from.as_ref().and_then(of), to.as_ref().and_then(of));
        if let (Some(a), Some(b)) = both
            && a != b
        {
            let joined = groups.remove(a.max(b));
            groups[a.min(b)].extend(joined);
            groups[a.min(b)].sort();
        }
    }
    groups.pop();
    groups
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

/// The scenario with the node that misbehaves by the entry at `place` doing so in one way less: one
/// such scenario for each way.
pub(super) fn less_misbehaved(scenario: &Scenario, place: usize) -> Vec<Scenario> {
    let Some(Action::Conduct { ways, .. }) = scenario.script.get(place).map(|it| &it.0.action)
    else {
        return Vec::new();
    };
    let several = if ways.len() > 1 { ways.len() } else { 0 };
    let less = |way| {
        let mut changed = scenario.clone();
        if let Action::Conduct { ways, .. } = &mut changed.script[place].0.action {
            ways.remove(way);
        }
        changed
    };
    (0..several).rev().map(less).collect()
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

/// The scenario without the delivery at `place`, with later entries still about the messages that they
/// were about: those after it on its way have one more to pass over. In the second of what it returns, the
/// answer that it brings about is passed over no more.
pub(super) fn undelivered(scenario: &Scenario, place: usize) -> Option<[Scenario; 2]> {
    let Action::Deliver(gone) = &scenario.script.get(place)?.0.action else {
        return None;
    };
    let mut one = scenario.clone();
    one.script.remove(place);
    let mut two = one.clone();
    for (changed, answers) in [(&mut one, false), (&mut two, true)] {
        for entry in changed.script.iter_mut().skip(place) {
            let (Action::Deliver(pick) | Action::Drop(pick) | Action::Duplicate(pick)) =
                &mut entry.0.action
            else {
                continue;
            };
            let same = (pick.from, pick.to, &pick.kind) == (gone.from, gone.to, &gone.kind);
            if same && pick.skip >= gone.skip {
                pick.skip += 1;
            } else if answers && (pick.from, pick.to) == (gone.to, gone.from) {
                pick.skip = pick.skip.saturating_sub(1);
            }
        }
    }
    Some([one, two])
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

/// The scenario with the last that the operation at `place` names left out. `None` where it names
/// one thing or none.
pub(super) fn with_less_said(scenario: &Scenario, place: usize) -> Option<Scenario> {
    let mut changed = scenario.clone();
    let Action::Request { op, .. } = &mut changed.script.get_mut(place)?.0.action else {
        return None;
    };
    let Value::Object(verb) = op else {
        return None;
    };
    let said = verb.values_mut().find_map(Value::as_array_mut)?;
    if said.len() < 2 {
        return None;
    }
    said.pop();
    Some(changed)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario(script: &str) -> Scenario {
        let text = format!(
            r#"{{ "protocol": "locks", "nodes": 3, "network": {{ "manual": true }}, "script": {script} }}"#
        );
        Scenario::parse(&text).expect("it is sound")
    }

    fn script(scenario: &Scenario) -> Value {
        serde_json::to_value(&scenario.script).expect("it can be written")
    }

    #[test]
    fn what_a_protocol_counts_goes_down_with_what_went() {
        let scenario = scenario(
            r#"[
            { "at_ms": 1, "do": "request", "op": { "acquire": ["a", { "mode": "exclusive" }] } },
            { "at_ms": 2, "do": "request", "op": { "write": ["a", 3, 2004] } },
            { "at_ms": 3, "do": "request", "op": { "release": ["a", 1] } }]"#,
        );
        let less = counted_down(&scenario, 1, 2).expect("there are numbers");
        let is = script(&less);
        assert_eq!(
            is[1]["op"]["write"],
            serde_json::json!(["a", 1, 2004]),
            "a value is no count"
        );
        assert_eq!(
            is[2]["op"]["release"][1], 1,
            "there is no token 0, let alone below"
        );
        assert_eq!(counted_down(&scenario, 2, 1), None, "nothing to count down");
    }

    #[test]
    fn later_deliveries_are_of_the_same_messages_as_before() {
        let scenario = scenario(
            r#"[
            { "at_ms": 1, "do": "deliver", "from": 0, "to": 1, "kind": "RequestVote" },
            { "at_ms": 2, "do": "deliver", "from": 0, "to": 2, "kind": "RequestVote" },
            { "at_ms": 3, "do": "deliver", "from": 0, "to": 1, "kind": "RequestVote", "skip": 1 },
            { "at_ms": 4, "do": "deliver", "from": 1, "to": 0, "kind": "RequestVoteReply", "skip": 1 }]"#,
        );
        let [one, two] = undelivered(&scenario, 0).expect("it is a delivery");
        for (changed, reply) in [(one, serde_json::json!(1)), (two, Value::Null)] {
            let is = script(&changed);
            assert_eq!(is[0]["skip"], Value::Null, "it goes another way");
            assert_eq!(is[1]["skip"], 2, "one more is on its way");
            assert_eq!(is[2]["skip"], reply);
        }
        assert_eq!(undelivered(&scenario, 4), None);
    }

    #[test]
    fn those_hear_each_other_between_whom_something_is_delivered() {
        let scenario = scenario(
            r#"[
            { "at_ms": 1, "do": "timeout", "node": 0 },
            { "at_ms": 2, "do": "deliver", "from": 0, "to": 1, "kind": "RequestVote" },
            { "at_ms": 3, "do": "deliver", "from": 1, "to": 0, "kind": "RequestVoteReply" },
            { "at_ms": 4, "do": "timeout", "node": 2 },
            { "at_ms": 5, "do": "timeout", "node": 1 },
            { "at_ms": 6, "do": "manual", "on": false },
            { "at_ms": 7, "do": "request", "node": 0, "op": { "release": ["a"] } }]"#,
        );
        let lone = NodeId::first(3).map(|node| vec![node]);
        let lone: Vec<_> = lone.collect();
        assert_eq!(hearing([].iter(), 3), lone[..2], "the last is in no group");
        let votes = hearing(scenario.script[..3].iter(), 3);
        assert_eq!(votes, [vec![NodeId(0), NodeId(1)]]);

        let mut luck = Draws::new(Chance::from_seed(1));
        for _ in 0..100 {
            let phases = in_phases(&scenario, &mut luck);
            assert!(!phases.network.manual);
            let is = script(&phases);
            let entries = is.as_array().expect("it is a list");
            let timeouts = entries.iter().filter(|entry| entry["do"] == "timeout");
            let nodes: Vec<u64> = timeouts
                .filter_map(|entry| entry["node"].as_u64())
                .collect();
            assert_eq!(nodes, [0, 2, 1], "in their order");
            assert!(entries.iter().all(|entry| entry["do"] != "deliver"));
            // Once messages travel by themselves nobody is parted from anybody.
            let parted = entries.iter().rposition(|entry| entry["do"] == "partition");
            let healed = entries.iter().rposition(|entry| entry["do"] == "heal");
            assert!(healed.is_some() && parted < healed, "{is}");
        }
    }

    #[test]
    fn whoever_misbehaves_does_so_in_one_way_less() {
        let text = r#"{ "protocol": "pbft", "nodes": 4, "script": [
            { "at_ms": 1, "do": "conduct", "node": 2, "ways": ["forge", "slow", "silent"] },
            { "at_ms": 2, "do": "conduct", "node": 3, "ways": ["slow"] }] }"#;
        let scenario = Scenario::parse(text).expect("it is sound");
        let less = less_misbehaved(&scenario, 0);
        let ways: Vec<Value> = less
            .iter()
            .map(|it| script(it)[0]["ways"].clone())
            .collect();
        assert_eq!(
            Value::from(ways),
            serde_json::json!([["forge", "slow"], ["forge", "silent"], ["slow", "silent"]])
        );
        let none = less_misbehaved(&scenario, 1);
        assert!(
            none.is_empty(),
            "without the last it would be another entry"
        );
        assert!(less_misbehaved(&scenario, 2).is_empty());
    }
}
