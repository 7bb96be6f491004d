// Where the words for what is pointed at stand: beside it and not over it, and between the lines where there is room.
// Pure.

/** How far it stays from what is pointed at, from lines, and from the edge. */
const GAP = 12;
const CLEAR = 3;
const EDGE = 4;

/**
 * @typedef {{ x: number, y: number }} Point
 * @typedef {{ x0: number, y0: number, x1: number, y1: number }} Way
 * @typedef {{ left: number, top: number, right: number, bottom: number }} Box
 */

/**
 * Whether a stretch goes through a box.
 * @param {Way} way
 * @param {Box} box
 */
export function crosses({ x0, y0, x1, y1 }, { left, top, right, bottom }) {
  let [from, to] = [0, 1];
  for (const [start, by, low, high] of [
    [x0, x1 - x0, left, right],
    [y0, y1 - y0, top, bottom],
  ]) {
    if (by === 0 && (start < low || start > high)) return false;
    if (by === 0) continue;
    const [one, other] = [(low - start) / by, (high - start) / by];
    from = Math.max(from, Math.min(one, other));
    to = Math.min(to, Math.max(one, other));
  }
  return from <= to;
}

/**
 * @param {object} of
 * @param {Point} of.point what is pointed at
 * @param {{ wide: number, high: number }} of.size of the words
 * @param {{ wide: number, high: number }} of.room of the diagram
 * @param {number[]} of.lines how high the lines stand
 * @param {Way | null} of.way the arrow that is pointed at, where it is one
 * @returns {{ left: number, top: number }}
 */
export function tipPlace({ point, size, room, lines, way }) {
  const { x, y } = point;
  const within = (/** @type {number} */ at, /** @type {number} */ most) =>
    Math.max(EDGE, Math.min(at, most - EDGE));
  const lefts = [x + GAP, x - GAP - size.wide, x - size.wide / 2];
  const sorted = [...lines].sort((a, b) => a - b);
  const between = [0, ...sorted].map((line, k) => (line + (sorted[k] ?? room.high)) / 2 - size.high / 2);
  const tops = [y - GAP - size.high, y + GAP, ...between];
  let best = { left: 0, top: 0 };
  let least = Infinity;
  for (const top of tops.map((at) => within(at, room.high - size.high))) {
    for (const left of lefts.map((at) => within(at, room.wide - size.wide))) {
      const [right, bottom] = [left + size.wide, top + size.high];
      const around = (/** @type {number} */ by) => ({
        left: left - by,
        top: top - by,
        right: right + by,
        bottom: bottom + by,
      });
      const pointed = crosses({ x0: x, y0: y, x1: x, y1: y }, around(CLEAR));
      const covered = lines.filter((line) => line > top - CLEAR && line < bottom + CLEAR).length;
      const aside = Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom));
      // What led there and what came of it begins there.
      const across = left < x && x < right;
      const cost =
        (pointed ? 100_000 : 0) +
        (way && crosses(way, around(1)) ? 20_000 : 0) +
        1000 * covered +
        (across ? 200 : 0) +
        aside;
      if (cost < least) [least, best] = [cost, { left, top }];
    }
  }
  return best;
}
