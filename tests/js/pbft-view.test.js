import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { describe, initSync, Simulation } from "../../www/pkg/pbft.js";
import { pbftOptions } from "../../www/views/pbft-options.js";
import { pbft } from "../../www/views/pbft.js";
import { parseLine, PHASES, Story } from "../../www/views/pbft-story.js";
import { CONDUCTS } from "../../www/views/pbft-words.js";
import { Frame } from "../../www/stage/frame.js";

initSync({ module: readFileSync("www/pkg/pbft_bg.wasm") });
const info = describe("pbft");

test("every option of the core has its place in the panel, but for what only a scenario says", () => {
  const shown = pbftOptions.map((option) => option.key);
  assert.deepEqual([...shown, "twins"].sort(), Object.keys(info.options).sort());
});

test("every choice of an option is one that the core takes, and every mutant is one", () => {
  for (const { key, choices = [] } of pbftOptions)
    for (const [value] of choices)
      new Simulation({ protocol: "pbft", nodes: 4, options: { [key]: value || null } }).free();
  const mutants = pbftOptions.find((option) => option.key === "mutant")?.choices ?? [];
  assert.deepEqual(
    mutants
      .map(([value]) => value)
      .filter(Boolean)
      .sort(),
    [...info.mutants].sort(),
  );
});

test("the ways to misbehave are the core's, in its order", () => {
  assert.deepEqual(CONDUCTS, info.conducts);
});

test("every message that replicas send has a look of its own", () => {
  const looks = info.kinds.map((kind) => pbft.message(kind).label);
  assert.equal(new Set(looks).size, info.kinds.length);
});

test("lines of the trace are read as what they say", () => {
  const [vote] = parseLine("  113.276 #41 <#37 n2 <- n1 Prepare by=3 v=4 n=15 d=abcd1234");
  assert.deepEqual(
    [PHASES[vote.phase], vote.view, vote.seq, vote.from, vote.to, vote.by, vote.digest],
    ["prepare", 4, 15, 1, 2, 3, "abcd1234"],
  );
  const [lost] = parseLine("1.0 #2 n0 <- c1 lost (receiver down) Request c1#7 put x 1");
  assert.deepEqual([lost.phase, lost.from, lost.request], [0, -2, "c1#7"]);
  const begun = parseLine("1.0 #2 n0 <- n1 NewView by=1 v=1 chosen=[1:aa00bb11, 2:null]");
  assert.deepEqual(
    begun.map(({ phase, seq, digest }) => [PHASES[phase], seq, digest]),
    [
      ["new view", 0, ""],
      ["pre-prepare", 1, "aa00bb11"],
      ["pre-prepare", 2, "null"],
    ],
  );
  assert.deepEqual(parseLine("1.0 #2 n0 milestone Node 0 gives number 1"), []);
});

/** @param {any} scenario */
function walk(scenario) {
  const sim = new Simulation(scenario);
  const frame = new Frame(info.glance, info.roles);
  const story = new Story();
  const says = () => {
    frame.read(sim.frame());
    const recent = sim.trace(Math.max(0, sim.position - 160), sim.position);
    const state = { now: frame.now, nodes: frame.everyNode(), cuts: [], recent, violation: null };
    return pbft.headline({ ...state, detail: (id) => sim.node(id) ?? null, options: scenario.options });
  };
  return {
    sim,
    says,
    told: () => says().headline,
    picked: () => {
      frame.read(sim.frame());
      const nodes = frame.everyNode().map(({ id }) => sim.node(id));
      const data = /** @type {any} */ ({
        nodes,
        glances: frame.everyNode(),
        position: sim.position,
        histories: 0,
        trace: (/** @type {number} */ from, /** @type {number} */ to) => sim.trace(from, to),
        flights: () => Array.from({ length: frame.flights }, (_, k) => frame.flight(k)),
        message: (/** @type {number} */ id) => sim.message(id),
      });
      story.read(data);
      return story.pick(data);
    },
  };
}

test("the headline follows a request, and the change of a view", () => {
  const script = [
    { at_ms: 100, do: "request", op: { put: ["x", 1] } },
    { at_ms: 200, do: "conduct", node: 0, ways: ["silent"] },
    { at_ms: 300, do: "request", op: { put: ["x", 2] } },
  ];
  const { sim, told } = walk({ protocol: "pbft", nodes: 4, script });
  assert.equal(told(), "View 0: node 0 is the primary");
  /** @type {string[]} */
  const lines = [];
  for (let t = 0; t < 1400; t += 2) {
    sim.advance_ms(2);
    const line = told();
    if (line !== lines.at(-1)) lines.push(line);
  }
  for (const pattern of [
    /^Number 1 \(put x 1\) is being prepared$/,
    /^Number 1 \(put x 1\) is prepared at \d replicas$/,
    /^Number 1 is executed at/,
    /^Node 0 misbehaves: it says nothing$/,
    /wait for a request to be ordered$/,
    /want view 1$/,
    /^Node 1 begins view 1 as its primary$/,
    /^View 1: node 1 is the primary$/,
  ])
    assert.ok(
      lines.some((line) => pattern.test(line)),
      `${pattern}\n${lines.join("\n")}`,
    );
  sim.free();
});

test("who leaves a view alone hides nothing of what the others do", () => {
  const twins = JSON.parse(readFileSync("www/lessons/pbft/twins.json", "utf8"));
  const { sim, told, says, picked } = walk(twins);
  sim.seek_ms(420);
  assert.equal(told(), "Somebody lies about number 1");
  sim.seek_ms(465);
  assert.match(told(), /lies about|wants view 1/);
  sim.seek_ms(530);
  assert.match(told(), /^Number 2 /);
  assert.deepEqual([picked().seq, picked().view], [2, 0]);
  sim.seek_ms(2400);
  assert.match(told(), /behind$/);
  assert.match(says().watch, /Node 1 has left the view alone/);
  assert.deepEqual([picked().seq, picked().view], [2, 0]);
  sim.free();
  // The view that it wants is not the one that there is.
  const doubling = JSON.parse(readFileSync("www/lessons/pbft/doubling.json", "utf8"));
  const end = walk(doubling);
  end.sim.seek_ms(4000);
  assert.equal(end.told(), "View 3: node 3 is the primary");
  end.sim.free();
});

test("the headline tells of what is dropped for want of proof, while a request waits behind it", () => {
  const { sim, says } = walk(JSON.parse(readFileSync("www/lessons/pbft/forged-signature.json", "utf8")));
  sim.seek_ms(200);
  assert.match(says().headline, /^Node [123] drops a message$/);
  assert.match(says().watch, /^A request that its client did not sign/);
  sim.free();
});

test("what is left of a timer does not hang on the node's clock", () => {
  const { sim } = walk(JSON.parse(readFileSync("www/lessons/pbft/silent-primary.json", "utf8")));
  sim.seek_ms(600);
  const detail = /** @type {any} */ (sim.node(2));
  const ahead = { ...detail, clock_ms: detail.clock_ms + 100 };
  const lines = (/** @type {any} */ node) => pbft.explain(node, 600).join(" ");
  assert.match(lines(detail), /not executed in 102 ms/);
  assert.equal(lines(ahead), lines(detail));
  sim.free();
});

test("liars who do the same are named together, and a client waits for as many answers as it does", () => {
  const seven = JSON.parse(readFileSync("www/lessons/pbft/seven-replicas.json", "utf8"));
  const { sim, says } = walk(seven);
  sim.seek_ms(600);
  assert.match(says().watch, /Nodes 0 and 6 lie: each tells two stories and colludes\./);
  sim.free();
  for (const [options, words] of /** @type {const} */ ([
    [{}, "2 equal answers"],
    [{ read_only: true }, "3 equal answers"],
    [{ mutant: "first_reply" }, "one answer"],
  ])) {
    const script = [{ at_ms: 100, do: "request", op: { put: ["x", 1] } }];
    const run = walk({ protocol: "pbft", nodes: 4, options, script });
    const heard = [];
    for (let t = 100; t < 160; t++) {
      run.sim.seek_ms(t);
      heard.push(run.says().watch);
    }
    assert.ok(
      heard.some((watch) => watch.includes(`The client waits for ${words}.`)),
      words,
    );
    run.sim.free();
  }
});

test("the story of a number is all of its messages, and no other", () => {
  const script = [0, 1].map((k) => ({ at_ms: 100 + 200 * k, do: "request", op: { put: ["x", k] } }));
  const { sim, picked } = walk({ protocol: "pbft", nodes: 4, script });
  for (const [at, number] of [
    [250, 1],
    [450, 2],
  ]) {
    sim.seek_ms(at);
    const { seq, said, digests } = picked();
    assert.deepEqual([seq, digests.length, said.length], [number, 1, 1 + 3 + 9 + 12 + 4]);
    assert.ok(said.every(({ fate }) => fate === "arrived"));
  }
  sim.seek_ms(112);
  const { said } = picked();
  assert.ok(said.some(({ fate }) => fate === "under way") && said.length < 29);
  sim.free();
});

test("a seal is told to hold, or why it does not", () => {
  const seal = (/** @type {any} */ auth, node = 1) =>
    pbft.seal?.(/** @type {any} */ ({ body: { auth }, from: { node } }));
  assert.equal(seal({ kind: "Ed25519", sender: 1, holds: true })?.good, true);
  assert.match(seal({ kind: "Ed25519", sender: 2, holds: true })?.text ?? "", /node 1 passes it on/);
  assert.match(seal({ kind: "HMAC-SHA256", sender: 2, holds: false })?.text ?? "", /in the name of node 2/);
  assert.match(
    seal({ kind: "HMAC-SHA256", sender: 1, holds: false, fails_for: [3] })?.text ?? "",
    /does not hold for node 3/,
  );
});
