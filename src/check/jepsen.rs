//! Histories as others write them: the two forms of porcupine's test data, which came from Jepsen.
//!
//! In both a line is a call or its return; a client has one call open at a time. The moments are the
//! numbers of the lines.

use super::linear::Call;
use super::model::{KvCall, KvResult};
use super::objects::TextCall;
use crate::base::{ClientId, Micros};
use std::collections::BTreeMap;

/// A line that does not say what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Its number, from 1.
    pub line: usize,
    /// What it says.
    pub found: String,
    /// What it should say.
    pub expected: &'static str,
}

/// What a line should say, where it does not.
type Expected = &'static str;

/// A call of a log.
#[derive(Clone, Debug)]
pub(super) struct Logged<O, R> {
    pub(super) call: Call<O, R>,
    /// When it failed, without any effect.
    pub(super) failed: Option<Micros>,
}

/// Those that can have had an effect.
pub(super) fn effective<O: Clone, R: Clone>(log: &[Logged<O, R>]) -> Vec<Call<O, R>> {
    let effective = log.iter().filter(|logged| logged.failed.is_none());
    effective.map(|logged| logged.call.clone()).collect()
}

/// A history that is being read.
struct Reading<O, R> {
    log: Vec<Logged<O, R>>,
    /// The calls that are open, by client, as places in the history.
    open: BTreeMap<ClientId, usize>,
}

impl<O, R> Reading<O, R> {
    /// Reads line by line; `take` is given each line that is not empty, and its moment.
    fn lines(
        text: &str,
        take: impl Fn(&mut Reading<O, R>, &str, Micros) -> Result<(), Expected>,
    ) -> Result<Vec<Logged<O, R>>, BadLine> {
        let (log, open) = (Vec::new(), BTreeMap::new());
        let mut reading = Reading { log, open };
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim().is_empty() {
                continue;
            }
            take(&mut reading, line, Micros(number as u64)).map_err(|expected| BadLine {
                line: number,
                found: line.trim().to_owned(),
                expected,
            })?;
        }
        Ok(reading.log)
    }

    fn call(&mut self, client: ClientId, op: O, called: Micros) -> Result<(), Expected> {
        let call = Call {
            client,
            op,
            called,
            returned: None,
        };
        self.log.push(Logged { call, failed: None });
        match self.open.insert(client, self.log.len() - 1) {
            None => Ok(()),
            Some(_) => Err("a call by a client whose last one has ended"),
        }
    }

    /// The client's open call, which is open no longer.
    fn close(&mut self, client: ClientId) -> Result<&mut Logged<O, R>, Expected> {
        let place = self.open.remove(&client);
        let logged = place.and_then(|place| self.log.get_mut(place));
        logged.ok_or("the end of a call that has begun")
    }
}

/// What the end of a call has to say again.
const AS_CALLED: Expected = "the operation of the client’s open call, with what that was given";

/// The one register that the logs are about.
const REGISTER: &str = "the register";

/// Reads a log such as `INFO jepsen.util - 3 :invoke :cas [1 2]`: one compare-and-swap register. Calls
/// that failed without any effect are left out.
///
/// # Errors
/// The first line that says something else.
pub fn read_register_log(text: &str) -> Result<Vec<Call<KvCall, KvResult>>, BadLine> {
    register_log(text).map(|log| effective(&log))
}

/// As [`read_register_log`] does, with what failed.
pub(super) fn register_log(text: &str) -> Result<Vec<Logged<KvCall, KvResult>>, BadLine> {
    Reading::lines(text, register_line)
}

fn register_line(
    reading: &mut Reading<KvCall, KvResult>,
    line: &str,
    at: Micros,
) -> Result<(), Expected> {
    let words: Vec<&str> = line
        .split(|c: char| c.is_whitespace() || c == '[' || c == ']')
        .filter(|word| !word.is_empty())
        .collect();
    let ["INFO", "jepsen.util", "-", client, kind, verb, rest @ ..] = &words[..] else {
        return Err("INFO jepsen.util - client :kind :operation argument");
    };
    let client = client.parse().map_err(|_| "a client's number")?;
    let perhaps = |word: &str| match word {
        "nil" => Ok(None),
        other => other.parse().map(Some).map_err(|_| "a whole number or nil"),
    };
    let value = |word: &str| perhaps(word)?.ok_or("a whole number");
    let op = |args: &[&str]| {
        let key = REGISTER.to_owned();
        Ok(match (*verb, args) {
            (":read", _) => KvCall::Get(key),
            (":write", [new]) => KvCall::Put(key, value(new)?),
            (":write", _) => return Err("one value behind :write"),
            (":cas", [old, new]) => KvCall::Cas(key, perhaps(old)?, value(new)?),
            (":cas", _) => return Err("two values behind :cas, [old new]"),
            _ => return Err(":read, :write or :cas"),
        })
    };
    if *kind == ":invoke" {
        return reading.call(client, op(rest)?, at);
    }
    if ![":ok", ":fail", ":info"].contains(kind) {
        return Err(":invoke, :ok, :fail or :info");
    }
    let logged = reading.close(client)?;
    let called = match logged.call.op {
        KvCall::Get(_) => ":read",
        KvCall::Put(..) => ":write",
        _ => ":cas",
    };
    // What a read was answered stands where its arguments would; whoever gave up may say why there.
    let gave_up = *kind == ":info" || rest == [":timed-out"] || rest.is_empty();
    let same = |again: KvCall| again == logged.call.op;
    let says_again = called == *verb && (called == ":read" || op(rest).map_or(gave_up, same));
    if !says_again {
        return Err(AS_CALLED);
    }
    let result = match (*kind, called, rest) {
        // Nobody knows whether it came to pass.
        (":info", ..) | (":fail", ":read", [":timed-out"]) => return Ok(()),
        (":ok", ":read", [read]) => KvResult::Value(perhaps(read)?),
        (":ok", ":read", _) => return Err("the value that was read, or nil"),
        (":ok", ":write", _) => KvResult::Ok,
        (":ok", ..) => KvResult::Swapped(true),
        // The register held something else.
        (_, ":cas", _) => KvResult::Swapped(false),
        _ => {
            logged.failed = Some(at);
            return Ok(());
        }
    };
    logged.call.returned = Some((at, result));
    Ok(())
}

/// Reads lines such as `{:process 0, :type :invoke, :f :append, :key "7", :value "x"}`: a store of
/// texts. Calls that failed without any effect are left out.
///
/// # Errors
/// The first line that says something else.
pub fn read_text_store(text: &str) -> Result<Vec<Call<TextCall, Option<String>>>, BadLine> {
    text_log(text).map(|log| effective(&log))
}

/// As [`read_text_store`] does, with what failed.
pub(super) fn text_log(text: &str) -> Result<Vec<Logged<TextCall, Option<String>>>, BadLine> {
    Reading::lines(text, text_line)
}

fn text_line(
    reading: &mut Reading<TextCall, Option<String>>,
    line: &str,
    at: Micros,
) -> Result<(), Expected> {
    let fields = fields(line).ok_or("{:name value, ...}")?;
    let field = |name: &str| {
        fields
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, v)| v)
    };
    let plain = |name| match field(name) {
        Some(Field::Plain(word)) => Some(word.as_str()),
        _ => None,
    };
    let quoted = |name| match field(name) {
        Some(Field::Quoted(text)) => Some(text.clone()),
        _ => None,
    };
    let client = plain(":process").and_then(|word| word.parse().ok());
    let client = client.ok_or(":process with a number")?;
    match (plain(":type"), plain(":f")) {
        (Some(":invoke"), Some(verb)) => {
            let key = quoted(":key").ok_or(":key with a text")?;
            let value = || quoted(":value").ok_or(":value with a text");
            let op = match verb {
                ":get" => TextCall::Get(key),
                ":put" => TextCall::Put(key, value()?),
                ":append" => TextCall::Append(key, value()?),
                _ => return Err(":f with :get, :put or :append"),
            };
            reading.call(client, op, at)
        }
        (Some(kind @ (":ok" | ":info" | ":fail")), Some(verb)) => {
            let logged = reading.close(client)?;
            let (called, key, value) = match &logged.call.op {
                TextCall::Get(key) => (":get", key, None),
                TextCall::Put(key, value) => (":put", key, Some(value)),
                TextCall::Append(key, value) => (":append", key, Some(value)),
            };
            // An end need not say what the call has said, but may say nothing else.
            let same = |name: &str, given: &String| match field(name) {
                Some(Field::Quoted(text)) => text == given,
                Some(Field::Plain(word)) => name == ":value" && (kind != ":ok" || word == "nil"),
                None => true,
            };
            let value = value.is_none_or(|value| same(":value", value));
            if called != verb || !same(":key", key) || !value {
                return Err(AS_CALLED);
            }
            let read = match called {
                ":get" if kind == ":ok" => {
                    Some(quoted(":value").ok_or(":value with the text read")?)
                }
                _ => None,
            };
            match kind {
                ":ok" => logged.call.returned = Some((at, read)),
                ":fail" => logged.failed = Some(at),
                _ => {}
            }
            Ok(())
        }
        _ => Err(":type with :invoke, :ok, :fail or :info, and :f"),
    }
}

/// A field's value: a word, or a text in quotes.
enum Field {
    Plain(String),
    Quoted(String),
}

/// The fields of a flat map in EDN, if it is one.
fn fields(line: &str) -> Option<Vec<(String, Field)>> {
    let inner = line.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut rest = inner.chars().peekable();
    let mut values = Vec::new();
    while let Some(first) = rest.next() {
        match first {
            ',' => {}
            space if space.is_whitespace() => {}
            '"' => {
                let mut text = String::new();
                loop {
                    match rest.next()? {
                        '"' => break,
                        '\\' => text.push(match rest.next()? {
                            'n' => '\n',
                            't' => '\t',
                            other => other,
                        }),
                        other => text.push(other),
                    }
                }
                values.push(Field::Quoted(text));
            }
            other => {
                let mut word = String::from(other);
                while let Some(next) = rest.next_if(|c| !c.is_whitespace() && *c != ',') {
                    word.push(next);
                }
                values.push(Field::Plain(word));
            }
        }
    }
    let mut fields = Vec::new();
    let mut values = values.into_iter();
    while let Some(name) = values.next() {
        match (name, values.next()) {
            (Field::Plain(name), Some(value)) => fields.push((name, value)),
            _ => return None,
        }
    }
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_of_a_register_is_read() {
        let log = "INFO  jepsen.util - 4\t:invoke\t:read\tnil\n\
                   INFO  jepsen.util - 1 :invoke :cas [nil 4]\n\
                   INFO  jepsen.util - 4\t:fail\t:read\t:timed-out\n\n\
                   INFO  jepsen.util - 2 :invoke :write 3\n\
                   INFO  jepsen.util - 1 :fail :cas [nil 4]\n\
                   INFO  jepsen.util - 2 :info :write :timed-out\n";
        let calls = read_register_log(log).expect("a log");
        let ops: Vec<_> = calls
            .iter()
            .map(|call| (call.client, &call.op, call.returned))
            .collect();
        let cas = KvCall::Cas(REGISTER.into(), None, 4);
        let write = KvCall::Put(REGISTER.into(), 3);
        let failed = Some((Micros(6), KvResult::Swapped(false)));
        let read = KvCall::Get(REGISTER.into());
        assert_eq!(
            ops,
            [(4, &read, None), (1, &cas, failed), (2, &write, None)]
        );
    }

    #[test]
    fn a_store_of_texts_is_read() {
        let lines = "{:process 3, :type :invoke, :f :append, :key \"7\", :value \"a, \\\"b\\\"\"}\n\
                     {:process 3, :type :ok, :f :append, :key \"7\", :value \"a, \\\"b\\\"\"}\n\
                     {:process 0, :type :invoke, :f :get, :key \"7\", :value nil}\n\
                     {:process 0, :type :ok, :f :get, :key \"7\", :value \"\"}";
        let calls = read_text_store(lines).expect("a history");
        assert_eq!(calls[0].op, TextCall::Append("7".into(), "a, \"b\"".into()));
        assert_eq!(calls[1].returned, Some((Micros(4), Some(String::new()))));
    }

    #[test]
    fn a_line_that_is_none_is_told_with_its_number() {
        let told = |text: &str| read_register_log(text).expect_err("no log");
        let sound = "INFO jepsen.util - 1 :invoke :read nil\n";
        assert_eq!(told(&format!("{sound}nonsense")).line, 2);
        assert_eq!(
            told(&format!("{sound}{sound}")).expected,
            "a call by a client whose last one has ended"
        );
        let ends = "INFO jepsen.util - 1 :ok :read 4";
        assert_eq!(told(ends).expected, "the end of a call that has begun");
        assert_eq!(
            told("INFO jepsen.util - x :ok :read 4").expected,
            "a client's number"
        );
        assert_eq!(
            told("INFO jepsen.util - 1 :invoke :write x").expected,
            "a whole number or nil"
        );
        let told = |text: &str| read_text_store(text).expect_err("no history").expected;
        for (line, expected) in [
            ("[1 2]", "{:name value, ...}"),
            ("{:process \"0}", "{:name value, ...}"),
            ("{:type :ok}", ":process with a number"),
            (
                "{:process 0, :type :invoke, :f :drop, :key \"a\"}",
                ":f with :get, :put or :append",
            ),
            (
                "{:process 0, :type :invoke, :f :put, :key \"a\", :value 1}",
                ":value with a text",
            ),
        ] {
            assert_eq!(told(line), expected, "{line}");
        }
    }

    #[test]
    fn an_end_says_what_its_call_said() {
        let log = |lines: &[&str]| {
            let lines = lines
                .iter()
                .map(|line| format!("INFO jepsen.util - {line}"));
            read_register_log(&lines.collect::<Vec<_>>().join("\n"))
        };
        for [call, end] in [
            ["0 :invoke :write 1", "0 :ok :read 1"],
            ["0 :invoke :write 1", "0 :ok :write 2"],
            ["0 :invoke :read nil", "0 :ok :write 2"],
            ["0 :invoke :cas [1 2]", "0 :ok :read 1"],
            ["0 :invoke :cas [1 2]", "0 :fail :cas [1 3]"],
            ["0 :invoke :write 1", "0 :info :cas :timed-out"],
        ] {
            let bad = log(&[call, end]).expect_err(end);
            assert_eq!((bad.line, bad.expected), (2, AS_CALLED), "{end}");
        }
        let bad = log(&["0 :invoke :cas [1]"]).expect_err("one value");
        assert_eq!(bad.expected, "two values behind :cas, [old new]");
        let bad = log(&["0 :invoke :write 1", "0 :done :write 1"]).expect_err("no end");
        assert_eq!(bad.expected, ":invoke, :ok, :fail or :info");
        let text = |end: &str| {
            let call = "{:process 0, :type :invoke, :f :put, :key \"a\", :value \"x\"}";
            read_text_store(&format!("{call}\n{{:process 0, {end}}}"))
        };
        for end in [
            ":type :ok, :f :get, :key \"a\", :value \"x\"",
            ":type :ok, :f :put, :key \"b\", :value \"x\"",
            ":type :ok, :f :put, :key \"a\", :value \"y\"",
            ":type :fail, :f :append",
        ] {
            let bad = text(end).expect_err(end);
            assert_eq!((bad.line, bad.expected), (2, AS_CALLED), "{end}");
        }
        assert!(text(":type :ok, :f :put").is_ok());
        assert!(text(":type :info, :f :put, :key \"a\", :value :timed-out").is_ok());
    }

    #[test]
    fn what_failed_had_no_effect() {
        let log = "INFO jepsen.util - 0 :invoke :write 1\nINFO jepsen.util - 0 :fail :write 1";
        assert!(read_register_log(log).expect("a log").is_empty());
        let whole = register_log(log).expect("a log");
        assert_eq!(whole[0].failed, Some(Micros(2)));
        let lines = "{:process 0, :type :invoke, :f :put, :key \"a\", :value \"x\"}\n\
                     {:process 0, :type :fail, :f :put, :key \"a\", :value \"x\"}";
        assert!(read_text_store(lines).expect("a history").is_empty());
    }
}
