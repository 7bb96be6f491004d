//! Porcupine, by a small program of ours that reads histories in lines of words.

use super::made::History;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::Command;
use synod::base::Micros;
use synod::check::{KvCall, KvResult, TextCall};

/// Porcupine's program, built.
pub struct Peer {
    program: PathBuf,
    folder: PathBuf,
}

impl Peer {
    /// Builds it, or says what is missing.
    pub fn find() -> Result<Peer, String> {
        let checkout = std::env::var("SYNOD_PORCUPINE")
            .map_err(|_| "SYNOD_PORCUPINE names no checkout of it".to_owned())?;
        let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/peers/porcupine");
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("porcupine");
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        std::fs::copy(source.join("main.go"), folder.join("main.go"))
            .map_err(|error| error.to_string())?;
        let module = format!(
            "module peer\n\ngo 1.16\n\nrequire github.com/anishathalye/porcupine v0.0.0\n\n\
             replace github.com/anishathalye/porcupine => {checkout}\n"
        );
        std::fs::write(folder.join("go.mod"), module).map_err(|error| error.to_string())?;
        let program = folder.join("peer");
        let mut build = Command::new("go");
        build.args(["build", "-o"]).arg(&program).arg(".");
        let built = build.current_dir(&folder).output();
        let built = built.map_err(|_| "there is no go to build it with".to_owned())?;
        if !built.status.success() {
            return Err(String::from_utf8_lossy(&built.stderr).trim().to_owned());
        }
        Ok(Peer { program, folder })
    }

    /// Its best time in seconds, and its verdict: none where it has none after a while.
    pub fn measure(&self, history: &History) -> Option<(f64, Option<bool>)> {
        let file = self.folder.join("history.txt");
        std::fs::write(&file, lines(history)).ok()?;
        let output = Command::new(&self.program).arg(&file).output().ok()?;
        let said = String::from_utf8(output.stdout).ok()?;
        let (time, verdict) = said.trim().split_once(' ')?;
        let verdict = match verdict {
            "Ok" => Some(true),
            "Illegal" => Some(false),
            _ => None,
        };
        Some((time.parse().ok()?, verdict))
    }
}

/// A line each: client, call, return or -, verb, key, arguments, result; words apart by tabs.
fn lines(history: &History) -> String {
    let mut text = String::new();
    let mut line = |client: u32, called: Micros, returned: Option<Micros>, words: [&str; 5]| {
        let returned = returned.map_or("-".to_owned(), |at| at.0.to_string());
        let _ = writeln!(
            text,
            "{client}\t{}\t{returned}\t{}",
            called.0,
            words.join("\t")
        );
    };
    let perhaps = |value: Option<i64>| value.map_or("nil".to_owned(), |value| value.to_string());
    match history {
        History::Kv(_, calls) => {
            for call in calls {
                let returned = call.returned.map(|(at, _)| at);
                let result = match call.returned {
                    Some((_, KvResult::Value(value))) => perhaps(value),
                    Some((_, KvResult::Swapped(swapped))) => swapped.to_string(),
                    _ => "ok".to_owned(),
                };
                let (verb, key, old, new) = match &call.op {
                    KvCall::Put(key, value) => ("put", key, String::new(), value.to_string()),
                    KvCall::Get(key) => ("get", key, String::new(), String::new()),
                    KvCall::Cas(key, old, new) => ("cas", key, perhaps(*old), new.to_string()),
                    KvCall::Delete(key) => ("put", key, String::new(), "nil".to_owned()),
                };
                line(
                    call.client,
                    call.called,
                    returned,
                    [verb, key, &old, &new, &result],
                );
            }
        }
        History::Text(_, calls) => {
            for call in calls {
                let returned = call.returned.as_ref().map(|(at, _)| *at);
                let read = call.returned.as_ref().and_then(|(_, read)| read.as_deref());
                let (verb, key, text) = match &call.op {
                    TextCall::Get(key) => ("text-get", key, ""),
                    TextCall::Put(key, text) => ("text-put", key, text.as_str()),
                    TextCall::Append(key, text) => ("text-append", key, text.as_str()),
                };
                let words = [verb, key, "", text, read.unwrap_or("")];
                line(call.client, call.called, returned, words);
            }
        }
    }
    text
}
