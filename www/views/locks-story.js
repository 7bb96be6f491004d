// What clients know of locks, and what happened to locks, read from the trace. Pure: no document.

import { clientClock } from "../lib/clients.js";
import { Follower } from "./follow.js";

/** @typedef {import("../types.js").TraceEvent} TraceEvent */
/** @typedef {import("../types.js").NodeDetail} NodeDetail */

/**
 * Something that happened: a fact of the table of locks, or something that a client asked or heard.
 * @typedef {object} Point
 * @property {number} id its event
 * @property {number} at
 * @property {string} kind "fact", "asked", "heard", "pause" or "resume"
 * @property {number} client
 * @property {string} name the fact's kind, or what was asked
 * @property {any} fact
 * @property {string} text
 */

/**
 * What a client believes.
 * @typedef {object} Belief
 * @property {Map<string, number>} holds locks, with the tokens under which it was told that it has them
 * @property {number | null} from when it began to count its lease
 * @property {string} gives the lock that it has asked to give back, while it has no answer
 * @property {boolean} paused
 */

/** How far back is looked, in events. */
const LOOK_BACK = 12_000;

/**
 * The fact of the table of locks that an event states.
 * @param {TraceEvent} event
 * @returns {{ name: string, fact: any, index: number } | null}
 */
export function lockFact({ kind, fact }) {
  if (kind !== "milestone" || !fact?.machine) return null;
  const [[name, inner]] = Object.entries(fact.machine.fact);
  return { name, fact: inner, index: fact.machine.index };
}

/** What of a run concerns locks and clients, kept between two drawings. */
export class Story extends Follower {
  constructor() {
    super(LOOK_BACK);
    /** @type {Point[]} in order */
    this.points = [];
  }

  forget() {
    this.points = [];
  }

  /** @param {TraceEvent} event */
  take(event) {
    const point = pointOf(event);
    if (point) this.points.push(point);
  }

  /**
   * The last fact of a kind before an event.
   * @param {string} name
   * @param {number} position
   * @param {(fact: any) => boolean} [which]
   * @returns {Point | undefined}
   */
  last(name, position, which = () => true) {
    return this.points.findLast(
      (point) => point.id < position && point.kind === "fact" && point.name === name && which(point.fact),
    );
  }

  /**
   * What each client believes after so many events.
   * @param {number} position
   * @param {boolean} fromAnswer whether it counts from the answer, as one mutant does
   * @returns {Map<number, Belief>}
   */
  beliefs(position, fromAnswer = false) {
    /** @type {Map<number, Belief & { asked: number }>} */
    const all = new Map();
    for (const point of this.points) {
      if (point.id >= position) break;
      if (point.kind === "fact") continue;
      let of = all.get(point.client);
      if (!of)
        all.set(
          point.client,
          (of = { holds: new Map(), from: null, gives: "", paused: false, asked: point.at }),
        );
      if (point.kind === "asked") {
        of.asked = point.at;
        of.gives = / asks(?: again)? for release (.+?)(?: token \d+)?$/.exec(point.text)?.[1] ?? "";
      } else if (point.kind === "heard") {
        of.gives = "";
        hear(of, point, fromAnswer ? point.at : of.asked);
      } else of.paused = point.kind === "pause";
    }
    return all;
  }
}

/**
 * @param {Belief} of
 * @param {Point} point
 * @param {number} from
 */
function hear(of, { text }, from) {
  const answer = text.slice(text.indexOf(" → ") + 3);
  const granted = /^granted (.+), token (\d+)(?:, \d+ times)?$/.exec(answer);
  const released = /^released ([^,]+)$/.exec(answer);
  const newest = /token (\d+) was seen already/.exec(answer);
  if (granted) {
    of.holds.set(granted[1], Number(granted[2]));
    of.from = from;
  } else if (answer.startsWith("renewed for")) of.from = from;
  else if (released) of.holds.delete(released[1]);
  else if (/session has expired|no session|nobody holds it|client \d+ holds it/.test(answer))
    of.holds.clear();
  else if (newest) for (const [lock, token] of of.holds) if (token < Number(newest[1])) of.holds.delete(lock);
}

/**
 * @param {TraceEvent} event
 * @returns {Point | null}
 */
function pointOf(event) {
  const { id, at_ms: at, kind, name, text } = event;
  const told = lockFact(event);
  if (told) return { id, at, kind: "fact", client: -1, name: told.name, fact: told.fact, text };
  if (kind === "request" || kind === "answer") {
    const client = event.client ?? -1;
    return { id, at, kind: kind === "request" ? "asked" : "heard", client, name, fact: null, text };
  }
  if (kind !== "action" || (name !== "pause_client" && name !== "resume_client")) return null;
  const client = Number(/^Client (\d+) /.exec(text)?.[1] ?? -1);
  return { id, at, kind: name === "pause_client" ? "pause" : "resume", client, name, fact: null, text };
}

/**
 * The node that speaks for the service: its leader, or the one that has applied most.
 * @param {NodeDetail[]} nodes
 * @returns {NodeDetail | undefined}
 */
export function speaker(nodes) {
  const up = nodes.filter((node) => node.status === "up");
  const leader = up
    .filter((node) => node.view.role === "leader")
    .sort((a, b) => b.view.term - a.view.term)[0];
  return leader ?? [...up].sort((a, b) => b.view.applied - a.view.applied)[0];
}

/**
 * What is left of leases, in milliseconds, as the service counts and as the client does. null where one
 * of them does not count.
 * @typedef {{ truth: number | null, believed: number | null }} Left
 */

/**
 * @param {NodeDetail | undefined} node the speaker
 * @param {number} client
 * @param {Belief | undefined} belief
 * @param {number} now
 * @param {Record<string, any>} options
 * @param {import("../types.js").ScriptEntry[]} [script] what clocks were set to
 * @returns {Left & { ttl: number }}
 */
export function leaseOf(node, client, belief, now, options, script = []) {
  const session = node?.view.machine.sessions.find((/** @type {any} */ each) => each.client === client);
  const ttl = session?.ttl_ms ?? options.machine?.ttl_ms ?? 1000;
  const lease = node?.view.dials?.leases.find((/** @type {any} */ each) => each.client === client);
  // Leader and client count by their own clocks; shown is what that comes to in true time.
  const pace = 1 + (node?.drift_ppm ?? 0) / 1_000_000;
  const ppm = Math.min(options.lease_drift_ppm ?? 0, 999_999);
  const span = (ttl * (1_000_000 - ppm)) / (1_000_000 + ppm);
  const clock = clientClock(script, client, now);
  const counted = (/** @type {number} */ from) => clock.shows - clientClock(script, client, from).shows;
  return {
    ttl,
    truth: node && lease ? Math.max(0, lease.until_ms - node.clock_ms) / pace : null,
    believed: belief?.from == null ? null : Math.max(0, span - counted(belief.from)) / clock.pace,
  };
}

/**
 * Where a client's belief and the service's table part, in words; "" where they do not.
 * @param {string} lock
 * @param {number} client
 * @param {boolean} holds whether the service has it as a holder under the token it knows
 * @param {Belief | undefined} belief
 * @param {Left} left
 * @param {boolean} careful whether clients check their leases
 */
export function parting(lock, client, holds, belief, left, careful) {
  const believes = belief?.holds.has(lock) ?? false;
  if (holds && !believes) return `client ${client} has not heard that it holds ${lock}`;
  if (!believes) return "";
  const trusts = belief?.paused || !careful || left.believed === null || left.believed > 0;
  if (!holds && belief?.gives === lock)
    return `client ${client} has given ${lock} back, and waits to hear so`;
  if (!holds)
    return trusts
      ? `client ${client} still believes it holds ${lock}`
      : `client ${client} held ${lock} and no longer trusts its lease`;
  if (!trusts) return `client ${client} no longer trusts its lease; the service still keeps ${lock} for it`;
  return "";
}
