//! The judges of histories against searches that try everything, on small histories made up from a number;
//! on long ones that have an order by construction; and on texts that nobody should write.
#![cfg(not(target_arch = "wasm32"))]

#[path = "check/brute.rs"]
mod brute;
#[path = "check/forms.rs"]
mod forms;
#[path = "check/long.rs"]
mod long;
#[path = "check/random.rs"]
mod random;
#[path = "check/runs.rs"]
mod runs;
#[path = "check/small.rs"]
mod small;
