//! The report: what a run came to.

use super::history::judge;
use crate::base::{Micros, NodeId};
use crate::sim::{
    Counts, MilestoneRecord, NodeDetail, Operation, Simulation, Tally, ViolationRecord,
};
use serde::Serialize;

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Report {
    /// A hash of all that happened, in hexadecimal: equal for equal runs on every machine.
    pub trace_hash: String,
    /// The moment up to which the run is reported, in milliseconds.
    #[serde(rename = "end_ms")]
    pub end: Micros,
    /// How much happened.
    pub counts: Counts,
    /// The protocol's facts, in order.
    pub milestones: Vec<MilestoneRecord>,
    /// What clients asked and were answered, in order of the calls.
    pub history: Vec<Operation>,
    /// Whether anything was found violated, the clients' history included.
    pub verdict: Verdict,
    /// The violations, in order.
    pub violations: Vec<ViolationRecord>,
    /// What the protocol counts that is no violation.
    pub tallies: Vec<Tally>,
    /// The sequential model that the clients' history is held against; null where there is none.
    pub model: Option<String>,
    /// Whether the clients' history is linearizable; null where the protocol promises nothing of
    /// the kind, or where the search for an order ran out of its budget.
    pub linearizable: Option<bool>,
    /// Why it is not, in one plain sentence.
    pub blame: Option<String>,
    /// The place in `history` of the operation whose answer no order explains.
    pub blamed: Option<usize>,
    /// How well the clients were served.
    pub availability: Availability,
    /// Every node in the end.
    #[serde(rename = "final")]
    pub final_nodes: Vec<NodeDetail>,
}

/// What a clients' history comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HistoryVerdict {
    pub linearizable: Option<bool>,
    pub blame: Option<String>,
    pub blamed: Option<usize>,
}

/// A run in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing was found violated.
    Ok,
    /// Something was.
    Violated,
}

/// How well the clients were served.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Availability {
    /// How many requests were made.
    pub asked: usize,
    /// How many were answered.
    pub answered: usize,
    /// The share answered, from 0 to 1; 1 when none were made.
    pub answered_share: f64,
    /// The latencies of those answered, in milliseconds; null when there are none.
    #[serde(rename = "latency_ms")]
    pub latency: Option<Latency>,
}

/// Percentiles of latency, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Latency {
    /// Half took no longer.
    pub p50: Micros,
    /// Nine in ten took no longer.
    pub p90: Micros,
    /// Ninety-nine in a hundred took no longer.
    pub p99: Micros,
    /// None took longer.
    pub max: Micros,
}

impl Report {
    /// Reports on `run` up to the moment it shows.
    pub(super) fn of(run: &dyn Simulation) -> Report {
        let position = run.position();
        let violations: Vec<_> = run
            .violations()
            .into_iter()
            .filter(|v| v.event < position)
            .collect();
        let history = run.history();
        let judged = run
            .model()
            .and_then(|model| judge(model, &history))
            .unwrap_or_default();
        let HistoryVerdict {
            linearizable,
            blame,
            blamed,
        } = judged;
        let broken = !violations.is_empty() || linearizable == Some(false);
        let ids = NodeId::first(run.nodes());
        Report {
            trace_hash: format!("{:016x}", run.trace_hash()),
            end: run.now(),
            counts: run.counts(),
            milestones: run.milestones(),
            verdict: if broken {
                Verdict::Violated
            } else {
                Verdict::Ok
            },
            violations,
            tallies: run.tallies(),
            model: run.model().map(str::to_owned),
            linearizable,
            blame,
            blamed,
            availability: Availability::of(&history),
            history,
            final_nodes: ids.filter_map(|id| run.node(id)).collect(),
        }
    }
}

impl Availability {
    fn of(history: &[Operation]) -> Availability {
        let answered = history.iter().filter(|operation| operation.error.is_none());
        let mut spans: Vec<Micros> = answered
            .filter_map(|o| o.returned.map(|returned| returned.since(o.call)))
            .collect();
        spans.sort_unstable();
        let (asked, answered) = (history.len(), spans.len());
        let part = |hundredths: usize| spans[(answered * hundredths).div_ceil(100).max(1) - 1];
        Availability {
            asked,
            answered,
            answered_share: if asked == 0 {
                1.0
            } else {
                answered as f64 / asked as f64
            },
            latency: (answered > 0).then(|| Latency {
                p50: part(50),
                p90: part(90),
                p99: part(99),
                max: part(100),
            }),
        }
    }
}
