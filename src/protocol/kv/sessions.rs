//! What clients are told, counted: the four session guarantees of Terry and others (*Session Guarantees
//! for Weakly Consistent Replicated Data*, 1994), each within a key, and how stale reads are.

use super::oracle::Number;
use crate::base::RequestId;

/// What is counted, in the order of the tallies.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) reads: u64,
    pub(super) stale: u64,
    pub(super) own_seen: u64,
    pub(super) own_missed: u64,
    pub(super) gone_on: u64,
    pub(super) gone_back: u64,
    pub(super) in_order: u64,
    pub(super) out_of_order: u64,
    pub(super) after_read: u64,
    pub(super) before_read: u64,
    pub(super) overtaken: u64,
    pub(super) with_a_disk: u64,
}

impl Counts {
    pub(super) const NAMES: &'static [&'static str] = &[
        "reads",
        "stale reads",
        "own writes seen",
        "own writes missed",
        "reads gone on",
        "reads gone back",
        "writes in their order",
        "writes out of order",
        "writes after what was read",
        "writes before what was read",
        "writes lost to a later timestamp",
        "writes lost with a disk",
    ];

    /// Counts whether a version that is shown comes after what its client had been told before.
    pub(super) fn comes_after(&mut self, told: &Session, comes_before: impl Fn(&Number) -> bool) {
        if let Some(written) = &told.written {
            let kept = comes_before(written);
            self.in_order += u64::from(kept);
            self.out_of_order += u64::from(!kept);
        }
        if !told.read.is_empty() {
            let kept = told.read.iter().all(comes_before);
            self.after_read += u64::from(kept);
            self.before_read += u64::from(!kept);
        }
    }

    /// Adds what another has counted of orders.
    pub(super) fn add_orders(&mut self, other: &Counts) {
        self.in_order += other.in_order;
        self.out_of_order += other.out_of_order;
        self.after_read += other.after_read;
        self.before_read += other.before_read;
    }

    /// The counts in the order of their names.
    pub(super) fn list(&self) -> Vec<u64> {
        vec![
            self.reads,
            self.stale,
            self.own_seen,
            self.own_missed,
            self.gone_on,
            self.gone_back,
            self.in_order,
            self.out_of_order,
            self.after_read,
            self.before_read,
            self.overtaken,
            self.with_a_disk,
        ]
    }
}

/// What a client has read of a key last, and which of its writes it was told of last.
#[derive(Clone, Debug, Default)]
pub(super) struct Session {
    pub(super) read: Vec<Number>,
    pub(super) written: Option<Number>,
}

/// What a client waits for: a read, with the writes that clients had been told of before it asked;
/// or a write.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) request: RequestId,
    pub(super) told: Vec<Number>,
    /// What the client had been told of the key before.
    pub(super) session: Session,
    /// The write that was acknowledged last for this request.
    pub(super) written: Option<Number>,
}
