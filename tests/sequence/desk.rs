//! Replicas on a desk: letters lie in a row until they are delivered or lost.

use std::collections::VecDeque;
use std::sync::Arc;
use synod::base::Monitor;
use synod::base::{
    Context, Core, Draws, Effect, Effects, Input, Micros, NodeId, RequestId, Violation,
};
use synod::protocol::sequence::{
    Delete, Disk, Insert, Invariants, Message, Milestone, Op, Options, Reply, Sequence, Timer,
};

pub struct Desk {
    options: Arc<Options>,
    pub nodes: Vec<Sequence>,
    pub letters: VecDeque<(usize, usize, Message)>,
    pub replies: Vec<Reply>,
    pub facts: Vec<(usize, Milestone)>,
    pub ignored: Vec<&'static str>,
    pub found: Vec<Violation>,
    pub now: Micros,
    watch: Invariants,
    members: Vec<NodeId>,
    lucks: Vec<Draws>,
    serial: u64,
}

impl Desk {
    pub fn new(nodes: usize, options: Options) -> Desk {
        let mut desk = Desk {
            options: Arc::new(options),
            nodes: Vec::new(),
            letters: VecDeque::new(),
            replies: Vec::new(),
            facts: Vec::new(),
            ignored: Vec::new(),
            found: Vec::new(),
            now: Micros::ZERO,
            watch: Invariants::default(),
            members: NodeId::first(nodes).collect(),
            lucks: NodeId::first(nodes)
                .map(|id| Context::luck_of(1, id))
                .collect(),
            serial: 0,
        };
        for id in 0..nodes {
            let node = desk.boot(id, Disk::default());
            desk.nodes.push(node);
        }
        desk
    }

    fn boot(&mut self, id: usize, disk: Disk) -> Sequence {
        let mut out = Effects::default();
        let (options, members) = (Arc::clone(&self.options), self.members.clone());
        let luck = &mut self.lucks[id];
        let mut ctx = Context::new(NodeId(id as u16), self.now, &members, luck);
        let node = Sequence::boot(&options, disk, &mut ctx, &mut out);
        self.carry_out(id, &node, out);
        node
    }

    /// A node crashes and starts again: from its disk, or, if that is lost, from nothing.
    pub fn restart(&mut self, id: usize, disk_lost: bool) {
        self.watch.crashed(NodeId(id as u16), disk_lost);
        let disk = self.nodes[id].clone().into_disk();
        let disk = if disk_lost { Disk::default() } else { disk };
        self.nodes[id] = self.boot(id, disk);
    }

    fn carry_out(&mut self, id: usize, node: &Sequence, out: Effects<Sequence>) {
        for effect in out.list {
            match effect {
                Effect::Send { to, message } => self.letters.push_back((id, to.index(), message)),
                Effect::Reply { reply, .. } => self.replies.push(reply),
                Effect::Milestone(fact) => {
                    let name = NodeId(id as u16);
                    self.watch.observe(name, node, &fact, &mut self.found);
                    self.facts.push((id, fact));
                }
                Effect::Ignore(reason) => self.ignored.push(reason),
                Effect::SetTimer { .. } | Effect::CancelTimer(_) => {}
            }
        }
    }

    fn input(&mut self, id: usize, input: Input<Sequence>) {
        let mut out = Effects::default();
        let members = self.members.clone();
        let luck = &mut self.lucks[id];
        let mut ctx = Context::new(NodeId(id as u16), self.now, &members, luck);
        self.nodes[id].handle(input, &mut ctx, &mut out);
        let node = self.nodes[id].clone();
        self.carry_out(id, &node, out);
    }

    pub fn hand(&mut self, from: usize, to: usize, message: Message) {
        let from = NodeId(from as u16);
        self.input(to, Input::Message { from, message });
    }

    /// A client's request, with a serial number of its own.
    pub fn ask(&mut self, id: usize, client: u32, op: Op) -> Reply {
        self.serial += 1;
        let serial = self.serial;
        self.ask_as(id, RequestId { client, serial }, op)
    }

    pub fn ask_as(&mut self, node: usize, id: RequestId, op: Op) -> Reply {
        self.input(node, Input::Request { id, op, stamp: () });
        self.replies.pop().expect("it is answered")
    }

    pub fn insert(&mut self, node: usize, at: u32, text: &str) {
        let (at, text) = (Some(at), text.into());
        let reply = self.ask(node, 90 + node as u32, Op::Insert(Insert { at, text }));
        assert!(matches!(reply, Reply::Done { .. }), "{reply}");
    }

    pub fn delete(&mut self, node: usize, at: u32, len: u32) {
        let at = Some(at);
        let reply = self.ask(node, 90 + node as u32, Op::Delete(Delete { at, len }));
        assert!(matches!(reply, Reply::Done { .. }), "{reply}");
    }

    /// A node compares with the next of the others.
    pub fn compare(&mut self, node: usize) {
        self.input(node, Input::Timer(Timer::AntiEntropy));
    }

    /// Delivers what lies there, and what comes of it, the oldest first.
    pub fn deliver_all(&mut self) {
        while let Some((from, to, message)) = self.letters.pop_front() {
            self.hand(from, to, message);
        }
    }

    pub fn text(&self, node: usize) -> String {
        self.nodes[node].document().text()
    }

    pub fn kinds(&self, node: usize) -> Vec<&'static str> {
        let own = self.facts.iter().filter(|(at, _)| *at == node);
        own.map(|(_, fact)| synod::base::Milestone::kind(fact))
            .collect()
    }
}
