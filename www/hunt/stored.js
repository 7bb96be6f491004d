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
