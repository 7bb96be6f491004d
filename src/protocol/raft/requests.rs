//! Clients' requests (section 8).

use super::log::Payload;
use super::milestone::{Milestone, ReadRight};
use super::options::Reads;
use super::reply::{Op, Reply};
use super::state::{Raft, Role};
use crate::base::{Context, Effects, RequestId};
use crate::protocol::machine::StateMachine;

impl<M: StateMachine> Raft<M> {
    pub(super) fn on_request(
        &mut self,
        id: RequestId,
        op: Op<M::Op>,
        ctx: &mut Context,
        out: &mut Effects<Self>,
    ) {
        let op = match op {
            Op::Admin(admin) => return self.on_admin(id, admin, ctx, out),
            Op::Machine(op) => op,
        };
        let reads = self.options.reads;
        let is_read = M::is_read(&op);
        if is_read && reads == Reads::Local {
            // Not linearizable: this node may be deposed, or behind.
            let output = self.state.machine.query(&op);
            out.milestone(Milestone::ReadsServed {
                count: 1,
                index: self.applied,
                right: ReadRight::Local,
            });
            return out.reply(id, Reply::Done(output));
        }
        let Role::Leader(leader) = &mut self.role else {
            // Section 8: "the server will reject the client's request and supply information
            // about the most recent leader it has heard from".
            return out.reply(id, Reply::NotLeader(self.leader));
        };
        if is_read && matches!(reads, Reads::ReadIndex | Reads::Lease) {
            return self.on_read(id, op, reads == Reads::Lease, out);
        }
        if leader.transfer.is_some() {
            return out.reply(id, Reply::NotLeader(None));
        }
        if self.options.sessions
            && let Some(session) = self.state.session(id.client)
        {
            // Section 8: "if it receives a command whose serial number has already been executed,
            // it responds immediately without re-executing the request".
            if session.serial == id.serial {
                let Some(output) = session.output.clone() else {
                    let machine = &self.state.machine;
                    machine.hear(&mut leader.clocks, id.client, self.now);
                    return out.ignore("a request that waits for its answer already");
                };
                return out.reply(id, Reply::Done(output));
            }
            if session.serial > id.serial {
                return out.ignore("an operation older than the client's newest");
            }
        }
        self.write(Payload::Command { id, op }, out);
        self.speak_to_all(false, out);
        self.advance_commit(ctx, out);
    }
}
