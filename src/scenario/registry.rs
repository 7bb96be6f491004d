//! The one list of protocols, and what turns a scenario into a run of one of them.

use super::error::ScenarioError;
use super::format::Scenario;
use crate::base::{Core, Membership, Monitor, NodeId, Wire};
use crate::sim::{Action, ActionError, Run, Setup, Simulation, check_newcomer, check_sense};
#[cfg(feature = "hunt")]
use crate::{
    base::{ClientId, Draws, Ground, Pace},
    sim::Walk,
};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// Names what is listed, and makes an entry of those whose feature is on.
macro_rules! list {
    ($($name:tt: $core:ty,)*) => {
        const EVERY: &[&str] = &[$($name),*];
        static PROTOCOLS: &[Protocol] = &[$(
            #[cfg(feature = $name)]
            entry::<$core>($name),
        )*];
    };
}

// Every protocol that there is, in the order in which a page lists them: adding one is a line
// here, and the feature of its name with which its wasm module is built.
list! {
    "paxos": crate::protocol::paxos::Paxos,
    "raft": crate::protocol::raft::KvRaft,
    "pbft": crate::protocol::pbft::Pbft,
    "kv": crate::protocol::kv::Kv,
    "locks": crate::protocol::locks::Locks,
    "sequence": crate::protocol::sequence::Sequence,
}

/// Builds the run of a scenario within a budget of events and messages.
type Build = fn(&Scenario, u32) -> Result<Box<dyn Simulation>, ScenarioError>;

/// A protocol as scenarios know it.
struct Protocol {
    name: &'static str,
    build: Build,
    check: fn(&Action) -> Result<(), ActionError>,
    newcomer: fn(&Action, usize) -> Result<(), ActionError>,
    info: fn() -> ProtocolInfo,
    #[cfg(feature = "hunt")]
    walk: BuildWalk,
    #[cfg(feature = "hunt")]
    ground: fn(Option<&str>, Pace, &mut Draws) -> Ground,
    #[cfg(feature = "hunt")]
    least: fn(Value) -> usize,
    #[cfg(feature = "hunt")]
    op: fn(usize, ClientId, u64, &mut Draws) -> Value,
}

/// As [`Build`], for a search.
#[cfg(feature = "hunt")]
type BuildWalk = fn(&Scenario, u32) -> Result<Box<dyn Walk>, ScenarioError>;

/// What a page or a tool may know of a protocol before a run.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ProtocolInfo {
    /// Its name in scenarios.
    pub name: String,
    /// The numbers that a frame holds of each node, in order.
    pub glance: Vec<String>,
    /// The roles that a node can have.
    pub roles: Vec<String>,
    /// The kinds of messages.
    pub kinds: Vec<String>,
    /// The built-in clients' workloads.
    pub workloads: Vec<String>,
    /// The options with their defaults.
    pub options: Value,
    /// The safety properties watched.
    pub invariants: Vec<String>,
    /// The ways in which a node can be told to misbehave.
    pub conducts: Vec<String>,
    /// The protocol's mutants, as its option `mutant` takes them.
    pub mutants: Vec<String>,
    /// Whether nodes can join and leave.
    pub membership: bool,
    /// The model that the clients' history is held against under the default options, if there
    /// is one.
    pub model: Option<String>,
}

const fn entry<C: Core>(name: &'static str) -> Protocol {
    Protocol {
        name,
        build: build_run::<C>,
        check: check_sense::<C>,
        newcomer: check_newcomer::<C>,
        info: info::<C>,
        #[cfg(feature = "hunt")]
        walk: |scenario, budget| Ok(Box::new(start::<C>(scenario, budget)?)),
        #[cfg(feature = "hunt")]
        ground: C::ground,
        #[cfg(feature = "hunt")]
        least: |options| C::read_options(options).map_or(1, |it| C::least_nodes(&it)),
        #[cfg(feature = "hunt")]
        op: |workload, client, n, luck| {
            let op = C::sample(workload, client, n, luck);
            serde_json::to_value(op).unwrap_or_default()
        },
    }
}

/// The names of the protocols that are compiled in, in the order in which a page lists them.
pub fn protocols() -> impl Iterator<Item = &'static str> {
    PROTOCOLS.iter().map(|protocol| protocol.name)
}

fn find(name: &str) -> Result<&'static Protocol, ScenarioError> {
    PROTOCOLS
        .iter()
        .find(|protocol| protocol.name == name)
        .ok_or_else(|| {
            let expected = if EVERY.contains(&name) {
                let here: Vec<_> = protocols().collect();
                format!("one that this build was made for: {}", here.join(", "))
            } else {
                format!("one of {}", EVERY.join(", "))
            };
            ScenarioError::new("protocol", format!("{name:?}"), expected)
        })
}

/// What there is to know of a protocol.
///
/// # Errors
/// When there is no protocol of that name.
pub fn describe(name: &str) -> Result<ProtocolInfo, ScenarioError> {
    let protocol = find(name)?;
    let mut info = (protocol.info)();
    info.name = name.to_owned();
    Ok(info)
}

/// Builds the run of a scenario, at time zero. `budget` is the greatest number of events and
/// messages that it may have.
///
/// # Errors
/// Where the scenario does not fit its protocol.
pub fn build(scenario: &Scenario, budget: u32) -> Result<Box<dyn Simulation>, ScenarioError> {
    (find(&scenario.protocol)?.build)(scenario, budget)
}

/// Builds the run of a scenario for a search to walk through: see [`build`].
///
/// # Errors
/// Where the scenario does not fit its protocol.
#[cfg(feature = "hunt")]
pub fn build_walk(scenario: &Scenario, budget: u32) -> Result<Box<dyn Walk>, ScenarioError> {
    (find(&scenario.protocol)?.walk)(scenario, budget)
}

/// One draw of the circumstances in which a protocol is hunted: see [`Core::ground`].
///
/// # Errors
/// When there is no protocol of that name.
#[cfg(feature = "hunt")]
pub fn ground(
    protocol: &str,
    mutant: Option<&str>,
    pace: Pace,
    luck: &mut Draws,
) -> Result<Ground, ScenarioError> {
    Ok((find(protocol)?.ground)(mutant, pace, luck))
}

/// With how many nodes at the least the scenario's protocol claims anything: see
/// [`Core::least_nodes`]. One where there is no such protocol, or its options are none.
#[cfg(feature = "hunt")]
pub fn least_nodes(scenario: &Scenario) -> usize {
    find(&scenario.protocol).map_or(1, |it| (it.least)(scenario.options.clone()))
}

/// An operation that somebody may ask for in a hunt: the `n`-th of `client` under the workload of
/// that place, as if it had asked for nothing before.
///
/// # Errors
/// When there is no protocol of that name.
#[cfg(feature = "hunt")]
pub fn sample_op(
    protocol: &str,
    workload: usize,
    client: ClientId,
    n: u64,
    luck: &mut Draws,
) -> Result<Value, ScenarioError> {
    Ok((find(protocol)?.op)(workload, client, n, luck))
}

/// Checks what of an action can be known before the run. An unknown protocol knows nothing; the
/// scenario is refused for that when it is built.
pub(super) fn check_action(protocol: &str, action: &Action) -> Result<(), ActionError> {
    find(protocol).map_or(Ok(()), |protocol| (protocol.check)(action))
}

/// Checks that a request takes in none but one of the nodes that are there, of which there are `count`.
pub(super) fn check_taken_in(
    protocol: &str,
    action: &Action,
    count: u16,
) -> Result<(), ActionError> {
    find(protocol).map_or(Ok(()), |protocol| {
        (protocol.newcomer)(action, usize::from(count))
    })
}

fn info<C: Core>() -> ProtocolInfo {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    ProtocolInfo {
        name: String::new(),
        glance: owned(C::GLANCE),
        roles: owned(C::ROLES),
        kinds: owned(C::Message::KINDS),
        workloads: owned(C::WORKLOADS),
        options: serde_json::to_value(C::Options::default()).unwrap_or_default(),
        invariants: owned(C::Invariants::NAMES),
        conducts: owned(C::CONDUCTS),
        mutants: C::mutants(),
        membership: C::membership(Membership::Join(NodeId(0))).is_some(),
        model: C::model(&C::Options::default()).map(str::to_owned),
    }
}

fn build_run<C: Core>(
    scenario: &Scenario,
    budget: u32,
) -> Result<Box<dyn Simulation>, ScenarioError> {
    Ok(Box::new(start::<C>(scenario, budget)?))
}

/// The run of a scenario at time zero.
fn start<C: Core>(scenario: &Scenario, budget: u32) -> Result<Run<C>, ScenarioError> {
    let nodes = usize::from(scenario.nodes);
    let mut options =
        C::read_options(scenario.options.clone()).map_err(|misfit| misfit.under("options"))?;
    C::check_options(&options, nodes).map_err(|misfit| match misfit.path.as_str() {
        "nodes" => misfit, // The scenario's own: too many for this protocol.
        _ => misfit.under("options"),
    })?;
    C::prepare(&mut options, scenario.seed, nodes);
    let workload = match &scenario.clients.workload {
        None => 0,
        Some(name) => C::WORKLOADS
            .iter()
            .position(|known| known == name)
            .ok_or_else(|| {
                let expected = format!("one of {}", C::WORKLOADS.join(", "));
                ScenarioError::new("clients.workload", format!("{name:?}"), expected)
            })?,
    };
    for (place, entry) in scenario.script.iter().enumerate() {
        check_sense::<C>(&entry.0.action)
            .map_err(|error| ScenarioError::in_action(&format!("script[{place}]"), error))?;
    }
    let setup = Setup::<C> {
        seed: scenario.seed,
        options: Arc::new(options),
        members: NodeId::first(nodes).collect(),
        conditions: scenario.network.conditions(),
        manual: scenario.network.manual,
        clients: scenario.clients.clone(),
        workload,
        watch: scenario.invariants,
    };
    let script = scenario
        .script
        .iter()
        .map(|entry| entry.0.clone())
        .collect();
    Ok(Run::new(setup, script, budget))
}
