//! A table of locks on a desk: commands are applied one by one, and nothing else happens.

use std::collections::BTreeMap;
use synod::base::{ClientId, Micros, RequestId};
use synod::protocol::locks::{Fact, LockOp, LockOutput, LockTable, Options};
use synod::protocol::machine::{INTERNAL, Outcome, Replicated, StateMachine, Step};

pub struct Desk {
    pub options: Options,
    pub state: Replicated<LockTable>,
    pub index: u64,
    pub serials: BTreeMap<ClientId, u64>,
    /// What those that waited were answered since, in order.
    pub answers: Vec<(ClientId, LockOutput)>,
    pub facts: Vec<Fact>,
}

/// An operation as a scenario writes it.
pub fn op(text: &str) -> LockOp {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub fn json(output: &LockOutput) -> String {
    serde_json::to_string(output).expect("JSON")
}

impl Desk {
    pub fn new(options: Options) -> Desk {
        Desk {
            options,
            state: Replicated::default(),
            index: 0,
            serials: BTreeMap::new(),
            answers: Vec::new(),
            facts: Vec::new(),
        }
    }

    pub fn table(&self) -> &LockTable {
        &self.state.machine
    }

    pub fn apply(&mut self, id: RequestId, op: &LockOp) -> Outcome<LockOutput> {
        self.index += 1;
        let mut step = Step::new(&self.options, self.index, Micros::ZERO);
        let outcome = self.state.apply(&mut step, id, op, true);
        self.facts.extend(step.facts);
        let told = step.answers.into_iter();
        self.answers
            .extend(told.map(|(id, output)| (id.client, output)));
        outcome
    }

    /// A client asks; nothing comes back while it waits.
    pub fn ask(&mut self, client: ClientId, text: &str) -> Option<LockOutput> {
        let serial = self.serials.entry(client).or_default();
        *serial += 1;
        let id = RequestId {
            client,
            serial: *serial,
        };
        match self.apply(id, &op(text)) {
            Outcome::New(output) => Some(output),
            Outcome::Later { again: false } => None,
            other => panic!("{other:?}"),
        }
    }

    /// What a client is told at once, in JSON.
    pub fn told(&mut self, client: ClientId, text: &str) -> String {
        let output = self.ask(client, text);
        output.as_ref().map_or_else(|| "waits".to_owned(), json)
    }

    /// The token of a grant that comes at once.
    pub fn granted(&mut self, client: ClientId, text: &str) -> u64 {
        match self.ask(client, text) {
            Some(LockOutput::Granted { token, .. }) => token,
            other => panic!("client {client}, {text}: {other:?}"),
        }
    }

    /// Who was granted something since, in order, and the token.
    pub fn served(&mut self) -> Vec<(ClientId, u64)> {
        let granted = |(client, output)| match output {
            LockOutput::Granted { token, .. } => Some((client, token)),
            _ => None,
        };
        std::mem::take(&mut self.answers)
            .into_iter()
            .filter_map(granted)
            .collect()
    }

    /// What a leader proposes by its clock.
    pub fn propose(&mut self, op: &LockOp) {
        self.apply(INTERNAL, op);
    }

    pub fn expire(&mut self, client: ClientId) {
        let renewed = self
            .table()
            .session(client)
            .map_or(0, |session| session.renewed);
        self.propose(&LockOp::Expire { client, renewed });
    }

    /// What the leader's clock tells it to propose.
    pub fn due(&self, clocks: &mut <LockTable as StateMachine>::Clocks, ms: u64) -> Vec<String> {
        let due = self.table().due(&self.options, clocks, Micros::from_ms(ms));
        due.iter().map(LockOp::to_string).collect()
    }
}
