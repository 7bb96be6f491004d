// Draws a space-time diagram on a canvas or, with another pen, as SVG: data in, strokes out.

import { toneOf } from "../lib/color.js";
import { FUTURE, HERE, NEITHER, PAST } from "../lib/cones.js";
import { Labels } from "./spacetime-labels.js";
import { drawMark } from "./spacetime-marks.js";
import { KIND, MARK, SEEN, WORLD } from "./spacetime-data.js";

/** @typedef {import("../lib/svg-pen.js").Pen} Pen */
/** @typedef {import("../lib/color.js").Palette} Palette */

/**
 * @typedef {object} Scene
 * @property {number} width
 * @property {number} height
 * @property {number} left where lines begin, right of their names
 * @property {number} top where they begin, below the times
 * @property {Lane[]} lanes
 * @property {number} laneHeight
 * @property {number} from in virtual milliseconds
 * @property {number} to
 * @property {number} now
 * @property {number} end how far the run has been simulated
 * @property {import("./spacetime-data.js").Stretch} stretch
 * @property {import("./spacetime-data.js").Parts | null} parts instead of events, where there are too many
 * @property {import("./spacetime-data.js").Lives} lives
 * @property {number} partCount how many parts of time there are across
 * @property {boolean} quiet whether heartbeats are left out
 * @property {((k: number) => number) | null} cones of the k-th event of the stretch
 * @property {number} focus the event that is looked at, or -1
 * @property {number} arrow the message that is looked at, or -1
 * @property {(kind: number) => string} labelOf a kind of message
 * @property {string} font
 */

/**
 * @typedef {object} Lane
 * @property {number} place
 * @property {string} name
 * @property {number} y
 */

/** Up to so many messages have their names written beside them, and up to so many have heads. */
const NAMED_MOST = 24;
/** From so many on they are drawn finer. */
const CROWD = 150;
const HEADED_MOST = 700;
const DIM = 0.16;

/**
 * @param {Scene} scene
 * @param {number} ms
 */
export function xOf({ left, width, from, to }, ms) {
  return left + ((width - left) * (ms - from)) / (to - from);
}

/**
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Palette} palette
 */
export function drawSpacetime(pen, scene, palette) {
  pen.fillStyle = palette.paper;
  pen.globalAlpha = 1;
  pen.fillRect(0, 0, scene.width, scene.height);
  drawGrid(pen, scene, palette);
  if (!scene.parts) drawDeeds(pen, scene, palette);
  for (const lane of scene.lanes) drawLine(pen, scene, palette, lane);
  if (scene.parts) drawParts(pen, scene, palette, scene.parts);
  else {
    drawArrows(pen, scene, palette);
    drawEvents(pen, scene, palette);
  }
  drawAhead(pen, scene, palette);
  drawNames(pen, scene, palette);
  drawTimes(pen, scene, palette);
  drawNow(pen, scene, palette);
  drawReach(pen, scene, palette);
}

/**
 * Which of the lines are seen, where they do not all fit: a bar at the right edge.
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Palette} palette
 */
function drawReach(pen, { width, height, top, lanes, laneHeight }, palette) {
  const seen = height - top;
  const [first, last] = [lanes[0].y - top - 7, lanes[lanes.length - 1].y + laneHeight / 2 - top];
  const tall = last - first;
  if (tall <= seen + 1) return;
  pen.fillStyle = palette.faint;
  pen.globalAlpha = 0.6;
  pen.fillRect(width - 5, top + (-first / tall) * seen, 4, (seen / tall) * seen);
  pen.globalAlpha = 1;
}

/**
 * Times worth a line: as many as have room, in steps of 1, 2 or 5.
 * @param {Scene} scene
 */
export function ticksOf({ from, to, width, left }) {
  const room = Math.max(2, (width - left) / 90);
  const rough = (to - from) / room;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * unit).find((each) => each >= rough) ?? 10 * unit;
  const ticks = [];
  for (let n = Math.ceil(from / step); n * step <= to; n++) ticks.push(n * step);
  const decimals = Math.max(0, -Math.floor(Math.log10(step)));
  const name = (/** @type {number} */ ms) =>
    step >= 1000 ? `${(ms / 1000).toFixed(0)} s` : `${ms.toFixed(Math.min(3, decimals))} ms`;
  return ticks.map((ms) => ({ ms, name: name(ms) }));
}

/**
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Palette} palette
 */
function drawGrid(pen, scene, palette) {
  pen.strokeStyle = palette.grid;
  pen.lineWidth = 1;
  pen.setLineDash([]);
  pen.beginPath();
  for (const { ms } of ticksOf(scene)) {
    const x = Math.round(xOf(scene, ms)) + 0.5;
    pen.moveTo(x, scene.top);
    pen.lineTo(x, scene.height);
  }
  pen.stroke();
}

/**
 * What happens to the whole world at once, and a violation, have a line down through all places.
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Palette} palette
 */
function drawDeeds(pen, scene, palette) {
  const { stretch } = scene;
  pen.lineWidth = 1.2;
  pen.setLineDash([1, 4]);
  for (let k = 0; k < stretch.events; k++) {
    const broken = stretch.code(k) === KIND.violation;
    if (stretch.place(k) !== WORLD && !broken) continue;
    const x = xOf(scene, stretch.at(k));
    pen.strokeStyle = broken ? palette.bad : palette.soft;
    pen.beginPath();
    pen.moveTo(x, scene.top);
    pen.lineTo(x, scene.height);
    pen.stroke();
  }
  pen.setLineDash([]);
}

/**
 * A place's line: whole while it runs, broken while it is down, double while it stands still.
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Palette} palette
 * @param {Lane} lane
 */
function drawLine(pen, scene, palette, { place, y }) {
  if (y < scene.top - scene.laneHeight || y > scene.height + scene.laneHeight) return;
  pen.globalAlpha = 1;
  if (place === WORLD) return;
  const until = Math.min(scene.to, scene.end);
  for (const { from, to, state } of scene.lives.within(place, scene.from, until)) {
    const [a, b] = [xOf(scene, from), xOf(scene, to)];
    pen.strokeStyle = state === "down" ? palette.bad : palette.faint;
    pen.lineWidth = state === "down" ? 1.5 : scene.parts || scene.laneHeight < 16 ? 0.7 : 1.2;
    pen.setLineDash(state === "down" ? [2, 5] : []);
    pen.beginPath();
    for (const aside of state === "paused" ? [-2, 2] : [0]) {
      pen.moveTo(a, y + aside);
      pen.lineTo(b, y + aside);
    }
    pen.stroke();
  }
  pen.setLineDash([]);
}

/**
 * How much happened, as bars on the lines, with what stands out as marks.
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Palette} palette
 * @param {import("./spacetime-data.js").Parts} parts
 */
function drawParts(pen, scene, palette, parts) {
  const { lanes } = parts;
  if (lanes === 0) return;
  const shownParts = Math.min(scene.partCount, Math.floor((parts.data.length - 4) / lanes));
  const shown = scene.lanes.filter(({ place }) => place !== WORLD);
  const width = (scene.width - scene.left) / scene.partCount;
  const half = scene.laneHeight * 0.4;
  const scale = 1 / Math.log2(2 + parts.most);
  /** @type {[bit: number, kind: number][]} */
  const marked = [
    [SEEN.lost, KIND.lose],
    [SEEN.decision, KIND.decision],
    [SEEN.leadership, KIND.leadership],
    [SEEN.change, KIND.change],
  ];
  shown.forEach(({ y }, lane) => {
    if (lane >= lanes || y < scene.top - scene.laneHeight || y > scene.height + scene.laneHeight) return;
    pen.fillStyle = palette.faint;
    pen.globalAlpha = 0.75;
    pen.beginPath();
    // Neighbours of one height are one bar: a long run is mostly alike.
    let [begun, tall] = [0, 0];
    for (let part = 0; part <= shownParts; part++) {
      const n = part < shownParts ? parts.count(part, lane) : 0;
      const next = n === 0 ? 0 : Math.max(1, Math.round(half * Math.log2(1 + n) * scale));
      if (next === tall && part < shownParts) continue;
      if (tall > 0) pen.rect(scene.left + begun * width, y - tall, (part - begun) * width, 2 * tall);
      [begun, tall] = [part, next];
    }
    pen.fill();
    pen.globalAlpha = 1;
    for (const [bit, kind] of marked) {
      let last = -100;
      for (let part = 0; part < shownParts; part++) {
        if (!(parts.seen(part, lane) & bit)) continue;
        const x = scene.left + (part + 0.5) * width;
        if (x - last < 11) continue;
        last = x;
        drawMark(pen, palette, kind, x, y, Math.min(1, scene.laneHeight / 20));
      }
    }
  });
}

/**
 * @param {Scene} scene
 * @returns {Map<number, number>} how high the line of each place is
 */
export function linesOf({ lanes }) {
  return new Map(lanes.map(({ place, y }) => [place, y]));
}

/**
 * From where to where a message is drawn: one that is lost on the way ends half-way, and one under way
 * where it is by the end of what is known.
 * @param {Scene} scene
 * @param {ReturnType<import("./spacetime-data.js").Stretch["flight"]>} flight
 * @param {Map<number, number>} lineAt
 */
export function wayOf(scene, { from, to, sent, ended, endedBy, flags }, lineAt) {
  const [y0, last] = [lineAt.get(from), lineAt.get(to)];
  if (y0 === undefined || last === undefined) return null;
  let part = flags & MARK.lost && !(flags & MARK.atDoor) ? 0.5 : 1;
  let end = ended;
  if (endedBy < 0) {
    // When one arrives that waits for a hand nobody knows.
    part = ended >= 0 ? Math.min(1, (scene.end - sent) / Math.max(1e-9, ended - sent)) : 0.3;
    end = ended >= 0 ? Math.min(ended, scene.end) : scene.end;
  }
  return { x0: xOf(scene, sent), y0, x1: xOf(scene, end), y1: y0 + (last - y0) * part };
}

/**
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Palette} palette
 */
function drawArrows(pen, scene, palette) {
  const { stretch, quiet, cones } = scene;
  const lineAt = linesOf(scene);
  const arrows = [];
  for (let k = 0; k < stretch.flights; k++) {
    const flight = stretch.flight(k);
    if (quiet && flight.flags & MARK.quiet) continue;
    const way = wayOf(scene, flight, lineAt);
    if (way) arrows.push({ flight, way, a: way.y0 });
  }
  const heads = arrows.length <= HEADED_MOST;
  const crowd = arrows.length > CROWD;
  const names = arrows.length <= NAMED_MOST && scene.laneHeight >= 24;
  const labels = new Labels();
  for (const { flight, way, a } of arrows) {
    const tone = palette.tones[toneOf(flight.epoch)];
    const lost = (flight.flags & MARK.lost) !== 0;
    const chosen = flight.id === scene.arrow;
    const cone = cones ? coneOfArrow(scene, flight, cones) : PAST;
    pen.globalAlpha = chosen ? 1 : cones && cone === NEITHER ? DIM : lost ? 0.9 : crowd ? 0.6 : 0.8;
    pen.strokeStyle = lost ? palette.bad : tone;
    pen.lineWidth = chosen ? 3 : cones && cone !== NEITHER ? (crowd ? 1.4 : 2.2) : crowd ? 0.8 : 1.2;
    pen.setLineDash(
      lost ? [4, 4] : flight.flags & MARK.copy ? [9, 3, 2, 3] : cones && cone === FUTURE ? [2, 2.5] : [],
    );
    const { x0, x1: x, y1: y } = way;
    pen.beginPath();
    pen.moveTo(x0, a);
    pen.lineTo(x, y);
    pen.stroke();
    pen.setLineDash([]);
    if (lost) drawMark(pen, palette, KIND.lose, x, y, 0.8);
    if (flight.endedBy >= 0 && flight.endedBy === scene.focus) drawFocus(pen, palette, x, y);
    if (!lost && (heads || chosen) && flight.endedBy >= 0)
      drawHead(pen, x, y, x - x0, y - a, (flight.flags & MARK.reply) !== 0, palette.paper, crowd ? 5 : 7);
    if (names || chosen) {
      const [from, to] = [Math.max(x0, scene.left), Math.min(x, scene.width)];
      const heightAt = (/** @type {number} */ at) =>
        (x === x0 ? y : a + ((y - a) * (at - x0)) / (x - x0)) - 7;
      const label = { text: scene.labelOf(flight.kind), from, to, heightAt, alpha: pen.globalAlpha };
      if (to - from > 24) labels.add(label, chosen);
    }
  }
  pen.font = `11px ${scene.font}`;
  pen.fillStyle = palette.soft;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  for (const { text, x, y, alpha } of labels.placed()) {
    pen.globalAlpha = alpha;
    pen.fillText(text, x, y);
  }
  pen.globalAlpha = 1;
}

/**
 * Whether an arrow belongs to a cone: both its ends do.
 * @param {Scene} scene
 * @param {ReturnType<import("./spacetime-data.js").Stretch["flight"]>} flight
 * @param {(k: number) => number} cones
 */
function coneOfArrow({ stretch }, { sentBy, endedBy }, cones) {
  const [sent, ended] = [stretch.find(sentBy), stretch.find(endedBy)];
  const [a, b] = [sent >= 0 ? cones(sent) : NEITHER, ended >= 0 ? cones(ended) : NEITHER];
  // One end may lie outside of what is shown: what is past at its end was past when it was sent.
  if (b === PAST || b === HERE) return sent < 0 || a !== NEITHER ? PAST : NEITHER;
  if (a === FUTURE || a === HERE) return ended < 0 || b === FUTURE ? FUTURE : NEITHER;
  return NEITHER;
}

/**
 * @param {Pen} pen
 * @param {number} x
 * @param {number} y
 * @param {number} dx
 * @param {number} dy
 * @param {boolean} hollow for an answer
 * @param {string} paper
 * @param {number} size
 */
function drawHead(pen, x, y, dx, dy, hollow, paper, size) {
  const length = Math.hypot(dx, dy) || 1;
  const [ux, uy] = [dx / length, dy / length];
  const half = 0.43 * size;
  pen.beginPath();
  pen.moveTo(x, y);
  pen.lineTo(x - ux * size - uy * half, y - uy * size + ux * half);
  pen.lineTo(x - ux * size + uy * half, y - uy * size - ux * half);
  pen.closePath();
  pen.fillStyle = hollow ? paper : pen.strokeStyle;
  pen.fill();
  if (!hollow) return;
  pen.lineWidth = 1;
  pen.stroke();
}

/**
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Palette} palette
 */
function drawEvents(pen, scene, palette) {
  const { stretch, quiet, cones } = scene;
  const lineAt = linesOf(scene);
  const crowded = stretch.events > HEADED_MOST * 2;
  const size = Math.min(1, scene.laneHeight / 20);
  for (let k = 0; k < stretch.events; k++) {
    const code = stretch.code(k);
    if (code === KIND.lose || (quiet && stretch.isQuiet(k))) continue;
    if (crowded && (code === KIND.deliver || code === KIND.fire || code === KIND.ignore)) continue;
    const y = lineAt.get(stretch.place(k));
    if (y === undefined) continue;
    const cone = cones ? cones(k) : PAST;
    pen.globalAlpha = cones && cone === NEITHER ? DIM * 1.5 : 1;
    const x = xOf(scene, stretch.at(k));
    drawMark(pen, palette, code, x, y, size);
    if (cones && (cone === PAST || cone === FUTURE)) drawCone(pen, palette, cone, x, y, size);
    if (stretch.id(k) === scene.focus) {
      pen.globalAlpha = 1;
      drawFocus(pen, palette, x, y);
    }
  }
  pen.globalAlpha = 1;
}

/**
 * @param {Pen} pen
 * @param {Palette} palette
 * @param {number} x
 * @param {number} y
 */
function drawFocus(pen, palette, x, y) {
  pen.strokeStyle = palette.ink;
  pen.lineWidth = 2;
  pen.setLineDash([]);
  pen.beginPath();
  pen.rect(x - 8, y - 8, 16, 16);
  pen.stroke();
}

/**
 * Above the line what could have led to the event that is looked at, below it what it could have led to.
 * @param {Pen} pen
 * @param {Palette} palette
 * @param {number} cone
 * @param {number} x
 * @param {number} y
 * @param {number} size
 */
function drawCone(pen, palette, cone, x, y, size) {
  const side = cone === PAST ? -1 : 1;
  pen.strokeStyle = palette.accent;
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.moveTo(x - 4 * size, y + side * 7 * size);
  pen.lineTo(x + 4 * size, y + side * 7 * size);
  pen.stroke();
}

/**
 * What is recorded and not shown yet lies under a veil; where nothing is recorded, there is nothing.
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Palette} palette
 */
function drawAhead(pen, scene, palette) {
  const x = Math.max(scene.left, xOf(scene, scene.now));
  if (x >= scene.width) return;
  pen.fillStyle = palette.paper;
  pen.globalAlpha = 0.45;
  pen.fillRect(x, scene.top, scene.width - x, scene.height - scene.top);
  pen.globalAlpha = 1;
}

/**
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Palette} palette
 */
function drawNames(pen, scene, palette) {
  pen.fillStyle = palette.paper;
  pen.fillRect(0, 0, scene.left - 6, scene.height);
  const size = Math.max(9, Math.min(12.5, scene.laneHeight * 0.8));
  pen.font = `${size}px ${scene.font}`;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  pen.fillStyle = palette.ink;
  for (const { name, y } of scene.lanes)
    if (y > scene.top - 4 && y < scene.height + 4) pen.fillText(name, scene.left - 12, y);
}

/**
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Palette} palette
 */
function drawTimes(pen, scene, palette) {
  pen.fillStyle = palette.paper;
  pen.fillRect(0, 0, scene.width, scene.top - 2);
  pen.fillStyle = palette.soft;
  pen.font = `11px ${scene.font}`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  for (const { ms, name } of ticksOf(scene)) {
    const x = xOf(scene, ms);
    if (x > scene.left + 4 && x < scene.width - 24) pen.fillText(name, x, scene.top - 12);
  }
}

/**
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Palette} palette
 */
function drawNow(pen, scene, palette) {
  const x = xOf(scene, scene.now);
  if (x < scene.left - 1 || x > scene.width + 1) return;
  pen.strokeStyle = palette.accent;
  pen.fillStyle = palette.accent;
  pen.lineWidth = 1.6;
  pen.setLineDash([]);
  pen.beginPath();
  pen.moveTo(x, scene.top - 4);
  pen.lineTo(x, scene.height);
  pen.stroke();
  pen.beginPath();
  pen.moveTo(x - 5, scene.top - 6);
  pen.lineTo(x + 5, scene.top - 6);
  pen.lineTo(x, scene.top + 2);
  pen.closePath();
  pen.fill();
}
