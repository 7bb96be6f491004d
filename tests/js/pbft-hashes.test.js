// The gallery of PBFT, signatures and all, gives the same trace hashes in wasm as natively (tests/pbft.rs).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { initSync, run } from "../../www/pkg/pbft.js";

initSync({ module: readFileSync("www/pkg/pbft_bg.wasm") });

test("PBFT runs in wasm as it does natively", () => {
  /** @type {{ scenario: any, trace_hash: string }[]} */
  const written = JSON.parse(readFileSync("tests/pbft-hashes.json", "utf8"));
  assert.ok(written.length > 10);
  for (const { scenario, trace_hash } of written) assert.equal(run(scenario).trace_hash, trace_hash);
});
