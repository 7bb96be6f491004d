import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { describe, initSync, Simulation } from "../../www/pkg/synod.js";
import { raftOptions } from "../../www/views/raft-options.js";
import { raftHeadline } from "../../www/views/raft-headline.js";
import { Frame } from "../../www/stage/frame.js";

initSync({ module: readFileSync("www/pkg/synod_bg.wasm") });
const info = describe("raft");

test("every option of the core has its place in the panel, and no other", () => {
  assert.deepEqual(raftOptions.map((option) => option.key).sort(), Object.keys(info.options).sort());
});

test("every choice of an option is one that the core takes", () => {
  for (const { key, choices = [] } of raftOptions)
    for (const [value] of choices)
      new Simulation({ protocol: "raft", options: { [key]: value || null } }).free();
});

test("the headline follows a run from the first time-out to the second leader", () => {
  const sim = new Simulation({ protocol: "raft", seed: 7, clients: { count: 2 } });
  const frame = new Frame(info.glance, info.roles);
  const told = () => {
    frame.read(sim.frame());
    const recent = sim.trace(Math.max(0, sim.position - 60), sim.position);
    return raftHeadline({ now: frame.now, nodes: frame.everyNode(), cuts: [], recent, violation: null })
      .headline;
  };
  assert.match(told(), /^No leader yet/);
  /** @type {string[]} */
  const lines = [];
  const follow = (/** @type {number} */ ms) => {
    for (let t = 0; t < ms; t += 2) {
      sim.advance_ms(2);
      const line = told();
      if (line !== lines.at(-1)) lines.push(line);
    }
  };
  follow(400);
  assert.ok(
    lines.some((line) => /asks for votes in term 1/.test(line)),
    lines.join("\n"),
  );
  assert.ok(
    lines.some((line) => /copies entr(y|ies)/.test(line)),
    lines.join("\n"),
  );
  const leader = frame.everyNode().find((node) => node.role === "leader");
  assert.ok(leader);
  sim.apply({ do: "crash", node: leader.id });
  assert.match(told(), new RegExp(`^The leader, node ${leader.id}, has crashed`));
  follow(700);
  assert.match(told(), /^Node \d (leads term|copies|is elected)/);
  sim.free();
});
