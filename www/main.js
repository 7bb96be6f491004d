// Starts the simulator and the page, and keeps them in step with the address.

import { byId, html, nothing, render } from "./lib/dom.js";
import { onRoute, parseRoute } from "./route.js";
import { RunPage } from "./pages/run.js";
import { viewOf } from "./views/index.js";
import { panicForTest, protocolNames, startWasm, version } from "./wasm.js";

/** The protocol whose run opens first. */
const OPENING = "raft";

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

/** The pages that are no run of a protocol: their code is fetched when they are first asked for. */
const OTHERS = {
  editor: {
    title: "Editor",
    load: async () => new (await import("./pages/editor.js")).EditorPage(byId("editor")),
  },
  lab: { title: "Text lab", load: async () => new (await import("./pages/lab.js")).LabPage(byId("lab")) },
};

/** @param {string} current */
function drawNav(current) {
  const titles = protocolNames().map((name) => [name, viewOf(name).title]);
  for (const [name, { title }] of Object.entries(OTHERS)) titles.push([name, title]);
  render(
    titles.map(
      ([name, title]) =>
        html`<a href=${`#/${name}`} aria-current=${name === current ? "page" : nothing}>${title}</a>`,
    ),
    byId("nav"),
  );
  byId("nav").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

class Shell {
  constructor() {
    /** @type {RunPage | null} */
    this.run = null;
    /** @type {Partial<Record<keyof typeof OTHERS, any>>} */
    this.others = {};
    /** The page that is shown: "run", or a key of OTHERS. */
    this.shown = "";
    /** Whether the run was playing when another page was opened. */
    this.resumes = false;
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
    if (this.shown !== kind) this.turnTo(kind);
    document.title = "Synod";
    drawNav(kind === "run" ? OPENING : kind);
    if (kind === "run") await this.showRun(route);
    else {
      const page = (this.others[name] ??= await OTHERS[name].load());
      if (this.shown === kind) await page.go(route);
    }
  }

  /** @param {keyof typeof OTHERS | "run"} kind */
  turnTo(kind) {
    if (this.shown === "run" && this.run) {
      this.resumes = this.run.player.playing;
      this.run.player.pause();
    }
    this.shown = kind;
    document.body.dataset.page = kind;
    for (const other of Object.keys(OTHERS)) byId(other).hidden = other !== kind;
  }

  /** @param {import("./route.js").Route} route */
  async showRun(route) {
    if (!this.run) {
      this.run = new RunPage(OPENING, await readLessons(OPENING));
    } else if (route.run === null && route.lesson === null) {
      // Back from another page: the run is as it was left.
      if (this.resumes) this.run.player.play();
      this.resumes = false;
      return;
    }
    await this.run.go(route);
  }
}

async function start() {
  const shell = new Shell();
  await startWasm();
  Object.assign(window, { synod: faceOf(shell) });
  onRoute((route) => void shell.show(route));
  await shell.show(parseRoute(location.hash));
}

/**
 * What the page offers to those who embed, test or teach with it.
 * @param {Shell} shell
 */
function faceOf(shell) {
  return {
    version: version(),
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
    get route() {
      return parseRoute(location.hash);
    },
    load: (/** @type {import("./types.js").Scenario} */ scenario) => {
      const wrong = shell.run?.open(scenario);
      if (wrong) throw new Error(wrong);
    },
    link: () => shell.run?.link(),
    panicForTest: () => shell.run?.player.guard(panicForTest),
  };
}

start().catch((error) => {
  byId("headline").textContent = "The simulator could not be started";
  byId("watch").textContent = String(error?.message ?? error);
});
