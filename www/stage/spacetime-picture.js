// A space-time diagram as a picture to keep: with a title, the axis of time, and what the marks mean.

import { drawSpacetime } from "./spacetime-draw.js";
import { drawLegendMark, LEGEND } from "./spacetime-marks.js";

/** @typedef {import("./spacetime-draw.js").Scene} Scene */
/** @typedef {import("../lib/color.js").Palette} Palette */
/** @typedef {import("../lib/svg-pen.js").Pen} Pen */

/**
 * @typedef {object} PictureHow
 * @property {string} title
 * @property {number} width
 */

const HEAD = 58;
const ROW = 20;
const COLUMN = 230;

/**
 * The title above, the diagram, and the legend below.
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Palette} palette
 * @param {PictureHow} how
 */
function drawPicture(pen, scene, palette, { title, width }) {
  const height = heightOf(scene, width);
  const end = HEAD + scene.height;
  drawSpacetime(
    pen,
    {
      ...scene,
      top: scene.top + HEAD,
      height: end,
      lanes: scene.lanes.map((lane) => ({ ...lane, y: lane.y + HEAD })),
    },
    palette,
  );
  pen.globalAlpha = 1;
  pen.fillStyle = palette.paper;
  pen.fillRect(0, end, width, height - end);
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  pen.fillStyle = palette.ink;
  pen.font = `600 16px ${scene.font}`;
  pen.fillText(title, 12, 22);
  pen.fillStyle = palette.soft;
  pen.font = `12px ${scene.font}`;
  pen.fillText(spanOf(scene), 12, 44);
  const columns = columnsOf(width);
  LEGEND.forEach(([kind, words], k) => {
    const [x, y] = [22 + (k % columns) * COLUMN, end + 22 + Math.floor(k / columns) * ROW];
    drawLegendMark(pen, palette, kind, x, y);
    pen.fillStyle = palette.soft;
    pen.fillText(words, x + 14, y);
  });
}

/** @param {number} width */
function columnsOf(width) {
  return Math.max(1, Math.floor((width - 12) / COLUMN));
}

/**
 * @param {Scene} scene
 * @param {number} width
 */
function heightOf(scene, width) {
  return HEAD + scene.height + Math.ceil(LEGEND.length / columnsOf(width)) * ROW + 24;
}

/** @param {Scene} scene in words: the time, and what the strokes are */
function spanOf({ from, to, quiet, parts }) {
  const what = parts
    ? "bars: how much happened"
    : "arrows: messages (hollow: answers; dashed and crossed: lost)";
  return `${from.toFixed(1)} to ${to.toFixed(1)} ms of virtual time; ${what}${quiet ? "; heartbeats left out" : ""}`;
}

/**
 * @param {Scene} scene
 * @param {Palette} palette
 * @param {import("../lib/svg-pen.js").SvgPen} pen
 * @param {PictureHow} how
 */
export function svgOf(scene, palette, pen, how) {
  drawPicture(pen, scene, palette, how);
  return pen.picture(how.width, heightOf(scene, how.width), how.title);
}

/**
 * @param {Scene} scene
 * @param {Palette} palette
 * @param {PictureHow} how
 */
export function canvasOf(scene, palette, how) {
  const canvas = document.createElement("canvas");
  canvas.width = how.width * 2;
  canvas.height = heightOf(scene, how.width) * 2;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.setTransform(2, 0, 0, 2, 0, 0);
  drawPicture(pen, scene, palette, how);
  return canvas;
}
