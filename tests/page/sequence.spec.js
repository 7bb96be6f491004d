// The replicated text's page, used as a person would: type at two nodes at once, cut one off and bring it
// back, look at deleted letters and version vectors, leave a rule out.
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { failOnErrors, openLesson, seek } from "./runs.js";

failOnErrors();

/** @type {(page: import("@playwright/test").Page, lesson?: string, ms?: number) => Promise<void>} */
const open = (page, lesson, ms) => openLesson(page, "sequence", lesson, ms);

/**
 * @param {import("@playwright/test").Page} page
 * @param {string} name
 */
const tab = (page, name) => page.locator(".diagram-tabs").getByRole("button", { name, exact: true }).click();

/** @param {import("@playwright/test").Page} page the nodes' texts */
const texts = (page) =>
  page.evaluate(() => {
    const { simulation, player } = window.synod;
    const nodes = player.frame().everyNode();
    return nodes.map((/** @type {any} */ { id }) => simulation.node(id).view.text);
  });

test("two people type in one place: texts differ, and become one", async ({ page }) => {
  await open(page, "one-place", 640);
  const groups = page.locator(".seq-group");
  await expect(groups).toHaveText(["A", "B", "C"]);
  await expect(page.locator(".seq-text").first()).toHaveAttribute("aria-label", "Node 0: [apple ]");
  await expect(page.locator(".seq-fresh").first()).toBeVisible();
  await seek(page, 1600);
  await expect(groups).toHaveText(["A", "A", "A"]);
  await expect(page.locator("#headline")).toHaveText("All 3 replicas that are up show the same text");
  expect(new Set(await texts(page)).size).toBe(1);
});

test("what is typed in the bar comes to all", async ({ page }) => {
  await open(page, "by-comparison-alone", 400);
  await page.getByLabel("Kind of request").selectOption("insert");
  await page.getByLabel("Text", { exact: true }).fill("ahead of a ");
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await seek(page, 2500);
  const all = await texts(page);
  expect(new Set(all).size).toBe(1);
  expect(all[0]).toContain("ahead of a ");
  expect(all[0]).toContain("rumour");
});

test("deleted letters are shown struck, or not at all", async ({ page }) => {
  await open(page, "deletion-meets-insertion", 1400);
  await tab(page, "Larger");
  const struck = page.locator(".seq-rows .is-deleted");
  await expect(struck).toHaveText(["on Monday", "on Monday"]);
  const toggle = page.getByRole("button", { name: "Deleted letters", exact: true });
  await toggle.focus();
  await page.keyboard.press("Enter");
  await expect(struck).toHaveCount(0);
  await expect(toggle).toHaveAttribute("aria-pressed", "false");
});

test("version vectors are bars, one for each replica's name", async ({ page }) => {
  await open(page, "disk-loss", 2400);
  await tab(page, "Vectors");
  await expect(page.locator(".kv-vectors svg").first()).toHaveAttribute("aria-label", "1:5 1′:14");
  await expect(page.locator(".kv-vectors td.equal")).toHaveCount(2);
});

test("a rule that is left out is found out", async ({ page }) => {
  await open(page, "two-orders", 800);
  await expect(page.locator(".seq-group")).toHaveText(["A", "B"]);
  await expect(page.locator("#headline")).toContainText("2 different texts");
  expect(await texts(page)).toEqual(["cdab", "abcd"]);
  const verdicts = await page.evaluate(() =>
    window.synod.simulation.violations().map((/** @type {any} */ each) => each.invariant),
  );
  expect(verdicts).toContain("strong eventual consistency");
});

for (const colorScheme of /** @type {const} */ (["light", "dark"]))
  test(`the page can be read by everybody (${colorScheme})`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await open(page, "five-typists", 2600);
    for (const name of ["Vectors", "Texts"]) {
      await tab(page, name);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => [id, nodes[0].html])).toEqual([]);
    }
  });

test("on a phone nothing is wider than the screen", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const [lesson, ms] of /** @type {[string, number][]} */ ([
    ["five-typists", 4400],
    ["one-place", 700],
  ])) {
    await open(page, lesson, ms);
    await page.locator("#tabs, .tabs").getByRole("button", { name: "Text" }).click();
    for (const name of ["Texts", "Vectors"]) {
      await tab(page, name);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    }
  }
});
