// Starts the simulator and the page, and keeps them in step with the address.

import { byId, html, nothing, render } from "./lib/dom.js";
import { onRoute, parseRoute, routeHash } from "./route.js";
import { RunPage } from "./pages/run.js";
import { views } from "./views/index.js";
import { closeDialog } from "./panels/dialog.js";
import { dropPassing, errorWords, notice } from "./panels/notices.js";
import { panicForTest, startRuns } from "./wasm.js";

/** The protocol whose run opens first. */
const OPENING = "raft";

/** The pages that are no run of a protocol: their code is fetched when they are first asked for. */
const OTHERS = {
  editor: {
    title: "Editor",
    load: async () => {
      await startTexts();
      return new (await import("./pages/editor.js")).EditorPage(byId("editor"));
    },
  },
  hunt: {
    title: "Hunt",
    load: async () => new (await import("./pages/hunt.js")).HuntPage(byId("hunt")),
  },
  lab: {
    title: "Text lab",
    load: async () => {
      await startTexts();
      return new (await import("./pages/lab.js")).LabPage(byId("lab"));
    },
  },
  histories: {
    title: "Histories",
    load: async () => new (await import("./pages/histories.js")).HistoriesPage(byId("histories")),
  },
};

/** The texts' module is fetched when one of their pages is first asked for. */
const startTexts = async () => (await import("./wasm-text.js")).startTexts();

/** @param {string} current */
function drawNav(current) {
  const titles = Object.entries(views).map(([name, view]) => [name, view.title]);
  for (const [name, { title }] of Object.entries(OTHERS)) titles.push([name, title]);
  render(
    titles.map(
      ([name, title]) =>
        html`<a href=${`#/${name}`} aria-current=${name === current ? "page" : nothing}>${title}</a>`,
    ),
    byId("nav"),
  );
  showCurrent();
}

/** Keeps the name of what is shown in sight, where there is no room for all names. */
function showCurrent() {
  byId("nav").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
}
// The buttons beside it come later, and take room from it.
new ResizeObserver(showCurrent).observe(byId("nav"));

// A diagram over the stage leaves the bar for requests free, whether that has one row or two.
new ResizeObserver(([{ borderBoxSize }]) =>
  document.body.style.setProperty("--bar", `${borderBoxSize[0].blockSize}px`),
).observe(byId("stage-bar"));

class Shell {
  constructor() {
    /** @type {RunPage | null} */
    this.run = null;
    /** @type {Partial<Record<keyof typeof OTHERS, any>>} */
    this.others = {};
    /** Those that are on their way, so that none is made twice. @type {Partial<Record<keyof typeof OTHERS, Promise<any>>>} */
    this.coming = {};
    /** The page that is shown: "run", or a key of OTHERS. */
    this.shown = "";
    const loop = (/** @type {number} */ realNow) => {
      if (this.shown === "run") this.run?.draw(realNow);
      requestAnimationFrame(loop);
    };
    requestAnimationFrame(loop);
  }

  /** @param {import("./route.js").Route} route */
  async show(route) {
    const name = /** @type {keyof typeof OTHERS} */ (route.page);
    const kind = Object.hasOwn(OTHERS, route.page) ? name : "run";
    closeDialog();
    if (this.shown !== kind) this.turnTo(kind);
    document.title = "Synod";
    if (kind === "run") await this.showRun(route);
    else {
      drawNav(kind);
      const page = await this.other(name);
      // While it was coming the address may have become another one, and that one is shown.
      if (this.shown === kind && routeIs(route)) await page.go(route);
    }
  }

  /** @param {keyof typeof OTHERS} name */
  async other(name) {
    this.coming[name] ??= OTHERS[name].load();
    try {
      return (this.others[name] = await this.coming[name]);
    } catch (error) {
      delete this.coming[name]; // It may come the next time.
      throw error;
    }
  }

  /** @param {keyof typeof OTHERS | "run"} kind */
  turnTo(kind) {
    dropPassing();
    if (this.shown === "run") this.run?.rest();
    this.shown = kind;
    document.body.dataset.page = kind;
    for (const other of Object.keys(OTHERS)) byId(other).hidden = other !== kind;
  }

  /** @param {import("./route.js").Route} route */
  async showRun(route) {
    const known = Object.hasOwn(views, route.page);
    const protocol = known ? route.page : (this.run?.info.name ?? OPENING);
    if (!known && route.page !== "") notice(`There is no page “${route.page}” here.`, { bad: true });
    drawNav(protocol);
    try {
      await startRuns(protocol);
    } catch (error) {
      if (!this.run) throw error;
      const { name } = this.run.info;
      drawNav(name);
      // So that its link can be followed again.
      if (routeIs(route)) history.replaceState(null, "", routeHash(name));
      notice(`${views[protocol].title} cannot be fetched. ${errorWords(error)}`, { bad: true, stays: true });
      return;
    }
    // While it was coming the address may have become another one, and that one is shown.
    if (!routeIs(route)) return;
    if (!this.run) {
      this.run = new RunPage(protocol);
      this.run.onTurn = drawNav;
    }
    await this.run.go(route);
  }
}

async function start() {
  const shell = new Shell();
  Object.assign(window, { synod: faceOf(shell) });
  onRoute((route) => void shell.show(route));
  await shell.show(parseRoute(location.hash));
}

/** @param {import("./route.js").Route} route whether the address still says so */
function routeIs(route) {
  return JSON.stringify(parseRoute(location.hash)) === JSON.stringify(route);
}

/**
 * What the page offers to those who embed, test or teach with it.
 * @param {Shell} shell
 */
function faceOf(shell) {
  return {
    get page() {
      return shell.run;
    },
    get player() {
      return shell.run?.player;
    },
    get simulation() {
      return shell.run?.player.sim;
    },
    get editor() {
      return shell.others.editor;
    },
    get lab() {
      return shell.others.lab;
    },
    get histories() {
      return shell.others.histories;
    },
    get hunt() {
      return shell.others.hunt;
    },
    get route() {
      return parseRoute(location.hash);
    },
    load: async (/** @type {import("./types.js").Scenario} */ scenario) => {
      const wrong = (await shell.run?.fetchRuns(scenario)) || shell.run?.open(scenario);
      if (wrong) throw new Error(wrong);
    },
    link: () => shell.run?.link(),
    panicForTest: () => {
      const { run } = shell;
      run?.player.guard(() => panicForTest(run.info.name));
    },
  };
}

start().catch((error) => {
  byId("headline").textContent = "The simulator could not be started";
  byId("watch").textContent = String(error?.message ?? error);
});
