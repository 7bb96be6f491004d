//! Clients' histories in the form that the checkers read.

use super::report::HistoryVerdict;
use crate::base::plain_words;
use crate::check::{
    Brief, Call, Consensus, KeyValue, Limits, Model, Told, check_briefly, key_value, proposal,
};
use crate::sim::Operation;

/// The steps of a search for an order, over all keys.
const BUDGET: u64 = 5_000_000;
/// The same in a hunt, which would rather try the next run.
#[cfg(feature = "hunt")]
const BUDGET_OF_HUNT: u64 = 50_000;

/// Holds a history against the model of that name; `None` where there is no such model.
pub(super) fn judge(model: &str, history: &[Operation]) -> Option<HistoryVerdict> {
    judge_within(model, history, BUDGET)
}

fn judge_within(model: &str, history: &[Operation], budget: u64) -> Option<HistoryVerdict> {
    match model {
        "key_value" => Some(hold(&KeyValue::default(), history, key_value, budget)),
        "consensus" => Some(hold(&Consensus, history, proposal, budget)),
        _ => None,
    }
}

/// Whether no order explains a run's history up to now; false where nothing is promised, and where
/// the search for an order ran out of its budget.
#[cfg(feature = "hunt")]
#[must_use]
pub fn contradicts(run: &dyn crate::sim::Simulation) -> bool {
    let judged = run.model();
    let judged = judged.and_then(|model| judge_within(model, &run.history(), BUDGET_OF_HUNT));
    judged.is_some_and(|verdict| verdict.linearizable == Some(false))
}

/// Reads an operation as a call to a model, where it is one.
type Read<O, R> = fn(&Told<'_>) -> Option<Call<O, R>>;

/// Holds those operations of a history against a model that `read` takes for calls to it.
fn hold<M: Model>(
    model: &M,
    history: &[Operation],
    read: Read<M::Op, M::Outcome>,
    budget: u64,
) -> HistoryVerdict {
    let mut places = Vec::new();
    let mut calls = Vec::new();
    for (place, operation) in history.iter().enumerate() {
        if let Some(call) = read(&told(operation)) {
            places.push(place);
            calls.push(call);
        }
    }
    match check_briefly(model, &calls, Limits::steps(budget)) {
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
                plain_words(&operation.op),
                plain_words(&operation.result)
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
