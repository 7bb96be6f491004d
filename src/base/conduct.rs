//! How a node departs from its protocol on purpose.

use std::fmt;

/// A set of the ways in which a Byzantine node misbehaves: bit `i` stands for the `i`-th of
/// [`Core::CONDUCTS`](super::Core::CONDUCTS). The empty set is honest.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Conduct(pub u32);

impl Conduct {
    /// A node that keeps to its protocol.
    pub const HONEST: Conduct = Conduct(0);

    /// The set of the ways that are named, or the place of the first name that is not among
    /// `known`.
    ///
    /// # Errors
    /// The index into `names` of one that is unknown.
    pub fn of(names: &[String], known: &[&str]) -> Result<Conduct, usize> {
        let mut conduct = Conduct::HONEST;
        for (place, name) in names.iter().enumerate() {
            let bit = known.iter().position(|known| known == name).ok_or(place)?;
            conduct.0 |= 1 << bit;
        }
        Ok(conduct)
    }

    /// Whether the node keeps to its protocol.
    pub const fn is_honest(self) -> bool {
        self.0 == 0
    }

    /// Whether the `way`-th way is among them.
    pub const fn has(self, way: usize) -> bool {
        self.0 >> way & 1 == 1
    }

    /// The names of its ways, of all that are `known`.
    pub fn names<'a>(self, known: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
        let known = known.iter().enumerate();
        known.filter_map(move |(way, name)| self.has(way).then_some(*name))
    }
}

impl fmt::Debug for Conduct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Conduct({:#b})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_named() {
        const KNOWN: &[&str] = &["silent", "slow", "equivocate"];
        let owned = |names: &[&str]| -> Vec<String> { names.iter().map(|&n| n.into()).collect() };
        let both = Conduct::of(&owned(&["equivocate", "silent"]), KNOWN).expect("both are known");
        assert!(both.has(0) && !both.has(1) && both.has(2));
        assert_eq!(
            both.names(KNOWN).collect::<Vec<_>>(),
            ["silent", "equivocate"]
        );
        assert_eq!(Conduct::of(&owned(&["silent", "kind"]), KNOWN), Err(1));
        assert!(Conduct::of(&[], KNOWN).is_ok_and(Conduct::is_honest));
    }
}
