import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { initSync, run } from "../../www/pkg/paxos.js";

initSync({ module: readFileSync("www/pkg/paxos_bg.wasm") });
const read = (/** @type {string} */ path) => JSON.parse(readFileSync(path, "utf8"));

test("the gallery's runs of Paxos are in Node what they are natively", () => {
  /** @type {Record<string, string>} */
  const hashes = read("tests/paxos-hashes.json");
  assert.ok(Object.keys(hashes).length >= 8);
  for (const [name, hash] of Object.entries(hashes))
    assert.equal(run(read(`www/lessons/paxos/${name}.json`)).trace_hash, hash, name);
});
