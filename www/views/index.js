// The views, one a protocol. A protocol without one gets a table of its state.

import { defaultView } from "./default.js";
import { kv } from "./kv.js";
import { locks } from "./locks.js";
import { paxos } from "./paxos.js";
import { pbft } from "./pbft.js";
import { raft } from "./raft.js";
import { sequence } from "./sequence.js";

/** @type {Record<string, import("../types.js").View>} */
export const views = { paxos, raft, pbft, kv, locks, sequence };

/** @param {string} protocol */
export function viewOf(protocol) {
  return views[protocol] ?? defaultView(protocol);
}

/**
 * The rules of a protocol that can be left out, with their words; "" stands for none of them.
 * @param {import("../types.js").View} view
 * @returns {[key: string, words: string][]}
 */
export function rulesOf(view) {
  const choice = view.options.find((option) => /(^|\.)mutant$/.test(option.key));
  return choice?.choices ?? [["", "none: the whole protocol"]];
}

/**
 * The words for a rule that is left out; null for none.
 * @param {import("../types.js").View} view
 * @param {string | null | undefined} mutant
 */
export function leftOut(view, mutant) {
  if (!mutant) return null;
  return rulesOf(view).find(([key]) => key === mutant)?.[1] ?? mutant;
}
