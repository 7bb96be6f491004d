// What happened to keys, read from the trace: the points of a space-time diagram, what led to what,
// and the versions of a key. Pure: no document.

import { Follower } from "./follow.js";

/** @typedef {import("../types.js").TraceEvent} TraceEvent */

/**
 * Something that happened to a key, at a node or a client.
 * @typedef {object} Point
 * @property {number} id its event
 * @property {number} at
 * @property {string} place `n0`, `c3`
 * @property {"wrote" | "took" | "answered" | "asked" | "heard"} kind
 * @property {string} key "" where only the words of an operation tell it
 * @property {string} op what a client asks, in words
 * @property {any} fact
 * @property {number} input the event in which the node or client learnt of it
 * @property {string} text
 */

/**
 * A version of a key.
 * @typedef {object} Version
 * @property {string} id
 * @property {any} value null where it is a deletion
 * @property {string} dot
 * @property {number} node who took it
 * @property {string[]} read the versions that its writer had read
 */

/** How far back a diagram looks, in events. */
const LOOK_BACK = 6000;
/** More than so many events at once are not caught up with. */
const AT_ONCE = 3000;

/** What of a run concerns its keys, kept between two drawings. */
export class Story extends Follower {
  constructor() {
    super(LOOK_BACK, AT_ONCE);
    /** @type {Point[]} in order */
    this.points = [];
    /** The event in which each message that arrived was sent. @type {Map<number, number>} */
    this.causes = new Map();
    /** Where each event happened. @type {Map<number, string>} */
    this.places = new Map();
  }

  isFull() {
    return this.upTo - this.from > 4 * LOOK_BACK;
  }

  forget() {
    this.points = [];
    this.causes.clear();
    this.places.clear();
  }

  /** @param {TraceEvent} event */
  take(event) {
    const { id, kind, cause } = event;
    const place = placeName(event);
    if (place) this.places.set(id, place);
    if (kind === "deliver") this.causes.set(id, cause ?? -1);
    const point = pointOf(event, place);
    if (point) this.points.push(point);
  }

  /**
   * What happened to one key up to an event, or to all where none is named.
   * @param {string | null} key
   * @param {number} position
   * @returns {Point[]}
   */
  of(key, position) {
    return this.points.filter((point) => point.id < position && (key === null || isAbout(point, key)));
  }

  /**
   * What led to each of some points: the one before at the same place, and the one at the other end of
   * the message that was heard.
   * @param {Point[]} points in order
   * @returns {[from: number, to: number, message: boolean][]} places in the list
   */
  links(points) {
    /** @type {[number, number, boolean][]} */
    const links = [];
    /** @type {Map<string, number>} */
    const last = new Map();
    /** The last point of each input. @type {Map<number, number>} */
    const byInput = new Map();
    /** The points of each place, in order. @type {Map<string, number[]>} */
    const byPlace = new Map();
    points.forEach((point, place) => {
      const before = last.get(point.place);
      if (before !== undefined) links.push([before, place, false]);
      const sent = this.causes.get(point.input);
      if (sent !== undefined && sent >= 0) {
        const from = byInput.get(sent) ?? this.lastBefore(points, byPlace, sent);
        if (from !== undefined && points[from].place !== point.place) links.push([from, place, true]);
      }
      last.set(point.place, place);
      byInput.set(point.input, place);
      const here = byPlace.get(point.place);
      if (here) here.push(place);
      else byPlace.set(point.place, [place]);
    });
    return links;
  }

  /**
   * The last point before the event in which a message was sent, at the place it was sent from. Where
   * nothing happened to a key in that event, what the place knew is told by its last point before.
   * @param {Point[]} points
   * @param {Map<string, number[]>} byPlace the points of each place, as far as they were looked through
   * @param {number} sent
   * @returns {number | undefined}
   */
  lastBefore(points, byPlace, sent) {
    const here = byPlace.get(this.places.get(sent) ?? "") ?? [];
    let [low, high] = [0, here.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (points[here[middle]].id <= sent) low = middle + 1;
      else high = middle;
    }
    return low > 0 ? here[low - 1] : undefined;
  }

  /**
   * The cone of a point among all that happened up to an event, to whatever key: what one knows of one
   * key may have come by way of another, or of a line that is not drawn.
   * @param {number} id the point's event
   * @param {number} position
   * @returns {Map<number, "past" | "here" | "future" | "concurrent">} by event
   */
  cone(id, position) {
    const all = this.of(null, position);
    const at = all.findIndex((point) => point.id === id);
    const cone = coneOf(all.length, this.links(all), at);
    return new Map(all.map((point, k) => [point.id, cone[k]]));
  }
}

/** @param {TraceEvent} event */
function placeName({ node, client }) {
  return node != null ? `n${node}` : client != null ? `c${client}` : "";
}

/**
 * @param {TraceEvent} event
 * @param {string} place
 * @returns {Point | null}
 */
function pointOf(event, place) {
  const { id, at_ms: at, kind, name, cause, text } = event;
  if (kind === "milestone") {
    if (name !== "wrote" && name !== "took" && name !== "answered") return null;
    const fact = event.fact[name];
    const key = name === "answered" ? fact.key : fact.item.key;
    return { id, at, place, kind: name, key, op: "", fact, input: cause ?? id, text };
  }
  if (kind !== "request" && kind !== "answer") return null;
  const asked = kind === "request";
  return {
    id,
    at,
    place,
    kind: asked ? "asked" : "heard",
    key: "",
    op: name,
    fact: null,
    input: asked ? id : (cause ?? id),
    text,
  };
}

/**
 * Whether a point concerns a key. A key may hold blanks, so that words alone do not tell where it ends.
 * @param {Point} point
 * @param {string} key
 */
export function isAbout({ key: known, op }, key) {
  if (known !== "") return known === key;
  return op === `get ${key}` || ["put", "delete"].some((verb) => `${op} `.startsWith(`${verb} ${key} `));
}

/**
 * All that a point knows of its key, as a vector.
 * @param {Point} point
 * @returns {Record<string, number>}
 */
export function clockOf({ fact }) {
  return fact?.item?.clock ?? {};
}

/**
 * What came before a point, and what came after it, as far as the links tell: its cone. What is in
 * neither was concurrent with it.
 * @param {number} count
 * @param {[number, number, boolean][]} links
 * @param {number} of
 * @returns {("past" | "here" | "future" | "concurrent")[]}
 */
export function coneOf(count, links, of) {
  /** @type {("past" | "here" | "future" | "concurrent")[]} */
  const cone = Array(count).fill("concurrent");
  cone[of] = "here";
  const past = new Set([of]);
  for (const [from, to] of [...links].sort((a, b) => b[1] - a[1]))
    if (past.has(to) && !past.has(from)) past.add(from);
  const future = new Set([of]);
  for (const [from, to] of [...links].sort((a, b) => a[1] - b[1]))
    if (future.has(from) && !future.has(to)) future.add(to);
  for (const k of past) if (k !== of) cone[k] = "past";
  for (const k of future) if (k !== of) cone[k] = "future";
  return cone;
}

/**
 * The versions of a key that are known: from what was written, and from what nodes hold.
 * @param {Point[]} points of that key
 * @param {import("../types.js").NodeDetail[]} nodes
 * @param {string} key
 * @returns {{ versions: Version[], heads: Map<string, number[]> }} the versions in order of time, and who
 *   holds those that stand
 */
export function versionsOf(points, nodes, key) {
  /** @type {Map<string, Version>} */
  const known = new Map();
  for (const { kind, fact } of points) {
    if (kind !== "wrote") continue;
    const { id, value, read } = fact.version;
    known.set(id, { id, value, dot: fact.dot, node: nodeOf(id), read });
  }
  /** @type {Map<string, number[]>} */
  const heads = new Map();
  for (const node of nodes) {
    const held = node.view.keys.find((/** @type {any} */ each) => each.key === key);
    for (const version of held?.versions ?? []) {
      const { id, value, dot, read } = version;
      if (!known.has(id)) known.set(id, { id, value, dot: dot ?? "", node: version.node, read });
      heads.set(id, [...(heads.get(id) ?? []), node.id]);
    }
  }
  const versions = [...known.values()].sort((a, b) => timeOf(a.id) - timeOf(b.id));
  return { versions, heads };
}

/** @param {string} id `c0#1@2/12.345` */
const timeOf = (id) => Number(id.slice(id.indexOf("/") + 1));
/** @param {string} id */
const nodeOf = (id) => Number(id.slice(id.indexOf("@") + 1, id.indexOf("/")));

/**
 * Which of some versions nobody who wrote another of them had read: directly or by way of others.
 * @param {Version[]} versions
 * @returns {Set<string>}
 */
export function unread(versions) {
  const read = new Set(versions.flatMap((version) => version.read));
  return new Set(versions.filter(({ id }) => !read.has(id)).map(({ id }) => id));
}

/**
 * A value as one says it.
 * @param {any} value
 * @returns {string}
 */
export function valueWords(value) {
  if (value === null || value === undefined) return "deleted";
  if (Array.isArray(value)) return value.length ? value.join(", ") : "empty";
  if (typeof value === "object")
    return Object.entries(value)
      .map(([name, inner]) => `${name} ${inner}`)
      .join(", ");
  return String(value);
}

/** The most letters of a value that a sentence holds. */
const QUOTED_MOST = 40;

/**
 * A value as a sentence names it: in quotes, unless it is a number or a deletion; a long one in part.
 * @param {any} value
 */
export function quoted(value) {
  if (value === null || value === undefined) return "a deletion";
  if (typeof value === "number") return String(value);
  const words = valueWords(value);
  return `“${words.length > QUOTED_MOST ? `${words.slice(0, QUOTED_MOST - 1)}…` : words}”`;
}

/**
 * A vector as one writes it: `0:3 2:1`.
 * @param {Record<string, number>} clock
 */
export function clockWords(clock) {
  return Object.entries(clock)
    .map(([actor, counter]) => `${actorWords(actor)}:${counter}`)
    .join(" ");
}

/**
 * The name of an actor, short: a node after the loss of its disk gets a prime.
 * @param {string} actor
 */
export function actorWords(actor) {
  const [name, born] = actor.split("@");
  return born === undefined ? name : `${name}′`;
}

/**
 * How two vectors are related.
 * @param {Record<string, number>} a
 * @param {Record<string, number>} b
 * @returns {"equal" | "before" | "after" | "concurrent"}
 */
export function compare(a, b) {
  let [less, more] = [false, false];
  for (const actor of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const [own, told] = [a[actor] ?? 0, b[actor] ?? 0];
    less ||= own < told;
    more ||= own > told;
  }
  return less ? (more ? "concurrent" : "before") : more ? "after" : "equal";
}
