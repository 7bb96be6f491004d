// Where the words for what is pointed at in a space-time diagram stand.

import assert from "node:assert/strict";
import { test } from "node:test";
import { crosses, tipPlace } from "../../www/stage/spacetime-tip.js";

/** @typedef {{ left: number, top: number }} Place */

const room = { wide: 1000, high: 400 };
const lines = [7, 50, 110, 170, 230, 290, 350];
const size = { wide: 300, high: 28 };

/** @param {Place} place @param {{ wide: number, high: number }} size */
const boxOf = ({ left, top }, { wide, high }) => ({ left, top, right: left + wide, bottom: top + high });

test("what is pointed at is not covered, and no line where there is room between lines", () => {
  for (const high of [28, 46])
    for (const y of lines)
      for (let x = 0; x <= room.wide; x += 50) {
        const place = tipPlace({ point: { x, y }, size: { ...size, high }, room, lines, way: null });
        const { left, top, right, bottom } = boxOf(place, { ...size, high });
        assert.ok(left >= 0 && top >= 0 && right <= room.wide && bottom <= room.high, `${x} ${y}`);
        assert.ok(
          lines.every((line) => line < top || line > bottom),
          `${x} ${y}: ${top} to ${bottom}`,
        );
        // It is next to the line that is pointed at.
        assert.ok(Math.min(Math.abs(top - y), Math.abs(bottom - y)) < 70, `${x} ${y}: ${top}`);
        // What begins there is not under it, but for its far end.
        assert.ok(x <= left || x >= right, `${x}: ${left} to ${right}`);
      }
});

test("where lines are too close what is pointed at is free all the same", () => {
  const close = Array.from({ length: 40 }, (_, k) => 7 + 10 * k);
  for (const wide of [300, 900])
    for (const y of close)
      for (let x = 0; x <= room.wide; x += 50) {
        const place = tipPlace({ point: { x, y }, size: { wide, high: 60 }, room, lines: close, way: null });
        const { left, top, right, bottom } = boxOf(place, { wide, high: 60 });
        assert.ok(x < left || x > right || y < top || y > bottom, `${x} ${y}: ${JSON.stringify(place)}`);
      }
});

test("an arrow that is pointed at is not covered", () => {
  for (const way of [
    { x0: 300, y0: 50, x1: 500, y1: 290 },
    { x0: 300, y0: 290, x1: 500, y1: 50 },
    { x0: 300, y0: 50, x1: 310, y1: 350 },
  ])
    for (const part of [0.1, 0.4, 0.5, 0.9]) {
      const point = { x: way.x0 + part * (way.x1 - way.x0), y: way.y0 + part * (way.y1 - way.y0) };
      const place = tipPlace({ point, size, room, lines, way });
      assert.ok(!crosses(way, boxOf(place, size)), JSON.stringify({ way, point, place }));
    }
});
