// The store's own diagrams, one at a time: versions, process lines, ring, vectors, counts.

import { html, nothing, render, valueOf } from "../lib/dom.js";
import { drawCounts } from "./kv-counts.js";
import { Story } from "./kv-events.js";
import { drawGraph } from "./kv-graph.js";
import { drawLines } from "./kv-lines.js";
import { openResolver } from "./kv-resolve.js";
import { drawRing, keptKeys } from "./kv-ring.js";
import { drawVectors } from "./kv-vectors.js";
import { drawTabs } from "./tabs.js";

/** @typedef {import("../types.js").DiagramData} DiagramData */
/** @typedef {"versions" | "lines" | "ring" | "vectors" | "counts"} Tab */

/** @type {[Tab, string][]} */
const TABS = [
  ["versions", "Versions"],
  ["lines", "Lines"],
  ["ring", "Ring"],
  ["vectors", "Vectors"],
  ["counts", "Counts"],
];

/** What is looked at, by host. */
class Look {
  constructor() {
    /** @type {Tab} */
    this.tab = "versions";
    /** The key that is looked at; "" for the one with most to tell. */
    this.key = "";
    this.story = new Story();
    /** @type {DiagramData | null} */
    this.data = null;
    this.large = false;
    this.height = 0;
  }
}

/** @type {WeakMap<HTMLElement, Look>} */
const looks = new WeakMap();

/**
 * @param {HTMLElement} host
 * @param {DiagramData} data
 */
export function drawKv(host, data) {
  let look = looks.get(host);
  if (!look) {
    look = new Look();
    looks.set(host, look);
  }
  look.data = data;
  look.story.read(data);
  draw(host, look);
}

/**
 * The keys there are, those in conflict first, then those that most happened to.
 * @param {Look} look
 * @param {DiagramData} data
 */
function keysOf(look, data) {
  const kept = keptKeys(data.nodes);
  const names = new Set([...kept.map(({ key }) => key)]);
  for (const { key } of look.story.of(null, data.position)) if (key !== "") names.add(key);
  const conflicts = new Set(kept.filter(({ conflict }) => conflict).map(({ key }) => key));
  const sorted = [...names].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  return { names: sorted, conflicts };
}

/**
 * @param {HTMLElement} host
 * @param {Look} look
 */
function draw(host, look) {
  const { data } = look;
  if (!data) return;
  const again = () => draw(host, look);
  const { names, conflicts } = keysOf(look, data);
  if (look.key && !names.includes(look.key)) look.key = "";
  const last = look.story.of(null, data.position).findLast((point) => point.key !== "");
  const key = look.key || names.find((name) => conflicts.has(name)) || last?.key || names[0] || "";
  const width = Math.max(200, host.clientWidth - 2);
  const room = look.large ? host.clientHeight - 74 : 118;
  const height = Math.max(96, room);
  const of = { story: look.story, key, width, height, large: look.large, data, host, again };
  const choose = (/** @type {string} */ name) => {
    look.key = name;
    again();
  };
  const body = () => {
    if (look.tab === "counts") return drawCounts(of);
    if (look.tab === "ring") return drawRing({ ...of, key: key || null, choose });
    if (key === "") return html`<p class="note">Nothing is stored.</p>`;
    if (look.tab === "lines") return drawLines(of);
    if (look.tab === "vectors") return drawVectors(of);
    return drawGraph(of);
  };
  const resolve = () => openResolver(key, look.story, () => /** @type {DiagramData} */ (look.data));
  render(
    html`${drawTabs(TABS, look, again)}
    ${
      look.tab === "counts" || names.length === 0
        ? nothing
        : html`<div class="kv-bar">
            <label>
              Key
              <select
                aria-label="Key that is looked at"
                @change=${(/** @type {Event} */ e) => choose(valueOf(e))}
              >
                ${names.map((name) => html`<option value=${name} ?selected=${name === key}>${name}${conflicts.has(name) ? " (conflict)" : ""}</option>`)}
              </select>
            </label>
            ${conflicts.has(key) ? html`<button @click=${resolve}>Resolve…</button>` : nothing}
          </div>`
    }
    ${body()}`,
    host,
  );
  // Once the options are there: before that a select takes no value that is new among them.
  const select = host.querySelector("select");
  if (select && select.value !== key) select.value = key;
}
