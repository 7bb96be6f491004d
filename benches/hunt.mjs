// How fast a hunt runs, and how soon it finds each rule that is left out, in wasm, in one thread.
// `node benches/hunt.mjs [seeds] [protocol] [mutant,mutant]`. Prints counts; decides nothing.
import { readFileSync } from "node:fs";
import { Hunt, describe, initSync, noReturn, protocols } from "../www/pkg/hunt.js";

initSync({ module: readFileSync(new URL("../www/pkg/hunt_bg.wasm", import.meta.url)) });
const seeds = Number(process.argv[2] ?? 3);
const only = process.argv[3];
const named = process.argv[4]?.split(",");
/** The seconds after which a hunt is given up. */
const PATIENCE_MS = 120_000;

/** @param {Record<string, unknown>} order */
function first(order) {
  const hunt = new Hunt(/** @type {any} */ (order));
  const start = performance.now();
  const found = hunt.run(() => performance.now() - start < PATIENCE_MS);
  hunt.free();
  return { ms: performance.now() - start, found };
}

for (const [protocol, strategy] of [
  ["paxos", "pct"],
  ["paxos", "rounds"],
  ["raft", "rounds"],
]) {
  const hunt = new Hunt(/** @type {any} */ ({ protocol, strategy }));
  const start = performance.now();
  hunt.run(() => performance.now() - start < 3000);
  const { strategies } = hunt.figures();
  const runs = strategies.reduce((/** @type {number} */ sum, /** @type {any} */ it) => sum + it.runs, 0);
  console.log(
    `${protocol}, ${strategy}: ${Math.round((1000 * runs) / (performance.now() - start))} runs a second`,
  );
  hunt.free();
}

/** Runs a second of five Raft nodes for ten virtual seconds, two clients, every check: what a point of no return takes. */
function fiveNodes() {
  /** @type {any} */
  const scenario = { protocol: "raft", nodes: 5, clients: { count: 2 }, until_ms: 5000 };
  const tries = 200;
  const start = performance.now();
  // A continuation goes on for twice as long as what is left.
  noReturn(scenario, "history", 0, tries, 1);
  return (1000 * tries) / (performance.now() - start);
}
fiveNodes();
console.log(
  `five Raft nodes, ten virtual seconds, two clients, every check: ${Math.round(fiveNodes())} runs a second`,
);

let [soon, all, late] = [0, 0, 0];
for (const protocol of protocols().filter((/** @type {string} */ name) => !only || name === only)) {
  for (const mutant of describe(protocol).mutants) {
    if (named && !named.includes(mutant)) continue;
    const hunts = Array.from({ length: seeds }, (_, seed) => first({ protocol, mutant, seed }));
    hunts.sort((a, b) => a.ms - b.ms);
    const median = hunts[Math.floor(hunts.length / 2)].ms / 1000;
    const most = hunts[hunts.length - 1].ms / 1000;
    const caught = hunts.filter(({ found }) => found).length;
    all += 1;
    soon += Number(caught > seeds / 2 && median < 10);
    late += Number(caught < seeds);
    console.log(
      `${protocol} ${mutant.padEnd(28)} ${median.toFixed(2)} s at the median, ${most.toFixed(2)} at the most, ${caught} of ${seeds}`,
    );
  }
}
console.log(`${soon} of ${all} within 10 s at the median; ${late} not with every seed within 120 s`);
