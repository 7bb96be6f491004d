//! A lock manager: locks with leases, queues, fencing tokens and a detector of deadlocks, replicated by
//! [Raft](super::raft).
//!
//! A client that acquires a lock has a session, which lasts as long as the service hears of the client
//! now and then; when it ends, what the client holds is free again. No clock of a service can tell a
//! dead client from a slow one, so a grant comes with a *fencing token* that only grows, and what the
//! lock guards refuses a token older than one that it has seen. That alone makes a lock safe; leases
//! make it live.
//!
//! The [table of locks](LockTable) is a deterministic state machine without a clock. The leader sees by
//! its own clock what is over ([`Clocks`]) and proposes it as an entry of the log; only that entry makes
//! it so. Requests that wait are answered by a later entry, by whoever leads then.
//!
//! Sources: Gray and Cheriton, *Leases*, SOSP 1989; Burrows, *The Chubby lock service*, OSDI 2006;
//! Kleppmann, *How to do distributed locking*, 2016; Gray and Reuter, *Transaction Processing*, 1993,
//! chapters 7 and 8; Holt, *Some deadlock properties of computer systems*, 1972.
//!
//! - [`LockOp`], [`LockOutput`], [`Error`]: what clients say and hear. [`Memory`]: what they keep.
//! - [`Fact`]: what the table states. [`LockWatch`]: what has to hold of it.
//! - [`Options`]: its switches. [`Mutant`]: the lock manager with one rule left out.
//!
//! What is simplified: guarded resources lie in the same replicated state as the locks, apart from them;
//! a client has one request at a time; a lock upgraded to exclusive stays so until it is released.

mod client;
mod clocks;
mod fact;
mod ground;
mod invariants;
mod op;
mod options;
mod oracle;
mod patience;
mod queue;
mod release;
mod resource;
mod session;
mod shelf;
mod table;
mod view;
mod waits;

pub use client::{Memory, Stamp};
pub use clocks::{Clocks, Dial, Dials};
pub use fact::{Fact, WaitEnd};
pub use invariants::LockWatch;
pub use op::{COUNT_MAX, Error, LockOp, LockOutput, Mode, NAME_MAX, Seen, TTL_MAX, Terms};
pub use options::{Mutant, Options, Victim};
pub use session::{Hold, Place, Session, Wait, Waiter};
pub use table::{Lock, LockTable};
pub use view::{
    HolderView, LockTableView, LockView, ResourceView, SessionView, WaitView, WaiterView,
};

use super::machine::{Answer, StateMachine, Step};
use super::raft::Raft;
use crate::base::{ClientId, Draws, Ground, Micros, Pace, RequestId};

/// The lock manager: Raft over a table of locks.
pub type Locks = Raft<LockTable>;

impl StateMachine for LockTable {
    type Op = LockOp;
    type Output = LockOutput;
    type Options = Options;
    type Fact = Fact;
    type Watch = LockWatch;
    type Clocks = Clocks;
    type Dials = Dials;
    type Memory = Memory;
    type Stamp = Stamp;

    const MODEL: Option<&'static str> = None;

    const WORKLOADS: &'static [&'static str] = client::WORKLOADS;

    fn apply(
        &mut self,
        step: &mut Step<'_, LockTable>,
        id: RequestId,
        op: &LockOp,
    ) -> Answer<LockOutput> {
        self.carry_out(step, id, op)
    }

    fn is_read(op: &LockOp) -> bool {
        matches!(op, LockOp::Read(_) | LockOp::Inspect(_))
    }

    fn query(&self, op: &LockOp) -> LockOutput {
        self.look(op)
    }

    fn restored(&mut self, options: &Options) {
        if options.is(Mutant::ForgetsTokens) {
            self.forget_tokens();
        }
    }

    fn take_office(last: u64) -> Clocks {
        Clocks::from(last)
    }

    fn due(&self, options: &Options, clocks: &mut Clocks, now: Micros) -> Vec<LockOp> {
        clocks.due(self, options, now)
    }

    fn hear(&self, clocks: &mut Clocks, client: ClientId, now: Micros) {
        clocks.hear(client, now);
    }

    fn dials(&self, _: &Options, clocks: &Clocks, now: Micros) -> Dials {
        clocks.dials(self, now)
    }

    fn ground(mutant: Option<&str>, pace: Pace, luck: &mut Draws, ground: &mut Ground) {
        ground::ground(mutant, pace, luck, ground);
    }

    fn workload(
        workload: usize,
        memory: &Memory,
        client: ClientId,
        n: u64,
        luck: &mut Draws,
    ) -> LockOp {
        client::workload(workload, memory, client, n, luck)
    }

    fn stamp(memory: &Memory, op: Option<&LockOp>) -> Stamp {
        memory.stamp(op)
    }

    fn show_stamp(stamp: &Stamp) -> serde_json::Value {
        let lease = |(token, until): (u64, Micros)| serde_json::json!({ "token": token, "lease_until_ms": until.as_ms() });
        stamp.trusts.map_or(serde_json::Value::Null, lease)
    }

    fn client_clock(
        options: &Options,
        memory: &mut Memory,
        now: Micros,
        asks: bool,
        drift_ppm: u32,
    ) {
        memory.look_at_clock(options, now, asks, drift_ppm);
    }

    fn told(memory: &mut Memory, output: &LockOutput) {
        memory.told(output);
    }
}
