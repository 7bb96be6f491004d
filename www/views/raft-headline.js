// What is happening in a Raft cluster, in one sentence, and what to watch for, in another.

import { capital, counted, duration, listed, nodesListed } from "../lib/format.js";

/** @typedef {import("../types.js").NodeGlance} NodeGlance */
/** @typedef {import("../types.js").StageState} StageState */

/**
 * @param {StageState} state
 * @returns {{ headline: string, watch: string }}
 */
export function raftHeadline(state) {
  const up = state.nodes.filter((node) => node.status === "up");
  if (up.length === 0) return { headline: "Every node is down", watch: "Restart a majority to go on." };
  const term = Math.max(...up.map((node) => node.epoch));
  const leaders = up.filter((node) => node.role === "leader").sort((a, b) => b.epoch - a.epoch);
  const candidates = up.filter((node) => node.role === "candidate" && node.epoch === term);
  const asking = up.filter((node) => node.role === "pre-candidate");
  const leader = leaders[0];
  if (leaders.length > 1) return twoLeaders(state, leaders);
  if (candidates.length > 0 && (!leader || term > leader.epoch)) return election(state, candidates, leader);
  if (leader) return leading(state, leader);
  if (asking.length > 0) return preElection(asking);
  return leaderless(state, up, term);
}

/**
 * @param {StageState} state
 * @param {NodeGlance[]} leaders newest first
 */
function twoLeaders(state, leaders) {
  const [newer, older] = leaders;
  if (newer.epoch === older.epoch)
    return {
      headline: `Nodes ${listed(leaders.map((l) => l.id))} both lead term ${newer.epoch}`,
      watch: "One term must never have two leaders: their logs can now go apart.",
    };
  const reach = reachable(state, older.id).length;
  const majority = older.glance.needed;
  return {
    headline: `Node ${newer.id} leads term ${newer.epoch}, and node ${older.id} still believes in term ${older.epoch}`,
    watch:
      reach < majority
        ? `Node ${older.id} reaches ${counted(reach, "node")}, itself included, and ${majority} make a majority: it can commit nothing.`
        : `Node ${older.id} steps down with the first message that carries term ${newer.epoch}.`,
  };
}

/**
 * @param {StageState} state
 * @param {NodeGlance[]} candidates
 * @param {NodeGlance | undefined} leader
 */
function election(state, candidates, leader) {
  const [first] = candidates;
  const term = first.epoch;
  if (candidates.length > 1) return rivals(candidates, term);
  const { votes, needed } = first.glance;
  const missing = needed - votes;
  const gone = leader ? "" : lostLeader(state, first.id);
  return {
    headline: `Node ${first.id} asks for votes in term ${term}`,
    watch: `${gone}It has ${votes} of the ${needed} votes it needs${missing > 0 ? `; ${counted(missing, "more vote")} would make it leader` : ""}.`,
  };
}

/**
 * Several stand in one term.
 * @param {NodeGlance[]} candidates
 * @param {number} term
 */
function rivals(candidates, term) {
  const few = candidates.length <= 4;
  const who = capital(nodesListed(candidates.map((node) => node.id)));
  const { needed } = candidates[0].glance;
  const best = Math.max(...candidates.map((node) => node.glance.votes));
  const tally = few
    ? `Node ${listed(candidates.map((node) => `${node.id} has ${node.glance.votes}`))}`
    : `The foremost has ${best}`;
  return {
    headline: `${who} ${candidates.length === 2 ? "both" : "all"} ask for votes in term ${term}`,
    watch: `Each node votes once a term. ${tally}; ${needed} are needed, or the vote is split and they try again.`,
  };
}

/** @param {NodeGlance[]} asking */
function preElection(asking) {
  const [first] = asking;
  return {
    headline: `Node ${first.id} asks whether it could win term ${first.epoch + 1}`,
    watch: `No term is raised yet. It has ${first.glance.votes} of the ${first.glance.needed} promises it needs to stand.`,
  };
}

/**
 * @param {StageState} state
 * @param {NodeGlance} leader
 */
function leading(state, leader) {
  const { commit, last, needed } = leader.glance;
  const reach = reachable(state, leader.id);
  if (reach.length < needed)
    return {
      headline: `Node ${leader.id} leads term ${leader.epoch} without a majority`,
      watch: `It reaches ${counted(reach.length, "node")}, itself included; ${needed} are needed, so nothing it takes can be committed.`,
    };
  const elected = state.recent.findLast((e) => e.class === "leadership" && e.node === leader.id);
  if (last > commit) {
    const have = state.nodes.filter((node) => node.glance.last >= last).length;
    const entries = last - commit === 1 ? `entry ${last}` : `entries ${commit + 1} to ${last}`;
    return {
      headline: `Node ${leader.id} copies ${entries} to the others`,
      watch: `It leads term ${leader.epoch}. ${have} of ${state.nodes.length} logs reach that far; with ${needed} known to, ${last - commit === 1 ? "it is" : "they are"} committed.`,
    };
  }
  const fresh = elected && state.now - elected.at_ms < 40;
  return {
    headline: fresh
      ? `Node ${leader.id} is elected leader of term ${leader.epoch}`
      : `Node ${leader.id} leads term ${leader.epoch}`,
    watch: `${commit === 0 ? "Nothing is committed yet." : `Everything up to entry ${commit} is committed.`} Its heartbeats keep the others from standing for election.`,
  };
}

/**
 * @param {StageState} state
 * @param {NodeGlance[]} up
 * @param {number} term
 */
function leaderless(state, up, term) {
  const timed = up.filter((node) => node.timerDue >= 0).sort((a, b) => a.timerDue - b.timerDue);
  const next = timed[0];
  const first = next
    ? `Node ${next.id}'s election timer runs out first, in ${duration(Math.max(0, next.timerDue - state.now))}.`
    : "";
  const needed = up[0].glance.needed;
  if (up.length < needed)
    return {
      headline: `Only ${counted(up.length, "node")} of ${state.nodes.length} ${up.length === 1 ? "is" : "are"} up`,
      watch: `${needed} votes make a leader: the cluster has to wait for a restart.`,
    };
  const fallen = state.nodes.find((node) => node.status !== "up" && node.role === "leader");
  if (fallen)
    return {
      headline:
        fallen.status === "paused"
          ? `The leader, node ${fallen.id}, stands still`
          : `The leader, node ${fallen.id}, has crashed`,
      watch: `The others have yet to notice: they miss its heartbeats. ${first}`,
    };
  return {
    headline:
      term === 0 ? `No leader yet: ${counted(up.length, "follower")} wait` : `No leader in term ${term}`,
    watch: first,
  };
}

/**
 * What became of the leader before, when it has gone.
 * @param {StageState} state
 * @param {number} candidate
 */
function lostLeader(state, candidate) {
  const gone = state.nodes.find((node) => node.status !== "up" && node.role === "leader");
  if (!gone || gone.id === candidate) return "";
  const when = state.recent.findLast((e) => e.node === gone.id && e.kind === "action" && e.name === "crash");
  const ago = when ? ` ${duration(state.now - when.at_ms)} ago` : "";
  return `Node ${gone.id}, leader of term ${gone.epoch}, ${gone.status === "paused" ? "was paused" : "crashed"}${ago}. `;
}

/**
 * The nodes that are up and that a node can talk with both ways, itself included.
 * @param {StageState} state
 * @param {number} id
 */
function reachable(state, id) {
  const cut = new Set();
  for (const [from, to] of state.cuts) {
    if (from === id) cut.add(to);
    if (to === id) cut.add(from);
  }
  return state.nodes.filter((node) => node.status === "up" && !cut.has(node.id));
}
