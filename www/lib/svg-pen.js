// A canvas context that writes SVG: what is drawn on the screen can be kept as a picture of lines.
// It knows those methods of a 2D context alone that drawing here uses.

/** @typedef {Pick<CanvasRenderingContext2D, "fillStyle" | "strokeStyle" | "lineWidth" | "globalAlpha" | "font" | "textAlign" | "textBaseline" | "setLineDash" | "beginPath" | "closePath" | "moveTo" | "lineTo" | "arc" | "rect" | "stroke" | "fill" | "fillRect" | "fillText">} Pen */

/** @implements {Pen} */
export class SvgPen {
  constructor() {
    /** @type {string | CanvasGradient | CanvasPattern} */
    this.fillStyle = "#000000";
    /** @type {string | CanvasGradient | CanvasPattern} */
    this.strokeStyle = "#000000";
    this.lineWidth = 1;
    this.globalAlpha = 1;
    this.font = "12px sans-serif";
    /** @type {CanvasTextAlign} */
    this.textAlign = "left";
    /** @type {CanvasTextBaseline} */
    this.textBaseline = "alphabetic";
    /** @type {number[]} */
    this.dash = [];
    this.path = "";
    /** @type {string[]} */
    this.parts = [];
  }

  /** @param {Iterable<number>} dash */
  setLineDash(dash) {
    this.dash = [...dash];
  }

  beginPath() {
    this.path = "";
  }

  closePath() {
    this.path += "Z";
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  moveTo(x, y) {
    this.path += `M${short(x)} ${short(y)}`;
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  lineTo(x, y) {
    this.path += `L${short(x)} ${short(y)}`;
  }

  /**
   * A whole circle: no other arc is drawn here.
   * @param {number} x
   * @param {number} y
   * @param {number} r
   */
  arc(x, y, r) {
    this.path += `M${short(x - r)} ${short(y)}a${short(r)} ${short(r)} 0 1 0 ${short(2 * r)} 0a${short(r)} ${short(r)} 0 1 0 ${short(-2 * r)} 0`;
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   */
  rect(x, y, width, height) {
    this.path += `M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}Z`;
  }

  stroke() {
    if (!this.path) return;
    const dash = this.dash.length ? ` stroke-dasharray="${this.dash.join(" ")}"` : "";
    this.parts.push(
      `<path d="${this.path}" fill="none" stroke="${escaped(String(this.strokeStyle))}" stroke-width="${short(this.lineWidth)}"${dash}${this.alpha}/>`,
    );
  }

  fill() {
    if (!this.path) return;
    this.parts.push(`<path d="${this.path}" fill="${escaped(String(this.fillStyle))}"${this.alpha}/>`);
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   */
  fillRect(x, y, width, height) {
    this.parts.push(
      `<rect x="${short(x)}" y="${short(y)}" width="${short(Math.max(0, width))}" height="${short(Math.max(0, height))}" fill="${escaped(String(this.fillStyle))}"${this.alpha}/>`,
    );
  }

  /**
   * @param {string} text
   * @param {number} x
   * @param {number} y
   */
  fillText(text, x, y) {
    const anchor = { center: "middle", right: "end", end: "end", left: "start", start: "start" }[
      this.textAlign
    ];
    const [, weight = "", size = "12", family = "sans-serif"] =
      this.font.match(/^(?:(\d+|bold) )?([\d.]+)px (.*)$/) ?? [];
    // Readers of SVG differ in what they know of baselines; a shift is known to all.
    const down = this.textBaseline === "middle" ? 0.35 * Number(size) : 0;
    this.parts.push(
      `<text x="${short(x)}" y="${short(y + down)}" font-family="${escaped(family)}" font-size="${size}"${weight ? ` font-weight="${weight}"` : ""} text-anchor="${anchor}" fill="${escaped(String(this.fillStyle))}"${this.alpha}>${escaped(text)}</text>`,
    );
  }

  get alpha() {
    return this.globalAlpha < 1 ? ` opacity="${short(this.globalAlpha)}"` : "";
  }

  /**
   * The picture.
   * @param {number} width
   * @param {number} height
   * @param {string} title
   */
  picture(width, height, title) {
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
      `<title>${escaped(title)}</title>`,
      ...this.parts,
      "</svg>",
      "",
    ].join("\n");
  }
}

/** @param {number} number to the hundredth, as short as it can be written */
function short(number) {
  return String(Math.round(number * 100) / 100);
}

/** @param {string} text without what XML forbids or takes for its own */
function escaped(text) {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/gu, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
