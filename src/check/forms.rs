//! The forms in which histories come, told apart and made into one.

use super::document;
use super::jepsen::{self, BadLine, Logged, effective};
use super::model::{KeyValue, KvCall, KvResult};
use super::objects::TextCall;
use super::record::{Calls, Form, Moment, Ranks, Record, Shown, Status};
use super::told::{Told, fenced, key_value, key_value_op, proposal, visit};
use crate::base::{ClientId, Misfit, plain_words as words};
use serde::Deserialize;
use serde_json::{Number, Value};
use std::collections::BTreeSet;

/// The longest text that is read, in bytes.
pub const TEXT_MAX: usize = 256 << 20;

/// Reads a history in any of its forms.
pub(super) fn read(text: &str) -> Result<Record, Misfit> {
    // What is pasted may begin with a byte order mark.
    told_apart(text.trim_start_matches('\u{feff}')).map_err(|misfit| Misfit {
        found: shortened(&misfit.found),
        ..misfit
    })
}

/// What was found, where it is no longer than can be shown.
fn shortened(found: &str) -> String {
    const LONGEST: usize = 200;
    let mut short: String = found.chars().take(LONGEST).collect();
    if short.len() < found.len() {
        short.push('…');
    }
    short
}

fn told_apart(text: &str) -> Result<Record, Misfit> {
    if text.len() > TEXT_MAX {
        let found = format!("{} bytes", text.len());
        return Err(Misfit::new("", found, format!("{TEXT_MAX} at the most")));
    }
    let start = text.trim_start();
    let inner = start.strip_prefix('{').map(str::trim_start);
    if start.is_empty() {
        return Err(Misfit::new("", "nothing", EXPECTED));
    }
    if start.starts_with("INFO") {
        return register_log(text);
    }
    if inner.is_some_and(|inner| inner.starts_with(':')) {
        return text_log(text);
    }
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let path = format!("line {}", error.line());
        Misfit::new(path, format!("what is no JSON ({error})"), EXPECTED)
    })?;
    match value {
        Value::Array(_) => report(value, Named::Unsaid, "operations"),
        Value::Object(mut fields) if fields.contains_key("history") => {
            let named = Named::read(fields.get("model"))?;
            let history = fields.remove("history").unwrap_or_default();
            report(history, named, "history")
        }
        Value::Object(fields) if fields.contains_key("protocol") => {
            let expected = "a history: run the scenario, and give its report";
            Err(Misfit::new("", "a scenario", expected))
        }
        Value::Object(fields) => document::read(Value::Object(fields)),
        other => Err(Misfit::new("", document::kind_of(&other), EXPECTED)),
    }
}

const EXPECTED: &str = "a history as JSON, a run's report, or a log with a call or a return a line";

impl From<BadLine> for Misfit {
    fn from(bad: BadLine) -> Misfit {
        Misfit::new(format!("line {}", bad.line), bad.found, bad.expected)
    }
}

fn register_log(text: &str) -> Result<Record, Misfit> {
    let log = jepsen::register_log(text)?;
    let perhaps = |value: Option<i64>| value.map_or("nothing".to_owned(), |v| v.to_string());
    let op = |op: &KvCall| match op {
        KvCall::Put(_, value) => format!("write {value}"),
        KvCall::Get(_) => "read".to_owned(),
        KvCall::Cas(_, old, new) => format!("cas {} to {new}", perhaps(*old)),
        KvCall::Delete(_) => "delete".to_owned(),
    };
    let result = |result: &KvResult| match result {
        KvResult::Ok => "ok".to_owned(),
        KvResult::Value(value) => perhaps(*value),
        KvResult::Swapped(true) => "swapped".to_owned(),
        KvResult::Swapped(false) => "not swapped".to_owned(),
    };
    let key = |_: &KvCall| "the register".to_owned();
    let shown = Lines::of(&log, key, op, result);
    let model = KeyValue::default();
    Ok(shown.record(
        Form::RegisterLog,
        "cas_register",
        Calls::Registers(model, effective(&log)),
    ))
}

fn text_log(text: &str) -> Result<Record, Misfit> {
    let log = jepsen::text_log(text)?;
    let op = |op: &TextCall| match op {
        TextCall::Get(_) => "get".to_owned(),
        TextCall::Put(_, text) => format!("put “{text}”"),
        TextCall::Append(_, text) => format!("append “{text}”"),
    };
    let result = |read: &Option<String>| match read {
        Some(text) => format!("“{text}”"),
        None => "ok".to_owned(),
    };
    let key = |op: &TextCall| match op {
        TextCall::Get(key) | TextCall::Put(key, _) | TextCall::Append(key, _) => key.clone(),
    };
    let shown = Lines::of(&log, key, op, result);
    Ok(shown.record(Form::TextLog, "text_store", Calls::Texts(effective(&log))))
}

/// What is shown of a log.
struct Lines {
    processes: Vec<String>,
    operations: Vec<Shown>,
    /// Those that can have had an effect.
    places: Vec<usize>,
}

impl Lines {
    fn of<O, R>(
        log: &[Logged<O, R>],
        key: impl Fn(&O) -> String,
        op: impl Fn(&O) -> String,
        result: impl Fn(&R) -> String,
    ) -> Lines {
        let clients: BTreeSet<ClientId> = log.iter().map(|logged| logged.call.client).collect();
        let clients: Vec<ClientId> = clients.into_iter().collect();
        let shown = |Logged { call, failed }: &Logged<O, R>| {
            let answered = call.returned.as_ref();
            let end = failed.or(answered.map(|(at, _)| *at));
            Shown {
                id: None,
                process: clients.partition_point(|client| *client < call.client),
                key: key(&call.op),
                op: op(&call.op),
                result: answered.map(|(_, answer)| result(answer)),
                call: call.called.0 as f64,
                end: end.map(|at| at.0 as f64),
                status: match (failed, answered) {
                    (Some(_), _) => Status::Fail,
                    (_, Some(_)) => Status::Ok,
                    (_, None) => Status::Unknown,
                },
            }
        };
        let effective = log.iter().enumerate().filter(|(_, it)| it.failed.is_none());
        Lines {
            places: effective.map(|(place, _)| place).collect(),
            operations: log.iter().map(shown).collect(),
            processes: clients.iter().map(ClientId::to_string).collect(),
        }
    }

    fn record(self, form: Form, model: &'static str, calls: Calls) -> Record {
        Record {
            form,
            model,
            title: None,
            about: None,
            unit: "line".to_owned(),
            processes: self.processes,
            places: self.places,
            operations: self.operations,
            calls,
            values: None,
        }
    }
}

/// An operation of a report.
#[derive(Deserialize)]
struct Reported {
    client: ClientId,
    id: u64,
    op: Value,
    call_ms: Number,
    return_ms: Option<Number>,
    #[serde(default)]
    result: Value,
    #[serde(default)]
    error: Option<String>,
}

/// What a report says of the model that its run was held against.
#[derive(Clone, Copy)]
enum Named {
    /// Nothing: it is the operations alone.
    Unsaid,
    /// That there is none.
    Nothing,
    KeyValue,
    Consensus,
}

impl Named {
    fn read(model: Option<&Value>) -> Result<Named, Misfit> {
        match model {
            None => Ok(Named::Unsaid),
            Some(Value::Null) => Ok(Named::Nothing),
            Some(Value::String(name)) if name == "key_value" => Ok(Named::KeyValue),
            Some(Value::String(name)) if name == "consensus" => Ok(Named::Consensus),
            Some(other) => {
                let expected = "key_value or consensus, or null for a run that has no model";
                Err(Misfit::new("model", other.to_string(), expected))
            }
        }
    }
}

/// What a report's operations are held against.
#[derive(Clone, Copy)]
enum Served {
    Registers,
    Proposals,
    Fenced,
    Visits,
    /// Nothing: no single copy is promised, nor anything else that can be judged.
    Apart,
}

impl Served {
    /// As the report says, and where it says nothing or that there is no model as the operations look.
    fn of(named: Named, history: &[Reported]) -> Served {
        let asks = |verbs: &[&str]| {
            let asks = |reported: &Reported| verbs.iter().any(|v| reported.op.get(v).is_some());
            history.iter().any(asks)
        };
        let told = |name: &str| history.iter().any(|each| each.result.get(name).is_some());
        match named {
            Named::Consensus => Served::Proposals,
            Named::KeyValue => Served::Registers,
            // Locks and stores with siblings have no model by name, and promise something else.
            _ if asks(&["acquire", "try_acquire", "release"]) => Served::Fenced,
            _ if told("found") || told("stored") => Served::Visits,
            Named::Nothing => Served::Apart,
            Named::Unsaid if asks(&["propose"]) => Served::Proposals,
            Named::Unsaid => {
                let mut ops = history.iter().map(|each| &each.op);
                match ops.any(|op| key_value_op(op).is_some()) {
                    true => Served::Registers,
                    false => Served::Apart,
                }
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Served::Registers => "map",
            Served::Proposals => "consensus",
            Served::Fenced => "fenced_locks",
            Served::Visits => "siblings",
            Served::Apart => "nothing_promised",
        }
    }

    fn calls(self) -> Calls {
        match self {
            Served::Registers => Calls::Registers(KeyValue::default(), Vec::new()),
            Served::Proposals => Calls::Proposals(Vec::new()),
            Served::Fenced => Calls::Fenced(Vec::new()),
            Served::Visits => Calls::Visits(Vec::new()),
            Served::Apart => Calls::Apart,
        }
    }
}

/// Reads the history of a run.
fn report(history: Value, named: Named, path: &str) -> Result<Record, Misfit> {
    let history: Vec<Reported> = Misfit::read(history).map_err(|misfit| misfit.under(path))?;
    let mut known = BTreeSet::new();
    let mut moments = Vec::new();
    for (n, told) in history.iter().enumerate() {
        let call = Moment::of(&told.call_ms);
        moments.push(call);
        let wrong = |field: &str, found: String, expected: &str| {
            Err(Misfit::new(format!("{path}[{n}].{field}"), found, expected))
        };
        if !known.insert((told.client, told.id)) {
            let found = format!("{}, which client {} has used", told.id, told.client);
            return wrong("id", found, "a number for each of a client's operations");
        }
        if let Some(end) = told.return_ms.as_ref().map(Moment::of) {
            moments.push(end);
            if end < call {
                let found = format!("{}, before its call", end.as_f64());
                return wrong("return_ms", found, "the call's moment or later");
            }
        }
    }
    let served = Served::of(named, &history);
    let ranks = Ranks::of(moments);
    reported(&history, served, &ranks, path)
}

fn reported(
    history: &[Reported],
    served: Served,
    ranks: &Ranks,
    path: &str,
) -> Result<Record, Misfit> {
    let clients: BTreeSet<ClientId> = history.iter().map(|each| each.client).collect();
    let clients: Vec<ClientId> = clients.into_iter().collect();
    let mut record = Record {
        form: Form::Report,
        model: served.name(),
        title: None,
        about: None,
        unit: "ms".to_owned(),
        processes: clients.iter().map(ClientId::to_string).collect(),
        operations: Vec::new(),
        calls: served.calls(),
        places: Vec::new(),
        values: None,
    };
    for (n, each) in history.iter().enumerate() {
        let end = each.return_ms.as_ref().map(Moment::of);
        let call = Moment::of(&each.call_ms);
        let told = Told {
            client: each.client,
            op: &each.op,
            called: ranks.rank(call),
            returned: end.map(|end| ranks.rank(end)),
            result: &each.result,
            refused: end.is_some() && each.error.is_some(),
        };
        let counts = match &mut record.calls {
            Calls::Registers(_, calls) => push(calls, key_value(&told)),
            Calls::Proposals(calls) => push(calls, proposal(&told)),
            Calls::Fenced(calls) => push(calls, fenced(&told)),
            Calls::Visits(visits) => {
                let under = format!("{path}[{n}].result");
                push(
                    visits,
                    visit(&told, each.id).map_err(|it| it.under(&under))?,
                )
            }
            Calls::Locks(_) | Calls::Lists(_) | Calls::Texts(_) | Calls::Apart => false,
        };
        if counts {
            record.places.push(record.operations.len());
        }
        record.operations.push(Shown {
            id: Some(format!("{}", each.id)),
            process: clients.partition_point(|client| *client < each.client),
            key: key_of(served, &each.op),
            op: words_of(&each.op),
            result: match &each.error {
                Some(error) => Some(error.clone()),
                None => end.map(|_| result_of(&each.result)),
            },
            call: call.as_f64(),
            end: end.map(Moment::as_f64),
            status: match (told.refused, end) {
                (true, _) => Status::Fail,
                (_, Some(_)) => Status::Ok,
                (_, None) => Status::Unknown,
            },
        });
    }
    Ok(record)
}

fn push<T>(list: &mut Vec<T>, item: Option<T>) -> bool {
    let counts = item.is_some();
    list.extend(item);
    counts
}

/// The part that an operation is about.
fn key_of(served: Served, op: &Value) -> String {
    let Some((verb, of)) = op.as_object().and_then(|fields| fields.iter().next()) else {
        return "the cluster".to_owned();
    };
    let name = of.as_str().or_else(|| of.get(0)?.as_str());
    match (served, verb.as_str(), name) {
        (Served::Proposals, ..) => "the value".to_owned(),
        (Served::Fenced, "write" | "read", Some(name)) => format!("resource {name}"),
        (Served::Fenced, _, Some(name)) => format!("lock {name}"),
        (_, _, Some(name)) => name.to_owned(),
        _ => "the cluster".to_owned(),
    }
}

/// What was asked, in a few words: without the terms of a lock and without contexts.
fn words_of(op: &Value) -> String {
    let Some((verb, of)) = op.as_object().and_then(|fields| fields.iter().next()) else {
        return words(op);
    };
    let plain: Vec<String> = match of {
        Value::Array(items) => {
            // A put that knows nothing says so behind its value.
            let last = items.iter().rposition(|item| !item.is_null());
            let items = items.iter().take(last.map_or(0, |last| last + 1));
            let plain = items.filter(|item| !item.is_object());
            plain.map(words).collect()
        }
        other => vec![words(other)],
    };
    format!("{verb} {}", plain.join(" "))
}

/// What was answered, in a few words.
fn result_of(result: &Value) -> String {
    if let Some(found) = result.get("found") {
        let values = found.get("values").and_then(Value::as_array);
        return match values.map(Vec::as_slice) {
            None | Some([]) => "nothing".to_owned(),
            Some(values) => values.iter().map(words).collect::<Vec<_>>().join(" | "),
        };
    }
    if result.get("stored").is_some() {
        return "stored".to_owned();
    }
    let token = |of: &Value| of.get("token").map(|token| format!("token {token}"));
    let mut told = ["granted", "written"].into_iter();
    let told = told.find_map(|name| Some(format!("{name}, {}", token(result.get(name)?)?)));
    let value = || {
        let of = result.get("value")?;
        Some(format!("{}, {}", words(of.get("value")?), token(of)?))
    };
    told.or_else(value).unwrap_or_else(|| words(result))
}
