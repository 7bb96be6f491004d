//! What a leader sees by its own clock: which sessions are over, and who has waited for long enough.
//!
//! Nothing of it is so until an entry of the log says it, so that all copies agree whatever their
//! clocks show. A leader counts from when it heard a client itself, or first saw a session that was
//! renewed: never from earlier than the client counts. A new leader has seen nothing, and grants every
//! session its full time anew (etcd and Chubby do so too: Burrows, 2006, section 2.9).

use super::op::LockOp;
use super::options::{Mutant, Options};
use super::session::Session;
use super::table::LockTable;
use crate::base::{ClientId, Micros};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a leader has seen of the clients' sessions and waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Clocks {
    /// What the clock showed when the leader last asked what is due.
    looked: Micros,
    /// The last entry of the log when it took office: what came before, it heard of at second hand.
    before: u64,
    sessions: BTreeMap<ClientId, Heard>,
    waits: BTreeMap<ClientId, Waits>,
}

/// A session as the leader sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Heard {
    /// The entry that renewed it last.
    renewed: u64,
    /// When a sign of life was seen last.
    at: Micros,
    /// Its end is in the log.
    proposed: bool,
}

/// A wait as the leader sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Waits {
    serial: u64,
    since: Micros,
    /// Its end is in the log.
    proposed: bool,
}

/// Whether there is anything that a session's end would free.
fn matters(session: &Session) -> bool {
    !session.expired && (!session.holds.is_empty() || session.wait.is_some())
}

impl Clocks {
    /// Those of a leader that takes office when `before` is the last entry of its log.
    pub(super) fn from(before: u64) -> Clocks {
        Clocks {
            before,
            ..Clocks::default()
        }
    }

    /// The leader hears a client that waits: its request is in the log, and nothing new comes into
    /// it.
    pub(super) fn hear(&mut self, client: ClientId, now: Micros) {
        if let Some(heard) = self.sessions.get_mut(&client) {
            heard.at = heard.at.max(now);
        }
    }

    /// What the clock showed when the leader last asked what is due; nothing if it never did.
    pub(super) fn looked(&self) -> Micros {
        self.looked
    }

    /// What should be proposed now.
    pub(super) fn due(&mut self, table: &LockTable, options: &Options, now: Micros) -> Vec<LockOp> {
        let mut due = Vec::new();
        self.looked = now;
        let mut live: Vec<(ClientId, &Session)> = table
            .sessions()
            .filter(|(_, session)| matters(session))
            .collect();
        live.sort_unstable_by_key(|(client, _)| *client);
        let lives = |client: &ClientId| table.session(*client).is_some_and(matters);
        self.sessions.retain(|client, _| lives(client));
        self.waits
            .retain(|client, _| table.wait_of(*client).is_some());
        for (client, session) in live {
            if self.is_over(client, session, options, now) {
                due.push(LockOp::Expire {
                    client,
                    renewed: session.renewed,
                });
            }
            due.extend(self.end_of_wait(client, session, options, now));
        }
        due
    }

    fn is_over(
        &mut self,
        client: ClientId,
        session: &Session,
        options: &Options,
        now: Micros,
    ) -> bool {
        let renewed = session.renewed;
        let fresh = Heard {
            renewed,
            at: now,
            proposed: false,
        };
        let first = !self.sessions.contains_key(&client);
        let heard = self.sessions.entry(client).or_insert(fresh);
        if heard.renewed != renewed {
            *heard = fresh;
        }
        // A leader that has not heard of a session yet knows nothing of its age.
        let inherited = first && renewed <= self.before;
        let unheard = inherited && options.is(Mutant::ExpiresAtOnce);
        let over = unheard || now.since(heard.at) >= session.ttl;
        let proposes = over && !heard.proposed;
        heard.proposed |= over;
        proposes
    }

    fn end_of_wait(
        &mut self,
        client: ClientId,
        session: &Session,
        options: &Options,
        now: Micros,
    ) -> Option<LockOp> {
        let wait = session.wait.as_ref()?;
        let serial = wait.serial;
        // A wait is part of the table, its clock is not: a new leader has to start it anew.
        let inherited = wait.place.index <= self.before;
        let forgets = inherited && options.is(Mutant::ForgetsWaits);
        let fresh = Waits {
            serial,
            since: now,
            proposed: forgets,
        };
        let waits = self.waits.entry(client).or_insert(fresh);
        if waits.serial != serial {
            *waits = fresh;
        }
        let timeout = wait.timeout?;
        let lasted = now.since(waits.since);
        if lasted < timeout {
            return None;
        }
        let proposes = !std::mem::replace(&mut waits.proposed, true);
        proposes.then_some(LockOp::EndWait { client, serial })
    }

    /// What there is to show of it.
    pub(super) fn dials(&self, table: &LockTable, now: Micros) -> Dials {
        let lease = |(client, heard): (&ClientId, &Heard)| {
            let session = table.session(*client).filter(|session| matters(session))?;
            Some(Dial {
                client: *client,
                until: heard.at + session.ttl,
            })
        };
        let wait = |(client, waits): (&ClientId, &Waits)| {
            let timeout = table.wait_of(*client)?.timeout?;
            Some(Dial {
                client: *client,
                until: waits.since + timeout,
            })
        };
        Dials {
            now,
            leases: self.sessions.iter().filter_map(lease).collect(),
            waits: self.waits.iter().filter_map(wait).collect(),
        }
    }
}

/// A leader's clock, and what it will see by it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "LockDials"))]
pub struct Dials {
    /// What it showed when the leader last did something.
    #[serde(rename = "now_ms")]
    pub now: Micros,
    /// When each session is over, unless something is heard of the client before.
    pub leases: Vec<Dial>,
    /// When each wait is over that has an end.
    pub waits: Vec<Dial>,
}

/// When something of a client's is over, by the leader's clock.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "LockDial"))]
pub struct Dial {
    /// Whose.
    pub client: ClientId,
    /// When.
    #[serde(rename = "until_ms")]
    pub until: Micros,
}
