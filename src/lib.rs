//! Synod: a playground for the protocols by which machines agree on what is true.

pub mod base;
#[cfg(any(feature = "runs", feature = "check"))]
pub mod check;
#[cfg(feature = "hunt")]
pub mod hunt;
#[cfg(feature = "runs")]
pub mod protocol;
#[cfg(feature = "runs")]
pub mod scenario;
#[cfg(feature = "runs")]
pub mod sim;
#[cfg(any(feature = "text", feature = "sequence"))]
pub mod text;
#[cfg(target_arch = "wasm32")]
pub mod web;
