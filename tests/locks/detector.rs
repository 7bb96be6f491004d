//! The detector of deadlocks against one that looks at every edge of the whole graph.

use super::desk::Desk;
use std::collections::{BTreeMap, BTreeSet};
use synod::base::{Chance, ClientId, Draws};
use synod::protocol::locks::{Fact, LockTable, Options, Victim};

/// For each client that waits, all those that it waits for: straight from the definition.
fn edges(table: &LockTable) -> BTreeMap<ClientId, BTreeSet<ClientId>> {
    let mut edges = BTreeMap::new();
    for (_, lock) in table.locks() {
        let queue: Vec<_> = lock.queue.values().collect();
        for (place, waiter) in queue.iter().enumerate() {
            let holders = lock.holders.iter().map(|hold| (hold.client, hold.mode));
            let before = queue[..place]
                .iter()
                .map(|other| (other.client, other.mode));
            let all = holders
                .chain(before)
                .filter(|(other, mode)| *other != waiter.client && waiter.mode.conflicts(*mode))
                .map(|(other, _)| other);
            edges.insert(waiter.client, all.collect());
        }
    }
    edges
}

fn is_stuck(edges: &BTreeMap<ClientId, BTreeSet<ClientId>>, client: ClientId) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), vec![client]);
    while let Some(at) = next.pop() {
        for other in edges.get(&at).into_iter().flatten() {
            if *other == client {
                return true;
            }
            if seen.insert(*other) {
                next.push(*other);
            }
        }
    }
    false
}

/// One of the things that clients do, at random.
fn act(desk: &mut Desk, luck: &mut Draws, clients: u64, locks: u64) -> ClientId {
    let client = luck.between(0, clients - 1) as ClientId;
    let lock = luck.between(0, locks - 1);
    let shared = if luck.between(0, 2) == 0 {
        r#", {"mode": "shared"}"#
    } else {
        ""
    };
    // One that waits mostly goes on waiting.
    let waits = desk.table().wait_of(client).map(|wait| wait.serial);
    match (luck.between(0, 19), waits) {
        (0, Some(serial)) => {
            desk.propose(&synod::protocol::locks::LockOp::EndWait { client, serial })
        }
        (1, _) => desk.expire(client),
        (_, Some(_)) => {}
        (2..8, None) => {
            desk.ask(client, &format!(r#"{{"release": ["l{lock}"]}}"#));
        }
        _ => {
            desk.ask(client, &format!(r#"{{"acquire": ["l{lock}"{shared}]}}"#));
        }
    }
    client
}

#[test]
fn finds_a_circle_where_there_is_one_and_nowhere_else() {
    let (mut circles, mut long, mut free) = (0, 0, 0);
    for seed in 0..300 {
        let mut luck = Draws::new(Chance::from_seed(seed));
        let options = Options {
            detect: false,
            ..Options::default()
        };
        let mut desk = Desk::new(options);
        let (clients, locks) = (luck.between(2, 12), luck.between(1, 8));
        for _ in 0..60 {
            let client = act(&mut desk, &mut luck, clients, locks);
            let edges = edges(desk.table());
            let stuck: Vec<_> = edges.keys().filter(|one| is_stuck(&edges, **one)).collect();
            // The search rests on there being no circle but through the one that it starts from.
            let cycle = desk.table().cycle_from(client);
            if is_stuck(&edges, client) {
                let cycle = cycle.unwrap_or_else(|| panic!("seed {seed}: {edges:?}"));
                assert_eq!(cycle[0], client);
                for (place, one) in cycle.iter().enumerate() {
                    let next = cycle[(place + 1) % cycle.len()];
                    assert!(
                        edges[one].contains(&next),
                        "seed {seed}: {cycle:?} {edges:?}"
                    );
                }
                let different: BTreeSet<_> = cycle.iter().collect();
                assert_eq!(different.len(), cycle.len(), "seed {seed}: {cycle:?}");
                circles += 1;
                long += u32::from(cycle.len() > 2);
                break;
            }
            assert_eq!(cycle, None, "seed {seed}: {edges:?}");
            assert!(
                stuck.is_empty(),
                "seed {seed}: a circle that does not lead through {client}"
            );
            free += 1;
        }
    }
    assert!(
        circles > 100 && long > 30 && free > 5_000,
        "{circles} {long} {free}"
    );
}

#[test]
fn no_circle_outlives_a_request_and_every_victim_is_on_one() {
    let mut victims = 0;
    for seed in 0..300 {
        let mut luck = Draws::new(Chance::from_seed(seed).of(1));
        let victim = [Victim::Youngest, Victim::FewestLocks, Victim::Requester];
        let options = Options {
            victim: victim[luck.between(0, 2) as usize],
            ..Options::default()
        };
        let mut desk = Desk::new(options);
        let (clients, locks) = (luck.between(2, 12), luck.between(1, 8));
        for _ in 0..150 {
            act(&mut desk, &mut luck, clients, locks);
            let edges = edges(desk.table());
            let stuck = edges.keys().find(|client| is_stuck(&edges, **client));
            assert_eq!(stuck, None, "seed {seed}: {edges:?}");
            for fact in desk.facts.drain(..) {
                if let Fact::Deadlock { cycle, victim } = fact {
                    assert!(cycle.len() > 1 && cycle.contains(&victim));
                    victims += 1;
                }
            }
        }
    }
    assert!(victims > 500, "{victims}");
}

#[test]
fn a_victim_loses_its_wait_and_nothing_else() {
    for (policy, expected) in [
        (Victim::Youngest, 2),
        (Victim::FewestLocks, 1),
        (Victim::Requester, 0),
    ] {
        let options = Options {
            victim: policy,
            ..Options::default()
        };
        let mut desk = Desk::new(options);
        desk.granted(0, r#"{"acquire": ["a"]}"#);
        desk.granted(0, r#"{"acquire": ["a0"]}"#);
        desk.granted(1, r#"{"acquire": ["b"]}"#);
        desk.granted(2, r#"{"acquire": ["c"]}"#);
        desk.granted(2, r#"{"acquire": ["c0"]}"#);
        assert_eq!(desk.told(1, r#"{"acquire": ["c"]}"#), "waits");
        assert_eq!(desk.told(2, r#"{"acquire": ["a"]}"#), "waits");
        assert_eq!(desk.told(0, r#"{"acquire": ["b"]}"#), "waits");
        let (victim, error) = desk.answers.pop().expect("somebody is refused");
        assert_eq!(victim, expected, "{policy:?}");
        assert_eq!(
            super::desk::json(&error),
            r#"{"refused":{"deadlock":[0,1,2]}}"#
        );
        assert!(desk.answers.is_empty());
        let waiting = (0..3).filter(|client| desk.table().wait_of(*client).is_some());
        assert_eq!(waiting.count(), 2);
        let holds = |client| {
            desk.table()
                .session(client)
                .map(|session| session.holds.len())
        };
        assert_eq!([holds(0), holds(1), holds(2)], [Some(2), Some(1), Some(2)]);
    }
}

#[test]
fn a_long_queue_costs_the_search_nothing_and_is_named_where_it_matters() {
    let mut desk = Desk::new(Options::default());
    desk.granted(0, r#"{"acquire": ["a", {"mode": "shared"}]}"#);
    desk.granted(1, r#"{"acquire": ["b"]}"#);
    // Client 2 wants a alone; client 1 could share it with 0, but must not overtake 2.
    assert_eq!(desk.told(2, r#"{"acquire": ["a"]}"#), "waits");
    assert_eq!(
        desk.told(1, r#"{"acquire": ["a", {"mode": "shared"}]}"#),
        "waits"
    );
    assert_eq!(desk.told(0, r#"{"acquire": ["b"]}"#), "waits");
    let cycle = desk.facts.iter().find_map(|fact| match fact {
        Fact::Deadlock { cycle, .. } => Some(cycle.to_vec()),
        _ => None,
    });
    assert_eq!(
        cycle,
        Some(vec![0, 1, 2]),
        "client 1 waits for 2, and 2 for 0"
    );
}
