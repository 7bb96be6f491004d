//! Every model against trying every order, on histories of up to seven operations.

use crate::brute;
use crate::random::{Made, history};
use synod::base::{Chance, Draws};
use synod::check::{
    AppendList, Call, Consensus, Fenced, FifoLock, Finding, KeyValue, Limits, Model, Sequential,
    TextStore, check_parts, check_sequential,
};

const HISTORIES: u32 = 6_000;
const PLENTY: Limits = Limits::steps(1_000_000);

type Calls<M> = Vec<Call<<M as Model>::Op, <M as Model>::Outcome>>;

/// The history up to a return, that return included: what comes back later is not heard yet.
fn prefix<M: Model<Op: Clone, Outcome: Clone>>(
    history: &Calls<M>,
    until: usize,
    with: bool,
) -> Calls<M> {
    let end = |place: usize| history[place].returned.as_ref().map(|(at, _)| (*at, place));
    let last = end(until).expect("who is blamed was answered");
    let heard = |place: usize| end(place).is_some_and(|end| end < last || with && end == last);
    let begun = history.iter().enumerate();
    let begun = begun.filter(|(_, call)| call.called <= last.0);
    begun
        .map(|(place, call)| Call {
            returned: call.returned.clone().filter(|_| heard(place)),
            ..call.clone()
        })
        .collect()
}

fn agrees<M: Made<Op: Clone>>(model: &M, seed: u64) {
    let mut luck = Draws::new(Chance::from_seed(seed));
    let mut counts = [[0u32; 2]; 2];
    for _ in 0..HISTORIES {
        let calls = history(model, &mut luck);
        let expected = brute::linearizable(model, &calls);
        let (parts, _) = check_parts(model, &calls, PLENTY);
        let mut found = true;
        let mut orders = Vec::new();
        for part in &parts {
            match &part.finding {
                Finding::Ordered(order) => orders.push(order.as_slice()),
                Finding::Broken(blame) => {
                    found = false;
                    let of = |calls: Calls<M>| -> Calls<M> {
                        let own = calls.into_iter();
                        own.filter(|call| model.part(&call.op) == part.part)
                            .collect()
                    };
                    let whole = of(prefix::<M>(&calls, blame.operation, true));
                    let before = of(prefix::<M>(&calls, blame.operation, false));
                    assert!(!brute::linearizable(model, &whole), "{calls:?} {blame:?}");
                    assert!(brute::linearizable(model, &before), "{calls:?} {blame:?}");
                    assert_blame(model, &calls, blame);
                }
                Finding::Unknown => panic!("there was plenty"),
            }
        }
        assert_eq!(found, expected, "{calls:?}");
        let orders = found.then_some(orders);
        for order in orders.iter().flatten() {
            let part: Vec<_> = order.iter().map(|place| calls[*place].clone()).collect();
            let places: Vec<usize> = (0..part.len()).collect();
            brute::assert_order(model, &part, &places, true);
        }
        let in_order = brute::sequential(model, &calls);
        counts[usize::from(expected)][usize::from(in_order)] += 1;
        for orders in [None, orders.as_deref()] {
            match check_sequential(model, &calls, orders, PLENTY).0 {
                Sequential::Ordered(order) => {
                    assert!(in_order, "{calls:?}");
                    brute::assert_order(model, &calls, &order, orders.is_some());
                    brute::assert_order(model, &calls, &order, false);
                }
                Sequential::Broken(_) => assert!(!in_order, "{calls:?}"),
                Sequential::Unknown => panic!("there was plenty"),
            }
        }
    }
    let [[neither, sequential], [impossible, both]] = counts;
    assert_eq!(
        impossible, 0,
        "what is linearizable is sequentially consistent"
    );
    assert!(
        neither > 300 && sequential > 10 && both > 1_000,
        "{counts:?}"
    );
}

/// A model to which any answer will do where none is said.
struct Freed<'a, M>(&'a M);

impl<M: Model<Outcome: Clone>> Model for Freed<'_, M> {
    type State = M::State;
    type Op = M::Op;
    type Outcome = Option<M::Outcome>;

    fn init(&self) -> M::State {
        self.0.init()
    }
    fn step(
        &self,
        state: &M::State,
        op: &M::Op,
        outcome: Option<&Option<M::Outcome>>,
    ) -> Option<M::State> {
        self.0.step(state, op, outcome.and_then(Option::as_ref))
    }
    fn is_read(&self, op: &M::Op) -> bool {
        self.0.is_read(op)
    }
    fn part<'a>(&self, op: &'a M::Op) -> &'a str {
        self.0.part(op)
    }
}

/// The blamed answers alone leave no order, whatever the others are; were any one of them another, there
/// would be one. Where the answer fits no order by itself, the states are all there can have been.
fn assert_blame<M: Made<Op: Clone>>(
    model: &M,
    calls: &Calls<M>,
    blame: &synod::check::Blame<M::State>,
) {
    let last = calls[blame.operation].returned.as_ref();
    let last = (last.expect("it was answered").0, blame.operation);
    let freeing = |free: &dyn Fn(usize) -> bool| -> Calls<Freed<'_, M>> {
        let begun = (0..calls.len()).filter(|place| calls[*place].called <= last.0);
        let begun = begun.filter(|place| blame.among.contains(place));
        begun
            .map(|place| {
                let call = &calls[place];
                let heard = call.returned.clone();
                let heard = heard.filter(|(at, _)| (*at, place) <= last);
                Call {
                    client: call.client,
                    op: call.op.clone(),
                    called: call.called,
                    returned: heard
                        .map(|(at, outcome)| (at, Some(outcome).filter(|_| !free(place)))),
                }
            })
            .collect()
    };
    let has_order =
        |free: &dyn Fn(usize) -> bool| brute::linearizable(&Freed(model), &freeing(free));
    let blamed = |place: usize| place == blame.operation || blame.against.contains(&place);
    assert!(!has_order(&|place| !blamed(place)), "{calls:?} {blame:?}");
    assert!(blame.needed, "there was plenty");
    for answer in &blame.against {
        let free = |place: usize| place == *answer || !blamed(place);
        assert!(has_order(&free), "{calls:?} {blame:?}");
    }
    if blame.against.is_empty() {
        let freed = freeing(&|place| place != blame.operation);
        let asked = &calls[blame.operation];
        let place = freed.iter().position(|call| {
            call.client == asked.client && call.called == asked.called && call.op == asked.op
        });
        let states = brute::states(&Freed(model), &freed, place.expect("it is there"));
        assert_eq!(
            blame.states,
            states.into_iter().collect::<Vec<_>>(),
            "{calls:?} {blame:?}"
        );
    }
}
#[test]
fn registers_agree_with_trying_every_order() {
    agrees(&KeyValue::default(), 1);
    agrees(&KeyValue { initial: Some(1) }, 2);
}

#[test]
fn lists_agree_with_trying_every_order() {
    agrees(&AppendList, 3);
}

#[test]
fn texts_agree_with_trying_every_order() {
    agrees(&TextStore, 4);
}

#[test]
fn locks_agree_with_trying_every_order() {
    agrees(&FifoLock, 5);
}

#[test]
fn consensus_agrees_with_trying_every_order() {
    agrees(&Consensus, 6);
}

#[test]
fn fenced_locks_agree_with_trying_every_order() {
    agrees(&Fenced, 7);
}
