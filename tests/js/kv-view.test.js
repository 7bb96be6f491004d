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
import { difference } from "../../www/views/kv-headline.js";
import { linesOf } from "../../www/views/kv-lines.js";
import { givenOf, lastConflict, missedBy, putOf, unfit } from "../../www/views/kv-resolve.js";
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

/**
 * What the page says of a scenario at a moment, or of a run that hands have been in.
 * @param {Simulation} sim
 * @param {[number, number][]} [cuts]
 */
function wordsOf(sim, cuts = []) {
  const frame = new Frame(info.glance, info.roles);
  frame.read(sim.frame());
  const recent = sim.trace(Math.max(0, sim.position - 160), sim.position);
  const detail = (/** @type {number} */ id) => sim.node(id) ?? null;
  const nodes = frame.everyNode();
  return kv.headline({ now: frame.now, nodes, cuts, recent, violation: null, detail });
}

test("nodes are said to agree when they do, and not before", () => {
  for (const name of JSON.parse(readFileSync("www/lessons/kv/index.json", "utf8"))) {
    const sim = new Simulation(lesson(name));
    const frame = new Frame(info.glance, info.roles);
    for (let t = 0; t < (sim.scenario().until_ms ?? 0); t += 11) {
      sim.advance_ms(11);
      if (!/agree/.test(wordsOf(sim).headline)) continue;
      frame.read(sim.frame());
      /** @type {Map<string, Set<string>>} */
      const held = new Map();
      for (const { id, status } of frame.everyNode())
        if (status === "up")
          for (const { key, values, replicas, owed } of nodeOf(sim, id).view.keys)
            if (replicas.includes(id) || owed.length)
              held.set(key, (held.get(key) ?? new Set()).add(JSON.stringify(values)));
      for (const [key, forms] of held) assert.equal(forms.size, 1, `${name} at ${t}: ${key} ${[...forms]}`);
    }
    sim.free();
  }
  const { sim } = at("two-themes", 190);
  const told = wordsOf(sim, [[0, 1]]);
  assert.equal(
    told.headline,
    "Not all have the same of “config”: node 0 has “theme dark”, node 1 has “theme light”",
  );
  assert.match(told.watch, /Links are cut/);
  // Of very many nodes nothing is said.
  const many = new Simulation({ protocol: "kv", nodes: 40 });
  many.seek_ms(300);
  const frame = new Frame(info.glance, info.roles);
  frame.read(many.frame());
  const state = { now: 300, nodes: frame.everyNode(), cuts: [], recent: [], violation: null };
  const asked = () => assert.fail("each node is looked at");
  assert.equal(difference(/** @type {any} */ ({ ...state, detail: asked }), state.nodes), undefined);
});

test("the headline says what a resolver has told the reader", () => {
  const score = at("highest-score", 250).sim;
  assert.equal(wordsOf(score).headline, "Client 3 reads score: 90");
  assert.match(wordsOf(score).watch, /70, 90 and 1 more stand, and a read returns the greatest number/);
  assert.match(kv.explain(nodeOf(score, 0)).join(" "), /whoever reads gets the greatest number/);
  const cart = at("cart-union", 490).sim;
  assert.equal(wordsOf(cart).headline, "Client 2 reads cart: “bread, eggs, milk”");
  const themes = at("two-themes", 530).sim;
  assert.match(wordsOf(themes).watch, /leaves it to the reader to choose/);
});

test("a deletion, a newcomer and a split are called what they are", () => {
  assert.equal(
    wordsOf(at("tombstone", 450).sim).headline,
    "Client 1 reads secret: nothing, since it was deleted",
  );
  assert.match(
    wordsOf(at("newcomer", 425).sim).headline,
    /Node 4 starts with an empty disk, and asks to be let in/,
  );
  const split = at("both-sides-write", 850).sim;
  assert.match(wordsOf(split).headline, /^Node \d hears nothing of nodes/);
  // Under plain vectors versions stand whose writers had read each other: nobody is told otherwise.
  const explodes = at("sibling-explosion", 400);
  for (let t = 110; t < 980; t += 5) {
    explodes.sim.seek_ms(t);
    const { watch } = wordsOf(explodes.sim);
    const versions = nodeOf(explodes.sim, 0).view.keys[0]?.versions ?? [];
    if (versions.length > 2) assert.doesNotMatch(watch, /had read/, `at ${t}`);
  }
});

test("a resolver is told what its read has missed", () => {
  const { sim, story, position } = at("two-themes", 700);
  const read = lastConflict(story, "config", position);
  assert.ok(read);
  const nodes = () => [0, 1].map((id) => nodeOf(sim, id));
  assert.deepEqual(missedBy(read.item, nodes(), "config"), []);
  sim.apply({ do: "request", node: 0, op: { put: ["config", "third", null] } });
  sim.advance_ms(300);
  const missed = missedBy(read.item, nodes(), "config");
  assert.deepEqual(
    missed.map(({ value }) => value),
    ["third"],
  );
});

test("lines are drawn where something happened, however many nodes there are", () => {
  const at = (/** @type {string[]} */ ...places) => places.map((place) => ({ place }));
  const nodes = Array.from({ length: 31 }, (_, id) => id);
  assert.deepEqual(linesOf(nodes, at("n30", "c2", "n12", "c10"), 8), ["n12", "n30", "c2", "c10"]);
  assert.deepEqual(linesOf([0, 1, 2], at("n1", "c0"), 8), ["n0", "n1", "n2", "c0"]);
  assert.equal(linesOf(nodes, at(...nodes.map((id) => `n${id}`), "c0"), 8).length, 8);
});

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

test("what came before by way of another key, or of a line that is not drawn, came before", () => {
  const sim = new Simulation({
    protocol: "kv",
    nodes: 3,
    options: { n: 3, r: 1, w: 1, sloppy: false, anti_entropy_ms: 0, read_repair: false },
    network: { latency_ms: [300, 300] },
    script: [
      { at_ms: 10, do: "request", node: 0, client: 0, op: { put: ["x", "first"] } },
      { at_ms: 30, do: "request", node: 0, client: 0, op: { put: ["y", "hint"] } },
      { at_ms: 50, do: "request", node: 0, client: 1, op: { get: "y" } },
      { at_ms: 70, do: "request", node: 1, client: 1, op: { put: ["x", "second"] } },
      { at_ms: 75, do: "request", node: 2, client: 2, op: { put: ["x", "third"] } },
    ],
    until_ms: 200,
  });
  sim.seek_ms(150);
  const story = new Story();
  const { position } = sim;
  story.read({ position, histories: 1, trace: (from, to) => sim.trace(from, to) });
  const wrote = (/** @type {string} */ value) =>
    story.points.find(({ kind, fact }) => kind === "wrote" && fact.version.value === value)?.id ?? -1;
  const cone = story.cone(wrote("second"), position);
  assert.equal(cone.get(wrote("first")), "past");
  assert.equal(cone.get(wrote("third")), "concurrent");
  assert.equal(story.cone(wrote("first"), position).get(wrote("second")), "future");
});

test("what is refused is the headline, with its reason", () => {
  const { sim } = at("cart-last-writer", 700);
  sim.apply({ do: "request", node: 0, op: { put: ["k".repeat(129), 1] } });
  sim.advance_ms(30);
  assert.match(wordsOf(sim).headline, /^Client \d is refused: the key takes 129 bytes, and may take 128$/);
  assert.match(wordsOf(sim).watch, /Nothing has changed/);
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
  /** @type {[string, any][]} */
  const typed = [
    ["", 1],
    ["7", 7],
    ["-3", -3],
    ["1.5", "1.5"],
    ["007", "007"],
    ["1e3", "1e3"],
    ["dark", "dark"],
    ["[milk, eggs]", ["milk", "eggs"]],
    ["[1, b,]", [1, "b"]],
    ["[]", []],
    [" x ", "x"],
    ['{"theme": "dark", "size": 2}', { theme: "dark", size: 2 }],
    ["{theme: dark, size: 2}", { theme: "dark", size: 2 }],
    ["{}", {}],
    ["{so it is}", "{so it is}"],
  ];
  for (const [text, value] of typed) assert.deepEqual(valueOf(text), value, text);
});

test("nonsense that a resolver returns is told from values", () => {
  for (const good of [1, "x", [], ["a", 2], { theme: "dim" }, {}]) assert.equal(unfit(good), "");
  for (const bad of [1.5, true, null, [[1]], { a: [1] }, [null]]) assert.notEqual(unfit(bad), "");
});

test("promises are those of the quorums", () => {
  assert.match(promise({ n: 3, r: 1, w: 1, sloppy: false }), /nothing here is promised/);
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
