//! The search for an order of one part's operations: Wing and Gong's (1993), with Lowe's memory of
//! configurations (2017).
//!
//! A search that tried everything would take time that doubles with each operation under way. Three
//! rules leave out what cannot matter; `linear/tests.rs` holds them against a search that tries every
//! order.
//!
//! - **What only looks is taken as soon as it fits.** It changes nothing, so that whatever could be
//!   done with it later can be done after it now. It is no choice that one would go back on.
//! - **What overwrites whatever was there, and is not seen, has no place of its own.** A write that the
//!   next write follows at once may as well have happened right before any write that came while it
//!   was under way. So a write is tried early only if somebody sees it, and when its return cannot wait
//!   any longer it may be counted as overwritten by an earlier one.
//! - **What never returned** may take effect at any moment after its call, or never. It is tried where
//!   it changes something; of two that ask the same the one called first is tried, as it may be wherever
//!   the other may; and a configuration is given up where one was met before that had the same done and
//!   the same state, but had used none of the others that this one has not. What is best tried first
//!   nobody knows: where clients gave up on a slow store, most of it has come to pass, and where the
//!   store was down, most has not. So two searches take turns ([`super::linear`]), one that takes such
//!   operations as they come, and one that takes them when nothing else is left.
//!
//! What can make the return that comes first possible is tried before everything else.

use super::done::{Done, Key, SetId};
use super::model::Model;
use super::timeline::{END, Span, Timeline};
use std::collections::{BTreeMap, BTreeSet};

/// How many of the calls before one are looked through for one that asks the same.
const TWINS: usize = 256;

/// With more states than this a search that is watched ends.
const STATES_MAX: usize = 64;

/// An operation of the part that is searched.
pub(super) struct Asked<'a, M: Model> {
    pub op: &'a M::Op,
    /// What was answered; `None` where nobody heard, by the end of the prefix that is searched, or
    /// where any answer will do.
    pub outcome: Option<&'a M::Outcome>,
    pub span: Span,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Changes nothing.
    Look,
    /// Leaves the same state behind, whatever was there.
    Blind,
    Other,
}

/// What of the operations under way is tried.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// What makes the first return possible.
    Goal,
    /// The same of those that never returned, where they stand apart.
    GoalOpen,
    /// The operation that returns first, if it is a write.
    First,
    /// The same, as one that was overwritten.
    Absorb,
    /// All.
    All,
    /// All that never returned, where they stand apart.
    AllOpen,
}

/// A configuration: what is done, up to where writes may be counted as overwritten, whether the last
/// write waits for somebody to see it, and the state.
type Config<S> = (Key, u32, bool, S);

/// An operation in the order.
enum Taken<S> {
    /// It only looks, and followed what was chosen.
    Follow(usize),
    /// It was chosen, when the search was as it says.
    Choice {
        call: usize,
        absorbed: bool,
        state: S,
        open: Option<SetId>,
        stage: Stage,
        boundary: usize,
        mark: usize,
        unseen: bool,
    },
}

/// What is learned of one operation in a search that fails.
pub(super) struct Watch<S> {
    number: usize,
    /// The states that the object may be in while the operation is under way and has no place.
    pub states: BTreeSet<S>,
    /// There are more than are told apart.
    pub more: bool,
    /// It had a place in some order of the others so far.
    pub placed: bool,
}

/// A search under way.
pub(super) struct Walk<'a, M: Model> {
    model: &'a M,
    asked: &'a [Asked<'a, M>],
    kinds: Vec<Kind>,
    timeline: Timeline,
    /// How many operations that returned have no place in the order yet.
    pub waiting: usize,
    state: M::State,
    done: Done,
    /// The configurations met: the sets of operations that never returned and were done, none within
    /// another.
    seen: BTreeMap<Config<M::State>, Vec<SetId>>,
    /// For an operation that never returned, the one that asked the same and was called before it.
    twin: Vec<Option<usize>>,
    /// The answer that says most of what the object was, if there is one that does.
    witness: Option<usize>,
    taken: Vec<Taken<M::State>>,
    stage: Stage,
    /// The entry that is looked at.
    at: usize,
    /// The entry of the return that comes first.
    boundary: usize,
    /// What was called before this entry was under way when the last write was taken.
    mark: usize,
    /// The last write was taken early, and nobody has seen it yet.
    unseen: bool,
    /// How many returns, in order, have been passed at most.
    pub furthest: u32,
    /// Roughly how many bytes the configurations take.
    bytes: usize,
    pub watch: Option<Watch<M::State>>,
}

impl<'a, M: Model> Walk<'a, M> {
    pub(super) fn new(model: &'a M, asked: &'a [Asked<'a, M>], apart: bool) -> Self {
        let spans: Vec<Span> = asked.iter().map(|asked| asked.span).collect();
        let timeline = Timeline::new(&spans, apart);
        let numbers = timeline.opens.iter().map(|entry| timeline.number(*entry));
        let opens: Vec<usize> = numbers.collect();
        let mut twin = vec![None; asked.len()];
        for (before, number) in opens.iter().enumerate() {
            let recent = opens[before.saturating_sub(TWINS)..before].iter().rev();
            let mut same = recent.filter(|other| asked[**other].op == asked[*number].op);
            twin[*number] = same.next().copied();
        }
        let kind = |asked: &Asked<'a, M>| {
            if asked.outcome.is_some() && model.looks(asked.op, asked.outcome) {
                Kind::Look
            } else if model.is_blind(asked.op) {
                Kind::Blind
            } else {
                Kind::Other
            }
        };
        let tells = |number: &usize| {
            let Asked { op, outcome, .. } = asked[*number];
            outcome.map_or(0, |outcome| model.tells(op, outcome))
        };
        let best = (0..asked.len()).max_by_key(tells);
        let mut walk = Walk {
            model,
            asked,
            kinds: asked.iter().map(kind).collect(),
            waiting: asked.len() - opens.len(),
            state: model.init(),
            done: Done::default(),
            seen: BTreeMap::new(),
            twin,
            witness: best.filter(|number| tells(number) > 0),
            taken: Vec::new(),
            stage: Stage::Goal,
            at: END,
            boundary: END,
            mark: 0,
            unseen: false,
            furthest: 0,
            bytes: 0,
            watch: None,
            timeline,
        };
        walk.close();
        walk.enter();
        walk
    }

    /// Learns of an operation from now on. What the object can have been is more than what fits an
    /// answer that may be wrong, so that none is a witness any longer.
    pub(super) fn observe(&mut self, number: usize) {
        self.witness = None;
        self.watch = Some(Watch {
            number,
            states: BTreeSet::new(),
            more: false,
            placed: self.timeline.is_lifted(number),
        });
        self.note();
    }

    /// Whether some operations never returned.
    pub(super) fn has_opens(&self) -> bool {
        !self.timeline.opens.is_empty()
    }

    /// How many configurations are remembered.
    pub(super) fn configurations(&self) -> usize {
        self.seen.len()
    }

    /// Roughly how many bytes the memory of configurations takes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes + self.done.shared_bytes()
    }

    /// How many steps the next one counts for: what bounds the steps bounds the memory too.
    pub(super) fn cost(&self) -> u64 {
        self.done.cost()
    }

    /// Tries the operation that is looked at, or goes back. False when nothing is left to try.
    pub(super) fn step(&mut self) -> bool {
        if self.watch.as_ref().is_some_and(|watch| watch.more) {
            return false;
        }
        let in_list = matches!(self.stage, Stage::Goal | Stage::All);
        if self.at == END || in_list && !self.timeline.is_call(self.at) {
            return self.turn() || self.go_back();
        }
        let number = self.timeline.number(self.at);
        match self.after(number) {
            Some(after) => self.choose(number, after),
            None => self.go_on(),
        }
        true
    }

    /// The state after an operation, if it is one to try now.
    fn after(&self, number: usize) -> Option<M::State> {
        let asked = &self.asked[number];
        if self.stage == Stage::Absorb {
            return Some(self.state.clone());
        }
        let returns = self.timeline.returns(number);
        let waits_for_twin = self.twin[number].is_some_and(|twin| !self.timeline.is_lifted(twin));
        let unseen_again = self.unseen && self.kinds[number] == Kind::Blind;
        if waits_for_twin || unseen_again || self.kinds[number] == Kind::Look {
            return None;
        }
        let after = self.model.step(&self.state, asked.op, asked.outcome)?;
        if !returns && after == self.state {
            return None;
        }
        if self.stage <= Stage::GoalOpen {
            let goal = self.timeline.number(self.boundary);
            let Asked { op, outcome, .. } = self.asked[goal];
            if number != goal && self.model.step(&after, op, outcome).is_none() {
                return None;
            }
        }
        let fits = self.witness.is_none_or(|witness| {
            let Asked { op, outcome, .. } = self.asked[witness];
            outcome.is_none_or(|outcome| self.model.agrees(&after, op, outcome))
        });
        fits.then_some(after)
    }

    /// Puts an operation in the order, and what follows from it, unless that has been tried.
    fn choose(&mut self, number: usize, after: M::State) {
        let call = self.timeline.call(number);
        let absorbed = self.stage == Stage::Absorb;
        let returns = self.timeline.returns(number);
        let urgent = self.boundary != END && self.timeline.number(self.boundary) == number;
        let rank = self.timeline.rank(number);
        let open = if returns {
            self.done.add(rank);
            self.waiting -= 1;
            None
        } else {
            Some(self.done.add_open(rank))
        };
        self.timeline.lift(call);
        self.taken.push(Taken::Choice {
            call,
            absorbed,
            state: std::mem::replace(&mut self.state, after),
            open,
            stage: self.stage,
            boundary: self.boundary,
            mark: self.mark,
            unseen: self.unseen,
        });
        if !absorbed {
            let blind = self.kinds[number] == Kind::Blind;
            self.unseen = blind && !urgent;
            if blind {
                self.mark = self.boundary;
            }
        }
        self.close();
        if let Some(watch) = &mut self.watch {
            watch.placed |= self.timeline.is_lifted(watch.number);
        }
        if self.is_new() {
            self.note();
            self.enter();
        } else {
            self.go_back();
        }
    }

    /// Takes what only looks and fits, and finds the return that comes first.
    fn close(&mut self) {
        let mut at = self.timeline.first();
        while self.timeline.is_call(at) {
            let number = self.timeline.number(at);
            let Asked { op, outcome, .. } = self.asked[number];
            let looks = self.kinds[number] == Kind::Look;
            if looks && self.model.step(&self.state, op, outcome).is_some() {
                self.done.add(self.timeline.rank(number));
                self.waiting -= 1;
                self.unseen = false;
                self.taken.push(Taken::Follow(at));
                at = self.timeline.lift(at);
            } else {
                at = self.timeline.after(at);
            }
        }
        self.boundary = at;
        self.furthest = self.furthest.max(self.done.low());
    }

    /// Begins to look at what can be done in a configuration.
    fn enter(&mut self) {
        self.stage = Stage::Goal;
        self.at = self.timeline.first();
        // A write can always be taken: there is nothing to make possible.
        let goal = (self.boundary != END).then(|| self.timeline.number(self.boundary));
        if goal.is_none_or(|goal| self.kinds[goal] == Kind::Blind) {
            self.at = END;
            self.stage = Stage::GoalOpen;
        }
    }

    /// Turns to the next stage; false after the last.
    fn turn(&mut self) -> bool {
        let apart = self.timeline.apart;
        let opens = &self.timeline.opens;
        let under_way = || opens.partition_point(|entry| *entry < self.boundary);
        (self.stage, self.at) = match self.stage {
            Stage::Goal if apart => (Stage::GoalOpen, self.timeline.open_among(under_way())),
            Stage::Goal | Stage::GoalOpen => (Stage::First, self.first_write(usize::MAX)),
            Stage::First => (Stage::Absorb, self.first_write(self.mark)),
            Stage::Absorb => (Stage::All, self.timeline.first()),
            Stage::All if apart => (Stage::AllOpen, self.timeline.open_among(under_way())),
            Stage::All | Stage::AllOpen => return false,
        };
        true
    }

    /// The call of the operation that returns first, if it is a write that was called before an entry.
    fn first_write(&self, before: usize) -> usize {
        if self.boundary == END {
            return END;
        }
        let number = self.timeline.number(self.boundary);
        let call = self.timeline.call(number);
        if self.kinds[number] == Kind::Blind && call < before {
            call
        } else {
            END
        }
    }

    /// Looks at what comes after what is looked at: of those that never returned, what was called
    /// before it, as what was called last is most likely what somebody has seen.
    fn go_on(&mut self) {
        self.at = match self.stage {
            Stage::Goal | Stage::All => self.timeline.after(self.at),
            Stage::First | Stage::Absorb => END,
            Stage::GoalOpen | Stage::AllOpen => {
                let number = self.timeline.number(self.at);
                self.timeline
                    .open_among(self.timeline.rank(number) as usize)
            }
        };
    }

    /// Whether there is something to find from here that could not have been found from where the
    /// search has been.
    fn is_new(&mut self) -> bool {
        let config = (
            self.done.key(),
            self.reach(),
            self.unseen,
            self.state.clone(),
        );
        let (done, open) = (&self.done, self.done.open());
        let size = size_of::<(Config<M::State>, Vec<SetId>)>() + size_of_val::<[u32]>(&config.0.1);
        let met = match self.seen.entry(config) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(free) => {
                self.bytes += size + self.model.weight(&self.state);
                free.insert(Vec::new())
            }
        };
        if met.iter().any(|known| done.is_within(*known, open)) {
            return false;
        }
        let before = met.len();
        met.retain(|known| !done.is_within(open, *known));
        met.push(open);
        self.bytes = (self.bytes + 4 * met.len()).saturating_sub(4 * before);
        true
    }

    /// The mark in its least form: behind the last write under way that stands before it.
    fn reach(&self) -> u32 {
        let mut reach = 0;
        let mut at = self.timeline.first();
        while self.timeline.is_call(at) && at < self.mark {
            let number = self.timeline.number(at);
            if self.kinds[number] == Kind::Blind && self.timeline.returns(number) {
                reach = at as u32 + 1;
            }
            at = self.timeline.after(at);
        }
        reach
    }

    /// Goes back to the last choice, and on from there. False where there is none.
    fn go_back(&mut self) -> bool {
        while let Some(taken) = self.taken.pop() {
            match taken {
                Taken::Follow(call) => {
                    let number = self.timeline.number(call);
                    self.done.remove(self.timeline.rank(number));
                    self.waiting += 1;
                    self.timeline.unlift(call);
                }
                Taken::Choice {
                    call,
                    absorbed: _,
                    state,
                    open,
                    stage,
                    boundary,
                    mark,
                    unseen,
                } => {
                    let number = self.timeline.number(call);
                    match open {
                        Some(before) => self.done.reopen(before),
                        None => {
                            self.done.remove(self.timeline.rank(number));
                            self.waiting += 1;
                        }
                    }
                    self.timeline.unlift(call);
                    (self.state, self.stage, self.at) = (state, stage, call);
                    (self.boundary, self.mark, self.unseen) = (boundary, mark, unseen);
                    self.go_on();
                    return true;
                }
            }
        }
        false
    }

    /// Notes the state for who watches an operation that waits.
    fn note(&mut self) {
        if let Some(watch) = &mut self.watch {
            let call = self.timeline.call(watch.number);
            let waits = !self.timeline.is_lifted(watch.number) && call < self.boundary;
            if waits && !watch.more {
                watch.states.insert(self.state.clone());
                watch.more = watch.states.len() > STATES_MAX;
            }
        }
    }

    /// The order found, as numbers of operations. What was overwritten stands right before what
    /// overwrote it.
    pub(super) fn order(&self) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.taken.len());
        let mut last_write = 0;
        for taken in &self.taken {
            let number = |call: &usize| self.timeline.number(*call);
            match taken {
                Taken::Choice {
                    call,
                    absorbed: true,
                    ..
                } => {
                    order.insert(last_write, number(call));
                    last_write += 1;
                }
                Taken::Choice { call, .. } => {
                    if self.kinds[number(call)] == Kind::Blind {
                        last_write = order.len();
                    }
                    order.push(number(call));
                }
                Taken::Follow(call) => order.push(number(call)),
            }
        }
        order
    }
}
