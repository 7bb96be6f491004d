// The versions of a key as a graph: each stands right of those that its writer had read. Those that
// nobody has replaced are its open heads.

import { toneOf } from "../lib/color.js";
import { html, svg } from "../lib/dom.js";
import { listed } from "../lib/format.js";
import { actorWords, unread, valueWords, versionsOf } from "./kv-events.js";

/** @typedef {import("./kv-events.js").Version} Version */

const GAP = { x: 26, y: 8 };

/**
 * Where each version stands: in which column, by the longest way from the first; and in which row.
 * @param {Version[]} versions in order of time
 * @returns {Map<string, { column: number, row: number }>}
 */
export function placesOf(versions) {
  /** @type {Map<string, { column: number, row: number }>} */
  const places = new Map();
  /** @type {number[]} */
  const filled = [];
  for (const { id, read } of versions) {
    const before = read.flatMap((parent) => places.get(parent)?.column ?? []);
    const column = before.length ? Math.max(...before) + 1 : 0;
    const row = filled[column] ?? 0;
    filled[column] = row + 1;
    places.set(id, { column, row });
  }
  return places;
}

/**
 * @param {{ story: import("./kv-events.js").Story, key: string, width: number, height: number,
 *   large: boolean, data: import("../types.js").DiagramData }} of
 */
export function drawGraph({ story, key, width, height, large, data }) {
  const points = story.of(key, data.position);
  const { versions, heads } = versionsOf(points, data.nodes, key);
  if (versions.length === 0) return html`<p class="note">Nothing has been written to it yet.</p>`;
  const chip = large ? { w: 158, h: 46 } : { w: 92, h: 34 };
  const places = placesOf(versions);
  const columns = Math.max(...[...places.values()].map(({ column }) => column)) + 1;
  const fit = Math.max(1, Math.floor((width + GAP.x) / (chip.w + GAP.x)));
  const first = Math.max(0, columns - fit);
  const shown = versions.filter(({ id }) => (places.get(id)?.column ?? 0) >= first);
  /** The versions of each column, from top to bottom. @type {Map<number, Version[]>} */
  const stacks = new Map();
  for (const version of shown) {
    const column = (places.get(version.id)?.column ?? 0) - first;
    stacks.set(column, [...(stacks.get(column) ?? []), version]);
  }
  const rows = Math.max(...[...stacks.values()].map((stack) => stack.length));
  const tall = Math.max(height, rows * (chip.h + GAP.y) + 6);
  /** @type {Map<string, { x: number, y: number }>} */
  const seats = new Map();
  for (const [column, stack] of stacks)
    stack.forEach(({ id }, k) => {
      const step = tall / stack.length;
      const x = 2 + column * (chip.w + GAP.x);
      seats.set(id, { x, y: step * (k + 0.5) - chip.h / 2 });
    });
  const open = unread(versions);
  const edges = shown.flatMap((version) =>
    version.read.flatMap((parent) => {
      const [from, to] = [seats.get(parent), seats.get(version.id)];
      return from && to ? [edge(from, to, chip)] : [];
    }),
  );
  return html`<div class="kv-scroll" style=${`height: ${height}px`}>
    <svg
      class="kv-graph"
      viewBox=${`0 0 ${width} ${tall}`}
      width=${width}
      height=${tall}
      role="img"
      aria-label=${graphWords(versions, heads, open)}
    >
      ${first > 0 ? svg`<text class="faint" x="2" y="10">earlier versions at the left are left out</text>` : ""}
      ${edges}
      ${shown.map((version) => chipOf(version, seats.get(version.id), chip, heads.get(version.id), open))}
    </svg>
  </div>`;
}

/**
 * @param {{ x: number, y: number }} from
 * @param {{ x: number, y: number }} to
 * @param {{ w: number, h: number }} chip
 */
function edge(from, to, chip) {
  const [x1, y1, x2, y2] = [from.x + chip.w, from.y + chip.h / 2, to.x, to.y + chip.h / 2];
  const bend = (x2 - x1) / 2;
  return svg`<path class="edge" d=${`M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`} />`;
}

/**
 * @param {Version} version
 * @param {{ x: number, y: number } | undefined} seat
 * @param {{ w: number, h: number }} chip
 * @param {number[] | undefined} holders
 * @param {Set<string>} open
 */
function chipOf(version, seat, chip, holders, open) {
  if (!seat) return "";
  const state = holders ? "stands" : open.has(version.id) ? "lost" : "replaced";
  const words = valueWords(version.value);
  const most = chip.w > 100 ? 21 : 12;
  const short = words.length > most ? `${words.slice(0, most - 1)}…` : words;
  const where = holders ? `at ${holders.length > 4 ? `${holders.length} nodes` : holders.join(" ")}` : state;
  const name = version.dot ? dotWords(version.dot) : `node ${version.node}`;
  return svg`<g class=${`chip tone-${toneOf(version.node + 1)} is-${state}`} transform=${`translate(${seat.x} ${seat.y})`}>
    <title>${words}, written by way of node ${version.node} as ${name}: ${stateWords(state, holders)}</title>
    <rect width=${chip.w} height=${chip.h} rx="6" />
    <text class="value" x="8" y=${chip.h * 0.42}>${short}</text>
    <text class="dot" x="8" y=${chip.h * 0.82}>${name}</text>
    <text class="where" x=${chip.w - 7} y=${chip.h * 0.82}>${where}</text>
  </g>`;
}

/** @param {string} dot */
function dotWords(dot) {
  const at = dot.lastIndexOf(":");
  return `${actorWords(dot.slice(0, at))}:${dot.slice(at + 1)}`;
}

/**
 * @param {string} state
 * @param {number[] | undefined} holders
 */
function stateWords(state, holders) {
  if (holders) return `it stands, at ${holders.length === 1 ? "node" : "nodes"} ${listed(holders)}`;
  return state === "lost" ? "it is lost: nobody has it, and nobody had read it" : "it is replaced";
}

/**
 * @param {Version[]} versions
 * @param {Map<string, number[]>} heads
 * @param {Set<string>} open
 */
function graphWords(versions, heads, open) {
  const standing = versions.filter(({ id }) => heads.has(id)).map(({ value }) => valueWords(value));
  const lost = versions.filter(({ id }) => !heads.has(id) && open.has(id)).length;
  return `${versions.length} versions. ${standing.length ? `Standing: ${listed(standing)}.` : "None stands."}${lost ? ` ${lost} lost.` : ""}`;
}
