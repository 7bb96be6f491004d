//! Clones of the world along a run, so that going back costs a bounded replay.

/// The events between keyframes at first.
const SPACING: u32 = 8_192;

/// The most keyframes held.
const COUNT_MAX: usize = 96;

/// The most bytes that all keyframes may take together.
const WEIGHT_MAX: usize = 64 << 20;

/// Keyframes in order of the run. When they become too many or too heavy every other one is
/// dropped, the first excepted, and the spacing doubles.
#[derive(Clone)]
pub(super) struct Keyframes<W> {
    /// How many events had happened, the world then, and its weight in bytes.
    frames: Vec<(u32, W, usize)>,
    spacing: u32,
}

impl<W> Default for Keyframes<W> {
    fn default() -> Keyframes<W> {
        Keyframes {
            frames: Vec::new(),
            spacing: SPACING,
        }
    }
}

impl<W: Clone> Keyframes<W> {
    /// Whether a keyframe is due after `events` events.
    pub(super) fn wants(&self, events: u32) -> bool {
        self.frames
            .last()
            .is_none_or(|(last, ..)| events >= last.saturating_add(self.spacing))
    }

    /// Takes a keyframe.
    pub(super) fn offer(&mut self, events: u32, world: &W, weight: impl Fn(&W) -> usize) {
        let weight = weight(world);
        self.frames.push((events, world.clone(), weight));
        while self.frames.len() > 2 && (self.frames.len() > COUNT_MAX || self.weight() > WEIGHT_MAX)
        {
            self.thin();
        }
    }

    fn thin(&mut self) {
        let mut place = 0;
        self.frames.retain(|_| {
            place += 1;
            place % 2 == 1
        });
        self.spacing = self.spacing.saturating_mul(2);
    }

    /// The latest keyframe at which at most `events` events had happened.
    pub(super) fn before(&self, events: u32) -> Option<(u32, &W)> {
        let after = self.frames.partition_point(|(at, ..)| *at <= events);
        self.frames[..after]
            .last()
            .map(|(at, world, _)| (*at, world))
    }

    pub(super) fn first(&self) -> Option<&W> {
        self.frames.first().map(|(_, world, _)| world)
    }

    /// Forgets the keyframes after `events` events.
    pub(super) fn cut(&mut self, events: u32) {
        self.frames.retain(|(at, ..)| *at <= events);
    }

    pub(super) fn weight(&self) -> usize {
        self.frames.iter().map(|(.., weight)| weight).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_first_and_bounds_count_and_weight() {
        let mut frames = Keyframes::default();
        for event in 0..2_000_000u32 {
            if frames.wants(event) {
                frames.offer(event, &event, |_| 1 << 20);
            }
        }
        assert!(frames.frames.len() <= COUNT_MAX && frames.weight() <= WEIGHT_MAX);
        assert_eq!(frames.first(), Some(&0));
        for event in (0..2_000_000).step_by(9_973) {
            let (at, world) = frames.before(event).expect("the first is always there");
            assert!(at == *world && at <= event && event - at <= 2 * frames.spacing);
        }
        frames.cut(100_000);
        assert!(frames.before(u32::MAX).is_some_and(|(at, _)| at <= 100_000));
    }
}
