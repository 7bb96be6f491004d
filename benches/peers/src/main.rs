//! One native library in one job, measured several times: `synod-peers LIBRARY JOB RECORDING RUNS`.
//! Says what it measured as JSON, just as `js/one.mjs` does for what runs under Node.

mod heap;
mod libraries;
mod recorded;
#[path = "../../text/traces.rs"]
#[allow(dead_code)] // it is the other bench's too
mod traces;

use libraries::{Buffered, Cola, DiamondTypes, Library, Loro, Rope, Synod, Yrs};
use std::time::{Duration, Instant};
use traces::Trace;

#[global_allocator]
static HEAP: heap::Counting = heap::Counting;

/// After this no further run begins.
const ENOUGH: Duration = Duration::from_secs(2);

fn measured<L: Library>(job: &str, trace: &Trace, most: usize) -> Vec<String> {
    let start = Instant::now();
    let mut runs = Vec::new();
    let sent = if job == "remote" {
        recorded::stream::<L>(trace)
    } else {
        Vec::new()
    };
    while runs.len() < most && (runs.is_empty() || start.elapsed() < ENOUGH) {
        runs.push(if job == "remote" {
            recorded::remote::<L>(trace, &sent)
        } else {
            recorded::local::<L>(trace)
        });
    }
    runs
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let [_, library, job, recording, most] = args.as_slice() else {
        panic!("wanted: LIBRARY JOB RECORDING RUNS");
    };
    let trace = traces::read(recording).expect("a recording that is here");
    let most = most.parse().expect("a number of runs");
    let measured = match library.as_str() {
        "synod" => measured::<Synod>,
        "diamond-types" => measured::<DiamondTypes>,
        "yrs" => measured::<Yrs>,
        "loro" => measured::<Loro>,
        "cola" => measured::<Cola>,
        "jumprope" => measured::<Rope>,
        "jumprope-buffered" => measured::<Buffered>,
        other => panic!("there is no library '{other}' here"),
    };
    println!("{{\"runs\":[{}]}}", measured(job, &trace, most).join(","));
}
