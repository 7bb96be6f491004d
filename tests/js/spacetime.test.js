// What a space-time diagram shows and what is kept of it, held against the trace.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { conesOf, FUTURE, HERE, NEITHER, PAST } from "../../www/lib/cones.js";
import { SvgPen } from "../../www/lib/svg-pen.js";
import { hostOf, jsonLines, SHIVIZ, shivizLines } from "../../www/lib/trace-lines.js";
import { otherSides, othersWords, STEPS, whyOf } from "../../www/lib/why.js";
import { rootOf } from "../../www/pages/run-why.js";
import { conesAround, KIND, Lives, Parts, Stretch } from "../../www/stage/spacetime-data.js";
import { drawSpacetime, ticksOf, xOf } from "../../www/stage/spacetime-draw.js";
import { Labels } from "../../www/stage/spacetime-labels.js";
import { lanesOf } from "../../www/stage/spacetime-lanes.js";
import { drawMark, LEGEND } from "../../www/stage/spacetime-marks.js";
import { svgOf } from "../../www/stage/spacetime-picture.js";
import { placeOf, stepFrom } from "../../www/stage/spacetime-walk.js";

/** @type {Record<string, any>} */
const runs = {};
for (const protocol of ["raft", "paxos", "pbft", "kv", "locks"]) {
  runs[protocol] = await import(`../../www/pkg/${protocol}.js`);
  runs[protocol].initSync({ module: readFileSync(`www/pkg/${protocol}_bg.wasm`) });
}

/** @typedef {import("../../www/types.js").TraceEvent} TraceEvent */

/**
 * Faults, clients, losses and copies.
 * @param {string} protocol
 * @param {number} [ms]
 * @returns {any}
 */
function troubled(protocol, ms = 900) {
  const sim = new runs[protocol].Simulation({
    protocol,
    nodes: 4,
    network: { loss: 0.05, duplicate: 0.1, latency_ms: [3, 30] },
    clients: { count: 2 },
    script: [
      { at_ms: 300, do: "crash", node: 1 },
      { at_ms: 400, do: "pause", node: 2 },
      { at_ms: 450, do: "partition", groups: [[0], [1, 2, 3]] },
      { at_ms: 500, do: "resume", node: 2 },
      { at_ms: 550, do: "heal" },
      { at_ms: 600, do: "restart", node: 1 },
      { at_ms: 620, do: "timeout", node: 0 },
    ],
  });
  sim.advance_ms(ms);
  return sim;
}

const palette = {
  paper: "#fff",
  panel: "#fff",
  ink: "#000",
  soft: "#555",
  faint: "#777",
  line: "#ddd",
  grid: "#eee",
  accent: "#00f",
  good: "#080",
  bad: "#b00",
  tones: ["#555", "#111", "#222", "#333", "#444", "#555", "#666"],
};

/**
 * Happened-before by its definition, from the trace in words: the order of each process, and whatever is
 * a cause. For each event the set of those before it.
 * @param {TraceEvent[]} events
 */
function before(events) {
  /** @type {Set<number>[]} */
  const sets = [];
  /** @type {Map<string, number>} */
  const last = new Map();
  for (const event of events) {
    const host = hostOf(event);
    const known = new Set();
    for (const from of [event.cause, host ? last.get(host) : undefined]) {
      if (from == null) continue;
      known.add(from);
      for (const each of sets[from]) known.add(each);
    }
    sets.push(known);
    if (host) last.set(host, event.id);
  }
  return sets;
}

/**
 * A scene as the page makes it, without a page.
 * @param {any} sim
 * @param {{ from: number, to: number, width?: number, height?: number, quiet?: boolean, most?: number }} how
 * @returns {any}
 */
function sceneOf(sim, { from, to, width = 900, height = 420, quiet = false, most = 2700 }) {
  const stretch = new Stretch().read(sim.window(from, to, most));
  const partCount = Math.floor((width - 72) / 2);
  const parts = new Parts();
  if (!stretch.isWhole) parts.read(sim.bins(from, (to - from) / partCount, partCount, quiet));
  const lives = new Lives();
  lives.follow(sim);
  const { nodes, clients } = stretch;
  const { lanes, laneHeight } = lanesOf({ nodes, clients, height: height - 26, short: false });
  lanes.forEach((lane) => (lane.y += 26));
  return {
    ...{ width, height, left: 72, top: 26, lanes, laneHeight, from, to, now: to, end: sim.end_ms },
    ...{ stretch, parts: stretch.isWhole ? null : parts, partCount, lives, quiet, cones: null },
    ...{ focus: -1, arrow: -1, labelOf: () => "message", font: "sans" },
  };
}

test("cones are those of happened-before, for every event of a run with faults", () => {
  for (const protocol of Object.keys(runs)) {
    const sim = troubled(protocol, 700);
    const events = sim.trace(0, sim.length);
    const sets = before(events);
    const stretch = new Stretch().read(sim.window(0, 700, 100_000));
    assert.equal(stretch.events, events.length);
    for (let id = 0; id < events.length; id += 7) {
      const cones = stretch.cones(id);
      events.forEach((/** @type {TraceEvent} */ _, /** @type {number} */ k) => {
        const wanted = k === id ? HERE : sets[id].has(k) ? PAST : sets[k].has(id) ? FUTURE : NEITHER;
        assert.equal(cones[k], wanted, `${protocol}: ${k} as seen from ${id}`);
      });
    }
    sim.free();
  }
});

test("cones about an event beside the stretch are the same, as far as it is not too far", () => {
  const sim = troubled("raft", 700);
  const whole = new Stretch().read(sim.window(0, 700, 100_000));
  const shown = new Stretch().read(sim.window(400, 500, 100_000));
  for (const id of [whole.find(10), shown.first + 3, whole.events - 1]) {
    const all = whole.cones(id);
    const fetch = (/** @type {number} */ from, /** @type {number} */ to) =>
      new Stretch().read(sim.window(from, to, 100_000));
    const { cones, known } = conesAround(shown, id, whole.at(id), fetch);
    assert.equal(known, true);
    for (let k = 0; k < shown.events; k++) assert.equal(cones(k), all[shown.id(k)]);
    const near = (/** @type {number} */ from, /** @type {number} */ to) =>
      new Stretch().read(sim.window(from, to, 5));
    if (shown.find(id) < 0) assert.equal(conesAround(shown, id, whole.at(id), near).known, false);
  }
  sim.free();
});

test("a loss is seen by nobody", () => {
  // 0 sends to line 1; it is lost in 1; line 1 goes on in 2.
  const lines = [0, -1, 1];
  const causes = [-1, 0, -1];
  const all = {
    first: 0,
    count: 3,
    line: (/** @type {number} */ k) => lines[k],
    cause: (/** @type {number} */ k) => causes[k],
  };
  assert.deepEqual([...conesOf(all, 0)], [HERE, FUTURE, NEITHER]);
  assert.deepEqual([...conesOf(all, 2)], [NEITHER, NEITHER, HERE]);
});

test("JSON Lines carry the scenario, and every event", () => {
  for (const protocol of Object.keys(runs)) {
    const sim = troubled(protocol);
    const text = [...jsonLines(sim)].join("");
    assert.ok(text.endsWith("\n"));
    const [head, ...events] = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.equal(head.synod_trace, 1);
    assert.equal(head.events, sim.length);
    assert.deepEqual(events, JSON.parse(JSON.stringify(sim.trace(0, sim.length))));
    const again = new runs[protocol].Simulation(head.scenario);
    again.advance_ms(head.end_ms);
    assert.equal(again.trace_hash(), sim.trace_hash());
    again.free();
    sim.free();
  }
});

/**
 * Takes a log apart as ShiViz does: by the expression in its first line.
 * @param {string} text
 */
function parsed(text) {
  const [expression, delimiter, ...rest] = text.split("\n");
  assert.equal(expression, SHIVIZ);
  assert.equal(delimiter, "");
  const log = rest.join("\n");
  const found = [...log.matchAll(new RegExp(expression, "g"))].map(({ groups }) => ({
    event: groups?.event ?? "",
    host: groups?.host ?? "",
    clock: JSON.parse(groups?.clock ?? ""),
  }));
  assert.equal(found.length * 2, log.trimEnd().split("\n").length, "every line is read");
  return found;
}

test("the clocks of the log for ShiViz are those of happened-before", () => {
  for (const protocol of Object.keys(runs)) {
    const sim = troubled(protocol);
    // By hand: a copy, a request and a node that joins, the last where the protocol knows such.
    const flying = sim.frame()[4] > 0;
    if (flying) sim.apply({ do: "duplicate" });
    sim.apply({ do: "crash", node: 3 });
    sim.advance_ms(20);
    sim.apply({ do: "restart", node: 3 });
    if (runs[protocol].describe(protocol).membership) sim.apply({ do: "join" });
    sim.advance_ms(200);
    const events = sim.trace(0, sim.length).filter((/** @type {TraceEvent} */ e) => hostOf(e));
    const sets = before(sim.trace(0, sim.length));
    const log = parsed([...shivizLines(sim)].join(""));
    assert.equal(log.length, events.length);
    /** @type {Map<string, number>} */
    const own = new Map();
    log.forEach(({ host, clock }, k) => {
      assert.equal(host, hostOf(events[k]));
      // What ShiViz asks for: a host's own count begins at one, and grows by one with each of its events.
      own.set(host, (own.get(host) ?? 0) + 1);
      assert.equal(clock[host], own.get(host));
    });
    const knows = (/** @type {number} */ a, /** @type {number} */ b) =>
      (log[b].clock[log[a].host] ?? 0) >= log[a].clock[log[a].host];
    for (let b = 0; b < log.length; b += 5)
      for (let a = 0; a < log.length; a++)
        if (a !== b)
          assert.equal(knows(a, b), sets[events[b].id].has(events[a].id), `${protocol}: ${a} before ${b}`);
    sim.free();
  }
});

test("why something happened is told for every event, and leads back in time", () => {
  for (const protocol of Object.keys(runs)) {
    const sim = troubled(protocol);
    const all = sim.trace(0, sim.length);
    const asker = (/** @type {TraceEvent} */ { cause }) => all[cause ?? -1].cause;
    for (const event of all) {
      const { steps } = whyOf(sim, event.id);
      assert.equal(steps[0].event.id, event.id);
      assert.ok(steps.length <= STEPS);
      steps.forEach(({ event: here, text, others }, k) => {
        assert.match(text, /^At \d+\.\d ms.*\.$/s, text);
        assert.ok(!text.includes("undefined"));
        // A capital within a sentence begins a message's name or a value.
        const begins = /^At [\d.]+ ms (\S+)/.exec(text)?.[1] ?? "a";
        if (here.kind !== "lose" && here.kind !== "violation") assert.match(begins, /^([a-z]|\W|.$)/, text);
        if (k > 0) assert.equal(steps[k - 1].event.cause, here.id);
        for (const other of others) {
          assert.equal(other.node, here.node);
          assert.ok(other.id < here.id);
          assert.equal(asker(other), asker(here), "both answer one question");
        }
        if (others.length > 0)
          assert.match(othersWords(sim, others), /had come before from (nodes? \d|\d+ nodes)/);
      });
      assert.ok(steps.filter(({ begins }) => begins).length <= 1);
    }
    sim.free();
  }
});

test("an election is led back to the timer that began it, with the votes that came before", () => {
  const sim = new runs.raft.Simulation({ protocol: "raft", nodes: 5 });
  sim.advance_ms(600);
  const elected = sim.trace(0, sim.length).find((/** @type {TraceEvent} */ e) => e.name === "elected");
  const { steps } = whyOf(sim, elected.id);
  assert.deepEqual(
    steps.slice(0, 4).map(({ event }) => event.kind),
    ["milestone", "deliver", "deliver", "fire"],
  );
  assert.equal(steps[3].begins, true);
  // Three votes of five: its own, one that had come, and this.
  assert.equal(steps[1].others.length, 1);
  assert.equal(steps[1].others[0].name, "RequestVoteReply");
  const further = whyOf(sim, elected.id, 2 * STEPS);
  assert.ok(further.steps.length >= steps.length);
  sim.free();
});

test("a loss is told with the deed that it is for, and with when it was sent", () => {
  const sim = new runs.raft.Simulation({
    protocol: "raft",
    nodes: 5,
    network: { loss: 0.1 },
    script: [
      { at_ms: 600, do: "crash", node: 0 },
      { at_ms: 700, do: "disk_loss", node: 0 },
      {
        at_ms: 900,
        do: "partition",
        groups: [
          [0, 1],
          [2, 3, 4],
        ],
      },
      { at_ms: 1200, do: "link", loss: 0.3 },
      { at_ms: 1400, do: "drop" },
    ],
  });
  sim.advance_ms(1700);
  /** @type {Map<string, Set<string>>} */
  const told = new Map();
  for (const event of sim.trace(0, sim.length)) {
    const { steps } = whyOf(sim, event.id);
    const { text, reason } = steps[0];
    if (event.kind !== "lose") {
      assert.equal(reason, null);
      continue;
    }
    const sent = sim.message(event.message).sent_ms;
    assert.ok(text.includes(`It was sent ${(event.at_ms - sent).toFixed(1)} ms before.`), text);
    assert.equal(text.includes("From the start 10 %"), event.text.endsWith("by chance") && !reason, text);
    const why = event.text.split(": ")[1];
    told.set(why, (told.get(why) ?? new Set()).add(reason?.text ?? steps[1].event.text));
  }
  const begun = "That it was lost began here. At";
  assert.deepEqual(told.get("receiver down"), new Set([`${begun} 600.0 ms, from outside: node 0 crashes.`]));
  assert.deepEqual(
    told.get("link cut"),
    new Set([`${begun} 900.0 ms, from outside: the network is cut into {0, 1} and {2, 3, 4}.`]),
  );
  const set = `${begun} 1200.0 ms, from outside: on the link any → any: 30 % are lost.`;
  assert.ok(told.get("lost by chance")?.has(set));
  // What is dropped by hand is led back to the hand by the chain.
  for (const text of told.get("dropped by hand") ?? []) assert.match(text, /^Dropped by hand/);
  sim.free();
});

test("a node that is down is explained by its crash, whatever befell its disk since", () => {
  for (const protocol of ["raft", "kv"]) {
    const sim = new runs[protocol].Simulation({
      protocol,
      script: [
        { at_ms: 300, do: "disk_loss", node: 0 },
        { at_ms: 500, do: "restart", node: 0 },
        { at_ms: 600, do: "crash", node: 0 },
        { at_ms: 800, do: "disk_loss", node: 0 },
        { at_ms: 850, do: "crash", node: 1 },
      ],
    });
    sim.advance_ms(900);
    const root = (/** @type {number} */ position) =>
      rootOf(
        /** @type {any} */ ({ simulation: sim, position, marks: [...sim.marks(0)] }),
        /** @type {any} */ ({ id: 0, status: "crashed", role: "" }),
        [],
      );
    const at = (/** @type {number | undefined} */ id = -1) => sim.trace(id, id + 1)[0]?.at_ms;
    assert.equal(at(root(sim.length)), 600, protocol);
    const second = sim.trace(0, sim.length).find((/** @type {TraceEvent} */ e) => e.at_ms > 400);
    assert.equal(at(root(second.id)), 300, protocol);
    sim.free();
  }
});

test("a violation is told with the other side", () => {
  const lesson = JSON.parse(readFileSync("tests/scenarios/raft/mutant-half-quorum.json", "utf8"));
  const sim = new runs.raft.Simulation(lesson);
  sim.advance_ms(lesson.until_ms ?? 5000);
  const [violation] = sim.violations();
  const { steps } = whyOf(sim, violation.event);
  assert.match(steps[0].text, /was found violated/);
  assert.equal(steps[1].event.kind, "milestone");
  const sides = otherSides(sim, steps[0].event, violation.nodes);
  assert.deepEqual(
    sides.map(({ node }) => node),
    violation.nodes.filter((/** @type {number} */ node) => node !== steps[0].event.node),
  );
  sim.free();
});

test("keys lead along lines and arrows, and back again", () => {
  const sim = troubled("raft");
  const any = () => true;
  for (const event of sim.trace(0, sim.length)) {
    const next = stepFrom(sim, event.id, "next", any);
    if (next) {
      assert.equal(placeOf(next), placeOf(event));
      assert.equal(stepFrom(sim, next.id, "previous", any)?.id, event.id);
    }
    const cause = stepFrom(sim, event.id, "cause", any);
    assert.equal(cause?.id ?? null, event.cause ?? null);
    const effect = stepFrom(sim, event.id, "effect", any);
    if (effect) assert.equal(effect.cause, event.id);
  }
  sim.free();
});

test("lines of 31 nodes and of 64 places have room for their names", () => {
  for (const [nodes, clients] of [
    [31, 4],
    [60, 4],
    [101, 8],
  ]) {
    const { lanes, laneHeight, tall } = lanesOf({ nodes, clients, height: 366, short: false });
    assert.equal(lanes.length, nodes + clients + 1);
    assert.ok(laneHeight >= 10);
    const ys = lanes.map(({ y }) => y);
    for (let k = 2; k < ys.length; k++) assert.ok(Math.abs(ys[k] - ys[k - 1] - laneHeight) < 1e-6);
    assert.ok(ys[ys.length - 1] <= tall);
    if (nodes === 31) assert.ok(tall <= 366, "all of them are in sight");
  }
});

test("times have lines at round steps, as many as have room", () => {
  for (const [from, to] of [
    [0, 100],
    [612.3, 612.5],
    [0, 987_654],
    [99_999, 100_003],
  ]) {
    const ticks = ticksOf(/** @type {any} */ ({ from, to, width: 900, left: 72 }));
    assert.ok(ticks.length >= 3 && ticks.length <= 10, `${ticks.length} from ${from} to ${to}`);
    assert.equal(new Set(ticks.map(({ name }) => name)).size, ticks.length);
    for (const { ms } of ticks) assert.ok(ms >= from && ms <= to);
  }
});

test("every mark of the legend has a shape of its own", () => {
  const shapes = LEGEND.map(([kind]) => {
    const pen = new SvgPen();
    const plain = { ...palette, ink: "k", soft: "k", good: "k", bad: "k", tones: Array(7).fill("k") };
    drawMark(pen, plain, kind, 0, 0);
    return pen.parts.join("");
  });
  assert.equal(new Set(shapes).size, shapes.length);
});

/**
 * Holds that every tag of XML is closed in order, and that attributes and text are clean.
 * @param {string} xml
 */
function wellFormed(xml) {
  /** @type {string[]} */
  const open = [];
  const tags = /<(\/?)([a-z]+)((?: [a-zA-Z-]+(?::[a-z]+)?="[^"<]*")*)(\/?)>|([^<]+)/gy;
  let at = 0;
  while (at < xml.length) {
    tags.lastIndex = at;
    const found = tags.exec(xml);
    assert.ok(found, `at ${at}: ${xml.slice(at, at + 60)}`);
    const [all, closes, name, , alone, text] = found;
    if (text !== undefined) assert.ok(!/&(?!(amp|lt|gt|quot);)/.test(text), text);
    else if (closes) assert.equal(open.pop(), name);
    else if (!alone) open.push(name);
    at += all.length;
  }
  assert.deepEqual(open, []);
}

test("a picture of a run is well-formed, whatever its title says", () => {
  const sim = troubled("raft");
  const how = { title: '<b> & "quotes" \u0000 ]]>', width: 900 };
  for (const [from, to] of [
    [250, 400],
    [0, 900],
  ]) {
    const scene = sceneOf(sim, { from, to, most: to === 900 ? 10 : 4000 });
    const svg = svgOf(scene, palette, new SvgPen(), how);
    wellFormed(svg);
    assert.match(svg, /&lt;b&gt; &amp; &quot;quotes&quot;/);
    assert.match(svg, /of virtual time/);
    assert.match(svg, /node 3/);
    assert.match(svg, /a message is lost/);
    if (to === 400) assert.match(svg, /stroke-dasharray="2 5"/, "node 1 is down");
    assert.ok(!svg.includes("NaN") && !svg.includes("undefined"));
  }
  sim.free();
});

test("lines begin, break and stand still when nodes do", () => {
  const sim = troubled("raft");
  const lives = new Lives();
  lives.follow(sim);
  const states = (/** @type {number} */ place, /** @type {number} */ from, /** @type {number} */ to) =>
    lives.within(place, from, to).map((life) => [life.from, life.to, life.state]);
  assert.deepEqual(states(1, 250, 700), [
    [250, 300, "up"],
    [300, 600, "down"],
    [600, 700, "up"],
  ]);
  assert.deepEqual(states(2, 410, 420), [[410, 420, "paused"]]);
  assert.deepEqual(states(-1, 0, 50), [[0, 50, "up"]]);
  sim.apply({ do: "join" });
  sim.advance_ms(10);
  lives.follow(sim);
  assert.deepEqual(states(4, 0, 905), [[900, 905, "up"]]);
  sim.free();
});

/** A pen that only counts what it is asked for. */
class CountingPen extends SvgPen {
  strokes = 0;
  moveTo() {
    this.strokes++;
  }
  lineTo() {
    this.strokes++;
  }
  arc() {
    this.strokes++;
  }
  rect() {
    this.strokes++;
  }
  stroke() {
    this.strokes++;
  }
  fill() {
    this.strokes++;
  }
  fillRect() {
    this.strokes++;
  }
  fillText() {
    this.strokes++;
  }
}

test("of a run of a million events a frame fetches and draws no more than the screen can hold", () => {
  const sim = new runs.raft.Simulation({
    protocol: "raft",
    nodes: 31,
    invariants: false,
    options: { heartbeat_ms: 10 },
    clients: { count: 4, think_ms: [0, 2] },
  });
  while (sim.length < 1_000_000) sim.advance_ms(500);
  const end = sim.end_ms;
  const seen = [];
  for (let span = end; span > 0.5; span /= 3) {
    const from = (end - span) / 2;
    const scene = sceneOf(sim, { from, to: from + span, width: 1000, height: 500 });
    const pen = new CountingPen();
    drawSpacetime(pen, scene, palette);
    seen.push({ events: scene.stretch.total, whole: scene.stretch.isWhole });
    const numbers = scene.stretch.events * 7 + scene.stretch.flights * 10 + scene.parts?.data.length;
    assert.ok(!(numbers > 200_000), `${numbers} numbers for ${span} ms`);
    assert.ok(pen.strokes < 80_000, `${pen.strokes} strokes for ${span} ms`);
    // All that is in sight is there: as itself, or counted.
    if (scene.parts)
      assert.ok(Math.abs(scene.parts.total - scene.stretch.total) <= scene.stretch.total / 50 + 5);
  }
  assert.ok(seen[0].events >= 1_000_000 && !seen[0].whole);
  assert.ok(seen.some(({ whole }) => whole));
  sim.free();
});

test("an arrow begins and ends where its events are", () => {
  const sim = troubled("raft", 300);
  const scene = sceneOf(sim, { from: 100, to: 300 });
  const { stretch } = scene;
  let checked = 0;
  for (let k = 0; k < stretch.flights; k++) {
    const flight = stretch.flight(k);
    const [sent, ended] = [stretch.find(flight.sentBy), stretch.find(flight.endedBy)];
    if (sent < 0 || ended < 0) continue;
    checked++;
    assert.equal(flight.from, stretch.place(sent));
    assert.equal(flight.to, stretch.place(ended));
    assert.equal(stretch.about(ended), flight.id);
    assert.ok([KIND.deliver, KIND.lose].includes(stretch.code(ended)));
    assert.ok(xOf(scene, flight.sent) < xOf(scene, flight.ended));
  }
  assert.ok(checked > 20);
  sim.free();
});

test("names beside arrows do not stand on one another, and the chosen one is there", () => {
  const labels = new Labels();
  const arrow = (/** @type {string} */ text) => ({
    text,
    from: 100,
    to: 160,
    heightAt: (/** @type {number} */ x) => x / 4,
    alpha: 1,
  });
  for (const text of ["prepare", "commit", "prepare", "commit"]) labels.add(arrow(text), false);
  labels.add(arrow("chosen"), true);
  const placed = labels.placed();
  assert.equal(placed[0].text, "chosen");
  assert.ok(placed.length < 5, "there is no room for all");
  for (const [k, one] of placed.entries())
    for (const other of placed.slice(k + 1))
      assert.ok(
        Math.abs(one.x - other.x) >= one.half + other.half || Math.abs(one.y - other.y) >= 11,
        `${one.text} on ${other.text}`,
      );
});
