import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { initSync, version } from "../../www/pkg/runs.js";

test("the module that is served loads in Node", () => {
  initSync({ module: readFileSync("www/pkg/runs_bg.wasm") });
  assert.equal(version(), "0.1.0");
});
