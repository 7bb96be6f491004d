//! What the locks are for: resources that are written by whoever holds the lock. They know nothing
//! of locks, leases and clients: only that a write under an old token comes too late (Kleppmann,
//! *How to do distributed locking*, 2016; Burrows, *Chubby*, 2006, section 2.4, on sequencers).

use super::shelf::Shelf;
use std::sync::Arc;

/// A guarded resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Resource {
    pub value: Option<i64>,
    /// The greatest token that it has seen.
    pub token: u64,
}

/// All guarded resources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Resources {
    shelf: Shelf<Arc<str>, Resource>,
}

impl Resources {
    /// The resource of that name, which holds nothing if nobody ever wrote to it.
    pub fn get(&self, name: &str) -> Resource {
        self.shelf.get(name).copied().unwrap_or_default()
    }

    /// Takes a value, or refuses it and gives the greatest token seen. Without `fenced` it takes
    /// everything.
    pub fn write(
        &mut self,
        name: &Arc<str>,
        token: u64,
        value: i64,
        fenced: bool,
    ) -> Result<(), u64> {
        let newest = self.get(name).token;
        if fenced && token < newest {
            return Err(newest);
        }
        let resource = self.shelf.entry(name, Resource::default);
        resource.value = Some(value);
        resource.token = newest.max(token);
        Ok(())
    }

    /// All that were ever written.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Resource)> {
        self.shelf.iter()
    }
}
