//! Rounds with a partition each, as Bano et al. make scenarios in *Twins* (2021): in every round some
//! of the nodes hear each other and the rest nobody, somebody asks, a timer goes off or a node
//! crashes, and a few of the messages that wait within the group arrive. What is not delivered in its
//! round waits, and may come much later.

use super::budget::Quarry;
use super::pct::{bare, judged};
use super::played::BEAT;
use super::seen::Seen;
use super::trial::{EVENTS_MAX, Trial};
use crate::base::{Chance, Draws, Ground, NodeId, Pace};
use crate::scenario::{Scenario, ScenarioError, build_walk, sample_op};
use crate::sim::{Action, Choice, Pick, Walk};

/// The run as it is made.
struct Maker<'a> {
    quarry: &'a Quarry,
    workload: usize,
    run: Box<dyn Walk>,
    luck: Draws,
    asked: u64,
    faults: u64,
    disk_loss: bool,
    /// See [`Ground::conducts`].
    conducts: &'static [&'static str],
    /// Who did something last: often the same goes on.
    focus: NodeId,
    /// Whether nodes may come and go.
    members: bool,
    /// Whether messages may be doubled.
    copies: bool,
    /// Whether a message may arrive before older ones on its link.
    reorders: bool,
    choices: Vec<Choice>,
}

/// The `n`-th run of a hunt by rounds, with all that was done in its script.
///
/// # Errors
/// Where the protocol's own ground is wrong.
pub(super) fn run(
    quarry: &Quarry,
    seed: u64,
    n: u64,
    seen: Option<&mut Seen>,
) -> Result<(Scenario, Trial), ScenarioError> {
    let mut luck = Draws::new(Chance::from_seed(seed).of(0x726f_756e).of(n));
    let ground = quarry.ground(Pace::ByHand, &mut luck);
    let liars = quarry.liars(&ground, &mut luck);
    let Ground {
        workload,
        hardships,
        conducts,
        ..
    } = ground;
    let mut scenario = bare(quarry, ground, luck.between(0, u64::from(u32::MAX)));
    let any = quarry.budget.any();
    let mut maker = Maker {
        quarry,
        workload,
        run: build_walk(&scenario, EVENTS_MAX)?,
        asked: 0,
        faults: luck.between(0, u64::from(quarry.budget.faults.min(4))),
        disk_loss: hardships.disk_loss && quarry.budget.disks,
        members: hardships.membership && quarry.budget.members && any,
        conducts,
        copies: quarry.budget.network && any,
        reorders: quarry.budget.network && luck.coin(),
        choices: Vec::new(),
        focus: NodeId(0),
        luck,
    };
    for liar in 0..liars {
        maker.lie(liar);
    }
    let rounds = maker.luck.between(4, 14);
    for _ in 0..rounds {
        if !maker.round() {
            break;
        }
    }
    let run = maker.run;
    scenario.until = run.now() + BEAT;
    Ok(judged(scenario, run, seen))
}

impl Maker<'_> {
    /// Lets a beat pass; false where something was found wrong.
    fn beat(&mut self) -> bool {
        self.run.advance(self.run.now() + BEAT).is_ok() && self.run.breach().is_none()
    }

    /// Time goes on until a timer goes off by itself: all messages wait, so that nothing else is next.
    fn wait(&mut self) -> bool {
        self.beat() && self.run.step().is_ok() && self.run.breach().is_none()
    }

    /// Does something a beat later; false where something was found wrong.
    fn act(&mut self, action: Action) -> bool {
        if !self.beat() {
            return false;
        }
        // What cannot be done now is passed over.
        let _ = self.run.apply(action);
        self.run.breach().is_none()
    }

    fn lie(&mut self, liar: u64) {
        let node = self.luck.between(0, self.run.nodes() as u64 - 1) + liar;
        let node = NodeId((node % self.run.nodes() as u64) as u16);
        let ways = self.quarry.ways(self.conducts, &mut self.luck);
        if !ways.is_empty() {
            self.act(Action::Conduct { node, ways });
        }
    }

    fn round(&mut self) -> bool {
        let group = self.group();
        let node = match group.contains(&self.focus) && self.luck.coin() {
            true => self.focus,
            false => self.luck.one(&group),
        };
        self.focus = node;
        let budget = &self.quarry.budget;
        let (crashes, disks, timers) = (budget.crashes, self.disk_loss, budget.early());
        let all = 4 * (self.run.nodes() * self.run.nodes()) as u32;
        // Who stands for something talks to the others; what is asked may get no further.
        let (on, most) = match self.luck.between(0, 19) {
            0..=7 => {
                let on = if timers {
                    self.fire(node, &group)
                } else {
                    self.wait()
                };
                (on, self.luck.one(&[2, 4, all, all]))
            }
            8..=13 => (self.ask(node), self.luck.one(&[0, 0, 1, 2, 4, all])),
            14..=16 if crashes && self.faults > 0 => {
                let on = self.crash(node, Action::Crash { node });
                (on, self.luck.one(&[0, 2, all]))
            }
            17 if disks && self.faults > 0 => {
                let on = self.crash(node, Action::DiskLoss { node });
                (on, self.luck.one(&[0, 2, all]))
            }
            18.. if self.members => (self.change(), self.luck.one(&[0, 0, 1, 2, 4, all])),
            _ => (true, self.luck.one(&[1, 2, 3, 4, 6, all])),
        };
        on && self.flow(&group, most)
    }

    /// Who hears each other in a round: most often just a majority.
    fn group(&mut self) -> Vec<NodeId> {
        let nodes = self.run.nodes();
        let mut group: Vec<NodeId> = NodeId::first(nodes).collect();
        let size = match self.luck.between(0, 5) {
            0..=3 => nodes / 2 + 1,
            _ => self.luck.between(1, nodes as u64) as usize,
        };
        while group.len() > size {
            let place = self.luck.between(0, group.len() as u64 - 1) as usize;
            group.remove(place);
        }
        group
    }

    fn ask(&mut self, node: NodeId) -> bool {
        let client = self.luck.between(0, 2) as u32;
        let (name, n) = (&self.quarry.protocol, self.asked / 2);
        self.asked += 1;
        let op = sample_op(name, self.workload, client, n, &mut self.luck).unwrap_or_default();
        let client = self.luck.coin().then_some(client);
        let node = Some(node);
        self.act(Action::Request { node, client, op })
    }

    /// A timer of the node goes off; now and then the same of everybody in the group, as where all
    /// have waited in vain for the same.
    fn fire(&mut self, node: NodeId, group: &[NodeId]) -> bool {
        self.run.choices(&mut self.choices);
        let of_node =
            |choice: &&Choice| matches!(choice, Choice::Fire { node: of, .. } if *of == node);
        let set: Vec<Choice> = self.choices.iter().filter(of_node).copied().collect();
        if set.is_empty() {
            return true;
        }
        let Choice::Fire { timer, .. } = self.luck.one(&set) else {
            return true;
        };
        let all = self.luck.between(0, 3) == 0;
        let everybody = group.iter().filter(|other| all && **other != node);
        let firing: Vec<NodeId> = [node].iter().chain(everybody).copied().collect();
        firing.into_iter().all(|node| {
            let action = self.run.action(Choice::Fire { node, timer });
            self.act(action)
        })
    }

    /// Somebody is asked to leave, or comes.
    fn change(&mut self) -> bool {
        let node = NodeId(self.luck.between(0, self.run.nodes() as u64 - 1) as u16);
        let comes = self.luck.between(0, 3) == 0;
        self.act(if comes {
            Action::Join {}
        } else {
            Action::Leave { node }
        })
    }

    fn crash(&mut self, node: NodeId, how: Action) -> bool {
        self.faults -= 1;
        self.act(how) && self.act(Action::Restart { node })
    }

    /// Delivers some of what waits within the group, answers and answers to them included.
    fn flow(&mut self, group: &[NodeId], most: u32) -> bool {
        for _ in 0..most {
            self.run.choices(&mut self.choices);
            let within = |choice: &&Choice| match choice {
                Choice::Deliver { from, to, .. } => group.contains(from) && group.contains(to),
                Choice::Fire { .. } => false,
            };
            let waiting: Vec<Choice> = self.choices.iter().filter(within).copied().collect();
            if waiting.is_empty() {
                return true;
            }
            let choice = if self.reorders {
                self.luck.one(&waiting)
            } else {
                // The links take turns; each delivers in order.
                let Choice::Deliver { from, to, .. } = self.luck.one(&waiting) else {
                    return true;
                };
                let of_link = |choice: &&Choice| matches!(choice, Choice::Deliver { from: f, to: t, .. } if (*f, *t) == (from, to));
                waiting.iter().find(of_link).copied().unwrap_or(waiting[0])
            };
            let action = self.run.action(choice);
            let again = self.copies && self.luck.between(0, 19) == 0;
            if let (true, Choice::Deliver { flight, .. }) = (again, choice) {
                let message = Some(flight);
                let pick = Pick {
                    message,
                    ..Pick::default()
                };
                self.act(Action::Duplicate(pick));
            }
            if !self.act(action) {
                return false;
            }
        }
        true
    }
}
