//! Who waits for whom: the search for deadlocks (Holt, *Some deadlock properties of computer
//! systems*, 1972; Gray and Reuter, *Transaction Processing*, 1993, section 7.11). Pure: it reads
//! the table and changes nothing.
//!
//! **Edges.** Client x, which waits for lock L at some place in its queue, waits for y if y holds L in
//! a way that conflicts with what x asks for, or if y stands before x in the queue and what the two
//! ask for conflicts: no request overtakes one that it conflicts with. A client waits for one lock
//! at a time and needs *all* that it waits for to be out of its way, so that a cycle is a deadlock,
//! and only a cycle is.
//!
//! **Reach.** Whoever waits for L reaches every holder of L other than itself. One that wants L
//! exclusively conflicts with each. One that wants to share it either conflicts with the one
//! exclusive holder, or waits for the nearest exclusive request before it, which conflicts with each.
//! What stands before x in the queue leads nowhere else, since each client has one wait and those
//! wait for L too. So the search goes from lock to holders to the locks that these wait for, and a
//! queue costs nothing, however long it is; the requests between are named once a cycle is found.
//!
//! **From the requester alone.** Before a request waits there is no cycle. A new wait adds edges from
//! the requester, and to it from those behind it (an upgrade goes before them), so a new cycle leads
//! through the requester. Nothing else adds an edge: a grant turns the edges of those behind from
//! "before me in the queue" into "holds it" or takes them away; a release, a time-out, an expiry
//! and a victim's end only take edges away, as every request that conflicted with one behind the
//! victim already had its own edge; and nobody is granted a lock past a queue.

use super::op::Mode;
use super::options::Mutant;
use super::table::LockTable;
use crate::base::ClientId;

/// Clients seen before: a table of numbers with open places, since a search asks at every step.
#[derive(Debug)]
struct Seen {
    places: Vec<u64>,
    used: usize,
}

impl Seen {
    fn new() -> Seen {
        Seen {
            places: vec![0; 32],
            used: 0,
        }
    }

    /// Notes a client; false if it was noted before.
    fn note(&mut self, client: ClientId) -> bool {
        if self.used * 2 >= self.places.len() {
            let larger = vec![0; self.places.len() * 2];
            let old = std::mem::replace(&mut self.places, larger);
            self.used = 0;
            for held in old.into_iter().filter(|held| *held > 0) {
                self.note((held - 1) as ClientId);
            }
        }
        let held = u64::from(client) + 1;
        let mask = self.places.len() - 1;
        let mut place = (held.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & mask;
        while self.places[place] > 0 {
            if self.places[place] == held {
                return false;
            }
            place = (place + 1) & mask;
        }
        self.places[place] = held;
        self.used += 1;
        true
    }
}

impl LockTable {
    /// The shortest circle of clients, each of which waits for the next and the last for the first,
    /// that leads through `start`; it is named from there.
    pub fn cycle_from(&self, start: ClientId) -> Option<Vec<ClientId>> {
        self.search(start, None)
    }

    /// [`LockTable::cycle_from`], with a rule left out.
    pub(super) fn search(&self, start: ClientId, mutant: Option<Mutant>) -> Option<Vec<ClientId>> {
        let pairs = mutant == Some(Mutant::PairsOnly);
        if !self.is_waited_for(start) && mutant != Some(Mutant::StaleEdges) {
            return None;
        }
        // Breadth first: each client with the place of the one that it was reached from.
        let mut reached: Vec<(ClientId, usize)> = vec![(start, 0)];
        let mut seen = Seen::new();
        seen.note(start);
        let mut at = 0;
        while let Some(&(client, _)) = reached.get(at) {
            if pairs && at > 0 && reached[at].1 > 0 {
                return None;
            }
            let wait = self.wait_of(client);
            let lock = wait.and_then(|wait| self.lock(&wait.lock));
            for hold in lock.iter().flat_map(|lock| &lock.holders) {
                if hold.client == client {
                    continue;
                }
                if hold.client == start {
                    return Some(self.name_cycle(&reached, at));
                }
                if seen.note(hold.client) {
                    reached.push((hold.client, at));
                }
            }
            at += 1;
        }
        None
    }

    /// Whether somebody waits for a lock that `client` holds: without that no circle leads through
    /// it.
    fn is_waited_for(&self, client: ClientId) -> bool {
        let session = self.session(client);
        let mut holds = session.iter().flat_map(|session| &session.holds);
        holds.any(|name| {
            let lock = self.lock(name);
            let mut queue = lock.iter().flat_map(|lock| lock.queue.values());
            queue.any(|waiter| waiter.client != client)
        })
    }

    /// The way from the start to the client at `last`, who waits for the start, with the requests
    /// that stand between one who wants to share a lock and one who shares it.
    fn name_cycle(&self, reached: &[(ClientId, usize)], last: usize) -> Vec<ClientId> {
        let mut way = Vec::new();
        let mut at = last;
        while at > 0 {
            way.push(reached[at].0);
            at = reached[at].1;
        }
        let start = reached[0].0;
        way.push(start);
        way.reverse();
        let mut cycle = Vec::with_capacity(way.len());
        for (place, client) in way.iter().enumerate() {
            cycle.push(*client);
            let next = way.get(place + 1).copied().unwrap_or(start);
            match self.between(*client, next) {
                // The circle closes here already.
                Some(other) if other == start => break,
                Some(other) if other != next => cycle.push(other),
                _ => {}
            }
        }
        cycle
    }

    /// Who makes `client` wait for `holder`, where the two could share what they want: the nearest
    /// request before it that wants the lock alone.
    fn between(&self, client: ClientId, holder: ClientId) -> Option<ClientId> {
        let wait = self.wait_of(client)?;
        let lock = self.lock(&wait.lock)?;
        let held = lock.hold_of(holder)?.mode;
        if wait.mode.conflicts(held) {
            return None;
        }
        let mut before = lock.queue.range(..wait.place).rev();
        before
            .find(|(_, waiter)| waiter.mode == Mode::Exclusive)
            .map(|(_, waiter)| waiter.client)
    }
}
