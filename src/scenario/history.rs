//! Clients' histories in the form that the checkers read.

use super::report::HistoryVerdict;
use crate::check::{Call, Consensus, KeyValue, KvCall, KvResult, Limits, Model, Verdict, check};
use crate::sim::Operation;
use serde_json::Value;

/// The steps of a search for an order, over all keys.
const BUDGET: u64 = 5_000_000;

/// Holds a history against the model of that name; `None` where there is no such model.
pub(super) fn judge(model: &str, history: &[Operation]) -> Option<HistoryVerdict> {
    match model {
        "key_value" => Some(hold(&KeyValue::default(), history, key_value)),
        "consensus" => Some(hold(&Consensus, history, proposal)),
        _ => None,
    }
}

/// Reads an operation as a call to a model, where it is one.
type Read<O, R> = fn(&Operation) -> Option<Call<O, R>>;

/// Holds those operations of a history against a model that `read` takes for calls to it.
fn hold<M: Model>(
    model: &M,
    history: &[Operation],
    read: Read<M::Op, M::Outcome>,
) -> HistoryVerdict {
    let mut places = Vec::new();
    let mut calls = Vec::new();
    for (place, operation) in history.iter().enumerate() {
        if let Some(call) = read(operation) {
            places.push(place);
            calls.push(call);
        }
    }
    match check(model, &calls, Limits::steps(BUDGET)) {
        Verdict::Linearizable(_) => HistoryVerdict {
            linearizable: Some(true),
            ..HistoryVerdict::default()
        },
        Verdict::Unknown => HistoryVerdict::default(),
        Verdict::Violated(part, blame) => {
            let place = places[blame.operation];
            let operation = &history[place];
            let text = format!(
                "no order of the operations on {} explains what client {} was answered to {}: {}",
                part,
                operation.client,
                words(&operation.op),
                words(&operation.result)
            );
            HistoryVerdict {
                linearizable: Some(false),
                blame: Some(text),
                blamed: Some(place),
            }
        }
    }
}

/// An operation or an answer as one says it: `put x 1`, not `{"put":["x",1]}`.
fn words(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(" "),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(verb, of)| format!("{verb} {}", words(of)));
            fields.collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

/// Whether an operation was refused, so that it had no effect.
fn was_refused(operation: &Operation) -> bool {
    operation.returned.is_some() && operation.error.is_some()
}

/// A proposal to a consensus object: a text, or any operation taken for the text that says it.
fn proposal(operation: &Operation) -> Option<Call<String, String>> {
    if was_refused(operation) {
        return None;
    }
    let proposed = operation.op.get("propose").unwrap_or(&operation.op);
    Some(Call {
        client: operation.client,
        op: words(proposed),
        called: operation.call,
        returned: operation.returned.map(|at| (at, words(&operation.result))),
    })
}

/// An operation on the store; `None` for one that concerns the cluster, or was refused.
fn key_value(operation: &Operation) -> Option<Call<KvCall, KvResult>> {
    if was_refused(operation) {
        return None;
    }
    let (verb, of) = operation.op.as_object()?.iter().next()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let op = match verb.as_str() {
        "put" => KvCall::Put(text(of.get(0)?)?, of.get(1)?.as_i64()?),
        "get" => KvCall::Get(text(of)?),
        "cas" => KvCall::Cas(text(of.get(0)?)?, of.get(1)?.as_i64(), of.get(2)?.as_i64()?),
        "delete" => KvCall::Delete(text(of)?),
        _ => return None,
    };
    let result = match (&op, &operation.result) {
        (KvCall::Get(_), value) => KvResult::Value(value.as_i64()),
        (KvCall::Cas(..), Value::Bool(swapped)) => KvResult::Swapped(*swapped),
        _ => KvResult::Ok,
    };
    Some(Call {
        client: operation.client,
        op,
        called: operation.call,
        returned: operation.returned.map(|at| (at, result)),
    })
}
