//! Undo and redo take back one's own work and nobody else's.

use crate::pair::{Luck, carry_out};
use synod::text::{Patch, Replica, ReplicaId};

fn two(text: &str) -> (Replica, Replica) {
    let (mut ann, mut bob) = (Replica::new(ReplicaId(1)), Replica::new(ReplicaId(2)));
    ann.insert(0, text).unwrap();
    bob.merge(&ann);
    (ann, bob)
}

fn meet(ann: &mut Replica, bob: &mut Replica) {
    ann.merge(bob);
    bob.merge(ann);
    assert_eq!(ann.text(), bob.text());
}

#[test]
fn what_others_typed_inside_stays() {
    let (mut ann, mut bob) = two("hello");
    bob.insert(2, "[bob]").unwrap();
    meet(&mut ann, &mut bob);
    ann.undo();
    assert_eq!(ann.text(), "[bob]");
    assert!(!ann.can_undo() && ann.undo().is_empty());
    meet(&mut ann, &mut bob);
    ann.redo();
    assert_eq!(ann.text(), "he[bob]llo");
    assert!(!ann.can_redo() && ann.redo().is_empty());
    meet(&mut ann, &mut bob);
    bob.undo();
    assert_eq!(bob.text(), "hello");
}

#[test]
fn what_others_deleted_too_stays_deleted() {
    let (mut ann, mut bob) = two("abcdef");
    ann.delete(1, 3).unwrap();
    bob.delete(2, 3).unwrap();
    meet(&mut ann, &mut bob);
    assert_eq!(ann.text(), "af");
    ann.undo();
    assert_eq!(ann.text(), "abf", "c and d are deleted by bob");
    meet(&mut ann, &mut bob);
    bob.undo();
    assert_eq!(bob.text(), "abcdef");
    meet(&mut ann, &mut bob);
    ann.redo();
    assert_eq!(ann.text(), "aef");
}

#[test]
fn an_undone_insertion_does_not_return_with_anothers_deletion() {
    let (mut ann, mut bob) = two("keep");
    ann.seal_step();
    ann.insert(4, "gone").unwrap();
    bob.merge(&ann);
    bob.delete(4, 4).unwrap();
    ann.undo();
    meet(&mut ann, &mut bob);
    bob.undo();
    assert_eq!(bob.text(), "keep");
    meet(&mut ann, &mut bob);
    ann.redo();
    assert_eq!(ann.text(), "keepgone");
}

#[test]
fn a_replacement_is_one_step() {
    let (mut ann, _) = two("one two three");
    ann.replace(4, 3, "2").unwrap();
    ann.undo();
    assert_eq!(ann.text(), "one two three");
    ann.redo();
    assert_eq!(ann.text(), "one 2 three");
}

#[test]
fn typing_on_is_one_step_until_it_is_sealed() {
    let mut ann = Replica::new(ReplicaId(1));
    for (at, letter) in ["a", "b", "c"].into_iter().enumerate() {
        ann.insert(at, letter).unwrap();
    }
    ann.seal_step();
    ann.insert(3, "d").unwrap();
    ann.insert(0, "elsewhere ").unwrap();
    ann.join_step();
    ann.insert(14, " too").unwrap();
    assert_eq!(ann.text(), "elsewhere abcd too");
    for expected in ["abcd", "abc", ""] {
        ann.undo();
        assert_eq!(ann.text(), expected);
    }
    for expected in ["abc", "abcd", "elsewhere abcd too"] {
        ann.redo();
        assert_eq!(ann.text(), expected);
    }
    ann.delete(17, 1).unwrap();
    ann.delete(16, 1).unwrap();
    ann.undo();
    assert_eq!(ann.text(), "elsewhere abcd too", "backspaces are one step");
}

#[test]
fn an_edit_forgets_what_was_undone() {
    let (mut ann, _) = two("first");
    ann.undo();
    ann.insert(0, "second").unwrap();
    assert!(!ann.can_redo());
    assert!(ann.redo().is_empty());
    ann.undo();
    assert_eq!(ann.text(), "");
}

#[test]
fn a_step_that_no_longer_shows_is_passed_over() {
    let (mut ann, mut bob) = two("base ");
    ann.seal_step();
    ann.insert(5, "doomed").unwrap();
    bob.merge(&ann);
    bob.delete(5, 6).unwrap();
    meet(&mut ann, &mut bob);
    let patches = ann.undo();
    assert!(!patches.is_empty(), "each press of a key shows something");
    assert_eq!(ann.text(), "");
}

/// Several people edit, undo, redo and hear of each other at random; an editor follows each one's
/// patches, and all end with the same text.
#[test]
fn random_sessions_with_undo_converge() {
    for seed in 0..300 {
        let mut luck = Luck::new(seed);
        let n = 2 + seed as usize % 3;
        let mut all: Vec<(Replica, String)> = (0..n)
            .map(|i| (Replica::new(ReplicaId(i as u64)), String::new()))
            .collect();
        for _ in 0..80 {
            let i = luck.below(n);
            let other = all[(i + 1 + luck.below(n - 1)) % n].0.clone();
            let (replica, seen) = &mut all[i];
            let patches = random_act(replica, &mut luck, &other);
            match patches {
                Some(patches) => carry_out(seen, &patches),
                None => *seen = replica.text(),
            }
            assert_eq!(*seen, replica.text(), "seed {seed}");
        }
        for _ in 0..2 {
            for i in 0..n {
                let other = all[i].0.clone();
                for (replica, seen) in &mut all {
                    carry_out(seen, &replica.merge(&other));
                }
            }
        }
        let saved = Replica::decode(&all[0].0.encode(), ReplicaId(99)).unwrap();
        for (replica, seen) in &all {
            assert_eq!((seen, replica.text()), (&all[0].1, saved.text()));
            assert_eq!(replica.at(&replica.version()).text, *seen);
            assert_eq!(replica.attribution(), saved.attribution());
        }
    }
}

/// Edits, undoes, redoes or merges. Returns the patches of what does not come from the editor.
fn random_act(replica: &mut Replica, luck: &mut Luck, other: &Replica) -> Option<Vec<Patch>> {
    match luck.below(10) {
        0 | 1 => return Some(replica.merge(other)),
        2 => return Some(replica.undo()),
        3 => return Some(replica.redo()),
        4 => replica.seal_step(),
        _ => {
            let len = replica.len();
            let at = luck.below(len + 1);
            let deleted = luck.below((len - at).min(5) + 1);
            let text = match luck.below(2) {
                0 => String::new(),
                _ => luck.scalars(),
            };
            replica.replace(at, deleted, &text).unwrap();
        }
    }
    None
}

/// Whoever undoes everything leaves only the others' text, and redoing brings all of it back.
#[test]
fn undoing_everything_leaves_the_others_text() {
    for seed in 0..100 {
        let mut luck = Luck::new(seed);
        let (mut ann, mut bob) = (Replica::new(ReplicaId(1)), Replica::new(ReplicaId(2)));
        for _ in 0..30 {
            for (replica, letters) in [(&mut ann, "a"), (&mut bob, "b")] {
                let len = replica.len();
                let at = luck.below(len + 1);
                replica
                    .insert(at, &letters.repeat(1 + luck.below(3)))
                    .unwrap();
                replica.seal_step();
            }
            if luck.below(3) == 0 {
                meet(&mut ann, &mut bob);
            }
        }
        meet(&mut ann, &mut bob);
        let full = ann.text();
        while ann.can_undo() {
            ann.undo();
        }
        assert_eq!(ann.text(), full.replace('a', ""));
        while ann.can_redo() {
            ann.redo();
        }
        assert_eq!(ann.text(), full);
        meet(&mut ann, &mut bob);
    }
}
