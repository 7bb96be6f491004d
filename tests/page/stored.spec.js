// The stored counterexamples: told where a rule is chosen, and played from there with what comes marked.

import { expect, test } from "@playwright/test";
import { readFileSync } from "node:fs";
import { failOnErrors } from "./runs.js";

failOnErrors();

test("each rule of each protocol has a stored run that the page can fetch", async ({ page, request }) => {
  await page.goto("./#/hunt?protocol=raft");
  const options = await page.locator("#hunt-protocol option").all();
  const protocols = await Promise.all(options.map((option) => option.getAttribute("value")));
  expect(protocols.length).toBeGreaterThan(5);
  let all = 0;
  for (const protocol of protocols) {
    await page.goto(`./#/hunt?protocol=${protocol}`);
    await expect(page.locator("#hunt-protocol")).toHaveValue(protocol ?? "");
    const rules = await page
      .locator("#hunt-mutant option")
      .evaluateAll((each) => each.map((option) => /** @type {HTMLOptionElement} */ (option).value));
    for (const mutant of rules.filter(Boolean)) {
      const answer = await request.get(`./counterexamples/${protocol}/${mutant}.json`);
      expect(answer.status(), `${protocol} ${mutant}`).toBe(200);
      const { options: held, about, expect: comes } = await answer.json();
      expect([held.mutant, typeof about, typeof comes]).toEqual([mutant, "string", "object"]);
      all += 1;
    }
  }
  expect(all).toBeGreaterThan(70);
});

test("what breaks without a rule is told where it is chosen, and its stored run is played", async ({
  page,
}) => {
  await page.goto("./#/hunt?protocol=raft&mutant=old_term_commit");
  const told = page.locator(".hunt-stored");
  await expect(told).toContainText("overwritten by a later leader (figure 8)");
  await page.locator("#hunt-mutant").selectOption("");
  await expect(told).toHaveCount(0);
  await page.locator("#hunt-mutant").selectOption("votes_not_voters");
  await expect(told).toContainText("a duplicated message is a second vote");
  await page.locator("#hunt-mutant").selectOption("old_term_commit");
  await page.getByRole("link", { name: "Play the stored counterexample" }).click();
  await expect(page).toHaveURL(/#\/raft\?counterexample=old_term_commit$/);
  await expect(page.locator("#watch")).toContainText("overwritten by a later leader (figure 8)");
  // It plays from its beginning, and what it comes to is known from there on.
  const verdict = page.locator("#verdict");
  await expect(verdict).toContainText("will be violated");
  const stored = JSON.parse(readFileSync("tests/scenarios/raft/mutant-old-term-commit.json", "utf8"));
  const is = await page.evaluate(() => {
    const { player } = window.synod;
    player.pause();
    const { now, end, speed, violations, scenario } = player;
    return {
      now,
      end,
      lasts: scenario.until_ms / speed,
      violated: violations.map((/** @type {any} */ v) => v.invariant),
    };
  });
  expect(is.now).toBeLessThan(is.end / 2);
  expect(is.end).toBeGreaterThanOrEqual(stored.until_ms);
  expect([...new Set(is.violated)].sort()).toEqual(stored.expect.violated);
  expect(is.lasts).toBeGreaterThanOrEqual(10_000);
  expect(is.lasts).toBeLessThanOrEqual(20_000);
  // One can go anywhere by the line of the run.
  const line = await page.locator("#timeline canvas").boundingBox();
  if (!line) throw new Error("the line of the run is not there");
  await page.mouse.click(line.x + line.width * 0.9, line.y + 24);
  expect(await page.evaluate(() => window.synod.player.now)).toBeGreaterThan(0.8 * is.end);
  await verdict.getByRole("button", { name: "Show it" }).click();
  await expect(verdict).toContainText("is violated");
});

test("answers that no order explains are known from the beginning of a stored run too", async ({ page }) => {
  await page.goto("./#/raft?counterexample=reused_read_token");
  await expect(page.locator("#verdict")).toContainText("Linearizability will be violated");
  const later = await page.evaluate(() => window.synod.player.speed);
  // Other runs play as fast as they did.
  await page.goto("./#/raft?lesson=leader-crash");
  await page.waitForFunction(() => window.synod.page.lesson === "leader-crash");
  const usual = await page.evaluate(() => window.synod.player.speed);
  expect(usual).toBe(1 / 30);
  expect(later).toBeLessThan(usual);
});

test("a rule that is not there, or whose run cannot be fetched, is said to be so", async ({ page }) => {
  await page.goto("./#/raft?counterexample=no_such_rule");
  const notices = page.locator("#notices");
  await expect(notices).toContainText("Raft has no rule “no_such_rule” to break.");
  await expect(page.locator("#verdict")).toContainText("hold so far");
  await page.route("**/counterexamples/**", (route) => route.abort());
  await page.goto("./#/raft?counterexample=half_quorum");
  await expect(notices).toContainText("The run that is stored for “half_quorum” cannot be fetched.");
});
