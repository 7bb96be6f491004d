//! A few cores on a desk: nothing moves unless a hand moves it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use synod::base::{
    Chance, Context, Core, Draws, Effect, Effects, Input, Micros, NodeId, RequestId,
};
use synod::protocol::machine::KvOp;
use synod::protocol::paxos::{
    Accept, Ballot, Command, Disk, Message, Milestone, Mode, Op, Options, Paxos, Promise, Reply,
    Report, Timer, Value,
};

/// A message under way: sender, receiver, content.
pub type Letter = (NodeId, NodeId, Message);

pub struct Desk {
    pub cores: Vec<Paxos>,
    pub letters: VecDeque<Letter>,
    /// The timers that are set, with the spans that they were set to.
    pub timers: Vec<BTreeMap<Timer, Micros>>,
    pub facts: Vec<(NodeId, Milestone)>,
    pub replies: Vec<(RequestId, Reply)>,
    pub ignored: Vec<&'static str>,
    pub now: Micros,
    members: Vec<NodeId>,
    options: Arc<Options>,
    luck: Draws,
}

pub fn node(id: usize) -> NodeId {
    NodeId(id as u16)
}

pub fn ballot(round: u32, of: usize) -> Ballot {
    Ballot {
        round,
        node: node(of),
    }
}

pub fn text(text: &str) -> Value {
    Value::new(Command::Text(text.into()))
}

/// The value of a client's put.
pub fn put_value(client: u32, serial: u64, value: i64) -> Value {
    Value::new(Command::Machine {
        id: RequestId { client, serial },
        op: KvOp::Put("x".into(), value),
    })
}

pub fn put(value: i64) -> Op {
    Op::Machine(KvOp::Put("x".into(), value))
}

pub fn get() -> Op {
    Op::Machine(KvOp::Get("x".into()))
}

pub fn prepare(ballot: Ballot) -> Message {
    Message::Prepare { ballot, from: 1 }
}

pub fn accept(ballot: Ballot, slot: u64, value: Value) -> Message {
    Message::Accept(Accept {
        ballot,
        slot,
        values: value.into(),
        chosen: 0,
    })
}

pub fn accepted(ballot: Ballot, slot: u64, value: Value) -> Message {
    Message::Accepted {
        ballot,
        slot,
        values: value.into(),
    }
}

pub fn report(slot: u64, ballot: Ballot, value: Value) -> Report {
    Report {
        slot,
        ballot,
        value,
        chosen: false,
    }
}

pub fn promise(ballot: Ballot, reports: &[Report]) -> Message {
    Message::Promise(Promise {
        ballot,
        reports: reports.iter().cloned().collect(),
        snapshot: None,
    })
}

/// Options for a single decision.
pub fn single() -> Options {
    Options {
        mode: Mode::Single,
        ..Options::default()
    }
}

impl Desk {
    pub fn new(nodes: usize, options: Options) -> Desk {
        let mut desk = Desk {
            cores: Vec::new(),
            letters: VecDeque::new(),
            timers: vec![BTreeMap::new(); nodes],
            facts: Vec::new(),
            replies: Vec::new(),
            ignored: Vec::new(),
            now: Micros::from_ms(1_000),
            members: NodeId::first(nodes).collect(),
            options: Arc::new(options),
            luck: Draws::new(Chance::from_seed(1)),
        };
        for id in 0..nodes {
            let core = desk.boot(id, Disk::default());
            desk.cores.push(core);
        }
        desk
    }

    fn boot(&mut self, id: usize, disk: Disk) -> Paxos {
        let mut out = Effects::default();
        let mut ctx = Context::new(node(id), self.now, &self.members, &mut self.luck);
        let core = Paxos::boot(&self.options, disk, &mut ctx, &mut out);
        self.carry_out(id, out);
        core
    }

    pub fn restart(&mut self, id: usize) {
        self.timers[id].clear();
        let disk = self.cores[id].clone().into_disk();
        self.cores[id] = self.boot(id, disk);
    }

    fn carry_out(&mut self, id: usize, out: Effects<Paxos>) {
        for effect in out.list {
            match effect {
                Effect::Send { to, message } => self.letters.push_back((node(id), to, message)),
                Effect::SetTimer { timer, after } => {
                    self.timers[id].insert(timer, after);
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

    pub fn input(&mut self, id: usize, input: Input<Paxos>) {
        let mut out = Effects::default();
        let mut ctx = Context::new(node(id), self.now, &self.members, &mut self.luck);
        self.cores[id].handle(input, &mut ctx, &mut out);
        self.carry_out(id, out);
    }

    /// Hands a message to a node, and takes what it sends in answer off the desk.
    pub fn hand(&mut self, from: usize, to: usize, message: Message) -> Vec<Message> {
        let before = self.letters.len();
        let from = node(from);
        self.input(to, Input::Message { from, message });
        let sent = self.letters.drain(before..);
        sent.map(|(_, _, message)| message).collect()
    }

    pub fn fire(&mut self, id: usize, timer: Timer) {
        assert!(
            self.timers[id].remove(&timer).is_some(),
            "{timer:?} of node {id} is not set"
        );
        self.input(id, Input::Timer(timer));
    }

    pub fn ask(&mut self, id: usize, client: u32, serial: u64, op: Op) {
        let id_ = RequestId { client, serial };
        self.input(
            id,
            Input::Request {
                id: id_,
                op,
                stamp: (),
            },
        );
    }

    /// A client proposes a text to a node.
    pub fn propose(&mut self, id: usize, client: u32, text: &str) {
        self.ask(id, client, 1, Op::propose(text));
    }

    /// Delivers letters in order until none is left; those that `lost` picks out disappear.
    pub fn deliver(&mut self, lost: impl Fn(&Letter) -> bool) {
        for _ in 0..100_000 {
            let Some(letter) = self.letters.pop_front() else {
                return;
            };
            if !lost(&letter) {
                let (from, to, message) = letter;
                self.input(to.index(), Input::Message { from, message });
            }
        }
        panic!("the nodes never come to rest");
    }

    pub fn deliver_all(&mut self) {
        self.deliver(|_| false);
    }

    /// Delivers what lies on the desk and goes from one node to another, and nothing else.
    pub fn pass(&mut self, from: usize, to: usize) {
        let (there, rest): (Vec<_>, Vec<_>) = self
            .letters
            .drain(..)
            .partition(|letter| (letter.0, letter.1) == (node(from), node(to)));
        self.letters = rest.into();
        for (from, to, message) in there {
            self.input(to.index(), Input::Message { from, message });
        }
    }

    /// Makes a node the leader, with everybody's help.
    pub fn elect(&mut self, id: usize) {
        self.fire(id, Timer::Election);
        self.deliver_all();
        assert_eq!(
            self.cores[id].leader(),
            Some(node(id)),
            "node {id} does not lead"
        );
    }

    /// What a client was answered.
    pub fn answers(&self, client: u32) -> Vec<&Reply> {
        let of = self.replies.iter().filter(|(id, _)| id.client == client);
        of.map(|(_, reply)| reply).collect()
    }

    /// What a node proposes for slots, of what lies on the desk: slot, text.
    pub fn proposals(&self, of: usize) -> BTreeMap<u64, String> {
        let mut proposals = BTreeMap::new();
        for (from, _, message) in &self.letters {
            if let Message::Accept(accept) = message
                && *from == node(of)
            {
                for (slot, value) in accept.values.slots_from(accept.slot) {
                    proposals.insert(slot, value.to_string());
                }
            }
        }
        proposals
    }

    pub fn promised(&self, id: usize) -> String {
        self.cores[id].promised().to_string()
    }

    /// What a node has accepted for a slot, as `A@1.0`.
    pub fn accepted(&self, id: usize, slot: u64) -> Option<String> {
        let vote = self.cores[id].accepted(slot)?;
        Some(format!("{}@{}", vote.value, vote.ballot))
    }

    /// What a node knows to be chosen for a slot.
    pub fn chosen(&self, id: usize, slot: u64) -> Option<String> {
        self.cores[id].chosen(slot).map(Value::to_string)
    }
}
