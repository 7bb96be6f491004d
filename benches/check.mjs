// How fast histories are judged in wasm under Node: a folder of others' histories, and a made-up one of 10,000
// operations by 50 clients on 20 keys. Prints; fails on a wrong verdict and on nothing else.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { check, initSync } from "../www/pkg/check.js";

const wasm = readFileSync(new URL("../www/pkg/check_bg.wasm", import.meta.url));
initSync({ module: wasm });
const kib = (/** @type {number} */ bytes) => `${Math.round(bytes / 1024)} KiB`;
console.log(`wasm file: ${kib(wasm.length)}, gzipped ${kib(gzipSync(wasm).length)}`);

let failed = false;
/** @param {string} name @param {string} verdict @param {string} expected */
function expectVerdict(name, verdict, expected) {
  if (verdict === expected) return;
  console.error(`${name}: ${verdict}, expected ${expected}`);
  failed = true;
}

const folder = new URL("../../shared/histories/", import.meta.url);
const table = new URL("README.md", folder);
if (existsSync(table)) {
  const rows = readFileSync(table, "utf8")
    .split("\n")
    .map((row) => row.split("|").map((cell) => cell.trim()))
    .filter((cells) => cells[4] === "yes" || cells[4] === "no");
  const texts = rows.map(([, file]) => readFileSync(new URL(file, folder), "utf8"));
  const start = performance.now();
  const verdicts = texts.map((text) => check(text, undefined));
  const ms = performance.now() - start;
  rows.forEach((row, k) => expectVerdict(row[1], verdicts[k].linearizable ?? "none", row[4]));
  const most = Math.max(...verdicts.map(({ work }) => work.bytes));
  const unknown = verdicts.filter(({ sequential }) => sequential?.verdict === "unknown").length;
  console.log(
    `all ${rows.length} histories of the folder, from a cold start, read, judged both ways and told: ${ms.toFixed(0)} ms, ` +
      `at most ${kib(most)} remembered; sequential consistency undecided of ${unknown}`,
  );
} else {
  console.log(
    `The histories with others' verdicts are absent: they are looked for in ${fileURLToPath(folder)}.`,
  );
}

/** Clients that are never idle put and get; each operation takes effect between call and return. */
function madeUp(/** @type {number} */ count, /** @type {number} */ clients, /** @type {number} */ keys) {
  let state = 12345;
  const luck = (/** @type {number} */ most) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % most;
  };
  const free = Array.from({ length: clients }, () => 0);
  const effects = Array.from({ length: count }, (_, n) => {
    const process = n % clients;
    const call = free[process] + 1 + luck(20);
    const effect = call + luck(1000);
    const end = (free[process] = effect + luck(1000));
    return { n, process, call, effect, return: end + 1 };
  });
  effects.sort((a, b) => a.effect - b.effect || a.n - b.n);
  /** @type {Record<string, number | null>} */
  const held = {};
  const operations = effects.map(({ n, process, call, return: end }) => {
    const key = `k${luck(keys)}`;
    const put = luck(2) === 0;
    if (put) held[key] = n;
    return {
      process,
      key,
      call,
      return: end + 1,
      ...(put ? { op: "put", value: n } : { op: "get", result: held[key] ?? null }),
    };
  });
  // A process does one thing at a time: what ends a moment later still ends before the next call.
  for (const operation of operations) operation.return -= 1;
  return JSON.stringify({ version: 1, model: "map", operations });
}

const text = madeUp(10_000, 50, 20);
for (const round of ["first", "second"]) {
  const start = performance.now();
  const judged = check(text, undefined);
  const ms = performance.now() - start;
  expectVerdict("made up", judged.linearizable ?? "none", "yes");
  console.log(
    `10,000 operations by 50 clients on 20 keys (${kib(text.length)} of JSON), the ${round} time: ${ms.toFixed(0)} ms, ` +
      `${judged.work.steps} steps, at most ${judged.work.configurations} configurations in ${kib(judged.work.bytes)}`,
  );
}
process.exit(failed ? 1 : 0);
