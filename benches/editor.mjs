// How fast the editor's page is: a large paste until it shows, and a key until it is painted, with a
// long text and four tabs open. Needs a built dist/ and Chromium ($CHROMIUM).
import { chromium } from "@playwright/test";
import { spawn } from "node:child_process";

const TABS = 4;
const KEYS = 60;
const PASTES = 7;

const server = spawn("node", ["tools/serve.js", "dist"], { env: { ...process.env, PORT: "0" } });
const address = await new Promise((resolve) => {
  server.stdout.on("data", (data) => resolve(/http:\S+/.exec(String(data))?.[0]));
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });

/** @param {string} doc */
async function openTab(doc) {
  const page = await context.newPage();
  await page.goto(`${address}#/editor?doc=${doc}`);
  await page.waitForFunction(() => window.synod?.editor?.view);
  return page;
}

/** @param {number[]} values */
function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (/** @type {number} */ share) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return `median ${at(0.5).toFixed(1)} ms, 95th ${at(0.95).toFixed(1)} ms, most ${sorted.at(-1)?.toFixed(1)} ms`;
}

/** Until the frame after the next one begins, the last frame has been painted. */
const painted = `() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))`;

const page = await openTab("paste");
const pastes = [];
for (let k = 0; k < PASTES; k++) {
  const ms = await page.evaluate(async (nextPaint) => {
    const { view } = window.synod.editor;
    view.focus();
    const data = new DataTransfer();
    data.setData("text/plain", "All that is solid melts into air.\n".repeat(30841));
    const start = performance.now();
    view.contentDOM.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
    await eval(nextPaint)();
    const end = performance.now();
    if (view.state.doc.length < 2 ** 20) throw new Error("the paste did not arrive");
    view.dispatch({ changes: { from: 0, to: view.state.doc.length } });
    await eval(nextPaint)();
    return end - start;
  }, painted);
  pastes.push(ms);
}
console.log(`1 MiB pasted, until painted (two frames of 16.7 ms included): ${spread(pastes)}`);
await page.close();

const tabs = [];
for (let k = 0; k < TABS; k++) tabs.push(await openTab("keys"));
await tabs[0].evaluate(() => {
  window.synod.editor.view.dispatch({ changes: { from: 0, insert: "All that is solid. ".repeat(5264) } });
});
for (const tab of tabs) await tab.waitForFunction(() => window.synod.editor.view.state.doc.length >= 100_000);
await tabs[0].bringToFront();
await tabs[0].locator(".cm-content").focus();
await tabs[0].keyboard.press("Control+End");
await tabs[0].evaluate(() => {
  Object.assign(window, { keys: [], scripts: [] });
  addEventListener(
    "keydown",
    () => {
      const start = performance.now();
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        // A message posted inside a frame comes right behind its painting.
        port1.onmessage = () => /** @type {any} */ (window).keys.push(performance.now() - start);
        port2.postMessage(null);
      });
    },
    true,
  );
  addEventListener("keyup", () => {}, true);
});
for (let k = 0; k < KEYS; k++) await tabs[0].keyboard.type("x", { delay: 30 });
await tabs[0].waitForFunction((count) => /** @type {any} */ (window).keys.length >= count, KEYS);
const keys = await tabs[0].evaluate(() => /** @type {any} */ (window).keys);
console.log(`a key until it is painted, 100,000 characters, ${TABS} tabs: ${spread(keys)}`);

await browser.close();
server.kill();
