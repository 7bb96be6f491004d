//! How fast the sequence CRDT is by itself, natively, on recorded sessions and where such things
//! collapse. `benches/peers` measures others beside it. A wrong text is a failed run.
#![allow(clippy::disallowed_types)] // this is where real time is measured

#[path = "text/traces.rs"]
mod traces;

use std::time::{Duration, Instant};
use synod::text::{Replica, ReplicaId, Version};
use traces::Trace;

/// The shortest of several runs, and what the last of them made.
fn best<T>(runs: usize, mut run: impl FnMut() -> T) -> (Duration, T) {
    let mut timed = || {
        let start = Instant::now();
        let made = run();
        (start.elapsed(), made)
    };
    let mut best = timed();
    for _ in 1..runs {
        let again = timed();
        best = (best.0.min(again.0), again.1);
    }
    best
}

/// Everybody edits, encodes and sends; who the recording says received it applies it.
fn play(trace: &Trace) -> Vec<Replica> {
    let mut people: Vec<Replica> = (0..trace.people)
        .map(|i| Replica::new(ReplicaId(i as u64)))
        .collect();
    let mut sent: Vec<Vec<u8>> = Vec::with_capacity(trace.steps.len());
    for step in &trace.steps {
        let person = &mut people[step.who];
        for &other in &step.received {
            person.apply(&sent[other]).expect("sound bytes");
        }
        for edit in &step.edits {
            let done = person.replace(edit.at, edit.deleted, &edit.text);
            done.expect("inside the text");
        }
        if trace.people > 1 {
            sent.push(person.take_changes());
        }
    }
    people
}

/// What somebody who reads along is sent, step by step.
fn stream(trace: &Trace) -> Vec<Vec<u8>> {
    let mut author = Replica::new(ReplicaId(0));
    let mut sent = Vec::with_capacity(trace.steps.len());
    for step in &trace.steps {
        for edit in &step.edits {
            let done = author.replace(edit.at, edit.deleted, &edit.text);
            done.expect("inside the text");
        }
        sent.push(author.take_changes());
    }
    sent
}

fn recorded(trace: &Trace) {
    let edits = trace.edits() as f64;
    let (local, people) = best(7, || play(trace));
    assert!(people[trace.steps.last().map_or(0, |s| s.who)].text() == trace.expected);
    let replica = &people[0];
    let (save, bytes) = best(7, || replica.encode());
    let (open, opened) = best(7, || {
        let opened = Replica::decode(&bytes, ReplicaId(9)).expect("sound bytes");
        let text = opened.text();
        (opened, text)
    });
    assert!(opened.1 == replica.text());
    let mut line = format!(
        "{:<16} {:>7.2} ms {:>6.0} ns an edit, saved {:>7.1} KiB in {:>5.2} ms, opened in {:>5.2} ms",
        trace.name,
        local.as_secs_f64() * 1e3,
        local.as_secs_f64() * 1e9 / edits,
        bytes.len() as f64 / 1024.0,
        save.as_secs_f64() * 1e3,
        open.as_secs_f64() * 1e3,
    );
    if trace.people == 1 {
        let sent = stream(trace);
        let (remote, text) = best(5, || {
            let mut reader = Replica::new(ReplicaId(1));
            for bytes in &sent {
                reader.apply(bytes).expect("sound bytes");
            }
            reader.text()
        });
        assert!(text == trace.expected);
        let size: usize = sent.iter().map(Vec::len).sum();
        let updates = sent.len() as f64;
        line += &format!(
            ", followed at {:>5.0} ns and {:.0} bytes an update",
            remote.as_secs_f64() * 1e9 / updates,
            size as f64 / updates
        );
    }
    println!("{line}");
}

/// Shown at three sizes, each twice the last: the growth is to be about 2.
fn collapse(what: &str, sizes: [usize; 3], mut run: impl FnMut(usize) -> Duration) {
    let times = sizes.map(|size| run(size).as_secs_f64() * 1e3);
    println!(
        "{what:<44} {:>7} {:>7.2} ms, {:>7} {:>7.2} ms ({:.1}x), {:>7} {:>7.2} ms ({:.1}x)",
        sizes[0],
        times[0],
        sizes[1],
        times[1],
        times[1] / times[0],
        sizes[2],
        times[2],
        times[2] / times[1],
    );
}

/// Two people who edit for `n` edits without hearing of each other, in short words all over.
fn branches(n: usize) -> (Replica, Replica) {
    let mut base = Replica::new(ReplicaId(0));
    base.insert(0, &"some words to begin with, ".repeat(400))
        .expect("inside");
    let mut luck = 12345_usize;
    let edited = [1, 2].map(|name| {
        let mut replica = Replica::new(ReplicaId(name));
        replica.merge(&base);
        for i in 0..n {
            luck = luck
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            let at = if i % 6 == 0 {
                (luck >> 33) % (replica.len() - 1)
            } else {
                replica.len() / 2
            };
            let done = if i % 5 == 4 {
                replica.delete(at, 1)
            } else {
                replica.insert(at, "x")
            };
            done.expect("inside the text");
        }
        replica
    });
    edited.into()
}

fn collapses() {
    collapse(
        "two branches of so many edits merged",
        [10_000, 20_000, 40_000],
        |n| {
            let (a, b) = branches(n);
            let (time, merged) = best(3, || {
                let mut merged = a.clone();
                merged.merge(&b);
                merged
            });
            let mut other = b.clone();
            other.merge(&a);
            assert!(merged.text() == other.text());
            time
        },
    );
    collapse("so many KiB pasted and deleted", [512, 1024, 2048], |n| {
        let text = "All that is solid melts into air.\n".repeat(n * 1024 / 34);
        let (time, replica) = best(3, || {
            let mut replica = Replica::new(ReplicaId(1));
            replica.insert(0, "ends").expect("inside");
            replica.insert(2, &text).expect("inside");
            replica.delete(2, text.len()).expect("inside");
            replica
        });
        assert!(replica.text() == "ends");
        time
    });
    for (what, batch) in [
        ("so many updates one at a time", 1),
        ("so many updates in tens", 10),
    ] {
        collapse(what, [5_000, 10_000, 20_000], |n| {
            let mut author = Replica::new(ReplicaId(1));
            let mut sent = Vec::new();
            for i in 0..n {
                author.insert((i * 7919) % (i + 1), "x").expect("inside");
                if i % batch == 0 {
                    sent.push(author.take_changes());
                }
            }
            sent.push(author.changes_since(&Version::new()));
            best(3, || {
                let mut reader = Replica::new(ReplicaId(2));
                for bytes in &sent {
                    reader.apply(bytes).expect("sound bytes");
                }
                assert!(reader.len() == n);
            })
            .0
        });
    }
    collapse("so many people at one place", [500, 1_000, 2_000], |n| {
        let sent: Vec<Vec<u8>> = (0..n)
            .map(|i| {
                let mut replica = Replica::new(ReplicaId((i * 7919 % n) as u64 + 1));
                replica.insert(0, "word ").expect("inside");
                replica.take_changes()
            })
            .collect();
        best(3, || {
            let mut reader = Replica::new(ReplicaId(0));
            for bytes in &sent {
                reader.apply(bytes).expect("sound bytes");
            }
            assert!(reader.len() == 5 * n);
        })
        .0
    });
}

fn main() {
    for trace in traces::all() {
        recorded(&trace);
    }
    collapses();
}
