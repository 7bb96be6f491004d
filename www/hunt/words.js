// What the hunt says: of its strategies, of what it found, and of what it did not.

import { capital, counted, duration, listed } from "../lib/format.js";
import { BOUNDS } from "./orders.js";

/** @typedef {import("../pkg/hunt").Breach} Breach */
/** @typedef {import("../pkg/hunt").Strategy} Strategy */

/** What there is of each within the widest bounds. */
function boundsListed() {
  const { requests, timers, crashes, copies } = BOUNDS;
  return listed([
    counted(requests, "request"),
    counted(timers, "time-out"),
    counted(crashes, "crash", "crashes"),
    counted(copies, "copied message"),
  ]);
}

/** @type {Record<Strategy, { name: string, help: string }>} */
export const STRATEGIES = {
  mixed: {
    name: "All in turn",
    help: "The strategies below share the time, but for the search of every order. The best to begin with.",
  },
  swarm: {
    name: "Swarm",
    help: "Messages travel by themselves while nodes crash, links fail and clocks drift at random. Each run leaves out some kinds of faults altogether, so that the others come close together.",
  },
  rounds: {
    name: "Rounds",
    help: "Messages wait. In each round some nodes hear each other and the rest nobody, somebody asks or a timer goes off, and a few messages arrive. What is left may come much later.",
  },
  pct: {
    name: "Priorities",
    help: "Messages wait. Each link, timer and client has a priority, which changes at one to four random moments: enough for a fault that needs two to five events in one order.",
  },
  guided: {
    name: "Guided",
    help: "Runs that came to states or facts which no run had seen before are changed a little and tried again.",
  },
  exhaustive: {
    name: "Every order",
    help: `The orders of a few requests and their deliveries, and of the crashes, early timers and copied messages that are ticked below, on a cluster that the seed draws, the shortest first. Its bounds widen in ${BOUNDS.steps} steps at the most to ${boundsListed()}, and within each it looks at ${BOUNDS.states.toLocaleString("en")} states at the most. The first request is asked of the first node. It looks at invariants, neither at whether an order explains the clients' answers nor at whether they come. What it finds, nothing shorter within the same bounds does.`,
  },
};

/** @type {[key: string, label: string][]} */
export const FAULTS = [
  ["crashes", "Crashes"],
  ["cuts", "Cuts and partitions"],
  ["network", "Loss, copies, delay"],
  ["pauses", "Pauses"],
  ["clocks", "Clocks"],
  ["timers", "Early timers"],
  ["disks", "Lost disks"],
  ["liars", "Liars"],
  ["members", "Joins and leaves"],
];

/**
 * What is wrong, as a name.
 * @param {Breach} breach
 */
export function breachName(breach) {
  if (breach === "history") return "linearizability";
  if (breach === "silence") return "an answer once all is well";
  return breach.invariant;
}

/**
 * What is wrong, as a headline.
 * @param {string} title of the protocol
 * @param {Breach} breach
 */
export function breachHeadline(title, breach) {
  return breach === "silence"
    ? `${title}: a request is not answered in time`
    : `${title}: “${breachName(breach)}” is violated`;
}

/**
 * A request that was not answered though all was well.
 * @param {number} patience_ms the span within which it has to be
 */
export function silenceWords(patience_ms) {
  return `The last request, asked while every node is up, is not answered within ${duration(patience_ms)}`;
}

/**
 * Hunts to begin with: a protocol, a rule, why it is worth a look, and which kinds of faults may not befall it.
 * @type {[protocol: string, mutant: string, words: string, without?: string][]}
 */
export const FIRST_HUNTS = [
  ["raft", "old_term_commit", "Figure 8 of the Raft paper: an entry that a majority has, and that is lost."],
  ["paxos", "lowest_accepted", "The wrong value of two: it takes three ballots to see."],
  ["pbft", "drops_prepared", "A view change that forgets what was prepared. Nobody has to lie.", "liars"],
  ["raft", "reused_read_token", "A read that answers before its own question was confirmed."],
  ["locks", "no_fencing_check", "Two holders of one lock, and a resource that believes both."],
  ["sequence", "tombstones_dropped", "Two writers, one text, and copies that never agree again."],
  ["raft", "", "Raft with all its rules: what is found here would be a defect."],
];

/**
 * @param {number} n
 * @returns {string} `20,432`
 */
export function number(n) {
  return Math.round(n).toLocaleString("en");
}

/**
 * What is taken where something else was typed than a number can be.
 * @param {string} typed empty where it is no number at all
 * @param {string} taken
 * @param {number} most
 */
export function takenInstead(typed, taken, most) {
  const what = typed ? `“${typed.replace(/^-/, "−")}”` : "What was typed";
  return `${what} is not a whole number from 0 to ${number(most)}. Taken: ${taken}.`;
}

/**
 * The violation in a paragraph.
 * @param {{ breach: Breach, said: string, left: string | null, nodes: number, steps: number, minimal: boolean,
 *   strategy: Strategy, run: number }} of `left`: the rule that is left out, in the words of the options
 */
export function paragraph({ breach, said, left, nodes, steps, minimal, strategy, run }) {
  const how =
    strategy === "exhaustive"
      ? `in state ${number(run)} of the search of every order`
      : `in run ${number(run)} (${STRATEGIES[strategy].name.toLowerCase()})`;
  const much = steps > 0 ? counted(steps, "step") : "and nothing but what its clients ask by themselves";
  const parts = [`First found ${how}, and made small: ${counted(nodes, "node")}, ${much}.`];
  if (left) parts.push(`What it does wrong: ${left}.`);
  parts.push(capital(said.replace(/[.\s]*$/, "")) + ".");
  if (breach === "history" && !/^no order/i.test(said)) {
    parts.push("No single order of the clients' operations explains all that they were answered.");
  }
  if (minimal && steps > 0)
    parts.push(`Leave out ${steps > 1 ? "any one of the steps" : "that step"}, and it does not happen.`);
  if (left) parts.push("With the rule back in its place, the same run does no harm.");
  return parts.join(" ");
}

/**
 * What is to be said where nothing was found: what was tried, and no more.
 * @param {{ runs: number, strategies: { strategy: string, runs: number }[], end?: "exhausted" | "ended" | "" }} total
 */
export function nothingFound({ runs, strategies, end = "" }) {
  const states = strategies.find((figures) => figures.strategy === "exhaustive")?.runs ?? 0;
  if (end === "exhausted") return `No violation in ${number(states)} states: every order within the bounds`;
  const parts = [];
  if (runs - states > 0) parts.push(counted(runs - states, "schedule"));
  if (states > 0) parts.push(counted(states, "state"));
  return parts.length ? `No violation in ${listed(parts)}` : "Stopped before anything was tried";
}
