import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { initSync, version } from "../../www/pkg/raft.js";

test("the module that is served loads in Node", () => {
  initSync({ module: readFileSync("www/pkg/raft_bg.wasm") });
  assert.equal(version(), "0.1.0");
});
