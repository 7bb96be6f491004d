//! Long because: what a leader does for its followers hangs together; to be split by phase.
//!
//! The leader: replication, acknowledgements, commitment (sections 5.3 and 5.4).

use super::config::{Config, reached_by_quorum};
use super::log::{Entry, Log, Payload, Position};
use super::members::Wish;
use super::message::{Append, AppendReply, AppendResult, Batch, Message};
use super::milestone::Milestone;
use super::options::{Mutant, Options, Reads};
use super::reads::Rounds;
use super::reply::Reply;
use super::state::{Disk, Raft, Role, Timer};
use super::transfer::Transfer;
use crate::base::{Context, Effects, Micros, NodeId};
use crate::protocol::machine::StateMachine;
use std::collections::VecDeque;
use std::sync::Arc;

/// How a follower is spoken to (the states of etcd's progress tracker).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Mode {
    /// Where its log matches is not known: one append at a time, until one is accepted.
    Probe {
        /// An append is under way; a heartbeat sends another in case it was lost.
        waiting: bool,
    },
    /// It matches: appends follow each other without waiting (thesis, 10.2.1).
    Replicate,
    /// It needs entries that are gone from the log: a snapshot is under way (section 7).
    Snapshot {
        /// The last entry of that snapshot.
        index: u64,
        /// When it was sent.
        sent: Micros,
    },
}

/// What the leader knows of another node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Peer {
    pub node: NodeId,
    /// Figure 2's nextIndex. Always above `matched`.
    pub next: u64,
    /// Figure 2's matchIndex.
    pub matched: u64,
    pub mode: Mode,
    /// Last indexes of the appends under way, oldest first; no more than the window.
    pub in_flight: VecDeque<u64>,
    /// When it was heard last.
    pub heard: Option<Micros>,
    /// It was heard since the quorum was looked at last.
    pub active: bool,
    /// It has answered the present round (thesis, 6.4).
    pub confirmed: bool,
    /// It has a vote: in the configuration, or in the new one while that is joint.
    pub voter: bool,
    /// It has a vote in the old configuration while that is joint.
    pub outgoing: bool,
}

impl Peer {
    fn new(node: NodeId, next: u64) -> Peer {
        Peer {
            node,
            next,
            matched: 0,
            mode: Mode::Probe { waiting: false },
            in_flight: VecDeque::new(),
            heard: None,
            active: true,
            confirmed: false,
            voter: false,
            outgoing: false,
        }
    }

    fn probe_from(&mut self, next: u64) {
        self.next = next.max(self.matched.saturating_add(1));
        self.mode = Mode::Probe { waiting: false };
        self.in_flight.clear();
    }
}

/// What only a leader keeps (figure 2, "volatile state on leaders"); made anew by each election.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Leader<M: StateMachine> {
    /// Everybody but itself, by number; while the configuration leaves somebody out, also those
    /// that have yet to learn so.
    pub peers: Vec<Peer>,
    /// Whether the leader itself votes in the configuration, and in the old one while joint.
    pub own_votes: [bool; 2],
    /// Entries of the last append, since most often each follower gets the same ones.
    cache: (u64, u64, Batch<M::Op>),
    pub rounds: Rounds<M>,
    pub transfer: Option<Transfer>,
    /// The changes of members that clients wait for.
    pub wishes: Vec<Wish>,
    pub clocks: M::Clocks,
    /// Reused; empty between inputs.
    values: Vec<u64>,
}

/// What a leader needs of its node to speak.
pub(super) struct Voice<'a, M: StateMachine> {
    pub disk: &'a Disk<M>,
    pub commit: u64,
    pub options: &'a Options<M::Options>,
    pub now: Micros,
}

impl<M: StateMachine> Leader<M> {
    pub(super) fn new(id: NodeId, config: &Config, last: u64) -> Leader<M> {
        let mut leader = Leader {
            peers: Vec::new(),
            own_votes: [false; 2],
            cache: (0, 0, Batch::EMPTY),
            rounds: Rounds::default(),
            transfer: None,
            wishes: Vec::new(),
            clocks: M::take_office(last),
            values: Vec::new(),
        };
        leader.regroup(id, config, last);
        leader
    }

    /// Follows a change of the configuration: newcomers are spoken to, votes are counted anew.
    /// Who is left out is spoken to until it has the entry that says so.
    pub(super) fn regroup(&mut self, id: NodeId, config: &Config, last: u64) {
        for node in config.everybody() {
            if let Err(place) = self.place(node)
                && node != id
            {
                self.peers
                    .insert(place, Peer::new(node, last.saturating_add(1)));
            }
        }
        for peer in &mut self.peers {
            peer.voter = config.voters.binary_search(&peer.node).is_ok();
            peer.outgoing = config.outgoing.binary_search(&peer.node).is_ok();
        }
        self.own_votes = [config.voters.contains(&id), config.outgoing.contains(&id)];
    }

    /// Where `node` stands among the peers, or would.
    pub(super) fn place(&self, node: NodeId) -> Result<usize, usize> {
        self.peers.binary_search_by_key(&node, |peer| peer.node)
    }

    /// The peer `node`.
    pub(super) fn peer(&self, node: NodeId) -> Option<&Peer> {
        self.place(node).ok().map(|place| &self.peers[place])
    }

    /// Whether those for whom `yes` holds, and the leader, are a majority: of both sets of voters
    /// while the configuration is joint (section 6).
    pub(super) fn majority(&mut self, half: bool, yes: impl Fn(&Peer) -> bool) -> bool {
        self.reached(1, half, |peer| u64::from(yes(peer))) == 1
    }

    /// The greatest value that a majority reaches, the leader's own being `own`: of both sets of
    /// voters while the configuration is joint (section 6).
    fn reached(&mut self, own: u64, half: bool, value: impl Fn(&Peer) -> u64) -> u64 {
        let Leader {
            peers,
            own_votes,
            values,
            ..
        } = self;
        values.extend(own_votes[0].then_some(own));
        values.extend(peers.iter().filter(|peer| peer.voter).map(&value));
        let mut reached = reached_by_quorum(values, half);
        values.clear();
        values.extend(own_votes[1].then_some(own));
        values.extend(peers.iter().filter(|peer| peer.outgoing).map(&value));
        if !values.is_empty() {
            reached = reached.min(reached_by_quorum(values, half));
            values.clear();
        }
        reached
    }

    /// Sends a peer what it may be sent now. With `force`, something at any rate: a heartbeat.
    pub(super) fn speak(
        &mut self,
        place: usize,
        voice: &Voice<M>,
        mut force: bool,
        out: &mut Effects<Raft<M>>,
    ) {
        let last = voice.disk.log.last_index();
        let window = voice.options.window as usize;
        loop {
            let peer = &mut self.peers[place];
            let room = match peer.mode {
                Mode::Snapshot { .. } => {
                    if force {
                        self.speak_during_snapshot(place, voice, out);
                    }
                    return;
                }
                Mode::Probe { waiting } => force || !waiting,
                Mode::Replicate => peer.in_flight.len() < window,
            };
            let new = room && peer.next <= last;
            if !new && !force {
                return;
            }
            let index = peer.next - 1;
            let Some(term) = voice.disk.log.term_at(index) else {
                return self.send_snapshot(place, voice, out);
            };
            let to = if new {
                last.min(index.saturating_add(u64::from(voice.options.batch)))
            } else {
                index
            };
            match &mut peer.mode {
                Mode::Probe { waiting } => *waiting = true,
                _ if new => {
                    peer.in_flight.push_back(to);
                    peer.next = to + 1;
                }
                _ => {}
            }
            let (node, probing) = (peer.node, peer.mode != Mode::Replicate);
            let entries = self.batch(&voice.disk.log, index + 1, to);
            let prev = Position { term, index };
            self.send_append(node, prev, entries, voice, out);
            if probing {
                return;
            }
            force = false;
        }
    }

    fn batch(&mut self, log: &Log<M::Op>, from: u64, to: u64) -> Batch<M::Op> {
        if from > to {
            return Batch::EMPTY;
        }
        // A leader's own log only grows (section 5.3), so what was read once stays so.
        if (self.cache.0, self.cache.1) != (from, to) {
            let entries = log.entries(from, to).map(Arc::clone).collect();
            self.cache = (from, to, entries);
        }
        self.cache.2.clone()
    }

    fn send_append(
        &self,
        to: NodeId,
        prev: Position,
        entries: Batch<M::Op>,
        voice: &Voice<M>,
        out: &mut Effects<Raft<M>>,
    ) {
        let append = Append {
            term: voice.disk.term,
            round: self.rounds.token(),
            prev,
            commit: voice.commit,
            entries,
        };
        out.send(to, Message::AppendEntries(append));
    }

    /// A heartbeat that says nothing about the log, and the snapshot again when it has been under
    /// way for longer than an election timeout.
    fn speak_during_snapshot(
        &mut self,
        place: usize,
        voice: &Voice<M>,
        out: &mut Effects<Raft<M>>,
    ) {
        let peer = &self.peers[place];
        if let Mode::Snapshot { sent, .. } = peer.mode
            && voice.now.since(sent) >= voice.options.election_timeout[1]
        {
            return self.send_snapshot(place, voice, out);
        }
        let node = peer.node;
        self.send_append(node, Position::default(), Batch::EMPTY, voice, out);
    }

    /// Sends the snapshot, since the log does not reach back to what the peer needs (section 7).
    fn send_snapshot(&mut self, place: usize, voice: &Voice<M>, out: &mut Effects<Raft<M>>) {
        let Some(snapshot) = &voice.disk.snapshot else {
            return;
        };
        let peer = &mut self.peers[place];
        peer.in_flight.clear();
        peer.mode = Mode::Snapshot {
            index: snapshot.last.index,
            sent: voice.now,
        };
        let message = Message::InstallSnapshot {
            term: voice.disk.term,
            snapshot: Arc::clone(snapshot),
        };
        out.send(peer.node, message);
    }

    /// A peer's log is known to match up to `matched`.
    fn on_matched(&mut self, place: usize, matched: u64) {
        let peer = &mut self.peers[place];
        peer.matched = peer.matched.max(matched);
        match peer.mode {
            Mode::Snapshot { index, .. } if peer.matched < index => return,
            // An answer to an append from before the probing says nothing of where to go on.
            Mode::Probe { .. } if matched.saturating_add(1) < peer.next => {
                peer.next = peer.next.max(peer.matched.saturating_add(1));
                return;
            }
            Mode::Replicate => {}
            Mode::Probe { .. } | Mode::Snapshot { .. } => {
                peer.mode = Mode::Replicate;
                peer.in_flight.clear();
                peer.next = peer.matched.saturating_add(1);
            }
        }
        peer.next = peer.next.max(peer.matched.saturating_add(1));
        while peer.in_flight.front().is_some_and(|to| *to <= matched) {
            peer.in_flight.pop_front();
        }
    }

    /// A peer refused: its log lacks or differs at `prev` (section 5.3: "the leader decrements
    /// nextIndex and retries"). False when the answer is an old one.
    fn on_refused(
        &mut self,
        place: usize,
        (prev, last, conflict): (u64, u64, Position),
        log: &Log<M::Op>,
        fast: bool,
    ) -> bool {
        let peer = &mut self.peers[place];
        match peer.mode {
            // Something before it was lost or overtaken; up to `matched` is known.
            Mode::Replicate if prev > peer.matched => {
                peer.probe_from(peer.matched.saturating_add(1));
            }
            Mode::Probe { .. } if prev > peer.matched && prev.saturating_add(1) == peer.next => {
                // End of section 5.3: step over the whole conflicting term, or to the end of a
                // log that is too short.
                let next = if !fast {
                    prev
                } else if conflict.index > 0 {
                    match log.last_up_to_term(conflict.term, prev) {
                        Some(own) if log.term_at(own) == Some(conflict.term) => own + 1,
                        _ => conflict.index,
                    }
                } else {
                    last.saturating_add(1)
                };
                peer.probe_from(next.clamp(1, prev));
            }
            _ => return false,
        }
        true
    }
}

impl<M: StateMachine> Raft<M> {
    /// Takes office (section 5.2).
    pub(super) fn lead(&mut self, votes: Vec<NodeId>, ctx: &mut Context, out: &mut Effects<Self>) {
        let last = self.disk.log.last_index();
        let leader = Leader::new(self.id, self.config(), last);
        self.role = Role::Leader(Box::new(leader));
        self.leader = Some(self.id);
        out.cancel_timer(Timer::Election);
        out.milestone(Milestone::Elected {
            term: self.disk.term,
            votes: votes.into(),
        });
        out.set_timer(Timer::Heartbeat, self.options.heartbeat);
        if self.options.check_quorum {
            out.set_timer(Timer::Quorum, self.options.election_timeout[1]);
        }
        if self.options.no_op {
            // Section 8: the leader learns how far the log is committed by committing an entry
            // of its own term.
            self.write(Payload::Noop, out);
        }
        if self.options.reads == Reads::Lease {
            self.begin_round();
        }
        self.speak_to_all(true, out);
        self.advance_commit(ctx, out);
        self.count_round(out);
    }

    /// Adds an entry of its own to the log. A leader never changes what stands there already
    /// (leader append-only, section 5.3).
    pub(super) fn write(&mut self, payload: Payload<M::Op>, out: &mut Effects<Self>) -> u64 {
        let entry = Arc::new(Entry::new(self.disk.term, payload));
        let (index, chain) = self.disk.log.push(entry);
        out.milestone(Milestone::Appended {
            index,
            term: self.disk.term,
            chain,
        });
        index
    }

    /// Sends every peer what it may be sent now; with `force` a heartbeat at the least.
    pub(super) fn speak_to_all(&mut self, force: bool, out: &mut Effects<Self>) {
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let voice = Voice {
            disk: &self.disk,
            commit: self.commit,
            options: &self.options,
            now: self.now,
        };
        for place in 0..leader.peers.len() {
            leader.speak(place, &voice, force, out);
        }
    }

    fn speak_to(&mut self, place: usize, out: &mut Effects<Self>) {
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let voice = Voice {
            disk: &self.disk,
            commit: self.commit,
            options: &self.options,
            now: self.now,
        };
        leader.speak(place, &voice, false, out);
    }

    /// The heartbeat timer: speak to everybody, "to prevent election timeouts" (section 5.2), and
    /// again to whom an append or a snapshot may have been lost.
    pub(super) fn on_heartbeat(&mut self, ctx: &mut Context, out: &mut Effects<Self>) {
        if !self.is_leader() {
            return;
        }
        out.set_timer(Timer::Heartbeat, self.options.heartbeat);
        self.dismiss_leavers();
        if self.options.reads == Reads::Lease {
            self.begin_round();
        }
        self.propose_due(out);
        self.speak_to_all(true, out);
        self.advance_commit(ctx, out);
        self.count_round(out);
    }

    /// The quorum timer: a leader that has heard no majority for an election timeout steps down
    /// (thesis, 6.2), so that its clients look for another.
    pub(super) fn on_quorum_check(&mut self, ctx: &mut Context, out: &mut Effects<Self>) {
        let half = self.is(Mutant::HalfQuorum);
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        if leader.majority(half, |peer| peer.active) {
            leader.peers.iter_mut().for_each(|peer| peer.active = false);
            return out.set_timer(Timer::Quorum, self.options.election_timeout[1]);
        }
        self.leader = None;
        self.follow(
            self.disk.term,
            super::milestone::StepDown::NoQuorum,
            ctx,
            out,
        );
    }

    pub(super) fn on_append_reply(
        &mut self,
        from: NodeId,
        reply: AppendReply,
        ctx: &mut Context,
        out: &mut Effects<Self>,
    ) {
        let Role::Leader(leader) = &mut self.role else {
            return out.ignore("an answer to a leader that is none any more");
        };
        let Ok(place) = leader.place(from) else {
            return out.ignore("an answer of a node that is no member");
        };
        let last = self.disk.log.last_index();
        let peer = &mut leader.peers[place];
        match reply.result {
            AppendResult::Accepted { matched } if matched > last => {
                return out.ignore("an acknowledgement of entries that do not exist");
            }
            AppendResult::Refused { prev: 0, .. } => {
                return out.ignore("a refusal of what nobody can refuse");
            }
            _ => {}
        }
        peer.heard = Some(self.now);
        peer.active = true;
        let newly = !peer.confirmed && reply.round == leader.rounds.token();
        peer.confirmed |= newly;
        match reply.result {
            AppendResult::Accepted { matched } => {
                leader.on_matched(place, matched);
                self.after_match(place, ctx, out);
            }
            AppendResult::Refused {
                prev,
                last,
                conflict,
            } => {
                let fast = self.options.fast_backtrack;
                let told = (prev, last, conflict);
                if leader.on_refused(place, told, &self.disk.log, fast) {
                    self.speak_to(place, out);
                }
            }
        }
        if newly {
            self.count_round(out);
        }
    }

    pub(super) fn on_snapshot_reply(
        &mut self,
        from: NodeId,
        matched: u64,
        ctx: &mut Context,
        out: &mut Effects<Self>,
    ) {
        let Role::Leader(leader) = &mut self.role else {
            return out.ignore("an answer to a leader that is none any more");
        };
        let Ok(place) = leader.place(from) else {
            return out.ignore("an answer of a node that is no member");
        };
        if matched > self.disk.log.last_index() {
            return out.ignore("an acknowledgement of entries that do not exist");
        }
        leader.peers[place].heard = Some(self.now);
        leader.peers[place].active = true;
        leader.on_matched(place, matched);
        self.after_match(place, ctx, out);
    }

    /// What follows from a peer's having more of the log: perhaps a commitment, more to send, a
    /// learner that has caught up, a successor that has.
    fn after_match(&mut self, place: usize, ctx: &mut Context, out: &mut Effects<Self>) {
        let Role::Leader(leader) = &self.role else {
            return;
        };
        // What does not go beyond the commit index commits nothing.
        if leader.peers[place].matched > self.commit {
            self.advance_commit(ctx, out);
        }
        let Role::Leader(leader) = &self.role else {
            return;
        };
        // A commitment may have let somebody go.
        let Some(node) = leader.peers.get(place).map(|peer| peer.node) else {
            return;
        };
        self.speak_to(place, out);
        self.hand_over_if_ready(node, out);
        self.promote_if_caught_up(node, ctx, out);
    }

    /// Commits what a majority has: "if there exists an N such that N > commitIndex, a majority
    /// of matchIndex[i] >= N, and log[N].term == currentTerm: set commitIndex = N" (figure 2).
    pub(super) fn advance_commit(&mut self, ctx: &mut Context, out: &mut Effects<Self>) {
        let half = self.is(Mutant::HalfQuorum);
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let last = self.disk.log.last_index();
        let reached = leader.reached(last, half, |peer| peer.matched);
        if reached <= self.commit {
            return;
        }
        let Some(term) = self.disk.log.term_at(reached) else {
            return;
        };
        // Section 5.4.2: only entries of the own term are committed by counting; those before
        // them are so with them.
        if term != self.disk.term && !self.is(Mutant::OldTermCommit) {
            return;
        }
        let first = self.commit + 1;
        self.commit = reached;
        out.milestone(Milestone::Committed {
            index: reached,
            term,
            first,
        });
        self.apply_committed(out);
        self.admit_reads(out);
        self.continue_change(ctx, out);
    }

    /// Whether an entry of the leader's own term is committed, so that it knows how far the log
    /// is (section 8).
    pub(super) fn knows_commit(&self) -> bool {
        self.disk.log.term_at(self.commit) == Some(self.disk.term)
    }

    /// Proposes what the machine says is due by the leader's clock.
    fn propose_due(&mut self, out: &mut Effects<Self>) {
        let knows = self.knows_commit();
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        if !knows || leader.transfer.is_some() {
            return;
        }
        let (machine, options) = (&self.state.machine, &self.options.machine);
        let due = machine.due(options, &mut leader.clocks, self.now);
        for op in due {
            let id = crate::protocol::machine::INTERNAL;
            self.write(Payload::Command { id, op }, out);
        }
    }

    /// Stops speaking to those that are left out and know it, or have not been heard for long.
    fn dismiss_leavers(&mut self) {
        let (config, since) = (Arc::clone(self.config()), self.config_index());
        let patience = self.options.election_timeout[1];
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let now = self.now;
        let silent = |peer: &Peer| peer.heard.is_none_or(|heard| now.since(heard) >= patience);
        leader
            .peers
            .retain(|peer| config.knows(peer.node) || (peer.matched < since && !silent(peer)));
    }
}

impl<M: StateMachine> Leader<M> {
    /// Leaves office: clients that wait for something other than a log entry are told where to
    /// ask. Those that wait for an entry are not: it may yet be committed.
    ///
    /// `successor` is not known when a later term deposes the leader, and a transfer is not done
    /// before the node that was asked for leads: it knows best, so the client is sent there once
    /// it has been told to stand (thesis, 3.10).
    pub(super) fn resign(self, successor: Option<NodeId>, out: &mut Effects<Raft<M>>) {
        for read in self.rounds.reads {
            out.reply(read.id, Reply::NotLeader(successor));
        }
        if let Some(transfer) = self.transfer {
            let told = transfer.told.then_some(transfer.to);
            out.reply(transfer.request, Reply::NotLeader(successor.or(told)));
        }
    }
}
