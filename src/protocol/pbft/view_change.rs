//! View changes (sections 4.4 and 4.5.2): leaving a view, and what is said of it.

use super::digest::Digest;
use super::keys::Party;
use super::message::{Certificate, Checkpoint, Claim, Message, Note, Phase, Sealed, ViewChange};
use super::milestone::Milestone;
use super::options::{Authentication, Mutant};
use super::request::digest_of;
use super::slot::Replicas;
use super::state::{Pbft, Timer};
use crate::base::{Effects, NodeId};
use std::sync::Arc;

impl Pbft {
    /// The view-change timer went off: the request that it waits for was not executed, or the
    /// view has not begun (section 4.4).
    pub(super) fn on_impatience(&mut self, out: &mut Effects<Pbft>) {
        if self.disk.changing || self.awaited.is_some() {
            self.leave_for(self.disk.view + 1, out);
        }
    }

    /// Leaves its view for another: "the backup starts a view change to move the system to view
    /// v + 1. It stops accepting messages (other than checkpoint, view-change, and new-view
    /// messages)" (section 4.4).
    pub(super) fn leave_for(&mut self, view: u64, out: &mut Effects<Pbft>) {
        let mut change = self.what_it_knows(view);
        if self.liar.is_some() {
            self.lie_about_what_it_knows(&mut change);
        }
        self.disk.view = view;
        self.disk.changing = true;
        self.disk.new_view = None;
        self.impatience += 1;
        self.awaited = None;
        self.awaits_view = false;
        self.unproven = None;
        self.disk
            .slots
            .iter_mut()
            .for_each(|slot| Arc::make_mut(slot).leave_view());
        out.cancel_timer(Timer::ViewChange);
        out.milestone(Milestone::ViewChangeStarted { view });
        let sealed = Arc::new(self.seal(change));
        self.changes[self.me.index()] = Some(Arc::clone(&sealed));
        self.disk.view_change = Some(Arc::clone(&sealed));
        self.broadcast(&Message::ViewChange(sealed), out);
        self.run_status(out);
        self.count_view_changes(out);
    }

    /// What it has to say when it leaves: its last stable checkpoint, and for each later number
    /// the request that it prepared last.
    fn what_it_knows(&self, view: u64) -> ViewChange {
        let macs = self.options.auth == Authentication::Macs;
        let slots = self.disk.slots.iter();
        let prepared = slots.clone().filter_map(|slot| {
            let certificate = slot.certificate.as_ref()?;
            let ordered = certificate.pre_prepare.body();
            Some(Claim {
                seq: ordered.seq,
                view: ordered.view,
                digest: ordered.digest,
                request: ordered.request.clone(),
                proof: (!macs).then(|| Arc::clone(certificate)),
            })
        });
        let mut checkpoints = Vec::new();
        if macs {
            // What it has, and not what it has yet to fetch. Everybody has the beginning.
            if self.low() == 0 {
                checkpoints.push(self.disk.stable);
            }
            let later = self.disk.checkpoints.range(self.low()..);
            checkpoints.extend(later.map(|(seq, (digest, _))| Checkpoint {
                seq: *seq,
                digest: *digest,
            }));
        }
        ViewChange {
            view,
            stable: self.disk.stable,
            proof: self.disk.stable_proof.clone(),
            checkpoints,
            prepared: prepared.collect(),
            pre_prepared: slots
                .flat_map(|slot| slot.pre_prepared.iter().cloned())
                .collect(),
        }
    }

    /// VIEW-CHANGE.
    pub(super) fn on_view_change(
        &mut self,
        sealed: Arc<Sealed<ViewChange>>,
        out: &mut Effects<Pbft>,
    ) {
        let (view, sender) = (sealed.body().view, sealed.sender());
        if view < self.disk.view || (view == self.disk.view && !self.disk.changing) {
            return out.ignore("a view change to a view that is past or has begun");
        }
        let known = self.changes[sender.index()].as_ref();
        if known.is_some_and(|known| known.body().view >= view) {
            return out.ignore("a view change that it has");
        }
        if !self.proves(sealed.body()) {
            return out.ignore("a view change whose proofs do not hold");
        }
        let content = sealed.content();
        self.changes[sender.index()] = Some(sealed);
        if self.options.auth == Authentication::Macs {
            self.ack(view, sender, content, out);
        }
        self.join_others(out);
        self.count_view_changes(out);
    }

    /// Section 4.5.2: "if a replica receives a set of f + 1 valid view-change messages from other
    /// replicas for views greater than its current view, it sends a view-change message for the
    /// smallest view in the set, even if its timer has not expired".
    fn join_others(&mut self, out: &mut Effects<Pbft>) {
        let changes = self.changes.iter().flatten();
        let later = changes
            .map(|change| change.body().view)
            .filter(|view| *view > self.disk.view);
        let (count, smallest) = (later.clone().count(), later.min());
        if count > self.faults()
            && !self.is(Mutant::NoJoin)
            && let Some(view) = smallest
        {
            self.leave_for(view, out);
        }
    }

    /// Section 4.5.2: "a replica that multicasts a view-change message for view v + 1 waits for
    /// 2f + 1 view-change messages for view v + 1 and then starts its timer". Who wants a later
    /// view counts among them: it has given up this one, and where the others wait for its word
    /// on this one for ever, so does everybody. The view's primary begins it.
    pub(super) fn count_view_changes(&mut self, out: &mut Effects<Pbft>) {
        let view = self.disk.view;
        let wanted = self.changes.iter().flatten();
        let wanted = wanted.filter(|change| change.body().view >= view).count();
        if !self.disk.changing || wanted < self.quorum() {
            return;
        }
        if !self.awaits_view {
            self.awaits_view = true;
            out.set_timer(Timer::ViewChange, self.patience());
        }
        if self.is_primary() {
            self.begin_view(out);
        }
    }

    /// Whether a seal holds here.
    pub(super) fn believes<T: super::message::Body>(&self, sealed: &Sealed<T>) -> bool {
        self.is(Mutant::NoAuthentication) || sealed.holds(&self.keys, Party::Replica(self.me))
    }

    /// Section 4.4: whether a view change proves what it says. With MACs there is nothing to be
    /// proven: claims are weighed against each other when the view begins.
    pub(super) fn proves(&self, change: &ViewChange) -> bool {
        let fits = |claim: &Claim| digest_of(claim.request.as_deref()) == claim.digest;
        if !change.prepared.iter().chain(&change.pre_prepared).all(fits) {
            return false;
        }
        if self.is(Mutant::ProofsUnchecked) || self.options.auth == Authentication::Macs {
            return true;
        }
        let stable = change.stable.seq == 0 || self.proves_checkpoint(change);
        stable
            && change.prepared.iter().all(|claim| {
                claim
                    .proof
                    .as_ref()
                    .is_some_and(|proof| self.proves_claim(claim, proof))
            })
    }

    fn proves_checkpoint(&self, change: &ViewChange) -> bool {
        let proof = change.proof.iter();
        let same = proof.filter(|sealed| *sealed.body() == change.stable && self.believes(sealed));
        let by: Replicas = same
            .map(|sealed| sealed.sender())
            .filter(|id| self.is_replica(*id))
            .collect();
        by.len() >= self.quorum()
    }

    pub(super) fn is_replica(&self, id: NodeId) -> bool {
        id.index() < self.replicas
    }

    fn proves_claim(&self, claim: &Claim, proof: &Certificate) -> bool {
        let ordered = proof.pre_prepare.body();
        let primary = self.primary_of(claim.view);
        if (ordered.view, ordered.seq, ordered.digest) != (claim.view, claim.seq, claim.digest)
            || proof.pre_prepare.sender() != primary
            || !self.believes(&proof.pre_prepare)
        {
            return false;
        }
        let any = self.is(Mutant::DigestUnchecked);
        let mut by = Replicas::default();
        for sealed in &proof.prepares {
            let vote = sealed.body();
            let matches = vote.phase == Phase::Prepare
                && (vote.view, vote.seq) == (claim.view, claim.seq)
                && (any || vote.digest == claim.digest);
            let sender = sealed.sender();
            if matches && sender != primary && self.is_replica(sender) && self.believes(sealed) {
                by.add(sender);
            }
        }
        by.len() >= self.prepare_quorum()
    }

    // With MACs a view change proves itself to nobody but its receiver. So others tell the new
    // primary that they have had the same (Castro and Liskov 2002, VIEW-CHANGE-ACK).

    fn ack(&mut self, view: u64, of: NodeId, digest: Digest, out: &mut Effects<Pbft>) {
        let primary = self.primary_of(view);
        if primary != self.me && primary != of {
            self.note(primary, Note::Ack { view, of, digest }, out);
        }
    }

    /// Acknowledges again the view changes that it has had to its view.
    pub(super) fn ack_all(&mut self, out: &mut Effects<Pbft>) {
        if self.options.auth != Authentication::Macs {
            return;
        }
        let (view, me) = (self.disk.view, self.me);
        let had = self.changes.iter().flatten();
        let had = had.filter(|change| change.body().view == view && change.sender() != me);
        let had: Vec<_> = had
            .map(|change| (change.sender(), change.content()))
            .collect();
        for (of, digest) in had {
            self.ack(view, of, digest, out);
        }
    }

    /// VIEW-CHANGE-ACK.
    pub(super) fn on_ack(
        &mut self,
        from: NodeId,
        view: u64,
        of: NodeId,
        digest: Digest,
        out: &mut Effects<Pbft>,
    ) {
        /// For how many view changes of one replica another may vouch at a time.
        const KEPT: usize = 8;
        if view < self.disk.view || from == of || self.options.auth != Authentication::Macs {
            return out.ignore("an acknowledgement that is of no use");
        }
        if let Some(by) = self.acks.get_mut(&(of, digest)) {
            by.add(from);
        } else {
            self.make_place_for_ack(from, of, KEPT);
            self.acks.entry((of, digest)).or_default().add(from);
        }
        match self.unproven.clone() {
            Some(new_view) => self.on_new_view(new_view, out),
            None => self.count_view_changes(out),
        }
    }

    /// Who vouches for more view changes of one replica than there can be lies of most of them:
    /// its word on those is forgotten, and that of others stays.
    fn make_place_for_ack(&mut self, from: NodeId, of: NodeId, most: usize) {
        let told = |key: &(NodeId, Digest), by: &Replicas| key.0 == of && by.has(from);
        let count = self.acks.iter().filter(|(key, by)| told(key, by)).count();
        if count >= most {
            self.acks.retain(|key, by| {
                if key.0 == of {
                    by.remove(from);
                }
                !by.is_empty()
            });
        }
    }

    /// Another replica asks whether a view change that came with a new view came here too.
    pub(super) fn on_query(
        &mut self,
        from: NodeId,
        view: u64,
        of: NodeId,
        digest: Digest,
        out: &mut Effects<Pbft>,
    ) {
        let known = self.changes[of.index()].as_ref();
        if known.is_some_and(|known| known.content() == digest) && from != of {
            self.note(from, Note::Ack { view, of, digest }, out);
        } else {
            out.ignore("a question for a view change that it has not had");
        }
    }

    /// Whether others vouch for a view change enough to believe it: `needed` of them.
    pub(super) fn is_vouched(&self, change: &Sealed<ViewChange>, needed: usize) -> bool {
        let mut by = self
            .acks
            .get(&(change.sender(), change.content()))
            .copied()
            .unwrap_or_default();
        by.remove(self.me);
        by.remove(change.sender());
        by.len() >= needed
    }
}
