//! Sequential specifications: what one operation after the other would answer.

use std::fmt::Debug;

/// A specification as a value. It says what a single copy of the object would do; it shares no
/// code with the systems that are judged by it.
pub trait Model {
    /// The object's state.
    type State: Clone + Ord + Debug;
    /// What is asked of it.
    type Op: Debug + PartialEq;
    /// What it answers.
    type Outcome: Debug;

    /// The object before the first operation.
    fn init(&self) -> Self::State;

    /// The state after `op`, if `op` may have that outcome in `state`. Without an outcome, one
    /// that nobody heard, any will do.
    fn step(
        &self,
        state: &Self::State,
        op: &Self::Op,
        outcome: Option<&Self::Outcome>,
    ) -> Option<Self::State>;

    /// Whether `op` looks and changes nothing. Where nobody heard its answer, it says nothing.
    fn is_read(&self, op: &Self::Op) -> bool;

    /// Whether `op`, when it has that outcome, leaves every state as it is.
    fn looks(&self, op: &Self::Op, _outcome: Option<&Self::Outcome>) -> bool {
        self.is_read(op)
    }

    /// Whether `op` can be done in every state, and leaves the same one behind, whatever was there.
    fn is_blind(&self, _op: &Self::Op) -> bool {
        false
    }

    /// Whether the answer to `op` is the same in every state, so that it says nothing.
    fn is_silent(&self, op: &Self::Op) -> bool {
        self.is_blind(op)
    }

    /// How much an answer says of all states that the object is ever in: nothing, unless
    /// [`Model::agrees`] can tell.
    fn tells(&self, _op: &Self::Op, _outcome: &Self::Outcome) -> usize {
        0
    }

    /// Whether an object that is in `state` at some time may give that answer at some time.
    fn agrees(&self, _state: &Self::State, _op: &Self::Op, _outcome: &Self::Outcome) -> bool {
        true
    }

    /// The state that the object must be in for `op` to have that outcome, where the two alone say it.
    fn needs(&self, _op: &Self::Op, _outcome: &Self::Outcome) -> Option<Self::State> {
        None
    }

    /// The state that `op` leaves behind whenever it changes the object. A model whose operations can
    /// leave different ones says nothing of what an outcome [needs](Model::needs).
    fn leaves(&self, _op: &Self::Op) -> Option<Self::State> {
        None
    }

    /// How many bytes a state takes beside its own.
    fn weight(&self, _state: &Self::State) -> usize {
        0
    }

    /// The part of the object that `op` is about. Operations on different parts do not see each
    /// other, so that each part's history is judged by itself (Herlihy and Wing 1990, locality).
    fn part<'a>(&self, op: &'a Self::Op) -> &'a str;
}

/// A register of a key-value store: a whole number, or nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyValue {
    /// What every register holds at first.
    pub initial: Option<i64>,
}

/// What is asked of a key-value store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KvCall {
    /// Writes a value.
    Put(String, i64),
    /// Reads the value.
    Get(String),
    /// Writes the last value if the register holds the first.
    Cas(String, Option<i64>, i64),
    /// Empties the register.
    Delete(String),
}

/// What a key-value store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KvResult {
    /// Done.
    Ok,
    /// The value read.
    Value(Option<i64>),
    /// Whether the value was swapped.
    Swapped(bool),
}

impl Model for KeyValue {
    type State = Option<i64>;
    type Op = KvCall;
    type Outcome = KvResult;

    fn init(&self) -> Option<i64> {
        self.initial
    }

    fn step(
        &self,
        state: &Option<i64>,
        op: &KvCall,
        outcome: Option<&KvResult>,
    ) -> Option<Option<i64>> {
        let (after, answer) = match op {
            KvCall::Put(_, value) => (Some(*value), KvResult::Ok),
            KvCall::Get(_) => (*state, KvResult::Value(*state)),
            KvCall::Cas(_, old, new) if state == old => (Some(*new), KvResult::Swapped(true)),
            KvCall::Cas(..) => (*state, KvResult::Swapped(false)),
            KvCall::Delete(_) => (None, KvResult::Ok),
        };
        outcome
            .is_none_or(|outcome| *outcome == answer)
            .then_some(after)
    }

    fn is_read(&self, op: &KvCall) -> bool {
        matches!(op, KvCall::Get(_))
    }

    fn looks(&self, op: &KvCall, outcome: Option<&KvResult>) -> bool {
        self.is_read(op) || outcome == Some(&KvResult::Swapped(false))
    }

    fn is_blind(&self, op: &KvCall) -> bool {
        matches!(op, KvCall::Put(..) | KvCall::Delete(_))
    }

    fn needs(&self, op: &KvCall, outcome: &KvResult) -> Option<Option<i64>> {
        match (op, outcome) {
            (KvCall::Get(_), KvResult::Value(value)) => Some(*value),
            (KvCall::Cas(_, old, _), KvResult::Swapped(true)) => Some(*old),
            _ => None,
        }
    }

    fn leaves(&self, op: &KvCall) -> Option<Option<i64>> {
        match op {
            KvCall::Put(_, value) | KvCall::Cas(_, _, value) => Some(Some(*value)),
            KvCall::Delete(_) => Some(None),
            KvCall::Get(_) => None,
        }
    }

    fn part<'a>(&self, op: &'a KvCall) -> &'a str {
        match op {
            KvCall::Put(key, _) | KvCall::Get(key) | KvCall::Cas(key, ..) | KvCall::Delete(key) => {
                key
            }
        }
    }
}

/// A consensus object: it is written once, by the first who proposes, and answers everybody with
/// what was written then (Herlihy, *Wait-Free Synchronization*, 1991).
#[derive(Clone, Copy, Debug, Default)]
pub struct Consensus;

impl Model for Consensus {
    type State = Option<String>;
    type Op = String;
    type Outcome = String;

    fn init(&self) -> Option<String> {
        None
    }

    fn step(
        &self,
        state: &Option<String>,
        op: &String,
        outcome: Option<&String>,
    ) -> Option<Option<String>> {
        let decided = state.as_ref().unwrap_or(op);
        outcome
            .is_none_or(|outcome| outcome == decided)
            .then(|| Some(decided.clone()))
    }

    fn is_read(&self, _op: &String) -> bool {
        false
    }

    fn part<'a>(&self, _op: &'a String) -> &'a str {
        "the value"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consensus_object_is_written_once() {
        let step = |state: Option<&str>, op: &str, outcome: Option<&str>| {
            let state = state.map(str::to_owned);
            let outcome = outcome.map(str::to_owned);
            Consensus.step(&state, &op.to_owned(), outcome.as_ref())
        };
        let after = |text: &str| Some(Some(text.to_owned()));
        assert_eq!(step(None, "A", Some("A")), after("A"));
        assert_eq!(step(None, "A", Some("B")), None, "nobody proposed B yet");
        assert_eq!(step(Some("B"), "A", Some("B")), after("B"));
        assert_eq!(step(Some("B"), "A", Some("A")), None, "it stays what it is");
        assert_eq!(step(None, "A", None), after("A"));
    }
}
