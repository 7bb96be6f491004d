// What Synod is to reach, and whether it does.
import { COLLAPSES } from "./collapses.mjs";
import { median, said } from "./measure.mjs";
import { best, COLUMNS, print, round } from "./tables.mjs";

/** By how much a time may vary from one run to the next on a busy machine. */
const NOISE = 1.2;
/** Milliseconds below which no growth can be told from noise, nor need be. */
const SHORT = 1;

/** @type {[side: string, column: string, most: number, only?: string[], against?: string[]][]} */
const RATIOS = [
  ["node", "local", 1, ["automerge-paper", "sveltecomponent", "rustcode"]],
  ["node", "local", 0.8, ["friendsforever"]],
  ["node", "remote", 0.8],
  ["node", "open", 1.5],
  ["node", "size", 1.05, ["automerge-paper", "friendsforever"]],
  ["native", "local", 1, undefined, ["diamond-types"]],
  ["native", "remote", 1, undefined, ["yrs"]],
  ["native", "local", 4, ["automerge-paper"], ["jumprope", "jumprope-buffered"]],
  ["native", "heap", 1.5, ["automerge-paper", "sveltecomponent", "rustcode"]],
];

/** @param {string} side @param {string} name @param {typeof COLUMNS[number]} column @param {string} what */
function other(side, name, column, what) {
  const found = said(side, name, column.job, what);
  // Who was stopped would have taken this long at least.
  const figure = median(found, column.column) ?? (found.stopped && found.stopped * 1000);
  return figure === undefined ? undefined : { figure, title: found.stopped ? `${name}, stopped` : name };
}

/** @param {Recording[]} recordings */
function ratios(recordings) {
  return RATIOS.flatMap(([side, name, most, only, against]) =>
    recordings
      .filter((recording) => !only || only.includes(recording.name))
      .flatMap((recording) => {
        const column = /** @type {typeof COLUMNS[number]} */ (COLUMNS.find((one) => one.column === name));
        const found = said(side, "synod", column.job, recording.name);
        const ours = found.wrong ? undefined : median(found, name);
        const peers = against
          ? against.map((peer) => other(side, peer, column, recording.name))
          : [best(side, column, recording.name)];
        return peers.map((peer) => row(side, column, recording, most, ours, peer));
      }),
  );
}

/**
 * @param {string} side
 * @param {typeof COLUMNS[number]} column
 * @param {Recording} recording
 * @param {number} most
 * @param {number | undefined} ours
 * @param {{ figure: number, title: string } | undefined} peer
 */
function row(side, column, recording, most, ours, peer) {
  const what = `${side === "node" ? "wasm" : "native"}: ${column.title}, ${recording.name}`;
  const scale = column.scale(recording);
  const demanded = `at most ${most} x`;
  if (!peer || ours === undefined)
    return [what, demanded, "-", ours === undefined ? "wrong or stopped" : "-", "NO"];
  const ratio = ours / peer.figure;
  const figures = `${round(ours * scale)} : ${round(peer.figure * scale)} ${peer.title}`;
  return [what, demanded, `${ratio.toFixed(2)} x`, figures, ratio <= most ? "yes" : "NO"];
}

/** From the smallest size to the largest, no faster than n log n. */
function growths() {
  return Object.entries(COLLAPSES).flatMap(([name, { sizes, unit, figures }]) =>
    Object.entries(figures).map(([column, title]) => {
      const found = said("node", "synod", name, "-");
      const times = [sizes[0], sizes[2]].map((size) => median(found, `${column} ${size}`));
      // Sizes in MiB are counted in characters: it is of these that n log n is meant.
      const [few, many] = [sizes[0], sizes[2]].map((size) => (unit === "MiB" ? size * 2 ** 20 : size));
      const most = ((many * Math.log(many)) / (few * Math.log(few))) * NOISE;
      const demanded = `at most ${most.toFixed(1)} x from ${sizes[0]} to ${sizes[2]} ${unit}`;
      const [first, last] = times;
      if (found.wrong || first === undefined || last === undefined)
        return [title, demanded, "-", "wrong", "NO"];
      const ratio = last / first;
      if (last < SHORT)
        return [title, demanded, `${ratio.toFixed(1)} x`, `${round(last)} ms: too short to tell`, "yes"];
      return [
        title,
        demanded,
        `${ratio.toFixed(1)} x`,
        `${round(first)} to ${round(last)} ms`,
        ratio <= most ? "yes" : "NO",
      ];
    }),
  );
}

/** A MiB comes and goes in under 5 ms each. */
function pastes() {
  return ["paste", "delete"].map((column) => {
    const time = median(said("node", "synod", "paste", "-"), `${column} 1`);
    const title = column === "paste" ? "1 MiB pasted" : "1 MiB of pasted text deleted";
    return [
      title,
      "under 5 ms",
      time === undefined ? "-" : `${round(time)} ms`,
      "",
      time !== undefined && time < 5 ? "yes" : "NO",
    ];
  });
}

/** @param {Recording[]} recordings */
export function demands(recordings) {
  const rows = [...ratios(recordings), ...growths(), ...pastes()];
  console.log("Synod against the demand (growth: n log n, and a fifth more for noise):");
  print(["demand", "demanded", "measured", "Synod : the best peer", "met"], rows);
  const met = rows.filter((row) => row[4] === "yes").length;
  console.log(
    `${met} of ${rows.length} are met. Paste and key to paint in the page are the page tests' to measure.`,
  );
}
