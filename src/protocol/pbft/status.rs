//! What the network lost is sent again, on being asked: a replica that waits for something and
//! sees no progress says what it has, and whoever has more sends what it lacks (Castro and Liskov
//! 2002, on retransmission). Where nothing is lost nobody asks.

use super::message::{Message, Note, Phase};
use super::slot::Replicas;
use super::state::{Pbft, Timer};
use crate::base::{Effects, NodeId};
use std::sync::Arc;

/// The most numbers for which a replica is sent the messages of at once.
const SENT_AGAIN: u64 = 8;

impl Pbft {
    /// Sets the status timer, if something is missing and it does not run.
    pub(super) fn run_status(&mut self, out: &mut Effects<Pbft>) {
        if !self.status_runs && self.lacks() {
            self.status_runs = true;
            self.status_mark = self.progress();
            out.set_timer(Timer::Status, self.options.status);
        }
    }

    /// Whether it waits for something.
    fn lacks(&self) -> bool {
        self.disk.changing
            || self.missed_a_view()
            || !self.waiting.is_empty()
            || self.fetching.is_some()
            || self.last_slot() > self.disk.executed
            || self
                .announced
                .keys()
                .next_back()
                .is_some_and(|seq| *seq > self.disk.executed)
    }

    /// Whether more speak of a later view than may lie: it has begun without this replica.
    pub(super) fn missed_a_view(&self) -> bool {
        let senders: Replicas = self.early.iter().filter_map(Message::sender).collect();
        senders.len() > self.faults()
    }

    fn progress(&self) -> (u64, bool, u64) {
        (self.disk.view, self.disk.changing, self.disk.executed)
    }

    pub(super) fn on_status_timer(&mut self, out: &mut Effects<Pbft>) {
        self.status_runs = false;
        if self.lacks() && self.status_mark == self.progress() {
            // A new view that could not be proven may be asked about again when it comes again.
            self.unproven = None;
            match self.fetching {
                Some(_) => self.ask_next(out),
                None => self.fetch_newest(out),
            }
            if self.disk.changing
                && let Some(own) = &self.disk.view_change
            {
                let own = Message::ViewChange(Arc::clone(own));
                self.broadcast(&own, out);
            }
            self.tell_status(out);
        }
        self.run_status(out);
    }

    /// Says what it has.
    pub(super) fn tell_status(&mut self, out: &mut Effects<Pbft>) {
        let status = Note::Status {
            view: self.disk.view,
            active: !self.disk.changing,
            stable: self.low(),
            executed: self.disk.executed,
        };
        self.note_all(status, out);
    }

    /// STATUS: another replica waits for something.
    pub(super) fn on_status(
        &mut self,
        from: NodeId,
        (view, active, stable, executed): (u64, bool, u64, u64),
        out: &mut Effects<Pbft>,
    ) {
        if stable < self.low() {
            self.tell_checkpoints(from, out);
        } else if !self.announced.is_empty() {
            self.tell_own_checkpoints(from, out);
        }
        let own = (self.disk.view, self.disk.changing);
        if view < own.0 || (view == own.0 && !active) {
            match (&self.disk.new_view, &self.disk.view_change) {
                (Some(new_view), _) if !own.1 => {
                    let new_view = Message::NewView(Arc::clone(new_view));
                    self.send(from, &new_view, out);
                }
                (_, Some(change)) if own.1 => {
                    let change = Message::ViewChange(Arc::clone(change));
                    self.send(from, &change, out);
                    if from == self.primary() {
                        self.ack_all(out);
                    }
                }
                _ => {}
            }
        }
        if view == own.0 && active && !own.1 {
            self.send_again(from, executed, out);
        }
    }

    fn tell_own_checkpoints(&mut self, to: NodeId, out: &mut Effects<Pbft>) {
        let own = self.announced.values().flatten();
        let own = own
            .filter(|known| known.sender() == self.me)
            .map(Arc::clone);
        for sealed in own.collect::<Vec<_>>() {
            self.send(to, &Message::Checkpoint(sealed), out);
        }
    }

    /// Sends one replica what it may lack of the numbers after `executed`.
    fn send_again(&mut self, to: NodeId, executed: u64, out: &mut Effects<Pbft>) {
        let first = executed.max(self.low()) + 1;
        let last = self.last_slot().min(executed.saturating_add(SENT_AGAIN));
        for seq in first..=last {
            let Some(slot) = self.slot(seq) else {
                continue;
            };
            let mut again = Vec::new();
            if let Some(sealed) = &slot.pre_prepare
                && (slot.prepared || sealed.sender() == self.me)
                && sealed.sender() != to
            {
                again.push(Message::PrePrepare(Arc::clone(sealed)));
            }
            for phase in [Phase::Prepare, Phase::Commit] {
                let votes = slot.votes(phase).list.iter();
                let own = votes.filter(|vote| vote.sender() == self.me);
                again.extend(own.map(|vote| Message::Vote(Arc::clone(vote))));
            }
            again.iter().for_each(|message| self.send(to, message, out));
        }
    }
}
