// What the page makes of the replicated text: options, sentences, pieces of texts, the part that is shown.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { describe, initSync, Simulation } from "../../www/pkg/sequence.js";
import { Frame } from "../../www/stage/frame.js";
import { sequenceOptions } from "../../www/views/sequence-options.js";
import { cut, groupsOf, pieces, quoted, windowOf } from "../../www/views/sequence-words.js";
import { asks, sequence } from "../../www/views/sequence.js";

initSync({ module: readFileSync("www/pkg/sequence_bg.wasm") });
const info = describe("sequence");
const lessons = readdirSync("www/lessons/sequence").filter((file) => file !== "index.json");
const lesson = (/** @type {string} */ name) =>
  JSON.parse(readFileSync(`www/lessons/sequence/${name}`, "utf8"));

/**
 * A lesson at a moment.
 * @param {string} name
 * @param {number} ms
 */
function at(name, ms) {
  const sim = new Simulation(lesson(`${name}.json`));
  sim.seek_ms(ms);
  return sim;
}

/** @param {Simulation} sim */
function stateOf(sim) {
  const frame = new Frame(info.glance, info.roles);
  frame.read(sim.frame());
  const { position } = sim;
  const recent = sim.trace(Math.max(0, position - 80), position);
  const detail = (/** @type {number} */ id) => /** @type {any} */ (sim.node(id));
  return { now: sim.now_ms, nodes: frame.everyNode(), cuts: [], recent, violation: null, detail };
}

test("every option of the core has its place in the panel, and every mutant is offered", () => {
  const keys = Object.keys(/** @type {Record<string, any>} */ (info.options)).sort();
  assert.deepEqual(sequenceOptions.map(({ key }) => key).sort(), keys);
  assert.deepEqual(sequence.optionGroups.flatMap(([, each]) => each).sort(), keys);
  const { choices = [] } = sequenceOptions.find(({ key }) => key === "mutant") ?? {};
  assert.deepEqual(choices.map(([value]) => value).filter(Boolean), info.mutants);
});

test("every kind of message has a look, and every request is one that the core takes", () => {
  const looks = info.kinds.map((kind) => sequence.message(kind).label);
  assert.equal(looks.length, 4);
  for (const { verb, op } of asks()) {
    const entry = { at_ms: 1, do: "request", node: 0, op: op({}) };
    const sim = new Simulation(/** @type {any} */ ({ protocol: "sequence", script: [entry], until_ms: 50 }));
    sim.advance_ms(50);
    assert.equal(sim.report().history.length, 1, verb);
    sim.free();
  }
});

test("headlines and sentences are said at every moment of every lesson", () => {
  for (const name of lessons) {
    const sim = new Simulation(lesson(name));
    const until = lesson(name).until_ms;
    for (let ms = 0; ms <= until; ms += until / 40) {
      sim.seek_ms(ms);
      const state = stateOf(/** @type {any} */ (sim));
      const { headline, watch } = sequence.headline(/** @type {any} */ (state));
      for (const words of [headline, watch]) {
        assert.ok(words.length > 5, `${name} ${ms}`);
        assert.doesNotMatch(words, /undefined|NaN|null|\[object/, `${name} ${ms}`);
      }
      for (const node of state.nodes) {
        const detail = state.detail(node.id);
        const said = [sequence.node(node, detail).spoken, ...sequence.explain(detail, ms)];
        for (const [fact, value] of sequence.facts(detail)) said.push(`${fact} ${value}`);
        for (const words of said) assert.doesNotMatch(words, /undefined|NaN|null|\[object/, `${name} ${ms}`);
      }
    }
    sim.free();
  }
});

test("two people in one place: two texts, and then one", () => {
  const sim = at("one-place", 640);
  assert.equal(new Set(stateOf(/** @type {any} */ (sim)).nodes.map(({ epoch }) => epoch)).size, 3);
  sim.seek_ms(1500);
  const { headline } = sequence.headline(/** @type {any} */ (stateOf(/** @type {any} */ (sim))));
  assert.equal(headline, "All 3 replicas that are up show the same text");
});

test("a text in pieces says whose letters are whose, which are gone, and where cursors stand", () => {
  const { view } = /** @type {any} */ (at("deletion-meets-insertion", 1400).node(0));
  const shown = (/** @type {any[]} */ list) => list.map(({ text }) => text).join("");
  assert.equal(shown(pieces(view, false)), "We meet or Tuesday at noon");
  const all = pieces(view, true);
  assert.equal(shown(all), "We meet on Monday or Tuesday at noon");
  assert.deepEqual(
    all.filter(({ deleted }) => deleted).map(({ text }) => text),
    [" on Monday"],
  );
  const whose = all.filter(({ text }) => text === " or Tuesday").map(({ node, fresh }) => ({ node, fresh }));
  assert.deepEqual(whose, [{ node: 1, fresh: false }]);
  // The client that deleted has its cursor where the words were.
  const caret = pieces(view, false).findIndex(({ carets }) => carets.length > 0);
  assert.equal(shown(pieces(view, false).slice(0, caret)), "We meet");
});

test("of long texts the part is shown where they differ", () => {
  const long = [..."a".repeat(100)];
  assert.equal(windowOf([long, long], 120), 0);
  assert.equal(windowOf([long, long], 40), 60, "the end, where they are the same");
  const other = [...long.slice(0, 30), "b", ...long.slice(30)];
  assert.equal(windowOf([long, other], 40), 20);
  const list = [
    { text: "abc", node: 0, deleted: false, fresh: false, carets: [] },
    { text: "def", node: 1, deleted: false, fresh: true, carets: [4] },
  ];
  assert.deepEqual(
    cut(list, 2, 2).map(({ text, carets }) => [text, carets]),
    [
      ["c", []],
      ["d", [4]],
    ],
  );
  assert.deepEqual(groupsOf(["x", "y", "x"]), ["A", "B", "A"]);
  assert.equal([...quoted("one two three", 8)].length, 10);
});
