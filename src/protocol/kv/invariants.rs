//! What has to hold of the store, watched milestone by milestone and held against what truly came
//! before what; and what is only counted, since nobody promises it.

mod clients;

use super::item::{Context, Item, WriteId};
use super::message::Message;
use super::milestone::Milestone;
use super::op::{Basis, Delete, Op, Put, Reply};
use super::options::{Clocks, Resolver};
use super::oracle::{Number, Oracle};
use super::sessions::{Counts, Session, Waiting};
use super::state::Kv;
use super::value::Key;
use super::version::Dot;
use crate::base::{ClientId, Monitor, NodeId, RequestId, Violation};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const NOTHING_LOST: usize = 0;
const SIBLINGS: usize = 1;
const SAME: usize = 2;
const QUORUMS: usize = 3;
const DELETED: usize = 4;

/// What is known of a key.
#[derive(Clone, Debug, Default)]
struct Truth {
    /// What each node holds, by node.
    held: Vec<(NodeId, Held)>,
    /// What each message carries that hands the key over and is under way.
    under_way: Vec<Vec<Number>>,
    /// The acknowledged writes that no other acknowledged one knows of.
    acknowledged: Vec<Number>,
    /// The same of those whose clients were told so.
    told: Vec<Number>,
    /// Deletions that were forgotten, newest last.
    reaped: Vec<Number>,
    /// What each client has read last, and which of its writes it was told of last.
    sessions: BTreeMap<ClientId, Session>,
    /// A script has given a write a context that claims writes which nobody has made yet. The store
    /// takes it at its word; what it keeps from then on was promised to nobody, so nothing of the
    /// key is judged any more.
    forged: bool,
}

#[derive(Clone, Debug)]
struct Held {
    item: Arc<Item>,
    heads: Vec<Number>,
}

/// The watch over a whole run.
#[derive(Clone, Debug, Default)]
pub struct Invariants {
    oracle: Oracle,
    keys: BTreeMap<Key, Arc<Truth>>,
    /// The reads under way at each coordinator, with what was acknowledged before each began.
    readings: BTreeMap<(RequestId, NodeId), Vec<Number>>,
    clients: BTreeMap<ClientId, Waiting>,
    /// The requests whose context a script gives.
    scripted: BTreeSet<RequestId>,
    counts: Counts,
    /// Whether the ring has changed, or a disk was lost: then old quorums and new ones need not
    /// meet.
    shaken: bool,
    /// The writes before this one may have gone with a disk.
    lost_until: Number,
    /// Whether the last writer wins by its timestamp.
    lww: bool,
    /// What was reported already, so that it is reported once.
    reported: BTreeSet<(usize, Number)>,
}

impl Monitor<Kv> for Invariants {
    const NAMES: &'static [&'static str] = &[
        "acknowledged is never lost",
        "exactness of siblings",
        "strong convergence",
        "quorum intersection",
        "finality of deletion",
    ];

    const TALLIES: &'static [&'static str] = Counts::NAMES;

    fn observe(
        &mut self,
        node: NodeId,
        core: &Kv,
        milestone: &Milestone,
        found: &mut Vec<Violation>,
    ) {
        self.lww = core.options().resolver == Resolver::Lww;
        let mut watch = Watch {
            node,
            lww: self.lww,
            all: self,
            found,
        };
        match milestone {
            Milestone::Wrote {
                version,
                dot,
                context,
                item,
            } => {
                watch.takes(version.id(), *dot, context.as_ref(), item);
            }
            Milestone::Took { item, sent, .. } => {
                let sent = watch.numbers(sent);
                watch.goes_over(item, &sent, Some(item));
            }
            Milestone::Knew { item, sent } => {
                let sent = watch.numbers(sent);
                watch.goes_over(item, &sent, None);
            }
            Milestone::Dropped { item } => watch.lets_go(item),
            Milestone::Reaped { item } => watch.forgets(item),
            Milestone::Acknowledged {
                request,
                key,
                write,
                ..
            } => watch.acknowledges(*request, key, *write),
            Milestone::Asked { request, key } => watch.begins(*request, key),
            Milestone::Answered {
                request, key, item, ..
            } => {
                let promised = core.options().quorums_meet()
                    && core.options().clocks == Clocks::Dvv
                    && core.options().resolver != Resolver::Lww;
                watch.answers(*request, key, item.as_deref(), promised);
            }
            Milestone::QuorumMissed { request, .. } => {
                watch.all.readings.remove(&(*request, node));
            }
            Milestone::RingChanged { .. } => watch.all.shaken = true,
            _ => {}
        }
    }

    fn asked(&mut self, id: RequestId, op: &Op, _stamp: &Option<Arc<Context>>) {
        let told = match op {
            Op::Get(key) => self
                .keys
                .get(key)
                .map_or_else(Vec::new, |key| key.told.clone()),
            _ => Vec::new(),
        };
        if let Op::Put(Put { basis, .. }) | Op::Delete(Delete { basis, .. }) = op
            && matches!(basis, Basis::Context(_))
        {
            self.scripted.insert(id);
        }
        let key = match op {
            Op::Put(put) => self.keys.get(&put.key),
            Op::Delete(delete) => self.keys.get(&delete.key),
            _ => None,
        };
        let session = key.and_then(|truth| truth.sessions.get(&id.client));
        let waiting = Waiting {
            request: id,
            told,
            session: session.cloned().unwrap_or_default(),
            written: None,
        };
        self.clients.insert(id.client, waiting);
    }

    fn answered(&mut self, id: RequestId, reply: &Reply, _found: &mut Vec<Violation>) {
        let waiting = self.clients.remove(&id.client);
        let Some(waiting) = waiting.filter(|waiting| waiting.request == id) else {
            return;
        };
        match reply {
            Reply::Stored(context) => self.learns(id.client, &context.key, &waiting),
            Reply::Found(found) => self.reads(id.client, &found.context, &waiting),
            Reply::Changed | Reply::AskAnother | Reply::Refused(_) => {}
        }
    }

    fn sent(&mut self, message: &Message) {
        if let Message::Handoff(parcel) = message {
            let heads = self.numbers(&parcel.item);
            self.truth(parcel.item.key()).under_way.push(heads);
        }
    }

    fn ended(&mut self, to: NodeId, message: &Message, found: &mut Vec<Violation>) {
        let Message::Handoff(parcel) = message else {
            return;
        };
        let (key, heads) = (parcel.item.key(), self.numbers(&parcel.item));
        let under_way = &mut self.truth(key).under_way;
        if let Some(place) = under_way.iter().position(|other| *other == heads) {
            under_way.swap_remove(place);
        }
        let (lww, all) = (self.lww, self);
        let node = to;
        Watch {
            node,
            lww,
            all,
            found,
        }
        .check_lost(key);
    }

    fn tallies(&self) -> Vec<u64> {
        self.counts.list()
    }

    fn weight(&self) -> usize {
        let keys = self.keys.len() * 96 + self.readings.len() * 128 + self.reported.len() * 16;
        size_of::<Self>() + self.oracle.weight() + keys
    }

    fn crashed(&mut self, node: NodeId, disk_lost: bool) {
        self.readings.retain(|(_, at), _| *at != node);
        if !disk_lost {
            return;
        }
        (self.lost_until, self.shaken) = (self.oracle.next(), true);
        let keys: Vec<Key> = self.keys.keys().cloned().collect();
        for key in keys {
            self.truth(&key).held.retain(|(at, _)| *at != node);
            self.let_lost_go(&key, self.lww, &mut |_| {});
        }
    }
}

impl Invariants {
    fn truth(&mut self, key: &Key) -> &mut Truth {
        let truth = self.keys.entry(Arc::clone(key)).or_default();
        Arc::make_mut(truth)
    }

    fn is_forged(&self, key: &Key) -> bool {
        self.keys.get(key).is_some_and(|truth| truth.forged)
    }

    fn numbers(&self, item: &Item) -> Vec<Number> {
        let heads = item.heads();
        heads.filter_map(|id| self.oracle.number(id)).collect()
    }

    /// Whether a reader of `heads` sees `write`, or something that has replaced it.
    fn sees(&self, heads: &[Number], write: Number, lww: bool) -> bool {
        heads.iter().any(|head| {
            self.oracle.knows(*head, write) || lww && self.oracle.is_later(*head, write)
        })
    }

    /// Takes the acknowledged writes off the list that no node stores any more, in any form, and
    /// that nobody is about to be handed; each is told to `lost` unless disks were lost.
    fn let_lost_go(&mut self, key: &Key, lww: bool, lost: &mut dyn FnMut(Number)) {
        let Some(truth) = self.keys.get(key).map(Arc::clone) else {
            return;
        };
        let stored = |write: &Number| {
            let held = truth.held.iter().map(|(_, held)| &held.heads);
            let mut copies = held.chain(&truth.under_way);
            copies.any(|heads| self.sees(heads, *write, lww))
        };
        let (stay, gone): (Vec<Number>, Vec<Number>) =
            truth.acknowledged.iter().copied().partition(stored);
        if gone.is_empty() {
            return;
        }
        let truth = self.truth(key);
        truth.acknowledged = stay;
        truth.told.retain(|write| !gone.contains(write));
        for write in gone {
            self.oracle.mark_lost(write);
            if write < self.lost_until {
                self.counts.with_a_disk += 1;
            } else {
                lost(write);
            }
        }
    }
}

/// The invariants, while they look at one milestone.
struct Watch<'a> {
    node: NodeId,
    /// Whether the last writer wins by its timestamp.
    lww: bool,
    all: &'a mut Invariants,
    found: &'a mut Vec<Violation>,
}

impl Watch<'_> {
    fn report(&mut self, invariant: usize, text: String) {
        self.found.push(Violation {
            invariant,
            nodes: vec![self.node],
            text,
        });
    }

    /// Reports what is wrong about a write, unless that was reported already.
    fn report_once(&mut self, invariant: usize, key: &Key, write: Number, text: String) {
        if self.all.is_forged(key) {
            return;
        }
        if self.all.reported.insert((invariant, write)) {
            self.report(invariant, text);
        }
    }

    fn name(&self, write: Number) -> String {
        let WriteId { node, request, .. } = self.all.oracle.id(write);
        format!(
            "client {}'s write {} (taken by node {node})",
            request.client, request.serial
        )
    }

    fn numbers(&self, item: &Item) -> Vec<Number> {
        self.all.numbers(item)
    }

    /// A node takes a write.
    fn takes(&mut self, id: WriteId, dot: Dot, context: Option<&Arc<Context>>, item: &Arc<Item>) {
        let (key, position) = (item.key(), item.position());
        let scripted = self.all.scripted.contains(&id.request);
        let oracle = &self.all.oracle;
        let read = match context {
            None => Vec::new(),
            // What a script says may fit a run that went otherwise: there its vector, which
            // decides, may cover other writes than those that were read.
            Some(context) if scripted => oracle.covered(position, &context.clock),
            Some(context) => {
                let read = context.read.iter();
                read.filter_map(|id| oracle.number(*id)).collect()
            }
        };
        if let (Some(context), true) = (context, scripted)
            && !oracle.has_made(position, &context.clock)
        {
            self.all.truth(key).forged = true;
        }
        let number = self.all.oracle.take(id, position, dot, read);
        self.goes_over(item, &[number], Some(item));
    }

    fn heads_before(&self, key: &Key) -> Vec<Number> {
        let truth = self.all.keys.get(key);
        let held = truth.and_then(|truth| truth.held.iter().find(|(node, _)| *node == self.node));
        held.map_or_else(Vec::new, |(_, held)| held.heads.clone())
    }

    /// A node that held something of a key is told more. Afterwards exactly those versions stand
    /// that no other one of them knows of. `changed` is what it holds now, if that has changed.
    fn goes_over(&mut self, item: &Arc<Item>, told: &[Number], changed: Option<&Arc<Item>>) {
        let key = item.key();
        let before = self.heads_before(key);
        let after = self.numbers(item);
        for write in before.iter().chain(told).copied() {
            if !after.contains(&write) {
                self.is_replaced(key, write, &after);
            }
        }
        let fresh = after.iter().filter(|head| !before.contains(head));
        for head in fresh.copied().collect::<Vec<_>>() {
            self.stands_beside(key, head, &after);
            self.is_not_deleted(key, head);
        }
        if let Some(item) = changed {
            let held = Held {
                item: Arc::clone(item),
                heads: after,
            };
            self.agrees(key, &held);
            self.hold(key, Some(held));
        }
        self.check_lost(key);
    }

    /// A version that stands no longer, or never did, was known to one that stands.
    fn is_replaced(&mut self, key: &Key, write: Number, after: &[Number]) {
        let known = |head: &Number| self.all.oracle.knows(*head, write);
        let truth = self.all.keys.get(key);
        // A deletion that all have forgotten is missed by nobody.
        let reaped = truth.is_some_and(|truth| truth.reaped.contains(&write));
        if reaped || after.iter().any(known) {
            return;
        }
        let lost = self.all.oracle.write(write).is_some_and(|write| write.lost);
        if self.lww && self.all.sees(after, write, true) {
            if !lost {
                self.all.oracle.mark_lost(write);
                self.all.counts.overtaken += 1;
            }
            return;
        }
        if !lost {
            self.all.oracle.mark_lost(write);
            let text = format!(
                "Node {} keeps nothing of {} to {key}, and nobody who knew of it has replaced it",
                self.node,
                self.name(write)
            );
            self.report_once(SIBLINGS, key, write, text);
        }
    }

    /// No version that stands is known to another one that stands.
    fn stands_beside(&mut self, key: &Key, head: Number, after: &[Number]) {
        for other in after.iter().copied().filter(|other| *other != head) {
            let (old, new) = (head.min(other), head.max(other));
            if self.all.oracle.knows(new, old) {
                let text = format!(
                    "Node {} keeps {} to {key} beside {}, which was made by somebody who had read \
                     it",
                    self.node,
                    self.name(old),
                    self.name(new)
                );
                self.report_once(SIBLINGS, key, old, text);
            }
        }
    }

    /// A version that stands is none whose deletion was acknowledged, once that is forgotten.
    fn is_not_deleted(&mut self, key: &Key, head: Number) {
        let truth = self.all.keys.get(key);
        let reaped = truth.map_or_else(Vec::new, |truth| truth.reaped.clone());
        let oracle = &self.all.oracle;
        let promised =
            |grave: &Number| oracle.write(*grave).is_some_and(|write| write.acknowledged);
        let knew = |grave: &Number| *grave != head && oracle.knows(*grave, head);
        if reaped.iter().any(|grave| promised(grave) && knew(grave)) {
            let text = format!(
                "Node {} holds {} to {key}, which was deleted",
                self.node,
                self.name(head)
            );
            self.report_once(DELETED, key, head, text);
        }
    }

    /// Replicas whose clocks say that they know the same writes hold the same versions.
    fn agrees(&mut self, key: &Key, held: &Held) {
        let Some(truth) = self.all.keys.get(key).map(Arc::clone) else {
            return;
        };
        for (other, theirs) in &truth.held {
            if *other == self.node || theirs.item.digest() == held.item.digest() {
                continue;
            }
            let same = held.item.siblings().clock() == theirs.item.siblings().clock();
            if same && theirs.heads != held.heads {
                let text = format!(
                    "Nodes {other} and {} know the same writes to {key}, {}, and hold different \
                     versions",
                    self.node,
                    held.item.siblings().clock()
                );
                let last = held.heads.last().copied().unwrap_or_default();
                self.report_once(SAME, key, last, text);
            }
        }
    }

    fn hold(&mut self, key: &Key, held: Option<Held>) {
        let node = self.node;
        let truth = self.all.truth(key);
        let place = truth.held.binary_search_by_key(&node, |(node, _)| *node);
        match (place, held) {
            (Ok(place), Some(held)) => truth.held[place].1 = held,
            (Err(place), Some(held)) => truth.held.insert(place, (node, held)),
            (Ok(place), None) => drop(truth.held.remove(place)),
            (Err(_), None) => {}
        }
    }

    fn check_lost(&mut self, key: &Key) {
        let mut gone = Vec::new();
        let lww = self.lww;
        self.all
            .let_lost_go(key, lww, &mut |write| gone.push(write));
        for write in gone {
            let text = format!(
                "No node stores {} to {key} any more, nor anything that has replaced it, though it \
                 was acknowledged",
                self.name(write)
            );
            self.report_once(NOTHING_LOST, key, write, text);
        }
    }

    /// A node keeps a key no longer.
    fn lets_go(&mut self, item: &Item) {
        self.hold(item.key(), None);
        self.check_lost(item.key());
    }

    /// A node forgets a tombstone. From then on nobody misses the deletion; but what it has deleted
    /// must not come back.
    fn forgets(&mut self, item: &Item) {
        const REMEMBERED: usize = 8;
        let (key, graves) = (item.key(), self.numbers(item));
        self.hold(key, None);
        let Truth {
            acknowledged, told, ..
        } = self.all.truth(key).clone();
        let buried = |write: &Number| self.all.sees(&graves, *write, self.lww);
        let missed = |list: Vec<Number>| list.into_iter().filter(|w| !buried(w)).collect();
        let [acknowledged, told] = [acknowledged, told].map(missed);
        let truth = self.all.truth(key);
        (truth.acknowledged, truth.told) = (acknowledged, told);
        for grave in graves {
            if !truth.reaped.contains(&grave) {
                truth.reaped.push(grave);
            }
        }
        let excess = truth.reaped.len().saturating_sub(REMEMBERED);
        truth.reaped.drain(..excess);
        self.check_lost(key);
    }

    fn acknowledges(&mut self, request: RequestId, key: &Key, id: WriteId) {
        let Some(write) = self.all.oracle.number(id) else {
            return;
        };
        self.all.oracle.mark_acknowledged(write);
        let lww = self.lww;
        if let Some(waiting) = self.all.clients.get_mut(&request.client)
            && waiting.request == request
        {
            waiting.written = Some(write);
        }
        let truth = self.all.truth(key);
        let known = truth.acknowledged.clone();
        let reaped = truth.reaped.clone();
        if self.all.sees(&known, write, lww) || self.all.sees(&reaped, write, lww) {
            return;
        }
        let rest = |other: &Number| !self.all.sees(&[write], *other, lww);
        let mut acknowledged: Vec<Number> = known.into_iter().filter(rest).collect();
        acknowledged.push(write);
        self.all.truth(key).acknowledged = acknowledged;
        self.check_lost(key);
    }

    fn begins(&mut self, request: RequestId, key: &Key) {
        let truth = self.all.keys.get(key);
        let acknowledged = truth.map_or_else(Vec::new, |truth| truth.acknowledged.clone());
        let at = (request, self.node);
        self.all.readings.insert(at, acknowledged);
    }

    /// Where quorums meet, a read sees every write that was acknowledged before it began.
    fn answers(&mut self, request: RequestId, key: &Key, item: Option<&Item>, promised: bool) {
        let acknowledged = self.all.readings.remove(&(request, self.node));
        let (Some(acknowledged), true) = (acknowledged, promised && !self.all.shaken) else {
            return;
        };
        let mut heads = item.map_or_else(Vec::new, |item| self.numbers(item));
        let truth = self.all.keys.get(key);
        heads.extend(truth.into_iter().flat_map(|truth| &truth.reaped));
        let sees = |write: &Number| self.all.sees(&heads, *write, self.lww);
        let missed = acknowledged.into_iter().find(|write| !sees(write));
        if let Some(write) = missed.filter(|_| !self.all.is_forged(key)) {
            let text = format!(
                "Node {} answers a read of {key} without {}, which was acknowledged before it began",
                self.node,
                self.name(write)
            );
            self.report(QUORUMS, text);
        }
    }
}
