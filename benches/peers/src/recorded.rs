//! A library plays a recorded session: everybody's edits, a reader who follows, the document saved and
//! opened. A text that is not the recording's is a failed run.

use crate::heap;
use crate::libraries::Library;
use crate::traces::Trace;
use std::time::Instant;

/// Milliseconds, and what was made in them.
fn timed<T>(run: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let made = run();
    (start.elapsed().as_secs_f64() * 1e3, made)
}

fn check<L: Library>(doc: &L, trace: &Trace) {
    let text = doc.text();
    let same = if L::HAS_TEXT {
        text == trace.expected
    } else {
        text.len() == trace.expected.chars().count()
    };
    assert!(same, "a wrong text: {} bytes", text.len());
}

/// Everybody edits; where changes are sent, each is made, encoded, delivered and applied.
fn play<L: Library>(trace: &Trace, send: bool) -> (Vec<L>, Vec<L::Update>) {
    let mut people: Vec<L> = (1..=trace.people as u64)
        .map(|person| L::new(person, send))
        .collect();
    let mut sent = Vec::new();
    for step in &trace.steps {
        let person = &mut people[step.who];
        for &other in &step.received {
            person.apply(&sent[other]);
        }
        person.edit(&step.edits);
        if send {
            sent.push(person.take());
        }
    }
    (people, sent)
}

/// What each transaction sends.
pub fn stream<L: Library>(trace: &Trace) -> Vec<L::Update> {
    play::<L>(trace, true).1
}

/// Somebody new reads along.
pub fn remote<L: Library>(trace: &Trace, sent: &[L::Update]) -> String {
    let (remote, reader) = timed(|| {
        let mut reader = L::new(98, false);
        sent.iter().for_each(|update| reader.apply(update));
        let text = reader.text();
        (reader, text)
    });
    check(&reader.0, trace);
    let bytes: usize = sent.iter().map(L::size).sum();
    format!("{{\"remote\":{remote},\"bytes\":{bytes}}}")
}

/// Everybody edits, then the last of them saves, and somebody opens that.
pub fn local<L: Library>(trace: &Trace) -> String {
    let send = trace.people > 1;
    let ((local, people), heap) = heap::peak(|| timed(|| play::<L>(trace, send).0));
    let last = trace.steps.last().expect("a step");
    check(&people[last.who], trace);
    if !L::TRAVELS || !L::HAS_TEXT {
        return format!("{{\"local\":{local},\"heap\":{heap}}}");
    }
    let (save, bytes) = timed(|| people[last.who].save());
    let (open, opened) = timed(|| {
        let opened = L::open(&bytes);
        let text = opened.text();
        (opened, text)
    });
    check(&opened.0, trace);
    let size = bytes.len();
    format!("{{\"local\":{local},\"heap\":{heap},\"save\":{save},\"open\":{open},\"size\":{size}}}")
}
