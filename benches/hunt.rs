//! How fast a hunt runs, and how soon it finds each rule that is left out, natively, on one core.
//! Prints counts and ratios; decides nothing.
//!
//! - `cargo bench --bench hunt`: runs a second, and every mutant of every protocol over a few seeds.
//! - `cargo bench --bench hunt -- find raft 20 rounds`: one protocol, so many seeds, one strategy.
//!   `MUTANTS=a,b` takes only those.
//! - `cargo bench --bench hunt -- short paxos 3`: how long what is found is when it has been made small,
//!   over so many seeds, beside the stored counterexample and the shortest there is.
//! - `cargo bench --bench hunt -- long 200000`: so many runs of each protocol with all its rules.
#![allow(clippy::disallowed_types)] // this is where real time is measured

use std::time::Instant;
use synod::base::Micros;
use synod::hunt::{Hunt, Order, Strategy, shrink, try_out};
use synod::scenario::{Scenario, describe, protocols};

/// The seconds after which a hunt is given up.
const PATIENCE_S: f64 = 120.0;
/// Runs of five Raft nodes that are measured.
const RUNS: u32 = 300;

fn order(protocol: &str, mutant: Option<&str>, strategy: Strategy, seed: u64) -> Order {
    Order {
        protocol: protocol.to_owned(),
        mutant: mutant.map(str::to_owned),
        strategy,
        budget: Default::default(),
        seed,
    }
}

/// Seconds and runs to the first catch, if there is one in time.
fn first(order: &Order) -> (f64, u64, Option<String>) {
    let mut hunt = Hunt::new(order).expect("there is such a mutant");
    let start = Instant::now();
    let in_time = || start.elapsed().as_secs_f64() < PATIENCE_S;
    while in_time() && !hunt.is_over() {
        if let Some(found) = hunt.run(&mut |_| in_time()).expect("what is made is sound") {
            let what = format!("{:?} by {:?}", found.breach, found.strategy);
            return (start.elapsed().as_secs_f64(), found.run, Some(what));
        }
    }
    let runs = hunt.figures().iter().map(|figures| figures.runs).sum();
    (start.elapsed().as_secs_f64(), runs, None)
}

fn find(protocol: &str, seeds: u64, strategy: Strategy) {
    let named = std::env::var("MUTANTS").unwrap_or_default();
    let mutants = describe(protocol).expect("it is there").mutants;
    let asked = |mutant: &String| named.is_empty() || named.split(',').any(|it| it == mutant);
    println!(
        "{protocol}, first find over {seeds} seeds: seconds and runs at the median, seconds at the most"
    );
    for mutant in mutants.into_iter().filter(asked) {
        let hunts = (0..seeds).map(|seed| first(&order(protocol, Some(&mutant), strategy, seed)));
        let mut all: Vec<_> = hunts.collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let found = all.iter().filter(|(.., what)| what.is_some()).count();
        let (median, most) = (&all[all.len() / 2], &all[all.len() - 1]);
        let what = median.2.as_deref().unwrap_or("not found in time");
        println!(
            "  {mutant:<26} {:>7.2} s {:>7} runs, {:>6.2} s; {found} of {seeds}, {what}",
            median.0, median.1, most.0
        );
    }
}

/// Runs a second of five Raft nodes for ten virtual seconds with two clients and every check.
fn raft_runs() {
    let scenario = |seed: u64| {
        let text = format!(
            r#"{{ "protocol": "raft", "nodes": 5, "seed": {seed}, "until_ms": 10000,
                "clients": {{ "count": 2 }} }}"#
        );
        Scenario::parse(&text).expect("it is well formed")
    };
    let start = Instant::now();
    let mut events = 0;
    for seed in 0..u64::from(RUNS) {
        let trial = try_out(&scenario(seed), Micros::ZERO, None).expect("sound");
        assert_eq!(trial.breach, None);
        events += trial.events;
    }
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "five Raft nodes, two clients, ten virtual seconds, every check: {:.0} runs a second ({} events each)",
        f64::from(RUNS) / seconds,
        events / RUNS
    );
}

/// Runs a second of each strategy on single protocols with all their rules.
fn speeds() {
    for (protocol, strategy) in [
        ("paxos", Strategy::Rounds),
        ("paxos", Strategy::Pct),
        ("raft", Strategy::Rounds),
        ("raft", Strategy::Swarm),
        ("pbft", Strategy::Rounds),
        ("kv", Strategy::Swarm),
        ("locks", Strategy::Swarm),
    ] {
        let start = Instant::now();
        let mut hunt = Hunt::new(&order(protocol, None, strategy, 1)).expect("it is there");
        while start.elapsed().as_secs_f64() < 2.0 {
            let found = hunt.run(&mut |_| true).expect("sound");
            assert_eq!(found.map(|found| found.breach), None, "{protocol}");
        }
        let runs: u64 = hunt.figures().iter().map(|figures| figures.runs).sum();
        let a_second = runs as f64 / start.elapsed().as_secs_f64();
        println!("{protocol}, {strategy:?}: {a_second:.0} runs a second");
    }
}

/// So many runs of each protocol with all its rules; stops at the first violation.
fn long(runs: u64, only: Option<&str>) {
    for protocol in protocols().filter(|name| only.is_none_or(|only| only == *name)) {
        let start = Instant::now();
        let mut hunt =
            Hunt::new(&order(protocol, None, Strategy::Mixed, 1_000)).expect("it is there");
        for _ in 0..runs {
            if let Some(found) = hunt.run(&mut |_| true).expect("sound") {
                let scenario = serde_json::to_string(&found.scenario).unwrap_or_default();
                println!(
                    "{protocol}: {:?} {:?}\n{scenario}",
                    found.breach, found.patience
                );
                return;
            }
        }
        let events: u64 = hunt.figures().iter().map(|figures| figures.events).sum();
        println!(
            "{protocol}: no violation in {runs} runs, {} million events, {} distinct states, {:.0} s",
            events / 1_000_000,
            hunt.seen().states(),
            start.elapsed().as_secs_f64()
        );
    }
}

/// What a scenario has in it: entries of its script, each client that asks by itself counted as three,
/// and events up to the violation.
fn length(scenario: &Scenario, patience: Micros) -> (usize, u32) {
    let entries = scenario.script.len() + 3 * usize::from(scenario.clients.count);
    let events = try_out(scenario, patience, None).map_or(0, |trial| trial.events);
    (entries, events)
}

/// The length of the stored counterexample of a mutant.
fn stored(protocol: &str, mutant: &str) -> Option<(usize, u32)> {
    let name = format!("mutant-{}.json", mutant.replace('_', "-"));
    let path = std::path::Path::new("tests/scenarios")
        .join(protocol)
        .join(name);
    let scenario = Scenario::parse(&std::fs::read_to_string(path).ok()?).ok()?;
    Some(length(&scenario, Micros::ZERO))
}

/// How many entries what is found has when it is made small. With SHOW set each is printed too.
fn short(protocol: &str, seeds: u64) {
    println!(
        "{protocol}, entries and events: found and made small (median, most); stored; shortest by search"
    );
    let named = std::env::var("MUTANTS").unwrap_or_default();
    let mutants = describe(protocol).expect("it is there").mutants;
    let asked = |mutant: &String| named.is_empty() || named.split(',').any(|it| it == mutant);
    for mutant in mutants.into_iter().filter(asked) {
        let mut lengths: Vec<(usize, u32)> = Vec::new();
        for seed in 0..seeds {
            let mut hunt = Hunt::new(&order(protocol, Some(&mutant), Strategy::Mixed, seed))
                .expect("there is such a mutant");
            let start = Instant::now();
            while start.elapsed().as_secs_f64() < PATIENCE_S {
                if let Some(found) = hunt.run(&mut |_| true).expect("what is made is sound") {
                    let (what, patience) = (&found.breach, found.patience);
                    let order = order(protocol, Some(&mutant), Strategy::Mixed, seed);
                    let start = Instant::now();
                    let small = shrink(
                        &found.scenario,
                        what,
                        patience,
                        Some(&order),
                        20_000,
                        &mut |_, _| true,
                    );
                    lengths.push(length(&small.scenario, patience));
                    if std::env::var("SHOW").is_ok() {
                        println!(
                            "{:.1} s {} {:?} {:?} {}",
                            start.elapsed().as_secs_f64(),
                            small.tried,
                            length(&small.scenario, patience),
                            what,
                            serde_json::to_string(&small.scenario).unwrap()
                        );
                    }
                    break;
                }
            }
        }
        lengths.sort_unstable();
        let median = lengths.get(lengths.len() / 2);
        let mut search = Hunt::new(&order(protocol, Some(&mutant), Strategy::Exhaustive, 0))
            .expect("there is such a mutant");
        let start = Instant::now();
        let mut shortest = None;
        while protocol == "paxos" && shortest.is_none() && !search.is_over() {
            let in_time = || start.elapsed().as_secs_f64() < PATIENCE_S / 2.0;
            if !in_time() {
                break;
            }
            let found = search
                .run(&mut |_| in_time())
                .expect("what is made is sound");
            shortest = found.map(|found| length(&found.scenario, Micros::ZERO));
        }
        println!(
            "  {mutant:<26} {median:?} {:?}; {:?}; {shortest:?}",
            lengths.last(),
            stored(protocol, &mutant)
        );
    }
}

fn main() {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"))
        .collect();
    let arg = |place: usize| args.get(place).map(String::as_str);
    let strategy = match arg(3) {
        Some("swarm") => Strategy::Swarm,
        Some("pct") => Strategy::Pct,
        Some("rounds") => Strategy::Rounds,
        Some("guided") => Strategy::Guided,
        Some("exhaustive") => Strategy::Exhaustive,
        _ => Strategy::Mixed,
    };
    let number = |place, default| arg(place).and_then(|n| n.parse().ok()).unwrap_or(default);
    match arg(0) {
        Some("long") => long(number(1, 200_000), arg(2)),
        Some("short") => short(arg(1).unwrap_or("paxos"), number(2, 3)),
        Some("find") => find(arg(1).unwrap_or("raft"), number(2, 5), strategy),
        _ => {
            raft_runs();
            speeds();
            for protocol in protocols() {
                find(protocol, 3, Strategy::Mixed);
            }
        }
    }
}
