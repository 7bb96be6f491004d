//! What a node is, grouped by how long it lives.

use super::edits::name_of;
use super::milestone::Milestone;
use super::op::Reply;
use super::options::{Mutant, Options};
use crate::base::{ClientId, Context, Effects, Micros, NodeId};
use crate::text::{Anchor, Replica, Version};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What survives a crash.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// The document with its history; nothing on an empty disk.
    pub document: Option<Arc<Replica>>,
    /// What the node says it knows.
    pub known: Version,
    /// The newest request of each client and the answer to it, by which retries are recognised.
    pub sessions: Arc<BTreeMap<ClientId, (u64, Reply)>>,
}

/// A node's alarm clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// It compares what it knows with another node.
    AntiEntropy,
}

impl Timer {
    /// Every timer.
    pub const ALL: &'static [Timer] = &[Timer::AntiEntropy];
}

/// What a node has heard of another.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub node: NodeId,
    /// What it said last that it knows.
    pub version: Option<Version>,
    /// Whether the two were found to know the same, and nothing has changed here since.
    pub even: bool,
}

/// One node: a replica of the text.
#[derive(Clone, Debug)]
pub struct Sequence {
    pub(super) id: NodeId,
    pub(super) options: Arc<Options>,
    pub(super) document: Arc<Replica>,
    /// What the node says it knows: the document's version, as long as no rule is left out.
    pub(super) known: Version,
    pub(super) sessions: Arc<BTreeMap<ClientId, (u64, Reply)>>,
    /// Where each client's cursor is. An editor that is closed forgets it.
    pub(super) cursors: Arc<BTreeMap<ClientId, Anchor>>,
    /// The others, in order.
    pub(super) others: Vec<Heard>,
    /// With how many it has compared.
    pub(super) compared: usize,
}

impl Sequence {
    pub(super) fn start(
        options: &Arc<Options>,
        disk: Disk,
        ctx: &mut Context,
        out: &mut Effects<Sequence>,
    ) -> Sequence {
        let reborn = disk.document.is_none() && ctx.now > Micros::ZERO;
        let document = disk.document.unwrap_or_else(|| {
            // A replica that has lost its disk does not know which numbers it has used, so it begins
            // anew under a name that it has never had: its clock never shows the same time twice
            // (Almeida et al. 2014, on actors that come back). Under the old one its next edits would
            // have identities that others know already, for something else.
            let born = match options.is(Mutant::ReusedName) {
                false => ctx.now,
                true => Micros::ZERO,
            };
            let mut fresh = Replica::new(name_of(ctx.id, born));
            fresh.leave_out(options.omission());
            Arc::new(fresh)
        });
        if reborn {
            let name = super::edits::shown_name(document.name());
            out.milestone(Milestone::Reborn { name });
        }
        let span = options.anti_entropy;
        if span > Micros::ZERO {
            out.set_timer(Timer::AntiEntropy, ctx.between(Micros(1), span));
        }
        let others = ctx.members.iter().filter(|node| **node != ctx.id);
        let heard = |node: &NodeId| Heard {
            node: *node,
            version: None,
            even: false,
        };
        let others: Vec<Heard> = others.map(heard).collect();
        Sequence {
            id: ctx.id,
            options: Arc::clone(options),
            document,
            known: disk.known,
            sessions: disk.sessions,
            cursors: Arc::default(),
            // Each begins with its neighbour, so that not all turn to one.
            compared: others.iter().filter(|other| other.node < ctx.id).count(),
            others,
        }
    }

    /// The node's own number.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// The switches that it runs under.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Its replica of the document.
    pub fn document(&self) -> &Replica {
        &self.document
    }

    /// What it says it knows.
    pub fn known(&self) -> &Version {
        &self.known
    }

    pub(super) fn is(&self, mutant: Mutant) -> bool {
        self.options.is(mutant)
    }

    /// What a crash leaves.
    pub(super) fn remains(self) -> Disk {
        Disk {
            document: Some(self.document),
            known: self.known,
            sessions: self.sessions,
        }
    }

    /// Notes that the document has changed: what the node knows grows by what is in it.
    pub(super) fn grow(&mut self) {
        if self.is(Mutant::TombstonesDropped) {
            // Oster et al. 2006: a deleted letter stays in the document, unseen, for whoever has
            // typed beside it without knowing of the deletion.
            Arc::make_mut(&mut self.document).forget_deleted();
        }
        self.known.join(&self.document.version());
        for other in &mut self.others {
            other.even = false;
        }
    }
}
