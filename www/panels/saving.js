// What can be kept of a run besides its scenario: the diagram as a picture, the trace as text.

import { html, nothing, render } from "../lib/dom.js";

/**
 * @param {HTMLElement} host
 * @param {{ picture: boolean, events: number, share: number | null, stop: () => void,
 *   svg: () => void, png: () => void, lines: () => void, shiviz: () => void }} state `share`: how much of
 *   a trace is written, while one is
 */
export function drawSaving(host, { picture, events, share, stop, svg, png, lines, shiviz }) {
  const busy = share !== null;
  render(
    html`<h1>Save</h1>
      <section>
        <h2>What is in sight, as a picture</h2>
        <div class="actions">
          <button ?disabled=${busy || !picture} @click=${svg}>SVG</button>
          <button ?disabled=${busy || !picture} @click=${png}>PNG</button>
        </div>
        <p class="note">With title, times and legend, in the colours of the page.</p>
      </section>
      <section>
        <h2>The whole trace, ${events.toLocaleString("en")} events</h2>
        <div class="actions">
          <button ?disabled=${busy} @click=${lines}>JSON Lines</button>
          <button ?disabled=${busy} @click=${shiviz}>Log for ShiViz</button>
        </div>
        <p class="note">
          JSON Lines: the scenario, then an event a line. The log has a vector clock for each event; its first
          line is the expression that ShiViz takes it apart by. Both are described in docs/TRACE.md.
        </p>
        ${
          busy
            ? html`<p>
                <progress max="1" .value=${share} aria-label="Written so far"></progress>
                <button @click=${stop}>Stop</button>
              </p>`
            : nothing
        }
      </section>`,
    host,
  );
}
