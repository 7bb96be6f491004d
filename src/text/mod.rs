//! A text that several people edit at once: a sequence CRDT of our own, standing alone.
//!
//! Each person edits a [`Replica`]; replicas exchange bytes, in any order and any number of times,
//! and those that have seen the same edits hold the same text.
//!
//! ```
//! use synod::text::{Replica, ReplicaId};
//!
//! let mut ann = Replica::new(ReplicaId(1));
//! let mut bob = Replica::new(ReplicaId(2));
//! ann.insert(0, "Hello").unwrap();
//! bob.insert(0, "World").unwrap();
//! let (from_ann, from_bob) = (ann.take_changes(), bob.take_changes());
//! ann.apply(&from_bob).unwrap();
//! bob.apply(&from_ann).unwrap();
//! assert_eq!(ann.text(), bob.text());
//! assert_eq!(ann.text(), "HelloWorld");
//! ```
//!
//! # Shape
//!
//! - Every operation has an identity: a replica's name and a number, without gaps. Inserting `n`
//!   scalars takes `n` numbers, deleting them another `n`, so a version vector names any state.
//! - `oplog` keeps what was done, per replica, in runs. `tree` keeps every element ever inserted in
//!   document order, in runs, counted. `content` keeps the text; nothing is stored twice.
//! - `order` decides where concurrent insertions go (FugueMax: they never interleave more than they
//!   must, forwards or backwards). An element is visible while no deletion of it is in force; undo
//!   of a deletion takes that deletion back, so that what others deleted too stays deleted.
//! - `remote` applies what comes from others: early changes wait for what they build on.
//! - `encode` writes changes and whole documents, and trusts no byte on the way back.
//! - `edits` tells the same changes in the open, for who looks on; a replica can be told to leave a
//!   rule out.
//! - [`lab`] puts other algorithms beside this one, to be looked at; nothing here builds on it.
//!
//! # Units
//!
//! Indexes count Unicode scalars. What JavaScript needs is offered beside it in UTF-16 units
//! ([`Replica::replace_utf16`], [`Extent::utf16`]); an index inside a surrogate pair is refused with
//! [`Error::SplitsPair`], never rounded, so that an editor and its replica cannot come apart.

mod content;
mod cursor;
mod edits;
mod elements;
mod encode;
mod error;
mod history;
mod id;
pub mod lab;
mod oplog;
mod order;
mod remote;
mod tree;
mod undo;

pub use cursor::{Anchor, Bias};
pub use edits::{Edit, Omission, What};
pub use elements::Element;
pub use error::Error;
pub use history::{Author, Snapshot};
pub use id::{ElementId, ReplicaId, Version};

use id::Id;
use oplog::{Log, Op};
use tree::{Count, Span, Tree};

/// Our own number in our own table of replicas.
const ME: u32 = 0;

/// A length or an index, in both units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// In Unicode scalars.
    pub chars: usize,
    /// In UTF-16 code units.
    pub utf16: usize,
}

impl From<Count> for Extent {
    fn from(count: Count) -> Extent {
        Extent {
            chars: count.chars as usize,
            utf16: count.utf16() as usize,
        }
    }
}

/// One change of the visible text. A list of them is to be carried out in order: each index is that
/// of the text after the ones before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Where.
    pub at: Extent,
    /// How much is removed there.
    pub deleted: Extent,
    /// What is put there instead.
    pub text: String,
}

/// One copy of the document, edited here. See the [module](self)'s words.
#[derive(Clone, Debug)]
pub struct Replica {
    log: Log,
    tree: Tree,
    steps: undo::Steps,
    held: remote::Held,
    /// How many of our own operations were taken to be sent.
    taken: u32,
}

impl Replica {
    /// An empty document, edited under a name that nobody else has or had.
    pub fn new(name: ReplicaId) -> Replica {
        let mut log = Log::default();
        log.intern(name);
        Replica {
            log,
            tree: Tree::default(),
            steps: undo::Steps::default(),
            held: remote::Held::default(),
            taken: 0,
        }
    }

    /// Puts `text` before the `index`-th scalar, or at the end.
    pub fn insert(&mut self, index: usize, text: &str) -> Result<(), Error> {
        self.replace(index, 0, text)
    }

    /// Removes `len` scalars from the `index`-th on.
    pub fn delete(&mut self, index: usize, len: usize) -> Result<(), Error> {
        self.replace(index, len, "")
    }

    /// Puts `text` in the place of `len` scalars from the `index`-th on: one step of undo.
    pub fn replace(&mut self, index: usize, len: usize, text: &str) -> Result<(), Error> {
        let (chars, wide) = measure(text);
        let end = index.saturating_add(len);
        if end > self.len() {
            return Err(Error::OutOfRange {
                index: end,
                len: self.len(),
            });
        }
        let start = self.log.next(ME);
        let room = (u32::MAX - 1 - start) as usize;
        if len.saturating_add(chars) > room {
            return Err(Error::Full);
        }
        if len > 0 {
            self.delete_here(index as u32, len as u32);
        }
        if chars > 0 {
            let count = Count {
                chars: chars as u32,
                wide,
            };
            self.insert_here(index as u32, text, count);
        }
        self.steps.record(&self.log, start);
        Ok(())
    }

    /// The same with indexes in UTF-16 code units, as an editor in a browser counts.
    pub fn replace_utf16(&mut self, index: usize, len: usize, text: &str) -> Result<(), Error> {
        let end = index.saturating_add(len);
        if end > self.len_utf16() {
            return Err(Error::OutOfRange {
                index: end,
                len: self.len_utf16(),
            });
        }
        let from = self.chars_at(index)?;
        let to = if len == 0 { from } else { self.chars_at(end)? };
        self.replace(from, to - from, text)
    }

    /// How many scalars are before a UTF-16 index.
    fn chars_at(&mut self, utf16: usize) -> Result<usize, Error> {
        let found = self.tree.chars_at_utf16(utf16 as u32, &self.log.agents);
        match found {
            Some(chars) => Ok(chars as usize),
            None => Err(Error::SplitsPair { index: utf16 }),
        }
    }

    fn insert_here(&mut self, index: u32, text: &str, count: Count) {
        let left = (index > 0).then(|| self.tree.visible(index - 1));
        let next = match left {
            Some(place) => self.tree.after(place),
            None => self.tree.first(),
        };
        let id_of = |place| self.tree.id(place);
        let (left_id, right_id) = (left.map_or(Id::EDGE, id_of), next.map_or(Id::EDGE, id_of));
        let seq = self.log.next(ME);
        let content = &mut self.log.agents[ME as usize].content;
        let at = content.len();
        content.push(text, count.chars);
        let op = Op::Insert {
            left: left_id,
            right: right_id,
            text: at,
        };
        self.log.push(ME, count.chars, op);
        let span = Span {
            agent: ME,
            seq,
            len: count.chars,
            dels: 0,
            wide: count.wide,
            text: at,
        };
        let place = self.tree.insert(left, span, &self.log.agents);
        if place.offset == 0 {
            self.tree.remember(place, index);
        }
    }

    fn delete_here(&mut self, index: u32, len: u32) {
        let mut rest = len;
        while rest > 0 {
            let place = self.tree.visible(index);
            let span = self.tree.span(place);
            let n = rest.min(span.len - place.offset);
            let target = span.id(place.offset);
            self.log.push(ME, n, Op::Delete { target });
            self.tree.mark(place, n, 1, &self.log.agents);
            rest -= n;
        }
    }

    /// The name under which this replica edits.
    pub fn name(&self) -> ReplicaId {
        self.log.name(ME)
    }

    /// Scalars in the text.
    pub fn len(&self) -> usize {
        self.tree.total().chars as usize
    }

    /// UTF-16 code units in the text.
    pub fn len_utf16(&self) -> usize {
        self.tree.total().utf16() as usize
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The whole text.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.len_utf16());
        for span in self.tree.spans().filter(|span| span.dels == 0) {
            text.push_str(self.slice(span));
        }
        text
    }

    fn slice(&self, span: &Span) -> &str {
        let content = &self.log.agents[span.agent as usize].content;
        content.slice(span.text, span.len)
    }

    /// Which operations are known here.
    pub fn version(&self) -> Version {
        let mut version = Version::new();
        for agent in &self.log.agents {
            version.set(agent.name, agent.next);
        }
        version
    }
}

/// Scalars in `text`, and how many of them take two UTF-16 units.
fn measure(text: &str) -> (usize, u32) {
    if text.len() == 1 || text.is_ascii() {
        return (text.len(), 0);
    }
    (text.chars().count(), content::wide(text))
}
