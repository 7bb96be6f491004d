//! The algorithms of the lab, through the trait that shows them: they converge, positions are dense,
//! and each interleaves just where its words say so.
#![cfg(not(target_arch = "wasm32"))]

use synod::text::lab::logoot::Logoot;
use synod::text::lab::position::{Position, Step, Strategy, generate_position_between};
use synod::text::lab::{Algorithm, Change, Row, Sequence, Side, Totals};
use synod::text::{ElementId, Error, ReplicaId};

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

// Positions.

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
        }
        bob.apply(&changes[0]);
        assert_eq!(bob.held_back(), 0);
        assert_eq!(bob.text(), "");
        assert_eq!(bob.rows(), ann.rows());
    }
}

// Interleaving.

/// Two sites type a word each between "(" and ")" at once, letter by letter; what they agree on.
fn typed_at_once(algorithm: Algorithm, sites: [u64; 2], backwards: bool) -> String {
    let mut luck = Luck::new(3);
    let mut net = Net::new(algorithm, &sites);
    net.replicas[0].insert(0, "()").unwrap();
    net.settle(&mut luck);
    for (replica, word) in net.replicas.iter_mut().zip(WORDS) {
        let letters: Vec<String> = word.chars().map(String::from).collect();
        for (n, letter) in letters.iter().enumerate() {
            if backwards {
                replica.insert(1, &letters[letters.len() - 1 - n]).unwrap();
            } else {
                replica.insert(1 + n, letter).unwrap();
            }
        }
        assert_eq!(replica.text(), format!("({word})"));
    }
    net.settle(&mut luck);
    net.agreed(3)
}

const WORDS: [&str; 2] = ["Hello", "World"];

/// All ways to give two sites different names below this.
fn site_pairs() -> impl Iterator<Item = [u64; 2]> {
    let pairs = (1..10).flat_map(|a| (1..10).map(move |b| [a, b]));
    pairs.filter(|[a, b]| a != b)
}

#[test]
fn logoot_and_lseq_interleave_both_ways() {
    for (algorithm, forwards, backwards) in [
        (Algorithm::Logoot, "(HWelloorld)", "(HWeollrold)"),
        (Algorithm::Lseq, "(HWelloorld)", "(HeWlolrold)"),
    ] {
        assert_eq!(typed_at_once(algorithm, [1, 2], false), forwards);
        assert_eq!(typed_at_once(algorithm, [1, 2], true), backwards);
        for backwards in [false, true] {
            let texts = site_pairs().map(|sites| typed_at_once(algorithm, sites, backwards));
            let mixed = texts.filter(|text| !WORDS.iter().all(|word| text.contains(word)));
            println!(
                "{} {} of {}",
                algorithm.name(),
                mixed.count(),
                site_pairs().count()
            );
        }
    }
}

#[test]
fn rga_keeps_forward_runs_apart_and_alternates_backward_ones() {
    let text = |sites, backwards| typed_at_once(Algorithm::Rga, sites, backwards);
    for sites in site_pairs() {
        let first_is_newer = sites[0] > sites[1];
        let (forwards, backwards) = match first_is_newer {
            true => ("(HelloWorld)", "(HWeolrllod)"),
            false => ("(WorldHello)", "(WHoerllldo)"),
        };
        assert_eq!(text(sites, false), forwards);
        assert_eq!(text(sites, true), backwards);
    }
}

#[test]
fn fuguemax_keeps_runs_apart_both_ways() {
    for sites in site_pairs() {
        for backwards in [false, true] {
            let expected = match sites[0] < sites[1] {
                true => "(HelloWorld)",
                false => "(WorldHello)",
            };
            assert_eq!(
                typed_at_once(Algorithm::FugueMax, sites, backwards),
                expected
            );
        }
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

// Growth.

/// How one person types.
#[derive(Clone, Copy, Debug)]
enum Typing {
    AtTheEnd,
    AtTheStart,
    InTheMiddle,
    Anywhere,
}

fn typed(algorithm: Algorithm, typing: Typing, letters: usize) -> Totals {
    let mut luck = Luck::new(3);
    let mut replica = algorithm.replica(ReplicaId(1));
    for n in 0..letters {
        let at = match typing {
            Typing::AtTheEnd => n,
            Typing::AtTheStart => 0,
            Typing::InTheMiddle => n / 2,
            Typing::Anywhere => luck.below(n + 1),
        };
        replica.insert(at, "x").unwrap();
    }
    Totals::of(&replica.rows())
}

#[test]
fn identifiers_grow_as_the_table_in_the_docs_says() {
    use Typing::{Anywhere, AtTheEnd, AtTheStart, InTheMiddle};
    // Mean bytes an element, rounded, of Logoot, LSEQ, RGA, FugueMax; most levels of the first two.
    let table = [
        (AtTheEnd, 100, [4, 14, 4, 5], [1, 5]),
        (AtTheEnd, 1000, [16, 30, 6, 7], [6, 9]),
        (AtTheEnd, 4000, [56, 40, 6, 7], [22, 11]),
        (AtTheStart, 100, [52, 14, 3, 5], [33, 6]),
        (AtTheStart, 1000, [628, 25, 4, 7], [337, 8]),
        (AtTheStart, 4000, [2666, 33, 4, 7], [1360, 10]),
        (InTheMiddle, 100, [44, 62, 4, 6], [29, 32]),
        (InTheMiddle, 1000, [526, 834, 6, 9], [280, 295]),
        (InTheMiddle, 4000, [2249, 3460, 6, 9], [1151, 1172]),
        (Anywhere, 100, [5, 6, 4, 6], [3, 3]),
        (Anywhere, 1000, [10, 11, 5, 8], [6, 7]),
        (Anywhere, 4000, [13, 14, 6, 9], [8, 9]),
    ];
    for (typing, letters, bytes, levels) in table {
        let totals = Algorithm::ALL.map(|a| typed(a, typing, letters));
        let means = totals.map(|t| t.bytes_mean.round() as u32);
        assert_eq!(means, bytes, "{letters} {typing:?}");
        let most = totals.map(|t| t.levels_max);
        assert_eq!(most, [levels[0], levels[1], 1, 1], "{letters} {typing:?}");
    }
}

#[test]
fn lseq_overtakes_logoot_at_the_end_of_a_long_text() {
    let means = |letters| {
        let of = |algorithm| typed(algorithm, Typing::AtTheEnd, letters).bytes_mean;
        (of(Algorithm::Logoot), of(Algorithm::Lseq))
    };
    let (logoot, lseq) = means(2500);
    assert!(logoot < lseq, "{logoot} {lseq}");
    let (logoot, lseq) = means(2700);
    assert!(logoot > lseq, "{logoot} {lseq}");
}
