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

/// Whether two replicas hold the same in every respect that can be asked for.
fn assert_equal(a: &mut Replica, b: &mut Replica, luck: &mut Luck) {
    assert_eq!(a.text(), b.text());
    assert_eq!((a.len(), a.len_utf16()), (b.len(), b.len_utf16()));
    assert_eq!(a.version(), b.version());
    assert_eq!(a.attribution(), b.attribution());
    assert!(
        a.elements().eq(b.elements()),
        "the same origins and deletions"
    );
    for _ in 0..4 {
        let mut version = Version::new();
        for (name, count) in a.version().iter() {
            version.set(name, luck.below(count as usize + 1) as u32);
        }
        assert_eq!(a.at(&version), b.at(&version));
    }
    for _ in 0..4 {
        let index = luck.below(a.len() + 1);
        let anchors = [a.anchor(index, Bias::Before), b.anchor(index, Bias::Before)];
        assert_eq!(anchors[0], anchors[1]);
        let anchor = anchors[0].unwrap();
        assert_eq!(a.resolve(&anchor), b.resolve(&anchor));
    }
}

#[test]
fn documents_are_read_back_as_they_were() {
    for seed in 0..300 {
        let mut luck = Luck::new(seed);
        let mut replica = sample(seed);
        let bytes = replica.encode();
        let mut opened = Replica::decode(&bytes, ReplicaId(77)).unwrap();
        assert_equal(&mut opened, &mut replica, &mut luck);
        assert_eq!(opened.encode(), bytes, "saving again changes nothing");
        assert!(opened.take_changes().is_empty());
        for n in [0, 1, 17, replica.history_len() / 2] {
            assert_eq!(opened.version_after(n), replica.version_after(n));
        }
        let mut copy = Replica::new(ReplicaId(78));
        let patches = copy.apply(&bytes).unwrap();
        assert_equal(&mut copy, &mut replica, &mut luck);
        let shown: String = patches.into_iter().map(|patch| patch.text).collect();
        assert_eq!(shown, replica.text());
        copy.insert(0, "!").unwrap();
        replica.apply(&copy.take_changes()).unwrap();
        assert_eq!(replica.text(), copy.text());
    }
}

/// What was opened goes on like what was saved, whoever else there is.
#[test]
fn what_was_opened_goes_on_with_the_others() {
    for seed in 0..100 {
        let mut luck = Luck::new(seed);
        let mut saved = sample(seed);
        let mut opened = Replica::decode(&saved.encode(), ReplicaId(77)).unwrap();
        let mut other = Replica::new(ReplicaId(78));
        other.insert(0, "apart").unwrap();
        for _ in 0..30 {
            let (a, b) = match luck.below(3) {
                0 => (&mut opened, &mut other),
                1 => (&mut other, &mut opened),
                _ => (&mut saved, &mut opened),
            };
            if luck.below(3) == 0 {
                a.merge(b);
            } else if luck.below(4) == 0 {
                a.undo();
            } else {
                let at = luck.below(a.len() + 1);
                let deleted = luck.below((a.len() - at).min(4) + 1);
                a.replace(at, deleted, &luck.scalars()).unwrap();
            }
        }
        opened.merge(&saved);
        opened.merge(&other);
        saved.apply(&opened.encode()).unwrap();
        other
            .apply(&opened.changes_since(&other.version()))
            .unwrap();
        assert_equal(&mut saved, &mut opened, &mut luck);
        assert_equal(&mut other, &mut opened, &mut luck);
    }
}

/// Three who type, delete and undo at the same places, one keystroke apart from each other.
#[test]
fn keystrokes_at_the_same_places_are_read_back() {
    for seed in 0..60 {
        let mut luck = Luck::new(seed);
        let mut all: Vec<Replica> = (1..4).map(|i| Replica::new(ReplicaId(i))).collect();
        for _ in 0..120 {
            let i = luck.below(3);
            let bytes = all[i].take_changes();
            let j = luck.below(3);
            if !bytes.is_empty() {
                for replica in &mut all {
                    if luck.below(4) > 0 {
                        replica.apply(&bytes).unwrap();
                    }
                }
            }
            let other = all[j].clone();
            let replica = &mut all[i];
            let at = luck.below(replica.len().min(3) + 1);
            match luck.below(8) {
                0 => drop(replica.merge(&other)),
                1 => drop(replica.undo()),
                2 if at > 0 => replica.delete(at - 1, 1).unwrap(),
                _ => replica.insert(at, "x").unwrap(),
            }
        }
        // What waits for others is not saved, so it has to come first.
        for i in 0..3 {
            let others = all.clone();
            for other in &others {
                all[i].merge(other);
            }
            let replica = &mut all[i];
            let mut opened = Replica::decode(&replica.encode(), ReplicaId(9)).unwrap();
            assert_equal(&mut opened, replica, &mut luck);
        }
    }
}

#[test]
fn an_empty_document_is_one_too() {
    let empty = Replica::new(ReplicaId(1));
    let opened = Replica::decode(&empty.encode(), ReplicaId(2)).unwrap();
    assert!(opened.is_empty() && opened.version() == Version::new());
    assert!(empty.clone().take_changes().is_empty());
}

/// All but the first operation, as an update.
fn large_update(replica: &Replica) -> Vec<u8> {
    replica.changes_since(&replica.version_after(1))
}

#[test]
fn damaged_bytes_are_refused_and_change_nothing() {
    let replica = sample(5);
    let document = replica.encode();
    let update = large_update(&replica);
    let mut reader = Replica::new(ReplicaId(50));
    reader.insert(0, "mine").unwrap();
    for sound in [&document, &update] {
        for at in 0..sound.len() {
            for bit in 0..8 {
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
    let update = large_update(&replica);
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
