//! Paxos with a network that does whatever it likes: what was sent once arrives at any later moment, any
//! number of times, or never; timers go off when they like, and nodes crash at will. No time, no world:
//! cores alone, with every invariant watched. What takes a world many coincidences is common here.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeSet;
use std::sync::Arc;
use synod::base::{
    Chance, Context, Core, Draws, Effect, Effects, Input, Micros, Monitor, NodeId, RequestId,
    Violation,
};
use synod::protocol::machine::KvOp;
use synod::protocol::paxos::{
    Disk, Invariants, Learning, Message, Mode, Mutant, Op, Options, Paxos, Reply, Timer,
};

const WALKS: u64 = 40_000;
const STEPS: u64 = 400;
/// How many of the messages that were sent last are the likely ones.
const RECENT: usize = 12;

/// A cluster, and all that was ever sent in it.
struct Chaos {
    options: Arc<Options>,
    cores: Vec<Paxos>,
    timers: Vec<BTreeSet<Timer>>,
    bag: Vec<(NodeId, NodeId, Message)>,
    monitor: Invariants,
    found: Vec<Violation>,
    serials: Vec<u64>,
    answered: u64,
    members: Vec<NodeId>,
    /// Links that carry nothing for a while, in one direction.
    cut: BTreeSet<(NodeId, NodeId)>,
    luck: Draws,
    clock: u64,
}

/// The clients' operations, some of which read.
fn operation(single: bool, client: u32, serial: u64) -> Op {
    match (single, serial % 4) {
        (true, _) => Op::propose(&format!("{client}{serial}")),
        (_, 0) => Op::Machine(KvOp::Get("x".into())),
        _ => Op::Machine(KvOp::Put("x".into(), serial as i64)),
    }
}

impl Chaos {
    fn new(seed: u64, mutant: Option<Mutant>, mode: Mode) -> Chaos {
        let mut luck = Draws::new(Chance::from_seed(seed).of(0x6368_616f));
        let nodes = luck.between(3, 5);
        let acceptors = if nodes > 3 && luck.between(0, 3) == 0 {
            3
        } else {
            nodes
        };
        let first = luck.between(1, acceptors);
        let even = luck.between(0, 2) > 0;
        let quorum = |some: u64| if even { 0 } else { some as u16 };
        let options = Options {
            mode,
            acceptors: acceptors as u16,
            phase1_quorum: quorum(first),
            phase2_quorum: quorum(acceptors + 1 - first),
            repromise: luck.between(0, 1) == 0,
            learners: [Learning::Proposer, Learning::Everybody][luck.between(0, 1) as usize],
            back_off: luck.between(0, 3) > 0,
            snapshot_every: [0, 0, 2][luck.between(0, 2) as usize],
            mutant,
            ..Options::default()
        };
        let mut chaos = Chaos {
            options: Arc::new(options),
            cores: Vec::new(),
            timers: vec![BTreeSet::new(); nodes as usize],
            bag: Vec::new(),
            monitor: Invariants::default(),
            found: Vec::new(),
            serials: vec![0; 3],
            answered: 0,
            members: NodeId::first(nodes as usize).collect(),
            cut: BTreeSet::new(),
            luck,
            clock: 0,
        };
        for id in 0..nodes as usize {
            let core = chaos.boot(id, Disk::default());
            chaos.cores.push(core.0);
            chaos.carry_out(id, core.1);
        }
        chaos
    }

    fn boot(&mut self, id: usize, disk: Disk) -> (Paxos, Effects<Paxos>) {
        let mut out = Effects::default();
        let id = NodeId(id as u16);
        let mut ctx = Context::new(id, Micros(self.clock), &self.members, &mut self.luck);
        let core = Paxos::boot(&self.options, disk, &mut ctx, &mut out);
        (core, out)
    }

    fn input(&mut self, id: usize, input: Input<Paxos>) {
        let mut out = Effects::default();
        let node = NodeId(id as u16);
        let mut ctx = Context::new(node, Micros(self.clock), &self.members, &mut self.luck);
        self.cores[id].handle(input, &mut ctx, &mut out);
        self.carry_out(id, out);
    }

    fn carry_out(&mut self, id: usize, out: Effects<Paxos>) {
        let node = NodeId(id as u16);
        for effect in out.list {
            match effect {
                Effect::Send { to, message } => self.bag.push((node, to, message)),
                Effect::SetTimer { timer, .. } => {
                    self.timers[id].insert(timer);
                }
                Effect::CancelTimer(timer) => {
                    self.timers[id].remove(&timer);
                }
                Effect::Milestone(fact) => {
                    let core = &self.cores[id];
                    self.monitor.observe(node, core, &fact, &mut self.found);
                }
                Effect::Reply { reply, .. } => {
                    self.answered += u64::from(matches!(reply, Reply::Done(_) | Reply::Chosen(_)));
                }
                Effect::Ignore(_) => {}
            }
        }
    }

    fn step(&mut self) {
        self.clock += 1_000;
        let id = self.luck.between(0, self.cores.len() as u64 - 1) as usize;
        match self.luck.between(0, 99) {
            0..9 => self.fire(id),
            9..18 => self.ask(id),
            18..20 => {
                self.timers[id].clear();
                let disk = self.cores[id].clone().into_disk();
                let (core, out) = self.boot(id, disk);
                self.cores[id] = core;
                self.monitor.crashed(NodeId(id as u16), false);
                self.carry_out(id, out);
            }
            20 => {
                let gone = self.bag.len() / 2;
                self.bag.drain(..gone);
            }
            21 => self.weather(),
            _ => self.deliver(),
        }
    }

    /// A timer goes off; patience with a leader ends less often than other waits.
    fn fire(&mut self, id: usize) {
        let timer = self.timers[id].last().copied();
        let patient = timer == Some(Timer::Election) && self.luck.between(0, 4) > 0;
        if let Some(timer) = timer.filter(|_| !patient) {
            self.timers[id].remove(&timer);
            self.input(id, Input::Timer(timer));
        }
    }

    /// Other links are cut from now on.
    fn weather(&mut self) {
        let tenths = [0, 2, 5][self.luck.between(0, 2) as usize];
        self.cut.clear();
        for from in &self.members {
            for to in &self.members {
                if self.luck.between(0, 9) < tenths {
                    self.cut.insert((*from, *to));
                }
            }
        }
    }

    /// A client asks, or asks again: most often one of those that believe to lead.
    fn ask(&mut self, id: usize) {
        let leads = |core: &&Paxos| core.leader() == Some(core.id());
        let leaders: Vec<usize> = self
            .cores
            .iter()
            .filter(leads)
            .map(|it| it.id().index())
            .collect();
        let id = match leaders.len() as u64 {
            0 => id,
            _ if self.luck.between(0, 4) == 0 => id,
            count => leaders[self.luck.between(0, count - 1) as usize],
        };
        let client = self.luck.between(0, 2) as usize;
        let new = self.serials[client] == 0 || self.luck.between(0, 1) == 0;
        self.serials[client] += u64::from(new);
        let serial = self.serials[client];
        let op = operation(self.options.is_single(), client as u32, serial);
        let request = RequestId {
            client: client as u32,
            serial,
        };
        let asked = Input::Request {
            id: request,
            op,
            stamp: (),
        };
        self.input(id, asked);
    }

    /// Something that was sent arrives: most often of the newest, and then for the last time.
    fn deliver(&mut self) {
        let count = self.bag.len();
        if count == 0 {
            return;
        }
        let old = self.luck.between(0, 9) == 0;
        let from = if old { 0 } else { count.saturating_sub(RECENT) };
        let place = self.luck.between(from as u64, count as u64 - 1) as usize;
        if self.cut.contains(&(self.bag[place].0, self.bag[place].1)) {
            return;
        }
        let again = self.luck.between(0, 4) == 0;
        let (from, to, message) = match again {
            true => self.bag[place].clone(),
            false => self.bag.remove(place),
        };
        self.input(to.index(), Input::Message { from, message });
    }
}

/// Walks until something is violated; says what, and how many were answered.
fn walk(seed: u64, mutant: Option<Mutant>, mode: Mode) -> (Option<String>, u64) {
    let mut chaos = Chaos::new(seed, mutant, mode);
    for step in 0..STEPS {
        chaos.step();
        if let Some(first) = chaos.found.first() {
            let text = format!(
                "seed {seed}, step {step}: {}, {:?}",
                first.text, chaos.options
            );
            return (Some(text), chaos.answered);
        }
    }
    (None, chaos.answered)
}

#[test]
fn nothing_is_violated_whatever_the_network_does() {
    for mode in [Mode::Single, Mode::Multi] {
        let mut answered = 0;
        for seed in 0..WALKS {
            let (wrong, told) = walk(seed, None, mode);
            assert_eq!(wrong, None);
            answered += told;
        }
        println!("{mode:?}: {answered} answers");
        assert!(
            answered > WALKS,
            "only {answered} answers: the walks go nowhere"
        );
    }
}

#[test]
fn what_is_left_out_is_found_out() {
    for mutant in Mutant::ALL {
        if matches!(
            mutant,
            // A lease breaks reads, which clients alone can tell; and a proposer that forgets its
            // rounds is soon reminded of them by what it hears.
            Mutant::LeaseNotHonoured | Mutant::LeaseFromAnswer | Mutant::RoundNotPersisted
        ) {
            continue;
        }
        let wrong = |seed: u64| {
            let modes = [Mode::Single, Mode::Multi];
            let found = |mode| walk(seed, Some(mutant), mode).0;
            modes.into_iter().find_map(found)
        };
        let first = (0..WALKS).find_map(wrong);
        let text = first.unwrap_or_else(|| panic!("{mutant:?} is not found out"));
        println!("{mutant:?}: {text}");
    }
}
