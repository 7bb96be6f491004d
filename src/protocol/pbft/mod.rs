//! PBFT: agreement among replicas of which some lie.
//!
//! Of n replicas at most f = (n - 1) / 3, rounded down, are faulty in whatever way. The primary of
//! a view gives each request a number and says so (pre-prepare). The backups tell each other which
//! request they were told of (prepare): a quorum that tells the same is a certificate that nobody
//! can have for another request in this view, as two quorums share an honest replica. Each tells
//! that it has one (commit), and a quorum of that means that every later view will hear of it
//! (section 4.2). If the primary does not do its part, the backups ask for the next view, and its
//! primary has to show by their words that it drops nothing that may have been executed (section
//! 4.4).
//!
//! Sources: Castro and Liskov, *Practical Byzantine Fault Tolerance*, OSDI 1999, cited by section;
//! Castro and Liskov, *Practical Byzantine Fault Tolerance and Proactive Recovery*, ACM TOCS 20(4),
//! 2002, cited by year, for message authentication codes in place of signatures.
//!
//! - [`Message`]: what replicas say to each other. [`Request`], [`Reply`]: what clients say and
//!   hear. [`Sealed`], [`Keys`]: who said it, and how that is proven.
//! - [`Pbft`]: one replica. [`Way`]: how it can be told to misbehave.
//! - [`Milestone`]: the facts it states. [`Invariants`]: what has to hold of them.
//! - [`Options`]: its switches. [`Mutant`]: PBFT with one rule left out.
//!
//! What is simplified: a request travels with every message that stands for it, so that nobody has
//! to ask for one by its digest; the state is transferred whole, in one message; a replica writes
//! down all that it says, so that a crash makes it late and not a liar; requests are not batched,
//! and none is executed before it is committed; keys are never exchanged anew.

mod byzantine;
mod checkpoint;
mod client;
mod conduct;
mod digest;
mod garbage;
mod ground;
mod handle;
mod invariants;
mod keys;
mod known;
mod message;
mod milestone;
mod new_view;
mod normal;
mod options;
mod request;
mod slot;
mod state;
mod status;
mod stories;
mod view;
mod view_change;
mod wire;

pub use client::Memory;
pub use conduct::Way;
pub use digest::Digest;
pub use invariants::Invariants;
pub use keys::{KeyRing, Keys, Party, Proof, Seal};
pub use message::{
    Body, Certificate, Checkpoint, Claim, Message, NewView, Note, Phase, PrePrepare, Sealed, State,
    ViewChange, Vote,
};
pub use milestone::{Execution, Milestone};
pub use options::{Authentication, Mutant, Options};
pub use request::{Answer, Reply, Request, Stamp};
pub use slot::Replicas;
pub use state::{Disk, Pbft, RoleName, Timer};
pub use view::{CheckpointView, SessionView, SlotView, View};
