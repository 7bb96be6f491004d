//! The order of elements: the fast replica and the oracle agree, on random cases and on all small ones.

use crate::pair::{Luck, Pair, settle};

fn run(seed: u64, replicas: usize, steps: usize) {
    let mut luck = Luck::new(seed);
    let mut pairs: Vec<Pair> = (0..replicas)
        .map(|i| Pair::new(i as u64 * 7 % 5 + 1))
        .collect();
    for _ in 0..steps {
        let i = luck.below(replicas);
        if luck.below(4) == 0 {
            let j = (i + 1 + luck.below(replicas - 1)) % replicas;
            let other = pairs[j].clone();
            pairs[i].merge(&other);
        } else {
            pairs[i].edit(&mut luck);
        }
        pairs[i].check();
    }
    settle(&mut pairs);
    for pair in &mut pairs {
        pair.check();
    }
    assert!(pairs.windows(2).all(|p| p[0].seen == p[1].seen));
}

#[test]
fn random_sessions_agree_with_the_oracle() {
    for seed in 0..300 {
        run(seed, 2 + seed as usize % 4, 40);
    }
    for seed in 0..6 {
        run(1000 + seed, 3 + seed as usize % 3, 250);
    }
}

/// Edits told in the open do what the bytes do. And a replica that leaves right origins out is Fugue.
#[test]
fn edits_in_the_open_agree_with_both_oracles() {
    for seed in 0..400 {
        let mut luck = Luck::new(seed);
        let replicas = 2 + seed as usize % 3;
        let new = if seed % 4 == 0 {
            Pair::new
        } else {
            Pair::fugue
        };
        let mut pairs: Vec<Pair> = (0..replicas).map(|i| new(i as u64 * 7 % 5 + 1)).collect();
        for _ in 0..40 {
            let i = luck.below(replicas);
            if luck.below(4) == 0 {
                let j = (i + 1 + luck.below(replicas - 1)) % replicas;
                let other = pairs[j].clone();
                pairs[i].merge_edits(&other);
            } else {
                pairs[i].edit(&mut luck);
            }
            pairs[i].check();
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Insert(usize, usize),
    Delete(usize, usize),
    Merge(usize, usize),
}

fn every_step(pairs: &[Pair], deletes: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    for (i, pair) in pairs.iter().enumerate() {
        steps.extend((0..=pair.fast.len()).map(|at| Step::Insert(i, at)));
        if deletes {
            steps.extend((0..pair.fast.len()).map(|at| Step::Delete(i, at)));
        }
        for (j, other) in pairs.iter().enumerate() {
            let news = pair.fast.version().behind(&other.fast.version()) > 0;
            if i != j && news {
                steps.push(Step::Merge(i, j));
            }
        }
    }
    steps
}

/// Tries every continuation of `depth` more steps; returns how many endings there are.
fn explore(pairs: &[Pair], depth: usize, deletes: bool) -> u64 {
    if depth == 0 {
        let mut pairs = pairs.to_vec();
        settle(&mut pairs);
        for pair in &mut pairs {
            pair.check();
        }
        assert!(pairs.windows(2).all(|p| p[0].seen == p[1].seen));
        return 1;
    }
    let mut endings = 0;
    for step in every_step(pairs, deletes) {
        let mut next = pairs.to_vec();
        match step {
            Step::Insert(i, at) => {
                let letter = ["a", "b", "c", "d", "e", "f"][depth % 6];
                next[i].insert(at, letter);
            }
            Step::Delete(i, at) => next[i].delete(at, 1),
            Step::Merge(i, j) => {
                let other = next[j].clone();
                next[i].merge(&other);
            }
        }
        endings += explore(&next, depth - 1, deletes);
    }
    endings
}

#[test]
fn all_sessions_of_two_agree_with_the_oracle() {
    let two = [Pair::new(2), Pair::new(1)];
    let endings = explore(&two, 6, true);
    assert!(endings > 50_000, "{endings}");
}

#[test]
fn all_sessions_of_three_agree_with_the_oracle() {
    let three = [Pair::new(2), Pair::new(1), Pair::new(3)];
    let endings = explore(&three, 6, false);
    assert!(endings > 150_000, "{endings}");
}
