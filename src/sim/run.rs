//! A run: the world at one moment, the trace of all that was simulated, the script, and keyframes
//! to go back to. Going back is replaying from the nearest keyframe; nothing is recorded twice.

use super::act::ActionError;
use super::action::{Action, Entry};
use super::keyframes::Keyframes;
use super::setup::Setup;
use super::spacetime::Overview;
use super::trace::Trace;
use super::world::World;
use crate::base::{Core, Micros};
use std::fmt;
use std::sync::Arc;

/// The run has become longer than its budget allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverBudget {
    /// When it stopped.
    pub at: Micros,
    /// The greatest number of events and messages together.
    pub budget: u32,
}

impl fmt::Display for OverBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OverBudget { at, budget } = self;
        write!(
            f,
            "the run stops at {at} ms: its event budget of {budget} events and messages is used up"
        )
    }
}

impl std::error::Error for OverBudget {}

/// A run of one protocol.
#[derive(Clone)]
pub struct Run<C: Core> {
    pub(super) world: World<C>,
    pub(super) trace: Trace<C>,
    pub(super) script: Vec<Entry>,
    keyframes: Keyframes<World<C>>,
    /// How far time has been simulated.
    end: Micros,
    budget: u32,
    /// Raised whenever something other than time changes.
    pub(super) version: u64,
    pub(super) overview: Overview,
}

impl<C: Core> Run<C> {
    /// The events and messages that a run may have, unless told otherwise: with the trace of a
    /// plain protocol, some 250 MB.
    pub const BUDGET: u32 = 4_000_000;

    /// A run at time zero, with every node started. `script` is in order of time.
    pub fn new(setup: Setup<C>, script: Vec<Entry>, budget: u32) -> Run<C> {
        let mut trace = Trace::default();
        let world = World::new(Arc::new(setup), &mut trace);
        let mut keyframes = Keyframes::default();
        keyframes.offer(world.mark.events, &world, World::weight);
        Run {
            world,
            trace,
            script,
            keyframes,
            end: Micros::ZERO,
            budget,
            version: 0,
            overview: Overview::default(),
        }
    }

    /// The moment shown.
    pub fn now(&self) -> Micros {
        self.world.now
    }

    /// How far time has been simulated.
    pub fn end(&self) -> Micros {
        self.end.max(self.world.now)
    }

    /// How many events have happened by now.
    pub fn position(&self) -> u32 {
        self.world.mark.events
    }

    /// All that was recorded, the future beyond now included.
    pub fn trace(&self) -> &Trace<C> {
        &self.trace
    }

    /// What was done and will be done from outside.
    pub fn script(&self) -> &[Entry] {
        &self.script
    }

    /// The moment at which the next thing may happen; `NEVER` when nothing will.
    pub(super) fn next_event_at(&self) -> Micros {
        let scripted = self.script.get(self.world.script_done);
        let scripted = scripted.map_or(Micros::NEVER, |entry| entry.at.max(self.world.now));
        scripted.min(self.world.agenda.next_at())
    }

    /// Whether the next thing to happen is the script's.
    fn script_is_next(&self) -> bool {
        self.script
            .get(self.world.script_done)
            .is_some_and(|entry| {
                let due = self.world.agenda.next_at();
                entry.at < due || (entry.at == due && self.world.agenda.taken() >= entry.after)
            })
    }

    /// Does the next thing, script or agenda.
    fn proceed(&mut self) {
        self.world.begins_step = true;
        if self.script_is_next() {
            let entry = &self.script[self.world.script_done];
            self.world.now = self.world.now.max(entry.at);
            self.world.script_done += 1;
            self.world.act(&entry.action, &mut self.trace);
        } else {
            self.world.step(&mut self.trace);
        }
        let events = self.world.mark.events;
        if self.keyframes.wants(events) {
            self.keyframes.offer(events, &self.world, World::weight);
        }
    }

    fn check_budget(&self) -> Result<(), OverBudget> {
        let mark = &self.world.mark;
        if mark.events.saturating_add(mark.flights) < self.budget {
            return Ok(());
        }
        Err(OverBudget {
            at: self.world.now,
            budget: self.budget,
        })
    }

    fn touch(&mut self) {
        self.version += 1;
        self.end = self.end.max(self.world.now);
    }

    /// Goes on to the moment `to`, through all that happens until then and at it.
    ///
    /// # Errors
    /// When the budget is used up; the run then stands at the moment that it reached.
    pub fn advance(&mut self, to: Micros) -> Result<(), OverBudget> {
        let before = self.world.mark.events;
        while self.next_event_at() <= to {
            if let Err(over) = self.check_budget() {
                self.touch();
                return Err(over);
            }
            self.proceed();
        }
        self.world.now = self.world.now.max(to);
        self.end = self.end.max(self.world.now);
        if self.world.mark.events != before {
            self.version += 1;
        }
        Ok(())
    }

    /// Goes on by one step: one delivery, timer, request or action with what follows from it at
    /// once. False when nothing is left to happen.
    ///
    /// # Errors
    /// When the budget is used up.
    pub fn step(&mut self) -> Result<bool, OverBudget> {
        let before = self.world.mark.events;
        while self.world.mark.events == before {
            if self.next_event_at() == Micros::NEVER {
                return Ok(false);
            }
            self.check_budget()?;
            self.proceed();
        }
        self.touch();
        Ok(true)
    }

    /// Goes back to just before the last step. False at the start.
    pub fn step_back(&mut self) -> bool {
        let events = &self.trace.events[..self.world.mark.events as usize];
        let Some(start) = events.iter().rposition(|event| event.begins_step) else {
            return false;
        };
        let start = start as u32;
        if start < self.founding_events() {
            return false;
        }
        self.replay_until(start, |world| world.mark.events >= start);
        true
    }

    /// The events of the start at time zero, before which there is nothing to go back to.
    fn founding_events(&self) -> u32 {
        self.keyframes.first().map_or(0, |world| world.mark.events)
    }

    /// Goes to the moment `to`, back or forward.
    ///
    /// # Errors
    /// When the budget is used up on the way.
    pub fn seek(&mut self, to: Micros) -> Result<(), OverBudget> {
        let events = self.trace.events.partition_point(|event| event.at <= to) as u32;
        self.go_to_keyframe(events, to < self.world.now);
        self.touch();
        self.advance(to)
    }

    /// Goes to the moment just after the step that the recorded event `id` belongs to.
    pub fn seek_event(&mut self, id: u32) {
        let id = id.min((self.trace.events.len() as u32).saturating_sub(1));
        self.replay_until(id, |world| world.mark.events > id);
    }

    fn replay_until(&mut self, events: u32, reached: impl Fn(&World<C>) -> bool) {
        let back = self.world.mark.events > events;
        self.go_to_keyframe(events, back);
        while !reached(&self.world) && self.next_event_at() < Micros::NEVER {
            self.proceed();
        }
        self.touch();
    }

    /// Puts the latest keyframe with at most `events` events in the world's place, if it saves
    /// replaying or if going `back` asks for it.
    fn go_to_keyframe(&mut self, events: u32, back: bool) {
        if let Some((at, world)) = self.keyframes.before(events)
            && (back || at > self.world.mark.events)
        {
            self.world = world.clone();
        }
    }

    /// Does `action` now, on the script's record. Where the run has a recorded future, that and
    /// the script's rest are cut off first. Returns whether a future was cut.
    ///
    /// # Errors
    /// When the action cannot be done; nothing is changed then.
    pub fn apply(&mut self, action: Action) -> Result<bool, ActionError> {
        self.world.check(&action, &self.trace)?;
        let cut = self.cut_future();
        let at = self.world.now;
        let agenda = &self.world.agenda;
        let after = if agenda.has_begun(at) {
            agenda.taken()
        } else {
            0
        };
        self.script
            .insert(self.world.script_done, Entry { at, after, action });
        self.proceed();
        self.touch();
        Ok(cut)
    }

    /// Cuts off what was recorded beyond now, with the script's rest. Whether there was any.
    fn cut_future(&mut self) -> bool {
        let events = self.world.mark.events;
        let cut = (events as usize) < self.trace.events.len();
        if cut {
            self.trace.cut(&self.world.mark);
            self.overview.cut(events);
            self.keyframes.cut(events);
            self.script.truncate(self.world.script_done);
            self.end = self.world.now;
        }
        cut
    }

    /// Takes out of the script what is still to come of it, and returns that.
    #[cfg(feature = "hunt")]
    pub(super) fn end_script(&mut self) -> Vec<Entry> {
        let rest = self.script.split_off(self.world.script_done);
        self.cut_future();
        rest
    }

    /// Whether `action` could be done now.
    ///
    /// # Errors
    /// Why it could not.
    pub fn check(&self, action: &Action) -> Result<(), ActionError> {
        self.world.check(action, &self.trace)
    }

    /// Roughly how many bytes the trace and the keyframes take.
    pub fn weight(&self) -> usize {
        self.trace.weight() + self.keyframes.weight() + self.world.weight()
    }
}
