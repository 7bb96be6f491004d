// Pointer and keys on a space-time diagram. Whatever the pointer can do, a key can do too.

/** How far a pointer may move and still point. */
const STILL = 6;

export class Hand {
  /** @param {import("./spacetime.js").Spacetime} diagram */
  constructor(diagram) {
    this.diagram = diagram;
    /** @type {Map<number, { x: number, y: number }>} pointers that are down */
    this.down = new Map();
    this.start = { x: 0, y: 0, from: 0, span: 0, scroll: 0, moved: false, apart: 0 };
    this.listen();
  }

  listen() {
    const { surface } = this.diagram;
    surface.addEventListener("pointerdown", (event) => this.press(event));
    surface.addEventListener("pointermove", (event) => this.move(event));
    surface.addEventListener("pointerup", (event) => this.release(event));
    surface.addEventListener("pointercancel", (event) => this.lift(event));
    surface.addEventListener("pointerleave", () => this.leave());
    surface.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    surface.addEventListener("keydown", (event) => this.key(event));
    surface.addEventListener("focus", () => {
      const { diagram } = this;
      // Where one comes by the keys, one stands somewhere at once.
      if (diagram.state && surface.matches(":focus-visible")) diagram.walk.stand(diagram.walk.begin());
    });
    surface.addEventListener("blur", () => this.diagram.hideTip());
  }

  /** @param {MouseEvent} event */
  point(event) {
    const box = this.diagram.surface.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** @param {PointerEvent} event */
  press(event) {
    if (event.button !== 0 || !this.diagram.state) return;
    this.down.set(event.pointerId, this.point(event));
    this.diagram.surface.setPointerCapture(event.pointerId);
    this.begin();
  }

  begin() {
    const { from, to, scroll } = this.diagram;
    const { x, y, apart } = this.middle();
    this.start = {
      x,
      y,
      apart,
      from,
      span: to - from,
      scroll,
      moved: this.start.moved && this.down.size > 1,
    };
  }

  /** Between the pointers that are down, and how far they are apart. */
  middle() {
    const points = [...this.down.values()];
    const x = points.reduce((sum, point) => sum + point.x, 0) / points.length;
    const y = points.reduce((sum, point) => sum + point.y, 0) / points.length;
    const apart = points.length > 1 ? Math.abs(points[0].x - points[1].x) : 0;
    return { x, y, apart };
  }

  /** @param {PointerEvent} event */
  move(event) {
    const { diagram } = this;
    const point = this.point(event);
    if (!this.down.has(event.pointerId)) {
      if (event.pointerType !== "touch") this.hover(point);
      return;
    }
    this.down.set(event.pointerId, point);
    const { x, y, apart } = this.middle();
    const { start } = this;
    start.moved ||= this.down.size > 1 || Math.hypot(x - start.x, y - start.y) > STILL;
    if (!start.moved) return;
    const width = Math.max(1, diagram.surface.clientWidth - diagram.left(diagram.surface.clientWidth));
    const times = start.apart > 10 && apart > 10 ? start.apart / apart : 1;
    const span = start.span * times;
    const left = diagram.left(diagram.surface.clientWidth);
    const held = start.from + ((start.x - left) / width) * start.span;
    diagram.follows = false;
    diagram.pointer = null;
    diagram.scroll = start.scroll + start.y - y;
    diagram.show(held - ((x - left) / width) * span, span);
    diagram.hideTip();
    diagram.redraw();
    diagram.hands.changed();
  }

  /** @param {PointerEvent} event */
  release(event) {
    const { diagram } = this;
    if (!this.lift(event) || this.down.size > 0) return;
    const point = this.point(event);
    if (event.pointerType !== "touch") this.hover(point);
    if (this.start.moved) return;
    this.click(point.x, point.y);
    if (event.pointerType === "touch") diagram.hover = -1;
  }

  /**
   * A pointer is down no more. Of two fingers, the one that stays moves on from here, and points at nothing.
   * @param {PointerEvent} event
   */
  lift(event) {
    const { moved } = this.start;
    if (!this.down.delete(event.pointerId)) return false;
    if (this.down.size > 0) {
      this.begin();
      this.start.moved = moved;
    }
    return true;
  }

  /**
   * The stage goes to what is pointed at: an event, a message's arrival, or a moment.
   * @param {number} x
   * @param {number} y
   */
  click(x, y) {
    const { diagram } = this;
    const { event, arrow } = diagram.near(x, y);
    const id = event >= 0 ? event : diagram.endOfArrow(arrow);
    if (id >= 0) {
      diagram.focus = id;
      diagram.hands.go(id);
    } else if (diagram.state && x >= diagram.left(diagram.surface.clientWidth)) {
      diagram.hands.seek(Math.min(diagram.timeAt(x), diagram.state.sim.end_ms));
    }
  }

  /** @param {{ x: number, y: number }} point */
  hover(point) {
    const { diagram } = this;
    diagram.pointer = point;
    if (diagram.aim()) diagram.redraw();
  }

  leave() {
    const { diagram } = this;
    diagram.pointer = null;
    if (diagram.hover < 0 && diagram.arrow < 0) return;
    diagram.hover = diagram.arrow = -1;
    diagram.hideTip();
    diagram.redraw();
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    const { diagram } = this;
    if (!diagram.state) return;
    event.preventDefault();
    const { deltaX, deltaY, shiftKey, altKey } = event;
    if (altKey) {
      diagram.scroll += deltaY;
      diagram.redraw();
    } else if (shiftKey || Math.abs(deltaX) > Math.abs(deltaY)) diagram.pan((deltaX || deltaY) / 1000);
    else diagram.zoom(Math.exp(deltaY / 400), diagram.timeAt(this.point(event).x));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const { diagram } = this;
    const { walk } = diagram;
    if (!diagram.state || event.ctrlKey || event.metaKey || event.altKey) return;
    /** @type {Record<string, () => void>} */
    const plain = {
      ArrowRight: () => walk.step("next"),
      ArrowLeft: () => walk.step("previous"),
      ArrowUp: () => walk.step("cause"),
      ArrowDown: () => walk.step("effect"),
      PageUp: () => walk.change(-1),
      PageDown: () => walk.change(1),
      Home: () => walk.edge("first"),
      End: () => walk.edge("last"),
      Enter: () => diagram.hands.go(walk.begin()),
      Escape: () => diagram.letGo(),
      "+": () => diagram.zoom(1 / 1.5),
      "=": () => diagram.zoom(1 / 1.5),
      "-": () => diagram.zoom(1.5),
      0: () => diagram.whole(),
      ".": () => diagram.toNow(),
    };
    /** @type {Record<string, () => void>} */
    const shifted = {
      ...plain,
      ArrowRight: () => diagram.pan(0.2),
      ArrowLeft: () => diagram.pan(-0.2),
      ArrowUp: () => walk.change(-1),
      ArrowDown: () => walk.change(1),
    };
    const deed = (event.shiftKey ? shifted : plain)[event.key];
    if (!deed) return;
    event.preventDefault();
    deed();
  }
}
