//! The JSON Schemas of the public formats: made from the Rust types, checked in under docs/, and held
//! against the Rust reader. `UPDATE=1 cargo test --test schema` rewrites them.
#![cfg(not(target_arch = "wasm32"))]

#[path = "common/mutate.rs"]
mod mutate;

use mutate::{gallery, mutation};
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};
use std::fs;
use synod::check::{Document, Judgement};
use synod::protocol::kv;
use synod::protocol::locks;
use synod::protocol::machine::{KvMachine, KvOp};
use synod::protocol::paxos;
use synod::protocol::pbft;
use synod::protocol::raft::{Message, Op, Options, View};
use synod::protocol::sequence;
use synod::scenario::{ProtocolInfo, Report, Scenario, ScenarioError};
use synod::sim::{MessageDetail, NodeDetail, TraceEvent, ViolationRecord};

#[test]
fn the_checked_in_schemas_are_those_of_the_types() {
    let read = SchemaSettings::draft2020_12().for_deserialize();
    let scenario = read.into_generator().into_root_schema_for::<Scenario>();
    let written = SchemaSettings::draft2020_12().for_serialize();
    let report = written.into_generator().into_root_schema_for::<Report>();
    let read = SchemaSettings::draft2020_12().for_deserialize();
    let history = read.into_generator().into_root_schema_for::<Document>();
    let written = SchemaSettings::draft2020_12().for_serialize();
    let judgement = written.into_generator().into_root_schema_for::<Judgement>();
    for (name, schema) in [
        ("scenario", Value::from(scenario)),
        ("report", Value::from(report)),
        ("history", Value::from(history)),
        ("judgement", Value::from(judgement)),
        ("face", face()),
    ] {
        let text = format!("{}\n", serde_json::to_string_pretty(&schema).expect("JSON"));
        let path = format!("docs/{name}.schema.json");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &text).expect("docs/ can be written");
        }
        let checked_in = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            checked_in == text,
            "{path} is not that of the types: UPDATE=1 rewrites it"
        );
    }
}

/// What crosses between Rust and JavaScript beside scenarios and reports, as definitions alone.
fn face() -> Value {
    let mut written = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator();
    written.subschema_for::<ProtocolInfo>();
    written.subschema_for::<NodeDetail>();
    written.subschema_for::<MessageDetail>();
    written.subschema_for::<TraceEvent>();
    written.subschema_for::<ViolationRecord>();
    written.subschema_for::<ScenarioError>();
    written.subschema_for::<View<KvMachine>>();
    written.subschema_for::<Message<KvMachine>>();
    written.subschema_for::<kv::View>();
    written.subschema_for::<kv::Message>();
    written.subschema_for::<kv::Reply>();
    written.subschema_for::<locks::LockTable>();
    written.subschema_for::<locks::Dials>();
    written.subschema_for::<locks::Fact>();
    written.subschema_for::<locks::LockOutput>();
    written.subschema_for::<paxos::View>();
    written.subschema_for::<paxos::Message>();
    written.subschema_for::<pbft::View>();
    written.subschema_for::<pbft::Message>();
    written.subschema_for::<sequence::View>();
    written.subschema_for::<sequence::Message>();
    written.subschema_for::<sequence::Reply>();
    written.subschema_for::<sequence::Change>();
    let mut read = SchemaSettings::draft2020_12()
        .for_deserialize()
        .into_generator();
    read.subschema_for::<Options>();
    read.subschema_for::<Op<KvOp>>();
    read.subschema_for::<kv::Options>();
    read.subschema_for::<locks::Options>();
    read.subschema_for::<locks::LockOp>();
    read.subschema_for::<kv::Op>();
    read.subschema_for::<paxos::Options>();
    read.subschema_for::<paxos::Op>();
    read.subschema_for::<pbft::Options>();
    read.subschema_for::<sequence::Options>();
    read.subschema_for::<sequence::Op>();
    let definitions = |generator: &mut SchemaGenerator| generator.take_definitions(true);
    let mut all: Map<String, Value> = definitions(&mut written);
    all.extend(definitions(&mut read));
    all.sort_keys();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Face",
        "description": "What crosses between the wasm module and JavaScript, beside scenarios and reports.",
        "$defs": all,
    })
}

#[test]
fn the_schema_takes_what_the_reader_takes() {
    let text = fs::read_to_string("docs/scenario.schema.json").expect("it is checked in");
    let schema: Value = serde_json::from_str(&text).expect("it is JSON");
    let schema = jsonschema::validator_for(&schema).expect("it is a schema");
    let gallery = gallery("raft");
    for document in &gallery {
        assert!(schema.is_valid(document), "{document}");
    }
    let (mut both, mut neither) = (0, 0);
    for n in 0..4_000 {
        let document = mutation(n, &gallery);
        let read = Scenario::read(document.clone());
        let errors: Vec<String> = schema
            .iter_errors(&document)
            .map(|e| e.to_string())
            .collect();
        match (read.is_ok(), errors.is_empty()) {
            (true, true) => both += 1,
            (false, false) => neither += 1,
            (true, false) => {
                panic!("the reader takes what the schema refuses: {errors:?}\n{document}")
            }
            // What a schema cannot say: that a node is there, and that the least comes first.
            (false, true) => {}
        }
    }
    assert!(both > 400 && neither > 1_000, "{both} {neither}");
}
