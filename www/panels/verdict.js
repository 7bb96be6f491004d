// The invariants: held so far, or the first that did not.

import { html, render } from "../lib/dom.js";
import { capital, counted } from "../lib/format.js";

/**
 * @param {HTMLElement} host
 * @param {{ names: string[], watched: boolean, violations: import("../types.js").Violation[], position: number, go: (id: number) => void }} state
 */
export function drawVerdict(host, { names, watched, violations, position, go }) {
  if (!watched) {
    render(html`<span class="soft">The invariants are not watched in this run.</span>`, host);
    return;
  }
  const now = violations.filter((violation) => violation.event < position);
  const [first] = now.length ? now : violations;
  if (!first) {
    const list = names.join(", ");
    render(html`<span class="good">● ${capital(list)}: hold so far</span>`, host);
    return;
  }
  const more = violations.length > 1 ? ` and ${counted(violations.length - 1, "more violation")}` : "";
  render(
    html`<span class="broken"
        >✕ ${capital(first.invariant)} ${now.length ? "is violated" : "will be violated"}: ${first.text}</span
      >
      <span class="soft">${more}</span>
      <button class="link" @click=${() => go(first.event)}>Show it</button>`,
    host,
  );
}
