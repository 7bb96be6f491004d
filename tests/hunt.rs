//! The hunt: what is left out is found from fresh seeds, nothing is found where all rules are in place,
//! and what is found is made small without becoming something else.
#![cfg(not(target_arch = "wasm32"))]

use serde_json::Value;
use synod::base::{Micros, Ratio};
use synod::hunt::{Breach, Catch, End, Hunt, Order, Strategy, no_return, shrink, try_out};
use synod::scenario::{BUDGET, Scenario, ScriptEntry, build_walk, describe, protocols, run};
use synod::sim::Action;

fn order(protocol: &str, mutant: Option<&str>, strategy: Strategy, seed: u64) -> Order {
    Order {
        protocol: protocol.to_owned(),
        mutant: mutant.map(str::to_owned),
        strategy,
        budget: Default::default(),
        seed,
    }
}

/// The first catch within so many events.
fn first(order: &Order, events: u64) -> Option<Catch> {
    let mut hunt = Hunt::new(order).expect("there is such a mutant");
    loop {
        if let Some(found) = hunt.run(&mut |_| true).expect("what is made is sound") {
            return Some(found);
        }
        let spent: u64 = hunt.figures().iter().map(|figures| figures.events).sum();
        if spent > events || hunt.is_over() {
            return None;
        }
    }
}

fn without_mutant(scenario: &Scenario) -> Scenario {
    let mut whole = scenario.clone();
    if let Value::Object(options) = &mut whole.options {
        options.remove("mutant");
    }
    whole
}

fn breach(scenario: &Scenario, patience: Micros) -> Option<Breach> {
    try_out(scenario, patience, None)
        .expect("it is sound")
        .breach
}

/// What can be found quickly in a test; benches/hunt.rs goes through all of them.
const SAMPLE: &[(&str, &str)] = &[
    ("paxos", "lowest_accepted"),
    ("paxos", "half_quorum"),
    ("paxos", "gaps_unasked"),
    ("raft", "vote_not_persisted"),
    ("raft", "no_log_check"),
    ("raft", "truncate_always"),
    ("raft", "no_rearm"),
    ("pbft", "drops_prepared"),
    ("pbft", "no_authentication"),
    ("kv", "drop_concurrent"),
    ("kv", "no_handover"),
    ("locks", "forgets_tokens"),
    ("locks", "readers_overtake"),
];

#[test]
fn rules_that_are_left_out_are_found_out() {
    for (protocol, mutant) in SAMPLE {
        for seed in 100..103 {
            let order = order(protocol, Some(mutant), Strategy::Mixed, seed);
            let found = first(&order, 6_000_000);
            let found = found.unwrap_or_else(|| panic!("{protocol} {mutant} {seed}: not found"));
            let again = breach(&found.scenario, found.patience);
            assert_eq!(again, Some(found.breach), "{protocol} {mutant}: not again");
            let whole = without_mutant(&found.scenario);
            let blamed = breach(&whole, found.patience);
            assert_eq!(blamed, None, "{protocol} {mutant}: not the mutant's doing");
        }
    }
}

#[test]
fn a_protocol_with_all_its_rules_is_not_found_wanting() {
    for protocol in protocols() {
        for strategy in [Strategy::Mixed, Strategy::Rounds] {
            let found = first(&order(protocol, None, strategy, 7), 1_500_000);
            if let Some(found) = found {
                let document = serde_json::to_string(&found.scenario).unwrap_or_default();
                panic!("{protocol}: {:?}\n{document}", found.breach);
            }
        }
    }
}

#[test]
fn a_hunt_that_is_repeated_finds_the_same() {
    for strategy in [
        Strategy::Mixed,
        Strategy::Swarm,
        Strategy::Pct,
        Strategy::Rounds,
        Strategy::Guided,
    ] {
        let order = order("raft", Some("no_log_check"), strategy, 3);
        let [one, two] = [(); 2].map(|()| first(&order, 20_000_000));
        assert!(one.is_some(), "{strategy:?} finds nothing");
        assert_eq!(one, two);
    }
}

#[test]
fn the_search_of_every_order_finds_the_shortest() {
    let order = order("paxos", Some("half_quorum"), Strategy::Exhaustive, 1);
    let found = first(&order, u64::MAX).expect("two halves are found");
    // A request, and of one ballot a prepare, a promise, an accept and an accepted: two of four, the
    // proposer among them, then take for chosen what is not.
    assert_eq!(found.scenario.script.len(), 5);
    let again = breach(&found.scenario, Micros::ZERO);
    assert_eq!(again, Some(found.breach));
}

/// Whether some single entry of the script can be left out.
fn can_spare(scenario: &Scenario, what: &Breach, patience: Micros) -> bool {
    (0..scenario.script.len()).any(|place| {
        let mut changed = scenario.clone();
        changed.script.remove(place);
        breach(&changed, patience).as_ref() == Some(what)
    })
}

#[test]
fn what_is_shrunk_stays_what_it_was_and_can_spare_nothing() {
    for (protocol, mutant, seed) in [
        ("paxos", "keeps_own_value", 1),
        ("paxos", "lowest_accepted", 2),
        ("raft", "vote_not_persisted", 1),
        ("raft", "no_rearm", 2),
        ("kv", "drop_concurrent", 3),
        ("locks", "queued_twice", 1),
    ] {
        let order = order(protocol, Some(mutant), Strategy::Mixed, seed);
        let found = first(&order, 20_000_000).expect("it is found");
        let mut told = Vec::new();
        let shrunk = shrink(
            &found.scenario,
            &found.breach,
            found.patience,
            Some(&order),
            20_000,
            &mut |progress, _| {
                told.push(progress);
                true
            },
        );
        let small = &shrunk.scenario;
        println!(
            "{protocol} {mutant}: {} entries from {} after {} tries",
            small.script.len(),
            found.scenario.script.len(),
            shrunk.tried
        );
        assert_eq!(breach(small, found.patience).as_ref(), Some(&found.breach));
        assert_eq!(breach(&without_mutant(small), found.patience), None);
        assert!(
            shrunk.minimal,
            "{protocol} {mutant}: not known to be minimal"
        );
        assert!(!can_spare(small, &found.breach, found.patience));
        assert!(told.is_sorted_by_key(|progress| progress.tried) && !told.is_empty());
    }
}

#[test]
fn what_is_shrunk_names_nothing_that_is_not_needed() {
    let small = small("locks", "release_unchecked", 0);
    let mut ops = small
        .script
        .iter()
        .filter_map(|entry| match &entry.0.action {
            Action::Request { op, .. } => Some(op),
            _ => None,
        });
    // Whoever releases under the token of nobody has made it up.
    let release = ops.find_map(|op| op.get("release"));
    assert_eq!(release, Some(&serde_json::json!(["a"])));
}

/// What built-in clients ask, written as entries of a script, is all of what they ask and nothing else: a
/// node that joins has something asked for it, and still will when its join is left in the script.
#[test]
fn requests_are_spelt_out_with_who_asked_whom() {
    let text = r#"{ "protocol": "raft", "nodes": 3, "clients": { "count": 2 }, "until_ms": 3000,
        "script": [{ "at_ms": 1000, "do": "join" }] }"#;
    let scenario = Scenario::parse(text).expect("sound");
    let mut walk = build_walk(&scenario, BUDGET).expect("sound");
    walk.advance(scenario.until).expect("within budget");
    let asked = walk.asked();
    let report = run(&scenario, BUDGET).expect("within budget");
    let by_clients: Vec<_> = report.history.iter().filter(|it| it.client < 2).collect();
    assert!(
        by_clients.len() > 20 && walk.requests() as usize > by_clients.len(),
        "and a join"
    );
    assert_eq!(asked.len(), by_clients.len());
    for ((at, action), operation) in asked.iter().zip(by_clients) {
        let Action::Request { node, client, op } = action else {
            panic!("{action:?} is no request");
        };
        assert_eq!(
            (*at, client.as_ref()),
            (operation.call, Some(&operation.client))
        );
        assert_eq!(*op, operation.op);
        assert!(node.is_some(), "of three nodes one was asked first");
    }
}

/// Entries of a script, each client that asks by itself counted as three.
fn length(scenario: &Scenario) -> usize {
    scenario.script.len() + 3 * usize::from(scenario.clients.count)
}

/// What is found of a mutant, made small.
fn small(protocol: &str, mutant: &str, seed: u64) -> Scenario {
    let order = order(protocol, Some(mutant), Strategy::Mixed, seed);
    let found = first(&order, 20_000_000);
    let found = found.unwrap_or_else(|| panic!("{protocol} {mutant} {seed}: not found"));
    let (what, patience) = (&found.breach, found.patience);
    let order = Some(&order);
    let shrunk = shrink(
        &found.scenario,
        what,
        patience,
        order,
        20_000,
        &mut |_, _| true,
    );
    assert_eq!(
        breach(&shrunk.scenario, patience).as_ref(),
        Some(what),
        "{protocol} {mutant} {seed}"
    );
    if protocol == "pbft" {
        let Scenario { nodes, .. } = shrunk.scenario;
        assert!(
            nodes >= 4,
            "{mutant} {seed}: {nodes} replicas, where none may be faulty"
        );
    }
    shrunk.scenario
}

#[test]
fn what_is_shrunk_is_as_short_as_the_shortest_there_is() {
    for mutant in [
        "shared_ballots",
        "half_quorum",
        "keeps_own_value",
        "promise_not_persisted",
        "counts_values",
        "stale_promises",
        "accept_below_promise",
    ] {
        let search = order("paxos", Some(mutant), Strategy::Exhaustive, 0);
        let found = first(&search, u64::MAX).expect("it is within the bounds");
        let shortest = found.scenario.script.len();
        for seed in 0..3 {
            let length = length(&small("paxos", mutant, seed));
            assert!(
                length <= shortest,
                "{mutant} {seed}: {length}, and {shortest} by search"
            );
        }
    }
}

#[test]
fn what_is_shrunk_is_hardly_longer_than_what_is_stored() {
    for (protocol, mutant) in [
        ("raft", "vote_not_persisted"),
        ("raft", "no_rearm"),
        ("pbft", "single_checkpoint"),
        ("pbft", "second_pre_prepare"),
        ("locks", "no_fencing_check"),
        ("kv", "drop_concurrent"),
        ("kv", "early_hint_drop"),
        ("locks", "queued_twice"),
        ("locks", "forgets_waits"),
        ("locks", "lease_from_answer"),
        ("locks", "readers_overtake"),
        ("locks", "release_unchecked"),
        ("kv", "overwrite_on_merge"),
        ("kv", "no_handover"),
        ("sequence", "no_causal_delivery"),
        ("sequence", "version_overwritten"),
        ("sequence", "applied_twice"),
    ] {
        let name = format!("mutant-{}.json", mutant.replace('_', "-"));
        let path = format!("tests/scenarios/{protocol}/{name}");
        let text = std::fs::read_to_string(&path).expect("it is stored");
        let stored = length(&Scenario::parse(&text).expect("it is sound"));
        let length = length(&small(protocol, mutant, 0));
        assert!(
            2 * length <= 3 * stored,
            "{protocol} {mutant}: {length}, and {stored} stored"
        );
    }
}

/// Two finds of which nothing can be spared, and the most entries that they are to come to: half as
/// many again as are stored.
const LONG: [(&str, &str, usize); 2] = [
    // Messages travel by themselves; what is smaller is some changes away.
    (
        include_str!("finds/single-change.json"),
        "election safety",
        9,
    ),
    // By hand, where every delivery is an entry.
    (
        include_str!("finds/figure-8.json"),
        "leader completeness",
        16,
    ),
];

#[test]
fn what_can_spare_nothing_is_left_for_what_is_smaller() {
    for (text, property, most) in LONG {
        let found = Scenario::parse(text).expect("it is sound");
        let mutant = found.options["mutant"].as_str().expect("there is one");
        let order = order("raft", Some(mutant), Strategy::Mixed, 0);
        let what = Breach::Invariant(property.to_owned());
        assert!(!can_spare(&found, &what, Micros::ZERO), "{mutant}");
        let shrunk = shrink(
            &found,
            &what,
            Micros::ZERO,
            Some(&order),
            20_000,
            // What is hunted anew after that is not what this is about.
            &mut |progress, _| progress.entries > most,
        );
        assert_eq!(breach(&shrunk.scenario, Micros::ZERO), Some(what));
        assert_eq!(
            breach(&without_mutant(&shrunk.scenario), Micros::ZERO),
            None
        );
        let length = length(&shrunk.scenario);
        assert!(length <= most, "{mutant}: {length}");
    }
}

/// What is tried beside a find is not taken from what is kept for seeing that nothing can be spared.
#[test]
fn what_is_looked_at_beside_a_find_leaves_it_minimal() {
    let order = order("paxos", Some("acceptor_forgets"), Strategy::Mixed, 0);
    let found = first(&order, 20_000_000).expect("it is found");
    let patience = found.patience;
    let mut told = Vec::new();
    let shrunk = shrink(
        &found.scenario,
        &found.breach,
        patience,
        Some(&order),
        30_000,
        &mut |progress, smaller| {
            told.push((progress, smaller.map(length)));
            true
        },
    );
    assert!(shrunk.minimal, "{} tried", shrunk.tried);
    // Other runs on their way are not told of as the smallest.
    let again = told.iter().filter(|(progress, _)| progress.again);
    let lengths: Vec<usize> = again.filter_map(|(_, length)| *length).collect();
    assert!(lengths.is_sorted_by(|a, b| a >= b), "{lengths:?}");
    let (last, _) = told.last().expect("it is told");
    assert_eq!(last.entries, shrunk.scenario.script.len());
}

#[test]
fn a_shrink_that_is_stopped_gives_what_it_has() {
    let order = order("raft", Some("vote_not_persisted"), Strategy::Swarm, 5);
    let found = first(&order, 50_000_000).expect("it is found");
    let shrunk = shrink(
        &found.scenario,
        &found.breach,
        found.patience,
        Some(&order),
        3,
        &mut |_, _| true,
    );
    assert!(!shrunk.minimal && shrunk.tried <= 4);
    assert_eq!(breach(&shrunk.scenario, found.patience), Some(found.breach));
}

#[test]
fn the_violation_grows_likelier_along_its_run() {
    let order = order("raft", Some("half_quorum"), Strategy::Mixed, 1);
    let found = first(&order, 20_000_000).expect("it is found");
    let trial = try_out(&found.scenario, found.patience, None).expect("sound");
    let mut run = synod::scenario::build(&found.scenario, 1_000_000).expect("sound");
    run.advance(trial.at).expect("within budget");
    let last = run.violations()[0].event;
    let fate = |event| no_return(&found.scenario, &found.breach, event, 20, 1).expect("sound");
    let (first, end) = (fate(0), fate(last));
    assert_eq!((end.tried, end.violated), (20, 20), "it has happened");
    assert!(
        first.violated < end.violated,
        "at its beginning nothing is decided"
    );
    assert_eq!(fate(last / 2), fate(last / 2), "it follows from the seed");
    let other = Breach::Invariant("log matching".to_owned());
    assert_ne!(other, found.breach);
    let fate = no_return(&found.scenario, &other, last, 20, 1).expect("sound");
    assert_eq!(fate.violated, 0, "another property is none of its business");
}

#[test]
fn what_is_still_to_come_of_a_script_may_never_come() {
    let text = std::fs::read_to_string("tests/scenarios/kv/mutant-drop-concurrent.json");
    let scenario = Scenario::parse(&text.expect("it is stored")).expect("it is sound");
    let breach = breach(&scenario, Micros::ZERO).expect("it violates something");
    let fate = no_return(&scenario, &breach, 0, 200, 1).expect("sound");
    // Two writes, each of which comes or does not.
    let share = f64::from(fate.violated) / f64::from(fate.tried);
    assert!((0.1..0.4).contains(&share), "about a quarter, not {share}");
}

#[test]
fn orders_that_make_no_sense_are_refused() {
    for (protocol, mutant, path) in [
        ("raft", Some("no_such_rule"), "mutant"),
        ("gossip", None, "protocol"),
    ] {
        let refused = Hunt::new(&order(protocol, mutant, Strategy::Mixed, 0));
        assert_eq!(refused.err().map(|error| error.path).as_deref(), Some(path));
    }
    let text = r#"{ "protocol": "raft", "budget": { "meteors": true } }"#;
    assert!(serde_json::from_str::<Order>(text).is_err());
}

#[test]
fn a_budget_of_nothing_brings_no_faults() {
    let mut quiet = order("raft", None, Strategy::Swarm, 9);
    let text = r#"{ "faults": 0, "crashes": false, "cuts": false, "network": false, "pauses": false,
        "clocks": false, "timers": false, "disks": false, "liars": false, "members": false }"#;
    quiet.budget = serde_json::from_str(text).expect("a budget");
    let mut hunt = Hunt::new(&quiet).expect("sound");
    for _ in 0..50 {
        assert_eq!(hunt.run(&mut |_| true).expect("sound"), None);
    }
    assert!(describe("raft").expect("it is there").mutants.len() >= 14);
}

#[test]
fn timers_that_keep_their_time_still_go_off() {
    for strategy in [Strategy::Rounds, Strategy::Pct] {
        // With timers that never go off there is neither a leader nor a log.
        let mut order = order("raft", Some("no_log_check"), strategy, 3);
        order.budget = serde_json::from_str(r#"{ "timers": false }"#).expect("a budget");
        let found = first(&order, 20_000_000).unwrap_or_else(|| panic!("{strategy:?}"));
        let early = |entry: &ScriptEntry| matches!(entry.0.action, Action::Timeout { .. });
        assert!(!found.scenario.script.iter().any(early), "{strategy:?}");
        let patience = found.patience;
        assert_eq!(breach(&found.scenario, patience), Some(found.breach));
    }
}

/// Neither the hunt nor making small brings a fault into a run that is to have none.
#[test]
fn where_there_may_be_no_fault_none_comes() {
    use Action::{Deliver, Manual, Request};
    let mut tried = 0;
    for strategy in [Strategy::Rounds, Strategy::Pct, Strategy::Mixed] {
        for mutant in ["no_log_check", "half_quorum"] {
            let mut order = order("raft", Some(mutant), strategy, 3);
            order.budget = serde_json::from_str(r#"{ "faults": 0 }"#).expect("a budget");
            let Some(found) = first(&order, 3_000_000) else {
                continue;
            };
            tried += 1;
            let patience = found.patience;
            let shrunk = shrink(
                &found.scenario,
                &found.breach,
                patience,
                Some(&order),
                5_000,
                &mut |_, _| true,
            );
            for scenario in [&found.scenario, &shrunk.scenario] {
                let odd = scenario.script.iter().find(|entry| {
                    !matches!(entry.0.action, Deliver(_) | Manual { .. } | Request { .. })
                });
                assert_eq!(odd, None, "{strategy:?} {mutant}");
            }
            assert_eq!(breach(&shrunk.scenario, patience), Some(found.breach));
        }
    }
    assert!(tried > 3, "{tried}");
}

/// What holds for a whole run is not counted, and is a fault all the same.
#[test]
fn where_there_may_be_no_fault_the_network_is_whole_and_nobody_lies() {
    let mut tried = 0;
    for (protocol, mutant) in [
        ("raft", "half_quorum"),
        ("paxos", "half_quorum"),
        ("kv", "drop_concurrent"),
        ("locks", "readers_overtake"),
        ("pbft", "no_authentication"),
        ("pbft", "executes_twice"),
        ("pbft", "drops_prepared"),
    ] {
        for (strategy, seed) in [
            (Strategy::Swarm, 1),
            (Strategy::Swarm, 2),
            (Strategy::Mixed, 3),
        ] {
            let mut order = order(protocol, Some(mutant), strategy, seed);
            order.budget = serde_json::from_str(r#"{ "faults": 0 }"#).expect("a budget");
            let Some(found) = first(&order, 1_000_000) else {
                continue;
            };
            tried += 1;
            let network = found.scenario.network;
            let lost = [network.loss, network.duplicate];
            assert_eq!(lost, [Ratio::ZERO; 2], "{protocol} {mutant}");
            assert_eq!(liars(&found.scenario), 0, "{protocol} {mutant}");
        }
    }
    assert!(tried > 3, "{tried}");
}

/// How many nodes lie, or are there twice.
fn liars(scenario: &Scenario) -> usize {
    let lies = |entry: &&ScriptEntry| matches!(entry.0.action, Action::Conduct { .. });
    let twins = scenario.options.get("twins").and_then(Value::as_array);
    scenario.script.iter().filter(lies).count() + twins.map_or(0, Vec::len)
}

#[test]
fn where_nobody_may_lie_nobody_is_there_twice() {
    let (mut with, mut without) = (0, 0);
    for strategy in [Strategy::Swarm, Strategy::Rounds, Strategy::Pct] {
        for seed in 0..4 {
            let mut order = order("pbft", Some("small_commit_quorum"), strategy, seed);
            let count =
                |order: &Order| first(order, 400_000).map_or(0, |found| liars(&found.scenario));
            with += count(&order);
            order.budget.liars = false;
            without += count(&order);
        }
    }
    assert!(with > 0);
    assert_eq!(without, 0);
}

#[test]
fn the_search_of_every_order_says_how_far_it_came() {
    let reaches = |protocol: &str, mutant: Option<&str>, budget: &str| {
        let mut order = order(protocol, mutant, Strategy::Exhaustive, 1);
        order.budget = serde_json::from_str(budget).expect("a budget");
        let mut hunt = Hunt::new(&order).expect("there is such a mutant");
        let mut found = 0;
        while !hunt.is_over() {
            // In slices, as a page does it.
            let mut left = 100;
            let mut go_on = |_| {
                left -= 1;
                left > 0
            };
            found += usize::from(hunt.run(&mut go_on).expect("sound").is_some());
        }
        let states: usize = hunt.reaches().iter().map(|reach| reach.states).sum();
        let all = hunt.figures().iter();
        assert_eq!(all.map(|it| it.runs).sum::<u64>(), states as u64);
        (hunt.reaches().to_vec(), found)
    };
    let calm = r#"{ "crashes": false, "network": false, "timers": false }"#;
    let (all, found) = reaches("kv", None, calm);
    assert_eq!(found, 0);
    assert_eq!(
        all.iter()
            .map(|reach| (reach.bounds.requests, reach.end))
            .collect::<Vec<_>>(),
        [(2, Some(End::All)), (3, Some(End::All))]
    );
    assert!(all[0].states < all[1].states, "{all:?}");
    // Whoever finds something within some bounds has not seen all of them.
    let (all, found) = reaches("paxos", Some("half_quorum"), calm);
    assert_eq!(found, 2);
    assert!(
        all.iter().all(|reach| reach.end == Some(End::Found)),
        "{all:?}"
    );
}
