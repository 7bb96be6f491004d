//! Paxos: a value is chosen once a quorum of acceptors has accepted it in one ballot.
//!
//! A proposer first asks a quorum of acceptors to promise that they take nothing of an earlier
//! ballot, and hears what they have accepted so far (phase 1). If any of them has accepted
//! something, it must propose the value of the latest of those ballots; otherwise it is free to
//! propose its own (phase 2). Since any two quorums share an acceptor, a value that was chosen is
//! seen by every later ballot, and is the only one that can be chosen from then on.
//!
//! Two modes share this code. **Single-decree** Paxos decides slot 1 and nothing else. In
//! **Multi-Paxos** there is a slot for each command of a replicated machine; one phase 1 serves
//! all slots that are not known to be chosen, and whoever has done it leads: it needs phase 2
//! alone for each command, until another takes over.
//!
//! A node plays three roles, each in a file of its own: acceptor, proposer (and leader, for one that
//! stays proposer) and learner. What a node says to itself arrives at once.
//!
//! Sources: Lamport, *The Part-Time Parliament*, 1998, cited as "Parliament"; Lamport, *Paxos
//! Made Simple*, 2001, cited as "Simple"; Howard, Malkhi and Spiegelman, *Flexible Paxos*, 2016,
//! cited as "Flexible"; Chandra, Griesemer and Redstone, *Paxos Made Live*, 2007, cited as "Live".
//!
//! - [`Message`]: what nodes say to each other. [`Op`], [`Reply`]: what clients say and hear.
//! - [`Paxos`]: one node. [`Ballot`], [`Value`]: what it is all about.
//! - [`Milestone`]: the facts it states. [`Invariants`]: what has to hold of them.
//! - [`Options`]: its switches. [`Mutant`]: Paxos with one rule left out.
//!
//! What is simplified: a write to disk takes no time and is done before the messages of the same
//! input leave; a snapshot travels in one message; a client's session never ends; the nodes are
//! those that the run begins with.

mod acceptor;
mod ballot;
mod ground;
mod handle;
mod invariants;
mod leader;
mod learner;
mod message;
mod milestone;
mod options;
mod proposer;
mod reply;
mod state;
mod value;
mod view;

pub use acceptor::Proposal;
pub use ballot::{Ballot, Voters};
pub use invariants::Invariants;
pub use learner::Snapshot;
pub use message::{Accept, Message, Promise, Report};
pub use milestone::Milestone;
pub use options::{Learning, Mode, Mutant, Options, Reads};
pub use reply::{Op, Reply};
pub use state::{Disk, Paxos, RoleName, Timer};
pub use value::{Command, Value, Values};
pub use view::{BallotView, MustView, ProposerView, SlotView, View, VoteView};
