// How many pairs of acquire and release the lock manager's cluster does in wasm under Node, with the trace
// recorded. Prints; decides nothing.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { initSync, Simulation } from "../www/pkg/locks.js";

const wasm = readFileSync(new URL("../www/pkg/locks_bg.wasm", import.meta.url));
initSync({ module: wasm });
const kib = (/** @type {number} */ bytes) => `${Math.round(bytes / 1024)} KiB`;
console.log(`wasm file: ${kib(wasm.length)}, gzipped ${kib(gzipSync(wasm).length)}`);

/** @param {any} run The newest token: every grant has one. */
const token = (run) => run.node(0).view.machine.token;

/** @param {number} clients */
function cluster(clients) {
  /** @type {any} */
  const scenario = {
    protocol: "locks",
    nodes: 3,
    invariants: false,
    options: { batch: 1000, window: 4, snapshot_every: 5000, machine: { ttl_ms: 60_000 } },
    clients: { count: clients, workload: "own_lock", think_ms: [0, 2], timeout_ms: 5000 },
    script: [{ at_ms: 10, do: "timeout", node: 0, timer: "election" }],
  };
  const run = new Simulation(scenario);
  run.advance_ms(1000);
  const before = token(run);
  const start = performance.now();
  while (run.position < 1_500_000) run.advance_ms(50);
  const seconds = (performance.now() - start) / 1000;
  const pairs = token(run) - before;
  run.free();
  return pairs / seconds;
}

cluster(100);
console.log("acquire and release through three nodes, pairs a second");
for (const clients of [10, 100, 1000]) {
  console.log(`  ${clients} clients: ${Math.round(cluster(clients))}`);
}
