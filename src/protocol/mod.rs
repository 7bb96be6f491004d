//! Protocol cores: deterministic state machines that own no clock, socket, thread or luck.
//!
//! Each folder holds one protocol whole: messages, state, view, invariants and mutants. A core
//! knows the contract in [`crate::base`] and neither the world that runs it nor its neighbours.
//! What several of them replicate is in [`machine`].

#[cfg(feature = "kv")]
pub mod kv;
#[cfg(feature = "locks")]
pub mod locks;
pub mod machine;
#[cfg(feature = "paxos")]
pub mod paxos;
#[cfg(feature = "pbft")]
pub mod pbft;
#[cfg(any(feature = "raft", feature = "locks"))]
pub mod raft;
#[cfg(feature = "sequence")]
pub mod sequence;
