// The bar over a space-time diagram, and what its marks mean.

import { currentPalette } from "../lib/color.js";
import { html, nothing, render } from "../lib/dom.js";
import { duration } from "../lib/format.js";
import { SvgPen } from "../lib/svg-pen.js";
import { drawLegendMark, LEGEND } from "../stage/spacetime-marks.js";

/**
 * @param {HTMLElement} host
 * @param {{ diagram: import("../stage/spacetime.js").Spacetime, heartbeats?: string, legend: boolean,
 *   toggleLegend: () => void, save: () => void }} state
 */
export function drawSpacetimeBar(host, { diagram, heartbeats, legend, toggleLegend, save }) {
  const span = diagram.to - diagram.from;
  render(
    html`<div class="actions" role="group" aria-label="Space-time diagram">
      <button aria-label="Zoom in" title="Zoom in (+)" @click=${() => diagram.zoom(1 / 1.5)}>+</button>
      <button aria-label="Zoom out" title="Zoom out (−)" @click=${() => diagram.zoom(1.5)}>−</button>
      <button title="The whole run (0)" @click=${() => diagram.whole()}>Whole</button>
      <button
        title="To the moment that is shown, and on with it (.)"
        aria-pressed=${diagram.follows ? "true" : "false"}
        @click=${() => diagram.toNow()}
      >
        Now
      </button>
      ${
        heartbeats
          ? html`<button
              title=${`Leaves out ${heartbeats}, where nothing came of them`}
              aria-pressed=${diagram.quiet ? "true" : "false"}
              @click=${() => diagram.setQuiet(!diagram.quiet)}
            >
              No heartbeats
            </button>`
          : nothing
      }
      <button aria-expanded=${legend ? "true" : "false"} @click=${toggleLegend}>Legend</button>
      <button @click=${save}>Save…</button>
      <span class="soft figures">${span >= 1 ? duration(span) : `${(span * 1000).toFixed(0)} µs`}</span>
    </div>`,
    host,
  );
}

/**
 * @param {HTMLElement} host
 * @param {{ epochName: string, heartbeats?: string }} view
 */
export function drawSpacetimeLegend(host, { epochName, heartbeats }) {
  const palette = currentPalette();
  const picture = (/** @type {number} */ kind) => {
    const pen = new SvgPen();
    drawLegendMark(pen, palette, kind, 12, 12);
    return `data:image/svg+xml,${encodeURIComponent(pen.picture(24, 24, ""))}`;
  };
  render(
    html`<ul class="legend">
        ${LEGEND.map(([kind, words]) => html`<li><img alt="" src=${picture(kind)} width="24" height="24" /> ${words}</li>`)}
      </ul>
      <p class="note">
        Time runs to the right. An arrow is a message, in the colour of its ${epochName}; a hollow head is an
        answer, dashes and a cross a loss, dashes and dots a second copy. A line is broken while its node is
        down and double while it stands still. Point at an event: a stroke above marks what could have led to
        it, a stroke below what it could have led to; the rest is faint.
      </p>
      <p class="note">
        Drag to move, turn the wheel to zoom, click to go there. By keys: <kbd>←</kbd> <kbd>→</kbd> along a
        line, <kbd>↑</kbd> back along an arrow, <kbd>↓</kbd> on along one, with <kbd>Shift</kbd> to the line
        above or below or to move; <kbd>Enter</kbd> goes there, <kbd>+</kbd> <kbd>−</kbd> zoom,
        <kbd>0</kbd> the whole run, <kbd>.</kbd> now.
      </p>
      ${heartbeats ? html`<p class="note">Heartbeats: ${heartbeats}, where nothing came of them.</p>` : nothing}`,
    host,
  );
}
