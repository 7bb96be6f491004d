//! What Synod's own clients asked and were answered, as calls to a model. The forms are those of reports:
//! see docs/SCENARIO.md.

use super::fenced::{FencedCall, FencedResult};
use super::linear::Call;
use super::model::{KvCall, KvResult};
use super::sessions::{Clock, Deed, Version, Visit};
use crate::base::{ClientId, Micros, plain_words};
use serde_json::Value;

/// An operation as a report tells it.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// Who asked.
    pub client: ClientId,
    /// What was asked, in the protocol's form.
    pub op: &'a Value,
    /// When.
    pub called: Micros,
    /// When the answer came.
    pub returned: Option<Micros>,
    /// The answer, in the protocol's form.
    pub result: &'a Value,
    /// It was refused, so that it had no effect.
    pub refused: bool,
}

impl Told<'_> {
    fn call<O, R>(&self, op: O, result: R) -> Call<O, R> {
        Call {
            client: self.client,
            op,
            called: self.called,
            returned: self.returned.map(|at| (at, result)),
        }
    }
}

/// What is asked, and of what.
fn verb(op: &Value) -> Option<(&str, &Value)> {
    let (verb, of) = op.as_object()?.iter().next()?;
    Some((verb, of))
}

/// A proposal to a consensus object: a text, or any operation taken for the text that says it.
pub fn proposal(told: &Told<'_>) -> Option<Call<String, String>> {
    if told.refused {
        return None;
    }
    let proposed = told.op.get("propose").unwrap_or(told.op);
    Some(told.call(plain_words(proposed), plain_words(told.result)))
}

/// An operation on a key-value store; `None` for one that concerns the cluster, or was refused.
pub fn key_value(told: &Told<'_>) -> Option<Call<KvCall, KvResult>> {
    if told.refused {
        return None;
    }
    let op = key_value_op(told.op)?;
    let result = match (&op, told.result) {
        (KvCall::Get(_), value) => KvResult::Value(value.as_i64()),
        (KvCall::Cas(..), Value::Bool(swapped)) => KvResult::Swapped(*swapped),
        _ => KvResult::Ok,
    };
    Some(told.call(op, result))
}

/// What is asked of a key-value store; `None` where it has not the form of that.
pub(super) fn key_value_op(op: &Value) -> Option<KvCall> {
    let (verb, of) = verb(op)?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some(match verb {
        "put" => KvCall::Put(text(of.get(0)?)?, of.get(1)?.as_i64()?),
        "get" => KvCall::Get(text(of)?),
        "cas" => KvCall::Cas(text(of.get(0)?)?, of.get(1)?.as_i64(), of.get(2)?.as_i64()?),
        "delete" => KvCall::Delete(text(of)?),
        _ => return None,
    })
}

/// An operation on locks with fencing tokens and on the resources that they guard; `None` for one that
/// has nothing to do with tokens.
pub(super) fn fenced(told: &Told<'_>) -> Option<Call<FencedCall, FencedResult>> {
    let (verb, of) = verb(told.op)?;
    let name = of.as_str().or_else(|| of.get(0)?.as_str())?;
    let resource = || format!("resource {name}");
    let op = match verb {
        "acquire" | "try_acquire" => FencedCall::Acquire(format!("lock {name}")),
        "write" => FencedCall::Write(resource(), of.get(1)?.as_u64()?, of.get(2)?.as_i64()?),
        "read" => FencedCall::Read(resource()),
        _ => return None,
    };
    let token = |of: &Value| of.get("token").and_then(Value::as_u64);
    let result = match &op {
        _ if told.returned.is_none() => FencedResult::Written, // nobody heard it
        FencedCall::Acquire(_) => {
            let grant = told.result.get("granted")?;
            let again = grant.get("count").and_then(Value::as_u64) > Some(1);
            let token = token(grant)?;
            FencedResult::Granted { token, again }
        }
        FencedCall::Write(..) if told.result.get("written").is_some() => FencedResult::Written,
        FencedCall::Write(..) => {
            told.result.get("refused")?.get("old_token")?;
            FencedResult::TooOld
        }
        FencedCall::Read(_) => {
            let read = told.result.get("value")?;
            FencedResult::Value(read.get("value").and_then(Value::as_i64), token(read)?)
        }
    };
    Some(told.call(op, result))
}

/// What a store that keeps siblings told a client in answer to its `id`-th request; `None` where it told
/// nothing.
pub(super) fn visit(told: &Told<'_>, id: u64) -> Option<Visit> {
    if told.refused {
        return None;
    }
    let (context, deed) = match told.result.get("found") {
        None => {
            let deed = Deed::Write(format!("c{}#{id}", told.client));
            (told.result.get("stored")?, deed)
        }
        Some(found) => {
            let context = found.get("context")?;
            let counts = context.get("clock")?.as_object()?.iter();
            let counts = counts.map(|(actor, count)| Some((actor.clone(), count.as_u64()?)));
            let versions = found.get("versions")?.as_array()?.iter();
            let clock: Option<Clock> = counts.collect();
            let versions: Option<Vec<Version>> = versions.map(version).collect();
            (context, Deed::Read(clock?, versions?))
        }
    };
    Some(Visit {
        client: told.client,
        key: context.get("key")?.as_str()?.to_owned(),
        returned: told.returned?,
        deed,
    })
}

/// A version that a read shows: its write's name is that of the request, up to where it was taken.
fn version(shown: &Value) -> Option<Version> {
    let name = shown.get("id")?.as_str()?.split('@').next()?;
    let (actor, count) = shown.get("dot")?.as_str()?.rsplit_once(':')?;
    Some(Version {
        name: name.to_owned(),
        actor: actor.to_owned(),
        count: count.parse().ok()?,
    })
}
