//! A few replicas on a desk: nothing moves unless a hand moves it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use synod::base::{
    Chance, Conduct, Context, Core, Draws, Effect, Effects, Input, Micros, NodeId, RequestId,
};
use synod::protocol::machine::KvOp;
use synod::protocol::pbft::{
    Authentication, Keys, Message, Milestone, Options, Pbft, Phase, PrePrepare, Reply, Request,
    Sealed, Timer, Vote, Way,
};

/// A message under way: sender, receiver, content.
pub type Letter = (NodeId, NodeId, Message);

pub struct Desk {
    pub cores: Vec<Pbft>,
    pub letters: VecDeque<Letter>,
    /// The timers that are set, and for how long each was.
    pub timers: Vec<BTreeMap<Timer, Micros>>,
    pub facts: Vec<(NodeId, Milestone)>,
    pub replies: Vec<(NodeId, RequestId, Reply)>,
    pub ignored: Vec<&'static str>,
    pub options: Arc<Options>,
    pub now: Micros,
    members: Vec<NodeId>,
    luck: Draws,
}

pub fn node(id: usize) -> NodeId {
    NodeId(id as u16)
}

pub fn put(key: &str, value: i64) -> KvOp {
    KvOp::Put(key.into(), value)
}

pub fn id(client: u32, serial: u64) -> RequestId {
    RequestId { client, serial }
}

pub fn macs() -> Options {
    Options {
        auth: Authentication::Macs,
        ..Options::default()
    }
}

impl Desk {
    pub fn new(nodes: usize, mut options: Options) -> Desk {
        Pbft::check_options(&options, nodes).expect("options that make sense");
        Pbft::prepare(&mut options, 1, nodes);
        let mut desk = Desk {
            cores: Vec::new(),
            letters: VecDeque::new(),
            timers: vec![BTreeMap::new(); nodes],
            facts: Vec::new(),
            replies: Vec::new(),
            ignored: Vec::new(),
            options: Arc::new(options),
            now: Micros::from_ms(1_000),
            members: NodeId::first(nodes).collect(),
            luck: Draws::new(Chance::from_seed(1)),
        };
        for id in 0..nodes {
            let core = desk.boot(id, Default::default());
            desk.cores.push(core);
        }
        desk
    }

    pub fn keys(&self) -> Arc<Keys> {
        self.options.keys(self.members.len())
    }

    fn boot(&mut self, id: usize, disk: <Pbft as Core>::Disk) -> Pbft {
        let mut out = Effects::default();
        let mut ctx = Context::new(node(id), self.now, &self.members, &mut self.luck);
        let core = Pbft::boot(&self.options, disk, &mut ctx, &mut out);
        self.carry_out(id, out);
        core
    }

    pub fn restart(&mut self, id: usize) {
        self.timers[id].clear();
        let disk = self.cores[id].clone().into_disk();
        self.cores[id] = self.boot(id, disk);
    }

    fn carry_out(&mut self, id: usize, out: Effects<Pbft>) {
        for effect in out.list {
            match effect {
                Effect::Send { to, message } => self.letters.push_back((node(id), to, message)),
                Effect::SetTimer { timer, after } => {
                    self.timers[id].insert(timer, after);
                }
                Effect::CancelTimer(timer) => {
                    self.timers[id].remove(&timer);
                }
                Effect::Reply { id: request, reply } => {
                    self.replies.push((node(id), request, reply));
                }
                Effect::Milestone(fact) => self.facts.push((node(id), fact)),
                Effect::Ignore(reason) => self.ignored.push(reason),
            }
        }
    }

    pub fn input(&mut self, id: usize, input: Input<Pbft>) {
        let mut out = Effects::default();
        let mut ctx = Context::new(node(id), self.now, &self.members, &mut self.luck);
        self.cores[id].handle(input, &mut ctx, &mut out);
        self.carry_out(id, out);
    }

    /// Hands a message to a node, and takes what it sends in answer off the desk. The network says
    /// that node 0 sent it, which nobody is to believe.
    pub fn hand(&mut self, to: usize, message: Message) -> Vec<Letter> {
        let before = self.letters.len();
        let from = node(0);
        self.input(to, Input::Message { from, message });
        self.letters.drain(before..).collect()
    }

    pub fn fire(&mut self, id: usize, timer: Timer) {
        let set = self.timers[id].remove(&timer);
        assert!(set.is_some(), "{timer:?} of node {id} is not set");
        self.input(id, Input::Timer(timer));
    }

    pub fn conduct(&mut self, id: usize, ways: &[Way]) {
        let bits = ways.iter().fold(0, |bits, way| bits | 1 << *way as u32);
        self.input(id, Input::Conduct(Conduct(bits)));
    }

    /// The request of a client, as it would sign it.
    pub fn request(&self, client: u32, serial: u64, op: KvOp) -> Arc<Request> {
        let id = id(client, serial);
        let stamp = Request::stamp(&self.keys(), id, &op);
        Arc::new(Request::new(id, op, stamp))
    }

    pub fn ask(&mut self, to: usize, client: u32, serial: u64, op: KvOp) {
        let id = id(client, serial);
        let stamp = Request::stamp(&self.keys(), id, &op);
        self.input(to, Input::Request { id, op, stamp });
    }

    /// What a replica says to all.
    pub fn vote(&self, sender: usize, phase: Phase, view: u64, seq: u64, of: &Request) -> Message {
        let vote = Vote {
            phase,
            view,
            seq,
            digest: of.digest(),
        };
        Message::Vote(Arc::new(Sealed::to_all(&self.keys(), node(sender), vote)))
    }

    pub fn order(&self, sender: usize, view: u64, seq: u64, of: &Arc<Request>) -> Message {
        let order = PrePrepare {
            view,
            seq,
            digest: of.digest(),
            request: Some(Arc::clone(of)),
        };
        Message::PrePrepare(Arc::new(Sealed::to_all(&self.keys(), node(sender), order)))
    }

    /// Delivers letters in order until none is left; those that `lost` picks out disappear.
    pub fn deliver(&mut self, lost: impl Fn(&Letter) -> bool) {
        for _ in 0..200_000 {
            let Some(letter) = self.letters.pop_front() else {
                return;
            };
            if !lost(&letter) {
                let (from, to, message) = letter;
                self.input(to.index(), Input::Message { from, message });
            }
        }
        panic!("the replicas never come to rest");
    }

    pub fn deliver_all(&mut self) {
        self.deliver(|_| false);
    }

    /// Takes the letters off the desk that `held` picks out.
    pub fn hold(&mut self, held: impl Fn(&Letter) -> bool) -> Vec<Letter> {
        let (held, rest) = self.letters.drain(..).partition(held);
        self.letters = rest;
        held.into()
    }

    pub fn said(&self, id: usize, kind: &str) -> usize {
        let by = self.facts.iter().filter(|(who, _)| *who == node(id));
        by.filter(|(_, fact)| synod::base::Milestone::kind(fact) == kind)
            .count()
    }

    /// Whether the node dropped something for that reason since the last look.
    pub fn dropped(&mut self, reason: &str) -> bool {
        std::mem::take(&mut self.ignored).contains(&reason)
    }

    /// Lets `count` requests of client 0 be executed everywhere, from serial number `first` on.
    pub fn work(&mut self, first: u64, count: u64) {
        let primary = self.cores[0].primary().index();
        for serial in first..first + count {
            self.ask(primary, 0, serial, put("x", serial as i64));
            self.deliver_all();
        }
    }

    pub fn executed(&self) -> Vec<u64> {
        self.cores.iter().map(Pbft::executed).collect()
    }
}

/// Whether a letter is one of these kinds.
pub fn is(letter: &Letter, kinds: &[&str]) -> bool {
    kinds.contains(&kind(&letter.2))
}

pub fn kind(message: &Message) -> &'static str {
    <Message as synod::base::Wire>::KINDS[synod::base::Wire::kind(message)]
}

pub fn kinds(letters: &[Letter]) -> Vec<&'static str> {
    let mut kinds: Vec<_> = letters.iter().map(|(.., message)| kind(message)).collect();
    kinds.dedup();
    kinds
}
