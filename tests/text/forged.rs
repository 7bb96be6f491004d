//! Bytes with a right checksum that nobody wrote: refused, or read the same by everybody.

use crate::forge::{damage, document, fix, update};
use crate::pair::Luck;
use synod::text::{Error, Replica, ReplicaId};

/// A name that no damaged message happens to hit.
const UNHEARD: ReplicaId = ReplicaId(0x0123_4567_89ab_cdef);

/// Two who have a few things in common.
fn two() -> (Replica, Replica) {
    let (mut ann, mut bob) = (Replica::new(ReplicaId(1)), Replica::new(ReplicaId(2)));
    ann.insert(0, "some w😀rds").unwrap();
    bob.merge(&ann);
    bob.delete(2, 4).unwrap();
    ann.insert(4, "more").unwrap();
    ann.undo();
    ann.merge(&bob);
    ann.redo();
    bob.insert(3, "é!").unwrap();
    (ann, bob)
}

#[test]
fn forged_documents_are_refused_or_whole() {
    let (ann, bob) = two();
    let sound = [ann.encode(), bob.encode()];
    let mut luck = Luck::new(1);
    let mut accepted = 0;
    for _ in 0..100_000 {
        let mut bytes = sound[luck.below(2)].clone();
        damage(&mut bytes, &sound[luck.below(2)], &mut luck);
        fix(&mut bytes);
        let Ok(opened) = Replica::decode(&bytes, ReplicaId(9)) else {
            continue;
        };
        accepted += 1;
        let again = Replica::decode(&opened.encode(), ReplicaId(9)).unwrap();
        assert_eq!(again.text(), opened.text());
        assert_eq!(again.version(), opened.version());
        assert_eq!(opened.text().chars().count(), opened.len());
        assert_eq!(opened.text().encode_utf16().count(), opened.len_utf16());
    }
    assert!(accepted > 1000, "{accepted} were read at all");
}

/// What claims to insert more than its bytes can hold is refused before any room is made for it.
#[test]
fn no_document_claims_more_than_it_holds() {
    let mut bytes = vec![0xD2, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1];
    bytes.extend([0xF8, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0, 0, 0, 0]);
    fix(&mut bytes);
    let error = Replica::decode(&bytes, ReplicaId(2)).unwrap_err();
    assert_eq!(error, Error::Truncated);
}

/// A document tells no order: who opens it and who plays its changes have the same one, whatever
/// origins it makes up.
#[test]
fn no_document_brings_in_another_order() {
    let mut luck = Luck::new(2);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..40_000 {
        let bytes = document(&mut luck);
        let mut opened = match Replica::decode(&bytes, ReplicaId(50)) {
            Ok(opened) => opened,
            Err(error) => {
                assert!(matches!(error, Error::Corrupt(_)), "{error}");
                refused += 1;
                continue;
            }
        };
        accepted += 1;
        let mut player = Replica::new(ReplicaId(51));
        player.insert(0, "<>").unwrap();
        player.apply(&bytes).unwrap();
        opened.merge(&player);
        assert_eq!(player.held_back(), 0);
        assert!(player.elements().eq(opened.elements()));
        let again = Replica::decode(&player.encode(), ReplicaId(52)).unwrap();
        assert!(again.elements().eq(opened.elements()));
        assert_eq!(again.version(), opened.version());
    }
    assert!(accepted > 4000 && refused > 4000, "{accepted} {refused}");
}

/// Two who know the same, though it came in another order, read the same in any bytes; so does who
/// hears of it later, and who opens what they saved.
#[test]
fn forged_updates_change_everybody_alike() {
    let (mut ann, mut bob) = two();
    let sound = [
        ann.changes_since(&ann.version_after(3)),
        bob.changes_since(&bob.version_after(3)),
        ann.take_changes(),
    ];
    let (a, b) = (ann.clone(), bob.clone());
    ann.merge(&b);
    bob.merge(&a);
    let mut luck = Luck::new(3);
    let mut accepted = 0;
    for _ in 0..30_000 {
        let (mut one, mut two) = (ann.clone(), bob.clone());
        for _ in 0..3 {
            let mut bytes = sound[luck.below(3)].clone();
            damage(&mut bytes, &sound[luck.below(3)], &mut luck);
            fix(&mut bytes);
            let accepts = apply_or_not(&mut one, &bytes);
            assert_eq!(accepts, apply_or_not(&mut two, &bytes));
            accepted += usize::from(accepts);
        }
        assert!(one.elements().eq(two.elements()));
        let mut later = Replica::new(UNHEARD);
        later.insert(0, "<>").unwrap();
        later.merge(&one);
        two.merge(&later);
        assert!(later.elements().eq(two.elements()));
        let opened = Replica::decode(&two.encode(), ReplicaId(9)).unwrap();
        assert!(opened.elements().eq(two.elements()));
        assert_eq!(opened.version(), two.version());
        assert_eq!(opened.text(), two.text());
    }
    assert!(accepted > 10_000, "{accepted} were read at all");
}

/// Whoever hears of made-up operations in whatever order has the same in the end, and can save it.
#[test]
fn made_up_operations_change_everybody_alike() {
    let mut luck = Luck::new(4);
    let (mut same, mut held) = (0, 0);
    for _ in 0..40_000 {
        let updates: [Vec<u8>; 3] = std::array::from_fn(|author| update(author, &mut luck));
        let (mut one, mut two) = (Replica::new(ReplicaId(1)), Replica::new(ReplicaId(2)));
        one.insert(0, "<>").unwrap();
        two.merge(&one);
        for at in 0..3 {
            apply_or_not(&mut one, &updates[at]);
            apply_or_not(&mut two, &updates[2 - at]);
        }
        for _ in 0..3 {
            one.merge(&two);
            two.merge(&one);
        }
        for replica in [&one, &two] {
            held += replica.held_back();
            let opened = Replica::decode(&replica.encode(), ReplicaId(9)).unwrap();
            assert!(opened.elements().eq(replica.elements()));
            assert_eq!(opened.version(), replica.version());
            assert_eq!(opened.at(&one.version()), replica.at(&one.version()));
        }
        if one.version() == two.version() {
            same += 1;
            assert!(one.elements().eq(two.elements()));
        }
    }
    assert!(
        same > 30_000 && held > 10_000,
        "{same} the same, {held} held"
    );
}

/// Applies bytes if they are accepted; if not, nothing has changed.
fn apply_or_not(replica: &mut Replica, bytes: &[u8]) -> bool {
    let (text, version, held) = (replica.text(), replica.version(), replica.held_back());
    let accepts = replica.apply(bytes).is_ok();
    if !accepts {
        assert_eq!(replica.text(), text);
        assert_eq!(replica.version(), version);
        assert_eq!(replica.held_back(), held);
    }
    accepts
}
