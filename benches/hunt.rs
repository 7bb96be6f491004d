//! How fast a hunt runs, and how soon it finds each rule that is left out, natively, on one core.
//! Prints counts and ratios; decides nothing.
#![allow(clippy::disallowed_types)] // this is where real time is measured

use std::time::Instant;
use synod::hunt::{Hunt, Order, Strategy};
use synod::scenario::{describe, protocols};

/// The seconds after which a hunt is given up.
const PATIENCE_S: f64 = 30.0;

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
    let mut runs = 0;
    while start.elapsed().as_secs_f64() < PATIENCE_S && !hunt.is_over() {
        runs += 1;
        let mut go_on = |_| start.elapsed().as_secs_f64() < PATIENCE_S;
        match hunt.run(&mut go_on) {
            Ok(Some(found)) => {
                let mut sound = found.scenario.clone();
                if let serde_json::Value::Object(options) = &mut sound.options {
                    options.remove("mutant");
                }
                let whole = synod::hunt::try_out(&sound, found.patience, None).expect("sound");
                let also = if whole.breach.is_some() {
                    format!(
                        " ALSO SOUND {}",
                        serde_json::to_string(&sound).expect("json")
                    )
                } else {
                    String::new()
                };
                let what = format!("{:?} by {:?}{also}", found.breach, found.strategy);
                return (start.elapsed().as_secs_f64(), found.run, Some(what));
            }
            Ok(None) => {}
            Err(error) => panic!("{error}"),
        }
    }
    (start.elapsed().as_secs_f64(), runs, None)
}

fn main() {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    let only = args.first().map(String::as_str);
    let seeds: u64 = args.get(1).and_then(|n| n.parse().ok()).unwrap_or(3);
    let strategy = match args.get(2).map(String::as_str) {
        Some("swarm") => Strategy::Swarm,
        Some("pct") => Strategy::Pct,
        Some("rounds") => Strategy::Rounds,
        Some("guided") => Strategy::Guided,
        Some("exhaustive") => Strategy::Exhaustive,
        _ => Strategy::Mixed,
    };
    for protocol in protocols().filter(|name| only.is_none_or(|only| only == *name)) {
        let start = Instant::now();
        let mut hunt = Hunt::new(&order(protocol, None, strategy, 1)).expect("it is there");
        let mut runs = 0;
        while start.elapsed().as_secs_f64() < 3.0 && !hunt.is_over() {
            if let Some(found) = hunt
                .run(&mut |_| start.elapsed().as_secs_f64() < 3.0)
                .expect("sound")
            {
                println!(
                    "{protocol}: VIOLATED {:?} {}",
                    found.breach,
                    serde_json::to_string(&found.scenario).expect("json")
                );
                break;
            }
            runs += 1;
        }
        println!(
            "{protocol}: {:.0} runs a second",
            f64::from(runs) / start.elapsed().as_secs_f64()
        );
        let named = std::env::var("MUTANTS").unwrap_or_default();
        let mutants = describe(protocol).expect("it is there").mutants;
        let asked = |mutant: &String| named.is_empty() || named.split(',').any(|it| it == mutant);
        for mutant in mutants.into_iter().filter(asked) {
            let mut all: Vec<_> = (0..seeds)
                .map(|seed| first(&order(protocol, Some(&mutant), strategy, seed)))
                .collect();
            all.sort_by(|a, b| a.0.total_cmp(&b.0));
            let (median, most) = (&all[all.len() / 2], &all[all.len() - 1]);
            println!(
                "  {mutant:<26} {:>8.2} s {:>7} runs at the median, {:>6.2} s at the most; {}",
                median.0,
                median.1,
                most.0,
                median.2.as_deref().unwrap_or("NOT FOUND")
            );
        }
    }
}
