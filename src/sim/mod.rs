//! The world that protocol cores run in: virtual time, network, disks, clocks, faults, clients,
//! the trace and keyframes. It knows the contract in [`crate::base`] and no protocol.

mod action;

pub use action::{Action, Entry, Pick};
