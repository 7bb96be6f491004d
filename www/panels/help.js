// Keys and shapes, made from the same tables as the controls.

import { html, render, svg } from "../lib/dom.js";
import { keyCap } from "../lib/keys.js";

/** @typedef {import("../lib/keys.js").Command} Command */

/**
 * @param {HTMLElement} host
 * @param {{ commands: Command[], view: import("../types.js").View, glyphs: { label: string, help: string, path: string }[] }} state
 */
export function drawHelp(host, { commands, view, glyphs }) {
  const groups = [...new Set(commands.map((command) => command.group))];
  render(
    html`<h1>How to read and use this page</h1>
      <p class="soft">
        Click a node or a message to act on it. Drag across the stage to cut the cluster in two. Go back in
        time and act there: the future you leave is kept as a branch.
      </p>
      <section>
        <h2>Shapes</h2>
        <ul class="legend">
          ${view.legend.map(([shape, words]) => html`<li>${nodeShape(shape)} ${words}</li>`)}
          ${glyphs.map(({ label, help, path }) => html`<li>${glyphShape(path, true)} ${label}: ${help}</li>`)}
          <li>${glyphShape(glyphs[0]?.path ?? "", false)} hollow: an answer</li>
          <li>${crossed()} crossed: lost, or will be</li>
          <li><span>colour: the ${view.epochName}, whose number always stands beside it</span></li>
        </ul>
      </section>
      ${groups.map(
        (group) =>
          html`<section>
            <h2>${group}</h2>
            <div class="keys">
              ${commands
                .filter((command) => command.group === group)
                .map(
                  (command) =>
                    html`<div>
                      <span>${command.label}</span>
                      <span>${command.keys.map((key) => html`<kbd>${keyCap(key)}</kbd> `)}</span>
                    </div>`,
                )}
            </div>
          </section>`,
      )}`,
    host,
  );
}

/** @param {string} shape */
function nodeShape(shape) {
  const body = svg`<circle cx="15" cy="15" r="9" fill="none" stroke="currentColor" stroke-width="2"
    stroke-dasharray=${shape === "crashed" ? "2 4" : ""} />`;
  const more = {
    leader: svg`<circle cx="15" cy="15" r="5.5" fill="none" stroke="currentColor" stroke-width="1.5" />`,
    candidate: svg`<circle cx="15" cy="15" r="12.5" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="5 3" />`,
    arc: svg`<path d="M15 2.5A12.5 12.5 0 0 1 27 18" fill="none" stroke="currentColor" stroke-width="2" />`,
  }[shape];
  return html`<svg viewBox="0 0 30 30" aria-hidden="true">${body}${more}</svg>`;
}

/**
 * @param {string} path
 * @param {boolean} solid
 */
function glyphShape(path, solid) {
  return html`<svg viewBox="0 0 30 30" aria-hidden="true">
    ${svg`<path transform="translate(15 15)" d=${path} fill=${solid ? "currentColor" : "none"} stroke="currentColor" stroke-width="2" />`}
  </svg>`;
}

function crossed() {
  return html`<svg viewBox="0 0 30 30" aria-hidden="true">
    ${svg`<path d="M9 9L21 21M21 9L9 21" stroke="var(--bad)" stroke-width="2.5" />`}
  </svg>`;
}
