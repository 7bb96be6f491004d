// What is happening in the store, in one sentence, and what to watch for, in another.

import { capital, counted, duration, listed, nodesListed } from "../lib/format.js";
import { valueWords } from "./kv-events.js";

/** @typedef {import("../types.js").StageState} StageState */
/** @typedef {import("../types.js").TraceEvent} TraceEvent */

/** How long what has just happened is the headline, in virtual milliseconds. */
const FRESH_MS = 45;

/**
 * @param {StageState} state
 * @returns {{ headline: string, watch: string }}
 */
export function kvHeadline(state) {
  const up = state.nodes.filter((node) => node.status === "up");
  if (up.length === 0) return { headline: "Every node is down", watch: "Restart one to go on." };
  const { now, recent } = state;
  const fresh = recent.filter((event) => event.kind === "milestone" && now - event.at_ms < FRESH_MS);
  for (const name of ORDER) {
    const event = fresh.findLast((each) => each.name === name);
    const told = event && news[name](event.fact[name] ?? {}, event, state);
    if (told) return told;
  }
  return atRest(state, up);
}

/** What is news, the rarest first. */
const ORDER = [
  "reborn",
  "emptied",
  "conflict",
  "overtaken",
  "quorum_missed",
  "ring_changed",
  "reaped",
  "hinted",
  "handed_over",
  "suspected",
  "synced",
  "repaired",
  "answered",
  "acknowledged",
  "wrote",
];

/** The most values that a sentence names. */
const NAMED = 2;

/** @param {any} item */
function values(item) {
  const versions = item?.versions ?? [];
  if (versions.length === 0) return "nothing";
  const named = versions.slice(0, NAMED).map((/** @type {any} */ { value }) => `“${valueWords(value)}”`);
  const more = versions.length - named.length;
  return listed(more > 0 ? [...named, `${more} more`] : named);
}

/**
 * @type {Record<string, (fact: any, event: TraceEvent, state: StageState) =>
 *   { headline: string, watch: string } | undefined>}
 */
const news = {
  reborn: ({ name }, { node }) => ({
    headline: `Node ${node} starts with an empty disk, as ${name}`,
    watch:
      "Whatever it counted under its old name, the others know. Under a new one its writes are new to them.",
  }),
  emptied: (_, { node }) => ({
    headline: `Node ${node} has handed over all that it kept`,
    watch: "Nobody need ask it again; it is gone from the ring.",
  }),
  conflict: ({ item }, { node }) => ({
    headline: `Node ${node} holds ${item.key} in conflict`,
    watch: `Nobody who wrote one of ${values(item)} had read the other, so both stand. Whoever reads gets both.`,
  }),
  overtaken: ({ key, lost, winner }, { node }) => ({
    headline: `Node ${node} drops a write to ${key} for its timestamp`,
    watch: `${writer(lost)} is gone: ${writer(winner)} carries a later time. That says what the clocks showed, and not what came first.`,
  }),
  quorum_missed: ({ key, have, need }, { node }) => ({
    headline: `Node ${node} gives up on ${key}: ${counted(have, "answer")} of ${need}`,
    watch: "The client is not answered. What it wrote stays where it got to, and may still be seen.",
  }),
  ring_changed: ({ members, moving }, { node }) => ({
    headline: `Node ${node} learns that the ring is ${nodesListed(members)}`,
    watch: moving
      ? `It has ${counted(moving, "key")} to hand over, and lets go of each when those who keep it say that they have it.`
      : "It keeps all that it kept, and gets what it lacks from the others.",
  }),
  reaped: ({ item }, { node }) => ({
    headline: `Node ${node} forgets that ${item.key} was deleted`,
    watch: "Every node was asked twice: none has anything older, and none takes a message from before.",
  }),
  hinted: ({ key, owner }, { node }) => ({
    headline: `Node ${node} stands in for node ${owner}`,
    watch: `It keeps ${key} with a note for whom, and hands it over when node ${owner} is heard again.`,
  }),
  handed_over: ({ key, to }, { node }) => ({
    headline: `Node ${node} has handed ${key} over to node ${to}`,
    watch: "Only now that it has arrived may the copy go.",
  }),
  suspected: (_, __, state) => ({
    headline: `${capital(nodesListed(suspects(state)))} ${suspects(state).length === 1 ? "seems" : "seem"} to be down`,
    watch: optionsOf(state).sloppy
      ? "The next nodes on the ring stand in until they are heard again."
      : "Nobody stands in: reads and writes need enough of the others.",
  }),
  synced: ({ with: other, keys }, { node }) => ({
    headline: `Node ${node} gets ${counted(keys, "key")} from node ${other}`,
    watch: "They compared sums down a tree, and sent only what differed.",
  }),
  repaired: ({ key, to }) => ({
    headline: `A read repairs ${key} at node ${to}`,
    watch: `Node ${to} had answered with less than the others, and gets what they have together.`,
  }),
  answered: ({ key, item, copies, request }, { node }) => ({
    headline: `Client ${request.client} reads ${key}: ${values(item)}`,
    watch: `Node ${node} answers from ${counted(copies, "node")}${item?.conflict ? ", and leaves it to the reader to choose" : ""}.`,
  }),
  acknowledged: ({ key, copies, request }) => ({
    headline: `Client ${request.client}'s write to ${key} is done`,
    watch: `${counted(copies, "node has", "nodes have")} it. The others get it in their own time.`,
  }),
  wrote: ({ item, version, dot }, { node }) => ({
    headline:
      version.value === null
        ? `Node ${node} deletes ${item.key}`
        : `Node ${node} takes ${item.key} = ${valueWords(version.value)}`,
    watch:
      version.read.length === 0
        ? `It is counted as ${dot}. Its client had read nothing, so it replaces nothing.`
        : `It is counted as ${dot}, and replaces what its client had read.`,
  }),
};

/** @param {string} id `c0#1@2/12.345` */
function writer(id) {
  const [client, rest] = id.slice(1).split("#");
  const node = rest.slice(rest.indexOf("@") + 1, rest.indexOf("/"));
  return `Client ${client}'s write by way of node ${node}`;
}

/** @param {StageState} state */
function suspects(state) {
  const up = state.nodes.filter((node) => node.status === "up");
  const all = up.flatMap(({ id }) => state.detail(id)?.view.suspects ?? []);
  return [...new Set(all)].sort((a, b) => a - b);
}

/** @param {StageState} state */
function optionsOf(state) {
  const first = state.nodes.find((node) => node.status === "up");
  const detail = first && state.detail(first.id);
  return { sloppy: detail?.view.sloppy === true };
}

/**
 * @param {StageState} state
 * @param {import("../types.js").NodeGlance[]} up
 */
function atRest(state, up) {
  const most = Math.max(...up.map((node) => node.glance.conflicts));
  const keys = Math.max(...up.map((node) => node.glance.keys));
  const owed = up.filter((node) => node.glance.owed > 0);
  const graves = Math.max(...up.map((node) => node.glance.graves));
  const last = state.recent.findLast((event) => event.kind === "milestone");
  const since = last ? ` Nothing has happened to a key for ${duration(state.now - last.at_ms)}.` : "";
  if (most > 0) {
    const holder = up.find((node) => node.glance.conflicts === most);
    const view = holder && state.detail(holder.id)?.view;
    const key = view?.keys.find((/** @type {any} */ each) => each.conflict);
    return {
      headline: `${capital(key?.key ?? "a key")} is in conflict: ${values(key)}`,
      watch:
        "Nothing is lost, and nothing is decided. A client that reads them all can write one in their place.",
    };
  }
  if (owed.length > 0)
    return {
      headline: `${capital(nodesListed(owed.map((node) => node.id)))} ${owed.length === 1 ? "keeps" : "keep"} something for others`,
      watch: "It is handed over as soon as those are heard, and kept until it has arrived.",
    };
  if (graves > 0)
    return {
      headline: `${capital(counted(graves, "tombstone"))} ${graves === 1 ? "waits" : "wait"}`,
      watch: "A deletion is remembered until every node has been asked whether it still has the value.",
    };
  if (keys === 0)
    return {
      headline: "Nothing is stored yet",
      watch: "Any node takes a write. Ask for one below the stage.",
    };
  return {
    headline: `${counted(up.length, "node")} ${up.length === 1 ? "keeps" : "keep"} the keys, and agree`,
    watch: `Hearts beat, and now and then two nodes compare what they keep.${since}`,
  };
}
