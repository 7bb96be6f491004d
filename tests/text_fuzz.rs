//! Any bytes at all against the sequence CRDT: a few seconds of it, or as many as `FUZZ_SECONDS` says.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::disallowed_types)] // how long it goes on is a matter of real time

#[path = "text/forge.rs"]
mod forge;
#[allow(dead_code)]
#[path = "text/oracle.rs"]
mod oracle;
#[allow(dead_code)]
#[path = "text/pair.rs"]
mod pair;

use forge::{damage, document, fix, update};
use pair::Luck;
use std::time::{Duration, Instant};
use synod::text::{Replica, ReplicaId};

/// Nothing that is read here may take longer, since the bytes are few.
const LONGEST: Duration = Duration::from_millis(50);

/// A name that no damaged message happens to hit.
const UNHEARD: ReplicaId = ReplicaId(0x0123_4567_89ab_cdef);

/// What was done and what came of it.
#[derive(Debug, Default)]
struct Tally {
    rounds: u64,
    opened: u64,
    applied: u64,
    held: u64,
    longest: Duration,
}

/// Two replicas that know the same, which came to them in another order, and sound messages.
struct Bench {
    one: Replica,
    two: Replica,
    sound: Vec<Vec<u8>>,
}

impl Bench {
    fn new(luck: &mut Luck) -> Bench {
        let mut all: Vec<Replica> = (1..4).map(|i| Replica::new(ReplicaId(i))).collect();
        let mut sound = Vec::new();
        for _ in 0..luck.below(40) + 5 {
            let i = luck.below(3);
            let other = all[(i + 1) % 3].clone();
            let replica = &mut all[i];
            let len = replica.len();
            match luck.below(8) {
                0 => drop(replica.undo()),
                1 => drop(replica.redo()),
                2 => drop(replica.merge(&other)),
                3 | 4 if len > 0 => {
                    let at = luck.below(len);
                    let deleted = 1 + luck.below((len - at).min(6));
                    replica.delete(at, deleted).expect("inside the text");
                }
                _ => {
                    let (at, text) = (luck.below(len + 1), luck.scalars());
                    replica.insert(at, &text).expect("inside the text");
                }
            }
            if luck.below(3) == 0 {
                sound.push(all[i].take_changes());
            }
        }
        for replica in &all {
            let some = replica.version_after(luck.below(9) as u64);
            sound.extend([replica.encode(), replica.changes_since(&some)]);
        }
        sound.retain(|bytes| !bytes.is_empty());
        let (mut one, mut two) = (Replica::new(ReplicaId(8)), Replica::new(ReplicaId(9)));
        one.insert(0, "mine").expect("inside the text");
        two.apply(&one.take_changes()).expect("sound bytes");
        for (a, b) in all.iter().zip(all.iter().rev()) {
            if luck.below(2) == 0 {
                one.merge(a);
                two.merge(b);
            }
        }
        let (a, b) = (one.clone(), two.clone());
        one.merge(&b);
        two.merge(&a);
        Bench { one, two, sound }
    }

    /// Bytes that nobody wrote, mostly with a right checksum.
    fn bytes(&self, luck: &mut Luck) -> Vec<u8> {
        let pick = |luck: &mut Luck| &self.sound[luck.below(self.sound.len())];
        let mut bytes = match luck.below(12) {
            0 => (0..luck.below(60)).map(|_| luck.below(256) as u8).collect(),
            1 | 2 => document(luck),
            3 | 4 => update(luck.below(3), luck),
            _ => pick(luck).clone(),
        };
        if luck.below(8) > 0 {
            damage(&mut bytes, pick(luck), luck);
        }
        if luck.below(8) > 0 {
            fix(&mut bytes);
        }
        bytes
    }
}

impl Tally {
    /// Does something that may not take long. On a busy machine it has a few tries.
    fn timed<T>(&mut self, mut run: impl FnMut() -> T) -> T {
        let mut times = Vec::new();
        loop {
            let start = Instant::now();
            let made = run();
            let time = start.elapsed();
            times.push(time);
            if time < LONGEST {
                self.longest = self.longest.max(time);
                return made;
            }
            assert!(times.len() < 9, "few bytes took long: {times:?}");
        }
    }

    /// Whatever is opened is whole, and is saved and opened as the same.
    fn decode(&mut self, bytes: &[u8]) {
        let Ok(opened) = self.timed(|| Replica::decode(bytes, ReplicaId(9))) else {
            return;
        };
        self.opened += 1;
        let text = opened.text();
        assert_eq!(text.chars().count(), opened.len());
        assert_eq!(text.encode_utf16().count(), opened.len_utf16());
        assert_eq!(opened.at(&opened.version()).text, text);
        let again = Replica::decode(&opened.encode(), ReplicaId(10)).expect("sound bytes");
        assert!(again.elements().eq(opened.elements()));
        assert_eq!(again.version(), opened.version());
        assert_eq!(again.attribution(), opened.attribution());
    }

    /// What is refused changes nothing. Returns whether it was accepted.
    fn apply(&mut self, replica: &mut Replica, bytes: &[u8]) -> bool {
        let (text, version, held) = (replica.text(), replica.version(), replica.held_back());
        let (mut after, accepts) = self.timed(|| {
            let mut after = replica.clone();
            let accepts = after.apply(bytes).is_ok();
            (after, accepts)
        });
        std::mem::swap(replica, &mut after);
        if !accepts {
            assert_eq!(replica.text(), text);
            assert_eq!(replica.version(), version);
            assert_eq!(replica.held_back(), held);
        }
        accepts
    }

    /// What two read the same in, a third does too, who hears of it later.
    fn round(&mut self, bench: &Bench, luck: &mut Luck) {
        let (mut one, mut two) = (bench.one.clone(), bench.two.clone());
        for _ in 0..luck.below(4) + 1 {
            let bytes = bench.bytes(luck);
            self.decode(&bytes);
            let accepts = self.apply(&mut one, &bytes);
            assert_eq!(accepts, self.apply(&mut two, &bytes));
            self.applied += u64::from(accepts);
        }
        self.held += one.held_back() as u64;
        assert!(one.elements().eq(two.elements()));
        assert_eq!(one.version(), two.version());
        let mut later = Replica::new(UNHEARD);
        later.insert(0, "<>").expect("inside the text");
        later.merge(&one);
        two.merge(&later);
        assert!(later.elements().eq(two.elements()));
        let saved = Replica::decode(&two.encode(), ReplicaId(10)).expect("what was read is saved");
        assert!(saved.elements().eq(two.elements()));
        assert_eq!(saved.at(&one.version()), two.at(&one.version()));
        self.rounds += 1;
    }
}

#[test]
fn any_bytes_are_survived() {
    let seconds = std::env::var("FUZZ_SECONDS").ok();
    let seconds = seconds
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or(3);
    let start = Instant::now();
    let mut tally = Tally::default();
    let mut seed = 0;
    while start.elapsed() < Duration::from_secs(seconds) {
        // A failure says which seed to begin with.
        println!("seed {seed}");
        let mut luck = Luck::new(seed);
        let bench = Bench::new(&mut luck);
        for _ in 0..200 {
            tally.round(&bench, &mut luck);
        }
        seed += 1;
    }
    println!("{seed} seeds, {tally:?}");
    assert!(tally.opened > 0 && tally.applied > 0);
}
