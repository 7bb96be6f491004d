//! The sequence CRDT against a slow oracle, recorded sessions, a bad network and bad bytes.
#![cfg(not(target_arch = "wasm32"))]

#[path = "text/bytes.rs"]
mod bytes;
#[path = "text/delivery.rs"]
mod delivery;
#[path = "text/forge.rs"]
mod forge;
#[path = "text/forged.rs"]
mod forged;
#[path = "text/interleaving.rs"]
mod interleaving;
#[path = "text/oracle.rs"]
mod oracle;
#[path = "text/order.rs"]
mod order;
#[path = "text/pair.rs"]
mod pair;
#[path = "text/traces.rs"]
mod traces;
#[path = "text/undo.rs"]
mod undo;
