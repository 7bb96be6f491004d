import assert from "node:assert/strict";
import { test } from "node:test";
import { freeName, partedAt, without } from "../../www/lib/branches.js";
import { faultBands } from "../../www/stage/bands.js";

/** A first run, one that left it at 560, one that left that at 700, and a run of its own. */
const forks = [
  { id: 0, parent: null, fork_ms: 0 },
  { id: 1, parent: 0, fork_ms: 560 },
  { id: 2, parent: 1, fork_ms: 700 },
  { id: 3, parent: null, fork_ms: 0 },
];

test("branches part where the first of them left", () => {
  assert.equal(partedAt(forks, 1, 0), 560);
  assert.equal(partedAt(forks, 2, 0), 560);
  assert.equal(partedAt(forks, 0, 2), 560);
  assert.equal(partedAt(forks, 2, 1), 700);
  assert.equal(partedAt(forks, 3, 0), null);
  assert.equal(partedAt(forks, 2, 2), Infinity);
});

test("a branch between two may go, and so may the first", () => {
  const middle = without(forks, 1);
  assert.deepEqual(
    middle.find((fork) => fork.id === 2),
    { id: 2, parent: 0, fork_ms: 560 },
  );
  const rest = without([...forks, { id: 4, parent: 0, fork_ms: 300 }], 0);
  assert.deepEqual(
    rest.find((fork) => fork.id === 1),
    { id: 1, parent: null, fork_ms: 0 },
  );
  assert.equal(partedAt(rest, 4, 2), 300);
});

test("names are numbered where they are taken", () => {
  const named = [{ name: "A" }, { name: "A (2)" }];
  assert.equal(freeName(named, "A"), "A (3)");
  assert.equal(freeName(named, "B"), "B");
});

test("a band ends when all is mended, however often it was cut before", () => {
  const bands = faultBands(
    [
      { at_ms: 10, do: "partition", groups: [[0], [1, 2]] },
      { at_ms: 20, do: "partition", groups: [[0, 1], [2]] },
      { at_ms: 25, do: "crash", node: 1 },
      { at_ms: 30, do: "heal" },
      { at_ms: 40, do: "restart", node: 1 },
      { at_ms: 50, do: "isolate", node: 0 },
      { at_ms: 60, do: "mend", from: 0, to: 1 },
      { at_ms: 70, do: "mend", from: 0, to: 2 },
      { at_ms: 80, do: "cut", from: 1, to: 2, one_way: true },
    ],
    3,
  );
  assert.deepEqual(bands, [
    [10, 40],
    [50, 70],
    [80, Infinity],
  ]);
});
