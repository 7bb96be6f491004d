// The key-value store's page, used as a person would: make a conflict, see it, and resolve it with a
// function of one's own, which can reach nothing and hold up nobody.
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { failOnErrors, openLesson } from "./runs.js";

failOnErrors();

/** @type {(page: import("@playwright/test").Page, lesson?: string, ms?: number) => Promise<void>} */
const open = (page, lesson, ms) => openLesson(page, "kv", lesson, ms);

/**
 * The values of a key at each node.
 * @param {import("@playwright/test").Page} page
 * @param {string} key
 */
const values = (page, key) =>
  page.evaluate((name) => {
    const { simulation, player } = window.synod;
    const ids = player
      .frame()
      .everyNode()
      .map((/** @type {any} */ node) => node.id);
    return ids.map((/** @type {number} */ id) => {
      const keys = simulation.node(id).view.keys;
      return keys.find((/** @type {any} */ each) => each.key === name)?.values ?? [];
    });
  }, key);

const themes = [{ theme: "dark" }, { theme: "light" }];

/**
 * Opens the dialog on the first scenario's conflict, and runs a resolver.
 * @param {import("@playwright/test").Page} page
 * @param {string} code
 */
async function resolveWith(page, code) {
  if (!(await page.getByRole("dialog").isVisible()))
    await page.getByRole("button", { name: "Resolve…" }).click();
  await page.getByLabel("Your resolver, in JavaScript").fill(code);
  await page.getByRole("button", { name: /Run it/ }).click();
}

test("two themes are shown as a conflict, and one's own resolver merges them", async ({ page, context }) => {
  await open(page, "two-themes", 700);
  await expect(page.locator("#headline")).toContainText("“config” is in conflict");
  await expect(page.locator('[data-node="0"]')).toHaveAttribute("aria-label", /1 conflict/);
  await expect(page.locator(".kv-graph")).toHaveAttribute("aria-label", /theme dark and theme light/);
  expect(await values(page, "config")).toEqual([themes, themes]);

  await resolveWith(
    page,
    `function resolve(versions, key) {
       const names = versions.map((version) => version.value.theme).sort();
       return { theme: names.join("+"), key };
     }`,
  );
  const merged = { key: "config", theme: "dark+light" };
  await page.waitForFunction(() =>
    [0, 1].every((id) => window.synod.simulation.node(id).view.keys[0].values.length === 1),
  );
  expect(await values(page, "config")).toEqual([[merged], [merged]]);
  await expect(page.getByRole("button", { name: "Resolve…" })).toHaveCount(0);

  // The run is its script: a put with its context. Somebody else's page needs no resolver.
  const put = await page.evaluate(() => window.synod.player.scenario.script.at(-1));
  expect(put.op.put.slice(0, 2)).toEqual(["config", merged]);
  expect(put.op.put[2].clock).toEqual({ 0: 1, 1: 1 });
  await page.evaluate(() => window.synod.player.pause());
  const hash = await page.evaluate(() => window.synod.simulation.trace_hash());
  const other = await context.newPage();
  await other.goto(await page.evaluate(() => window.synod.link()));
  await other.waitForFunction(() => window.synod?.player?.sim && window.synod.player.position > 0);
  expect(await other.evaluate(() => window.synod.simulation.trace_hash())).toBe(hash);
});

test("a resolver that hangs is stopped, and the versions stay", async ({ page }) => {
  await open(page, "two-themes", 700);
  await resolveWith(page, "function resolve() { for (;;); }");
  await expect(page.getByRole("alert").filter({ hasText: "did not return within 1 second" })).toBeVisible();
  await expect(page.getByText("The versions stay as they were")).toBeVisible();
  await expect.poll(() => page.workers().length).toBe(0);
  expect(await page.locator("iframe").count()).toBe(0);
  expect(await values(page, "config")).toEqual([themes, themes]);
  // The page is alive, and another resolver is as welcome as ever.
  await resolveWith(page, "const resolve = (versions) => versions[0].value;");
  await page.waitForFunction(() => window.synod.simulation.node(0).view.keys[0].values.length === 1);
});

test("a resolver that throws, or returns nonsense, is told why, and the versions stay", async ({ page }) => {
  await open(page, "two-themes", 700);
  for (const [code, words] of [
    ['function resolve() { throw new RangeError("no idea"); }', "RangeError: no idea"],
    ["function resolve() {}", "returned nothing"],
    ["function resolve() { return () => 1; }", "returned nothing"],
    ["function resolve() { const a = {}; a.a = a; return a; }", "circular"],
    ["function resolve() { return 1.5; }", "it returned 1.5"],
    ["function resolve() { return [[1]]; }", "it returned [[1]]"],
    ['function resolve() { return "x".repeat(5000); }', "a value of 5000 bytes"],
    ["function other() { return 1; }", "there is no function resolve"],
    ["function resolve( {", "SyntaxError"],
    ["async function resolve() { await new Promise(() => {}); }", "did not return within 1 second"],
  ]) {
    await resolveWith(page, code);
    await expect(page.locator("dialog .wrong")).toContainText(words);
    expect(await values(page, "config")).toEqual([themes, themes]);
  }
});

test("a resolver reaches no network, no storage and no page", async ({ page }) => {
  await open(page, "two-themes", 700);
  /** @type {string[]} */
  const asked = [];
  page.on("response", (response) => {
    if (!/^(blob|data|about):/.test(response.url())) asked.push(response.url());
  });
  const origin = new URL(page.url()).origin;
  for (const [code, words] of [
    [`async function resolve() { return (await fetch("${origin}/index.html")).status; }`, "Failed to fetch"],
    [`function resolve() { importScripts("${origin}/main.js"); return 1; }`, "NetworkError"],
    [
      `function resolve() { const x = new XMLHttpRequest(); x.open("GET", "${origin}/", false); x.send(); return 1; }`,
      "NetworkError",
    ],
    [
      `async function resolve() { await new Promise((yes, no) => { const s = new WebSocket("${origin.replace("http", "ws")}/"); s.onerror = () => no(new Error("no socket")); s.onopen = yes; }); return 1; }`,
      "no socket",
    ],
    ["function resolve() { return localStorage.length; }", "localStorage is not defined"],
    [
      "async function resolve() { await new Promise((yes, no) => { const r = indexedDB.open('x'); r.onsuccess = yes; r.onerror = no; }); return 1; }",
      "access to the Indexed Database API is denied",
    ],
    ["function resolve() { return document.title; }", "document is not defined"],
    [
      "async function resolve() { return (await import('data:text/javascript,export default 1')).default; }",
      "Failed to fetch dynamically",
    ],
  ]) {
    await resolveWith(page, code);
    await expect(page.locator("dialog .wrong")).toContainText(words);
  }
  expect(asked).toEqual([]);
  expect(await values(page, "config")).toEqual([themes, themes]);
});

test("a conflict that nobody has read is read first", async ({ page }) => {
  await open(page, "two-themes", 400);
  await page.getByRole("button", { name: "Resolve…" }).click();
  await page.getByRole("button", { name: "Read it" }).click();
  await page.waitForFunction(() => window.synod.player.now > 440);
  await page.evaluate(() => window.synod.player.pause());
  await page.getByRole("button", { name: "Resolve…" }).click();
  await expect(page.getByRole("dialog")).toContainText("has read 2 versions");
  await expect(page.getByRole("dialog").getByRole("row")).toHaveCount(3);
});

test("a resolver whose read is out of date is told so, and reads again", async ({ page }) => {
  await open(page, "two-themes", 700);
  const bar = page.locator("#request");
  await bar.getByLabel("Kind of request").selectOption("blind put");
  await bar.getByLabel("Key").fill("config");
  await bar.getByLabel("Value").fill("{theme: dim}");
  await bar.getByRole("button", { name: "Ask" }).click();
  await page.evaluate(() => window.synod.player.play());
  await page.waitForFunction(() =>
    [0, 1].every((id) => window.synod.simulation.node(id).view.keys[0].values.length === 3),
  );
  await page.evaluate(() => window.synod.player.pause());
  await page.getByRole("button", { name: "Resolve…" }).click();
  await expect(page.getByRole("dialog")).toContainText("That read knows nothing of “theme dim”");
  await page.getByRole("button", { name: "Read it again" }).click();
  await page.waitForFunction(() => {
    const { simulation: sim } = window.synod;
    return sim.trace(0, sim.position).some((/** @type {any} */ e) => /→.*theme dim/.test(e.text));
  });
  await page.evaluate(() => window.synod.player.pause());
  await page.getByRole("button", { name: "Resolve…" }).click();
  await expect(page.getByRole("dialog")).not.toContainText("knows nothing");
  await page.getByRole("button", { name: /Run it/ }).click();
  await page.waitForFunction(() =>
    [0, 1].every((id) => window.synod.simulation.node(id).view.keys[0].values.length === 1),
  );
  // It was the reader who wrote.
  const { client, op } = await page.evaluate(() => window.synod.player.scenario.script.at(-1));
  expect(op.put[2].read).toHaveLength(3);
  const reader = await page.evaluate(() => {
    const { simulation: sim } = window.synod;
    const reads = sim.trace(0, sim.position).filter((/** @type {any} */ e) => e.name === "answered");
    return reads.at(-1).fact.answered.request.client;
  });
  expect(client).toBe(reader);
});

test("what is chosen is what is shown: the key of another scenario, the node of a menu", async ({ page }) => {
  await open(page, "two-themes", 700);
  const key = page.getByLabel("Key that is looked at");
  await expect(key).toHaveValue("config");
  await open(page, "cart-last-writer", 700);
  await expect(key).toHaveValue("cart");
  const whom = page.locator("#request").getByLabel("Whom to ask");
  await whom.selectOption({ label: "node 0" });
  for (const id of [1, 0, 2]) {
    await page.evaluate((node) => window.synod.page.hands.focusRequest(node), id);
    await expect(whom).toHaveValue(String(id));
  }
});

test("a request by hand makes a conflict: two writes that have read nothing", async ({ page }) => {
  await open(page, "resolved-by-a-reader", 850);
  const bar = page.locator("#request");
  for (const [value, node] of [
    ["tea", "node 0"],
    ["coffee", "node 2"],
  ]) {
    await bar.getByLabel("Kind of request").selectOption("blind put");
    await bar.getByLabel("Key").fill("drink");
    await bar.getByLabel("Value").fill(value);
    await bar.getByLabel("Whom to ask").selectOption({ label: node });
    await bar.getByRole("button", { name: "Ask" }).click();
  }
  await page.evaluate(() => window.synod.player.play());
  await page.waitForFunction(() =>
    [0, 1, 2].every((id) =>
      window.synod.simulation.node(id).view.keys.some((/** @type {any} */ each) => each.conflict),
    ),
  );
  expect(await values(page, "drink")).toEqual(Array(3).fill(["coffee", "tea"]));
});

test("the cone of an event is lit by pointing, and by keys", async ({ page }) => {
  await open(page, "what-came-before", 700);
  await page.locator(".diagram-tabs").getByRole("button", { name: "Lines" }).click();
  await page.locator(".diagram-tabs").getByRole("button", { name: "Larger" }).click();
  const lines = page.locator(".kv-lines");
  await lines.locator(".point.wrote").last().hover();
  await expect(lines.locator(".point.here")).toHaveCount(1);
  await expect(page.locator(".kv-caption")).toContainText("Its writer had read “draft”");
  const past = await lines.locator(".point.past").count();
  expect(past).toBeGreaterThan(2);
  expect(await lines.locator(".point.concurrent").count()).toBeGreaterThan(0);
  await page.mouse.move(5, 5);
  await expect(lines.locator(".point.here")).toHaveCount(0);
  await lines.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expect(lines.locator(".point.here")).toHaveCount(1);
  const before = await page.evaluate(() => window.synod.player.position);
  await page.keyboard.press("Enter");
  await page.waitForFunction((then) => window.synod.player.position < then, before);
});

test("ring, vectors and counts say what they show", async ({ page }) => {
  await open(page, "both-sides-write", 1250);
  const tabs = page.locator(".diagram-tabs");
  await tabs.getByRole("button", { name: "Ring" }).click();
  await expect(page.locator(".kv-ring-words")).toContainText("cart is kept by nodes 2, 3 and 0");
  await tabs.getByRole("button", { name: "Vectors" }).click();
  await expect(page.locator(".kv-vectors .concurrent").first()).toHaveText("concurrent");
  await tabs.getByRole("button", { name: "Counts" }).click();
  await expect(page.locator(".kv-counts")).toContainText("Reads up to date");
  await open(page, "fast-and-stale", 1900);
  await expect(page.locator(".kv-counts")).toContainText("21 stale");
  // Nor is anything said to hold that is not promised.
  await expect(page.locator("#verdict")).not.toContainText("quorum intersection");
  await open(page, "quorums-meet", 1900);
  await expect(page.locator("#verdict")).toContainText(
    "lost, exactness of siblings, strong convergence, quorum",
  );
  await open(page, "cart-last-writer", 1500);
  await expect(page.locator("#verdict")).toContainText(
    "Acknowledged is never lost but to a later timestamp,",
  );
});

for (const colorScheme of /** @type {("light" | "dark")[]} */ (["light", "dark"]))
  test(`the store's page is accessible, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await open(page, "two-themes", 700);
    await page.locator(".diagram-tabs").getByRole("button", { name: "Larger" }).click();
    for (const tab of ["Versions", "Lines", "Ring", "Vectors", "Counts"]) {
      await page.locator(".diagram-tabs").getByRole("button", { name: tab }).click();
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map((each) => `${tab}: ${each.id} ${each.nodes[0].html}`)).toEqual([]);
    }
    await page.locator(".diagram-tabs").getByRole("button", { name: "Versions" }).click();
    await page.getByRole("button", { name: "Resolve…" }).click();
    const { violations } = await new AxeBuilder({ page }).include("dialog").analyze();
    expect(violations.map((each) => `${each.id} ${each.nodes[0].html}`)).toEqual([]);
  });

test("on a phone the diagrams are a tab, and nothing is wider than the screen", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, "two-themes", 700);
  await page.locator("#tabs").getByRole("button", { name: "Store" }).click();
  await expect(page.locator(".kv-graph")).toBeVisible();
  for (const tab of ["Versions", "Lines", "Ring", "Vectors", "Counts"]) {
    await page.locator(".diagram-tabs").getByRole("button", { name: tab }).click();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide, tab).toBeLessThanOrEqual(390);
  }
  await page.locator(".diagram-tabs").getByRole("button", { name: "Versions" }).click();
  await page.getByRole("button", { name: "Resolve…" }).click();
  const ready = await page.getByLabel("Ready resolvers").boundingBox();
  const dialog = await page.getByRole("dialog").boundingBox();
  expect((ready?.x ?? 0) + (ready?.width ?? 0)).toBeLessThan((dialog?.x ?? 0) + (dialog?.width ?? 0));
});
