// The hunt, as somebody uses it who wants to see figure 8 of the Raft paper.

import { expect, test } from "@playwright/test";
import { readFileSync } from "node:fs";
import { failOnErrors } from "./runs.js";

failOnErrors();

test("figure 8 is hunted down, made small, explained and played", async ({ page }) => {
  await page.goto("./#/hunt?protocol=raft&mutant=old_term_commit");
  await expect(page.locator("#hunt-headline")).toHaveText("What would break it?");
  await expect(page.locator("#hunt-mutant")).toHaveValue("old_term_commit");
  await page.locator("#hunt-start").click();
  await expect(page.locator("#hunt-headline")).toContainText("is violated", { timeout: 120_000 });
  const play = page.locator("#hunt-play");
  await expect(play).toBeVisible({ timeout: 120_000 });
  const prize = page.locator(".prize").first();
  await expect(prize.locator(".paragraph")).toContainText("Leave out any one of the steps");
  const download = page.waitForEvent("download");
  await prize.getByRole("button", { name: "Save as a file" }).click();
  const saved = JSON.parse(readFileSync(await (await download).path(), "utf8"));
  expect(saved.options.mutant).toBe("old_term_commit");
  await prize.getByRole("button", { name: "When was it unavoidable?" }).click();
  await expect(prize.locator(".doom figcaption")).toContainText(/point of no return|comes out well/, {
    timeout: 120_000,
  });
  await play.click();
  await expect(page).toHaveURL(/#\/raft\?run=/);
  await page.waitForFunction(() => /** @type {any} */ (window).synod.simulation?.scenario().options.mutant);
  await page.evaluate(() => /** @type {any} */ (window).synod.player.seek(1e9));
  await expect(page.locator("#verdict")).toContainText("is violated");
});

test("a protocol with all its rules is tried until one has enough, and no more is claimed", async ({
  page,
}) => {
  await page.goto("./#/hunt?protocol=paxos");
  await page.locator("#hunt-start").click();
  await expect(page.locator(".hunt-figures tbody tr").first()).toBeVisible();
  await page.locator("#hunt-pause").click();
  await page.locator("#hunt-resume").click();
  await page.locator("#hunt-stop").click();
  await expect(page.locator("#hunt-headline")).toHaveText(/^No violation in [\d,]+ schedules?/);
});
