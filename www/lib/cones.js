// What could have led to an event, and what it could have led to: happened-before, from lines and causes.

/**
 * Events that follow one another without a gap in their numbers. Those of one process stand on one
 * line, in order; an event on no line (a message that is lost) is seen by nobody.
 * @typedef {object} Happening
 * @property {number} first the number of the first event
 * @property {number} count
 * @property {(k: number) => number} line of the k-th event; negative for none
 * @property {(k: number) => number} cause the number of the event that led to the k-th; negative for none
 */

export const NEITHER = 0;
export const PAST = 1;
export const HERE = 2;
export const FUTURE = 3;

/**
 * Which events are in the past of one, and which in its future. One pass over them each way: both
 * cones are exact among the events that are handed in, since a chain between two of them never
 * leaves the time between them.
 * @param {Happening} all
 * @param {number} id one of them
 * @returns {Uint8Array} for each event one of the four words above
 */
export function conesOf(all, id) {
  const cones = new Uint8Array(all.count);
  const at = id - all.first;
  if (at < 0 || at >= all.count) return cones;
  past(all, at, cones);
  future(all, at, cones);
  cones[at] = HERE;
  return cones;
}

/**
 * @param {Happening} all
 * @param {number} at
 * @param {Uint8Array} cones
 */
function past({ first, line, cause }, at, cones) {
  /** Lines whose earlier events are all in the past. @type {Set<number>} */
  const lines = new Set();
  cones[at] = PAST;
  for (let k = at; k >= 0; k--) {
    const own = line(k);
    if (cones[k] !== PAST && !(own >= 0 && lines.has(own))) continue;
    cones[k] = PAST;
    if (own >= 0) lines.add(own);
    const from = cause(k) - first;
    if (from >= 0) cones[from] = PAST;
  }
}

/**
 * @param {Happening} all
 * @param {number} at
 * @param {Uint8Array} cones
 */
function future({ first, count, line, cause }, at, cones) {
  /** Lines whose later events are all in the future. @type {Set<number>} */
  const lines = new Set();
  if (line(at) >= 0) lines.add(line(at));
  for (let k = at + 1; k < count; k++) {
    const own = line(k);
    const from = cause(k) - first;
    const reached = (own >= 0 && lines.has(own)) || from === at || (from > at && cones[from] === FUTURE);
    if (!reached) continue;
    cones[k] = FUTURE;
    if (own >= 0) lines.add(own);
  }
}
