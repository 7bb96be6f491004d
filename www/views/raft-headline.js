// What is happening in a Raft cluster, in one sentence, and what to watch for, in another.

import { capital, counted, duration, listed, nodesListed } from "../lib/format.js";

/** @typedef {import("../types.js").NodeGlance} NodeGlance */
/** @typedef {import("../types.js").StageState} StageState */

/** How long what has just happened is the headline, in virtual milliseconds. */
const FRESH_MS = 40;
/** How long it is told what a new leader saved. */
const SAVED_MS = 150;

/**
 * `calm`: a leader with a majority does its everyday work, and what it carries is the news.
 * @typedef {{ headline: string, watch: string, calm?: boolean }} Told
 */

/**
 * @param {StageState} state
 * @returns {Told}
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
  const removed = state.recent.findLast((e) => e.name === "truncated");
  if (removed && !state.violation && state.now - removed.at_ms < FRESH_MS) {
    const [was, is] = removed.text.includes("entries") ? ["They were", "they are"] : ["It was", "it is"];
    return {
      headline: removed.text,
      watch: state.options?.mutant
        ? "What was committed must stay, since somebody may have been told that it is done. Here a rule is left out."
        : `${was} never committed, so nobody was told that ${is} done.`,
    };
  }
  const apart = leader ? standingApart(state, leader) : [];
  if (leader && apart.length > 0) {
    const told = leading(state, leader);
    return { ...told, watch: `${aside(state, apart)} ${told.watch}` };
  }
  if (candidates.length > 0 && (!leader || term > leader.epoch)) return election(state, candidates, leader);
  if (leader) return leading(state, leader);
  if (asking.length > 0) return preElection(asking);
  return leaderless(state, up, term);
}

/**
 * Those that stand for election where nobody who hears the leader hears them, while it has a
 * majority: they can win nothing and disturb nobody. Empty if anybody stands that is not apart.
 * @param {StageState} state
 * @param {NodeGlance} leader
 */
function standingApart(state, leader) {
  const near = reachable(state, leader.id);
  if (near.length < leader.glance.needed) return [];
  const standing = state.nodes.filter(
    (node) => node.status === "up" && (node.role === "candidate" || node.role === "pre-candidate"),
  );
  const apart = standing.filter(
    (node) => !reachable(state, node.id).some((other) => near.some((each) => each.id === other.id)),
  );
  return apart.length === standing.length ? apart : [];
}

/**
 * @param {StageState} state
 * @param {NodeGlance[]} apart
 */
function aside(state, apart) {
  const [first] = apart;
  if (apart.length > 1)
    return `${capital(nodesListed(apart.map((node) => node.id)))} are cut off and stand for election in vain.`;
  const alone = reachable(state, first.id).length <= 1 ? "alone" : "cut off";
  return first.role === "candidate"
    ? `Node ${first.id} is ${alone} and stands in vain, now in term ${first.epoch}.`
    : `Node ${first.id} is ${alone} and asks in vain whether it could win.`;
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
  if (candidates.length > 1) return rivals(state, candidates, term);
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
 * @param {StageState} state
 * @param {NodeGlance[]} candidates
 * @param {number} term
 */
function rivals({ options }, candidates, term) {
  const few = candidates.length <= 4;
  const who = capital(nodesListed(candidates.map((node) => node.id)));
  const { needed } = candidates[0].glance;
  const best = Math.max(...candidates.map((node) => node.glance.votes));
  const tally = few
    ? `Node ${listed(candidates.map((node) => `${node.id} has ${node.glance.votes}`))}`
    : `The foremost has ${best}`;
  return {
    headline: `${who} ${candidates.length === 2 ? "both" : "all"} ask for votes in term ${term}`,
    watch: `${options?.mutant ? "" : "Each node votes once a term. "}${tally}; ${needed} are needed, or the vote is split and they try again.`,
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
 * @returns {Told}
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
  const fresh = elected !== undefined && state.now - elected.at_ms < FRESH_MS;
  const news = `Node ${leader.id} is elected leader of term ${leader.epoch}`;
  if (last > commit) {
    const which = nounOf(commit + 1, last);
    const copies = copying(state, leader, which);
    return {
      headline: fresh ? news : `Node ${leader.id} copies ${which} to the others`,
      watch: copies,
      calm: !fresh,
    };
  }
  const saved = savedBy(state, leader, elected);
  return {
    calm: !fresh,
    headline: fresh ? news : `Node ${leader.id} leads term ${leader.epoch}`,
    watch:
      saved ||
      `${commit === 0 ? "Nothing is committed yet." : `Everything up to entry ${commit} is committed.`} Its heartbeats keep the others from standing for election.`,
  };
}

/**
 * The entries of older terms that a new leader has committed along with its first: what was under way
 * when the one before was lost. "" where there are none.
 * @param {StageState} state
 * @param {NodeGlance} leader
 * @param {import("../types.js").TraceEvent | undefined} elected
 */
function savedBy(state, leader, elected) {
  if (!elected || state.now - elected.at_ms > SAVED_MS) return "";
  const done = state.recent.find(
    (e) => e.name === "committed" && e.node === leader.id && e.at_ms >= elected.at_ms,
  );
  const [, first, last] = /^Entries (\d+) to (\d+) /.exec(done?.text ?? "") ?? [];
  const entries = state.detail(leader.id)?.view.log.entries ?? [];
  const older = entries.filter(
    (/** @type {any} */ e) => e.index >= Number(first) && e.index <= Number(last) && e.term < leader.epoch,
  );
  if (older.length === 0) return "";
  const one = older.length === 1;
  return `${capital(nounOf(older[0].index, older.at(-1).index))} of an older term ${one ? "is" : "are"} not lost: the new leader had ${one ? "it" : "them"}, and ${one ? "it is" : "they are"} committed with entry ${last}, of its own term.`;
}

/**
 * What a leader still has to do for what is in its log: it counts the copies that it knows of, and
 * only those of its own term (5.4.2).
 * @param {StageState} state
 * @param {NodeGlance} leader
 * @param {string} which
 */
function copying(state, leader, which) {
  const view = state.detail(leader.id)?.view;
  if (!view) return `It leads term ${leader.epoch}.`;
  const { commit, last } = leader.glance;
  const one = last - commit === 1;
  const they = one ? "it is" : "they are";
  const known = (/** @type {number[]} */ set) =>
    set.filter(
      (id) => id === leader.id || view.peers.some((/** @type {any} */ p) => p.node === id && p.match >= last),
    ).length;
  const { voters, outgoing } = view.config;
  const old = view.log.entries.filter(
    (/** @type {any} */ e) => e.index > commit && e.term < leader.epoch,
  ).length;
  const holds = `${known(voters)} of ${voters.length} logs ${known(voters) === 1 ? "is" : "are"} known to hold ${one ? "it" : "them"}`;
  if (outgoing.length > 0)
    return `Two sets of members decide together, each by a majority: ${known(outgoing)} of the ${outgoing.length} old and ${known(voters)} of the ${voters.length} new are known to hold ${one ? "it" : "them"}.`;
  if (old === last - commit && state.options?.mutant === "old_term_commit")
    return `${capital(which)} ${one ? "is" : "are"} of an older term: ${holds}. The rule that ${one ? "it waits" : "they wait"} for an entry of the leader's own term is left out: with ${leader.glance.needed} copies ${they} committed, and not safe.`;
  if (old === last - commit)
    return `${capital(which)} ${one ? "is" : "are"} of an older term: ${holds}, yet a leader counts copies only of entries of its own term, here ${leader.epoch}. Older ones are committed along with one of those.`;
  const survived =
    old > 0
      ? `${capital(nounOf(commit + 1, commit + old))} of an older term ${old === 1 ? "is" : "are"} in its log and so ${old === 1 ? "survives" : "survive"}. `
      : `It leads term ${leader.epoch}. `;
  return `${survived}${holds}; with ${leader.glance.needed} ${they} committed.`;
}

/**
 * @param {number} first
 * @param {number} last
 */
function nounOf(first, last) {
  if (first === last) return `entry ${last}`;
  return `entries ${first} ${last - first === 1 ? "and" : "to"} ${last}`;
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
  const { needed } = up[0].glance;
  const voters = votersOf(state, up[0].id);
  const able = up.filter((node) => voters.includes(node.id));
  if (able.length < needed)
    return {
      headline: `Only ${counted(able.length, "node")} of ${voters.length} ${able.length === 1 ? "is" : "are"} up`,
      watch: `${needed} votes make a leader: the cluster has to wait for a restart.`,
    };
  const fallen = lastLeader(state);
  if (fallen && fallen.epoch >= term)
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
  const gone = lastLeader(state);
  if (!gone || gone.id === candidate) return "";
  const when = state.recent.findLast((e) => e.node === gone.id && e.kind === "action" && e.name === "crash");
  const ago = when ? ` ${duration(state.now - when.at_ms)} ago` : "";
  return `Node ${gone.id}, leader of term ${gone.epoch}, ${gone.status === "paused" ? "was paused" : "crashed"}${ago}. `;
}

/**
 * The last of the leaders that are down or stand still.
 * @param {StageState} state
 */
function lastLeader(state) {
  return state.nodes
    .filter((node) => node.status !== "up" && node.role === "leader")
    .sort((a, b) => b.epoch - a.epoch)[0];
}

/**
 * Who votes, as a node knows it.
 * @param {StageState} state
 * @param {number} id
 * @returns {number[]}
 */
function votersOf(state, id) {
  const voters = state.detail(id)?.view?.config?.voters ?? [];
  return voters.length > 0 ? voters : state.nodes.map((node) => node.id);
}

/**
 * The voters that are up and that a node can talk with both ways, itself included.
 * @param {StageState} state
 * @param {number} id
 */
function reachable(state, id) {
  const cut = new Set();
  for (const [from, to] of state.cuts) {
    if (from === id) cut.add(to);
    if (to === id) cut.add(from);
  }
  const voters = votersOf(state, id);
  return state.nodes.filter((node) => node.status === "up" && !cut.has(node.id) && voters.includes(node.id));
}
