//! How often each element is deleted, as stretches of each insertion.

use super::weave::Typed;

/// Elements of one insertion that are deleted once more, or once less.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deletion {
    pub home: u32,
    pub from: u32,
    pub to: u32,
    pub delta: i32,
}

/// From an offset on, an insertion's elements are deleted so often.
#[derive(Clone, Copy, Debug, Default)]
struct Cut {
    offset: u32,
    /// While the cuts are made: how much it changes here.
    dels: i32,
}

/// The cuts of all insertions, asked for from the last one of each to the first.
pub(super) struct Cuts {
    cuts: Vec<Cut>,
    /// By insertion: where its cuts are.
    ranges: Vec<(u32, u32)>,
}

impl Cuts {
    pub fn new(typed: &[Typed], deletions: &[Deletion]) -> Cuts {
        let mut ranges = vec![(0, 0); typed.len()];
        for deletion in deletions {
            ranges[deletion.home as usize].1 += 2;
        }
        let mut sum = 0;
        for (start, len) in &mut ranges {
            (*start, sum, *len) = (sum, sum + *len, sum);
        }
        let mut cuts = vec![Cut::default(); deletions.len() * 2];
        for &Deletion {
            home,
            from,
            to,
            delta,
        } in deletions
        {
            let end = &mut ranges[home as usize].1;
            cuts[*end as usize] = Cut {
                offset: from,
                dels: delta,
            };
            cuts[*end as usize + 1] = Cut {
                offset: to,
                dels: -delta,
            };
            *end += 2;
        }
        for range in &mut ranges {
            let own = &mut cuts[range.0 as usize..range.1 as usize];
            range.1 = range.0 + sum_up(own) as u32;
        }
        Cuts { cuts, ranges }
    }

    /// Of the elements of `home` between two offsets, the longest stretch at the end that is deleted
    /// equally often: where it starts, and how often.
    pub fn last_before(&mut self, home: u32, from: u32, to: u32) -> (u32, u32) {
        let (start, end) = &mut self.ranges[home as usize];
        while end > start {
            let cut = self.cuts[*end as usize - 1];
            if cut.offset < to {
                return (cut.offset.max(from), cut.dels as u32);
            }
            *end -= 1;
        }
        (from, 0)
    }
}

/// Makes sums of changes, and returns how many cuts are left.
fn sum_up(own: &mut [Cut]) -> usize {
    if own.len() > 2 {
        own.sort_unstable_by_key(|cut| cut.offset);
    }
    let (mut kept, mut sum, mut last) = (0, 0, 0);
    for at in 0..own.len() {
        let cut = own[at];
        sum += cut.dels;
        let next = own.get(at + 1);
        if sum != last && next.is_none_or(|next| next.offset > cut.offset) {
            last = sum;
            own[kept] = Cut {
                offset: cut.offset,
                dels: sum,
            };
            kept += 1;
        }
    }
    kept
}
