//! Synod: a playground for the protocols by which machines agree on what is true.

pub mod base;
pub mod check;
pub mod protocol;
pub mod scenario;
pub mod sim;
pub mod text;
#[cfg(target_arch = "wasm32")]
pub mod web;
