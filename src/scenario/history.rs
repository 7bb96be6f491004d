//! Clients' histories in the form that the checkers read.

use super::report::HistoryVerdict;
use crate::check::{
    Brief, Call, Consensus, KeyValue, Limits, Model, Told, check_briefly, key_value, proposal,
    words,
};
use crate::sim::Operation;

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
type Read<O, R> = fn(&Told<'_>) -> Option<Call<O, R>>;

/// Holds those operations of a history against a model that `read` takes for calls to it.
fn hold<M: Model>(
    model: &M,
    history: &[Operation],
    read: Read<M::Op, M::Outcome>,
) -> HistoryVerdict {
    let mut places = Vec::new();
    let mut calls = Vec::new();
    for (place, operation) in history.iter().enumerate() {
        if let Some(call) = read(&told(operation)) {
            places.push(place);
            calls.push(call);
        }
    }
    match check_briefly(model, &calls, Limits::steps(BUDGET)) {
        Brief::Linearizable => HistoryVerdict {
            linearizable: Some(true),
            ..HistoryVerdict::default()
        },
        Brief::Unknown => HistoryVerdict::default(),
        Brief::Violated(part, operation) => {
            let place = places[operation];
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

/// An operation as the checkers read it. Who was refused has had no effect.
fn told(operation: &Operation) -> Told<'_> {
    Told {
        client: operation.client,
        op: &operation.op,
        called: operation.call,
        returned: operation.returned,
        result: &operation.result,
        refused: operation.returned.is_some() && operation.error.is_some(),
    }
}
