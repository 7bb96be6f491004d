// What the editor keeps on the device, and what it does where it cannot.
import { expect, test } from "@playwright/test";
import { converge, openIn, openTab, put, textOf, toggle, turnTo, watchErrors } from "./tabs.js";

/** @typedef {import("@playwright/test").Page} Page */

watchErrors();

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
      await text.shelf.work;
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
    // It says so only until the other tab has kept it, which may be very soon.
    const status = /** @type {HTMLElement} */ (document.getElementById("editor-status"));
    const said = [""];
    Object.assign(window, { said });
    const look = () => said.push(status.textContent ?? "");
    new MutationObserver(look).observe(status, { childList: true, characterData: true, subtree: true });
  });
  await put(ann, 0, "by Ann, ");
  await converge([ann, bob], "by Ann, ");
  await put(bob, 8, "by Bob");
  const said = () => ann.evaluate(() => /** @type {any} */ (window).said.join());
  await expect.poll(said).toContain("Not kept");
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

test("what was typed just before a text is left is there on coming back", async ({ context }) => {
  const page = await openTab(context, "one");
  await page.evaluate(() => {
    window.synod.editor.view.dispatch({ changes: { from: 0, insert: "letter by letter ".repeat(60_000) } });
    window.synod.editor.view.dispatch({ changes: { from: 0, insert: "Just in time. " } });
    location.hash = "#/editor?doc=two";
  });
  await page.waitForFunction(() => window.synod.editor.doc === "two" && window.synod.editor.view);
  await turnTo(page, "one");
  const length = 14 + 17 * 60_000;
  expect((await textOf(page)).length).toBe(length);
  await expect(page.locator("#editor-status")).toContainText("Kept on this device");
  await page.close();
  const again = await openTab(context, "one");
  expect((await textOf(again)).length).toBe(length);
});

test("what cannot be kept stays in the page while other texts are read", async ({ context }) => {
  const page = await context.newPage();
  await page.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException("blocked", "SecurityError");
    };
  });
  await openIn(page, "one");
  await put(page, 0, "precious");
  await turnTo(page, "two");
  await turnTo(page, "one");
  expect(await textOf(page)).toBe("precious");
  // Whoever closes the page is asked first.
  await page.locator(".cm-content").click();
  const asked = page.waitForEvent("dialog");
  void page.close({ runBeforeUnload: true });
  await (await asked).accept();
});

test("what was kept is read once storage answers, and only then is anything kept", async ({ context }) => {
  const page = await openTab(context);
  await put(page, 0, "old words");
  await expect(page.locator("#editor-status")).toContainText("Kept on this device");
  await page.close();
  const later = await context.newPage();
  await later.addInitScript(() => {
    const open = IDBFactory.prototype.open;
    Object.assign(window, { storage: false });
    IDBFactory.prototype.open = function (...how) {
      if (!(/** @type {any} */ (window).storage)) throw new DOMException("not yet", "UnknownError");
      return open.apply(this, how);
    };
  });
  await openIn(later);
  await put(later, 0, "new");
  await expect(later.locator("#editor-status")).toContainText("Not kept");
  expect(await textOf(later)).toBe("new");
  await later.evaluate(() => Object.assign(window, { storage: true }));
  await expect(later.locator("#editor-status")).toContainText("Kept on this device", { timeout: 15_000 });
  expect(await textOf(later)).toContain("old words");
});

test("what was written offline still waits after the page was loaded anew", async ({ context }) => {
  const [ann, bob] = [await openTab(context), await openTab(context)];
  await put(bob, 0, "Bob's. ");
  await converge([ann, bob], "Bob's.");
  await toggle(ann, "Offline");
  await put(ann, 0, "0123456789");
  await expect(ann.locator("#editor-status")).toContainText("Offline, 10 operations ahead");
  await expect(ann.locator("#editor-status")).toContainText("Kept on this device");
  await ann.reload();
  await ann.waitForFunction(() => window.synod?.editor?.view);
  await expect(ann.locator("#editor-status")).toContainText("Offline, 10 operations ahead");
  await put(ann, 0, "+");
  await expect(ann.locator("#editor-status")).toContainText("Offline, 11 operations ahead");
});
