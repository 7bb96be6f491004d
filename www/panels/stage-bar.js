// The bar under the stage: a request, and what concerns the whole cluster.

import { html, nothing, render, valueOf } from "../lib/dom.js";

/**
 * @typedef {object} BarHands
 * @property {(op: any, node: number | null) => void} request
 * @property {(action: import("../types.js").Action) => void} act
 * @property {() => void} toggleManual
 * @property {() => void} openLinks
 * @property {() => void} listMessages
 */

let verb = "put";
/** The node that is asked, or "" for whichever the client finds. */
let target = "";

/** @param {number} node the node that the next request is for */
export function aimRequest(node) {
  target = String(node);
}

/**
 * @param {HTMLElement} host
 * @param {{ hands: BarHands, requests: boolean, nodes: number, joins: boolean, manual: boolean,
 *   cut: boolean, flights: number }} state
 */
export function drawStageBar(host, state) {
  const { hands, requests, nodes, joins, manual, cut, flights } = state;
  const again = () => drawStageBar(host, state);
  render(
    html`${requests ? requestForm(hands, nodes, again) : nothing}
      ${
        cut
          ? html`<button class="push" @click=${() => hands.act({ do: "heal" })}>Heal all</button>`
          : html`<button class="push" @click=${() => hands.openLinks()}>Links…</button>`
      }
      ${joins ? html`<button @click=${() => hands.act({ do: "join" })}>Add node</button>` : nothing}
      <button aria-pressed=${manual ? "true" : "false"} @click=${() => hands.toggleManual()}>
        Deliver by hand
      </button>
      <button @click=${() => hands.listMessages()}>
        Messages <span class="figures count">${flights}</span>
      </button>`,
    host,
  );
}

/**
 * @param {BarHands} hands
 * @param {number} nodes
 * @param {() => void} again
 */
function requestForm(hands, nodes, again) {
  if (target !== "" && Number(target) >= nodes) target = "";
  const send = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
    const key = String(form.get("key") || "x");
    const value = Number(form.get("value") || 1);
    const old = String(form.get("old") ?? "");
    /** @type {Record<string, any>} */
    const ops = {
      put: { put: [key, value] },
      get: { get: key },
      delete: { delete: key },
      cas: { cas: [key, old === "" ? null : Number(old), value] },
    };
    hands.request(ops[verb], target === "" ? null : Number(target));
  };
  return html`<form id="request" @submit=${send}>
    <select
      name="verb"
      aria-label="Kind of request"
      @change=${(/** @type {Event} */ e) => {
        verb = /** @type {HTMLSelectElement} */ (e.currentTarget).value;
        again();
      }}
    >
      ${["put", "get", "cas", "delete"].map((name) => html`<option ?selected=${name === verb}>${name}</option>`)}
    </select>
    <input name="key" aria-label="Key" placeholder="key x" maxlength="20" />
    ${
      verb === "cas"
        ? html`<input
            name="old"
            type="number"
            aria-label="Expected value; empty for none"
            placeholder="if it is"
          />`
        : nothing
    }
    ${verb === "put" || verb === "cas" ? html`<input name="value" type="number" aria-label="Value" placeholder="1" />` : nothing}
    <select
      name="node"
      aria-label="Whom to ask"
      @change=${(/** @type {Event} */ e) => {
        target = valueOf(e);
        again();
      }}
    >
      <option value="" ?selected=${target === ""}>any node</option>
      ${Array.from({ length: nodes }, (_, id) => html`<option value=${id} ?selected=${target === String(id)}>node ${id}</option>`)}
    </select>
    <button type="submit" class="primary">Ask</button>
  </form>`;
}
