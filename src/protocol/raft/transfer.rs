//! Handing leadership over (thesis, section 3.10).

use super::message::Message;
use super::milestone::Milestone;
use super::reply::Reply;
use super::state::{Raft, Role, Timer};
use crate::base::{Effects, NodeId, RequestId};
use crate::protocol::machine::StateMachine;

/// A transfer under way: the leader takes no proposals until the successor has its whole log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Transfer {
    pub to: NodeId,
    pub request: RequestId,
    /// The successor has been told to start its election.
    pub told: bool,
}

impl<M: StateMachine> Raft<M> {
    /// Thesis, 3.10, step 1: "the prior leader stops accepting new client requests".
    pub(super) fn on_transfer(&mut self, request: RequestId, to: NodeId, out: &mut Effects<Self>) {
        let votes = self.config().voters.contains(&to);
        let own = self.id;
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        if to == own {
            return out.reply(request, Reply::Changed);
        }
        if !votes {
            return out.reply(request, Reply::Refused("the node has no vote"));
        }
        if let Some(transfer) = &mut leader.transfer {
            if transfer.to != to {
                return out.reply(request, Reply::Refused("another transfer is under way"));
            }
            transfer.request = request;
            return;
        }
        leader.transfer = Some(Transfer {
            to,
            request,
            told: false,
        });
        // A lease is no longer safe: the successor's election will be let through by every voter.
        leader.rounds.end_lease();
        out.milestone(Milestone::TransferStarted { to });
        out.set_timer(Timer::Transfer, self.options.election_timeout[1]);
        self.hand_over_if_ready(to, out);
    }

    /// Steps 2 and 3: once the successor's log is the leader's, it is told to start an election
    /// without waiting for a timeout.
    pub(super) fn hand_over_if_ready(&mut self, node: NodeId, out: &mut Effects<Self>) {
        let last = self.disk.log.last_index();
        let term = self.disk.term;
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        if leader.transfer.is_none() {
            return;
        }
        let ready = leader.peer(node).is_some_and(|peer| peer.matched == last);
        if let Some(transfer) = &mut leader.transfer
            && transfer.to == node
            && ready
            && !transfer.told
        {
            transfer.told = true;
            // TimeoutNow stays valid for as long as the term does, however late it arrives and
            // even if the transfer is given up: from now on voters may elect at any moment
            // somebody whose election a lease (thesis, 6.4.1) takes to be impossible.
            leader.rounds.forswear_lease();
            out.send(node, Message::TimeoutNow { term });
        }
    }

    /// "If leadership transfer does not complete after about an election timeout, the prior leader
    /// aborts the transfer and resumes accepting client requests."
    pub(super) fn on_transfer_timeout(&mut self, out: &mut Effects<Self>) {
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        if let Some(Transfer { to, request, .. }) = leader.transfer.take() {
            out.milestone(Milestone::TransferAborted { to });
            out.reply(
                request,
                Reply::Refused("the node did not take over within an election timeout"),
            );
        }
    }
}
