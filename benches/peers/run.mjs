// Synod's sequence CRDT and the field's best libraries, all in one run on one machine. `./build.sh bench text`
// installs what this needs and runs it; QUICK=1 measures less often. Figures are medians of rounds, and of each round its
// best run. Fails on a wrong text or a crash, and on nothing else.
import { fileURLToPath } from "node:url";
import { COLLAPSES } from "./js/collapses.mjs";
import { demands } from "./js/demands.mjs";
import { NATIVE, NODE } from "./js/libraries.mjs";
import { measure, said, wrongs } from "./js/measure.mjs";
import { absent, FOLDER, read, RECORDINGS } from "./js/recordings.mjs";
import { collapsed, probed, recorded } from "./js/tables.mjs";

if (absent().length > 0) {
  console.log(`Recordings are absent (${absent().join(", ")}): nothing is measured against others.`);
  console.log(`They are looked for in ${fileURLToPath(FOLDER)}, or in SYNOD_TRACES.`);
  process.exit(0);
}

const recordings = RECORDINGS.map(read);
const sides = [
  { side: "node", libraries: NODE },
  { side: "native", libraries: NATIVE },
];
measure([
  { side: "node", libraries: NODE, job: "probes", what: "-" },
  ...RECORDINGS.flatMap((what) =>
    sides.flatMap(({ side, libraries }) =>
      ["local", "remote"].map((job) => ({ side, libraries, job, what })),
    ),
  ),
  ...Object.keys(COLLAPSES).map((job) => ({ side: "node", libraries: NODE, job, what: "-" })),
]);

for (const recording of recordings) for (const { side } of sides) recorded(side, recording);
for (const name of Object.keys(COLLAPSES)) collapsed(name);
probed();
demands(recordings);

const failed = wrongs();
if (said("node", "synod", "probes", "-").answers?.some((answer) => answer.startsWith("wrong")))
  failed.push("Synod is wrong in a probe");
for (const line of failed) console.error(line);
process.exit(failed.length > 0 ? 1 : 0);
