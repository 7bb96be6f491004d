//! What clients are told: of their writes, and by their reads.

use super::super::item::Context;
use super::super::oracle::Number;
use super::super::sessions::{Counts, Waiting};
use super::super::value::Key;
use super::Invariants;
use crate::base::ClientId;
use std::sync::Arc;

impl Invariants {
    /// A client is told that its write is stored.
    pub(super) fn learns(&mut self, client: ClientId, key: &Key, waiting: &Waiting) {
        let Some(write) = waiting.written else { return };
        let lww = self.lww;
        let Some(truth) = self.keys.get(key).map(Arc::clone) else {
            return;
        };
        let known = self.sees(&truth.told, write, lww) || self.sees(&truth.reaped, write, lww);
        let rest = |other: &Number| !self.sees(&[write], *other, lww);
        let mut told: Vec<Number> = truth.told.iter().copied().filter(rest).collect();
        told.push(write);
        let truth = self.truth(key);
        if !known {
            truth.told = told;
        }
        truth.sessions.entry(client).or_default().written = Some(write);
        self.oracle.set_behind(write, waiting.session.clone());
    }

    /// A client has its answer to a read. What it misses is counted; nobody has promised it.
    pub(super) fn reads(&mut self, client: ClientId, context: &Context, waiting: &Waiting) {
        let heads = context.read.iter();
        let heads: Vec<Number> = heads.filter_map(|id| self.oracle.number(*id)).collect();
        let Some(truth) = self.keys.get(&context.key).map(Arc::clone) else {
            self.counts.reads += 1;
            return;
        };
        let lost = |write: Number| self.oracle.write(write).is_some_and(|write| write.lost);
        let known = |write: Number, lww: bool| {
            self.sees(&heads, write, lww) || self.sees(&truth.reaped, write, lww)
        };
        let sees = |write: &Number| known(*write, self.lww) || lost(*write);
        let session = truth.sessions.get(&client);
        let stale = !waiting.told.iter().all(sees);
        // Whoever finds that a later timestamp stands in place of its write has not seen its write.
        let own = session.and_then(|session| session.written);
        let own = own.map(|write| known(write, false));
        let before = session.filter(|session| !session.read.is_empty());
        let on = before.map(|session| session.read.iter().all(sees));
        // Of each version shown, whether what its client knew before it has come before it.
        let comes_before =
            |write: &Number| (known(*write, false) || lost(*write)) && !heads.contains(write);
        let mut shown = Counts::default();
        for head in &heads {
            let write = self.oracle.write(*head);
            if let Some(behind) = write.and_then(|write| write.behind.as_deref()) {
                shown.comes_after(behind, comes_before);
            }
        }
        let counts = &mut self.counts;
        counts.add_orders(&shown);
        counts.reads += 1;
        counts.stale += u64::from(stale);
        counts.own_seen += u64::from(own == Some(true));
        counts.own_missed += u64::from(own == Some(false));
        counts.gone_on += u64::from(on == Some(true));
        counts.gone_back += u64::from(on == Some(false));
        let truth = self.truth(&context.key);
        truth.sessions.entry(client).or_default().read = heads;
    }
}
