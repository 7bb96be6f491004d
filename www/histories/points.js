// Where in its interval each operation takes effect, so that the order is read from left to right. Pure.

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
