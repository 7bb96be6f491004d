//! A coordinator's side: it takes a client's request, asks the replicas, and answers when enough
//! of them have answered (Dynamo, section 4.5).

use super::item::{Context, Item, Version, WriteId};
use super::message::{Forward, HOPS_MAX, Message, Store};
use super::milestone::Milestone;
use super::op::{Basis, Op, Refusal, Reply};
use super::options::{Clocks, Mutant, Resolver};
use super::siblings::{Count, SIBLINGS_MAX, Siblings};
use super::state::{Call, CallKind, Kv};
use super::value::{Key, Value};
use super::version::{Actor, COUNTER_MAX, Dot, VersionVector};
use crate::base::{Effects, Micros, NodeId, RequestId};
use std::sync::Arc;

impl Kv {
    pub(super) fn on_request(
        &mut self,
        id: RequestId,
        op: Op,
        stamp: Option<Arc<Context>>,
        out: &mut Effects<Kv>,
    ) {
        let basis = match &op {
            Op::Put(put) => &put.basis,
            Op::Delete(delete) => &delete.basis,
            Op::Get(_) => &Basis::Nothing,
            Op::Join(_) | Op::Leave(_) => return self.on_membership(id, &op, out),
        };
        let context = match basis {
            Basis::LastRead => stamp,
            Basis::Nothing => None,
            Basis::Context(context) => Some(Arc::clone(context)),
        };
        let request = Forward {
            id,
            op,
            context,
            hops: 0,
        };
        self.coordinate(&request, out);
    }

    pub(super) fn coordinate(&mut self, request: &Forward, out: &mut Effects<Kv>) {
        let Forward {
            id,
            op,
            context,
            hops,
        } = request;
        let (key, value) = match op {
            Op::Get(key) => (key, None),
            Op::Put(put) => (&put.key, Some(Some(&put.value))),
            Op::Delete(delete) => (&delete.key, Some(None)),
            Op::Join(_) | Op::Leave(_) => return out.ignore("a change of members, handed on"),
        };
        if let Some(why) = Refusal::of(key, value.flatten(), context.as_deref()) {
            return out.reply(*id, Reply::Refused(why));
        }
        let position = super::item::position_of(key);
        let targets = self.targets(position);
        let Some((first, _)) = targets.first().copied() else {
            return out.reply(*id, Reply::AskAnother);
        };
        if !targets.iter().any(|(node, _)| *node == self.id) {
            // Section 4.5: who is not among the first N hands the request on to the first of them
            // that can be reached.
            if *hops >= HOPS_MAX {
                return out.ignore("a request that nobody takes");
            }
            let up = targets.iter().find(|(node, _)| !self.is_suspect(*node));
            let to = up.map_or(first, |(node, _)| *node);
            let forward = Forward {
                hops: hops + 1,
                ..request.clone()
            };
            return out.send(to, Message::Forward(Arc::new(forward)));
        }
        match value {
            None => self.begin_read(*id, key, position, targets, out),
            Some(value) => self.begin_write(request, (key, position), value, targets, out),
        }
    }

    /// Whom to ask for a key, and for whom each of them stands in. Strict quorums ask the N
    /// replicas, whatever state they are in. Sloppy ones ask the first N that seem to be up
    /// (section 4.6).
    fn targets(&self, position: u64) -> Vec<(NodeId, Option<NodeId>)> {
        let replicas = self.replicas(position);
        let down = |node: &NodeId| self.is_suspect(*node);
        if !self.options.sloppy || !replicas.iter().any(down) {
            return replicas.iter().map(|node| (*node, None)).collect();
        }
        let mut targets: Vec<(NodeId, Option<NodeId>)> = Vec::with_capacity(replicas.len());
        let up = replicas.iter().filter(|node| !down(node));
        targets.extend(up.map(|node| (*node, None)));
        let mut next = self.ring.walk(position).skip(replicas.len());
        for owner in replicas.iter().filter(|node| down(node)) {
            match next.find(|node| !down(node)) {
                Some(node) => targets.push((node, Some(*owner))),
                None => targets.push((*owner, None)),
            }
        }
        targets
    }

    // Writes.

    fn begin_write(
        &mut self,
        request: &Forward,
        (key, position): (&Key, u64),
        value: Option<&Value>,
        targets: Vec<(NodeId, Option<NodeId>)>,
        out: &mut Effects<Kv>,
    ) {
        let id = request.id;
        if let Some(call) = self.calls.iter().find(|call| call.id == id) {
            // Asked again. If the answer was lost, here it is again.
            if let (CallKind::Write { context, .. }, true) = (&call.kind, call.done) {
                let context = Arc::clone(context);
                return out.reply(id, Reply::Stored(context));
            }
            return out.ignore("a request that it is at work on");
        }
        let own = self.disk.store.get(position, key).map(Arc::clone);
        let written = own.as_ref().and_then(|item| {
            let mut ids = item.heads();
            ids.find(|write| write.request == id)
        });
        let (item, write, context) = match (own, written) {
            // Asked again, by way of another coordinator perhaps: the write is there already.
            (Some(item), Some(write)) => (item, write, given(request, key)),
            (own, _) => match self.write(request, key, value, own, out) {
                Ok(made) => made,
                Err(why) => return out.reply(id, Reply::Refused(why)),
            },
        };
        if !self.keeps(position) {
            let own = targets.iter().find(|(node, _)| *node == self.id);
            let hint = own.and_then(|(_, hint)| *hint);
            self.stand_in(&item, hint, out);
        }
        let kind = CallKind::Write { context, write };
        let call = self.open_call(id, key, position, kind, targets);
        for (node, hint) in &call.asked {
            if *node != self.id {
                let store = self.store_for(*node, *hint, call.number, &item);
                out.send(*node, Message::Store(store));
            }
        }
        self.go_on(call, out);
    }

    fn store_for(&self, node: NodeId, hint: Option<NodeId>, call: u64, item: &Arc<Item>) -> Store {
        Store {
            call,
            heard: self.beat_of(node),
            hint,
            item: Arc::clone(item),
        }
    }

    /// Makes a new version, in place of those that its client has read, and beside the others.
    fn write(
        &mut self,
        request: &Forward,
        key: &Key,
        value: Option<&Value>,
        own: Option<Arc<Item>>,
        out: &mut Effects<Kv>,
    ) -> Result<(Arc<Item>, WriteId, Arc<Context>), Refusal> {
        let context = request.context.as_deref();
        let nothing = VersionVector::new();
        let knows = context.map_or(&nothing, |context| &context.clock);
        let clocks = self.options.clocks;
        let client = Actor::client(request.id.client);
        let beyond = clocks == Clocks::ClientVv && knows.get(client) >= COUNTER_MAX;
        if knows.get(self.actor()) > self.disk.writes || beyond {
            return Err(Refusal::UnknownContext);
        }
        // A deletion replaces what its client has read, and nothing else.
        if value.is_none() && own.is_none() && knows.is_empty() {
            return Err(Refusal::UnknownKey(Arc::clone(key)));
        }
        let mut siblings = own
            .as_ref()
            .map_or_else(|| Siblings::none(clocks), |item| item.siblings().clone());
        if siblings.len() >= SIBLINGS_MAX && !knows.descends(&siblings.clock()) {
            return Err(Refusal::TooManyVersions);
        }
        // Others may have been told of writes under this node's name that it has never made: what
        // a script claims is taken at its word. They would take the next ones for known ones.
        if siblings.counted(self.actor()) > self.disk.writes {
            self.take_new_name();
        }
        // A replica numbers its writes over all keys and never uses a number again, so that no
        // write is taken for an older one, whatever has been forgotten of its key.
        self.disk.writes += 1;
        let count = Count {
            replica: self.actor(),
            counter: self.disk.writes,
            limit: self.options.vector_limit as usize,
        };
        let write = WriteId {
            at: self.now,
            node: self.id,
            request: request.id,
        };
        let read = context.map_or_else(Box::default, |context| context.read.as_slice().into());
        let version = Arc::new(Version::new(write, value.cloned(), read));
        let told = self.place(key, &mut siblings, knows, count, &version, out);
        let knows = match told {
            Some(clock) => Arc::new(Context {
                key: Arc::clone(key),
                clock,
                read: vec![write],
            }),
            None => given(request, key),
        };
        let dot = match clocks {
            Clocks::ClientVv => {
                let (actor, counter) = (client, knows.clock.get(client));
                Dot { actor, counter }
            }
            Clocks::Dvv | Clocks::ServerVv => Dot {
                actor: count.replica,
                counter: count.counter,
            },
        };
        let item = Arc::new(Item::new(Arc::clone(key), siblings));
        self.put(Arc::clone(&item));
        out.milestone(Milestone::Wrote {
            version,
            dot,
            context: request.context.clone(),
            item: Arc::clone(&item),
        });
        self.tell_conflict(own.as_ref(), &item, out);
        Ok((item, write, knows))
    }

    /// Puts a new version among those that are there. Returns what its writer knows from now on,
    /// if a vector can say so.
    fn place(
        &self,
        key: &Key,
        siblings: &mut Siblings,
        knows: &VersionVector,
        count: Count,
        version: &Arc<Version>,
        out: &mut Effects<Kv>,
    ) -> Option<VersionVector> {
        if self.options.resolver == Resolver::Lww {
            let mut all = siblings.clone();
            all.update(&VersionVector::new(), count, Arc::clone(version));
            self.tell_overtaken(key, &all, out);
            siblings.update_last(count, Arc::clone(version));
            return None;
        }
        // Section 4.4: the new version supersedes what its context knows, and is a sibling of the
        // rest.
        if self.is(Mutant::DropConcurrent) {
            return siblings.update(&siblings.clock(), count, Arc::clone(version));
        }
        if self.is(Mutant::KeepDominated) {
            return siblings.update(&VersionVector::new(), count, Arc::clone(version));
        }
        siblings.update(knows, count, Arc::clone(version))
    }

    pub(super) fn on_stored(&mut self, from: NodeId, number: u64, out: &mut Effects<Kv>) {
        if let Some(mut call) = self.answered_call(from, number) {
            call.heard.push(from);
            self.go_on(call, out);
        }
    }

    /// Sends a write again to a node that found its message too old.
    pub(super) fn send_again(&mut self, to: NodeId, number: u64, out: &mut Effects<Kv>) {
        let Some(call) = self.calls.iter().find(|call| call.number == number) else {
            return;
        };
        let asked = call.asked.iter().find(|(node, _)| *node == to).copied();
        let item = self.disk.store.get(call.position, &call.key);
        if let (CallKind::Write { .. }, Some((_, hint)), Some(item)) = (&call.kind, asked, item) {
            let store = self.store_for(to, hint, number, item);
            out.send(to, Message::Store(store));
        }
    }

    // Reads.

    fn begin_read(
        &mut self,
        id: RequestId,
        key: &Key,
        position: u64,
        targets: Vec<(NodeId, Option<NodeId>)>,
        out: &mut Effects<Kv>,
    ) {
        if self.calls.iter().any(|call| call.id == id && !call.done) {
            return out.ignore("a request that it is at work on");
        }
        out.milestone(Milestone::Asked {
            request: id,
            key: Arc::clone(key),
        });
        let own = self.disk.store.get(position, key).map(Arc::clone);
        let kind = CallKind::Read {
            digests: vec![own.as_ref().map_or(0, |item| item.digest())],
            merged: own,
        };
        let call = self.open_call(id, key, position, kind, targets);
        for (node, _) in &call.asked {
            if *node != self.id {
                let (call, key) = (call.number, Arc::clone(key));
                out.send(*node, Message::Fetch { call, key });
            }
        }
        self.go_on(call, out);
    }

    pub(super) fn on_fetched(
        &mut self,
        from: NodeId,
        number: u64,
        item: Option<Arc<Item>>,
        out: &mut Effects<Kv>,
    ) {
        let Some(mut call) = self.answered_call(from, number) else {
            return;
        };
        let fits = item.as_ref().is_none_or(|item| *item.key() == call.key);
        if let (CallKind::Read { digests, merged }, true) = (&mut call.kind, fits) {
            call.heard.push(from);
            digests.push(item.as_ref().map_or(0, |item| item.digest()));
            *merged = self.together(merged.take(), item);
        }
        self.go_on(call, out);
    }

    /// What follows from what two replicas have of a key.
    fn together(&self, own: Option<Arc<Item>>, told: Option<Arc<Item>>) -> Option<Arc<Item>> {
        let (own, told) = match (own, told) {
            (Some(own), Some(told)) if own.digest() != told.digest() => (own, told),
            (own, told) => return own.or(told),
        };
        let mut siblings = own.siblings().sync(told.siblings());
        if self.options.resolver == Resolver::Lww {
            siblings.settle();
        }
        Some(Arc::new(Item::new(Arc::clone(own.key()), siblings)))
    }

    /// Brings those up to date that answered a read with less than all of them had together
    /// (section 5). This node too, if it keeps the key.
    fn repair(&mut self, call: &Call, out: &mut Effects<Kv>) {
        let CallKind::Read {
            digests,
            merged: Some(merged),
        } = &call.kind
        else {
            return;
        };
        if !self.options.read_repair || digests.iter().all(|digest| *digest == merged.digest()) {
            return;
        }
        let own = self.disk.store.get(call.position, &call.key);
        let Some(merged) = self.together(own.map(Arc::clone), Some(Arc::clone(merged))) else {
            return;
        };
        for (node, digest) in call.heard.iter().zip(digests) {
            if *digest == merged.digest() || !self.replicas(call.position).contains(node) {
                continue;
            }
            if *node == self.id {
                self.take(self.id, super::milestone::Way::Read, &merged, out);
                continue;
            }
            out.milestone(Milestone::Repaired {
                key: Arc::clone(&call.key),
                to: *node,
            });
            let parcel = super::message::Parcel {
                heard: self.beat_of(*node),
                item: Arc::clone(&merged),
            };
            out.send(*node, Message::Repair(parcel));
        }
    }

    // Calls.

    fn open_call(
        &mut self,
        id: RequestId,
        key: &Key,
        position: u64,
        kind: CallKind,
        asked: Vec<(NodeId, Option<NodeId>)>,
    ) -> Call {
        self.next_call += 1;
        let patience = self.options.patience;
        let first = if self.options.sloppy {
            Micros(patience.0 / 2)
        } else {
            patience
        };
        Call {
            number: self.next_call,
            id,
            key: Arc::clone(key),
            position,
            kind,
            asked,
            heard: vec![self.id],
            done: false,
            widened: !self.options.sloppy,
            due: self.now + first,
        }
    }

    /// The call that an answer belongs to, taken out of the list: if it still goes on, and if its
    /// sender was asked and has not answered before.
    fn answered_call(&mut self, from: NodeId, number: u64) -> Option<Call> {
        let place = self.calls.iter().position(|call| call.number == number)?;
        let call = &self.calls[place];
        // Section 4.5: W *nodes* have it, R *nodes* have answered. A doubled message is one answer.
        let counted = call.heard.contains(&from) && !self.is(Mutant::AcksNotAckers);
        let asked = call.asked.iter().any(|(node, _)| *node == from);
        if counted || !asked {
            return None;
        }
        self.calls.remove(place)
    }

    /// Answers the client once enough have answered, and ends the call once all have.
    fn go_on(&mut self, mut call: Call, out: &mut Effects<Kv>) {
        if !call.done && call.heard.len() >= self.needed(&call) {
            call.done = true;
            self.answer(&call, out);
        }
        if call.heard.len() >= call.asked.len() {
            return self.repair(&call, out);
        }
        let place = self
            .calls
            .partition_point(|known| known.number < call.number);
        self.calls.insert(place, call);
        self.arm(out);
    }

    fn needed(&self, call: &Call) -> usize {
        match call.kind {
            CallKind::Write { .. } => self.options.w as usize,
            CallKind::Read { .. } => self.options.r as usize,
        }
    }

    fn answer(&self, call: &Call, out: &mut Effects<Kv>) {
        let copies = call.heard.len() as u32;
        let (request, key) = (call.id, Arc::clone(&call.key));
        match &call.kind {
            CallKind::Write { context, write } => {
                out.milestone(Milestone::Acknowledged {
                    request,
                    key,
                    write: *write,
                    copies,
                });
                out.reply(call.id, Reply::Stored(Arc::clone(context)));
            }
            CallKind::Read { merged, .. } => {
                let found = super::client::found(self.options.resolver, &key, merged.as_deref());
                out.milestone(Milestone::Answered {
                    request,
                    key,
                    item: merged.clone(),
                    values: Arc::clone(&found.values),
                    copies,
                });
                out.reply(call.id, Reply::Found(Arc::new(found)));
            }
        }
    }

    /// Sets the patience timer for the first call that is due.
    fn arm(&mut self, out: &mut Effects<Kv>) {
        let Some(due) = self.calls.iter().map(|call| call.due).min() else {
            return;
        };
        if self.alarm.is_none_or(|alarm| due < alarm) {
            self.alarm = Some(due);
            out.set_timer(super::state::Timer::Patience, due.since(self.now));
        }
    }

    pub(super) fn on_patience(&mut self, out: &mut Effects<Kv>) {
        self.alarm = None;
        let now = self.now;
        let (due, rest) = std::mem::take(&mut self.calls)
            .into_iter()
            .partition(|call: &Call| call.due <= now);
        self.calls = rest;
        for mut call in due {
            if call.widened {
                self.give_up(&call, out);
                continue;
            }
            call.widened = true;
            let patience = self.options.patience;
            call.due = now + Micros(patience.0 - patience.0 / 2);
            self.widen(&mut call, out);
            self.go_on(call, out);
        }
        self.arm(out);
    }

    /// Asks the next nodes on the ring in place of those that are silent (section 4.6).
    fn widen(&mut self, call: &mut Call, out: &mut Effects<Kv>) {
        let writes = matches!(call.kind, CallKind::Write { .. });
        if call.done && !writes {
            return;
        }
        let silent: Vec<(NodeId, Option<NodeId>)> = call
            .asked
            .iter()
            .filter(|(node, _)| !call.heard.contains(node))
            .copied()
            .collect();
        let asked: Vec<NodeId> = call.asked.iter().map(|(node, _)| *node).collect();
        let mut next = self.ring.walk(call.position);
        let item = self.disk.store.get(call.position, &call.key);
        for (node, hint) in silent {
            let fresh = |other: &NodeId| !asked.contains(other) && !self.is_suspect(*other);
            let Some(other) = next.find(fresh) else {
                return;
            };
            let owner = Some(hint.unwrap_or(node));
            match item {
                Some(item) if writes => {
                    let store = self.store_for(other, owner, call.number, item);
                    out.send(other, Message::Store(store));
                }
                _ => {
                    let (call, key) = (call.number, Arc::clone(&call.key));
                    out.send(other, Message::Fetch { call, key });
                }
            }
            call.asked.push((other, owner));
        }
    }

    /// Ends a call whose patience is over. A write that was not acknowledged may be stored all the
    /// same: nobody takes it back.
    fn give_up(&mut self, call: &Call, out: &mut Effects<Kv>) {
        if !call.done {
            out.milestone(Milestone::QuorumMissed {
                request: call.id,
                key: Arc::clone(&call.key),
                have: call.heard.len() as u32,
                need: self.needed(call) as u32,
            });
        }
        self.repair(call, out);
    }
}

/// What the client knows as it was before: its write cannot be added to it.
fn given(request: &Forward, key: &Key) -> Arc<Context> {
    request.context.clone().unwrap_or_else(|| {
        Arc::new(Context {
            key: Arc::clone(key),
            clock: VersionVector::new(),
            read: Vec::new(),
        })
    })
}
