//! Judges of histories: what clients asked and were answered, held against a sequential model.

mod done;
mod jepsen;
mod linear;
mod model;
mod objects;
mod timeline;
mod walk;

pub use jepsen::{BadLine, read_register_log, read_text_store};
pub use linear::{
    Blame, Call, Finding, History, Limits, PartVerdict, Verdict, Work, check, check_parts,
};
pub use model::{Consensus, KeyValue, KvCall, KvResult, Model};
pub use objects::{
    AppendList, FifoLock, ListCall, LockCall, LockDeed, LockState, TextCall, TextStore,
};
