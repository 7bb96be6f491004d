// The lock manager's diagrams: locks with their holders and queues, who waits for whom, and the log.

import { html, nothing, render } from "../lib/dom.js";
import { duration } from "../lib/format.js";
import { leaseOf, parting, speaker, Story } from "./locks-story.js";
import { drawWaits } from "./locks-waits.js";
import { drawLogs } from "./raft-log.js";

/** @typedef {import("../types.js").DiagramData} DiagramData */
/** @typedef {import("../types.js").NodeDetail} NodeDetail */
/** @typedef {"locks" | "waits" | "log"} Tab */

/** @type {[Tab, string][]} */
const TABS = [
  ["locks", "Locks"],
  ["waits", "Waits"],
  ["log", "Log"],
];
/** How many locks, holders of one, and clients of a queue are shown. */
const LOCKS = 12;
const HOLDERS = 6;
const QUEUE = 12;

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
  const show = (/** @type {Tab} */ tab) => {
    look.tab = tab;
    draw(host, look);
  };
  const grow = () => {
    look.large = !look.large;
    document.body.classList.toggle("with-diagram", look.large);
    draw(host, look);
  };
  const node = speaker(data.nodes);
  const beliefs = story.beliefs(data.position, data.hands.options.mutant === "lease_from_answer");
  const of = { data, story, node, beliefs };
  const width = Math.max(200, host.clientWidth - 2);
  const height = look.large ? Math.max(220, host.clientHeight * 0.6) : 132;
  const body = () => {
    if (look.tab === "log") return nothing;
    if (!node) return html`<p class="note">Every node is down: nobody keeps the table.</p>`;
    if (look.tab === "waits") return drawWaits({ ...of, node, width, height });
    return table({ ...of, node });
  };
  render(
    html`<div class="kv-tabs">
        ${TABS.map(
          ([tab, name]) =>
            html`<button aria-pressed=${tab === look.tab ? "true" : "false"} @click=${() => show(tab)}>
              ${name}
            </button>`,
        )}
        <button class="grow" aria-pressed=${look.large ? "true" : "false"} @click=${grow}>
          ${look.large ? "Smaller" : "Larger"}
        </button>
      </div>
      ${body()}
      <div class="locks-log" ?hidden=${look.tab !== "log" && !look.large}></div>`,
    host,
  );
  const logs = /** @type {HTMLElement} */ (host.querySelector(".locks-log"));
  if (!logs.hidden) drawLogs(logs, data);
}

/**
 * @typedef {object} Of
 * @property {DiagramData} data
 * @property {Story} story
 * @property {NodeDetail} node
 * @property {Map<number, import("./locks-story.js").Belief>} beliefs
 */

/**
 * Who believes to hold a lock and does not: by name of the lock.
 * @param {Of} of
 * @returns {Map<string, number[]>}
 */
export function strangers({ node, beliefs }) {
  /** @type {Map<string, number[]>} */
  const found = new Map();
  for (const [client, { holds }] of beliefs)
    for (const [lock, token] of holds) {
      const known = node.view.machine.locks.find((/** @type {any} */ each) => each.name === lock);
      const held = known?.holders.some((/** @type {any} */ h) => h.client === client && h.token === token);
      if (!held) found.set(lock, [...(found.get(lock) ?? []), client]);
    }
  return found;
}

/** @param {Of} of */
function table(of) {
  const { machine } = of.node.view;
  const lost = strangers(of);
  const free = [...lost.keys()]
    .filter((name) => !machine.locks.some((/** @type {any} */ lock) => lock.name === name))
    .map((name) => ({ name, holders: [], queue: [], waiting: 0 }));
  const all = [...machine.locks, ...free].sort(
    (a, b) => b.waiting - a.waiting || a.name.localeCompare(b.name, "en", { numeric: true }),
  );
  const more = Math.max(machine.lock_count + free.length - LOCKS, 0);
  if (all.length === 0 && machine.resources.length === 0)
    return html`<p class="note">Nobody holds a lock. Ask for one in the bar under the cluster.</p>`;
  return html`<div
    class="locks-scroll"
    tabindex="0"
    role="region"
    aria-label="Locks, their holders and queues"
  >
    ${all.length === 0 ? html`<p class="note">Nobody holds a lock.</p>` : nothing}
    <ul class="locks-rows">
      ${all.slice(0, LOCKS).map((lock) => lockRow(of, lock, lost.get(lock.name) ?? []))}
    </ul>
    ${more > 0 ? html`<p class="note">and ${more} more</p>` : nothing} ${resources(of)}
  </div>`;
}

/**
 * @param {Of} of
 * @param {any} lock
 * @param {number[]} lost
 */
function lockRow(of, lock, lost) {
  const hidden = lock.holders.length - HOLDERS;
  return html`<li>
    <b class="lock-name">${lock.name}</b>
    <div class="lock-body">
      ${lock.holders.slice(0, HOLDERS).map((/** @type {any} */ holder) => holderRow(of, lock.name, holder))}
      ${hidden > 0 ? html`<p class="note">and ${hidden} more share it</p>` : nothing}
      ${lock.holders.length === 0 ? html`<p class="soft">free</p>` : nothing}
      ${lost.slice(0, HOLDERS).map((client) => strangerRow(of, lock.name, client))}
      ${lock.waiting > 0 ? queueRow(lock) : nothing}
    </div>
  </li>`;
}

/**
 * @param {Of} of
 * @param {number} client
 */
function pauseButton({ data, beliefs }, client) {
  const paused = beliefs.get(client)?.paused ?? false;
  const act = () => data.hands.act({ do: paused ? "resume_client" : "pause_client", client });
  return html`<button
    class="hold"
    @click=${act}
    aria-label=${`${paused ? "Resume" : "Pause"} client ${client}`}
  >
    ${paused ? "Resume" : "Pause"}
  </button>`;
}

/**
 * @param {Of} of
 * @param {string} lock
 * @param {{ client: number, mode: string, count: number, token: number }} holder
 */
function holderRow(of, lock, { client, mode, count, token }) {
  const { data, node, beliefs } = of;
  const { options } = data.hands;
  const belief = beliefs.get(client);
  const left = leaseOf(node, client, belief, data.now, options);
  const knows = belief?.holds.get(lock) === token;
  const told = knows ? belief : undefined;
  const words = parting(lock, client, true, told, left, options.machine?.check_lease !== false);
  return html`<div class="holder">
    <span class="who">
      client ${client}${belief?.paused ? html` <em>stands still</em>` : nothing},
      ${mode === "shared" ? "shared" : "alone"}${count > 1 ? `, ${count} times` : ""}, token ${token}
    </span>
    ${pauseButton(of, client)} ${bars(left, knows)}
    ${words ? html`<p class="parted">≠ ${words}</p>` : nothing}
  </div>`;
}

/**
 * @param {import("./locks-story.js").Left & { ttl: number }} left
 * @param {boolean} knows
 */
function bars({ truth, believed, ttl }, knows) {
  const bar = (
    /** @type {string} */ name,
    /** @type {string} */ kind,
    /** @type {number | null} */ ms,
    /** @type {string} */ none,
  ) =>
    html`<span class=${`lease ${kind}`}>
      <span class="name">${name}</span>
      <span class="track"
        ><i style=${`width: ${ms === null ? 0 : Math.min(100, (100 * ms) / ttl)}%`}></i
      ></span>
      <span class="figures">${ms === null ? none : ms > 0 ? duration(ms) : "over"}</span>
    </span>`;
  return html`<span class="leases">
    ${bar("service", "truth", truth, "not seen yet")}
    ${bar("client", "belief", knows ? believed : null, "not told yet")}
  </span>`;
}

/**
 * @param {Of} of
 * @param {string} lock
 * @param {number} client
 */
function strangerRow(of, lock, client) {
  const { data, node, beliefs } = of;
  const { options } = data.hands;
  const belief = beliefs.get(client);
  const left = leaseOf(node, client, belief, data.now, options);
  const words = parting(lock, client, false, belief, left, options.machine?.check_lease !== false);
  const still = belief?.paused ? ": it stands still and cannot look at its clock" : "";
  return html`<div class="holder lost">
    <p class="parted">≠ ${words} (token ${belief?.holds.get(lock)})${still}</p>
    ${pauseButton(of, client)}
  </div>`;
}

/** @param {any} lock */
function queueRow(lock) {
  const shown = lock.queue.slice(0, QUEUE);
  const more = lock.waiting - shown.length;
  return html`<div class="queue">
    <span class="soft">waiting</span>
    <ol>
      ${shown.map(
        (/** @type {any} */ each) =>
          html`<li>
            <span class="hidden">client </span
            >${each.client}${each.mode === "shared" ? " shared" : ""}${each.upgrade ? " upgrade" : ""}
          </li>`,
      )}
    </ol>
    ${more > 0 ? html`<span class="soft">and ${more} more</span>` : nothing}
  </div>`;
}

/** @param {Of} of */
function resources({ node, story, data }) {
  const { resources: all } = node.view.machine;
  if (all.length === 0) return nothing;
  const more = all.length - LOCKS;
  return html`<h3 class="locks-head">Guarded resources</h3>
    <ul class="locks-rows">
      ${all.slice(0, LOCKS).map((/** @type {any} */ { name, value, token }) => {
        const refused = story.last("write_refused", data.position, (fact) => fact.resource === name)?.fact;
        return html`<li>
          <b class="lock-name">${name}</b>
          <div class="lock-body">
            ${value === null ? "nothing written" : `holds ${value}`}, largest token seen ${token}
            ${
              refused
                ? html`<p class="parted">
                    × last refused: client ${refused.client}'s write under token ${refused.token}, since
                    ${refused.newest} was seen
                  </p>`
                : nothing
            }
          </div>
        </li>`;
      })}
    </ul>
    ${more > 0 ? html`<p class="note">and ${more} more</p>` : nothing}`;
}
