// PBFT's own diagram: client and replicas as lines, the phases as columns, each message an arrow, drawn from
// the trace; beside each line the certificates that fill up there, and the replica's window of the log.

import { html, nothing, render, svg } from "../lib/dom.js";
import { PHASES, Story } from "./pbft-story.js";
import { conductOf, liarWords, nameOf } from "./pbft-words.js";

/** @typedef {import("../types.js").NodeDetail} NodeDetail */
/** @typedef {import("../types.js").DiagramData} DiagramData */
/** @typedef {import("./pbft-story.js").Said} Said */
/** @typedef {import("./pbft-story.js").Picked} Picked */

/** Width of the names, and where the phases and the whole end. */
const NAMES = 44;
const PHASES_END = 334;
const LOG_AT = PHASES_END + 20;
const WIDTH = LOG_AT + 130;
const HEAD = 18;
/** Cells of a replica's window shown at the most. */
const CELLS_MOST = 20;

/** @type {WeakMap<HTMLElement, { story: Story, seq: number | undefined }>} */
const shown = new WeakMap();

/**
 * @param {HTMLElement} host
 * @param {DiagramData} data
 */
export function drawPhases(host, data) {
  let state = shown.get(host);
  if (!state) shown.set(host, (state = { story: new Story(), seq: undefined }));
  const { story } = state;
  if (story.histories !== data.histories) state.seq = undefined;
  story.read(data);
  const picked = story.pick(data, state.seq);
  const rows = rowsOf(data, picked.said);
  const height = HEAD + rows.length * rows[0].height;
  const step = (/** @type {number} */ by) => () => {
    const next = picked.seq + by;
    if (state) state.seq = next < 1 || !story.said.some((s) => s.seq >= next) ? undefined : next;
    drawPhases(host, data);
  };
  render(
    html`<div class="phases-scroll" tabindex="0" role="region" aria-label="Phases and logs of the replicas">
        <svg class="phases" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label=${spoken(picked, data)}>
          ${heads(rows, picked, data)} ${rows.map((row) => line(row, data))}
          ${picked.said.map((said) => arrow(said, rows, picked))}
          ${rows.map((row) => certificates(row, picked))}
        </svg>
      </div>
      <p class="note phases-key">
        ${
          picked.seq > 0
            ? html`<button class="link" aria-label="The number before" @click=${step(-1)}>‹</button> number
                ${picked.seq}, view ${picked.view}
                <button class="link" aria-label="The next number" @click=${step(1)}>›</button>`
            : picked.view > 0
              ? html`<button
                    class="link"
                    aria-label="The last number"
                    @click=${() => {
                      if (state) state.seq = Math.max(1, ...story.said.map((s) => s.seq));
                      drawPhases(host, data);
                    }}
                  >
                    ‹
                  </button>
                  to view ${picked.view}`
              : "nothing is ordered yet"
        }
      </p>`,
    host,
  );
}

/**
 * @typedef {object} Row
 * @property {number} end a node, or a client below zero
 * @property {number} y
 * @property {number} height
 * @property {NodeDetail | null} detail
 * @property {import("../types.js").NodeGlance | null} glance
 */

/**
 * @param {DiagramData} data
 * @param {Said[]} said
 * @returns {Row[]}
 */
function rowsOf({ nodes, glances }, said) {
  const clients = said.flatMap(({ from, to }) => [from, to]).filter((end) => end < 0);
  const client = clients.at(-1) ?? -1;
  const count = nodes.length + 1;
  const height = Math.max(11.2, Math.min(26, 140 / count));
  const y = (/** @type {number} */ k) => HEAD + (k + 0.5) * height;
  /** @type {Row[]} */
  const rows = [{ end: client, y: y(0), height, detail: null, glance: null }];
  nodes.forEach((detail, k) =>
    rows.push({ end: detail.id, y: y(k + 1), height, detail, glance: glances[detail.id] ?? null }),
  );
  return rows;
}

/** How wide the columns are beside each other: as their names need it. @type {Record<string, number>} */
const SHARES = { request: 0.9, "pre-prepare": 1.3, reply: 0.8, acknowledgement: 1.3 };
const shareOf = (/** @type {number} */ phase) => SHARES[PHASES[phase]] ?? 1;
const sharesOf = (/** @type {number[]} */ phases) => phases.reduce((sum, phase) => sum + shareOf(phase), 0);

/**
 * How wide a column is.
 * @param {Picked} picked
 * @param {number} phase
 */
const widthOf = ({ phases }, phase) => ((PHASES_END - NAMES) * shareOf(phase)) / sharesOf(phases);

/**
 * The left edge of a phase's column.
 * @param {Picked} picked
 * @param {number} phase
 */
const xOf = ({ phases }, phase) =>
  NAMES + ((PHASES_END - NAMES) * sharesOf(phases.slice(0, phases.indexOf(phase)))) / sharesOf(phases);

/**
 * @param {Row[]} rows
 * @param {Picked} picked
 * @param {DiagramData} data
 */
function heads(rows, picked, { nodes }) {
  const { phases, seq } = picked;
  const bottom = HEAD + rows.length * rows[0].height;
  const { low, high } = windowOf(nodes);
  const cell = cellWidth(low, high);
  const at = seq > low && seq <= low + CELLS_MOST ? LOG_AT + (seq - low - 1) * cell : null;
  return svg`${phases.map(
    (phase) =>
      svg`<text class="head" x=${xOf(picked, phase) + widthOf(picked, phase) / 2} y="11" text-anchor="middle">${PHASES[phase]}</text>`,
  )}
    ${phases.map((phase) => svg`<path class="edge" d=${`M${xOf(picked, phase)} ${HEAD}V${bottom}`} />`)}
    <path class="edge" d=${`M${PHASES_END} ${HEAD}V${bottom}`} />
    <text class="head" x=${LOG_AT} y="11">${low + 1}</text>
    <text class="head" x=${LOG_AT + cell * Math.min(CELLS_MOST, high - low)} y="11" text-anchor="end">
      log to ${high}
    </text>
    ${at === null ? nothing : svg`<path class="here" d=${`M${at + cell / 2 - 4} 14h8l-4 4z`} />`}`;
}

/**
 * A participant's line, its name, and its window of the log.
 * @param {Row} row
 * @param {DiagramData} data
 */
function line(row, data) {
  const { glance, detail, y, height } = row;
  const name = glance ? nameOf(glance) : "client";
  const down = glance?.status === "crashed";
  const size = Math.min(12, height - 1);
  return svg`<path class=${`lane ${down ? "down" : ""}`} d=${`M${NAMES} ${y}H${PHASES_END}`} />
    <text class="name" x=${glance ? NAMES - 14 : NAMES - 5} y=${y + size * 0.36} text-anchor="end" font-size=${glance ? size : 10.5}>
      ${name}
    </text>
    ${glance && detail ? badge(glance, detail, y, Math.min(4.4, height * 0.3)) : nothing}
    ${detail ? log(detail, data, row) : nothing}`;
}

/**
 * Who a replica is: two rings for the primary, horns for a liar, a hollow dashed ring between views.
 * @param {import("../types.js").NodeGlance} glance
 * @param {NodeDetail} detail
 * @param {number} y
 * @param {number} r
 */
function badge(glance, { view }, y, r) {
  const x = NAMES - 6;
  const liar = conductOf(glance).length > 0;
  const says = [view.role, liarWords(glance)].filter(Boolean).join(", ");
  return svg`<g class=${`badge ${liar ? "liar" : ""} ${view.role === "changing view" ? "changing" : ""}`}>
    <title>Node ${glance.id}: ${says}</title>
    <circle cx=${x} cy=${y} r=${r} />
    ${view.role === "primary" ? svg`<circle cx=${x} cy=${y} r=${r * 0.45} />` : nothing}
    ${liar ? svg`<path d=${`M${x - r} ${y - r * 0.6}l-0.8 -${r * 1.1}l${r} ${r * 0.6}zM${x + r} ${y - r * 0.6}l0.8 -${r * 1.1}l${-r} ${r * 0.6}z`} />` : nothing}
  </g>`;
}

const VOTES = ["prepare", "commit", "view change", "acknowledgement"];
/** @param {Row} row */
const replicaOf = ({ end, glance }) => glance?.glance.replica ?? end;

/**
 * An arrow. What names another digest than the first is dashed and red; what was refused ends in a cross;
 * what is under way stops short.
 * @param {Said} said
 * @param {Row[]} rows
 * @param {Picked} picked
 */
function arrow(said, rows, picked) {
  const { digests } = picked;
  const from = rows.find((row) => row.end === said.from);
  const to = rows.find((row) => row.end === said.to);
  if (!from || !to) return nothing;
  const x = xOf(picked, said.phase) + 3;
  const left = x + widthOf(picked, said.phase) - 8;
  const reach = { arrived: 1, refused: 1, lost: 0.5, "under way": 0.55 }[said.fate];
  const [dx, dy] = [(left - x) * reach, (to.y - from.y) * reach];
  const second = said.digest !== "" && digests.indexOf(said.digest) > 0;
  // Votes are never passed on: who sends one in another's name forges it, unless it is a twin.
  const forged = said.forged || (VOTES.includes(PHASES[said.phase]) && said.by !== replicaOf(from));
  const kind = `arrow ${said.fate === "under way" ? "flying" : said.fate} ${second || forged ? "second" : ""}`;
  const [ex, ey] = [x + dx, from.y + dy];
  const along = Math.atan2(dy, dx);
  const wing = (/** @type {number} */ turn) =>
    `${(ex - 5 * Math.cos(along + turn)).toFixed(1)} ${(ey - 5 * Math.sin(along + turn)).toFixed(1)}`;
  const tip =
    said.fate === "arrived"
      ? `M${wing(0.45)}L${ex} ${ey}L${wing(-0.45)}`
      : said.fate === "under way"
        ? ""
        : `M${ex - 3} ${ey - 3}l6 6M${ex + 3} ${ey - 3}l-6 6`;
  return svg`<path class=${kind} d=${`M${x} ${from.y}L${ex.toFixed(1)} ${ey.toFixed(1)}`} />
    ${tip ? svg`<path class=${`${kind} tip`} d=${tip} />` : nothing}`;
}

/**
 * The certificates of the number that is shown, as far as they are full: one pip a vote.
 * @param {Row} row
 * @param {Picked} picked
 */
function certificates({ detail, y, height }, picked) {
  if (!detail) return nothing;
  const { view } = detail;
  const needed = view.quorum;
  const slot = view.log.find((/** @type {any} */ s) => s.seq === picked.seq);
  /** @type {[count: number, full: boolean, phase: number, of: string][]} */
  const kinds = slot
    ? [
        [slot.prepares.length, slot.prepared, 2, "prepares, the pre-prepare among them"],
        [slot.commits.length, slot.committed, 3, "commits"],
      ]
    : !picked.phases.includes(0) && view.view_changes
      ? [[view.view_changes.length, view.view_changes.length >= needed, picked.phases[0], "view changes"]]
      : [];
  return kinds.map(([count, full, phase, of]) => {
    const x = xOf(picked, phase) + widthOf(picked, phase);
    const title = `Node ${detail.id}: ${of}: ${count} of ${needed}`;
    if (needed > 7 || height < 16)
      return svg`<g class=${`certificate ${full ? "full" : ""}`}><title>${title}</title>
        <rect x=${x - 11} y=${y - 5} width="22" height="10" rx="3" />
        <text x=${x} y=${y + 3} text-anchor="middle">${count}</text></g>`;
    const pip = Math.min(4.6, 26 / needed);
    const left = x - (needed * (pip + 1)) / 2;
    return svg`<g class=${`certificate ${full ? "full" : ""}`}><title>${title}</title>
      <rect class="back" x=${left - 1.5} y=${y - 4} width=${needed * (pip + 1) + 2} height="8" rx="2" />
      ${Array.from({ length: needed }, (_, k) => svg`<rect class=${k < count ? "had" : "missing"} x=${left + k * (pip + 1)} y=${y - 2.5} width=${pip} height="5" rx="1" />`)}</g>`;
  });
}

/** @param {NodeDetail[]} nodes the window that most of them have: that of the highest low watermark */
function windowOf(nodes) {
  const low = Math.max(0, ...nodes.map((node) => node.view.low));
  const high = Math.max(low + 1, ...nodes.map((node) => node.view.high));
  const from = Math.max(0, Math.min(low, Math.max(0, ...nodes.map((node) => node.view.executed)) - 1));
  return { low: Math.min(from, low), high };
}

/**
 * @param {number} low
 * @param {number} high
 */
function cellWidth(low, high) {
  return (WIDTH - LOG_AT - 4) / Math.min(CELLS_MOST, Math.max(6, high - low));
}

/**
 * A replica's window: hollow what has a request, half what is prepared, full what is committed, a bar below
 * what is executed, hatched what a checkpoint stands for.
 * @param {NodeDetail} detail
 * @param {DiagramData} data
 * @param {Row} row
 */
function log(detail, { nodes }, { y, height }) {
  const { low, high } = windowOf(nodes);
  const width = cellWidth(low, high);
  const tall = Math.min(11, height - 4);
  const { view } = detail;
  const cells = Array.from({ length: Math.min(CELLS_MOST, high - low) }, (_, k) => {
    const seq = low + 1 + k;
    const slot = view.log.find((/** @type {any} */ s) => s.seq === seq);
    const state =
      seq <= view.low
        ? "kept"
        : slot?.committed
          ? "committed"
          : slot?.prepared
            ? "prepared"
            : slot?.digest
              ? "ordered"
              : "empty";
    const checkpoint = view.checkpoints.find((/** @type {any} */ c) => c.seq === seq);
    const x = LOG_AT + k * width;
    const words = {
      kept: "below its last stable checkpoint",
      committed: "committed",
      prepared: "prepared",
      ordered: "has a request",
      empty: "nothing",
    }[state];
    const beyond = seq > view.high ? "beyond" : "";
    return svg`<g class=${`cell-${state} ${beyond} ${seq <= view.executed ? "executed" : ""}`}>
      <title>Node ${detail.id}, number ${seq}: ${words}${seq <= view.executed ? ", executed" : ""}${slot ? `: ${slot.text}` : ""}${checkpoint ? `; checkpoint ${checkpoint.digest}` : ""}</title>
      <rect x=${x + 0.75} y=${y - tall / 2} width=${width - 1.5} height=${tall} rx="1.5" />
      ${state === "prepared" ? svg`<rect class="half" x=${x + 0.75} y=${y} width=${width - 1.5} height=${tall / 2} />` : nothing}
      ${seq <= view.executed ? svg`<path class="done" d=${`M${x + 1} ${y + tall / 2 + 1.6}h${width - 2}`} />` : nothing}
      ${checkpoint ? svg`<path class="checkpoint" d=${`M${x + width - 0.2} ${y - tall / 2 - 1.5}v${tall + 3}`} />` : nothing}
    </g>`;
  });
  return cells;
}

/**
 * @param {Picked} picked
 * @param {DiagramData} data
 */
function spoken({ seq, view, phases }, { nodes }) {
  if (!phases.includes(0)) return `The change to view ${view}`;
  if (seq === 0) return "Nothing is ordered yet";
  const lines = nodes.map((node) => {
    const slot = node.view.log.find((/** @type {any} */ s) => s.seq === seq);
    if (!slot) return `node ${node.id} ${seq <= node.view.low ? "is past it" : "has nothing of it"}`;
    return `node ${node.id} has ${slot.prepares.length} prepares and ${slot.commits.length} commits of ${node.view.quorum}`;
  });
  return `Number ${seq} of view ${view}: ${lines.join("; ")}`;
}
