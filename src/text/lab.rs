//! Ways to order a shared text, side by side: for the lab, where people look at them.
//!
//! Each [`Algorithm`] makes replicas behind one small trait, [`Sequence`]: edit, take the changes,
//! carry them to the others in any order and as often as you like, and look at every element.
//! They are built for looking at, and search plainly through lists; the editor's own
//! [`Replica`](super::Replica) is only one of the things shown.
//!
//! | algorithm | an element's place is | deleting | typed at once, forwards | backwards |
//! |---|---|---|---|---|
//! | [Logoot, LSEQ](logoot) | an identifier out of a dense order | removes it | mixes | mixes |
//! | [RGA](rga) | behind the letter it was typed behind | leaves a tombstone | kept apart | mixes |
//! | [FugueMax](fugue) | between the letters it was typed between | leaves a tombstone | kept apart | kept apart |
//!
//! ```
//! use synod::text::{ReplicaId, lab::Algorithm};
//!
//! for algorithm in Algorithm::ALL {
//!     let mut ann = algorithm.replica(ReplicaId(1));
//!     let mut bob = algorithm.replica(ReplicaId(2));
//!     ann.insert(0, "Hi").unwrap();
//!     for change in ann.take_changes() {
//!         bob.apply(&change);
//!     }
//!     assert_eq!(bob.text(), "Hi");
//!     assert_eq!(bob.rows()[1].site, ReplicaId(1));
//! }
//! ```
//!
//! # Units
//!
//! Indexes and lengths count Unicode scalars. [`Row::bytes`] counts what one element on its own has
//! to carry to say who it is and where it stands, in bytes, each number written in groups of seven
//! bits. Sites are best given small numbers, or their names make up most of that. It is a measure
//! for comparing growth, not what is sent: FugueMax and RGA pay for a run of letters only once.

pub mod fugue;
pub mod logoot;
pub mod position;
pub mod rga;

use super::{Error, ReplicaId};
use serde::Serialize;
use std::fmt;

/// An algorithm that the lab can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// Dense identifiers from levels that are all equally wide.
    Logoot,
    /// Dense identifiers from levels that grow wider with depth.
    Lseq,
    /// Letters hang from the letter they were typed behind, the newest first.
    Rga,
    /// The editor's own: letters hang from either neighbour.
    FugueMax,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Algorithm; 4] = [
        Algorithm::Logoot,
        Algorithm::Lseq,
        Algorithm::Rga,
        Algorithm::FugueMax,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Logoot => "Logoot",
            Algorithm::Lseq => "LSEQ",
            Algorithm::Rga => "RGA",
            Algorithm::FugueMax => "FugueMax",
        }
    }

    /// An empty text, edited at `site`, which nobody else is called.
    pub fn replica(self, site: ReplicaId) -> Box<dyn Sequence> {
        match self {
            Algorithm::Logoot => Box::new(logoot::Logoot::new(site, position::Strategy::Logoot)),
            Algorithm::Lseq => Box::new(logoot::Logoot::new(site, position::Strategy::Lseq)),
            Algorithm::Rga => Box::new(rga::Rga::new(site)),
            Algorithm::FugueMax => Box::new(fugue::Fugue::new(site)),
        }
    }
}

/// A replica of a text, built for looking at.
pub trait Sequence: fmt::Debug {
    /// Where it is edited.
    fn site(&self) -> ReplicaId;

    /// Puts `text` before the `index`-th scalar, or at the end. It is one change.
    fn insert(&mut self, index: usize, text: &str) -> Result<(), Error>;

    /// Removes `len` scalars from the `index`-th on. It is one change.
    fn delete(&mut self, index: usize, len: usize) -> Result<(), Error>;

    /// The changes made here since this was last called, oldest first.
    fn take_changes(&mut self) -> Vec<Change>;

    /// Takes in a change made elsewhere. One that comes early is kept until what it builds on is
    /// there, if the algorithm needs that; one that is known, or is of another algorithm, is ignored.
    /// (Logoot and LSEQ understand each other: they differ in how they pick positions, not in how
    /// they read them.)
    fn apply(&mut self, change: &Change);

    /// How many changes wait for others that they build on.
    fn held_back(&self) -> usize;

    /// The visible text.
    fn text(&self) -> String;

    /// Every element in document order, tombstones included.
    fn rows(&self) -> Vec<Row>;
}

/// What one edit did: a value that a network may keep, copy and reorder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where it was made.
    pub site: ReplicaId,
    /// What its author did, for showing.
    pub edit: Edit,
    body: Body,
}

impl Change {
    fn insert(site: ReplicaId, text: &str, body: Body) -> Change {
        let edit = Edit::Insert(text.to_owned());
        Change { site, edit, body }
    }

    fn delete(site: ReplicaId, len: usize, body: Body) -> Change {
        let edit = Edit::Delete(len);
        Change { site, edit, body }
    }
}

/// An edit as its author saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Edit {
    /// This was put in.
    Insert(String),
    /// So many scalars were removed.
    Delete(usize),
}

/// What replicas of one algorithm tell each other.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Body {
    Logoot(logoot::Op),
    Rga(rga::Op),
    Fugue(Vec<u8>),
}

/// One element, as the lab shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The scalar.
    pub letter: char,
    /// The site that wrote it.
    pub site: ReplicaId,
    /// Its identifier, for people: see each algorithm's words.
    pub id: String,
    /// What it carries to say who it is and where it stands, in bytes; see [Units](self#units).
    pub bytes: usize,
    /// How many levels its identifier has: more than one only with Logoot and LSEQ.
    pub levels: usize,
    /// Whether it is in the text. If not, it is a tombstone.
    pub visible: bool,
    /// What it hangs from; none with Logoot and LSEQ, whose identifiers stand alone.
    pub origin: Option<Origin>,
}

/// What an element hangs from: indexes into the list of rows, none being the edge of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The element it was typed behind.
    pub left: Option<usize>,
    /// What stood right behind that then. RGA does not look at it, and has none.
    pub right: Option<usize>,
    /// Its parent in the tree that is the document when read in order; none is the root.
    pub parent: Option<usize>,
    /// On which side of its parent it hangs.
    pub side: Side,
}

/// A side of a parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Read before the parent.
    Left,
    /// Read after the parent.
    Right,
}

/// What a list of rows comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Totals {
    /// Rows.
    pub elements: usize,
    /// Those of them that are deleted.
    pub tombstones: usize,
    /// The mean of [`Row::bytes`]; zero without rows.
    pub bytes_mean: f64,
    /// The largest of them.
    pub bytes_max: usize,
    /// The largest of [`Row::levels`].
    pub levels_max: usize,
}

impl Totals {
    /// Adds up `rows`.
    pub fn of(rows: &[Row]) -> Totals {
        let sum: usize = rows.iter().map(|row| row.bytes).sum();
        Totals {
            elements: rows.len(),
            tombstones: rows.iter().filter(|row| !row.visible).count(),
            bytes_mean: sum as f64 / rows.len().max(1) as f64,
            bytes_max: rows.iter().map(|row| row.bytes).max().unwrap_or(0),
            levels_max: rows.iter().map(|row| row.levels).max().unwrap_or(0),
        }
    }
}

/// How a site is called in identifiers: A to Z for 1 to 26, any other by its number.
pub fn site_name(site: ReplicaId) -> String {
    match site.0 {
        number @ 1..=26 => char::from(b'A' + (number - 1) as u8).to_string(),
        number => format!("s{number}"),
    }
}

/// The bytes that a number takes, seven bits in each.
fn bytes_of(number: u64) -> usize {
    (64 - number.leading_zeros()).div_ceil(7).max(1) as usize
}

/// Whether `len` scalars from `index` on are in a text of `len_all`.
fn check_range(index: usize, len: usize, len_all: usize) -> Result<(), Error> {
    let end = index.saturating_add(len);
    if end > len_all {
        return Err(Error::OutOfRange {
            index: end,
            len: len_all,
        });
    }
    Ok(())
}
