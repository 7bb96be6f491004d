// How far a search of every order has come, in words: within which bounds it saw all there is, and no more than that.

import { capital, counted, listed } from "../lib/format.js";

/** @typedef {import("../pkg/hunt").HuntReach} HuntReach */
/** @typedef {Pick<HuntReach, "requests" | "timers" | "crashes" | "copies">} Bounds */

/** The widest bounds, and how many states are looked at within each: as src/hunt/space.rs has it. */
export const BOUNDS = { steps: 7, states: 150_000, requests: 3, timers: 3, crashes: 1, copies: 1 };

/** The kinds of faults that are in the orders where they are ticked. */
export const OF_ORDERS = ["crashes", "network", "timers", "liars"];

/**
 * How far all workers have come within some bounds. Each has a cluster of its own.
 * @typedef {object} Reached
 * @property {Bounds} bounds
 * @property {number} states
 * @property {number} clusters how many were drawn
 * @property {number} begun on how many of them the search has come to these bounds
 * @property {number} all on how many of them all states were seen
 * @property {number} found on how many of them one was wrong
 * @property {number} open on how many of them it goes on, or would
 */

/** @param {Bounds} bounds */
export function boundsWords({ requests, timers, crashes, copies }) {
  /** @type {[number, string, string][]} */
  const kinds = [
    [requests, "request", "requests"],
    [timers, "time-out", "time-outs"],
    [crashes, "crash", "crashes"],
    [copies, "copied message", "copied messages"],
  ];
  const some = kinds.filter(([most]) => most > 0).map(([most, one, many]) => counted(most, one, many));
  const none = kinds.filter(([most]) => most === 0).map(([, , many]) => many);
  return `up to ${listed(some)}${none.length ? `, without ${listed(none, "or")}` : ""}`;
}

/**
 * @param {({ reaches: HuntReach[] } | null)[]} workers
 * @returns {Reached[]}
 */
export function ordersOf(workers) {
  const most = Math.max(0, ...workers.map((figures) => figures?.reaches.length ?? 0));
  return Array.from({ length: most }, (_, k) => {
    const each = workers.flatMap((figures) => figures?.reaches[k] ?? []);
    const ended = (/** @type {HuntReach["end"]} */ how) => each.filter(({ end }) => end === how).length;
    return {
      bounds: each[0],
      states: each.reduce((sum, { states }) => sum + states, 0),
      clusters: workers.length,
      begun: each.length,
      all: ended("all"),
      found: ended("found"),
      open: ended(null),
    };
  });
}

/** @param {number} clusters */
const onClusters = (clusters) => (clusters === 1 ? "one cluster" : `${clusters} clusters`);

/**
 * One line of figures: what was looked at within some bounds, and what came of it.
 * @param {Reached} reached
 */
export function reachedWords({ bounds, states, clusters, begun, all, found, open }) {
  const broken = found > 0 ? `broken on ${onClusters(found)}` : "none broken";
  const how = capital(boundsWords(bounds));
  const number = counted(states, "state");
  if (all === clusters) return `${how}: ${number}, all there are on ${onClusters(clusters)}; none broken.`;
  const part = all > 0 ? `, all there are on ${all} of ${clusters} clusters` : "";
  if (open > 0 || begun < clusters) return `${how}: ${number} so far${part}; ${broken}.`;
  const left = all + found < clusters ? "; not all there are" : "";
  return `${how}: ${number}${part}; ${broken}${left}.`;
}

/** @param {Reached[]} orders those within others are left out */
function widest(orders) {
  const keys = /** @type {(keyof Bounds)[]} */ (["requests", "timers", "crashes", "copies"]);
  const within = (/** @type {Reached} */ a, /** @type {Reached} */ b) =>
    a !== b && keys.every((key) => a.bounds[key] <= b.bounds[key]);
  return orders.filter((one) => !orders.some((other) => within(one, other)));
}

/**
 * How a search of every order ended.
 * @param {({ over: boolean, reaches: HuntReach[] } | null)[]} workers
 * @returns {"exhausted" | "ended" | ""} nothing where it did not end by itself
 */
export function endOfOrders(workers) {
  if (!workers.every((figures) => figures?.over)) return "";
  const orders = ordersOf(workers);
  return orders.length > 0 && orders.every(({ all, clusters }) => all === clusters) ? "exhausted" : "ended";
}

/**
 * What a search that found nothing proves: every order within those bounds in which all states were seen on each of the
 * clusters that were drawn, and nothing beyond.
 * @param {"exhausted" | "ended" | ""} end
 * @param {Reached[]} orders
 */
export function proven(end, orders) {
  const seen = widest(orders.filter(({ all, clusters }) => all === clusters));
  const rest =
    end === "ended"
      ? `it looks at ${BOUNDS.states.toLocaleString("en")} states within each of its bounds at the most`
      : "it was stopped";
  if (seen.length > 0) {
    const each = seen.map(({ bounds }) => boundsWords(bounds));
    // Each has commas of its own.
    const within = each.join("; of ").replace(/; of (?!.*; of )/, "; and of ");
    const where = `on the ${onClusters(seen[0].clusters)} drawn`.replace("the one cluster", "the cluster");
    if (end === "exhausted")
      return `That is every order of ${within}, ${where}, and no invariant was violated; it proves nothing beyond.`;
    return `Every order of ${within} was looked at for invariants, ${where}. Within wider bounds there may be more: ${rest}.`;
  }
  if (end === "ended")
    return `The search has ended, but ${rest}, so that it may not have come to every order within them.`;
  return "That is what was tried; it proves nothing beyond.";
}
