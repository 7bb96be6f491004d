//! Small histories of every model, made up from a number: sound ones, and such with answers as they come.

use synod::base::{Draws, Micros};
use synod::check::{
    AppendList, Call, Consensus, Fenced, FencedCall, FencedResult, FifoLock, KeyValue, KvCall,
    KvResult, ListCall, LockCall, LockDeed, Model, TextCall, TextStore,
};

/// A model with operations and answers made up.
pub trait Made: Model<Outcome: Clone> {
    /// Something to ask.
    fn ask(luck: &mut Draws, client: u32) -> Self::Op;
    /// What an object in that state answers.
    fn reply(&self, state: &Self::State, op: &Self::Op) -> Self::Outcome;
    /// Some answer.
    fn guess(luck: &mut Draws, op: &Self::Op) -> Self::Outcome;
}

fn key(luck: &mut Draws) -> String {
    if luck.between(0, 3) == 0 { "b" } else { "a" }.to_owned()
}

impl Made for KeyValue {
    fn ask(luck: &mut Draws, _: u32) -> KvCall {
        let (key, value) = (key(luck), luck.between(0, 2) as i64);
        match luck.between(0, 7) {
            0..=2 => KvCall::Put(key, value),
            3 => KvCall::Cas(key, Some(value), luck.between(0, 2) as i64),
            4 => KvCall::Delete(key),
            _ => KvCall::Get(key),
        }
    }

    fn reply(&self, state: &Option<i64>, op: &KvCall) -> KvResult {
        match op {
            KvCall::Get(_) => KvResult::Value(*state),
            KvCall::Cas(_, old, _) => KvResult::Swapped(old == state),
            _ => KvResult::Ok,
        }
    }

    fn guess(luck: &mut Draws, op: &KvCall) -> KvResult {
        match op {
            KvCall::Get(_) => KvResult::Value(Some(luck.between(0, 2) as i64)),
            KvCall::Cas(..) => KvResult::Swapped(luck.between(0, 1) == 0),
            _ => KvResult::Ok,
        }
    }
}

impl Made for AppendList {
    fn ask(luck: &mut Draws, _: u32) -> ListCall {
        match luck.between(0, 1) {
            0 => ListCall::Append(key(luck), luck.between(0, 2) as i64),
            _ => ListCall::Read(key(luck)),
        }
    }

    fn reply(&self, state: &Self::State, op: &ListCall) -> Option<Vec<i64>> {
        matches!(op, ListCall::Read(_)).then(|| state.to_vec())
    }

    fn guess(luck: &mut Draws, op: &ListCall) -> Option<Vec<i64>> {
        let length = luck.between(0, 2);
        let list = (0..length).map(|_| luck.between(0, 2) as i64).collect();
        matches!(op, ListCall::Read(_)).then_some(list)
    }
}

impl Made for TextStore {
    fn ask(luck: &mut Draws, _: u32) -> TextCall {
        let letter = ["x", "y"][luck.between(0, 1) as usize].to_owned();
        match luck.between(0, 5) {
            0 => TextCall::Put(key(luck), letter),
            1 | 2 => TextCall::Append(key(luck), letter),
            _ => TextCall::Get(key(luck)),
        }
    }

    fn reply(&self, state: &Self::State, op: &TextCall) -> Option<String> {
        matches!(op, TextCall::Get(_)).then(|| state.to_string())
    }

    fn guess(luck: &mut Draws, op: &TextCall) -> Option<String> {
        let text = ["", "x", "xy", "yx"][luck.between(0, 3) as usize];
        matches!(op, TextCall::Get(_)).then(|| text.to_owned())
    }
}

impl Made for FifoLock {
    fn ask(luck: &mut Draws, client: u32) -> LockCall {
        let deeds = [
            LockDeed::Join,
            LockDeed::Enter,
            LockDeed::Try,
            LockDeed::Leave,
        ];
        LockCall {
            client,
            lock: key(luck),
            deed: deeds[luck.between(0, 3) as usize],
        }
    }

    fn reply(&self, state: &Self::State, op: &LockCall) -> bool {
        self.step(state, op, Some(&true)).is_some()
    }

    fn guess(luck: &mut Draws, _: &LockCall) -> bool {
        luck.between(0, 1) == 0
    }
}

impl Made for Consensus {
    fn ask(luck: &mut Draws, _: u32) -> String {
        ["A", "B", "C"][luck.between(0, 2) as usize].to_owned()
    }

    fn reply(&self, state: &Option<String>, op: &String) -> String {
        state.as_ref().unwrap_or(op).clone()
    }

    fn guess(luck: &mut Draws, _: &String) -> String {
        Consensus::ask(luck, 0)
    }
}

impl Made for Fenced {
    fn ask(luck: &mut Draws, _: u32) -> FencedCall {
        let (token, value) = (luck.between(1, 4), luck.between(0, 2) as i64);
        match luck.between(0, 3) {
            0 => FencedCall::Acquire("lock".into()),
            1 | 2 => FencedCall::Write("thing".into(), token, value),
            _ => FencedCall::Read("thing".into()),
        }
    }

    fn reply(&self, state: &Self::State, op: &FencedCall) -> FencedResult {
        match op {
            FencedCall::Acquire(_) => FencedResult::Granted {
                token: state.0 + 1,
                again: false,
            },
            FencedCall::Write(_, token, _) if *token >= state.0 => FencedResult::Written,
            FencedCall::Write(..) => FencedResult::TooOld,
            FencedCall::Read(_) => FencedResult::Value(state.1, state.0),
        }
    }

    fn guess(luck: &mut Draws, op: &FencedCall) -> FencedResult {
        let token = luck.between(0, 4);
        match op {
            FencedCall::Acquire(_) => FencedResult::Granted {
                token: token + 1,
                again: luck.between(0, 1) == 0,
            },
            FencedCall::Write(..) if luck.between(0, 1) == 0 => FencedResult::Written,
            FencedCall::Write(..) => FencedResult::TooOld,
            FencedCall::Read(_) => FencedResult::Value(Some(luck.between(0, 2) as i64), token),
        }
    }
}

/// A small history by three clients, each of which does one thing at a time; one answer in six is a guess,
/// and one operation in six is never answered.
pub fn history<M: Made>(model: &M, luck: &mut Draws) -> Vec<Call<M::Op, M::Outcome>> {
    let count = luck.between(1, 7);
    let overlap = luck.between(0, 60);
    let mut states: Vec<(String, M::State)> = Vec::new();
    let mut free = [Micros::ZERO; 3];
    (0..count)
        .map(|n| {
            let client = luck.between(0, 2) as u32;
            let op = M::ask(luck, client);
            let part = model.part(&op).to_owned();
            let known = states.iter().position(|(name, _)| *name == part);
            let known = known.unwrap_or_else(|| {
                states.push((part, model.init()));
                states.len() - 1
            });
            let sound = model.reply(&states[known].1, &op);
            let answer = match luck.between(0, 5) {
                0 => M::guess(luck, &op),
                _ => sound.clone(),
            };
            if let Some(after) = model.step(&states[known].1, &op, Some(&sound)) {
                states[known].1 = after;
            }
            let called = Micros(n * 10 + luck.between(0, overlap / 2)).max(free[client as usize]);
            let returned = called + Micros(luck.between(0, overlap));
            let lost = luck.between(0, 5) == 0;
            free[client as usize] = if lost { called } else { returned } + Micros(1);
            Call {
                client,
                op,
                called,
                returned: (!lost).then_some((returned, answer)),
            }
        })
        .collect()
}
