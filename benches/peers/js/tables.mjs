// What was measured, as tables: absolute figures, and in brackets the ratio to the best peer.
import { NATIVE, NODE } from "./libraries.mjs";
import { COLLAPSES } from "./collapses.mjs";
import { median, said } from "./measure.mjs";
import { PROBES } from "./probes.mjs";

/** @typedef {import("./libraries.mjs").Entry} Entry */
/** @typedef {{ title: string, job: string, column: string, scale: (recording: Recording) => number, history?: boolean }} Column */

/** What the tables show of a recording; a figure times its scale is in the unit of the title. @type {Column[]} */
export const COLUMNS = [
  { title: "local, ns/edit", job: "local", column: "local", scale: (r) => 1e6 / edits(r) },
  { title: "remote, ns/update", job: "remote", column: "remote", scale: (r) => 1e6 / r.steps.length },
  { title: "open, ms", job: "local", column: "open", scale: () => 1 },
  { title: "save, ms", job: "local", column: "save", scale: () => 1 },
  { title: "saved, KiB", job: "local", column: "size", scale: () => 1 / 1024, history: true },
  { title: "bytes/update", job: "remote", column: "bytes", scale: (r) => 1 / r.steps.length },
  { title: "peak heap, MiB", job: "local", column: "heap", scale: () => 2 ** -20, history: true },
];

const edits = (/** @type {Recording} */ { steps }) => steps.reduce((sum, step) => sum + step.edits.length, 0);

/** @param {number} figure */
export const round = (figure) =>
  figure >= 100 ? Math.round(figure).toLocaleString("en") : figure.toFixed(figure >= 10 ? 1 : 2);

/** @param {string[]} head @param {string[][]} rows */
export function print(head, rows) {
  const lines = [head, head.map(() => ""), ...rows];
  const widths = head.map((_, at) => Math.max(...lines.map((line) => line[at].length)));
  lines.forEach((line, number) => {
    const cells = line.map((cell, at) =>
      number === 1 ? "-".repeat(widths[at]) : at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]),
    );
    console.log(`| ${cells.join(" | ")} |`);
  });
  console.log();
}

/**
 * The best of the peers, Synod and bare ropes apart; where all of the history is saved, of those who save it.
 * @param {string} side
 * @param {Column} column
 * @param {string} what
 * @returns {{ figure: number, title: string } | undefined}
 */
export function best(side, { job, column, history }, what) {
  const peers = (side === "node" ? NODE : NATIVE).filter((entry) => entry.name !== "synod" && !entry.bare);
  return peers
    .filter((entry) => !history || entry.history)
    .flatMap(({ name, title }) => {
      const found = said(side, name, job, what);
      const figure = found.wrong ? undefined : median(found, column);
      return figure === undefined ? [] : [{ figure, title }];
    })
    .sort((a, b) => a.figure - b.figure)[0];
}

/** @param {string} side @param {Entry} entry @param {Column} column @param {string} what @param {number} scale */
function cell(side, entry, column, what, scale) {
  const found = said(side, entry.name, column.job, what);
  if (found.wrong) return "wrong";
  const figure = median(found, column.column);
  if (figure === undefined) return found.stopped ? `stopped, > ${Math.round(found.stopped)} s` : "-";
  const other = best(side, column, what);
  const compared = !entry.bare && (!column.history || entry.history) && other && other.figure > 0;
  return round(figure * scale) + (compared ? ` (${(figure / other.figure).toFixed(2)})` : "");
}

/** @param {string} side @param {Recording} recording */
export function recorded(side, recording) {
  const libraries = side === "node" ? NODE : NATIVE;
  // Where several edit at once, what is under way between them is on the heap as well: not shown.
  const shown = COLUMNS.filter(
    ({ column }) => column !== "heap" || (side === "native" && recording.people === 1),
  );
  console.log(`${recording.name}, ${side === "node" ? "under Node" : "native"}:`);
  print(
    ["", ...shown.map(({ title }) => title), "history"],
    libraries.map((entry) => [
      entry.title,
      ...shown.map((column) => cell(side, entry, column, recording.name, column.scale(recording))),
      entry.bare ? "-" : entry.history ? "kept" : "dropped",
    ]),
  );
}

/** Times at three sizes, and by how much the last two grew. @param {string} name */
export function collapsed(name) {
  const { sizes, unit, figures } = COLLAPSES[name];
  for (const [column, title] of Object.entries(figures)) {
    console.log(`${title}, under Node, ms:`);
    print(
      ["", ...sizes.map((size) => `${size.toLocaleString("en")} ${unit}`)],
      NODE.map((entry) => {
        const found = said("node", entry.name, name, "-");
        const times = sizes.map((size) => median(found, `${column} ${size}`));
        return [entry.title, ...times.map((time, at) => grown(time, times[at - 1], Boolean(found.wrong)))];
      }),
    );
  }
}

/** @param {number | undefined} time @param {number | undefined} before @param {boolean} wrong */
function grown(time, before, wrong) {
  if (wrong) return "wrong";
  if (time === undefined) return "stopped";
  return round(time) + (before ? ` (x ${(time / before).toFixed(1)})` : "");
}

export function probed() {
  console.log("a letter at a time, two people at one place; and a reader whom updates reach in disorder:");
  print(
    ["", ...PROBES],
    NODE.map((entry) => [
      entry.title,
      ...(said("node", entry.name, "probes", "-").answers ?? PROBES.map(() => "-")),
    ]),
  );
}
