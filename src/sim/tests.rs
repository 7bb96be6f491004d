//! The world, tried with a toy protocol: every node pings the others on a timer, counts the
//! pings it ever had on its disk and those since its last start in memory.
//!
//! Long because: one toy protocol serves every story told here, one story a test.

use super::*;
use crate::base::{
    Class, ClientId, Conduct, Context, Core, Draws, Effects, Input, Judgement, Membership, Micros,
    Milestone, Misfit, Monitor, NodeId, Ratio, RequestId, Violation, Wire,
};
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

#[derive(Clone, Debug)]
struct Toy {
    me: NodeId,
    disk: u64,
    memory: u64,
    peers: usize,
    conduct: Conduct,
}

#[derive(Clone, Debug, PartialEq, Hash, Serialize)]
enum Call {
    Ping(u64),
    Pong(u64),
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Wire for Call {
    const KINDS: &'static [&'static str] = &["Ping", "Pong"];
    fn kind(&self) -> usize {
        usize::from(matches!(self, Call::Pong(_)))
    }
    fn is_reply(&self) -> bool {
        matches!(self, Call::Pong(_))
    }
    fn epoch(&self) -> u64 {
        1
    }
    fn garbage(_: &mut Draws) -> Call {
        Call::Ping(u64::MAX)
    }
}

#[derive(Clone, Debug, PartialEq, Hash, Serialize)]
struct Counted(u64);

impl Milestone for Counted {
    fn kind(&self) -> &'static str {
        "counted"
    }
    fn class(&self) -> Class {
        Class::Step
    }
    fn sentence(&self, node: NodeId) -> String {
        format!("Node {node} has counted {}", self.0)
    }
}

#[derive(Clone, Default)]
struct NoThirteen;

impl Monitor<Toy> for NoThirteen {
    const NAMES: &'static [&'static str] = &["no thirteen"];
    fn observe(&mut self, node: NodeId, _: &Toy, fact: &Counted, found: &mut Vec<Violation>) {
        if fact.0 == 13 {
            let text = format!("node {node} counted thirteen");
            found.push(Violation {
                invariant: 0,
                nodes: vec![node],
                text,
            });
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Clockwork {
    NextPing,
}

impl Core for Toy {
    type Options = ();
    type Disk = u64;
    type Message = Call;
    type Timer = Clockwork;
    type Op = String;
    type Reply = u64;
    type Memory = u64;
    type Stamp = u64;
    type Milestone = Counted;
    type View = (u64, u64);
    type Invariants = NoThirteen;
    const GLANCE: &'static [&'static str] = &["role", "epoch", "disk"];
    const ROLES: &'static [&'static str] = &["toy"];
    const WORKLOADS: &'static [&'static str] = &["count"];

    const CONDUCTS: &'static [&'static str] = &["mute", "boastful"];
    const TIMERS: &'static [Clockwork] = &[Clockwork::NextPing];
    fn check_options(_: &(), _: usize) -> Result<(), Misfit> {
        Ok(())
    }
    fn boot(_: &Arc<()>, disk: u64, ctx: &mut Context, out: &mut Effects<Toy>) -> Toy {
        let after = ctx.between(Micros(1_000), Micros(20_000));
        out.set_timer(Clockwork::NextPing, after);
        Toy {
            me: ctx.id,
            disk,
            memory: 0,
            peers: ctx.members.len(),
            conduct: Conduct::HONEST,
        }
    }
    fn handle(&mut self, input: Input<Toy>, ctx: &mut Context, out: &mut Effects<Toy>) {
        match input {
            Input::Timer(Clockwork::NextPing) => {
                let pause = ctx.between(Micros(10_000), Micros(20_000));
                out.set_timer(Clockwork::NextPing, pause);
                for to in NodeId::first(self.peers).filter(|to| *to != self.me) {
                    out.send(to, Call::Ping(ctx.now.0));
                }
            }
            Input::Message {
                message: Call::Ping(u64::MAX),
                ..
            } => out.ignore("no such time"),
            Input::Message {
                from,
                message: Call::Ping(n),
            } => {
                self.disk += 1;
                self.memory += 1;
                out.milestone(Counted(self.disk));
                out.send(from, Call::Pong(n));
            }
            Input::Message {
                message: Call::Pong(_),
                ..
            } => {}
            Input::Conduct(conduct) => self.conduct = conduct,
            Input::Request { .. } if self.conduct.has(0) => {}
            Input::Request { id, op, .. } if op == "mute" || self.me.0 > 0 && op == "first" => {
                if op == "first" {
                    out.reply(id, u64::MAX);
                }
            }
            Input::Request { id, .. } => out.reply(id, self.disk),
        }
    }
    fn into_disk(self) -> u64 {
        self.disk
    }
    fn view(&self) -> (u64, u64) {
        (self.disk, self.memory)
    }
    fn glance(&self, out: &mut Vec<f64>) {
        out.extend([0.0, 1.0, self.disk as f64]);
    }
    fn workload(_: usize, _: &u64, client: ClientId, n: u64, luck: &mut Draws) -> String {
        format!("{client}/{n}/{}", luck.between(0, 9))
    }
    fn stamp(_: &(), last: &u64, _: RequestId, _: &String) -> u64 {
        *last
    }
    fn judge(
        _: &(),
        last: &mut u64,
        _: RequestId,
        replies: &[(NodeId, u64)],
        _: usize,
    ) -> Judgement {
        *last = replies.last().map_or(*last, |(_, heard)| *heard);
        match replies.last() {
            Some((_, u64::MAX)) => Judgement::Redirect(Some(NodeId(0))),
            Some(_) => Judgement::Done,
            None => Judgement::Wait,
        }
    }
    fn membership(_: Membership) -> Option<String> {
        Some("join".into())
    }
}

fn setup(nodes: usize, clients: u16) -> Setup<Toy> {
    Setup {
        seed: 3,
        options: Arc::new(()),
        members: NodeId::first(nodes).collect(),
        conditions: Conditions::default(),
        manual: false,
        clients: Clients {
            count: clients,
            ..Clients::default()
        },
        workload: 0,
        watch: true,
    }
}

fn script(entries: &[(u64, Action)]) -> Vec<Entry> {
    let entry = |(at, action): &(u64, Action)| Entry {
        at: Micros::from_ms(*at),
        after: 0,
        action: action.clone(),
    };
    entries.iter().map(entry).collect()
}

fn run(nodes: usize, entries: &[(u64, Action)]) -> Run<Toy> {
    Run::new(setup(nodes, 2), script(entries), Run::<Toy>::BUDGET)
}

fn ms(ms: u64) -> Micros {
    Micros::from_ms(ms)
}

fn view(run: &Run<Toy>, node: u16) -> (u64, u64) {
    let view = run.node(NodeId(node)).expect("the node is there").view;
    serde_json::from_value(view).expect("the node is up")
}

const ONE: NodeId = NodeId(1);

fn storm() -> Vec<(u64, Action)> {
    use Action::*;
    let share = |parts| Ratio::from_millionths(parts);
    vec![
        (
            0,
            Link {
                from: None,
                to: None,
                latency: Some([Micros(500), ms(20)]),
                loss: share(100_000),
                duplicate: share(100_000),
                reorder: share(300_000),
            },
        ),
        (100, Crash { node: ONE }),
        (
            200,
            Partition {
                groups: vec![vec![NodeId(0), ONE]],
            },
        ),
        (300, Restart { node: ONE }),
        (350, Pause { node: NodeId(2) }),
        (
            400,
            Skew {
                node: NodeId(0),
                ahead: ms(7),
                drift_ppm: 200_000,
            },
        ),
        (500, Heal {}),
        (600, Resume { node: NodeId(2) }),
        (
            650,
            Request {
                node: Some(ONE),
                client: None,
                op: "first".into(),
            },
        ),
        (700, Join {}),
        (800, DiskLoss { node: ONE }),
        (
            850,
            Garbage {
                node: NodeId(0),
                from: NodeId(9),
            },
        ),
        (900, Restart { node: ONE }),
        (1_000, Manual { on: true }),
        (1_100, Manual { on: false }),
    ]
}

#[test]
fn a_crash_leaves_the_disk_and_nothing_else() {
    use Action::*;
    let mut run = run(
        3,
        &[(500, Crash { node: ONE }), (501, Restart { node: ONE })],
    );
    run.advance(ms(500)).expect("within budget");
    assert_eq!(run.node(ONE).map(|node| node.status), Some(Status::Crashed));
    run.advance(ms(501)).expect("within budget");
    let (disk, memory) = view(&run, 1);
    assert!(disk > 40 && memory == 0, "{disk}, {memory}");
    run.apply(DiskLoss { node: ONE }).expect("it is up");
    run.apply(Restart { node: ONE }).expect("it is down");
    assert_eq!(view(&run, 1), (0, 0));
}

#[test]
fn the_same_scenario_gives_the_same_trace_however_it_is_walked() {
    let mut straight = run(4, &storm());
    straight.advance(ms(2_000)).expect("within budget");
    let hash = straight.trace_hash();
    let mut walked = run(4, &storm());
    for t in (0..=2_000).step_by(7) {
        walked.advance(ms(t)).expect("within budget");
    }
    walked.advance(ms(2_000)).expect("within budget");
    assert_eq!(walked.trace_hash(), hash);
    let mut stepped = run(4, &storm());
    while stepped.next_event_at() <= ms(2_000) {
        assert!(stepped.step().expect("within budget"));
    }
    assert_eq!(stepped.trace_hash(), hash);
    let mut other = Run::<Toy>::new(
        Setup {
            seed: 4,
            ..setup(4, 2)
        },
        script(&storm()),
        1 << 20,
    );
    other.advance(ms(2_000)).expect("within budget");
    assert_ne!(other.trace_hash(), hash);
}

#[test]
fn seeking_shows_what_was_and_forgets_nothing() {
    let mut run = run(4, &storm());
    let mut seen = Vec::new();
    for t in (0..2_000).step_by(13) {
        run.advance(ms(t)).expect("within budget");
        let mut frame = Vec::new();
        run.frame(&mut frame);
        frame[6] = 0.0;
        seen.push((t, run.position(), run.trace_hash(), frame));
    }
    let length = run.length();
    for (t, position, hash, frame) in seen.iter().rev().chain(&seen) {
        run.seek(ms(*t)).expect("within budget");
        let mut again = Vec::new();
        run.frame(&mut again);
        again[6] = 0.0;
        assert_eq!(
            (run.position(), run.trace_hash()),
            (*position, *hash),
            "at {t} ms"
        );
        assert_eq!(&again, frame, "at {t} ms");
        assert_eq!(run.length(), length);
    }
}

#[test]
fn steps_back_undo_steps_on() {
    let mut run = run(3, &storm());
    run.advance(ms(640)).expect("within budget");
    let mut places = vec![run.position()];
    for _ in 0..60 {
        run.step().expect("within budget");
        places.push(run.position());
    }
    for place in places.iter().rev().skip(1) {
        assert!(run.step_back());
        assert_eq!(run.position(), *place);
    }
    while run.step_back() {}
    assert_eq!((run.position(), run.now()), (3, Micros::ZERO));
    run.seek_event(places[20] - 1);
    assert_eq!(run.position(), places[20]);
}

#[test]
fn what_a_hand_does_replays_from_the_script() {
    let mut by_hand = run(4, &storm());
    by_hand.advance(ms(250)).expect("within budget");
    for _ in 0..5 {
        by_hand.step().expect("within budget");
    }
    let message = by_hand.world.flying.iter().map(|(_, f)| f.flight).max();
    by_hand
        .apply(Action::Drop(Pick {
            message,
            ..Pick::default()
        }))
        .expect("it is under way");
    let ask = Action::Request {
        node: None,
        client: None,
        op: "hand".into(),
    };
    by_hand.apply(ask).expect("a client is free");
    by_hand.advance(ms(900)).expect("within budget");
    by_hand.seek(ms(260)).expect("within budget");
    assert!(
        by_hand
            .apply(Action::Isolate { node: ONE })
            .expect("possible"),
        "it cut a future"
    );
    assert_eq!(by_hand.length(), by_hand.position());
    by_hand.advance(ms(900)).expect("within budget");
    let mut again = Run::new(setup(4, 2), by_hand.script().to_vec(), 1 << 20);
    again.advance(ms(900)).expect("within budget");
    assert_eq!(again.trace_hash(), by_hand.trace_hash());
    assert_eq!(again.counts(), by_hand.counts());
    let replayed: Vec<_> = again.events(0, again.length());
    assert_eq!(replayed, by_hand.events(0, by_hand.length()));
}

/// Two runs in which not the same was done are two runs, even before it has made a difference.
#[test]
fn the_hash_tells_actions_apart_by_all_they_say() {
    let hash = |action: Action| {
        let mut run = run(3, &[(50, action)]);
        run.advance(ms(50)).expect("within budget");
        run.trace_hash()
    };
    let cut = |to: u16, one_way| Action::Cut {
        from: NodeId(0),
        to: NodeId(to),
        one_way,
    };
    let hashes = [
        hash(cut(1, true)),
        hash(cut(2, true)),
        hash(cut(1, false)),
        hash(Action::Manual { on: true }),
        hash(Action::Manual { on: false }),
    ];
    let different: std::collections::BTreeSet<u64> = hashes.into_iter().collect();
    assert_eq!(different.len(), hashes.len());
    assert_eq!(hash(cut(1, true)), hashes[0]);
}

#[test]
fn dropping_one_message_leaves_the_luck_of_the_rest() {
    let fates = |skip: bool| {
        let mut run = run(3, &[]);
        run.advance(ms(50)).expect("within budget");
        if skip {
            let message = run.world.flying.iter().map(|(_, f)| f.flight).max();
            run.apply(Action::Drop(Pick {
                message,
                ..Pick::default()
            }))
            .expect("under way");
        }
        run.advance(ms(400)).expect("within budget");
        let fires = run
            .trace
            .events
            .iter()
            .filter(|e| matches!(e.kind, EventKind::Fire(_)));
        fires
            .map(|event| (event.at, event.spot))
            .collect::<Vec<_>>()
    };
    assert_eq!(fates(false), fates(true));
}

#[test]
fn a_paused_node_takes_what_has_waited_when_it_goes_on() {
    use Action::*;
    let mut run = run(
        3,
        &[(100, Pause { node: ONE }), (300, Resume { node: ONE })],
    );
    run.advance(ms(299)).expect("within budget");
    let waiting = run.node(ONE).map_or(0, |node| node.waiting);
    let before = view(&run, 1).0;
    assert!(waiting > 10);
    run.advance(ms(300)).expect("within budget");
    assert!(view(&run, 1).0 > before + 10);
    let lost = run.counts().lost;
    assert!(lost.is_empty(), "{lost:?}");
}

/// What a client says or hears arrives twice, like anything else.
#[test]
fn messages_of_clients_can_be_duplicated() {
    let arrived = |kind: Option<&str>| {
        let mut run = Run::new(setup(2, 0), Vec::new(), 1 << 20);
        let ask = Action::Request {
            node: Some(ONE),
            client: None,
            op: "hand".into(),
        };
        run.apply(ask).expect("a client is free");
        if let Some(kind) = kind {
            let pick = || Pick {
                kind: Some(kind.into()),
                ..Pick::default()
            };
            while run.check(&Action::Duplicate(pick())).is_err() {
                assert!(run.step().expect("within budget"));
            }
            run.apply(Action::Duplicate(pick()))
                .expect("it is under way");
        }
        run.advance(ms(50)).expect("within budget");
        let trace = &run.trace;
        let of_client = |event: &&Event<Clockwork>| match event.kind {
            EventKind::Deliver(flight) => {
                !matches!(trace.flights[flight as usize].body, Body::Message(_))
            }
            _ => false,
        };
        trace.events.iter().filter(of_client).count()
    };
    let plain = arrived(None);
    assert_eq!(arrived(Some("Reply")), plain + 1);
    assert!(arrived(Some("Request")) > plain);
}

/// A link loses what is sent or would arrive while it is cut; what waits has arrived.
#[test]
fn what_reached_a_paused_node_is_past_the_link() {
    use Action::*;
    let cut = Cut {
        from: NodeId(0),
        to: ONE,
        one_way: false,
    };
    let lost = |script: &[(u64, Action)]| {
        let mut run = run(2, script);
        run.advance(ms(2_000)).expect("within budget");
        let waited = run.node(ONE).map_or(0, |node| node.waiting);
        run.apply(Resume { node: ONE }).expect("it is paused");
        run.advance(ms(2_001)).expect("within budget");
        (waited, run.counts().lost.get("link cut").copied())
    };
    let mend = Mend {
        from: NodeId(0),
        to: ONE,
        one_way: false,
    };
    let pause = (100, Pause { node: ONE });
    let (waited, before) = lost(&[pause.clone(), (1_900, cut.clone())]);
    let under_way = before.unwrap_or(0);
    assert!(waited > 50 && under_way < 10, "{waited} {under_way}");
    let (waited, during) = lost(&[(0, cut), pause, (1_999, mend)]);
    assert!(waited < 5, "{waited} came over a link that was cut");
    assert!(during.is_some_and(|lost| lost > 50));
}

#[test]
fn manual_delivery_waits_for_the_hand() {
    use Action::*;
    let mut run = run(2, &[(0, Manual { on: true })]);
    run.advance(ms(100)).expect("within budget");
    assert_eq!(view(&run, 0).0 + view(&run, 1).0, 0);
    let ping = |to| Pick {
        to: Some(to),
        kind: Some("Ping".into()),
        ..Pick::default()
    };
    run.apply(Deliver(ping(ONE))).expect("one waits");
    assert_eq!((view(&run, 0).0, view(&run, 1).0), (0, 1));
    run.apply(Duplicate(ping(ONE))).expect("one waits");
    run.apply(Drop(ping(NodeId(0)))).expect("one waits");
    let wrong = Deliver(Pick {
        kind: Some("Pang".into()),
        ..Pick::default()
    });
    assert_eq!(run.apply(wrong).expect_err("no such kind").path, "kind");
    let copies = run
        .trace
        .flights
        .iter()
        .filter(|flight| flight.copy)
        .count();
    assert_eq!(copies, 1);
    run.apply(Manual { on: false }).expect("possible");
    run.advance(ms(120)).expect("within budget");
    assert!(view(&run, 1).0 > 3);
}

#[test]
fn cuts_lose_messages_and_say_why() {
    use Action::*;
    let cut = Cut {
        from: NodeId(0),
        to: ONE,
        one_way: true,
    };
    let mut run = run(2, &[(10, cut), (300, Heal {})]);
    run.advance(ms(300)).expect("within budget");
    assert!(view(&run, 1).0 <= 1 && view(&run, 0).0 > 10);
    assert!(run.counts().lost["link cut"] > 10);
    run.advance(ms(600)).expect("within budget");
    assert!(view(&run, 1).0 > 10);
}

#[test]
fn clients_follow_hints_retry_and_give_up() {
    use Action::*;
    let ask = |op: &str| Request {
        node: Some(ONE),
        client: None,
        op: op.into(),
    };
    let mut run = run(3, &[(10, ask("first")), (20, ask("mute"))]);
    run.advance(ms(10_000)).expect("within budget");
    let history = run.history();
    let of = |op: &str| history.iter().find(|o| o.op == op).expect("it was asked");
    assert!(of("first").returned.is_some_and(|at| at < ms(30)));
    let mute = of("mute");
    assert!(mute.returned.is_none() && mute.error.is_some());
    let tries = run
        .trace
        .events
        .iter()
        .filter(|e| matches!(e.kind, EventKind::Retry(_)))
        .count();
    assert_eq!(tries as u32, Clients::default().attempts - 1);
    let asked = history.iter().filter(|o| o.client >= 2).count();
    assert_eq!(asked, 2, "who is told what to ask asks nothing else");
    let built_in = history.iter().filter(|o| o.client < 2);
    assert!(built_in.clone().count() > 50);
    assert!(built_in.filter(|o| o.returned.is_none()).count() <= 2);
}

#[test]
fn misconduct_is_switched_on_and_off_and_outlasts_a_crash() {
    use Action::*;
    let behave = |ways: &[&str]| Conduct {
        node: NodeId(0),
        ways: ways.iter().map(|way| (*way).into()).collect(),
    };
    let ask = || Request {
        node: Some(NodeId(0)),
        client: None,
        op: "first".into(),
    };
    let answered = |run: &Run<Toy>| {
        let answered = run.history().into_iter();
        answered.filter(|asked| asked.returned.is_some()).count()
    };
    let mut run = run(1, &[]);
    run.advance(ms(10)).expect("within budget");
    run.apply(behave(&["mute"])).expect("the toy can be mute");
    let before = answered(&run);
    run.apply(ask()).expect("a client is free");
    run.apply(Crash { node: NodeId(0) }).expect("it is up");
    run.apply(Restart { node: NodeId(0) }).expect("it is down");
    run.advance(ms(3_000)).expect("within budget");
    assert_eq!(answered(&run), before);
    let node = run.node(NodeId(0)).expect("it is there");
    assert_eq!(node.conduct, ["mute"]);
    run.apply(behave(&[])).expect("it can be honest");
    run.advance(ms(6_000)).expect("within budget");
    assert!(answered(&run) > before);

    let refused = run
        .apply(behave(&["mute", "kind"]))
        .expect_err("no such way");
    let told = "ways[1]: found \"kind\", expected one of mute, boastful";
    assert_eq!(refused.to_string(), told);
}

#[test]
fn a_client_stamps_a_request_once_with_what_it_remembers() {
    let mut run = run(2, &[]);
    run.advance(ms(2_000)).expect("within budget");
    let requests = &run.trace.requests;
    assert!(requests.len() > 8);
    for (n, request) in requests.iter().enumerate() {
        let same = |reply: &&crate::sim::trace::Reply<Toy>| reply.id.client == request.id.client;
        let heard = run
            .trace
            .events
            .iter()
            .filter_map(|event| match event.kind {
                EventKind::Answer(reply) => run.trace.replies.get(reply as usize),
                _ => None,
            });
        let mut before = heard
            .filter(same)
            .filter(|reply| reply.id.serial < request.id.serial);
        let last = before.next_back().map_or(0, |reply| reply.reply);
        assert_eq!(request.stamp, last, "request {n}");
    }
}

#[test]
fn violations_are_recorded_where_they_happen() {
    let mut run = run(3, &[]);
    run.advance(ms(500)).expect("within budget");
    let violations = run.violations();
    assert_eq!(violations.len(), 3);
    let event = &run.events(violations[0].event, violations[0].event + 1)[0];
    assert_eq!(
        (event.kind.as_str(), event.name.as_str()),
        ("violation", "no thirteen")
    );
    assert!(event.cause.is_some_and(|cause| cause < event.id));
}

/// What was applied is written into a script, so the two must take the same.
#[test]
fn a_hand_cannot_do_what_the_reader_of_scripts_refuses() {
    let mut run = run(2, &[]);
    let link = Action::Link {
        from: None,
        to: None,
        latency: Some([ms(20), ms(5)]),
        loss: None,
        duplicate: None,
        reorder: None,
    };
    let error = run.apply(link).expect_err("the greatest is first");
    assert_eq!(
        (error.path.as_str(), error.found.as_str()),
        ("latency_ms", "[20, 5]")
    );
}

#[test]
fn what_cannot_be_done_is_refused_by_hand_and_noted_in_a_script() {
    use Action::*;
    let mut run = run(3, &[(5, Restart { node: ONE })]);
    run.advance(ms(6)).expect("within budget");
    let noted = run.events(0, run.length());
    assert!(
        noted
            .iter()
            .any(|event| event.text.ends_with("(without effect)"))
    );
    let length = run.script().len();
    for (action, path) in [
        (Crash { node: NodeId(3) }, "node"),
        (Restart { node: ONE }, "node"),
        (Resume { node: ONE }, "node"),
        (
            Partition {
                groups: vec![vec![ONE], vec![ONE]],
            },
            "groups[1][0]",
        ),
        (
            Cut {
                from: ONE,
                to: NodeId(7),
                one_way: false,
            },
            "to",
        ),
        (
            Drop(Pick {
                message: Some(99_999),
                ..Pick::default()
            }),
            "message",
        ),
        (
            Request {
                node: None,
                client: None,
                op: 5.into(),
            },
            "op",
        ),
        (
            Timeout {
                node: ONE,
                timer: Some("tea".into()),
            },
            "timer",
        ),
        (
            Skew {
                node: ONE,
                ahead: ms(1),
                drift_ppm: -600_000,
            },
            "drift_ppm",
        ),
    ] {
        let name = action.name();
        assert_eq!(run.apply(action).expect_err(name).path, path);
    }
    assert_eq!(run.script().len(), length);
}

#[test]
fn a_budget_ends_every_run() {
    let storm = [(
        0,
        Action::Link {
            from: None,
            to: None,
            latency: Some([Micros::ZERO, Micros::ZERO]),
            loss: None,
            duplicate: Ratio::from_millionths(1_000_000),
            reorder: None,
        },
    )];
    let mut run = Run::<Toy>::new(setup(3, 2), script(&storm), 5_000);
    let over = run
        .advance(Micros::NEVER)
        .expect_err("it never ends by itself");
    assert_eq!(over.budget, 5_000);
    assert_eq!(
        run.advance(Micros::NEVER),
        Err(run.advance(ms(9)).map_or_else(|e| e, |()| over))
    );
    run.seek(ms(5))
        .expect("what was simulated can be seen again");
}

#[test]
fn every_event_and_message_can_be_described() {
    let mut run = run(4, &storm());
    run.advance(ms(1_500)).expect("within budget");
    for event in run.events(0, run.length()) {
        assert!(
            !event.text.is_empty() && !event.line.is_empty(),
            "{event:?}"
        );
        assert!(
            event.cause.is_none_or(|cause| cause < event.id),
            "{event:?}"
        );
    }
    for flight in 0..run.trace.flights.len() as u32 {
        let message = run.message(flight).expect("it was sent");
        assert!(message.due.is_none_or(|due| due >= message.sent));
        assert_eq!(message.event.is_some(), message.fate > MessageFate::Waiting);
    }
    assert_eq!(run.message(u32::MAX), None);
    let mut ids: Vec<_> = run.history().iter().map(|o| (o.client, o.id)).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "no client uses a serial number twice");
}
