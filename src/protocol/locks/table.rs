//! The table of locks: a deterministic state machine. It has no clock; what is over by the leader's
//! is told to it as an operation.

use super::fact::Fact;
use super::op::{COUNT_MAX, Error, LockOp, LockOutput, Mode, Seen, Terms};
use super::options::Mutant;
use super::resource::Resources;
use super::session::{Hold, Place, Session, Wait, Waiter};
use super::shelf::Shelf;
use crate::base::{ClientId, Micros, RequestId};
use crate::protocol::machine::{self, Answer, INTERNAL};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One operation's being carried out.
pub(super) type Step<'a> = machine::Step<'a, LockTable>;

/// Locks, sessions and guarded resources. A clone shares them until one of the two is changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LockTable {
    /// The locks that somebody holds.
    pub(super) locks: Shelf<Arc<str>, Lock>,
    pub(super) sessions: Shelf<ClientId, Session>,
    pub(super) resources: Resources,
    /// The newest fencing token: one counter for all locks, so that tokens of a resource grow
    /// whichever locks guard it.
    token: u64,
}

/// A lock that somebody holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lock {
    /// Who holds it, by number.
    pub holders: Vec<Hold>,
    /// Who waits for it, in order.
    pub queue: BTreeMap<Place, Waiter>,
}

impl Lock {
    pub(super) fn place_of(&self, client: ClientId) -> Result<usize, usize> {
        match &self.holders[..] {
            [] => Err(0),
            [only] if only.client == client => Ok(0),
            holders => holders.binary_search_by_key(&client, |hold| hold.client),
        }
    }

    /// How `client` holds it.
    pub fn hold_of(&self, client: ClientId) -> Option<&Hold> {
        self.place_of(client).ok().map(|place| &self.holders[place])
    }

    /// Whether `client` could hold it in this way beside those who hold it now.
    pub(super) fn admits(&self, client: ClientId, mode: Mode) -> bool {
        let mut others = self.holders.iter().filter(|hold| hold.client != client);
        match mode {
            Mode::Exclusive => others.next().is_none(),
            // One exclusive holder is the only one.
            Mode::Shared => others.next().is_none_or(|hold| hold.mode == Mode::Shared),
        }
    }
}

impl LockTable {
    /// The lock of that name, if somebody holds it.
    pub fn lock(&self, name: &str) -> Option<&Lock> {
        self.locks.get(name)
    }

    /// The locks that somebody holds, in no order.
    pub fn locks(&self) -> impl Iterator<Item = (&Arc<str>, &Lock)> {
        self.locks.iter()
    }

    /// How many locks somebody holds.
    pub fn lock_count(&self) -> usize {
        self.locks.len()
    }

    /// The session of a client.
    pub fn session(&self, client: ClientId) -> Option<&Session> {
        self.sessions.get(&client)
    }

    /// The sessions, in no order.
    pub fn sessions(&self) -> impl Iterator<Item = (ClientId, &Session)> {
        self.sessions
            .iter()
            .map(|(client, session)| (*client, session))
    }

    /// What a client waits for.
    pub fn wait_of(&self, client: ClientId) -> Option<&Wait> {
        self.session(client)?.wait.as_ref()
    }

    /// The newest fencing token.
    pub fn token(&self) -> u64 {
        self.token
    }

    /// Tokens begin anew: what a snapshot without them leads to.
    pub(super) fn forget_tokens(&mut self) {
        self.token = 0;
    }

    pub(super) fn carry_out(
        &mut self,
        step: &mut Step<'_>,
        id: RequestId,
        op: &LockOp,
    ) -> Answer<LockOutput> {
        if step.options.is(Mutant::ExpiresByOwnClock) {
            self.expire_by_own_clock(step);
        }
        if id == INTERNAL {
            match op {
                LockOp::Expire { client, renewed } => self.on_expire(step, *client, *renewed),
                LockOp::EndWait { client, serial } => self.on_end_wait(step, *client, *serial),
                _ => {}
            }
            return Answer::Now(LockOutput::Noted);
        }
        self.give_up_older(step, id);
        if let Some(error) = op.fault(step.options) {
            return Answer::Now(LockOutput::Refused(error));
        }
        let done = match op {
            LockOp::Acquire(name, terms) => return self.on_acquire(step, id, name, terms, true),
            LockOp::TryAcquire(name, terms) => {
                return self.on_acquire(step, id, name, terms, false);
            }
            LockOp::Release(name, token) => self.on_release(step, id.client, name, *token),
            LockOp::Renew => self.on_renew(step, id.client),
            LockOp::Write(name, token, value) => {
                self.on_write(step, id.client, name, *token, *value)
            }
            LockOp::Read(_) | LockOp::Inspect(_) => Ok(self.look(op)),
            LockOp::Expire { .. } | LockOp::EndWait { .. } => Err(Error::NotForClients),
        };
        Answer::Now(done.unwrap_or_else(LockOutput::Refused))
    }

    /// Answers an operation that changes nothing.
    pub(super) fn look(&self, op: &LockOp) -> LockOutput {
        match op {
            LockOp::Read(name) => {
                let resource = self.resources.get(name);
                LockOutput::Value {
                    value: resource.value,
                    token: resource.token,
                }
            }
            LockOp::Inspect(name) => {
                let lock = self.lock(name);
                let holders = lock.iter().flat_map(|lock| &lock.holders);
                let queue = lock.iter().flat_map(|lock| lock.queue.values());
                LockOutput::Lock(Arc::new(Seen {
                    holders: holders.map(|hold| hold.client).collect(),
                    queue: queue.map(|waiter| waiter.client).collect(),
                }))
            }
            _ => LockOutput::Noted,
        }
    }

    /// The client's session, if it has one that lives; what it asks renews it.
    pub(super) fn living(
        &mut self,
        step: &Step<'_>,
        client: ClientId,
    ) -> Result<&mut Session, Error> {
        match self.sessions.get_mut(&client) {
            None => Err(Error::NoSession),
            Some(session) if session.expired => Err(Error::Expired),
            Some(session) => {
                session.renewed = step.index;
                session.seen = own_clock(step);
                Ok(session)
            }
        }
    }

    fn on_acquire(
        &mut self,
        step: &mut Step<'_>,
        id: RequestId,
        name: &Arc<str>,
        terms: &Terms,
        waits: bool,
    ) -> Answer<LockOutput> {
        let client = id.client;
        let ttl = terms.ttl.unwrap_or(step.options.ttl);
        let (ttl, session) = self.open(step, client, ttl);
        let overtakes = terms.mode == Mode::Shared && step.options.is(Mutant::ReadersOvertake);
        let lock = self.locks.entry(name, Lock::default);
        let granted = |token, count, mode| {
            Answer::Now(LockOutput::Granted {
                lock: Arc::clone(name),
                mode,
                token,
                count,
                ttl,
                session,
            })
        };
        let mut upgrade = false;
        if let Ok(place) = lock.place_of(client) {
            let hold = &mut lock.holders[place];
            if hold.count >= COUNT_MAX {
                return Answer::Now(LockOutput::Refused(Error::TooDeep));
            }
            if hold.mode == Mode::Exclusive || terms.mode == Mode::Shared {
                hold.count += 1;
                let Hold {
                    count, token, mode, ..
                } = *hold;
                step.state(Fact::Reentered {
                    lock: Arc::clone(name),
                    client,
                    count,
                });
                return granted(token, count, mode);
            }
            upgrade = true;
        }
        // First come, first served: nobody is granted a lock past those who wait for it, be it to
        // share it. One that holds it already goes first, or it would wait for those that wait for
        // it.
        let next = upgrade || lock.queue.is_empty() || overtakes;
        if next && lock.admits(client, terms.mode) {
            let (token, count) = self.grant(step, id, name, terms.mode);
            return granted(token, count, terms.mode);
        }
        if !waits {
            return Answer::Now(LockOutput::Refused(Error::Busy));
        }
        self.wait(step, id, name, terms, upgrade)
    }

    /// The client has a session from here on, if it had none or it has expired: how long that
    /// outlives its last sign of life, and which it is.
    fn open(&mut self, step: &mut Step<'_>, client: ClientId, ttl: Micros) -> (Micros, u64) {
        let mut opened = false;
        let session = self.sessions.entry(&client, || {
            opened = true;
            Session::default()
        });
        if opened || session.expired {
            *session = Session {
                opened: step.index,
                ..Session::default()
            };
            step.state(Fact::Opened { client });
        }
        // A holder counts on the lease that it was promised: a lease is extended and never cut
        // short (Gray and Cheriton, *Leases*, 1989, section 2).
        session.ttl = match session.holds[..] {
            [] => ttl,
            _ => ttl.max(session.ttl),
        };
        session.renewed = step.index;
        session.seen = own_clock(step);
        (session.ttl, session.opened)
    }

    /// Gives the client the lock, which admits it: the token, and how often it holds it now.
    pub(super) fn grant(
        &mut self,
        step: &mut Step<'_>,
        id: RequestId,
        name: &Arc<str>,
        mode: Mode,
    ) -> (u64, u32) {
        let client = id.client;
        self.token += 1;
        let token = self.token;
        let lock = self.locks.entry(name, Lock::default);
        let count = match lock.place_of(client) {
            Ok(place) => {
                let hold = &mut lock.holders[place];
                (hold.mode, hold.token) = (mode, token);
                hold.count += 1;
                hold.count
            }
            Err(place) => {
                let hold = Hold {
                    client,
                    mode,
                    count: 1,
                    token,
                };
                lock.holders.insert(place, hold);
                let session = self.sessions.entry(&client, Session::default);
                session.holds.push(Arc::clone(name));
                1
            }
        };
        step.state(Fact::Granted {
            lock: Arc::clone(name),
            client,
            serial: id.serial,
            token,
            mode,
        });
        (token, count)
    }

    fn on_renew(&mut self, step: &mut Step<'_>, client: ClientId) -> Result<LockOutput, Error> {
        let session = self.living(step, client)?;
        Ok(LockOutput::Renewed {
            ttl: session.ttl,
            session: session.opened,
        })
    }

    /// The resource looks at the token alone. That the client asks is a sign of life.
    fn on_write(
        &mut self,
        step: &mut Step<'_>,
        client: ClientId,
        name: &Arc<str>,
        token: u64,
        value: i64,
    ) -> Result<LockOutput, Error> {
        let fenced = step.options.fencing && !step.options.is(Mutant::NoFencingCheck);
        let resource = Arc::clone(name);
        if let Err(newest) = self.resources.write(name, token, value, fenced) {
            step.state(Fact::WriteRefused {
                resource,
                client,
                token,
                newest,
            });
            return Err(Error::OldToken { newest });
        }
        step.state(Fact::Written {
            resource,
            client,
            token,
            value,
        });
        // Whether the session lives is no affair of the resource's.
        let _ = self.living(step, client);
        Ok(LockOutput::Written { token })
    }
}

/// The copy's own clock, which nothing may depend on, for the mutant that goes by it.
pub(super) fn own_clock(step: &Step<'_>) -> Micros {
    if step.options.is(Mutant::ExpiresByOwnClock) {
        step.now
    } else {
        Micros::ZERO
    }
}
