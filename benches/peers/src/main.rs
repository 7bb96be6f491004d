//! One native library in one job, measured several times: `synod-peers LIBRARY JOB RECORDING RUNS`.
//! Says what it measured as JSON, just as `js/one.mjs` does for what runs under Node.

mod heap;
mod libraries;
mod recorded;
#[path = "../../text/traces.rs"]
#[allow(dead_code)] // it is the other bench's too
mod traces;

use libraries::{Buffered, Cola, DiamondTypes, Library, Loro, Rope, Synod, Yrs};
use recorded::TooSlow;
use std::time::{Duration, Instant};
use traces::Trace;

#[global_allocator]
static HEAP: heap::Counting = heap::Counting;

/// After this no further run begins.
const ENOUGH: Duration = Duration::from_secs(2);

fn measured<L: Library>(job: &str, trace: &Trace, most: usize) -> Result<Vec<String>, TooSlow> {
    let mut runs = Vec::new();
    let sent = match job {
        "remote" => recorded::stream::<L>(trace)?,
        _ => Vec::new(),
    };
    let start = Instant::now();
    while runs.len() < most && start.elapsed() < ENOUGH {
        runs.push(match job {
            "remote" => recorded::remote::<L>(trace, &sent)?,
            _ => recorded::local::<L>(trace)?,
        });
    }
    Ok(runs)
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
    match measured(job, &trace, most) {
        Ok(runs) => println!("{{\"runs\":[{}]}}", runs.join(",")),
        Err(TooSlow(seconds)) => println!("{{\"runs\":[],\"stopped\":{seconds}}}"),
    }
}
