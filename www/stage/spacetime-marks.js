// The marks of a space-time diagram: a shape for each kind of event, so that colour is never alone.

import { KIND } from "./spacetime-data.js";
import { CODE } from "./timeline.js";

/** @typedef {import("../lib/svg-pen.js").Pen} Pen */
/** @typedef {import("../lib/color.js").Palette} Palette */

/** A crash is marked so far above its line, as on the line of the run. */
const ABOVE = 9;

/** What the legend tells, by a kind of event that has the mark. @type {[kind: number, words: string][]} */
export const LEGEND = [
  [KIND.deliver, "a message arrives"],
  [KIND.lose, "a message is lost"],
  [KIND.fire, "a timer goes off"],
  [KIND.request, "a client asks (hollow: again)"],
  [KIND.answer, "a client has its answer"],
  [KIND.refused, "it is refused, or gives up"],
  [KIND.step, "a step on the way"],
  [KIND.leadership, "leadership"],
  [KIND.decision, "a decision"],
  [KIND.change, "the cluster changes"],
  [KIND.ignore, "something is ignored"],
  [KIND.done + CODE.crash, "a crash"],
  [KIND.done + CODE.fault, "another fault"],
  [KIND.done + CODE.mend, "a start, something mended"],
  [KIND.done, "something else done by hand or script"],
  [KIND.violation, "a violation"],
];

/**
 * @param {Pen} pen
 * @param {Palette} palette
 * @param {number} kind
 * @param {number} x
 * @param {number} y
 * @param {number} [size] 1 where there is room
 */
export function drawMark(pen, palette, kind, x, y, size = 1) {
  pen.setLineDash([]);
  const drawing = shapes[kind] ?? (kind >= KIND.vain ? shapes[KIND.done] : shapes[KIND.step]);
  drawing(pen, palette, x, y, size);
}

/**
 * The same in a legend, where it stands in the middle of its place.
 * @param {Pen} pen
 * @param {Palette} palette
 * @param {number} kind
 * @param {number} x
 * @param {number} y
 */
export function drawLegendMark(pen, palette, kind, x, y) {
  drawMark(pen, palette, kind, x, kind === KIND.done + CODE.crash ? y + ABOVE : y);
}

/** @typedef {(pen: Pen, palette: Palette, x: number, y: number, size: number) => void} Shape */

/**
 * @param {(palette: Palette) => string} color
 * @param {number[]} points pairs around the middle
 * @param {boolean} [hollow]
 * @returns {Shape}
 */
function polygon(color, points, hollow = false) {
  return (pen, palette, x, y, size) => {
    pen.beginPath();
    for (let k = 0; k < points.length; k += 2) {
      const [px, py] = [x + points[k] * size, y + points[k + 1] * size];
      if (k === 0) pen.moveTo(px, py);
      else pen.lineTo(px, py);
    }
    pen.closePath();
    pen.fillStyle = hollow ? palette.paper : color(palette);
    pen.fill();
    if (!hollow) return;
    pen.strokeStyle = color(palette);
    pen.lineWidth = 1.4;
    pen.stroke();
  };
}

/**
 * @param {(palette: Palette) => string} color
 * @param {number} radius
 * @param {"full" | "hollow" | "double"} [how]
 * @returns {Shape}
 */
function circle(color, radius, how = "full") {
  return (pen, palette, x, y, size) => {
    pen.beginPath();
    pen.arc(x, y, Math.max(1.2, radius * size), 0, 2 * Math.PI);
    pen.fillStyle = how === "full" ? color(palette) : palette.paper;
    pen.fill();
    if (how === "full") return;
    pen.strokeStyle = color(palette);
    pen.lineWidth = 1.5;
    pen.stroke();
    if (how !== "double") return;
    pen.beginPath();
    pen.arc(x, y, Math.max(1, (radius - 3) * size), 0, 2 * Math.PI);
    pen.stroke();
  };
}

/**
 * @param {number} half
 * @param {number} width
 * @param {number} [aside]
 * @returns {Shape}
 */
function cross(half, width, aside = 0) {
  return (pen, palette, x, y, size) => {
    const reach = Math.max(2.5, half * size);
    const middle = y + aside * size;
    pen.strokeStyle = palette.bad;
    pen.lineWidth = width;
    pen.beginPath();
    pen.moveTo(x - reach, middle - reach);
    pen.lineTo(x + reach, middle + reach);
    pen.moveTo(x + reach, middle - reach);
    pen.lineTo(x - reach, middle + reach);
    pen.stroke();
  };
}

const ink = (/** @type {Palette} */ palette) => palette.ink;
const soft = (/** @type {Palette} */ palette) => palette.soft;
const bad = (/** @type {Palette} */ palette) => palette.bad;
const good = (/** @type {Palette} */ palette) => palette.good;

const up = [-5, 3, 5, 3, 0, -6];
const square = [-4, -4, 4, -4, 4, 4, -4, 4];

/** @type {Record<number, Shape>} */
const shapes = {
  [KIND.boot]: polygon(good, up),
  [KIND.deliver]: circle(soft, 2.4),
  [KIND.lose]: cross(4, 2),
  [KIND.fire]: polygon(soft, [-4, -5, 4, -5, -4, 5, 4, 5]),
  [KIND.request]: polygon(ink, [-4, -5, 5, 0, -4, 5]),
  [KIND.retry]: polygon(ink, [-4, -5, 5, 0, -4, 5], true),
  [KIND.answer]: polygon(ink, [4, -5, -5, 0, 4, 5]),
  [KIND.refused]: polygon(ink, [4, -5, -5, 0, 4, 5], true),
  [KIND.giveUp]: polygon(ink, [4, -5, -5, 0, 4, 5], true),
  [KIND.step]: circle(soft, 3.4, "hollow"),
  [KIND.leadership]: circle((palette) => palette.tones[2], 6, "double"),
  [KIND.decision]: polygon(good, [-1.5, -7, 1.5, -7, 1.5, 7, -1.5, 7]),
  [KIND.change]: polygon(ink, square, true),
  [KIND.ignore]: polygon(soft, [-4, -0.8, 4, -0.8, 4, 0.8, -4, 0.8]),
  [KIND.violation]: cross(7, 3.5),
  [KIND.done]: polygon(ink, [0, -5, 5, 0, 0, 5, -5, 0], true),
  [KIND.done + CODE.change]: polygon(ink, square, true),
  [KIND.done + CODE.crash]: cross(5, 2.4, -ABOVE),
  [KIND.done + CODE.restart]: polygon(good, up),
  [KIND.done + CODE.fault]: polygon(bad, [-5, -6, 5, -6, 0, 4]),
  [KIND.done + CODE.mend]: polygon(good, up),
};
