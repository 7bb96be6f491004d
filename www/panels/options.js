// The settings of a run: cluster, network, clients, and the protocol's own options from its table.

import { html, nothing, render } from "../lib/dom.js";

/** @typedef {import("../types.js").Scenario} Scenario */
/** @typedef {import("../types.js").OptionSpec} OptionSpec */

/** @type {(OptionSpec & { at: string[] })[]} */
const general = [
  {
    at: ["nodes"],
    key: "nodes",
    label: "Nodes",
    type: "number",
    min: 1,
    max: 101,
    step: 1,
    help: "From 1 to 101.",
  },
  {
    at: ["seed"],
    key: "seed",
    label: "Seed",
    type: "number",
    min: 0,
    max: 2 ** 53 - 1,
    step: 1,
    help: "All chance in the run comes from it.",
  },
  {
    at: ["network", "latency_ms"],
    key: "latency_ms",
    label: "Latency",
    type: "range",
    min: 0,
    max: 10000,
    step: 1,
    help: "Each message draws its own, in milliseconds.",
  },
  {
    at: ["network", "loss"],
    key: "loss",
    label: "Loss",
    type: "number",
    min: 0,
    max: 1,
    step: 0.01,
    help: "The share of messages that are lost, from 0 to 1.",
  },
  {
    at: ["network", "duplicate"],
    key: "duplicate",
    label: "Duplication",
    type: "number",
    min: 0,
    max: 1,
    step: 0.01,
    help: "The share of messages that arrive twice.",
  },
  {
    at: ["network", "reorder"],
    key: "reorder",
    label: "Reordering",
    type: "number",
    min: 0,
    max: 1,
    step: 0.01,
    help: "The share of messages that may overtake others.",
  },
  {
    at: ["network", "manual"],
    key: "manual",
    label: "Manual delivery",
    type: "switch",
    help: "Messages between nodes wait until you deliver them.",
  },
  {
    at: ["clients", "count"],
    key: "count",
    label: "Clients",
    type: "number",
    min: 0,
    max: 1000,
    step: 1,
    help: "How many ask by themselves.",
  },
  {
    at: ["clients", "think_ms"],
    key: "think_ms",
    label: "Pause of clients",
    type: "range",
    min: 0,
    max: 100000,
    step: 1,
    help: "Between an answer and the next request, in milliseconds.",
  },
  {
    at: ["clients", "timeout_ms"],
    key: "timeout_ms",
    label: "Patience of clients",
    type: "number",
    min: 1,
    max: 100000,
    step: 1,
    help: "After that many milliseconds without an answer a client asks again.",
  },
];

/** @type {[string, string[]][]} */
const generalGroups = [
  ["Cluster", ["nodes", "seed"]],
  ["Network", ["latency_ms", "loss", "duplicate", "reorder", "manual"]],
  ["Clients and their requests", ["count", "think_ms", "timeout_ms"]],
];

/**
 * @param {HTMLElement} host
 * @param {{ scenario: Scenario, view: import("../types.js").View, error: string, keepScript: boolean,
 *   change: (scenario: Scenario) => void, run: (scenario: Scenario) => void }} state
 */
export function drawOptions(host, { scenario, view, error, change, run }) {
  const { nodesMost } = view;
  const specs = [
    ...general.map((spec) =>
      spec.key === "nodes" && nodesMost ? { ...spec, max: nodesMost, help: `From 1 to ${nodesMost}.` } : spec,
    ),
    ...view.options.map((spec) => ({ ...spec, at: ["options", ...spec.key.split(".")] })),
  ];
  const field = (/** @type {OptionSpec & { at: string[] }} */ spec) =>
    fieldOf(spec, valueAt(scenario, spec.at), scenario, (value) =>
      change(withValue(scenario, spec.at, value)),
    );
  const group = (/** @type {[string, string[]]} */ [name, keys]) =>
    html`<section>
      <h2>${name}</h2>
      <div class="fields">${specs.filter((spec) => keys.includes(spec.key)).map(field)}</div>
    </section>`;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    run(scenario);
  };
  render(
    html`<h1>Options</h1>
      <p class="soft">A change makes a new run of the same script; the run you see stays as a branch.</p>
      <form @submit=${submit} novalidate>
        ${[...generalGroups, ...view.optionGroups].map(group)}
        ${error ? html`<p class="wrong" role="alert" id="options-error">${error}</p>` : nothing}
        <div class="actions"><button class="primary" type="submit">Run with these</button></div>
      </form>`,
    host,
  );
}

/**
 * @param {OptionSpec} spec
 * @param {any} value
 * @param {Scenario} scenario
 * @param {(value: any) => void} set
 */
function fieldOf(spec, value, scenario, set) {
  const id = `option-${spec.key}`;
  const warning = spec.warn?.(scenario.options ?? {});
  const number = (/** @type {number} */ held, /** @type {(n: number) => void} */ put, label = "") =>
    html`<input
      type="number"
      id=${label ? nothing : id}
      aria-label=${label || nothing}
      min=${spec.min ?? nothing}
      max=${spec.max ?? nothing}
      step="any"
      .value=${String(held)}
      @change=${(/** @type {Event} */ e) => put(Number(/** @type {HTMLInputElement} */ (e.currentTarget).value))}
    />`;
  let inputs;
  if (spec.type === "switch")
    inputs = html`<input
      type="checkbox"
      id=${id}
      .checked=${value === true}
      @change=${(/** @type {Event} */ e) => set(/** @type {HTMLInputElement} */ (e.currentTarget).checked)}
    />`;
  else if (spec.type === "choice")
    inputs = html`<select
      id=${id}
      @change=${(/** @type {Event} */ e) => set(/** @type {HTMLSelectElement} */ (e.currentTarget).value || null)}
    >
      ${spec.choices?.map(([key, words]) => html`<option value=${key} ?selected=${key === (value ?? "")}>${words}</option>`)}
    </select>`;
  else if (spec.type === "range") {
    const [low, high] = value ?? [0, 0];
    inputs = html`${number(low, (n) => set([n, high]), `${spec.label}, least`)} to
    ${number(high, (n) => set([low, n]), `${spec.label}, greatest`)} ms`;
  } else inputs = number(value, set);
  const single =
    spec.type === "range"
      ? html`<span class="name">${spec.label}</span>`
      : html`<label for=${id}>${spec.label}</label>`;
  return html`<div class="field">
    ${single}
    <div class="inputs">${inputs}</div>
    <small>${spec.help}</small>
    ${warning ? html`<small class="warning">${warning}</small>` : nothing}
  </div>`;
}

/**
 * @param {any} scenario
 * @param {string[]} path
 */
function valueAt(scenario, path) {
  return path.reduce((value, key) => value?.[key], scenario);
}

/**
 * A copy with one value changed.
 * @param {any} scenario
 * @param {string[]} path
 * @param {any} value
 * @returns {any}
 */
function withValue(scenario, [key, ...rest], value) {
  return { ...scenario, [key]: rest.length ? withValue(scenario?.[key] ?? {}, rest, value) : value };
}
