//! A client's side: what it remembers of what it has read, what it makes of answers, and what the
//! built-in ones ask.

use super::item::{Context, Item, position_of};
use super::op::{Basis, Found, FoundVersion, Op, Put, Reply};
use super::options::Resolver;
use super::value::{Key, Value};
use crate::base::{ClientId, Draws, Judgement};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a client remembers of each key: what it has read or written last.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// By the key's position on the ring, which is told apart at a glance; those that share one stand
    /// together.
    keys: Arc<BTreeMap<u64, Vec<Known>>>,
}

#[derive(Clone, Debug)]
struct Known {
    context: Arc<Context>,
    values: Arc<[Value]>,
}

impl Memory {
    /// What the client knows of `key`.
    pub fn context(&self, key: &str) -> Option<&Arc<Context>> {
        self.known(key).map(|known| &known.context)
    }

    fn known(&self, key: &str) -> Option<&Known> {
        let same = self.keys.get(&position_of(key))?;
        same.iter().find(|known| *known.context.key == *key)
    }

    fn learn(&mut self, context: &Arc<Context>, values: Option<&Arc<[Value]>>) {
        let keys = Arc::make_mut(&mut self.keys);
        let same = keys.entry(position_of(&context.key)).or_default();
        if let Some(known) = same
            .iter_mut()
            .find(|known| known.context.key == context.key)
        {
            known.context = Arc::clone(context);
            if let Some(values) = values {
                known.values = Arc::clone(values);
            }
            return;
        }
        same.push(Known {
            context: Arc::clone(context),
            values: values.map_or_else(Arc::default, Arc::clone),
        });
    }

    /// What goes along with an operation: the context of the key, if the operation writes and says
    /// nothing else.
    pub(super) fn stamp(&self, op: &Op) -> Option<Arc<Context>> {
        let (key, basis) = match op {
            Op::Put(put) => (&put.key, &put.basis),
            Op::Delete(delete) => (&delete.key, &delete.basis),
            Op::Get(_) | Op::Join(_) | Op::Leave(_) => return None,
        };
        match basis {
            Basis::LastRead => self.context(key).map(Arc::clone),
            Basis::Nothing | Basis::Context(_) => None,
        }
    }

    /// What the client makes of an answer.
    pub(super) fn judge(&mut self, reply: Option<&Reply>) -> Judgement {
        match reply {
            None => Judgement::Wait,
            Some(Reply::Stored(context)) => {
                self.learn(context, None);
                Judgement::Done
            }
            Some(Reply::Found(found)) => {
                self.learn(&found.context, Some(&found.values));
                Judgement::Done
            }
            Some(Reply::Changed) => Judgement::Done,
            Some(Reply::AskAnother) => Judgement::Redirect(None),
            Some(Reply::Refused(why)) => Judgement::Refused(why.to_string()),
        }
    }
}

/// What a read answers that has found `item`: the values as the resolver has them, and the context
/// of all versions.
pub(super) fn found(resolver: Resolver, key: &Key, item: Option<&Item>) -> Found {
    let Some(item) = item else {
        return Found {
            values: Arc::default(),
            versions: Vec::new(),
            context: Arc::new(Context {
                key: Arc::clone(key),
                clock: super::version::VersionVector::new(),
                read: Vec::new(),
            }),
            conflict: false,
        };
    };
    let values = item.values();
    let values: Arc<[Value]> = match resolver {
        // The store has settled it, or nobody has.
        Resolver::Siblings | Resolver::Lww => values.into_iter().cloned().collect(),
        Resolver::Union | Resolver::Max if values.len() < 2 => {
            values.into_iter().cloned().collect()
        }
        Resolver::Union => {
            let members = values.into_iter().flat_map(Value::members);
            [Value::set(members.cloned())].into()
        }
        Resolver::Max => {
            // Numbers come before all else in the order of values, so that the greatest number is
            // the last of them; where there is none, the greatest value is.
            let number = |value: &&&Value| matches!(value, Value::Number(_));
            let numbers = values.iter().filter(number).max();
            let greatest = numbers.or(values.iter().max());
            greatest
                .map(|value| (**value).clone())
                .into_iter()
                .collect()
        }
    };
    let siblings = item.siblings();
    let versions = siblings
        .iter()
        .enumerate()
        .map(|(place, version)| FoundVersion {
            id: version.id(),
            value: version.value().cloned(),
            dot: siblings.dot(place),
        });
    Found {
        versions: versions.collect(),
        context: Arc::new(item.context()),
        conflict: values.len() > 1,
        values,
    }
}

/// Names of the built-in clients' ways.
pub(super) const WORKLOADS: &[&str] = &["mixed", "cart", "blind", "reads"];

/// `mixed`: reads, writes and now and then a deletion of a few names, each write knowing what its
/// client has read last. `cart`: reads a cart and puts one thing more into it. `blind`: writes that
/// know nothing, and reads, of one name. `reads`: nine reads to one write.
pub(super) fn workload(
    workload: usize,
    memory: &Memory,
    client: ClientId,
    n: u64,
    luck: &mut Draws,
) -> Op {
    const NAMES: [&str; 3] = ["x", "y", "z"];
    let fresh = (n as i64)
        .saturating_mul(1_000)
        .saturating_add(i64::from(client % 1_000))
        .saturating_add(1_000);
    let part = luck.between(0, 99);
    let put = |key: &str, value: Value, basis: Basis| {
        let key = key.into();
        Op::Put(Put { key, value, basis })
    };
    if workload == 1 {
        // Reads and writes by turns, so that each write rests on a read.
        let Some(known) = memory.known("cart").filter(|_| !n.is_multiple_of(2)) else {
            return Op::Get("cart".into());
        };
        let bought = Value::Text(format!("c{client}-{}", n / 2 + 1).into());
        let held = known.values.iter().flat_map(Value::members).cloned();
        let cart = Value::set(held.chain([bought]));
        return put("cart", cart, Basis::LastRead);
    }
    let name = match workload {
        2 => "x",
        _ => NAMES[luck.between(0, 2) as usize],
    };
    match (workload, part) {
        (2, 0..60) => put(name, Value::Number(fresh), Basis::Nothing),
        (2, _) => Op::Get(name.into()),
        (3, 0..10) => put(name, Value::Number(fresh), Basis::LastRead),
        (3, _) => Op::Get(name.into()),
        (_, 0..45) => put(name, Value::Number(fresh), Basis::LastRead),
        (_, 45..93) => Op::Get(name.into()),
        _ => Op::Delete(super::op::Delete {
            key: name.into(),
            basis: Basis::LastRead,
        }),
    }
}
