//! Messages under way, in a slab whose places are reused.

use super::network::Loss;
use super::trace::Peer;
use crate::base::{Core, Micros, RequestId};

/// What is under way, with all that its receiver needs.
#[derive(Clone, Debug)]
pub(super) enum Sent<C: Core> {
    Message(C::Message),
    Request {
        id: RequestId,
        op: C::Op,
    },
    Reply {
        id: RequestId,
        number: u32,
        reply: C::Reply,
    },
}

/// A message under way.
#[derive(Clone, Debug)]
pub(super) struct Flying<C: Core> {
    /// Its number in the trace.
    pub flight: u32,
    pub from: Peer,
    pub to: Peer,
    pub sent: Micros,
    /// When it arrives or is lost; `NEVER` while it waits for a hand or for a paused node.
    pub due: Micros,
    pub lost: Option<Loss>,
    pub copy: bool,
    pub sent_by: u32,
    pub what: Sent<C>,
}

#[derive(Clone, Debug)]
pub(super) struct Slab<C: Core> {
    places: Vec<Option<Flying<C>>>,
    free: Vec<u32>,
}

impl<C: Core> Default for Slab<C> {
    fn default() -> Slab<C> {
        Slab {
            places: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<C: Core> Slab<C> {
    pub(super) fn put(&mut self, flying: Flying<C>) -> u32 {
        if let Some(place) = self.free.pop() {
            self.places[place as usize] = Some(flying);
            return place;
        }
        self.places.push(Some(flying));
        self.places.len() as u32 - 1
    }

    pub(super) fn at(&self, place: u32) -> Option<&Flying<C>> {
        self.places.get(place as usize)?.as_ref()
    }

    pub(super) fn at_mut(&mut self, place: u32) -> Option<&mut Flying<C>> {
        self.places.get_mut(place as usize)?.as_mut()
    }

    pub(super) fn take(&mut self, place: u32) -> Option<Flying<C>> {
        let flying = self.places.get_mut(place as usize)?.take()?;
        self.free.push(place);
        Some(flying)
    }

    /// All that is under way, with its place.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Flying<C>)> + '_ {
        let places = self.places.iter().enumerate();
        places.filter_map(|(place, flying)| Some((place as u32, flying.as_ref()?)))
    }

    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }
}
