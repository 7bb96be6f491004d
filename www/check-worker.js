// Judges histories beside the page, so that the page never waits: one question, one answer. Whoever does not
// want to wait ends the worker.

import { judge } from "./wasm-check.js";
import { listed } from "./lib/format.js";
import { simulate, startRuns } from "./wasm.js";

/** Those whose runs have histories. */
const PROTOCOLS = ["paxos", "raft", "pbft", "kv", "locks", "sequence"];

/**
 * A history as text, or a run of which it is to be taken.
 * @typedef {{ text: string } | { scenario: import("./types.js").Scenario, until_ms?: number }} Question
 */

addEventListener("message", async (/** @type {MessageEvent<Question>} */ { data }) => {
  try {
    const text = "text" in data ? await textOf(data.text) : await historyOf(data.scenario, data.until_ms);
    const judgement = await judge(text);
    // What was asked as a text is known to who asked.
    postMessage({ judgement, text: "text" in data ? undefined : text });
  } catch (error) {
    const { message, path, found, expected } = /** @type {any} */ (error ?? {});
    postMessage({ error: { message: String(message ?? error), path, found, expected } });
  }
});

/**
 * A scenario has no history yet: it is run.
 * @param {string} text
 */
async function textOf(text) {
  if (!text.trimStart().startsWith("{")) return text;
  let document;
  try {
    document = JSON.parse(text);
  } catch {
    return text; // The judge says what is wrong with it.
  }
  return "protocol" in document && !("history" in document) ? historyOf(document) : text;
}

/**
 * @param {import("./types.js").Scenario} scenario
 * @param {number} [until_ms]
 */
async function historyOf(scenario, until_ms) {
  const { protocol = "" } = scenario;
  if (!PROTOCOLS.includes(protocol)) {
    const found = JSON.stringify(protocol);
    const expected = listed(PROTOCOLS, "or");
    throw Object.assign(new Error("no such protocol"), { path: "protocol", found, expected });
  }
  await startRuns(protocol);
  const run = simulate(protocol, scenario);
  run.advance_ms(until_ms ?? run.scenario().until_ms ?? 0);
  const { history, model } = run.report();
  return JSON.stringify({ history, model });
}
