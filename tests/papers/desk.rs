//! A few cores on a desk: nothing moves unless a hand moves it.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use synod::base::{
    Chance, Context, Core, Draws, Effect, Effects, Input, Micros, NodeId, RequestId,
};
use synod::protocol::machine::{KvOp, KvOutput};
use synod::protocol::raft::{
    Append, Ask, Entry, KvRaft, Milestone, Op, Options, Payload, Position, Reply, Timer,
};

pub type Message = <KvRaft as Core>::Message;

/// A message under way: sender, receiver, content.
pub type Letter = (NodeId, NodeId, Message);

pub struct Desk {
    pub cores: Vec<KvRaft>,
    pub letters: VecDeque<Letter>,
    pub timers: Vec<BTreeSet<Timer>>,
    pub facts: Vec<(NodeId, Milestone)>,
    pub replies: Vec<(RequestId, Reply<KvOutput>)>,
    pub ignored: Vec<&'static str>,
    pub now: Micros,
    members: Vec<NodeId>,
    options: Arc<Options>,
    luck: Draws,
}

pub fn node(id: usize) -> NodeId {
    NodeId(id as u16)
}

impl Desk {
    pub fn new(nodes: usize, options: Options) -> Desk {
        let mut desk = Desk {
            cores: Vec::new(),
            letters: VecDeque::new(),
            timers: vec![BTreeSet::new(); nodes],
            facts: Vec::new(),
            replies: Vec::new(),
            ignored: Vec::new(),
            now: Micros::from_ms(1_000),
            members: NodeId::first(nodes).collect(),
            options: Arc::new(options),
            luck: Draws::new(Chance::from_seed(1)),
        };
        for id in 0..nodes {
            let core = desk.boot(id, Default::default());
            desk.cores.push(core);
        }
        desk
    }

    /// A node of the next number starts, that knows nobody.
    pub fn join(&mut self) -> usize {
        let id = self.cores.len();
        self.timers.push(BTreeSet::new());
        let core = self.boot(id, Default::default());
        self.cores.push(core);
        id
    }

    fn boot(&mut self, id: usize, disk: <KvRaft as Core>::Disk) -> KvRaft {
        let mut out = Effects::default();
        let founders = if id < self.members.len() {
            &self.members[..]
        } else {
            &[]
        };
        let mut ctx = Context::new(node(id), self.now, founders, &mut self.luck);
        let core = KvRaft::boot(&self.options, disk, &mut ctx, &mut out);
        self.carry_out(id, out);
        core
    }

    pub fn restart(&mut self, id: usize) {
        self.timers[id].clear();
        let disk = self.cores[id].clone().into_disk();
        self.cores[id] = self.boot(id, disk);
    }

    fn carry_out(&mut self, id: usize, out: Effects<KvRaft>) {
        for effect in out.list {
            match effect {
                Effect::Send { to, message } => self.letters.push_back((node(id), to, message)),
                Effect::SetTimer { timer, .. } => {
                    self.timers[id].insert(timer);
                }
                Effect::CancelTimer(timer) => {
                    self.timers[id].remove(&timer);
                }
                Effect::Reply { id: request, reply } => self.replies.push((request, reply)),
                Effect::Milestone(fact) => self.facts.push((node(id), fact)),
                Effect::Ignore(reason) => self.ignored.push(reason),
            }
        }
    }

    fn input(&mut self, id: usize, input: Input<KvRaft>) {
        let mut out = Effects::default();
        let mut ctx = Context::new(node(id), self.now, &self.members, &mut self.luck);
        self.cores[id].handle(input, &mut ctx, &mut out);
        self.carry_out(id, out);
    }

    /// Hands a message to a node, and takes what it sends in answer off the desk.
    pub fn hand(&mut self, from: usize, to: usize, message: Message) -> Vec<Letter> {
        let before = self.letters.len();
        self.input(
            to,
            Input::Message {
                from: node(from),
                message,
            },
        );
        self.letters.drain(before..).collect()
    }

    pub fn fire(&mut self, id: usize, timer: Timer) {
        assert!(
            self.timers[id].remove(&timer),
            "{timer:?} of node {id} is not set"
        );
        self.input(id, Input::Timer(timer));
    }

    pub fn ask(&mut self, id: usize, client: u32, serial: u64, op: Op<KvOp>) {
        self.input(
            id,
            Input::Request {
                id: RequestId { client, serial },
                op,
                stamp: (),
            },
        );
    }

    /// Delivers letters in order until `there`.
    pub fn deliver_until(&mut self, there: impl Fn(&Desk) -> bool) {
        while !there(self) {
            let letter = self.letters.pop_front();
            let (from, to, message) = letter.expect("it is there before the nodes come to rest");
            self.input(to.index(), Input::Message { from, message });
        }
    }

    /// Takes the letters off the desk that `held` picks out.
    pub fn hold(&mut self, held: impl Fn(&Letter) -> bool) -> Vec<Letter> {
        let (held, rest) = self.letters.drain(..).partition(held);
        self.letters = rest;
        held.into()
    }

    /// What a client was answered.
    pub fn answers(&self, client: u32) -> Vec<&Reply<KvOutput>> {
        let of = self.replies.iter().filter(|(id, _)| id.client == client);
        of.map(|(_, reply)| reply).collect()
    }

    /// Delivers letters in order until none is left; those that `lost` picks out disappear.
    pub fn deliver(&mut self, lost: impl Fn(&Letter) -> bool) {
        for _ in 0..100_000 {
            let Some(letter) = self.letters.pop_front() else {
                return;
            };
            if !lost(&letter) && letter.1.index() < self.cores.len() {
                let (from, to, message) = letter;
                self.input(to.index(), Input::Message { from, message });
            }
        }
        panic!("the nodes never come to rest");
    }

    pub fn deliver_all(&mut self) {
        self.deliver(|_| false);
    }

    /// Makes a node the leader, with everybody's help.
    pub fn elect(&mut self, id: usize) {
        self.fire(id, Timer::Election);
        self.deliver_all();
        assert!(self.cores[id].is_leader(), "node {id} is not elected");
    }

    /// The terms of a node's log, entry by entry.
    pub fn terms(&self, id: usize) -> Vec<u64> {
        terms(&self.cores[id])
    }

    /// Gives a node a log of entries of those terms, as their leaders would have.
    pub fn give_log(&mut self, id: usize, leader: usize, terms: &[u64]) {
        if let Some(term) = terms.last() {
            let message = append(*term, Position::default(), 0, &entries(terms));
            self.hand(leader, id, message);
            assert_eq!(self.terms(id), terms);
        }
    }
}

pub fn terms(core: &KvRaft) -> Vec<u64> {
    let log = core.log();
    (1..=log.last_index())
        .filter_map(|index| log.term_at(index))
        .collect()
}

/// Empty entries of those terms.
pub fn entries(terms: &[u64]) -> Vec<Arc<Entry<KvOp>>> {
    terms
        .iter()
        .map(|term| Arc::new(Entry::new(*term, Payload::Noop)))
        .collect()
}

pub fn at(term: u64, index: u64) -> Position {
    Position { term, index }
}

pub fn append(term: u64, prev: Position, commit: u64, entries: &[Arc<Entry<KvOp>>]) -> Message {
    let entries = entries.iter().cloned().collect();
    Message::AppendEntries(Append {
        term,
        round: 0,
        prev,
        commit,
        entries,
    })
}

pub fn ask_vote(term: u64, last: Position) -> Message {
    Message::RequestVote(Ask {
        term,
        last,
        transfer: false,
    })
}

pub fn put(key: &str, value: i64) -> Op<KvOp> {
    Op::Machine(KvOp::Put(key.into(), value))
}

pub fn get(key: &str) -> Op<KvOp> {
    Op::Machine(KvOp::Get(key.into()))
}

/// Whether the one answer is a vote granted.
pub fn granted(letters: &[Letter]) -> bool {
    matches!(letters, [(_, _, Message::RequestVoteReply(vote))] if vote.granted)
}
