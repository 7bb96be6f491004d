//! What a lock manager promises beside its queue, whatever leases do: the tokens of its grants grow, and
//! a resource takes no write under a token older than one that it has seen.

use super::model::Model;

/// Locks by their tokens, and the resources that the tokens guard.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fenced;

/// What is asked of a lock or a resource, by the name of that part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FencedCall {
    /// Asks for a lock.
    Acquire(String),
    /// Writes to a resource under a token.
    Write(String, u64, i64),
    /// Reads a resource.
    Read(String),
}

/// What is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FencedResult {
    /// The lock is granted under a token; `again`: to who held it already.
    Granted {
        /// The token.
        token: u64,
        /// Whether the client held the lock under that token.
        again: bool,
    },
    /// The write is done.
    Written,
    /// The write is refused, since a newer token was seen.
    TooOld,
    /// The value, and the newest token seen.
    Value(Option<i64>, u64),
}

impl Model for Fenced {
    /// The newest token, and what a resource holds.
    type State = (u64, Option<i64>);
    type Op = FencedCall;
    type Outcome = FencedResult;

    fn init(&self) -> Self::State {
        (0, None)
    }

    fn step(
        &self,
        state: &Self::State,
        op: &FencedCall,
        outcome: Option<&FencedResult>,
    ) -> Option<Self::State> {
        let (newest, held) = *state;
        match (op, outcome) {
            // A grant that nobody heard of leaves no other trace than a token that is passed over.
            (FencedCall::Acquire(_), None) => Some(*state),
            (FencedCall::Acquire(_), Some(FencedResult::Granted { token, again })) => {
                let grows = *token > newest || *again && *token == newest;
                grows.then_some((*token, held))
            }
            (FencedCall::Write(_, token, value), outcome) => {
                let (after, answer) = if *token >= newest {
                    ((*token, Some(*value)), FencedResult::Written)
                } else {
                    (*state, FencedResult::TooOld)
                };
                outcome
                    .is_none_or(|outcome| *outcome == answer)
                    .then_some(after)
            }
            (FencedCall::Read(_), None) => Some(*state),
            (FencedCall::Read(_), Some(FencedResult::Value(value, token))) => {
                ((*token, *value) == *state).then_some(*state)
            }
            _ => None,
        }
    }

    fn is_read(&self, op: &FencedCall) -> bool {
        matches!(op, FencedCall::Read(_))
    }

    fn looks(&self, op: &FencedCall, outcome: Option<&FencedResult>) -> bool {
        self.is_read(op) || outcome == Some(&FencedResult::TooOld)
    }

    fn part<'a>(&self, op: &'a FencedCall) -> &'a str {
        match op {
            FencedCall::Acquire(part) | FencedCall::Write(part, ..) | FencedCall::Read(part) => {
                part
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_grow_and_old_ones_are_refused() {
        let acquire = FencedCall::Acquire("lock a".into());
        let granted = |token, again| Some(FencedResult::Granted { token, again });
        let step =
            |state, outcome: Option<FencedResult>| Fenced.step(&state, &acquire, outcome.as_ref());
        assert_eq!(step((3, None), granted(4, false)), Some((4, None)));
        assert_eq!(step((3, None), granted(3, false)), None);
        assert_eq!(step((3, None), granted(3, true)), Some((3, None)));
        let write = |token| FencedCall::Write("resource a".into(), token, 7);
        let written = Some(&FencedResult::Written);
        assert_eq!(
            Fenced.step(&(3, None), &write(3), written),
            Some((3, Some(7)))
        );
        assert_eq!(Fenced.step(&(3, None), &write(2), written), None);
        let refused = Some(&FencedResult::TooOld);
        assert_eq!(Fenced.step(&(3, None), &write(2), refused), Some((3, None)));
        let read = FencedCall::Read("resource a".into());
        let answer = |value, token| FencedResult::Value(value, token);
        let fits = |state, answer| Fenced.step(&state, &read, Some(&answer)).is_some();
        assert!(fits((3, Some(7)), answer(Some(7), 3)) && !fits((4, Some(8)), answer(Some(7), 3)));
    }
}
