// Nodes and clients as elements: focusable, named, and touched only where something changed.

import { toneOf } from "../lib/color.js";
import { setAttribute, setText, svgElement } from "../lib/svg.js";

/** @typedef {import("../types.js").NodeLook} NodeLook */
/** @typedef {import("../types.js").NodeGlance} NodeGlance */

/**
 * @typedef {object} NodeParts
 * @property {SVGElement} group
 * @property {SVGElement} hit
 * @property {SVGElement} frame the corners round a node that is looked at or has the focus
 * @property {SVGElement} halo
 * @property {SVGElement} body
 * @property {SVGElement} inner
 * @property {SVGElement} bars
 * @property {SVGElement} horns
 * @property {SVGElement} id
 * @property {SVGElement} figure
 * @property {SVGElement} dots
 * @property {SVGElement} label
 * @property {SVGElement} tip
 * @property {string} key what was drawn last
 */

export class NodeLayer {
  /**
   * @param {SVGElement} root
   * @param {{ open: (node: number) => void, focus: (node: number) => void }} on
   */
  constructor(root, on) {
    this.on = on;
    this.clientLayer = svgElement("g", { class: "clients", "aria-hidden": "true" }, root);
    this.layer = svgElement("g", { role: "group", "aria-label": "Nodes" }, root);
    /** The clients' boxes, by number. @type {SVGElement[]} */
    this.seated = [];
    /** Those that stand still. @type {Set<number>} */
    this.still = new Set();
    /** @type {NodeParts[]} */
    this.nodes = [];
    /** @type {import("./ring.js").Ring | null} */
    this.ring = null;
    this.focused = 0;
    this.layer.addEventListener("keydown", (event) => this.onKey(event));
  }

  /** @param {import("./ring.js").Ring} ring */
  place(ring) {
    this.ring = ring;
    while (this.nodes.length > ring.nodes.length) this.nodes.pop()?.group.remove();
    while (this.nodes.length < ring.nodes.length) this.nodes.push(this.makeNode(this.nodes.length));
    if (this.focused >= this.nodes.length) this.focused = 0;
    const r = ring.radius;
    this.nodes.forEach((node, id) => {
      const seat = ring.nodes[id];
      node.key = "";
      setAttribute(node.group, "transform", `translate(${seat.x.toFixed(1)} ${seat.y.toFixed(1)})`);
      setAttribute(node.hit, "tabindex", id === this.focused ? 0 : -1);
      setAttribute(node.hit, "r", Math.max(r + 4, 13));
      setAttribute(node.frame, "d", corners(ring.arc + (ring.dots ? 3 : 5)));
      setAttribute(node.halo, "r", (r + ring.arc) / 2);
      setAttribute(node.body, "r", r);
      setAttribute(node.inner, "r", Math.max(1, r - (ring.dots ? 3 : 5)));
      setAttribute(node.horns, "d", horns(r));
      const label = /** @type {const} */ ([seat.labelX - seat.x, seat.labelY - seat.y]);
      for (const text of [node.label, node.tip]) {
        setAttribute(text, "x", label[0].toFixed(1));
        setAttribute(text, "y", label[1].toFixed(1));
        setAttribute(text, "text-anchor", seat.anchor);
      }
    });
    this.placeClients(ring);
  }

  /**
   * @param {NodeGlance} node
   * @param {NodeLook} look
   * @param {string} mark "", "selected", "side-a" or "side-b"
   */
  update(node, look, mark) {
    const parts = this.nodes[node.id];
    if (!parts || !this.ring) return;
    const key = `${node.status}|${look.label}|${look.tone}|${look.figure}|${look.ring}|${look.mark}|${look.dots.join()}|${look.spoken}|${mark}`;
    if (parts.key === key) return;
    parts.key = key;
    setAttribute(
      parts.group,
      "class",
      `node is-${node.status} ring-${look.ring} tone-${toneOf(look.tone)} ${mark} ${this.ring.dots ? "dot" : ""}`,
    );
    setAttribute(parts.hit, "aria-label", look.spoken);
    const { radius, dots } = this.ring;
    setText(parts.tip, dots ? `${node.id}, ${look.label}` : "");
    setText(parts.label, dots ? "" : look.label);
    setText(parts.id, dots ? "" : String(node.id));
    setText(parts.figure, radius >= 20 && !dots ? look.figure : "");
    const size = Math.max(9, Math.min(16, radius * 0.4));
    setAttribute(parts.id, "font-size", size.toFixed(1));
    const roomy = radius >= 20;
    setAttribute(parts.id, "y", roomy ? -radius * 0.06 : size * 0.35);
    setAttribute(parts.figure, "y", radius * 0.33);
    setAttribute(parts.figure, "font-size", Math.max(9.5, Math.min(13, radius * 0.3)).toFixed(1));
    setAttribute(parts.horns, "class", look.mark ? `horns ${look.mark}` : "no-horns");
    setAttribute(parts.bars, "visibility", node.status === "paused" ? "visible" : "hidden");
    this.drawDots(parts, dots ? [] : look.dots, radius);
  }

  /** @param {number} id */
  focus(id) {
    this.nodes[this.focused]?.hit.setAttribute("tabindex", "-1");
    this.focused = id;
    const button = this.nodes[id]?.hit;
    button?.setAttribute("tabindex", "0");
    button?.focus();
  }

  /** @param {number} id */
  rectOf(id) {
    return this.nodes[id]?.hit.getBoundingClientRect() ?? null;
  }

  /**
   * @param {number} id
   * @returns {NodeParts}
   */
  makeNode(id) {
    const group = svgElement("g", {}, this.layer);
    // The button is the circle alone: its name says more than the words drawn beside it.
    const button = { role: "button", "aria-haspopup": "menu", "data-node": id, tabindex: -1 };
    const hit = svgElement("circle", { class: "hit", ...button }, group);
    group.addEventListener("focusin", () => {
      if (this.focused !== id) {
        this.nodes[this.focused]?.hit.setAttribute("tabindex", "-1");
        this.focused = id;
        hit.setAttribute("tabindex", "0");
      }
      this.on.focus(id);
    });
    group.addEventListener("click", () => this.on.open(id));
    group.addEventListener("contextmenu", (event) => {
      event.preventDefault();
      this.on.open(id);
    });
    const frame = svgElement("path", { class: "frame" }, group);
    const halo = svgElement("circle", { class: "halo" }, group);
    const horns = svgElement("path", { class: "no-horns" }, group);
    const body = svgElement("circle", { class: "body" }, group);
    const inner = svgElement("circle", { class: "inner" }, group);
    const bars = svgElement("path", { class: "bars", d: "M-4-30v10M4-30v10" }, group);
    const number = svgElement("text", { "aria-hidden": "true", class: "id", "text-anchor": "middle" }, group);
    const figure = svgElement(
      "text",
      { "aria-hidden": "true", class: "figure", "text-anchor": "middle" },
      group,
    );
    const dots = svgElement("g", { class: "dots" }, group);
    const label = svgElement("text", { "aria-hidden": "true", class: "label" }, group);
    const tip = svgElement("text", { "aria-hidden": "true", class: "tip" }, group);
    return {
      group,
      hit,
      frame,
      halo,
      body,
      inner,
      bars,
      horns,
      id: number,
      figure,
      dots,
      label,
      tip,
      key: "",
    };
  }

  /**
   * The votes inside a node: filled, hollow, struck out.
   * @param {NodeParts} parts
   * @param {NodeLook["dots"]} dots
   * @param {number} radius
   */
  drawDots(parts, dots, radius) {
    parts.dots.replaceChildren();
    if (dots.length === 0 || radius < 20) return;
    const gap = Math.min(10, (radius * 1.25) / dots.length);
    const r = Math.min(3.8, gap * 0.4);
    const y = radius * 0.62;
    dots.forEach((dot, k) => {
      const x = (k - (dots.length - 1) / 2) * gap;
      svgElement("circle", { class: dot, cx: x.toFixed(1), cy: y.toFixed(1), r }, parts.dots);
      if (dot === "no") {
        const [a, b] = [x - r, y - r];
        svgElement("path", { class: dot, d: `M${a} ${b}l${2 * r} ${2 * r}` }, parts.dots);
      }
    });
  }

  /** @param {import("./ring.js").Ring} ring */
  placeClients(ring) {
    this.clientLayer.replaceChildren();
    this.seated = [];
    ring.clients.forEach((seat, id) => {
      const few = ring.clients.length <= 12;
      const half = few ? 9 : 5;
      const box = { x: seat.x - half, y: seat.y - half, width: 2 * half, height: 2 * half, rx: 2 };
      const seated = svgElement(
        "rect",
        { ...box, class: this.still.has(id) ? "still" : "" },
        this.clientLayer,
      );
      this.seated.push(seated);
      if (!few) return;
      const named = ring.clients.length <= 3;
      const text = svgElement("text", { x: seat.x, y: seat.y + 4, "text-anchor": "middle" });
      text.textContent = String(id);
      const label = svgElement("text", {
        "aria-hidden": "true",
        class: "label",
        x: seat.labelX,
        y: seat.labelY,
      });
      label.setAttribute("text-anchor", seat.anchor);
      label.textContent = "client";
      this.clientLayer.append(text);
      if (named) this.clientLayer.append(label);
    });
  }

  /** @param {Set<number>} still the clients that stand still from now on */
  markStill(still) {
    for (const id of new Set([...this.still, ...still]))
      if (this.still.has(id) !== still.has(id)) this.seated[id]?.classList.toggle("still", still.has(id));
    this.still = still;
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const count = this.nodes.length;
    /** @type {Record<string, number>} */
    const moves = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    if (event.key in moves) this.focus((this.focused + moves[event.key] + count) % count);
    else if (event.key === "Enter" || event.key === " " || event.key === "ContextMenu")
      this.on.open(this.focused);
    else if (event.key === "F10" && event.shiftKey) this.on.open(this.focused);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/**
 * The horns of a node that misbehaves, on its head.
 * @param {number} r its radius
 */
function horns(r) {
  const side = (/** @type {number} */ s) =>
    `M${s * r * 0.84} ${-r * 0.56}L${s * r * 0.92} ${-r * 1.16}L${s * r * 0.36} ${-r * 0.94}Z`;
  return side(-1) + side(1);
}

/**
 * The four corners of a square round the middle.
 * @param {number} half
 */
function corners(half) {
  const arm = Math.max(4, half * 0.26);
  const corner = (/** @type {number} */ x, /** @type {number} */ y) =>
    `M${x * half} ${y * (half - arm)}V${y * half}H${x * (half - arm)}`;
  return corner(-1, -1) + corner(1, -1) + corner(1, 1) + corner(-1, 1);
}
