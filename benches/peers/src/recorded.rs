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

/// Seconds for one figure, above which a library is stopped.
const LIMIT: f64 = 20.0;
/// Seconds after which it is guessed how long the whole will take.
const PATIENCE: f64 = 2.0;

/// Seconds that the whole would have taken.
pub struct TooSlow(pub f64);

/// Calls `step` for each item, unless it becomes plain that this takes too long.
fn watched<T>(items: &[T], mut step: impl FnMut(&T)) -> Result<(), TooSlow> {
    let start = Instant::now();
    for (index, item) in items.iter().enumerate() {
        step(item);
        if index % 64 == 63 {
            let seconds = start.elapsed().as_secs_f64();
            let whole = seconds / (index + 1) as f64 * items.len() as f64;
            if seconds > PATIENCE && whole > LIMIT {
                return Err(TooSlow(whole));
            }
        }
    }
    Ok(())
}

/// All that a recording makes: everybody's documents, and what each step sent.
type Played<L> = (Vec<L>, Vec<<L as Library>::Update>);

/// Everybody edits; where changes are sent, each is made, encoded, delivered and applied.
fn play<L: Library>(trace: &Trace, send: bool) -> Result<Played<L>, TooSlow> {
    let mut people: Vec<L> = (1..=trace.people as u64)
        .map(|person| L::new(person, send))
        .collect();
    let mut sent = Vec::new();
    watched(&trace.steps, |step| {
        let person = &mut people[step.who];
        for &other in &step.received {
            person.apply(&sent[other]);
        }
        person.edit(&step.edits);
        if send {
            sent.push(person.take());
        }
    })?;
    Ok((people, sent))
}

/// What each transaction sends.
pub fn stream<L: Library>(trace: &Trace) -> Result<Vec<L::Update>, TooSlow> {
    Ok(play::<L>(trace, true)?.1)
}

/// Somebody new reads along.
pub fn remote<L: Library>(trace: &Trace, sent: &[L::Update]) -> Result<String, TooSlow> {
    let (remote, reader) = timed(|| {
        let mut reader = L::new(98, false);
        watched(sent, |update| reader.apply(update))?;
        let text = reader.text();
        Ok((reader, text))
    });
    check(&reader?.0, trace);
    let bytes: usize = sent.iter().map(L::size).sum();
    Ok(format!("{{\"remote\":{remote},\"bytes\":{bytes}}}"))
}

/// Everybody edits, then the last of them saves, and somebody opens that.
pub fn local<L: Library>(trace: &Trace) -> Result<String, TooSlow> {
    let send = trace.people > 1;
    let ((local, played), heap) = heap::peak(|| timed(|| play::<L>(trace, send)));
    let people = played?.0;
    let last = trace.steps.last().expect("a step");
    check(&people[last.who], trace);
    if !L::TRAVELS || !L::HAS_TEXT {
        return Ok(format!("{{\"local\":{local},\"heap\":{heap}}}"));
    }
    let (save, bytes) = timed(|| people[last.who].save());
    let (open, opened) = timed(|| {
        let opened = L::open(&bytes);
        let text = opened.text();
        (opened, text)
    });
    check(&opened.0, trace);
    let size = bytes.len();
    Ok(format!(
        "{{\"local\":{local},\"heap\":{heap},\"save\":{save},\"open\":{open},\"size\":{size}}}"
    ))
}
