// PBFT on the page, used as a person would, in a real browser.
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { failOnErrors, openLesson } from "./runs.js";

failOnErrors();

/** @type {(page: import("@playwright/test").Page, lesson?: string, ms?: number) => Promise<void>} */
const open = (page, lesson, ms) => openLesson(page, "pbft", lesson, ms);

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

test("silence the primary, and force a view change", async ({ page }) => {
  await open(page, "three-phases", 90);
  await page.evaluate(async () => {
    await window.synod.load({ protocol: "pbft", nodes: 4, until_ms: 5000 });
    window.synod.player.pause();
    window.synod.player.seek(20);
  });
  await expect(page.locator('[data-node="0"]')).toHaveAttribute("aria-label", /primary, view 0/);
  await page.locator('[data-node="0"]').click();
  await page.getByRole("menuitem", { name: "Silence it" }).click();
  await expect(page.locator('[data-node="0"]')).toHaveAttribute("aria-label", /liar: silent/);
  await expect(page.locator("#headline")).toContainText("Node 0 misbehaves: it says nothing");
  await page.locator('#request input[name="value"], #request input').last().fill("7");
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await playUntil(page, () =>
    window.synod.player
      .frame()
      .everyNode()
      .every((/** @type {any} */ node) => node.glance.view === 1 && node.glance.executed > 0),
  );
  await expect(page.locator('[data-node="1"]')).toHaveAttribute("aria-label", /primary, view 1/);
  const report = await page.evaluate(() => window.synod.simulation.report());
  expect(report.violations).toEqual([]);
  // Back to where the backups lost patience, and forth again.
  const end = await page.evaluate(() => {
    const { player, page } = window.synod;
    const { position, now } = player;
    const events = player.simulation.trace(0, position);
    const left = events.filter((/** @type {any} */ event) => event.name === "view_change_started");
    page.openEvent(left[1].id);
    return now;
  });
  await expect(page.locator("#headline")).toContainText(/want view 1/);
  await expect(page.locator('[data-node="2"]')).toHaveAttribute("aria-label", /wants view 1, \d of 3|backup/);
  await page.evaluate((ms) => window.synod.player.seek(ms), end);
  // It behaves again, and the page says that it once did not.
  await page.locator('[data-node="0"]').click();
  await page.getByRole("menuitem", { name: "Let it behave again" }).click();
  await expect(page.locator('[data-node="0"]')).toHaveAttribute("aria-label", /has lied/);
});

test("ways to misbehave are switched in the inspector", async ({ page }) => {
  await open(page, "silent-backup", 70);
  await page.locator('[data-node="3"]').click();
  await page.getByRole("menuitem", { name: "Let it misbehave…" }).click();
  await expect(page.getByLabel("silent", { exact: true })).toBeFocused();
  await page.getByLabel("wrong digest").check();
  await page.getByLabel("replay").check();
  await expect(page.locator("#inspector")).toContainText("names digests of nothing and repeats");
  await expect(page.locator('[data-node="3"]')).toHaveAttribute("aria-label", /liar: wrong digest, replay/);
  const script = await page.evaluate(() =>
    window.synod.simulation.scenario().script.findLast((/** @type {any} */ entry) => entry.node === 3),
  );
  expect(script).toMatchObject({ do: "conduct", node: 3, ways: ["wrong_digest", "replay"] });
  await page.getByRole("button", { name: "Behave from now on" }).click();
  await expect(page.locator("#inspector")).toContainText("it has misbehaved");
});

test("a message tells whether its signature holds", async ({ page }) => {
  await open(page, "impersonation", 117);
  const seals = await page.evaluate(() => {
    const { page, player } = window.synod;
    const frame = player.frame();
    /** @type {[string, boolean][]} */
    const found = [];
    for (let k = 0; k < frame.flights; k++) {
      const message = player.simulation.message(frame.flight(k).id);
      const seal = page.view.seal(message);
      if (seal) found.push([seal.text, seal.good]);
      if (seal && !seal.good) page.inspectMessage(message.id);
    }
    page.seen = -1;
    return found;
  });
  expect(seals.some(([, good]) => good)).toBe(true);
  expect(seals.some(([text, good]) => !good && /in the name of node/.test(text))).toBe(true);
  await expect(page.locator("#inspector")).toContainText("The signature does not hold");
});

test("the diagram shows the phases, two stories, and the change of a view", async ({ page }) => {
  await open(page, "three-phases", 250);
  const diagram = page.locator("#diagram svg");
  await expect(diagram).toHaveAttribute(
    "aria-label",
    /Number 1 of view 0: node 0 has 4 prepares and 4 commits/,
  );
  await expect(diagram.locator("path.arrow.arrived:not(.tip)")).toHaveCount(1 + 3 + 9 + 12 + 4);
  await open(page, "two-stories", 118);
  await expect(diagram.locator("path.arrow.second:not(.tip)").first()).toBeAttached();
  await open(page, "silent-primary", 715);
  await expect(diagram).toHaveAttribute("aria-label", "The change to view 1");
  // Who left its view alone changes nothing for the others; a pre-prepare that is passed on is no forgery.
  await open(page, "twins", 1500);
  await expect(diagram).toHaveAttribute("aria-label", /^Number 2 of view 0/);
  await expect(diagram.locator("path.arrow.second")).toHaveCount(0);
  await expect(page.locator("#headline")).toContainText("Nodes 0 and 1 are behind");
  // Why it left is what it says of that, and not what touched it last.
  await page.evaluate(() => window.synod.page.inspectNode(1));
  await expect(page.locator("#inspector")).toContainText("Why has it left its view?");
  await expect(page.locator("#inspector")).toContainText(
    /At [\d.]+ ms node 1 leaves its view and asks for view 1\./,
  );
});

test("is accessible, light and dark, wide and narrow", async ({ page }) => {
  for (const [colorScheme, width] of /** @type {const} */ ([
    ["light", 1440],
    ["dark", 390],
  ])) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    await open(page, "two-liars", 128);
    await page.waitForFunction(() => document.querySelector("#inspector .facts"));
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map((each) => `${each.id}: ${each.nodes[0]?.html}`)).toEqual([]);
  }
});
