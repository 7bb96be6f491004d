//! A node's own clock: off by a span, and faster or slower than true time.

use crate::base::Micros;

/// The greatest drift either way, in parts per million.
pub const DRIFT_PPM_MAX: i32 = 500_000;

const MILLION: u64 = 1_000_000;

/// A clock that showed `shown` at the true moment `set` and gains `drift_ppm` since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    set: Micros,
    shown: Micros,
    drift_ppm: i32,
}

impl Clock {
    pub(super) const TRUE: Clock = Clock {
        set: Micros::ZERO,
        shown: Micros::ZERO,
        drift_ppm: 0,
    };

    pub(super) fn drift_ppm(&self) -> i32 {
        self.drift_ppm
    }

    /// What the clock shows at the true moment `now`.
    pub(super) fn shows(&self, now: Micros) -> Micros {
        let passed = now.since(self.set);
        self.shown + Micros(Self::scale(passed.0, self.rate(), MILLION))
    }

    /// The first true moment, not before `now`, at which the clock shows at least `local`.
    pub(super) fn when(&self, local: Micros, now: Micros) -> Micros {
        let passed = local.since(self.shown);
        let rate = self.rate();
        let mut moment = self.set + Micros(Self::scale(passed.0, MILLION, rate));
        if self.shows(moment) < local {
            moment += Micros(1);
        }
        moment.max(now)
    }

    /// From `now` on, the clock is `ahead` further on and drifts anew.
    pub(super) fn skew(&mut self, now: Micros, ahead: Micros, drift_ppm: i32) {
        let drift_ppm = drift_ppm.clamp(-DRIFT_PPM_MAX, DRIFT_PPM_MAX);
        *self = Clock {
            set: now,
            shown: self.shows(now) + ahead,
            drift_ppm,
        };
    }

    fn rate(&self) -> u64 {
        MILLION.saturating_add_signed(i64::from(self.drift_ppm))
    }

    /// `span * times / over`, without overflow and rounded down.
    fn scale(span: u64, times: u64, over: u64) -> u64 {
        if times == over {
            return span;
        }
        let whole = (span / over).saturating_mul(times);
        whole.saturating_add(span % over * times / over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drifting_clock_agrees_with_its_own_inverse() {
        let mut clock = Clock::TRUE;
        for (now, ahead, drift) in [
            (0, 0, 0),
            (1_000, 500, 250_000),
            (7_777, 0, -333_333),
            (90_001, 3, 1),
        ] {
            clock.skew(Micros(now), Micros(ahead), drift);
            for span in [0, 1, 2, 3, 999, 123_456, 9_999_999_999] {
                let local = clock.shows(Micros(now)) + Micros(span);
                let moment = clock.when(local, Micros(now));
                assert!(clock.shows(moment) >= local);
                assert!(moment.0 == now || clock.shows(Micros(moment.0 - 1)) < local);
            }
        }
        assert_eq!(clock.when(Micros(0), Micros(95_000)), Micros(95_000));
        let mut end = Clock::TRUE;
        end.skew(Micros(5), Micros::ZERO, -500_000);
        assert_eq!(end.shows(Micros(1_000_005)), Micros(500_005));
        let _ = end.shows(Micros::NEVER);
        let _ = end.when(Micros::NEVER, Micros::ZERO);
    }
}
