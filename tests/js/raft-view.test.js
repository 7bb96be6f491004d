import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { describe, initSync, Simulation } from "../../www/pkg/raft.js";
import { raftOptions } from "../../www/views/raft-options.js";
import { raftHeadline } from "../../www/views/raft-headline.js";
import { raft } from "../../www/views/raft.js";
import { Frame } from "../../www/stage/frame.js";

initSync({ module: readFileSync("www/pkg/raft_bg.wasm") });
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
    const recent = sim.trace(Math.max(0, sim.position - 160), sim.position);
    return raftHeadline({
      now: frame.now,
      nodes: frame.everyNode(),
      cuts: [],
      recent,
      violation: null,
      detail: (id) => sim.node(id) ?? null,
    }).headline;
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

/**
 * What is said of a ready scenario at a moment.
 * @param {string} name
 * @param {number} ms
 */
function toldOf(name, ms) {
  const sim = new Simulation(JSON.parse(readFileSync(`www/lessons/raft/${name}.json`, "utf8")));
  sim.seek_ms(ms);
  const frame = new Frame(info.glance, info.roles).read(sim.frame());
  const said = raftHeadline({
    now: frame.now,
    nodes: frame.everyNode(),
    cuts: Array.from({ length: frame.cuts }, (_, k) => frame.cut(k)),
    recent: sim.trace(Math.max(0, sim.position - 160), sim.position),
    violation: null,
    detail: (id) => sim.node(id) ?? null,
  });
  return { ...said, sim, frame };
}

test("copies of an older term's entry are not said to commit it", () => {
  const { watch } = toldOf("commit-rule", 600);
  assert.match(watch, /^Entry 1 is of an older term: 2 of 3 logs are known to hold it, yet a leader counts/);
});

test("logs are counted that are known to hold the entry, not those that are as long", () => {
  const { headline, watch } = toldOf("log-repair", 1000);
  assert.equal(headline, "Node 4 is elected leader of term 4");
  assert.match(watch, /1 of 7 logs is known to hold it; with 4 it is committed/);
});

test("entries that were under way when the leader crashed are said to survive", () => {
  assert.match(toldOf("leader-crash", 695).headline, /^Node 3 copies entries 10 and 11/);
  assert.match(toldOf("leader-crash", 880).watch, /^Entries 10 and 11 of an older term are in its log/);
  assert.match(toldOf("leader-crash", 960).watch, /^Entries 10 and 11 of an older term are not lost/);
});

test("a node that is cut off and stands does not hide who leads", () => {
  const { headline, watch } = toldOf("disruptive-returner", 1500);
  assert.equal(headline, "Node 0 leads term 1");
  assert.match(watch, /^Node 4 is alone and stands in vain, now in term 5/);
});

test("of the leaders that have crashed, the last is named", () => {
  const sim = new Simulation({ protocol: "raft", nodes: 5, seed: 7 });
  const frame = new Frame(info.glance, info.roles);
  const leader = () =>
    frame
      .read(sim.frame())
      .everyNode()
      .find((node) => node.status === "up" && node.role === "leader")?.id ?? -1;
  sim.advance_ms(400);
  const first = leader();
  sim.apply({ do: "crash", node: first });
  while (leader() < 0) sim.advance_ms(5);
  const second = leader();
  sim.apply({ do: "crash", node: second });
  assert.notEqual(first, second);
  const { headline } = raftHeadline({
    now: sim.now_ms,
    nodes: frame.read(sim.frame()).everyNode(),
    cuts: [],
    recent: [],
    violation: null,
    detail: (id) => sim.node(id) ?? null,
  });
  assert.equal(headline, `The leader, node ${second}, has crashed`);
  sim.free();
});

test("a member that was removed is said to have left, and a new one to be none yet", () => {
  const gone = toldOf("membership-change", 2000);
  assert.equal(raft.node(gone.frame.node(0), gone.sim.node(0)).label, "has left");
  assert.match(raft.explain(/** @type {any} */ (gone.sim.node(0)))[0], /^Node 0 has left/);
  const fresh = toldOf("membership-change", 501);
  assert.equal(raft.node(fresh.frame.node(3), fresh.sim.node(3)).label, "not a member yet");
});
