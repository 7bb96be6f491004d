// What the hunt's page makes of what its workers tell.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { between, pointOf, spread } from "../../www/hunt/fates.js";
import {
  BOUNDS,
  OF_ORDERS,
  boundsWords,
  endOfOrders,
  ordersOf,
  proven,
  reachedWords,
} from "../../www/hunt/orders.js";
import { watchOf } from "../../www/hunt/stored.js";
import { takes } from "../../www/hunt/takes.js";
import { viewOf } from "../../www/views/index.js";
import {
  FAULTS,
  STRATEGIES,
  breachHeadline,
  breachName,
  nothingFound,
  paragraph,
  silenceWords,
  takenInstead,
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

/** The protocol's defaults, in so far as they matter here. */
const plain = {
  nodes: 3,
  network: { latency_ms: [5, 20], loss: 0, duplicate: 0, reorder: 0, manual: false },
  clients: { count: 0, think_ms: [10, 50], timeout_ms: 200 },
  options: { no_op: true, reads: "read_index", election_timeout_ms: [150, 300], mutant: null },
};

test("what differs from the defaults is told with a find, in the words of the options", () => {
  const told = (/** @type {any} */ changed, protocol = "raft", base = plain) =>
    takes({ ...base, ...changed }, /** @type {any} */ (base), viewOf(protocol));
  assert.deepEqual(told({}), []);
  assert.deepEqual(told({ options: { ...plain.options, mutant: "half_quorum" } }), []);
  assert.deepEqual(told({ nodes: 5, network: { ...plain.network, loss: 0.15, latency_ms: [3000, 3000] } }), [
    "5 nodes",
    "a latency of 3000 ms",
    "15 % of messages lost",
  ]);
  const options = { ...plain.options, no_op: false, reads: "log", election_timeout_ms: [150, 160] };
  assert.deepEqual(told({ options }), [
    "“No-op on election” off",
    "“Reads” through the log",
    "“Election time-out” 150 to 160 ms",
  ]);
  assert.deepEqual(told({ options: { machine: { ttl_ms: 150 } } }, "locks"), ["“Time to live” 150 ms"]);
  assert.deepEqual(told({ options: { phase2_quorum: 4 } }, "paxos"), ["“Votes needed” 4"]);
  assert.deepEqual(told({ options: { twins: [3] } }, "pbft"), ["a second copy of node 3 under the same key"]);
  // How clients would ask is nothing where there are none.
  assert.deepEqual(told({ clients: { ...plain.clients, timeout_ms: 1e6 } }), []);
  assert.deepEqual(told({ clients: { count: 1, think_ms: [5, 60], timeout_ms: 200 } }), [
    "1 client asking by itself",
    "pauses of 5 to 60 ms between their requests",
  ]);
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
  assert.equal(nothingFound({ runs: 0, strategies: [] }), "Stopped before anything was tried");
  assert.equal(
    nothingFound({ runs: 20_432, strategies: [figures("swarm", 20_432)] }),
    "No violation in 20,432 schedules",
  );
  assert.equal(
    nothingFound({ runs: 901, strategies: [figures("swarm", 1), figures("exhaustive", 900)] }),
    "No violation in 1 schedule and 900 states",
  );
});

test("of what a stored run shows as many sentences are told as are seen", () => {
  assert.equal(watchOf("One. Two (et al. 2011) is short."), "One. Two (et al. 2011) is short.");
  const long = "word ".repeat(36).trim();
  assert.equal(watchOf(`First ${long}. Then ${long}. End.`), `First ${long}.`);
});

test("what is taken in place of what was typed names both", () => {
  assert.equal(
    takenInstead("-5", "at most 0 faults in a run", 100),
    "“−5” is not a whole number from 0 to 100. Taken: at most 0 faults in a run.",
  );
  assert.match(takenInstead("", "seed 0", 2 ** 31), /^What was typed is not .+ Taken: seed 0\.$/);
});

/** @typedef {"all" | "most" | "found" | null} End */

const reach = (
  /** @type {[requests: number, timers: number, crashes: number, copies: number]} */ bounds,
  /** @type {number} */ states,
  /** @type {End} */ end,
) => {
  const [requests, timers, crashes, copies] = bounds;
  return { requests, timers, crashes, copies, states, end };
};

/** @type {(reaches: ReturnType<typeof reach>[], over?: boolean) => any} */
const worker = (reaches, over = true) => ({ over, reaches });

test("bounds are told with what there is none of", () => {
  assert.equal(
    boundsWords(reach([2, 1, 0, 0], 0, null)),
    "up to 2 requests and 1 time-out, without crashes or copied messages",
  );
  assert.equal(
    boundsWords(reach([3, 3, 1, 1], 0, null)),
    "up to 3 requests, 3 time-outs, 1 crash and 1 copied message",
  );
});

test("a search of every order says within which bounds it saw all there is", () => {
  const said = (/** @type {any[]} */ ...workers) => ordersOf(workers).map(reachedWords);
  const calm = "Up to 2 requests, without time-outs, crashes or copied messages";
  const timed = "Up to 2 requests and 1 time-out, without crashes or copied messages";
  const narrow = (/** @type {number} */ states, /** @type {End} */ end) => reach([2, 0, 0, 0], states, end);
  const wider = (/** @type {number} */ states, /** @type {End} */ end) => reach([2, 1, 0, 0], states, end);
  assert.deepEqual(said(worker([narrow(5, "all"), wider(12_345, null)], false)), [
    `${calm}: 5 states, all there are on one cluster; none broken.`,
    `${timed}: 12,345 states so far; none broken.`,
  ]);
  // Another worker has another cluster, and may have come less far.
  assert.deepEqual(
    said(
      worker([narrow(5, "all"), wider(40, "all")], false),
      worker([narrow(7, "all"), wider(9, null)], false),
    ),
    [
      `${calm}: 12 states, all there are on 2 clusters; none broken.`,
      `${timed}: 49 states so far, all there are on 1 of 2 clusters; none broken.`,
    ],
  );
  const behind = said(worker([narrow(5, "all"), wider(40, "all")], false), worker([narrow(7, "all")], false));
  assert.equal(behind[1], `${timed}: 40 states so far, all there are on 1 of 2 clusters; none broken.`);
  assert.deepEqual(said(worker([narrow(150_000, "most")]), worker([narrow(6, "found")])), [
    `${calm}: 150,006 states; broken on one cluster; not all there are.`,
  ]);
  assert.deepEqual(said(null), []);
});

test("a search of every order claims what it came to the end of, and no more", () => {
  const all = [reach([2, 0, 0, 0], 5, "all"), reach([2, 1, 0, 0], 40, "all"), reach([2, 0, 1, 0], 9, "all")];
  const most = [...all.slice(0, 2), reach([2, 0, 1, 0], 150_000, "most")];
  const of = (/** @type {any[]} */ ...workers) => {
    const end = endOfOrders(workers);
    return [end, proven(end, ordersOf(workers))];
  };
  const [timed, crashed] = all.slice(1).map(boundsWords);
  // What lies within wider bounds that are told too is not told.
  assert.deepEqual(of(worker(all)), [
    "exhausted",
    `That is every order of ${timed}; and of ${crashed}, on the cluster drawn, and no invariant was violated; it proves nothing beyond.`,
  ]);
  const [ended, told] = of(worker(most), worker(all));
  assert.equal(ended, "ended");
  assert.ok(
    told.startsWith(
      `Every order of ${timed} was looked at for invariants, on the 2 clusters drawn. Within wider`,
    ),
    told,
  );
  assert.match(told, /there may be more: it looks at 150,000 states/);
  assert.deepEqual(of(worker(all, false)), ["", proven("", ordersOf([worker(all, false)]))]);
  assert.match(of(worker(most.slice(0, 1), false))[1], /^Every order of up to 2 requests.*it was stopped\.$/);
  assert.match(of(worker(most.slice(2)))[1], /150,000 states .* may not have come to every order/);
  assert.equal(of(worker(all), null)[0], "");
  assert.equal(of(null)[1], "That is what was tried; it proves nothing beyond.");
  assert.equal(endOfOrders([worker([reach([2, 0, 0, 0], 100, "found")])]), "ended");
  const total = { runs: 900, strategies: [{ strategy: "exhaustive", runs: 900 }] };
  assert.equal(
    nothingFound({ ...total, end: "exhausted" }),
    "No violation in 900 states: every order within the bounds",
  );
  assert.equal(nothingFound({ ...total, end: "ended" }), "No violation in 900 states");
  const widest = "3 requests, 3 time-outs, 1 crash and 1 copied message";
  for (const part of [widest, "7 steps", "150,000 states", "ticked below"])
    assert.ok(STRATEGIES.exhaustive.help.includes(part), part);
});

test("the kinds of faults that are in the orders are some of those that there are", () => {
  const known = FAULTS.map(([key]) => key);
  assert.ok(OF_ORDERS.every((key) => known.includes(key)));
  // They are those that the bounds of the search ask for, and liars, which are drawn as every hunt draws them.
  const space = readFileSync("src/hunt/space.rs", "utf8");
  const asked = [...space.matchAll(/\(budget\.(\w+)(?:\(\))?, self/g)].map(([, key]) =>
    key === "early" ? "timers" : key,
  );
  assert.deepEqual([...asked, "liars"].sort(), [...OF_ORDERS].sort());
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
