//! What clients keep, and what they type by themselves.

use super::op::{Delete, Insert, Op, Refusal, Reply};
use crate::base::{ClientId, Draws, Judgement};

/// What a client remembers.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// How long the text was when it last heard.
    len: u32,
}

impl Memory {
    /// What the client makes of an answer.
    pub(super) fn judge(&mut self, reply: Option<&Reply>) -> Judgement {
        match reply {
            None => Judgement::Wait,
            Some(Reply::Done { len, .. }) => {
                self.len = *len;
                Judgement::Done
            }
            Some(Reply::Text(text)) => {
                self.len = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
                Judgement::Done
            }
            Some(Reply::Refused(why)) => {
                if let Refusal::BeyondEnd { len, .. } = why {
                    self.len = *len;
                }
                Judgement::Refused(why.to_string())
            }
        }
    }
}

/// Names of the built-in clients' ways.
pub(super) const WORKLOADS: &[&str] = &["typing", "one_place", "revising"];

/// What they type: each client begins at another word.
const WORDS: [&str; 24] = [
    "every ",
    "harbour ",
    "keeps ",
    "a ",
    "lamp ",
    "for ",
    "late ",
    "ships, ",
    "and ",
    "nobody ",
    "asks ",
    "which ",
    "of ",
    "them ",
    "came ",
    "first. ",
    "Tides ",
    "write ",
    "over ",
    "sand; ",
    "we ",
    "read ",
    "what ",
    "remains. ",
];

/// `typing`: writes words at a cursor, takes some letters back, moves elsewhere now and then.
/// `one_place`: everybody writes at the very start. `revising`: deletes and undoes as much as it
/// writes, so that the text stays short.
pub(super) fn workload(
    workload: usize,
    memory: &Memory,
    client: ClientId,
    n: u64,
    luck: &mut Draws,
) -> Op {
    let part = luck.between(0, 99);
    let place = luck.between(0, u64::from(memory.len)) as u32;
    let word = (u64::from(client) * 5 + n) % WORDS.len() as u64;
    let text = WORDS[word as usize].into();
    let typed = Op::Insert(Insert { at: None, text });
    let erased = Op::Delete(Delete {
        at: None,
        len: 1 + part as u32 % 6,
    });
    match (workload, part) {
        (1, 0..50) => Op::Move(0),
        (1, 50..95) => typed,
        (1, _) => Op::Read,
        (2, 0..35) => typed,
        (2, 35..65) => erased,
        (2, 65..75) => Op::Undo,
        (_, 0..68) => typed,
        (_, 68..82) => erased,
        (_, 82..97) => Op::Move(place),
        _ => Op::Read,
    }
}
