//! Where a protocol is hunted: the circumstances under which it claims to be safe.

use super::chance::Draws;
use super::time::Micros;
use serde_json::{Map, Value};

/// What may befall a cluster, beside crashes, pauses, cuts and bad links, which every protocol here
/// claims to withstand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hardships {
    /// A node may lose its disk.
    pub disk_loss: bool,
    /// Clocks may jump ahead.
    pub jumps: bool,
    /// By how much clocks may gain or lose at most, in parts per million.
    pub drift_ppm: u32,
    /// How many nodes may misbehave at most.
    pub liars: u16,
    /// Nodes may join and leave.
    pub membership: bool,
    /// Timers may go off before their time. Leases may rest on that they do not.
    pub timers: bool,
    /// Clients may stand still, and their clocks drift as the nodes' do.
    pub clients: bool,
}

/// One draw of the circumstances of a hunt: see [`Core::ground`].
///
/// [`Core::ground`]: super::Core::ground
#[derive(Clone, Debug, PartialEq)]
pub struct Ground {
    /// How many nodes there are.
    pub nodes: u16,
    /// The protocol's options, without the mutant.
    pub options: Map<String, Value>,
    /// Index into [`Core::WORKLOADS`] of what clients and hands ask.
    ///
    /// [`Core::WORKLOADS`]: super::Core::WORKLOADS
    pub workload: usize,
    /// What may befall it.
    pub hardships: Hardships,
    /// Within what span a request is answered that is asked when everybody is up and the network
    /// whole; zero where no such claim is made, or where it is not looked at this time.
    pub patience: Micros,
    /// How long a run goes on after its last fault.
    pub tail: Micros,
    /// Whether the rules in question rest on the passing of time, so that there is little to be seen
    /// where the hunt itself decides what happens next.
    pub of_time: bool,
    /// Whether the rules in question are about who is a member, so that there is little to be seen
    /// where nobody comes or goes.
    pub of_members: bool,
    /// The option that makes some of the nodes liars from the start, beside `hardships.liars`, and
    /// how many nodes there are for it; gone where nobody may lie.
    pub lying: Option<(&'static str, u16)>,
    /// What whoever misbehaves does most often, since the rule in question is there against that;
    /// anything where it is empty.
    pub conducts: &'static [&'static str],
    /// Least and greatest latency that the claims allow, in milliseconds; the hunt's own choice
    /// when `None`.
    pub latency: Option<[u64; 2]>,
}

impl Default for Ground {
    fn default() -> Ground {
        Ground {
            nodes: 3,
            options: Map::new(),
            workload: 0,
            hardships: Hardships::default(),
            patience: Micros::ZERO,
            tail: Micros::from_ms(500),
            of_time: false,
            of_members: false,
            lying: None,
            conducts: &[],
            latency: None,
        }
    }
}

impl Ground {
    /// Sets an option.
    pub fn set(&mut self, option: &str, value: impl Into<Value>) {
        self.options.insert(option.to_owned(), value.into());
    }
}

/// How what happens in a hunt is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Messages travel and timers run by themselves.
    Natural,
    /// The hunt delivers each message and lets each timer go off: options must be such that no
    /// timer does so by itself within a minute, as far as that is possible.
    ByHand,
}

impl Draws {
    /// One of `choices`, which must not be empty.
    pub fn one<T: Clone>(&mut self, choices: &[T]) -> T {
        let place = self.between(0, choices.len().saturating_sub(1) as u64) as usize;
        choices[place].clone()
    }

    /// Heads or tails.
    pub fn coin(&mut self) -> bool {
        self.between(0, 1) == 0
    }
}
