// The headline of a run and the sentence below it: what is happening, and what to watch for.

import { byId } from "../lib/dom.js";
import { capital } from "../lib/format.js";

/** How long a scenario's own sentence of what to watch for stays at least while it plays, in virtual milliseconds. */
const WATCH_MS = 120;
/** The speed at which that is long enough: where time goes faster it stays longer. */
const WATCH_SPEED = 1 / 30;
/** How long a violation is the headline, in virtual milliseconds. */
const BROKEN_MS = 60;
/** So many events are looked back on. */
const RECENT = 160;

/**
 * @param {import("./run.js").RunPage} page
 * @param {import("../stage/frame.js").Frame} frame
 */
export function drawStory({ player, view, hands }, frame) {
  const { simulation, position, violationNow } = player;
  const recent = simulation.trace(Math.max(0, position - RECENT), position);
  /** @type {Map<number, import("../types.js").NodeDetail | null>} */
  const details = new Map();
  const detail = (/** @type {number} */ id) => {
    if (!details.has(id)) details.set(id, simulation.node(id) ?? null);
    return details.get(id) ?? null;
  };
  const { headline, watch } = view.headline({
    still: hands.stillClients,
    now: frame.now,
    nodes: frame.everyNode(),
    cuts: Array.from({ length: frame.cuts }, (_, k) => frame.cut(k)),
    recent,
    violation: violationNow,
    detail,
    options: player.scenario.options ?? {},
  });
  if (violationNow) {
    const what = capital(violationNow.invariant);
    const fresh = frame.now - violationNow.at_ms < BROKEN_MS;
    setWords("headline", fresh ? `${what} is violated` : headline);
    setWords("watch", `✕ ${what} no longer holds: ${violationNow.text}.`);
  } else {
    setWords("headline", headline);
    setWords("watch", hintNow(player) || watch);
  }
  byId("watch").classList.toggle("broken", violationNow !== null);
}

/**
 * The scenario's own sentence of what to watch for, from where it opens until it happens. While it plays there has
 * to be time to read it; whoever stops or steps wants to know what is so now.
 * @param {import("../player.js").Player} player
 */
function hintNow({ scenario, now, touched, playing, speed }) {
  if (touched || !scenario.watch) return "";
  const opens = openingOf(scenario);
  const happens = scenario.script?.find((entry) => entry.at_ms > opens)?.at_ms ?? 0;
  const reads = WATCH_MS * Math.max(1, speed / WATCH_SPEED);
  const until = playing ? Math.max(happens, opens + reads) : Math.max(happens, opens + 1);
  return now >= opens && now < until ? scenario.watch : "";
}

/**
 * Where a scenario opens, in milliseconds.
 * @param {import("../types.js").Scenario} scenario
 */
export function openingOf(scenario) {
  return scenario.open_ms ?? 0;
}

/**
 * @param {string} id
 * @param {string} text
 */
function setWords(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}
