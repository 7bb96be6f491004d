//! What people type at one place at the same time stays in one piece each, forwards and backwards.

use crate::oracle::Oracle;
use crate::pair::{Pair, settle};
use synod::text::{Replica, ReplicaId};

/// Each of `names` types its word between "(" and ")", at once; returns the merged text.
fn type_at_once(names: &[u64], backwards: bool) -> String {
    let mut first = Pair::new(99);
    first.insert(0, "()");
    let mut pairs: Vec<Pair> = names.iter().map(|&name| Pair::new(name)).collect();
    for (pair, letter) in pairs.iter_mut().zip(["a", "b", "c", "d"]) {
        pair.merge(&first);
        for i in 0..6 {
            pair.insert(if backwards { 1 } else { 1 + i }, letter);
        }
    }
    settle(&mut pairs);
    for pair in &mut pairs {
        pair.check();
    }
    pairs[0].seen.clone()
}

#[test]
fn words_typed_at_once_stay_whole() {
    for names in [&[1, 2][..], &[2, 1], &[1, 2, 3], &[3, 1, 2], &[2, 3, 1]] {
        for backwards in [false, true] {
            let text = type_at_once(names, backwards);
            let words = ["aaaaaa", "bbbbbb", "cccccc"];
            for word in &words[..names.len()] {
                assert!(text.contains(word), "{names:?} {backwards}: {text}");
            }
        }
    }
}

#[test]
fn the_case_that_tells_fuguemax_from_fugue() {
    // Three people put A, B and C at the front at once. Somebody who knows A and C puts X between
    // them; somebody who knows A and B puts Y between those. The last element with right origin B
    // is to stand right before B: Y, not X.
    for names in [[10, 20], [20, 10]] {
        let mut abc = [Pair::new(1), Pair::new(2), Pair::new(3)];
        for (pair, letter) in abc.iter_mut().zip(["A", "B", "C"]) {
            pair.insert(0, letter);
        }
        let mut all = vec![Pair::new(names[0]), Pair::new(names[1])];
        let mut plain: Vec<Oracle> = names.iter().map(|&name| Oracle::fugue(name)).collect();
        for (at, (third, letter)) in [(2, 'X'), (1, 'Y')].into_iter().enumerate() {
            all[at].merge(&abc[0]);
            all[at].merge(&abc[third]);
            all[at].insert(1, &letter.to_string());
            plain[at].merge(&abc[0].slow);
            plain[at].merge(&abc[third].slow);
            plain[at].insert(1, letter);
        }
        settle(&mut all);
        for pair in &mut all {
            pair.check();
            assert_eq!(pair.seen, "AXYBC");
        }
        let other = plain[1].clone();
        plain[0].merge(&other);
        let expected = if names[0] < names[1] {
            "AXYBC"
        } else {
            "AYXBC"
        };
        assert_eq!(plain[0].text(), expected, "Fugue goes by the names alone");
    }
}

#[test]
fn returning_to_one_spot_keeps_each_visit_whole() {
    let mut ann = Replica::new(ReplicaId(1));
    let mut bob = Replica::new(ReplicaId(2));
    ann.insert(0, "[]").unwrap();
    bob.merge(&ann);
    for i in 0..50 {
        ann.insert(1, &format!("<a{i}>")).unwrap();
        bob.insert(1, &format!("<b{i}>")).unwrap();
    }
    ann.merge(&bob);
    bob.merge(&ann);
    assert_eq!(ann.text(), bob.text());
    let of = |who: &str| {
        (0..50)
            .rev()
            .map(|i| format!("<{who}{i}>"))
            .collect::<String>()
    };
    assert_eq!(ann.text(), format!("[{}{}]", of("a"), of("b")));
}
