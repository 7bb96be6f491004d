// The editor, in several tabs of one real browser.
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";

/** @typedef {import("@playwright/test").Page} Page */

/** A channel that loses a third of all messages takes a few rounds of questions. */
const CONVERGE_MS = 60_000;

/** @type {string[]} */
let errors = [];
test.beforeEach(() => {
  errors = [];
});
test.afterEach(() => expect(errors).toEqual([]));

/**
 * @param {import("@playwright/test").BrowserContext} context
 * @param {string} [doc]
 */
async function openTab(context, doc = "notes") {
  const page = await context.newPage();
  await openIn(page, doc);
  return page;
}

/**
 * @param {Page} page
 * @param {string} [doc]
 */
async function openIn(page, doc = "notes") {
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(`./#/editor?doc=${doc}`);
  await page.waitForFunction(() => window.synod?.editor?.view);
}

/** @param {Page} page */
const textOf = (page) => page.evaluate(() => window.synod.editor.view.state.sliceDoc());
/** @param {Page} page what the replica holds: the editor must always show just that */
const replicaText = (page) => page.evaluate(() => window.synod.editor.text.replica.text());

/**
 * @param {Page} page
 * @param {number} at
 * @param {string} text
 * @param {number} [deleted]
 */
const put = (page, at, text, deleted = 0) =>
  page.evaluate(([from, gone, insert]) => {
    const { view } = window.synod.editor;
    view.dispatch({ changes: { from, to: from + gone, insert } });
  }, /** @type {const} */ ([at, deleted, text]));

/**
 * Waits until all tabs show the same text, and that text holds all these words.
 * @param {Page[]} tabs
 * @param {string[]} words
 */
async function converge(tabs, ...words) {
  await expect
    .poll(
      async () => {
        const texts = await Promise.all(tabs.map(textOf));
        return new Set(texts).size === 1 && words.every((word) => texts[0].includes(word));
      },
      { timeout: CONVERGE_MS },
    )
    .toBe(true);
  for (const tab of tabs) expect(await replicaText(tab)).toBe(await textOf(tab));
}

/**
 * @param {Page} page
 * @param {"Offline" | "Hostile channel"} which
 */
const toggle = (page, which) => page.locator("#editor-side").getByLabel(which).click();

test("two tabs type at the same place at once, and no word is torn apart", async ({ context }) => {
  const [ann, bob] = [await openTab(context), await openTab(context)];
  await expect(ann.locator("#editor-status")).toContainText("In sync with 1 other tab");
  await Promise.all([ann.locator(".cm-content").focus(), bob.locator(".cm-content").focus()]);
  await Promise.all([ann.keyboard.type("Hello", { delay: 10 }), bob.keyboard.type("World", { delay: 10 })]);
  await converge([ann, bob], "Hello", "World");
  expect(["HelloWorld", "WorldHello"]).toContain(await textOf(ann));
});

test("a tab goes offline, both write, and it returns", async ({ context }) => {
  const [ann, bob] = [await openTab(context), await openTab(context)];
  await put(ann, 0, "shared. ");
  await converge([ann, bob], "shared.");
  await toggle(ann, "Offline");
  await expect(ann.locator("#editor-story")).toContainText("This tab is offline");
  await put(ann, 8, "Ann was away. ");
  await put(bob, 8, "Bob stayed. ");
  await expect(ann.locator("#editor-status")).toContainText("Offline, 14 operations ahead");
  await expect(bob.locator("#editor-status")).toContainText("No other tab");
  expect(await textOf(bob)).not.toContain("Ann");
  await toggle(ann, "Offline");
  await converge([ann, bob], "shared. ", "Ann was away. ", "Bob stayed. ");
});

test("a tab is killed while it types, and opened again", async ({ context }) => {
  const [ann, bob] = [await openTab(context), await openTab(context)];
  await toggle(ann, "Offline"); // so that nobody else has what it wrote
  await ann.locator(".cm-content").focus();
  await ann.keyboard.type("written before the end");
  const typed = await ann.evaluate(() => performance.now());
  await ann.waitForFunction((then) => performance.now() - then > 200, typed);
  const session = await context.newCDPSession(ann);
  session.send("Page.crash").catch(() => {});
  await ann.waitForEvent("crash");
  await ann.close();
  const again = await openTab(context);
  await converge([again, bob], "written before the end");
});

test("the cursor of a killed tab vanishes from every view", async ({ context }) => {
  const [ann, bob, eve] = [await openTab(context), await openTab(context), await openTab(context)];
  await put(ann, 0, "some words");
  await ann.keyboard.press("End");
  for (const tab of [bob, eve]) await expect(tab.locator(".caret")).toHaveCount(2);
  const session = await context.newCDPSession(ann);
  session.send("Page.crash").catch(() => {});
  await ann.waitForEvent("crash");
  for (const tab of [bob, eve]) {
    await expect(tab.locator(".caret")).toHaveCount(1, { timeout: 20_000 });
    await expect(tab.locator("#editor-status")).toContainText("In sync with 1 other tab");
  }
});

test("among four tabs no message bounces", async ({ context }) => {
  const tabs = [];
  for (let k = 0; k < 4; k++) tabs.push(await openTab(context));
  for (const tab of tabs)
    await expect(tab.locator("#editor-status")).toContainText("In sync with 3 other tabs");
  // A fifth page only listens.
  const spy = await context.newPage();
  await spy.goto("./icon.svg");
  await spy.evaluate(() => {
    /** @type {string[]} */
    const kinds = [];
    Object.assign(window, { kinds, channel: new BroadcastChannel("synod-text/notes") });
    /** @type {any} */ (window).channel.onmessage = (/** @type {any} */ e) => kinds.push(e.data.kind);
  });
  const edits = 20;
  for (let k = 0; k < edits; k++) await put(tabs[k % 4], 0, `${k} `);
  await converge(tabs, "19 18 17 16 15 14");
  // Two more beats of everybody: time enough for an echo to show.
  const beats = () =>
    spy.evaluate(
      () => /** @type {any} */ (window).kinds.filter((/** @type {string} */ kind) => kind === "here").length,
    );
  const before = await beats();
  await expect.poll(beats, { timeout: 20_000 }).toBeGreaterThanOrEqual(before + 8);
  const kinds = await spy.evaluate(() => /** @type {any} */ (window).kinds);
  const count = (/** @type {string} */ kind) => kinds.filter((/** @type {string} */ k) => k === kind).length;
  expect(count("changes")).toBe(edits);
  expect(count("missing")).toBe(0);
});

test("a duplicated tab is somebody else", async ({ context }) => {
  const ann = await openTab(context);
  await put(ann, 0, "one. ");
  // As duplicating does, window.open copies what the tab keeps in its session.
  const [copy] = await Promise.all([
    context.waitForEvent("page"),
    ann.evaluate(() => void window.open(location.href)),
  ]);
  await copy.waitForFunction(() => window.synod?.editor?.view);
  await converge([ann, copy], "one. ");
  const name = (/** @type {Page} */ page) => page.evaluate(() => window.synod.editor.text.name);
  expect(await name(copy)).not.toBe(await name(ann));
  await Promise.all([put(ann, 5, "from the first. "), put(copy, 5, "from the copy. ")]);
  await converge([ann, copy], "from the first. ", "from the copy. ");
  const person = (/** @type {Page} */ page) => page.evaluate(() => window.synod.editor.text.person.name);
  await expect.poll(async () => (await person(copy)) !== (await person(ann))).toBe(true);
});

test("a hostile channel loses, doubles and reorders, and all converge", async ({ context }) => {
  const [ann, bob] = [await openTab(context), await openTab(context)];
  await expect(ann.locator("#editor-status")).toContainText("In sync with 1 other tab");
  test.slow();
  await toggle(ann, "Hostile channel");
  for (let k = 0; k < 30; k++) {
    await put(ann, 0, `a${k} `);
    await put(bob, 0, `b${k} `);
  }
  const counts = await ann.evaluate(() => window.synod.editor.text.wire.counts);
  expect(counts.dropped).toBeGreaterThan(0);
  await converge([ann, bob], ...Array.from({ length: 30 }, (_, k) => [`a${k} `, `b${k} `]).flat());
});

test("a late joiner gets 100,000 characters", async ({ context }) => {
  const ann = await openTab(context);
  // Kept from the shelf, so that it must come over the channel.
  await ann.evaluate(() => (window.synod.editor.text.shelf.keep = () => {}));
  await put(ann, 0, "All that is solid. ".repeat(5264));
  const bob = await openTab(context);
  await converge([ann, bob], "All that is solid");
  expect((await textOf(bob)).length).toBe(100_016);
});

test("undo takes back one's own words and nobody else's", async ({ context }) => {
  const [ann, bob] = [await openTab(context), await openTab(context)];
  await put(ann, 0, "Ann wrote this.");
  await converge([ann, bob], "Ann wrote this.");
  await put(bob, 4, "and Bob ");
  await converge([ann, bob], "Ann and Bob wrote this.");
  await ann.locator(".cm-content").focus();
  await ann.keyboard.press("Control+z");
  await converge([ann, bob], "and Bob ");
  expect(await textOf(ann)).toBe("and Bob ");
  expect(await ann.evaluate(() => window.synod.editor.view.state.selection.main.head)).toBeLessThanOrEqual(8);
  await ann.keyboard.press("Control+Shift+Z");
  await converge([ann, bob], "Ann and Bob wrote this.");
});

test("garbage on the channel changes nothing and is counted", async ({ context }) => {
  const [ann, bob] = [await openTab(context), await openTab(context)];
  await put(ann, 0, "sound");
  await converge([ann, bob], "sound");
  await bob.evaluate(() => {
    const channel = new BroadcastChannel("synod-text/notes");
    const from = "00000000000000ff";
    const ours = { mark: "synod-text", protocol: 1, from };
    const bytes = new Uint8Array([0xa1, 1, 2, 3, 4, 5, 6, 7]);
    for (const message of [
      42,
      null,
      "hello",
      { mark: "synod-text" },
      { ...ours, kind: "changes" },
      { ...ours, kind: "changes", changes: bytes },
      { ...ours, kind: "missing", to: from, changes: bytes, version: bytes },
      { ...ours, kind: "hello", version: bytes, person: { name: "x", tone: 1 }, cursors: [] },
      { ...ours, kind: "cursors", cursors: [{ anchor: 1, head: 2 }] },
      { ...ours, kind: "constructor" },
    ])
      channel.postMessage(message);
    channel.postMessage({ ...ours, protocol: 2, kind: "hello" });
  });
  await expect(ann.locator("#editor-side")).toContainText("10 messages that made no sense");
  await expect(ann.locator("#editor-status")).toContainText("another version of Synod");
  expect(await textOf(ann)).toBe("sound");
  await put(bob, 5, " still");
  await converge([ann, bob], "sound still");
});

test("without storage the editor goes on, and says so", async ({ context }) => {
  const page = await context.newPage();
  await page.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException("blocked", "SecurityError");
    };
  });
  await openIn(page);
  await page.locator(".cm-content").focus();
  await page.keyboard.type("unkept");
  await expect(page.locator("#editor-status")).toContainText("Not kept: this browser does not let the page");
  expect(await textOf(page)).toBe("unkept");
});

test("full storage is said, and what waited is kept once there is room", async ({ context }) => {
  const page = await openTab(context);
  await page.evaluate(() => {
    const add = IDBObjectStore.prototype.add;
    IDBObjectStore.prototype.add = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
    Object.assign(window, { makeRoom: () => (IDBObjectStore.prototype.add = add) });
  });
  await put(page, 0, "first ");
  await expect(page.locator("#editor-status")).toContainText("Not kept: this browser's storage is full");
  await page.evaluate(() => /** @type {any} */ (window).makeRoom());
  await put(page, 6, "second");
  await expect(page.locator("#editor-status")).toContainText("Kept on this device");
  await page.reload();
  await page.waitForFunction(() => window.synod?.editor?.view);
  expect(await textOf(page)).toBe("first second");
});

test("many pieces on the shelf are put together, and none is lost", async ({ context }) => {
  const page = await openTab(context);
  const most = await page.evaluate(async () => {
    const { view, text } = window.synod.editor;
    let pieces = 0;
    for (let k = 0; k < 450; k++) {
      view.dispatch({ changes: { from: 0, insert: "x" } });
      while (text.shelf.writing) await new Promise((done) => setTimeout(done));
      pieces = Math.max(pieces, text.shelf.pieces);
    }
    return pieces;
  });
  expect(most).toBe(400);
  expect(await page.evaluate(() => window.synod.editor.text.shelf.pieces)).toBeLessThan(100);
  await page.reload();
  await page.waitForFunction(() => window.synod?.editor?.view);
  expect(await textOf(page)).toBe("x".repeat(450));
});

test("what one tab cannot keep, another does", async ({ context }) => {
  const [ann, bob] = [await openTab(context), await openTab(context)];
  await expect(ann.locator("#editor-status")).toContainText("In sync with 1 other tab");
  await ann.evaluate(() => {
    IDBObjectStore.prototype.add = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
  });
  await put(ann, 0, "by Ann, ");
  await converge([ann, bob], "by Ann, ");
  await put(bob, 8, "by Bob");
  await expect(ann.locator("#editor-status")).toContainText("Not kept");
  await expect
    .poll(() => bob.evaluate(() => window.synod.editor.text.shelf.writing || window.synod.editor.text.check))
    .toBeFalsy();
  await ann.close();
  await bob.close();
  const again = await openTab(context);
  expect(await textOf(again)).toBe("by Ann, by Bob");
});

test("storage that never answers does not keep the editor from opening", async ({ context }) => {
  const page = await context.newPage();
  await page.addInitScript(() => {
    const pending = () => /** @type {any} */ (Object.assign(new EventTarget(), { readyState: "pending" }));
    IDBFactory.prototype.open = pending;
  });
  await openIn(page);
  await page.locator(".cm-content").focus();
  await page.keyboard.type("typed");
  await expect(page.locator("#editor-status")).toContainText("storage does not answer");
});

test("nine tabs find names without a storm of messages", async ({ context }) => {
  const tabs = [];
  for (let k = 0; k < 9; k++) tabs.push(await openTab(context));
  const last = tabs[8];
  await expect(last.locator("#editor-status")).toContainText("In sync with 8 other tabs");
  const names = await last.evaluate(() => {
    const { room, person } = window.synod.editor.text;
    return [person.name, ...[...room.peers.values()].map((/** @type {any} */ peer) => peer.person.name)];
  });
  expect(new Set(names).size).toBe(9);
  expect(await last.evaluate(() => window.synod.editor.text.room.counts.sent)).toBeLessThan(40);
});

test("texts that are opened in quick succession leave nothing behind", async ({ context }) => {
  const page = await openTab(context, "n0");
  await page.evaluate(async () => {
    for (let k = 1; k <= 15; k++) {
      location.hash = `#/editor?doc=n${k}`;
      await new Promise((done) => setTimeout(done, k % 3));
    }
  });
  await page.waitForFunction(() => window.synod.editor.doc === "n15" && window.synod.editor.view);
  const other = await openTab(context, "n7");
  await put(other, 0, "who hears this?");
  await put(page, 0, "still here");
  await expect.poll(() => textOf(page)).toBe("still here");
});

test("emoji stay whole, composed letters arrive, line ends are one", async ({ context }) => {
  const [ann, bob] = [await openTab(context), await openTab(context)];
  await put(ann, 0, "a🙂b");
  // An editor may see only that the second half of a pair has changed.
  const putUnit = (/** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ unit) =>
    ann.evaluate(
      ([a, b, code]) =>
        window.synod.editor.view.dispatch({ changes: { from: a, to: b, insert: String.fromCharCode(code) } }),
      [from, to, unit],
    );
  await putUnit(2, 3, 0xde43);
  await converge([ann, bob], "a🙃b");
  await putUnit(0, 0, 0xd83d);
  await converge([ann, bob], "\ufffda🙃b");
  await ann.bringToFront();
  await ann.locator(".cm-content").click();
  const session = await context.newCDPSession(ann);
  await session.send("Input.imeSetComposition", { text: "に", selectionStart: 1, selectionEnd: 1 });
  await put(bob, (await textOf(bob)).length, "!");
  await session.send("Input.imeSetComposition", { text: "日本", selectionStart: 2, selectionEnd: 2 });
  await session.send("Input.insertText", { text: "日本" });
  await converge([ann, bob], "日本", "a🙃b", "!");
  expect(await textOf(ann)).not.toContain("に");
  await ann.locator("input[type=file]").setInputFiles({
    name: "lines.txt",
    mimeType: "text/plain",
    buffer: Buffer.from("one\r\ntwo\rthree"),
  });
  await converge([ann, bob], "one\ntwo\nthree");
});

test("undo waits for the end of a composition, and then takes it back as one step", async ({ context }) => {
  const [ann, bob] = [await openTab(context), await openTab(context)];
  await put(ann, 0, "before ");
  await converge([ann, bob], "before ");
  await ann.bringToFront();
  await ann.locator(".cm-content").click();
  await ann.keyboard.press("End");
  const session = await context.newCDPSession(ann);
  await session.send("Input.imeSetComposition", { text: "に", selectionStart: 1, selectionEnd: 1 });
  await ann.waitForFunction(() => window.synod.editor.view.composing);
  const undo = ann.getByRole("button", { name: "Undo" });
  await undo.dispatchEvent("click");
  await ann.locator(".cm-content").press("Control+z");
  expect(await textOf(ann)).toBe("before に");
  expect(await replicaText(ann)).toBe("before に");
  await session.send("Input.insertText", { text: "日本" });
  await ann.waitForFunction(() => !window.synod.editor.view.composing);
  await converge([ann, bob], "before 日本");
  await undo.click();
  await converge([ann, bob], "before ");
  expect(await textOf(ann)).toBe("before ");
});

test("the past is shown with its authors, and brought back as one more edit", async ({ context }) => {
  const [ann, bob] = [await openTab(context), await openTab(context)];
  await put(ann, 0, "first draft");
  await converge([ann, bob], "first draft");
  await put(bob, 0, "second", 5);
  await converge([ann, bob], "second draft");
  const slider = ann.getByLabel("Version of the text");
  await slider.fill("11");
  await expect(ann.locator("#editor-past")).toContainText("first draft");
  await expect(ann.locator("#editor-past .written-by")).toHaveCount(1);
  await put(bob, 12, "!"); // the text goes on meanwhile
  await ann.getByRole("button", { name: "Restore this version" }).click();
  await converge([ann, bob], "first draft");
  await ann.locator(".cm-content").focus();
  await ann.keyboard.press("Control+z");
  await converge([ann, bob], "second draft");
});

test("a second editor beside the first is another tab to it", async ({ context }) => {
  const page = await openTab(context);
  await page.getByRole("button", { name: "A second editor beside" }).click();
  const second = page.frameLocator("#editor-second iframe");
  await second.locator(".cm-content").click();
  await page.keyboard.type("from beside");
  await expect.poll(() => textOf(page)).toBe("from beside");
  await expect(page.locator("#editor-status")).toContainText("In sync with 1 other tab");
});

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  for (const viewport of [
    { width: 1440, height: 900 },
    { width: 390, height: 844 },
  ]) {
    test(`is accessible: ${colorScheme}, ${viewport.width}`, async ({ browser, baseURL }) => {
      const context = await browser.newContext({ colorScheme, viewport, baseURL });
      const [ann, bob] = [await openTab(context), await openTab(context)];
      await put(bob, 0, "Some words by somebody else.");
      await converge([ann, bob], "words");
      await ann.getByRole("button", { name: "Who wrote what" }).click();
      await expect(ann.locator(".written-by")).toHaveCount(1);
      const { violations } = await new AxeBuilder({ page: ann }).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(" | ")}`)).toEqual([]);
      await context.close();
    });
  }
}
