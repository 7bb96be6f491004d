// Has every library measured in processes of their own, in turns, and keeps what they said.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** QUICK=1 is for trying: one round, two runs in it. */
const QUICK = Boolean(process.env.QUICK);
const ROUNDS = QUICK ? 1 : 3;
const RUNS = QUICK ? 2 : 5;
/** Milliseconds of one run, from which on one round is enough. */
const SLOW = 4_000;
/** Milliseconds after which a process is ended, whatever it says. */
const NEVER = 180_000;

const ONE = fileURLToPath(new URL("one.mjs", import.meta.url));
const TARGET = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("../target", import.meta.url));

/** @param {string} side @param {string[]} args @returns {Said} */
function ask(side, args) {
  const [command, ...before] =
    side === "node" ? [process.execPath, "--expose-gc", ONE] : [join(TARGET, "release", "synod-peers")];
  const { stdout, stderr, error } = spawnSync(command, [...before, ...args], {
    encoding: "utf8",
    timeout: NEVER,
    maxBuffer: 2 ** 28,
  });
  if (error && "code" in error && error.code === "ETIMEDOUT") return { runs: [], stopped: NEVER / 1000 };
  if (error) throw error;
  const line = stdout.trim().split("\n").pop();
  if (!line?.startsWith("{")) return { runs: [], wrong: stderr.trim().split("\n").slice(-12).join("\n") };
  return JSON.parse(line);
}

/** @typedef {{ figures: Record<string, number[]>, stopped?: number, wrong?: string, answers?: string[] }} Kept */

/** @type {Map<string, Kept>} */
const kept = new Map();
const key = (/** @type {string[]} */ ...parts) => parts.join("|");

/**
 * Of each column the best run: the others had a cold compiler, or other programs on the machine.
 * @param {Figures[]} runs
 */
function shortest(runs) {
  /** @type {Figures} */
  const least = {};
  for (const figures of runs)
    for (const [column, figure] of Object.entries(figures))
      least[column] = Math.min(least[column] ?? Infinity, figure);
  return least;
}

/**
 * One round of one job, each library once; who begins changes from round to round.
 * @param {number} round
 * @param {string} side
 * @param {import("./libraries.mjs").Entry[]} libraries
 * @param {string} job
 * @param {string} what
 */
function turn(round, side, libraries, job, what) {
  for (let index = 0; index < libraries.length; index++) {
    const { name, alone } = libraries[(index + round * 3) % libraries.length];
    if (alone && (job === "remote" || what === "friendsforever")) continue;
    const at = key(side, name, job, what);
    const found = kept.get(at) ?? { figures: {} };
    const slow = Object.values(found.figures).some((times) => Math.max(...times) > SLOW);
    if (found.stopped || found.wrong || found.answers || (slow && job !== "remote")) continue;
    process.stderr.write(`\r\x1b[K${side} ${job} ${what} ${name} (round ${round + 1} of ${ROUNDS})`);
    const { runs, stopped, wrong, answers } = ask(side, [name, job, what, String(RUNS)]);
    for (const [column, figure] of Object.entries(shortest(runs)))
      (found.figures[column] ??= []).push(figure);
    kept.set(at, { figures: found.figures, stopped, wrong, answers });
  }
}

/**
 * @param {{ side: string, libraries: import("./libraries.mjs").Entry[], job: string, what: string }[]} jobs
 */
export function measure(jobs) {
  for (let round = 0; round < ROUNDS; round++)
    for (const { side, libraries, job, what } of jobs) turn(round, side, libraries, job, what);
  process.stderr.write("\r\x1b[K");
}

/** @param {string} side @param {string} name @param {string} job @param {string} what @returns {Kept} */
export const said = (side, name, job, what) => kept.get(key(side, name, job, what)) ?? { figures: {} };

/** The median of the rounds, if there was any. @param {Kept} found @param {string} column */
export function median({ figures }, column) {
  const sorted = [...(figures[column] ?? [])].sort((a, b) => a - b);
  return sorted.length === 0 ? undefined : sorted[sorted.length >> 1];
}

/** Every wrong text and every crash, in words. */
export const wrongs = () =>
  [...kept].flatMap(([at, { wrong }]) => (wrong ? [`${at.replaceAll("|", " ")}: ${wrong}`] : []));
