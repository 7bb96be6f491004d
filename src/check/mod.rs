//! Judges of histories: what clients asked and were answered, held against a sequential model.

mod done;
mod jepsen;
mod linear;
mod model;
mod objects;

pub use jepsen::{BadLine, read_register_log, read_text_store};
pub use linear::{Blame, Call, Verdict, check};
pub use model::{Consensus, KeyValue, KvCall, KvResult, Model};
pub use objects::{
    AppendList, FifoLock, ListCall, LockCall, LockDeed, LockState, TextCall, TextStore,
};
