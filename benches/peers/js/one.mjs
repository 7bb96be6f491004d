// One library in one job, in a process of its own, so that no library runs on another's heap or on code
// that was compiled for all of them. Says what it measured as JSON.
import { collapse, COLLAPSES, warm } from "./collapses.mjs";
import { probe } from "./probes.mjs";
import { read } from "./recordings.mjs";
import { local, remote, stream } from "./recorded.mjs";
import { TooSlow, Wrong } from "./watch.mjs";

const [name, job, what, most] = process.argv.slice(2);
/** Seconds after which no further run begins. */
const ENOUGH = 2;

/** @type {{ default: Library }} */
const { default: library } = await import(`./libraries/${name}.mjs`);

/** What one run of the job is. @returns {() => Figures} */
function prepared() {
  if (job === "probes") return () => ({});
  if (job in COLLAPSES) {
    warm(library, job);
    return () => collapse(library, job);
  }
  const recording = read(what);
  if (job === "local") return () => local(library, recording);
  const sent = stream(library, recording);
  return () => remote(library, recording, sent);
}

/** @type {Said} */
const said = { runs: [] };
try {
  if (job === "probes") said.answers = probe(library);
  const run = prepared();
  const start = performance.now();
  while (said.runs.length < Number(most) && performance.now() - start < ENOUGH * 1000) said.runs.push(run());
} catch (error) {
  if (error instanceof TooSlow) said.stopped = error.seconds;
  else if (error instanceof Wrong) said.wrong = error.message;
  else throw error;
}
console.log(JSON.stringify(said));
