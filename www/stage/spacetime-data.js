// What a space-time diagram is drawn from: the numbers that the simulator gives of a stretch of time.
// Layout: docs/SCENARIO.md.

import { conesOf, HERE, NEITHER } from "../lib/cones.js";

const HEAD = 6;
const EVENT = 7;
const FLIGHT = 10;
const PARTS_HEAD = 4;
const COUNT = 2 ** 24;

/** The place of what happens to the world at large. */
export const WORLD = 65535;

/** What the code of an event says. */
export const KIND = {
  boot: 0,
  deliver: 1,
  lose: 2,
  fire: 3,
  request: 4,
  retry: 5,
  answer: 6,
  refused: 7,
  giveUp: 8,
  step: 9,
  leadership: 10,
  decision: 11,
  change: 12,
  ignore: 13,
  violation: 14,
  vain: 15,
  /** What was done from outside: this and the code of its mark. */
  done: 20,
};

/** What the last number of a message says. */
export const MARK = { reply: 1, lost: 2, copy: 4, quiet: 8, atDoor: 16 };

/** What a part of time has seen. */
export const SEEN = { lost: 2, timer: 4, client: 8, leadership: 16, decision: 32, change: 64, done: 128 };

/** The events and messages of a stretch of time. */
export class Stretch {
  constructor() {
    /** @type {Float64Array} */
    this.data = new Float64Array(HEAD);
    this.flightsAt = HEAD;
  }

  /** @param {Float64Array} data */
  read(data) {
    this.data = data;
    this.flightsAt = HEAD + this.events * EVENT;
    return this;
  }

  /** How many events there are in this time; none of them is here when they are too many. */
  get total() {
    return this.data[0];
  }
  get events() {
    return this.data[1];
  }
  get flights() {
    return this.data[2];
  }
  get nodes() {
    return this.data[3];
  }
  get clients() {
    return this.data[4];
  }
  /** How many messages are left out because there are too many. */
  get leftOut() {
    return this.data[5];
  }
  get isWhole() {
    return this.total === this.events;
  }

  /** The number of the first event. */
  get first() {
    return this.events > 0 ? this.data[HEAD] : 0;
  }

  // Of the k-th event.

  /** @param {number} k */
  id(k) {
    return this.data[HEAD + k * EVENT];
  }
  /** @param {number} k */
  at(k) {
    return this.data[HEAD + k * EVENT + 1];
  }
  /** @param {number} k */
  place(k) {
    return this.data[HEAD + k * EVENT + 2];
  }
  /** @param {number} k */
  code(k) {
    return this.data[HEAD + k * EVENT + 3];
  }
  /** @param {number} k */
  cause(k) {
    return this.data[HEAD + k * EVENT + 4];
  }
  /** @param {number} k the message that arrives or is lost in it, or -1 */
  about(k) {
    return this.data[HEAD + k * EVENT + 5];
  }
  /** @param {number} k whether it is a heartbeat's, and nothing came of it */
  isQuiet(k) {
    return (this.data[HEAD + k * EVENT + 6] & 1) !== 0;
  }

  /** @param {number} id the place of that event, or -1 */
  find(id) {
    const k = id - this.first;
    return k >= 0 && k < this.events ? k : -1;
  }

  /**
   * The k-th message.
   * @param {number} k
   */
  flight(k) {
    const at = this.flightsAt + k * FLIGHT;
    const [id, from, to, sentBy, sent, endedBy, ended, kind, epoch, flags] = this.data.subarray(
      at,
      at + FLIGHT,
    );
    return { id, from, to, sentBy, sent, endedBy, ended, kind, epoch, flags };
  }

  /**
   * What could have led to an event, and what it could have led to, among the events of this stretch.
   * @param {number} id
   */
  cones(id) {
    return conesOf(
      {
        first: this.first,
        count: this.events,
        line: (k) => lineOf(this.code(k), this.place(k)),
        cause: (k) => this.cause(k),
      },
      id,
    );
  }
}

/**
 * The line on which an event is ordered with others. What is done from outside is ordered with what
 * else is done so, wherever it happens; a loss is seen by nobody.
 * @param {number} code
 * @param {number} place
 */
export function lineOf(code, place) {
  if (code === KIND.lose) return -1;
  if (code >= KIND.vain || place === WORLD) return WORLD;
  return place >= 0 ? place : WORLD - place;
}

/** How much happened in parts of time, place by place. */
export class Parts {
  constructor() {
    /** @type {Float64Array} */
    this.data = new Float64Array(PARTS_HEAD);
  }

  /** @param {Float64Array} data */
  read(data) {
    this.data = data;
    return this;
  }

  get lanes() {
    return this.data[0] + this.data[1];
  }
  /** The greatest count. */
  get most() {
    return this.data[2];
  }
  get total() {
    return this.data[3];
  }

  /**
   * @param {number} part
   * @param {number} lane nodes first, then clients
   */
  count(part, lane) {
    return this.data[PARTS_HEAD + part * this.lanes + lane] % COUNT;
  }

  /**
   * @param {number} part
   * @param {number} lane
   */
  seen(part, lane) {
    return Math.floor(this.data[PARTS_HEAD + part * this.lanes + lane] / COUNT);
  }
}

/** When nodes and clients ran: read on as the run goes on. */
export class Lives {
  constructor() {
    this.forget();
  }

  forget() {
    /** @type {number} how many events were read */
    this.read = 0;
    /** By place: when it changed, and into what (1 up, 2 down, 3 paused, 4 goes on). @type {Map<number, { at: number, code: number }[]>} */
    this.turns = new Map();
  }

  /** @param {{ length: number, lives: (from: number) => Float64Array }} sim */
  follow(sim) {
    const { length } = sim;
    if (length === this.read) return;
    if (length < this.read) this.forget();
    const fresh = sim.lives(this.read);
    for (let k = 0; k < fresh.length; k += 4) {
      const [, at, place, code] = fresh.subarray(k, k + 4);
      const turns = this.turns.get(place);
      if (turns) turns.push({ at, code });
      else this.turns.set(place, [{ at, code }]);
    }
    this.read = length;
  }

  /**
   * The stretches in which a place ran, was down or stood still, as far as they are within a time.
   * @param {number} place
   * @param {number} from
   * @param {number} to
   * @returns {{ from: number, to: number, state: "up" | "down" | "paused" }[]}
   */
  within(place, from, to) {
    /** @type {{ from: number, to: number, state: "up" | "down" | "paused" }[]} */
    const found = [];
    // A client is there from the start, and none of its events says so.
    let since = place < 0 ? -Infinity : NaN;
    let up = true;
    let paused = false;
    const end = (/** @type {number} */ at) => {
      if (!Number.isNaN(since) && at >= from && since <= to)
        found.push({
          from: Math.max(from, since),
          to: Math.min(to, at),
          state: !up ? "down" : paused ? "paused" : "up",
        });
    };
    for (const { at, code } of this.turns.get(place) ?? []) {
      if (at > to) break;
      end(at);
      since = at;
      if (code === 1 || code === 2) paused = false;
      if (code === 1 || code === 2) up = code === 1;
      else paused = code === 3;
    }
    end(to);
    return found;
  }
}

/**
 * Cones about an event that may lie beside a stretch: as far as the events from it to the stretch's
 * other end are not too many.
 * @param {Stretch} shown
 * @param {number} id
 * @param {number} at when it happens
 * @param {(from: number, to: number) => Stretch} fetch
 * @returns {{ cones: (k: number) => number, known: boolean }} of the k-th event shown
 */
export function conesAround(shown, id, at, fetch) {
  const none = { cones: () => NEITHER, known: false };
  if (shown.events === 0) return none;
  if (shown.find(id) >= 0) {
    const cones = shown.cones(id);
    return { cones: (k) => cones[k], known: true };
  }
  const wide = fetch(Math.min(at, shown.at(0)), Math.max(at, shown.at(shown.events - 1)));
  if (!wide.isWhole || wide.find(id) < 0) return none;
  const cones = wide.cones(id);
  const offset = shown.first - wide.first;
  return { cones: (k) => cones[k + offset] ?? NEITHER, known: true };
}

export { HERE };
