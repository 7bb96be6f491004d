// The list of events: filtered, and drawn only where it is seen.

import { html, render, valueOf } from "../lib/dom.js";
import { spaced } from "../lib/format.js";

/** @typedef {import("../types.js").TraceEvent} TraceEvent */

const ROW = 26;
/** Events looked through for one drawing at most; the rest follows as one scrolls. */
const CHUNK = 20_000;

/** @type {[kind: string, words: string][]} */
const kinds = [
  ["", "everything"],
  ["milestone", "protocol facts"],
  ["deliver", "deliveries"],
  ["lose", "losses"],
  ["fire", "timers"],
  ["action", "what was done"],
  ["request answer refused retry give_up", "clients"],
  ["ignore", "ignored"],
  ["violation", "violations"],
];

/**
 * One event as a row that goes to it.
 * @param {TraceEvent} event
 * @param {{ current: number, position: number, go: (id: number) => void }} how
 */
export function eventRow(event, { current, position, go }) {
  return html`<button
    class=${`rowbutton is-${event.kind} ${event.id >= position ? "future" : ""}`}
    aria-current=${event.id === current ? "true" : "false"}
    data-event=${event.id}
    title=${event.text}
    @click=${() => go(event.id)}
  >
    <time>${event.at_ms.toFixed(1)}</time><span>${event.text}</span>
  </button>`;
}

export class EventList {
  /**
   * @param {HTMLElement} host
   * @param {{ go: (id: number) => void, close: () => void }} hands
   */
  constructor(host, hands) {
    this.host = host;
    this.hands = hands;
    this.kind = "milestone";
    this.node = "";
    this.text = "";
    /** @type {TraceEvent[]} */
    this.rows = [];
    this.read = 0;
    /** @type {import("../types.js").Simulation | null} */
    this.sim = null;
    /** Which of the run's histories was read. */
    this.history = -1;
    this.seen = "";
    this.nodes = 0;
  }

  /** Forgets what was read: another run, or a future that was cut. */
  reset() {
    this.rows = [];
    this.read = 0;
  }

  focus() {
    /** @type {HTMLElement | null} */ (this.host.querySelector("select"))?.focus();
  }

  /**
   * @param {import("../types.js").Simulation} sim
   * @param {number} history counts how often the run's events became others
   * @param {number} nodes
   * @param {number} current
   */
  draw(sim, history, nodes, current) {
    if (history !== this.history) this.reset();
    this.sim = sim;
    this.history = history;
    this.nodes = nodes;
    this.more();
    const { position } = sim;
    render(
      html`<h2 class="events-head">
          Events <button class="link" @click=${() => this.hands.close()}>close</button>
        </h2>
        <div class="filters" role="group" aria-label="Filter events">
          <select
            aria-label="Kind of event"
            @change=${(/** @type {Event} */ e) => this.filter({ kind: valueOf(e) })}
          >
            ${kinds.map(([kind, words]) => html`<option value=${kind} ?selected=${kind === this.kind}>${words}</option>`)}
          </select>
          <select aria-label="Node" @change=${(/** @type {Event} */ e) => this.filter({ node: valueOf(e) })}>
            <option value="">every node</option>
            ${Array.from({ length: nodes }, (_, id) => html`<option value=${id} ?selected=${this.node === String(id)}>node ${id}</option>`)}
          </select>
          <input
            type="search"
            placeholder="words in it"
            aria-label="Words in the event"
            .value=${this.text}
            @input=${(/** @type {Event} */ e) => this.filter({ text: valueOf(e) })}
          />
        </div>
        <p class="note">
          ${this.rows.length} of ${sim.length} events${this.read < sim.length ? ", still reading" : ""}
        </p>
        <div
          class="rows"
          tabindex="0"
          role="region"
          aria-label="Events found"
          @scroll=${() => this.window(position, current)}
        ></div>`,
      this.host,
    );
    this.window(position, current);
  }

  /** @param {{ kind?: string, node?: string, text?: string }} change */
  filter(change) {
    Object.assign(this, change);
    this.reset();
    if (this.sim) this.draw(this.sim, this.history, this.nodes, -1);
  }

  /** Reads on in the trace, a bounded part at a time. */
  more() {
    const { sim } = this;
    if (!sim || this.read >= sim.length) return;
    const to = Math.min(sim.length, this.read + CHUNK);
    const wanted = this.kind ? this.kind.split(" ") : null;
    const text = this.text.toLowerCase();
    const node = this.node === "" ? null : Number(this.node);
    for (const event of sim.trace(this.read, to)) {
      if (wanted && !wanted.includes(event.kind)) continue;
      if (node !== null && event.node !== node) continue;
      if (text && !`${event.text} ${event.line} ${spaced(event.name)}`.toLowerCase().includes(text)) continue;
      this.rows.push(event);
    }
    this.read = to;
  }

  /**
   * @param {number} position
   * @param {number} current
   */
  window(position, current) {
    const rows = /** @type {HTMLElement | null} */ (this.host.querySelector(".rows"));
    if (!rows) return;
    const height = rows.clientHeight || 400;
    const edge = this.rows.findIndex((event) => event.id >= position);
    const at = edge < 0 ? this.rows.length : edge;
    const state = `${position} ${this.rows.length}`;
    const moved = state !== this.seen;
    this.seen = state;
    // No further than one can scroll, or the first rows would never be drawn.
    const most = Math.max(0, this.rows.length * ROW - height);
    const wanted = moved && !rows.matches(":hover, :focus-within") ? at * ROW - height + ROW : rows.scrollTop;
    const top = Math.max(0, Math.min(most, wanted));
    const first = Math.max(0, Math.floor(top / ROW) - 4);
    const shown = this.rows.slice(first, first + Math.ceil(height / ROW) + 8);
    render(
      html`<div style=${`height:${this.rows.length * ROW}px;position:relative`}>
        <div style=${`position:absolute;left:6px;right:6px;top:${first * ROW}px`}>
          ${shown.map((event) => eventRow(event, { current, position, go: this.hands.go }))}
        </div>
      </div>`,
      rows,
    );
    if (rows.scrollTop !== top) rows.scrollTop = top;
  }
}
