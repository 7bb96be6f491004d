//! A versioned key-value store: every node takes writes, clocks tell what replaced what, and what
//! nobody can put in order is kept side by side until somebody resolves it.
//!
//! A key is kept by the first N different nodes clockwise from its place on a ring. Any of them
//! coordinates a request: a write is acknowledged once W of them have stored it, a read answered
//! once R have told what they have. Nobody waits for the others, so replicas may differ; they are
//! brought together by reads, by nodes that stood in for others, and by comparing trees.
//!
//! A read returns all versions that stand, and a *context*: a vector of what its reader knows now.
//! A write brings the context along. It replaces the versions that the context covers, and stands
//! beside the others. So nothing is lost but what somebody has seen.
//!
//! Sources: Lamport, *Time, Clocks, and the Ordering of Events in a Distributed System*, 1978;
//! DeCandia et al., *Dynamo: Amazon's Highly Available Key-value Store*, 2007, cited as "Dynamo"
//! and by section alone; Preguiça et al., *Dotted Version Vectors*, 2010; Almeida et al., *Scalable
//! and Accurate Causality Tracking for Eventually Consistent Stores*, 2014.
//!
//! - [`Message`]: what nodes say to each other. [`Op`], [`Reply`]: what clients say and hear.
//! - [`Kv`]: one node. [`Item`]: a key with its versions; [`VersionVector`] and [`DvvSet`] beneath it.
//! - [`Ring`]: who keeps what. [`Tree`]: what a node stores, so that two of them can be compared.
//! - [`Milestone`]: the facts a node states. [`Invariants`]: what has to hold of them, by true
//!   causality, and what is only counted.
//! - [`Options`]: the switches. [`Mutant`]: the store with one rule left out.
//!
//! What is simplified: a write to disk takes no time and is done before the messages of the same
//! input leave; nodes trust each other's clocks to be well formed, not to be true; a retry that
//! comes after its write was replaced is a new write; a client that writes again without having
//! read may stand beside its own last write, as in Dynamo; and no node loses its disk twice, nor
//! counts and loses it, within one microsecond of its clock, or its new name were its old one.

mod client;
mod coordinate;
mod dvv;
mod garbage;
mod gossip;
mod ground;
mod handle;
mod invariants;
mod item;
mod keep;
mod member;
mod merkle;
mod message;
mod milestone;
mod op;
mod options;
mod oracle;
mod reap;
mod ring;
mod sessions;
mod siblings;
mod state;
mod sync;
mod value;
mod version;
mod view;

pub use client::Memory;
pub use dvv::DvvSet;
pub use invariants::Invariants;
pub use item::{Context, Item, Version, WriteId, position_of};
pub use member::{Beat, Member, News, Table};
pub use merkle::{FAN, Part, Tree};
pub use message::{
    Bits, Branch, Branches, Entries, Forward, Grave, Leaf, Leaves, Message, Parcel, Store,
};
pub use milestone::{Milestone, Way};
pub use op::{Basis, Delete, Found, FoundVersion, Op, Put, Refusal, Reply};
pub use options::{Clocks, Mutant, Options, Resolver};
pub use ring::{Range, Ring};
pub use siblings::{Count, SIBLINGS_MAX, Siblings};
pub use state::{Disk, Kv, Owed, Timer};
pub use value::{KEY_MAX, Key, VALUE_MAX, Value};
pub use version::{Actor, Causality, Dot, VersionVector};
pub use view::{CallView, KeyView, VersionView, View};
