// A history as intervals on the lines of those who asked, on a canvas that shows what is in sight: ten thousand
// operations are as quick to draw as ten.

import { currentPalette, onThemeChange } from "../lib/color.js";
import { withRoom } from "./points.js";
import { moment } from "./words.js";

/** @typedef {import("../types.js").Judgement} Judgement */

/**
 * What is drawn.
 * @typedef {object} Picture
 * @property {Judgement} judgement
 * @property {string | null} key the key that is looked at; null for all
 * @property {number[]} order in which the operations take effect, as far as there is one
 * @property {Map<number, number>} points where in its interval each of those does
 * @property {Set<number>} bad the operations that cannot be ordered
 * @property {number} worst the one whose return completes what has no order; or -1
 * @property {Set<number>} beside what was under way at the same time as that one
 * @property {number | null} cut the moment at which the shortest prefix without an order ends
 */

const ROW = 46;
const TOP = 26;
const LABEL = 76;
/** Browsers do not scroll further than some millions of pixels. */
const WIDTH_MOST = 8_000_000;
const NUMBER_LEAST = 15;
/** So many operations before and after one that is looked at are in sight too. */
const NEIGHBOURS = 6;
/** What is nearer to the pointer than this is meant. */
const NEAR = 14;

export class Drawing {
  /**
   * @param {HTMLElement} host
   * @param {(place: number) => void} onChoose
   */
  constructor(host, onChoose) {
    this.host = host;
    this.onChoose = onChoose;
    this.spacer = document.createElement("div");
    this.canvas = document.createElement("canvas");
    this.spacer.append(this.canvas);
    host.replaceChildren(this.spacer);
    /** @type {Picture | null} */
    this.picture = null;
    this.zoom = 1;
    this.chosen = -1;
    this.hovered = -1;
    /** The operations of each process in order of their calls. @type {number[][]} */
    this.rows = [];
    /** The order's numbers. @type {Map<number, number>} */
    this.numbers = new Map();
    this.from = 0;
    this.to = 1;
    this.asked = false;
    host.addEventListener("scroll", () => this.redraw());
    host.addEventListener("keydown", (event) => this.onKey(event));
    host.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    this.canvas.addEventListener("pointermove", (event) => this.hover(this.placeAt(event)));
    this.canvas.addEventListener("pointerleave", () => this.hover(-1));
    this.canvas.addEventListener("click", (event) => this.choose(this.placeAt(event)));
    new ResizeObserver(() => this.layOut()).observe(host);
    onThemeChange(() => this.redraw());
  }

  /** @param {Picture} picture @param {boolean} fresh whether it is another history */
  show(picture, fresh) {
    this.picture = picture;
    const { operations, processes } = picture.judgement;
    this.numbers = new Map(picture.order.map((place, k) => [place, k]));
    if (fresh) {
      this.zoom = 1;
      this.chosen = this.hovered = -1;
      this.rows = processes.map(() => []);
      this.from = Infinity;
      this.to = -Infinity;
      operations.forEach(({ process, call, return: end }, place) => {
        this.rows[process].push(place);
        this.from = Math.min(this.from, call);
        this.to = Math.max(this.to, end ?? call);
      });
      for (const row of this.rows) row.sort((a, b) => operations[a].call - operations[b].call);
      if (!(this.to > this.from)) this.to = this.from + 1;
      // So that what was never answered is seen to go on.
      this.to += (this.to - this.from) * 0.04;
      if (!Number.isFinite(this.from)) [this.from, this.to] = [0, 1];
      this.host.scrollTo(0, 0);
    }
    this.layOut();
    if (fresh && picture.worst >= 0) this.bringIn(picture.worst);
  }

  /** How many units of time a pixel shows. */
  get unit() {
    return (this.to - this.from) / this.width;
  }

  get width() {
    const { clientWidth } = this.host;
    return Math.min(WIDTH_MOST, Math.max(100, clientWidth - LABEL - 12) * this.zoom);
  }

  layOut() {
    const { clientWidth } = this.host;
    if (clientWidth === 0) return;
    const tall = TOP + this.rows.length * ROW + 8;
    // As high as the rows, up to what the style sheet allows.
    this.host.style.height = `${tall + 18}px`;
    this.spacer.style.width = `${this.width + LABEL + 12}px`;
    this.spacer.style.height = `${tall}px`;
    const { clientHeight } = this.host;
    const ratio = devicePixelRatio;
    this.canvas.width = Math.round(clientWidth * ratio);
    this.canvas.height = Math.round(clientHeight * ratio);
    this.canvas.style.width = `${clientWidth}px`;
    this.canvas.style.height = `${clientHeight}px`;
    this.redraw();
  }

  redraw() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.draw();
    });
  }

  /** @param {number} moment */
  x(moment) {
    return LABEL + (moment - this.from) / this.unit - this.host.scrollLeft;
  }

  /** @param {number} row */
  y(row) {
    return TOP + row * ROW + 26 - this.host.scrollTop;
  }

  /** @param {number} place */
  endOf(place) {
    const { return: end, status } = this.operation(place);
    return status === "unknown" || end === null ? this.to : end;
  }

  /** @param {number} place */
  operation(place) {
    return /** @type {Picture} */ (this.picture).judgement.operations[place];
  }

  draw() {
    const context = this.canvas.getContext("2d");
    if (!context || !this.picture) return;
    const { width, height } = this.canvas;
    const ratio = devicePixelRatio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const colors = currentPalette();
    const { clientWidth, clientHeight } = this.host;
    this.drawScale(context, colors, clientWidth, clientHeight);
    context.save();
    context.beginPath();
    context.rect(LABEL, TOP, clientWidth - LABEL, clientHeight - TOP);
    context.clip();
    const { first, last } = this.rowsInSight();
    for (let row = first; row <= last; row++) {
      context.strokeStyle = colors.grid;
      context.lineWidth = 1;
      line(context, LABEL, this.y(row), clientWidth, this.y(row));
      const places = this.inSight(row);
      for (const place of places) this.drawOperation(context, colors, place, row);
      // Above all intervals, so that none is painted over.
      const roomy = this.numbersWithRoom(places);
      places.forEach((place, n) => this.drawPoint(context, colors, place, row, roomy[n]));
    }
    context.restore();
    context.font = `600 12px ${fontOf("--sans")}`;
    context.textBaseline = "middle";
    for (let row = first; row <= last; row++) {
      const y = this.y(row);
      if (y < TOP + 8) continue;
      context.fillStyle = colors.soft;
      context.fillText(fitted(context, this.nameOf(row), LABEL - 10), 2, y);
    }
  }

  /** @param {number} row */
  nameOf(row) {
    const { processes, form } = /** @type {Picture} */ (this.picture).judgement;
    const name = processes[row];
    if (!/^\d+$/.test(name)) return name;
    const word = form === "report" ? "client" : "process";
    // There is no room for a word and several digits.
    return processes.some((each) => /^\d\d+$/.test(each)) ? `${word[0]}${name}` : `${word} ${name}`;
  }

  rowsInSight() {
    const { scrollTop, clientHeight } = this.host;
    const first = Math.max(0, Math.floor((scrollTop - ROW) / ROW));
    const last = Math.min(this.rows.length - 1, Math.ceil((scrollTop + clientHeight) / ROW));
    return { first, last };
  }

  /** The operations of a row whose intervals are in sight. @param {number} row */
  inSight(row) {
    const { scrollLeft, clientWidth } = this.host;
    const left = this.from + (scrollLeft - LABEL) * this.unit;
    const right = this.from + (scrollLeft + clientWidth) * this.unit;
    return this.rows[row].filter((place) => this.operation(place).call <= right && this.endOf(place) >= left);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {import("../lib/color.js").Palette} colors
   * @param {number} width
   * @param {number} height
   */
  drawScale(context, colors, width, height) {
    const step = niceStep(this.unit * 110);
    const start = this.from + (this.host.scrollLeft - 0) * this.unit;
    const { unit } = /** @type {Picture} */ (this.picture).judgement;
    context.font = `11px ${fontOf("--sans")}`;
    context.textBaseline = "middle";
    context.fillStyle = colors.faint;
    context.strokeStyle = colors.grid;
    context.lineWidth = 1;
    for (let at = Math.ceil(start / step) * step; this.x(at) < width - 52; at += step) {
      const x = Math.round(this.x(at)) + 0.5;
      if (x < LABEL) continue;
      line(context, x, TOP - 6, x, height);
      context.fillText(moment(rounded(at, step), unit), x + 3, 9);
    }
    const cut = this.picture?.cut;
    if (cut == null) return;
    const x = this.x(cut);
    if (x < LABEL) return;
    context.strokeStyle = colors.bad;
    context.setLineDash([4, 4]);
    line(context, x, TOP - 8, x, height);
    context.setLineDash([]);
  }

  /** From where to where an operation is drawn. @param {number} place */
  extent(place) {
    const x = this.x(this.operation(place).call);
    return { x, end: Math.max(this.x(this.endOf(place)), x + 2) };
  }

  /** @param {number} place */
  isOfOtherKey(place) {
    const { key } = /** @type {Picture} */ (this.picture);
    return key !== null && this.operation(place).key !== key;
  }

  /** How faint an operation is drawn. @param {number} place */
  alphaOf(place) {
    const { cut } = /** @type {Picture} */ (this.picture);
    const { call, status } = this.operation(place);
    if (this.isOfOtherKey(place)) return 0.16;
    if (cut !== null && call > cut) return 0.32;
    return status === "fail" ? 0.4 : 1;
  }

  /**
   * Which operations of a row have room for their numbers.
   * @param {number[]} places
   */
  numbersWithRoom(places) {
    const { points, worst } = /** @type {Picture} */ (this.picture);
    return withRoom(
      places.map((place) => {
        const { x, end } = this.extent(place);
        const span = { from: x, to: end, goesOn: this.operation(place).status === "unknown" };
        const [point, number] = [points.get(place), this.numbers.get(place)];
        if (point === undefined || number === undefined || place === worst || this.isOfOtherKey(place))
          return span;
        const { length } = String(number + 1);
        const half = halfOf(length);
        return end - x < NUMBER_LEAST + 4 * length ? span : { ...span, number: { at: this.x(point), half } };
      }),
    );
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {import("../lib/color.js").Palette} colors
   * @param {number} place
   * @param {number} row
   */
  drawOperation(context, colors, place, row) {
    const { bad, beside } = /** @type {Picture} */ (this.picture);
    const operation = this.operation(place);
    const { x, end } = this.extent(place);
    const y = this.y(row);
    const isBad = bad.has(place);
    const color = isBad ? colors.bad : beside.has(place) ? colors.accent : colors.ink;
    context.globalAlpha = this.alphaOf(place);
    context.strokeStyle = context.fillStyle = color;
    context.lineWidth = isBad ? 5 : 3;
    context.lineCap = "butt";
    if (operation.status === "unknown") context.setLineDash([6, 4]);
    line(context, x, y, end, y);
    context.setLineDash([]);
    context.lineWidth = 2;
    line(context, x, y - 6, x, y + 6);
    if (operation.status !== "unknown") line(context, end, y - 6, end, y + 6);
    if (place === this.chosen || place === this.hovered) {
      context.strokeStyle = colors.accent;
      context.lineWidth = 1.5;
      context.strokeRect(x - 4, y - 10, end - x + 8, 20);
    }
    if (!this.isOfOtherKey(place))
      this.drawWords(context, colors, operation, x, end, y, isBad ? colors.bad : colors.soft);
    context.globalAlpha = 1;
  }

  /**
   * Where an operation takes effect, with its number in the order where there is room; or that it cannot.
   * @param {CanvasRenderingContext2D} context
   * @param {import("../lib/color.js").Palette} colors
   * @param {number} place
   * @param {number} row
   * @param {boolean} roomy
   */
  drawPoint(context, colors, place, row, roomy) {
    const { points, worst } = /** @type {Picture} */ (this.picture);
    const [point, number] = [points.get(place), this.numbers.get(place)];
    const y = this.y(row);
    context.globalAlpha = this.alphaOf(place);
    if (place === worst) {
      const { x, end } = this.extent(place);
      cross(context, colors.bad, Math.min(end - 1, Math.max(x, LABEL + 8)), y);
    } else if (point !== undefined && number !== undefined && !this.isOfOtherKey(place)) {
      const text = String(number + 1);
      const x = this.x(point);
      context.beginPath();
      context.ellipse(x, y, roomy ? halfOf(text.length) : 3.5, roomy ? 8 : 3.5, 0, 0, 2 * Math.PI);
      context.fillStyle = colors.good;
      context.fill();
      if (roomy) {
        context.font = `600 10.5px ${fontOf("--sans")}`;
        context.textAlign = "center";
        context.textBaseline = "middle";
        context.fillStyle = colors.paper;
        context.fillText(text, x, y + 0.5);
        context.textAlign = "left";
      }
    }
    context.globalAlpha = 1;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {import("../lib/color.js").Palette} _colors
   * @param {Judgement["operations"][number]} operation
   * @param {number} x
   * @param {number} end
   * @param {number} y
   * @param {string} color
   */
  drawWords(context, _colors, operation, x, end, y, color) {
    const left = Math.max(x, LABEL);
    if (end - left < 24) return;
    context.font = `12px ${fontOf("--sans")}`;
    context.textBaseline = "alphabetic";
    context.fillStyle = color;
    const { op, result, status } = operation;
    const said = status === "unknown" ? "?" : status === "fail" ? "refused" : (result ?? "ok");
    const words = said === "ok" || said === "done" ? op : `${op} → ${said}`;
    context.fillText(fitted(context, words, end - left), left, y - 12);
  }

  // What is looked at.

  /** @param {MouseEvent} event */
  placeAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const row = Math.round((y + this.host.scrollTop - TOP - 26) / ROW);
    if (!this.picture || !this.rows[row] || x < LABEL) return -1;
    let best = -1;
    let nearest = NEAR;
    for (const place of this.inSight(row)) {
      const [from, to] = [this.x(this.operation(place).call), this.x(this.endOf(place))];
      const far = Math.max(from - x, x - to, 0);
      // Of intervals one on the other, the one that was called last.
      if (far < nearest || (far === 0 && nearest === 0)) [best, nearest] = [place, far];
    }
    return best;
  }

  /** @param {number} place */
  hover(place) {
    if (place === this.hovered) return;
    this.hovered = place;
    this.onChoose(place >= 0 ? place : this.chosen);
    this.redraw();
  }

  /** @param {number} place */
  choose(place) {
    this.chosen = place;
    this.onChoose(place);
    this.redraw();
  }

  /** @param {number} times @param {number} [at] the pixel that stays where it is */
  scale(times, at = this.host.clientWidth / 2) {
    const moment = this.from + (this.host.scrollLeft + at - LABEL) * this.unit;
    this.zoom = Math.max(1, Math.min(100_000, this.zoom * times));
    this.layOut();
    this.host.scrollLeft = (moment - this.from) / this.unit + LABEL - at;
    this.redraw();
  }

  fit() {
    this.zoom = 1;
    this.layOut();
  }

  /** @param {WheelEvent} event */
  onWheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const at = event.clientX - this.canvas.getBoundingClientRect().left;
    this.scale(Math.exp(-event.deltaY / 300), at);
  }

  /**
   * Scrolls to an operation, and near enough to read it.
   * @param {number} place
   */
  bringIn(place) {
    const { call, process } = this.operation(place);
    const span = Math.max(this.endOf(place) - call, this.unit);
    const { clientWidth, clientHeight } = this.host;
    if (span / this.unit < 40 && this.operation(place).status !== "unknown") {
      // Not so near that nothing of its neighbours is in sight, unless it were a dot then.
      const near = Math.max(12 / span, Math.min(90 / span, (clientWidth - LABEL) / this.around(place)));
      this.zoom = Math.max(1, Math.min(100_000, this.zoom * near * this.unit));
      this.layOut();
    }
    const left = this.x(call);
    if (left < LABEL + 8 || left + span / this.unit > clientWidth)
      this.host.scrollLeft += left - LABEL - (clientWidth - LABEL) / 3;
    const y = this.y(process);
    if (y < TOP + 20 || y > clientHeight - 20) this.host.scrollTop += y - clientHeight / 2;
  }

  /**
   * The time from the calls before an operation's to those after it, a few of each.
   * @param {number} place
   */
  around(place) {
    const { key, judgement } = /** @type {Picture} */ (this.picture);
    const shown = judgement.operations.filter((operation) => key === null || operation.key === key);
    const calls = shown.map(({ call }) => call).sort((a, b) => a - b);
    const at = calls.indexOf(judgement.operations[place].call);
    const [before, after] = [Math.max(0, at - NEIGHBOURS), Math.min(calls.length - 1, at + NEIGHBOURS)];
    return Math.max(calls[after] - calls[before], this.endOf(place) - calls[at], 1e-9);
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (!this.picture || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = this.keyed(event.key);
    if (next === null) return;
    event.preventDefault();
    if (next < 0) return;
    this.choose(next);
    this.bringIn(next);
  }

  /**
   * The operation that a key leads to; -1 for a key that does something else, null for one that does nothing.
   * @param {string} key
   */
  keyed(key) {
    if (key === "+" || key === "=") return (this.scale(1.5), -1);
    if (key === "-") return (this.scale(1 / 1.5), -1);
    if (key === "0") return (this.fit(), -1);
    const shown = (/** @type {number} */ place) => {
      const { key: of } = /** @type {Picture} */ (this.picture);
      return of === null || this.operation(place).key === of;
    };
    const rows = this.rows.map((row) => row.filter(shown));
    const all = rows.flat();
    if (all.length === 0) return null;
    const { worst } = /** @type {Picture} */ (this.picture);
    if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(key)) return null;
    if (this.chosen < 0 || !shown(this.chosen)) return worst >= 0 ? worst : all[0];
    const { process, call } = this.operation(this.chosen);
    const row = rows[process];
    const at = row.indexOf(this.chosen);
    if (key === "ArrowLeft") return row[Math.max(0, at - 1)];
    if (key === "ArrowRight") return row[Math.min(row.length - 1, at + 1)];
    if (key === "Home") return row[0];
    if (key === "End") return row[row.length - 1];
    const step = key === "ArrowUp" ? -1 : 1;
    for (let to = process + step; rows[to]; to += step) {
      const far = (/** @type {number} */ place) => Math.abs(this.operation(place).call - call);
      if (rows[to].length > 0) return rows[to].reduce((a, b) => (far(b) < far(a) ? b : a));
    }
    return this.chosen;
  }
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} u @param {number} v */
function line(context, x, y, u, v) {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(u, v);
  context.stroke();
}

/** @param {CanvasRenderingContext2D} context @param {string} color @param {number} x @param {number} y */
function cross(context, color, x, y) {
  context.strokeStyle = color;
  context.lineWidth = 3;
  line(context, x - 7, y - 7, x + 7, y + 7);
  line(context, x - 7, y + 7, x + 7, y - 7);
}

/**
 * As much of a text as there is room for.
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} room
 */
function fitted(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  let length = Math.min(text.length, Math.floor(room / 5));
  while (length > 0 && context.measureText(`${text.slice(0, length)}…`).width > room) length--;
  return length > 0 ? `${text.slice(0, length)}…` : "";
}

/** @param {string} name */
function fontOf(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name) || "sans-serif";
}

/** Half the width of a number. @param {number} digits */
function halfOf(digits) {
  return Math.max(8, 6 + 2.6 * (digits - 1));
}

/** The next of 1, 2, 5, 10, 20 … @param {number} least */
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((times) => times * power >= least) ?? 10);
}

/** @param {number} at @param {number} step */
function rounded(at, step) {
  return step >= 1 ? Math.round(at) : at.toFixed(Math.min(6, Math.ceil(-Math.log10(step))));
}
