// The lock manager's page, used as a person would: make a deadlock and see its victim, crash the leader
// while a hundred wait, put a holder to sleep.
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { failOnErrors, openLesson, seek } from "./runs.js";

failOnErrors();

/** @type {(page: import("@playwright/test").Page, lesson?: string, ms?: number) => Promise<void>} */
const open = (page, lesson, ms) => openLesson(page, "locks", lesson, ms);

/**
 * @param {import("@playwright/test").Page} page
 * @param {string} name
 */
const tab = (page, name) => page.locator(".diagram-tabs").getByRole("button", { name, exact: true }).click();

/**
 * The leader's table of locks.
 * @param {import("@playwright/test").Page} page
 */
const table = (page) =>
  page.evaluate(() => {
    const { simulation, player } = window.synod;
    const leader = player
      .frame()
      .everyNode()
      .find((/** @type {any} */ node) => node.role === "leader" && node.status === "up");
    return leader ? simulation.node(leader.id).view.machine : null;
  });

test("a deadlock that one makes is lit, and its victim named", async ({ page }) => {
  await open(page, "deadlock", 560);
  await tab(page, "Waits");
  const graph = page.locator(".locks-waits svg");
  await expect(graph).toHaveAttribute("aria-label", /Client 0 waits for client 1, which holds b/);
  await expect(graph.locator(".wait.lit")).toHaveCount(0);
  // Client 1 asks for a before the script lets it.
  await page.getByLabel("Client that asks").fill("1");
  await page.getByLabel("Lock", { exact: true }).fill("a");
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await seek(page, 620);
  await expect(page.locator("#headline")).toHaveText("A deadlock is broken: client 1 is refused");
  await expect(graph.locator(".wait.lit")).toHaveCount(2);
  await expect(graph.locator(".client.victim")).toContainText("1");
  await expect(graph.locator(".tag.victim")).toHaveText("victim");
  await expect(page.locator(".locks-victim")).toContainText(
    "Victim: client 1. Client 1 waits for 0, 0 for 1.",
  );
});

test("a hundred wait, the leader crashes, and they keep their order", async ({ page }) => {
  await open(page, "herd", 700);
  await expect(page.locator(".queue li")).toHaveCount(12);
  await expect(page.locator(".queue")).toContainText(/and \d\d more/);
  const before = (await table(page))?.locks[0];
  expect(before.waiting).toBeGreaterThan(50);
  const line = [...before.holders, ...before.queue].map((/** @type {any} */ each) => each.client);
  await page.getByRole("button", { name: "Crash the leader" }).click();
  await expect(page.locator("#headline")).toHaveText(/has crashed/);
  await seek(page, 4000);
  const after = (await table(page))?.locks[0];
  const rest = [...after.holders, ...after.queue].map((/** @type {any} */ each) => each.client);
  const served = line.indexOf(rest[0]);
  expect(served).toBeGreaterThan(0);
  // Those that still stand where they stood; behind them those that asked anew.
  const still = line.slice(served);
  expect(rest.slice(0, still.length)).toEqual(still);
});

test("a holder that slept is refused by its token, and without a fence writes", async ({ page }) => {
  await open(page, "sleeper", 1200);
  const diagram = page.locator("#diagram");
  await expect(diagram).toContainText("client 0 still believes it holds a");
  await expect(page.getByRole("button", { name: "Resume client 0" })).toBeVisible();
  await seek(page, 1390);
  await expect(page.locator("#headline")).toHaveText(/write of client 0 to a is refused: token 1 is too old/);
  await expect(diagram).toContainText("largest token seen 2");
  await expect(diagram).toContainText("client 0's write under token 1");
  await open(page, "sleeper-unfenced", 1390);
  await expect(page.locator("#headline")).not.toHaveText(/is refused/);
  await expect(diagram).not.toContainText("last refused");
  expect((await table(page))?.resources[0].value).toBe(11);
});

test("a client is put to sleep from the diagram, with the keyboard", async ({ page }) => {
  await open(page, "sleeper", 300);
  const button = page.getByRole("button", { name: "Pause client 0" });
  await button.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Resume client 0" })).toBeVisible();
  await expect(page.locator("#diagram")).toContainText("stands still");
});

test("a scenario that is opened by its address is in sight among the others", async ({ page }) => {
  await open(page, "clock-skew");
  await expect(page.locator("#gallery [aria-current] span")).toBeInViewport({ ratio: 1 });
});

test("one is told that a lease is too short to wait with", async ({ page }) => {
  await open(page, "sleeper", 100);
  const ask = async (/** @type {string} */ lease) => {
    await page.getByLabel(/^Time to live/).fill(lease);
    await page.getByRole("button", { name: "Ask", exact: true }).click();
  };
  await ask("600");
  await ask("200");
  const cautions = page.locator(".notice").filter({ hasText: "heard of every 500 ms" });
  await expect(cautions).toHaveCount(1);
  await expect(cautions).toContainText("With a lease of 200 ms");
});

test("a large diagram leaves the bar for requests in reach", async ({ page }) => {
  await open(page, "deadlock", 560);
  await tab(page, "Larger");
  await page.getByLabel("Client that asks").fill("1");
  await page.getByLabel("Lock", { exact: true }).fill("a");
  await page.getByRole("button", { name: "Ask", exact: true }).click({ timeout: 5_000 });
  await seek(page, 620);
  await expect(page.locator("#headline")).toHaveText("A deadlock is broken: client 1 is refused");
});

test("a lock is asked for in the bar", async ({ page }) => {
  await open(page, "reentrancy", 100);
  await page.getByLabel("Kind of request").selectOption("share");
  await page.getByLabel("Lock", { exact: true }).fill("mine");
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await seek(page, 140);
  const held = (await table(page))?.locks.find((/** @type {any} */ lock) => lock.name === "mine");
  expect(held.holders[0].mode).toBe("shared");
  await expect(page.locator("#diagram")).toContainText("mine");
});

test("the bar says how long a request waits, and what clients can hold", async ({ page }) => {
  await open(page, "sleeper", 300);
  await page.getByLabel("Kind of request").selectOption("try to share");
  await page.getByLabel("Lock", { exact: true }).fill("mine");
  await page.getByLabel(/^Time to live/).fill("5000");
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await page.getByLabel("Kind of request").selectOption("acquire");
  await page.getByLabel("Client that asks").fill("2");
  await page.getByLabel("Lock", { exact: true }).fill("mine");
  await page.getByLabel(/^Longest wait/).fill("100");
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await seek(page, 380);
  const mine = (await table(page))?.locks.find((/** @type {any} */ lock) => lock.name === "mine");
  expect([mine.holders[0].mode, mine.queue[0].client]).toEqual(["shared", 2]);
  await seek(page, 640);
  const then = (await table(page))?.locks.find((/** @type {any} */ lock) => lock.name === "mine");
  expect(then.queue).toEqual([]);
});

test("a client that waits is put to sleep from the queue, and from the stage its clock is set", async ({
  page,
}) => {
  await open(page, "client-failure", 390);
  await page.locator(".queue").getByRole("button", { name: "Client 1" }).click();
  await page.getByRole("menuitem", { name: "Pause" }).click();
  await expect(page.locator(".queue")).toContainText("stands still");
  await expect(page.locator(".clients rect.still")).toHaveCount(1);
  const seat = await page.locator(".clients rect").nth(2).boundingBox();
  await page.mouse.click((seat?.x ?? 0) + 5, (seat?.y ?? 0) + 5);
  await page.getByRole("menuitem", { name: "Let its clock lose half a second a second" }).click();
  // The same by keys.
  await page.locator("#headline").click();
  await page.keyboard.press("k");
  await page.getByRole("menuitem", { name: /^Client 1/ }).press("Enter");
  await page.getByRole("menuitem", { name: "Resume" }).press("Enter");
  await expect(page.locator(".clients rect.still")).toHaveCount(0);
  const script = await page.evaluate(() => window.synod.simulation.scenario().script ?? []);
  const done = script.filter((/** @type {any} */ entry) => entry.at_ms === 390);
  expect(done.map((/** @type {any} */ entry) => [entry.do, entry.client])).toEqual([
    ["pause_client", 1],
    ["skew_client", 2],
    ["resume_client", 1],
  ]);
});

for (const colorScheme of /** @type {const} */ (["light", "dark"]))
  test(`the page can be read by everybody (${colorScheme})`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await open(page, "deadlock", 725);
    for (const name of ["Locks", "Waits", "Log"]) {
      await tab(page, name);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => [id, nodes[0].html])).toEqual([]);
    }
  });

test("on a phone nothing is wider than the screen", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const [lesson, ms] of /** @type {[string, number][]} */ ([
    ["herd", 900],
    ["sleeper", 1200],
    ["deadlock-of-five", 1100],
  ])) {
    await open(page, lesson, ms);
    await page.locator("#tabs, .tabs").getByRole("button", { name: "Locks" }).click();
    for (const name of ["Locks", "Waits", "Log"]) {
      await tab(page, name);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    }
  }
});
