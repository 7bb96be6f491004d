// Why something happened: what led to it, told backwards in sentences.

import { nodesListed } from "./format.js";

/** @typedef {import("../types.js").TraceEvent} TraceEvent */
/** @typedef {Pick<import("../types.js").Simulation, "trace" | "length" | "message" | "scenario">} Traced */

/**
 * A step back. What `event` says is why the step before it happened.
 * @typedef {object} Step
 * @property {TraceEvent} event
 * @property {string} text a whole sentence
 * @property {TraceEvent[]} others what came of the same question before, of which this was the last that was needed
 * @property {{ event: TraceEvent, text: string } | null} reason for which deed a message was lost, beside what led to its sending
 * @property {boolean} begins whether what is told began here: with a timer, a request, or a deed from outside
 */

/** Steps told at once. */
export const STEPS = 12;
/** Steps told of what was before the beginning. */
const BEFORE = 1;
/** Events looked through for others of the same kind. */
const AMONG = 3000;

/**
 * What led to an event, the event itself first: back to the timer, the request or the deed that began
 * it, and one step further.
 * @param {Traced} sim
 * @param {number} id
 * @param {number} [most] steps that are told at most; more than `STEPS` go on beyond the beginning
 * @returns {{ steps: Step[], more: boolean }} `more`: whether it goes on
 */
export function whyOf(sim, id, most = STEPS) {
  /** @type {Step[]} */
  const steps = [];
  let begun = -1;
  let event = eventAt(sim, id);
  /** @type {TraceEvent | null} */
  let later = null;
  while (event) {
    if (steps.length >= most || (begun >= 0 && most <= STEPS && steps.length > begun + BEFORE))
      return { steps, more: true };
    const cause = event.cause == null ? null : eventAt(sim, event.cause);
    const begins = begun < 0 && isBeginning(event, cause);
    if (begins) begun = steps.length;
    steps.push({
      event,
      text: event.kind === "lose" ? lossSentence(sim, event) : sentence(event, cause, later),
      reason: reasonOf(sim, event),
      others: cause && event.kind === "deliver" ? othersLike(sim, event, cause) : [],
      begins,
    });
    later = event;
    event = cause;
  }
  return { steps, more: false };
}

/**
 * @param {Traced} sim
 * @param {number} id
 * @returns {TraceEvent | null}
 */
function eventAt(sim, id) {
  return sim.trace(id, id + 1)[0] ?? null;
}

/**
 * Whether an event began something: nobody's message led to it.
 * @param {TraceEvent} event
 * @param {TraceEvent | null} cause
 */
function isBeginning({ kind }, cause) {
  return kind === "fire" || kind === "request" || kind === "retry" || kind === "action" || cause === null;
}

/**
 * @param {TraceEvent} event
 * @param {TraceEvent | null} cause
 * @param {TraceEvent | null} later what it led to, in the chain that is told
 */
function sentence(event, cause, later) {
  const set = later?.kind === "fire" && event.kind !== "action" ? ", when that timer was set" : "";
  const at = `At ${event.at_ms.toFixed(1)} ms${set}`;
  const said = lower(event);
  const took = (/** @type {TraceEvent} */ from) => `${(event.at_ms - from.at_ms).toFixed(1)} ms`;
  const joined = set ? `${at}: ${said}` : `${at} ${said}`;
  switch (event.kind) {
    case "violation":
      return `${at} ${event.name} was found violated: ${said}.`;
    case "deliver":
      return cause ? `${joined}, sent ${took(cause)} before.` : `${joined}.`;
    case "fire":
      return cause && cause.kind !== "action"
        ? `${joined}. It was set ${took(cause)} before and not set anew since.`
        : `${joined}.`;
    case "action":
      return `${at}, from outside: ${said}.`;
    default:
      return `${joined}.`;
  }
}

/**
 * When and how a message was lost, and when it was sent.
 * @param {Traced} sim
 * @param {TraceEvent} event
 */
function lossSentence(sim, event) {
  const at = `At ${event.at_ms.toFixed(1)} ms ${event.text}`;
  const message = event.message == null ? null : sim.message(event.message);
  if (!message) return `${at}.`;
  const sent = `${at}. It was sent ${(event.at_ms - message.sent_ms).toFixed(1)} ms before.`;
  const share = Number(sim.scenario().network?.loss ?? 0);
  const byChance = event.text.endsWith(": lost by chance") && message.lost_for == null && share > 0;
  return byChance
    ? `${sent} From the start ${Number((100 * share).toFixed(4))} % of messages are lost.`
    : sent;
}

/**
 * The deed for which a message was lost, unless the chain leads there anyway.
 * @param {Traced} sim
 * @param {TraceEvent} event
 * @returns {{ event: TraceEvent, text: string } | null}
 */
function reasonOf(sim, { kind, message, cause }) {
  const id = kind === "lose" && message != null ? sim.message(message)?.lost_for : null;
  const deed = id == null || id === cause ? null : eventAt(sim, id);
  return deed && { event: deed, text: `That it was lost began here. ${sentence(deed, null, null)}` };
}

/** Names with which facts begin; what else a fact begins with is a value, which stays as it is. */
const NAMES = /^(Nodes?|Clients?|Entry|Entries|Numbers?|Slots?|Lock|Deadlock|The|No node|A deadlock)\b/;

/** @param {TraceEvent} event what it says, to stand within a sentence */
function lower({ kind, text }) {
  const isFact = kind === "milestone" || kind === "violation";
  return isFact && !NAMES.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1);
}

/**
 * Answers to one question count together: before a vote that decides, or the last copy that is needed,
 * others came to the same node from whom the same event had asked. Those, oldest first.
 * @param {Traced} sim
 * @param {TraceEvent} event a message arrives
 * @param {TraceEvent} cause in which it was sent
 * @returns {TraceEvent[]}
 */
function othersLike(sim, event, cause) {
  const asked = cause.cause;
  if (asked == null || event.id - asked > AMONG) return [];
  const between = sim.trace(asked, event.id);
  if (between[0]?.node !== event.node || event.node == null) return [];
  const byId = (/** @type {number} */ id) => between[id - asked];
  return between.filter(
    (other) =>
      other.kind === "deliver" &&
      other.node === event.node &&
      other.name === event.name &&
      other.cause != null &&
      other.cause > asked &&
      byId(other.cause)?.cause === asked,
  );
}

/**
 * The others in a sentence: who had answered the same before.
 * @param {Traced} sim
 * @param {TraceEvent[]} others
 */
export function othersWords(sim, others) {
  const from = others.map(({ cause }) => {
    const sender = cause == null ? null : eventAt(sim, cause);
    return sender?.node ?? -1;
  });
  const known = [...new Set(from)].filter((node) => node >= 0);
  return known.length > 0
    ? `${known.length > 1 ? "Answers" : "An answer"} to the same question had come before from ${nodesListed(known)}.`
    : "";
}

/** The classes of what others had to do with a violation. */
const TELLING = ["leadership", "decision"];

/**
 * Of a violation that concerns several nodes, what each of the others had stated last before it: who
 * leads, and what is decided. Oldest first.
 * @param {Traced} sim
 * @param {TraceEvent} event
 * @param {number[]} nodes those that are concerned
 * @returns {TraceEvent[]}
 */
export function otherSides(sim, event, nodes) {
  const others = nodes.filter((node) => node !== event.node);
  const missing = new Set(others.flatMap((node) => TELLING.map((kind) => `${node} ${kind}`)));
  /** @type {TraceEvent[]} */
  const found = [];
  for (let to = event.id; to > 0 && missing.size > 0 && event.id - to < 10 * AMONG; to -= AMONG)
    for (const other of sim.trace(Math.max(0, to - AMONG), to).reverse())
      if (missing.delete(`${other.node} ${other.class}`)) found.unshift(other);
  return found;
}
