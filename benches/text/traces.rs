//! Recorded editing sessions, read before anything is measured.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One edit: where, how much is deleted there, and what is put there.
pub struct Edit {
    pub at: usize,
    pub deleted: usize,
    pub text: String,
}

/// What one person did at one time.
pub struct Step {
    pub who: usize,
    /// The steps of others that reached this person just before.
    pub received: Vec<usize>,
    pub edits: Vec<Edit>,
}

/// A recording.
pub struct Trace {
    pub name: String,
    pub people: usize,
    pub steps: Vec<Step>,
    /// The text that everybody has in the end.
    pub expected: String,
}

impl Trace {
    pub fn edits(&self) -> usize {
        self.steps.iter().map(|step| step.edits.len()).sum()
    }
}

/// Those recordings that this machine has, in `SYNOD_TRACES` or in `../shared/traces` beside the
/// repository; says which are absent.
pub fn all() -> Vec<Trace> {
    let names = [
        "automerge-paper",
        "sveltecomponent",
        "rustcode",
        "friendsforever",
    ];
    names.into_iter().filter_map(read).collect()
}

fn folder() -> PathBuf {
    match std::env::var_os("SYNOD_TRACES") {
        Some(folder) => folder.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .map(|folder| folder.join("../shared/traces"))
            .find(|folder| folder.exists())
            .unwrap_or_default(),
    }
}

/// The recording called `name`, if this machine has it.
pub fn read(name: &str) -> Option<Trace> {
    let path = folder().join(format!("{name}.json.gz"));
    if !path.exists() {
        println!("the recording {name} is absent: not measured");
        return None;
    }
    let unzip = Command::new("gzip").arg("-dc").arg(&path).output();
    let json: Value =
        serde_json::from_slice(&unzip.expect("gzip runs").stdout).expect("the recording is JSON");
    let txns = json["txns"].as_array().expect("txns");
    let people = json["numAgents"].as_u64().map_or(1, |n| n as usize);
    let steps = if people == 1 {
        let step = |txn: &Value| Step {
            who: 0,
            received: Vec::new(),
            edits: edits(txn),
        };
        txns.iter().map(step).collect()
    } else {
        together(txns, people)
    };
    Some(Trace {
        name: name.to_owned(),
        people,
        steps,
        expected: json["endContent"].as_str().expect("a text").to_owned(),
    })
}

fn number(value: &Value) -> usize {
    value.as_u64().expect("a number") as usize
}

fn edits(txn: &Value) -> Vec<Edit> {
    let patches = txn["patches"].as_array().expect("patches");
    let edit = |patch: &Value| Edit {
        at: number(&patch[0]),
        deleted: number(&patch[1]),
        text: patch[2].as_str().expect("text").to_owned(),
    };
    patches.iter().map(edit).collect()
}

/// A transaction builds on its parents and on all that these build on.
fn together(txns: &[Value], people: usize) -> Vec<Step> {
    let mut seen = vec![vec![false; txns.len()]; people];
    let mut steps = Vec::with_capacity(txns.len());
    for (index, txn) in txns.iter().enumerate() {
        let who = number(&txn["agent"]);
        let mut received = Vec::new();
        let mut ancestors = vec![index];
        while let Some(descendant) = ancestors.pop() {
            for parent in txns[descendant]["parents"].as_array().expect("parents") {
                let parent = number(parent);
                if !std::mem::replace(&mut seen[who][parent], true) {
                    received.push(parent);
                    ancestors.push(parent);
                }
            }
        }
        received.sort_unstable();
        seen[who][index] = true;
        steps.push(Step {
            who,
            received,
            edits: edits(txn),
        });
    }
    steps
}
