//! Single-decree Paxos under an independent judge: the model checker `stateright` tries every order of
//! deliveries, time-outs and crashes within a bound. Messages may be lost, doubled and reordered at
//! will: what was sent once can arrive at any later moment, any number of times, or never.
#![cfg(not(target_arch = "wasm32"))]

use stateright::{Checker, HasDiscoveries, Model, Property};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};
use synod::base::{
    Chance, Context, Core, Digest, Draws, Effect, Effects, Input, Micros, NodeId, RequestId,
};
use synod::protocol::paxos::{
    Ballot, Command, Disk, Message, Mode, Mutant, Op, Options, Paxos, Timer, Value, Voters,
};

/// Who there is, what may happen, and how much of it.
#[derive(Clone)]
struct Bounds {
    nodes: u16,
    /// Who proposes, and what each time that it is asked: a letter of its own.
    proposers: [NodeId; 2],
    /// How many ballots a proposer may begin.
    ballots: u8,
    crashes: u8,
    /// Whether messages that nothing rests on are lost, all of them: refusals, which are advice, and
    /// what a learner tells others.
    advice_lost: bool,
    options: Arc<Options>,
}

const AGREEMENT: &str = "at most one value is chosen";
const LEARNING: &str = "what is learnt is chosen";
const PROMISES: &str = "nothing is accepted below a promise";

/// A node, with whether its ballot timer is set, how many ballots it has begun, and how often it was
/// asked. The digest covers all of it: nodes are compared by it, as there are millions of them.
#[derive(Clone, Debug)]
struct Node {
    core: Paxos,
    timer: bool,
    begun: u8,
    asked: u8,
    digest: u64,
}

impl Node {
    fn seal(&mut self) {
        self.digest = Digest::of(&(&self.core, self.timer, self.begun, self.asked));
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Node) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Node {}

impl Hash for Node {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.digest.hash(state);
    }
}

/// A message that was sent at some time, with its digest, by which they are kept in order. There are
/// few different ones in many states: each is made once and for all.
#[derive(Debug)]
struct Sent {
    digest: u64,
    from: NodeId,
    to: NodeId,
    message: Message,
}

impl Sent {
    fn of(from: NodeId, to: NodeId, message: Message) -> &'static Sent {
        static KNOWN: Mutex<BTreeMap<u64, &'static Sent>> = Mutex::new(BTreeMap::new());
        let digest = Digest::of(&(from, to, &message));
        let mut known = KNOWN.lock().expect("nobody panics while it is held");
        known.entry(digest).or_insert_with(|| {
            Box::leak(Box::new(Sent {
                digest,
                from,
                to,
                message,
            }))
        })
    }
}

impl PartialEq for Sent {
    fn eq(&self, other: &Sent) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Sent {}

impl Hash for Sent {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.digest.hash(state);
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    nodes: Vec<Arc<Node>>,
    sent: Vec<&'static Sent>,
    /// Every vote there ever was: acceptor, ballot and value.
    votes: BTreeSet<(u64, Ballot, NodeId)>,
    crashes: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step {
    Deliver(&'static Sent),
    Ask(NodeId),
    Fire(NodeId),
    Crash(NodeId),
}

fn is_advice(message: &Message) -> bool {
    matches!(message, Message::Refuse { .. } | Message::Chosen { .. })
}

/// What a node proposes when it is asked for the `n`-th time.
fn text(id: NodeId, n: u8) -> String {
    format!("{}{n}", char::from(b'A' + id.0 as u8))
}

fn proposed(id: NodeId, n: u8) -> Value {
    Value::new(Command::Text(text(id, n).into()))
}

impl Bounds {
    /// Lets a core do something, and carries out what it asks for.
    fn act(
        &self,
        state: &mut State,
        id: NodeId,
        act: impl FnOnce(&mut Node, &mut Context, &mut Effects<Paxos>),
    ) {
        let members: Vec<NodeId> = NodeId::first(usize::from(self.nodes)).collect();
        let mut luck = Draws::new(Chance::from_seed(0));
        let mut ctx = Context::new(id, Micros::ZERO, &members, &mut luck);
        let mut out = Effects::default();
        let node = Arc::make_mut(&mut state.nodes[id.index()]);
        act(node, &mut ctx, &mut out);
        for effect in out.list {
            match effect {
                Effect::SetTimer { timer, .. } => node.timer |= timer == Timer::Ballot,
                Effect::CancelTimer(timer) => node.timer &= timer != Timer::Ballot,
                Effect::Send { message, .. } if self.advice_lost && is_advice(&message) => {}
                Effect::Send { to, message } => {
                    let sent = Sent::of(id, to, message);
                    let place = state
                        .sent
                        .binary_search_by_key(&sent.digest, |sent| sent.digest);
                    if let Err(place) = place {
                        state.sent.insert(place, sent);
                    }
                }
                Effect::Reply { .. } | Effect::Milestone(_) | Effect::Ignore(_) => {}
            }
        }
        node.seal();
        if let Some(vote) = node.core.accepted(1) {
            state.votes.insert((vote.value.digest(), vote.ballot, id));
        }
    }

    fn boot(&self, disk: Disk, ctx: &mut Context, out: &mut Effects<Paxos>) -> Paxos {
        Paxos::boot(&self.options, disk, ctx, out)
    }

    /// The values that a quorum has accepted in one ballot.
    fn chosen(&self, state: &State) -> BTreeSet<u64> {
        let [_, quorum] = state.nodes[0].core.quorums();
        let mut voters: BTreeMap<(u64, Ballot), Voters> = BTreeMap::new();
        for (value, ballot, node) in &state.votes {
            voters.entry((*value, *ballot)).or_default().insert(*node);
        }
        let reached =
            |(key, voters): ((u64, Ballot), Voters)| (voters.len() >= quorum).then_some(key.0);
        voters.into_iter().filter_map(reached).collect()
    }
}

impl Model for Bounds {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let members: Vec<NodeId> = NodeId::first(usize::from(self.nodes)).collect();
        let boot = |id: &NodeId| {
            let mut luck = Draws::new(Chance::from_seed(0));
            let mut ctx = Context::new(*id, Micros::ZERO, &members, &mut luck);
            let mut node = Node {
                core: self.boot(Disk::default(), &mut ctx, &mut Effects::default()),
                timer: false,
                begun: 0,
                asked: 0,
                digest: 0,
            };
            node.seal();
            Arc::new(node)
        };
        vec![State {
            nodes: members.iter().map(boot).collect(),
            sent: Vec::new(),
            votes: BTreeSet::new(),
            crashes: 0,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Step>) {
        actions.extend(state.sent.iter().copied().map(Step::Deliver));
        for id in self.proposers {
            let node = &state.nodes[id.index()];
            if node.begun < self.ballots {
                let learnt = node.core.chosen(1).is_some();
                // Once in each life: after a crash another client asks for something else.
                if node.asked <= state.crashes && !node.timer && !learnt {
                    actions.push(Step::Ask(id));
                }
                if node.timer {
                    actions.push(Step::Fire(id));
                }
            }
        }
        if state.crashes < self.crashes {
            actions.extend(NodeId::first(usize::from(self.nodes)).map(Step::Crash));
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
            Step::Ask(id) => self.act(&mut state, id, |node, ctx, out| {
                node.begun += 1;
                node.asked += 1;
                let request = RequestId {
                    client: u32::from(id.0),
                    serial: u64::from(node.asked),
                };
                let op = Op::propose(&text(id, node.asked));
                let input = Input::Request {
                    id: request,
                    op,
                    stamp: (),
                };
                node.core.handle(input, ctx, out);
            }),
            Step::Fire(id) => self.act(&mut state, id, |node, ctx, out| {
                node.timer = false;
                node.begun += 1;
                node.core.handle(Input::Timer(Timer::Ballot), ctx, out);
            }),
            Step::Crash(id) => {
                state.crashes += 1;
                self.act(&mut state, id, |node, ctx, out| {
                    node.timer = false;
                    let disk = node.core.clone().into_disk();
                    node.core = self.boot(disk, ctx, out);
                });
            }
        }
        (state != *before).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Bounds>> {
        vec![
            Property::always(AGREEMENT, |bounds: &Bounds, state: &State| {
                bounds.chosen(state).len() <= 1
            }),
            Property::always(LEARNING, |bounds: &Bounds, state: &State| {
                let chosen = bounds.chosen(state);
                let learnt = state.nodes.iter().filter_map(|node| node.core.chosen(1));
                learnt
                    .map(Value::digest)
                    .all(|value| chosen.contains(&value))
            }),
            Property::always(PROMISES, |_, state: &State| {
                state.nodes.iter().all(|node| {
                    let vote = node.core.accepted(1);
                    vote.is_none_or(|vote| vote.ballot <= node.core.promised())
                })
            }),
            Property::sometimes("both proposers learn", |bounds: &Bounds, state: &State| {
                let learnt = |id: NodeId| state.nodes[id.index()].core.chosen(1).is_some();
                bounds.proposers.into_iter().all(learnt)
            }),
            Property::sometimes("a value is adopted", |bounds: &Bounds, state: &State| {
                let [first, second] = bounds.proposers;
                let value = proposed(first, 1).digest();
                let adopts =
                    |(it, ballot, _): &(u64, Ballot, NodeId)| *it == value && ballot.node == second;
                state.votes.iter().any(adopts)
            }),
        ]
    }
}

fn bounds(nodes: u16, ballots: u8, crashes: u8, options: Options) -> Bounds {
    let proposers = match nodes {
        5 => [NodeId(3), NodeId(4)],
        _ => [NodeId(0), NodeId(1)],
    };
    Bounds {
        nodes,
        proposers,
        ballots,
        crashes,
        advice_lost: false,
        options: Arc::new(Options {
            mode: Mode::Single,
            acceptors: 3,
            ask: Micros::ZERO,
            ..options
        }),
    }
}

/// Explores all that is within the bounds, up to a number of states, or until what is looked for is
/// found; says how many there were.
fn explore(bounds: Bounds, most: usize, until: HasDiscoveries) -> impl Checker<Bounds> {
    let checker = bounds
        .checker()
        .threads(2)
        .finish_when(until)
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

/// Explores everything there is within the bounds.
fn exhaust(bounds: Bounds) {
    const MOST: usize = 8_000_000;
    let checker = explore(bounds, MOST, HasDiscoveries::AnyFailures);
    assert!(checker.state_count() < MOST, "not every state was seen");
    checker.assert_properties();
}

#[test]
fn two_proposers_agree_in_every_order_there_is() {
    exhaust(bounds(3, 1, 0, Options::default()));
}

#[test]
fn three_acceptors_and_two_proposers_apart_agree_in_every_order() {
    exhaust(Bounds {
        advice_lost: true,
        ..bounds(5, 1, 0, Options::default())
    });
}

#[test]
fn they_agree_whoever_crashes_and_when() {
    exhaust(Bounds {
        advice_lost: true,
        ..bounds(3, 1, 1, Options::default())
    });
}

#[test]
fn two_ballots_each_are_safe_as_far_as_was_looked() {
    let bounds = bounds(3, 2, 0, Options::default());
    explore(bounds, 600_000, HasDiscoveries::AnyFailures).assert_properties();
}

#[test]
fn what_is_wrong_is_found() {
    for (mutant, ballots, crashes, property) in [
        (Mutant::HalfQuorum, 1, 0, LEARNING),
        (Mutant::SharedBallots, 1, 0, AGREEMENT),
        (Mutant::KeepsOwnValue, 1, 0, AGREEMENT),
        (Mutant::AcceptBelowPromise, 1, 0, AGREEMENT),
        (Mutant::PromiseNotPersisted, 1, 1, AGREEMENT),
        (Mutant::AcceptorForgets, 1, 1, AGREEMENT),
        (Mutant::StalePromises, 2, 0, AGREEMENT),
        (Mutant::LowestAccepted, 2, 0, AGREEMENT),
        (Mutant::CountsValues, 2, 0, LEARNING),
    ] {
        let options = Options {
            mutant: Some(mutant),
            ..Options::default()
        };
        let bounds = Bounds {
            advice_lost: true,
            ..bounds(3, ballots, crashes, options)
        };
        let until = HasDiscoveries::AllOf([property].into());
        let checker = explore(bounds, 3_000_000, until);
        let found = checker.discovery(property);
        let path = found.unwrap_or_else(|| panic!("{mutant:?} was not found out"));
        println!("{mutant:?}: {} steps", path.into_actions().len());
    }
}
