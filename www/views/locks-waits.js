// Who waits for whom: clients on an oval, an arrow from each to those that it waits for.

import { html, nothing, svg } from "../lib/dom.js";
import { capital } from "../lib/format.js";
import { circleWords } from "./locks-headline.js";

/** @typedef {import("./locks-table.js").Of} Of */
/** @typedef {{ from: number, to: number, lock: string, holds: boolean, lit: boolean, ended: boolean }} Edge */

/** How many clients are drawn, and for how long a broken circle stays lit, in virtual milliseconds. */
const CLIENTS = 12;
const LIT_MS = 400;
const R = 12;

/**
 * The waits as they stand, with the circle that there is, or the one that was broken just now.
 * @param {Of} of
 * @returns {{ edges: Edge[], cycle: number[], victim: number | null, fresh: boolean }}
 */
export function waitsOf({ node, story, data }) {
  const { waits, deadlock } = node.view.machine;
  const broken = story.last("deadlock", data.position);
  const fresh = broken !== undefined && data.now - broken.at < LIT_MS;
  const cycle = /** @type {number[]} */ (deadlock ?? (fresh ? broken.fact.cycle : []));
  const victim = deadlock || !fresh ? null : /** @type {number} */ (broken.fact.victim);
  const on = (/** @type {number} */ from, /** @type {number} */ to) =>
    cycle.some((client, k) => client === from && cycle[(k + 1) % cycle.length] === to);
  /** @type {Edge[]} */
  const edges = waits.map((/** @type {any} */ wait) => ({
    ...wait,
    lit: on(wait.from, wait.to),
    ended: false,
  }));
  if (victim !== null) {
    const to = cycle[(cycle.indexOf(victim) + 1) % cycle.length];
    const ended = story.last(
      "wait_ended",
      data.position,
      (fact) => fact.client === victim && fact.why === "deadlock",
    );
    if (!edges.some((edge) => edge.from === victim && edge.to === to))
      edges.push({ from: victim, to, lock: ended?.fact.lock ?? "", holds: true, lit: true, ended: true });
  }
  return { edges, cycle, victim, fresh };
}

/** @param {Of & { width: number, height: number }} of */
export function drawWaits(of) {
  const { node, story, data, width, height, beliefs } = of;
  const { edges, cycle, victim } = waitsOf(of);
  const last = story.last("deadlock", data.position)?.fact;
  const clients = [...new Set([...cycle, ...edges.flatMap(({ from, to }) => [to, from])])];
  const note = last
    ? html`<p class="note locks-victim">
        ${victim === null ? "Last victim" : "Victim"}: client ${last.victim}.
        ${capital(circleWords(last.cycle))}.
      </p>`
    : node.view.machine.deadlock
      ? html`<p class="note locks-victim">Deadlock: ${circleWords(cycle)}. Nobody is refused.</p>`
      : nothing;
  if (clients.length === 0)
    return html`<p class="note">Nobody waits for anybody.</p>
      ${note}`;
  const shown = clients.slice(0, CLIENTS);
  // Round the oval: a cycle in its own order, then a holder and those behind it in theirs.
  const places = new Map(shown.map((client, k) => [client, spot(k, shown.length, width, height)]));
  const drawn = edges.filter(({ from, to }) => places.has(from) && places.has(to));
  const locks = [...new Set(drawn.map(({ lock }) => lock))];
  const words = edges
    .slice(0, 40)
    .map(({ from, to, lock, holds, ended }) =>
      ended
        ? `client ${from} was refused ${lock}`
        : `client ${from} waits for client ${to}, which ${holds ? "holds" : "is before it in the queue for"} ${lock}`,
    )
    .join("; ");
  const label = `${cycle.length ? `Deadlock: ${circleWords(cycle)}. ` : ""}${victim === null ? "" : `Victim: client ${victim}. `}${capital(words)}`;
  const toggle = (/** @type {number} */ client) =>
    data.hands.act({ do: beliefs.get(client)?.paused ? "resume_client" : "pause_client", client });
  return html`<div class="locks-waits">
    <svg width=${width} height=${height} role="group" aria-label=${label}>
      <defs>
        ${["plain", "lit"].map(
          (kind) =>
            svg`<marker id=${`wait-${kind}`} class=${kind} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z"></path></marker>`,
        )}
      </defs>
      ${drawn.map((edge) => arrow(edge, places, drawn))}
      ${shown.map((client) => {
        const { x, y } = /** @type {{ x: number, y: number }} */ (places.get(client));
        const paused = beliefs.get(client)?.paused ?? false;
        const press = (/** @type {KeyboardEvent} */ event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          toggle(client);
        };
        return svg`<g class=${`client ${cycle.includes(client) ? "lit" : ""} ${client === victim ? "victim" : ""}`}
          transform=${`translate(${x} ${y})`} tabindex="0" role="button"
          aria-label=${`${paused ? "Resume" : "Pause"} client ${client}${client === victim ? ", the victim" : ""}`}
          @click=${() => toggle(client)} @keydown=${press}>
          <title>${paused ? "Resume" : "Pause"} client ${client}</title>
          <circle r=${R}></circle>
          <text dy="4">${client}</text>
        </g>
        ${client === victim ? svg`<text class="tag victim" x=${x} y=${y - R - 4}>victim</text>` : nothing}
        ${paused ? svg`<text class="tag" x=${x} y=${y + R + 11}>stands still</text>` : nothing}`;
      })}
    </svg>
    ${clients.length > CLIENTS ? html`<p class="note">and ${clients.length - CLIENTS} more clients</p>` : nothing}
    ${note}
    <p class="note locks-key">
      ${drawn.length > CLIENTS && locks.length === 1 ? `all for lock ${locks[0]}; ` : ""}solid: for a holder;
      dashed: for one before it in the queue
    </p>
  </div>`;
}

/**
 * @param {number} k
 * @param {number} count
 * @param {number} width
 * @param {number} height
 */
function spot(k, count, width, height) {
  const angle = (2 * Math.PI * k) / count + Math.PI;
  const across = Math.min(width / 2 - 34, count <= 2 ? 90 : height * 1.3);
  return {
    x: Math.round(width / 2 + across * Math.cos(angle)),
    y: Math.round(height / 2 + (height / 2 - 28) * Math.sin(angle)),
  };
}

/**
 * @param {Edge} edge
 * @param {Map<number, { x: number, y: number }>} places
 * @param {Edge[]} all
 */
function arrow(edge, places, all) {
  const a = /** @type {{ x: number, y: number }} */ (places.get(edge.from));
  const b = /** @type {{ x: number, y: number }} */ (places.get(edge.to));
  const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
  const [dx, dy] = [(b.x - a.x) / length, (b.y - a.y) / length];
  // Two that wait for each other: their arrows bend apart.
  const bend = all.some(({ from, to }) => from === edge.to && to === edge.from) ? 18 : 0;
  const [mx, my] = [(a.x + b.x) / 2 - dy * bend, (a.y + b.y) / 2 + dx * bend];
  const [sx, sy, ex, ey] = [a.x + dx * R, a.y + dy * R, b.x - dx * (R + 2), b.y - dy * (R + 2)];
  const [tx, ty] = [(a.x + b.x) / 2 - dy * (bend * 0.55 + 1), (a.y + b.y) / 2 + dx * (bend * 0.55 + 1)];
  const kind = `${edge.lit ? "lit" : ""} ${edge.holds ? "" : "queued"} ${edge.ended ? "ended" : ""}`;
  const name =
    edge.lit || (edge.holds && all.length <= CLIENTS) ? `${edge.lock}${edge.ended ? ": refused" : ""}` : "";
  return svg`<g class=${`wait ${kind}`}>
    <path d=${`M${sx} ${sy}Q${mx} ${my} ${ex} ${ey}`} marker-end=${`url(#wait-${edge.lit ? "lit" : "plain"})`}></path>
    <text x=${tx} y=${ty + 4}>${name}</text>
  </g>`;
}
