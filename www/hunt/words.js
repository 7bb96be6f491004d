// What the hunt says: of its strategies, of what it found, and of what it did not.

import { capital, counted, listed } from "../lib/format.js";

/** @typedef {import("../pkg/hunt").Breach} Breach */
/** @typedef {import("../pkg/hunt").Strategy} Strategy */

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
    help: "Messages wait. Each link, timer and client has a priority, which changes at two to five random moments: enough for a fault that needs so many events in one order.",
  },
  guided: {
    name: "Guided",
    help: "Runs that came to states or facts which no run had seen before are changed a little and tried again.",
  },
  exhaustive: {
    name: "Every order",
    help: "All orders of a few requests, deliveries, time-outs and crashes, the shortest first. What it finds, nothing shorter does.",
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
 * @param {number} n
 * @returns {string} `20,432`
 */
export function number(n) {
  return Math.round(n).toLocaleString("en");
}

/**
 * The violation in a paragraph.
 * @param {{ breach: Breach, said: string, left: string | null, nodes: number, steps: number, minimal: boolean,
 *   strategy: Strategy, run: number }} of `left`: the rule that is left out, in the words of the options
 */
export function paragraph({ breach, said, left, nodes, steps, minimal, strategy, run }) {
  const how =
    strategy === "exhaustive" ? `in state ${number(run)} of every order there is` : `in run ${number(run)}`;
  const parts = [
    `Found ${how} (${STRATEGIES[strategy].name.toLowerCase()}): ${counted(nodes, "node")}, ${counted(steps, "step")}.`,
  ];
  if (left) parts.push(`The rule that is left out: ${left}.`);
  parts.push(capital(said.replace(/[.\s]*$/, "")) + ".");
  if (breach === "history") {
    parts.push("No single order of the clients' operations explains all that they were answered.");
  }
  if (minimal) parts.push("Leave out any one of the steps, and it does not happen.");
  if (left) parts.push("With the rule back in its place, the same steps do no harm.");
  return parts.join(" ");
}

/**
 * What is to be said where nothing was found: what was tried, and no more.
 * @param {{ runs: number, strategies: { strategy: string, runs: number }[] }} total
 */
export function nothingFound({ runs, strategies }) {
  const states = strategies.find((figures) => figures.strategy === "exhaustive")?.runs ?? 0;
  const parts = [];
  if (runs - states > 0)
    parts.push(counted(runs - states, "schedule").replace(/^\d+/, number(runs - states)));
  if (states > 0) parts.push(`${number(states)} states of every order`);
  return parts.length ? `No violation in ${listed(parts)}` : "Nothing tried yet";
}
