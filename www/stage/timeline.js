// The whole run as a line: marks, faults, violations, the branches below, and a handle.

import { currentPalette, onThemeChange } from "../lib/color.js";
import { partedAt } from "../lib/branches.js";
import { inMs } from "../lib/format.js";
import { faultBands } from "./bands.js";

/** @typedef {import("../player.js").Branch} Branch */

/** What the third number of a mark says. */
export const CODE = {
  leadership: 1,
  decision: 2,
  change: 3,
  crash: 4,
  restart: 5,
  fault: 6,
  mend: 7,
  request: 8,
  violation: 9,
};
const LINE_Y = 24;
const LANE = 16;
const LANES_MOST = 3;
const PAD = 10;
/** How high certainty stands above the line. */
const FATES_HIGH = 18;

/**
 * @typedef {object} TimelineState
 * @property {number} now
 * @property {number} end
 * @property {number} until
 * @property {import("../types.js").ScriptEntry[]} script
 * @property {number} nodes how many there were at first
 * @property {number[]} marks triples of event, time and code
 * @property {Branch[]} branches
 * @property {number} current
 * @property {import("../hunt/fates.js").Doom | null} [doom] how often a violation comes where the run is left at
 *   an event and goes on at random
 */

export class Timeline {
  /**
   * @param {HTMLElement} host
   * @param {{ seek: (ms: number) => void, show: (branch: number) => void }} hands
   */
  constructor(host, hands) {
    this.host = host;
    this.hands = hands;
    host.className = "timeline";
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("aria-hidden", "true");
    this.slider = document.createElement("div");
    this.slider.className = "slider";
    this.slider.tabIndex = 0;
    this.slider.setAttribute("role", "slider");
    this.slider.setAttribute("aria-label", "Time of the run");
    host.replaceChildren(this.canvas, this.slider);
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    /** @type {TimelineState} */
    this.state = { now: 0, end: 0, until: 1, script: [], nodes: 0, marks: [], branches: [], current: 0 };
    /** @type {{ script: import("../types.js").ScriptEntry[], bands: import("./bands.js").Band[] }} */
    this.banded = { script: [], bands: [] };
    this.span = 1;
    this.width = 0;
    this.height = 0;
    this.drawn = "";
    new ResizeObserver(() => (this.drawn = "")).observe(host);
    onThemeChange(() => (this.drawn = ""));
    this.listen();
  }

  /** How much time the line stands for: the scenario's, or more once the run is longer. */
  measure() {
    const { end, until, branches, current } = this.state;
    const akin = branches.filter((branch) => partedAt(branches, branch.id, current) !== null);
    this.span = Math.max(1, end * 1.02, until, ...akin.map((branch) => branch.end_ms));
  }

  /** @param {number} ms */
  x(ms) {
    return PAD + ((this.width - 2 * PAD) * ms) / this.span;
  }

  /** @param {TimelineState} state */
  draw(state) {
    this.state = state;
    this.measure();
    const { clientWidth: width, clientHeight: height } = this.host;
    const key = `${width} ${height} ${state.now} ${state.end} ${state.marks.length} ${state.branches.length} ${state.current} ${this.span} ${state.doom?.fates.length ?? -1} ${state.doom?.done}`;
    if (key === this.drawn || width === 0) return;
    this.drawn = key;
    const scale = Math.min(2, devicePixelRatio || 1);
    if (this.width !== width || this.height !== height || this.canvas.width !== Math.round(width * scale)) {
      this.canvas.width = Math.round(width * scale);
      this.canvas.height = Math.round(height * scale);
      [this.width, this.height] = [width, height];
    }
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
    this.context.clearRect(0, 0, width, height);
    this.drawBranches();
    // One red below the other could not be told from it.
    if (state.doom) this.drawFates(state.doom);
    else this.drawBands();
    this.drawLine();
    this.drawMarks();
    this.drawHandle();
    this.speak();
  }

  drawLine() {
    const { context } = this;
    const palette = currentPalette();
    const bar = (/** @type {number} */ from, /** @type {number} */ to, /** @type {string} */ color) => {
      context.fillStyle = color;
      context.fillRect(from, LINE_Y - 3, Math.max(0, to - from), 6);
    };
    bar(PAD, this.width - PAD, palette.line);
    bar(PAD, this.x(this.state.end), palette.faint);
    bar(PAD, this.x(this.state.now), palette.accent);
  }

  /** Bands where something was broken, as far as the run has come. */
  drawBands() {
    const { context } = this;
    const { script, nodes, end } = this.state;
    if (this.banded.script !== script) this.banded = { script, bands: faultBands(script, nodes) };
    context.fillStyle = currentPalette().bad;
    context.globalAlpha = 0.1;
    for (const [from, to] of this.banded.bands) {
      if (from > end) break;
      context.fillRect(this.x(from), LINE_Y - 15, this.x(Math.min(to, end)) - this.x(from), 30);
    }
    context.globalAlpha = 1;
  }

  /**
   * How likely the violation was from each moment on, as a slope above the line, with a stroke where it
   * could be avoided no more.
   * @param {import("../hunt/fates.js").Doom} doom
   */
  drawFates({ fates, point, done }) {
    const { context } = this;
    const { bad } = currentPalette();
    const last = fates.at(-1);
    if (!last) return;
    const y = (/** @type {{ tried: number, violated: number }} */ fate) =>
      LINE_Y - 3 - (FATES_HIGH * fate.violated) / Math.max(1, fate.tried);
    const slope = new Path2D();
    for (const fate of fates) slope.lineTo(this.x(fate.at_ms), y(fate));
    context.strokeStyle = context.fillStyle = bad;
    context.lineWidth = 1.5;
    context.stroke(slope);
    slope.lineTo(this.x(last.at_ms), LINE_Y - 3);
    slope.lineTo(this.x(fates[0].at_ms), LINE_Y - 3);
    context.globalAlpha = 0.22;
    context.fill(slope);
    context.globalAlpha = 1;
    if (!done || !point) return;
    context.setLineDash([4, 3]);
    context.beginPath();
    context.moveTo(this.x(point.at_ms), LINE_Y - 3 - FATES_HIGH);
    context.lineTo(this.x(point.at_ms), LINE_Y + 15);
    context.stroke();
    context.setLineDash([]);
  }

  drawMarks() {
    const { context, state } = this;
    const palette = currentPalette();
    let lastDecision = -10;
    for (let k = 0; k < state.marks.length; k += 3) {
      const x = this.x(state.marks[k + 1]);
      const code = state.marks[k + 2];
      context.lineWidth = 2;
      if (code === CODE.decision) {
        if (x - lastDecision < 3) continue;
        lastDecision = x;
        context.fillStyle = palette.good;
        context.fillRect(x - 1, LINE_Y - 7, 2, 14);
      } else if (code === CODE.leadership) {
        context.fillStyle = palette.tones[2];
        context.beginPath();
        context.arc(x, LINE_Y, 5, 0, 2 * Math.PI);
        context.fill();
      } else if (code === CODE.change || code === CODE.request) {
        context.strokeStyle = palette.ink;
        context.strokeRect(x - 3, LINE_Y - 15, 6, 6);
      } else if (code === CODE.crash || code === CODE.violation) {
        const y = code === CODE.violation ? LINE_Y : LINE_Y - 14;
        const half = code === CODE.violation ? 8 : 5;
        context.strokeStyle = palette.bad;
        context.lineWidth = code === CODE.violation ? 3.5 : 2.4;
        context.beginPath();
        context.moveTo(x - half, y - half);
        context.lineTo(x + half, y + half);
        context.moveTo(x + half, y - half);
        context.lineTo(x - half, y + half);
        context.stroke();
      } else {
        const down = code === CODE.fault;
        context.fillStyle = down ? palette.bad : palette.good;
        context.beginPath();
        context.moveTo(x - 5, LINE_Y + (down ? -19 : -10));
        context.lineTo(x + 5, LINE_Y + (down ? -19 : -10));
        context.lineTo(x, LINE_Y + (down ? -10 : -19));
        context.fill();
      }
    }
  }

  /** The other branches of this run, each in a lane below, from where it parts from the one shown. */
  drawBranches() {
    const { context } = this;
    const palette = currentPalette();
    this.lanes().forEach(({ parted_ms, branch }, lane) => {
      const y = LINE_Y + 22 + lane * LANE;
      const [from, to] = [this.x(parted_ms), this.x(branch.end_ms)];
      context.strokeStyle = palette.line;
      context.lineWidth = 5;
      context.beginPath();
      context.moveTo(from, LINE_Y);
      context.bezierCurveTo(from + 10, LINE_Y, from + 4, y, from + 18, y);
      context.lineTo(Math.max(from + 18, to), y);
      context.stroke();
    });
  }

  lanes() {
    const { branches, current } = this.state;
    return branches
      .filter((branch) => branch.id !== current)
      .flatMap((branch) => {
        const parted_ms = partedAt(branches, branch.id, current);
        return parted_ms === null ? [] : [{ parted_ms, branch }];
      })
      .slice(-LANES_MOST);
  }

  drawHandle() {
    const { context } = this;
    const palette = currentPalette();
    context.beginPath();
    context.arc(this.x(this.state.now), LINE_Y, 8, 0, 2 * Math.PI);
    context.fillStyle = palette.accent;
    context.strokeStyle = palette.panel;
    context.lineWidth = 3;
    context.fill();
    context.stroke();
  }

  speak() {
    const { now, end } = this.state;
    this.slider.setAttribute("aria-valuemin", "0");
    this.slider.setAttribute("aria-valuemax", end.toFixed(0));
    this.slider.setAttribute("aria-valuenow", now.toFixed(0));
    this.slider.setAttribute("aria-valuetext", `${inMs(now)} of ${inMs(end)}`);
  }

  listen() {
    const timeAt = (/** @type {PointerEvent} */ event) => {
      const x = event.clientX - this.canvas.getBoundingClientRect().left - PAD;
      return Math.max(0, (x / (this.width - 2 * PAD)) * this.span);
    };
    let dragging = false;
    this.canvas.addEventListener("pointerdown", (event) => {
      const y = event.clientY - this.canvas.getBoundingClientRect().top;
      const lane = Math.floor((y - (LINE_Y + 22 - LANE / 2)) / LANE);
      const chosen = y > LINE_Y + 14 ? this.lanes()[lane] : undefined;
      if (chosen) {
        this.hands.show(chosen.branch.id);
        return;
      }
      dragging = true;
      this.canvas.setPointerCapture(event.pointerId);
      this.hands.seek(Math.min(timeAt(event), this.state.end));
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (dragging) this.hands.seek(Math.min(timeAt(event), this.state.end));
    });
    for (const end of ["pointerup", "pointercancel"])
      this.canvas.addEventListener(end, () => (dragging = false));
    this.slider.addEventListener("keydown", (event) => {
      const { now, end } = this.state;
      /** @type {Record<string, number>} */
      const goals = {
        ArrowRight: now + 5,
        ArrowUp: now + 5,
        ArrowLeft: now - 5,
        ArrowDown: now - 5,
        PageUp: now + 100,
        PageDown: now - 100,
        Home: 0,
        End: end,
      };
      if (!(event.key in goals)) return;
      event.preventDefault();
      this.hands.seek(Math.max(0, Math.min(end, goals[event.key])));
    });
  }
}
