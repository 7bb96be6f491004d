// The links of the cluster as a form: cut one, one way or both, or cut the cluster in two.

import { html, nothing, render, valueOf } from "../lib/dom.js";
import { listed } from "../lib/format.js";

/** @typedef {import("../types.js").Action} Action */

/**
 * @typedef {object} LinksState
 * @property {number} nodes
 * @property {[number, number][]} cuts
 * @property {number} from the node whose links are listed
 * @property {number[]} side the nodes that are to be cut off together
 * @property {(from: number) => void} look
 * @property {(side: number[]) => void} choose
 * @property {(action: Action) => void} act
 */

/**
 * @param {HTMLElement} host
 * @param {LinksState} state
 */
export function drawLinks(host, state) {
  const { nodes, cuts, from, side, look, choose, act } = state;
  const all = Array.from({ length: nodes }, (_, id) => id);
  const isCut = (/** @type {number} */ a, /** @type {number} */ b) =>
    cuts.some(([x, y]) => x === a && y === b);
  const rest = all.filter((id) => !side.includes(id));
  const toggle = (/** @type {number} */ id) =>
    choose(side.includes(id) ? side.filter((other) => other !== id) : [...side, id].sort((a, b) => a - b));
  const way = (/** @type {number} */ a, /** @type {number} */ b) =>
    html`<label
      ><input
        type="checkbox"
        .checked=${isCut(a, b)}
        @change=${() => act({ do: isCut(a, b) ? "mend" : "cut", from: a, to: b, one_way: true })}
      />
      ${a} → ${b}</label
    >`;
  render(
    html`<h1>Links</h1>
      <p class="soft">What is sent over a cut link is lost. Lines on the stage show the cuts.</p>
      <section>
        <h2>Cut the cluster in two</h2>
        <div class="picks" role="group" aria-label="Nodes on one side">
          ${all.map(
            (id) =>
              html`<label
                ><input type="checkbox" .checked=${side.includes(id)} @change=${() => toggle(id)} />
                ${id}</label
              >`,
          )}
        </div>
        <div class="actions">
          <button
            class="primary"
            ?disabled=${side.length === 0 || rest.length === 0}
            @click=${() => act({ do: "partition", groups: [side, rest] })}
          >
            ${
              side.length && rest.length
                ? nodes > 12
                  ? `Cut ${side.length} from ${rest.length}`
                  : `Cut ${listed(side)} from ${listed(rest)}`
                : "Choose the nodes of one side"
            }
          </button>
          <button ?disabled=${cuts.length === 0} @click=${() => act({ do: "heal" })}>Heal all links</button>
        </div>
      </section>
      <section>
        <h2>Links of one node</h2>
        <p>
          <select aria-label="Node" @change=${(/** @type {Event} */ e) => look(Number(valueOf(e)))}>
            ${all.map((id) => html`<option value=${id} ?selected=${id === from}>node ${id}</option>`)}
          </select>
          <span class="soft">A tick cuts that direction.</span>
        </p>
        <ul class="links">
          ${all
            .filter((id) => id !== from)
            .map((id) => {
              const both = isCut(from, id) && isCut(id, from);
              return html`<li>
                <span>node ${id}</span> ${way(from, id)} ${way(id, from)}
                <button @click=${() => act({ do: both ? "mend" : "cut", from, to: id })}>
                  ${both ? "Mend" : "Cut"}<span class="hidden"> between ${from} and ${id}</span>
                </button>
              </li>`;
            })}
        </ul>
        ${nodes < 2 ? html`<p class="soft">There is no other node.</p>` : nothing}
      </section>`,
    host,
  );
}
