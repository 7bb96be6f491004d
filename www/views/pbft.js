// PBFT as the page sees it: data in, data out. Only `diagram` draws.

import { capital, counted, duration, listed, nodesListed, peerName } from "../lib/format.js";
import { pbftHeadline } from "./pbft-headline.js";
import { pbftOptionGroups, pbftOptions } from "./pbft-options.js";
import { drawPhases } from "./pbft-phases.js";
import { conductOf, deeds, deedsOf, liarWords } from "./pbft-words.js";

/** @typedef {import("../types.js").NodeGlance} NodeGlance */
/** @typedef {import("../types.js").NodeDetail} NodeDetail */

/** @type {import("../types.js").View} */
export const pbft = {
  protocol: "pbft",
  title: "PBFT",
  epochName: "view",
  node: look,
  wantsDetail: () => false,
  message: (kind) => messages[kind] ?? messages.Status,
  headline: pbftHeadline,
  explain,
  facts,
  seal,
  deeds,
  question,
  heartbeats: "Status",
  diagramTitle: "Phases",
  diagram: drawPhases,
  actions: [
    {
      id: "silence",
      label: "Silence it",
      when: (node) => node.status === "up" && !conductOf(node).includes("silent"),
      action: (node) => ({ do: "conduct", node: node.id, ways: [...conductOf(node), "silent"] }),
    },
    {
      id: "behave",
      label: "Let it behave again",
      when: (node) => conductOf(node).length > 0,
      action: (node) => ({ do: "conduct", node: node.id, ways: [] }),
    },
  ],
  legend: [
    ["node", "backup: one ring"],
    ["leader", "primary of its view: two rings"],
    ["candidate", "has left its view, and waits for the next: dashed halo, and who wants it as dots"],
    ["liar", "horns: it misbehaves; hollow where it did once, or runs twice"],
    ["crashed", "crashed: dotted"],
    ["paused", "paused: two bars"],
    ["arc", "time left on its timer"],
  ],
  nodesMost: 31,
  options: pbftOptions,
  optionGroups: pbftOptionGroups,
  unlisted: { twins: (nodes) => `a second copy of ${nodesListed(nodes)} under the same key` },
  requests: true,
};

/** @type {Record<string, import("../types.js").MessageLook>} */
const messages = {
  PrePrepare: {
    label: "pre-prepare",
    glyph: "diamond",
    help: "the primary gives a request its number",
  },
  Prepare: { label: "prepare", glyph: "disc", help: "a backup says which request it was told of" },
  Commit: { label: "commit", glyph: "square", help: "a replica says that it has a certificate" },
  Checkpoint: { label: "checkpoint", glyph: "hexagon", help: "the digest of a replica's state" },
  ViewChange: {
    label: "view change",
    glyph: "triangle",
    help: "a replica wants the next view, and says what it has prepared",
  },
  ViewChangeAck: {
    label: "acknowledgement",
    glyph: "triangle",
    help: "with MACs: a view change has come, and its code holds here",
  },
  ViewChangeQuery: { label: "query", glyph: "triangle", help: "with MACs: who has had this view change?" },
  NewView: {
    label: "new view",
    glyph: "triangle",
    help: "the new primary begins its view, and shows by what right",
  },
  Relay: { label: "relay", glyph: "pill", help: "a backup passes a client's request on" },
  Status: { label: "status", glyph: "hexagon", help: "what a replica has, so that it is sent what it lacks" },
  Fetch: { label: "fetch", glyph: "hexagon", help: "a replica that is behind asks for a state" },
  State: { label: "state", glyph: "square", help: "the state at a checkpoint" },
  Whisper: { label: "whisper", glyph: "disc", help: "a liar looks for others, and gives them its key" },
};

/**
 * @param {NodeGlance} node
 * @returns {import("../types.js").NodeLook}
 */
function look(node) {
  const down = node.status === "crashed";
  const label = labelOf(node);
  /** @type {import("../types.js").NodeLook["ring"]} */
  let ring = "plain";
  if (!down && node.role === "primary") ring = "double";
  else if (!down && node.role === "changing view") ring = "halo";
  const liar = conductOf(node).length > 0;
  return {
    label,
    role: node.status === "up" ? node.role : node.status,
    tone: down ? -1 : node.epoch,
    figure: down ? "crashed" : `view ${node.glance.view}`,
    ring,
    dots: ring === "halo" ? wanted(node) : [],
    mark: liar ? "horns" : node.glance.faulty ? "hollow horns" : undefined,
    spoken: `Node ${node.id}, ${node.status === "up" ? "" : `${node.status}, `}${label || node.role}, view ${node.glance.view}, executed up to ${node.glance.executed}`,
  };
}

/** @param {NodeGlance} node */
function labelOf(node) {
  if (node.status === "crashed") return "";
  const held = node.status === "paused" ? `paused${node.waiting ? `, ${node.waiting} waiting` : ""}` : "";
  const role =
    node.role === "changing view"
      ? `wants view ${node.glance.view}, ${Math.min(node.glance.view_changes, node.glance.quorum)} of ${node.glance.quorum}`
      : node.role;
  const liar = liarWords(node);
  return [liar, held || (liar && node.role === "backup" ? "" : role)].filter(Boolean).join(", ");
}

/**
 * Who wants the view that a node wants: had, and still to come.
 * @param {NodeGlance} node
 * @returns {import("../types.js").NodeLook["dots"]}
 */
function wanted(node) {
  const { view_changes: have, quorum } = node.glance;
  if (quorum > 15) return [];
  return [...Array(have).fill("have"), ...Array(Math.max(0, quorum - have)).fill("coming")];
}

/**
 * Whether the seal of a message holds, and what that means.
 * @param {import("../types.js").MessageDetail} message
 * @returns {{ text: string, good: boolean } | null}
 */
function seal(message) {
  const auth = message.body?.auth ?? message.body?.with;
  if (!auth || auth.holds === undefined) return null;
  const who = auth.client != null ? `client ${auth.client}` : `node ${auth.sender}`;
  const what = auth.kind === "Ed25519" ? "signature" : "authenticator";
  const claimed = auth.client == null && message.from.node != null && auth.sender !== message.from.node;
  if (auth.holds)
    return {
      good: true,
      text: `The ${what} holds: ${who} said this${claimed ? `, and ${peerName(message.from)} passes it on` : ""}.`,
    };
  if (auth.fails_for)
    return {
      good: false,
      text: `The ${what} of ${who} does not hold for ${nodesListed(auth.fails_for)}, who will drop it.`,
    };
  return {
    good: false,
    text: `The ${what} does not hold: ${peerName(message.from)} sends this ${claimed ? `in the name of ${who}` : "with a forged proof"}, and it will be dropped.`,
  };
}

/**
 * @param {NodeDetail} detail
 * @param {number} [now] virtual milliseconds; timers are due by them, whatever the node's clock shows
 * @returns {string[]}
 */
function explain(detail, now = detail.clock_ms) {
  const { id, status, view, timers, conduct } = detail;
  if (status === "crashed" && view.executed === 0 && view.log.length === 0)
    return [`Node ${id} is down, and its disk is empty.`];
  if (status === "crashed")
    return [`Node ${id} is down. All that it ever said is on its disk, so it comes back as no liar.`];
  const lines = [];
  if (conduct.length > 0) lines.push(`Node ${id} misbehaves: it ${deedsOf(conduct)}.`);
  else if (view.replica !== id)
    lines.push(`Node ${id} runs as replica ${view.replica}, with its key: the two are one faulty replica.`);
  else if (view.faulty) lines.push(`Node ${id} counts as faulty: it has misbehaved, or another runs as it.`);
  if (view.view_changes)
    lines.push(
      `It has left its view and wants view ${view.view}: ${view.view_changes.length === 1 ? "1 replica wants" : `${view.view_changes.length} replicas want`} that, and it takes ${view.quorum}.`,
    );
  else if (view.role === "primary")
    lines.push(`It is the primary of view ${view.view}: it numbers requests.`);
  else lines.push(`In view ${view.view} it follows node ${view.primary}, the primary.`);
  const open = view.log.find((/** @type {any} */ s) => s.seq === view.executed + 1);
  if (open?.digest) lines.push(slotSentence(open, view));
  if (view.fetching) lines.push(`It is behind, and asks for the state at number ${view.fetching}.`);
  const timer = timers.find((t) => t.timer === "view_change");
  if (status === "paused") lines.push("It stands still: what arrives has to wait.");
  else if (timer) {
    const left = duration(Math.max(0, timer.due_ms - now));
    lines.push(
      view.view_changes
        ? `If the view has not begun in ${left}, it wants the next.`
        : `If the request that it waits for is not executed in ${left}, it wants another primary.`,
    );
  }
  return lines;
}

/**
 * @param {any} slot
 * @param {any} view
 */
function slotSentence(slot, view) {
  const { prepares, commits, seq, prepared, committed } = slot;
  if (committed) return `Number ${seq} is committed, and waits for those before it.`;
  if (prepared)
    return `Number ${seq} is prepared; ${commits.length} of the ${view.quorum} commits it takes are here.`;
  return `Number ${seq}: ${prepares.length} of the ${view.quorum} that prepare it are here, the primary's word among them.`;
}

/**
 * @param {NodeDetail} detail
 * @returns {[string, string][]}
 */
function facts(detail) {
  const { id, status, view, drift_ppm: drift } = detail;
  /** @type {[string, string][]} */
  const rows = [
    ["Role", status === "up" ? view.role : `${status} (${view.role})`],
    ["View", String(view.view)],
    ["Primary", view.primary === id ? "itself" : `node ${view.primary}`],
    ["Certificate", `${view.quorum} of ${view.replicas}, for ${counted(view.faults, "fault")}`],
    ["Executed", `up to ${view.executed}`],
    ["Window", `after ${view.low}, up to ${view.high}`],
  ];
  if (view.replica !== id) rows.unshift(["Twin of", `node ${view.replica}`]);
  const checkpoints = view.checkpoints.map(
    (/** @type {any} */ c) =>
      `${c.seq} ${c.digest}${c.stable ? " (stable)" : `, ${counted(c.by.length, "voice")}`}`,
  );
  if (checkpoints.length > 0) rows.push(["Checkpoints", checkpoints.join("; ")]);
  const open = view.log.filter((/** @type {any} */ s) => s.seq > view.executed && s.digest).slice(0, 3);
  for (const slot of open)
    rows.push([
      `Number ${slot.seq}`,
      `${slot.text}: prepares ${few(slot.prepares)}; commits ${few(slot.commits)}${slot.against.length ? `; against it ${few(slot.against)}` : ""}`,
    ]);
  if (view.waiting.length > 0) rows.push(["Waiting", view.waiting.join("; ")]);
  if (view.view_changes) rows.push(["View changes", few(view.view_changes)]);
  rows.push(["Patience", duration(view.patience_ms)]);
  if (view.conduct.length > 0) rows.push(["Conduct", capital(deedsOf(view.conduct))]);
  else if (view.faulty) rows.push(["Conduct", "counts as faulty"]);
  if (view.allies.length > 0) rows.push(["Allies", nodesListed(view.allies)]);
  const machine = Object.entries(view.machine ?? {});
  rows.push(["Values", machine.map(([k, v]) => `${k} = ${v}`).join(", ") || "none"]);
  if (drift) rows.push(["Clock drift", `${drift} ppm`]);
  return rows;
}

/** @param {number[]} ids named where they are few, counted where they are many */
function few(ids) {
  return ids.length > 7 ? `of ${ids.length}` : listed([...ids].sort((a, b) => a - b)) || "none";
}

/** @param {NodeGlance} node */
function question(node) {
  if (node.status === "crashed") return "Why is it down?";
  if (node.role === "changing view") return "Why has it left its view?";
  return "Why is it here?";
}
