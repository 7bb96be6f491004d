// Where in its interval each operation takes effect, so that the order is read from left to right, and which of
// them have room for their numbers. Pure.

/**
 * @param {{ call: number, return: number | null, status: string }[]} operations
 * @param {number[]} order places of operations, each of whose intervals allows it
 * @param {number} last the moment at which what was never answered ends
 * @returns {Map<number, number>} by operation, its moment
 */
export function pointsOf(operations, order, last) {
  const ends = order.map((place) => {
    const { return: end, status } = operations[place];
    return end === null || status !== "ok" ? last : end;
  });
  const least = [];
  let earliest = -Infinity;
  for (const place of order) least.push((earliest = Math.max(earliest, operations[place].call)));
  /** @type {Map<number, number>} */
  const points = new Map();
  let latest = Infinity;
  for (let k = order.length - 1; k >= 0; k--) {
    latest = Math.min(latest, ends[k]);
    points.set(order[k], (least[k] + Math.max(least[k], latest)) / 2);
  }
  return points;
}

/** Between a number and what stands beside it. */
const GAP = 1.5;

/**
 * Which numbers have room: each is clear of the intervals before and after its own, and of the number before it.
 * @param {{ from: number, to: number, goesOn?: boolean, number?: { at: number, half: number } }[]} spans
 *   the intervals in one row from left to right; one that goes on lies beneath the others
 * @returns {boolean[]}
 */
export function withRoom(spans) {
  let before = -Infinity;
  return spans.map(({ to, goesOn, number }, n) => {
    const next = spans[n + 1]?.from ?? Infinity;
    const fits = !!number && number.at - number.half > before + GAP && number.at + number.half < next - GAP;
    before = Math.max(before, goesOn ? -Infinity : to, fits ? number.at + number.half : -Infinity);
    return fits;
  });
}
