//! What a run starts from, once its scenario has been read and checked.

use super::network::Conditions;
use crate::base::{Core, Micros, NodeId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The built-in clients: each asks, waits for the answer, pauses, and asks again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Clients {
    /// How many there are.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(range(max = 1000)))]
    pub count: u16,
    /// Least and greatest pause between an answer and the next request, in milliseconds.
    #[serde(rename = "think_ms")]
    pub think: [Micros; 2],
    /// How long a client waits for an answer before it asks again, in milliseconds.
    #[serde(rename = "timeout_ms")]
    pub timeout: Micros,
    /// How often a client asks before it gives up; its operation may still take effect then.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(range(min = 1)))]
    pub attempts: u32,
    /// Least and greatest latency between clients and nodes, in milliseconds.
    #[serde(rename = "latency_ms")]
    pub latency: [Micros; 2],
    /// What they ask, by the protocol's name for it; its first workload when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
}

impl Default for Clients {
    /// No built-in clients; whoever asks by script or hand has half a second's patience.
    fn default() -> Clients {
        Clients {
            count: 0,
            think: [Micros::from_ms(20), Micros::from_ms(60)],
            timeout: Micros::from_ms(500),
            attempts: 8,
            latency: [Micros::from_ms(2), Micros::from_ms(6)],
            workload: None,
        }
    }
}

/// A run's unchanging ground.
#[derive(Clone, Debug)]
pub struct Setup<C: Core> {
    /// The seed of all chance.
    pub seed: u64,
    /// The protocol's switches.
    pub options: Arc<C::Options>,
    /// The first members, 0 to n - 1.
    pub members: Vec<NodeId>,
    /// How links carry messages at first.
    pub conditions: Conditions,
    /// Whether messages wait for manual delivery at first.
    pub manual: bool,
    /// The built-in clients.
    pub clients: Clients,
    /// Index into [`Core::WORKLOADS`].
    pub workload: usize,
    /// Whether the protocol's invariants are watched.
    pub watch: bool,
}
