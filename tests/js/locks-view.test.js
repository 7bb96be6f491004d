// What the page makes of the lock manager: options, sentences, what clients believe, who waits for whom.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { describe, initSync, Simulation } from "../../www/pkg/locks.js";
import { stillClients } from "../../www/lib/clients.js";
import { Frame } from "../../www/stage/frame.js";
import { circleWords } from "../../www/views/locks-headline.js";
import { locksOptions } from "../../www/views/locks-options.js";
import { leaseOf, parting, speaker, Story } from "../../www/views/locks-story.js";
import { strangers } from "../../www/views/locks-table.js";
import { waitsOf } from "../../www/views/locks-waits.js";
import { asks, locks } from "../../www/views/locks.js";

initSync({ module: readFileSync("www/pkg/locks_bg.wasm") });
const info = describe("locks");
const lessons = readdirSync("www/lessons/locks").filter((file) => file !== "index.json");
const lesson = (/** @type {string} */ name) => JSON.parse(readFileSync(`www/lessons/locks/${name}`, "utf8"));

/**
 * What a diagram is drawn from, at a moment.
 * @param {Simulation} sim
 * @param {Story} story
 */
function dataOf(sim, story) {
  const frame = new Frame(info.glance, info.roles);
  frame.read(sim.frame());
  const nodes = frame.everyNode().map(({ id }) => /** @type {any} */ (sim.node(id)));
  const { position } = sim;
  story.read({ position, histories: 1, trace: (from, to) => sim.trace(from, to) });
  const options = sim.scenario().options ?? {};
  const data = /** @type {any} */ ({ nodes, position, now: sim.now_ms, hands: { options } });
  const node = /** @type {import("../../www/types.js").NodeDetail} */ (speaker(nodes));
  return { data, story, node, beliefs: story.beliefs(position), options, frame };
}

/**
 * A lesson at a moment.
 * @param {string} name
 * @param {number} ms
 */
function at(name, ms) {
  const sim = new Simulation(lesson(`${name}.json`));
  sim.seek_ms(ms);
  return { sim, ...dataOf(sim, new Story()) };
}

test("every option of the core has its place in the panel, and no other", () => {
  const { machine, ...top } = /** @type {Record<string, any>} */ (info.options);
  const keys = [...Object.keys(top), ...Object.keys(machine).map((key) => `machine.${key}`)].sort();
  assert.deepEqual(locksOptions.map(({ key }) => key).sort(), keys);
  assert.deepEqual(locks.optionGroups.flatMap(([, each]) => each).sort(), keys);
});

test("every choice of an option is one that the core takes, and every mutant is offered", () => {
  for (const { key, choices = [] } of locksOptions)
    for (const [value] of choices) {
      const [first, second] = key.split(".");
      const options = { [first]: second ? { [second]: value } : value || null };
      new Simulation({ protocol: "locks", options }).free();
    }
  const mutants = locksOptions.find(({ key }) => key === "mutant")?.choices?.map(([value]) => value);
  assert.deepEqual(mutants?.filter(Boolean).sort(), [...info.mutants].sort());
});

test("what is typed in becomes an operation that the core takes", () => {
  const typed = { lock: "a", token: "2", value: "7", timeout: "90", ttl: "400" };
  const sim = new Simulation({ protocol: "locks", nodes: 3 });
  for (const { op } of asks()) for (const of of [{}, typed]) sim.apply({ do: "request", op: op(of) });
  sim.free();
  const [acquire, share, attempt, sharing] = asks();
  assert.deepEqual(acquire.op({ timeout: "0", ttl: "700" }), {
    acquire: ["a", { timeout_ms: 0, ttl_ms: 700 }],
  });
  assert.deepEqual(share.op({ timeout: "50" }), { acquire: ["a", { mode: "shared", timeout_ms: 50 }] });
  assert.deepEqual(sharing.op({ lock: "b", ttl: "9" }), {
    try_acquire: ["b", { mode: "shared", ttl_ms: 9 }],
  });
  assert.deepEqual(acquire.op({}), { acquire: ["a"] });
  assert.deepEqual(share.op({}), { acquire: ["a", { mode: "shared" }] });
  assert.deepEqual(attempt.op({ lock: "b" }), { try_acquire: ["b"] });
});

for (const file of lessons)
  test(`every moment of ${file} has its words`, () => {
    const sim = new Simulation(lesson(file));
    const story = new Story();
    const until = sim.scenario().until_ms ?? 0;
    const step = file === "herd.json" ? 41 : 11;
    for (let t = 0; t < until; t += step) {
      sim.advance_ms(step);
      const of = dataOf(sim, story);
      const nodes = of.frame.everyNode();
      const recent = sim.trace(Math.max(0, sim.position - 160), sim.position);
      const detail = (/** @type {number} */ id) => sim.node(id) ?? null;
      const told = locks.headline({ now: sim.now_ms, nodes, cuts: [], recent, violation: null, detail });
      const lines = [told.headline, told.watch];
      for (const node of of.data.nodes) {
        lines.push(...locks.explain(node));
        for (const [name, value] of locks.facts(node)) lines.push(`${name} ${value}`);
      }
      for (const line of lines)
        assert.ok(line && !/undefined|NaN|null|\[object|  /.test(line), `${file} at ${t}: ${line}`);
      if (!of.node) continue;
      for (const [lock, clients] of strangers(of)) {
        for (const client of clients) {
          const belief = of.beliefs.get(client);
          const left = leaseOf(of.node, client, belief, sim.now_ms, of.options);
          assert.match(parting(lock, client, false, belief, left, true), /believes|no longer|given/);
        }
      }
      for (const { from, to } of waitsOf(of).edges) assert.ok(from !== to && from >= 0 && to >= 0);
    }
    sim.free();
  });

test("a holder that slept believes what the service no longer does, until it is refused", () => {
  const holds = (/** @type {any} */ of) => of.node.view.machine.locks[0].holders[0].client;
  const before = at("sleeper", 500);
  assert.equal(holds(before), 0);
  assert.equal(strangers(before).size, 0);
  const apart = at("sleeper", 1200);
  assert.equal(holds(apart), 1);
  assert.deepEqual([...strangers(apart)], [["a", [0]]]);
  const belief = apart.beliefs.get(0);
  assert.ok(belief?.paused);
  const left = leaseOf(apart.node, 0, belief, apart.sim.now_ms, apart.options);
  assert.equal(left.believed, 0);
  assert.equal(parting("a", 0, false, belief, left, true), "client 0 still believes it holds a");
  const after = at("sleeper", 1500);
  assert.equal(strangers(after).size, 0, "it was told of token 2");
  const refused = after.story.last("write_refused", after.sim.position)?.fact;
  assert.deepEqual([refused.client, refused.token, refused.newest], [0, 1, 2]);
});

test("a client that gives a lock back does not believe that it holds it", () => {
  const of = at("readers-and-writers", 1350);
  const left = leaseOf(of.node, 7, of.beliefs.get(7), of.sim.now_ms, of.options);
  assert.deepEqual([...strangers(of)], [["a", [7]]]);
  const words = parting("a", 7, false, of.beliefs.get(7), left, true);
  assert.equal(words, "client 7 has given a back, and waits to hear so");
});

test("a client's lease is over before the service's", () => {
  const of = at("handover", 260);
  let compared = 0;
  for (const [client, belief] of of.beliefs) {
    const { truth, believed } = leaseOf(of.node, client, belief, of.sim.now_ms, of.options);
    if (truth === null || believed === null) continue;
    compared += 1;
    assert.ok(believed <= truth, `client ${client}: ${believed} against ${truth}`);
  }
  assert.ok(compared > 0);
});

test("what a client believes is counted by its own clock", () => {
  const scenario = lesson("handover.json");
  const sim = new Simulation({ ...scenario, script: [...scenario.script] });
  sim.seek_ms(260);
  const of = dataOf(sim, new Story());
  const [client, belief] = [...of.beliefs].find(([, { from }]) => from !== null) ?? [-1, undefined];
  assert.ok(belief?.from != null);
  const now = belief.from + 400;
  const left = (/** @type {any[]} */ script) =>
    Math.round(leaseOf(of.node, client, belief, now, of.options, script).believed ?? -1);
  const { ttl } = leaseOf(of.node, client, belief, now, of.options);
  const skew = (/** @type {object} */ how, at_ms = 0) => [{ at_ms, do: "skew_client", client, ...how }];
  assert.equal(left([]), ttl - 400);
  assert.equal(left(skew({ ahead_ms: 100 })), ttl - 400, "it was ahead when it asked, too");
  assert.equal(left(skew({ ahead_ms: 100 }, now - 10)), ttl - 500);
  assert.equal(left(skew({ drift_ppm: -500_000 })), (ttl - 200) / 0.5);
  assert.equal(left(skew({ drift_ppm: 250_000 })), (ttl - 500) / 1.25);
  assert.equal(left(skew({ ahead_ms: 100 }, now + 10)), ttl - 400, "that is yet to come");
  sim.free();
});

test("who stands still is read from the script", () => {
  const script = /** @type {any[]} */ ([
    { at_ms: 10, do: "pause_client", client: 1 },
    { at_ms: 20, do: "pause_client", client: 2 },
    { at_ms: 30, do: "resume_client", client: 1 },
  ]);
  assert.deepEqual([...stillClients(script, 25)], [1, 2]);
  assert.deepEqual([...stillClients(script, 30)], [2]);
});

test("an election or a lost majority is told before what happens to locks", () => {
  const sim = new Simulation(lesson("deadlock.json"));
  const told = () => {
    const frame = new Frame(info.glance, info.roles);
    frame.read(sim.frame());
    const cuts = Array.from({ length: frame.cuts }, (_, k) => frame.cut(k));
    const recent = sim.trace(Math.max(0, sim.position - 160), sim.position);
    const detail = (/** @type {number} */ id) => sim.node(id) ?? null;
    return locks.headline({
      now: sim.now_ms,
      nodes: frame.everyNode(),
      cuts,
      recent,
      violation: null,
      detail,
    });
  };
  sim.seek_ms(88);
  assert.match(told().headline, /^Node 0 /);
  sim.seek_ms(640);
  assert.equal(told().headline, "Client 1 holds lock b, and client 0 waits");
  sim.apply({ do: "isolate", node: 0 });
  sim.advance_ms(5);
  assert.match(told().headline, /without a majority/);
  sim.free();
});

test("a holder that stands still is told of, and one that has lost its lock in its sleep", () => {
  const told = (/** @type {number} */ ms) => {
    const { sim, frame } = at("sleeper", ms);
    const recent = sim.trace(Math.max(0, sim.position - 160), sim.position);
    const detail = (/** @type {number} */ id) => sim.node(id) ?? null;
    const still = stillClients(sim.scenario().script ?? [], sim.now_ms);
    const nodes = frame.everyNode();
    return locks.headline({ now: sim.now_ms, nodes, cuts: [], recent, violation: null, detail, still });
  };
  assert.equal(told(600).headline, "Client 0 holds lock a and stands still");
  assert.match(told(600).watch, /Client 1 waits for it/);
  assert.equal(told(1200).headline, "Client 1 holds lock a");
  assert.match(told(1200).watch, /Client 0, whose session is over, stands still/);
});

test("a deadlock stays lit for a while, and its victim is named", () => {
  const of = at("deadlock", 760);
  const { cycle, victim, edges } = waitsOf(of);
  assert.deepEqual([...cycle].sort(), [0, 1]);
  assert.equal(victim, 1);
  assert.equal(edges.filter(({ lit }) => lit).length, 2);
  assert.deepEqual(
    edges.filter(({ ended }) => ended).map(({ from, to, lock }) => [from, to, lock]),
    [[1, 0, "a"]],
  );
  assert.equal(circleWords(cycle), "client 1 waits for 0, 0 for 1");
  const later = waitsOf(at("deadlock", 1300));
  assert.deepEqual([later.cycle, later.victim], [[], null]);
  const endless = waitsOf(at("detector-off", 1100));
  assert.ok(endless.cycle.length >= 2);
  assert.equal(endless.victim, null);
});
