//! More sequential specifications: a store of texts that grow, a list, and a lock with a queue.

use super::model::Model;
use crate::base::ClientId;
use std::collections::VecDeque;
use std::sync::Arc;

/// A store of texts. What nobody has written is the empty text.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextStore;

/// What is asked of a store of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextCall {
    /// Reads a key's text.
    Get(String),
    /// Writes a key's text anew.
    Put(String, String),
    /// Adds to the end of a key's text.
    Append(String, String),
}

impl Model for TextStore {
    /// Shared, since a search remembers many states that are equal.
    type State = Arc<str>;
    type Op = TextCall;
    /// The text that a [`TextCall::Get`] read; nothing for the others.
    type Outcome = Option<String>;

    fn init(&self) -> Arc<str> {
        Arc::from("")
    }

    fn step(
        &self,
        state: &Arc<str>,
        op: &TextCall,
        outcome: Option<&Option<String>>,
    ) -> Option<Arc<str>> {
        match op {
            TextCall::Get(_) => {
                let read = outcome.and_then(Option::as_deref);
                let fits = read.is_none_or(|text| *text == **state);
                fits.then(|| Arc::clone(state))
            }
            TextCall::Put(_, text) => Some(Arc::from(text.as_str())),
            TextCall::Append(_, text) => Some(Arc::from(format!("{state}{text}"))),
        }
    }

    fn is_read(&self, op: &TextCall) -> bool {
        matches!(op, TextCall::Get(_))
    }

    fn is_blind(&self, op: &TextCall) -> bool {
        matches!(op, TextCall::Put(..))
    }

    fn is_silent(&self, op: &TextCall) -> bool {
        !self.is_read(op)
    }

    fn weight(&self, state: &Arc<str>) -> usize {
        state.len()
    }

    fn part<'a>(&self, op: &'a TextCall) -> &'a str {
        match op {
            TextCall::Get(key) | TextCall::Put(key, _) | TextCall::Append(key, _) => key,
        }
    }
}

/// Lists that are only added to, by key.
#[derive(Clone, Copy, Debug, Default)]
pub struct AppendList;

/// What is asked of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListCall {
    /// Adds a number to the end of a key's list.
    Append(String, i64),
    /// Reads a key's list.
    Read(String),
}

impl Model for AppendList {
    type State = Arc<[i64]>;
    type Op = ListCall;
    /// The list that a [`ListCall::Read`] read; nothing for the others.
    type Outcome = Option<Vec<i64>>;

    fn init(&self) -> Arc<[i64]> {
        Arc::from([])
    }

    fn step(
        &self,
        state: &Arc<[i64]>,
        op: &ListCall,
        outcome: Option<&Option<Vec<i64>>>,
    ) -> Option<Arc<[i64]>> {
        match op {
            ListCall::Append(_, value) => {
                let longer = state.iter().copied().chain([*value]);
                Some(longer.collect())
            }
            ListCall::Read(_) => {
                let read = outcome.and_then(Option::as_deref);
                let fits = read.is_none_or(|list| *list == **state);
                fits.then(|| Arc::clone(state))
            }
        }
    }

    fn is_read(&self, op: &ListCall) -> bool {
        matches!(op, ListCall::Read(_))
    }

    fn is_silent(&self, op: &ListCall) -> bool {
        !self.is_read(op)
    }

    fn tells(&self, _op: &ListCall, outcome: &Option<Vec<i64>>) -> usize {
        outcome.as_ref().map_or(0, Vec::len)
    }

    /// A list only grows: of any two that it ever is, one begins with the other.
    fn agrees(&self, state: &Arc<[i64]>, _op: &ListCall, outcome: &Option<Vec<i64>>) -> bool {
        let read = outcome.iter().flatten();
        state.iter().zip(read).all(|(one, other)| one == other)
    }

    fn weight(&self, state: &Arc<[i64]>) -> usize {
        size_of_val::<[i64]>(state)
    }

    fn part<'a>(&self, op: &'a ListCall) -> &'a str {
        match op {
            ListCall::Append(key, _) | ListCall::Read(key) => key,
        }
    }
}

/// Locks that serve who asked first. To acquire such a lock takes two operations, since a history
/// of one alone, from being asked to being granted, says nothing of the order in the queue: a
/// client joins the queue, and later enters, as soon as the lock is free and nobody is before it.
#[derive(Clone, Copy, Debug, Default)]
pub struct FifoLock;

/// What a client asks of a lock, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockCall {
    /// Who asks.
    pub client: ClientId,
    /// Which lock.
    pub lock: String,
    /// What.
    pub deed: LockDeed,
}

/// What can be done with a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockDeed {
    /// Takes a place at the end of the queue.
    Join,
    /// Takes the lock, once it is free and nobody stands before.
    Enter,
    /// Takes the lock if it is free and nobody waits.
    Try,
    /// Gives the lock back.
    Leave,
}

/// A lock with its queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LockState {
    holder: Option<ClientId>,
    queue: VecDeque<ClientId>,
}

impl LockState {
    /// Who holds it and who waits, in words.
    pub(super) fn words(&self, name: &impl Fn(&ClientId) -> String) -> String {
        let holder = match &self.holder {
            None => "free".to_owned(),
            Some(client) => format!("held by {}", name(client)),
        };
        if self.queue.is_empty() {
            return holder;
        }
        let queue: Vec<String> = self.queue.iter().map(name).collect();
        format!("{holder}, with {} waiting", queue.join(" before "))
    }
}

impl Model for FifoLock {
    type State = LockState;
    type Op = LockCall;
    /// Whether it came to pass.
    type Outcome = bool;

    fn init(&self) -> LockState {
        LockState::default()
    }

    fn step(&self, state: &LockState, op: &LockCall, outcome: Option<&bool>) -> Option<LockState> {
        let mut after = state.clone();
        let client = op.client;
        let holds = state.holder == Some(client);
        let done = match op.deed {
            LockDeed::Join => !holds && !state.queue.contains(&client),
            LockDeed::Enter => state.holder.is_none() && state.queue.front() == Some(&client),
            LockDeed::Try => state.holder.is_none() && state.queue.is_empty(),
            LockDeed::Leave => holds,
        };
        if outcome.is_some_and(|outcome| *outcome != done) {
            return None;
        }
        match op.deed {
            _ if !done => {}
            LockDeed::Join => after.queue.push_back(client),
            LockDeed::Enter => {
                after.queue.pop_front();
                after.holder = Some(client);
            }
            LockDeed::Try => after.holder = Some(client),
            LockDeed::Leave => after.holder = None,
        }
        Some(after)
    }

    fn is_read(&self, _op: &LockCall) -> bool {
        false
    }

    fn looks(&self, _op: &LockCall, outcome: Option<&bool>) -> bool {
        outcome == Some(&false)
    }

    fn weight(&self, state: &LockState) -> usize {
        state.queue.len() * size_of::<ClientId>()
    }

    fn part<'a>(&self, op: &'a LockCall) -> &'a str {
        &op.lock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_lists_grow_at_their_ends() {
        let get = |key: &str| TextCall::Get(key.into());
        let append = TextCall::Append("a".into(), "xy".into());
        let state = TextStore
            .step(&TextStore.init(), &append, None)
            .expect("any");
        let state = TextStore.step(&state, &append, None).expect("any");
        let read = |text: &str| TextStore.step(&state, &get("a"), Some(&Some(text.into())));
        assert!(read("xyxy").is_some() && read("xy").is_none());

        let list = AppendList.step(&AppendList.init(), &ListCall::Append("l".into(), 4), None);
        let list = list.expect("any");
        let read = |of: &[i64]| {
            AppendList.step(&list, &ListCall::Read("l".into()), Some(&Some(of.to_vec())))
        };
        assert!(read(&[4]).is_some() && read(&[]).is_none());
    }

    #[test]
    fn nobody_enters_before_who_joined_first() {
        let call = |client, deed| LockCall {
            client,
            lock: "a".into(),
            deed,
        };
        let mut state = FifoLock.init();
        for (client, deed, outcome) in [
            (1, LockDeed::Join, true),
            (2, LockDeed::Join, true),
            (2, LockDeed::Enter, false),
            (2, LockDeed::Join, false),
            (3, LockDeed::Try, false),
            (1, LockDeed::Enter, true),
            (2, LockDeed::Enter, false),
            (2, LockDeed::Leave, false),
            (1, LockDeed::Leave, true),
            (3, LockDeed::Try, false),
            (2, LockDeed::Enter, true),
            (2, LockDeed::Leave, true),
            (3, LockDeed::Try, true),
        ] {
            let op = call(client, deed);
            assert!(
                FifoLock.step(&state, &op, Some(&!outcome)).is_none(),
                "{op:?}"
            );
            state = FifoLock
                .step(&state, &op, Some(&outcome))
                .expect("the answer fits");
        }
    }
}
