// A worker of the hunt: it has a wasm module of its own, and does what it is told, one thing at a time.
// It works in slices, and looks at what it is told in between.

import { Hunt, noReturn, shrink, startHunt } from "./wasm-hunt.js";

/** @typedef {import("./hunt/crew.js").Task} Task */
/** @typedef {import("./hunt/crew.js").News} News */

/** How long a slice lasts, in milliseconds. */
const SLICE_MS = 120;

/** How long other runs with the same violation are looked for when one is made small, in milliseconds. */
const AGAIN_MS = 10_000;

/** @type {Hunt | null} */
let hunt = null;
let paused = false;
/** Whether a slice is on its way. */
let running = false;
let spent = 0;

const post = (/** @type {News} */ news) => postMessage(news);

function report() {
  if (hunt) post({ news: "figures", figures: hunt.figures(), spent_ms: spent });
}

function slice() {
  running = false;
  if (!hunt || paused) return;
  const began = performance.now();
  const found = hunt.run(() => performance.now() - began < SLICE_MS);
  spent += performance.now() - began;
  report();
  // Whoever wants more finds says so.
  if (found) paused = true;
  if (found) post({ news: "catch", found });
  if (hunt.figures().over) post({ news: "over" });
  else next();
}

/** Lets messages in before the next slice. */
function next() {
  if (running || paused) return;
  running = true;
  setTimeout(slice);
}

/** @type {Record<string, (task: any) => void>} */
const doing = {
  hunt(/** @type {Extract<Task, { task: "hunt" }>} */ { order }) {
    hunt?.free();
    hunt = new Hunt(order);
    paused = false;
    spent = 0;
    next();
  },
  pause() {
    paused = true;
  },
  resume() {
    paused = false;
    next();
  },
  shrink(/** @type {Extract<Task, { task: "shrink" }>} */ { found, order, most }) {
    const { scenario, breach, patience_ms } = found;
    let until = Infinity;
    const shrunk = shrink(scenario, breach, patience_ms, order, most, (entries, tried, again, best) => {
      if (again && until === Infinity) until = performance.now() + AGAIN_MS;
      post({ news: "shrinking", entries, tried, again, best });
      return performance.now() < until;
    });
    post({ news: "shrunk", shrunk });
  },
  fates(/** @type {Extract<Task, { task: "fates" }>} */ { scenario, breach, events, tries, seed }) {
    for (const event of events) {
      post({ news: "fate", fate: noReturn(scenario, breach, event, tries, seed) });
    }
    post({ news: "fates" });
  },
};

const started = startHunt();
onmessage = async ({ data }) => {
  try {
    await started;
    doing[data.task](data);
  } catch (error) {
    post({ news: "failed", words: String(/** @type {any} */ (error)?.message ?? error) });
  }
};
