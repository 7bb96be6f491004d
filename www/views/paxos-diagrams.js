// Paxos's own diagrams: ballots against acceptors, as in Lamport's tables; and the slots of Multi-Paxos.

import { toneOf } from "../lib/color.js";
import { html, nothing, render } from "../lib/dom.js";
import { counted, listed } from "../lib/format.js";

/** @typedef {import("../types.js").NodeDetail} NodeDetail */
/** @typedef {import("../types.js").NodeGlance} NodeGlance */

/**
 * What is known of a ballot: what its proposer proposed, and what each acceptor did in it.
 * @typedef {object} Row
 * @property {string} ballot
 * @property {string[]} values one; two if proposers share the ballot
 * @property {any} must what bound the proposer to it
 * @property {number[]} quorum whose promises let it propose
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
  const sorted = rowsOf(nodes);
  const acceptors = nodes.filter((node) => node.view.acceptor);
  const needed = nodes[0]?.view.quorums[1] ?? 0;
  const newest = sorted.findLast((row) => row.values.length > 0);
  const binds = (/** @type {Row} */ row, /** @type {number} */ id) =>
    newest !== undefined && row.ballot === newest.must?.ballot && reporters(newest, sorted).includes(id);
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
          ${sorted.map((row) => ballotRow(row, acceptors, needed, binds))}
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
    </p>
    ${meeting(nodes, sorted, newest && why(newest, sorted))}`;
  return [drawing, `${sorted.length} ${sorted.at(-1)?.ballot}`];
}

/**
 * The ballots that the nodes remember, in order.
 * @param {NodeDetail[]} nodes
 */
function rowsOf(nodes) {
  /** @type {Map<string, Row>} */
  const rows = new Map();
  for (const { id, view } of nodes)
    for (const entry of view.ballots) {
      const { ballot, proposed, must, quorum } = entry;
      /** @type {Row} */
      const row = rows.get(ballot) ?? { ballot, values: [], must: null, quorum: [], acts: new Map() };
      rows.set(ballot, row);
      row.acts.set(id, entry);
      if (!proposed) continue;
      Object.assign(row, { must, quorum });
      if (!row.values.includes(proposed)) row.values.push(proposed);
    }
  return [...rows.values()].sort((a, b) => order(a.ballot) - order(b.ballot));
}

/**
 * Who of a ballot's quorum had accepted what binds it: where the two quorums meet.
 * @param {Row} row
 * @param {Row[]} rows
 */
function reporters({ must, quorum }, rows) {
  const bound = rows.find((row) => row.ballot === must?.ballot);
  return quorum.filter((id) => bound?.acts.get(id)?.accepted === must.value);
}

/**
 * Why a ballot proposes what it does.
 * @param {Row} row
 * @param {Row[]} rows
 */
function why(row, rows) {
  const { ballot, must } = row;
  const heard = `Ballot ${ballot} counted the promises underlined: `;
  if (!must) return `${heard}nothing that bound it, so it proposes its own value.`;
  const by = reporters(row, rows);
  const who = by.length === 0 ? [must.acceptor] : by;
  return `${heard}${who.length === 1 ? "acceptor" : "acceptors"} ${listed(who)} had accepted ${short(must.value, 12)} in ${must.ballot}, so it proposes that.`;
}

/**
 * What is to be said of quorums: that two have missed each other, or else what a ballot heard of its own, and whether
 * they always meet where that is not a matter of course.
 * @param {NodeDetail[]} nodes
 * @param {Row[]} rows of single-decree Paxos
 * @param {string} [heard]
 */
function meeting(nodes, rows, heard) {
  const view = nodes[0]?.view;
  const missed = miss(rows, view?.quorums[1] ?? 0);
  if (missed) return html`<p class="note bad">${missed}</p>`;
  const words = quorumWords(view);
  return [
    heard ? html`<p class="note why">${heard}</p>` : nothing,
    words ? html`<p class="note">${words}</p>` : nothing,
  ];
}

/**
 * Flexible Paxos, in words: whether every quorum of phase 1 meets every quorum of phase 2.
 * @param {any} view
 */
export function quorumWords(view) {
  if (!view) return "";
  const { acceptors, quorums } = view;
  const [first, second] = quorums;
  const majority = Math.floor(acceptors / 2) + 1;
  if (first === majority && second === majority) return "";
  const sizes = `${counted(first, "promise")} and ${counted(second, "vote")} of ${counted(acceptors, "acceptor")}`;
  return first + second > acceptors
    ? `${sizes} always share an acceptor: ${first} + ${second} > ${acceptors}.`
    : `${sizes} can miss each other: ${first} + ${second} is not more than ${acceptors}.`;
}

/**
 * The votes that chose a value and the promises of a later ballot, where they share no acceptor.
 * @param {Row[]} rows
 * @param {number} needed
 */
function miss(rows, needed) {
  for (const [place, row] of rows.entries())
    for (const { nodes } of chosenOf(row, needed))
      for (const later of rows.slice(place + 1)) {
        const { quorum } = later;
        if (quorum.length > 0 && !quorum.some((id) => nodes.includes(id)))
          return `The votes of ${row.ballot} (${listed(nodes)}) and the promises of ${later.ballot} (${listed(quorum)}) share no acceptor: nobody could tell of the vote.`;
      }
  return "";
}

/**
 * What a quorum accepted in a ballot, and who did.
 * @param {Row} row
 * @param {number} needed
 */
function chosenOf({ acts }, needed) {
  /** @type {Map<string, number[]>} */
  const votes = new Map();
  for (const [id, { accepted }] of acts)
    if (accepted) votes.set(accepted, [...(votes.get(accepted) ?? []), id]);
  return [...votes].map(([value, nodes]) => ({ value, nodes })).filter(({ nodes }) => nodes.length >= needed);
}

/**
 * @param {Row} row
 * @param {NodeDetail[]} acceptors
 * @param {number} needed
 * @param {(row: Row, id: number) => boolean} binds whether this vote binds the newest ballot
 */
function ballotRow(row, acceptors, needed, binds) {
  const { ballot, values, must, acts, quorum } = row;
  const chosen = chosenOf(row, needed);
  const voted = [...acts.values()].map(({ accepted }) => accepted).filter((accepted) => accepted);
  const shown = values.length ? values : [...new Set(voted)];
  const reason = must
    ? `bound by acceptor ${must.acceptor}, which accepted ${must.value} in ballot ${must.ballot}`
    : values.length
      ? `${listed(values)}: its own value, as nothing bound it`
      : "still in phase 1, or never further";
  return html`<tr class=${`${toneClass(ballot)} ${chosen.length ? "chosen" : ""}`}>
    <th scope="row">${ballot}</th>
    <td class="proposes" title=${reason}>
      ${shown.length ? html`<b>${listed(shown.map((value) => short(value, 12)))}</b>${must ? html` <small>from ${must.ballot}</small>` : nothing}` : html`<small>…</small>`}
      ${chosen.length ? html`<i class="good" title="chosen">✓<span class="hidden"> chosen</span></i>` : nothing}
    </td>
    ${acceptors.map(({ id }) => {
      const marks = `${quorum.includes(id) ? "counted" : ""} ${binds(row, id) ? "binds" : ""}`;
      return html`<td class=${marks}>${act(id, ballot, acts.get(id))}</td>`;
    })}
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

/**
 * As much of a value as there is room for.
 * @param {string} value
 * @param {number} [most] letters
 */
export function short(value, most = 3) {
  const letters = [...value];
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : value;
}

/**
 * Multi-Paxos: a row a node, a column a slot.
 * @param {NodeDetail[]} nodes
 * @returns {[drawing: unknown, end: string]}
 */
function slots(nodes) {
  const last = Math.max(1, ...nodes.map((node) => node.view.last));
  const leader = nodes
    .filter((node) => node.view.role === "leader")
    .sort(byBallot)
    .at(-1);
  const first = Math.max(1, last - SLOTS + 1);
  const numbers = Array.from({ length: last - first + 1 }, (_, k) => first + k);
  const drawing = html`<div
      class="log-scroll"
      tabindex="0"
      role="region"
      aria-label="Slots, the newest at the right"
    >
      <table class="logs slots">
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
          ${nodes.map((node) => slotRow(node, numbers, leader?.view.proposer.promised.includes(node.id)))}
        </tbody>
      </table>
    </div>
    <p class="note log-key">
      <span class="cell solid">3</span> chosen <span class="cell open">3</span> accepted
      <span class="cell solid">–</span> no-op
    </p>
    ${meeting(nodes, [], leader && `Ballot ${leader.view.proposer.ballot} counted the promises underlined.`)}`;
  return [drawing, String(last)];
}

/**
 * @param {NodeDetail} a
 * @param {NodeDetail} b
 */
function byBallot(a, b) {
  return order(a.view.proposer.ballot) - order(b.view.proposer.ballot);
}

/**
 * @param {NodeDetail} node
 * @param {number[]} numbers
 * @param {boolean} [quorum] whether its promise let the leader lead
 */
function slotRow(node, numbers, quorum = false) {
  const { view } = node;
  const bySlot = new Map(view.slots.map((/** @type {any} */ slot) => [slot.slot, slot]));
  return html`<tr class=${`is-${node.status}`}>
    <th scope="row">${node.id}${view.role === "leader" ? html`<i title="leader"></i>` : nothing}</th>
    <td class=${`promise ${toneClass(view.promised)} ${quorum ? "counted" : ""}`}>
      ${view.acceptor ? html`<span>${view.promised ?? "–"}</span>` : html`<small title="no acceptor">learns</small>`}
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
