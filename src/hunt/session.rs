//! A hunt as it goes on: which strategy is next, what it found, and the figures for the page.

use super::budget::{Budget, Quarry};
use super::guided::{self, Corpus};
use super::pct;
use super::rounds;
use super::seen::Seen;
use super::space::{Bounds, Orders, Reach};
use super::swarm::{self, Draft};
use super::trial::{Breach, Trial, try_out};
use crate::base::{Chance, Draws, Micros, Pace};
use crate::scenario::{Scenario, ScenarioError};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How scenarios are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Random faults of random kinds; messages travel by themselves.
    Swarm,
    /// Messages wait; priorities to chains of them decide what is next.
    Pct,
    /// Messages wait; in each round some nodes hear each other and the rest nobody.
    Rounds,
    /// Runs that showed something new are changed a little.
    Guided,
    /// Every order of few events, breadth first.
    Exhaustive,
    /// Swarm, rounds, priorities and guided changes in turn.
    Mixed,
}

impl Strategy {
    /// Those that make scenarios by themselves.
    pub const PLAIN: [Strategy; 5] = [
        Strategy::Swarm,
        Strategy::Pct,
        Strategy::Rounds,
        Strategy::Guided,
        Strategy::Exhaustive,
    ];
}

/// What a hunt is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The protocol's name.
    pub protocol: String,
    /// The rule that is left out; none for the protocol as it should be.
    #[serde(default)]
    pub mutant: Option<String>,
    /// How scenarios are made.
    #[serde(default = "mixed")]
    pub strategy: Strategy,
    /// What may befall the cluster.
    #[serde(default)]
    pub budget: Budget,
    /// The seed of the whole hunt.
    #[serde(default)]
    pub seed: u64,
}

impl Order {
    pub(super) fn quarry(&self) -> Result<Quarry, ScenarioError> {
        let mutant = self.mutant.as_deref();
        Quarry::new(&self.protocol, mutant, self.budget.clone())
    }
}

fn mixed() -> Strategy {
    Strategy::Mixed
}

/// What one strategy has done.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Which one.
    pub strategy: Strategy,
    /// How many runs; of the exhaustive search, how many states.
    pub runs: u64,
    /// How many events in them.
    pub events: u64,
    /// How many of the runs ended in a violation.
    pub found: u64,
}

/// How a mixed hunt shares its events out.
const SHARES: [(Strategy, u64); 4] = [
    (Strategy::Rounds, 4),
    (Strategy::Swarm, 4),
    (Strategy::Pct, 2),
    (Strategy::Guided, 1),
];

/// A hunt.
#[derive(Debug)]
pub struct Hunt {
    quarry: Quarry,
    strategy: Strategy,
    seed: u64,
    seen: Seen,
    corpus: Corpus,
    figures: [Figures; 5],
    /// Whether to leave out the strategies that decide by hand what happens next.
    of_time: bool,
    /// How many runs were begun.
    begun: u64,
    /// The widening bounds of the search of every order that are still to come.
    ahead: VecDeque<Bounds>,
    /// The search within those before them, where it is not over.
    orders: Option<Orders>,
    /// How far it has come within each that was begun.
    reaches: Vec<Reach>,
}

/// A run that violates something.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Catch {
    /// The run.
    pub scenario: Scenario,
    /// What is wrong with it.
    pub breach: Breach,
    /// Within what span its last request should have been answered, in milliseconds; 0 where that
    /// is not looked at.
    #[serde(rename = "patience_ms")]
    pub patience: Micros,
    /// Which strategy found it.
    pub strategy: Strategy,
    /// How many runs there had been by then.
    pub run: u64,
}

impl Hunt {
    /// A hunt that has not begun.
    ///
    /// # Errors
    /// When there is no such protocol or mutant.
    pub fn new(order: &Order) -> Result<Hunt, ScenarioError> {
        let quarry = order.quarry()?;
        let mut luck = Draws::new(Chance::from_seed(order.seed));
        let of_time = quarry.ground(Pace::Natural, &mut luck).of_time;
        let figures = Strategy::PLAIN.map(|strategy| Figures {
            strategy,
            runs: 0,
            events: 0,
            found: 0,
        });
        Ok(Hunt {
            quarry,
            strategy: order.strategy,
            seed: order.seed,
            seen: Seen::default(),
            corpus: Corpus::default(),
            figures,
            of_time,
            begun: 0,
            ahead: Bounds::of(&order.budget).into(),
            orders: None,
            reaches: Vec::new(),
        })
    }

    /// What each strategy has done.
    pub fn figures(&self) -> &[Figures] {
        &self.figures
    }

    /// How many events there were in all runs.
    pub fn events(&self) -> u64 {
        self.figures.iter().map(|figures| figures.events).sum()
    }

    /// What was seen.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Whether there is nothing left to try: a search of every order has seen all within its bounds.
    pub fn is_over(&self) -> bool {
        self.strategy == Strategy::Exhaustive && self.ahead.is_empty() && self.orders.is_none()
    }

    /// How far the search of every order has come within each of the bounds that it began with.
    pub fn reaches(&self) -> &[Reach] {
        &self.reaches
    }

    /// Tries the next run. The exhaustive search goes on as long as `go_on`, which hears how many
    /// states it has seen, says so.
    ///
    /// # Errors
    /// Where a scenario that was made is wrong: a defect of the hunt.
    pub fn run(
        &mut self,
        go_on: &mut dyn FnMut(usize) -> bool,
    ) -> Result<Option<Catch>, ScenarioError> {
        let n = self.begun;
        self.begun += 1;
        let strategy = match self.strategy {
            Strategy::Mixed => self.turn(),
            other => other,
        };
        if strategy == Strategy::Exhaustive {
            return Ok(self.widen(go_on));
        }
        let (draft, trial) = match strategy {
            Strategy::Pct | Strategy::Rounds => {
                let seen = Some(&mut self.seen);
                let run = match strategy {
                    Strategy::Pct => pct::run,
                    _ => rounds::run,
                };
                let (scenario, trial) = run(&self.quarry, self.seed, n, seen)?;
                let patience = Micros::ZERO;
                (Draft { scenario, patience }, trial)
            }
            Strategy::Guided => {
                let draft = guided::draft(&self.quarry, &self.corpus, self.seed, n);
                let trial = self.try_out(&draft)?;
                (draft, trial)
            }
            _ => {
                let draft = swarm::draft(&self.quarry, self.seed, n);
                let trial = self.try_out(&draft)?;
                (draft, trial)
            }
        };
        self.count(strategy, 1, &trial);
        if let Some(breach) = trial.breach {
            return Ok(Some(Catch {
                scenario: draft.scenario,
                breach,
                patience: draft.patience,
                strategy,
                run: n + 1,
            }));
        }
        if !matches!(strategy, Strategy::Pct | Strategy::Rounds) {
            self.corpus.learn(draft, trial.new);
            self.corpus.age();
        }
        Ok(None)
    }

    /// Whose turn it is: each has its share of the events, which are what takes time.
    fn turn(&self) -> Strategy {
        let behind = |(strategy, share): &(Strategy, u64)| {
            let mut all = self.figures.iter();
            let events = all.find(|figures| figures.strategy == *strategy);
            events.map_or(0, |figures| figures.events) / share
        };
        let fits = |(strategy, _): &&(Strategy, u64)| {
            !self.of_time || matches!(strategy, Strategy::Swarm | Strategy::Guided)
        };
        let first = SHARES.iter().filter(fits).min_by_key(|it| behind(it));
        first.map_or(Strategy::Swarm, |(strategy, _)| *strategy)
    }

    fn try_out(&mut self, draft: &Draft) -> Result<Trial, ScenarioError> {
        try_out(&draft.scenario, draft.patience, Some(&mut self.seen))
    }

    fn count(&mut self, strategy: Strategy, runs: u64, trial: &Trial) {
        let mut all = self.figures.iter_mut();
        if let Some(figures) = all.find(|figures| figures.strategy == strategy) {
            figures.runs += runs;
            figures.events += u64::from(trial.events);
            figures.found += u64::from(trial.breach.is_some());
        }
    }

    /// Goes on with the search of every order, from one of the widening bounds to the next.
    fn widen(&mut self, go_on: &mut dyn FnMut(usize) -> bool) -> Option<Catch> {
        let mut orders = match self.orders.take() {
            Some(orders) => orders,
            None => {
                let orders = Orders::new(&self.quarry, self.seed, self.ahead.pop_front()?);
                self.reaches.push(orders.reach());
                orders
            }
        };
        let before = (orders.reach().states, orders.reached());
        orders.go(go_on);
        let found = orders.found();
        let trial = Trial {
            breach: found.as_ref().map(|(_, breach)| breach.clone()),
            at: Micros::ZERO,
            events: (orders.reached() - before.1) as u32,
            new: 0,
        };
        let reach = orders.reach();
        self.count(
            Strategy::Exhaustive,
            (reach.states - before.0) as u64,
            &trial,
        );
        if reach.end.is_none() {
            self.orders = Some(orders);
        }
        if let Some(last) = self.reaches.last_mut() {
            *last = reach;
        }
        let (scenario, breach) = found?;
        let all = self.figures.iter();
        let run = all.map(|figures| figures.runs).sum();
        Some(Catch {
            scenario,
            breach,
            patience: Micros::ZERO,
            strategy: Strategy::Exhaustive,
            run,
        })
    }
}
