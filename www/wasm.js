// The only file that touches the compiled simulator.

import start, { Simulation, describe, panic_for_test, protocols, run } from "./pkg/runs.js";

export { panic_for_test as panicForTest, run };

/** @type {Promise<unknown> | null} */
let started = null;

/** Fetches, compiles and starts the simulator, once. */
export async function startRuns() {
  await (started ??= start());
}

/** @returns {string[]} */
export function protocolNames() {
  return protocols();
}

/**
 * @param {string} protocol
 * @returns {import("./types.js").ProtocolInfo}
 */
export function protocolInfo(protocol) {
  return describe(protocol);
}

/**
 * @param {import("./types.js").Scenario} scenario
 * @returns {import("./types.js").Simulation}
 */
export function simulate(scenario) {
  return /** @type {import("./types.js").Simulation} */ (/** @type {unknown} */ (new Simulation(scenario)));
}

/**
 * What kind of trouble an error from the simulator is.
 * - `refused`: the scenario or action is not possible; the run is as it was
 * - `budget`: the run is too long to go on
 * - `panic`: the simulator itself has failed and cannot be used any more
 * @param {unknown} error
 * @returns {"refused" | "budget" | "panic"}
 */
export function troubleOf(error) {
  if (error instanceof WebAssembly.RuntimeError) return "panic";
  const { name = "", message = "" } = /** @type {Error} */ (error ?? {});
  if (/recursive use of an object|null pointer passed to rust/.test(message)) return "panic";
  if (name === "BudgetError" || /event budget/.test(message)) return "budget";
  return "refused";
}
