//! For which deed from outside a message was lost.

use super::action::Action;
use super::network::Loss;
use super::run::Run;
use super::trace::{Event, EventKind, Flight, Peer, Place};
use crate::base::{Core, NodeId};

impl<C: Core> Run<C> {
    /// The deed for which a message was lost: what brought its receiver down, what cut its link,
    /// what set how much the link loses, or the hand that dropped it. No message led from there to
    /// the loss, so it is no cause of it in the trace.
    pub(super) fn lost_for(&self, flight: &Flight<C>) -> Option<u32> {
        let ending = self.trace.events.get(flight.ended as usize)?;
        let EventKind::Lose(_, why) = ending.kind else {
            return None;
        };
        // Something is lost on the way if its link is cut when it is sent or when it would arrive.
        let sent = flight.sent_by.saturating_add(1);
        match why {
            Loss::Down => self.since(flight.ended, flight, |action| match action {
                Action::Crash { node } | Action::DiskLoss { node } => {
                    (flight.to() == Peer::Node(*node)).then_some(true)
                }
                Action::Restart { node } => (flight.to() == Peer::Node(*node)).then_some(false),
                _ => None,
            }),
            Loss::Cut => {
                let (Peer::Node(from), Peer::Node(to)) = flight.ends() else {
                    return None;
                };
                let cuts = |action: &Action| action.cuts(from, to);
                let found = self.since(sent, flight, cuts);
                found.or_else(|| self.since(flight.ended, flight, cuts))
            }
            Loss::Chance => self
                .deeds_before(sent, flight)
                .find(|(_, action)| sets_loss(action, flight.ends()))
                .map(|(id, _)| id),
            Loss::ByHand => Some(ending.cause),
            Loss::Nobody => None,
        }
    }

    /// The deed since which something holds at event `until`; `what` says of a deed whether from then
    /// on it holds, if that changes it.
    fn since(
        &self,
        until: u32,
        flight: &Flight<C>,
        what: impl Fn(&Action) -> Option<bool>,
    ) -> Option<u32> {
        self.deeds_before(until, flight)
            .filter_map(|(id, action)| what(action).map(|holds| (id, holds)))
            .take_while(|(_, holds)| *holds)
            .last()
            .map(|(id, _)| id)
    }

    /// What was done before event `until`, the last first, as far as both ends of a message were there.
    fn deeds_before(&self, until: u32, flight: &Flight<C>) -> impl Iterator<Item = (u32, &Action)> {
        let (from, to) = flight.ends();
        let there = move |event: &Event<C::Timer>| match (event.kind, event.place()) {
            (EventKind::Boot, Place::Node(node)) => {
                let end = Peer::Node(NodeId(node));
                !(self.is_join(event.cause) && (end == from || end == to))
            }
            _ => true,
        };
        let events = &self.trace.events[..self.trace.events.len().min(until as usize)];
        events
            .iter()
            .enumerate()
            .rev()
            .take_while(move |(_, event)| there(event))
            .filter_map(|(id, event)| match event.kind {
                EventKind::Action(number, true) => {
                    Some((id as u32, &self.trace.actions[number as usize]))
                }
                _ => None,
            })
    }

    fn is_join(&self, id: u32) -> bool {
        match self.trace.events.get(id as usize).map(|event| event.kind) {
            Some(EventKind::Action(number, _)) => {
                matches!(self.trace.actions[number as usize], Action::Join {})
            }
            _ => false,
        }
    }
}

/// Whether an action sets the share that is lost of what goes from one end to the other.
fn sets_loss(action: &Action, ends: (Peer, Peer)) -> bool {
    let Action::Link {
        from,
        to,
        loss: Some(_),
        ..
    } = action
    else {
        return false;
    };
    match ends {
        (Peer::Node(a), Peer::Node(b)) => {
            from.is_none_or(|from| from == a) && to.is_none_or(|to| to == b)
        }
        // What clients and nodes say to each other has the loss that is set for all.
        _ => from.is_none() && to.is_none(),
    }
}
