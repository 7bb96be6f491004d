// How long one request of PBFT takes in wasm under Node, all of its messages delivered, with codes and with
// signatures; and delivered messages a second. Prints times and counts; decides nothing.
import { readFileSync } from "node:fs";
import { initSync, Simulation } from "../www/pkg/pbft.js";

initSync({ module: readFileSync(new URL("../www/pkg/pbft_bg.wasm", import.meta.url)) });

/** The seed of the next run: each has keys of its own, so that no signature is known from before. */
let seed = 0;

/** Real milliseconds that a request to a rested cluster takes, and the messages of it. */
function oneRequest(/** @type {number} */ nodes, /** @type {string} */ auth) {
  const run = new Simulation({
    protocol: "pbft",
    nodes,
    seed: ++seed,
    options: { auth },
    script: [{ at_ms: 10, do: "request", op: { put: ["x", 1] } }],
  });
  run.advance_ms(9);
  const start = performance.now();
  run.advance_ms(100);
  const took = performance.now() - start;
  const { delivered } = run.report().counts;
  run.free();
  return { took, delivered };
}

/** Delivered messages a second, the trace recorded. */
function delivery(/** @type {number} */ nodes, /** @type {string} */ auth, /** @type {number} */ events) {
  const run = new Simulation({
    protocol: "pbft",
    nodes,
    seed: ++seed,
    invariants: false,
    options: { auth, checkpoint_interval: 100, window: 200 },
    clients: { count: 2, think_ms: [0, 2], timeout_ms: 1000 },
  });
  run.advance_ms(500);
  const [before, from] = [run.report().counts.delivered, run.position];
  const start = performance.now();
  while (run.position < from + events) run.advance_ms(50);
  const seconds = (performance.now() - start) / 1000;
  const delivered = run.report().counts.delivered - before;
  run.free();
  return delivered / seconds;
}

for (const auth of ["macs", "signatures"]) oneRequest(4, auth);
console.log("one request in wasm, from being asked to the last message that it leads to; best of five");
for (const nodes of [4, 7, 10, 31]) {
  const best = (/** @type {string} */ auth) =>
    Array.from({ length: 5 }, () => oneRequest(nodes, auth)).sort((a, b) => a.took - b.took)[0];
  const [macs, signed] = [best("macs"), best("signatures")];
  console.log(
    `${nodes} replicas: ${macs.took.toFixed(1)} ms with MACs, ${signed.took.toFixed(1)} ms with signatures, ${macs.delivered} messages`,
  );
}
console.log("delivered messages a second in wasm, trace recorded");
for (const nodes of [4, 31])
  console.log(
    `${nodes} replicas, 2 clients: MACs ${Math.round(delivery(nodes, "macs", 200_000) / 1000)} k, signatures ${Math.round(delivery(nodes, "signatures", 10_000) / 1000)} k`,
  );
