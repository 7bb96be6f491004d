// What is happening to the text, in one sentence, and what to watch for, in another.

import { counted, nodesListed } from "../lib/format.js";
import { quoted } from "./sequence-words.js";

/** @typedef {import("../types.js").StageState} StageState */
/** @typedef {import("../types.js").NodeGlance} NodeGlance */
/** @typedef {import("../types.js").TraceEvent} TraceEvent */
/** @typedef {{ headline: string, watch: string }} Told */

/** How long what has just happened is the headline, in virtual milliseconds; rarer things longer. */
const FRESH_MS = /** @type {Record<string, number>} */ ({ reborn: 120, waits: 90, wrote: 45, took: 45 });
const REFUSED_MS = 120;
/** What is news, the rarest first. */
const ORDER = ["reborn", "waits", "wrote", "took"];
/** As much of a text as a headline quotes. */
const QUOTED = 28;

/**
 * @param {StageState} state
 * @returns {Told}
 */
export function sequenceHeadline(state) {
  const up = state.nodes.filter((node) => node.status === "up");
  if (up.length === 0) return { headline: "Every node is down", watch: "Restart one to go on." };
  const { now, recent } = state;
  const refused = recent.findLast((event) => event.kind === "refused" && now - event.at_ms < REFUSED_MS);
  if (refused) {
    const why = refused.text.slice(refused.text.lastIndexOf("refused: ") + "refused: ".length);
    return { headline: `Client ${refused.client} is refused: ${why}`, watch: "Nothing has changed." };
  }
  for (const name of ORDER) {
    const event = recent.findLast(
      (each) => each.kind === "milestone" && each.name === name && now - each.at_ms < FRESH_MS[name],
    );
    const told = event && news[name](event.fact[name] ?? {}, event, up);
    if (told) return told;
  }
  return atRest(up);
}

/** @param {any[]} changes a few changes as one says them */
function changed(changes) {
  const [change] = changes;
  if (!change) return "nothing that shows";
  const more = changes.length > 1 ? ` and ${changes.length - 1} more` : "";
  const what = change.text
    ? `${quoted(change.text, QUOTED)} at ${change.at}`
    : `${counted(change.deleted, "letter")} gone at ${change.at}`;
  return what + more;
}

/** @param {NodeGlance[]} up */
function others(up) {
  const texts = new Set(up.map(({ epoch }) => epoch)).size;
  return texts === 1 ? "All show the same text now." : `${texts} different texts are shown now.`;
}

/** @type {Record<string, (fact: any, event: TraceEvent, up: NodeGlance[]) => Told>} */
const news = {
  reborn: ({ name }, { node }) => ({
    headline: `Node ${node} starts with an empty disk, as ${name}`,
    watch: name.includes("@")
      ? "What it did under its old name, the others know. Under a new one its edits are new to them."
      : "It has used that name before, and does not know for what. Its next edit has an identity that is taken.",
  }),
  waits: ({ from, waiting }, { node }) => ({
    headline: `An edit from node ${from} has to wait at node ${node}`,
    watch: `It builds on another that has not come yet. ${counted(waiting, "edit")} ${waiting === 1 ? "waits" : "wait"} there.`,
  }),
  wrote: ({ how, changes }, { node }, up) => {
    const [change] = changes;
    const deed = {
      insert: () => `Node ${node} writes ${quoted(change.text, QUOTED)} at ${change.at}`,
      delete: () => `Node ${node} deletes ${counted(change.deleted, "letter")} at ${change.at}`,
      undo: () => `Node ${node} takes an edit back: ${changed(changes)}`,
    };
    return {
      headline: deed[/** @type {"insert" | "delete" | "undo"} */ (how)](),
      watch: `It asks nobody: its own text changes at once, the others' when they hear of it. ${others(up)}`,
    };
  },
  took: ({ from, way, edits, changes, waiting }, { node }, up) => ({
    headline: `Node ${node} takes in ${counted(edits, "edit")} from node ${from}: ${changed(changes)}`,
    watch:
      (way === "repair" ? "It had missed what was sent; comparing has shown it. " : "") +
      (waiting > 0 ? `${counted(waiting, "edit")} still ${waiting === 1 ? "waits" : "wait"}. ` : "") +
      others(up),
  }),
};

/**
 * @param {NodeGlance[]} up
 * @returns {Told}
 */
function atRest(up) {
  const behind = up.filter((node) => node.role === "behind");
  const texts = new Set(up.map(({ epoch }) => epoch)).size;
  const most = Math.max(...up.map(({ glance }) => glance.edits));
  if (most === 0)
    return {
      headline: "Nobody has written anything yet",
      watch: "Ask a node to insert a text, and see it come to the others.",
    };
  if (texts > 1) {
    const even = up.every(({ glance }) => glance.edits === most);
    const who = nodesListed(behind.map(({ id }) => id));
    return {
      headline: `${texts} different texts are shown`,
      watch: even
        ? "Yet all know as many edits. Where they know the same ones, a rule has been left out."
        : behind.length > 0
          ? `${who[0].toUpperCase()}${who.slice(1)} ${behind.length === 1 ? "knows" : "know"} that something is missing, and will get it.`
          : "What some have done, others have not heard of yet.",
    };
  }
  const few = up.filter(({ glance }) => glance.edits < most);
  const all =
    up.length === 1
      ? "Node " + up[0].id + " alone is up"
      : `All ${up.length} replicas that are up show the same text`;
  return {
    headline: all,
    watch:
      few.length > 0
        ? "Not all know the same edits, though: some of these do not show."
        : `${counted(up[0].glance.length, "letter")}, made by ${counted(most, "edit")}. Edit at two nodes at once, or cut one off.`,
  };
}
