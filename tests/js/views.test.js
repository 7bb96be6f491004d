// Every protocol of the registry has a view, and no view is without its protocol.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { initSync, protocols } from "../../www/pkg/runs.js";

initSync({ module: readFileSync("www/pkg/runs_bg.wasm") });

test("the page lists the protocols that there are, in their order", async () => {
  const { views } = await import("../../www/views/index.js");
  assert.deepEqual(Object.keys(views), protocols());
});
