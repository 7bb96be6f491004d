// What the hunt's page makes of what its workers tell.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { between, pointOf, spread } from "../../www/hunt/fates.js";
import {
  BOUNDS,
  STRATEGIES,
  breachHeadline,
  breachName,
  endOfOrders,
  nothingFound,
  paragraph,
  proven,
  silenceWords,
} from "../../www/hunt/words.js";

const fate = (/** @type {number} */ event, /** @type {number} */ violated) => ({
  event,
  at_ms: 10 * event,
  tried: 40,
  violated,
});

test("the point of no return is the first after which nothing comes out well", () => {
  assert.equal(pointOf([]), null);
  assert.equal(pointOf([fate(0, 3), fate(5, 39)]), null);
  assert.equal(pointOf([fate(0, 3), fate(5, 40), fate(7, 40)])?.event, 5);
  // One that could still come out well takes back what was before.
  assert.equal(pointOf([fate(0, 40), fate(5, 39), fate(7, 40)])?.event, 7);
});

test("what lies between the last way out and the point is looked at next", () => {
  assert.deepEqual(between([fate(0, 3), fate(5, 40)]), [1, 2, 3, 4]);
  assert.deepEqual(between([fate(4, 3), fate(5, 40)]), []);
  assert.deepEqual(between([fate(0, 3)]), []);
  const far = between([fate(0, 0), fate(1000, 40)]);
  assert.ok(far.length <= 40 && far[0] === 1);
});

test("a run is looked at from its beginning to its violation", () => {
  assert.deepEqual(spread(0), [0]);
  assert.deepEqual(spread(3), [0, 1, 2, 3]);
  const places = spread(10_000);
  assert.equal(places.length, 40);
  assert.deepEqual([places[0], places.at(-1)], [0, 10_000]);
});

test("a hunt that found nothing claims no more than what it tried", () => {
  const figures = (/** @type {string} */ strategy, /** @type {number} */ runs) => ({ strategy, runs });
  assert.equal(nothingFound({ runs: 0, strategies: [] }), "Nothing tried yet");
  assert.equal(
    nothingFound({ runs: 20_432, strategies: [figures("swarm", 20_432)] }),
    "No violation in 20,432 schedules",
  );
  assert.equal(
    nothingFound({ runs: 901, strategies: [figures("swarm", 1), figures("exhaustive", 900)] }),
    "No violation in 1 schedule and 900 states of every order",
  );
});

test("a search of every order says its bounds, and that they were exhausted only where that is known", () => {
  const worker = (/** @type {number} */ runs, over = true, found = 0) => ({
    over,
    strategies: [
      { strategy: "swarm", runs: 0, found: 0 },
      { strategy: "exhaustive", runs, found },
    ],
  });
  assert.equal(endOfOrders([worker(149_999), worker(20)]), "exhausted");
  assert.equal(endOfOrders([worker(150_000), worker(20)]), "ended");
  assert.equal(endOfOrders([worker(100, true, 1)]), "ended");
  assert.equal(endOfOrders([worker(100), worker(20, false)]), "");
  assert.equal(endOfOrders([worker(100), null]), "");
  const total = { runs: 900, strategies: worker(900).strategies };
  assert.equal(
    nothingFound({ ...total, end: "exhausted" }),
    "No violation in 900 states: every order within the bounds",
  );
  assert.equal(nothingFound({ ...total, end: "ended" }), "No violation in 900 states of every order");
  const most = "3 requests, 3 time-outs, 1 crash and 1 copied message";
  assert.ok(proven("exhausted").includes(`every order of up to ${most}`), proven("exhausted"));
  assert.match(proven("ended"), /150,000 states .* may not have come to every order/);
  for (const part of [most, "7 steps", "150,000 states"])
    assert.ok(STRATEGIES.exhaustive.help.includes(part), part);
});

test("the bounds that are told are those of the search", () => {
  const space = readFileSync("src/hunt/space.rs", "utf8");
  const widening = /WIDENING: \[Bounds; \d+\] = \[(.*?)\n\];/s.exec(space)?.[1] ?? "";
  const all = [...widening.matchAll(/requests: (\d+),\s+timers: (\d+),\s+crashes: (\d+),\s+copies: (\d+),/g)];
  const { states, steps, requests, timers, crashes, copies } = BOUNDS;
  const widest = [requests, timers, crashes, copies];
  assert.equal(all.length, steps);
  assert.deepEqual(all.at(-1)?.slice(1).map(Number), widest);
  // Each lies within the last, which is therefore all that is looked at.
  for (const [, ...each] of all) assert.ok(each.every((most, k) => Number(most) <= widest[k]));
  assert.ok(space.includes(`STATES_MAX: usize = ${states.toLocaleString("en").replace(",", "_")};`));
});

test("a find is told in a paragraph", () => {
  const said = "Node 1 and node 2 both lead term 3";
  const told = paragraph({
    breach: { invariant: "election safety" },
    said,
    left: "forget the vote in a crash (figure 2)",
    nodes: 3,
    steps: 8,
    minimal: true,
    strategy: "rounds",
    run: 2364,
  });
  for (const part of [
    "run 2,364",
    "3 nodes, 8 steps",
    "forget the vote",
    `${said}.`,
    "any one of the steps",
  ]) {
    assert.ok(told.includes(part), `${part}: ${told}`);
  }
  const alone = paragraph({
    breach: { invariant: "exactness of siblings" },
    said,
    left: null,
    nodes: 3,
    steps: 0,
    minimal: true,
    strategy: "swarm",
    run: 2,
  });
  assert.doesNotMatch(alone, /0 steps|any one of the steps/);
  assert.equal(breachName({ invariant: "election safety" }), "election safety");
  assert.equal(breachName("history"), "linearizability");
});

test("what came too late is not told as what never came", () => {
  assert.equal(breachHeadline("Raft", "silence"), "Raft: a request is not answered in time");
  assert.match(silenceWords(5000), /is not answered within 5(\.0)? s$/);
  assert.equal(breachHeadline("Raft", { invariant: "log matching" }), "Raft: “log matching” is violated");
});
