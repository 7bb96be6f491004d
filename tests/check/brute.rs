//! Searches that try every order: slow, and plain enough to be believed.

use std::collections::BTreeSet;
use synod::base::Micros;
use synod::check::{Call, Model};

type Calls<M> = [Call<<M as Model>::Op, <M as Model>::Outcome>];

/// Whether the operations have an order that keeps real time. Parts of the object are kept side by side,
/// by name, so that nothing rests on judging each by itself.
pub fn linearizable<M: Model>(model: &M, history: &Calls<M>) -> bool {
    search(model, history, 0, &mut Vec::new(), true)
}

/// Whether they have one that keeps each client's own order.
pub fn sequential<M: Model>(model: &M, history: &Calls<M>) -> bool {
    search(model, history, 0, &mut Vec::new(), false)
}

fn end<O, R>(call: &Call<O, R>) -> Micros {
    call.returned.as_ref().map_or(Micros::NEVER, |(at, _)| *at)
}

fn search<M: Model>(
    model: &M,
    history: &Calls<M>,
    done: u32,
    states: &mut Vec<(String, M::State)>,
    real_time: bool,
) -> bool {
    let left = |place: &usize| done & (1 << place) == 0;
    let rest: Vec<usize> = (0..history.len()).filter(left).collect();
    if rest.iter().all(|place| history[*place].returned.is_none()) {
        return true;
    }
    let may = |place: &usize| {
        let call = &history[*place];
        rest.iter().all(|other| {
            let before = &history[*other];
            let ended = before.returned.is_some() && end(before) < call.called;
            let own = before.client == call.client
                && before.returned.is_some()
                && (before.called, *other) < (call.called, *place);
            !(if real_time { ended } else { own })
        })
    };
    rest.iter().filter(|place| may(place)).any(|place| {
        let call = &history[*place];
        let part = model.part(&call.op);
        let known = states.iter().position(|(name, _)| name == part);
        let known = known.unwrap_or_else(|| {
            states.push((part.to_owned(), model.init()));
            states.len() - 1
        });
        let outcome = call.returned.as_ref().map(|(_, outcome)| outcome);
        let Some(after) = model.step(&states[known].1, &call.op, outcome) else {
            return false;
        };
        let before = std::mem::replace(&mut states[known].1, after);
        let found = search(model, history, done | 1 << place, states, real_time);
        states[known].1 = before;
        found
    })
}

/// The states that one part can be in while `under_way`, which has no place in the order, may take effect:
/// all that ended before its call has a place, nothing that came after its return has.
pub fn states<M: Model>(model: &M, history: &Calls<M>, under_way: usize) -> BTreeSet<M::State> {
    let mut found = BTreeSet::new();
    reach(model, history, under_way, 0, &model.init(), &mut found);
    found
}

fn reach<M: Model>(
    model: &M,
    history: &Calls<M>,
    under_way: usize,
    done: u32,
    state: &M::State,
    found: &mut BTreeSet<M::State>,
) {
    let left = |place: &usize| done & (1 << place) == 0 && *place != under_way;
    let rest: Vec<usize> = (0..history.len()).filter(left).collect();
    let asked = &history[under_way];
    if rest
        .iter()
        .all(|place| end(&history[*place]) >= asked.called)
    {
        found.insert(state.clone());
    }
    for place in &rest {
        let call = &history[*place];
        let mut others = rest.iter();
        let waits = others.any(|other| end(&history[*other]) < call.called);
        let outcome = call.returned.as_ref().map(|(_, outcome)| outcome);
        if waits || end(asked) < call.called {
            continue;
        }
        if let Some(after) = model.step(state, &call.op, outcome) {
            reach(model, history, under_way, done | 1 << place, &after, found);
        }
    }
}

/// An order must give every answer, hold all that returned, nothing twice, and keep real time or each
/// client's own order.
pub fn assert_order<M: Model>(model: &M, history: &Calls<M>, order: &[usize], real_time: bool) {
    let mut states: Vec<(String, M::State)> = Vec::new();
    let mut placed = vec![usize::MAX; history.len()];
    for (n, place) in order.iter().enumerate() {
        assert_eq!(placed[*place], usize::MAX, "{place} stands twice");
        placed[*place] = n;
        let call = &history[*place];
        let part = model.part(&call.op);
        let known = states.iter().position(|(name, _)| name == part);
        let known = known.unwrap_or_else(|| {
            states.push((part.to_owned(), model.init()));
            states.len() - 1
        });
        let outcome = call.returned.as_ref().map(|(_, outcome)| outcome);
        let after = model.step(&states[known].1, &call.op, outcome);
        states[known].1 = after.unwrap_or_else(|| panic!("{place} does not fit: {:?}", call.op));
    }
    let returned = (0..history.len()).filter(|place| history[*place].returned.is_some());
    assert!(
        returned
            .into_iter()
            .all(|place| placed[place] != usize::MAX)
    );
    if real_time {
        // What comes later in the order must not have ended before what comes earlier began.
        let mut begun = Micros::ZERO;
        for place in order {
            assert!(
                end(&history[*place]) >= begun,
                "{place} ended too early for its place"
            );
            begun = begun.max(history[*place].called);
        }
        return;
    }
    for (n, place) in order.iter().enumerate() {
        let call = &history[*place];
        for earlier in &order[..n] {
            let before = &history[*earlier];
            let own = before.client == call.client && call.returned.is_some();
            assert!(
                !own || before.called <= call.called,
                "{earlier} before {place}"
            );
        }
    }
}
