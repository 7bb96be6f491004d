// A view's diagrams as tabs, of which one is shown, here or over the stage.

import { html, nothing } from "../lib/dom.js";

/**
 * @template {string} Tab
 * @param {[Tab, string][]} tabs with their names
 * @param {{ tab: Tab, large: boolean }} look which is shown, and whether over the stage; changed here
 * @param {() => void} again draws anew
 * @param {unknown} [deed] a button that stands beside them
 */
export function drawTabs(tabs, look, again, deed = nothing) {
  const show = (/** @type {Tab} */ tab) => {
    look.tab = tab;
    again();
  };
  const grow = () => {
    look.large = !look.large;
    document.body.classList.toggle("with-diagram", look.large);
    again();
  };
  return html`<div class="diagram-tabs">
    ${tabs.map(
      ([tab, name]) =>
        html`<button aria-pressed=${tab === look.tab ? "true" : "false"} @click=${() => show(tab)}>
          ${name}
        </button>`,
    )}
    ${deed}
    <button class="grow" aria-pressed=${look.large ? "true" : "false"} @click=${grow}>
      ${look.large ? "Smaller" : "Larger"}
    </button>
  </div>`;
}
