//! Recorded sessions of real people, where the machine has them.

use crate::pair::Luck;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use synod::text::{Replica, ReplicaId};

/// The folder of recordings: `SYNOD_TRACES`, or `../shared/traces` beside the repository.
fn folder() -> PathBuf {
    match std::env::var_os("SYNOD_TRACES") {
        Some(folder) => folder.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/traces"),
    }
}

/// A recording; `None`, said aloud, if it is absent.
fn trace(name: &str) -> Option<serde_json::Value> {
    let path = folder().join(format!("{name}.json.gz"));
    if !path.exists() {
        println!(
            "the recording {name} is absent: not tested ({})",
            path.display()
        );
        return None;
    }
    let unzip = Command::new("gzip").arg("-dc").arg(&path).output();
    let output = unzip.expect("gzip runs");
    let mut text = String::new();
    output
        .stdout
        .as_slice()
        .read_to_string(&mut text)
        .expect("UTF-8");
    Some(serde_json::from_str(&text).expect("the recording is JSON"))
}

fn number(value: &serde_json::Value) -> usize {
    value.as_u64().expect("a number") as usize
}

fn patches(txn: &serde_json::Value) -> impl Iterator<Item = (usize, usize, &str)> {
    let patches = txn["patches"].as_array().expect("patches");
    patches.iter().map(|p| {
        let text = p[2].as_str().expect("text");
        (number(&p[0]), number(&p[1]), text)
    })
}

/// Plays a recording by one person; each transaction is sent to a second replica.
fn play_alone(name: &str) {
    let Some(trace) = trace(name) else { return };
    let mut author = Replica::new(ReplicaId(7));
    let mut reader = Replica::new(ReplicaId(8));
    for txn in trace["txns"].as_array().expect("txns") {
        for (at, deleted, text) in patches(txn) {
            author.replace(at, deleted, text).expect("inside the text");
        }
        reader.apply(&author.take_changes()).expect("sound bytes");
    }
    let expected = trace["endContent"].as_str().expect("a text");
    assert!(author.text() == expected && reader.text() == expected);
    let opened = Replica::decode(&author.encode(), ReplicaId(9)).expect("sound bytes");
    assert!(opened.text() == expected);
    assert_eq!(opened.version(), author.version());
    let half = author.version_after(author.history_len() / 2);
    assert_eq!(opened.at(&half), reader.at(&half));
}

#[test]
fn automerge_paper() {
    play_alone("automerge-paper");
}

#[test]
fn rustcode() {
    play_alone("rustcode");
}

#[test]
fn sveltecomponent() {
    play_alone("sveltecomponent");
}

/// Plays a recording by several people, each of whom receives what the recording says they saw,
/// one transaction at a time.
fn play_together(trace: &serde_json::Value) -> Vec<Replica> {
    let agents = number(&trace["numAgents"]);
    let mut people: Vec<Replica> = (0..agents)
        .map(|i| Replica::new(ReplicaId(i as u64)))
        .collect();
    let txns = trace["txns"].as_array().expect("txns");
    let mut sent: Vec<Vec<u8>> = Vec::with_capacity(txns.len());
    let mut seen = vec![vec![false; txns.len()]; agents];
    for (index, txn) in txns.iter().enumerate() {
        let who = number(&txn["agent"]);
        let mut missing = Vec::new();
        let mut ancestors = vec![index];
        while let Some(descendant) = ancestors.pop() {
            for parent in txns[descendant]["parents"].as_array().expect("parents") {
                let parent = number(parent);
                if !std::mem::replace(&mut seen[who][parent], true) {
                    missing.push(parent);
                    ancestors.push(parent);
                }
            }
        }
        missing.sort_unstable();
        for ancestor in missing {
            people[who].apply(&sent[ancestor]).expect("sound bytes");
        }
        for (at, deleted, text) in patches(txn) {
            let edit = people[who].replace(at, deleted, text);
            edit.expect("inside the text");
        }
        seen[who][index] = true;
        sent.push(people[who].take_changes());
    }
    people
}

#[test]
fn friendsforever() {
    let Some(trace) = trace("friendsforever") else {
        return;
    };
    let expected = trace["endContent"].as_str().expect("a text");
    let mut people = play_together(&trace);
    for i in 0..people.len() {
        let other = people[(i + 1) % people.len()].clone();
        people[i].merge(&other);
        assert!(people[i].text() == expected);
    }
    let bytes = people[0].encode();
    let mut opened = Replica::decode(&bytes, ReplicaId(9)).expect("sound bytes");
    assert!(opened.text() == expected);
    assert_eq!(opened.encode(), bytes, "what was opened is saved as it was");
    assert_eq!(opened.attribution(), people[1].attribution());
    let mut luck = Luck::new(5);
    for _ in 0..20 {
        let n = luck.below(people[0].history_len() as usize);
        let version = people[0].version_after(n as u64);
        assert_eq!(opened.at(&version), people[1].at(&version));
    }
    // Editing goes on in what was opened, and others take it in.
    opened
        .insert(100, "something new")
        .expect("inside the text");
    people[0].merge(&opened);
    assert_eq!(people[0].text(), opened.text());
}
