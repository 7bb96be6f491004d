// The editor, in several tabs of one real browser.
import { expect, test } from "@playwright/test";
import { barriersIn } from "./barriers.js";
import { converge, errors, openTab, put, replicaText, textOf, toggle, watchErrors } from "./tabs.js";

/** @typedef {import("@playwright/test").Page} Page */

watchErrors();

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
  // Whoever typed tells where its cursor is; the others' cursors hold on to their letters by themselves.
  expect(count("cursors")).toBeLessThanOrEqual(edits);
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
      { ...ours, kind: "cursors", cursors: [], changes: { length: 4e9 } },
      { ...ours, kind: "ping", to: from, cursors: "abc" },
      { ...ours, kind: "bye", person: 1 },
    ])
      channel.postMessage(message);
    channel.postMessage({ ...ours, protocol: 2, kind: "hello" });
  });
  await expect(ann.locator("#editor-side")).toContainText("13 messages that made no sense");
  await expect(ann.locator("#editor-status")).toContainText("another version of Synod");
  expect(await textOf(ann)).toBe("sound");
  await put(bob, 5, " still");
  await converge([ann, bob], "sound still");
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

test("asked for twice while it is loaded, the editor comes once", async ({ context }) => {
  const page = await context.newPage();
  page.on("pageerror", (error) => errors.push(String(error)));
  /** @type {(() => void)[]} */
  const held = [];
  await page.route("**/text_bg.wasm", async (route) => {
    await new Promise((go) => held.push(() => go(undefined)));
    await route.continue();
  });
  await page.goto("./#/raft");
  await page.waitForFunction(() => window.synod?.page);
  const nav = page.locator("#nav");
  for (const name of ["Editor", "Text lab", "Editor"]) await nav.getByText(name, { exact: true }).click();
  await expect.poll(() => held.length).toBeGreaterThan(0);
  held.forEach((go) => go());
  await page.waitForFunction(() => window.synod.editor?.view);
  await expect(page.locator("#editor-status")).toContainText("No other tab");
  await expect(page.locator(".cm-editor")).toHaveCount(1);
});

test("who has left keeps the name under which it wrote", async ({ context }) => {
  const [ann, bob] = [await openTab(context), await openTab(context)];
  await bob.getByLabel("Your name").fill("Zoe");
  await bob.getByLabel("Your name").press("Enter");
  await put(bob, 0, "by Zoe");
  await converge([ann, bob], "by Zoe");
  await expect(ann.locator("#editor-side")).toContainText("Zoe");
  const name = await bob.evaluate(() => window.synod.editor.text.name);
  await bob.close();
  await expect(ann.locator("#editor-side")).not.toContainText("Zoe");
  expect(await ann.evaluate((id) => window.synod.editor.text.author(id).name, name)).toBe("Zoe");
});

test("characters without a look are shown, wherever else the text changes", async ({ context }) => {
  const [ann, bob] = [await openTab(context), await openTab(context)];
  await put(bob, 0, "a line\u200b\n".repeat(400));
  await converge([ann, bob], "a line");
  // Many changes within one frame, some out of sight, and undo between them.
  await ann.evaluate(() => {
    const { editor } = window.synod;
    const { view } = editor;
    for (let k = 0; k < 40; k++) {
      view.dispatch({ changes: { from: view.state.doc.length - 4, insert: "x\u200e" }, userEvent: "input" });
      view.dispatch({ changes: { from: 0, insert: "\u202e" }, userEvent: "input" });
      editor.goBack("undo", new Event("x"));
    }
  });
  for (let k = 0; k < 20; k++) await put(bob, 0, "b");
  await converge([ann, bob], "bbbbbbbbbbbbbbbbbbbb");
  expect(await ann.evaluate(() => window.synod.editor.text.room.counts.garbage)).toBe(0);
  await expect(ann.locator(".cm-specialChar").first()).toHaveAttribute("title", /^Character U\+2/);
});

test("what is no text is not taken in, and half a pair moves no cursor", async ({ context }) => {
  const ann = await openTab(context);
  await put(ann, 0, "ab");
  const file = (/** @type {string} */ name, /** @type {Buffer} */ buffer) =>
    ann.locator("input[type=file]").setInputFiles({ name, mimeType: "text/plain", buffer });
  await file("holes.txt", Buffer.from("a\0b"));
  await expect(ann.locator("#notices")).toContainText("holes.txt is not a text");
  await ann.evaluate(() => window.synod.editor.view.dispatch({ selection: { anchor: 0, head: 2 } }));
  await file("nothing.txt", Buffer.from(""));
  await expect(ann.locator("#notices")).toContainText("nothing.txt is empty");
  expect(await textOf(ann)).toBe("ab");
  await file("wide.txt", Buffer.from("\ufeffcd", "utf16le"));
  await expect.poll(() => textOf(ann)).toBe("cd");
  await ann.evaluate(() => {
    const { view } = window.synod.editor;
    view.dispatch({ selection: { anchor: 1 } });
    view.dispatch({ ...view.state.replaceSelection("x\ud83dy"), userEvent: "input.paste" });
    view.dispatch({ ...view.state.replaceSelection("|"), userEvent: "input.type" });
  });
  expect(await textOf(ann)).toBe("cx\ufffdy|d");
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
      expect(await barriersIn(ann)).toEqual([]);
      await context.close();
    });
  }
}
