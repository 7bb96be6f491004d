//! The order of all elements of a document, from what was inserted where: FugueMax, without playing
//! it through.
//!
//! `order` says how origins make a tree. Here that tree is built, a node a run, and walked in full,
//! backwards: then what is behind the elements that are to be placed has its place already, and the
//! right origins by which siblings are sorted can be compared. That takes constant time a run where
//! nobody typed at the same place at the same time. The tree holds no order but FugueMax's, so
//! that no document can bring in another one; what is left to check is that the right origins are
//! possible ones (`order::possible`).

use super::super::Error;
use super::super::id::{Id, NONE, ReplicaId};
use super::super::oplog::Log;
use super::super::tree::Span;
use super::cuts::Cuts;
pub(super) use super::cuts::Deletion;
use std::collections::BTreeMap;

/// An element that another one was inserted next to, and which insertion made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub element: u32,
    pub home: u32,
}

impl Origin {
    pub const EDGE: Origin = Origin {
        element: NONE,
        home: NONE,
    };

    pub fn is_edge(self) -> bool {
        self.home == NONE
    }
}

/// An insertion. The elements of the document are counted through in the order in which they came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Typed {
    pub agent: u32,
    pub seq: u32,
    /// Where its text starts in the agent's content.
    pub text: u32,
    /// Its first element.
    pub start: u32,
    pub len: u32,
    pub left: Origin,
    pub right: Origin,
    /// The insertion from which it hangs in the tree; none is the root.
    pub parent: u32,
    /// Where there it hangs. Element `n` has its left children in slot `2n` and its right ones, but
    /// for the element that goes on the insertion, in slot `2n + 1`.
    pub slot: u32,
}

impl Typed {
    pub fn end(&self) -> u32 {
        self.start + self.len
    }

    /// The identity of one of its elements.
    pub fn id(&self, element: u32) -> Id {
        Id {
            agent: self.agent,
            seq: self.seq + (element - self.start),
        }
    }
}

/// A child of an insertion's element: in which slot it hangs, then which insertion it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Kid {
    slot: u32,
    home: u32,
}

/// What is still to be done, the last thing first.
#[derive(Clone, Copy, Debug)]
enum Task {
    /// Walk over an insertion and all below it.
    Visit(u32),
    /// Place an insertion's elements from this one on, as far as they have no place yet.
    Place(u32, u32),
    /// Visit the kids from one to another, which share a slot of this parent.
    Siblings(u32, u32, u32, Side),
}

/// Which right children: those that are before or behind the element that goes on their parent, or
/// all, if there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    All,
    Before,
    Behind,
}

/// The document's spans from the last to the first. `odd` says that there is an [`odd`] child.
pub(super) fn weave(
    log: &Log,
    typed: &[Typed],
    deletions: &[Deletion],
    plain: bool,
    odd: bool,
) -> Result<Vec<Span>, Error> {
    let (kids, starts, siblings) = kids(typed);
    let mut weaver = Weaver {
        log,
        typed,
        plain,
        low: typed.iter().map(|typed| typed.len).collect(),
        cuts: Cuts::new(typed, deletions),
        ranks: (odd || siblings).then(BTreeMap::new),
        placed: 0,
        kids,
        starts,
        tasks: Vec::new(),
        spans: Vec::with_capacity(typed.len() * 2 + deletions.len()),
    };
    weaver.root();
    while let Some(task) = weaver.tasks.pop() {
        match task {
            Task::Visit(home) => weaver.visit(home)?,
            Task::Place(home, from) => weaver.place(home, from),
            Task::Siblings(home, from, to, side) => weaver.siblings(home, from, to, side)?,
        }
    }
    Ok(weaver.spans)
}

/// All kids by parent, those of one parent by slot, and where each parent's start; and whether any
/// share a slot. The root comes behind all insertions.
fn kids(typed: &[Typed]) -> (Vec<Kid>, Vec<u32>, bool) {
    let root = typed.len() as u32;
    let mut starts = vec![0; typed.len() + 2];
    for one in typed {
        starts[one.parent.min(root) as usize + 1] += 1;
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    let mut ends = starts.clone();
    let mut kids = vec![Kid::default(); typed.len()];
    for (one, home) in typed.iter().zip(0..) {
        let end = &mut ends[one.parent.min(root) as usize];
        let slot = one.slot;
        kids[*end as usize] = Kid { slot, home };
        *end += 1;
    }
    let mut siblings = false;
    for range in starts.windows(2).filter(|range| range[1] - range[0] > 1) {
        let own = &mut kids[range[0] as usize..range[1] as usize];
        own.sort_unstable();
        siblings |= own.windows(2).any(|pair| pair[0].slot == pair[1].slot);
    }
    (kids, starts, siblings)
}

/// The left origin of an element.
pub(super) fn left_of(typed: &[Typed], of: Origin) -> Origin {
    let home = &typed[of.home as usize];
    if of.element == home.start {
        return home.left;
    }
    Origin {
        element: of.element - 1,
        ..of
    }
}

/// The right origin of an element.
fn right_of(typed: &[Typed], of: Origin) -> Origin {
    match of {
        Origin::EDGE => Origin::EDGE,
        of => typed[of.home as usize].right,
    }
}

/// Whether a right child has the same right origin as what it hangs from. That is always possible.
fn is_expected(typed: &[Typed], left: Origin, right: Origin) -> bool {
    right == right_of(typed, left)
}

/// Whether places have to be compared for what hangs in this slot: to tell if its right origin can
/// be, or to sort it with what goes on its parent.
pub(super) fn odd(
    typed: &[Typed],
    left: Origin,
    right: Origin,
    (parent, slot): (u32, u32),
) -> bool {
    if slot.is_multiple_of(2) {
        return false;
    }
    let last = typed
        .get(parent as usize)
        .map_or(1, |typed| 2 * typed.len - 1);
    slot < last || !is_expected(typed, left, right)
}

struct Weaver<'a> {
    log: &'a Log,
    typed: &'a [Typed],
    /// Whether no scalar takes two UTF-16 units.
    plain: bool,
    kids: Vec<Kid>,
    starts: Vec<u32>,
    cuts: Cuts,
    /// By insertion: its elements from this one on have their place.
    low: Vec<u32>,
    /// Where siblings have to be sorted: for each stretch of elements that has a place, how many
    /// had one before.
    ranks: Option<BTreeMap<u32, u32>>,
    placed: u32,
    tasks: Vec<Task>,
    spans: Vec<Span>,
}

impl Weaver<'_> {
    fn root(&mut self) {
        let root = self.typed.len();
        let (from, to) = (self.starts[root], self.starts[root + 1]);
        self.tasks.push(match to - from {
            1 => Task::Visit(self.kids[from as usize].home),
            _ => Task::Siblings(NONE, from, to, Side::All),
        });
    }

    /// Puts down what is to be done for an insertion: its elements from the last to the first, and
    /// between them what hangs there.
    fn visit(&mut self, home: u32) -> Result<(), Error> {
        let typed = &self.typed[home as usize];
        self.check(typed)?;
        let (from, to) = (self.starts[home as usize], self.starts[home as usize + 1]);
        if from == to {
            self.place(home, 0);
            return Ok(());
        }
        self.tasks.push(Task::Place(home, 0));
        let last = 2 * typed.len - 1;
        let mut at = from;
        while at < to {
            let kid = self.kids[at as usize];
            let same = self.kids[at as usize..to as usize].iter();
            let end = at + same.take_while(|k| k.slot == kid.slot).count() as u32;
            if kid.slot % 2 == 1 && kid.slot < last {
                self.tasks.push(Task::Siblings(home, at, end, Side::Before));
            } else if end - at > 1 {
                self.tasks.push(Task::Siblings(home, at, end, Side::All));
            } else {
                self.tasks.push(Task::Visit(kid.home));
            }
            self.tasks.push(Task::Place(home, kid.slot.div_ceil(2)));
            at = end;
        }
        self.behind(home, from, to, last);
        Ok(())
    }

    /// Puts down the right children that are behind all of what goes on their parent: those of the
    /// first element are the last in the document, and so the first here.
    fn behind(&mut self, home: u32, from: u32, to: u32, last: u32) {
        let mut end = to;
        while end > from {
            let slot = self.kids[end as usize - 1].slot;
            let own = &self.kids[from as usize..end as usize];
            let at = from + own.partition_point(|kid| kid.slot < slot) as u32;
            if slot % 2 == 1 && slot < last {
                self.tasks.push(Task::Siblings(home, at, end, Side::Behind));
            }
            end = at;
        }
    }

    /// Whether the right origin is a possible one, as `order::possible` has it: it is behind the left
    /// one, its own left origin is not, and it is not behind the left one's. For a left child that is
    /// so by its place.
    fn check(&self, typed: &Typed) -> Result<(), Error> {
        if typed.slot.is_multiple_of(2) || is_expected(self.typed, typed.left, typed.right) {
            return Ok(());
        }
        let bound = right_of(self.typed, typed.left);
        if self.rank(typed.right)? > self.rank(bound)?
            && !self.has_place(left_of(self.typed, typed.right))
        {
            return Ok(());
        }
        Err(Error::Corrupt("a right origin that cannot be"))
    }

    /// Whether an element is behind those that are being placed. The start of the document never is.
    fn has_place(&self, of: Origin) -> bool {
        !of.is_edge() && {
            let offset = of.element - self.typed[of.home as usize].start;
            offset >= self.low[of.home as usize]
        }
    }

    fn siblings(&mut self, parent: u32, from: u32, to: u32, side: Side) -> Result<(), Error> {
        let kids = &self.kids[from as usize..to as usize];
        let mut sorted = Vec::with_capacity(kids.len());
        for kid in kids {
            let typed = &self.typed[kid.home as usize];
            sorted.push((self.key(typed, typed.start)?, kid.home));
        }
        if side != Side::All {
            let typed = &self.typed[parent as usize];
            let next = typed.start + kids[0].slot / 2 + 1;
            let goes_on = self.key(typed, next)?;
            sorted.retain(|(key, _)| (*key < goes_on) == (side == Side::Before));
        }
        sorted.sort_unstable();
        let visits = sorted.iter().map(|&(_, home)| Task::Visit(home));
        self.tasks.extend(visits);
        Ok(())
    }

    /// By what an element stands among its siblings: the later right origin first, then by identity.
    fn key(&self, typed: &Typed, element: u32) -> Result<(u64, ReplicaId, u32), Error> {
        let id = typed.id(element);
        let rank = self.rank(typed.right)?;
        Ok((rank, self.log.name(id.agent), id.seq))
    }

    /// Lower numbers are further behind in the document.
    fn rank(&self, of: Origin) -> Result<u64, Error> {
        if of.is_edge() {
            return Ok(0);
        }
        let ranks = self.ranks.as_ref();
        let stretch = ranks.and_then(|ranks| ranks.range(..=of.element).next_back());
        match stretch {
            Some((_, &rank)) if self.has_place(of) => {
                Ok(u64::from(rank + 1) << 32 | u64::from(u32::MAX - of.element))
            }
            _ => Err(Error::Corrupt("a right origin that cannot be")),
        }
    }

    fn place(&mut self, home: u32, from: u32) {
        let mut to = std::mem::replace(&mut self.low[home as usize], from);
        if from == to {
            return;
        }
        if let Some(ranks) = &mut self.ranks {
            ranks.insert(self.typed[home as usize].start + from, self.placed);
            self.placed += 1;
        }
        while from < to {
            let (start, dels) = self.cuts.last_before(home, from, to);
            self.span(home, start, to - start, dels);
            to = start;
        }
    }

    fn span(&mut self, home: u32, from: u32, len: u32, dels: u32) {
        let typed = &self.typed[home as usize];
        let (seq, text) = (typed.seq + from, typed.text + from);
        let wide = if self.plain {
            0
        } else {
            self.log.agents[typed.agent as usize]
                .content
                .wide(text, len)
        };
        if let Some(next) = self.spans.last_mut()
            && (next.agent, next.seq, next.dels) == (typed.agent, seq + len, dels)
        {
            next.seq = seq;
            next.text = text;
            next.len += len;
            next.wide += wide;
            return;
        }
        self.spans.push(Span {
            agent: typed.agent,
            seq,
            len,
            dels,
            wide,
            text,
        });
    }
}
