//! Probabilistic concurrency testing: messages wait, and what happens next is decided by priorities
//! that change at a few random moments only (Burckhardt et al., *A randomized scheduler with
//! probabilistic guarantees of finding bugs*, ASPLOS 2010; for chains of messages: Ozkan et al.,
//! *Randomized testing of distributed systems with probabilistic guarantees*, OOPSLA 2018). A bug
//! that takes `d` events in a certain order is found with a probability that does not sink as the
//! runs get longer in everything else.

use super::budget::Quarry;
use super::played::BEAT;
use super::seen::Seen;
use super::swarm::workload_name;
use super::trial::{Breach, EVENTS_MAX, Trial};
use crate::base::{Chance, Draws, Ground, Micros, NodeId, Pace};
use crate::scenario::{
    FORMAT_VERSION, Network, Scenario, ScenarioError, ScriptEntry, build_walk, contradicts,
    sample_op,
};
use crate::sim::{Action, Choice, Clients, Walk};
use serde_json::Value;

/// The least and the greatest depth: how many events in one order a fault needs, which is one more
/// than priorities change.
pub(super) const DEPTHS: [u64; 2] = [2, 5];

/// A chain of events whose order among themselves is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Chain {
    Link(NodeId, NodeId),
    Timers(NodeId),
    /// Time goes on until a timer goes off by itself.
    Time,
    Requests,
    Faults,
}

/// A scenario in which nothing happens yet, on a ground for hands.
pub(super) fn bare(quarry: &Quarry, ground: Ground, seed: u64) -> Scenario {
    let Ground {
        nodes,
        options,
        workload,
        ..
    } = ground;
    Scenario {
        version: FORMAT_VERSION,
        protocol: quarry.protocol.clone(),
        title: None,
        about: None,
        watch: None,
        open: None,
        nodes,
        seed,
        options: Value::Object(options),
        network: Network {
            manual: true,
            ..Network::default()
        },
        clients: Clients {
            timeout: Micros::from_ms(1_000_000),
            latency: [Micros::from_ms(1); 2],
            workload: workload_name(&quarry.protocol, workload),
            ..Clients::default()
        },
        invariants: true,
        script: Vec::new(),
        until: BEAT,
        expect: None,
    }
}

struct Schedule {
    luck: Draws,
    priorities: Vec<(Chain, u64)>,
    /// At which steps the chain that would go on is put last instead.
    changes: Vec<u64>,
    /// What is asked, in order.
    requests: Vec<Action>,
    /// What befalls the nodes, in order.
    faults: Vec<Action>,
    /// How many timers may still go off.
    timers: u64,
    /// Whether they may before they are due.
    early: bool,
    lowest: u64,
}

impl Schedule {
    fn priority(&mut self, chain: Chain) -> u64 {
        if let Some((_, priority)) = self.priorities.iter().find(|(known, _)| *known == chain) {
            return *priority;
        }
        let priority = self.luck.between(1 << 20, 1 << 40);
        self.priorities.push((chain, priority));
        priority
    }

    fn set(&mut self, chain: Chain, priority: u64) {
        for (known, held) in &mut self.priorities {
            if *known == chain {
                *held = priority;
            }
        }
    }

    /// What goes on next, by its place among the choices; a request, a fault or a wait has none.
    fn next(&mut self, choices: &[Choice]) -> Option<(Chain, Option<Choice>)> {
        let mut best: Option<(u64, Chain, Option<Choice>)> = None;
        let mut offer = |priority: u64, chain, choice| {
            if best.is_none_or(|(held, ..)| priority > held) {
                best = Some((priority, chain, choice));
            }
        };
        for choice in choices {
            let chain = match *choice {
                Choice::Deliver { from, to, .. } => Chain::Link(from, to),
                Choice::Fire { .. } if self.timers == 0 => continue,
                Choice::Fire { node, .. } if self.early => Chain::Timers(node),
                Choice::Fire { .. } => Chain::Time,
            };
            let choice = Some(*choice).filter(|_| chain != Chain::Time);
            offer(self.priority(chain), chain, choice);
        }
        if !self.requests.is_empty() {
            offer(self.priority(Chain::Requests), Chain::Requests, None);
        }
        if !self.faults.is_empty() {
            offer(self.priority(Chain::Faults), Chain::Faults, None);
        }
        best.map(|(_, chain, choice)| (chain, choice))
    }

    /// Puts a chain below all others.
    fn lower(&mut self, chain: Chain) {
        self.lowest -= 1;
        let lowest = self.lowest;
        self.set(chain, lowest);
    }
}

fn schedule(quarry: &Quarry, ground: &Ground, mut luck: Draws) -> Schedule {
    let nodes = u64::from(ground.nodes);
    let any = |luck: &mut Draws| NodeId(luck.between(0, nodes - 1) as u16);
    let length = luck.one(&[12, 25, 50, 90]);
    let depth = luck.between(DEPTHS[0], DEPTHS[1]);
    let mut requests = Vec::new();
    for n in 0..luck.between(1, 5) {
        let (client, node) = (luck.between(0, 3) as u32, any(&mut luck));
        let op = sample_op(&quarry.protocol, ground.workload, client, n / 2, &mut luck);
        requests.push(Action::Request {
            node: Some(node),
            client: luck.coin().then_some(client),
            op: op.unwrap_or_default(),
        });
    }
    let mut faults = Vec::new();
    let budget = &quarry.budget;
    for _ in 0..luck.between(0, u64::from(budget.faults.min(3))) {
        let (node, other) = (any(&mut luck), any(&mut luck));
        match luck.between(0, 5) {
            0..=2 if budget.crashes => {
                faults.push(Action::Crash { node });
                faults.push(Action::Restart { node });
            }
            3 if budget.disks && ground.hardships.disk_loss => {
                faults.push(Action::DiskLoss { node });
                faults.push(Action::Restart { node });
            }
            4 if budget.network && node != other => {
                let pick = crate::sim::Pick {
                    from: Some(node),
                    to: Some(other),
                    ..Default::default()
                };
                faults.push(Action::Duplicate(pick));
            }
            5 if budget.members && ground.hardships.membership => {
                faults.push(match luck.coin() {
                    true => Action::Join {},
                    false => Action::Leave { node },
                });
            }
            _ => {}
        }
    }
    for liar in 0..luck.between(0, u64::from(ground.hardships.liars)) {
        let node = NodeId(((u64::from(any(&mut luck).0) + liar) % nodes) as u16);
        let ways = quarry.ways(ground.conducts, &mut luck);
        if !ways.is_empty() {
            faults.insert(0, Action::Conduct { node, ways });
        }
    }
    Schedule {
        changes: (1..depth).map(|_| luck.between(0, length)).collect(),
        timers: luck.between(1, 6),
        early: budget.early(),
        priorities: Vec::new(),
        requests,
        faults,
        lowest: 1 << 20,
        luck,
    }
}

/// How many steps a run by hand has at the most.
const STEPS: u64 = 120;

/// The `n`-th run of a hunt by priorities. The scenario that comes with it has all that was done in
/// its script.
///
/// # Errors
/// Where the protocol's own ground is wrong.
pub(super) fn run(
    quarry: &Quarry,
    seed: u64,
    n: u64,
    seen: Option<&mut Seen>,
) -> Result<(Scenario, Trial), ScenarioError> {
    let mut luck = Draws::new(Chance::from_seed(seed).of(0x7063_7400).of(n));
    let ground = quarry.ground(Pace::ByHand, &mut luck);
    let mut schedule = schedule(quarry, &ground, luck);
    let run_seed = luck.between(0, u64::from(u32::MAX));
    let mut scenario = bare(quarry, ground, run_seed);
    let mut run = build_walk(&scenario, EVENTS_MAX)?;
    let mut choices = Vec::new();
    let mut step = 0;
    // A request or a reply is under way for a millisecond: the next step is taken after it.
    while run.breach().is_none() && step < STEPS {
        step += 1;
        if run.advance(run.now() + BEAT).is_err() || run.breach().is_some() {
            break;
        }
        run.choices(&mut choices);
        let Some((mut chain, mut choice)) = schedule.next(&choices) else {
            break;
        };
        if schedule.changes.contains(&step) {
            schedule.lower(chain);
            if let Some(other) = schedule.next(&choices) {
                (chain, choice) = other;
            }
        }
        take(run.as_mut(), &mut schedule, chain, choice);
    }
    scenario.until = run.now() + BEAT;
    Ok(judged(scenario, run, seen))
}

/// A run by hand at its end: what was asked last may still be under way. The scenario has all that
/// was done in its script.
pub(super) fn judged(
    mut scenario: Scenario,
    mut run: Box<dyn Walk>,
    seen: Option<&mut Seen>,
) -> (Scenario, Trial) {
    let _ = run.advance(scenario.until);
    scenario.script = run.script().iter().cloned().map(ScriptEntry).collect();
    scenario.until = run.now();
    let new = seen.map_or(0, |seen| seen.look(run.as_ref(), 0));
    let breach = match run.breach() {
        Some(name) => Some(Breach::Invariant(name.to_owned())),
        None => contradicts(run.as_ref()).then_some(Breach::History),
    };
    let trial = Trial {
        breach,
        at: run.now(),
        events: run.position(),
        new,
    };
    (scenario, trial)
}

fn take(run: &mut dyn Walk, schedule: &mut Schedule, chain: Chain, choice: Option<Choice>) {
    let action = match (chain, choice) {
        (_, Some(choice)) => Some(run.action(choice)),
        (Chain::Time, None) => None,
        (Chain::Requests, None) => Some(schedule.requests.remove(0)),
        (_, None) => Some(schedule.faults.remove(0)),
    };
    match chain {
        // A node whose timer has gone off does not have the next one go off at once.
        Chain::Timers(_) | Chain::Time => {
            schedule.timers -= 1;
            let again = schedule.luck.between(1 << 20, 1 << 40);
            schedule.set(chain, again);
        }
        Chain::Requests | Chain::Faults => {
            let again = schedule.luck.between(1 << 20, 1 << 40);
            schedule.set(chain, again);
        }
        Chain::Link(..) => {}
    }
    // What cannot be done now, such as asking while one still waits, is passed over.
    let _ = match action {
        Some(action) => run.apply(action).is_ok(),
        // All messages wait: what is next is a timer.
        None => run.step().is_ok(),
    };
}
