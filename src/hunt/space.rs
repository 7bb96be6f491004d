//! A protocol's runs by hand as a space to search: every delivery, time-out, request and crash that
//! the bounds allow, in every order.

use super::budget::{Budget, Quarry};
use super::exhaust::{Search, Space};
use super::pct::bare;
use super::played::{BEAT, by_hand};
use super::trial::{Breach, EVENTS_MAX};
use crate::base::{Chance, Draws, Micros, NodeId, Pace};
use crate::scenario::{Scenario, ScenarioError, build_walk, sample_op};
use crate::sim::{Action, Choice, Pick, Status, Walk};
use serde::Serialize;
use std::sync::Arc;

/// How much may happen beside deliveries, which come in any order, or never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bounds {
    /// So many requests.
    pub requests: u8,
    /// Timers go off so often.
    pub timers: u8,
    /// Nodes crash so often; whoever is down may start again.
    pub crashes: u8,
    /// So many messages are doubled.
    pub copies: u8,
}

impl Bounds {
    /// What both allow.
    fn and(self, other: Bounds) -> Bounds {
        Bounds {
            requests: self.requests.min(other.requests),
            timers: self.timers.min(other.timers),
            crashes: self.crashes.min(other.crashes),
            copies: self.copies.min(other.copies),
        }
    }

    /// What of it a hunt's budget allows. Where that has fewer faults than there would be, crashes go
    /// before copies. Timers count as early: time stands almost still.
    fn allowed(self, budget: &Budget) -> Bounds {
        let faults = u8::try_from(budget.faults).unwrap_or(u8::MAX);
        let few = |allowed: bool, most: u8, faults: u8| if allowed { most.min(faults) } else { 0 };
        let crashes = few(budget.crashes, self.crashes, faults);
        Bounds {
            timers: few(budget.early(), self.timers, u8::MAX),
            crashes,
            copies: few(budget.network, self.copies, faults - crashes),
            ..self
        }
    }

    /// The widening bounds as `narrow` makes each; what comes to the same as an earlier one is left out.
    fn widening(narrow: impl Fn(Bounds) -> Bounds) -> Vec<Bounds> {
        let mut all = Vec::new();
        for bounds in WIDENING.map(narrow) {
            if !all.contains(&bounds) {
                all.push(bounds);
            }
        }
        all
    }

    /// The widening bounds of a hunt.
    pub(super) fn of(budget: &Budget) -> Vec<Bounds> {
        Bounds::widening(|bounds| bounds.allowed(budget))
    }
}

/// How the search within some bounds ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// All states within them were seen.
    All,
    /// As many were seen as are looked at.
    Most,
    /// One of them is wrong.
    Found,
}

/// How far the search of every order has come within some bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Reach {
    /// The bounds.
    #[serde(flatten)]
    pub bounds: Bounds,
    /// How many distinct states were seen.
    pub states: usize,
    /// How it ended; null while it goes on.
    pub end: Option<End>,
}

/// Bounds from narrow to wide: what needs little is found soon.
const WIDENING: [Bounds; 7] = [
    Bounds {
        requests: 2,
        timers: 0,
        crashes: 0,
        copies: 0,
    },
    Bounds {
        requests: 2,
        timers: 1,
        crashes: 0,
        copies: 0,
    },
    Bounds {
        requests: 2,
        timers: 0,
        crashes: 1,
        copies: 0,
    },
    Bounds {
        requests: 2,
        timers: 2,
        crashes: 0,
        copies: 0,
    },
    Bounds {
        requests: 2,
        timers: 1,
        crashes: 0,
        copies: 1,
    },
    Bounds {
        requests: 2,
        timers: 2,
        crashes: 1,
        copies: 0,
    },
    Bounds {
        requests: 3,
        timers: 3,
        crashes: 1,
        copies: 1,
    },
];

/// The way to a state, from its end.
#[derive(Debug)]
struct Way {
    before: Option<Arc<Way>>,
    action: Action,
}

/// A state: the way there, and what was seen there.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    way: Option<Arc<Way>>,
    digest: u64,
    breach: Option<&'static str>,
    used: [u8; 4],
}

impl Moment {
    fn actions(&self) -> Vec<Action> {
        let mut actions = Vec::new();
        let mut at = self.way.as_ref();
        while let Some(way) = at {
            actions.push(way.action.clone());
            at = way.before.as_ref();
        }
        actions.reverse();
        actions
    }
}

/// The runs by hand of one protocol within bounds.
#[derive(Debug)]
pub(super) struct Runs {
    bare: Scenario,
    bounds: Bounds,
    /// What is asked, in order, and by whom.
    requests: Vec<(Option<u32>, serde_json::Value)>,
    /// Which node is asked first: where nodes are alike, it does not matter.
    first: NodeId,
    /// How many steps a run has at the most.
    deepest: usize,
    /// What is looked for; anything that is wrong where it is not said.
    property: Option<String>,
}

impl Runs {
    pub(super) fn new(quarry: &Quarry, seed: u64, bounds: Bounds) -> Runs {
        let mut luck = Draws::new(Chance::from_seed(seed).of(0x6578_6861));
        let ground = quarry.ground(Pace::ByHand, &mut luck);
        let requests = (0..u32::from(bounds.requests)).map(|client| {
            let op = sample_op(&quarry.protocol, ground.workload, client, 0, &mut luck);
            (Some(client), op.unwrap_or_default())
        });
        let requests = requests.collect();
        let bare = bare(quarry, ground, 1);
        Runs {
            bare,
            bounds,
            requests,
            first: NodeId(0),
            deepest: usize::MAX,
            property: None,
        }
    }

    /// The runs on the ground of one by hand, with as much in them as in that at the most. `None`
    /// where something happens in it that a search does not try.
    fn around(scenario: &Scenario, property: &str) -> Option<Runs> {
        let mut has = Bounds::default();
        let (mut requests, mut first) = (Vec::new(), None);
        for entry in &scenario.script {
            match &entry.0.action {
                Action::Deliver(_) | Action::Drop(_) | Action::Restart { .. } => {}
                Action::Duplicate(_) => has.copies += 1,
                Action::Timeout { .. } => has.timers += 1,
                Action::Crash { .. } => has.crashes += 1,
                Action::Request { client, op, node } => {
                    first = first.or(*node);
                    has.requests += 1;
                    requests.push((*client, op.clone()));
                }
                _ => return None,
            }
        }
        Some(Runs {
            bare: by_hand(scenario, []),
            bounds: has,
            requests,
            first: first.unwrap_or(NodeId(0)),
            deepest: scenario.script.len().checked_sub(1)?,
            property: Some(property.to_owned()),
        })
    }

    /// A state as a scenario.
    pub(super) fn scenario(&self, moment: &Moment) -> Scenario {
        by_hand(&self.bare, moment.actions())
    }

    /// The run at a state.
    fn at(&self, moment: &Moment) -> Result<Box<dyn Walk>, ScenarioError> {
        let mut run = build_walk(&self.bare, EVENTS_MAX)?;
        for (action, beat) in moment.actions().into_iter().zip(1..) {
            let _ = run.advance(Micros(BEAT.0 * beat));
            let _ = run.apply(action);
        }
        Ok(run)
    }

    /// What may happen next, beside what the choices are, and which of the bounds it uses up.
    fn moves(&self, run: &dyn Walk, used: [u8; 4]) -> Vec<(Action, Option<usize>)> {
        let Bounds {
            requests,
            timers,
            crashes,
            copies,
        } = self.bounds;
        let nodes = run.nodes();
        let mut moves = Vec::new();
        let mut choices = Vec::new();
        run.choices(&mut choices);
        for choice in &choices {
            let uses = matches!(choice, Choice::Fire { .. }).then_some(1);
            if uses.is_none() || used[1] < timers {
                moves.push((run.action(*choice), uses));
            }
            if let (Choice::Deliver { flight, .. }, true) = (choice, used[3] < copies) {
                let message = Some(*flight);
                let pick = Pick {
                    message,
                    ..Pick::default()
                };
                moves.push((Action::Duplicate(pick), Some(3)));
            }
        }
        if used[0] < requests {
            let begins = used[0] == 0;
            for node in NodeId::first(nodes).filter(|node| !begins || *node == self.first) {
                let (client, op) = self.requests[usize::from(used[0])].clone();
                let node = Some(node);
                moves.push((Action::Request { node, client, op }, Some(0)));
            }
        }
        for node in NodeId::first(nodes) {
            if run
                .node(node)
                .is_some_and(|node| node.status == Status::Crashed)
            {
                moves.push((Action::Restart { node }, None));
            } else if used[2] < crashes {
                moves.push((Action::Crash { node }, Some(2)));
            }
        }
        moves
    }
}

impl Space for Runs {
    type State = Moment;

    fn starts(&self) -> Vec<Moment> {
        let mut start = Moment {
            way: None,
            digest: 0,
            breach: None,
            used: [0; 4],
        };
        if let Ok(run) = self.at(&start) {
            start.digest = run.digest();
        }
        vec![start]
    }

    fn next(&self, moment: &Moment, out: &mut Vec<Moment>) {
        let Ok(mut run) = self.at(moment) else {
            return;
        };
        let steps = moment.actions().len();
        // What has gone wrong does not go wrong again.
        if steps >= self.deepest || moment.breach.is_some() {
            return;
        }
        // A request or a reply is under way for a millisecond.
        let steps = steps as u64;
        let beat = |n: u64| Micros(BEAT.0 * n);
        let _ = run.advance(beat(steps + 1));
        for (action, uses) in self.moves(run.as_ref(), moment.used) {
            let mut branch = run.fork();
            if branch.apply(action.clone()).is_err() || branch.advance(beat(steps + 2)).is_err() {
                continue;
            }
            let mut used = moment.used;
            if let Some(which) = uses {
                used[which] += 1;
            }
            let before = moment.way.clone();
            out.push(Moment {
                way: Some(Arc::new(Way { before, action })),
                digest: branch.digest(),
                breach: branch.breach(),
                used,
            });
        }
    }

    fn digest(&self, moment: &Moment) -> u64 {
        // With more left to happen, the same state leads further.
        // What is wrong in it may have come of an order that its digest does not tell.
        crate::base::Digest::of(&(moment.digest, moment.used, moment.breach))
    }

    fn wrong(&self, moment: &Moment) -> Option<String> {
        let breach = moment.breach.map(str::to_owned)?;
        let sought = |property: &String| *property == breach;
        self.property.as_ref().is_none_or(sought).then_some(breach)
    }
}

/// A search of a quarry's runs by hand within bounds.
#[derive(Debug)]
pub(super) struct Orders {
    runs: Runs,
    search: Search<Moment>,
}

/// The most states that a search holds within one of its bounds.
const STATES_MAX: usize = 150_000;

impl Orders {
    pub(super) fn new(quarry: &Quarry, seed: u64, bounds: Bounds) -> Orders {
        Orders {
            runs: Runs::new(quarry, seed, bounds),
            search: Search::default(),
        }
    }

    /// Goes on as long as `go_on`, which hears the number of distinct states, says so.
    pub(super) fn go(&mut self, go_on: &mut dyn FnMut(usize) -> bool) {
        self.search.go(&self.runs, STATES_MAX, go_on);
    }

    /// How far it has come.
    pub(super) fn reach(&self) -> Reach {
        let survey = &self.search.survey;
        Reach {
            bounds: self.runs.bounds,
            states: survey.distinct,
            end: self.search.over.then_some(match survey.complete {
                _ if survey.found.is_some() => End::Found,
                true => End::All,
                false => End::Most,
            }),
        }
    }

    /// How many states were reached, each repetition counted.
    pub(super) fn reached(&self) -> u64 {
        self.search.survey.reached
    }

    /// The shortest scenario that is wrong.
    pub(super) fn found(&self) -> Option<(Scenario, Breach)> {
        let found = self.search.survey.found.as_ref()?;
        let breach = Breach::Invariant(found.what.clone());
        Some((self.runs.scenario(&found.state), breach))
    }
}

/// The most states that are looked at within each of the bounds for a run that is shorter than one
/// at hand.
const SHORTER_MAX: usize = 25_000;

/// The longest script around which it is searched: longer ones have too many orders.
const LONGEST: usize = 14;

/// A run by hand that comes to the violation of `property` in fewer steps than that of `scenario`
/// does, on the same ground and with the same requests, or less of them.
pub(super) fn shorter(
    scenario: &Scenario,
    property: &str,
    go_on: &mut dyn FnMut(usize) -> bool,
) -> Option<Scenario> {
    if !scenario.network.manual || scenario.script.len() > LONGEST {
        return None;
    }
    let mut runs = Runs::around(scenario, property)?;
    let has = runs.bounds;
    let mut best = None;
    for bounds in Bounds::widening(|wide| wide.and(has)) {
        runs.bounds = bounds;
        let mut search = Search::default();
        search.go(&runs, SHORTER_MAX, go_on);
        if let Some(found) = search.survey.found.as_ref() {
            best = Some(runs.scenario(&found.state));
            runs.deepest = found.steps - 1;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hunt::{Hunt, Order};

    /// The moves in the first states of a search.
    fn moves(budget: Budget, bounds: Bounds) -> Vec<Action> {
        let quarry = Quarry::new("raft", None, budget).expect("it is there");
        let runs = Runs::new(&quarry, 1, bounds);
        let mut states = runs.starts();
        for n in 0..200 {
            let Some(state) = states.get(n).cloned() else {
                break;
            };
            runs.next(&state, &mut states);
        }
        states.iter().flat_map(Moment::actions).collect()
    }

    #[test]
    fn nothing_befalls_a_run_that_is_not_allowed() {
        let kind = |action: &Action| match action {
            Action::Crash { .. } => "crashes",
            Action::Duplicate(_) => "network",
            Action::Timeout { .. } => "timers",
            _ => "none",
        };
        let widest = |budget: &Budget| *Bounds::of(budget).last().expect("there are some");
        let all = Budget::default();
        let befalls = |name: &str, budget: &Budget| {
            let moves = moves(budget.clone(), widest(budget));
            moves.iter().any(|action| kind(action) == name)
        };
        for name in ["crashes", "network", "timers"] {
            assert!(befalls(name, &all), "{name}");
            let less = serde_json::json!({ name: false });
            let less: Budget = serde_json::from_value(less).expect("a budget");
            assert!(!befalls(name, &less), "{name}");
        }
    }

    #[test]
    fn bounds_stay_within_the_budget_and_none_comes_twice() {
        let of = |budget: &str| Bounds::of(&serde_json::from_str(budget).expect("a budget"));
        let numbers = |all: Vec<Bounds>| -> Vec<[u8; 4]> {
            let each = |it: Bounds| [it.requests, it.timers, it.crashes, it.copies];
            all.into_iter().map(each).collect()
        };
        assert_eq!(of("{}"), WIDENING);
        let calm = r#"{ "crashes": false, "network": false, "timers": false }"#;
        assert_eq!(numbers(of(calm)), [[2, 0, 0, 0], [3, 0, 0, 0]]);
        let up = numbers(of(r#"{ "crashes": false }"#));
        assert_eq!(up.len(), 5);
        assert!(up.iter().all(|[.., crashes, _]| *crashes == 0), "{up:?}");
        // One fault is a crash or a copy, and not both; none is neither, nor an early timer.
        let one = numbers(of(r#"{ "faults": 1 }"#));
        assert!(one.contains(&[2, 1, 0, 1]) && one.contains(&[3, 3, 1, 0]));
        let none = numbers(of(r#"{ "faults": 0 }"#));
        assert_eq!(none, [[2, 0, 0, 0], [3, 0, 0, 0]]);
        // What never befalls a search of every order changes nothing.
        let others = r#"{ "cuts": false, "pauses": false, "clocks": false, "disks": false,
            "liars": false, "members": false }"#;
        assert_eq!(of(others), WIDENING);
    }

    #[test]
    fn around_a_run_the_shortest_order_is_found() {
        let order = r#"{ "protocol": "paxos", "mutant": "half_quorum", "strategy": "exhaustive" }"#;
        let order: Order = serde_json::from_str(order).expect("an order");
        let mut hunt = Hunt::new(&order).expect("there is such a mutant");
        let found = loop {
            if let Some(found) = hunt.run(&mut |_| true).expect("sound") {
                break found;
            }
        };
        let Breach::Invariant(property) = &found.breach else {
            panic!("{:?}", found.breach);
        };
        let shortest = found.scenario.script.len();
        // The same, with a node that crashes and comes back again and again.
        let mut actions: Vec<Action> = Vec::new();
        let node = NodeId(3);
        for entry in &found.scenario.script {
            actions.push(entry.0.action.clone());
            actions.extend([Action::Crash { node }, Action::Restart { node }]);
        }
        actions.truncate(LONGEST);
        let long = by_hand(&found.scenario, actions);
        let short = shorter(&long, property, &mut |_| true).expect("there is a shorter one");
        assert_eq!(short.script.len(), shortest);
        assert_eq!(shorter(&short, property, &mut |_| true), None);
        assert_eq!(shorter(&long, "another property", &mut |_| true), None);
    }
}
