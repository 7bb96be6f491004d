//! How long clients want to wait, and whether anybody waits for longer: for the watch.
//!
//! A wait has an end by the leader's clock, so it is that clock that is looked at, when the leader
//! puts an entry into its log. What it found due when it looked stands in the log before what it
//! proposes after its next look. So whoever still waits when such a later entry takes effect has been
//! forgotten. A leader counts a wait from its first look after it knew of it, as [`Clocks`] says, and
//! a new leader counts anew.
//!
//! [`Clocks`]: super::clocks::Clocks

use super::fact::Fact;
use super::op::LockOp;
use crate::base::{ClientId, Micros, NodeId, RequestId};
use std::collections::{BTreeMap, VecDeque};

/// How many requests of one client are remembered: a wait may outlast the client's patience.
const REMEMBERED: u64 = 16;

/// When a wait has to be over, as far as can be told.
#[derive(Clone, Copy, Debug)]
enum End {
    /// No leader has proposed anything since it began.
    Unseen,
    /// The leader knew of it when its clock showed this.
    Known(Micros),
    /// By the leader's clock.
    At(Micros),
}

#[derive(Clone, Copy, Debug)]
struct Wait {
    serial: u64,
    timeout: Micros,
    end: End,
}

/// The waits that have an end, and what the leader's clock showed.
#[derive(Clone, Debug, Default)]
pub(super) struct Patience {
    /// For how long clients want to wait, by request.
    asked: BTreeMap<(ClientId, u64), Micros>,
    waits: BTreeMap<ClientId, Wait>,
    /// The newest term, and who leads it.
    reign: (u64, NodeId),
    /// When it looked last, and when before that, as far as its proposals show.
    looks: [Micros; 2],
    /// What it has proposed, each with what it had found due by then.
    proposed: VecDeque<(u64, Micros)>,
}

impl Patience {
    /// A client asks, for the first time.
    pub fn asked(&mut self, id: RequestId, op: &LockOp) {
        let RequestId { client, serial } = id;
        if let LockOp::Acquire(_, terms) = op
            && let Some(timeout) = terms.timeout
        {
            self.asked.insert((client, serial), timeout);
            let old = (client, 0)..(client, serial.saturating_sub(REMEMBERED));
            let old: Vec<_> = self.asked.range(old).map(|(id, _)| *id).collect();
            for id in old {
                self.asked.remove(&id);
            }
        }
    }

    /// Takes the next fact.
    pub fn take(&mut self, fact: &Fact) {
        match fact {
            Fact::Queued { client, serial, .. } => {
                if let Some(timeout) = self.asked.remove(&(*client, *serial)) {
                    let wait = Wait {
                        serial: *serial,
                        timeout,
                        end: End::Unseen,
                    };
                    self.waits.insert(*client, wait);
                }
            }
            Fact::Granted { client, serial, .. } | Fact::WaitEnded { client, serial, .. } => {
                let ended = |wait: &Wait| wait.serial == *serial;
                if self.waits.get(client).is_some_and(ended) {
                    self.waits.remove(client);
                }
            }
            _ => {}
        }
    }

    /// Whoever leads a term has put an entry into its log, when its clock showed `now`; it last
    /// looked for what is due when that showed `looked`.
    pub fn proposed(&mut self, reign: (u64, NodeId), index: u64, now: Micros, looked: Micros) {
        if reign.0 < self.reign.0 {
            return;
        }
        // By a clock that was set back, or another's, nothing is known of what was before.
        if reign != self.reign || looked < self.looks[0] {
            (self.reign, self.looks) = (reign, [looked, Micros::ZERO]);
            self.proposed.clear();
            self.waits
                .values_mut()
                .for_each(|wait| wait.end = End::Unseen);
        }
        if looked > self.looks[0] {
            self.looks = [looked, self.looks[0]];
        }
        for wait in self.waits.values_mut() {
            wait.end = match wait.end {
                End::Unseen => End::Known(now),
                End::Known(since) if looked > since => End::At(looked + wait.timeout),
                end => end,
            };
        }
        if !self.waits.is_empty() {
            self.proposed.push_back((index, self.looks[1]));
        }
    }

    /// Entry `index` takes effect at `node`: the requests that the entries before it should have
    /// ended, each with its time-out. Each is named once.
    pub fn overdue(&mut self, node: NodeId, index: u64) -> Vec<(RequestId, Micros)> {
        if node != self.reign.1 {
            return Vec::new();
        }
        let mut found = Vec::new();
        while let Some(&(place, looked)) = self.proposed.front() {
            if place > index {
                break;
            }
            self.proposed.pop_front();
            if place < index {
                continue;
            }
            self.waits.retain(|client, wait| {
                let over = matches!(wait.end, End::At(end) if end <= looked);
                if over {
                    let serial = wait.serial;
                    let client = *client;
                    found.push((RequestId { client, serial }, wait.timeout));
                }
                !over
            });
        }
        found
    }

    pub fn weight(&self) -> usize {
        self.asked.len() * 40 + self.waits.len() * 64 + self.proposed.len() * 16
    }
}
