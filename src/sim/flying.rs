//! Messages under way, in a slab whose places are reused.

use super::network::Loss;
use crate::base::Micros;

/// A message under way. What it says, and between whom, is in the trace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flying {
    /// Its number in the trace.
    pub flight: u32,
    /// When it arrives or is lost; `NEVER` while it waits for a hand or for a paused node.
    pub due: Micros,
    /// Why it will be lost half-way, if it will.
    pub lost: Option<Loss>,
    /// It has reached its receiver, which is paused, or was when it came.
    pub arrived: bool,
}

impl Flying {
    /// A message that sets out.
    pub(super) fn new(flight: u32, due: Micros, lost: Option<Loss>) -> Flying {
        Flying {
            flight,
            due,
            lost,
            arrived: false,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Slab {
    places: Vec<Option<Flying>>,
    free: Vec<u32>,
}

impl Slab {
    pub(super) fn put(&mut self, flying: Flying) -> u32 {
        if let Some(place) = self.free.pop() {
            self.places[place as usize] = Some(flying);
            return place;
        }
        self.places.push(Some(flying));
        self.places.len() as u32 - 1
    }

    pub(super) fn at(&self, place: u32) -> Option<&Flying> {
        self.places.get(place as usize)?.as_ref()
    }

    pub(super) fn at_mut(&mut self, place: u32) -> Option<&mut Flying> {
        self.places.get_mut(place as usize)?.as_mut()
    }

    pub(super) fn take(&mut self, place: u32) -> Option<Flying> {
        let flying = self.places.get_mut(place as usize)?.take()?;
        self.free.push(place);
        Some(flying)
    }

    /// All that is under way, with its place.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Flying)> + '_ {
        let places = self.places.iter().enumerate();
        places.filter_map(|(place, flying)| Some((place as u32, flying.as_ref()?)))
    }

    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }
}
