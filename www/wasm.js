// The only file that touches the compiled simulator: a wasm module for each protocol, fetched when it is
// first asked for.

/**
 * What the modules of all protocols have in common.
 * @typedef {object} Runs
 * @property {() => Promise<unknown>} default fetches, compiles and starts the module
 * @property {(protocol: string) => import("./types.js").ProtocolInfo} describe
 * @property {new (scenario: import("./types.js").Scenario) => import("./types.js").Simulation} Simulation
 * @property {() => never} panic_for_test
 */

/** Those that have been asked for. @type {Map<string, Promise<void>>} */
const coming = new Map();
/** Those that are there. @type {Map<string, Runs>} */
const there = new Map();

/**
 * Fetches, compiles and starts what runs a protocol, once. After a failure it can be asked for again.
 * @param {string} protocol
 * @returns {Promise<void>}
 */
export function startRuns(protocol) {
  const known = coming.get(protocol);
  if (known) return known;
  const started = (async () => {
    /** @type {Runs} */
    const runs = await import(`./pkg/${protocol}.js`);
    await runs.default();
    there.set(protocol, runs);
  })();
  coming.set(protocol, started);
  started.catch(() => coming.delete(protocol));
  return started;
}

/** @param {string} protocol one that has been started */
function runsOf(protocol) {
  const runs = there.get(protocol);
  if (!runs) throw new Error(`What runs “${protocol}” has not been fetched`);
  return runs;
}

/** @param {string} protocol one that has been started */
export function protocolInfo(protocol) {
  return runsOf(protocol).describe(protocol);
}

/**
 * @param {string} protocol one that has been started, whose scenario it should be
 * @param {import("./types.js").Scenario} scenario
 */
export function simulate(protocol, scenario) {
  return new (runsOf(protocol).Simulation)(scenario);
}

/** @param {string} protocol one that has been started */
export function panicForTest(protocol) {
  runsOf(protocol).panic_for_test();
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
