//! A second account of the locks, kept from what the copies state and from nothing of theirs: plain
//! lists, and deadlocks looked for the long way round. The watch holds every fact against it.

use super::fact::Fact;
use super::op::Mode;
use crate::base::ClientId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A rule that is broken: its place among the names, and a sentence.
pub(super) type Broken = (usize, String);

pub(super) const ONE_HOLDER: usize = 0;
pub(super) const AT_RESOURCE: usize = 1;
pub(super) const TOKENS_GROW: usize = 2;
pub(super) const IN_ORDER: usize = 3;
pub(super) const NOT_LOST: usize = 4;
pub(super) const ONCE: usize = 5;
pub(super) const LIVING: usize = 6;
pub(super) const LEASE_LASTS: usize = 7;
pub(super) const BY_HOLDER: usize = 8;
pub(super) const REAL: usize = 9;
pub(super) const RESOLVED: usize = 10;
pub(super) const AGREE: usize = 11;
pub(super) const ENDS: usize = 12;

/// The properties, in the order of the numbers above.
pub(super) const NAMES: &[&str] = &[
    "one holder at a time",
    "mutual exclusion at the resource",
    "tokens grow",
    "first come, first served",
    "no grant is lost",
    "a request waits once",
    "no grant to an expired session",
    "a lease lasts while its holder trusts it",
    "only holders release",
    "deadlocks are real",
    "no deadlock outlives its detection",
    "replicas agree",
    "every waiter ends",
];

#[derive(Clone, Debug, Default)]
struct Held {
    client: ClientId,
    mode: Mode,
    token: u64,
}

#[derive(Clone, Debug, Default)]
struct Known {
    holders: Vec<Held>,
    queue: Vec<(ClientId, u64, Mode)>,
    /// How many at the front of the queue share the lock already.
    upgrades: usize,
}

/// The second account.
#[derive(Clone, Debug, Default)]
pub(super) struct Oracle {
    locks: BTreeMap<Arc<str>, Known>,
    /// Which lock each client waits for.
    waits: BTreeMap<ClientId, Arc<str>>,
    expired: BTreeSet<ClientId>,
    /// The tokens that a client has lost with its session, each with what it was for.
    lost: BTreeMap<ClientId, Vec<(u64, Arc<str>)>>,
    /// The newest grant under which its holder wrote to a resource, by the resource and the lock.
    written: BTreeMap<[Arc<str>; 2], (u64, ClientId)>,
    token: u64,
    /// What the present entry has touched: locks, and clients that wait since.
    touched: BTreeSet<Arc<str>>,
    queued: Vec<ClientId>,
    /// Clients whose sessions it has ended.
    gone: Vec<ClientId>,
}

impl Oracle {
    /// Takes the next fact.
    pub fn take(&mut self, fact: &Fact, broken: &mut Vec<Broken>) {
        match fact {
            Fact::Opened { client } => {
                self.expired.remove(client);
            }
            Fact::Expired { client } => {
                self.expired.insert(*client);
                self.gone.push(*client);
            }
            Fact::Queued {
                lock,
                client,
                serial,
                mode,
                upgrade,
            } => self.queue(lock, (*client, *serial, *mode), *upgrade, broken),
            Fact::Granted {
                lock,
                client,
                serial,
                token,
                mode,
            } => {
                let held = Held {
                    client: *client,
                    mode: *mode,
                    token: *token,
                };
                self.grant(lock, held, *serial, broken);
            }
            Fact::Reentered { .. } => {}
            Fact::Released {
                lock,
                client,
                left,
                by,
            } => self.release(lock, *client, *left, *by, broken),
            Fact::WaitEnded {
                lock,
                client,
                serial,
                ..
            } => self.leave(lock, *client, *serial),
            Fact::Deadlock { cycle, victim } => self.judge_deadlock(cycle, *victim, broken),
            Fact::Written {
                resource,
                client,
                token,
                ..
            } => self.write(resource, *client, *token, broken),
            Fact::WriteRefused { .. } => {}
        }
    }

    fn queue(
        &mut self,
        lock: &Arc<str>,
        waiter: (ClientId, u64, Mode),
        upgrade: bool,
        broken: &mut Vec<Broken>,
    ) {
        let client = waiter.0;
        let known = self.locks.entry(Arc::clone(lock)).or_default();
        if upgrade {
            known.queue.insert(known.upgrades, waiter);
            known.upgrades += 1;
        } else {
            known.queue.push(waiter);
        }
        if let Some(other) = self.waits.insert(client, Arc::clone(lock)) {
            let text =
                format!("Client {client} waits for lock {lock} while it waits for lock {other}");
            broken.push((ONCE, text));
        }
        self.touched.insert(Arc::clone(lock));
        self.queued.push(client);
    }

    fn leave(&mut self, lock: &Arc<str>, client: ClientId, serial: u64) {
        self.touched.insert(Arc::clone(lock));
        self.waits.remove(&client);
        let Some(known) = self.locks.get_mut(lock) else {
            return;
        };
        let place = known
            .queue
            .iter()
            .position(|(who, which, _)| (*who, *which) == (client, serial));
        if let Some(place) = place {
            known.queue.remove(place);
            known.upgrades -= usize::from(place < known.upgrades);
        }
    }

    fn grant(&mut self, lock: &Arc<str>, held: Held, serial: u64, broken: &mut Vec<Broken>) {
        let Held {
            client,
            mode,
            token,
        } = held;
        if token <= self.token {
            let text = format!(
                "Lock {lock} is granted to client {client} under token {token}, after token {}",
                self.token
            );
            broken.push((TOKENS_GROW, text));
        }
        self.token = self.token.max(token);
        if self.expired.contains(&client) {
            let text =
                format!("Lock {lock} is granted to client {client}, whose session has expired");
            broken.push((LIVING, text));
        }
        let known = self.locks.entry(Arc::clone(lock)).or_default();
        let shares = known.holders.iter().any(|held| held.client == client);
        let first = known.queue.first();
        let in_turn = first.is_none_or(|(who, which, _)| (*who, *which) == (client, serial));
        if let Some((first, ..)) = first.filter(|_| !in_turn && !shares) {
            let text = format!(
                "Lock {lock} is granted to client {client}, although client {first} has waited \
                 for it for longer"
            );
            broken.push((IN_ORDER, text));
        }
        let other = known
            .holders
            .iter()
            .find(|other| other.client != client && mode.conflicts(other.mode));
        if let Some(other) = other {
            let text = format!(
                "Lock {lock} is granted to client {client} while client {} holds it",
                other.client
            );
            broken.push((ONE_HOLDER, text));
        }
        known.holders.retain(|held| held.client != client);
        known.holders.push(held);
        self.leave(lock, client, serial);
    }

    fn release(
        &mut self,
        lock: &Arc<str>,
        client: ClientId,
        left: u32,
        by: Option<ClientId>,
        broken: &mut Vec<Broken>,
    ) {
        if let Some(by) = by.filter(|by| *by != client) {
            let text = format!("Client {by} releases lock {lock}, which client {client} holds");
            broken.push((BY_HOLDER, text));
        }
        self.touched.insert(Arc::clone(lock));
        let Some(known) = self.locks.get_mut(lock).filter(|_| left == 0) else {
            return;
        };
        let gone = known.holders.iter().position(|held| held.client == client);
        let Some(held) = gone.map(|place| known.holders.remove(place)) else {
            return;
        };
        if by.is_none() {
            let lost = self.lost.entry(client).or_default();
            lost.push((held.token, Arc::clone(lock)));
            let old = lost.len().saturating_sub(64);
            lost.drain(..old);
        }
    }

    /// Which lock `client` waits for by its request `serial`, if it does.
    pub fn waits_for(&self, client: ClientId, serial: u64) -> Option<&Arc<str>> {
        let lock = self.waits.get(&client)?;
        let mut queue = self.locks.get(lock)?.queue.iter();
        queue
            .any(|(who, which, _)| (*who, *which) == (client, serial))
            .then_some(lock)
    }

    /// Whether `client` lost the grant of `token` with its session.
    pub fn has_lost(&self, client: ClientId, token: u64) -> bool {
        self.lost
            .get(&client)
            .is_some_and(|lost| lost.iter().any(|(old, _)| *old == token))
    }

    /// Takes a write. It matters only where its token is one that the client was granted, and did
    /// not give back: whoever writes under a number of its own making says nothing of the lock.
    fn write(
        &mut self,
        resource: &Arc<str>,
        client: ClientId,
        token: u64,
        broken: &mut Vec<Broken>,
    ) {
        let mut lost = self.lost.get(&client).into_iter().flatten();
        let lost = lost.find(|(old, _)| *old == token).map(|(_, lock)| lock);
        let holds = |known: &Known| {
            let mut holders = known.holders.iter();
            holders.any(|held| (held.client, held.token) == (client, token))
        };
        // What a resource is called is mostly what its lock is called.
        let likely = self.locks.get_key_value(resource);
        let mut locks = likely.into_iter().chain(&self.locks);
        let mut held = || locks.find(|(_, known)| holds(known));
        let Some(lock) = lost.or_else(|| held().map(|(lock, _)| lock)) else {
            return;
        };
        let place = [Arc::clone(resource), Arc::clone(lock)];
        let newest = self.written.entry(place).or_default();
        if lost.is_some() && token < newest.0 && client != newest.1 {
            let text = format!(
                "Client {client} writes to {resource} under token {token}, which has expired, after \
                 client {} wrote as the holder of lock {lock} under token {}: what the later holder \
                 wrote is written over",
                newest.1, newest.0
            );
            broken.push((AT_RESOURCE, text));
        }
        if lost.is_none() && token > newest.0 {
            *newest = (token, client);
        }
    }

    /// Every client that `client` waits for: those who hold what it asks for in a way that
    /// conflicts, and those before it in the queue whose requests do.
    fn waited_for(&self, client: ClientId) -> Vec<ClientId> {
        let Some(known) = self
            .waits
            .get(&client)
            .and_then(|lock| self.locks.get(lock))
        else {
            return Vec::new();
        };
        let Some(place) = known.queue.iter().position(|(who, ..)| *who == client) else {
            return Vec::new();
        };
        let mode = known.queue[place].2;
        let holders = known.holders.iter().map(|held| (held.client, held.mode));
        let before = known.queue[..place]
            .iter()
            .map(|(who, _, mode)| (*who, *mode));
        holders
            .chain(before)
            .filter(|(other, held)| *other != client && mode.conflicts(*held))
            .map(|(other, _)| other)
            .collect()
    }

    /// Whether a circle of waits leads through `client`.
    fn is_stuck(&self, client: ClientId) -> bool {
        let mut seen = BTreeSet::new();
        let mut next = self.waited_for(client);
        while let Some(other) = next.pop() {
            if other == client {
                return true;
            }
            if seen.insert(other) {
                next.extend(self.waited_for(other));
            }
        }
        false
    }

    fn judge_deadlock(&self, cycle: &[ClientId], victim: ClientId, broken: &mut Vec<Broken>) {
        for (place, client) in cycle.iter().enumerate() {
            let next = cycle[(place + 1) % cycle.len()];
            if !self.waited_for(*client).contains(&next) {
                let text = format!(
                    "A deadlock is found that there is not, with client {victim} as its victim: client \
                     {client} does not wait for client {next}"
                );
                return broken.push((REAL, text));
            }
        }
    }

    /// An entry is done with: nobody must be left waiting whom nothing holds up, or for ever.
    pub fn settle(&mut self, broken: &mut Vec<Broken>) {
        for lock in std::mem::take(&mut self.touched) {
            let Some(known) = self.locks.get(&lock) else {
                continue;
            };
            if let Some((client, _, mode)) = known.queue.first() {
                let in_the_way = |held: &Held| held.client != *client && mode.conflicts(held.mode);
                if !known.holders.iter().any(in_the_way) {
                    let text =
                        format!("Client {client} waits for lock {lock}, which is free for it");
                    broken.push((NOT_LOST, text));
                }
            } else if known.holders.is_empty() {
                self.locks.remove(&lock);
            }
        }
        for client in std::mem::take(&mut self.queued) {
            if self.is_stuck(client) {
                let text = format!(
                    "Client {client} waits in a circle that nobody has found: those it waits for wait for it"
                );
                broken.push((RESOLVED, text));
            }
        }
        for client in std::mem::take(&mut self.gone) {
            if let Some(lock) = self.waits.get(&client) {
                let text = format!(
                    "Client {client} still waits for lock {lock}, and nobody ends that: its session has expired"
                );
                broken.push((ENDS, text));
            }
        }
    }

    pub fn weight(&self) -> usize {
        self.locks.len() * 160 + self.waits.len() * 48 + self.written.len() * 96
    }
}
