//! The search of every order there is, breadth first: what it finds first is as short as anything
//! there is to be found.

use std::collections::BTreeSet;
use std::collections::VecDeque;

/// States and the steps between them.
pub trait Space {
    /// A state.
    type State: Clone;

    /// Where it begins.
    fn starts(&self) -> Vec<Self::State>;
    /// Writes the states that follow `state` by one step each, in a fixed order.
    fn next(&self, state: &Self::State, out: &mut Vec<Self::State>);
    /// What tells states apart: equal digests count as one state.
    fn digest(&self, state: &Self::State) -> u64;
    /// What is wrong with a state, if something is.
    fn wrong(&self, state: &Self::State) -> Option<String>;
}

/// What a search came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Survey<S> {
    /// How many states were reached, each repetition counted.
    pub reached: u64,
    /// How many distinct states were seen.
    pub distinct: usize,
    /// How many states the longest shortest path to one has, the first included, as TLC counts.
    pub depth: usize,
    /// Whether every state that can be reached was seen.
    pub complete: bool,
    /// The first wrong state.
    pub found: Option<Found<S>>,
}

/// A wrong state.
#[derive(Clone, Debug, PartialEq)]
pub struct Found<S> {
    /// The state.
    pub state: S,
    /// What is wrong.
    pub what: String,
    /// How many steps lead there.
    pub steps: usize,
}

/// Searches `space` breadth first until something wrong is found, all is seen, `most` distinct
/// states have been seen, or `go_on`, asked with their number, says no.
pub fn exhaust<S: Space>(
    space: &S,
    most: usize,
    go_on: &mut dyn FnMut(usize) -> bool,
) -> Survey<S::State> {
    let mut seen = BTreeSet::new();
    let mut queue = VecDeque::new();
    let mut survey = Survey {
        reached: 0,
        distinct: 0,
        depth: 0,
        complete: false,
        found: None,
    };
    let mut next = space.starts();
    let mut level = 0;
    loop {
        for state in next.drain(..) {
            survey.reached += 1;
            if seen.len() >= most && !seen.contains(&space.digest(&state)) {
                survey.distinct = seen.len();
                return survey;
            }
            if !seen.insert(space.digest(&state)) {
                continue;
            }
            survey.depth = survey.depth.max(level + 1);
            if let Some(what) = space.wrong(&state) {
                survey.distinct = seen.len();
                survey.found = Some(Found {
                    state,
                    what,
                    steps: level,
                });
                return survey;
            }
            queue.push_back((state, level));
        }
        survey.distinct = seen.len();
        let Some((state, at)) = queue.pop_front() else {
            survey.complete = true;
            return survey;
        };
        if !go_on(seen.len()) {
            return survey;
        }
        level = at + 1;
        space.next(&state, &mut next);
    }
}
