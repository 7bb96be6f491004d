// Process lines: a line for each node and client, a point for each thing that happened to a key, an
// arrow for each message. Pointing at one shows its cone: what came before it, and what after.

import { toneOf } from "../lib/color.js";
import { html, svg } from "../lib/dom.js";
import { inMs, listed } from "../lib/format.js";
import { clockOf, clockWords, valueWords } from "./kv-events.js";

/** @typedef {import("./kv-events.js").Point} Point */

const LEFT = 30;
/** @type {("past" | "future")[]} */
const sides = ["past", "future"];
/** The most lines of nodes that are drawn, whatever happened at them; and of clients. */
const NODES_MOST = 9;
const CLIENTS_MOST = 5;
/** How far from one point to the next. */
const STEP = { small: 21, least: 42, most: 66 };
/** How high a line is at the least. */
const ROW = { small: 12, large: 20 };

/** What is pointed at, by host: an event. @type {WeakMap<HTMLElement, number>} */
const pointed = new WeakMap();

/**
 * The lines that are drawn: every node where they are few, and those where something happened where
 * they are many; then clients, as far as there is room.
 * @param {number[]} nodes
 * @param {{ place: string }[]} recent what is drawn if there is room
 * @param {number} room for how many lines
 */
export function linesOf(nodes, recent, room) {
  const met = new Set(recent.map(({ place }) => place));
  const number = (/** @type {string} */ place) => Number(place.slice(1));
  const all = nodes.map((id) => `n${id}`);
  const few = all.length <= Math.min(NODES_MOST, room - 1);
  const shown = (few ? all : all.filter((place) => met.has(place))).slice(0, room);
  const clients = [...met].filter((place) => place.startsWith("c")).sort((a, b) => number(a) - number(b));
  return [...shown, ...clients.slice(0, Math.min(CLIENTS_MOST, room - shown.length))];
}

/**
 * @param {{ story: import("./kv-events.js").Story, key: string | null, width: number, height: number,
 *   large: boolean, data: import("../types.js").DiagramData, host: HTMLElement, again: () => void }} of
 */
export function drawLines({ story, key, width, height, large, data, host, again }) {
  const all = story.of(key, data.position);
  const across = width - LEFT - 16;
  const step = large ? Math.max(STEP.least, Math.min(STEP.most, across / (all.length + 1))) : STEP.small;
  const fit = Math.max(4, Math.floor(across / step));
  const caption = large ? 42 : 18;
  const room = Math.max(2, Math.floor((height - caption - 4) / (large ? ROW.large : ROW.small)));
  const nodes = data.glances.map(({ id }) => id);
  const places = linesOf(nodes, all.slice(-fit), room);
  const points = all.filter(({ place }) => places.includes(place)).slice(-fit);
  if (points.length === 0) return html`<p class="note">Nothing has happened to it yet.</p>`;
  const links = story.links(points);
  const row = Math.min(large ? 64 : 26, (height - caption - 4) / places.length);
  const yOf = (/** @type {string} */ place) => (places.indexOf(place) + 0.5) * row;
  const xOf = (/** @type {number} */ k) => LEFT + 14 + k * step;
  const at = points.findIndex(({ id }) => id === pointed.get(host));
  const whole = at >= 0 ? story.cone(points[at].id, data.position) : null;
  const cone = whole && points.map(({ id }) => whole.get(id) ?? "concurrent");
  const point = (/** @type {number} */ place) => {
    const id = place < 0 ? -1 : points[place].id;
    if ((pointed.get(host) ?? -1) === id) return;
    if (id < 0) pointed.delete(host);
    else pointed.set(host, id);
    again();
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    const turn = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (turn !== undefined) {
      const from = at >= 0 ? at : turn > 0 ? -1 : points.length;
      point(Math.max(0, Math.min(points.length - 1, from + turn)));
    } else if (event.key === "Enter" && at >= 0) data.hands.go(points[at].id);
    else if (event.key === "Escape" && at >= 0) point(-1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<svg
      class=${`kv-lines ${cone ? "with-cone" : ""}`}
      viewBox=${`0 0 ${width} ${row * places.length}`}
      width=${width}
      height=${row * places.length}
      tabindex="0"
      role="application"
      aria-label="Process lines. Arrow keys go from event to event, Enter goes to it in time."
      @keydown=${onKey}
      @pointerleave=${() => point(-1)}
    >
      ${places.map(
        (place) => svg`<g class="process">
          <text x="2" y=${yOf(place) + 4}>${place.startsWith("n") ? place.slice(1) : `c${place.slice(1)}`}</text>
          <path d=${`M${LEFT} ${yOf(place)}H${width - 4}`} />
        </g>`,
      )}
      ${links.filter(([, , message]) => message).map(([from, to]) => arrow(from, to))}
      ${points.map((each, k) => mark(each, k))}
    </svg>
    <p class="note kv-caption" aria-live="polite">
      ${whole ? coneWords(points[at], whole, all) : hintWords(points, large, all.length)}
    </p>`;

  /**
   * @param {number} from
   * @param {number} to
   */
  function arrow(from, to) {
    const [x1, y1, x2, y2] = [xOf(from), yOf(points[from].place), xOf(to), yOf(points[to].place)];
    const side = sides.find((each) => isLit(from, each) && isLit(to, each)) ?? "";
    return svg`<path class=${`arrow ${side}`} d=${`M${x1} ${y1}L${x2} ${y2}`} />`;
  }

  /**
   * Whether a point belongs to one side of the cone, the point itself to both.
   * @param {number} k
   * @param {"past" | "future"} side
   */
  function isLit(k, side) {
    return cone !== null && (cone[k] === side || cone[k] === "here");
  }

  /**
   * @param {Point} each
   * @param {number} k
   */
  function mark(each, k) {
    const [x, y] = [xOf(k), yOf(each.place)];
    const label = large && (each.kind === "wrote" || each.kind === "took") ? clockWords(clockOf(each)) : "";
    const state = cone ? cone[k] : "";
    return svg`<g
      class=${`point ${each.kind} tone-${toneOf(newestNode(each) + 1)} ${state}`}
      @pointerenter=${() => point(k)}
      @click=${() => data.hands.go(each.id)}
    >
      <title>${each.text} (${inMs(each.at)})</title>
      <rect class="hit" x=${x - step / 2} y=${y - row / 2} width=${step} height=${row} />
      ${shapeOf(each, x, y)}
      ${label ? svg`<text class="vector" x=${x} y=${y + 20}>${label.length > 12 ? `${label.slice(0, 11)}…` : label}</text>` : ""}
    </g>`;
  }
}

/**
 * @param {Point} each
 * @param {number} x
 * @param {number} y
 */
function shapeOf(each, x, y) {
  if (each.kind === "wrote") return svg`<rect class="shape" x=${x - 6} y=${y - 6} width="12" height="12" />`;
  if (each.kind === "took") return svg`<circle class="shape" cx=${x} cy=${y} r="5.5" />`;
  const r = 5;
  return svg`<path class="shape" d=${`M${x} ${y - r}L${x + r} ${y}L${x} ${y + r}L${x - r} ${y}Z`} />`;
}

/**
 * The node that took the newest of the versions that a point is about; -1 for none.
 * @param {Point} each
 */
function newestNode({ kind, place, fact }) {
  if (kind === "wrote") return Number(place.slice(1));
  /** @type {{ id: string }[]} */
  const versions = fact?.sent?.versions ?? [];
  const ids = versions.map(({ id }) => id);
  const time = (/** @type {string} */ id) => Number(id.slice(id.indexOf("/") + 1));
  const newest = ids.reduce((a, b) => (a === "" || time(b) > time(a) ? b : a), "");
  return newest === "" ? -1 : Number(newest.slice(newest.indexOf("@") + 1, newest.indexOf("/")));
}

/**
 * What the writer of a version had read: what came before it on the lines need not be known to it.
 * @param {Point} here
 * @param {Point[]} points
 */
function readWords({ fact }, points) {
  const values = fact.version.read.map((/** @type {string} */ id) => {
    const write = points.find(({ kind, fact: other }) => kind === "wrote" && other.version.id === id);
    return write ? `“${valueWords(write.fact.version.value)}”` : "an earlier version";
  });
  return `. Its writer had read ${listed(values) || "nothing"}.`;
}

/**
 * @param {Point} here
 * @param {Map<number, string>} cone
 * @param {Point[]} points all of the key, drawn or not
 */
function coneWords(here, cone, points) {
  const count = (/** @type {string} */ side) => points.filter(({ id }) => cone.get(id) === side).length;
  const vector = here.fact?.item ? ` {${clockWords(clockOf(here))}}` : "";
  const read = here.kind === "wrote" ? readWords(here, points) : "";
  return html`<i class="past"></i> ${count("past")} before, <i class="future"></i> ${count("future")} after,
    <i class="concurrent"></i> ${count("concurrent")} concurrent with: <b>${here.text}${vector}</b>${read}`;
}

/**
 * @param {Point[]} points
 * @param {boolean} large
 * @param {number} all how many there are, drawn or not
 */
function hintWords(points, large, all) {
  if (!large) return html`□ write ○ stored ◇ client`;
  return html`□ a write ○ stored ◇ asked or answered, ${inMs(points[0].at)} to
  ${inMs(points.at(-1)?.at ?? 0)}${all > points.length ? `, the last ${points.length} of ${all}` : ""}. Point
  at one to see what came before and after it.`;
}
