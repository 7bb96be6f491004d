// The replicated text's own diagrams: what each replica shows, and what each knows.

import { toneOf } from "../lib/color.js";
import { html, nothing, render } from "../lib/dom.js";
import { counted } from "../lib/format.js";
import { drawVectorRows } from "./kv-vectors.js";
import { cut, groupsOf, pieces, windowOf } from "./sequence-words.js";
import { drawTabs } from "./tabs.js";

/** @typedef {import("../types.js").DiagramData} DiagramData */
/** @typedef {import("./sequence-words.js").Piece} Piece */
/** @typedef {"texts" | "vectors"} Tab */

/** @type {[Tab, string][]} */
const TABS = [
  ["texts", "Texts"],
  ["vectors", "Vectors"],
];

/** About how wide a letter is, in pixels. */
const LETTER = 8.2;
/** What stands beside a text, in pixels. */
const BESIDE = 92;

/** What is looked at, by host. */
class Look {
  constructor() {
    /** @type {Tab} */
    this.tab = "texts";
    this.tombstones = true;
    /** @type {DiagramData | null} */
    this.data = null;
    this.large = false;
  }
}

/** @type {WeakMap<HTMLElement, Look>} */
const looks = new WeakMap();

/**
 * @param {HTMLElement} host
 * @param {DiagramData} data
 */
export function drawSequence(host, data) {
  let look = looks.get(host);
  if (!look) {
    look = new Look();
    looks.set(host, look);
  }
  look.data = data;
  draw(host, look);
}

/**
 * @param {HTMLElement} host
 * @param {Look} look
 */
function draw(host, look) {
  const { data } = look;
  if (!data) return;
  const again = () => draw(host, look);
  const height = look.large ? Math.max(96, host.clientHeight - 46) : 128;
  const toggle = () => {
    look.tombstones = !look.tombstones;
    again();
  };
  const struck = html`<button
    class="seq-toggle"
    aria-pressed=${look.tombstones ? "true" : "false"}
    ?hidden=${look.tab !== "texts"}
    @click=${toggle}
  >
    Deleted letters
  </button>`;
  const body = () => {
    if (look.tab === "texts") return drawTexts(look, data, Math.max(200, host.clientWidth - 2), height);
    const rows = data.nodes.map(({ id, status, view }) => ({
      id,
      status,
      clock: Object.fromEntries(view.version.map((/** @type {any} */ entry) => [entry.name, entry.count])),
      note:
        view.waiting > 0 ? `${counted(view.waiting, "edit")} ${view.waiting === 1 ? "waits" : "wait"}` : "",
    }));
    if (rows.every(({ clock }) => Object.keys(clock).length === 0))
      return html`<p class="note">Nobody has edited yet.</p>`;
    return drawVectorRows({ rows, height, large: look.large });
  };
  render(html`${drawTabs(TABS, look, again, struck)} ${body()}`, host);
}

/**
 * @param {Look} look
 * @param {DiagramData} data
 * @param {number} width
 * @param {number} height
 */
function drawTexts(look, data, width, height) {
  const rows = data.nodes.map((node) => ({ node, list: pieces(node.view, look.tombstones) }));
  const groups = groupsOf(rows.map(({ node }) => node.view.text));
  const different = new Set(groups).size > 1;
  // Small, a text is one line: the part where texts differ, or their end.
  const room = look.large ? Infinity : Math.max(12, Math.floor((width - BESIDE) / LETTER) - 4);
  const lines = rows.map(({ list }) =>
    list.flatMap(({ text, deleted }) => [...text].map((l) => `${l}${deleted}`)),
  );
  const from = look.large ? 0 : windowOf(lines, room);
  return html`<div
    class="seq-texts"
    style=${`height: ${height}px`}
    tabindex="0"
    role="region"
    aria-label="Texts"
  >
    <ul class=${look.large ? "seq-rows is-large" : "seq-rows"}>
      ${rows.map(({ node, list }, k) => {
        const { view } = node;
        const rest = lines[k].length + view.left_out - from - room;
        return html`<li class=${`is-${node.status}`}>
          <span class=${`seq-node tone-${toneOf(node.id + 1)}`}>${node.id}</span>
          <span class="seq-text" aria-label=${`Node ${node.id}: ${view.text || "empty"}`} role="img"
            >${from > 0 ? html`<span class="faint">…</span>` : nothing}${cut(list, from, room).map(drawPiece)}${
              rest > 0 ? html`<span class="faint">… ${rest} more</span>` : nothing
            }${list.length === 0 ? html`<span class="faint">empty</span>` : nothing}</span
          >
          <span class="seq-side" title="Nodes that show the same text have the same letter"
            >${view.waiting > 0 ? html`<span class="seq-waits">${view.waiting} waiting</span>` : nothing}
            <b class=${different ? "seq-group" : "seq-group is-one"}>${groups[k]}</b></span
          >
        </li>`;
      })}
    </ul>
    <p class="note seq-key">
      Colour: whose letter. <span class="seq-fresh">Underlined</span>: not known to all, as far as the node
      has heard. <s>Struck</s>: deleted, and kept.
      ${look.large ? "At the right: nodes with the same letter show the same text." : nothing}
    </p>
  </div>`;
}

/** @param {Piece} piece */
function drawPiece({ text, node, deleted, fresh, carets }) {
  const caret =
    carets.length > 0
      ? html`<i class="seq-caret" title=${`cursor of client ${carets.join(", ")}`}
          ><sup>${carets.join(" ")}</sup></i
        >`
      : nothing;
  if (text === "") return caret;
  const tone = `tone-${toneOf(node + 1)}`;
  const shown = text.replaceAll("\n", "⏎");
  return html`${caret}<span
      class=${`seq-piece ${tone}${deleted ? " is-deleted" : ""}${fresh ? " seq-fresh" : ""}`}
      >${shown}</span
    >`;
}
