import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { initSync, run, Simulation } from "../../www/pkg/raft.js";

initSync({ module: readFileSync("www/pkg/raft_bg.wasm") });
/** @type {{ scenario: any, trace_hash: string }[]} */
const fifty = JSON.parse(readFileSync("tests/hashes.json", "utf8"));

test("fifty scenarios run in Node as they do natively", () => {
  assert.equal(fifty.length, 50);
  for (const { scenario, trace_hash } of fifty) assert.equal(run(scenario).trace_hash, trace_hash);
});

test("a run walked frame by frame is the run that was computed at once", () => {
  for (const { scenario, trace_hash } of fifty.slice(0, 10)) {
    const sim = new Simulation(scenario);
    const until = scenario.until_ms ?? 5000;
    /** @type {Float64Array | undefined} */
    let frame;
    while (sim.now_ms < until) {
      sim.advance_ms(Math.min(7.3, until - sim.now_ms));
      frame = sim.frame(frame);
    }
    assert.equal(sim.trace_hash(), trace_hash);
    sim.free();
  }
});

test("what is wrong crosses as an error with its parts", () => {
  assert.throws(() => run({ protocol: "raft", nodes: 0 }), {
    name: "ScenarioError",
    path: "nodes",
    found: "0",
  });
  const sim = new Simulation({ protocol: "raft" });
  assert.throws(() => sim.apply({ do: "restart", node: 1 }), { name: "ActionError", path: "node" });
  assert.throws(() => sim.apply(/** @type {any} */ ({ do: "explode" })), {
    name: "ScenarioError",
    path: "do",
  });
  sim.free();
});
