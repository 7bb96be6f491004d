//! The exhaustive search against figures that others published: the abstract single-decree Paxos and the
//! two-phase commit of the public TLA+ examples, as TLC counts them (distinct states, and the states
//! on the longest of the shortest ways).
#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeSet;
use synod::base::Digest;
use synod::hunt::{Space, exhaust};

/// What acceptors and leaders have said (*Paxos* in the TLA+ examples, after Lamport's *Paxos Made
/// Simple*).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Said {
    /// Phase 1a of a ballot.
    Prepare(u8),
    /// Phase 1b: acceptor, ballot, and the ballot and value that it accepted last, if any.
    Promise(u8, u8, Option<(u8, u8)>),
    /// Phase 2a: ballot and value.
    Accept(u8, u8),
    /// Phase 2b: acceptor, ballot and value.
    Accepted(u8, u8, u8),
}

/// The state: of each acceptor the greatest ballot heard of and what was accepted last, and all that
/// was ever said.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Synod {
    heard: Vec<Option<u8>>,
    accepted: Vec<Option<(u8, u8)>>,
    said: BTreeSet<Said>,
}

/// The sizes, and whether a leader must heed what a quorum reports.
struct AbstractPaxos {
    acceptors: u8,
    ballots: u8,
    values: u8,
    heeds: bool,
}

impl AbstractPaxos {
    fn is_quorum(&self, count: usize) -> bool {
        2 * count > usize::from(self.acceptors)
    }

    /// Whether a quorum of promises allows `value` in `ballot`: nobody of it has accepted anything, or
    /// what was accepted in the highest ballot is that value.
    fn is_safe(&self, state: &Synod, ballot: u8, value: u8) -> bool {
        let promises: Vec<(u8, Option<(u8, u8)>)> = state
            .said
            .iter()
            .filter_map(|said| match said {
                Said::Promise(who, b, last) if *b == ballot => Some((*who, *last)),
                _ => None,
            })
            .collect();
        (1u32..1 << promises.len()).any(|set| {
            let quorum = promises.iter().enumerate();
            let quorum: Vec<_> = quorum.filter(|(at, _)| set >> at & 1 == 1).collect();
            let who: BTreeSet<u8> = quorum.iter().map(|(_, (who, _))| *who).collect();
            let highest = quorum.iter().filter_map(|(_, (_, last))| *last).max();
            self.is_quorum(who.len()) && (!self.heeds || highest.is_none_or(|(_, v)| v == value))
        })
    }

    fn chosen(&self, state: &Synod) -> BTreeSet<u8> {
        let mut chosen = BTreeSet::new();
        for ballot in 0..self.ballots {
            for value in 0..self.values {
                let has = |who: &u8| state.said.contains(&Said::Accepted(*who, ballot, value));
                if self.is_quorum((0..self.acceptors).filter(has).count()) {
                    chosen.insert(value);
                }
            }
        }
        chosen
    }
}

impl Space for AbstractPaxos {
    type State = Synod;

    fn starts(&self) -> Vec<Synod> {
        let count = usize::from(self.acceptors);
        vec![Synod {
            heard: vec![None; count],
            accepted: vec![None; count],
            said: BTreeSet::new(),
        }]
    }

    fn next(&self, state: &Synod, out: &mut Vec<Synod>) {
        let mut go = |change: &mut dyn FnMut(&mut Synod)| {
            let mut next = state.clone();
            change(&mut next);
            out.push(next);
        };
        for ballot in 0..self.ballots {
            go(&mut |next| _ = next.said.insert(Said::Prepare(ballot)));
            let begun = |said: &Said| matches!(said, Said::Accept(b, _) if *b == ballot);
            for value in 0..self.values {
                if !state.said.iter().any(begun) && self.is_safe(state, ballot, value) {
                    go(&mut |next| _ = next.said.insert(Said::Accept(ballot, value)));
                }
            }
        }
        for who in 0..self.acceptors {
            let at = usize::from(who);
            for said in &state.said {
                match *said {
                    Said::Prepare(ballot) if Some(ballot) > state.heard[at] => go(&mut |next| {
                        next.heard[at] = Some(ballot);
                        let last = state.accepted[at];
                        next.said.insert(Said::Promise(who, ballot, last));
                    }),
                    Said::Accept(ballot, value) if Some(ballot) >= state.heard[at] => {
                        go(&mut |next| {
                            next.heard[at] = Some(ballot);
                            next.accepted[at] = Some((ballot, value));
                            next.said.insert(Said::Accepted(who, ballot, value));
                        });
                    }
                    _ => {}
                }
            }
        }
    }

    fn digest(&self, state: &Synod) -> u64 {
        Digest::of(state)
    }

    fn wrong(&self, state: &Synod) -> Option<String> {
        let chosen = self.chosen(state);
        (chosen.len() > 1).then(|| format!("{chosen:?} are chosen"))
    }
}

/// What a resource manager is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Manager {
    Working,
    Prepared,
    Committed,
    Aborted,
}

/// The state of two-phase commit (*TwoPhase* in the TLA+ examples; Gray and Lamport, *Consensus on
/// transaction commit*, 2006, section 3): managers, the coordinator's decision and whom it knows to be
/// prepared, who has said so, and which decisions were sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Commit {
    managers: Vec<Manager>,
    decided: Option<bool>,
    known: BTreeSet<usize>,
    said: BTreeSet<usize>,
    sent: BTreeSet<bool>,
}

struct TwoPhase {
    managers: usize,
    /// Whether the coordinator waits for all to be prepared.
    waits: bool,
}

impl Space for TwoPhase {
    type State = Commit;

    fn starts(&self) -> Vec<Commit> {
        vec![Commit {
            managers: vec![Manager::Working; self.managers],
            decided: None,
            known: BTreeSet::new(),
            said: BTreeSet::new(),
            sent: BTreeSet::new(),
        }]
    }

    fn next(&self, state: &Commit, out: &mut Vec<Commit>) {
        let mut go = |may: bool, change: &dyn Fn(&mut Commit)| {
            if may {
                let mut next = state.clone();
                change(&mut next);
                out.push(next);
            }
        };
        let open = state.decided.is_none();
        let decide = |verdict: bool| {
            move |next: &mut Commit| {
                next.decided = Some(verdict);
                next.sent.insert(verdict);
            }
        };
        let all = !self.waits || state.known.len() == self.managers;
        go(open && all, &decide(true));
        go(open, &decide(false));
        for at in 0..self.managers {
            let working = state.managers[at] == Manager::Working;
            let become_ = |what| move |next: &mut Commit| next.managers[at] = what;
            go(open && state.said.contains(&at), &|next| {
                next.known.insert(at);
            });
            go(working, &|next| {
                next.managers[at] = Manager::Prepared;
                next.said.insert(at);
            });
            go(working, &become_(Manager::Aborted));
            go(state.sent.contains(&true), &become_(Manager::Committed));
            go(state.sent.contains(&false), &become_(Manager::Aborted));
        }
    }

    fn digest(&self, state: &Commit) -> u64 {
        Digest::of(state)
    }

    fn wrong(&self, state: &Commit) -> Option<String> {
        let has = |what| state.managers.contains(&what);
        let both = has(Manager::Committed) && has(Manager::Aborted);
        both.then(|| "one has committed and one has aborted".to_owned())
    }
}

#[test]
fn abstract_paxos_has_the_states_that_were_published() {
    let space = AbstractPaxos {
        acceptors: 3,
        ballots: 2,
        values: 2,
        heeds: true,
    };
    let survey = exhaust(&space, usize::MAX, &mut |_| true);
    assert!(survey.complete && survey.found.is_none());
    assert_eq!((survey.distinct, survey.depth), (3_921, 17));
}

#[test]
fn two_phase_commit_has_the_states_that_were_published() {
    let space = TwoPhase {
        managers: 3,
        waits: true,
    };
    let survey = exhaust(&space, usize::MAX, &mut |_| true);
    assert!(survey.complete && survey.found.is_none());
    assert_eq!((survey.distinct, survey.depth), (288, 11));
}

#[test]
fn what_is_wrong_is_found_by_a_shortest_way() {
    // Two ballots of three steps each after their prepares, and two quorums of promises.
    let heedless = AbstractPaxos {
        acceptors: 3,
        ballots: 2,
        values: 2,
        heeds: false,
    };
    let found = exhaust(&heedless, usize::MAX, &mut |_| true).found;
    let found = found.expect("a leader that heeds nobody overrules what is chosen");
    assert_eq!(found.steps, 12);
    let hasty = TwoPhase {
        managers: 3,
        waits: false,
    };
    let found = exhaust(&hasty, usize::MAX, &mut |_| true).found;
    // One aborts by itself, the coordinator commits, and another hears of it.
    assert_eq!(found.expect("it commits too soon").steps, 3);
}

#[test]
fn a_search_ends_where_it_is_told_to() {
    let space = TwoPhase {
        managers: 3,
        waits: true,
    };
    let bounded = exhaust(&space, 100, &mut |_| true);
    assert!(!bounded.complete && bounded.distinct == 100);
    let stopped = exhaust(&space, usize::MAX, &mut |seen| seen < 50);
    assert!(!stopped.complete && stopped.distinct < 100);
}
