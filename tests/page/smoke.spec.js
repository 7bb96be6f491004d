import { expect, test } from "@playwright/test";

test("the page starts the wasm module", async ({ page }) => {
  /** @type {Error[]} */
  const errors = [];
  page.on("pageerror", (error) => errors.push(error));
  await page.goto("./");
  await expect(page.getByText("Version 0.1.0")).toBeVisible();
  expect(errors).toEqual([]);
});
