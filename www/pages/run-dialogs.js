// The dialogs of a run: sharing, options, branches, help, and what to do after a failure.

import { freeName, without } from "../lib/branches.js";
import { html, render } from "../lib/dom.js";
import { openDialog } from "../panels/dialog.js";
import { drawBranches, outcomeOf } from "../panels/branches.js";
import { drawHelp } from "../panels/help.js";
import { drawLinks } from "../panels/links.js";
import { errorWords, notice } from "../panels/notices.js";
import { drawOptions } from "../panels/options.js";
import { drawSharing } from "../panels/sharing.js";
import { glyphPath } from "../stage/messages.js";
import { routeHash } from "../route.js";
import { simulate } from "../wasm.js";

/** @typedef {import("../types.js").Scenario} Scenario */

export class Dialogs {
  /** @param {import("./run.js").RunPage} page */
  constructor(page) {
    this.page = page;
  }

  get player() {
    return this.page.player;
  }

  help() {
    const { page } = this;
    openDialog("Keys and shapes", (host) =>
      drawHelp(host, {
        commands: page.commands,
        view: page.view,
        glyphs: page.info.kinds
          .filter((kind) => !kind.endsWith("Reply"))
          .map((kind) => page.view.message(kind))
          .filter(({ help }) => help !== "")
          .map(({ label, help, glyph, reply = false }) => ({ label, help, reply, path: glyphPath(glyph) })),
      }),
    );
  }

  async share() {
    const { page } = this;
    this.player.pause();
    const scenario = this.player.simulation.scenario();
    const state = {
      link: await page.link(),
      json: JSON.stringify(scenario, null, 2),
      title: scenario.title ?? "run",
      error: "",
      copied: false,
      copy: () => {},
      load: async (/** @type {string} */ _text) => {},
    };
    openDialog("Share this run", (host, close) => {
      state.copy = async () => {
        state.copied = await copyText(state.link);
        drawSharing(host, state);
      };
      state.load = async (text) => {
        state.error = await this.openText(text);
        if (state.error) drawSharing(host, state);
        else close();
      };
      drawSharing(host, state);
    });
  }

  /** Goes to where the clients' history is drawn, as far as the run is shown. */
  async history() {
    this.player.pause();
    const { position, now: now_ms } = this.player;
    const { packRun } = await import("../share.js");
    const run = await packRun({ scenario: this.player.scenario, position, now_ms });
    // The way back is to the run as it stands, not to the opening of a ready scenario.
    history.replaceState(null, "", routeHash(this.page.info.name));
    location.hash = routeHash("histories", { run });
  }

  /**
   * Opens a scenario from text. Answers what is wrong with it.
   * @param {string} text
   */
  async openText(text) {
    let scenario;
    try {
      scenario = JSON.parse(text);
    } catch (error) {
      return `This is not JSON: ${errorWords(error)}`;
    }
    const { page } = this;
    const wrong = (await page.fetchRuns(scenario)) || page.open(scenario, { keep: true });
    if (!wrong) this.player.play();
    return wrong;
  }

  options() {
    const { page } = this;
    this.player.pause();
    const state = {
      scenario: this.player.simulation.scenario(),
      view: page.view,
      error: "",
      keepScript: true,
      change: (/** @type {Scenario} */ _scenario) => {},
      run: (/** @type {Scenario} */ _scenario) => {},
    };
    openDialog("Options", (host, close) => {
      state.change = (scenario) => {
        state.scenario = scenario;
        state.error = "";
        drawOptions(host, state);
      };
      state.run = (scenario) => {
        const nodes = scenario.nodes ?? 5;
        const script = scenario.script?.filter((entry) => fits(entry, nodes));
        const changed = { ...scenario, script, title: scenario.title ?? "Changed options" };
        state.error = page.open(changed, { keep: true });
        if (state.error) {
          drawOptions(host, state);
          return;
        }
        close();
        this.player.play();
        const dropped = (scenario.script?.length ?? 0) - (script?.length ?? 0);
        if (dropped > 0) notice(`${dropped} of the script's entries name nodes that are no longer there.`);
      };
      drawOptions(host, state);
    });
  }

  /** @param {number} from the node whose links are listed first */
  links(from) {
    const { page, player } = this;
    player.pause();
    /** @type {number[]} */
    let side = [];
    openDialog("Links", (host) => {
      const draw = () => {
        const frame = player.frame();
        drawLinks(host, {
          nodes: frame.nodes,
          cuts: Array.from({ length: frame.cuts }, (_, k) => frame.cut(k)),
          from,
          side,
          look: (id) => {
            from = id;
            draw();
          },
          choose: (chosen) => {
            side = chosen;
            draw();
          },
          act: (action) => {
            page.hands.act(action);
            if (!player.dead) draw();
          },
        });
      };
      draw();
    });
  }

  branches() {
    const { page, player } = this;
    player.pause();
    player.remember();
    const others = player.branches.filter((branch) => branch.id !== player.current);
    /** @type {[number, number]} */
    let pair = [others.at(-1)?.id ?? player.current, player.current];
    openDialog("Branches", (host, close) => {
      const draw = () => {
        const compared = player.branches.length > 1 ? this.compare(pair) : null;
        drawBranches(host, {
          branches: player.branches,
          current: player.current,
          pair,
          outcomes: compared?.outcomes ?? null,
          differs: compared?.differs ?? "",
          choose: (place, id) => {
            pair = place === 0 ? [id, pair[1]] : [pair[0], id];
            draw();
          },
          show: (id) => {
            if (page.hands.attempt(() => player.show(id))) close();
          },
          rename: (id, name) => {
            const branch = player.branches.find((b) => b.id === id);
            const others = player.branches.filter((b) => b.id !== id);
            if (branch && name.trim()) branch.name = freeName(others, name.trim());
            player.version++;
            draw();
          },
          forget: (id) => {
            player.forget(id);
            pair = [player.current, player.current];
            draw();
          },
          link: async (id) => {
            const branch = player.branches.find((b) => b.id === id);
            if (branch && (await copyText(await page.link(branch)))) notice("The link is copied.");
          },
        });
      };
      draw();
    });
  }

  /**
   * Runs two branches to their ends, each on its own, and says where they part.
   * @param {[number, number]} pair
   */
  compare(pair) {
    const runs = pair.map((id) => {
      const branch = this.player.branches.find((b) => b.id === id) ?? this.player.branch;
      const sim = simulate(this.page.info.name, branch.scenario);
      sim.advance_ms(branch.end_ms);
      return sim;
    });
    const [a, b] = runs;
    const outcomes = /** @type {[any, any]} */ (runs.map((sim) => outcomeOf(sim.report())));
    const shared = Math.min(a.length, b.length);
    let [low, high] = [0, shared];
    const lineAt = (/** @type {import("../types.js").Simulation} */ sim, /** @type {number} */ id) =>
      sim.trace(id, id + 1)[0]?.line;
    // Runs part once and for good: halve the stretch in which they do.
    while (low < high) {
      const middle = (low + high) >> 1;
      if (lineAt(a, middle) === lineAt(b, middle)) low = middle + 1;
      else high = middle;
    }
    const [first] = a.trace(low, low + 1);
    const [second] = b.trace(low, low + 1);
    const what = (/** @type {import("../types.js").TraceEvent | undefined} */ event) =>
      event ? `${event.text} (${event.at_ms.toFixed(1)} ms)` : "nothing more";
    const differs =
      !first && !second
        ? "They are the same run."
        : `The same for ${low} events; then on the left: ${what(first)}; on the right: ${what(second)}.`;
    runs.forEach((sim) => sim.free());
    return { outcomes, differs };
  }

  /**
   * The page cannot go on with a simulator that has failed, so there is no way past this dialog but on.
   * @param {string} text
   */
  panic(text) {
    const scenario = this.player.branch?.scenario ?? null;
    const draw = (/** @type {HTMLElement} */ host) =>
      render(
        html`<h1>The simulator has failed</h1>
          <p>
            That is a mistake of ours, not yours. Nothing you did is lost: the scenario, with all that was
            done by hand, can be run again, and the other branches are kept.
          </p>
          <pre tabindex="0">${text}</pre>
          <div class="actions">
            <button class="primary" id="start-again" @click=${() => void this.startAgain(scenario)}>
              Start again from the same scenario
            </button>
            <button @click=${() => void copyText(JSON.stringify(scenario, null, 2))}>
              Copy the scenario
            </button>
          </div>`,
        host,
      );
    openDialog("The simulator has failed", draw, { stays: true });
  }

  /**
   * A module that has panicked cannot be used again: the page loads anew, with the run in its address.
   * @param {Scenario | null} scenario
   */
  async startAgain(scenario) {
    if (scenario) {
      const { branches, current, touched } = this.player;
      handOver({ branches: without(branches, current), touched });
      const { packRun } = await import("../share.js");
      const run = await packRun({ scenario, position: 0, now_ms: 0 });
      history.replaceState(null, "", `#/${scenario.protocol}?run=${run}`);
    }
    location.reload();
  }
}

/** Where the kept runs are while the page loads anew after a failure. */
const KEPT = "synod-kept-runs";

/**
 * What outlives the page's loading anew: the runs that were kept, and whether the one in the address
 * was worked on.
 * @typedef {{ branches: import("../player.js").Branch[], touched: boolean }} Kept
 */

/** @param {Kept} kept */
function handOver(kept) {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  } catch {
    // No room, or not allowed: the run in the address comes back alone.
  }
}

/** @returns {Kept} what was handed over, once */
export function takeOver() {
  const nothing = { branches: [], touched: false };
  try {
    const kept = sessionStorage.getItem(KEPT);
    sessionStorage.removeItem(KEPT);
    return kept ? JSON.parse(kept) : nothing;
  } catch {
    return nothing;
  }
}

/**
 * Whether an entry of a script can be read with that many nodes.
 * @param {import("../types.js").ScriptEntry} entry
 * @param {number} nodes
 */
function fits(entry, nodes) {
  const { node, from, to, groups = [] } = /** @type {Record<string, any>} */ (entry);
  const named = [node, from, to, ...groups.flat()];
  return named.every((id) => id == null || id < nodes);
}

/**
 * @param {string} text
 * @returns {Promise<boolean>} whether it is copied
 */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    notice(`The browser does not let this page copy. Copy it from here: ${text}`, { bad: true, stays: true });
    return false;
  }
}
