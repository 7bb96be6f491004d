//! What a history comes to, in a form for people: verdicts, orders, and who is to blame, in sentences.

use super::forms;
use super::linear::{Blame, Call, Finding, History, Limits, PartVerdict, Work, check_parts};
use super::model::Model;
use super::record::{Calls, Form, Record, Shown, Status};
use super::sequential::{Sequential, check_sequential};
use super::sessions::{Breach, Guarantee, Visit, sessions};
use crate::base::{Misfit, counted};
use serde::Serialize;
use std::collections::BTreeMap;

/// What judging may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// For linearizability.
    pub linear: Limits,
    /// For sequential consistency.
    pub sequential: Limits,
}

impl Default for Budget {
    /// A few seconds.
    fn default() -> Budget {
        Budget {
            linear: Limits::steps(20_000_000),
            sequential: Limits::steps(1_000_000),
        }
    }
}

/// What a history comes to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Judgement {
    /// The form's version: 1.
    pub version: u32,
    /// In which form the history came.
    pub form: Form,
    /// What it was held against; `nothing_promised` where there is nothing to hold it against, so that
    /// it is shown and not judged.
    pub model: String,
    /// A name for people, where it has one.
    pub title: Option<String>,
    /// What there is to see, where it says.
    pub about: Option<String>,
    /// What moments are counted in.
    pub unit: String,
    /// Who asked, by name.
    pub processes: Vec<String>,
    /// What was asked and answered. All that follows names operations by their places here.
    pub operations: Vec<Shown>,
    /// Whether every key's operations have an order that keeps real time; null where nothing of the
    /// kind is promised.
    pub linearizable: Option<Answer>,
    /// Each key, in order of name.
    pub keys: Vec<KeyJudgement>,
    /// Whether all operations have an order that keeps each process's own; null like `linearizable`.
    pub sequential: Option<SequentialJudgement>,
    /// The four session guarantees, for a store that gives contexts.
    pub sessions: Option<Vec<GuaranteeJudgement>>,
    /// The search's work for linearizability.
    pub work: WorkRecord,
}

/// A verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "HistoryAnswer"))]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// The search came to its limits.
    Unknown,
}

/// What the operations on one key come to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct KeyJudgement {
    /// The key.
    pub key: String,
    /// Its operations that can have had an effect, in the history's order.
    pub operations: Vec<usize>,
    /// Whether they have an order.
    pub linearizable: Option<Answer>,
    /// The order, where there is one. What nobody heard the end of and is not in it need not have
    /// taken effect.
    pub order: Option<Vec<usize>>,
    /// Why there is none, where there is none.
    pub blame: Option<BlameRecord>,
}

/// The shortest prefix of a key's operations that has no order, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "HistoryBlame"))]
pub struct BlameRecord {
    /// The operation whose return completes the prefix.
    pub operation: usize,
    /// Whether the prefix is known to be the shortest; false where the search for a shorter one came to
    /// its limits.
    pub shortest: bool,
    /// The operations that had begun by then.
    pub prefix: Vec<usize>,
    /// An order of what came before that return: the longest prefix that has one.
    pub order: Vec<usize>,
    /// The answers that cannot all be right with that of `operation`. None: it fits no order of what
    /// changed the object.
    pub against: Vec<usize>,
    /// The operations that were under way at the same time as `operation`.
    pub under_way: Vec<usize>,
    /// What the object can have held while `operation` was under way, in words; empty where that is not
    /// what is wrong.
    pub states: Vec<String>,
    /// Why, in a sentence or two.
    pub text: String,
}

/// Whether a history is sequentially consistent.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct SequentialJudgement {
    /// The verdict.
    pub verdict: Answer,
    /// One order of all operations, where there is one.
    pub order: Option<Vec<usize>>,
    /// In a sentence.
    pub text: String,
    /// The search's work.
    pub work: WorkRecord,
}

/// How often a session guarantee was kept.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct GuaranteeJudgement {
    /// Its name.
    pub name: String,
    /// How often it was kept.
    pub held: u64,
    /// How often not.
    pub broken: u64,
    /// The first times that it was not.
    pub breaches: Vec<BreachRecord>,
}

/// A guarantee that was not kept.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "HistoryBreach"))]
pub struct BreachRecord {
    /// The read that shows it.
    pub operation: usize,
    /// The operations that it is held against.
    pub against: Vec<usize>,
    /// In a sentence.
    pub text: String,
}

/// What a search took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "HistoryWork"))]
pub struct WorkRecord {
    /// Steps.
    pub steps: u64,
    /// Configurations remembered at one time, at most.
    pub configurations: usize,
    /// Bytes remembered at one time, at most, roughly.
    pub bytes: usize,
}

impl From<Work> for WorkRecord {
    fn from(work: Work) -> WorkRecord {
        let Work {
            steps,
            configurations,
            bytes,
        } = work;
        WorkRecord {
            steps,
            configurations,
            bytes,
        }
    }
}

/// Judges a history, in any of the forms of docs/HISTORY.md.
///
/// # Errors
/// Where the text is no history: its JSON path or its line, what was found, and what was expected.
pub fn judge_text(text: &str, budget: Budget) -> Result<Judgement, Misfit> {
    Ok(judge(forms::read(text)?, budget))
}

fn judge(record: Record, budget: Budget) -> Judgement {
    let bench = Bench {
        record: &record,
        budget,
    };
    let value = |value: &Option<i64>| value.map_or("nothing".to_owned(), |v| record.value(v));
    let found = match &record.calls {
        Calls::Registers(model, calls) => bench.hold(model, calls, value),
        Calls::Lists(calls) => bench.hold(&Calls::LIST, calls, |list| {
            let items: Vec<String> = list.iter().map(|item| record.value(*item)).collect();
            format!("[{}]", items.join(" "))
        }),
        Calls::Texts(calls) => bench.hold(&Calls::TEXT, calls, |text| format!("“{text}”")),
        Calls::Locks(calls) => {
            let name = |client: &u32| match record.processes.get(*client as usize) {
                Some(name) => name.clone(),
                None => client.to_string(),
            };
            bench.hold(&Calls::LOCK, calls, |lock| lock.words(&name))
        }
        Calls::Proposals(calls) => bench.hold(&Calls::PROPOSAL, calls, |decided| {
            decided.clone().unwrap_or("nothing".to_owned())
        }),
        Calls::Fenced(calls) => bench.hold(&Calls::FENCED, calls, |(token, held)| match held {
            None => format!("token {token}"),
            Some(held) => format!("{held}, token {token}"),
        }),
        Calls::Visits(visits) => bench.visits(visits),
        Calls::Apart => Found::default(),
    };
    let Found {
        linearizable,
        keys,
        sequential,
        sessions,
        work,
    } = found;
    Judgement {
        version: 1,
        form: record.form,
        model: record.model.to_owned(),
        title: record.title,
        about: record.about,
        unit: record.unit,
        processes: record.processes,
        operations: record.operations,
        linearizable,
        keys,
        sequential,
        sessions,
        work,
    }
}

/// What was found of a history.
#[derive(Default)]
struct Found {
    linearizable: Option<Answer>,
    keys: Vec<KeyJudgement>,
    sequential: Option<SequentialJudgement>,
    sessions: Option<Vec<GuaranteeJudgement>>,
    work: WorkRecord,
}

/// Where a history is judged.
struct Bench<'a> {
    record: &'a Record,
    budget: Budget,
}

impl Bench<'_> {
    fn hold<M: Model>(
        &self,
        model: &M,
        calls: &History<M>,
        words: impl Fn(&M::State) -> String,
    ) -> Found {
        let (parts, work) = check_parts(model, calls, self.budget.linear);
        let is = |part: &PartVerdict<M::State>, which: Answer| answer(&part.finding) == which;
        let linearizable = if parts.iter().any(|part| is(part, Answer::No)) {
            Answer::No
        } else if parts.iter().any(|part| is(part, Answer::Unknown)) {
            Answer::Unknown
        } else {
            Answer::Yes
        };
        let orders: Option<Vec<&[usize]>> = parts
            .iter()
            .map(|part| match &part.finding {
                Finding::Ordered(order) => Some(order.as_slice()),
                _ => None,
            })
            .collect();
        let (sequential, sequential_work) =
            check_sequential(model, calls, orders.as_deref(), self.budget.sequential);
        Found {
            linearizable: Some(linearizable),
            keys: parts
                .into_iter()
                .map(|part| self.key(part, calls, &words))
                .collect(),
            sequential: Some(self.sequential(sequential, linearizable, sequential_work)),
            sessions: None,
            work: work.into(),
        }
    }

    fn shown(&self, calls: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let places = &self.record.places;
        calls.into_iter().map(|call| places[call]).collect()
    }

    fn key<S, O, R>(
        &self,
        part: PartVerdict<S>,
        calls: &[Call<O, R>],
        words: &impl Fn(&S) -> String,
    ) -> KeyJudgement {
        let linearizable = Some(answer(&part.finding));
        let (order, blame) = match part.finding {
            Finding::Ordered(order) => (Some(self.shown(order)), None),
            Finding::Broken(blame) => {
                let states = blame.states.iter().map(words).collect();
                (None, Some(self.blame(&part.part, &blame, states, calls)))
            }
            Finding::Unknown => (None, None),
        };
        KeyJudgement {
            key: part.part,
            operations: self.shown(part.places),
            linearizable,
            order,
            blame,
        }
    }

    fn blame<S, O, R>(
        &self,
        key: &str,
        blame: &Blame<S>,
        states: Vec<String>,
        calls: &[Call<O, R>],
    ) -> BlameRecord {
        let blamed = &calls[blame.operation];
        let end = blamed.returned.as_ref().map(|(at, _)| *at);
        let beside = |place: &usize| {
            let call = &calls[*place];
            let before = call.returned.as_ref();
            let ended = before.is_some_and(|(at, _)| *at < blamed.called);
            *place != blame.operation && !ended && end.is_none_or(|end| call.called <= end)
        };
        let operation = self.record.places[blame.operation];
        let against = self.shown(blame.against.iter().copied());
        let text = self.why(key, operation, (&against, blame.needed), &states);
        BlameRecord {
            operation,
            shortest: blame.shortest,
            prefix: self.shown(blame.among.iter().copied()),
            order: self.shown(blame.order.iter().copied()),
            under_way: self.shown(blame.among.iter().copied().filter(beside)),
            against,
            states,
            text,
        }
    }

    /// Why an operation has no place, in words.
    fn why(
        &self,
        key: &str,
        operation: usize,
        (against, needed): (&[usize], bool),
        states: &[String],
    ) -> String {
        const NAMED: usize = 4;
        // A number needs a noun.
        let key = &match key.parse::<f64>() {
            Ok(_) => format!("key {key}"),
            Err(_) => key.to_owned(),
        };
        if !against.is_empty() {
            let named = against.iter().take(NAMED);
            let places: Vec<usize> = named.copied().chain([operation]).collect();
            let mut others = self.told_apart(&places);
            let told = others.pop().unwrap_or_default();
            if against.len() > NAMED {
                others.push(counted(against.len() - NAMED, "other"));
            }
            let without = match needed {
                true => {
                    ", whatever else was answered; without any one of them there is one that gives the others"
                }
                false => "",
            };
            return format!(
                "The answers cannot all be right: {}; and {told}. No order of what was done to {key} gives all of them{without}.",
                others.join("; ")
            );
        }
        let told = self.told(operation);
        let Shown { call, end, .. } = &self.record.operations[operation];
        let span = match (end, self.record.unit.as_str()) {
            // Only the order is written down there.
            (Some(end), "line") => {
                format!("from its call in line {call} to its return in line {end}")
            }
            (None, "line") => format!("after its call in line {call}"),
            (Some(end), unit) => format!("from its call at {call} to its return at {end} {unit}"),
            (None, unit) => format!("after its call at {call} {unit}"),
        };
        match states {
            [] => format!(
                "No order of what was done to {key}, as it was answered, explains that {told}."
            ),
            [only] => format!(
                "No order explains that {told}: {}, {key} can only have been {only}.",
                span.trim_end()
            ),
            [most @ .., last] => {
                let named = match states.get(..NAMED) {
                    Some(first) if states.len() > NAMED + 1 => {
                        let others = states.len() - NAMED;
                        format!("{} or one of {others} other states", first.join(", "))
                    }
                    _ => format!("{} or {last}", most.join(", ")),
                };
                format!(
                    "No order explains that {told}: {}, {key} can only have been {named}.",
                    span.trim_end(),
                )
            }
        }
    }

    /// Each as [`Bench::told`] says it, and where two read the same with their moments: "process 3’s
    /// read was answered 1 (line 12)".
    fn told_apart(&self, places: &[usize]) -> Vec<String> {
        let operations = &self.record.operations;
        let each = places.iter().map(|place| {
            let (text, one) = (self.told(*place), &operations[*place]);
            match operations.iter().filter(|it| it.reads_as(one)).count() {
                1 => text,
                _ => format!("{text} ({})", one.whereabouts(&self.record.unit)),
            }
        });
        each.collect()
    }

    /// "process 3’s read was answered 1".
    fn told(&self, place: usize) -> String {
        let Shown {
            process,
            op,
            result,
            ..
        } = &self.record.operations[place];
        let who = match self.record.form {
            Form::Report => "client",
            _ => "process",
        };
        let name = self.record.processes.get(*process);
        let name = name.map_or("?", String::as_str);
        // A number needs a noun.
        let who = match name.parse::<u64>() {
            Ok(_) => format!("{who} {name}"),
            Err(_) => name.to_owned(),
        };
        match result {
            Some(result) => format!("{who}’s {op} was answered {result}"),
            None => format!("{who}’s {op} was not answered"),
        }
    }

    fn sequential(
        &self,
        found: Sequential,
        linearizable: Answer,
        work: Work,
    ) -> SequentialJudgement {
        let (verdict, order, text) = match found {
            Sequential::Ordered(order) => {
                let text = match linearizable {
                    Answer::Yes => {
                        "An order that keeps real time keeps each process’s own order too."
                    }
                    Answer::No => {
                        "There is one order of all operations that keeps each process’s own, though not real time: nobody could tell without a clock."
                    }
                    Answer::Unknown => {
                        "There is one order of all operations that keeps each process’s own; whether one keeps real time too is not known."
                    }
                };
                (Answer::Yes, Some(self.shown(order)), text.to_owned())
            }
            Sequential::Broken(Some(part)) => {
                let text = format!(
                    "Even where real time does not count, the operations on {part} have no order that keeps each process’s own."
                );
                (Answer::No, None, text)
            }
            Sequential::Broken(None) => {
                let text = "Each key by itself has an order that keeps each process’s own, but no order of all keys together does.";
                (Answer::No, None, text.to_owned())
            }
            Sequential::Unknown => {
                let text = "The search for an order came to its limits.";
                (Answer::Unknown, None, text.to_owned())
            }
        };
        SequentialJudgement {
            verdict,
            order,
            text,
            work: work.into(),
        }
    }

    /// What a store with contexts told its clients: there is no one copy to hold it against.
    fn visits(&self, visits: &[Visit]) -> Found {
        let mut keys: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, shown) in self.record.operations.iter().enumerate() {
            if shown.status != Status::Fail {
                keys.entry(&shown.key).or_default().push(place);
            }
        }
        let keys = keys.into_iter().map(|(key, operations)| KeyJudgement {
            key: key.to_owned(),
            operations,
            linearizable: None,
            order: None,
            blame: None,
        });
        let kept = sessions(visits, self.budget.linear);
        let guarantees = kept.map(|kept| {
            let each = Guarantee::ALL.into_iter().zip(kept);
            each.map(|(guarantee, kept)| GuaranteeJudgement {
                name: guarantee.name().to_owned(),
                held: kept.held,
                broken: kept.broken,
                breaches: kept
                    .breaches
                    .iter()
                    .map(|breach| self.breach(guarantee, breach))
                    .collect(),
            })
            .collect()
        });
        Found {
            keys: keys.collect(),
            sessions: guarantees,
            ..Found::default()
        }
    }

    fn breach(&self, guarantee: Guarantee, breach: &Breach) -> BreachRecord {
        let place = |visit: usize| self.record.places[visit];
        let (read, missed) = (place(breach.read), place(breach.missed));
        let write = breach.write.map(place);
        let places: Vec<usize> = [Some(read), Some(missed), write]
            .into_iter()
            .flatten()
            .collect();
        let mut told = self.told_apart(&places).into_iter();
        let [reads, misses, wrote] = [(); 3].map(|()| told.next().unwrap_or_default());
        let text = match guarantee {
            Guarantee::ReadYourWrites => {
                format!("After {misses}, {reads}, which knows nothing of that write.")
            }
            Guarantee::MonotonicReads => {
                format!("After {misses}, {reads}, which knows less.")
            }
            Guarantee::MonotonicWrites => {
                format!(
                    "After {misses}, {wrote}; but {reads}, which has the second write without the first before it."
                )
            }
            Guarantee::WritesFollowReads => {
                format!(
                    "After {misses}, {wrote}; but {reads}, which has the write without what its client had read before it."
                )
            }
        };
        BreachRecord {
            operation: read,
            against: [Some(missed), write].into_iter().flatten().collect(),
            text,
        }
    }
}

fn answer<S>(finding: &Finding<S>) -> Answer {
    match finding {
        Finding::Ordered(_) => Answer::Yes,
        Finding::Broken(_) => Answer::No,
        Finding::Unknown => Answer::Unknown,
    }
}
