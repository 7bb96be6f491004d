//! The client's side: what a client knows of what it holds, and what it asks next.
//!
//! A client counts its lease from the moment it set about the request that renewed it, since the
//! service heard of that later (Gray and Cheriton, *Leases*, 1989, section 2), and cuts it short by
//! what clocks may be off. It stops using a lock when the lease may have ended: then it asks for a
//! sign that its session lives.

use super::op::{Error, LockOp, LockOutput, Mode, Terms};
use super::options::{Mutant, Options};
use crate::base::{ClientId, Draws, Micros};
use std::sync::Arc;

/// What a client keeps from one operation to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// What its clock shows.
    now: Micros,
    /// What it showed when the client set about its last operation.
    asked: Micros,
    /// Until when it may trust its lease.
    until: Micros,
    /// It looks at its clock before it uses a lock.
    careful: bool,
    from_answer: bool,
    drift_ppm: u32,
    /// The session that it knows of; what it holds, it holds under that.
    session: u64,
    holds: Vec<Held>,
    /// What was refused last, and why.
    refused: Option<Error>,
}

/// A lock that a client was told it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    lock: Arc<str>,
    token: u64,
    count: u32,
    mode: Mode,
    /// How often it has used it since.
    used: u32,
}

impl Memory {
    /// The client looks at its clock.
    pub(super) fn look_at_clock(
        &mut self,
        options: &Options,
        now: Micros,
        asks: bool,
        drift_ppm: u32,
    ) {
        self.now = now;
        if asks {
            self.asked = now;
        }
        self.careful = options.check_lease;
        self.from_answer = options.is(Mutant::LeaseFromAnswer);
        self.drift_ppm = drift_ppm;
    }

    /// The service has had a sign of life and will wait for `ttl`. Under another session than the
    /// one that the client knew of it holds nothing of what it held.
    fn renewed_for(&mut self, ttl: Micros, session: u64) {
        if self.session != session {
            self.holds.clear();
            self.session = session;
        }
        let from = if self.from_answer {
            self.now
        } else {
            self.asked
        };
        let ppm = u64::from(self.drift_ppm.min(999_999));
        let span = u128::from(ttl.0) * u128::from(1_000_000 - ppm) / u128::from(1_000_000 + ppm);
        self.until = from + Micros(span as u64);
    }

    /// Whether the lease holds as far as the client can tell.
    fn trusts(&self) -> bool {
        !self.careful || self.now < self.until
    }

    /// The client is given an answer.
    pub(super) fn told(&mut self, output: &LockOutput) {
        self.refused = None;
        match output {
            LockOutput::Granted {
                lock,
                mode,
                token,
                count,
                ttl,
                session,
            } => {
                self.renewed_for(*ttl, *session);
                self.holds
                    .retain(|held| held.lock != *lock || held.token == *token);
                match self.holds.iter_mut().find(|held| held.lock == *lock) {
                    Some(held) => held.count = *count,
                    None => self.holds.push(Held {
                        lock: Arc::clone(lock),
                        token: *token,
                        count: *count,
                        mode: *mode,
                        used: 0,
                    }),
                }
            }
            LockOutput::Released { lock, left } => {
                self.holds.retain(|held| held.lock != *lock || *left > 0);
                let held = self.holds.iter_mut().find(|held| held.lock == *lock);
                held.into_iter().for_each(|held| held.count = *left);
            }
            LockOutput::Renewed { ttl, session } => self.renewed_for(*ttl, *session),
            LockOutput::Written { token } => {
                let held = self.holds.iter_mut().find(|held| held.token == *token);
                held.into_iter().for_each(|held| held.used += 1);
            }
            LockOutput::Value { .. } => {
                self.holds.iter_mut().for_each(|held| held.used += 1);
            }
            LockOutput::Refused(error) => {
                match error {
                    // There is nothing more to do under a token that comes too late.
                    Error::OldToken { newest } => {
                        let late = self.holds.iter_mut().filter(|held| held.token < *newest);
                        late.for_each(|held| held.used += 1);
                    }
                    Error::Expired | Error::NoSession => self.holds.clear(),
                    Error::NotHeld | Error::NotHolder { .. } => self.holds.clear(),
                    _ => {}
                }
                self.refused = Some(error.clone());
            }
            LockOutput::Lock(_) | LockOutput::Noted => {}
        }
    }

    /// What a client sends along with what it does under a lock: its lease, as far as it believes in
    /// it.
    pub(super) fn stamp(&self, op: Option<&LockOp>) -> Stamp {
        let held = match op {
            Some(LockOp::Write(_, token, _) | LockOp::Release(_, Some(token))) => {
                self.holds.iter().find(|held| held.token == *token)
            }
            Some(LockOp::Renew) => self.holds.first(),
            _ => None,
        };
        let trusted = held.filter(|_| self.careful && self.now < self.until);
        Stamp {
            trusts: trusted.map(|held| (held.token, self.until)),
        }
    }

    fn held(&self, lock: &str) -> Option<&Held> {
        self.holds.iter().find(|held| &*held.lock == lock)
    }
}

/// What a client sends along: nothing that the service looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// The token of the lease under which the client asks, if it trusts that, and until when, by
    /// its own clock.
    pub trusts: Option<(u64, Micros)>,
}

/// Names of the workloads, in order.
pub(super) const WORKLOADS: &[&str] = &[
    "handover",
    "herd",
    "transfer",
    "reentrant",
    "readers_and_writers",
    "idle_holder",
    "own_lock",
    "impatient",
];

/// How often the idle holder tells that it is still there before it gives its lock back.
const IDLE_RENEWALS: u64 = 12;

/// The `n`-th operation of `client`. What it does next follows from what it was told.
pub(super) fn workload(
    workload: usize,
    memory: &Memory,
    client: ClientId,
    n: u64,
    luck: &mut Draws,
) -> LockOp {
    // One that may have lost its lease asks first whether its session lives.
    if !memory.holds.is_empty() && !memory.trusts() {
        return LockOp::Renew;
    }
    let value = (n as i64)
        .saturating_mul(1_000)
        .saturating_add(i64::from(client % 1_000));
    match workload {
        1 => in_turn(memory, "a", Mode::Exclusive, 0, value),
        2 => transfer(memory, client, value, luck),
        3 => reentrant(memory, value),
        4 => {
            let mode = match client % 4 {
                0 => Mode::Exclusive,
                _ => Mode::Shared,
            };
            in_turn(memory, "a", mode, 1, value)
        }
        5 => idle_holder(memory, client, n, value),
        7 => impatient(memory, client, n, value, luck),
        6 => in_turn(memory, &format!("lock-{client}"), Mode::Exclusive, 0, value),
        _ => in_turn(memory, "a", Mode::Exclusive, 1, value),
    }
}

fn acquire(lock: &str, mode: Mode) -> LockOp {
    LockOp::Acquire(
        lock.into(),
        Terms {
            mode,
            ..Terms::default()
        },
    )
}

/// Acquires a lock, uses what it guards so often, and gives it back.
fn in_turn(memory: &Memory, lock: &str, mode: Mode, uses: u32, value: i64) -> LockOp {
    match memory.held(lock) {
        None => acquire(lock, mode),
        Some(held) if held.used < uses => match held.mode {
            Mode::Exclusive => LockOp::Write(lock.into(), held.token, value),
            Mode::Shared => LockOp::Read(lock.into()),
        },
        Some(held) => LockOp::Release(lock.into(), Some(held.token)),
    }
}

/// Takes two of three locks, every other client in the opposite order, writes to both resources and
/// gives them back. The victim of a deadlock gives back what it holds and begins anew.
fn transfer(memory: &Memory, client: ClientId, value: i64, luck: &mut Draws) -> LockOp {
    const NAMES: [&str; 3] = ["a", "b", "c"];
    let given_up = matches!(
        memory.refused,
        Some(Error::Deadlock(_) | Error::TimedOut | Error::Busy)
    );
    let used = memory.holds.iter().any(|held| held.used > 0);
    let last = memory.holds.last();
    match (memory.holds.len(), last) {
        (_, Some(held)) if given_up => LockOp::Release(Arc::clone(&held.lock), Some(held.token)),
        (2.., _) => {
            let unused = memory.holds.iter().find(|held| held.used == 0);
            match (unused, last) {
                (Some(held), _) => LockOp::Write(Arc::clone(&held.lock), held.token, value),
                (None, Some(held)) => LockOp::Release(Arc::clone(&held.lock), Some(held.token)),
                (None, None) => LockOp::Renew,
            }
        }
        (1, Some(held)) if used => LockOp::Release(Arc::clone(&held.lock), Some(held.token)),
        (1, Some(held)) => {
            let place = NAMES
                .iter()
                .position(|name| **name == *held.lock)
                .unwrap_or(0);
            let step = if client.is_multiple_of(2) { 1 } else { 2 };
            acquire(NAMES[(place + step) % 3], Mode::Exclusive)
        }
        _ => acquire(NAMES[luck.between(0, 2) as usize], Mode::Exclusive),
    }
}

/// Acquires a lock three times, as nested calls do, and gives it back as often.
fn reentrant(memory: &Memory, value: i64) -> LockOp {
    match memory.held("a") {
        None => acquire("a", Mode::Exclusive),
        Some(held) if held.used == 0 && held.count < 3 => acquire("a", Mode::Exclusive),
        Some(held) if held.used == 0 => LockOp::Write("a".into(), held.token, value),
        Some(held) => LockOp::Release("a".into(), Some(held.token)),
    }
}

/// Client 0 holds on to the lock and only says that it is still there, then writes and gives it
/// back; the others come and go.
fn idle_holder(memory: &Memory, client: ClientId, n: u64, value: i64) -> LockOp {
    match memory.held("a") {
        Some(held) if client == 0 && held.used == 0 && !n.is_multiple_of(IDLE_RENEWALS) => {
            LockOp::Renew
        }
        _ => in_turn(memory, "a", Mode::Exclusive, 1, value),
    }
}

/// As with the idle holder, but whoever finds the lock held waits for a while only.
fn impatient(memory: &Memory, client: ClientId, n: u64, value: i64, luck: &mut Draws) -> LockOp {
    match idle_holder(memory, client, n, value) {
        LockOp::Acquire(lock, terms) if client != 0 => {
            let timeout = Some(Micros::from_ms(luck.between(1, 6) * 100));
            LockOp::Acquire(lock, Terms { timeout, ..terms })
        }
        other => other,
    }
}
