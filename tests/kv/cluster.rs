//! Who keeps what: the ring, standing in, comparing, coming and going, and forgetting.

use super::desk::{Desk, blind, delete, node, put, strict, text};
use synod::base::{Micros, NodeId, Wire};
use synod::protocol::kv::{
    Message, Milestone, Op, Options, Refusal, Reply, Timer, Value, position_of,
};

fn replicas(desk: &Desk, key: &str) -> Vec<usize> {
    let list = desk.cores[0].ring().replicas(position_of(key));
    list.iter().map(|node| node.index()).collect()
}

/// A key of which `id` is no replica.
fn foreign_key(desk: &Desk, id: usize) -> String {
    let mut keys = (0..).map(|n| format!("key {n}"));
    keys.find(|key| !replicas(desk, key).contains(&id))
        .expect("there is one")
}

/// Section 4.5: who keeps no copy hands the request on to the first of those who do and who seem to
/// be up.
#[test]
fn requests_are_handed_on_to_a_replica() {
    let mut desk = Desk::new(5, strict(3, 2, 2));
    let key = foreign_key(&desk, 4);
    let request = desk.ask(4, 1, put(&key, text("a")));
    let first = replicas(&desk, &key)[0];
    assert!(
        matches!(&desk.letters[0], (from, to, Message::Forward(_)) if from.index() == 4 && to.index() == first)
    );
    desk.deliver_all();
    assert!(matches!(desk.reply(request), Some(Reply::Stored(_))));
    assert!(desk.values(4, &key).is_empty(), "it keeps no copy");
    for id in replicas(&desk, &key) {
        assert_eq!(desk.values(id, &key), ["a"]);
    }
}

/// Lets nodes find out that others are silent.
fn suspect(desk: &mut Desk, up: &[usize]) {
    let beats = desk.options.suspect.0 / desk.options.gossip.0 + 2;
    desk.beat(up, beats as usize);
}

/// Section 4.6: the next node on the ring stands in for one that seems to be down, keeps what it
/// takes for it, and hands it over when the other is back.
#[test]
fn the_next_node_stands_in_and_hands_over() {
    let mut desk = Desk::new(4, Options::default());
    let key = foreign_key(&desk, 3);
    let list = replicas(&desk, &key);
    let (away, coordinator) = (list[2], list[0]);
    let up: Vec<usize> = (0..4).filter(|id| *id != away).collect();
    suspect(&mut desk, &up);
    assert_eq!(desk.cores[coordinator].suspects(), [node(away)]);
    let request = desk.ask(coordinator, 1, put(&key, text("a")));
    desk.deliver(|(_, to, _)| to.index() == away);
    assert!(matches!(desk.reply(request), Some(Reply::Stored(_))));
    assert_eq!(desk.values(3, &key), ["a"], "it stands in");
    assert_eq!(desk.cores[3].owed()[&*key].to, [node(away)]);
    // It keeps trying, and keeps the copy, until the other says that it has it.
    desk.beat(&up, 3);
    assert_eq!(desk.values(3, &key), ["a"]);
    let all: Vec<usize> = (0..4).collect();
    desk.beat(&all, 20);
    assert_eq!(desk.values(away, &key), ["a"]);
    assert!(desk.values(3, &key).is_empty() && desk.cores[3].owed().is_empty());
}

/// A letter that gets lost is no handing over.
#[test]
fn what_is_kept_for_others_is_kept_until_it_has_arrived() {
    let mut desk = Desk::new(4, Options::default());
    let key = foreign_key(&desk, 3);
    let away = replicas(&desk, &key)[2];
    let up: Vec<usize> = (0..4).filter(|id| *id != away).collect();
    suspect(&mut desk, &up);
    desk.ask(replicas(&desk, &key)[0], 1, put(&key, text("a")));
    desk.deliver(|(_, to, _)| to.index() == away);
    for _ in 0..10 {
        for id in 0..4 {
            desk.clocks[id] += desk.options.gossip;
            desk.fire(id, Timer::Gossip);
        }
        desk.deliver(|(_, _, message)| matches!(message, Message::Handoff(_)));
    }
    assert_eq!(desk.values(3, &key), ["a"], "every letter with it was lost");
}

/// Strict quorums do not move: nobody stands in, and without W of the N there is no write.
#[test]
fn nobody_stands_in_where_quorums_are_strict() {
    let mut desk = Desk::new(5, strict(3, 2, 2));
    let key = foreign_key(&desk, 4);
    let list = replicas(&desk, &key);
    let up: Vec<usize> = (0..5).filter(|id| !list[1..].contains(id)).collect();
    suspect(&mut desk, &up);
    let request = desk.ask(list[0], 1, put(&key, text("a")));
    desk.deliver(|(_, to, _)| list[1..].contains(&to.index()));
    assert!(desk.reply(request).is_none());
    assert!(desk.cores.iter().all(|core| core.owed().is_empty()));
    // The same with sloppy quorums is a write.
    let mut desk = Desk::new(5, Options::default());
    suspect(&mut desk, &up);
    let request = desk.ask(list[0], 1, put(&key, text("a")));
    desk.deliver(|(_, to, _)| list[1..].contains(&to.index()));
    assert!(matches!(desk.reply(request), Some(Reply::Stored(_))));
}

/// After half of its patience a coordinator turns to others in place of those that are silent, even
/// though they do not seem to be down yet.
#[test]
fn a_coordinator_widens_its_circle() {
    let mut desk = Desk::new(5, Options::default());
    let key = foreign_key(&desk, 4);
    let list = replicas(&desk, &key);
    let request = desk.ask(list[0], 1, put(&key, text("a")));
    desk.letters.clear();
    desk.clocks[list[0]] += Micros(desk.options.patience.0 / 2);
    desk.fire(list[0], Timer::Patience);
    desk.deliver(|(_, to, _)| list[1..].contains(&to.index()));
    assert!(matches!(desk.reply(request), Some(Reply::Stored(_))));
    for owner in &list[1..] {
        let stands_in = |id: &usize| {
            let mut owed = desk.cores[*id].owed().values();
            owed.any(|owed| owed.to == [node(*owner)])
        };
        assert_eq!((0..5).filter(stands_in).count(), 1, "for node {owner}");
    }
}

/// Section 4.7: two nodes find what differs without telling each other what does not.
#[test]
fn comparing_costs_what_differs() {
    let mut desk = Desk::new(2, strict(2, 1, 2));
    for n in 0..3_000 {
        desk.ask(0, 1, blind(&format!("key {n}"), Value::Number(n)));
        desk.deliver_all();
    }
    let differing: Vec<String> = [7, 700, 2_900].map(|n| format!("key {n}")).into();
    for key in &differing {
        desk.ask(0, 2, blind(key, text("changed")));
    }
    desk.ask(1, 3, blind("key 44", text("changed elsewhere")));
    desk.letters.clear();
    let (mut items, mut letters) = (0, 0);
    desk.fire(0, Timer::AntiEntropy);
    while let Some((from, to, message)) = desk.letters.pop_front() {
        letters += 1;
        if let Message::Entries(entries) = &message {
            items += entries.items.len();
        }
        let answers = desk.hand(from.index(), to.index(), message);
        desk.letters.extend(answers);
    }
    assert!(items <= 2 * 4, "{items} keys were sent for 4 that differ");
    assert!(letters <= 24, "{letters} letters");
    for key in differing.iter().map(String::as_str).chain(["key 44"]) {
        assert_eq!(desk.cores[0].item(key), desk.cores[1].item(key));
        assert_eq!(desk.values(0, key).len(), 2);
    }
    // Then there is nothing to say.
    desk.fire(0, Timer::AntiEntropy);
    desk.deliver_all();
    let synced = desk
        .facts
        .iter()
        .filter(|(_, fact)| matches!(fact, Milestone::Synced { .. }));
    assert!(synced.count() <= 4);
}

/// Section 4.9: a newcomer gets the keys of its ranges, and those who kept them let go of the copies
/// that they need no longer.
#[test]
fn a_newcomer_gets_its_share() {
    let mut desk = Desk::new(4, strict(2, 1, 2));
    for n in 0..120 {
        desk.ask(n % 4, 1, put(&format!("key {n}"), Value::Number(n as i64)));
        desk.deliver_all();
    }
    let newcomer = desk.join();
    let request = desk.ask(0, 9, Op::Join(node(newcomer)));
    assert_eq!(desk.reply(request), Some(&Reply::Changed));
    let all: Vec<usize> = (0..5).collect();
    desk.beat(&all, 60);
    for core in &desk.cores {
        assert_eq!(core.ring().members().len(), 5);
        assert!(core.owed().is_empty());
    }
    assert!(!desk.cores[newcomer].store().is_empty());
    for n in 0..120 {
        let key = format!("key {n}");
        let list = replicas(&desk, &key);
        for id in 0..5 {
            let expected = if list.contains(&id) {
                vec![n.to_string()]
            } else {
                Vec::new()
            };
            assert_eq!(desk.values(id, &key), expected, "{key} at node {id}");
        }
    }
}

/// Section 4.9: one that leaves hands over all that it keeps, to the last key; then it is gone.
#[test]
fn one_that_leaves_hands_everything_over() {
    let mut desk = Desk::new(4, strict(1, 1, 1));
    for n in 0..80 {
        desk.ask(n % 4, 1, put(&format!("key {n}"), Value::Number(n as i64)));
        desk.deliver_all();
    }
    assert!(!desk.cores[2].store().is_empty());
    desk.ask(0, 9, Op::Leave(node(2)));
    let all: Vec<usize> = (0..4).collect();
    desk.beat(&all, 60);
    assert!(desk.cores[2].store().is_empty());
    assert!(
        desk.facts
            .iter()
            .any(|(id, fact)| *id == node(2) && *fact == Milestone::Emptied)
    );
    for n in 0..80 {
        let found = desk.read(0, 5, &format!("key {n}"));
        assert_eq!(found.values[..], [Value::Number(n as i64)]);
    }
    // As many stay as reads and writes need.
    let mut desk = Desk::new(2, strict(2, 2, 1));
    let request = desk.ask(0, 9, Op::Leave(node(1)));
    let why = Reply::Refused(Refusal::MustStay(2));
    assert_eq!(desk.reply(request), Some(&why));
}

/// Two nodes that see different rings do not hand a key to each other and then both forget it.
#[test]
fn only_who_keeps_a_key_takes_it_for_good() {
    let mut desk = Desk::new(3, strict(1, 1, 1));
    let key = (0..)
        .map(|n| format!("key {n}"))
        .find(|key| replicas(&desk, key) == [2])
        .expect("there is one");
    desk.ask(2, 1, put(&key, text("a")));
    desk.ask(2, 9, Op::Leave(node(2)));
    // Node 2 knows that it has left; the others still take it for the one who keeps the key.
    let _ = desk.hold(|(_, _, message)| matches!(message, Message::Gossip(_)));
    desk.clocks[2] += desk.options.gossip;
    desk.fire(2, Timer::Gossip);
    let handoffs = desk.hold(|(_, _, message)| matches!(message, Message::Handoff(_)));
    let (from, to, handoff) = handoffs[0].clone();
    desk.letters.clear();
    let answer = desk.hand(from.index(), to.index(), handoff);
    assert!(answer.is_empty(), "it does not confirm: {answer:?}");
    assert_eq!(desk.values(2, &key), ["a"]);
}

fn grave_desk() -> Desk {
    let options = Options {
        grace: Micros::from_ms(500),
        read_repair: false,
        ..strict(3, 1, 1)
    };
    let mut desk = Desk::new(3, options);
    desk.ask(0, 1, put("x", text("a")));
    desk.deliver_all();
    desk
}

fn holds(desk: &Desk, id: usize) -> bool {
    desk.cores[id].item("x").is_some()
}

/// RULES: a tombstone is forgotten only when every replica has it. While one that is away may have
/// the value, it stays.
#[test]
fn a_tombstone_stays_while_somebody_is_away() {
    let mut desk = grave_desk();
    desk.ask(0, 1, delete("x"));
    desk.deliver(|(_, to, _)| to.index() == 2);
    desk.beat(&[0, 1], 60);
    assert!(
        holds(&desk, 0) && holds(&desk, 1),
        "node 2 has not said anything"
    );
    // It comes back with the value, and learns that it was deleted.
    assert_eq!(desk.values(2, "x"), ["a"]);
    desk.beat(&[0, 2], 2);
    desk.compare(0, 2);
    assert!(desk.values(2, "x").is_empty() && holds(&desk, 2));
    desk.beat(&[0, 1, 2], 30);
    assert!(
        !holds(&desk, 0) && !holds(&desk, 1) && !holds(&desk, 2),
        "now all forget it"
    );
    let reaped = desk
        .facts
        .iter()
        .filter(|(_, fact)| matches!(fact, Milestone::Reaped { .. }));
    assert_eq!(reaped.count(), 3);
    assert!(desk.read(0, 5, "x").values.is_empty());
}

/// A message from before the deletion, however late it comes, brings nothing back.
#[test]
fn a_late_message_brings_nothing_back() {
    let mut desk = grave_desk();
    desk.ask(0, 1, put("x", text("b")));
    let late = desk.hold(|(_, to, message)| to.index() == 2 && message.kind() == 1);
    desk.deliver_all();
    desk.ask(0, 1, delete("x"));
    desk.deliver_all();
    desk.beat(&[0, 1, 2], 30);
    assert!((0..3).all(|id| !holds(&desk, id)), "all have forgotten it");
    let (from, to, store) = late[0].clone();
    let answer = desk.hand(from.index(), to.index(), store);
    assert!(!holds(&desk, 2), "it was under way for too long");
    assert!(matches!(answer[..], [(_, _, Message::TooOld { .. })]));
}

/// A message that is too old is asked for again, and then it is as good as any other.
#[test]
fn a_message_that_is_too_old_is_sent_again() {
    let mut desk = Desk::new(3, strict(3, 1, 2));
    // Node 1 has beaten on while nobody heard of it.
    for _ in 0..40 {
        desk.clocks[1] += desk.options.gossip;
        desk.fire(1, Timer::Gossip);
        desk.letters.clear();
    }
    let request = desk.ask(0, 1, put("x", text("a")));
    desk.deliver(|(_, to, _)| to.index() == 2);
    assert!(matches!(desk.reply(request), Some(Reply::Stored(_))));
    assert_eq!(desk.values(1, "x"), ["a"]);
    assert_eq!(desk.ignored, ["a message that may be from long ago"]);
}

/// RULES: a replica that has lost its disk counts under a name that it has never had.
#[test]
fn a_replica_without_its_disk_is_a_new_one() {
    let mut desk = Desk::new(3, strict(3, 1, 1));
    desk.ask(0, 1, put("x", text("a")));
    desk.deliver_all();
    let before = desk.cores[0].actor();
    desk.clocks[0] = Micros::from_ms(700);
    desk.restart(0, false);
    assert_eq!(desk.cores[0].actor(), before, "its disk is there");
    desk.restart(0, true);
    assert_eq!(desk.cores[0].actor().to_string(), "0@700.000");
    // What it writes now is new to everybody.
    desk.ask(0, 2, blind("x", text("b")));
    desk.beat(&[0, 1, 2], 3);
    desk.compare(0, 1);
    for id in [0, 1] {
        assert_eq!(desk.values(id, "x"), ["a", "b"], "node {id}");
    }
}

/// Every node that knows the same members makes the same ring.
#[test]
fn rings_agree() {
    let desk = Desk::new(7, Options::default());
    let first = desk.cores[0].ring();
    assert!(desk.cores.iter().all(|core| core.ring() == first));
    let members: Vec<NodeId> = NodeId::first(7).collect();
    assert_eq!(first.members(), members);
}
