// What the tests of the pages of runs have in common.
import { expect, test } from "@playwright/test";

/**
 * Has every test of a file fail on an error that nobody caught on the page.
 * @returns {string[]} the errors of the test under way: one that makes errors on purpose empties it
 */
export function failOnErrors() {
  /** @type {string[]} */
  const errors = [];
  test.beforeEach(async ({ page }) => {
    errors.length = 0;
    page.on("pageerror", (error) => errors.push(String(error)));
  });
  test.afterEach(() => expect(errors).toEqual([]));
  return errors;
}

/**
 * Opens a ready scenario, or the first one, and holds it: at a moment, or where it opens.
 * @param {import("@playwright/test").Page} page
 * @param {string} protocol
 * @param {string} [lesson]
 * @param {number} [ms]
 */
export async function openLesson(page, protocol, lesson, ms) {
  await page.goto(`./#/${protocol}${lesson ? `?lesson=${lesson}` : ""}`);
  await page.waitForFunction(
    (name) => window.synod?.page?.info.name === name && window.synod.player.sim,
    protocol,
  );
  await page.evaluate(() => window.synod.player.pause());
  if (ms !== undefined) await seek(page, ms);
}

/**
 * @param {import("@playwright/test").Page} page
 * @param {number} ms
 */
export const seek = (page, ms) =>
  page.evaluate((at) => {
    window.synod.player.pause();
    window.synod.player.seek(at);
  }, ms);
