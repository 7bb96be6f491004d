// A run is held to what its protocol promises, and to nothing else.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { headline, summary } from "../../www/histories/words.js";
import * as judge from "../../www/pkg/check.js";
import * as kv from "../../www/pkg/kv.js";
import * as raft from "../../www/pkg/raft.js";
import * as sequence from "../../www/pkg/sequence.js";

before(() => {
  for (const [name, { initSync }] of Object.entries({ check: judge, kv, raft, sequence }))
    initSync({ module: readFileSync(`www/pkg/${name}_bg.wasm`) });
});

/** @param {unknown} history */
function judged(history) {
  return judge.check(JSON.stringify(history), {});
}

/** @type {(run: (scenario: any) => any, scenario: object) => { history: any[], model: string | null }} */
const told = (run, scenario) => {
  const { history, model } = run(scenario);
  return { history, model };
};

test("a replicated text is not judged as a map", () => {
  const report = told(sequence.run, { protocol: "sequence", clients: { count: 2 }, until_ms: 1000 });
  assert.ok(report.history.length > 5);
  for (const judgement of [judged(report), judged(report.history)]) {
    assert.equal(judgement.linearizable, null);
    assert.equal(judgement.sequential, null);
    assert.equal(judgement.operations.length, report.history.length);
    assert.equal(headline(judgement), "No single copy is promised");
    assert.match(summary(judgement), /does not promise its clients a single copy/);
  }
});

test("a store with siblings that nobody heard of yet is not judged as a map", () => {
  const scenario = { protocol: "kv", clients: { count: 2 }, until_ms: 2000 };
  const { history } = told(kv.run, scenario);
  const unheard = history.map((each) => ({ ...each, return_ms: null, result: null }));
  assert.equal(judged({ history: unheard, model: null }).linearizable, null);
  assert.equal(judged({ history, model: null }).model, "siblings");
});

test("what is promised is judged", () => {
  const report = told(raft.run, { protocol: "raft", clients: { count: 2 }, until_ms: 2000 });
  for (const history of [report, report.history]) assert.equal(judged(history).linearizable, "yes");
});

test("only session guarantees that something put to the test are said to have held", () => {
  const of = (/** @type {[held: number, broken: number][]} */ counts) => {
    const sessions = counts.map(([held, broken]) => ({ name: "", held, broken, breaches: [] }));
    const operations = /** @type {any} */ ([{}]);
    return headline(/** @type {any} */ ({ linearizable: null, sessions, operations, model: "siblings" }));
  };
  const [none, held, broken] = /** @type {[number, number][]} */ ([
    [0, 0],
    [3, 0],
    [3, 1],
  ]);
  assert.equal(of([none, none, none, none]), "No session guarantee was put to the test");
  assert.equal(of([held, none, none, held]), "2 of 4 session guarantees held, the rest were not tested");
  assert.equal(of([held, held, held, held]), "All session guarantees held");
  assert.equal(of([held, none, none, broken]), "1 of 4 session guarantees broken");
});
