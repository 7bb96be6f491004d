// What was said of each number, read from the trace's lines: the phase diagram is drawn from it.

/** @typedef {import("../types.js").TraceEvent} TraceEvent */

/** The columns of the diagram, in order. */
export const PHASES = /** @type {const} */ (["request", "pre-prepare", "prepare", "commit", "reply"]);

/**
 * One message of a phase. Ends are nodes by number, clients below zero.
 * @typedef {object} Said
 * @property {number} event its arrival or loss; Infinity while it is under way
 * @property {number} phase
 * @property {number} seq 0 for what clients say and hear
 * @property {number} view
 * @property {number} from
 * @property {number} to
 * @property {number} by who is said to have sent it
 * @property {string} digest
 * @property {string} request "c0#1"
 * @property {"arrived" | "lost" | "refused" | "under way"} fate
 */

/** Events read at first, and at most in one go. */
const READ_MOST = 2500;
/** Messages remembered. */
const KEPT_MOST = 4000;

/** Reasons for which something is dropped that does not deserve to be heard. */
const REFUSED =
  /does not hold|did not sign|is not the request's|second request|is not the primary's|null request/;

const KIND = { Request: 0, PrePrepare: 1, Prepare: 2, Commit: 3, Reply: 4 };
const LINE = /(n|c)(\d+) <- (n|c)(\d+) (?:lost \([^)]*\) )?(Request|PrePrepare|Prepare|Commit|Reply) (.*)$/;
const FIELDS = /by=(\d+) v=(\d+) n=(\d+) d=(\w+)/;
const ASKED = /\(?(c\d+#\d+)\)?/;

/**
 * What a line of the trace says, if it is a message of a phase.
 * @param {string} line
 * @returns {Omit<Said, "event" | "fate"> | null}
 */
export function parseLine(line) {
  const parts = LINE.exec(line);
  if (!parts) return null;
  const [, toKind, to, fromKind, from, kind, rest] = parts;
  const end = (/** @type {string} */ k, /** @type {string} */ n) => (k === "c" ? -1 - Number(n) : Number(n));
  const [, by = from, view = "0", seq = "0", digest = ""] = FIELDS.exec(rest) ?? [];
  return {
    phase: KIND[/** @type {keyof typeof KIND} */ (kind)],
    seq: Number(seq),
    view: Number(view),
    from: end(fromKind, from),
    to: end(toKind, to),
    by: Number(by),
    digest,
    request: kind === "Prepare" || kind === "Commit" ? "" : (ASKED.exec(rest)?.[1] ?? ""),
  };
}

/** Remembers what was said, as far as it was read, and reads on from there. */
export class Story {
  constructor() {
    this.histories = -1;
    this.from = 0;
    this.to = 0;
    /** @type {Said[]} */
    this.said = [];
    /** What messages under way say, by number. @type {Map<number, ReturnType<typeof parseLine>>} */
    this.flying = new Map();
  }

  /** @param {import("../types.js").DiagramData} data */
  read(data) {
    const { histories, position } = data;
    const gap = position - this.to > READ_MOST;
    if (histories !== this.histories || position < this.from || gap) {
      this.histories = histories;
      this.from = this.to = Math.max(0, position - READ_MOST);
      this.said = [];
      this.flying.clear();
    }
    if (position <= this.to) return;
    for (const event of data.trace(this.to, position)) this.hear(event);
    this.to = position;
    if (this.said.length > KEPT_MOST) this.said.splice(0, this.said.length - KEPT_MOST);
  }

  /** @param {TraceEvent} event */
  hear(event) {
    if (event.kind === "deliver" || event.kind === "lose") {
      const what = parseLine(event.line);
      const fate = event.kind === "lose" ? "lost" : "arrived";
      if (what) this.said.push({ ...what, event: event.id, fate });
    } else if (event.kind === "ignore" && REFUSED.test(event.name)) {
      for (let k = this.said.length - 1; k >= 0 && this.said[k].event >= (event.cause ?? 0); k--)
        if (this.said[k].event === event.cause) this.said[k].fate = "refused";
    }
  }

  /**
   * What is under way now.
   * @param {import("../types.js").DiagramData} data
   * @returns {Said[]}
   */
  underWay(data) {
    /** @type {Said[]} */
    const said = [];
    for (const { id } of data.flights()) {
      let what = this.flying.get(id);
      if (what === undefined) {
        const { from, to, text } = data.message(id);
        const end = (/** @type {import("../types.js").Peer} */ p) =>
          p.node != null ? `n${p.node}` : `c${p.client}`;
        what = parseLine(`${end(to)} <- ${end(from)} ${text}`);
        this.flying.set(id, what);
      }
      if (what) said.push({ ...what, event: Infinity, fate: "under way" });
    }
    return said;
  }

  /**
   * All that belongs to one number in its last view by `position`: the newest that was ordered, or the one asked for.
   * @param {import("../types.js").DiagramData} data
   * @param {number} [seq]
   */
  ofNumber(data, seq) {
    const all = this.said.filter((s) => s.event < data.position).concat(this.underWay(data));
    const orders = all.filter((s) => s.phase === 1);
    const newest = orders.at(-1);
    const number =
      seq ?? orders.reduce((most, s) => (s.view === newest?.view ? Math.max(most, s.seq) : most), 0);
    if (number === 0) {
      const asked = all.filter((s) => s.phase === 0 || s.phase === 4);
      return { seq: 0, view: 0, said: asked.slice(-1), digests: [] };
    }
    const view = all.reduce((last, s) => (s.seq === number ? Math.max(last, s.view) : last), 0);
    const votes = all.filter((s) => s.seq === number && s.view === view);
    const requests = new Set(votes.map((s) => s.request).filter(Boolean));
    const asked = all.filter((s) => s.seq === 0 && requests.has(s.request));
    const digests = [...new Set(votes.map((s) => s.digest))];
    return { seq: number, view, said: [...asked, ...votes], digests };
  }
}
