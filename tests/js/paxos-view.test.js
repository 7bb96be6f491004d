import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { describe, initSync, Simulation } from "../../www/pkg/paxos.js";
import { paxosOptions } from "../../www/views/paxos-options.js";
import { quorumWords } from "../../www/views/paxos-diagrams.js";
import { paxosHeadline } from "../../www/views/paxos-headline.js";
import { paxos } from "../../www/views/paxos.js";
import { Frame } from "../../www/stage/frame.js";

initSync({ module: readFileSync("www/pkg/paxos_bg.wasm") });
const info = describe("paxos");

/** @param {string} name */
const lesson = (name) => JSON.parse(readFileSync(`www/lessons/paxos/${name}.json`, "utf8"));

/**
 * What the page says of a run at some moment.
 * @param {any} scenario
 * @param {number} ms
 */
function toldOf(scenario, ms) {
  const sim = new Simulation(scenario);
  sim.advance_ms(ms);
  const frame = new Frame(info.glance, info.roles);
  frame.read(sim.frame());
  const state = {
    now: frame.now,
    nodes: frame.everyNode(),
    cuts: Array.from({ length: frame.cuts }, (_, k) => frame.cut(k)),
    recent: sim.trace(Math.max(0, sim.position - 160), sim.position),
    violation: null,
    detail: (/** @type {number} */ id) => /** @type {any} */ (sim.node(id) ?? null),
  };
  return { ...paxosHeadline(/** @type {any} */ (state)), sim, frame };
}

test("every option of the core has its place in the panel, and no other", () => {
  assert.deepEqual(paxosOptions.map((option) => option.key).sort(), Object.keys(info.options).sort());
});

test("every choice of an option is one that the core takes", () => {
  for (const { key, choices = [] } of paxosOptions)
    for (const [value] of choices)
      new Simulation({ protocol: "paxos", options: { [key]: value || null } }).free();
  const mutants = paxosOptions.find((option) => option.key === "mutant")?.choices ?? [];
  assert.deepEqual(
    mutants
      .slice(1)
      .map(([value]) => value)
      .sort(),
    [...info.mutants].sort(),
  );
});

test("every kind of message has a look of its own words", () => {
  const labels = info.kinds.map((kind) => paxos.message(kind).label);
  assert.equal(new Set(labels).size, info.kinds.length);
});

test("a proposer is told what it must propose, and why", () => {
  const before = toldOf(lesson("second-adopts"), 122);
  assert.equal(before.headline, "Node 4 prepares ballot 2.4");
  assert.match(before.watch, /^It has 1 of 3 promises, 2 more to go\. If none of them reports anything/);
  const after = toldOf(lesson("second-adopts"), 128);
  assert.equal(after.headline, "Node 4 must propose A in ballot 2.4");
  assert.match(after.watch, /^Acceptor 1 accepted A in ballot 1\.0, the latest that its quorum reported/);
  const detail = /** @type {any} */ (after.sim.node(4));
  const facts = new Map(paxos.facts(detail));
  assert.equal(facts.get("Must propose"), "A: acceptor 1, ballot 1.0");
  assert.ok(paxos.explain(detail).some((line) => line.startsWith("It must: acceptor 1 accepted A")));
});

test("what is chosen is told though nobody knows it", () => {
  const { headline, watch } = toldOf(lesson("nobody-knows"), 46);
  assert.equal(headline, "A is chosen, and nobody knows it yet");
  assert.match(watch, /^Nodes 0, 1 and 2 have accepted it in ballot 1\.0, which is final/);
  assert.match(watch, /Node 0 knows once their votes arrive\.$/);
  // The votes are lost with the proposer, and nothing is under way any more.
  const down = toldOf(lesson("nobody-knows"), 100);
  assert.equal(down.headline, headline);
  assert.match(
    down.watch,
    /Node 0, whose ballot it is, is down: whoever asks a quorum next will hear of it\.$/,
  );
  const back = lesson("nobody-knows");
  back.script.push({ at_ms: 80, do: "restart", node: 0 });
  assert.match(toldOf(back, 100).watch, /Node 0, whose ballot it is, has forgotten it/);
});

test("two values, a shared ballot and a duel are called by their names", () => {
  const proposals = [0, 1, 2].map((node) => ({
    at_ms: 10 + node,
    do: "request",
    node,
    op: { propose: "A" },
  }));
  const three = { ...lesson("two-proposers"), script: proposals };
  assert.equal(toldOf(three, 18).headline, "Nodes 0, 1 and 2 propose");
  assert.equal(toldOf(lesson("shared-ballots"), 66).headline, "Nodes 0 and 1 share ballot 1.0");
  assert.equal(toldOf(lesson("shared-ballots"), 150).headline, "Two values are learnt: A and B");
  assert.match(toldOf(lesson("duel"), 300).headline, /^Nodes 0 and 1 duel, now with ballot \d+\.[01]$/);
  assert.match(toldOf(lesson("minority"), 300).watch, /nodes 0 and 1 have yet to learn it/);
});

test("what was learnt and what a quorum has accepted are not taken for one", () => {
  const stored = JSON.parse(readFileSync("tests/scenarios/paxos/mutant-counts-values.json", "utf8"));
  const said = new Set();
  for (let ms = 0; ms <= stored.until_ms; ms += 1) said.add(toldOf(stored, ms).headline);
  assert.ok(![...said].some((headline) => /are chosen/.test(headline)));
  assert.ok(said.has("Two values are learnt: B and A"));
});

test("a proposer without a quorum in reach is not said to wait for it", () => {
  assert.match(toldOf(lesson("minority"), 50).watch, /^It reaches 2 acceptors and needs 3 promises/);
  assert.match(toldOf(lesson("minority"), 80).watch, /^Node 0 has ballot 1\.0\. It reaches 2 acceptors/);
  // Node 1 has promised and crashed: its promise is under way all the same.
  assert.doesNotMatch(toldOf(lesson("crash-between"), 45).watch, /^Node 2 has ballot 2\.2\. It reaches/);
  assert.match(toldOf(lesson("flexible"), 800).watch, /It reaches 2 acceptors and needs 5 promises/);
});

test("quorums that meet and quorums that can miss each other are told apart", () => {
  const words = (/** @type {number} */ acceptors, /** @type {number[]} */ quorums) =>
    quorumWords({ acceptors, quorums });
  assert.equal(words(5, [3, 3]), "");
  assert.match(
    words(6, [5, 2]),
    /^5 promises and 2 votes of 6 acceptors always share an acceptor: 5 \+ 2 > 6/,
  );
  assert.match(words(4, [2, 2]), /can miss each other: 2 \+ 2 is not more than 4/);
  assert.match(words(5, [5, 1]), /^5 promises and 1 vote of/);
});

test("that nothing can be missed is said only where quorums meet", () => {
  assert.match(toldOf(lesson("one-proposer"), 64).watch, /^A is chosen: nodes .* Every quorum that promises/);
  assert.match(
    toldOf(lesson("quorums-that-miss"), 63).watch,
    /But 2 promises can come from others than these/,
  );
});

test("leaders that share a ballot are not said to refuse each other", () => {
  const lead = (/** @type {number} */ node) => ({ at_ms: 10 + node, do: "timeout", node, timer: "election" });
  const shared = {
    ...lesson("one-leader"),
    options: { mode: "multi", mutant: "shared_ballots" },
    script: [lead(0), lead(1)],
  };
  assert.match(toldOf(shared, 60).headline, /^Nodes 0 and 1 both lead with ballot 1\.0$/);
});

test("a cluster whose only acceptor is down has none", () => {
  const one = { ...lesson("roles-apart"), options: { mode: "single", acceptors: 1 } };
  one.script = [{ at_ms: 5, do: "crash", node: 0 }];
  const { headline, watch } = toldOf(one, 10);
  assert.equal(headline, "No acceptor is up");
  assert.match(watch, /^1 has to promise and 1 to accept/);
});

test("Multi-Paxos is told from its leader to the gap that the next one fills", () => {
  const gap = lesson("leader-gap");
  assert.equal(toldOf(gap, 40).headline, "Node 0 leads with ballot 1.0, promised by nodes 0 and 1");
  assert.match(toldOf(gap, 80).headline, /^Node 0 gathers votes for slot 1$/);
  assert.match(toldOf(gap, 180).headline, /^Nobody leads$/);
  assert.match(toldOf(gap, 180).watch, /^Node 0, leader with ballot 1\.0, has crashed/);
  assert.match(toldOf(gap, 205).headline, /^Node 2 prepares ballot 2\.2 for all slots after 1$/);
  assert.equal(toldOf(gap, 225).headline, "Node 2 fills the gap at slot 3 with a no-op");
  assert.match(toldOf(lesson("flexible"), 700).watch, /5 have to promise and 2 to accept/);
});

test("every moment of every scenario has its words, without a gap in them", () => {
  for (const file of readdirSync("www/lessons/paxos").filter((name) => name !== "index.json")) {
    const scenario = lesson(file.replace(".json", ""));
    for (let ms = 0; ms <= scenario.until_ms; ms += scenario.until_ms / 23) {
      const { headline, watch, sim, frame } = toldOf(scenario, ms);
      const told = [headline, watch];
      for (const glance of frame.everyNode()) {
        const detail = /** @type {any} */ (sim.node(glance.id));
        const look = paxos.node(glance, detail);
        told.push(look.spoken, look.figure, ...paxos.explain(detail), ...paxos.facts(detail).flat());
        assert.ok(look.dots.length <= 15);
      }
      for (const words of told)
        assert.doesNotMatch(words, /undefined|null|NaN|\[object|  /, `${file} at ${ms}: ${words}`);
      sim.free();
    }
  }
});
