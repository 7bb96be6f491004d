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

/// A history that is being read.
struct Reading<O, R> {
    calls: Vec<Call<O, R>>,
    /// The calls that are open, by client, as places in the history.
    open: BTreeMap<ClientId, usize>,
}

impl<O, R> Reading<O, R> {
    /// Reads line by line; `take` is given each line that is not empty, and its moment.
    fn lines(
        text: &str,
        take: impl Fn(&mut Reading<O, R>, &str, Micros) -> Result<(), Expected>,
    ) -> Result<Vec<Call<O, R>>, BadLine> {
        let (calls, open) = (Vec::new(), BTreeMap::new());
        let mut reading = Reading { calls, open };
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
        Ok(reading.calls)
    }

    fn call(&mut self, client: ClientId, op: O, called: Micros) -> Result<(), Expected> {
        self.calls.push(Call {
            client,
            op,
            called,
            returned: None,
        });
        match self.open.insert(client, self.calls.len() - 1) {
            None => Ok(()),
            Some(_) => Err("a call by a client whose last one has ended"),
        }
    }

    /// The client's open call, which is open no longer.
    fn close(&mut self, client: ClientId) -> Result<&mut Call<O, R>, Expected> {
        let place = self.open.remove(&client);
        let call = place.and_then(|place| self.calls.get_mut(place));
        call.ok_or("the end of a call that has begun")
    }
}

/// The one register that the logs are about.
const REGISTER: &str = "the register";

/// Reads a log such as `INFO jepsen.util - 3 :invoke :cas [1 2]`: one compare-and-swap register.
///
/// # Errors
/// The first line that says something else.
pub fn read_register_log(text: &str) -> Result<Vec<Call<KvCall, KvResult>>, BadLine> {
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
    let result = match (*kind, *verb, rest) {
        (":invoke", ":read", _) => return reading.call(client, KvCall::Get(REGISTER.into()), at),
        (":invoke", ":write", [new]) => {
            let op = KvCall::Put(REGISTER.into(), value(new)?);
            return reading.call(client, op, at);
        }
        (":invoke", ":cas", [old, new]) => {
            let op = KvCall::Cas(REGISTER.into(), perhaps(old)?, value(new)?);
            return reading.call(client, op, at);
        }
        // Nobody knows whether it came to pass.
        (":info", ..) | (":fail", ":read", [":timed-out"]) => None,
        (":ok", ":read", [read]) => Some(KvResult::Value(perhaps(read)?)),
        (":ok", ":write", _) => Some(KvResult::Ok),
        (":ok", ":cas", _) => Some(KvResult::Swapped(true)),
        (":fail", ":cas", _) => Some(KvResult::Swapped(false)),
        _ => return Err(":invoke, :ok, :fail or :info, then :read, :write or :cas"),
    };
    reading.close(client)?.returned = result.map(|result| (at, result));
    Ok(())
}

/// Reads lines such as `{:process 0, :type :invoke, :f :append, :key "7", :value "x"}`: a store of
/// texts.
///
/// # Errors
/// The first line that says something else.
pub fn read_text_store(text: &str) -> Result<Vec<Call<TextCall, Option<String>>>, BadLine> {
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
        (Some(":ok"), _) => {
            let call = reading.close(client)?;
            let read = match call.op {
                TextCall::Get(_) => Some(quoted(":value").ok_or(":value with the text read")?),
                _ => None,
            };
            call.returned = Some((at, read));
            Ok(())
        }
        (Some(":info" | ":fail"), _) => reading.close(client).map(|_| ()),
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
}
