// The page of a run, used as a person would, in a real browser.
import { expect, test } from "@playwright/test";
import { barriersIn } from "./barriers.js";
import { failOnErrors, openLesson } from "./runs.js";

const errors = failOnErrors();

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

test("the link of a branch that is not shown opens at its end", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open(page);
  await page.evaluate(() => {
    const { player } = window.synod;
    player.pause();
    player.seek(640);
    player.seek(600);
  });
  await page.locator('[data-node="1"]').click();
  await page.getByRole("menuitem", { name: "Crash", exact: true }).click();
  await page.keyboard.press("b");
  const row = page.getByRole("row").filter({ hasText: "Forget" });
  await row.getByRole("button", { name: "Copy link" }).click();
  await expect(page.getByText("The link is copied")).toBeAttached();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const end = await page.evaluate(() => {
    const { player } = window.synod;
    player.show(player.branches[0].id);
    player.seek(player.end);
    return [player.now, player.position, window.synod.simulation.trace_hash()];
  });
  expect(end[0]).toBe(640);
  const other = await context.newPage();
  await open(other, link);
  const there = await other.evaluate(() => [
    window.synod.player.now,
    window.synod.player.position,
    window.synod.simulation.trace_hash(),
  ]);
  expect(there).toEqual(end);
  expect(await other.evaluate(() => window.synod.player.playing)).toBe(false);
});

test("a link whose place does not fit the run says so loudly", async ({ page }) => {
  await open(page);
  const hash = new URL(await page.evaluate(() => window.synod.link())).hash;
  const packed = await page.evaluate(async (run) => {
    const bytes = Uint8Array.from(atob(run.replaceAll("-", "+").replaceAll("_", "/")), (c) =>
      c.charCodeAt(0),
    );
    const through = (/** @type {Uint8Array} */ from, /** @type {GenericTransformStream} */ stream) =>
      new Response(new Blob([/** @type {BlobPart} */ (from)]).stream().pipeThrough(stream)).arrayBuffer();
    const text = new TextDecoder().decode(await through(bytes, new DecompressionStream("deflate-raw")));
    const pack = async (/** @type {any} */ place) => {
      const json = JSON.stringify({ ...JSON.parse(text), ...place });
      const out = new Uint8Array(
        await through(new TextEncoder().encode(json), new CompressionStream("deflate-raw")),
      );
      return btoa(String.fromCharCode(...out))
        .replaceAll("+", "-")
        .replaceAll("/", "_")
        .replaceAll("=", "");
    };
    return { early: await pack({ position: 100, now_ms: 5 }), negative: await pack({ position: -5 }) };
  }, hash.split("run=")[1]);
  await page.evaluate((run) => (location.hash = `#/raft?run=${run}`), packed.early);
  await expect(page.getByText("does not replay the link as it was")).toBeVisible();
  await page.evaluate((run) => (location.hash = `#/raft?run=${run}`), packed.negative);
  await expect(page.getByText("names no run, or no place in it")).toBeVisible();
});

test("what was worked on stays when other scenarios and links are opened", async ({ page }) => {
  await open(page);
  const link = await page.evaluate(() => window.synod.link());
  await page.evaluate(() => {
    const { player } = window.synod;
    player.pause();
    player.seek(640);
    player.seek(600);
  });
  await page.locator('[data-node="1"]').click();
  await page.getByRole("menuitem", { name: "Crash", exact: true }).click();
  const names = () =>
    page.evaluate(() => window.synod.player.branches.map((/** @type {any} */ branch) => branch.name));
  const kept = await names();
  expect(kept).toHaveLength(2);
  for (const lesson of ["quiet-election", "split-vote"]) {
    await page.locator(`[data-lesson="${lesson}"]`).click();
    await page.waitForFunction((name) => window.synod.page.lesson === name, lesson);
    expect(await names()).toHaveLength(3);
  }
  await page.evaluate((hash) => (location.hash = hash), new URL(link).hash);
  await page.waitForFunction(() => window.synod.page.lesson === null);
  expect((await names()).slice(0, 2)).toEqual(kept);
  expect(new Set(await names()).size).toBe(3);
});

test("a scenario opens where it says, with its sentence until it happens", async ({ page }) => {
  await open(page, "./#/raft?lesson=disruptive-returner");
  expect(await page.evaluate(() => window.synod.player.now)).toBeGreaterThanOrEqual(1580);
  await expect(page.locator("#watch")).toContainText("about to return");
  await playUntil(page, () => window.synod.player.now > 1710);
  await expect(page.locator("#watch")).not.toContainText("about to return");
});

test("an address that names no scenario opens the first one, and says so", async ({ page }) => {
  await open(page, "./#/raft?lesson=nope");
  await expect(page.getByText("There is no scenario “nope” here")).toBeVisible();
  await expect(page.locator("[data-node]")).toHaveCount(5);
});

test("a stale read is told by the verdict and the headline, and can be gone to", async ({ page }) => {
  await open(page, "./#/raft?lesson=stale-read");
  await expect(page.locator("#verdict")).toContainText("hold so far");
  await playUntil(page, () => window.synod.player.violations.length > 0);
  await expect(page.locator("#verdict")).toContainText("Linearizability is violated");
  await expect(page.locator("#watch")).toContainText("client 0 was answered to get x: 1");
  await page.locator("#verdict").getByRole("button", { name: "Show it" }).click();
  await expect(page.locator("#inspector h3")).toHaveText("Client 0 is answered: get x → 1");
  await expect(page.locator("#headline")).toHaveText("Linearizability is violated");
});

test("a request sent from a node's menu goes to that node", async ({ page }) => {
  await open(page);
  await page.evaluate(() => window.synod.player.pause());
  await page.locator('[data-node="2"]').click();
  await page.getByRole("menuitem", { name: "Send a request" }).click();
  await page.locator("#request input[name=key]").fill("y");
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  const last = await page.evaluate(() => window.synod.player.scenario.script.at(-1));
  const asked = await page.evaluate(
    (at) =>
      window.synod.player.scenario.script.filter(
        (/** @type {any} */ e) => e.do === "request" && e.at_ms <= at,
      ),
    last.at_ms,
  );
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({ node: 2, op: { put: ["y", 1] } });
});

test("the list of events is that of the run that is shown, beside what explains it", async ({ page }) => {
  await open(page);
  await page.evaluate(() => {
    const { player } = window.synod;
    player.pause();
    player.seek(900);
    player.seek(690);
  });
  await page.keyboard.press("e");
  const list = page.locator("#events .rows");
  await expect(list).toContainText("Node 2 is elected leader of term 2");
  await page.evaluate(() => {
    window.synod.page.hands.act({ do: "pause", node: 2 });
    window.synod.player.seek(2000);
    window.synod.player.seek(690);
  });
  await expect(list).not.toContainText("Node 2 is elected leader of term 2");
  const shown = await list
    .locator("[data-event]")
    .evaluateAll((rows) =>
      rows.map((row) => [Number(row.getAttribute("data-event")), row.querySelector("span")?.textContent]),
    );
  const real = await page.evaluate(
    (ids) => ids.map((id) => [id, window.synod.simulation.trace(id, id + 1)[0].text]),
    shown.map(([id]) => Number(id)),
  );
  expect(shown).toEqual(real);
  const [id, text] = shown[Math.floor(shown.length / 2)];
  await list.locator(`[data-event="${id}"]`).click();
  await expect(page.locator("#inspector h3")).toHaveText(String(text));
  await page.locator("#events").getByRole("button", { name: "close" }).click();
  await expect(page.locator("#gallery")).toBeVisible();
});

test("links are cut and mended by keyboard", async ({ page }) => {
  await open(page);
  await page.evaluate(() => window.synod.player.pause());
  const cuts = () =>
    page.evaluate(() => {
      const frame = window.synod.player.frame();
      return Array.from({ length: frame.cuts }, (_, k) => frame.cut(k).join(">"));
    });
  await page.keyboard.press("c");
  await page.getByRole("checkbox", { name: "0 → 3" }).press("Space");
  expect(await cuts()).toEqual(["0>3"]);
  await page.getByRole("button", { name: "Heal all links" }).press("Enter");
  expect(await cuts()).toEqual([]);
  const sides = page.getByRole("group", { name: "Nodes on one side" });
  await sides.getByRole("checkbox", { name: "1" }).press("Space");
  await sides.getByRole("checkbox", { name: "4" }).press("Space");
  await page.getByRole("button", { name: "Cut 1 and 4 from 0, 2 and 3" }).press("Enter");
  expect(await cuts()).toHaveLength(12);
});

test("a telephone lists branches and the first events, and shows the scenario that was tapped", async ({
  browser,
  baseURL,
}) => {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, baseURL });
  const page = await context.newPage();
  await open(page);
  await page.evaluate(() => {
    const { player, page: run } = window.synod;
    player.pause();
    player.seek(640);
    player.seek(600);
    run.hands.act({ do: "crash", node: 1 });
  });
  await page.getByRole("button", { name: "Branches" }).click();
  await expect(page.getByRole("heading", { name: "Branches", exact: true })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Events", exact: true }).click();
  const first = page.locator("#events .rows [data-event]").first();
  await page.locator("#events .rows").evaluate((rows) => rows.scrollTo(0, 0));
  await expect(first).toContainText("asks for votes in term 1");
  await first.click();
  await expect(page.locator("#inspector h3")).toBeVisible();
  await page.getByRole("button", { name: "Scenarios" }).click();
  await page.locator('[data-lesson="prevote"]').click();
  await expect.poll(() => page.evaluate(() => scrollY)).toBe(0);
  await context.close();
});

test("a run fits a screen of 240 pixels across", async ({ page }) => {
  await page.setViewportSize({ width: 240, height: 844 });
  for (const protocol of ["paxos", "raft", "pbft", "kv", "locks", "sequence"]) {
    await openLesson(page, protocol);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide, protocol).toBe(240);
  }
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
  await page.evaluate(() => {
    const { player, page: run } = window.synod;
    player.pause();
    player.seek(640);
    player.seek(600);
    run.hands.act({ do: "crash", node: 1 });
    window.synod.panicForTest();
  });
  for (let k = 0; k < 3; k++) await page.keyboard.press("Escape");
  // The page is loaded anew for it.
  const loaded = page.waitForEvent("load");
  await page.getByRole("button", { name: "Start again from the same scenario" }).click();
  await loaded;
  await running(page);
  await expect(page.locator("[data-node]")).toHaveCount(5);
  const runs = () =>
    page.evaluate(() =>
      window.synod.player.branches.map((/** @type {any} */ branch) => branch.scenario.script),
    );
  expect((await runs()).map((/** @type {any[]} */ script) => script.length)).toEqual([2, 1]);
  expect((await runs())[1]).toMatchObject([{ at_ms: 600, do: "crash", node: 1 }]);
  errors.length = 0;
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
      expect(await barriersIn(page)).toEqual([]);
      await context.close();
    });
  }
}

test("a protocol that cannot be fetched is said to be missing, and comes when it can", async ({ page }) => {
  await open(page);
  const name = () => page.evaluate(() => window.synod.page.info.name);
  await page.route("**/pbft_bg.wasm", (route) => route.abort());
  await page.getByRole("link", { name: "PBFT" }).click();
  await expect(page.locator("#notices")).toContainText("PBFT cannot be fetched");
  expect(await name()).toBe("raft");
  await expect(page.locator("#nav [aria-current=page]")).toHaveText("Raft");
  const refused = await page.evaluate(() =>
    window.synod.load({ protocol: "pbft" }).catch((/** @type {Error} */ error) => error.message),
  );
  expect(refused).toContain("What runs PBFT cannot be fetched");

  await page.unroute("**/pbft_bg.wasm");
  await page.getByRole("link", { name: "PBFT" }).click();
  await page.waitForFunction(() => window.synod.page.info.name === "pbft");
  await expect(page.locator("#nav [aria-current=page]")).toHaveText("PBFT");
});

test("who turns to another page while scenarios are on their way stays there", async ({ page }) => {
  /** @type {() => void} */
  let release = () => {};
  const released = new Promise((go) => (release = () => go(undefined)));
  await page.route("**/lessons/raft/index.json", async (route) => {
    await released;
    await route.continue();
  });
  await page.goto("./#/raft");
  await page.waitForFunction(() => window.synod?.page);
  await page.locator("#nav").getByText("Text lab", { exact: true }).click();
  const read = page.evaluate(() => window.synod.page.seat.read);
  release();
  await read;
  await page.waitForFunction(() => window.synod.lab);
  expect(new URL(page.url()).hash).toBe("#/lab");
  await expect(page.locator("#lab")).toContainText("FugueMax");

  await page.locator("#nav").getByText("Raft", { exact: true }).click();
  await running(page);
});

test("keys, the clock and the panel go with the protocol that is shown", async ({ page }) => {
  await open(page, "./#/kv");
  await page.waitForFunction(() => document.querySelector("#diagram")?.textContent?.includes("Versions"));
  await page.getByRole("link", { name: "Paxos", exact: true }).click();
  await page.waitForFunction(() => window.synod.page.info.name === "paxos" && window.synod.player.playing);
  const stands = () => page.evaluate(() => !window.synod.player.playing);
  await page.locator("#clock").getByRole("button", { name: "Pause", exact: true }).click();
  expect(await stands()).toBe(true);
  // A key that a link or a button uses itself is not for the run.
  await page.locator("#headline").click();
  await page.keyboard.press("Space");
  expect(await stands()).toBe(false);
  await page.keyboard.press("Space");
  expect(await stands()).toBe(true);
  // What the store drew may draw itself anew in its own turn only.
  await page.setViewportSize({ width: 1300, height: 820 });
  await page.waitForFunction(() => document.querySelector("#diagram table"));
  await expect(page.locator("#diagram")).not.toContainText("Versions");
});
