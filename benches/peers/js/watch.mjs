// Time, and no more of it than is worth waiting for.

/** Seconds for one figure, above which a library is stopped. */
const LIMIT = 20;
/** Seconds after which it is guessed how long the whole will take. */
const PATIENCE = 2;

/** Thrown where the whole would take `seconds`, about. */
export class TooSlow extends Error {
  /** @param {number} seconds */
  constructor(seconds) {
    super(`would take about ${seconds} s`);
    this.seconds = seconds;
  }
}

/** Thrown where a text is not what it should be. */
export class Wrong extends Error {}

/** @param {() => void} run @returns {number} milliseconds */
export function timed(run) {
  globalThis.gc?.(); // what others left behind is not this one's to sweep
  const start = performance.now();
  run();
  return performance.now() - start;
}

/**
 * Calls `step` for each index below `count`, unless it becomes plain that this takes too long.
 * @param {number} count
 * @param {(index: number) => void} step
 */
export function watched(count, step) {
  const start = performance.now();
  for (let index = 0; index < count; index++) {
    step(index);
    if (index % 64 !== 63) continue;
    const seconds = (performance.now() - start) / 1000;
    if (seconds > PATIENCE && (seconds / (index + 1)) * count > LIMIT)
      throw new TooSlow((seconds / (index + 1)) * count);
  }
}

/** @param {string} what @param {string} text @param {string} expected */
export function check(what, text, expected) {
  if (text !== expected)
    throw new Wrong(
      `${what}: a text of ${text.length} characters where ${expected.length} were expected, or others`,
    );
}
