//! scratch
use synod::scenario::{BUDGET, Scenario, build, report};
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let scenario = Scenario::parse(&text).unwrap();
    let mut run = build(&scenario, BUDGET).unwrap();
    let _ = run.advance(scenario.until);
    let what = std::env::args().nth(2).unwrap_or_default();
    if what == "final" {
        let report = report(run.as_ref());
        println!(
            "{}",
            serde_json::to_string_pretty(&report.final_nodes).unwrap()
        );
        for t in report.tallies {
            println!("{} {}", t.name, t.count);
        }
    } else if what == "sum" {
        let report = report(run.as_ref());
        for m in &report.milestones {
            println!("{:9.1} {}", m.at.as_ms(), m.text);
        }
        for v in &report.violations {
            println!("VIOLATION {:9.1} {}: {}", v.at.as_ms(), v.invariant, v.text);
        }
        for t in &report.tallies {
            println!("{} {}", t.name, t.count);
        }
        for o in &report.history {
            println!(
                "{:8.1} {:?} c{} {} -> {} {:?}",
                o.call.as_ms(),
                o.returned.map(|r| r.as_ms()),
                o.client,
                o.op,
                o.result,
                o.error
            );
        }
    } else {
        for event in run.events(0, run.position()) {
            if what.is_empty() || event.line.contains(&what) || event.kind == "violation" {
                println!("{}", event.line);
            }
        }
    }
}
