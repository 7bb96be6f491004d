// What a run that was found does, in words, and the addresses at which it is played.

import { routeHash } from "../route.js";
import { packRun } from "../share.js";
import { simulate } from "../wasm.js";
import { takes } from "./takes.js";
import { breachName, silenceWords } from "./words.js";

/**
 * What a run does, in words.
 * @typedef {object} Story
 * @property {Partial<import("../types.js").Scenario>} scenario with words for people, and what it comes to
 * @property {{ at: number, text: string }[]} steps
 * @property {string[]} takes what else it needs: whatever differs from the protocol's defaults
 * @property {string} said what was found violated
 * @property {number} last the event of the violation
 * @property {boolean} byHand whether the script delivers each message
 * @property {(event: number) => string} wordsOf
 * @property {string} link where the run is played from its beginning
 * @property {(event: number) => Promise<string>} linkTo where it is played from just after an event
 */

/**
 * The protocol's own module has been fetched.
 * @param {import("./crew.js").Catch} found
 * @param {import("./crew.js").Shrunk} shrunk
 * @param {string | null} left the rule that is broken
 * @param {Pick<import("../types.js").View, "options" | "unlisted">} view the protocol's options, with their words
 * @returns {Promise<Story>}
 */
export async function storyOf(found, shrunk, left, view) {
  const { scenario } = shrunk;
  const protocol = String(scenario.protocol);
  const silent = found.breach === "silence" ? silenceWords(found.patience_ms) : "";
  const rules = left ? `With one rule broken: ${left}.` : "All rules are in their places.";
  const titled = {
    ...scenario,
    title: `Found by the hunt: ${breachName(found.breach)}`,
    // The stage has no mark for an answer that does not come.
    watch: silent ? `${rules} ${silent}.` : rules,
  };
  const ahead_ms = Number(scenario.until_ms);
  const link = async (/** @type {number} */ position, /** @type {number} */ now_ms, shown = titled) =>
    routeHash(protocol, { run: await packRun({ scenario: shown, position, now_ms, ahead_ms }) });
  const sim = simulate(protocol, titled);
  try {
    sim.advance_ms(Number(scenario.until_ms));
    const events = sim.trace(0, sim.length);
    const violations = sim.violations();
    const [violation] = violations;
    const violated = [...new Set(violations.map(({ invariant }) => invariant))];
    const texts = events.map((event) => event.text);
    const said = violation?.text || silent || sim.report().blame || "No order explains the answers";
    /** @type {Partial<import("../types.js").Scenario>} */
    const told = { ...titled, about: `${rules} ${said.replace(/[.\s]*$/, "")}.` };
    if (violated.length > 0) told.expect = { violated };
    else if (found.breach === "history") told.expect = { linearizable: false };
    else if ((scenario.clients?.count ?? 0) === 0) {
      const asked = (scenario.script ?? []).filter((entry) => entry.do === "request");
      told.expect = { results: [{ request: asked.length - 1, is: /** @type {any} */ (null) }] };
    }
    return {
      scenario: told,
      steps: events
        .filter((event) => event.kind === "action")
        .map((event) => ({ at: event.at_ms, text: event.text })),
      takes: takes(sim.scenario(), plainOf(protocol), view),
      said,
      last: violation?.event ?? events.length - 1,
      byHand: scenario.network?.manual === true,
      wordsOf: (event) => texts[event] ?? `event ${event}`,
      link: await link(0, 0),
      linkTo: (event) => {
        const { position, now_ms } = placeAfter(protocol, titled, event);
        const what = silent ? "a request without an answer" : `a violation of “${breachName(found.breach)}”`;
        const watch = `The point of no return: ${texts[event]}. Each time that it was left here and went on at random, it came to ${what}.`;
        return link(position, now_ms, { ...titled, open_ms: now_ms, watch });
      },
    };
  } finally {
    sim.free();
  }
}

/** A protocol's defaults, all written out. @param {string} protocol */
function plainOf(protocol) {
  const sim = simulate(protocol, { protocol });
  try {
    return sim.scenario();
  } finally {
    sim.free();
  }
}

/**
 * Where a run stands after an event: what happens in the same step has happened too.
 * @param {string} protocol
 * @param {Partial<import("../types.js").Scenario>} scenario
 * @param {number} event
 */
function placeAfter(protocol, scenario, event) {
  const sim = simulate(protocol, scenario);
  try {
    sim.advance_ms(Number(scenario.until_ms));
    sim.seek_event(event);
    return { position: sim.position, now_ms: sim.now_ms };
  } finally {
    sim.free();
  }
}
