//! A vector whose clone is cheap: sealed chunks are shared, only the open tail is copied.
//! Logs and histories live in it, so that a keyframe of a long run costs pointers, not entries.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

const CHUNK: usize = 256;

/// An append-mostly sequence with indexes that stay the same when its front is dropped.
///
/// The first index held is [`start`](Seq::start) (0 when new), the next to be pushed is
/// [`end`](Seq::end).
#[derive(Clone)]
pub struct Seq<T> {
    /// Index of the first item of `sealed[0]` (or of `tail` when nothing is sealed).
    base: u64,
    /// Index of the first item that counts; what lies between `base` and it is garbage.
    start: u64,
    sealed: Vec<Arc<Vec<T>>>,
    tail: Vec<T>,
}

impl<T> Default for Seq<T> {
    fn default() -> Seq<T> {
        Seq::starting_at(0)
    }
}

impl<T> Seq<T> {
    /// An empty sequence whose first item will have index `start`.
    pub const fn starting_at(start: u64) -> Seq<T> {
        Seq {
            base: start,
            start,
            sealed: Vec::new(),
            tail: Vec::new(),
        }
    }

    /// The index of the first item held.
    pub const fn start(&self) -> u64 {
        self.start
    }

    /// One past the index of the last item.
    pub fn end(&self) -> u64 {
        self.base + (self.sealed.len() * CHUNK + self.tail.len()) as u64
    }

    /// How many items are held.
    pub fn len(&self) -> usize {
        (self.end() - self.start) as usize
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.end() == self.start
    }

    /// How far `index` lies behind `base`, if it is not dropped. A peer may name any index: one
    /// that is too great for this machine's words must not come out as a small one.
    fn offset(&self, index: u64) -> Option<usize> {
        let held = index >= self.start;
        held.then(|| usize::try_from(index - self.base).ok())?
    }

    /// The item at `index`, if it is held.
    pub fn at(&self, index: u64) -> Option<&T> {
        let offset = self.offset(index)?;
        let sealed = self.sealed.len() * CHUNK;
        if offset >= sealed {
            self.tail.get(offset - sealed)
        } else {
            self.sealed[offset / CHUNK].get(offset % CHUNK)
        }
    }

    /// The last item.
    pub fn last(&self) -> Option<&T> {
        self.end().checked_sub(1).and_then(|index| self.at(index))
    }

    /// The items of `from..to` that are held, in order.
    pub fn range(&self, from: u64, to: u64) -> impl Iterator<Item = &T> + '_ {
        (from.max(self.start)..to.min(self.end())).filter_map(|index| self.at(index))
    }

    /// All items in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> + '_ {
        self.range(self.start, self.end())
    }

    /// Drops the items before `index`; the indexes of the rest stay.
    pub fn drop_before(&mut self, index: u64) {
        self.start = index.clamp(self.start, self.end());
        let chunks = ((self.start - self.base) as usize / CHUNK).min(self.sealed.len());
        self.sealed.drain(..chunks);
        self.base += (chunks * CHUNK) as u64;
    }
}

impl<T: Clone> Seq<T> {
    /// Appends an item at index [`end`](Seq::end).
    pub fn push(&mut self, item: T) {
        if self.tail.len() == CHUNK {
            let full = std::mem::replace(&mut self.tail, Vec::with_capacity(CHUNK));
            self.sealed.push(Arc::new(full));
        }
        self.tail.push(item);
    }

    /// Drops the items from `index` on.
    pub fn truncate(&mut self, index: u64) {
        let index = index.max(self.start);
        while index < self.end() {
            let sealed_end = self.base + (self.sealed.len() * CHUNK) as u64;
            if index >= sealed_end {
                self.tail.truncate((index - sealed_end) as usize);
            } else if let Some(chunk) = self.sealed.pop() {
                self.tail = Arc::try_unwrap(chunk).unwrap_or_else(|shared| (*shared).clone());
            }
        }
    }

    /// The item at `index` for changing, if it is held; a shared chunk is copied first.
    pub fn at_mut(&mut self, index: u64) -> Option<&mut T> {
        let offset = self.offset(index)?;
        let sealed = self.sealed.len() * CHUNK;
        if offset >= sealed {
            self.tail.get_mut(offset - sealed)
        } else {
            Arc::make_mut(&mut self.sealed[offset / CHUNK]).get_mut(offset % CHUNK)
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Seq<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{} ", self.start)?;
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: PartialEq> PartialEq for Seq<T> {
    fn eq(&self, other: &Seq<T>) -> bool {
        self.start == other.start && self.end() == other.end() && self.iter().eq(other.iter())
    }
}

impl<T: Eq> Eq for Seq<T> {}

impl<T: Hash> Hash for Seq<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.start.hash(state);
        self.len().hash(state);
        self.iter().for_each(|item| item.hash(state));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Chance, Draws};

    #[test]
    fn behaves_like_a_vector_with_a_moving_front() {
        let mut luck = Draws::new(Chance::from_seed(11));
        let (mut seq, mut front, mut model) = (Seq::starting_at(3), 3u64, Vec::<u64>::new());
        for n in 0..20_000u64 {
            match luck.between(0, 99) {
                0 => {
                    let cut = front + luck.between(0, model.len() as u64);
                    seq.truncate(cut);
                    model.truncate((cut - front) as usize);
                }
                1 => {
                    let cut = front + luck.between(0, model.len() as u64 / 2);
                    seq.drop_before(cut);
                    model.drain(..(cut - front) as usize);
                    front = cut;
                }
                2 => {
                    let kept = seq.clone();
                    if let Some(item) = seq.at_mut(front) {
                        *item += 1;
                        model[0] += 1;
                        assert_ne!(kept, seq);
                    }
                }
                _ => {
                    seq.push(n);
                    model.push(n);
                }
            }
            assert_eq!((seq.start(), seq.len()), (front, model.len()));
            assert_eq!(seq.last(), model.last());
            if n % 500 == 0 {
                assert!(seq.iter().eq(model.iter()));
                assert_eq!(seq.at(front.wrapping_sub(1)), None);
                assert_eq!(seq.at(seq.end()), None);
                // On wasm32 these would wrap around to items that are held.
                for far in [front + (1 << 32), front + (7 << 40), u64::MAX] {
                    assert_eq!(seq.at(far), None);
                    assert_eq!(seq.at_mut(far), None);
                }
            }
        }
    }
}
