//! Which signatures are known to hold.

use super::digest::Digest;
use super::keys::Party;

/// Signatures that are known to hold: a signature that thirty replicas check, or that a replay
/// checks again, is verified once. What is remembered is the whole question, signer, content and
/// signature, so that the answer is the one that verifying would give; which questions are
/// remembered decides nothing but time. A set of places forgets its oldest when it is full.
pub(super) struct Known {
    /// How many sets there are: where replicas are many, enough for a view change in which each
    /// has prepared hundreds of requests, as each checks the same votes for every other.
    sets: usize,
    places: Vec<Option<(Party, Digest, [u8; 64])>>,
}

impl Known {
    /// Places of one set.
    const WAYS: usize = 8;

    pub(super) fn new(replicas: usize) -> Known {
        Known {
            sets: (4 * replicas * replicas).clamp(512, 4096),
            places: Vec::new(),
        }
    }

    /// Where the set of a content begins.
    fn set(&self, content: &Digest) -> usize {
        usize::from(u16::from_le_bytes([content.0[0], content.0[1]])) % self.sets * Known::WAYS
    }

    /// A signature that is known to hold.
    pub(super) fn of(&self, signer: Party, content: &Digest) -> Option<&[u8; 64]> {
        let set = self.places.iter().skip(self.set(content)).take(Known::WAYS);
        let mut found = set
            .flatten()
            .filter(|it| (it.0, &it.1) == (signer, content));
        found.next().map(|(.., signature)| signature)
    }

    pub(super) fn put(&mut self, signer: Party, content: &Digest, bytes: &[u8; 64]) {
        if self.places.is_empty() {
            self.places.resize(self.sets * Known::WAYS, None);
        }
        let from = self.set(content);
        if let Some(set) = self.places.get_mut(from..from + Known::WAYS) {
            set.rotate_right(1);
            set[0] = Some((signer, *content, *bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::NodeId;

    /// Signatures that fall into one set do not push each other out: a view change of many
    /// replicas asks for all of them again and again.
    #[test]
    fn signatures_that_are_known_are_remembered_beside_each_other() {
        let (mut known, content) = (Known::new(4), Digest::of(&1u8));
        let signer = |id| Party::Replica(NodeId(id));
        (0..4).for_each(|id| known.put(signer(id), &content, &[id as u8; 64]));
        for id in 0..8 {
            let expected = (id < 4).then_some([id as u8; 64]);
            assert_eq!(known.of(signer(id), &content).copied(), expected);
            assert_eq!(known.of(signer(id), &Digest::of(&2u8)), None);
        }
    }
}
