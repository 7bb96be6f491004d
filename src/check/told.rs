//! What Synod's own clients asked and were answered, as calls to a model. The forms are those of reports:
//! see docs/SCENARIO.md.

use super::fenced::{FencedCall, FencedResult};
use super::linear::Call;
use super::model::{KvCall, KvResult};
use super::sessions::{Clock, Deed, Dot, Version, Visit};
use crate::base::{ClientId, Micros, Misfit, plain_words};
use serde::Deserialize;
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

/// What of a store's answer counts for what its client knows.
#[derive(Deserialize)]
struct Context {
    key: String,
    clock: Clock,
    /// The writes that the clock was made for.
    #[serde(default)]
    read: Vec<String>,
}

/// A read's answer.
#[derive(Deserialize)]
struct Found {
    context: Context,
    versions: Vec<FoundVersion>,
}

/// A version as a read shows it.
#[derive(Deserialize)]
struct FoundVersion {
    id: String,
    dot: Option<String>,
}

/// What a store that keeps siblings told a client in answer to its `id`-th request; `None` where it told
/// nothing.
///
/// # Errors
/// Where the answer is none of such a store; the path is one within the answer.
pub(super) fn visit(told: &Told<'_>, id: u64) -> Result<Option<Visit>, Misfit> {
    let Some(returned) = told.returned.filter(|_| !told.refused) else {
        return Ok(None);
    };
    let (key, deed) = if let Some(found) = told.result.get("found") {
        let found: Found = Misfit::read(found.clone()).map_err(|it| it.under("found"))?;
        let versions = found.versions.iter().enumerate().map(|(n, shown)| {
            version(shown).map_err(|it| it.under(&format!("found.versions[{n}]")))
        });
        let versions = versions.collect::<Result<_, _>>()?;
        let Context { key, clock, .. } = found.context;
        (key, Deed::Read(clock, versions))
    } else if let Some(stored) = told.result.get("stored") {
        let context: Context = Misfit::read(stored.clone()).map_err(|it| it.under("stored"))?;
        let name = format!("c{}#{id}", told.client);
        let dot = own_dot(&name, told.client, &context);
        (context.key, Deed::Write(name, dot))
    } else {
        return Ok(None);
    };
    Ok(Some(Visit {
        client: told.client,
        key,
        returned,
        deed,
    }))
}

/// The name of a write is that of its request, up to where it was taken: `c1#4` of `c1#4@2/1200.500`.
fn name_of(id: &str) -> &str {
    id.split('@').next().unwrap_or(id)
}

/// The dot of a write that was answered with what its client knows from now on. It is the last that the
/// clock has of the node that took the write, or of the client where clients count; none where the
/// clock does not know the write itself.
fn own_dot(name: &str, client: ClientId, context: &Context) -> Option<Dot> {
    let id = context.read.iter().find(|id| name_of(id) == name)?;
    let (_, taken) = id.split_once('@')?;
    let (node, _) = taken.split_once('/')?;
    let counts = |actor: &str| {
        let by_client = actor.strip_prefix('c') == Some(&client.to_string());
        by_client || name_of(actor) == node
    };
    // A node that has lost its disk counts anew, under the moment at which it began.
    let life = |actor: &str| {
        let began = actor.split_once('@').map(|(_, began)| began.parse());
        began.and_then(Result::ok).unwrap_or(0.0_f64)
    };
    let own = context.clock.iter().filter(|(actor, _)| counts(actor));
    let last = own.max_by(|(a, _), (b, _)| life(a).total_cmp(&life(b)));
    last.map(|(actor, count)| (actor.clone(), *count))
}

fn version(shown: &FoundVersion) -> Result<Version, Misfit> {
    let dot = shown.dot.as_deref().map(|dot| {
        let parts = dot.rsplit_once(':');
        let parts = parts.and_then(|(actor, count)| Some((actor.to_owned(), count.parse().ok()?)));
        let expected = "an actor and a count, such as 0:1";
        parts.ok_or_else(|| Misfit::new("dot", format!("{dot:?}"), expected))
    });
    Ok(Version {
        name: name_of(&shown.id).to_owned(),
        dot: dot.transpose()?,
    })
}
