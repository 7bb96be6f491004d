//! What a scenario's run must come to: scenarios with expectations are tests.

use super::report::Report;
use crate::base::{NodeId, counted};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What must hold of the report. What is left out may be anything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Expect {
    /// Exactly these invariants are violated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub violated: Option<Vec<String>>,
    /// Whether the clients' history is linearizable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linearizable: Option<bool>,
    /// The least share of requests answered, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<f64>,
    /// Milestones that occur, and how often.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub milestones: Vec<ExpectMilestone>,
    /// What was counted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tallies: Vec<ExpectTally>,
    /// What nodes look like in the end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<ExpectNode>,
    /// What clients were answered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<ExpectResult>,
}

/// A milestone that occurs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ExpectMilestone {
    /// Its kind.
    pub kind: String,
    /// At which node; any when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// Words that its sentence holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// How often at the least; once when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<usize>,
    /// How often at the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<usize>,
}

/// How often something was counted that is no violation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ExpectTally {
    /// What.
    pub name: String,
    /// How often at the least; once when neither is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u64>,
    /// How often at the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u64>,
}

/// What a node looks like in the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ExpectNode {
    /// The node.
    pub node: NodeId,
    /// A JSON pointer into its record: `/view/role`, `/status`.
    pub at: String,
    /// What stands there.
    pub is: Value,
}

/// What a client was answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ExpectResult {
    /// The place of the operation among those of script and hand, in order of their calls.
    pub request: usize,
    /// The result; null where there must be none.
    pub is: Value,
}

impl Expect {
    /// What of this `report` does not fulfil, a sentence each. `built_in` is the number of
    /// clients that ask by themselves.
    pub fn unmet(&self, report: &Report, built_in: u16) -> Vec<String> {
        let mut unmet = Vec::new();
        if let Some(expected) = &self.violated {
            let mut expected = expected.clone();
            let mut found: Vec<_> = report
                .violations
                .iter()
                .map(|v| v.invariant.clone())
                .collect();
            expected.sort();
            found.sort();
            found.dedup();
            if found != expected {
                unmet.push(format!("violated {found:?}, expected {expected:?}"));
            }
        }
        if self.linearizable.is_some() && report.linearizable != self.linearizable {
            let (found, expected) = (report.linearizable, self.linearizable);
            unmet.push(format!("linearizable {found:?}, expected {expected:?}"));
        }
        if let Some(least) = self.answered
            && report.availability.answered_share < least
        {
            let found = report.availability.answered_share;
            unmet.push(format!(
                "{found} of the requests answered, expected {least}"
            ));
        }
        unmet.extend(
            self.milestones
                .iter()
                .filter_map(|milestone| milestone.unmet(report)),
        );
        unmet.extend(self.tallies.iter().filter_map(|tally| tally.unmet(report)));
        unmet.extend(self.nodes.iter().filter_map(|node| node.unmet(report)));
        let asked: Vec<_> = report
            .history
            .iter()
            .filter(|o| o.client >= u32::from(built_in))
            .collect();
        for ExpectResult { request, is } in &self.results {
            match asked.get(*request) {
                Some(operation) if operation.result == *is => {}
                Some(operation) => {
                    let found = &operation.result;
                    unmet.push(format!(
                        "request {request} was answered {found}, expected {is}"
                    ));
                }
                None => unmet.push(format!("there is no request {request}")),
            }
        }
        unmet
    }
}

impl ExpectMilestone {
    fn unmet(&self, report: &Report) -> Option<String> {
        let says = |text: &str| self.says.as_ref().is_none_or(|words| text.contains(words));
        let fits = report.milestones.iter().filter(|m| {
            m.kind == self.kind && self.node.is_none_or(|node| node == m.node) && says(&m.text)
        });
        let count = fits.count();
        let least = self.at_least.unwrap_or(usize::from(self.at_most.is_none()));
        let most = self.at_most.unwrap_or(usize::MAX);
        if (least..=most).contains(&count) {
            return None;
        }
        Some(format!(
            "milestone {self:?} occurred {}",
            counted(count, "time")
        ))
    }
}

impl ExpectTally {
    fn unmet(&self, report: &Report) -> Option<String> {
        let Some(found) = report.tallies.iter().find(|tally| tally.name == self.name) else {
            return Some(format!("nothing of the name {:?} is counted", self.name));
        };
        let least = self.at_least.unwrap_or(u64::from(self.at_most.is_none()));
        let most = self.at_most.unwrap_or(u64::MAX);
        if (least..=most).contains(&found.count) {
            return None;
        }
        Some(format!(
            "{self:?} was counted {}",
            counted(found.count, "time")
        ))
    }
}

impl ExpectNode {
    fn unmet(&self, report: &Report) -> Option<String> {
        let record = report.final_nodes.get(self.node.index());
        let record = record.and_then(|record| serde_json::to_value(record).ok());
        let found = record.as_ref().and_then(|record| record.pointer(&self.at));
        if found == Some(&self.is) {
            return None;
        }
        let found = found.map_or("nothing".to_owned(), Value::to_string);
        Some(format!(
            "node {} has {found} at {}, expected {}",
            self.node, self.at, self.is
        ))
    }
}
