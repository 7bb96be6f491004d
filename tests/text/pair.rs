//! A replica and the oracle, doing the same; and luck that repeats.

use crate::oracle::Oracle;
use synod::text::{Omission, Patch, Replica, ReplicaId};

/// Numbers that only look random, the same on each run.
#[derive(Clone, Debug)]
pub struct Luck(u64);

impl Luck {
    pub fn new(seed: u64) -> Luck {
        Luck(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def1)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % limit as u64) as usize
    }

    /// A few scalars of every width.
    pub fn scalars(&mut self) -> String {
        const ALL: [&str; 12] = [
            "a", "b", "c", "d", "e", "é", "ß", "漢", "😀", "🙈", "\n", "z",
        ];
        let len = match self.below(10) {
            0 => 20,
            1..=3 => 4,
            _ => 1,
        };
        (0..len).map(|_| ALL[self.below(ALL.len())]).collect()
    }
}

/// Carries out patches on a text kept as UTF-16, as an editor does; checks the other unit too.
pub fn carry_out(text: &mut String, patches: &[Patch]) {
    for patch in patches {
        let mut units: Vec<u16> = text.encode_utf16().collect();
        let (at, end) = (patch.at.utf16, patch.at.utf16 + patch.deleted.utf16);
        let before = String::from_utf16(&units[..at]).expect("no pair is split");
        let gone = String::from_utf16(&units[at..end]).expect("no pair is split");
        assert_eq!(before.chars().count(), patch.at.chars);
        assert_eq!(gone.chars().count(), patch.deleted.chars);
        units.splice(at..end, patch.text.encode_utf16());
        *text = String::from_utf16(&units).expect("no pair is split");
    }
}

/// A replica beside an oracle of the same name, and an editor that follows the replica's patches.
#[derive(Clone, Debug)]
pub struct Pair {
    pub fast: Replica,
    pub slow: Oracle,
    pub seen: String,
}

impl Pair {
    pub fn new(name: u64) -> Pair {
        Pair {
            fast: Replica::new(ReplicaId(name)),
            slow: Oracle::new(name),
            seen: String::new(),
        }
    }

    /// The same, ordered by Fugue rather than FugueMax.
    pub fn fugue(name: u64) -> Pair {
        let mut pair = Pair::new(name);
        pair.slow = Oracle::fugue(name);
        pair.fast.leave_out(Some(Omission::RightOrigins));
        pair
    }

    pub fn insert(&mut self, index: usize, text: &str) {
        self.fast.insert(index, text).expect("inside the text");
        for (i, scalar) in text.chars().enumerate() {
            self.slow.insert(index + i, scalar);
        }
        self.seen = self.fast.text();
    }

    pub fn delete(&mut self, index: usize, len: usize) {
        self.fast.delete(index, len).expect("inside the text");
        for _ in 0..len {
            self.slow.delete(index);
        }
        self.seen = self.fast.text();
    }

    pub fn merge(&mut self, other: &Pair) {
        let patches = self.fast.merge(&other.fast);
        carry_out(&mut self.seen, &patches);
        self.slow.merge(&other.slow);
    }

    /// The same by way of edits in the open.
    pub fn merge_edits(&mut self, other: &Pair) {
        let edits = other.fast.edits_since(&self.fast.version());
        let patches = self.fast.apply_edits(&edits).expect("they are sound");
        carry_out(&mut self.seen, &patches);
        self.slow.merge(&other.slow);
    }

    pub fn check(&mut self) {
        let text = self.fast.text();
        assert_eq!(text, self.slow.text());
        assert_eq!(text, self.seen, "the patches tell what happened");
        assert_eq!(self.fast.len(), text.chars().count());
        assert_eq!(self.fast.len_utf16(), text.encode_utf16().count());
        assert_eq!(self.fast.held_back(), 0);
        for (name, count) in self.fast.version().iter() {
            assert_eq!(count, self.slow.known(name.0));
        }
    }

    /// A random insertion or deletion.
    pub fn edit(&mut self, luck: &mut Luck) {
        let len = self.fast.len();
        if len == 0 || luck.below(10) < 6 {
            let text = luck.scalars();
            self.insert(luck.below(len + 1), &text);
        } else {
            let at = luck.below(len);
            let most = (len - at).min(if luck.below(5) == 0 { 12 } else { 2 });
            self.delete(at, 1 + luck.below(most));
        }
    }
}

/// Everybody learns everything, twice round.
pub fn settle(pairs: &mut [Pair]) {
    for _ in 0..2 {
        for i in 0..pairs.len() {
            let other = pairs[i].clone();
            for (j, pair) in pairs.iter_mut().enumerate() {
                if i != j {
                    pair.merge(&other);
                }
            }
        }
    }
}
