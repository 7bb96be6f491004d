//! The search against trying every order, and its memory on long histories.

use super::super::model::{KvCall, KvResult};
use super::*;
use crate::base::{Chance, Draws};

type KvHistory = Vec<Call<KvCall, KvResult>>;

const KEY_VALUE: super::super::model::KeyValue = super::super::model::KeyValue { initial: None };

/// Every order that respects real time, one after the other.
fn by_hand(history: &KvHistory, state: Option<i64>, done: u32) -> bool {
    let left = |place: usize| done & (1 << place) == 0;
    let ended = |call: &Call<KvCall, KvResult>| call.returned.map_or(Micros::NEVER, |(at, _)| at);
    let first = (0..history.len())
        .filter(|p| left(*p))
        .map(|p| ended(&history[p]))
        .min();
    let Some(first) = first.filter(|first| *first < Micros::NEVER) else {
        return true;
    };
    (0..history.len())
        .filter(|p| left(*p) && history[*p].called <= first)
        .any(|place| {
            let call = &history[place];
            let outcome = call.returned.as_ref().map(|(_, outcome)| outcome);
            let after = KEY_VALUE.step(&state, &call.op, outcome);
            after.is_some_and(|after| by_hand(history, after, done | 1 << place))
        })
}

/// A small history on one register: sound, or with answers as they come.
fn random(luck: &mut Draws) -> KvHistory {
    let count = luck.between(1, 7);
    let mut state = None;
    (0..count)
        .map(|n| {
            let value = luck.between(0, 2) as i64;
            let op = match luck.between(0, 3) {
                0 => KvCall::Put("k".into(), value),
                1 => KvCall::Cas("k".into(), Some(value), luck.between(0, 2) as i64),
                2 => KvCall::Delete("k".into()),
                _ => KvCall::Get("k".into()),
            };
            let guess = match &op {
                KvCall::Get(_) if luck.between(0, 3) > 0 => KvResult::Value(state),
                KvCall::Get(_) => KvResult::Value(Some(value)),
                KvCall::Cas(_, old, _) => KvResult::Swapped(*old == state),
                _ => KvResult::Ok,
            };
            state = KEY_VALUE.step(&state, &op, None).flatten();
            let called = Micros(n * 10 + luck.between(0, 25));
            let returned = called + Micros(luck.between(0, 40));
            let pending = luck.between(0, 5) == 0;
            let returned = (!pending).then_some((returned, guess));
            Call {
                client: n as u32,
                op,
                called,
                returned,
            }
        })
        .collect()
}

#[test]
fn agrees_with_trying_every_order() {
    let mut luck = Draws::new(Chance::from_seed(77));
    let mut verdicts = [0; 2];
    for _ in 0..20_000 {
        let history = random(&mut luck);
        let expected = by_hand(&history, None, 0);
        verdicts[usize::from(expected)] += 1;
        match check(&KEY_VALUE, &history, Limits::steps(u64::MAX)) {
            Verdict::Linearizable(orders) => {
                assert!(expected, "{history:?}");
                assert_order(&history, &orders.concat());
            }
            Verdict::Violated(_, blame) => {
                assert!(!expected, "{history:?}");
                assert!(blame.among.contains(&blame.operation));
            }
            Verdict::Unknown => panic!("there was no bound"),
        }
    }
    assert!(verdicts.iter().all(|count| *count > 2_000), "{verdicts:?}");
}

/// An order must keep real time, give every answer, and hold all that returned.
fn assert_order(history: &KvHistory, order: &[usize]) {
    let mut state = None;
    for (n, place) in order.iter().enumerate() {
        let call = &history[*place];
        let later = &order[n + 1..];
        assert!(later.iter().all(|other| {
            history[*other]
                .returned
                .is_none_or(|(at, _)| at >= call.called)
        }));
        let outcome = call.returned.as_ref().map(|(_, outcome)| outcome);
        state = KEY_VALUE
            .step(&state, &call.op, outcome)
            .expect("the answer fits");
    }
    let returned = (0..history.len()).filter(|place| history[*place].returned.is_some());
    assert!(returned.into_iter().all(|place| order.contains(&place)));
}

/// A long history: `clients` write and read one register at a time, and each `every`-th
/// operation is never answered.
fn long(count: u64, clients: u64, every: u64) -> KvHistory {
    let mut state = None;
    (0..count)
        .map(|n| {
            let write = n % 3 > 0;
            let op = match write {
                true => KvCall::Put("k".into(), n as i64),
                false => KvCall::Get("k".into()),
            };
            let lost = n % every == every - 1;
            if write {
                state = Some(n as i64);
            }
            let outcome = if write {
                KvResult::Ok
            } else {
                KvResult::Value(state)
            };
            let at = Micros(n * 10 + 9 * clients + n % 7);
            Call {
                client: (n % clients) as u32,
                op,
                called: Micros(n * 10),
                returned: (!lost).then_some((at, outcome)),
            }
        })
        .collect()
}

/// The memory of a search is in proportion to the history, also where clients gave up.
#[test]
fn long_histories_take_little_memory() {
    for (clients, every) in [(2, u64::MAX), (8, u64::MAX), (3, 11)] {
        for count in [15_000, 120_000] {
            let history = long(count, clients, every);
            let heard = |place: &usize| history[*place].returned.is_some();
            let is_read = |place: &usize| KEY_VALUE.is_read(&history[*place].op);
            let places = 0..history.len();
            let places: Vec<usize> = places.filter(|p| heard(p) || !is_read(p)).collect();
            let hunt = Hunt {
                model: &KEY_VALUE,
                history: &history,
                left: 0,
                bytes: 0,
                work: Work::default(),
            };
            let (_, asked) = hunt.prefix(&places, WHOLE, &BTreeSet::new());
            let mut walk = Walk::new(&KEY_VALUE, &asked, false);
            let mut steps = 0u64;
            while walk.waiting > 0 {
                assert!(walk.step(), "it is linearizable");
                steps += 1;
            }
            assert!(steps < 100 * count, "{steps} steps");
            let each = walk.bytes() as u64 / count;
            assert!(each < 120, "{each} bytes an operation of {count}");
        }
    }
}

#[test]
fn a_budget_ends_in_unknown() {
    let mut luck = Draws::new(Chance::from_seed(3));
    let history = random(&mut luck);
    assert_eq!(
        check(&KEY_VALUE, &history, Limits::steps(0)),
        Verdict::Unknown
    );
}

#[test]
fn the_first_operation_that_cannot_be_ordered_is_blamed() {
    let call = |n: u64, op, outcome| Call {
        client: 0,
        op,
        called: Micros(n * 10),
        returned: Some((Micros(n * 10 + 5), outcome)),
    };
    let history = vec![
        call(0, KvCall::Put("x".into(), 1), KvResult::Ok),
        call(1, KvCall::Put("y".into(), 7), KvResult::Ok),
        call(2, KvCall::Put("x".into(), 2), KvResult::Ok),
        call(3, KvCall::Get("x".into()), KvResult::Value(Some(1))),
        call(4, KvCall::Get("x".into()), KvResult::Value(Some(9))),
    ];
    let Verdict::Violated(part, blame) = check(&KEY_VALUE, &history, Limits::steps(10_000)) else {
        panic!("the read is stale");
    };
    assert_eq!((part.as_str(), blame.operation), ("x", 3));
    assert_eq!(blame.among, [0, 2, 3]);
}

/// Writes that nobody heard the end of, which may each have happened at any moment or never.
fn unanswered(count: u64) -> KvHistory {
    let write = |n| Call {
        client: n as u32,
        op: KvCall::Put("x".into(), n as i64),
        called: Micros(n),
        returned: None,
    };
    (1..=count).map(write).collect()
}

#[test]
fn what_nobody_wrote_is_seen_without_a_search() {
    let answered = |op, called, returned, outcome| Call {
        client: 90,
        op,
        called: Micros(called),
        returned: Some((Micros(returned), outcome)),
    };
    let get = || KvCall::Get("x".into());
    let swap = KvCall::Cas("x".into(), Some(70), 71);
    for (op, outcome) in [
        (get(), KvResult::Value(Some(70))),
        (swap, KvResult::Swapped(true)),
    ] {
        let mut history = unanswered(40);
        history.push(answered(get(), 100, 105, KvResult::Value(Some(3))));
        history.push(answered(op, 110, 115, outcome));
        // Written, but too late.
        history.push(answered(
            KvCall::Put("x".into(), 70),
            120,
            125,
            KvResult::Ok,
        ));
        let Verdict::Violated(_, blame) = check(&KEY_VALUE, &history, Limits::steps(2_000)) else {
            panic!("70 came from nowhere");
        };
        assert_eq!((blame.operation, blame.shortest), (41, true));
        assert!(blame.against.is_empty(), "nothing else is to blame");
        // Without a step it is certain too, but not whether less would do.
        let Verdict::Violated(_, blame) = check(&KEY_VALUE, &history, Limits::steps(0)) else {
            panic!("70 came from nowhere");
        };
        assert_eq!((blame.operation, blame.shortest), (42, false));
    }
    // What is written at the same time may be seen.
    let history = vec![
        answered(get(), 10, 20, KvResult::Value(Some(70))),
        answered(KvCall::Put("x".into(), 70), 20, 25, KvResult::Ok),
    ];
    let verdict = check(&KEY_VALUE, &history, Limits::steps(2_000));
    assert!(matches!(verdict, Verdict::Linearizable(_)));
}
