//! Facts worth teaching and checking.

use super::digest::Digest;
use crate::base::{Class, NodeId, RequestId};
use crate::protocol::machine::KvOutput;
use serde::Serialize;
use std::sync::Arc;

/// A fact that a node states. The first group is for people, the last for checkers alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Milestone {
    /// As primary it gives a number to a request (section 4.2).
    Ordered {
        /// The view.
        view: u64,
        /// The number.
        seq: u64,
        /// The request.
        request: RequestId,
    },
    /// It has prepared a request: nobody else can prepare another there (section 4.2).
    Prepared {
        /// The view.
        view: u64,
        /// The number.
        seq: u64,
        /// The request's digest.
        digest: Digest,
    },
    /// A request is committed at it: every later view will have it there (section 4.2).
    Committed {
        /// The view.
        view: u64,
        /// The number.
        seq: u64,
        /// The request's digest.
        digest: Digest,
        /// It is the primary.
        primary: bool,
    },
    /// It hears that somebody was told of another request for a number.
    Conflict {
        /// The view.
        view: u64,
        /// The number.
        seq: u64,
        /// Who has the other.
        by: NodeId,
    },
    /// It finds that a request was executed before, and leaves it at that (section 4.1).
    DuplicateSkipped {
        /// The request.
        request: RequestId,
        /// Where it stands again.
        seq: u64,
    },
    /// It leaves its view and asks for another (section 4.4).
    ViewChangeStarted {
        /// The view it wants.
        view: u64,
    },
    /// A view begins for it (section 4.4).
    ViewEntered {
        /// The view.
        view: u64,
        /// It is the primary.
        primary: bool,
        /// How many numbers the view begins with.
        chosen: u32,
        /// How many of them have the null request.
        nulls: u32,
    },
    /// It refuses a new view that does not follow from what its view changes show (section 4.4).
    NewViewRefused {
        /// The view.
        view: u64,
        /// Its primary.
        by: NodeId,
    },
    /// A checkpoint has become stable: the log up to it is let go (section 4.3).
    Stable {
        /// The checkpoint.
        seq: u64,
        /// The digest of the state.
        digest: Digest,
        /// It is the primary.
        primary: bool,
    },
    /// It takes over a state that others vouch for.
    StateFetched {
        /// The checkpoint.
        seq: u64,
        /// The digest of the state.
        digest: Digest,
        /// Who sent it.
        from: NodeId,
    },
    /// It has executed what stands at a number.
    Executed(Arc<Execution>),
    /// It has taken a checkpoint.
    CheckpointTaken {
        /// The checkpoint.
        seq: u64,
        /// The digest of the state.
        digest: Digest,
    },
    /// It misbehaves from now on.
    Misbehaves,
}

/// What a replica executed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Execution {
    /// The number.
    pub seq: u64,
    /// The digest of what was executed.
    pub digest: Digest,
    /// The request; none is the null request.
    pub request: Option<RequestId>,
    /// What it gave; nothing where the request was executed before.
    pub result: Option<KvOutput>,
}

impl crate::base::Milestone for Milestone {
    fn kind(&self) -> &'static str {
        match self {
            Milestone::Ordered { .. } => "ordered",
            Milestone::Prepared { .. } => "prepared",
            Milestone::Committed { .. } => "committed",
            Milestone::Conflict { .. } => "conflict",
            Milestone::DuplicateSkipped { .. } => "duplicate_skipped",
            Milestone::ViewChangeStarted { .. } => "view_change_started",
            Milestone::ViewEntered { .. } => "view_entered",
            Milestone::NewViewRefused { .. } => "new_view_refused",
            Milestone::Stable { .. } => "stable",
            Milestone::StateFetched { .. } => "state_fetched",
            Milestone::Executed(_) => "executed",
            Milestone::CheckpointTaken { .. } => "checkpoint_taken",
            Milestone::Misbehaves => "misbehaves",
        }
    }

    fn class(&self) -> Class {
        match self {
            Milestone::ViewChangeStarted { .. } | Milestone::NewViewRefused { .. } => {
                Class::Leadership
            }
            Milestone::ViewEntered { primary, .. } if *primary => Class::Leadership,
            // Every replica commits for itself; the primary's stands for all on the scrubber.
            Milestone::Committed { primary, .. } if *primary => Class::Decision,
            Milestone::Stable { primary, .. } if *primary => Class::Change,
            Milestone::StateFetched { .. } => Class::Change,
            Milestone::Ordered { .. }
            | Milestone::Prepared { .. }
            | Milestone::Committed { .. }
            | Milestone::Conflict { .. }
            | Milestone::DuplicateSkipped { .. }
            | Milestone::ViewEntered { .. }
            | Milestone::Stable { .. } => Class::Step,
            Milestone::Executed(_) | Milestone::CheckpointTaken { .. } | Milestone::Misbehaves => {
                Class::Quiet
            }
        }
    }

    fn sentence(&self, node: NodeId) -> String {
        match self {
            Milestone::Ordered { view, seq, request } => format!(
                "Node {node} gives number {seq} of view {view} to operation {} of client {}",
                request.serial, request.client
            ),
            Milestone::Prepared { view, seq, .. } => {
                format!("Number {seq} of view {view} is prepared at node {node}")
            }
            Milestone::Committed { seq, .. } => {
                format!("Number {seq} is committed at node {node}")
            }
            Milestone::Conflict { view, seq, by } => format!(
                "Node {node} hears from node {by} of another request for number {seq} of view \
                 {view}"
            ),
            Milestone::DuplicateSkipped { request, seq } => format!(
                "Node {node} skips number {seq}: operation {} of client {} was done before",
                request.serial, request.client
            ),
            Milestone::ViewChangeStarted { view } => {
                format!("Node {node} leaves its view and asks for view {view}")
            }
            Milestone::ViewEntered {
                view,
                primary,
                chosen,
                nulls,
            } => {
                let what = kept(*chosen, *nulls);
                match primary {
                    true => format!("Node {node} begins view {view} as its primary{what}"),
                    false => format!("Node {node} enters view {view}{what}"),
                }
            }
            Milestone::NewViewRefused { view, by } => format!(
                "Node {node} refuses to enter view {view}: what node {by} sends does not follow \
                 from the view changes"
            ),
            Milestone::Stable { seq, .. } => format!(
                "Node {node} has proof of the state at number {seq}, and lets go of the log up to \
                 it"
            ),
            Milestone::StateFetched { seq, from, .. } => {
                format!("Node {node} takes over the state at number {seq} from node {from}")
            }
            Milestone::Executed(execution) => {
                format!("Node {node} executes number {}", execution.seq)
            }
            Milestone::CheckpointTaken { seq, .. } => {
                format!("Node {node} takes a checkpoint at number {seq}")
            }
            Milestone::Misbehaves => format!("Node {node} misbehaves from now on"),
        }
    }
}

/// ", with 2 numbers kept and 1 left empty".
fn kept(chosen: u32, nulls: u32) -> String {
    let numbers = |count: u32| match count {
        1 => "1 number".to_owned(),
        count => format!("{count} numbers"),
    };
    match (chosen - nulls.min(chosen), nulls) {
        (0, 0) => String::new(),
        (kept, 0) => format!(", with {} kept from before", numbers(kept)),
        (0, nulls) => format!(", with {} left empty", numbers(nulls)),
        (kept, nulls) => {
            format!(
                ", with {} kept from before and {nulls} left empty",
                numbers(kept)
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Milestone as _;

    #[test]
    fn facts_are_told_in_plain_sentences() {
        let told = |milestone: Milestone| milestone.sentence(NodeId(2));
        let entered = |primary, chosen, nulls| {
            told(Milestone::ViewEntered {
                view: 1,
                primary,
                chosen,
                nulls,
            })
        };
        assert_eq!(entered(true, 0, 0), "Node 2 begins view 1 as its primary");
        assert_eq!(
            entered(false, 3, 1),
            "Node 2 enters view 1, with 2 numbers kept from before and 1 left empty"
        );
        assert_eq!(
            entered(false, 1, 0),
            "Node 2 enters view 1, with 1 number kept from before"
        );
        // It may be the primary itself, and follow others.
        assert_eq!(
            told(Milestone::ViewChangeStarted { view: 1 }),
            "Node 2 leaves its view and asks for view 1"
        );
        assert!(size_of::<Milestone>() <= 64);
    }
}
