// Why something is as it is: the event that explains a node, and what led to an event.

import { CODE } from "../stage/timeline.js";

/** @typedef {import("../player.js").Player} Player */
/** @typedef {import("../types.js").TraceEvent} TraceEvent */

const CHAIN_MOST = 8;
/** Roles that a node has because of one event, however much touched it since. */
const MADE = ["leader", "primary", "changing view"];

/**
 * The event that explains a node: what brought it down, made it what it is, or touched it last.
 * @param {Player} player
 * @param {import("../types.js").NodeGlance} node
 * @param {TraceEvent[]} recent newest first
 * @returns {number | undefined}
 */
export function rootOf({ simulation, position, marks }, { id, status, role }, recent) {
  const own = recent.filter((e) => e.node === id);
  const down = status === "crashed";
  const wanted = down ? [CODE.crash, CODE.fault] : MADE.includes(role) ? [CODE.leadership] : [];
  for (let k = marks.length - 3; k >= 0 && wanted.length > 0; k -= 3) {
    if (marks[k] >= position || !wanted.includes(marks[k + 2])) continue;
    const [event] = simulation.trace(marks[k], marks[k] + 1);
    const fits = !down || event?.name === "crash" || event?.name === "disk_loss";
    if (event?.node === id && fits) return event.id;
  }
  return (own.find((e) => e.class === "leadership") ?? own[0])?.id;
}

/**
 * An event and what led to it, newest first.
 * @param {Player} player
 * @param {number} id
 */
export function causesOf({ simulation }, id) {
  /** @type {TraceEvent[]} */
  const chain = [];
  /** @type {number | null} */
  let next = id;
  while (next !== null && chain.length < CHAIN_MOST) {
    const [event] = simulation.trace(next, next + 1);
    if (!event) break;
    chain.push(event);
    next = event.cause;
  }
  return chain;
}
