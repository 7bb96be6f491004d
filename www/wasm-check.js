// The only file that touches the compiled judge of histories.

import start, { check } from "./pkg/check.js";

/** @type {Promise<unknown> | null} */
let started = null;

/**
 * Judges a history in any of its forms, once the module is there. Throws what is wrong with the text.
 * @param {string} text
 * @param {import("./pkg/check").CheckOptions} [options]
 */
export async function judge(text, options) {
  try {
    await (started ??= start());
  } catch (error) {
    started = null;
    throw error;
  }
  return check(text, options);
}
