//! The documented form of a history, docs/HISTORY.md, read without trust.

use super::linear::Call;
use super::model::{KeyValue, KvCall, KvResult};
use super::objects::{ListCall, LockCall, LockDeed, TextCall};
use super::record::{Calls, Form, Moment, Ranks, Record, Shown, Status};
use crate::base::{Micros, Misfit};
use serde::{Deserialize, Deserializer};
use serde_json::{Number, Value};
use std::collections::BTreeMap;

/// The version of the form that this build reads.
pub const HISTORY_VERSION: u32 = 1;

/// The most operations that a history may have.
pub const OPERATIONS_MAX: usize = 1_000_000;

/// A history of operations on one object.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "History"))]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The form's version: 1.
    pub version: u32,
    /// What the object is.
    pub model: Kind,
    /// What each register holds at first; null or left out for nothing. Registers and maps alone.
    #[serde(default)]
    pub initial: Value,
    /// A name for people.
    #[serde(default)]
    pub title: Option<String>,
    /// What there is to see, for people.
    #[serde(default)]
    pub about: Option<String>,
    /// What moments are counted in, such as `ms`.
    #[serde(default)]
    pub unit: String,
    /// What was asked and answered.
    pub operations: Vec<Entry>,
}

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "HistoryModel"))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A register: `read`, `write`.
    Register,
    /// A register that can be compared and swapped: `read`, `write`, `cas`.
    CasRegister,
    /// Registers by key: `get`, `put`, `delete`, `cas`.
    Map,
    /// A lock with a queue, by key: `join`, `enter`, `try`, `leave`.
    FifoLock,
    /// A list that only grows, by key: `append`, `read`.
    AppendList,
    /// Texts by key: `get`, `put`, `append`.
    TextStore,
}

impl Kind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Register => "register",
            Kind::CasRegister => "cas_register",
            Kind::Map => "map",
            Kind::FifoLock => "fifo_lock",
            Kind::AppendList => "append_list",
            Kind::TextStore => "text_store",
        }
    }

    fn verbs(self) -> &'static str {
        match self {
            Kind::Register => "read or write",
            Kind::CasRegister => "read, write or cas",
            Kind::Map => "get, put, delete or cas",
            Kind::FifoLock => "join, enter, try or leave",
            Kind::AppendList => "append or read",
            Kind::TextStore => "get, put or append",
        }
    }

    /// The key of operations that name none.
    fn only_key(self) -> Option<&'static str> {
        match self {
            Kind::Register | Kind::CasRegister => Some("the register"),
            Kind::FifoLock => Some("the lock"),
            Kind::AppendList => Some("the list"),
            Kind::Map | Kind::TextStore => None,
        }
    }
}

/// An operation.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "HistoryEntry"))]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// A name of its own: a number or a text.
    #[serde(default)]
    pub id: Option<Value>,
    /// Who asked: a number or a text.
    pub process: Value,
    /// What is asked: a word of the model.
    pub op: String,
    /// Of which register, text, list or lock: a number or a text.
    #[serde(default)]
    pub key: Option<Value>,
    /// What is written or appended.
    #[serde(default, deserialize_with = "given")]
    pub value: Option<Value>,
    /// What a `cas` expects.
    #[serde(default, deserialize_with = "given")]
    pub from: Option<Value>,
    /// What a `cas` leaves behind.
    #[serde(default, deserialize_with = "given")]
    pub to: Option<Value>,
    /// When it was called: a time, or a place in an order.
    pub call: Number,
    /// When the answer came, or the process gave up.
    #[serde(default, rename = "return")]
    pub end: Option<Number>,
    /// What was answered: the value read, or whether a `cas` swapped, or whether a lock did as asked.
    #[serde(default, deserialize_with = "given")]
    pub result: Option<Value>,
    /// Whether it is known what became of it: `ok` where it has a return and `unknown` where it has
    /// none, unless it says otherwise.
    #[serde(default)]
    pub status: Option<Ending>,
}

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "HistoryEnding"))]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It was answered.
    Ok,
    /// It had no effect.
    Fail,
    /// Nobody knows: it may have taken effect at any time after its call, or never.
    Unknown,
}

/// A field that is there, whatever it holds: null is something else than nothing.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Reads a document.
pub(super) fn read(value: Value) -> Result<Record, Misfit> {
    let document: Document = Misfit::read(value)?;
    if document.version != HISTORY_VERSION {
        let found = document.version.to_string();
        return Err(Misfit::new("version", found, HISTORY_VERSION.to_string()));
    }
    if document.operations.len() > OPERATIONS_MAX {
        let found = format!("{} of them", document.operations.len());
        let expected = format!("{OPERATIONS_MAX} at the most");
        return Err(Misfit::new("operations", found, expected));
    }
    let mut reading = Reading::new(&document)?;
    for (n, entry) in document.operations.iter().enumerate() {
        let at = |misfit: Misfit| misfit.under(&format!("operations[{n}]"));
        reading.take(n, entry).map_err(at)?;
    }
    reading.apart(&document)?;
    Ok(reading.finish(document))
}

/// A document that is being read.
struct Reading {
    model: Kind,
    calls: Calls,
    values: Vec<String>,
    numbers: BTreeMap<String, i64>,
    processes: Vec<String>,
    process_numbers: BTreeMap<String, usize>,
    ids: BTreeMap<String, usize>,
    ranks: Ranks,
    operations: Vec<Shown>,
    places: Vec<usize>,
}

impl Reading {
    fn new(document: &Document) -> Result<Reading, Misfit> {
        let moments = document.operations.iter();
        let moments = moments.flat_map(|entry| [Some(&entry.call), entry.end.as_ref()]);
        let moments = moments.flatten().map(Moment::of).collect();
        let mut reading = Reading {
            model: document.model,
            calls: Calls::Locks(Vec::new()),
            values: Vec::new(),
            numbers: BTreeMap::new(),
            processes: Vec::new(),
            process_numbers: BTreeMap::new(),
            ids: BTreeMap::new(),
            ranks: Ranks::of(moments),
            operations: Vec::new(),
            places: Vec::new(),
        };
        let initial = match &document.initial {
            Value::Null => None,
            value => Some(reading.value(value)),
        };
        reading.calls = match document.model {
            Kind::Register | Kind::CasRegister | Kind::Map => {
                Calls::Registers(KeyValue { initial }, Vec::new())
            }
            _ if initial.is_some() => {
                let found = document.initial.to_string();
                let expected = "nothing: only registers and maps can hold something at first";
                return Err(Misfit::new("initial", found, expected));
            }
            Kind::FifoLock => Calls::Locks(Vec::new()),
            Kind::AppendList => Calls::Lists(Vec::new()),
            Kind::TextStore => Calls::Texts(Vec::new()),
        };
        Ok(reading)
    }

    /// The number of a value, which is any JSON value.
    fn value(&mut self, value: &Value) -> i64 {
        let next = self.values.len() as i64;
        let number = *self.numbers.entry(value.to_string()).or_insert(next);
        if number == next {
            self.values.push(shown(value));
        }
        number
    }

    fn take(&mut self, n: usize, entry: &Entry) -> Result<(), Misfit> {
        let name = named("process", &entry.process)?;
        let next = self.processes.len();
        let process = *self.process_numbers.entry(name.clone()).or_insert(next);
        if process == next {
            self.processes.push(name);
        }
        let id = entry.id.as_ref().map(|id| named("id", id)).transpose()?;
        if let Some(known) = id.clone().and_then(|id| self.ids.insert(id, n)) {
            let found = format!("the id of operations[{known}]");
            return Err(Misfit::new("id", found, "one that no other operation has"));
        }
        let status = match (entry.status, &entry.end) {
            (Some(Ending::Fail), _) => Status::Fail,
            (Some(Ending::Unknown), _) | (None, None) => Status::Unknown,
            (Some(Ending::Ok), None) => {
                return Err(Misfit::new(
                    "return",
                    "nothing",
                    "a moment: its status is ok",
                ));
            }
            (Some(Ending::Ok) | None, Some(_)) => Status::Ok,
        };
        let call = Moment::of(&entry.call);
        let end = entry.end.as_ref().map(Moment::of);
        if let Some(end) = end.filter(|end| *end < call) {
            let found = format!("{}, before its call", end.as_f64());
            let expected = format!("{} or later", call.as_f64());
            return Err(Misfit::new("return", found, expected));
        }
        let key = match (&entry.key, self.model.only_key()) {
            (Some(key), _) => named("key", key)?,
            (None, Some(only)) => only.to_owned(),
            (None, None) => return Err(Misfit::new("key", "nothing", "a key: a text or a number")),
        };
        let called = self.ranks.rank(call);
        let answered = end.filter(|_| status == Status::Ok);
        let spans = Spans {
            client: process as u32,
            called,
            returned: answered.map(|end| self.ranks.rank(end)),
            counts: status != Status::Fail,
        };
        let (op, result) = match self.model {
            Kind::Register | Kind::CasRegister | Kind::Map => self.register(entry, &key, spans)?,
            Kind::FifoLock => self.lock(entry, &key, spans)?,
            Kind::AppendList => self.list(entry, &key, spans)?,
            Kind::TextStore => self.text(entry, &key, spans)?,
        };
        if spans.counts {
            self.places.push(n);
        }
        self.operations.push(Shown {
            id,
            process,
            key,
            op,
            result,
            call: call.as_f64(),
            end: end.map(Moment::as_f64),
            status,
        });
        Ok(())
    }

    fn other_verb<T>(&self, entry: &Entry) -> Result<T, Misfit> {
        let found = format!("`{}`", entry.op);
        Err(Misfit::new("op", found, self.model.verbs()))
    }

    fn register(&mut self, entry: &Entry, key: &str, spans: Spans) -> Result<Words, Misfit> {
        let key = || key.to_owned();
        let heard = spans.returned.is_some();
        let (op, words, result) = match (entry.op.as_str(), self.model) {
            ("read", Kind::Register | Kind::CasRegister) | ("get", Kind::Map) => {
                let read = answer(entry, heard)?;
                let read = read.map(|read| self.perhaps(read));
                (
                    KvCall::Get(key()),
                    entry.op.clone(),
                    read.map(KvResult::Value),
                )
            }
            ("write", Kind::Register | Kind::CasRegister) | ("put", Kind::Map) => {
                let value = field("value", &entry.value)?;
                let words = format!("{} {}", entry.op, shown(value));
                let op = match self.perhaps(value) {
                    Some(number) => KvCall::Put(key(), number),
                    None => KvCall::Delete(key()),
                };
                (op, words, heard.then_some(KvResult::Ok))
            }
            ("delete", Kind::Map) => {
                let done = heard.then_some(KvResult::Ok);
                (KvCall::Delete(key()), "delete".to_owned(), done)
            }
            ("cas", Kind::CasRegister | Kind::Map) => {
                let (from, to) = (field("from", &entry.from)?, field("to", &entry.to)?);
                if to.is_null() {
                    return Err(Misfit::new("to", "null", "a value"));
                }
                let words = format!("cas {} to {}", shown(from), shown(to));
                let op = KvCall::Cas(key(), self.perhaps(from), self.value(to));
                let swapped = answer(entry, heard)?.map(truth).transpose()?;
                (op, words, swapped.map(KvResult::Swapped))
            }
            _ => return self.other_verb(entry),
        };
        let told = result.map(|result| match result {
            KvResult::Ok => "ok".to_owned(),
            KvResult::Value(None) => "nothing".to_owned(),
            KvResult::Value(Some(value)) => self.values[value as usize].clone(),
            KvResult::Swapped(true) => "swapped".to_owned(),
            KvResult::Swapped(false) => "not swapped".to_owned(),
        });
        if let (Calls::Registers(_, calls), true) = (&mut self.calls, spans.counts) {
            calls.push(spans.call(op, result));
        }
        Ok((words, told))
    }

    /// A register's content: null is nothing.
    fn perhaps(&mut self, value: &Value) -> Option<i64> {
        (!value.is_null()).then(|| self.value(value))
    }

    fn lock(&mut self, entry: &Entry, key: &str, spans: Spans) -> Result<Words, Misfit> {
        let deed = match entry.op.as_str() {
            "join" => LockDeed::Join,
            "enter" => LockDeed::Enter,
            "try" => LockDeed::Try,
            "leave" => LockDeed::Leave,
            _ => return self.other_verb(entry),
        };
        let done = match (&entry.result, spans.returned) {
            (_, None) => None,
            (None, Some(_)) => Some(true),
            (Some(result), Some(_)) => Some(truth(result)?),
        };
        let op = LockCall {
            client: spans.client,
            lock: key.to_owned(),
            deed,
        };
        if let (Calls::Locks(calls), true) = (&mut self.calls, spans.counts) {
            calls.push(spans.call(op, done));
        }
        let told = done.map(|done| if done { "done" } else { "refused" }.to_owned());
        Ok((entry.op.clone(), told))
    }

    fn list(&mut self, entry: &Entry, key: &str, spans: Spans) -> Result<Words, Misfit> {
        let heard = spans.returned.is_some();
        let (op, words, told, result) = match entry.op.as_str() {
            "append" => {
                let value = field("value", &entry.value)?;
                let op = ListCall::Append(key.to_owned(), self.value(value));
                let words = format!("append {}", shown(value));
                (op, words, "ok".to_owned(), heard.then_some(None))
            }
            "read" => {
                let read = match answer(entry, heard)? {
                    None => None,
                    Some(Value::Array(items)) => Some(items),
                    Some(other) => return Err(Misfit::new("result", kind_of(other), "a list")),
                };
                let told = read.map(|items| {
                    let items: Vec<String> = items.iter().map(shown).collect();
                    format!("[{}]", items.join(" "))
                });
                let read = read.map(|items| items.iter().map(|item| self.value(item)).collect());
                let told = told.unwrap_or_default();
                let op = ListCall::Read(key.to_owned());
                (op, "read".to_owned(), told, read.map(Some))
            }
            _ => return self.other_verb(entry),
        };
        if let (Calls::Lists(calls), true) = (&mut self.calls, spans.counts) {
            calls.push(spans.call(op, result));
        }
        Ok((words, heard.then_some(told)))
    }

    fn text(&mut self, entry: &Entry, key: &str, spans: Spans) -> Result<Words, Misfit> {
        let heard = spans.returned.is_some();
        let text = |name: &str, value: &Value| match value {
            Value::String(text) => Ok(text.clone()),
            other => Err(Misfit::new(name, kind_of(other), "a text")),
        };
        let key = key.to_owned();
        let (op, words, told, read) = match entry.op.as_str() {
            "get" => {
                let read = answer(entry, heard)?.map(|read| text("result", read));
                let read = read.transpose()?;
                let told = read.as_ref().map(|read| format!("“{read}”"));
                (TextCall::Get(key), "get".to_owned(), told, read)
            }
            verb @ ("put" | "append") => {
                let value = text("value", field("value", &entry.value)?)?;
                let words = format!("{verb} “{value}”");
                let op = match verb {
                    "put" => TextCall::Put(key, value),
                    _ => TextCall::Append(key, value),
                };
                (op, words, Some("ok".to_owned()), None)
            }
            _ => return self.other_verb(entry),
        };
        if let (Calls::Texts(calls), true) = (&mut self.calls, spans.counts) {
            calls.push(spans.call(op, heard.then_some(read)));
        }
        Ok((words, told.filter(|_| heard)))
    }

    /// A process does one thing at a time.
    fn apart(&self, document: &Document) -> Result<(), Misfit> {
        let moment = |n: usize| Moment::of(&document.operations[n].call);
        let mut order: Vec<usize> = (0..self.operations.len()).collect();
        order.sort_by_key(|n| (self.operations[*n].process, self.ranks.rank(moment(*n)), *n));
        for pair in order.windows(2) {
            let [one, next] = [pair[0], pair[1]];
            let (before, after) = (&self.operations[one], &self.operations[next]);
            // Who has given up goes on, also where nobody knows when that was.
            let Some(end) = document.operations[one].end.as_ref().map(Moment::of) else {
                continue;
            };
            if before.process == after.process && moment(next) < end {
                let found = format!(
                    "a call at {} by process {}, whose operations[{one}] ends at {}",
                    after.call,
                    self.processes[after.process],
                    end.as_f64()
                );
                let path = format!("operations[{next}].call");
                return Err(Misfit::new(path, found, "one thing at a time"));
            }
        }
        Ok(())
    }

    fn finish(self, document: Document) -> Record {
        Record {
            form: Form::History,
            model: self.model.name(),
            title: document.title,
            about: document.about,
            unit: document.unit,
            processes: self.processes,
            operations: self.operations,
            calls: self.calls,
            places: self.places,
            values: Some(self.values),
        }
    }
}

/// What was asked and answered, in words.
type Words = (String, Option<String>);

/// Who asked when.
#[derive(Clone, Copy)]
struct Spans {
    client: u32,
    called: Micros,
    /// When it was answered, where that is known to be an answer.
    returned: Option<Micros>,
    /// Whether it can have had an effect.
    counts: bool,
}

impl Spans {
    fn call<O, R>(self, op: O, result: Option<R>) -> Call<O, R> {
        Call {
            client: self.client,
            op,
            called: self.called,
            returned: self.returned.zip(result),
        }
    }
}

/// The answer that an operation must have that was heard.
fn answer(entry: &Entry, heard: bool) -> Result<Option<&Value>, Misfit> {
    match &entry.result {
        _ if !heard => Ok(None),
        Some(result) => Ok(Some(result)),
        None => Err(Misfit::new("result", "nothing", "what was answered")),
    }
}

fn field<'a>(name: &str, value: &'a Option<Value>) -> Result<&'a Value, Misfit> {
    value
        .as_ref()
        .ok_or_else(|| Misfit::new(name, "nothing", "a value"))
}

fn truth(value: &Value) -> Result<bool, Misfit> {
    let fault = || Misfit::new("result", kind_of(value), "true or false");
    value.as_bool().ok_or_else(fault)
}

/// A name: a text, or a number.
fn named(path: &str, value: &Value) -> Result<String, Misfit> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(Misfit::new(path, kind_of(other), "a text or a number")),
    }
}

/// A value in words.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What a value is, for who expected something else.
pub(super) fn kind_of(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        other => other.to_string(),
    }
}
