// Histories, judged and drawn: used as a person would.
import { expect, test } from "@playwright/test";
import { barriersIn } from "./barriers.js";
import { failOnErrors, openLesson } from "./runs.js";

failOnErrors();

/**
 * @param {import("@playwright/test").Page} page
 * @param {string} example
 */
async function open(page, example) {
  await page.goto(`./#/histories?lesson=${example}`);
  await page.waitForFunction((name) => window.synod?.histories?.example === name, example);
}

const title = (/** @type {import("@playwright/test").Page} */ page) => page.locator("#histories h1");
const said = (/** @type {import("@playwright/test").Page} */ page) => page.locator("#history-said");

test("every example is judged, and says what it is about", async ({ page }) => {
  /** @type {[string, string, string][]} */
  const verdicts = [
    ["overlap", "Linearizable", "Sequentially consistent"],
    ["stale", "Not linearizable", "Sequentially consistent"],
    ["torn", "Not linearizable", "Sequentially consistent"],
    ["pending", "Linearizable", "Sequentially consistent"],
    ["swap", "Not linearizable", "Not sequentially consistent"],
    ["map", "Not linearizable", "Not sequentially consistent"],
    ["queue", "Linearizable", "Sequentially consistent"],
    ["jump", "Not linearizable", "Sequentially consistent"],
    ["list", "Not linearizable", "Not sequentially consistent"],
    ["dekker", "Not linearizable", "Not sequentially consistent"],
  ];
  for (const [name, linear, sequential] of verdicts) {
    await open(page, name);
    await expect(title(page), name).toHaveText(linear);
    await expect(page.locator(".history-verdicts"), name).toContainText(sequential);
  }
  await expect(page.locator(".pick[href]")).toHaveCount(verdicts.length);
});

test("the operation that cannot be placed is told, and keys walk to the others", async ({ page }) => {
  await open(page, "stale");
  await expect(page.locator("#histories .story p")).toContainText("the register can only have been 2");
  await page.locator(".history-drawing").focus();
  await page.keyboard.press("ArrowRight");
  await expect(said(page)).toHaveText(
    "Bo: read (the register) → 1; answered from 120 to 160 ms. It cannot be placed.",
  );
  await page.keyboard.press("ArrowUp");
  await expect(said(page)).toContainText("Ada: write 2");
  await expect(said(page)).toContainText("Number 2 in the order");
  await page.keyboard.press("Home");
  await expect(said(page)).toContainText("Ada: write 1");
});

test("the pointer finds an operation, and another key can be looked at", async ({ page }) => {
  await open(page, "map");
  await expect(title(page)).toHaveText("Not linearizable");
  await page.getByLabel("Key", { exact: true }).selectOption("y");
  await expect.poll(() => page.evaluate(() => window.synod.histories.order)).toEqual([1, 3, 5]);
  const box = await page.locator(".history-drawing canvas").boundingBox();
  const place = await page.evaluate(() => {
    const { drawing } = window.synod.histories;
    return { x: drawing.x(20), y: drawing.y(1) };
  });
  await page.mouse.move((box?.x ?? 0) + place.x, (box?.y ?? 0) + place.y);
  await expect(said(page)).toContainText("Bo: put 5 (y)");
});

test("what is pasted is judged, and what is wrong with it said", async ({ page }) => {
  await open(page, "overlap");
  await page.locator(".history-form summary").click();
  const field = page.getByLabel("A history", { exact: true });
  await field.fill("INFO jepsen.util - 1 :invoke :write 3\nINFO jepsen.util - 1 :ok :write 3\n");
  await page.getByRole("button", { name: "Judge it" }).click();
  await expect(page.locator(".history-verdicts")).toContainText("1 operation by 1 process");
  await expect(title(page)).toBeInViewport();
  await expect(title(page)).toHaveText("Linearizable");
  await field.fill(
    '{"version": 1, "model": "register", "operations": [{"process": 1, "op": "read", "call": 5, "return": 1}]}',
  );
  await page.getByRole("button", { name: "Judge it" }).click();
  await expect(title(page)).toHaveText("This is no history");
  await expect(page.locator("#histories .story p")).toHaveText(
    "operations[0].return: found 1, before its call, expected 5 or later.",
  );
});

test("a read of what nobody wrote is told beside any number of unanswered writes", async ({ page }) => {
  await open(page, "overlap");
  const ask = (/** @type {number} */ process, /** @type {object} */ what) => ({
    process,
    call: process,
    ...what,
  });
  const writes = Array.from({ length: 40 }, (_, k) => ask(k, { op: "write", value: k }));
  const operations = [...writes, ask(50, { op: "read", result: 99, return: 60 })];
  await page.locator(".history-form summary").click();
  await page
    .getByLabel("A history", { exact: true })
    .fill(JSON.stringify({ version: 1, model: "register", operations }));
  await page.getByRole("button", { name: "Judge it" }).click();
  await expect(title(page)).toHaveText("Not linearizable", { timeout: 20_000 });
  await expect(page.locator("#histories .story p")).toContainText("read was answered 99");
  await expect(page.locator(".history-verdicts")).toContainText("Not sequentially consistent");
});

test("a scenario is run for its history, and a file can be opened", async ({ page }) => {
  await open(page, "overlap");
  const scenario = { protocol: "raft", clients: { count: 2 }, until_ms: 2000 };
  await page.locator("#histories input[type=file]").setInputFiles({
    name: "run.json",
    mimeType: "application/json",
    buffer: Buffer.from(JSON.stringify(scenario)),
  });
  await expect(page.locator(".history-verdicts")).toContainText("run.json");
  await expect(page.locator(".history-verdicts")).toContainText("on a key-value map");
  await expect(title(page)).toHaveText("Linearizable");
});

test("what is no history is told, shows no other one, and can be opened again when it is mended", async ({
  page,
}) => {
  await open(page, "stale");
  const input = page.locator("#histories input[type=file]");
  const give = (/** @type {string} */ text) =>
    input.setInputFiles({ name: "mine.json", mimeType: "application/json", buffer: Buffer.from(text) });
  await give("");
  await expect(title(page)).toHaveText("This is no history");
  await expect(page.locator("#histories .story p")).toContainText("found nothing, expected a history");
  await expect(page.locator(".history-view")).toBeHidden();
  await expect(page.locator(".pick[aria-current]")).toHaveCount(0);
  // A browser says nothing of a file that is chosen again, unless the choice was taken back.
  expect(await input.inputValue()).toBe("");
  await give(JSON.stringify({ protocol: "chubby" }));
  await expect(page.locator("#histories .story p")).toHaveText(
    'protocol: found "chubby", expected paxos, raft, pbft, kv, locks or sequence.',
  );
  await give(JSON.stringify({ version: 1, model: "register", operations: [] }));
  await expect(title(page)).toHaveText("Nothing was asked");
  await expect(page.locator(".history-verdicts")).not.toContainText("consistent");
  await page.getByRole("link", { name: "A stale read" }).click();
  await expect(page.locator(".history-view")).toBeVisible();
  await expect(page.locator("#histories .story p")).toContainText("the register can only have been 2");
});

test("a file can be dropped on the bar over the page too", async ({ page }) => {
  await open(page, "stale");
  const text = JSON.stringify({
    version: 1,
    model: "register",
    operations: Array.from({ length: 12 }, (_, k) => ({
      process: k,
      op: "write",
      value: k,
      call: 0,
      return: 9,
    })),
  });
  const prevented = await page.evaluate((content) => {
    const carried = new DataTransfer();
    carried.items.add(new File([content], "dropped.json"));
    const nav = /** @type {HTMLElement} */ (document.getElementById("nav"));
    const fallen = new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true });
    return !nav.dispatchEvent(fallen);
  }, text);
  expect(prevented).toBe(true);
  await expect(page.locator(".history-verdicts")).toContainText("dropped.json: 12 operations");
  // Two digits and a word have no room together.
  expect(await page.evaluate(() => window.synod.histories.drawing.nameOf(11))).toBe("p11");
});

test("a run shows its own history, and goes on where it was", async ({ page }) => {
  await openLesson(page, "raft", undefined, 1500);
  const asked = await page.evaluate(() => window.synod.simulation.report().history.length);
  await page.getByRole("button", { name: "History as intervals" }).click();
  await expect(page.locator(".history-verdicts")).toContainText(`${asked} operations`);
  await page.goBack();
  await expect.poll(() => page.evaluate(() => window.synod.player?.now)).toBe(1500);
});

test("the session guarantees of a store are counted, and a breach is shown", async ({ page }) => {
  await openLesson(page, "kv");
  await page.evaluate(() =>
    window.synod.load({
      protocol: "kv",
      clients: { count: 4, workload: "blind" },
      options: { r: 1, w: 1 },
      script: [{ at_ms: 300, do: "partition", groups: [[0, 1]] }],
      until_ms: 2000,
    }),
  );
  await page.evaluate(() => {
    window.synod.player.pause();
    window.synod.player.seek(1500);
  });
  await page.getByRole("button", { name: "History as intervals" }).click();
  await expect(page.locator(".history-sessions li")).toHaveCount(4);
  await expect(title(page)).toContainText("of 4 session guarantees broken");
  await page.getByRole("button", { name: "Show the first" }).first().click();
  await expect(said(page)).toContainText("After client");
});

test("a replicated text promises no single copy, and is not judged as if it did", async ({ page }) => {
  await openLesson(page, "sequence", undefined, 1500);
  await page.getByRole("button", { name: "History as intervals" }).click();
  await expect(title(page)).toHaveText("No single copy is promised");
  const verdicts = page.locator(".history-verdicts");
  await expect(verdicts).toContainText("on copies that may differ");
  await expect(verdicts).not.toContainText("onsistent");
  await expect(page.locator("#histories .good")).toHaveCount(0);
});

test("a guarantee that nothing put to the test is not said to be held", async ({ page }) => {
  await openLesson(page, "kv", undefined, 1e6);
  await page.getByRole("button", { name: "History as intervals" }).click();
  await expect(title(page)).toHaveText("No session guarantee was put to the test");
  await expect(page.locator(".history-sessions li")).toHaveText(
    Array(4).fill(/○ [a-z ]+\s+Nothing put it to the test\./),
  );
  await expect(page.locator("#histories .good")).toHaveCount(0);
});

test("the text below is that of the history above, wherever it comes from", async ({ page }) => {
  const field = page.getByLabel("A history", { exact: true });
  const judgeIt = () => page.getByRole("button", { name: "Judge it" }).click();
  await page.goto("./#/histories");
  await expect(title(page)).toHaveText("Not linearizable");
  expect(JSON.parse(await field.inputValue()).model).toBe("register");
  const file = JSON.stringify({ version: 1, model: "register", operations: [] });
  await page
    .locator("#histories input[type=file]")
    .setInputFiles({ name: "mine.json", mimeType: "application/json", buffer: Buffer.from(file) });
  await expect(title(page)).toHaveText("Nothing was asked");
  await expect(field).toHaveValue(file);
  await openLesson(page, "raft", undefined, 1500);
  const { history, model } = await page.evaluate(() => window.synod.simulation.report());
  await page.getByRole("button", { name: "History as intervals" }).click();
  const verdicts = page.locator(".history-verdicts");
  await expect(verdicts).toContainText(`${history.length} operations`);
  expect(JSON.parse(await field.inputValue())).toEqual({ history, model });
  await page.locator(".history-form summary").click();
  // What was typed and not judged does not stay behind either.
  await field.fill("nothing of the kind");
  await page.getByRole("link", { name: "A stale read" }).click();
  await expect(page.locator("#histories .story p")).toContainText("the register can only have been 2");
  expect(JSON.parse(await field.inputValue()).operations).toHaveLength(4);
  await page.goBack();
  await expect(verdicts).toContainText(`${history.length} operations`);
  await judgeIt();
  await expect(verdicts).toContainText("Your history");
  await expect(verdicts).toContainText(`${history.length} operations`);
  // From a link alone.
  await page.goBack();
  await openLesson(page, "raft", undefined, 1500);
  await page.getByRole("button", { name: "History as intervals" }).click();
  await expect(page).toHaveURL(/#\/histories\?run=/);
  await page.reload();
  await expect(verdicts).toContainText(`${history.length} operations`);
  expect(JSON.parse(await field.inputValue())).toEqual({ history, model });
});

test("each of the operations that cannot be right together is a step away", async ({ page }) => {
  await open(page, "torn");
  const next = page.getByRole("button", { name: "Next blamed" });
  const step = page.locator(".history-tools output");
  await expect(step).toHaveText("2 blamed");
  for (const [words, place] of /** @type {const} */ ([
    [/It cannot be placed/, "1 of 2 blamed"],
    [/cannot all be right/, "2 of 2 blamed"],
    [/It cannot be placed/, "1 of 2 blamed"],
  ])) {
    await next.click();
    await expect(said(page)).toHaveText(words);
    await expect(step).toHaveText(place);
  }
  await page.getByRole("button", { name: "Previous blamed" }).click();
  await expect(step).toHaveText("2 of 2 blamed");
});

test("an example that is not there is told, and what is shown stays", async ({ page }) => {
  await page.goto("./#/histories?lesson=foo");
  await expect(page.locator("#notices")).toContainText("There is no example “foo” here.");
  await expect(title(page)).toHaveText("Not linearizable");
  await open(page, "queue");
  await page.goto("./#/histories?lesson=constructor");
  await expect(page.locator("#notices")).toContainText("There is no example “constructor” here.");
  await expect(page.locator(".history-verdicts")).toContainText("A lock with its queue");
  await expect(page).toHaveURL(/#\/histories\?lesson=queue$/);
});

test("of ten thousand operations those in sight are drawn", async ({ page }) => {
  await open(page, "overlap");
  const big = await page.evaluate(() => {
    const operations = Array.from({ length: 10_000 }, (_, n) => ({
      process: n % 50,
      op: n % 2 ? "get" : "put",
      key: `k${n % 20}`,
      call: n * 10,
      return: n * 10 + 400,
      ...(n % 2 ? { result: null } : { value: n }),
    }));
    return JSON.stringify({ version: 1, model: "map", operations });
  });
  await page.locator("#histories input[type=file]").setInputFiles({
    name: "big.json",
    mimeType: "application/json",
    buffer: Buffer.from(big),
  });
  await expect(page.locator(".history-verdicts")).toContainText("10,000 operations by 50 processes");
  await page.locator(".history-drawing").focus();
  await page.keyboard.press("ArrowRight");
  for (let k = 0; k < 12; k++) await page.keyboard.press("+");
  const drawn = await page.evaluate(() => {
    const { drawing } = window.synod.histories;
    const { first, last } = drawing.rowsInSight();
    let count = 0;
    for (let row = first; row <= last; row++) count += drawing.inSight(row).length;
    return count;
  });
  expect(drawn).toBeGreaterThan(0);
  expect(drawn).toBeLessThan(1000);
});

test("no number of the order is painted over by the next operation", async ({ page }) => {
  await page.addInitScript(() => {
    /** @type {[kind: "number" | "tick", x: number, y: number, half: number][]} */
    const strokes = [];
    let [x, y] = [0, 0];
    const { clearRect, ellipse, moveTo, lineTo } = CanvasRenderingContext2D.prototype;
    Object.assign(window, { strokes });
    Object.assign(CanvasRenderingContext2D.prototype, {
      // Of what is drawn anew, nothing of before is there to be painted over.
      clearRect(/** @type {Parameters<typeof clearRect>} */ ...of) {
        strokes.splice(0);
        return clearRect.apply(/** @type {any} */ (this), of);
      },
      ellipse(/** @type {Parameters<typeof ellipse>} */ ...of) {
        if (of[3] === 8) strokes.push(["number", of[0], of[1], of[2]]);
        return ellipse.apply(/** @type {any} */ (this), of);
      },
      moveTo(/** @type {number} */ u, /** @type {number} */ v) {
        [x, y] = [u, v];
        return moveTo.call(/** @type {any} */ (this), u, v);
      },
      lineTo(/** @type {number} */ u, /** @type {number} */ v) {
        if (u === x && v === y + 12) strokes.push(["tick", u, y + 6, 0]);
        return lineTo.call(/** @type {any} */ (this), u, v);
      },
    });
  });
  await open(page, "overlap");
  const operations = Array.from({ length: 250 }, (_, n) => {
    // Nine read what a tenth writes shortly before they are answered.
    const [round, process] = [Math.floor(n / 10), n % 10];
    const at = round * 40;
    return process === 9
      ? { process, op: "write", value: round, call: at + 33, return: at + 35 }
      : { process, op: "read", result: round, call: at, return: at + 36 };
  });
  await page.locator("#histories input[type=file]").setInputFiles({
    name: "dense.json",
    mimeType: "application/json",
    buffer: Buffer.from(JSON.stringify({ version: 1, model: "register", operations })),
  });
  await expect(page.locator(".history-verdicts")).toContainText("250 operations");
  await page.getByRole("button", { name: "All in sight" }).click();
  const count = () =>
    page.evaluate(() => {
      /** @type {["number" | "tick", number, number, number][]} */
      const strokes = /** @type {any} */ (window).strokes;
      const numbers = strokes.filter(([kind]) => kind === "number").length;
      const over = strokes.filter(([kind, x, y], n) => {
        const before = strokes.slice(0, n);
        return (
          kind === "tick" &&
          before.some(([other, at, row, half]) => other === "number" && row === y && Math.abs(at - x) < half)
        );
      }).length;
      return { numbers, over };
    });
  await expect.poll(async () => (await count()).numbers).toBeGreaterThan(5);
  expect((await count()).over).toBe(0);
});

test("a search can be stopped", async ({ page }) => {
  await open(page, "overlap");
  // A worker that is never heard of again.
  await page.route("**/check-worker.js", (route) =>
    route.fulfill({ contentType: "text/javascript", body: "" }),
  );
  await page.locator(".history-form summary").click();
  await page.getByRole("button", { name: "Judge it" }).click();
  await expect(title(page)).toHaveText("Judging …");
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(title(page)).toHaveText("Stopped");
  await expect(page.getByRole("button", { name: "Stop" })).toHaveCount(0);
});

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  test(`is accessible: ${colorScheme}`, async ({ browser, baseURL }) => {
    for (const width of [1440, 390]) {
      const context = await browser.newContext({
        colorScheme,
        baseURL,
        viewport: { width, height: 844 },
      });
      const page = await context.newPage();
      await open(page, "map");
      expect(await barriersIn(page)).toEqual([]);
      expect(await page.evaluate(() => document.scrollingElement?.scrollWidth)).toBe(width);
      await context.close();
    }
  });
}
