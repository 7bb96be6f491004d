//! Judges of histories: what clients asked and were answered, held against a sequential model.

mod done;
mod linear;
mod model;

pub use linear::{Blame, Call, Verdict, check};
pub use model::{Consensus, KeyValue, KvCall, KvResult, Model};
