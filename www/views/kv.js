// The versioned key-value store as the page sees it: data in, data out. Only `diagram` draws.

import { counted, duration, listed, nodesListed } from "../lib/format.js";
import { claims } from "./kv-counts.js";
import { drawKv } from "./kv-diagram.js";
import { clockWords, valueWords } from "./kv-events.js";
import { kvHeadline } from "./kv-headline.js";
import { kvOptionGroups, kvOptions } from "./kv-options.js";

/** @typedef {import("../types.js").NodeGlance} NodeGlance */
/** @typedef {import("../types.js").NodeDetail} NodeDetail */

/** @type {import("../types.js").View} */
export const kv = {
  protocol: "kv",
  title: "Key-value",
  epochName: "node that took the newest version",
  node: look,
  wantsDetail: (node) => node.glance.suspects > 0,
  message: (kind) => messages[kind] ?? messages.Gossip,
  headline: kvHeadline,
  explain,
  facts,
  question,
  heartbeats: "Gossip and GossipReply",
  diagramTitle: "Store",
  diagram: drawKv,
  actions: [
    {
      id: "compare",
      label: "Compare with the next node",
      when: (node) => node.status === "up",
      action: (node) => ({ do: "timeout", node: node.id, timer: "anti_entropy" }),
    },
  ],
  legend: [
    ["node", "belongs to the ring: one ring"],
    ["leader", "holds a conflict: two rings"],
    ["candidate", "at work on a request: dashed halo"],
    ["learner", "leaves, has left, or has yet to be let in: dashed"],
    ["crashed", "crashed: dotted"],
    ["paused", "paused: two bars"],
    ["arc", "time left until its heart beats"],
  ],
  notes: [
    [
      "Requests",
      [
        "A put and a delete take along what their client has read of the key last, and replace exactly that. A blind put knows nothing, and stands beside whatever there is.",
        "A value is a whole number, a text, a set in brackets, [milk, eggs], or a record, {theme: dark}.",
      ],
    ],
    [
      "What is simplified",
      [
        "A write to disk takes no time. Clients pick any node, and do not know the ring. Nodes believe each other, but for what is malformed. What a script claims to have read is taken at its word.",
      ],
    ],
  ],
  options: kvOptions,
  optionGroups: kvOptionGroups,
  requests: true,
  asks,
  claims,
  marks: { leadership: "a conflict is found", decision: "a write is acknowledged" },
};

/** What a read makes of a conflict, where it makes one value. @type {Record<string, string>} */
const READ = { union: "the union of all versions", max: "the greatest number of all versions" };

/** @type {Record<string, import("../types.js").MessageLook>} */
const messages = {
  Forward: { label: "hand on", glyph: "pill", help: "a request, to a node that keeps the key" },
  Store: { label: "store", glyph: "square", help: "store these versions, and say so" },
  Stored: { label: "stored", glyph: "square", help: "" },
  Fetch: { label: "fetch", glyph: "diamond", help: "what do you have of this key?" },
  Fetched: { label: "fetched", glyph: "diamond", help: "" },
  Repair: { label: "repair", glyph: "square", help: "you answered a read with less than this" },
  Handoff: { label: "hand over", glyph: "hexagon", help: "I kept this for you" },
  HandedOff: { label: "handed over", glyph: "hexagon", help: "" },
  TooOld: { label: "too old", glyph: "triangle", help: "that may be from long ago: send it again" },
  Gossip: { label: "gossip", glyph: "disc", help: "who is there, as far as I know" },
  GossipReply: { label: "gossip", glyph: "disc", help: "" },
  Compare: { label: "compare", glyph: "triangle", help: "do we hold the same?" },
  Branches: { label: "branches", glyph: "triangle", help: "" },
  Leaves: { label: "leaves", glyph: "triangle", help: "" },
  Entries: { label: "entries", glyph: "square", help: "" },
  AskReap: { label: "may it go?", glyph: "triangle", help: "may this tombstone be forgotten?" },
  ReapAnswer: { label: "may it go?", glyph: "triangle", help: "" },
  Reap: { label: "forget", glyph: "triangle", help: "" },
};

/**
 * What clients can ask for. A value in brackets is a set, an object in JSON is a record, and what is
 * written as a whole number is one.
 */
function asks() {
  const key = { name: "key", label: "Key", hint: "key x", most: 128 };
  const value = { name: "value", label: "Value", hint: "value", most: 4096 };
  const named = (/** @type {Record<string, string>} */ of) => of.key || "x";
  return [
    {
      verb: "put",
      fields: [key, value],
      op: (/** @type {Record<string, string>} */ of) => ({ put: [named(of), valueOf(of.value)] }),
    },
    { verb: "get", fields: [key], op: (/** @type {Record<string, string>} */ of) => ({ get: named(of) }) },
    {
      verb: "delete",
      fields: [key],
      op: (/** @type {Record<string, string>} */ of) => ({ delete: [named(of)] }),
    },
    {
      verb: "blind put",
      fields: [key, value],
      op: (/** @type {Record<string, string>} */ of) => ({ put: [named(of), valueOf(of.value), null] }),
    },
  ];
}

/**
 * What somebody typed, as a value: `7`, `dark`, `[milk, eggs]`, `{"theme": "dark"}`.
 * @param {string} text
 * @returns {any}
 */
export function valueOf(text = "") {
  const trimmed = text.trim();
  if (trimmed.startsWith("[") && trimmed.endsWith("]")) {
    const items = trimmed.slice(1, -1).split(",");
    return items.flatMap((item) => (item.trim() === "" ? [] : [plainOf(item.trim())]));
  }
  if (trimmed.startsWith("{") && trimmed.endsWith("}")) return recordOf(trimmed) ?? trimmed;
  return trimmed === "" ? 1 : plainOf(trimmed);
}

/**
 * A number where one is written as such: `007` and `1e3` are texts, and stay what they are.
 * @param {string} text
 * @returns {number | string}
 */
function plainOf(text) {
  const number = Number(text);
  return Number.isSafeInteger(number) && String(number) === text ? number : text;
}

/**
 * The record that somebody typed: as JSON, or without its quotes, `{theme: dark}`.
 * @param {string} text
 * @returns {Record<string, any> | null}
 */
function recordOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    const fields = text
      .slice(1, -1)
      .split(",")
      .map((field) => field.split(":").map((part) => part.trim()));
    const fits = fields.every((field) => field.length === 2 && /^\w+$/.test(field[0]) && field[1] !== "");
    return fits ? Object.fromEntries(fields.map(([name, value]) => [name, plainOf(value)])) : null;
  }
}

/** @param {NodeGlance} node whether it belongs to the ring */
function belongs(node) {
  return node.role === "member";
}

/**
 * @param {NodeGlance} node
 * @param {NodeDetail | null} [detail]
 * @returns {import("../types.js").NodeLook}
 */
function look(node, detail) {
  const { glance } = node;
  const label = labelOf(node, detail);
  /** @type {import("../types.js").NodeLook["ring"]} */
  let ring = "plain";
  if (node.status !== "crashed") {
    if (!belongs(node)) ring = "dashed";
    else if (glance.conflicts > 0) ring = "double";
    else if (glance.calls > 0) ring = "halo";
  }
  const keys = counted(glance.keys, "key");
  return {
    label,
    role: node.status === "up" ? node.role : node.status,
    tone: node.status === "crashed" ? -1 : node.id + 1,
    figure: node.status === "crashed" ? "crashed" : keys,
    ring,
    dots: [],
    spoken: `Node ${node.id}, ${node.status === "up" ? "" : `${node.status}, `}${label || node.role}, ${keys}, ${glance.conflicts} in conflict`,
  };
}

/**
 * @param {NodeGlance} node
 * @param {NodeDetail | null} [detail]
 */
function labelOf(node, detail) {
  if (node.status === "crashed") return "";
  if (node.status === "paused") return `paused${node.waiting ? `, ${node.waiting} waiting` : ""}`;
  const { conflicts, owed, graves, suspects } = node.glance;
  const parts = [];
  if (!belongs(node)) parts.push(node.role);
  if (conflicts > 0) parts.push(counted(conflicts, "conflict"));
  if (owed > 0) parts.push(`${owed} to hand over`);
  if (graves > 0) parts.push(counted(graves, "tombstone"));
  const silent = detail?.view.suspects ?? [];
  // One of two long things at most: beside it there is room for one line.
  if (parts.length === 0 && suspects > 0)
    parts.push(`misses ${silent.length && silent.length < 4 ? listed(silent) : counted(suspects, "node")}`);
  return parts.slice(0, 2).join(", ");
}

/**
 * @param {NodeDetail} detail
 * @param {number} [now] virtual milliseconds; timers are due by them, whatever the node's clock shows
 * @returns {string[]}
 */
function explain(detail, now = detail.clock_ms) {
  const { id, status, view, timers } = detail;
  const stored = counted(view.key_count, "key");
  if (status === "crashed")
    return [
      view.key_count === 0
        ? `Node ${id} is down, and its disk is empty.`
        : `Node ${id} is down. On its disk are ${stored}, and the name under which it counts, ${view.name}.`,
    ];
  const lines = [roleSentence(id, view)];
  const conflicts = view.keys.filter((/** @type {any} */ key) => key.conflict);
  if (conflicts.length > 0)
    lines.push(
      `${listed(conflicts.map((/** @type {any} */ key) => key.key).slice(0, 4))} ${conflicts.length === 1 ? "is" : "are"} in conflict: whoever reads gets ${READ[view.resolver] ?? "every version"}.`,
    );
  const owed = view.keys.filter((/** @type {any} */ key) => key.owed.length > 0);
  if (owed.length > 0) {
    const to = [...new Set(owed.flatMap((/** @type {any} */ key) => key.owed))];
    lines.push(`It keeps ${counted(owed.length, "key")} for ${nodesListed(to)}, until it can hand over.`);
  }
  if (view.suspects.length > 0) lines.push(`It has not heard of ${nodesListed(view.suspects)} for a while.`);
  if (view.name.includes("@"))
    lines.push(
      `Its writes count as ${view.name}: what it counted before as node ${id}, it no longer has in full.`,
    );
  const call = view.calls.find((/** @type {any} */ each) => !each.done);
  if (call)
    lines.push(
      `It coordinates client ${call.client}'s ${call.kind} of ${call.key}: ${call.heard.length} of ${call.needed} answers.`,
    );
  const beat = timers.find((timer) => timer.timer === "gossip");
  if (status === "paused") lines.push("It stands still: what arrives has to wait.");
  else if (beat) lines.push(`Its heart beats again in ${duration(Math.max(0, beat.due_ms - now))}.`);
  return lines;
}

/**
 * @param {number} id
 * @param {any} view
 */
function roleSentence(id, view) {
  const stored = counted(view.key_count, "key");
  const sentences = {
    member: `Node ${id} keeps ${stored}, and takes reads and writes of any.`,
    newcomer: `Node ${id} is new, and has asked to be let in.`,
    leaving: `Node ${id} leaves: it has ${stored} still to hand over.`,
    left: `Node ${id} has left, and has handed over all that it kept.`,
  };
  return sentences[/** @type {keyof typeof sentences} */ (view.role)];
}

/**
 * @param {NodeDetail} detail
 * @returns {[string, string][]}
 */
function facts(detail) {
  const { status, drift_ppm: drift, view } = detail;
  const [n, r, w] = view.quorums;
  /** @type {[string, string][]} */
  const rows = [
    ["Role", status === "up" ? view.role : `${status} (${view.role})`],
    ["Counts as", `${view.name}, ${counted(view.writes, "write")}`],
    ["Quorums", `N ${n}, R ${r}, W ${w}${view.sloppy ? ", others stand in" : ""}`],
    [
      "Ring",
      view.members.length > 9 ? counted(view.members.length, "node") : listed(view.members) || "unknown",
    ],
  ];
  if (view.suspects.length) rows.push(["Takes to be down", nodesListed(view.suspects)]);
  for (const key of view.keys.slice(0, 12)) {
    const values = key.versions.map((/** @type {any} */ version) => valueWords(version.value)).join(" | ");
    rows.push([
      key.key,
      `${values} {${clockWords(key.clock)}}${key.owed.length ? `, for ${nodesListed(key.owed)}` : ""}`,
    ]);
  }
  if (view.key_count > 12) rows.push(["More keys", String(view.key_count - 12)]);
  if (view.barred.length) rows.push(["About to forget", listed(view.barred)]);
  if (drift) rows.push(["Clock drift", `${drift} ppm`]);
  return rows;
}

/** @param {NodeGlance} node */
function question(node) {
  if (node.status === "crashed") return "Why is it down?";
  if (node.glance.conflicts > 0) return "Why is it as it is?";
  return "What happened here last?";
}
