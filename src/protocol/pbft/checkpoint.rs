//! Checkpoints, the watermarks that follow them, and the transfer of a state to a replica that is
//! behind (section 4.3; state transfer as in Castro and Liskov 2002, whole and in one message).

use super::digest::Digest;
use super::keys::Party;
use super::message::{Checkpoint, Message, Note, Sealed, State};
use super::milestone::Milestone;
use super::options::{Authentication, Mutant};
use super::slot::Replicas;
use super::state::{Fetching, Pbft};
use crate::base::{Effects, NodeId};
use std::sync::Arc;

impl Pbft {
    /// Section 4.3: a checkpoint is taken "when a request with a sequence number divisible by some
    /// constant is executed", and told to all.
    pub(super) fn take_checkpoint(&mut self, seq: u64, out: &mut Effects<Pbft>) {
        let digest = Digest::of(&self.disk.state);
        let state = self.disk.state.clone();
        self.disk.checkpoints.insert(seq, (digest, state));
        out.milestone(Milestone::CheckpointTaken { seq, digest });
        let own = Arc::new(self.seal(Checkpoint { seq, digest }));
        self.broadcast(&Message::Checkpoint(Arc::clone(&own)), out);
        if seq > self.low() {
            self.announced.entry(seq).or_default().push(own);
            self.check_stable(seq, out);
        }
    }

    /// CHECKPOINT.
    pub(super) fn on_checkpoint(
        &mut self,
        sealed: Arc<Sealed<Checkpoint>>,
        out: &mut Effects<Pbft>,
    ) {
        let (seq, sender) = (sealed.body().seq, sealed.sender());
        if !seq.is_multiple_of(u64::from(self.options.checkpoint_interval)) {
            return out.ignore("a checkpoint at a number that has none");
        }
        if seq <= self.low() {
            // The rest of a certificate that is complete.
            return;
        }
        let of_sender = |known: &Arc<Sealed<Checkpoint>>| known.sender() == sender;
        if self
            .announced
            .get(&seq)
            .is_some_and(|all| all.iter().any(of_sender))
        {
            return out.ignore("a checkpoint that it has");
        }
        // Beyond the window each replica's newest is kept: enough to see that one is behind.
        let high = self.high();
        if seq > high {
            let mut newer = self.announced.range(seq + 1..).flat_map(|(_, all)| all);
            if newer.any(of_sender) {
                return out.ignore("a checkpoint older than one that it has");
            }
            for (_, all) in self.announced.range_mut(high + 1..) {
                all.retain(|known| !of_sender(known));
            }
            self.announced.retain(|_, all| !all.is_empty());
        }
        self.announced.entry(seq).or_default().push(sealed);
        self.check_stable(seq, out);
        if seq > self.high() {
            self.fetch_newest(out);
        }
        self.run_status(out);
    }

    /// How many replicas have to say the same of a checkpoint before it is stable.
    fn stable_quorum(&self) -> usize {
        match self.is(Mutant::SingleCheckpoint) {
            true => 1,
            false => self.quorum(),
        }
    }

    /// Those who say the same of a checkpoint, if they are `needed`.
    fn agreed(&self, seq: u64, needed: usize) -> Option<Vec<Arc<Sealed<Checkpoint>>>> {
        let all = self.announced.get(&seq)?;
        all.iter().find_map(|one| {
            let same = all.iter().filter(|other| other.body() == one.body());
            let same: Vec<_> = same.map(Arc::clone).collect();
            (same.len() >= needed).then_some(same)
        })
    }

    /// Section 4.3: "a replica collects checkpoint messages until it has 2f + 1 of them for
    /// sequence number n with the same digest signed by different replicas".
    fn check_stable(&mut self, seq: u64, out: &mut Effects<Pbft>) {
        if let Some(proof) = self.agreed(seq, self.stable_quorum()) {
            let (checkpoint, from) = (*proof[0].body(), senders(&proof));
            let (primary, Checkpoint { seq, digest }) = (self.is_primary(), checkpoint);
            out.milestone(Milestone::Stable {
                seq,
                digest,
                primary,
            });
            self.move_window(checkpoint, proof, from, out);
            self.order_waiting(out);
        }
    }

    /// Section 4.3: "a checkpoint with a proof becomes stable and the replica discards all
    /// pre-prepare, prepare, and commit messages with sequence number less than or equal to n".
    /// A replica that has not come so far asks for the state.
    pub(super) fn move_window(
        &mut self,
        checkpoint: Checkpoint,
        proof: Vec<Arc<Sealed<Checkpoint>>>,
        from: Replicas,
        out: &mut Effects<Pbft>,
    ) {
        let Checkpoint { seq, digest } = checkpoint;
        if seq <= self.low() {
            return;
        }
        let past = ((seq - self.low()) as usize).min(self.disk.slots.len());
        self.disk.slots.drain(..past);
        self.disk.stable = checkpoint;
        self.disk.stable_proof = match self.options.auth {
            Authentication::Signatures => proof,
            Authentication::Macs => Vec::new(),
        };
        self.disk.last_given = self.disk.last_given.max(seq);
        self.disk
            .checkpoints
            .retain(|at, (own, _)| *at > seq || (*at == seq && *own == digest));
        self.announced.retain(|at, _| *at > seq);
        if self.disk.executed < seq {
            self.fetch(checkpoint, from, out);
        } else {
            self.execute_committed(out);
        }
    }

    /// Asks for the newest state that f + 1 replicas vouch for, of which one is correct, if this
    /// replica is behind it.
    pub(super) fn fetch_newest(&mut self, out: &mut Effects<Pbft>) {
        let needed = match self.is(Mutant::SingleCheckpoint) {
            true => 1,
            false => self.faults() + 1,
        };
        let ahead: Vec<u64> = self.announced.keys().rev().copied().collect();
        let newest = ahead
            .into_iter()
            .take_while(|seq| *seq > self.disk.executed)
            .find_map(|seq| self.agreed(seq, needed));
        if let Some(agreed) = newest {
            self.fetch(*agreed[0].body(), senders(&agreed), out);
        }
    }

    fn fetch(&mut self, checkpoint: Checkpoint, mut from: Replicas, out: &mut Effects<Pbft>) {
        from.remove(self.me);
        let older = self
            .fetching
            .is_none_or(|known| known.checkpoint.seq < checkpoint.seq);
        if !older || from.is_empty() {
            return;
        }
        self.fetching = Some(Fetching {
            checkpoint,
            from,
            asked: self.me,
        });
        self.ask_next(out);
        self.run_status(out);
    }

    /// Asks the next of those who vouch for the state that it lacks.
    pub(super) fn ask_next(&mut self, out: &mut Effects<Pbft>) {
        let Some(fetching) = &mut self.fetching else {
            return;
        };
        let after = fetching.from.iter().find(|id| *id > fetching.asked);
        let Some(next) = after.or_else(|| fetching.from.iter().next()) else {
            return;
        };
        fetching.asked = next;
        let seq = fetching.checkpoint.seq;
        self.note(next, Note::Fetch { seq }, out);
    }

    /// FETCH: another replica asks for a state.
    pub(super) fn on_fetch(&mut self, from: NodeId, seq: u64, out: &mut Effects<Pbft>) {
        let Some((_, state)) = self.disk.checkpoints.get(&seq) else {
            if seq < self.low() {
                self.tell_checkpoints(from, out);
            }
            return out.ignore("a question for a state that it does not have");
        };
        let state = State {
            seq,
            state: state.clone(),
        };
        let sealed = Sealed::to_one(&self.keys, self.me, Party::Replica(from), state);
        self.send(from, &Message::State(Arc::new(sealed)), out);
    }

    /// Tells one replica of the last stable checkpoint, and of its own later ones.
    pub(super) fn tell_checkpoints(&mut self, to: NodeId, out: &mut Effects<Pbft>) {
        let stable = self.disk.stable;
        let mut told = self.disk.stable_proof.clone();
        // It speaks for a state that it has, and not for one that it has yet to fetch.
        if told.is_empty() && self.disk.checkpoints.contains_key(&stable.seq) {
            told.push(Arc::new(self.seal(stable)));
        }
        let own = self.announced.values().flatten();
        told.extend(
            own.filter(|known| known.sender() == self.me)
                .map(Arc::clone),
        );
        for sealed in told {
            self.send(to, &Message::Checkpoint(sealed), out);
        }
    }

    /// A state has come: it is taken over if it is the one that was vouched for.
    pub(super) fn on_state(&mut self, sealed: &Sealed<State>, out: &mut Effects<Pbft>) {
        let State { seq, state } = sealed.body();
        let Some(fetching) = self.fetching.filter(|known| known.checkpoint.seq == *seq) else {
            return out.ignore("a state that it does not want");
        };
        let digest = Digest::of(state);
        if digest != fetching.checkpoint.digest {
            out.ignore("a state that its digest belies");
            return self.ask_next(out);
        }
        self.fetching = None;
        if *seq <= self.disk.executed {
            return;
        }
        self.disk.state = state.clone();
        self.disk.executed = *seq;
        self.forget_done();
        out.milestone(Milestone::StateFetched {
            seq: *seq,
            digest,
            from: sealed.sender(),
        });
        self.take_checkpoint(*seq, out);
        self.execute_committed(out);
        self.order_waiting(out);
    }
}

fn senders(proof: &[Arc<Sealed<Checkpoint>>]) -> Replicas {
    proof.iter().map(|sealed| sealed.sender()).collect()
}
