//! Protocol cores: deterministic state machines that own no clock, socket, thread or luck.
//!
//! Each folder holds one protocol whole: messages, state, view, invariants and mutants. A core
//! knows the contract in [`crate::base`] and neither the world that runs it nor its neighbours.
//! What several of them replicate is in [`machine`].

pub mod kv;
pub mod machine;
pub mod paxos;
pub mod pbft;
pub mod raft;
