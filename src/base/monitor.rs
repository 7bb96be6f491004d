//! The contract of the safety checkers that watch a run.

use super::core::{Core, NodeId, RequestId};

/// Watches a run for violations of a protocol's safety properties.
///
/// A monitor hears every milestone, quiet ones included, in the order of the run. It may ask the
/// node's public face for what the milestone does not carry; it never changes anything.
pub trait Monitor<C: Core>: Clone + Default {
    /// The properties watched, in the words of the paper: `election safety`, ...
    const NAMES: &'static [&'static str];

    /// What is counted and is no violation, such as reads that see old data where nothing better
    /// is promised: names for people, in the order of [`Monitor::tallies`].
    const TALLIES: &'static [&'static str] = &[];

    /// Hears that `node`, now in the state `core`, states `milestone`.
    fn observe(
        &mut self,
        node: NodeId,
        core: &C,
        milestone: &C::Milestone,
        found: &mut Vec<Violation>,
    );

    /// Hears that a client asks for `op`, for the first time.
    fn asked(&mut self, _id: RequestId, _op: &C::Op, _stamp: &C::Stamp) {}

    /// Hears that a client takes `reply` for the answer to its request.
    fn answered(&mut self, _id: RequestId, _reply: &C::Reply, _found: &mut Vec<Violation>) {}

    /// Hears that a node sends `message`.
    fn sent(&mut self, _message: &C::Message) {}

    /// Hears that `message` is no longer under way to node `to`: it has taken it, or it is lost.
    fn ended(&mut self, _to: NodeId, _message: &C::Message, _found: &mut Vec<Violation>) {}

    /// What has been counted so far, in the order of [`Monitor::TALLIES`].
    fn tallies(&self) -> Vec<u64> {
        Vec::new()
    }

    /// Roughly how many bytes a clone of the monitor takes that it does not share.
    fn weight(&self) -> usize {
        size_of::<Self>()
    }

    /// Hears that `node` has crashed; its memory is gone. With `disk_lost` its disk is gone too.
    fn crashed(&mut self, _node: NodeId, _disk_lost: bool) {}
}

/// A safety property that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Violation {
    /// Index into [`Monitor::NAMES`].
    pub invariant: usize,
    /// The nodes concerned.
    pub nodes: Vec<NodeId>,
    /// One plain sentence that says what was found.
    pub text: String,
}
