//! Raft: one leader at a time keeps one log, and a majority makes an entry final.
//!
//! A leader is elected for a numbered term by a majority of votes, and only if its log holds
//! everything that is committed (section 5.4.1). It alone takes commands, adds them to its log
//! and sends them to the others, who take an entry only after the one before it (section 5.3).
//! What a majority holds, counted on an entry of the leader's own term, is committed: no later
//! leader can lack it, so every node can apply it (section 5.4.2).
//!
//! Sources: Ongaro and Ousterhout, *In Search of an Understandable Consensus Algorithm (Extended
//! Version)*, 2014, cited by section; Ongaro, *Consensus: Bridging Theory and Practice*, 2014,
//! cited as "thesis".
//!
//! - [`Message`]: what nodes say to each other. [`Op`], [`Reply`]: what clients say and hear.
//! - [`Raft`]: one node, over any [`StateMachine`](super::machine::StateMachine); [`KvRaft`] is the one with named registers.
//! - [`Milestone`]: the facts it states. [`Invariants`]: what has to hold of them (figure 3).
//! - [`Options`]: its switches. [`Mutant`]: Raft with one rule left out.
//!
//! What is simplified: a write to disk takes no time and is done before the messages of the same
//! input leave; a snapshot travels in one message; a client's session never ends.

mod apply;
mod candidate;
mod config;
mod follower;
mod ground;
mod handle;
mod invariants;
mod leader;
mod log;
mod members;
mod message;
mod milestone;
mod options;
mod reads;
mod reply;
mod requests;
mod state;
mod transfer;
mod view;

pub use config::Config;
pub use invariants::Invariants;
pub use log::{Entry, Log, Payload, Position};
pub use message::{Append, AppendReply, AppendResult, Ask, Batch, Message, Snapshot, Vote};
pub use milestone::{Milestone, ReadRight, StepDown};
pub use options::{Mutant, Options, Reads};
pub use reply::{Admin, Op, Reply};
pub use state::{Disk, Raft, RoleName, Timer};
pub use view::{ElectionView, EntryView, LogView, PeerView, SessionView, View};

use super::machine::KvMachine;

/// Raft over named registers: the default.
pub type KvRaft = Raft<KvMachine>;
