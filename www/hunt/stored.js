// The stored counterexamples: one for each rule that can be left out, read when somebody asks for it.

/**
 * What shows that a rule is needed; null where nothing is stored of it.
 * @param {string} protocol
 * @param {string} mutant
 * @returns {Promise<import("../types.js").Scenario | null>}
 */
export async function readStored(protocol, mutant) {
  const answer = await fetch(new URL(`counterexamples/${protocol}/${mutant}.json`, document.baseURI));
  return answer.ok ? answer.json() : null;
}

/** So much is seen below the headline of a run, on a telephone too. */
const WATCH_LONG = 200;

/**
 * The first sentences of what a run shows, as many as are seen while it plays.
 * @param {string} about
 */
export function watchOf(about) {
  const [first, ...others] = about.split(/(?<=\.) (?=[A-Z])/);
  return others.reduce((told, next) => {
    const longer = `${told} ${next}`;
    return about.startsWith(longer) && longer.length <= WATCH_LONG ? longer : told;
  }, first);
}
