// Values that are nested without end are refused; they must not take the module with them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { initSync, run, Simulation } from "../../www/pkg/raft.js";

initSync({ module: readFileSync("www/pkg/raft_bg.wasm") });

/**
 * @param {number} depth
 * @param {(inner: unknown) => unknown} wrap
 */
function nested(depth, wrap) {
  /** @type {unknown} */
  let value = 0;
  for (let level = 0; level < depth; level++) value = wrap(value);
  return value;
}

/** @type {((inner: unknown) => unknown)[]} */
const wraps = [(inner) => [inner], (inner) => ({ a: inner }), (inner) => new Map([["a", inner]])];
const sound = { protocol: "raft", until_ms: 100 };

test("what is nested too deeply is refused with its place", () => {
  for (const wrap of wraps) {
    for (const depth of [80, 20_000]) {
      const deep = /** @type {any} */ (nested(depth, wrap));
      assert.throws(() => run({ ...sound, options: { deep } }), {
        name: "ScenarioError",
        path: "options",
        found: "more than 64 lists and objects within each other",
        expected: "64 at the most",
      });
      const simulation = new Simulation(sound);
      assert.throws(() => simulation.apply({ do: "request", op: deep }), { path: "op" });
      simulation.free();
    }
  }
  assert.equal(run(sound).verdict, "ok");
});

test("a value that holds itself is refused", () => {
  /** @type {any} */
  const loop = { ...sound };
  loop.options = loop;
  assert.throws(() => run(loop), { path: "options" });
  assert.equal(run(sound).verdict, "ok");
});
