//! Giving back: by the holder, or with its session.

use super::fact::{Fact, WaitEnd};
use super::op::{Error, LockOutput};
use super::options::Mutant;
use super::session::Session;
use super::table::{LockTable, Step};
use crate::base::ClientId;
use std::sync::Arc;

impl LockTable {
    pub(super) fn on_release(
        &mut self,
        step: &mut Step<'_>,
        client: ClientId,
        name: &Arc<str>,
        token: Option<u64>,
    ) -> Result<LockOutput, Error> {
        let unchecked = step.options.is(Mutant::ReleaseUnchecked);
        let expired = self.session(client).is_some_and(|session| session.expired);
        if expired && !unchecked {
            return Err(Error::Expired);
        }
        let lock = self.lock(name).ok_or(Error::NotHeld)?;
        let holder = lock.holders.first().map_or(client, |hold| hold.client);
        // Only the holder releases, and only under the grant that it names: what comes late, or
        // from somebody else, must not free what a third one holds.
        let hold = match lock.hold_of(client) {
            Some(hold) => *hold,
            None if unchecked => *lock.hold_of(holder).ok_or(Error::NotHeld)?,
            None => return Err(Error::NotHolder { holder }),
        };
        if !unchecked && token.is_some_and(|token| token != hold.token) {
            return Err(Error::OtherToken { token: hold.token });
        }
        // One that gives back what it does not hold may have no session.
        let _ = self.living(step, client);
        let left = hold.count - 1;
        self.take_back(step, name, hold.client, left, Some(client));
        Ok(LockOutput::Released {
            lock: Arc::clone(name),
            left,
        })
    }

    /// A client holds a lock `left` times from here on.
    pub(super) fn take_back(
        &mut self,
        step: &mut Step<'_>,
        name: &Arc<str>,
        client: ClientId,
        left: u32,
        by: Option<ClientId>,
    ) {
        let Some(lock) = self.locks.get_mut(name) else {
            return;
        };
        let Ok(place) = lock.place_of(client) else {
            return;
        };
        step.state(Fact::Released {
            lock: Arc::clone(name),
            client,
            left,
            by,
        });
        if left > 0 {
            lock.holders[place].count = left;
            return;
        }
        lock.holders.remove(place);
        if let Some(session) = self.sessions.get_mut(&client) {
            session.holds.retain(|held| held != name);
        }
        self.serve(step, name);
    }

    /// The leader's clock says that a session is over. It is if nothing has renewed it since: the
    /// leader may not have known of an entry that is before this one.
    pub(super) fn on_expire(&mut self, step: &mut Step<'_>, client: ClientId, renewed: u64) {
        let unheard = |session: &&Session| {
            session.renewed == renewed || step.options.is(Mutant::ExpiresDespiteRenewal)
        };
        let session = self.session(client).filter(|session| !session.expired);
        if session.filter(unheard).is_some() {
            self.expire(step, client);
        }
    }

    pub(super) fn expire(&mut self, step: &mut Step<'_>, client: ClientId) {
        if !step.options.is(Mutant::ExpiredKeepsWaiting) {
            self.end_wait(step, client, WaitEnd::Expired, Some(Error::Expired));
        }
        step.state(Fact::Expired { client });
        let Some(session) = self.sessions.get_mut(&client) else {
            return;
        };
        session.expired = true;
        for name in std::mem::take(&mut session.holds) {
            self.take_back(step, &name, client, 0, None);
        }
    }

    pub(super) fn expire_by_own_clock(&mut self, step: &mut Step<'_>) {
        let over = |session: &Session| {
            !session.expired && !session.holds.is_empty() && session.seen + session.ttl < step.now
        };
        let mut due: Vec<ClientId> = self
            .sessions()
            .filter(|(_, session)| over(session))
            .map(|(client, _)| client)
            .collect();
        due.sort_unstable();
        due.into_iter().for_each(|client| self.expire(step, client));
    }
}
