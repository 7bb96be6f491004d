//! Waiting: how a client comes into a queue, and how it leaves it again.

use super::fact::{Fact, WaitEnd};
use super::op::{Error, LockOutput, Terms};
use super::options::{Mutant, Options, Victim};
use super::session::{Place, Session, Wait, Waiter};
use super::table::{Lock, LockTable, Step, own_clock};
use crate::base::{ClientId, RequestId};
use crate::protocol::machine::Answer;
use std::sync::Arc;

impl LockTable {
    /// Who asks for something else waits no longer for what it asked before: nobody would hear of
    /// the grant.
    pub(super) fn give_up_older(&mut self, step: &mut Step<'_>, id: RequestId) {
        if self
            .wait_of(id.client)
            .is_some_and(|wait| wait.serial < id.serial)
        {
            self.end_wait(step, id.client, WaitEnd::GivenUp, None);
        }
    }

    pub(super) fn wait(
        &mut self,
        step: &mut Step<'_>,
        id: RequestId,
        name: &Arc<str>,
        terms: &Terms,
        upgrade: bool,
    ) -> Answer<LockOutput> {
        let RequestId { client, serial } = id;
        let mode = terms.mode;
        let place = Place {
            newcomer: !upgrade,
            index: step.index,
        };
        let waiter = Waiter {
            client,
            serial,
            mode,
        };
        let lock = self.locks.entry(name, Lock::default);
        lock.queue.insert(place, waiter);
        self.sessions.entry(&client, Session::default).wait = Some(Wait {
            lock: Arc::clone(name),
            place,
            mode,
            serial,
            timeout: terms.timeout,
        });
        step.state(Fact::Queued {
            lock: Arc::clone(name),
            client,
            serial,
            mode,
            upgrade,
        });
        if step.options.detect {
            self.resolve_deadlocks(step, client);
        }
        // Raft, section 8: a retry of a request that waits is the same request.
        Answer::Later {
            noted: !step.options.is(Mutant::QueuedTwice),
        }
    }

    /// A new wait may close circles, all of them through the requester: each loses one of its waits.
    pub(super) fn resolve_deadlocks(&mut self, step: &mut Step<'_>, requester: ClientId) {
        while let Some(cycle) = self.search(requester, step.options.mutant) {
            let victim = self.victim(step.options, &cycle);
            let cycle: Arc<[ClientId]> = cycle.into();
            step.state(Fact::Deadlock {
                cycle: Arc::clone(&cycle),
                victim,
            });
            self.end_wait(
                step,
                victim,
                WaitEnd::Deadlock,
                Some(Error::Deadlock(cycle)),
            );
            if victim == requester || self.wait_of(victim).is_some() {
                return;
            }
        }
    }

    pub(super) fn victim(&self, options: &Options, cycle: &[ClientId]) -> ClientId {
        let age = |client: &ClientId| {
            let opened = self.session(*client).map_or(0, |session| session.opened);
            (opened, *client)
        };
        let holds = |client: &ClientId| self.session(*client).map_or(0, |it| it.holds.len());
        let youngest_first = |client: &ClientId| std::cmp::Reverse(age(client));
        let chosen = match options.victim {
            Victim::Youngest => cycle.iter().min_by_key(|it| youngest_first(it)),
            Victim::FewestLocks => cycle
                .iter()
                .min_by_key(|it| (holds(it), youngest_first(it))),
            Victim::Requester => cycle.first(),
        };
        chosen.copied().unwrap_or_default()
    }

    /// A client waits no more, without a grant; `error` answers its request.
    pub(super) fn end_wait(
        &mut self,
        step: &mut Step<'_>,
        client: ClientId,
        why: WaitEnd,
        error: Option<Error>,
    ) {
        let Some(session) = self.sessions.get_mut(&client) else {
            return;
        };
        let Some(wait) = session.wait.clone() else {
            return;
        };
        // A wait that has ended is no edge: a graph that still has it shows circles that are none
        // (phantom deadlocks: Gray and Reuter, 1993, section 7.11.3).
        if !step.options.is(Mutant::StaleEdges) {
            session.wait = None;
        }
        let lock = self.locks.get_mut(&wait.lock);
        if lock
            .and_then(|lock| lock.queue.remove(&wait.place))
            .is_none()
        {
            return;
        }
        let serial = wait.serial;
        step.state(Fact::WaitEnded {
            lock: Arc::clone(&wait.lock),
            client,
            serial,
            why,
        });
        if let Some(error) = error {
            step.answer(RequestId { client, serial }, LockOutput::Refused(error));
        }
        self.serve(step, &wait.lock);
    }

    /// Grants a lock to those that wait for it, in order, as far as it admits them.
    pub(super) fn serve(&mut self, step: &mut Step<'_>, name: &Arc<str>) {
        loop {
            let Some(lock) = self.locks.get_mut(name) else {
                return;
            };
            let Some((place, waiter)) = lock.queue.first_key_value() else {
                if lock.holders.is_empty() {
                    self.locks.remove(name);
                }
                return;
            };
            if !lock.admits(waiter.client, waiter.mode) {
                return;
            }
            let (place, waiter) = (*place, waiter.clone());
            lock.queue.remove(&place);
            let id = RequestId {
                client: waiter.client,
                serial: waiter.serial,
            };
            let session = self.sessions.entry(&waiter.client, Session::default);
            session.wait = None;
            // Its lease is counted from here: it could not use the lock before.
            session.renewed = step.index;
            session.seen = own_clock(step);
            let (ttl, session) = (session.ttl, session.opened);
            let (token, count) = self.grant(step, id, name, waiter.mode);
            step.answer(
                id,
                LockOutput::Granted {
                    lock: Arc::clone(name),
                    mode: waiter.mode,
                    token,
                    count,
                    ttl,
                    session,
                },
            );
        }
    }

    pub(super) fn on_end_wait(&mut self, step: &mut Step<'_>, client: ClientId, serial: u64) {
        if self
            .wait_of(client)
            .is_some_and(|wait| wait.serial == serial)
        {
            self.end_wait(step, client, WaitEnd::TimedOut, Some(Error::TimedOut));
        }
    }
}
