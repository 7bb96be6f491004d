// The space-time diagram of a run: a line for each node and client, messages as slanted arrows. What is
// drawn costs what is seen, however long the run is.

import { currentPalette, onThemeChange } from "../lib/color.js";
import { SvgPen } from "../lib/svg-pen.js";
import { conesAround, KIND, Lives, MARK, Parts, Stretch } from "./spacetime-data.js";
import { drawSpacetime, linesOf, wayOf, xOf } from "./spacetime-draw.js";
import { Hand } from "./spacetime-hand.js";
import { lanesOf } from "./spacetime-lanes.js";
import { tipPlace } from "./spacetime-tip.js";
import { placeOf, Walk } from "./spacetime-walk.js";

/** @typedef {import("./spacetime-draw.js").Scene} Scene */
/** @typedef {import("../types.js").Simulation} Simulation */

/** How many pixels wide a part of time is, where events are too many. */
const PART = 2;
/** Events drawn one by one, for each pixel across, and at most. */
const EVENTS_PER_PIXEL = 3;
const EVENTS_MOST = 4000;
/** Events walked through for cones about an event that is not in sight. */
const WALK_MOST = 20_000;
/** How many events are in sight at first, about. */
const AT_FIRST = 90;
const SPAN_LEAST = 0.02;
/** Where now stands in the window while time goes on, as a share of it. */
const NOW_AT = 0.82;

/**
 * @typedef {object} SpacetimeState
 * @property {Simulation} sim
 * @property {boolean} isLost whether the simulator has failed and can be asked nothing more
 * @property {number} histories counts how often the run's events became others
 * @property {number} nodes
 * @property {number} clients
 * @property {string[]} kinds of the protocol's messages
 * @property {(kind: string) => { label: string }} look of a kind of message
 * @property {boolean} playing
 */

/**
 * @typedef {object} SpacetimeHands
 * @property {(id: number) => void} go shows the run just after an event, and explains it
 * @property {(ms: number) => void} seek
 * @property {() => void} changed what stands around the diagram is to be drawn anew
 */

export class Spacetime {
  /**
   * @param {HTMLElement} host
   * @param {SpacetimeHands} hands
   */
  constructor(host, hands) {
    this.host = host;
    this.hands = hands;
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("aria-hidden", "true");
    this.surface = document.createElement("div");
    this.surface.className = "surface";
    this.surface.tabIndex = 0;
    this.surface.setAttribute("role", "application");
    this.surface.setAttribute("aria-roledescription", "space-time diagram");
    this.surface.setAttribute(
      "aria-label",
      "Space-time diagram of the run: arrow keys walk along lines and messages, Enter goes there",
    );
    this.spoken = document.createElement("p");
    this.spoken.className = "hidden";
    this.spoken.setAttribute("aria-live", "polite");
    this.tip = document.createElement("div");
    this.tip.className = "tip";
    this.tip.hidden = true;
    this.note = document.createElement("p");
    this.note.className = "note";
    host.replaceChildren(this.surface, this.canvas, this.spoken, this.tip, this.note);
    // Many short strokes are drawn quicker by the processor than sent to a GPU one by one.
    const how = { willReadFrequently: true };
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d", how));
    /** @type {SpacetimeState | null} */
    this.state = null;
    this.from = 0;
    this.to = 0;
    /** How far the lines are moved up, where they do not all fit. */
    this.scroll = 0;
    this.follows = true;
    this.quiet = false;
    /** The event that the keys stand on, and what the pointer is over. */
    this.focus = -1;
    this.hover = -1;
    this.arrow = -1;
    /** Where the pointer is; null when it is elsewhere, or when keys were used since. @type {{ x: number, y: number } | null} */
    this.pointer = null;
    /** What the tip tells. @type {import("../types.js").TraceEvent | null} */
    this.told = null;
    this.stretch = new Stretch();
    this.parts = new Parts();
    this.lives = new Lives();
    this.wide = new Stretch();
    this.fetched = "";
    this.drawn = "";
    this.around = "";
    /** @type {((k: number) => number) | null} */
    this.cones = null;
    this.histories = -1;
    this.seenNow = -1;
    /** @type {Scene | null} */
    this.scene = null;
    /** How often something was fetched and drawn: what tests and benches count. */
    this.counts = { fetched: 0, drawn: 0, numbers: 0 };
    this.walk = new Walk(this);
    this.hand = new Hand(this);
    const anew = () => {
      this.drawn = "";
      this.redraw();
    };
    new ResizeObserver(anew).observe(host);
    onThemeChange(anew);
  }

  /** Draws anew what is there, outside of the page's own drawing. */
  redraw() {
    if (this.state && !this.state.isLost && this.host.offsetParent !== null) this.draw(this.state);
  }

  /** @param {SpacetimeState} state */
  draw(state) {
    this.state = state;
    const { clientWidth: width, clientHeight: height } = this.surface;
    if (width === 0 || height === 0) return;
    const { sim, histories } = state;
    if (histories !== this.histories) this.forget(histories);
    if (this.to <= this.from) this.open();
    this.keepNow(sim.now_ms, state.playing);
    this.fetch(width);
    const key = () =>
      `${this.fetched} ${sim.now_ms} ${width} ${height} ${devicePixelRatio} ${this.scroll} ${this.focus} ${this.hover} ${this.arrow} ${state.playing}`;
    if (key() === this.drawn) return;
    const scale = Math.min(2, devicePixelRatio || 1);
    const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
    if (this.canvas.width !== w || this.canvas.height !== h) {
      this.canvas.width = w;
      this.canvas.height = h;
    }
    this.scene = this.sceneOf(width, height);
    // The window may have moved under a pointer that rests.
    if (this.aim()) this.scene = this.sceneOf(width, height);
    this.drawn = key();
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
    drawSpacetime(this.context, this.scene, currentPalette());
    this.counts.drawn++;
    this.placeTip();
    this.say();
  }

  /**
   * Another run, or another future: what was read of it goes.
   * @param {number} histories
   */
  forget(histories) {
    const another = this.histories >= 0 && this.state !== null && this.state.sim.end_ms < this.from;
    this.histories = histories;
    this.lives.forget();
    this.fetched = this.around = "";
    this.focus = this.hover = this.arrow = -1;
    this.cones = null;
    this.hideTip();
    if (another) this.from = this.to = 0;
  }

  /** Nothing is known of the run that is shown next. */
  reset() {
    this.histories = -1;
    this.from = this.to = 0;
    this.seenNow = -1;
    this.hideTip();
  }

  /** A window around now, with about as many events as one can tell apart. */
  open() {
    const { sim, nodes } = /** @type {SpacetimeState} */ (this.state);
    const { position, now_ms: now } = sim;
    // After the start of the nodes there may be nothing for long.
    const first = Math.max(nodes, position - AT_FIRST);
    const [early] = sim.trace(first, first + 1);
    const span = Math.max(20, Math.min(2000, 1.25 * (now - (early?.at_ms ?? 0))));
    this.from = Math.max(0, now - NOW_AT * span);
    this.to = this.from + span;
    this.follows = true;
    // Where little has happened yet, there will be more to see.
    this.grows = position < nodes + AT_FIRST;
  }

  /**
   * Keeps the moment that is shown in sight: it is led on while time goes on, and followed where it is
   * set elsewhere.
   * @param {number} now
   * @param {boolean} playing
   */
  keepNow(now, playing) {
    if (now === this.seenNow) return;
    const span = this.to - this.from;
    const known = this.seenNow >= 0;
    this.seenNow = now;
    if (this.grows) this.open();
    else if (playing) {
      if (this.follows && now > this.from + NOW_AT * span) this.show(now - NOW_AT * span, span);
      else if (this.follows && now < this.from) this.show(now - 0.5 * span, span);
    } else if (known && (now < this.from || now > this.to)) this.show(now - 0.5 * span, span);
  }

  /**
   * @param {number} from
   * @param {number} span
   */
  show(from, span) {
    const { sim } = /** @type {SpacetimeState} */ (this.state);
    this.grows = false;
    const most = Math.max(100, sim.end_ms * 1.02);
    const length = Math.max(SPAN_LEAST, Math.min(span, most));
    this.from = Math.max(0, Math.min(from, most - 0.2 * length));
    this.to = this.from + length;
  }

  /**
   * @param {number} times more than 1 shows more
   * @param {number} [about] the moment that stays where it is
   */
  zoom(times, about = this.anchor()) {
    const span = this.to - this.from;
    const share = (about - this.from) / span;
    const most = Math.max(100, /** @type {SpacetimeState} */ (this.state).sim.end_ms * 1.02);
    const next = Math.max(SPAN_LEAST, Math.min(most, span * times));
    this.show(about - share * next, next);
    this.redraw();
    this.hands.changed();
  }

  /** What stays in place when one zooms by key: the event that is looked at, now, or the middle. */
  anchor() {
    const { now_ms: now } = /** @type {SpacetimeState} */ (this.state).sim;
    const k = this.stretch.find(this.focus);
    if (k >= 0) return this.stretch.at(k);
    return now >= this.from && now <= this.to ? now : (this.from + this.to) / 2;
  }

  /** @param {number} share of the window, to the right */
  pan(share) {
    const span = this.to - this.from;
    this.show(this.from + share * span, span);
    this.follows = false;
    this.redraw();
    this.hands.changed();
  }

  /** The whole run. */
  whole() {
    const { sim } = /** @type {SpacetimeState} */ (this.state);
    this.show(0, sim.end_ms * 1.02);
    this.redraw();
    this.hands.changed();
  }

  /** Back to now, and on with it. */
  toNow() {
    this.follows = true;
    this.to = this.from = 0;
    this.redraw();
    this.hands.changed();
  }

  /** @param {boolean} quiet whether heartbeats are left out */
  setQuiet(quiet) {
    this.quiet = quiet;
    this.redraw();
    this.hands.changed();
  }

  /**
   * Gets the numbers of the window, unless they are there.
   * @param {number} width
   */
  fetch(width) {
    const { sim, histories, nodes, clients } = /** @type {SpacetimeState} */ (this.state);
    const key = `${histories} ${sim.length} ${this.from} ${this.to} ${this.quiet} ${width} ${nodes} ${clients}`;
    if (key === this.fetched) return;
    this.fetched = key;
    this.around = "";
    const most = Math.min(EVENTS_MOST, Math.round(width * EVENTS_PER_PIXEL));
    this.stretch.read(sim.window(this.from, this.to, most, this.stretch.data));
    this.counts.fetched++;
    this.counts.numbers = this.stretch.events * 7 + this.stretch.flights * 10;
    this.lives.follow(sim);
    if (this.stretch.isWhole) return;
    const count = this.partCount(width);
    // Time is counted in microseconds: a part is as many whole ones, and the last may reach further.
    const part = Math.max(0.001, Math.ceil((1000 * (this.to - this.from)) / count - 1e-6) / 1000);
    this.to = this.from + part * count;
    this.parts.read(sim.bins(this.from, part, count, this.quiet, this.parts.data));
    this.counts.numbers = count * this.parts.lanes;
    this.fetched = `${histories} ${sim.length} ${this.from} ${this.to} ${this.quiet} ${width} ${nodes} ${clients}`;
  }

  /** @param {number} width */
  partCount(width) {
    return Math.max(1, Math.floor((width - this.left(width)) / PART));
  }

  /** @param {number} width */
  left(width) {
    return width < 500 ? 46 : 72;
  }

  /**
   * @param {number} width
   * @param {number} height
   * @returns {Scene}
   */
  sceneOf(width, height) {
    const { sim, nodes, clients, kinds, look } = /** @type {SpacetimeState} */ (this.state);
    const top = 26;
    const { lanes, laneHeight, tall } = lanesOf({ nodes, clients, height: height - top, short: width < 500 });
    this.scroll = Math.max(0, Math.min(this.scroll, tall - (height - top)));
    this.surface.classList.toggle("tall", tall > height - top + 1);
    for (const lane of lanes) lane.y += top - this.scroll;
    const names = new Map([
      [-1, "request"],
      [-2, "answer"],
    ]);
    return {
      width,
      height,
      left: this.left(width),
      top,
      lanes,
      laneHeight,
      from: this.from,
      to: this.to,
      now: sim.now_ms,
      end: sim.end_ms,
      stretch: this.stretch,
      parts: this.stretch.isWhole ? null : this.parts,
      partCount: this.partCount(width),
      lives: this.lives,
      quiet: this.quiet,
      cones: this.conesNow(),
      focus: this.hover >= 0 ? this.hover : this.focus,
      arrow: this.arrow,
      labelOf: (kind) => names.get(kind) ?? look(kinds[kind] ?? "").label,
      font: getComputedStyle(this.host).fontFamily.replaceAll('"', "'"),
    };
  }

  /** The cones of what the pointer is over, or of what the keys stand on. */
  conesNow() {
    const { sim, playing } = /** @type {SpacetimeState} */ (this.state);
    // While time goes on, what was looked at before is no reason to have all else faint.
    const id = this.hover >= 0 ? this.hover : playing ? -1 : this.focus;
    if (id < 0 || !this.stretch.isWhole) return null;
    const key = `${id} ${this.fetched}`;
    if (key === this.around) return this.cones;
    this.around = key;
    const at = this.stretch.find(id) >= 0 ? 0 : (sim.trace(id, id + 1)[0]?.at_ms ?? -1);
    const found = conesAround(this.stretch, id, at, (from, to) =>
      this.wide.read(sim.window(from, to, WALK_MOST, this.wide.data)),
    );
    this.cones = found.known ? found.cones : null;
    return this.cones;
  }

  /** What stands under the diagram. */
  say() {
    const { stretch, parts } = this;
    let text = "";
    if (!stretch.isWhole)
      text = `${parts.total.toLocaleString("en")} events in sight, as how much happened where. Zoom in to see messages.`;
    else if (this.quiet) {
      let hidden = 0;
      for (let k = 0; k < stretch.flights; k++) if (stretch.flight(k).flags & MARK.quiet) hidden++;
      if (hidden > 0) text = `${hidden} heartbeats in sight are left out.`;
    }
    if (this.surface.classList.contains("tall")) text += " Drag up and down for the other lines.";
    if (stretch.leftOut > 0) text += ` ${stretch.leftOut} messages under way are left out.`;
    if (this.note.textContent !== text) this.note.textContent = text;
  }

  /**
   * What is near a point: an event, or else a message.
   * @param {number} x
   * @param {number} y
   * @returns {{ event: number, arrow: number }}
   */
  near(x, y) {
    const none = { event: -1, arrow: -1 };
    const { scene } = this;
    if (!scene || scene.parts || x < scene.left || y < scene.top) return none;
    const event = nearestEvent(scene, x, y);
    return event >= 0 ? { event, arrow: -1 } : { event: -1, arrow: nearestArrow(scene, x, y) };
  }

  /**
   * The event at which a message ends or, while it is under way, at which it was sent; -1 for none.
   * @param {number} arrow
   */
  endOfArrow(arrow) {
    const { stretch } = this;
    for (let k = 0; arrow >= 0 && k < stretch.flights; k++) {
      const flight = stretch.flight(k);
      if (flight.id === arrow) return flight.endedBy >= 0 ? flight.endedBy : flight.sentBy;
    }
    return -1;
  }

  /** @param {import("../types.js").TraceEvent} event where it is drawn */
  pointOf(event) {
    const { scene } = this;
    if (!scene) return { x: 0, y: 0 };
    const lane = scene.lanes.find(({ place }) => place === placeOf(event));
    for (let k = 0; event.kind === "lose" && k < scene.stretch.flights; k++) {
      const flight = scene.stretch.flight(k);
      const way = flight.endedBy === event.id ? wayOf(scene, flight, linesOf(scene)) : null;
      if (way) return { x: way.x1, y: way.y1 };
    }
    return { x: xOf(scene, event.at_ms), y: lane?.y ?? 0 };
  }

  /** Takes what is under the pointer now for what is looked at. Answers whether that is another than before. */
  aim() {
    const { pointer, state } = this;
    if (!pointer || !state) return false;
    const { event, arrow } = this.near(pointer.x, pointer.y);
    this.surface.classList.toggle("on-event", event >= 0 || arrow >= 0);
    const about = event >= 0 ? event : this.endOfArrow(arrow);
    if (about === this.hover && arrow === this.arrow) return false;
    [this.hover, this.arrow] = [about, arrow];
    this.told = about >= 0 ? (state.sim.trace(about, about + 1)[0] ?? null) : null;
    return true;
  }

  /** Puts what is told beside what it is told of; of what is out of sight nothing is told. */
  placeTip() {
    const { tip, surface, told, pointer, scene } = this;
    const pointed = pointer !== null && told?.id === this.hover;
    const by = !told ? null : pointed ? pointer : told.id === this.focus ? this.pointOf(told) : null;
    const inSight =
      by && scene && by.x >= scene.left && by.x <= scene.width && by.y >= scene.top && by.y <= scene.height;
    tip.hidden = !inSight;
    if (!told || !inSight) return;
    tip.textContent = `${told.at_ms.toFixed(1)} ms: ${told.text}`;
    const size = { wide: tip.offsetWidth, high: tip.offsetHeight };
    const room = { wide: surface.clientWidth, high: surface.clientHeight };
    const lines = scene.lanes.map((lane) => lane.y);
    const { left, top } = tipPlace({ point: by, size, room, lines, way: this.wayOfArrow() });
    tip.style.left = `${surface.offsetLeft + left}px`;
    tip.style.top = `${surface.offsetTop + top}px`;
  }

  /** Where the arrow is drawn that the pointer is over. */
  wayOfArrow() {
    const { scene, arrow } = this;
    for (let k = 0; scene && arrow >= 0 && k < scene.stretch.flights; k++) {
      const flight = scene.stretch.flight(k);
      if (flight.id === arrow) return wayOf(scene, flight, linesOf(scene));
    }
    return null;
  }

  hideTip() {
    this.told = null;
    this.tip.hidden = true;
  }

  /** Nothing is looked at any more. */
  letGo() {
    this.focus = this.hover = this.arrow = -1;
    this.pointer = null;
    this.hideTip();
    this.redraw();
    this.hands.changed();
  }

  /** @param {number} x the moment that is there */
  timeAt(x) {
    const left = this.left(this.surface.clientWidth);
    const share = (x - left) / Math.max(1, this.surface.clientWidth - left);
    return this.from + Math.max(0, share) * (this.to - this.from);
  }

  /**
   * What is in sight, as SVG.
   * @param {import("./spacetime-picture.js").PictureHow} how
   */
  async svg(how) {
    const { svgOf } = await import("./spacetime-picture.js");
    return svgOf(this.sceneFor(how), currentPalette(), new SvgPen(), how);
  }

  /**
   * What is in sight, as a canvas of twice as many pixels.
   * @param {import("./spacetime-picture.js").PictureHow} how
   */
  async picture(how) {
    const { canvasOf } = await import("./spacetime-picture.js");
    return canvasOf(this.sceneFor(how), currentPalette(), how);
  }

  /**
   * The scene without what only a hand or an eye is helped by.
   * @param {{ width: number }} how
   */
  sceneFor(how) {
    const height = Math.max(
      this.surface.clientHeight,
      26 + lanesOf({ ...this.counted(), height: 0, short: false }).tall,
    );
    const { scroll, to } = this;
    this.scroll = 0;
    this.fetch(how.width);
    const scene = this.sceneOf(how.width, height);
    [this.scroll, this.to] = [scroll, to];
    this.drawn = this.fetched = "";
    return scene;
  }

  counted() {
    const { nodes, clients } = /** @type {SpacetimeState} */ (this.state);
    return { nodes, clients };
  }
}

/**
 * @param {Scene} scene
 * @param {number} x
 * @param {number} y
 */
function nearestEvent(scene, x, y) {
  const { stretch, quiet } = scene;
  const lineAt = linesOf(scene);
  const reach = Math.max(6, Math.min(14, scene.laneHeight * 0.6));
  let best = -1;
  let least = reach * reach;
  for (let k = 0; k < stretch.events; k++) {
    // A loss is where the message ends, which may be half-way.
    if (stretch.code(k) === KIND.lose || (quiet && stretch.isQuiet(k))) continue;
    const lane = lineAt.get(stretch.place(k));
    if (lane === undefined || Math.abs(lane - y) > reach) continue;
    const distance = (xOf(scene, stretch.at(k)) - x) ** 2 + (lane - y) ** 2;
    // Of several in one place the last, which lies on top.
    if (distance <= least) [least, best] = [distance, stretch.id(k)];
  }
  return best;
}

/**
 * @param {Scene} scene
 * @param {number} x
 * @param {number} y
 */
function nearestArrow(scene, x, y) {
  const { stretch, quiet } = scene;
  const lineAt = linesOf(scene);
  let best = -1;
  let least = 6;
  for (let k = 0; k < stretch.flights; k++) {
    const flight = stretch.flight(k);
    if (quiet && flight.flags & MARK.quiet) continue;
    const way = wayOf(scene, flight, lineAt);
    if (!way) continue;
    const { x0, y0, x1, y1 } = way;
    const [dx, dy] = [x1 - x0, y1 - y0];
    const along = Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1)));
    const distance = Math.hypot(x0 + along * dx - x, y0 + along * dy - y);
    if (distance <= least) [least, best] = [distance, flight.id];
  }
  return best;
}
