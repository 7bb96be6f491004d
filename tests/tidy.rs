//! Style that is not enforced is not style: floors, budgets and banned words, read from the sources.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Which module of `src/` may import which: docs/ARCHITECTURE.md has the reasons.
const FLOORS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("protocol", &["base", "text"]),
    ("sim", &["base"]),
    ("check", &["base"]),
    ("scenario", &["base", "protocol", "sim", "check"]),
    ("hunt", &["base", "protocol", "sim", "check", "scenario"]),
    (
        "web",
        &[
            "base", "protocol", "sim", "check", "scenario", "hunt", "text",
        ],
    ),
    ("text", &[]),
];

/// Which folder of `www/` may import which; "" is `www/` itself (router, player, wasm.js).
const WWW_FLOORS: &[(&str, &[&str])] = &[
    ("lib", &[]),
    ("stage", &["lib"]),
    ("views", &["stage", "lib"]),
    ("panels", &["stage", "lib", ""]),
    ("editor", &["lib", ""]),
    ("lab", &["lib", ""]),
    ("histories", &["lib", ""]),
    ("hunt", &["lib", ""]),
    (
        "pages",
        &[
            "editor",
            "lab",
            "histories",
            "hunt",
            "views",
            "panels",
            "stage",
            "lib",
            "lessons",
            "",
        ],
    ),
    ("", &["pages", "views", "panels", "stage", "lib", "lessons"]),
];

/// What package managers write. The bench of other libraries has its own.
const LOCK_FILES: [&str; 4] = [
    "Cargo.lock",
    "package-lock.json",
    "benches/peers/Cargo.lock",
    "benches/peers/package-lock.json",
];

/// Lines in a file, above which its header says why it is long.
const LINES_MAX: usize = 600;

#[test]
fn modules_import_downward() {
    let mut wrong = Vec::new();
    for (path, text) in files_under("src/", &["rs"]) {
        let Some((module, rest)) = path["src/".len()..].split_once('/') else {
            continue; // lib.rs: the list of modules
        };
        let Some(allowed) = floor(FLOORS, module) else {
            wrong.push(format!(
                "{path}: src/{module} stands on no floor; give it one in FLOORS"
            ));
            continue;
        };
        let depth = 1 + rest
            .trim_end_matches("mod.rs")
            .split_terminator('/')
            .count();
        for import in crate_imports(&without_comments(&text), depth) {
            let known = floor(FLOORS, &import).is_some();
            if known && import != module && !allowed.contains(&import.as_str()) {
                wrong.push(format!("{path}: {module} must not import {import}"));
            }
        }
    }
    none(&wrong);
}

#[test]
fn the_simulator_names_no_protocol() {
    let mut wrong = Vec::new();
    for (path, text) in files_under("src/sim/", &["rs"]) {
        for (number, line) in numbered(&text) {
            for name in ["raft", "paxos", "pbft"] {
                if line.to_lowercase().contains(name) {
                    wrong.push(format!("{path}:{number}: names {name}"));
                }
            }
        }
    }
    none(&wrong);
}

#[test]
fn page_modules_import_downward() {
    let mut wrong = Vec::new();
    for (path, text) in files_under("www/", &["js"]) {
        let folder = top_folder(&path["www/".len()..]);
        let Some(allowed) = floor(WWW_FLOORS, folder) else {
            wrong.push(format!(
                "{path}: www/{folder} stands on no floor; give it one in WWW_FLOORS"
            ));
            continue;
        };
        for specifier in js_imports(&without_comments(&text)) {
            let target = resolved(&path, &specifier);
            let to = top_folder(target.strip_prefix("www/").unwrap_or(&target));
            if to == "pkg" {
                if !path.starts_with("www/wasm") {
                    wrong.push(format!("{path}: only www/wasm*.js import pkg"));
                }
            } else if to != folder && !allowed.contains(&to) {
                wrong.push(format!("{path}: {folder}/ must not import {target}"));
            }
        }
    }
    none(&wrong);
}

#[test]
fn long_files_say_why() {
    let mut wrong = Vec::new();
    for (path, text) in files_under("", &["rs", "js", "mjs", "css", "sh", "awk"]) {
        let lines = text.lines().count();
        let excused = text
            .lines()
            .take(30)
            .any(|line| line.contains("Long because: "));
        if lines > LINES_MAX && !excused {
            wrong.push(format!(
                "{path}: {lines} lines; split it, or let its header say `Long because: …`"
            ));
        }
    }
    let build = fs::read_to_string("build.sh").expect("build.sh is in the repository");
    if build.lines().count() >= 150 {
        wrong.push("build.sh: 150 lines or more; it reads top to bottom in one go".into());
    }
    none(&wrong);
}

#[test]
fn nothing_is_left_unfinished() {
    // Spelt in two halves, so that this file does not find itself.
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("X", "XX"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
    ];
    none(&lines_with(&marks));
}

#[test]
fn no_machine_is_named() {
    let mut wrong = lines_with(&[
        concat!("registry.", "npmjs"),
        concat!("index.", "crates.io"),
        concat!("static.", "crates.io"),
        concat!("deb.", "debian.org"),
        concat!("pypi", ".org"),
    ]);
    for (path, text) in files_under("", &[]) {
        for (number, line) in numbered(&text) {
            for folder in [concat!("/wo", "rk/"), concat!("/ro", "ot/")] {
                let absolute = |(at, _): (usize, &str)| {
                    !line[..at].ends_with(|c: char| c.is_alphanumeric() || "_.-}".contains(c))
                };
                if line.match_indices(folder).any(absolute) {
                    wrong.push(format!(
                        "{path}:{number}: {folder} is a path of one machine"
                    ));
                }
            }
        }
    }
    none(&wrong);
}

#[test]
fn lock_files_name_no_private_registry() {
    let mut wrong = Vec::new();
    for path in LOCK_FILES {
        let lock = fs::read_to_string(path).expect("a lock file of the repository");
        if lock.contains("\"resolved\"") {
            wrong.push(format!(
                "{path}: records where packages came from; see .npmrc"
            ));
        }
        for (number, line) in numbered(&lock) {
            if line.starts_with("source = ") && !line.ends_with("/rust-lang/crates.io-index\"") {
                wrong.push(format!("{path}:{number}: {line}"));
            }
        }
    }
    none(&wrong);
}

// What the tests above read the sources with.

fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn floor<'a>(floors: &[(&str, &'a [&'a str])], name: &str) -> Option<&'a [&'a str]> {
    floors
        .iter()
        .find(|(floor, _)| *floor == name)
        .map(|(_, allowed)| *allowed)
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
}

fn top_folder(path: &str) -> &str {
    path.split_once('/').map_or("", |(folder, _)| folder)
}

/// Each line of the repository, lock files apart, that contains one of `words`.
fn lines_with(words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in files_under("", &[]) {
        for (number, line) in numbered(&text) {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                found.push(format!("{path}:{number}: {word}"));
            }
        }
    }
    found
}

/// The text files under `prefix` with one of `extensions` (none named: all), without lock files and
/// without what .gitignore names (its lines are all of the form `/path`).
fn files_under(prefix: &str, extensions: &[&str]) -> BTreeMap<String, String> {
    let ignored = fs::read_to_string(".gitignore").expect(".gitignore is in the repository");
    let mut skip: Vec<&str> = ignored
        .lines()
        .filter_map(|line| line.strip_prefix('/'))
        .collect();
    skip.push(".git");
    skip.extend(LOCK_FILES);

    let mut files = BTreeMap::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(Path::new(".").join(&folder)).expect("a folder of the repository");
        for entry in entries.map(|entry| entry.expect("an entry of a folder")) {
            let path = format!("{folder}{}", entry.file_name().to_string_lossy());
            let extension = Path::new(&path)
                .extension()
                .map_or("", |it| it.to_str().unwrap_or(""));
            if skip.contains(&path.as_str()) {
                continue;
            } else if entry.path().is_dir() {
                folders.push(path + "/");
            } else if path.starts_with(prefix)
                && (extensions.is_empty() || extensions.contains(&extension))
                && let Ok(text) = fs::read_to_string(&path)
            {
                files.insert(path, text);
            }
        }
    }
    files
}

/// Rust or JavaScript without its comments, so that a doc link is no import. A `/*` right after a letter
/// is part of a pattern such as `docs/*.json`, and begins no comment.
fn without_comments(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("/*").into_iter().chain(rest.find("//")).min() {
        let (before, comment) = rest.split_at(start);
        code += before;
        rest = if comment.starts_with("//") {
            &comment[comment.find('\n').unwrap_or(comment.len())..]
        } else if before.ends_with(char::is_alphanumeric) {
            &comment[2..]
        } else {
            comment.split_once("*/").map_or("", |(_, after)| after)
        };
    }
    code + rest
}

/// The modules of this crate that Rust code names, in a file `depth` modules below the root:
/// by `crate::a`, by `crate::{a, b::c}`, or by as many `super::` as lead to the root.
fn crate_imports(code: &str, depth: usize) -> Vec<String> {
    let mut found = Vec::new();
    for root in ["crate::", &"super::".repeat(depth)] {
        for (at, _) in code.match_indices(root) {
            let path = &code[at + root.len()..];
            match path.strip_prefix('{') {
                Some(group) => found.extend(heads_of_group(group)),
                None => found.push(identifier(path).to_string()),
            }
        }
    }
    found
}

/// Of `a, b::{c, d}}…`, the part of a `use` after its opening brace: a and b.
fn heads_of_group(group: &str) -> Vec<String> {
    let mut heads = vec![identifier(group).to_string()];
    let mut depth = 1;
    for (at, sign) in group.char_indices() {
        match sign {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => heads.push(identifier(&group[at + 1..]).to_string()),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    heads
}

fn identifier(code: &str) -> &str {
    let code = code.trim_start();
    let end = code
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(code.len());
    &code[..end]
}

/// The relative specifiers that JavaScript imports, statically, lazily or as a worker.
fn js_imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for opening in ["from ", "import ", "import(", "new URL("] {
        for (at, _) in code.match_indices(opening) {
            let quoted = &code[at + opening.len()..];
            if quoted.starts_with(['"', '\''])
                && let Some(specifier) = quoted[1..].split(['"', '\'']).next()
                && specifier.starts_with('.')
            {
                found.push(specifier.to_string());
            }
        }
    }
    found
}

/// Where `specifier`, met in the file `from`, leads.
fn resolved(from: &str, specifier: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in specifier.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}
