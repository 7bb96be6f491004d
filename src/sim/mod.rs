//! The world that protocol cores run in: virtual time, network, disks, clocks, faults, clients,
//! the trace and keyframes. It knows the contract in [`crate::base`] and no protocol.

mod act;
mod action;
mod agenda;
mod client;
mod clock;
mod detail;
mod flying;
mod keyframes;
mod network;
mod node;
mod reasons;
mod run;
mod sense;
mod setup;
mod simulation;
mod spacetime;
mod trace;
#[cfg(feature = "hunt")]
mod walk;
mod words;
mod world;

pub use act::{ActionError, NODES_MAX};
pub use action::{Action, Entry, Pick};
pub use client::CLIENTS_MAX;
pub use clock::DRIFT_PPM_MAX;
pub use network::{Conditions, Loss};
pub use run::{OverBudget, Run};
pub use sense::{SEED_MAX, check_newcomer, check_order, check_sense};
pub use setup::{Clients, Setup};
pub use simulation::{
    Counts, MarkCode, MessageDetail, MessageFate, MilestoneRecord, NodeDetail, Operation,
    PeerRecord, Simulation, Status, Tally, TimerRecord, TraceEvent, ViolationRecord,
};
pub use trace::{
    Body, Event, EventKind, Flight, Mark, NONE, Peer, Place, Reply, Request, Spot, Trace,
};

#[cfg(feature = "hunt")]
pub use walk::{Choice, Walk};

#[cfg(test)]
mod tests;
