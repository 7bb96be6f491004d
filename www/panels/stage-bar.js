// The bar under the stage: a request, and what concerns the whole cluster.

import { html, nothing, render, valueOf } from "../lib/dom.js";

/**
 * @typedef {object} BarHands
 * @property {(op: any, node: number | null, client: number | null) => void} request
 * @property {(action: import("../types.js").Action) => void} act
 * @property {() => void} toggleManual
 * @property {() => void} openLinks
 * @property {() => void} listMessages
 */

/** @typedef {import("../types.js").RequestKind} RequestKind */
/** @typedef {import("../types.js").RequestField} RequestField */

/** @type {RequestField} */
const key = { name: "key", label: "Key", hint: "key x" };
/** @type {RequestField} */
const value = { name: "value", label: "Value", hint: "1", number: true };
/** @type {RequestField} */
const old = { name: "old", label: "Expected value; empty for none", hint: "if it is", number: true };

/** What clients of named registers ask for. @type {RequestKind[]} */
const registers = [
  { verb: "put", fields: [key, value], op: (of) => ({ put: [of.key || "x", Number(of.value || 1)] }) },
  { verb: "get", fields: [key], op: (of) => ({ get: of.key || "x" }) },
  {
    verb: "cas",
    fields: [key, old, value],
    op: (of) => ({ cas: [of.key || "x", of.old ? Number(of.old) : null, Number(of.value || 1)] }),
  },
  { verb: "delete", fields: [key], op: (of) => ({ delete: of.key || "x" }) },
];

let verb = "put";
/** The node that is asked, or "" for whichever the client finds. */
let target = "";

/** @param {number} node the node that the next request is for */
export function aimRequest(node) {
  target = String(node);
}

/**
 * @param {HTMLElement} host
 * @param {{ hands: BarHands, requests: boolean, asks?: RequestKind[], nodes: number, joins: boolean,
 *   manual: boolean, cut: boolean, flights: number }} state
 */
export function drawStageBar(host, state) {
  const { hands, requests, asks = registers, nodes, joins, manual, cut, flights } = state;
  const again = () => drawStageBar(host, state);
  render(
    html`${requests ? requestForm(hands, asks, nodes, again) : nothing}
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
  // What is chosen by hand once, the attributes of options move no more.
  const whom = host.querySelector("select[name=node]");
  if (whom instanceof HTMLSelectElement && whom.value !== target) whom.value = target;
  const what = host.querySelector("select[name=verb]");
  const known = asks.some((kind) => kind.verb === verb) ? verb : asks[0]?.verb;
  if (what instanceof HTMLSelectElement && known && what.value !== known) what.value = known;
}

/**
 * @param {BarHands} hands
 * @param {RequestKind[]} asks
 * @param {number} nodes
 * @param {() => void} again
 */
function requestForm(hands, asks, nodes, again) {
  if (target !== "" && Number(target) >= nodes) target = "";
  const kind = asks.find((kind) => kind.verb === verb) ?? asks[0];
  const send = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
    const typed = Object.fromEntries([...form].map(([name, value]) => [name, String(value)]));
    const client = typed.client ? Number(typed.client) : null;
    hands.request(kind.op(typed), target === "" ? null : Number(target), client);
  };
  return html`<form id="request" @submit=${send}>
    <select
      name="verb"
      aria-label="Kind of request"
      @change=${(/** @type {Event} */ e) => {
        verb = valueOf(e);
        again();
      }}
    >
      ${asks.map(({ verb }) => html`<option ?selected=${verb === kind.verb}>${verb}</option>`)}
    </select>
    ${kind.fields.map(
      ({ name, label, hint, number, most = 20 }) =>
        html`<input
          name=${name}
          type=${number ? "number" : "text"}
          aria-label=${label}
          placeholder=${hint}
          maxlength=${most}
        />`,
    )}
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
