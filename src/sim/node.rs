//! A node's place in the world: its core or its disk, its timers, clock and luck.

use super::clock::Clock;
use crate::base::{Conduct, Context, Core, Draws, Micros, NodeId};

/// What runs at a node.
#[derive(Clone)]
pub(super) enum Life<C: Core> {
    Up(C),
    Down(C::Disk),
}

/// A timer that is set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alarm<T> {
    pub timer: T,
    /// When it was set, in true time.
    pub set: Micros,
    /// When it goes off by the node's clock.
    pub local: Micros,
    /// The same moment in true time.
    pub due: Micros,
    /// The event in which it was set.
    pub cause: u32,
}

#[derive(Clone)]
pub(super) struct Slot<C: Core> {
    pub life: Life<C>,
    pub paused: bool,
    pub alarms: Vec<Alarm<C::Timer>>,
    /// The moment for which the agenda will wake this node; `NEVER` for none.
    pub wake: Micros,
    pub clock: Clock,
    pub luck: Draws,
    /// Places in the slab of what waits for a paused node.
    pub inbox: Vec<u32>,
    /// How it was told to behave.
    pub conduct: Conduct,
    /// What the node showed when it crashed.
    pub last_glance: Vec<f64>,
    /// Whether it was there from the start.
    pub founder: bool,
}

impl<C: Core> Slot<C> {
    pub(super) fn new(seed: u64, id: NodeId, founder: bool) -> Slot<C> {
        Slot {
            life: Life::Down(C::Disk::default()),
            paused: false,
            alarms: Vec::new(),
            wake: Micros::NEVER,
            clock: Clock::TRUE,
            luck: Context::luck_of(seed, id),
            inbox: Vec::new(),
            conduct: Conduct::HONEST,
            last_glance: Vec::new(),
            founder,
        }
    }

    pub(super) fn core(&self) -> Option<&C> {
        match &self.life {
            Life::Up(core) => Some(core),
            Life::Down(_) => None,
        }
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(self.life, Life::Up(_))
    }

    /// The timer due first; of several at one moment, the first in the timers' own order.
    pub(super) fn next_alarm(&self) -> Option<&Alarm<C::Timer>> {
        self.alarms
            .iter()
            .min_by_key(|alarm| (alarm.due, alarm.timer))
    }

    pub(super) fn set_alarm(&mut self, timer: C::Timer, after: Micros, now: Micros, cause: u32) {
        let local = self.clock.shows(now) + after;
        let due = self.clock.when(local, now);
        let alarm = Alarm {
            timer,
            set: now,
            local,
            due,
            cause,
        };
        match self.alarms.iter_mut().find(|known| known.timer == timer) {
            Some(known) => *known = alarm,
            None => self.alarms.push(alarm),
        }
    }

    pub(super) fn cancel_alarm(&mut self, timer: C::Timer) {
        self.alarms.retain(|alarm| alarm.timer != timer);
    }
}
