// The lock manager's diagrams: locks with their holders and queues, who waits for whom, and the log.

import { html, nothing, render } from "../lib/dom.js";
import { speaker, Story } from "./locks-story.js";
import { drawTable } from "./locks-table.js";
import { drawWaits } from "./locks-waits.js";
import { drawLogs } from "./raft-log.js";
import { drawTabs } from "./tabs.js";

/** @typedef {import("../types.js").DiagramData} DiagramData */
/** @typedef {import("../types.js").NodeDetail} NodeDetail */
/** @typedef {"locks" | "waits" | "log"} Tab */

/** @type {[Tab, string][]} */
const TABS = [
  ["locks", "Locks"],
  ["waits", "Waits"],
  ["log", "Log"],
];

/** Below this width the diagram has a tab of its own, and room: as in css/narrow.css. */
const NARROW = "(max-width: 1100px)";

/** What is looked at, by host. */
class Look {
  constructor() {
    /** @type {Tab} */
    this.tab = "locks";
    this.story = new Story();
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
export function drawLocks(host, data) {
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
 * @param {HTMLElement} host
 * @param {Look} look
 */
function draw(host, look) {
  const { data, story } = look;
  if (!data) return;
  const node = speaker(data.nodes);
  const beliefs = story.beliefs(data.position, data.hands.options.mutant === "lease_from_answer");
  const of = { data, story, node, beliefs };
  const leader = node?.view.role === "leader" ? node : undefined;
  const width = Math.max(200, host.clientWidth - 2);
  const height = look.large
    ? Math.max(200, host.clientHeight * 0.48)
    : matchMedia(NARROW).matches
      ? 190
      : 100;
  const body = () => {
    if (look.tab === "log") return nothing;
    if (!node) return html`<p class="note">Every node is down: nobody keeps the table.</p>`;
    if (look.tab === "waits") return drawWaits({ ...of, node, width, height });
    return drawTable({ ...of, node });
  };
  const deed = leader
    ? html`<button class="deed" @click=${() => data.hands.act({ do: "crash", node: leader.id })}>
        Crash the leader
      </button>`
    : nothing;
  render(
    html`${drawTabs(TABS, look, () => draw(host, look), deed)} ${body()}
      <div class="locks-log" ?hidden=${look.tab !== "log" && !look.large}></div>`,
    host,
  );
  const logs = /** @type {HTMLElement} */ (host.querySelector(".locks-log"));
  if (!logs.hidden) drawLogs(logs, data);
}
