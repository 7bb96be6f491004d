// The table of locks: who holds each, for how long the service and the client think, and who waits.

import { html, nothing } from "../lib/dom.js";
import { duration } from "../lib/format.js";
import { leaseOf, parting } from "./locks-story.js";

/** @typedef {import("../types.js").DiagramData} DiagramData */
/** @typedef {import("../types.js").NodeDetail} NodeDetail */

/** How many locks, holders of one, and clients of a queue are shown. */
const LOCKS = 12;
const HOLDERS = 6;
const QUEUE = 12;

/**
 * @typedef {object} Of
 * @property {DiagramData} data
 * @property {import("./locks-story.js").Story} story
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
export function drawTable(of) {
  const { machine } = of.node.view;
  const lost = strangers(of);
  const free = [...lost.keys()]
    .filter((name) => !machine.locks.some((/** @type {any} */ lock) => lock.name === name))
    .map((name) => ({ name, holders: [], queue: [], waiting: 0 }));
  // By name; of more than can be shown those that most wait for come first.
  const all = [...machine.locks, ...free];
  const many = all.length > LOCKS;
  all.sort(
    (a, b) => (many ? b.waiting - a.waiting : 0) || a.name.localeCompare(b.name, "en", { numeric: true }),
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
      ${lost.length > HOLDERS ? html`<p class="note">and ${lost.length - HOLDERS} more that believe so</p>` : nothing}
      ${lock.waiting > 0 ? queueRow(of, lock) : nothing}
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
  const left = leaseOf(node, client, belief, data.now, options, data.hands.script);
  const knows = belief?.holds.get(lock) === token;
  const told = knows ? belief : undefined;
  const words = parting(lock, client, true, told, left, options.machine?.check_lease !== false);
  return html`<div class="holder">
    <span class="who">
      client ${client}${belief?.paused ? html` <em>stands still</em>` : nothing},
      ${mode === "shared" ? "shared" : "alone"}${count > 1 ? `, ${count} times` : ""}, token ${token}
    </span>
    ${pauseButton(of, client)} ${bars(left, knows, node.view.dials != null)}
    ${words ? html`<p class="parted">≠ ${words}</p>` : nothing}
  </div>`;
}

/**
 * @param {import("./locks-story.js").Left & { ttl: number }} left
 * @param {boolean} knows whether the client has heard of its grant
 * @param {boolean} counts whether there is a leader, who looks at the clock
 */
function bars({ truth, believed, ttl }, knows, counts) {
  const bar = (
    /** @type {string} */ name,
    /** @type {string} */ kind,
    /** @type {number | null} */ ms,
    /** @type {string} */ none,
  ) =>
    html`<span class=${`lease ${kind}`}>
      <span class="name">${name}</span>
      <span class="track"
        ><i ?hidden=${!ms} style=${`width: ${ms === null ? 0 : Math.min(100, (100 * ms) / ttl)}%`}></i
      ></span>
      <span class="figures">${ms === null ? none : ms > 0 ? duration(ms) : "over"}</span>
    </span>`;
  return html`<span class="leases">
    ${bar("service", "truth", truth, counts ? "not seen yet" : "no leader")}
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
  const left = leaseOf(node, client, belief, data.now, options, data.hands.script);
  const words = parting(lock, client, false, belief, left, options.machine?.check_lease !== false);
  const still = belief?.paused
    ? ": it stands still and cannot look at its clock"
    : left.believed && belief?.gives !== lock
      ? `, for another ${duration(left.believed)}`
      : "";
  return html`<div class="holder lost">
    <p class="parted">≠ ${words} (token ${belief?.holds.get(lock)})${still}</p>
    ${pauseButton(of, client)}
  </div>`;
}

/**
 * @param {Of} of
 * @param {any} lock
 */
function queueRow({ data, beliefs }, lock) {
  const open = (/** @type {number} */ client) => (/** @type {Event} */ event) => {
    const box = /** @type {HTMLElement} */ (event.currentTarget).getBoundingClientRect();
    data.hands.openClient(client, { x: box.right, y: box.top });
  };
  const shown = lock.queue.slice(0, QUEUE);
  const more = lock.waiting - shown.length;
  return html`<div class="queue">
    <span class="soft">behind it: ${lock.waiting === 1 ? "client" : "clients"}</span>
    <ol>
      ${shown.map(
        (/** @type {any} */ each) =>
          html`<li>
            <button class="waiter" aria-label=${`Client ${each.client}`} @click=${open(each.client)}>
              ${each.client}</button
            >${each.mode === "shared" ? " shared" : ""}${each.upgrade ? ", to have it alone" : ""}${
              beliefs.get(each.client)?.paused ? html`<em> stands still</em>` : nothing
            }
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
