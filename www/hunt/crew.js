// The workers of a hunt: one for each core but one, each with its own seed and its own wasm module.

import { endOfOrders, ordersOf } from "./orders.js";

/** @typedef {import("../pkg/hunt").Catch} Catch */
/** @typedef {import("../pkg/hunt").Fate} Fate */
/** @typedef {import("../pkg/hunt").Breach} Breach */
/** @typedef {import("../pkg/hunt").HuntFigures} HuntFigures */
/** @typedef {import("../pkg/hunt").HuntOrder} HuntOrder */
/** @typedef {import("../pkg/hunt").Shrunk} Shrunk */
/** @typedef {import("../types.js").Scenario} Scenario */

/**
 * What a worker is told.
 * @typedef {{ task: "hunt", order: HuntOrder } | { task: "pause" } | { task: "resume" }
 *   | { task: "shrink", found: Pick<Catch, "scenario" | "breach" | "patience_ms">, order: HuntOrder, most: number }
 *   | { task: "fates", scenario: Scenario, breach: Breach, events: number[], tries: number, seed: number }} Task
 */
/**
 * What a worker tells.
 * @typedef {{ news: "figures", figures: HuntFigures, spent_ms: number } | { news: "catch", found: Catch }
 *   | { news: "over" } | { news: "shrinking", entries: number, tried: number, again: boolean, best?: Partial<Scenario> }
 *   | { news: "shrunk", shrunk: Shrunk } | { news: "fate", fate: Fate } | { news: "fates" }
 *   | { news: "failed", words: string }} News
 */

/** The most workers, however many cores there are: each has memory of its own. */
const CREW_MOST = 16;
/** Seeds of two workers are so far apart. */
const APART = 1_000_003;

/** How many workers there are: one for each core but one. */
export function crewSize() {
  return Math.max(1, Math.min(CREW_MOST, (navigator.hardwareConcurrency || 2) - 1));
}

/** @param {(news: News) => void} hear */
export function makeWorker(hear) {
  const worker = new Worker(new URL("./hunt-worker.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => hear(data);
  worker.onerror = (event) =>
    hear({ news: "failed", words: event.message || "the worker could not be started" });
  return {
    /** @param {Task} task */
    tell: (task) => worker.postMessage(task),
    end: () => worker.terminate(),
  };
}

export class Crew {
  /**
   * @param {HuntOrder} order
   * @param {number} size
   * @param {(news: News, worker: number) => void} hear
   */
  constructor(order, size, hear) {
    /** What each has done. @type {(HuntFigures | null)[]} */
    this.figures = Array(size).fill(null);
    /** How long each has worked, in milliseconds. */
    this.spent = Array(size).fill(0);
    this.over = Array(size).fill(false);
    this.workers = Array.from({ length: size }, (_, place) => {
      const worker = makeWorker((news) => {
        if (news.news === "figures") {
          this.figures[place] = news.figures;
          this.spent[place] = news.spent_ms;
        }
        if (news.news === "over") this.over[place] = true;
        hear(news, place);
      });
      worker.tell({ task: "hunt", order: { ...order, seed: (order.seed ?? 0) + place * APART } });
      return worker;
    });
  }

  pause() {
    for (const worker of this.workers) worker.tell({ task: "pause" });
  }

  resume() {
    for (const worker of this.workers) worker.tell({ task: "resume" });
  }

  /** @param {number} place the worker that is to go on after a find */
  goOn(place) {
    this.workers[place].tell({ task: "resume" });
  }

  end() {
    for (const worker of this.workers) worker.end();
  }

  /** All that the crew has done together. */
  get total() {
    /** @type {Map<string, { strategy: string, runs: number, events: number, found: number }>} */
    const strategies = new Map();
    let [states, facts] = [0, 0];
    for (const figures of this.figures) {
      if (!figures) continue;
      // What two have seen may be the same: the one that has seen most is the least there is.
      states = Math.max(states, figures.states);
      facts = Math.max(facts, figures.facts);
      for (const { strategy, runs, events, found } of figures.strategies) {
        // The search of every order looks at each state once.
        if (strategy === "exhaustive") states = Math.max(states, runs);
        const sum = strategies.get(strategy) ?? { strategy, runs: 0, events: 0, found: 0 };
        sum.runs += runs;
        sum.events += events;
        sum.found += found;
        strategies.set(strategy, sum);
      }
    }
    const all = [...strategies.values()];
    const sum = (/** @type {"runs" | "events" | "found"} */ key) =>
      all.reduce((total, figures) => total + figures[key], 0);
    const spent = Math.max(...this.spent);
    return {
      strategies: all,
      runs: sum("runs"),
      events: sum("events"),
      found: sum("found"),
      states,
      facts,
      spent,
      end: endOfOrders(this.figures),
      orders: ordersOf(this.figures),
    };
  }
}
