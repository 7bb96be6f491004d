// What is happening in Paxos, in one sentence, and what to watch for, in another.

import { capital, counted, duration, listed, nodesListed } from "../lib/format.js";

/** @typedef {import("../types.js").NodeGlance} NodeGlance */
/** @typedef {import("../types.js").StageState} StageState */

/** How long what has just happened is the headline, in virtual milliseconds. */
const FRESH_MS = 30;

/**
 * @param {StageState} state
 * @returns {{ headline: string, watch: string }}
 */
export function paxosHeadline(state) {
  const up = state.nodes.filter((node) => node.status === "up");
  if (up.length === 0) return { headline: "Every node is down", watch: "Restart a quorum to go on." };
  return up[0].glance.single ? single(state, up) : multi(state, up);
}

/**
 * The views of all nodes that can be asked, by node.
 * @param {StageState} state
 * @param {NodeGlance[]} nodes
 * @returns {Map<number, any>}
 */
function viewsOf(state, nodes) {
  const views = new Map();
  for (const { id } of nodes) {
    const view = state.detail(id)?.view;
    if (view) views.set(id, view);
  }
  return views;
}

/**
 * Values that a quorum has accepted in one ballot, whether anybody knows it or not.
 * @param {Map<number, any>} views
 */
function chosenValues(views) {
  /** @type {Map<string, { value: string, ballot: string, nodes: number[] }>} */
  const votes = new Map();
  let needed = Infinity;
  for (const [id, view] of views) {
    needed = view.quorums[1];
    for (const { ballot, accepted } of view.ballots) {
      if (!accepted) continue;
      const key = `${ballot} ${accepted}`;
      const vote = votes.get(key) ?? { value: accepted, ballot, nodes: /** @type {number[]} */ ([]) };
      vote.nodes.push(id);
      votes.set(key, vote);
    }
  }
  return [...votes.values()].filter(({ nodes }) => nodes.length >= needed);
}

/**
 * @param {StageState} state
 * @param {NodeGlance[]} up
 */
function single(state, up) {
  const views = viewsOf(state, state.nodes);
  const learnt = up.filter((node) => views.get(node.id)?.decided);
  const values = [...new Set(learnt.map((node) => views.get(node.id).decided))];
  const chosen = chosenValues(views);
  const watch = "That must never be: whoever asks is told one or the other.";
  const both = [...new Set(chosen.map(({ value }) => value))];
  if (both.length > 1) return { headline: `Two values are chosen: ${listed(both)}`, watch };
  // What was learnt need not have been chosen, where a rule is left out.
  if (values.length > 1) return { headline: `Two values are learnt: ${listed(values)}`, watch };
  const other = both.find((value) => values.length > 0 && value !== values[0]);
  if (other) {
    const who = nodesListed(learnt.map(({ id }) => id));
    const has = learnt.length === 1 ? "has" : "have";
    return {
      headline: `${capital(who)} ${has} learnt ${values[0]}, and a quorum has accepted ${other}`,
      watch,
    };
  }
  if (learnt.length > 0) return decided(state, up, learnt, values[0], views.get(learnt[0].id));
  if (chosen.length > 0) {
    const [{ value, ballot, nodes }] = chosen;
    return {
      headline: `${value} is chosen, and nobody knows it yet`,
      watch: `${capital(nodesListed(nodes))} ${nodes.length === 1 ? "has" : "have"} accepted it in ballot ${ballot}, which is final. ${whoFindsOut(state, ballot, views)}`,
    };
  }
  const active = up.filter((node) => node.role === "preparing" || node.role === "proposing");
  const working = active.filter((node) => !node.glance.backs_off);
  const [first] = latestFirst(working);
  if (working.length > 1) return rivals(state, latestFirst(working), views);
  if (first) return alone(state, first, views.get(first.id));
  if (active.length > 0) return giveWay(state, active);
  return idle(up, views);
}

/**
 * Who will know first that a ballot's value is chosen.
 * @param {StageState} state
 * @param {string} ballot
 * @param {Map<number, any>} views
 */
function whoFindsOut(state, ballot, views) {
  const id = Number(ballot.split(".")[1]);
  const status = state.nodes.find((node) => node.id === id)?.status;
  if (status === "up" && views.get(id)?.proposer) return `Node ${id} knows once their votes arrive.`;
  const fate = { up: "has forgotten it", paused: "stands still", crashed: "is down" }[status ?? "up"];
  return `Node ${id}, whose ballot it is, ${fate}: whoever asks a quorum next will hear of it.`;
}

/** @param {NodeGlance[]} nodes by their ballots, the latest first */
function latestFirst(nodes) {
  return [...nodes].sort((a, b) => b.epoch - a.epoch);
}

/** @param {NodeGlance} node */
function ballotOf({ glance }) {
  return `${glance.round}.${glance.of}`;
}

/**
 * @param {StageState} state
 * @param {NodeGlance[]} up
 * @param {NodeGlance[]} learnt
 * @param {string} value
 * @param {any} view of one that has learnt it
 */
function decided(state, up, learnt, value, view) {
  const others = up.filter((node) => !learnt.includes(node));
  const news = state.recent.findLast((e) => e.name === "chosen");
  const fresh = news !== undefined && state.now - news.at_ms < FRESH_MS;
  const [promises, votes] = view.quorums;
  const final =
    promises + votes > view.acceptors
      ? "Every quorum that promises a later ballot has one of them in it, and must report it."
      : `But ${counted(promises, "promise")} can come from others than these: a later ballot need not hear of it.`;
  return {
    headline: `${value} is chosen`,
    watch: fresh
      ? `${news.text}. ${final}`
      : others.length > 0
        ? `${capital(nodesListed(learnt.map((node) => node.id)))} ${learnt.length === 1 ? "knows" : "know"} it; ${nodesListed(others.map((node) => node.id))} ${others.length === 1 ? "has" : "have"} yet to learn it.`
        : "Every node that is up knows it. Whoever proposes something else is told so.",
  };
}

/**
 * That a proposer cannot get as many answers as it needs, or "".
 * @param {StageState} state
 * @param {NodeGlance} node
 * @param {any} view
 */
function outOfReach(state, node, view) {
  const proposer = view?.proposer;
  if (!proposer) return "";
  const { phase, needed, ballot } = proposer;
  const near = reachable(state, node.id, view.acceptors);
  const reach = near.length;
  // Whoever has answered counts, whatever became of it: the answer may be under way.
  const answered = (/** @type {NodeGlance} */ { id }) => {
    const it = state.detail(id)?.view;
    return phase === 1 ? it?.promised === ballot : it?.accepted?.ballot === ballot;
  };
  const had = state.nodes.filter(answered).map(({ id }) => id);
  const have = phase === 1 ? proposer.promised : proposer.accepted;
  if (new Set([...near, ...had, ...have]).size >= needed) return "";
  const what = counted(needed, phase === 1 ? "promise" : "vote");
  return `It reaches ${some(reach)} and needs ${what}: it gets no further as long as that is so.`;
}

/**
 * One proposer at work.
 * @param {StageState} state
 * @param {NodeGlance} node
 * @param {any} view
 */
function alone(state, node, view) {
  const proposer = view?.proposer;
  const ballot = ballotOf(node);
  if (!proposer) return { headline: `Node ${node.id} works on ballot ${ballot}`, watch: "" };
  const { needed, must, promised, accepted, value } = proposer;
  const stuck = outOfReach(state, node, view);
  if (proposer.phase === 1) {
    const missing = needed - promised.length;
    const bound = must
      ? `It ${state.options?.mutant ? "goes on to" : "must"} adopt ${must.value}: acceptor ${must.acceptor} accepted it in ballot ${must.ballot}.`
      : `If none of them reports anything, it is free to propose ${view.wish ?? "what it likes"}.`;
    return {
      headline: `Node ${node.id} prepares ballot ${ballot}`,
      watch:
        stuck ||
        `It has ${promised.length} of ${needed} promises${missing > 0 ? `, ${missing} more to go` : ""}. ${bound}`,
    };
  }
  const votes =
    stuck ||
    `${accepted.length} of ${needed} votes${accepted.length ? ` so far, of ${nodesListed(accepted)}` : " so far"}.`;
  // Where a rule is left out it may be another one than it must be.
  if (must && state.options?.mutant)
    return {
      headline: `Node ${node.id} proposes ${value} in ballot ${ballot}`,
      watch: `Acceptor ${must.acceptor} accepted ${must.value} in ballot ${must.ballot}, which it goes by. ${votes}`,
    };
  if (must)
    return {
      headline: `Node ${node.id} must propose ${value} in ballot ${ballot}`,
      watch: `Acceptor ${must.acceptor} accepted ${must.value} in ballot ${must.ballot}, the latest that its quorum reported. ${votes}`,
    };
  return {
    headline: `Node ${node.id} proposes ${value} in ballot ${ballot}`,
    watch: `Its quorum had accepted nothing, so it proposes its own value. ${votes}`,
  };
}

/**
 * Several proposers at work.
 * @param {StageState} state
 * @param {NodeGlance[]} working the latest ballot first
 * @param {Map<number, any>} views
 */
function rivals(state, working, views) {
  const [latest, other] = working;
  const two = working.length === 2;
  const rounds = Math.max(...working.map((node) => node.glance.round));
  const who = capital(nodesListed(working.map((node) => node.id).sort((a, b) => a - b)));
  const told = (/** @type {NodeGlance} */ node) => {
    const proposer = views.get(node.id)?.proposer;
    const have = proposer?.phase === 1 ? proposer.promised.length : (proposer?.accepted.length ?? 0);
    const what = proposer?.phase === 1 ? "promises" : `votes for ${proposer?.value}`;
    return `ballot ${ballotOf(node)} has ${have} of ${proposer?.needed} ${what}`;
  };
  if (ballotOf(latest) === ballotOf(other))
    return {
      headline: `${who} share ballot ${ballotOf(latest)}`,
      watch: "A ballot must belong to one proposer: these two can have two values accepted in it.",
    };
  // Where one of them is on the wrong side of a cut, it is no duel.
  const cutOff = working.find((node) => outOfReach(state, node, views.get(node.id)));
  if (cutOff)
    return {
      headline: `${who} ${two ? "both " : ""}propose`,
      watch: `Node ${cutOff.id} has ballot ${ballotOf(cutOff)}. ${outOfReach(state, cutOff, views.get(cutOff.id))}`,
    };
  if (rounds > 4)
    return {
      headline: `${who} duel, now with ballot ${ballotOf(latest)}`,
      watch: two
        ? "Each prepares a higher ballot before the other’s votes are in, so neither gets anywhere. If one waited a little, the other would finish."
        : "Each prepares a higher ballot before another’s votes are in, so none gets anywhere. If the others waited a little, one would finish.",
    };
  return {
    headline: `${who} ${two ? "both " : ""}propose`,
    watch: `${capital(told(latest))}; ${told(other)}. Acceptors that promise the later one refuse the earlier.`,
  };
}

/**
 * All that propose wait.
 * @param {StageState} state
 * @param {NodeGlance[]} active
 */
function giveWay(state, active) {
  const next = active.filter((node) => node.timerDue >= 0).sort((a, b) => a.timerDue - b.timerDue)[0];
  const who = capital(nodesListed(active.map((node) => node.id)));
  return {
    headline: `${who} ${active.length === 1 ? "gives" : "give"} way`,
    watch: next
      ? `Node ${next.id} tries a higher ballot in ${duration(Math.max(0, next.timerDue - state.now))}. The waits are random, so that one of them is alone for long enough.`
      : "",
  };
}

/** @param {number} acceptors */
function some(acceptors) {
  return acceptors === 0 ? "no acceptor" : counted(acceptors, "acceptor");
}

/**
 * @param {number} first
 * @param {number} second
 */
function needs(first, second) {
  return `${first} ${first === 1 ? "has" : "have"} to promise and ${second} to accept`;
}

/**
 * @param {number} acceptors that are up
 * @param {any} view
 */
function tooFew(acceptors, view) {
  const up = `${counted(acceptors, "acceptor")} of ${view.acceptors} ${acceptors === 1 ? "is" : "are"} up`;
  return { headline: acceptors === 0 ? "No acceptor is up" : `Only ${up}` };
}

/**
 * Nobody proposes.
 * @param {NodeGlance[]} up
 * @param {Map<number, any>} views
 */
function idle(up, views) {
  const view = views.get(up[0].id);
  const acceptors = up.filter((node) => views.get(node.id)?.acceptor).length;
  const [first, second] = view?.quorums ?? [0, 0];
  if (acceptors < Math.max(first, second))
    return {
      ...tooFew(acceptors, view),
      watch: `${needs(first, second)}: nothing can be chosen before more of them are back.`,
    };
  const touched = up.some((node) => node.glance.round > 0);
  return {
    headline: touched ? "Nobody proposes now" : "Nobody has proposed anything yet",
    watch: touched
      ? "What was accepted stays accepted: whoever prepares the next ballot will hear of it."
      : `Ask a node to propose a value. ${counted(first, "promise")} and ${counted(second, "vote")} choose it.`,
  };
}

/**
 * @param {StageState} state
 * @param {NodeGlance[]} up
 */
function multi(state, up) {
  const leaders = latestFirst(up.filter((node) => node.role === "leader"));
  const preparing = latestFirst(up.filter((node) => node.role === "preparing"));
  const [leader, older] = leaders;
  if (older) return twoLeaders(state, leader, older);
  const [candidate] = preparing;
  if (candidate && (!leader || candidate.epoch > leader.epoch))
    return takingOver(state, candidate, preparing.length, leader);
  if (leader) return leading(state, leader);
  return leaderless(state, up);
}

/**
 * @param {StageState} state
 * @param {NodeGlance} newer
 * @param {NodeGlance} older
 */
function twoLeaders(state, newer, older) {
  const view = state.detail(older.id)?.view;
  const needed = view?.quorums[1] ?? older.glance.needed;
  if (ballotOf(newer) === ballotOf(older))
    return {
      headline: `${capital(nodesListed([older.id, newer.id].sort((a, b) => a - b)))} both lead with ballot ${ballotOf(newer)}`,
      watch: "A ballot must belong to one proposer: these two can have two values accepted in one slot.",
    };
  const reach = reachable(state, older.id, view?.acceptors).length;
  return {
    headline: `Node ${newer.id} leads with ballot ${ballotOf(newer)}, and node ${older.id} still believes in ballot ${ballotOf(older)}`,
    watch:
      reach < needed
        ? `Node ${older.id} reaches ${some(reach)} and needs ${counted(needed, "vote")}: it can have nothing chosen.`
        : `Acceptors that have promised ballot ${ballotOf(newer)} refuse node ${older.id}; the first refusal makes it follow.`,
  };
}

/**
 * @param {StageState} state
 * @param {NodeGlance} candidate
 * @param {number} count
 * @param {NodeGlance | undefined} leader
 */
function takingOver(state, candidate, count, leader) {
  const { votes, needed, executed } = candidate.glance;
  const gone = leader ? "" : lostLeader(state);
  const others =
    count > 1 ? ` ${count - 1 === 1 ? "Another node does" : `${count - 1} others do`} the same.` : "";
  const stuck = outOfReach(state, candidate, state.detail(candidate.id)?.view);
  return {
    headline: `Node ${candidate.id} prepares ballot ${ballotOf(candidate)} for all slots after ${executed}`,
    watch: stuck
      ? `${gone}${stuck}`
      : `${gone}It has ${votes} of ${needed} promises; each tells what its acceptor has accepted there.${others}`,
  };
}

/**
 * @param {StageState} state
 * @param {NodeGlance} leader
 */
function leading(state, leader) {
  const view = state.detail(leader.id)?.view;
  const ballot = ballotOf(leader);
  const needed = view?.quorums[1] ?? leader.glance.needed;
  const reach = reachable(state, leader.id, view?.acceptors).length;
  if (reach < needed)
    return {
      headline: `Node ${leader.id} leads with ballot ${ballot} and reaches no quorum`,
      watch: `It reaches ${some(reach)} and needs ${counted(needed, "vote")}, so nothing it proposes can be chosen.`,
    };
  const gap = state.recent.findLast((e) => e.name === "gap_filled" && e.node === leader.id);
  if (gap && state.now - gap.at_ms < 2 * FRESH_MS)
    return {
      headline: gap.text,
      watch:
        "Its quorum has accepted nothing there, so nothing was chosen there; a hole would hold up all that follows.",
    };
  const elected = state.recent.findLast((e) => e.name === "elected" && e.node === leader.id);
  const fresh = elected !== undefined && state.now - elected.at_ms < FRESH_MS;
  const open = (view?.slots ?? []).filter((/** @type {any} */ slot) => !slot.chosen);
  if (open.length > 0) {
    const [first] = open;
    const last = open.at(-1).slot;
    const which =
      last === first.slot
        ? `slot ${last}`
        : `slots ${first.slot} ${last - first.slot === 1 ? "and" : "to"} ${last}`;
    return {
      headline: fresh ? elected.text : `Node ${leader.id} gathers votes for ${which}`,
      watch: `${first.value} in slot ${first.slot} has ${first.voters.length} of ${needed} votes. Phase 1 was done once for all slots; each takes phase 2 alone.`,
    };
  }
  return {
    headline: fresh ? elected.text : `Node ${leader.id} leads with ballot ${ballot}`,
    watch: `${leader.glance.executed === 0 ? "Nothing is chosen yet." : `Every slot up to ${leader.glance.executed} is chosen and carried out.`} Its heartbeats keep the others from preparing ballots.`,
  };
}

/**
 * @param {StageState} state
 * @param {NodeGlance[]} up
 */
function leaderless(state, up) {
  const view = state.detail(up[0].id)?.view;
  const acceptors = up.filter((node) => node.id < (view?.acceptors ?? Infinity)).length;
  const [first, second] = view?.quorums ?? [0, 0];
  if (acceptors < Math.max(first, second))
    return {
      ...tooFew(acceptors, view),
      watch: `${needs(first, second)}: the cluster has to wait for a restart.`,
    };
  const next = up.filter((node) => node.timerDue >= 0).sort((a, b) => a.timerDue - b.timerDue)[0];
  const soon = next
    ? `Node ${next.id} is the first to lose patience, in ${duration(Math.max(0, next.timerDue - state.now))}.`
    : "";
  return { headline: "Nobody leads", watch: `${lostLeader(state)}${soon}` };
}

/** @param {StageState} state what became of the last leader, when it has gone */
function lostLeader(state) {
  const [gone] = latestFirst(state.nodes.filter((node) => node.status !== "up" && node.role === "leader"));
  if (!gone) return "";
  return `Node ${gone.id}, leader with ballot ${ballotOf(gone)}, ${gone.status === "paused" ? "stands still" : "has crashed"}. `;
}

/**
 * The acceptors that a node can talk with both ways, itself included.
 * @param {StageState} state
 * @param {number} id
 * @param {number} [acceptors]
 */
function reachable(state, id, acceptors = Infinity) {
  const cut = new Set();
  for (const [from, to] of state.cuts) {
    if (from === id) cut.add(to);
    if (to === id) cut.add(from);
  }
  const near = state.nodes.filter((node) => node.status === "up" && !cut.has(node.id) && node.id < acceptors);
  return near.map((node) => node.id);
}
