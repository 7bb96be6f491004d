// Why something happened, as sentences of which each leads to its event.

import { html, nothing } from "../lib/dom.js";

/**
 * @typedef {object} Why
 * @property {import("../lib/why.js").Step[]} steps
 * @property {boolean} more whether it goes on further back
 * @property {(step: import("../lib/why.js").Step) => string} others what had come before, in words
 * @property {import("../types.js").TraceEvent[]} sides what others concerned had stated
 */

/**
 * @param {Why} why
 * @param {string} question
 * @param {{ current: number, position: number, go: (id: number) => void, further: () => void }} how
 */
export function whyPart(why, question, { current, position, go, further }) {
  if (why.steps.length === 0) return nothing;
  const row = (/** @type {import("../types.js").TraceEvent} */ event, /** @type {string} */ text) =>
    html`<button
      class=${`rowbutton why is-${event.kind} ${event.id >= position ? "future" : ""}`}
      aria-current=${event.id === current ? "true" : "false"}
      data-event=${event.id}
      @click=${() => go(event.id)}
    >
      <span>${text}</span>
    </button>`;
  return html`<section class="causes">
    <h2>${question}</h2>
    <ol class="chain">
      ${why.steps.map(
        (step) =>
          html`<li class=${step.begins ? "begins" : ""}>
            ${row(step.event, step.begins ? `It began here. ${step.text}` : step.text)}
            ${step.reason ? row(step.reason.event, step.reason.text) : nothing}
            ${step.others.length > 0 ? html`<p class="note">${why.others(step)}</p>` : nothing}
          </li>`,
      )}
    </ol>
    ${why.more ? html`<button class="link" @click=${further}>Further back</button>` : nothing}
    ${
      why.sides.length > 0
        ? html`<h2>The other side</h2>
            <ol class="chain">
              ${why.sides.map((event) => html`<li>${row(event, `At ${event.at_ms.toFixed(1)} ms: ${event.text}.`)}</li>`)}
            </ol>`
        : nothing
    }
  </section>`;
}
