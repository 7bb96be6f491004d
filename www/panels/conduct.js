// How a node behaves: the ways in which a protocol's nodes can be told to misbehave, to be switched while
// the run goes on.

import { html, nothing } from "../lib/dom.js";
import { spaced } from "../lib/format.js";

/**
 * @param {string[]} known
 * @param {string[]} ways in which it misbehaves now
 * @param {(ways: string[]) => void} behave
 * @param {Record<string, string>} deeds what a node does in each, of itself: "says nothing"
 */
export function conductPart(known, ways, behave, deeds) {
  if (known.length === 0) return nothing;
  const toggle = (/** @type {string} */ way) =>
    behave(ways.includes(way) ? ways.filter((other) => other !== way) : [...ways, way]);
  return html`<details class="conduct" id="conduct" ?open=${ways.length > 0}>
    <summary>${ways.length > 0 ? "It misbehaves" : "Let it misbehave"}</summary>
    <fieldset>
      <legend class="hidden">Ways to misbehave</legend>
      ${known.map(
        (way) =>
          html`<label title=${deeds[way] ? `It ${deeds[way]}` : nothing}
            ><input type="checkbox" .checked=${ways.includes(way)} @change=${() => toggle(way)} />
            ${spaced(way)}</label
          >`,
      )}
    </fieldset>
    ${ways.length > 0 ? html`<button @click=${() => behave([])}>Behave from now on</button>` : nothing}
  </details>`;
}

/** Opens the list, wherever it is, and goes to its first entry. */
export function openConduct() {
  const part = /** @type {HTMLDetailsElement | null} */ (document.getElementById("conduct"));
  if (!part) return;
  part.open = true;
  part.querySelector("input")?.focus();
}
