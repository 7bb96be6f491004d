// What the page makes of the key-value store: options, sentences, versions, cones, and what a resolver
// writes.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { describe, initSync, run, Simulation } from "../../www/pkg/kv.js";
import { Frame } from "../../www/stage/frame.js";
import { kv, valueOf } from "../../www/views/kv.js";
import { promise } from "../../www/views/kv-counts.js";
import { compare, coneOf, isAbout, Story, unread, versionsOf } from "../../www/views/kv-events.js";
import { placesOf } from "../../www/views/kv-graph.js";
import { kvOptions } from "../../www/views/kv-options.js";
import { givenOf, lastConflict, putOf, unfit } from "../../www/views/kv-resolve.js";
import { keptKeys } from "../../www/views/kv-ring.js";

initSync({ module: readFileSync("www/pkg/kv_bg.wasm") });
const info = describe("kv");
const lesson = (/** @type {string} */ name) =>
  JSON.parse(readFileSync(`www/lessons/kv/${name}.json`, "utf8"));

/**
 * @param {Simulation} sim
 * @param {number} id
 * @returns {import("../../www/types.js").NodeDetail}
 */
function nodeOf(sim, id) {
  const node = sim.node(id);
  assert.ok(node);
  return node;
}

/**
 * A lesson at a moment, and what the page has read of it.
 * @param {string} name
 * @param {number} ms
 */
function at(name, ms) {
  const sim = new Simulation(lesson(name));
  sim.seek_ms(ms);
  const story = new Story();
  const { position } = sim;
  story.read({ position, histories: 1, trace: (from, to) => sim.trace(from, to) });
  const frame = new Frame(info.glance, info.roles);
  frame.read(sim.frame());
  const nodes = frame.everyNode().map(({ id }) => nodeOf(sim, id));
  return { sim, story, position, frame, nodes };
}

test("every option of the core has its place in the panel, and no other", () => {
  assert.deepEqual(kvOptions.map((option) => option.key).sort(), Object.keys(info.options).sort());
  const grouped = kv.optionGroups.flatMap(([, keys]) => keys).sort();
  assert.deepEqual(grouped, Object.keys(info.options).sort());
});

test("every choice of an option is one that the core takes", () => {
  for (const { key, choices = [] } of kvOptions)
    for (const [value] of choices)
      new Simulation({ protocol: "kv", options: { [key]: value || null } }).free();
});

test("every kind of message and every fact has its words", () => {
  for (const kind of info.kinds) assert.ok(kv.message(kind).label, kind);
  for (const file of readdirSync("www/lessons/kv")) {
    if (file === "index.json") continue;
    const sim = new Simulation(lesson(file.replace(".json", "")));
    const frame = new Frame(info.glance, info.roles);
    const until = sim.scenario().until_ms ?? 0;
    for (let t = 0; t < until; t += 7) {
      sim.advance_ms(7);
      frame.read(sim.frame());
      const recent = sim.trace(Math.max(0, sim.position - 160), sim.position);
      const detail = (/** @type {number} */ id) => sim.node(id) ?? null;
      const nodes = frame.everyNode();
      const told = kv.headline({ now: frame.now, nodes, cuts: [], recent, violation: null, detail });
      for (const text of [told.headline, told.watch])
        assert.ok(text && !/undefined|NaN|null|object/.test(text), `${file} at ${t}: ${text}`);
      for (const node of nodes) {
        const look = kv.node(node, detail(node.id));
        const lines = [...kv.explain(nodeOf(sim, node.id)), look.spoken, look.label];
        for (const [name, value] of kv.facts(nodeOf(sim, node.id))) lines.push(`${name} ${value}`);
        for (const line of lines) assert.ok(!/undefined|NaN|\[object/.test(line), `${file} at ${t}: ${line}`);
      }
    }
    sim.free();
  }
});

test("the exercise's conflict is read, and what a resolver returns replaces both versions", () => {
  const { sim, story, position } = at("two-themes", 700);
  const read = lastConflict(story, "config", position);
  assert.ok(read);
  assert.deepEqual(
    givenOf(read.item).map(({ value }) => value),
    [{ theme: "dark" }, { theme: "light" }],
  );
  sim.apply({ do: "request", op: putOf("config", { theme: "dim" }, read.item) });
  sim.advance_ms(300);
  for (const id of [0, 1]) assert.deepEqual(nodeOf(sim, id).view.keys[0].values, [{ theme: "dim" }]);
  // The script holds the put with its context, so that a replay needs no resolver.
  const replay = run(sim.scenario());
  const whole = new Simulation(sim.scenario());
  whole.advance_ms(sim.now_ms);
  assert.equal(whole.trace_hash(), sim.trace_hash());
  assert.equal(replay.verdict, "ok");
});

test("a version stands right of what its writer had read", () => {
  const { story, nodes, position } = at("what-came-before", 900);
  const { versions, heads } = versionsOf(story.of("text", position), nodes, "text");
  const words = (/** @type {string} */ id) => versions.find((version) => version.id === id)?.value;
  assert.deepEqual([...heads.keys()].map(words).sort(), ["draft, mended", "final"]);
  assert.deepEqual([...unread(versions)].map(words).sort(), ["draft, mended", "final"]);
  const places = placesOf(versions);
  const column = (/** @type {string} */ value) =>
    places.get(versions.find((version) => version.value === value)?.id ?? "")?.column;
  assert.deepEqual(["draft", "reviewed", "draft, mended", "final"].map(column), [0, 1, 1, 2]);
});

test("the cone of an event is what led to it and what it led to", () => {
  const { story, position } = at("what-came-before", 1000);
  const points = story.of("text", position);
  const links = story.links(points);
  const place = (/** @type {string} */ words) => points.findIndex(({ text }) => text.includes(words));
  const [draft, final, mended] = ["= draft as", "= final as", "mended as"].map(place);
  const cone = coneOf(points.length, links, final);
  assert.equal(cone[final], "here");
  assert.equal(cone[draft], "past", "by way of two clients' reads");
  // Node 0 had stored the final text before it took the mended draft; that its writer had not read it is
  // told by the versions, not by the lines.
  assert.equal(cone[mended], "future");
  const [reviewed, stale] = ["= reviewed as", "client 2's read"].map(place);
  assert.equal(coneOf(points.length, links, stale)[reviewed], "concurrent");
  const first = coneOf(points.length, links, draft);
  assert.ok(first[final] === "future" && first[mended] === "future");
  // What the page calls before is before by the stores' own vectors too, and the other way round.
  const clock = (/** @type {number} */ k) => points[k].fact.item.clock;
  const written = points.flatMap(({ kind }, k) => (kind === "wrote" ? [k] : []));
  for (const a of written)
    for (const b of written) {
      if (coneOf(points.length, links, b)[a] === "past") assert.equal(compare(clock(a), clock(b)), "before");
    }
});

test("a key may hold blanks", () => {
  const point = (/** @type {string} */ op) => ({
    id: 0,
    at: 0,
    place: "c0",
    kind: "asked",
    key: "",
    op,
    fact: null,
    input: 0,
    text: "",
  });
  for (const [op, key, about] of [
    ["put item 7 7", "item 7", true],
    ["put item 7 7", "item", true],
    ["put item 77 7", "item 7", false],
    ["get item 7", "item 7", true],
    ["get item 77", "item 7", false],
    ["delete item 7", "item 7", true],
  ])
    assert.equal(isAbout(/** @type {any} */ (point(String(op))), String(key)), about, `${op}: ${key}`);
});

test("what is typed in becomes a value", () => {
  assert.deepEqual(["", "7", "-3", "1.5", "dark", "[milk, eggs]", "[]", " x "].map(valueOf), [
    1,
    7,
    -3,
    "1.5",
    "dark",
    ["milk", "eggs"],
    [],
    "x",
  ]);
});

test("nonsense that a resolver returns is told from values", () => {
  for (const good of [1, "x", [], ["a", 2], { theme: "dim" }, {}]) assert.equal(unfit(good), "");
  for (const bad of [1.5, true, null, [[1]], { a: [1] }, [null]]) assert.notEqual(unfit(bad), "");
});

test("promises are those of the quorums", () => {
  assert.match(promise({ n: 3, r: 1, w: 1, sloppy: false }), /nothing below is promised/);
  assert.match(promise({ n: 3, r: 2, w: 2, sloppy: true }), /others may stand in/);
  assert.match(promise({ n: 3, r: 2, w: 2, sloppy: false }), /no read misses a write/);
});

test("the ring shows each key once, in order", () => {
  const { nodes } = at("newcomer", 2400);
  const kept = keptKeys(nodes);
  assert.equal(kept.length, 24);
  assert.ok(kept.every(({ replicas }) => replicas.length === 2));
  assert.deepEqual(
    kept.map(({ position }) => position),
    kept.map(({ position }) => position).sort((a, b) => a - b),
  );
});
