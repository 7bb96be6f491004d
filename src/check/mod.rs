//! Judges of histories: what clients asked and were answered, held against a sequential model.

mod document;
mod done;
mod fenced;
mod forms;
mod jepsen;
mod judge;
mod linear;
mod model;
mod objects;
mod record;
mod sequential;
mod sessions;
mod timeline;
mod told;
mod walk;

pub use document::{Document, Ending, Entry, HISTORY_VERSION, Kind, OPERATIONS_MAX};
pub use fenced::{Fenced, FencedCall, FencedResult};
pub use forms::TEXT_MAX;
pub use jepsen::{BadLine, read_register_log, read_text_store};
pub use judge::{
    Answer, BlameRecord, BreachRecord, Budget, GuaranteeJudgement, Judgement, KeyJudgement,
    SequentialJudgement, WorkRecord, judge_text,
};
pub use linear::{
    Blame, Brief, Call, Finding, History, Limits, PartVerdict, Verdict, Work, check, check_briefly,
    check_parts,
};
pub use model::{Consensus, KeyValue, KvCall, KvResult, Model};
pub use objects::{
    AppendList, FifoLock, ListCall, LockCall, LockDeed, LockState, TextCall, TextStore,
};
pub use record::{Form, Shown, Status};
pub use sequential::{Sequential, check_sequential};
pub use told::{Told, key_value, proposal};
