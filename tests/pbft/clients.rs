//! Clients (section 4.1).

use crate::desk::{Desk, id, macs, node, put};
use std::sync::Arc;
use synod::base::{Core, Judgement, NodeId, Target};
use synod::protocol::machine::{KvOp, KvOutput};
use synod::protocol::pbft::{Answer, Options, Party, Pbft, Reply, Sealed, Timer};

fn reply(desk: &Desk, signer: usize, view: u64, serial: u64, result: KvOutput) -> Reply {
    let answer = Answer {
        view,
        id: id(0, serial),
        result,
        read_only: false,
    };
    let to = Party::Client(0);
    Reply(Arc::new(Sealed::to_one(
        &desk.keys(),
        node(signer),
        to,
        answer,
    )))
}

/// What a client says to these replies, handed to it one by one.
fn judged(desk: &Desk, nodes: usize, replies: &[Reply]) -> Vec<Judgement> {
    let mut memory = Default::default();
    let mut had: Vec<(NodeId, Reply)> = Vec::new();
    let judge = |reply: &Reply| {
        // The network says that all of them come from node 0.
        had.push((node(0), reply.clone()));
        Pbft::judge(&desk.options, &mut memory, id(0, 7), &had, nodes)
    };
    replies.iter().map(judge).collect()
}

/// Section 4.1: f + 1 replies with valid signatures, of different replicas, with the same result.
#[test]
fn a_client_waits_for_f_plus_one_equal_replies() {
    use Judgement::{Done, Wait};
    use KvOutput::{Ok, Value};
    for options in [Options::default(), macs()] {
        for (nodes, faults) in [(1, 0), (3, 0), (4, 1), (6, 1), (7, 2), (31, 10)] {
            let desk = Desk::new(nodes, options.clone());
            let replies: Vec<Reply> = (0..=faults).map(|id| reply(&desk, id, 0, 7, Ok)).collect();
            let mut expected = vec![Wait; faults];
            expected.push(Done);
            assert_eq!(judged(&desk, nodes, &replies), expected, "{nodes}");
        }
        let desk = Desk::new(4, options);
        let of = |signer, result| reply(&desk, signer, 0, 7, result);
        let spoilt = Reply(Arc::new(of(1, Ok).0.spoilt()));
        for (replies, expected) in [
            (vec![of(0, Ok), of(0, Ok)], Wait),
            (vec![of(0, Ok), of(1, Value(None))], Wait),
            (vec![of(0, Value(Some(1))), of(1, Ok), of(2, Ok)], Done),
            (vec![of(0, Ok), spoilt.clone()], Wait),
            (vec![spoilt, of(0, Ok), of(3, Ok)], Done),
            (vec![reply(&desk, 0, 0, 6, Ok), of(1, Ok)], Wait),
            (vec![of(0, Value(None)), of(0, Ok), of(1, Ok)], Done),
        ] {
            let last = judged(&desk, 4, &replies).pop();
            assert_eq!(last, Some(expected), "{replies:?}");
        }
    }
}

/// "Clients can use [the view number] to track the current primary" (section 4.1): by what f + 1
/// say, as one may say anything.
#[test]
fn a_client_follows_the_primary() {
    let desk = Desk::new(4, macs());
    let mut memory = Default::default();
    let mut had = Vec::new();
    let op = put("x", 1);
    assert_eq!(
        Pbft::asks(&desk.options, &memory, &op, 4),
        Target::Node(node(0))
    );
    for (signer, view) in [(1, 99), (2, 6)] {
        had.push((node(signer), reply(&desk, signer, view, 7, KvOutput::Ok)));
        Pbft::judge(&desk.options, &mut memory, id(0, 7), &had, 4);
    }
    assert_eq!(
        Pbft::asks(&desk.options, &memory, &op, 4),
        Target::Node(node(2))
    );
}

/// Section 4.1: a request is executed once by its timestamp; the last reply is kept and sent again.
#[test]
fn a_request_is_executed_once() {
    let mut desk = Desk::new(4, macs());
    desk.ask(0, 0, 1, put("x", 1));
    desk.deliver_all();
    desk.ask(0, 0, 2, put("x", 2));
    desk.deliver_all();
    desk.replies.clear();
    for replica in 0..4 {
        desk.ask(replica, 0, 2, put("x", 2));
    }
    assert!(desk.letters.is_empty(), "nothing is ordered again");
    assert_eq!(desk.replies.len(), 4, "each sends its last reply again");
    desk.ask(0, 0, 1, put("x", 1));
    assert!(desk.dropped("a request older than the client's last"));
    assert_eq!((desk.replies.len(), desk.executed()), (4, vec![2; 4]));
}

/// A request in a client's name that the client did not sign is nobody's.
#[test]
fn a_request_needs_its_client() {
    for options in [Options::default(), macs()] {
        let mut desk = Desk::new(4, options);
        let stolen = synod::protocol::pbft::Request::stamp(&desk.keys(), id(1, 1), &put("x", 1));
        let (id, op) = (id(0, 1), put("x", 1));
        let input = synod::base::Input::Request {
            id,
            op,
            stamp: stolen,
        };
        desk.input(0, input);
        assert!(desk.letters.is_empty());
        assert!(desk.dropped("a request that its client did not sign"));
    }
}

/// Section 4.4: a backup that is asked passes the request on to the primary, and watches it.
#[test]
fn a_backup_passes_requests_on() {
    let mut desk = Desk::new(4, Options::default());
    desk.ask(2, 0, 1, put("x", 1));
    assert_eq!(desk.letters.len(), 1);
    assert!(desk.timers[2].contains_key(&Timer::ViewChange));
    desk.deliver_all();
    assert_eq!(desk.executed(), [1; 4]);
    assert!(
        !desk.timers[2].contains_key(&Timer::ViewChange),
        "it waits no longer"
    );
}

/// Section 5.1: a read may be answered at once; a quorum has to answer the same. Asked again it is
/// ordered like a write.
#[test]
fn reads_may_be_answered_at_once() {
    let options = Options {
        read_only: true,
        ..macs()
    };
    let mut desk = Desk::new(4, options);
    let get = || KvOp::Get("x".into());
    let memory = Default::default();
    assert_eq!(Pbft::asks(&desk.options, &memory, &get(), 4), Target::All);
    for replica in 0..4 {
        desk.ask(replica, 0, 7, get());
    }
    assert!(desk.letters.is_empty(), "no word is spoken among replicas");
    let replies: Vec<Reply> = desk
        .replies
        .iter()
        .map(|(.., reply)| reply.clone())
        .collect();
    let expected = [
        Judgement::Wait,
        Judgement::Wait,
        Judgement::Done,
        Judgement::Done,
    ];
    assert_eq!(judged(&desk, 4, &replies)[..3], expected[..3]);
    desk.ask(0, 0, 7, get());
    desk.deliver_all();
    assert_eq!(desk.executed(), [1; 4]);
}
