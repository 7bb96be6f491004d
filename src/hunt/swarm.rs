//! A swarm of random faults (Groce, Zhang, Eide, Chen and Regehr, *Swarm testing*, ISSTA 2012): each
//! run leaves out some kinds of faults altogether, so that those that are left come close together.

use super::budget::{Budget, Quarry};
use crate::base::{Chance, Draws, Ground, Hardships, Micros, NodeId, Pace, Ratio};
use crate::scenario::{FORMAT_VERSION, Network, Scenario, ScriptEntry, sample_op};
use crate::sim::{Action, Clients, Entry};
use serde_json::Value;

/// A scenario that nobody has tried yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Draft {
    pub scenario: Scenario,
    /// See [`Ground::patience`].
    pub patience: Micros,
}

/// A kind of trouble, which brings its own end with it or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Crash,
    Flap,
    Cut,
    Isolate,
    Partition,
    Storm,
    Usurp,
    Pause,
    PauseClient,
    Skew,
    Timeout,
    Link,
    DiskLoss,
    Members,
    Garbage,
}

/// What a run's draw is made of.
struct Maker<'a> {
    quarry: &'a Quarry,
    ground: Ground,
    luck: Draws,
    kinds: Vec<Kind>,
    script: Vec<Entry>,
    /// How many nodes there have been by now, those that joined included.
    nodes: u64,
    clients: u64,
    /// Faults come until then.
    calm: u64,
    asked: u64,
    /// Which nodes are to misbehave.
    liars: Vec<u64>,
}

/// The `n`-th draft of a swarm.
pub(super) fn draft(quarry: &Quarry, seed: u64, n: u64) -> Draft {
    let mut luck = Draws::new(Chance::from_seed(seed).of(0x7377_6172).of(n));
    let ground = quarry.ground(Pace::Natural, &mut luck);
    let nodes = u64::from(ground.nodes);
    let first = luck.between(0, nodes - 1);
    let liars = quarry.liars(&ground, &mut luck);
    let mut maker = Maker {
        quarry,
        kinds: Vec::new(),
        script: Vec::new(),
        nodes,
        clients: luck.one(&[0, 1, 2, 3, 5]),
        calm: luck.one(&[400, 900, 1_500, 2_500]),
        asked: 0,
        liars: (0..liars).map(|k| (first + k) % nodes).collect(),
        ground,
        luck,
    };
    maker.pick_kinds();
    maker.fill();
    maker.finish()
}

fn kinds(budget: &Budget, hardships: &Hardships) -> Vec<Kind> {
    let mut kinds = vec![Kind::Garbage];
    let mut allow = |allowed: bool, some: &[Kind]| {
        if allowed {
            kinds.extend(some);
        }
    };
    allow(budget.crashes, &[Kind::Crash, Kind::Flap]);
    let cuts = [Kind::Cut, Kind::Isolate, Kind::Partition, Kind::Storm];
    allow(budget.cuts, &cuts);
    allow(budget.network, &[Kind::Link]);
    allow(budget.pauses, &[Kind::Pause]);
    allow(budget.pauses && hardships.clients, &[Kind::PauseClient]);
    allow(budget.clocks, &[Kind::Skew]);
    allow(
        budget.timers && hardships.timers,
        &[Kind::Timeout, Kind::Usurp],
    );
    allow(budget.disks && hardships.disk_loss, &[Kind::DiskLoss]);
    allow(budget.members && hardships.membership, &[Kind::Members]);
    kinds
}

impl Maker<'_> {
    fn pick_kinds(&mut self) {
        let all = kinds(&self.quarry.budget, &self.ground.hardships);
        self.kinds = all.iter().copied().filter(|_| self.luck.coin()).collect();
        if self.kinds.is_empty() {
            self.kinds = all.clone();
        }
        // Every other fault, at the least.
        if self.ground.of_members && all.contains(&Kind::Members) {
            let often = self.kinds.len();
            self.kinds.extend(vec![Kind::Members; often]);
        }
    }

    fn node(&mut self) -> NodeId {
        NodeId(self.luck.between(0, self.nodes - 1) as u16)
    }

    /// A node and another one; the same where there is only one.
    fn two(&mut self) -> (NodeId, NodeId) {
        let node = self.node();
        let other = u64::from(node.0) + self.luck.between(1, (self.nodes - 1).max(1));
        (node, NodeId((other % self.nodes) as u16))
    }

    fn at(&mut self) -> u64 {
        self.luck.between(1, self.calm - 1)
    }

    fn put(&mut self, at_ms: u64, action: Action) {
        self.script.push(Entry {
            at: Micros::from_ms(at_ms),
            after: 0,
            action,
        });
    }

    /// Somebody asks for something by hand.
    fn ask(&mut self, at: u64, node: Option<NodeId>) {
        let client = self.clients + self.luck.between(0, 2);
        self.asked += 1;
        let (workload, n) = (self.ground.workload, self.asked);
        let name = &self.quarry.protocol;
        let op = sample_op(name, workload, client as u32, n, &mut self.luck).unwrap_or_default();
        // Whoever still waits cannot ask: let each have its own client where that may be.
        let client = self.luck.coin().then_some(client as u32);
        self.put(at, Action::Request { node, client, op });
    }

    fn fill(&mut self) {
        for liar in self.liars.clone() {
            for _ in 0..self.luck.between(1, 2) {
                self.lie(liar);
            }
        }
        let most = u64::from(self.quarry.budget.faults);
        for _ in 0..self.luck.between(most.min(1), most) {
            let kind = self.luck.one(&self.kinds);
            self.trouble(kind);
        }
        let least = if self.ground.of_time { 4 } else { 0 };
        for _ in 0..self.luck.between(least, least + 8) {
            let (at, node) = (self.at(), self.node());
            let node = self.luck.coin().then_some(node);
            self.ask(at, node);
        }
    }

    fn lie(&mut self, liar: u64) {
        let node = NodeId(liar as u16);
        let ways = self.quarry.ways(self.ground.conducts, &mut self.luck);
        if ways.is_empty() {
            return;
        }
        let at = if self.luck.coin() { 1 } else { self.at() };
        self.put(at, Action::Conduct { node, ways });
    }

    fn trouble(&mut self, kind: Kind) {
        let at = self.at();
        let (node, other) = self.two();
        let span = self.luck.one(&[5, 60, 200, 700]);
        let later = at + self.luck.between(1, span);
        match kind {
            Kind::Crash => {
                self.put(at, Action::Crash { node });
                if self.luck.between(0, 3) > 0 {
                    self.put(later, Action::Restart { node });
                }
            }
            Kind::Flap => {
                self.put(at, Action::Crash { node });
                let back = at + self.luck.between(0, 2);
                self.put(back, Action::Restart { node });
            }
            Kind::Pause => {
                self.put(at, Action::Pause { node });
                self.put(later, Action::Resume { node });
            }
            Kind::PauseClient => {
                let client = self.luck.between(0, self.clients.max(1) - 1) as u32;
                self.put(at, Action::PauseClient { client });
                let long = later + self.luck.between(0, 900);
                self.put(long, Action::ResumeClient { client });
            }
            Kind::Timeout => self.put(at, Action::Timeout { node, timer: None }),
            Kind::DiskLoss => {
                self.put(at, Action::DiskLoss { node });
                self.put(later, Action::Restart { node });
            }
            Kind::Garbage => self.put(at, Action::Garbage { node, from: other }),
            Kind::Skew => self.skew(at, node),
            Kind::Members => self.members(at, node),
            Kind::Link => self.link(at, later, node, other),
            Kind::Cut | Kind::Isolate | Kind::Partition | Kind::Storm => {
                self.cut(kind, at, later, (node, other));
            }
            Kind::Usurp => self.usurp(at, node, other),
        }
    }

    fn skew(&mut self, at: u64, node: NodeId) {
        let Hardships {
            jumps,
            drift_ppm,
            clients,
            ..
        } = self.ground.hardships;
        let ahead = Micros::from_ms(self.luck.between(0, 600) * u64::from(jumps));
        let drift = i64::from(drift_ppm);
        let drift_ppm = (self.luck.between(0, 2 * drift as u64) as i64 - drift) as i32;
        if clients && self.clients > 0 && self.luck.coin() {
            let client = self.luck.between(0, self.clients - 1) as u32;
            let ahead = Micros::ZERO;
            self.put(
                at,
                Action::SkewClient {
                    client,
                    ahead,
                    drift_ppm,
                },
            );
        } else {
            self.put(
                at,
                Action::Skew {
                    node,
                    ahead,
                    drift_ppm,
                },
            );
        }
    }

    fn members(&mut self, at: u64, node: NodeId) {
        if self.luck.coin() && self.nodes < 9 {
            self.put(at, Action::Join {});
        } else {
            self.put(at, Action::Leave { node });
        }
    }

    fn link(&mut self, at: u64, later: u64, from: NodeId, to: NodeId) {
        let slow = self.luck.one(&[60, 200, 1_000, 3_000]);
        let least = if self.luck.coin() { slow } else { 1 };
        let whole = self.luck.coin();
        let link = |latency: [u64; 2], reorder| Action::Link {
            from: Some(from),
            to: (!whole).then_some(to),
            latency: Some(latency.map(Micros::from_ms)),
            loss: None,
            duplicate: None,
            reorder: Some(reorder),
        };
        let (bad, good) = (
            link([least, slow], ratio(1_000_000)),
            link([1, 10], Ratio::ZERO),
        );
        self.put(at, bad);
        self.put(later, good);
    }

    fn cut(&mut self, kind: Kind, at: u64, later: u64, (node, other): (NodeId, NodeId)) {
        match kind {
            Kind::Cut => {
                let one_way = self.luck.coin();
                let (from, to) = (node, other);
                self.put(at, Action::Cut { from, to, one_way });
            }
            Kind::Isolate => self.put(at, Action::Isolate { node }),
            Kind::Partition => {
                let groups = vec![vec![node, other]];
                self.put(at, Action::Partition { groups });
            }
            _ => {
                for (from, to) in pairs(self.nodes) {
                    if self.luck.between(0, 9) < 4 {
                        let one_way = true;
                        self.put(at, Action::Cut { from, to, one_way });
                    }
                }
            }
        }
        if self.luck.between(0, 3) > 0 {
            self.put(later, Action::Heal {});
        }
    }

    /// A node is cut off, wholly or so that it hears without being heard, another takes its place,
    /// and both are asked: where leaders, leases and views are put to the test.
    fn usurp(&mut self, at: u64, node: NodeId, other: NodeId) {
        let Budget {
            cuts,
            network,
            crashes,
            ..
        } = self.quarry.budget;
        let slow = self.luck.between(2, 140);
        let one_way = self.luck.coin();
        // Most often it is to lead before it is cut off.
        if self.luck.between(0, 3) > 0 {
            let before = at.saturating_sub(self.luck.between(60, 250)).max(1);
            self.put(before, Action::Timeout { node, timer: None });
            self.ask(before + 50, Some(node));
        }
        if self.quarry.budget.clocks && self.luck.coin() {
            self.skew(1, node);
        }
        let all_slow = self.luck.coin();
        for (from, to) in pairs(self.nodes) {
            if network && to == node && (all_slow || self.luck.between(0, 3) == 0) {
                let latency = Some([slow, slow + 5].map(Micros::from_ms));
                let (from, to) = (Some(from), Some(to));
                let (loss, duplicate, reorder) = (None, None, None);
                let before = at.saturating_sub(40).max(1);
                self.put(
                    before,
                    Action::Link {
                        from,
                        to,
                        latency,
                        loss,
                        duplicate,
                        reorder,
                    },
                );
            }
            if cuts && from == node {
                let late = at + self.luck.between(0, 1) * self.luck.between(0, 120);
                self.put(late, Action::Cut { from, to, one_way });
            }
        }
        let takes_over = at + self.luck.between(1, 200);
        if crashes && self.luck.between(0, 3) == 0 {
            self.put(takes_over, Action::Crash { node: other });
            self.put(takes_over, Action::Restart { node: other });
        }
        self.put(
            takes_over,
            Action::Timeout {
                node: other,
                timer: None,
            },
        );
        for step in 0..self.luck.between(2, 5) {
            let at = takes_over + 25 * step;
            self.ask(at, Some(other));
            self.ask(at + 7, Some(node));
        }
        if cuts && self.luck.coin() {
            let healed = takes_over + self.luck.between(20, 400);
            self.put(healed, Action::Heal {});
        }
    }

    fn network(&mut self) -> Network {
        let mixed = [[1, 3], [5, 15], [1, 60], [10, 10]];
        let latency = self.ground.latency.unwrap_or_else(|| self.luck.one(&mixed));
        let may = self.quarry.budget.network && self.quarry.budget.any();
        let bad = match may {
            true => self.luck.one(&[0, 0, 20_000, 150_000]),
            false => 0,
        };
        let reorder = match may {
            true => self.luck.one(&[0, 300_000]),
            false => 0,
        };
        Network {
            latency: latency.map(Micros::from_ms),
            loss: ratio(bad),
            duplicate: ratio(bad),
            reorder: ratio(reorder),
            manual: false,
        }
    }

    /// Mends everything, and asks once more.
    fn mend(&mut self, network: &Network) {
        let calm = self.calm + 900;
        self.put(calm, Action::Heal {});
        self.put(
            calm,
            Action::Link {
                from: None,
                to: None,
                latency: Some(network.latency),
                loss: Some(Ratio::ZERO),
                duplicate: Some(Ratio::ZERO),
                reorder: Some(Ratio::ZERO),
            },
        );
        for node in NodeId::first(self.nodes as usize) {
            self.put(calm, Action::Restart { node });
            self.put(calm, Action::Resume { node });
        }
        let (at, node) = (calm + 1_500, self.node());
        self.asked = 0;
        self.ask(at, Some(node));
    }

    fn finish(mut self) -> Draft {
        let network = self.network();
        let patience = self.ground.patience;
        let mut until = Micros::from_ms(self.calm) + self.ground.tail;
        if patience > Micros::ZERO {
            self.mend(&network);
            until = self.script.last().map_or(until, |last| last.at + patience);
        }
        self.script.sort_by_key(|entry| entry.at);
        let workload = self.ground.workload;
        // Long runs with many operations take long.
        let paces = match self.ground.of_time {
            true => [[20, 100], [100, 400], [100, 400]],
            false => [[5, 60], [1, 20], [100, 400]],
        };
        let clients = Clients {
            count: self.clients as u16,
            think: self.luck.one(&paces).map(Micros::from_ms),
            timeout: Micros::from_ms(250),
            attempts: 30,
            workload: workload_name(&self.quarry.protocol, workload),
            ..Clients::default()
        };
        let Ground { nodes, options, .. } = self.ground;
        let scenario = Scenario {
            version: FORMAT_VERSION,
            protocol: self.quarry.protocol.clone(),
            title: None,
            about: None,
            watch: None,
            open: None,
            nodes,
            seed: self.luck.between(0, u64::from(u32::MAX)),
            options: Value::Object(options),
            network,
            clients,
            invariants: true,
            script: self.script.into_iter().map(ScriptEntry).collect(),
            until,
            expect: None,
        };
        Draft { scenario, patience }
    }
}

/// The name of the workload of that place.
pub(super) fn workload_name(protocol: &str, workload: usize) -> Option<String> {
    let info = crate::scenario::describe(protocol).ok()?;
    info.workloads.get(workload).cloned()
}

fn ratio(millionths: u32) -> Ratio {
    Ratio::from_millionths(millionths).unwrap_or_default()
}

/// Every two different nodes, in both orders.
fn pairs(nodes: u64) -> impl Iterator<Item = (NodeId, NodeId)> {
    let nodes = nodes as usize;
    NodeId::first(nodes)
        .flat_map(move |from| NodeId::first(nodes).map(move |to| (from, to)))
        .filter(|(from, to)| from != to)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of what befalls the first runs of a hunt with that budget, but for what mends all at
    /// their end.
    fn befalls(budget: Budget) -> Vec<&'static str> {
        let quarry = Quarry::new("raft", Some("no_log_check"), budget).expect("it is there");
        let mut names: Vec<&str> = (0..400)
            .map(|n| draft(&quarry, 1, n))
            .filter(|draft| draft.patience == Micros::ZERO)
            .flat_map(|draft| draft.scenario.script)
            .map(|entry| entry.0.action.name())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    #[test]
    fn what_is_taken_away_befalls_no_run() {
        let none = Budget {
            faults: 16,
            crashes: false,
            cuts: false,
            network: false,
            pauses: false,
            clocks: false,
            timers: true,
            disks: false,
            liars: false,
            members: false,
        };
        assert_eq!(befalls(none.clone()), ["garbage", "request", "timeout"]);
        let crashes = Budget {
            crashes: true,
            ..none.clone()
        };
        let names = ["crash", "garbage", "request", "restart", "timeout"];
        assert_eq!(befalls(crashes), names);
        let network = Budget {
            network: true,
            ..none.clone()
        };
        assert_eq!(befalls(network), ["garbage", "link", "request", "timeout"]);
        let cuts = Budget { cuts: true, ..none };
        let names = befalls(cuts);
        assert!(names.contains(&"cut") && names.contains(&"heal"));
        assert!(
            !names
                .iter()
                .any(|name| ["crash", "link", "skew"].contains(name))
        );
    }
}
