// What is said of a replica's conduct, in the order in which the core numbers its ways.

import { listed, spaced } from "../lib/format.js";

/** @typedef {import("../types.js").NodeGlance} NodeGlance */

export const CONDUCTS = [
  "silent",
  "slow",
  "equivocate",
  "forge",
  "impersonate",
  "wrong_digest",
  "replay",
  "selective",
  "lie_view_change",
  "false_checkpoint",
  "wrong_reply",
  "collude",
];

/** What a replica does in each of them, of itself. @type {Record<string, string>} */
export const deeds = {
  silent: "says nothing",
  slow: "says everything late",
  equivocate: "tells two stories",
  forge: "forges signatures",
  impersonate: "speaks in the names of others",
  wrong_digest: "names digests of nothing",
  replay: "repeats what was said before",
  selective: "speaks to half of the others",
  lie_view_change: "hides what it prepared",
  false_checkpoint: "announces false checkpoints",
  wrong_reply: "answers clients wrongly",
  collude: "colludes",
};

/** What it is called in one or two words. @type {Record<string, string>} */
const names = {
  lie_view_change: "hides",
  false_checkpoint: "false checkpoint",
  wrong_reply: "wrong reply",
  equivocate: "two stories",
};

/**
 * The ways in which a replica misbehaves now.
 * @param {NodeGlance} node
 */
export function conductOf(node) {
  return CONDUCTS.filter((_, bit) => (node.glance.conduct >> bit) & 1);
}

/** @param {string[]} ways "tells two stories and colludes" */
export function deedsOf(ways) {
  return listed(ways.map((way) => deeds[way] ?? spaced(way)));
}

/**
 * A liar in few words: "liar: two stories"; "" for an honest one.
 * @param {NodeGlance} node
 */
export function liarWords(node) {
  const ways = conductOf(node);
  if (ways.length > 2) return `liar: ${names[ways[0]] ?? spaced(ways[0])} and ${ways.length - 1} more`;
  if (ways.length > 0) return `liar: ${ways.map((way) => names[way] ?? spaced(way)).join(", ")}`;
  if (!node.glance.faulty) return "";
  if (!node.glance.twin) return "has lied";
  return node.glance.replica === node.id ? "has a twin" : `twin of ${node.glance.replica}`;
}

/**
 * A replica's name: its number, or whose twin it is.
 * @param {NodeGlance} node
 */
export function nameOf(node) {
  return node.glance.replica === node.id ? String(node.id) : `${node.glance.replica}′`;
}

/**
 * Whether enough replicas are in one view to go on there, whoever has left it.
 * @param {NodeGlance[]} nodes
 */
export function goesOn(nodes) {
  const active = nodes.filter((node) => node.status === "up" && node.role !== "changing view");
  return active.some(({ glance: { view, quorum } }) => {
    const there = active.filter((node) => node.glance.view === view);
    return new Set(there.map((node) => node.glance.replica)).size >= quorum;
  });
}
