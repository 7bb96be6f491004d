// Messages on a canvas: one pass over the frame's numbers, nothing made per message.

import { currentPalette, toneOf, TONES } from "../lib/color.js";
import { FLAG } from "./frame.js";

/** @typedef {import("./ring.js").Ring} Ring */
/** @typedef {import("./frame.js").Frame} Frame */
/** @typedef {import("../types.js").MessageLook["glyph"]} Glyph */

/** @type {Glyph[]} */
const GLYPHS = ["disc", "diamond", "triangle", "square", "hexagon", "pill"];
const SPRITE = 30;
/** How near a pointer must come: the hit area is twice this wide. */
const REACH = 15;
const LOOKS = 8;

export class MessageLayer {
  constructor() {
    /** @type {(HTMLCanvasElement | undefined)[]} */
    this.sprites = [];
    this.scale = 1;
    /** @type {Glyph[]} by kind */
    this.glyphs = [];
    this.point = { x: 0, y: 0, ux: 0, uy: 0, lost: false };
    this.heldOn = new Map();
  }

  /** @param {Glyph[]} glyphs of the protocol's kinds, in order */
  setKinds(glyphs) {
    this.glyphs = glyphs;
  }

  /** Forgets what depends on the theme or the screen. */
  forget() {
    this.sprites = [];
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Frame} frame
   * @param {Ring} ring
   * @param {{ steps: boolean, selected: number }} how
   */
  draw(context, frame, ring, { steps, selected }) {
    const { data, flights } = frame;
    const many = flights > 400;
    // A crowd is drawn smaller, so that its streams can be told apart.
    const shrink = (ring.dots ? 0.72 : 1) * (flights > 1000 ? 0.5 : many ? 0.75 : 1);
    this.heldOn.clear();
    if (!many && !steps) this.drawTails(context, frame, ring);
    this.heldOn.clear();
    for (let k = 0; k < flights; k++) {
      const at = frame.flightAt(k);
      if (!this.locate(frame, ring, at, steps)) continue;
      const { x, y } = this.point;
      const sprite = this.sprite(data[at + 5], data[at + 6], data[at + 7]);
      const size = SPRITE * shrink;
      context.drawImage(sprite, x - size / 2, y - size / 2, size, size);
      if (data[at] === selected) this.drawChosen(context, x, y);
    }
  }

  /**
   * The message nearest to a point, or -1.
   * @param {Frame} frame
   * @param {Ring} ring
   * @param {number} x
   * @param {number} y
   * @param {boolean} steps
   */
  hit(frame, ring, x, y, steps) {
    let best = -1;
    let least = REACH * REACH;
    this.heldOn.clear();
    for (let k = 0; k < frame.flights; k++) {
      const at = frame.flightAt(k);
      if (!this.locate(frame, ring, at, steps)) continue;
      const distance = (this.point.x - x) ** 2 + (this.point.y - y) ** 2;
      if (distance <= least) {
        least = distance;
        best = frame.data[at];
      }
    }
    return best;
  }

  /**
   * Where a message is now; false when it stands nowhere.
   * @param {Frame} frame
   * @param {Ring} ring
   * @param {number} at
   * @param {boolean} steps
   */
  locate(frame, ring, at, steps) {
    const { data } = frame;
    const from = data[at + 1];
    const to = data[at + 2];
    const a = from < 0 ? ring.clients[-from - 1] : ring.nodes[from];
    const b = to < 0 ? ring.clients[-to - 1] : ring.nodes[to];
    if (!a || !b) return false;
    const flags = data[at + 7];
    const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
    const ux = (b.x - a.x) / length;
    const uy = (b.y - a.y) / length;
    const start = from < 0 ? 24 : ring.arc + 1;
    const end = length - (to < 0 ? 24 : ring.arc + 1);
    let along;
    if (flags & FLAG.held) {
      const link = from * 1000 + to;
      const place = this.heldOn.get(link) ?? 0;
      this.heldOn.set(link, place + 1);
      along = Math.min(end, start + 8 + place * 17);
    } else {
      const sent = data[at + 3];
      const due = data[at + 4];
      let part = due > sent ? (frame.now - sent) / (due - sent) : 1;
      if (part < 0 || part > 1) part = part < 0 ? 0 : 1;
      if (steps) part = Math.round(part * 3) / 3;
      if (flags & FLAG.lost) part /= 2;
      along = start + (end - start) * part;
    }
    const aside = ring.dots ? 2 : 6;
    this.point.x = a.x + ux * along - uy * aside;
    this.point.y = a.y + uy * along + ux * aside;
    this.point.ux = ux;
    this.point.uy = uy;
    return true;
  }

  /**
   * A short wake behind each message tells its direction in a still picture too.
   * @param {CanvasRenderingContext2D} context
   * @param {Frame} frame
   * @param {Ring} ring
   */
  drawTails(context, frame, ring) {
    const palette = currentPalette();
    context.lineWidth = 1.5;
    context.globalAlpha = 0.55;
    for (let tone = 0; tone <= TONES; tone++) {
      context.strokeStyle = palette.tones[tone];
      context.beginPath();
      for (let k = 0; k < frame.flights; k++) {
        const at = frame.flightAt(k);
        if (toneOf(frame.data[at + 6]) !== tone || frame.data[at + 7] & FLAG.held) continue;
        if (!this.locate(frame, ring, at, false)) continue;
        const { x, y, ux, uy } = this.point;
        const tail = ring.dots ? 10 : 22;
        context.moveTo(x - ux * 8, y - uy * 8);
        context.lineTo(x - ux * tail, y - uy * tail);
      }
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} x
   * @param {number} y
   */
  drawChosen(context, x, y) {
    context.strokeStyle = currentPalette().accent;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x, y, 14, 0, 2 * Math.PI);
    context.stroke();
  }

  /**
   * @param {number} kind
   * @param {number} epoch
   * @param {number} flags
   */
  sprite(kind, epoch, flags) {
    const glyph = kind < 0 ? "pill" : (this.glyphs[kind] ?? "disc");
    const tone = kind < 0 ? 0 : toneOf(epoch);
    const key = (GLYPHS.indexOf(glyph) * LOOKS + tone) * 16 + flags;
    return (this.sprites[key] ??= this.paint(glyph, tone, flags));
  }

  /**
   * @param {Glyph} glyph
   * @param {number} tone
   * @param {number} flags
   */
  paint(glyph, tone, flags) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = SPRITE * this.scale;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.scale(this.scale, this.scale);
    context.translate(SPRITE / 2, SPRITE / 2);
    const palette = currentPalette();
    const color = palette.tones[tone];
    if (flags & FLAG.copy) {
      context.strokeStyle = color;
      context.lineWidth = 1.4;
      outline(context, glyph, 10.5);
      context.stroke();
    }
    outline(context, glyph, 7);
    context.lineWidth = 2.2;
    context.strokeStyle = color;
    context.fillStyle = flags & FLAG.reply ? palette.paper : color;
    if (flags & FLAG.lost) context.setLineDash([3, 2.4]);
    if (flags & FLAG.lost && !(flags & FLAG.reply)) context.globalAlpha = 0.45;
    context.fill();
    context.globalAlpha = 1;
    context.stroke();
    context.setLineDash([]);
    if (flags & FLAG.lost) cross(context, palette.bad, 6);
    if (flags & FLAG.held) {
      context.fillStyle = flags & FLAG.reply ? color : palette.paper;
      context.fillRect(-3.2, -3, 2.2, 6);
      context.fillRect(1, -3, 2.2, 6);
    }
    return canvas;
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} color
 * @param {number} half
 */
export function cross(context, color, half) {
  context.strokeStyle = color;
  context.lineWidth = 2.2;
  context.beginPath();
  context.moveTo(-half, -half);
  context.lineTo(half, half);
  context.moveTo(half, -half);
  context.lineTo(-half, half);
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D | Path2D} path
 * @param {Glyph} glyph
 * @param {number} r
 */
export function outline(path, glyph, r) {
  if ("beginPath" in path) path.beginPath();
  const polygon = (/** @type {number} */ sides, /** @type {number} */ size, turn = 0) => {
    for (let k = 0; k < sides; k++) {
      const angle = (2 * Math.PI * k) / sides - Math.PI / 2 + turn;
      const [x, y] = [size * Math.cos(angle), size * Math.sin(angle)];
      if (k === 0) path.moveTo(x, y);
      else path.lineTo(x, y);
    }
    path.closePath();
  };
  if (glyph === "disc") path.arc(0, 0, r, 0, 2 * Math.PI);
  else if (glyph === "diamond") polygon(4, r * 1.25);
  else if (glyph === "triangle") polygon(3, r * 1.25);
  else if (glyph === "square") polygon(4, r * 1.3, Math.PI / 4);
  else if (glyph === "hexagon") polygon(6, r * 1.15);
  else path.roundRect(-r * 1.1, -r * 0.6, r * 2.2, r * 1.2, r * 0.6);
}

/**
 * The outline of a glyph as the data of an SVG path.
 * @param {Glyph} glyph
 */
export function glyphPath(glyph) {
  const r = 7;
  const polygon = (/** @type {number} */ sides, /** @type {number} */ size, turn = 0) =>
    Array.from({ length: sides }, (_, k) => {
      const angle = (2 * Math.PI * k) / sides - Math.PI / 2 + turn;
      return `${k ? "L" : "M"}${(size * Math.cos(angle)).toFixed(1)} ${(size * Math.sin(angle)).toFixed(1)}`;
    }).join("") + "Z";
  const paths = {
    disc: `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`,
    diamond: polygon(4, r * 1.25),
    triangle: polygon(3, r * 1.25),
    square: polygon(4, r * 1.3, Math.PI / 4),
    hexagon: polygon(6, r * 1.15),
    pill: "M-4 -4h8a4 4 0 0 1 0 8h-8a4 4 0 0 1 0-8",
  };
  return paths[glyph];
}
