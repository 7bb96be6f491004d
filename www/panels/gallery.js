// The ready scenarios, with a paragraph on the one that is shown.

import { html, nothing, render } from "../lib/dom.js";

/** @typedef {{ name: string, scenario: import("../types.js").Scenario }} Lesson */

/**
 * @param {HTMLElement} host
 * @param {{ lessons: Lesson[], current: string | null, open: (name: string) => void }} state
 */
export function drawGallery(host, { lessons, current, open }) {
  render(
    html`<ul class="lessons">
      ${lessons.map(
        ({ name, scenario }) =>
          html`<li>
            <button
              aria-current=${name === current ? "true" : nothing}
              data-lesson=${name}
              @click=${() => open(name)}
            >
              <b>${scenario.title ?? name}</b>
              ${name === current && scenario.about ? html`<span>${scenario.about}</span>` : nothing}
            </button>
          </li>`,
      )}
    </ul>`,
    host,
  );
}
