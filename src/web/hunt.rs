//! The hunt, as the page's workers drive it.

use super::runs::read_scenario;
use super::wrong::thrown;
use super::{plain, to_js};
use crate::base::Micros;
use crate::hunt::{self, Breach, Hunt, Order, Progress};
use crate::scenario::{Scenario, ScenarioError};
use js_sys::Function;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What is wrong with a run: a property, the clients' history, or that nobody answers. */
export type Breach = { invariant: string } | "history" | "silence";
export type Strategy = "swarm" | "pct" | "rounds" | "guided" | "exhaustive" | "mixed";
/** What may befall the cluster of a hunt; all of it where nothing is said. */
export interface HuntBudget {
  faults: number; crashes: boolean; cuts: boolean; network: boolean; pauses: boolean;
  clocks: boolean; timers: boolean; disks: boolean; liars: boolean; members: boolean;
}
export interface HuntOrder {
  protocol: string; mutant?: string | null; strategy?: Strategy; budget?: Partial<HuntBudget>; seed?: number;
}
/** A run that violates something, and which strategy made it after how many runs. */
export interface Catch {
  scenario: Partial<Scenario>; breach: Breach; patience_ms: number; strategy: Strategy; run: number;
}
export interface HuntFigures {
  strategies: { strategy: Strategy; runs: number; events: number; found: number }[];
  states: number; facts: number; over: boolean;
  /** Of the search of every order, within each of the bounds that it began with. */
  reaches: HuntReach[];
}
/** How far a search of every order has come within some bounds, and how it ended there: all was seen, or as much
 * as is looked at, or something is wrong. */
export interface HuntReach {
  requests: number; timers: number; crashes: number; copies: number;
  states: number; end: "all" | "most" | "found" | null;
}
export interface Shrunk { scenario: Partial<Scenario>; tried: number; minimal: boolean; }
/** How many of the continuations from an event on came to the violation. */
export interface Fate { event: number; at_ms: number; tried: number; violated: number; }
"#;

/// A hunt that goes on run by run.
#[wasm_bindgen(js_name = Hunt)]
pub struct WebHunt {
    hunt: Hunt,
}

#[wasm_bindgen(js_class = Hunt)]
impl WebHunt {
    /// A hunt that has not begun.
    ///
    /// # Errors
    /// Where the order is wrong.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "HuntOrder")] order: JsValue,
    ) -> Result<WebHunt, JsValue> {
        let order: Order = read(order)?;
        let hunt = Hunt::new(&order).map_err(|error| thrown(&error))?;
        Ok(WebHunt { hunt })
    }

    /// Tries runs until one violates something, `go_on` says no, or there is nothing left to try.
    /// `go_on` is asked after each run, and now and then within a search of every order.
    ///
    /// # Errors
    /// Where a scenario that was made is wrong: a defect of the hunt.
    #[wasm_bindgen(unchecked_return_type = "Catch | undefined")]
    pub fn run(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "() => boolean")] go_on: &Function,
    ) -> Result<JsValue, JsValue> {
        let asks = || go_on.call0(&JsValue::NULL).is_ok_and(|on| on.is_truthy());
        while !self.hunt.is_over() {
            let mut within = |_| asks();
            let found = self.hunt.run(&mut within).map_err(|error| thrown(&error))?;
            if let Some(found) = found {
                return to_js(&found);
            }
            if !asks() {
                break;
            }
        }
        Ok(JsValue::UNDEFINED)
    }

    /// What has been done and seen.
    ///
    /// # Errors
    /// Never: figures are plain.
    #[wasm_bindgen(unchecked_return_type = "HuntFigures")]
    pub fn figures(&self) -> Result<JsValue, JsValue> {
        to_js(&serde_json::json!({
            "strategies": self.hunt.figures(),
            "states": self.hunt.seen().states(),
            "facts": self.hunt.seen().facts(),
            "over": self.hunt.is_over(),
            "reaches": self.hunt.reaches(),
        }))
    }
}

/// Makes a scenario that violates something smaller; with the order of the hunt that found it, also
/// by hunting for the same violation anew. `tell` hears how many entries its script has by now, how
/// many scenarios were tried, whether the hunt goes on anew, and the smallest scenario where that is a
/// new one; where it answers false, the work ends with what there is.
///
/// # Errors
/// Where the scenario, the breach or the order is none.
#[wasm_bindgen(unchecked_return_type = "Shrunk")]
pub fn shrink(
    #[wasm_bindgen(unchecked_param_type = "Partial<Scenario>")] scenario: JsValue,
    #[wasm_bindgen(unchecked_param_type = "Breach")] breach: JsValue,
    patience_ms: f64,
    #[wasm_bindgen(unchecked_param_type = "HuntOrder | null")] order: JsValue,
    most: usize,
    #[wasm_bindgen(
        unchecked_param_type = "(entries: number, tried: number, again: boolean, best?: Partial<Scenario>) => boolean"
    )]
    tell: &Function,
) -> Result<JsValue, JsValue> {
    let scenario = read_scenario(scenario)?;
    let breach: Breach = read(breach)?;
    let order: Option<Order> = read(order)?;
    let patience = Micros::try_from_ms(patience_ms).unwrap_or_default();
    let mut told = |progress: Progress, best: Option<&Scenario>| {
        let entries = JsValue::from(progress.entries as u32);
        let tried = JsValue::from(progress.tried as u32);
        let best = best.and_then(|best| to_js(best).ok());
        let all = [
            entries,
            tried,
            progress.again.into(),
            best.unwrap_or_default(),
        ];
        let on = tell.apply(&JsValue::NULL, &all.iter().collect());
        on.is_ok_and(|on| on.is_truthy())
    };
    to_js(&hunt::shrink(
        &scenario,
        &breach,
        patience,
        order.as_ref(),
        most,
        &mut told,
    ))
}

/// How likely the violation is when the run is left after an event and goes on at random.
///
/// # Errors
/// Where the scenario or the breach is none.
#[wasm_bindgen(js_name = noReturn, unchecked_return_type = "Fate")]
pub fn no_return(
    #[wasm_bindgen(unchecked_param_type = "Partial<Scenario>")] scenario: JsValue,
    #[wasm_bindgen(unchecked_param_type = "Breach")] breach: JsValue,
    event: u32,
    tries: u32,
    seed: u32,
) -> Result<JsValue, JsValue> {
    let scenario = read_scenario(scenario)?;
    let breach: Breach = read(breach)?;
    let fate = hunt::no_return(&scenario, &breach, event, tries, u64::from(seed));
    to_js(&fate.map_err(|error| thrown(&error))?)
}

fn read<T: DeserializeOwned>(value: JsValue) -> Result<T, JsValue> {
    let plain = plain::read(value, "plain objects, lists and values");
    plain
        .and_then(|value| {
            let read = crate::base::Misfit::read(value);
            read.map_err(ScenarioError::from)
        })
        .map_err(|error| thrown(&error))
}
