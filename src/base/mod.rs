//! The contract under everything: cores, effects, monitors, time, keyed chance, quorums.
//!
//! `protocol`, `sim` and `check` stand on this floor and do not know each other.

mod chance;
mod conduct;
mod core;
mod digest;
mod ground;
mod misfit;
mod monitor;
pub mod quorum;
mod seq;
mod time;
mod words;

pub use chance::{Chance, Draws, Ratio};
pub use conduct::Conduct;
pub use core::{
    Class, ClientId, Context, Core, Effect, Effects, Input, Judgement, Membership, Milestone,
    NodeId, RequestId, Target, Wire, named, names_of,
};
pub use digest::Digest;
pub use ground::{Ground, Hardships, Pace};
pub use misfit::{Misfit, join};
pub use monitor::{Monitor, Violation};
pub use seq::Seq;
pub use time::Micros;
pub use words::{counted, plain_words};
