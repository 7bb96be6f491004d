//! How large identifiers become: what the docs say, measured.

use crate::Luck;
use synod::text::ReplicaId;
use synod::text::lab::{Algorithm, Totals};

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
