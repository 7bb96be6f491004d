// The only file that touches the compiled simulator.

import start, {
  Simulation,
  TextLab,
  TextReplica,
  describe,
  labAlgorithms,
  panic_for_test,
  protocols,
  run,
  version,
} from "./pkg/synod.js";

export { labAlgorithms, panic_for_test as panicForTest, run, version };
export const { siteName } = TextLab;

/** Compiles and starts the simulator. */
export async function startWasm() {
  await start();
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
 * An empty text, edited under `name`: 16 hexadecimal digits that nobody else has or had.
 * @param {string} name
 */
export function textReplica(name) {
  return new TextReplica(name);
}

/**
 * Some empty replicas of one text, ordered by one of `labAlgorithms()`.
 * @param {string} algorithm
 * @param {number} sites
 */
export function textLab(algorithm, sites) {
  return new TextLab(algorithm, sites);
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
