// The invariants, and the order of what clients were answered: held so far, or the first that did not.

import { html, nothing, render } from "../lib/dom.js";
import { capital, counted } from "../lib/format.js";

/** More properties than this are named when somebody asks. */
const NAMED_MOST = 9;

/**
 * @param {HTMLElement} host
 * @param {{ names: string[], watched: boolean, linear: boolean | null,
 *   violations: import("../types.js").Violation[], position: number, go: (id: number) => void,
 *   showHistory: () => void }} state
 *   `linear`: whether one order explains what clients were answered; null where that is not known
 */
export function drawVerdict(host, { names, watched, linear, violations, position, go, showHistory }) {
  const history = html`<button class="link" @click=${showHistory}>History as intervals</button>`;
  const now = violations.filter((violation) => violation.event < position);
  const [first] = now.length ? now : violations;
  if (!first) {
    const held = [...(watched ? names : []), ...(linear ? ["linearizability"] : [])];
    const all = `All ${counted(held.length, "property", "properties")} hold so far`;
    render(
      html`${
        held.length > NAMED_MOST
          ? html`<details class="good">
              <summary>● ${all}</summary>
              ${capital(held.join(", "))}
            </details>`
          : held.length
            ? html`<span class="good"
                >● <span class="in-full">${capital(held.join(", "))}: hold so far</span
                ><span class="in-short">${all}</span></span
              >`
            : ""
      }
      ${watched ? "" : html`<span class="soft">The invariants are not watched in this run.</span>`} ${history}`,
      host,
    );
    return;
  }
  const more = violations.length > 1 ? ` and ${counted(violations.length - 1, "more violation")}` : "";
  render(
    html`<span class="broken"
        >✕ ${capital(first.invariant)} ${now.length ? "is violated" : "will be violated"}: ${first.text}</span
      >
      ${more ? html`<span class="soft">${more}</span>` : nothing}
      <button class="link" @click=${() => go(first.event)}>Show it</button> ${history}`,
    host,
  );
}
