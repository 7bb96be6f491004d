//! Long histories that have an order by construction, and the same with one answer changed.

use crate::brute;
use crate::random::Made;
use synod::base::{Chance, Draws, Micros};
use synod::check::{
    AppendList, Call, Fenced, FifoLock, KeyValue, Limits, Model, TextStore, Verdict, check,
};

const BUDGET: Limits = Limits::steps(1_000_000);

type Calls<M> = Vec<Call<<M as Model>::Op, <M as Model>::Outcome>>;

/// Clients that are never idle; each operation takes effect at a moment between call and return, and is
/// answered as a single copy would.
fn made_up<M: Made>(model: &M, clients: u64, count: u64, lost: u64, luck: &mut Draws) -> Calls<M> {
    let mut free = vec![0; clients as usize];
    let mut effects = Vec::new();
    for n in 0..count {
        let client = (n % clients) as usize;
        let called = free[client] + luck.between(1, 30);
        let effect = called + luck.between(0, 100);
        free[client] = effect + luck.between(0, 100) + 1;
        effects.push((effect, client as u32, called, free[client]));
    }
    effects.sort_unstable();
    let mut states: Vec<(String, M::State)> = Vec::new();
    let mut calls = Vec::new();
    for (_, client, called, returned) in effects {
        let op = M::ask(luck, client);
        let part = model.part(&op).to_owned();
        let known = states.iter().position(|(name, _)| *name == part);
        let known = known.unwrap_or_else(|| {
            states.push((part, model.init()));
            states.len() - 1
        });
        let answer = model.reply(&states[known].1, &op);
        // What is never answered may have taken effect, or not.
        let is_lost = lost > 0 && luck.between(1, lost) == 1;
        if !(is_lost && luck.between(0, 1) == 0) {
            let after = model.step(&states[known].1, &op, Some(&answer));
            states[known].1 = after.expect("its own answer fits");
        }
        calls.push(Call {
            client,
            op,
            called: Micros(called),
            returned: (!is_lost).then_some((Micros(returned), answer)),
        });
    }
    calls
}

fn stays_in_order<M: Made>(model: &M, clients: u64, count: u64, lost: u64) {
    let mut broken = 0;
    for seed in 0..2 {
        let mut luck = Draws::new(Chance::from_seed(seed));
        let mut calls = made_up(model, clients, count, lost, &mut luck);
        match check(model, &calls, BUDGET) {
            Verdict::Linearizable(orders) => {
                for order in orders {
                    let part: Vec<_> = order
                        .iter()
                        .map(|place| Call {
                            client: calls[*place].client,
                            op: &calls[*place].op,
                            called: calls[*place].called,
                            returned: calls[*place].returned.clone(),
                        })
                        .collect();
                    assert_replays(model, &part);
                }
            }
            other => panic!("seed {seed} of {count} by {clients}: {other:?}"),
        }
        broken += spoil(model, &mut calls, &mut luck);
    }
    assert!(broken > 0, "no change was noticed");
}

/// The order gives every answer, and keeps real time.
fn assert_replays<M: Model>(model: &M, order: &[Call<&M::Op, M::Outcome>]) {
    let (mut state, mut begun) = (model.init(), Micros::ZERO);
    for call in order {
        let outcome = call.returned.as_ref().map(|(_, outcome)| outcome);
        state = model
            .step(&state, call.op, outcome)
            .expect("the answer fits");
        assert!(call.returned.as_ref().is_none_or(|(at, _)| *at >= begun));
        begun = begun.max(call.called);
    }
}

/// Changes one answer after the other, each for a while: whoever is blamed must have been answered by
/// then, and what came before must have an order.
fn spoil<M: Made>(model: &M, calls: &mut Calls<M>, luck: &mut Draws) -> u32 {
    let mut broken = 0;
    for _ in 0..24 {
        let place = luck.between(0, calls.len() as u64 - 1) as usize;
        let Some((at, right)) = calls[place].returned.clone() else {
            continue;
        };
        let wrong = M::guess(luck, &calls[place].op);
        calls[place].returned = Some((at, wrong));
        if let Verdict::Violated(part, blame) = check(model, calls, BUDGET) {
            broken += 1;
            assert_eq!(model.part(&calls[place].op), part);
            // It cannot show before the changed answer came.
            let blamed = calls[blame.operation]
                .returned
                .as_ref()
                .expect("who is blamed was answered");
            assert!(blamed.0 >= at);
            assert!(blame.among.contains(&place) && blame.among.contains(&blame.operation));
            let order: Vec<_> = blame
                .order
                .iter()
                .map(|place| {
                    let heard = calls[*place].returned.clone();
                    Call {
                        client: calls[*place].client,
                        op: &calls[*place].op,
                        called: calls[*place].called,
                        returned: heard
                            .filter(|(end, _)| (*end, *place) < (blamed.0, blame.operation)),
                    }
                })
                .collect();
            assert_replays(model, &order);
        }
        calls[place].returned = Some((at, right));
    }
    broken
}

#[test]
fn registers_stay_in_order() {
    stays_in_order(&KeyValue::default(), 8, 3_000, 0);
    stays_in_order(&KeyValue::default(), 4, 600, 40);
}

#[test]
fn lists_stay_in_order() {
    stays_in_order(&AppendList, 6, 600, 0);
}

#[test]
fn texts_stay_in_order() {
    stays_in_order(&TextStore, 6, 2_000, 0);
}

#[test]
fn locks_stay_in_order() {
    stays_in_order(&FifoLock, 5, 3_000, 0);
}

#[test]
fn fenced_locks_stay_in_order() {
    stays_in_order(&Fenced, 6, 3_000, 0);
}

#[test]
fn a_history_made_to_be_hard_ends_in_unknown() {
    // All at once, and each answer possible by itself: the last one is not.
    let call = |n: u64, op, answer| Call {
        client: n as u32,
        op,
        called: Micros(n),
        returned: Some((Micros(1_000 + n), answer)),
    };
    use synod::check::{KvCall, KvResult};
    let mut calls: Vec<_> = (0..60)
        .map(|n| {
            call(
                n,
                KvCall::Cas("k".into(), Some(n as i64 % 7), (n as i64 * 3 + 1) % 7),
                KvResult::Swapped(true),
            )
        })
        .collect();
    calls.push(call(60, KvCall::Get("k".into()), KvResult::Value(Some(-1))));
    let model = KeyValue { initial: Some(0) };
    assert!(!matches!(
        check(&model, &calls, Limits::steps(20_000)),
        Verdict::Linearizable(_)
    ));
    let little = Limits {
        steps: u64::MAX,
        bytes: 1 << 20,
    };
    assert!(!matches!(
        check(&model, &calls, little),
        Verdict::Linearizable(_)
    ));
    // A history that small can still be judged by trying all.
    assert!(!brute::linearizable(&model, &calls[54..]));
}
