//! How a view begins (section 4.4): what follows from the view changes, and the check of it by
//! every backup.

use super::digest::Digest;
use super::message::{Checkpoint, Claim, Message, NewView, Note, PrePrepare, Sealed, ViewChange};
use super::milestone::Milestone;
use super::options::{Authentication, Mutant};
use super::request::Request;
use super::slot::Replicas;
use super::state::{Pbft, Timer};
use crate::base::Effects;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a new view begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// The checkpoint that it starts from: min-s of section 4.4.
    pub start: Checkpoint,
    /// The requests of the numbers after it, up to max-s, in order.
    pub chosen: Vec<(Digest, Option<Arc<Request>>)>,
}

type Change = Arc<Sealed<ViewChange>>;

/// How a plan is made, and from what.
pub(super) struct Planning<'a> {
    /// The view changes: V.
    pub changes: &'a [Change],
    pub quorum: usize,
    pub faults: usize,
    pub mutant: Option<Mutant>,
}

impl Planning<'_> {
    /// With signatures: section 4.4. "The primary determines the sequence number min-s of the
    /// latest stable checkpoint in V and the highest sequence number max-s in a prepare message
    /// in V"; each number between gets the request of the certificate with the highest view, or
    /// the null request where there is no certificate.
    pub fn by_proof(&self) -> Plan {
        let stable = self.changes.iter().map(|change| change.body().stable);
        let start = stable.max_by_key(|stable| stable.seq).unwrap_or_default();
        let mut best: BTreeMap<u64, &Claim> = BTreeMap::new();
        for claim in self.claims(|change| &change.prepared) {
            if claim.seq <= start.seq || self.mutant == Some(Mutant::DropsPrepared) {
                continue;
            }
            let held = best.entry(claim.seq).or_insert(claim);
            let newer = match self.mutant {
                Some(Mutant::LowestViewWins) => claim.view < held.view,
                _ => claim.view > held.view,
            };
            if newer {
                *held = claim;
            }
        }
        let last = best.keys().next_back().copied().unwrap_or(start.seq);
        let chosen = (start.seq + 1..=last).map(|seq| match best.get(&seq) {
            Some(claim) => (claim.digest, claim.request.clone()),
            None => (Digest::NULL, None),
        });
        Plan {
            start,
            chosen: chosen.collect(),
        }
    }

    /// With MACs: the decision procedure of Castro and Liskov 2002. `None` while the view changes
    /// at hand decide nothing yet.
    pub fn by_weight(&self, window: u64) -> Option<Plan> {
        let start = self.start_by_weight()?;
        let highest =
            |claims: &mut dyn Iterator<Item = &Claim>| claims.map(|claim| claim.seq).max();
        let last = highest(&mut self.claims(|change| &change.prepared)).unwrap_or(start.seq);
        let last = last.min(start.seq + window);
        let mut chosen = Vec::new();
        for seq in start.seq + 1..=last {
            chosen.push(self.choose(seq)?);
        }
        if self.mutant == Some(Mutant::DropsPrepared) {
            chosen.clear();
        }
        Some(Plan { start, chosen })
    }

    /// The highest checkpoint that f + 1 have, and that 2f + 1 have not left behind.
    fn start_by_weight(&self) -> Option<Checkpoint> {
        let all = self
            .changes
            .iter()
            .flat_map(|change| &change.body().checkpoints);
        let fits = all.filter(|checkpoint| {
            let behind = |change: &&Change| change.body().stable.seq <= checkpoint.seq;
            let has = |change: &&Change| change.body().checkpoints.contains(checkpoint);
            self.changes.iter().filter(behind).count() >= self.quorum
                && self.changes.iter().filter(has).count() > self.faults
        });
        fits.max_by_key(|checkpoint| checkpoint.seq).copied()
    }

    /// What number `seq` gets: a request that was prepared in some view (A), if 2f + 1 say nothing
    /// against it (A1) and f + 1 pre-prepared it in that view or later (A2); the null request if
    /// 2f + 1 prepared nothing (B).
    fn choose(&self, seq: u64) -> Option<(Digest, Option<Arc<Request>>)> {
        let at = |claim: &&Claim| claim.seq == seq;
        let open = |change: &&Change| change.body().stable.seq < seq;
        let mut candidates: Vec<&Claim> =
            self.claims(|change| &change.prepared).filter(at).collect();
        // The highest view first: a lower one that passes too is the same request.
        candidates.sort_by_key(|claim| std::cmp::Reverse((claim.view, claim.digest)));
        if self.mutant == Some(Mutant::LowestViewWins) {
            candidates.reverse();
        }
        for claim in candidates {
            let agrees = |change: &&Change| {
                let own = change.body().prepared.iter().find(|own| own.seq == seq);
                own.is_none_or(|own| {
                    own.view < claim.view || (own.view == claim.view && own.digest == claim.digest)
                })
            };
            let contradicted =
                self.changes.iter().filter(open).filter(agrees).count() < self.quorum;
            let has_seen = |change: &&Change| {
                let mut seen = change.body().pre_prepared.iter();
                seen.any(|seen| {
                    seen.seq == seq && seen.digest == claim.digest && seen.view >= claim.view
                })
            };
            let known = self.changes.iter().filter(has_seen).count() > self.faults;
            let weighs = match self.mutant {
                Some(Mutant::LowestViewWins) => true,
                _ => !contradicted,
            };
            if weighs && (known || self.mutant == Some(Mutant::ProofsUnchecked)) {
                return Some((claim.digest, claim.request.clone()));
            }
        }
        let empty = |change: &&Change| !change.body().prepared.iter().any(|own| own.seq == seq);
        let nothing = self.changes.iter().filter(open).filter(empty).count();
        (nothing >= self.quorum).then_some((Digest::NULL, None))
    }

    fn claims<'a>(
        &'a self,
        of: impl Fn(&'a ViewChange) -> &'a Vec<Claim>,
    ) -> impl Iterator<Item = &'a Claim> {
        self.changes
            .iter()
            .flat_map(move |change| of(change.body()))
    }
}

impl Pbft {
    /// What follows from view changes; `None` while they do not suffice.
    fn plan(&self, changes: &[Change]) -> Option<Plan> {
        let planning = Planning {
            changes,
            quorum: self.quorum(),
            faults: self.faults(),
            mutant: self.options.mutant,
        };
        match self.options.auth {
            Authentication::Signatures => Some(planning.by_proof()),
            Authentication::Macs => planning.by_weight(u64::from(self.options.window)),
        }
    }

    /// NEW-VIEW, at the primary: "when the primary of view v + 1 receives 2f valid view-change
    /// messages for view v + 1 from other replicas, it multicasts a new-view message" (section
    /// 4.4). With MACs each has to be acknowledged by 2f - 1 others besides.
    pub(super) fn begin_view(&mut self, out: &mut Effects<Pbft>) {
        let view = self.disk.view;
        let macs = self.options.auth == Authentication::Macs;
        let vouchers = self.quorum().saturating_sub(2);
        let wanted = self.changes.iter().flatten().filter(|change| {
            change.body().view == view
                && (!macs || change.sender() == self.me || self.is_vouched(change, vouchers))
        });
        let changes: Vec<Change> = wanted.map(Arc::clone).collect();
        if changes.len() < self.quorum() {
            return;
        }
        let Some(mut plan) = self.plan(&changes) else {
            return;
        };
        if self.liar.is_some() {
            self.lie_about_plan(&mut plan);
        }
        let numbered = (plan.start.seq + 1..).zip(&plan.chosen);
        let pre_prepares = numbered.map(|(seq, (digest, request))| {
            Arc::new(self.seal(PrePrepare {
                view,
                seq,
                digest: *digest,
                request: request.clone(),
            }))
        });
        let new_view = NewView {
            view,
            pre_prepares: pre_prepares.collect(),
            changes,
        };
        let sealed = Arc::new(self.seal(new_view));
        self.broadcast(&Message::NewView(Arc::clone(&sealed)), out);
        self.enter_view(sealed, plan.start, out);
    }

    /// NEW-VIEW, at a backup: "a backup accepts a new-view message for view v + 1 if it is signed
    /// properly, if the view-change messages it contains are valid for view v + 1, and if the set
    /// O is correct; it verifies the correctness of O by performing a computation similar to the
    /// one used by the primary to create O" (section 4.4).
    pub(super) fn on_new_view(&mut self, sealed: Arc<Sealed<NewView>>, out: &mut Effects<Pbft>) {
        let (view, sender) = (sealed.body().view, sealed.sender());
        if view < self.disk.view || (view == self.disk.view && !self.disk.changing) {
            return out.ignore("a new view that is past or has begun");
        }
        if sender != self.primary_of(view) {
            return out.ignore("a new view that is not its primary's");
        }
        let NewView { changes, .. } = sealed.body();
        let by: Replicas = changes.iter().map(|change| change.sender()).collect();
        let whole = changes
            .iter()
            .all(|change| change.body().view == view && self.is_replica(change.sender()));
        if !whole || by.len() != changes.len() || by.len() < self.quorum() {
            return self.refuse(view, "a new view without enough view changes", out);
        }
        let doubtful: Vec<&Change> = changes
            .iter()
            .filter(|change| !self.had_from_its_sender(change))
            .collect();
        if !doubtful.is_empty() {
            if self.options.auth == Authentication::Signatures {
                return self.refuse(view, "a new view with a view change that is not valid", out);
            }
            let doubtful: Vec<_> = doubtful
                .iter()
                .map(|change| (change.sender(), change.content()))
                .collect();
            if self.unproven.as_ref().map(|known| known.content()) != Some(sealed.content()) {
                self.unproven = Some(Arc::clone(&sealed));
                for (of, digest) in doubtful {
                    self.note_all(Note::Query { view, of, digest }, out);
                }
            }
            return;
        }
        let Some(plan) = self.plan(changes) else {
            return self.refuse(view, "a new view whose view changes decide nothing", out);
        };
        if !self.follows(&plan, sealed.body()) && !self.is(Mutant::NewViewUnchecked) {
            return self.refuse(
                view,
                "a new view that does not follow from its view changes",
                out,
            );
        }
        self.enter_view(sealed, plan.start, out);
    }

    fn refuse(&mut self, view: u64, why: &'static str, out: &mut Effects<Pbft>) {
        out.milestone(Milestone::NewViewRefused {
            view,
            by: self.primary_of(view),
        });
        out.ignore(why);
    }

    /// Whether a view change that comes with a new view is what its sender said: it came from the
    /// sender itself, its seal holds here, or with MACs one of f + 1 that vouch for it is honest.
    fn had_from_its_sender(&self, change: &Change) -> bool {
        let own = self.changes[change.sender().index()].as_ref();
        if own.is_some_and(|own| own.content() == change.content()) {
            return true;
        }
        let macs = self.options.auth == Authentication::Macs;
        let vouched = macs && self.is_vouched(change, self.faults() + 1);
        (vouched || self.believes(change)) && self.proves(change.body())
    }

    /// Whether the pre-prepares of a new view are those of a plan.
    fn follows(&self, plan: &Plan, new_view: &NewView) -> bool {
        let expected = (plan.start.seq + 1..).zip(&plan.chosen);
        new_view.pre_prepares.len() == plan.chosen.len()
            && new_view
                .pre_prepares
                .iter()
                .zip(expected)
                .all(|(sealed, (seq, (digest, _)))| {
                    let ordered = sealed.body();
                    (ordered.view, ordered.seq, ordered.digest) == (new_view.view, seq, *digest)
                        && sealed.sender() == self.primary_of(new_view.view)
                        && self.believes(sealed)
                        && ordered.fits()
                })
    }

    /// The view begins here: what was chosen is in the log, and a backup prepares it. Numbers
    /// that are executed are agreed on again, for those who have not executed them, and not
    /// executed a second time.
    fn enter_view(
        &mut self,
        sealed: Arc<Sealed<NewView>>,
        start: Checkpoint,
        out: &mut Effects<Pbft>,
    ) {
        let late = self.missed_a_view();
        let new_view = Arc::clone(&sealed);
        let NewView {
            view,
            changes,
            pre_prepares,
        } = new_view.body();
        self.disk.view = *view;
        self.disk.changing = false;
        self.disk.new_view = Some(sealed);
        self.awaited = None;
        self.awaits_view = false;
        self.unproven = None;
        self.acks.clear();
        self.disk
            .slots
            .iter_mut()
            .for_each(|slot| Arc::make_mut(slot).leave_view());
        out.cancel_timer(Timer::ViewChange);
        let nulls = pre_prepares
            .iter()
            .filter(|sealed| sealed.body().request.is_none());
        out.milestone(Milestone::ViewEntered {
            view: *view,
            primary: self.is_primary(),
            chosen: pre_prepares.len() as u32,
            nulls: nulls.count() as u32,
        });
        self.disk.last_given = pre_prepares
            .last()
            .map_or(start.seq, |last| last.body().seq);
        if start.seq > self.low() {
            let has = |change: &&Change| {
                let ViewChange {
                    stable,
                    checkpoints,
                    ..
                } = change.body();
                *stable == start || checkpoints.contains(&start)
            };
            let of = changes.iter().filter(has);
            let from: Replicas = of.clone().map(|change| change.sender()).collect();
            let proof = of.clone().find(|change| change.body().stable == start);
            let proof = proof.map_or(Vec::new(), |change| change.body().proof.clone());
            self.move_window(start, proof, from, out);
        }
        self.disk.last_given = self.disk.last_given.max(self.low());
        for ordered in pre_prepares {
            if self.in_window(ordered.body().seq) {
                self.take(Arc::clone(ordered), out);
            }
        }
        self.take_early(out);
        self.pass_on_waiting(out);
        self.watch_primary(out);
        self.run_status(out);
        if late {
            // The others are at work already: what they said before has to be asked for.
            self.tell_status(out);
        }
    }

    /// In a new view the primary gives numbers to what waits; a backup tells it what it may not
    /// know.
    fn pass_on_waiting(&mut self, out: &mut Effects<Pbft>) {
        if self.is_primary() {
            return self.order_waiting(out);
        }
        let waiting: Vec<Arc<Request>> = self.waiting.iter().map(Arc::clone).collect();
        for request in waiting {
            if !self.has_number(request.id()) {
                self.send(self.primary(), &Message::Relay(request), out);
            }
        }
    }

    /// Whether a message belongs to a view that has yet to begin here.
    pub(super) fn is_too_early(&self, view: u64) -> bool {
        view > self.disk.view || (view == self.disk.view && self.disk.changing)
    }

    /// Keeps a message of a view that has yet to begin: others may have begun it before. Each
    /// replica has a share of the place, so that a liar that fills its own takes nobody else's.
    pub(super) fn keep_early(&mut self, message: Message, out: &mut Effects<Pbft>) {
        let most = 3 * (self.options.window as usize).min(64);
        let sender = message.sender();
        let of_sender = self.early.iter().filter(|kept| kept.sender() == sender);
        if of_sender.count() < most {
            self.early.push(message);
            self.run_status(out);
        } else {
            out.ignore("too many messages of a view that has not begun");
        }
    }

    fn take_early(&mut self, out: &mut Effects<Pbft>) {
        let view = self.disk.view;
        for message in std::mem::take(&mut self.early) {
            match message {
                Message::PrePrepare(sealed) if sealed.body().view == view => {
                    self.on_pre_prepare(sealed, out);
                }
                Message::Vote(sealed) if sealed.body().view == view => match sealed.body().phase {
                    super::message::Phase::Prepare => self.on_prepare(sealed, out),
                    super::message::Phase::Commit => self.on_commit(sealed, out),
                },
                other if crate::base::Wire::epoch(&other) > view + 1 => self.early.push(other),
                _ => {}
            }
        }
    }
}
