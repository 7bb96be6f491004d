import assert from "node:assert/strict";
import { test } from "node:test";
import { ringOf } from "../../www/stage/ring.js";

/** @typedef {{ what: string, left: number, right: number, top: number, bottom: number }} Box */

/** Sizes of the stage: on a wide screen, and on a telephone. */
const stages = [
  [830, 430],
  [390, 390],
];

/**
 * What stands on the stage, as boxes. A name is about as wide as `follower`.
 * @param {import("../../www/stage/ring.js").Ring} ring
 * @returns {Box[]}
 */
function boxes(ring) {
  const box = (
    /** @type {string} */ what,
    /** @type {number} */ x,
    /** @type {number} */ y,
    /** @type {number} */ wide,
    /** @type {number} */ high,
  ) => ({ what, left: x - wide / 2, right: x + wide / 2, top: y - high / 2, bottom: y + high / 2 });
  const shift = { start: 26, middle: 0, end: -26 };
  return [
    ...ring.nodes.map((seat, id) => box(`node ${id}`, seat.x, seat.y, 2 * ring.arc, 2 * ring.arc)),
    ...ring.nodes.map((seat, id) =>
      box(`name ${id}`, seat.labelX + shift[seat.anchor], seat.labelY - 4, 52, 12),
    ),
    ...ring.clients.map((seat, id) => box(`client ${id}`, seat.x, seat.y, 18, 18)),
    // The two buttons above the stage's corner: ring, or space-time.
    { what: "buttons", left: ring.width - 166, right: ring.width, top: 0, bottom: 28 },
  ];
}

/**
 * Whether two boxes share a place. Nodes and their timers are round.
 * @param {Box} a
 * @param {Box} b
 */
function overlap(a, b) {
  const round = [a, b].filter((box) => box.what.startsWith("node"));
  const center = (/** @type {Box} */ box) => [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
  if (round.length === 0) return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const [node, other] = round[0] === a ? [a, b] : [b, a];
  const [x, y] = center(node);
  const radius = (node.right - node.left) / 2;
  if (round.length === 2) {
    const [u, v] = center(other);
    return Math.hypot(u - x, v - y) < 2 * radius;
  }
  const [nearX, nearY] = [
    Math.max(other.left, Math.min(x, other.right)),
    Math.max(other.top, Math.min(y, other.bottom)),
  ];
  return Math.hypot(nearX - x, nearY - y) < radius;
}

for (const [width, height] of stages) {
  test(`nothing on a stage of ${width} by ${height} covers anything else`, () => {
    /** @type {string[]} */
    const wrong = [];
    // On a telephone names have no room among more than eight nodes.
    for (let nodes = 1; nodes <= (width > 600 ? 12 : 7); nodes++) {
      for (let clients = 0; clients <= 5; clients++) {
        const all = boxes(ringOf(width, height, nodes, clients));
        all.forEach((a, k) => {
          const where = `${nodes} nodes, ${clients} clients:`;
          if (a.left < 0 || a.right > width || a.top < 0 || a.bottom > height)
            wrong.push(`${where} ${a.what} is off the stage`);
          for (const b of all.slice(k + 1)) if (overlap(a, b)) wrong.push(`${where} ${a.what} and ${b.what}`);
        });
      }
    }
    assert.deepEqual(wrong, []);
  });
}
