// What else a find is made of, beside its steps: whatever differs from the defaults, in the words of the options.

import { counted } from "../lib/format.js";

/** @typedef {Partial<import("../types.js").Scenario>} Scenario */

/** @param {number} share */
const percent = (share) => `${Number((100 * share).toFixed(2))} %`;

/** @param {[number, number]} range */
const span = ([low, high]) => (low === high ? `${low} ms` : `${low} to ${high} ms`);

/** @type {[key: string, words: (value: any) => string][]} */
const NETWORK = [
  ["latency_ms", (range) => `a latency of ${span(range)}`],
  ["loss", (share) => `${percent(share)} of messages lost`],
  ["duplicate", (share) => `${percent(share)} of messages doubled`],
  ["reorder", (share) => `${percent(share)} of messages that may overtake others`],
  [
    "manual",
    (on) => (on ? "messages that wait until they are delivered" : "messages that travel by themselves"),
  ],
];

/** @type {[key: string, words: (value: any) => string][]} */
const CLIENTS = [
  ["think_ms", (range) => `pauses of ${span(range)} between their requests`],
  ["timeout_ms", (ms) => `${ms} ms until they ask again`],
];

/** Options as one table, with dots for what stands further in. @param {any} options @param {string} [before] @returns {[string, any][]} */
function flat(options, before = "") {
  return Object.entries(options ?? {}).flatMap(([key, value]) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? flat(value, `${before}${key}.`)
      : /** @type {[string, any][]} */ ([[before + key, value]]),
  );
}

/**
 * @param {import("../types.js").OptionSpec | undefined} spec
 * @param {string} key
 * @param {any} value
 */
function optionWords(spec, key, value) {
  const name = `“${spec?.label ?? key}”`;
  if (typeof value === "boolean") return `${name} ${value ? "on" : "off"}`;
  if (Array.isArray(value))
    return `${name} ${spec?.type === "range" ? span(/** @type {any} */ (value)) : value.join(", ")}`;
  const choice = spec?.choices?.find(([name]) => name === (value ?? ""))?.[1];
  if (choice) return `${name} ${choice}`;
  return `${name} ${value ?? "none"}${/_ms$/.test(key) ? " ms" : ""}`;
}

/**
 * What differs in a scenario from another one, in words. Both have all their options written out.
 * @param {Scenario} scenario
 * @param {Scenario} plain the protocol's defaults
 * @param {Pick<import("../types.js").View, "options" | "unlisted">} view the protocol's options
 * @returns {string[]}
 */
export function takes(scenario, plain, { options: specs, unlisted = {} }) {
  const differs = (/** @type {any} */ a, /** @type {any} */ b) => JSON.stringify(a) !== JSON.stringify(b);
  const some = (/** @type {any} */ is, /** @type {any} */ was, /** @type {typeof NETWORK} */ table) =>
    table.filter(([key]) => differs(is?.[key], was?.[key])).map(([key, words]) => words(is?.[key]));
  const words = [];
  if (differs(scenario.nodes, plain.nodes)) words.push(counted(scenario.nodes ?? 0, "node"));
  words.push(...some(scenario.network, plain.network, NETWORK));
  const clients = scenario.clients?.count ?? 0;
  // Where nobody asks by himself, it does not matter how they would.
  if (clients > 0) {
    words.push(
      `${counted(clients, "client")} asking by themselves`.replace(
        "1 client asking by themselves",
        "1 client asking by itself",
      ),
    );
    words.push(...some(scenario.clients, plain.clients, CLIENTS));
  }
  const usual = new Map(flat(plain.options));
  for (const [key, value] of flat(scenario.options))
    if (!/(^|\.)mutant$/.test(key) && differs(value, usual.get(key)))
      words.push(
        unlisted[key]?.(value) ??
          optionWords(
            specs.find((spec) => spec.key === key),
            key,
            value,
          ),
      );
  return words;
}
