// The replicated text as the page sees it: data in, data out. Only `diagram` draws.

import { counted, duration, listed, nodesListed } from "../lib/format.js";
import { drawSequence } from "./sequence-diagram.js";
import { sequenceHeadline } from "./sequence-headline.js";
import { sequenceOptionGroups, sequenceOptions } from "./sequence-options.js";
import { quoted } from "./sequence-words.js";

/** @typedef {import("../types.js").NodeGlance} NodeGlance */
/** @typedef {import("../types.js").NodeDetail} NodeDetail */
/** @typedef {Record<string, string>} Typed */

/** A text of so many letters at the most stands beside its node. */
const SHORT = 18;

/** @type {import("../types.js").View} */
export const sequence = {
  protocol: "sequence",
  title: "Replicated text",
  epochName: "node that made the edit",
  node: look,
  wantsDetail: (node) => node.glance.length > 0 && node.glance.length <= SHORT,
  message: (kind) => messages[kind] ?? messages.Edits,
  headline: sequenceHeadline,
  explain,
  facts,
  question,
  diagramTitle: "Text",
  diagram: drawSequence,
  actions: [
    {
      id: "compare",
      label: "Compare with the next node",
      when: (node) => node.status === "up",
      action: (node) => ({ do: "timeout", node: node.id, timer: "anti_entropy" }),
    },
    {
      id: "undo",
      label: "Undo its last edit",
      when: (node) => node.status === "up",
      action: (node) => ({ do: "request", node: node.id, op: /** @type {any} */ ("undo") }),
    },
  ],
  legend: [
    ["node", "a replica of the text: one ring"],
    ["candidate", "knows of edits that it lacks: dashed halo"],
    ["crashed", "crashed: dotted"],
    ["paused", "paused: two bars"],
    ["arc", "time left until it compares with another"],
  ],
  notes: [
    [
      "Edits",
      [
        "Insert and delete name a place by its index, from 0. Type and erase work at the client's cursor, which holds on to the letter before it whatever others do.",
        "An edit is counted for each letter that is inserted or deleted. A replica's name and such a number are the identity of one edit for ever; a version vector says how many of each replica's edits are known.",
      ],
    ],
    [
      "What is simplified",
      [
        "A write to disk takes no time. A client that turns to another node because its own keeps silent may have its edit made twice. Deleted letters are kept for ever.",
      ],
    ],
  ],
  options: sequenceOptions,
  optionGroups: sequenceOptionGroups,
  requests: true,
  asks,
  marks: { leadership: "", decision: "somebody edits" },
};

/** @type {Record<string, import("../types.js").MessageLook>} */
const messages = {
  Edits: { label: "edits", glyph: "square", help: "what was just done here" },
  Summary: { label: "compare", glyph: "disc", help: "this is what I know: what do I lack?" },
  SummaryReply: { label: "compare", glyph: "disc", help: "what you lack, and what I know", reply: true },
  Repair: { label: "repair", glyph: "diamond", help: "what you lack by your answer" },
};

/** What clients can ask for. @returns {import("../types.js").RequestKind[]} */
export function asks() {
  const client = { name: "client", label: "Client that asks; empty for one that is free", hint: "client" };
  const at = { name: "at", label: "Before which letter, from 0", hint: "at 0", number: true };
  const text = { name: "text", label: "Text", hint: "text", most: 256 };
  const len = { name: "len", label: "How many letters", hint: "1 letter", number: true };
  const many = (/** @type {Typed} */ of) => Math.max(1, Number(of.len || 1));
  const words = (/** @type {Typed} */ of) => of.text || "a";
  return [
    {
      verb: "insert",
      fields: [at, text],
      op: (of) => ({ insert: { at: Number(of.at || 0), text: words(of) } }),
    },
    {
      verb: "delete",
      fields: [at, len],
      op: (of) => ({ delete: { at: Number(of.at || 0), len: many(of) } }),
    },
    { verb: "type", fields: [client, text], op: (of) => ({ insert: { text: words(of) } }) },
    { verb: "erase", fields: [client, len], op: (of) => ({ delete: { len: many(of) } }) },
    { verb: "move", fields: [client, at], op: (of) => ({ move: Number(of.at || 0) }) },
    { verb: "undo", fields: [], op: () => "undo" },
    { verb: "read", fields: [], op: () => "read" },
  ];
}

/**
 * @param {NodeGlance} node
 * @param {NodeDetail | null} [detail]
 * @returns {import("../types.js").NodeLook}
 */
function look(node, detail) {
  const { glance, status } = node;
  const label = labelOf(node, detail);
  const letters = counted(glance.length, "letter");
  return {
    label,
    role: status === "up" ? node.role : status,
    tone: status === "crashed" ? -1 : node.id + 1,
    figure: status === "crashed" ? "crashed" : letters,
    ring: status !== "crashed" && node.role === "behind" ? "halo" : "plain",
    dots: [],
    spoken: `Node ${node.id}, ${status === "up" ? "" : `${status}, `}${letters}, ${label || "empty"}`,
  };
}

/**
 * @param {NodeGlance} node
 * @param {NodeDetail | null} [detail]
 */
function labelOf(node, detail) {
  if (node.status === "crashed") return "";
  if (node.status === "paused") return `paused${node.waiting ? `, ${node.waiting} waiting` : ""}`;
  const { waiting, ahead, length } = node.glance;
  if (waiting > 0) return `${counted(waiting, "edit")} ${waiting === 1 ? "waits" : "wait"}`;
  if (ahead > 0) return `lacks ${counted(ahead, "edit")}`;
  if (detail && length > 0) return quoted(detail.view.text, SHORT);
  return "";
}

/**
 * @param {NodeDetail} detail
 * @param {number} [now] virtual milliseconds
 * @returns {string[]}
 */
function explain(detail, now = detail.clock_ms) {
  const { id, status, view, timers } = detail;
  const letters = counted(view.length, "letter");
  if (status === "crashed")
    return [
      view.edits === 0
        ? `Node ${id} is down, and its disk is empty.`
        : `Node ${id} is down. On its disk are its text, ${letters}, and ${counted(view.edits, "edit")}.`,
    ];
  const lines = [
    view.edits === 0
      ? `Node ${id} has an empty text, and edits it for whoever asks.`
      : `Node ${id} shows ${letters}, and knows ${counted(view.edits, "edit")}. It edits at once, and asks nobody.`,
  ];
  if (view.waiting > 0)
    lines.push(
      `${counted(view.waiting, "edit")} ${view.waiting === 1 ? "has" : "have"} come before others that they build on, and wait for these.`,
    );
  const ahead = view.peers.filter((/** @type {any} */ peer) => peer.ahead > 0);
  for (const peer of ahead.slice(0, 2))
    lines.push(`Node ${peer.node} knows ${counted(peer.ahead, "edit")} that it does not know.`);
  const lacking = view.peers.filter((/** @type {any} */ peer) => peer.lacks > 0);
  if (lacking.length > 0) {
    const who = nodesListed(lacking.map((/** @type {any} */ peer) => peer.node));
    lines.push(
      `It has not heard yet that ${who} ${lacking.length === 1 ? "knows" : "know"} all that it knows.`,
    );
  } else if (view.edits > 0 && view.peers.length > 0)
    lines.push("All others have said that they know what it knows.");
  if (view.name.includes("@"))
    lines.push(`It edits as ${view.name}: under its old name it no longer knows what it has counted.`);
  const due = timers.find((timer) => timer.timer === "anti_entropy");
  if (status === "paused") lines.push("It stands still: what arrives has to wait.");
  else if (due) lines.push(`It compares with another in ${duration(Math.max(0, due.due_ms - now))}.`);
  return lines;
}

/**
 * @param {NodeDetail} detail
 * @returns {[string, string][]}
 */
function facts(detail) {
  const { status, drift_ppm: drift, view } = detail;
  const vector = view.version.map((/** @type {any} */ entry) => `${entry.name}:${entry.count}`);
  /** @type {[string, string][]} */
  const rows = [
    [
      "State",
      status === "up" ? (view.role === "behind" ? "lacks edits" : "up to date, for all it knows") : status,
    ],
    ["Text", view.length ? quoted(view.text, 120) : "empty"],
    ["Edits as", view.name],
    ["Knows", `{${vector.join(", ")}}`],
    ["Deleted letters kept", String(view.deleted)],
  ];
  if (view.waiting > 0) rows.push(["Edits that wait", String(view.waiting)]);
  const carets = view.carets.map((/** @type {any} */ caret) => `client ${caret.client} at ${caret.at}`);
  if (carets.length > 0) rows.push(["Cursors", listed(carets.slice(0, 6))]);
  if (drift) rows.push(["Clock drift", `${drift} ppm`]);
  return rows;
}

/** @param {NodeGlance} node */
function question(node) {
  if (node.status === "crashed") return "Why is it down?";
  return "What happened here last?";
}
