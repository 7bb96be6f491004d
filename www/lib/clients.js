// Clients as hands have left them, read from the script: who stands still, and what clocks show.

/** @typedef {import("../types.js").ScriptEntry} ScriptEntry */

/** Who has waited for an answer for so long, in virtual milliseconds, is named. */
export const WAITED_MS = 2000;

/**
 * The clients that stand still at a moment.
 * @param {ScriptEntry[]} script in the order of time
 * @param {number} now
 * @returns {Set<number>}
 */
export function stillClients(script, now) {
  /** @type {Set<number>} */
  const still = new Set();
  for (const entry of script) {
    if (entry.at_ms > now) break;
    if (entry.do === "pause_client") still.add(entry.client);
    else if (entry.do === "resume_client") still.delete(entry.client);
  }
  return still;
}

/** The greatest drift that a clock has, in parts per million: as in src/sim/clock.rs. */
const DRIFT_MOST = 500_000;

/**
 * What a client's clock shows at a moment, and how fast it runs then; a true clock shows the time at
 * pace 1.
 * @param {ScriptEntry[]} script in the order of time
 * @param {number} client
 * @param {number} now
 * @returns {{ shows: number, pace: number }}
 */
export function clientClock(script, client, now) {
  let [since, shown, pace] = [0, 0, 1];
  for (const entry of script) {
    if (entry.at_ms > now) break;
    if (entry.do !== "skew_client" || entry.client !== client) continue;
    shown += (entry.at_ms - since) * pace + (entry.ahead_ms ?? 0);
    since = entry.at_ms;
    const drift = Math.max(-DRIFT_MOST, Math.min(DRIFT_MOST, entry.drift_ppm ?? 0));
    pace = 1 + drift / 1_000_000;
  }
  return { shows: shown + (now - since) * pace, pace };
}
