// Paxos on the page: two proposers, one value.
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { failOnErrors, openLesson } from "./runs.js";

failOnErrors();

/** @type {(page: import("@playwright/test").Page, lesson?: string, ms?: number) => Promise<void>} */
const open = (page, lesson, ms) => openLesson(page, "paxos", lesson, ms);

/**
 * Plays fast until so much virtual time has passed.
 * @param {import("@playwright/test").Page} page
 * @param {number} ms
 */
async function playTo(page, ms) {
  await page.evaluate(() => {
    window.synod.player.setSpeed(1);
    window.synod.player.play();
  });
  await page.waitForFunction((ms) => window.synod.player.now >= ms, ms);
  await page.evaluate(() => window.synod.player.pause());
}

/** @param {import("@playwright/test").Page} page what each node knows to be chosen */
const decided = (page) =>
  page.evaluate(() =>
    window.synod.player
      .frame()
      .everyNode()
      .map((/** @type {any} */ node) => window.synod.simulation.node(node.id)?.view.decided),
  );

/**
 * Asks a node to propose a value, with the bar under the stage.
 * @param {import("@playwright/test").Page} page
 * @param {string} value
 * @param {number} node
 */
async function propose(page, value, node) {
  const form = page.locator("#request");
  await expect(form.locator('[name="verb"] option')).toHaveText(["propose"]);
  await form.locator('[name="text"]').fill(value);
  await form.locator('[name="node"]').selectOption(String(node));
  await form.getByRole("button", { name: "Ask" }).click();
}

test("two proposers that are asked by hand come to one value", async ({ page }) => {
  await open(page);
  await page.evaluate(() =>
    window.synod.load({ protocol: "paxos", nodes: 5, seed: 6, options: { mode: "single" }, until_ms: 3000 }),
  );
  await page.evaluate(() => window.synod.player.pause());
  await expect(page.locator("#headline")).toHaveText("Nobody has proposed anything yet");
  await propose(page, "tea", 0);
  await propose(page, "coffee", 4);
  await page.evaluate(() => window.synod.player.seek(30));
  await expect(page.locator("#headline")).toContainText(/propose|prepare/i);
  await playTo(page, 1500);
  const values = await decided(page);
  expect(new Set(values).size).toBe(1);
  expect(["tea", "coffee"]).toContain(values[0]);
  await expect(page.locator("#headline")).toHaveText(`${values[0]} is chosen`);
  // Both clients were told the same, and the table shows the ballot that a quorum accepted.
  const history = await page.evaluate(() => window.synod.simulation.report().history);
  expect(history.map((/** @type {any} */ asked) => asked.result)).toEqual([values[0], values[0]]);
  const chosen = page.locator("#diagram tr.chosen");
  await expect(chosen.first()).toContainText(values[0]);
  await expect(page.locator("#verdict")).toContainText("hold so far");
  // Whoever comes later hears of it.
  await propose(page, "water", 2);
  // (Where the run was paused depends on how fast frames come: what is waited for is the answer.)
  await page.evaluate(() => window.synod.player.play());
  const late = () => page.evaluate(() => window.synod.simulation.report().history.at(-1));
  await expect.poll(async () => (await late()).result).toBe(values[0]);
  expect(JSON.stringify((await late()).op)).toContain("water");
});

test("what a proposer must propose is said, with the vote that binds it", async ({ page }) => {
  await open(page, "second-adopts");
  await page.evaluate(() => window.synod.player.seek(128));
  await page.locator('[data-node="4"]').click();
  await page.keyboard.press("Escape");
  await expect(page.locator("#inspector")).toContainText("It must: acceptor 1 accepted A in ballot 1.0");
  await expect(page.locator('[data-node="4"]')).toHaveAttribute("aria-label", /A, \d of 3 votes/);
  const rows = page.locator("#diagram tbody tr");
  await expect(rows).toHaveCount(2);
  await expect(rows.nth(1)).toContainText("from 1.0");
  // Whose promises it counted, and where they meet the earlier vote.
  await expect(rows.nth(1).locator("td.counted")).toHaveCount(3);
  await expect(rows.nth(0).locator("td.binds")).toHaveCount(1);
  await expect(rows.nth(0).locator("td").nth(2)).toHaveClass(/binds/);
  await expect(page.locator("#diagram .why")).toContainText("acceptor 1 had accepted A in 1.0");
  // Who stops to look is told what is so, not what the scenario says to watch for.
  await expect(page.locator("#watch")).toContainText("Acceptor 1 accepted A in ballot 1.0");
});

test("quorums that share no acceptor are shown to", async ({ page }) => {
  await open(page, "quorums-that-miss");
  await page.evaluate(() => window.synod.player.seek(90));
  const diagram = page.locator("#diagram");
  await expect(diagram).toContainText(
    "The votes of 1.0 (0 and 1) and the promises of 1.2 (2 and 3) share no acceptor",
  );
  await open(page, "flexible");
  await expect(diagram).toContainText("5 promises and 2 votes of 6 acceptors always share an acceptor");
});

test("thirty-one acceptors have their columns, and what they choose its mark", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page);
  await page.evaluate(() =>
    window.synod.load({
      protocol: "paxos",
      nodes: 31,
      options: { mode: "single" },
      script: [{ at_ms: 10, do: "request", node: 30, op: { propose: "a value of several words" } }],
      until_ms: 400,
    }),
  );
  await page.evaluate(() => {
    window.synod.player.pause();
    window.synod.player.seek(300);
    window.synod.page.showTab("diagram");
  });
  const row = page.locator("#diagram tr.chosen");
  await expect(row).toHaveCount(1);
  await expect(row.locator(".cell")).toHaveCount(31);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});

test("ballots that are shared break the promise of one value, and the page says so", async ({ page }) => {
  await open(page, "shared-ballots");
  await playTo(page, 140);
  // The cause first: the two values of one ballot. What follows from it is counted beside it.
  const verdict = page.locator("#verdict");
  await expect(verdict).toContainText("One value to a ballot is violated");
  await expect(verdict).toContainText("more violations");
  await verdict.getByRole("button", { name: "Show it" }).click();
  await expect(page.locator("#headline")).toHaveText("One value to a ballot is violated");
});

test("Multi-Paxos asks for registers, and a node can be told to lead", async ({ page }) => {
  await open(page, "one-leader");
  await expect(page.locator('#request [name="verb"] option')).toHaveText(["put", "get", "cas", "delete"]);
  await playTo(page, 300);
  await expect(page.locator("#headline")).toContainText("Node 1");
  await page.locator('[data-node="3"]').click();
  await page.getByRole("menuitem", { name: "Try to lead" }).click();
  // (Asked for wherever the run was paused, so that what is waited for is the leader, and no moment.)
  await page.evaluate(() => window.synod.player.play());
  await expect(page.locator('[data-node="3"]')).toHaveAttribute("aria-label", /leader/);
  await page.evaluate(() => window.synod.player.pause());
  await expect(page.locator("#diagram")).toContainText("promised");
});

test("quorums that can miss each other are refused, and why is said", async ({ page }) => {
  await open(page, "flexible");
  await page.getByRole("button", { name: "Options" }).click();
  await page.locator("#option-phase1_quorum").fill("2");
  await page.locator("#option-phase1_quorum").blur();
  await page.getByRole("button", { name: "Run with these" }).click();
  await expect(page.locator("#options-error")).toContainText("5 at the least");
  await expect(page.locator("#options-error")).toContainText("share an acceptor");
});

test("a run of Paxos can be read by everybody", async ({ page }) => {
  for (const lesson of ["two-proposers", "leader-gap"]) {
    await open(page, lesson);
    await page.evaluate(() => window.synod.player.seek(150));
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map((violation) => `${violation.id}: ${violation.help}`)).toEqual([]);
  }
});
