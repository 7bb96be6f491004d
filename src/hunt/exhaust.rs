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
    /// How many states the longest shortest way to one has, the first included, as TLC counts.
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

/// A search that can be left and taken up again.
#[derive(Clone, Debug)]
pub struct Search<S> {
    seen: BTreeSet<u64>,
    queue: VecDeque<(S, usize)>,
    /// What it has come to so far.
    pub survey: Survey<S>,
    begun: bool,
    /// Whether there is nothing left to do: all is seen, or as much as may be, or something is found.
    pub over: bool,
}

impl<S> Default for Search<S> {
    fn default() -> Search<S> {
        Search {
            seen: BTreeSet::new(),
            queue: VecDeque::new(),
            survey: Survey {
                reached: 0,
                distinct: 0,
                depth: 0,
                complete: false,
                found: None,
            },
            begun: false,
            over: false,
        }
    }
}

impl<S: Clone> Search<S> {
    /// Goes on until something wrong is found, all is seen, `most` distinct states have been seen, or
    /// `go_on`, asked with their number after each state, says no.
    pub fn go<P: Space<State = S>>(
        &mut self,
        space: &P,
        most: usize,
        go_on: &mut dyn FnMut(usize) -> bool,
    ) {
        if !self.begun {
            self.begun = true;
            self.take(space, space.starts(), 0, most);
        }
        let mut next = Vec::new();
        while !self.over {
            let Some((state, level)) = self.queue.pop_front() else {
                (self.survey.complete, self.over) = (true, true);
                return;
            };
            space.next(&state, &mut next);
            self.take(space, next.drain(..), level + 1, most);
            if !go_on(self.survey.distinct) {
                return;
            }
        }
    }

    /// Takes states that were reached by `level` steps.
    fn take<P: Space<State = S>>(
        &mut self,
        space: &P,
        states: impl IntoIterator<Item = S>,
        level: usize,
        most: usize,
    ) {
        for state in states {
            self.survey.reached += 1;
            let digest = space.digest(&state);
            if self.seen.contains(&digest) {
                continue;
            }
            if self.seen.len() >= most {
                self.over = true;
                return;
            }
            self.seen.insert(digest);
            self.survey.distinct = self.seen.len();
            self.survey.depth = self.survey.depth.max(level + 1);
            if let Some(what) = space.wrong(&state) {
                self.over = true;
                self.survey.found = Some(Found {
                    state,
                    what,
                    steps: level,
                });
                return;
            }
            self.queue.push_back((state, level));
        }
    }
}

/// Searches `space` as [`Search::go`] does, from its beginning.
pub fn exhaust<P: Space>(
    space: &P,
    most: usize,
    go_on: &mut dyn FnMut(usize) -> bool,
) -> Survey<P::State> {
    let mut search = Search::default();
    search.go(space, most, go_on);
    search.survey
}
