//! The core under an independent judge: the model checker `stateright` tries every order of
//! deliveries, time-outs, requests and crashes within a bound. Messages may be lost, doubled and
//! reordered at will: what was sent once can arrive at any later moment, any number of times.
#![cfg(not(target_arch = "wasm32"))]

use stateright::{Checker, Model, Property};
use std::collections::BTreeSet;
use std::sync::Arc;
use synod::base::{
    Chance, Context, Core, Digest, Draws, Effect, Effects, Input, Micros, NodeId, RequestId,
};
use synod::protocol::machine::KvOp;
use synod::protocol::raft::{KvRaft, Mutant, Op, Options, Timer};

type Message = <KvRaft as Core>::Message;

/// What may happen, and how much of it.
#[derive(Clone)]
struct Bounds {
    nodes: u16,
    /// Nobody stands for election beyond this term.
    term: u64,
    requests: u64,
    crashes: u8,
    options: Arc<Options>,
}

/// The properties that must hold in every state.
const SAFETY: [&str; 4] = [
    "election safety",
    "log matching",
    "state machine safety",
    "leader completeness",
];

/// A node with the timers that are set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Node {
    core: KvRaft,
    timers: BTreeSet<Timer>,
}

/// A message that was sent at some time, with its digest, by which they are kept in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Sent {
    digest: u64,
    from: NodeId,
    to: NodeId,
    message: Message,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    nodes: Vec<Node>,
    sent: Vec<Arc<Sent>>,
    requests: u64,
    crashes: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step {
    Deliver(Arc<Sent>),
    Fire(NodeId, Timer),
    Request(NodeId),
    Crash(NodeId),
}

impl Bounds {
    /// Lets a core do something, and carries out what it asks for.
    fn act(
        &self,
        state: &mut State,
        id: NodeId,
        act: impl FnOnce(&mut Node, &mut Context, &mut Effects<KvRaft>),
    ) {
        let members: Vec<NodeId> = NodeId::first(usize::from(self.nodes)).collect();
        let mut luck = Draws::new(Chance::from_seed(0));
        let mut ctx = Context::new(id, Micros::ZERO, &members, &mut luck);
        let mut out = Effects::default();
        let node = &mut state.nodes[id.index()];
        act(node, &mut ctx, &mut out);
        for effect in out.list {
            match effect {
                Effect::SetTimer { timer, .. } => {
                    node.timers.insert(timer);
                }
                Effect::CancelTimer(timer) => {
                    node.timers.remove(&timer);
                }
                Effect::Send { to, message } => {
                    let digest = Digest::of(&(id, to, &message));
                    let sent = Sent {
                        digest,
                        from: id,
                        to,
                        message,
                    };
                    if let Err(place) = state.sent.binary_search_by_key(&digest, |sent| sent.digest)
                    {
                        state.sent.insert(place, Arc::new(sent));
                    }
                }
                Effect::Reply { .. } | Effect::Milestone(_) | Effect::Ignore(_) => {}
            }
        }
    }

    fn boot(
        &self,
        disk: <KvRaft as Core>::Disk,
        ctx: &mut Context,
        out: &mut Effects<KvRaft>,
    ) -> KvRaft {
        KvRaft::boot(&self.options, disk, ctx, out)
    }
}

impl Model for Bounds {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let members: Vec<NodeId> = NodeId::first(usize::from(self.nodes)).collect();
        let mut state = State {
            nodes: Vec::new(),
            sent: Vec::new(),
            requests: 0,
            crashes: 0,
        };
        for id in &members {
            let mut luck = Draws::new(Chance::from_seed(0));
            let mut ctx = Context::new(*id, Micros::ZERO, &members, &mut luck);
            let core = self.boot(Default::default(), &mut ctx, &mut Effects::default());
            state.nodes.push(Node {
                core,
                timers: [Timer::Election].into(),
            });
        }
        vec![state]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Step>) {
        actions.extend(state.sent.iter().cloned().map(Step::Deliver));
        for (id, node) in NodeId::first(state.nodes.len()).zip(&state.nodes) {
            if node.timers.contains(&Timer::Election) && node.core.term() < self.term {
                actions.push(Step::Fire(id, Timer::Election));
            }
            if state.requests < self.requests && node.core.is_leader() {
                actions.push(Step::Request(id));
            }
            if state.crashes < self.crashes {
                actions.push(Step::Crash(id));
            }
        }
    }

    fn next_state(&self, before: &State, step: Step) -> Option<State> {
        let mut state = before.clone();
        match step {
            Step::Deliver(sent) => {
                let input = Input::Message {
                    from: sent.from,
                    message: sent.message.clone(),
                };
                self.act(&mut state, sent.to, |node, ctx, out| {
                    node.core.handle(input, ctx, out)
                });
            }
            Step::Fire(id, timer) => self.act(&mut state, id, |node, ctx, out| {
                node.timers.remove(&timer);
                node.core.handle(Input::Timer(timer), ctx, out);
            }),
            Step::Request(id) => {
                state.requests += 1;
                let value = state.requests as i64;
                let request = RequestId {
                    client: value as u32,
                    serial: 1,
                };
                let op = Op::Machine(KvOp::Put("x".into(), value));
                self.act(&mut state, id, |node, ctx, out| {
                    node.core.handle(
                        Input::Request {
                            id: request,
                            op,
                            stamp: (),
                        },
                        ctx,
                        out,
                    );
                });
            }
            Step::Crash(id) => {
                state.crashes += 1;
                self.act(&mut state, id, |node, ctx, out| {
                    node.timers.clear();
                    let disk = node.core.clone().into_disk();
                    node.core = self.boot(disk, ctx, out);
                });
            }
        }
        (state != *before).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Bounds>> {
        vec![
            Property::always(SAFETY[0], |_, state: &State| {
                pairs(state, |a, b| {
                    !(a.is_leader() && b.is_leader() && a.term() == b.term())
                })
            }),
            Property::always(SAFETY[1], |_, state: &State| {
                pairs(state, |a, b| {
                    let last = a.log().last_index().min(b.log().last_index());
                    (1..=last).all(|index| {
                        a.log().term_at(index) != b.log().term_at(index)
                            || a.chain_at(index) == b.chain_at(index)
                    })
                })
            }),
            Property::always(SAFETY[2], |_, state: &State| {
                pairs(state, |a, b| {
                    let both = a.commit().min(b.commit());
                    a.chain_at(both) == b.chain_at(both)
                })
            }),
            Property::always(SAFETY[3], |_, state: &State| {
                let newest = state.nodes.iter().map(|node| node.core.term()).max();
                pairs(state, |leader, other| {
                    !leader.is_leader()
                        || Some(leader.term()) != newest
                        || leader.chain_at(other.commit()) == other.chain_at(other.commit())
                })
            }),
            Property::sometimes(
                "somebody leads and commits",
                |bounds: &Bounds, state: &State| {
                    let least = if bounds.requests > 0 { 2 } else { 1 };
                    state.nodes.iter().any(|node| node.core.commit() >= least)
                },
            ),
        ]
    }
}

/// Whether something holds of every two nodes, either way round.
fn pairs(state: &State, holds: impl Fn(&KvRaft, &KvRaft) -> bool) -> bool {
    let nodes = &state.nodes;
    (0..nodes.len())
        .all(|a| (0..nodes.len()).all(|b| a == b || holds(&nodes[a].core, &nodes[b].core)))
}

fn bounds(term: u64, requests: u64, crashes: u8, options: Options) -> Bounds {
    Bounds {
        nodes: 3,
        term,
        requests,
        crashes,
        options: Arc::new(options),
    }
}

/// Explores all that is within the bounds, up to a number of states; says how many there were.
fn explore(bounds: Bounds, most: usize) -> impl Checker<Bounds> {
    let checker = bounds
        .checker()
        .threads(2)
        .target_state_count(most)
        .spawn_bfs()
        .join();
    println!(
        "{} states, {} of them distinct",
        checker.state_count(),
        checker.unique_state_count()
    );
    checker
}

#[test]
fn one_term_is_safe_in_every_order_there_is() {
    const MOST: usize = 1_000_000;
    let checker = explore(bounds(1, 1, 1, Options::default()), MOST);
    assert!(checker.state_count() < MOST, "not every state was seen");
    checker.assert_properties();
}

#[test]
fn two_terms_are_safe_as_far_as_was_looked() {
    explore(bounds(2, 1, 1, Options::default()), 600_000).assert_properties();
}

#[test]
fn old_entries_in_small_batches_are_safe_as_far_as_was_looked() {
    let options = Options {
        batch: 1,
        no_op: false,
        ..Options::default()
    };
    let checker = explore(bounds(2, 1, 1, options), 400_000);
    for property in SAFETY {
        checker.assert_no_discovery(property);
    }
}

#[test]
fn what_is_wrong_is_found() {
    for (mutant, crashes, property) in [
        (Mutant::VoteNotPersisted, 1, "election safety"),
        (Mutant::HalfQuorum, 0, "election safety"),
        (Mutant::NoLogCheck, 0, "leader completeness"),
    ] {
        let options = Options {
            mutant: Some(mutant),
            ..Options::default()
        };
        let checker = explore(bounds(2, 0, crashes, options), 2_000_000);
        let found = checker.discovery(property);
        let path = found.unwrap_or_else(|| panic!("{mutant:?} was not found out"));
        println!("{mutant:?}: {} steps", path.into_actions().len());
    }
}
