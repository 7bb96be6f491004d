//! Saved documents and messages: what is written is read back, and nothing else is.

use crate::pair::Luck;
use synod::text::{Anchor, Bias, Error, Extent, Replica, ReplicaId, Version};

/// A document with everything in it: several authors, every width, deletions, undo.
fn sample(seed: u64) -> Replica {
    let mut luck = Luck::new(seed);
    let mut all: Vec<Replica> = (1..4).map(|i| Replica::new(ReplicaId(i))).collect();
    for _ in 0..60 {
        let i = luck.below(3);
        let other = all[(i + 1) % 3].clone();
        let replica = &mut all[i];
        let len = replica.len();
        match luck.below(8) {
            0 => drop(replica.undo()),
            1 => drop(replica.merge(&other)),
            2 | 3 if len > 0 => {
                let at = luck.below(len);
                let deleted = 1 + luck.below((len - at).min(6));
                replica.delete(at, deleted).unwrap();
            }
            _ => {
                let text = luck.scalars();
                replica.insert(luck.below(len + 1), &text).unwrap();
            }
        }
    }
    let (other, third) = (all[1].clone(), all[2].clone());
    all[0].merge(&other);
    all[0].merge(&third);
    all.swap_remove(0)
}

#[test]
fn documents_are_read_back_as_they_were() {
    for seed in 0..100 {
        let replica = sample(seed);
        let bytes = replica.encode();
        let mut opened = Replica::decode(&bytes, ReplicaId(77)).unwrap();
        assert_eq!(opened.text(), replica.text());
        assert_eq!(opened.version(), replica.version());
        assert_eq!(opened.attribution(), replica.attribution());
        assert_eq!(opened.encode(), bytes, "saving again changes nothing");
        let mut version = Version::new();
        for (name, count) in replica.version().iter() {
            version.set(name, count / 2);
            assert_eq!(opened.at(&version), replica.at(&version));
        }
        assert!(opened.take_changes().is_empty());
        opened.insert(0, "more").unwrap();
        let mut other = replica.clone();
        other.apply(&opened.take_changes()).unwrap();
        assert_eq!(other.text(), opened.text());
    }
}

#[test]
fn an_empty_document_is_one_too() {
    let empty = Replica::new(ReplicaId(1));
    let opened = Replica::decode(&empty.encode(), ReplicaId(2)).unwrap();
    assert!(opened.is_empty() && opened.version() == Version::new());
    assert!(empty.clone().take_changes().is_empty());
}

#[test]
fn damaged_bytes_are_refused_and_change_nothing() {
    let replica = sample(5);
    let document = replica.encode();
    let update = replica.changes_since(&Version::new());
    let mut reader = Replica::new(ReplicaId(50));
    reader.insert(0, "mine").unwrap();
    for sound in [&document, &update] {
        for at in 0..sound.len() {
            for bit in [0, 3, 7] {
                let mut bytes = sound.clone();
                bytes[at] ^= 1 << bit;
                assert!(Replica::decode(&bytes, ReplicaId(2)).is_err());
                assert!(reader.apply(&bytes).is_err(), "byte {at}, bit {bit}");
            }
            assert!(Replica::decode(&sound[..at], ReplicaId(2)).is_err());
            assert!(reader.apply(&sound[..at]).is_err());
        }
    }
    assert_eq!(reader.text(), "mine");
    assert_eq!(reader.held_back(), 0);
    assert_eq!(reader.version().iter().count(), 1);
}

#[test]
fn errors_say_what_is_wrong() {
    let replica = sample(5);
    let decode = |bytes: &[u8]| Replica::decode(bytes, ReplicaId(2)).unwrap_err();
    let mut bytes = replica.encode();
    assert_eq!(decode(&[]), Error::Truncated);
    assert_eq!(decode(b"{\"json\": true}"), Error::UnknownFormat);
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    assert_eq!(decode(&bytes), Error::Checksum);
    let update = replica.changes_since(&Version::new());
    assert_eq!(decode(&update), Error::UnknownFormat);
    let mut ann = Replica::new(ReplicaId(1));
    ann.insert(0, "a😀b").unwrap();
    let (index, len) = (9, 3);
    assert_eq!(ann.delete(3, 6), Err(Error::OutOfRange { index, len }));
    assert_eq!(
        ann.replace_utf16(2, 0, "x"),
        Err(Error::SplitsPair { index: 2 })
    );
    assert_eq!(
        ann.replace_utf16(0, 2, ""),
        Err(Error::SplitsPair { index: 2 })
    );
    assert!(ann.delete(1, usize::MAX).is_err());
    assert_eq!(ann.text(), "a😀b");
}

#[test]
fn indexes_in_utf16_units_are_those_of_a_browser() {
    for seed in 0..200 {
        let mut luck = Luck::new(seed);
        let mut replica = Replica::new(ReplicaId(1));
        let mut plain: Vec<u16> = Vec::new();
        for _ in 0..40 {
            let at = luck.below(plain.len() + 1);
            let deleted = luck.below((plain.len() - at).min(5) + 1);
            let text = luck.scalars();
            let is_low = |i: usize| plain.get(i).is_some_and(|u| (0xDC00..0xE000).contains(u));
            let splits = is_low(at) || is_low(at + deleted);
            let result = replica.replace_utf16(at, deleted, &text);
            assert_eq!(result.is_err(), splits);
            if !splits {
                plain.splice(at..at + deleted, text.encode_utf16());
            }
            assert_eq!(replica.text(), String::from_utf16(&plain).unwrap());
            assert_eq!(replica.len_utf16(), plain.len());
        }
    }
}

#[test]
fn anchors_stay_at_their_letters() {
    let (mut ann, mut bob) = (Replica::new(ReplicaId(1)), Replica::new(ReplicaId(2)));
    ann.insert(0, "one 😀 two").unwrap();
    bob.merge(&ann);
    let before = ann.anchor_utf16(6, Bias::Before).unwrap();
    let after = ann.anchor_utf16(6, Bias::After).unwrap();
    assert!(ann.anchor_utf16(5, Bias::After).is_err(), "inside the pair");
    for anchor in [before, after] {
        assert_eq!(Anchor::from_bytes(&anchor.to_bytes()), Ok(anchor));
    }
    bob.insert(5, "HERE").unwrap();
    bob.insert(0, "😀").unwrap();
    let utf16 = |at: Option<Extent>| at.map(|at| at.utf16);
    assert_eq!(utf16(bob.resolve(&before)), Some(8));
    assert_eq!(utf16(bob.resolve(&after)), Some(12));
    bob.delete(2, 8).unwrap();
    assert_eq!(utf16(bob.resolve(&before)), Some(3), "the letter is gone");
    let start = bob.anchor(0, Bias::Before).unwrap();
    let end = bob.anchor(bob.len(), Bias::After).unwrap();
    bob.insert(0, "<").unwrap();
    bob.insert(bob.len(), ">").unwrap();
    assert_eq!(bob.resolve(&start).map(|at| at.chars), Some(0));
    assert_eq!(bob.resolve(&end).map(|at| at.chars), Some(bob.len()));
    let news = bob.anchor(1, Bias::Before).unwrap();
    assert_eq!(ann.resolve(&news), None, "it has not come here");
}
