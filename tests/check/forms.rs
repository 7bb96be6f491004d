//! The forms of histories, and what is said of texts that are none.

use serde_json::{Value, json};
use synod::base::Misfit;
use synod::base::{Chance, Draws};
use synod::check::{Answer, Budget, Judgement, Limits, judge_text};

fn judge(value: &Value) -> Result<Judgement, Misfit> {
    judge_text(&value.to_string(), Budget::default())
}

fn document(model: &str, operations: Value) -> Value {
    json!({ "version": 1, "model": model, "operations": operations })
}

fn verdict(model: &str, operations: Value) -> (Answer, Answer) {
    let judged = judge(&document(model, operations)).expect("a history");
    let sequential = judged.sequential.expect("there is a model");
    (
        judged.linearizable.expect("there is a model"),
        sequential.verdict,
    )
}

const BOTH: (Answer, Answer) = (Answer::Yes, Answer::Yes);
const SEQUENTIAL: (Answer, Answer) = (Answer::No, Answer::Yes);
const NEITHER: (Answer, Answer) = (Answer::No, Answer::No);

#[test]
fn every_model_is_read_and_judged() {
    let read = |process: u32, call: u32, result: Value| json!({ "process": process, "op": "read", "call": call, "return": call + 5, "result": result });
    let write = json!({ "process": 1, "op": "write", "value": "a", "call": 0, "return": 5 });
    assert_eq!(
        verdict("register", json!([write, read(2, 10, json!("a"))])),
        BOTH
    );
    let stale = json!([write, read(2, 10, Value::Null)]);
    assert_eq!(verdict("register", stale), SEQUENTIAL);
    assert_eq!(
        verdict("register", json!([write, read(1, 10, Value::Null)])),
        NEITHER
    );
    let cas = json!({ "process": 1, "op": "cas", "from": 1, "to": 2, "call": 0, "return": 1, "result": true });
    assert_eq!(verdict("cas_register", json!([cas])), NEITHER);
    let mut held = document("cas_register", json!([cas]));
    held["initial"] = json!(1);
    assert_eq!(
        judge(&held).expect("a history").linearizable,
        Some(Answer::Yes)
    );

    let map = |op: &str, key: &str, call: f64, more: Value| {
        let mut entry =
            json!({ "process": "p", "op": op, "key": key, "call": call, "return": call + 0.5 });
        entry
            .as_object_mut()
            .expect("one")
            .extend(more.as_object().expect("one").clone());
        entry
    };
    let deleted = json!([
        map("put", "x", 0.0, json!({ "value": 1 })),
        map("delete", "x", 1.0, json!({})),
        map("get", "x", 2.0, json!({ "result": null })),
        map("get", "y", 3.0, json!({ "result": null })),
    ]);
    assert_eq!(verdict("map", deleted), BOTH);
    let grown = json!([
        map("append", "l", 0.0, json!({ "value": 1 })),
        map("append", "l", 1.0, json!({ "value": 2 })),
        map("read", "l", 2.0, json!({ "result": [2, 1] })),
    ]);
    assert_eq!(verdict("append_list", grown), NEITHER);
    let texts = json!([
        map("put", "t", 0.0, json!({ "value": "ab" })),
        map("append", "t", 1.0, json!({ "value": "c" })),
        map("get", "t", 2.0, json!({ "result": "abc" })),
    ]);
    assert_eq!(verdict("text_store", texts), BOTH);
    let lock = |process: u32, op: &str, call: u32, end: Value| json!({ "process": process, "op": op, "call": call, "return": end });
    let jumped = json!([
        lock(1, "join", 0, json!(1)),
        lock(2, "join", 2, json!(3)),
        lock(2, "enter", 4, json!(5)),
    ]);
    assert_eq!(verdict("fifo_lock", jumped), SEQUENTIAL);
    let waits = json!([
        lock(1, "join", 0, json!(1)),
        lock(2, "join", 2, json!(3)),
        lock(2, "enter", 4, Value::Null),
        lock(1, "enter", 5, json!(6)),
    ]);
    assert_eq!(verdict("fifo_lock", waits), BOTH);
}

#[test]
fn what_nobody_heard_may_have_happened_or_not() {
    let unknown = json!({ "process": 1, "op": "write", "value": 1, "call": 0, "return": 3, "status": "unknown" });
    let read = |call: u32, result: Value| json!({ "process": 2, "op": "read", "call": call, "return": call + 1, "result": result });
    assert_eq!(
        verdict("register", json!([unknown, read(5, json!(1))])),
        BOTH
    );
    assert_eq!(
        verdict("register", json!([unknown, read(5, Value::Null)])),
        BOTH
    );
    let there_and_gone = json!([unknown, read(5, json!(1)), read(7, Value::Null)]);
    assert_eq!(verdict("register", there_and_gone), NEITHER);
    let failed = json!({ "process": 1, "op": "write", "value": 1, "call": 0, "return": 3, "status": "fail" });
    assert_eq!(
        verdict("register", json!([failed, read(5, json!(1))])),
        NEITHER
    );
    // A client that gave up goes on, and its write may come later still.
    let late = json!([
        { "process": 1, "op": "write", "value": 1, "call": 0 },
        { "process": 1, "op": "write", "value": 2, "call": 2, "return": 3 },
        read(5, json!(2)),
        read(7, json!(1)),
    ]);
    assert_eq!(verdict("register", late), BOTH);
}

#[test]
fn who_is_to_blame_is_said_in_a_sentence() {
    let operations = json!([
        { "process": "A", "op": "write", "value": 1, "call": 0, "return": 10 },
        { "process": "A", "op": "write", "value": 2, "call": 20, "return": 30 },
        { "process": "B", "op": "read", "call": 40, "return": 50, "result": 1 },
        { "process": "B", "op": "read", "call": 60, "return": 70, "result": 2 },
    ]);
    let judged = judge(&document("register", operations)).expect("a history");
    let blame = judged.keys[0].blame.as_ref().expect("it is stale");
    assert_eq!(
        (blame.operation, &blame.prefix[..], &blame.order[..]),
        (2, &[0, 1, 2][..], &[0, 1][..])
    );
    assert_eq!(blame.states, ["2"]);
    assert!(
        blame.text.contains("can only have been 2"),
        "{}",
        blame.text
    );

    // Each of the two reads has a place, but not both.
    let torn = json!([
        { "process": "A", "op": "write", "value": 1, "call": 0, "return": 100 },
        { "process": "B", "op": "write", "value": 2, "call": 0, "return": 100 },
        { "process": "C", "op": "read", "call": 110, "return": 120, "result": 1 },
        { "process": "D", "op": "read", "call": 130, "return": 140, "result": 2 },
    ]);
    let judged = judge(&document("register", torn)).expect("a history");
    let blame = judged.keys[0].blame.as_ref().expect("it changes by itself");
    assert_eq!((blame.operation, &blame.against[..]), (3, &[2][..]));
    assert!(
        blame.text.starts_with("The answers cannot all be right"),
        "{}",
        blame.text
    );
}

#[test]
fn of_two_winners_neither_is_blamed_alone() {
    let operations = json!([
        { "process": "A", "op": "cas", "from": 0, "to": 1, "call": 0, "return": 60, "result": true },
        { "process": "B", "op": "cas", "from": 0, "to": 2, "call": 20, "return": 80, "result": true },
        { "process": "C", "op": "read", "call": 100, "return": 130, "result": 2 },
    ]);
    let mut swaps = document("cas_register", operations);
    swaps["initial"] = json!(0);
    let tries = json!([
        { "process": "A", "op": "try", "call": 0, "return": 60, "result": true },
        { "process": "B", "op": "try", "call": 20, "return": 80, "result": true },
    ]);
    for history in [swaps, document("fifo_lock", tries)] {
        let judged = judge(&history).expect("a history");
        let blame = judged.keys[0].blame.as_ref().expect("only one can win");
        assert_eq!((blame.operation, &blame.against[..]), (1, &[0][..]));
        let said = "without any one of them there is one that gives the others";
        assert!(blame.text.contains(said), "{}", blame.text);
    }
    // It fits nothing, whatever the others were answered: the list may have been longer, too.
    let lists = json!([
        { "process": "A", "op": "append", "value": 1, "call": 0, "return": 100 },
        { "process": "B", "op": "append", "value": 2, "call": 0, "return": 100 },
        { "process": "C", "op": "read", "call": 1, "return": 99, "result": [3] },
    ]);
    let judged = judge(&document("append_list", lists)).expect("a history");
    let blame = judged.keys[0].blame.as_ref().expect("nobody appended 3");
    assert_eq!(blame.states.len(), 5, "{:?}", blame.states);
}

#[test]
fn what_is_not_known_of_real_time_is_not_said_to_be_broken() {
    let operations: Vec<Value> = (0..12)
        .map(|n| json!({ "process": n, "op": "write", "value": n, "call": n, "return": 100 + n }))
        .chain([json!({ "process": 12, "op": "read", "call": 200, "return": 210, "result": 3 })])
        .collect();
    let text = document("register", json!(operations)).to_string();
    let little = Budget {
        linear: Limits::steps(3),
        ..Budget::default()
    };
    for (budget, linearizable, said) in [
        (Budget::default(), Answer::Yes, "keeps real time keeps"),
        (little, Answer::Unknown, "is not known"),
    ] {
        let judged = judge_text(&text, budget).expect("a history");
        assert_eq!(judged.linearizable, Some(linearizable));
        let sequential = judged.sequential.expect("there is a model");
        assert_eq!(sequential.verdict, Answer::Yes);
        assert!(sequential.text.contains(said), "{}", sequential.text);
    }
}

#[test]
fn a_byte_order_mark_does_no_harm_and_long_errors_are_cut() {
    let operations =
        json!([{ "process": 0, "op": "read", "call": 0, "return": 1, "result": null }]);
    let sound = format!("\u{feff}{}", document("register", operations));
    assert!(judge_text(&sound, Budget::default()).is_ok());
    let long = json!({ "version": 1, "model": "m".repeat(100_000), "operations": [] });
    let misfit = judge(&long).expect_err("no model");
    assert!(misfit.to_string().len() < 600, "{misfit}");
}

#[test]
fn blamed_answers_that_read_the_same_are_told_apart() {
    let read = |call: u32, result: u32| json!({ "process": "C", "op": "read", "call": call, "return": call + 5, "result": result });
    let mut back = document(
        "register",
        json!([
            { "process": "A", "op": "write", "value": 1, "call": 0, "return": 100 },
            { "process": "B", "op": "write", "value": 2, "call": 0, "return": 100 },
            read(10, 1),
            read(20, 2),
            read(30, 1),
        ]),
    );
    back["unit"] = json!("ms");
    let blame = |text: &str| {
        let judged = judge_text(text, Budget::default()).expect("a history");
        let blame = judged.keys[0].blame.clone().expect("it goes back");
        (blame.against, blame.text)
    };
    let (against, text) = blame(&back.to_string());
    assert_eq!(against, [2, 3]);
    let said = "C’s read was answered 1 (at 15 ms); C’s read was answered 2; and C’s read was answered 1 (at 35 ms).";
    assert!(text.contains(said), "{text}");
    // Beside one that nobody blames, too.
    let mut twice = back.clone();
    let operations = twice["operations"].as_array_mut().expect("a list");
    operations.push(read(40, 2));
    let (against, text) = blame(&twice.to_string());
    assert_eq!(against, [2, 3]);
    assert!(text.contains("answered 2 (at 25 ms)"), "{text}");
    back["unit"] = json!("");
    let (_, text) = blame(&back.to_string());
    assert!(text.contains("answered 1 (at 15)"), "{text}");

    let line = |n: u32, what: &str| format!("INFO jepsen.util - {n} {what}\n");
    let log: String = [
        line(0, ":invoke :write 1"),
        line(1, ":invoke :write 2"),
        line(2, ":invoke :read nil"),
        line(2, ":ok :read 1"),
        line(2, ":invoke :read nil"),
        line(2, ":ok :read 2"),
        line(2, ":invoke :read nil"),
        line(2, ":ok :read 1"),
        line(0, ":ok :write 1"),
        line(1, ":ok :write 2"),
    ]
    .concat();
    let (_, text) = blame(&log);
    let said = "process 2’s read was answered 1 (line 4); process 2’s read was answered 2; and process 2’s read was answered 1 (line 8).";
    assert!(text.contains(said), "{text}");
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let entry = json!({ "process": 1, "op": "read", "call": 5, "return": 6, "result": 1 });
    let with = |field: &str, value: Value| {
        let mut changed = entry.clone();
        changed[field] = value;
        document("register", json!([changed]))
    };
    let other = |model: &str| document(model, json!([entry]));
    let version = json!({ "version": 2, "model": "register", "operations": [] });
    for (value, said) in [
        (json!({}), "version: found nothing, expected this field"),
        (version, "version: found 2, expected 1"),
        (json!(5), ": found 5, expected a history as JSON"),
        (
            json!({ "protocol": "raft" }),
            ": found a scenario, expected a history: run",
        ),
        (other("heap"), "model: found `heap`, expected one of"),
        (
            other("map"),
            "operations[0].key: found nothing, expected a key",
        ),
        (
            other("fifo_lock"),
            "operations[0].op: found `read`, expected join, enter, try or leave",
        ),
        (
            other("append_list"),
            "operations[0].result: found 1, expected a list",
        ),
        (
            with("return", json!(4)),
            "operations[0].return: found 4, before its call, expected 5 or later",
        ),
        (
            with("call", json!("soon")),
            "operations[0].call: found \"soon\", expected a",
        ),
        (
            with("process", json!([])),
            "operations[0].process: found a list, expected a text or a number",
        ),
        (
            with("status", json!("maybe")),
            "operations[0].status: found `maybe`, expected one of",
        ),
        (
            with("extra", json!(1)),
            "operations[0].extra: found an unknown field `extra`, expected one of",
        ),
        (
            with("op", json!("write")),
            "operations[0].value: found nothing, expected a value",
        ),
    ] {
        let misfit = judge(&value).expect_err(said).to_string();
        assert!(misfit.starts_with(said), "{misfit}\n{said}");
    }
}

#[test]
fn operations_that_do_not_go_together_are_told() {
    let entry = json!({ "process": 1, "op": "read", "call": 5, "return": 6, "result": 1 });
    let mut named = entry.clone();
    named["id"] = json!(7);
    let mut twice = document("register", json!([named, named]));
    twice["operations"][1]["process"] = json!(2);
    let said = judge(&twice).expect_err("an id twice").to_string();
    assert_eq!(
        said,
        "operations[1].id: found the id of operations[0], expected one that no other operation has"
    );
    let at_once = document(
        "register",
        json!([entry, { "process": 1, "op": "read", "call": 5, "return": 9, "result": 1 }]),
    );
    let said = judge(&at_once).expect_err("two at once").to_string();
    assert!(
        said.starts_with("operations[1].call: found a call at 5 by process 1"),
        "{said}"
    );
    let silent = document(
        "register",
        json!([{ "process": 1, "op": "read", "call": 5, "return": 6 }]),
    );
    let said = judge(&silent).expect_err("no answer").to_string();
    assert_eq!(
        said,
        "operations[0].result: found nothing, expected what was answered"
    );
}

#[test]
fn texts_that_are_nothing_are_refused() {
    for text in [
        "",
        "   ",
        "{",
        "{:process",
        "INFO x",
        "\u{0}",
        "[[[[[[",
        "nul",
        "{\"operations\": 1e999}",
    ] {
        assert!(judge_text(text, Budget::default()).is_err(), "{text}");
    }
}

#[test]
fn reports_are_read_without_trust() {
    let report = |extra: Value| {
        let mut told = json!({ "client": 1, "id": 1, "op": { "get": "x" }, "call_ms": 5.0, "return_ms": 6.0, "result": null, "error": null });
        told.as_object_mut()
            .expect("one")
            .extend(extra.as_object().expect("one").clone());
        json!({ "history": [told, { "client": 1, "id": 2, "op": { "get": "x" }, "call_ms": 9, "return_ms": null }] })
    };
    assert_eq!(
        judge(&report(json!({}))).expect("a report").linearizable,
        Some(Answer::Yes)
    );
    let said = judge(&report(json!({ "return_ms": 1 })))
        .expect_err("back in time")
        .to_string();
    assert_eq!(
        said,
        "history[0].return_ms: found 1, before its call, expected the call's moment or later"
    );
    let said = judge(&report(json!({ "id": 2 })))
        .expect_err("twice")
        .to_string();
    assert!(
        said.starts_with("history[1].id: found 2, which client 1 has used"),
        "{said}"
    );
}

#[test]
fn moments_may_be_nanoseconds_of_an_era() {
    let era = 1_700_000_000_000_000_000i64;
    let operations = json!([
        { "process": 1, "op": "write", "value": 1, "call": era, "return": era + 1 },
        { "process": 2, "op": "read", "call": era + 2, "return": era + 3, "result": null },
    ]);
    assert_eq!(
        verdict("register", operations).0,
        Answer::No,
        "one nanosecond apart"
    );
}

/// Whatever comes, it is judged or refused.
#[test]
fn no_text_does_harm() {
    let sound = [
        document("register", json!([
            { "id": "a", "process": 1, "op": "write", "value": 1, "call": 0, "return": 5 },
            { "process": 2, "op": "read", "call": 3, "return": 9, "result": 1, "status": "ok" },
            { "process": 3, "op": "read", "call": 3 }
        ])).to_string(),
        document("fifo_lock", json!([
            { "process": 1, "op": "join", "call": 0, "return": 5, "key": 3 },
            { "process": 1, "op": "enter", "call": 7.5, "return": 9, "result": true, "key": 3 }
        ])).to_string(),
        "INFO jepsen.util - 1 :invoke :cas [1 2]\nINFO jepsen.util - 1 :ok :cas [1 2]\n".to_owned(),
        "{:process 0, :type :invoke, :f :put, :key \"a\", :value \"b\"}\n{:process 0, :type :ok, :f :put, :key \"a\", :value \"b\"}".to_owned(),
    ];
    let mut luck = Draws::new(Chance::from_seed(5));
    let mut judged = 0;
    for n in 0..20_000 {
        let mut bytes = sound[n % sound.len()].clone().into_bytes();
        for _ in 0..luck.between(1, 3) {
            if bytes.is_empty() {
                break;
            }
            let at = luck.between(0, bytes.len() as u64 - 1) as usize;
            match luck.between(0, 4) {
                0 => drop(bytes.remove(at)),
                1 => bytes.insert(
                    at,
                    b"0123456789-.eE\"[]{}:, \n"[luck.between(0, 22) as usize],
                ),
                2 => bytes[at] = luck.between(0, 127) as u8,
                3 => bytes.truncate(at + 1),
                _ => {
                    let piece = bytes[at..(at + 9).min(bytes.len())].to_vec();
                    bytes.extend(piece);
                }
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        judged += u32::from(judge_text(&text, Budget::default()).is_ok());
    }
    assert!((300..19_000).contains(&judged), "{judged}");
    let deep = "[".repeat(1_000_000);
    assert!(judge_text(&deep, Budget::default()).is_err());
}
