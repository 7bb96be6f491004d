// Paxos as the page sees it: data in, data out. Only `diagram` draws.

import { counted, duration, listed, nodesListed } from "../lib/format.js";
import { drawPaxos, quorumWords, short } from "./paxos-diagrams.js";
import { paxosHeadline } from "./paxos-headline.js";
import { paxosOptionGroups, paxosOptions } from "./paxos-options.js";

/** @typedef {import("../types.js").NodeGlance} NodeGlance */
/** @typedef {import("../types.js").NodeDetail} NodeDetail */

/** How much of a value stands beside a node. */
const LABEL = 10;

/** @type {import("../types.js").View} */
export const paxos = {
  protocol: "paxos",
  title: "Paxos",
  epochName: "proposer of the ballot",
  node: look,
  wantsDetail: (node) => node.status !== "crashed" && (node.glance.single === 1 || atWork(node)),
  message: (kind) => messages[kind] ?? messages.Accept,
  headline: paxosHeadline,
  explain,
  facts,
  question,
  heartbeats: "Heartbeat and HeartbeatReply",
  diagramTitle: "Ballots",
  diagramNodes: 31,
  diagram: drawPaxos,
  actions: [
    {
      id: "propose",
      label: "Propose its letter",
      when: (node) => node.status === "up" && node.glance.single === 1,
      action: (node) => ({ do: "request", node: node.id, op: { propose: letter(node.id) } }),
    },
    {
      id: "lead",
      label: "Try to lead",
      when: (node) => node.status === "up" && node.glance.single === 0 && node.role !== "leader",
      action: (node) => ({ do: "timeout", node: node.id, timer: "election" }),
    },
  ],
  legend: [
    ["node", "acceptor: one ring, in the colour of the ballot that it has promised"],
    ["candidate", "in phase 1: dashed halo, and promises as dots"],
    ["leader", "in phase 2, or leader: two rings, and votes as dots"],
    ["learner", "no acceptor: dashed"],
    ["crashed", "crashed: dotted"],
    ["paused", "paused: two bars"],
    ["arc", "time left on its timer"],
  ],
  options: paxosOptions,
  optionGroups: paxosOptionGroups,
  requests: true,
  asks: (options) => (options.mode === "single" ? [propose] : undefined),
};

/** @type {import("../types.js").RequestKind} */
const propose = {
  verb: "propose",
  fields: [{ name: "text", label: "Value", hint: "A" }],
  op: (of) => ({ propose: of.text || "A" }),
};

/** @type {Record<string, import("../types.js").MessageLook>} */
const messages = {
  Prepare: { label: "prepare", glyph: "triangle", help: "phase 1: will you promise me this ballot?" },
  Promise: {
    label: "promise",
    glyph: "triangle",
    help: "I will; and this is what I have accepted",
    reply: true,
  },
  Accept: { label: "accept", glyph: "disc", help: "phase 2: accept this value in this ballot" },
  Accepted: { label: "accepted", glyph: "disc", help: "a vote", reply: true },
  Refuse: { label: "refusal", glyph: "diamond", help: "I have promised a later ballot", reply: true },
  Chosen: { label: "chosen", glyph: "square", help: "a learner tells what is chosen" },
  Heartbeat: { label: "heartbeat", glyph: "hexagon", help: "the leader is there, and so much is chosen" },
  HeartbeatReply: { label: "lease", glyph: "hexagon", help: "rivals are turned away for a while" },
  Ask: { label: "question", glyph: "pill", help: "what is chosen?" },
  Install: { label: "snapshot", glyph: "square", help: "state in place of old slots" },
};

/** @param {number} id what a node proposes when it is told to: A, B, C */
function letter(id) {
  return String.fromCharCode(65 + (id % 26));
}

/** @param {NodeGlance} node whether it is in one of the two phases, and not just leading */
function atWork(node) {
  return node.role === "preparing" || node.role === "proposing";
}

/** @param {NodeGlance} node its ballot as one says it, or "" */
function ballotOf({ glance }) {
  return glance.round > 0 ? `${glance.round}.${glance.of}` : "";
}

/**
 * @param {NodeGlance} node
 * @param {NodeDetail | null} [detail]
 * @returns {import("../types.js").NodeLook}
 */
function look(node, detail) {
  const ballot = ballotOf(node);
  const label = labelOf(node, detail);
  const down = node.status === "crashed";
  /** @type {import("../types.js").NodeLook["ring"]} */
  let ring = "plain";
  if (!down) {
    if (node.role === "leader" || node.role === "proposing") ring = "double";
    else if (node.role === "preparing") ring = "halo";
    else if (node.role === "learner") ring = "dashed";
  }
  return {
    label,
    role: node.status === "up" ? node.role : node.status,
    tone: down || !ballot ? (down ? -1 : 0) : node.epoch,
    figure: down ? "crashed" : ballot ? `ballot ${ballot}` : "no ballot",
    ring,
    dots: down ? [] : votes(node, detail),
    spoken: `Node ${node.id}, ${node.status === "up" ? "" : `${node.status}, `}${label || node.role}, ${ballot ? `ballot ${ballot}` : "no ballot"}${node.glance.single ? "" : `, carried out up to slot ${node.glance.executed}`}`,
  };
}

/**
 * @param {NodeGlance} node
 * @param {NodeDetail | null} [detail]
 */
function labelOf(node, detail) {
  if (node.status === "crashed") return "";
  const waiting = node.waiting ? `, ${node.waiting} waiting` : "";
  const words = doing(node, detail);
  return node.status === "paused" ? `paused${waiting}${words ? `, ${words}` : ""}` : words;
}

/**
 * @param {NodeGlance} node
 * @param {NodeDetail | null} [detail]
 */
function doing(node, detail) {
  const { votes, needed, backs_off: waits, single } = node.glance;
  const view = detail?.view;
  if (view?.decided) return `knows ${short(view.decided, LABEL)}`;
  if (atWork(node) && waits) return "gives way";
  if (node.role === "preparing") return `phase 1, ${votes} of ${needed} promises`;
  if (node.role === "proposing")
    return `${short(view?.proposer?.value ?? "phase 2", LABEL)}, ${votes} of ${needed} votes`;
  if (node.role === "leader" || !single) return node.role;
  if (view?.accepted) return `accepted ${short(view.accepted.value, LABEL)}`;
  return node.role;
}

/**
 * The quorum of a proposer: who has promised or voted, who is to come, who has refused.
 * @param {NodeGlance} node
 * @param {NodeDetail | null} [detail]
 * @returns {import("../types.js").NodeLook["dots"]}
 */
function votes(node, detail) {
  const proposer = detail?.view.proposer;
  if (!atWork(node) || !proposer) return [];
  const all = detail?.view.acceptors ?? 0;
  const have = node.glance.votes;
  const refused = Math.min(proposer.refused.length, Math.max(0, all - have));
  if (all > 15) return [];
  return [
    ...Array(have).fill("have"),
    ...Array(Math.max(0, all - have - refused)).fill("coming"),
    ...Array(refused).fill("no"),
  ];
}

/**
 * @param {NodeDetail} detail
 * @param {number} [now] virtual milliseconds; timers are due by them, whatever the node's clock shows
 * @returns {string[]}
 */
function explain(detail, now = detail.clock_ms) {
  const { id, status, view } = detail;
  if (status === "crashed") return [fallen(id, view)];
  const lines = view.mode === "single" ? explainSingle(id, view) : explainMulti(id, view);
  const timer = detail.timers[0];
  if (status === "paused") lines.push("It stands still: what arrives has to wait.");
  // A clock that drifts tells nothing of when its timer goes off.
  else if (timer && !detail.drift_ppm) lines.push(timerSentence(timer.timer, view, timer.due_ms - now));
  return lines;
}

/**
 * @param {number} id
 * @param {any} view
 */
function fallen(id, view) {
  if (!view.promised && view.last === 0 && view.round === 0)
    return `Node ${id} is down, and its disk is empty: it starts as one that has promised nothing.`;
  const kept = [view.promised ? `its promise of ballot ${view.promised}` : ""];
  if (view.accepted) kept.push(`that it accepted ${view.accepted.value} in ballot ${view.accepted.ballot}`);
  if (view.decided) kept.push(`that ${view.decided} is chosen`);
  if (view.mode === "multi" && view.last > 0) kept.push(`its log of ${counted(view.last, "slot")}`);
  const said = kept.filter((words) => words);
  return `Node ${id} is down. What it had in memory is lost; ${said.length ? `${listed(said)} ${said.length === 1 ? "is" : "are"}` : "the rounds it has used are"} on its disk.`;
}

/**
 * @param {number} id
 * @param {any} view
 */
function explainSingle(id, view) {
  const lines = [];
  const { proposer, accepted, decided } = view;
  if (decided) lines.push(`Node ${id} has learnt the value ${decided}. What is chosen is final.`);
  else if (proposer) lines.push(...explainProposer(id, view));
  if (view.acceptor) {
    const promise = view.promised
      ? `has promised ballot ${view.promised}: it takes nothing of an earlier one`
      : "has promised nothing yet";
    lines.push(`As acceptor it ${promise}.`);
    lines.push(
      accepted
        ? `It has accepted ${accepted.value} in ballot ${accepted.ballot}, and says so in every promise.`
        : "It has accepted nothing yet.",
    );
  } else lines.push("It is no acceptor: it proposes and learns.");
  if (!decided && !proposer) lines.push("It does not know whether anything is chosen.");
  return lines;
}

/**
 * What a proposer of single-decree Paxos is at, what it must propose, and why.
 * @param {number} id
 * @param {any} view
 */
function explainProposer(id, view) {
  const { phase, ballot, promised, accepted, needed, must, value, backs_off: waits } = view.proposer;
  const lines = [];
  if (phase === 1) {
    const missing = needed - promised.length;
    lines.push(
      `Node ${id} is in phase 1 of ballot ${ballot}: ${promised.length} of ${needed} promises${missing > 0 ? `, ${missing} more to go` : ""}.`,
    );
    lines.push(
      must
        ? `It must adopt ${must.value}: acceptor ${must.acceptor} accepted it in ballot ${must.ballot}.`
        : `Nobody has reported anything, so far it is free to propose ${view.wish ?? "what it likes"}.`,
    );
  } else {
    lines.push(`Node ${id} is in phase 2 of ballot ${ballot}: it proposes ${value}.`);
    lines.push(
      must
        ? `It must: acceptor ${must.acceptor} accepted ${must.value} in ballot ${must.ballot}, the latest that was reported.`
        : "That is its own value: no acceptor of its quorum had accepted anything.",
    );
    lines.push(
      `${accepted.length} of ${needed} votes${accepted.length ? `, of ${nodesListed(accepted)}` : ""}.`,
    );
  }
  if (waits) lines.push("It has met a later ballot and gives way for a while.");
  return lines;
}

/**
 * @param {number} id
 * @param {any} view
 */
function explainMulti(id, view) {
  const lines = [];
  const { proposer } = view;
  const open = view.slots.filter((/** @type {any} */ s) => !s.chosen).length;
  if (view.role === "leader") {
    lines.push(
      `Node ${id} leads with ballot ${proposer.ballot}, promised by ${nodesListed(proposer.promised)}.`,
    );
    lines.push(
      open === 0
        ? "Every slot that it has used is chosen."
        : `${counted(open, "slot")} ${open === 1 ? "is" : "are"} open: ${counted(proposer.needed, "vote")} choose${proposer.needed === 1 ? "s" : ""} each.`,
    );
  } else if (proposer) {
    lines.push(
      `Node ${id} is in phase 1 of ballot ${proposer.ballot}, for all slots after ${view.executed} at once: ${proposer.promised.length} of ${proposer.needed} promises.`,
    );
  } else if (view.leader != null) {
    lines.push(`Node ${id} follows node ${view.leader}, which leads.`);
  } else lines.push(`Node ${id} knows no leader.`);
  if (view.acceptor)
    lines.push(
      view.promised
        ? `As acceptor it has promised ballot ${view.promised}: it takes nothing of an earlier one.`
        : "As acceptor it has promised nothing yet.",
    );
  else lines.push("It is no acceptor: it proposes and learns.");
  return lines;
}

/**
 * @param {string} name
 * @param {any} view
 * @param {number} left
 */
function timerSentence(name, view, left) {
  const time = duration(Math.max(0, left));
  switch (name) {
    case "ballot":
      return `If nothing is chosen in ${time}, it tries a higher ballot.`;
    case "ask":
      return `In ${time} it asks another node what is chosen.`;
    case "heartbeat":
      return `Its next heartbeat is due in ${time}.`;
    default:
      return view.proposer
        ? `If it has no quorum in ${time}, it tries a higher ballot.`
        : `If it hears no leader for another ${time}, it prepares a ballot of its own.`;
  }
}

/**
 * @param {NodeDetail} detail
 * @returns {[string, string][]}
 */
function facts(detail) {
  const { id, status, drift_ppm: drift, view } = detail;
  const { proposer } = view;
  /** @type {[string, string][]} */
  const rows = [
    ["Role", status === "up" ? view.role : `${status} (${view.role})`],
    ["Promised", view.acceptor ? (view.promised ? `ballot ${view.promised}` : "nothing") : "is no acceptor"],
  ];
  if (view.mode === "single") {
    const { accepted } = view;
    rows.push(["Accepted", accepted ? `${accepted.value} in ballot ${accepted.ballot}` : "nothing"]);
  }
  if (proposer) {
    const have = proposer.phase === 1 ? proposer.promised : proposer.accepted;
    const what = proposer.phase === 1 ? "Promises" : "Votes";
    rows.push(["Its ballot", `${proposer.ballot}, phase ${proposer.phase}`]);
    rows.push([what, `${have.length} of ${proposer.needed} needed${have.length ? `: ${listed(have)}` : ""}`]);
    if (proposer.refused.length) rows.push(["Refused by", listed(proposer.refused)]);
    if (proposer.must)
      rows.push([
        "Must propose",
        `${proposer.must.value}: acceptor ${proposer.must.acceptor}, ballot ${proposer.must.ballot}`,
      ]);
    else if (proposer.value) rows.push(["Proposes", `${proposer.value}, its own`]);
  }
  if (view.mode === "single") {
    if (view.wish) rows.push(["Asked to propose", view.wish]);
    if (view.waiting) rows.push(["Clients waiting", String(view.waiting)]);
    rows.push(["Has learnt", view.decided ?? "nothing"]);
  } else {
    rows.push([
      "Leader",
      view.leader == null ? "unknown" : view.leader === id ? "itself" : `node ${view.leader}`,
    ]);
    rows.push(["Carried out", `up to slot ${view.executed}`], ["Last slot", String(view.last)]);
    if (view.snapshot) rows.push(["Snapshot", `up to slot ${view.snapshot}`]);
    const machine = Object.entries(view.machine ?? {});
    rows.push(["Values", machine.map(([k, v]) => `${k} = ${v}`).join(", ") || "none"]);
  }
  const [first, second] = view.quorums;
  rows.push([
    "Quorums",
    quorumWords(view) ||
      `${counted(first, "promise")}, ${counted(second, "vote")}, of ${counted(view.acceptors, "acceptor")}`,
  ]);
  if (view.lease_until_ms != null)
    rows.push(["Lease until", `${view.lease_until_ms.toFixed(1)} ms, on its clock`]);
  if (view.guards_until_ms != null)
    rows.push(["Turns rivals away", `until ${view.guards_until_ms.toFixed(1)} ms, on its clock`]);
  if (drift) rows.push(["Clock drift", `${drift} ppm`]);
  return rows;
}

/** @param {NodeGlance} node */
function question(node) {
  if (node.status === "crashed") return "Why is it down?";
  if (node.role === "leader") return "Why does it lead?";
  if (atWork(node)) return "Why does it propose?";
  if (node.role === "decided") return "How does it know?";
  return "Why is it here?";
}
