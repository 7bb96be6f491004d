//! The client's side (section 4.1; reads as in section 5.1).

use super::keys::Party;
use super::options::{Mutant, Options};
use super::request::Reply;
use super::slot::Replicas;
use crate::base::quorum::{byzantine_faults, byzantine_quorum};
use crate::base::{Judgement, NodeId, RequestId, Target};
use crate::protocol::machine::{KvMachine, KvOp, KvOutput, StateMachine};

/// What a client keeps.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// The view that it believes in, by the replies that it took.
    view: u64,
    /// The request that it has had replies to.
    id: RequestId,
    /// The results that it was told.
    told: Vec<Told>,
}

/// A result that a client was told.
#[derive(Clone, Debug)]
struct Told {
    result: KvOutput,
    read_only: bool,
    by: Replicas,
    /// The least view that they named.
    view: u64,
}

/// Whom a client asks first: "the client sends a request to the primary" (section 4), a read to
/// all where reads are answered at once.
pub(super) fn asks(options: &Options, memory: &Memory, op: &KvOp, nodes: usize) -> Target {
    if options.read_only && KvMachine::is_read(op) {
        return Target::All;
    }
    let replicas = options.replicas(nodes) as u64;
    Target::Node(NodeId((memory.view % replicas) as u16))
}

/// Section 4.1: "the client waits for f + 1 replies with valid signatures from different replicas,
/// and with the same t and r, before accepting the result r". Where reads are answered at once,
/// reads and writes take a quorum: what a write changed was then seen by one honest replica of
/// any that answer a read.
pub(super) fn judge(
    options: &Options,
    memory: &mut Memory,
    id: RequestId,
    replies: &[(NodeId, Reply)],
    nodes: usize,
) -> Judgement {
    let Some((_, Reply(last))) = replies.last() else {
        return Judgement::Wait;
    };
    let replicas = options.replicas(nodes);
    let answer = last.body();
    let believed = options.is(Mutant::NoAuthentication)
        || last.holds(&options.keys(nodes), Party::Client(id.client));
    if last.sender().index() >= replicas || answer.id != id || !believed {
        return Judgement::Wait;
    }
    if memory.id != id {
        *memory = Memory {
            view: memory.view,
            id,
            ..Memory::default()
        };
    }
    let needed = match options.read_only {
        true => byzantine_quorum(replicas),
        false => byzantine_faults(replicas) + 1,
    };
    let needed = if options.is(Mutant::FirstReply) {
        1
    } else {
        needed
    };
    // One reply of each replica counts, its last: it may have caught up since.
    memory
        .told
        .iter_mut()
        .for_each(|told| told.by.remove(last.sender()));
    let same = |told: &Told| (told.result, told.read_only) == (answer.result, answer.read_only);
    let place = memory.told.iter().position(same).unwrap_or_else(|| {
        memory.told.push(Told {
            result: answer.result,
            read_only: answer.read_only,
            by: Replicas::default(),
            view: u64::MAX,
        });
        memory.told.len() - 1
    });
    let told = &mut memory.told[place];
    told.by.add(last.sender());
    told.view = told.view.min(answer.view);
    if told.by.len() < needed {
        return Judgement::Wait;
    }
    // One of them at the least is honest, and has come to this view.
    memory.view = memory.view.max(told.view);
    memory.told.clear();
    Judgement::Done
}
