import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { initSync, run } from "../../www/pkg/locks.js";

initSync({ module: readFileSync("www/pkg/locks_bg.wasm") });
const read = (/** @type {string} */ path) => JSON.parse(readFileSync(path, "utf8"));

test("the gallery's runs of the lock manager are in Node what they are natively", () => {
  /** @type {Record<string, string>} */
  const hashes = read("tests/locks-hashes.json");
  assert.ok(Object.keys(hashes).length >= 8);
  for (const [name, hash] of Object.entries(hashes))
    assert.equal(run(read(`www/lessons/locks/${name}.json`)).trace_hash, hash, name);
});
