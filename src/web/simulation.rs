//! A run, as the page walks it.

use super::runs::{JsReport, read_scenario};
use super::wrong::thrown;
use super::{plain, to_js};
use crate::base::{Micros, NodeId};
use crate::scenario::{self, BUDGET, Scenario, ScriptEntry};
use crate::sim::Simulation;
use js_sys::Float64Array;
use serde_json::{Map, Value};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

/// The most parts of time that are told of at once: more than a screen has pixels across.
const PARTS_MAX: u32 = 10_000;

/// A run that can be walked on and back, acted upon, and looked at.
#[wasm_bindgen(js_name = Simulation)]
pub struct WebSimulation {
    scenario: Scenario,
    run: Box<dyn Simulation>,
    /// Reused by each frame.
    numbers: Vec<f64>,
}

#[wasm_bindgen(js_class = Simulation)]
impl WebSimulation {
    /// A run of `scenario` at time zero.
    ///
    /// # Errors
    /// An `Error` whose `path`, `found` and `expected` say where the scenario is wrong.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "Partial<Scenario>")] scenario: JsValue,
    ) -> Result<WebSimulation, JsValue> {
        let mut scenario = read_scenario(scenario)?;
        let run = scenario::build(&scenario, BUDGET).map_err(|error| thrown(&error))?;
        scenario.options = run.options();
        Ok(WebSimulation {
            scenario,
            run,
            numbers: Vec::new(),
        })
    }

    /// The moment shown, in milliseconds.
    #[wasm_bindgen(getter)]
    pub fn now_ms(&self) -> f64 {
        self.run.now().as_ms()
    }

    /// How far time has been simulated, in milliseconds.
    #[wasm_bindgen(getter)]
    pub fn end_ms(&self) -> f64 {
        self.run.end().as_ms()
    }

    /// How many events have happened by now.
    #[wasm_bindgen(getter)]
    pub fn position(&self) -> u32 {
        self.run.position()
    }

    /// How many events are recorded, the future beyond now included.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> u32 {
        self.run.length()
    }

    /// Goes on by `ms` milliseconds.
    ///
    /// # Errors
    /// A `BudgetError` when the run has become too long; it stands where it came to then.
    pub fn advance_ms(&mut self, ms: f64) -> Result<(), JsValue> {
        let to = self.run.now() + moment(ms);
        self.run.advance(to).map_err(|over| thrown(&over))
    }

    /// Goes on by one step. False when nothing is left to happen.
    ///
    /// # Errors
    /// A `BudgetError` when the run has become too long.
    pub fn step(&mut self) -> Result<bool, JsValue> {
        self.run.step().map_err(|over| thrown(&over))
    }

    /// Goes back to just before the last step. False at the start.
    pub fn step_back(&mut self) -> bool {
        self.run.step_back()
    }

    /// Goes to the moment `ms`, back or forward.
    ///
    /// # Errors
    /// A `BudgetError` when the run became too long on the way.
    pub fn seek_ms(&mut self, ms: f64) -> Result<(), JsValue> {
        self.run.seek(moment(ms)).map_err(|over| thrown(&over))
    }

    /// Goes to just after the step that event `id` belongs to.
    pub fn seek_event(&mut self, id: u32) {
        self.run.seek_event(id);
    }

    /// Does `action` now. Where there is a recorded future it is cut off first, with the rest of
    /// the script; true says so.
    ///
    /// # Errors
    /// An `Error` with `path`, `found` and `expected` when the action cannot be done now.
    pub fn apply(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Action")] action: JsValue,
    ) -> Result<bool, JsValue> {
        let action = plain::read::<Map<String, Value>>(action, "an action")
            .and_then(|object| scenario::read_action("", object))
            .map_err(|error| thrown(&error))?;
        self.run.apply(action).map_err(|error| thrown(&error))
    }

    /// What a picture of this moment needs, as one list of numbers; docs/SCENARIO.md gives the
    /// layout. `into` is filled and returned if it is long enough, so that nothing is allocated;
    /// otherwise a longer one is made.
    pub fn frame(&mut self, into: Option<Float64Array>) -> Float64Array {
        self.run.frame(&mut self.numbers);
        self.give(into)
    }

    /// The marks that a scrubber shows for the recorded events from `from` on: triples of event,
    /// time in milliseconds and code.
    pub fn marks(&mut self, from: u32) -> Float64Array {
        self.run.marks(from, &mut self.numbers);
        Float64Array::from(self.numbers.as_slice())
    }

    /// The events and messages from `from_ms` to `to_ms` as numbers, unless there are more than
    /// `most` events; docs/SCENARIO.md gives the layout. `into` is as for `frame`.
    pub fn window(
        &mut self,
        from_ms: f64,
        to_ms: f64,
        most: u32,
        into: Option<Float64Array>,
    ) -> Float64Array {
        let (from, to) = (moment(from_ms), moment(to_ms));
        self.run.window(from, to, most, &mut self.numbers);
        self.give(into)
    }

    /// How much happened at each place in `count` parts of time of `width_ms` each, heartbeats
    /// left out where `quiet`; docs/SCENARIO.md gives the layout. `into` is as for `frame`.
    pub fn bins(
        &mut self,
        from_ms: f64,
        width_ms: f64,
        count: u32,
        quiet: bool,
        into: Option<Float64Array>,
    ) -> Float64Array {
        let (from, width) = (moment(from_ms), moment(width_ms));
        let count = count.min(PARTS_MAX);
        self.run.bins(from, width, count, quiet, &mut self.numbers);
        self.give(into)
    }

    /// When nodes and clients began, ceased, stood still and went on, by the recorded events from
    /// `from` on: event, time in milliseconds, place, and 1 to 4 in that order.
    pub fn lives(&mut self, from: u32) -> Float64Array {
        self.run.lives(from, &mut self.numbers);
        Float64Array::from(self.numbers.as_slice())
    }

    /// A node in full; undefined when there is none of that number.
    ///
    /// # Errors
    /// When the protocol's view cannot cross to JavaScript, which is a defect.
    #[wasm_bindgen(unchecked_return_type = "NodeDetail | undefined")]
    pub fn node(&self, id: u16) -> Result<JsValue, JsValue> {
        to_js(&self.run.node(NodeId(id)))
    }

    /// A message in full; undefined when there is none of that number.
    ///
    /// # Errors
    /// When the message cannot cross to JavaScript, which is a defect.
    #[wasm_bindgen(unchecked_return_type = "MessageDetail | undefined")]
    pub fn message(&self, id: u32) -> Result<JsValue, JsValue> {
        to_js(&self.run.message(id))
    }

    /// The recorded events with numbers from `from` up to, not including, `to`.
    ///
    /// # Errors
    /// When an event cannot cross to JavaScript, which is a defect.
    #[wasm_bindgen(unchecked_return_type = "TraceEvent[]")]
    pub fn trace(&self, from: u32, to: u32) -> Result<JsValue, JsValue> {
        to_js(&self.run.events(from, to))
    }

    /// The violations found in the recorded run.
    ///
    /// # Errors
    /// When a violation cannot cross to JavaScript, which is a defect.
    #[wasm_bindgen(unchecked_return_type = "ViolationRecord[]")]
    pub fn violations(&self) -> Result<JsValue, JsValue> {
        to_js(&self.run.violations())
    }

    /// What the protocol counts that is no violation, by name, up to now.
    ///
    /// # Errors
    /// When a count cannot cross to JavaScript, which is a defect.
    #[wasm_bindgen(unchecked_return_type = "Tally[]")]
    pub fn tallies(&self) -> Result<JsValue, JsValue> {
        to_js(&self.run.tallies())
    }

    /// The scenario of this run, with what was done by hand in its script.
    ///
    /// # Errors
    /// When the scenario cannot cross to JavaScript, which is a defect.
    #[wasm_bindgen(unchecked_return_type = "Scenario")]
    pub fn scenario(&self) -> Result<JsValue, JsValue> {
        let script = self.run.script().iter().cloned().map(ScriptEntry).collect();
        to_js(&Scenario {
            script,
            ..self.scenario.clone()
        })
    }

    /// A report on the run up to now.
    ///
    /// # Errors
    /// When the report cannot cross to JavaScript, which is a defect.
    pub fn report(&self) -> Result<JsReport, JsValue> {
        Ok(to_js(&scenario::report(self.run.as_ref()))?.into())
    }

    /// A hash of all that happened up to now, in hexadecimal.
    pub fn trace_hash(&self) -> String {
        format!("{:016x}", self.run.trace_hash())
    }

    /// Roughly how many bytes the trace and the keyframes take.
    pub fn memory_bytes(&self) -> usize {
        self.run.weight()
    }
}

impl WebSimulation {
    fn give(&self, into: Option<Float64Array>) -> Float64Array {
        let length = self.numbers.len() as u32;
        match into {
            Some(array) if array.length() >= length => {
                array.subarray(0, length).copy_from(&self.numbers);
                array
            }
            _ => {
                let array = Float64Array::new_with_length(length.next_power_of_two().max(512));
                array.subarray(0, length).copy_from(&self.numbers);
                array
            }
        }
    }
}

/// A moment from a number of milliseconds; what is no such number is brought into range.
fn moment(ms: f64) -> Micros {
    let ms = if ms.is_nan() {
        0.0
    } else {
        ms.clamp(0.0, Micros::MAX_MS)
    };
    Micros::try_from_ms(ms).unwrap_or(Micros::ZERO)
}
