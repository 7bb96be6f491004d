// What was said of each number and of each view, read from the trace's lines: the diagram is drawn from it.

import { Follower } from "./follow.js";
import { goesOn } from "./pbft-words.js";

/** @typedef {import("../types.js").TraceEvent} TraceEvent */

/** The phases: those of a request, and those of a view change. */
export const PHASES = [
  "request",
  "pre-prepare",
  "prepare",
  "commit",
  "reply",
  "view change",
  "acknowledgement",
  "new view",
];
const [REQUEST, PRE_PREPARE, PREPARE, COMMIT, REPLY, CHANGE, ACK, NEW_VIEW] = PHASES.keys();

/**
 * One message of a phase. Ends are nodes by number, clients below zero.
 * @typedef {object} Said
 * @property {number} event its arrival or loss; Infinity while it is under way
 * @property {number} phase
 * @property {number} seq 0 for what speaks of no number
 * @property {number} view
 * @property {number} from
 * @property {number} to
 * @property {number} by who is said to have sent it
 * @property {string} digest
 * @property {string} request "c0#1"
 * @property {"arrived" | "lost" | "refused" | "under way"} fate
 * @property {boolean} [forged] its proof does not hold, while it is under way
 */

/** @typedef {Omit<Said, "event" | "fate">} Line */

/** Events read at first, and at most in one go, beside those of a few requests to many replicas. */
const READ_MOST = 2500;
/** Messages remembered, beside those. */
const KEPT_MOST = 4000;
/** A request takes some twice the square of the replicas in messages. */
const extra = (/** @type {number} */ replicas) => 8 * replicas * replicas;

/** Reasons for which something is dropped that does not deserve to be heard. */
const REFUSED =
  /not hold|did not sign|is not the request's|second request|not the primary's|null request|does not follow|without enough|not valid/;

/** @type {Record<string, number>} */
const KINDS = {
  Request: REQUEST,
  PrePrepare: PRE_PREPARE,
  Prepare: PREPARE,
  Commit: COMMIT,
  Reply: REPLY,
  ViewChange: CHANGE,
  ViewChangeAck: ACK,
  NewView: NEW_VIEW,
};
const LINE = /(n|c)(\d+) <- (n|c)(\d+) (?:lost \([^)]*\) )?([A-Z]\w+) (.*)$/;

/**
 * What a line of the trace says, if it is a message of a phase. A new view speaks of itself, and gives each
 * number that it begins with to a request.
 * @param {string} line
 * @returns {Line[]}
 */
export function parseLine(line) {
  const parts = LINE.exec(line);
  if (!parts || !(parts[5] in KINDS)) return [];
  const [, toKind, to, fromKind, from, kind, rest] = parts;
  const end = (/** @type {string} */ k, /** @type {string} */ n) => (k === "c" ? -1 - Number(n) : Number(n));
  const field = (/** @type {string} */ name) => new RegExp(`\\b${name}=(\\w+)`).exec(rest)?.[1] ?? "";
  const said = {
    phase: KINDS[kind],
    seq: Number(field("n")),
    view: Number(field("v")),
    from: end(fromKind, from),
    to: end(toKind, to),
    by: Number(field("by") || from),
    digest: field("d"),
    request: /c\d+#\d+/.exec(rest)?.[0] ?? "",
  };
  if (kind !== "NewView") return [said];
  const chosen = [...rest.matchAll(/(\d+):(\w+)/g)];
  return [
    said,
    ...chosen.map(([, seq, digest]) => ({ ...said, phase: PRE_PREPARE, seq: Number(seq), digest })),
  ];
}

/**
 * What the diagram shows.
 * @typedef {object} Picked
 * @property {number[]} phases the columns
 * @property {number} seq 0 where a view change is shown, or nothing
 * @property {number} view
 * @property {Said[]} said
 * @property {string[]} digests in the order in which they were first named
 */

/** Remembers what was said, as far as it was read, and reads on from there. */
export class Story extends Follower {
  constructor() {
    super(READ_MOST);
    /** @type {Said[]} */
    this.said = [];
    /** What messages under way say, by number. @type {Map<number, Line[]>} */
    this.flying = new Map();
  }

  forget() {
    this.said = [];
    this.flying.clear();
  }

  /** @param {import("../types.js").DiagramData} data */
  read(data) {
    const many = extra(data.glances.length);
    super.read(data, many);
    const over = this.said.length - KEPT_MOST - many;
    if (over > 0) this.said.splice(0, over);
  }

  /** @param {TraceEvent} event */
  take(event) {
    if (event.kind === "deliver" || event.kind === "lose") {
      const fate = event.kind === "lose" ? "lost" : "arrived";
      for (const line of parseLine(event.line)) this.said.push({ ...line, event: event.id, fate });
    } else if (event.kind === "ignore" && REFUSED.test(event.name)) {
      for (let k = this.said.length - 1; k >= 0 && this.said[k].event >= (event.cause ?? 0); k--)
        if (this.said[k].event === event.cause) this.said[k].fate = "refused";
    }
  }

  /**
   * All that was said by now, and what is under way.
   * @param {import("../types.js").DiagramData} data
   * @returns {Said[]}
   */
  all(data) {
    const said = this.said.filter((s) => s.event < data.position);
    for (const { id } of data.flights()) {
      let lines = this.flying.get(id);
      if (!lines) {
        const { from, to, text, body } = data.message(id);
        const end = (/** @type {import("../types.js").Peer} */ p) =>
          p.node != null ? `n${p.node}` : `c${p.client}`;
        this.flying.set(id, (lines = parseLine(`${end(to)} <- ${end(from)} ${text}`)));
        if (body?.auth?.holds === false) lines.forEach((line) => (line.forged = true));
      }
      for (const line of lines) said.push({ ...line, event: Infinity, fate: "under way" });
    }
    return said;
  }

  /**
   * A view change, while one goes on and until something is said in the new view; else the newest number that
   * got a request, or the one that is asked for, in its last view.
   * @param {import("../types.js").DiagramData} data
   * @param {number} [seq]
   * @returns {Picked}
   */
  pick(data, seq) {
    const all = this.all(data);
    const votes = all.filter((s) => s.phase >= PRE_PREPARE && s.phase <= COMMIT);
    const most = Math.max(-1, ...data.nodes.map(({ view }) => (view.view_changes ? view.view : -1)));
    // Who left a view alone, while the others go on to order requests there, changes nothing.
    const left = all.find((s) => s.phase === CHANGE && s.view === most)?.event ?? Infinity;
    const later = votes.some((s) => s.phase === PRE_PREPARE && s.request !== "" && s.event > left);
    const wanted = later && goesOn(data.glances) ? -1 : most;
    const begun = Math.max(-1, ...all.filter((s) => s.phase === NEW_VIEW).map((s) => s.view));
    const quiet = !votes.some((s) => (s.phase > PRE_PREPARE || s.request !== "") && s.view >= begun);
    const change = Math.max(wanted, quiet ? begun : -1);
    if (seq === undefined && change >= 0) {
      const said = all.filter((s) => s.phase >= CHANGE && s.view === change);
      // Where there are signatures nobody has to acknowledge anything.
      const acks = said.some((s) => s.phase === ACK);
      const phases = acks ? [CHANGE, ACK, NEW_VIEW] : [CHANGE, NEW_VIEW];
      return { phases, seq: 0, view: change, said, digests: [] };
    }
    const newest = votes.reduce((last, s) => Math.max(last, s.view), 0);
    const number =
      seq ??
      votes.reduce(
        (most, s) => (s.view === newest && s.phase === PRE_PREPARE ? Math.max(most, s.seq) : most),
        0,
      );
    const phases = [REQUEST, PRE_PREPARE, PREPARE, COMMIT, REPLY];
    if (number === 0)
      return { phases, seq: 0, view: 0, said: all.filter((s) => s.phase === REQUEST).slice(-1), digests: [] };
    const of = votes.filter((s) => s.seq === number);
    const view = of.reduce((last, s) => Math.max(last, s.view), 0);
    const said = of.filter((s) => s.view === view);
    const digests = [...new Set(said.map((s) => s.digest))];
    const requests = new Set(votes.filter((s) => digests.includes(s.digest)).map((s) => s.request));
    const asked = all.filter((s) => (s.phase === REQUEST || s.phase === REPLY) && requests.has(s.request));
    return { phases, seq: number, view, said: [...asked, ...said], digests };
  }
}
