//! Nodes of the store on a desk: letters lie in a row until they are delivered, lost or held back,
//! and each node's clock shows what it is told to show.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use synod::base::{
    Context as NodeContext, Core, Draws, Effect, Effects, Input, Judgement, Micros, NodeId,
    RequestId,
};
use synod::protocol::kv::{
    Basis, Context, Delete, Found, Kv, Memory, Message, Milestone, Op, Options, Put, Reply, Timer,
    Value,
};

pub type Letter = (NodeId, NodeId, Message);

pub fn node(id: usize) -> NodeId {
    NodeId(id as u16)
}

pub struct Desk {
    pub options: Arc<Options>,
    pub cores: Vec<Kv>,
    pub timers: Vec<BTreeSet<Timer>>,
    pub letters: VecDeque<Letter>,
    pub replies: Vec<(RequestId, Reply)>,
    pub facts: Vec<(NodeId, Milestone)>,
    pub ignored: Vec<&'static str>,
    /// What each node's clock shows.
    pub clocks: Vec<Micros>,
    memories: BTreeMap<u32, Memory>,
    serials: BTreeMap<u32, u64>,
    members: Vec<NodeId>,
    lucks: Vec<Draws>,
}

impl Desk {
    pub fn new(nodes: usize, options: Options) -> Desk {
        Kv::check_options(&options, nodes).expect("options that make sense");
        let mut desk = Desk {
            options: Arc::new(options),
            cores: Vec::new(),
            timers: vec![BTreeSet::new(); nodes],
            letters: VecDeque::new(),
            replies: Vec::new(),
            facts: Vec::new(),
            ignored: Vec::new(),
            clocks: vec![Micros::ZERO; nodes],
            memories: BTreeMap::new(),
            serials: BTreeMap::new(),
            members: NodeId::first(nodes).collect(),
            lucks: NodeId::first(nodes)
                .map(|id| NodeContext::luck_of(1, id))
                .collect(),
        };
        for id in 0..nodes {
            let core = desk.boot(id, Default::default());
            desk.cores.push(core);
        }
        desk
    }

    fn boot(&mut self, id: usize, disk: <Kv as Core>::Disk) -> Kv {
        let mut out = Effects::default();
        let (options, members) = (Arc::clone(&self.options), self.members.clone());
        let members = if id < members.len() {
            &members[..]
        } else {
            &[]
        };
        let luck = &mut self.lucks[id];
        let mut ctx = NodeContext::new(node(id), self.clocks[id], members, luck);
        let core = Kv::boot(&options, disk, &mut ctx, &mut out);
        self.carry_out(id, out);
        core
    }

    /// A node that was not there before starts with an empty disk.
    pub fn join(&mut self) -> usize {
        let id = self.cores.len();
        self.timers.push(BTreeSet::new());
        self.clocks.push(self.clocks[0]);
        self.lucks.push(NodeContext::luck_of(1, node(id)));
        let core = self.boot(id, Default::default());
        self.cores.push(core);
        id
    }

    /// A node crashes and starts again: from its disk, or, if that is lost, from nothing.
    pub fn restart(&mut self, id: usize, disk_lost: bool) {
        self.timers[id].clear();
        let disk = self.cores[id].clone().into_disk();
        let disk = if disk_lost { Default::default() } else { disk };
        self.cores[id] = self.boot(id, disk);
    }

    fn carry_out(&mut self, id: usize, out: Effects<Kv>) {
        for effect in out.list {
            match effect {
                Effect::Send { to, message } => self.letters.push_back((node(id), to, message)),
                Effect::SetTimer { timer, .. } => {
                    self.timers[id].insert(timer);
                }
                Effect::CancelTimer(timer) => {
                    self.timers[id].remove(&timer);
                }
                Effect::Reply { id: request, reply } => self.hear(request, reply),
                Effect::Milestone(fact) => self.facts.push((node(id), fact)),
                Effect::Ignore(reason) => self.ignored.push(reason),
            }
        }
    }

    /// A client hears an answer, and remembers what it says.
    fn hear(&mut self, request: RequestId, reply: Reply) {
        let memory = self.memories.entry(request.client).or_default();
        let heard = [(NodeId(0), reply.clone())];
        let judgement = Kv::judge(&self.options, memory, request, &heard, 0);
        assert_ne!(judgement, Judgement::Wait);
        self.replies.push((request, reply));
    }

    fn input(&mut self, id: usize, input: Input<Kv>) {
        let mut out = Effects::default();
        let members = self.members.clone();
        let luck = &mut self.lucks[id];
        let mut ctx = NodeContext::new(node(id), self.clocks[id], &members, luck);
        self.cores[id].handle(input, &mut ctx, &mut out);
        self.carry_out(id, out);
    }

    /// Hands a message to a node, and takes what it sends in answer off the desk.
    pub fn hand(&mut self, from: usize, to: usize, message: Message) -> Vec<Letter> {
        let before = self.letters.len();
        let from = node(from);
        self.input(to, Input::Message { from, message });
        self.letters.drain(before..).collect()
    }

    pub fn fire(&mut self, id: usize, timer: Timer) {
        assert!(
            self.timers[id].remove(&timer),
            "{timer:?} of node {id} is not set"
        );
        self.input(id, Input::Timer(timer));
    }

    /// A client asks a node; what it remembers of the key goes along, as the operation wants it.
    pub fn ask(&mut self, id: usize, client: u32, op: Op) -> RequestId {
        let serial = self.serials.entry(client).or_default();
        *serial += 1;
        let request = RequestId {
            client,
            serial: *serial,
        };
        self.ask_again(id, request, op);
        request
    }

    pub fn ask_again(&mut self, id: usize, request: RequestId, op: Op) {
        let memory = self.memories.entry(request.client).or_default();
        let stamp = Kv::stamp(&self.options, memory, request, &op);
        let id_of = request;
        self.input(
            id,
            Input::Request {
                id: id_of,
                op,
                stamp,
            },
        );
    }

    /// The answer to a request, if there is one.
    pub fn reply(&self, request: RequestId) -> Option<&Reply> {
        let mut replies = self.replies.iter().rev();
        let found = replies.find(|(id, _)| *id == request);
        found.map(|(_, reply)| reply)
    }

    /// Reads a key by way of a node, with all letters delivered.
    pub fn read(&mut self, id: usize, client: u32, key: &str) -> Arc<Found> {
        let request = self.ask(id, client, get(key));
        self.deliver_all();
        match self.reply(request) {
            Some(Reply::Found(found)) => Arc::clone(found),
            other => panic!("a read was answered {other:?}"),
        }
    }

    /// The values of a key at a node.
    pub fn values(&self, id: usize, key: &str) -> Vec<String> {
        let item = self.cores[id].item(key);
        item.map_or_else(Vec::new, |item| {
            item.values()
                .iter()
                .map(|value| value.to_string())
                .collect()
        })
    }

    /// Takes the letters off the desk that `held` picks out.
    pub fn hold(&mut self, held: impl Fn(&Letter) -> bool) -> Vec<Letter> {
        let (held, rest) = self.letters.drain(..).partition(held);
        self.letters = rest;
        held.into()
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

    /// Lets time pass: the hearts of these nodes beat so often, with all letters between them
    /// delivered and those to others lost.
    pub fn beat(&mut self, nodes: &[usize], times: usize) {
        for _ in 0..times {
            for id in nodes {
                self.clocks[*id] += self.options.gossip;
                self.fire(*id, Timer::Gossip);
                if self.timers[*id].contains(&Timer::Patience) {
                    self.fire(*id, Timer::Patience);
                }
            }
            self.deliver(|(from, to, _)| {
                !nodes.contains(&from.index()) || !nodes.contains(&to.index())
            });
        }
    }

    /// Two nodes compare what both keep.
    pub fn compare(&mut self, a: usize, b: usize) {
        for _ in 0..self.cores.len() {
            self.fire(a, Timer::AntiEntropy);
            let to_others = |(_, to, _): &Letter| to.index() != a && to.index() != b;
            self.deliver(to_others);
        }
    }
}

pub fn text(value: &str) -> Value {
    Value::Text(value.into())
}

pub fn get(key: &str) -> Op {
    Op::Get(key.into())
}

/// A write that knows what its client has read last.
pub fn put(key: &str, value: Value) -> Op {
    let basis = Basis::LastRead;
    let key = key.into();
    Op::Put(Put { key, value, basis })
}

/// A write that knows nothing.
pub fn blind(key: &str, value: Value) -> Op {
    let basis = Basis::Nothing;
    let key = key.into();
    Op::Put(Put { key, value, basis })
}

/// A write that knows this.
pub fn knowing(key: &str, value: Value, context: &Arc<Context>) -> Op {
    let basis = Basis::Context(Arc::clone(context));
    let key = key.into();
    Op::Put(Put { key, value, basis })
}

pub fn delete(key: &str) -> Op {
    let basis = Basis::LastRead;
    let key = key.into();
    Op::Delete(Delete { key, basis })
}

/// Quorums that wait for all replicas, so that a test sees every one of them.
pub fn strict(n: u32, r: u32, w: u32) -> Options {
    Options {
        n,
        r,
        w,
        sloppy: false,
        ..Options::default()
    }
}
