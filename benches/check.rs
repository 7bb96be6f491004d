//! How fast histories are judged, natively, on one core, beside porcupine where it is to be had. Prints;
//! decides nothing but whether the verdicts are right.
//!
//! `SYNOD_PORCUPINE` names a checkout of porcupine, to be built with `go`; without it the bench says so
//! and measures Synod alone.
#![allow(clippy::disallowed_types)] // this is where real time is measured

#[path = "check/made.rs"]
mod made;
#[path = "check/peer.rs"]
mod peer;

use made::{History, Load, folder, made_up};
use peer::Peer;
use std::time::{Duration, Instant};
use synod::check::{Limits, Verdict, Work, check, check_parts};

/// How often each is measured; the best counts.
const ROUNDS: usize = 5;

/// What one history took.
struct Taken {
    time: Duration,
    work: Work,
    linearizable: Option<bool>,
}

fn measure(history: &History) -> Taken {
    let limits = Limits::steps(50_000_000);
    let mut best = Duration::MAX;
    let mut linearizable = None;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        linearizable = match history {
            History::Kv(model, calls) => verdict(&check(model, calls, limits)),
            History::Text(model, calls) => verdict(&check(model, calls, limits)),
        };
        best = best.min(start.elapsed());
    }
    let (_, work) = match history {
        History::Kv(model, calls) => drop_states(check_parts(model, calls, limits)),
        History::Text(model, calls) => drop_states(check_parts(model, calls, limits)),
    };
    Taken {
        time: best,
        work,
        linearizable,
    }
}

fn drop_states<S>((_, work): (Vec<S>, Work)) -> ((), Work) {
    ((), work)
}

fn verdict<S>(verdict: &Verdict<S>) -> Option<bool> {
    match verdict {
        Verdict::Linearizable(_) => Some(true),
        Verdict::Violated(..) => Some(false),
        Verdict::Unknown => None,
    }
}

fn word(linearizable: Option<bool>) -> &'static str {
    match linearizable {
        Some(true) => "linearizable",
        Some(false) => "not linearizable",
        None => "unknown",
    }
}

fn main() {
    let peer = Peer::find();
    match &peer {
        Ok(_) => println!("beside porcupine, on the same histories, in this run"),
        Err(why) => println!("porcupine is absent ({why}): nothing is measured against it"),
    }
    let mut histories = made();
    let others = folder();
    if others.is_empty() {
        println!("the histories with others' verdicts are absent");
    }
    for (name, history, expected) in others {
        let taken = measure(&history);
        assert_eq!(taken.linearizable, Some(expected), "{name}");
        histories.push((name, history));
    }
    for (name, history) in &histories {
        compare(name, history, peer.as_ref().ok());
    }
}

/// Histories made up to be measured, by name.
fn made() -> Vec<(String, History)> {
    let mut histories = Vec::new();
    let load = |operations, clients, keys| Load {
        operations,
        clients,
        keys,
        lost: 0,
        spoilt: false,
    };
    for (name, load) in [
        ("10,000 by 50 on 20 keys", load(10_000, 50, 20)),
        (
            "the same, spoilt",
            Load {
                spoilt: true,
                ..load(10_000, 50, 20)
            },
        ),
        (
            "the same, 1 in 100 lost",
            Load {
                lost: 100,
                ..load(10_000, 50, 20)
            },
        ),
        ("100,000 by 50 on 20 keys", load(100_000, 50, 20)),
        ("10,000 by 10 on 1 key", load(10_000, 10, 1)),
        (
            "the same, spoilt",
            Load {
                spoilt: true,
                ..load(10_000, 10, 1)
            },
        ),
        (
            "100,000 by 10 on 1 key, spoilt",
            Load {
                spoilt: true,
                ..load(100_000, 10, 1)
            },
        ),
        ("2,000 by 20 on 1 key", load(2_000, 20, 1)),
        (
            "the same, spoilt",
            Load {
                spoilt: true,
                ..load(2_000, 20, 1)
            },
        ),
    ] {
        histories.push((name.to_owned(), made_up(load)));
    }
    histories
}

/// Measures a history, beside the peer where there is one, and prints what it took.
fn compare(name: &str, history: &History, peer: Option<&Peer>) {
    let taken = measure(history);
    let mut line = format!(
        "{name:30} {:>16} {:>9.3} ms, {:>9} steps, {:>8} configurations, {:>7} KiB",
        word(taken.linearizable),
        taken.time.as_secs_f64() * 1e3,
        taken.work.steps,
        taken.work.configurations,
        taken.work.bytes / 1024,
    );
    if let Some(peer) = peer {
        line += &match peer.measure(history) {
            Some((theirs, verdict)) => {
                assert!(
                    verdict.is_none() || verdict == taken.linearizable,
                    "{name}: {verdict:?}"
                );
                let ratio = theirs / taken.time.as_secs_f64();
                let end = if verdict.is_none() { " and no end" } else { "" };
                format!("; porcupine {:.3} ms{end} ({ratio:.1} x)", theirs * 1e3)
            }
            None => "; porcupine failed".to_owned(),
        };
    }
    println!("{line}");
}
