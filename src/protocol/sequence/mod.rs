//! A text that people edit together, at replicas that need not hear of each other to go on.
//!
//! Every node holds a replica of one document, our sequence CRDT ([`crate::text`]), and edits it for
//! its clients at once, whoever else is there. It tells the others what was done as soon as it is.
//! Whatever becomes of that, two nodes at a time compare by their version vectors what they know, and
//! send each other what is missing (*anti-entropy*). So replicas that know the same edits show
//! the same text, and in the end all know all.
//!
//! Sources: Weidner and Kleppmann, *The Art of the Fugue: Minimizing Interleaving in Collaborative
//! Text Editing*, 2023, cited as "Fugue"; Oster et al., *Data Consistency for P2P Collaborative
//! Editing*, 2006 (WOOT); Shapiro et al., *Conflict-free Replicated Data Types*, 2011; Demers et
//! al., *Epidemic Algorithms for Replicated Database Maintenance*, 1987; Mattern, *Virtual Time and
//! Global States of Distributed Systems*, 1988; Almeida et al., *Scalable and Accurate Causality
//! Tracking for Eventually Consistent Stores*, 2014.
//!
//! - [`Message`]: what nodes say to each other. [`Op`], [`Reply`]: what clients say and hear.
//! - [`Sequence`]: one node. What it does with its document is `edit.rs` for its clients, and
//!   `sync.rs` among nodes.
//! - [`Milestone`]: the facts a node states. [`Invariants`]: what has to hold of them, judged by an
//!   oracle that builds the tree of the paper in the plainest way.
//! - [`Options`]: the switches. [`Mutant`]: the protocol with one rule left out.
//!
//! What is simplified: a write to disk takes no time and is done before the messages of the same
//! input leave; edits are sent as they are, not as the bytes that the editor's tabs exchange; deleted
//! letters are kept for ever; a client that turns to another node because the first keeps silent may
//! have its edit made twice, once at each; and no node loses its disk twice within one
//! microsecond of its clock.

mod client;
mod edit;
mod edits;
mod garbage;
mod ground;
mod handle;
mod invariants;
mod message;
mod milestone;
mod op;
mod options;
mod oracle;
mod state;
mod sync;
mod view;

pub use client::Memory;
pub use edits::{EditView, Entry, name_of, node_of, shown_name};
pub use invariants::Invariants;
pub use message::{Message, Summary};
pub use milestone::{Change, How, Milestone, Way};
pub use op::{Delete, Insert, Op, Refusal, Reply, TEXT_MAX};
pub use options::{Mutant, Options};
pub use state::{Disk, Sequence, Timer};
pub use view::{Caret, Peer, Run, View};
