// What a run is held to: the judge goes by what a history's operations look like, and takes what it does not know for
// a map; a run tells by its model what was promised. Pure.

/** @typedef {import("../types.js").Judgement} Judgement */

/** What stands for the model of a run whose protocol promises no single copy. */
export const NOTHING_PROMISED = "nothing_promised";

/**
 * The model that a run's report names: null where it promises none, undefined where nothing is said.
 * @param {string} text
 * @returns {string | null | undefined}
 */
export function modelOf(text) {
  try {
    const { model } = JSON.parse(text);
    return model === null || typeof model === "string" ? model : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A judgement without what was never promised.
 * @param {Judgement} judgement
 * @param {() => string | null | undefined} model as {@link modelOf} tells it
 * @returns {Judgement}
 */
export function heldToPromise(judgement, model) {
  if (judgement.form !== "report" || judgement.model !== "map") return judgement;
  const named = model();
  // Where nothing is said: what has no key was not judged.
  if (named === undefined ? judgement.keys.length > 0 : named !== null) return judgement;
  return {
    ...judgement,
    model: NOTHING_PROMISED,
    linearizable: null,
    keys: [],
    sequential: null,
    sessions: null,
  };
}
