// The ready scenarios, with a paragraph on the one that is shown.

import { html, nothing, render } from "../lib/dom.js";

/** @typedef {{ name: string, scenario: import("../types.js").Scenario }} Lesson */

/** What was brought into sight last. @type {WeakMap<HTMLElement, string | null>} */
const shown = new WeakMap();

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
  if (current === shown.get(host)) return;
  shown.set(host, current);
  // One that was opened from elsewhere may stand below; on small screens the list scrolls with the page.
  const list = host.parentElement;
  if (list && list.scrollHeight > list.clientHeight)
    host.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
}
