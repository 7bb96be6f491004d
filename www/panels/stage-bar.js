// The bar under the stage: a request, and what concerns the whole cluster.

import { html, nothing, render } from "../lib/dom.js";

/**
 * @typedef {object} BarHands
 * @property {(op: any, node: number | null) => void} request
 * @property {(action: import("../types.js").Action) => void} act
 * @property {() => void} toggleManual
 * @property {() => void} listMessages
 */

let verb = "put";

/**
 * @param {HTMLElement} host
 * @param {{ hands: BarHands, requests: boolean, manual: boolean, cut: boolean, flights: number }} state
 */
export function drawStageBar(host, state) {
  const { hands, requests, manual, cut, flights } = state;
  const again = () => drawStageBar(host, state);
  render(
    html`${requests ? requestForm(hands, again) : nothing}
      <button class="push" ?disabled=${!cut} @click=${() => hands.act({ do: "heal" })}>Heal all</button>
      <button @click=${() => hands.act({ do: "join" })}>Add a node</button>
      <button aria-pressed=${manual ? "true" : "false"} @click=${() => hands.toggleManual()}>
        Deliver by hand
      </button>
      <button @click=${() => hands.listMessages()}>Messages <span class="figures">${flights}</span></button>`,
    host,
  );
}

/**
 * @param {BarHands} hands
 * @param {() => void} again
 */
function requestForm(hands, again) {
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
    hands.request(ops[verb], null);
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
    ${verb === "put" || verb === "cas" ? html`<input name="value" type="number" aria-label="Value" placeholder="value 1" />` : nothing}
    <button type="submit" class="primary">Ask</button>
  </form>`;
}
