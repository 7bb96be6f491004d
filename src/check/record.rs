//! A history as it is judged and drawn, whatever form it came in.

use super::fenced::{Fenced, FencedCall, FencedResult};
use super::linear::Call;
use super::model::{Consensus, KeyValue, KvCall, KvResult};
use super::objects::{AppendList, FifoLock, ListCall, LockCall, TextCall, TextStore};
use super::sessions::Visit;
use crate::base::Micros;
use serde::Serialize;
use serde_json::Number;

/// In which form a history came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "HistoryForm"))]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// The form of docs/HISTORY.md.
    History,
    /// A run's report, or the operations of one.
    Report,
    /// A log of one register, as Jepsen writes it.
    RegisterLog,
    /// A store of texts, a map in EDN a line.
    TextLog,
}

/// What is known of an operation's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "HistoryStatus"))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It was answered.
    Ok,
    /// It had no effect.
    Fail,
    /// Nobody knows: it may have taken effect at any time after its call, or never.
    Unknown,
}

/// An operation as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "HistoryOperation"))]
pub struct Shown {
    /// The name that it was given, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Who asked: a place in `processes`.
    pub process: usize,
    /// The part of the object that it is about.
    pub key: String,
    /// What was asked, in words.
    pub op: String,
    /// What was answered, in words.
    pub result: Option<String>,
    /// When it was called.
    pub call: f64,
    /// When the answer came, or the client gave up; null where neither is known.
    #[serde(rename = "return")]
    pub end: Option<f64>,
    /// What is known of its end.
    pub status: Status,
}

impl Shown {
    /// Where its end stands, or its call where it has none: "line 7", "at 12 ms".
    pub(super) fn whereabouts(&self, unit: &str) -> String {
        let at = self.end.unwrap_or(self.call);
        match unit {
            "line" => format!("line {at}"),
            "" => format!("at {at}"),
            unit => format!("at {at} {unit}"),
        }
    }

    /// Whether this and `other` are the same in words.
    pub(super) fn reads_as(&self, other: &Shown) -> bool {
        let words = [self, other].map(|it| (it.process, &it.key, &it.op, &it.result));
        words[0] == words[1]
    }
}

/// The operations as calls to a model.
#[derive(Clone, Debug)]
pub(super) enum Calls {
    Registers(KeyValue, Vec<Call<KvCall, KvResult>>),
    Locks(Vec<Call<LockCall, bool>>),
    Lists(Vec<Call<ListCall, Option<Vec<i64>>>>),
    Texts(Vec<Call<TextCall, Option<String>>>),
    Proposals(Vec<Call<String, String>>),
    Fenced(Vec<Call<FencedCall, FencedResult>>),
    /// What a store that keeps siblings answered: it has no sequential model.
    Visits(Vec<Visit>),
    /// Nothing to hold them against: each copy may be told something else.
    Apart,
}

impl Calls {
    pub(super) const LOCK: FifoLock = FifoLock;
    pub(super) const LIST: AppendList = AppendList;
    pub(super) const TEXT: TextStore = TextStore;
    pub(super) const PROPOSAL: Consensus = Consensus;
    pub(super) const FENCED: Fenced = Fenced;
}

/// A history as it is judged and drawn.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub form: Form,
    /// What the object is, by name.
    pub model: &'static str,
    pub title: Option<String>,
    pub about: Option<String>,
    /// What moments are counted in.
    pub unit: String,
    pub processes: Vec<String>,
    pub operations: Vec<Shown>,
    pub calls: Calls,
    /// For each call its place among the operations: those that failed are none.
    pub places: Vec<usize>,
    /// The values that were numbered, where they are not the numbers themselves.
    pub values: Option<Vec<String>>,
}

impl Record {
    /// A value of a register or of a list in words.
    pub(super) fn value(&self, value: i64) -> String {
        match &self.values {
            None => value.to_string(),
            Some(values) => {
                let known = usize::try_from(value)
                    .ok()
                    .and_then(|place| values.get(place));
                known.cloned().unwrap_or_default()
            }
        }
    }
}

/// A moment as it was written: exact for whole numbers, which may be nanoseconds of an era.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(super) struct Moment {
    whole: i128,
    part: f64,
}

impl Moment {
    pub(super) fn of(number: &Number) -> Moment {
        if let Some(whole) = number.as_i128() {
            return Moment { whole, part: 0.0 };
        }
        let number = number.as_f64().unwrap_or_default();
        // Beyond what fits, the part has what is over, so that the order is kept.
        let whole = number.floor() as i128;
        Moment {
            whole,
            part: number - whole as f64,
        }
    }

    pub(super) fn as_f64(self) -> f64 {
        self.whole as f64 + self.part
    }
}

/// Numbers moments in their order, from 0: only their order counts.
pub(super) struct Ranks(Vec<Moment>);

impl Ranks {
    pub(super) fn of(mut moments: Vec<Moment>) -> Ranks {
        moments.sort_by(|one, other| {
            let parts = || one.part.total_cmp(&other.part);
            one.whole.cmp(&other.whole).then_with(parts)
        });
        moments.dedup();
        Ranks(moments)
    }

    pub(super) fn rank(&self, moment: Moment) -> Micros {
        Micros(self.0.partition_point(|known| *known < moment) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_any_size_keep_their_order() {
        let written = [
            "-1e300",
            "-1e299",
            "-1.5",
            "-1",
            "0",
            "0.25",
            "0.5",
            "9007199254740992",
            "9007199254740993",
            "1e299",
            "1e300",
        ];
        let moment = |text: &&str| Moment::of(&text.parse().expect("it is a number"));
        let moments: Vec<Moment> = written.iter().map(moment).collect();
        let ranks = Ranks::of(moments.iter().rev().copied().collect());
        let ranked: Vec<u64> = moments.iter().map(|it| ranks.rank(*it).0).collect();
        assert_eq!(ranked, (0..written.len() as u64).collect::<Vec<_>>());
        assert_eq!(moments[0].as_f64(), -1e300);
        assert_eq!(moments[10].as_f64(), 1e300);
    }
}
