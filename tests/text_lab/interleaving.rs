//! What becomes of two words that are typed at one place at once.

use crate::{Luck, Net};
use synod::text::lab::Algorithm;

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
