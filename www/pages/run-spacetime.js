// The second face of the stage: the run as a space-time diagram, and what is kept of it.

import { byId, html, render, saveBlob, saveFile } from "../lib/dom.js";
import { jsonLines, shivizLines } from "../lib/trace-lines.js";
import { openDialog } from "../panels/dialog.js";
import { errorWords, notice } from "../panels/notices.js";
import { drawSaving } from "../panels/saving.js";
import { drawSpacetimeBar, drawSpacetimeLegend } from "../panels/spacetime-bar.js";
import { Spacetime } from "../stage/spacetime.js";

/** A picture is so wide at least. */
const PICTURE_LEAST = 900;
/** Writing a trace lets the page breathe after so many real milliseconds. */
const BREATH_MS = 12;

export class SpacetimeFace {
  /** @param {import("./run.js").RunPage} page */
  constructor(page) {
    this.page = page;
    this.legend = false;
    this.diagram = new Spacetime(byId("spacetime-diagram"), {
      go: (id) => page.openEvent(id),
      seek: (ms) => {
        page.player.pause();
        page.player.seek(ms);
      },
      changed: () => this.drawBar(),
    });
    this.drawSwitch();
  }

  get isShown() {
    return document.body.dataset.face === "time";
  }

  /** @param {boolean} [time] which face is seen; left out, the other one */
  turn(time = !this.isShown) {
    document.body.dataset.face = time ? "time" : "ring";
    this.drawSwitch();
    this.page.stage.refresh();
    this.page.player.version++;
    if (this.legend) this.drawLegend();
  }

  /** Another protocol is shown. */
  settle() {
    this.diagram.reset();
    if (!this.page.view.heartbeats) this.diagram.quiet = false;
    if (this.legend) this.drawLegend();
  }

  drawSwitch() {
    const button = (/** @type {boolean} */ time, /** @type {string} */ name, /** @type {string} */ words) =>
      html`<button
        aria-pressed=${time === this.isShown ? "true" : "false"}
        title=${words}
        @click=${() => this.turn(time)}
      >
        ${name}
      </button>`;
    render(
      html`${button(false, "Ring", "The cluster at one moment (t)")}${button(true, "Space-time", "The run as lines and arrows (t)")}`,
      byId("faces"),
    );
  }

  /** @param {import("../stage/frame.js").Frame} frame */
  draw(frame) {
    if (!this.isShown) return;
    const { page } = this;
    const { player, info, view } = page;
    this.diagram.draw({
      // Asked for anew each time: a run that is shown no more is gone.
      get sim() {
        return page.player.simulation;
      },
      get isLost() {
        return page.player.dead !== "" || !page.player.sim;
      },
      histories: player.histories,
      nodes: frame.nodes,
      clients: frame.clients,
      kinds: info.kinds,
      look: (kind) => view.message(kind),
      playing: player.playing,
    });
  }

  drawBar() {
    const { view } = this.page;
    drawSpacetimeBar(byId("spacetime-bar"), {
      diagram: this.diagram,
      heartbeats: view.heartbeats,
      legend: this.legend,
      toggleLegend: () => {
        this.legend = !this.legend;
        this.drawLegend();
        this.drawBar();
      },
      save: () => this.save(),
    });
    // The legend lies under the bar, however many rows its buttons take.
    if (this.legend) {
      const under = `${byId("spacetime-bar").offsetHeight}px`;
      byId("spacetime-legend").style.setProperty("--under", under);
    }
  }

  drawLegend() {
    const host = byId("spacetime-legend");
    host.hidden = !this.legend;
    if (this.legend) drawSpacetimeLegend(host, this.page.view);
  }

  /** The event that is looked at elsewhere is looked at here too. @param {number} id -1 for none */
  look(id) {
    this.diagram.focus = id;
  }

  get title() {
    const { view, player } = this.page;
    return `${view.title}: ${player.scenario.title || "a run"}`;
  }

  get fileName() {
    return (
      this.title
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "-")
        .replace(/^-|-$/g, "") || "run"
    );
  }

  save() {
    const { player } = this.page;
    player.pause();
    const writing = { stopped: false };
    openDialog("Save", (host, close) => {
      /** @type {Parameters<typeof drawSaving>[1]} */
      const state = {
        picture: this.isShown,
        events: player.length,
        share: null,
        stop: () => (writing.stopped = true),
        svg: () => void this.saveSvg().then(close, failed),
        png: () => void this.savePng().then(close, failed),
        lines: () => void write(jsonLines(player.simulation), "jsonl", "application/jsonl"),
        shiviz: () => void write(shivizLines(player.simulation), "log", "text/plain"),
      };
      const write = async (
        /** @type {Generator<string, void>} */ pieces,
        /** @type {string} */ ending,
        /** @type {string} */ type,
      ) => {
        writing.stopped = false;
        const lines = ending === "jsonl" ? 1 : 2;
        const blob = await gather(pieces, type, writing, (count) => {
          state.share = count / lines / Math.max(1, state.events);
          if (host.isConnected) drawSaving(host, state);
          else writing.stopped = true;
        }).catch(failed);
        state.share = null;
        if (blob) saveBlob(`${this.fileName}.${ending}`, blob);
        if (blob) close();
        else if (host.isConnected) drawSaving(host, state);
      };
      drawSaving(host, state);
    });
  }

  get pictureHow() {
    return { title: this.title, width: Math.max(PICTURE_LEAST, this.diagram.surface.clientWidth) };
  }

  async saveSvg() {
    saveFile(`${this.fileName}.svg`, await this.diagram.svg(this.pictureHow), "image/svg+xml");
  }

  async savePng() {
    const canvas = await this.diagram.picture(this.pictureHow);
    const blob = await new Promise((/** @type {(blob: Blob | null) => void} */ done) =>
      canvas.toBlob(done, "image/png"),
    );
    if (!blob) throw new Error("The browser cannot make a picture of this size.");
    saveBlob(`${this.fileName}.png`, blob);
  }
}

/** @param {unknown} error */
function failed(error) {
  notice(errorWords(error), { bad: true });
  return null;
}

/**
 * Puts pieces together without holding up the page. Answers nothing once it is stopped.
 * @param {Generator<string, void>} pieces
 * @param {string} type
 * @param {{ stopped: boolean }} writing
 * @param {(lines: number) => void} tell how many lines there are so far
 */
async function gather(pieces, type, writing, tell) {
  /** @type {Blob[]} */
  const parts = [];
  let lines = 0;
  let since = performance.now();
  for (const piece of pieces) {
    // Blobs rather than one long text: the browser may put them aside.
    parts.push(new Blob([piece]));
    for (let at = piece.indexOf("\n"); at >= 0; at = piece.indexOf("\n", at + 1)) lines++;
    if (performance.now() - since < BREATH_MS) continue;
    tell(lines);
    await new Promise((go) => setTimeout(go));
    if (writing.stopped) return null;
    since = performance.now();
  }
  return new Blob(parts, { type });
}
