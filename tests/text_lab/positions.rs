//! Between any two positions there is always another.

use crate::{Luck, STRATEGIES};
use synod::text::lab::position::{Position, Step, generate_position_between};
use synod::text::{ElementId, ReplicaId};

fn author(site: u64, seq: u32) -> ElementId {
    ElementId {
        replica: ReplicaId(site),
        seq,
    }
}

/// A position of steps (digit, site, count).
fn position(steps: &[(u32, u64, u32)]) -> Position {
    let step = |&(digit, site, count): &(u32, u64, u32)| Step {
        digit,
        site: ReplicaId(site),
        count,
    };
    Position::new(steps.iter().map(step).collect()).expect("a last digit above zero")
}

/// Generates between two positions and checks that the result is there, and sound.
fn between(
    left: Option<&Position>,
    right: Option<&Position>,
    by: ElementId,
    chance: u64,
) -> [Position; 2] {
    STRATEGIES.map(|strategy| {
        let new = generate_position_between(left, right, by, strategy, chance)
            .unwrap_or_else(|| panic!("{left:?} is not before {right:?}"));
        assert!(left.is_none_or(|left| *left < new), "{left:?} < {new:?}");
        assert!(
            right.is_none_or(|right| new < *right),
            "{new:?} < {right:?}"
        );
        assert_eq!(new.author(), by);
        assert_eq!(Position::new(new.steps().to_vec()).as_ref(), Some(&new));
        new
    })
}

#[test]
fn positions_are_strictly_between_all_small_ones() {
    let mut lists: Vec<Vec<(u32, u64, u32)>> = vec![Vec::new()];
    let mut all = Vec::new();
    for _ in 0..3 {
        let longer = |list: &Vec<_>| {
            let list = list.clone();
            let steps = [(0, 1), (0, 3), (1, 1), (1, 3), (2, 1), (3, 3)];
            steps.map(|(digit, site)| [&list[..], &[(digit, site, 0)]].concat())
        };
        lists = lists.iter().flat_map(longer).collect();
        let sound = lists.iter().filter(|list| list[list.len() - 1].0 > 0);
        all.extend(sound.map(|list| position(list)));
    }
    all.sort();
    for (i, left) in all.iter().enumerate() {
        for site in [0, 2, 4] {
            let by = author(site, 7);
            between(None, Some(left), by, i as u64);
            between(Some(left), None, by, i as u64);
            for right in &all[i + 1..] {
                between(Some(left), Some(right), by, i as u64);
            }
        }
        for strategy in STRATEGIES {
            let by = author(1, 7);
            let of = |l, r| generate_position_between(Some(l), Some(r), by, strategy, 0);
            assert_eq!(of(left, left), None);
            assert_eq!(of(left, &all[0]), None);
        }
    }
}

#[test]
fn positions_are_strictly_between_random_ones() {
    const DIGITS: [u32; 12] = [
        0,
        0,
        1,
        1,
        2,
        31,
        32,
        63,
        1022,
        1023,
        u32::MAX - 1,
        u32::MAX,
    ];
    let mut luck = Luck::new(1);
    let random = |luck: &mut Luck, start: &[(u32, u64, u32)]| {
        let mut steps = start[..luck.below(start.len() + 1)].to_vec();
        for _ in 0..luck.below(4) {
            let digit = DIGITS[luck.below(DIGITS.len())];
            steps.push((digit, luck.below(3) as u64, luck.below(3) as u32));
        }
        steps.push((1 + DIGITS[luck.below(11)], luck.below(3) as u64, 0));
        steps
    };
    for round in 0..20_000 {
        // Half of the second one is a piece of the first: neighbours are often relatives.
        let one = random(&mut luck, &[]);
        let other = random(&mut luck, &one);
        let (one, other) = (position(&one), position(&other));
        if one != other {
            let (left, right) = ((&one).min(&other), (&one).max(&other));
            let by = author(luck.below(4) as u64, 3 + round);
            between(Some(left), Some(right), by, luck.next());
        }
    }
}

#[test]
fn a_gap_can_be_split_for_ever() {
    for seed in 0..200 {
        let mut luck = Luck::new(seed);
        let (mut left, mut right) = (None, None);
        for count in 0..100 {
            let by = author(luck.below(3) as u64, count);
            let pair = between(left.as_ref(), right.as_ref(), by, luck.next());
            let new = pair[luck.below(2)].clone();
            // Always left, always right, in turn, at random.
            let side = [0, 1, count as usize % 2, luck.below(2)][seed as usize % 4];
            *[&mut left, &mut right][side] = Some(new);
        }
    }
}

#[test]
fn between_one_digit_of_two_counters_there_is_room() {
    // Ann deletes a letter and types another, and has the luck to pick its digit again. Bob, who
    // has not heard of the deletion, types between the two.
    let (old, new) = (position(&[(5, 1, 0)]), position(&[(5, 1, 1)]));
    for middle in between(Some(&old), Some(&new), author(2, 0), 3) {
        assert_eq!(middle.steps()[0], old.steps()[0]);
    }
    // The digits are next to each other, and the left one is the last of its level.
    let (left, right) = (position(&[(4, 1, 0), (1023, 1, 0)]), position(&[(5, 2, 0)]));
    let [logoot, _] = between(Some(&left), Some(&right), author(3, 9), 0);
    assert_eq!(logoot.to_string(), "4.A·1023.A·1.C #9");
    let [logoot, lseq] = between(None, Some(&position(&[(1, 1, 0)])), author(3, 9), 0);
    assert_eq!(logoot.to_string(), "0.C·1.C #9");
    assert_eq!(lseq.to_string(), "0.C·63.C #9");
}

#[test]
fn a_position_has_steps_and_ends_above_zero() {
    let step = |digit| Step {
        digit,
        site: ReplicaId(1),
        count: 0,
    };
    assert_eq!(Position::new(Vec::new()), None);
    assert_eq!(Position::new(vec![step(4), step(0)]), None);
    assert!(Position::new(vec![step(0), step(1)]).is_some());
}
