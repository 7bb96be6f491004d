// The tree behind a text, drawn: read in order, left children first, it is the document.

import { html, svg } from "../lib/dom.js";

/** @typedef {import("../types.js").LabRow} LabRow */

const STEP_X = 30;
const STEP_Y = 46;
const RADIUS = 12;
/** More elements than this are not drawn as a tree. */
const DRAWN_MOST = 70;

/**
 * @param {LabRow[]} rows
 * @param {(site: number) => number} tone
 */
export function drawTree(rows, tone) {
  if (rows.length === 0) return html`<p class="note">Nothing has been typed yet.</p>`;
  if (rows.length > DRAWN_MOST)
    return html`<p class="note">The tree is drawn up to ${DRAWN_MOST} letters.</p>`;
  const depths = depthsOf(rows);
  const x = (/** @type {number} */ k) => STEP_X * (k + 0.8);
  const y = (/** @type {number} */ k) => 22 + STEP_Y * depths[k];
  const width = STEP_X * (rows.length + 0.6);
  const height = 44 + STEP_Y * Math.max(...depths);
  return html`<svg
    class="tree"
    role="img"
    aria-label="The tree of the letters"
    width=${width}
    height=${height}
    viewBox="0 0 ${width} ${height}"
  >
    ${rows.map(({ origin }, k) =>
      origin && origin.parent !== null
        ? svg`<line x1=${x(origin.parent)} y1=${y(origin.parent)} x2=${x(k)} y2=${y(k)} />`
        : "",
    )}
    ${rows.map(
      (row, k) => svg`<g class=${`tone-${tone(row.site)}${row.visible ? "" : " gone"}`}>
        <title>${row.id}</title>
        <circle cx=${x(k)} cy=${y(k)} r=${RADIUS} />
        <text x=${x(k)} y=${y(k) + 5}>${row.letter}</text>
      </g>`,
    )}
  </svg>`;
}

/**
 * How far below the root each element is.
 * @param {LabRow[]} rows
 */
function depthsOf(rows) {
  return rows.map((row) => {
    let depth = 0;
    for (let parent = row.origin?.parent ?? null; parent !== null; depth++)
      parent = rows[parent].origin?.parent ?? null;
    return depth;
  });
}
