//! Positions out of a dense order: between any two there is always another.
//!
//! A position is a list of steps, read like the digits of a fraction: what differs first decides,
//! and a list comes before its own continuations. Each step has a digit, and beside it who made it
//! and when, so that two sites that pick one digit at once still make different positions. The idea
//! is Logoot's (Weiss, Urso and Molli, "Logoot: A Scalable Optimistic Replication Algorithm for
//! Collaborative Editing on P2P Networks", ICDCS 2009). There the site's counter stands once, behind
//! the list; here it stands in every step. Else a site that deletes a letter and types another could
//! make the same list twice, and no third list would fit between the two.
//!
//! Where in the gap a new position goes is a matter of [`Strategy`]: LSEQ's (Nédelec, Molli,
//! Mostefaoui and Desmontils, "LSEQ: an Adaptive Structure for Sequences in Distributed Collaborative
//! Editing", DocEng 2013) is to make levels wider with depth, and to fill them from alternate ends.

use super::{bytes_of, site_name};
use crate::text::{ElementId, ReplicaId};
use std::fmt;

/// One level of a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// What decides first.
    pub digit: u32,
    /// The site that made the step: decides between equal digits.
    pub site: ReplicaId,
    /// Which of that site's positions it was made for: decides then.
    pub count: u32,
}

/// A place in the dense order. There is at least one step, and the last has a digit above zero: so
/// there is always room right before it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(Vec<Step>);

impl Position {
    /// A position of these steps; `None` if there are none, or the last digit is zero.
    pub fn new(steps: Vec<Step>) -> Option<Position> {
        let last = steps.last()?;
        (last.digit > 0).then_some(Position(steps))
    }

    /// Its steps, at least one.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Who made it, and which of that site's positions it is: this alone names it.
    pub fn author(&self) -> ElementId {
        let last = self.0.last();
        ElementId {
            replica: last.map_or(ReplicaId(0), |step| step.site),
            seq: last.map_or(0, |step| step.count),
        }
    }

    /// Its size: see [Units](super#units).
    pub fn bytes(&self) -> usize {
        let of_step = |step: &Step| {
            bytes_of(step.digit.into()) + bytes_of(step.site.0) + bytes_of(step.count.into())
        };
        self.0.iter().map(of_step).sum()
    }
}

/// Each level's digit and site, then the counter of the last: `4.A·7.B #12`.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (level, step) in self.0.iter().enumerate() {
            let dot = if level > 0 { "·" } else { "" };
            write!(f, "{dot}{}.{}", step.digit, site_name(step.site))?;
        }
        write!(f, " #{}", self.author().seq)
    }
}

/// How wide a level is, and where in a gap a new digit goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Every level has 1024 digits, and the new one is close to the left neighbour. Good for who
    /// types on, until a level is full: then each next one is one level longer.
    Logoot,
    /// The first level has 32 digits and each next one twice as many. The new digit is close to the
    /// left neighbour on one level, to the right one on the next, so that whatever end people type
    /// at, every other level suits them.
    Lseq,
}

/// A new digit is at most this far from the neighbour that it is close to.
const BOUNDARY: u32 = 10;

impl Strategy {
    /// How many digits a level has; levels count from 0.
    pub fn digits(self, level: usize) -> u32 {
        match self {
            Strategy::Logoot => 1 << 10,
            Strategy::Lseq => 1 << level.saturating_add(5).min(31),
        }
    }

    fn is_near_right(self, level: usize) -> bool {
        self == Strategy::Lseq && level % 2 == 1
    }

    /// A digit between two others, which leave `room`.
    fn pick(self, level: usize, (from, to): (u32, u32), room: u32, chance: u64) -> u32 {
        let reach = u64::from(room.min(BOUNDARY));
        let offset = 1 + (chance % reach) as u32;
        if self.is_near_right(level) {
            to - offset
        } else {
            from + offset
        }
    }
}

/// A new position strictly between two others, of which none means the edge of the document. It ends
/// in a step of `author`, whose counter must be fresh for the result to be new. `chance` picks among
/// the digits that would do. Returns `None` only if `left` is not before `right`.
///
/// Level by level, both neighbours give bounds as long as what was chosen so far agrees with them:
///
/// 1. If a digit fits strictly between the bounds, it ends the position.
/// 2. Else the left neighbour's step is taken over, and its next step is the bound: behind its end
///    there is room. The right neighbour bounds no more unless its step was the same.
/// 3. If the left neighbour bounds nothing here, the right one's digit is 0 or 1. Zero is taken
///    over; it is never the last. Below one, a zero of our own is put, and the next level is free.
pub fn generate_position_between(
    left: Option<&Position>,
    right: Option<&Position>,
    author: ElementId,
    strategy: Strategy,
    chance: u64,
) -> Option<Position> {
    if let (Some(left), Some(right)) = (left, right)
        && left >= right
    {
        return None;
    }
    let own = |digit| Step {
        digit,
        site: author.replica,
        count: author.seq,
    };
    let (mut low, mut high) = (left.map_or(&[][..], |p| &p.0), right.map(|p| &p.0[..]));
    let mut steps = Vec::new();
    loop {
        let level = steps.len();
        let (below, above) = (low.first(), high.and_then(<[Step]>::first));
        let from = below.map_or(0, |step| step.digit);
        let to = above.map_or(strategy.digits(level), |step| step.digit);
        let room = to.saturating_sub(from).saturating_sub(1);
        if room > 0 {
            steps.push(own(strategy.pick(level, (from, to), room, chance)));
            return Some(Position(steps));
        }
        let step = match (below, above) {
            (Some(step), _) => *step,
            (None, Some(step)) if step.digit == 0 => *step,
            (None, _) => own(0),
        };
        steps.push(step);
        low = low.get(1..).unwrap_or_default();
        high = high.filter(|_| above == Some(&step)).map(|rest| &rest[1..]);
    }
}
