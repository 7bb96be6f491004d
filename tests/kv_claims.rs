//! What scripts and links claim of a key: contexts that nobody was ever given. The store takes them at
//! their word, and what honest clients write afterwards is stored all the same.
#![cfg(not(target_arch = "wasm32"))]

#[path = "kv/desk.rs"]
#[allow(dead_code)] // the desk has more drawers than are opened here
mod desk;

use desk::{Desk, blind, knowing, put, strict, text};
use std::sync::Arc;
use synod::base::{ClientId, Core};
use synod::protocol::kv::{
    Actor, Clocks, Context, Kv, Milestone, Options, Refusal, Reply, Resolver, Value, VersionVector,
};

/// More than any counter may be.
const MOST: u64 = (1 << 53) - 1;

fn claim(actor: Actor, counter: u64) -> Arc<Context> {
    let clock: VersionVector = [(actor, counter)].into_iter().collect();
    let (key, read) = ("x".into(), Vec::new());
    Arc::new(Context { key, clock, read })
}

/// Somebody tells node 1 of writes that node 0 has never made. Node 0's next ones are not taken for
/// those: once it has heard the claim it counts under another name.
#[test]
fn a_claim_does_not_swallow_honest_writes() {
    for clocks in [Clocks::Dvv, Clocks::ServerVv] {
        for counter in [7, MOST] {
            let mut desk = Desk::new(
                3,
                Options {
                    clocks,
                    ..strict(3, 2, 2)
                },
            );
            let claimed = claim(desk.cores[0].actor(), counter);
            desk.ask(1, 1, knowing("x", text("claimed"), &claimed));
            desk.deliver_all();
            let honest = desk.ask(0, 2, blind("x", text("honest")));
            desk.deliver_all();
            assert!(matches!(desk.reply(honest), Some(Reply::Stored(_))));
            for id in 0..3 {
                let held = desk.values(id, "x");
                assert_eq!(held, ["claimed", "honest"], "node {id}, {clocks:?}");
            }
            // It is still itself: what its client has read, it replaces.
            desk.read(0, 2, "x");
            desk.ask(0, 2, put("x", text("both")));
            desk.deliver_all();
            assert!(
                (0..3).all(|id| desk.values(id, "x") == ["both"]),
                "{clocks:?}"
            );
        }
    }
}

/// A client's own counter has an end; whoever claims to have reached it is refused, and the key is as
/// good as before.
#[test]
fn nobody_counts_beyond_the_end() {
    let options = Options {
        clocks: Clocks::ClientVv,
        ..strict(3, 2, 2)
    };
    let mut desk = Desk::new(3, options);
    let client: ClientId = 1;
    let claimed = claim(Actor::client(client), MOST);
    let request = desk.ask(1, client, knowing("x", text("claimed"), &claimed));
    let why = Reply::Refused(Refusal::UnknownContext);
    assert_eq!(desk.reply(request), Some(&why));
    let honest = desk.ask(1, 2, put("x", text("honest")));
    desk.deliver_all();
    assert!(matches!(desk.reply(honest), Some(Reply::Stored(_))));
    assert!((0..3).all(|id| desk.values(id, "x") == ["honest"]));
}

/// Options that would make a run of nothing but comparisons are refused; none at all is fine.
#[test]
fn comparing_takes_its_time() {
    let with = |ms: &str| {
        let options: Options = serde_json::from_str(&format!("{{\"anti_entropy_ms\": {ms}}}"))
            .expect("they are well formed");
        Kv::check_options(&options, 5)
    };
    assert!(with("0.001").is_err() && with("0.999").is_err());
    assert!(with("0").is_ok() && with("1").is_ok());
}

/// Where a resolver answers, the fact says what the client was told, beside what stands.
#[test]
fn a_fact_says_what_a_resolver_has_made() {
    for (resolver, made, words) in [
        (Resolver::Max, vec![Value::Number(9)], ": 9, made of 4 | 9"),
        (
            Resolver::Union,
            vec![Value::set([Value::Number(4), Value::Number(9)])],
            ": [4, 9], made of 4 | 9",
        ),
        (
            Resolver::Siblings,
            vec![Value::Number(4), Value::Number(9)],
            ": 4 | 9",
        ),
    ] {
        let mut desk = Desk::new(
            2,
            Options {
                resolver,
                ..strict(2, 1, 2)
            },
        );
        desk.ask(0, 1, blind("x", Value::Number(4)));
        desk.ask(1, 2, blind("x", Value::Number(9)));
        desk.deliver_all();
        assert_eq!(desk.read(0, 3, "x").values[..], made[..]);
        let told = desk.facts.iter().find_map(|(id, fact)| match fact {
            Milestone::Answered { values, .. } => Some((*id, fact, values)),
            _ => None,
        });
        let (id, fact, values) = told.expect("it was answered");
        assert_eq!(values[..], made[..]);
        let sentence = synod::base::Milestone::sentence(fact, id);
        assert!(sentence.ends_with(words), "{sentence}");
    }
}
