// Paxos's own diagrams: ballots against acceptors, as in Lamport's tables; and the slots of Multi-Paxos.

import { toneOf } from "../lib/color.js";
import { html, nothing, render } from "../lib/dom.js";

/** @typedef {import("../types.js").NodeDetail} NodeDetail */
/** @typedef {import("../types.js").NodeGlance} NodeGlance */

/**
 * What is known of a ballot: what its proposer proposed, and what each acceptor did in it.
 * @typedef {object} Row
 * @property {string} ballot
 * @property {string | null} value
 * @property {any} must what bound the proposer to it
 * @property {Map<number, any>} acts by acceptor
 */

/** The newest slots that are drawn. */
const SLOTS = 40;

/** @type {WeakMap<HTMLElement, string>} the end that was shown last, to follow it */
const followed = new WeakMap();

/**
 * @param {HTMLElement} host
 * @param {{ nodes: NodeDetail[], glances: NodeGlance[] }} data
 */
export function drawPaxos(host, { nodes, glances }) {
  const single = nodes[0]?.view.mode === "single";
  const [drawing, end] = single ? ballots(nodes) : slots(nodes);
  render(
    html`${drawing}${
      glances.length > nodes.length
        ? html`<p class="note">and ${glances.length - nodes.length} more nodes</p>`
        : nothing
    }`,
    host,
  );
  const scroller = host.querySelector(".log-scroll");
  if (scroller && followed.get(host) !== end) {
    followed.set(host, end);
    scroller.scrollTop = scroller.scrollHeight;
    scroller.scrollLeft = single ? 0 : scroller.scrollWidth;
  }
}

/** @param {string} ballot its epoch, as the core has it: a number that is ordered as ballots are */
function order(ballot) {
  const [round, node] = ballot.split(".").map(Number);
  return round * 1002 + node + 1;
}

/** @param {string | null} ballot */
function toneClass(ballot) {
  return `tone-${ballot ? toneOf(order(ballot)) : 0}`;
}

/**
 * Single-decree Paxos: a row a ballot, a column an acceptor.
 * @param {NodeDetail[]} nodes
 * @returns {[drawing: unknown, end: string]}
 */
function ballots(nodes) {
  /** @type {Map<string, Row>} */
  const rows = new Map();
  for (const { id, view } of nodes)
    for (const entry of view.ballots) {
      const row = rows.get(entry.ballot) ?? {
        ballot: entry.ballot,
        value: null,
        must: null,
        acts: new Map(),
      };
      rows.set(entry.ballot, row);
      row.acts.set(id, entry);
      if (entry.proposed) Object.assign(row, { value: entry.proposed, must: entry.must });
    }
  const sorted = [...rows.values()].sort((a, b) => order(a.ballot) - order(b.ballot));
  const acceptors = nodes.filter((node) => node.view.acceptor);
  const needed = nodes[0]?.view.quorums[1] ?? 0;
  const drawing = html`<div
      class="log-scroll"
      tabindex="0"
      role="region"
      aria-label="Ballots and what each acceptor did in them, the newest at the bottom"
    >
      <table class="logs ballots">
        <thead>
          <tr>
            <th scope="col">ballot</th>
            <th scope="col">proposes</th>
            ${acceptors.map((node) => html`<th scope="col" class=${`is-${node.status}`}>${node.id}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${sorted.map((row) => ballotRow(row, acceptors, needed))}
          ${
            sorted.length === 0
              ? html`<tr>
                  <td colspan="9" class="soft">no ballot yet</td>
                </tr>`
              : nothing
          }
        </tbody>
      </table>
    </div>
    <p class="note log-key">
      <span class="cell open">&nbsp;</span> promised <span class="cell solid">A</span> accepted
      <span class="cell no">×</span> refused
    </p>`;
  return [drawing, `${sorted.length} ${sorted.at(-1)?.ballot}`];
}

/**
 * @param {Row} row
 * @param {NodeDetail[]} acceptors
 * @param {number} needed
 */
function ballotRow(row, acceptors, needed) {
  const { ballot, value, must, acts } = row;
  /** @type {Map<string, number>} */
  const votes = new Map();
  for (const { accepted } of acts.values()) if (accepted) votes.set(accepted, (votes.get(accepted) ?? 0) + 1);
  const chosen = [...votes].filter(([, count]) => count >= needed).map(([voted]) => voted);
  const shown = value ?? [...votes.keys()].join(" ");
  const why = must
    ? `bound by acceptor ${must.acceptor}, which accepted ${must.value} in ballot ${must.ballot}`
    : value
      ? "its own value: nothing bound it"
      : "still in phase 1, or never further";
  return html`<tr class=${`${toneClass(ballot)} ${chosen.length ? "chosen" : ""}`}>
    <th scope="row">${ballot}</th>
    <td class="proposes" title=${why}>
      ${shown ? html`<b>${shown}</b>${must ? html` <small>from ${must.ballot}</small>` : nothing}` : html`<small>…</small>`}
      ${chosen.length ? html`<i class="good" title="chosen">✓<span class="hidden"> chosen</span></i>` : nothing}
    </td>
    ${acceptors.map((node) => html`<td>${act(node.id, ballot, acts.get(node.id))}</td>`)}
  </tr>`;
}

/**
 * What an acceptor did in a ballot.
 * @param {number} id
 * @param {string} ballot
 * @param {any} entry
 */
function act(id, ballot, entry) {
  const at = `Acceptor ${id}, ballot ${ballot}:`;
  if (entry?.accepted)
    return html`<span class="cell solid" title=${`${at} accepted ${entry.accepted}`}
      >${short(entry.accepted)}<span class="hidden"> accepted</span></span
    >`;
  if (entry?.refused)
    return html`<span
      class=${`cell no ${entry.promised ? "open" : ""}`}
      title=${`${at} ${entry.promised ? "promised, and refused to accept" : "refused"}`}
      >×<span class="hidden">${entry.promised ? " promised, then" : ""} refused</span></span
    >`;
  if (entry?.promised)
    return html`<span class="cell open" title=${`${at} promised`}
      >&nbsp;<span class="hidden">promised</span></span
    >`;
  return nothing;
}

/** @param {string} value as much of it as a cell holds */
function short(value) {
  return value.length > 3 ? `${value.slice(0, 2)}…` : value;
}

/**
 * Multi-Paxos: a row a node, a column a slot.
 * @param {NodeDetail[]} nodes
 * @returns {[drawing: unknown, end: string]}
 */
function slots(nodes) {
  const last = Math.max(1, ...nodes.map((node) => node.view.last));
  const first = Math.max(1, last - SLOTS + 1);
  const numbers = Array.from({ length: last - first + 1 }, (_, k) => first + k);
  const drawing = html`<div
      class="log-scroll"
      tabindex="0"
      role="region"
      aria-label="Slots, the newest at the right"
    >
      <table class="logs">
        <thead>
          <tr>
            <th scope="col"><span class="hidden">node</span></th>
            <th scope="col">promised</th>
            ${numbers.map((n) =>
              n % 5 === 0 || n === last || n === first ? html`<th scope="col">${n}</th>` : html`<td></td>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${nodes.map((node) => slotRow(node, numbers))}
        </tbody>
      </table>
    </div>
    <p class="note log-key">
      <span class="cell solid">3</span> chosen <span class="cell open">3</span> accepted
      <span class="cell solid">–</span> no-op
    </p>`;
  return [drawing, String(last)];
}

/**
 * @param {NodeDetail} node
 * @param {number[]} numbers
 */
function slotRow(node, numbers) {
  const { view } = node;
  const bySlot = new Map(view.slots.map((/** @type {any} */ slot) => [slot.slot, slot]));
  return html`<tr class=${`is-${node.status}`}>
    <th scope="row">${node.id}${view.role === "leader" ? html`<i title="leader"></i>` : nothing}</th>
    <td class=${`promise ${toneClass(view.promised)}`}>
      ${view.acceptor ? (view.promised ?? "–") : html`<small title="no acceptor">learns</small>`}
    </td>
    ${numbers.map((n) => {
      if (n <= view.snapshot)
        return html`<td>
          <span class="cell snap" title=${`in the snapshot up to ${view.snapshot}`}
            >${n === view.snapshot ? "S" : ""}</span
          >
        </td>`;
      const slot = bySlot.get(n);
      if (!slot) return html`<td></td>`;
      const voters = slot.voters.length ? `, votes of ${slot.voters.join(", ")}` : "";
      const how = slot.chosen ? "chosen" : "accepted";
      const title = `Node ${node.id}, slot ${n}: ${slot.value}, ${how}${slot.ballot ? `, ballot ${slot.ballot}` : ""}${voters}`;
      return html`<td>
        <span class=${`cell ${toneClass(slot.ballot)} ${slot.chosen ? "solid" : "open"}`} title=${title}
          >${slot.noop ? "–" : slot.ballot ? slot.ballot.split(".")[0] : "·"}<span class="hidden">
            ${how}</span
          ></span
        >
      </td>`;
    })}
  </tr>`;
}
