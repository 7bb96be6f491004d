// From when on a violation could not be avoided: how often it comes where the run is left at an event
// and goes on at random.

import { makeWorker } from "./crew.js";

/** @typedef {import("../pkg/hunt").Fate} Fate */
/** @typedef {import("../pkg/hunt").Breach} Breach */

/** How many places of the run are looked at first. */
const PLACES = 40;
/** Continuations at each place. */
const TRIES = 40;

/**
 * @typedef {object} Doom
 * @property {Fate[]} fates in order of their events
 * @property {Fate | null} point the first from which on every continuation comes to the violation
 * @property {boolean} done
 */

/**
 * The first of those fates after which none came out well; `null` where there is none.
 * @param {Fate[]} fates in order of their events
 */
export function pointOf(fates) {
  let point = null;
  for (const fate of fates.toReversed()) {
    if (fate.violated < fate.tried) break;
    point = fate;
  }
  return point;
}

/**
 * The events to look at next: those between the last place that could still come out well and the
 * first that could not.
 * @param {Fate[]} fates in order of their events
 */
export function between(fates) {
  const point = pointOf(fates);
  const before = fates.filter((fate) => !point || fate.event < point.event).at(-1);
  const from = before ? before.event + 1 : 0;
  const to = point ? point.event : 0;
  const places = [];
  const step = Math.max(1, Math.ceil((to - from) / PLACES));
  for (let event = from; event < to; event += step) places.push(event);
  return places;
}

/**
 * Evenly spread events of a run up to its violation.
 * @param {number} last
 */
export function spread(last) {
  const count = Math.min(PLACES, last + 1);
  const places = Array.from({ length: count }, (_, k) => Math.round((k * last) / Math.max(1, count - 1)));
  return [...new Set(places)];
}

/**
 * Finds the point of no return, and tells what is known as it becomes so.
 * @param {import("../types.js").Scenario} scenario
 * @param {Breach} breach
 * @param {number} last the event of the violation
 * @param {(doom: Doom, trouble?: string) => void} tell
 * @returns {() => void} ends it
 */
export function findNoReturn(scenario, breach, last, tell) {
  /** @type {Map<number, Fate>} */
  const known = new Map();
  const fates = () => [...known.values()].sort((a, b) => a.event - b.event);
  const doom = (done = false) => ({ fates: fates(), point: pointOf(fates()), done });
  const worker = makeWorker((news) => {
    if (news.news === "fate") {
      known.set(news.fate.event, news.fate);
      tell(doom());
    }
    if (news.news === "fates") {
      const more = between(fates()).filter((event) => !known.has(event));
      if (more.length > 0) ask(more);
      else {
        tell(doom(true));
        worker.end();
      }
    }
    if (news.news === "failed") {
      tell(doom(true), news.words);
      worker.end();
    }
  });
  /** @param {number[]} events */
  const ask = (events) => worker.tell({ task: "fates", scenario, breach, events, tries: TRIES, seed: 1 });
  ask(spread(last));
  return () => worker.end();
}
