//! Changes that come late, twice, in the wrong order or not at all.

use crate::pair::{Luck, carry_out};
use synod::text::{Error, Replica, ReplicaId, Version};

/// A replica, the editor that follows it, and the messages that are on their way to it.
struct Person {
    replica: Replica,
    seen: String,
    inbox: Vec<Vec<u8>>,
}

impl Person {
    fn receive(&mut self, bytes: &[u8]) {
        let patches = self.replica.apply(bytes).expect("sound bytes");
        carry_out(&mut self.seen, &patches);
        assert_eq!(self.seen, self.replica.text());
    }

    fn edit(&mut self, luck: &mut Luck) -> Vec<u8> {
        match luck.below(12) {
            0 => drop(self.replica.undo()),
            1 => drop(self.replica.redo()),
            _ => {
                let len = self.replica.len();
                let at = luck.below(len + 1);
                let deleted = luck.below((len - at).min(4) + 1);
                let text = luck.scalars();
                self.replica.replace(at, deleted, &text).unwrap();
            }
        }
        self.seen = self.replica.text();
        self.replica.take_changes()
    }
}

fn people(n: usize) -> Vec<Person> {
    (0..n as u64)
        .map(|i| Person {
            replica: Replica::new(ReplicaId(i * 3 % 7)),
            seen: String::new(),
            inbox: Vec::new(),
        })
        .collect()
}

#[test]
fn a_hostile_network_is_survived() {
    for seed in 0..150 {
        let mut luck = Luck::new(seed);
        let n = 3 + seed as usize % 3;
        let mut all = people(n);
        for _ in 0..120 {
            let i = luck.below(n);
            if luck.below(3) == 0 {
                let bytes = all[i].edit(&mut luck);
                for (j, person) in all.iter_mut().enumerate() {
                    let copies = [0, 1, 1, 2][luck.below(4)]; // lost, or twice
                    if i != j && !bytes.is_empty() {
                        person.inbox.extend(vec![bytes.clone(); copies]);
                    }
                }
            } else if !all[i].inbox.is_empty() {
                let at = luck.below(all[i].inbox.len()); // in any order
                let bytes = all[i].inbox.swap_remove(at);
                all[i].receive(&bytes);
            }
        }
        heal(&mut all, &mut luck);
        for person in &all {
            assert_eq!(person.seen, all[0].seen, "seed {seed}");
            assert_eq!(person.replica.version(), all[0].replica.version());
            assert_eq!(person.replica.held_back(), 0);
        }
    }
}

/// Everybody asks everybody for what is missing, until nothing is; what is still on its way arrives
/// in the middle of that.
fn heal(all: &mut [Person], luck: &mut Luck) {
    for _ in 0..2 {
        for i in 0..all.len() {
            for j in 0..all.len() {
                let bytes = all[j].replica.changes_since(&all[i].replica.version());
                all[i].receive(&bytes);
            }
            while !all[i].inbox.is_empty() {
                let at = luck.below(all[i].inbox.len());
                let bytes = all[i].inbox.swap_remove(at);
                all[i].receive(&bytes);
            }
        }
    }
}

#[test]
fn the_last_first_waits_and_is_counted() {
    let mut ann = Replica::new(ReplicaId(1));
    let mut sent = Vec::new();
    for i in 0..50 {
        ann.insert(i, "x").unwrap();
        sent.push(ann.take_changes());
    }
    let mut bob = Replica::new(ReplicaId(2));
    for (held, bytes) in sent[1..].iter().rev().enumerate() {
        assert_eq!(bob.apply(bytes).unwrap(), []);
        assert_eq!(bob.held_back(), held + 1);
    }
    let patches = bob.apply(&sent[0]).unwrap();
    assert_eq!(bob.held_back(), 0);
    assert_eq!(bob.text(), ann.text());
    let mut seen = String::new();
    carry_out(&mut seen, &patches);
    assert_eq!(seen, ann.text());
    for bytes in &sent {
        assert_eq!(bob.apply(bytes).unwrap(), [], "known already");
    }
}

#[test]
fn an_early_change_is_kept_once_however_often_it_comes() {
    let mut ann = Replica::new(ReplicaId(1));
    ann.insert(0, "first").unwrap();
    let first = ann.take_changes();
    let before = ann.version();
    ann.insert(5, " second").unwrap();
    let second = ann.take_changes();
    ann.insert(12, " and more").unwrap();
    let both = ann.changes_since(&before);
    let mut bob = Replica::new(ReplicaId(2));
    for bytes in [&second, &second, &both, &second, &both] {
        bob.apply(bytes).unwrap();
        assert_eq!(bob.held_back(), 1);
    }
    bob.apply(&first).unwrap();
    assert_eq!(bob.held_back(), 0);
    assert_eq!(bob.text(), "first second and more");
}

#[test]
fn changes_that_overlap_are_known_in_part() {
    let mut ann = Replica::new(ReplicaId(1));
    ann.insert(0, "héllo").unwrap();
    let first = ann.take_changes();
    ann.insert(5, " wörld😀").unwrap();
    ann.delete(0, 2).unwrap();
    let both = ann.changes_since(&Version::new());
    let mut bob = Replica::new(ReplicaId(2));
    bob.apply(&first).unwrap();
    bob.apply(&both).unwrap();
    assert_eq!(bob.text(), "llo wörld😀");
    assert_eq!(bob.version(), ann.version());
}

#[test]
fn a_late_joiner_gets_everything_at_once_or_bit_by_bit() {
    let mut luck = Luck::new(4);
    let mut all = people(2);
    let mut sent = Vec::new();
    for _ in 0..400 {
        let i = luck.below(2);
        let bytes = all[i].edit(&mut luck);
        if !bytes.is_empty() {
            all[1 - i].receive(&bytes);
            sent.push(bytes);
        }
    }
    let text = all[0].replica.text();
    assert_eq!(all[1].replica.text(), text);
    let mut at_once = Replica::new(ReplicaId(8));
    at_once.merge(&all[0].replica);
    let mut bit_by_bit = Replica::new(ReplicaId(9));
    for bytes in &sent {
        bit_by_bit.apply(bytes).unwrap();
    }
    let mut from_document = Replica::new(ReplicaId(10));
    from_document.apply(&all[1].replica.encode()).unwrap();
    for late in [&at_once, &bit_by_bit, &from_document] {
        assert_eq!(late.text(), text);
        assert_eq!(late.version(), all[0].replica.version());
    }
}

#[test]
fn versions_are_compared_by_what_they_know() {
    let (mut ann, mut bob) = (Replica::new(ReplicaId(1)), Replica::new(ReplicaId(2)));
    ann.insert(0, "abc").unwrap();
    bob.insert(0, "de").unwrap();
    assert_eq!(ann.version().behind(&bob.version()), 2);
    assert!(!ann.version().covers(&bob.version()));
    let mut joined = ann.version();
    joined.join(&bob.version());
    ann.merge(&bob);
    assert_eq!(ann.version(), joined);
    assert!(ann.version().covers(&bob.version()));
    assert_eq!(ann.version().of(ReplicaId(1)), 3);
}

#[test]
fn versions_travel_as_bytes() {
    let mut version = Version::new();
    assert_eq!(Version::from_bytes(&version.to_bytes()), Ok(Version::new()));
    version.set(ReplicaId(u64::MAX), 7);
    version.set(ReplicaId(0x0102_0304_0506_0708), u32::MAX);
    let bytes = version.to_bytes();
    assert_eq!(Version::from_bytes(&bytes), Ok(version));
    assert_eq!(Version::from_bytes(&bytes[1..]), Err(Error::Truncated));
    let twice = [&bytes[..12], &bytes[..12]].concat();
    assert!(matches!(
        Version::from_bytes(&twice),
        Err(Error::Corrupt(_))
    ));
    let none = [&bytes[..8], &[0; 4]].concat();
    assert!(matches!(Version::from_bytes(&none), Err(Error::Corrupt(_))));
}
