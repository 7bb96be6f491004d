// A number in a history's drawing is shown whole or not at all.

import assert from "node:assert/strict";
import { test } from "node:test";
import { withRoom } from "../../www/histories/points.js";

/** @type {(from: number, to: number, at: number, more?: { half?: number, goesOn?: boolean }) => any} */
const span = (from, to, at, { half = 10, goesOn } = {}) => ({ from, to, goesOn, number: { at, half } });

test("a number that the next operation's ticks would cut is hidden", () => {
  assert.deepEqual(withRoom([span(0, 30, 28), span(34, 80, 60)]), [false, true]);
  assert.deepEqual(withRoom([span(0, 30, 18), span(34, 80, 60)]), [true, true]);
});

test("so is one that the operation before would cut, or its number", () => {
  assert.deepEqual(withRoom([span(0, 30, 15), span(34, 80, 36)]), [true, false]);
  assert.deepEqual(withRoom([span(0, 30, 28), span(42, 80, 48)]), [true, false]);
  assert.deepEqual(withRoom([span(0, 30, 15), { from: 34, to: 36 }, span(40, 80, 45)]), [true, false, false]);
});

test("what goes on beneath the others takes no room from them", () => {
  assert.deepEqual(withRoom([span(0, 500, 12, { goesOn: true }), span(34, 80, 60)]), [true, true]);
});
