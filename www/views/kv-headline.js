// What is happening in the store, in one sentence, and what to watch for, in another.

import { capital, counted, duration, listed, nodesListed } from "../lib/format.js";
import { quoted } from "./kv-events.js";

/** @typedef {import("../types.js").StageState} StageState */
/** @typedef {import("../types.js").TraceEvent} TraceEvent */

/** How long what has just happened is the headline, in virtual milliseconds; and what was refused. */
const FRESH_MS = 45;
const REFUSED_MS = 120;

/**
 * @param {StageState} state
 * @returns {{ headline: string, watch: string }}
 */
export function kvHeadline(state) {
  const up = state.nodes.filter((node) => node.status === "up");
  if (up.length === 0) return { headline: "Every node is down", watch: "Restart one to go on." };
  const { now, recent } = state;
  const refused = recent.findLast((event) => event.kind === "refused" && now - event.at_ms < REFUSED_MS);
  if (refused) return refusal(refused);
  const fresh = recent.filter((event) => event.kind === "milestone" && now - event.at_ms < FRESH_MS);
  for (const name of ORDER) {
    const event = fresh.findLast((each) => each.name === name);
    const told = event && news[name](event.fact[name] ?? {}, event, state);
    if (told) return told;
  }
  return atRest(state, up);
}

/** @param {TraceEvent} event a client is told that it cannot have what it asked for */
function refusal({ client, name, text }) {
  const why = text.slice(text.lastIndexOf("refused: ") + "refused: ".length);
  const what = name.length > 60 ? `${name.slice(0, 59)}…` : name;
  return {
    headline: `Client ${client} is refused: ${why}`,
    watch: `It asked for: ${what}. Nothing has changed.`,
  };
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
/** The most nodes that are held against each other. */
const COMPARED_MOST = 12;

/**
 * The values of an item, as one says them.
 * @param {any} item
 */
function values(item) {
  const versions = item?.versions ?? [];
  if (versions.length === 0) return "nothing";
  const named = versions.slice(0, NAMED).map((/** @type {any} */ { value }) => quoted(value));
  const more = versions.length - named.length;
  return listed(more > 0 ? [...named, `${more} more`] : named);
}

/** What a read makes of several versions, where it makes one of them. @type {Record<string, string>} */
const MADE = { union: "the union of them all", max: "the greatest number of them" };

/**
 * Why the versions of an item stand beside each other: as far as they themselves say what was read.
 * @param {any} item
 */
function whyBoth({ versions }) {
  const ids = new Set(versions.flatMap((/** @type {any} */ version) => version.read));
  const known = versions.find((/** @type {any} */ { id }) => ids.has(id));
  if (known)
    return `${capital(quoted(known.value))} stands beside a version whose writer had read it: it should be gone.`;
  return versions.length === 2
    ? `Neither of those who wrote ${values({ versions })} had read the other, so both stand.`
    : `Nobody who wrote one of ${values({ versions })} had read any other of them, so all stand.`;
}

/**
 * @type {Record<string, (fact: any, event: TraceEvent, state: StageState) =>
 *   { headline: string, watch: string } | undefined>}
 */
const news = {
  reborn: ({ name, joins }, { node }) =>
    joins
      ? {
          headline: `Node ${node} starts with an empty disk, and asks to be let in`,
          watch: `It will count its writes as ${name}: a name that nobody has had before.`,
        }
      : {
          headline: `Node ${node} starts with an empty disk, as ${name}`,
          watch:
            "Whatever it counted under its old name, the others know. Under a new one its writes are new to them.",
        },
  emptied: (_, { node }) => ({
    headline: `Node ${node} has handed over all that it kept`,
    watch: "Nobody need ask it again; it is gone from the ring.",
  }),
  conflict: ({ item }, { node }, state) => {
    const made = MADE[optionsOf(state).resolver];
    return {
      headline: `Node ${node} holds ${item.key} in conflict`,
      watch: `${whyBoth(item)} Whoever reads gets ${made ?? (item.versions.length === 2 ? "both" : "all")}.`,
    };
  },
  overtaken: ({ key, lost, winner }, { node }) => ({
    headline: `Node ${node} drops a write to ${key} for its timestamp`,
    watch: `${writer(lost)} is gone: ${writer(winner)} carries a later time. That says what the clocks showed, and not what came first.`,
  }),
  quorum_missed: ({ key, have, need }, { node }) => ({
    headline: `Node ${node} gives up on ${key}: ${counted(have, "answer")} of ${need}`,
    watch: "The client is not answered. What it wrote stays where it got to, and may still be seen.",
  }),
  ring_changed: ({ members, moving }, { node }, { options }) => ({
    headline: `Node ${node} learns that the ring is ${nodesListed(members)}`,
    watch:
      moving && options?.mutant === "no_handover"
        ? `It has ${counted(moving, "key")} to hand over, and hands over nothing: that rule is left out.`
        : moving
          ? `It has ${counted(moving, "key")} to hand over, and lets go of each when those who keep it say that they have it.`
          : "It keeps all that it kept, and gets what it lacks from the others.",
  }),
  reaped: ({ item }, { node }, { options }) => ({
    headline: `Node ${node} forgets that ${item.key} was deleted`,
    watch: options?.mutant
      ? "Before that every node has to be asked twice, and none may take a message from before. Here a rule is left out."
      : "Every node was asked twice: none has anything older, and none takes a message from before.",
  }),
  hinted: ({ key, owner }, { node }) => ({
    headline: `Node ${node} stands in for node ${owner}`,
    watch: `It keeps ${key} with a note for whom, and hands it over when node ${owner} is heard again.`,
  }),
  handed_over: ({ key, to }, { node }, { options }) => ({
    headline: `Node ${node} has handed ${key} over to node ${to}`,
    watch:
      options?.mutant === "early_hint_drop"
        ? "Only when it has arrived may the copy go. That rule is left out: it went before."
        : "Only now that it has arrived may the copy go.",
  }),
  suspected: ({ node: silent }, { node }, state) => {
    const all = suspects(state);
    const isUp = (/** @type {number} */ id) =>
      state.nodes.some((each) => each.id === id && each.status === "up");
    const watch = optionsOf(state).sloppy
      ? "The next nodes on the ring stand in until they are heard again."
      : "Nobody stands in: reads and writes need enough of the others.";
    // Whoever is up is down for some alone: it has to be said for whom.
    if (all.some(isUp)) {
      const misses = (node != null && state.detail(node)?.view?.suspects) || [silent];
      return { headline: `Node ${node} hears nothing of ${nodesListed(misses)}`, watch };
    }
    return {
      headline: `${capital(nodesListed(all))} ${all.length === 1 ? "seems" : "seem"} to be down`,
      watch,
    };
  },
  synced: ({ with: other, keys }, { node }) => ({
    headline: `Node ${node} gets ${counted(keys, "key")} from node ${other}`,
    watch: "They compared sums down a tree, and sent only what differed.",
  }),
  repaired: ({ key, to }) => ({
    headline: `A read repairs ${key} at node ${to}`,
    watch: `Node ${to} had answered with less than the others, and gets what they have together.`,
  }),
  answered: ({ key, item, values: told, copies, request }, { node }, state) => {
    const made = item?.conflict && told.length === 1 && MADE[optionsOf(state).resolver];
    const from = `Node ${node} answers from ${counted(copies, "node")}`;
    if (made)
      return {
        headline: `Client ${request.client} reads ${key}: ${quoted(told[0])}`,
        watch: `${from}: ${values(item)} stand, and a read returns ${made}.`,
      };
    const deleted = item && told.length === 0;
    return {
      headline: `Client ${request.client} reads ${key}: ${deleted ? "nothing, since it was deleted" : values(item)}`,
      watch: `${from}${item?.conflict ? ", and leaves it to the reader to choose" : ""}.`,
    };
  },
  acknowledged: ({ key, copies, request }) => ({
    headline: `Client ${request.client}'s write to ${key} is done`,
    watch: `${counted(copies, "node has", "nodes have")} it. The others get it in their own time.`,
  }),
  wrote: ({ item, version, dot }, { node }) => ({
    headline:
      version.value === null
        ? `Node ${node} deletes ${item.key}`
        : `Node ${node} takes ${quoted(version.value)} for ${item.key}`,
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
  return { sloppy: detail?.view.sloppy === true, resolver: String(detail?.view.resolver ?? "siblings") };
}

/**
 * A key of which those of its keepers who are up hold different versions, with what each has; null where
 * they all hold the same, and undefined where that cannot be told: of very many nodes or keys.
 * @param {StageState} state
 * @param {import("../types.js").NodeGlance[]} up
 * @returns {{ key: string, held: { id: number, item: any }[] } | null | undefined}
 */
export function difference(state, up) {
  if (up.length > COMPARED_MOST) return undefined;
  const views = up.flatMap(({ id }) => {
    const view = state.detail(id)?.view;
    return view ? [{ id, view }] : [];
  });
  if (views.some(({ view }) => view.key_count > view.keys.length)) return undefined;
  /** @type {Map<string, number[]>} */
  const keepers = new Map();
  for (const { view } of views) for (const { key, replicas } of view.keys) keepers.set(key, replicas);
  for (const [key, replicas] of keepers) {
    const held = views
      .filter(({ id }) => replicas.includes(id))
      .map(({ id, view }) => ({ id, item: view.keys.find((/** @type {any} */ each) => each.key === key) }));
    const forms = new Set(held.map(({ item }) => formOf(item)));
    if (forms.size > 1) return { key, held };
  }
  return null;
}

/**
 * What tells apart what two nodes hold of a key.
 * @param {any} item
 */
function formOf(item) {
  const versions = item?.versions ?? [];
  // Who has forgotten a deletion holds the same as who has not yet.
  if (versions.every((/** @type {any} */ { value }) => value === null)) return "";
  return versions.map((/** @type {any} */ { id }) => id).join(" ");
}

/**
 * @param {StageState} state
 * @param {{ key: string, held: { id: number, item: any }[] }} differing
 */
function apart({ cuts }, { key, held }) {
  const [first] = held;
  const other = held.find(({ item }) => formOf(item) !== formOf(first.item)) ?? first;
  const has = (/** @type {{ id: number, item: any }} */ { id, item }) => `node ${id} has ${values(item)}`;
  return {
    headline: `Not all have the same of “${key}”: ${has(first)}, ${has(other)}`,
    watch: cuts.length
      ? "Links are cut. Once they are mended, it comes together when nodes compare, or a read repairs it."
      : "Nobody waits for the slowest: it comes together when nodes compare, or a read repairs it.",
  };
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
    const made = MADE[optionsOf(state).resolver];
    return {
      headline: `${key ? `“${key.key}”` : "A key"} is in conflict: ${values(key)}`,
      watch: made
        ? `Nothing is lost: a read returns ${made}, and a client that has read it can write it in their place.`
        : "Nothing is lost, and nothing is decided. A client that reads them all can write one in their place.",
    };
  }
  if (owed.length > 0)
    return {
      headline: `${capital(nodesListed(owed.map((node) => node.id)))} ${owed.length === 1 ? "keeps" : "keep"} something for others`,
      watch: `It is handed over as soon as those are heard${state.options?.mutant === "early_hint_drop" ? "" : ", and kept until it has arrived"}.`,
    };
  const differing = difference(state, up);
  if (differing) return apart(state, differing);
  if (graves > 0)
    return {
      headline: `${capital(counted(graves, "tombstone"))} ${graves === 1 ? "waits" : "wait"}`,
      watch: "A deletion is remembered until every node has been asked whether it still has the value.",
    };
  if (keys === 0)
    return {
      headline: "Nothing is stored",
      watch: "Any node takes a write. Ask for one below the stage.",
    };
  return atPeace(state, up, differing === null, since);
}

/**
 * @param {StageState} state
 * @param {import("../types.js").NodeGlance[]} up
 * @param {boolean} same whether all are known to hold the same
 * @param {string} since
 */
function atPeace(state, up, same, since) {
  const all = up.length === state.nodes.length;
  const who = `${counted(up.length, "node")}${all ? "" : up.length === 1 ? " is up, and" : " are up, and"}`;
  const keep = `${up.length === 1 ? "keeps" : "keep"} the keys`;
  const agree = same && up.length > 1 ? ", and agree" : "";
  const last =
    optionsOf(state).resolver === "lww"
      ? "Of writes beside each other the last by timestamp stays, and the others are lost, acknowledged or not: see the counts."
      : "";
  const cut = state.cuts.length ? "Links are cut: what is written behind them is not seen here." : "";
  return {
    headline: `${who} ${keep}${agree}`,
    watch: cut || last || `Hearts beat, and now and then two nodes compare what they keep.${since}`,
  };
}
