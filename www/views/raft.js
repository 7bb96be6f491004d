// Raft as the page sees it: data in, data out. Only `diagram` draws.

import { counted, duration, listed, nodesListed } from "../lib/format.js";
import { drawLogs } from "./raft-log.js";
import { raftHeadline } from "./raft-headline.js";
import { raftOptionGroups, raftOptions } from "./raft-options.js";

/** @typedef {import("../types.js").NodeGlance} NodeGlance */
/** @typedef {import("../types.js").NodeDetail} NodeDetail */

/** @type {import("../types.js").View} */
export const raft = {
  protocol: "raft",
  title: "Raft",
  epochName: "term",
  node: look,
  wantsDetail: (node) => node.status !== "crashed" && (standing(node) || node.role === "learner"),
  message: (kind) => messages[kind] ?? messages.AppendEntries,
  headline: raftHeadline,
  explain,
  facts,
  question,
  heartbeats: "AppendEntries without entries and their answers",
  diagramTitle: "Logs",
  diagram: drawLogs,
  actions: [
    {
      id: "transfer",
      label: "Make it the leader",
      when: (node) => node.status === "up" && node.role === "follower",
      action: (node) => ({ do: "request", op: { transfer: node.id } }),
    },
  ],
  legend: [
    ["node", "follower: one ring"],
    ["leader", "leader: two rings"],
    ["candidate", "candidate: dashed halo, and its votes as dots"],
    ["learner", "no vote, as a learner or one that has left: dashed"],
    ["crashed", "crashed: dotted"],
    ["paused", "paused: two bars"],
    ["arc", "time left on its timer"],
  ],
  options: raftOptions,
  optionGroups: raftOptionGroups,
  requests: true,
};

/** @type {Record<string, import("../types.js").MessageLook>} */
const messages = {
  AppendEntries: {
    label: "append",
    glyph: "disc",
    help: "the leader's entries, or its heartbeat when there are none",
  },
  AppendEntriesReply: { label: "append reply", glyph: "disc", help: "taken or refused" },
  RequestVote: { label: "vote request", glyph: "diamond", help: "a candidate asks for a vote" },
  RequestVoteReply: { label: "vote", glyph: "diamond", help: "given or refused" },
  PreVote: { label: "pre-vote request", glyph: "triangle", help: "could I win?" },
  PreVoteReply: { label: "pre-vote", glyph: "triangle", help: "yes or no" },
  InstallSnapshot: { label: "snapshot", glyph: "square", help: "state in place of old entries" },
  InstallSnapshotReply: { label: "snapshot reply", glyph: "square", help: "taken" },
  TimeoutNow: { label: "time out now", glyph: "hexagon", help: "leadership is handed over" },
};

/** @param {NodeGlance} node whether it stands for election */
function standing(node) {
  return node.role === "candidate" || node.role === "pre-candidate";
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
    if (node.role === "leader") ring = "double";
    else if (node.role === "candidate") ring = "halo";
    else if (node.role === "pre-candidate") ring = "faint-halo";
    else if (node.role === "learner") ring = "dashed";
  }
  return {
    label,
    role: node.status === "up" ? node.role : node.status,
    tone: node.status === "crashed" ? -1 : node.epoch,
    figure: node.status === "crashed" ? "crashed" : `term ${node.epoch}`,
    ring,
    dots: standing(node) && node.status !== "crashed" ? votes(node, detail) : [],
    spoken: `Node ${node.id}, ${node.status === "up" ? "" : `${node.status}, `}${label || node.role}, term ${node.epoch}, log up to ${glance.last}, committed up to ${glance.commit}`,
  };
}

/**
 * Whether a node without a vote is one that has left, or one that has yet to be let in: by the
 * members that its own log names.
 * @param {NodeDetail | null | undefined} detail
 * @returns {"learner" | "has left" | "not a member yet"}
 */
function membership(detail) {
  const { voters = [], learners = [] } = detail?.view.config ?? {};
  if (!detail || learners.includes(detail.id)) return "learner";
  return voters.length === 0 ? "not a member yet" : "has left";
}

/**
 * @param {NodeGlance} node
 * @param {NodeDetail | null} [detail]
 */
function labelOf(node, detail) {
  if (node.status === "crashed") return "";
  const { votes, needed, voted_for: votedFor } = node.glance;
  const held = node.status === "paused" ? `paused${node.waiting ? `, ${node.waiting} waiting` : ""}` : "";
  const role = node.role === "learner" ? membership(detail) : node.role;
  if (held) return role === "follower" ? held : `${role}, ${held}`;
  if (standing(node)) return `${node.role}, ${votes} of ${needed} votes`;
  if (node.role === "follower" && node.glance.leader < 0 && votedFor >= 0 && votedFor !== node.id)
    return `voted for ${votedFor}`;
  return role;
}

/**
 * The votes of a candidate: had, still to come, refused.
 * @param {NodeGlance} node
 * @param {NodeDetail | null} [detail]
 * @returns {import("../types.js").NodeLook["dots"]}
 */
function votes(node, detail) {
  const voters = detail?.view.config?.voters?.length ?? 0;
  const refused = detail?.view.election?.refused?.length ?? 0;
  const have = Math.max(0, node.glance.votes);
  const all = Math.max(voters, have + refused, node.glance.needed);
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
  const { id, status, view, timers } = detail;
  if (status === "crashed" && view.term === 0 && view.log.last === 0)
    return [
      `Node ${id} is down, and its disk is empty: it starts as one that knows nothing, not even how it voted.`,
    ];
  if (status === "crashed")
    return [
      `Node ${id} is down. What it had in memory is lost; its term, its vote and its log of ${counted(view.log.last, "entry", "entries")} are on its disk.`,
    ];
  const lines = [];
  const timer = timers[0];
  if (view.role === "leader") {
    lines.push(`Node ${id} leads term ${view.term}.`);
    const behind = (view.peers ?? []).filter((/** @type {any} */ p) => p.match < view.log.last);
    lines.push(
      behind.length === 0
        ? "Every other node has its whole log."
        : `${behind.length === 1 ? "Node" : "Nodes"} ${listed(behind.map((/** @type {any} */ p) => p.node))} ${behind.length === 1 ? "is" : "are"} not known to have all of it.`,
    );
  } else if (view.election) {
    const { granted, needed } = view.election;
    const missing = needed - granted.length;
    lines.push(
      `Node ${id} ${view.role === "candidate" ? `asks for votes in term ${view.term}` : `asks whether it could win term ${view.term + 1}`}. ${missing > 0 ? `It needs ${counted(missing, "more vote")}.` : "It has enough votes."}`,
    );
  } else if (view.role === "learner") {
    lines.push(
      {
        learner: `Node ${id} learns: it gets the log and has no vote.`,
        "has left": `Node ${id} has left: it is no member any more, gets nothing and has no vote.`,
        "not a member yet": `Node ${id} is new and has asked to be let in.`,
      }[membership(detail)],
    );
  } else if (view.leader != null) {
    lines.push(`Node ${id} follows node ${view.leader}, the leader of term ${view.term}.`);
  } else {
    lines.push(
      `Node ${id} knows no leader in term ${view.term}${view.voted_for != null ? `; it has voted for node ${view.voted_for}` : ""}.`,
    );
  }
  if (status === "paused") lines.push("It stands still: what arrives has to wait.");
  else if (timer) lines.push(timerSentence(view.role, timer.due_ms - now));
  return lines;
}

/**
 * @param {string} role
 * @param {number} left
 */
function timerSentence(role, left) {
  const time = duration(Math.max(0, left));
  if (role === "leader") return `Its next heartbeat is due in ${time}.`;
  if (role === "candidate") return `If it has not won in ${time}, it tries again in the next term.`;
  return `If it hears nothing for another ${time}, it stands for election.`;
}

/**
 * @param {NodeDetail} detail
 * @returns {[string, string][]}
 */
function facts(detail) {
  const { id, status, drift_ppm: drift, view } = detail;
  const { log, config } = view;
  const role = view.role === "learner" ? membership(detail) : view.role;
  /** @type {[string, string][]} */
  const rows = [
    ["Role", status === "up" ? role : `${status} (${role})`],
    ["Term", String(view.term)],
    [
      "Voted for",
      view.voted_for == null ? "nobody" : view.voted_for === id ? "itself" : `node ${view.voted_for}`,
    ],
    ["Leader", view.leader == null ? "unknown" : view.leader === id ? "itself" : `node ${view.leader}`],
  ];
  if (view.election)
    rows.push([
      "Votes",
      `${view.election.granted.length} of ${view.election.needed} needed: ${listed(view.election.granted)}`,
    ]);
  rows.push(
    ["Log", log.last === 0 ? "empty" : `${log.last}, last of term ${log.last_term}`],
    ["Committed", `up to ${view.commit}`],
    ["Applied", `up to ${view.applied}`],
  );
  if (log.snapshot) rows.push(["Snapshot", `up to ${log.snapshot.index}, term ${log.snapshot.term}`]);
  const machine = Object.entries(view.machine ?? {});
  rows.push(["Values", machine.map(([k, v]) => `${k} = ${v}`).join(", ") || "none"]);
  if (config.outgoing.length)
    rows.push(["Voters", `${listed(config.voters)}, and still ${listed(config.outgoing)}`]);
  else rows.push(["Voters", config.voters.length > 9 ? String(config.voters.length) : listed(config.voters)]);
  if (config.learners.length) rows.push(["Learners", nodesListed(config.learners)]);
  if (view.reads_waiting) rows.push(["Reads waiting", String(view.reads_waiting)]);
  if (view.lease_until_ms != null)
    rows.push(["Lease until", `${view.lease_until_ms.toFixed(1)} ms, on its clock`]);
  if (view.transfer_to != null) rows.push(["Hands over to", `node ${view.transfer_to}`]);
  if (drift) rows.push(["Clock drift", `${drift} ppm`]);
  return rows;
}

/** @param {NodeGlance} node */
function question(node) {
  if (node.status === "crashed") return "Why is it down?";
  if (node.role === "leader") return "Why is it the leader?";
  if (standing(node)) return "Why does it stand for election?";
  return "Why is it here?";
}
