//! What a space-time diagram is drawn from, held against the trace as it is told in words.
#![cfg(not(target_arch = "wasm32"))]

use serde_json::{Value, json};
use std::collections::BTreeMap;
use synod::base::{Micros, NodeId};
use synod::scenario::{Scenario, build};
use synod::sim::{Action, MessageDetail, PeerRecord, Simulation, TraceEvent};

const EVENT: usize = 7;
const FLIGHT: usize = 10;
const WORLD: f64 = 65_535.0;

fn run_of(scenario: Value) -> Box<dyn Simulation> {
    let scenario = Scenario::read(scenario).expect("it is sound");
    build(&scenario, 20_000_000).expect("it fits its protocol")
}

/// Faults of all kinds, clients, loss and copies.
fn troubled(protocol: &str) -> Box<dyn Simulation> {
    let mut run = run_of(json!({
        "protocol": protocol,
        "nodes": 5,
        "network": { "loss": 0.05, "duplicate": 0.05, "latency_ms": [3, 30] },
        "clients": { "count": 2 },
        "script": [
            { "at_ms": 300, "do": "crash", "node": 1 },
            { "at_ms": 420, "do": "pause", "node": 2 },
            { "at_ms": 500, "do": "partition", "groups": [[0, 1], [2, 3, 4]] },
            { "at_ms": 600, "do": "resume", "node": 2 },
            { "at_ms": 700, "do": "heal" },
            { "at_ms": 800, "do": "restart", "node": 1 },
        ],
    }));
    run.advance(Micros::from_ms(1_500)).expect("within budget");
    run
}

struct Window {
    head: Vec<f64>,
    events: Vec<Vec<f64>>,
    flights: Vec<Vec<f64>>,
}

fn window(run: &dyn Simulation, from: u64, to: u64, most: u32) -> Window {
    between(run, Micros::from_ms(from), Micros::from_ms(to), most)
}

fn between(run: &dyn Simulation, from: Micros, to: Micros, most: u32) -> Window {
    let mut out = Vec::new();
    run.window(from, to, most, &mut out);
    let (head, rest) = out.split_at(6);
    let (events, flights) = rest.split_at(head[1] as usize * EVENT);
    assert_eq!(flights.len(), head[2] as usize * FLIGHT);
    let rows = |numbers: &[f64], width| numbers.chunks(width).map(<[f64]>::to_vec).collect();
    Window {
        head: head.to_vec(),
        events: rows(events, EVENT),
        flights: rows(flights, FLIGHT),
    }
}

fn place(event: &TraceEvent) -> f64 {
    match (event.node, event.client) {
        (Some(node), _) => f64::from(node.0),
        (_, Some(client)) => -f64::from(client) - 1.0,
        _ => WORLD,
    }
}

#[test]
fn a_window_holds_the_events_of_its_time_and_no_others() {
    for protocol in ["raft", "paxos", "pbft", "kv", "locks"] {
        let run = troubled(protocol);
        let all = run.events(0, run.length());
        for (from, to) in [(0, 1_500), (280, 330), (500, 500), (1_499, 9_000)] {
            let (from_at, to_at) = (Micros::from_ms(from), Micros::from_ms(to));
            let wanted: Vec<_> = all
                .iter()
                .filter(|event| from_at <= event.at && event.at <= to_at)
                .collect();
            let found = window(run.as_ref(), from, to, u32::MAX);
            assert_eq!(
                found.head[0] as usize,
                wanted.len(),
                "{protocol} {from}..{to}"
            );
            assert_eq!(found.events.len(), wanted.len());
            for (row, event) in found.events.iter().zip(wanted) {
                let cause = event.cause.map_or(-1.0, f64::from);
                let about = event.message.map_or(-1.0, f64::from);
                assert_eq!(row[0], f64::from(event.id));
                assert_eq!(row[1], event.at.as_ms());
                assert_eq!([row[2], row[4], row[5]], [place(event), cause, about]);
                assert_eq!(row[3], f64::from(code(event)), "{event:?}");
            }
        }
    }
}

/// The code of an event by its words; any of those of actions that were done for such.
fn code(event: &TraceEvent) -> u8 {
    use synod::base::Class;
    match (event.kind.as_str(), event.class) {
        ("boot", _) => 0,
        ("deliver", _) => 1,
        ("lose", _) => 2,
        ("fire", _) => 3,
        ("request", _) => 4,
        ("retry", _) => 5,
        ("answer", _) => 6,
        ("refused", _) => 7,
        ("give_up", _) => 8,
        ("milestone", Some(Class::Leadership)) => 10,
        ("milestone", Some(Class::Decision)) => 11,
        ("milestone", Some(Class::Change)) => 12,
        ("milestone", _) => 9,
        ("ignore", _) => 13,
        ("violation", _) => 14,
        _ => match event.name.as_str() {
            "crash" => 24,
            "restart" => 25,
            "pause" | "partition" => 26,
            _ => 27,
        },
    }
}

#[test]
fn a_window_holds_each_message_under_way_in_it() {
    for protocol in ["raft", "paxos", "pbft", "kv", "locks"] {
        let run = troubled(protocol);
        let sent = run.counts().sent;
        let end = run.end().as_ms();
        let mut windows: Vec<_> = [(0, 1_500), (310, 311), (760, 820), (1_490, 1_500)]
            .map(|(from, to)| (Micros::from_ms(from), Micros::from_ms(to)))
            .into();
        // Moments too: what ends with the very next event is under way all through.
        let moments = run.events(200, run.length()).into_iter().step_by(37);
        windows.extend(moments.map(|event| (event.at, event.at)));
        for (from, to) in windows {
            let found = between(run.as_ref(), from, to, u32::MAX);
            let by_number: BTreeMap<u32, &Vec<f64>> = found
                .flights
                .iter()
                .map(|row| (row[0] as u32, row))
                .collect();
            assert_eq!(by_number.len(), found.flights.len(), "each but once");
            let mut wanted = 0;
            for number in 0..sent {
                let message = run.message(number).expect("it was sent");
                let ended = message.event.map(|id| run.events(id, id + 1)[0].at.as_ms());
                let inside = message.sent <= to && ended.unwrap_or(end + 1.0) >= from.as_ms();
                assert_eq!(
                    by_number.contains_key(&number),
                    inside,
                    "{protocol} {number}"
                );
                let Some(row) = by_number.get(&number).filter(|_| inside) else {
                    continue;
                };
                wanted += 1;
                assert_eq!(row[3], f64::from(message.sent_by));
                assert_eq!(row[4], message.sent.as_ms());
                assert_eq!(row[5], message.event.map_or(-1.0, f64::from));
                assert_eq!(row[6], message.due.map_or(-1.0, Micros::as_ms));
                let lost = message.event.is_some() && message.why.is_some();
                let flags =
                    u8::from(message.reply) + 2 * u8::from(lost) + 4 * u8::from(message.copy);
                assert_eq!(row[9] as u8 & 7, flags);
            }
            assert_eq!(found.flights.len(), wanted);
        }
    }
}

#[test]
fn too_many_events_are_counted_and_not_told() {
    let run = troubled("raft");
    let total = window(run.as_ref(), 0, 1_500, u32::MAX).head[0];
    let found = window(run.as_ref(), 0, 1_500, total as u32 - 1);
    assert_eq!((found.head[0], found.head[1]), (total, 0.0));
    assert!(found.events.is_empty() && found.flights.is_empty());
}

/// Of each place the sum of its counts over all parts.
fn sums(run: &mut dyn Simulation, from: u64, width: u64, count: u32, quiet: bool) -> Vec<u64> {
    let mut out = Vec::new();
    run.bins(Micros(from), Micros(width), count, quiet, &mut out);
    let lanes = (out[0] + out[1]) as usize;
    let cells = &out[4..];
    assert_eq!(cells.len(), lanes * count as usize);
    let counts = |lane: usize| {
        cells
            .iter()
            .skip(lane)
            .step_by(lanes)
            .map(|cell| *cell as u64 & 0xff_ffff)
    };
    (0..lanes).map(|lane| counts(lane).sum()).collect()
}

#[test]
fn parts_of_time_add_up_to_what_happened_however_they_are_cut() {
    for protocol in ["raft", "kv", "pbft"] {
        let mut run = troubled(protocol);
        let all = run.events(0, run.length());
        let nodes = run.nodes();
        let mut wanted = vec![0; nodes + 2];
        for event in &all {
            match (event.node, event.client) {
                (Some(node), _) => wanted[node.index()] += 1,
                (_, Some(client)) => wanted[nodes + client as usize] += 1,
                _ => {}
            }
        }
        // 1,500,001 microseconds: the last moment belongs to the run.
        for (width, count) in [(1_500_001, 1), (100_001, 15), (1_013, 1_481), (7, 214_286)] {
            let found = sums(run.as_mut(), 0, width, count, false);
            assert_eq!(found, wanted, "{protocol}: {count} parts of {width} us");
        }
        let parts = [(0, 400_000), (400_000, 333_333), (733_333, 766_668)];
        let mut halves = vec![0; wanted.len()];
        for (from, width) in parts {
            for (lane, n) in sums(run.as_mut(), from, width, 1, false)
                .into_iter()
                .enumerate()
            {
                halves[lane] += n;
            }
        }
        assert_eq!(halves, wanted);
    }
}

#[test]
fn heartbeats_are_those_that_nothing_came_of() {
    let mut run = run_of(json!({ "protocol": "raft", "nodes": 5 }));
    run.advance(Micros::from_ms(3_000)).expect("within budget");
    let found = window(run.as_ref(), 2_000, 3_000, u32::MAX);
    // Nobody asks for anything: after the election there is nothing but heartbeats.
    assert!(found.events.len() > 100);
    for row in &found.events {
        assert_eq!(row[6] as u8 & 1, 1, "event {}", row[0]);
    }
    assert!(found.flights.iter().all(|row| row[9] as u8 & 8 != 0));
    let quiet: u64 = sums(run.as_mut(), 2_000_000, 10_000, 100, true)
        .iter()
        .sum();
    assert_eq!(quiet, 0);
    let loud: u64 = sums(run.as_mut(), 2_000_000, 10_000, 100, false)
        .iter()
        .sum();
    assert!(loud > 100);

    let first = window(run.as_ref(), 0, 400, u32::MAX);
    let is_heartbeat = |row: &&Vec<f64>| row[6] as u8 & 1 != 0;
    let loud: Vec<_> = first
        .events
        .iter()
        .filter(|row| !is_heartbeat(row))
        .collect();
    let elected = run
        .milestones()
        .iter()
        .find(|m| m.kind == "elected")
        .expect("one is")
        .event;
    assert!(loud.iter().any(|row| row[0] == f64::from(elected)));
}

#[test]
fn a_lost_heartbeat_is_not_left_out() {
    let mut run = run_of(json!({ "protocol": "raft", "nodes": 3, "network": { "loss": 0.2 } }));
    run.advance(Micros::from_ms(3_000)).expect("within budget");
    let found = window(run.as_ref(), 0, 3_000, u32::MAX);
    let lost = found.flights.iter().filter(|row| row[9] as u8 & 2 != 0);
    assert!(lost.clone().count() > 10);
    assert!(lost.clone().all(|row| row[9] as u8 & 8 == 0));
}

#[test]
fn what_is_shown_is_shown_with_where_it_began() {
    let reads = json!({
        "protocol": "raft",
        "nodes": 5,
        "options": { "reads": "read_index" },
        "clients": { "count": 2 },
    });
    let mut index = run_of(reads);
    index
        .advance(Micros::from_ms(3_000))
        .expect("within budget");
    let others = ["raft", "paxos", "pbft", "kv", "locks"].map(troubled);
    for run in [index].into_iter().chain(others) {
        let found = window(run.as_ref(), 0, 3_000, u32::MAX);
        let is_quiet = |event: f64| found.events[event as usize][6] as u8 & 1 != 0;
        let mut shown = 0;
        for flight in found.flights.iter().filter(|row| row[9] as u8 & 8 == 0) {
            assert!(
                !is_quiet(flight[3]),
                "message {} from event {}",
                flight[0],
                flight[3]
            );
            shown += 1;
        }
        assert!(shown > 20, "{shown}");
    }
}

#[test]
fn parts_without_heartbeats_count_what_a_window_shows() {
    let mut run = run_of(json!({
        "protocol": "raft",
        "nodes": 7,
        "options": { "reads": "read_index", "heartbeat_ms": 10 },
        "clients": { "count": 1, "think_ms": [5, 40] },
    }));
    // Looked at on the way, when what comes of some heartbeats is yet to be seen.
    for _ in 0..700 {
        run.advance(run.now() + Micros::from_ms(17))
            .expect("within budget");
        sums(run.as_mut(), 0, 20_000_000, 1, true);
    }
    assert!(run.length() > 10_000, "{}", run.length());
    let found = window(run.as_ref(), 0, 20_000, u32::MAX);
    let shown = |row: &&Vec<f64>| row[6] as u8 & 1 == 0 && row[2] != WORLD;
    let wanted = found.events.iter().filter(shown).count() as u64;
    let counted: u64 = sums(run.as_mut(), 0, 20_000_000, 1, true).iter().sum();
    assert_eq!(counted, wanted);
}

/// Of each message that is lost, when, between whom, why, and the deed for which it is.
fn losses(run: &dyn Simulation) -> Vec<(TraceEvent, MessageDetail, Option<TraceEvent>)> {
    let all = run.events(0, run.length());
    let lost = all.iter().filter(|event| event.kind == "lose");
    lost.map(|event| {
        let number = event.message.expect("a loss is a message's");
        let message = run.message(number).expect("it was sent");
        let deed = message.lost_for.map(|id| all[id as usize].clone());
        (event.clone(), message, deed)
    })
    .collect()
}

#[test]
fn a_loss_names_the_deed_that_it_is_for() {
    let mut run = run_of(json!({
        "protocol": "raft",
        "nodes": 4,
        "clients": { "count": 1 },
        "script": [
            { "at_ms": 600, "do": "crash", "node": 0 },
            { "at_ms": 800, "do": "disk_loss", "node": 0 },
            { "at_ms": 1000, "do": "restart", "node": 0 },
            { "at_ms": 1100, "do": "isolate", "node": 3 },
            { "at_ms": 1150, "do": "join" },
            { "at_ms": 1400, "do": "partition", "groups": [[0, 1, 4], [2, 3]] },
            { "at_ms": 1600, "do": "heal" },
            { "at_ms": 1800, "do": "cut", "from": 0, "to": 2 },
            { "at_ms": 1801, "do": "cut", "from": 1, "to": 2, "one_way": true },
            { "at_ms": 1802, "do": "isolate", "node": 2 },
            { "at_ms": 1950, "do": "heal" },
            { "at_ms": 2000, "do": "disk_loss", "node": 1 },
            { "at_ms": 2200, "do": "restart", "node": 1 },
            { "at_ms": 2300, "do": "link", "from": 2, "loss": 0.5 },
        ],
    }));
    run.advance(Micros::from_ms(2_800)).expect("within budget");
    let mut seen: BTreeMap<(String, String), u32> = BTreeMap::new();
    for (event, message, deed) in losses(run.as_ref()) {
        let deed = deed.unwrap_or_else(|| panic!("{}", event.text));
        assert!(deed.id < event.id && deed.kind == "action");
        let touches = |node: u16| {
            [&message.from, &message.to]
                .iter()
                .any(|end| matches!(end, PeerRecord::Node(n) if n.0 == node))
        };
        let sent = message.sent.as_ms();
        let wanted = match message.why.as_deref() {
            // It loses its disk while it is down.
            Some("receiver down") if event.at < Micros::from_ms(1_100) => 600.0,
            Some("receiver down") => 2_000.0,
            Some("link cut") if sent > 1_700.0 && touches(0) => 1_800.0,
            Some("link cut") if sent > 1_700.0 => match &message.from {
                PeerRecord::Node(NodeId(1)) => 1_801.0,
                _ => 1_802.0,
            },
            // What is cut already is not cut anew, but the newcomer's links were not there then.
            Some("link cut") if touches(3) && !touches(4) => 1_100.0,
            Some("link cut") => 1_400.0,
            Some("lost by chance") => 2_300.0,
            why => panic!("{why:?}"),
        };
        assert_eq!(deed.at.as_ms(), wanted, "{} at {}", event.text, event.at);
        *seen
            .entry((message.why.unwrap_or_default(), deed.text))
            .or_default() += 1;
    }
    assert_eq!(seen.len(), 6, "{seen:#?}");
}

#[test]
fn a_loss_by_chance_from_the_start_and_one_by_hand_are_told_apart() {
    let mut run = run_of(json!({
        "protocol": "raft",
        "nodes": 3,
        "network": { "loss": 0.2 },
        "script": [
            { "at_ms": 400, "do": "request", "op": { "get": "x" } },
            { "at_ms": 401, "do": "drop" },
            { "at_ms": 600, "do": "link", "latency_ms": [1, 2] },
        ],
    }));
    run.advance(Micros::from_ms(1_000)).expect("within budget");
    let found = losses(run.as_ref());
    let (by_hand, by_chance): (Vec<_>, Vec<_>) = found
        .iter()
        .partition(|(_, message, _)| message.why.as_deref() == Some("dropped by hand"));
    assert_eq!(by_hand.len(), 1);
    assert!(by_hand.iter().all(|(event, _, deed)| {
        deed.as_ref()
            .is_some_and(|deed| deed.name == "drop" && Some(deed.id) == event.cause)
    }));
    assert!(by_chance.len() > 5);
    assert!(by_chance.iter().all(|(_, _, deed)| deed.is_none()));
}

#[test]
fn after_a_cut_the_overview_is_that_of_the_new_run() {
    let mut run = troubled("raft");
    // In one part, so that it is told by whole blocks.
    sums(run.as_mut(), 0, 1_600_000, 1, false);
    run.seek(Micros::from_ms(450)).expect("within budget");
    run.apply(Action::Crash { node: NodeId(0) })
        .expect("it is up");
    run.advance(Micros::from_ms(1_500)).expect("within budget");
    let found = sums(run.as_mut(), 0, 1_600_000, 1, false);

    let mut again = troubled("raft");
    again.seek(Micros::from_ms(450)).expect("within budget");
    again
        .apply(Action::Crash { node: NodeId(0) })
        .expect("it is up");
    again
        .advance(Micros::from_ms(1_500))
        .expect("within budget");
    assert_eq!(found, sums(again.as_mut(), 0, 1_600_000, 1, false));
}

#[test]
fn lives_begin_end_and_stand_still() {
    let run = troubled("raft");
    let mut out = Vec::new();
    run.lives(0, &mut out);
    let told: Vec<_> = out.chunks(4).map(|row| (row[1], row[2], row[3])).collect();
    let first: Vec<_> = (0..5).map(|node| (0.0, f64::from(node), 1.0)).collect();
    assert_eq!(told[..5], first);
    let rest = [
        (300.0, 1.0, 2.0),
        (420.0, 2.0, 3.0),
        (600.0, 2.0, 4.0),
        (800.0, 1.0, 1.0),
    ];
    assert_eq!(told[5..], rest);
    run.lives(out[out.len() - 4] as u32, &mut out);
    assert_eq!(out.len(), 4, "only from the event that is asked for");
}

#[test]
fn a_run_of_a_million_events_gives_no_more_than_is_asked_for() {
    let mut run = run_of(json!({
        "protocol": "raft",
        "nodes": 31,
        "invariants": false,
        "options": { "heartbeat_ms": 10 },
        "clients": { "count": 4, "think_ms": [0, 2] },
    }));
    while run.length() < 1_000_000 {
        run.advance(run.now() + Micros::from_ms(500))
            .expect("within budget");
    }
    let end = run.end().0;
    let mut out = Vec::new();
    let (most, parts, lanes) = (4_000, 500, 31 + 4);
    let mut span = end;
    while span > 1_000 {
        let from = Micros((end - span) / 3);
        run.window(from, from + Micros(span), most, &mut out);
        let (events, flights) = (out[1] as usize, out[2] as usize);
        assert!(events <= most as usize && flights <= 4 * most as usize);
        assert_eq!(out.len(), 6 + events * EVENT + flights * FLIGHT);
        if out[0] > f64::from(most) {
            assert_eq!(out.len(), 6);
            let width = Micros(span.div_ceil(u64::from(parts)));
            run.bins(from, width, parts, true, &mut out);
            assert_eq!(out.len(), 4 + parts as usize * lanes);
        }
        span /= 2;
    }
}
