// Walking a run from event to event: along a line, and along what led to what.

import { lineOf } from "./spacetime-data.js";

/** @typedef {import("../types.js").TraceEvent} TraceEvent */
/** @typedef {import("../types.js").Simulation} Simulation */

/** Events looked through at most for the next one on a line, or for what an event led to. */
const LOOK = 4000;
const SLICE = 500;

/** @param {TraceEvent} event */
export function placeOf({ node, client }) {
  return node != null ? node : client != null ? -client - 1 : 65535;
}

/**
 * The next event that is wanted, forward or back, among so many.
 * @param {Simulation} sim
 * @param {number} from the first that is looked at
 * @param {1 | -1} way
 * @param {(event: TraceEvent) => boolean} wanted
 * @returns {TraceEvent | null}
 */
export function lookFor(sim, from, way, wanted) {
  for (let done = 0; done < LOOK; done += SLICE) {
    const [a, b] =
      way > 0
        ? [from + done, Math.min(sim.length, from + done + SLICE)]
        : [Math.max(0, from - done - SLICE + 1), from - done + 1];
    if (a >= b) return null;
    const events = sim.trace(a, b);
    const found = way > 0 ? events.find(wanted) : events.findLast(wanted);
    if (found) return found;
  }
  return null;
}

/**
 * Where a key leads from an event: along its line, back along what led to it, on along what it led to.
 * @param {Simulation} sim
 * @param {number} id
 * @param {"next" | "previous" | "cause" | "effect"} where
 * @param {(event: TraceEvent) => boolean} isShown whether one can stand on an event
 * @param {number} [after] of what it led to, the event that was looked at last
 * @returns {TraceEvent | null}
 */
export function stepFrom(sim, id, where, isShown, after = id) {
  const [event] = sim.trace(id, id + 1);
  if (!event) return null;
  const place = placeOf(event);
  switch (where) {
    case "next":
      return lookFor(sim, id + 1, 1, (e) => placeOf(e) === place && isShown(e));
    case "previous":
      return lookFor(sim, id - 1, -1, (e) => placeOf(e) === place && isShown(e));
    case "cause":
      return event.cause == null ? null : (sim.trace(event.cause, event.cause + 1)[0] ?? null);
    case "effect": {
      const led = (/** @type {TraceEvent} */ e) => e.cause === id;
      // Where the arrows lead, one after the other, and round again; else what followed at the same place.
      const arrow = (/** @type {TraceEvent} */ e) => led(e) && placeOf(e) !== place;
      return (
        lookFor(sim, after + 1, 1, arrow) ??
        lookFor(sim, id + 1, 1, arrow) ??
        lookFor(sim, after + 1, 1, led) ??
        lookFor(sim, id + 1, 1, led)
      );
    }
  }
}

/** The keys' stand on a diagram. */
export class Walk {
  /** @param {import("./spacetime.js").Spacetime} diagram */
  constructor(diagram) {
    this.diagram = diagram;
    /** The event one came back from, and the one that led to it. */
    this.back = { from: -1, to: -1 };
  }

  /** @returns {Simulation} */
  get sim() {
    return /** @type {import("./spacetime.js").SpacetimeState} */ (this.diagram.state).sim;
  }

  /** @param {TraceEvent} event */
  isShown(event) {
    const { stretch, wide, quiet } = this.diagram;
    if (event.kind === "lose") return false;
    if (!quiet) return true;
    const near = stretch.find(event.id);
    if (near >= 0) return !stretch.isQuiet(near);
    wide.read(this.sim.window(event.at_ms, event.at_ms, LOOK, wide.data));
    const far = wide.find(event.id);
    return far < 0 || !wide.isQuiet(far);
  }

  /** Stands on some event: the one that is looked at, or the last one before now, in sight if there is one. */
  begin() {
    const { diagram, sim } = this;
    if (diagram.focus >= 0 && diagram.focus < sim.length) return diagram.focus;
    const last = Math.max(0, sim.position - 1);
    const shown = lookFor(sim, last, -1, (event) => this.isShown(event));
    return shown?.id ?? last;
  }

  /** @param {"next" | "previous" | "cause" | "effect"} where */
  step(where) {
    if (this.diagram.focus < 0) return this.stand(this.begin());
    const { focus } = this.diagram;
    const after = where === "effect" && this.back.to === focus ? this.back.from : focus;
    const found = stepFrom(this.sim, focus, where, (event) => this.isShown(event), after);
    if (where === "cause" && found) this.back = { from: focus, to: found.id };
    if (found) this.stand(found.id);
    else this.speak(`${words[where]} from here.`);
  }

  /**
   * To the nearest event on the line above or below.
   * @param {1 | -1} way
   */
  change(way) {
    const { diagram, sim } = this;
    const [event] = sim.trace(this.begin(), this.begin() + 1);
    const lanes = diagram.scene?.lanes ?? [];
    if (!event || lanes.length === 0) return;
    let at = lanes.findIndex(({ place }) => place === placeOf(event));
    for (at += way; at >= 0 && at < lanes.length; at += way) {
      const { place } = lanes[at];
      const here = (/** @type {TraceEvent} */ e) => placeOf(e) === place && this.isShown(e);
      const found = lookFor(sim, event.id, -1, here) ?? lookFor(sim, event.id, 1, here);
      if (found) return this.stand(found.id);
    }
    this.speak("There is no further line that way.");
  }

  /**
   * To the first or the last event in sight on this line.
   * @param {"first" | "last"} end
   */
  edge(end) {
    const { diagram, sim } = this;
    const [event] = sim.trace(this.begin(), this.begin() + 1);
    if (!event) return;
    const place = placeOf(event);
    const { stretch, quiet } = diagram;
    const order = Array.from({ length: stretch.events }, (_, k) => k);
    if (end === "last") order.reverse();
    const k = order.find(
      (k) =>
        stretch.place(k) === place &&
        !(quiet && stretch.isQuiet(k)) &&
        lineOf(stretch.code(k), stretch.place(k)) >= 0,
    );
    if (k !== undefined) this.stand(stretch.id(k));
  }

  /** @param {number} id */
  stand(id) {
    const { diagram, sim } = this;
    const [event] = sim.trace(id, id + 1);
    if (!event) return;
    diagram.focus = id;
    diagram.hover = diagram.arrow = -1;
    diagram.pointer = null;
    diagram.told = event;
    this.reveal(event);
    this.speak(this.sentence(event));
    diagram.redraw();
    // Where one stood there already nothing is drawn.
    diagram.placeTip();
    diagram.hands.changed();
  }

  /**
   * Moves the window so that an event is in it.
   * @param {TraceEvent} event
   */
  reveal(event) {
    const { diagram } = this;
    const span = diagram.to - diagram.from;
    if (event.at_ms < diagram.from + 0.04 * span || event.at_ms > diagram.to - 0.04 * span)
      diagram.show(event.at_ms - 0.5 * span, span);
    const { scene } = diagram;
    const lane = scene?.lanes.find(({ place }) => place === placeOf(event));
    if (!scene || !lane) return;
    if (lane.y < scene.top + 8) diagram.scroll -= scene.top + 8 - lane.y;
    if (lane.y > scene.height - 8) diagram.scroll += lane.y - scene.height + 8;
  }

  /** @param {TraceEvent} event */
  sentence(event) {
    const { sim } = this;
    const at = `At ${event.at_ms.toFixed(1)} ms: ${event.text}.`;
    const [cause] = event.cause == null ? [] : sim.trace(event.cause, event.cause + 1);
    if (!cause) return at;
    if (event.message != null) return `${at} Sent at ${cause.at_ms.toFixed(1)} ms.`;
    return `${at} It followed from this: ${cause.text}.`;
  }

  /** @param {string} text */
  speak(text) {
    this.diagram.spoken.textContent = text;
  }
}

const words = {
  next: "Nothing more on this line",
  previous: "Nothing earlier on this line",
  cause: "Nothing is known to have led here: no arrow leads back",
  effect: "Nothing came of it: no arrow leads on",
};
