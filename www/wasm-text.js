// The only file that touches the compiled texts: the editor's and the lab's.

import start, { TextLab, TextReplica, labAlgorithms } from "./pkg/text.js";

export { labAlgorithms };
export const { siteName } = TextLab;

/** @type {Promise<unknown> | null} */
let started = null;

/** Fetches, compiles and starts the module, once. After a failure it can be asked for again. */
export async function startTexts() {
  try {
    await (started ??= start());
  } catch (error) {
    started = null;
    throw error;
  }
}

/**
 * An empty text, edited under `name`: 16 hexadecimal digits that nobody else has or had.
 * @param {string} name
 */
export function textReplica(name) {
  return new TextReplica(name);
}

/**
 * Some empty replicas of one text, ordered by one of `labAlgorithms()`.
 * @param {string} algorithm
 * @param {number} sites
 */
export function textLab(algorithm, sites) {
  return new TextLab(algorithm, sites);
}
