// Every protocol of the registry has a view, and no view is without its protocol.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { describe, initSync } from "../../www/pkg/raft.js";

initSync({ module: readFileSync("www/pkg/raft_bg.wasm") });

test("the page lists the protocols that there are, in their order", async () => {
  const { views } = await import("../../www/views/index.js");
  const all = `one of ${Object.keys(views).join(", ")}`;
  assert.throws(() => describe("no such protocol"), { path: "protocol", expected: all });
});

test("what runs one protocol says that it does not run another", () => {
  const expected = "one that this build was made for: raft";
  assert.throws(() => describe("kv"), { path: "protocol", found: '"kv"', expected });
});
