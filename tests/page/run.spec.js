// The page of a run, used as a person would, in a real browser.
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";

/** @type {string[]} */
let errors = [];

test.beforeEach(async ({ page }) => {
  errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
});
test.afterEach(() => expect(errors).toEqual([]));

/** @param {import("@playwright/test").Page} page */
const running = (page) =>
  page.waitForFunction(() => window.synod?.player?.sim && window.synod.player.now > 0);

/**
 * @param {import("@playwright/test").Page} page
 * @param {string} [address]
 */
async function open(page, address = "./") {
  await page.goto(address);
  await running(page);
}

/** @param {import("@playwright/test").Page} page */
const leader = (page) =>
  page.evaluate(() =>
    window.synod.player
      .frame()
      .everyNode()
      .findIndex((/** @type {any} */ node) => node.status === "up" && node.role === "leader"),
  );

/**
 * Plays fast until something holds.
 * @param {import("@playwright/test").Page} page
 * @param {() => boolean} holds
 */
async function playUntil(page, holds) {
  await page.evaluate(() => {
    window.synod.player.setSpeed(1);
    window.synod.player.play();
  });
  await page.waitForFunction(holds);
  await page.evaluate(() => window.synod.player.pause());
}

test("opens on a running cluster, with a headline and what to watch for", async ({ page }) => {
  await open(page);
  await expect(page.locator("[data-node]")).toHaveCount(5);
  await expect(page.locator("#headline")).toContainText("Node 3");
  await expect(page.locator("#watch")).toContainText("about to crash");
  const first = await page.evaluate(() => window.synod.player.now);
  await page.waitForFunction((then) => window.synod.player.now > then, first);
});

test("crash the leader, see another; go back, branch, and share the very event", async ({
  page,
  context,
}) => {
  await open(page);
  await page.evaluate(() => window.synod.player.pause());
  const first = await leader(page);
  expect(first).toBeGreaterThanOrEqual(0);
  await page.locator(`[data-node="${first}"]`).click();
  await page.getByRole("menuitem", { name: "Crash", exact: true }).click();
  await expect(page.locator(`[data-node="${first}"]`)).toHaveAttribute("aria-label", /crashed/);
  const crashedAt = await page.evaluate(() => window.synod.player.now);
  await playUntil(page, () =>
    window.synod.player
      .frame()
      .everyNode()
      .some((/** @type {any} */ node) => node.status === "up" && node.role === "leader"),
  );
  const second = await leader(page);
  expect(second).not.toBe(first);
  await expect(page.locator("#headline")).toContainText(`Node ${second}`);

  await page.evaluate((ms) => window.synod.player.seek(ms - 5), crashedAt);
  await expect(page.locator(`[data-node="${first}"]`)).toHaveAttribute("aria-label", /leader/);
  await page.locator(`[data-node="${second}"]`).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "Isolate" }).press("Enter");
  await expect(page.locator("#branch-name")).toContainText("one of 2");
  await playUntil(page, () => window.synod.player.now > 700);
  await page.getByRole("button", { name: "Branches" }).click();
  await expect(page.getByText(/The same for \d+ events/)).toBeVisible();
  await page.keyboard.press("Escape");

  const link = await page.evaluate(() => window.synod.link());
  const here = await page.evaluate(() => [
    window.synod.simulation.position,
    window.synod.simulation.trace_hash(),
  ]);
  const other = await context.newPage();
  await open(other, link);
  const there = await other.evaluate(() => [
    window.synod.simulation.position,
    window.synod.simulation.trace_hash(),
  ]);
  expect(there).toEqual(here);
});

test("a bad scenario is refused with its place, and the run stays", async ({ page }) => {
  await open(page);
  await page.getByRole("button", { name: "Share" }).click();
  const before = await page.evaluate(() => window.synod.simulation.trace_hash());
  for (const [text, words] of [
    ["{", "not JSON"],
    ['{ "protocol": "raft", "nodes": 0 }', "nodes: found 0"],
    [
      '{ "protocol": "raft", "script": [{ "at_ms": 1, "do": "crash", "node": 9 }] }',
      "script[0].node: found 9",
    ],
  ]) {
    await page.locator("#paste").fill(text);
    await page.getByRole("button", { name: "Run it" }).click();
    await expect(page.locator("#paste-error")).toContainText(words);
  }
  expect(await page.evaluate(() => window.synod.simulation.trace_hash())).toBe(before);
  await page.locator("#paste").fill('{ "protocol": "raft", "nodes": 3 }');
  await page.getByRole("button", { name: "Run it" }).click();
  await expect(page.locator("[data-node]")).toHaveCount(3);
});

test("a damaged link says so and leaves the run as it was", async ({ page }) => {
  await open(page);
  await page.evaluate(() => (location.hash = "#/raft?run=nonsense"));
  await expect(page.getByText("This link cannot be replayed by this build")).toBeVisible();
  await expect(page.locator("[data-node]")).toHaveCount(5);
});

test("a message can be inspected and dropped, and a request asked for", async ({ page }) => {
  await open(page);
  await page.evaluate(() => window.synod.player.pause());
  await page.locator("#request input[name=key]").fill("y");
  await page.locator("#request input[name=value]").fill("42");
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Messages/ }).click();
  await page
    .getByRole("menuitem", { name: /request/ })
    .first()
    .click();
  await page.getByRole("menuitem", { name: "Inspect" }).click();
  await expect(page.locator("#inspector")).toContainText("Request");
  await page.locator("#inspector").getByRole("button", { name: "Drop" }).click();
  await expect(page.locator("#inspector")).toContainText("dropped by hand");
});

test("dragging across the stage cuts the cluster in two", async ({ page }) => {
  await open(page);
  await page.evaluate(() => window.synod.player.pause());
  const box = await page.locator("#stage").boundingBox();
  if (!box) throw new Error("the stage has no box");
  await page.mouse.move(box.x + 20, box.y + box.height * 0.45);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 20, box.y + box.height * 0.62, { steps: 5 });
  await page.mouse.up();
  expect(await page.evaluate(() => window.synod.player.frame().cuts)).toBeGreaterThan(0);
  await page.getByRole("button", { name: "Heal all" }).click();
  expect(await page.evaluate(() => window.synod.player.frame().cuts)).toBe(0);
});

test("after a panic there is no way but on, and the same scenario starts again", async ({ page }) => {
  await open(page);
  await page.evaluate(() => window.synod.panicForTest());
  for (let k = 0; k < 3; k++) await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Start again from the same scenario" }).click();
  await running(page);
  await expect(page.locator("[data-node]")).toHaveCount(5);
  errors = [];
});

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  for (const viewport of [
    { width: 1440, height: 900 },
    { width: 390, height: 844 },
  ]) {
    test(`is accessible: ${colorScheme}, ${viewport.width}`, async ({ browser, baseURL }) => {
      const context = await browser.newContext({ colorScheme, viewport, baseURL });
      const page = await context.newPage();
      await open(page);
      await page.evaluate(() => window.synod.player.pause());
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(" | ")}`)).toEqual([]);
      await context.close();
    });
  }
}
