//! Changes and documents as bytes, and back. A byte says the format and its version, a checksum ends
//! each message, and whatever is read is checked: bad bytes give an error, never a panic.

mod bytes;
mod cuts;
mod document;
mod open;
mod squeeze;
mod update;
mod weave;

pub(super) use update::{Change, Update, read};

use super::{Error, ME, Replica, ReplicaId, Version};

use document::DOCUMENT;

/// The first byte of a message: what it is, in the first version of the format.
pub(super) const UPDATE: u8 = 0xA1;

/// Whether the bytes claim to be a whole document.
pub(super) fn is_document(bytes: &[u8]) -> bool {
    bytes.first() == Some(&DOCUMENT)
}

impl Replica {
    /// Everything that who has `version` does not know yet. It is cut from the runs, so that what
    /// was typed in a row is one run in it; and it is the whole document if nothing of it is known.
    pub fn changes_since(&self, version: &Version) -> Vec<u8> {
        let mut known = self.log.agents.iter().map(|agent| version.of(agent.name));
        if !self.log.arrivals.is_empty() && known.all(|n| n == 0) {
            return self.encode();
        }
        self.news_since(version)
    }

    /// The same, never as a document.
    pub(super) fn news_since(&self, version: &Version) -> Vec<u8> {
        let known = |agent: u32| version.of(self.log.name(agent));
        update::write(UPDATE, &self.log, &known)
    }

    /// Our own changes since this was last called, to be sent to everybody else. Empty bytes if
    /// there are none.
    pub fn take_changes(&mut self) -> Vec<u8> {
        let taken = self.taken;
        self.taken = self.log.next(ME);
        if taken == self.taken {
            return Vec::new();
        }
        let known = |agent: u32| if agent == ME { taken } else { u32::MAX };
        update::write(UPDATE, &self.log, &known)
    }

    /// The whole document with its history.
    pub fn encode(&self) -> Vec<u8> {
        document::write(&self.log)
    }

    /// A replica called `name` of the document that [`encode`](Replica::encode) wrote.
    pub fn decode(bytes: &[u8], name: ReplicaId) -> Result<Replica, Error> {
        open::open(bytes, name)
    }
}
