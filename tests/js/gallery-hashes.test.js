// The ready scenarios of every protocol give the same trace hashes in wasm as natively (tests/gallery.rs).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { views } from "../../www/views/index.js";

const read = (/** @type {string} */ path) => JSON.parse(readFileSync(path, "utf8"));
/** @type {Record<string, Record<string, string>>} */
const written = read("tests/gallery-hashes.json");

for (const protocol of Object.keys(views))
  test(`the gallery of ${protocol} runs in Node as it does natively`, async () => {
    const { initSync, run } = await import(`../../www/pkg/${protocol}.js`);
    initSync({ module: readFileSync(`www/pkg/${protocol}_bg.wasm`) });
    /** @type {string[]} */
    const names = read(`www/lessons/${protocol}/index.json`);
    assert.deepEqual(Object.keys(written[protocol]), names.toSorted());
    for (const name of names) {
      const { trace_hash } = run(read(`www/lessons/${protocol}/${name}.json`));
      assert.equal(trace_hash, written[protocol][name], name);
    }
  });
