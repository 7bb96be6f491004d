// Starts the simulator and the page, and keeps them in step with the address.

import { byId, html, render } from "./lib/dom.js";
import { onRoute, parseRoute } from "./route.js";
import { RunPage } from "./pages/run.js";
import { viewOf } from "./views/index.js";
import { panicForTest, protocolNames, startWasm, version } from "./wasm.js";

/**
 * The ready scenarios of a protocol, in order.
 * @param {string} protocol
 * @returns {Promise<import("./panels/gallery.js").Lesson[]>}
 */
async function readLessons(protocol) {
  const read = async (/** @type {string} */ name) =>
    (await fetch(new URL(`lessons/${protocol}/${name}.json`, document.baseURI))).json();
  /** @type {string[]} */
  const names = await read("index");
  return Promise.all(names.map(async (name) => ({ name, scenario: await read(name) })));
}

/** @param {string} protocol */
function drawNav(protocol) {
  render(
    protocolNames().map(
      (name) =>
        html`<a href=${`#/${name}`} aria-current=${name === protocol ? "page" : "false"}
          >${viewOf(name).title}</a
        >`,
    ),
    byId("nav"),
  );
}

async function start() {
  const opening = "raft";
  const [lessons] = await Promise.all([readLessons(opening), startWasm()]);
  drawNav(opening);
  const page = new RunPage(opening, lessons);
  await page.go(parseRoute(location.hash));
  onRoute((route) => void page.go(route));
  const loop = (/** @type {number} */ realNow) => {
    page.draw(realNow);
    requestAnimationFrame(loop);
  };
  requestAnimationFrame(loop);
  Object.assign(window, {
    synod: {
      version: version(),
      page,
      player: page.player,
      get simulation() {
        return page.player.sim;
      },
      get route() {
        return parseRoute(location.hash);
      },
      load: (/** @type {import("./types.js").Scenario} */ scenario) => {
        const wrong = page.open(scenario);
        if (wrong) throw new Error(wrong);
      },
      link: () => page.link(),
      panicForTest: () => page.player.guard(panicForTest),
    },
  });
}

start().catch((error) => {
  byId("headline").textContent = "The simulator could not be started";
  byId("watch").textContent = String(error?.message ?? error);
});
