// The lab of ordered texts, used as a person would.
import { expect, test } from "@playwright/test";
import { barriersIn } from "./barriers.js";

/** @param {import("@playwright/test").Page} page */
async function open(page) {
  /** @type {string[]} */
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto("./#/lab");
  await expect(page.locator(".lab-table tbody tr")).toHaveCount(4);
  return errors;
}

test("shows who mixes letters and who keeps words whole", async ({ page }) => {
  const errors = await open(page);
  const verdict = (/** @type {string} */ algorithm) =>
    page.locator(".lab-table tr", { hasText: algorithm }).locator("td").nth(1);
  for (const [name, words] of [
    ["Logoot", "torn apart"],
    ["LSEQ", "torn apart"],
    ["RGA", "whole"],
    ["FugueMax", "whole"],
  ])
    await expect(verdict(name)).toContainText(words);
  await page.getByRole("button", { name: "The same, each letter in front" }).click();
  await expect(verdict("RGA")).toContainText("torn apart");
  await expect(verdict("FugueMax")).toContainText("whole");
  await page.getByRole("button", { name: "RGA", exact: true }).click();
  await expect(page.locator("#lab h1")).toContainText("RGA mixes the letters");
  expect(errors).toEqual([]);
});

test("replicas differ while the network is off, and agree whatever order changes come in", async ({
  page,
}) => {
  const errors = await open(page);
  for (const algorithm of ["Logoot", "LSEQ", "RGA", "FugueMax"]) {
    await page.getByRole("button", { name: algorithm, exact: true }).click();
    await page.getByRole("button", { name: "Start empty" }).click();
    await page.getByLabel("Network on").check();
    const [a, b] = [page.getByLabel("Site A"), page.getByLabel("Site B")];
    await a.fill("a🙂 base");
    await expect(b).toHaveValue("a🙂 base");
    await page.getByLabel("Network on").uncheck();
    await a.fill("a🙂 new base");
    await b.fill("🙂 base");
    await b.fill("🙂 base!");
    await expect(page.locator("#lab h1")).toContainText("on the way: the texts differ");
    await page.getByRole("button", { name: "Deliver all twice, in any order" }).click();
    await expect(page.locator("#lab h1")).toContainText("All replicas show the same text");
    expect(await a.inputValue()).toBe(await b.inputValue());
    await expect(a).toHaveValue("🙂 new base!");
  }
  expect(errors).toEqual([]);
});

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  test(`is accessible: ${colorScheme}`, async ({ browser, baseURL }) => {
    const context = await browser.newContext({ colorScheme, baseURL });
    const page = await context.newPage();
    await open(page);
    expect(await barriersIn(page)).toEqual([]);
    await context.close();
  });
}
