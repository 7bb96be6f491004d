// How fast the simulator runs in wasm under Node: delivered messages, seeks, frames.
// Prints counts and ratios; decides nothing.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { initSync, Simulation } from "../www/pkg/raft.js";

/** What RaftScope's own model delivers a second, run headless in Node on such a machine. */
const RAFTSCOPE = 115_000;
const wasm = readFileSync(new URL("../www/pkg/raft_bg.wasm", import.meta.url));
initSync({ module: wasm });

/** @type {(nodes: number, clients: number, invariants: boolean) => any} */
const scenario = (nodes, clients, invariants) => ({
  protocol: "raft",
  nodes,
  invariants,
  clients: { count: clients, think_ms: [0, 2], timeout_ms: 1000 },
});
const millions = (/** @type {number} */ n) => `${(n / 1e6).toFixed(2)} M`;
const kib = (/** @type {number} */ bytes) => `${Math.round(bytes / 1024)} KiB`;

/**
 * Delivered messages a second over a run of `events` events.
 * @param {number} nodes
 * @param {number} clients
 * @param {boolean} invariants
 * @param {number} events
 */
function delivery(nodes, clients, invariants, events) {
  const run = new Simulation(scenario(nodes, clients, invariants));
  run.advance_ms(1000);
  const before = run.report().counts.delivered;
  const start = performance.now();
  while (run.position < events) run.advance_ms(100);
  const seconds = (performance.now() - start) / 1000;
  const delivered = run.report().counts.delivered - before;
  run.free();
  return delivered / seconds;
}

console.log(`wasm file: ${kib(wasm.length)}, gzipped ${kib(gzipSync(wasm).length)}`);
console.log("delivered messages a second in wasm, trace recorded");
delivery(5, 2, false, 200_000);
for (const [nodes, clients] of [
  [3, 2],
  [5, 2],
  [5, 16],
  [15, 2],
  [101, 2],
]) {
  const plain = delivery(nodes, clients, false, 400_000);
  const watched = delivery(nodes, clients, true, 400_000);
  console.log(
    `${nodes} nodes, ${clients} clients: ${millions(plain)} (${(plain / RAFTSCOPE).toFixed(1)} x RaftScope), ` +
      `with every invariant ${millions(watched)} (${(watched / plain).toFixed(2)})`,
  );
}

const long = new Simulation(scenario(5, 2, true));
while (long.length < 1_000_000) long.advance_ms(1000);
const times = [];
for (let n = 0; n < 101; n++) {
  const to = (long.end_ms * ((n * 37) % 101)) / 101;
  const start = performance.now();
  long.seek_ms(to);
  times.push(performance.now() - start);
}
times.sort((a, b) => a - b);
console.log(
  `seek in a run of ${millions(long.length)} events: median ${times[50].toFixed(1)} ms, ` +
    `99th of 100 ${times[99].toFixed(1)} ms; trace and keyframes ${kib(long.memory_bytes())}`,
);

/** What a space-time diagram of 900 pixels asks for in a frame, at every zoom from the whole run to a millisecond. */
function diagram() {
  let [most, span] = [0, long.end_ms];
  /** @type {Float64Array | undefined} */
  let stretch;
  /** @type {Float64Array | undefined} */
  let parts;
  for (; span > 1; span /= 1.5) {
    for (let n = 0; n < 20; n++) {
      const from = ((long.end_ms - span) * n) / 20;
      const start = performance.now();
      stretch = long.window(from, from + span, 2700, stretch);
      if (stretch[0] > 2700) parts = long.bins(from, span / 450, 450, true, parts);
      most = Math.max(most, performance.now() - start);
    }
  }
  return most;
}
const early = performance.now();
long.bins(0, long.end_ms, 1, true, undefined);
const overview = performance.now() - early;
console.log(
  `space-time diagram of the same run: at most ${diagram().toFixed(1)} ms a frame to fetch, at every zoom; ` +
    `the overview is made once, in ${overview.toFixed(0)} ms`,
);
long.free();

const many = new Simulation({ ...scenario(101, 8, false), network: { latency_ms: [200, 300] } });
many.advance_ms(3000);
let frame = many.frame(undefined);
const start = performance.now();
for (let n = 0; n < 1000; n++) frame = many.frame(frame);
console.log(
  `frame of 101 nodes and ${frame[4]} messages under way: ${((performance.now() - start) / 1000).toFixed(3)} ms`,
);
many.free();
