//! The wasm face, in a real browser.
#![cfg(target_arch = "wasm32")]

use js_sys::{JSON, Reflect};
use synod::web::{WebSimulation, WebTextReplica, protocols, run, version};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn parse(text: &str) -> JsValue {
    JSON::parse(text).expect("it is JSON")
}

fn field(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).expect("an object")
}

#[wasm_bindgen_test]
fn says_its_version_and_its_protocols() {
    assert_eq!(version(), env!("CARGO_PKG_VERSION"));
    assert!(protocols().contains(&"raft".to_owned()));
}

#[wasm_bindgen_test]
fn fifty_scenarios_run_here_as_they_do_natively() {
    let fifty = js_sys::Array::from(&parse(include_str!("hashes.json")));
    assert_eq!(fifty.length(), 50);
    for each in fifty.iter() {
        let Ok(report) = run(field(&each, "scenario")) else {
            panic!("a sound scenario is refused");
        };
        assert_eq!(field(&report, "trace_hash"), field(&each, "trace_hash"));
    }
}

#[wasm_bindgen_test]
fn a_run_is_walked_acted_on_and_rewound() {
    let scenario = r#"{ "protocol": "raft", "clients": { "count": 2 } }"#;
    let mut sim = WebSimulation::new(parse(scenario)).unwrap_or_else(|_| panic!("it is sound"));
    sim.advance_ms(1_000.0).expect("within budget");
    let hash = sim.trace_hash();
    let crash = parse(r#"{ "do": "crash", "node": 2 }"#);
    assert!(
        !sim.apply(crash.clone()).expect("it is up"),
        "there was no future to cut"
    );
    assert!(sim.apply(crash).is_err());
    sim.advance_ms(500.0).expect("within budget");
    sim.seek_ms(1_000.0).expect("within budget");
    assert!(sim.step_back());
    sim.seek_ms(999.0).expect("within budget");
    let heal = parse(r#"{ "do": "heal" }"#);
    assert!(
        sim.apply(heal).expect("possible"),
        "the crash lay in the future"
    );
    assert_ne!(sim.trace_hash(), hash);
    let frame = sim.frame(None);
    assert_eq!(frame.get_index(2), 5.0);
    assert!(frame.get_index(4) >= 0.0);
}

#[wasm_bindgen_test]
fn a_text_is_edited_in_the_units_of_a_browser() {
    let replica = |name: &str| WebTextReplica::new(name).unwrap_or_else(|_| panic!("a name"));
    let (mut ann, mut bob) = (replica("00000000000000aa"), replica("00000000000000bb"));
    assert!(WebTextReplica::new("ann").is_err());
    let fine = |done: Result<(), wasm_bindgen::JsError>| assert!(done.is_ok());
    fine(ann.replace_with_utf8(0, 0, "a🙂b".as_bytes()));
    assert!(ann.replace_with_utf8(0, 4, &[0xff]).is_err(), "no UTF-8");
    assert_eq!(ann.length(), 4);
    assert!(ann.insert(2, "x").is_err(), "that is inside the pair");
    let Ok(patches) = bob.apply(&ann.take_changes()) else {
        panic!("sound bytes are refused");
    };
    assert_eq!(
        JSON::stringify(&patches).expect("plain data"),
        r#"[{"at":0,"deleted":0,"text":"a🙂b"}]"#
    );
    fine(bob.replace_with_scalar(3, 1, u32::from('🙃')));
    fine(ann.delete(0, 1));
    assert_eq!(ann.behind(&bob.version()).ok(), Some(2.0));
    ann.merge(&bob);
    bob.merge(&ann);
    assert_eq!((ann.text(), bob.text()), ("🙂🙃".into(), "🙂🙃".into()));
    assert_eq!(ann.version(), bob.version());
    assert!(ann.apply(&[1, 2, 3]).is_err());
    ann.undo();
    assert_eq!(ann.text(), "a🙂🙃");
}
