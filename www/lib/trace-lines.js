// The trace of a run as text to keep: JSON Lines, or a log that ShiViz reads. docs/TRACE.md describes both.

/** @typedef {import("../types.js").TraceEvent} TraceEvent */
/** @typedef {import("../types.js").Simulation} Simulation */

/** Events that are written at a time. */
const SLICE = 500;

/** The regular expression by which ShiViz takes such a log apart: it stands in the log's first line. */
export const SHIVIZ = "(?<event>.*)\\n(?<host>\\S*) (?<clock>{.*})";

/**
 * The trace as JSON Lines: a line that says what this is and carries the scenario, then a line an event.
 * @param {Simulation} sim
 * @returns {Generator<string, void>} pieces of text, each of whole lines
 */
export function* jsonLines(sim) {
  const head = {
    synod_trace: 1,
    events: sim.length,
    end_ms: sim.end_ms,
    scenario: sim.scenario(),
  };
  yield `${JSON.stringify(head)}\n`;
  for (const events of slices(sim)) yield events.map((event) => `${JSON.stringify(event)}\n`).join("");
}

/**
 * The trace as a log for ShiViz, with a vector clock for each event. A host is a node, a client, or the
 * world, which does what is done from outside. A loss is nobody's event and is left out.
 * @param {Simulation} sim
 * @returns {Generator<string, void>} pieces of text, each of whole lines
 */
export function* shivizLines(sim) {
  yield `${SHIVIZ}\n\n`;
  const clocks = new Clocks(sim);
  for (const events of slices(sim)) {
    const lines = [];
    clocks.expect(events);
    for (const event of events) {
      const host = hostOf(event);
      const clock = host ? clocks.tick(event, host) : null;
      clocks.end(event);
      if (!clock) continue;
      lines.push(`${event.text.replaceAll(/\s+/g, " ")} (${event.at_ms.toFixed(3)} ms)\n`);
      lines.push(`${host} ${JSON.stringify(Object.fromEntries(clock))}\n`);
    }
    yield lines.join("");
  }
}

/** @param {Simulation} sim */
function* slices(sim) {
  const { length } = sim;
  for (let from = 0; from < length; from += SLICE) yield sim.trace(from, Math.min(length, from + SLICE));
}

/**
 * Whose event it is; nobody's where a message is lost.
 * @param {Pick<TraceEvent, "kind" | "node" | "client">} event
 */
export function hostOf({ kind, node, client }) {
  if (kind === "lose") return "";
  if (kind === "action") return "world";
  return node != null ? `node${node}` : client != null ? `client${client}` : "world";
}

/** Vector clocks, kept for as long as something may still arrive that was sent at them. */
class Clocks {
  /** @param {Simulation} sim */
  constructor(sim) {
    this.sim = sim;
    /** The clock of each host by now: how many events of each it may know of. @type {Map<string, Map<string, number>>} */
    this.hosts = new Map();
    /** The clocks of events from which something may still come. @type {Map<number, Map<string, number>>} */
    this.kept = new Map();
    /** How many messages of each event are under way. @type {Map<number, number>} */
    this.under = new Map();
    /** @type {Float64Array | undefined} */
    this.room = undefined;
  }

  /**
   * Counts the messages that are sent in some events.
   * @param {TraceEvent[]} events that follow one another
   */
  expect(events) {
    const [first, last] = [events[0], events[events.length - 1]];
    if (!first) return;
    this.room = this.sim.window(first.at_ms, last.at_ms, 0xffffffff, this.room);
    const [, rows, flights] = this.room;
    for (let k = 0; k < flights; k++) {
      const sentBy = this.room[6 + rows * 7 + k * 10 + 3];
      if (sentBy >= first.id && sentBy <= last.id) this.under.set(sentBy, (this.under.get(sentBy) ?? 0) + 1);
    }
  }

  /** @param {TraceEvent} event a message is not under way any more */
  end({ kind, cause }) {
    if ((kind !== "deliver" && kind !== "lose") || cause == null) return;
    const left = (this.under.get(cause) ?? 1) - 1;
    if (left > 0) this.under.set(cause, left);
    else if (this.under.delete(cause)) this.kept.delete(cause);
  }

  /**
   * The clock of an event: what its host knew, what led to it, and itself.
   * @param {TraceEvent} event
   * @param {string} host
   */
  tick(event, host) {
    const clock = new Map(this.hosts.get(host) ?? []);
    for (const [other, count] of this.kept.get(event.cause ?? -1) ?? [])
      if (count > (clock.get(other) ?? 0)) clock.set(other, count);
    clock.set(host, (clock.get(host) ?? 0) + 1);
    this.hosts.set(host, clock);
    // Of what is done from outside something may come much later: its clock is a single number.
    if (this.under.has(event.id) || event.kind === "action") this.kept.set(event.id, clock);
    return clock;
  }
}
