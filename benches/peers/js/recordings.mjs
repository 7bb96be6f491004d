// Recorded editing sessions, read before anything is measured.
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

export const RECORDINGS = ["automerge-paper", "sveltecomponent", "rustcode", "friendsforever"];
export const FOLDER = process.env.SYNOD_TRACES
  ? new URL(`${process.env.SYNOD_TRACES}/`, "file:")
  : new URL("../../../../shared/traces/", import.meta.url);

const file = (/** @type {string} */ name) => new URL(`${name}.json.gz`, FOLDER);

/** Those recordings that this machine does not have. */
export const absent = () => RECORDINGS.filter((name) => !existsSync(file(name)));

/**
 * A transaction builds on its parents and on all that these build on.
 * @param {any[]} txns
 * @param {number} people
 * @returns {Step[]}
 */
function together(txns, people) {
  const seen = Array.from({ length: people }, () => new Set());
  return txns.map(({ agent, patches }, index) => {
    const received = [];
    const descendants = [index];
    for (let next = descendants.pop(); next !== undefined; next = descendants.pop()) {
      for (const parent of txns[next].parents) {
        if (seen[agent].has(parent)) continue;
        seen[agent].add(parent);
        received.push(parent);
        descendants.push(parent);
      }
    }
    seen[agent].add(index);
    return { who: agent, received: received.sort((a, b) => a - b), edits: patches };
  });
}

/** @param {string} name @returns {Recording} */
export function read(name) {
  const { txns, endContent, numAgents } = JSON.parse(gunzipSync(readFileSync(file(name))).toString());
  const people = numAgents ?? 1;
  const alone = () => txns.map((/** @type {any} */ txn) => ({ who: 0, received: [], edits: txn.patches }));
  return { name, people, steps: people > 1 ? together(txns, people) : alone(), expected: endContent };
}
