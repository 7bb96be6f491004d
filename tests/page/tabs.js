// Tabs of the editor, for the tests: opened, written in and compared.
import { expect, test } from "@playwright/test";

/** @typedef {import("@playwright/test").Page} Page */

/** A channel that loses a third of all messages takes a few rounds of questions. */
const CONVERGE_MS = 60_000;

/** What went wrong in a page of the running test. @type {string[]} */
export let errors = [];

/** Fails each test of the file in which a page throws. */
export function watchErrors() {
  test.beforeEach(() => {
    errors = [];
  });
  test.afterEach(() => expect(errors).toEqual([]));
}

/**
 * @param {import("@playwright/test").BrowserContext} context
 * @param {string} [doc]
 */
export async function openTab(context, doc = "notes") {
  const page = await context.newPage();
  await openIn(page, doc);
  return page;
}

/**
 * @param {Page} page
 * @param {string} [doc]
 */
export async function openIn(page, doc = "notes") {
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(`./#/editor?doc=${doc}`);
  await page.waitForFunction(() => window.synod?.editor?.view);
}

/** @param {Page} page */
export const textOf = (page) => page.evaluate(() => window.synod.editor.view.state.sliceDoc());
/** @param {Page} page what the replica holds: the editor must always show just that */
export const replicaText = (page) => page.evaluate(() => window.synod.editor.text.replica.text());

/**
 * @param {Page} page
 * @param {number} at
 * @param {string} text
 * @param {number} [deleted]
 */
export const put = (page, at, text, deleted = 0) =>
  page.evaluate(([from, gone, insert]) => {
    const { view } = window.synod.editor;
    view.dispatch({ changes: { from, to: from + gone, insert } });
  }, /** @type {const} */ ([at, deleted, text]));

/**
 * Waits until all tabs show the same text, and that text holds all these words.
 * @param {Page[]} tabs
 * @param {string[]} words
 */
export async function converge(tabs, ...words) {
  await expect
    .poll(
      async () => {
        const texts = await Promise.all(tabs.map(textOf));
        return new Set(texts).size === 1 && words.every((word) => texts[0].includes(word));
      },
      { timeout: CONVERGE_MS },
    )
    .toBe(true);
  for (const tab of tabs) expect(await replicaText(tab)).toBe(await textOf(tab));
}

/**
 * @param {Page} page
 * @param {"Offline" | "Hostile channel"} which
 */
export const toggle = (page, which) => page.locator("#editor-side").getByLabel(which).click();

/** @param {Page} page @param {string} doc goes to another text in the same page */
export async function turnTo(page, doc) {
  await page.evaluate((name) => (location.hash = `#/editor?doc=${name}`), doc);
  await page.waitForFunction((name) => {
    const { editor } = window.synod;
    return editor.doc === name && editor.view && editor.text.doc === name;
  }, doc);
}
