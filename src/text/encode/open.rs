//! A document read back: see `document` for its form.
//!
//! Nothing is replayed. The operations go into the log as they are, and the tree is built in one
//! go from the order of all elements, which `weave` finds out.

use super::super::content::Content;
use super::super::id::{Id, NONE, ReplicaId};
use super::super::oplog::{self, Log, Op, Run};
use super::super::tree::Tree;
use super::super::{Error, ME, Replica};
use super::bytes::{Reader, unseal};
use super::document::{Cursor, DOCUMENT, Kind, element};
use super::squeeze::{expand, most_in};
use super::weave::{Deletion, Origin, Typed, left_of, odd, weave};

/// Elements are numbered with 31 bits.
const MOST: u32 = u32::MAX / 2 - 1;

/// Reads a document for a replica called `name`.
pub(in super::super) fn open(bytes: &[u8], name: ReplicaId) -> Result<Replica, Error> {
    match bytes.first() {
        None => return Err(Error::Truncated),
        Some(&DOCUMENT) => {}
        Some(_) => return Err(Error::UnknownFormat),
    }
    let mut replica = Replica::new(name);
    let mut opening = Opening {
        reader: Reader(&unseal(bytes)?[1..]),
        log: &mut replica.log,
        authors: Vec::new(),
        now: Author::default(),
        fresh: true,
        typed: Vec::new(),
        pages: Vec::new(),
        deletions: Vec::new(),
        odd: false,
        restores: Vec::new(),
        elements: 0,
        most: MOST.min(u32::try_from(most_in(bytes.len())).unwrap_or(MOST)),
    };
    opening.turns()?;
    let plain = opening.text()?;
    opening.take_back();
    let Opening {
        typed,
        deletions,
        odd,
        ..
    } = opening;
    let spans = weave(&replica.log, &typed, &deletions, plain, odd)?;
    replica.tree = Tree::of(&spans, replica.log.agents.len());
    replica.taken = replica.log.next(ME);
    Ok(replica)
}

/// One of the document's replicas while it is read.
#[derive(Clone, Copy, Default)]
struct Author {
    number: u32,
    cursor: Cursor,
    /// How many elements it inserted.
    inserted: u32,
}

/// Elements between two noted insertions.
const PAGE: u32 = 4;

struct Opening<'a> {
    reader: Reader<'a>,
    log: &'a mut Log,
    authors: Vec<Author>,
    /// Whose turn it is.
    now: Author,
    /// Whether its turn has just begun.
    fresh: bool,
    typed: Vec<Typed>,
    /// Which insertion made every `PAGE`-th element.
    pages: Vec<u32>,
    deletions: Vec<Deletion>,
    /// Whether any insertion is [`odd`].
    odd: bool,
    /// Deletions taken back: whose, from which on, how many.
    restores: Vec<(u32, u32, u32)>,
    elements: u32,
    /// How many elements the bytes can hold at most.
    most: u32,
}

impl Opening<'_> {
    fn turns(&mut self) -> Result<(), Error> {
        let names = self.reader.count(8)?;
        let turns = self.reader.count(1)?;
        for _ in 0..names {
            let name = ReplicaId(self.reader.word()?);
            self.authors.push(Author {
                number: self.log.intern(name),
                ..Author::default()
            });
        }
        let mut numbers: Vec<u32> = self.authors.iter().map(|a| a.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        if numbers.len() < names {
            return Err(Error::Corrupt("a name that is told twice"));
        }
        let choices = names.saturating_sub(1).max(1) as u64;
        let mut lengths = Vec::with_capacity(turns);
        let mut last = names.saturating_sub(1);
        for _ in 0..turns {
            let turn = self.reader.number()?;
            if names == 0 {
                return Err(Error::Corrupt("operations that nobody made"));
            }
            last = (last + 1 + (turn % choices) as usize) % names;
            lengths.push((last, turn / choices));
        }
        // There can be no more entries than bytes.
        let entries = lengths
            .iter()
            .fold(0, |sum: u64, (_, n)| sum.saturating_add(*n));
        let entries = entries.min(self.reader.0.len() as u64) as usize;
        self.typed.reserve(entries / 2 + 1);
        self.deletions.reserve(entries / 2 + 1);
        for (author, entries) in lengths {
            self.turn(author, entries)?;
        }
        Ok(())
    }

    fn turn(&mut self, author: usize, entries: u64) -> Result<(), Error> {
        if entries > self.reader.0.len() as u64 {
            return Err(Error::Truncated);
        }
        self.now = self.authors[author];
        let agent = &mut self.log.agents[self.now.number as usize];
        agent.runs.reserve(entries as usize);
        let before = agent.next;
        self.fresh = true;
        for _ in 0..entries {
            self.entry()?;
            self.fresh = false;
        }
        if before < self.log.next(self.now.number) {
            self.log.arrive(self.now.number);
        }
        self.authors[author] = self.now;
        Ok(())
    }

    fn push(&mut self, len: u32, op: Op) {
        let number = self.now.number;
        self.log.agents[number as usize].push(number, len, op);
    }

    fn entry(&mut self) -> Result<(), Error> {
        let head = self.reader.number()?;
        let kind = Kind::ALL[head as usize & 7];
        let seq = self.log.next(self.now.number);
        let len = match u32::try_from(head >> 3) {
            Ok(n) if n < u32::MAX - 1 - seq => n + 1,
            _ => return Err(Error::Corrupt("the length of a run")),
        };
        match kind {
            Kind::Delete => {
                let from = self.now.cursor.place + 1;
                let place = self.place(from)?;
                self.now.cursor.place = place.saturating_sub(1);
                let target = self.targets(element(place), len)?;
                self.push(len, Op::Delete { target });
            }
            Kind::BackspaceHere | Kind::Backspace => {
                let mut place = self.now.cursor.place;
                if kind == Kind::Backspace {
                    place = self.place(place)?;
                }
                let Some(before) = place.checked_sub(len) else {
                    return Err(Error::Corrupt("a deletion of what cannot be"));
                };
                self.now.cursor.place = before;
                let target = self.targets(before, len)?.plus(len - 1);
                self.push(len, Op::Backspace { target });
            }
            Kind::Restore => {
                let back = self.reader.short()?;
                let Some(from) = seq.checked_sub(back) else {
                    return Err(Error::Corrupt("a deletion that is yet to be made"));
                };
                self.push(len, Op::Restore { seq: from });
                self.restores.push((self.now.number, from, len));
            }
            _ => self.insertion(kind, len)?,
        }
        Ok(())
    }

    /// A place that is told by its distance from another one.
    fn place(&mut self, from: u32) -> Result<u32, Error> {
        let place = self.reader.signed()?.checked_add(from.into());
        match place.and_then(|place| u32::try_from(place).ok()) {
            Some(place) if place <= self.elements => Ok(place),
            _ => Err(Error::Corrupt("an element that is yet to be inserted")),
        }
    }

    /// Which insertion made an element, which there is.
    fn home(&self, element: u32) -> u32 {
        let mut at = self.pages[(element / PAGE) as usize];
        while self.typed[at as usize].end() <= element {
            at += 1;
        }
        at
    }

    fn origin(&self, place: u32) -> Origin {
        match place.checked_sub(1) {
            Some(element) => Origin {
                element,
                home: self.home(element),
            },
            None => Origin::EDGE,
        }
    }

    /// Notes a deletion of `len` elements from one on. All must be of one insertion.
    fn targets(&mut self, first: u32, len: u32) -> Result<Id, Error> {
        if first >= self.elements {
            return Err(Error::Corrupt("a deletion of what cannot be"));
        }
        let home = self.home(first);
        let typed = &self.typed[home as usize];
        if len > typed.end() - first {
            return Err(Error::Corrupt("a deletion of what cannot be"));
        }
        self.deletions.push(Deletion {
            home,
            from: first - typed.start,
            to: first - typed.start + len,
            delta: 1,
        });
        Ok(typed.id(first))
    }

    fn insertion(&mut self, kind: Kind, len: u32) -> Result<(), Error> {
        if len > self.most - self.elements {
            return Err(Error::Truncated);
        }
        let cursor = self.now.cursor;
        let left = match kind {
            Kind::InsertHere => cursor.place,
            _ => self.place(cursor.place)?,
        };
        let left = self.origin(left);
        let right = match kind {
            Kind::InsertBefore => self.origin(cursor.last),
            Kind::InsertBetween => {
                let back = self.reader.number()?;
                match u64::from(self.elements + 1).checked_sub(back) {
                    Some(place) if back > 0 => self.origin(place as u32),
                    _ => return Err(Error::Corrupt("an element that is yet to be inserted")),
                }
            }
            _ => {
                let (right, hangs) = self.expected(left);
                self.add(len, left, right, hangs);
                return Ok(());
            }
        };
        let hangs = self.parent(left, right);
        self.odd |= odd(&self.typed, left, right, hangs);
        self.add(len, left, right, hangs);
        Ok(())
    }

    /// Where an element with these origins hangs in the tree that `order` tells of: from which
    /// insertion, and in which slot.
    fn parent(&self, left: Origin, right: Origin) -> (u32, u32) {
        if !right.is_edge() && left_of(&self.typed, right) == left {
            let offset = right.element - self.typed[right.home as usize].start;
            return (right.home, 2 * offset);
        }
        if left.is_edge() {
            return (NONE, 1);
        }
        let offset = left.element - self.typed[left.home as usize].start;
        (left.home, 2 * offset + 1)
    }

    /// The right origin that mostly goes with a left one, and where what has both hangs: see
    /// [`Opening::parent`].
    fn expected(&self, left: Origin) -> (Origin, (u32, u32)) {
        if left.is_edge() {
            return (Origin::EDGE, (NONE, 1));
        }
        let typed = &self.typed[left.home as usize];
        let offset = left.element - typed.start;
        if offset + 1 == typed.len {
            return (typed.right, (left.home, 2 * offset + 1));
        }
        let next = Origin {
            element: left.element + 1,
            ..left
        };
        (next, (left.home, 2 * offset + 2))
    }

    fn add(&mut self, len: u32, left: Origin, right: Origin, (parent, slot): (u32, u32)) {
        let home = self.typed.len() as u32;
        let start = self.elements;
        self.elements += len;
        while self.pages.len() as u32 * PAGE < self.elements {
            self.pages.push(home);
        }
        let id = |origin: Origin| match origin {
            Origin::EDGE => Id::EDGE,
            origin => self.typed[origin.home as usize].id(origin.element),
        };
        let op = Op::Insert {
            left: id(left),
            right: id(right),
            text: self.now.inserted,
        };
        self.typed.push(Typed {
            agent: self.now.number,
            seq: self.log.next(self.now.number),
            text: self.now.inserted,
            start,
            len,
            left,
            right,
            parent,
            slot,
        });
        self.now.inserted += len;
        self.now.cursor = Cursor {
            place: self.elements,
            last: start + 1,
        };
        // Within a turn, what goes on an insertion was written as one with it.
        if self.fresh {
            return self.push(len, op);
        }
        let agent = &mut self.log.agents[self.now.number as usize];
        agent.runs.push(Run {
            seq: agent.next,
            op,
        });
        agent.next += len;
    }

    /// Reads the text and gives each replica its part. Returns whether all of it is within the
    /// basic plane.
    fn text(&mut self) -> Result<bool, Error> {
        let len = usize::try_from(self.reader.number()?).unwrap_or(usize::MAX);
        let least = self.elements as usize;
        if len < least || len / 4 > least {
            return Err(Error::Corrupt("a text of another length"));
        }
        let text = String::from_utf8(expand(self.reader.0, len)?)
            .map_err(|_| Error::Corrupt("text that is not UTF-8"))?;
        let content = Content::of(text);
        let plain = content.wide(0, content.len()) == 0;
        if content.len() != self.elements {
            return Err(Error::Corrupt("a text of another length"));
        }
        if let [author] = &self.authors[..] {
            self.log.agents[author.number as usize].content = content;
            return Ok(plain);
        }
        for typed in &self.typed {
            let own = &mut self.log.agents[typed.agent as usize].content;
            own.push(content.slice(typed.start, typed.len), typed.len);
        }
        Ok(plain)
    }

    /// Takes deletions back, as the log tells it.
    fn take_back(&mut self) {
        if self.restores.is_empty() {
            return;
        }
        let mut homes: Vec<u32> = (0..self.typed.len() as u32).collect();
        let key = |home: u32| {
            let typed = &self.typed[home as usize];
            (typed.agent, typed.seq)
        };
        homes.sort_by_key(|&home| key(home));
        for &(number, from, len) in &self.restores {
            let agent = &mut self.log.agents[number as usize];
            let mut fresh = Vec::new();
            oplog::restore(&mut agent.restored, from, from + len, |from, to| {
                fresh.push((from, to));
            });
            let pieces = fresh
                .iter()
                .flat_map(|&(from, to)| agent.pieces(number, from, to));
            for (mut id, n) in pieces.filter_map(|piece| piece.targets()) {
                let end = id.seq + n;
                while id.seq < end {
                    let at = homes.partition_point(|&home| key(home) <= (id.agent, id.seq));
                    let home = homes[at - 1];
                    let typed = &self.typed[home as usize];
                    let to = end.min(typed.seq + typed.len) - typed.seq;
                    self.deletions.push(Deletion {
                        home,
                        from: id.seq - typed.seq,
                        to,
                        delta: -1,
                    });
                    id.seq = typed.seq + to;
                }
            }
        }
    }
}
