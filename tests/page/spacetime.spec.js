// The space-time diagram of a run, as a person uses it.
import { expect, test } from "@playwright/test";
import { readFile } from "node:fs/promises";
import { barriersIn } from "./barriers.js";
import { failOnErrors, openLesson, seek } from "./runs.js";

failOnErrors();

/**
 * Opens the first Raft run where its leader has crashed and another is elected, as a diagram.
 * @param {import("@playwright/test").Page} page
 */
async function openDiagram(page) {
  await openLesson(page, "raft", undefined, 1000);
  await page.getByRole("button", { name: "Space-time" }).click();
  await expect(page.getByRole("application", { name: "Space-time diagram of the run" })).toBeVisible();
  // It stands there before it has been drawn for the first time.
  await page.waitForFunction(() => window.synod.page.face.diagram?.state);
  await showElection(page);
}

/** @param {import("@playwright/test").Page} page */
const showElection = (page) =>
  page.evaluate(() => {
    const { diagram } = window.synod.page.face;
    diagram.show(640, 380);
    diagram.redraw();
  });

/**
 * The last event of a kind in sight, and where it is on the page.
 * @param {import("@playwright/test").Page} page
 * @param {string} name
 */
const find = (page, name) =>
  page.evaluate((wanted) => {
    const { diagram } = window.synod.page.face;
    const { stretch } = diagram;
    const all = window.synod.simulation.trace(stretch.first, stretch.first + stretch.events);
    const event = all.findLast((/** @type {any} */ e) => e.name === wanted);
    const box = diagram.surface.getBoundingClientRect();
    const { x, y } = diagram.pointOf(event);
    return { id: event.id, at: event.at_ms, text: event.text, x: box.left + x, y: box.top + y };
  }, name);

/** @param {import("@playwright/test").Page} page how many events in sight are lit in each way */
const lit = (page) =>
  page.evaluate(() => {
    const { cones, stretch } = window.synod.page.face.diagram.scene;
    const counts = [0, 0, 0, 0];
    for (let k = 0; k < stretch.events; k++) counts[cones ? cones(k) : 0]++;
    return { past: counts[1], here: counts[2], future: counts[3] };
  });

test("pointing at an event lights what led to it and what came of it", async ({ page }) => {
  await openDiagram(page);
  expect(await lit(page)).toEqual({ past: 0, here: 0, future: 0 });
  const elected = await find(page, "elected");
  await page.mouse.move(elected.x, elected.y);
  await expect(page.locator(".spacetime-diagram .tip")).toContainText("is elected leader of term 2");
  const { past, here, future } = await lit(page);
  expect(here).toBe(1);
  expect(past).toBeGreaterThan(10);
  expect(future).toBeGreaterThan(10);
  await page.mouse.move(5, 5);
  await expect(page.locator(".spacetime-diagram .tip")).toBeHidden();
  expect(await lit(page)).toEqual({ past: 0, here: 0, future: 0 });
});

test("what is said of an event covers neither it nor the lines", async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await openDiagram(page);
  const names = await page.evaluate(() => {
    const { stretch } = window.synod.page.face.diagram;
    const all = window.synod.simulation.trace(stretch.first, stretch.first + stretch.events);
    return [...new Set(all.map((/** @type {any} */ event) => event.name).filter(Boolean))];
  });
  expect(names).toContain("elected");
  for (const name of names) {
    const { x, y } = await find(page, name);
    await page.mouse.move(x, y);
    const box = await page.locator(".spacetime-diagram .tip").boundingBox();
    if (!box) throw new Error(`nothing is said of ${name}`);
    expect(x < box.x || x > box.x + box.width || y < box.y || y > box.y + box.height).toBe(true);
    const covered = await page.evaluate(({ y: top, height }) => {
      const { diagram } = window.synod.page.face;
      const from = diagram.surface.getBoundingClientRect().top;
      const lines = diagram.scene.lanes.map((/** @type {{ y: number }} */ lane) => from + lane.y);
      return lines.filter((/** @type {number} */ line) => line > top && line < top + height).length;
    }, box);
    expect(covered, name).toBe(0);
  }
});

test("what is told stays with its event, or goes with it", async ({ page }) => {
  await openDiagram(page);
  const tip = page.locator(".spacetime-diagram .tip");
  /** Whether the tip tells of what is under the pointer, and of nothing where nothing is. */
  const isRight = () =>
    page.evaluate(() => {
      const { diagram } = window.synod.page.face;
      const { event, arrow } = diagram.near(diagram.pointer.x, diagram.pointer.y);
      const about = event >= 0 ? event : diagram.endOfArrow(arrow);
      return about === (diagram.tip.hidden ? -1 : diagram.told.id);
    });
  const elected = await find(page, "elected");
  await page.mouse.move(elected.x, elected.y);
  await expect(tip).toContainText("is elected leader of term 2");
  // To the side, under a pointer that rests.
  await page.mouse.wheel(1500, 0);
  await page.waitForFunction(() => window.synod.page.face.diagram.from > 940);
  await expect(tip).toBeHidden();
  expect(await lit(page)).toEqual({ past: 0, here: 0, future: 0 });
  await showElection(page);
  await expect(tip).toContainText("is elected leader of term 2");
  // Closer, about the pointer.
  for (let k = 0; k < 12; k++) await page.mouse.wheel(0, -1000);
  await page.waitForFunction(() => {
    const { from, to } = window.synod.page.face.diagram;
    return to - from < 0.1;
  });
  expect(await isRight()).toBe(true);

  // By keys, and the run is then shown elsewhere.
  await page.mouse.move(5, 5);
  await showElection(page);
  await page.getByRole("application").focus();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await expect(tip).toBeVisible();
  await seek(page, 450);
  await page.waitForFunction(() => {
    const { from, to } = window.synod.page.face.diagram;
    return from <= 450 && to >= 450;
  });
  await expect(tip).toBeHidden();
  await page.keyboard.press("ArrowLeft");
  await expect(tip).toBeVisible();
  // It moves as its event does, and stands on either side of it.
  const apart = () =>
    page.evaluate(() => {
      const { diagram } = window.synod.page.face;
      const { offsetLeft: left, offsetWidth: wide } = diagram.tip;
      const { x } = diagram.pointOf(diagram.told);
      return Math.max(left - x, x - left - wide);
    });
  const was = await tip.boundingBox();
  await page.keyboard.press("Shift+ArrowLeft");
  expect(await apart()).toBeLessThan(20);
  expect((await tip.boundingBox())?.x).not.toBe(was?.x);
});

test("a click goes there and opens the causes; seeking elsewhere moves the line", async ({ page }) => {
  await openDiagram(page);
  const elected = await find(page, "elected");
  await page.mouse.click(elected.x, elected.y);
  expect(await page.evaluate(() => window.synod.player.now)).toBeCloseTo(elected.at, 3);
  await expect(page.locator("#headline")).toContainText("elected leader of term 2");
  await expect(page.getByRole("heading", { name: "Why did this happen?" })).toBeVisible();
  const steps = page.locator(".causes .chain li");
  await expect(steps.nth(1)).toContainText("receives RequestVoteReply");
  await expect(steps.nth(1)).toContainText("to the same question had come before from node");
  await expect(page.locator(".causes .begins")).toContainText("It began here. At");
  await expect(page.locator(".causes .begins")).toContainText("the election timer goes off");
  await page.locator(".causes .begins button").click();
  expect(await page.evaluate(() => window.synod.player.now)).toBeLessThan(elected.at);
  await expect(page.locator("#headline")).toContainText("asks for votes in term 2");

  await page.evaluate(() => window.synod.player.seek(200));
  await page.waitForFunction(() => {
    const { from, to } = window.synod.page.face.diagram;
    return from <= 200 && to >= 200;
  });
  await page.keyboard.press("t");
  await expect(page.locator("[data-node]").first()).toBeVisible();
  await page.keyboard.press("t");
  await expect(page.locator("[data-node]").first()).toBeHidden();
});

test("keys walk from event to event, along lines and arrows, and go there", async ({ page }) => {
  await openDiagram(page);
  const elected = await find(page, "elected");
  await page.mouse.click(elected.x, elected.y);
  const surface = page.getByRole("application");
  const spoken = page.locator(".spacetime-diagram [aria-live]");
  await surface.focus();
  await page.keyboard.press("ArrowUp");
  await expect(spoken).toContainText("receives RequestVoteReply");
  await page.keyboard.press("ArrowUp");
  await expect(spoken).toContainText("receives RequestVote from");
  await page.keyboard.press("ArrowUp");
  await expect(spoken).toContainText("the election timer goes off");
  const timer = await page.evaluate(() => window.synod.page.face.diagram.focus);
  // Along the next arrow of the same event each time: to node 3, which is down, and so on.
  await page.keyboard.press("ArrowDown");
  await expect(spoken).toContainText("RequestVote from node 2 to node 3 is lost: receiver down");
  await page.keyboard.press("ArrowUp");
  await expect(spoken).toContainText("the election timer goes off");
  await page.keyboard.press("ArrowRight");
  const next = await page.evaluate(() => window.synod.page.face.diagram.focus);
  expect(next).toBeGreaterThan(timer);
  await page.keyboard.press("ArrowLeft");
  expect(await page.evaluate(() => window.synod.page.face.diagram.focus)).toBe(timer);
  await page.keyboard.press("Enter");
  await expect(page.locator("#inspector")).toContainText("the election timer goes off");
  await surface.focus();
  const span = () =>
    page.evaluate(() => window.synod.page.face.diagram.to - window.synod.page.face.diagram.from);
  const before = await span();
  await page.keyboard.press("+");
  expect(await span()).toBeLessThan(before);
  await page.keyboard.press("0");
  expect(await span()).toBeGreaterThan(900);
  await page.keyboard.press("Escape");
  expect(await page.evaluate(() => window.synod.page.face.diagram.focus)).toBe(-1);
});

test("dragging moves the window, the wheel zooms about the pointer, and playing leads it on", async ({
  page,
}) => {
  await openDiagram(page);
  const view = () =>
    page.evaluate(() => {
      const { from, to } = window.synod.page.face.diagram;
      return { from, to, span: to - from };
    });
  const box = await page.locator(".surface").boundingBox();
  const [x, y] = [(box?.x ?? 0) + 400, (box?.y ?? 0) + (box?.height ?? 0) - 8];
  const timeAt = () => page.evaluate((at) => window.synod.page.face.diagram.timeAt(at), 400);
  const before = await view();
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 60, y);
  await page.mouse.up();
  const moved = await view();
  expect(moved.from).toBeLessThan(before.from);
  expect(moved.span).toBeCloseTo(before.span, 6);
  await page.mouse.move(x, y);
  const held = await timeAt();
  await page.mouse.wheel(0, -300);
  await page.waitForFunction((span) => {
    const { from, to } = window.synod.page.face.diagram;
    return to - from < span;
  }, moved.span);
  expect(await timeAt()).toBeCloseTo(held, 3);
  expect(await page.evaluate(() => window.synod.player.now)).toBe(1000);

  await page.getByRole("button", { name: "Now", exact: true }).click();
  await page.evaluate(() => {
    window.synod.player.setSpeed(2);
    window.synod.player.play();
  });
  await page.waitForFunction(() => window.synod.page.face.diagram.from > 1000);
  const inSight = () => {
    const { player, page: shown } = window.synod;
    const { from, to } = shown.face.diagram;
    return from <= player.now && player.now <= to;
  };
  expect(await page.evaluate(inSight)).toBe(true);
});

test("two fingers zoom, and point at nothing when they are lifted", async ({ browser, baseURL }) => {
  const context = await browser.newContext({ hasTouch: true, baseURL });
  const page = await context.newPage();
  await openDiagram(page);
  const box = await page.locator(".surface").boundingBox();
  const session = await page.context().newCDPSession(page);
  const touch = (
    /** @type {"touchStart" | "touchMove" | "touchEnd"} */ type,
    /** @type {number[]} */ ...xs
  ) =>
    session.send("Input.dispatchTouchEvent", {
      type,
      touchPoints: xs.map((x, id) => ({ x: (box?.x ?? 0) + x, y: (box?.y ?? 0) + 60, id })),
    });
  const span = () =>
    page.evaluate(() => window.synod.page.face.diagram.to - window.synod.page.face.diagram.from);
  const before = await span();
  await touch("touchStart", 300, 400);
  for (let k = 1; k <= 8; k++) await touch("touchMove", 300 - 8 * k, 400 + 8 * k);
  await touch("touchEnd", 236);
  await touch("touchEnd");
  expect(await span()).toBeLessThan(0.6 * before);
  expect(await page.evaluate(() => window.synod.player.now)).toBe(1000);
  expect(await page.evaluate(() => window.synod.page.event)).toBe(-1);
  await context.close();
});

test("an empty place is a moment: a click goes there", async ({ page }) => {
  await openDiagram(page);
  const box = await page.locator(".surface").boundingBox();
  const at = await page.evaluate(() => {
    const { diagram } = window.synod.page.face;
    // Between the crash and the election nothing happens.
    const x = diagram.pointOf({ at_ms: 780, kind: "boot", node: 0 }).x;
    return { x, ms: diagram.timeAt(x) };
  });
  await page.mouse.click((box?.x ?? 0) + at.x, (box?.y ?? 0) + 60);
  expect(await page.evaluate(() => window.synod.player.now)).toBeCloseTo(at.ms, 0);
  await expect(page.locator("#headline")).toContainText("has crashed");
});

test("a diagram that is open when a run begins widens with it, until it is moved", async ({ page }) => {
  await openLesson(page, "raft", "split-vote", 0);
  await page.getByRole("button", { name: "Space-time" }).click();
  const sight = () =>
    page.evaluate(() => {
      const { from, to, scene } = window.synod.page.face.diagram;
      return { from, to, now: scene?.now ?? -1 };
    });
  await expect.poll(async () => (await sight()).now).toBe(0);
  await seek(page, 200);
  await expect.poll(async () => (await sight()).now).toBe(200);
  const { from, to } = await sight();
  expect(from).toBeLessThan(60);
  expect(to).toBeGreaterThan(200);
  await page.getByRole("button", { name: "Zoom in" }).click();
  const zoomed = await sight();
  await seek(page, 210);
  await expect.poll(async () => (await sight()).now).toBe(210);
  const after = await sight();
  expect(after.to - after.from).toBeCloseTo(zoomed.to - zoomed.from, 6);
});

test("heartbeats can be left out, and the legend tells every mark", async ({ page }) => {
  await openDiagram(page);
  await page.evaluate(() => window.synod.page.face.diagram.show(900, 400));
  await page.getByRole("button", { name: "No heartbeats" }).click();
  await expect(page.locator(".spacetime-diagram .note")).toContainText("heartbeats in sight are left out");
  await page.getByRole("button", { name: "Legend" }).click();
  await expect(page.locator("#spacetime-legend li")).toHaveCount(16);
  await expect(page.locator("#spacetime-legend")).toContainText("a timer goes off");
});

test("the picture and the trace can be kept, and are what they should be", async ({ page }) => {
  await openDiagram(page);
  const kept = async (/** @type {string} */ name) => {
    await page.getByRole("button", { name: "Save…" }).click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name, exact: true }).click(),
    ]);
    await expect(page.locator("#dialog")).toBeHidden();
    return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
  };
  const length = await page.evaluate(() => window.synod.simulation.length);

  const svg = await kept("SVG");
  expect(svg.name).toBe("raft-the-leader-crashes.svg");
  const title = await page.evaluate((text) => {
    const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
    return parsed.querySelector("parsererror") ? "not XML" : parsed.querySelector("title")?.textContent;
  }, svg.bytes.toString());
  expect(title).toBe("Raft: The leader crashes");

  const png = await kept("PNG");
  const size = await page.evaluate(async (base64) => {
    const image = new Image();
    image.src = `data:image/png;base64,${base64}`;
    await image.decode();
    return [image.naturalWidth, image.naturalHeight];
  }, png.bytes.toString("base64"));
  expect(size[0]).toBeGreaterThanOrEqual(1800);
  expect(size[1]).toBeGreaterThan(600);

  const lines = (await kept("JSON Lines")).bytes.toString().trimEnd().split("\n");
  expect(lines).toHaveLength(length + 1);
  expect(JSON.parse(lines[0]).scenario.protocol).toBe("raft");
  expect(JSON.parse(lines[length]).id).toBe(length - 1);

  const [expression, empty, ...log] = (await kept("Log for ShiViz")).bytes.toString().split("\n");
  expect(empty).toBe("");
  const found = [...log.join("\n").matchAll(new RegExp(expression, "g"))];
  expect(found.length).toBe((log.length - 1) / 2);
  expect(JSON.parse(found[0].groups?.clock ?? "")).toEqual({ node0: 1 });
});

test("a violation is explained from its mark, with the other side", async ({ page }) => {
  await openLesson(page, "raft");
  const text = await readFile("tests/scenarios/raft/mutant-half-quorum.json", "utf8");
  await page.evaluate((scenario) => void window.synod.load(scenario), JSON.parse(text));
  await page.waitForFunction(() => (window.synod.player.scenario.options?.mutant ?? null) !== null);
  await seek(page, 5000);
  await page.waitForFunction(() => window.synod.player.violations.length > 0);
  await page.keyboard.press("v");
  await expect(page.locator(".causes")).toContainText("was found violated");
  await expect(page.locator(".causes")).toContainText("The other side");
  await expect(page.locator(".causes .begins")).toContainText("It began here");
});

test("a leader that lacks what was committed is explained with who committed it", async ({ page }) => {
  await page.goto("./#/raft?counterexample=old_term_commit");
  await page.waitForFunction(() => window.synod?.player?.violations.length > 0);
  const broken = await page.evaluate(() => window.synod.player.violations[0]);
  expect(broken.invariant).toBe("leader completeness");
  await seek(page, Math.ceil(broken.at_ms) + 1);
  await page.keyboard.press("v");
  await expect(page.locator(".causes")).toContainText("was found violated");
  await expect(page.locator(".causes ol.chain").nth(1)).toContainText(/commit/i);
});

test("what is open over a page goes with it", async ({ page }) => {
  await page.goto("./#/hunt");
  await expect(page.locator("#hunt-start")).toBeVisible();
  await openLesson(page, "raft", undefined, 200);
  await page.getByRole("button", { name: "Space-time" }).click();
  await page.getByRole("button", { name: "Save…" }).click();
  await expect(page.locator("#dialog")).toBeVisible();
  await page.evaluate(() => {
    location.hash = "#/hunt";
  });
  await expect(page.locator("#hunt-start")).toBeVisible();
  await expect(page.locator("#dialog")).toBeHidden();
});

for (const protocol of ["raft", "locks"])
  test(`on a narrow screen neither the diagram of ${protocol} nor the clock is covered`, async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await openLesson(page, protocol, undefined, 1000);
    await page.getByRole("button", { name: "Space-time" }).click();
    await page.getByRole("button", { name: "Legend" }).click();
    await expect(page.locator("#spacetime-legend")).toBeVisible();
    const clock = () => page.locator("footer.time").boundingBox();
    const diagram = await page.locator(".spacetime-diagram").boundingBox();
    expect((diagram?.y ?? 0) + (diagram?.height ?? 0)).toBeLessThanOrEqual((await clock())?.y ?? 0);
    // Nor when it is moved under the clock, which stays.
    for (const by of [0, -60]) {
      await page.locator("#spacetime").evaluate((it, top) => (it.style.marginTop = `${-top}px`), by);
      const top = (await clock())?.y ?? 0;
      const seen = await page.evaluate(
        (y) => document.elementFromPoint(200, y)?.closest("footer") !== null,
        top + 4,
      );
      expect(seen).toBe(true);
    }
  });

for (const width of [390, 1440])
  for (const colorScheme of /** @type {const} */ (["light", "dark"]))
    test(`the diagram has no barriers at ${width} px, ${colorScheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 844 });
      await openDiagram(page);
      await page.getByRole("button", { name: "Legend" }).click();
      expect(await barriersIn(page)).toEqual([]);
      // The legend covers none of the bar.
      await page.getByRole("button", { name: "Save…" }).click({ trial: true });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(wide).toBeLessThanOrEqual(width);
    });
