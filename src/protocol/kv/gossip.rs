//! The beating heart: who is there, who seems to be down, and what follows when the ring changes
//! (Dynamo, sections 4.8 and 4.9).

use super::member::{Beat, News, Table};
use super::message::Message;
use super::milestone::Milestone;
use super::options::Mutant;
use super::state::{Kv, Owed, Timer};
use crate::base::{Context, Effects, Micros, NodeId};
use std::sync::Arc;

impl Kv {
    pub(super) fn on_heartbeat(&mut self, ctx: &mut Context, out: &mut Effects<Kv>) {
        self.disk.beat += 1;
        let own = Arc::make_mut(&mut self.disk.table).entry(self.id);
        own.beat.count = self.disk.beat;
        self.look_for_the_silent(out);
        if let Some(peer) = self.peer(ctx) {
            let table = Arc::clone(&self.disk.table);
            out.send(peer, Message::Gossip(table));
        }
        self.hand_over(out);
        self.lift_bars();
        self.hold_inquests(out);
        self.look_whether_emptied(out);
        out.set_timer(Timer::Gossip, self.options.gossip);
    }

    /// Somebody to tell, at random. Those that have left are told too: one that loses its disk then
    /// has forgotten that it has.
    fn peer(&self, ctx: &mut Context) -> Option<NodeId> {
        let known = || self.disk.table.members().iter().map(|member| member.node);
        let others = || known().filter(|node| *node != self.id);
        let count = others().count() as u64;
        let last = Micros(count.checked_sub(1)?);
        others().nth(ctx.between(Micros::ZERO, last).0 as usize)
    }

    pub(super) fn on_gossip(
        &mut self,
        from: NodeId,
        table: &Arc<Table>,
        reply: bool,
        out: &mut Effects<Kv>,
    ) {
        let news = Arc::make_mut(&mut self.disk.table).merge(table, self.id);
        let News {
            members,
            emptied: _,
            beaten,
        } = news;
        for node in beaten {
            self.hear_of(node, out);
        }
        if members {
            self.members_changed(out);
        }
        if !reply {
            let table = Arc::clone(&self.disk.table);
            out.send(from, Message::GossipReply(table));
        }
    }

    /// Notes a beat that was told beside gossip.
    pub(super) fn note_beat(&mut self, node: NodeId, beat: Beat) {
        if self
            .disk
            .table
            .get(node)
            .is_some_and(|known| known.beat < beat)
        {
            Arc::make_mut(&mut self.disk.table).entry(node).beat = beat;
        }
    }

    /// A node was heard of just now.
    pub(super) fn hear_of(&mut self, node: NodeId, out: &mut Effects<Kv>) {
        if node.index() >= super::member::MEMBERS_MAX {
            return;
        }
        if self.heard.len() <= node.index() {
            self.heard.resize(node.index() + 1, self.now);
        }
        self.heard[node.index()] = self.now;
        if let Ok(place) = self.suspects.binary_search(&node) {
            self.suspects.remove(place);
            out.milestone(Milestone::Trusted { node });
        }
    }

    /// A node that was not heard of for long enough is taken to be down: by this node alone and
    /// for its own purposes (Dynamo, section 4.8.3).
    fn look_for_the_silent(&mut self, out: &mut Effects<Kv>) {
        let members: Vec<NodeId> = self.ring.members().to_vec();
        for node in members.into_iter().filter(|node| *node != self.id) {
            if self.heard.len() <= node.index() {
                self.heard.resize(node.index() + 1, self.now);
            }
            let silent = self.now.since(self.heard[node.index()]) > self.options.suspect;
            if let (true, Err(place)) = (silent, self.suspects.binary_search(&node)) {
                self.suspects.insert(place, node);
                out.milestone(Milestone::Suspected { node });
            }
        }
    }

    /// The ring has changed: keys that this node keeps no longer are to be handed over to those
    /// who keep them now (Dynamo, section 4.9). What it keeps from now on it gets from those who
    /// kept it, in the same way, or by comparing trees.
    pub(super) fn members_changed(&mut self, out: &mut Effects<Kv>) {
        let ring = self.ring_of_table();
        if ring == *self.ring {
            return;
        }
        self.ring = Arc::new(ring);
        self.suspects
            .retain(|node| self.ring.members().contains(node));
        self.inquests.clear();
        let items: Vec<_> = self.disk.store.iter().map(Arc::clone).collect();
        let mut moving = 0;
        for item in items {
            let replicas = self.replicas(item.position());
            if replicas.contains(&self.id) {
                if self.disk.owed.contains_key(item.key()) {
                    Arc::make_mut(&mut self.disk.owed).remove(item.key());
                }
                continue;
            }
            let to = replicas.to_vec();
            if to.is_empty() {
                continue;
            }
            moving += 1;
            // Section 4.9: keys go "upon the confirmation"; until then this node keeps them.
            if self.is(Mutant::NoHandover) {
                self.drop_item(&item, out);
                continue;
            }
            let owed = Owed { to, sent: 0 };
            Arc::make_mut(&mut self.disk.owed).insert(Arc::clone(item.key()), owed);
        }
        out.milestone(Milestone::RingChanged {
            members: self.ring.members().into(),
            moving,
        });
    }

    /// A node that has left and has nothing any more says so: nobody need ask it again.
    fn look_whether_emptied(&mut self, out: &mut Effects<Kv>) {
        let own = self.disk.table.get(self.id).copied();
        let leaves = own.is_some_and(|own| !own.is_in() && own.turn > 0 && !own.emptied);
        if leaves && self.disk.store.is_empty() && self.calls.is_empty() {
            Arc::make_mut(&mut self.disk.table).entry(self.id).emptied = true;
            out.milestone(Milestone::Emptied);
        }
    }

    /// Whether this node has left and has handed over all that it had: it takes nothing any more.
    pub(super) fn is_emptied(&self) -> bool {
        let own = self.disk.table.get(self.id);
        own.is_some_and(|own| own.emptied)
    }
}
