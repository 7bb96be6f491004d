// The stage: nodes round a ring, links and messages under them, and what a hand does to them.

import { currentPalette, onThemeChange, toneOf } from "../lib/color.js";
import { onMedia } from "../lib/dom.js";
import { svgElement } from "../lib/svg.js";
import { cross, MessageLayer } from "./messages.js";
import { NodeLayer } from "./nodes.js";
import { ringOf, sidesOf } from "./ring.js";

/** @typedef {import("./frame.js").Frame} Frame */
/** @typedef {{ x: number, y: number }} Point */

/** Links are drawn up to this many nodes; above, only those that are cut. */
const LINKS_UP_TO = 16;
const DRAG_FROM = 9;
const GHOST_MS = 700;

/**
 * @typedef {object} StageHands
 * @property {(node: number) => void} openNode
 * @property {(node: number) => void} focusNode
 * @property {(message: number, at: Point) => void} openMessage
 * @property {(client: number, at: Point) => void} openClient
 * @property {(groups: [number[], number[]]) => void} cut
 * @property {(groups: [number[], number[]] | null) => void} preview
 */

export class Stage {
  /**
   * @param {HTMLElement} host
   * @param {StageHands} hands
   */
  constructor(host, hands) {
    this.host = host;
    /** @type {import("../types.js").View | null} */
    this.view = null;
    this.hands = hands;
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("aria-hidden", "true");
    // Thousands of small pictures a frame are drawn quicker by the processor than sent to a GPU one by one.
    const how = { willReadFrequently: true };
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d", how));
    const svg = svgElement("svg");
    host.replaceChildren(this.canvas, svg);
    this.svg = svg;
    this.nodes = new NodeLayer(svg, {
      open: (node) => hands.openNode(node),
      focus: (node) => hands.focusNode(node),
    });
    this.messages = new MessageLayer();
    this.ring = ringOf(600, 400, 0, 0);
    this.shape = "";
    this.drawn = -1;
    /** The numbers of each node when it was drawn last. */
    this.shown = new Float64Array(0);
    this.selectedNode = -1;
    this.selectedMessage = -1;
    this.steps = false;
    /** @type {{ a: Point, b: Point, far: boolean } | null} */
    this.drag = null;
    /** @type {[number[], number[]] | null} */
    this.sides = null;
    /** @type {{ x: number, y: number, until: number }[]} */
    this.ghosts = [];
    /** @type {Map<number, Point>} doomed messages of the last frame */
    this.doomed = new Map();
    /** @type {Frame | null} */
    this.frame = null;
    new ResizeObserver(() => (this.shape = "")).observe(host);
    onThemeChange(() => {
      this.messages.forget();
      this.drawn = -1;
    });
    onMedia("(prefers-reduced-motion: reduce)", (matches) => (this.steps = matches));
    this.listen();
  }

  /**
   * Shows runs of another protocol from now on.
   * @param {import("../types.js").View} view
   * @param {string[]} kinds of its messages
   */
  turn(view, kinds) {
    this.view = view;
    this.messages.setKinds(kinds.map((kind) => view.message(kind).glyph));
    this.shape = "";
    this.selectedNode = this.selectedMessage = -1;
    this.refresh();
  }

  /**
   * @param {Frame} frame
   * @param {number} realNow
   * @param {(id: number) => import("../types.js").NodeDetail} detailOf
   */
  draw(frame, realNow, detailOf) {
    const { view } = this;
    if (!view) return;
    this.frame = frame;
    this.fit(frame);
    if (frame.version !== this.drawn) {
      const all = this.drawn < 0;
      this.drawn = frame.version;
      for (let id = 0; id < frame.nodes; id++) {
        if (!this.hasChanged(frame, id) && !all) continue;
        const node = frame.node(id);
        const detail = view.wantsDetail(node) ? detailOf(id) : null;
        this.nodes.update(node, view.node(node, detail), this.markOf(id));
      }
    }
    const { context } = this;
    const scale = this.messages.scale;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, this.ring.width, this.ring.height);
    this.drawLinks(frame);
    this.drawTimers(frame);
    this.messages.draw(context, frame, this.ring, {
      steps: this.steps,
      selected: this.selectedMessage,
    });
    this.drawGhosts(frame, realNow);
    this.drawLasso();
  }

  /**
   * Whether a node shows something else than when it was drawn last. Its timer is drawn apart.
   * @param {Frame} frame
   * @param {number} id
   */
  hasChanged(frame, id) {
    const { stride } = frame;
    if (this.shown.length !== frame.nodes * stride)
      this.shown = new Float64Array(frame.nodes * stride).fill(NaN);
    let changed = false;
    for (let k = 0; k < stride; k++) {
      const number = frame.data[frame.nodesAt + id * stride + k];
      if (k === 1 || k === 2 || this.shown[id * stride + k] === number) continue;
      this.shown[id * stride + k] = number;
      changed = true;
    }
    return changed;
  }

  /** Draws the nodes again though the state is the same: a selection changed. */
  refresh() {
    this.drawn = -1;
  }

  /** @param {number} id */
  markOf(id) {
    if (this.sides) return this.sides[0].includes(id) ? "side-a" : "side-b";
    return id === this.selectedNode ? "selected" : "";
  }

  /** @param {Frame} frame */
  fit(frame) {
    const { clientWidth: width, clientHeight: height } = this.host;
    const shape = `${width} ${height} ${frame.nodes} ${frame.clients} ${devicePixelRatio}`;
    if (shape === this.shape || width === 0) return;
    this.shape = shape;
    const scale = Math.min(2, devicePixelRatio || 1);
    this.messages.scale = scale;
    this.messages.forget();
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.ring = ringOf(width, height, frame.nodes, frame.clients);
    this.nodes.place(this.ring);
    this.drawn = -1;
  }

  /** @param {Frame} frame */
  drawLinks(frame) {
    const { context, ring } = this;
    const palette = currentPalette();
    const seats = ring.nodes;
    if (seats.length <= LINKS_UP_TO) {
      context.strokeStyle = palette.grid;
      context.lineWidth = 1.5;
      context.beginPath();
      for (let a = 0; a < seats.length; a++) {
        for (let b = a + 1; b < seats.length; b++) {
          context.moveTo(seats[a].x, seats[a].y);
          context.lineTo(seats[b].x, seats[b].y);
        }
      }
      context.stroke();
    }
    const few = frame.cuts <= 120;
    context.lineWidth = few ? 1.6 : 0.6;
    for (let k = 0; k < frame.cuts; k++) {
      const [from, to] = frame.cut(k);
      this.drawCut(seats[from], seats[to], few);
    }
  }

  /**
   * A cut direction: the half of the link at its sender is wiped, and a bar stands across it.
   * @param {Point} a
   * @param {Point} b
   * @param {boolean} bars
   */
  drawCut(a, b, bars) {
    if (!a || !b) return;
    const { context, ring } = this;
    const palette = currentPalette();
    const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
    const [ux, uy] = [(b.x - a.x) / length, (b.y - a.y) / length];
    const at = (/** @type {number} */ along) => [a.x + ux * along, a.y + uy * along];
    if (bars) {
      context.strokeStyle = palette.paper;
      context.lineWidth = 4;
      context.beginPath();
      context.moveTo(.../** @type {[number, number]} */ (at(ring.radius + 2)));
      context.lineTo(.../** @type {[number, number]} */ (at(length / 2)));
      context.stroke();
      context.lineWidth = 1.6;
    }
    context.strokeStyle = palette.bad;
    context.globalAlpha = bars ? 0.85 : 0.25;
    context.setLineDash([2, 6]);
    context.beginPath();
    context.moveTo(.../** @type {[number, number]} */ (at(ring.radius + 8)));
    context.lineTo(.../** @type {[number, number]} */ (at(length / 2 - 5)));
    context.stroke();
    context.setLineDash([]);
    if (bars) {
      const [x, y] = at(length / 2 - 4);
      context.lineWidth = 2.4;
      context.beginPath();
      context.moveTo(x - uy * 7, y + ux * 7);
      context.lineTo(x + uy * 7, y - ux * 7);
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  /** @param {Frame} frame */
  drawTimers(frame) {
    const { context, ring } = this;
    const palette = currentPalette();
    context.lineCap = "round";
    context.strokeStyle = palette.faint;
    context.lineWidth = ring.dots ? 1.5 : ring.radius < 26 ? 2 : 3;
    const radius = ring.arc;
    for (let id = 0; id < frame.nodes; id++) {
      if (frame.status(id) === 1) continue;
      const set = frame.timerSet(id);
      const due = frame.timerDue(id);
      if (due < 0 || due <= set) continue;
      let left = Math.max(0, Math.min(1, (due - frame.now) / (due - set)));
      if (this.steps) left = Math.ceil(left * 8) / 8;
      if (left <= 0) continue;
      const { x, y } = ring.nodes[id];
      context.beginPath();
      context.arc(x, y, radius, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * left);
      context.stroke();
    }
    context.lineCap = "butt";
  }

  /**
   * A message that is lost leaves a cross for a moment of real time.
   * @param {Frame} frame
   * @param {number} realNow
   */
  drawGhosts(frame, realNow) {
    if (this.doomed.size > 0) {
      for (const [id, point] of this.doomed) {
        if (frame.findFlight(id) >= 0) continue;
        this.doomed.delete(id);
        this.ghosts.push({ ...point, until: realNow + GHOST_MS });
      }
    }
    if (frame.flights < 400) {
      for (let k = 0; k < frame.flights; k++) {
        const at = frame.flightAt(k);
        if (!(frame.data[at + 7] & 2)) continue;
        if (!this.messages.locate(frame, this.ring, at, this.steps)) continue;
        this.doomed.set(frame.data[at], { x: this.messages.point.x, y: this.messages.point.y });
      }
    }
    if (this.ghosts.length === 0) return;
    this.ghosts = this.ghosts.filter((ghost) => ghost.until > realNow).slice(-40);
    for (const ghost of this.ghosts) {
      this.context.save();
      this.context.globalAlpha = Math.min(1, (ghost.until - realNow) / 400);
      this.context.translate(ghost.x, ghost.y);
      cross(this.context, currentPalette().bad, 6);
      this.context.restore();
    }
  }

  /** Forgets what the last frame held: the run jumped. */
  jump() {
    this.doomed.clear();
    this.ghosts = [];
  }

  /** @param {number} id marks a message that a hand has just taken away */
  strike(id) {
    const k = this.frame?.findFlight(id) ?? -1;
    if (k < 0 || !this.frame) return;
    if (!this.messages.locate(this.frame, this.ring, this.frame.flightAt(k), this.steps)) return;
    const { x, y } = this.messages.point;
    this.ghosts.push({ x, y, until: performance.now() + GHOST_MS });
  }

  drawLasso() {
    if (!this.drag?.far) return;
    const { context } = this;
    const { a, b } = this.drag;
    const palette = currentPalette();
    const reach = this.ring.width + this.ring.height;
    const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
    const [ux, uy] = [(b.x - a.x) / length, (b.y - a.y) / length];
    context.strokeStyle = palette.bad;
    context.lineWidth = 1;
    context.setLineDash([2, 6]);
    context.beginPath();
    context.moveTo(a.x - ux * reach, a.y - uy * reach);
    context.lineTo(b.x + ux * reach, b.y + uy * reach);
    context.stroke();
    context.setLineDash([]);
    context.lineWidth = 2.5;
    context.beginPath();
    context.moveTo(a.x, a.y);
    context.lineTo(b.x, b.y);
    context.stroke();
  }

  listen() {
    const { host } = this;
    const pointOf = (/** @type {PointerEvent} */ event) => {
      const box = host.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    };
    host.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || (event.target instanceof Element && event.target.closest(".node"))) return;
      const a = pointOf(event);
      this.drag = { a, b: a, far: false };
      host.setPointerCapture(event.pointerId);
    });
    host.addEventListener("pointermove", (event) => {
      const point = pointOf(event);
      if (this.drag) this.stretch(point);
      else host.classList.toggle("on-message", this.messageAt(point) >= 0 || this.clientAt(point) >= 0);
    });
    host.addEventListener("pointerup", (event) => {
      const drag = this.drag;
      const sides = this.sides;
      this.endDrag();
      if (!drag) return;
      if (drag.far) {
        if (sides?.every((side) => side.length > 0)) this.hands.cut(sides);
        return;
      }
      const message = this.messageAt(drag.a);
      const at = { x: event.clientX, y: event.clientY };
      if (message >= 0) return this.hands.openMessage(message, at);
      const client = this.clientAt(drag.a);
      if (client >= 0) this.hands.openClient(client, at);
    });
    host.addEventListener("pointercancel", () => this.endDrag());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.drag) this.endDrag();
    });
  }

  /** @param {Point} point */
  messageAt(point) {
    if (!this.frame) return -1;
    return this.messages.hit(this.frame, this.ring, point.x, point.y, this.steps);
  }

  /** @param {Point} point */
  clientAt({ x, y }) {
    const seats = this.ring?.clients ?? [];
    const reach = seats.length <= 12 ? 14 : 7;
    return seats.findIndex((seat) => Math.abs(seat.x - x) <= reach && Math.abs(seat.y - y) <= reach);
  }

  /** @param {Point} point */
  stretch(point) {
    if (!this.drag) return;
    this.drag.b = point;
    const { a } = this.drag;
    this.drag.far ||= Math.hypot(point.x - a.x, point.y - a.y) > DRAG_FROM;
    if (!this.drag.far) return;
    this.sides = sidesOf(this.ring, a, point);
    this.hands.preview(this.sides);
    this.refresh();
  }

  endDrag() {
    this.drag = null;
    this.sides = null;
    this.hands.preview(null);
    this.refresh();
  }
}

/** @param {number} epoch a class for what is drawn in an epoch's colour */
export function toneClass(epoch) {
  return `tone-${toneOf(epoch)}`;
}
