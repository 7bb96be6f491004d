// What the hunt's page makes of what its workers tell.

import assert from "node:assert/strict";
import { test } from "node:test";
import { between, pointOf, spread } from "../../www/hunt/fates.js";
import { breachHeadline, breachName, nothingFound, paragraph, silenceWords } from "../../www/hunt/words.js";

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
