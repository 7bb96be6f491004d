//! The algorithms of the lab, through the trait that shows them: they converge, positions are dense,
//! and each interleaves just where its words say so.
#![cfg(not(target_arch = "wasm32"))]

#[path = "text_lab/growth.rs"]
mod growth;
#[path = "text_lab/interleaving.rs"]
mod interleaving;
#[path = "text_lab/positions.rs"]
mod positions;

use synod::text::lab::logoot::Logoot;
use synod::text::lab::position::Strategy;
use synod::text::lab::{Algorithm, Change, Row, Sequence, Side, Totals};
use synod::text::{Error, ReplicaId};

const STRATEGIES: [Strategy; 2] = [Strategy::Logoot, Strategy::Lseq];

/// Numbers that only look random, the same on each run.
struct Luck(u64);

impl Luck {
    fn new(seed: u64) -> Luck {
        Luck(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 11
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn scalars(&mut self) -> String {
        const ALL: [&str; 8] = ["a", "b", "z", "é", "漢", "😀", "🙈", "\n"];
        let len = [1, 1, 1, 3, 8][self.below(5)];
        (0..len).map(|_| ALL[self.below(ALL.len())]).collect()
    }
}

/// Replicas and the changes on their way to each.
struct Net {
    replicas: Vec<Box<dyn Sequence>>,
    inboxes: Vec<Vec<Change>>,
    sent: Vec<Change>,
}

impl Net {
    fn new(algorithm: Algorithm, sites: &[u64]) -> Net {
        let replica = |&site: &u64| algorithm.replica(ReplicaId(site));
        Net {
            replicas: sites.iter().map(replica).collect(),
            inboxes: vec![Vec::new(); sites.len()],
            sent: Vec::new(),
        }
    }

    /// Puts what `i` made on the way, to each other replica so many times.
    fn send(&mut self, i: usize, mut copies: impl FnMut() -> usize) {
        for change in self.replicas[i].take_changes() {
            for (j, inbox) in self.inboxes.iter_mut().enumerate() {
                if i != j {
                    inbox.extend(vec![change.clone(); copies()]);
                }
            }
            self.sent.push(change);
        }
    }

    fn receive(&mut self, i: usize, luck: &mut Luck) {
        if !self.inboxes[i].is_empty() {
            let at = luck.below(self.inboxes[i].len());
            let change = self.inboxes[i].swap_remove(at);
            self.replicas[i].apply(&change);
        }
    }

    /// Everybody gets everything that is on its way, in some order.
    fn settle(&mut self, luck: &mut Luck) {
        for i in 0..self.replicas.len() {
            self.send(i, || 1);
        }
        for i in 0..self.replicas.len() {
            while !self.inboxes[i].is_empty() {
                self.receive(i, luck);
            }
        }
    }

    /// The text, which all agree on.
    fn agreed(&self, seed: u64) -> String {
        let first = &self.replicas[0];
        for other in &self.replicas {
            assert_eq!(other.held_back(), 0, "seed {seed}: {other:?}");
            assert_eq!(other.text(), first.text(), "seed {seed}: {other:?}");
            assert_eq!(other.rows(), first.rows(), "seed {seed}");
        }
        first.text()
    }
}

/// One random edit, checked against a plain list of scalars.
fn edit(replica: &mut dyn Sequence, luck: &mut Luck) {
    let mut plain: Vec<char> = replica.text().chars().collect();
    let at = luck.below(plain.len() + 1);
    if luck.below(3) == 0 {
        let len = luck.below((plain.len() - at).min(4) + 1);
        replica.delete(at, len).unwrap();
        plain.drain(at..at + len);
    } else {
        let text = luck.scalars();
        replica.insert(at, &text).unwrap();
        plain.splice(at..at, text.chars());
    }
    assert_eq!(replica.text(), plain.into_iter().collect::<String>());
}

#[test]
fn replicas_converge_on_a_network_that_reorders_and_duplicates() {
    for algorithm in Algorithm::ALL {
        for seed in 0..300 {
            let mut luck = Luck::new(seed);
            let mut net = Net::new(algorithm, &[2, 3, 1]);
            for _ in 0..80 {
                let i = luck.below(3);
                if luck.below(3) == 0 {
                    edit(net.replicas[i].as_mut(), &mut luck);
                    net.send(i, || 1 + luck.below(2));
                } else {
                    net.receive(i, &mut luck);
                }
            }
            net.settle(&mut luck);
            let text = net.agreed(seed);
            check_rows(algorithm, &net.replicas[0].rows(), &text);
            // All of it once more, to everybody, the authors included.
            let sent = net.sent.clone();
            net.inboxes.fill(sent.clone());
            net.settle(&mut luck);
            assert_eq!(net.agreed(seed), text, "seed {seed}");
            let mut late = algorithm.replica(ReplicaId(9));
            for change in sent.iter().rev() {
                late.apply(change);
            }
            assert_eq!(late.rows(), net.replicas[0].rows(), "seed {seed}");
        }
    }
}

/// What is shown agrees with the text and with itself.
fn check_rows(algorithm: Algorithm, rows: &[Row], text: &str) {
    let visible = rows.iter().filter(|row| row.visible);
    assert_eq!(visible.map(|row| row.letter).collect::<String>(), text);
    let totals = Totals::of(rows);
    assert_eq!(totals.elements - totals.tombstones, text.chars().count());
    let mut ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), rows.len(), "identifiers are unique");
    match algorithm {
        Algorithm::Logoot | Algorithm::Lseq => {
            assert_eq!(totals.tombstones, 0);
            assert!(rows.iter().all(|row| row.origin.is_none()));
        }
        Algorithm::Rga | Algorithm::FugueMax => {
            let all: Vec<usize> = (0..rows.len()).collect();
            assert_eq!(tree_in_order(rows), all);
        }
    }
    if algorithm == Algorithm::Rga {
        check_siblings_of_rga(rows);
    }
}

/// The tree that the origins tell of, read in order, siblings as they stand in the list.
fn tree_in_order(rows: &[Row]) -> Vec<usize> {
    let root = rows.len();
    let mut children = vec![[Vec::new(), Vec::new()]; root + 1];
    for (at, row) in rows.iter().enumerate() {
        let origin = row.origin.expect("an algorithm with a tree");
        children[origin.parent.unwrap_or(root)][(origin.side == Side::Right) as usize].push(at);
    }
    let mut order = Vec::new();
    let mut stack = vec![(root, false)];
    while let Some((at, left_done)) = stack.pop() {
        let [left, right] = &children[at];
        if left_done {
            order.push(at);
            stack.extend(right.iter().rev().map(|&kid| (kid, false)));
        } else {
            stack.push((at, true));
            stack.extend(left.iter().rev().map(|&kid| (kid, false)));
        }
    }
    order.retain(|&at| at != root);
    order
}

/// Siblings stand newest first.
fn check_siblings_of_rga(rows: &[Row]) {
    let stamp = |row: &Row| {
        let (counter, _) = row.id.split_once('@').expect("counter@site");
        (counter.parse::<u32>().expect("a counter"), row.site)
    };
    let parent = |row: &Row| row.origin.expect("a tree").parent;
    for (at, row) in rows.iter().enumerate() {
        let siblings = rows[at + 1..].iter().filter(|r| parent(r) == parent(row));
        for sibling in siblings {
            assert!(stamp(row) > stamp(sibling), "{} {}", row.id, sibling.id);
        }
    }
}

#[test]
fn what_is_wrong_or_not_meant_for_it_changes_nothing() {
    for algorithm in Algorithm::ALL {
        let mut replica = algorithm.replica(ReplicaId(1));
        replica.insert(0, "a😀b").unwrap();
        let (index, len) = (5, 3);
        let outside = Err(Error::OutOfRange { index, len });
        assert_eq!(replica.insert(5, "x"), outside);
        assert_eq!(replica.delete(1, 4), outside);
        assert!(replica.delete(1, usize::MAX).is_err());
        replica.insert(3, "").unwrap();
        replica.delete(3, 0).unwrap();
        assert_eq!(replica.take_changes().len(), 1, "of {}", algorithm.name());
        let is_logoot = |a| matches!(a, Algorithm::Logoot | Algorithm::Lseq);
        for other in Algorithm::ALL {
            let kin = is_logoot(other) && is_logoot(algorithm);
            if other != algorithm && !kin {
                let mut stranger = other.replica(ReplicaId(2));
                stranger.insert(0, "x").unwrap();
                stranger.delete(0, 1).unwrap();
                for change in stranger.take_changes() {
                    replica.apply(&change);
                }
            }
        }
        assert_eq!(replica.text(), "a😀b");
        assert_eq!(replica.held_back(), 0);
    }
}

#[test]
fn a_deletion_that_comes_first_wins_and_leaves_nothing() {
    for strategy in STRATEGIES {
        let mut ann = Logoot::new(ReplicaId(1), strategy);
        ann.insert(0, "abc").unwrap();
        ann.delete(1, 1).unwrap();
        let changes = ann.take_changes();
        let mut bob = Logoot::new(ReplicaId(2), strategy);
        for change in [&changes[1], &changes[0], &changes[0], &changes[1]] {
            bob.apply(change);
        }
        assert_eq!(bob.text(), "ac");
        assert_eq!(ann.rows(), bob.rows());
        assert_eq!(bob.positions().count(), 2);
    }
}

#[test]
fn what_comes_early_is_held_back_where_that_is_needed() {
    for algorithm in Algorithm::ALL {
        let mut ann = algorithm.replica(ReplicaId(1));
        for (at, letter) in ["x", "y", "z"].into_iter().enumerate() {
            ann.insert(at, letter).unwrap();
        }
        ann.delete(0, 3).unwrap();
        let changes = ann.take_changes();
        let mut bob = algorithm.replica(ReplicaId(2));
        let expected = match algorithm {
            Algorithm::Logoot | Algorithm::Lseq => [0, 0, 0],
            Algorithm::Rga | Algorithm::FugueMax => [1, 2, 3],
        };
        for (change, held) in changes[1..].iter().rev().zip(expected) {
            bob.apply(change);
            assert_eq!(bob.held_back(), held, "{}", algorithm.name());
            if algorithm == Algorithm::Rga {
                bob.apply(change);
                assert_eq!(bob.held_back(), held, "twice is once");
            }
        }
        bob.apply(&changes[0]);
        assert_eq!(bob.held_back(), 0);
        assert_eq!(bob.text(), "");
        assert_eq!(bob.rows(), ann.rows());
    }
}

#[test]
fn identifiers_are_shown_for_people() {
    let ids = |algorithm: Algorithm| {
        let mut replica = algorithm.replica(ReplicaId(1));
        replica.insert(0, "ab").unwrap();
        replica.insert(1, "x").unwrap();
        let rows = replica.rows();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(Algorithm::Rga), ["1@A", "3@A", "2@A"]);
    assert_eq!(
        ids(Algorithm::FugueMax),
        ["A0 right of the root", "A2 left of A1", "A1 right of A0"]
    );
    assert_eq!(ids(Algorithm::Logoot), ["7.A #0", "9.A #2", "15.A #1"]);
}

#[test]
fn a_site_that_lost_its_memory_learns_its_own_changes() {
    for algorithm in Algorithm::ALL {
        let mut ann = algorithm.replica(ReplicaId(1));
        ann.insert(0, "before").unwrap();
        let old = ann.take_changes();
        let mut again = algorithm.replica(ReplicaId(1));
        old.iter().for_each(|change| again.apply(change));
        again.insert(6, " and after").unwrap();
        again.take_changes().iter().for_each(|c| ann.apply(c));
        assert_eq!(ann.text(), "before and after", "{}", algorithm.name());
        assert_eq!(ann.rows(), again.rows());
    }
}
